"""One star at a glance: structure, luminosities and energies, optical depths, heating and cooling."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator
from matplotlib.transforms import Bbox

from snsim.plots import style
from snsim.plots._panels import (
    Array,
    four_panels,
    group_of,
    mark_shock,
    positive,
    radius_limits,
    radius_of,
    scalar_km,
    scheme_of,
    species_of,
    spheres,
)
from snsim.result import Result

Artists = dict[str, Artist]

DEPTH = 2.0 / 3.0
DEFINITION = (
    r"$\tau(R_\nu)=2/3$ of absorption" + "\n"
    r"+ scattering $\times\,(1-\cos\theta)$," + "\n"
    r"gray mean over $E^3f$"
)
_POINTS = r"points, radii above: $R_\nu$"
_NO_POINTS = r"no neutrinosphere $R_\nu$:"
_LEVEL = 0.58  # greatest height of the line of 2/3, as a share of its panel
_DASHES = (0, (3.5, 1.5))
_BLANK = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
# of words in a panel: left edge or right edge, height of the top, as shares of the panel
_PLACES = [(x, side, 0.965 - 0.05 * n) for x, side in ((0.03, "left"), (0.97, "right")) for n in range(18)]
_MARGIN = 2.0  # pixels
_SMALL: dict[str, Any] = {"fontsize": "small", "color": "0.25", "linespacing": 1.3}


def overview(result: Result) -> Figure:
    """Draw four panels over log radius: structure, luminosities, optical depths, heating.

    Parameters
    ----------
    result : Result
        Groups that it lacks leave a note in their panel.

    Returns
    -------
    Figure
        Not saved; save it inside `style.context` too.
    """
    panels: tuple[Callable[..., Artists], ...] = (
        plot_structure,
        plot_luminosity,
        plot_optical_depth,
        plot_heating,
    )
    return four_panels(result, panels, gap=0.15)


def plot_structure(result: Result, ax: Axes | None = None, *, title: str = "") -> Artists:
    """Draw density (left axis), temperature and electron fraction (right axis) with the shock.

    Parameters
    ----------
    result : Result
        Uses the group `profile`.
    ax : Axes, optional
        None means new ones.
    title : str
        Letter of the panel.

    Returns
    -------
    dict of Artist
        ``density``, ``temperature``, ``electron_fraction``, ``shock``, or ``note``.
    """
    profile = group_of(result, "profile")
    wanted = {
        "density": (style.INK, "-", "density"),
        "temperature": (style.TEMPERATURE, "-", "temperature"),
        "electron_fraction": (style.FRACTION, (0, (5, 1.2)), r"$Y_e$"),
    }
    with style.axes(ax) as ax:
        style.radius_axis(ax, *radius_limits(result))
        there = {
            name: (radius, positive(profile[name].values))
            for name in wanted
            if name in profile and (radius := radius_of(result, profile[name])) is not None
        }
        if not any(np.isfinite(values).any() for _, values in there.values()):
            return style.empty(ax, title, "no profile in this result")
        right = style.right_axis(ax)
        found: Artists = {}
        for name, (radius, values) in there.items():
            colour, dashes, label = wanted[name]
            panel = ax if name == "density" else right
            (found[name],) = panel.plot(radius, values, color=colour, ls=dashes, label=label)
        _limits_of_structure(ax, right, {name: values for name, (_, values) in there.items()})
        ax.set_ylabel(r"density [g cm$^{-3}$]")
        right.set_ylabel(r"temperature [MeV],  electron fraction $Y_e$")
        shock = mark_shock(ax, result, words=True)
        style.legend_above(ax, list(found.values()), title)
    return found | ({"shock": shock} if shock else {})


def _limits_of_structure(ax: Axes, right: Axes, values: dict[str, Array]) -> None:
    """Choose whole decades for the density; room above and below for the pair on the right."""
    density = values.get("density")
    if density is not None and np.isfinite(density).any():
        style.log_axis(ax, "y", *style.decades(0.3 * np.nanmin(density), 3.0 * np.nanmax(density)), most=6)
    pair = [v[np.isfinite(v)] for name, v in values.items() if name != "density"]
    both = np.concatenate([*pair, np.empty(0)])
    if both.size:
        style.log_axis(right, "y", 0.5 * float(both.min()), 2.0 * float(both.max()))


def plot_luminosity(result: Result, ax: Axes | None = None, *, title: str = "") -> Artists:
    """Draw luminosities seen from infinity (left axis) and local mean energies (right axis).

    Triangles on the right edge are the mean energies at infinity. Scheme and limiter stand in the panel.

    Parameters
    ----------
    result : Result
        Uses the groups `transport` and `profile`.
    ax : Axes, optional
        None means new ones.
    title : str
        Letter of the panel.

    Returns
    -------
    dict of Artist
        ``luminosity.nue``, ``mean_energy.nue``, ``mean_energy_infinity.nue``, ..., ``scheme``, or ``note``.
    """
    transport, species = group_of(result, "transport"), species_of(result, "transport")
    with style.axes(ax) as ax:
        style.radius_axis(ax, *radius_limits(result))
        right = style.right_axis(ax)
        found = _luminosities(result, ax, species) | _mean_energies(result, right, species)
        if not found:
            right.set_axis_off()
            return style.empty(ax, title, "no transport in this result")
        mark_shock(ax, result)
        steady = "steady solution, t = 0" if "evolution" in result.groups else ""
        if steady:  # a second line of words needs room above the curves
            low, high = ax.get_ylim()
            ax.set_ylim(low, high + 0.1 * (high - low))
        if words := "\n".join(filter(None, (scheme_of(result), steady))):
            found["scheme"] = ax.text(
                0.97,
                0.965,
                style.plain(words),
                transform=ax.transAxes,
                ha="right",
                va="top",
                bbox=_BLANK,
                **_SMALL,
            )
        names = [name for name in species if f"luminosity.{name}" in found]
        style.legend_above(ax, _luminosity_handles(names, "mean_energy_infinity" in transport), title)
    return found


def _luminosity_handles(names: list[str], far: bool) -> list[Artist]:
    """Colours for species, dashes for the two quantities."""
    handles: list[Artist] = [
        Line2D([], [], color=style.species_colour(name), label=style.species_label(name)) for name in names
    ]
    words = r"$\langle E\rangle$, $\langle E\rangle_\infty$" if far else r"$\langle E\rangle$"
    handles.append(Line2D([], [], color=style.GRAY, label=r"$L_\infty$"))
    dashed = Line2D([], [], color=style.GRAY, ls=_DASHES, lw=1.1, label=words)
    if far:
        dashed.set(marker="<", markersize=4.5, markeredgewidth=0.0, markevery=[1])
    return [*handles, dashed]


def _luminosities(result: Result, ax: Axes, species: tuple[str, ...]) -> Artists:
    variable = group_of(result, "transport").get("luminosity_infinity")
    radius = None if variable is None else radius_of(result, variable)
    if variable is None or radius is None or not np.isfinite(variable.values).any():
        return {}
    largest = float(np.nanmax(np.abs(variable.values)))
    exponent = math.floor(math.log10(largest)) if largest > 0.0 else 0
    found: Artists = {}
    for name, values in zip(species, variable.values / 10.0**exponent, strict=True):
        (found[f"luminosity.{name}"],) = ax.plot(radius, values, color=style.species_colour(name))
    scaled = variable.values / 10.0**exponent
    low, high = min(0.0, float(np.nanmin(scaled))), max(0.0, float(np.nanmax(scaled)))
    room = 0.12 * ((high - low) or 1.0)
    ax.set_ylim(low - (room if low < 0.0 else 0.0), high + 1.4 * room)  # words stand there
    ax.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    if low < 0.0:
        ax.axhline(0.0, color=style.GRAY, lw=0.5, zorder=0)
    one = rf" ({style.species_label('nux')}: 1 of 4)" if "nux" in species else ""
    ax.set_ylabel(rf"luminosity $L_\infty$ [$10^{{{exponent}}}$ erg s$^{{-1}}$]{one}")
    return found


def _mean_energies(result: Result, ax: Axes, species: tuple[str, ...]) -> Artists:
    transport = group_of(result, "transport")
    variable = transport.get("mean_energy")
    radius = None if variable is None else radius_of(result, variable)
    if variable is None or radius is None or not (variable.values > 0.0).any():
        return {}
    found: Artists = {}
    shown = positive(variable.values)
    for name, values in zip(species, shown, strict=True):
        (found[f"mean_energy.{name}"],) = ax.plot(
            radius, values, color=style.species_colour(name), ls=_DASHES, lw=1.1
        )
    low, high = float(np.nanmin(shown)), float(np.nanmax(shown))
    if "mean_energy_infinity" in transport:
        far = positive(transport["mean_energy_infinity"].values)
        low, high = float(np.nanmin([low, *far])), float(np.nanmax([high, *far]))
        for name, value in zip(species, far, strict=True):
            (found[f"mean_energy_infinity.{name}"],) = ax.plot(
                1.0, value, transform=ax.get_yaxis_transform(), clip_on=False,
                marker="<", ms=4.5, ls="", mew=0.0, color=style.species_colour(name), zorder=5,
            )  # fmt: skip
    style.log_axis(ax, "y", 0.75 * low, 1.3 * high)
    ax.set_ylabel(r"mean energy $\langle E\rangle$ [MeV]")
    return found


def plot_optical_depth(result: Result, ax: Axes | None = None, *, title: str = "") -> Artists:
    """Draw optical depths with the line of 2/3 and each neutrinosphere, whose definition stands in the panel.

    Parameters
    ----------
    result : Result
        Uses the groups `diagnostics/neutrinosphere` and `profile`.
    ax : Axes, optional
        None means new ones.
    title : str
        Letter of the panel.

    Returns
    -------
    dict of Artist
        ``optical_depth.nue``, ``neutrinosphere.nue``, ..., ``level``, ``definition``, or ``note``.
    """
    name = "diagnostics/neutrinosphere"
    variable = group_of(result, name).get("optical_depth")
    with style.axes(ax) as ax:
        style.radius_axis(ax, *radius_limits(result))
        radius = None if variable is None else radius_of(result, variable)
        if variable is None or radius is None or not (variable.values > 0.0).any():
            return style.empty(ax, title, "no neutrinosphere among the diagnostics")
        depth, radii = positive(variable.values), spheres(result)
        found: Artists = {}
        style.log_axis(ax, "y", *_limits_of_depth(depth))
        for i, (who, values) in enumerate(zip(species_of(result, name), depth, strict=True)):
            found |= _one_depth(ax, who, radius, values, radii.get(who, math.nan), size=7.0 - 1.5 * min(i, 2))
        found["level"] = ax.axhline(DEPTH, color=style.INK, lw=0.7, ls=":", zorder=1)
        ax.annotate(
            r"$\tau=2/3$", (0.985, DEPTH), xycoords=ax.get_yaxis_transform(),
            xytext=(0.0, 2.0), textcoords="offset points", ha="right", va="bottom",
        )  # fmt: skip
        found["definition"] = ax.text(
            0.97,
            0.96,
            f"{_POINTS if np.isfinite([*radii.values()]).any() else _NO_POINTS}\n{DEFINITION}",
            transform=ax.transAxes,
            ha="right",
            va="top",
            bbox=_BLANK,
            **_SMALL,
        )
        mark_shock(ax, result)
        ax.set_ylabel(r"optical depth $\tau=\int_r^R\kappa\,\mathrm{d}r/\Gamma$")
        curves = [artist for key, artist in found.items() if key.startswith("optical_depth")]
        style.legend_above(ax, curves, title)
    return found


def _limits_of_depth(depth: Array) -> tuple[float, float]:
    """Show three decades below 1, or below the most transparent species; not the dive to 0 at the edge.

    The line of 2/3 stays in the lower two thirds, so that the definition has room above it.
    """
    largest = [float(np.nanmax(row)) for row in depth if np.isfinite(row).any()]
    bottom = max(min(1.0, *largest) * 1e-3, 1e-8 * min(1.0, max(largest)))
    low, high = style.decades(bottom * 1.001, max(largest))
    room = (low / DEPTH) ** (1.0 - 1.0 / _LEVEL) * DEPTH
    return low, max(high, style.decades(low, room)[1])


def _one_depth(ax: Axes, who: str, radius: Array, depth: Array, sphere: float, size: float) -> Artists:
    """One species: its curve, and a point with a line down to the axis at its sphere.

    Points of falling size stay visible on top of each other.
    """
    colour = style.species_colour(who)
    where = f"{sphere:.1f} km" if math.isfinite(sphere) else "no sphere"
    (curve,) = ax.plot(radius, depth, color=colour, label=f"{style.species_label(who)} {where}")
    if not math.isfinite(sphere):
        return {f"optical_depth.{who}": curve}
    ax.plot([sphere, sphere], [ax.get_ylim()[0], DEPTH], color=colour, lw=0.8)
    (point,) = ax.plot(sphere, DEPTH, color=colour, marker="o", ms=size, mec="white", mew=0.5, zorder=4)
    return {f"optical_depth.{who}": curve, f"neutrinosphere.{who}": point}


def plot_heating(result: Result, ax: Axes | None = None, *, title: str = "") -> Artists:
    """Draw heating, cooling and their difference per gram on an axis that is linear about zero, else log.

    The gain region is shaded, its lower edge marked.

    Parameters
    ----------
    result : Result
        Uses the groups `diagnostics/gain_region` and `profile`.
    ax : Axes, optional
        None means new ones.
    title : str
        Letter of the panel.

    Returns
    -------
    dict of Artist
        ``heating_rate``, ``cooling_rate``, ``net_rate``, ``gain_region``, ``gain_radius``, ``scale``, ``words``, or
        ``note``.
    """
    group = group_of(result, "diagnostics/gain_region")
    lines = {
        "heating_rate": (style.HEATING, "-", 1.4, "heating"),
        "cooling_rate": (style.COOLING, (0, (5, 1.2)), 1.4, "cooling"),
        "net_rate": (style.INK, "-", 1.1, "net"),
    }
    with style.axes(ax) as ax:
        style.radius_axis(ax, *radius_limits(result))
        there = {
            name: (radius, group[name].values)
            for name in lines
            if name in group and (radius := radius_of(result, group[name])) is not None
        }
        if not any(np.isfinite(values).any() for _, values in there.values()):
            return style.empty(ax, title, "no gain region among the diagnostics")
        found: Artists = {}
        for name, (radius, values) in there.items():
            colour, dashes, width, label = lines[name]
            (found[name],) = ax.plot(radius, values, color=colour, ls=dashes, lw=width, label=label)
        scale = _rate_axis(ax, {name: values for name, (_, values) in there.items()})
        mark_shock(ax, result)
        found |= _gain_region(ax, result)
        scale_words, numbers = _words(ax, scale), _words(ax, _numbers_of_gain(result))
        _put_clear(ax, scale_words, numbers)
        found |= {"scale": scale_words, "words": numbers}
        region = [found["gain_region"]] if "gain_region" in found else []
        style.legend_above(ax, [found[name] for name in there] + region, title)
    return found


def _rate_axis(ax: Axes, rates: dict[str, Array]) -> str:
    """Make a symmetric logarithm: linear up to the power of ten below the largest net rate. Return what to say of it."""
    lines = ("heating_rate", "cooling_rate")
    gross = np.concatenate([np.zeros(1), *(rates[name] for name in lines if name in rates)])
    largest = float(np.nanmax(gross))
    bottom, linear, top = _rate_powers(rates.get("net_rate", np.zeros(1)), largest)
    ax.set_yscale("symlog", linthresh=10.0**linear, linscale=0.9)
    below = [-(10.0**n) for n in range(bottom, linear - 1, -1)]
    ax.yaxis.set_major_locator(FixedLocator([*below, 0.0, *(10.0**n for n in range(linear, top + 1))]))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: style.power_label(value) if value else "0"))
    ax.set_ylim(-(10.0**bottom), 10.0**top)
    ax.axhline(0.0, color=style.GRAY, lw=0.5, zorder=0)
    ax.set_ylabel(r"heating, cooling [erg g$^{-1}$ s$^{-1}$]")
    linear_part = rf"linear within $\pm10^{{{linear}}}$"
    return (
        f"both rise to {style.power_of_ten(largest)},\n{linear_part}" if largest > 10.0**top else linear_part
    )


def _rate_powers(net: Array, largest: float) -> tuple[int, int, int]:
    """Powers of ten: minus the lower limit, end of the linear part, upper limit at most 4 decades above it."""
    known = net[np.isfinite(net)]
    unit = float(np.abs(known).max(initial=0.0)) or largest
    linear = math.floor(math.log10(unit)) if unit > 0.0 else 0
    above = math.ceil(math.log10(largest)) - linear if largest > 0.0 else 1
    bottom = linear + 1 if known.min(initial=0.0) < -(10.0**linear) else linear
    return bottom, linear, linear + min(max(above, 1), 4)


def _gain_region(ax: Axes, result: Result) -> Artists:
    """Shade the gain region, if there is one."""
    group = group_of(result, "diagnostics/gain_region")
    inner, outer = scalar_km(group, "gain_radius"), scalar_km(group, "outer_radius")
    if not math.isfinite(inner):
        return {}
    outer = outer if math.isfinite(outer) else radius_limits(result)[1]
    return {
        "gain_region": ax.axvspan(inner, outer, color=style.SHADE, lw=0.0, zorder=0, label="gain region"),
        "gain_radius": ax.axvline(inner, color=style.GRAY, lw=0.9, zorder=1),
    }


def _numbers_of_gain(result: Result) -> str:
    """Numbers of the gain region, or that there is none."""
    group = group_of(result, "diagnostics/gain_region")
    inner = scalar_km(group, "gain_radius")
    if not math.isfinite(inner):
        return "no gain region"
    words = [f"gain radius {inner:.1f} km"]
    species = group["gain_radius"].attributes.get("heating_species", "nue + anue")
    both = "alone" not in species
    if "net_heating" in group and math.isfinite(float(group["net_heating"].values)):
        words.append(
            rf"net {'' if both else f'of {species}, '}{style.power_of_ten(float(group['net_heating'].values))} erg s$^{{-1}}$"
        )
    if "efficiency" in group and math.isfinite(float(group["efficiency"].values)):
        words.append(f"efficiency {100.0 * float(group['efficiency'].values):.2g}%")
    return "\n".join(words)


def _words(ax: Axes, words: str) -> Text:
    return ax.text(0.03, 0.965, words, transform=ax.transAxes, va="top", **_SMALL)


def _put_clear(ax: Axes, *texts: Text) -> None:
    """Put each text at the first place where no curve and no earlier text is; where there is none it stays."""
    curves = [line.get_transform().transform_path(line.get_path()) for line in ax.lines]
    taken: list[Bbox] = []
    for text in texts:
        for x, side, y in _PLACES:
            text.set(x=x, ha=side, y=y)
            box = text.get_window_extent().padded(_MARGIN)
            inside = ax.bbox.y0 <= box.y0
            if inside and not (
                any(curve.intersects_bbox(box, filled=False) for curve in curves) or box.count_overlaps(taken)
            ):
                break
        else:
            text.set(x=_PLACES[0][0], ha=_PLACES[0][1], y=_PLACES[0][2])
        taken.append(text.get_window_extent())


__all__ = [
    "overview",
    "plot_heating",
    "plot_luminosity",
    "plot_optical_depth",
    "plot_structure",
]
