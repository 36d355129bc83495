"""A flux in a text file: atmospheric neutrinos, a reactor's own table, anything."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np

from microphysics.errors import OutOfRangeError
from microphysics.matter import FLAVORS
from snsim.detection.sources.flux import Flux, tabulated

ENERGY = "E_MeV"


def lines_of(path: str | Path) -> list[tuple[int, str]]:
    """Return the lines of a text with their numbers, without empty ones and those with #.

    Raises
    ------
    FileNotFoundError
        Naming the file.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise FileNotFoundError(f"{path}: no such file") from None
    return [
        (number, line) for number, line in enumerate(lines, 1) if line.strip() and not line.startswith("#")
    ]


def read_flux(path: str | Path, **options: Any) -> Flux:
    """Return the flux of a text file.

    Parameters
    ----------
    path : str or Path
        Columns with commas between them, their names in the first line: ``E_MeV`` and one for each flavour (nue, anue, numu,
        anumu, nutau, anutau), in 1/(cm^2 s MeV), or 1/(cm^2 MeV) with ``per_time=False``. Lines with # are not
        read.
    **options
        As of `tabulated`: ``per_time``, ``name``, ``reference``, ``valid_from``, ``distance``.

    Raises
    ------
    FileNotFoundError
        Naming the file.
    OutOfRangeError
        For wrong columns, or what is no number, naming file and line.
    """
    kept = lines_of(path)
    rows = list(csv.reader(line for _, line in kept))
    if not rows:
        raise OutOfRangeError(f"{path}: is empty")
    names = [name.strip() for name in rows[0]]
    if ENERGY not in names or not 1 < len(names) == len({*names} & {ENERGY, *FLAVORS}):
        raise OutOfRangeError(
            f"{path}: has the columns {', '.join(names)}; expected {ENERGY} and some of {', '.join(FLAVORS)}, each once"
        )
    values = []
    for (number, line), row in zip(kept[1:], rows[1:], strict=True):
        try:
            values.append([float(word) for word in row])
        except ValueError:
            raise OutOfRangeError(
                f"{path}, line {number}: '{line}' has something that is no number"
            ) from None
        if len(row) != len(names):
            raise OutOfRangeError(f"{path}, line {number}: {len(row)} values, expected {len(names)}")
    if len(values) < 2:
        raise OutOfRangeError(f"{path}: has {len(values)} rows of numbers, expected at least two")
    columns = dict(zip(names, np.array(values).T, strict=True))
    energy = columns.pop(ENERGY)
    return tabulated(energy, columns, **{"name": Path(path).stem, **options})
