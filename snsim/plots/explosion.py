"""How near a star is to an explosion: its gain region, the critical curve, every measure over its threshold."""

from __future__ import annotations

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from microphysics.constants import CODATA
from snsim.diagnostics.explosion_conditions import ANTESONIC_GENERAL, ANTESONIC_ISOTHERMAL, FORCE_THRESHOLD
from snsim.plots import style
from snsim.plots._panels import group_of
from snsim.plots.overview import plot_heating
from snsim.result import Result
from snsim.variable import Group

Artists = dict[str, Artist]

GROUP = "diagnostics/explosion"
_HEIGHT = 5.2
_LUMINOSITY = 1e52  # erg/s, unit of the axis
_MISSING = "no measures of an explosion among the diagnostics"
# variable: (words, threshold)
_MEASURES = {
    "luminosity_ratio": (r"$L/L_{\rm crit}$, the run's neutrinos", 1.0),
    "luminosity_ratio_light_bulb": (r"$L/L_{\rm crit}$, light bulb", 1.0),
    "antesonic_ratio": (r"$\max\,c_s^2/v_{\rm esc}^2$ over 0.19", ANTESONIC_GENERAL),
    "antesonic_isothermal": (r"$\max\,c_T^2/v_{\rm esc}^2$ over 3/16", ANTESONIC_ISOTHERMAL),
    "force_power": (r"$\tilde L\tau_g-0.06\,\tilde\kappa$ over 0.38", FORCE_THRESHOLD),
    "time_ratio_thermal": (r"$\tau_{\rm adv}/\tau_{\rm heat}$, thermal energy", 1.0),
    "time_ratio_total": (r"$\tau_{\rm adv}/\tau_{\rm heat}$, total energy", 1.0),
}


def explosion(result: Result) -> Figure:
    """Draw heating and cooling, the critical curve, and every measure over its threshold.

    Parameters
    ----------
    result : Result
        Groups that it lacks leave a note in their panels.

    Returns
    -------
    Figure
        Not saved; save it inside `style.context` too.
    """
    with style.context():
        figure = style.new_figure(_HEIGHT)
        grid = figure.add_gridspec(
            2,
            2,
            left=0.09,
            right=0.98,
            bottom=0.09,
            top=0.955,
            wspace=0.3,
            hspace=0.42,
            height_ratios=(1.25, 1.0),
        )
        plot_heating(result, figure.add_subplot(grid[0, 0]), title="(a)")
        plot_critical_curve(result, figure.add_subplot(grid[0, 1]), title="(b)")
        plot_measures(result, figure.add_subplot(grid[1, :]), title="(c)")
    return figure


def plot_critical_curve(result: Result, ax: Axes | None = None, *, title: str = "") -> Artists:
    """Draw the critical luminosity along the accretion rate, published fits, and where the run stands.

    Parameters
    ----------
    result : Result
        Uses the group `diagnostics/explosion`.
    ax : Axes, optional
        None means new ones.
    title : str
        Letter of the panel.

    Returns
    -------
    dict of Artist
        ``critical_curve``, ``light_bulb``, ``burrows_goshy``, ``run``, or ``note``.
    """
    group = group_of(result, GROUP)
    with style.axes(ax) as ax:
        if not _known(group, "critical_curve"):
            reason = (
                group["critical_curve"].attributes.get("reason", "")
                if "critical_curve" in group
                else _MISSING
            )
            return style.empty(ax, title, style.plain(reason))
        rate = group["critical_accretion_rate"].values / CODATA.solar_mass
        light = group["critical_curve"].values / _LUMINOSITY
        own, here = (
            _value(group, "accretion_rate") / CODATA.solar_mass,
            _value(group, "luminosity") / _LUMINOSITY,
        )
        found: Artists = {}
        label = "critical, run's neutrinos"
        (found["critical_curve"],) = ax.plot(rate, light, color=style.INK, label=label)
        drawn = {
            "critical_luminosity_light_bulb": ("light_bulb", "s", style.HEATING, "light bulb"),
            "burrows_goshy": ("burrows_goshy", "^", style.COOLING, "B&G 1993"),
        }
        for name, (key, marker, colour, words) in drawn.items():
            if _known(group, name):
                point = _value(group, name) / _LUMINOSITY
                (found[key],) = ax.plot(own, point, marker, ms=5.0, mfc="white", mec=colour, label=words)
        (found["run"],) = ax.plot(own, here, "o", ms=6.0, color=style.TEMPERATURE, label="this run")
        points = [_value(group, name) / _LUMINOSITY for name in ("luminosity", *drawn) if _known(group, name)]
        every = np.append(light[np.isfinite(light)], points)
        along = np.append(rate[np.isfinite(light)], own)
        style.log_axis(ax, "x", float(along.min()) / 1.2, float(along.max()) * 1.2)
        style.log_axis(ax, "y", float(every.min()) / 1.3, float(every.max()) * 1.3)
        ax.set_xlabel(r"accretion rate [$M_\odot$ s$^{-1}$]")
        ax.set_ylabel(r"$L$ per species [$10^{52}$ erg s$^{-1}$]")
        style.legend_above(ax, [], title)
        ax.legend(loc="upper left", borderaxespad=0.6)
    return found


