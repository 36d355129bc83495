"""Formal solution of the transfer equation on tangent rays, batched over groups (Mihalas & Mihalas 1984, section 83).

In a static spherical metric a ray of f at fixed energy at infinity is a straight line in X = r/alpha: b = r sqrt(1 -
mu^2)/alpha is constant, with Z = sqrt(X^2 - b^2), mu = Z/X and a proper path of (dr/Gamma)/dX times dZ. Nodes are the
zones' edges (even) and centres (odd); segment s lies between nodes s and s + 1.
"""

import math
from typing import NamedTuple

import numpy as np

from microphysics._jit import njit

TINY = 1e-300
DEEPEST = 40.0  # exp(-40) is below round-off
DOUBLINGS = 8
GAUSS = 1.0 / math.sqrt(3.0)  # nodes of Gauss's rule with two points


class Rays(NamedTuple):
    """Where the rays run.

    `position` X of nodes; `path` proper length per dX of segments; `impact` b of rays, rising from 0; `segment` the one
    in which a ray has its turning point (0 for those that cross a hollow centre), int64; `lowest` its lowest node, int64;
    `kink` the first X >= b where the medium jumps, the outer edge where none does.
    """

    position: np.ndarray
    path: np.ndarray
    impact: np.ndarray
    segment: np.ndarray
    lowest: np.ndarray
    kink: np.ndarray


class Moments(NamedTuple):
    """J, H and K at nodes, shape (node, group)."""

    zeroth: np.ndarray
    first: np.ndarray
    second: np.ndarray


class Weights(NamedTuple):
    """Weights of one ray in J, H and K, shape (node,)."""

    zeroth: np.ndarray
    first: np.ndarray
    second: np.ndarray


@njit
def _cosines(rays, ray, cosine):
    """Fill mu of one ray at its nodes."""
    b = rays.impact[ray]
    for n in range(rays.lowest[ray], rays.position.size):
        x = rays.position[n]
        cosine[n] = math.sqrt(max((x - b) * (x + b), 0.0)) / max(x, TINY)
    if rays.position[0] == 0.0:
        cosine[0] = 1.0


@njit
def _inside_interval(position, change, s_inner, s_outer, kink, inner, outer, own, other):
    """Share the interval between two rays, at nodes inside the next kink, between their weights in J, H, K.

    `inner` and `outer` hold mu of the two rays, `own` and `other` their weights; `change` is the difference of their b^2.
    v = (I+ - I-)/2, odd in mu, is linear in mu; u = (I+ + I-)/2, even in mu, is linear in s = sqrt(b_kink^2 - b^2): near
    the kink the way that rays run to it, far inside mu^2.
    """
    for n in range(position.size):
        x, a, b = position[n], inner[n], outer[n]
        per_sum = 1.0 / (a + b)
        d = change * per_sum / (x * x)  # a - b without cancellation
        beyond = (kink - x) * (kink + x)
        high, low = 0.5 * (a + b + GAUSS * d), 0.5 * (a + b - GAUSS * d)
        slope = per_sum * (s_inner + s_outer)
        share_high = (
            0.5 * (1.0 + GAUSS) * (high + b) * slope / (math.sqrt(beyond + high * high * x * x) + s_outer)
        )
        share_low = (
            0.5 * (1.0 - GAUSS) * (low + b) * slope / (math.sqrt(beyond + low * low * x * x) + s_outer)
        )
        zeroth = 0.5 * d * (share_high + share_low)
        second = 0.5 * d * (share_high * high * high + share_low * low * low)
        own.zeroth[n] += zeroth
        other.zeroth[n] = d - zeroth
        own.first[n] += d * (2.0 * a + b) / 6.0
        other.first[n] = d * (a + 2.0 * b) / 6.0
        own.second[n] += second
        other.second[n] = d * (a * a + a * b + b * b) / 3.0 - second


@njit
def _outside_interval(position, change, s_inner, s_outer, kink, inner, outer, own, other):
    """As `_inside_interval` for nodes outside the next kink: there u and v are both linear in s.

    In mu they are a square root at the kink. The weights of both rays add up to the moments of an isotropic field.
    """
    middle, half = 0.5 * (s_inner + s_outer), 0.5 * GAUSS * (s_inner - s_outer)
    high, low = middle + half, middle - half
    share_high, share_low = 0.5 * (1.0 + GAUSS), 0.5 * (1.0 - GAUSS)
    for n in range(position.size):
        x, a, b = position[n], inner[n], outer[n]
        d = change / ((a + b) * x * x)
        beyond = (x - kink) * (x + kink)
        mu_high, mu_low = math.sqrt(beyond + high * high) / x, math.sqrt(beyond + low * low) / x
        # dmu = s ds/(x^2 mu)
        zeroth_high, zeroth_low = high / mu_high, low / mu_low
        zeroth = (share_high * zeroth_high + share_low * zeroth_low) / (zeroth_high + zeroth_low) * d
        first_moment = (share_high * high + share_low * low) / (high + low) * 0.5 * d * (a + b)
        all_second = d * (a * a + a * b + b * b) / 3.0
        second_high, second_low = high * mu_high, low * mu_low
        second = (share_high * second_high + share_low * second_low) / (second_high + second_low) * all_second
        own.zeroth[n] += zeroth
        other.zeroth[n] = d - zeroth
        own.first[n] += first_moment
        other.first[n] = 0.5 * d * (a + b) - first_moment
        own.second[n] += second
        other.second[n] = all_second - second


