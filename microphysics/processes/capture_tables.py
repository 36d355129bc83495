"""Tabulated rates of electron capture: files of others, an exchange format of our own, and interpolation.

Rates stand on a grid of temperature and density times electron fraction for each nucleus. What is kept is the rate of
all reactions that make a nue (capture and beta+ decay) and the mean energy of these neutrinos.
"""

from __future__ import annotations

import csv
import math
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics.constants import CODATA
from microphysics.errors import MicrophysicsError, PhysicsWarning
from microphysics.isotopes import isotopes

__all__ = [
    "COLUMNS",
    "CaptureTable",
    "CaptureTableError",
    "Found",
    "NucleusRates",
    "read_capture_table",
    "write_capture_table",
]

Array = NDArray[np.float64]
Key = tuple[int, int]

COLUMNS = ("A", "Z", "T_mev", "log10_rho_ye", "log10_rate", "mean_energy")
GIGAKELVIN = 1e9 * CODATA.boltzmann  # MeV
_ROW = ("T9", "log10 rho Ye", "mu_e", "beta+", "e- capture", "nu loss", "beta-", "e+ capture", "anu loss")
_HEADER = {name: re.compile(rf"(?<![A-Za-z]){name}\s*=\s*(\S+)") for name in ("Q", "a", "z")}
_NAME = re.compile(r"\b([A-Z][a-z]?)(\d+)\b")
_NUMERIC = re.compile(r"[+-]?\.?\d")
_EDGE = 1e-9  # by how much a state may miss the grid through rounding


class CaptureTableError(MicrophysicsError, ValueError):
    """A file of capture rates that cannot be used, and where."""


@dataclass(frozen=True)
class NucleusRates:
    """Rates of one nucleus on a grid.

    Attributes
    ----------
    temperature : ndarray, shape (temperature,)
        MeV, rising.
    log10_rho_ye : ndarray, shape (density,)
        log10 of density times electron fraction, g/cm^3, rising.
    log10_rate : ndarray, shape (temperature, density)
        Of all that makes a nue, 1/s.
    log10_mean_energy : ndarray, shape (temperature, density)
        Of the neutrinos, MeV.
    """

    temperature: Array
    log10_rho_ye: Array
    log10_rate: Array
    log10_mean_energy: Array


class Found(NamedTuple):
    """What a table says of some states: ln rate (1/s), mean energy (MeV), and whether it says anything."""

    log_rate: Array
    mean_energy: Array
    known: NDArray[np.bool_]


@dataclass(frozen=True)
class CaptureTable:
    """Rates of many nuclei.

    Attributes
    ----------
    nuclei : mapping
        (A, Z) of the parent to its rates.
    sources : tuple of str
        Files they come from.
    """

    nuclei: Mapping[Key, NucleusRates]
    sources: tuple[str, ...] = field(default=())

    def merged(self, other: CaptureTable) -> CaptureTable:
        """Return both together; a nucleus that both have keeps these rates."""
        return CaptureTable({**other.nuclei, **self.nuclei}, (*self.sources, *other.sources))

    def find(
        self,
        mass_number: ArrayLike,
        charge_number: ArrayLike,
        temperature: ArrayLike,
        rho_ye: ArrayLike,
    ) -> Found:
        """Interpolate the logarithms of rate and mean energy, linear in those of temperature and density.

        Parameters
        ----------
        mass_number, charge_number : array_like
            A and Z; the nearest whole nucleus counts.
        temperature : array_like
            MeV.
        rho_ye : array_like
            Density times electron fraction, g/cm^3.

        Returns
        -------
        Found
            Arrays of the common shape. `known` is False for a nucleus without an entry and outside its grid; nothing is
            extrapolated.

        Notes
        -----
        On the usual grid (T9 = ... 3, 5, 10, 30, 100, a decade in density) the interpolation itself is off by 12 % in the
        mean and 50 % at worst where T9 = 10 to 30, log10 rho Y_e = 8 to 11 and Q = -2 to -6 MeV, by twice as much for T9 = 3
        to 10 and more for higher thresholds; linear in T9 instead of ln T9 it would be up to three times worse in the former
        range.
        """
        given = (mass_number, charge_number, temperature, rho_ye)
        a, z, t, rho = np.broadcast_arrays(*(np.asarray(value, dtype=np.float64) for value in given))
        shape = a.shape
        whole = np.stack([np.rint(a).ravel(), np.rint(z).ravel()], axis=1).astype(np.int64)
        t, density = t.ravel(), np.log10(np.ravel(rho))
        log_rate, mean = np.full(t.size, -np.inf), np.ones(t.size)
        known = np.zeros(t.size, dtype=np.bool_)
        kinds, which = np.unique(whole, axis=0, return_inverse=True)
        for i, (mass, charge) in enumerate(kinds):
            rates = self.nuclei.get((int(mass), int(charge)))
            if rates is None:
                continue
            here = np.flatnonzero(which.ravel() == i)
            inside, at = _place(rates, t[here], density[here])
            states = here[inside]
            known[states] = True
            log_rate[states] = math.log(10.0) * _bilinear(rates.log10_rate, at)
            mean[states] = 10.0 ** _bilinear(rates.log10_mean_energy, at)
        return Found(log_rate.reshape(shape), mean.reshape(shape), known.reshape(shape))


