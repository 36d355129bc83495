"""Tables of text: names, rows, and the line each stands on."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from snsim.errors import ProfileError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class TextTable:
    """The text of a table: names, and rows with the line each stands on."""

    path: Path
    names: list[str]
    rows: list[list[str]]
    lines: list[int]

    @classmethod
    def read(cls, path: Path, delimiter: str | None = None, comment: str = "#") -> TextTable:
        """Read a file whose names stand in its first line, or in the last comment before the numbers."""
        heading, names, rows, lines = "", None, [], []
        for number, line in enumerate(lines_of(path), start=1):
            if not line.strip():
                continue
            if line.lstrip().startswith(comment):
                heading = line.lstrip().removeprefix(comment) if names is None else heading
                continue
            tokens = split_line(line, delimiter)
            if names is None:
                is_header = not any(is_number(token) for token in tokens)
                names = (
                    tokens
                    if is_header
                    else split_line(heading, delimiter or ("," if "," in heading else None))
                )
                if is_header:
                    continue
            if len(tokens) != len(names):
                raise ProfileError(
                    f"{path}, line {number}: {len(tokens)} values for {len(names)} columns; is the file cut?"
                )
            rows.append(tokens)
            lines.append(number)
        if names is None or not rows:
            raise ProfileError(f"{path}: no rows of numbers; is the file empty or truncated?")
        return cls(path, names, rows, lines)

    def place(self, point: int) -> str:
        """Say where a point stands."""
        return f"line {self.lines[point]}" if point < len(self.lines) else ""

    def column(self, name: str, field: str) -> Array:
        """Return the numbers of a column; `field` is what they are for, in messages."""
        require_column(self.path, name, field, self.names)
        index = self.names.index(name)
        return np.array(
            [self._number(row[index], line, name) for row, line in zip(self.rows, self.lines, strict=True)]
        )

    def _number(self, token: str, line: int, column: str) -> float:
        if not is_number(token):
            raise ProfileError(f"{self.path}, line {line}, column '{column}': '{token}' is not a number")
        value = to_float(token)
        if not np.isfinite(value):
            raise ProfileError(
                f"{self.path}, line {line}, column '{column}': {token} is no value, expected a finite number"
            )
        return value


@dataclass(frozen=True)
class ArrayTable:
    """Columns that are arrays already, such as data sets of an HDF5 file."""

    path: Path
    arrays: dict[str, Array]
    lines: list[int] | None = None

    @property
    def names(self) -> list[str]:
        """Of the columns."""
        return list(self.arrays)

    def place(self, point: int) -> str:
        """Say where a point stands."""
        return f"row {point + 1}" if self.lines is None else f"line {self.lines[point]}"

    def column(self, name: str, field: str) -> Array:
        """Return a column; `field` is what it is for, in messages."""
        require_column(self.path, name, field, self.names)
        values = self.arrays[name]
        if not np.isfinite(values).all():
            row = int(np.argmax(~np.isfinite(values)))
            raise ProfileError(
                f"{self.path}, {self.place(row)}, column '{name}': {values[row]} is no value, expected a finite number"
            )
        return values


class Table(Protocol):
    """Columns by name, and where each point stands in the file."""

    @property
    def path(self) -> Path:
        """Of the file."""

    @property
    def names(self) -> list[str]:
        """Of the columns."""

    def place(self, point: int) -> str:
        """Say where a point stands."""

    def column(self, name: str, field: str) -> Array:
        """Return a column; `field` is what it is for, in messages."""


def lines_of(path: Path) -> list[str]:
    """Return the lines of a text file.

    Raises
    ------
    ProfileError
        If it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ProfileError(f"{path}: cannot be read ({error})") from None


def require_column(path: Path, name: str, field: str, names: list[str]) -> None:
    """Refuse a column that is not there, with the nearest that is."""
    if name not in names:
        close = difflib.get_close_matches(name, names, n=1, cutoff=0.4)
        hint = f"; did you mean '{close[0]}'?" if close else ""
        raise ProfileError(f"{path}: no column '{name}' (for {field}) among {', '.join(names)}{hint}")


def split_line(line: str, delimiter: str | None) -> list[str]:
    """Split at commas where there are any, else at white space, unless told otherwise."""
    if delimiter is None:
        delimiter = "," if "," in line else None
    return [token.strip() for token in line.strip().split(delimiter)]


def is_number(token: str) -> bool:
    """Whether a token reads as a number; nan and inf do."""
    try:
        to_float(token)
    except ValueError:
        return False
    return True


def to_float(token: str) -> float:
    """Read a number, Fortran's D exponents included."""
    return float(token.replace("D", "E").replace("d", "e") if token[:1] not in "nNiI" else token)
