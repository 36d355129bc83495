import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microphysics.constants import CODATA
from microphysics.errors import OutOfRangeError
from microphysics.spectrum import FermiDirac
from snsim.diagnostics.delay import observe
from snsim.diagnostics.equivalence import equivalence_bound, galactic_delay
from snsim.diagnostics.neutrino_delays import diffusion_delay, mass_delay, trapping_time
from snsim.diagnostics.neutrinosphere import transport_radius
from snsim.diagnostics.null_rays import (
    exterior_travel_time,
    incompressible_travel_time,
    null_ray_time,
    ray_times,
    travel_time,
)

C, KPC, YEAR = CODATA.speed_of_light, 3.0856775814913673e21, 3.15576e7


def incompressible_slowness(radius, mass, surface):
    """1/(alpha Gamma) of the interior Schwarzschild solution."""
    rs = 2.0 * CODATA.gravitational_constant * mass / C**2
    gamma = np.sqrt(1.0 - rs * radius**2 / surface**3)
    return 1.0 / (0.5 * (3.0 * math.sqrt(1.0 - rs / surface) - gamma) * gamma)


def test_reference_table(reference, read_columns):
    table = read_columns(reference / "observables" / "shapiro.csv")
    seen = set()
    for metric, mass, star, inner, outer, total, excess in zip(*table.values(), strict=True):
        mass, inner, outer = mass * CODATA.solar_mass, inner * 1e5, outer * 1e5
        if metric == "exterior":
            time = exterior_travel_time(mass, inner, outer)
        else:
            assert star * 1e5 == outer
            time = incompressible_travel_time(mass, outer, inner)
            # the same through a sampled metric; centres off the middle: the parabola is general
            edges = np.linspace(0.0, outer, 101)
            centres = edges[:-1] + 0.55 * np.diff(edges)
            sampled = [incompressible_slowness(r, mass, outer) for r in (edges, centres)]
            assert travel_time(edges, centres, *sampled, inner, outer) == pytest.approx(time, rel=1e-8)
        # nine digits are printed
        assert time * 1e6 == pytest.approx(total, rel=1e-8)
        assert (time - (outer - inner) / C) * 1e6 == pytest.approx(excess, rel=1e-8)
        seen.add(metric)
    assert seen == {"exterior", "const_density_interior"}


@pytest.mark.parametrize(("mass", "surface", "inner"), [(1.4, 12.0, 0.0), (1.6, 20.0, 5.0), (2.0, 12.0, 0.0)])
def test_closed_forms_are_their_integrals(mass, surface, inner):
    mass, surface, inner = mass * CODATA.solar_mass, surface * 1e5, inner * 1e5
    node, weight = np.polynomial.legendre.leggauss(60)
    inside = inner + 0.5 * (surface - inner) * (node + 1.0)
    integral = 0.5 * (surface - inner) * np.sum(weight * incompressible_slowness(inside, mass, surface)) / C
    assert incompressible_travel_time(mass, surface, inner) == pytest.approx(integral, rel=1e-12)
    rs = 2.0 * CODATA.gravitational_constant * mass / C**2
    outside = surface * (1.0 + 2.0 * (node + 1.0))  # out to five radii, slowness 1/(1 - r_s/r)
    integral = 2.0 * surface * np.sum(weight / (1.0 - rs / outside)) / C
    assert exterior_travel_time(mass, surface, 5.0 * surface) == pytest.approx(integral, rel=1e-12)


def test_convergence_order_is_four():
    mass, surface = 1.4 * CODATA.solar_mass, 1.2e6
    errors = []
    for zones in (4, 8, 16):
        edges = np.linspace(0.0, surface, zones + 1)
        centres = 0.5 * (edges[1:] + edges[:-1])
        sampled = [incompressible_slowness(r, mass, surface) for r in (edges, centres)]
        time = travel_time(edges, centres, *sampled, 0.0, surface)
        errors.append(abs(time / incompressible_travel_time(mass, surface) - 1.0))
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    np.testing.assert_allclose(orders, 4.0, atol=0.3)


def test_neutrino_mass_of_reference_table(reference, read_columns):
    table = read_columns(reference / "observables" / "mass_tof.csv")
    for distance, mass, energy, delay in zip(*table.values(), strict=True):
        assert mass_delay(distance * KPC, mass, energy) == pytest.approx(delay, rel=1e-8)


