"""Moment equations with given Eddington factors, and the collision integral of all zones."""

import numpy as np

from microphysics._jit import njit
from snsim.transport._kernels.coupling import collide


@njit
def solve_moments(area, volume, leaving, entering, outflow, absorption, source, x, flux):
    """Solve flux_+ - flux_- + V (absorption x - source) = 0 for x, shape (zone, group), and the flux, shape (edge, group).

    Flux (leaving x_left - entering x_right) per area at edges, outflow x at the outer one, none at the inner one. The
    matrix is an M-matrix with known column sums V absorption, and elimination that carries these instead of the diagonal
    (Grassmann, Taksar & Heyman 1985) only adds positive numbers: x and flux have all digits, however thin or opaque the
    zones.
    """
    zones, groups = absorption.shape
    last = zones - 1
    # what a zone loses for good, and of what leaves it upwards: both over the pivot
    kept, lost = np.empty((zones, groups)), np.empty((zones, groups))
    for i in range(zones):
        for g in range(groups):
            upper = area[i + 1] * (leaving[i + 1, g] if i < last else outflow[g])
            sink, gain = volume[i] * absorption[i, g], volume[i] * source[i, g]
            if i > 0:
                sink += area[i] * entering[i, g] * lost[i - 1, g]
                gain += flux[i, g]
            pivot = upper + sink
            lost[i, g] = sink / pivot
            kept[i, g] = 1.0 / pivot
            x[i, g] = gain / pivot
            flux[i + 1, g] = upper * x[i, g]
    for g in range(groups):
        flux[0, g] = 0.0
        flux[zones, g] /= area[zones]
    for i in range(zones - 2, -1, -1):
        for g in range(groups):
            back = area[i + 1] * entering[i + 1, g] * x[i + 1, g]
            x[i, g] += back * kept[i, g]
            flux[i + 1, g] = (flux[i + 1, g] - back * lost[i, g]) / area[i + 1]


@njit
def collisions(x, coupling, rate):
    """Fill the collision integral of every zone, shape (zone, group), 1/cm."""
    groups = x.shape[1]
    scale, jacobian = np.empty(groups), np.empty((groups, groups))
    for i in range(x.shape[0]):
        collide(x[i], i, coupling, rate[i], scale, jacobian)
