"""Draw the figures of docs/structure_factor.md, and print the numbers of its tables.

Run:  python docs/structure_figures.py            draws three PNGs into docs/
      python docs/structure_figures.py --numbers  prints the tables instead

Monte Carlo results made for this project are not part of it; SNSIM_REFERENCE names the folder that holds them.
"""

from __future__ import annotations

import os
import sys
import time
import warnings
from functools import cache
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.lines import Line2D

from microphysics._registry import STRUCTURE_FACTORS
from microphysics.eos.composition import from_composition
from microphysics.eos.lattimer_swesty import LattimerSwesty
from microphysics.errors import ExtrapolationWarning, PhysicsWarning
from microphysics.opacity import OpacitySet
from microphysics.processes.nucleus_scattering import NucleusScattering
from microphysics.processes.settings import Settings
from microphysics.structure.models import transport_average
from microphysics.structure.plasma import coulomb_coupling, screening_parameter
from snsim.config.schema import CollapseProfile
from snsim.plots import style
from snsim.profiles.readers import load_profile
from snsim.transport.grid import build_background

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = Path(os.environ.get("SNSIM_REFERENCE", ROOT.parent / "shared" / "reference"))
# models: label, line
MODELS = {
    "table": ("table (hncb)", {"color": "black", "lw": 1.5}),
    "hnc": ("hnc", {"color": "#0072B2", "ls": "--"}),
    "msa": ("msa", {"color": "#D55E00", "ls": (0, (4, 1.2, 1, 1.2))}),
    "msa_eta": ("msa_eta", {"color": "#009E73", "ls": (0, (1, 1.1))}),
    "horowitz1997": ("horowitz1997", {"color": "#CC79A7", "lw": 1.6}),
    "percus_yevick": ("percus_yevick", {"color": "#999933", "ls": (0, (6, 2))}),
    "debye_huckel": ("debye_huckel", {"color": "0.6", "lw": 1.0}),
}
SHOWN = (10.0, 40.0, 125.0)  # Gamma
POINTS = {"color": "black", "ls": "", "marker": "o", "ms": 2.4, "mfc": "white", "mew": 0.6}
STATE = (1e12, 1.4, 95.0, 35.0)  # g/cm^3, MeV, A, Z
PLAIN = {"structure_factor": "none", "form_factor": "point", "electron_polarization": "none"}


def monte_carlo(name: str) -> np.ndarray:
    """Read a table of Monte Carlo results as a structured array."""
    return np.genfromtxt(
        REFERENCE / "structure_factor" / f"mc_ocp_{name}.csv", delimiter=",", names=True, skip_header=1
    )


def average(name: str, reduced_energy: np.ndarray, coupling: float) -> np.ndarray:
    """<S> of a model at E a/(hbar c) on a rigid background."""
    model = STRUCTURE_FACTORS[name]("clamp")
    if hasattr(model, "reduced_average"):
        return model.reduced_average(reduced_energy, np.full(reduced_energy.shape, coupling))
    return transport_average(model.reduced, reduced_energy, coupling)


def accuracy() -> dict[tuple[str, float], np.ndarray]:
    """<S> of every model over Monte Carlo, less 1, at the energies 0.5 to 6 of the file, by model and Gamma."""
    found = monte_carlo("SE")
    result = {}
    for name in (*MODELS, "hncb"):
        for gamma in np.unique(found["Gamma"]):
            rows = found[found["Gamma"] == gamma]
            result[name, float(gamma)] = average(name, rows["Ebar"], float(gamma)) / rows["S_mean"] - 1.0
    return result


def matter_of(density: float, temperature: float, a: float, z: float, alphas: float = 0.0):
    """Nuclei, and a mass fraction of alphas, in their electrons."""
    electrons = (1.0 - alphas) * z / a + 0.5 * alphas
    return from_composition([density], [temperature], [electrons], 0.0, 0.0, alphas, 1.0 - alphas, [a], [z])


def kappa(matter, energy, **choices) -> np.ndarray:
    """Transport opacity of the nuclei, shape (species, zone, energy)."""
    settings = Settings(on_out_of_range="clamp", **choices)
    return NucleusScattering(settings)(np.asarray(energy, dtype=float), matter).scattering


