"""The residual of the gray scheme against a slow twin, its derivative against differences, and its linear solvers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pytest
from opacities_at_infinity import at_infinity
from scipy.integrate import quad

from microphysics.constants import CODATA
from microphysics.matter import MatterState
from microphysics.opacity import OpacitySpectra
from snsim.transport._kernels import gray as kernels
from snsim.transport.background import Background
from snsim.transport.gray import GRAY_CLOSURES
from snsim.transport.gray_medium import first_reach, gray_medium, set_degeneracy
from snsim.transport.limiters import LIMITERS, limiter_code
from snsim.transport.mesh import geometry_of
from snsim.transport.newton import CAREFUL, Problem, march, picard, polished, scaled_norm

ZONES = 14
CLOSURES = ("spectral-flux", "spectral-gradient")
ENERGY = np.geomspace(0.3, 300.0, 30)
PHASE_SPACE = 4.0 * np.pi / (2.0 * np.pi * CODATA.hbar_c) ** 3

# plain numpy, lambda(R)
LAMBDA = {
    "wilson": lambda r: 1.0 / (3.0 + r),
    "levermore-pomraning": lambda r: (1.0 / np.tanh(r) - 1.0 / r) / r,
    "rational": lambda r: (2.0 + r) / (6.0 + 3.0 * r + r**2),
    "minerbo": lambda r: np.where(
        r <= 1.5, 2.0 / (3.0 + np.sqrt(9.0 + 12.0 * r**2)), 1.0 / (1.0 + r + np.sqrt(1.0 + 2.0 * r))
    ),
    "n1.25": lambda r: (3.0**1.25 + r**1.25) ** -0.8,
    "larsen2": lambda r: (9.0 + r**2) ** -0.5,
    "larsen4": lambda r: (81.0 + r**4) ** -0.25,
}


@dataclass(frozen=True)
class Case:
    """A jagged star, and unknowns that solve nothing."""

    background: Background
    spectra: OpacitySpectra
    degeneracy: np.ndarray
    x: np.ndarray

    def problem(self, limiter, closure="spectral-gradient"):
        geometry = geometry_of(self.background)
        medium, _ = gray_medium(self.background, self.spectra, 0)
        set_degeneracy(medium, self.degeneracy)
        reach = first_reach(geometry, medium)
        # edge values of no particular order, so that each has to stand where it belongs
        rng = np.random.default_rng(5)
        for values in reach:
            values *= rng.uniform(0.7, 1.4, values.shape)
        return Problem(
            geometry, medium, reach, kernels.Closure(GRAY_CLOSURES[closure], *limiter_code(limiter))
        )


def jagged(seed=1, exchange=1.0):
    """Everything varies from zone to zone; radiation that falls and rises outwards."""
    rng = np.random.default_rng(seed)
    edges = np.concatenate([[0.0], 1e6 * np.cumsum(rng.uniform(0.1, 0.4, ZONES))])
    centres = 0.5 * (edges[1:] + edges[:-1])
    zero = np.zeros(ZONES)
    temperature = rng.uniform(2.0, 8.0, ZONES)
    fields = dict.fromkeys(MatterState.__dataclass_fields__, zero)
    fields.update(temperature=temperature, baryon_mass=CODATA.atomic_mass)
    background = Background(
        radius_interface=edges,
        radius=centres,
        lapse=np.sort(rng.uniform(0.6, 1.0, ZONES)),
        lapse_interface=np.sort(rng.uniform(0.6, 1.0, ZONES + 1)),
        gamma=rng.uniform(0.8, 1.0, ZONES),
        gamma_interface=rng.uniform(0.8, 1.0, ZONES + 1),
        gravitational_mass=np.zeros(ZONES + 1),
        rest_mass=np.zeros(ZONES + 1),
        velocity=zero,
        matter=MatterState(**fields),
        shock_radius=np.nan,
    )
    shape = (2, 1, ZONES, ENERGY.size)
    opacity = 10.0 ** rng.uniform(-8.0, -3.0, shape) * (ENERGY / 10.0) ** 2
    spectra = OpacitySpectra(
        ("nux",),
        ("a", "b"),
        ENERGY,
        opacity,
        0.5 * opacity[::-1],
        exchange * 0.3 * opacity * ENERGY / 10.0,
        0.5 * opacity[::-1],
        temperature,
        rng.uniform(-1.0, 3.0, (1, ZONES)),
    )
    mean = 3.0 * rng.uniform(2.0, 8.0, ZONES)
    energy = 10.0 ** rng.uniform(32.0, 34.0, ZONES)
    return Case(background, spectra, rng.uniform(-1.0, 4.0, ZONES), np.stack([energy, energy / mean], axis=1))


@cache
def fermi_by_hand(order, eta):
    return quad(
        lambda y: y**order / (1.0 + np.exp(min(y - eta, 600.0))), 0.0, 80.0 + eta, epsrel=1e-12, limit=200
    )[0]


def average(values, temperature, eta, order):
    """Mean over f eps^order deps, by the trapezium in ln eps."""
    weight = ENERGY ** (order + 1) / (1.0 + np.exp(ENERGY / temperature - eta))
    x = np.log(ENERGY)
    return np.trapezoid(values * weight, x) / np.trapezoid(weight, x)


def edge_opacity(case, i):
    opacity = at_infinity(total_opacity(case), ENERGY, case.background.lapse)
    return np.sqrt(opacity[i - 1] * opacity[i])


def spectrum(case, j, t):
    """Occupation of zone j at energies at infinity with the number n, and e over its energy."""
    b = case.background
    f = 1.0 / (1.0 + np.exp(ENERGY / b.lapse[j] / t[j] - case.degeneracy[j]))
    f *= case.x[j, 1] / np.trapezoid(ENERGY**3 * f, np.log(ENERGY))
    return f, case.x[j, 0] / np.trapezoid(ENERGY**4 * f, np.log(ENERGY))


def edge_flux_twin(case, problem, limiter, closure, i, m, t):
    """-r^2 alpha^-2 Lambda Gamma dx/dr at edge i of moment m: one spectrum and one gradient, or each energy its own."""
    b, eta, x = case.background, case.degeneracy, case.x[:, m]
    kappa = edge_opacity(case, i)
    per_length = b.gamma_interface[i] / (b.radius[i] - b.radius[i - 1])
    area = (b.radius_interface[i] / b.lapse_interface[i]) ** 2
    reach = problem.reach
    if closure == "spectral-flux":
        at_edge = x[i - 1] * reach.left[i, m] if x[i - 1] >= x[i] else x[i] * reach.right[i, m]
        slope = per_length * (x[i] - x[i - 1])
        length = LAMBDA[limiter](abs(slope) / at_edge / kappa) / kappa
        far = np.sqrt(t[i - 1] * b.lapse[i - 1] * t[i] * b.lapse[i])
        return -area * average(length, far, 0.5 * (eta[i - 1] + eta[i]), 3 - m) * slope
    (left, excess_left), (right, excess_right) = spectrum(case, i - 1, t), spectrum(case, i, t)
    at_edge = np.where(left >= right, left * reach.spectral_left[i], right * reach.spectral_right[i])
    length = LAMBDA[limiter](per_length * np.abs(left - right) / at_edge / kappa) / kappa
    whole = 0.5 * (excess_left + excess_right) if m == 0 else 1.0
    flux = np.trapezoid(ENERGY ** (4 - m) * length * (left - right), np.log(ENERGY))
    return area * per_length * whole * flux


def outflow_twin(case, problem, closure, m, t):
    """r^2 alpha^-2 times the value at the outer edge."""
    b = case.background
    area = (b.radius_interface[-1] / b.lapse_interface[-1]) ** 2
    if closure == "spectral-flux":
        return area * problem.reach.left[-1, m] * case.x[-1, m]
    f, excess = spectrum(case, -1, t)
    leaving = np.trapezoid(ENERGY ** (4 - m) * f * problem.reach.spectral_left[-1], np.log(ENERGY))
    return area * leaving * (excess if m == 0 else 1.0)


def total_opacity(case):
    return (case.spectra.absorption + case.spectra.scattering).sum(axis=0)[0]


def twin(case, problem, limiter, closure):
    """Residual, zone by zone, from the equations and not from the program."""
    b, spectra, eta = case.background, case.spectra, case.degeneracy
    edges = b.radius_interface
    absorption = spectra.absorption.sum(axis=0)[0]
    exchange = spectra.exchange.sum(axis=0)[0]
    e, n = case.x.T
    energy_density, number_density = e / b.lapse**4, n / b.lapse**3
    t = np.array(
        [
            energy_density[i] / number_density[i] * fermi_by_hand(2, eta[i]) / fermi_by_hand(3, eta[i])
            for i in range(ZONES)
        ]
    )
    flux = np.zeros((ZONES + 1, 2))
    for i in range(1, ZONES):
        for m in range(2):
            flux[i, m] = edge_flux_twin(case, problem, limiter, closure, i, m, t)
    flux[-1] = [outflow_twin(case, problem, closure, m, t) for m in range(2)]
    out = np.empty((ZONES, 2))
    for i in range(ZONES):
        volume = (edges[i + 1] ** 3 - edges[i] ** 3) / (3.0 * b.gamma[i] * b.lapse[i] ** 2)
        matter = spectra.temperature[i]
        filled = 1.0 / (1.0 + np.exp(ENERGY / matter - spectra.degeneracy[0, i]))
        for m, order in enumerate((3, 2)):
            emission = PHASE_SPACE * np.trapezoid(
                absorption[i] * filled * ENERGY ** (order + 1), np.log(ENERGY)
            )
            source = b.lapse[i] ** (4 - m) * emission
            sink = average(absorption[i], t[i], eta[i], order) * case.x[i, m]
            if m == 0:
                sink += average(exchange[i], t[i], eta[i], 3) * (1.0 - matter / t[i]) * case.x[i, 0]
            out[i, m] = flux[i + 1, m] - flux[i, m] + volume * (sink - source)
    return out


@pytest.mark.parametrize("closure", CLOSURES)
@pytest.mark.parametrize("limiter", LIMITERS)
def test_residual_is_its_twin(limiter, closure):
    for seed in (1, 2):
        case = jagged(seed)
        problem = case.problem(limiter, closure)
        system = problem.at(case.x)
        assert np.abs((system.residual - twin(case, problem, limiter, closure)) / system.scale).max() < 1e-11


def test_effective_opacity_reproduces_the_diffusion_length():
    # 1/(3 kappa_eff + g) = D/Gamma, whatever limiter stands inside
    case = jagged()
    b = case.background
    for limiter in LIMITERS:
        problem = case.problem(limiter, "spectral-flux")
        system = problem.at(case.x)
        left, right = case.x[:-1], case.x[1:]
        upstream = np.where(left >= right, left * problem.reach.left[1:-1], right * problem.reach.right[1:-1])
        spacing = np.diff(b.radius)[:, None]
        g = b.gamma_interface[1:-1, None] * np.abs(left - right) / spacing / upstream
        scale = (
            (b.radius_interface / b.lapse_interface)[1:-1, None] ** 2
            * b.gamma_interface[1:-1, None]
            / spacing
        )
        effective = np.empty((ZONES + 1, 2))
        kernels.effective_opacity(case.x, problem.geometry, problem.reach, system.edges, effective)
        expected = scale * (left - right) / (3.0 * effective[1:-1] + g)
        np.testing.assert_allclose(system.edges.flux[1:-1], expected, rtol=1e-9)
        assert (effective >= 0.0).all()


@pytest.mark.parametrize("closure", CLOSURES)
@pytest.mark.parametrize("limiter", LIMITERS)
@pytest.mark.parametrize("exchange", [0.0, 1.0])
def test_jacobian_against_differences(limiter, exchange, closure):
    case = jagged(3, exchange)
    problem = case.problem(limiter, closure)
    system, step = problem.at(case.x), 1e-5
    for j in range(ZONES):
        for v in range(2):
            shift = np.zeros_like(case.x)
            shift[j, v] = step
            above, below = (problem.at(case.x * np.exp(s * shift)).residual for s in (1.0, -1.0))
            analytic = np.zeros_like(case.x)
            analytic[j] = system.diagonal[j, :, v]
            if j > 0:
                analytic[j - 1] = system.upper[j - 1, :, v]
            if j + 1 < ZONES:
                analytic[j + 1] = system.lower[j + 1, :, v]
            assert np.abs(((above - below) / (2.0 * step) - analytic) / system.scale).max() < 2e-8


def test_residual_is_homogeneous():
    # of degree one in (x, source): what makes L = sum of lambda times sources exact
    case = jagged()
    problem = case.problem("levermore-pomraning")
    medium = problem.medium
    louder = medium._replace(
        source_energy=7.0 * medium.source_energy, source_number=7.0 * medium.source_number
    )
    once, seven = problem.at(case.x), replace(problem, medium=louder).at(7.0 * case.x)
    np.testing.assert_allclose(seven.residual, 7.0 * once.residual, rtol=1e-9, atol=1e-10 * once.scale.max())


def equilibrium_case(closure="spectral-gradient"):
    """A jagged star whose neutrinos have T alpha and mu alpha constant, in nothing that absorbs."""
    case = jagged(6)
    spectra = replace(
        case.spectra, absorption=1e-30 * case.spectra.absorption, exchange=0.0 * case.spectra.exchange
    )
    b = case.background
    eta = np.full(ZONES, 1.3)
    t = 5.0 / b.lapse
    n = PHASE_SPACE * fermi_by_hand(2, 1.3) * t**3
    e = PHASE_SPACE * fermi_by_hand(3, 1.3) * t**4
    even = replace(
        case, spectra=spectra, degeneracy=eta, x=np.stack([e * b.lapse**4, n * b.lapse**3], axis=1)
    )
    return even, even.problem("levermore-pomraning", closure)


@pytest.mark.parametrize("closure", CLOSURES)
def test_nothing_flows_in_a_tolman_state(closure):
    case, problem = equilibrium_case(closure)
    flux = problem.at(case.x).edges.flux[1:-1] / problem.geometry.area[1:-1, None]
    assert (np.abs(flux) < 1e-13 * case.x[1:]).all()


def two_opaque_zones(energy, temperature, degeneracy, species="nue"):
    """Background and opacities 0.1 + (eps/10 MeV)^2 per cm, of scattering alone."""
    base = jagged(7)
    edges, flat = np.array([0.0, 1e6, 1e6 + 1e4]), np.ones(2)
    matter = replace(base.background.matter, **{
        name: values[:2] for name, values in vars(base.background.matter).items() if np.ndim(values)
    })  # fmt: skip
    background = replace(
        base.background, radius_interface=edges, radius=0.5 * (edges[1:] + edges[:-1]), lapse=flat, gamma=flat,
        lapse_interface=np.ones(3), gamma_interface=np.ones(3), matter=matter,
    )  # fmt: skip
    opacity = np.broadcast_to(0.1 + (energy / 10.0) ** 2, (1, 1, 2, energy.size)).copy()
    spectra = replace(
        base.spectra, species=(species,), processes=("a",), energy=energy, absorption=1e-30 * opacity, scattering=opacity,
        exchange=0.0 * opacity, collision=opacity, temperature=temperature, degeneracy=degeneracy[None, :],
    )  # fmt: skip
    return background, spectra


def diffused(order, t, eta, d_t, d_eta, spacing):
    """-(1/3) int deps eps^order (1/kappa) df/dr, the gradients by hand."""

    def integrand(eps):
        x = min(abs(eps / t - eta), 600.0)
        steep = 1.0 / (4.0 * np.cosh(0.5 * x) ** 2)  # -df/dx
        return eps**order * steep * (eps / t * d_t / t + d_eta) / spacing / (3.0 * (0.1 + (eps / 10.0) ** 2))

    points = sorted(t * max(eta + shift, 0.1) for shift in (-8.0, 0.0, 8.0))
    return PHASE_SPACE * quad(integrand, 0.0, t * (eta + 60.0), epsrel=1e-10, limit=400, points=points)[0]


def fluxes_between(energy, t, eta, d_t, d_eta, limiter="wilson"):
    """Fluxes of energy and number between two zones in equilibrium, and those of diffusion."""
    halves = np.array([0.5, -0.5])
    temperature, degeneracy = t + halves * d_t, eta + halves * d_eta
    background, spectra = two_opaque_zones(energy, temperature, degeneracy)
    n = PHASE_SPACE * np.array([fermi_by_hand(2, a) for a in degeneracy]) * temperature**3
    e = PHASE_SPACE * np.array([fermi_by_hand(3, a) for a in degeneracy]) * temperature**4
    medium, _ = gray_medium(background, spectra, 0)
    set_degeneracy(medium, degeneracy)
    geometry = geometry_of(background)
    problem = Problem(
        geometry, medium, first_reach(geometry, medium),
        kernels.Closure(GRAY_CLOSURES["spectral-gradient"], *limiter_code(limiter)),
    )  # fmt: skip
    flux = problem.at(np.stack([e, n], axis=1)).edges.flux[1] / geometry.area[1]
    spacing = background.radius[1] - background.radius[0]
    return flux, [diffused(order, t, eta, d_t, d_eta, spacing) for order in (3, 2)]


@pytest.mark.parametrize("limiter", ["wilson", "levermore-pomraning"])
def test_thermal_and_chemical_diffusion_are_exact(limiter):
    ours, exact = fluxes_between(np.geomspace(0.05, 500.0, 150), 5.0, 1.3, 1e-4, 3e-4, limiter)
    np.testing.assert_allclose(ours, exact, rtol=1e-5)


@pytest.mark.parametrize("temperature", [10.0, 30.0, 50.0, 100.0])
def test_grid_that_ends_below_the_hottest_spectrum_is_continued(temperature):
    ours, exact = fluxes_between(np.geomspace(0.5, 350.0, 48), temperature, 0.0, 1e-3 * temperature, 0.0)
    np.testing.assert_allclose(ours, exact, rtol=3e-4)


@pytest.mark.parametrize(("degeneracy", "within"), [(6.0, 5e-3), (10.0, 5e-3), (14.0, 5e-3)])
def test_fluxes_follow_a_fermi_surface(degeneracy, within):
    for t in np.linspace(8.0, 11.0, 7):
        ours, exact = fluxes_between(np.geomspace(0.5, 350.0, 48), t, degeneracy, 0.0, 1e-3)
        np.testing.assert_allclose(ours, exact, rtol=within)


def test_reach_of_the_moments_is_the_mean_over_the_spectrum():
    case = jagged(8)
    problem = case.problem("wilson")
    reach, system, b = problem.reach, problem.at(case.x), case.background
    kernels.moments_reach(problem.medium, reach, system.spectra)
    t = case.x[:, 0] / (case.x[:, 1] * problem.medium.shape_ratio * b.lapse)
    for i in range(1, ZONES + 1):
        for side, spectral, j in (
            (reach.left, reach.spectral_left, i - 1),
            (reach.right, reach.spectral_right, i),
        ):
            for m in range(2) if j < ZONES else ():
                f = ENERGY ** (4 - m) * spectrum(case, j, t)[0]
                mean = np.trapezoid(spectral[i] * f, np.log(ENERGY)) / np.trapezoid(f, np.log(ENERGY))
                assert side[i, m] == pytest.approx(mean, rel=1e-12)


@pytest.mark.parametrize("limiter", LIMITERS)
def test_derivative_follows_the_bend_as_far_as_expected(limiter):
    # none of it where no flux was expected, all where it was the flux itself, half where half was
    case = jagged(9)
    problem = case.problem(limiter)
    exact = problem.at(case.x)
    parts = []
    for part in (0.0, 0.5, 1.0):
        system = problem.linearised(case.x, part * exact.spectra.flux)
        np.testing.assert_array_equal(system.residual, exact.residual)
        parts.append(system.spectra.forth[1:-1])
    still, half, whole = parts
    np.testing.assert_allclose(
        still, exact.spectra.conductance[1:-1] * exact.spectra.occupation[:-1], rtol=1e-14
    )
    np.testing.assert_allclose(half, 0.5 * (still + whole), rtol=1e-11)  # REGULAR leaves 1e-12
    np.testing.assert_allclose(whole, exact.spectra.forth[1:-1], rtol=1e-11, atol=1e-12 * still.max())


def test_expected_fluxes_are_those_of_the_linearised_equations():
    case = jagged(10)
    problem = case.problem("levermore-pomraning")
    system, rng = problem.at(case.x), np.random.default_rng(4)
    change, step = rng.normal(size=case.x.shape), 1e-6
    expected = np.zeros_like(system.spectra.flux)
    kernels.expect(step * change, system.spectra, expected)
    there = problem.at(case.x * np.exp(step * change))
    moved = np.abs(there.spectra.flux - system.spectra.flux)[1:-1]
    assert (np.abs(expected - there.spectra.flux)[1:-1] < 1e-4 * moved.max(axis=1, keepdims=True)).all()


def dense(lower, diagonal, upper):
    zones = diagonal.shape[0]
    matrix = np.zeros((2 * zones, 2 * zones))
    for i in range(zones):
        matrix[2 * i : 2 * i + 2, 2 * i : 2 * i + 2] = diagonal[i]
        if i > 0:
            matrix[2 * i : 2 * i + 2, 2 * i - 2 : 2 * i] = lower[i]
        if i + 1 < zones:
            matrix[2 * i : 2 * i + 2, 2 * i + 2 : 2 * i + 4] = upper[i]
    return matrix


@pytest.mark.parametrize("zones", [1, 2, 3, 40])
def test_solve_blocks_against_dense(zones):
    rng = np.random.default_rng(zones)
    lower, diagonal, upper = (rng.normal(size=(zones, 2, 2)) for _ in range(3))
    diagonal += 5.0 * np.eye(2)
    right = rng.normal(size=(zones, 2))
    exact = np.linalg.solve(dense(lower, diagonal, upper), right.ravel()).reshape(zones, 2)
    kernels.solve_blocks(lower, diagonal, upper, right)
    np.testing.assert_allclose(right, exact, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("zones", [1, 2, 30])
def test_solve_diffusion_against_dense(zones):
    rng = np.random.default_rng(zones)
    conductance = rng.uniform(0.1, 3.0, (zones + 1, 2, 2))
    conductance[0] = 0.0
    conductance[-1, 1] = 0.0
    loss, source = rng.uniform(0.0, 1.0, (2, zones, 2))
    out = np.empty((zones, 2))
    kernels.solve_diffusion(np.ones_like(out), conductance, loss, source, out)
    for m in range(2):
        out_of, into = conductance[:, 0, m], conductance[:, 1, m]
        matrix = (
            np.diag(into[:-1] + out_of[1:] + loss[:, m]) - np.diag(into[1:-1], 1) - np.diag(out_of[1:-1], -1)
        )
        np.testing.assert_allclose(out[:, m], np.linalg.solve(matrix, source[:, m]), rtol=1e-12)


def test_solve_diffusion_survives_superconducting_zones():
    # neighbours in vacuum with nearly the same x have a conductance 1e25 times the others'; no difference may vanish
    zones = 20
    conductance = np.ones((zones + 1, 2, 2))
    conductance[0] = 0.0
    conductance[5:15] = 1e30
    loss, source = np.zeros((2, zones, 2))
    source[0] = 1.0
    out = np.empty((zones, 2))
    x = np.full_like(out, 3.0)
    kernels.solve_diffusion(x, 3.0 * conductance, loss, source, out)
    # flux 1: a unit conductance costs one unit of x, a superconducting one nothing; zones 4 to 14 are one
    expected = np.concatenate([np.arange(10.0, 6.0, -1.0), np.full(11, 6.0), np.arange(5.0, 0.0, -1.0)])
    np.testing.assert_allclose(out, np.stack([expected, expected], axis=1), rtol=1e-12)


def test_march_reports_what_it_did():
    case = jagged(4)
    problem = case.problem("wilson")
    x = picard(problem, case.x, 30, 0.5)
    assert (x > 0.0).all()
    end = march(problem, x, 1e-12, 60)
    assert end.converged
    assert end.history[0] == scaled_norm(problem.at(x))
    assert end.history[-1] == scaled_norm(problem.at(end.x)) == scaled_norm(end.system) < 1e-12
    assert len(end.history) < 60
    # quadratic at the end
    assert end.history[-2] < 1e-4
    short = march(problem, x, 1e-12, 2)
    assert not short.converged
    assert short.history == end.history[:3]
    better = polished(problem, end)
    assert scaled_norm(better.system) == scaled_norm(problem.at(better.x)) < 1e-14


@pytest.mark.parametrize("seed", [1, 3, 4])
def test_march_finds_the_same_answer_from_elsewhere(seed):
    case = jagged(seed)
    problem = case.problem("wilson")
    near = march(problem, picard(problem, case.x, 30, 0.5), 1e-12, 100)
    far = march(problem, picard(problem, 1e3 * case.x[::-1], 30, 0.5), 1e-12, 100, pace=CAREFUL)
    assert near.converged
    assert far.converged
    np.testing.assert_allclose(far.x, near.x, rtol=1e-9)


def test_brake_holds_the_step():
    # with a step of pseudo-time s the change is -s residual/scale for small s
    case = jagged(5)
    problem = case.problem("wilson")
    system = problem.at(case.x)
    change = np.empty_like(case.x)
    kernels.newton_change(system, 1e9, change)
    np.testing.assert_allclose(change, -1e-9 * system.residual / system.scale, rtol=1e-6, atol=1e-15)
