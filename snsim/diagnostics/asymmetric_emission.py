"""Momentum of neutrinos that leave a star unevenly: closed forms of the recoil, and how large an asymmetry can be.

Every formula says which asymmetry it means.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.errors import UnknownNameError, require

Array = NDArray[np.float64]
Values = float | Array

# momentum asymmetry alpha = c|P|/E of a unit of each given asymmetry
ASYMMETRIES = {
    "momentum": (1.0, "asymmetry is alpha = c|P|/E itself"),
    "emitted": (1.0 / 3.0, "luminosity per solid angle at infinity ~ 1 + a cos(theta): alpha = a/3"),
    "surface": (2.0 / 9.0, "surface flux ~ 1 + a cos(theta), Lambert emission: alpha = (2/3) a/3"),
}
MAGNETIC_KICK = 5e6  # cm/s at 1e15 G: perturbative estimate, Arras & Lai 1999, PRD 60, 043001 (recalled)
MAGNETIC_FIELD = 1e15  # G
REFERENCES = "Arras & Lai 1999, PRD 60, 043001; Janka & Kresse 2024, Ap&SS 369, 80"


def momentum_asymmetry(asymmetry: Values, definition: str = "momentum") -> Array:
    """Momentum asymmetry alpha = c|P|/E from an asymmetry stated in another way.

    Parameters
    ----------
    asymmetry : array_like
        Dipole amplitude.
    definition : str
        ``momentum`` (alpha itself), ``emitted`` (of the luminosity per solid angle at infinity: alpha = a/3)
        or ``surface`` (of the surface flux with Lambert emission: alpha = 2a/9).

    Returns
    -------
    ndarray
        alpha.

    Examples
    --------
    >>> round(float(momentum_asymmetry(0.03, "emitted")), 12)
    0.01
    """
    if definition not in ASYMMETRIES:
        raise UnknownNameError("definition of an asymmetry", definition, ASYMMETRIES)
    return np.asarray(asymmetry, dtype=np.float64) * ASYMMETRIES[definition][0]


def kick_velocity(energy: Values, mass: Values, asymmetry: Values) -> Array:
    """Recoil v = alpha E/(M c).

    Parameters
    ----------
    energy : array_like
        Radiated in all neutrinos, erg (or a luminosity in erg/s: the answer is then an acceleration, cm/s^2).
    mass : array_like
        g.
    asymmetry : array_like
        alpha = c|P|/E.

    Returns
    -------
    ndarray
        cm/s, not relativistic.

    Raises
    ------
    OutOfRangeError
        For an energy below 0 or a mass that is not positive.

    Examples
    --------
    >>> round(float(kick_velocity(3e53, 1.4 * CODATA.solar_mass, 0.01)) / 1e5, 4)
    359.4733
    """
    require(np.asarray(energy) >= 0.0, energy, "energy radiated", "erg", ">= 0")
    require(np.asarray(mass) > 0.0, mass, "mass that recoils", "g", "> 0")
    return np.asarray(asymmetry) * energy / (np.asarray(mass) * CODATA.speed_of_light)


def magnetic_kick(magnetic_field: Values) -> Array:
    """Perturbative estimate from parity violation in a magnetic field (G), cm/s: 50 km/s at 1e15 G.

    References
    ----------
    .. [1] Arras & Lai 1999, PRD 60, 043001 (recalled order of magnitude).
    """
    require(np.asarray(magnetic_field) >= 0.0, magnetic_field, "magnetic field", "G", ">= 0")
    return MAGNETIC_KICK * np.asarray(magnetic_field, dtype=np.float64) / MAGNETIC_FIELD


def magnetic_expansion(magnetic_field: Values, energy: Values) -> Array:
    """Expansion parameter e B hbar c/E^2 of a neutrino's cross section in a magnetic field.

    Parameters
    ----------
    magnetic_field : array_like
        G.
    energy : array_like
        MeV.

    Returns
    -------
    ndarray
        2.6 % at 1e15 G and 15 MeV: a strong suppression of the opacity there is an assumption.

    Examples
    --------
    >>> round(float(magnetic_expansion(1e15, 15.0)), 4)
    0.0263
    """
    # e in electrostatic units, e B hbar c in erg^2
    charge = math.sqrt(CODATA.coulomb_squared * CODATA.erg_per_mev)
    square = charge * np.asarray(magnetic_field, dtype=np.float64) * CODATA.hbar_c / CODATA.erg_per_mev
    return square / np.asarray(energy) ** 2
