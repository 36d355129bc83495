"""Scattering of neutrinos on electrons and positrons with exchange of energy: kernels, l = 0 and 1, and what they give.

R(E, E', cos) = Phi_0/2 + 3/2 Phi_1 cos, Phi_l = int R P_l dcos, is the rate at which a neutrino of energy E scatters to an
empty state of E' (Yueh & Buchler 1977, Ap&SS 41, 221; Bruenn 1985, ApJS 58, 771; Mezzacappa & Bruenn 1993, ApJ 410, 740).
Electrons are massless: a gas whose T and mu_e are not large against m_e is outside its validity.
Phi_l = (C_V + C_A)^2 Phi_l^I + (C_V - C_A)^2 Phi_l^II; positrons exchange the two structures and have -mu_e.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import NDArray

from microphysics._kernels.electron_scattering import fill_grid, fill_pairs
from microphysics.constants import Constants
from microphysics.errors import OutOfRangeError
from microphysics.spectrum import occupation
from microphysics.weak.couplings import WeakCouplings, family

Array = NDArray[np.float64]

REFERENCES = (
    "Yueh & Buchler 1977, Ap&SS 41, 221",
    "Bruenn 1985, ApJS 58, 771",
    "Mezzacappa & Bruenn 1993, ApJ 410, 740",
)

_NODES, _WEIGHTS = leggauss(10)
_STEPS = (3.0, 10.0, 40.0)  # panels on either side of a Fermi edge, in units of T; the last ends at e^-40


def coupling_structures(
    energy: Any, temperature: Any, degeneracy: Any, couplings: WeakCouplings, *, positrons: bool = True
) -> Array:
    """Kernels of the two coupling structures apart, each with its (C_V +- C_A)^2 = 1.

    Parameters
    ----------
    energy : ndarray, shape (energy,)
        Neutrino energies, MeV, > 0.
    temperature, degeneracy : array_like, shape (state,)
        T of the electrons, MeV, > 0, and mu_e/T (mu_e with rest mass); they broadcast with each other.
    couplings : WeakCouplings
        Only G_F is taken from it.
    positrons : bool
        Whether positrons of -mu_e are added.

    Returns
    -------
    ndarray, shape (structure, moment, state, energy in, energy out)
        Phi_l in cm^3/s; structure 0 belongs to (C_V + C_A)^2, structure 1 to (C_V - C_A)^2; moment l = 0, 1.

    Raises
    ------
    OutOfRangeError
        If an energy or a temperature is not positive, or a degeneracy is not finite.

    Notes
    -----
    To 1e-12 of Phi_0 of the same structure. Phi(E', E) = e^-(E - E')/T Phi(E, E') to rounding; up-scattering by
    more than 745 T underflows to 0.
    """
    energies, t, eta = map(np.atleast_1d, _state(energy, temperature, degeneracy))
    if energies.ndim != 1 or t.ndim != 1:
        raise OutOfRangeError(
            "kernels need one row of energies and one of states, got shapes "
            f"{energies.shape} and {t.shape}; single pairs of energies: `structures_of_pairs`"
        )
    moments = np.empty((t.size, energies.size, energies.size, 4))
    fill_grid(energies, t, eta, moments)
    total = _strength(couplings) * t[:, None, None] ** 2 * _split(moments)
    if positrons:
        fill_grid(energies, t, -eta, moments)
        total += _strength(couplings) * t[:, None, None] ** 2 * _split(moments)[::-1]
    return total


def structures_of_pairs(
    incoming: Any,
    outgoing: Any,
    temperature: Any,
    degeneracy: Any,
    couplings: WeakCouplings,
    *,
    positrons: bool = True,
) -> Array:
    """`coupling_structures` for single pairs of energies instead of a grid.

    Parameters
    ----------
    incoming, outgoing : array_like
        Energies before and after, MeV, > 0; all four arrays broadcast with each other.
    temperature, degeneracy, couplings, positrons
        As in `coupling_structures`.

    Returns
    -------
    ndarray, shape (structure, moment, ...)
        Phi_l, cm^3/s.

    Raises
    ------
    OutOfRangeError
        As in `coupling_structures`.
    """
    e, t, eta = _state(incoming, temperature, degeneracy)
    e, after, t, eta = np.broadcast_arrays(e, _positive(outgoing, "outgoing neutrino energy"), t, eta)
    x, y, degeneracies = (e / t).ravel(), (after / t).ravel(), eta.ravel()
    moments = np.empty((x.size, 4))
    fill_pairs(x, y, degeneracies, moments)
    front = _strength(couplings) * t**2
    total = front * _split(moments).reshape(2, 2, *t.shape)
    if positrons:
        fill_pairs(x, y, -degeneracies, moments)
        total += front * _split(moments)[::-1].reshape(2, 2, *t.shape)
    return total


def kernels(
    energy: Any,
    temperature: Any,
    degeneracy: Any,
    couplings: WeakCouplings,
    flavor: str,
    *,
    positrons: bool = True,
) -> tuple[Array, Array]:
    """Phi_0 and Phi_1 of one neutrino species.

    Parameters
    ----------
    energy, temperature, degeneracy, positrons
        As in `coupling_structures`.
    couplings : WeakCouplings
        C_V and C_A enter as prefactors, so they may be complex for a complex step.
    flavor : str
        nue, anue, numu, anumu, nutau, anutau.

    Returns
    -------
    tuple of ndarray
        Phi_0 and Phi_1, cm^3/s, each of shape (state, energy in, energy out).

    Raises
    ------
    OutOfRangeError
        As in `coupling_structures`.
    UnknownNameError
        If there is no such flavour.

    Examples
    --------
    >>> phi_0, phi_1 = kernels([5.0, 20.0], 4.0, 3.0, WeakCouplings(), "nue", positrons=False)
    >>> print(f"{phi_0[0, 1, 0]:.4e} {phi_0[0, 0, 1] / phi_0[0, 1, 0] * math.exp(15.0 / 4.0):.6f}")
    2.3254e-31 1.000000
    """
    weight = coupling_weights(couplings, flavor)
    structures = coupling_structures(energy, temperature, degeneracy, couplings, positrons=positrons)
    phi = weight[0] * structures[0] + weight[1] * structures[1]
    return phi[0], phi[1]


def coupling_weights(couplings: WeakCouplings, flavor: str) -> tuple[float, float]:
    """(C_V + C_A)^2 and (C_V - C_A)^2 of a neutrino with electrons.

    Parameters
    ----------
    couplings : WeakCouplings
    flavor : str
        nue, anue, numu, anumu, nutau, anutau.

    Raises
    ------
    UnknownNameError
        If there is no such flavour.
    """
    family(flavor)
    vector, axial = couplings.electron_couplings(flavor)
    return (vector + axial) ** 2, (vector - axial) ** 2


def scattering_opacity(
    energy: Array, weight: Array, occupied: Array, phi_0: Array, constants: Constants
) -> Array:
    """Inverse mean free path against scattering into an isotropic, partly occupied spectrum.

        kappa_s(E) = 2 pi/(c (2 pi hbar c)^3) int E'^2 [1 - f(E')] Phi_0(E, E') dE'

    Parameters
    ----------
    energy, weight : ndarray, shape (energy,)
        Energies of the kernel and the weights of an integral over them (bin widths, or of any quadrature), MeV.
    occupied : ndarray, shape (state, energy)
        f, 0 to 1.
    phi_0 : ndarray, shape (state, energy in, energy out)
        cm^3/s.
    constants : Constants

    Returns
    -------
    ndarray, shape (state, energy)
        1/cm, not corrected for stimulated absorption: scattering into the state E fills it at the rate of `collision_rate`.
    """
    measure = weight * energy**2 * (1.0 - occupied)
    return _phase_space(constants) / constants.speed_of_light * np.einsum("sj,sij->si", measure, phi_0)


def transport_opacity(
    energy: Array,
    weight: Array,
    occupied: Array,
    flux: Array,
    phi_0: Array,
    phi_1: Array,
    constants: Constants,
) -> Array:
    """Rate at which scattering takes away the flux, per length.

    The collision integral to first order in the flux h, where f = f_0 + 3 h cos: dh/dt = -c kappa_tr h with

        kappa_tr(E) = 2 pi/(c (2 pi hbar c)^3) int E'^2 { f' Phi_0(E', E) + (1 - f') Phi_0(E, E')
                      - h'/h [ (1 - f) Phi_1(E', E) + f Phi_1(E, E') ] } dE'

    Elastic scattering would leave Phi_0 - Phi_1 at any f.

    Parameters
    ----------
    energy, weight : ndarray, shape (energy,)
        As in `scattering_opacity`.
    occupied : ndarray, shape (state, energy)
        Isotropic part f_0.
    flux : ndarray, shape (state, energy)
        h in any unit, nowhere 0; only its ratios enter.
    phi_0, phi_1 : ndarray, shape (state, energy in, energy out)
        cm^3/s.
    constants : Constants

    Returns
    -------
    ndarray, shape (state, energy)
        1/cm; negative where scattering feeds more flux into E than it takes.
    """
    measure = weight * energy**2
    loss = np.einsum("sj,sij->si", measure * (1.0 - occupied), phi_0)
    loss += np.einsum("sj,sji->si", measure * occupied, phi_0)
    gain = (1.0 - occupied) * np.einsum("sj,sji->si", measure * flux, phi_1)
    gain += occupied * np.einsum("sj,sij->si", measure * flux, phi_1)
    return _phase_space(constants) / constants.speed_of_light * (loss - gain / flux)


def collision_rate(
    energy: Array, weight: Array, occupied: Array, phi_0: Array, constants: Constants
) -> Array:
    """Change df/dt of an isotropic spectrum by scattering.

    Parameters
    ----------
    energy, weight, occupied, phi_0, constants
        As in `scattering_opacity`.

    Returns
    -------
    ndarray, shape (state, energy)
        1/s. The number of neutrinos, sum of weight E^2 df/dt, stays to rounding, and a Fermi-Dirac spectrum of the
        electrons' temperature is stationary at any degeneracy.
    """
    measure = weight * energy**2
    return _phase_space(constants) * np.einsum("sij,j->si", _net_gain(occupied, phi_0), measure)


def energy_exchange(
    energy: Array, weight: Array, occupied: Array, phi_0: Array, constants: Constants
) -> Array:
    """Energy that one species gains from the electrons by scattering, 4 pi/(2 pi hbar c)^3 int E^3 df/dt dE.

    Parameters
    ----------
    energy, weight, occupied, phi_0, constants
        As in `scattering_opacity`.

    Returns
    -------
    ndarray, shape (state,)
        MeV/cm^3/s; negative for a spectrum hotter than the electrons.
    """
    measure = weight * energy**2
    # each pair of energies counted twice with E - E' over 2: what cancels is not formed
    difference = 0.5 * (energy[:, None] - energy)
    rate = np.einsum("sij,ij,i,j->s", _net_gain(occupied, phi_0), difference, measure, measure)
    return 2.0 * _phase_space(constants) ** 2 * rate


def thermal_opacity(
    energy: Any,
    temperature: Any,
    degeneracy: Any,
    couplings: WeakCouplings,
    flavor: str,
    *,
    neutrino_temperature: Any = None,
    neutrino_degeneracy: Any = -math.inf,
    positrons: bool = True,
) -> tuple[Array, Array]:
    """`scattering_opacity` at any energy, by its own quadrature, where the final states follow Fermi and Dirac.

    Parameters
    ----------
    energy : ndarray, shape (energy,)
        MeV, > 0.
    temperature, degeneracy : array_like, shape (state,)
        Of the electrons, as in `coupling_structures`.
    couplings, flavor, positrons
        As in `kernels`.
    neutrino_temperature, neutrino_degeneracy : array_like, shape (state,), optional
        T_nu, MeV, and eta_nu of f' = 1/(1 + e^(E'/T_nu - eta_nu)); the electrons' temperature and empty states by default.

    Returns
    -------
    tuple of ndarray
        kappa_s and the mean loss of energy per length int (E - E') dkappa_s, 1/cm and MeV/cm, shape (state, energy).

    Raises
    ------
    OutOfRangeError
        As in `coupling_structures`.
    UnknownNameError
        If there is no such flavour.

    Notes
    -----
    Gauss panels around E' = E, where the slope of Phi_0 jumps, and around the Fermi edges of electrons and neutrinos: to
    1e-9, and to 2e-7 (loss: of E + T) for 0.1 MeV at the ends of T = 0.05 ... 150 MeV and eta = -5 ... 300.
    """
    energies, t, eta = map(np.atleast_1d, _state(energy, temperature, degeneracy))
    t_nu = t if neutrino_temperature is None else _positive(neutrino_temperature, "neutrino temperature")
    t, eta, t_nu, eta_nu = np.broadcast_arrays(t, eta, t_nu, np.asarray(neutrino_degeneracy, np.float64))
    t, eta, t_nu, eta_nu = (value[:, None] for value in (t, eta, t_nu, eta_nu))
    outgoing, weight = _outgoing_nodes(energies, t, eta, t_nu, eta_nu)
    used = weight > 0.0
    e, t, eta, t_nu, eta_nu = (
        np.broadcast_to(value[..., None], used.shape)[used] for value in (energies, t, eta, t_nu, eta_nu)
    )
    after = outgoing[used]
    weights = coupling_weights(couplings, flavor)
    phi = structures_of_pairs(e, after, t, eta, couplings, positrons=positrons)[:, 0]
    rate = weights[0] * phi[0] + weights[1] * phi[1]
    rate = rate * weight[used] * after**2 * occupation(eta_nu - after / t_nu)
    per_energy = np.zeros((2, *used.shape), dtype=rate.dtype)
    per_energy[:, used] = rate, (e - after) * rate
    front = _phase_space(couplings.constants) / couplings.constants.speed_of_light
    opacity, loss = front * per_energy.sum(axis=-1)
    return opacity, loss


def _outgoing_nodes(energy: Array, t: Array, eta: Array, t_nu: Array, eta_nu: Array) -> tuple[Array, Array]:
    """Gauss nodes in E' and their weights, shape (state, energy, node), 0 in panels that are empty."""
    e = energy + np.zeros_like(t)
    surface = np.maximum(eta_nu * t_nu, 0.0) + np.zeros_like(e)
    electrons = np.abs(eta) * t + np.zeros_like(e)
    # up-scattering out of a degenerate sea goes as far as the sea is deep
    top = np.maximum(e, surface) + _STEPS[-1] * np.maximum(t, t_nu)
    edges = [np.zeros_like(e), top]
    for edge, width in ((0.0 * e, t), (e, t), (electrons, t), (e - electrons, t), (surface, t_nu)):
        edges += [edge + step * width for step in (*_STEPS, 0.0, *(-s for s in _STEPS))]
    bounds = np.sort(np.clip(np.stack(edges, axis=-1), 0.0, top[..., None]), axis=-1)
    half = 0.5 * np.diff(bounds, axis=-1)[..., None]
    nodes = bounds[..., :-1, None] + half * (1.0 + _NODES)
    shape = (*e.shape, -1)
    return nodes.reshape(shape), (half * _WEIGHTS).reshape(shape)


def _net_gain(occupied: Array, phi_0: Array) -> Array:
    """Return f' (1 - f) Phi_0(E', E) - f (1 - f') Phi_0(E, E'), shape (state, energy E, energy E')."""
    out = occupied[:, :, None] * (1.0 - occupied[:, None, :]) * phi_0
    return np.swapaxes(out, 1, 2) - out


def _phase_space(constants: Constants) -> float:
    """2 pi/(2 pi hbar c)^3, MeV^-3 cm^-3."""
    return 2.0 * math.pi / (2.0 * math.pi * constants.hbar_c) ** 3


def _strength(couplings: WeakCouplings) -> float:
    """G_F^2 c (hbar c)^2/pi, cm^3/s/MeV^2, from sigma0, so that one number sets every rate."""
    c = couplings.constants
    return couplings.sigma0 / (4.0 * c.electron_mass**2) * c.speed_of_light


def _split(moments: Array) -> Array:
    """(..., 4) of the compiled code to (structure, moment, ...)."""
    return np.moveaxis(moments, -1, 0).reshape(2, 2, *moments.shape[:-1])


def _state(energy: Any, temperature: Any, degeneracy: Any) -> tuple[Array, Array, Array]:
    """Energies, temperatures and degeneracies as contiguous arrays, the latter two of one shape (state,)."""
    t, eta = np.broadcast_arrays(
        _positive(temperature, "temperature"), np.asarray(degeneracy, dtype=np.float64)
    )
    if not np.isfinite(eta).all():
        raise OutOfRangeError(f"degeneracy mu_e/T = {eta[~np.isfinite(eta)][0]}: must be finite")
    energies = _positive(energy, "neutrino energy")
    return energies.copy(), t.copy(), eta.copy()  # of one memory layout, as the compiled code asks for


def _positive(value: Any, what: str) -> Array:
    """Return an array of finite numbers > 0, MeV."""
    values = np.asarray(value, dtype=np.float64)
    bad = ~((values > 0.0) & np.isfinite(values))
    if bad.any():
        raise OutOfRangeError(f"{what} = {values[bad][0]:.6g} MeV: must be positive and finite")
    return values
