"""Regions of two parameters from a chi-square on a grid, with the reason where a region is not closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics.errors import OutOfRangeError, require
from snsim.detection.intervals import SAME, Bounds, closed_ends, threshold

__all__ = ["Contours", "contours_of"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Contours:
    """Regions of two parameters.

    Attributes
    ----------
    best : tuple of float
        Where the chi-square is lowest: the vertex of the paraboloid through the nine lowest neighbours of the grid.
    chi_square : float
        There.
    lines : mapping of float to tuple of ndarray, shape (vertex, 2)
        For every confidence level its lines, in x and y; a closed one ends where it begins.
    rises : mapping of float to float
        Delta chi-square of each level.
    reason : str
        Which levels leave the grid, so that their region is not closed, or why there is no minimum; empty otherwise.
    """

    best: tuple[float, float]
    chi_square: float
    lines: Mapping[float, tuple[Array, ...]]
    rises: Mapping[float, float]
    reason: str = ""


def contours_of(
    x: ArrayLike,
    y: ArrayLike,
    chi_square: ArrayLike,
    confidence_levels: Sequence[float] = (0.6827, 0.9),
    parameters: int = 2,
    physical: tuple[Bounds, Bounds] = ((None, None), (None, None)),
) -> Contours:
    """Contours of a chi-square on a grid of two parameters.

    Parameters
    ----------
    x, y : array_like, shapes (x,) and (y,)
        Rising, at least 3 points each.
    chi_square : array_like, shape (x, y)
        Finite, profiled over everything else.
    confidence_levels : sequence of float
        Of regions of both parameters together; with `parameters` = 1 their projections are the intervals of each.
    parameters : int
        Degrees of freedom of the threshold.
    physical : tuple of (float or None, float or None)
        Least and largest x and y that there can be, as of `confidence_interval`: an edge of the grid that lies there bounds a
        region itself, and the best point may be on it.

    Returns
    -------
    Contours
        With a reason where a region is open.

    Raises
    ------
    OutOfRangeError
        If a grid does not rise, or the chi-square is not of its shape or not finite.

    Examples
    --------
    >>> x = np.linspace(-3.0, 3.0, 61)
    >>> found = contours_of(x, x, x[:, None] ** 2 + x**2, (0.6827,))
    >>> ((line,),) = found.lines.values()
    >>> round(float(np.hypot(*line.T).mean()) ** 2, 1)
    2.3
    """
    import contourpy

    first, second = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    values = np.asarray(chi_square, dtype=np.float64)
    for name, grid in (("x", first), ("y", second)):
        if grid.ndim != 1 or grid.size < 3 or not np.all(np.diff(grid) > 0.0):
            raise OutOfRangeError(f"{name} has shape {grid.shape}: must be at least 3 rising values")
    if values.shape != (first.size, second.size):
        raise OutOfRangeError(
            f"chi-square has shape {values.shape}: must be that of x and y, {(first.size, second.size)}"
        )
    require(np.isfinite(values), np.where(np.isfinite(values), values, np.inf), "chi-square", "", "finite")
    closed = np.array(
        [closed_ends(grid, bounds) for grid, bounds in zip((first, second), physical, strict=True)]
    )
    best, base, reason = _paraboloid(first, second, values, closed)
    generator = contourpy.contour_generator(first, second, values.T)
    lines: dict[float, tuple[Array, ...]] = {}
    rises: dict[float, float] = {}
    open_levels = []
    for level in confidence_levels:
        rises[level] = threshold(level, parameters)
        found = tuple(np.asarray(line) for line in generator.lines(base + rises[level]))
        lines[level] = found
        if not _encloses(found, first, second, closed):
            open_levels.append(f"{level:g}")
    if open_levels:
        ends = f"the region at {', '.join(open_levels)} leaves the grid"
        reason = f"{reason}; {ends}" if reason else ends
    return Contours(best, base, lines, rises, reason)


def _encloses(lines: Sequence[Array], x: Array, y: Array, closed: NDArray[np.bool_]) -> bool:
    """Whether lines bound a region: they close, or end on edges that nothing can pass."""

    def stops(point: Array) -> bool:
        """Whether a point lies on an edge that nothing can pass."""
        at_edge = [
            [abs(value - end) <= SAME * (grid[-1] - grid[0]) for end in grid[[0, -1]]]
            for value, grid in zip(point, (x, y), strict=True)
        ]
        return bool(np.any(np.array(at_edge) & closed))

    return len(lines) > 0 and all(
        np.all(line[0] == line[-1]) or (stops(line[0]) and stops(line[-1])) for line in lines
    )


def _paraboloid(
    x: Array, y: Array, values: Array, closed: NDArray[np.bool_]
) -> tuple[tuple[float, float], float, str]:
    """Vertex of the paraboloid through the 3 x 3 points around the lowest one; the lowest point where it has none inside."""
    i, j = (int(k) for k in np.unravel_index(np.argmin(values), values.shape))
    point, lowest = (float(x[i]), float(y[j])), float(values[i, j])
    edges = np.array([[i == 0, i == x.size - 1], [j == 0, j == y.size - 1]])
    if np.any(edges & ~closed):
        return (
            point,
            lowest,
            f"the chi-square is lowest at the edge of the grid, ({point[0]:.6g}, {point[1]:.6g})",
        )
    if edges.any():
        return point, lowest, ""
    u, v = np.meshgrid(x[i - 1 : i + 2] - x[i], y[j - 1 : j + 2] - y[j], indexing="ij")
    scale = np.array([np.abs(u).max(), np.abs(v).max()])
    u, v = (u / scale[0]).ravel(), (v / scale[1]).ravel()
    basis = np.stack([np.ones(9), u, v, 0.5 * u**2, u * v, 0.5 * v**2], axis=1)
    c = np.linalg.lstsq(basis, values[i - 1 : i + 2, j - 1 : j + 2].ravel(), rcond=None)[0]
    hessian, slope = np.array([[c[3], c[4]], [c[4], c[5]]]), c[1:3]
    if np.any(np.linalg.eigvalsh(hessian) <= 0.0):
        return point, lowest, ""
    place = -np.linalg.solve(hessian, slope)
    if np.any(np.abs(place) > 1.0):
        return point, lowest, ""
    best = np.array(point) + scale * place
    return (float(best[0]), float(best[1])), float(min(c[0] + 0.5 * slope @ place, lowest)), ""
