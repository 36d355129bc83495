import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microphysics.constants import CODATA
from microphysics.processes.charged_current import weak_magnetism_factor
from microphysics.spectrum import FermiDirac, Pinched
from microphysics.weak.couplings import WeakCouplings
from snsim.diagnostics.electron_fraction import (
    coasting_wind,
    equilibrium_electron_fraction,
    fuller_qian_factor,
    integrate_electron_fraction,
    local_rates,
    observe,
    qian_woosley,
    redshift_factor,
    sphere_rates,
)
from snsim.diagnostics.neutrinosphere import transport_radius
from snsim.diagnostics.nucleon_capture import (
    absorption_rate,
    cross_section,
    mean_cross_section,
    sphere_flux_factor,
    threshold,
)

# The tables below were computed for this project (shared/reference/observables), at tree level without V_ud.
# Their weak magnetism takes M = 939 MeV for both nucleons, F_2 = 3.706 and g_A = 1.2756; ours takes the
# target's own mass, which moves Y_e by 4e-5 at most.
TREE = WeakCouplings(axial_coupling=1.2756, v_ud=1.0, charged_current_norm="tree")
TABLE_MASS, TABLE_MAGNETISM = 939.0, 3.706

# ye_equilibrium.csv: L_nue, L_anue, T_nue, T_anue, eps_nue, eps_anue, Qian & Woosley, no magnetism, with it
EQUILIBRIUM = [
    (1e52, 1e52, 3.49054051, 5.07714983, 14.3320203, 20.846575, 0.481682043, 0.481682831, 0.533523036),
    (1e52, 1e52, 3.17321864, 4.75982797, 13.0291094, 19.5436641, 0.480355004, 0.480355997, 0.529098392),
    (1e51, 1.1e51, 3.49054051, 4.12518424, 14.3320203, 16.9378422, 0.517317245, 0.51731767, 0.560547452),
    (3.233e52, 4.258e52, 3.5225, 4.9096, 14.4632447, 20.1586221, 0.424801743, 0.424802456, 0.47471824),
    (2e52, 3e52, 3.49054051, 4.75982797, 14.3320203, 19.5436641, 0.3999864, 0.399987036, 0.447932866),
    (1e52, 1e52, 4.0, 4.0, 16.4238407, 16.4238407, 0.578165596, 0.578165482, 0.61939774),
]
# ye_coasting_wind.csv: L_nue, L_anue, T_nue, T_anue, r_0, v, Y_0, magnetism, Y at 1 s, finally, tau(r_0)
WIND = [
    (1e52, 1.3e52, 4.0, 5.0, 5e6, 3e9, 0.1, True, 0.147991705, 0.148066691, 0.0130481017),
    (1e52, 1.3e52, 4.0, 5.0, 5e6, 3e9, 0.1, False, 0.145511779, 0.145582452, 0.0119180258),
    (1e52, 1.3e52, 4.0, 5.0, 3e6, 1e9, 0.05, True, 0.262347948, 0.262803118, 0.00469731662),
    (1e52, 1.3e52, 4.0, 5.0, 3e6, 1e9, 0.05, False, 0.250430429, 0.250845854, 0.0042904893),
    (2e52, 3e52, 3.5, 4.8, 1e7, 3e9, 0.2, True, 0.229473706, 0.229565809, 0.0260868707),
    (2e52, 3e52, 3.5, 4.8, 1e7, 3e9, 0.2, False, 0.225986103, 0.226066761, 0.0236433905),
    (1e52, 1e52, 4.0, 4.0, 5e6, 1e9, 0.1, True, 0.237805149, 0.238392952, 0.0161364235),
    (1e52, 1e52, 4.0, 4.0, 5e6, 1e9, 0.1, False, 0.232464771, 0.233025014, 0.0153371701),
]
# ye_gr_redshift.csv: M/Msun, r_nue, r_anue, r in km, Y_e flat, GR, rate ratios, z_nue, z_anue, Fuller & Qian
REDSHIFT = [
    (
        1.4,
        30,
        28,
        1000,
        0.500852294,
        0.50703645,
        0.813564863,
        0.793685412,
        0.930462894,
        0.925135752,
        0.982922369,
    ),
    (
        1.4,
        12,
        11,
        1000,
        0.500852294,
        0.526535617,
        0.550790166,
        0.496965598,
        0.81128011,
        0.791658403,
        0.929182434,
    ),
    (
        2.6,
        20,
        17,
        1000,
        0.500852294,
        0.553516254,
        0.507089869,
        0.410431606,
        0.787936936,
        0.743350076,
        0.839664501,
    ),
    (
        2.6,
        15,
        13,
        60,
        0.500852294,
        0.578884972,
        0.438068754,
        0.319765297,
        0.748154352,
        0.68514535,
        0.768023529,
    ),
]
# nucleon_cc_cross_sections.csv, 1e-42 cm^2, g_A = 1.26 in the normalisation (but 1.2756 in the magnetism)
CROSS_SECTIONS = [
    (2.8, 12.3851555, 6.97482527, 12.2251892, 7.78939262),
    (4.0, 23.8633022, 14.6633191, 23.435549, 17.0987785),
    (5.0, 36.3354422, 22.8673908, 35.5436465, 27.622702),
    (10.0, 139.009601, 82.6669238, 133.804131, 117.962277),
]


