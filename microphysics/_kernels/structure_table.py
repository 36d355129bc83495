"""Lookup of S(q) of Yukawa liquids in tables of ln(S/S_DH), S_DH = (q^2 + kappa^2)/(q^2 + kappa^2 + 3 Gamma)."""

from __future__ import annotations

import math

import numpy as np

from microphysics._jit import njit

__all__ = ["from_rows", "from_table"]


@njit
def from_table(table, x, y, q_step, q, gamma, kappa_squared, weak, stretch, dilution, out):
    """S(q) from a table over coupling, screening and q.

    Parameters
    ----------
    table : (screening, coupling, k) array
        ln(S/S_DH) on equidistant nodes, q from 0.
    x, y : (zone,) arrays
        Coordinates of the coupling and of the screening, in steps from the first node.
    q_step : float
    q : (zone, node) array
        1/a.
    gamma, kappa_squared, weak, stretch, dilution : (zone,) arrays
        As in `from_rows`.
    out : (zone, node) array
        S.
    """
    screenings, couplings, points = table.shape
    row = np.empty(points)
    for zone in range(q.shape[0]):
        largest = 0.0
        for node in range(q.shape[1]):
            largest = max(largest, abs(q[zone, node]))
        # a cubic reaches two nodes beyond the interval it is used in; the last node serves the tail
        needed = points
        if largest * stretch[zone] < (points - 4) * q_step:
            needed = int(largest * stretch[zone] / q_step) + 4
        first_x = min(max(int(x[zone]) - 1, 0), couplings - 4)
        first_y = min(max(int(y[zone]) - 1, 0), screenings - 4)
        weight_x = _lagrange(x[zone] - first_x - 1.0)
        weight_y = _lagrange(y[zone] - first_y - 1.0)
        row[:needed] = 0.0
        for i in range(4):
            for j in range(4):
                weight = weight_y[i] * weight_x[j]
                values = table[first_y + i, first_x + j]
                for k in range(needed):
                    row[k] += weight * values[k]
        for k in range(needed):
            row[k] = math.exp(weak[zone] * row[k])
        _nodes(
            row, q_step, q[zone], gamma[zone], kappa_squared[zone], stretch[zone], dilution[zone], out[zone]
        )


@njit
def from_rows(rows, q_step, q, gamma, kappa_squared, weak, stretch, dilution, out):
    """S(q) from ln(S/S_DH) already known at each zone's coupling and screening.

    Parameters
    ----------
    rows : (zone, k) array
        ln(S/S_DH) on equidistant q from 0.
    q_step : float
    q : (zone, node) array
        1/a.
    gamma, kappa_squared : (zone,) arrays
        Coupling and squared screening of S_DH.
    weak : (zone,) array
        Factor on ln(S/S_DH).
    stretch : (zone,) array
        Factor on q.
    dilution : (zone,) array
        Factor on n c(q), by 1/S = 1 - n c.
    out : (zone, node) array
        S.
    """
    for zone in range(q.shape[0]):
        row = np.exp(weak[zone] * rows[zone])
        _nodes(
            row, q_step, q[zone], gamma[zone], kappa_squared[zone], stretch[zone], dilution[zone], out[zone]
        )


@njit
def _lagrange(f):
    """Weights of the cubic through -1, 0, 1, 2 at f."""
    return (
        -f * (f - 1.0) * (f - 2.0) / 6.0,
        (f + 1.0) * (f - 1.0) * (f - 2.0) / 2.0,
        -(f + 1.0) * f * (f - 2.0) / 2.0,
        (f + 1.0) * f * (f - 1.0) / 6.0,
    )


@njit
def _debye_huckel(q_squared, gamma, kappa_squared):
    """S of the linear response; 1 at q = 0 of uncharged unscreened ions, where it is 0/0."""
    own = q_squared + kappa_squared
    total = own + 3.0 * gamma
    return own / total if total > 0.0 else 1.0


@njit
def _nodes(row, q_step, q, gamma, kappa_squared, stretch, dilution, out):
    """S at the nodes of one zone from S/S_DH on the grid of q."""
    last = len(row) - 1
    end = last * q_step
    per_step = 1.0 / q_step
    excess = row[last] * _debye_huckel(end**2, gamma, kappa_squared) - 1.0
    for node in range(len(q)):
        s = abs(q[node]) * stretch
        if s < end:
            u = s * per_step
            i = min(int(u), last - 2)
            a, b, c, d = _lagrange(u - i)
            before = row[i - 1] if i > 0 else row[1]  # even in q
            ratio = a * before + b * row[i] + c * row[i + 1] + d * row[i + 2]
            value = ratio * _debye_huckel(s * s, gamma, kappa_squared)
        else:
            value = 1.0 + excess * (end / s) ** 2
        out[node] = value
    if dilution != 1.0:
        for node in range(len(q)):
            out[node] = 1.0 / (1.0 + dilution * (1.0 / out[node] - 1.0))
