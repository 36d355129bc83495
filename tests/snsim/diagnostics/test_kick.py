import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from microphysics.constants import CODATA
from microphysics.errors import OutOfRangeError, PhysicsWarning, UnknownNameError
from snsim.diagnostics.asymmetric_emission import (
    kick_velocity,
    magnetic_expansion,
    magnetic_kick,
    momentum_asymmetry,
)
from snsim.diagnostics.kick import observe
from snsim.diagnostics.kick_history import kick_history, kick_of_light_curve
from snsim.diagnostics.polar_cap import (
    cap_temperature_ratio,
    polar_cap_asymmetry,
    polar_cap_brightening,
)
from snsim.variable import Variable


def test_kicks_of_reference_table(reference, read_columns):
    table = read_columns(reference / "observables" / "kick.csv")
    for i, model in enumerate(table["model"]):
        alpha = table["alpha=cP/E"][i]
        if model != "uniform":
            beaming = model.removeprefix("cap_")
            angle = math.radians(table["cap_half_angle_deg"][i])
            found = polar_cap_asymmetry(angle, table["Tcap_over_T"][i], beaming)
            assert found == pytest.approx(alpha, rel=1e-8)
            alpha = found
        velocity = kick_velocity(table["E_nu_erg"][i], table["M_Msun"][i] * CODATA.solar_mass, alpha)
        assert velocity / 1e5 == pytest.approx(table["v_km_s"][i], rel=1e-8)


@pytest.mark.parametrize(("beaming", "lambert"), [("lambert", 1.0), ("radial", 0.0)])
def test_cap_asymmetry_is_the_momentum_of_its_surface(beaming, lambert):
    # int (flux) cos dOmega over the sphere, cap of cos > cos(40 deg) with flux 1.3^4
    edge = math.cos(math.radians(40.0))
    momentum = 0.5 * (1.0 - edge**2) * (1.3**4 - 1.0)
    energy = (1.0 - edge) * 1.3**4 + 1.0 + edge
    share = 2.0 / 3.0 if lambert else 1.0
    found = polar_cap_asymmetry(math.radians(40.0), 1.3, beaming)
    assert found == pytest.approx(share * momentum / energy, rel=1e-13)


def test_definitions_of_the_asymmetry():
    assert momentum_asymmetry(0.09, "momentum") == 0.09
    # int (1 + a cos) cos dOmega / int (1 + a cos) dOmega, and 2/3 of it for Lambert emission of each element
    cosine, weight = np.polynomial.legendre.leggauss(8)
    dipole = np.sum(weight * (1.0 + 0.09 * cosine) * cosine) / np.sum(weight * (1.0 + 0.09 * cosine))
    assert momentum_asymmetry(0.09, "emitted") == pytest.approx(dipole, rel=1e-12)
    assert momentum_asymmetry(0.09, "surface") == pytest.approx(2.0 / 3.0 * dipole, rel=1e-12)
    with pytest.raises(UnknownNameError, match="momentum"):
        momentum_asymmetry(0.01, "momentun")
    with pytest.raises(UnknownNameError, match="lambert"):
        polar_cap_asymmetry(0.1, 1.1, "isotropic")


def test_cap_from_a_suppressed_opacity():
    # s = 0.5, n = 5, p = 1 gives 1.122
    assert cap_temperature_ratio(0.5, 5.0, 1.0) == pytest.approx(2.0 ** (1.0 / 6.0), rel=1e-14)
    assert magnetic_kick(3e15) == pytest.approx(1.5e7)


def test_magnetic_field_is_a_small_perturbation():
    # eB = 5.92 MeV^2 at 1e15 G: 2.6 % of (15 MeV)^2
    assert magnetic_expansion(1e15, 1.0) == pytest.approx(5.916, rel=1e-3)