def test_a_table_of_emission_radii(star):
    mass = 1.4 * CODATA.solar_mass
    background, spectra, solution = star(mass=mass, zones=400)
    found = observe(background, spectra, solution, emission_radii=(0.0, 2e6, 6e6, 4e7))
    time = found["emission_travel_time"].values
    assert time[0] == found["centre_travel_time"].values
    np.testing.assert_allclose(time[1:3], exterior_travel_time(mass, np.array([2e6, 6e6]), 3e7), rtol=1e-7)
    for name in ("travel_time", "geometric", "excess"):
        assert np.isnan(found[f"emission_{name}"].values[3])
        assert "not on the grid" in found[f"emission_{name}"].attributes["reason"]
    times = ray_times(background, [2e6])
    np.testing.assert_allclose(times.path + times.excess, times.total, rtol=1e-14)
    assert times.path == pytest.approx(2.8e7 / C, rel=1e-14)


def test_gravity_is_lost_in_the_time_of_emission(star):
    arguments = star(mass=1.4 * CODATA.solar_mass)
    found = observe(*arguments, clock_uncertainty=0.05, galactic_delay=0.4 * YEAR)
    trapped = found["trapping_time"].values.min()
    spread = math.hypot(0.05, trapped)
    assert found["emission_time_uncertainty"].values == pytest.approx(spread, rel=1e-13)
    lag = found["gw_minus_neutrino_excess"].values.max()
    assert found["shapiro_over_uncertainty"].values == pytest.approx(lag / spread)
    assert lag / spread < 1e-2
    assert found["equivalence_bound"].values == pytest.approx(2.0 * spread / (0.4 * YEAR))
    assert "within dt" in found["equivalence_bound"].attributes["definition"]
    assert "galactic_delay" in observe(*arguments)["equivalence_bound"].attributes["reason"]


def test_delay_of_the_galaxy_and_the_bound():
    # Shapiro_LMC_delay of published_numbers.csv: point mass 6e11 Msun, l = 279.7, b = -31.9, R0 = 8.2 kpc
    mass, place = 6e11 * CODATA.solar_mass, (math.radians(279.7), math.radians(-31.9))
    delay = galactic_delay(mass, 50.0 * KPC, *place, 8.2 * KPC)
    assert delay / 86400.0 == pytest.approx(180.0, abs=1.0)
    # int (2GM/c^3) dx/r along the path
    towards = math.cos(place[1]) * math.cos(place[0])
    x = np.linspace(0.0, 50.0, 200001) * KPC
    r = np.sqrt(x**2 - 2.0 * x * 8.2 * KPC * towards + (8.2 * KPC) ** 2)
    integral = 2.0 * CODATA.gravitational_constant * mass / C**3 * np.trapezoid(1.0 / r, x)
    assert delay == pytest.approx(integral, rel=1e-9)
    # the other way round: an observer far behind
    away = galactic_delay(mass, 50.0 * KPC, 0.1, 0.0, 8.2 * KPC)
    assert away > delay
    assert equivalence_bound(-0.01, 0.4 * YEAR) == pytest.approx(1.6e-9, rel=0.02)


def test_horizons_and_other_bad_input_are_named(star):
    mass = 1.4 * CODATA.solar_mass
    rs = 2.0 * CODATA.gravitational_constant * mass / C**2
    for inner in (rs, 0.5 * rs):
        with pytest.raises(OutOfRangeError, match=r"inner radius = .* outside the horizon"):
            exterior_travel_time(mass, inner, 3e6)
    with pytest.raises(OutOfRangeError, match="outer radius"):
        exterior_travel_time(mass, 2e6, 1e6)
    with pytest.raises(OutOfRangeError, match="9/8"):
        incompressible_travel_time(mass, 1.1 * rs)
    background, spectra, solution = star(mass=mass)
    lapse = background.lapse.copy()
    lapse[3] = 0.0
    with pytest.raises(OutOfRangeError, match="lapse = 0: must be > 0: there is no static metric"):
        observe(replace(background, lapse=lapse), spectra, solution)
    with pytest.raises(OutOfRangeError, match="neutrino energy = 0 MeV"):
        mass_delay(KPC, 1.0, 0.0)
    with pytest.raises(OutOfRangeError, match="galactic delay = 0 s"):
        equivalence_bound(0.01, 0.0)
    with pytest.raises(OutOfRangeError, match="distance = -1 cm"):
        galactic_delay(mass, -1.0, 0.0, 0.0, KPC)
    with pytest.raises(OutOfRangeError, match="clock uncertainty = 0 s"):
        observe(background, spectra, solution, clock_uncertainty=0.0)


