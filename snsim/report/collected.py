"""A collected study as the dataset that `snsim.report.of_study` draws: the main numbers first, every parameter along it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from snsim.errors import ResultFileError
from snsim.plots._study_keys import Along
from snsim.report.study_layout import FAILURE, GROUP, MAIN, POINT, SPECIES, WAITING, WARNINGS
from snsim.result import BETTER, HEADLINES, IN_TIME, PARAMETER, Result, shown_unit
from snsim.study.collect import POINTS_GROUP
from snsim.study.record import State
from snsim.variable import Variable

if TYPE_CHECKING:
    from xarray import Dataset

MOST_VALUES = 300_000  # in all figures of a page together: some MB
_NO_FACTS = ("title", "citations", "study")
_NO_MATHTEXT = {r"$\sin^2\theta_W$": "sin²θ_W", "$V_{ud}$": "V_ud", r"\$": "$"}


def dataset_of(study: Result) -> Dataset:
    """Return a collected study in one of the layouts of `snsim.report.of_study`.

    Parameters
    ----------
    study : Result
        As `snsim.study.collect.collect` writes it.

    Returns
    -------
    xarray.Dataset
        On a grid where each axis moves one key; as a list of points where keys move together along one. Numbers of a star
        and of its species, those of summaries first; what nobody knows at any point is left out, and so is what exceeds
        `MOST_VALUES`, which the attribute `only in study.h5` counts. Units are those in which people want the numbers.

    Raises
    ------
    ResultFileError
        If the result is no collected study, or no point of it is computed yet.
    """
    import xarray

    if POINTS_GROUP not in study.groups:
        raise ResultFileError(
            "a result without the group 'points' is no collected study; snsim collect writes one."
        )
    points = study.groups[POINTS_GROUP]
    states = points["state"].values
    if not np.isin(states, (State.DONE, State.FAILED)).any():
        raise ResultFileError("no point of this study is computed yet; snsim sweep computes them.")
    axes, shape = points["state"].dims, points["state"].values.shape
    on_grid = all(axis in points for axis in axes)
    dims = axes if on_grid else (POINT,)

    def laid(values: NDArray[Any]) -> NDArray[Any]:
        """One axis of points in place of those of the study, if it is no grid."""
        return values if on_grid else values.reshape(-1, *values.shape[len(axes) :])

    species = _species(study)
    answers = {}
    many, left = sum(_is_parameter(key, each) for key, each in points.items()), 0
    used = 0
    for heading, group, key in _order(study):
        variable = study.groups[group][key]
        own = variable.dims[len(axes) :]
        if own not in ((), (SPECIES,)) or not np.isfinite(variable.values).any():
            continue
        used += many * variable.values.size
        if used > MOST_VALUES and heading != MAIN:
            left += 1
            continue
        values = variable.values if own == () else _spread(study, group, variable, species)
        unit, factor = shown_unit(variable.unit, float(np.nanmax(np.abs(values))))
        words = _headline(study, group, key) if heading == MAIN else variable.long_name
        attributes = {"units": unit, "long_name": words, GROUP: heading}
        answers[f"{group}/{key}"] = ((*dims, *own), laid(values / factor), attributes)
    why = _why(states, points["reason"].values)
    failure = np.where(states == State.FAILED, why, "")
    waiting = np.where(np.isin(states, (State.DONE, State.FAILED)), "", why)
    coordinates: dict[str, Any] = {}
    for key, each in points.items():
        if _is_parameter(key, each):
            place = tuple(slice(None) if dim in each.dims else None for dim in axes)
            whole = each.values if on_grid else laid(np.broadcast_to(each.values[place], shape))
            along = each.dims if on_grid else dims
            coordinates[key] = (along, whole, {"units": each.unit, "long_name": _called(key, each)})
    if any(SPECIES in own for own, *_ in answers.values()):
        coordinates[SPECIES] = np.array(species)
    facts = {key: text for key, text in study.provenance.items() if key not in _NO_FACTS and text}
    if left:
        facts["only in study.h5"] = f"{left} more numbers"
    kept = {key: study.provenance[key] for key in ("title", "citations") if study.provenance.get(key)}
    if "warnings" in points:  # not in files of old
        warned = points["warnings"].attributes
        kept[WARNINGS] = _warnings(warned.get("counted", ""), warned.get("sentences", ""), states.size)
    texts = {FAILURE: (dims, laid(failure)), WAITING: (dims, laid(waiting))}
    return xarray.Dataset({**answers, **texts}, coords=coordinates, attrs=kept | facts)


def _called(key: str, variable: Variable) -> str:
    """Return what a key is called, as in the figures of `snsim plot`, without mathtext."""
    words = Along(key, variable.dims[0], variable.values, variable.unit).name
    for mathtext, plain in _NO_MATHTEXT.items():
        words = words.replace(mathtext, plain)
    return words


def _headline(study: Result, group: str, key: str) -> str:
    """Return the words of a main number, as `snsim run` has them; with the time where there are several."""
    words = next(words for *name, words in HEADLINES if name == [group, key])
    if words.startswith("of which"):  # of the row above, in a summary
        words = study.groups[group][key].long_name
    heating = study.groups[group][key].attributes.get("heating_species", "")
    words += f", {heating}" if heating else ""
    if any(name in study.groups for name in IN_TIME):
        words += f" ({group}, last time)" if group in IN_TIME else " (t = 0)"
    return words


def _warnings(counted: str, sentences: str, points: int) -> str:
    """Return a line for each warning, with at how many points; files of old do not say at how many."""
    lines = [line.partition(" ") for line in counted.splitlines()]
    return "\n".join(f"At {many} of {points} points: {words}" for many, _, words in lines) or sentences


def _is_parameter(key: str, variable: Variable) -> bool:
    return variable.dims == (key,) or variable.attributes.get("role") == PARAMETER


def _order(study: Result) -> Iterator[tuple[str, str, str]]:
    """Heading, group and name of every number, those of summaries first."""
    main = [
        (group, key)
        for group, key, _ in HEADLINES
        if key in study.groups.get(group, {}) and BETTER.get(key) not in study.groups[group]
    ]
    yield from ((MAIN, group, key) for group, key in main)
    for group, variables in study.groups.items():
        if group == POINTS_GROUP:
            continue
        for key, variable in variables.items():
            if (group, key) not in main and key != SPECIES and variable.values.dtype.kind == "f":
                yield group.removeprefix("diagnostics/").replace("_", " "), group, key


def _species(study: Result) -> tuple[str, ...]:
    """Return the species of all groups, each once."""
    found = [
        str(name)
        for group, variables in study.groups.items()
        if group != POINTS_GROUP and SPECIES in variables
        for name in variables[SPECIES].values
    ]
    return tuple(dict.fromkeys(found))


def _spread(study: Result, group: str, variable: Variable, species: Sequence[str]) -> NDArray[np.float64]:
    """Return numbers of the species of one group along those of all; NaN where it has none."""
    own = [str(name) for name in study.groups[group][SPECIES].values]
    values = np.full((*variable.values.shape[:-1], len(species)), np.nan)
    values[..., [species.index(name) for name in own]] = variable.values
    return values


def _why(states: NDArray[np.str_], reasons: NDArray[np.str_]) -> NDArray[Any]:
    """Return why points have no numbers: the state where nothing more is known."""
    return np.where(reasons == "", states, reasons)


__all__ = ["MOST_VALUES", "dataset_of"]
