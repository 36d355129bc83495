"""Steps in time: block systems, order and damping of the methods, and how long steps are."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from snsim.errors import ConvergenceError
from snsim.transport._kernels import blocks
from snsim.transport.implicit import (
    EULER,
    GAMMA,
    SDIRK2,
    Linearised,
    State,
    StepControl,
    advance,
    take_step,
)
from snsim.transport.linear_diffusion import Boundary, LinearDiffusion

# ------------------------------------------------------------------------------------------------------------ blocks


def dense(lower, diagonal, upper):
    zones, size, _ = diagonal.shape
    matrix = np.zeros((zones * size, zones * size))
    for i in range(zones):
        rows = slice(i * size, (i + 1) * size)
        matrix[rows, rows] = diagonal[i]
        if i > 0:
            matrix[rows, (i - 1) * size : i * size] = lower[i]
        if i + 1 < zones:
            matrix[rows, (i + 1) * size : (i + 2) * size] = upper[i]
    return matrix


@pytest.mark.parametrize("size", [1, 2, 3, 8])
def test_block_systems_are_solved_like_dense_ones(size):
    random = np.random.default_rng(size)
    lower, diagonal, upper = random.normal(size=(3, 17, size, size))
    diagonal += 4.0 * np.sqrt(size) * np.eye(size)
    right = random.normal(size=(17, size))
    expected = np.linalg.solve(dense(lower, diagonal, upper), right.ravel())
    pivots = np.empty((17, size), dtype=np.int64)
    blocks.factorise(lower, diagonal, upper, pivots)
    for _ in range(2):  # the factors serve again
        answer = right.copy()
        blocks.substitute(lower, diagonal, upper, pivots, answer)
        np.testing.assert_allclose(answer.ravel(), expected, rtol=1e-12, atol=1e-14)


def test_rows_of_a_block_are_exchanged_where_a_pivot_vanishes():
    diagonal = np.array([[[0.0, 2.0, 0.0], [0.0, 1.0, 3.0], [4.0, 0.0, 1.0]]])
    nothing = np.zeros_like(diagonal)
    right = np.array([[1.0, 2.0, 3.0]])
    expected = np.linalg.solve(diagonal[0], right[0])
    pivots = np.empty((1, 3), dtype=np.int64)
    blocks.factorise(nothing, diagonal, nothing.copy(), pivots)
    blocks.substitute(nothing, diagonal, nothing, pivots, right)
    np.testing.assert_allclose(right[0], expected, rtol=1e-14)


# ------------------------------------------------------------------------------------------------- equations by hand


@dataclass(frozen=True)
class Decay:
    """d(y^3)/dt = -3 rate y^2 (y - target): M is not linear; y = target + (y0 - target) exp(-rate t)."""

    rate: float
    target: float = 0.0
    blind: float = np.inf  # Newton's method fails from this |F| on

    names = ("y",)
    largest_change = np.array([np.inf])
    weight = np.ones((1, 1))

    def conserved(self, y):
        return y**3

    def linearise(self, y):
        rates = 3.0 * self.rate * y**2 * (y - self.target)
        slope = 3.0 * self.rate * (3.0 * y**2 - 2.0 * y * self.target)
        if abs(y[0, 0] - 1.0) > self.blind:
            rates = np.full_like(y, np.nan)
        nothing = np.zeros((1, 1, 1))
        return Linearised(
            y**3,
            rates,
            np.abs(rates),
            3.0 * y[:, :, None] ** 2,
            nothing,
            slope[:, :, None].copy(),
            nothing.copy(),
        )


def last(problem, steps, method, end=1.0):
    y = np.ones((1, 1))
    for _ in range(steps):
        step = advance(problem, y, end / steps, method)
        assert step.converged
        y = step.y
    return y[0, 0]


@pytest.mark.parametrize(("method", "order"), [(SDIRK2, 2.0), (EULER, 1.0)])
def test_order_of_the_methods(method, order):
    problem, exact = Decay(1.3, 0.4), 0.4 + 0.6 * np.exp(-1.3)
    errors = [abs(last(problem, n, method) - exact) for n in (40, 80, 160)]
    assert np.log2(errors[0] / errors[1]) == pytest.approx(order, abs=0.06)
    assert np.log2(errors[1] / errors[2]) == pytest.approx(order, abs=0.03)


@pytest.mark.parametrize("method", [SDIRK2, EULER])
def test_what_is_infinitely_stiff_is_damped_at_once(method):
    wall = LinearDiffusion(np.array([0.0, 1.0]), np.array([1e-9]), inner=Boundary(1e9, 0.0))
    step = advance(wall, np.ones((1, 1)), 1.0, method)
    assert abs(step.y[0, 0]) < 1e-7


def test_stages_add_up_to_the_change():
    problem, start = Decay(2.0, 0.3), np.full((1, 1), 0.9)
    step = advance(problem, start, 0.2)
    change = problem.conserved(step.y) - problem.conserved(start)
    np.testing.assert_allclose(change, -0.2 * step.rates, rtol=1e-12)
    assert sum(weight for weight, _, _ in step.stages) == pytest.approx(1.0)


def test_embedded_error_is_the_difference_to_the_first_stage_taken_alone():
    rate, dt = 1.0, 1e-3
    column = LinearDiffusion(
        np.array([0.0, 1.0]), np.array([1e-12]), inner=Boundary(rate, 0.0)
    )  # du/dt = -rate u
    step = advance(column, np.ones((1, 1)), dt)
    # k1 - k2 = gamma-stages of the decay: both are -u of their stage
    first = 1.0 / (1.0 + GAMMA * dt)
    second = (1.0 - (1.0 - GAMMA) * dt * first) / (1.0 + GAMMA * dt)
    assert step.y[0, 0] == pytest.approx(second, rel=1e-13)
    assert step.error == pytest.approx(GAMMA * dt * (first - second) / (1.0 + GAMMA * dt), rel=1e-9)
    assert advance(column, np.ones((1, 1)), dt / 2.0).error == pytest.approx(step.error / 4.0, rel=1e-3)


# --------------------------------------------------------------------------------------------------- length of steps


def march(problem, stops, control, first=1e-4):
    state, seen = State.start(np.ones((1, 1)), first), []
    for stop in stops:
        while state.time < stop:
            state, step, _ = take_step(lambda state, dt: problem, state, stop, control)
            seen.append((state, step))
    return seen


def test_steps_meet_every_stop_grow_slowly_and_keep_to_the_allowed_change():
    control = StepControl(change=0.03, error=1e-3, growth=1.25)
    seen = march(Decay(1.0, 2.0), (0.5, 0.50001, 3.0), control)
    times = [state.time for state, _ in seen]
    assert {0.5, 0.50001, 3.0} <= set(times)
    lengths = np.array([state.step_before for state, _ in seen])
    proposed = np.array([1e-4] + [state.step_next for state, _ in seen])
    assert (lengths <= proposed[:-1] * (1.0 + 1e-12)).all()
    assert (proposed[1:] <= 1.25 * np.maximum(lengths, proposed[:-1]) * (1.0 + 1e-12)).all()
    assert max(step.movement for _, step in seen) < 2.0 * 0.03
    assert seen[-1][0].y[0, 0] == pytest.approx(2.0 - np.exp(-3.0), rel=1e-4)


def test_a_smaller_allowed_error_gives_more_steps_and_a_smaller_error():
    exact, errors, counts = 2.0 - np.exp(-2.0), [], []
    for allowed in (1e-3, 1e-5):
        seen = march(Decay(1.0, 2.0), (2.0,), StepControl(change=10.0, error=allowed))
        errors.append(abs(seen[-1][0].y[0, 0] - exact))
        counts.append(len(seen))
    assert counts[1] > 3 * counts[0]
    assert errors[1] < errors[0] / 20.0


def test_steps_are_halved_where_newtons_method_fails():
    seen = march(Decay(1.0, 2.0, blind=0.3), (0.2,), StepControl(change=10.0, error=10.0), first=1.0)
    assert seen[-1][0].time == 0.2
    with pytest.raises(ConvergenceError, match=r"t = 0.* s had to be shorter.*zone 0 \(y\)") as caught:
        march(Decay(1.0, 2.0, blind=0.3), (1.0,), StepControl(change=10.0, error=10.0, shortest=1e-6))
    assert isinstance(caught.value.partial, State)
    assert 0.3 < caught.value.partial.time < 0.4


def test_backward_euler_stands_in_after_repeated_failures():
    # the second stage lies beyond what is known, backward Euler's end does not
    class Picky(Decay):
        def linearise(self, y):
            found = super().linearise(y)
            return found if Picky.forgiving else found._replace(rates=np.full_like(y, np.nan))

    Picky.forgiving = False
    calls = []

    def problem(state, dt):
        calls.append(dt)
        return Picky(1.0, 2.0)

    import snsim.transport.implicit as implicit

    original = implicit.advance

    def forgiving_for_euler(equations, y, dt, method=SDIRK2, *rest):
        Picky.forgiving = method == EULER
        return original(equations, y, dt, method, *rest)

    implicit.advance = forgiving_for_euler
    try:
        state, step, _ = take_step(problem, State.start(np.ones((1, 1)), 0.1), 1.0, StepControl())
    finally:
        implicit.advance = original
    assert len(step.stages) == 1
    assert np.isnan(step.error)
    assert state.time == pytest.approx(0.1 / 16.0)


def test_a_refused_step_is_tried_again_with_equations_of_its_own_length():
    made = []

    def problem(state, dt):
        made.append(dt)
        return Decay(1.0)

    state, step, solved = take_step(problem, State.start(np.ones((1, 1)), 0.9), 10.0, StepControl(error=1.0))
    assert step.refused > 0
    assert len(made) == step.refused + 1
    assert made[-1] == state.step_before < made[0]
    direct = advance(solved, np.ones((1, 1)), state.step_before)
    np.testing.assert_array_equal(state.y, direct.y)
    assert direct.refused == 0


# ------------------------------------------------------------------------------------------------- linear diffusion


def ball(zones=60, **options):
    options = {"spherical": True, **options}
    return LinearDiffusion(np.linspace(0.0, 1.0, zones + 1), np.geomspace(30.0, 3.0, zones), **options)


@pytest.mark.parametrize("method", [SDIRK2, EULER])
def test_energy_leaves_only_through_the_boundary(method):
    problem = ball(coupling=3.0, matter_capacity=2.0, outer=Boundary(1.0, 0.0))
    y = np.stack([np.exp(-20.0 * problem.centres**2), np.ones(60)], axis=1)
    for dt in (1e-4, 1e-2, 1.0, 100.0):
        step = advance(problem, y, dt, method)
        before = problem.conserved(y).sum()
        lost = dt * sum(weight * problem.outflow(stage) for weight, stage, _ in step.stages)
        assert problem.conserved(step.y).sum() + lost == pytest.approx(before, rel=1e-12)
        assert (step.y[:, 0] < y[:, 0].max()).all()
        y = step.y


def test_a_steady_flux_through_a_slab():
    slab = LinearDiffusion(
        np.cumsum([0.0, 0.1, 0.2, 0.4, 0.3]), np.array([1.0, 5.0, 2.0, 3.0]), inner=Boundary(0.5, 1.0),
        outer=Boundary(0.5, 0.0),
    )  # fmt: skip
    y = advance(slab, np.zeros((4, 1)), 1e9, EULER).y
    depth = np.sum(slab.opacity * np.diff(slab.edges))
    flux = 1.0 / (3.0 * depth + 2.0 + 2.0)  # Marshak's condition on both sides
    assert slab.outflow(y) == pytest.approx(0.0, abs=1e-9)
    assert slab.conductance[-1] * y[-1, 0] == pytest.approx(flux, rel=1e-8)


def test_matter_and_radiation_come_to_the_common_level():
    problem = ball(zones=8, coupling=2.0, capacity=1.0, matter_capacity=3.0)
    y = np.tile([1.0, 0.0], (8, 1))
    seen = advance(problem, y, 0.1).y
    rate = 2.0 * (1.0 + 1.0 / 3.0)
    np.testing.assert_allclose(seen[:, 0] - seen[:, 1], np.exp(-0.1 * rate), rtol=2e-3)
    settled = advance(problem, y, 1e6).y
    np.testing.assert_allclose(settled, 0.25, rtol=1e-5)


def test_a_state_knows_its_trend():
    state = State.start(np.ones((1, 1)), 0.1)
    assert state.trend is None
    moved = replace(state, y=np.full((1, 1), 1.5), step_before=0.25)
    assert moved.trend[0, 0] == pytest.approx(2.0)
