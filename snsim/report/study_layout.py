"""What the page of a study knows of its dataset: names of dimensions and texts, parameters, what failed or waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from snsim.report.labels import number_text, unit_text

if TYPE_CHECKING:
    from xarray import DataArray, Dataset

POINT, SPECIES, FAILURE, WAITING = "point", "species", "failure", "waiting"
GROUP = "group"  # attribute of an answer: heading in menus
MAIN = "main numbers"  # such a heading: what the summary shows unfolded
WARNINGS = "warnings"  # attribute of the study: a line each


def parameters_of(study: Dataset) -> list[str]:
    """Return the names of what was varied, in the order of the file."""
    if POINT in study.dims:
        return [str(name) for name in study.coords if study[name].dims == (POINT,) and name != POINT]
    return [str(name) for name in study.dims if name in study.coords and name != SPECIES]


def size_of(study: Dataset) -> int:
    """Return the number of points."""
    if POINT in study.dims:
        return int(study.sizes[POINT])
    return int(np.prod([study.sizes[name] for name in parameters_of(study)]))


def failures_of(study: Dataset, text: str = FAILURE) -> list[tuple[dict[str, Any], str]]:
    """Return parameters and words of every point that has no answer, as a text of the study says it."""
    if text not in study:
        return []
    failure, parameters = study[text], parameters_of(study)
    found = []
    for place in np.argwhere(failure.values.astype(str) != ""):
        at = dict(zip((str(dim) for dim in failure.dims), place.tolist(), strict=True))
        here = failure.isel(at)
        found.append(({name: here[name].item() for name in parameters}, str(here.values)))
    return found


def is_number(variable: DataArray) -> bool:
    """Whether its values are numbers, not texts."""
    return variable.dtype.kind in "fi"


def words_of(variable: DataArray) -> str:
    """Return what a variable is called."""
    return str(variable.attrs.get("long_name") or str(variable.name).replace("_", " "))


def unit_of(variable: DataArray) -> str:
    """Return its unit as it is shown."""
    return unit_text(str(variable.attrs.get("units", "")))


def plain(value: Any) -> str:
    """Return one value."""
    return number_text(float(value)) if isinstance(value, (int, float, np.number)) else str(value)


def value_of(variable: DataArray, value: Any) -> str:
    """Return one value with the unit of its variable."""
    return f"{plain(value)} {unit_of(variable)}".strip()
