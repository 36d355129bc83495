"""weaklib's table layout: grids, headers and texts that all its files share."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.tables.table import OpacityTable

__all__ = [
    "SPECIES_NAMES",
    "TINY",
    "around",
    "integer",
    "new_dataset",
    "scattering_header",
    "texts",
    "write_axes",
    "write_grid",
]

Array = NDArray[np.float64]

SPECIES_NAMES = {"nue": "Electron Neutrino", "anue": "Electron Antineutrino"}
TINY = float(np.finfo(np.float64).tiny)
TEXT = 32  # characters


def write_axes(file: Any, table: OpacityTable) -> None:
    """Write the energies and the states of a table."""
    energy = file.create_group("EnergyGrid")
    write_grid(energy, "Comoving Frame Neutrino Energy", "MeV", table.energy, table.energy_edges)
    state = file.create_group("ThermoState")
    axes = {
        "Density": table.density,
        "Temperature": table.temperature / CODATA.boltzmann,
        "Electron Fraction": table.electron_fraction,
    }
    sizes = np.array([axis.size for axis in axes.values()], dtype=np.int32)
    state.create_dataset("Dimensions", data=sizes, track_times=False)
    state.create_dataset("LogInterp", data=np.array([1, 1, 0], dtype=np.int32), track_times=False)
    texts(state, "Names", list(axes))
    texts(state, "Units", ["Grams per cm^3", "K", ""])
    for name, end in (("minValues", 0), ("maxValues", -1)):
        state.create_dataset(name, data=np.array([axis[end] for axis in axes.values()]), track_times=False)
    for name, axis in axes.items():
        state.create_dataset(name, data=axis, track_times=False)
    for place, name in enumerate(("iRho", "iT", "iYe"), start=1):
        integer(state, name, place)


def write_grid(group: Any, name: str, unit: str, values: Array, edges: Array) -> None:
    """Write one grid with its edges."""
    widths = np.diff(edges)
    growth = (widths[-1] / widths[0]) ** (1.0 / max(widths.size - 1, 1))
    texts(group, "Name", [name])
    texts(group, "Unit", [unit])
    integer(group, "nPoints", values.size)
    integer(group, "LogInterp", 1)
    numbers = {
        "minValue": values[0],
        "maxValue": values[-1],
        "minEdge": edges[0],
        "maxEdge": edges[-1],
        "minWidth": widths.min(),
        "Zoom": growth,
    }
    for key, number in numbers.items():
        group.create_dataset(key, data=np.array([number]), track_times=False)
    for key, row in {"Values": values, "Edge": edges, "Width": widths}.items():
        group.create_dataset(key, data=row, track_times=False)


def around(values: Array) -> Array:
    """Put edges halfway between values in the logarithm, the outer ones as far out as the next lie in."""
    if values.size == 1:
        return np.array([0.5, 1.5]) * values
    middle = np.sqrt(values[1:] * values[:-1])
    return np.concatenate([[values[0] ** 2 / middle[0]], middle, [values[-1] ** 2 / middle[-1]]])


def scattering_header(group: Any, moments: int, units: list[str]) -> None:
    """Write what every group of scattering kernels begins with."""
    integer(group, "nOpacities", len(units))
    integer(group, "nMoments", moments)
    texts(group, "Units", units)


def integer(group: Any, name: str, value: int) -> None:
    """Write one whole number."""
    group.create_dataset(name, data=np.array([value], dtype=np.int32), track_times=False)


def texts(group: Any, name: str, texts: list[str]) -> None:
    """Write texts of fixed length, filled up with blanks as Fortran has them."""
    data = np.array([text.ljust(TEXT).encode("ascii") for text in texts], dtype=f"S{TEXT}")
    group.create_dataset(name, data=data, track_times=False)


def new_dataset(group: Any, name: str, shape: tuple[int, ...]) -> Any:
    """Make a dataset that is filled later."""
    return group.create_dataset(name, shape=shape, dtype=np.float64, track_times=False)
