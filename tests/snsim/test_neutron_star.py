"""The relativistic equations of hydrostatic equilibrium, and neutron stars of the embedded equation of state."""

from __future__ import annotations

import numpy as np
import pytest

from microphysics.constants import CODATA
from microphysics.eos.lattimer_swesty import LattimerSwesty
from snsim.errors import ProfileError
from snsim.profiles.neutron_star import (
    Barotrope,
    DenseLattimerSwesty,
    NeutronStars,
    cold_matter,
    cold_neutron_stars,
    hermite,
)

G, C, MSUN = CODATA.gravitational_constant, CODATA.speed_of_light, CODATA.solar_mass
LENGTH = G * MSUN / C**2  # of the units c = G = Msun = 1
DENSITY = MSUN / LENGTH**3


def polytrope(lowest=1e-12, highest=2e-3, points=200):
    """P = 100 rho^2 and e = rho + P in units of c = G = Msun = 1."""
    x = np.linspace(np.log(lowest * DENSITY), np.log(highest * DENSITY), points)
    density = np.exp(x)
    pressure = 100.0 * density**2 / DENSITY * C**2
    return Barotrope.from_states(x, pressure, density * C**2 + pressure)


def test_relativistic_polytrope():
    # star BU0 of Font et al. 2002, Phys. Rev. D 65, 084024, table I: M = 1.400, M_0 = 1.506, R = 9.59
    matter = polytrope()
    star = matter.star(np.log(1.28e-3 * DENSITY), matter.first, 1600)
    assert star.complete
    assert star.mass[-1] / MSUN == pytest.approx(1.40016, rel=1e-5)
    assert star.rest_mass[-1] / MSUN == pytest.approx(1.506, abs=5e-4)
    assert star.radius[-1] / LENGTH == pytest.approx(9.586, rel=1e-4)


def test_newtonian_polytrope():
    # R = sqrt(pi K/2) for any mass, M = 4 pi^2 rho_c (R/pi)^3, up to GM/(Rc^2) = 1e-6
    matter = polytrope(1e-16, 2e-8)
    star = matter.star(np.log(1e-8 * DENSITY), matter.first, 1600)
    radius = np.sqrt(50.0 * np.pi)
    assert star.radius[-1] / LENGTH == pytest.approx(radius, rel=1e-5)
    assert star.mass[-1] / MSUN == pytest.approx(4.0 * np.pi**2 * 1e-8 * (radius / np.pi) ** 3, rel=1e-5)


def test_convergence_with_steps():
    matter = polytrope()
    mass = [matter.star(np.log(1.28e-3 * DENSITY), matter.first, n).mass[-1] for n in (200, 400, 800, 6400)]
    error = np.abs(np.array(mass[:-1]) / mass[-1] - 1.0)
    # of fourth order but for the first step, from the centre
    assert (error[1:] < error[:-1] / 4.0).all()
    assert error[-1] < 5e-6


def test_equations_in_their_textbook_form():
    # dP/dr and dm/dr of Oppenheimer & Volkoff 1939 by finite differences, with the matter's own formula
    matter = polytrope()
    star = matter.star(np.log(1.28e-3 * DENSITY), np.log(1e-6 * DENSITY), 1600)
    r, m, rho = star.radius[1:], star.mass[1:], np.exp(star.log_density[1:])
    pressure = 100.0 * rho**2 / DENSITY * C**2
    energy = rho * C**2 + pressure
    slope = np.gradient(np.log(pressure), r)[1:-1]
    weight = (energy + pressure) / C**2 * (m + 4.0 * np.pi * r**3 * pressure / C**2)
    expected = -G * weight / (r * (r - 2.0 * G * m / C**2)) / pressure
    far = r[1:-1] > 3e5  # near the centre both vanish
    np.testing.assert_allclose(slope[far], expected[1:-1][far], rtol=3e-4)
    shells = 4.0 * np.pi * r**2 * energy / C**2
    np.testing.assert_allclose(np.gradient(m, r)[1:-1][far], shells[1:-1][far], rtol=3e-4)


def test_inwards_is_the_way_back():
    matter = polytrope()
    out = matter.star(np.log(1.28e-3 * DENSITY), np.log(1e-5 * DENSITY), 800)
    middle = 400
    back = matter.star(
        out.log_density[-1], out.log_density[middle], 800, radius=out.radius[-1], mass=out.mass[-1]
    )
    assert back.radius[-1] == pytest.approx(out.radius[middle], rel=1e-6)
    assert back.mass[-1] == pytest.approx(out.mass[middle], rel=1e-5)
    assert back.rest_mass[-1] == pytest.approx(out.rest_mass[middle] - out.rest_mass[-1], rel=1e-5)
    # both know their densities and masses at any radius
    r = np.linspace(out.radius[middle] * 1.01, out.radius[-1] * 0.99, 50)
    for found, expected in zip(back.at(r), out.at(r), strict=True):
        np.testing.assert_allclose(found, expected, rtol=2e-5)