def test_history_adds_vectors_and_is_second_order():
    errors = []
    for points in (51, 101):
        time = np.linspace(0.0, 1.0, points)
        light, mass = 3e53 * np.exp(-time), 1.4 * CODATA.solar_mass
        alpha = np.stack([0.01 + 0.0 * time, -0.02 + 0.0 * time, 0.0 * time], axis=1)
        found = kick_history(time, light, mass, alpha)
        exact = kick_velocity(3e53 * (1.0 - math.exp(-1.0)), mass, np.array([0.01, -0.02, 0.0]))
        np.testing.assert_allclose(found.velocity[-1], exact, rtol=1e-4)
        errors.append(abs(found.velocity[-1, 0] / exact[0] - 1.0))
    assert errors[0] / errors[1] == pytest.approx(4.0, rel=1e-2)
    along = kick_history(time, light, np.full(time.shape, mass), alpha[:, 0])
    np.testing.assert_allclose(along.velocity, found.velocity[:, 0])
    np.testing.assert_allclose(found.speed, math.sqrt(5.0) * along.speed)
    np.testing.assert_allclose(found.mean_asymmetry, [0.01, -0.02, 0.0], rtol=1e-12)
    assert (found.velocity[0] == 0.0).all()
    assert found.energy[-1] == pytest.approx(3e53 * (1.0 - math.exp(-1.0)), rel=1e-4)


def test_an_asymmetry_that_turns_leaves_no_kick_and_the_mean_is_over_energy():
    time, mass = np.linspace(0.0, 2.0 * math.pi, 2001), 1.4 * CODATA.solar_mass
    turning = 0.01 * np.stack([np.cos(time), np.sin(time), 0.0 * time], axis=1)
    found = kick_history(time, np.full(time.shape, 1e52), mass, turning)
    straight = kick_velocity(2.0 * math.pi * 1e52, mass, 0.01)
    assert found.speed[-1] < 1e-6 * straight
    assert found.speed.max() == pytest.approx(straight / math.pi, rel=1e-5)  # a circle of this diameter
    # bright for 1 s with alpha = 0.03, a ninth of it for 3 s with 0.01: (9 x 0.03 + 3 x 0.01)/12
    at, alpha = np.array([0.0, 1.0, 1.0 + 1e-9, 4.0]), [0.03, 0.03, 0.01, 0.01]
    step = kick_history(at, [9e52, 9e52, 1e52, 1e52], mass, alpha)
    assert step.mean_asymmetry == pytest.approx(0.025, rel=1e-8)


def test_light_curve_counts_flavours():
    time = np.array([0.0, 2.0, 5.0])
    evolution = {
        "time": Variable(("time",), time, "s", "time"),
        "species": Variable(("species",), np.array(["nue", "anue", "nux"]), "1", "species"),
        "luminosity_infinity": Variable(
            ("time", "species"), np.array([3e52, 2e52, 1e52]) * np.ones((3, 1)), "erg/s", "luminosity"
        ),
    }
    found = kick_of_light_curve(evolution, 1.4 * CODATA.solar_mass, 0.01)
    assert found.energy[-1] == pytest.approx(9e52 * 5.0)
    assert found.velocity[-1] == pytest.approx(kick_velocity(4.5e53, 1.4 * CODATA.solar_mass, 0.01))
    del evolution["species"]
    with pytest.raises(OutOfRangeError, match="without species"):
        kick_of_light_curve(evolution, 1.0, 0.01)


def test_impossible_input_is_named(star):
    time = np.array([0.0, 1.0])
    for arguments, words in (
        ((time, [1e52, -1e50], 1e33, 0.01), "luminosity = -1e\\+50"),
        ((time, [1e52, 1e52], 0.0, 0.01), "mass that recoils = 0 g"),
        ((time[::-1], [1e52, 1e52], 1e33, 0.01), "time = 0 s"),
        ((time, [1e52], 1e33, 0.01), "shapes"),
    ):
        with pytest.raises(OutOfRangeError, match=words):
            kick_history(*arguments)
    dark = kick_history(time, [0.0, 0.0], 1e33, 0.01)
    assert np.isnan(dark.mean_asymmetry)
    assert "luminosity = 0" in dark.reason
    with pytest.raises(OutOfRangeError, match="T_cap/T = 0"):
        polar_cap_asymmetry(0.3, 0.0)
    with pytest.raises(OutOfRangeError, match="mass that recoils = -1 g"):
        observe(*star(), mass=-1.0)
    with pytest.raises(OutOfRangeError, match="opacity factor = 0"):
        observe(*star(), polar_cap_angle=0.1, polar_cap_opacity_factor=0.0)


