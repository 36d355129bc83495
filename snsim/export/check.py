"""Read an exported file again, with parsers that know the format and not the writer, and compare."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from snsim.errors import ConfigError, ResultFileError
from snsim.export.catalog import profile_paths
from snsim.export.fluences import emitted
from snsim.result import Result
from snsim.signal.table import MULTIPLICITY, Signal

Array = NDArray[np.float64]

DIGITS = 1e-10  # relative change that digits may make
GRID = 1e-3  # relative: energy that bins of 0.2 MeV up to 100 MeV miss
_WORDS = re.compile(r"^\s*(#|//).*$", re.MULTILINE)


@dataclass(frozen=True)
class Row:
    """One comparison: what, the largest relative change, and what is allowed."""

    what: str
    change: float
    limit: float

    @property
    def passed(self) -> bool:
        """Whether the change is a number within the limit."""
        return bool(self.change <= self.limit)


@dataclass(frozen=True)
class Table:
    """What a file with one row a time says, nux as one of four: shapes (time,) and (time, species)."""

    time: Array
    luminosity: Array
    mean_energy: Array
    alpha: Array


def check(signal: Signal, path: str | Path, name: str, distance: float | None = None) -> tuple[Row, ...]:
    """Compare a file with the signal that it was written from.

    Parameters
    ----------
    signal : Signal
        Before it was written.
    path : str or Path
        As for `snsim.export.write`.
    name : str
        Of the format.
    distance : float, optional
        cm, for `snowglobes`.

    Returns
    -------
    tuple of Row
        Luminosity, mean energy, alpha (change over ``1 + |alpha|``), or neutrinos in bins; and the energy of all flavours.

    Raises
    ------
    ResultFileError
        If the file cannot be read.
    ConfigError
        If the distance is missing.
    """
    path = Path(path)
    try:
        if name in _TABLES:
            return _compare_tables(signal, _TABLES[name](path))
        if name == "snowglobes-pinched":
            return _compare_pinched(signal, _numbers(path))
        if name == "snowglobes":
            if distance is None:
                raise ConfigError("snowglobes needs the distance that it was written with")
            table = _numbers(path)
            area = 4.0 * np.pi * distance**2
            return _compare_bins(signal, 1e3 * table[:, 0], area * table[:, 1:].T)
        jobs = [_job(path / f"{flavour}.js") for flavour in ("ve", "vu", "vt", "vebar", "vubar", "vtbar")]
        return _compare_bins(signal, jobs[0][0], np.stack([weights for _, weights in jobs]))
    except ConfigError:
        raise
    except (OSError, ValueError, KeyError, IndexError) as error:
        raise ResultFileError(f"{path}: cannot be read again ({error})") from error


def check_profile(result: Result, path: str | Path) -> tuple[Row, ...]:
    """Compare the two files of a profile with the result; parameters as `snsim.export.catalog.write_profile`."""
    group = result.groups["profile"]
    found = []
    for file, name in zip(profile_paths(Path(path)), ("density", "electron_fraction"), strict=True):
        table = _numbers(file)
        found.append(Row(name.replace("_", " "), _change(table[:, 1], group[name].values), DIGITS))
        found.append(Row(f"radius of {name}", _change(table[:, 0], group["radius"].values), DIGITS))
    return tuple(found)


def _change(found: Array, expected: Array) -> float:
    """Largest relative difference; infinite where shapes differ."""
    if found.shape != expected.shape:
        return float("inf")
    with np.errstate(invalid="ignore", divide="ignore"):
        relative = np.abs(found - expected) / np.abs(expected)
    return float(np.where(found == expected, 0.0, relative).max())


def _compare_tables(signal: Signal, table: Table) -> tuple[Row, ...]:
    lit = slice(1, -1) if table.time.size == signal.time.size + 2 else slice(None)
    total = float(np.trapezoid(table.luminosity @ MULTIPLICITY, table.time))
    alpha = float("inf")
    if table.alpha[lit].shape == signal.alpha.shape:
        alpha = float((np.abs(table.alpha[lit] - signal.alpha) / (1.0 + np.abs(signal.alpha))).max())
    return (
        Row("time", _change(table.time[lit], signal.time), DIGITS),
        Row("luminosity", _change(table.luminosity[lit], signal.luminosity), DIGITS),
        Row("mean energy", _change(table.mean_energy[lit], signal.mean_energy), DIGITS),
        Row("alpha", alpha, DIGITS),
        Row("energy of all flavours", _change(np.array([total]), np.array([signal.total_energy])), DIGITS),
    )


def _compare_pinched(signal: Signal, table: Array) -> tuple[Row, ...]:
    alpha, mean, energy = table[:, 1:4], table[:, 4:7], table[:, 7:10]
    total = float(energy.sum(axis=0) @ MULTIPLICITY)
    return (
        Row("luminosity", _change(energy / signal.interval[:, None], signal.luminosity), DIGITS),
        Row("mean energy", _change(mean, signal.mean_energy), DIGITS),
        Row("alpha", _change(alpha, signal.alpha), DIGITS),
        Row("energy of all flavours", _change(np.array([total]), np.array([signal.total_energy])), DIGITS),
    )


def _compare_bins(signal: Signal, centres: Array, flavours: Array) -> tuple[Row, ...]:
    """Neutrinos of six flavours in bins, in the order nue, numu, nutau, anue, anumu, anutau."""
    expected = emitted(signal)[[0, 2, 2, 1, 2, 2]]
    total = float((flavours @ centres).sum()) * CODATA.erg_per_mev
    return (
        Row("neutrinos in bins", _change(flavours, expected), DIGITS),
        Row(
            "energy of all flavours, in bins up to 100 MeV",
            _change(np.array([total]), np.array([signal.total_energy])),
            GRID,
        ),
    )


def _numbers(path: Path, separator: str | None = None) -> Array:
    """Numbers of all lines that are no comment."""
    lines = [line for line in path.read_text().splitlines() if line.strip() and not line.startswith("#")]
    return np.array([[float(word) for word in line.split(separator)] for line in lines])


def _snewpy(path: Path) -> Table:
    lines = [line.split() for line in path.read_text().splitlines() if not line.startswith("#")]
    column = dict(zip(lines[0], np.array([[float(w) for w in line] for line in lines[1:]]).T, strict=True))
    luminosity, mean, alpha = (
        np.column_stack([column[f"{what}_{who}"] for who in ("NU_E", "NU_E_BAR", "NU_X")])
        for what in ("L", "E", "ALPHA")
    )
    return Table(column["TIME"], luminosity, mean, alpha)


def _oconnor(path: Path) -> Table:
    first = path.read_text().partition("\n")[0]
    bounce = float(first.partition("tbounce =")[2])
    table = _numbers(path)
    luminosity = table[:, 1:4] / np.array([1.0, 1.0, 4.0])
    return Table(table[:, 0] - bounce, luminosity, *_from_moments(table[:, 4:7], table[:, 7:10] ** 2))


def _gamma(path: Path) -> Table:
    table = _numbers(path, ",")
    return Table(table[:, 0], table[:, 3::3], *_from_moments(table[:, 1::3], table[:, 2::3]))


def _csv(path: Path) -> Table:
    lines = [line.split(",") for line in path.read_text().splitlines() if not line.startswith("#")]
    column = dict(zip(lines[0], np.array([[float(w) for w in line] for line in lines[1:]]).T, strict=True))
    luminosity, mean, square = (
        np.column_stack([column[f"{what}_{who}"] for who in ("nue", "anue", "nux")])
        for what in ("luminosity", "mean_energy", "mean_square_energy")
    )
    return Table(column["time"], luminosity, *_from_moments(mean, square))


def _from_moments(mean: Array, square: Array) -> tuple[Array, Array]:
    return mean, (2.0 * mean**2 - square) / (square - mean**2)


def _job(path: Path) -> tuple[Array, Array]:
    """Centres of bins and weights of a MARLEY job: JSON, but for comments and keys without quotation marks."""
    text = re.sub(r"(\w+):", r'"\1":', _WORDS.sub("", path.read_text()))
    source = json.loads(text)["source"]
    lefts = np.array(source["E_bin_lefts"])
    return 0.5 * (lefts + np.append(lefts[1:], source["Emax"])), np.array(source["weights"])


_TABLES: dict[str, Callable[[Path], Table]] = {
    "snewpy": _snewpy,
    "oconnor": _oconnor,
    "sntools-gamma": _gamma,
    "csv": _csv,
}