def test_mass_that_is_used_up():
    matter = polytrope()
    star = matter.star(
        np.log(1e-6 * DENSITY), np.log(1.9e-3 * DENSITY), 200, radius=20 * LENGTH, mass=0.05 * MSUN
    )
    assert not star.complete
    assert star.log_density.size < 201
    assert (star.mass > 0.0).all()


def test_pressure_that_falls_becomes_a_jump_of_density():
    x = np.linspace(np.log(1e12), np.log(1e15), 121)
    density = np.exp(x)
    pressure = 5e33 * (density / 1e14) ** 2
    dip = (density > 5e13) & (density < 1e14)
    pressure[dip] *= 0.5
    matter = Barotrope.from_states(x, pressure, density * C**2 + pressure)
    star = matter.star(np.log(8e14), matter.first, 600)
    inside = (star.log_density > np.log(5.4e13)) & (star.log_density < np.log(6e13))
    np.testing.assert_allclose(star.radius[inside], star.radius[inside][0], rtol=1e-12)
    # at() gives either side of the jump
    at = star.radius[inside][0]
    x_in, x_out = star.at(np.array([at * 0.99, at * 1.01]))[0]
    assert np.exp(x_in) > 7.05e13  # where the pressure is again that of 5e13
    assert np.exp(x_out) < 5.3e13


def test_hermite_is_exact_for_cubics():
    nodes = np.array([0.0, 0.3, 1.0, 2.0])
    x = np.linspace(0.0, 2.0, 11)
    found = hermite(x, nodes, nodes**3 - nodes, 3.0 * nodes**2 - 1.0)
    np.testing.assert_allclose(found, x**3 - x, atol=1e-14)


# T = 0.1 MeV, beta equilibrium, no muons; literature 1.84 / 2.04-2.06 / 2.7 Msun, 12.2 / 12.7 / 13.6 km
KNOWN = {180.0: (1.834, 12.18), 220.0: (2.043, 12.66), 375.0: (2.716, 13.61)}


@pytest.mark.parametrize("incompressibility", KNOWN)
def test_cold_neutron_stars(incompressibility):
    stars = cold_neutron_stars(DenseLattimerSwesty(incompressibility))
    mass, radius = KNOWN[incompressibility]
    assert stars.maximum_mass / MSUN == pytest.approx(mass, rel=2e-3)
    assert stars.radius_of(1.4 * MSUN) / 1e5 == pytest.approx(radius, rel=2e-3)
    heaviest = np.argmax(stars.mass)
    assert 1.1e15 < stars.central_density[heaviest] < 2.3e15
    # binding energy against neutrons, 0.6 beta/(1 - beta/2) M, Lattimer & Prakash 2001, ApJ 550, 426, eq. 36
    rest = np.interp(1.4 * MSUN, stars.mass[:heaviest], stars.rest_mass[:heaviest])
    neutrons = rest * CODATA.neutron_mass / CODATA.atomic_mass
    beta = G * 1.4 * MSUN / (stars.radius_of(1.4 * MSUN) * C**2)
    assert neutrons - 1.4 * MSUN == pytest.approx(0.6 * beta / (1.0 - 0.5 * beta) * 1.4 * MSUN, rel=0.05)
    assert (G * stars.mass / (stars.radius * C**2) < 4.0 / 9.0).all()  # Buchdahl 1959


def test_inner_crust_of_soft_matter():
    # K = 220: pressure falls around 2e13 g/cm^3, see LattimerSwesty; the star jumps over it
    matter = cold_matter(DenseLattimerSwesty())
    pressure = matter.table[:, 0]
    flat = np.diff(pressure) <= 0.0
    assert 1 <= flat.sum() <= 6
    density = np.exp(matter.first + matter.spacing * np.flatnonzero(flat))
    assert ((density > 1e13) & (density < 3e13)).all()


def test_domain():
    with pytest.raises(
        ProfileError, match=r"lowest_density = 1e\+20 g/cm\^3: expected a density inside .* 1000 to"
    ):
        cold_neutron_stars(LattimerSwesty(), lowest_density=1e20)
    density = np.geomspace(3e14, 1e15, 5)
    rising = NeutronStars(density, MSUN * np.linspace(1.0, 1.8, 5), MSUN * np.ones(5), 1e6 * np.ones(5))
    with pytest.raises(ProfileError, match="no maximum below a central density of 1e\\+15"):
        _ = rising.maximum_mass
    with pytest.raises(ProfileError, match=r"mass = 1\.9 Msun: .* 1 to 1\.8 Msun"):
        rising.radius_of(1.9 * MSUN)
