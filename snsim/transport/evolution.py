"""A star's neutrinos in time, with matter that they heat, cool and deleptonise where it stands: light curves.

The star is frozen: density, radii and metric stay what they are. Nothing contracts, nothing convects, nothing falls in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.errors import OutOfRangeError
from snsim.errors import ConvergenceError
from snsim.transport import checkpoint as files
from snsim.transport.frozen_star import FrozenStar
from snsim.transport.frozen_star_model import FrozenStarModel
from snsim.transport.implicit import State, Step, StepControl, take_step

Array = NDArray[np.float64]

_TO_ERG = 4.0 * np.pi * CODATA.speed_of_light * CODATA.erg_per_mev  # rows of energy to erg, or erg/s
_CONTROL = StepControl()
_TO_NUMBER = 4.0 * np.pi * CODATA.speed_of_light


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
        """Append a row of `steps`, a mapping of name to value."""
        return replace(self, steps=_appended(self.steps, row))

    def with_snapshot(self, row: dict[str, Array]) -> Track:
        """Append a row of `snapshots`, a mapping of name to value."""
        return replace(self, snapshots=_appended(self.snapshots, row))


def _appended(rows: dict[str, Array], row: dict[str, Array]) -> dict[str, Array]:
    if not rows:
        return {name: np.asarray(value)[None] for name, value in row.items()}
    return {name: np.concatenate([rows[name], np.asarray(value)[None]]) for name, value in row.items()}


def check_times(duration: float, output_times: Sequence[float]) -> None:
    """Refuse times that cannot be met.

    Parameters
    ----------
    duration : float
        s.
    output_times : sequence of float
        s.

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
        File that is renewed every so many steps and when the run is interrupted, and from which it goes on if it exists.
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
    KeyboardInterrupt
        If the run is interrupted, with where it stopped and how to go on; the last whole step is in the checkpoint.
    """
    check_times(duration, output_times)
    stops = [*(t for t in output_times if t < duration), duration]
    reached = _beginning(model, state, checkpoint)
    try:
        while reached.state.time < duration:
            if reached.state.steps >= max_steps:
                raise ConvergenceError(
                    f"the evolution reached t = {reached.state.time:.6g} s after evolution.max_steps = {max_steps} steps",
                    Track(reached.steps, reached.snapshots),
                )
            reached = _next(model, reached, stops, control)
            now = reached.state
            if checkpoint is not None and now.steps % checkpoint.every == 0:
                checkpoint.write(reached)
            if progress is not None:
                progress(f"evolution: t = {now.time:.4g} s, step {now.steps}, dt = {now.step_before:.2g} s")
    except KeyboardInterrupt:
        raise KeyboardInterrupt(_interrupted(reached, checkpoint)) from None
    return Track(reached.steps, reached.snapshots)


def _beginning(model: FrozenStarModel, state: State, checkpoint: files.Checkpoint | None) -> files.Stored:
    """Return what the checkpoint holds, or else the state with the rows of time 0."""
    if checkpoint is not None and (found := checkpoint.read()) is not None:
        if model.matter is not None:
            model.matter.nodes[:] = found.nodes
        return found
    problem = model.equations(state, 0.0)
    state, flux = model.remember(state, problem)
    track = Track().with_step(_row(problem, state, None, flux)).with_snapshot(_snapshot(problem, state, flux))
    return _stored(model, state, track)


def _next(
    model: FrozenStarModel, reached: files.Stored, stops: Sequence[float], control: StepControl
) -> files.Stored:
    """Take a step, and note it."""
    track = Track(reached.steps, reached.snapshots)
    stop = min(t for t in stops if t > reached.state.time)
    try:
        state, step, problem = take_step(model.equations, reached.state, stop, control)
    except ConvergenceError as error:
        raise ConvergenceError(str(error), track) from error
    state, flux = model.remember(state, problem)
    track = track.with_step(_row(problem, state, step, flux))
    if state.time == stop:
        track = track.with_snapshot(_snapshot(problem, state, flux))
    return _stored(model, state, track)


def _stored(model: FrozenStarModel, state: State, track: Track) -> files.Stored:
    nodes = None if model.matter is None else model.matter.nodes
    return files.Stored(state, track.steps, track.snapshots, nodes)


def _interrupted(reached: files.Stored, checkpoint: files.Checkpoint | None) -> str:
    """Keep the last whole step, and say so."""
    where = f"the evolution stopped at t = {reached.state.time:.6g} s, after step {reached.state.steps}"
    if checkpoint is None:
        return f"{where}; without a checkpoint nothing is kept"
    checkpoint.write(reached)
    return f"{where}, and is kept in {checkpoint.path}; the same command goes on from there"


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
        "refused": 0.0 if step is None else float(step.refused),
        "luminosity": outer[:, 0] * _TO_ERG,
        "number_luminosity": outer[:, 1] * _TO_NUMBER,
        "outer_degeneracy": np.array([equations.medium.degeneracy[-1] for equations in problem.gray]),
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