@njit
def _part(weights, first, last):
    """Weights of some nodes: loops from index 0 become vector instructions."""
    return Weights(weights.zeroth[first:last], weights.first[first:last], weights.second[first:last])


@njit
def _weigh(rays, ray, inner, outer, own, other):
    """Complete the weights of a ray, `own`, and start those of the next, `other`."""
    position, nodes, lowest = rays.position, rays.position.size, rays.lowest[ray]
    above = nodes
    other.zeroth[:] = 0.0
    other.first[:] = 0.0
    other.second[:] = 0.0
    if ray + 1 < rays.impact.size:
        above, b, c, kink = rays.lowest[ray + 1], rays.impact[ray], rays.impact[ray + 1], rays.kink[ray + 1]
        change = (c - b) * (c + b)
        s_inner, s_outer = math.sqrt((kink - b) * (kink + b)), math.sqrt((kink - c) * (kink + c))
        outside = above
        while outside < nodes and position[outside] <= kink:
            outside += 1
        _inside_interval(
            position[above:outside],
            change,
            s_inner,
            s_outer,
            kink,
            inner[above:outside],
            outer[above:outside],
            _part(own, above, outside),
            _part(other, above, outside),
        )
        _outside_interval(
            position[outside:],
            change,
            s_inner,
            s_outer,
            kink,
            inner[outside:],
            outer[outside:],
            _part(own, outside, nodes),
            _part(other, outside, nodes),
        )
    if above == nodes:
        # below the last ray to the outer edge the intensity falls to nothing there
        above, mu = nodes - 1, inner[nodes - 1]
        own.zeroth[above] += 0.5 * mu
        own.first[above] += mu * mu / 3.0
        own.second[above] += 0.25 * mu**3
    for n in range(lowest, above):
        # the last ray at this node: below it u is constant, being even in mu, and v proportional to mu
        mu = inner[n]
        own.zeroth[n] += mu
        own.first[n] += mu * mu / 3.0
        own.second[n] += mu**3 / 3.0


@njit
def _lengths(rays, ray, cosine, length):
    """Fill the proper path of a ray in every segment, from its turning point on."""
    position, b, lowest = rays.position, rays.impact[ray], rays.lowest[ray]
    for s in range(rays.segment[ray], position.size - 1):
        x = max(position[s], b)
        below = cosine[s] * position[s] if s >= lowest else 0.0
        above = position[s + 1]
        length[s] = rays.path[s] * (above - x) * (above + x) / (cosine[s + 1] * above + below)


@njit
def _attenuate(bottom, opacity, length, absorbed, downstream):
    """Fill y = 1 - exp(-d) and the weight 1 - y/d of the source at the end of a path, d = opacity x length.

    y by doubling its series at d/2^n: no call, no branch, and no loss of digits where d is small.
    """
    segments, groups = opacity.shape
    for s in range(bottom, segments):
        for g in range(groups):
            downstream[s, g] = opacity[s, g] * length[s]
    # one long loop from index 0, so that vector instructions serve whatever the number of groups
    flat_absorbed = absorbed.reshape(-1)[bottom * groups :]
    flat_downstream = downstream.reshape(-1)[bottom * groups :]
    for i in range(flat_absorbed.size):
        depth = flat_downstream[i]
        x = min(depth, DEEPEST) * 0.5**DOUBLINGS
        series = 1.0 - x * (1.0 / 7.0)
        series = 1.0 - x * (1.0 / 6.0) * series
        series = 1.0 - x * (1.0 / 5.0) * series
        series = 1.0 - x * (1.0 / 4.0) * series
        series = 1.0 - x * (1.0 / 3.0) * series
        series = 1.0 - x * (1.0 / 2.0) * series
        y = x * series
        for _ in range(DOUBLINGS):
            y = y * (2.0 - y)
        flat_absorbed[i] = y
        thin = depth * (0.5 - depth * (1.0 / 6.0 - depth * (1.0 / 24.0 - depth * (1.0 / 120.0))))
        thick = 1.0 - y / (depth + TINY)
        flat_downstream[i] = thin if depth < 1e-3 else thick


@njit
def _inward(bottom, lower, upper, absorbed, downstream, inwards):
    """Fill I- at the nodes above `bottom` and, in its row, at the turning point: no radiation comes in from outside.

    Every term is positive, so that I stays so where sources fall by decades from zone to zone.
    """
    top, groups = lower.shape
    for g in range(groups):
        inwards[top, g] = 0.0
    for s in range(top - 1, bottom - 1, -1):
        for g in range(groups):
            before = inwards[s + 1, g]
            y, w = absorbed[s, g], downstream[s, g]
            inwards[s, g] = before * (1.0 - y) + (y - w) * upper[s, g] + w * lower[s, g]


