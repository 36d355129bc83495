"""Grids and media of the problems, and one-group solves that say when they gave up."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snsim.errors import ConvergenceError
from snsim.transport.coupling import uncoupled
from snsim.transport.eddington import solve_eddington
from snsim.transport.group_newton import GroupField
from snsim.transport.groups import GroupMedium
from snsim.transport.mesh import Mesh, Metric
from snsim.transport.multigroup import solve_groups
from snsim.verification import exact

Array = NDArray[np.float64]

UNIT = 1e6  # cm in one length of a problem without units


def around(surface: float, finest: float, outer: float, zones: int, deepest: float = 0.98) -> Array:
    """Edges that refine towards a surface from both sides, its distance to neighbours growing geometrically.

    Parameters
    ----------
    surface, outer : float
        Radii, cm; the outer edge.
    finest : float
        First step on either side, cm.
    zones : int
        On either side.
    deepest : float
        Depth of the innermost edge above 0, in radii of the surface.
    """
    inward = np.geomspace(finest, deepest * surface, zones)
    outward = np.geomspace(finest, outer - surface, zones)
    return np.concatenate([[0.0], surface - inward[::-1], [surface], surface + outward])


def graded(surface: float, outer: float, zones: int, steepness: float = 6.5) -> Array:
    """Edges finest at a surface, half of the zones on either side; twice the zones halve every one of them.

    Distances to the surface grow like sinh, at the outermost zone exp(`steepness`) faster than at the surface.
    """
    step = np.linspace(0.0, 1.0, zones // 2 + 1)
    distance = np.sinh(steepness * step) / np.sinh(steepness)
    return np.concatenate([surface * (1.0 - distance[::-1]), surface + (outer - surface) * distance[1:]])


def schwarzschild(edges: Array, surface: float, compactness: float) -> Mesh:
    """Zones in the exact metric of a star of uniform density."""
    centres = 0.5 * (edges[1:] + edges[:-1])
    lapse, gamma = exact.uniform_star_lapse, exact.uniform_star_gamma
    star = (surface, compactness)
    return Mesh(
        edges, centres, lapse(centres, *star), lapse(edges, *star), gamma(centres, *star), gamma(edges, *star)
    )


def one_group(absorption: ArrayLike, scattering: ArrayLike, equilibrium: ArrayLike) -> GroupMedium:
    """One group of opacities by zone, 1/cm, shape (zone,)."""
    columns = np.broadcast_arrays(
        *(np.asarray(each, dtype=np.float64) for each in (absorption, scattering, equilibrium))
    )
    absorbed, scattered, emitted = (np.ascontiguousarray(column[:, None]) for column in columns)
    return GroupMedium(absorbed, scattered, emitted, uncoupled())


def parabola(points: Array, x: Array, y: Array) -> Array:
    """Interpolate through the nearest three zones: a straight line would add an error of its own."""
    i = np.clip(np.searchsorted(x, points) - 1, 0, x.size - 3)
    a, b, c, p = x[i], x[i + 1], x[i + 2], points
    return (
        y[i] * (p - b) * (p - c) / ((a - b) * (a - c))
        + y[i + 1] * (p - a) * (p - c) / ((b - a) * (b - c))
        + y[i + 2] * (p - a) * (p - b) / ((c - a) * (c - b))
    )


def diffused(
    metric: Metric,
    medium: GroupMedium,
    limiter: str,
    tolerance: float = 1e-11,
    reconstruction: str = "second",
) -> GroupField:
    """Steady flux-limited diffusion.

    Raises
    ------
    ConvergenceError
        If the solver gave up.
    """
    field = solve_groups(metric, medium, limiter, tolerance=tolerance, reconstruction=reconstruction)
    return checked(field, f"limiter {limiter}, {metric.radius.size} zones")


def traced(metric: Metric, medium: GroupMedium) -> GroupField:
    """Steady field with Eddington factors from rays.

    Raises
    ------
    ConvergenceError
        If the solver gave up.
    """
    return checked(solve_eddington(metric, medium), f"eddington, {metric.radius.size} zones")


def checked(field: GroupField, where: str) -> GroupField:
    """Return a field that converged and is positive."""
    if not field.converged:
        raise ConvergenceError(
            f"{where}: residual {field.history[-1]:.1e} after {field.steps} steps, worst in zone {field.worst[0]}, group "
            f"{field.worst[1]}"
        )
    if not (field.occupation > 0.0).all():
        raise ConvergenceError(f"{where}: an occupation is not positive")
    return field
