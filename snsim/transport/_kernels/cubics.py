"""Monotone cubics through opacities in ln eps: what takes them to other energies."""

import numpy as np

from microphysics._jit import njit


@njit
def _slope(before, after):
    """Slope of the parabola through three points evenly spaced, held monotone (Fritsch & Carlson 1980)."""
    if before * after <= 0.0:
        return 0.0
    steepest = 3.0 * min(abs(before), abs(after))
    return min(max(0.5 * (before + after), -steepest), steepest)


@njit
def monotone_slopes(values, points, slopes):
    """Fill the slopes of the cubics at points that are about evenly spaced; straight at the ends."""
    last = points.size - 1
    before = (values[1] - values[0]) / (points[1] - points[0])
    slopes[0] = before
    for k in range(1, last):
        after = (values[k + 1] - values[k]) / (points[k + 1] - points[k])
        slopes[k] = _slope(before, after)
        before = after
    slopes[last] = before


@njit
def cubic(low, high, begin, end, width, s):
    """Value at s between 0 and `width` from values and slopes at both ends; linear beyond them."""
    rise = (high - low) / width
    if s < 0.0 or s > width:
        return low + s * rise
    bend, twist = (3.0 * rise - 2.0 * begin - end) / width, (begin + end - 2.0 * rise) / width**2
    return low + s * (begin + s * (bend + s * twist))


@njit
def at_infinity(log_values, log_energy, log_wanted, log_lapse, out):
    """Fill ln values given at local energies at energies at infinity."""
    last = log_energy.size - 2
    slopes = np.empty(log_energy.size)
    for i in range(out.shape[0]):
        values = log_values[i]
        monotone_slopes(values, log_energy, slopes)
        j = 0
        for k in range(log_wanted.size):
            there = log_wanted[k] - log_lapse[i]
            while j < last and there > log_energy[j + 1]:
                j += 1
            width, s = log_energy[j + 1] - log_energy[j], there - log_energy[j]
            out[i, k] = cubic(values[j], values[j + 1], slopes[j], slopes[j + 1], width, s)
