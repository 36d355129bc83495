"""HDF5 for tables of opacities: opening, reading and atomic writing, with messages that name file and dataset."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from microphysics.eos.formats import hdf5
from microphysics.eos.table import EosTableError
from microphysics.errors import OpacityTableError

__all__ = ["open_hdf5", "plain", "read_dataset", "require", "set_attributes", "write_atomically"]

Array = NDArray[np.float64]


@contextmanager
def open_hdf5(path: str | Path) -> Iterator[Any]:
    """Open a file for reading.

    Raises
    ------
    OpacityTableError
        If there is no such file, or it is no complete HDF5 file.
    """
    with ExitStack() as stack:
        with _as_opacity_error():
            file = stack.enter_context(hdf5.open_hdf5(Path(path)))
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
    OpacityTableError
        If it is missing, has another shape, cannot be read in full, or is not finite somewhere.
    """
    with _as_opacity_error():
        return hdf5.read_dataset(file, name, where, shape=shape, finite=finite)


def require(file: Any, name: str, where: str, *, shape: tuple[int, ...] | None = None) -> Any:
    """Return a dataset without reading it.

    Parameters
    ----------
    file, name, where, shape
        As in `read_dataset`.

    Raises
    ------
    OpacityTableError
        If it is missing or has another shape.
    """
    if name not in file:
        raise OpacityTableError(f"{where}: dataset '{name}' is missing; there are {', '.join(sorted(file))}")
    dataset = file[name]
    found = getattr(dataset, "shape", None)
    if found is None or (shape is not None and found != shape):
        what = "is a group" if found is None else f"has shape {found}"
        hint = (
            "; its axes seem to stand in another order" if sorted(found or ()) == sorted(shape or ()) else ""
        )
        raise OpacityTableError(f"{where}: dataset '{name}' {what}, expected {shape or 'a dataset'}{hint}")
    return dataset


def write_atomically(path: str | Path, fill: Callable[[Any], None]) -> Path:
    """Write an HDF5 file that appears under its name only when it is complete.

    Parameters
    ----------
    path : str or Path
        Replaced if it exists.
    fill : callable
        Gets the open `h5py.File`.

    Raises
    ------
    OpacityTableError
        If the file cannot be written.
    """
    with _as_opacity_error():
        return hdf5.write_atomically(Path(path), fill)


def set_attributes(
    holder: Any, attributes: Mapping[str, Any], reserved: frozenset[str] = frozenset()
) -> None:
    """Write texts, numbers and lists of them as attributes of a file, group or dataset.

    Raises
    ------
    OpacityTableError
        If a name is reserved, or a value is of another kind or too long.
    """
    for name, value in attributes.items():
        if name in reserved:
            raise OpacityTableError(f"attribute '{name}': the name is reserved for the layout of the file")
        try:
            stored = np.asarray(list(value) if isinstance(value, tuple | set | frozenset) else value)
            if stored.dtype.kind not in "biufUS":
                raise TypeError(f"{type(value).__name__}")
            holder.attrs[name] = stored.astype(object) if stored.dtype.kind == "U" and stored.ndim else value
        except (TypeError, ValueError, OSError, RuntimeError) as error:
            raise OpacityTableError(
                f"attribute '{name}' cannot be stored ({error}); expected a text, a number or a list of them below 64 kB"
            ) from None


def plain(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes of a file as Python's texts, numbers and lists."""
    result: dict[str, Any] = {}
    for name, value in attributes.items():
        result[name] = value.tolist() if isinstance(value, np.ndarray | np.generic) else value
        if isinstance(result[name], bytes):
            result[name] = result[name].decode("utf-8", "replace")
    return result


@contextmanager
def _as_opacity_error() -> Iterator[None]:
    """Give errors of the shared reading and writing the name of this package's tables."""
    try:
        yield
    except EosTableError as error:
        raise OpacityTableError(str(error)) from None
