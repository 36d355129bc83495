"""Figures of coherent elastic neutrino-nucleus scattering: spectra of recoils and cross sections over energy."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import matplotlib
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter
from numpy.typing import ArrayLike, NDArray

from microphysics.matter import FLAVORS
from snsim.plots import style

if TYPE_CHECKING:
    from microphysics.targets import Target

__all__ = ["cevns", "flavor_label", "plot_cross_sections", "plot_recoils"]

Array = NDArray[np.float64]
Artists = dict[str, Artist]

MOST_SPECTRA = 5
_DASHES: tuple[Any, ...] = ("-", (0, (5, 1.2)), (0, (4, 1, 1, 1)), (0, (1.2, 1.2)), (0, (4, 1, 1, 1, 1, 1)))
_KINDS = {
    "total": ("-", 1.6, "total"),
    "transport": ((0, (5, 1.2)), 1.4, r"transport, $\times(1-\cos\theta)$"),
}
_POINTS, _SOFTEST = 400, 3e-3  # of a spectrum; lowest recoil shown in units of the largest
_NOTE, _LINE = 100, 0.17  # letters in a line of the note, its height in inches
_KEV = 1e3  # in one MeV


def flavor_label(flavor: str) -> str:
    r"""Return a flavour as mathtext.

    Examples
    --------
    >>> flavor_label("anumu")
    '$\\bar{\\nu}_\\mu$'
    """
    family = {"e": "e", "mu": r"\mu", "tau": r"\tau", "x": "x"}[flavor[flavor.index("nu") + 2 :]]
    return rf"$\bar{{\nu}}_{family}$" if flavor.startswith("a") else rf"$\nu_{family}$"


def plot_recoils(
    target: Target,
    energies: Sequence[float],
    ax: Axes | None = None,
    *,
    flavor: str = "nue",
    recoil_min: float = 0.0,
    standard: Target | None = None,
    title: str = "",
) -> Artists:
    """Draw dsigma/dT over the recoil energy, a line for each neutrino energy.

    Parameters
    ----------
    target : Target
        What scatters.
    energies : sequence of float
        Of neutrinos, MeV, rising; of more than five, five in even steps are drawn.
    ax : Axes, optional
        None means new ones.
    flavor : str
        One of `FLAVORS`.
    recoil_min : float
        MeV; the region below is shaded.
    standard : Target, optional
        To compare with: thin gray lines.
    title : str
        Letter of the panel.

    Returns
    -------
    dict of Artist
        A line for each energy, ``ENERGY.standard`` for each where there is something to compare with, ``threshold``.
    """
    chosen = list(energies)
    if len(chosen) > MOST_SPECTRA:
        chosen = [chosen[i] for i in np.linspace(0, len(chosen) - 1, MOST_SPECTRA).round().astype(int)]
    colours = matplotlib.colormaps["viridis"](np.linspace(0.0, 0.82, len(chosen)))
    softest = min(_lowest(target, chosen[0]), recoil_min or np.inf)
    with style.axes(ax) as ax:
        found: Artists = {}
        highest, lowest = 0.0, np.inf
        for i, energy in enumerate(chosen):
            recoil = _recoils(softest, float(target.largest_recoil(energy)))
            values = target.dsigma_dT(energy, recoil, flavor) / _KEV
            look = {"color": colours[i], "ls": _DASHES[i % len(_DASHES)]}
            (found[f"{energy:g}"],) = ax.plot(
                recoil * _KEV, _shown(values), label=f"{energy:.3g}", lw=1.5, **look
            )
            highest = max(highest, float(values.max()))
            if standard is not None:
                usual = standard.dsigma_dT(energy, recoil, flavor) / _KEV
                lowest = min(lowest, 0.05 * float(usual.max()))
                (found[f"{energy:g}.standard"],) = ax.plot(
                    recoil * _KEV, _shown(usual), color="0.6", lw=0.9, zorder=1.5
                )
        style.log_axis(ax, "x", softest * _KEV, 1.3 * float(target.largest_recoil(chosen[-1])) * _KEV)
        _decades(ax, min(1e-3 * highest, lowest), 3.0 * highest)
        if recoil_min > 0.0:
            found["threshold"] = ax.axvspan(softest * _KEV, recoil_min * _KEV, color="0.9", lw=0, zorder=0.5)
        ax.set_xlabel("recoil energy $T$ [keV]")
        ax.set_ylabel(r"$d\sigma/dT$ [cm$^2$ keV$^{-1}$]")
        lines = [found[f"{energy:g}"] for energy in chosen]
        style.legend_above(ax, [Line2D([], [], ls="", label="$E$ [MeV]"), *lines], title)
    return found


def plot_cross_sections(
    target: Target,
    energy: ArrayLike,
    ax: Axes | None = None,
    *,
    flavor: str = "nue",
    recoil_min: float = 0.0,
    standard: Target | None = None,
    title: str = "",
) -> Artists:
    """Draw total and transport cross section over the neutrino energy.

    Parameters
    ----------
    target, ax, flavor, recoil_min, standard, title
        As of `plot_recoils`.
    energy : array_like, shape (energy,)
        MeV, rising.

    Returns
    -------
    dict of Artist
        ``total``, ``transport``, and ``total.standard``, ``transport.standard`` where there is something to compare with.
    """
    e = np.asarray(energy, dtype=np.float64)
    with style.axes(ax) as ax:
        found: Artists = {}
        highest, lowest = 0.0, np.inf
        for kind, (dashes, width, label) in _KINDS.items():
            values = getattr(target, kind)(e, flavor, recoil_min)
            (found[kind],) = ax.plot(e, _shown(values), color=style.INK, ls=dashes, lw=width, label=label)
            kept = [values]
            if standard is not None:
                usual = getattr(standard, kind)(e, flavor, recoil_min)
                kept.append(usual)
                (found[f"{kind}.standard"],) = ax.plot(
                    e, _shown(usual), color="0.6", ls=dashes, lw=0.9, zorder=1.5, label="standard model"
                )
            everything = np.concatenate(kept)
            highest = max(highest, float(everything.max()))
            lowest = min(lowest, float(np.min(everything, where=everything > 0.0, initial=np.inf)))
        style.log_axis(ax, "x", float(e[0]), float(e[-1]))
        if highest > 0.0:
            _decades(ax, min(max(0.7 * lowest, 1e-5 * highest), 1e-2 * highest), 2.0 * highest)
        else:
            _say_nothing(ax, f"no recoil reaches {recoil_min * _KEV:.4g} keV\nup to $E$ = {e[-1]:.4g} MeV")
        ax.set_xlabel("neutrino energy $E$ [MeV]")
        ax.set_ylabel(r"cross section per nucleus [cm$^2$]")
        handles = [found[key] for key in ("total", "transport", "total.standard") if key in found]
        style.legend_above(ax, [], title)
        if highest > 0.0:
            ax.legend(handles=handles, loc="upper left", borderaxespad=0.6)
    return found


def cevns(
    target: Target,
    energies: Sequence[float],
    *,
    flavor: str = "nue",
    recoil_min: float = 0.0,
    standard: Target | None = None,
    words: str = "",
    note: str = "",
) -> Figure:
    """Draw recoil spectra at given energies beside the cross sections around them.

    Parameters
    ----------
    target, energies, flavor, recoil_min, standard
        As of `plot_recoils`.
    words : str
        Name of the target.
    note : str
        What was added to the standard model; below the name, in as many lines as it needs.

    Returns
    -------
    Figure
        Not saved; save it inside `style.context` too.
    """
    if flavor not in FLAVORS:
        raise ValueError(f"flavor = '{flavor}': expected one of {', '.join(FLAVORS)}")
    low, high = min(energies[0], 2.0), max(energies[-1], 60.0)
    options: dict[str, Any] = {"flavor": flavor, "recoil_min": recoil_min, "standard": standard}
    with style.context():
        lines = textwrap.wrap(note, _NOTE)
        height = 3.3 + _LINE * len(lines)
        figure = style.new_figure(height)
        left, right = figure.subplots(1, 2)
        top = 1.0 - (0.56 + _LINE * len(lines)) / height
        figure.subplots_adjust(left=0.095, right=0.985, bottom=0.445 / height, top=top, wspace=0.27)
        plot_recoils(target, energies, left, **options, title="(a)")
        plot_cross_sections(target, np.geomspace(low, high, 60), right, **options, title="(b)")
        threshold = rf", recoils above {recoil_min * _KEV:.4g} keV in (b)" if recoil_min > 0.0 else ""
        title = f"{flavor_label(flavor)} on {style.plain(words)}{threshold}"
        figure.text(0.02, 1.0 - 0.08 / height, "\n".join([title, *map(style.plain, lines)]), va="top")
    return figure


def _lowest(target: Target, energy: float) -> float:
    """Return the lowest recoil that is shown, MeV."""
    return _SOFTEST * float(target.largest_recoil(energy))


def _recoils(low: float, high: float) -> Array:
    """Return recoil energies of a line that is followed down to zero at the largest, and just beyond."""
    near = high * (1.0 - np.geomspace(0.2, 1e-4, _POINTS // 4))
    return np.concatenate(
        [np.geomspace(low, 0.8 * high, _POINTS, endpoint=False), near, [high * (1.0 + 1e-9)]]
    )


def _shown(values: Array) -> Array:
    """Return values for a logarithmic axis; zero is far below it."""
    return np.where(values > 0.0, values, 1e-90)


def _say_nothing(ax: Axes, words: str) -> None:
    """Say why there is no line; an axis of numbers would mean nothing."""
    ax.set_ylim(0.0, 1.0)
    ax.tick_params(axis="y", which="both", left=False, right=False, labelleft=False)
    ax.text(0.5, 0.5, words, transform=ax.transAxes, ha="center", va="center", color="0.4")


def _decades(ax: Axes, low: float, high: float) -> None:
    """Make y logarithmic with a label at every power of ten: cross sections are too small for plain numbers."""
    style.log_axis(ax, "y", low, high)
    powers = range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1)
    between = [m * 10.0**n for n in range(powers.start - 1, powers.stop) for m in range(2, 10)]
    ax.yaxis.set_major_locator(FixedLocator([10.0**n for n in powers]))
    ax.yaxis.set_minor_locator(FixedLocator([tick for tick in between if low < tick < high]))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: style.power_label(value)))
