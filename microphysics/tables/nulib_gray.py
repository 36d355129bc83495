"""The gray layout of NuLib's script: energy means by state of the matter and temperature of the neutrinos.

Its emissivities lack 4 pi c/(2 pi hbar c)^3 and are in MeV^4/cm and MeV^3/cm, for nux of all four kinds together; in memory
they are those of one species in MeV/(cm^3 s) and 1/(cm^3 s).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.errors import OpacityTableError
from microphysics.matter import SPECIES
from microphysics.tables.hdf5 import open_hdf5, plain, read_dataset, set_attributes, write_atomically
from microphysics.tables.nulib_layout import multiplicity

__all__ = ["GrayTable", "read_nulib_gray", "write_nulib_gray"]

Array = NDArray[np.float64]

# what a unit of the file's emissivities is in MeV/(cm^3 s), of number emissivities in 1/(cm^3 s)
EMISSION_UNIT = 4.0 * math.pi * CODATA.speed_of_light / (2.0 * math.pi * CODATA.hbar_c) ** 3
AXES = {"rho": "density", "temp": "temperature", "ye": "electron_fraction", "tnue": "neutrino_temperature"}
AXIS_UNITS = {"rho": "g cm-3", "temp": "MeV", "ye": "1", "tnue": "MeV"}
EMISSIONS = {"emissivities": "emission", "number_emissivities": "number_emission"}
OPACITIES = {"absorption_opacity": "absorption", "scattering_opacity": "scattering"}
UNITS = {"emissivities": "MeV4 cm-1", "number_emissivities": "MeV3 cm-1"}
NOTES = {
    "layout": "gray table of NuLib's script; species nue, anue, nux of four kinds",
    "emissivity_factor": EMISSION_UNIT,
    "emissivity_note": "times emissivity_factor: MeV cm-3 s-1 (emissivities) and cm-3 s-1 (number_emissivities), of the "
    "matter at every tnue, for nux the sum of four kinds",
}


@dataclass(frozen=True)
class GrayTable:
    """Energy means of nue, anue and nux, which is one species, the mean of four.

    Attributes
    ----------
    density, temperature, electron_fraction : ndarray
        g/cm^3, MeV, 1.
    neutrino_temperature : ndarray
        MeV.
    emission, number_emission : ndarray, shape (species, electron fraction, temperature, density)
        4 pi int j dE and 4 pi int j/E dE of one species, MeV/(cm^3 s) and 1/(cm^3 s).
    absorption_equilibrium, scattering_equilibrium : ndarray, same shape
        Means over the spectrum of the matter's temperature, 1/cm.
    absorption, scattering : ndarray, shape (species, neutrino temperature, electron fraction, temperature, density)
        Means over the spectrum of the neutrinos' temperature, 1/cm.
    attributes : mapping
        Which means they are, and where they come from.

    Raises
    ------
    OpacityTableError
        If an array has another shape than the axes say.
    """

    density: Array
    temperature: Array
    electron_fraction: Array
    neutrino_temperature: Array
    emission: Array
    number_emission: Array
    absorption_equilibrium: Array
    scattering_equilibrium: Array
    absorption: Array
    scattering: Array
    attributes: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        states = (self.electron_fraction.size, self.temperature.size, self.density.size)
        matter = (len(SPECIES), *states)
        both = (len(SPECIES), self.neutrino_temperature.size, *states)
        for name in (
            *EMISSIONS.values(),
            *(f"{role}_equilibrium" for role in OPACITIES.values()),
            *OPACITIES.values(),
        ):
            shape = np.shape(getattr(self, name))
            expected = both if name in OPACITIES.values() else matter
            if shape != expected:
                raise OpacityTableError(f"gray table: '{name}' has shape {shape}, the axes say {expected}")


def write_nulib_gray(path: str | Path, table: GrayTable) -> Path:
    """Write a gray table; the file appears only when it is complete.

    Parameters
    ----------
    path : str or Path
        Replaced if it exists.
    table : GrayTable

    Raises
    ------
    OpacityTableError
        If a value is negative or not finite, or the file cannot be written.
    """

    def fill(file: Any) -> None:
        for name, role in AXES.items():
            dataset = file.create_dataset(name, data=getattr(table, role), track_times=False)
            dataset.attrs["units"] = AXIS_UNITS[name]
        for name, role in EMISSIONS.items():
            values = _checked(role, getattr(table, role)) * _factor()
            _dataset(file, f"{name}_eq", values)
            # the script repeats them for every temperature of the neutrinos
            shape = (len(SPECIES), table.neutrino_temperature.size, *values.shape[1:])
            _dataset(file, name, np.broadcast_to(values[:, None], shape))
        for name, role in OPACITIES.items():
            equilibrium = f"{role}_equilibrium"
            _dataset(file, f"{name}_eq", _checked(equilibrium, getattr(table, equilibrium)))
            _dataset(file, name, _checked(role, getattr(table, role)))
        set_attributes(file, {**table.attributes, **NOTES})

    return write_atomically(path, fill)


def read_nulib_gray(path: str | Path) -> GrayTable:
    """Read a gray table, written here or by NuLib's script.

    Parameters
    ----------
    path : str or Path

    Raises
    ------
    OpacityTableError
        If the file is damaged, or a dataset is missing, misshaped or not finite.
    """
    with open_hdf5(path) as file:
        where = str(path)
        axes = {role: read_dataset(file, name, where) for name, role in AXES.items()}
        states = (axes["electron_fraction"].size, axes["temperature"].size, axes["density"].size)
        matter = (*states, len(SPECIES))
        both = (axes["neutrino_temperature"].size, *matter)
        values = {}
        for name, role in EMISSIONS.items():
            raw = np.moveaxis(read_dataset(file, f"{name}_eq", where, shape=matter), -1, 0)
            values[role] = raw / _factor()
        for name, role in OPACITIES.items():
            raw = read_dataset(file, f"{name}_eq", where, shape=matter)
            values[f"{role}_equilibrium"] = np.moveaxis(raw, -1, 0)
            values[role] = np.moveaxis(read_dataset(file, name, where, shape=both), -1, 0)
        attributes = {name: value for name, value in plain(file.attrs).items() if name not in NOTES}
        return GrayTable(**axes, **values, attributes=attributes)


def _factor() -> Array:
    """From MeV/(cm^3 s) of one species to the file's numbers."""
    members = np.array([multiplicity(name) for name in SPECIES], dtype=np.float64)
    return (members / EMISSION_UNIT)[:, None, None, None]


def _dataset(file: Any, name: str, values: Array) -> None:
    """Write with the species last, as the script's transposed arrays lie."""
    dataset = file.create_dataset(name, data=np.moveaxis(values, 0, -1), track_times=False)
    dataset.attrs["units"] = UNITS.get(name.removesuffix("_eq"), "cm-1")


def _checked(name: str, values: Array) -> Array:
    bad = ~(np.isfinite(values) & (np.asarray(values) >= 0.0))
    if bad.any():
        place = tuple(int(index[0]) for index in np.nonzero(bad))
        raise OpacityTableError(
            f"gray table: '{name}' is {values[place]:g} at index {place}; must be finite and >= 0"
        )
    return np.asarray(values, dtype=np.float64)
