"""NuLib's table layout (O'Connor 2015, ApJS 219, 24): names, types, shapes and what its readers take for granted.

GR1D, FLASH and others look a table up with copies of one reader: trilinear in (log10 density, log10 temperature, electron
fraction) of log10 values, with the spacing taken from the end points of each axis.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from microphysics.errors import OpacityTableError
from microphysics.matter import FLAVORS, GROUPS

__all__ = [
    "ANNIHILATION",
    "EMISSIVITY_FLOOR",
    "FLOOR",
    "FORMAT_VERSION",
    "INTEGERS",
    "KERNEL_FLOOR",
    "LAYOUT",
    "OPACITIES",
    "PAIRS",
    "PRODUCTION",
    "SCATTERING",
    "SCHEMES",
    "Sizes",
    "check_uniform",
    "deviation",
    "multiplicity",
    "scheme_of",
]

Array = NDArray[np.float64]

# species by NuLib's number of the output scheme; emissivities of a group are summed over it, everything else is its mean
SCHEMES: dict[int, tuple[str, ...]] = {
    1: ("nue", "anue", "nux"),
    2: ("nue", "anue", "numutau", "anumutau"),
    3: FLAVORS,
}
FLOOR = 1e-300  # opacities are at least this: readers take their logarithm
EMISSIVITY_FLOOR = 1e-30  # erg/(cm^3 s sr), of a group of energies: readers put it there
KERNEL_FLOOR = 1e-200  # cm^3/s: readers put it there
INTEGERS = ("number_species", "number_groups", "nrho", "ntemp", "nye")
OPACITIES = ("emissivities", "absorption_opacity", "scattering_opacity")
UNIFORM = 1e-6  # of one step: where an axis deviates by more, interpolation is off by as much

# name of the dataset of each kernel
SCATTERING = ("inelastic_phi0", "inelastic_phi1")
PAIRS = ("epannihil_phi0", "epannihil_phi1")
FORMAT_VERSION = 1  # of what this package adds
LAYOUT = {
    "layout": "NuLib (O'Connor 2015, ApJS 219, 24)",
    "logarithmic_axes": "rho_points, temp_points, temp_Ipoints, eta_Ipoints (the datasets hold the numbers)",
}
PRODUCTION, ANNIHILATION = 0, 1  # along the first axis of the pair kernels


@dataclass(frozen=True)
class Sizes:
    """Lengths of the axes of a table.

    Attributes
    ----------
    groups, species, electron_fraction, temperature, density : int
    kernel_temperature, kernel_degeneracy : int
        0 where there are no kernels.
    """

    groups: int
    species: int
    electron_fraction: int
    temperature: int
    density: int
    kernel_temperature: int = 0
    kernel_degeneracy: int = 0

    @property
    def integers(self) -> dict[str, int]:
        """Datasets that hold a size."""
        values = (self.species, self.groups, self.density, self.temperature, self.electron_fraction)
        sizes = dict(zip(INTEGERS, values, strict=True))
        if self.kernel_temperature:
            sizes |= {"Itemp": self.kernel_temperature, "Ieta": self.kernel_degeneracy}
        return sizes

    @property
    def rows(self) -> dict[str, int]:
        """Length of every one-dimensional dataset."""
        energies = ("neutrino_energies", "bin_widths", "bin_bottom", "bin_top")
        rows = dict.fromkeys(energies, self.groups)
        rows |= {
            "rho_points": self.density,
            "temp_points": self.temperature,
            "ye_points": self.electron_fraction,
        }
        if self.kernel_temperature:
            rows |= {"temp_Ipoints": self.kernel_temperature, "eta_Ipoints": self.kernel_degeneracy}
        return rows

    @property
    def opacity(self) -> tuple[int, ...]:
        """Shape of emissivities and opacities, in the order of C."""
        return self.groups, self.species, self.electron_fraction, self.temperature, self.density

    @property
    def scattering_kernel(self) -> tuple[int, ...]:
        """Shape of the kernels of scattering: the outgoing energy first, the incoming third."""
        return self.groups, self.species, self.groups, self.kernel_degeneracy, self.kernel_temperature

    @property
    def pair_kernel(self) -> tuple[int, ...]:
        """Shape of the kernels of pairs: production and annihilation, the partner's energy, species, energy."""
        return 2, self.groups, self.species, self.groups, self.kernel_degeneracy, self.kernel_temperature


def multiplicity(species: str) -> int:
    """Kinds of neutrinos that a species stands for: what the layout's emissivity is summed over."""
    return len(GROUPS[species])


def scheme_of(species: Sequence[str]) -> int:
    """Return the number of the output scheme whose species these are, or of the one that they can be averaged to.

    Raises
    ------
    OpacityTableError
        If a flavour is missing for every scheme.
    """
    for number, names in SCHEMES.items():
        if tuple(species) == names:
            return number
    members = {flavor for name in species for flavor in GROUPS[name]}
    if members != set(FLAVORS):
        missing = ", ".join(flavor for flavor in FLAVORS if flavor not in members)
        raise OpacityTableError(
            f"species {', '.join(species)}: NuLib's layout needs all flavours; missing {missing}"
        )
    return 1


def deviation(axis: Array, *, logarithmic: bool) -> float:
    """Largest distance of a point from its place on an axis that is uniform between the end points, in steps."""
    if axis.size < 2:
        return 0.0
    values = np.log10(axis) if logarithmic else axis
    step = (values[-1] - values[0]) / (axis.size - 1)
    return float(np.abs(values - (values[0] + step * np.arange(axis.size))).max() / abs(step))


def check_uniform(name: str, axis: Array, *, logarithmic: bool) -> None:
    """Refuse an axis that readers of the layout would misplace.

    Raises
    ------
    OpacityTableError
        With the deviation and the point at which it is largest.
    """
    if axis.size < 2:
        raise OpacityTableError(f"axis '{name}' has {axis.size} point; interpolation needs two at least")
    worst = deviation(axis, logarithmic=logarithmic)
    if not worst <= UNIFORM:
        raise OpacityTableError(
            f"axis '{name}' deviates by {worst:.3g} of a step from uniform spacing in "
            f"{'log10 of its values' if logarithmic else 'its values'}; readers of this layout take the spacing from the "
            f"end points, at most {UNIFORM:g} is allowed"
        )
