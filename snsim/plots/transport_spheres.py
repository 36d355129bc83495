"""A star of which only opacities are known: matter, nuclei, where each energy comes loose, and from what."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

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
from snsim.plots.overview import plot_structure
from snsim.result import Result

Artists = dict[str, Artist]

GROUP = "diagnostics/transport_sphere"
_SMALLEST_SHARE = 0.1
_SHARES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)  # ticks
_COMPOSITION = {
    "mass_fraction_heavy": ("#EE9922", "-", "nuclei"),
    "mass_fraction_alpha": ("#999933", (0, (5, 1.2)), r"$\alpha$"),
    "mass_fraction_neutron": ("#0077BB", (0, (3, 1, 1, 1)), "n"),
    "mass_fraction_proton": ("#CC3311", (0, (1, 1.2)), "p"),
}
_NUMBERS = {"mass_number_heavy": ("-", "$A$"), "charge_number_heavy": ((0, (4, 1.3)), "$Z$")}
_THERMAL = (0, (4, 1.3))


def transport_spheres(result: Result) -> Figure:
    """Draw four panels: structure and composition over radius, spheres and shares of processes over energy.

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
        plot_spheres,
        plot_composition,
        plot_shares,
    )
    return four_panels(result, panels, gap=0.19)


def plot_composition(result: Result, ax: Axes | None = None, *, title: str = "") -> Artists:
    """Draw mass fractions (left axis) and A and Z of the nuclei (right axis) over radius.

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
        By the names of the variables, or ``note``.
    """
    profile = group_of(result, "profile")
    with style.axes(ax) as ax:
        style.radius_axis(ax, *radius_limits(result))
        found: Artists = {}
        for name, (colour, dashes, label) in _COMPOSITION.items():
            radius = radius_of(result, profile[name]) if name in profile else None
            if radius is not None:
                (found[name],) = ax.plot(
                    radius, positive(profile[name].values), color=colour, ls=dashes, label=label
                )
        if not found:
            return style.empty(ax, title, "no composition in this result")
        style.log_axis(ax, "y", 1e-4, 2.0)
        ax.set_ylabel("mass fraction")
        right = style.right_axis(ax)
        largest = 1.0
        for name, (dashes, label) in _NUMBERS.items():
            radius = radius_of(result, profile[name]) if name in profile else None
            if radius is not None:
                values = positive(profile[name].values)
                (found[name],) = right.plot(radius, values, color=style.GRAY, ls=dashes, lw=1.1, label=label)
                largest = max(largest, float(np.nanmax(values, initial=1.0)))
        right.set_ylim(0.0, 1.15 * largest)
        right.set_ylabel("mass and charge number of the nuclei")
        mark_shock(ax, result)
        style.legend_above(ax, list(found.values()), title)
    return found


def plot_spheres(result: Result, ax: Axes | None = None, *, title: str = "") -> Artists:
    """Draw transport and thermalisation spheres over energy; densities of the star on the right.

    Parameters
    ----------
    result : Result
        Uses the groups `diagnostics/transport_sphere` and `profile`.
    ax : Axes, optional
        None means new ones.
    title : str
        Letter of the panel.

    Returns
    -------
    dict of Artist
        ``radius.nue``, ``thermalisation_radius.nue``, ..., or ``note``.
    """
    group, energy = group_of(result, GROUP), _energies(result)
    with style.axes(ax) as ax:
        shown = {
            name: positive(group[name].values / CM_PER_KM)
            for name in ("radius", "thermalisation_radius")
            if name in group
        }
        if energy is None or not any(np.isfinite(values).any() for values in shown.values()):
            return style.empty(ax, title, "no transport spheres among the diagnostics")
        _energy_axis(ax, energy)
        drawn = (energy >= ax.get_xlim()[0]) & (energy <= ax.get_xlim()[1])
        known = np.concatenate([v[:, drawn][np.isfinite(v[:, drawn])] for v in shown.values()])
        style.log_axis(ax, "y", max(0.7 * known.min(), known.max() / 300.0), 1.5 * known.max())
        found: Artists = {}
        for name, values in shown.items():
            dashes = "-" if name == "radius" else _THERMAL
            for who, row in zip(species_of(result, GROUP), values, strict=True):
                (found[f"{name}.{who}"],) = ax.plot(
                    energy, row, color=style.species_colour(who), ls=dashes, lw=1.4 if dashes == "-" else 1.1
                )
        ax.set_ylabel(r"radius of $\tau=2/3$ [km]")
        _density_axis(ax, result)
        species = species_of(result, GROUP)
        lines: list[Artist] = [Line2D([], [], color=style.GRAY, label="transport")]
        if "thermalisation_radius" in shown:
            lines.append(Line2D([], [], color=style.GRAY, ls=_THERMAL, lw=1.1, label="thermalisation"))
        inside = ax.legend(handles=lines, loc="lower right", borderaxespad=0.8)
        colours: list[Artist] = [
            Line2D([], [], color=style.species_colour(who), label=style.species_label(who)) for who in species
        ]
        style.legend_above(ax, colours, title)
        ax.add_artist(inside)
    return found


