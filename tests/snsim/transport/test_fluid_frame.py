"""What an observer moving with the fluid sees, where the answer is known exactly."""

from __future__ import annotations

import numpy as np
import pytest

from microphysics.constants import CODATA
from microphysics.matter import MatterState
from snsim.transport.background import Background
from snsim.transport.moments import (
    ADVECTED,
    eddington_factor,
    fluid_frame,
    mean_energy,
    rms_energy,
    rms_number,
)
from snsim.transport.solution import TransportSolution

C = CODATA.speed_of_light
ZONES = 4
BETAS = (-0.6, -0.2, -0.01, 0.01, 0.3, 0.9)


def star(b, gamma=1.0):
    """A background whose fluid moves at b = v/c for static observers: proper speed dr/dtau = Gamma b/sqrt(1 - b^2)."""
    one, edge = np.ones(ZONES), np.ones(ZONES + 1)
    return Background(
        radius_interface=np.linspace(0.0, 4e6, ZONES + 1),
        radius=1e6 * (np.arange(ZONES) + 0.5),
        lapse=one,
        lapse_interface=edge,
        gamma=gamma * one,
        gamma_interface=gamma * edge,
        gravitational_mass=0.0 * edge,
        rest_mass=0.0 * edge,
        velocity=C * gamma * b / np.sqrt(1.0 - b**2) * one,
        matter=MatterState(**dict.fromkeys(MatterState.__dataclass_fields__, one)),
        shock_radius=np.nan,
    )


def radiation(density, number, flux_factor, number_flux_factor):
    """Constant fields; luminosities from F = h c E, F_N = h_N c N at 10 km."""
    zone, edge = np.ones((1, ZONES)), np.ones((1, ZONES + 1))
    area = 4.0 * np.pi * 1e12
    return TransportSolution(
        species=("nue",),
        energy_density=density * zone,
        number_density=number * zone,
        neutrino_temperature=density / number / 3.6 * zone,
        degeneracy=2.0 * zone,
        luminosity=area * C * flux_factor * density * CODATA.erg_per_mev * edge,
        number_luminosity=area * C * number_flux_factor * number * edge,
        flux_factor=flux_factor * edge,
        absorption_energy=zone,
        absorption_number=zone,
        transport_energy=edge,
        transport_number=edge,
        emission_energy=zone,
        emission_number=zone,
        exchange_energy=zone,
        converged=True,
        iterations=np.array([1]),
    )


def thermal(beta, density=1.0, number=0.1):
    """Moments of radiation that is isotropic for an observer with velocity `beta`: exact, and the closure's own family."""
    g2 = 1.0 / (1.0 - beta**2)
    energy = density * g2 * (1.0 + beta**2 / 3.0)
    flux = density * g2 * 4.0 / 3.0 * beta
    return radiation(energy, np.sqrt(g2) * number, flux / energy, beta)


def test_closure_limits():
    np.testing.assert_allclose(
        eddington_factor(np.array([0.0, 1.0, -1.0])), [1.0 / 3.0, 1.0, 1.0], rtol=1e-15
    )
    beta = np.linspace(-0.99, 0.99, 41)
    h, k = 4.0 * beta / (3.0 + beta**2), (1.0 + 3.0 * beta**2) / (3.0 + beta**2)
    np.testing.assert_allclose(eddington_factor(h), k, rtol=1e-13)


@pytest.mark.parametrize("b", BETAS)
@pytest.mark.parametrize("gamma", [1.0, 0.8])
def test_beam(b, gamma):
    doppler = np.sqrt((1.0 - b) / (1.0 + b))
    before = radiation(2.0, 0.1, 1.0, 1.0)
    after = fluid_frame(star(b, gamma), before)
    np.testing.assert_allclose(after.luminosity, before.luminosity * doppler**2, rtol=1e-13)
    np.testing.assert_allclose(after.mean_energy, 20.0 * doppler, rtol=1e-13)
    np.testing.assert_allclose(after.rms_number[:, 1:], rms_number(before) * doppler, rtol=1e-13)
    np.testing.assert_allclose(after.flux_factor, 1.0, rtol=1e-13)


@pytest.mark.parametrize("b", BETAS)
def test_isotropic(b):
    before = radiation(2.0, 0.1, 0.0, 0.0)
    after = fluid_frame(star(b), before)
    g = 1.0 / np.sqrt(1.0 - b**2)
    np.testing.assert_array_equal(after.luminosity, before.luminosity)  # advection is not luminosity
    # E' = g^2 E (1 + b^2/3), N' = g N; h_N is F_N/(cN) = 0/0 here, NaN by choice
    assert np.isnan(after.mean_energy).all() or np.allclose(after.mean_energy, 20.0 * g * (1.0 + b**2 / 3.0))
    faint = fluid_frame(star(b), radiation(2.0, 0.1, 1e-9, 1e-9))
    np.testing.assert_allclose(faint.mean_energy, 20.0 * g * (1.0 + b**2 / 3.0), rtol=1e-8)


@pytest.mark.parametrize("beta", [-0.7, 0.1, 0.5, 0.95])
@pytest.mark.parametrize("b", BETAS)
def test_velocities_add(beta, b):
    # a boost by b of what is isotropic at beta is what is isotropic at (beta - b)/(1 - beta b)
    before, expected = thermal(beta), thermal((beta - b) / (1.0 - beta * b))
    assert abs(before.flux_factor[0, 0]) > ADVECTED
    after = fluid_frame(star(b), before)
    np.testing.assert_allclose(after.luminosity, expected.luminosity, rtol=1e-11)
    np.testing.assert_allclose(after.mean_energy, mean_energy(expected)[0, 0], rtol=1e-11)
    np.testing.assert_allclose(after.flux_factor, expected.flux_factor, rtol=1e-11)


def test_observer_who_moves_along_sees_no_flux():
    before = thermal(0.4)
    after = fluid_frame(star(0.4), before)
    np.testing.assert_allclose(after.luminosity / before.luminosity, 0.0, atol=1e-14)
    np.testing.assert_allclose(after.mean_energy, 10.0, rtol=1e-13)


def test_matter_at_rest_changes_nothing():
    before = thermal(0.6)
    after = fluid_frame(star(0.0), before)
    np.testing.assert_array_equal(after.luminosity, before.luminosity)
    np.testing.assert_allclose(after.flux_factor, before.flux_factor, rtol=1e-15)
    np.testing.assert_allclose(after.mean_energy[:, 1:], mean_energy(before), rtol=1e-15)


def test_energies_of_the_shape():
    solution = radiation(3.6, 1.0, 0.5, 0.5)  # T_nu = 1 MeV, eta = 2
    np.testing.assert_allclose(rms_number(solution) ** 2 / 3.6055**2, 1.2387, rtol=2e-4)
    np.testing.assert_allclose(rms_energy(solution) ** 2 / rms_number(solution) ** 2, 1.48, rtol=3e-3)