@pytest.mark.parametrize("light", [0.0, -1e50])
def test_a_star_without_light_has_no_acceleration(star, light):
    background, spectra, solution = star()
    dark = replace(solution, luminosity=np.full_like(solution.luminosity, light))
    found = observe(background, spectra, dark, polar_cap_angle=0.3, polar_cap_temperature_ratio=1.1)
    for name in ("acceleration", "polar_cap_acceleration", "polar_cap_asymmetry"):
        assert np.isnan(found[name].values)
        assert "not positive" in found[name].attributes["reason"]


def test_static_run_gives_the_rate_and_an_energy_the_kick(star):
    background, spectra, solution = star(mass=1.4 * CODATA.solar_mass)
    found = observe(background, spectra, solution)
    light = 3e52 + 3e52 + 4.0 * 2e52
    assert found["luminosity_infinity"].values == pytest.approx(light, rel=1e-12)
    mass = np.interp(1.5e7, background.radius_interface, background.gravitational_mass)
    assert found["mass"].values == pytest.approx(mass)
    assert "inside the shock" in found["mass"].attributes["definition"]
    assert found["acceleration"].values == pytest.approx(0.01 * light / (mass * CODATA.speed_of_light))
    assert np.isnan(found["kick"].values)
    assert "give energy" in found["kick"].attributes["reason"]
    given_mass = observe(background, spectra, solution, energy=3e53, mass=1.4 * CODATA.solar_mass)
    assert given_mass["kick"].values == pytest.approx(359.473273e5, rel=1e-8)
    assert given_mass["mass"].attributes["definition"] == "given"


def test_without_shock_the_whole_grid_recoils(star):
    background, spectra, solution = star(shock=math.nan)
    found = observe(background, spectra, solution)
    assert found["mass"].values == background.gravitational_mass[-1]


def test_cap_of_given_temperature_and_of_the_profile(star):
    arguments = star(zones=400)
    none = observe(*arguments)
    assert none["polar_cap_kick"].attributes["reason"] == "no polar cap was given"
    angle = math.radians(20.0)
    found = observe(
        *arguments,
        energy=3e53,
        mass=1.4 * CODATA.solar_mass,
        polar_cap_angle=angle,
        polar_cap_temperature_ratio=1.1,
        magnetic_field=1e15,
    )
    assert found["polar_cap_kick"].values == pytest.approx(320.770756e5, rel=1e-8)
    assert found["polar_cap_brightening"].values == pytest.approx(polar_cap_brightening(angle, 1.1))
    assert found["magnetic_kick"].values == pytest.approx(50e5)
    # kappa ~ r^-5 at fixed neutrino spectrum and T ~ 1/r: T_cap/T = s^(-1/4), apart from the outer edge
    profile = observe(*arguments, polar_cap_angle=angle, polar_cap_opacity_factor=0.5)
    np.testing.assert_allclose(profile["polar_cap_temperature_ratio"].values, 2.0**0.25, rtol=1e-3)
    # at an unchanged gradient the flux is 1/s: never less than what the profile gives
    bound = profile["polar_cap_bound_asymmetry"].values
    assert bound == pytest.approx(polar_cap_asymmetry(angle, 2.0**0.25), rel=1e-12)
    assert np.isnan(found["polar_cap_bound_asymmetry"].values)


def test_a_cap_that_breaks_the_energy_budget_warns(star):
    with pytest.warns(PhysicsWarning, match="multiplies the luminosity by 3"):
        observe(*star(), polar_cap_angle=math.pi / 2.0, polar_cap_temperature_ratio=5.0**0.25)


@given(angle=st.floats(0.05, 3.0), ratio=st.floats(1.001, 3.0))
def test_cap_asymmetry_is_bounded_and_hotter_is_more(angle, ratio):
    alpha = polar_cap_asymmetry(angle, ratio)
    assert 0.0 < alpha < 2.0 / 3.0
    assert polar_cap_asymmetry(angle, 1.0 / ratio) < 0.0
    assert polar_cap_asymmetry(angle, ratio, "radial") == pytest.approx(1.5 * alpha)
