"""Rows of CompOSE's text files as arrays, with messages that name the row."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from microphysics.eos.table import EosTableError

__all__ = ["read_axis", "read_rows", "row_numbers"]

Array = NDArray[np.float64]

_ROWS_AT_ONCE = 50_000  # bounds the memory that the words of a big file take


def read_axis(path: Path) -> tuple[int, Array]:
    """First index and values of ``eos.nb``, ``eos.t`` or ``eos.yq``.

    Raises
    ------
    EosTableError
        If the file is missing or does not hold as many numbers as its first two lines say.
    """
    words = _words_of(path)
    try:
        first, last = int(words[0]), int(words[1])
        values = np.array(words[2:], dtype=np.float64)
    except (IndexError, ValueError):
        raise EosTableError(
            f"{path}: expected first index, last index and grid values, got {words[:3]}"
        ) from None
    if values.size != last - first + 1:
        raise EosTableError(
            f"{path}: holds {values.size} values, its indices {first} to {last} say {last - first + 1}; "
            "the file is truncated or its header wrong"
        )
    if not np.isfinite(values).all():
        i = int(np.argmin(np.isfinite(values)))
        raise EosTableError(f"{path}: value {i + first} is {values[i]}")
    return first, values


def _words_of(path: Path) -> list[str]:
    if not path.is_file():
        raise EosTableError(
            f"{path}: there is no such file; a CompOSE folder has eos.nb, eos.t, eos.yq, eos.thermo"
        )
    return path.read_text().split()


def read_rows(path: Path, *, skip: int = 0) -> Iterator[tuple[int, list[int], Array]]:
    """Pieces of a file with rows of any lengths.

    Parameters
    ----------
    path : Path
    skip : int
        Lines before the first row.

    Yields
    ------
    first : int
        Line number of the first row.
    lengths : list of int
        Numbers in each row; empty lines have 0.
    values : ndarray
        All numbers, one row after another.

    Raises
    ------
    EosTableError
        For a word that is no number, or a NaN: with its line.
    """
    if not path.is_file():
        raise EosTableError(f"{path}: there is no such file")
    with path.open() as lines:
        number = skip + 1
        for _ in islice(lines, skip):
            pass
        while True:
            rows = [line.split() for line in islice(lines, _ROWS_AT_ONCE)]
            if not rows:
                return
            values = _numbers(rows, path, number)
            yield number, [len(row) for row in rows], values
            number += len(rows)


def _numbers(rows: list[list[str]], path: Path, first: int) -> Array:
    try:
        values = np.array(list(chain.from_iterable(rows)), dtype=np.float64)
    except ValueError:
        values = np.array([_number(word, path, first + i) for i, row in enumerate(rows) for word in row])
    if not np.isfinite(values).all():
        bad = int(np.argmin(np.isfinite(values)))
        ends = np.cumsum([len(row) for row in rows])
        line = first + int(np.searchsorted(ends, bad, side="right"))
        raise EosTableError(f"{path}: line {line} holds {values[bad]}; the table is damaged")
    return values


def _number(word: str, path: Path, line: int) -> float:
    try:
        return float(word.replace("D", "E").replace("d", "e"))  # Fortran's double precision
    except ValueError:
        raise EosTableError(f"{path}: line {line}: '{word}' is not a number") from None


def row_numbers(lengths: list[int]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where rows start among the numbers of a piece, and which of its lines they are; empty lines are left out."""
    sizes = np.array(lengths, dtype=np.int64)
    starts = np.cumsum(sizes) - sizes
    full = np.flatnonzero(sizes > 0)
    return starts[full], full
