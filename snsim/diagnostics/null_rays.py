"""Travel times of radial null rays: outside a mass, inside stars, through the metric of a profile.

What exceeds the geometric path (the "Shapiro delay") depends on the radial coordinate, here the areal radius, and is
not an observable alone (arXiv:1907.12453).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.errors import require
from snsim.transport.background import Background

Array = NDArray[np.float64]
Values = float | Array


@dataclass(frozen=True)
class RayTimes:
    """Radial null rays to one outer radius, (radius,); s, coordinate time.

    Attributes
    ----------
    radius : ndarray
        Where they start, cm.
    total : ndarray
        int dr/(alpha Gamma c).
    path : ndarray
        (r2 - r1)/c.
    excess : ndarray
        The difference.
    """

    radius: Array
    total: Array
    path: Array
    excess: Array


def schwarzschild_radius(mass: Values) -> Array:
    """2GM/c^2 of a mass in g, cm."""
    scale = 2.0 * CODATA.gravitational_constant / CODATA.speed_of_light**2
    return scale * np.asarray(mass, dtype=np.float64)


def exterior_travel_time(mass: Values, inner: Values, outer: Values) -> Array:
    """Time of a radial null ray outside a mass, (r2 - r1)/c + (r_s/c) ln[(r2 - r_s)/(r1 - r_s)].

    Parameters
    ----------
    mass : array_like
        Gravitational mass, g.
    inner, outer : array_like
        Areal radii r1 and r2, cm, above r_s = 2GM/c^2.

    Returns
    -------
    ndarray
        Coordinate time, s.

    Raises
    ------
    OutOfRangeError
        For a radius at or inside the horizon.

    Examples
    --------
    >>> round(float(exterior_travel_time(1.4 * CODATA.solar_mass, 1e6, 3e6)) * 1e6, 5)
    87.17686
    """
    c, radius = CODATA.speed_of_light, schwarzschild_radius(mass)
    inner, outer = np.asarray(inner, dtype=np.float64), np.asarray(outer, dtype=np.float64)
    require(inner > radius, inner, "inner radius", "cm", "outside the horizon 2GM/c^2")
    require(outer >= inner, outer, "outer radius", "cm", "at least the inner radius")
    return (outer - inner) / c + radius / c * np.log((outer - radius) / (inner - radius))


def incompressible_travel_time(mass: float, surface: float, inner: float = 0.0) -> float:
    """Time of a radial null ray inside a star of constant density, from `inner` to its surface, in closed form.

    Parameters
    ----------
    mass : float
        Gravitational mass, g.
    surface : float
        Areal radius R, cm, above 9/8 of 2GM/c^2 (Buchdahl 1959): a smaller star has no static interior.
    inner : float
        cm, 0 to R.

    Returns
    -------
    float
        Coordinate time, s: (2/(k c)) int dx/(b - cos x) between sin x = k r, k^2 = r_s/R^3, b = 3 sqrt(1 - r_s/R).

    Examples
    --------
    >>> round(incompressible_travel_time(1.4 * CODATA.solar_mass, 1.2e6) * 1e6, 5)
    57.38336
    """
    radius = float(schwarzschild_radius(mass))
    require(surface > 1.125 * radius, surface, "surface of a static star", "cm", "above 9/8 of 2GM/c^2")
    require(0.0 <= inner <= surface, inner, "inner radius", "cm", "from 0 to the surface")
    k, b = math.sqrt(radius / surface**3), 3.0 * math.sqrt(1.0 - radius / surface)
    slope = math.sqrt((b + 1.0) / (b - 1.0))
    low, high = (math.atan(slope * math.tan(0.5 * math.asin(k * r))) for r in (inner, surface))
    return 4.0 / (k * CODATA.speed_of_light * math.sqrt(b * b - 1.0)) * (high - low)


def travel_time(
    radius_interface: Array,
    radius: Array,
    slowness_interface: Array,
    slowness: Array,
    inner: float,
    outer: float,
) -> float:
    """Integral int dr s(r)/c between two radii, s = 1/(alpha Gamma), by the parabola of each zone.

    Parameters
    ----------
    radius_interface, radius : ndarray, shape (interface,), (zone,)
        Edges and centres, cm.
    slowness_interface, slowness : ndarray, shape (interface,), (zone,)
        1/(alpha Gamma) there.
    inner, outer : float
        cm; cut zones are integrated in part.

    Returns
    -------
    float
        s; NaN if a radius is NaN or off the grid.

    Notes
    -----
    Simpson's rule (centre in the middle) or its generalisation: fourth order with exact metric functions,
    second order if these were themselves integrated to second order.
    """
    if not radius_interface[0] <= inner <= outer <= radius_interface[-1]:
        return math.nan
    left, right = radius_interface[:-1], radius_interface[1:]
    first = (slowness - slowness_interface[:-1]) / (radius - left)
    second = (slowness_interface[1:] - slowness) / (right - radius)
    curvature = (second - first) / (right - left)
    slope = first + curvature * (radius - left)
    low, high = np.clip(left, inner, outer) - radius, np.clip(right, inner, outer) - radius
    primitive = [x * (slowness + x * (0.5 * slope + x * curvature / 3.0)) for x in (low, high)]
    return float(np.sum(primitive[1] - primitive[0])) / CODATA.speed_of_light


def null_ray_time(background: Background, inner: float, outer: float) -> float:
    """Coordinate time of a radial null ray through the profile's metric, int dr/(alpha Gamma c), s.

    Parameters
    ----------
    background : Background
        Lapse and Gamma on edges and centres.
    inner, outer : float
        cm.

    Raises
    ------
    OutOfRangeError
        If the metric is that of a horizon: a lapse or Gamma that is not positive.
    """
    for name in ("lapse", "lapse_interface", "gamma", "gamma_interface"):
        values = getattr(background, name)
        require(values > 0.0, values, name, "", "> 0: there is no static metric at or inside a horizon")
    return travel_time(
        background.radius_interface,
        background.radius,
        1.0 / (background.lapse_interface * background.gamma_interface),
        1.0 / (background.lapse * background.gamma),
        inner,
        outer,
    )


def ray_times(background: Background, radii: Sequence[float] | Array) -> RayTimes:
    """Travel times from a list of radii of emission to the outer edge of the grid, with their parts.

    Parameters
    ----------
    background : Background
        The star.
    radii : sequence of float
        cm; off the grid the times are NaN.

    Returns
    -------
    RayTimes
        A row for each radius.
    """
    start = np.asarray(radii, dtype=np.float64)
    edge = float(background.radius_interface[-1])
    total = np.array([null_ray_time(background, float(r), edge) for r in start])
    path = np.where(np.isnan(total), np.nan, (edge - start) / CODATA.speed_of_light)
    return RayTimes(start, total, path, total - path)
