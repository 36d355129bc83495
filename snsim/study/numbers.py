"""The numbers of one result that a study collects: every scalar, every number of a species, and arrays asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snsim.result import IN_TIME, Result
from snsim.variable import Variable

SPECIES = "species"
_LEFT_OUT = ("opacity",)  # groups
_MOST_SPECIES = 9

Name = tuple[str, str]  # group, variable


@dataclass(frozen=True)
class Label:
    """What a number is, without its value.

    Attributes
    ----------
    dims : tuple of str
        Within one result.
    unit, long_name : str
    attributes : tuple of (str, str)
    species : tuple of str
        Along the dimension of that name; empty without.
    """

    dims: tuple[str, ...]
    unit: str
    long_name: str
    attributes: tuple[tuple[str, str], ...]
    species: tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """What a study keeps of one result.

    Attributes
    ----------
    values : mapping of (group, variable) to ndarray
        float64.
    labels : mapping of (group, variable) to Label
    """

    values: Mapping[Name, NDArray[np.float64]]
    labels: Mapping[Name, Label]


def numbers(result: Result, arrays: Sequence[str] = ()) -> Row:
    """Return the numbers of a result.

    Parameters
    ----------
    result : Result
        Of one star; of an evolution or a sequence its last time counts.
    arrays : sequence of str
        Variables to be kept whole, such as "profile/density".
    """
    values: dict[Name, NDArray[np.float64]] = {}
    labels: dict[Name, Label] = {}
    for group, variables in result.groups.items():
        if group in _LEFT_OUT and not any(name.startswith(f"{group}/") for name in arrays):
            continue
        for key, variable in variables.items():
            kept = variable if f"{group}/{key}" in arrays else _number(group, key, variable)
            if kept is None or kept.values.dtype.kind not in "fiub":
                continue
            values[group, key] = np.asarray(kept.values, dtype=np.float64)
            labels[group, key] = Label(
                kept.dims,
                kept.unit,
                kept.long_name,
                tuple(kept.attributes.items()),
                _species(result, group, kept) if SPECIES in kept.dims else (),
            )
    return Row(values, labels)


def _species(result: Result, group: str, variable: Variable) -> tuple[str, ...]:
    """Return the names along the species of a variable: of its own group or, of this length, of another."""
    size = variable.values.shape[variable.dims.index(SPECIES)]
    for each in (result.groups[group], *result.groups.values()):
        if SPECIES in each and each[SPECIES].values.size == size:
            return tuple(str(name) for name in each[SPECIES].values)
    return tuple(str(index) for index in range(size))


def _number(group: str, key: str, variable: Variable) -> Variable | None:
    """Return a scalar, or the numbers of the species: at the last time, of the transport's profiles far out."""
    values, dims = variable.values, variable.dims
    if group in IN_TIME and dims[:1] == ("time",) and key != "time":
        values, dims = values[-1], dims[1:]
    if group == "transport" and dims in ((SPECIES, "interface"),) and key == "luminosity_infinity":
        values, dims = values[:, -1], dims[:1]
    if group in _LEFT_OUT or dims not in ((), (SPECIES,)):
        return None
    return Variable(dims, values, variable.unit, variable.long_name, variable.attributes)


def interned(row: Row, known: dict[Any, Mapping[Name, Label]]) -> Row:
    """Return a row that shares its labels with an equal one seen before."""
    key = tuple(row.labels.items())
    return Row(row.values, known.setdefault(key, row.labels))


def is_number(name: str, shape: tuple[int, ...], arrays: Sequence[str] = ()) -> bool:
    """Whether a variable of a file can be one that `numbers` keeps, or a coordinate of it."""
    group, _, key = name.rpartition("/")
    return (
        name in arrays
        or group in IN_TIME
        or (group not in _LEFT_OUT and (len(shape) == 0 or (len(shape) == 1 and shape[0] <= _MOST_SPECIES)))
        or (group, key) == ("transport", "luminosity_infinity")
    )
