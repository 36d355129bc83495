"""Panels along density: pressure and its parts, temperature, Gamma_1; and neutron stars, mass over radius."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import matplotlib
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import AutoMinorLocator, MultipleLocator
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.eos.state import EosState
from snsim.plots import style
from snsim.plots.eos_maps import DENSITY_LABEL, TEMPERATURE_LABEL

if TYPE_CHECKING:
    from snsim.profiles.neutron_star import NeutronStars

__all__ = [
    "PULSAR",
    "plot_adiabatic_index",
    "plot_mass_radius",
    "plot_pressure_parts",
    "plot_pressures",
    "plot_temperatures",
]

Array = NDArray[np.float64]
Artists = dict[str, Artist]

PARTS: dict[str, tuple[str, str, Any, float]] = {
    "pressure": ("total", style.INK, "-", 1.8),
    "pressure_baryon": ("baryons", "#CC3311", "-", 1.2),
    "pressure_lepton": (r"$e^-$ and $e^+$", "#0077BB", (0, (5, 1.2)), 1.2),
    "pressure_photon": ("photons", "#EE9922", (0, (1.2, 1.2)), 1.5),
}
# the heaviest neutron star whose radius is known: Msun and km, each with its 68 % interval below and above
PULSAR = ("PSR J0740+6620", (2.073, 0.069, 0.069), (12.49, 0.88, 1.28))
_PRESSURE_LABEL = r"pressure per baryon $P/n_b$ [MeV]"
_DASHES: tuple[Any, ...] = ("-", (0, (5, 1.2)), (0, (4, 1, 1, 1)), (0, (1.2, 1.2)), (0, (4, 1, 1, 1, 1, 1)))
_KM = 1e5  # cm


def plot_pressure_parts(
    state: EosState, ax: Axes | None = None, *, title: str = "", words: str = ""
) -> Artists:
    """Draw the pressure per baryon and its parts along density, finely dotted where the baryons' is negative.

    Parameters
    ----------
    state : EosState
        Of shape (density,).
    ax : Axes, optional
        None means new ones.
    title : str
        Letter of the panel.
    words : str
        What is constant, set above the panel.

    Returns
    -------
    dict of Artist
        ``pressure``, ``pressure_baryon``, ``pressure_lepton``, ``pressure_photon``, ``words``, and ``negative`` if
        the baryons' is so somewhere.
    """
    with style.axes(ax) as ax:
        found: Artists = {}
        for name, (label, colour, dashes, width) in PARTS.items():
            values = _per_baryon(state, name)
            (found[name],) = ax.plot(
                state.density, np.where(values > 0.0, values, np.nan), color=colour, ls=dashes, lw=width
            )
            found[name].set_label(label)
            if (values < 0.0).any():
                size = np.where(values < 0.0, -values, np.nan)
                (found["negative"],) = ax.plot(
                    state.density, size, color=colour, ls=(0, (0.8, 0.8)), lw=width
                )
                found["negative"].set_label(f"$-${label}")
        _density_axis(ax, [state])
        total = _per_baryon(state, "pressure")
        style.log_axis(ax, "y", 0.01 * float(total.min()), 2.0 * float(total.max()))
        ax.set_ylabel(_PRESSURE_LABEL)
        style.legend_above(ax, [], title)
        ax.legend(handles=list(found.values()), loc="upper left", borderaxespad=0.6)
        found["words"] = ax.text(1.0, 1.025, words, transform=ax.transAxes, ha="right", va="bottom")
    return found


def plot_pressures(
    states: Mapping[float, EosState],
    ax: Axes | None = None,
    *,
    constant: str = "temperature",
    title: str = "",
) -> Artists:
    """Draw the pressure per baryon along density, a line for each temperature or entropy.

    Parameters
    ----------
    states : mapping of float to EosState
        By temperature (MeV) or entropy (k_B/baryon), each of shape (density,).
    ax : Axes, optional
        None means new ones.
    constant : {"temperature", "entropy"}
        What the keys are.
    title : str
        Letter of the panel.

    Returns
    -------
    dict of Artist
        A line for each key, as text: ``"0.5"``.
    """
    with style.axes(ax) as ax:
        found, values = _family(ax, states, lambda state: _per_baryon(state, "pressure"), constant, title)
        low = 0.7 * float(values[values > 0.0].min())
        # hot thin matter is nearly all photons, and would press the rest into a corner
        style.log_axis(ax, "y", low, min(1.4 * float(values.max()), 1e5 * low))
        ax.set_ylabel(_PRESSURE_LABEL)
    return found


def plot_temperatures(
    states: Mapping[float, EosState], ax: Axes | None = None, *, title: str = ""
) -> Artists:
    """Draw the temperature along lines of equal entropy (k_B/baryon); see `plot_pressures`."""
    with style.axes(ax) as ax:
        found, values = _family(ax, states, lambda state: state.temperature, "entropy", title)
        style.log_axis(ax, "y", 0.7 * float(values.min()), 1.4 * float(values.max()))
        ax.set_ylabel(TEMPERATURE_LABEL)
    return found


def plot_adiabatic_index(
    states: Mapping[float, EosState], ax: Axes | None = None, *, constant: str = "entropy", title: str = ""
) -> Artists:
    """Draw Gamma_1 along density with the line of 4/3; see `plot_pressures`, `four_thirds` is added."""
    with style.axes(ax) as ax:
        found, values = _family(ax, states, lambda state: state.adiabatic_index, constant, title)
        found["four_thirds"] = ax.axhline(4.0 / 3.0, color=style.GRAY, lw=0.7, ls=":", zorder=1)
        ax.annotate(
            "4/3", (1.0, 4.0 / 3.0), xycoords=ax.get_yaxis_transform(), xytext=(-3.0, -2.0),
            textcoords="offset points", color="0.25", fontsize="small", ha="right", va="top",
        )  # fmt: skip
        ax.set_ylim(min(0.0, float(values.min())) - 0.1, float(values.max()) + 0.15)
        ax.yaxis.set_major_locator(MultipleLocator(0.5))
        ax.yaxis.set_minor_locator(AutoMinorLocator(5))
        ax.set_ylabel(r"adiabatic index $\Gamma_1$")
    return found


def _per_baryon(state: EosState, name: str) -> Array:
    """Return a pressure over the density of baryons, MeV."""
    pressure: Array = getattr(state, name)
    return pressure / (state.baryon_density * CODATA.erg_per_mev)


def _family(
    ax: Axes,
    states: Mapping[float, EosState],
    quantity: Callable[[EosState], Array],
    constant: str,
    title: str,
) -> tuple[Artists, Array]:
    """Draw one line for each state, by colour and by dashes; return them and all values."""
    colours = matplotlib.colormaps["viridis"](np.linspace(0.0, 0.82, len(states)))
    found: Artists = {}
    for i, (key, state) in enumerate(states.items()):
        (found[f"{key:g}"],) = ax.plot(
            state.density,
            quantity(state),
            color=colours[i],
            ls=_DASHES[i % len(_DASHES)],
            lw=1.3,
            label=f"{key:g}",
        )
    _density_axis(ax, list(states.values()))
    name = {"temperature": r"$T$ [MeV]", "entropy": r"$s$ [$k_B$]"}[constant]
    style.legend_above(ax, [Line2D([], [], ls="", label=name), *found.values()], title)
    return found, np.concatenate([quantity(state) for state in states.values()])


def _density_axis(ax: Axes, states: Sequence[EosState]) -> None:
    low = min(float(state.density[0]) for state in states)
    high = max(float(state.density[-1]) for state in states)
    style.log_axis(ax, "x", low, high, most=6)
    ax.set_xlabel(DENSITY_LABEL)


def plot_mass_radius(
    stars: Mapping[str, NeutronStars],
    ax: Axes | None = None,
    *,
    causal_density: Mapping[str, float] | None = None,
    title: str = "",
) -> Artists:
    """Draw the gravitational mass of cold neutron stars over their radius, with the heaviest one measured.

    Parameters
    ----------
    stars : mapping of str to NeutronStars
        By label. Drawn up to the largest mass, which gets a dot, and thinly beyond, where stars are unstable.
    ax : Axes, optional
        None means new ones.
    causal_density : mapping of str to float, optional
        Central density, g/cm^3, above which sound in the centre is faster than light: dashed from there.
    title : str
        Letter of the panel.

    Returns
    -------
    dict of Artist
        ``LABEL``, ``LABEL.unstable``, ``LABEL.acausal`` where there is any, ``LABEL.maximum``, and ``pulsar``.

    References
    ----------
    .. [1] Salmi et al. 2024, ApJ 974, 294: PSR J0740+6620.
    """
    colours = matplotlib.colormaps["viridis"](np.linspace(0.0, 0.75, len(stars)))
    with style.axes(ax) as ax:
        found: Artists = {}
        for (label, sequence), colour in zip(stars.items(), colours, strict=True):
            limit = (causal_density or {}).get(label, np.inf)
            found |= _sequence(ax, label, sequence, colour, limit)
        _, mass, radius = PULSAR
        found["pulsar"] = ax.errorbar(
            radius[0], mass[0], xerr=[[radius[1]], [radius[2]]], yerr=[[mass[1]], [mass[2]]],
            color="#CC3311", lw=1.0, capsize=2.0, marker="s", ms=3.0, zorder=1.5,
        )[0]  # fmt: skip
        ax.annotate(
            PULSAR[0], (radius[0] + radius[2], mass[0]), xytext=(4.0, 0.0), textcoords="offset points",
            color="#CC3311", fontsize="small", va="center",
        )  # fmt: skip
        ax.set_xlim(9.0, 16.0)
        top = max(float(sequence.mass.max()) for sequence in stars.values()) / CODATA.solar_mass
        ax.set_ylim(0.0, max(2.4, top + 0.2))
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_minor_locator(AutoMinorLocator(5))
        ax.set_xlabel(r"radius $R$ [km]")
        ax.set_ylabel(r"gravitational mass $M$ [$M_\odot$]")
        style.legend_above(ax, [found[label] for label in stars], title)
    return found


def _sequence(ax: Axes, label: str, stars: NeutronStars, colour: Any, causal_density: float) -> Artists:
    """Draw one sequence in up to three pieces that share their ends."""
    mass, radius = stars.mass / CODATA.solar_mass, stars.radius / _KM
    top = int(np.argmax(mass))
    end = min(top, int(np.searchsorted(stars.central_density, causal_density)))
    pieces: dict[str, tuple[slice, dict[str, Any]]] = {
        label: (slice(0, end + 1), {"label": label}),
        f"{label}.acausal": (slice(end, top + 1), {"ls": (0, (3, 1.2))}),
        f"{label}.unstable": (slice(top, None), {"ls": ":", "lw": 0.8}),
    }
    found: Artists = {}
    for key, (piece, looks) in pieces.items():
        if radius[piece].size > 1:
            (found[key],) = ax.plot(radius[piece], mass[piece], color=colour, **looks)
    (found[f"{label}.maximum"],) = ax.plot(radius[top], mass[top], "o", color=colour, ms=4.0)
    return found
