"""Fermi-Dirac integrals of several integer orders at one negative argument, all orders in one pass.

The series of `fermi_integral` with its terms cut where they no longer count: z^n < 1e-18 at z = e^-distance.
"""

import math

import numpy as np

from microphysics._jit import njit
from microphysics._kernels.fermi import _INTEGER_SERIES, _accelerated_weights

__all__ = ["ORDERS", "fermi_row", "fermi_triple", "scaled_row", "scaled_triple"]

ORDERS = 8
"""Fermi integrals of order 0 to 7 make a row."""

_SERIES = np.ascontiguousarray(_INTEGER_SERIES.T)  # (term, order)
_TERMS = _SERIES.shape[0]
_DIGITS = 41.5  # -ln 1e-18
_SHORT = 7  # pairs of terms of the acceleration that reach 5.83^-14
_TRIPLE = np.array(
    [
        [
            math.gamma(k + 1.0) * _accelerated_weights(2 * _SHORT)[j] / (j + 1.0) ** (k + 1)
            for j in (2 * pair, 2 * pair + 1)
            for k in range(3)
        ]
        for pair in range(_SHORT)
    ]
)  # (pair of terms, orders of the first and of the second)
_NOTHING = 1e-300  # taken as 0, ahead of the (slow) denormal numbers


@njit
def scaled_triple(z, row):
    """Fill `row` with F_k(ln z)/z, k = 0, 1, 2, to 1e-10; 0 <= z <= 1."""
    square = z * z
    pairs = _SHORT if z > 0.13 else 5 if z > 0.01 else 2
    e0 = e1 = e2 = o0 = o1 = o2 = 0.0
    for j in range(pairs - 1, -1, -1):  # even and odd terms apart: half the wait for the last product
        e0 = e0 * square + _TRIPLE[j, 0]
        e1 = e1 * square + _TRIPLE[j, 1]
        e2 = e2 * square + _TRIPLE[j, 2]
        o0 = o0 * square + _TRIPLE[j, 3]
        o1 = o1 * square + _TRIPLE[j, 4]
        o2 = o2 * square + _TRIPLE[j, 5]
    row[0], row[1], row[2] = e0 + z * o0, e1 + z * o1, e2 + z * o2


@njit
def fermi_triple(z, row):
    """Fill `row` with F_k(ln z), k = 0, 1, 2, to 1e-10; 0 <= z <= 1."""
    if z <= _NOTHING:
        row[0] = row[1] = row[2] = 0.0
        return
    scaled_triple(z, row)
    row[0], row[1], row[2] = z * row[0], z * row[1], z * row[2]


@njit
def scaled_row(distance, row):
    """Fill `row` with e^distance F_k(-distance), k = 0 to 7; distance >= 0, however large."""
    z = math.exp(-distance)
    s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = 0.0
    terms = _TERMS if distance < 2.0 else min(_TERMS, int(_DIGITS / distance) + 1)
    for j in range(terms - 1, 0, -1):
        s0 = (s0 + _SERIES[j, 0]) * z
        s1 = (s1 + _SERIES[j, 1]) * z
        s2 = (s2 + _SERIES[j, 2]) * z
        s3 = (s3 + _SERIES[j, 3]) * z
        s4 = (s4 + _SERIES[j, 4]) * z
        s5 = (s5 + _SERIES[j, 5]) * z
        s6 = (s6 + _SERIES[j, 6]) * z
        s7 = (s7 + _SERIES[j, 7]) * z
    row[0], row[1], row[2], row[3] = (
        s0 + _SERIES[0, 0],
        s1 + _SERIES[0, 1],
        s2 + _SERIES[0, 2],
        s3 + _SERIES[0, 3],
    )
    row[4], row[5], row[6], row[7] = (
        s4 + _SERIES[0, 4],
        s5 + _SERIES[0, 5],
        s6 + _SERIES[0, 6],
        s7 + _SERIES[0, 7],
    )


@njit
def fermi_row(distance, row):
    """Fill `row` with F_k(-distance), k = 0 to 7; distance >= 0."""
    z = math.exp(-distance)
    if z <= _NOTHING:
        row[:] = 0.0
        return
    scaled_row(distance, row)
    for k in range(ORDERS):
        row[k] *= z
