"""Trajectories from files: text of WinNet or SkyNet, and tables with a line of names."""

from __future__ import annotations

import difflib
import math
import re
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from microphysics.errors import PhysicsWarning, unit_like, unit_named
from microphysics.spectrum import FermiDirac
from snsim.ejecta.trajectory import FIELDS, LIGHT, Array, Trajectory
from snsim.errors import ConfigError, TrajectoryError

__all__ = ["FORMATS", "MEAN_PER_TEMPERATURE", "read_trajectory"]

# <E>/T of a Fermi-Dirac spectrum with eta = 0: 3.1514
MEAN_PER_TEMPERATURE = float(FermiDirac(1.0).mean_energy)
HOTTEST = 8.0  # MeV, of neutrinos; hotter ones are rather mean energies
_MASS = re.compile(r"#\s*mass\s*=\s*(.+)", re.IGNORECASE)
_TEMPERATURES = {"temperature_nue": "mean_energy_nue", "temperature_anue": "mean_energy_anue"}
_UNITS = {name: unit for name, (unit, *_) in FIELDS.items()} | dict.fromkeys(_TEMPERATURES, "MeV")

# names of WinNet's `trajectory_format`, and what they hold there
_WORDS = {
    "time": ("time", "s"),
    "temp": ("temperature", "GK"),
    "dens": ("density", "g / cm3"),
    "rad": ("radius", "km"),
    "ye": ("electron_fraction", "1"),
    "lnue": ("luminosity_nue", "erg / s"),
    "lanue": ("luminosity_anue", "erg / s"),
    "tnue": ("temperature_nue", "MeV"),
    "tanue": ("temperature_anue", "MeV"),
    "enue": ("mean_energy_nue", "MeV"),
    "eanue": ("mean_energy_anue", "MeV"),
    "skip": ("", ""),
}
FORMATS = {
    "winnet": ("time temp dens rad ye lnue lanue tnue tanue", "time temp dens rad ye"),
    "skynet": ("time temp dens ye rad", "time temp dens ye"),
}
# what columns of tables with names may be called, in small letters but for T, which is no time
_NAMES = {
    "time": ("t", "time"),
    "temperature": ("temp", "temperature", "t9", "T"),
    "density": ("rho", "dens", "density"),
    "radius": ("r", "rad", "radius"),
    "electron_fraction": ("ye", "y_e", "electron_fraction"),
    "luminosity_nue": ("lnue", "luminosity_nue"),
    "luminosity_anue": ("lanue", "luminosity_anue"),
    "mean_energy_nue": ("enue", "mean_energy_nue"),
    "mean_energy_anue": ("eanue", "mean_energy_anue"),
    "temperature_nue": ("tnue", "temperature_nue"),
    "temperature_anue": ("tanue", "temperature_anue"),
}
_SUFFIXES = {"g_cc": "g / cm3", "g_cm3": "g / cm3", "erg_s": "erg / s", "": "", "mev": "MeV", "gk": "GK"}
_BRACKETS = re.compile(r"(.*?)\s*[\[(](.*)[\])]\s*")


def read_trajectory(
    path: str | Path,
    format: str = "",
    *,
    columns: str | Mapping[str, tuple[str, str]] | None = None,
    mass: float | None = None,
) -> Trajectory:
    """Read one trajectory.

    Parameters
    ----------
    path : str or Path
        Text; ``#`` begins a comment, and a comment ``# mass = 1e-5 Msun`` gives the mass of the parcel.
    format : str
        ``winnet`` (time temp dens rad ye, with neutrinos lnue lanue tnue tanue: s, GK, g/cm3, km, 1, erg/s, MeV), ``skynet``
        (time temp dens ye, rad if there is a fifth: that network has no format of its own) or ``csv`` (a line of names with
        their units, as ``rho_g_cc`` or ``rho [g/cm3]``). By default ``csv`` for files of that name, else ``winnet``.
    columns : str or mapping, optional
        Other columns. For text the words of WinNet's ``trajectory_format`` in order, also enue and eanue for mean energies
        and skip; for ``csv`` what each field is called and its unit, ``{"temperature": ("T", "K"), ...}``.
    mass : float, optional
        Of the parcel, g, in place of the file's.

    Returns
    -------
    Trajectory
        Temperatures in MeV, mean energies in place of the temperatures of neutrinos.

    Raises
    ------
    ConfigError
        An unknown format or field.
    TrajectoryError
        A file that cannot be read; the message names line, field and value.
    """
    path = Path(path)
    format = format or ("csv" if path.suffix.lower() == ".csv" else "winnet")
    if format not in (*FORMATS, "csv"):
        raise ConfigError(f'format = "{format}": expected one of {", ".join((*FORMATS, "csv"))}')
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise TrajectoryError(f"{path}: cannot be read ({error.strerror or error})") from None
    numbered = [(n, text.strip()) for n, text in enumerate(lines, 1) if text.strip()]
    data = [(n, text) for n, text in numbered if not text.startswith("#")]
    if format == "csv":
        if not data:
            raise TrajectoryError(f"{path}: empty, or only comments")
        header = [word.strip() for word in re.split(r"[,;\t]", data[0][1])]
        described = _named_columns(path, header, columns)
        data = data[1:]
    else:
        described = _ordered_columns(path, format, columns, data)
        if columns is None:
            _refuse_other_header(path, numbered, data, described)
    values = _numbers(path, data, described)
    known = mass if mass is not None else _mass_of(path, numbered)
    return _assemble(path, values, known, [line for line, _ in data])


