import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import brentq

from microphysics.constants import CODATA
from microphysics.errors import UnknownNameError
from microphysics.spectrum import FermiDirac
from snsim.config.schema import Config
from snsim.diagnostics.accretion_flow import sound_speed_squared
from snsim.diagnostics.accretion_shock import LightBulb, NeutrinoEmission, critical_luminosity
from snsim.diagnostics.explosion import observe
from snsim.diagnostics.explosion_conditions import (
    ANTESONIC_ISOTHERMAL,
    accretion_power,
    burrows_goshy,
    compactness,
    force_explosion_condition,
    mueller_janka_scaling,
    pejcha_thompson,
)
from snsim.diagnostics.gain_region import observe as gain
from snsim.diagnostics.heating_rates import first_principles
from snsim.diagnostics.neutrinosphere import transport_radius
from snsim.verification.accretion import isothermal_limit

SUN = CODATA.solar_mass
G = CODATA.gravitational_constant


def dense(star, **changes):
    """The star of power laws around a neutron star of 1.4 Msun."""
    return star(**({"mass": 1.4 * SUN, "zones": 400} | changes))


# ----------------------------------------------------------------------------------------------------- closed forms


@pytest.mark.parametrize("inner", [0.02, 0.05, 0.1])
def test_isothermal_flow_ends_at_three_sixteenths(inner):
    """Where the density reached at the surface is largest, whatever surface: integrated, no tangency put in."""
    assert isothermal_limit(inner) == pytest.approx(ANTESONIC_ISOTHERMAL, rel=1e-6)


def test_tangency_of_shock_jump_and_euler_equation():
    # w + x/w = 1 (jump, w = v/v_esc, x = c^2/v_esc^2 ~ r) and (w^2 - x) dln v = (2x - 1/2) dln r (flow)
    def mismatch(x):
        w = 0.5 * (1.0 - math.sqrt(1.0 - 4.0 * x))
        along_jump = -x / (w**2 - x) - 0.5  # dln v/dln r of states just behind shocks at other radii
        return along_jump - (2.0 * x - 0.5) / (w**2 - x)

    x = brentq(mismatch, 0.05, 0.24)
    w = 0.5 * (1.0 - math.sqrt(1.0 - 4.0 * x))
    assert x == pytest.approx(3.0 / 16.0, rel=1e-10)
    assert w**2 == pytest.approx(x / 3.0, rel=1e-9)


def test_numbers_of_the_force_condition():
    star = 0.3 * SUN, 1.4 * SUN, 4e6
    assert accretion_power(*star) == pytest.approx(2.77e52, rel=2e-3)
    found = force_explosion_condition(1.0e52, *star)
    assert found.threshold_power == pytest.approx(1.05e52, rel=5e-3)
    assert found.margin < 0.0
    assert force_explosion_condition(1.06e52, *star).margin > 0.0
    # an opacity raises the bar by 0.06 kappa~
    opaque = force_explosion_condition(1.0e52, *star, opacity=1e-16)
    assert opaque.opacity_ratio == pytest.approx(
        1e-16 * star[0] / math.sqrt(G * star[1] * star[2]), rel=1e-12
    )
    assert found.margin - opaque.margin == pytest.approx(0.06 * opaque.opacity_ratio, rel=1e-9)


def test_published_fits_have_their_units_and_slopes():
    star = SUN, 1.2 * SUN, 6e6
    assert pejcha_thompson(*star, 1.0) == pytest.approx(8.18e51)
    assert burrows_goshy(1.1 * SUN) == pytest.approx(5e52)
    for function, slopes in (
        (pejcha_thompson, (0.723, 1.84, -1.61)),
        (mueller_janka_scaling, (0.6, 0.6, -0.4)),
    ):
        for i, slope in enumerate(slopes):
            more = [2.0 * value if i == k else value for k, value in enumerate(star)]
            assert math.log2(function(*more) / function(*star)) == pytest.approx(slope, rel=1e-10)
    assert math.log2(burrows_goshy(2.0 * SUN) / burrows_goshy(SUN)) == pytest.approx(1.0 / 2.3)


def test_compactness_is_that_of_the_radius_of_a_mass():
    mass = np.linspace(0.0, 2.0, 11) * SUN
    radius = np.linspace(0.0, 2e8, 11)
    assert compactness(mass, radius, 1.75 * SUN) == pytest.approx(1.0, rel=1e-12)
    assert math.isnan(compactness(mass, radius, 2.5 * SUN))


