"""What the figures of a result share: moments of a sequence, curves over radius, the shock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snsim.plots._panels import CM_PER_KM, group_of, radius_limits, radius_of, species_of
from snsim.report.figure import SOLID, Array, Axis, Curve, Line, Slider
from snsim.report.labels import species_colour, species_name, with_unit
from snsim.result import Result
from snsim.series import HISTORY, TIME
from snsim.variable import Variable

MOST_MOMENTS = 40  # of a sequence, in the figures with a slider over time
RADIUS = "radius r [km]"
_LOG_FROM = 30.0  # ratio of largest to smallest value, all above 0, from which an axis is logarithmic


@dataclass(frozen=True)
class Moments:
    """Which stars of a sequence the figures over radius show: all, or some of very many.

    Attributes
    ----------
    places : ndarray of int
        Along time; empty for a result with a single star.
    sliders : tuple of Slider
        None for a single star.
    """

    places: NDArray[np.int64]
    sliders: tuple[Slider, ...]

    def of(self, variable: Variable) -> Array:
        """Return its values at these moments, time first; as they are for a single star."""
        values = np.asarray(variable.values, dtype=np.float64)
        return values[self.places] if variable.dims[:1] == (TIME,) else values


def moments_of(result: Result, most: int = MOST_MOMENTS) -> Moments:
    """Choose the moments of a result."""
    if HISTORY not in result.groups:
        return Moments(np.empty(0, dtype=np.int64), ())
    time = result[HISTORY][TIME].values
    places = np.unique(np.linspace(0, time.size - 1, min(time.size, most)).round().astype(np.int64))
    slider = Slider("time", tuple(with_unit(float(time[i]), "s") for i in places), 0)
    return Moments(places, (slider,))


def radius_axis(result: Result) -> Axis:
    """Return the axis of all figures over radius."""
    return Axis(RADIUS, "log", radius_limits(result))


def by_species(
    result: Result,
    group: str,
    name: str,
    moments: Moments,
    *,
    label: str = "",
    scale: float = 1.0,
    positive: bool = False,
    dashes: str = SOLID,
    right: bool = False,
    unit: str = "",
) -> list[Curve]:
    """Return one curve over radius for each species; none where the result has no such variable.

    Parameters
    ----------
    result : Result
    group, name : str
        Of a variable along (species, zone or interface), with time before them in a sequence.
    moments : Moments
    label : str
        Before the species in the legend.
    scale : float
        Stored units in a shown one.
    positive : bool
        Whether only values above 0 can be shown.
    dashes, right, unit
        As of `Curve`.
    """
    variable = group_of(result, group).get(name)
    if variable is None or (radius := radius_of(result, variable)) is None:
        return []
    values = moments.of(variable) / scale
    if positive:
        values = np.where(values > 0.0, values, np.nan)
    return [
        Curve(
            f"{label} {species_name(who)}".strip(),
            radius,
            values[..., place, :],
            species_colour(who, place),
            dashes,
            right,
            unit=unit,
        )
        for place, who in enumerate(species_of(result, group))
        if np.isfinite(values[..., place, :]).any()
    ]


def of_matter(
    result: Result,
    group: str,
    names: dict[str, tuple[str, str]],
    moments: Moments,
    *,
    scale: float = 1.0,
    unit: str = "",
    positive: bool = False,
    right: bool = False,
) -> list[Curve]:
    """Return curves over radius of variables that all species share.

    Parameters
    ----------
    names : dict
        Name of the variable: legend and colour.
    result, group, moments, scale, unit, positive, right
        As of `by_species`.
    """
    found = []
    for name, (label, colour) in names.items():
        variable = group_of(result, group).get(name)
        if variable is None or (radius := radius_of(result, variable)) is None:
            continue
        values = moments.of(variable) / scale
        if positive:
            values = np.where(values > 0.0, values, np.nan)
        if np.isfinite(values).any():
            found.append(Curve(label, radius, values, colour, right=right, unit=unit))
    return found


def shock_of(result: Result, moments: Moments) -> tuple[Line, ...]:
    """Return the line of the shock; none where it is not known."""
    group = HISTORY if HISTORY in result.groups else "profile"
    variable = group_of(result, group).get("shock_radius")
    if variable is None:
        return ()
    radius = moments.of(variable) / CM_PER_KM
    return (Line(radius, "shock"),) if np.isfinite(radius).any() else ()


def limits(
    curves: Sequence[Curve], kind: str = "linear", decades: float = 12.0
) -> tuple[float, float] | None:
    """Return limits that hold every curve at every place of the sliders, so that axes stand still.

    Parameters
    ----------
    curves : sequence of Curve
    kind : str
        `log` or `linear`.
    decades : float
        Shown at most below the largest value of a logarithmic axis.
    """
    values = np.concatenate([np.ravel(curve.y) for curve in curves]) if curves else np.empty(0)
    values = values[np.isfinite(values) & ((values > 0.0) | (kind == "linear"))]
    if values.size == 0:
        return None
    low, high = float(values.min()), float(values.max())
    if kind == "log":
        return max(low / 1.5, high * 10.0**-decades), high * 1.5
    room = 0.06 * ((high - low) or abs(high) or 1.0)
    return (0.0 if 0.0 <= low < 0.5 * high else low - room), high + room


def kind_of(values: Array) -> str:
    """Return whether an axis of these values is better `log` or `linear`.

    Examples
    --------
    >>> kind_of(np.array([1.0, 50.0])), kind_of(np.array([0.0, 50.0]))
    ('log', 'linear')
    """
    known = values[np.isfinite(values)]
    positive = known.size > 0 and float(known.min()) > 0.0
    return "log" if positive and float(known.max()) > _LOG_FROM * float(known.min()) else "linear"
