"""Published conditions for the runaway of a stalled shock, as functions of a few numbers.

Fits carry the units they were published in. Each belongs to its own closure and calibration: none is a prediction, and
numbers of two of them must not be compared.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA

Array = NDArray[np.float64]
Values = float | Array

__all__ = [
    "ANTESONIC_GENERAL",
    "ANTESONIC_ISOTHERMAL",
    "CAVEAT",
    "ForceCondition",
    "accretion_power",
    "burrows_goshy",
    "compactness",
    "force_explosion_condition",
    "mueller_janka_scaling",
    "pejcha_thompson",
]

# Pejcha & Thompson 2012, ApJ 746, 106: exact for an isothermal flow (c_T), about so in general (adiabatic c_s)
ANTESONIC_ISOTHERMAL, ANTESONIC_GENERAL = 3.0 / 16.0, 0.19
# Gogilashvili & Murphy 2022, MNRAS 515, 1610
FORCE_THRESHOLD, FORCE_OPACITY = 0.38, 0.06
CAVEAT = (
    "not a prediction in 1D: three dimensions explode at a luminosity 40-50 % lower (Nordhaus et al. 2010, ApJ 720, 694; "
    "later work finds less)"
)


def accretion_power(accretion_rate: Values, mass: Values, radius: Values) -> Array:
    """G M Mdot/R, erg/s, from g/s, g and cm.

    Examples
    --------
    >>> sun = CODATA.solar_mass
    >>> f"{float(accretion_power(0.3 * sun, 1.4 * sun, 4e6)):.2e}"
    '2.77e+52'
    """
    return CODATA.gravitational_constant * np.asarray(mass) * accretion_rate / radius


@dataclass(frozen=True)
class ForceCondition:
    """Both sides of L~ tau_g - 0.06 kappa~ > 0.38.

    Attributes
    ----------
    power_ratio : float
        L~ tau_g: power deposited in the gain region over the accretion power.
    opacity_ratio : float
        kappa~ = kappa Mdot/sqrt(G M R).
    margin : float
        L~ tau_g - 0.06 kappa~ - 0.38; positive where the condition holds.
    threshold_power : float
        Deposited power at which the margin is 0, erg/s.
    """

    power_ratio: float
    opacity_ratio: float
    margin: float
    threshold_power: float


def force_explosion_condition(
    deposited_power: float, accretion_rate: float, mass: float, radius: float, opacity: float = 0.0
) -> ForceCondition:
    """Balance of integral forces on a spherical shock.

    Parameters
    ----------
    deposited_power : float
        L_nu tau_g, neutrino power absorbed in the gain region, erg/s.
    accretion_rate, mass, radius : float
        g/s, mass (g) and radius (cm) of the neutron star.
    opacity : float
        Of neutrinos in the accreted matter near the surface, cm^2/g.

    References
    ----------
    .. [1] Gogilashvili & Murphy 2022, MNRAS 515, 1610.

    Examples
    --------
    >>> sun = CODATA.solar_mass
    >>> found = force_explosion_condition(2e52, 0.3 * sun, 1.4 * sun, 4e6)
    >>> f"{found.threshold_power:.2e} {found.margin:.2f}"
    '1.05e+52 0.34'
    """
    power = float(accretion_power(accretion_rate, mass, radius))
    depth = opacity * accretion_rate / math.sqrt(CODATA.gravitational_constant * mass * radius)
    needed = FORCE_THRESHOLD + FORCE_OPACITY * depth
    ratio = deposited_power / power
    return ForceCondition(ratio, depth, ratio - needed, needed * power)


def burrows_goshy(accretion_rate: Values) -> Array:
    """Critical luminosity per species 5e52 erg/s (Mdot/(1.1 Msun/s))^(1/2.3), Mdot in g/s.

    References
    ----------
    .. [1] Burrows & Goshy 1993, ApJ 416, L75; coefficients as later papers quote them.

    Examples
    --------
    >>> f"{float(burrows_goshy(1.1 * CODATA.solar_mass)):.1e}"
    '5.0e+52'
    """
    return 5e52 * (np.asarray(accretion_rate) / (1.1 * CODATA.solar_mass)) ** (1.0 / 2.3)


def pejcha_thompson(
    accretion_rate: Values, mass: Values, radius: Values, optical_depth: Values = 2.0 / 3.0
) -> Array:
    """Critical core luminosity 8.18e51 tau^0.206 Mdot^0.723 M^1.84 R_nu^-1.61 erg/s.

    Parameters
    ----------
    accretion_rate, mass, radius : array_like
        g/s, g and cm; the fit's units are Msun/s, 1.2 Msun and 60 km.
    optical_depth : array_like
        At R_nu.

    References
    ----------
    .. [1] Pejcha & Thompson 2012, ApJ 746, 106; coefficients as quoted, not compared with the paper.

    Examples
    --------
    >>> sun = CODATA.solar_mass
    >>> f"{float(pejcha_thompson(sun, 1.2 * sun, 6e6, 1.0)):.3e}"
    '8.180e+51'
    """
    sun = CODATA.solar_mass
    rate, weight = np.asarray(accretion_rate) / sun, np.asarray(mass) / (1.2 * sun)
    size = np.asarray(radius) / 6e6
    return 8.18e51 * np.asarray(optical_depth) ** 0.206 * rate**0.723 * weight**1.84 * size**-1.61


def mueller_janka_scaling(accretion_rate: Values, mass: Values, gain_radius: Values) -> Array:
    """(Mdot M)^(3/5) r_gain^(-2/5) in units of Msun/s, Msun and 100 km, which critical L <E^2> follow.

    A scaling without a published constant: only ratios of two stars mean anything.

    References
    ----------
    .. [1] Mueller & Janka 2015, MNRAS 448, 2141; Summa et al. 2016, ApJ 825, 6.

    Examples
    --------
    >>> sun = CODATA.solar_mass
    >>> round(float(mueller_janka_scaling(32.0 * sun, sun, 1e7)), 6)
    8.0
    """
    sun = CODATA.solar_mass
    product = np.asarray(accretion_rate) / sun * np.asarray(mass) / sun
    return product**0.6 * (np.asarray(gain_radius) / 1e7) ** -0.4


def compactness(enclosed_mass: Array, radius: Array, mass: float) -> float:
    """Compactness xi = (M/Msun)/(R(M)/1000 km), R(M) linear between points.

    Parameters
    ----------
    enclosed_mass, radius : ndarray, shape (point,)
        Rising, g and cm.
    mass : float
        M, g.

    Returns
    -------
    float
        NaN where the star does not hold that mass.

    References
    ----------
    .. [1] O'Connor & Ott 2011, ApJ 730, 70.

    Examples
    --------
    >>> grams, cm = np.array([0.0, 2.0, 4.0]) * CODATA.solar_mass, np.array([0.0, 1e8, 3e8])
    >>> round(compactness(grams, cm, 3.0 * CODATA.solar_mass), 6)
    1.5
    """
    if not enclosed_mass[0] < mass <= enclosed_mass[-1]:
        return math.nan
    return mass / CODATA.solar_mass / (float(np.interp(mass, enclosed_mass, radius)) / 1e8)
