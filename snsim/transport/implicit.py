"""Implicit steps in time for d M(y)/dt + F(y) = 0 on zones that feel their neighbours, and the control of their length.

The two-stage method is singly diagonally implicit, second order, L-stable and stiffly accurate (Alexander 1977, SIAM J.
Numer. Anal. 14, 1006), gamma = 1 - 1/sqrt 2. Stages are written in the conserved quantities M and not in y,

    M(y1) + gamma dt F(y1) = M(y0),    M(y2) + gamma dt F(y2) = M(y0) - (1 - gamma) dt F(y1),

so that a sum over zones in which the rates cancel is conserved as well as the equations are solved, whatever M(y).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from snsim.errors import ConvergenceError
from snsim.transport._kernels import blocks

Array = NDArray[np.float64]
Factors = tuple[Array, Array, Array, NDArray[np.int64]]

GAMMA = 1.0 - 1.0 / math.sqrt(2.0)
SDIRK2, EULER = "sdirk2", "euler"
_NEWTON_STEPS = 15
_ROUND_OFF = 1e-9  # scaled residual that may stand where Newton's method has stopped to reduce it
_PATIENCE = 4  # steps refused before backward Euler takes over
_REFUSED = 2.0  # times the allowed error or change
_TIMID = 0.9  # fraction of the step that the error would allow
_TINY = 1e-300


class Linearised(NamedTuple):
    """The equations at one y.

    `conserved`, `rates` and `scale` (what the rates are a difference of, for the norm of the residual) have shape (zone,
    block), `slope` = dM/dy and the three diagonals of dF/dy shape (zone, block, block).
    """

    conserved: Array
    rates: Array
    scale: Array
    slope: Array
    lower: Array
    diagonal: Array
    upper: Array


class Problem(Protocol):
    """Equations d M(y)/dt + F(y) = 0; y has shape (zone, block)."""

    @property
    def names(self) -> tuple[str, ...]:
        """What the unknowns of a zone are, for messages."""
        ...

    @property
    def largest_change(self) -> Array:
        """By how much a Newton step may change each unknown, shape (block,)."""
        ...

    @property
    def weight(self) -> Array:
        """Weight of a change of y in the control of the step, shape (zone, block); 0 for what may change freely."""
        ...

    def conserved(self, y: Array) -> Array:
        """Return M(y), shape (zone, block)."""
        ...

    def linearise(self, y: Array) -> Linearised:
        """Return M, F and their derivatives, new arrays; NaN where y is outside of what the equations know."""
        ...


@dataclass(frozen=True)
class Step:
    """One step forward.

    Attributes
    ----------
    y : ndarray, shape (zone, block)
        At its end.
    stages : tuple of (float, ndarray, ndarray)
        Weight, y and F(y) of each: M changes by -dt times the sum of weight times F(y).
    error : float
        Root mean square, over what has a weight, of the difference to the embedded first-order method; NaN for Euler.
    movement : float
        Largest change of what has a weight.
    iterations : int
        Newton steps.
    converged : bool
        Whether every stage was solved.
    worst : tuple of int
        Zone and unknown with the largest scaled residual.
    residual : float
        That residual.
    refused : int
        Longer ones that were tried before from the same state.
    """

    y: Array
    stages: tuple[tuple[float, Array, Array], ...]
    error: float
    movement: float
    iterations: int
    converged: bool
    worst: tuple[int, int]
    residual: float
    refused: int = 0

    @property
    def rates(self) -> Array:
        """Mean of F over the step, (M(before) - M(y))/dt, shape (zone, block)."""
        return np.sum([weight * rates for weight, _, rates in self.stages], axis=0)


@dataclass(frozen=True)
class _Stage:
    """A solved stage, its equations, and the factors of the last Newton matrix."""

    y: Array
    rates: Array
    factors: Factors | None
    row_scale: Array
    iterations: int
    residual: Array
    converged: bool


def advance(
    problem: Problem,
    y: Array,
    dt: float,
    method: str = SDIRK2,
    tolerance: float = 1e-12,
    trend: Array | None = None,
) -> Step:
    """Take one step.

    Parameters
    ----------
    problem : Problem
        Equations.
    y : ndarray, shape (zone, block)
        At the beginning.
    dt : float
        Length.
    method : {"sdirk2", "euler"}
        Two stages of second order, or backward Euler.
    tolerance : float
        On the largest residual over its scale, in every stage.
    trend : ndarray, shape (zone, block), optional
        dy/dt from which the iteration starts.

    Returns
    -------
    Step
        With `converged` False, and the last iterate, if a stage could not be solved.
    """
    start = problem.conserved(y)
    drift = np.zeros_like(y) if trend is None else trend
    if method == EULER:
        only = _solve(problem, y + dt * drift, start, dt, tolerance)
        return _step(problem, y, only, ((1.0, only.y, only.rates),), np.nan, only.iterations)
    first = _solve(problem, y + GAMMA * dt * drift, start, GAMMA * dt, tolerance)
    if not first.converged:
        return _step(problem, y, first, (), np.nan, first.iterations)
    right = start - (1.0 - GAMMA) * dt * first.rates
    second = _solve(problem, y + (first.y - y) / GAMMA, right, GAMMA * dt, tolerance)
    if not second.converged:  # the secant may have overshot
        again = _solve(problem, first.y, right, GAMMA * dt, tolerance)
        second = replace(again, iterations=again.iterations + second.iterations)
    error = _embedded_error(problem, first, second, dt) if second.converged else np.nan
    stages = ((1.0 - GAMMA, first.y, first.rates), (GAMMA, second.y, second.rates))
    return _step(problem, y, second, stages, error, first.iterations + second.iterations)


def _step(
    problem: Problem,
    y: Array,
    last: _Stage,
    stages: tuple[tuple[float, Array, Array], ...],
    error: float,
    steps: int,
) -> Step:
    zone, unknown = np.unravel_index(int(np.argmax(last.residual)), last.residual.shape)
    with np.errstate(invalid="ignore"):
        movement = float(np.max(np.where(problem.weight > 0.0, np.abs(last.y - y) * problem.weight, 0.0)))
    return Step(
        y=last.y,
        stages=stages,
        error=error,
        movement=movement,
        iterations=steps,
        converged=last.converged,
        worst=(int(zone), int(unknown)),
        residual=float(last.residual[zone, unknown]),
    )


def _solve(problem: Problem, y: Array, right: Array, weight: float, tolerance: float) -> _Stage:
    """Newton's method for M(y) + weight F(y) = right."""
    limit = problem.largest_change
    factors: Factors | None = None
    row_scale = residual = np.full_like(y, np.inf)
    norm, rates = np.inf, np.zeros_like(y)
    for steps in range(_NEWTON_STEPS + 1):
        system = problem.linearise(y)
        defect = right - system.conserved - weight * system.rates
        scale = np.abs(system.conserved) + np.abs(right) + weight * system.scale + _TINY
        residual = np.abs(defect) / scale
        residual[~np.isfinite(residual)] = np.inf
        before, norm, rates = norm, float(residual.max()), system.rates
        stalled = norm < _ROUND_OFF and norm > 0.5 * before
        if norm < tolerance or stalled or not np.isfinite(norm) or steps == _NEWTON_STEPS:
            break
        factors, row_scale = _factorised(system, weight)
        change = defect / row_scale
        blocks.substitute(*factors, change)
        y = y + np.clip(change, -limit, limit)
    converged = norm < (_ROUND_OFF if stalled else tolerance)
    if converged and factors is None:
        factors, row_scale = _factorised(system, weight)
    return _Stage(y, rates, factors, row_scale, steps, residual, converged)


