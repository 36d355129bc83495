"""Matter that neutrinos heat and cool: its energy and neutrino chemical potential between nodes, and what it emits."""

import math

import numpy as np

from microphysics._jit import njit


@njit
def _hermite(left, right, slope_left, slope_right, s):
    """Value and derivative in s of the cubic with these values and slopes at s = 0 and 1."""
    jump = right - left
    b = 3.0 * jump - 2.0 * slope_left - slope_right
    a = slope_left + slope_right - 2.0 * jump
    return left + s * (slope_left + s * (b + s * a)), slope_left + s * (2.0 * b + 3.0 * a * s)


@njit
def _rising(before, after):
    """Slope at a node from the steps on either side: the central one, but so that rising values stay rising.

    Fritsch & Carlson 1980, SIAM J. Numer. Anal. 17, 238: at most three times the smaller step, 0 at an extremum.
    """
    if before * after <= 0.0:
        return 0.0
    central = 0.5 * (before + after)
    bound = 3.0 * min(abs(before), abs(after))
    return math.copysign(min(abs(central), bound), central)


@njit
def look_up(nodes, first, step, log_temperature, electron_fraction, out):
    """Fill `out` (zone, 2, 3): energy and chemical potential, each with its derivatives in ln T and Y_e.

    `nodes` (zone, ln T, Y_e, 2) on a lattice from `first` by `step`, both (2,). Cubic and smooth: in ln T through four
    nodes, the energy never falling where nodes rise, then in Y_e. NaN beyond the last but one node or where one is missing.
    """
    rows = np.empty((4, 2, 2))
    for zone in range(out.shape[0]):
        p = (log_temperature[zone] - first[0]) / step[0]
        q = (electron_fraction[zone] - first[1]) / step[1]
        inside = 1.0 <= p < nodes.shape[1] - 2.0 and 1.0 <= q < nodes.shape[2] - 2.0
        if not inside:
            out[zone] = np.nan
            continue
        i, j = int(p), int(q)
        s, t = p - i, q - j
        for r in range(4):
            for k in range(2):
                a, b = nodes[zone, i - 1, j - 1 + r, k], nodes[zone, i, j - 1 + r, k]
                c, d = nodes[zone, i + 1, j - 1 + r, k], nodes[zone, i + 2, j - 1 + r, k]
                if k == 0:
                    left, right = _rising(b - a, c - b), _rising(c - b, d - c)
                else:
                    left, right = 0.5 * (c - a), 0.5 * (d - b)
                rows[r, k, 0], rows[r, k, 1] = _hermite(b, c, left, right, s)
        for k in range(2):
            for m in range(2):
                w, x, y, z = rows[0, k, m], rows[1, k, m], rows[2, k, m], rows[3, k, m]
                value, slope = _hermite(x, y, 0.5 * (y - w), 0.5 * (z - x), t)
                if m == 0:
                    out[zone, k, 0], out[zone, k, 2] = value, slope / step[1]
                else:
                    out[zone, k, 1] = value / step[0]


@njit
def emission(energy, weights, absorption, temperature, potential, lapse, out):
    """Fill `out` (zone, 2, 3): alpha^4 Q_E/c and alpha^3 Q_N/c, and their derivatives in ln T and in the potential.

    `weights` (2, energy) of eps^3 deps and eps^2 deps with the phase space; `absorption` corrected for stimulated absorption
    (zone, energy); `potential` of these neutrinos in equilibrium, MeV.
    """
    for zone in range(out.shape[0]):
        t, mu = temperature[zone], potential[zone]
        sums = np.zeros((2, 3))
        for g in range(energy.size):
            x = (energy[g] - mu) / t
            if x > 0.0:
                small = math.exp(-min(x, 690.0))
                f = small / (1.0 + small)
            else:
                f = 1.0 / (1.0 + math.exp(max(x, -690.0)))
            tilt = f * (1.0 - f)
            for m in range(2):
                rate = weights[m, g] * absorption[zone, g]
                sums[m, 0] += rate * f
                sums[m, 1] += rate * tilt * x
                sums[m, 2] += rate * tilt / t
        for k in range(3):
            out[zone, 0, k] = lapse[zone] ** 4 * sums[0, k]
            out[zone, 1, k] = lapse[zone] ** 3 * sums[1, k]
