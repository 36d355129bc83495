"""Lookup across the edge between matter with nuclei and matter without: kernels.

Both kinds of matter are continued into the cell from their own nodes, along the axis across which the corners
differ most, and the point gets the right one: in equilibrium nuclei are there if their continued mass fraction is
positive and their free energy lower. Along the density the two may coexist; then pressures and Gibbs energies,
electrons included, are made equal as the equation of state itself does. Units: MeV, fm, k_B = 1.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from microphysics._jit import njit
from microphysics.eos.leptons import lepton_gas
from microphysics.eos.lookup import (
    CHARGE_SHARE,
    ENERGY,
    ENTROPY,
    FIELD_NEUTRON,
    FIELD_PROTON,
    HEAT_CAPACITY,
    HEAVY,
    LN_ABSENT,
    LN_ALPHA,
    LN_HEAVY,
    LN_NEUTRON,
    LN_PROTON,
    MASS_NUMBER,
    MU_NEUTRON,
    MU_PROTON,
    PRESSURE,
    PRESSURE_DENSITY,
    PRESSURE_TEMPERATURE,
    RADIUS,
    ROWS,
    STENCIL,
    WITH,
    WITHOUT,
    Grid,
    conserve,
    find_block,
    find_cell,
    fractions,
    has_hole,
    lagrange,
    look_up_block,
    look_up_corners,
    pure,
)
from microphysics.eos.state import BUBBLES, COEXISTENCE, NUCLEI, UNIFORM

__all__ = ["fill_lookup"]

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

_REACH = 3  # nodes beyond the cell within which a continued kind of matter must have its first
_MOST_STEPS = 30
# how far beyond the values at the corners of a cell, in units of their range, continued matter may go
_REACH_MIXED = 3.0
_REACH_ALONE = 0.5


@njit
def _find_run(grid: Grid, along: int, i: int, j: int, k: int, kind: int, points: int) -> int:
    """First of the nearest `points` nodes of one kind along an axis (0 density, 1 temperature), or -1."""
    size, cell = grid.kind.shape[along], i if along == 0 else j
    best, least = -1, 1000
    for start in range(max(cell + 1 - points - _REACH, 0), min(cell + _REACH, size - points) + 1):
        distance = abs(2 * start + points - 2 * cell - 2)
        if distance < least:
            same = True
            for m in range(start, start + points):
                same &= (grid.kind[m, j, k] if along == 0 else grid.kind[i, m, k]) == kind
            if same:
                best, least = start, distance
    return best


@njit
def _find_runs(grid: Grid, along: int, cell: Integers, kind: int, points: int, starts: Integers) -> bool:
    """Find runs on the four lines of the cell along an axis."""
    i, j, k = cell[0], cell[1], cell[2]
    for a in range(2):
        for c in range(2):
            if along == 0:
                start = _find_run(grid, 0, i, j + a, k + c, kind, points)
            else:
                start = _find_run(grid, 1, i + a, j, k + c, kind, points)
            if start < 0:
                return False
            starts[2 * a + c] = start
    return True


@njit
def _continue(
    grid: Grid,
    along: int,
    cell: Integers,
    starts: Integers,
    points: int,
    x: float,
    y: float,
    z: float,
    rows: Array,
) -> None:
    """Fill `rows` with one kind of matter at ln n, ln T, Y_e from the runs of its nodes; lines across them.

    Logarithms of mass fractions stay such, but for HEAVY; mu_n and mu_p are whole.
    """
    weights = np.empty(STENCIL)
    i, j, k = cell[0], cell[1], cell[2]
    across = grid.ln_temperature if along == 0 else grid.ln_density
    m = j if along == 0 else i
    share = ((y if along == 0 else x) - across[m]) / (across[m + 1] - across[m])
    share_z = (z - grid.electron_fraction[k]) / (grid.electron_fraction[k + 1] - grid.electron_fraction[k])
    step_l = grid.ln_electron_fraction[k + 1] - grid.ln_electron_fraction[k]
    share_l = (math.log(z) - grid.ln_electron_fraction[k]) / step_l
    rows[:] = 0.0
    for a in range(2):
        for c in range(2):
            start = starts[2 * a + c]
            if along == 0:
                lagrange(grid.density, start, points, math.exp(x), weights)
            else:
                lagrange(grid.ln_temperature, start, points, y, weights)
            line = share if a else 1.0 - share
            weight = line * (share_z if c else 1.0 - share_z)
            logarithmic = line * (share_l if c else 1.0 - share_l)
            for q in range(points):
                if along == 0:
                    node = grid.nodes[start + q, j + a, k + c]
                else:
                    node = grid.nodes[i + a, start + q, k + c]
                for r in range(MASS_NUMBER):
                    rows[r] += logarithmic * weights[q] * node[r]
                for r in range(MASS_NUMBER, ROWS):
                    rows[r] += weight * weights[q] * node[r]
    ideal = x - 1.5 * y
    rows[MU_NEUTRON] += math.exp(y) * (rows[LN_NEUTRON] + ideal)
    rows[MU_PROTON] += math.exp(y) * (rows[LN_PROTON] + ideal)


@njit
def _finish(rows: Array, nuclei: bool) -> None:
    """Mass fractions of continued matter from their logarithms."""
    for r in (LN_NEUTRON, LN_PROTON, LN_ALPHA):
        rows[r] = math.exp(min(rows[r], 0.0)) if rows[r] > LN_ABSENT else 0.0
    if nuclei:
        rows[LN_HEAVY] = min(rows[HEAVY], 1.0)
    else:
        rows[LN_HEAVY] = math.exp(min(rows[LN_HEAVY], 0.0)) if rows[LN_HEAVY] > LN_ABSENT else 0.0


@njit
def _coexistence(
    grid: Grid,
    cell: Integers,
    starts: Integers,
    points: int,
    x: float,
    y: float,
    z: float,
    first: Array,
    second: Array,
) -> tuple[bool, float, float]:
    """Ln n of matter with and without nuclei that have one pressure and one Gibbs energy, at given T and Y_e.

    `starts` has a row for each kind. Newton's method with dG/dP = 1/n, from several starts; electrons follow a power
    law over the little way between the two densities.
    """
    n, t = math.exp(x), math.exp(y)
    _, p_e, e_e, s_e, _, _, stiffness = lepton_gas(n * z, t, 0.0)
    power = z * n * stiffness / p_e  # dlnP_e/dln n
    f_e = (e_e - t * s_e) / n
    low, high = grid.ln_density[cell[0]], grid.ln_density[cell[0] + 1]
    x_1 = x_2 = x
    for attempt in range(3):
        x_1 = low - 0.5 * (high - low) * (attempt - 1)
        x_2 = x_1 + 0.8 * (high - low)
        for _ in range(_MOST_STEPS):
            _continue(grid, 0, cell, starts[0], points, x_1, y, z, first)
            _continue(grid, 0, cell, starts[1], points, x_2, y, z, second)
            n_1, n_2 = math.exp(x_1), math.exp(x_2)
            p_1, p_2 = p_e * (n_1 / n) ** power, p_e * (n_2 / n) ** power
            k_1 = first[PRESSURE_DENSITY] + p_1 * power / n_1
            k_2 = second[PRESSURE_DENSITY] + p_2 * power / n_2
            # coexisting matter that is far from the cell is not the cell's
            if not (k_1 > 0.0 and k_2 > 0.0 and n_2 > n_1 and abs(x_1 - x) < 0.5 and abs(x_2 - x) < 0.5):
                break
            pressure_1, pressure_2 = n_1 * first[PRESSURE] + p_1, n_2 * second[PRESSURE] + p_2
            free_1 = first[ENERGY] - t * first[ENTROPY] + f_e + (p_1 / n_1 - p_e / n) / (power - 1.0)
            free_2 = second[ENERGY] - t * second[ENTROPY] + f_e + (p_2 / n_2 - p_e / n) / (power - 1.0)
            off_p = pressure_1 - pressure_2
            off_g = free_1 + pressure_1 / n_1 - free_2 - pressure_2 / n_2
            step_1 = (n_2 * off_g - off_p) / (k_1 * (n_1 - n_2))
            step_2 = (off_p + k_1 * n_1 * step_1) / (k_2 * n_2)
            size = max(abs(step_1), abs(step_2))
            damping = min(1.0, 0.02 / size) if size > 0.0 else 1.0
            x_1 += damping * step_1
            x_2 += damping * step_2
            if size < 1e-7:
                if x_2 > x_1:
                    return True, x_1, x_2
                break
    return False, x_1, x_2


@njit
def _mix(
    x: float, y: float, z: float, x_1: float, x_2: float, first: Array, second: Array, rows: Array
) -> None:
    """Matter of which a part has nuclei; electrons are those of the mean density, as everywhere."""
    n, n_1, n_2, t = math.exp(x), math.exp(x_1), math.exp(x_2), math.exp(y)
    share_2 = (n - n_1) / (n_2 - n_1) * n_2 / n
    share_1 = 1.0 - share_2
    mu, p, e, s, c, slope, stiffness = lepton_gas(n * z, t, 0.0)
    mu_1, p_1, e_1, s_1, c_1, slope_1, stiff_1 = lepton_gas(n_1 * z, t, mu)
    mu_2, _, e_2, s_2, c_2, slope_2, stiff_2 = lepton_gas(n_2 * z, t, mu)
    rows[:] = first
    for r in (LN_NEUTRON, LN_PROTON, LN_ALPHA, FIELD_NEUTRON, FIELD_PROTON):
        rows[r] = share_1 * first[r] + share_2 * second[r]
    rows[LN_HEAVY] = share_1 * first[LN_HEAVY]
    pressure = n_1 * first[PRESSURE] + p_1
    rows[PRESSURE] = (pressure - p) / n
    rows[ENERGY] = share_1 * (first[ENERGY] + e_1 / n_1) + share_2 * (second[ENERGY] + e_2 / n_2) - e / n
    entropy_1, entropy_2 = first[ENTROPY] + s_1 / n_1, second[ENTROPY] + s_2 / n_2
    rows[ENTROPY] = share_1 * entropy_1 + share_2 * entropy_2 - s / n
    gibbs = first[ENERGY] + e_1 / n_1 - t * entropy_1 + pressure / n_1
    to_ye = share_1 * (mu_1 - first[MU_NEUTRON] + first[MU_PROTON])
    to_ye += share_2 * (mu_2 - second[MU_NEUTRON] + second[MU_PROTON])
    rows[MU_NEUTRON] = gibbs - z * to_ye
    rows[MU_PROTON] = rows[MU_NEUTRON] + to_ye - mu
    # Clausius and Clapeyron along the curve of coexistence; c_v of a mixture in equilibrium
    along = (entropy_1 - entropy_2) / (1.0 / n_1 - 1.0 / n_2)
    lag_1 = along / n_1 - first[PRESSURE_TEMPERATURE] - slope_1 / n_1
    lag_2 = along / n_2 - second[PRESSURE_TEMPERATURE] - slope_2 / n_2
    heat_1 = first[HEAT_CAPACITY] + c_1 / n_1 + t * lag_1 * lag_1 / (first[PRESSURE_DENSITY] + z * stiff_1)
    heat_2 = second[HEAT_CAPACITY] + c_2 / n_2 + t * lag_2 * lag_2 / (second[PRESSURE_DENSITY] + z * stiff_2)
    rows[HEAT_CAPACITY] = share_1 * heat_1 + share_2 * heat_2 - c / n
    rows[PRESSURE_TEMPERATURE] = (along - slope) / n
    rows[PRESSURE_DENSITY] = -z * stiffness


@njit
def _near_corners(grid: Grid, cell: Integers, rows: Array, reach: float) -> bool:
    """Whether continued matter stays near what stands at the corners of the cell: not, where the table has noise."""
    i, j, k = cell[0], cell[1], cell[2]
    for r in (MU_NEUTRON, MU_PROTON, PRESSURE, ENERGY, ENTROPY):
        lowest, highest = math.inf, -math.inf
        for a in range(2):
            for b in range(2):
                for c in range(2):
                    node = grid.nodes[i + a, j + b, k + c]
                    value = node[r]
                    if r == MU_NEUTRON or r == MU_PROTON:
                        logarithm = node[LN_NEUTRON if r == MU_NEUTRON else LN_PROTON]
                        ideal = grid.ln_density[i + a] - 1.5 * grid.ln_temperature[j + b]
                        value += math.exp(grid.ln_temperature[j + b]) * (logarithm + ideal)
                    lowest, highest = min(lowest, value), max(highest, value)
        margin = reach * (highest - lowest)
        if not lowest - margin <= rows[r] <= highest + margin:
            return False
    return True


@njit
def _across(kind: NDArray[np.int8], cell: Integers) -> int:
    """Axis (0 density, 1 temperature) along which more corners of the cell differ."""
    i, j, k = cell[0], cell[1], cell[2]
    by_density = by_temperature = 0
    for a in range(2):
        for c in range(2):
            by_density += kind[i, j + a, k + c] != kind[i + 1, j + a, k + c]
            by_temperature += kind[i + a, j, k + c] != kind[i + a, j + 1, k + c]
    return 0 if by_density > by_temperature else 1


@njit
def _look_up_transition(
    grid: Grid,
    x: float,
    y: float,
    z: float,
    cell: Integers,
    starts: Integers,
    first: Array,
    second: Array,
    rows: Array,
    along: int,
) -> int:
    """Fill `rows` in a cell with corners of both kinds; return its phase, or -1 where this finds no way."""
    # parabolas in T, where nuclei dissolve within few nodes; cubics in density, where they go at once
    points = STENCIL if along == 0 else STENCIL - 1
    if not _find_runs(grid, along, cell, WITH, points, starts[0]):
        return -1
    if not _find_runs(grid, along, cell, WITHOUT, points, starts[1]):
        return -1
    if along == 0:
        found, x_1, x_2 = _coexistence(grid, cell, starts, points, x, y, z, first, second)
        if found and x_1 < x < x_2 and first[HEAVY] > 0.0:
            _finish(first, True)
            _finish(second, False)
            _mix(x, y, z, x_1, x_2, first, second, rows)
            return COEXISTENCE if _near_corners(grid, cell, rows, _REACH_MIXED) else -1
        if found and (x <= x_1) != (x >= x_2):
            nuclei = x <= x_1
            _continue(grid, 0, cell, starts[0 if nuclei else 1], points, x, y, z, rows)
            if _near_corners(grid, cell, rows, _REACH_MIXED):
                _finish(rows, nuclei)
                return NUCLEI if nuclei else UNIFORM
        return -1
    _continue(grid, along, cell, starts[0], points, x, y, z, first)
    _continue(grid, along, cell, starts[1], points, x, y, z, second)
    t = math.exp(y)
    nuclei = first[HEAVY] > 0.0 and first[ENERGY] - t * first[ENTROPY] < second[ENERGY] - t * second[ENTROPY]
    rows[:] = first if nuclei else second
    if not _near_corners(grid, cell, rows, _REACH_ALONE):
        return -1
    _finish(rows, nuclei)
    return NUCLEI if nuclei else UNIFORM


@njit
def _nearest(axis: Array, cell: int, value: float) -> tuple[int, float]:
    """Find the nearer end of a cell, and the value, which is that end where it differs by rounding only."""
    low, high = axis[cell], axis[cell + 1]
    node = cell if value - low < high - value else cell + 1
    if abs(value - axis[node]) < 1e-11 * (high - low):
        value = axis[node]
    return node, value


@njit
def _within_nodes(grid: Grid, row: int, value: float, i: int, j: int, k: int) -> float:
    """Keep the size of nuclei to that at the nodes around: beyond the last node that has some it is not known."""
    if math.isnan(value):  # a table that does not have it
        return value
    low, high = math.inf, -math.inf
    shape = grid.kind.shape
    for a in range(max(i - 1, 0), min(i + 3, shape[0])):
        for b in range(max(j - 1, 0), min(j + 3, shape[1])):
            for c in range(max(k - 1, 0), min(k + 3, shape[2])):
                if grid.nodes[a, b, c, LN_HEAVY] > LN_ABSENT:
                    low = min(low, grid.nodes[a, b, c, row])
                    high = max(high, grid.nodes[a, b, c, row])
    if low > high:
        return max(value, 1.0) if row == MASS_NUMBER else value
    return min(max(value, low), high)


@njit
def fill_lookup(
    grid: Grid,
    phase: NDArray[np.int8],
    x: Array,
    y: Array,
    z: Array,
    out: Array,
    point_phase: NDArray[np.int8],
) -> int:
    """Baryons at points of a table.

    Parameters
    ----------
    grid : Grid
    phase : ndarray of int8, shape (density, temperature, electron fraction)
        Of the nodes, as in `EosState`.
    x, y, z : ndarray, shape (point,)
        ln n, ln T, Y_e, inside the axes.
    out : ndarray, shape (ROWS, point)
        Filled: as the rows of `Grid.nodes`, but with mass fractions and whole chemical potentials.
    point_phase : ndarray of int8, shape (point,)
        Filled.

    Returns
    -------
    int
        The first point in a cell where the table has no value, or -1.
    """
    work = np.empty((6, ROWS))
    rows, first, second = np.empty(ROWS), np.empty(ROWS), np.empty(ROWS)
    cell, base = np.empty(3, dtype=np.int64), np.empty(3, dtype=np.int64)
    starts = np.empty((2, 4), dtype=np.int64)
    for point in range(x.size):
        ln_n, ln_t, ye = x[point], y[point], z[point]
        cell[0] = find_cell(grid.ln_density, ln_n)
        cell[1] = find_cell(grid.ln_temperature, ln_t)
        cell[2] = find_cell(grid.electron_fraction, ye)
        i, j, k = cell[0], cell[1], cell[2]
        a, ln_n = _nearest(grid.ln_density, i, ln_n)
        b, ln_t = _nearest(grid.ln_temperature, j, ln_t)
        c, ye = _nearest(grid.electron_fraction, k, ye)
        if has_hole(grid, ln_n, ln_t, ye, cell):
            return point
        kind, nearest = grid.kind[i, j, k], phase[a, b, c]
        found = -1
        if (kind == WITH or kind == WITHOUT) and pure(grid.kind, i, j, k, 2):
            if find_block(grid.kind, i, j, k, base):
                look_up_block(grid, ln_n, ln_t, ye, base, STENCIL, work, rows)
                fractions(grid, ln_n, ln_t, ye, cell, work[5], rows)
                found = nearest
        elif not (
            ln_n == grid.ln_density[a] and ln_t == grid.ln_temperature[b] and ye == grid.electron_fraction[c]
        ):  # a node is itself, not what others say of it
            along = _across(grid.kind, cell)
            for axis in (along, 1 - along):
                if found < 0:
                    found = _look_up_transition(grid, ln_n, ln_t, ye, cell, starts, first, second, rows, axis)
            if found == NUCLEI and nearest == BUBBLES:
                found = BUBBLES
        if found < 0:
            look_up_corners(grid, ln_n, ln_t, ye, cell, work, rows)
            found = nearest
        x_n, x_p, x_alpha, x_heavy, share = conserve(
            rows[LN_NEUTRON], rows[LN_PROTON], rows[LN_ALPHA], rows[LN_HEAVY], rows[CHARGE_SHARE], ye
        )
        for r in range(ROWS):
            out[r, point] = rows[r]
        if x_heavy > 0.0:
            out[MASS_NUMBER, point] = _within_nodes(grid, MASS_NUMBER, rows[MASS_NUMBER], i, j, k)
            out[RADIUS, point] = _within_nodes(grid, RADIUS, rows[RADIUS], i, j, k)
        out[LN_NEUTRON, point] = x_n
        out[LN_PROTON, point] = x_p
        out[LN_ALPHA, point] = x_alpha
        out[LN_HEAVY, point] = x_heavy
        out[CHARGE_SHARE, point] = share
        point_phase[point] = found
    return -1