class _Place(NamedTuple):
    """Cells and the way into them, 0 to 1."""

    row: NDArray[np.intp]
    column: NDArray[np.intp]
    along_row: Array
    along_column: Array


def _place(rates: NucleusRates, t: Array, density: Array) -> tuple[NDArray[np.bool_], _Place]:
    inside = np.ones(t.size, dtype=np.bool_)
    for axis, values in ((rates.temperature, t), (rates.log10_rho_ye, density)):
        slack = _EDGE * np.abs(axis[[0, -1]])
        inside &= (values >= axis[0] - slack[0]) & (values <= axis[-1] + slack[1])
    row, along_row = _cell(np.log(rates.temperature), np.log(t[inside]))
    column, along_column = _cell(rates.log10_rho_ye, density[inside])
    return inside, _Place(row, column, along_row, along_column)


def _cell(axis: Array, values: Array) -> tuple[NDArray[np.intp], Array]:
    index = np.clip(np.searchsorted(axis, values, side="right") - 1, 0, axis.size - 2)
    return index, np.clip((values - axis[index]) / (axis[index + 1] - axis[index]), 0.0, 1.0)


def _bilinear(values: Array, at: _Place) -> Array:
    i, j, x, y = at
    below = values[i, j] * (1.0 - y) + values[i, j + 1] * y
    above = values[i + 1, j] * (1.0 - y) + values[i + 1, j + 1] * y
    return np.asarray(below * (1.0 - x) + above * x)


# ------------------------------------------------------------------------------------------------------------
# files


def read_capture_table(path: str | Path) -> CaptureTable:
    """Read a file of rates.

    Parameters
    ----------
    path : str or Path
        ``*.csv`` is the exchange format, anything else the text layout.

    Returns
    -------
    CaptureTable

    Raises
    ------
    CaptureTableError
        If the file is missing, damaged, or a nucleus has no full grid; it names file, line and field.

    Notes
    -----
    The text layout is the one in which the rates of Fuller, Fowler & Newman, Oda et al., Langanke & Martinez-Pinedo and
    Suzuki et al. are passed around: for each parent a line that begins with ``p`` ("pos. daughter") and holds ``Q=``,
    ``a=`` and ``z=``, the z of the daughter (where its name is there too and contradicts z, the name counts, with a warning);
    then rows of T9, log10 rho Y_e, mu_e and six logarithms: beta+ and capture
    rate (1/s), energy of their neutrinos (MeV/s), and the same three of beta-, not used. Other lines are comments.

    The exchange format has the columns A, Z, T_mev, log10_rho_ye, log10_rate and mean_energy (MeV), in any order, one row
    a state; comments after #.
    """
    path = Path(path)
    if not path.is_file():
        raise CaptureTableError(f"{path}: there is no such file")
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise CaptureTableError(f"{path}: cannot be read as text ({error})") from None
    entries = _csv_entries(path, lines) if path.suffix.lower() == ".csv" else _text_entries(path, lines)
    points: dict[Key, dict[tuple[float, float], tuple[float, float]]] = {}
    for line, key, state, values in entries:
        nucleus = points.setdefault(key, {})
        if state in nucleus:
            raise CaptureTableError(
                f"{path}, line {line}: A = {key[0]}, Z = {key[1]} has a second row at T = {state[0]:.6g} MeV, "
                f"log10 rho Ye = {state[1]:g}"
            )
        nucleus[state] = values
    if not points:
        raise CaptureTableError(f"{path}: holds no rates")
    return CaptureTable({key: _grid(path, key, rows) for key, rows in points.items()}, (path.name,))


def write_capture_table(table: CaptureTable, path: str | Path) -> None:
    """Write the exchange format, exactly: numbers come back as they were, but for the last digit of the mean energy."""
    with Path(path).open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(COLUMNS)
        for (a, z), rates in sorted(table.nuclei.items()):
            for i, t in enumerate(rates.temperature.tolist()):
                for j, density in enumerate(rates.log10_rho_ye.tolist()):
                    mean = 10.0 ** float(rates.log10_mean_energy[i, j])
                    writer.writerow([a, z, t, density, float(rates.log10_rate[i, j]), mean])


Entry = tuple[int, Key, tuple[float, float], tuple[float, float]]


def _number(path: Path, line: int, name: str, word: str) -> float:
    try:
        value = float(word.replace("D", "E").replace("d", "e"))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise CaptureTableError(f"{path}, line {line}: {name} = '{word}' is not a number")
    return value


def _whole(path: Path, line: int, name: str, word: str, least: int) -> int:
    value = _number(path, line, name, word)
    if value != round(value) or value < least:
        raise CaptureTableError(f"{path}, line {line}: {name} = {word}: must be whole and at least {least}")
    return round(value)