def _factorised(system: Linearised, weight: float) -> tuple[Factors, Array]:
    """Factors of M' + weight F', rows divided by their scale, and that scale; uses up the arrays of `system`."""
    row_scale = np.empty_like(system.rates)
    blocks.newton_matrix(system.slope, system.lower, system.diagonal, system.upper, weight, row_scale)
    pivots = np.empty(row_scale.shape, dtype=np.int64)
    blocks.factorise(system.lower, system.diagonal, system.upper, pivots)
    return (system.lower, system.diagonal, system.upper, pivots), row_scale


def _embedded_error(problem: Problem, first: _Stage, second: _Stage, dt: float) -> float:
    """Difference to M0 - dt F(y1), taken to y by the last Newton matrix, which also damps what is stiff in it."""
    assert second.factors is not None
    change = GAMMA * dt * (first.rates - second.rates) / second.row_scale
    blocks.substitute(*second.factors, change)
    counted = problem.weight > 0.0
    if not counted.any():
        return 0.0
    return float(np.sqrt(np.mean((change * problem.weight)[counted] ** 2)))


# ------------------------------------------------------------------------------------------------ length of steps


@dataclass(frozen=True)
class StepControl:
    """How long steps may be.

    Attributes
    ----------
    error : float
        Largest embedded error.
    change : float
        Largest change of what the problem gives a weight, relative where unknowns are logarithms.
    growth : float
        Largest ratio of a step to the one before.
    shortest, longest : float
        Bounds of a step, s; a step that would have to be shorter ends the evolution.
    tolerance : float
        Of Newton's method.
    """

    error: float = 1e-3
    change: float = 0.04
    growth: float = 1.3
    shortest: float = 1e-12
    longest: float = np.inf
    tolerance: float = 1e-12

    def excess(self, step: Step) -> float:
        """Return how far a step went beyond what is allowed.

        Parameters
        ----------
        step : Step
            That was solved.

        Returns
        -------
        float
            Ratio of its length to the longest that would just be allowed, as error and change let it estimate.
        """
        error = 0.0 if np.isnan(step.error) else step.error / self.error
        return max(
            math.sqrt(error), step.movement / self.change
        )  # the error goes like dt^2, the change like dt


