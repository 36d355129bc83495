"""What reaches us: kick over asymmetry, delays by their parts, flavour in matter, and the events of SN 1987A."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from snsim.plots import style
from snsim.plots._panels import (
    CM_PER_KM,
    Array,
    four_panels,
    group_of,
    mark_shock,
    positive,
    radius_limits,
    radius_of,
    species_of,
)
from snsim.plots.sn1987a import plot_events
from snsim.result import Result
from snsim.variable import Group

Artists = dict[str, Artist]

GROUP = "diagnostics/flavour"
_KICK, _DELAY = "diagnostics/kick", "diagnostics/delay"
_ASYMMETRIES = (1e-4, 0.3)
_BOUNDS = (150.0, 260.0)  # km/s, largest kicks by neutrinos: Janka & Kresse 2024, Ap&SS 369, 80
_PARTS = {
    "gw_minus_neutrino_geometric": "path",
    "gw_minus_neutrino_excess": "gravity",
    "trapping_time": "trapping",
    "diffusion_delay": r"$3R^2/\lambda c$",
    "mass_delay": "mass",
}
_RESONANCES = {"high": ("#AA3377", "-"), "low": ("#CCBB44", (0, (4, 1.3)))}
_SHOWN = (5.0, 50.0)  # MeV: what a resonance's line covers
_ONE = 10.0  # MeV, of the levels


def messengers(result: Result) -> Figure:
    """Draw kick, delays, flavour and SN 1987A, as many panels as the result has something for.

    Parameters
    ----------
    result : Result
        Without kick or delays there are no panels of them; with nothing at all that of SN 1987A is left.

    Returns
    -------
    Figure
        Not saved; save it inside `style.context` too.
    """
    there = ((plot_kick, _has_kick), (plot_delays, _has_delays), (plot_flavour, _has_flavour))
    panels = [panel for panel, has in there if has(result)]
    return four_panels(result, [*panels, plot_events], gap=0.33, between=0.3, shared=False, right=0.985)


def _has_kick(result: Result) -> bool:
    group = group_of(result, _KICK)
    return _value(group, "asymmetry") > 0.0 and _value(group, "kick") > 0.0


def _has_delays(result: Result) -> bool:
    return bool(_delays(group_of(result, _DELAY)))


def _delays(group: Group) -> list[str]:
    """Names of the delays that a logarithm can show."""
    return [name for name in _PARTS if name in group and (positive(group[name].values) > 0.0).any()]


def _has_flavour(result: Result) -> bool:
    return "potential" in group_of(result, GROUP)


def plot_kick(result: Result, ax: Axes | None = None, *, title: str = "") -> Artists:
    """Draw the kick over the momentum asymmetry: v = alpha E/(M c), the run's point, cap and magnetic estimate.

    Parameters
    ----------
    result : Result
        Uses the group `diagnostics/kick`.
    ax : Axes, optional
        None means new ones.
    title : str
        Letter of the panel.

    Returns
    -------
    dict of Artist
        ``line``, ``given``, ``polar_cap``, ``polar_cap_bound``, ``magnetic_kick``, or ``note``.
    """
    group = group_of(result, _KICK)
    with style.axes(ax) as ax:
        alpha, velocity = _value(group, "asymmetry"), _value(group, "kick") / CM_PER_KM
        if not _has_kick(result):
            return style.empty(ax, title, "no kick among the diagnostics, or no energy given")
        x = np.geomspace(*_ASYMMETRIES, 2)
        found: Artists = {}
        style.log_axis(ax, "x", *_ASYMMETRIES)
        style.log_axis(ax, "y", *(0.9 * velocity / alpha * x))
        (found["line"],) = ax.plot(x, velocity / alpha * x, color=style.INK)
        found["bounds"] = ax.axhspan(*_BOUNDS, color=style.SHADE, lw=0.0, zorder=0)
        marks = {
            "given": ("", "o", "as given"),
            "cap": ("polar_cap_", "s", "polar cap"),
            "bound": ("polar_cap_bound_", "^", "cap, at most"),
        }
        for name, (prefix, marker, label) in marks.items():
            at = _value(group, f"{prefix}asymmetry"), _value(group, f"{prefix}kick") / CM_PER_KM
            if at[0] > 0.0 and at[1] > 0.0:
                (found[name],) = ax.plot(
                    *at, marker=marker, ls="", ms=5.0, color=style.TEMPERATURE, label=label
                )
        magnetic = _value(group, "magnetic_kick") / CM_PER_KM
        if magnetic > 0.0:
            found["magnetic_kick"] = ax.axhline(
                magnetic, color=style.COOLING, ls=(0, (4, 1.3)), lw=1.1, label="magnetic field"
            )
        ax.set_xlabel(r"momentum asymmetry $\alpha=c|P|/E$")
        ax.set_ylabel(r"kick [km s$^{-1}$]")
        shown = [found[name] for name in (*marks, "magnetic_kick") if name in found]
        ax.legend(handles=shown, loc="lower right", borderaxespad=0.8)
        ax.text(
            0.03,
            math.sqrt(_BOUNDS[0] * _BOUNDS[1]),
            "neutrinos, at most",
            transform=ax.get_yaxis_transform(),
            va="center",
            fontsize="small",
            color="0.25",
        )
        style.legend_above(ax, [], title)
    return found


def plot_delays(result: Result, ax: Axes | None = None, *, title: str = "") -> Artists:
    """Draw what delays neutrinos, part by part and species by species, on one scale of time; as `plot_kick`."""
    group = group_of(result, _DELAY)
    with style.axes(ax) as ax:
        names = _delays(group)
        if not names:
            return style.empty(ax, title, "no delays among the diagnostics")
        species = species_of(result, _DELAY)
        found: Artists = {}
        every = np.concatenate([positive(group[name].values) for name in names])
        clock = _value(group, "clock_uncertainty")
        low, high = np.nanmin(every), np.nanmax(every)
        style.log_axis(ax, "x", 0.3 * min(low, clock if clock > 0.0 else low), 5.0 * max(high, 1.0))
        for row, name in enumerate(names):
            for k, (who, value) in enumerate(zip(species, positive(group[name].values), strict=True)):
                (found[f"{name}.{who}"],) = ax.plot(
                    value,
                    row + 0.22 * (k - 0.5 * (len(species) - 1)),
                    marker="o",
                    ls="",
                    ms=4.5,
                    color=style.species_colour(who),
                )
        if clock > 0.0:
            found["clock_uncertainty"] = ax.axvline(clock, color=style.GRAY, lw=0.9, ls=(0, (4, 2)))
            ax.annotate(
                "clock",
                (clock, 0.03),
                xycoords=ax.get_xaxis_transform(),
                xytext=(3.0, 0.0),
                textcoords="offset points",
                fontsize="small",
                color="0.25",
            )
        ax.set_yticks(range(len(names)), [_PARTS[name] for name in names])
        ax.tick_params(axis="y", length=0.0)
        ax.set_ylim(len(names) - 0.5, -0.5)
        ax.set_xlabel("delay [s]")
        colours: list[Artist] = [
            Line2D(
                [],
                [],
                color=style.species_colour(who),
                marker="o",
                ls="",
                ms=4.5,
                label=style.species_label(who),
            )
            for who in species
        ]
        style.legend_above(ax, colours, title)
    return found


def plot_flavour(result: Result, ax: Axes | None = None, *, title: str = "") -> Artists:
    """Draw the matter potential over radius, and the resonances where they lie; as `plot_kick`.

    Lines across stand for the potential at which neutrinos of 10 MeV are resonant; thick strokes for the resonances of
    5 to 50 MeV.
    """
    group = group_of(result, GROUP)
    with style.axes(ax) as ax:
        radius = radius_of(result, group["potential"]) if "potential" in group else None
        if radius is None:
            return style.empty(ax, title, "no flavour among the diagnostics")
        potential = positive(group["potential"].values)
        energy = group_of(result, "opacity")["energy"].values
        found: Artists = {}
        (found["potential"],) = ax.plot(radius, potential, color=style.INK)
        scale = float(potential[-1]) / _last_electrons(result)
        levels, places = [float(np.nanmin(potential))], [radius_limits(result)[1]]
        shown = (energy >= _SHOWN[0]) & (energy <= _SHOWN[1])
        for name, (colour, dashes) in _RESONANCES.items():
            level = scale * group[f"resonance_density_{name}"].values
            ten = float(np.exp(np.interp(math.log(_ONE), np.log(energy), np.log(level))))
            found[name] = ax.axhline(ten, color=colour, ls=dashes, lw=1.0, label=f"{name[0].upper()}, 10 MeV")
            where = group[f"resonance_radius_{name}"].values / CM_PER_KM
            if np.isfinite(where[shown]).any():
                (found[f"radius.{name}"],) = ax.plot(where[shown], level[shown], color=colour, lw=3.0)
                places.append(float(np.nanmax(where[shown])))
            levels.append(ten)
        style.radius_axis(ax, radius_limits(result)[0], 1.5 * max(places))
        style.log_axis(ax, "y", 0.1 * min(levels), 10.0 * float(np.nanmax(potential)))
        ax.set_ylabel(r"$\sqrt{2}\,G_F n_e$ [eV]")
        mark_shock(ax, result)
        style.legend_above(ax, [found[name] for name in _RESONANCES], title)
    return found


def _last_electrons(result: Result) -> float:
    """Return rho Y_e of the outermost zone, g/cm^3."""
    profile = group_of(result, "profile")
    return float(profile["density"].values[-1] * profile["electron_fraction"].values[-1])


def _value(group: Group, name: str) -> float:
    """Return a scalar, NaN if it is not there."""
    values: Array = group[name].values if name in group else np.array(math.nan)
    return float(values)


__all__ = ["GROUP", "messengers", "plot_delays", "plot_events", "plot_flavour", "plot_kick"]
