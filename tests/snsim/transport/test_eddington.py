"""Variable Eddington factors: limits, conservation, twins, and hard media."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from snsim.transport._kernels import eddington as kernels
from snsim.transport.coupling import uncoupled
from snsim.transport.eddington import close, ray_source, solve_eddington
from snsim.transport.groups import GroupMedium
from snsim.transport.mesh import Mesh, geometry_of
from snsim.transport.rays import formal_solution


def medium_of(absorption, scattering, equilibrium) -> GroupMedium:
    columns = (
        np.ascontiguousarray(np.atleast_2d(x.T).T, dtype=float) for x in (absorption, scattering, equilibrium)
    )
    return GroupMedium(*columns, uncoupled())


def compact_star(edges: np.ndarray, compactness: float) -> Mesh:
    """Uniform density inside radius 1, vacuum outside (interior and exterior Schwarzschild)."""
    surface = np.sqrt(1.0 - compactness)

    def lapse(r):
        inside = 1.5 * surface - 0.5 * np.sqrt(1.0 - compactness * np.minimum(r, 1.0) ** 2)
        return np.where(r < 1.0, inside, np.sqrt(1.0 - compactness / np.maximum(r, 1.0)))

    def gamma(r):
        return np.sqrt(1.0 - compactness * np.where(r < 1.0, r**2, 1.0 / np.maximum(r, 1.0)))

    centres = 0.5 * (edges[1:] + edges[:-1])
    return Mesh(edges, centres, lapse(centres), lapse(edges), gamma(centres), gamma(edges))


def balance(mesh, medium, field):
    """Outflow less net emission, over the gross exchange, shape (group,)."""
    geometry = geometry_of(mesh)
    volume = geometry.volume[:, None]
    net = (volume * medium.absorption * (medium.equilibrium - field.occupation)).sum(axis=0)
    gross = (volume * medium.absorption * (medium.equilibrium + field.occupation)).sum(axis=0) + 1e-300
    return np.abs(geometry.area[-1] * field.flux[-1] - net) / gross


def test_moment_solver_against_a_dense_one():
    rng = np.random.default_rng(3)
    zones, groups = 9, 2
    area, volume = np.cumsum(rng.random(zones + 1)), rng.random(zones)
    leaving, entering = rng.random((zones + 1, groups)), rng.random((zones + 1, groups))
    outflow, sink, source = rng.random(groups), rng.random((zones, groups)), rng.random((zones, groups))
    x, flux = np.empty((zones, groups)), np.empty((zones + 1, groups))
    kernels.solve_moments(area, volume, leaving, entering, outflow, sink, source, x, flux)
    for g in range(groups):
        matrix = np.diag(volume * sink[:, g])
        for e in range(1, zones):
            for row, sign in ((e - 1, 1.0), (e, -1.0)):
                matrix[row, e - 1] += sign * area[e] * leaving[e, g]
                matrix[row, e] -= sign * area[e] * entering[e, g]
        matrix[-1, -1] += area[-1] * outflow[g]
        assert x[:, g] == pytest.approx(np.linalg.solve(matrix, volume * source[:, g]), rel=1e-11)
        expected = leaving[1:-1, g] * x[:-1, g] - entering[1:-1, g] * x[1:, g]
        assert flux[1:-1, g] == pytest.approx(expected, rel=1e-10)
        assert flux[-1, g] == pytest.approx(outflow[g] * x[-1, g])


def test_fluxes_keep_their_digits_where_space_is_empty():
    """An edge that conducts 1e25 times better than radiation flows: a difference would know nothing of the flux."""
    zones = 5
    area, volume = np.ones(zones + 1), np.ones(zones)
    huge = np.full((zones + 1, 1), 1e25)
    sink, source = np.zeros((zones, 1)), np.zeros((zones, 1))
    source[0] = 1.0
    x, flux = np.empty((zones, 1)), np.empty((zones + 1, 1))
    kernels.solve_moments(area, volume, huge, huge, np.ones(1), sink, source, x, flux)
    assert flux[1:, 0] == pytest.approx(1.0, rel=1e-14)
    assert x[:, 0] == pytest.approx(1.0, rel=1e-14)


def test_free_streaming():
    """Almost no opacity: J that of the straight rays, L constant."""
    mesh = Mesh.flat(np.linspace(0.0, 4.0, 161))
    inside = mesh.radius < 1.0
    medium = medium_of(np.where(inside, 1e-12, 0.0), 0.0 * mesh.radius, np.where(inside, 1.0, 0.0))
    field = solve_eddington(mesh, medium)
    assert field.converged
    carried = (field.flux[:, 0] * mesh.radius_interface**2)[mesh.radius_interface >= 1.0]
    assert carried == pytest.approx(1e-12 / 3.0, rel=1e-11)
    r = mesh.radius[~inside]
    exact = (
        1e-12 * 0.5 * (1.0 - (r**2 - 1.0) / (2.0 * r) * np.log((r + 1.0) / (r - 1.0)))
    )  # transparent sphere
    found = field.occupation[~inside, 0]
    assert found == pytest.approx(exact, rel=4e-3)  # where k rises like the square root of the distance
    assert found[r > 1.2] == pytest.approx(exact[r > 1.2], rel=1e-3)


def test_diffusion():
    """A conservative scattering shell of depth 1e4 around a source: J falls as int 3 kappa H dr."""
    mesh = Mesh.flat(np.linspace(0.0, 1.0, 101))
    core = mesh.radius < 0.2
    medium = medium_of(np.where(core, 1e4, 0.0), np.where(core, 0.0, 1e4), np.ones(100))
    field = solve_eddington(mesh, medium)
    assert field.converged
    power = field.flux[-1, 0]
    deep = (mesh.radius > 0.25) & (mesh.radius < 0.95)
    r, j = mesh.radius[deep], field.occupation[deep, 0]
    assert j[:-1] - j[1:] == pytest.approx(3e4 * power * (1.0 / r[:-1] - 1.0 / r[1:]), rel=5e-4)
    assert field.eddington_factor[deep, 0] == pytest.approx(1.0 / 3.0, abs=1e-5)


def test_grid_that_ends_in_matter():
    """An absorbing sphere whose surface is the outer edge: the last half zone is opaque too."""
    depth = 4.0
    errors = []
    for zones in (40, 80):
        mesh = Mesh.flat(np.linspace(0.0, 1.0, zones + 1))
        medium = medium_of(np.full(zones, depth), np.zeros(zones), np.ones(zones))
        exact = 0.25 * (1.0 - (1.0 - (1.0 + 2.0 * depth) * np.exp(-2.0 * depth)) / (2.0 * depth**2))
        errors.append(solve_eddington(mesh, medium).flux[-1, 0] / exact - 1.0)
    assert abs(errors[1]) < 2e-3
    assert np.log2(errors[0] / errors[1]) > 1.6


def test_isothermal_star_is_dark_inside():
    """T alpha = const: f_eq at fixed energy at infinity is uniform, and so is f, without any flux (Tolman 1930)."""
    mesh = compact_star(np.linspace(0.0, 1.0, 61), 0.3)
    medium = medium_of(np.full(60, 3e3), np.full(60, 1e4), np.full(60, 0.4))
    field = solve_eddington(mesh, medium)
    deep = mesh.radius < 0.8
    assert field.occupation[deep, 0] == pytest.approx(0.4, rel=1e-13)
    assert np.abs(field.flux[:-1][deep]).max() < 1e-13 * 0.4


def test_rays_and_moments_agree_in_a_compact_star():
    """J of both to second order, r^2 H/alpha^2 of the rays constant outside."""
    differences = []
    for zones in (50, 100, 200):
        mesh = compact_star(np.linspace(0.0, 3.0, 3 * zones + 1), 0.345)
        inside = mesh.radius < 1.0
        medium = medium_of(np.where(inside, 1.0, 0.0), np.where(inside, 4.0, 0.0), np.where(inside, 1.0, 0.0))
        field = solve_eddington(mesh, medium, tolerance=1e-9)
        moments = formal_solution(
            mesh, medium.absorption + medium.scattering, ray_source(medium, field.occupation)
        )
        differences.append(np.abs(moments.mean_intensity / field.occupation - 1.0).max())
        carried = moments.flux[:, 0] * (mesh.radius_interface / mesh.lapse_interface) ** 2
        assert np.ptp(carried[mesh.radius_interface > 1.0]) < 1e-10 * carried[-1]
    assert differences[-1] < 5e-4
    assert np.log2(differences[1] / differences[2]) > 1.6
    flat = Mesh.flat(mesh.radius_interface)
    straight = formal_solution(
        flat, medium.absorption + medium.scattering, ray_source(medium, field.occupation)
    )
    assert np.abs(straight.mean_intensity / field.occupation - 1.0).max() > 0.2


def test_few_iterations():
    mesh = Mesh.flat(np.concatenate([[0.0], np.geomspace(4.0, 600.0, 100)]))
    r = mesh.radius
    opacity = (r[:, None] / 60.0) ** -4.0 * np.geomspace(0.01, 3.0, 20) / 60.0
    equilibrium = 1.0 / (1.0 + np.exp(np.geomspace(0.3, 12.0, 20) * np.minimum(r[:, None] / 30.0, 8.0)))
    for share in (0.01, 0.1, 0.9):
        medium = medium_of(share * opacity, (1.0 - share) * opacity, equilibrium)
        field = solve_eddington(mesh, medium)
        assert field.converged
        assert field.steps <= 10
        assert balance(mesh, medium, field).max() < 1e-12


def test_the_last_iterate_comes_back_unconverged():
    mesh = Mesh.flat(np.linspace(0.0, 2.0, 41))
    inside = mesh.radius < 0.3
    medium = medium_of(np.where(inside, 9.0, 0.0), np.where(inside, 0.0, 3.0), np.where(inside, 1.0, 0.0))
    field = solve_eddington(mesh, medium, max_iterations=2)
    assert not field.converged
    assert field.steps == 2
    assert field.history[-1] > 1e-6
    done = solve_eddington(mesh, medium)
    assert done.occupation == pytest.approx(field.occupation, rel=0.2)
    assert solve_eddington(mesh, medium, guess=done.occupation).steps <= 2


@pytest.mark.parametrize("seed", range(12))
def test_hard_media(seed):
    """Twenty decades of opacity, empty zones, single opaque zones, groups without a source, down to one zone."""
    rng = np.random.default_rng(seed)
    zones, groups = (1, 2, 10, 60)[seed % 4], 6
    mesh = Mesh.flat(
        np.concatenate([[0.0], np.cumsum(rng.uniform(0.1, 1.0, zones))]) * 10.0 ** rng.uniform(0.0, 7.0)
    )
    per_length = 1.0 / mesh.radius_interface[-1]
    a, s = (10.0 ** rng.uniform(-20.0, 4.0, (2, zones, groups))) * per_length
    a[rng.random(a.shape) < 0.3] = 0.0
    s[rng.random(s.shape) < 0.3] = 0.0
    single = rng.integers(zones)
    a[:, 1], s[:, 1] = 0.0, 0.0
    a[single, 1] = 1e5 * per_length
    equilibrium = 10.0 ** rng.uniform(-20.0, 0.0, (zones, groups))
    equilibrium[:, 0] = 0.0
    medium = medium_of(a, s, equilibrium)
    field = solve_eddington(mesh, medium)
    assert field.converged
    assert not field.occupation[:, 0].any()
    for values in (field.occupation, field.flux, field.eddington_factor, field.outflow):
        assert np.isfinite(values).all()
    assert (field.occupation >= 0.0).all()
    assert (field.eddington_factor > 0.0).all()
    assert (field.eddington_factor <= 1.0 + 1e-12).all()
    assert balance(mesh, medium, field).max() < 1e-12


def test_integrating_factor_of_a_beam():
    """K = J: q = (r/alpha)^2 to round-off, so that r^2 H is what a beam carries."""
    mesh = compact_star(np.linspace(1.0, 5.0, 9), 0.3)
    beam = replace(
        formal_solution(mesh, np.ones((8, 1)), np.ones((8, 1))),
        eddington_factor=np.ones((8, 1)),
        eddington_factor_interface=np.ones((9, 1)),
        outflow=np.ones(1),
    )
    closure = close(mesh, np.zeros((8, 1)), beam)
    zone, edge = mesh.radius / mesh.lapse, mesh.radius_interface / mesh.lapse_interface
    assert closure.left[1:, 0] == pytest.approx((zone / edge[1:]) ** 2, rel=1e-12)
    assert closure.right[1:-1, 0] == pytest.approx((zone[1:] / edge[1:-1]) ** 2, rel=1e-12)
    assert closure.outflow[0] == pytest.approx((zone[-1] / edge[-1]) ** 2, rel=1e-12)


def test_source_keeps_the_balance():
    medium = medium_of(np.array([1.0, 0.0, 0.0]), np.array([3.0, 2.0, 0.0]), np.array([0.5, 0.1, 0.1]))
    f = np.array([[0.2], [0.3], [0.4]])
    assert ray_source(medium, f)[:, 0] == pytest.approx([(0.5 + 0.6) / 4.0, 0.3, 0.0])


def test_source_knows_the_collisions():
    """Two groups, 2.0/cm from the second to an empty first: kappa_t S gains what scatters in and loses what scatters out."""
    medium = medium_of(np.array([[1.0, 1.0]]), np.array([[3.0, 3.0]]), np.array([[0.5, 0.5]]))
    scatter, gain = np.zeros((1, 2, 2)), np.zeros((1, 2, 2))
    scatter[0, 1, 0], gain[0, 0, 1] = 2.0, 2.0
    coupled = replace(medium, coupling=medium.coupling._replace(scatter=scatter, gain=gain))
    f = np.array([[0.2, 0.3]])
    moved = 2.0 * 0.3 * (1.0 - 0.2)
    expected = [(0.5 + 3.0 * 0.2 + moved) / 4.0, (0.5 + 3.0 * 0.3 - moved) / 4.0]
    assert ray_source(coupled, f)[0] == pytest.approx(expected, rel=1e-13)


def test_coupled_groups_without_exchange_are_the_separate_ones():
    """The same star through the coupled path, with kernels of no strength."""
    mesh = Mesh.flat(np.linspace(0.0, 2.0, 41))
    inside = (mesh.radius < 1.0)[:, None] * np.ones(3)
    medium = medium_of(inside * [2.0, 5.0, 9.0], (1.0 - inside) * 0.5 + inside, inside * [0.9, 0.5, 0.1])
    nothing = np.zeros((40, 3, 3))
    coupled = replace(medium, coupling=medium.coupling._replace(scatter=nothing, gain=nothing))
    alone, together = solve_eddington(mesh, medium), solve_eddington(mesh, coupled)
    assert together.converged
    assert together.occupation == pytest.approx(alone.occupation, rel=1e-5)
    assert together.flux[1:] == pytest.approx(alone.flux[1:], rel=1e-5)


def test_exchange_conserves_number():
    """Scattering between groups moves neutrinos, and makes none: outflow of all groups = net emission."""
    mesh = Mesh.flat(np.linspace(0.0, 2.0, 41))
    inside = (mesh.radius < 1.0)[:, None] * np.ones(3)
    medium = medium_of(inside * [2.0, 0.5, 0.1], 2.0 * inside + 0.1, inside * [0.3, 0.2, 0.1])
    weight = np.array([1.0, 3.0, 9.0])  # states per group
    rate = np.array([[0.0, 0.3, 0.1], [0.2, 0.0, 0.1], [0.05, 0.1, 0.0]])  # i -> an empty j
    scatter = inside[:, :1, None] * rate
    gain = inside[:, :1, None] * (rate * weight[:, None] / weight).T
    coupled = replace(
        medium,
        coupling=medium.coupling._replace(
            scatter=np.ascontiguousarray(scatter), gain=np.ascontiguousarray(gain)
        ),
    )
    field = solve_eddington(mesh, coupled)
    assert field.converged
    geometry = geometry_of(mesh)
    net = (geometry.volume[:, None] * medium.absorption * (medium.equilibrium - field.occupation)).sum(axis=0)
    out = geometry.area[-1] * field.flux[-1]
    assert (weight * out).sum() == pytest.approx((weight * net).sum(), rel=1e-8)
    assert np.abs(out / net - 1.0).max() > 1e-2
    assert field.steps <= 10