@njit
def _outward(bottom, lower, upper, absorbed, downstream, outwards):
    """Fill I+ above `bottom`, from the row of the turning point."""
    top, groups = lower.shape
    for s in range(bottom, top):
        for g in range(groups):
            before = outwards[s, g]
            y, w = absorbed[s, g], downstream[s, g]
            outwards[s + 1, g] = before * (1.0 - y) + (y - w) * lower[s, g] + w * upper[s, g]


@njit
def _gather(lowest, weights, inwards, outwards, moments):
    for n in range(lowest, inwards.shape[0]):
        j, h, k = 0.5 * weights.zeroth[n], 0.5 * weights.first[n], 0.5 * weights.second[n]
        for g in range(inwards.shape[1]):
            both = outwards[n, g] + inwards[n, g]
            moments.zeroth[n, g] += j * both
            moments.second[n, g] += k * both
        for g in range(inwards.shape[1]):
            moments.first[n, g] += h * (outwards[n, g] - inwards[n, g])


@njit
def formal_solution(rays, opacity, lower, upper, moments):
    """Fill `moments` for no radiation coming in at the outer edge.

    `opacity` of segments, 1/cm; source at their `lower` and `upper` ends, shape (segment, group).
    """
    nodes, groups = rays.position.size, opacity.shape[1]
    absorbed, downstream = np.empty_like(opacity), np.empty_like(opacity)
    inwards, outwards = np.empty((nodes, groups)), np.empty((nodes, groups))
    length, inner, outer, kept = np.empty(nodes), np.empty(nodes), np.empty(nodes), np.empty(groups)
    own = Weights(np.zeros(nodes), np.zeros(nodes), np.zeros(nodes))
    other = Weights(np.zeros(nodes), np.zeros(nodes), np.zeros(nodes))
    for m in moments:
        m[:] = 0.0
    _cosines(rays, 0, inner)
    for ray in range(rays.impact.size):
        if ray + 1 < rays.impact.size:
            _cosines(rays, ray + 1, outer)
        _weigh(rays, ray, inner, outer, own, other)
        bottom = rays.segment[ray]
        _lengths(rays, ray, inner, length)
        _attenuate(bottom, opacity, length, absorbed, downstream)
        # the source at the turning point, for as long as this ray is traced
        below, above = rays.position[bottom], rays.position[bottom + 1]
        share = max(rays.impact[ray] - below, 0.0) / (above - below)
        for g in range(groups):
            kept[g] = lower[bottom, g]
            lower[bottom, g] += share * (upper[bottom, g] - kept[g])
        _inward(bottom, lower, upper, absorbed, downstream, inwards)
        for g in range(groups):
            outwards[bottom, g] = inwards[bottom, g]
        _outward(bottom, lower, upper, absorbed, downstream, outwards)
        for g in range(groups):
            lower[bottom, g] = kept[g]
        _gather(rays.lowest[ray], own, inwards, outwards, moments)
        own, other = other, own
        inner, outer = outer, inner


@njit
def _limited(left, right):
    """Slope that keeps between its neighbours: harmonic mean of those on either side (van Leer 1974), 0 at extrema."""
    if left == 0.0 or (left > 0.0) != (right > 0.0):
        return 0.0
    # not the product of both over their sum: it underflows below 1e-150
    return 2.0 * left * (right / (left + right))


@njit
def edge_values(values, centre, edge, lower, upper):
    """Fill the values at both edges of every zone, linear inside it and two-sided where they jump, shape (zone, group)."""
    zones = values.shape[0]
    for i in range(zones):
        for g in range(values.shape[1]):
            here = values[i, g]
            right = (values[i + 1, g] - here) / (centre[i + 1] - centre[i]) if i + 1 < zones else 0.0
            left = (here - values[i - 1, g]) / (centre[i] - centre[i - 1]) if i > 0 else right
            if i + 1 == zones:
                right = left
            slope = _limited(left, right)
            fall, rise = slope * (edge[i] - centre[i]), slope * (edge[i + 1] - centre[i])
            # a zone wider than its neighbour could overshoot it, the last one has none
            before = abs(here - values[i - 1, g]) if i > 0 else 0.5 * abs(here)
            after = abs(values[i + 1, g] - here) if i + 1 < zones else 0.5 * abs(here)
            lower[i, g] = here + max(-before, min(before, fall))
            upper[i, g] = here + max(-after, min(after, rise))


@njit
def segment_values(values, centre, edge, lower, upper):
    """Fill values at the lower and upper ends of segments, the two halves of every zone, shape (segment, group)."""
    zones, groups = values.shape
    left, right = np.empty_like(values), np.empty_like(values)
    edge_values(values, centre, edge, left, right)
    for i in range(zones):
        for g in range(groups):
            lower[2 * i, g], upper[2 * i, g] = left[i, g], values[i, g]
            lower[2 * i + 1, g], upper[2 * i + 1, g] = values[i, g], right[i, g]
