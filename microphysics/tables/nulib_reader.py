"""Tables in NuLib's layout: the reader, which turns units and sums back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.errors import OpacityTableError
from microphysics.tables.hdf5 import open_hdf5, plain, read_dataset, require
from microphysics.tables.nulib_layout import (
    ANNIHILATION,
    INTEGERS,
    LAYOUT,
    OPACITIES,
    PAIRS,
    SCATTERING,
    SCHEMES,
    Sizes,
    multiplicity,
)
from microphysics.tables.table import ROLES, KernelTable, OpacityTable

__all__ = ["read_nulib"]

Array = NDArray[np.float64]

OWN = frozenset(
    {*LAYOUT, "format_version", "species"}
)  # attributes that belong to the file, not to the table


def read_nulib(path: str | Path) -> OpacityTable:
    """Read a table in NuLib's layout, written here or by NuLib, into memory.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    OpacityTable
        With the transport opacity: where the file has `scattering_delta`, it is taken out of the total one. The up-scattering
        half of the kernels is made from the other by detailed balance, as the readers of this layout do.

    Raises
    ------
    OpacityTableError
        If the file is damaged, a dataset is missing or misshaped, or a value is not finite.
    """
    with open_hdf5(path) as file:
        where = str(path)
        counts = {name: _integer(file, name, where) for name in INTEGERS}
        names = {len(names): names for names in SCHEMES.values()}
        if counts["number_species"] not in names:
            raise OpacityTableError(
                f"{where}: number_species = {counts['number_species']}, expected 3, 4 or 6"
            )
        species = names[counts["number_species"]]
        kernels = any(name in file for name in (*SCATTERING, *PAIRS))
        sizes = Sizes(
            counts["number_groups"],
            len(species),
            counts["nye"],
            counts["ntemp"],
            counts["nrho"],
            *(_integer(file, name, where) for name in (("Itemp", "Ieta") if kernels else ())),
        )
        rows = {name: read_dataset(file, name, where, shape=(size,)) for name, size in sizes.rows.items()}
        edges = np.append(rows["bin_bottom"], rows["bin_top"][-1])
        values = {
            role: _read_opacity(file, name, where, sizes) for role, name in zip(ROLES, OPACITIES, strict=True)
        }
        for row, name in zip(values["emissivity"], species, strict=True):
            row /= CODATA.erg_per_mev * multiplicity(name)
        delta = None
        if "scattering_delta" in file:
            delta = _read_opacity(file, "scattering_delta", where, sizes)
            values["scattering"] *= 1.0 - delta / 3.0
        return OpacityTable(
            density=rows["rho_points"],
            temperature=rows["temp_points"],
            electron_fraction=rows["ye_points"],
            energy=rows["neutrino_energies"],
            energy_edges=edges,
            species=species,
            delta=delta,
            kernels=_read_kernels(file, where, sizes, rows) if kernels else None,
            attributes={
                name: value
                for name, value in plain(file.attrs).items()
                if name not in OWN and not name.startswith("floored_")
            },
            **values,
        )


def _integer(file: Any, name: str, where: str) -> int:
    values = read_dataset(file, name, where).ravel()
    if values.size != 1 or values[0] != int(values[0]) or values[0] < 1:
        raise OpacityTableError(
            f"{where}: dataset '{name}' is {values.tolist()}, expected one whole number >= 1"
        )
    return int(values[0])


def _read_opacity(file: Any, name: str, where: str, sizes: Sizes) -> Array:
    """Read (species, electron fraction, T, density, energy), one species at a time."""
    dataset = require(file, name, where, shape=sizes.opacity)
    values = np.empty((sizes.species, *sizes.opacity[2:], sizes.groups))
    try:
        for s in range(sizes.species):
            values[s] = np.moveaxis(dataset[:, s], 0, -1)
    except OSError as error:
        raise OpacityTableError(f"{where}: dataset '{name}' cannot be read ({error})") from None
    if not np.isfinite(values).all():
        raise OpacityTableError(
            f"{where}: dataset '{name}' is not finite everywhere; `snsim table check {where}` says where"
        )
    return values


def _read_kernels(file: Any, where: str, sizes: Sizes, rows: Mapping[str, Array]) -> KernelTable:
    values: dict[str, Array] = {}
    for moment, name in enumerate(SCATTERING):
        if name in file:
            raw = read_dataset(file, name, where, shape=sizes.scattering_kernel)
            values[f"scattering_{moment}"] = _both_halves(raw.transpose(1, 4, 3, 2, 0), rows)
    for moment, name in enumerate(PAIRS):
        if name in file:
            raw = read_dataset(file, name, where, shape=sizes.pair_kernel)
            values[f"annihilation_{moment}"] = raw[ANNIHILATION].transpose(1, 4, 3, 2, 0).copy()
    return KernelTable(temperature=rows["temp_Ipoints"], degeneracy=rows["eta_Ipoints"], **values)


def _both_halves(kernel: Array, rows: Mapping[str, Array]) -> Array:
    """Kernel (species, T, degeneracy, in, out) with Phi(E', E) = exp(-(E - E')/T) Phi(E, E') for E > E'."""
    energy = rows["neutrino_energies"]
    down = np.tril(kernel)
    gain = np.maximum(energy - energy[:, None], 0.0) / rows["temp_Ipoints"][:, None, None, None]
    return down + np.swapaxes(np.tril(kernel, -1), -1, -2) * np.exp(-gain)
