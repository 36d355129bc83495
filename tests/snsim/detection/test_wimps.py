import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import erf

from microphysics.constants import CODATA
from microphysics.errors import OutOfRangeError
from microphysics.nuclei import Nucleus
from microphysics.weak.form_factors import Point
from snsim.detection.wimps import (
    StandardHalo,
    largest_recoil,
    recoil_spectrum,
    smallest_speed,
    velocity_integral,
)

HALOS = [
    StandardHalo(),
    StandardHalo.recommended(),
    StandardHalo(escape_speed=200.0),  # the Sun faster than all
    StandardHalo(escape_speed=3000.0),
]


def test_recommended_numbers():
    """Baxter et al. 2021, EPJC 81, 907, table 1."""
    halo = StandardHalo.recommended()
    assert (halo.density, halo.circular_speed, halo.escape_speed) == (0.3, 238.0, 544.0)
    assert halo.peculiar_velocity == (11.1, 12.2, 7.3)
    assert halo.solar_speed == pytest.approx(np.sqrt(11.1**2 + 250.2**2 + 7.3**2), rel=1e-14)


def norm(halo):
    z = halo.escape_speed / halo.circular_speed
    return erf(z) - 2.0 / np.sqrt(np.pi) * z * np.exp(-(z**2))


@pytest.mark.parametrize("halo", HALOS)
def test_number_of_particles(halo):
    """int g(v_min) dv_min = int f d^3v = 1."""
    v = np.linspace(0.0, halo.escape_speed + halo.solar_speed, 20001)
    assert np.trapezoid(velocity_integral(v, halo), v) == pytest.approx(1.0, rel=1e-6)


@pytest.mark.parametrize("halo", HALOS[:3])
@pytest.mark.parametrize("speed", [0.0, 150.0, 400.0, 700.0])
def test_against_the_integral_over_velocities(halo, speed):
    """In the halo's frame: speed u < v_esc and the angle to the Sun's motion."""
    v0, sun = halo.circular_speed, halo.solar_speed

    def of_speed(u):
        # int dcos 1/|v| over |v| = sqrt(u^2 + sun^2 + 2 u sun cos) > v_min: (upper - lower)/(u sun)
        upper, lower = u + sun, max(abs(u - sun), speed)
        return 2.0 * np.pi * u**2 * np.exp(-((u / v0) ** 2)) * max(upper - lower, 0.0) / (u * sun)

    kinks = [k for k in (sun, abs(speed - sun), speed + sun) if 0.0 < k < halo.escape_speed]
    total = quad(of_speed, 1e-9, halo.escape_speed, points=kinks or None, epsabs=0.0, limit=200)[0]
    expected = total / (np.pi**1.5 * v0**3 * norm(halo))
    assert float(velocity_integral(speed, halo)) == pytest.approx(expected, rel=1e-8)


def test_without_a_cut_it_is_the_textbook_form():
    halo = StandardHalo(escape_speed=1e5)
    v = np.linspace(0.0, 900.0, 10)
    x, y = v / 233.0, halo.solar_speed / 233.0
    expected = (erf(x + y) - erf(x - y)) / (2.0 * y * 233.0)
    np.testing.assert_allclose(velocity_integral(v, halo), expected, rtol=1e-13)


def test_slow_sun_sees_maxwell():
    """y -> 0: g = 2/(sqrt(pi) v_0 N) [exp(-x^2) - exp(-z^2)]."""
    halo = StandardHalo(peculiar_velocity=(0.0, -233.0 + 1e-4, 0.0))
    v = np.linspace(0.0, 520.0, 9)
    z = 528.0 / 233.0
    expected = 2.0 / (np.sqrt(np.pi) * 233.0 * norm(halo)) * (np.exp(-((v / 233.0) ** 2)) - np.exp(-(z**2)))
    np.testing.assert_allclose(velocity_integral(v, halo), expected, rtol=1e-5)


def test_nothing_is_faster_than_escape_and_the_pieces_join():
    halo = StandardHalo()
    last = halo.escape_speed + halo.solar_speed
    assert velocity_integral(last + 1.0, halo) == 0.0
    edges = np.array([halo.escape_speed - halo.solar_speed, last])
    np.testing.assert_allclose(velocity_integral(edges - 1e-6), velocity_integral(edges + 1e-6), atol=1e-9)
    assert np.all(np.diff(velocity_integral(np.linspace(0.0, last, 300))) <= 0.0)


