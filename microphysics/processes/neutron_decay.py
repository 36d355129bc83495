"""Inverse neutron decay, anue + e- + p <-> n: what antineutrinos of low energy meet where U_n - U_p is large."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from microphysics._registry import PROCESSES
from microphysics.matter import MatterState
from microphysics.processes.charged_current import lepton_threshold
from microphysics.processes.charged_current_kinematics import gas_arguments, neutron_decay
from microphysics.processes.contract import Rates, occupation
from microphysics.processes.nucleon_blocking import energy_transfer, nucleon_blocking
from microphysics.processes.settings import Settings
from microphysics.weak.couplings import WeakCouplings

Array = NDArray[np.float64]


@PROCESSES.register("neutron_decay")
class NeutronDecay:
    """Absorption of anue by an electron and a proton together, and the decay of neutrons.

    At rest kappa* = N_cc E_e p_e [eta_pn f_e + eta_np (1 - f_e)], E_e = Q + U_n - U_p - E >= m_e; with
    ``charged_current = "full"`` the phase space of `charged_current_kinematics`. There is no weak magnetism: by
    crossing it is of the order (E - E_e)/M here, where capture has (E + E_e)/M, and changes sign within the spectrum.
    States that contradict themselves are treated as in `charged_current`, which says so. There is no Coulomb correction: a
    free neutron in vacuum would live 5 % longer than the lifetime that N_cc may be taken from.
    """

    name = "neutron_decay"
    species = ("anue",)

    def __init__(self, settings: Settings) -> None:
        self.couplings = settings.couplings
        self.blocking = settings.blocking
        self.full = settings.charged_current == "full"
        self.references = ["Bruenn 1985, ApJS 58, 771", "Fischer et al. 2020, PRC 101, 025804"]
        if self.full:
            self.references.append("Reddy, Prakash & Lattimer 1998, PRD 58, 013009")

    def __call__(self, energy: Array, matter: MatterState) -> Rates:
        """Return the absorption opacity, shape (1, zone, energy)."""
        if self.full:
            arguments, factor = gas_arguments(matter, self.couplings, self.blocking)
            kappa = factor[:, None] * neutron_decay(energy, *arguments, self.couplings)
            return Rates(absorption=kappa[None])
        kappa = elastic_neutron_decay(
            energy,
            matter.temperature,
            *nucleon_blocking(matter, self.couplings, self.blocking),
            energy_transfer(matter, self.couplings),
            matter.chemical_potential_electron,
            self.couplings,
        )
        return Rates(absorption=kappa[None])

    def thresholds(self, matter: MatterState) -> Array:
        """Largest energy for which an electron is at rest or moves, MeV, shape (zone, 1); NaN where there is none."""
        mass = self.couplings.constants.electron_mass
        return lepton_threshold(energy_transfer(matter, self.couplings) - mass)[:, None]


def elastic_neutron_decay(
    energy: Array,
    temperature: Array,
    eta_np: Array,
    eta_pn: Array,
    transfer: Array,
    chemical_potential_electron: Array,
    couplings: WeakCouplings,
) -> Array:
    """Opacity of anue + e- + p -> n on nucleons without recoil, corrected for stimulated absorption.

    Parameters
    ----------
    energy : ndarray, shape (energy,)
        MeV.
    temperature, chemical_potential_electron : ndarray, shape (zone,)
        MeV.
    eta_np, eta_pn : ndarray, shape (zone,)
        Nucleons that can take part (`nucleon_blocking`), 1/cm^3.
    transfer : ndarray, shape (zone,)
        Q + U_n - U_p (`energy_transfer`), MeV.
    couplings : WeakCouplings
        Couplings and constants.

    Returns
    -------
    ndarray, shape (zone, energy)
        N_cc E_e p_e [eta_pn f_e + eta_np (1 - f_e)] with E_e = Q + U_n - U_p - E, 1/cm; 0 where E_e < m_e.
    """
    electron = transfer[:, None] - energy
    mass = couplings.constants.electron_mass
    momentum = np.sqrt(np.maximum(electron**2 - mass**2, 0.0))
    x = (electron - chemical_potential_electron[:, None]) / temperature[:, None]
    blocked = eta_pn[:, None] * occupation(x) + eta_np[:, None] * occupation(-x)
    result: Array = (
        couplings.charged_current_constant * np.where(electron > mass, electron * momentum, 0.0) * blocked
    )
    return result
