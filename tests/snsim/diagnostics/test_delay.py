import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microphysics.constants import CODATA
from snsim.diagnostics.delay import (
    exterior_travel_time,
    mass_delay,
    null_ray_time,
    observe,
    travel_time,
)
from snsim.diagnostics.neutrinosphere import transport_radius

C, KPC = CODATA.speed_of_light, 3.0856775814913673e21
# shared/reference/observables/shapiro.csv (computed for this project; interior checked against quadrature):
# M/Msun, r1 km, r2 km, total us, excess us
EXTERIOR = [
    (1.4, 10, 30, 87.1768594, 20.4640404),
    (1.4, 10, 60, 197.865971, 31.0839233),
    (1.4, 12, 80, 258.081482, 31.2578974),
    (1.4, 30, 60, 110.689111, 10.6198829),
    (1.4, 15, 40, 99.860496, 16.4694722),
]
# the same inside an incompressible star of radius R = r2
INTERIOR = [
    (1.4, 0, 12, 57.3833596, 17.3556681),
    (1.4, 0, 30, 113.329288, 13.2600596),
    (1.6, 5, 20, 63.1801018, 13.1454875),
    (2.0, 0, 12, 72.1534251, 32.1257337),
]


def incompressible_slowness(radius, mass, surface):
    """1/(alpha Gamma) of the interior Schwarzschild solution."""
    rs = 2.0 * CODATA.gravitational_constant * mass / C**2
    gamma = np.sqrt(1.0 - rs * radius**2 / surface**3)
    return 1.0 / (0.5 * (3.0 * math.sqrt(1.0 - rs / surface) - gamma) * gamma)


def incompressible_time(mass, radius, surface):
    """Closed form from the centre: sin x = sqrt(r_s/R^3) r, int dx/(b - cos x)."""
    rs = 2.0 * CODATA.gravitational_constant * mass / C**2
    k, b = math.sqrt(rs / surface**3), 3.0 * math.sqrt(1.0 - rs / surface)
    x = math.asin(k * radius)
    # int_0^x dy/(b - cos y) = 2/sqrt(b^2 - 1) atan(sqrt((b + 1)/(b - 1)) tan(x/2))
    integral = 2.0 / math.sqrt(b * b - 1.0) * math.atan(math.sqrt((b + 1.0) / (b - 1.0)) * math.tan(0.5 * x))
    return 2.0 / (k * C) * integral


@pytest.mark.parametrize(("mass", "inner", "outer", "total", "excess"), EXTERIOR)
def test_exterior_of_reference_table(mass, inner, outer, total, excess):
    time = exterior_travel_time(mass * CODATA.solar_mass, inner * 1e5, outer * 1e5)
    assert time * 1e6 == pytest.approx(total, rel=1e-8)
    assert (time - (outer - inner) * 1e5 / C) * 1e6 == pytest.approx(excess, rel=1e-7)


@pytest.mark.parametrize(("mass", "inner", "outer", "total", "excess"), INTERIOR)
def test_interior_of_reference_table_through_a_sampled_metric(mass, inner, outer, total, excess):
    mass, surface = mass * CODATA.solar_mass, outer * 1e5
    closed = incompressible_time(mass, surface, surface) - incompressible_time(mass, inner * 1e5, surface)
    assert closed * 1e6 == pytest.approx(total, rel=1e-8)
    edges = np.linspace(0.0, surface, 101)
    # centres off the middle: the parabola is general
    centres = edges[:-1] + 0.55 * np.diff(edges)
    sampled = [incompressible_slowness(r, mass, surface) for r in (edges, centres)]
    time = travel_time(edges, centres, *sampled, inner * 1e5, surface)
    assert time * 1e6 == pytest.approx(total, rel=1e-8)
    assert (time - (outer - inner) * 1e5 / C) * 1e6 == pytest.approx(excess, rel=1e-7)


def test_convergence_order_is_four():
    mass, surface = 1.4 * CODATA.solar_mass, 1.2e6
    errors = []
    for zones in (4, 8, 16):
        edges = np.linspace(0.0, surface, zones + 1)
        centres = 0.5 * (edges[1:] + edges[:-1])
        sampled = [incompressible_slowness(r, mass, surface) for r in (edges, centres)]
        time = travel_time(edges, centres, *sampled, 0.0, surface)
        errors.append(abs(time / incompressible_time(mass, surface, surface) - 1.0))
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    np.testing.assert_allclose(orders, 4.0, atol=0.3)