def cloud(energy=(2.0, 5.0, 10.0, 15.0, 20.0, 30.0)) -> np.ndarray:
    """Opacity over that without electron cloud at `STATE`: physical nue, nux, brt06; shape (3, energy)."""
    matter = matter_of(*STATE)
    bare = kappa(matter, energy, electron_polarization="none")
    physical, printed = (kappa(matter, energy, electron_polarization=p) / bare for p in ("physical", "brt06"))
    return np.stack([physical[0, 0], physical[2, 0], printed[0, 0]])


def apart(matter, energy) -> np.ndarray:
    """<S><F^2> over <S F^2>, shape (zone, energy)."""
    plain = {"electron_polarization": "none"}
    outside = kappa(matter, energy, form_factor="point", **plain)
    outside = (
        outside * kappa(matter, energy, structure_factor="none", **plain) / kappa(matter, energy, **PLAIN)
    )
    return (outside / kappa(matter, energy, **plain))[0]


def with_alphas(density, temperature, a, z, alphas, energy, model) -> np.ndarray:
    """Transport opacity of nuclei and alphas in a mixture over that with free alphas, of nue."""
    matter = matter_of(density, temperature, a, z, alphas)

    def both(**choices):
        names = ["nucleus_scattering", "alpha_scattering"]
        spectra = OpacitySet.from_names(names, Settings(on_out_of_range="clamp", **choices))
        return spectra.spectral(matter, np.asarray(energy, dtype=float)).scattering.sum(axis=0)[0, 0]

    return both(structure_factor=model) / both()


@cache
def trajectory():
    """Matter of the embedded collapse profile from 1e10 to 3e13 g/cm^3."""
    eos = LattimerSwesty()
    core = CollapseProfile(format="collapse", central_density="3.2e13 g/cm3")
    matter = build_background(load_profile(core, eos=eos), 300, 4e5, 3e7, eos).matter
    return matter.select((matter.density > 9.5e9) & (matter.density < 3.05e13))


INGREDIENTS = {  # what is changed: label, settings, line
    "structure_factor=none": (r"$S = 1$", {"structure_factor": "none"}, {"color": "black", "lw": 1.6}),
    "structure_factor=horowitz1997": (
        r"$\langle S\rangle$ of Horowitz 1997",
        {"structure_factor": "horowitz1997"},
        {"color": "#CC79A7", "lw": 1.4},
    ),
    "apart": (
        r"$\langle S\rangle\langle F^2\rangle$ for $\langle SF^2\rangle$",
        None,
        {"color": "#009E73", "ls": (0, (1, 1.1)), "lw": 1.8},
    ),
    "form_factor=point": (r"$F = 1$", {"form_factor": "point"}, {"color": "#0072B2", "ls": "--"}),
    "electron_polarization=none": (
        "no electron cloud",
        {"electron_polarization": "none"},
        {"color": "#D55E00", "ls": (0, (4, 1.2, 1, 1.2))},
    ),
    "electron_polarization=brt06": (
        "cloud with the sign of BRT 2006",
        {"electron_polarization": "brt06"},
        {"color": "#D55E00", "lw": 1.0},
    ),
}


def along_collapse(energy: float) -> dict[str, np.ndarray]:
    """Opacity with an ingredient changed over the default, (species, zone), along `trajectory`."""
    matter, at = trajectory(), [energy]
    default = kappa(matter, at)[:, :, 0]
    result = {}
    for name, (_, choices, _) in INGREDIENTS.items():
        if choices is None:
            result[name] = np.broadcast_to(apart(matter, at)[:, 0], default.shape)
        else:
            result[name] = kappa(matter, at, **choices)[:, :, 0] / default
    return result


# ------------------------------------------------------------------------------------------------- figures


def save(figure, name: str) -> None:
    """Write one PNG."""
    figure.savefig(ROOT / "docs" / f"{name}.png", dpi=150)
    plt.close(figure)


def handles(names) -> list[Line2D]:
    """Legend of models."""
    points = Line2D([], [], label="Monte Carlo", **POINTS)
    return [points, *(Line2D([], [], label=MODELS[n][0], **MODELS[n][1]) for n in names)]


