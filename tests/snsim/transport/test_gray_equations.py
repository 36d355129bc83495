"""The residual of the gray scheme against a slow twin, its derivative against differences, and its linear solvers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pytest
from scipy.integrate import quad

from microphysics.constants import CODATA
from microphysics.matter import MatterState
from microphysics.opacity import OpacitySpectra
from snsim.transport import gray
from snsim.transport._kernels import gray as kernels
from snsim.transport.background import Background
from snsim.transport.limiters import LIMITERS, limiter_code
from snsim.transport.newton import Problem, newton, picard, scaled_norm

ZONES = 14
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

    def problem(self, limiter):
        geometry = gray._geometry(self.background)
        medium, _ = gray._medium(self.background, self.spectra, 0)
        gray._set_shape(medium, self.degeneracy)
        return Problem(geometry, medium, *limiter_code(limiter))


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
        ("nue",),
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


def twin(case, limiter):
    """Residual, zone by zone, from the equations and not from the program."""
    b, spectra, eta = case.background, case.spectra, case.degeneracy
    r, edges = b.radius, b.radius_interface
    absorption = spectra.absorption.sum(axis=0)[0]
    exchange = spectra.exchange.sum(axis=0)[0]
    total = absorption + spectra.scattering.sum(axis=0)[0]
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
        kappa = np.sqrt(total[i - 1] * total[i])
        t_edge, eta_edge = np.sqrt(t[i - 1] * t[i]), 0.5 * (eta[i - 1] + eta[i])
        for m, x in enumerate((e, n)):
            upstream = i - 1 if x[i - 1] >= x[i] else i
            at_edge = x[upstream] * (r[upstream] / edges[i]) ** 2
            slope = b.gamma_interface[i] * (x[i] - x[i - 1]) / (r[i] - r[i - 1])
            length = average(LAMBDA[limiter](abs(slope) / at_edge / kappa) / kappa, t_edge, eta_edge, 3 - m)
            flux[i, m] = -(edges[i] ** 2) / b.lapse_interface[i] ** 2 * length * slope
    streaming = case.x[-1] * (r[-1] / edges[-1]) ** 2
    flux[-1] = edges[-1] ** 2 / b.lapse_interface[-1] ** 2 * streaming
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


@pytest.mark.parametrize("limiter", LIMITERS)
def test_residual_is_its_twin(limiter):
    for seed in (1, 2):
        case = jagged(seed)
        system = case.problem(limiter).at(case.x)
        assert np.abs((system.residual - twin(case, limiter)) / system.scale).max() < 1e-11


def test_effective_opacity_reproduces_the_diffusion_length():
    # 1/(3 kappa_eff + g) = D/Gamma, whatever limiter stands inside
    case = jagged()
    b = case.background
    for limiter in LIMITERS:
        problem = case.problem(limiter)
        system = problem.at(case.x)
        left, right = case.x[:-1], case.x[1:]
        upstream = np.where(
            left >= right,
            left * problem.geometry.from_left[1:-1, None],
            right * problem.geometry.from_right[1:-1, None],
        )
        spacing = np.diff(b.radius)[:, None]
        g = b.gamma_interface[1:-1, None] * np.abs(left - right) / spacing / upstream
        scale = (
            (b.radius_interface / b.lapse_interface)[1:-1, None] ** 2
            * b.gamma_interface[1:-1, None]
            / spacing
        )
        expected = scale * (left - right) / (3.0 * system.effective[1:-1] + g)
        np.testing.assert_allclose(system.flux[1:-1], expected, rtol=1e-9)
        assert (system.effective >= 0.0).all()


@pytest.mark.parametrize("limiter", LIMITERS)
@pytest.mark.parametrize("exchange", [0.0, 1.0])
def test_jacobian_against_differences(limiter, exchange):
    case = jagged(3, exchange)
    problem = case.problem(limiter)
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
    conductance = rng.uniform(0.1, 3.0, (zones + 1, 2))
    conductance[0] = 0.0
    loss, source = rng.uniform(0.0, 1.0, (2, zones, 2))
    out = np.empty((zones, 2))
    kernels.solve_diffusion(conductance, loss, source, out)
    for m in range(2):
        c = conductance[:, m]
        matrix = np.diag(c[:-1] + c[1:] + loss[:, m]) - np.diag(c[1:-1], 1) - np.diag(c[1:-1], -1)
        np.testing.assert_allclose(out[:, m], np.linalg.solve(matrix, source[:, m]), rtol=1e-12)


def test_solve_diffusion_survives_superconducting_zones():
    # neighbours in vacuum with nearly the same x have a conductance 1e25 times the others'; no difference may vanish
    zones = 20
    conductance = np.ones((zones + 1, 2))
    conductance[0] = 0.0
    conductance[5:15] = 1e30
    loss, source = np.zeros((2, zones, 2))
    source[0] = 1.0
    out = np.empty((zones, 2))
    kernels.solve_diffusion(conductance, loss, source, out)
    # flux 1: a unit conductance costs one unit of x, a superconducting one nothing; zones 4 to 14 are one
    expected = np.concatenate([np.arange(10.0, 6.0, -1.0), np.full(11, 6.0), np.arange(5.0, 0.0, -1.0)])
    np.testing.assert_allclose(out, np.stack([expected, expected], axis=1), rtol=1e-12)


def test_newton_reports_what_it_did():
    case = jagged(4)
    problem = case.problem("wilson")
    x = picard(problem, case.x, 30, 0.5)
    assert (x > 0.0).all()
    answer, history = newton(problem, x, 1e-12, 60)
    assert history[0] == scaled_norm(problem.at(x))
    assert history[-1] == scaled_norm(problem.at(answer)) < 1e-12
    assert len(history) < 15
    # quadratic at the end
    assert history[-2] < 1e-4
    _, short = newton(problem, x, 1e-12, 2)
    assert len(short) == 3
    assert short == history[:3]


@pytest.mark.parametrize("seed", [1, 3, 4])
def test_newton_finds_the_same_answer_from_elsewhere(seed):
    # the sweeps alone go round in circles in stars as jagged as these
    case = jagged(seed)
    problem = case.problem("wilson")
    near, _ = newton(problem, picard(problem, case.x, 30, 0.5), 1e-12, 60)
    far, history = newton(problem, picard(problem, 1e3 * case.x[::-1], 500, 0.5), 1e-12, 60)
    assert history[-1] < 1e-12
    np.testing.assert_allclose(far, near, rtol=1e-9)
