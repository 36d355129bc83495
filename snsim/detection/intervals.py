"""Intervals and limits from scans of a chi-square; where the scan or the data give none, NaN and the reason."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics.errors import OutOfRangeError, UnknownNameError, require

__all__ = ["Interval", "confidence_interval", "profile_grid", "threshold"]

Array = NDArray[np.float64]
Bounds = tuple[float | None, float | None]

SIDES = ("two", "upper", "lower")
REFERENCES = (
    "Wilks 1938, Ann. Math. Stat. 9, 60",
    "Cowan et al. 2011, EPJC 71, 1554 (one-sided)",
    "PDG 2024, section 40 (regions of several parameters)",
)

SAME = 1e-9  # of a grid's length: values nearer than this are one


def threshold(confidence_level: float = 0.9, parameters: int = 1, side: str = "two") -> float:
    """Rise of the chi-square that bounds a confidence region, by Wilks' theorem.

    Parameters
    ----------
    confidence_level : float
        Between 0 and 1; a one-sided one at least 0.5.
    parameters : int
        Number of parameters of interest, those that are not profiled.
    side : str
        ``two``, or ``upper`` and ``lower`` limits, which only one parameter has: 1.64 instead of 2.71 for 90 %.

    Raises
    ------
    OutOfRangeError, UnknownNameError
        For values outside, and for one-sided limits of several parameters.

    Examples
    --------
    >>> [round(threshold(level, count), 2) for level, count in ((0.9, 1), (0.6827, 2), (0.9, 2))]
    [2.71, 2.3, 4.61]
    >>> round(threshold(0.9, side="upper"), 2)
    1.64
    """
    from scipy.stats import chi2, norm

    if side not in SIDES:
        raise UnknownNameError("side of an interval", side, SIDES)
    if parameters < 1 or (side != "two" and parameters != 1):
        raise OutOfRangeError(
            f"parameters = {parameters}: must be {'at least 1' if side == 'two' else '1 for a one-sided limit'}"
        )
    lowest = 0.0 if side == "two" else 0.5
    require(
        lowest < confidence_level < 1.0,
        confidence_level,
        "confidence level",
        "",
        f"above {lowest:g} and below 1",
    )
    if side == "two":
        return float(chi2.ppf(confidence_level, parameters))
    return float(norm.ppf(confidence_level)) ** 2


@dataclass(frozen=True)
class Interval:
    """Where a parameter may lie.

    Attributes
    ----------
    best : float
        At the lowest chi-square.
    chi_square : float
        There.
    pieces : tuple of (float, float)
        Ends of every allowed range, rising; several where solutions are degenerate. Ends that are not limited are NaN.
    rise : float
        Delta chi-square of the ends.
    reason : str
        Why an end is NaN; empty if none is.
    """

    best: float
    chi_square: float
    pieces: tuple[tuple[float, float], ...]
    rise: float
    reason: str = ""

    @property
    def low(self) -> float:
        """Lower end of the lowest piece."""
        return self.pieces[0][0]

    @property
    def high(self) -> float:
        """Upper end of the highest piece."""
        return self.pieces[-1][1]

    @property
    def errors(self) -> tuple[float, float]:
        """Distances, up and down, from the best value to the ends of the piece that it lies in."""
        for low, high in self.pieces:
            if not (self.best < low or self.best > high):  # an end that is NaN limits nothing
                return high - self.best, self.best - low
        return math.nan, math.nan


def confidence_interval(
    parameter: ArrayLike,
    chi_square: ArrayLike,
    confidence_level: float = 0.9,
    side: str = "two",
    physical: Bounds = (None, None),
) -> Interval:
    """Interval or limit of one parameter from a scan of its (profiled) chi-square.

    A cubic spline goes through the scan, whose minimum and crossings are found exactly.

    Parameters
    ----------
    parameter : array_like, shape (point,)
        Rising, at least 5 points. Where a limit is far from the best value in orders of magnitude, scan the logarithm.
    chi_square : array_like, shape (point,)
        Finite.
    confidence_level : float
        See `threshold`, for one parameter.
    side : str
        ``two``; ``upper``: only values above the best one are excluded; ``lower``.
    physical : tuple of float or None
        Least and largest value that the parameter can have: an end of the scan that lies there bounds the interval itself,
        and the best value may be there. Wilks' thresholds are then approximate (Feldman & Cousins 1998, PRD 57, 3873).

    Returns
    -------
    Interval
        With NaN and the reason where the chi-square has its minimum at the end of the scan, or does not rise far enough.

    Raises
    ------
    OutOfRangeError
        If the scan is too short, does not rise, or is not finite.

    Examples
    --------
    >>> x = np.linspace(-4.0, 4.0, 33)
    >>> found = confidence_interval(x, (x - 1.0) ** 2)
    >>> round(found.best, 6), round(found.low, 4), round(found.high, 4)
    (1.0, -0.6449, 2.6449)
    """
    x, y = _scan(parameter, chi_square)
    rise = threshold(confidence_level, 1, side)
    spline, best, lowest = _spline_minimum(x, y)
    bounded = closed_ends(x, physical)
    for closed, end in zip(bounded, (x[0], x[-1]), strict=True):
        if abs(best - end) <= SAME * (x[-1] - x[0]) and not closed:
            reason = (
                f"the chi-square is lowest at the end of the scan, {end:.6g}: nothing is known of its minimum"
            )
            return Interval(best, lowest, ((math.nan, math.nan),), rise, reason)
    allowed = _allowed(spline, x, lowest + rise)
    if side == "upper":
        allowed = [(x[0], allowed[-1][1])]
    elif side == "lower":
        allowed = [(allowed[0][0], x[-1])]
    return _closed(best, lowest, allowed, rise, (x[0], x[-1]), bounded, side, spline)


def profile_grid(chi_square: ArrayLike, axis: int = -1) -> Array:
    """Lowest chi-square along an axis of a grid with equal steps, refined by the parabola through the lowest three points.

    Parameters
    ----------
    chi_square : array_like
        Grid over several parameters.
    axis : int
        The one that is profiled, at least 3 points.

    Returns
    -------
    ndarray
        One axis less.

    Examples
    --------
    >>> y = np.linspace(-1.0, 1.0, 10)
    >>> bool(np.isclose(profile_grid((y - 0.1) ** 2 + 3.0), 3.0))
    True
    """
    values = np.moveaxis(np.asarray(chi_square, dtype=np.float64), axis, -1)
    if values.shape[-1] < 3:
        raise OutOfRangeError(
            f"axis {axis} of the grid has {values.shape[-1]} points: profiling needs at least 3"
        )
    at = np.clip(np.argmin(values, axis=-1), 1, values.shape[-1] - 2)[..., None]
    left, middle, right = (np.take_along_axis(values, at + shift, -1)[..., 0] for shift in (-1, 0, 1))
    curvature, slope = left - 2.0 * middle + right, 0.5 * (right - left)
    inside = (curvature > 0.0) & (np.abs(slope) <= curvature)
    vertex = middle - 0.5 * slope**2 / np.where(inside, curvature, 1.0)
    return np.where(inside, vertex, values.min(axis=-1))


def closed_ends(grid: Array, physical: Bounds) -> list[bool]:
    """Return whether the first and the last value of a grid are those that a parameter cannot pass."""
    tolerance = SAME * (grid[-1] - grid[0])
    return [
        bound is not None and abs(float(end) - bound) <= tolerance
        for end, bound in zip(grid[[0, -1]], physical, strict=True)
    ]


def _scan(parameter: ArrayLike, chi_square: ArrayLike) -> tuple[Array, Array]:
    """Both as arrays that a spline can go through."""
    x, y = np.asarray(parameter, dtype=np.float64), np.asarray(chi_square, dtype=np.float64)
    if x.ndim != 1 or x.shape != y.shape or x.size < 5:
        raise OutOfRangeError(
            f"scan: parameter and chi-square have shapes {x.shape} and {y.shape}, must be equal with at least 5 points"
        )
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise OutOfRangeError("scan: parameter and chi-square must be finite")
    if not np.all(np.diff(x) > 0.0):
        raise OutOfRangeError("scan: the parameter must rise from point to point")
    return x, y


def _spline_minimum(x: Array, y: Array) -> tuple[Any, float, float]:
    """Spline through a scan, where it is lowest near its lowest point, and its value there."""
    from scipy.interpolate import CubicSpline

    spline = CubicSpline(x, y)
    at = int(np.argmin(y))
    low, high = x[max(at - 1, 0)], x[min(at + 1, x.size - 1)]
    turning = spline.derivative().roots(extrapolate=False)
    tried = np.concatenate([[x[at]], turning[(turning > low) & (turning < high)]])
    values = spline(tried)
    best = int(np.argmin(values))
    return spline, float(tried[best]), float(values[best])


def _allowed(spline: Any, x: Array, level: float) -> list[tuple[float, float]]:
    """Ranges of the scan where the spline is not above a level."""
    edges = np.unique(np.concatenate([x[[0, -1]], spline.solve(level, extrapolate=False)]))
    inside = spline(0.5 * (edges[1:] + edges[:-1])) <= level
    ranges: list[tuple[float, float]] = []
    for low, high, good in zip(edges[:-1], edges[1:], inside, strict=True):
        if not good:
            continue
        if ranges and ranges[-1][1] == low:
            ranges[-1] = (ranges[-1][0], float(high))
        else:
            ranges.append((float(low), float(high)))
    return ranges


def _closed(
    best: float,
    lowest: float,
    allowed: list[tuple[float, float]],
    rise: float,
    ends: tuple[float, float],
    bounded: list[bool],
    side: str,
    spline: Any,
) -> Interval:
    """Interval whose ends are NaN where only the scan ends, with the reason."""
    low, high = allowed[0][0], allowed[-1][1]
    missing = []
    if low == ends[0] and not bounded[0]:
        low = -math.inf if side == "upper" else math.nan
        if side != "upper":
            missing.append(f"below: {float(spline(ends[0])) - lowest:.3g} at {ends[0]:.6g}")
    if high == ends[1] and not bounded[1]:
        high = math.inf if side == "lower" else math.nan
        if side != "lower":
            missing.append(f"above: {float(spline(ends[1])) - lowest:.3g} at {ends[1]:.6g}")
    pieces = [list(piece) for piece in allowed]
    pieces[0][0], pieces[-1][1] = low, high
    reason = ""
    if missing:
        reason = (
            f"the chi-square does not rise by {rise:.3g} within the scan {', '.join(missing)}: no limit there"
        )
    return Interval(best, lowest, tuple((a, b) for a, b in pieces), rise, reason)
