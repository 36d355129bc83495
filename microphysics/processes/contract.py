"""What a process takes and gives back: the plug-in point of an interaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from microphysics.matter import GROUPS, MatterState

Array = NDArray[np.float64]


class Rates(NamedTuple):
    """Opacities of one process, shape (species, zone, energy), 1/cm; None where it does not act.

    Rows follow the process's `species`. `absorption` is corrected for stimulated absorption, kappa* = kappa/(1 - f_eq);
    `scattering` is weighted with 1 - cos(theta); `exchange` is the strength of the energy exchange with electrons;
    `collision` is the scattering without that weight, from which the anisotropy follows.
    """

    absorption: Array | None = None
    scattering: Array | None = None
    exchange: Array | None = None
    collision: Array | None = None


@dataclass(frozen=True)
class ScatteringKernel:
    """Scattering with a change of energy, R(E -> E', cos) = Phi_0/2 + 3/2 Phi_1 cos.

    Attributes
    ----------
    species : tuple of str
        Names along the first axis.
    phi_0, phi_1 : ndarray, shape (species, zone, energy, energy out)
        cm^3/s; Phi(E', E) = exp(-(E - E')/T) Phi(E, E').
    """

    species: tuple[str, ...]
    phi_0: Array
    phi_1: Array

    def of(self, species: Sequence[str]) -> ScatteringKernel:
        """Return the kernel of the species or groups of species asked for."""
        both = (grouped(values, self.species, species) for values in (self.phi_0, self.phi_1))
        return replace(self, species=tuple(species), phi_0=next(both), phi_1=next(both))


@dataclass(frozen=True)
class PairKernel:
    """Pairs of a neutrino of E and an antineutrino (or the reverse) of E', R(E, E', cos) = Phi_0/2 + 3/2 Phi_1 cos.

    Attributes
    ----------
    species : tuple of str
        Names along the first axis: of the neutrino whose energy comes first.
    annihilation_0, annihilation_1 : ndarray, shape (species, zone, energy, partner energy)
        Of the absorption of both, cm^3/s.
    boltzmann : ndarray, shape (zone, energy, partner energy)
        exp(-(E + E')/T), which turns them into the production.
    """

    species: tuple[str, ...]
    annihilation_0: Array
    annihilation_1: Array
    boltzmann: Array

    @property
    def production_0(self) -> Array:
        """Phi_0 of the production, cm^3/s."""
        return self.annihilation_0 * self.boltzmann

    @property
    def production_1(self) -> Array:
        """Phi_1 of the production, cm^3/s."""
        return self.annihilation_1 * self.boltzmann

    def of(self, species: Sequence[str]) -> PairKernel:
        """Return the kernel of the species or groups of species asked for."""
        both = (
            grouped(values, self.species, species) for values in (self.annihilation_0, self.annihilation_1)
        )
        return replace(self, species=tuple(species), annihilation_0=next(both), annihilation_1=next(both))


class Process(Protocol):
    """An interaction of neutrinos with matter. Factories in the registry take a `Settings`.

    A process may also have

    - ``kernels(energy, matter)``, which returns a `ScatteringKernel` or a `PairKernel`;
    - ``thresholds(matter)``, energies in MeV, shape (zone, threshold), at which its opacity has a kink; NaN where there is
      none.
    """

    name: str
    references: Sequence[str]
    species: Sequence[str]
    """Rows of what it returns: flavours, or groups of `GROUPS` whose members are alike, such as ``nux``."""

    def __call__(self, energy: Array, matter: MatterState) -> Rates:
        """Evaluate on all zones and energies at once."""
        ...


def occupation(argument: Array) -> Array:
    """Fermi function 1/(1 + e^x), without overflow at either end."""
    return np.exp(-np.logaddexp(0.0, argument))


def grouped(values: Array, rows: Sequence[str], species: Sequence[str]) -> Array:
    """Mean over the members of each group.

    Parameters
    ----------
    values : ndarray, shape (row, ...)
        One row for each name in `rows`.
    rows, species : sequence of str
        What there is, and what is asked for; a flavour that has no row counts as zero.
    """
    place = {flavor: i for i, name in enumerate(rows) for flavor in GROUPS[name]}
    result = np.zeros((len(species), *values.shape[1:]), values.dtype)
    for target, name in zip(result, species, strict=True):
        members = [place[flavor] for flavor in GROUPS[name] if flavor in place]
        for row in dict.fromkeys(members):
            share = members.count(row) / len(GROUPS[name])
            target += values[row] if share == 1.0 else share * values[row]
    return result