def _ordered_columns(
    path: Path, format: str, columns: Any, data: list[tuple[int, str]]
) -> list[tuple[str, str]]:
    """Return field and unit of every column of a text without names."""
    if columns is None:
        width = len(data[0][1].split()) if data else 0
        fitting = [words for words in FORMATS[format] if len(words.split()) == width]
        if not fitting:
            raise TrajectoryError(
                f"{path}: {width} columns; {format} has {' or '.join(repr(words) for words in FORMATS[format])}; "
                "name others with columns"
            )
        columns = fitting[0]
    if not isinstance(columns, str):
        raise ConfigError(
            f'columns: expected words in order for format = "{format}", such as "{FORMATS[format][-1]}"'
        )
    words = columns.lower().split()
    for word in words:
        if word not in _WORDS:
            close = difflib.get_close_matches(word, _WORDS, n=1)
            hint = f" Did you mean '{close[0]}'?" if close else ""
            raise ConfigError(f'columns: "{word}": expected words of {", ".join(_WORDS)}.{hint}')
    return [_WORDS[word] for word in words]


def _refuse_other_header(
    path: Path, numbered: list[tuple[int, str]], data: list[tuple[int, str]], described: list[tuple[str, str]]
) -> None:
    """Refuse a file whose comment names its columns in another order than the format has."""
    comments = [(n, text) for n, text in numbered if text.startswith("#") and (not data or n < data[0][0])]
    known = {name.lower(): field for field, names in _NAMES.items() for name in names if name != "T"}
    known |= {word: field for word, (field, _) in _WORDS.items()}
    for line, text in comments:
        words = re.sub(r"[\[(][^\])]*[\])]", " ", text.lstrip("# ")).replace(",", " ").lower().split()
        fields = [known.get(word, "") for word in words]
        if len(fields) == len(described) and all(fields) and fields != [name for name, _ in described]:
            raise TrajectoryError(
                f"{path}: line {line} names the columns {' '.join(words)}, but they would be read as "
                f"{', '.join(f'{name} [{unit}]' for name, unit in described)}; give their order and units with columns"
            )


def _named_columns(path: Path, header: list[str], columns: Any) -> list[tuple[str, str]]:
    """Return field and unit of every column of a table with names."""
    if columns is not None:
        if isinstance(columns, str):
            raise ConfigError('columns: expected {"field": ("name", "unit"), ...} for format = "csv"')
        by_name = {}
        for name, (column, unit) in columns.items():
            if name not in _UNITS:
                raise ConfigError(f'columns: "{name}": expected fields of {", ".join(_UNITS)}')
            if column not in header:
                raise TrajectoryError(f"{path}: no column '{column}' for {name}; it has {', '.join(header)}")
            by_name[column] = (name, unit)
        return [by_name.get(column, ("", "")) for column in header]
    return [_by_name(path, column) for column in header]


