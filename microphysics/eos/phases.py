"""One phase of nuclear matter at a point: everything that is derived from a solution, as one record.

Records are rows of floats so that kernels can pass them around; units MeV, fm, k_B = 1, energies from neutrons.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from microphysics._jit import njit
from microphysics.eos.drop import drop_equations, nucleus_radius, respond
from microphysics.eos.drop_solver import cold_drop, warm_drop
from microphysics.eos.skyrme import MASS_DIFFERENCE, Force
from microphysics.eos.uniform import (
    ALPHA_VOLUME,
    BARYONS,
    CHARGE,
    ENTROPY,
    MU_N,
    MU_P,
    N_ALPHA,
    N_N,
    N_P,
    OUTSIDE_ROWS,
    PRESSURE,
    outside_matter,
    uniform_degeneracies,
)

__all__ = ["RECORD", "Work", "record_follow", "record_nuclear", "record_uniform", "work_space"]

Array = NDArray[np.float64]

# columns: free energy, pressure and entropy per baryon; potentials; mass fractions; the nucleus; mean fields;
# derivatives to density and T at constant Y_e; the solver's unknowns
(
    FREE, PRESSURE_B, ENTROPY_B, MU_NEUTRON, MU_PROTON, X_NEUTRON, X_PROTON, X_ALPHA, X_HEAVY, MASS_NUMBER,
    CHARGE_NUMBER, RADIUS, FIELD_N, FIELD_P, P_DENSITY, P_TEMPERATURE, S_TEMPERATURE, MU_N_TEMPERATURE,
    MU_P_TEMPERATURE, FILLING, INSIDE, ETA_P, ETA_N,
) = range(23)  # fmt: skip
RECORD = 23


class Work(NamedTuple):
    """Arrays that kernels write into: `outside_matter` of uniform and of nuclear matter, `drop_equations`, a root."""

    uniform: Array
    outside: Array
    equations: Array
    root: Array


@njit
def work_space() -> Work:
    """Return a fresh set of arrays."""
    return Work(np.empty((OUTSIDE_ROWS, 4)), np.empty((OUTSIDE_ROWS, 4)), np.empty((5, 6)), np.empty(3))


@njit
def _potentials_and_derivatives(
    density: float, ye: float, pressure: float, entropy: float, rates: Array, record: Array
) -> None:
    """Complete a record from its potentials, pressure, entropy density and their derivatives.

    `rates` holds d/dT and d/d(density) of mu_n, mu_p and the entropy density. Gibbs and Duhem give those of the
    pressure, with G = (1 - Y_e) mu_n + Y_e mu_p: dP = n dG + S dT.
    """
    gibbs = (1.0 - ye) * record[MU_NEUTRON] + ye * record[MU_PROTON]
    record[PRESSURE_B] = pressure
    record[FREE] = gibbs - pressure / density
    record[ENTROPY_B] = entropy / density
    record[P_TEMPERATURE] = density * ((1.0 - ye) * rates[0, 0] + ye * rates[1, 0]) + entropy
    record[P_DENSITY] = density * ((1.0 - ye) * rates[0, 1] + ye * rates[1, 1])
    record[S_TEMPERATURE] = rates[2, 0] / density
    record[MU_N_TEMPERATURE] = rates[0, 0]
    record[MU_P_TEMPERATURE] = rates[1, 0]


@njit
def _outside_into(temperature: float, eta_p: float, eta_n: float, outside: Array, record: Array) -> None:
    record[MU_NEUTRON] = outside[MU_N, 0]
    record[MU_PROTON] = outside[MU_P, 0]
    record[FIELD_N] = outside[MU_N, 0] - temperature * eta_n
    record[FIELD_P] = outside[MU_P, 0] - temperature * eta_p + MASS_DIFFERENCE
    record[ETA_P] = eta_p
    record[ETA_N] = eta_n


@njit
def record_uniform(
    force: Force, temperature: float, density: float, ye: float, work: Work, record: Array
) -> bool:
    """Fill `record` with matter without nuclei.

    Parameters
    ----------
    force, temperature, density, ye
        MeV, baryons per fm^3, 1.
    work : Work
        Its `uniform` is left as `outside_matter` fills it.
    record : ndarray, shape (23,)

    Returns
    -------
    bool
        Whether the solution is one.
    """
    outside = work.uniform
    eta_p, eta_n = uniform_degeneracies(force, temperature, density, ye)
    if not outside_matter(force, temperature, eta_p, eta_n, outside):
        return False
    a, b, c, d = outside[BARYONS, 1], outside[BARYONS, 2], outside[CHARGE, 1], outside[CHARGE, 2]
    determinant = a * d - b * c
    rates = np.empty((3, 2))
    for k in range(2):
        # right-hand sides for d/dT and d/d(density)
        r = -outside[BARYONS, 3] if k == 0 else 1.0
        q = -outside[CHARGE, 3] if k == 0 else ye
        d_p, d_n = (d * r - b * q) / determinant, (a * q - c * r) / determinant
        for row, what in enumerate((MU_N, MU_P, ENTROPY)):
            rates[row, k] = outside[what, 1] * d_p + outside[what, 2] * d_n
            if k == 0:
                rates[row, k] += outside[what, 3]
    _outside_into(temperature, eta_p, eta_n, outside, record)
    _potentials_and_derivatives(density, ye, outside[PRESSURE, 0], outside[ENTROPY, 0], rates, record)
    free = 1.0 - ALPHA_VOLUME * outside[N_ALPHA, 0]
    record[X_ALPHA] = 4.0 * outside[N_ALPHA, 0] / density
    record[X_NEUTRON] = free * outside[N_N, 0] / density
    record[X_PROTON] = free * outside[N_P, 0] / density
    record[X_HEAVY] = record[MASS_NUMBER] = record[CHARGE_NUMBER] = record[RADIUS] = 0.0
    record[FILLING] = record[INSIDE] = 0.0
    return abs(outside[BARYONS, 0] / density - 1.0) < 1e-9


@njit
def _record_drop(
    force: Force, temperature: float, density: float, ye: float, work: Work, record: Array
) -> None:
    """Fill `record` with matter of nuclei from the root in `work`."""
    outside, equations = work.outside, work.equations
    n, eta_p, eta_n = work.root[0], work.root[1], work.root[2]
    _, u, x = drop_equations(force, temperature, density, ye, n, eta_p, eta_n, outside, equations)
    rates = np.empty((3, 2))
    response = np.empty(3)
    for k in range(2):
        respond(equations, 4 + k, response)
        for row, what in enumerate((MU_N, MU_P)):
            rates[row, k] = outside[what, 1] * response[1] + outside[what, 2] * response[2]
            if k == 0:
                rates[row, k] += outside[what, 3]
        rates[2, k] = equations[4, 4 + k]
        for j in range(3):
            rates[2, k] += equations[4, 1 + j] * response[j]
    _outside_into(temperature, eta_p, eta_n, outside, record)
    _potentials_and_derivatives(density, ye, equations[3, 0], equations[4, 0], rates, record)
    w = 1.0 - u
    free = w * (1.0 - ALPHA_VOLUME * outside[N_ALPHA, 0])
    radius = nucleus_radius(force, u, n, x, temperature)
    record[X_ALPHA] = 4.0 * w * outside[N_ALPHA, 0] / density
    record[X_NEUTRON] = free * outside[N_N, 0] / density
    record[X_PROTON] = free * outside[N_P, 0] / density
    record[X_HEAVY] = u * n / density
    record[MASS_NUMBER] = 4.0 * math.pi / 3.0 * radius**3 * n
    record[CHARGE_NUMBER] = x * record[MASS_NUMBER]
    record[RADIUS] = radius
    record[FILLING] = u
    record[INSIDE] = n


@njit
def record_follow(
    force: Force, temperature: float, density: float, ye: float, near: Array, work: Work, record: Array
) -> bool:
    """Fill `record` with matter of nuclei, starting from the record of a neighbouring state with nuclei.

    Returns whether Newton's method got there; `near` may be `record`.
    """
    work.root[0], work.root[1], work.root[2] = near[INSIDE], near[ETA_P], near[ETA_N]
    x = near[CHARGE_NUMBER] / near[MASS_NUMBER]
    found = warm_drop(
        force, temperature, density, ye, near[X_HEAVY], x, work.root, work.outside, work.equations
    )
    if found:
        _record_drop(force, temperature, density, ye, work, record)
    return found


@njit
def record_nuclear(
    force: Force, temperature: float, density: float, ye: float, near: Array, work: Work, record: Array
) -> bool:
    """Fill `record` with matter of nuclei.

    Parameters
    ----------
    force, temperature, density, ye
        MeV, baryons per fm^3, 1.
    near : ndarray, shape (23,)
        Record of a neighbouring state to try first, or one with `INSIDE` of 0; may be `record`.
    work : Work
        Its `uniform` belongs to this density.
    record : ndarray, shape (23,)
        `INSIDE` is set to 0 where there is none.

    Returns
    -------
    bool
        Whether there are nuclei.
    """
    if near[INSIDE] > 0.0 and record_follow(force, temperature, density, ye, near, work, record):
        return True
    if cold_drop(force, temperature, density, ye, work.uniform, work.root, work.outside, work.equations):
        _record_drop(force, temperature, density, ye, work, record)
        return True
    record[INSIDE] = 0.0
    return False
