"""Finite volumes between areal radii, and the value at an edge seen from either side: shared by all schemes."""

import math
from typing import NamedTuple

import numpy as np

from microphysics._jit import njit

STEEPEST = (
    0.5  # largest relative change of r^2 x between a centre and its edge that the reconstruction follows
)


class Geometry(NamedTuple):
    """Static geometry of the operator.

    `area` = r^2/alpha^2 at edges; `volume` = (r_+^3 - r_-^3)/(3 Gamma alpha^2) of zones; `gamma` at edges; `spacing` between
    the centres on either side of an edge (1 at the ends); `lapse` of zones; `radius` of centres; `edge` their edges.
    """

    area: np.ndarray
    volume: np.ndarray
    gamma: np.ndarray
    spacing: np.ndarray
    lapse: np.ndarray
    radius: np.ndarray
    edge: np.ndarray


class Reach(NamedTuple):
    """Value of x at an edge over that of the zone on its `left` and on its `right`, shape (edge, column).

    First order where r^2 x is constant on either side; `extend` adds its slope. The first row is not used; the last has only
    a left side.
    """

    left: np.ndarray
    right: np.ndarray


@njit
def dilute(geometry, reach):
    """Fill `reach` with (r_zone/r_edge)^2: a streaming field is diluted between centre and edge, nothing else."""
    zones = geometry.radius.size
    for e in range(1, zones + 1):
        for k in range(reach.left.shape[1]):
            reach.left[e, k] = (geometry.radius[e - 1] / geometry.edge[e]) ** 2
            reach.right[e, k] = (geometry.radius[e] / geometry.edge[e]) ** 2 if e < zones else 1.0


@njit
def _followed(change):
    """Part of a relative change that the reconstruction follows: itself where small, never above `STEEPEST`."""
    return change / math.sqrt(1.0 + (change / STEEPEST) ** 2)


@njit
def extend(x, geometry, reach, weight):
    """Move `reach` by the fraction `weight` towards second order: r^2 x continued linearly from upstream.

    x > 0, shape (zone, column). Returns the largest change that full weight would have made.
    """
    zones, columns = x.shape
    largest = np.zeros(columns)  # by column, so that the loops over columns stay vectors
    for i in range(zones):
        here, low, high = geometry.radius[i], geometry.edge[i], geometry.edge[i + 1]
        if i > 0:
            before = geometry.radius[i - 1]
            part, shrink = (high - here) / (here - before), (before / here) ** 2
            plain = (here / high) ** 2
            for k in range(columns):
                value = plain * (1.0 + _followed(part * (1.0 - shrink * x[i - 1, k] / x[i, k])))
                change = value - reach.left[i + 1, k]
                largest[k] = abs(change) if abs(change) > largest[k] else largest[k]
                reach.left[i + 1, k] += weight * change
        if 0 < i < zones - 1:
            after = geometry.radius[i + 1]
            part, growth = (here - low) / (after - here), (after / here) ** 2
            plain = (here / low) ** 2
            for k in range(columns):
                value = plain * (1.0 + _followed(part * (1.0 - growth * x[i + 1, k] / x[i, k])))
                change = value - reach.right[i, k]
                largest[k] = abs(change) if abs(change) > largest[k] else largest[k]
                reach.right[i, k] += weight * change
    return largest.max()


@njit
def _between(a, b):
    """Harmonic mean of two slopes of one sign, else 0 (van Leer 1974): no new extremum, second order where smooth."""
    return 2.0 * a * b / (a + b) if a * b > 0.0 else 0.0


@njit
def extend_monotone(x, geometry, reach, weight):
    """As `extend`, with the slope of both sides: what two moments of one spectrum need where either has an extremum.

    It settles more slowly, because a zone's slope then depends on the one that its flux feeds.
    """
    zones, columns = x.shape
    radius, edge, to_left, to_right = geometry.radius, geometry.edge, reach.left, reach.right
    largest, slope, ahead = np.zeros(columns), np.zeros(columns), np.zeros(columns)
    for i in range(zones):
        here, low, high = radius[i], edge[i], edge[i + 1]
        if i + 1 < zones:  # slope of r^2 x from here to the next centre, over its value here
            growth, step = (radius[i + 1] / here) ** 2, radius[i + 1] - here
            for k in range(columns):
                ahead[k] = (growth * x[i + 1, k] / x[i, k] - 1.0) / step
        if i > 0:
            plain, on = (here / high) ** 2, high - here
            for k in range(columns):
                taken = _between(slope[k], ahead[k]) if i + 1 < zones else slope[k]
                change = plain * (1.0 + _followed(on * taken)) - to_left[i + 1, k]
                largest[k] = abs(change) if abs(change) > largest[k] else largest[k]
                to_left[i + 1, k] += weight * change
        if 0 < i < zones - 1:
            plain, back = (here / low) ** 2, here - low
            for k in range(columns):
                change = plain * (1.0 - _followed(back * _between(slope[k], ahead[k]))) - to_right[i, k]
                largest[k] = abs(change) if abs(change) > largest[k] else largest[k]
                to_right[i, k] += weight * change
        if i + 1 < zones:  # the same over the value there
            for k in range(columns):
                slope[k] = ahead[k] * x[i, k] / (x[i + 1, k] * growth)
    return largest.max()


@njit
def gradient(left, right, gamma, spacing, from_left, from_right):
    """Return g = Gamma |d ln x/dr| against the upstream value and dg/d ln x_left = -dg/d ln x_right."""
    if left >= right:
        ratio = right / left
        scale = gamma / (spacing * from_left)
        return scale * (1.0 - ratio), scale * ratio
    ratio = left / right
    scale = gamma / (spacing * from_right)
    return scale * (1.0 - ratio), -scale * ratio
