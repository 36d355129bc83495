"""Read a user's table: named columns separated by commas, comments after #."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from microphysics.errors import MicrophysicsError


def read_rows(path: Path | str, names: Sequence[str]) -> list[dict[str, str]]:
    """Return the rows of a file whose first line names its columns.

    Parameters
    ----------
    path : path
        Text file.
    names : sequence of str
        Columns that must be there.

    Raises
    ------
    MicrophysicsError
        If the file cannot be read, lacks a column, or holds no row.
    """
    try:
        lines = [line for line in Path(path).read_text().splitlines() if line.split("#")[0].strip()]
    except OSError as error:
        raise MicrophysicsError(f"{path}: {error.strerror}") from error
    rows = [
        {name.strip(): (value or "").strip() for name, value in row.items() if name is not None}
        for row in csv.DictReader((line.split("#")[0] for line in lines), skipinitialspace=True)
    ]
    if not rows:
        raise MicrophysicsError(f"{path}: no rows under a line of column names")
    missing = [name for name in names if name not in rows[0]]
    if missing:
        raise MicrophysicsError(f"{path}: column {missing[0]} is missing; there are {', '.join(rows[0])}")
    return rows


def read_numbers(path: Path | str, names: Sequence[str]) -> tuple[NDArray[np.float64], ...]:
    """Return columns of numbers by name, each of shape (row,); errors as in `read_rows` and for what is no number."""
    rows = read_rows(path, names)
    return tuple(np.array([to_number(path, name, row[name]) for row in rows]) for name in names)


def to_number(path: Path | str, name: str, text: str) -> float:
    """Return a finite number from a field of column `name`."""
    try:
        value = float(text)
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        raise MicrophysicsError(f"{path}: '{text}' in column {name} is no finite number")
    return value
