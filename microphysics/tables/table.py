"""A table of opacities in memory: the one object that every reader fills and every writer takes.

Its arrays may be numpy arrays or open HDF5 datasets, so that a table need not fit into memory: whoever goes through it takes
one slab, of one species and one electron fraction, at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from microphysics.errors import OpacityTableError
from microphysics.matter import GROUPS

__all__ = ["AXIS_UNITS", "KERNEL_ROLES", "ROLES", "KernelTable", "OpacityTable"]

Array = NDArray[np.float64]

ROLES = ("emissivity", "absorption", "scattering")
KERNEL_ROLES = ("scattering_0", "scattering_1", "annihilation_0", "annihilation_1")
AXIS_UNITS = {
    "density": "g cm-3",
    "temperature": "MeV",
    "electron_fraction": "1",
    "degeneracy": "1",
    "energy": "MeV",
    "energy_edges": "MeV",
}


@dataclass(frozen=True)
class KernelTable:
    """Kernels that exchange energy, R(E, E', cos) = Phi_0/2 + 3/2 Phi_1 cos, on the energies and species of a table.

    Attributes
    ----------
    temperature : ndarray, shape (temperature,)
        MeV, rising.
    degeneracy : ndarray, shape (degeneracy,)
        mu_e/T, mu_e with rest mass; positive, rising.
    scattering_0, scattering_1 : array or dataset or None, shape (species, temperature, degeneracy, energy, energy out)
        Scattering on electrons and positrons, cm^3/s; Phi(E', E) = exp(-(E - E')/T) Phi(E, E').
    annihilation_0, annihilation_1 : array or dataset or None, shape (species, temperature, degeneracy, energy, partner)
        Annihilation with the antineutrino, cm^3/s; production is exp(-(E + E')/T) times as much.

    Raises
    ------
    OpacityTableError
        If an axis is not positive and rising, l = 0 and l = 1 do not come together, or the shapes contradict each other.
    """

    temperature: Array
    degeneracy: Array
    scattering_0: Any = None
    scattering_1: Any = None
    annihilation_0: Any = None
    annihilation_1: Any = None

    def __post_init__(self) -> None:
        for name in ("temperature", "degeneracy"):
            object.__setattr__(self, name, _checked_axis(f"kernels: {name}", getattr(self, name)))
        for kind in ("scattering", "annihilation"):
            if (getattr(self, f"{kind}_0") is None) != (getattr(self, f"{kind}_1") is None):
                raise OpacityTableError(
                    f"kernels: of '{kind}_0' and '{kind}_1' only one is given; they belong together"
                )
        if not self.roles:
            raise OpacityTableError("kernels: neither scattering nor annihilation is given")

    @property
    def roles(self) -> tuple[str, ...]:
        """Names of the kernels that are there."""
        return tuple(role for role in KERNEL_ROLES if getattr(self, role) is not None)


@dataclass(frozen=True)
class OpacityTable:
    """Emissivities and opacities on a rectangular grid of states and energies.

    A group of flavours, as ``nux``, is ONE species, the mean of its members. Densities and temperatures are looked up in
    their logarithms; the axes hold the numbers themselves.

    Attributes
    ----------
    density, temperature, electron_fraction : ndarray
        Rising axes: g/cm^3, MeV, 1; all above 0.
    energy : ndarray, shape (energy,)
        Centres of the groups, MeV.
    energy_edges : ndarray, shape (energy + 1,)
        MeV, rising, each energy between its two; the first may be 0.
    species : tuple of str
        Names of `microphysics.matter.GROUPS`.
    emissivity : array or dataset, shape (species, electron fraction, temperature, density, energy)
        Of one species, without blocking, MeV/(cm^3 s MeV sr).
    absorption : array or dataset, same shape
        Corrected for stimulated absorption, 1/cm.
    scattering : array or dataset, same shape
        Transport opacity, 1/cm.
    delta : array or dataset or None, same shape
        Anisotropy of scattering, 3 (1 - transport opacity/opacity without the weight 1 - cos).
    kernels : KernelTable or None
    attributes : mapping
        Where the table comes from: texts, numbers and lists of them.

    Raises
    ------
    OpacityTableError
        If an axis does not rise, an energy lies outside its edges, a species is unknown or named twice, or an array has
        another shape than the axes say.
    """

    density: Array
    temperature: Array
    electron_fraction: Array
    energy: Array
    energy_edges: Array
    species: tuple[str, ...]
    emissivity: Any
    absorption: Any
    scattering: Any
    delta: Any = None
    kernels: KernelTable | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("density", "temperature", "electron_fraction", "energy"):
            object.__setattr__(self, name, _checked_axis(name, getattr(self, name)))
        object.__setattr__(self, "energy_edges", _checked_edges(self.energy, self.energy_edges))
        object.__setattr__(self, "species", _checked_species(self.species))
        for role in self.roles:
            _check_shape(
                role, getattr(self, role), self.shape, "species, electron fraction, T, density, energy"
            )
        if self.kernels is not None:
            states = self.kernels.temperature.size, self.kernels.degeneracy.size
            expected = (len(self.species), *states, self.energy.size, self.energy.size)
            for role in self.kernels.roles:
                values = getattr(self.kernels, role)
                _check_shape(f"kernels: {role}", values, expected, "species, T, degeneracy, energy, energy")

    @property
    def shape(self) -> tuple[int, int, int, int, int]:
        """Points along species, electron fraction, temperature, density, energy."""
        states = self.electron_fraction.size, self.temperature.size, self.density.size
        return len(self.species), *states, self.energy.size

    @property
    def roles(self) -> tuple[str, ...]:
        """Names of the arrays of `shape` that are there."""
        return (*ROLES, "delta") if self.delta is not None else ROLES

    @property
    def energy_width(self) -> Array:
        """Width of each group, MeV."""
        return np.diff(self.energy_edges)

    def where(self, species: int, electron_fraction: int, temperature: int, density: int, energy: int) -> str:
        """Say in words where an element is."""
        return (
            f"{self.species[species]}, density = {self.density[density]:.6g} g/cm^3, "
            f"temperature = {self.temperature[temperature]:.6g} MeV, "
            f"electron_fraction = {self.electron_fraction[electron_fraction]:.6g}, energy = {self.energy[energy]:.6g} MeV"
        )


def _checked_axis(name: str, values: Any) -> Array:
    """Return an axis as a row of positive, rising numbers."""
    axis = np.ascontiguousarray(values, dtype=np.float64)
    if axis.ndim != 1 or not axis.size:
        raise OpacityTableError(
            f"axis '{name}' has shape {axis.shape}; expected one dimension and a point at least"
        )
    bad = ~(np.isfinite(axis) & (axis > 0.0))
    bad[1:] |= ~(np.diff(axis) > 0.0)
    if bad.any():
        i = int(np.argmax(bad))
        raise OpacityTableError(
            f"axis '{name}' is {axis[i]:.6g} {AXIS_UNITS[name.removeprefix('kernels: ')]} at index {i}"
            f"{f' after {axis[i - 1]:.6g}' if i else ''}; expected finite, positive and rising values"
        )
    return axis


def _checked_edges(energy: Array, values: Any) -> Array:
    """Return edges of groups, one more than energies, each of which lies between its two."""
    edges = np.ascontiguousarray(values, dtype=np.float64)
    if edges.shape != (energy.size + 1,):
        raise OpacityTableError(
            f"energy_edges has shape {edges.shape}; {energy.size} energies need {energy.size + 1} edges"
        )
    if not np.isfinite(edges).all() or edges[0] < 0.0:
        raise OpacityTableError(f"energy_edges = {edges[0]:g} ... {edges[-1]:g} MeV: must be finite and >= 0")
    outside = ~((edges[:-1] < energy) & (energy < edges[1:]))
    if outside.any():
        i = int(np.argmax(outside))
        raise OpacityTableError(
            f"energy = {energy[i]:.6g} MeV at index {i} lies outside its group, {edges[i]:.6g} to {edges[i + 1]:.6g} MeV"
        )
    return edges


def _checked_species(species: Any) -> tuple[str, ...]:
    names = tuple(str(name) for name in species)
    unknown = [name for name in names if name not in GROUPS]
    if unknown or not names:
        raise OpacityTableError(f"species = {unknown or 'none'}: known are {', '.join(GROUPS)}")
    members = [flavor for name in names for flavor in GROUPS[name]]
    twice = sorted({flavor for flavor in members if members.count(flavor) > 1})
    if twice:
        raise OpacityTableError(f"species {', '.join(names)} hold {', '.join(twice)} more than once")
    return names


def _check_shape(name: str, values: Any, expected: tuple[int, ...], axes: str) -> None:
    shape = tuple(np.shape(values))
    if shape != expected:
        hint = "; its axes seem to stand in another order" if sorted(shape) == sorted(expected) else ""
        raise OpacityTableError(f"'{name}' has shape {shape}; the axes ({axes}) say {expected}{hint}")
