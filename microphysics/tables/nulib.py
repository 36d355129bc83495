"""Tables in NuLib's layout, which GR1D, FLASH, SpECTRE and others read: the writer.

Emissivities are in erg and summed over the members of a group of flavours, opacities and kernels are means: here, and in the
reader, and nowhere else, are they turned around.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.errors import OpacityTableError
from microphysics.matter import GROUPS
from microphysics.processes.contract import grouped
from microphysics.tables.hdf5 import set_attributes, write_atomically
from microphysics.tables.nulib_layout import (
    ANNIHILATION,
    FLOOR,
    FORMAT_VERSION,
    LAYOUT,
    OPACITIES,
    PAIRS,
    PRODUCTION,
    SCATTERING,
    SCHEMES,
    Sizes,
    check_uniform,
    multiplicity,
    scheme_of,
)
from microphysics.tables.table import ROLES, OpacityTable

__all__ = ["NulibFile", "file_name", "write_nulib"]

Array = NDArray[np.float64]

UNITS = {
    "emissivities": "erg cm-3 s-1 MeV-1 sr-1",
    "absorption_opacity": "cm-1",
    "scattering_opacity": "cm-1",
    "scattering_delta": "1",
    "neutrino_energies": "MeV",
    "bin_widths": "MeV",
    "bin_bottom": "MeV",
    "bin_top": "MeV",
    "rho_points": "g cm-3",
    "temp_points": "MeV",
    "ye_points": "1",
    "temp_Ipoints": "MeV",
    "eta_Ipoints": "1",
    **dict.fromkeys((*SCATTERING, *PAIRS), "cm3 s-1"),
}
LONG_NAMES = {
    "emissivities": "energy emitted without blocking; summed over the members of a group of species",
    "absorption_opacity": "corrected for stimulated absorption; mean over the members of a group of species",
    "scattering_delta": "d kappa/d Omega = scattering_opacity/(4 pi) (1 + delta cos)",
    "inelastic_phi0": "scattering on electrons and positrons, l = 0: (out, species, in, mu_e/T, T)",
    "inelastic_phi1": "scattering on electrons and positrons, l = 1: (out, species, in, mu_e/T, T)",
    "epannihil_phi0": "pairs, l = 0: (production and annihilation, partner, species, energy, mu_e/T, T)",
    "epannihil_phi1": "pairs, l = 1: (production and annihilation, partner, species, energy, mu_e/T, T)",
    "eta_Ipoints": "chemical potential of electrons with rest mass over temperature",
}
SCATTERING_NAMES = {
    "transport": "transport opacity, weighted with 1 - cos",
    "total": "total opacity; its anisotropy is scattering_delta",
}


@dataclass(frozen=True)
class NulibFile:
    """What was written.

    Attributes
    ----------
    path : Path
    scheme : int
        NuLib's number of the choice of species.
    floored : mapping
        By dataset, how many values lay below `FLOOR` and were set to it.
    """

    path: Path
    scheme: int
    floored: Mapping[str, int]


def file_name(
    table: OpacityTable, eos: str, *, scheme: int | None = None, date: dt.date | None = None
) -> str:
    """Return the name that NuLib gives to a table.

    Parameters
    ----------
    table : OpacityTable
    eos : str
        Name of the equation of state; what is no letter, digit, point or dash becomes an underscore.
    scheme : int, optional
        As in `write_nulib`.
    date : date, optional
        Today's by default.

    Examples
    --------
    >>> axis = np.array([1.0, 2.0])
    >>> values = np.ones((3, 2, 2, 2, 1))
    >>> small = OpacityTable(axis, axis, axis / 10, axis[:1], np.array([0.5, 1.5]), SCHEMES[1], values, values, values)
    >>> file_name(small, "LS220", date=dt.date(2026, 1, 31))
    'NuLib_LS220_rho2_temp2_ye2_ng1_ns3_version1.0_20260131.h5'
    """
    clean = "".join(letter if letter.isalnum() or letter in ".-" else "_" for letter in eos)
    species = SCHEMES[scheme or scheme_of(table.species)]
    sizes = f"rho{table.density.size}_temp{table.temperature.size}_ye{table.electron_fraction.size}"
    kernels = table.kernels
    kernel_sizes = f"_Itemp{kernels.temperature.size}_Ieta{kernels.degeneracy.size}" if kernels else ""
    day = (date or dt.date.today()).strftime("%Y%m%d")
    return f"NuLib_{clean}_{sizes}_ng{table.energy.size}_ns{len(species)}{kernel_sizes}_version1.0_{day}.h5"


def write_nulib(
    path: str | Path,
    table: OpacityTable,
    *,
    scheme: int | None = None,
    scattering: str = "transport",
    created: dt.datetime | None = None,
) -> NulibFile:
    """Write a table in NuLib's layout, slab by slab; the file appears only when it is complete.

    Parameters
    ----------
    path : str or Path
        Replaced if it exists.
    table : OpacityTable
        Of all flavours; `temperature` and `density` uniform in the logarithm, `electron_fraction` uniform.
    scheme : int, optional
        1: nue, anue and the four others; 2: nue, anue, numu and nutau, anumu and anutau; 3: six species. By default that
        of the table's species.
    scattering : str
        ``transport``: the transport opacity and no anisotropy, for codes that scatter isotropically; ``total``: the opacity
        without the weight 1 - cos, and `scattering_delta`.
    created : datetime, optional
        For the time stamp; now by default.

    Returns
    -------
    NulibFile

    Raises
    ------
    OpacityTableError
        If an axis is not uniform, a flavour or the anisotropy is missing, a value is negative or not finite, or the file
        cannot be written.
    """
    number = scheme or scheme_of(table.species)
    if number not in SCHEMES:
        raise OpacityTableError(f"scheme = {number}: must be one of {', '.join(map(str, SCHEMES))}")
    species = SCHEMES[number]
    _check(table, species, scattering)
    floored = dict.fromkeys(OPACITIES[1:], 0)

    def fill(file: Any) -> None:
        sizes = _sizes(table, len(species))
        _write_axes(file, table, sizes, created or dt.datetime.now())
        _write_opacities(file, table, species, sizes, scattering, floored)
        if table.kernels is not None:
            _write_kernels(file, table, species, sizes)
        set_attributes(
            file, {**table.attributes, **LAYOUT, "format_version": FORMAT_VERSION, "species": species}
        )
        for name, count in floored.items():
            file.attrs[f"floored_{name}"] = count

    return NulibFile(write_atomically(path, fill), number, floored)


def _check(table: OpacityTable, species: tuple[str, ...], scattering: str) -> None:
    """Refuse what the layout cannot hold, before anything is written."""
    if scattering not in SCATTERING_NAMES:
        raise OpacityTableError(f"scattering = '{scattering}': must be one of {', '.join(SCATTERING_NAMES)}")
    if scattering == "total" and table.delta is None:
        raise OpacityTableError("scattering = 'total': the table has no anisotropy (delta)")
    have = {flavor for name in table.species for flavor in GROUPS[name]}
    missing = [flavor for name in species for flavor in GROUPS[name] if flavor not in have]
    if missing:
        raise OpacityTableError(f"species {', '.join(species)}: the table has no {', '.join(missing)}")
    check_uniform("density", table.density, logarithmic=True)
    check_uniform("temperature", table.temperature, logarithmic=True)
    check_uniform("electron_fraction", table.electron_fraction, logarithmic=False)
    if table.kernels is not None:
        check_uniform("kernels: temperature", table.kernels.temperature, logarithmic=True)
        check_uniform("kernels: degeneracy", table.kernels.degeneracy, logarithmic=True)


def _sizes(table: OpacityTable, n_species: int) -> Sizes:
    _, n_fractions, n_temperatures, n_densities, n_groups = table.shape
    states = (table.kernels.temperature.size, table.kernels.degeneracy.size) if table.kernels else ()
    return Sizes(n_groups, n_species, n_fractions, n_temperatures, n_densities, *states)


def _write_axes(file: Any, table: OpacityTable, sizes: Sizes, created: dt.datetime) -> None:
    for name, size in sizes.integers.items():
        _dataset(file, name, data=np.array([size], dtype=np.int32))
    since = created - created.replace(hour=0, minute=0, second=0, microsecond=0)
    stamp = float(created.strftime("%Y%m%d")) + since / dt.timedelta(days=1)
    _dataset(file, "timestamp", data=np.array([stamp]))
    rows = {
        "neutrino_energies": table.energy,
        "bin_widths": table.energy_width,
        "bin_bottom": table.energy_edges[:-1],
        "bin_top": table.energy_edges[1:],
        "rho_points": table.density,
        "temp_points": table.temperature,
        "ye_points": table.electron_fraction,
    }
    if table.kernels is not None:
        rows |= {"temp_Ipoints": table.kernels.temperature, "eta_Ipoints": table.kernels.degeneracy}
    for name, values in rows.items():
        _dataset(file, name, data=np.asarray(values, dtype=np.float64))


def _write_opacities(
    file: Any,
    table: OpacityTable,
    species: tuple[str, ...],
    sizes: Sizes,
    scattering: str,
    floored: dict[str, int],
) -> None:
    """Write one electron fraction at a time; `floored` counts."""
    names = (*OPACITIES, "scattering_delta") if scattering == "total" else OPACITIES
    for name in names:
        _dataset(file, name, shape=sizes.opacity)
    file["scattering_opacity"].attrs["long_name"] = SCATTERING_NAMES[scattering]
    power = np.array([CODATA.erg_per_mev * multiplicity(name) for name in species])[:, None, None, None]
    for y in range(table.electron_fraction.size):
        slabs = {role: _slab(table, role, y) for role in table.roles}
        emitted, absorbed = (grouped(slabs[role], table.species, species) for role in ROLES[:2])
        values = {"emissivities": emitted * power, "absorption_opacity": absorbed}
        transport = grouped(slabs["scattering"], table.species, species)
        if scattering == "total":
            every = slabs["scattering"] / (1.0 - slabs["delta"] / 3.0)
            total = grouped(every, table.species, species)
            ratio = np.divide(transport, total, out=np.ones_like(total), where=total > 0.0)
            values |= {"scattering_opacity": total, "scattering_delta": 3.0 * (1.0 - ratio)}
        else:
            values["scattering_opacity"] = transport
        for name in OPACITIES[1:]:
            low = values[name] < FLOOR
            floored[name] += int(low.sum())
            values[name][low] = FLOOR
        for name, slab in values.items():
            # (species, T, density, energy) to (energy, species, T, density)
            file[name][:, :, y] = np.moveaxis(slab, -1, 0)


def _slab(table: OpacityTable, role: str, y: int) -> Array:
    """All species at one electron fraction, (species, T, density, energy), checked."""
    array = getattr(table, role)
    slab = np.stack([np.asarray(array[s, y], dtype=np.float64) for s in range(len(table.species))])
    bad = ~(np.isfinite(slab) & (slab < 3.0 if role == "delta" else slab >= 0.0))
    if bad.any():
        s, t, d, e = (int(index[0]) for index in np.nonzero(bad))
        raise OpacityTableError(
            f"'{role}' is {slab[s, t, d, e]:g} at {table.where(s, y, t, d, e)}; must be finite and "
            f"{'below 3' if role == 'delta' else '>= 0'}"
        )
    return slab


def _write_kernels(file: Any, table: OpacityTable, species: tuple[str, ...], sizes: Sizes) -> None:
    """Write the kernels of one species after the other."""
    kernels = table.kernels
    assert kernels is not None
    total = (table.energy[:, None] + table.energy)[:, :, None, None]
    for role in kernels.roles:
        kind, _, moment = role.partition("_")
        scatters = kind == "scattering"
        name = (SCATTERING if scatters else PAIRS)[int(moment)]
        dataset = _dataset(file, name, shape=sizes.scattering_kernel if scatters else sizes.pair_kernel)
        for s, group in enumerate(species):
            # (T, degeneracy, energy, other) to (other, energy, degeneracy, T)
            values = _kernel(table, getattr(kernels, role), role, group).transpose(3, 2, 1, 0)
            if scatters:
                dataset[:, s] = values
            else:
                dataset[PRODUCTION, :, s] = values * np.exp(-total / kernels.temperature)
                dataset[ANNIHILATION, :, s] = values


def _kernel(table: OpacityTable, array: Any, role: str, group: str) -> Array:
    """Mean over the members of a group, (T, degeneracy, energy, other), checked."""
    rows = [row for row in table.species if set(GROUPS[row]) & set(GROUPS[group])]
    values = np.stack([np.asarray(array[table.species.index(row)], dtype=np.float64) for row in rows])
    bad = ~np.isfinite(values)
    if bad.any():
        s, t, d, e, other = (int(index[0]) for index in np.nonzero(bad))
        raise OpacityTableError(
            f"kernels: '{role}' is {values[s, t, d, e, other]:g} for {rows[s]} at index {(t, d, e, other)} of "
            "(temperature, degeneracy, energy, other energy); must be finite"
        )
    return grouped(values, rows, [group])[0]


def _dataset(file: Any, name: str, **options: Any) -> Any:
    """Make a plain dataset: no chunks and no compression, which not every reader's HDF5 can undo."""
    if "shape" in options:
        options["dtype"] = np.float64
    dataset = file.create_dataset(name, track_times=False, **options)
    dataset.attrs["units"] = UNITS.get(name, "1")
    if name in LONG_NAMES:
        dataset.attrs["long_name"] = LONG_NAMES[name]
    return dataset