# -------------------------------------------------------------------------------------------------------- of a run


def test_every_number_carries_the_caveat_and_none_is_called_a_prediction(star):
    found = observe(*dense(star))
    for name, variable in found.items():
        assert variable.dims == (("rate",) if name in ("critical_curve", "critical_accretion_rate") else ())
        assert "40-50 %" in variable.attributes["caveat"], name
        assert "not a prediction" in variable.attributes["caveat"], name
    for name in ("critical_luminosity", "critical_luminosity_light_bulb"):
        assert "closure" in found[name].attributes["definition"]


def test_antesonic_ratio_is_the_largest_between_sphere_and_shock(star):
    background, spectra, solution = dense(star)
    found = observe(background, spectra, solution)
    sphere = transport_radius(background, spectra, solution)[:2].min()
    inside = (background.radius > sphere) & (background.radius < background.shock_radius)
    escape = 2.0 * G * 1.4 * SUN / background.radius
    matter = background.matter
    assert found["antesonic_ratio"].values == pytest.approx(
        (sound_speed_squared(matter) / escape)[inside].max()
    )
    isothermal = (matter.pressure / matter.density / escape)[inside].max()
    assert found["antesonic_isothermal"].values == pytest.approx(isothermal)
    ratio = found["antesonic_ratio"].values / found["antesonic_isothermal"].values
    assert 4.0 / 3.0 < ratio < 5.0 / 3.0


def test_force_condition_takes_the_heating_of_the_gain_region(star):
    background, spectra, solution = dense(star)
    found, heated = observe(background, spectra, solution), gain(background, spectra, solution)
    power = found["accretion_power"].values
    assert found["force_power_ratio"].values * power == pytest.approx(
        heated["gross_heating"].values, rel=1e-12
    )
    difference = found["force_margin"].values - found["force_margin_net"].values
    assert difference * power == pytest.approx(heated["cooling"].values, rel=1e-9)
    expected = found["force_power_ratio"].values - 0.06 * found["force_opacity_ratio"].values - 0.38
    assert found["force_margin"].values == pytest.approx(expected, rel=1e-12)
    # threshold and margin agree
    missing = found["force_threshold"].values - heated["gross_heating"].values
    assert missing == pytest.approx(-found["force_margin"].values * power, rel=1e-9)


def test_critical_luminosity_is_that_of_the_runs_own_numbers(star):
    background, spectra, solution = dense(star)
    found = observe(background, spectra, solution)
    sphere = float(transport_radius(background, spectra, solution)[:2].min())
    alpha = float(np.interp(1.5e7, background.radius, background.lapse))
    squares = [float(FermiDirac(t / alpha).rms_energy ** 2) for t in (4.0, 5.0)]
    light = 3e52 / alpha**2
    closure = NeutrinoEmission(
        light, light, *squares, sphere, first_principles(), inner_density=1e10 * (sphere / 1e7) ** -3
    )
    rate = float(gain(background, spectra, solution)["accretion_rate"].values)
    point = critical_luminosity(closure, 1.4 * SUN, rate)
    assert found["critical_luminosity"].values == pytest.approx(point.luminosity, rel=1e-3)
    assert found["luminosity_ratio"].values == pytest.approx(light / point.luminosity, rel=1e-3)
    bulb = critical_luminosity(LightBulb(math.sqrt(np.mean(squares) / 20.8135)), 1.4 * SUN, rate)
    assert found["critical_luminosity_light_bulb"].values == pytest.approx(bulb.luminosity, rel=1e-3)
    assert found["heating_functional"].values == pytest.approx(light * sum(squares), rel=1e-3)


def uneven(star):
    """The star with other luminosities of nue and anue, more neutrons than protons that both vary, and alphas."""
    background, spectra, solution = dense(star, luminosity=(3e52, 1e52, 2e52), heating=3e21)
    inside = background.radius < 1e7
    neutrons, protons = np.where(inside, 0.8, 0.6), np.where(inside, 0.1, 0.2)
    alphas = 1.0 - neutrons - protons
    matter = replace(
        background.matter,
        mass_fraction_neutron=neutrons,
        mass_fraction_proton=protons,
        mass_fraction_alpha=alphas,
    )
    return replace(background, matter=matter), spectra, solution


