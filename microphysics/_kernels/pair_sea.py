"""Annihilation of neutrino pairs into electrons, integrated over a partner that is a Fermi sea: nodes in its energy.

The kernel is that of `pairs`, its isotropic part alone: with orders up to 5 of the Fermi integrals, written out.
"""

import math

import numpy as np
from numpy.polynomial.legendre import leggauss

from microphysics._jit import njit
from microphysics._kernels.fermi import _accelerated_weights
from microphysics._kernels.pair_emission import _SMEARING, _SMEARING_3, _SMEARING_5, _middle_sums
from microphysics._kernels.partner import partner_weight

__all__ = ["sea_grid"]

_CLOSED = 2.0  # smaller neutrino energy above which closed forms lose less than 5 digits
_MIDDLE_CLOSED = 1.5  # the same for the width of the middle piece
_FEW, _FEW_WEIGHTS = leggauss(5)  # of pieces of the electron's energy below these
_FEW, _FEW_WEIGHTS = 0.5 * (1.0 + _FEW), 0.5 * _FEW_WEIGHTS
_NODES, _WEIGHTS = leggauss(6)  # of a panel of the partner's energy
_NODES, _WEIGHTS = 0.5 * (1.0 + _NODES), 0.5 * _WEIGHTS
_REACH = 24.0  # beyond the last feature: e^-24
_BEFORE = 28.0  # ahead of the first feature
_NARROW = 4.7  # panel beside a Fermi edge, whose nearest pole is pi away
_GROWTH = 0.65  # panel over distance from a feature
_SMEARED = 14.0  # distance from a feature at which there are polynomials but for e^-14
_SAME = 0.3  # features this close are one
_NO_FAR = 20.0  # partner's energy beyond which holes of positrons are e^-40 of the rest
_ALL_FREE = 38.0  # distance above the electrons' surface at which their states are free to e^-38
_ORDERS = 6
_PAIRS = 9  # pairs of terms of the accelerated series that reach 5.83^-18
_ONE_TERM = 32.0  # distance beyond which the first term is all
_NOTHING = 690.0  # distance taken as infinite, ahead of the (slow) denormal numbers
_TABLE = np.array(
    [
        math.gamma(k + 1.0) * weight / (j + 1.0) ** (k + 1)
        for j, weight in enumerate(_accelerated_weights(2 * _PAIRS))
        for k in range(_ORDERS)
    ]
).reshape(_PAIRS, 2, _ORDERS)  # (pair of terms, term, order)


@njit
def _row(distance, rows, i):
    """Fill row i of `rows` with F_k(-distance), k = 0 to 5, to 1e-13; distance >= 0."""
    if distance > _ONE_TERM:
        z = math.exp(-distance) if distance < _NOTHING else 0.0
        for k in range(_ORDERS):
            rows[i, k] = z * _TABLE[0, 0, k]
        return
    z = math.exp(-distance)
    square = z * z
    pairs = _PAIRS if z > 0.1 else 7 if z > 0.01 else 4 if z > 1e-4 else 2
    e0 = e1 = e2 = e3 = e4 = e5 = o0 = o1 = o2 = o3 = o4 = o5 = 0.0
    for j in range(pairs - 1, -1, -1):
        e0 = e0 * square + _TABLE[j, 0, 0]
        e1 = e1 * square + _TABLE[j, 0, 1]
        e2 = e2 * square + _TABLE[j, 0, 2]
        e3 = e3 * square + _TABLE[j, 0, 3]
        e4 = e4 * square + _TABLE[j, 0, 4]
        e5 = e5 * square + _TABLE[j, 0, 5]
        o0 = o0 * square + _TABLE[j, 1, 0]
        o1 = o1 * square + _TABLE[j, 1, 1]
        o2 = o2 * square + _TABLE[j, 1, 2]
        o3 = o3 * square + _TABLE[j, 1, 3]
        o4 = o4 * square + _TABLE[j, 1, 4]
        o5 = o5 * square + _TABLE[j, 1, 5]
    rows[i, 0], rows[i, 1], rows[i, 2] = z * (e0 + z * o0), z * (e1 + z * o1), z * (e2 + z * o2)
    rows[i, 3], rows[i, 4], rows[i, 5] = z * (e3 + z * o3), z * (e4 + z * o4), z * (e5 + z * o5)


