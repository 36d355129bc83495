"""The tables beside this package: see data/README.md."""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray


@cache
def table(name: str) -> MappingProxyType[str, NDArray[Any]]:
    """Columns of data/`name`.csv: floats where they parse, strings elsewhere."""
    text = (resources.files("snsim.verification") / "data" / f"{name}.csv").read_text(encoding="utf-8")
    rows = list(csv.reader(line for line in text.splitlines() if not line.startswith("#")))
    columns: dict[str, NDArray[Any]] = {}
    for column, values in zip(rows[0], zip(*rows[1:], strict=True), strict=True):
        try:
            columns[column] = np.array([float(value) for value in values])
        except ValueError:
            columns[column] = np.array(values)
    return MappingProxyType(columns)


def select(name: str, **keys: float | str) -> dict[str, NDArray[Any]]:
    """Rows of a table in which the columns have these values."""
    columns = table(name)
    first = next(iter(columns.values()))
    chosen = np.ones(first.size, dtype=bool)
    for column, value in keys.items():
        chosen &= columns[column] == value
    if not chosen.any():
        raise KeyError(f"data/{name}.csv has no rows with {keys}")
    return {column: values[chosen] for column, values in columns.items()}
