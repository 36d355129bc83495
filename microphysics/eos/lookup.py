"""Lookup of baryons in a table: kernels.

Four points along each axis carry a cubic; where they do not all belong to one phase, two carry a line. The
chemical potentials are looked up as mu - T ln(n X/T^1.5), which is smooth where mu is not, and mass fractions
as logarithms, which is what keeps ratios of exponentially rare species right; `conserve` then makes baryons and
charge add up. Units: MeV, fm, k_B = 1.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from microphysics._jit import njit

__all__ = ["ROWS", "STENCIL", "conserve", "conserve_nodes", "fill_lookup", "find_cell"]

Array = NDArray[np.float64]

STENCIL = 4
SMALLEST = 1e-300  # mass fractions are at least this in the logarithm, and 0 where they come out there
_LN_NOTHING = math.log(1e-299)

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
) = range(17)
ROWS = 17


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
def _line(axis: Array, cell: int, base: int, value: float, weights: Array) -> None:
    """Weights of the four points from `base` for a line between the ends of the cell."""
    share = (value - axis[cell]) / (axis[cell + 1] - axis[cell])
    weights[:] = 0.0
    weights[cell - base] = 1.0 - share
    weights[cell - base + 1] = share


@njit
def _cubic(axis: Array, base: int, value: float, weights: Array) -> None:
    """Weights of the four points from `base` for the cubic through them."""
    for i in range(STENCIL):
        product = 1.0
        for j in range(STENCIL):
            if j != i:
                product *= (value - axis[base + j]) / (axis[base + i] - axis[base + j])
        weights[i] = product


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
    number does. Newton's method, as the product of X_heavy and Z/A is not linear.
    """
    for _ in range(20):
        charge = x_p + 0.5 * x_alpha + share * x_heavy
        total = x_n + x_p + x_alpha + x_heavy
        off_total = 1.0 - total
        off_charge = electron_fraction - charge
        if abs(off_total) < 4e-16 and abs(off_charge) < 1e-16:
            break
        squares = x_p + 0.25 * x_alpha + (share * share + 0.04) * x_heavy
        determinant = total * squares - charge * charge
        if determinant <= 1e-14 * total * squares:
            break
        a = (off_total * squares - off_charge * charge) / determinant
        b = (off_charge * total - off_total * charge) / determinant
        # a large change is taken in parts, so that no species is lost
        largest = max(abs(a), abs(a + b), abs(a + 0.5 * b), abs(a + share * b))
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
def conserve_nodes(fractions: Array, electron_fraction: Array) -> None:
    """Apply `conserve` to rows n, p, alpha, heavy, Z/A of shape (5, point), in place."""
    for i in range(electron_fraction.size):
        x_n, x_p, x_alpha, x_heavy, share = conserve(
            fractions[0, i], fractions[1, i], fractions[2, i], fractions[3, i], fractions[4, i],
            electron_fraction[i],
        )  # fmt: skip
        fractions[0, i] = x_n
        fractions[1, i] = x_p
        fractions[2, i] = x_alpha
        fractions[3, i] = x_heavy
        fractions[4, i] = share


@njit
def _one_phase(phase: NDArray[np.int8], i: int, j: int, k: int) -> bool:
    """Whether all 64 nodes from (i, j, k) belong to one phase."""
    first = phase[i, j, k]
    for a in range(i, i + STENCIL):
        for b in range(j, j + STENCIL):
            for c in range(k, k + STENCIL):
                if phase[a, b, c] != first:
                    return False
    return True


@njit
def fill_lookup(
    ln_density: Array,
    ln_temperature: Array,
    ye_axis: Array,
    ln_ye: Array,
    nodes: Array,
    phase: NDArray[np.int8],
    x: Array,
    y: Array,
    z: Array,
    out: Array,
    kind: NDArray[np.int8],
) -> int:
    """Baryons at points of a table.

    Parameters
    ----------
    ln_density, ln_temperature, ye_axis, ln_ye : ndarray
        Axes: ln of baryons per fm^3, ln of MeV, Y_e and its logarithm; at least four points each.
    nodes : ndarray, shape (density, temperature, electron fraction, ROWS)
        What the module's constants number.
    phase : ndarray of int8, shape (density, temperature, electron fraction)
        Where it changes no cubic is laid through; negative where the table has no value.
    x, y, z : ndarray, shape (point,)
        ln n, ln T, Y_e, inside the axes.
    out : ndarray, shape (ROWS, point)
        Filled: as the rows of `nodes`, but with mass fractions and whole chemical potentials.
    kind : ndarray of int8, shape (point,)
        Filled with the phase of the nearest node.

    Returns
    -------
    int
        The first point in a cell where the table has no value, or -1.
    """
    wx, wy, wz, wl = np.empty(STENCIL), np.empty(STENCIL), np.empty(STENCIL), np.empty(STENCIL)
    line, plane = np.empty(ROWS), np.empty(ROWS)
    n_x, n_y, n_z = phase.shape
    for point in range(x.size):
        i, j, k = find_cell(ln_density, x[point]), find_cell(ln_temperature, y[point]), find_cell(ye_axis, z[point])
        bi, bj, bk = min(max(i - 1, 0), n_x - 4), min(max(j - 1, 0), n_y - 4), min(max(k - 1, 0), n_z - 4)
        ln_z = math.log(z[point])
        _line(ln_density, i, bi, x[point], wx)
        _line(ln_temperature, j, bj, y[point], wy)
        _line(ye_axis, k, bk, z[point], wz)
        nearest = 0.0
        for a in range(STENCIL):
            for b in range(STENCIL):
                for c in range(STENCIL):
                    weight = wx[a] * wy[b] * wz[c]
                    if weight > 0.0 and phase[bi + a, bj + b, bk + c] < 0:
                        return point
                    if weight > nearest:
                        nearest = weight
                        kind[point] = phase[bi + a, bj + b, bk + c]
        if _one_phase(phase, bi, bj, bk):
            _cubic(ln_density, bi, x[point], wx)
            _cubic(ln_temperature, bj, y[point], wy)
            _cubic(ye_axis, bk, z[point], wz)
            _cubic(ln_ye, bk, ln_z, wl)
        else:
            _line(ln_ye, k, bk, ln_z, wl)
        sums = np.zeros(ROWS)
        for a in range(STENCIL):
            for r in range(ROWS):
                plane[r] = 0.0
            for b in range(STENCIL):
                for c in range(STENCIL):
                    weight, other = wy[b] * wz[c], wy[b] * wl[c]
                    for r in range(MASS_NUMBER):
                        plane[r] += other * nodes[bi + a, bj + b, bk + c, r]
                    for r in range(MASS_NUMBER, ROWS):
                        plane[r] += weight * nodes[bi + a, bj + b, bk + c, r]
            for r in range(ROWS):
                sums[r] += wx[a] * plane[r]
        t = math.exp(y[point])
        free = x[point] - 1.5 * y[point]
        sums[MU_NEUTRON] += t * (sums[LN_NEUTRON] + free)
        sums[MU_PROTON] += t * (sums[LN_PROTON] + free)
        for r in range(MASS_NUMBER):
            sums[r] = math.exp(sums[r]) if sums[r] > _LN_NOTHING else 0.0
        x_n, x_p, x_a, x_h, share = conserve(sums[0], sums[1], sums[2], sums[3], sums[CHARGE_SHARE], z[point])
        for r in range(ROWS):
            out[r, point] = sums[r]
        out[0, point] = x_n
        out[1, point] = x_p
        out[2, point] = x_a
        out[3, point] = x_h
        out[CHARGE_SHARE, point] = share
    return -1