def _by_name(path: Path, column: str) -> tuple[str, str]:
    """Return the field that a column's name means, and its unit; empty for one that is not needed."""
    match = _BRACKETS.fullmatch(column)
    bare, unit = (match[1], match[2]) if match else (column, None)
    for name, spellings in _NAMES.items():
        for spelling in spellings:
            lower = bare if spelling in "tT" else bare.lower()
            if lower != spelling and not (unit is None and lower.startswith(f"{spelling}_")):
                continue
            given = unit if unit is not None else bare[len(spelling) + 1 :]
            given = _SUFFIXES.get(given.lower(), given)
            if not given and spelling == "t9":
                given = "GK"
            if not given and name != "electron_fraction":
                raise TrajectoryError(
                    f"{path}: column '{column}' has no unit; expected such as '{bare}_{_UNITS[name].replace(' / ', '_')}', "
                    "or a mapping of columns"
                )
            return name, given or "1"
    return "", ""


def _numbers(path: Path, data: list[tuple[int, str]], described: list[tuple[str, str]]) -> dict[str, Array]:
    """Return the columns in our units."""
    rows = []
    for line, text in data:
        words = re.split(r"[,;\t]\s*|\s+", text)
        if len(words) != len(described):
            ends = "; the file ends early" if line == data[-1][0] and len(words) < len(described) else ""
            raise TrajectoryError(
                f"{path}: line {line}: {len(words)} columns, expected {len(described)}{ends}"
            )
        rows.append(
            [_number(path, line, name, word) for (name, _), word in zip(described, words, strict=True)]
        )
    if len(rows) < 2:
        raise TrajectoryError(f"{path}: {len(rows)} row(s) of numbers; a trajectory needs at least 2")
    table = np.array(rows)
    values: dict[str, Array] = {}
    for k, (name, unit) in enumerate(described):
        if name in values:
            raise TrajectoryError(f"{path}: {name} stands in two columns")
        if name:
            values[name] = table[:, k] * _factor(path, name, unit)
    return values


def _number(path: Path, line: int, name: str, word: str) -> float:
    """Return a number; Fortran's D is an exponent too."""
    if not name:
        return math.nan
    try:
        return float(word.replace("D", "E").replace("d", "e") if "n" not in word.lower() else word)
    except ValueError:
        raise TrajectoryError(f"{path}: line {line}: {name} = '{word}' is no number") from None


def _factor(path: Path, name: str, unit: str) -> float:
    """Return how many of our units are in one of a column's."""
    if unit == _UNITS[name]:
        return 1.0
    from astropy import units

    try:
        return float(units.Unit(unit).to(_UNITS[name], equivalencies=units.temperature_energy()))
    except (ValueError, TypeError):
        raise TrajectoryError(
            f"{path}: {name} in {unit_named(unit)}: expected {unit_like(_UNITS[name])}"
        ) from None


def _mass_of(path: Path, lines: list[tuple[int, str]]) -> float:
    """Return the mass that a comment names, g; NaN where none does."""
    from snsim.config.quantities import mass as dimension

    for line, text in _comments(lines):
        match = _MASS.fullmatch(text)
        if match:
            try:
                return dimension(0.0, math.inf).read(match[1])
            except ValueError as error:
                raise TrajectoryError(f"{path}: line {line}: mass: {error}") from None
    return math.nan


def _comments(lines: list[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    return ((line, text) for line, text in lines if text.startswith("#"))


def _assemble(path: Path, values: dict[str, Array], mass: float, lines: list[int]) -> Trajectory:
    """Make the trajectory; temperatures of neutrinos become mean energies."""
    for temperature, energy in _TEMPERATURES.items():
        if temperature in values:
            if energy in values:
                raise TrajectoryError(f"{path}: both {temperature} and {energy}; expected one")
            if values[temperature].size and np.nanmax(values[temperature]) > HOTTEST:
                warnings.warn(
                    f"{path}: {temperature} of up to {np.nanmax(values[temperature]):.3g} MeV is read as a temperature, so "
                    f"that the mean energy is {MEAN_PER_TEMPERATURE:.4f} times that; if it is a mean energy, say so with "
                    "columns: enue, eanue",
                    PhysicsWarning,
                    stacklevel=3,
                )
            values[energy] = values.pop(temperature) * MEAN_PER_TEMPERATURE
    needed = ("time", "temperature", "density", "electron_fraction")
    missing = [name for name in needed if name not in values]
    if missing:
        raise TrajectoryError(f"{path}: no column for {', '.join(missing)}")
    light = {name: values[name] for name in LIGHT if name in values}
    return Trajectory(
        values["time"],
        values["temperature"],
        values["density"],
        float(values["electron_fraction"][0]),
        values.get("radius"),
        values["electron_fraction"],
        **light,
        mass=mass,
        name=path.stem,
        source=str(path),
        lines=lines,
    )
