"""The chosen processes on a (species, zone, energy) grid, each kept apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics import processes as _builtin  # noqa: F401 - registers the built-in processes
from microphysics._registry import PROCESSES
from microphysics.constants import CODATA
from microphysics.errors import MicrophysicsError, OutOfRangeError, UnknownNameError
from microphysics.matter import GROUPS, SPECIES, MatterState
from microphysics.processes.contract import (
    PairKernel,
    Process,
    Rates,
    ScatteringKernel,
    grouped,
    occupation,
)
from microphysics.processes.settings import Settings

Array = NDArray[np.float64]


@dataclass(frozen=True)
class OpacitySpectra:
    """Opacities of every process; no process hides inside another.

    A group such as "nux" is ONE species, the mean of its members. Inverse mean free paths in 1/cm.

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
    collision : ndarray, shape (process, species, zone, energy)
        Scattering without a weight; equal to `scattering` where a process knows only that.
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
    collision: Array
    temperature: Array
    degeneracy: Array

    @cached_property
    def total_absorption(self) -> Array:
        """Sum over processes, shape (species, zone, energy), 1/cm."""
        return self.absorption.sum(axis=0)

    @cached_property
    def total_scattering(self) -> Array:
        """Sum over processes, shape (species, zone, energy), 1/cm."""
        return self.scattering.sum(axis=0)

    @cached_property
    def total_exchange(self) -> Array:
        """Sum over processes, shape (species, zone, energy), 1/cm."""
        return self.exchange.sum(axis=0)

    @property
    def total_collision(self) -> Array:
        """Sum over processes, shape (species, zone, energy), 1/cm."""
        return self.collision.sum(axis=0)

    @property
    def delta(self) -> Array:
        """Anisotropy of every process: d kappa/d Omega = collision/(4 pi) (1 + delta cos), so that both moments are right.

        Shape (process, species, zone, energy); 0 where nothing scatters.
        """
        return anisotropy(self.scattering, self.collision)

    @property
    def total_delta(self) -> Array:
        """Anisotropy of the sum, shape (species, zone, energy)."""
        return anisotropy(self.total_scattering, self.total_collision)

    @property
    def equilibrium(self) -> Array:
        """Equilibrium occupation f_eq, shape (species, zone, energy); 0 where its chemical potential is undefined."""
        return equilibrium(self.energy, self.temperature, self.degeneracy)

    @property
    def emissivity(self) -> Array:
        """Emission of every process without final-state blocking, j = kappa* c E^3 f_eq/(2 pi hbar c)^3.

        MeV/(cm^3 s MeV sr), shape (process, species, zone, energy); Kirchhoff's law holds identically.
        """
        return self.absorption * (blackbody(self.energy) * self.equilibrium)


def anisotropy(scattering: Array, collision: Array) -> Array:
    """Return delta = 3 (1 - kappa_tr/kappa_s), 0 where nothing scatters."""
    ratio = np.divide(scattering, collision, out=np.ones_like(scattering), where=collision != 0.0)
    return 3.0 * (1.0 - ratio)


def equilibrium(energy: Array, temperature: Array, degeneracy: Array) -> Array:
    """Occupation f_eq, shape (species, zone, energy); 0 where the degeneracy (species, zone) is NaN."""
    defined = np.isfinite(degeneracy)
    eta = np.where(defined, degeneracy, 0.0)[:, :, None]
    return np.where(defined[:, :, None], occupation(energy / temperature[:, None] - eta), 0.0)


