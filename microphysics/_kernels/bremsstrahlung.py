"""Structure function of nucleon-nucleon bremsstrahlung and integrals over it, all energies in units of T.

The dynamical structure function enters as T sum_ch w_ch n_ch S_ch(x), x = w/T the energy of both neutrinos; its logarithm is
tabulated on one grid, uniform in ln x and the same for every state, so that powers of x are computed once. Between its points
it is interpolated with six of them.
"""

import math

import numpy as np
from numpy.polynomial.legendre import leggauss

from microphysics._jit import njit
from microphysics._kernels.partner import (
    REACH,
    UNIT_NODES,
    UNIT_WEIGHTS,
    next_edge,
    partner_weight,
)

__all__ = [
    "GRID",
    "emission_integrals",
    "hannestad_raffelt",
    "pair_energies",
    "partner_integrals",
    "points_between",
]

_STEP = 0.125
_FIRST = -8.6
_POINTS = 174
_LOGARITHM = _FIRST + _STEP * np.arange(_POINTS)
GRID = np.exp(_LOGARITHM)
"""x = w/T of the table, 2e-4 to 5e5, rising."""

# of x alone in the fit of Hannestad & Raffelt
_POWER = GRID**1.1
_SATURATION = GRID**0.93
_FALL = 1e-4 * GRID**1.2
_CUT = 33.0 / (30.0 + 0.005 * GRID**2.8)  # 1.1 x 30/(...)
_BUMP = 1.0 / (3.0 + (GRID - 1.2) ** 2 + GRID**-4.0)
_DEGENERATE = np.log((GRID**2 + 4.0 * np.pi**2) * GRID / -np.expm1(-GRID))
_DEGENERATE_FRONT = 3.0 * (0.5 * np.pi) ** 2.5 / (4.0 * np.pi**2)

_SMALL = 1e-250  # nucleons per cm^3, nearly: less counts as none
_LARGE_U = 12.0  # beyond, f(u) is a small difference and its series is taken
_BEYOND = 26.0  # of t^2 e^-t
_RATIO = 2.0  # of the ends of a panel, against the singularity of S at x = 0
_NODES, _WEIGHTS = leggauss(6)
_NODES, _WEIGHTS = 0.5 * (1.0 + _NODES), 0.5 * _WEIGHTS
_FEW_NODES, _FEW_WEIGHTS = leggauss(4)
_FEW_NODES, _FEW_WEIGHTS = 0.5 * (1.0 + _FEW_NODES), 0.5 * _FEW_WEIGHTS


def _tail_of_f(terms=10):
    """Coefficients of u^-2k in f(u): those of 1 and u^-2 vanish."""
    index = np.arange(terms)
    series = -5.0 / 3.0 * (-4.0) ** index / (2 * index + 1) + (-4.0) ** index / 3.0
    series[0] += 1.0
    power = np.zeros(terms)  # of 1/v^2 = 8 u^-2 + 16 u^-4
    power[0] = 1.0
    for k in index:
        series += (-1.0) ** k / (2 * k + 1) / 3.0 * power
        power = np.convolve(power, [0.0, 8.0, 16.0])[:terms]
    return series[2:]


_TAIL = _tail_of_f()


@njit
def _multiple_scattering(u):
    """f(u), the suppression of one-pion exchange by the pion's mass among degenerate nucleons."""
    square = u * u
    if u > _LARGE_U:
        value = 0.0
        for k in range(_TAIL.size - 1, -1, -1):
            value = value / square + _TAIL[k]
        return value / (square * square)
    v = square / (2.0 * math.sqrt(2.0 * square + 4.0))
    far = 1.0 if u == 0.0 else 1.0 - 5.0 * u / 6.0 * math.atan(2.0 / u)
    near = 0.0 if v == 0.0 else v / 3.0 * math.atan(1.0 / v)
    return far + square / (3.0 * (square + 4.0)) + near


@njit
def _width(y, e):
    """g(y, eta*): the width of the Lorentzian in units of its non-degenerate form."""
    y2 = 25.0 * y * y
    first = ((0.5 * e + 1.0) / (e + 1.0) + (0.5 + e / 15.6) * y2) / (1.0 + y2)
    second = (0.63 + 0.04 * e**1.45) / (1.0 + 0.02 * e**2.5)
    third = 1.2 * math.exp(0.6 * e - 0.4 * e**1.5)
    p1 = (1.8 + 0.45 * e) / (1.0 + 0.15 * e**1.5)
    p2 = 2.3 - 0.05 * e / (1.0 + 0.025 * e)
    return (first + second * y**p1) / (1.0 + third * y**p2 + second * y ** (p1 + 2.0) / 13.75)