@njit
def _row_high(distance, rows, i):
    """`_row` of orders 3 to 5 alone."""
    if distance > _ONE_TERM:
        z = math.exp(-distance) if distance < _NOTHING else 0.0
        rows[i, 3], rows[i, 4], rows[i, 5] = 6.0 * z, 24.0 * z, 120.0 * z
        return
    z = math.exp(-distance)
    square = z * z
    pairs = _PAIRS if z > 0.1 else 7 if z > 0.01 else 4 if z > 1e-4 else 2
    e3 = e4 = e5 = o3 = o4 = o5 = 0.0
    for j in range(pairs - 1, -1, -1):
        e3 = e3 * square + _TABLE[j, 0, 3]
        e4 = e4 * square + _TABLE[j, 0, 4]
        e5 = e5 * square + _TABLE[j, 0, 5]
        o3 = o3 * square + _TABLE[j, 1, 3]
        o4 = o4 * square + _TABLE[j, 1, 4]
        o5 = o5 * square + _TABLE[j, 1, 5]
    rows[i, 3], rows[i, 4], rows[i, 5] = z * (e3 + z * o3), z * (e4 + z * o4), z * (e5 + z * o5)


@njit
def _distance(energy, electrons):
    """Distance from the electrons' surface; far above it, where next to a polynomial nothing is left, infinite."""
    if energy - electrons > _ALL_FREE:
        return _NOTHING
    return abs(energy - electrons)


@njit
def _next_edge(left, features):
    """Right end of the panel that begins at `left`.

    Narrow beside features, wide between their smearing. At y = x only the sixth derivative jumps, which is no feature.
    """
    right = math.inf
    for k in range(features.size):
        distance = features[k] - left
        if distance > 1.5 * _SMEARED:
            right = min(right, features[k] - _SMEARED)
        elif distance > _NARROW / (1.0 - _GROWTH):
            right = min(right, left + _GROWTH * distance)
        elif distance > 1.3 * _NARROW:
            right = min(right, left + 0.5 * distance)
        elif distance > 0.0:
            right = min(right, features[k])
        elif distance > -_SMEARED:
            right = min(right, left + _NARROW - _GROWTH * distance)
    return right


@njit
def _set_features(x, electrons, sea, features):
    """Surfaces of the sea and of the electrons, and where y + x is at the latter; neighbours made one."""
    features[0], features[1], features[2] = sea, electrons - x, electrons
    for k in range(1, features.size):
        for j in range(k):
            if abs(features[k] - features[j]) < _SAME:
                features[k] = features[j]


@njit
def _step(c3, c4, c5, t):
    """Int_0^t of c3 e^3 + c4 e^4 + c5 e^5 with the upper end a Fermi edge (Sommerfeld)."""
    t2 = t * t
    third = t2 * t2 / 4.0 + 3.0 * t2 * _SMEARING + _SMEARING_3
    fourth = t2 * t2 * t / 5.0 + 4.0 * t * (t2 * _SMEARING + _SMEARING_3)
    fifth = t2 * t2 * t2 / 6.0 + 5.0 * t2 * (t2 * _SMEARING + 2.0 * _SMEARING_3) + _SMEARING_5
    return c3 * third + c4 * fourth + c5 * fifth


@njit
def _above_edge(s, large, eta, l3, l4, l5, h3, h4, h5, a, b, c):
    """Polynomial part above a sharp edge at eta, smearing included: (as it stands, mirrored)."""
    total, width = s + large, large - s
    if eta >= total:
        return 0.0, 0.0
    if eta >= large:
        return _step(h3, h4, h5, total - eta), _step(l3, l4, l5, total - eta)
    power = s * s * s * s
    all_low = power * (l3 / 4.0 + s * (l4 / 5.0 + s * l5 / 6.0))
    all_high = power * (h3 / 4.0 + s * (h4 / 5.0 + s * h5 / 6.0))
    everything = width * (a + width * (b / 2.0 + width * c / 3.0))
    if eta >= s:
        v, u = large - eta, eta - s
        first = all_high + v * (a + v * (b / 2.0 + v * c / 3.0)) + _SMEARING * (b + 2.0 * c * v)
        second = all_low + everything
        return first, second - u * (a + u * (b / 2.0 + u * c / 3.0)) - _SMEARING * (b + 2.0 * c * u)
    everything += all_low + all_high
    return everything - _step(l3, l4, l5, eta), everything - _step(h3, h4, h5, eta)