def plot_measures(result: Result, ax: Axes | None = None, *, title: str = "") -> Artists:
    """Draw every measure over its threshold on one axis; parameters as in `plot_critical_curve`.

    Returns
    -------
    dict of Artist
        One by name of each measure that is defined, ``threshold``, ``caveat``, or ``note``.
    """
    group = group_of(result, GROUP)
    with style.axes(ax) as ax:
        values = {name: _over_threshold(group, name) for name in _MEASURES}
        shown = {name: value for name, value in values.items() if np.isfinite(value)}
        if not shown:
            return style.empty(ax, title, _MISSING if not group else "no measure is defined")
        found: Artists = {"threshold": ax.axvline(1.0, color=style.GRAY, lw=0.9, ls="--")}
        for place, (name, value) in enumerate(reversed(shown.items())):
            ax.plot(
                [min(value, 0.0), value],
                [place, place],
                color=style.SHADE,
                lw=4.0,
                solid_capstyle="butt",
                zorder=1,
            )
            (found[name],) = ax.plot(value, place, "o", ms=5.5, color=style.TEMPERATURE, zorder=3)
            ax.annotate(
                f"{value:.2f}",
                (value, place),
                xytext=(6.0, 0.0),
                textcoords="offset points",
                va="center",
                fontsize="small",
            )
        ax.set_yticks(range(len(shown)), [_MEASURES[name][0] for name in reversed(shown)])
        ax.yaxis.set_minor_locator(NullLocator())
        ax.tick_params(axis="y", length=0.0)
        ax.set_ylim(-0.7, len(shown) - 0.3)
        ax.set_xlim(min(0.0, 1.15 * min(shown.values())), 1.15 * max(1.0, *shown.values()))
        ax.set_xlabel("over the threshold of each measure")
        box = ax.get_position()
        ax.set_position((0.32, box.y0, 0.66, box.height))
        words = "not predictions: 3D needs 40-50 % less luminosity than 1D (Nordhaus et al. 2010)"
        found["caveat"] = ax.text(
            1.0,
            1.03,
            words,
            transform=ax.transAxes,
            ha="right",
            va="bottom",
            fontsize="small",
            color=style.GRAY,
        )
        style.letter(ax, title, at=0.02)
    return found


def _over_threshold(group: Group, name: str) -> float:
    """Return a measure over its threshold; NaN if it is not there."""
    if name == "force_power":
        return (_value(group, "force_margin") + FORCE_THRESHOLD) / FORCE_THRESHOLD
    return _value(group, name) / _MEASURES[name][1]


def _value(group: Group, name: str) -> float:
    return float(group[name].values) if name in group else float("nan")


def _known(group: Group, name: str) -> bool:
    return name in group and bool(np.isfinite(group[name].values).any())


__all__ = ["explosion", "plot_critical_curve", "plot_measures"]
