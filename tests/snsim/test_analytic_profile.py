"""The embedded star against the table of its specification, its own mass, and its jump at the shock."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from microphysics.constants import CODATA
from microphysics.eos.nse import SahaNSE
from snsim.config.schema import AnalyticProfile
from snsim.errors import ProfileError
from snsim.profiles.analytic import analytic_profile
from snsim.transport.grid import build_background, interpolate

KM = 1e5
G, MSUN = CODATA.gravitational_constant, CODATA.solar_mass


def star(**changes):
    return analytic_profile(SimpleNamespace(**(dict(AnalyticProfile(format="analytic")) | changes)))


@pytest.fixture(scope="module")
def default():
    return star()


# an independent program, to the two or three digits that it prints
TABLE = [
    (13.2, 2.9e13, 24.5, 0.262),
    (30.0, 3.0e12, 10.2, 0.113),
    (60.0, 8.5e10, 4.0, 0.154),
    (100.0, 5.7e9, 2.3, 0.33),
    (160.0, 1.5e8, 0.97, 0.495),
]


@pytest.mark.parametrize(("radius", "density", "temperature", "electron_fraction"), TABLE)
def test_table(default, radius, density, temperature, electron_fraction):
    here = np.array([radius * KM])
    # half of the last printed digit, and 1 %
    for name, value, half in (
        ("density", density, 0.05 * 10.0 ** np.floor(np.log10(density))),
        ("temperature", temperature, 0.005 if radius == 160.0 else 0.05),
        ("electron_fraction", electron_fraction, 0.005 if radius == 100.0 else 0.0005),
    ):
        assert interpolate(default, name, here)[0] == pytest.approx(value, rel=1e-2, abs=half)


def curve(r, x_0, w):
    return 0.5 * (1.0 - np.tanh((r - x_0) / w))


def test_density_is_the_formula(default):
    r = default.radius[default.radius <= 144.0 * KM]
    inside = default.density[: r.size]
    ahead = (
        0.95 * MSUN / (4.0 * np.pi * (144.0 * KM) ** 2 * 0.85 * np.sqrt(2.0 * G * 1.35 * MSUN / (144.0 * KM)))
    )
    tail = 10.5 * ahead * (144.0 * KM) ** 3 / (r**3 + (20.0 * KM) ** 3)
    shape = np.exp(-((r / (9.0 * KM)) ** 4)) + 0.4 * np.exp(-r / (7.8 * KM))
    amplitude = (inside - tail) / shape
    deep = r < 80.0 * KM
    np.testing.assert_allclose(amplitude[deep], amplitude[0], rtol=1e-4)
    x = np.log10(inside)
    expected = 0.11 + 0.165 * (1.0 - curve(x, 13.15, 0.25)) + 0.39 * curve(x, 9.9, 1.0)
    np.testing.assert_allclose(default.electron_fraction[: r.size], expected, rtol=1e-12)


def test_entropy_is_the_formula(default):
    chosen = slice(0, 240, 20)
    x = np.log10(default.density[chosen])
    expected = 1.4 + 3.6 * curve(x, 14.0, 0.3) + 7.0 * curve(x, 10.7, 1.2)
    found = SahaNSE().temperature_from_entropy(
        default.density[chosen], expected, default.electron_fraction[chosen]
    )
    np.testing.assert_allclose(default.temperature[chosen], found, rtol=1e-9)


@pytest.mark.parametrize("mass", [1.2, 1.35, 1.6])
@pytest.mark.parametrize("shock", [100.0, 144.0, 200.0])
def test_mass_inside_the_shock(mass, shock):
    profile = star(mass=mass * MSUN, shock_radius=shock * KM)
    inside = profile.radius <= shock * KM
    r, rho = profile.radius[inside], profile.density[inside]
    grid = np.geomspace(r[0], r[-1], 20001)
    fine = np.exp(np.interp(np.log(grid), np.log(r), np.log(rho)))
    total = 4.0 * np.pi * np.trapezoid(fine * grid**3, np.log(grid)) + 4.0 * np.pi / 3.0 * rho[0] * r[0] ** 3
    assert total == pytest.approx(mass * MSUN, rel=1e-3)


def test_mass_reaches_the_metric(default):
    background = build_background(default, 400)
    inside = np.interp(144.0 * KM, background.radius_interface, background.gravitational_mass)
    assert inside == pytest.approx(1.35 * MSUN, rel=1e-3)
    assert background.lapse_interface[0] == pytest.approx(0.80, abs=0.01)


def test_shock(default):
    i = int(np.argmax(default.radius > 144.0 * KM))
    assert default.shock_radius == 144.0 * KM
    assert default.density[i - 1] / default.density[i] == pytest.approx(10.5, rel=5e-3)
    assert default.temperature[i - 1] > 1.4 * default.temperature[i]
    # mass flux is the accretion rate on both sides and everywhere
    flux = -4.0 * np.pi * default.radius**2 * default.density * default.velocity
    np.testing.assert_allclose(flux, 0.95 * MSUN, rtol=1e-9)
    free_fall = np.sqrt(2.0 * G * 1.35 * MSUN / default.radius[i:])
    np.testing.assert_allclose(-default.velocity[i:] / free_fall, 0.85, rtol=1e-12)


def test_composition(default):
    i = int(np.argmax(default.radius > 144.0 * KM))
    np.testing.assert_array_equal(default.mass_fraction_heavy[i:], 1.0)
    np.testing.assert_array_equal(default.mass_number_heavy[i:], 56.0)
    np.testing.assert_allclose(default.charge_number_heavy[i:], 56.0 * 0.495, rtol=1e-12)
    dense = default.density > 1e13
    np.testing.assert_array_equal(default.mass_fraction_alpha[dense], 0.0)
    np.testing.assert_allclose(
        default.mass_fraction_proton[dense], default.electron_fraction[dense], rtol=1e-9
    )


def test_roughly_hydrostatic_between_20_and_80_km(default):
    r = np.linspace(20.0, 80.0, 13) * KM
    pressure = interpolate(default, "pressure", r)
    step = 1.02
    slope = np.log(interpolate(default, "pressure", r * step) / interpolate(default, "pressure", r / step))
    slope /= 2.0 * np.log(step)
    background = build_background(default, 400)
    mass = np.interp(r, background.radius_interface, background.gravitational_mass)
    density = interpolate(default, "density", r)
    c2 = CODATA.speed_of_light**2
    # Tolman, Oppenheimer & Volkoff: half of the Newtonian slope more at 20 km
    weight = (density + pressure / c2) * (mass + 4.0 * np.pi * r**3 * pressure / c2)
    expected = -G * weight / (1.0 - 2.0 * G * mass / (r * c2)) / r / pressure
    assert np.abs(slope / expected - 1.0).max() < 0.2  # 0.16 in the specification


def test_mass_that_does_not_fit():
    with pytest.raises(
        ProfileError, match=r"profile\.mass = 0\.01 Msun is less than .* lower profile\.accretion_rate"
    ):
        star(mass=0.01 * MSUN)
