"""A sequence of stars over time: luminosities, energies, spheres with gain radius and shock, heating."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from snsim.plots import style
from snsim.plots._over_time import LUMINOSITY, lines_of_species, luminosity_axis, room
from snsim.plots._panels import CM_PER_KM, SHOCK_DASHES, Array, four_panels, group_of, positive, species_of
from snsim.result import Result
from snsim.series import HISTORY
from snsim.variable import Group

Artists = dict[str, Artist]

_RMS_DASHES = (0, (4, 1.3))
_STARS = {"marker": "o", "ms": 3.2}  # each point is a star of its own
_MOST_MARKS = 40  # stars, above which points would hide the curves
_LONG = 2.0  # s, above which time is not written in ms
# name in the history: colour, dashes, label
_RADII = {
    "gain_radius": (style.HEATING, (0, (1, 1.2)), "gain"),
    "shock_radius": (style.GRAY, SHOCK_DASHES, "shock"),
}
_HEATING = {
    "gross_heating": (style.TEMPERATURE, _RMS_DASHES, "gross"),
    "net_heating": (style.HEATING, "-", "net"),
}


_DRAWN = ("luminosity_infinity", "mean_energy_infinity", "neutrinosphere_radius", *_RADII, *_HEATING)


def has_curves(result: Result) -> bool:
    """Whether there is a number to draw: stars without transport, gain region and shock have none."""
    return any(_known(group_of(result, HISTORY), name) for name in _DRAWN)


def history(result: Result) -> Figure:
    """Draw four panels over time: luminosities, mean and rms energies, radii, heating in the gain region.

    Parameters
    ----------
    result : Result
        Of a sequence; what it lacks leaves a note in its panel.

    Returns
    -------
    Figure
        Not saved; save it inside `style.context` too.
    """
    panels = (plot_luminosities, plot_energies, plot_radii, plot_heating)
    return four_panels(result, panels, gap=0.15, between=0.3, right=0.985)


def plot_luminosities(result: Result, ax: Axes | None = None, *, title: str = "") -> Artists:
    """Draw luminosities seen from infinity, one point for each star.

    Parameters
    ----------
    result : Result
        Uses the group `history`.
    ax : Axes, optional
        None means new ones.
    title : str
        Letter of the panel.

    Returns
    -------
    dict of Artist
        ``luminosity.nue``, ..., or ``note``.
    """
    group, species = group_of(result, HISTORY), species_of(result, HISTORY)
    with style.axes(ax) as ax:
        if not _known(group, "luminosity_infinity"):
            return style.empty(ax, title, "no luminosities in this result")
        time, line = _time_axis(ax, group)
        luminosity = group["luminosity_infinity"].values / LUMINOSITY
        found = lines_of_species(ax, "luminosity", time, luminosity, species, **line)
        luminosity_axis(ax, luminosity, species)
        style.legend_above(ax, list(found.values()), title)
    return found


def plot_energies(result: Result, ax: Axes | None = None, *, title: str = "") -> Artists:
    """Draw mean (solid) and rms energies (dashed) at infinity; parameters as in `plot_luminosities`.

    The rms energy is that of the spectrum of numbers, the root of <E^2>.

    Returns
    -------
    dict of Artist
        ``mean_energy.nue``, ``rms_energy.nue``, ..., or ``note``.
    """
    group, species = group_of(result, HISTORY), species_of(result, HISTORY)
    with style.axes(ax) as ax:
        if not _known(group, "mean_energy_infinity"):
            return style.empty(ax, title, "no energies in this result")
        time, line = _time_axis(ax, group)
        shown = [group["mean_energy_infinity"].values]
        found = lines_of_species(ax, "mean_energy", time, shown[0], species, **line)
        handles = [*found.values(), Line2D([], [], color=style.GRAY, label=r"$\langle E\rangle$")]
        if _known(group, "mean_energy_squared_infinity"):
            shown.append(np.sqrt(group["mean_energy_squared_infinity"].values))
            found |= lines_of_species(ax, "rms_energy", time, shown[1], species, ls=_RMS_DASHES, **line)
            words = r"$\langle E^2\rangle^{1/2}$"
            handles.append(Line2D([], [], color=style.GRAY, ls=_RMS_DASHES, label=words))
        low, high = np.nanmin(shown), np.nanmax(shown)
        ax.set_ylim(0.9 * float(low), 1.05 * float(high))
        ax.set_ylabel("energy at infinity [MeV]")
        style.legend_above(ax, handles, title)
    return found


def plot_radii(result: Result, ax: Axes | None = None, *, title: str = "") -> Artists:
    """Draw neutrinospheres, gain radius and shock; parameters as in `plot_luminosities`.

    Returns
    -------
    dict of Artist
        ``neutrinosphere.nue``, ..., ``gain_radius``, ``shock_radius``, or ``note``.
    """
    group, species = group_of(result, HISTORY), species_of(result, HISTORY)
    with style.axes(ax) as ax:
        names = [name for name in ("neutrinosphere_radius", *_RADII) if _known(group, name)]
        if not names:
            return style.empty(ax, title, "no radii in this result")
        time, line = _time_axis(ax, group)
        radii = {name: group[name].values / CM_PER_KM for name in names}
        found: Artists = {}
        if "neutrinosphere_radius" in radii:
            spheres = radii["neutrinosphere_radius"]
            found |= lines_of_species(ax, "neutrinosphere", time, spheres, species, **line)
        for name, (colour, dashes, label) in _RADII.items():
            if name in radii:
                (found[name],) = ax.plot(
                    time, positive(radii[name]), color=colour, ls=dashes, label=label, **line
                )
        style.log_axis(ax, "y", *room(np.concatenate([values.ravel() for values in radii.values()])))
        ax.set_ylabel(r"radius [km], neutrinospheres $R_\nu$")
        style.legend_above(ax, list(found.values()), title)
    return found


def plot_heating(result: Result, ax: Axes | None = None, *, title: str = "") -> Artists:
    """Draw gross and net heating of the gain region; parameters as in `plot_luminosities`.

    Returns
    -------
    dict of Artist
        ``gross_heating``, ``net_heating``, or ``note``.
    """
    group = group_of(result, HISTORY)
    with style.axes(ax) as ax:
        names = [name for name in _HEATING if _known(group, name)]
        if not names:
            return style.empty(ax, title, "no gain region in this result")
        time, line = _time_axis(ax, group)
        found: Artists = {}
        for name in names:
            colour, dashes, label = _HEATING[name]
            values = group[name].values / LUMINOSITY
            (found[name],) = ax.plot(time, values, color=colour, ls=dashes, label=label, **line)
        ax.set_ylim(min(0.0, ax.get_ylim()[0]), None)
        ax.set_ylabel(r"heating of the gain region [$10^{51}$ erg s$^{-1}$]")
        style.legend_above(ax, list(found.values()), title)
    return found


def _known(group: Group, name: str) -> bool:
    """Whether there is a variable with numbers in it; a star without a gain region has NaN."""
    return name in group and "time" in group and bool(np.isfinite(group[name].values).any())


def _time_axis(ax: Axes, group: Group) -> tuple[Array, dict[str, Any]]:
    """Name a linear axis of time, and return times in its unit and how lines mark the stars."""
    time = group["time"].values
    unit, scale = ("s", 1.0) if float(np.abs(time).max()) > _LONG else ("ms", 1e3)
    ax.set_xlabel(f"time [{unit}]")
    return scale * time, dict(_STARS) if time.size <= _MOST_MARKS else {}


__all__ = ["has_curves", "history", "plot_energies", "plot_heating", "plot_luminosities", "plot_radii"]
