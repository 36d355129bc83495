"""A study file as points: every one a validated configuration with a folder of its own."""

from __future__ import annotations

import copy
import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from snsim.config.load import PATHS, RUN_FILE, STUDY_FILE, build, config_hash, place, read_tables
from snsim.config.mistakes import Source
from snsim.config.model_names import nearest
from snsim.config.quantities import split
from snsim.config.schema import Config, HydrostaticProfile
from snsim.config.stars import stars
from snsim.config.unused import unused_keys
from snsim.config.write import write_value
from snsim.errors import ConfigError
from snsim.output.provenance import code_of
from snsim.study.axes import Axis, read_axes
from snsim.study.record import code_stamp

POINTS = "points"
FLAT = 10_000  # more points than that stand in 256 folders
LONGEST_SLUG = 80
_KEYS = ("schema", "title", "base", "axes", "zipped", "sample", "points", "collect")
_NO_PHYSICS = ("schema", "title", "output")
_MOST = 12  # mistakes in one message
_ENOUGH = 2000  # points with a mistake: no more are looked at
_SHARD = re.compile(r"[0-9a-f]{2}")


@dataclass(frozen=True)
class _Source(Source):
    """Where keys of a point come from: the base, and the axes of a study file."""

    study: Path = Path(STUDY_FILE)

    def where(self, key: str) -> str:
        """Say where a key stands."""
        parts = [each for each in self.given if each == key or each.startswith(f"{key}.")]
        return f"on an axis of {self.study}" if self.sets(key) or parts else f"in {self.file}"


@dataclass(frozen=True)
class Base:
    """What all points share, and what is needed to configure one: small, and sent to workers as it is.

    Attributes
    ----------
    tables : mapping
        Of the base run file, without ``[output]``.
    file : Path
        Where they stand: paths in them are relative to it.
    study : Path
        The study file: paths on axes are relative to it.
    title : str
        Of the study.
    """

    tables: Mapping[str, Any]
    file: Path
    study: Path
    title: str

    def configure(self, values: Mapping[str, Any]) -> Config:
        """Return the configuration of a point, or of the base where there are no values.

        Raises
        ------
        ConfigError
            One line for each mistake.
        """
        tables = copy.deepcopy(dict(self.tables))
        for key, value in values.items():
            try:
                place(tables, key.split("."), self._absolute(key, value))
            except ConfigError as error:
                raise ConfigError(f"{key} on an axis of {self.study}: {error}") from None
        tables["title"] = f"{self.title}: {label(values)}" if values else self.title
        config = build(tables, _Source(self.file, frozenset(values), self.study), Config)
        stars(config, self.file)
        return config

    def _absolute(self, key: str, value: Any) -> Any:
        """Paths on an axis are relative to the study file."""
        if key not in PATHS or not isinstance(value, (str, list)):
            return value
        several = [value] if isinstance(value, str) else value
        found = [str((self.study.parent / Path(each).expanduser()).resolve()) for each in several]
        return found[0] if isinstance(value, str) else found


