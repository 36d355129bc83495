"""Draw docs/limits.png and docs/limits_table.png, and print the numbers of docs/limits.md.

Run:  python docs/limits_figure.py [--numbers]
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from microphysics.weak.new_physics import NSI, ChargeRadius, MuTauMediator, ZPrime
from snsim.detection import (
    CoherentCount,
    ContactEvents,
    Fog,
    MediatorEvents,
    MomentEvents,
    coherent_expectation,
    contact_interval,
    design_table,
    fog_boundary,
    mediator_limits_of,
    moment_contours,
    neutrino_fog_of,
    pion_decay_at_rest,
    radius_fit,
    setup_of,
    table_of_limits,
    weak_mixing_angle,
)
from snsim.plots import style
from snsim.plots.figures import save
from snsim.plots.limits import limits_figure

DOCS = Path(__file__).resolve().parent
COLOURS = ("#0077BB", "#EE7733", "#009988", "#CC3311")
TARGETS = ("He", "Ne", "Si", "Ar", "Ge", "Xe", "Pb")
THRESHOLDS = (0.5, 5.0, 20.0, 50.0)


def contact(term: object, largest: float) -> str:
    """Return the allowed pieces of the strength of a term by COHERENT's CsI, as text."""
    found = contact_interval(
        ContactEvents.of(coherent_expectation(), [term]), CoherentCount(), np.linspace(-largest, largest, 401)
    )
    return " or ".join(f"{low:.2f} to {high:.2f}" for low, high in found.pieces)


def angle() -> str:
    """Return sin^2 theta_W with its errors at 90 %."""
    found = weak_mixing_angle(coherent_expectation(), CoherentCount())
    return f"{found.best:.3f} +{found.errors[0]:.3f} -{found.errors[1]:.3f}"


def radius() -> str:
    """Return R_n with its errors at one standard deviation."""
    found = radius_fit(coherent_expectation(), CoherentCount()).radius
    return f"{found.best:.2f} +{found.errors[0]:.2f} -{found.errors[1]:.2f}"


def boson(charges: str, mass: float) -> str:
    """Return the limit on the coupling of a Z'."""
    made = MediatorEvents.of(coherent_expectation(), ZPrime(1.0, 1.0, charges), [mass])
    return f"{mediator_limits_of(made, CoherentCount()).coupling[0]:.2g}"


# what, ours, published
ROWS: tuple[tuple[str, Callable[[], str], str], ...] = (
    ("sin² θ_W, 90 %", angle, "0.197 +0.124 -0.080"),
    ("R_n of Cs and I, fm, 1σ", radius, "5.64 +0.99 -1.2"),
    ("ε_ee of up quarks, 90 %", lambda: contact(NSI(up={"ee": 1.0}), 1.0), ""),
    ("⟨r²⟩ of ν_μ, 10⁻³² cm², 90 %", lambda: contact(ChargeRadius({"mumu": 1e-32}), 120.0), ""),
    ("⟨r²⟩ from ν_e to ν_μ, 10⁻³² cm², 90 %", lambda: contact(ChargeRadius({"emu": 1e-32}), 120.0), ""),
    ("g′ of a light universal Z′, 90 %", lambda: boson("universal", 0.1), ""),
    ("g′ of a light B - L boson, 90 %", lambda: boson("b-l", 0.1), ""),
)


def draw_moments(ax: Axes) -> None:
    """Regions of two transition moments, delayed neutrinos."""
    handles = []
    for k, (name, scenario, largest) in enumerate(
        (("CsI", "current", 75.0), ("HPGe", "current", 75.0), ("LAr", "future", 75.0))
    ):
        setup = setup_of(name)
        found = MomentEvents.of(setup.expectation(scenario))
        grid = 1e-10 * np.linspace(0.0, largest, 200)
        written = setup.chi_squares(scenario, found.standard)[1]
        regions = moment_contours(found, written, grid, grid, process="delayed")
        for line in regions.lines[0.9]:
            ax.plot(*(1e10 * line.T), color=COLOURS[k])
        handles.append(Line2D([], [], color=COLOURS[k], label=f"{name}, {scenario}"))
    ax.set_xlim(0.0, 75.0)
    ax.set_ylim(0.0, 75.0)
    ax.set_xlabel(r"$|\Lambda_1|$ [$10^{-10}\,\mu_B$]")
    ax.set_ylabel(r"$|\Lambda_2|$ [$10^{-10}\,\mu_B$]")
    style.letter(ax, "(a)")
    ax.legend(handles=handles, loc="upper right", borderaxespad=0.6)