@njit
def _closed_form(s, large, eta, centre, at_s, at_large, at_total):
    """Both structures by sums over the four points where the polynomial changes; rows of distances |z - eta|, z + eta."""
    total, difference = s + large, large - s
    by_s, by_large = 1.0 / s, 1.0 / large
    front = 4.0 / 15.0 * by_s * by_s
    l3, l4, l5 = 10.0 * front, -5.0 * by_large * front, by_large * by_large * front
    front = 4.0 / 15.0 * by_large * by_large
    h3, h4, h5 = 10.0 * front, -5.0 * by_s * front, by_s * by_s * front
    front = s * by_large * by_large
    a, b, c = 1.6 * s * s * front, 4.0 * s * front, 8.0 / 3.0 * front
    first, second = _above_edge(s, large, eta, l3, l4, l5, h3, h4, h5, a, b, c)
    sign_s = 1.0 if s > eta else -1.0
    sign_large = 1.0 if large > eta else -1.0
    sign_total = 1.0 if total > eta else -1.0
    # e = 0
    c3, c4, c5 = centre[0, 3], centre[0, 4], centre[0, 5]
    n3, n4, n5 = at_total[0, 3], at_total[0, 4], at_total[0, 5]
    f3, f4, f5 = at_total[1, 3], at_total[1, 4], at_total[1, 5]
    first += l3 * (c3 - f3) - l4 * (c4 - f4) + l5 * (c5 - f5)
    second += -l3 * (c3 + sign_total * n3) - l4 * (c4 - n4) - l5 * (c5 + sign_total * n5)
    # e = w, powers of w - e
    first += -h3 * (sign_total * n3 + c3) + h4 * (n4 - c4) - h5 * (sign_total * n5 + c5)
    second += -h3 * (f3 - c3) + h4 * (f4 - c4) - h5 * (f5 - c5)
    # e = s
    last = l5
    j2 = 8.0 * difference * by_s * by_large
    j3 = 10.0 * difference * difference * last
    j4 = -5.0 * difference * last
    odd = 8.0 * at_s[0, 1] + j3 * at_s[0, 3] + last * at_s[0, 5]
    first += sign_s * odd + j2 * at_s[0, 2] + j4 * at_s[0, 4]
    odd = 8.0 * at_large[1, 1] + j3 * at_large[1, 3] + last * at_large[1, 5]
    first += odd - j2 * at_large[1, 2] - j4 * at_large[1, 4]
    odd = 8.0 * at_s[1, 1] + j3 * at_s[1, 3] + last * at_s[1, 5]
    second += odd + j2 * at_s[1, 2] + j4 * at_s[1, 4]
    odd = 8.0 * at_large[0, 1] + j3 * at_large[0, 3] + last * at_large[0, 5]
    second += sign_large * odd - j2 * at_large[0, 2] - j4 * at_large[0, 4]
    # e = L
    first += last * (sign_large * at_large[0, 5] + at_s[1, 5])
    second += last * (at_large[1, 5] + sign_s * at_s[0, 5])
    norm = 1.0 / (1.0 - math.exp(-total))
    return norm * first, norm * second


