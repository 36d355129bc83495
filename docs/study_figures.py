"""Draw docs/study_<name>.png from the studies in runs/.

Run, after `snsim sweep runs/<name>`:  python docs/study_figures.py [name ...]
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from microphysics.constants import CODATA
from snsim.output.reader import read_result
from snsim.plots import style
from snsim.plots.figures import save
from snsim.result import Result

Array = NDArray[np.float64]

DOCS = Path(__file__).resolve().parent
RUNS = DOCS.parent / "runs"
SPECIES = ("nue", "anue", "nux")
RED, BLUE, GREEN, PINK, ORANGE = "#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00"
SPHERE = "neutrinosphere.transport_energy_mean"


def values(study: Result, name: str) -> Array:
    """Return a number of a study: group and variable."""
    group, _, key = name.rpartition(".")
    place = f"diagnostics/{group}" if f"diagnostics/{group}" in study.groups else group
    return study.groups[place][key].values


def axis(study: Result, key: str) -> NDArray:
    """Return the values of a parameter."""
    return study.groups["points"][key].values


def panels(count: int, height: float = 2.75) -> tuple[Figure, list[Axes]]:
    """Return a row of panels with their letters inside."""
    figure = style.new_figure(height)
    axes = list(figure.subplots(1, count, squeeze=False)[0])
    for ax, letter in zip(axes, "abcd", strict=False):
        ax.tick_params(which="both", right=True)
        if count > 1:
            ax.set_title(f"({letter})", loc="left", fontsize=9.5, fontweight="bold", pad=4)
    return figure, axes


def legend(figure: Figure, handles: list[Line2D], rows: int = 1) -> None:
    """Set one legend above all panels and give them the rest."""
    height = float(figure.get_size_inches()[1])
    figure.legend(
        handles=handles, loc="upper center", ncols=-(-len(handles) // rows), bbox_to_anchor=(0.5, 1.0 - 0.04 / height)
    )  # fmt: skip
    figure.tight_layout(rect=(0, 0, 1, 1.0 - (0.03 + 0.15 * rows) / height), w_pad=1.2)


def of_species(**more) -> list[Line2D]:
    """Return the entries of the three species."""
    return [
        Line2D([], [], color=style.species_colour(s), label=style.species_label(s), **more) for s in SPECIES
    ]


def ion_correlations(study: Result) -> Figure:
    """Where neutrinos are trapped before bounce, and what decides it."""
    factor, form, cloud = (
        list(axis(study, f"microphysics.{key}"))
        for key in ("structure_factor", "form_factor", "electron_polarization")
    )
    energies = [3, 4, 5, 6, 7, 8, 10, 12, 14, 17, 20, 25, 30]

    def of(name: str, s: str, f: str, c: str, species: str) -> Array:
        place = factor.index(s), form.index(f), cloud.index(c), SPECIES.index(species)
        return np.array([values(study, f"transport_sphere.{name}_{e}_mev")[place] for e in energies])

    cases = (
        ("hypernetted chain, Helm, electrons", "table", "helm", "physical", style.INK, "-"),
        ("no correlations", "none", "helm", "physical", RED, "-"),
        ("point nuclei", "table", "point", "physical", BLUE, "-"),
        ("S(q) of Horowitz 1997", "horowitz1997", "helm", "physical", GREEN, (0, (5, 1.5))),
        ("mean spherical S(q)", "msa", "helm", "physical", ORANGE, (0, (1, 1.2))),
        ("no electron cloud", "table", "helm", "none", PINK, "-"),
        ("cloud with opposite sign", "table", "helm", "brt06", PINK, (0, (5, 1.5))),
    )
    figure, (left, middle, right) = panels(3, 3.1)
    for number, (_, s, f, c, colour, dashes) in enumerate(cases):
        if number < 3:
            left.plot(
                energies, of("density", s, f, c, "nux"), color=colour, linestyle=dashes, zorder=3 - number
            )
        for ax, species in ((middle, "nux"), (right, "nue")):
            standard = of("optical_depth_1e12", *cases[0][1:4], species)
            ratio = of("optical_depth_1e12", s, f, c, species) / standard
            ax.plot(energies, ratio, color=colour, linestyle=dashes)
    style.log_axis(left, "y", 2e9, 1e13)
    left.set_ylabel(r"density of the transport sphere [g cm$^{-3}$]")
    left.text(0.94, 0.92, r"$\nu_x$", transform=left.transAxes, ha="right", va="top")
    for ax, name, top in ((middle, "nux", 7.0), (right, "nue", 3.0)):
        style.log_axis(ax, "y", 0.85, top)
        ax.text(0.94, 0.92, style.species_label(name), transform=ax.transAxes, ha="right", va="top")
    middle.set_ylabel(r"optical depth at $10^{12}$ g cm$^{-3}$, ratio")
    for ax in (left, middle, right):
        style.log_axis(ax, "x", 2.9, 31.0)
        ax.set_xlabel("energy [MeV]")
    legend(figure, [Line2D([], [], color=each[4], linestyle=each[5], label=each[0]) for each in cases], 2)
    return figure


def weak_mixing_angle(study: Result) -> Figure:
    """Spheres over the mixing angle, and the optical depth beside the weak charge of the nuclei."""
    angle = axis(study, "microphysics.couplings.sin2_theta_w")
    at = int(np.argmin(np.abs(angle - 0.23863)))
    figure, (left, right) = panels(2)
    radius = values(study, "transport_sphere.radius_20_mev")
    for star, dashes in ((0, (0, (5, 1.5))), (1, "-")):
        for i, name in enumerate(SPECIES):
            change = 100.0 * (radius[:, star, i] / radius[at, star, i] - 1.0)
            left.plot(angle, change, color=style.species_colour(name), linestyle=dashes)
    left.set_ylabel("change of the 20 MeV sphere [%]")
    depth = values(study, "transport_sphere.optical_depth_1e12_20_mev")[:, 1, SPECIES.index("nux")]
    fine = np.linspace(angle.min(), angle.max(), 50)
    right.plot(
        fine, weak_charges(study, fine, angle[at]), color=style.INK, label=r"$Q_W^2$ of the nuclei outside"
    )
    right.plot(
        angle,
        depth / depth[at],
        "o",
        color=style.species_colour("nux"),
        ms=4,
        label=r"$\nu_x$, before bounce",
    )
    right.set_ylabel(r"optical depth at $10^{12}$ g cm$^{-3}$, ratio")
    right.legend(loc="upper left", borderaxespad=0.5)
    for ax in (left, right):
        ax.axvline(angle[at], color=style.GRAY, lw=0.8, linestyle=(0, (1, 2)))
        ax.set_xlabel(r"$\sin^2\theta_W$")
    stars = [
        Line2D([], [], color=style.GRAY, linestyle=dashes, label=label)
        for dashes, label in (("-", "before bounce"), ((0, (5, 1.5)), "100 ms after bounce"))
    ]
    legend(figure, of_species() + stars)
    return figure


def weak_charges(study: Result, angle: Array, reference: float) -> Array:
    """Return the squared weak charge per gram of the nuclei outside 1e12 g/cm^3, over that at a reference angle."""
    r, rho, z, a, x = (
        values(study, f"profile.{name}")[0, 1]
        for name in (
            "radius", "density", "charge_number_heavy", "mass_number_heavy", "mass_fraction_heavy",
        )
    )  # fmt: skip
    weight = np.where(rho < 1e12, rho * x / a * np.gradient(r), 0.0)

    def squared(s: Array) -> Array:
        return ((a - z - (1.0 - 4.0 * np.atleast_1d(s)[:, None]) * z) ** 2) @ weight

    return squared(angle) / squared(np.array(reference))


def higgs_vev(study: Result) -> Figure:
    """Neutrinospheres, mean energies and luminosities over v."""
    v = axis(study, "microphysics.couplings.vev_ratio")
    at = int(np.argmin(np.abs(v - 1.0)))
    figure, axes = panels(3)
    what = (
        (SPHERE, 1e5, "neutrinosphere [km]", (50.0, 90.0)),
        ("transport.mean_energy_infinity", 1.0, "mean energy at infinity [MeV]", (7.5, 20.0)),
        ("transport.luminosity_infinity", 1e52, r"luminosity [$10^{52}$ erg s$^{-1}$]", (1.0, 6.0)),
    )
    for ax, (name, unit, label, limits) in zip(axes, what, strict=True):
        for i, species in enumerate(SPECIES):
            ax.plot(v, values(study, name)[:, i] / unit, "o-", ms=3, color=style.species_colour(species))
        style.log_axis(ax, "y", *limits)
        style.log_axis(ax, "x", 0.78, 1.28)
        ax.set_ylabel(label)
        ax.set_xlabel(r"$v/v_0$")
    slope = values(study, "higgs_vev.radius_exponent")[at]
    for i, species in enumerate(SPECIES):
        frozen = values(study, SPHERE)[at, i] / 1e5 * v ** slope[i]
        axes[0].plot(v, frozen, color=style.species_colour(species), lw=0.9, linestyle=(0, (1, 1.5)))
    frozen = Line2D([], [], color=style.GRAY, lw=0.9, linestyle=(0, (1, 1.5)), label="spectra as at $v_0$")
    legend(figure, [*of_species(marker="o", ms=3), frozen])
    return figure


def magnetic_moment(study: Result) -> Figure:
    """Change of spheres and luminosities, quadratic in the moment as long as it is small."""
    key = "microphysics.new_physics.magnetic_moment.moment"
    moment = axis(study, key)
    some = moment > 0.0
    figure, axes = panels(2)
    what = (
        (SPHERE, 1.0, "relative change of the neutrinosphere"),
        ("transport.luminosity_infinity", -1.0, "relative loss of luminosity"),
    )
    for ax, (name, sign, label) in zip(axes, what, strict=True):
        found = values(study, name)
        change = sign * (found[some] / found[~some] - 1.0)
        for i, species in enumerate(SPECIES):
            ax.plot(moment[some], change[:, i], "o-", ms=3, color=style.species_colour(species))
        ends = np.array([2e-11, 6e-9])
        ax.plot(ends, change[3, 0] * (ends / 1e-9) ** 2, color=style.GRAY, lw=0.9, linestyle=(0, (1, 1.5)))
        ax.axvline(2.9e-11, color=style.INK, lw=0.8, linestyle=(0, (5, 3)))
        style.log_axis(ax, "x", 1.5e-11, 7e-9)
        style.log_axis(ax, "y", 5e-7, 1.0)
        ax.set_xlabel(r"magnetic moment [$\mu_B$]")
        ax.set_ylabel(label)
    axes[0].text(3.3e-11, 0.2, "reactor limit\n(GEMMA)", fontsize=8.5, va="center")
    square = Line2D([], [], color=style.GRAY, lw=0.9, linestyle=(0, (1, 1.5)), label=r"$\propto\mu_\nu^2$")
    legend(figure, [*of_species(marker="o", ms=3), square])
    return figure


def incompressibility(study: Result) -> Figure:
    """Draw the star for soft and stiff nuclear matter, beside a core whose densities are given."""
    k = axis(study, "microphysics.eos_incompressibility")
    at = int(np.argmin(np.abs(k - 220.0)))
    figure, (left, middle, right) = panels(3)
    radius, density = (values(study, f"profile.{name}")[:, 0] for name in ("radius", "density"))
    for which, colour in ((0, BLUE), (at, style.INK), (k.size - 1, RED)):
        left.plot(radius[which] / 1e5, density[which] / 1e14, color=colour, label=f"{k[which]:.0f} MeV")
    left.set_xlim(4.0, 22.0)
    left.set_ylim(0.0, 4.3)
    left.legend(loc="upper right", borderaxespad=0.5, title="$K$", title_fontsize=8.5)
    left.set_xlabel("radius [km]")
    left.set_ylabel(r"density [$10^{14}$ g cm$^{-3}$]")
    sphere, light = (
        100.0 * (found / found[at] - 1.0)
        for found in (
            values(study, "transport_sphere.radius_20_mev"),
            values(study, "transport.luminosity_infinity"),
        )
    )
    for i, species in enumerate(SPECIES):
        colour = style.species_colour(species)
        middle.plot(k, sphere[:, 0, i], "o-", ms=3, color=colour)
        middle.plot(k, sphere[:, 1, i], "s", ms=3, linestyle=(0, (5, 1.5)), color=colour)
        right.plot(k, light[:, 0, i], "o-", ms=3, color=colour)
    middle.set_ylabel("change of the 20 MeV sphere [%]")
    right.set_ylabel("change of the luminosity [%]")
    for ax in (middle, right):
        ax.axhline(0.0, color=style.GRAY, lw=0.6)
        ax.set_xlabel("incompressibility [MeV]")
    stars = [
        Line2D([], [], color=style.GRAY, marker=marker, ms=3, linestyle=dashes, label=label)
        for marker, dashes, label in (
            ("o", "-", "star rebuilt in equilibrium"),
            ("s", (0, (5, 1.5)), "core before bounce, densities given"),
        )
    ]
    legend(figure, of_species() + stars)
    return figure


def shock_and_accretion(study: Result) -> Figure:
    """Draw maps of what heats the matter behind the shock; orange: where a ratio is 1."""
    rate, shock = axis(study, "profile.accretion_rate"), axis(study, "profile.shock_radius")
    figure = style.new_figure(4.9)
    axes = figure.subplots(2, 2, sharex=True, sharey=True)
    what = (
        ("gain_region.efficiency", 0.01, "heating efficiency [%]", np.arange(5.0, 11.0, 1.0), "%g"),
        ("gain_region.mass", 0.01 * CODATA.solar_mass, r"mass of the gain region [$10^{-2}M_\odot$]",
         np.arange(1.6, 3.0, 0.4), "%.1f"),
        ("gain_region.time_ratio_thermal", 1.0, "advection time / heating time", [0.5, 1.0, 1.5, 2.0], "%g"),
        ("explosion.luminosity_ratio", 1.0, "luminosity / critical luminosity", [1.0, 1.5, 2.0, 3.0, 4.0, 5.0], "%g"),
    )  # fmt: skip
    for letter, ax, (name, unit, label, levels, words) in zip("abcd", axes.flat, what, strict=True):
        found = np.ma.masked_invalid(values(study, name).T / unit)
        ax.contourf(rate, shock, found, 24, cmap="viridis")
        lines = ax.contour(rate, shock, found, levels, colors="white", linewidths=0.8)
        ax.clabel(lines, fontsize=7.5, fmt=words)
        if 1.0 in levels:
            ax.contour(rate, shock, found, [1.0], colors=RED, linewidths=1.8)
        style.log_axis(ax, "x", rate.min(), rate.max())
        ax.set_xticks([0.2, 0.3, 0.5, 1.0, 1.5], ["0.2", "0.3", "0.5", "1", "1.5"])
        ax.tick_params(which="both", direction="out", top=False, right=False)
        ax.set_title(f"({letter})", loc="left", fontsize=9.5, fontweight="bold", pad=4)
        ax.set_title(label, fontsize=9.0, loc="right", pad=4)
    for ax in axes[1]:
        ax.set_xlabel(r"accretion rate [$M_\odot$ s$^{-1}$]")
    for ax in axes[:, 0]:
        ax.set_ylabel("shock radius [km]")
    figure.tight_layout(w_pad=1.0)
    return figure


def resolution(study: Result) -> Figure:
    """Errors of the luminosity by zones and by limiter."""
    zones, limiter = axis(study, "grid.zones"), [str(each) for each in axis(study, "transport.limiter")]
    light = values(study, "transport.luminosity_infinity")
    figure, (left, right) = panels(2)
    coarse = zones[:-1]
    for j in range(len(limiter)):
        for i, species in enumerate(SPECIES):
            step = np.abs(light[1:, j, i] / light[:-1, j, i] - 1.0)
            first = {"lw": 1.4, "marker": "o", "ms": 3} if j == 0 else {"lw": 0.6, "alpha": 0.6}
            left.plot(coarse, step, color=style.species_colour(species), **first)
    for order, height, words in ((1, 5e-3, "first order"), (2, 4e-4, "second order")):
        left.plot(
            coarse, height * (coarse / 50.0) ** -order, color=style.GRAY, lw=0.9, linestyle=(0, (1, 1.5))
        )
        at = 210.0 if order == 1 else 56.0
        left.text(
            at,
            height * (at / 50.0) ** -order * (1.15 if order == 1 else 0.25),
            words,
            color=style.GRAY,
            fontsize=8.5,
        )
    style.log_axis(left, "x", 45.0, 440.0)
    style.log_axis(left, "y", 5e-6, 2e-2)
    left.set_xticks(coarse)
    left.set_xlabel("zones $N$")
    left.set_ylabel(r"$|L(2N)/L(N)-1|$")
    for i, species in enumerate(SPECIES):
        right.plot(limiter, light[-1, :, i] / light[-1, 0, i], "o", color=style.species_colour(species), ms=5)
    right.axhline(1.0, color=style.GRAY, lw=0.6)
    right.set_xticks(
        range(len(limiter)), ["Wilson\n", "Levermore-\nPomraning", "Minerbo\n", "Larsen,\n$n=2$"]
    )
    right.tick_params(axis="x", which="both", top=False)
    right.set_xlim(-0.5, len(limiter) - 0.5)
    right.set_ylabel("luminosity / that of Wilson")
    lines = [
        Line2D([], [], color=style.GRAY, lw=1.4, marker="o", ms=3, label="Wilson"),
        Line2D([], [], color=style.GRAY, lw=0.6, label="other limiters"),
    ]
    legend(figure, of_species() + lines)
    return figure


def kick(study: Result) -> Figure:
    """Speeds for three assumptions, beside those of pulsars."""
    figure, axes = panels(3)
    what = (
        ("asymmetry", "kick", r"momentum asymmetry $\alpha$", 1.0, (8e-4, 4e-2)),
        ("polar_cap_angle", "polar_cap_kick", "half angle of a cap, $T$ 10 % up [deg]", np.pi / 180.0, None),
        ("magnetic_field", "magnetic_kick", "magnetic field [G]", 1.0, (8e12, 2e16)),
    )
    for ax, (key, name, label, unit, limits) in zip(axes, what, strict=True):
        x = axis(study, f"diagnostics.kick.{key}")
        known = study.groups["points"][f"diagnostics.kick.{key}"].unit
        x = x if known in ("deg", "G", "1") else x / unit
        ax.plot(x, values(study, f"kick.{name}") / 1e5, "o-", ms=3, color=BLUE)
        ax.axhline(400.0, color=style.GRAY, lw=0.9, linestyle=(0, (5, 2)))
        style.log_axis(ax, "y", 0.3, 3000.0)
        if limits:
            style.log_axis(ax, "x", *limits)
        ax.set_xlabel(label)
    axes[0].set_ylabel(r"kick [km s$^{-1}$]")
    axes[0].text(1e-3, 480.0, "young pulsars, mean", fontsize=8.5, color=style.GRAY)
    figure.tight_layout(w_pad=1.0)
    return figure


FIGURES: dict[str, Callable[[Result], Figure]] = {
    "ion-correlations": ion_correlations,
    "weak-mixing-angle": weak_mixing_angle,
    "higgs-vev": higgs_vev,
    "magnetic-moment": magnetic_moment,
    "incompressibility": incompressibility,
    "shock-and-accretion": shock_and_accretion,
    "resolution": resolution,
    "kick": kick,
}


def main() -> None:
    """Draw the studies that are named, or all."""
    for name in sys.argv[1:] or FIGURES:
        with style.context():
            figure = FIGURES[name](read_result(RUNS / name / "study.h5"))
            save(figure, DOCS / f"study_{name.replace('-', '_')}.png")


if __name__ == "__main__":
    main()