@dataclass(frozen=True)
class Study:
    """A study file.

    Attributes
    ----------
    folder : Path
        That holds it, and the points.
    base : Base
    axes : tuple of Axis
        Dimensions of the study, in the order of the file.
    collect : tuple of str
        Arrays to be collected besides numbers, such as "profile/density".
    """

    folder: Path
    base: Base
    axes: tuple[Axis, ...]
    collect: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Title of the study."""
        return self.base.title

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of values along each axis."""
        return tuple(len(axis) for axis in self.axes)

    def __len__(self) -> int:
        """Return the number of points."""
        return math.prod(self.shape)

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys that move."""
        return tuple(key for axis in self.axes for key in axis.columns)

    def values(self, index: int) -> dict[str, Any]:
        """Return the values of a point by key; the last axis runs fastest."""
        places = np.unravel_index(index, self.shape)
        return {
            key: values[int(i)]
            for axis, i in zip(self.axes, places, strict=True)
            for key, values in axis.columns.items()
        }

    @cached_property
    def digest(self) -> str:
        """12 hex digits of base and axes: what the points are."""
        what = [self.base.tables, [[axis.name, dict(axis.columns)] for axis in self.axes]]
        return hashlib.sha256(json.dumps(what, sort_keys=True, default=str).encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Point:
    """One point.

    Attributes
    ----------
    index : int
        In the order of the axes, the last fastest.
    values : mapping
        By key.
    config_hash : str
        Of the resolved physics.
    code : str
        Of the code that would compute it, in one word.
    place : str
        Its folder, relative to that of the study.
    """

    index: int
    values: Mapping[str, Any]
    config_hash: str
    code: str
    place: str

    @property
    def name(self) -> str:
        """Name of its folder."""
        return self.place.rpartition("/")[2]


@dataclass(frozen=True)
class Plan:
    """All points of a study, validated.

    Attributes
    ----------
    study : Study
    points : tuple of Point
    remarks : tuple of str
        What the user should know before anything runs: keys on axes that have no effect.
    """

    study: Study
    points: tuple[Point, ...]
    remarks: tuple[str, ...] = field(default=())

    def folder(self, point: Point) -> Path:
        """Return the folder of a point."""
        return self.study.folder / point.place


def read_study(path: str | Path) -> Study:
    """Read a study file, or the `study.toml` of a directory; points are not looked at yet.

    Raises
    ------
    ConfigError
        One line for each mistake.
    """
    file = Path(path)
    file = (file / STUDY_FILE if file.is_dir() else file).resolve()
    tables = read_tables(file, STUDY_FILE)
    unknown = [key for key in tables if key not in _KEYS]
    mistakes = [
        f"{key} in {file}: unknown key; known here are {', '.join(_KEYS)}.{nearest(key, _KEYS)}"
        for key in unknown
    ]
    if tables.get("schema") != 1:
        mistakes.append(f"schema in {file}: expected schema = 1 at the top of the file.")
    title, collect = tables.get("title", ""), tables.get("collect", [])
    if not isinstance(title, str):
        mistakes.append(f"title in {file}: expected a text.")
    if not isinstance(collect, list) or not all(isinstance(name, str) and "/" in name for name in collect):
        mistakes.append(f'collect in {file}: expected a list of variables such as "profile/density".')
    axes: tuple[Axis, ...] = ()
    try:
        axes = read_axes(tables, file.parent)
    except ConfigError as error:
        mistakes += [f"{file}: {line}" for line in str(error).splitlines()]
    idle = [key for axis in axes for key in axis.columns if key.split(".")[0] in _NO_PHYSICS]
    mistakes += [f"{key} on an axis of {file}: it does not change the answer." for key in idle]
    if mistakes:
        raise ConfigError("\n".join(mistakes))
    return Study(
        file.parent, _base(tables.get("base"), file, title or file.parent.name), axes, tuple(collect)
    )


def _base(given: Any, file: Path, title: str) -> Base:
    if isinstance(given, dict):
        tables, home = {"schema": 1, **given}, file
    elif isinstance(given, str):
        home = (file.parent / Path(given).expanduser()).resolve()
        home = home / RUN_FILE if home.is_dir() else home
        tables = read_tables(home, RUN_FILE)
    else:
        raise ConfigError(
            f'base in {file}: required; expected the name of a run file, such as base = "run.toml", or a table [base], which '
            "may be empty: every key has a default."
        )
    tables = {key: value for key, value in tables.items() if key not in ("output", "title")}
    profile = tables.setdefault("profile", {})
    if isinstance(profile, dict) and set(profile) <= set(HydrostaticProfile.model_fields):
        tables["profile"] = {"format": HydrostaticProfile().format, **profile}  # as without the section
    return Base(tables, home, file, title)


def make_plan(study: Study) -> Plan:
    """Validate every point and give it its folder; nothing is written.

    Parameters
    ----------
    study : Study

    Raises
    ------
    ConfigError
        Every kind of mistake of a key once, with the number of points that have it; or two points that are the same.
    """
    mistakes: dict[str, list[tuple[int, str]]] = {}
    faulty = 0
    remarks: dict[str, list[tuple[int, str]]] = {}
    found: list[tuple[dict[str, Any], str, str]] = []
    codes: dict[Any, str] = {}
    for index in range(len(study)):
        values = study.values(index)
        try:
            config = study.base.configure(values)
        except ConfigError as error:
            for sentence in str(error).splitlines():
                mistakes.setdefault(_without_value(sentence, study), []).append((index, sentence))
            faulty += 1
            if len(mistakes) > _MOST or faulty == _ENOUGH:
                break
            continue
        for sentence in unused_keys(config):
            if sentence.split(" = ")[0] in values:
                remarks.setdefault(sentence, []).append((index, sentence))
        models = config.microphysics
        used = models.processes, models.structure_factor, models.form_factor
        if used not in codes:
            codes[used] = code_stamp(code_of(config))
        found.append((values, config_hash(config), codes[used]))
    if mistakes:
        raise ConfigError("\n".join(_counted(mistakes, study, index + 1)))
    _refuse_twins(found)
    standing = folders(study)
    points = tuple(
        Point(index, values, digest, code, _place(values, digest, len(study), standing))
        for index, (values, digest, code) in enumerate(found)
    )
    return Plan(study, points, tuple(_counted(remarks, study, len(study))))


def _without_value(sentence: str, study: Study) -> str:
    """Return the mistake of a key on an axis without the value, which may be another at every point."""
    head, where, rest = sentence.partition(f" on an axis of {study.base.study}: ")
    return f"{head.partition(' = ')[0]}{where}{rest}" if where else sentence


def _counted(sentences: Mapping[str, list[tuple[int, str]]], study: Study, looked_at: int) -> Iterator[str]:
    """Say the first of sentences that are alike, how many points they are about, and which is the first."""
    for alike in sentences.values():
        first, sentence = alike[0]
        about = ""
        if len(alike) < len(study) or len({each for _, each in alike}) > 1:
            among = "" if looked_at == len(study) else " looked at"
            about = f" ({len(alike)} of {looked_at} points{among}, first {label(study.values(first))})"
        yield sentence.removesuffix(".") + about


def _refuse_twins(found: list[tuple[dict[str, Any], str, str]]) -> None:
    first: dict[str, int] = {}
    for index, (values, digest, _) in enumerate(found):
        other = first.setdefault(digest, index)
        if other != index:
            raise ConfigError(
                f"points {other + 1} and {index + 1} are the same run ({label(values)}): expected every point once."
            )


def _place(values: Mapping[str, Any], digest: str, many: int, standing: Mapping[str, str]) -> str:
    """Return the folder of a point: where it stands, or where a study of this size has it."""
    name = f"{slug(values)}-{digest[:8]}"
    if name in standing:
        return standing[name]
    return f"{POINTS}/{name}" if many <= FLAT else f"{POINTS}/{digest[:2]}/{name}"


def folders(study: Study) -> dict[str, str]:
    """Return the folders of points on disk, also those of an earlier form of the study: name to relative place."""
    root = study.folder / POINTS
    found: dict[str, str] = {}
    if not root.is_dir():
        return found
    for entry in sorted(root.iterdir()):
        if _SHARD.fullmatch(entry.name):
            found |= {each.name: f"{POINTS}/{entry.name}/{each.name}" for each in sorted(entry.iterdir())}
        elif entry.is_dir() and not entry.name.startswith("."):
            found[entry.name] = f"{POINTS}/{entry.name}"
    return found


def label(values: Mapping[str, Any]) -> str:
    """Return the values of a point in words, with six digits.

    Examples
    --------
    >>> label({"profile.shock_radius": "151.052631579 km", "transport.limiter": "wilson"})
    'shock_radius = 151.053 km, limiter = wilson'
    """
    return ", ".join(f"{key.rpartition('.')[2]} = {_plain(value)}" for key, value in values.items())


def slug(values: Mapping[str, Any]) -> str:
    """Return the values of a point as part of a folder's name.

    Examples
    --------
    >>> slug({"profile.shock_radius": "144 km", "transport.limiter": "wilson"})
    'shock_radius-144km_limiter-wilson'
    """
    parts = [f"{key.rpartition('.')[2]}-{_short(value)}" for key, value in values.items()]
    return re.sub(r"[^A-Za-z0-9._+-]+", "", "_".join(parts))[:LONGEST_SLUG].strip("-_.")


def _plain(value: Any) -> str:
    """Return a value as a run file has it, numbers with six digits."""
    words = value if isinstance(value, str) else write_value(value)
    found = split(value) if isinstance(value, str) else (value, "") if isinstance(value, float) else None
    if found is None:
        return words
    return min(f"{found[0]:.6g} {found[1]}".strip(), words, key=len)


def _short(value: Any) -> str:
    """Return a value with four digits; of a path, its name."""
    if isinstance(value, float):
        return f"{value:.4g}"
    found = split(value) if isinstance(value, str) else None
    if found is not None:
        return f"{found[0]:.4g}{found[1].replace('/', '_')}"
    return Path(value).stem if isinstance(value, str) and "/" in value else _plain(value)
