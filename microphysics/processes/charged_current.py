"""Charged current on free nucleons: nue + n <-> e- + p and anue + p <-> e+ + n.

Level 0 is the elastic rate with nucleon blocking (Bruenn 1985, ApJS 58, 771, eqs. C13-C20); level 1 adds weak
magnetism, recoil and phase space (Horowitz 2002, PRD 65, 043001, eq. 22); level 2 is the full kinematics of nucleons that
move in mean fields (Reddy, Prakash & Lattimer 1998, PRD 58, 013009), with what weak magnetism changes besides recoil.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from microphysics._registry import PROCESSES
from microphysics.matter import MatterState
from microphysics.processes.charged_current_kinematics import (
    antineutrino_absorption,
    gas_arguments,
    neutrino_absorption,
)
from microphysics.processes.contract import Rates, occupation
from microphysics.processes.nucleon_blocking import (
    energy_transfer,
    nucleon_blocking,
    warn_of_contradictions,
)
from microphysics.processes.settings import Settings
from microphysics.processes.weak_magnetism import (
    charged_current_correction,
    magnetism_ratio,
    weak_magnetism_factor,
)

__all__ = [
    "ChargedCurrent",
    "charged_current_correction",
    "energy_transfer",
    "lepton_threshold",
    "nucleon_blocking",
    "weak_magnetism_factor",
]

Array = NDArray[np.float64]


@PROCESSES.register("charged_current")
class ChargedCurrent:
    """Absorption of nue on neutrons and of anue on protons.

    With kappa* the opacity corrected for stimulated absorption, for nucleons at rest (``charged_current = "elastic"``)

        kappa*_nue  = N_cc W E_e p_e [eta_np (1 - f_e) + eta_pn f_e],   E_e = E + Q + U_n - U_p,
        kappa*_anue = N_cc W E_e p_e [eta_pn (1 - f_e+) + eta_np f_e+], E_e = E - Q - U_n + U_p,

    the second term being the inverse reaction. Because eta_pn = eta_np exp(-mu_0/T), kappa* f_eq is the emissivity
    over c identically, with no division by 1 - f_eq. ``full`` has the phase space of `charged_current_kinematics` instead.

    Where densities and chemical potentials contradict each other, the densities set the strength, the potentials the
    balance and the mean fields the energy of the lepton, at every level (`nucleon_blocking`); by more than a factor of two it
    is said, once a call. ``blocking = "raw"`` takes the formulas as they stand and says nothing.
    """

    name = "charged_current"
    species = ("nue", "anue")

    def __init__(self, settings: Settings) -> None:
        self.couplings = settings.couplings
        self.weak_magnetism = settings.weak_magnetism
        self.blocking = settings.blocking
        self.full = settings.charged_current == "full"
        self.references = ["Bruenn 1985, ApJS 58, 771"]
        if self.full:
            self.references.append("Reddy, Prakash & Lattimer 1998, PRD 58, 013009")
        if self.weak_magnetism:
            self.references.append("Horowitz 2002, PRD 65, 043001")

    def __call__(self, energy: Array, matter: MatterState) -> Rates:
        """Return the absorption opacity, shape (species, zone, energy)."""
        if self.blocking == "clipped":
            warn_of_contradictions(matter, self.couplings, self.name)
        return Rates(absorption=self._moving(energy, matter) if self.full else self._at_rest(energy, matter))

    def thresholds(self, matter: MatterState) -> Array:
        """Energies of nue and anue at which the lepton is at rest, MeV, shape (zone, 2); NaN where all energies will do.

        Moving nucleons blur them over a width of E sqrt(T/M).
        """
        mass = self.couplings.constants.electron_mass
        transfer = energy_transfer(matter, self.couplings)
        return np.stack([lepton_threshold(mass - transfer), lepton_threshold(mass + transfer)], axis=1)

    def _at_rest(self, energy: Array, matter: MatterState) -> Array:
        """Levels 0 and 1."""
        eta_np, eta_pn = nucleon_blocking(matter, self.couplings, self.blocking)
        threshold = energy_transfer(matter, self.couplings)[:, None]
        beta = 1.0 / matter.temperature[:, None]
        mu_e = matter.chemical_potential_electron[:, None]
        nue = self._capture(energy, energy + threshold, mu_e, beta, eta_np, eta_pn, +1)
        anue = self._capture(energy, energy - threshold, -mu_e, beta, eta_pn, eta_np, -1)
        return np.stack([nue, anue])

    def _capture(
        self, energy: Array, lepton: Array, mu: Array, beta: Array, forward: Array, inverse: Array, sign: int
    ) -> Array:
        """Absorption and its inverse for one species, shape (zone, energy)."""
        mass = self.couplings.constants.electron_mass
        momentum = np.sqrt(np.maximum(lepton**2 - mass**2, 0.0))
        cross_section = self.couplings.charged_current_constant * np.where(
            lepton >= mass, lepton * momentum, 0.0
        )
        if self.weak_magnetism:
            cross_section = cross_section * charged_current_correction(energy, sign, self.couplings)
        x = (lepton - mu) * beta
        return cross_section * (forward[:, None] * occupation(-x) + inverse[:, None] * occupation(x))

    def _moving(self, energy: Array, matter: MatterState) -> Array:
        """Level 2."""
        arguments, factor = gas_arguments(matter, self.couplings, self.blocking)
        rows = []
        for absorption, sign in ((neutrino_absorption, +1), (antineutrino_absorption, -1)):
            kappa = factor[:, None] * absorption(energy, *arguments, self.couplings)
            rows.append(
                kappa * magnetism_ratio(energy, sign, self.couplings) if self.weak_magnetism else kappa
            )
        return np.stack(rows)


def lepton_threshold(energy: Array) -> Array:
    """Return `energy` where it is positive and finite, NaN elsewhere."""
    return np.where(np.isfinite(energy) & (energy > 0.0), energy, np.nan)
