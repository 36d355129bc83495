"""Axes of opacity tables: energy groups as NuLib makes them, states, and whether an equation of state covers them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from microphysics.eos.state import EquationOfState
from microphysics.errors import OutOfRangeError

__all__ = ["Outside", "electron_fraction_axis", "group_edges", "logarithmic_axis", "outside", "require_cover"]

Array = NDArray[np.float64]

_UNITS = {"density": " g/cm^3", "temperature": " MeV", "electron_fraction": ""}


def group_edges(groups: int, first_width: float, last_edge: float) -> Array:
    """Edges of energy groups whose widths grow by one factor.

    Parameters
    ----------
    groups : int
        At least 4.
    first_width : float
        Of the first group, which begins at 0, and of the second, MeV.
    last_edge : float
        Lower edge of the last group, MeV.

    Returns
    -------
    ndarray, shape (groups + 1,)
        MeV.

    Raises
    ------
    OutOfRangeError
        If widths would have to shrink.

    Notes
    -----
    NuLib's recipe (O'Connor 2015, ApJS 219, 24): widths w, w, w r, w r^2, ... with r from the lower edge of the last group.

    Examples
    --------
    >>> edges = group_edges(18, 2.0, 250.0)
    >>> [round(float(edge), 4) for edge in (*edges[:4], *edges[-2:])]
    [0.0, 2.0, 4.0, 6.4765, 250.0, 311.0846]
    """
    if groups < 4:
        raise OutOfRangeError(f"groups = {groups}: expected at least 4")
    if not (np.isfinite([first_width, last_edge]).all() and first_width > 0.0):
        raise OutOfRangeError(
            f"first_width = {first_width:g} MeV, last_edge = {last_edge:g} MeV: must be positive"
        )
    target, powers = last_edge / first_width - 1.0, np.arange(groups - 2)
    if target < powers.size:
        raise OutOfRangeError(
            f"{groups} groups from a first width of {first_width:g} MeV reach {first_width * (groups - 1):g} MeV with equal "
            f"widths already; expected last_edge = {last_edge:g} MeV above it, fewer groups or a smaller first_width"
        )
    ratio = brentq(lambda r: np.sum(r**powers) - target, 1.0, max(target, 2.0), xtol=1e-15, rtol=1e-15)
    widths = first_width * np.concatenate([[1.0], ratio ** np.arange(groups - 1)])
    edges = np.concatenate([[0.0], np.cumsum(widths)])
    edges[-2] = last_edge  # as was asked for, not within rounding
    return edges


def logarithmic_axis(lowest: float, highest: float, points: int) -> Array:
    """Axis of equal ratios with exactly these ends."""
    axis = np.geomspace(lowest, highest, points)
    axis[0], axis[-1] = lowest, highest
    return axis


def electron_fraction_axis(lowest: float, highest: float, points: int) -> Array:
    """Axis of equal steps with exactly these ends."""
    axis = np.linspace(lowest, highest, points)
    axis[0], axis[-1] = lowest, highest
    return axis


@dataclass(frozen=True)
class Outside:
    """One end of an axis beyond an equation of state.

    Attributes
    ----------
    axis : str
        density, temperature or electron_fraction.
    end : str
        ``min`` or ``max``.
    value, limit : float
        Of the axis and of the equation of state, g/cm^3, MeV or 1.
    points : int
        Of the axis that lie outside.
    """

    axis: str
    end: str
    value: float
    limit: float
    points: int

    def __str__(self) -> str:
        unit = _UNITS[self.axis]
        if self.axis == "electron_fraction":
            distance = f"by {abs(self.value - self.limit):.3g}"
        else:
            ratio = self.value / self.limit
            distance = f"by a factor {max(ratio, 1.0 / ratio):.4g}"
        side = "below" if self.end == "min" else "above"
        return (
            f"{self.axis}_{self.end} = {self.value:.6g}{unit} is {side} its {self.limit:.6g}{unit} {distance} "
            f"({self.points} point{'s' if self.points > 1 else ''} of that axis)"
        )


def outside(
    eos: EquationOfState, density: ArrayLike, temperature: ArrayLike, electron_fraction: ArrayLike
) -> list[Outside]:
    """Return the ends of axes that an equation of state does not reach."""
    found = []
    axes = {"density": density, "temperature": temperature, "electron_fraction": electron_fraction}
    for name, given in axes.items():
        axis = np.asarray(given, dtype=np.float64)
        lowest, highest = getattr(eos, f"{name}_range")
        for end, value, limit, beyond in (
            ("min", axis[0], lowest, axis < lowest),
            ("max", axis[-1], highest, axis > highest),
        ):
            if beyond.any():
                found.append(Outside(name, end, float(value), float(limit), int(beyond.sum())))
    return found


def require_cover(
    eos: EquationOfState, density: ArrayLike, temperature: ArrayLike, electron_fraction: ArrayLike
) -> None:
    """Refuse a table that its equation of state does not cover, before anything is computed.

    Raises
    ------
    OutOfRangeError
        Naming each corner, by how much it lies outside, and what can be done.
    """
    found = outside(eos, density, temperature, electron_fraction)
    if found:
        raise OutOfRangeError(
            f"the table reaches beyond {eos.name}: {'; '.join(map(str, found))}. Make the range smaller, or set "
            'table.outside_eos = "clamp" to take the state at the edge, counted'
        )
