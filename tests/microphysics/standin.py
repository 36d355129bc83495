"""A made-up equation of state for tests of tables: cheap, smooth, with every species and a sharp edge of nuclei.

Ideal gases whose composition is prescribed, not solved for: its energies and pressures are right for that
composition, its chemical potentials those of free nucleons; nothing is in equilibrium.
"""

from __future__ import annotations

import time

import numpy as np

from microphysics.constants import CODATA
from microphysics.eos.electron_gas import CM3_PER_FM3, ERG_CM3_PER_MEV_FM3, HBAR_C_FM
from microphysics.eos.leptons import leptons
from microphysics.eos.state import NUCLEI, UNIFORM, EosState, mark_traces
from microphysics.errors import OutOfRangeError


class StandIn:
    """Nucleons, alphas and one nucleus; nuclei only below 5 MeV."""

    name = "stand-in"
    references = ("nobody 1900",)
    density_range = (1e3, 1e15)
    temperature_range = (0.01, 100.0)
    electron_fraction_range = (0.01, 0.6)

    def __init__(self, *, mass_number=60.0, delay=0.0, fails_at=None, baryon_mass=CODATA.atomic_mass):
        self.mass_number = mass_number
        self.delay = delay
        self.fails_at = fails_at
        self.baryon_mass = baryon_mass
        self.parameters = {"mass_number": mass_number}

    def __call__(self, density, temperature, electron_fraction, *, on_out_of_range="error"):
        rho, t, ye = (
            np.array(v)
            for v in np.broadcast_arrays(
                *(np.asarray(v, dtype=float) for v in (density, temperature, electron_fraction))
            )
        )
        time.sleep(self.delay)
        if self.fails_at is not None and np.any(np.isclose(t, self.fails_at)):
            raise OutOfRangeError(f"no solution at {self.fails_at} MeV")
        n = rho / (self.baryon_mass * CODATA.gram_per_mev) * CM3_PER_FM3
        a = self.mass_number + 4.0 * ye
        share = 0.35 + 0.2 * ye
        # nuclei and alphas take a part of what the scarcer nucleons allow
        scarce = np.minimum(ye, 1.0 - ye)
        alpha = 0.4 * scarce * np.exp(-np.abs(np.log(t / 2.0)))
        heavy = np.where(t < 5.0, 0.8 * scarce * (1.0 - (t / 5.0) ** 2), 0.0)
        proton = ye - 0.5 * alpha - share * heavy
        neutron = 1.0 - ye - 0.5 * alpha - (1.0 - share) * heavy
        number = neutron + proton + alpha / 4.0 + heavy / a
        quantum = (CODATA.neutron_mass * t / (2.0 * np.pi)) ** 1.5 / HBAR_C_FM**3
        mu_n = t * np.log(0.5 * n * neutron / quantum)
        mu_p = t * np.log(0.5 * n * proton / quantum) - CODATA.nucleon_mass_difference
        gas = leptons(n * ye, t)
        capacity = 1.5 * number + gas.heat_capacity / n
        thermal = n * number + gas.pressure_temperature
        pressure = n * t * number + gas.pressure + gas.pressure_photon
        stiffness = t * number + ye * gas.pressure_density
        nuclei = heavy > 0.0
        return EosState(
            density=rho,
            temperature=t,
            electron_fraction=ye,
            mass_fraction_neutron=neutron,
            mass_fraction_proton=proton,
            mass_fraction_alpha=alpha,
            mass_fraction_heavy=heavy,
            mass_number_heavy=np.where(nuclei, a, 0.0),
            charge_number_heavy=np.where(nuclei, a * share, 0.0),
            radius_heavy=np.where(nuclei, 1.2 * a ** (1.0 / 3.0), 0.0),
            chemical_potential_neutron=mu_n,
            chemical_potential_proton=mu_p,
            chemical_potential_electron=gas.chemical_potential,
            mean_field_neutron=-50.0 * n,
            mean_field_proton=-60.0 * n,
            pressure_baryon=n * t * number * ERG_CM3_PER_MEV_FM3,
            pressure_lepton=gas.pressure * ERG_CM3_PER_MEV_FM3,
            pressure_photon=gas.pressure_photon * ERG_CM3_PER_MEV_FM3,
            energy_baryon=1.5 * t * number - ye * CODATA.nucleon_mass_difference - 7.0 * alpha - 8.5 * heavy,
            energy_lepton=gas.energy / n,
            energy_photon=gas.energy_photon / n,
            entropy_baryon=2.5 * number - (mu_n + mu_p) / t / 2.0 * number,
            entropy_lepton=gas.entropy / n,
            entropy_photon=gas.entropy_photon / n,
            adiabatic_index=(n * stiffness + t * thermal**2 / (n * capacity)) / pressure,
            heat_capacity=capacity,
            pressure_temperature_derivative=thermal * ERG_CM3_PER_MEV_FM3,
            phase=mark_traces(np.where(nuclei, NUCLEI, UNIFORM), heavy),
            clamped=np.zeros(rho.shape, dtype=bool),
            baryon_mass=self.baryon_mass,
        )
