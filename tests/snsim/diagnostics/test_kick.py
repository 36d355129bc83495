import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from microphysics.constants import CODATA
from microphysics.errors import UnknownNameError
from snsim.diagnostics.kick import (
    cap_temperature_ratio,
    kick_history,
    kick_velocity,
    magnetic_kick,
    momentum_asymmetry,
    observe,
    polar_cap_asymmetry,
    polar_cap_brightening,
)

# shared/reference/observables/kick.csv (computed for this project): beaming, alpha, E erg, M/Msun, cap deg,
# T_cap/T, v km/s
KICKS = [
    ("", 0.01, 3e53, 1.4, None, None, 359.473273),
    ("", 0.03, 3e53, 1.4, None, None, 1078.41982),
    ("", 0.02, 1e53, 1.4, None, None, 239.648849),
    ("", 0.005, 4e53, 1.8, None, None, 186.393549),
    ("lambert", 0.00108128136, 3e53, 1.4, 10, 1.05, 38.8691749),
    ("lambert", 0.00892335481, 3e53, 1.4, 20, 1.1, 320.770756),
    ("lambert", 0.00885164316, 3e53, 1.4, 30, 1.05, 318.192914),
    ("lambert", 0.105802586, 3e53, 1.4, 60, 1.2, 3803.32019),
    ("lambert", 0.062781543, 3e53, 1.4, 90, 1.1, 2256.82867),
    ("radial", 0.0133850322, 3e53, 1.4, 20, 1.1, 481.156134),
    ("radial", 0.0941723144, 3e53, 1.4, 90, 1.1, 3385.24301),
]


@pytest.mark.parametrize(("beaming", "alpha", "energy", "mass", "angle", "ratio", "velocity"), KICKS)
def test_kicks_of_reference_table(beaming, alpha, energy, mass, angle, ratio, velocity):
    if beaming:
        found = polar_cap_asymmetry(math.radians(angle), ratio, beaming)
        assert found == pytest.approx(alpha, rel=1e-8)
        alpha = found
    found = kick_velocity(energy, mass * CODATA.solar_mass, alpha)
    assert found / 1e5 == pytest.approx(velocity, rel=1e-8)


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


def test_history_adds_vectors_and_is_second_order():
    time = np.linspace(0.0, 1.0, 101)
    light, mass = 3e53 * np.exp(-time), np.full(101, 1.4 * CODATA.solar_mass)
    alpha = np.stack([0.01 + 0.0 * time, -0.02 + 0.0 * time, 0.0 * time], axis=1)
    found = kick_history(time, light, mass, alpha)
    exact = kick_velocity(3e53 * (1.0 - math.exp(-1.0)), mass[0], np.array([0.01, -0.02, 0.0]))
    np.testing.assert_allclose(found[-1], exact, rtol=1e-5)
    np.testing.assert_allclose(kick_history(time, light, mass, alpha[:, 0]), found[:, 0])
    assert (found[0] == 0.0).all()


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


@given(angle=st.floats(0.05, 3.0), ratio=st.floats(1.001, 3.0))
def test_cap_asymmetry_is_bounded_and_hotter_is_more(angle, ratio):
    alpha = polar_cap_asymmetry(angle, ratio)
    assert 0.0 < alpha < 2.0 / 3.0
    assert polar_cap_asymmetry(angle, 1.0 / ratio) < 0.0
    assert polar_cap_asymmetry(angle, ratio, "radial") == pytest.approx(1.5 * alpha)
