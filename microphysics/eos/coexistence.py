"""Coexistence of nuclear and uniform matter: the Maxwell construction at constant T and Y_e, electrons included.

Units: MeV, fm, k_B = 1; energies of baryons from neutrons.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from microphysics._jit import njit
from microphysics.eos.leptons import lepton_gas
from microphysics.eos.phases import (
    ENTROPY_B,
    FIELD_N,
    FIELD_P,
    FREE,
    MU_NEUTRON,
    MU_PROTON,
    P_DENSITY,
    P_TEMPERATURE,
    PRESSURE_B,
    S_TEMPERATURE,
    X_ALPHA,
    X_HEAVY,
    X_NEUTRON,
    X_PROTON,
    Work,
    record_nuclear,
    record_uniform,
)  # fmt: skip
from microphysics.eos.skyrme import Force

__all__ = ["ELECTRONS", "coexisting", "electrons_at", "mix"]

Array = NDArray[np.float64]

_NEARLY_EQUAL = 1e-3  # MeV
_MOST_STEPS = 60

# electrons and positrons at one point: mu (MeV), P (MeV/fm^3), F and s per baryon, dP/dn, dP/dT, ds/dT at constant Y_e
E_MU, E_PRESSURE, E_FREE, E_ENTROPY, E_P_DENSITY, E_P_TEMPERATURE, E_S_TEMPERATURE = range(7)
ELECTRONS = 7


@njit
def electrons_at(temperature: float, density: float, ye: float, guess: float, out: Array) -> None:
    """Fill `out` with electrons and positrons; `guess` of mu is 0 where none is known."""
    mu, pressure, energy, entropy, capacity, thermal, stiffness = lepton_gas(density * ye, temperature, guess)
    out[E_MU] = mu
    out[E_PRESSURE] = pressure
    out[E_FREE] = (energy - temperature * entropy) / density
    out[E_ENTROPY] = entropy / density
    out[E_P_DENSITY] = ye * stiffness
    out[E_P_TEMPERATURE] = thermal
    out[E_S_TEMPERATURE] = capacity / (temperature * density)


@njit
def _crossing(
    force: Force,
    t: float,
    ye: float,
    density: float,
    work: Work,
    first: Array,
    second: Array,
) -> float:
    """Density where the free energies of nuclear and uniform matter cross, from one where both exist.

    `first` holds nuclear matter at `density`; it is left at the answer or, if the branch of nuclei ends before,
    at the last density found. 0 if neither lies near the start.
    """
    n = density
    for _ in range(12):
        record_uniform(force, t, n, ye, work, second)
        record = first.copy()
        if not record_nuclear(force, t, n, ye, first, work, record):
            return density
        density = n
        first[:] = record
        gap, fall = second[FREE] - first[FREE], first[PRESSURE_B] - second[PRESSURE_B]
        if fall <= 0.0:  # the gap does not close with density
            step = 0.02 * n if gap > 0.0 else -0.02 * n
        else:
            step = gap * n * n / fall
            if abs(step) > 0.15 * n:
                return 0.0
            step = min(max(step, -0.03 * n), 0.03 * n)
        if abs(step) < 1e-3 * n:
            return n
        n += step
    return 0.0


@njit
def coexisting(
    force: Force,
    t: float,
    ye: float,
    start: float,
    work: Work,
    first: Array,
    second: Array,
    electrons_1: Array,
    electrons_2: Array,
) -> tuple[bool, float, float]:
    """Maxwell construction at constant T and Y_e, electrons included.

    Parameters
    ----------
    start : float
        Density near which nuclear matter exists, 1/fm^3.
    first, second, electrons_1, electrons_2 : ndarray
        Filled with the records of both phases; `first` holds nuclear matter at `start`.

    Returns
    -------
    found : bool
    n_1, n_2 : float
        Densities of nuclear and uniform matter with equal pressure and Gibbs energy, 1/fm^3.
    """
    middle = _crossing(force, t, ye, start, work, first, second)
    if middle == 0.0:
        return False, 0.0, 0.0
    n_1, n_2 = 0.98 * middle, 1.02 * middle
    stable, edge = 0.0, math.inf  # nuclear matter is found and stable at one, not at the other
    near = first.copy()
    electrons_1[E_MU] = electrons_2[E_MU] = 0.0
    for _ in range(_MOST_STEPS):
        if not (0.8 * middle < n_1 < n_2 < 1.3 * middle):
            return False, n_1, n_2
        record_uniform(force, t, n_1, ye, work, second)
        found = record_nuclear(force, t, n_1, ye, near, work, first)
        if found:
            electrons_at(t, n_1, ye, electrons_1[E_MU], electrons_1)
        a_1 = first[P_DENSITY] + electrons_1[E_P_DENSITY]
        if not found or a_1 <= 0.0:
            edge = n_1
            n_1 = 0.5 * (edge + stable) if stable > 0.0 else 0.99 * edge
            continue
        near[:] = first
        stable = n_1
        record_uniform(force, t, n_2, ye, work, second)
        electrons_at(t, n_2, ye, electrons_2[E_MU], electrons_2)
        a_2 = second[P_DENSITY] + electrons_2[E_P_DENSITY]
        if a_2 <= 0.0:
            n_2 *= 1.01
            continue
        p_1, p_2 = first[PRESSURE_B] + electrons_1[E_PRESSURE], second[PRESSURE_B] + electrons_2[E_PRESSURE]
        g_1 = first[FREE] + electrons_1[E_FREE] + p_1 / n_1
        g_2 = second[FREE] + electrons_2[E_FREE] + p_2 / n_2
        # dP = a dn, dG = a/n dn: solve a_1 x - a_2 y = d_p and a_1/n_1 x - a_2/n_2 y = d_g
        d_p, d_g = p_2 - p_1, g_2 - g_1
        determinant = a_1 * a_2 * (1.0 / n_1 - 1.0 / n_2)
        x = (d_g - d_p / n_2) * a_2 / determinant
        y = (d_g - d_p / n_1) * a_1 / determinant
        if abs(x) < 1e-9 * n_1 and abs(y) < 1e-9 * n_2:
            return True, n_1, n_2
        if edge - n_1 < 1e-7 * n_1 and abs(d_p) < 1e-8:
            # nuclei become unstable as the potentials meet; what is left of their difference is theirs
            return abs(d_g) < _NEARLY_EQUAL, n_1, n_2
        if n_1 + x >= edge:
            x = 0.5 * (edge - n_1)
            y = (a_1 * x - d_p) / a_2
        scale = min(1.0, 0.03 * n_1 / max(abs(x), abs(y)))
        n_1 += scale * x
        n_2 += scale * y
    return False, n_1, n_2


@njit
def mix(
    density: float,
    ye: float,
    n_1: float,
    n_2: float,
    first: Array,
    second: Array,
    electrons_1: Array,
    electrons_2: Array,
    electrons: Array,
    record: Array,
) -> tuple[float, float]:
    """Fill `record` with the baryons of a mixture and return dP/dT and ds/dT of the whole without photons.

    Free energy, entropy and mass fractions are means over the mass, P and G those of either phase. Electrons
    are reported at the mean density, so baryons take the difference; mu_n - mu_p follows from dF/dY_e. Mean fields
    are means over the free nucleons of both phases: (mu - U)/T is then no degeneracy of either.
    """
    share_2 = (density - n_1) / (n_2 - n_1) * n_2 / density
    share_1 = 1.0 - share_2
    pressure = first[PRESSURE_B] + electrons_1[E_PRESSURE]
    free_1, free_2 = first[FREE] + electrons_1[E_FREE], second[FREE] + electrons_2[E_FREE]
    entropy_1 = first[ENTROPY_B] + electrons_1[E_ENTROPY]
    entropy_2 = second[ENTROPY_B] + electrons_2[E_ENTROPY]
    gibbs = free_1 + pressure / n_1
    to_ye_1 = electrons_1[E_MU] - first[MU_NEUTRON] + first[MU_PROTON]
    to_ye_2 = electrons_2[E_MU] - second[MU_NEUTRON] + second[MU_PROTON]
    to_ye = share_1 * to_ye_1 + share_2 * to_ye_2
    record[:] = first
    for k in (X_NEUTRON, X_PROTON, X_ALPHA):
        record[k] = share_1 * first[k] + share_2 * second[k]
    for field, kind in ((FIELD_N, X_NEUTRON), (FIELD_P, X_PROTON)):  # of the nucleons that are there
        record[field] = (
            share_1 * first[kind] * first[field] + share_2 * second[kind] * second[field]
        ) / record[kind]
    record[X_HEAVY] = share_1 * first[X_HEAVY]
    record[PRESSURE_B] = pressure - electrons[E_PRESSURE]
    record[FREE] = share_1 * free_1 + share_2 * free_2 - electrons[E_FREE]
    record[ENTROPY_B] = share_1 * entropy_1 + share_2 * entropy_2 - electrons[E_ENTROPY]
    record[MU_NEUTRON] = gibbs - ye * to_ye
    record[MU_PROTON] = record[MU_NEUTRON] + to_ye - electrons[E_MU]
    # Clausius and Clapeyron along the curve of coexistence; c_v of a mixture in equilibrium
    slope = (entropy_1 - entropy_2) / (1.0 / n_1 - 1.0 / n_2)
    heat = 0.0
    for k in range(2):
        phase, lepton = (first, electrons_1) if k == 0 else (second, electrons_2)
        n, share = (n_1, share_1) if k == 0 else (n_2, share_2)
        stiffness = n * n * (phase[P_DENSITY] + lepton[E_P_DENSITY])
        lag = slope - phase[P_TEMPERATURE] - lepton[E_P_TEMPERATURE]
        heat += share * (phase[S_TEMPERATURE] + lepton[E_S_TEMPERATURE] + lag * lag / stiffness)
    return slope, heat