def draw_structure() -> None:
    """S(q) beside Monte Carlo, and the difference."""
    found, q = monte_carlo("Sq"), np.linspace(0.05, 12.0, 500)
    names = [name for name in MODELS if name != "horowitz1997"]
    figure, axes = plt.subplots(
        2, 3, figsize=(7.2, 4.3), sharex=True, sharey="row", layout="constrained", height_ratios=(1.7, 1)
    )
    for column, gamma in zip(axes.T, SHOWN, strict=True):
        rows = found[found["Gamma"] == gamma]
        column[1].fill_between(rows["q"], -rows["S_err"], rows["S_err"], color="0.85", lw=0)
        for name in names:
            model = STRUCTURE_FACTORS[name]("clamp")
            column[0].plot(q, model.reduced(q, gamma), **MODELS[name][1])
            residual = model.reduced(rows["q"], gamma) - rows["S"]
            column[1].plot(rows["q"], residual, **(MODELS[name][1] | {"lw": 1.0}))
        column[0].plot(rows["q"], rows["S"], **POINTS)
        column[0].text(0.95, 0.9, rf"$\Gamma={gamma:g}$", transform=column[0].transAxes, ha="right")
        column[0].set(xlim=(0.0, 12.0), ylim=(0.0, 2.9), xticks=range(0, 13, 2))
        column[1].set(ylim=(-0.3, 0.3), xlabel=r"$qa$")
    axes[0, 0].set_ylabel(r"$S(q)$")
    axes[1, 0].set_ylabel(r"$S-S_{\rm MC}$")
    figure.legend(handles=handles(names), loc="outside upper center", ncols=7)
    save(figure, "structure_models")


def draw_averages() -> None:
    """<S> beside Monte Carlo, and the ratio."""
    found, energy = monte_carlo("SE"), np.geomspace(0.3, 8.0, 120)
    names = list(MODELS)
    figure, axes = plt.subplots(
        2, 3, figsize=(7.2, 4.3), sharex=True, sharey="row", layout="constrained", height_ratios=(1, 1.3)
    )
    deviations = accuracy()
    for column, gamma in zip(axes.T, SHOWN, strict=True):
        rows = found[found["Gamma"] == gamma]
        error = 100.0 * rows["S_mean_err"] / rows["S_mean"]
        column[1].fill_between(rows["Ebar"], -error - 1.0, error + 1.0, color="0.85", lw=0)
        for name in names:
            column[0].plot(energy, average(name, energy, gamma), **MODELS[name][1])
            column[1].plot(rows["Ebar"], 100.0 * deviations[name, gamma], **MODELS[name][1])
        column[0].plot(rows["Ebar"], rows["S_mean"], **POINTS)
        column[0].text(0.95, 0.08, rf"$\Gamma={gamma:g}$", transform=column[0].transAxes, ha="right")
        style.log_axis(column[0], "y", 1e-3, 2.0)
        style.log_axis(column[0], "x", 0.4, 7.0)
        style.log_axis(column[1], "x", 0.4, 7.0)
        column[1].set(ylim=(-50.0, 50.0), xlabel=r"$Ea/\hbar c$")
    axes[0, 0].set_ylabel(r"$\langle S\rangle$")
    axes[1, 0].set_ylabel(r"$\langle S\rangle/\langle S\rangle_{\rm MC}-1$ [%]")
    figure.legend(handles=handles(names), loc="outside upper center", ncols=8)
    save(figure, "structure_averages")


def draw_trajectory() -> None:
    """Opacity along a collapse, and what each ingredient does to it."""
    matter = trajectory()
    figure, axes = plt.subplots(
        3, 2, figsize=(7.2, 6.6), sharex=True, sharey="row", layout="constrained", height_ratios=(1, 1.1, 1.1)
    )
    for ax, species in zip(axes[0], (0, 2), strict=True):
        for energy, line in ((10.0, {"lw": 1.6}), (20.0, {"lw": 0.8})):
            ax.plot(matter.density, kappa(matter, [energy])[species, :, 0], color="black", **line)
            free = kappa(matter, [energy], structure_factor="none")[species, :, 0]
            ax.plot(matter.density, free, color="black", ls="--", **line)
        style.log_axis(ax, "y", 2e-9, 1e-2)
        name = style.species_label(("nue", "anue", "nux")[species])
        ax.text(0.95, 0.08, name, transform=ax.transAxes, ha="right", fontsize=12)
    axes[0, 0].set_ylabel(r"$\kappa_{\rm tr}$ of nuclei [cm$^{-1}$]")
    marks = [Line2D([], [], color="black", lw=w, label=f"{e} MeV") for e, w in ((10, 1.6), (20, 0.8))]
    marks.append(Line2D([], [], color="black", ls="--", lw=1.0, label="$S=1$"))
    axes[0, 0].legend(handles=marks, loc="upper left", borderaxespad=0.5)
    for row, energy in zip(axes[1:], (10.0, 20.0), strict=True):
        ratios = along_collapse(energy)
        for ax, species in zip(row, (0, 2), strict=True):
            for name, (_, _, line) in INGREDIENTS.items():
                ax.plot(matter.density, ratios[name][species], **line)
            style.log_axis(ax, "y", 0.6, 3.6)
            ax.axhline(1.0, color="0.8", lw=0.6, zorder=0)
            ax.text(0.04, 0.9, f"{energy:g} MeV", transform=ax.transAxes, va="top")
        row[0].set_ylabel("changed / default")
    for ax in axes.flat:
        style.log_axis(ax, "x", 9.4e9, 3.05e13)
    for ax in axes[2]:
        ax.set_xlabel(r"density [g cm$^{-3}$]")
    entries = [Line2D([], [], label=label, **line) for label, _, line in INGREDIENTS.values()]
    figure.legend(handles=entries, loc="outside upper center", ncols=3)
    save(figure, "structure_trajectory")


