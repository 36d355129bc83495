"""A result file back to an equal Result."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np

from snsim.errors import ResultFileError
from snsim.output.writer import CONVENTIONS, FORMAT_VERSION, GENERATED, RESERVED
from snsim.result import Result
from snsim.variable import Variable

RESULT_FILE = "result.h5"
PARTIAL_FILE = "result.partial.h5"  # the last iterate of a solver that stopped short


def read_result(path: str | Path) -> Result:
    """Read a result file, or the `result.h5` of a directory.

    Parameters
    ----------
    path : str or Path
        File or directory.

    Returns
    -------
    Result
        Equal to the one that was written.

    Raises
    ------
    ResultFileError
        No such file, cut off, or not written by this package.
    """
    with _opened(path) as file:
        groups: dict[str, dict[str, Variable]] = {}
        _collect(file, "", groups)
        attributes = {name: _words(file[name].attrs) for name in groups if _words(file[name].attrs)}
        provenance = _provenance(file)
    config_toml = provenance.pop("config_toml", "")
    return Result(groups, config_toml, provenance, attributes)


def read_provenance(path: str | Path) -> dict[str, str]:
    """Read only how a result came about; `config_toml` included.

    Parameters
    ----------
    path : str or Path
        File or directory.

    Raises
    ------
    ResultFileError
        As `read_result`.
    """
    with _opened(path) as file:
        return _provenance(file)


def result_path(path: str | Path) -> Path:
    """Return the result file that a path means: itself, or the one in the directory."""
    path = Path(path)
    return path / RESULT_FILE if path.is_dir() else path


@contextmanager
def _opened(path: str | Path) -> Iterator[h5py.File]:
    """Open a file of ours; whatever is wrong with it becomes one sentence."""
    path = result_path(path)
    if not path.is_file():
        partial = path.with_name(PARTIAL_FILE)
        left = (
            f"; the last run stopped short and left {partial}, which can be read"
            if partial.is_file()
            else "; snsim run makes one"
        )
        raise ResultFileError(f"{path}: no such result file{left}.")
    try:
        with h5py.File(path, "r") as file:
            _check_ours(file, path)
            yield file
    except ResultFileError:
        raise
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        raise ResultFileError(
            f"{path}: no HDF5 file, or cut off or damaged ({_first_words(error)})."
        ) from None


def _check_ours(file: h5py.File, path: Path) -> None:
    if file.attrs.get("Conventions") != CONVENTIONS:
        raise ResultFileError(
            f"{path}: an HDF5 file, but no result of snsim (its Conventions are not '{CONVENTIONS}')."
        )
    version = int(file.attrs.get("format_version", 0))
    if version > FORMAT_VERSION:
        raise ResultFileError(
            f"{path}: format version {version}, this snsim reads up to {FORMAT_VERSION}; update snsim."
        )


def _first_words(error: Exception) -> str:
    return str(error).strip("'\"").split("(", maxsplit=1)[0].strip() or type(error).__name__


def _collect(group: h5py.Group, name: str, groups: dict[str, dict[str, Variable]]) -> None:
    """Gather datasets of a group and of all below it."""
    datasets = {key: item for key, item in group.items() if isinstance(item, h5py.Dataset)}
    below = {key: item for key, item in group.items() if isinstance(item, h5py.Group)}
    if name and (datasets or not below):
        groups[name] = {
            key: _variable(key, dataset)
            for key, dataset in datasets.items()
            if GENERATED not in dataset.attrs
        }
    for key, item in below.items():
        if name or key != "provenance":
            _collect(item, f"{name}/{key}" if name else key, groups)


def _variable(name: str, dataset: h5py.Dataset) -> Variable:
    is_text = h5py.check_string_dtype(dataset.dtype) is not None
    values = np.asarray(dataset.asstr()[()] if is_text else dataset[()])
    if is_text:
        values = values.astype(np.str_)
    return Variable(
        _dimensions(name, dataset),
        values,
        str(dataset.attrs["units"]),
        str(dataset.attrs["long_name"]),
        _words(dataset.attrs),
    )


def _words(attributes: h5py.AttributeManager) -> dict[str, str]:
    return {key: str(value) for key, value in attributes.items() if key not in RESERVED}


def _dimensions(name: str, dataset: h5py.Dataset) -> tuple[str, ...]:
    if dataset.is_scale:
        return (name,)
    return tuple(dimension[0].name.rpartition("/")[2] for dimension in dataset.dims)


def _provenance(file: h5py.File) -> dict[str, str]:
    return {key: str(dataset.asstr()[()]) for key, dataset in file["provenance"].items()}
