"""Figures of limits: transition moments of all experiments, regions of two parameters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from snsim.plots import style

__all__ = ["limits_figure", "plot_limits"]

COLOURS = ("#0077BB", "#EE7733", "#009988")
_STEP = 0.22  # between the three moduli of a row
_ROW, _EDGES = 0.24, 1.1  # inches


def plot_limits(rows: Sequence[Any], ax: Axes, *, title: str = "") -> None:
    """Draw the limits of the table, one line of it below the other.

    Parameters
    ----------
    rows : sequence of object
        With the attributes of `LimitRow` of `snsim.detection`.
    ax : Axes
        Where.
    title : str
        Letter of the panel.
    """
    for i, row in enumerate(rows):
        for k, colour in enumerate(COLOURS):
            at = i + _STEP * (k - 1)
            ours, written, printed = row.statistics_only[k], row.as_written[k], row.published[k]
            ax.plot([ours, written], [at, at], color=colour, lw=1.0, alpha=0.5)
            ax.plot(ours, at, marker="o", ms=3.2, color=colour, ls="none")
            ax.plot(written, at, marker="|", ms=5.0, color=colour, ls="none")
            if math.isfinite(printed):
                ax.plot(printed, at, marker="D", ms=5.4, mfc="none", mec=style.INK, mew=0.6, ls="none")
    every = np.array([[row.statistics_only, row.as_written] for row in rows])
    finite = every[np.isfinite(every)]
    style.log_axis(ax, "x", 0.6 * float(finite.min()), 1.7 * float(finite.max()))
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.set_yticks(range(len(rows)), [f"{row.experiment}, {row.flux}, {row.scenario}" for row in rows])
    ax.tick_params(axis="y", length=0.0)
    ax.set_xlabel(r"upper limit on $|\Lambda_i|$ [$10^{-10}\,\mu_B$], 90 %")
    handles = [
        Line2D([], [], color=colour, marker="o", ms=3.2, label=rf"$\Lambda_{k + 1}$")
        for k, colour in enumerate(COLOURS)
    ]
    handles += [
        Line2D([], [], color=style.GRAY, marker="o", ms=3.2, ls="none", label="statistics only"),
        Line2D([], [], color=style.GRAY, marker="|", ms=5.0, ls="none", label="as written"),
        Line2D([], [], mec=style.INK, mfc="none", mew=0.6, marker="D", ms=5.4, ls="none", label="printed"),
    ]
    style.legend_above(ax, handles, title)


def limits_figure(rows: Sequence[Any]) -> Figure:
    """Draw the table of limits.

    Returns
    -------
    Figure
        Not saved; save it inside `style.context` too.
    """
    height = _EDGES + _ROW * len(rows)
    with style.context():
        figure = style.new_figure(height)
        ax = figure.add_axes((0.24, 0.5 / height, 0.74, 1.0 - 0.85 / height))
        plot_limits(rows, ax)
    return figure