# ------------------------------------------------------------------------------------------------- numbers


def costs(zones: int = 200, energies: int = 48) -> dict[str, float]:
    """Microseconds per zone and energy of the nuclei's opacity, all species; solvers on a tenth of the zones."""
    rng = np.random.default_rng(1)
    density = 10.0 ** rng.uniform(10.0, 13.0, zones)
    z = 28.0 + 10.0 * (np.log10(density) - 10.0) / 3.0
    temperature = 0.7 * (density / 1e10) ** 0.14
    every = from_composition(density, temperature, 0.36, 0.0, 0.0, 0.1, 0.9, z / 0.36, z)
    energy, result = np.geomspace(1.0, 100.0, energies), {}
    for name in (*MODELS, "none", "hncb", "mixture_lmr", "mixture_hnc"):
        solver = name in ("hnc", "hncb", "mixture_hnc")
        matter = every.select(slice(0, zones // 10)) if solver else every
        warm = every.select(slice(-2, None)) if solver else every
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", PhysicsWarning
            )  # a rigid background with electrons around nuclei: timed only
            process = NucleusScattering(Settings(structure_factor=name, on_out_of_range="clamp"))
        process(energy, warm)
        began = time.perf_counter()
        process(energy, matter)
        result[name] = 1e6 * (time.perf_counter() - began) / (matter.density.size * energies)
    return result


def print_numbers() -> None:
    """Print every table of the page."""
    np.set_printoptions(precision=3, suppress=True, linewidth=140)
    if (REFERENCE / "structure_factor").is_dir():
        print("deviation of <S> from Monte Carlo in per cent, by model, Gamma and energy")
        for (name, gamma), values in accuracy().items():
            print(f"  {name:14s} {gamma:5g}", 100.0 * values)
    else:
        print(f"no Monte Carlo results at {REFERENCE} (SNSIM_REFERENCE): the accuracies are left out")
    print("electron cloud: physical nue, nux, brt06\n", cloud())
    print(
        "<S><F^2>/<S F^2>, 1e13 g/cm3, 2 MeV, (120, 40):",
        apart(matter_of(1e13, 2.0, 120.0, 40.0), [15, 20, 30]),
    )
    for alphas in (0.05, 0.2):
        state = (1e11, 1.3, 80.0, 32.0, alphas)
        for model in ("mixture_hnc", "mixture_lmr"):
            print(
                f"{model} over free alphas, X_alpha = {alphas}:", with_alphas(*state, [3, 5, 10, 20], model)
            )
    matter = trajectory()
    rows = [int(np.argmin(np.abs(np.log(matter.density / rho)))) for rho in (1e10, 1e11, 1e12, 1e13, 3e13)]
    few = matter.select(np.array(rows))
    for name in ("density", "temperature", "electron_fraction", "mass_number_heavy", "charge_number_heavy"):
        print(name, getattr(few, name))
    print("Gamma", coulomb_coupling(few), "kappa", screening_parameter(few))
    for energy in (10.0, 20.0):
        for name, ratio in along_collapse(energy).items():
            print(f"{energy:g} MeV {name}: nue", ratio[0, rows], "nux", ratio[2, rows])
    print("microseconds per zone and energy:", {name: round(t, 2) for name, t in costs().items()})


def main() -> None:
    """Draw everything, or print."""
    warnings.simplefilter("ignore", ExtrapolationWarning)  # closed forms are shown far outside their range
    if "--numbers" in sys.argv[1:]:
        print_numbers()
        return
    with style.context():
        for draw in (draw_structure, draw_averages, draw_trajectory):
            draw()


if __name__ == "__main__":
    main()
