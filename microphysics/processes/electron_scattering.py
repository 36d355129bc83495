"""Scattering on electrons in the elastic form, with a gray energy exchange for heavy-lepton neutrinos."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from microphysics._registry import PROCESSES
from microphysics.matter import SPECIES, MatterState
from microphysics.processes.settings import Rates, Settings
from microphysics.weak.couplings import WeakCouplings

Array = NDArray[np.float64]


@PROCESSES.register("electron_scattering")
class ElectronScattering:
    """Transport opacity n_e sigma_tr(E) and, for nux, the strength of the energy exchange.

    sigma_tr = (3/8) sigma0 E (T + mu_e/4)/m_e^2 [(C_V + C_A)^2 + (C_V - C_A)^2/3] per electron (Bowers & Wilson 1982,
    ApJS 50, 115), without blocking of the final electron and without positrons. The exchange array is
    `exchange_strength` times that opacity: a neutrino gas of temperature T_nu gains
    -c (1 - T/T_nu) int kappa_exchange(E) E dn/dE dE from electrons of temperature T. Its zero is at T_nu = T of the closed
    spectrum, 14 % above equal mean energies for a pinched one: strength and zero point are an estimate, not a rate. nue and
    anue exchange their energy by absorption; for them it changes luminosities by 1-2 % and is left out.
    """

    name = "electron_scattering"
    species = SPECIES
    references = ("Bowers & Wilson 1982, ApJS 50, 115",)

    def __init__(self, settings: Settings) -> None:
        self.couplings = settings.couplings
        self.exchange_strength = settings.exchange_strength

    def __call__(self, energy: Array, matter: MatterState) -> Rates:
        """Return transport opacity and exchange strength, shape (species, zone, energy)."""
        electrons = matter.number_density_electron
        scale = matter.temperature + 0.25 * matter.chemical_potential_electron
        per_energy = np.maximum(electrons * scale, 0.0)[:, None] * energy
        nux = 0.5 * (
            transport_coefficient("numu", self.couplings) + transport_coefficient("anumu", self.couplings)
        )
        strengths = (
            transport_coefficient("nue", self.couplings), transport_coefficient("anue", self.couplings), nux,
        )  # fmt: skip
        scattering = np.stack([s * per_energy for s in strengths])
        exchange = np.zeros_like(scattering)
        exchange[2] = self.exchange_strength * scattering[2]
        return Rates(scattering=scattering, exchange=exchange)


def transport_coefficient(species: str, couplings: WeakCouplings) -> float:
    """sigma_tr/[E (T + mu_e/4)] per electron, cm^2/MeV^2, of one of the six species."""
    vector, axial = couplings.electron_couplings(species)
    combination = (vector + axial) ** 2 + (vector - axial) ** 2 / 3.0
    return 0.375 * couplings.sigma0 / couplings.constants.electron_mass**2 * combination
