"""Electron-positron pairs e- e+ <-> nu nubar: kernels with l = 0 and 1, and what follows from them for one neutrino.

With theta the angle between the two neutrinos, R = Phi_0/2 + 3/2 Phi_1 cos(theta), for production Phi^p and for annihilation
Phi^a = e^((E + E')/T) Phi^p (Bruenn 1985, ApJS 58, 771, C62-C74; massless electrons). The electron integrals are Fermi
integrals (Pons, Miralles & Ibanez 1998, A&AS 129, 343) arranged so that no digits are lost: `microphysics._kernels.pairs`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics._kernels.pair_emission import emission_states
from microphysics._kernels.pair_partner import partner_states
from microphysics._kernels.pairs import annihilation_states
from microphysics.errors import OutOfRangeError
from microphysics.weak.couplings import WeakCouplings

__all__ = [
    "PairKernels",
    "PairStructures",
    "absorption_opacity",
    "emissivity",
    "equilibrium_opacities",
    "kernels",
    "shortcut_opacities",
    "shortcut_opacity",
    "structures",
]

Array = NDArray[np.float64]

_NO_PARTNER = np.empty(0)


@dataclass(frozen=True)
class PairStructures:
    """Annihilation kernels of the two coupling structures, each with its coupling set to 1.

    Attributes
    ----------
    plus : ndarray, shape (moment, state, energy, partner)
        What (C_V + C_A)^2 multiplies, l = 0 and 1, cm^3/s.
    minus : ndarray, shape (moment, state, energy, partner)
        What (C_V - C_A)^2 multiplies; on one set of energies the transpose of `plus`.
    boltzmann : ndarray, shape (state, energy, partner)
        e^(-(E + E')/T), production over annihilation.
    """

    plus: Array
    minus: Array
    boltzmann: Array


@dataclass(frozen=True)
class PairKernels:
    """Kernels of one flavour, R = Phi_0/2 + 3/2 Phi_1 cos(theta).

    Attributes
    ----------
    production, annihilation : ndarray, shape (moment, state, energy, partner)
        Phi_l^p and Phi_l^a, l = 0 and 1, cm^3/s; energy of the flavour asked for before that of its antiparticle.
    """

    production: Array
    annihilation: Array


def structures(
    energy: ArrayLike,
    temperature: ArrayLike,
    degeneracy: ArrayLike,
    couplings: WeakCouplings,
    partner_energy: ArrayLike | None = None,
) -> PairStructures:
    """Annihilation kernels of both coupling structures.

    Parameters
    ----------
    energy : array_like, shape (energy,)
        Neutrino energy, MeV, > 0.
    temperature : array_like, shape (state,)
        MeV, > 0.
    degeneracy : array_like, shape (state,)
        mu_e/T, the chemical potential with rest mass; any sign.
    couplings : WeakCouplings
        Gives the Fermi constant.
    partner_energy : array_like, shape (partner,), optional
        Energy of the antineutrino, MeV, > 0; by default `energy`, which takes half the time.

    Returns
    -------
    PairStructures

    Raises
    ------
    OutOfRangeError
        If an energy or a temperature is not positive and finite, or a degeneracy not finite.

    Notes
    -----
    Relative error of l = 0 below 1e-12, of l = 1 the same fraction of l = 0. Where nearly all electrons are in the way,
    eta > 690 + (E + E')/T, annihilation underflows to 0.
    """
    energy, temperature, degeneracy = _inputs(energy, temperature, degeneracy)
    partner = _NO_PARTNER if partner_energy is None else _positive("partner_energy", partner_energy, "MeV")
    other = energy if partner_energy is None else partner
    raw = np.empty((temperature.size, 2, 2, energy.size, other.size))
    annihilation_states(energy, partner, temperature, degeneracy, raw)
    scale = _strength(couplings) * temperature[:, None, None] ** 2
    total = (energy[:, None] + other) / temperature[:, None, None]
    plus, minus = (raw[:, k].swapaxes(0, 1) * scale for k in range(2))
    return PairStructures(plus=plus, minus=minus, boltzmann=np.exp(-total))


def kernels(
    energy: ArrayLike,
    temperature: ArrayLike,
    degeneracy: ArrayLike,
    couplings: WeakCouplings,
    flavor: str,
    partner_energy: ArrayLike | None = None,
) -> PairKernels:
    """Production and annihilation kernels of one neutrino flavour with its antiparticle.

    Parameters
    ----------
    energy, temperature, degeneracy, couplings, partner_energy
        As in `structures`.
    flavor : str
        nue, anue, numu, anumu, nutau, anutau: what `energy` belongs to.

    Returns
    -------
    PairKernels

    Raises
    ------
    OutOfRangeError
        As in `structures`.

    Notes
    -----
    Detailed balance is exact, and the kernel of the antineutrino is that of the neutrino with the energies exchanged.

    Examples
    --------
    >>> pair = kernels([10.0], [5.0], [2.0], WeakCouplings(), "nue")
    >>> pair.production.shape
    (2, 1, 1, 1)
    """
    both = structures(energy, temperature, degeneracy, couplings, partner_energy)
    plus, minus = _squares(couplings, flavor)
    annihilation = plus * both.plus + minus * both.minus
    return PairKernels(production=annihilation * both.boltzmann, annihilation=annihilation)


def emissivity(
    energy: ArrayLike,
    temperature: ArrayLike,
    degeneracy: ArrayLike,
    couplings: WeakCouplings,
    flavor: str,
) -> Array:
    """Energy emitted in one species, the phase space of both neutrinos empty.

    j = E^3 2 pi/(2 pi hbar c)^6 int E'^2 Phi_0^p dE'.

    Parameters
    ----------
    energy, temperature, degeneracy, couplings
        As in `structures`.
    flavor : str
        nue, anue, numu, anumu, nutau, anutau.

    Returns
    -------
    ndarray, shape (state, energy)
        MeV/(cm^3 s MeV sr), relative error below 1e-7.

    Raises
    ------
    OutOfRangeError
        As in `structures`.
    """
    energy, temperature, degeneracy = _inputs(energy, temperature, degeneracy)
    plus, minus = _squares(couplings, flavor)
    raw = _partner_integrals(energy, temperature, degeneracy)
    t = temperature[:, None]
    volume = (2.0 * np.pi * couplings.constants.hbar_c) ** 3
    front = 2.0 * np.pi * _strength(couplings) / volume**2 * energy**3 * t**5 * np.exp(-energy / t)
    return front * (plus * raw[:, 0] + minus * raw[:, 1])


def shortcut_opacity(
    energy: ArrayLike,
    temperature: ArrayLike,
    degeneracy: ArrayLike,
    couplings: WeakCouplings,
    flavor: str,
    neutrino_degeneracy: ArrayLike = 0.0,
) -> Array:
    """Absorption opacity that balances the unblocked emission, kappa* = j/B: exact past a partner thin and in equilibrium.

    Parameters
    ----------
    energy, temperature, degeneracy, couplings, flavor
        As in `emissivity`.
    neutrino_degeneracy : array_like, shape (state,), optional
        mu_nu/T of `flavor` in equilibrium; 0 for the heavy-lepton flavours.

    Returns
    -------
    ndarray, shape (state, energy)
        1/cm, corrected for stimulated absorption; finite where j and B underflow.

    Raises
    ------
    OutOfRangeError
        As in `structures`.
    """
    return shortcut_opacities(energy, temperature, degeneracy, couplings, {flavor: neutrino_degeneracy})[0]


def shortcut_opacities(
    energy: ArrayLike,
    temperature: ArrayLike,
    degeneracy: ArrayLike,
    couplings: WeakCouplings,
    neutrino_degeneracies: Mapping[str, ArrayLike],
) -> Array:
    """`shortcut_opacity` of several flavours, which cost no more than one.

    Parameters
    ----------
    energy, temperature, degeneracy, couplings
        As in `structures`.
    neutrino_degeneracies : mapping
        mu_nu/T in equilibrium, shape (state,) or a number, of every flavour asked for.

    Returns
    -------
    ndarray, shape (species, state, energy)
        1/cm, species in the order of the mapping.

    Raises
    ------
    OutOfRangeError
        As in `structures`.
    """
    energy, temperature, degeneracy = _inputs(energy, temperature, degeneracy)
    t = temperature[:, None]
    with np.errstate(divide="ignore"):
        logarithm = np.log(_partner_integrals(energy, temperature, degeneracy))
    result = []
    for flavor, values in neutrino_degeneracies.items():
        neutrino = np.broadcast_to(_finite("neutrino_degeneracy", values), temperature.shape)
        # e^-x/f_eq times the integral, in logarithms: one may be as large as the other is small
        balance = np.logaddexp(-energy / t, -neutrino[:, None])
        raw = np.exp(logarithm + balance[:, None])
        result.append(_opacity(raw, temperature, couplings, flavor))
    return np.stack(result)


def equilibrium_opacities(
    energy: ArrayLike,
    temperature: ArrayLike,
    degeneracy: ArrayLike,
    couplings: WeakCouplings,
    neutrino_degeneracies: Mapping[str, ArrayLike],
) -> Array:
    """Absorption opacity with the partner in equilibrium at -mu_nu and the matter's temperature.

    Parameters
    ----------
    energy, temperature, degeneracy, couplings, neutrino_degeneracies
        As in `shortcut_opacities`; flavours of one mu_nu/T cost as much as one, those of mu_nu/T > -2 hardly more.

    Returns
    -------
    ndarray, shape (species, state, energy)
        1/cm, corrected for stimulated absorption, relative error below 1e-5; never above `shortcut_opacities`.

    Raises
    ------
    OutOfRangeError
    """
    energy, temperature, degeneracy = _inputs(energy, temperature, degeneracy)
    distinct: list[Array] = []
    places = []
    for values in neutrino_degeneracies.values():
        neutrino = np.broadcast_to(_finite("neutrino_degeneracy", values), temperature.shape)
        place = next(
            (k for k, known in enumerate(distinct) if np.array_equal(known, neutrino)), len(distinct)
        )
        if place == len(distinct):
            distinct.append(neutrino)
        places.append(place)
    raw = np.empty((temperature.size, len(distinct), 2, energy.size))
    partner_states(energy, temperature, degeneracy, np.stack(distinct, axis=1), raw)
    return np.stack(
        [
            _opacity(raw[:, place], temperature, couplings, flavor)
            for flavor, place in zip(neutrino_degeneracies, places, strict=True)
        ]
    )


def absorption_opacity(
    pair: PairKernels,
    partner_energy: ArrayLike,
    partner_weight: ArrayLike,
    partner_occupation: ArrayLike,
    couplings: WeakCouplings,
) -> Array:
    """Absorption opacity with the partner's own distribution, isotropic.

    kappa* = 2 pi/(c (2 pi hbar c)^3) int E'^2 [f' Phi_0^a + (1 - f') Phi_0^p] dE'; the emission that belongs to it is
    the second term alone.

    Parameters
    ----------
    pair : PairKernels
        Of the neutrino, at the partner energies given here.
    partner_energy, partner_weight : array_like, shape (partner,)
        Energies, MeV, and the weights of a quadrature over them, MeV.
    partner_occupation : array_like, shape (state, partner)
        f' of the antiparticle, 0 to 1.
    couplings : WeakCouplings
        Gives the constants.

    Returns
    -------
    ndarray, shape (state, energy)
        1/cm, corrected for stimulated absorption.

    Raises
    ------
    OutOfRangeError
        If an occupation lies outside [0, 1] or an energy is not positive.
    """
    partner = _positive("partner_energy", partner_energy, "MeV")
    occupation = np.asarray(partner_occupation, dtype=float)
    outside = ~((occupation >= 0.0) & (occupation <= 1.0))
    if outside.any():
        raise OutOfRangeError(f"partner_occupation = {occupation[outside][0]}: must lie between 0 and 1")
    phase_space = partner**2 * np.asarray(partner_weight, dtype=float)
    absorbed = pair.annihilation[0] * occupation[:, None, :]
    stimulated = pair.production[0] * (1.0 - occupation[:, None, :])
    return 2.0 * np.pi / _flux_volume(couplings) * ((absorbed + stimulated) @ phase_space)


def _partner_integrals(energy: Array, temperature: Array, degeneracy: Array) -> Array:
    """Int y^2 e^-y of both structures, shape (state, structure, energy)."""
    raw = np.empty((temperature.size, 2, energy.size))
    emission_states(energy, temperature, degeneracy, raw)
    return raw


def _opacity(raw: Array, temperature: Array, couplings: WeakCouplings, flavor: str) -> Array:
    """kappa* from the integrals of both structures, shape (state, structure, energy)."""
    plus, minus = _squares(couplings, flavor)
    front = 2.0 * np.pi * temperature[:, None] ** 5 * _strength(couplings) / _flux_volume(couplings)
    return front * (plus * raw[:, 0] + minus * raw[:, 1])


def _strength(couplings: WeakCouplings) -> float:
    """G_F^2 c (hbar c)^2/pi, cm^3/(s MeV^2), from sigma0, so that one number sets every rate."""
    c = couplings.constants
    return couplings.sigma0 * c.speed_of_light / (4.0 * c.electron_mass**2)


def _flux_volume(couplings: WeakCouplings) -> float:
    """Velocity of light times (2 pi hbar c)^3, MeV^3 cm^4/s."""
    c = couplings.constants
    return c.speed_of_light * (2.0 * math.pi * c.hbar_c) ** 3


def _squares(couplings: WeakCouplings, flavor: str) -> tuple[Any, Any]:
    """(C_V + C_A)^2 and (C_V - C_A)^2."""
    vector, axial = couplings.electron_couplings(flavor)
    return (vector + axial) ** 2, (vector - axial) ** 2


def _inputs(energy: ArrayLike, temperature: ArrayLike, degeneracy: ArrayLike) -> tuple[Array, Array, Array]:
    """Energies, and temperature and degeneracy of the same length."""
    t, eta = np.broadcast_arrays(
        _positive("temperature", temperature, "MeV"), _finite("degeneracy", degeneracy)
    )
    return _positive("energy", energy, "MeV"), np.ascontiguousarray(t), np.ascontiguousarray(eta)


def _positive(name: str, values: ArrayLike, unit: str) -> Array:
    array = _finite(name, values)
    if (array <= 0.0).any():
        raise OutOfRangeError(f"{name} = {array[array <= 0.0][0]} {unit}: must be positive")
    return array


def _finite(name: str, values: ArrayLike) -> Array:
    array = np.ascontiguousarray(np.atleast_1d(np.asarray(values, dtype=float)))
    if not np.isfinite(array).all():
        raise OutOfRangeError(f"{name} = {array[~np.isfinite(array)][0]}: must be finite")
    return array
