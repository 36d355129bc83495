"""Figures of verification problems: panels of lines and points, errors against resolution with the slope they should have."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from snsim.plots import style
from snsim.verification.problem import Panel

__all__ = ["draw_panel", "figure_of", "save_figures"]

# P. Tol's bright scheme, then muted
_COLOURS = ("#0077BB", "#CC3311", "#009988", "#EE7733", "#AA3377", "#999933", "#332288", "#66CCEE")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<")
_COLUMNS = 3
_MANY = 4  # panels that share one legend
_FEW = 6  # whole numbers, each of which gets a tick
_DENSE = 60  # points of a curve; of more only some are drawn, or they would hide the lines
_APART = 0.03  # these, in diagonals of a panel
_PANEL_HEIGHT = 2.75


def draw_panel(panel: Panel, ax: Axes, legend: bool = True) -> None:
    """Draw one panel.

    Parameters
    ----------
    panel : Panel
        Its curves, scales and labels.
    ax : Axes
        Where.
    legend : bool
        Whether it has its own.
    """
    for i, curve in enumerate(panel.curves):
        which = i if curve.colour is None else curve.colour
        colour, marker = _COLOURS[which % len(_COLOURS)], _MARKERS[which % len(_MARKERS)]
        if curve.points:
            ax.plot(
                curve.x,
                curve.y,
                ls="",
                marker=marker,
                ms=4.2,
                mfc="white",
                mec=colour,
                mew=1.1,
                markevery=_APART if np.size(curve.x) > _DENSE else None,
                label=curve.label,
            )
        else:
            ax.plot(
                curve.x, curve.y, color=colour, ls="--" if curve.dashed else "-", lw=1.3, label=curve.label
            )
    if not math.isnan(panel.level):
        ax.axhline(panel.level, color=style.GRAY, lw=0.8, ls=":")
    _scale(panel, ax)
    for slope in panel.slopes:
        _guide(ax, panel, slope)
    ax.set_xlabel(panel.xlabel)
    ax.set_ylabel(panel.ylabel)
    ax.set_title(panel.title, fontsize=9.5, loc="left")
    labelled = [curve for curve in panel.curves if curve.label]
    if labelled and legend:
        ax.legend(loc="best", fontsize=7.6, borderaxespad=0.6)


def _scale(panel: Panel, ax: Axes) -> None:
    """Set the axes from the finite values of all curves."""
    for which, log in (("x", panel.xlog), ("y", panel.ylog)):
        values = np.concatenate([np.ravel(getattr(curve, which)) for curve in panel.curves])
        values = values[np.isfinite(values) & ((values > 0.0) | (not log))]
        if not log or values.size == 0:
            continue
        low, high = values.min(), values.max()
        room = (high / low) ** 0.06 * 1.05
        style.log_axis(ax, which, low / room, high * room, most=6)
        counts = np.unique(values)
        if which == "x" and counts.size <= _FEW and (counts == np.round(counts)).all():
            ax.set_xticks(counts)  # zones, groups, steps


def _guide(ax: Axes, panel: Panel, slope: float) -> None:
    """Draw a line of the slope that the errors should have, through the last point of the curve that falls like it best."""
    curves = [curve for curve in panel.curves if np.size(curve.x) > 1]
    rates = [np.log(abs(curve.y[-1] / curve.y[0])) / np.log(curve.x[-1] / curve.x[0]) for curve in curves]
    curve = curves[int(np.argmin(np.abs(np.asarray(rates) - slope)))]
    x = np.array([curve.x[0], curve.x[-1]])
    ax.plot(x, 0.6 * curve.y[-1] * (x / x[-1]) ** slope, color=style.GRAY, lw=0.9, ls=(0, (4, 2)), zorder=0)
    middle = math.sqrt(x[0] * x[-1])
    ax.text(
        middle, 0.5 * curve.y[-1] * (middle / x[-1]) ** slope, f"slope ${slope:g}$", color=style.GRAY, fontsize=7.5, va="top",
        ha="right" if slope < 0.0 else "left",
    )  # fmt: skip


def figure_of(panels: Sequence[Panel]) -> Figure:
    """Return the figure of one problem; call it inside `style.context`.

    At most three panels stand in a line, four in two; many share one legend.

    Parameters
    ----------
    panels : sequence of Panel
        At least one.
    """
    columns = 2 if len(panels) == 4 else min(_COLUMNS, len(panels))
    lines = math.ceil(len(panels) / columns)
    width = style.WIDTH if columns > 1 else 0.62 * style.WIDTH
    figure = style.new_figure(_PANEL_HEIGHT * lines, width)
    figure.set_layout_engine("constrained")
    shared = len(panels) >= _MANY
    for i, panel in enumerate(panels):
        draw_panel(panel, figure.add_subplot(lines, columns, i + 1), legend=not shared)
    if shared:
        handles, labels = figure.axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=3)
    return figure


def save_figures(panels: Mapping[str, Sequence[Panel]], folder: Path) -> list[Path]:
    """Write NAME.png for each problem and return the files."""
    files = []
    for name, each in panels.items():
        path = folder / f"{name}.png"
        with style.context():
            figure_of(each).savefig(path)
        files.append(path)
    return files