@njit
def hannestad_raffelt(temperature, degeneracy, weight, first, last, out):
    """Fill ln of T sum_ch w_ch n_ch S_ch on `GRID`, the fit of Hannestad & Raffelt 1998 (ApJ 507, 339).

    Parameters
    ----------
    temperature : ndarray, shape (state,)
        In units of 10 MeV.
    degeneracy, weight : ndarray, shape (state, channel)
        eta* = p_F^2/(2 m T) of the nucleons of a channel and w_ch n_ch.
    first, last : ndarray of int, shape (state,)
        Points of the grid that are wanted.
    out : ndarray, shape (state, point)
        Filled between them; -inf everywhere where there are no nucleons.
    """
    nondegenerate, logarithm, total = np.empty(_POINTS), np.empty(_POINTS), np.empty(_POINTS)
    for state in range(temperature.size):
        # relative to the strongest channel, so that nothing underflows at some points of the grid and not at others
        largest = 0.0
        for channel in range(weight.shape[1]):
            e = degeneracy[state, channel]
            largest = max(largest, 1.63 * weight[state, channel] * e * math.sqrt(e) * temperature[state])
        if not largest > _SMALL:
            out[state] = -math.inf
            continue
        y = 1.94 / temperature[state]
        p = 0.67 + 0.18 * y**0.4
        shift, quarter = 2.0 - math.exp(-y / 12.0), math.pi**0.125 + y
        for i in range(first[state], last[state] + 1):
            x = GRID[i]
            fourth = (quarter + x) ** 2
            root = (x + shift) * math.sqrt(x + shift)
            polynomial = x * x + 2.0 * x * y + 5.0 / 3.0 * y * y + 1.0
            root_pi = math.sqrt(math.pi)
            nondegenerate[i] = 2.0 * root_pi * root * polynomial / (root_pi + fourth * fourth)
            logarithm[i] = math.log(nondegenerate[i]) - _DEGENERATE[i]
            total[i] = 0.0
        for channel in range(weight.shape[1]):
            e = degeneracy[state, channel]
            if not weight[state, channel] * e**1.5 > 0.0:
                continue
            spread = 1.63 * e**1.5 * temperature[state]
            half = 0.5 * spread * _width(y, e)
            front = weight[state, channel] * spread / largest
            f = _multiple_scattering(math.sqrt(y / (2.0 * e)))
            offset = 2.5 * math.log(e) - math.log(_DEGENERATE_FRONT * f)
            bump = 1.0 / ((1.0 + e * e) * (1.0 + y**4))
            h = 0.1 * e / (2.39 + 0.1 * e**1.1)
            fall = 0.0044 * y / (0.8 + 0.06 * y**1.05) * math.sqrt(e) / (e + 0.2)
            for i in range(first[state], last[state] + 1):
                s = nondegenerate[i]
                exponent = p * (logarithm[i] + offset)  # of (s_ND/s_D)^p
                if exponent > -30.0:
                    s *= math.exp(-math.log1p(math.exp(exponent)) / p)
                c = _POWER[i] * h * _CUT[i] / (2.3 + h * _SATURATION[i] + _FALL[i])
                s *= (1.0 + bump * _BUMP[i]) * (1.0 + c * (1.0 - fall * _POWER[i]))
                total[i] += front * s / (GRID[i] * GRID[i] + half * half)
        for i in range(first[state], last[state] + 1):
            out[state, i] = math.log(total[i]) + math.log(largest)


@njit
def _interpolated(logarithm, w):
    """Ln of the tabulated function at w, Lagrange's polynomial through six points; a power of w beyond the ends."""
    position = (math.log(w) - _FIRST) / _STEP
    last = _POINTS - 1
    if position < 0.0:
        return logarithm[0] + position * (logarithm[1] - logarithm[0])
    if position > last:
        return logarithm[last] + (position - last) * (logarithm[last] - logarithm[last - 1])
    i = min(max(int(position), 2), _POINTS - 4)
    s = position - i
    s1, s4 = s * s - 1.0, s * s - 4.0
    value = s1 * s * ((s - 2.0) * (s - 3.0) * -logarithm[i - 2] + s4 * logarithm[i + 3]) / 120.0
    value += s * s4 * (s - 3.0) * ((s - 1.0) / 24.0 * logarithm[i - 1] + (s + 1.0) / 12.0 * logarithm[i + 1])
    return value - s1 * (s - 3.0) * (s4 / 12.0 * logarithm[i] + s * (s + 2.0) / 24.0 * logarithm[i + 2])