@njit
def _by_pieces(s, large, eta, thin, at_s, at_large):
    """Both structures for small s: the outer pieces, s wide, by quadrature, and the middle one in closed form if wide."""
    total, width = s + large, large - s
    empty, beyond = math.exp(-total), math.exp(-abs(total - eta))
    first = second = 0.0
    front = s / (large * large)
    if width > _MIDDLE_CLOSED:
        first, second = _middle_sums(s, large, eta, 0, at_s, at_s[1:], at_large)
        front /= 1.0 - empty
    else:
        for k in range(_FEW.size):
            v = width * _FEW[k]
            u = width - v
            filled = math.exp(large - v) * thin
            weight = width * _FEW_WEIGHTS[k] * filled / ((1.0 + filled) * (1.0 + filled * empty))
            first += weight * (1.6 * s * s + v * (4.0 * s + 8.0 / 3.0 * v))
            second += weight * (1.6 * s * s + u * (4.0 * s + 8.0 / 3.0 * u))
    first, second = front * first, front * second
    for k in range(_FEW.size):
        share = _FEW[k]
        t = s * share
        power = 4.0 / 15.0 * s * _FEW_WEIGHTS[k] * share * share
        part = t / large
        low = power * t * (10.0 - 5.0 * part + part * part)
        high = 4.0 / 15.0 * s * _FEW_WEIGHTS[k] * t * part * part * (10.0 - 5.0 * share + share * share)
        grown = math.exp(t)
        filled = grown * thin
        near_zero = filled / ((1.0 + filled) * (1.0 + filled * empty))
        near_total = 1.0 / (1.0 + grown * beyond) if total > eta else beyond / (beyond + grown)
        near_total *= grown / (grown + thin)
        first += low * near_zero + high * near_total
        second += high * near_zero + low * near_total
    return first, second


@njit
def _kernel(s, large, eta, thin, centre, at_s, at_large, at_total):
    """Both structures of the annihilation kernel."""
    if s > _CLOSED:
        return _closed_form(s, large, eta, centre, at_s, at_large, at_total)
    return _by_pieces(s, large, eta, thin, at_s, at_large)


@njit
def sea_grid(x, eta, neutrino, out):
    """Int_0^inf y^2 `partner_weight` Phi(x, y) dy of the annihilation kernel in the units of `pairs`, both structures.

    Parameters
    ----------
    x : ndarray, shape (energy,)
        Neutrino energy over T, > 0.
    eta, neutrino : float
        mu_e/T, any sign, and mu_nu/T of the neutrino, < 0: minus that of the sea.
    out : ndarray, shape (structure, energy)
        Filled.
    """
    electrons = abs(eta)
    thin = math.exp(-electrons)
    # more positrons than electrons: charge conjugation exchanges the structures
    plus, minus = (0, 1) if eta >= 0.0 else (1, 0)
    centre, features = np.empty((1, _ORDERS)), np.empty(3)
    at_x, at_y, at_total = np.empty((2, _ORDERS)), np.empty((2, _ORDERS)), np.empty((2, _ORDERS))
    _row(electrons, centre, 0)
    for i in range(x.size):
        e = x[i]
        _row(abs(e - electrons), at_x, 0)
        _row(e + electrons, at_x, 1)
        opening = max(electrons - e, 0.0)
        _set_features(e, electrons, -neutrino, features)
        first = second = 0.0
        left, end = max(0.0, min(-neutrino, opening) - _BEFORE), max(-neutrino, opening) + _REACH
        while left < end:
            right = min(end, _next_edge(left, features))
            width = right - left
            for k in range(_NODES.size):
                y = left + width * _NODES[k]
                weight = width * _WEIGHTS[k] * y * y * partner_weight(y, e, neutrino)
                _row(_distance(y, electrons), at_y, 0)
                _row(y + electrons if y < _NO_FAR else _NOTHING, at_y, 1)
                if min(e, y) > _CLOSED:
                    _row_high(_distance(e + y, electrons), at_total, 0)
                    _row_high(e + y + electrons if y < _NO_FAR else _NOTHING, at_total, 1)
                if e <= y:
                    plain, mirrored = _kernel(e, y, electrons, thin, centre, at_x, at_y, at_total)
                else:
                    mirrored, plain = _kernel(y, e, electrons, thin, centre, at_y, at_x, at_total)
                first += weight * plain
                second += weight * mirrored
            left = right
        out[plus, i], out[minus, i] = max(first, 0.0), max(second, 0.0)