@pytest.mark.parametrize("light", [0.0, -1e52])
def test_no_light_leaves_no_trapping_time(star, light):
    background, spectra, solution = star()
    dark = replace(solution, luminosity=np.full_like(solution.luminosity, light))
    found = observe(background, spectra, dark)
    for name in ("trapping_time", "emission_time_uncertainty", "shapiro_over_uncertainty"):
        assert np.isnan(found[name].values).all()
        assert "no luminosity leaves" in found[name].attributes["reason"]


def test_times_through_the_profile(star):
    mass = 1.4 * CODATA.solar_mass
    background, spectra, solution = star(mass=mass, zones=400)
    found = observe(background, spectra, solution)
    exact = incompressible_travel_time(mass, 1.2e6) + exterior_travel_time(mass, 1.2e6, 3e7)
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


@pytest.mark.parametrize("mass", [0.0, 1.4 * CODATA.solar_mass])
def test_trapping_time_is_counted_at_infinity(star, mass):
    # alpha^2 L = const and E = L/(4 pi r^2 c h) with h = r/(r + a): int alpha E dV/(alpha^2 L) is
    # int (1 + a/r) dr/(alpha Gamma c), and alpha Gamma = 1 - r_s/r outside the star
    background, _, solution = star(mass=mass, zones=1600)
    rs, a = 2.0 * CODATA.gravitational_constant * mass / C**2, 3e6
    spheres = np.array([1.5e6, 4e6, 1e7])
    times = [trapping_time(background, solution, np.full(3, r)) for r in spheres]
    exact = (np.diff(spheres) + (a + rs) * np.diff(np.log(spheres - rs))) / C
    for species in range(3):
        np.testing.assert_allclose(np.diff([each[species] for each in times]), exact, rtol=1e-5)


def test_trapping_time_of_a_uniform_field(star):
    # the whole of it, in units: E = 1 erg/cm^3 inside 20 km over 1e50 erg/s, flat
    background, _, solution = star()
    ones = np.ones_like(solution.energy_density)
    uniform = replace(
        solution,
        energy_density=ones / CODATA.erg_per_mev,
        luminosity=np.full_like(solution.luminosity, 1e50),
    )
    found = trapping_time(background, uniform, np.array([2e6, 1e6, math.nan]))
    np.testing.assert_allclose(found[:2], 4.0 * math.pi / 3.0 * np.array([8e18, 1e18]) / 1e50, rtol=1e-12)
    assert np.isnan(found[2])


def test_frames_of_what_delays(star):
    found = observe(*star(mass=1.4 * CODATA.solar_mass))
    for name in ("trapping_time", "emission_time_uncertainty"):
        assert "at infinity" in found[name].attributes["frame"]
    assert "int alpha E dV/(alpha^2 L)" in found["trapping_time"].attributes["definition"]
    assert "local" in found["diffusion_delay"].attributes["frame"]


def test_diffusion_through_curved_space(star):
    # 1e-6/cm everywhere: (3/c) 1e-6 int 2 r dr/Gamma, and Gamma^2 = 1 - r_s r^2/R^3 inside the uniform star
    mass, surface = 1.4 * CODATA.solar_mass, 1.2e6
    background, _, solution = star(mass=mass, zones=800)
    rs = 2.0 * CODATA.gravitational_constant * mass / C**2
    spheres = np.array([0.5, 1.0, math.nan]) * surface
    area = 2.0 * surface**3 / rs * (1.0 - np.sqrt(1.0 - rs * spheres**2 / surface**3))
    found = diffusion_delay(background, solution, spheres)
    np.testing.assert_allclose(found, 3.0 / C * 1e-6 * area, rtol=1e-5)


def test_mass_delays_at_the_energy_of_infinity(star):
    # alpha T = 4, 5, 6 MeV in this star, whatever its mass
    found = observe(*star(mass=1.4 * CODATA.solar_mass), distance=10.0 * KPC, neutrino_mass=1.0)
    at_infinity = FermiDirac(np.array([4.0, 5.0, 6.0])).mean_energy
    expected = mass_delay(10.0 * KPC, 1.0, at_infinity)
    np.testing.assert_allclose(found["mass_delay"].values, expected, rtol=1e-10)


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
