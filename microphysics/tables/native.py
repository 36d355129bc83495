"""Tables of this package: HDF5 laid out as netCDF-4, with units, provenance and bounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from microphysics.errors import OpacityTableError
from microphysics.tables.hdf5 import (
    open_hdf5,
    plain,
    read_dataset,
    require,
    set_attributes,
    write_atomically,
)
from microphysics.tables.table import AXIS_UNITS, KERNEL_ROLES, ROLES, KernelTable, OpacityTable

__all__ = ["FORMAT_VERSION", "open_table", "read_table", "write_table"]

Array = NDArray[np.float64]

FORMAT_VERSION = 1
CONVENTIONS = "snsim-1"
MARK = "snsim_opacity_table"
COMPLETE = "complete"
KERNELS = "kernels"
DIMENSIONS = ("species", "electron_fraction", "temperature", "density", "energy")
STATEMENTS = {
    "logarithmic_axes": "density, temperature, degeneracy (looked up in the logarithm; the datasets hold the numbers)",
    "nux": "one species, the mean of numu, anumu, nutau and anutau",
    "absorption_convention": "kappa/(1 - f_eq), so that emissivity = absorption c E^3 f_eq/(2 pi hbar c)^3",
    "kernel_convention": "R = Phi_0/2 + 3/2 Phi_1 cos; production = annihilation exp(-(E + E')/T)",
}
UNITS = {
    "emissivity": "MeV cm-3 s-1 MeV-1 sr-1",
    "absorption": "cm-1",
    "scattering": "cm-1",
    "delta": "1",
    **dict.fromkeys(KERNEL_ROLES, "cm3 s-1"),
}
LONG_NAMES = {
    "density": "rest-mass density",
    "temperature": "temperature of matter",
    "electron_fraction": "electrons minus positrons per baryon",
    "species": "neutrino species",
    "energy": "neutrino energy at the centre of the group",
    "energy_edge": "edge of energy groups",
    "energy_out": "energy of the scattered neutrino",
    "partner_energy": "energy of the antineutrino",
    "degeneracy": "chemical potential of electrons with rest mass over temperature",
    "emissivity": "energy emitted without blocking, of one species",
    "absorption": "absorption opacity corrected for stimulated absorption",
    "scattering": "transport opacity of scattering, weighted with 1 - cos",
    "delta": "anisotropy of scattering, 3 (1 - transport/total)",
    "scattering_0": "scattering kernel, l = 0",
    "scattering_1": "scattering kernel, l = 1",
    "annihilation_0": "pair annihilation kernel, l = 0",
    "annihilation_1": "pair annihilation kernel, l = 1",
}
KERNEL_DIMENSIONS = {
    "scattering": ("species", "temperature", "degeneracy", "energy", "energy_out"),
    "annihilation": ("species", "temperature", "degeneracy", "energy", "partner_energy"),
}
RESERVED = frozenset({"Conventions", "format_version", "title", MARK, COMPLETE, *STATEMENTS}) | {
    f"{name}_range" for name in ("density", "temperature", "electron_fraction", "energy")
}
_CHUNK = 2**17  # bytes


def write_table(path: str | Path, table: OpacityTable, *, compress: bool = True) -> Path:
    """Write a table, slab by slab; the file appears only when it is complete.

    Parameters
    ----------
    path : str or Path
        Replaced if it exists.
    table : OpacityTable
    compress : bool
        Whether gzip is used.

    Raises
    ------
    OpacityTableError
        If the file cannot be written.
    """

    def fill(file: Any) -> None:
        _lay_out(file, table, compress)
        n_species, n_fractions = table.shape[:2]
        for role in table.roles:
            for s in range(n_species):
                for y in range(n_fractions):
                    file[role][s, y] = getattr(table, role)[s, y]
        for role in table.kernels.roles if table.kernels else ():
            for s in range(n_species):
                file[f"{KERNELS}/{role}"][s] = getattr(table.kernels, role)[s]
        file.attrs[COMPLETE] = 1  # the last thing written

    return write_atomically(path, fill)


def _lay_out(file: Any, table: OpacityTable, compress: bool) -> None:
    """Make axes, attributes and datasets, which hold NaN until they are filled."""
    file.attrs["Conventions"] = CONVENTIONS
    file.attrs["format_version"] = FORMAT_VERSION
    file.attrs["title"] = "neutrino opacities"
    file.attrs[MARK] = FORMAT_VERSION
    for name, text in STATEMENTS.items():
        file.attrs[name] = text
    set_attributes(file, table.attributes, RESERVED)
    axes: dict[str, Any] = {"species": list(table.species)}
    for name in DIMENSIONS[1:]:
        axes[name] = getattr(table, name)
        file.attrs[f"{name}_range"] = (axes[name][0], axes[name][-1])
    _axes(file, {**axes, "energy_edge": table.energy_edges})
    for role in table.roles:
        _dataset(file, role, DIMENSIONS, compress)
    if table.kernels is None:
        return
    group = file.create_group(KERNELS)
    states = {name: getattr(table.kernels, name) for name in ("temperature", "degeneracy")}
    kinds = {role.partition("_")[0] for role in table.kernels.roles}
    others = {KERNEL_DIMENSIONS[kind][-1]: table.energy for kind in sorted(kinds)}
    _axes(group, {"species": axes["species"], **states, "energy": table.energy, **others})
    for role in table.kernels.roles:
        _dataset(group, role, KERNEL_DIMENSIONS[role.partition("_")[0]], compress)


@contextmanager
def open_table(path: str | Path) -> Iterator[OpacityTable]:
    """Open a table whose arrays stay on disk until a part of them is asked for.

    Parameters
    ----------
    path : str or Path

    Yields
    ------
    OpacityTable
        Of HDF5 datasets; only inside the `with` block.

    Raises
    ------
    OpacityTableError
        If the file is damaged, incomplete, of another version or no table of this package.
    """
    with open_hdf5(path) as file:
        yield _table(file, str(path), lazy=True)


def read_table(path: str | Path) -> OpacityTable:
    """Read a table into memory.

    Parameters
    ----------
    path : str or Path

    Raises
    ------
    OpacityTableError
        As `open_table`, or if a value is NaN or infinite.
    """
    with open_hdf5(path) as file:
        return _table(file, str(path), lazy=False)


def _table(file: Any, where: str, *, lazy: bool) -> OpacityTable:
    version = file.attrs.get(MARK)
    if version is None:
        raise OpacityTableError(
            f"{where}: no table of opacities of this package (attribute '{MARK}' is missing); "
            "`snsim table info FILE` knows other layouts"
        )
    if int(version) != FORMAT_VERSION:
        raise OpacityTableError(
            f"{where}: attribute '{MARK}' is {version}, this version reads {FORMAT_VERSION}"
        )
    if not file.attrs.get(COMPLETE, False):
        raise OpacityTableError(f"{where}: not marked complete; it was written only in part")
    names = ("density", "temperature", "electron_fraction", "energy")
    axes = {name: read_dataset(file, name, where) for name in names}
    edges = read_dataset(file, "energy_edge", where)
    species = tuple(require(file, "species", where).asstr()[()])
    shape = (len(species), *(axes[name].size for name in DIMENSIONS[1:]))

    def array(holder: Any, name: str, expected: tuple[int, ...]) -> Any:
        return (require if lazy else read_dataset)(holder, name, where, shape=expected)

    kernels = None
    if KERNELS in file:
        group = file[KERNELS]
        states = {name: read_dataset(group, name, where) for name in ("temperature", "degeneracy")}
        square = (
            len(species),
            *(axis.size for axis in states.values()),
            axes["energy"].size,
            axes["energy"].size,
        )
        roles = {role: array(group, role, square) for role in KERNEL_ROLES if role in group}
        kernels = KernelTable(**states, **roles)
    return OpacityTable(
        **axes,
        energy_edges=edges,
        species=species,
        **{role: array(file, role, shape) for role in ROLES},
        delta=array(file, "delta", shape) if "delta" in file else None,
        kernels=kernels,
        attributes={name: value for name, value in plain(file.attrs).items() if name not in RESERVED},
    )


def _axes(group: Any, axes: Mapping[str, Any]) -> None:
    import h5py

    for name, values in axes.items():
        kind = h5py.string_dtype("utf-8") if name == "species" else np.float64
        scale = group.create_dataset(name, data=np.asarray(values, dtype=kind), track_times=False)
        scale.attrs["units"] = AXIS_UNITS.get(name, "1" if name == "species" else "MeV")
        scale.attrs["long_name"] = LONG_NAMES[name]
        scale.make_scale(name)


def _dataset(group: Any, name: str, dimensions: Sequence[str], compress: bool) -> None:
    shape = tuple(group[axis].size for axis in dimensions)
    options = {"compression": "gzip", "compression_opts": 1, "shuffle": True} if compress else {}
    dataset = group.create_dataset(
        name,
        shape=shape,
        dtype=np.float64,
        fillvalue=np.nan,
        chunks=_chunks(shape),
        fletcher32=True,  # a flipped bit is an error, not an opacity
        track_times=False,
        **options,
    )
    dataset.attrs["units"] = UNITS[name]
    dataset.attrs["long_name"] = LONG_NAMES[name]
    for place, axis in enumerate(dimensions):
        dataset.dims[place].attach_scale(group[axis])


def _chunks(shape: tuple[int, ...]) -> tuple[int, ...]:
    """One species and electron fraction (of kernels: one temperature), or as much of it as a chunk holds."""
    row = int(np.prod(shape[3:])) * np.dtype(np.float64).itemsize
    return (1, 1, max(1, min(shape[2], _CHUNK // row)), *shape[3:])
