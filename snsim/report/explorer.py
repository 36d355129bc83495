"""Every array of a result over its coordinate, by a menu: what no other figure shows."""

from __future__ import annotations

import numpy as np

from snsim.plots._panels import CM_PER_KM, radius_limits, species_of
from snsim.report.figure import Array, Axis, Curve, Figure, View
from snsim.report.labels import axis_title, spare_colour, species_colour, species_name, unit_text, wrapped
from snsim.report.panels import RADIUS, Moments, kind_of, limits, moments_of
from snsim.result import Result, shown_unit, with_coordinates
from snsim.series import TIME
from snsim.variable import Group, Variable

MOST_MOMENTS = 10
MOST_POINTS = 2000  # of a curve; longer ones are thinned
_LEAST_POINTS = 3
_ROWS = 12  # curves, at most
_SHARED = ("species", "process", "ordering")


def explorer(result: Result) -> Figure | None:
    """Return a figure with every variable along one coordinate, alone or by species; None where there is none."""
    moments = moments_of(result, MOST_MOMENTS)
    views = []
    for name in sorted(result.groups, key=lambda each: (each.startswith("diagnostics/"), each)):
        group, species = with_coordinates(result, name), species_of(result, name)
        for key, variable in result[name].items():
            if view := _view(f"{name}: {variable.long_name}", group, key, variable, moments, species, result):
                views.append(view)
    if not views:
        return None
    return Figure(
        "explorer",
        "Everything else",
        "Every array of the result over its coordinate; choose one. In Python: result.to_xarray(group).",
        f"A menu of all {len(views)} arrays of the result; each is drawn over radius, energy or time. The result file has "
        "the numbers.",
        tuple(views),
        moments.sliders,
        "Array",
    )


def _view(
    label: str,
    group: Group,
    key: str,
    variable: Variable,
    moments: Moments,
    species: tuple[str, ...],
    result: Result,
) -> View | None:
    """Return one variable over its last dimension, a curve for each member of a first one; None if it is none of these."""
    if variable.values.dtype.kind not in "fi" or variable.dims in ((), (key,)):
        return None
    along, values = variable.dims, np.asarray(variable.values, dtype=np.float64)
    if along in ((TIME,), (TIME, "species")):  # over time, without a slider
        along, values = (*along[1:], TIME), np.moveaxis(values, 0, -1)
    elif moments.sliders and along[0] == TIME:
        along, values = along[1:], moments.of(variable)
    if len(along) > 2 or (len(along) == 2 and along[0] not in _SHARED):
        return None
    found = _coordinate(group, along[-1], values.shape[-1], result)
    if found is None or values.shape[-1] < _LEAST_POINTS or not np.isfinite(values).any():
        return None
    x, axis = found
    finite = np.abs(values[np.isfinite(values)])
    unit, factor = shown_unit(variable.unit, float(finite.max(initial=0.0)))
    thin = slice(None, None, -(-values.shape[-1] // MOST_POINTS))
    rows = _rows(group, along, values / factor, species)
    curves = tuple(
        Curve(words, x[thin], row[..., thin], colour, unit=unit_text(unit))
        for words, row, colour in rows[:_ROWS]
    )
    kind = kind_of(values)
    return View(
        label, axis, Axis(wrapped(axis_title(variable.long_name, unit)), kind, limits(curves, kind)), curves
    )


def _coordinate(group: Group, dim: str, size: int, result: Result) -> tuple[Array, Axis] | None:
    """Return the points along a dimension, and their axis."""
    name = {"zone": "radius", "interface": "radius_interface"}.get(dim, dim)
    variable = group.get(name)
    if variable is None or variable.values.shape != (size,) or variable.values.dtype.kind not in "fi":
        return None
    if name != dim:
        return variable.values / CM_PER_KM, Axis(RADIUS, "log", radius_limits(result))
    points = np.asarray(variable.values, dtype=np.float64)
    kind = kind_of(points)
    ends = (float(points.min()), float(points.max())) if kind == "log" else None
    return points, Axis(axis_title(variable.long_name, variable.unit), kind, ends)


def _rows(
    group: Group, along: tuple[str, ...], values: Array, species: tuple[str, ...]
) -> list[tuple[str, Array, str]]:
    """Name, values and colour of each curve."""
    if len(along) == 1:
        return [("", values, "ink")]
    if along[0] == "species":
        members = list(species)
    else:
        members = [str(name) for name in group[along[0]].values] if along[0] in group else []
    if len(members) != values.shape[-2]:
        members = [str(i) for i in range(values.shape[-2])]
    return [
        (
            species_name(who) if along[0] == "species" else who.replace("_", " "),
            values[..., i, :],
            species_colour(who, i) if along[0] == "species" else spare_colour(i),
        )
        for i, who in enumerate(members)
    ]
