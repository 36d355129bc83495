"""Figures of correlated nuclei: S(q) of models, its average over a scattering, and models against Monte Carlo."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import AutoMinorLocator
from numpy.typing import ArrayLike, NDArray

from microphysics.constants import CODATA
from snsim.plots import style

__all__ = [
    "model_looks",
    "monte_carlo",
    "plot_average",
    "plot_deviation",
    "plot_structure",
    "structure_factor",
]

Array = NDArray[np.float64]
Artists = dict[str, Artist]
Points = tuple[ArrayLike, ArrayLike, ArrayLike]

# colour, dashes, width: told apart by their dashes in gray print
_LOOKS: dict[str, tuple[str, Any, float]] = {
    "table": ("black", "-", 1.9),
    "hncb": ("#66CCEE", (0, (3, 2)), 1.3),
    "hnc": ("#0077BB", (0, (6, 1.5)), 1.3),
    "msa": ("#EE9922", "-", 1.2),
    "msa_eta": ("#CC3311", (0, (5, 1.2, 1, 1.2)), 1.3),
    "percus_yevick": ("#999933", (0, (4, 1, 1, 1, 1, 1)), 1.3),
    "debye_huckel": ("#882255", (0, (1.2, 1.2)), 1.5),
    "horowitz1997": ("#009988", (0, (8, 2)), 1.3),
    "mixture_hnc": ("#332288", (0, (6, 1, 1, 1)), 1.3),
    "mixture_lmr": ("#AA4499", (0, (2.5, 1.2)), 1.3),
    "none": (style.GRAY, ":", 1.0),
}
_OTHERS = ("#332288", "#EE6677", "#44AA99", "#BBBBBB")
_OTHER_DASHES: tuple[Any, ...] = ((0, (5, 1.2)), (0, (4, 1, 1, 1)), (0, (1.2, 1.2)))
_LABELS = {
    "hncb": "HNC + bridge",
    "hnc": "HNC",
    "msa": "MSA",
    "msa_eta": r"MSA, fitted $\eta$",
    "percus_yevick": "Percus-Yevick",
    "debye_huckel": "Debye-Hückel",
    "horowitz1997": "Horowitz 1997",
    "mixture_hnc": "mixture, HNC",
    "mixture_lmr": "mixture, linear",
    "none": "$S=1$",
}
_Q_LABEL = r"momentum transfer $q\,a$"
_ENERGY_LABEL = r"neutrino energy $E\,a/\hbar c$"
_COLUMNS = 4
_NEAR_ZERO = 0.1  # a range that begins below this part of its end is shown from 0
_LOWEST = 1e-5  # <S> that is still shown, in units of the highest
_HANDLE = 2.6  # long enough for the longest dashes


def model_looks(names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return colour, dashes, width and label of models: fixed for the built-in ones, spare ones in order for others.

    Parameters
    ----------
    names : iterable of str
        All models of one figure.
    """
    names = list(names)
    others = [name for name in names if name not in _LOOKS]
    looks = {
        name: (_OTHERS[i % len(_OTHERS)], _OTHER_DASHES[i % len(_OTHER_DASHES)], 1.3)
        for i, name in enumerate(others)
    }
    return {
        name: {"color": colour, "ls": dashes, "lw": width, "label": _LABELS.get(name, style.plain(name))}
        for name in names
        for colour, dashes, width in [(_LOOKS | looks)[name]]
    }


def plot_structure(
    q: ArrayLike,
    structure: Mapping[str, ArrayLike],
    ax: Axes | None = None,
    *,
    points: Points | None = None,
    title: str = "",
    legend: bool = True,
) -> Artists:
    """Draw S(q) of models.

    Parameters
    ----------
    q : array_like, shape (q,)
        In 1/a, or in whatever the caller names on the axis.
    structure : mapping of str to array_like, shape (q,)
        By model; one that is NaN everywhere (it has no S(q)) is left out.
    ax : Axes, optional
        None means new ones.
    points : tuple of array_like, optional
        q, S and its error of a simulation.
    title : str
        Letter of the panel.
    legend : bool
        Whether to name the models here.

    Returns
    -------
    dict of Artist
        A line for each model, ``one``, and ``points`` if there are any.
    """
    with style.axes(ax) as ax:
        found = _curves(ax, q, structure)
        values = [np.asarray(each, dtype=np.float64) for each in structure.values()]
        if points is not None:
            where, simulated, error = (np.asarray(each, dtype=np.float64) for each in points)
            bars = ax.errorbar(
                where, simulated, yerr=error, fmt="o", ms=2.4, color=style.GRAY, mfc="white", mew=0.7, elinewidth=0.7,
                zorder=1.5,
            )  # fmt: skip
            found["points"] = bars[0]
            found["points"].set_label("Monte Carlo")
            values.append(simulated)
        _ordinate(ax, values, "$S(q)$")
        ax.set_xlabel(_Q_LABEL)
        _letter(ax, title)
        if legend:
            lines = [found[key] for key in found if key != "one"]
            style.legend_above(ax, lines, columns=min(_COLUMNS, len(lines)))
    return found


