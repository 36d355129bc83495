"""Ejecta: the electron fraction over time, and its distribution over mass or, for few parcels, what decides it."""

from __future__ import annotations

import math
from typing import Any

import matplotlib
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullFormatter

from snsim.plots import style
from snsim.plots._panels import Array, positive
from snsim.result import Result
from snsim.variable import Group

Artists = dict[str, Artist]

__all__ = ["GROUP", "ejecta", "plot_electron_fraction", "plot_histogram", "plot_times"]

GROUP = "ejecta"
MOST_NAMED = 5  # parcels that get a colour and a name each
FEWEST_BINNED = 3  # parcels that make a distribution
THRESHOLD, RANGE = 0.25, (0.22, 0.30)
_HEIGHT = 3.3
_GIVEN = (0, (3.5, 1.5))
_SPAN = 1e14  # of the axis of times that reactions take: rates fall to nothing, with a note
_LONGEST = 1e6  # of the axis of time, from the second row on
_START = 0.12  # share of the axis of time for what is before the second row
_LINE = 0.075  # height of a line of the legend, as a share of the panel
_BAND = "#CFE3F0"
_TIMES = (
    (r"$1/\lambda_{\nu_e n}$", "rate_nue", style.SPECIES_COLOURS["nue"], "-"),
    (r"$1/\lambda_{\bar\nu_e p}$", "rate_anue", style.SPECIES_COLOURS["anue"], "-"),
    (r"$1/\lambda_{e^+n}$", "rate_positron", style.SPECIES_COLOURS["nue"], (0, (1.2, 1.2))),
    (r"$1/\lambda_{e^-p}$", "rate_electron", style.SPECIES_COLOURS["anue"], (0, (1.2, 1.2))),
)


def ejecta(result: Result) -> Figure:
    """Draw Y_e over time beside the mass over Y_e, or beside the times of the reactions where there are few parcels.

    Parameters
    ----------
    result : Result
        With the group `ejecta`.

    Returns
    -------
    Figure
        Not saved; save it inside `style.context` too.
    """
    with style.context():
        figure = style.new_figure(_HEIGHT)
        left, right = figure.subplots(1, 2)
        figure.subplots_adjust(left=0.08, right=0.985, bottom=0.135, top=0.895, wspace=0.2)
        plot_electron_fraction(result, left, title="(a)")
        few = result.groups[GROUP]["tracer"].values.size < FEWEST_BINNED
        (plot_times if few else plot_histogram)(result, right, title="(b)")
    return figure


def plot_electron_fraction(result: Result, ax: Axes | None = None, *, title: str = "") -> Artists:
    """Draw Y_e of every parcel over the time since its first row.

    Parameters
    ----------
    result : Result
        With the group `ejecta`.
    ax : Axes, optional
        None means new ones.
    title : str
        Letter of the panel.

    Returns
    -------
    dict of Artist
        A line for each parcel by name, ``NAME.given`` for what its file has, ``threshold``.
    """
    group = result.groups[GROUP]
    names = [str(name) for name in group["tracer"].values]
    colours = _colours(len(names))
    with style.axes(ax) as ax:
        found: Artists = {"threshold": ax.axhspan(*RANGE, color=_BAND, lw=0, zorder=0.5)}
        named = len(names) <= MOST_NAMED
        for k, name in enumerate(names):
            time = _since(group, k)
            look: dict[str, Any] = {
                "color": colours[k],
                "lw": 1.4 if named else 0.7,
                "alpha": 1.0 if named else 0.7,
            }
            label = style.plain(name)
            (found[name],) = ax.plot(time, group["electron_fraction"].values[k], label=label, **look)
            given = group["electron_fraction_given"].values[k]
            if named and np.isfinite(given).any():
                (found[f"{name}.given"],) = ax.plot(time, given, color=colours[k], lw=1.0, ls=_GIVEN)
        _time_axis(ax, group)
        ax.set_ylabel("electron fraction $Y_e$")
        ax.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
        if named:
            ax.text(0.985, RANGE[1] - 0.004, "threshold of the r-process", transform=ax.get_yaxis_transform(),
                    ha="right", va="top", fontsize="small", color=style.GRAY, clip_on=True)  # fmt: skip
        handles: list[Artist] = [found[name] for name in names] if named else []
        if any(key.endswith(".given") for key in found):
            handles.append(Line2D([], [], color=style.GRAY, ls=_GIVEN, lw=1.0, label="file"))
        style.legend_above(ax, [], title)
        if handles:  # above all curves: no corner is free of those of every wind
            longest = max(len(str(handle.get_label())) for handle in handles)
            columns = 3 if longest < 14 else 2 if longest < 22 else 1
            low, high = ax.get_ylim()
            ax.set_ylim(low, high + _LINE * (1 + math.ceil(len(handles) / columns)) * (high - low))
            ax.legend(handles=handles, loc="upper center", ncols=columns, borderaxespad=0.6)
    return found


