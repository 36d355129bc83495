"""Which phase matter is in, and what electrons and photons add: the state of every point of an array.

Units: MeV, fm, k_B = 1; energies of baryons from neutrons.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from microphysics._jit import njit
from microphysics.eos.coexistence import (
    E_ENTROPY,
    E_FREE,
    E_MU,
    E_P_DENSITY,
    E_P_TEMPERATURE,
    E_PRESSURE,
    E_S_TEMPERATURE,
    ELECTRONS,
    coexisting,
    electrons_at,
    mix,
)  # fmt: skip
from microphysics.eos.drop_solver import nuclei_are_absent
from microphysics.eos.electron_gas import photon_gas
from microphysics.eos.phases import (
    FILLING,
    FREE,
    INSIDE,
    P_DENSITY,
    P_TEMPERATURE,
    PRESSURE_B,
    RECORD,
    S_TEMPERATURE,
    X_HEAVY,
    Work,
    record_follow,
    record_nuclear,
    record_uniform,
    work_space,
)  # fmt: skip
from microphysics.eos.skyrme import Force
from microphysics.eos.state import BUBBLES, COEXISTENCE, NUCLEI, UNIFORM

__all__ = ["COLUMNS", "fill_states"]

Array = NDArray[np.float64]

_DILUTE = 0.015  # 1/fm^3: below, rare nuclei are recognised without looking for them; no transition there
_HOTTEST = 0.25  # of the force's critical temperature over x (1 - x): that of x = 1/2
_CLOSE = 0.5  # MeV per baryon between the phases: farther apart they do not coexist
_WIDEST = 0.88  # density of nuclear over that of uniform matter that coexists with it

# what a state has beyond its record: phase, and parts of leptons and photons
(
    PHASE, MU_ELECTRON, PRESSURE_L, ENERGY_L, ENTROPY_L, PRESSURE_G, ENERGY_G, ENTROPY_G, GAMMA_1, HEAT_CAPACITY,
    PRESSURE_SLOPE,
) = range(RECORD, RECORD + 11)  # fmt: skip
COLUMNS = RECORD + 11


@njit
def _densest_nuclei(force: Force, t: float) -> float:
    """Return the density above which there are no nuclei, 1/fm^3; an upper bound."""
    ratio = t / (_HOTTEST * force.critical)
    return force.densest * math.sqrt(1.0 - ratio * ratio) if ratio < 1.0 else 0.0


@njit
def _nuclei_possible(force: Force, t: float, density: float, work: Work) -> bool:
    """Whether nuclei are worth looking for."""
    if density > _densest_nuclei(force, t):
        return False
    return density > _DILUTE or not nuclei_are_absent(force, t, density, work.uniform)


@njit
def _alike(t: float, n: float, ye: float, t_2: float, n_2: float, ye_2: float) -> bool:
    """Whether one state is a good start for the other."""
    return abs(math.log(n / n_2)) < 0.5 and abs(math.log(t / t_2)) < 0.2 and abs(ye - ye_2) < 0.03


@njit
def _best_nuclear(
    force: Force,
    t: float,
    n: float,
    ye: float,
    near: Array,
    to_beat: float,
    work: Work,
    trial: Array,
    record: Array,
) -> bool:
    """`record_nuclear`, with a second look where following `near` may have missed a better root.

    There are two where nuclei are a minority, or are not what has the lower free energy.
    """
    if not record_nuclear(force, t, n, ye, near, work, record):
        return False
    doubtful = record[FREE] >= to_beat or (record[X_HEAVY] < 0.05 and t > 1.0)
    if doubtful and near[INSIDE] > 0.0:
        trial[INSIDE] = 0.0
        if record_nuclear(force, t, n, ye, trial, work, trial) and trial[FREE] < record[FREE]:
            record[:] = trial
    return True


@njit
def _climb(
    force: Force, t: float, density: float, ye: float, to_beat: float, work: Work, trial: Array, record: Array
) -> float:
    """Follow nuclear matter from a lower density, where it is easier to find, up to `density`.

    Fills `record` with the last state found and returns its density; 0 where there is none below either. Once
    there, it looks further only if the free energy is above `to_beat`.
    """
    highest = 0.0
    for share in (0.8, 0.6, 0.45):
        n = share * density
        record_uniform(force, t, n, ye, work, trial)
        found = record_nuclear(force, t, n, ye, trial, work, trial)
        while found:
            if n > highest or (n == highest and trial[FREE] < record[FREE]):
                highest = n
                record[:] = trial
            if n >= density:
                break
            n = min(1.02 * n, density)
            found = record_follow(force, t, n, ye, trial, work, trial)
        if highest >= density and record[FREE] < to_beat:
            break
    return highest


@njit
def _start_of_transition(
    force: Force,
    t: float,
    n: float,
    ye: float,
    gap: float,
    end: float,
    work: Work,
    nuclear: Array,
    trial: Array,
) -> float:
    """Density of `nuclear` from which to look for a transition, or 0 if n is far from one.

    `gap` is the free energy of uniform less that of nuclear matter at n; where there is none, its branch has
    ended at `end`.
    """
    if end == n:
        return n if abs(gap) < _CLOSE else 0.0
    if end < _WIDEST * n:
        return 0.0
    record_uniform(force, t, end, ye, work, trial)
    return end if abs(trial[FREE] - nuclear[FREE]) < _CLOSE else 0.0


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
    work = work_space()
    uniform, nuclear, trial = np.empty(RECORD), np.zeros(RECORD), np.empty(RECORD)
    first, second = np.empty(RECORD), np.empty(RECORD)
    electrons, electrons_1, electrons_2 = np.zeros(ELECTRONS), np.empty(ELECTRONS), np.empty(ELECTRONS)
    last = -1  # the point that `nuclear` belongs to
    curve_t, curve_ye, n_1, n_2 = -1.0, -1.0, 0.0, 0.0  # the curve of coexistence in `first` and `second`
    for i in range(temperature.size):
        t, n, ye = temperature[i], density[i], electron_fraction[i]
        record = out[i]
        known = t == curve_t and ye == curve_ye
        mixed = known and n_1 < n < n_2
        has_nuclei = False
        if not mixed:
            record_uniform(force, t, n, ye, work, uniform)
            has_nuclei = not (known and n >= n_2) and _nuclei_possible(force, t, n, work)
        if has_nuclei:
            if i < start.shape[0] and start[i, INSIDE] > 0.0:
                nuclear[:] = start[i]
            elif last < 0 or not _alike(t, n, ye, temperature[last], density[last], electron_fraction[last]):
                nuclear[INSIDE] = 0.0
            has_nuclei = _best_nuclear(force, t, n, ye, nuclear.copy(), uniform[FREE], work, trial, nuclear)
        if not known and _DILUTE < n < _densest_nuclei(force, t):
            end = n if has_nuclei else 0.0
            if not has_nuclei:
                end = _climb(force, t, n, ye, uniform[FREE], work, trial, nuclear)
                has_nuclei = end == n
            gap = uniform[FREE] - nuclear[FREE]
            begin = _start_of_transition(force, t, n, ye, gap, end, work, nuclear, trial)
            if begin > 0.0:
                first[:] = nuclear
                found, n_1, n_2 = coexisting(
                    force, t, ye, begin, work, first, second, electrons_1, electrons_2
                )
                curve_t, curve_ye = (t, ye) if found else (-1.0, -1.0)
                mixed = found and n_1 < n < n_2
        last = i if has_nuclei else -1
        if leptons or mixed:
            electrons_at(t, n, ye, electrons[E_MU], electrons)
        if mixed:
            slope, heat = mix(
                density=n, ye=ye, n_1=n_1, n_2=n_2, first=first, second=second, electrons_1=electrons_1,
                electrons_2=electrons_2, electrons=electrons, record=record[:RECORD],
            )  # fmt: skip
            p_density = 0.0
            record[PHASE] = COEXISTENCE
            record[P_DENSITY] = -electrons[E_P_DENSITY]
            record[P_TEMPERATURE] = slope - electrons[E_P_TEMPERATURE]
            record[S_TEMPERATURE] = heat - electrons[E_S_TEMPERATURE]
        else:
            nuclear_wins = has_nuclei and nuclear[FREE] < uniform[FREE]
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
