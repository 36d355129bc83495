import math
from dataclasses import dataclass, replace

import numpy as np
import pytest

from microphysics.constants import CODATA
from microphysics.errors import OutOfRangeError
from microphysics.spectrum import FermiDirac
from snsim.diagnostics import accretion_shock
from snsim.diagnostics.accretion_closures import RADIATION, Conditions, blackbody_radius
from snsim.diagnostics.accretion_shock import (
    FixedSphere,
    LightBulb,
    NeutrinoEmission,
    critical_curve,
    critical_luminosity,
    shock_radii,
    shock_structure,
)
from snsim.diagnostics.heating_rates import RateCoefficients, coefficients, first_principles

SUN, KM = CODATA.solar_mass, 1e5
STAR = (1.4 * SUN, 0.5 * SUN)
NUCLEON = CODATA.erg_per_mev / (CODATA.atomic_mass * CODATA.gram_per_mev)


@dataclass(frozen=True)
class Nothing:
    """Neither heating nor cooling."""

    name = "adiabatic"
    cooling = 0.0

    def at(self, luminosity):
        return Conditions(0.0, 5e6, 1e11, False)


def thermodynamics(flow):
    """Pressure, specific energy and photon-to-baryon entropy (k_B/baryon) of radiation, pairs and nucleons."""
    hot, gas = (
        11.0 / 12.0 * RADIATION * flow["temperature"] ** 4,
        flow["density"] * NUCLEON * flow["temperature"],
    )
    pressure, energy = hot + gas, (3.0 * hot + 1.5 * gas) / flow["density"]
    entropy = 4.0 * hot / gas + np.log(flow["temperature"] ** 1.5 / flow["density"])
    return pressure, energy, entropy


def test_jump_keeps_mass_momentum_and_energy():
    flow = {k: v[0] for k, v in shock_structure(LightBulb(4.5), *STAR, 3e52, 100 * KM, points=2).items()}
    fall = math.sqrt(2.0 * CODATA.gravitational_constant * STAR[0] / (100 * KM))
    ahead = STAR[1] / (4.0 * math.pi * (100 * KM) ** 2 * fall)
    pressure, energy, _ = thermodynamics(flow)
    v = -flow["velocity"]
    assert flow["density"] * v == pytest.approx(ahead * fall, rel=1e-13)
    assert flow["density"] * v**2 + pressure == pytest.approx(ahead * fall**2, rel=1e-12)
    assert 0.5 * v**2 + energy + pressure / flow["density"] == pytest.approx(0.5 * fall**2, rel=1e-12)
    assert 4.0 < flow["density"] / ahead < 7.0


def test_flow_without_heating_keeps_entropy_and_bernoulli_constant():
    flow = shock_structure(Nothing(), *STAR, 1e52, 200 * KM)
    pressure, energy, entropy = thermodynamics(flow)
    potential = CODATA.gravitational_constant * STAR[0] / flow["radius"]
    bernoulli = 0.5 * flow["velocity"] ** 2 + energy + pressure / flow["density"] - potential
    np.testing.assert_allclose(entropy, entropy[0], rtol=1e-8)
    assert np.abs(bernoulli / potential).max() < 1e-8  # matter fell from rest at infinity


def test_sound_speed_is_the_adiabatic_derivative():
    flow = shock_structure(Nothing(), *STAR, 1e52, 200 * KM, points=4000)
    pressure = thermodynamics(flow)[0]
    numeric = np.diff(pressure) / np.diff(flow["density"])  # entropy is constant in this flow
    middle = 0.5 * (flow["sound_speed"][1:] ** 2 + flow["sound_speed"][:-1] ** 2)
    np.testing.assert_allclose(numeric, middle, rtol=1e-5)


def test_branches_of_reference_table(reference, read_columns):
    known = read_columns(reference / "verification" / "accretion_shock_branches.csv")
    for i in range(known["L_1e52"].size):
        star = known["M_msun"][i] * SUN, known["Mdot_msun_s"][i] * SUN
        found = shock_radii(LightBulb(known["Tnu_MeV"][i]), *star, known["L_1e52"][i] * 1e52)
        which = "outer" if known["branch"][i] else "inner"
        assert getattr(found, which) / KM == pytest.approx(known["shock_radius_km"][i], rel=1e-3)
        ratio = getattr(found, f"antesonic_{which}")
        assert ratio == pytest.approx(known["max_cs2_over_vesc2"][i], rel=1e-3)
        assert found.neutrinosphere_radius / KM == pytest.approx(known["Rnu_km"][i], rel=1e-5)


def test_independent_integrator():
    # another integrator than that of the table: 95.98 and 540.8 km, 3.4435e52 erg/s
    found = shock_radii(LightBulb(4.5), *STAR, 3e52)
    assert found.inner / KM == pytest.approx(95.98, abs=0.005)
    assert found.outer / KM == pytest.approx(540.8, abs=0.05)
    assert critical_luminosity(LightBulb(4.5), *STAR).luminosity == pytest.approx(3.4435e52, rel=5e-5)