def plot_histogram(result: Result, ax: Axes | None = None, *, title: str = "") -> Artists:
    """Draw the mass of ejecta in bins of Y_e; parameters as in `plot_electron_fraction`.

    Returns
    -------
    dict of Artist
        ``mass``, ``threshold``, ``mean``.
    """
    group = result.groups[GROUP]
    edges, mass = group["bin_edge"].values, group["bin_mass"].values
    unit = group["bin_mass"].unit
    exponent = 0 if unit == "1" else math.floor(math.log10(max(float(mass.max()), 1e-300)))
    with style.axes(ax) as ax:
        found: Artists = {"threshold": ax.axvspan(*RANGE, color=_BAND, lw=0, zorder=0.5)}
        found["mass"] = ax.stairs(
            mass / 10.0**exponent, edges, fill=True, color=style.FRACTION, alpha=0.85, lw=0, zorder=2
        )
        mean = float(group["mean_electron_fraction"].values)
        found["mean"] = ax.axvline(mean, color=style.INK, lw=1.0, ls=_GIVEN, zorder=3)
        filled = np.flatnonzero(mass > 0.0)
        width = edges[1] - edges[0]
        low = max(min(edges[filled[0]] - 2.0 * width, RANGE[0] - width), edges[0])
        high = min(max(edges[filled[-1] + 1] + 2.0 * width, RANGE[1] + width), edges[-1])
        ax.set_xlim(low, high)
        ax.set_ylim(0.0, 1.15 * float(mass.max()) / 10.0**exponent)
        ax.annotate(
            f"mean {mean:.3f}", (mean, 0.97), xycoords=ax.get_xaxis_transform(), xytext=(3.0, 0.0),
            textcoords="offset points", ha="left", va="top", fontsize="small",
        )  # fmt: skip
        ax.set_xlabel("electron fraction $Y_e$ at 5 GK, else final")
        words = "share of ejecta" if unit == "1" else "mass of ejecta"
        scale = r"$M_\odot$" if exponent == 0 else rf"$10^{{{exponent}}}\,M_\odot$"
        ax.set_ylabel(words if unit == "1" else f"{words} [{scale}]")
        style.legend_above(ax, [], title)
        share = float(group["r_process_share"].values)
        words = f"band: threshold of the r-process;  {100.0 * share:.3g} % below {THRESHOLD:g}"
        ax.set_title(words, loc="right", fontsize=8.5, pad=4.0)
    return found


def plot_times(result: Result, ax: Axes | None = None, *, title: str = "") -> Artists:
    """Draw how long each reaction needs along the first parcel, and how long the expansion; as `plot_electron_fraction`.

    Returns
    -------
    dict of Artist
        ``rate_nue``, ``rate_anue``, ``rate_positron``, ``rate_electron`` where there are such rates, ``expansion_time``;
        ``beyond`` where times leave the frame.
    """
    group = result.groups[GROUP]
    time = _since(group, 0)
    with style.axes(ax) as ax:
        found: Artists = {}
        lines = []
        for label, name, colour, dashes in _TIMES:
            rate = group[name].values[0]
            if np.nanmax(rate, initial=0.0) > 0.0:
                values = positive(np.divide(1.0, rate, out=np.full_like(rate, np.nan), where=rate > 0.0))
                (found[name],) = ax.plot(time, values, color=colour, ls=dashes, label=label)
                lines.append(values)
        expansion = positive(group["expansion_time"].values[0])
        finite = np.isfinite(expansion)
        if finite.any():
            (found["expansion_time"],) = ax.plot(
                time, np.where(finite, expansion, np.nan), color=style.INK, lw=1.0, label="expansion"
            )
            lines.append(np.where(finite, expansion, np.nan))
        _time_axis(ax, group)
        if not lines:
            return found | style.empty(ax, title, "nothing changes the electron fraction")
        shortest = float(np.nanmin([np.nanmin(line) for line in lines if np.isfinite(line).any()]))
        longest = float(np.nanmax([np.nanmax(line) for line in lines if np.isfinite(line).any()]))
        low, high = style.decades(shortest, min(longest, _SPAN * shortest))
        style.log_axis(ax, "y", low, high)
        if longest > high:
            found["beyond"] = ax.text(0.02, 0.97, "longer times: above the frame", transform=ax.transAxes,
                                      ha="left", va="top", fontsize="small", color=style.GRAY)  # fmt: skip
        ax.set_ylabel("time [s]")
        style.legend_above(ax, [each for each in found.values() if isinstance(each, Line2D)], title)
    return found


def _since(group: Group, k: int) -> Array:
    """Return the time since the first row, s."""
    time: Array = group["time"].values[k]
    return time - time[0]


def _time_axis(ax: Axes, group: Group) -> None:
    """Make x the logarithm of the time since the first row: winds change by factors of time, not by equal steps.

    Before the earliest second row of any parcel, at most `_LONGEST` before the end, it is linear, so that the first
    row is at the left edge.
    """
    time = group["time"].values - group["time"].values[:, :1]
    end = float(np.nanmax(time))
    first = max(float(np.nanmin(time[time > 0.0])), end / _LONGEST)
    # matplotlib gives the linear part as many decades as this, here a fixed share of the whole
    linear = max(math.log10(end / first), 0.3) * _START / (1.0 - _START)
    ax.set_xscale("symlog", linthresh=first, linscale=linear * (1.0 - 1.0 / 10.0))
    lowest, highest = math.ceil(math.log10(first)), math.floor(math.log10(end))
    step = max(1, math.ceil((highest - lowest + 1) / 5))
    powers = [10.0**n for n in range(lowest, highest + 1, step)]
    ax.xaxis.set_major_locator(FixedLocator([0.0, *powers]))
    between = [m * 10.0**n for n in range(lowest - 1, highest + 1) for m in range(1, 10)]
    ax.xaxis.set_minor_locator(FixedLocator([each for each in between if first <= each <= end]))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: style.power_label(value) if value else "0"))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set_xlim(0.0, end)
    ax.axvspan(0.0, first, color=style.GRAY, alpha=0.12, lw=0, zorder=0.2)
    ax.set_xlabel("time since the first row [s], linear in the gray part")


def _colours(count: int) -> list[tuple[float, ...]]:
    """Return colours that stay apart in gray print."""
    return [
        tuple(colour) for colour in matplotlib.colormaps["viridis"](np.linspace(0.0, 0.82, max(count, 1)))
    ]
