"""An efficiency in a text file, as papers print it beside their spectra."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from microphysics.errors import OutOfRangeError
from snsim.detection.response import TabulatedEfficiency
from snsim.detection.sources.file import lines_of


def read_efficiency(path: str | Path) -> TabulatedEfficiency:
    """Return the efficiency of a text file.

    Parameters
    ----------
    path : str or Path
        Two columns with a comma between them: what is measured, in the unit of the detector's threshold (keV of the recoil,
        keV electron-equivalent, or photoelectrons), rising, and the share of events that is kept, 0 to 1. The first line may
        have names; lines with # are not read.

    Raises
    ------
    FileNotFoundError
        Naming the file.
    OutOfRangeError
        Naming the file, for what is no such table.
    """
    rows: list[list[float]] = []
    for number, (line, text) in enumerate(lines_of(path)):
        words = text.split(",")
        if len(words) != 2:
            raise OutOfRangeError(
                f"{path}, line {line}: '{text}': expected two values with a comma between them, energy and efficiency"
            )
        try:
            rows.append([float(word) for word in words])
        except ValueError:
            if number > 0:  # the first line has names
                raise OutOfRangeError(
                    f"{path}, line {line}: '{text}' has something that is no number"
                ) from None
    if len(rows) < 2:
        raise OutOfRangeError(f"{path}: has {len(rows)} rows of numbers, expected at least two")
    energy, value = np.array(rows).T
    if not (np.isfinite(energy).all() and np.isfinite(value).all()):
        raise OutOfRangeError(f"{path}: all values must be finite numbers")
    if energy[0] < 0.0:
        raise OutOfRangeError(f"{path}: the first energy is {energy[0]:g}: must not be negative")
    try:
        return TabulatedEfficiency(energy, value)
    except OutOfRangeError as error:
        raise OutOfRangeError(f"{path}: {error}") from None
