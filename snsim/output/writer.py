"""A Result to an HDF5 file that xarray opens with labels and units (netCDF-4 dimension scales)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from snsim import __version__
from snsim.errors import ResultFileError
from snsim.result import Result, is_coordinate, with_coordinates
from snsim.series import HISTORY, TIME
from snsim.variable import Variable

CONVENTIONS = "snsim-1"
FORMAT_VERSION = 1
GENERATED = "generated"  # attribute of coordinates that stand in the file only for other readers
RESERVED = frozenset(
    {
        "units",
        "long_name",
        "coordinates",
        GENERATED,
        "CLASS",
        "NAME",
        "DIMENSION_LIST",
        "REFERENCE_LIST",
        "_FillValue",
    }
)
_COMPRESS_FROM = 64 * 1024  # bytes
SERIES_CHUNK = 256  # numbers along time
_TEXT = h5py.string_dtype("utf-8")


def check_writable(directory: str | Path) -> Path:
    """Make sure that a result can be written, before anything is computed.

    Parameters
    ----------
    directory : str or Path
        Made if it does not exist.

    Returns
    -------
    Path
        The directory.

    Raises
    ------
    ResultFileError
        If it cannot be made or written to.
    """
    directory = Path(directory)
    probe = directory / f".snsim-{os.getpid()}.tmp"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ResultFileError(
            f"{directory}: results cannot be written there ({reason(error)}); choose another with --output."
        ) from None
    return directory


def write_result(result: Result, path: str | Path) -> Path:
    """Write a result; the file appears only when it is complete.

    Parameters
    ----------
    result : Result
        Anything; equal results give equal data groups.
    path : str or Path
        Of the file; replaced if it exists.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ResultFileError
        If the file cannot be written.
    ValueError
        If dimensions of a group contradict each other, or an attribute has a reserved name.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with h5py.File(temporary, "w") as file:
            write_root(file, result)
            for name in result.groups:
                variables = with_coordinates(result, name)
                own, grows = set(result.groups[name]), HISTORY in result.groups
                write_group(file.create_group(name), variables, own, grows)
                file[name].attrs.update(result.attributes.get(name, {}))
            write_provenance(file.create_group("provenance"), result)
        os.replace(temporary, path)
    except OSError as error:
        raise ResultFileError(f"{path}: cannot be written ({reason(error)}).") from None
    finally:
        if temporary.exists():
            temporary.unlink()
    return path


def reason(error: OSError) -> str:
    """Say what the system refused; h5py's own text is long."""
    return os.strerror(error.errno) if error.errno else str(error)


def write_root(file: h5py.File, result: Result) -> None:
    """Write what a file says about itself."""
    file.attrs["Conventions"] = CONVENTIONS
    file.attrs["format_version"] = FORMAT_VERSION
    file.attrs["title"] = result.provenance.get("title", "")
    file.attrs["history"] = f"written by snsim {__version__}"


def write_group(
    group: h5py.Group, variables: Mapping[str, Variable], own: set[str], grows: bool = False
) -> None:
    """Write variables and their dimensions; `time` is unlimited in a group that grows."""
    sizes = _sizes(variables, group.name)
    scales = {}
    for dimension, size in sizes.items():
        coordinate = variables.get(dimension)
        if coordinate is None:
            index = Variable((dimension,), np.arange(size, dtype=np.int64), "1", f"index along {dimension}")
            scales[dimension] = write_variable(group, dimension, index, generated=True)
        else:
            scales[dimension] = write_variable(
                group, dimension, coordinate, generated=dimension not in own, grows=grows
            )
        scales[dimension].make_scale(dimension)
    for name, variable in variables.items():
        if name not in scales:
            dataset = write_variable(group, name, variable, generated=name not in own, grows=grows)
            attach_scales(group, dataset, variable.dims)
            along = [
                other
                for other, candidate in variables.items()
                if other not in scales
                and other != name
                and is_coordinate(other, candidate)
                and candidate.dims[0] in variable.dims
            ]
            if along and not is_coordinate(name, variable):
                dataset.attrs["coordinates"] = " ".join(along)


def attach_scales(group: h5py.Group, dataset: h5py.Dataset, dims: tuple[str, ...]) -> None:
    """Give the axes of a dataset the dimensions of its group."""
    for axis, dimension in enumerate(dims):
        dataset.dims[axis].attach_scale(group[dimension])


def _sizes(variables: Mapping[str, Variable], where: str) -> dict[str, int]:
    """Length of every dimension; refuses what no file can hold."""
    sizes: dict[str, int] = {}
    for name, variable in variables.items():
        for dimension, size in zip(variable.dims, variable.values.shape, strict=True):
            if sizes.setdefault(dimension, size) != size:
                raise ValueError(
                    f"{where}/{name}: {size} points along '{dimension}', {sizes[dimension]} elsewhere"
                )
    for name in sizes:
        if name in variables and variables[name].dims != (name,):
            raise ValueError(
                f"{where}/{name}: named like a dimension, but has dimensions {variables[name].dims}"
            )
    return sizes


def write_variable(
    group: h5py.Group, name: str, variable: Variable, *, generated: bool = False, grows: bool = False
) -> h5py.Dataset:
    """Write one variable; along `time` it is unlimited where the file grows."""
    values = variable.values
    options: dict[str, Any] = {}
    if grows and variable.dims[:1] == (TIME,):
        options = {
            "maxshape": (None, *values.shape[1:]),
            "chunks": _chunks(values.shape),
            "fillvalue": _fill(values),
        }
    if values.nbytes > _COMPRESS_FROM and values.ndim:
        options |= {"compression": "gzip", "compression_opts": 4, "shuffle": True}
    if values.dtype.kind in "UO":
        dataset = group.create_dataset(
            name, data=values.astype(object), dtype=_TEXT, track_times=False, **options
        )
    else:
        dataset = group.create_dataset(name, data=values, track_times=False, **options)
    dataset.attrs["units"] = variable.unit
    dataset.attrs["long_name"] = variable.long_name
    for key, text in variable.attributes.items():
        if key in RESERVED:
            raise ValueError(f"{group.name}/{name}: the attribute name '{key}' is reserved")
        dataset.attrs[key] = text
    if generated:
        dataset.attrs[GENERATED] = "coordinate for other readers"
    return dataset


def _chunks(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Chunks of a variable that grows along time: a profile each, or many numbers."""
    return (1, *(max(size, 1) for size in shape[1:])) if len(shape) > 1 else (SERIES_CHUNK,)


def _fill(values: np.ndarray[Any, Any]) -> Any:
    """Return what stands where nothing was written: NaN, the only sentinel, where there is one."""
    return np.nan if values.dtype.kind == "f" else None


def write_provenance(group: h5py.Group, result: Result) -> None:
    """Write how a result came about, and its run file."""
    for name, text in {**result.provenance, "config_toml": result.config_toml}.items():
        dataset = group.create_dataset(name, data=text, dtype=_TEXT, track_times=False)
        dataset.attrs["units"] = "1"
        dataset.attrs["long_name"] = name.replace("_", " ")