def test_total_rate_of_a_point_nucleus():
    """int dR/dT dT = n_i n_chi sigma_N <v> with sigma_N = sigma_p A^2 (mu_N/mu_p)^2 where the form factor is 1."""
    halo, mass = StandardHalo(), 20.0
    nucleus = Nucleus.named("Ar40")
    heavy = float(nucleus.mass)
    t = np.linspace(1e-9, float(largest_recoil(mass, heavy, halo)), 20001)
    rate = np.trapezoid(recoil_spectrum(t, mass, "Ar40", 1e-45, halo, Point()), t)
    v = np.linspace(0.0, halo.escape_speed + halo.solar_speed, 20001)
    mean_speed = np.trapezoid(2.0 * v * velocity_integral(v, halo), v) * 1e5  # cm/s
    nucleon = 0.5 * (CODATA.proton_mass + CODATA.neutron_mass)
    light = 1e3 * mass
    ratio = (light * heavy / (light + heavy)) / (light * nucleon / (light + nucleon))
    atoms = 1.0 / ((heavy + 18.0 * CODATA.electron_mass) * CODATA.gram_per_mev)
    expected = atoms * (0.55 / mass) * 1e-45 * (40.0 * ratio) ** 2 * mean_speed
    assert rate == pytest.approx(expected, rel=1e-5)


def test_mean_speed_is_that_of_the_halo():
    """2 int v g dv = <|v|>, by quadrature over three velocities."""
    halo = StandardHalo(escape_speed=1e4)
    v = np.linspace(0.0, 4000.0, 40001)
    found = np.trapezoid(2.0 * v * velocity_integral(v, halo), v)
    # Maxwell shifted by y: v_0 [exp(-y^2)/sqrt(pi) + (y + 1/(2y)) erf(y)]
    y = halo.solar_speed / 233.0
    assert found == pytest.approx(
        233.0 * (np.exp(-(y**2)) / np.sqrt(np.pi) + (y + 0.5 / y) * erf(y)), rel=1e-7
    )


def test_kinematics():
    heavy = float(Nucleus.named("Xe132").mass)
    halo = StandardHalo()
    top = halo.escape_speed + halo.solar_speed
    assert smallest_speed(largest_recoil(50.0, heavy, halo), 50.0, heavy) == pytest.approx(top, rel=1e-13)
    # much heavier than the nucleus: v_min = sqrt(T/2M) c
    assert smallest_speed(0.01, 1e9, heavy) == pytest.approx(np.sqrt(0.005 / heavy) * 299792.458, rel=1e-6)


def test_spectrum_scales_and_mixes():
    t = np.array([0.005, 0.02])
    one, ten = recoil_spectrum(t, 50.0, "Xe"), recoil_spectrum(t, [50.0, 100.0], "Xe", 1e-44)
    assert ten.shape == (2, 2)
    np.testing.assert_allclose(ten[0], 10.0 * one, rtol=1e-13)
    half, double = recoil_spectrum(t, 50.0, "Xe", halo=StandardHalo(density=0.275)), one
    np.testing.assert_allclose(2.0 * half, double, rtol=1e-13)
    assert np.all(recoil_spectrum([1.0], 1.0, "Xe") == 0.0)


def test_known_rate_on_xenon():
    """Integral of the exponential estimate of Lewin & Smith agrees to its accuracy (point nucleus, no cut)."""
    halo = StandardHalo(escape_speed=1e4)
    heavy = float(Nucleus.named("Xe132").mass)
    t = np.linspace(1e-9, 0.4, 40001)
    rate = recoil_spectrum(t, 100.0, "Xe132", halo=halo, form_factor=Point())
    # dR/dT falls like c1 exp(-c2 T/(E0 r)), c1 = 0.751, c2 = 0.561 for the Sun's speed (Lewin & Smith 1996, eq. 3.13)
    light = 1e5
    factor = 4.0 * light * heavy / (light + heavy) ** 2
    energy = 0.5 * light * (233.0e5 / CODATA.speed_of_light) ** 2 * factor
    fall = -np.gradient(np.log(rate), t)
    at = np.searchsorted(t, energy)
    assert fall[at] * energy == pytest.approx(0.561, rel=0.1)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: StandardHalo(density=0.0), "density = 0 GeV/cm3: must be > 0"),
        (lambda: velocity_integral(-1.0), "smallest speed = -1 km/s: must be >= 0"),
        (
            lambda: velocity_integral(1.0, StandardHalo(peculiar_velocity=(0.0, -233.0, 0.0))),
            "speed of the Sun = 0",
        ),
        (lambda: recoil_spectrum([0.0], 10.0, "Xe"), "recoil energy = 0 MeV: must be > 0"),
        (lambda: recoil_spectrum([1.0], -1.0, "Xe"), "mass = -1 GeV: must be > 0"),
        (lambda: recoil_spectrum([1.0], 1.0, "Xe", 0.0), "cross section = 0 cm2: must be > 0"),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(OutOfRangeError, match=words):
        call()
