"""Figures of events at the Earth: fluxes that arrive, and what a detector counts of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from snsim.plots import style
from snsim.plots.cevns import flavor_label

Array = NDArray[np.float64]
Curves = Mapping[str, tuple[Array, Array]]

UNITS = {"nr": "recoil energy [keV]", "ee": "energy [keV$_{ee}$]", "pe": "photoelectrons"}
_PER = {"nr": "keV", "ee": "keV$_{ee}$", "pe": "photoelectron"}
_COLOURS = ("#0077BB", "#EE7733", "#009988", "#CC3311", "#AA4499", "#999933", "#33BBEE", "#882255", "#BBBBBB")
_DASHES: tuple[Any, ...] = ("-", (0, (5, 1.2)), (0, (4, 1, 1, 1)), (0, (1.2, 1.2)))


def part_label(name: str) -> str:
    r"""Return a component of a flux, such as "delayed nue", for a legend.

    Examples
    --------
    >>> part_label("delayed nue")
    'delayed $\\nu_e$'
    """
    known = ("nue", "numu", "nutau", "nux")
    return " ".join(
        flavor_label(word) if word.removeprefix("a") in known else style.plain(word) for word in name.split()
    )


def plot_flux(
    curves: Curves,
    lines: Curves,
    ax: Axes | None = None,
    *,
    per_time: bool = True,
    decades: float = 10.0,
    title: str = "",
    names: Sequence[str] | None = None,
) -> dict[str, Artist]:
    """Draw spectra over the neutrino energy, and lines of one energy as sticks with their whole flux.

    Parameters
    ----------
    curves : mapping of str to (energy, density)
        MeV and 1/(cm^2 s MeV), or a fluence.
    lines : mapping of str to (energy, flux)
        MeV and 1/(cm^2 s).
    ax : Axes, optional
        None means new ones.
    per_time : bool
        For the label of the axis.
    decades : float
        How far below the largest value the axis goes.
    title : str
        Letter of the panel.
    names : sequence of str, optional
        All names in the order of their colours; those of both mappings by default.

    Returns
    -------
    dict of Artist
        By the names.
    """
    values = [each for _, density in (*curves.values(), *lines.values()) for each in density if each > 0.0]
    high = max(values)
    low = max(min(values), high * 10.0**-decades)
    drawn = (*curves.values(), *lines.values())
    energies = [float(energy[density >= low].max(initial=0.0)) for energy, density in drawn]
    with style.axes(ax) as ax:
        found: dict[str, Artist] = {}
        for i, name in enumerate(names or dict.fromkeys([*curves, *lines])):
            look: dict[str, Any] = {"color": _COLOURS[i % len(_COLOURS)], "label": part_label(name)}
            if name in curves:
                energy, density = curves[name]
                dash = _DASHES[i % len(_DASHES)]
                (found[name],) = ax.plot(energy, np.where(density > 0.0, density, np.nan), ls=dash, **look)
            elif name in lines:
                energy, flux = lines[name]
                look["label"] += " (line)" if curves else ""
                found[name] = ax.vlines(energy, 1e-3 * low, flux, **look, lw=1.6)
        style.log_axis(ax, "y", low, 3.0 * high)
        _energy_axis(ax, min(filter(None, energies)), max(energies))
        unit = r"cm$^{-2}$ s$^{-1}$" if per_time else r"cm$^{-2}$"
        ax.set_ylabel(f"flux [{unit} MeV$^{{-1}}$]" if curves else f"flux [{unit}]")
        ax.set_xlabel("neutrino energy [MeV]")
        style.legend_above(ax, [], title)
        # matplotlib does not see that a stick is in the way
        free: Literal["lower right", "best"] = (
            "lower right" if lines and ax.get_xscale() == "linear" else "best"
        )
        ax.legend(loc=free, borderaxespad=0.6, ncols=1 + (len(found) > 6))
    return found


def _energy_axis(ax: Axes, lowest: float, highest: float) -> None:
    """Linear where the spectra end near each other."""
    if highest > 8.0 * lowest:
        style.log_axis(ax, "x", min(0.1, 0.3 * lowest), 1.5 * highest)
    else:
        ax.set_xlim(0.0, 1.08 * highest)


def plot_events(
    edges: Array,
    parts: Mapping[str, Array],
    ax: Axes | None = None,
    *,
    unit: str = "nr",
    title: str = "",
    logarithmic: bool | None = None,
) -> dict[str, Artist]:
    """Draw events in bins, one part on top of the other; where widths differ, events per unit of what is measured.

    Parameters
    ----------
    edges : ndarray, shape (bin + 1,)
        Of what is measured.
    parts : mapping of str to ndarray, shape (bin,)
        Events of each component.
    ax : Axes, optional
        None means new ones.
    unit : str
        ``nr``, ``ee`` or ``pe``.
    title : str
        Letter of the panel.
    logarithmic : bool, optional
        None means where the events fall by more than a factor of 300; then parts are lines, not on top of each other.

    Returns
    -------
    dict of Artist
        By the names of those with events, and ``total`` where there are several.
    """
    widths = np.diff(edges)
    even = bool(np.allclose(widths, widths[0], rtol=1e-6, atol=0.0))
    parts = {name: values if even else values / widths for name, values in parts.items()}
    total = np.sum(list(parts.values()), axis=0)
    filled = total[total > 0.0]
    steep = bool(filled.size and filled.max() > 300.0 * filled.min()) if logarithmic is None else logarithmic
    with style.axes(ax) as ax:
        found: dict[str, Artist] = {}
        base = np.zeros(total.size)
        for i, (name, values) in enumerate(parts.items()):
            if not values.any():
                continue
            colour = _COLOURS[i % len(_COLOURS)]
            if steep:
                look = {"color": colour, "ls": _DASHES[i % len(_DASHES)], "lw": 1.4}
                found[name] = ax.stairs(values, edges, label=part_label(name), **look)
            else:
                found[name] = ax.stairs(
                    base + values,
                    edges,
                    baseline=base,
                    fill=True,
                    color=colour,
                    alpha=0.75,
                    label=part_label(name),
                )
            base = base + values
        if len(found) != 1:
            found["total"] = ax.stairs(total, edges, color=style.INK, lw=1.0, label="all")
        if steep and filled.size:
            lowest = max(float(filled.min()), 1e-6 * float(filled.max()))
            style.log_axis(ax, "y", 0.5 * lowest, 3.0 * float(filled.max()))
        else:
            ax.set_ylim(0.0, 1.15 * float(total.max()) or 1.0)
        ax.set_xlim(edges[0], edges[-1])
        ax.set_xlabel(UNITS[unit])
        ax.set_ylabel("events in a bin" if even else f"events per {_PER[unit]}")
        style.legend_above(ax, [], title)
        ax.legend(loc="best", borderaxespad=0.6)
    return found


def detection(
    curves: Curves,
    lines: Curves,
    edges: Array,
    parts: Mapping[str, Array],
    *,
    per_time: bool = True,
    unit: str = "nr",
    words: str = "",
) -> Figure:
    """Draw a flux beside the events of a detector in it.

    Parameters
    ----------
    curves, lines, per_time
        As of `plot_flux`.
    edges, parts, unit
        As of `plot_events`.
    words : str
        Source, detector and number of events.

    Returns
    -------
    Figure
        Not saved; save it inside `style.context` too.
    """
    with style.context():
        figure = style.new_figure(3.3)
        left, right = figure.subplots(1, 2)
        figure.subplots_adjust(left=0.095, right=0.985, bottom=0.135, top=0.83, wspace=0.27)
        plot_flux(curves, lines, left, per_time=per_time, title="(a)", names=list(parts))
        plot_events(edges, parts, right, unit=unit, title="(b)")
        figure.text(0.02, 0.975, style.plain(words), va="top")
    return figure


def round_number(value: float) -> str:
    """Return a number with as many digits as it deserves.

    Examples
    --------
    >>> round_number(178.06), round_number(0.01234)
    ('178.1', '0.01234')
    """
    digits = 4 if value == 0.0 else max(4, min(7, math.ceil(math.log10(abs(value)))))
    return f"{value:.{digits}g}"
