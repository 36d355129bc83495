"""Opacities over energy in one state of matter, a panel for each species and role."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from snsim.plots import style
from snsim.plots.cevns import flavor_label

if TYPE_CHECKING:
    from microphysics.opacity import OpacitySpectra

__all__ = ["matter_words", "plot_role", "state_opacities"]

Array = NDArray[np.float64]
Artists = dict[str, Artist]

ROLES = {"absorption": r"absorption $\kappa^*_a$", "scattering": r"scattering $\kappa_{\rm tr}$"}
DECADES = 8.0  # below the maximum, at most
_GROUPS = {"numutau": r"$\nu_{\mu,\tau}$", "anumutau": r"$\bar{\nu}_{\mu,\tau}$"}
_SUM = "sum of all processes"
_NOTHING = 1e-30  # 1/cm: less is not shown
_ACROSS = 3  # species side by side
_ROW, _LINE = 2.05, 0.19  # inches: a panel with its axis, a line of the legend
_ABOVE, _BELOW = 0.55, 0.46  # inches: words and the titles of panels, numbers and name of the last axis
_COLUMNS = 5  # of the legend


def state_opacities(spectra: OpacitySpectra, *, zone: int = 0, words: str = "") -> Figure:
    """Draw absorption and transport scattering of every species over energy, by process.

    Parameters
    ----------
    spectra : OpacitySpectra
        On energies fine enough for lines.
    zone : int
        Which of its states of matter.
    words : str
        About that state, above the figure; mathtext.

    Returns
    -------
    Figure
        Not saved; save it inside `style.context` too.
    """
    places = _places(spectra.species)
    rows, across = 1 + max(i for i, *_ in places), 1 + max(j for _, j, *_ in places)
    with style.context():
        shown = _shown(spectra, zone)
        head = _ABOVE + _LINE * -(-(len(shown) + 1) // _COLUMNS)
        figure = style.new_figure(_ROW * rows + head + 0.1)
        height = figure.get_figheight()
        grid: Any = figure.subplots(rows, across, squeeze=False)
        figure.subplots_adjust(
            left=0.085,
            right=0.985,
            bottom=_BELOW / height,
            top=1.0 - head / height,
            wspace=0.3,
            hspace=0.24,
        )
        taken = {(i, j) for i, j, *_ in places}
        limits = _common([_limits(values) for values in _sets(spectra, "scattering", zone)])
        for letter, (i, j, name, role) in zip("abcdefghijklmnopqrstuvwxyz", places, strict=False):
            ax = grid[i, j]
            plot_role(
                spectra,
                name,
                role,
                ax,
                zone=zone,
                limits=limits if role == "scattering" else None,
                title=f"({letter})",
            )
            if j:
                ax.set_ylabel("")
            if (i + 1, j) in taken:  # the panel below has the same energies
                ax.set_xlabel("")
                ax.tick_params(axis="x", which="both", labelbottom=False)
        for i, j in np.ndindex(rows, across):
            if (i, j) not in taken:
                figure.delaxes(grid[i, j])
        figure.text(0.02, 1.0 - 0.08 / height, words, va="top")
        figure.legend(
            handles=_handles(spectra.processes, shown),
            loc="upper left",
            bbox_to_anchor=(0.02, 1.0 - 0.3 / height),
            ncols=_COLUMNS,
        )
    return figure


def plot_role(
    spectra: OpacitySpectra,
    species: str,
    role: str,
    ax: Axes | None = None,
    *,
    zone: int = 0,
    limits: tuple[float, float] | None = None,
    title: str = "",
) -> Artists:
    """Draw one role of one species over energy: processes by colour, their sum thick and black.

    Parameters
    ----------
    spectra : OpacitySpectra
        On energies fine enough for lines.
    species : str
        One of its species.
    role : {"absorption", "scattering"}
        Which array.
    ax : Axes, optional
        None means new ones.
    zone : int
        Which state of matter.
    limits : tuple of float, optional
        Of the y axis, 1/cm; None means from the sum, 8 decades at most.
    title : str
        Letter of the panel.

    Returns
    -------
    dict of Artist
        ``sum`` and a line for each process that reaches into the panel; or ``note`` where nothing does.
    """
    values = getattr(spectra, role)[:, spectra.species.index(species), zone]
    energy = spectra.energy
    with style.axes(ax) as ax:
        _label(ax, species, role, title)
        style.log_axis(ax, "x", float(energy[0]), float(energy[-1]))
        ax.set_xlabel("neutrino energy [MeV]")
        own = _limits(values)
        if own is None:
            return {"note": style.note(ax, f"no {role}")}
        low, high = limits or own
        style.log_axis(ax, "y", low, high, most=6)
        ax.set_ylabel(r"opacity [cm$^{-1}$]")
        found: Artists = {}
        (found["sum"],) = ax.plot(energy, _seen(values.sum(axis=0)), color=style.INK, lw=2.6, zorder=1.5)
        colours = style.process_colours(spectra.processes)
        for name, line in zip(spectra.processes, values, strict=True):
            if (line > low).any():
                (found[name],) = ax.plot(energy, _seen(line), color=colours[name], lw=1.3)
    return found


def matter_words(matter: Mapping[str, Any]) -> str:
    """Describe a state of matter in one line of mathtext.

    Parameters
    ----------
    matter : mapping
        ``density_g_per_cm3``, ``temperature_mev``, ``electron_fraction``, ``mass_fraction_...``, ``mass_number`` and
        ``charge_number``.
    """
    density = matter["density_g_per_cm3"]
    digits = next((n for n in (1, 2) if float(f"{density:.{n - 1}e}") == density), 3)
    parts = [
        rf"$\rho=${style.power_of_ten(density, digits)} g cm$^{{-3}}$",
        rf"$T={matter['temperature_mev']:.3g}$ MeV",
        rf"$Y_e={matter['electron_fraction']:.3g}$",
    ]
    for name, symbol in (("neutron", "n"), ("proton", "p"), ("alpha", r"\alpha"), ("heavy", "h")):
        fraction = matter[f"mass_fraction_{name}"]
        if fraction >= 0.5e-3:
            parts.append(rf"$X_{symbol}={fraction:.2g}$")
    if matter["mass_fraction_heavy"] > 0.0:
        parts.append(rf"$A={matter['mass_number']:.3g}$, $Z={matter['charge_number']:.3g}$")
    return ",  ".join(parts)


def _limits(values: Array) -> tuple[float, float] | None:
    """Decades about the sum, one more below for what is small beside it; None where nothing acts."""
    total = values.sum(axis=0)
    total = total[total > _NOTHING]
    if not total.size:
        return None
    largest = float(total.max())
    low, high = style.decades(0.1 * float(total.min()), 1.5 * largest)
    high = min(high, 4.0 * largest)
    return max(low, high * 10.0**-DECADES), high


def _common(limits: Sequence[tuple[float, float] | None]) -> tuple[float, float] | None:
    """Return limits that hold all of several, if there are any."""
    known = [each for each in limits if each is not None]
    if not known:
        return None
    lows, highs = zip(*known, strict=True)
    return max(min(lows), max(highs) * 10.0**-DECADES), max(highs)


def _sets(spectra: OpacitySpectra, role: str, zone: int) -> Iterator[Array]:
    """Yield the arrays (process, energy) of every species."""
    values = getattr(spectra, role)
    for i in range(len(spectra.species)):
        yield values[:, i, zone]


def _places(species: Sequence[str]) -> list[tuple[int, int, str, str]]:
    """Return row, column, species and role of each panel: absorption above scattering, or beside it of one species."""
    if len(species) == 1:
        return [(0, j, species[0], role) for j, role in enumerate(ROLES)]
    across = -(-len(species) // -(-len(species) // _ACROSS))  # four are two and two
    blocks = [species[i : i + across] for i in range(0, len(species), across)]
    return [
        (len(ROLES) * i + k, j, name, role)
        for i, block in enumerate(blocks)
        for k, role in enumerate(ROLES)
        for j, name in enumerate(block)
    ]


def _shown(spectra: OpacitySpectra, zone: int) -> list[str]:
    """Names of the processes that reach into a panel."""
    found: set[str] = set()
    for role in ROLES:
        for values in _sets(spectra, role, zone):
            limits = _limits(values)
            if limits is not None:
                pairs = zip(spectra.processes, values, strict=True)
                found |= {name for name, line in pairs if (line > limits[0]).any()}
    return [name for name in spectra.processes if name in found]


def _handles(processes: Iterable[str], shown: Sequence[str]) -> list[Artist]:
    colours = style.process_colours(processes)
    lines: list[Artist] = [
        Line2D([], [], color=colours[name], lw=1.6, label=style.process_label(name)) for name in shown
    ]
    return [*lines, Line2D([], [], color=style.INK, lw=2.6, label=_SUM)]


def _label(ax: Axes, species: str, role: str, title: str) -> None:
    """Set letter, species and role above the panel, where they cannot hide data."""
    symbol = style.SPECIES_LABELS.get(species) or _GROUPS.get(species) or flavor_label(species)
    words = f"{symbol},  {ROLES[role]}"
    for text, shift, weight in ((title, 0.0, "bold"), (words, 17.0 if title else 0.0, "normal")):
        ax.annotate(
            text,
            (0.0, 1.0),
            xycoords="axes fraction",
            xytext=(shift, 5.0),
            textcoords="offset points",
            fontweight=weight,
        )


def _seen(values: Array) -> Array:
    """Replace what a logarithm cannot show, or nobody would see, by NaN, so that lines end there."""
    return np.where(values > _NOTHING, values, np.nan)
