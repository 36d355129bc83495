"""A star in time: luminosities and mean energies, what has left it, and how its inside changes."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from snsim.plots import style
from snsim.plots._over_time import LUMINOSITY, lines_of_species, luminosity_axis, room
from snsim.plots._panels import (
    CM_PER_KM,
    four_panels,
    group_of,
    mark_shock,
    positive,
    radius_limits,
    species_of,
)
from snsim.result import Result
from snsim.variable import Group

Artists = dict[str, Artist]

GROUP = "evolution"
_EARLIEST = 1e-3  # s, of the time axis where the run is longer than ten times that
_DASHES = (0, (4, 1.3))
_FEWEST = 2  # steps that make a curve
_MISSING = "no evolution in this result"


def light_curve(result: Result) -> Figure:
    """Draw four panels: luminosities, mean energies and energy lost over time, temperature and Y_e over radius.

    Parameters
    ----------
    result : Result
        Groups that it lacks leave a note in their panels.

    Returns
    -------
    Figure
        Not saved; save it inside `style.context` too.
    """
    panels = (plot_luminosities, plot_energies, plot_budget, plot_inside)
    return four_panels(result, panels, gap=0.33, between=0.3, shared=False)


def plot_luminosities(result: Result, ax: Axes | None = None, *, title: str = "") -> Artists:
    """Draw luminosities seen from infinity over time.

    Parameters
    ----------
    result : Result
        Uses the group `evolution`.
    ax : Axes, optional
        None means new ones.
    title : str
        Letter of the panel.

    Returns
    -------
    dict of Artist
        ``luminosity.nue``, ..., or ``note``.
    """
    evolution, species = group_of(result, GROUP), species_of(result, GROUP)
    with style.axes(ax) as ax:
        if "luminosity_infinity" not in evolution or not _time_axis(ax, evolution):
            return style.empty(ax, title, _MISSING)
        luminosity = evolution["luminosity_infinity"].values / LUMINOSITY
        found = lines_of_species(ax, "luminosity", evolution["time"].values, luminosity, species)
        luminosity_axis(ax, luminosity, species)
        style.legend_above(ax, list(found.values()), title)
    return found


def plot_energies(result: Result, ax: Axes | None = None, *, title: str = "") -> Artists:
    """Draw mean energies at infinity over time; parameters as in `plot_luminosities`."""
    evolution, species = group_of(result, GROUP), species_of(result, GROUP)
    with style.axes(ax) as ax:
        if "mean_energy_infinity" not in evolution or not _time_axis(ax, evolution):
            return style.empty(ax, title, _MISSING)
        energy = evolution["mean_energy_infinity"].values
        found = lines_of_species(ax, "mean_energy", evolution["time"].values, energy, species)
        ax.set_ylim(0.0, 1.1 * float(np.nanmax(energy)))
        ax.set_ylabel(r"mean energy $\langle E\rangle_\infty$ [MeV]")
        style.legend_above(ax, list(found.values()), title)
    return found


def plot_budget(result: Result, ax: Axes | None = None, *, title: str = "") -> Artists:
    """Draw the shares of energy and lepton number that have left the star; parameters as in `plot_luminosities`."""
    evolution = group_of(result, GROUP)
    with style.axes(ax) as ax:
        shares = {
            name: evolution[f"{name}_lost"].values / np.abs(evolution[name].values[0])
            for name in ("energy", "lepton_number")
            if f"{name}_lost" in evolution
        }
        if not shares or not _time_axis(ax, evolution):
            return style.empty(ax, title, "matter is fixed: no budget")
        found: Artists = {}
        drawn = {"energy": (style.TEMPERATURE, "-"), "lepton_number": (style.FRACTION, _DASHES)}
        for name, values in shares.items():
            colour, dashes = drawn[name]
            label = name.replace("_", " ")
            (found[name],) = ax.plot(evolution["time"].values, values, color=colour, ls=dashes, label=label)
        ax.set_ylim(0.0, None)
        ax.set_ylabel("share that has left the star")
        style.legend_above(ax, list(found.values()), title)
    return found


def plot_inside(result: Result, ax: Axes | None = None, *, title: str = "") -> Artists:
    """Draw temperature (left) and Y_e (right) at the first and last snapshot; parameters as in `plot_luminosities`."""
    evolution, profile = group_of(result, GROUP), group_of(result, "profile")
    with style.axes(ax) as ax:
        style.radius_axis(ax, *radius_limits(result))
        if "temperature" not in evolution or "radius" not in profile:
            return style.empty(ax, title, "matter is fixed: no profiles of it")
        radius, right = profile["radius"].values / CM_PER_KM, style.right_axis(ax)
        times = evolution["snapshot"].values
        found: Artists = {}
        for k, dashes in ((0, (0, (1, 1.2))), (-1, "-")):
            when = _seconds(float(times[k]))
            for panel, name, colour in (
                (ax, "temperature", style.TEMPERATURE),
                (right, "electron_fraction", style.FRACTION),
            ):
                values = positive(evolution[name].values[k])
                (found[f"{name}.{when}"],) = panel.plot(radius, values, color=colour, ls=dashes)
        style.log_axis(ax, "y", *room(evolution["temperature"].values))
        right.set_ylim(0.0, None)
        ax.set_ylabel("temperature [MeV]")
        right.set_ylabel(r"electron fraction $Y_e$")
        mark_shock(ax, result)
        handles: list[Artist] = [
            Line2D([], [], color=style.TEMPERATURE, label="$T$"),
            Line2D([], [], color=style.FRACTION, label="$Y_e$"),
            Line2D([], [], color=style.GRAY, ls=(0, (1, 1.2)), label=_seconds(float(times[0]))),
            Line2D([], [], color=style.GRAY, label=_seconds(float(times[-1]))),
        ]
        style.legend_above(ax, handles, title)
    return found


def _time_axis(ax: Axes, evolution: Group) -> bool:
    """Set a logarithmic axis of time; False where there is nothing to draw."""
    time = evolution["time"].values if "time" in evolution else np.empty(0)
    if time.size <= _FEWEST:
        return False
    last = float(time[-1])
    first = max(float(time[1]), _EARLIEST if last > 10.0 * _EARLIEST else 0.0)
    style.log_axis(ax, "x", first, last)
    ax.set_xlabel("time [s]")
    return True


def _seconds(time: float) -> str:
    """Return a time in words."""
    if time == 0.0:
        return "start"
    return f"{time:.3g} s" if math.log10(time) > -1.0 else f"{1e3 * time:.3g} ms"