def test_neutrino_mass_of_reference_table():
    # mass_tof.csv: D kpc, m eV, E MeV, s
    for distance, mass, energy, delay in (
        (10.0, 1.0, 10.0, 0.00514635625),
        (10.0, 0.1, 15.0, 2.28726945e-05),
        (51.4, 1.0, 10.0, 0.0264522711),
        (51.4, 10.0, 20.0, 0.661306778),
    ):
        assert mass_delay(distance * KPC, mass, energy) == pytest.approx(delay, rel=1e-8)


def test_times_through_the_profile(star):
    mass = 1.4 * CODATA.solar_mass
    background, spectra, solution = star(mass=mass, zones=400)
    found = observe(background, spectra, solution)
    exact = incompressible_time(mass, 1.2e6, 1.2e6) + exterior_travel_time(mass, 1.2e6, 3e7)
    assert found["centre_travel_time"].values == pytest.approx(exact, rel=1e-7)
    spheres = transport_radius(background, spectra, solution)
    np.testing.assert_array_equal(found["sphere_radius"].values, spheres)
    rays = exterior_travel_time(mass, spheres, 3e7)
    np.testing.assert_allclose(found["sphere_travel_time"].values, rays, rtol=1e-7)
    np.testing.assert_allclose(found["gw_minus_neutrino"].values, exact - rays, rtol=1e-6)
    for name, total in (
        ("centre", "centre_travel_time"),
        ("sphere", "sphere_travel_time"),
        ("gw_minus_neutrino", "gw_minus_neutrino"),
    ):
        parts = found[f"{name}_geometric"].values + found[f"{name}_excess"].values
        np.testing.assert_allclose(parts, found[total].values, rtol=1e-12)
        assert (found[f"{name}_excess"].values > 0.0).all()


def test_flat_space_has_no_excess(star):
    found = observe(*star())
    np.testing.assert_allclose(found["centre_excess"].values, 0.0, atol=1e-17)
    assert found["centre_travel_time"].values == pytest.approx(3e7 / C, rel=1e-14)


def test_diffusion_trapping_and_mass(star):
    background, spectra, solution = star()
    found = observe(background, spectra, solution, distance=10.0 * KPC, neutrino_mass=1.0)
    spheres = found["sphere_radius"].values
    # transport opacity is 1e-6/cm everywhere in this star
    np.testing.assert_allclose(found["diffusion_delay"].values, 3.0 * spheres**2 * 1e-6 / C, rtol=1e-12)
    # E = L/(4 pi r^2 c h), h = r/(r + 30 km): E dV/L = (1 + 30 km/r) dr/c
    geometric = spheres / C
    assert (found["trapping_time"].values > geometric).all()
    mean = solution.energy_density[:, -1] / solution.number_density[:, -1]
    np.testing.assert_allclose(found["mass_delay"].values, 0.00514635625 * (10.0 / mean) ** 2, rtol=1e-8)
    assert "neutrino_mass" in observe(background, spectra, solution)["mass_delay"].attributes["reason"]


def test_no_sphere_is_nan_with_a_reason(star):
    found = observe(*star(opacity=(2e-6, 1e-30, 1e-30)))
    for name in ("sphere_travel_time", "gw_minus_neutrino_excess", "diffusion_delay", "trapping_time"):
        np.testing.assert_array_equal(np.isnan(found[name].values), [False, True, True])
        assert "2/3" in found[name].attributes["reason"]


@settings(max_examples=30, deadline=None)
@given(cuts=st.lists(st.floats(0.0, 3e7), min_size=3, max_size=3).map(sorted))
def test_travel_times_add_up(star, cuts):
    background = star(mass=1.4 * CODATA.solar_mass)[0]
    a, b, c = cuts
    whole = null_ray_time(background, a, c)
    assert null_ray_time(background, a, b) + null_ray_time(background, b, c) == pytest.approx(
        whole, abs=1e-16
    )
    assert whole >= (c - a) / C * (1.0 - 1e-12) - 1e-18
    assert math.isnan(null_ray_time(background, b, 4e7))
