"""Tables in weaklib's layout: the reader, which takes the logarithms and offsets back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.errors import OpacityTableError
from microphysics.tables.hdf5 import open_hdf5, plain, read_dataset
from microphysics.tables.weaklib_layout import SPECIES_NAMES

__all__ = ["WeaklibTable", "read_weaklib"]

Array = NDArray[np.float64]

# group, and the name that tables had before parameters were added
GROUPS = {
    "absorption": ("EmAb", "EmAb_CorrectedAbsorption"),
    "isoenergetic": ("Scat_Iso_Kernels",),
    "electron_scattering": ("Scat_NES_Kernels",),
    "pairs": ("Scat_Pair_Kernels",),
    "bremsstrahlung": ("Scat_Brem_Kernels",),
}


@dataclass(frozen=True)
class WeaklibTable:
    """One file of weaklib's, values as they are.

    Attributes
    ----------
    kind : str
        ``absorption``, ``isoenergetic``, ``electron_scattering``, ``pairs`` or ``bremsstrahlung``.
    density, temperature, electron_fraction : ndarray
        g/cm^3, MeV, 1.
    energy, energy_edges : ndarray
        MeV; edges are empty where a file has none.
    degeneracy : ndarray or None
        mu_e/T of kernels.
    values : dict of ndarray
        ``nue`` and ``anue``: absorption (electron fraction, T, density, energy), 1/cm; isoenergetic with the moments before
        the energy, R_0 and R_1, 1/(cm MeV^2). ``kernels``: (degeneracy, T, four, energy, other energy), 1/(cm MeV^3).
        ``structure``: (T, density, 1, energy, other energy), 1/MeV.
    switches : dict
        Numbers that say what is included.
    attributes : dict
        Of the file.
    """

    kind: str
    density: Array
    temperature: Array
    electron_fraction: Array
    energy: Array
    energy_edges: Array
    degeneracy: Array | None
    values: dict[str, Array]
    switches: dict[str, float]
    attributes: dict[str, Any]


def read_weaklib(path: str | Path) -> WeaklibTable:
    """Read one file in weaklib's layout.

    Parameters
    ----------
    path : str or Path

    Raises
    ------
    OpacityTableError
        If the file is damaged, holds none of the groups, or a dataset is missing, misshaped or not finite.
    """
    with open_hdf5(path) as file:
        where = str(path)
        found = [(kind, name) for kind, names in GROUPS.items() for name in names if name in file]
        if not found:
            known = ", ".join(name for names in GROUPS.values() for name in names)
            raise OpacityTableError(f"{where}: no group of opacities; expected one of {known}")
        kind, name = found[0]
        state, grid = _group(file, "ThermoState", where), _group(file, "EnergyGrid", where)
        names = [text.decode().strip() for text in _group(state, "Names", where)[()]]
        place = [int(read_dataset(state, key, where)[0]) - 1 for key in ("iRho", "iT", "iYe")]
        density, kelvin, fraction = (read_dataset(state, names[i], where) for i in place)
        energy = read_dataset(grid, "Values", where)
        eta = None
        if kind in ("electron_scattering", "pairs"):
            eta = read_dataset(_group(file, "EtaGrid", where), "Values", where)
        shape = _shape(
            kind, density.size, kelvin.size, fraction.size, energy.size, 0 if eta is None else eta.size
        )
        return WeaklibTable(
            kind=kind,
            density=density,
            temperature=kelvin * CODATA.boltzmann,
            electron_fraction=fraction,
            energy=energy,
            energy_edges=read_dataset(grid, "Edge", where) if "Edge" in grid else np.empty(0),
            degeneracy=eta,
            values=_values(file[name], kind, where, shape),
            switches=_switches(file, name),
            attributes=plain(file.attrs),
        )


def _shape(kind: str, n_rho: int, n_t: int, n_ye: int, n_e: int, n_eta: int) -> tuple[int, ...]:
    if kind == "absorption":
        return n_ye, n_t, n_rho, n_e
    if kind == "isoenergetic":
        return n_ye, n_t, n_rho, 2, n_e
    if kind == "bremsstrahlung":
        return n_t, n_rho, 1, n_e, n_e
    return n_eta, n_t, 4, n_e, n_e


def _values(group: Any, kind: str, where: str, shape: tuple[int, ...]) -> dict[str, Array]:
    """Values without logarithm and offset."""
    if kind in ("absorption", "isoenergetic"):
        names = SPECIES_NAMES
    else:
        names = {"structure": "S_sigma"} if kind == "bremsstrahlung" else {"kernels": "Kernels"}
    moments = 1 if kind == "absorption" else shape[-2 if kind == "isoenergetic" else -3]
    offsets = read_dataset(group, "Offsets", where)
    if offsets.size != moments * len(names):
        raise OpacityTableError(
            f"{where}: dataset 'Offsets' has shape {offsets.shape}, expected ({moments}, {len(names)})"
        )
    offsets = offsets.reshape(moments, len(names))
    result = {}
    for i, (key, name) in enumerate(names.items()):
        logarithms = read_dataset(group, name, where, shape=shape)
        # the axis of the moments stands before one energy or two
        energies = 2 if kind in ("electron_scattering", "pairs", "bremsstrahlung") else 1
        result[key] = 10.0**logarithms - offsets[:, i].reshape(-1, *(1,) * energies)
    return result


def _switches(file: Any, name: str) -> dict[str, float]:
    """Numbers that stand alone, in the group or in the parameters beside it."""
    result = {}
    for group in (file[name], file.get("EmAb Parameters", {})):
        for key in group:
            dataset = group[key]
            if getattr(dataset, "shape", None) == (1,) and dataset.dtype.kind in "iuf" and key != "Offsets":
                result[key] = dataset[0].item()
    return result


def _group(holder: Any, name: str, where: str) -> Any:
    if name not in holder:
        raise OpacityTableError(f"{where}: '{name}' is missing; there are {', '.join(sorted(holder))}")
    return holder[name]
