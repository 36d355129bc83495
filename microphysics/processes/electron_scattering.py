"""Scattering on electrons: elastic, with a gray energy exchange for heavy-lepton neutrinos, and the kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from microphysics._registry import PROCESSES
from microphysics.matter import FLAVORS, GROUPS, MatterState
from microphysics.processes.contract import Rates, ScatteringKernel
from microphysics.processes.electron_scattering_kernels import (
    REFERENCES,
    coupling_structures,
    coupling_weights,
)
from microphysics.processes.plasma_nuclei import tells_flavors
from microphysics.processes.settings import Settings
from microphysics.structure.plasma import electron_screening
from microphysics.weak.couplings import WeakCouplings

Array = NDArray[np.float64]

_ALIKE = ("nue", "anue", "numutau", "anumutau")  # electrons tell mu from tau only by new physics


@PROCESSES.register("electron_scattering")
class ElectronScattering:
    """Transport opacity n_e sigma_tr(E) and, for nux, the strength of the energy exchange.

    sigma_tr = (3/8) sigma0 E (T + mu_e/4)/m_e^2 [(C_V + C_A)^2 + (C_V - C_A)^2/3] per electron (Bowers & Wilson 1982,
    ApJS 50, 115), without blocking of the final electron and without positrons. The exchange array is
    `exchange_strength` times that opacity: a neutrino gas of temperature T_nu gains
    -c (1 - T/T_nu) int kappa_exchange(E) E dn/dE dE from electrons of temperature T. Its zero is at T_nu = T of the closed
    spectrum, 14 % above equal mean energies for a pinched one: strength and zero point are an estimate, not a rate. nue and
    anue exchange their energy by absorption; for them it changes luminosities by 1-2 % and is left out.

    New physics that shifts the couplings of nuclei shifts C_V here, at the typical momentum transfer Q^2 = (4/3) E^2: new
    bosons by the electrons' own charge, what couples like the photon by -1 times the proton's, screened. The kernels, with
    electrons and positrons and without new physics, are those of `electron_scattering_kernels`.
    """

    name = "electron_scattering"
    references = ("Bowers & Wilson 1982, ApJS 50, 115", *REFERENCES)

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.couplings = settings.couplings
        self.species = FLAVORS if tells_flavors(settings) else _ALIKE
        self.exchange_strength = settings.exchange_strength

    def __call__(self, energy: Array, matter: MatterState) -> Rates:
        """Return transport opacity and exchange strength, shape (species, zone, energy)."""
        electrons = matter.number_density_electron
        scale = matter.temperature + 0.25 * matter.chemical_potential_electron
        per_energy = np.maximum(electrons * scale, 0.0)[:, None] * energy

        def strength(name: str) -> Any:
            flavor = GROUPS[name][0]
            return transport_coefficient(flavor, self.couplings, *self._changes(energy, matter, flavor))

        scattering = np.stack([strength(name) * per_energy for name in self.species])
        exchange = np.zeros_like(scattering)
        exchange[2:] = self.exchange_strength * scattering[2:]
        return Rates(scattering=scattering, exchange=exchange)

    def kernels(self, energy: Array, matter: MatterState) -> ScatteringKernel:
        """Return the kernels of scattering on electrons and positrons, shape (species, zone, energy, energy out)."""
        degeneracy = matter.chemical_potential_electron / matter.temperature
        structures = coupling_structures(energy, matter.temperature, degeneracy, self.couplings)
        weights = [coupling_weights(self.couplings, GROUPS[name][0]) for name in _ALIKE]
        phi = np.stack([plus * structures[0] + minus * structures[1] for plus, minus in weights], axis=1)
        return ScatteringKernel(species=_ALIKE, phi_0=phi[0], phi_1=phi[1])

    def _changes(self, energy: Array, matter: MatterState, flavor: str) -> tuple[Any, Any]:
        """Shift of C_V, and the sum of squared couplings into other flavours, shape (zone, energy) or 0."""
        shift: Any = 0.0
        changing: Any = 0.0
        if not tells_flavors(self.settings):
            return shift, changing
        squared = 4.0 / 3.0 * energy**2  # MeV^2
        screening = electron_screening(matter)[:, None] * (self.couplings.constants.hbar_c * 1e13) ** 2
        screened = squared / (squared + screening)
        shift = shift - screened * self.couplings.charge_radius_coupling(flavor)
        for term in self.settings.new_physics:
            if hasattr(term, "electron_shift"):
                shift = shift + term.electron_shift(squared, flavor, self.couplings)
            if getattr(term, "photon_like", False) and hasattr(term, "shifts"):
                shift = shift - screened * term.shifts(squared, flavor, self.couplings)[0]
                into_others = term.flavor_changing(squared, flavor, self.couplings)
                changing = changing + sum((screened * proton) ** 2 for proton, _ in into_others)
        return shift, changing


def transport_coefficient(
    species: str, couplings: WeakCouplings, shift: Any = 0.0, changing: Any = 0.0
) -> Any:
    """sigma_tr/[E (T + mu_e/4)] per electron, cm^2/MeV^2, of one of the six species.

    `shift` is added to C_V, `changing` the sum of squares of vector couplings into other flavours.
    """
    vector, axial = couplings.electron_couplings(species)
    vector = vector + shift
    combination = (vector + axial) ** 2 + (vector - axial) ** 2 / 3.0 + 4.0 / 3.0 * changing
    return 0.375 * couplings.sigma0 / couplings.constants.electron_mass**2 * combination
