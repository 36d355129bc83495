"""Neutrino mixing in matter: parameters, potential, resonances of two levels, survival of adiabatic neutrinos.

Forward scattering on electrons only. Collective effects, in which neutrinos scatter on neutrinos, are not here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.errors import OutOfRangeError, UnknownNameError, require
from microphysics.weak.refraction import EV_PER_MEV, matter_potential

Array = NDArray[np.float64]
Values = float | Array

RESONANCES = ("high", "low")
ORDERINGS = ("normal", "inverted")
REFERENCES = (
    "Wolfenstein 1978, PRD 17, 2369; Mikheyev & Smirnov 1985; Parke 1986, PRL 57, 1275; "
    "Dighe & Smirnov 2000, PRD 62, 033007"
)
PARAMETERS = "Esteban et al. 2024, JHEP 12, 216 (NuFIT 6.0, normal ordering with atmospheric data)"


@dataclass(frozen=True)
class Mixing:
    """Angles and splittings of three neutrinos.

    Attributes
    ----------
    theta_12, theta_13 : float
        rad, between 0 and pi/4.
    splitting_21, splitting_31 : float
        m_2^2 - m_1^2 and |m_3^2 - m_1^2|, eV^2, > 0; the sign of the second is the ordering's.

    Raises
    ------
    OutOfRangeError
        For an angle or a splitting outside.

    Examples
    --------
    >>> mixing = Mixing()
    >>> [round(value, 4) for value in mixing.electron_content]
    [0.6771, 0.3007, 0.0222]
    """

    theta_12: float = math.radians(33.68)
    theta_13: float = math.radians(8.56)
    splitting_21: float = 7.49e-5
    splitting_31: float = 2.513e-3

    def __post_init__(self) -> None:
        for name in ("theta_12", "theta_13"):
            value = getattr(self, name)
            if not 0.0 < value < 0.25 * math.pi:
                raise OutOfRangeError(f"{name} = {value:.6g} rad: must lie between 0 and pi/4")
        for name in ("splitting_21", "splitting_31"):
            value = getattr(self, name)
            if not value > 0.0:
                raise OutOfRangeError(f"{name} = {value:.6g} eV^2: must be > 0")

    @property
    def electron_content(self) -> tuple[float, float, float]:
        """|U_e1|^2, |U_e2|^2, |U_e3|^2."""
        near = math.cos(self.theta_13) ** 2
        return (
            near * math.cos(self.theta_12) ** 2,
            near * math.sin(self.theta_12) ** 2,
            math.sin(self.theta_13) ** 2,
        )

    def level(self, resonance: str) -> tuple[float, float]:
        """Return splitting (eV^2) and angle (rad) of the two levels that cross at the ``high`` or the ``low`` resonance."""
        if resonance not in RESONANCES:
            raise UnknownNameError("resonance", resonance, RESONANCES)
        if resonance == "high":
            return self.splitting_31, self.theta_13
        return self.splitting_21, self.theta_12


def resonance_density(energy: Values, resonance: str, mixing: Mixing | None = None) -> Array:
    """Product rho Y_e at which two levels cross, g/cm^3.

    Parameters
    ----------
    energy : array_like
        MeV, > 0.
    resonance : str
        ``high`` (splitting 31, angle 13) or ``low`` (21, 12).
    mixing : Mixing, optional
        None means the default.

    Returns
    -------
    ndarray
        dm^2 cos(2 theta)/(2 E) over the potential of 1 g/cm^3 of electrons.

    Examples
    --------
    >>> [round(float(resonance_density(10.0, name)), 1) for name in RESONANCES]
    [1573.3, 18.9]
    """
    require(np.asarray(energy) > 0.0, energy, "neutrino energy", "MeV", "> 0")
    splitting, angle = (mixing or Mixing()).level(resonance)
    half = splitting * math.cos(2.0 * angle) / (2.0 * EV_PER_MEV * np.asarray(energy, dtype=np.float64))
    return half / matter_potential(1.0, 1.0)


def adiabaticity(energy: Values, scale_height: Values, resonance: str, mixing: Mixing | None = None) -> Array:
    """Adiabaticity gamma = dm^2 sin^2(2 theta)/(2 E cos(2 theta) |d ln n_e/dr|) at a resonance.

    Parameters
    ----------
    energy : array_like
        MeV.
    scale_height : array_like
        1/|d ln n_e/dr| there, cm.
    resonance, mixing
        As of `resonance_density`.

    Returns
    -------
    ndarray
        Far above 1: adiabatic.
    """
    splitting, angle = (mixing or Mixing()).level(resonance)
    double = 2.0 * angle
    wave = splitting / (2.0 * EV_PER_MEV**2 * CODATA.hbar_c * np.asarray(energy, dtype=np.float64))  # 1/cm
    return wave * math.sin(double) ** 2 / math.cos(double) * np.asarray(scale_height)


def crossing_probability(gamma: Values) -> Array:
    """Landau-Zener probability exp(-pi gamma/2) to jump to the other level; the density linear at the resonance."""
    return np.exp(-0.5 * math.pi * np.asarray(gamma, dtype=np.float64))


def adiabatic_survival(ordering: str, mixing: Mixing | None = None) -> tuple[float, float]:
    """Probabilities that nue and anue born in dense matter arrive as such, if no level is jumped.

    Parameters
    ----------
    ordering : str
        ``normal`` (nue leave as nu_3, anue as nu_1) or ``inverted`` (nu_2 and nu_3).
    mixing : Mixing, optional
        None means the default.

    Returns
    -------
    tuple of float
        p of nue and of anue, without collective effects and without regeneration in the Earth.

    Examples
    --------
    >>> [round(p, 4) for p in adiabatic_survival("inverted")]
    [0.3007, 0.0222]
    """
    first, second, third = (mixing or Mixing()).electron_content
    if ordering not in ORDERINGS:
        raise UnknownNameError("mass ordering", ordering, ORDERINGS)
    return (third, first) if ordering == "normal" else (second, third)