def test_critical_luminosity_of_unequal_species_and_nucleons(star):
    background, spectra, solution = uneven(star)
    found = observe(background, spectra, solution)
    sphere = float(transport_radius(background, spectra, solution)[:2].min())
    alpha = float(np.interp(1.5e7, background.radius, background.lapse))
    squares = [float(FermiDirac(t / alpha).rms_energy ** 2) for t in (4.0, 5.0)]
    light = [3e52 / alpha**2, 1e52 / alpha**2]
    between = (background.radius > sphere) & (background.radius < 1.5e7)
    mass = np.diff(background.rest_mass)[between]
    matter = background.matter
    neutrons, protons = (
        float(np.average(each[between], weights=mass))
        for each in (matter.mass_fraction_neutron, matter.mass_fraction_proton)
    )
    assert 0.6 < neutrons < 0.8
    assert 0.1 < protons < 0.2
    assert found["neutron_fraction"].values == pytest.approx(neutrons, rel=1e-12)
    assert found["proton_fraction"].values == pytest.approx(protons, rel=1e-12)
    density = 1e10 * (sphere / 1e7) ** -3
    closure = NeutrinoEmission(
        *light, *squares, sphere, first_principles(), neutrons, protons, inner_density=density
    )
    rate = float(found["accretion_rate"].values)
    point = critical_luminosity(closure, 1.4 * SUN, rate)
    assert found["critical_luminosity"].values == pytest.approx(point.luminosity, rel=1e-3)
    assert found["heating_functional"].values == pytest.approx(np.dot(light, squares), rel=1e-3)
    bulb = critical_luminosity(
        LightBulb(math.sqrt(np.average(squares, weights=light) / 20.8135)), 1.4 * SUN, rate
    )
    assert found["critical_luminosity_light_bulb"].values == pytest.approx(bulb.luminosity, rel=1e-3)
    for name in ("critical_luminosity", "luminosity_ratio", "critical_curve"):
        assert (
            "X_n, X_p: neutron_fraction, proton_fraction; eta_e = 0" in found[name].attributes["definition"]
        )


def test_opacity_of_accreted_matter_is_the_mean_by_energy_at_the_sphere(star):
    background, spectra, solution = uneven(star)
    found = observe(background, spectra, solution)
    sphere = float(transport_radius(background, spectra, solution)[:2].min())
    zone = int(np.argmin(np.abs(background.radius - sphere)))
    r, alpha = background.radius[zone], background.lapse[zone]
    # 60 and 40 % of the heating rho H (r/1e7)^-2, 75 and 25 % of E = L/(alpha^2 4 pi r^2 c h): kappa/rho = H/(c E)
    per_gram = 3e21 * (r / 1e7) ** -2
    energy = 4e52 / alpha**2 / (4.0 * math.pi * r**2 * CODATA.speed_of_light * (r / (r + 3e6)))
    kappa = per_gram / (CODATA.speed_of_light * energy)
    rate = float(found["accretion_rate"].values)
    expected = kappa * rate / math.sqrt(G * 1.4 * SUN * sphere)
    assert found["force_opacity_ratio"].values == pytest.approx(expected, rel=1e-9)


def test_curve_passes_through_the_runs_own_point(star):
    found = observe(*dense(star))
    rates, light = found["critical_accretion_rate"].values, found["critical_curve"].values
    own = float(np.exp(np.interp(np.log(found["accretion_rate"].values), np.log(rates), np.log(light))))
    assert own == pytest.approx(found["critical_luminosity"].values, rel=1e-6)
    known = np.isfinite(light)
    assert (np.diff(light[known]) > 0.0).all()
    # the thinnest flows have their critical shock further out than one is looked for
    assert (~known).sum() == 2
    assert "beyond 600 km" in found["critical_curve"].attributes["reason"]


def test_brighter_star_is_nearer_to_its_critical_luminosity(star):
    background, spectra, solution = dense(star)
    bright = replace(solution, luminosity=2.0 * solution.luminosity)
    one, two = (observe(background, spectra, each)["luminosity_ratio"].values for each in (solution, bright))
    assert two == pytest.approx(2.0 * one, rel=1e-6)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"shock": math.nan}, "no shock was found in the velocity"),
        ({"opacity": (1e-30,) * 3}, "no neutrinosphere"),
        ({"shock": 2e6}, "inside a neutrinosphere"),
        ({"outer": 1.2e7}, "the grid ends inside the shock"),
    ],
)
def test_missing_cases_are_nan_with_a_reason(star, changes, words):
    found = observe(*dense(star, **changes))
    for name in (
        "critical_luminosity",
        "luminosity_ratio",
        "force_margin",
        "antesonic_ratio",
        "burrows_goshy",
    ):
        assert np.isnan(found[name].values), name
        assert words in found[name].attributes["reason"], name


