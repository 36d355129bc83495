"""What leaves the star, by energy: the spectrum through the outer edge of a scheme with energy groups."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from snsim.plots import style
from snsim.plots._panels import Array, group_of, positive, scheme_of, species_of
from snsim.result import Result

Artists = dict[str, Artist]

VARIABLE = "luminosity_spectrum_infinity"
_HEIGHT = 3.1  # inches
_DASHES = (0, (3.5, 1.5))
_FAINTEST = 3e-6  # of the peak, lower end of the logarithmic panel
_BRIGHT = 1e-2  # of the peak, where the linear panel ends
_POINTS = 400
_WIDTH, _STEPS = 60.0, 20001  # of the integral that normalises the dashed shape, in temperatures


def spectrum(result: Result) -> Figure:
    """Draw dL/dE at infinity of every species, on linear and on logarithmic axes.

    Parameters
    ----------
    result : Result
        Of a scheme with energy groups; any other leaves a note in the panels.

    Returns
    -------
    Figure
        Not saved; save it inside `style.context` too.
    """
    with style.context():
        figure = style.new_figure(_HEIGHT)
        grid = figure.subplots(1, 2)
        figure.subplots_adjust(left=0.087, right=0.985, bottom=0.135, top=0.92, wspace=0.24)
        plot_spectrum(result, grid[0], title="(a)")
        plot_spectrum(result, grid[1], title="(b)", logarithmic=True)
    return figure


def plot_spectrum(
    result: Result, ax: Axes | None = None, *, title: str = "", logarithmic: bool = False
) -> Artists:
    """Draw dL/dE of every species: circles at the groups, lines through them, dashes of a Fermi-Dirac shape.

    The dashed shape has the mean and the mean square energy of the neutrinos in the outermost zone and the luminosity of the
    species: where the line leaves it, the spectrum is none.

    Parameters
    ----------
    result : Result
        Uses the group `transport`.
    ax : Axes, optional
        None means new ones.
    title : str
        Letter of the panel.
    logarithmic : bool
        Both axes.

    Returns
    -------
    dict of Artist
        ``spectrum.nue``, ``groups.nue``, ``fermi_dirac.nue``, ..., ``scheme``, or ``note``.
    """
    transport, species = group_of(result, "transport"), species_of(result, "transport")
    with style.axes(ax) as ax:
        variable = transport.get(VARIABLE)
        if variable is None or not (variable.values > 0.0).any():
            return style.empty(ax, title, "no energy groups in this result")
        energy, values = transport["group"].values, positive(variable.values)
        exponent = math.floor(math.log10(float(np.nanmax(values))))
        shown = values / 10.0**exponent
        _axes_of_energy(ax, energy, shown, logarithmic)
        found: Artists = {}
        for i, name in enumerate(species):
            colour, label = style.species_colour(name), style.species_label(name)
            x, y = _between(energy, shown[i])
            (found[f"spectrum.{name}"],) = ax.plot(x, y, color=colour, lw=1.0, label=label)
            (found[f"groups.{name}"],) = ax.plot(energy, shown[i], ls="", zorder=3, **_open(colour))
            shape = _fermi_dirac(result, i, x)
            if shape is not None:
                (found[f"fermi_dirac.{name}"],) = ax.plot(
                    x, shape / 10.0**exponent, color=colour, ls=_DASHES, lw=0.9, zorder=1
                )
        ax.set_xlabel(r"energy at infinity $E_\infty$ [MeV]")
        one = rf" ({style.species_label('nux')}: 1 of 4)" if "nux" in species else ""
        ax.set_ylabel(
            rf"$\mathrm{{d}}L_\infty/\mathrm{{d}}E_\infty$ [$10^{{{exponent}}}$ erg s$^{{-1}}$ MeV$^{{-1}}$]{one}"
        )
        if words := scheme_of(result):
            place, side = (0.03, "left") if logarithmic else (0.97, "right")
            found["scheme"] = ax.text(
                place,
                0.96,
                style.plain(words) + ("" if logarithmic else "\ncircles: energy groups"),
                transform=ax.transAxes,
                ha=side,
                va="top",
                fontsize="small",
                color="0.25",
            )
        handles = [
            Line2D([], [], lw=1.0, label=style.species_label(name), **_open(style.species_colour(name)))
            for name in species
        ]
        style.legend_above(ax, [*handles, *_legend_of_dashes(found)], title)
    return found


def _open(colour: str) -> dict[str, Any]:
    """Circles that are seen on their own line."""
    return {"color": colour, "marker": "o", "ms": 4.2, "mfc": "white", "mew": 1.0}


def _legend_of_dashes(found: Artists) -> list[Artist]:
    """Say what the dashed lines are, where there are any."""
    if not any(key.startswith("fermi_dirac") for key in found):
        return []
    words = r"Fermi-Dirac, same $\langle E\rangle$, $\langle E^2\rangle$"
    return [Line2D([], [], color=style.GRAY, ls=_DASHES, lw=0.9, label=words)]


def _axes_of_energy(ax: Axes, energy: Array, values: Array, logarithmic: bool) -> None:
    """Set limits and ticks."""
    top = float(np.nanmax(values))
    bright = energy[(values > _BRIGHT * top).any(axis=0)]
    if logarithmic:
        faint = energy[(values > _FAINTEST * top).any(axis=0)]
        style.log_axis(ax, "x", 0.9 * float(energy[0]), 1.1 * float(faint[-1]))
        style.log_axis(ax, "y", _FAINTEST * top, 4.0 * top)
        return
    ax.set_xlim(0.0, 1.1 * float(bright[-1]))
    ax.set_ylim(0.0, 1.12 * top)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))


def _between(energy: Array, values: Array) -> tuple[Array, Array]:
    """Points of a curve through those of the groups: a cubic spline in the logarithms of both."""
    from scipy.interpolate import CubicSpline

    known = np.isfinite(values)
    if known.sum() < 4:
        return energy[known], values[known]
    x, y = np.log(energy[known]), np.log(values[known])
    fine = np.linspace(x[0], x[-1], _POINTS)
    return np.exp(fine), np.exp(CubicSpline(x, y)(fine))


def _fermi_dirac(result: Result, species: int, energy: Array) -> Array | None:
    """dL/dE of the shape that the file gives for the outermost zone, redshifted; None where the file has none."""
    transport, profile = group_of(result, "transport"), group_of(result, "profile")
    wanted = ("neutrino_temperature", "degeneracy", "luminosity_infinity")
    if any(name not in transport for name in wanted) or "lapse" not in profile:
        return None
    temperature, eta, luminosity = (float(transport[name].values[species, -1]) for name in wanted)
    temperature *= float(profile["lapse"].values[-1])
    wide = np.linspace(0.0, temperature * (max(eta, 0.0) + _WIDTH), _STEPS)
    whole = np.trapezoid(_energy_of_states(wide / temperature - eta, wide), wide)
    return luminosity * _energy_of_states(energy / temperature - eta, energy) / whole


def _energy_of_states(argument: Array, energy: Array) -> Array:
    """E^3/(1 + exp(argument)), MeV^3."""
    return energy**3 * 0.5 * (1.0 - np.tanh(0.5 * argument))


__all__ = ["plot_spectrum", "spectrum"]
