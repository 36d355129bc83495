"""Standing accretion shock above a proto-neutron star, and the luminosity beyond which there is none.

Steady spherical flow in the gravity of a point mass: cold free fall, a strong shock, then matter of radiation, pairs and
nucleons that is heated by neutrinos and cools by captures while it settles on the neutrinosphere. What drives it and where
it ends is a closure: the critical luminosity and its dependence on the accretion rate are those of the closure.

    rho v r^2 = const,   v v' + P'/rho + GM/r^2 = 0,   v (e' - P rho'/rho^2) = H - C,
    P = (11/12) a T^4 + rho T/m_u,   e = (11/4) a T^4/rho + (3/2) T/m_u.

No dissociation of nuclei, no self-gravity, no relativity.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from microphysics.constants import CODATA
from microphysics.errors import OutOfRangeError
from snsim.diagnostics._kernels import accretion_shock as kernels
from snsim.diagnostics.accretion_closures import (
    RADIATION,
    Closure,
    Conditions,
    FixedSphere,
    LightBulb,
    NeutrinoEmission,
    positive,
)

Array = NDArray[np.float64]

__all__ = [
    "CriticalCurve",
    "CriticalPoint",
    "FixedSphere",
    "LightBulb",
    "NeutrinoEmission",
    "ShockRadii",
    "critical_curve",
    "critical_luminosity",
    "shock_radii",
    "shock_structure",
]

_NUCLEON = CODATA.erg_per_mev / (CODATA.atomic_mass * CODATA.gram_per_mev)  # 1/m_u, erg/g/MeV
LARGEST_SHOCK = 6e7  # cm: far beyond, strongly heated flows have roots that belong to no stalled shock
_CLOSEST = 1.02  # smallest shock over the neutrinosphere
_POINTS = 48  # of the scan over shock radii
_DENSEST, _FAR_DENSER = 1e15, 1e3  # g/cm^3, and over what is asked for: where flows are given up
_EDGE = 1e-5  # of the largest radius: a maximum this close lies at it
_FAINTEST, _START, _BRIGHTEST = 1e48, 1e52, 1e56  # erg/s, of the search
_TOLERANCE = 1e-9  # of ln L
_MOST_STEPS = 12  # of secants; 4 or 5 are needed
NO_CRITICAL = f"no luminosity from {_FAINTEST:g} to {_BRIGHTEST:g} erg/s ends the steady flow"


@dataclass(frozen=True)
class ShockRadii:
    """Where shocks can stand.

    Attributes
    ----------
    inner, outer : float
        Radii of the stable and the unstable branch, cm; NaN where there is none below the largest radius asked for.
    antesonic_inner, antesonic_outer : float
        Largest c_s^2/v_esc^2 of these flows, c_s adiabatic.
    neutrinosphere_radius : float
        cm.
    """

    inner: float
    outer: float
    antesonic_inner: float
    antesonic_outer: float
    neutrinosphere_radius: float


@dataclass(frozen=True)
class CriticalPoint:
    """The brightest steady accretion.

    Attributes
    ----------
    luminosity : float
        Per species, erg/s.
    neutrinosphere_radius, shock_radius : float
        cm.
    antesonic_ratio : float
        Largest c_s^2/v_esc^2, c_s adiabatic.
    at_edge : bool
        Whether the shock lies at the largest radius that was allowed: the flow then has no maximum of its own, and the
        luminosity goes with that radius.
    closure : str
        What the number rests on.
    """

    luminosity: float
    neutrinosphere_radius: float
    shock_radius: float
    antesonic_ratio: float
    at_edge: bool
    closure: str


@dataclass(frozen=True)
class CriticalCurve:
    """Critical points along the accretion rate; arrays of shape (rate,), units as in `CriticalPoint`, rates in g/s."""

    accretion_rate: Array
    luminosity: Array
    neutrinosphere_radius: Array
    shock_radius: Array
    antesonic_ratio: Array
    at_edge: NDArray[np.bool_]
    closure: str

    @property
    def slope(self) -> float:
        """Slope d ln L/d ln Mdot of the straight line through all points."""
        return float(np.polyfit(np.log(self.accretion_rate), np.log(self.luminosity), 1)[0])


NOWHERE = CriticalPoint(*(math.nan,) * 4, at_edge=False, closure="")


def shock_radii(
    closure: Closure,
    mass: float,
    accretion_rate: float,
    luminosity: float,
    *,
    largest_radius: float = LARGEST_SHOCK,
) -> ShockRadii:
    """Radii at which a shock stands for a given luminosity.

    Parameters
    ----------
    closure : LightBulb, FixedSphere or NeutrinoEmission
        What drives the flow and where it ends.
    mass : float
        Of the star, g.
    accretion_rate : float
        g/s, > 0 inwards.
    luminosity : float
        Per species, erg/s.
    largest_radius : float
        Shocks beyond are not looked for, cm.

    Returns
    -------
    ShockRadii
        Two radii below the critical luminosity, none above.

    Raises
    ------
    OutOfRangeError
        Unless every number is positive and finite.

    References
    ----------
    .. [1] Burrows & Goshy 1993, ApJ 416, L75.
    .. [2] Yamasaki & Yamada 2005, ApJ 623, 1000.
    .. [3] Pejcha & Thompson 2012, ApJ 746, 106.

    Examples
    --------
    >>> found = shock_radii(LightBulb(4.5), 1.4 * CODATA.solar_mass, 0.5 * CODATA.solar_mass, 3e52)
    >>> f"{found.inner / 1e5:.1f} and {found.outer / 1e5:.0f} km"
    '96.0 and 541 km'
    """
    positive(mass=mass, accretion_rate=accretion_rate, luminosity=luminosity, largest_radius=largest_radius)
    conditions, flow = _flow(closure, mass, accretion_rate, luminosity)
    missing = (math.nan, math.nan)
    inner = outer = missing
    if _CLOSEST * conditions.inner_radius < largest_radius:
        target = (conditions.column, conditions.wanted)
        smallest = _CLOSEST * conditions.inner_radius
        _, peak = kernels.largest_excess(flow, smallest, largest_radius, _POINTS, *target)
        shocks = np.sort(np.append(np.geomspace(smallest, largest_radius, 2 * _POINTS), peak))
        above = kernels.excesses(flow, shocks, *target) > 0.0
        rising = np.flatnonzero(~above[:-1] & above[1:])
        if rising.size:
            inner = _root(flow, shocks, int(rising[0]), target)
            falling = np.flatnonzero(above[:-1] & ~above[1:])
            falling = falling[falling > rising[0]]
            outer = _root(flow, shocks, int(falling[0]), target) if falling.size else missing
    return ShockRadii(inner[0], outer[0], inner[1], outer[1], conditions.inner_radius)


def critical_luminosity(
    closure: Closure,
    mass: float,
    accretion_rate: float,
    *,
    largest_radius: float = LARGEST_SHOCK,
    near: CriticalPoint | None = None,
) -> CriticalPoint:
    """Luminosity above which no shock can stand still: the two branches of `shock_radii` meet there.

    The density (or column) reached at R_nu has a maximum over the radius of the shock; the critical luminosity brings
    that maximum down to what is wanted.

    Parameters
    ----------
    closure, mass, accretion_rate, largest_radius
        As of `shock_radii`.
    near : CriticalPoint, optional
        Of a similar flow, to start from; the answer does not depend on it.

    Returns
    -------
    CriticalPoint
        NaN throughout where no luminosity is critical (`NO_CRITICAL`).

    Raises
    ------
    OutOfRangeError
        Unless every number is positive and finite.

    References
    ----------
    .. [1] Burrows & Goshy 1993, ApJ 416, L75.
    .. [2] Pejcha & Thompson 2012, ApJ 746, 106.

    Examples
    --------
    >>> found = critical_luminosity(LightBulb(4.5), 1.4 * CODATA.solar_mass, 0.5 * CODATA.solar_mass)
    >>> f"{found.luminosity:.3e} erg/s"
    '3.443e+52 erg/s'
    """
    positive(mass=mass, accretion_rate=accretion_rate, largest_radius=largest_radius)

    if near is not None and not math.isnan(near.luminosity):
        found = _from_nearby(
            closure, mass, accretion_rate, largest_radius, math.log(near.luminosity), near.shock_radius
        )
        if found is not None:
            return found

    @cache
    def best(logarithm: float) -> tuple[float, float]:
        conditions, flow = _flow(closure, mass, accretion_rate, math.exp(logarithm))
        smallest = _CLOSEST * conditions.inner_radius
        if smallest >= largest_radius:
            return -kernels.OVERSHOT, math.nan
        return kernels.largest_excess(
            flow, smallest, largest_radius, _POINTS, conditions.column, conditions.wanted
        )

    low = high = math.log(_START)
    while best(low)[0] <= 0.0 and low > math.log(_FAINTEST):
        low -= 1.0
    while best(high)[0] > 0.0 and high < math.log(_BRIGHTEST):
        high += 1.0
    if best(low)[0] <= 0.0 or best(high)[0] > 0.0:
        return CriticalPoint(*(math.nan,) * 4, False, closure.name)
    found = _from_nearby(closure, mass, accretion_rate, largest_radius, high, best(high)[1])
    if found is not None:
        return found
    logarithm = float(brentq(lambda x: best(x)[0], low, high, xtol=_TOLERANCE))
    return _point(closure, mass, accretion_rate, largest_radius, logarithm, best(logarithm)[1])


def _from_nearby(
    closure: Closure,
    mass: float,
    accretion_rate: float,
    largest_radius: float,
    logarithm: float,
    shock: float,
) -> CriticalPoint | None:
    """Critical point by secants from a luminosity and a shock nearby; None where it is not surely the highest one."""

    def highest(x: float, around: float) -> tuple[float, float]:
        conditions, flow = _flow(closure, mass, accretion_rate, math.exp(x))
        smallest = _CLOSEST * conditions.inner_radius
        if not smallest * math.exp(3.0 * kernels.WIDE) < largest_radius or math.isnan(around):
            return math.nan, math.nan
        return kernels.nearby_maximum(
            flow, around, smallest, largest_radius, conditions.column, conditions.wanted
        )

    before, (value_before, shock) = logarithm, highest(logarithm, shock)
    now = before + math.copysign(0.02, value_before)  # brighter where more than enough is reached
    for _ in range(_MOST_STEPS):
        value, shock = highest(now, shock)
        if math.isnan(value) or value == value_before:
            return None
        step = -value * (now - before) / (value - value_before)
        if not abs(step) < 2.0:
            return None
        before, value_before, now = now, value, now + step
        if abs(step) < _TOLERANCE:
            break
    else:
        return None
    conditions, flow = _flow(closure, mass, accretion_rate, math.exp(now))
    everywhere = np.geomspace(_CLOSEST * conditions.inner_radius, largest_radius, _POINTS)
    if kernels.excesses(flow, everywhere, conditions.column, conditions.wanted).max() > 1e-8:
        return None  # another maximum is higher
    return _point(closure, mass, accretion_rate, largest_radius, now, shock)


def _point(
    closure: Closure,
    mass: float,
    accretion_rate: float,
    largest_radius: float,
    logarithm: float,
    shock: float,
) -> CriticalPoint:
    """Critical point of a luminosity and a shock that have been found."""
    conditions, flow = _flow(closure, mass, accretion_rate, math.exp(logarithm))
    state, _ = kernels.settle(flow, shock)
    at_edge = shock > (1.0 - _EDGE) * largest_radius
    return CriticalPoint(
        math.exp(logarithm), conditions.inner_radius, shock, float(state[3]), at_edge, closure.name
    )


def critical_curve(
    accretion_rates: Sequence[float] | Array,
    closure: Closure,
    mass: float,
    *,
    largest_radius: float = LARGEST_SHOCK,
) -> CriticalCurve:
    """Critical luminosity along the accretion rate; arguments as of `critical_luminosity`, rates in g/s."""
    rates = np.asarray(accretion_rates, dtype=np.float64)
    points, near = [NOWHERE] * rates.size, None
    for i in np.argsort(
        -rates
    ):  # from above: what is too bright has flows that arrive, what is too faint may not
        near = critical_luminosity(closure, mass, float(rates[i]), largest_radius=largest_radius, near=near)
        points[i] = near
    return CriticalCurve(
        rates,
        np.array([point.luminosity for point in points]),
        np.array([point.neutrinosphere_radius for point in points]),
        np.array([point.shock_radius for point in points]),
        np.array([point.antesonic_ratio for point in points]),
        np.array([point.at_edge for point in points], dtype=bool),
        closure.name,
    )


def shock_structure(
    closure: Closure,
    mass: float,
    accretion_rate: float,
    luminosity: float,
    shock_radius: float,
    points: int = 200,
) -> dict[str, Array]:
    """Flow from a shock down to the neutrinosphere.

    Parameters
    ----------
    closure, mass, accretion_rate, luminosity
        As of `shock_radii`.
    shock_radius : float
        One of its answers, or any other radius above R_nu, cm.
    points : int
        Logarithmic in radius.

    Returns
    -------
    dict of ndarray, shape (point,)
        ``radius``, falling, cm; ``density``; ``temperature``, MeV; ``velocity``, negative inwards, cm/s;
        ``sound_speed``, adiabatic, cm/s; ``heating``, ``cooling``, erg/g/s. NaN below a radius at which the flow ends.
    """
    positive(mass=mass, accretion_rate=accretion_rate, luminosity=luminosity)
    conditions, flow = _flow(closure, mass, accretion_rate, luminosity)
    if not conditions.inner_radius < shock_radius < math.inf:
        raise OutOfRangeError(
            f"shock_radius = {shock_radius:g} cm: expected one above R_nu = {conditions.inner_radius:g} cm"
        )
    radius = np.geomspace(shock_radius, conditions.inner_radius, points)
    density, temperature = kernels.structure(flow, radius)
    hot, gas = RADIATION * 11.0 / 12.0 * temperature**4, density * _NUCLEON * temperature
    stiff = 4.0 * hot + gas
    return {
        "radius": radius,
        "density": density,
        "temperature": temperature,
        "velocity": -accretion_rate / (4.0 * math.pi * radius**2 * density),
        "sound_speed": np.sqrt((stiff**2 / (12.0 * hot + 1.5 * gas) + gas) / density),
        "heating": conditions.heating / radius**2,
        "cooling": closure.cooling * temperature**6,
    }


def _flow(
    closure: Closure, mass: float, accretion_rate: float, luminosity: float
) -> tuple[Conditions, kernels.Flow]:
    """Conditions at a luminosity, and the flow that the kernels integrate."""
    conditions = closure.at(luminosity)
    flow = kernels.Flow(
        gravity=CODATA.gravitational_constant * mass,
        accretion_rate=float(accretion_rate),
        heating=conditions.heating,
        cooling=closure.cooling,
        radiation=11.0 / 12.0 * RADIATION,
        nucleon=_NUCLEON,
        inner_radius=conditions.inner_radius,
        densest=_DENSEST if conditions.column else _FAR_DENSER * conditions.wanted,
    )
    return conditions, flow


def _root(flow: kernels.Flow, shocks: Array, i: int, target: tuple[bool, float]) -> tuple[float, float]:
    """Shock radius between two of the scan, and its ante-sonic ratio."""
    shock = float(brentq(lambda r: kernels.excess(flow, r, *target), shocks[i], shocks[i + 1], rtol=1e-10))
    return shock, float(kernels.settle(flow, shock)[0][3])
