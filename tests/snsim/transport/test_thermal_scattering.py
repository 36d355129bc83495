"""What the gray scheme takes from kernels of scattering on electrons, against the collision integral itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from microphysics.constants import CODATA
from microphysics.eos.lattimer_swesty import LattimerSwesty
from microphysics.errors import PhysicsWarning
from microphysics.opacity import OpacitySet
from microphysics.processes.electron_scattering_kernels import energy_exchange, kernels, transport_opacity
from microphysics.processes.settings import Settings
from microphysics.weak.couplings import WeakCouplings
from snsim.transport.thermal_scattering import with_kernels

ENERGY = np.geomspace(0.5, 350.0, 48)
COUPLINGS = WeakCouplings()


@pytest.fixture(scope="module")
def matter():
    return LattimerSwesty()([1e10, 1e11, 1e12, 1e13], [2.5, 4.0, 7.0, 12.0], [0.3, 0.12, 0.1, 0.12]).matter


@pytest.fixture(scope="module")
def opacities():
    return OpacitySet.from_names(["charged_current", "nucleon_scattering", "electron_scattering"])


@pytest.fixture(scope="module")
def spectra(opacities, matter):
    return opacities.spectral(matter, ENERGY)


@pytest.fixture(scope="module")
def thermal(spectra, opacities, matter):
    return with_kernels(spectra, opacities, matter)


def fine_grid():
    energy = np.geomspace(0.05, 600.0, 240)
    return energy, energy * np.log(energy[1] / energy[0])


def test_only_scattering_on_electrons_changes(thermal, spectra):
    row = spectra.processes.index("electron_scattering")
    others = [i for i in range(3) if i != row]
    np.testing.assert_array_equal(thermal.scattering[others], spectra.scattering[others])
    np.testing.assert_array_equal(thermal.absorption, spectra.absorption)
    assert not (thermal.scattering[row] == spectra.scattering[row]).any()
    assert (thermal.exchange[row] > 0.0).all()
    assert (thermal.scattering[row] > 0.0).all()


def test_flux_of_a_drifting_equilibrium_decays_at_the_rate_of_the_collision_integral(
    thermal, spectra, matter
):
    energy, weight = fine_grid()
    degeneracy = matter.chemical_potential_electron / matter.temperature
    phi = kernels(energy, matter.temperature, degeneracy, COUPLINGS, "numu")
    antiphi = kernels(energy, matter.temperature, degeneracy, COUPLINGS, "anumu")
    phi = tuple(0.5 * (a + b) for a, b in zip(phi, antiphi, strict=True))
    f = 1.0 / (1.0 + np.exp(energy / matter.temperature[:, None]))
    exact = transport_opacity(energy, weight, f, f * (1.0 - f), *phi, CODATA)
    ours = thermal.scattering[spectra.processes.index("electron_scattering"), 2]
    seen = (ENERGY > 2.0) & (ENERGY < 150.0)
    for zone in range(matter.temperature.size):
        expected = np.exp(np.interp(np.log(ENERGY[seen]), np.log(energy), np.log(exact[zone])))
        np.testing.assert_allclose(ours[zone, seen], expected, rtol=1e-2)


@pytest.mark.parametrize("excess", [0.01, -0.01])
def test_warmer_neutrinos_lose_the_energy_that_the_collision_integral_says(thermal, spectra, matter, excess):
    energy, weight = fine_grid()
    temperature = matter.temperature * (1.0 + excess)
    degeneracy = matter.chemical_potential_electron / matter.temperature
    phi = 0.5 * sum(
        kernels(energy, matter.temperature, degeneracy, COUPLINGS, name)[0] for name in ("numu", "anumu")
    )
    f = 1.0 / (1.0 + np.exp(energy / temperature[:, None]))
    exact = energy_exchange(energy, weight, f, phi, CODATA)
    row = spectra.processes.index("electron_scattering")
    occupied = 1.0 / (1.0 + np.exp(ENERGY / temperature[:, None]))
    measure = 4.0 * np.pi * ENERGY**4 * np.gradient(np.log(ENERGY)) / (2.0 * np.pi * CODATA.hbar_c) ** 3
    ours = (
        -CODATA.speed_of_light
        * (thermal.exchange[row, 2] * occupied)
        @ measure
        * (1.0 - 1.0 / (1.0 + excess))
    )
    # first order in the difference of temperatures: the second is a few times it
    np.testing.assert_allclose(ours, exact, rtol=0.05)
    assert (np.sign(ours) == -np.sign(excess)).all()


def test_blocking_and_positrons_against_the_elastic_form(thermal, spectra):
    row = spectra.processes.index("electron_scattering")
    ratio = thermal.scattering[row, 2] / spectra.scattering[row, 2]
    at = int(np.argmin(np.abs(ENERGY - 10.0)))
    assert ratio[3, at] < ratio[2, at] < ratio[1, at] < 1.0  # the denser, the more final states are taken


def test_flavours_told_apart_keep_their_opacities(matter):
    settings = Settings(couplings=replace(COUPLINGS, radiative=True))
    chosen = OpacitySet.from_names(["electron_scattering"], settings)
    spectra = chosen.spectral(matter, ENERGY)
    with pytest.warns(PhysicsWarning, match="electron_scattering"):
        thermal = with_kernels(spectra, chosen, matter)
    np.testing.assert_array_equal(thermal.scattering, spectra.scattering)
