"""The events of SN 1987A beside a model: energies over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from numpy.typing import NDArray

from snsim.plots import style
from snsim.result import Result
from snsim.sn1987a.detectors import detector_of
from snsim.sn1987a.events import DETECTORS, events_of

if TYPE_CHECKING:
    from snsim.sn1987a.signal import Arriving

Artists = dict[str, Artist]
Array = NDArray[np.float64]

# a black sphere that cools, at the maximum of the likelihood of all events: MeV, cm, s
BEST_THERMAL = (4.37, 2.84e6, 3.88)
LONGEST = 13.5  # s: the burst, without what came after in Kamiokande II
_LEAST = 1.0  # s of an evolution that is compared
_MARKS = {
    "KII": ("#0077BB", "o", "-"),
    "IMB": ("#CC3311", "s", (0, (4, 1.3))),
    "BAKSAN": ("#009988", "^", (0, (1, 1.2))),
}


def model_of(result: Result) -> tuple[Arriving, str]:
    """Return the signal of a result's evolution, or, where it has none, of a thermal model, and its name."""
    from snsim.sn1987a.signal import Signal, exponential_cooling  # compiles kernels: not for other figures

    evolution = result.groups.get("evolution", {})
    if "luminosity_infinity" in evolution:
        time, species = evolution["time"].values, [str(name) for name in evolution["species"].values]
        if "anue" in species and time[-1] - time[0] > _LEAST:
            return Signal.of_light_curve(evolution), "evolution of this run"
    temperature, radius, cooling = BEST_THERMAL
    words = f"black sphere, {temperature:g} MeV, {radius / 1e5:.3g} km, {cooling:g} s: not this run"
    return exponential_cooling(*BEST_THERMAL), words


def plot_events(result: Result, ax: Axes | None = None, *, title: str = "") -> Artists:
    """Draw the events with their errors, each clock at its best offset, and the mean energy that a model expects.

    Parameters
    ----------
    result : Result
        Uses the group `evolution`, if it is there and longer than a second.
    ax : Axes, optional
        None means new ones.
    title : str
        Letter of the panel.

    Returns
    -------
    dict of Artist
        ``events.KII``, ``model.KII``, ..., and ``words``.
    """
    from snsim.sn1987a.likelihood import fit_offsets

    signal, words = model_of(result)
    fit = fit_offsets(signal)
    with style.axes(ax) as ax:
        found: Artists = {}
        handles: list[Artist] = []
        for name in DETECTORS:
            colour, marker, dashes = _MARKS[name]
            events = events_of(name)
            drawn = ax.errorbar(
                events.time + fit.offsets[name],
                events.energy,
                events.energy_error,
                color=colour,
                marker=marker,
                ms=4.0,
                ls="",
                lw=0.8,
                label=f"{name if name != 'BAKSAN' else 'Baksan'} ({fit.expected[name]:.1f})",
            )
            handles.append(drawn)  # type: ignore[arg-type]
            found[f"events.{name}"] = drawn.lines[0]
            (found[f"model.{name}"],) = ax.plot(
                signal.time, _mean_energies(signal, name), color=colour, ls=dashes, lw=1.1
            )
        ax.set_xlim(-0.3, LONGEST)
        ax.set_ylim(0.0, 55.0)  # words stand above 48 MeV
        ax.set_xlabel("time [s]")
        ax.set_ylabel("positron energy [MeV]")
        found["words"] = ax.text(
            0.97,
            0.96,
            f"lines: {words}\nin brackets: events that it expects",
            transform=ax.transAxes,
            ha="right",
            va="top",
            fontsize="x-small",
            color="0.25",
            linespacing=1.3,
        )
        style.legend_above(ax, handles, title)
    return found


def _mean_energies(signal: Arriving, name: str) -> Array:
    """Mean energy of the events of every moment, MeV; NaN where there are none."""
    from snsim.sn1987a.likelihood import POSITRONS, positron_rate

    tank = detector_of(name)
    weight = positron_rate(signal, tank) * tank.efficiency(POSITRONS)
    total = weight.sum(axis=1)
    return np.divide(weight @ POSITRONS, total, out=np.full(total.shape, np.nan), where=total > 0.0)