def _parent(path: Path, line: int, text: str) -> Key | None:
    """Return A and Z of the parent; None for a comment that happens to begin with p."""
    matches = {name: pattern.search(text) for name, pattern in _HEADER.items()}
    if not any(matches.values()):
        return None
    for name, match in matches.items():
        if match is None:
            raise CaptureTableError(f"{path}, line {line}: header of a nucleus without '{name}='")
    words = {name: match[1] for name, match in matches.items() if match}
    _number(path, line, "Q", words["Q"])
    a = _whole(path, line, "a", words["a"], 1)
    z = _daughter_charge(path, line, text, a, _whole(path, line, "z", words["z"], 0)) + 1
    if z > a:
        raise CaptureTableError(f"{path}, line {line}: parent with Z = z + 1 = {z} of A = {a}")
    return a, z


def _daughter_charge(path: Path, line: int, text: str, a: int, z: int) -> int:
    """Z of the daughter: that of its name, if it has one that contradicts z (LMP's Fe57 is filed under Co57)."""
    named = _NAME.search(text)
    charges = {isotope.symbol: isotope.charge_number for isotope in isotopes().values()}
    if a == 1 or named is None or int(named[2]) != a or charges.get(named[1], z) == z:
        return z
    warnings.warn(
        f"{path}, line {line}: z = {z} does not belong to {named[0]}, which has Z = {charges[named[1]]} and is taken",
        PhysicsWarning,
        stacklevel=5,
    )
    return charges[named[1]]


def _text_entries(path: Path, lines: list[str]) -> Iterator[Entry]:
    parent: Key | None = None
    seen: set[Key] = set()
    for number, raw in enumerate(lines, 1):
        text = raw.strip()
        header = _parent(path, number, text) if text.startswith("p") else None
        if header and header in seen:
            raise CaptureTableError(
                f"{path}, line {number}: A = {header[0]}, Z = {header[1]} for a second time"
            )
        if header:
            parent = header
            seen.add(header)
        if not _NUMERIC.match(text):
            continue
        words = text.split()
        if parent is None:
            raise CaptureTableError(
                f"{path}, line {number}: rates before the first header line (p... Q= a= z=)"
            )
        if len(words) != len(_ROW):
            raise CaptureTableError(
                f"{path}, line {number}: {len(words)} values, expected {len(_ROW)} ({', '.join(_ROW)})"
            )
        row = [_number(path, number, name, word) for name, word in zip(_ROW, words, strict=True)]
        t9, log_rho_ye, _, beta, capture, loss = row[:6]
        if not t9 > 0.0:
            raise CaptureTableError(f"{path}, line {number}: T9 = {words[0]}: must be positive")
        larger = max(beta, capture)
        rate = larger + math.log10(10.0 ** (beta - larger) + 10.0 ** (capture - larger))
        yield number, parent, (t9 * GIGAKELVIN, log_rho_ye), (rate, loss - rate)


def _csv_entries(path: Path, lines: list[str]) -> Iterator[Entry]:
    stripped = ((number, line.split("#")[0].strip()) for number, line in enumerate(lines, 1))
    rows = ((number, [word.strip() for word in line.split(",")]) for number, line in stripped if line)
    number, names = next(rows, (1, []))
    for name in COLUMNS:
        if name not in names:
            raise CaptureTableError(
                f"{path}, line {number}: column '{name}' is missing; there are {', '.join(names) or 'none'}"
            )
    for number, words in rows:
        if len(words) != len(names):
            raise CaptureTableError(
                f"{path}, line {number}: {len(words)} values, expected {len(names)} ({', '.join(names)})"
            )
        row = dict(zip(names, words, strict=True))
        a, z = _whole(path, number, "A", row["A"], 1), _whole(path, number, "Z", row["Z"], 1)
        if z > a:
            raise CaptureTableError(f"{path}, line {number}: Z = {z} of A = {a}")
        t, density, rate, mean = (_number(path, number, name, row[name]) for name in COLUMNS[2:])
        for name, value in (("T_mev", t), ("mean_energy", mean)):
            if not value > 0.0:
                raise CaptureTableError(f"{path}, line {number}: {name} = {row[name]}: must be positive")
        yield number, (a, z), (t, density), (rate, math.log10(mean))


def _grid(path: Path, key: Key, points: dict[tuple[float, float], tuple[float, float]]) -> NucleusRates:
    temperature = np.array(sorted({t for t, _ in points}))
    density = np.array(sorted({rho for _, rho in points}))
    where = f"{path}: A = {key[0]}, Z = {key[1]}"
    for name, axis in (("temperature", temperature), ("log10 rho Ye", density)):
        if axis.size < 2:
            raise CaptureTableError(f"{where} has one {name} only; at least two are needed")
    values = np.full((2, temperature.size, density.size), np.nan)
    for (t, rho), pair in points.items():
        values[:, np.searchsorted(temperature, t), np.searchsorted(density, rho)] = pair
    missing = np.argwhere(np.isnan(values[0]))
    if missing.size:
        i, j = missing[0]
        raise CaptureTableError(
            f"{where} has {len(points)} rows, no grid of {temperature.size} temperatures and {density.size} densities: "
            f"there is none at T = {temperature[i]:.6g} MeV, log10 rho Ye = {density[j]:g}; is the file cut off?"
        )
    return NucleusRates(temperature, density, values[0], values[1])
