"""The chosen processes on a (species, zone, energy) grid, each kept apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class OpacitySpectra:
    """Opacities of every process; no process hides inside another.

    "nux" is ONE heavy-lepton species, the mean of the four. Inverse mean free paths in 1/cm.

    Attributes
    ----------
    species, processes : tuple of str
        Names along the axes.
    energy : ndarray, shape (energy,)
        Local neutrino energy, MeV, rising.
    absorption : ndarray, shape (process, species, zone, energy)
        Corrected for stimulated absorption, kappa* = kappa/(1 - f_eq).
    scattering : ndarray, shape (process, species, zone, energy)
        Transport opacity, weighted with 1 - cos(theta).
    exchange : ndarray, shape (process, species, zone, energy)
        Strength of the energy exchange with electrons (not a loss of neutrinos).
    temperature : ndarray, shape (zone,)
        Of the matter, MeV.
    degeneracy : ndarray, shape (species, zone)
        Equilibrium mu_nu/T; NaN where undefined (no free nucleons).
    """

    species: tuple[str, ...]
    processes: tuple[str, ...]
    energy: Array
    absorption: Array
    scattering: Array
    exchange: Array
    temperature: Array
    degeneracy: Array

    @property
    def total_absorption(self) -> Array:
        """Sum over processes, shape (species, zone, energy), 1/cm."""
        return self.absorption.sum(axis=0)

    @property
    def total_scattering(self) -> Array:
        """Sum over processes, shape (species, zone, energy), 1/cm."""
        return self.scattering.sum(axis=0)

    @property
    def total_exchange(self) -> Array:
        """Sum over processes, shape (species, zone, energy), 1/cm."""
        return self.exchange.sum(axis=0)

    @property
    def equilibrium(self) -> Array:
        """Equilibrium occupation f_eq, shape (species, zone, energy); 0 where its chemical potential is undefined."""
        argument = self.energy / self.temperature[:, None] - self.degeneracy[:, :, None]
        return np.where(np.isnan(argument), 0.0, 1.0 / (1.0 + np.exp(np.clip(argument, -700.0, 700.0))))
