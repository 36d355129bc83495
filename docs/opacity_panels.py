"""What the figures of docs/opacities.md share: colours, panels, entries of legends."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.lines import Line2D
from opacity_references import ROOT

from snsim.plots import style

THEIRS = {"color": "black", "ls": "", "marker": "o", "ms": 3.0, "mfc": "white", "mew": 0.7, "zorder": 5}
BLUE, RED, GREEN, PINK, OLIVE = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#999933"
DASHED, DOTTED, MIXED = "--", (0, (1, 1.1)), (0, (4, 1.2, 1, 1.2))


def save(figure, name: str) -> None:
    """Write one PNG."""
    figure.savefig(ROOT / "docs" / f"opacities_{name}.png", dpi=150)
    plt.close(figure)


def panels(rows: int, columns: int, height: float, **more):
    """Figure and axes of the width of a page."""
    return plt.subplots(rows, columns, figsize=(7.2, height), layout="constrained", **more)


def letters(axes) -> None:
    """Write (a), (b) ... above the panels."""
    for ax, letter in zip(np.ravel(axes), "abcdefghi", strict=False):
        ax.set_title(f"({letter})", loc="left", fontsize=9.5, fontweight="bold", pad=4.0)


def key(label: str, **line) -> Line2D:
    """Entry of a legend."""
    return Line2D([], [], label=label, **line)


def state_words(matter) -> str:
    """Density and temperature of one zone."""
    density = style.power_of_ten(float(matter.density[0]))
    return rf"{density} g cm$^{{-3}}$, {matter.temperature[0]:.3g} MeV"


def seen(values):
    """Return NaN for what a logarithm cannot show, so that lines end there."""
    return np.where(values > 0.0, values, np.nan)


def letters_inside(axes) -> None:
    """Write (a), (b) ... at the upper right."""
    for ax, letter in zip(axes, "abc", strict=False):
        ax.text(0.96, 0.95, f"({letter})", transform=ax.transAxes, ha="right", va="top", fontweight="bold")
