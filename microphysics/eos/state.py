"""What every equation of state returns, and what it offers."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics.constants import CODATA
from microphysics.matter import MatterState

__all__ = [
    "BUBBLES",
    "COEXISTENCE",
    "NUCLEI",
    "TRACES",
    "TRACE_FRACTION",
    "UNIFORM",
    "EosState",
    "EquationOfState",
    "mark_traces",
]

Array = NDArray[np.float64]

UNIFORM, NUCLEI, BUBBLES, COEXISTENCE, TRACES = 0, 1, 2, 3, 4  # values of `EosState.phase`
TRACE_FRACTION = (
    0.02  # of the mass in nuclei; where few and many are two solutions the few have less, the many more
)
NSE_TEMPERATURE = 0.5  # MeV; below it matter in a star is slower than its nuclear reactions


@dataclass(frozen=True)
class EosState:
    """Matter in nuclear statistical equilibrium with electrons, positrons and photons.

    All arrays have the shape of the broadcast input. Chemical potentials of both nucleons and the energies of
    baryons count from the free neutron's rest mass, those of electrons include their own, so that
    mu_nue = mu_e + mu_p - mu_n and the total energy density is n (m_n c^2 + energy).

    Attributes
    ----------
    density, temperature, electron_fraction : ndarray
        g/cm^3, MeV, 1.
    mass_fraction_neutron, mass_fraction_proton, mass_fraction_alpha, mass_fraction_heavy : ndarray
        Free neutrons, free protons, alpha particles, nuclei; they sum to 1.
    mass_number_heavy, charge_number_heavy : ndarray
        A and Z of the representative nucleus; 0 where there is none. Where `phase` is BUBBLES, of a bubble's volume
        filled with nuclear matter: no nucleus.
    radius_heavy : ndarray
        Its radius, fm (of the bubble where `phase` is BUBBLES); 0 where there is none, NaN where a table does not say.
    chemical_potential_neutron, chemical_potential_proton, chemical_potential_electron : ndarray
        MeV.
    mean_field_neutron, mean_field_proton : ndarray
        U_n, U_p of the free nucleons without the mass difference, MeV; a mean where phases coexist.
    pressure_baryon, pressure_lepton, pressure_photon : ndarray
        erg/cm^3; leptons are electrons and positrons. The baryons' may be negative.
    energy_baryon, energy_lepton, energy_photon : ndarray
        MeV/baryon; the leptons' with all rest masses.
    entropy_baryon, entropy_lepton, entropy_photon : ndarray
        k_B/baryon.
    adiabatic_index : ndarray
        Gamma_1 = dlnP/dlnrho at constant entropy and Y_e, of everything together.
    heat_capacity : ndarray
        de/dT of everything together at constant density and Y_e, k_B/baryon.
    pressure_temperature_derivative : ndarray
        dP/dT of everything together at constant density and Y_e, erg/cm^3/MeV.
    phase : ndarray of int8
        UNIFORM, NUCLEI, BUBBLES, COEXISTENCE of nuclear and uniform matter, or TRACES: nuclei that hold less than
        `TRACE_FRACTION` of the mass. Above about 2.5 MeV traces and a majority of nuclei are two solutions, and
        matter may jump from one to the other.
    clamped : ndarray of bool
        Whether the input was moved to the edge of the domain.
    baryon_mass : float
        Reference mass that turns density into baryon number density, MeV.
    """

    density: Array
    temperature: Array
    electron_fraction: Array
    mass_fraction_neutron: Array
    mass_fraction_proton: Array
    mass_fraction_alpha: Array
    mass_fraction_heavy: Array
    mass_number_heavy: Array
    charge_number_heavy: Array
    radius_heavy: Array
    chemical_potential_neutron: Array
    chemical_potential_proton: Array
    chemical_potential_electron: Array
    mean_field_neutron: Array
    mean_field_proton: Array
    pressure_baryon: Array
    pressure_lepton: Array
    pressure_photon: Array
    energy_baryon: Array
    energy_lepton: Array
    energy_photon: Array
    entropy_baryon: Array
    entropy_lepton: Array
    entropy_photon: Array
    adiabatic_index: Array
    heat_capacity: Array
    pressure_temperature_derivative: Array
    phase: NDArray[np.int8]
    clamped: NDArray[np.bool_]
    baryon_mass: float = CODATA.atomic_mass

    @property
    def baryon_density(self) -> Array:
        """Baryons per cm^3."""
        return self.density / (self.baryon_mass * CODATA.gram_per_mev)

    @property
    def pressure(self) -> Array:
        """Total, erg/cm^3."""
        return self.pressure_baryon + self.pressure_lepton + self.pressure_photon

    @property
    def energy(self) -> Array:
        """Total, from free neutrons at rest, MeV/baryon."""
        return self.energy_baryon + self.energy_lepton + self.energy_photon

    @property
    def entropy(self) -> Array:
        """Total, k_B/baryon."""
        return self.entropy_baryon + self.entropy_lepton + self.entropy_photon

    @property
    def energy_density(self) -> Array:
        """Total with rest mass, erg/cm^3."""
        return self.baryon_density * (CODATA.neutron_mass + self.energy) * CODATA.erg_per_mev

    @property
    def sound_speed(self) -> Array:
        """Adiabatic and relativistic, c_s^2 = c^2 Gamma_1 P/(e + P), cm/s."""
        pressure = self.pressure
        return CODATA.speed_of_light * np.sqrt(
            self.adiabatic_index * pressure / (self.energy_density + pressure)
        )

    @property
    def chemical_potential_difference(self) -> Array:
        """mu_n - mu_p with the mass difference, MeV."""
        return self.chemical_potential_neutron - self.chemical_potential_proton

    @property
    def chemical_potential_neutrino(self) -> Array:
        """mu_nue = mu_e - (mu_n - mu_p) of neutrinos in equilibrium, MeV."""
        return self.chemical_potential_electron - self.chemical_potential_difference

    @property
    def nse_valid(self) -> NDArray[np.bool_]:
        """Whether nuclear reactions are fast enough for equilibrium in a star: T >= 0.5 MeV."""
        return self.temperature >= NSE_TEMPERATURE

    @property
    def matter(self) -> MatterState:
        """The part that opacities need, flattened to shape (zone,)."""
        shared = {f.name for f in fields(MatterState) if hasattr(self, f.name)} - {"pressure", "baryon_mass"}
        return MatterState(
            **{name: np.ravel(getattr(self, name)) for name in shared},
            pressure=np.ravel(self.pressure),
            baryon_mass=self.baryon_mass,
        )


def mark_traces(phase: NDArray[np.int8], mass_fraction_heavy: Array) -> NDArray[np.int8]:
    """Tell TRACES from NUCLEI."""
    rare = (phase == NUCLEI) & (mass_fraction_heavy < TRACE_FRACTION)
    return np.where(rare, TRACES, phase).astype(np.int8)


class EquationOfState(Protocol):
    """An equation of state: `LattimerSwesty`, or a table that `read` gives."""

    @property
    def name(self) -> str:
        """One line, with the parameters that matter."""

    @property
    def references(self) -> tuple[str, ...]:
        """Papers."""

    @property
    def baryon_mass(self) -> float:
        """Reference mass, MeV."""

    @property
    def density_range(self) -> tuple[float, float]:
        """Closed bounds of the domain, g/cm^3."""

    @property
    def temperature_range(self) -> tuple[float, float]:
        """Closed bounds of the domain, MeV."""

    @property
    def electron_fraction_range(self) -> tuple[float, float]:
        """Closed bounds of the domain."""

    def __call__(
        self,
        density: ArrayLike,
        temperature: ArrayLike,
        electron_fraction: ArrayLike,
        *,
        on_out_of_range: str = "error",
    ) -> EosState:
        """State of matter at g/cm^3, MeV and 1, of any shapes that broadcast."""
        ...