@dataclass(frozen=True)
class State:
    """Everything that the future depends on.

    Attributes
    ----------
    time : float
        s.
    y, before : ndarray, shape (zone, block)
        Unknowns now and one step ago.
    step_before, step_next : float
        Length of the last step, 0 at the beginning, and of the next one if nothing stops it, s.
    steps : int
        Taken so far.
    memory : mapping of str to ndarray
        What a problem remembers from step to step.
    """

    time: float
    y: Array
    before: Array
    step_before: float
    step_next: float
    steps: int = 0
    memory: dict[str, Array] = field(default_factory=dict)

    @classmethod
    def start(cls, y: Array, first_step: float) -> State:
        """Return the state at time 0.

        Parameters
        ----------
        y : ndarray, shape (zone, block)
            Unknowns.
        first_step : float
            Length of the first step to try, s.
        """
        return cls(0.0, y, y, 0.0, first_step)

    @property
    def trend(self) -> Array | None:
        """dy/dt of the last step."""
        return (self.y - self.before) / self.step_before if self.step_before > 0.0 else None


_Equations = TypeVar("_Equations", bound=Problem)


def take_step(
    make_problem: Callable[[State, float], _Equations], state: State, stop: float, control: StepControl
) -> tuple[State, Step, _Equations]:
    """Advance by one accepted step that does not go beyond `stop`.

    A step that went too far, or that Newton's method could not solve, is refused, and a shorter one is tried with the
    equations made for its own length.

    Parameters
    ----------
    make_problem : callable
        Equations for a step of a length from a state.
    state : State
        Now.
    stop : float
        Time that must be met exactly.
    control : StepControl
        Lengths.

    Returns
    -------
    State, Step, Problem
        Afterwards, how it went, and the equations that were solved.

    Raises
    ------
    ConvergenceError
        If a step would have to be shorter than allowed; with the state in `partial`.
    """
    wanted = min(state.step_next, control.longest)
    left = stop - state.time
    # no tiny step just before a stop: meet it, or go half of the way
    dt = (
        left if wanted >= left * (1.0 - 1e-12) else min(wanted, 0.5 * left) if wanted > 0.5 * left else wanted
    )
    problem = make_problem(state, dt)
    refused = 0
    while True:
        method = SDIRK2 if refused < _PATIENCE else EULER
        step = advance(problem, state.y, dt, method, control.tolerance, state.trend)
        excess = control.excess(step) if step.converged else np.inf
        if excess <= _REFUSED:
            break
        refused += 1
        dt *= 0.5 if not np.isfinite(excess) else max(0.2, _TIMID / excess)
        if dt < control.shortest:
            raise ConvergenceError(_why(problem, state, dt, step), state)
        problem = make_problem(state, dt)  # what it lags is continued to the middle of the step
    cap = control.growth * (dt if refused else max(dt, wanted))
    proposed = min(dt * _TIMID / max(excess, 1e-10), cap, control.longest)
    met = dt == left
    after = State(
        time=stop if met else state.time + dt,
        y=step.y,
        before=state.y,
        step_before=dt,
        step_next=proposed,
        steps=state.steps + 1,
        memory=state.memory,
    )
    return after, replace(step, refused=refused), problem


def _why(problem: Problem, state: State, dt: float, step: Step) -> str:
    zone, unknown = step.worst
    how = f"the largest change was still {step.movement:.2g}, the error {step.error:.2g}"
    if not step.converged:
        how = f"Newton's method ended with a scaled residual {step.residual:.1e} in zone {zone} ({problem.names[unknown]})"
    return f"the step at t = {state.time:.6g} s had to be shorter than {dt:.2g} s: {how}"
