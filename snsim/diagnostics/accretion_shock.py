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
from dataclasses import dataclass, replace
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
_MOST_STEPS = 20  # of secants; 3 or 4 are needed from a good start
_BESIDE = 0.003  # in ln r: spacing of the three points of a parabola
_NEAR, _FARTHEST = 0.05, 0.3  # in ln r: where the parabola tells the maximum, and how far it may lead
_SLOPE = -3.0  # of ln(density) against ln L, roughly: for the first step alone
_COARSE_ERROR = 1e-4  # of ln(density), from coarse steps
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
        start = math.log(near.luminosity), near.shock_radius
        found = _from_nearby(closure, mass, accretion_rate, largest_radius, *start)
        if found is not None:
            return found

    @cache
    def best(logarithm: float, change: float = kernels.FINE) -> tuple[float, float]:
        """Largest excess that any shock reaches at the logarithm of a luminosity, and the radius of that shock."""
        conditions, flow = _flow(closure, mass, accretion_rate, math.exp(logarithm), change)
        smallest = _CLOSEST * conditions.inner_radius
        if smallest >= largest_radius:
            return -kernels.OVERSHOT, math.nan
        target = (conditions.column, conditions.wanted)
        if change == kernels.FINE:
            return kernels.largest_excess(flow, smallest, largest_radius, _POINTS, *target)
        shocks = np.geomspace(smallest, largest_radius, _POINTS)
        found = kernels.excesses(flow, shocks, *target)
        return float(found.max()), float(shocks[found.argmax()])

    low = high = math.log(_START)
    for change in (kernels.COARSE, kernels.FINE):
        while best(low, change)[0] <= 0.0 and low > math.log(_FAINTEST):
            low -= 1.0
        while best(high, change)[0] > 0.0 and high < math.log(_BRIGHTEST):
            high += 1.0
        found = _from_nearby(closure, mass, accretion_rate, largest_radius, high, best(high, change)[1])
        if found is not None:
            return found
    if best(low)[0] <= 0.0 or best(high)[0] > 0.0:
        return CriticalPoint(*(math.nan,) * 4, False, closure.name)
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
    """Critical point from a luminosity and a shock nearby; None where it is not surely the highest one.

    Each step integrates three flows: their parabola in ln r leads to the maximum, secants of that maximum to the luminosity.
    """
    slope, before, moved = _SLOPE, (math.nan, math.nan), math.inf
    for _ in range(_MOST_STEPS):
        conditions, flow = _flow(closure, mass, accretion_rate, math.exp(logarithm))
        target = (conditions.column, conditions.wanted)
        peak = _peak(flow, shock, _CLOSEST * conditions.inner_radius, largest_radius, target)
        if peak is None:
            return None
        value, shock, arrived = peak
        if not arrived:
            continue
        if logarithm != before[0] and not math.isnan(before[0]):
            slope = (value - before[1]) / (logarithm - before[0])
        step = -value / slope
        if not abs(step) < 2.0:
            return None
        before, logarithm = (logarithm, value), logarithm + step
        if abs(step) < _TOLERANCE or abs(step * moved) < _TOLERANCE:  # what secants leave
            break
        moved = step
    else:
        return None
    conditions, flow = _flow(closure, mass, accretion_rate, math.exp(logarithm), kernels.COARSE)
    target = (conditions.column, conditions.wanted)
    everywhere = np.geomspace(_CLOSEST * conditions.inner_radius, largest_radius, _POINTS)
    roughly = kernels.excesses(flow, everywhere, *target)
    suspect = everywhere[(roughly > -_COARSE_ERROR) | (roughly <= -kernels.OVERSHOT)]
    fine = flow._replace(largest_change=kernels.FINE)
    if (kernels.excesses(fine, suspect, *target) > 1e-8).any():
        return None  # another maximum is higher
    return _point(closure, mass, accretion_rate, largest_radius, logarithm, shock)


def _peak(
    flow: kernels.Flow, shock: float, smallest: float, largest: float, target: tuple[bool, float]
) -> tuple[float, float, bool] | None:
    """Maximum of the excess near a shock radius, where that shock stands, and whether it is there yet.

    None where the flows around do not all arrive.
    """
    low, high = math.log(smallest) + _BESIDE, math.log(largest) - _BESIDE
    if not low < high or math.isnan(shock):
        return None
    place = min(max(math.log(shock), low), high)
    shocks = np.exp(place + _BESIDE * np.array([-1.0, 0.0, 1.0]))
    before, middle, after = kernels.excesses(flow, shocks, *target).tolist()
    if max(abs(before), abs(middle), abs(after)) >= kernels.OVERSHOT:
        return None
    bend = before - 2.0 * middle + after
    shift = math.copysign(math.inf, after - before)
    if bend < 0.0:
        shift = 0.5 * _BESIDE * (before - after) / bend
        middle -= 0.125 * (before - after) ** 2 / bend
    for value, end, edge, way in ((after, high, largest, 1.0), (before, low, smallest, -1.0)):
        if place == end and way * shift > _BESIDE:  # still rising at the end of the range
            return value, edge, True
    place += math.copysign(min(abs(shift), _FARTHEST), shift)
    return middle, math.exp(place), abs(shift) < _NEAR


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
    near: CriticalPoint | None = None,
) -> CriticalCurve:
    """Critical luminosity along the accretion rate; arguments as of `critical_luminosity`, rates in g/s."""
    rates = np.asarray(accretion_rates, dtype=np.float64)
    points = [NOWHERE] * rates.size
    order = np.argsort(
        -rates
    )  # from above: what is too bright has flows that arrive, what is too faint may not
    for n, i in enumerate(order):
        known = order[max(n - 3, 0) : n]
        if n:
            near = _extrapolated(rates[known], [points[j] for j in known], float(rates[i]))
        points[i] = critical_luminosity(
            closure, mass, float(rates[i]), largest_radius=largest_radius, near=near
        )
    return CriticalCurve(
        rates,
        np.array([point.luminosity for point in points]),
        np.array([point.neutrinosphere_radius for point in points]),
        np.array([point.shock_radius for point in points]),
        np.array([point.antesonic_ratio for point in points]),
        np.array([point.at_edge for point in points], dtype=bool),
        closure.name,
    )


def _extrapolated(rates: Array, points: list[CriticalPoint], rate: float) -> CriticalPoint:
    """Where to start from at a rate: a polynomial in logarithms through the last points of a curve."""
    x = np.log(rates)
    apart = x[:, None] - x + np.eye(x.size)
    if not apart.all():
        return points[-1]
    share = np.prod((math.log(rate) - x) / apart * (1.0 - np.eye(x.size)) + np.eye(x.size), axis=1)
    luminosity, shock = np.array([(point.luminosity, point.shock_radius) for point in points]).T
    return replace(
        points[-1],
        luminosity=float(np.prod(luminosity**share)),
        shock_radius=float(np.prod(shock**share)),
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
    closure: Closure, mass: float, accretion_rate: float, luminosity: float, change: float = kernels.FINE
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
        largest_change=change,
    )
    return conditions, flow


def _root(flow: kernels.Flow, shocks: Array, i: int, target: tuple[bool, float]) -> tuple[float, float]:
    """Shock radius between two of the scan, and its ante-sonic ratio."""
    shock = float(brentq(lambda r: kernels.excess(flow, r, *target), shocks[i], shocks[i + 1], rtol=1e-10))
    return shock, float(kernels.settle(flow, shock)[0][3])