def table_dose(luminosity, temperature, sign, magnetism=True, couplings=TREE):
    """r^2 times the capture rate of a point source as the tables have it."""
    spectrum = FermiDirac(temperature)

    def sigma(energy):
        value = cross_section(energy, sign, couplings, magnetism=False)
        if not magnetism:
            return value
        return value * weak_magnetism_factor(energy, TABLE_MASS, sign, 1.0, 1.2756, TABLE_MAGNETISM)

    mean = spectrum.average(sigma, threshold(sign, couplings))
    return float(luminosity / CODATA.erg_per_mev / spectrum.mean_energy / (4.0 * math.pi) * mean)


@pytest.mark.parametrize(("temperature", "nue", "anue", "nue_bare", "anue_bare"), CROSS_SECTIONS)
def test_spectrum_averaged_cross_sections(temperature, nue, anue, nue_bare, anue_bare):
    weak = TREE.changed(axial_coupling=1.26)
    spectrum = FermiDirac(temperature)
    for sign, bare, full in ((1, nue_bare, nue), (-1, anue_bare, anue)):
        assert mean_cross_section(spectrum, sign, weak, magnetism=False) * 1e42 == pytest.approx(
            bare, rel=1e-6
        )
        per_luminosity = CODATA.erg_per_mev * spectrum.mean_energy * 4.0 * math.pi
        table = table_dose(1.0, temperature, sign, couplings=weak) * per_luminosity
        assert table * 1e42 == pytest.approx(full, rel=1e-6)
        # with one g_A throughout: the table is off by up to 1.7e-3
        assert mean_cross_section(spectrum, sign, weak) * 1e42 == pytest.approx(full, rel=2e-3)


@pytest.mark.parametrize("row", EQUILIBRIUM)
def test_equilibrium_of_reference_table(row):
    l_nue, l_anue, t_nue, t_anue, eps_nue, eps_anue, closed, bare, full = row
    assert qian_woosley(l_nue, l_anue, eps_nue, eps_anue) == pytest.approx(closed, rel=1e-6)
    for t, eps in ((t_nue, eps_nue), (t_anue, eps_anue)):
        assert FermiDirac(t).moment(2) / FermiDirac(t).mean_energy == pytest.approx(eps, rel=1e-7)
    for magnetism, expected in ((False, bare), (True, full)):
        table = [
            table_dose(light, t, s, magnetism) for light, t, s in ((l_nue, t_nue, 1), (l_anue, t_anue, -1))
        ]
        assert equilibrium_electron_fraction(*table) == pytest.approx(expected, rel=5e-7)
        ours = [
            absorption_rate(light, FermiDirac(t), 1e7, s, couplings=TREE, magnetism=magnetism)
            for light, t, s in ((l_nue, t_nue, 1), (l_anue, t_anue, -1))
        ]
        assert equilibrium_electron_fraction(*ours) == pytest.approx(expected, abs=4e-5)


