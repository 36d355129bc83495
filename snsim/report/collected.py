"""A collected study as the dataset that `snsim.report.of_study` draws: the main numbers first, every parameter along it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from snsim.errors import ResultFileError
from snsim.report.of_study import FAILURE, GROUP, POINT, SPECIES
from snsim.result import HEADLINES, PARAMETER, Result
from snsim.study.collect import POINTS_GROUP
from snsim.variable import Variable

if TYPE_CHECKING:
    from xarray import Dataset

MOST_VALUES = 300_000  # in all figures of a page together: some MB
_MAIN = "main numbers"
_NO_FACTS = ("title", "citations", "study")


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
        `MOST_VALUES`, which the attribute `only in study.h5` counts.

    Raises
    ------
    ResultFileError
        If the result is no collected study.
    """
    import xarray

    if POINTS_GROUP not in study.groups:
        raise ResultFileError(
            "a result without the group 'points' is no collected study; snsim collect writes one."
        )
    points = study.groups[POINTS_GROUP]
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
        if used > MOST_VALUES and heading != _MAIN:
            left += 1
            continue
        values = variable.values if own == () else _spread(study, group, variable, species)
        attributes = {"units": variable.unit, "long_name": variable.long_name, GROUP: heading}
        answers[f"{group}/{key}"] = ((*dims, *own), laid(values), attributes)
    failure = np.where(
        points["state"].values == "done", "", _why(points["state"].values, points["reason"].values)
    )
    coordinates: dict[str, Any] = {}
    for key, each in points.items():
        if _is_parameter(key, each):
            place = tuple(slice(None) if dim in each.dims else None for dim in axes)
            whole = each.values if on_grid else laid(np.broadcast_to(each.values[place], shape))
            along = each.dims if on_grid else dims
            coordinates[key] = (along, whole, {"units": each.unit, "long_name": each.long_name})
    if any(SPECIES in own for own, *_ in answers.values()):
        coordinates[SPECIES] = np.array(species)
    facts = {key: text for key, text in study.provenance.items() if key not in _NO_FACTS and text}
    if left:
        facts["only in study.h5"] = f"{left} more numbers"
    kept = {key: study.provenance[key] for key in ("title", "citations") if study.provenance.get(key)}
    return xarray.Dataset({**answers, FAILURE: (dims, laid(failure))}, coords=coordinates, attrs=kept | facts)


def _is_parameter(key: str, variable: Variable) -> bool:
    return variable.dims == (key,) or variable.attributes.get("role") == PARAMETER


def _order(study: Result) -> Iterator[tuple[str, str, str]]:
    """Heading, group and name of every number, those of summaries first."""
    main = [(group, key) for group, key, _ in HEADLINES if key in study.groups.get(group, {})]
    yield from ((_MAIN, group, key) for group, key in main)
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
