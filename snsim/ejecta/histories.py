"""Electron fraction along trajectories, and what matters of it for nucleosynthesis."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.eos.nse import DENSITY_RANGE, ELECTRON_FRACTION_RANGE, TEMPERATURE_RANGE, SahaNSE
from microphysics.processes.weak_magnetism import charged_current_correction
from microphysics.weak.couplings import WeakCouplings
from snsim.ejecta._kernels import electron_fraction as kernel
from snsim.ejecta._kernels.nucleon_rates import Weak
from snsim.ejecta.irradiation import at_parcel, strengths
from snsim.ejecta.physics import EjectaPhysics
from snsim.ejecta.trajectory import GIGAKELVIN, Trajectory
from snsim.errors import ConvergenceError

Array = NDArray[np.float64]

__all__ = [
    "MARKS",
    "R_PROCESS",
    "R_PROCESS_RANGE",
    "History",
    "evolve",
    "evolve_all",
    "histogram",
    "weak_rates",
]

MARKS = (10.0, 5.0, 3.0)  # GK
R_PROCESS = 0.25  # Y_e below which lanthanides are made at an entropy of some 10 k_B
R_PROCESS_RANGE = (
    0.22,
    0.30,
)  # of that threshold, with entropy and expansion (Lippuner & Roberts 2015, ApJ 815, 82)
_NO_NUCLEI = SahaNSE(binding=0.0)  # of n, p and alphas


@dataclass(frozen=True, eq=False)
class History:
    """Y_e along one trajectory.

    Attributes
    ----------
    trajectory : Trajectory
        What was followed.
    proper_time : ndarray, shape (row,)
        s since the first row.
    electron_fraction, alpha_fraction : ndarray, shape (row,)
        Y_e, and the mass fraction of alphas.
    rate_nue, rate_anue, rate_positron, rate_electron : ndarray, shape (row,)
        Absorption of nue and capture of e+ per neutron, of anue and e- per proton, 1/s of proper time.
    at_marks : ndarray, shape (mark,)
        Y_e where the temperature falls below `MARKS` for the last time; NaN where it begins below or ends above.
    entropy_at_marks : ndarray, shape (mark,)
        k_B per baryon of nucleons, alphas, electrons, positrons and photons there.
    steps : int
        Of the integrator.
    """

    trajectory: Trajectory
    proper_time: Array
    electron_fraction: Array
    alpha_fraction: Array
    rate_nue: Array
    rate_anue: Array
    rate_positron: Array
    rate_electron: Array
    at_marks: Array
    entropy_at_marks: Array
    steps: int

    @property
    def final(self) -> float:
        """Y_e in the last row."""
        return float(self.electron_fraction[-1])

    @property
    def absorption_time(self) -> Array:
        """tau_nu = 1/(lambda_nue + lambda_anue), s, shape (row,); infinite without neutrinos."""
        total = self.rate_nue + self.rate_anue
        return np.divide(1.0, total, out=np.full_like(total, np.inf), where=total > 0.0)

    @property
    def expansion_time(self) -> Array:
        """tau_dyn = ``r/|dr/dtau|``, s, shape (row,); NaN without radii, infinite where the parcel rests."""
        radius = self.trajectory.radius
        if radius is None:
            return np.full_like(self.proper_time, np.nan)
        speed = np.abs(np.gradient(radius, self.proper_time))
        return np.divide(radius, speed, out=np.full_like(speed, np.inf), where=speed > 0.0)

    @property
    def freeze_out_radius(self) -> float:
        """Where tau_nu becomes longer than tau_dyn for the last time, cm.

        NaN if absorption is slower than the expansion from the first row on, or still faster in the last.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            excess = np.log(self.absorption_time / self.expansion_time)
        fast = np.flatnonzero(excess < 0.0)
        if not fast.size or fast[-1] == excess.size - 1:
            return math.nan
        i = int(fast[-1])
        if not math.isfinite(excess[i]) or not math.isfinite(excess[i + 1]):
            return math.nan
        share = excess[i] / (excess[i] - excess[i + 1])
        radius = self.trajectory.radius
        return float(radius[i] * (radius[i + 1] / radius[i]) ** share)

    @property
    def deciding(self) -> float:
        """Y_e that decides on the r-process: at 5 GK, or the final one of a parcel that never crosses 5 GK."""
        at = self.at_marks[MARKS.index(5.0)]
        return self.final if math.isnan(at) else float(at)

    @property
    def r_process(self) -> bool:
        """Whether `deciding` is below 0.25; between 0.22 and 0.30 entropy and expansion decide."""
        return self.deciding < R_PROCESS