@pytest.mark.parametrize("row", WIND)
def test_coasting_wind_of_reference_table(row):
    l_nue, l_anue, t_nue, t_anue, launch, speed, initial, magnetism, at_one, at_end, tau = row
    dose = table_dose(l_nue, t_nue, 1, magnetism), table_dose(l_anue, t_anue, -1, magnetism)
    assert launch**2 / sum(dose) == pytest.approx(tau, rel=1e-6)
    closed = coasting_wind([launch + speed, math.inf], launch, speed, initial, *dose)
    np.testing.assert_allclose(closed, [at_one, at_end], rtol=1e-6)
    time = np.concatenate([[0.0], np.geomspace(1e-5, 1.0, 30)])
    radius = launch + speed * time
    history = integrate_electron_fraction(time, dose[0] / radius**2, dose[1] / radius**2, initial)
    # exact for rates ~ 1/r^2, on any grid
    np.testing.assert_allclose(history, coasting_wind(radius, launch, speed, initial, *dose), rtol=1e-12)
    assert history[-1] == pytest.approx(at_one, abs=1e-6)


def test_integrator_is_second_order_where_it_is_not_exact():
    errors = []
    for steps in (50, 100, 200):
        time = np.linspace(0.0, 2.0, steps + 1)
        # lambda_n = lambda_p = 1 + t: Y = 1/2 + (Y0 - 1/2) exp(-2t - t^2)
        found = integrate_electron_fraction(time, 1.0 + time, 1.0 + time, 0.1)[-1]
        errors.append(abs(found - (0.5 - 0.4 * math.exp(-8.0))) / math.exp(-8.0))
    assert np.log2(errors[0] / errors[1]) == pytest.approx(2.0, abs=0.1)
    assert np.log2(errors[1] / errors[2]) == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("row", REDSHIFT)
def test_redshift_of_reference_table(row):
    mass, r_nue, r_anue, r, flat, curved, ratio_nue, ratio_anue, z_nue, z_anue, factor = row
    schwarzschild = 2.0 * CODATA.gravitational_constant * mass * CODATA.solar_mass / CODATA.speed_of_light**2
    lapse = {km: math.sqrt(1.0 - schwarzschild / (km * 1e5)) for km in (r_nue, r_anue, r)}
    z = [redshift_factor(lapse[sphere], lapse[r]) for sphere in (r_nue, r_anue)]
    np.testing.assert_allclose(z, [z_nue, z_anue], rtol=1e-8)
    assert fuller_qian_factor(lapse[r_nue], lapse[r_anue]) == pytest.approx(factor, rel=1e-8)
    here = table_dose(1e52, 4.0, 1), table_dose(1.3e52, 5.0, -1)
    there = table_dose(1e52 * z[0] ** 2, 4.0 * z[0], 1), table_dose(1.3e52 * z[1] ** 2, 5.0 * z[1], -1)
    assert equilibrium_electron_fraction(*here) == pytest.approx(flat, rel=1e-6)
    assert equilibrium_electron_fraction(*there) == pytest.approx(curved, rel=1e-6)
    assert there[0] / here[0] == pytest.approx(ratio_nue, rel=1e-6)
    assert there[1] / here[1] == pytest.approx(ratio_anue, rel=1e-6)


def test_magnetism_and_threshold():
    # Horowitz 2002 at 10 and 20 MeV
    for energy, nue, anue in ((10.0, 1.0099, 0.9271), (20.0, 1.0188, 0.8610)):
        for sign, expected in ((1, nue), (-1, anue)):
            ratio = cross_section(energy, sign, TREE) / cross_section(energy, sign, TREE, magnetism=False)
            assert ratio == pytest.approx(expected, abs=1.5e-4)
    edge = threshold(-1, TREE)
    assert cross_section([edge * 0.999, edge * 1.001], -1, TREE)[0] == 0.0
    assert cross_section(edge * 1.001, -1, TREE) > 0.0