def draw_bosons(ax: Axes) -> None:
    """Couplings of bosons that COHERENT's CsI excludes, with the island of the universal one."""
    mass = np.geomspace(0.3, 1e4, 60)
    expectation = coherent_expectation()
    kinds = {
        r"universal $Z'$": ZPrime(1.0, 1.0),
        r"$B-L$": ZPrime(1.0, 1.0, "b-l"),
        r"$L_\mu-L_\tau$": MuTauMediator(1.0, 1.0),
    }
    for colour, (label, term) in zip(COLOURS, kinds.items(), strict=False):
        found = mediator_limits_of(MediatorEvents.of(expectation, term, mass), CoherentCount())
        ax.plot(mass, found.coupling, color=colour, label=label)
        if (found.first_exclusion < found.coupling).any():
            island = np.array(
                [np.exp(0.5 * np.array([each.pieces[0][1], each.pieces[-1][0]])) for each in found.intervals]
            )
            two = np.array([len(each.pieces) == 2 for each in found.intervals])
            ax.fill_between(mass, island[:, 0], island[:, 1], where=two, color=colour, alpha=0.2, lw=0.0)
    style.log_axis(ax, "x", 0.3, 1e4)
    style.log_axis(ax, "y", 1e-5, 10.0)
    ax.set_xlabel("mass [MeV]")
    ax.set_ylabel("coupling $g'$")
    style.letter(ax, "(b)")
    ax.legend(loc="upper left", borderaxespad=0.6)


def xenon_fog() -> Fog:
    """Return the fog of xenon between 1 GeV and 10 TeV."""
    return neutrino_fog_of("Xe", np.geomspace(1.0, 1e4, 70), np.geomspace(1e-4, 1e7, 56), threshold=1e-2)


def draw_fog(ax: Axes) -> None:
    """Index of the fog, its edge and the floor of one event in xenon."""
    fog = xenon_fog()
    mass = np.broadcast_to(fog.mass, fog.discovery.cross_section.shape)
    levels = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0, 10.0)
    index = np.clip(fog.discovery.index, 1.0, 9.99)
    map_ = ax.contourf(mass, fog.discovery.cross_section, index, levels=levels, cmap="Blues")
    edge = fog_boundary(fog.discovery.cross_section, fog.discovery.index)
    ax.plot(fog.mass, edge, color=COLOURS[1], label="$n = 2$")
    ax.plot(fog.mass, fog.one_event, color=style.INK, ls="--", lw=1.0, label="one event")
    style.log_axis(ax, "x", 1.0, 1e4)
    style.log_axis(ax, "y", 1e-50, 1e-42)
    ax.set_xlabel("mass of the particle [GeV]")
    ax.set_ylabel(r"$\sigma_{\rm SI}$ on a nucleon [cm$^2$]")
    style.letter(ax, "(c)")
    ax.legend(loc="upper right", borderaxespad=0.6)
    bar = ax.figure.colorbar(map_, ax=ax, pad=0.02, fraction=0.06)
    bar.set_label("index $n$", labelpad=1.0)
    bar.set_ticks(levels, labels=[f"{level:g}" for level in levels])


def draw_design(ax: Axes) -> None:
    """Significance of ten kilograms over the mass number for some thresholds."""
    beam = pion_decay_at_rest("20 m", protons=2e23)
    for colour, threshold in zip(COLOURS, THRESHOLDS, strict=True):
        for errors, look in ((0.0, "-"), (0.1, "--")):
            points = design_table(
                beam, TARGETS, [threshold], mass="10 kg", flux_error=errors, radius_error=errors
            )
            seen = [point for point in points if point.significance > 0.0]
            ax.plot(
                [point.mass_number for point in seen],
                [point.significance for point in seen],
                color=colour,
                ls=look,
                marker="o",
                ms=2.5,
                label=f"{threshold:g} keV" if look == "-" else None,
            )
    style.log_axis(ax, "x", 3.0, 300.0)
    style.log_axis(ax, "y", 1.0, 200.0)
    ax.set_xlabel("mass number $A$")
    ax.set_ylabel("significance, 10 kg")
    style.letter(ax, "(d)")
    ax.legend(loc="upper left", borderaxespad=0.6)


def draw() -> Figure:
    """Return the figure of the page."""
    with style.context():
        figure = style.new_figure(6.2)
        panels = figure.subplots(2, 2)
        figure.subplots_adjust(left=0.085, right=0.985, bottom=0.075, top=0.955, wspace=0.27, hspace=0.3)
        for ax, job in zip(panels.flat, (draw_moments, draw_bosons, draw_fog, draw_design), strict=True):
            job(ax)
    return figure


def main() -> None:
    """Print the numbers, or draw."""
    if "--numbers" in sys.argv[1:]:
        for what, ours, published in ROWS:
            print(f"| {what} | {ours()} | {published} |")
        return
    save(draw(), DOCS / "limits.png")
    save(limits_figure(table_of_limits()), DOCS / "limits_table.png")


if __name__ == "__main__":
    main()