def weak_rates(couplings: WeakCouplings, magnetism: bool) -> Weak:
    """Return what the capture kernels rest on: normalisation, masses, W(E) as polynomials."""
    c = couplings.constants
    norm = couplings.charged_current_constant * c.speed_of_light / (2.0 * math.pi**2 * c.hbar_c**3)
    shapes = []
    for sign, mass in ((1, c.neutron_mass), (-1, c.proton_mass)):
        # (1 + 2 e)^3 W is a cubic in e = E/M: four points give it exactly
        e = np.array([0.0, 1.0, 2.0, 3.0]) / 10.0
        factor = charged_current_correction(e * mass, sign, couplings) if magnetism else np.ones(4)
        cubic = np.linalg.solve(np.vander(e, increasing=True), factor * (1.0 + 2.0 * e) ** 3)
        shapes.append((mass, float(cubic[0]), float(cubic[1]), float(cubic[2]), float(cubic[3])))
    return Weak(norm, c.electron_mass, c.nucleon_mass_difference, shapes[0], shapes[1])


def evolve(trajectory: Trajectory, physics: EjectaPhysics | None = None) -> History:
    """Follow Y_e along one trajectory.

    Parameters
    ----------
    trajectory : Trajectory
        With luminosities, or without: then electrons and positrons alone change Y_e.
    physics : EjectaPhysics, optional
        None means all physics, with luminosities as they are at the parcel.

    Returns
    -------
    History
        At the rows of the trajectory.

    Raises
    ------
    TrajectoryError, OutOfRangeError
        If the parcel is where it cannot be, or a mean energy is outside 0.3 to 150 MeV.
    ConvergenceError
        If the integrator finds no end.

    Notes
    -----
    dY_e/dtau = (lambda_nue + lambda_e+) Y_n - (lambda_anue + lambda_e-) Y_p, with Y_n = 1 - Y_e - X/2 and Y_p = Y_e - X/2.
    Between rows ln T, ln rho, r and r^2 times the rates of absorption are linear in time. Left out: blocking of the leptons
    in the final state, motion of the parcel against the neutrinos (a Doppler factor 1 - v/c in their energies), decay of
    free neutrons (878 s), nuclei beyond alphas.

    Examples
    --------
    >>> time = np.linspace(0.0, 1.0, 50)
    >>> path = Trajectory(time, np.full(50, 2.0), np.full(50, 1e8), 0.1)
    >>> round(evolve(path).final, 3)
    0.584
    """
    return evolve_all([trajectory], physics)[0]


def evolve_all(trajectories: Iterable[Trajectory], physics: EjectaPhysics | None = None) -> list[History]:
    """Follow Y_e along many trajectories, on all cores; parameters as of `evolve`."""
    paths = list(trajectories)
    chosen = physics or EjectaPhysics()
    if not paths:
        return []
    prepared = [_rows(path, chosen) for path in paths]
    rows = np.concatenate([table for table, _, _ in prepared], axis=1)
    starts = np.concatenate([[0], np.cumsum([table.shape[1] for table, _, _ in prepared])])
    history = np.full((len(kernel.HISTORY), rows.shape[1]), np.nan)
    steps = np.zeros(len(paths), dtype=np.int64)
    freeze = chosen.alpha_freeze_temperature
    kernel.evolve_all(
        rows,
        starts,
        np.array([path.initial_electron_fraction for path in paths], dtype=np.float64),
        chosen.captures,
        chosen.alphas,
        math.log(freeze) if freeze > 0.0 else -math.inf,
        np.hstack(weak_rates(chosen.couplings, chosen.weak_magnetism)),
        chosen.tolerance,
        history,
        steps,
    )
    for path, count in zip(paths, steps, strict=True):
        if count == kernel.FAILED:
            raise ConvergenceError(
                f"{path.where}: no step of the integrator is small enough for tolerance = {chosen.tolerance:g}"
            )
    found = []
    for k, (path, (table, own, marks)) in enumerate(zip(paths, prepared, strict=True)):
        part = history[:, starts[k] : starts[k + 1]]
        found.append(_history(path, table, part, own, marks, int(steps[k])))
    return found


