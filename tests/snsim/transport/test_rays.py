"""Formal solution on tangent rays: closed forms, limits, and a slow twin."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from microphysics.errors import OutOfRangeError
from snsim.errors import ProfileError
from snsim.transport import rays
from snsim.transport._kernels import rays as kernels
from snsim.transport.mesh import Mesh
from snsim.transport.rays import formal_solution, optical_radius, ray_layout


def sphere(zones: int, depth: float, reach: float = 3.0):
    """Absorbing sphere of radius 1 in vacuum on equal zones."""
    mesh = Mesh.flat(np.linspace(0.0, reach, int(reach) * zones + 1))
    inside = (mesh.radius < 1.0)[:, None]
    return mesh, np.where(inside, depth, 0.0), np.where(inside, 1.0, 0.0)


def exact_sphere(depth: float, radius: np.ndarray) -> np.ndarray:
    """J, H, K of the sphere by Gauss quadrature of I = 1 - exp(-depth x path), shape (3, radius)."""
    x, w = np.polynomial.legendre.leggauss(400)
    out = np.empty((3, radius.size))
    for i, r in enumerate(radius):
        if r < 1.0:
            angle = 0.5 * np.pi * (x + 1.0)
            mu, weight = np.cos(angle), 0.5 * np.pi * w * np.sin(angle)
            path = r * mu + np.sqrt(1.0 - r**2 * (1.0 - mu**2))
        else:
            half = 0.5 * (x + 1.0)
            mu = np.sqrt(1.0 - (1.0 - half**2) / r**2)
            weight, path = 0.5 * w * half / (r**2 * mu), 2.0 * half
        intensity = -np.expm1(-depth * path)
        out[:, i] = [0.5 * (weight * mu**n * intensity).sum() for n in range(3)]
    return out


def schwarzschild(edges: np.ndarray, mass: float) -> Mesh:
    centres = 0.5 * (edges[1:] + edges[:-1])
    zones, interfaces = np.sqrt(1.0 - 2.0 * mass / centres), np.sqrt(1.0 - 2.0 * mass / edges)
    return Mesh(edges, centres, zones, interfaces, zones, interfaces)


@pytest.mark.parametrize(("depth", "bound"), [(0.1, 2e-4), (4.0, 3e-3), (100.0, 1e-4), (4000.0, 2e-5)])
def test_homogeneous_sphere(depth, bound):
    mesh, opacity, source = sphere(50, depth)
    found = formal_solution(mesh, opacity, source)
    j, _, k = exact_sphere(depth, mesh.radius)
    assert found.mean_intensity[:, 0] == pytest.approx(j, rel=bound)
    assert found.eddington_factor[:, 0] == pytest.approx(k / j, rel=bound)
    j, h, k = exact_sphere(depth, mesh.radius_interface[1:])
    # at the surface itself rays just inside it stand for all that are steeper: 1e-3
    away, outside = np.abs(mesh.radius_interface[1:] - 1.0) > 1e-9, mesh.radius_interface[1:] > 0.999
    assert found.mean_intensity_interface[1:, 0][away] == pytest.approx(j[away], rel=bound)
    assert found.mean_intensity_interface[1:, 0] == pytest.approx(j, rel=max(bound, 1e-3))
    assert found.flux[1:, 0][outside] == pytest.approx(h[outside], rel=bound)
    assert found.outflow[0] == pytest.approx(h[-1] / j[-1], rel=bound)


def test_second_order_with_a_jump_of_the_opacity():
    """Of the flux; the nodes next to the jump err more, with an order towards 3/2."""
    flux, errors = [], []
    for zones in (25, 50, 100):
        mesh, opacity, source = sphere(zones, 1.0)
        found = formal_solution(mesh, opacity, source)
        exact = exact_sphere(1.0, np.append(mesh.radius, 3.0))
        errors.append(np.abs(found.mean_intensity[:, 0] / exact[0, :-1] - 1.0).max())
        flux.append(abs(found.flux[-1, 0] / exact[1, -1] - 1.0))
    assert np.log2(flux[1] / flux[2]) > 1.6
    assert np.log2(errors[0] / errors[2]) / 2.0 > 1.2


def test_deep_inside_the_field_is_isotropic_to_round_off():
    mesh = Mesh.flat(np.linspace(0.0, 1.0, 41))
    found = formal_solution(mesh, np.full((40, 2), [1e3, 1e5]), np.full((40, 2), 0.3))
    deep = mesh.radius < 0.9
    assert found.mean_intensity[deep] == pytest.approx(0.3, rel=1e-13)
    assert found.eddington_factor[deep] == pytest.approx(1.0 / 3.0, rel=1e-13)
    assert np.abs(found.flux[:-5]).max() < 1e-15


def test_far_outside_the_field_streams():
    mesh, opacity, source = sphere(20, 10.0, reach=300.0)
    found = formal_solution(mesh, opacity, source)
    assert found.outflow[0] == pytest.approx(1.0, rel=1e-5)
    assert found.eddington_factor[-1, 0] == pytest.approx(1.0, rel=1e-5)
    assert found.outflow[0] < 1.0
    carried = found.flux[:, 0] * mesh.radius_interface**2
    assert carried[mesh.radius_interface >= 1.0] == pytest.approx(carried[-1], rel=1e-12)


def test_light_is_bent_as_around_a_black_hole():
    """An opaque star shines into the cone sin(theta) = (R/alpha(R))/(r/alpha(r)): J, H, K in closed form."""
    mass, star = 0.15, 1.0  # 2M/R = 0.3
    mesh = schwarzschild(np.concatenate([np.linspace(0.9, 1.0, 11), np.geomspace(1.0, 20.0, 80)[1:]]), mass)
    inside = (mesh.radius < star)[:, None]
    found = formal_solution(mesh, np.where(inside, 1e7, 0.0), np.where(inside, 1.0, 0.0))
    edge = mesh.radius_interface > star + 1e-9
    b = star / np.sqrt(1.0 - 2.0 * mass / star)
    mu = np.sqrt(1.0 - (b / (mesh.radius_interface / mesh.lapse_interface)[edge]) ** 2)
    assert found.mean_intensity_interface[edge, 0] == pytest.approx(0.5 * (1.0 - mu), rel=1e-4)
    assert found.flux[edge, 0] == pytest.approx(0.25 * (1.0 - mu**2), rel=1e-4)
    assert found.eddington_factor_interface[edge, 0] == pytest.approx((1.0 + mu + mu**2) / 3.0, rel=1e-4)
    # without bending the cone would be wider by far more than that
    flat = formal_solution(
        Mesh.flat(mesh.radius_interface), np.where(inside, 1e7, 0.0), np.where(inside, 1.0, 0.0)
    )
    assert flat.flux[-1, 0] < 0.75 * found.flux[-1, 0]


def test_a_constant_lapse_changes_nothing():
    mesh, opacity, source = sphere(20, 3.0)
    half, halves = np.full_like(mesh.radius, 0.5), np.full_like(mesh.radius_interface, 0.5)
    slow = Mesh(mesh.radius_interface, mesh.radius, half, halves, mesh.gamma, mesh.gamma_interface)
    here, there = (formal_solution(m, opacity, source) for m in (mesh, slow))
    assert there.mean_intensity == pytest.approx(here.mean_intensity, rel=1e-13)
    assert there.flux[1:] == pytest.approx(here.flux[1:], rel=1e-11)


def test_path_is_the_proper_one():
    """Gamma = 1/2 makes paths twice as long."""
    mesh, opacity, source = sphere(20, 3.0)
    half, halves = np.full_like(mesh.radius, 0.5), np.full_like(mesh.radius_interface, 0.5)
    bent = Mesh(mesh.radius_interface, mesh.radius, mesh.lapse, mesh.lapse_interface, half, halves)
    here, there = formal_solution(mesh, 2.0 * opacity, source), formal_solution(bent, opacity, source)
    assert there.mean_intensity == pytest.approx(here.mean_intensity, rel=1e-13)


def test_photon_sphere_is_refused():
    mesh = schwarzschild(np.linspace(2.5, 6.0, 36), 1.0)  # r/alpha falls inside r = 3M
    with pytest.raises(ProfileError, match="photon sphere"):
        optical_radius(mesh)
    optical_radius(schwarzschild(np.linspace(3.0, 6.0, 36), 1.0))


def test_hollow_shell():
    """Inside an opaque shell radiation is isotropic and does not flow."""
    mesh = Mesh.flat(np.linspace(1.0, 2.0, 21))
    found = formal_solution(mesh, np.full((20, 1), 500.0), np.full((20, 1), 0.7))
    assert found.mean_intensity_interface[0, 0] == pytest.approx(0.7, rel=1e-12)
    assert abs(found.flux[0, 0]) < 1e-14
    # and inside a thin one the chord through the hollow joins both sides: J = S kappa (mean path)
    thin = formal_solution(mesh, np.full((20, 1), 1e-6), np.full((20, 1), 1.0), core_rays=100)
    x, w = np.polynomial.legendre.leggauss(200)
    mu = 0.5 * (x + 1.0)
    path = np.sqrt(4.0 - 1.0 + mu**2) - mu
    # the far side of the hollow is as thick as the near one
    assert thin.mean_intensity_interface[0, 0] == pytest.approx(1e-6 * (0.5 * w * path).sum(), rel=5e-3)


@pytest.mark.parametrize(("thinned", "bound"), [(2, 0.02), (4, 0.08)])
def test_fewer_rays_in_a_steep_atmosphere(thinned, bound):
    mesh = Mesh.flat(np.concatenate([[0.0], np.geomspace(0.05, 5.0, 120)]))
    opacity = 3.0 * mesh.radius[:, None] ** -3.0
    source = np.exp(-2.0 * mesh.radius)[:, None]
    full = formal_solution(mesh, opacity, source)
    few = formal_solution(mesh, opacity, source, zones_per_ray=thinned)
    assert few.eddington_factor == pytest.approx(full.eddington_factor, rel=bound)
    assert (
        ray_layout(mesh, opacity, opacity * source, 8, thinned).impact.size
        < ray_layout(mesh, opacity, opacity * source).impact.size / thinned
    )


def test_empty_space_and_no_source():
    mesh = Mesh.flat(np.linspace(0.0, 1.0, 11))
    for found in (
        formal_solution(mesh, np.zeros((10, 1)), np.ones((10, 1))),
        formal_solution(mesh, np.ones((10, 1)), np.zeros((10, 1))),
    ):
        assert not found.mean_intensity.any()
        assert found.eddington_factor == pytest.approx(1.0 / 3.0)
        assert found.outflow == pytest.approx(0.5)


def test_bounds_of_the_moments():
    """|H| <= J, 0 < K <= J, whatever the medium; sources fall by decades from zone to zone."""
    rng = np.random.default_rng(5)
    for zones in (1, 2, 10, 40):
        mesh = Mesh.flat(np.concatenate([[0.0], np.cumsum(rng.uniform(0.1, 1.0, zones))]))
        opacity = 10.0 ** rng.uniform(-20.0, 6.0, (zones, 30)) * (rng.random((zones, 30)) < 0.8)
        source = 10.0 ** rng.uniform(-40.0, 0.0, (zones, 30)) * (rng.random((zones, 30)) < 0.8)
        found = formal_solution(mesh, opacity, source)
        assert (found.mean_intensity >= 0.0).all()
        assert (np.abs(found.flux) <= found.mean_intensity_interface * (1.0 + 1e-12)).all()
        for factor in (found.eddington_factor, found.eddington_factor_interface):
            assert (factor > 0.0).all()
            assert (factor <= 1.0 + 1e-12).all()


def test_bad_input_is_named():
    mesh = Mesh.flat(np.linspace(0.0, 1.0, 4))
    good, bad = np.ones((3, 2)), np.ones((3, 2))
    bad[1, 1] = -2.0
    with pytest.raises(OutOfRangeError, match=r"opacity = -2\.0 in zone 1, group 1"):
        formal_solution(mesh, bad, good)
    bad[1, 1] = np.nan
    with pytest.raises(OutOfRangeError, match="source = nan in zone 1, group 1"):
        formal_solution(mesh, good, bad)
    with pytest.raises(OutOfRangeError, match="core_rays = 0"):
        formal_solution(mesh, good, good, core_rays=0)
    with pytest.raises(OutOfRangeError, match="zones_per_ray = 0"):
        formal_solution(mesh, good, good, zones_per_ray=0)


def _twin(mesh, opacity, source, layout):
    """Every ray by itself, exp and all, then u and v between rays by brute quadrature of their interpolants."""
    zones = mesh.radius.size
    x, top = layout.position, 2 * zones
    lower, upper = rays._halves(mesh, source)
    low, high = rays._halves(mesh, opacity)
    kappa = 0.5 * (low + high)
    field = {}
    for ray, b in enumerate(layout.impact):
        nodes = [n for n in range(top + 1) if x[n] >= b]
        start = nodes[0] if x[nodes[0]] == b else nodes[0] - 1
        z = {n: np.sqrt(max(x[n] ** 2 - b**2, 0.0)) for n in nodes}
        z.setdefault(start, 0.0)
        share = max(b - x[start], 0.0) / (x[start + 1] - x[start])
        below = {s: lower[s, 0] for s in range(start, top)}
        below[start] += share * (upper[start, 0] - below[start])

        def carry(value, s, first, last, z=z):
            d = kappa[s, 0] * layout.path[s] * (z[s + 1] - z[s])
            if d < 1e-4:
                return value * (1.0 - d) + d * 0.5 * (first + last)
            e = np.exp(-d)
            return value * e + first * ((1.0 - e) / d - e) + last * (1.0 - (1.0 - e) / d)

        value, inwards = 0.0, {top: 0.0}
        for s in range(top - 1, start - 1, -1):
            value = carry(value, s, upper[s, 0], below[s])
            inwards[s] = value
        outwards = {start: value}
        for s in range(start, top):
            value = carry(value, s, below[s], upper[s, 0])
            outwards[s + 1] = value
        for n in nodes:
            field[ray, n] = (0.5 * (outwards[n] + inwards[n]), 0.5 * (outwards[n] - inwards[n]))
    t, w = np.polynomial.legendre.leggauss(40)
    moments = np.zeros((3, top + 1))
    for n in range(1, top + 1):
        present = [ray for ray in range(layout.impact.size) if (ray, n) in field]
        for i, j in pairwise(present):
            bi, bj = layout.impact[i], layout.impact[j]
            mi, mj = np.sqrt(1.0 - (bi / x[n]) ** 2), np.sqrt(max(1.0 - (bj / x[n]) ** 2, 0.0))
            mu = mj + (mi - mj) * (0.5 * (t + 1.0)) ** 2  # crowded where s may be steep
            weight = w * 0.5 * (mi - mj) * (t + 1.0)
            kink = layout.kink[j]
            s = np.sqrt(np.maximum(kink**2 - x[n] ** 2 * (1.0 - mu**2), 0.0))
            si, sj = np.sqrt(kink**2 - bi**2), np.sqrt(max(kink**2 - bj**2, 0.0))
            even, odd = (s - sj) / (si - sj), (mu - mj) / (mi - mj)
            odd = even if kink < x[n] else odd
            (ui, vi), (uj, vj) = field[i, n], field[j, n]
            u, v = uj + (ui - uj) * even, vj + (vi - vj) * odd
            moments[:, n] += 0.5 * np.array(
                [(weight * u).sum(), (weight * v * mu).sum(), (weight * u * mu**2).sum()]
            )
    return 2.0 * moments


def test_slow_twin():
    rng = np.random.default_rng(2)
    edges = np.concatenate([[0.0], np.cumsum(rng.uniform(0.5, 1.5, 12))])
    mesh = Mesh.flat(edges)
    opacity = (2.0 * np.exp(-0.5 * mesh.radius) * np.where(mesh.radius < 5.0, 3.0, 1.0))[:, None]
    source = np.exp(-0.3 * mesh.radius)[:, None]
    layout = ray_layout(mesh, opacity, opacity * source)
    assert (layout.kink < edges[-1]).any()
    j, h, k = 0.5 * _twin(mesh, opacity, source, layout)
    found = formal_solution(mesh, opacity, source)
    assert found.mean_intensity[:, 0] == pytest.approx(2.0 * j[1::2], rel=3e-4)
    assert found.mean_intensity_interface[1:, 0] == pytest.approx(2.0 * j[2::2], rel=3e-4)
    assert found.flux[1:, 0] == pytest.approx(2.0 * h[2::2], rel=1e-3)
    assert found.eddington_factor[:, 0] == pytest.approx(k[1::2] / j[1::2], rel=3e-4)


def test_attenuation_keeps_its_digits():
    """1 - exp(-d) and the weight of the far end against expm1, over forty decades."""
    depth = 10.0 ** np.linspace(-30.0, 10.0, 401)
    opacity = np.ascontiguousarray(depth[:, None])
    absorbed, downstream = np.empty_like(opacity), np.empty_like(opacity)
    kernels._attenuate(0, opacity, np.ones(depth.size), absorbed, downstream)
    assert absorbed[:, 0] == pytest.approx(-np.expm1(-depth), rel=2e-13)
    thin = depth < 1e-2
    assert downstream[thin, 0] == pytest.approx(
        depth[thin] / 2 - depth[thin] ** 2 / 6 + depth[thin] ** 3 / 24, rel=1e-7
    )
    assert downstream[~thin, 0] == pytest.approx(1.0 + np.expm1(-depth[~thin]) / depth[~thin], rel=1e-12)


def test_edge_values_see_jumps_from_both_sides():
    centre, edge = np.arange(6) + 0.5, np.arange(7.0)
    step = np.array([1.0, 1.0, 1.0, 5.0, 5.0, 5.0])[:, None]
    lower, upper = np.empty_like(step), np.empty_like(step)
    kernels.edge_values(step, centre, edge, lower, upper)
    assert np.array_equal(lower, step)
    assert np.array_equal(upper, step)
    line = (2.0 + 3.0 * centre)[:, None]
    kernels.edge_values(line, centre, edge, lower, upper)
    assert lower[1:, 0] == pytest.approx((2.0 + 3.0 * edge[:-1])[1:])
    assert upper[:-1, 0] == pytest.approx((2.0 + 3.0 * edge[1:])[:-1])