def points_between(low, high):
    """First and last point of `GRID` that interpolation between two values of w needs."""
    ends = []
    for w, margin in ((low, -2), (high, 3)):
        position = ((np.log(w) - _FIRST) / _STEP).astype(np.int64)
        ends.append(np.clip(position, 2, _POINTS - 4) + margin)
    return ends[0], ends[1]


@njit
def _is_empty(logarithm, first):
    return logarithm[first] == -math.inf


@njit
def _panel_moments(logarithm, left, right, x, nodes, weights, moments):
    """Add int t^k e^-t S(x + t) dt, t = w - x, over left < w < right."""
    width = right - left
    for k in range(nodes.size):
        t = left - x + width * nodes[k]
        value = width * weights[k] * math.exp(_interpolated(logarithm, x + t) - t)
        for n in range(3):
            moments[n] += value
            value *= t


@njit
def emission_integrals(energy, temperature, logarithm, first, out):
    """Int_0^inf y^2 e^-y S(x + y) dy for all energies, S from its logarithm on `GRID`.

    The moments int_0^inf y^k e^-y S(x + y) dy of one energy follow from those of the next by a shift of y, so that every
    stretch of w is integrated once.

    Parameters
    ----------
    energy : ndarray, shape (energy,)
        Rising, in units of those of `temperature`.
    temperature : ndarray, shape (state,)
    logarithm : ndarray, shape (state, point)
    first : ndarray of int, shape (state,)
        First point that is filled; -inf there means no nucleons.
    out : ndarray, shape (state, energy)
        Filled.
    """
    moments, beyond = np.zeros(3), np.zeros(3)
    for state in range(temperature.size):
        if _is_empty(logarithm[state], first[state]):
            out[state] = 0.0
            continue
        beyond[:] = 0.0
        for i in range(energy.size - 1, -1, -1):
            x = energy[i] / temperature[state]
            end = energy[i + 1] / temperature[state] if i + 1 < energy.size else math.inf
            step = end - x
            moments[:] = 0.0
            if step < _BEYOND:  # the rest is what lies beyond the next energy, y shifted by the step
                fall = math.exp(-step)
                moments[0] = fall * beyond[0]
                moments[1] = fall * (beyond[1] + step * beyond[0])
                moments[2] = fall * (beyond[2] + step * (2.0 * beyond[1] + step * beyond[0]))
            end = min(end, x + _BEYOND)
            left = x
            while left < end:
                right = min(end, _RATIO * left, left + 3.0 + 0.8 * (left - x))
                if right - left < 0.7 and right < 1.4 * left:
                    _panel_moments(logarithm[state], left, right, x, _FEW_NODES, _FEW_WEIGHTS, moments)
                else:
                    _panel_moments(logarithm[state], left, right, x, _NODES, _WEIGHTS, moments)
                left = right
            beyond[:] = moments
            out[state, i] = moments[2]


@njit
def partner_integrals(energy, temperature, neutrino, logarithm, first, out):
    """Int_0^inf y^2 `partner_weight` S(x + y) dy, the partner in equilibrium.

    Parameters
    ----------
    energy, temperature, logarithm, first
        As in `emission_integrals`.
    neutrino : ndarray, shape (state,)
        mu_nu/T of the neutrino.
    out : ndarray, shape (state, energy)
        Filled.
    """
    features = np.zeros(1)
    for state in range(temperature.size):
        eta = neutrino[state]
        features[0] = max(-eta, 0.0)
        for i in range(energy.size):
            x = energy[i] / temperature[state]
            total, left, end = 0.0, 0.0, features[0] + REACH
            while left < end and not _is_empty(logarithm[state], first[state]):
                right = min(end, next_edge(left, features), _RATIO * (x + left) - x)
                width = right - left
                for k in range(UNIT_NODES.size):
                    y = left + width * UNIT_NODES[k]
                    value = (
                        y * y * partner_weight(y, x, eta) * math.exp(_interpolated(logarithm[state], x + y))
                    )
                    total += width * UNIT_WEIGHTS[k] * value
                left = right
            out[state, i] = total


@njit
def pair_energies(energy, temperature, logarithm, first, out):
    """S(x + y) for all pairs of energies, out of shape (state, energy, energy)."""
    for state in range(temperature.size):
        empty = _is_empty(logarithm[state], first[state])
        for i in range(energy.size):
            for j in range(i + 1):
                w = (energy[i] + energy[j]) / temperature[state]
                value = 0.0 if empty else math.exp(_interpolated(logarithm[state], w))
                out[state, i, j] = out[state, j, i] = value