def plot_shares(result: Result, ax: Axes | None = None, *, title: str = "") -> Artists:
    """Draw what each process makes up of the optical depth at the transport sphere, for nue and for nux (dashed).

    Parameters
    ----------
    result : Result
        Uses the groups `diagnostics/transport_sphere` and `opacity`.
    ax : Axes, optional
        None means new ones.
    title : str
        Letter of the panel.

    Returns
    -------
    dict of Artist
        ``nue.nucleus_scattering``, ..., or ``note``.
    """
    group, energy, names = group_of(result, GROUP), _energies(result), _processes(result)
    share = group.get("share")
    with style.axes(ax) as ax:
        if share is None or energy is None or not np.isfinite(share.values).any():
            return style.empty(ax, title, "no transport spheres among the diagnostics")
        _energy_axis(ax, energy)
        colours, species = style.process_colours(names), species_of(result, GROUP)
        shown = (energy >= ax.get_xlim()[0]) & (energy <= ax.get_xlim()[1])
        found: Artists = {}
        for who, dashes in (("nue", "-"), ("nux", _THERMAL)):
            if who not in species:
                continue
            for name, row in zip(names, share.values[:, species.index(who)], strict=True):
                if np.nanmax(row[shown], initial=0.0) > _SMALLEST_SHARE:
                    (found[f"{who}.{name}"],) = ax.plot(energy, row, color=colours[name], ls=dashes, lw=1.2)
        ax.set_ylabel(r"share of $\tau=2/3$ at the transport sphere")
        drawn = [name for name in names if any(key.endswith(f".{name}") for key in found)]
        handles: list[Artist] = [
            Line2D([], [], color=colours[name], label=style.process_label(name)) for name in drawn
        ]
        # shares reach from 0 to 1 at any energy: only above them a legend hides none
        ax.set_ylim(0.0, 1.05 + 0.09 * ((len(handles) + 1) // 2))
        ax.yaxis.set_major_locator(FixedLocator(_SHARES))
        inside = ax.legend(handles=handles, loc="upper center", ncols=2, borderaxespad=0.4)
        style.legend_above(ax, _dashes([who for who in ("nue", "nux") if who in species]), title)
        ax.add_artist(inside)
    return found


def _dashes(species: Sequence[str]) -> list[Artist]:
    return [
        Line2D([], [], color=style.GRAY, ls="-" if who == "nue" else _THERMAL, label=style.species_label(who))
        for who in species
    ]


def _energies(result: Result) -> Array | None:
    """Energies of the opacities, MeV."""
    energy = group_of(result, "opacity").get("energy")
    return None if energy is None else energy.values


def _processes(result: Result) -> tuple[str, ...]:
    process = group_of(result, "opacity").get("process")
    return () if process is None else tuple(str(name) for name in process.values)


def _energy_axis(ax: Axes, energy: Array) -> None:
    style.log_axis(ax, "x", max(1.0, float(energy[0])), min(100.0, float(energy[-1])))
    ax.set_xlabel("neutrino energy [MeV]")


def _density_axis(ax: Axes, result: Result) -> None:
    """Mark on the right the radii at which the density is a power of ten."""
    profile = group_of(result, "profile")
    if "density" not in profile or "radius" not in profile:
        return
    low, high = ax.get_ylim()
    x, y = np.log10(profile["density"].values), np.log10(profile["radius"].values / CM_PER_KM)
    order = np.argsort(x)
    first, last = int(np.ceil(x.min())), int(np.floor(x.max()))
    powers = np.arange(first, last + 1)
    places = 10.0 ** np.interp(powers, x[order], y[order])
    marks = {
        float(place): int(power) for place, power in zip(places, powers, strict=True) if low < place < high
    }
    right = style.right_axis(ax)
    right.set_yscale("log")
    right.set_ylim(low, high)
    right.yaxis.set_major_locator(FixedLocator(list(marks)))
    right.yaxis.set_minor_locator(NullLocator())
    right.yaxis.set_major_formatter(
        FuncFormatter(
            lambda value, _: style.power_label(10.0 ** marks[min(marks, key=lambda m: abs(m - value))])
        )
    )
    right.set_ylabel(r"density there [g cm$^{-3}$]")


__all__ = ["plot_composition", "plot_shares", "plot_spheres", "transport_spheres"]
