"""A frozen star in time: its equations, what they conserve, where they come to rest, and going on from a checkpoint."""

from __future__ import annotations

import warnings
from dataclasses import replace
from functools import cache

import h5py
import numpy as np
import pytest
from scipy.integrate import solve_ivp

from microphysics._kernels.fermi import fermi_integral_array
from microphysics.constants import CODATA
from microphysics.eos.lattimer_swesty import LattimerSwesty
from microphysics.errors import OutOfRangeError
from microphysics.opacity import OpacitySet
from snsim.config.microphysics import process_names
from snsim.config.schema import AnalyticProfile, Config
from snsim.errors import ConvergenceError, ProfileError, ResultFileError
from snsim.pipeline import energy_grid, gray_solver, microphysics_settings
from snsim.profiles.readers import load_profile
from snsim.transport import gray
from snsim.transport.checkpoint import Checkpoint
from snsim.transport.evolution import Track, evolve
from snsim.transport.evolution_records import evolution_group
from snsim.transport.frozen_star_model import FrozenStarModel
from snsim.transport.grid import build_background
from snsim.transport.implicit import StepControl, advance, take_step
from snsim.transport.matter_table import STEP, MatterTable
from snsim.transport.moving_matter import MovingMatter
from snsim.transport.thermal_scattering import gray_spectra

EOS = LattimerSwesty()
SPECIES = ("nue", "anue", "nux")
WEIGHTS = np.array([1.0, 1.0, 4.0])


