"""Draw docs/signals.png: what leaves the default star by energy, as groups and as the pinched form of the same moments.

Run:  python docs/signals_figure.py
"""

from __future__ import annotations

import sys
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from microphysics.errors import PhysicsWarning
from snsim.config.load import load_config
from snsim.pipeline import simulate
from snsim.plots import style
from snsim.plots.figures import save
from snsim.signal import Signal, number_rate, signal_of

DOCS = Path(__file__).resolve().parent
ENERGY = np.geomspace(2.0, 80.0, 300)  # MeV
DASHES = (0, (3.5, 1.5))
UNIT = 1e56  # neutrinos per second and MeV


def signals() -> tuple[Signal, Signal]:
    """Return the groups' signal of the quickstart star, and the pinched one with its luminosities and moments."""
    config = load_config(
        DOCS.parent / "runs" / "quickstart", ["transport.scheme=multigroup", "diagnostics.names=[]"]
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PhysicsWarning)
        groups = signal_of(simulate(config))
    return groups, replace(groups, spectra=None)


def draw(groups: Signal, pinched: Signal) -> Figure:
    """Return the spectra, and their ratio with the threshold of each reaction."""
    ours, form = number_rate(groups, ENERGY)[0], number_rate(pinched, ENERGY)[0]
    with style.context():
        figure = style.new_figure(3.1)
        left, right = figure.subplots(1, 2)
        figure.subplots_adjust(left=0.087, right=0.985, bottom=0.135, top=0.92, wspace=0.24)
        lines = []
        for name, one, other in zip(("nue", "anue", "nux"), ours, form, strict=True):
            colour = style.species_colour(name)
            lines += left.plot(ENERGY, one / UNIT, color=colour, label=style.species_label(name))
            left.plot(ENERGY, other / UNIT, color=colour, ls=DASHES, lw=1.1)
            right.plot(ENERGY, one / other, color=colour)
        style.log_axis(left, "x", 2.0, 80.0)
        style.log_axis(left, "y", 1e-6, 10.0)
        left.set_xlabel("energy at infinity [MeV]")
        left.set_ylabel(r"neutrinos [$10^{56}$ MeV$^{-1}$ s$^{-1}$] ($\nu_x$: 1 of 4)")
        dashed = Line2D([], [], color=style.GRAY, ls=DASHES, lw=1.1, label="pinched")
        style.legend_above(left, [*lines, dashed], "(a)")
        right.axhline(1.0, color=style.GRAY, lw=0.7, ls=":")
        style.log_axis(right, "x", 2.0, 80.0)
        right.set_ylim(0.0, 1.5)
        right.set_xlabel("energy at infinity [MeV]")
        right.set_ylabel("groups over pinched form")
        style.legend_above(right, [], "(b)")
    return figure


def main() -> int:
    """Draw and save."""
    save(draw(*signals()), DOCS / "signals.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
