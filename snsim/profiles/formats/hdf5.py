"""One-dimensional data sets of any HDF5 file as the columns of a table."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np

from snsim.errors import ProfileError
from snsim.profiles.formats.text import ArrayTable

_SIGNATURE = b"\x89HDF\r\n\x1a\n"


def is_hdf5(path: Path) -> bool:
    """Whether a file is one of HDF5, by its first bytes."""
    try:
        with path.open("rb") as file:
            return file.read(len(_SIGNATURE)) == _SIGNATURE
    except OSError:
        return False


def read_hdf5(path: Path) -> ArrayTable:
    """Read all numeric data sets with one axis, of length above 1, by their full names.

    Axes of length 1 are dropped, as FLASH and CHIMERA write them for the other two directions.

    Raises
    ------
    ProfileError
        If the file is damaged, or there is no such data set.
    """
    found: dict[str, np.ndarray] = {}

    def take(name: str, item: h5py.Dataset | h5py.Group) -> None:
        """Keep a data set of numbers with one axis."""
        if isinstance(item, h5py.Dataset) and item.dtype.kind in "fiu":
            if sum(size > 1 for size in item.shape) == 1:
                found[name] = np.squeeze(np.asarray(item[()], dtype=np.float64))

    try:
        with h5py.File(path, "r") as file:
            file.visititems(take)
    except (OSError, RuntimeError) as error:
        raise ProfileError(f"{path}: no HDF5 file, or cut off or damaged ({error})") from None
    if not found:
        raise ProfileError(f"{path}: no one-dimensional data sets of numbers")
    return ArrayTable(path, found)
