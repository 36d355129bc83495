"""A star's neutrinos in time, with matter that they heat, cool and deleptonise where it stands: light curves.

The star is frozen: density, radii and metric stay what they are. Nothing contracts, nothing convects, nothing falls in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.eos.state import EquationOfState
from microphysics.errors import OutOfRangeError
from microphysics.matter import MatterState
from microphysics.opacity import OpacitySet, OpacitySpectra
from snsim.errors import ConvergenceError
from snsim.transport import checkpoint as files
from snsim.transport.background import Background
from snsim.transport.frozen_star import (
    FrozenStar,
    lagged,
    spectral_shape,
    with_lagged,
)
from snsim.transport.gray import GraySolver, gray_problem
from snsim.transport.gray_medium import set_degeneracy
from snsim.transport.implicit import State, Step, StepControl, take_step
from snsim.transport.matter_table import MatterTable
from snsim.transport.moving_matter import MovingMatter
from snsim.transport.newton import Problem as GrayProblem
from snsim.transport.solution import TransportSolution
from snsim.transport.thermal_scattering import gray_spectra

Array = NDArray[np.float64]

COUPLED, FIXED = "coupled", "fixed"
_SMALLEST_Y_E = 0.05  # below, changes of Y_e are compared with this
_EXTENSION = 2.0 / 3.0  # of the edge values per step, as in the steady scheme
_SWEEPS = 40  # of them at the start
_TRAPPED = 1.0  # effective depth from which on neutrinos limit the step
_TO_ERG = 4.0 * np.pi * CODATA.speed_of_light * CODATA.erg_per_mev  # rows of energy to erg, or erg/s
_CONTROL = StepControl()
_TO_NUMBER = 4.0 * np.pi * CODATA.speed_of_light


@dataclass(frozen=True)
class FrozenStarModel:
    """What stays the same during an evolution, and how the equations of a step come from a state.

    Attributes
    ----------
    background : Background
        Zones, metric, densities; its temperature and Y_e are those of the beginning.
    opacities : OpacitySet
        Processes.
    energy : ndarray, shape (energy,)
        Local energies of the opacities, MeV.
    species : tuple of str
        Which neutrinos.
    eos : EquationOfState
        Of the matter.
    matter : MatterTable or None
        None holds the matter fixed.
    scheme : GraySolver
        Its limiter and spectral shape.
    path : MovingMatter, optional
        Matter as a given function of time, in place of `matter`.
    inelastic : bool
        Whether scattering on electrons comes from its kernels.
    """

    background: Background
    opacities: OpacitySet
    energy: Array
    species: tuple[str, ...]
    eos: EquationOfState
    matter: MatterTable | None
    scheme: GraySolver = field(default_factory=GraySolver)
    path: MovingMatter | None = None
    inelastic: bool = True

    def start(self, solution: TransportSolution, first_step: float) -> State:
        """State at time 0: the neutrinos of a steady solution in the matter of the background."""
        if self.scheme.closure == "multigroup":
            raise OutOfRangeError(
                "transport.closure = 'multigroup': its means belong to one time, and not to an evolution"
            )
        lapse, matter = self.background.lapse, self.background.matter
        columns = []
        for name in self.species:
            s = solution.species.index(name)
            columns += [lapse**4 * solution.energy_density[s], lapse**3 * solution.number_density[s]]
        y = np.log(np.stack(columns, axis=1))
        if self.matter is not None:
            own = np.stack([np.log(matter.temperature), matter.electron_fraction], axis=1)
            y = np.concatenate([y, own], axis=1)
        spectra = self._spectra(y, 0.0)
        shapes = solution.degeneracy[[solution.species.index(name) for name in self.species]]
        problems = self._gray(spectra)
        for problem, shape in zip(problems, shapes, strict=True):
            set_degeneracy(problem.medium, shape)
        star = self._star(y, problems, np.zeros_like(shapes))
        for _ in range(_SWEEPS):  # edge values of this x
            memory, _ = self._lagged(star, y)
        before = {f"{name}_before": values for name, values in memory.items()}
        return replace(State.start(y, first_step), memory=memory | before)

    def equations(self, state: State, dt: float) -> FrozenStar:
        """Equations of a step: opacities and what is lagged are those of its middle, continued from the step before."""
        part = 0.5 * dt / state.step_before if state.step_before > 0.0 else 0.0
        spectra = self._spectra(state.y + part * (state.y - state.before), state.time + 0.5 * dt)
        now = {name: state.memory[name] for name in state.memory if not name.endswith("_before")}
        # edge values are not continued: the shortest waves would grow
        depth, before = now["depth"], state.memory["depth_before"]
        middle = now | {"depth": depth * (depth / before) ** part}
        problems = self._gray(spectra)
        for s, problem in enumerate(problems):
            own = {name: values[s] for name, values in middle.items()}
            shape = spectral_shape(self.scheme.spectral_shape, own["depth"], spectra.degeneracy[s])
            with_lagged(problem, own, shape)
        return self._star(state.y, problems, middle["depth"])

    def _gray(self, spectra: OpacitySpectra) -> tuple[GrayProblem, ...]:
        return tuple(gray_problem(self.scheme, self.background, spectra, name)[0] for name in self.species)

    def _star(self, y: Array, problems: tuple[GrayProblem, ...], depth: Array) -> FrozenStar:
        weight = np.zeros_like(y)
        for s in range(len(self.species)):
            weight[:, 2 * s : 2 * s + 2] = (depth[s] > _TRAPPED)[:, None]
        if self.matter is not None:
            weight[:, -2] = 1.0
            weight[:, -1] = 1.0 / np.maximum(y[:, -1], _SMALLEST_Y_E)
        return FrozenStar(self.species, problems, self.background, self.matter, weight)

    @cached_property
    def _spectra_at_start(self) -> OpacitySpectra:
        return self._opacities_of(self.background.matter)

    def _opacities_of(self, matter: MatterState) -> OpacitySpectra:
        return gray_spectra(self.opacities, matter, self.energy, self.species, self.inelastic)

    def _spectra(self, y: Array, time: float) -> OpacitySpectra:
        """Opacities of the matter in y, its composition that of the equation of state, or of given matter."""
        if self.path is not None:
            return self._opacities_of(self.path.at(time))
        if self.matter is None:
            return self._spectra_at_start
        low, high = self.matter.electron_fraction_bounds()
        fraction = np.clip(y[:, -1], low, high)  # where it was continued beyond them
        state = self.eos(self.background.matter.density, np.exp(y[:, -2]), fraction)
        return self._opacities_of(state.matter)

    def _lagged(self, star: FrozenStar, y: Array) -> tuple[dict[str, Array], Array]:
        """Depths and edge values at y, first axis species, and the fluxes (species, interface, 2); moves those of `star`."""
        part = _EXTENSION if self.scheme.reconstruction == "second" else 0.0
        systems, x = star.systems(y), np.exp(y)
        each = []
        for s, problem in enumerate(star.gray):
            own = np.ascontiguousarray(x[:, 2 * s : 2 * s + 2])
            each.append(lagged(self.background, problem, own, part))
        memory = {name: np.stack([values[name] for values in each]) for name in each[0]}
        return memory, np.stack([system.flux for system in systems])

    def remember(self, state: State, star: FrozenStar) -> tuple[State, Array]:
        """Return what the next step takes from here, and all fluxes r^2 alpha^-2 h, shape (species, interface, 2)."""
        after, flux = self._lagged(star, state.y)
        before = {f"{name}_before": state.memory[name] for name in after}
        return replace(state, memory=after | before), flux


@dataclass(frozen=True)
class Track:
    """What has been found so far: one row per step, and snapshots.

    Attributes
    ----------
    steps : mapping of str to ndarray
        See `_row`; first axis the steps, the first of them at time 0.
    snapshots : mapping of str to ndarray
        First axis the snapshots.
    """

    steps: dict[str, Array] = field(default_factory=dict)
    snapshots: dict[str, Array] = field(default_factory=dict)

    def with_step(self, row: dict[str, Array]) -> Track:
        """Append a step."""
        return replace(self, steps=_appended(self.steps, row))

    def with_snapshot(self, row: dict[str, Array]) -> Track:
        """Append a snapshot."""
        return replace(self, snapshots=_appended(self.snapshots, row))


def _appended(rows: dict[str, Array], row: dict[str, Array]) -> dict[str, Array]:
    if not rows:
        return {name: np.asarray(value)[None] for name, value in row.items()}
    return {name: np.concatenate([rows[name], np.asarray(value)[None]]) for name, value in row.items()}


def check_times(duration: float, output_times: Sequence[float]) -> None:
    """Refuse times that cannot be met.

    Raises
    ------
    OutOfRangeError
        Naming the time.
    """
    if not (np.isfinite(duration) and duration > 0.0):
        raise OutOfRangeError(f"evolution.duration = {duration:g} s: must be positive and finite")
    times = np.asarray(output_times, dtype=np.float64)
    if times.size and not (np.diff(times) > 0.0).all():
        raise OutOfRangeError(f"evolution.output_times = {', '.join(f'{t:g}' for t in times)} s: must rise")
    if times.size and not (0.0 < times[0] and times[-1] <= duration):
        raise OutOfRangeError(
            f"evolution.output_times = {times[0]:g} ... {times[-1]:g} s: must lie between 0 and "
            f"evolution.duration = {duration:g} s"
        )


def evolve(
    model: FrozenStarModel,
    state: State,
    duration: float,
    output_times: Sequence[float] = (),
    control: StepControl = _CONTROL,
    *,
    progress: Callable[[str], None] | None = None,
    checkpoint: files.Checkpoint | None = None,
    max_steps: int = 100000,
) -> Track:
    """Follow a star through time.

    Parameters
    ----------
    model : FrozenStarModel
        The star.
    state : State
        From `FrozenStarModel.start`.
    duration : float
        s, at infinity.
    output_times : sequence of float
        Rising, s; snapshots are taken there, at the beginning and at the end.
    control : StepControl
        Of the steps.
    progress : callable, optional
        Called with time, step and its length in words.
    checkpoint : Checkpoint, optional
        File that is renewed every so many steps, and from which the run goes on if it exists.
    max_steps : int
        Bound of the steps.

    Returns
    -------
    Track
        Steps and snapshots.

    Raises
    ------
    OutOfRangeError
        For times that cannot be met.
    ConvergenceError
        With the Track so far in `partial`.
    """
    check_times(duration, output_times)
    stops = [*(t for t in output_times if t < duration), duration]
    track = Track()
    if checkpoint is not None and (found := checkpoint.read()) is not None:
        state, track = found.state, Track(found.steps, found.snapshots)
        if model.matter is not None:
            model.matter.nodes[:] = found.nodes
    if not track.steps:
        problem = model.equations(state, 0.0)
        state, flux = model.remember(state, problem)
        track = track.with_step(_row(problem, state, None, flux)).with_snapshot(
            _snapshot(problem, state, flux)
        )
    while state.time < duration:
        if state.steps >= max_steps:
            raise ConvergenceError(
                f"the evolution reached t = {state.time:.6g} s after evolution.max_steps = {max_steps} steps",
                track,
            )
        try:
            state, step, problem = take_step(
                model.equations, state, min(t for t in stops if t > state.time), control
            )
        except ConvergenceError as error:
            raise ConvergenceError(str(error), track) from error
        state, flux = model.remember(state, problem)
        track = track.with_step(_row(problem, state, step, flux))
        if state.time in stops:
            track = track.with_snapshot(_snapshot(problem, state, flux))
        if progress is not None:
            progress(f"evolution: t = {state.time:.4g} s, step {state.steps}, dt = {state.step_before:.2g} s")
        if checkpoint is not None and state.steps % checkpoint.every == 0:
            nodes = None if model.matter is None else model.matter.nodes
            checkpoint.write(files.Stored(state, track.steps, track.snapshots, nodes))
    return track


def _row(problem: FrozenStar, state: State, step: Step | None, flux: Array) -> dict[str, Array]:
    """Numbers of one step: lengths, iterations, what leaves the star, what is in it, and what has been lost on the way."""
    outer = flux[:, -1]
    held = problem.conserved(state.y)
    row: dict[str, float | Array] = {
        "time": state.time,
        "step": state.step_before,
        "iterations": 0.0 if step is None else float(step.iterations),
        "error": np.nan if step is None else step.error,
        "change": np.nan if step is None else step.movement,
        "euler": float(step is not None and len(step.stages) == 1),
        "luminosity": outer[:, 0] * _TO_ERG,
        "number_luminosity": outer[:, 1] * _TO_NUMBER,
        "neutrino_energy": held[:, 0 : 2 * len(problem.species) : 2].sum(axis=0) * _TO_ERG,
        "neutrino_number": held[:, 1 : 2 * len(problem.species) : 2].sum(axis=0) * _TO_NUMBER,
    }
    if problem.matter is not None:
        before = held if step is None else problem.conserved(state.before)
        left = np.zeros(2) if step is None else step.rates[:, -2:].sum(axis=0) * state.step_before
        units = np.array([_TO_ERG, _TO_NUMBER])
        row |= {
            "total": held[:, -2:].sum(axis=0) * units,  # energy, lepton number
            "outflow": left * units,
            "defect": ((held[:, -2:] - before[:, -2:]).sum(axis=0) + left) * units,
            "central_temperature": float(np.exp(state.y[0, -2])),
            "highest_temperature": float(np.exp(state.y[:, -2].max())),
            "central_electron_fraction": float(state.y[0, -1]),
        }
    return {name: np.asarray(value, dtype=np.float64) for name, value in row.items()}


def _snapshot(problem: FrozenStar, state: State, flux: Array) -> dict[str, Array]:
    """Profiles at one time: matter, densities of neutrinos, luminosities at infinity through every edge."""
    lapse = problem.background.lapse
    x = np.exp(state.y[:, : 2 * len(problem.species)])
    row = {
        "time": np.asarray(state.time),
        "energy_density": (x[:, 0::2] / lapse[:, None] ** 4).T,
        "number_density": (x[:, 1::2] / lapse[:, None] ** 3).T,
        "luminosity": flux[:, :, 0] * _TO_ERG,
        "number_luminosity": flux[:, :, 1] * _TO_NUMBER,
    }
    if problem.matter is not None:
        row |= {"temperature": np.exp(state.y[:, -2]), "electron_fraction": state.y[:, -1].copy()}
    return row
