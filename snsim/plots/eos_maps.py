"""Panels over density and temperature: one quantity of an equation of state, or its phases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import BoundaryNorm, ListedColormap, LogNorm
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator
from numpy.typing import NDArray

from microphysics.eos.state import (
    BUBBLES,
    COEXISTENCE,
    NSE_TEMPERATURE,
    NUCLEI,
    TRACE_FRACTION,
    TRACES,
    UNIFORM,
    EosState,
)
from snsim.plots import style

__all__ = ["PHASES", "SHOWN", "phase_handles", "plot_map", "plot_phases"]

Array = NDArray[np.float64]
Artists = dict[str, Artist]

# lightness falls from phase to phase, so that gray print keeps them apart
PHASES = {
    UNIFORM: ("uniform matter", "#FBF6E9"),
    TRACES: (rf"nuclei, $X_h<{TRACE_FRACTION:g}$", "#B4D0E4"),
    NUCLEI: ("nuclei", "#74A6D0"),
    BUBBLES: ("bubbles", "#D55E00"),
    COEXISTENCE: ("coexistence with uniform matter", "#1A1A1A"),
}
DENSITY_LABEL = r"density [g cm$^{-3}$]"
TEMPERATURE_LABEL = "temperature [MeV]"
_ABSENT = "0.92"
_RARE = 1e-3  # mass fraction; the size of rarer nuclei says little
_CUBIC_FM = 1e-39  # cm^3
_HALF: dict[str, Any] = {"color": "black", "lw": 0.9, "ls": "--"}


@dataclass(frozen=True)
class Shown:
    """How a map shows a quantity.

    Attributes
    ----------
    label : str
        Name and symbol.
    low, high : float
        Ends of the logarithmic colours; a `high` of 0 means the next number of `ticks` above the largest value.
    ticks : tuple of float
        Numbers at the colours.
    lines : tuple of float
        Values that get a line: dashed in the light colours, solid and white in the dark ones.
    """

    label: str
    low: float
    high: float
    ticks: tuple[float, ...]
    lines: tuple[float, float]


_FRACTION = (1e-4, 1.0, (1e-4, 1e-3, 1e-2, 1e-1, 1.0), (0.01, 0.5))
_NUMBER = (10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0)
SHOWN = {
    "mass_fraction_neutron": Shown(r"neutrons $X_n$", *_FRACTION),
    "mass_fraction_proton": Shown(r"protons $X_p$", *_FRACTION),
    "mass_fraction_alpha": Shown(r"alphas $X_\alpha$", *_FRACTION),
    "mass_fraction_heavy": Shown(r"nuclei $X_h$", *_FRACTION),
    "mass_number_heavy": Shown("mass number $A$", 20.0, 0.0, _NUMBER, (80.0, 200.0)),
    "charge_number_heavy": Shown("charge number $Z$", 10.0, 0.0, _NUMBER, (30.0, 60.0)),
}


def plot_map(state: EosState, name: str, ax: Axes | None = None, *, title: str = "") -> Artists:
    """Draw one quantity over density and temperature, under its scale of colours.

    Parameters
    ----------
    state : EosState
        Of shape (temperature, density).
    name : str
        Of `SHOWN`.
    ax : Axes, optional
        None means new ones.
    title : str
        Letter of the panel, set before the name of the quantity.

    Returns
    -------
    dict of Artist
        ``map``, ``lines``, ``words``, ``scale`` (the axes of the colours), and ``equilibrium``, the temperature
        below which matter in a star is slower than its nuclear reactions, where it is in the panel.
    """
    shown = SHOWN[name]
    values = np.array(getattr(state, name))
    if name.startswith("mass_fraction"):
        high = shown.high
        drawn = np.where(values > 0.0, np.maximum(values, shown.low), np.nan)
    else:
        values[state.mass_fraction_heavy < _RARE] = np.nan
        largest = float(values[np.isfinite(values)].max(initial=2.1 * shown.low))
        high = next((tick for tick in shown.ticks if tick >= largest), largest)
        drawn = values
    x, y = state.density[0], state.temperature[:, 0]
    with style.axes(ax) as ax:
        ax.set_facecolor(_ABSENT)
        mesh = ax.pcolormesh(
            x, y, drawn, shading="nearest", cmap="YlGnBu", norm=LogNorm(shown.low, high),
            rasterized=True,  # a PDF would hold ten thousand rectangles
        )  # fmt: skip
        known = values[np.isfinite(values)]
        levels = [line for line in shown.lines if (known < line).any() and (known > line).any()]
        looks = {shown.lines[0]: ("black", "dashed"), shown.lines[1]: ("white", "solid")}
        found: Artists = {"map": mesh}
        if levels:
            found["lines"] = ax.contour(
                x, y, values, levels=levels, linewidths=0.8,
                colors=[looks[level][0] for level in levels],
                linestyles=[looks[level][1] for level in levels],
            )  # fmt: skip
        _logarithmic_plane(ax, x, y)
        found |= _equilibrium(ax, y)
        scale = _scale(ax, mesh, shown, high)
        for level in levels:
            colour, dashes = looks[level]
            scale.axvline(level, color=colour, ls="-" if dashes == "solid" else (0, (1.5, 1)), lw=1.0)
        found["scale"] = scale
        words = f"$\\bf{{{title}}}$  {shown.label}" if title else shown.label
        found["words"] = ax.text(0.0, 1.2, words, transform=ax.transAxes, va="bottom")
    return found


def _scale(ax: Axes, mesh: QuadMesh, shown: Shown, high: float) -> Axes:
    """Colours with their numbers, as a bar on top of a panel."""
    bar = ax.inset_axes((0.0, 1.035, 1.0, 0.045))
    figure = ax.get_figure()
    assert figure is not None
    figure.colorbar(mesh, cax=bar, orientation="horizontal", ticklocation="top")
    bar.xaxis.set_major_locator(FixedLocator([tick for tick in shown.ticks if shown.low <= tick <= high]))
    bar.xaxis.set_minor_locator(NullLocator())
    number = style.power_label if shown.high == 1.0 else "{:g}".format
    bar.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
    bar.tick_params(axis="x", which="both", pad=1.0, length=2.0, direction="out", labelsize="small")
    return bar


def plot_phases(state: EosState, ax: Axes | None = None, *, linear: bool = False, title: str = "") -> Artists:
    """Draw the phases over density and temperature, traces of nuclei apart, and where half of the mass is in nuclei.

    Parameters
    ----------
    state : EosState
        Of shape (temperature, density).
    ax : Axes, optional
        None means new ones.
    linear : bool
        Linear axes, with baryons per fm^3, instead of logarithmic ones.
    title : str
        Set above the panel.

    Returns
    -------
    dict of Artist
        ``map`` (of numbers of `phase_handles`), ``words``, ``half`` where there is so much, and ``equilibrium`` as in
        `plot_map`.
    """
    x, y = state.density[0], state.temperature[:, 0]
    if linear:
        x = state.baryon_density[0] * _CUBIC_FM
    heavy = state.mass_fraction_heavy
    colours = [colour for _, colour in PHASES.values()]
    with style.axes(ax) as ax:
        found: Artists = {
            "map": ax.pcolormesh(
                x, y, np.vectorize(list(PHASES).index)(state.phase), shading="nearest", rasterized=True,
                cmap=ListedColormap(colours), norm=BoundaryNorm(np.arange(len(colours) + 1) - 0.5, len(colours)),
            )
        }  # fmt: skip
        if heavy.min() < 0.5 < heavy.max():
            found["half"] = ax.contour(
                x,
                y,
                heavy,
                levels=[0.5],
                colors=_HALF["color"],
                linewidths=_HALF["lw"],
                linestyles=_HALF["ls"],
            )
        if linear:
            _linear_plane(ax, x, y)
        else:
            _logarithmic_plane(ax, x, y)
            found |= _equilibrium(ax, y)
        found["words"] = ax.text(0.0, 1.03, title, transform=ax.transAxes, va="bottom")
    return found


def phase_handles() -> list[Artist]:
    """Legend entries of what `plot_phases` draws."""
    patches = [Patch(fc=colour, ec="0.4", lw=0.5, label=label) for label, colour in PHASES.values()]
    return [*patches, Line2D([], [], **_HALF, label=r"$X_h=1/2$")]


def _logarithmic_plane(ax: Axes, density: Array, temperature: Array) -> None:
    style.log_axis(ax, "x", float(density[0]), float(density[-1]), most=6)
    style.log_axis(ax, "y", float(temperature[0]), float(temperature[-1]))
    ax.set_xlabel(DENSITY_LABEL)
    ax.set_ylabel(TEMPERATURE_LABEL)


def _linear_plane(ax: Axes, density: Array, temperature: Array) -> None:
    ax.set_xlim(float(density[0]), float(density[-1]))
    ax.set_ylim(float(temperature[0]), float(temperature[-1]))
    ax.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    ax.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    ax.set_xlabel(r"baryons [fm$^{-3}$]")
    ax.set_ylabel(TEMPERATURE_LABEL)


def _equilibrium(ax: Axes, temperature: Array) -> Artists:
    if not temperature[0] < NSE_TEMPERATURE < temperature[-1]:
        return {}
    return {"equilibrium": ax.axhline(NSE_TEMPERATURE, color="0.25", lw=0.8, ls=(0, (1, 1.5)))}