def test_sharp_sphere():
    np.testing.assert_allclose(sphere_flux_factor([1.0, 2.0 / math.sqrt(3.0), 1e6], 1.0), [0.5, 0.75, 1.0])
    assert np.isnan(sphere_flux_factor(0.9, 1.0))


def test_observed_equilibrium_matches_the_rates_of_its_own_spectra(star):
    background, spectra, solution = star(mass=1.4 * CODATA.solar_mass)
    found = observe(background, spectra, solution)
    last = background.lapse[-1]
    rates = [
        absorption_rate(3e52 / last**2, FermiDirac(t / last), background.radius[-1], s)
        for t, s in ((4.0, 1), (5.0, -1))
    ]
    # the local form: nothing but the local moments enters (same flux factor for both species)
    expected = equilibrium_electron_fraction(*rates)
    assert found["outer_equilibrium"].values == pytest.approx(expected, rel=1e-12)
    assert found["outer_equilibrium"].values == found["equilibrium"].values[-1]
    assert found["outer_qian_woosley"].values == pytest.approx(
        found["outer_equilibrium_no_weak_magnetism"].values, abs=1e-4
    )
    assert 0.03 < expected - found["outer_equilibrium_no_weak_magnetism"].values < 0.06


def with_emission(background, solution, per_neutron, per_proton, neutron, proton):
    """A star of given fractions that captures positrons and electrons at given rates, 1/s."""
    ones = np.ones_like(background.radius)
    matter = replace(
        background.matter, mass_fraction_neutron=neutron * ones, mass_fraction_proton=proton * ones
    )
    emission = np.zeros_like(solution.emission_number)
    emission[solution.species.index("nue")] = per_proton * matter.number_density_proton
    emission[solution.species.index("anue")] = per_neutron * matter.number_density_neutron
    return replace(background, matter=matter), replace(solution, emission_number=emission)


def test_captures_of_electrons_and_positrons_join_the_balance(star):
    background, spectra, solution = star()
    dark = replace(solution, number_density=0.0 * solution.number_density)
    outside = ~np.isnan(observe(background, spectra, solution)["equilibrium"].values)
    # alone they balance at lambda(e+ n)/(sum), whatever the targets
    changed, captures = with_emission(background, dark, 3.0, 7.0, neutron=0.8, proton=0.1)
    found = observe(changed, spectra, captures)["equilibrium_with_capture"].values
    np.testing.assert_allclose(found[outside], 0.3, rtol=1e-12)
    assert np.isnan(found[~outside]).all()
    # and beside the neutrinos each is added to its own
    changed, captures = with_emission(background, solution, 30.0, 70.0, neutron=0.8, proton=0.1)
    found = observe(changed, spectra, captures)["equilibrium_with_capture"]
    nue, anue = local_rates(solution)
    expected = (nue + 30.0) / (nue + anue + 100.0)
    np.testing.assert_allclose(found.values[outside], expected[outside], rtol=1e-12)
    assert "no free" not in found.attributes["reason"]


@pytest.mark.parametrize(("neutron", "proton"), [(0.0, 0.0), (0.0, 0.3), (0.3, 0.0)])
def test_no_targets_no_equilibrium_with_capture(star, neutron, proton):
    background, spectra, solution = star()
    changed, captures = with_emission(background, solution, 3.0, 7.0, neutron, proton)
    found = observe(changed, spectra, captures)
    assert np.isnan(found["equilibrium_with_capture"].values).all()
    assert "no free neutrons or no free protons" in found["equilibrium_with_capture"].attributes["reason"]
    # the balance of absorptions is asked per nucleon, and needs none
    assert found["equilibrium"].values[-1] > 0.0


