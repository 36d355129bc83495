"""A result file back to an equal Result."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np

from snsim.errors import ResultFileError
from snsim.output.writer import CONVENTIONS, FORMAT_VERSION, GENERATED, RESERVED
from snsim.result import Result
from snsim.variable import Variable

Wanted = Callable[[str, tuple[int, ...]], bool]
RESULT_FILE = "result.h5"
PARTIAL_FILE = "result.partial.h5"  # the last iterate of a solver that stopped short
CHECKPOINT_FILE = "evolution.checkpoint.h5"  # where an evolution that was stopped goes on


def read_result(path: str | Path, wanted: Wanted = lambda name, shape: True) -> Result:
    """Read a result file, or the `result.h5` of a directory.

    Parameters
    ----------
    path : str or Path
        File or directory.
    wanted : callable
        Of "group/variable" and its shape: whether it is read.

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
        _collect(file, "", groups, wanted, {})
        attributes = {name: words for name in groups if (words := _words(file[name].attrs))}
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
    if version < 1:
        raise ResultFileError(
            f"{path}: format version {version}, which no snsim has written, as they begin with 1; is the file damaged?"
        )
    if version > FORMAT_VERSION:
        raise ResultFileError(
            f"{path}: format version {version}, this snsim reads up to {FORMAT_VERSION}; update snsim."
        )


def _first_words(error: Exception) -> str:
    return str(error).strip("'\"").split("(", maxsplit=1)[0].strip() or type(error).__name__


# Names of scales by the scale: HDF5 searches the file for each, longer than it reads most numbers.
_Scales = dict[h5py.Dataset, str]


def _collect(
    group: h5py.Group, name: str, groups: dict[str, dict[str, Variable]], wanted: Wanted, scales: _Scales
) -> None:
    """Gather datasets of a group and of all below it."""
    members = dict(group.items())
    datasets = {key: item for key, item in members.items() if isinstance(item, h5py.Dataset)}
    below = {key: item for key, item in members.items() if isinstance(item, h5py.Group)}
    if name and (datasets or not below):
        groups[name] = {
            key: _variable(key, dataset, scales)
            for key, dataset in datasets.items()
            if wanted(f"{name}/{key}", dataset.shape) and GENERATED not in dataset.attrs
        }
    for key, item in below.items():
        if name or key != "provenance":
            _collect(item, f"{name}/{key}" if name else key, groups, wanted, scales)


def _variable(name: str, dataset: h5py.Dataset, scales: _Scales) -> Variable:
    is_text = h5py.check_string_dtype(dataset.dtype) is not None
    values = np.asarray(dataset.asstr()[()] if is_text else dataset[()])
    if is_text:
        values = values.astype(np.str_)
    return Variable(
        _dimensions(name, dataset, scales),
        values,
        str(dataset.attrs["units"]),
        str(dataset.attrs["long_name"]),
        _words(dataset.attrs),
    )


def _words(attributes: h5py.AttributeManager) -> dict[str, str]:
    """Return attributes that are not reserved; `items` would read the lists of references too."""
    return {key: str(attributes[key]) for key in attributes if key not in RESERVED}


def _dimensions(name: str, dataset: h5py.Dataset, scales: _Scales) -> tuple[str, ...]:
    if not dataset.shape:
        return ()
    if dataset.is_scale:
        return (name,)
    found = [dimension[0] for dimension in dataset.dims]
    for scale in found:
        if scale not in scales:
            scales[scale] = scale.name.rpartition("/")[2]
    return tuple(scales[scale] for scale in found)


def _provenance(file: h5py.File) -> dict[str, str]:
    return {key: str(dataset.asstr()[()]) for key, dataset in file["provenance"].items()}