def test_matter_at_rest_and_missing_species(star):
    background, spectra, solution = dense(star)
    found = observe(replace(background, velocity=0.0 * background.velocity), spectra, solution)
    assert "does not fall in" in found["luminosity_ratio"].attributes["reason"]
    assert "does not hold" in found["compactness"].attributes["reason"]
    assert np.isfinite(observe(background, spectra, solution, compactness_mass=1e30)["compactness"].values)


@pytest.mark.parametrize("light", [(1.0, -1e-3, 1.0), (1.0, 0.0, 1.0), (0.0, 1.0, 1.0), (0.0, 0.0, 0.0)])
def test_luminosity_that_is_not_positive_takes_away_only_what_needs_it(star, light):
    background, spectra, solution = dense(star)
    dimmed = replace(solution, luminosity=np.array(light)[:, None] * solution.luminosity)
    found, lit = (observe(background, spectra, each, compactness_mass=1e30) for each in (dimmed, solution))
    driven = ("critical_luminosity", "luminosity_ratio", "critical_shock_radius", "critical_antesonic_ratio")
    driven += tuple(f"{name}_light_bulb" for name in driven)
    driven += ("critical_curve", "heating_functional")
    for name in driven:
        assert np.isnan(found[name].values).all(), name
        assert "not positive at the shock" in found[name].attributes["reason"], name
    # heating, matter and its motion are what they were
    for name in set(lit) - {*driven, "luminosity"}:
        np.testing.assert_array_equal(found[name].values, lit[name].values, err_msg=name)
        assert np.isfinite(found[name].values).all(), name
    edges, shock = background.radius_interface, background.shock_radius
    mean = [factor * np.interp(shock, edges, solution.luminosity[i]) for i, factor in enumerate(light[:2])]
    assert found["luminosity"].values == pytest.approx(0.5 * sum(mean), rel=1e-12)


def test_star_without_neutrinos_has_what_matter_alone_gives(star):
    background, spectra, solution = dense(star)
    dark = replace(
        solution, luminosity=0.0 * solution.luminosity, energy_density=0.0 * solution.energy_density
    )
    found = observe(background, spectra, dark)
    for name in ("force_opacity_ratio", "force_margin", "force_margin_net", "force_threshold"):
        assert np.isnan(found[name].values), name
        assert "no energy density at the neutrinosphere" in found[name].attributes["reason"], name
    assert np.isfinite(found["antesonic_ratio"].values)


def test_shock_in_the_zone_of_the_sphere_leaves_nothing_between(star):
    background, spectra, solution = dense(star)
    sphere = float(transport_radius(background, spectra, solution)[:2].min())
    found = observe(replace(background, shock_radius=1.0005 * sphere), spectra, solution)
    for name in ("critical_luminosity", "neutron_fraction", "antesonic_ratio"):
        assert np.isnan(found[name].values), name
        assert "no zone centre between" in found[name].attributes["reason"], name


def test_gain_region_is_that_of_the_criterion_asked_for(star):
    background, spectra, solution = dense(star)
    matter = replace(background.matter, temperature=np.where(background.radius < 1.2e7, 6.0, 0.01))
    background = replace(background, matter=matter)
    for criterion in ("sign_change", "gr1d"):
        found = observe(background, spectra, solution, gain_criterion=criterion)
        heated = gain(background, spectra, solution, gain_criterion=criterion)
        for name in ("time_ratio_thermal", "time_ratio_total", "diagnostic_energy"):
            assert found[name].values == heated[name].values, name
        power = found["force_power_ratio"].values * found["accretion_power"].values
        assert power == pytest.approx(heated["gross_heating"].values, rel=1e-12)
    config = Config(schema=1, diagnostics={"gain_region": {"gain_criterion": "gr1d"}})
    assert config.diagnostics.options("explosion")["gain_criterion"] == "gr1d"
    with pytest.raises(UnknownNameError, match="sign_change"):
        observe(background, spectra, solution, gain_criterion="gr1")