def _rows(path: Trajectory, physics: EjectaPhysics) -> tuple[Array, NDArray[np.bool_], list[int]]:
    """Return the rows for the kernel, which of them are the trajectory's, and which are the marks (-1 for none).

    Where the temperature crosses a mark, or that at which alphas freeze out, there is a row more.
    """
    seen = at_parcel(path, physics)
    time = seen.time - seen.time[0]
    radius = np.ones(path.rows) if path.radius is None else path.radius
    table = np.stack(
        [time, np.log(path.temperature), np.log(path.density), radius, *strengths(seen, physics)]
    )
    freeze = physics.alpha_freeze_temperature
    wanted = [math.log(mark * GIGAKELVIN) for mark in MARKS] + ([math.log(freeze)] if freeze > 0.0 else [])
    crossings = [_crossings(time, table[1], level) for level in wanted]
    last = [found[-1] if found else (math.nan, False) for found in crossings[: len(MARKS)]]
    extra = [at for at, falling in last if falling]
    extra += [at for found in crossings[len(MARKS) :] for at, _ in found]
    every = np.union1d(time, np.array(extra, dtype=np.float64))
    more = np.stack([every, *(np.interp(every, time, line) for line in table[1:])])
    own = np.isin(every, time)
    marks = [int(np.searchsorted(every, at)) if falling else -1 for at, falling in last]
    return np.ascontiguousarray(more), own, marks


def _crossings(time: Array, values: Array, level: float) -> list[tuple[float, bool]]:
    """Return when a line through points crosses a level, and whether it falls there."""
    above = values > level
    where = np.flatnonzero(above[1:] != above[:-1])
    share = (level - values[where]) / (values[where + 1] - values[where])
    at = time[where] + share * (time[where + 1] - time[where])
    return [(float(t), bool(falling)) for t, falling in zip(at, above[where], strict=True)]


def _history(
    path: Trajectory, table: Array, part: Array, own: NDArray[np.bool_], marks: Sequence[int], steps: int
) -> History:
    """Sort what the kernel has found."""
    at_marks = np.array([part[0, mark] if mark >= 0 else np.nan for mark in marks])
    entropies = np.array([_entropy(table[:, mark], part[0, mark]) if mark >= 0 else np.nan for mark in marks])
    named = dict(zip(kernel.HISTORY, part[:, own], strict=True))
    return History(
        path,
        table[0, own],
        named["electron_fraction"],
        named["alpha"],
        named["nue"],
        named["anue"],
        named["positron"],
        named["electron"],
        at_marks,
        entropies,
        steps,
    )


def _entropy(row: Array, ye: float) -> float:
    """Return the entropy at one row, k_B per baryon; NaN outside the range of the gases."""
    temperature, density = math.exp(row[1]), math.exp(row[2])
    ranges = (
        (temperature, TEMPERATURE_RANGE),
        (density, DENSITY_RANGE),
        (float(ye), ELECTRON_FRACTION_RANGE),
    )
    if not all(low <= value <= high for value, (low, high) in ranges):
        return math.nan
    return float(_NO_NUCLEI.entropy(density, temperature, ye)[0])


def histogram(histories: Sequence[History], bins: int | Sequence[float] = 25) -> tuple[Array, Array]:
    """Mass in bins of the Y_e that decides on the r-process.

    Parameters
    ----------
    histories : sequence of History
        Of all parcels; if any mass is unknown, all count the same, in shares of the total.
    bins : int or sequence of float
        Number between 0 and the next tenth above the largest Y_e, or edges.

    Returns
    -------
    edges, mass : ndarray, shape (bin + 1,) and (bin,)
        Solar masses, or shares.
    """
    values = np.array([history.deciding for history in histories])
    masses = np.array([history.trajectory.mass for history in histories])
    weights = np.full(values.size, 1.0 / max(values.size, 1))
    if values.size and not np.isnan(masses).any():
        weights = masses / CODATA.solar_mass
    if isinstance(bins, int):
        highest = min(1.0, 0.1 * math.ceil(10.0 * float(np.max(values, initial=0.5)) + 1e-9))
        bins = np.linspace(0.0, highest, bins + 1).tolist()
    mass, edges = np.histogram(values, bins=np.asarray(bins), weights=weights)
    return edges, mass
