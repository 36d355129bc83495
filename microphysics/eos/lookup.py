"""Lookup of baryons in a table: kernels.

Matter with nuclei and matter without are two smooth functions that meet in an edge, or with a jump. Where the
corners of a cell are of one kind, a cubic through four points along each axis is laid, shifted so that all 64 are
of that kind; `transition` serves the other cells, and where it finds no way, a line through the corners does.
Chemical potentials are looked up as mu - T ln(n X/T^1.5), which is smooth where mu is not, and mass fractions as
logarithms, which keeps ratios of exponentially rare species right; `conserve` then makes baryons and charge add
up. Units: MeV, fm, k_B = 1.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from microphysics._jit import njit

__all__ = [
    "ROWS",
    "STENCIL",
    "Grid",
    "conserve",
    "conserve_nodes",
    "find_cell",
    "lagrange",
    "look_up_corners",
    "pure",
]

Array = NDArray[np.float64]

STENCIL = 4
SMALLEST = 1e-300  # mass fractions are at least this in the logarithm, and 0 where they come out there
LN_NOTHING = math.log(1e-299)
LN_ABSENT = math.log(1e-30)  # a species rarer than this somewhere around is not interpolated in its logarithm
CERTAIN_NUCLEI = 1e-3  # mass fraction from which a node counts as matter with nuclei

# kinds of nodes
HOLE, WITHOUT, WITH, MIXTURE = -1, 0, 1, 2

# what is kept at each node, in this order
(
    LN_NEUTRON,
    LN_PROTON,
    LN_ALPHA,
    LN_HEAVY,
    MASS_NUMBER,
    CHARGE_SHARE,
    RADIUS,
    MU_NEUTRON,
    MU_PROTON,
    FIELD_NEUTRON,
    FIELD_PROTON,
    PRESSURE,
    ENERGY,
    ENTROPY,
    HEAT_CAPACITY,
    PRESSURE_TEMPERATURE,
    PRESSURE_DENSITY,
    HEAVY,
) = range(18)
ROWS = 18


class Grid(NamedTuple):
    """A table as the kernels want it.

    Attributes
    ----------
    density, ln_density, ln_temperature, electron_fraction, ln_electron_fraction : ndarray
        Axes of at least four points: baryons per fm^3 and the logarithm, ln of MeV, Y_e and its logarithm. Mass fractions are
        looked up along the last: scarce protons follow ln Y_e.
    nodes : ndarray, shape (density, temperature, electron fraction, ROWS)
        What the constants of this module number: ln X, A, Z/A, r (fm), mu - T ln(n X/T^1.5), U, P/n (MeV), e (MeV),
        s, de/dT, dP/dT/n, dP/dn (MeV), X_heavy.
    kind : ndarray of int8, shape (density, temperature, electron fraction)
        HOLE, WITHOUT nuclei, WITH them, or a MIXTURE of both, through which nothing is laid.
    """

    density: Array
    ln_density: Array
    ln_temperature: Array
    electron_fraction: Array
    ln_electron_fraction: Array
    nodes: Array
    kind: NDArray[np.int8]


@njit
def find_cell(axis: Array, value: float) -> int:
    """Index i of the interval with axis[i] <= value < axis[i + 1]; the end intervals for values outside."""
    low, high = 0, axis.size - 1
    while high - low > 1:
        middle = (low + high) // 2
        if value < axis[middle]:
            high = middle
        else:
            low = middle
    return low


@njit
def lagrange(axis: Array, base: int, points: int, value: float, weights: Array) -> None:
    """Weights of the polynomial through some points of an axis; of the further ones, 0."""
    weights[:] = 0.0
    for i in range(points):
        product = 1.0
        for j in range(points):
            if j != i:
                product *= (value - axis[base + j]) / (axis[base + i] - axis[base + j])
        weights[i] = product


@njit
def pure(kind: NDArray[np.int8], i: int, j: int, k: int, points: int) -> bool:
    """Whether all nodes of a block from (i, j, k) are of the kind of its first."""
    first = kind[i, j, k]
    for a in range(i, i + points):
        for b in range(j, j + points):
            for c in range(k, k + points):
                if kind[a, b, c] != first:
                    return False
    return True


@njit
def find_block(kind: NDArray[np.int8], i: int, j: int, k: int, base: NDArray[np.int64]) -> bool:
    """Find the most central block of 64 nodes of one kind around a cell, whose first node is written to `base`."""
    n_x, n_y, n_z = kind.shape
    least = 1000
    for a in range(max(i - 2, 0), min(i, n_x - STENCIL) + 1):
        for b in range(max(j - 2, 0), min(j, n_y - STENCIL) + 1):
            for c in range(max(k - 2, 0), min(k, n_z - STENCIL) + 1):
                shift = abs(a - i + 1) + abs(b - j + 1) + abs(c - k + 1)
                if shift < least and pure(kind, a, b, c, STENCIL):
                    least = shift
                    base[0], base[1], base[2] = a, b, c
                    if least == 0:
                        return True
    return least < 1000


@njit
def look_up_block(
    grid: Grid, x: float, y: float, z: float, base: NDArray[np.int64], points: int, work: Array, rows: Array
) -> None:
    """Polynomials of `points` nodes along each axis from `base` at ln n, ln T, Y_e.

    Parameters
    ----------
    work : ndarray, shape (6, ROWS)
        Overwritten.
    rows : ndarray, shape (ROWS,)
        Filled.
    """
    w_x, w_y, w_z, w_l, plane = work[0], work[1], work[2], work[3], work[4]
    lagrange(grid.ln_density, base[0], points, x, w_x)
    lagrange(grid.ln_temperature, base[1], points, y, w_y)
    lagrange(grid.electron_fraction, base[2], points, z, w_z)
    lagrange(grid.ln_electron_fraction, base[2], points, math.log(z), w_l)
    lowest = work[5]
    rows[:] = 0.0
    lowest[:] = 0.0
    for a in range(points):
        plane[:] = 0.0
        for b in range(points):
            for c in range(points):
                weight, logarithmic = w_y[b] * w_z[c], w_y[b] * w_l[c]
                node = grid.nodes[base[0] + a, base[1] + b, base[2] + c]
                for r in range(MASS_NUMBER):
                    plane[r] += logarithmic * node[r]
                    lowest[r] = min(lowest[r], node[r])
                for r in range(MASS_NUMBER, ROWS):
                    plane[r] += weight * node[r]
        for r in range(ROWS):
            rows[r] += w_x[a] * plane[r]
    # whole chemical potentials while the logarithms are still those that belong to them
    ideal = x - 1.5 * y
    rows[MU_NEUTRON] += math.exp(y) * (rows[LN_NEUTRON] + ideal)
    rows[MU_PROTON] += math.exp(y) * (rows[LN_PROTON] + ideal)


@njit
def fractions(
    grid: Grid, x: float, y: float, z: float, cell: NDArray[np.int64], lowest: Array, rows: Array
) -> None:
    """Turn logarithms of mass fractions in `rows` into mass fractions.

    A polynomial in the logarithm of something that is absent at some of its nodes says nothing: there, the mass
    fractions themselves are taken along lines between the corners of the cell.
    """
    for r in range(MASS_NUMBER):
        if lowest[r] > LN_ABSENT:
            rows[r] = math.exp(rows[r])
        else:
            i, j, k = cell[0], cell[1], cell[2]
            share_x = (x - grid.ln_density[i]) / (grid.ln_density[i + 1] - grid.ln_density[i])
            share_y = (y - grid.ln_temperature[j]) / (grid.ln_temperature[j + 1] - grid.ln_temperature[j])
            step_z = grid.electron_fraction[k + 1] - grid.electron_fraction[k]
            share_z = (z - grid.electron_fraction[k]) / step_z
            total = 0.0
            for a in range(2):
                for b in range(2):
                    for c in range(2):
                        weight = (share_x if a else 1.0 - share_x) * (share_y if b else 1.0 - share_y)
                        weight *= share_z if c else 1.0 - share_z
                        logarithm = grid.nodes[i + a, j + b, k + c, r]
                        if logarithm > LN_NOTHING:
                            total += weight * math.exp(logarithm)
            rows[r] = max(total, 0.0)


@njit
def look_up_corners(
    grid: Grid, x: float, y: float, z: float, cell: NDArray[np.int64], work: Array, rows: Array
) -> None:
    """Lines between the corners of a cell, with mass fractions in place of their logarithms."""
    look_up_block(grid, x, y, z, cell, 2, work, rows)
    work[5, :MASS_NUMBER] = 2.0 * LN_ABSENT  # always by their own lines: they then add up
    fractions(grid, x, y, z, cell, work[5], rows)


@njit
def has_hole(grid: Grid, x: float, y: float, z: float, cell: NDArray[np.int64]) -> bool:
    """Whether a corner that the point is not exactly opposite of is missing."""
    i, j, k = cell[0], cell[1], cell[2]
    for a in range(2):
        for b in range(2):
            for c in range(2):
                if grid.kind[i + a, j + b, k + c] == HOLE:
                    apart = x == grid.ln_density[i + 1 - a] or y == grid.ln_temperature[j + 1 - b]
                    if not (apart or z == grid.electron_fraction[k + 1 - c]):
                        return True
    return False


@njit
def conserve(
    x_n: float, x_p: float, x_alpha: float, x_heavy: float, share: float, electron_fraction: float
) -> tuple[float, float, float, float, float]:
    """Smallest change of a composition that makes it hold one baryon and Y_e charges per baryon.

    Parameters
    ----------
    x_n, x_p, x_alpha, x_heavy : float
        Mass fractions, >= 0, not all 0.
    share : float
        Z/A of the nuclei.
    electron_fraction : float
        The charge wanted.

    Returns
    -------
    tuple of float
        The five, changed: every species in proportion to itself, so that nothing becomes negative and what is
        absent stays so, and Z/A.

    Notes
    -----
    Least squares of the relative changes weighted with the mass fractions; Z/A weighs as much as its nuclei's
    number does. Newton's method, as the product of X_heavy and Z/A is not linear. What is right to 1e-10 is left as
    it is: at its nodes a table gives back what it holds.
    """
    off = abs(x_n + x_p + x_alpha + x_heavy - 1.0)
    if max(off, abs(x_p + 0.5 * x_alpha + share * x_heavy - electron_fraction)) < 1e-10:
        return x_n, x_p, x_alpha, x_heavy, share
    for _ in range(30):
        charge = x_p + 0.5 * x_alpha + share * x_heavy
        total = x_n + x_p + x_alpha + x_heavy
        off_total = 1.0 - total
        off_charge = electron_fraction - charge
        if abs(off_total) < 4e-16 and abs(off_charge) < 1e-16:
            break
        squares = x_p + 0.25 * x_alpha + (share * share + 0.04) * x_heavy
        determinant = total * squares - charge * charge
        if determinant <= 1e-9 * total * squares:  # one species alone: its charge is what it is
            a, b = off_total / total, 0.0
        else:
            a = (off_total * squares - off_charge * charge) / determinant
            b = (off_charge * total - off_total * charge) / determinant
        # a large change is taken in parts, so that no species is lost
        largest = max(max(abs(a), abs(a + b)), max(abs(a + 0.5 * b), abs(a + share * b)))
        if largest > 0.5:
            a *= 0.5 / largest
            b *= 0.5 / largest
        x_n *= 1.0 + a
        x_p *= 1.0 + a + b
        x_alpha *= 1.0 + a + 0.5 * b
        x_heavy *= 1.0 + a + share * b
        share = min(max(share + 0.04 * b, 0.0), 1.0)
    return x_n, x_p, x_alpha, x_heavy, share


@njit
def conserve_nodes(composition: Array, electron_fraction: Array) -> None:
    """Apply `conserve` to rows n, p, alpha, heavy, Z/A of shape (5, point), in place."""
    for i in range(electron_fraction.size):
        column = composition[:, i]
        x_n, x_p, x_alpha, x_heavy, share = conserve(
            column[0], column[1], column[2], column[3], column[4], electron_fraction[i]
        )
        column[0], column[1], column[2], column[3], column[4] = x_n, x_p, x_alpha, x_heavy, share
