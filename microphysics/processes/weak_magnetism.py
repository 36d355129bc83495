"""Weak magnetism and recoil of neutrinos on free nucleons (Horowitz 2002, PRD 65, 043001)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from microphysics.weak.couplings import WeakCouplings

Array = NDArray[np.float64]


def weak_magnetism_factor(
    energy: Array, target_mass: float, sign: int, vector: Any, axial: Any, magnetism: Any
) -> Array:
    """Total cross section with weak magnetism and recoil over the elastic one (Horowitz 2002, eq. 22).

    Parameters
    ----------
    energy : ndarray
        Neutrino energy, MeV; good to about 100 MeV.
    target_mass : float
        Nucleon mass, MeV.
    sign : int
        +1 for neutrinos, -1 for antineutrinos.
    vector, axial, magnetism : float
        c_v, c_a and F_2 of the current.

    Returns
    -------
    ndarray
        Factor of the shape of `energy`, 1 at zero energy.
    """
    e = energy / target_mass
    total = (
        vector**2 * (1.0 + 4.0 * e + 16.0 / 3.0 * e**2)
        + 3.0 * axial**2 * (1.0 + 4.0 / 3.0 * e) ** 2
        + sign * 4.0 * (vector + magnetism) * axial * e * (1.0 + 4.0 / 3.0 * e)
        + 8.0 / 3.0 * vector * magnetism * e**2
        + 5.0 / 3.0 * e**2 * (1.0 + 0.4 * e) * magnetism**2
    )
    return total / ((vector**2 + 3.0 * axial**2) * (1.0 + 2.0 * e) ** 3)


def charged_current_correction(energy: Array, sign: int, couplings: WeakCouplings) -> Array:
    """Weak magnetism and recoil of nue n (sign +1) or anue p (sign -1), same shape as `energy`."""
    mass = couplings.constants.neutron_mass if sign > 0 else couplings.constants.proton_mass
    return weak_magnetism_factor(
        energy, mass, sign, 1.0, couplings.axial_coupling, couplings.magnetism_charged
    )


def magnetism_ratio(energy: Array, sign: int, couplings: WeakCouplings) -> Array:
    """Return what weak magnetism and vector-axial interference do to a cross section that has recoil.

    Horowitz' factor (2002, eq. 22) over the same without F_2 and without the term that changes sign between neutrino and
    antineutrino. A function of the neutrino's energy alone, it leaves detailed balance as it is.

    Parameters
    ----------
    energy : ndarray
        MeV; good to about 100 MeV.
    sign : int
        +1 for nue + n, -1 for anue + p.
    couplings : WeakCouplings
        Couplings and constants.

    Returns
    -------
    ndarray
        Of the shape of `energy`; 1 at zero energy.
    """
    mass = couplings.constants.neutron_mass if sign > 0 else couplings.constants.proton_mass
    recoil = weak_magnetism_factor(energy, mass, 0, 1.0, couplings.axial_coupling, 0.0)
    result: Array = charged_current_correction(energy, sign, couplings) / recoil
    return result
