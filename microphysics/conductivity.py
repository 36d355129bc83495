"""Heat carried by neutrinos that diffuse: thermal conductivity and Rosseland mean of a transport opacity.

The mean belongs to the total opacity. That of correlated nuclei alone falls so fast towards low energies that
the lowest energies would carry all heat, where other processes are the opaque ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.errors import OutOfRangeError
from microphysics.spectrum import fermi

Array = NDArray[np.float64]
Values = float | Array

_NODES, _WEIGHTS = (0.5 * (1.0 + leggauss(8)[0]), 0.5 * leggauss(8)[1])
REFERENCES = "Pons, Reddy, Prakash, Lattimer & Miralles 1999, ApJ 513, 780"


def diffusion_integral(
    order: int, opacity: Array, energy: Array, temperature: Values, degeneracy: Values = 0.0
) -> Array:
    """Return D_n = int E^n f(1 - f)/kappa dE of one species in equilibrium with matter.

    Parameters
    ----------
    order : int
        n: 4 for heat at fixed degeneracy, 3 and 2 where neutrino number flows too.
    opacity : ndarray, shape (..., energy)
        Transport opacity of all processes, 1/cm; 0 gives infinity.
    energy : ndarray, shape (energy,)
        MeV, rising; the integral is a trapezium in ln E. It should reach some 15 T beyond the chemical potential. Below
        its first point the opacity goes on as the power law of the first two.
    temperature, degeneracy : array_like, shape (...)
        T in MeV, and eta = mu/T of the species; NaN gives NaN.

    Returns
    -------
    ndarray, shape (...)
        cm MeV^(n+1).

    Raises
    ------
    OutOfRangeError
        If an opacity or a temperature is not allowed.
    """
    return _diffusion_integrals((order,), opacity, energy, temperature, degeneracy)[0]


def _diffusion_integrals(
    orders: Sequence[int], opacity: Array, energy: Array, temperature: Values, degeneracy: Values
) -> list[Array]:
    """Return `diffusion_integral` of several orders, which share f(1 - f)/kappa."""
    t, eta = np.asarray(temperature, dtype=np.float64), np.asarray(degeneracy, dtype=np.float64)
    if (opacity < 0.0).any() or (t <= 0.0).any():
        raise OutOfRangeError(
            f"opacity >= {np.nanmin(opacity):.4g} 1/cm, temperature >= {np.nanmin(t):.4g} MeV: conductivity needs an "
            "opacity that is not negative and a temperature above 0"
        )
    steps = np.diff(np.log(energy))
    weight = 0.5 * (np.append(steps, 0.0) + np.append(0.0, steps))
    available = _available(energy, t[..., None], eta[..., None])
    found = []
    with np.errstate(divide="ignore", invalid="ignore"):
        # where nothing is occupied, an infinite path carries nothing
        grid = np.where(available == 0.0, 0.0, available / opacity)
        bend = np.log(opacity[..., 1] / opacity[..., 0]) / steps[0]
        for order in orders:
            path = energy[0] ** (order + 1) / opacity[..., 0]
            power = order + 1 - bend
            # y = (E/E_0)^power takes the power law out of the integral from 0 to the first energy E_0
            inner = energy[0] * _NODES ** (1.0 / power[..., None])
            below = path / power * (_available(inner, t[..., None], eta[..., None]) @ _WEIGHTS)
            below = np.where(path == 0.0, 0.0, np.where(power > 0.0, below, np.inf))
            found.append((grid * (energy ** (order + 1) * weight)).sum(axis=-1) + below)
    return found


def _available(energy: Array, temperature: Array, degeneracy: Array) -> Array:
    """f(1 - f)."""
    small = np.exp(-np.abs(energy / temperature - degeneracy))
    return small / (1.0 + small) ** 2


def thermal_conductivity(
    opacity: Array, energy: Array, temperature: Values, degeneracy: Values = 0.0
) -> Array:
    """Return kappa_nu of F = -kappa_nu grad T for one species, in a gradient of T at constant eta.

    Parameters
    ----------
    opacity, energy, temperature, degeneracy
        As of `diffusion_integral`.

    Returns
    -------
    ndarray, shape (...)
        erg/(cm s K). Only where neutrinos diffuse: the flux must stay well below c times the energy density.

    Notes
    -----
    kappa_nu = c D_4/(6 pi^2 (hbar c)^3 T^2) = (c/3) lambda_R du/dT, for df/dT = (E/T^2) f(1 - f).

    Examples
    --------
    An opacity that goes with E^2, 1e-6/cm at 10 MeV; the closed form is c lambda_0 E_0^2 T/(36 (hbar c)^3):

    >>> energy = np.geomspace(0.05, 200.0, 400)
    >>> value = thermal_conductivity(1e-6 * (energy / 10.0) ** 2, energy, 4.0)
    >>> closed = CODATA.speed_of_light * 1e6 * 100.0 * 4.0 / (36.0 * CODATA.hbar_c**3)
    >>> round(float(value / (closed * CODATA.boltzmann * CODATA.erg_per_mev)), 4)
    1.0
    """
    integral = diffusion_integral(4, opacity, energy, temperature, degeneracy)
    return _strength(temperature) * integral


def conductivity_without_lepton_flux(
    opacity: Array, energy: Array, temperature: Values, degeneracy: Values
) -> Array:
    """Return kappa_nu of nue and anue together, in a gradient of T that drives no net electron number.

    Parameters
    ----------
    opacity : ndarray, shape (2, ..., energy)
        Of nue and of anue, 1/cm.
    energy : ndarray, shape (energy,)
        MeV.
    temperature, degeneracy : array_like, shape (...)
        T in MeV and eta of nue; that of anue is -eta.

    Returns
    -------
    ndarray, shape (...)
        erg/(cm s K), never above the sum at constant eta: D_4 - D_3^2/D_2 instead of D_4, D_2 and D_4 sums and D_3 the
        difference of nue and anue.
    """
    eta = np.asarray(degeneracy, dtype=np.float64)
    nue, anue = (
        _diffusion_integrals((2, 3, 4), one, energy, temperature, sign * eta)
        for one, sign in zip(opacity, (1.0, -1.0), strict=True)
    )
    second, number, fourth = nue[0] + anue[0], nue[1] - anue[1], nue[2] + anue[2]
    return _strength(temperature) * (fourth - number**2 / second)


def rosseland_mean_path(
    opacity: Array, energy: Array, temperature: Values, degeneracy: Values = 0.0
) -> Array:
    """Return the Rosseland mean free path int lambda E^4 f(1 - f) dE / int E^4 f(1 - f) dE, cm.

    Parameters
    ----------
    opacity, energy, temperature, degeneracy
        As of `diffusion_integral`.
    """
    return diffusion_integral(4, opacity, energy, temperature, degeneracy) / _heat(temperature, degeneracy)


def conductivity_of_path(path: Values, temperature: Values, degeneracy: Values = 0.0) -> Array:
    """Return `thermal_conductivity`, erg/(cm s K), of a Rosseland mean free path in cm: (c/3) lambda_R du/dT."""
    return _strength(temperature) * (path * _heat(temperature, degeneracy))


def _heat(temperature: Values, degeneracy: Values) -> Array:
    """Return int E^4 f(1 - f) dE = 4 T^5 F_3(eta), MeV^5."""
    # int x^m f(1 - f) dx = m F_{m-1}
    return 4.0 * np.asarray(temperature, dtype=np.float64) ** 5 * fermi(3, degeneracy)


def equilibrium_energy_density(temperature: Values, degeneracy: Values = 0.0) -> Array:
    """Return u = T^4 F_3(eta)/(2 pi^2 (hbar c)^3) of one species, MeV/cm^3."""
    t = np.asarray(temperature, dtype=np.float64)
    return t**4 * fermi(3, degeneracy) / (2.0 * np.pi**2 * CODATA.hbar_c**3)


def _strength(temperature: Values) -> Any:
    """Return c k_B/(6 pi^2 (hbar c)^3 T^2), erg/(s K cm^2 MeV^5)."""
    t = np.asarray(temperature, dtype=np.float64)
    scale = CODATA.speed_of_light * CODATA.boltzmann * CODATA.erg_per_mev
    return scale / (6.0 * np.pi**2 * CODATA.hbar_c**3 * t**2)