def plot_average(
    reduced_energy: ArrayLike,
    averages: Mapping[str, ArrayLike],
    ax: Axes | None = None,
    *,
    points: Points | None = None,
    title: str = "",
    legend: bool = True,
) -> Artists:
    """Draw <S>(E) of models, which spans decades; parameters and result as of `plot_structure`, energies in hbar c/a."""
    found = plot_structure(reduced_energy, averages, ax, points=points, title=title, legend=legend)
    axes: Any = found["one"].axes
    shown = [np.asarray(each, dtype=np.float64) for each in averages.values()]
    positive = np.concatenate([each[each > 0.0] for each in shown] or [np.ones(1)])
    if positive.size:
        high = 1.5 * max(1.0, float(positive.max()))
        style.log_axis(axes, "y", max(0.7 * min(1.0, float(positive.min())), _LOWEST * high), high)
    axes.set_xlabel(_ENERGY_LABEL)
    axes.set_ylabel(r"$\langle S\rangle(E)$")
    return found


def structure_factor(
    q: ArrayLike,
    structure: Mapping[str, ArrayLike],
    averages: Mapping[str, ArrayLike],
    *,
    reduced_energy: ArrayLike | None = None,
    radius: float | None = None,
    words: str = "",
) -> Figure:
    """Draw S(q) of models, and below it <S>(E).

    Parameters
    ----------
    q : array_like, shape (q,)
        1/a.
    structure, averages : mapping of str to array_like, shape (q,) and (energy,)
        S(q) and <S>(E) by model.
    reduced_energy : array_like, shape (energy,), optional
        E in hbar c/a; q/2 by default, the energy that reaches up to that q.
    radius : float, optional
        Ion-sphere radius, fm: for axes in 1/fm and MeV.
    words : str
        About the plasma, above the figure.

    Returns
    -------
    Figure
        Not saved; save it inside `style.context` too.
    """
    wave = np.asarray(q, dtype=np.float64)
    with style.context():
        rows = -(-len(averages) // _COLUMNS)
        figure = style.new_figure(5.6 + 0.2 * rows, 4.8)
        height = figure.get_figheight()
        upper, lower = figure.subplots(2, 1)
        figure.subplots_adjust(
            left=0.115,
            right=0.97,
            bottom=0.45 / height,
            top=1.0 - ((0.42 if radius else 0.04) + 0.3 + 0.19 * rows) / height,
            hspace=0.5 if radius else 0.28,
        )
        plot_structure(wave, structure, upper, legend=False, title="(a)")
        energy = 0.5 * wave if reduced_energy is None else reduced_energy
        found = plot_average(energy, averages, lower, legend=False, title="(b)")
        if radius:
            _second_axis(upper, 1.0 / radius, "$q$ [fm$^{-1}$]")
            _second_axis(lower, CODATA.hbar_c * 1e13 / radius, "$E$ [MeV]")
        figure.text(0.02, 1.0 - 0.08 / height, words, va="top")
        lines = [found[key] for key in averages]
        figure.legend(
            handles=lines,
            loc="upper left",
            bbox_to_anchor=(0.02, 1.0 - 0.27 / height),
            ncols=min(_COLUMNS, len(lines)),
            handlelength=_HANDLE,
        )
    return figure


def plot_deviation(
    points: Points,
    q: ArrayLike,
    structure: Mapping[str, ArrayLike],
    ax: Axes | None = None,
    *,
    title: str = "",
) -> Artists:
    """Draw what models give less what a simulation gives, with the simulation's error as a band.

    Parameters
    ----------
    points : tuple of array_like
        q, S and its error of the simulation.
    q : array_like, shape (q,)
        Of the models; fine, because lines between its points are taken.
    structure : mapping of str to array_like, shape (q,)
        S(q) by model.
    ax : Axes, optional
        None means new ones.
    title : str
        Letter of the panel.

    Returns
    -------
    dict of Artist
        A line for each model, ``one`` (at 0) and ``band``.
    """
    where, simulated, error = (np.asarray(each, dtype=np.float64) for each in points)
    wave = np.asarray(q, dtype=np.float64)
    inside = (where >= wave[0]) & (where <= wave[-1])
    where, simulated, error = where[inside], simulated[inside], error[inside]
    with style.axes(ax) as ax:
        differences = {
            name: np.interp(where, wave, np.asarray(values)) - simulated for name, values in structure.items()
        }
        found = _curves(ax, where, differences, level=0.0)
        for name in differences:
            found[name].set(linewidth=1.0)
        found["band"] = ax.fill_between(where, -error, error, color="0.85", lw=0, zorder=0.5)
        ax.set_xlim(0.0, float(wave[-1]))
        ax.set_xlabel(_Q_LABEL)
        ax.set_ylabel("$S-S_{MC}$")
        ax.yaxis.set_minor_locator(AutoMinorLocator())
        _letter(ax, title)
    return found


def monte_carlo(
    points: Mapping[float, Points], q: ArrayLike, models: Mapping[str, Mapping[float, ArrayLike]]
) -> Figure:
    """Draw models against simulations: a column for each coupling, S(q) above, the differences below.

    Parameters
    ----------
    points : mapping of float to tuple of array_like
        q (1/a), S and its error by Gamma.
    q : array_like, shape (q,)
        Of the models, 1/a.
    models : mapping of str to mapping of float to array_like, shape (q,)
        S(q) by model and Gamma.

    Returns
    -------
    Figure
        Not saved; save it inside `style.context` too.
    """
    with style.context():
        figure = style.new_figure(4.4)
        grid = figure.subplots(2, len(points), squeeze=False, sharex="col", height_ratios=(2, 1))
        figure.subplots_adjust(left=0.075, right=0.985, bottom=0.095, top=0.92, wspace=0.26, hspace=0.08)
        found: Artists = {}
        for (coupling, simulated), upper, lower, letter in zip(
            points.items(), *grid, "abcdefghijkl"[: len(points)], strict=True
        ):
            curves = {name: of[coupling] for name, of in models.items()}
            found = plot_structure(q, curves, upper, points=simulated, legend=False)
            plot_deviation(simulated, q, curves, lower)
            upper.set_xlabel("")
            upper.text(
                0.97,
                0.06,
                rf"({letter}) $\Gamma={coupling:g}$",
                transform=upper.transAxes,
                ha="right",
                va="bottom",
            )
            if upper is not grid[0, 0]:
                upper.set_ylabel("")
                lower.set_ylabel("")
        handles = [found[key] for key in found if key != "one"]
        figure.legend(
            handles=handles,
            loc="upper left",
            bbox_to_anchor=(0.065, 0.985),
            ncols=min(5, len(handles)),
            handlelength=_HANDLE,
        )
    return figure


def _curves(ax: Axes, x: ArrayLike, curves: Mapping[str, ArrayLike], level: float = 1.0) -> Artists:
    """Draw the lines and a thin one at a level."""
    found: Artists = {}
    for order, (name, look) in enumerate(model_looks(curves).items()):
        values = np.asarray(curves[name], dtype=np.float64)
        if not np.isnan(values).all():
            (found[name],) = ax.plot(np.asarray(x), values, zorder=2.0 + 0.01 * order, **look)
    found["one"] = ax.axhline(level, color=style.GRAY, lw=0.6, zorder=1.0)
    return found


def _letter(ax: Axes, title: str) -> None:
    """Set the letter of a panel into its upper left corner, which S(q) leaves empty."""
    if title:
        ax.text(0.02, 0.88, title, transform=ax.transAxes, ha="left", va="top", fontweight="bold")


def _ordinate(ax: Axes, values: Sequence[Array], label: str) -> None:
    """Set the axes from 0 to a little above the highest value, at least 1."""
    top = max((float(np.nanmax(each)) for each in values if not np.isnan(each).all()), default=1.0)
    ax.set_ylim(0.0, 1.08 * max(1.0, top))
    lines = ax.lines[:-1] or ax.lines
    left, right = (pick([float(pick(line.get_xdata())) for line in lines]) for pick in (np.min, np.max))
    ax.set_xlim(left if left > _NEAR_ZERO * right else 0.0, right)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_minor_locator(AutoMinorLocator())
    ax.set_ylabel(label)


def _second_axis(ax: Axes, factor: float, label: str) -> None:
    """Add an axis above in other units."""
    ax.tick_params(axis="x", which="both", top=False)
    second = ax.secondary_xaxis(
        "top", functions=(lambda x: np.asarray(x) * factor, lambda x: np.asarray(x) / factor)
    )
    second.set_xlabel(label)
    second.xaxis.set_minor_locator(AutoMinorLocator())
