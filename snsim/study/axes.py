"""The axes of a study: lists, ranges, keys that move together, samples and files of points, as columns of values."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snsim.config.load import parse_value
from snsim.config.model_names import nearest
from snsim.config.quantities import convert, split
from snsim.config.write import write_value
from snsim.errors import ConfigError

POINT = "point"  # the dimension of sampled points, and of those of a file
LARGEST = 10_000_000  # points of one axis
_DIGITS = 12  # of a generated value
_RANGE = ("from", "to", "points", "spacing")
_SPACINGS = ("linear", "log")
_METHODS = ("latin-hypercube", "sobol")


@dataclass(frozen=True)
class Axis:
    """One dimension of a study.

    Attributes
    ----------
    name : str
        The key of the run file that moves along it, the name of keys that move together, or `POINT`.
    columns : mapping of str to tuple
        Values by key, all of one length, as they would stand in a run file.
    """

    name: str
    columns: Mapping[str, tuple[Any, ...]]

    def __len__(self) -> int:
        """Return the number of values along it."""
        return len(next(iter(self.columns.values())))


def read_axes(tables: Mapping[str, Any], folder: Path) -> tuple[Axis, ...]:
    """Return the axes of a study file.

    Parameters
    ----------
    tables : mapping
        Of the file: `axes`, `zipped`, `sample`, `points`.
    folder : Path
        Paths are relative to it.

    Raises
    ------
    ConfigError
        One line for each mistake, contradictions between axes among them.
    """
    mistakes: list[str] = []

    def heard(make: Callable[[], Axis]) -> Iterator[Axis]:
        """Yield an axis, or note the mistake in it and yield none."""
        try:
            yield make()
        except ConfigError as error:
            mistakes.append(str(error))

    found: list[Axis] = []
    for key, spec in _flat(_table(tables, "axes"), ""):
        found += heard(lambda key=key, spec=spec: Axis(key, {key: _values(f"axes.{key}", spec)}))  # type: ignore[misc]
    for name, table in _table(tables, "zipped").items():
        found += heard(lambda name=name, table=table: _zipped(name, table))  # type: ignore[misc]
    if "sample" in tables:
        found += heard(lambda: _sample(_table(tables, "sample")))
    if "points" in tables:
        found += heard(lambda: _of_file(_table(tables, "points"), folder))
    mistakes += _contradictions(found)
    if not found and not mistakes:
        mistakes.append("no axes: expected [axes], for instance [axes] grid.zones = [100, 200]")
    if mistakes:
        raise ConfigError("\n".join(mistakes))
    return tuple(found)


def _table(tables: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    given = tables.get(name, {})
    if not isinstance(given, dict):
        raise ConfigError(f"{name} = {write_value(given)}: expected a table [{name}].")
    return given


def _flat(table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    """Keys with what is asked of them: nested tables are sections, down to a list or a range."""
    for key, spec in table.items():
        if isinstance(spec, dict) and not set(spec) & set(_RANGE):
            yield from _flat(spec, f"{prefix}{key}.")
        else:
            yield prefix + key, spec


def _contradictions(axes: Sequence[Axis]) -> list[str]:
    """Say which keys two axes move, or an axis as a whole and another in part."""
    homes: dict[str, str] = {}
    mistakes = []
    for axis in axes:
        for key in axis.columns:
            for other, home in homes.items():
                if key == other or key.startswith(f"{other}.") or other.startswith(f"{key}."):
                    same = f"'{key}'" if key == other else f"'{other}' and '{key}'"
                    mistakes.append(
                        f"{same} stand both in {home} and in {_home(axis, key)}; one axis may move a key."
                        if key != other
                        else f"{same} stands both in {home} and in {_home(axis, key)}; one axis may move a key."
                    )
            homes[key] = _home(axis, key)
    names = [axis.name for axis in axes]
    mistakes += [
        f"[{POINT}s] and [sample] both make the dimension '{POINT}': expected one of them."
        if name == POINT
        else f"two axes have the name '{name}'."
        for name in sorted({name for name in names if names.count(name) > 1})
    ]
    return mistakes


def _home(axis: Axis, key: str) -> str:
    if axis.name == POINT:
        return "the sampled points or those of a file"
    return "[axes]" if axis.name == key else f"[zipped.{axis.name}]"


def _values(where: str, spec: Any) -> tuple[Any, ...]:
    """Return the values of a list or a range."""
    if isinstance(spec, list):
        if not spec:
            raise ConfigError(f"{where} = []: expected at least one value.")
        return tuple(spec)
    if isinstance(spec, dict):
        low, high, unit, whole = _ends(where, spec)
        points = _count(f"{where}.points", spec.get("points"), 2)
        return _written(_spaced(np.linspace(0.0, 1.0, points), low, high, spec), unit, whole)
    raise ConfigError(
        f"{where} = {write_value(spec)}: expected a list of values, or a range such as "
        '{ from = "120 km", to = "160 km", points = 5 }.'
    )


def _count(where: str, given: Any, least: int) -> int:
    if not isinstance(given, int) or isinstance(given, bool) or not least <= given <= LARGEST:
        shown = "missing" if given is None else write_value(given)
        raise ConfigError(f"{where} = {shown}: expected a whole number from {least} to {LARGEST}.")
    return given


def _ends(where: str, spec: Mapping[str, Any]) -> tuple[float, float, str, bool]:
    """Return both ends in the unit of the first, the unit, and whether both are whole numbers."""
    unknown = [key for key in spec if key not in _RANGE]
    if unknown:
        raise ConfigError(
            f"{where}.{unknown[0]}: unknown key; a range has {', '.join(_RANGE)}.{nearest(unknown[0], _RANGE)}"
        )
    spacing = spec.get("spacing", "linear")
    if spacing not in _SPACINGS:
        raise ConfigError(f'{where}.spacing = {write_value(spacing)}: expected "linear" or "log".')
    (low, first), (high, second) = (_number(f"{where}.{end}", spec.get(end)) for end in ("from", "to"))
    if first != second:
        try:
            high = convert(high, second or "1", first or "1")
        except ValueError as error:
            raise ConfigError(f"{where}: 'from' is in '{first}', 'to' is {error}.") from None
    if low == high:
        raise ConfigError(f"{where}: 'from' and 'to' are equal; give a list of one value.")
    if spacing == "log" and not (low > 0.0 and high > 0.0):
        raise ConfigError(f"{where}: a range even in the logarithm needs positive ends.")
    return low, high, first, all(isinstance(spec[end], int) for end in ("from", "to"))


def _number(where: str, given: Any) -> tuple[float, str]:
    if isinstance(given, (int, float)) and not isinstance(given, bool):
        return float(given), ""
    found = split(given) if isinstance(given, str) else None
    if found is None or not math.isfinite(found[0]):
        shown = "missing" if given is None else write_value(given)
        raise ConfigError(f'{where} = {shown}: expected a number, or a text such as "144 km".')
    return found


def _spaced(
    share: NDArray[np.float64], low: float, high: float, spec: Mapping[str, Any]
) -> NDArray[np.float64]:
    """Return values at shares from 0 to 1 of a range; the ends are exact."""
    if spec.get("spacing") == "log":
        found = low * (high / low) ** share
    else:
        found = low + (high - low) * share
    return np.where(share == 0.0, low, np.where(share == 1.0, high, found))


def _written(values: NDArray[np.float64], unit: str, whole: bool) -> tuple[Any, ...]:
    """Write values as a run file has them: texts with a unit, whole numbers where both ends are and all fall on them."""
    rounded = [float(f"{value:.{_DIGITS}g}") for value in values]
    if unit:
        return tuple(f"{value:.{_DIGITS}g} {unit}" for value in rounded)
    if whole and all(value.is_integer() for value in rounded):
        return tuple(int(value) for value in rounded)
    return tuple(rounded)


def _zipped(name: str, table: Any) -> Axis:
    """Return keys that move together."""
    if not isinstance(table, dict) or not table:
        raise ConfigError(f"[zipped.{name}]: expected keys with lists of the same length.")
    columns = {key: _values(f"zipped.{name}.{key}", spec) for key, spec in _flat(table, "")}
    lengths = {key: len(values) for key, values in columns.items()}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{key} has {length}" for key, length in lengths.items())
        raise ConfigError(f"[zipped.{name}]: keys that move together need equally many values; {shown}.")
    if name in columns or name == POINT:
        raise ConfigError(f"[zipped.{name}]: expected a name of your own, not that of a key or '{POINT}'.")
    return Axis(name, columns)


def _sample(table: Mapping[str, Any]) -> Axis:
    """Return sampled points: a Latin hypercube, or a scrambled Sobol sequence."""
    from scipy.stats import qmc

    known = ("method", "points", "seed", "axes")
    unknown = [key for key in table if key not in known]
    if unknown:
        raise ConfigError(
            f"sample.{unknown[0]}: unknown key; known are {', '.join(known)}.{nearest(unknown[0], known)}"
        )
    method = table.get("method")
    if method not in _METHODS:
        shown = "missing" if method is None else write_value(method)
        raise ConfigError(f"sample.method = {shown}: expected one of {', '.join(map(repr, _METHODS))}.")
    points = _count("sample.points", table.get("points"), 1)
    if "seed" not in table:
        raise ConfigError("sample.seed: missing; give a whole number, so that the same points come again.")
    seed = table["seed"]
    if not isinstance(seed, int) or isinstance(seed, bool) or seed < 0:
        raise ConfigError(f"sample.seed = {write_value(seed)}: expected a whole number, at least 0.")
    specs = dict(_flat(_table(table, "axes"), ""))
    if not specs:
        raise ConfigError("[sample.axes]: expected at least one range.")
    if method == "sobol" and points & (points - 1):
        near = 2 ** (points.bit_length() - 1)
        raise ConfigError(
            f"sample.points = {points}: a Sobol sequence needs a power of 2, such as {near} or {2 * near}."
        )
    generator = np.random.default_rng(seed)
    sampler = (qmc.Sobol if method == "sobol" else qmc.LatinHypercube)(len(specs), rng=generator)
    drawn = sampler.random(points)
    columns = {}
    for share, (key, spec) in zip(drawn.T, specs.items(), strict=True):
        where = f"sample.axes.{key}"
        if not isinstance(spec, dict) or "points" in spec:
            raise ConfigError(
                f'{where}: expected a range without points, such as {{ from = "1.2 Msun", to = "1.6 Msun" }}.'
            )
        low, high, unit, _ = _ends(where, spec)
        columns[key] = _written(_spaced(share, low, high, spec), unit, whole=False)
    return Axis(POINT, columns)


def _of_file(table: Mapping[str, Any], folder: Path) -> Axis:
    """Return the points of a CSV file: one line a point, a key in the head of each column, with its unit in brackets."""
    unknown = [key for key in table if key != "file"]
    if unknown or not isinstance(table.get("file"), str):
        raise ConfigError('[points]: expected file = "points.csv" and nothing else.')
    path = (folder / Path(table["file"]).expanduser()).resolve()
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f'points.file = "{table["file"]}": {path} cannot be read ({error}).') from None
    rows = [row for row in csv.reader(line for line in lines if line.strip() and not line.startswith("#"))]
    if len(rows) < 2:
        raise ConfigError(f"{path}: expected a line of keys and at least one point.")
    heads = [_head(cell) for cell in rows[0]]
    keys = [key for key, _ in heads]
    for sign, name in ((";", "semicolons"), ("\t", "tabs")):
        if any(sign in cell for cell in rows[0]):
            raise ConfigError(f"{path}: columns are separated by commas; here they seem to be by {name}.")
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise ConfigError(f"{path}: the column '{twice[0]}' stands there twice.")
    columns: dict[str, list[Any]] = {key: [] for key in keys}
    for number, row in enumerate(rows[1:], start=1):
        if len(row) != len(keys):
            raise ConfigError(
                f"{path}: point {number} has {len(row)} values, separated by commas; expected {len(keys)}."
            )
        empty = [key for key, cell in zip(keys, row, strict=True) if not cell.strip()]
        if empty:
            raise ConfigError(f"{path}: point {number} has no value of {', '.join(empty)}; expected one.")
        for (key, unit), cell in zip(heads, row, strict=True):
            columns[key].append(f"{cell.strip()} {unit}" if unit else parse_value(cell.strip()))
    return Axis(POINT, {key: tuple(values) for key, values in columns.items()})


def _head(cell: str) -> tuple[str, str]:
    """Return the key and the unit of a column: "profile.mass [Msun]"."""
    key, bracket, rest = cell.strip().partition("[")
    return key.strip(), rest.rstrip("] ").strip() if bracket else ""
