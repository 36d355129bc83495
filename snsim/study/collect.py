"""All results of a study as one, along its axes: `study.h5`, which is a result like any other."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snsim.config.load import STUDY_FILE
from snsim.config.quantities import convert, split
from snsim.config.write import resolve_toml, write_value
from snsim.errors import ResultFileError
from snsim.output.provenance import collect as collect_provenance
from snsim.output.reader import RESULT_FILE, read_result
from snsim.output.writer import write_result
from snsim.result import PARAMETER, Result
from snsim.study.axes import Axis
from snsim.study.claim import holder_of
from snsim.study.numbers import SPECIES, Label, Name, Row, is_number, numbers
from snsim.study.plan import Plan, Point, Study
from snsim.study.record import Standing, State, look, read_status, set_aside, sum_of
from snsim.study.warned import Warned, counted, masked
from snsim.variable import Variable

STUDY_RESULT = "study.h5"
POINTS_GROUP = "points"
_APART = " | "  # between what different points say of a variable
_KNOWN_SPECIES = ("nue", "anue", "nux", "numutau", "anumutau", "numu", "anumu", "nutau", "anutau")


@dataclass
class Collected:
    """What a collection found.

    Attributes
    ----------
    file : Path
    points, collected : int
        Of the study, and with numbers.
    left_out : list of (Point, Standing)
        The others.
    damaged : list of (Point, str)
        Results that could not be used, set aside and marked to be computed again.
    codes : tuple of str
        By which the numbers were computed; more than one only if that was asked for.
    warned : list of Warned
        Of what the runs of points warned, failed ones among them.
    kept : Path or None
        Where an earlier collection went that holds points which this one lacks.
    """

    file: Path
    points: int
    collected: int = 0
    left_out: list[tuple[Point, Standing]] = field(default_factory=list)
    damaged: list[tuple[Point, str]] = field(default_factory=list)
    codes: tuple[str, ...] = ()
    warned: list[Warned] = field(default_factory=list)
    kept: Path | None = None


def collect(
    plan: Plan, rows: Mapping[str, Row] | None = None, *, keep: bool = False, check: bool = True
) -> Collected:
    """Write `study.h5`.

    Parameters
    ----------
    plan : Plan
    rows : mapping of str to Row, optional
        Numbers that are known, by the place of the point: its file is not read.
    keep : bool
        Whether results of other code than the present are taken too.
    check : bool
        Whether every result file is compared with its checksum.

    Returns
    -------
    Collected

    Raises
    ------
    ResultFileError
        If the file cannot be written.

    Notes
    -----
    Numbers of an earlier collection of the same points by the same code are taken from it. What a point lacks is NaN, and the
    group `points` says why. An earlier collection with points that this one lacks is kept beside it.
    """
    study, file = plan.study, plan.study.folder / STUDY_RESULT
    found = Collected(file, len(plan.points))
    known, before = dict(rows or {}), _Earlier.read(file, plan)
    standings: list[Standing] = []
    lines: dict[int, Row] = {}
    for point in plan.points:
        folder = plan.folder(point)
        standing = look(folder, point.config_hash, point.code)
        if standing.state is State.DONE or (keep and standing.state is State.STALE):
            given = known.get(point.place) or before.row(point, standing.code)
            try:
                lines[point.index] = _row(folder, study, given, check and point.place not in known)
            except ResultFileError as error:
                standing = _set_aside(folder, error)
                found.damaged.append((point, str(error)))
        if point.index not in lines:
            found.left_out.append((point, standing))
        standings.append(standing)
    found.collected = len(lines)
    found.codes = tuple(sorted({standings[index].code for index in lines}))
    found.warned = counted([standing.warnings for standing in standings])
    groups = {POINTS_GROUP: _points_group(plan, standings, lines, found.warned), **_gathered(study, lines)}
    origin = collect_provenance(study.digest, title=study.title) | {
        "study": (study.folder / STUDY_FILE).read_text(encoding="utf-8"),
        "codes": "\n".join(found.codes),
    }
    new = Result(groups, resolve_toml(study.base.configure({})), origin)
    if _done(before.stored) - {plan.points[index].config_hash for index in lines}:
        found.kept = _free_name(file, before.stored)
        os.replace(file, found.kept)
    write_result(new, file)
    return found


def _done(result: Result | None) -> set[str]:
    """Return the hashes of the points that a collection has numbers of."""
    about = result.groups.get(POINTS_GROUP, {}) if result is not None else {}
    if "state" not in about or "config_hash" not in about:
        return set()
    return {str(each) for each in about["config_hash"].values[about["state"].values == State.DONE]}


def _free_name(file: Path, result: Result | None) -> Path:
    """Return where a collection is kept: a name that is free, or that of one all of whose points it has too."""
    for number in itertools.count(1):
        place = file.with_name(f"{file.stem}.old{number if number > 1 else ''}{file.suffix}")
        if not place.exists() or _done(_read(place)) <= _done(result):
            break
    return place


def _read(file: Path) -> Result | None:
    try:
        return read_result(file)
    except ResultFileError:
        return None


def _row(folder: Path, study: Study, given: Row | None, check: bool) -> Row:
    """Return the numbers of a point, its file checked."""
    path = folder / RESULT_FILE
    status = read_status(folder)
    if check and status is not None and status.size:
        try:
            same = sum_of(path) == (status.size, status.checksum)
        except OSError as error:
            raise ResultFileError(f"{path}: cannot be read ({error}).") from None
        if not same:
            raise ResultFileError(f"{path}: is not what was written (its checksum differs).")
    if given is not None:
        return given
    return numbers(
        read_result(path, lambda name, shape: is_number(name, shape, study.collect)), study.collect
    )


def _set_aside(folder: Path, error: ResultFileError) -> Standing:
    """Mark a damaged result to be computed again, unless somebody is about to."""
    words = f"damaged: {str(error).rpartition(': ')[2]}"
    if holder_of(folder) is None:
        set_aside(folder, words)
    return Standing(State.QUEUED, words)


@dataclass(frozen=True)
class _Earlier:
    """An earlier collection."""

    stored: Result | None  # whatever stands there
    result: Result | None  # the same, if it is of this very study
    study: Study

    @classmethod
    def read(cls, file: Path, plan: Plan) -> _Earlier:
        """Read a collection; without numbers where there is none of this very study that can be read."""
        result = _read(file) if file.is_file() else None
        same = result is not None and result.provenance.get("config_hash") == plan.study.digest
        text = (plan.study.folder / STUDY_FILE).read_text(encoding="utf-8")
        same = same and result is not None and result.provenance.get("study") == text
        return cls(result, result if same else None, plan.study)

    def row(self, point: Point, code: str) -> Row | None:
        """Return the numbers of a point; None where it does not have them of this code."""
        if self.result is None:
            return None
        at = np.unravel_index(point.index, self.study.shape)
        about = self.result.groups[POINTS_GROUP]
        if str(about["state"].values[at]) != State.DONE or str(about["code"].values[at]) != code:
            return None
        if str(about["config_hash"].values[at]) != point.config_hash:
            return None
        return Row(
            {name: self.result.groups[name[0]][name[1]].values[at] for name in self.labels}, self.labels
        )

    @cached_property
    def labels(self) -> dict[Name, Label]:
        """What the numbers are: of all points alike, put together by the earlier collection."""
        many, found = len(self.study.shape), {}
        for group, variables in (self.result.groups if self.result is not None else {}).items():
            names = variables.get(SPECIES)
            for key, variable in variables.items():
                if group == POINTS_GROUP or key == SPECIES:
                    continue
                dims = variable.dims[many:]
                species = (
                    tuple(str(name) for name in names.values) if names is not None and SPECIES in dims else ()
                )
                found[group, key] = Label(
                    dims, variable.unit, variable.long_name, tuple(variable.attributes.items()), species
                )
        return found


def _points_group(
    plan: Plan, standings: Sequence[Standing], lines: Mapping[int, Row], warned: Sequence[Warned]
) -> dict[str, Variable]:
    """Return coordinates, and how every point stands."""
    study = plan.study
    dims = tuple(axis.name for axis in study.axes)

    def texts(words: Iterable[str], long_name: str, **about: str) -> Variable:
        """Lay one text a point along the axes."""
        return Variable(
            dims, np.array(list(words), dtype=np.str_).reshape(study.shape), "1", long_name, about
        )

    sentences = {masked(each) for standing in standings for each in standing.warnings}
    group = {key: value for axis in study.axes for key, value in coordinates(axis).items()}
    return group | {
        "state": texts(
            (State.DONE if i in lines else _state(standing) for i, standing in enumerate(standings)),
            "state of the point",
            parameters="\n".join(study.keys),  # in their order, which groups of a file do not have
        ),
        "reason": texts(
            ("" if i in lines else standing.why for i, standing in enumerate(standings)),
            "why a point has no numbers",
        ),
        "name": texts((point.name for point in plan.points), "folder of the point"),
        "config_hash": texts((point.config_hash for point in plan.points), "hash of the resolved physics"),
        "code": texts(
            (standing.code if i in lines else "" for i, standing in enumerate(standings)), "hash of the code"
        ),
        "warnings": Variable(  # no texts: in a large study these would outweigh all numbers
            dims,
            np.array([len(standing.warnings) for standing in standings]).reshape(study.shape),
            "1",
            "number of warnings of the run",
            {
                "sentences": "\n".join(sorted(sentences)),
                "counted": "\n".join(f"{each.points} {each.kind}: {each.sentence}" for each in warned),
            },
        ),
    }


def _state(standing: Standing) -> State:
    """Return a state as it is stored: what runs at this moment is no property of the data."""
    return State.QUEUED if standing.state is State.RUNNING else standing.state


def coordinates(axis: Axis) -> dict[str, Variable]:
    """Return the values along an axis as variables: the index of its own, or parameters beside one another."""
    found = {}
    for key, column in axis.columns.items():
        values, unit = _measured(column)
        role = {} if key == axis.name else {"role": PARAMETER}
        found[key] = Variable((axis.name,), values, unit, key, role)
    return found


def _measured(column: Sequence[Any]) -> tuple[NDArray[Any], str]:
    """Return values as numbers in the unit of the first, or as texts."""
    if all(isinstance(value, int) and not isinstance(value, bool) for value in column):
        return np.array(column, dtype=np.int64), "1"
    if all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in column):
        return np.array(column, dtype=np.float64), "1"
    parts = [split(value) if isinstance(value, str) else None for value in column]
    quantities = [part for part in parts if part is not None and part[1]]
    if len(quantities) == len(column):
        unit = quantities[0][1]
        return np.array([float(f"{convert(value, own, unit):.12g}") for value, own in quantities]), unit
    return np.array(
        [value if isinstance(value, str) else write_value(value) for value in column], dtype=np.str_
    ), "1"


def _gathered(study: Study, lines: Mapping[int, Row]) -> dict[str, dict[str, Variable]]:
    """Put rows together along the axes."""
    labels: dict[Name, list[Label]] = {}
    seen: dict[int, Mapping[Name, Label]] = {id(row.labels): row.labels for row in lines.values()}
    for each in seen.values():
        for name, label in each.items():
            labels.setdefault(name, []).append(label)
    groups: dict[str, dict[str, Variable]] = {}
    for name in sorted(labels):
        group = groups.setdefault(name[0], {})
        species = _ordered({one for label in labels[name] for one in label.species})
        shape = _own_shape(name, lines, labels[name][0], species)
        values = np.full((len(study), *shape), np.nan)
        for index, row in lines.items():
            if name in row.values:
                _put(values[index, ...], row.values[name], row.labels[name], species)
        group[name[1]] = _variable(study, values.reshape(*study.shape, *shape), labels[name])
        if species:
            group.setdefault(SPECIES, Variable((SPECIES,), np.array(species), "1", "neutrino species"))
    return groups


def _own_shape(
    name: Name, lines: Mapping[int, Row], label: Label, species: tuple[str, ...]
) -> tuple[int, ...]:
    shapes = {row.values[name].shape for row in lines.values() if name in row.values}
    sizes = {
        tuple(size for size, dim in zip(shape, label.dims, strict=True) if dim != SPECIES) for shape in shapes
    }
    if len(sizes) > 1:
        raise ResultFileError(
            f"collect: {'/'.join(name)} has different lengths in different points, {sorted(sizes)}; leave it out of the list"
        )
    rest = iter(next(iter(sizes)))
    return tuple(len(species) if dim == SPECIES else next(rest) for dim in label.dims)


def _put(
    target: NDArray[np.float64], values: NDArray[np.float64], label: Label, species: tuple[str, ...]
) -> None:
    """Write the values of a point where they belong, species by name."""
    if label.species == species or not label.species:
        target[...] = values
        return
    axis = label.dims.index(SPECIES)
    places = [species.index(name) for name in label.species]
    np.moveaxis(target, axis, 0)[places] = np.moveaxis(values, axis, 0)


def _variable(study: Study, values: NDArray[np.float64], labels: Sequence[Label]) -> Variable:
    """Return a variable along the axes; what points say differently of it stands there once, in alphabetical order."""
    dims = (*(axis.name for axis in study.axes), *labels[0].dims)
    attributes = {
        key: _joined(dict(label.attributes).get(key, "") for label in labels)
        for key in sorted({key for label in labels for key, _ in label.attributes})
    }
    return Variable(dims, values, labels[0].unit, _joined(label.long_name for label in labels), attributes)


def _joined(texts: Iterable[str]) -> str:
    return _APART.join(sorted({part for text in texts for part in text.split(_APART) if part}))


def _ordered(species: set[str]) -> tuple[str, ...]:
    return tuple(name for name in _KNOWN_SPECIES if name in species) + tuple(
        sorted(species - set(_KNOWN_SPECIES))
    )
