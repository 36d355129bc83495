"""Optical depths from the outer edge inwards, and where they reach a level."""

import math

import numpy as np

from microphysics._jit import njit


@njit
def radius_between(r_inner, r_outer, inner, outer, level):
    """Radius in a zone, cm, whose optical depth is `inner` >= level at one edge and `outer` < level at the other.

    ln r is linear in ln tau, or r in tau where a logarithm does not exist; NaN where a depth is.
    """
    if outer > 0.0 and r_inner > 0.0:
        return r_inner * (r_outer / r_inner) ** (math.log(inner / level) / math.log(inner / outer))
    return r_inner + (r_outer - r_inner) * (inner - level) / (inner - outer)


@njit
def radii_of_depth(edges, depth, level):
    """Radius of a level for rows of optical depths at the edges, shape (row,); NaN where it is not reached."""
    found = np.full(depth.shape[0], np.nan)
    for row in range(depth.shape[0]):
        for i in range(edges.size - 2, -1, -1):
            if depth[row, i] >= level:
                if depth[row, i + 1] < level:
                    found[row] = radius_between(
                        edges[i], edges[i + 1], depth[row, i], depth[row, i + 1], level
                    )
                break
    return found


@njit
def crossings(edges, path, opacity, level):
    """Where optical depths of opacities (row, zone, energy), added up from outside, reach a level.

    Returns, each of shape (row, energy), the radius in cm (NaN where there is none), the zone (-1), and the share of that
    zone's depth which lies outside the level.
    """
    rows, zones, energies = opacity.shape
    radius, share = np.full((rows, energies), np.nan), np.full((rows, energies), np.nan)
    zone = np.full((rows, energies), -1)
    for row in range(rows):
        depth, missing = np.zeros(energies), energies
        for i in range(zones - 1, -1, -1):
            for e in range(energies):
                before = depth[e]
                after = before + opacity[row, i, e] * path[i]
                depth[e] = after
                if before < level and after >= level:
                    radius[row, e] = radius_between(edges[i], edges[i + 1], after, before, level)
                    zone[row, e], share[row, e] = i, (level - before) / (after - before)
                    missing -= 1
            if missing == 0:
                break
    return radius, zone, share


@njit
def depth_down_to(path, opacity, zone, share):
    """Optical depth from the outer edge through a share of a zone, shape (row, energy); NaN for zone -1."""
    rows, zones, energies = opacity.shape
    found = np.where(zone < 0, np.nan, 0.0)
    for row in range(rows):
        deepest = zones
        for e in range(energies):
            if zone[row, e] >= 0:
                deepest = min(deepest, zone[row, e])
        for i in range(zones - 1, deepest - 1, -1):
            for e in range(energies):
                part = min(1.0, max(0.0, i - zone[row, e] + share[row, e]))  # of the zone
                found[row, e] += part * opacity[row, i, e] * path[i]
    return found