def test_critical_curve_of_reference_table(reference, read_columns):
    known = read_columns(reference / "verification" / "critical_curve.csv")
    for mass in np.unique(known["M_msun"]):
        rows = known["M_msun"] == mass
        found = critical_curve(known["Mdot_msun_s"][rows] * SUN, LightBulb(4.5), mass * SUN)
        np.testing.assert_allclose(found.luminosity / 1e52, known["Lcrit_1e52_per_species"][rows], rtol=1e-3)
        np.testing.assert_allclose(found.neutrinosphere_radius / KM, known["Rnu_km"][rows], rtol=1e-3)
        np.testing.assert_allclose(found.shock_radius / KM, known["shock_radius_km"][rows], rtol=1e-3)
        np.testing.assert_allclose(found.antesonic_ratio, known["max_cs2_over_vesc2"][rows], rtol=1e-3)
        assert found.slope == pytest.approx(0.48, abs=0.01)


def test_two_shocks_below_the_critical_luminosity_and_none_above():
    point = critical_luminosity(LightBulb(4.5), *STAR)
    below = shock_radii(LightBulb(4.5), *STAR, (1.0 - 1e-5) * point.luminosity)
    above = shock_radii(LightBulb(4.5), *STAR, (1.0 + 1e-5) * point.luminosity)
    assert below.inner < point.shock_radius < below.outer
    assert math.sqrt(below.inner * below.outer) == pytest.approx(point.shock_radius, rel=1e-3)
    assert all(math.isnan(value) for value in (above.inner, above.outer, above.antesonic_inner))
    assert not point.at_edge


def test_toy_table(reference, read_columns):
    known = read_columns(reference / "observables" / "critical_luminosity_toy.csv")
    slopes = {"Tnu=4MeV": 1.13, "Tnu(L)": 0.89}
    for closure, slope in slopes.items():
        rows = known["closure"] == closure
        sphere = FixedSphere(50 * KM, 4.0 if closure == "Tnu=4MeV" else math.nan)
        found = critical_curve(
            known["Mdot_Msun_s"][rows] * SUN, sphere, 1.4 * SUN, largest_radius=12 * sphere.radius
        )
        np.testing.assert_allclose(found.luminosity, known["Lcrit_erg_s"][rows], rtol=0.02)
        assert found.slope == pytest.approx(slope, abs=0.05)


def test_toy_at_low_rates_is_set_by_the_largest_radius():
    sphere = FixedSphere(50 * KM, 4.0)
    assert critical_luminosity(sphere, 1.4 * SUN, 0.1 * SUN, largest_radius=600 * KM).at_edge
    assert not critical_luminosity(sphere, 1.4 * SUN, 1.0 * SUN, largest_radius=600 * KM).at_edge


def bulb_by_spectra(luminosity, temperature, rates, **changes):
    square = float(FermiDirac(temperature).rms_energy ** 2)
    radius = blackbody_radius(luminosity, temperature)
    return NeutrinoEmission(luminosity, luminosity, square, square, radius, rates, tied=True, **changes)


def test_a_solution_that_is_a_light_bulb_gives_its_answer():
    # 160 and 145 MeV/s against 1.544e20 and 1.399e20 erg/g/s: rounded differently by 2e-4
    bulb = critical_luminosity(LightBulb(4.5), *STAR)
    found = critical_luminosity(bulb_by_spectra(2e52, 4.5, coefficients("janka2001")), *STAR)
    assert found.luminosity == pytest.approx(bulb.luminosity, rel=5e-4)
    assert found.shock_radius == pytest.approx(bulb.shock_radius, rel=2e-4)
    assert "solution" in found.closure


def test_number_weighted_energies_would_raise_the_critical_luminosity():
    rates = coefficients("janka2001")
    right = bulb_by_spectra(2e52, 4.5, rates)
    number_weighted = float(FermiDirac(4.5).rms_number ** 2)
    wrong = replace(right, square_energy_nue=number_weighted, square_energy_anue=number_weighted)
    ratio = wrong.at(1e52).heating / right.at(1e52).heating
    assert ratio == pytest.approx(1.3029 / 2.0958, rel=1e-4)
    assert critical_luminosity(wrong, *STAR).luminosity > 1.15 * critical_luminosity(right, *STAR).luminosity


def test_species_heat_their_own_targets():
    rates = first_principles()
    both = NeutrinoEmission(2e52, 1e52, 300.0, 400.0, 4e6, rates, 0.7, 0.3)
    expected = rates.absorption * rates.erg_per_gram / (4.0 * math.pi * CODATA.erg_per_mev)
    expected *= 2e52 * 300.0 * 0.7 + 1e52 * 400.0 * 0.3
    assert both.at(both.luminosity).heating == pytest.approx(expected, rel=1e-12)
    assert both.at(3.0 * both.luminosity).heating == pytest.approx(3.0 * expected, rel=1e-12)
    assert both.at(4.0 * both.luminosity).inner_radius == 4e6
    assert replace(both, tied=True).at(4.0 * both.luminosity).inner_radius == pytest.approx(8e6)


