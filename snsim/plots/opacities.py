"""Opacities by process: along the star at one energy, and over energy at one radius."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from snsim.plots import style
from snsim.plots._panels import (
    CM_PER_KM,
    SHOCK_DASHES,
    Array,
    group_of,
    mark_shock,
    positive,
    radius_limits,
    radius_of,
    species_of,
    spheres,
    spheres_at,
)
from snsim.result import Result

Artists = dict[str, Artist]

TYPICAL_ENERGY = 10.0  # MeV, where a result knows no mean energy
ROLES = {
    "absorption": ("-", "absorption $a$"),
    "scattering": ((0, (4, 1.3)), "transport scattering $s$"),
    "exchange": ((0, (1, 1.2)), "energy exchange"),
}
_IN_TOTAL = ("absorption", "scattering")
_TOTAL_LABEL = "$a+s$, all processes"
_SPHERE_DASHES = (0, (7, 1.5, 1.5, 1.5))  # of no role and not the shock's
_MARKS = (
    ("neutrinosphere", _SPHERE_DASHES, r"neutrinosphere $R_\nu$"),
    ("transport_sphere", _SPHERE_DASHES, r"transport sphere $R_\nu(E)$"),
    ("shock", SHOCK_DASHES, "shock"),
)
_HEIGHT = 5.8
_LABEL = r"opacity [cm$^{-1}$]"


@dataclass(frozen=True)
class Slice:
    """Opacities of one species along one axis.

    Attributes
    ----------
    x : ndarray, shape (point,)
        Radius in km or energy in MeV.
    roles : dict of str to ndarray, shape (process, point)
        1/cm, for each of `ROLES` that is there.
    at : float
        The energy in MeV or radius in km that was held.
    why : str
        What that is nearest to, as mathtext without the dollars; empty if nothing singles it out.
    """

    x: Array
    roles: dict[str, Array]
    at: float
    why: str = ""

    @property
    def total(self) -> Array:
        """Absorption + transport scattering of all processes, 1/cm."""
        total = np.zeros(self.x.size)
        for name in _IN_TOTAL:
            if name in self.roles:
                total = total + self.roles[name].sum(axis=0)
        return total


def opacities(result: Result) -> Figure:
    """Draw a column for each species: over radius at its typical energy, over energy at one radius.

    Parameters
    ----------
    result : Result
        Without the group `opacity` the figure says so.

    Returns
    -------
    Figure
        Not saved; save it inside `style.context` too.
    """
    species = species_of(result, "opacity")
    with style.context():
        figure = style.new_figure(_HEIGHT)
        rows = {name: (over_radius(result, name), over_energy(result, name)) for name in species}
        drawn = {name: (a, b) for name, (a, b) in rows.items() if a is not None and b is not None}
        if not drawn:
            ax = figure.add_axes((0.1, 0.1, 0.8, 0.8))
            ax.set_xticks([])
            style.note(ax, "no opacities in this result")
            return figure
        grid = figure.subplots(2, len(drawn), squeeze=False, sharey="row")
        figure.subplots_adjust(left=0.085, right=0.985, bottom=0.07, top=0.86, wspace=0.06, hspace=0.33)
        letters = iter("abcdefghijklmnopqrstuvwxyz")
        found: Artists = {}
        panels: tuple[Callable[..., Artists], ...] = (plot_over_radius, plot_over_energy)
        for i, (row, panel) in enumerate(zip(grid, panels, strict=True)):
            limits = _limits([pair[i] for pair in drawn.values()])
            for ax, name in zip(row, drawn, strict=True):
                found |= panel(result, name, ax, limits=limits, title=f"({next(letters)})")
                if ax is not row[0]:
                    ax.set_ylabel("")
                    ax.tick_params(axis="y", which="both", labelleft=False)
        _legend(figure, _process_names(result), found)
    return figure


def over_radius(result: Result, species: str, energy: float | None = None) -> Slice | None:
    """Return opacities along the star at the grid energy nearest to one energy.

    Parameters
    ----------
    result : Result
        Uses the group `opacity`, and `transport` for the typical energy.
    species : str
        One of the group.
    energy : float, optional
        MeV; None means the mean energy at the neutrinosphere of the species, else at infinity, else 10 MeV.

    Returns
    -------
    Slice or None
        None if the result has no such opacities.
    """
    arrays = _arrays(result, species)
    profile = group_of(result, "profile")
    if arrays is None or "radius" not in profile:
        return None
    why = ""
    if energy is None:
        energy, why = typical_energy(result, species)
    grid = group_of(result, "opacity")["energy"].values
    k = _nearest(grid, energy)
    roles = {role: values[:, :, k] for role, values in arrays.items()}
    return Slice(profile["radius"].values / CM_PER_KM, roles, float(grid[k]), why)


def over_energy(result: Result, species: str, radius: float | None = None) -> Slice | None:
    """Return opacities over energy in the zone nearest to one radius.

    Parameters
    ----------
    result : Result
        Uses the groups `opacity` and `profile`.
    species : str
        One of the group.
    radius : float, optional
        km; None means the neutrinosphere of nue, else any, else the transport sphere at 10 MeV, else the middle of the
        grid.

    Returns
    -------
    Slice or None
        None if the result has no such opacities.
    """
    arrays = _arrays(result, species)
    profile = group_of(result, "profile")
    if arrays is None or "radius" not in profile:
        return None
    why = ""
    if radius is None:
        radius, why = chosen_radius(result)
    zones = profile["radius"].values / CM_PER_KM
    i = _nearest(zones, radius)
    roles = {role: values[:, i, :] for role, values in arrays.items()}
    return Slice(group_of(result, "opacity")["energy"].values, roles, float(zones[i]), why)


def typical_energy(result: Result, species: str) -> tuple[float, str]:
    """Return an energy in MeV that stands for a species, and what it is.

    Parameters
    ----------
    result : Result
        Any.
    species : str
        Of any group.
    """
    transport, names = group_of(result, "transport"), species_of(result, "transport")
    if species in names:
        row, sphere = names.index(species), spheres(result).get(species, math.nan)
        mean = transport.get("mean_energy")
        radius = None if mean is None else radius_of(result, mean)
        if mean is not None and radius is not None and math.isfinite(sphere):
            value = float(mean.values[row, _nearest(radius, sphere)])
            if math.isfinite(value):
                return value, r"\langle E\rangle(R_\nu)"
        if "mean_energy_infinity" in transport:
            value = float(transport["mean_energy_infinity"].values[row])
            if math.isfinite(value):
                return value, r"\langle E\rangle_\infty"
    return TYPICAL_ENERGY, ""


def chosen_radius(result: Result) -> tuple[float, str]:
    """Return the radius in km at which energies are looked at, and what it is."""
    radii = spheres(result)
    for name in dict.fromkeys(("nue", *radii)):
        if math.isfinite(radii.get(name, math.nan)):
            return radii[name], rf"R_\nu({style.species_label(name).strip('$')})"
    at_typical = spheres_at(result, TYPICAL_ENERGY).get("nue", math.nan)
    if math.isfinite(at_typical):
        return at_typical, rf"R_\nu(\nu_e,{TYPICAL_ENERGY:g}\,\mathrm{{MeV}})"
    low, high = radius_limits(result)
    return math.sqrt(low * high), ""


def plot_over_radius(
    result: Result,
    species: str,
    ax: Axes | None = None,
    *,
    energy: float | None = None,
    limits: tuple[float, float] | None = None,
    title: str = "",
) -> Artists:
    """Draw the opacities of one species over radius, processes by colour, roles by dashes, the sum in black.

    Parameters
    ----------
    result : Result
        Uses the group `opacity`.
    species : str
        One of the group.
    ax : Axes, optional
        None means new ones.
    energy : float, optional
        MeV; see `over_radius`.
    limits : tuple of float, optional
        Of the y axis, 1/cm; None means from the sum.
    title : str
        Letter of the panel, set before the species.

    Returns
    -------
    dict of Artist
        ``absorption.charged_current``, ..., ``total``, ``words``, marks; or ``note``.
    """
    piece = over_radius(result, species, energy)
    with style.axes(ax) as ax:
        style.radius_axis(ax, *radius_limits(result))
        if piece is None:
            return {"note": style.note(ax, "no opacities in this result")}
        found = _curves(ax, piece, _process_names(result), limits)
        shock = mark_shock(ax, result)
        if shock is not None:
            found["shock"] = shock
        sphere = spheres(result).get(species, math.nan)
        if math.isfinite(sphere):
            found["neutrinosphere"] = ax.axvline(
                sphere, color=style.GRAY, lw=0.9, ls=_SPHERE_DASHES, zorder=1
            )
        elif math.isfinite(loose := spheres_at(result, piece.at).get(species, math.nan)):
            found["transport_sphere"] = ax.axvline(
                loose, color=style.GRAY, lw=0.9, ls=_SPHERE_DASHES, zorder=1
            )
        found["words"] = _words(ax, title, species, f"E={piece.at:.3g}", "MeV", piece.why)
    return found


def plot_over_energy(
    result: Result,
    species: str,
    ax: Axes | None = None,
    *,
    radius: float | None = None,
    limits: tuple[float, float] | None = None,
    title: str = "",
) -> Artists:
    """Draw the opacities of one species over energy, processes by colour, roles by dashes, the sum in black.

    Parameters
    ----------
    result : Result
        Uses the groups `opacity` and `profile`.
    species : str
        One of the group.
    ax : Axes, optional
        None means new ones.
    radius : float, optional
        km; see `over_energy`.
    limits : tuple of float, optional
        Of the y axis, 1/cm; None means from the sum.
    title : str
        Letter of the panel, set before the species.

    Returns
    -------
    dict of Artist
        ``absorption.charged_current``, ..., ``threshold.charged_current``, ..., ``total``, ``words``; or ``note``.
    """
    piece = over_energy(result, species, radius)
    with style.axes(ax) as ax:
        ax.set_xlabel("neutrino energy [MeV]")
        if piece is None:
            return {"note": style.note(ax, "no opacities in this result")}
        style.log_axis(ax, "x", float(piece.x[0]), float(piece.x[-1]))
        found = _curves(ax, piece, _process_names(result), limits)
        found |= _thresholds(ax, piece, _process_names(result))
        found["words"] = _words(ax, title, species, f"r={piece.at:.3g}", "km", piece.why)
    return found


def _arrays(result: Result, species: str) -> dict[str, Array] | None:
    """Opacities of one species by role, shape (process, zone, energy)."""
    group, names = group_of(result, "opacity"), species_of(result, "opacity")
    roles = {role: group[role].values for role in ROLES if role in group}
    if species not in names or not roles or "energy" not in group or "process" not in group:
        return None
    return {role: values[:, names.index(species)] for role, values in roles.items()}


def _process_names(result: Result) -> tuple[str, ...]:
    return tuple(str(name) for name in group_of(result, "opacity")["process"].values)


def _nearest(grid: Array, value: float) -> int:
    return int(np.argmin(np.abs(np.log(np.maximum(grid, 1e-30) / value))))


def _limits(pieces: Sequence[Slice | None]) -> tuple[float, float]:
    """Whole decades about the sums, one more below for what is small beside them, fifteen at most."""
    sums = [positive(piece.total) for piece in pieces if piece is not None]
    known = np.concatenate([total[np.isfinite(total)] for total in sums] or [np.empty(0)])
    if not known.size:
        return 1e-12, 1.0
    low, high = style.decades(0.1 * float(known.min()), 1.5 * float(known.max()))
    return max(low, high * 1e-15), high


def _curves(ax: Axes, piece: Slice, names: Sequence[str], limits: tuple[float, float] | None) -> Artists:
    """Lines of all processes that reach into the panel, above a thick black one for the sum."""
    low, high = limits or _limits([piece])
    style.log_axis(ax, "y", low, high, most=8)
    ax.set_ylabel(_LABEL)
    (total,) = ax.plot(piece.x, positive(piece.total), color=style.INK, lw=2.4, zorder=1.5)
    found: Artists = {"total": total}
    colours = style.process_colours(names)
    for role, values in piece.roles.items():
        for name, opacity in zip(names, values, strict=True):
            if not (opacity > low).any():
                continue
            (found[f"{role}.{name}"],) = ax.plot(
                piece.x, positive(opacity), color=colours[name], ls=ROLES[role][0], lw=1.2
            )
    return found


def _thresholds(ax: Axes, piece: Slice, names: Sequence[str]) -> Artists:
    """Say at the first point of an absorption that is 0 below it why its curve begins there."""
    found: Artists = {}
    low, high = ax.get_ylim()
    colours = style.process_colours(names)
    for name, opacity in zip(names, piece.roles.get("absorption", ()), strict=False):
        first = int(np.argmax(opacity > 0.0))
        if first > 0 and low < opacity[first] < high:
            found[f"threshold.{name}"] = ax.annotate(
                "threshold", (piece.x[first], opacity[first]), xytext=(0.0, -3.0), textcoords="offset points",
                ha="center", va="top", fontsize="small", color=colours[name], annotation_clip=True,
            )  # fmt: skip
    return found


def _words(ax: Axes, title: str, species: str, held: str, unit: str, why: str) -> Artist:
    """Set letter, species and what is held fixed above the panel."""
    near = rf"$\,\approx {why}$" if why else ""
    words = f"{style.species_label(species)},  ${held}$ {unit}{near}"
    shift = 0.0
    if title:
        ax.text(0.0, 1.025, title, transform=ax.transAxes, va="bottom", fontweight="bold")
        shift = 0.125
    return ax.text(shift, 1.025, words, transform=ax.transAxes, va="bottom")


def _legend(figure: Figure, names: Sequence[str], found: Artists) -> None:
    """Colours of the processes that occur on the left, dashes of roles and marks on the right."""
    colours = style.process_colours(names)
    lines: list[Artist] = [
        Line2D([], [], color=colours[name], label=style.process_label(name))
        for name in names
        if any(f"{role}.{name}" in found for role in ROLES)
    ]
    if lines:
        figure.legend(handles=lines, loc="upper left", bbox_to_anchor=(0.08, 0.995), ncols=3)
    handles: list[Artist] = [
        Line2D([], [], color=style.GRAY, ls=dashes, lw=1.2, label=label)
        for role, (dashes, label) in ROLES.items()
        if any(key.startswith(f"{role}.") for key in found)
    ]
    handles.append(Line2D([], [], color=style.INK, lw=2.4, label=_TOTAL_LABEL))
    for key, dashes, label in _MARKS:
        if key in found:
            handles.append(Line2D([], [], color=style.GRAY, lw=0.9, ls=dashes, label=label))
    figure.legend(handles=handles, loc="upper right", bbox_to_anchor=(0.99, 0.995), ncols=2)