@cache
def star(zones=40, reconstruction="first"):
    """Background, processes, energies, and the steady solution of the default star."""
    config = Config(schema=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        background = build_background(load_profile(config.profile, eos=EOS), zones, eos=EOS)
    chosen = OpacitySet.from_names(process_names(config.microphysics), microphysics_settings(config))
    spectra = gray_spectra(chosen, background.matter, energy_grid(config))
    # edge values of second order are one step behind: of first order in time
    scheme = replace(gray_solver(config), reconstruction=reconstruction)
    solution = replace(scheme, tolerance=1e-11).solve(background, spectra)
    assert solution.converged
    return background, chosen, energy_grid(config), solution, scheme


def model(zones=40, coupled=True, table=None, reconstruction="first"):
    background, chosen, energy, _, scheme = star(zones, reconstruction)
    matter = (table or MatterTable(EOS, background.matter.density)) if coupled else None
    return FrozenStarModel(background, chosen, energy, SPECIES, EOS, matter, scheme)


def begin(frozen, zones=40, first_step=1e-5):
    return frozen.start(settled(frozen.matter is not None, zones), first_step)


@cache
def settled(coupled, zones):
    return model(zones, coupled).steady()


@cache
def short_run():
    frozen = model()
    return frozen, evolve(frozen, begin(frozen), 3e-3, (1e-3, 2e-3))


# -------------------------------------------------------------------------------------------------------- matter table


def test_table_is_the_equation_of_state_at_nodes_and_close_to_it_between():
    density = np.geomspace(1e9, 3e14, 12)
    table = MatterTable(EOS, density)
    i, j = np.full(12, 94), 2 * np.arange(12) + 10
    at = table.first[0] + STEP[0] * i, table.first[1] + STEP[1] * j
    state = EOS(density, np.exp(at[0]), at[1])
    found = table(*at)
    np.testing.assert_allclose(found[:, 0, 0], state.energy, rtol=1e-7)
    np.testing.assert_allclose(found[:, 1, 0], state.chemical_potential_neutrino, rtol=1e-7)
    between = at[0] + 0.47 * STEP[0], at[1] + 0.31 * STEP[1]
    state, found = EOS(density, np.exp(between[0]), between[1]), table(*between)
    heat = state.heat_capacity * state.temperature  # du/d ln T
    wrong = np.abs(found[:, 0, 0] - state.energy) / heat  # as an error of ln T
    potential = np.abs(found[:, 1, 0] - state.chemical_potential_neutrino) / state.temperature
    assert np.median(wrong) < 5e-4
    assert wrong.max() < 0.02  # where the last nuclei vanish at once
    assert np.median(potential) < 1e-3
    assert np.median(np.abs(found[:, 0, 1] / heat - 1.0)) < 0.01


def test_derivatives_of_the_table_and_its_end():
    density = np.geomspace(1e9, 3e14, 12)
    table = MatterTable(EOS, density)
    random = np.random.default_rng(4)
    t, y, h = np.log(random.uniform(2.0, 20.0, 12)), random.uniform(0.1, 0.5, 12), 1e-6
    found = table(t, y)
    in_t, in_y = (table(t + h, y) - table(t - h, y)) / (2 * h), (table(t, y + h) - table(t, y - h)) / (2 * h)
    np.testing.assert_allclose(found[:, :, 1], in_t[:, :, 0], rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(found[:, :, 2], in_y[:, :, 0], rtol=1e-6, atol=1e-5)
    assert np.isnan(table(np.full(12, np.log(149.0)), y)).all()
    assert np.isnan(table(t, np.full(12, 0.001))).all()
    assert np.isnan(table(np.full(12, np.nan), y)).all()


def test_rising_nodes_give_a_rising_energy():
    from snsim.transport._kernels.evolution import look_up

    steps = np.array([0.0, 0.1, 0.2, 5.0, 5.1, 5.2, 20.0, 20.01])
    nodes = np.broadcast_to(steps[None, :, None, None], (1, 8, 4, 2)).copy()
    values = []
    for p in np.linspace(1.0, 5.999, 400):
        out = np.empty((1, 2, 3))
        look_up(nodes, np.zeros(2), np.ones(2), np.array([p]), np.array([1.5]), out)
        values.append(out[0, 0, 0])
    assert (np.diff(values) >= 0.0).all()


# ----------------------------------------------------------------------------------------------------------- equations


def directional(system, v):
    out = np.einsum("zrc,zc->zr", system.diagonal, v)
    out[1:] += np.einsum("zrc,zc->zr", system.lower[1:], v[:-1])
    out[:-1] += np.einsum("zrc,zc->zr", system.upper[:-1], v[1:])
    return out


@pytest.mark.parametrize("coupled", [True, False])
def test_derivatives_are_those_of_the_rates_and_contents(coupled):
    frozen = model(coupled=coupled)
    state = begin(frozen)
    problem = frozen.equations(state, 1e-4)
    random = np.random.default_rng(3)
    spread = np.append(np.full(state.y.shape[1] - 1, 0.01), 0.001)
    y = state.y + spread * random.normal(size=state.y.shape)
    v, h = (
        random.normal(size=y.shape),
        5e-7,
    )  # of longer ones some reach the kink where a flux changes its sign
    system, ahead, behind = (problem.linearise(y + k * v) for k in (0.0, h, -h))
    error = np.abs((ahead.rates - behind.rates) / (2 * h) - directional(system, v))
    assert (error / system.scale).max() < 1e-5
    error = np.abs((ahead.conserved - behind.conserved) / (2 * h) - np.einsum("zrc,zc->zr", system.slope, v))
    assert (error / np.abs(system.conserved)).max() < 1e-6
    np.testing.assert_allclose(problem.conserved(y), system.conserved, rtol=1e-15)


def test_matter_gains_what_the_steady_neutrinos_lose():
    frozen = model()
    background, solution, state = frozen.background, frozen.steady(), begin(frozen)
    problem = frozen.equations(state, 0.0)
    system = problem.linearise(state.y)
    c = CODATA.speed_of_light
    source = solution.emission_energy - c * solution.absorption_energy * solution.energy_density
    heating = -(WEIGHTS[:, None] * (source + solution.exchange_energy)).sum(
        axis=0
    )  # MeV/(cm3 s), proper time
    number = solution.emission_number - c * solution.absorption_number * solution.number_density
    # row of everything less the rows of the neutrinos, over W/c: -alpha^2 heating and -alpha dn_e/dtau
    volume = problem.volume
    energy = (system.rates[:, 6] - system.rates[:, 0:6:2] @ WEIGHTS) / volume
    lepton = (system.rates[:, 7] - system.rates[:, 1] + system.rates[:, 3]) / volume
    largest = np.abs(source).max(axis=0)
    # the table's and the equation of state's degeneracy differ a little
    thin = background.radius > 5e6
    np.testing.assert_allclose(
        (-energy / background.lapse**2)[thin], heating[thin], atol=0.02 * largest[thin].max()
    )
    expected = -(number[0] - number[1])
    np.testing.assert_allclose(
        (-lepton / background.lapse)[thin], expected[thin], atol=0.02 * np.abs(number).max(axis=0)[thin].max()
    )


# ------------------------------------------------------------------------------------------------------- the beginning


@cache
def analytic_star(zones=60):
    """The closed form with a composition of its own, and matter of the equation of state."""
    config = Config(schema=1, profile=AnalyticProfile(format="analytic"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        background = build_background(load_profile(config.profile), zones)
    chosen, energy, scheme = star()[1], star()[2], star()[4]
    matter = MatterTable(EOS, background.matter.density)
    return FrozenStarModel(background, chosen, energy, SPECIES, EOS, matter, scheme)


def test_coupled_matter_begins_with_the_composition_of_the_equation_of_state():
    frozen = analytic_star()
    own = frozen.background.matter
    state = EOS(own.density, own.temperature, own.electron_fraction)
    potential = state.chemical_potential_neutrino
    y = frozen.start(frozen.steady(), 1e-6).y
    found = frozen.matter(y[:, -2], y[:, -1])[:, 1, 0]
    wrong = np.abs(found - potential) / own.temperature
    assert np.median(wrong) < 1e-3  # the table between its nodes
    # among alphas are hardly any nucleons: mu_nu changes by many T from node to node
    alphas = state.matter.mass_fraction_alpha > 0.9
    assert wrong[~alphas].max() < 0.02
    assert wrong[alphas].max() < 0.2
    # trapped neutrinos are in equilibrium with it
    solution = frozen.steady()
    inside = (own.density > 1e13) & (potential / own.temperature < 40.0)
    eta = np.clip(potential / own.temperature, -8.0, None)
    np.testing.assert_allclose(solution.degeneracy[0][inside], eta[inside], rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(
        solution.number_density[0][inside],
        4.0
        * np.pi
        * (own.temperature[inside] / (2.0 * np.pi * CODATA.hbar_c)) ** 3
        * fermi_integral_array(2, eta[inside]),
        rtol=0.01,
    )
    given = gray_spectra(frozen.opacities, own, frozen.energy, SPECIES).degeneracy[0]
    assert np.nanmax(np.abs(given - potential / own.temperature)) > 1.0  # what the profile says


def test_neutrinos_of_the_profiles_composition_would_jump_and_those_of_the_model_do_not():
    frozen = analytic_star()
    tight = StepControl(change=1e-3, error=1e-5)
    state = frozen.start(frozen.steady(), 1e-6)
    after, step, _ = take_step(frozen.equations, state, 1.0, tight)
    assert step.refused == 0
    assert after.step_before == 1e-6
    assert step.movement < 0.3 * tight.change
    other = frozen.scheme.solve(
        frozen.background, gray_spectra(frozen.opacities, frozen.background.matter, frozen.energy, SPECIES)
    )
    with pytest.raises(ConvergenceError, match="had to be shorter"):
        take_step(frozen.equations, frozen.start(other, 1e-6), 1.0, tight)


def test_a_beginning_that_does_not_converge_is_said():
    frozen = replace(model(), scheme=replace(star()[4], max_iterations=1))
    with pytest.raises(ConvergenceError, match=r"beginning of the evolution .* transport.tolerance"):
        frozen.steady()
    with pytest.raises(OutOfRangeError, match="belong to one time"):
        replace(frozen, scheme=replace(star()[4], closure="multigroup")).steady()


def test_opacities_after_a_refused_step_are_those_of_the_shorter_one():
    frozen = model()
    state = begin(frozen)
    while state.time < 1e-3:
        state, _, problem = take_step(frozen.equations, state, 1.0, StepControl())
        state, _ = frozen.remember(state, problem)
    hasty = replace(state, step_next=6.0 * state.step_before)
    after, step, problem = take_step(frozen.equations, hasty, 1.0, StepControl())
    assert step.refused > 0
    assert after.step_before < hasty.step_next
    expected, first_tried = (frozen.equations(hasty, dt) for dt in (after.step_before, hasty.step_next))
    for one, two, other in zip(problem.gray, expected.gray, first_tried.gray, strict=True):
        np.testing.assert_array_equal(one.medium.absorption, two.medium.absorption)
        np.testing.assert_array_equal(one.medium.degeneracy, two.medium.degeneracy)
        moved = np.abs(one.medium.absorption - other.medium.absorption)
        assert (moved > 1e-3 * other.medium.absorption).any()


# -------------------------------------------------------------------------------------------------------------- budgets


def test_energy_and_lepton_number_close_in_every_step():
    _, track = short_run()
    steps = track.steps
    total, outflow, defect = steps["total"], steps["outflow"], steps["defect"]
    assert (np.abs(defect) < 1e-12 * np.abs(total)).all()
    assert (np.abs(defect.sum(axis=0)) < 1e-9 * np.abs(outflow.sum(axis=0))).all()
    np.testing.assert_allclose(total[-1] + outflow.sum(axis=0), total[0], rtol=1e-12)


def test_what_leaves_the_budget_is_what_streams_through_the_outer_edge():
    _, track = short_run()
    time, outflow = track.steps["time"], track.steps["outflow"].sum(axis=0)
    flux = track.steps["luminosity"] @ WEIGHTS
    assert np.sum(0.5 * (flux[1:] + flux[:-1]) * np.diff(time)) == pytest.approx(outflow[0], rel=1e-3)
    lepton = track.steps["number_luminosity"] @ np.array([1.0, -1.0, 0.0])
    assert np.sum(0.5 * (lepton[1:] + lepton[:-1]) * np.diff(time)) == pytest.approx(outflow[1], rel=1e-3)


def test_totals_are_those_of_the_profiles():
    frozen, track = short_run()
    background, last = frozen.background, {name: values[-1] for name, values in track.snapshots.items()}
    shells = 4.0 * np.pi / 3.0 * np.diff(background.radius_interface**3) / background.gamma
    baryons = background.matter.baryon_density
    state = EOS(background.matter.density, last["temperature"], last["electron_fraction"])
    held = baryons * state.energy + WEIGHTS @ last["energy_density"]
    energy = np.sum(background.lapse * shells * held) * CODATA.erg_per_mev
    assert track.steps["total"][-1, 0] == pytest.approx(
        energy, rel=1e-3
    )  # the table against the equation of state
    lepton = baryons * last["electron_fraction"] + last["number_density"][0] - last["number_density"][1]
    assert track.steps["total"][-1, 1] == pytest.approx(np.sum(shells * lepton), rel=1e-12)


def test_snapshots_and_steps_stand_where_they_were_asked_for():
    _, track = short_run()
    np.testing.assert_array_equal(track.snapshots["time"], [0.0, 1e-3, 2e-3, 3e-3])
    assert {1e-3, 2e-3, 3e-3} <= set(track.steps["time"])
    assert track.steps["change"][1:].max() < 2.0 * StepControl().change
    assert not track.steps["euler"].any()


# ------------------------------------------------------------------------------------------------- against other answers


@pytest.mark.parametrize("reconstruction", ["first"])
def test_fixed_matter_lets_neutrinos_come_to_rest_in_the_steady_solution(reconstruction):
    frozen = model(coupled=False, reconstruction=reconstruction)
    solution = star(40, reconstruction)[3]
    state = frozen.start(solution, 1e-5)
    random = np.random.default_rng(1)
    disturbed = replace(state, y=state.y + random.uniform(-1.0, 1.0, state.y.shape))
    disturbed = replace(disturbed, before=disturbed.y)
    track = evolve(frozen, disturbed, 1e3, control=StepControl(change=1.0, error=1.0, growth=2.0))
    np.testing.assert_allclose(track.snapshots["energy_density"][-1], solution.energy_density, rtol=1e-6)
    np.testing.assert_allclose(track.snapshots["number_density"][-1], solution.number_density, rtol=1e-6)


def test_a_stiff_integrator_of_others_finds_the_same_star():
    frozen = model(20)
    state = begin(frozen, 20)
    problem = frozen.equations(state, 0.0)  # opacities stay those of the beginning

    def slope(_, flat):
        system = problem.linearise(flat.reshape(state.y.shape))
        return -np.linalg.solve(system.slope, system.rates[:, :, None])[:, :, 0].ravel()

    def jacobian(_, flat):  # for its iteration only: the change of dM/dy with y is left out
        system = problem.linearise(flat.reshape(state.y.shape))
        zones, size = state.y.shape
        matrix = np.zeros((zones, size, zones, size))
        for i in range(zones):
            matrix[i, :, i] = -np.linalg.solve(system.slope[i], system.diagonal[i])
            if i > 0:
                matrix[i, :, i - 1] = -np.linalg.solve(system.slope[i], system.lower[i])
            if i + 1 < zones:
                matrix[i, :, i + 1] = -np.linalg.solve(system.slope[i], system.upper[i])
        return matrix.reshape(zones * size, zones * size)

    end = 1e-3
    answer = solve_ivp(slope, (0.0, end), state.y.ravel(), "BDF", jac=jacobian, rtol=1e-6, atol=1e-7)
    assert answer.success
    y = state.y
    for _ in range(100):
        step = advance(problem, y, end / 100)
        assert step.converged
        y = step.y
    np.testing.assert_allclose(y, answer.y[:, -1].reshape(y.shape), atol=1e-4)


def test_smaller_steps_do_not_change_the_light_curve():
    frozen = model(table=short_run()[0].matter)
    fine = evolve(frozen, begin(frozen), 3e-3, control=StepControl(change=0.01))
    coarse = short_run()[1]
    assert fine.steps["time"].size > 1.5 * coarse.steps["time"].size
    np.testing.assert_allclose(coarse.steps["luminosity"][-1], fine.steps["luminosity"][-1], rtol=1e-3)
    np.testing.assert_allclose(
        coarse.snapshots["temperature"][-1], fine.snapshots["temperature"][-1], rtol=1e-3
    )


def test_luminosities_are_of_second_order_though_opacities_are_lagged():
    frozen = model(20)
    state, end = begin(frozen, 20), 4e-3
    while state.time < 2e-3:
        state, _, problem = take_step(frozen.equations, state, 2e-3, StepControl())
        state, _ = frozen.remember(state, problem)

    def luminosities(steps):
        dt = (end - state.time) / steps
        part = dt / state.step_before  # the same trends over a shorter time
        memory = dict(state.memory)
        for name in [name for name in memory if not name.endswith("_before")]:
            memory[f"{name}_before"] = memory[name] * (memory[f"{name}_before"] / memory[name]) ** part
        now = replace(
            state,
            before=state.y + part * (state.before - state.y),
            step_before=dt,
            step_next=dt,
            memory=memory,
        )
        for k in range(steps):
            problem = frozen.equations(now, dt)
            step = advance(problem, now.y, dt)
            now = replace(now, time=now.time + (k + 1) * dt, y=step.y, before=now.y)
            now, flux = frozen.remember(now, problem)
        return flux[:, -1, 0]

    exact = luminosities(60)
    errors = [np.abs(luminosities(n) / exact - 1.0).max() for n in (4, 8)]
    assert errors[0] < 1e-3
    assert np.log2(errors[0] / errors[1]) > 1.9


# -------------------------------------------------------------------------------------------------------- moving matter


def two_stars():
    """The default star, and the same a tenth cooler and a little less dense outside."""
    background = star()[0]
    matter = background.matter
    later = EOS(
        matter.density * np.where(background.radius > 3e6, 0.9, 1.0),
        0.9 * matter.temperature,
        matter.electron_fraction,
    ).matter
    return background, replace(background, matter=later)


def test_matter_between_two_profiles_is_linear_in_time():
    first, second = two_stars()
    path = MovingMatter.of([(1.0, first), (3.0, second)])
    middle = path.at(2.5)
    np.testing.assert_allclose(middle.temperature, first.matter.temperature * 0.9**0.75, rtol=1e-12)
    share = 0.25 * first.matter.mass_fraction_proton + 0.75 * second.matter.mass_fraction_proton
    np.testing.assert_allclose(middle.mass_fraction_proton, share, rtol=1e-12)
    np.testing.assert_allclose(path.at(0.0).density, first.matter.density, rtol=1e-14)
    np.testing.assert_allclose(path.at(9.0).density, second.matter.density, rtol=1e-14)


def test_neutrinos_follow_moving_matter_and_rest_where_it_rests(monkeypatch):
    # the evolution rests to round-off, the steady solver's shapes only to 3e-5 unless it is asked for more
    monkeypatch.setattr(gray, "AT_REST", 1e-8)
    background, chosen, energy, solution, scheme = star()
    first, second = two_stars()
    path = MovingMatter.of([(0.0, first), (0.02, second)])
    frozen = FrozenStarModel(background, chosen, energy, SPECIES, EOS, None, scheme, path)
    control = StepControl(change=0.2, growth=2.0)
    track = evolve(frozen, frozen.start(solution, 1e-5), 1.0, (0.01,), control)
    middle, end = (
        replace(scheme, tolerance=1e-11).solve(
            replace(background, matter=path.at(time)), gray_spectra(chosen, path.at(time), energy)
        )
        for time in (0.01, 0.02)
    )
    np.testing.assert_allclose(track.snapshots["energy_density"][-1], end.energy_density, rtol=1e-6)
    # on the way there more is trapped than in a steady state, and comes out late
    passing = track.snapshots["luminosity"][1, :, -1]
    steady = middle.luminosity[:, -1] * background.lapse_interface[-1] ** 2
    assert (passing > steady).all()
    assert (passing < 1.2 * steady).all()


def test_paths_that_make_no_sense_are_refused():
    first, second = two_stars()
    with pytest.raises(OutOfRangeError, match="at least two and rise"):
        MovingMatter.of([(1.0, first)])
    with pytest.raises(OutOfRangeError, match="1, 1 s"):
        MovingMatter.of([(1.0, first), (1.0, second)])
    other = replace(second, radius_interface=second.radius_interface * 1.01)
    with pytest.raises(ProfileError, match="at 2 s is on other zones"):
        MovingMatter.of([(1.0, first), (2.0, other)])


# ---------------------------------------------------------------------------------------------------------- checkpoints


def same(one: Track, other: Track) -> bool:
    groups = ((one.steps, other.steps), (one.snapshots, other.snapshots))
    return all(
        a.keys() == b.keys() and all(np.array_equal(a[name], b[name], equal_nan=True) for name in a)
        for a, b in groups
    )


def test_going_on_from_a_checkpoint_changes_no_bit(tmp_path):
    end = 1e-3

    class Stopped(Exception):
        pass

    def stop_at(step):
        def watch(words):
            if f"step {step}," in words:
                raise Stopped

        return watch

    frozen = model()
    whole = evolve(frozen, begin(frozen), end, (5e-4,), checkpoint=Checkpoint(tmp_path / "w.h5", "key", 1000))
    assert not (tmp_path / "w.h5").exists()
    file = Checkpoint(tmp_path / "c.h5", "key", 7)
    interrupted = model()
    with pytest.raises(Stopped):
        evolve(interrupted, begin(interrupted), end, (5e-4,), checkpoint=file, progress=stop_at(12))
    stored = file.read()
    assert stored is not None
    assert stored.state.steps == 7
    resumed = model()
    again = evolve(resumed, begin(resumed), end, (5e-4,), checkpoint=file)
    assert same(whole, again)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.h5"]


def test_an_interrupted_run_keeps_its_last_step_and_goes_on_without_a_changed_bit(tmp_path):
    end, file = 1e-3, Checkpoint(tmp_path / "c.h5", "key", 1000)

    def interrupt(words):
        if "step 12," in words:
            raise KeyboardInterrupt

    frozen, interrupted, resumed = model(), model(), model()
    whole = evolve(frozen, begin(frozen), end, (5e-4,))
    with pytest.raises(KeyboardInterrupt, match=r"after step 12, and is kept in .*c\.h5; the same command"):
        evolve(interrupted, begin(interrupted), end, (5e-4,), checkpoint=file, progress=interrupt)
    assert [path.name for path in tmp_path.iterdir()] == ["c.h5"]
    assert file.read().state.steps == 12
    assert same(whole, evolve(resumed, begin(resumed), end, (5e-4,), checkpoint=file))
    with pytest.raises(KeyboardInterrupt, match="without a checkpoint nothing is kept"):
        evolve(frozen, begin(frozen), end, progress=interrupt)


@pytest.mark.parametrize("where", ["remember", "equations"])
def test_an_interruption_in_the_middle_of_a_step_keeps_the_step_before(tmp_path, monkeypatch, where):
    end, file, calls = 2e-4, Checkpoint(tmp_path / "c.h5", "key", 1000), []
    frozen, interrupted, resumed = model(), model(), model()
    whole = evolve(frozen, begin(frozen), end)
    original = getattr(FrozenStarModel, where)

    def stop(*arguments):
        calls.append(None)
        if len(calls) == 5:  # the first belongs to the beginning
            raise KeyboardInterrupt
        return original(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(FrozenStarModel, where, stop)
        with pytest.raises(KeyboardInterrupt, match="after step 3"):
            evolve(interrupted, begin(interrupted), end, checkpoint=file)
    assert file.read().state.steps == 3
    assert same(whole, evolve(resumed, begin(resumed), end, checkpoint=file))


def test_a_checkpoint_of_another_run_is_refused(tmp_path):
    frozen = model()
    path = tmp_path / "c.h5"
    evolve(frozen, begin(frozen), 1e-4, checkpoint=Checkpoint(path, "mine", 1))
    with pytest.raises(ResultFileError, match="another configuration"):
        evolve(frozen, begin(frozen), 1e-4, checkpoint=Checkpoint(path, "theirs", 1))
    with h5py.File(path, "a") as file:
        file.attrs["layout"] = 99
    with pytest.raises(ResultFileError, match="no checkpoint of this version"):
        Checkpoint(path, "mine").read()
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(ResultFileError, match="damaged"):
        Checkpoint(path, "mine").read()
    with pytest.raises(ResultFileError, match="cannot be written"):
        evolve(frozen, begin(frozen), 1e-4, checkpoint=Checkpoint(tmp_path / "no" / "c.h5", "mine", 1))


# ---------------------------------------------------------------------------------------------------------------- input


@pytest.mark.parametrize(
    ("duration", "times", "words"),
    [
        (-1.0, (), "evolution.duration = -1 s"),
        (np.nan, (), "evolution.duration = nan s"),
        (1.0, (0.5, 0.2), "0.5, 0.2 s: must rise"),
        (1.0, (0.5, 2.0), "between 0 and evolution.duration = 1 s"),
        (1.0, (0.0, 0.5), "between 0 and"),
    ],
)
def test_times_that_cannot_be_met_are_refused(duration, times, words):
    frozen = model()
    with pytest.raises(OutOfRangeError, match=words):
        evolve(frozen, begin(frozen), duration, times)


def test_too_few_steps_are_said_with_what_was_found():
    frozen = model()
    with pytest.raises(ConvergenceError, match=r"evolution\.max_steps = 3") as caught:
        evolve(frozen, begin(frozen), 1.0, max_steps=3)
    assert caught.value.partial.steps["time"].size == 4
    group = evolution_group(SPECIES, caught.value.partial)
    assert group["luminosity_infinity"].values.shape == (4, 3)
    assert group["temperature"].dims == ("snapshot", "zone")


def test_records_of_fixed_matter_have_no_budget_of_it():
    frozen = model(coupled=False)
    group = evolution_group(SPECIES, evolve(frozen, begin(frozen), 1e-4))
    assert "energy" not in group
    np.testing.assert_allclose(
        group["luminosity_infinity"].values[-1], group["luminosity_infinity"].values[0], rtol=1e-8
    )


@pytest.mark.slow
def test_one_second_of_the_default_star():
    frozen = model(200)
    track = evolve(frozen, begin(frozen, 200), 1.0, (0.1, 0.3))
    steps = track.steps
    lost = steps["outflow"].sum(axis=0)
    assert (np.abs(steps["defect"].sum(axis=0)) < 1e-8 * np.abs(lost)).all()
    late = steps["time"] > 0.05
    assert (np.diff(steps["luminosity"][late], axis=0) < 0.0).all()
    mean = steps["luminosity"] / steps["number_luminosity"]
    assert (np.diff(mean[:, :], axis=1) > 0.0).all()  # nue < anue < nux
    assert 3e52 < lost[0] < 6e52
    assert 0.3 < lost[1] / steps["total"][0, 1] < 0.8
    assert not steps["euler"].any()
