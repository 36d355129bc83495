"""Which phase matter is in, its coexistence with another, and what electrons and photons add.

Units: MeV, fm, k_B = 1; energies of baryons from neutrons.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from microphysics._jit import njit
from microphysics.eos.drop_solver import (
    cold_drop,
    nuclei_are_absent,
    warm_drop,
)
from microphysics.eos.electron_gas import electron_chemical_potential_near, electron_gas, photon_gas
from microphysics.eos.phases import (
    CHARGE_NUMBER,
    ENTROPY_B,
    ETA_N,
    ETA_P,
    FIELD_N,
    FIELD_P,
    FILLING,
    FREE,
    INSIDE,
    MASS_NUMBER,
    MU_NEUTRON,
    MU_PROTON,
    P_DENSITY,
    P_TEMPERATURE,
    PRESSURE_B,
    RECORD,
    S_TEMPERATURE,
    X_ALPHA,
    X_HEAVY,
    X_NEUTRON,
    X_PROTON,
    record_drop,
    record_uniform,
)
from microphysics.eos.skyrme import SATURATION_DENSITY, Force
from microphysics.eos.state import BUBBLES, COEXISTENCE, NUCLEI, UNIFORM

__all__ = ["COLUMNS", "fill_states"]

Array = NDArray[np.float64]

DENSEST_NUCLEI = 0.9 * SATURATION_DENSITY  # matter is uniform above
_DILUTE = 0.015  # 1/fm^3: below, rare nuclei are recognised without looking for them
_THINNEST_TRANSITION = 0.015  # 1/fm^3: the move to uniform matter happens above
_HOTTEST = 0.2  # of the force's critical temperature over x (1 - x): no nuclei win above 0.19
_CLOSE = 0.5  # MeV per baryon between the phases: farther apart they do not coexist
_WIDEST = 0.88  # density of nuclear over that of uniform matter that coexists with it
_NEARLY_EQUAL = 1e-3  # MeV
_MOST_STEPS = 60

# what a state has beyond its record: phase, status, and parts of leptons and photons
(
    PHASE, MU_ELECTRON, PRESSURE_L, ENERGY_L, ENTROPY_L, PRESSURE_G, ENERGY_G, ENTROPY_G, GAMMA_1, HEAT_CAPACITY,
    PRESSURE_SLOPE,
) = range(RECORD, RECORD + 11)  # fmt: skip
COLUMNS = RECORD + 11

# electrons and positrons at one point
E_MU, E_PRESSURE, E_FREE, E_ENTROPY, E_P_DENSITY, E_P_TEMPERATURE, E_S_TEMPERATURE = range(7)


@njit
def _electrons(temperature: float, density: float, ye: float, guess: float, out: Array) -> None:
    """Fill mu (MeV), P (MeV/fm^3), F and s per baryon, dP/dn, dP/dT, ds/dT at constant Y_e."""
    mu = electron_chemical_potential_near(density * ye, temperature, guess)
    _, _, n_mu, pressure, energy, entropy, n_t, s_t = electron_gas(temperature, mu)
    mu_t = -n_t / n_mu  # at constant density
    out[E_MU] = mu
    out[E_PRESSURE] = pressure
    out[E_FREE] = (energy - temperature * entropy) / density
    out[E_ENTROPY] = entropy / density
    out[E_P_DENSITY] = density * ye * ye / n_mu
    out[E_P_TEMPERATURE] = density * ye * mu_t + entropy
    out[E_S_TEMPERATURE] = (s_t + n_t * mu_t) / density


@njit
def _nuclear(
    force: Force,
    t: float,
    density: float,
    ye: float,
    uniform: Array,
    near: Array,
    work: Array,
    equations: Array,
    record: Array,
) -> bool:
    """Fill `record` with matter of nuclei; False where there is none.

    `uniform` is `outside_matter` of matter without nuclei; `near` the record of a neighbouring state to start
    from, or one without nuclei. It may be `record` itself.
    """
    root = np.empty(3)
    found = False
    if near[INSIDE] > 0.0:
        root[0], root[1], root[2] = near[INSIDE], near[ETA_P], near[ETA_N]
        x = near[CHARGE_NUMBER] / near[MASS_NUMBER]
        found = warm_drop(force, t, density, ye, near[X_HEAVY], x, root, work, equations)
    if not found:
        found = cold_drop(force, t, density, ye, uniform, root, work, equations)
    if not found:
        record[INSIDE] = 0.0
        return False
    record_drop(force, t, density, ye, root, work, equations, record)
    return True


@njit
def _coexistence(
    force: Force,
    t: float,
    ye: float,
    middle: float,
    outside: Array,
    work: Array,
    equations: Array,
    first: Array,
    second: Array,
    electrons_1: Array,
    electrons_2: Array,
) -> tuple[bool, float, float]:
    """Maxwell construction at constant T and Y_e, electrons included.

    Parameters
    ----------
    middle : float
        Density between the two, where the free energies cross, 1/fm^3.
    first, second, electrons_1, electrons_2 : ndarray
        Filled with the records of both phases; `first` holds nuclear matter near `middle` to start from.

    Returns
    -------
    found : bool
    n_1, n_2 : float
        Densities of nuclear and uniform matter with equal pressure and Gibbs energy, 1/fm^3.
    """
    n_1, n_2 = 0.98 * middle, 1.02 * middle
    stable, edge = 0.0, math.inf  # nuclear matter is found and stable at one, not at the other
    near = first.copy()
    electrons_1[E_MU] = electrons_2[E_MU] = 0.0
    for _ in range(_MOST_STEPS):
        if not (0.8 * middle < n_1 < n_2 < 1.3 * middle):
            return False, n_1, n_2
        record_uniform(force, t, n_1, ye, outside, second)
        found = _nuclear(force, t, n_1, ye, outside, near, work, equations, first)
        if found:
            _electrons(t, n_1, ye, electrons_1[E_MU], electrons_1)
        a_1 = first[P_DENSITY] + electrons_1[E_P_DENSITY]
        if not found or a_1 <= 0.0:
            edge = n_1
            n_1 = 0.5 * (edge + stable) if stable > 0.0 else 0.99 * edge
            continue
        near[:] = first
        stable = n_1
        record_uniform(force, t, n_2, ye, outside, second)
        _electrons(t, n_2, ye, electrons_2[E_MU], electrons_2)
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
def _crossing(
    force: Force,
    t: float,
    ye: float,
    density: float,
    outside: Array,
    work: Array,
    equations: Array,
    first: Array,
    second: Array,
) -> float:
    """Density where the free energies of nuclear and uniform matter cross, from one where both exist.

    `first` holds nuclear matter at `density`; it is left at the answer or, if the branch of nuclei ends before,
    at the last density found. 0 if neither lies near the start.
    """
    n = density
    for _ in range(12):
        record_uniform(force, t, n, ye, outside, second)
        record = first.copy()
        if not _nuclear(force, t, n, ye, outside, first, work, equations, record):
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
def _mix(
    t: float,
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
    are reported at the mean density, so baryons take the difference; mu_n - mu_p follows from dF/dY_e.
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
    for k in (X_NEUTRON, X_PROTON, X_ALPHA, FIELD_N, FIELD_P):
        record[k] = share_1 * first[k] + share_2 * second[k]
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


@njit
def _climb(
    force: Force,
    t: float,
    density: float,
    ye: float,
    outside: Array,
    work: Array,
    equations: Array,
    to_beat: float,
    trial: Array,
    record: Array,
) -> float:
    """Follow nuclear matter from a lower density, where it is easier to find, up to `density`.

    Fills `record` with the last state found and returns its density; 0 where there is none below either. Once
    there, it looks further only if the free energy is above `to_beat`.
    """
    root = np.empty(3)
    highest = 0.0
    for share in (0.8, 0.6, 0.45):
        n = share * density
        record_uniform(force, t, n, ye, outside, trial)
        trial[INSIDE] = 0.0
        if not _nuclear(force, t, n, ye, outside, trial, work, equations, trial):
            continue
        while True:
            if n > highest or (n == highest and trial[FREE] < record[FREE]):
                highest = n
                record[:] = trial
            if n >= density:
                break
            n = min(1.02 * n, density)
            root[0], root[1], root[2] = trial[INSIDE], trial[ETA_P], trial[ETA_N]
            x = trial[CHARGE_NUMBER] / trial[MASS_NUMBER]
            if not warm_drop(force, t, n, ye, trial[X_HEAVY], x, root, work, equations):
                break
            record_drop(force, t, n, ye, root, work, equations, trial)
        if highest >= density and record[FREE] < to_beat:
            break
    return highest


@njit
def _nuclei_possible(force: Force, t: float, density: float, outside: Array) -> bool:
    """Whether nuclei are worth looking for; `outside` is matter without them."""
    if density > DENSEST_NUCLEI or t > _HOTTEST * force.critical:
        return False
    return density > _DILUTE or not nuclei_are_absent(force, t, density, outside)


@njit
def _alike(t: float, n: float, ye: float, t_2: float, n_2: float, ye_2: float, close: float) -> bool:
    """Whether two states are neighbours: in density to the factor exp(close), in T and Y_e accordingly."""
    return abs(math.log(n / n_2)) < close and abs(math.log(t / t_2)) < 0.2 and abs(ye - ye_2) < 0.03


@njit
def fill_states(
    force: Force,
    temperature: Array,
    density: Array,
    electron_fraction: Array,
    start: Array,
    leptons: bool,
    out: Array,
) -> int:
    """State of every point, each starting from the one before where they are alike.

    Parameters
    ----------
    force : Force
    temperature, density, electron_fraction : ndarray, shape (point,)
        MeV, baryons per fm^3, 1; inside the domain.
    start : ndarray, shape (point, 23) or (0, 23)
        Records of states near the answers, if known; those with `INSIDE` of 0 are ignored.
    leptons : bool
        Whether to add electrons, positrons and photons; without, the last columns stay unset.
    out : ndarray, shape (point, 34)
        Filled: record, then the columns named in this module.

    Returns
    -------
    int
        Index of the first point without a solution, or -1.
    """
    outside, work, equations = np.empty((9, 4)), np.empty((9, 4)), np.empty((5, 6))
    uniform, nuclear, nothing = np.empty(RECORD), np.empty(RECORD), np.zeros(RECORD)
    first, second = np.empty(RECORD), np.empty(RECORD)
    electrons, electrons_1, electrons_2 = np.zeros(7), np.empty(7), np.empty(7)
    last = -1  # the point that `nuclear` belongs to
    barren_t, barren_n, barren_ye = 0.0, 0.0, 0.0  # where nuclei were last looked for in vain
    curve_t, curve_ye, n_1, n_2 = -1.0, -1.0, 0.0, 0.0  # the last curve of coexistence; n_2 = 0: none there
    for i in range(temperature.size):
        t, n, ye = temperature[i], density[i], electron_fraction[i]
        record = out[i]
        known = t == curve_t and ye == curve_ye and n_2 > 0.0
        mixed = known and n_1 < n < n_2
        has_nuclei = False
        if not mixed:
            record_uniform(force, t, n, ye, outside, uniform)
            has_nuclei = not (known and n >= n_2) and _nuclei_possible(force, t, n, outside)
        if has_nuclei:
            if i < start.shape[0] and start[i, INSIDE] > 0.0:
                near = start[i]
            elif last >= 0 and _alike(
                t, n, ye, temperature[last], density[last], electron_fraction[last], 0.5
            ):
                near = nuclear
            else:
                near = nothing
            has_nuclei = _nuclear(force, t, n, ye, outside, near, work, equations, nuclear)
            if has_nuclei and near[INSIDE] > 0.0:
                # where nuclei are a minority there may be a second root that is better
                if nuclear[FREE] >= uniform[FREE] or (nuclear[X_HEAVY] < 0.05 and t > 1.0):
                    if _nuclear(force, t, n, ye, outside, nothing, work, equations, first):
                        if first[FREE] < nuclear[FREE]:
                            nuclear[:] = first
        middle = 0.0
        transition = _THINNEST_TRANSITION < n < DENSEST_NUCLEI and t < _HOTTEST * force.critical
        # hotter matter than some without nuclei has none either
        barren = barren_n > 0.0 and t >= barren_t and _alike(t, n, ye, t, barren_n, barren_ye, 0.2)
        if transition and not has_nuclei and not known and not barren:
            middle = _climb(force, t, n, ye, work.copy(), work, equations, uniform[FREE], first, nuclear)
            has_nuclei = middle == n
            if not has_nuclei:
                barren_t, barren_n, barren_ye = t, n, ye
        last = i if has_nuclei else -1
        gap = uniform[FREE] - nuclear[FREE] if has_nuclei else 0.0
        if transition and not known:
            if has_nuclei:
                middle = n if abs(gap) < _CLOSE else 0.0
            elif middle > _WIDEST * n:  # the branch of nuclei has ended a little below
                record_uniform(force, t, middle, ye, work, second)
                if abs(second[FREE] - nuclear[FREE]) > _CLOSE:
                    middle = 0.0
            else:
                middle = 0.0
            first[:] = nuclear
            if middle > 0.0:
                middle = _crossing(force, t, ye, middle, work.copy(), work, equations, first, second)
            if middle > 0.0:
                found, n_1, n_2 = _coexistence(
                    force,
                    t,
                    ye,
                    middle,
                    work.copy(),
                    work,
                    equations,
                    first,
                    second,
                    electrons_1,
                    electrons_2,
                )
                curve_t, curve_ye = t, ye
                if not found:
                    n_2 = 0.0
                mixed = found and n_1 < n < n_2
        if leptons or mixed:
            _electrons(t, n, ye, electrons[E_MU], electrons)
        if mixed:
            slope, heat = _mix(
                t, n, ye, n_1, n_2, first, second, electrons_1, electrons_2, electrons, record[:RECORD]
            )
            p_density = 0.0
            record[PHASE] = COEXISTENCE
            record[P_DENSITY] = -electrons[E_P_DENSITY]
            record[P_TEMPERATURE] = slope - electrons[E_P_TEMPERATURE]
            record[S_TEMPERATURE] = heat - electrons[E_S_TEMPERATURE]
        else:
            nuclear_wins = has_nuclei and gap > 0.0
            record[:RECORD] = nuclear if nuclear_wins else uniform
            record[PHASE] = (NUCLEI if nuclear[FILLING] <= 0.5 else BUBBLES) if nuclear_wins else UNIFORM
            slope = record[P_TEMPERATURE] + electrons[E_P_TEMPERATURE]
            heat = record[S_TEMPERATURE] + electrons[E_S_TEMPERATURE]
            p_density = record[P_DENSITY] + electrons[E_P_DENSITY]
        if not abs(record[FREE]) < math.inf:
            return i
        if leptons:
            _add_leptons(t, n, slope, heat, p_density, electrons, record)
    return -1


@njit
def _add_leptons(
    t: float, n: float, slope: float, heat: float, p_density: float, electrons: Array, record: Array
) -> None:
    """Complete a record; `slope` dP/dT, `heat` ds/dT and `p_density` dP/dn are those of baryons and electrons."""
    p_photon, e_photon, s_photon = photon_gas(t)
    record[MU_ELECTRON] = electrons[E_MU]
    record[PRESSURE_L] = electrons[E_PRESSURE]
    record[ENTROPY_L] = electrons[E_ENTROPY]
    record[ENERGY_L] = electrons[E_FREE] + t * electrons[E_ENTROPY]
    record[PRESSURE_G] = p_photon
    record[ENERGY_G] = e_photon / n
    record[ENTROPY_G] = s_photon / n
    slope += s_photon
    capacity = t * heat + 3.0 * s_photon / n
    pressure = record[PRESSURE_B] + record[PRESSURE_L] + p_photon
    record[GAMMA_1] = n / pressure * (p_density + t * slope * slope / (n * n * capacity))
    record[HEAT_CAPACITY] = capacity
    record[PRESSURE_SLOPE] = slope
