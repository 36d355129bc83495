"""The thermodynamic state that every opacity is evaluated in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA

SPECIES = ("nue", "anue", "nux")
FLAVORS = ("nue", "anue", "numu", "anumu", "nutau", "anutau")
# what a species stands for; a group of several is ONE species, their mean
GROUPS: dict[str, tuple[str, ...]] = {
    **{flavor: (flavor,) for flavor in FLAVORS},
    "nux": FLAVORS[2:],
    "numutau": ("numu", "nutau"),
    "anumutau": ("anumu", "anutau"),
}


@dataclass(frozen=True)
class MatterState:
    """Zones of matter in local thermodynamic equilibrium.

    All arrays have shape (zone,). Chemical potentials of nucleons count from the free neutron's rest mass, that
    of the electron includes its own, so that mu_nue = mu_e + mu_p - mu_n with no mass difference anywhere else.

    Attributes
    ----------
    density : ndarray
        Rest-mass density, g/cm^3.
    temperature : ndarray
        MeV.
    electron_fraction : ndarray
        Electrons minus positrons per baryon.
    mass_fraction_neutron, mass_fraction_proton, mass_fraction_alpha, mass_fraction_heavy : ndarray
        Free neutrons, free protons, alpha particles, nuclei.
    mass_number_heavy, charge_number_heavy : ndarray
        A and Z of the representative nucleus; 0 where there is none.
    chemical_potential_electron : ndarray
        With rest mass, MeV.
    chemical_potential_neutron, chemical_potential_proton : ndarray
        From the free neutron's rest mass, MeV; NaN where there is no free nucleon of either kind.
    mean_field_neutron, mean_field_proton : ndarray
        U_n, U_p without the mass difference, MeV.
    pressure : ndarray
        Total, erg/cm^3.
    baryon_mass : float
        Reference mass that turns density into baryon number density, MeV; a property of the equation of state.
    mass_fraction_deuteron, mass_fraction_triton, mass_fraction_helion : ndarray or None
        2H, 3H and 3He, where an equation of state tells them from the heavy nuclei.
    """

    density: NDArray[np.float64]
    temperature: NDArray[np.float64]
    electron_fraction: NDArray[np.float64]
    mass_fraction_neutron: NDArray[np.float64]
    mass_fraction_proton: NDArray[np.float64]
    mass_fraction_alpha: NDArray[np.float64]
    mass_fraction_heavy: NDArray[np.float64]
    mass_number_heavy: NDArray[np.float64]
    charge_number_heavy: NDArray[np.float64]
    chemical_potential_electron: NDArray[np.float64]
    chemical_potential_neutron: NDArray[np.float64]
    chemical_potential_proton: NDArray[np.float64]
    mean_field_neutron: NDArray[np.float64]
    mean_field_proton: NDArray[np.float64]
    pressure: NDArray[np.float64]
    baryon_mass: float = CODATA.atomic_mass
    mass_fraction_deuteron: NDArray[np.float64] | None = None
    mass_fraction_triton: NDArray[np.float64] | None = None
    mass_fraction_helion: NDArray[np.float64] | None = None

    @property
    def baryon_density(self) -> NDArray[np.float64]:
        """Baryons per cm^3."""
        return self.density / (self.baryon_mass * CODATA.gram_per_mev)

    @property
    def number_density_neutron(self) -> NDArray[np.float64]:
        """Free neutrons per cm^3."""
        return self.mass_fraction_neutron * self.baryon_density

    @property
    def number_density_proton(self) -> NDArray[np.float64]:
        """Free protons per cm^3."""
        return self.mass_fraction_proton * self.baryon_density

    @property
    def number_density_alpha(self) -> NDArray[np.float64]:
        """Alpha particles per cm^3."""
        return self.mass_fraction_alpha * self.baryon_density / 4.0

    @property
    def number_density_heavy(self) -> NDArray[np.float64]:
        """Nuclei per cm^3."""
        present = self.mass_number_heavy > 0.0
        return np.where(
            present,
            self.mass_fraction_heavy * self.baryon_density / np.where(present, self.mass_number_heavy, 1.0),
            0.0,
        )

    @property
    def number_density_electron(self) -> NDArray[np.float64]:
        """Electrons minus positrons per cm^3."""
        return self.electron_fraction * self.baryon_density

    @property
    def chemical_potential_difference(self) -> NDArray[np.float64]:
        """mu_n - mu_p with the mass difference, MeV."""
        return self.chemical_potential_neutron - self.chemical_potential_proton

    def neutrino_degeneracy(self, species: Sequence[str] = SPECIES) -> NDArray[np.float64]:
        """Equilibrium mu_nu/T.

        Parameters
        ----------
        species : sequence of str
            Names of `GROUPS`.

        Returns
        -------
        ndarray, shape (species, zone)
            NaN for nue and anue where there are no free nucleons; 0 for the others.
        """
        eta = (self.chemical_potential_electron - self.chemical_potential_difference) / self.temperature
        sign = {"nue": 1.0, "anue": -1.0}
        return np.stack([sign[name] * eta if name in sign else np.zeros_like(eta) for name in species])

    def select(self, zones: NDArray[np.bool_] | NDArray[np.intp] | slice) -> MatterState:
        """Return the state of some zones only."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return MatterState(
            **{k: v if k == "baryon_mass" or v is None else v[zones] for k, v in values.items()}
        )
