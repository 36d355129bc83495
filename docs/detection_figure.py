"""Draw docs/detection.png and print the tables of docs/detection.md.

Run:  python docs/detection_figure.py [--numbers]
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from snsim.detection import (
    Detector,
    Expectation,
    Flux,
    detector_of,
    diffuse_background,
    effective_area,
    events,
    pinched_fluence,
    pion_decay_at_rest,
    reactor,
    solar,
    time_spectrum,
)
from snsim.plots import style
from snsim.plots.detection import plot_events, plot_flux
from snsim.plots.figures import save

DOCS = Path(__file__).resolve().parent
KINDS = ("nue", "anue", "nux")
TARGETS = {"Pb": "#332288", "Xe": "#0077BB", "Ge": "#EE7733", "Ar": "#009988"}
PROTONS = 1.76e23


def burst() -> Flux:
    """Return 3e53 erg in equal shares at 10 kpc."""
    return pinched_fluence(*(dict.fromkeys(KINDS, value) for value in (5e52, 12.0, 2.3)), "10 kpc")


def sharp(target: str, threshold: float, **amount: str) -> Detector:
    """Return a detector that counts all recoils above a threshold in keV."""
    return Detector.of(
        target, threshold=f"{threshold} keVnr", **(amount or {"mass": "1 t", "live_time": "1 yr"})
    )


# what, ours, published, by whom
Row = tuple[str, Callable[[], float], str, str]
ROWS: tuple[Row, ...] = (
    (
        "COHERENT CsI, photoelectrons counted",
        lambda: float(events(pion_decay_at_rest("19.3 m", protons=PROTONS), detector_of("coherent_csi"))[0]),
        "173 ± 48",
        "Akimov et al. 2017",
    ),
    (
        "the same, as many as expected",
        lambda: float(
            events(pion_decay_at_rest("19.3 m", protons=PROTONS), detector_of("coherent_csi", smearing=None))[
                0
            ]
        ),
        "173 ± 48",
        "Akimov et al. 2017",
    ),
    (
        "CONUS+, run 1",
        lambda: float(events(reactor("3.6 GW", "20.7 m"), detector_of("conus_plus"))[0]),
        "347 ± 59",
        "Ackermann et al. 2025",
    ),
    (
        "⁸B on xenon, 10⁻⁴⁰ cm²",
        lambda: 1e40 * boron8_cross_section(),
        "12",
        "Aprile et al. 2024",
    ),
    (
        "supernova, per tonne of xenon above 0.7 keV",
        lambda: float(events(burst(), sharp("Xe", 0.7))[0]),
        "18 (27 M☉)",
        "Lang et al. 2016",
    ),
)


def boron8_cross_section() -> float:
    """Return the mean over the neutrinos of 8B, cm^2."""
    detector = sharp("Xe", 0.0, mass="1 g", live_time="1 s")
    return float(events(solar(["8B"], norms={"8B": 1.0}), detector)[0]) / detector.nuclei


def draw_fluxes(ax: Axes) -> None:
    """All continuous sources at their usual places."""
    sources = {
        "Sun": solar(["pp", "13N", "15O", "8B", "hep"]),
        "reactor, 20 m": reactor("3 GW", "20 m", low="vogel_engel"),
        "SNS, 20 m": pion_decay_at_rest("20 m", protons_per_second=9e15),
        "diffuse supernovae": diffuse_background(),
    }
    grid = np.geomspace(0.05, 80.0, 1200)
    curves = {name: (grid, flux.spectrum(grid)) for name, flux in sources.items()}
    plot_flux(curves, {}, ax, decades=16.0, title="(a)")
    style.log_axis(ax, "x", 0.05, 80.0)
    style.log_axis(ax, "y", 1e-3, 1e18)


def draw_light(ax: Axes) -> None:
    """COHERENT's spectrum of photoelectrons."""
    flux = pion_decay_at_rest("19.3 m", protons=PROTONS)
    found = Expectation.of(flux, detector_of("coherent_csi"), np.arange(5.5, 31.0))
    parts = dict(zip(("prompt numu", "delayed nue", "delayed anumu"), found.by_component(), strict=True))
    plot_events(found.edges, parts, ax, unit="pe", title="(b)")


def draw_times(ax: Axes) -> None:
    """When the same events come."""
    flux = pion_decay_at_rest("19.3 m", protons=PROTONS, pulse_width="149 ns")
    edges = np.linspace(-0.5, 6.0, 66)
    names = {
        "prompt": (r"prompt $\nu_\mu$", "#0077BB"),
        "delayed": (r"delayed $\nu_e$, $\bar{\nu}_\mu$", "#EE7733"),
    }
    for name, (label, colour) in names.items():
        found = Expectation.of(flux.of(name), detector_of("coherent_csi"))
        per_time = time_spectrum(found, edges * 1e-6).sum(axis=1) / np.diff(edges)
        ax.stairs(per_time, edges, color=colour, lw=1.4, label=label)
    ax.set_xlim(edges[0], edges[-1])
    ax.set_ylim(0.0, None)
    ax.set_xlabel(r"time after the beam [$\mu$s]")
    ax.set_ylabel(r"events [$\mu$s$^{-1}$]")
    style.legend_above(ax, [], "(c)")
    ax.legend(loc="upper right", borderaxespad=0.6)


def draw_thresholds(ax: Axes) -> None:
    """Events of a supernova above a threshold, by the area of each target."""
    flux, energy = burst(), np.linspace(0.5, 120.0, 160)
    bounds = np.geomspace(0.02, 30.0, 24)
    for target, colour in TARGETS.items():
        counts = [
            np.trapezoid(flux.spectrum(energy) * effective_area(sharp(target, bound), energy), energy)
            for bound in bounds
        ]
        ax.plot(bounds, counts, color=colour, lw=1.6, label=target)
    style.log_axis(ax, "x", bounds[0], bounds[-1])
    style.log_axis(ax, "y", 0.05, 100.0)
    ax.set_xlabel("threshold [keV recoil]")
    ax.set_ylabel("events per tonne, 10 kpc")
    style.legend_above(ax, [], "(d)")
    ax.legend(loc="lower left", borderaxespad=0.6)


def draw() -> Figure:
    """Return the figure."""
    figure = style.new_figure(5.9)
    panels = figure.subplots(2, 2)
    figure.subplots_adjust(left=0.09, right=0.985, bottom=0.075, top=0.955, wspace=0.26, hspace=0.36)
    for ax, job in zip(panels.ravel(), (draw_fluxes, draw_light, draw_times, draw_thresholds), strict=True):
        job(ax)
    return figure


def main() -> None:
    """Draw, or print the numbers."""
    if "--numbers" in sys.argv:
        for what, ours, published, source in ROWS:
            print(f"| {what} | {ours():.4g} | {published} | {source} |")
        return
    with style.context():
        save(draw(), DOCS / "detection.png")


if __name__ == "__main__":
    main()
