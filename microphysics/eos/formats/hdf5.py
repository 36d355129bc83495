"""HDF5 for tables: opening, reading and atomic writing with messages that name the dataset."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from microphysics.eos.formats.totals import require_finite
from microphysics.eos.table import EosTableError

__all__ = ["open_hdf5", "read_dataset", "write_atomically"]

Array = NDArray[np.float64]


@contextmanager
def open_hdf5(path: Path) -> Iterator[Any]:
    """Open a file for reading.

    Raises
    ------
    EosTableError
        If there is no such file, or it is no complete HDF5 file.
    """
    import h5py

    if not path.is_file():
        raise EosTableError(f"{path}: there is no such file")
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise EosTableError(
            f"{path}: cannot be opened as HDF5; it is truncated, damaged or of another format ({error})"
        ) from None
    with file:
        yield file


def read_dataset(
    file: Any, name: str, where: str, *, shape: tuple[int, ...] | None = None, finite: bool = True
) -> Array:
    """Read one dataset as float64.

    Parameters
    ----------
    file : h5py.File or h5py.Group
        Open.
    name : str
        Of the dataset.
    where : str
        The file, for messages.
    shape : tuple of int, optional
        Expected.
    finite : bool
        Refuse NaN and infinity.

    Raises
    ------
    EosTableError
        If it is missing, has another shape, cannot be read in full, or is not finite somewhere.
    """
    if name not in file:
        raise EosTableError(f"{where}: dataset '{name}' is missing; there are {', '.join(sorted(file))}")
    dataset = file[name]
    if shape is not None and dataset.shape != shape:
        hint = "; its axes seem to stand in another order" if sorted(dataset.shape) == sorted(shape) else ""
        raise EosTableError(f"{where}: dataset '{name}' has shape {dataset.shape}, expected {shape}{hint}")
    try:
        values = np.asarray(dataset[()], dtype=np.float64)
    except (OSError, TypeError, ValueError) as error:
        raise EosTableError(f"{where}: dataset '{name}' cannot be read ({error})") from None
    if finite:
        require_finite(name, values, where)
    return values


def write_atomically(path: Path, fill: Callable[[Any], None]) -> Path:
    """Write an HDF5 file that appears under its name only when it is complete.

    Parameters
    ----------
    path : Path
        Replaced if it exists.
    fill : callable
        Gets the open `h5py.File`.

    Raises
    ------
    EosTableError
        If the file cannot be written.
    """
    import h5py

    temporary = path.with_name(f".{path.name}.{os.getpid()}-{uuid.uuid4().hex[:8]}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with h5py.File(temporary, "w") as file:
            fill(file)
            file.flush()
        with temporary.open("rb") as written:
            os.fsync(written.fileno())  # the name must never stand for blocks that are not on the disk yet
        os.replace(temporary, path)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise EosTableError(f"{path}: cannot be written ({reason})") from None
    finally:
        with suppress(OSError):
            temporary.unlink()
    return path
