"""Conductivity of diffusing neutrinos: closed forms of an E^2 and an E^4 opacity, correlated nuclei, lepton flux."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.polynomial.legendre import leggauss

from microphysics.conductivity import (
    conductivity_without_lepton_flux,
    diffusion_integral,
    equilibrium_energy_density,
    rosseland_mean_path,
    thermal_conductivity,
)
from microphysics.constants import CODATA
from microphysics.errors import OutOfRangeError
from microphysics.nuclei import Nucleus
from microphysics.spectrum import fermi
from microphysics.structure.table import TabulatedLiquid
from microphysics.weak.cevns import CEvNS
from microphysics.weak.couplings import WeakCouplings
from microphysics.weak.form_factors import Point, helm

C, HBAR_C, KELVIN = CODATA.speed_of_light, CODATA.hbar_c, CODATA.boltzmann * CODATA.erg_per_mev
FINE = np.geomspace(0.02, 400.0, 1200)
RUN = np.geomspace(0.5, 350.0, 48)  # the grid of a run


def quadratic(energy, path=1e6, at=10.0):
    """CEvNS of point nuclei without correlations."""
    return (energy / at) ** 2 / path


@pytest.mark.parametrize(("grid", "rtol"), [(FINE, 1e-7), (RUN, 1e-4)])
@pytest.mark.parametrize("temperature", [1.0, 4.0, 10.0])
def test_uncorrelated_nuclei_in_closed_form(grid, rtol, temperature):
    # c lambda_0 E_0^2 T/(36 (hbar c)^3): linear in T
    closed = C * 1e6 * 10.0**2 * temperature / (36.0 * HBAR_C**3) * KELVIN
    assert thermal_conductivity(quadratic(grid), grid, temperature) == pytest.approx(closed, rel=rtol)


@pytest.mark.parametrize("degeneracy", [-6.0, -1.0, 2.0, 12.0])
def test_uncorrelated_nuclei_degenerate(degeneracy):
    closed = C * 1e6 * 100.0 * 3.0 * 2.0 * fermi(1, degeneracy) / (6.0 * math.pi**2 * HBAR_C**3) * KELVIN
    found = thermal_conductivity(quadratic(FINE), FINE, 3.0, degeneracy)
    assert found == pytest.approx(float(closed), rel=1e-6)


def test_rosseland_mean_of_uncorrelated_nuclei():
    t = 4.0
    path = rosseland_mean_path(quadratic(FINE), FINE, t)
    assert path == pytest.approx(5.0 / (7.0 * math.pi**2) * 1e6 * (10.0 / t) ** 2, rel=1e-6)
    assert 10.0 * math.sqrt(1e6 / path) == pytest.approx(3.717 * t, rel=2e-4)  # the effective energy


@pytest.mark.parametrize("degeneracy", [-3.0, 0.0, 5.0])
def test_rosseland_form(degeneracy):
    # kappa = (c/3) lambda_R du/dT, u per species ~ T^4
    t, d = 4.0, 1e-4
    slope = (
        equilibrium_energy_density(t + d, degeneracy) - equilibrium_energy_density(t - d, degeneracy)
    ) / (2.0 * d)
    path = rosseland_mean_path(quadratic(FINE), FINE, t, degeneracy)
    found = thermal_conductivity(quadratic(FINE), FINE, t, degeneracy)
    assert found == pytest.approx(float(C / 3.0 * path * slope * KELVIN), rel=1e-6)


def test_energy_density_of_one_species():
    assert equilibrium_energy_density(4.0) == pytest.approx(
        7.0 * math.pi**2 / 240.0 * 4.0**4 / HBAR_C**3, rel=1e-10
    )


def test_strongly_correlated_nuclei_carry_less_heat_when_hotter():
    # lambda = (3 Gamma/2) lambda_0 E_0^2 (hbar c/a)^2/E^4 on a rigid background, Gamma ~ 1/T: kappa ~ T^-2
    gamma, a = 40.0, 1e-12

    def conducting(t):
        opacity = quadratic(FINE) * 2.0 / 3.0 * (FINE * a / HBAR_C) ** 2 / (gamma / t)
        return float(thermal_conductivity(opacity, FINE, t))

    # int f(1 - f) dx = F_{-1}(0) = 1/2
    closed = C * 1.5 * gamma * 1e6 * 100.0 * (HBAR_C / a) ** 2 * 0.5 / (6.0 * math.pi**2 * HBAR_C**3) * KELVIN
    assert conducting(1.0) == pytest.approx(closed, rel=1e-5)
    for t in (2.0, 5.0):
        assert conducting(t) == pytest.approx(closed * t**-2, rel=1e-5)


def test_below_the_first_energy_the_power_law_goes_on():
    # at 0.5 MeV a quarter of the integral of an E^4 opacity is still to come at T = 1 MeV
    opacity = 1e-6 * RUN**4
    whole = thermal_conductivity(1e-6 * FINE**4, FINE, 1.0)
    assert thermal_conductivity(opacity, RUN, 1.0) == pytest.approx(float(whole), rel=2e-3)


# computed for this project with an independent prototype: rho, T, A, Z, then S = F = 1, S of a Yukawa liquid, that and F
SIZES = [
    (1e11, 1.0, 70.0, 29.0, 4.11e33, 1.17e35, 1.17e35),
    (1e12, 1.4, 95.0, 35.0, 3.57e32, 3.02e34, 3.03e34),
    (1e13, 2.0, 120.0, 40.0, 3.58e31, 7.5e33, 7.6e33),
]


@pytest.mark.parametrize(("density", "t", "mass", "charge", "bare", "liquid", "both"), SIZES)
def test_size_with_and_without_correlations(density, t, mass, charge, bare, liquid, both):
    n = density / (mass * CODATA.atomic_mass * CODATA.gram_per_mev)
    a = 1e13 * (3.0 / (4.0 * math.pi * n)) ** (1.0 / 3.0)
    fermi_momentum = 1e13 * HBAR_C * (3.0 * math.pi**2 * n * charge) ** (1.0 / 3.0) * 1e-13
    fermi_energy = math.hypot(fermi_momentum, CODATA.electron_mass)
    screening = math.sqrt(4.0 * CODATA.fine_structure / math.pi * fermi_momentum * fermi_energy) / HBAR_C
    coupling = charge**2 * CODATA.coulomb_squared * 1e13 / (a * t)
    nucleus = Nucleus.of(mass, charge)
    point = CEvNS(nucleus, Point(), WeakCouplings(sin2_theta_w=0.2312))
    x, w = leggauss(400)
    s = 0.5 * (1.0 + x)
    q = 2.0 * RUN[:, None] / (HBAR_C * 1e13) * s
    correlated = TabulatedLiquid().reduced(q * a, coupling, screening * a * 1e-13)
    opacity = n * 2.0 * point.strength * RUN**2 / 3.0 * point.amplitude(0.0) ** 2
    for wanted, squared in ((bare, 1.0), (liquid, correlated), (both, correlated * helm(nucleus)(q) ** 2)):
        average = 12.0 * (squared * s**3 * (1.0 - s**2)) @ (0.5 * w)
        found = float(thermal_conductivity(opacity * average, RUN, t))
        digit = 10.0 ** (math.floor(math.log10(wanted)) - (1 if wanted in (7.5e33, 7.6e33) else 2))
        assert abs(found - wanted) < digit, (wanted, found)


def test_without_lepton_flux_there_is_less_heat():
    eta = np.array([0.0, 1.0, 6.0])
    opacity = np.broadcast_to(quadratic(FINE), (2, 3, FINE.size))
    tied = conductivity_without_lepton_flux(opacity, FINE, 4.0 * np.ones(3), eta)
    free = sum(thermal_conductivity(quadratic(FINE), FINE, 4.0, sign * eta) for sign in (1.0, -1.0))
    assert tied[0] == pytest.approx(free[0], rel=1e-12)  # nue and anue balance
    assert (tied[1:] < free[1:]).all()
    # opacity ~ E^2: D_n ~ (n - 2) F_{n-3}, D_2 = F_{-1} = f(0)
    second = [1.0 / (1.0 + math.exp(-sign * 6.0)) for sign in (1.0, -1.0)]
    third = [float(fermi(0, sign * 6.0)) for sign in (1.0, -1.0)]
    fourth = [2.0 * float(fermi(1, sign * 6.0)) for sign in (1.0, -1.0)]
    ratio = 1.0 - (third[0] - third[1]) ** 2 / (sum(second) * sum(fourth))
    assert tied[2] / free[2] == pytest.approx(ratio, rel=1e-3)


def test_nothing_carries_where_nothing_is():
    opacity = np.where(np.arange(FINE.size) % 2 == 0, 0.0, 1e-6)
    assert diffusion_integral(4, opacity, FINE, 4.0) == np.inf
    assert diffusion_integral(4, np.full(FINE.size, np.inf), FINE, 4.0) == 0.0
    assert np.isnan(thermal_conductivity(quadratic(FINE), FINE, 4.0, np.nan))


def test_refusals():
    with pytest.raises(OutOfRangeError, match=r"opacity >= -1 1/cm"):
        thermal_conductivity(-np.ones(FINE.size), FINE, 4.0)
    with pytest.raises(OutOfRangeError, match=r"temperature >= 0 MeV"):
        thermal_conductivity(quadratic(FINE), FINE, 0.0)


@given(t=st.floats(0.5, 15.0), eta=st.floats(-10.0, 15.0), power=st.floats(0.0, 3.0))
def test_more_opacity_conducts_less(t, eta, power):
    opacity = 1e-6 * RUN**power
    one, two = (float(thermal_conductivity(k * opacity, RUN, t, eta)) for k in (1.0, 3.0))
    assert one == pytest.approx(3.0 * two, rel=1e-12)
    assert one > 0.0
