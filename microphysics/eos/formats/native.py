"""Tables of this package: HDF5 laid out as netCDF-4, with units, conventions and bounds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from microphysics.eos.formats.hdf5 import open_hdf5, read_dataset, write_atomically
from microphysics.eos.table import AXES, EosTable, EosTableError

__all__ = ["FORMAT_VERSION", "read_table", "write_table"]

FORMAT_VERSION = 1
MARK = "snsim_eos_table"
FIELD_UNITS = {
    "mass_fraction_neutron": "1",
    "mass_fraction_proton": "1",
    "mass_fraction_alpha": "1",
    "mass_fraction_heavy": "1",
    "mass_number_heavy": "1",
    "charge_number_heavy": "1",
    "radius_heavy": "fm",
    "chemical_potential_neutron": "MeV",
    "chemical_potential_proton": "MeV",
    "mean_field_neutron": "MeV",
    "mean_field_proton": "MeV",
    "pressure_baryon": "erg cm-3",
    "energy_baryon": "MeV",
    "entropy_baryon": "1",
    "heat_capacity_baryon": "1",
    "pressure_temperature_derivative_baryon": "erg cm-3 MeV-1",
    "pressure_density_derivative_baryon": "MeV",
    "phase": "1",
}
AXIS_UNITS = {"density": "g cm-3", "temperature": "MeV", "electron_fraction": "1"}
CONVENTIONS = {
    "mu_reference": "neutron_mass",
    "energy_reference": "neutron_mass, MeV per baryon",
    "entropy_units": "k_B per baryon",
    "contents": "baryons only; electrons, positrons and photons are added where the table is evaluated",
    "density_convention": "baryon number density times baryon_mass",
    "logarithmic_axes": "density, temperature (looked up in the logarithm; the datasets hold the numbers)",
}


def write_table(
    path: str | Path, table: EosTable, *, key: str = "", attributes: dict[str, Any] | None = None
) -> Path:
    """Write a table; the file appears only when it is complete.

    Parameters
    ----------
    path : str or Path
        Replaced if it exists.
    table : EosTable
    key : str
        Of the cache that it belongs to.
    attributes : dict, optional
        More root attributes: numbers, texts.

    Raises
    ------
    EosTableError
        If the file cannot be written.
    """

    def fill(file: Any) -> None:
        file.attrs[MARK] = FORMAT_VERSION
        file.attrs["title"] = table.name
        file.attrs["references"] = list(table.references)
        file.attrs["notes"] = list(table.notes)
        file.attrs["baryon_mass"] = table.baryon_mass
        file.attrs["key"] = key
        for name, text in {**CONVENTIONS, **(attributes or {})}.items():
            file.attrs[name] = text
        for name in AXES:
            axis = getattr(table, name)
            file.attrs[f"{name}_range"] = (axis[0], axis[-1])
            scale = file.create_dataset(name, data=axis, track_times=False, fletcher32=True)
            scale.attrs["units"] = AXIS_UNITS[name]
            scale.make_scale(name)
        for name, values in {"valid": table.valid.astype(np.int8), **table.fields}.items():
            dtype = np.int8 if name in ("phase", "valid") else np.float64
            dataset = file.create_dataset(
                name,
                data=np.asarray(values, dtype=dtype),
                track_times=False,
                chunks=True,
                fletcher32=True,  # a flipped bit is an error, not a state of matter
                compression="gzip",
                compression_opts=1,
                shuffle=True,
            )
            dataset.attrs["units"] = FIELD_UNITS.get(name, "1")
            for dimension, axis_name in enumerate(AXES):
                dataset.dims[dimension].attach_scale(file[axis_name])
        file.attrs["complete"] = True  # the last thing written

    return write_atomically(Path(path), fill)


def read_table(path: str | Path, *, key: str | None = None) -> EosTable:
    """Read a table that `write_table` wrote.

    Parameters
    ----------
    path : str or Path
    key : str, optional
        That the file must carry.

    Raises
    ------
    EosTableError
        If the file is damaged, incomplete, of another version, or has another key.
    """
    path = Path(path)
    with open_hdf5(path) as file:
        version = file.attrs.get(MARK)
        if version is None or int(version) != FORMAT_VERSION:
            raise EosTableError(
                f"{path}: attribute '{MARK}' is {version}, this version reads {FORMAT_VERSION}"
            )
        if not file.attrs.get("complete", False):
            raise EosTableError(f"{path}: not marked complete; it was written only in part")
        if key is not None and file.attrs.get("key") != key:
            raise EosTableError(f"{path}: made for other parameters, axes, constants or code")
        axes = {name: read_dataset(file, name, str(path)) for name in AXES}
        shape = tuple(axis.size for axis in axes.values())
        valid = read_dataset(file, "valid", str(path), shape=shape).astype(bool)
        fields: dict[str, Any] = {}
        for name in file:
            if name in AXES or name == "valid":
                continue
            values = read_dataset(file, name, str(path), shape=shape, finite=False)
            fields[name] = values.astype(np.int8) if name == "phase" else values
        return EosTable(
            **axes,
            baryon_mass=float(file.attrs["baryon_mass"]),
            fields=fields,
            valid=valid,
            name=str(file.attrs["title"]),
            references=tuple(str(text) for text in file.attrs["references"]),
            notes=tuple(str(text) for text in file.attrs["notes"]),
        )