def test_cooling_without_heating_pulls_the_shock_in():
    strong = RateCoefficients(
        "strong",
        first_principles().absorption,
        2.0 * first_principles().emission,
        first_principles().erg_per_gram,
    )
    weak, more = (
        shock_radii(bulb_by_spectra(2e52, 4.5, rates), *STAR, 2e52).inner
        for rates in (first_principles(), strong)
    )
    assert more < weak


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: shock_radii(LightBulb(4.5), -1.0, 1e33, 1e52), "mass = -1"),
        (lambda: critical_luminosity(LightBulb(4.5), 1e33, math.nan), "accretion_rate = nan"),
        (lambda: shock_radii(LightBulb(4.5), 1e33, 1e33, 0.0), "luminosity = 0"),
        (lambda: LightBulb(0.0), "neutrino_temperature = 0"),
        (lambda: FixedSphere(-1.0), "radius = -1"),
        (
            lambda: NeutrinoEmission(1e52, 1e52, 1.0, 1.0, 1e6, first_principles(), 1.2),
            "neutron_fraction = 1.2",
        ),
        (lambda: shock_structure(LightBulb(4.5), *STAR, 3e52, 1e6), "shock_radius = 1e"),
    ],
)
def test_bad_numbers_are_named(call, words):
    with pytest.raises(OutOfRangeError, match=words):
        call()


def test_flows_that_meet_the_sonic_point_are_no_shocks():
    """Near the sonic point a step may leap across it: such flows must not count as dense ones."""
    from snsim.diagnostics._kernels import accretion_shock as kernels
    from snsim.diagnostics.accretion_shock import _flow

    sphere = FixedSphere(50 * KM)
    values = []
    for light in np.geomspace(1e53, 1.2e54, 40):
        conditions, flow = _flow(sphere, 1.4 * SUN, 2.0 * SUN, float(light))
        values.append(kernels.largest_excess(flow, 51 * KM, 600 * KM, 48, True, conditions.wanted)[0])
    assert (np.diff(values) < 0.0).all()
    found = critical_luminosity(sphere, 1.4 * SUN, 2.0 * SUN)
    assert found.luminosity == pytest.approx(
        np.interp(0.0, values[::-1], np.geomspace(1.2e54, 1e53, 40)), rel=1e-2
    )


@pytest.mark.parametrize("closure", [LightBulb(4.5), FixedSphere(5e6, 4.0)])
def test_critical_point_from_nearby_is_that_of_the_whole_search(closure, monkeypatch):
    mass, rate = STAR
    found = critical_luminosity(closure, mass, rate)
    near = critical_luminosity(closure, mass, 1.5 * rate)
    started = critical_luminosity(closure, mass, rate, near=near)
    monkeypatch.setattr(accretion_shock, "_from_nearby", lambda *_: None)
    slow = critical_luminosity(closure, mass, rate)
    for quick in (found, started):
        assert quick.luminosity == pytest.approx(slow.luminosity, rel=1e-7)
        assert quick.shock_radius == pytest.approx(slow.shock_radius, rel=3e-5)
        assert quick.at_edge == slow.at_edge


@pytest.mark.parametrize("closure", [LightBulb(4.5), FixedSphere(5e6, 4.0)])
def test_a_curve_is_its_points_whatever_their_order(closure):
    rates = np.array([0.5, 0.2, 1.0, 0.5, 0.7]) * SUN
    curve = critical_curve(rates, closure, STAR[0])
    far = critical_luminosity(closure, STAR[0], 0.05 * SUN)
    started = critical_curve(rates, closure, STAR[0], near=far)
    for i, rate in enumerate(rates.tolist()):
        point = critical_luminosity(closure, STAR[0], rate)
        for found in (curve, started):
            assert found.luminosity[i] == pytest.approx(point.luminosity, rel=1e-7)
            assert found.shock_radius[i] == pytest.approx(point.shock_radius, rel=3e-5)
            assert found.at_edge[i] == point.at_edge


def test_a_lower_maximum_is_no_critical_point(monkeypatch):
    from snsim.diagnostics._kernels import accretion_shock as kernels

    low = critical_luminosity(LightBulb(4.5), *STAR)
    whole = kernels.excesses

    def another(flow, shocks, *target):
        # a second, higher maximum far out, which three flows around the first do not see
        return whole(flow, shocks, *target) + 5.0 * np.exp(-((np.log(shocks / 5.5e7) / 0.05) ** 2))

    monkeypatch.setattr(kernels, "excesses", another)
    start = math.log(low.luminosity), low.shock_radius
    found = accretion_shock._from_nearby(LightBulb(4.5), *STAR, accretion_shock.LARGEST_SHOCK, *start)
    assert found is None