def test_redshift_from_the_spheres_agrees_with_the_redshifted_solution(star):
    # alpha^2 L and alpha T are constant in this star: carried from any sphere they meet the local spectra
    found = observe(*star(mass=1.4 * CODATA.solar_mass, zones=400, opacity=(2e-6, 4e-8, 4e-8)))
    curved, flat = (
        found["outer_equilibrium_sphere_redshift"].values,
        found["outer_equilibrium_sphere_flat"].values,
    )
    # (up to the dilution of spheres of different size)
    assert curved == pytest.approx(found["outer_equilibrium"].values, abs=2e-3)
    # anue come from deeper: redshift raises Y_e
    assert curved > flat + 0.002


def test_inside_the_spheres_nothing_is_said(star):
    found = observe(*star())
    inner = np.isnan(found["equilibrium"].values)
    assert inner.any()
    assert not inner[-1]
    assert "inside a neutrinosphere" in found["equilibrium"].attributes["reason"]
    transparent = observe(*star(opacity=(1e-30, 1e-30, 1e-30)))
    assert np.isnan(transparent["equilibrium"].values).all()


def test_wind_through_the_solution(star):
    background, spectra, solution = star()
    found = observe(
        background, spectra, solution, launch_radius=5e6, velocity=2e9, initial_electron_fraction=0.1
    )
    wind, time = found["wind"].values, found["wind_time"].values
    beyond = background.radius > 5e6
    assert np.isnan(wind[~beyond]).all()
    np.testing.assert_allclose(time[beyond], (background.radius[beyond] - 5e6) / 2e9)
    assert (np.diff(wind[beyond]) > 0.0).all()
    assert (
        0.1 < wind[beyond][0] < wind[-1] < found["wind_infinity"].values < found["outer_equilibrium"].values
    )
    # the true flux factor r/(r + 30 km) makes more captures near the star than a point source
    assert found["wind_infinity"].values > found["wind_infinity_closed_form"].values
    default = observe(background, spectra, solution)
    assert default["wind_launch_radius"].values == pytest.approx(1e7 * 0.5**0.25, rel=1e-3)


def test_without_gain_radius_the_wind_needs_a_launch(star):
    found = observe(*star(heating=1e15))
    assert np.isnan(found["wind_infinity"].values)
    assert "launch_radius" in found["wind_infinity"].attributes["reason"]


def test_no_neutrinos_no_equilibrium(star):
    assert np.isnan(equilibrium_electron_fraction(0.0, 0.0))
    background, spectra, solution = star()
    dark = replace(solution, number_density=0.0 * solution.number_density)
    assert np.isnan(observe(background, spectra, dark)["outer_equilibrium"].values)


@settings(max_examples=40, deadline=None)
@given(
    ratio=st.floats(0.1, 10.0),
    mean=st.tuples(st.floats(5.0, 25.0), st.floats(5.0, 25.0)),
    alpha=st.floats(1.5, 5.0),
    initial=st.floats(0.01, 0.99),
)
def test_electron_fraction_stays_physical(ratio, mean, alpha, initial):
    rates = [
        absorption_rate(k * 1e52, Pinched(e, alpha), 1e7, s)
        for k, e, s in ((1.0, mean[0], 1), (ratio, mean[1], -1))
    ]
    balance = float(equilibrium_electron_fraction(*rates))
    assert 0.0 < balance < 1.0
    time = np.geomspace(1e-4, 10.0, 20)
    history = integrate_electron_fraction(time, rates[0] * np.ones(20), rates[1] * np.ones(20), initial)
    low, high = sorted((initial, balance))
    assert ((history >= low - 1e-12) & (history <= high + 1e-12)).all()


def test_rates_of_some_zones_are_those_of_all(star):
    background, spectra, solution = star()
    zones = slice(120, None)
    for whole, part in zip(local_rates(solution), local_rates(solution, zones=zones), strict=True):
        np.testing.assert_allclose(part[zones], whole[zones], rtol=1e-12)
        assert np.isnan(part[:120]).all()
    spheres = transport_radius(background, spectra, solution)
    every = sphere_rates(background, solution, spheres)
    for whole, part in zip(every, sphere_rates(background, solution, spheres, zones=zones), strict=True):
        np.testing.assert_allclose(part[zones], whole[zones], rtol=1e-12)