def blackbody(energy: Array) -> Array:
    """C E^3/(2 pi hbar c)^3, what one species radiates at f = 1: MeV/(cm^2 s MeV sr)."""
    return CODATA.speed_of_light * energy**3 / (2.0 * np.pi * CODATA.hbar_c) ** 3


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
        names = [names] if isinstance(names, str) else names
        return cls(tuple(PROCESSES[name](settings) for name in names))

    @property
    def references(self) -> tuple[str, ...]:
        """Papers of all processes, each once."""
        return tuple(dict.fromkeys(paper for process in self.processes for paper in process.references))

    def spectral(
        self, matter: MatterState, energy: ArrayLike, species: Sequence[str] = SPECIES
    ) -> OpacitySpectra:
        """Evaluate all processes.

        Parameters
        ----------
        matter : MatterState
            Zones.
        energy : array_like, shape (energy,)
            Local neutrino energies, MeV, positive and rising.
        species : sequence of str
            Any of the six flavours, or of the groups ``nux``, ``numutau`` and ``anumutau``: each group is the mean of its
            members.

        Returns
        -------
        OpacitySpectra
            Arrays of shape (process, species, zone, energy).

        Raises
        ------
        OutOfRangeError
            If an energy is not positive, or a process left its validity and may not clamp.
        UnknownNameError
            For an unknown species.
        """
        groups, grid = _checked_species(species), _checked_energy(energy)
        every = [self._rates(process, grid, matter) for process in self.processes]
        # complex where a coupling is, for derivatives by a complex step
        kind = np.result_type(float, *(values for rates in every for values in rates if values is not None))
        shape = (len(every), len(groups), matter.density.size, grid.size)
        roles = {role: np.zeros(shape, kind) for role in Rates._fields}
        for i, (process, rates) in enumerate(zip(self.processes, every, strict=True)):
            for role, values in _with_collision(rates)._asdict().items():
                if values is not None:
                    roles[role][i] = grouped(values, process.species, groups)
        return OpacitySpectra(
            species=groups,
            processes=tuple(process.name for process in self.processes),
            energy=grid,
            temperature=matter.temperature,
            degeneracy=matter.neutrino_degeneracy(groups),
            **roles,
        )

    def totals(self, matter: MatterState, energy: ArrayLike, species: Sequence[str] = SPECIES) -> Rates:
        """Evaluate the sums over processes, for tables: arrays of a process are dropped once they are added.

        Parameters
        ----------
        matter, energy, species
            As in `spectral`.

        Returns
        -------
        Rates
            Every role an array of shape (species, zone, energy), 1/cm.

        Raises
        ------
        OutOfRangeError, UnknownNameError
            As in `spectral`.
        """
        groups, grid = _checked_species(species), _checked_energy(energy)
        shape = (len(groups), matter.density.size, grid.size)
        sums = {role: np.zeros(shape) for role in Rates._fields}
        for process in self.processes:
            rates = _with_collision(self._rates(process, grid, matter))
            for role, values in rates._asdict().items():
                if values is None:
                    continue
                if np.iscomplexobj(values) and not np.iscomplexobj(sums[role]):
                    sums[role] = sums[role].astype(
                        complex
                    )  # of a coupling, for its derivative by a complex step
                sums[role] += grouped(values, process.species, groups)
        return Rates(**sums)

    def kernels(
        self, matter: MatterState, energy: ArrayLike, species: Sequence[str] = SPECIES
    ) -> dict[str, ScatteringKernel | PairKernel]:
        """Kernels of the processes that have them, by name of the process.

        Parameters
        ----------
        matter, energy, species
            As in `spectral`. Memory grows with the square of the number of energies.

        Raises
        ------
        OutOfRangeError, UnknownNameError
            As in `spectral`.
        """
        groups, grid = _checked_species(species), _checked_energy(energy)
        return {
            process.name: process.kernels(grid, matter).of(groups)
            for process in self.processes
            if hasattr(process, "kernels")
        }

    def thresholds(self, matter: MatterState) -> Array:
        """Energies at which opacities have kinks, MeV, shape (zone, threshold); NaN where there is none."""
        every = [process.thresholds(matter) for process in self.processes if hasattr(process, "thresholds")]
        return np.concatenate([np.empty((matter.density.size, 0)), *every], axis=1)

    @staticmethod
    def _rates(process: Process, energy: Array, matter: MatterState) -> Rates:
        """Evaluate one process and check its shapes, so that a plug-in's mistake has its name in the message."""
        rates = process(energy, matter)
        expected = (len(process.species), matter.density.size, energy.size)
        for role, values in rates._asdict().items():
            if values is not None and values.shape != expected:
                raise MicrophysicsError(
                    f"process '{process.name}' returned {role} of shape {values.shape}; its species "
                    f"{', '.join(process.species)}, the zones and the energies make {expected}"
                )
        return rates


def _with_collision(rates: Rates) -> Rates:
    return rates if rates.collision is not None else rates._replace(collision=rates.scattering)


def _checked_species(species: Sequence[str]) -> tuple[str, ...]:
    if isinstance(species, str):
        species = (species,)
    for name in species:
        if name not in GROUPS:
            raise UnknownNameError("neutrino species", name, tuple(GROUPS))
    return tuple(species)


def _checked_energy(energy: ArrayLike) -> Array:
    if hasattr(energy, "unit"):
        raise OutOfRangeError(
            f"energy: got a Quantity ({energy.unit}); give plain numbers in MeV, or call microphysics.opacities"
        )
    grid = np.ascontiguousarray(energy, dtype=np.float64)
    if grid.ndim != 1 or not grid.size:
        raise OutOfRangeError(f"energy has shape {grid.shape}: expected a row of energies")
    if not (grid > 0.0).all() or not (np.diff(grid) > 0.0).all() or not np.isfinite(grid[-1]):
        raise OutOfRangeError(f"energy = {grid.min():g} ... {grid.max():g} MeV: must be positive and rising")
    return grid
