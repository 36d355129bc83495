"""The chosen processes on a (species, zone, energy) grid, each kept apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from microphysics import processes as _builtin  # noqa: F401 - registers the built-in processes
from microphysics._registry import PROCESSES
from microphysics.constants import CODATA
from microphysics.errors import OutOfRangeError
from microphysics.matter import SPECIES, MatterState
from microphysics.processes.settings import Process, Settings, occupation

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
        defined = np.isfinite(self.degeneracy)
        eta = np.where(defined, self.degeneracy, 0.0)[:, :, None]
        return np.where(defined[:, :, None], occupation(self.energy / self.temperature[:, None] - eta), 0.0)

    @property
    def emissivity(self) -> Array:
        """Emission of every process without final-state blocking, j = kappa* c E^3 f_eq/(2 pi hbar c)^3.

        MeV/(cm^3 s MeV sr), shape (process, species, zone, energy); Kirchhoff's law holds identically.
        """
        black = CODATA.speed_of_light * self.energy**3 / (2.0 * np.pi * CODATA.hbar_c) ** 3
        return self.absorption * (black * self.equilibrium)


@dataclass(frozen=True)
class OpacitySet:
    """A choice of processes.

    Attributes
    ----------
    processes : tuple of Process
        Evaluated in order; each keeps its own array.

    Examples
    --------
    >>> chosen = OpacitySet.from_names(["charged_current", "nucleon_scattering"])
    >>> [process.name for process in chosen.processes]
    ['charged_current', 'nucleon_scattering']
    """

    processes: tuple[Process, ...]

    @classmethod
    def from_names(cls, names: Sequence[str], settings: Settings | None = None) -> OpacitySet:
        """Build the processes registered under `names`, sharing `settings`.

        Raises
        ------
        UnknownNameError
            With the known names and the nearest one.
        """
        settings = settings or Settings()
        return cls(tuple(PROCESSES[name](settings) for name in names))

    @property
    def references(self) -> tuple[str, ...]:
        """Papers of all processes, each once."""
        return tuple(dict.fromkeys(paper for process in self.processes for paper in process.references))

    def spectral(self, matter: MatterState, energy: Array) -> OpacitySpectra:
        """Evaluate all processes.

        Parameters
        ----------
        matter : MatterState
            Zones.
        energy : ndarray, shape (energy,)
            Local neutrino energies, MeV, positive and rising.

        Returns
        -------
        OpacitySpectra
            Arrays of shape (process, species, zone, energy).

        Raises
        ------
        OutOfRangeError
            If an energy is not positive, or a process left its validity and may not clamp.
        """
        energy = np.ascontiguousarray(energy, dtype=np.float64)
        if not (energy > 0.0).all() or not (np.diff(energy) > 0.0).all():
            raise OutOfRangeError(
                f"energy = {energy.min():g} ... {energy.max():g} MeV: must be positive and rising"
            )
        shape = (len(self.processes), len(SPECIES), matter.density.size, energy.size)
        every = [process(energy, matter) for process in self.processes]
        # complex where a coupling is, for derivatives by a complex step
        kind = np.result_type(float, *(values for rates in every for values in rates if values is not None))
        absorption, scattering, exchange = (np.zeros(shape, kind) for _ in range(3))
        for i, rates in enumerate(every):
            for target, values in zip((absorption, scattering, exchange), rates, strict=True):
                if values is not None:
                    target[i] = values
        return OpacitySpectra(
            species=SPECIES,
            processes=tuple(process.name for process in self.processes),
            energy=energy,
            absorption=absorption,
            scattering=scattering,
            exchange=exchange,
            temperature=matter.temperature,
            degeneracy=matter.neutrino_degeneracy(),
        )
