"""Every opacity is finite and not negative wherever the equation of state has an answer, and balance holds there."""

import warnings

import numpy as np
import pytest

from microphysics.eos.lattimer_swesty import LattimerSwesty
from microphysics.errors import PhysicsWarning
from microphysics.matter import FLAVORS
from microphysics.opacity import OpacitySet, blackbody
from microphysics.processes.settings import Settings

EOS = LattimerSwesty()
PROCESSES = (
    "charged_current",
    "neutron_decay",
    "electron_capture",
    "nucleon_scattering",
    "nucleus_scattering",
    "alpha_scattering",
    "electron_scattering",
    "pair",
    "bremsstrahlung",
)
ENERGY = np.array([0.1, 1.0, 5.0, 20.0, 100.0, 400.0])
BLOCK = 5000
CHOICES = {
    "standard": {},
    "everything": {
        "pair_species": "all",
        "scattering_blocking": "exact",
        "many_body": "horowitz2017",
        "bremsstrahlung_medium": "fischer2016",
    },
    "partners in equilibrium": {"pair_species": "all", "pair_partner": "equilibrium"},
    "full kinematics": {"charged_current": "full"},
    "other rates": {
        "bremsstrahlung": "burrows2006",
        "capture_rate": "bruenn",
        "weak_magnetism": False,
        "many_body": "horowitz2017_mean",
        "electron_polarization": "none",
    },
}


def random_matter(number, seed):
    rng = np.random.default_rng(seed)
    low, high = np.log10(EOS.density_range)
    cold, hot = np.log10(EOS.temperature_range)
    return EOS(
        10 ** rng.uniform(low, high, number),
        10 ** rng.uniform(cold, hot, number),
        rng.uniform(*EOS.electron_fraction_range, number),
    ).matter


def check(matter, energy=ENERGY, **choices):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PhysicsWarning)
        chosen = OpacitySet.from_names(PROCESSES, Settings(on_out_of_range="clamp", **choices))
        spectra = chosen.spectral(matter, energy, FLAVORS)
    for role in ("absorption", "scattering", "collision", "exchange"):
        values = getattr(spectra, role)
        wrong = ~(np.isfinite(values) & (values >= 0.0))
        if wrong.any():
            process, species, zone, group = np.argwhere(wrong)[0]
            raise AssertionError(
                f"{role} of {spectra.processes[process]}, {FLAVORS[species]} at {energy[group]} MeV is "
                f"{values[process, species, zone, group]}: rho = {matter.density[zone]!r}, T = {matter.temperature[zone]!r}, "
                f"Ye = {matter.electron_fraction[zone]!r} ({wrong.sum()} of {wrong.size})"
            )
    assert (spectra.total_scattering > 0.0).all()
    assert (spectra.total_absorption[2:] >= 0.0).all()
    # delta of a positive distribution that is linear in the cosine lies within 3 of zero, however S(q) shapes it
    assert (np.abs(spectra.delta) <= 3.0 + 1e-9).all()
    # Kirchhoff: what is emitted is what would be absorbed of a blackbody
    emitted = spectra.absorption * blackbody(energy) * spectra.equilibrium
    np.testing.assert_allclose(spectra.emissivity, emitted, rtol=1e-12)
    assert np.isfinite(spectra.emissivity).all()


@pytest.mark.parametrize("name", CHOICES)
def test_a_thousand_states(name):
    check(random_matter(1000, 1), **CHOICES[name])


@pytest.mark.slow
@pytest.mark.parametrize("name", CHOICES)
def test_a_hundred_thousand_states(name):
    for block in range(100_000 // BLOCK):
        check(random_matter(BLOCK, (2026, block)), **CHOICES[name])
