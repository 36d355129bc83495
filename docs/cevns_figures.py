"""Draw the figures of docs/cevns.md, and print the numbers of its tables.

Run:  python docs/cevns_figures.py            draws two PNGs into docs/
      python docs/cevns_figures.py --numbers  prints the tables instead
"""

from __future__ import annotations

import sys
import warnings
from functools import cache
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.lines import Line2D

import snsim
from microphysics._registry import FORM_FACTORS
from microphysics.constants import CODATA
from microphysics.errors import PhysicsWarning
from microphysics.nuclei import Nucleus
from microphysics.weak.cevns import CEvNS
from snsim.plots import style

ROOT = Path(__file__).resolve().parent.parent
NEW = "microphysics.new_physics."
TERMS = {  # label, what a run file is given, line
    "nsi": (
        r"NSI, $\epsilon^{uV}_{ee}=\epsilon^{uV}_{\mu\mu}=\epsilon^{uV}_{\tau\tau}=0.03$",
        ["nsi.up.ee=0.03", "nsi.up.mumu=0.03", "nsi.up.tautau=0.03"],
        {"color": "black", "lw": 1.5},
    ),
    "z_prime": (
        r"$Z'$ universal, 30 MeV, $2\times10^{-5}$",
        ["z_prime.coupling=2e-5", 'z_prime.mass="30 MeV"'],
        {"color": "#0072B2", "ls": "--"},
    ),
    "light": (
        r"$Z'$ universal, 5 MeV, $10^{-5}$",
        ["z_prime.coupling=1e-5", 'z_prime.mass="5 MeV"'],
        {"color": "#0072B2", "lw": 1.0},
    ),
    "b-l": (
        r"$Z'$ of $B-L$, 30 MeV, $3\times10^{-5}$",
        ["z_prime.coupling=3e-5", 'z_prime.mass="30 MeV"', 'z_prime.charges="b-l"'],
        {"color": "#56B4E9", "ls": (0, (6, 1.5)), "lw": 1.8},
    ),
    "mu_tau": (
        r"$L_\mu-L_\tau$, 20 MeV, $5\times10^{-4}$",
        ["mu_tau_mediator.coupling=5e-4", 'mu_tau_mediator.mass="20 MeV"'],
        {"color": "#999933", "ls": (0, (4, 1.2, 1, 1.2))},
    ),
    "radius": (
        r"$\langle r^2_{\nu_e}\rangle=-4.2\times10^{-32}$ cm$^2$",
        ['charge_radius.radii.ee="-4.2e-32 cm2"'],
        {"color": "#009E73", "ls": (0, (1, 1.1)), "lw": 1.9},
    ),
    "magnetic": (
        r"$\mu_\nu=10^{-10}\,\mu_B$, Majorana",
        ["magnetic_moment.moment=1e-10"],
        {"color": "#D55E00", "lw": 1.3},
    ),
    "scalar": (
        r"scalar, 30 MeV, $10^{-5}$",
        ["scalar.neutrino=1e-5", "scalar.quark=1e-5", 'scalar.mass="30 MeV"'],
        {"color": "#CC79A7", "ls": (0, (3, 1, 1, 1, 1, 1)), "lw": 1.5},
    ),
}


AT_BOUNDS = {  # too small for a figure
    "gemma": ["magnetic_moment.moment=2.9e-11"],
    "dirac": ["magnetic_moment.moment=1e-10", "magnetic_moment.majorana=false"],
    "millicharge": ["millicharge.charges.ee=1.5e-12"],
}


def config_of(*changes: str):
    """`runs/collapse` with new physics."""
    every = [NEW + change for change in changes]
    return snsim.load_config(ROOT / "runs" / "collapse", ["opacity.energies=160", *every])


@cache
def spheres(*changes: str):
    """Diagnostic `transport_sphere` of `runs/collapse` with some terms."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PhysicsWarning)  # no electron capture on nuclei
        result = snsim.simulate(config_of(*changes))
    return result["opacity"]["energy"].values, result["diagnostics"]["transport_sphere"]


def moved(changes, energy: float) -> np.ndarray:
    """Change of the radius of the transport sphere in per cent, (species,)."""
    name = f"radius_{energy:g}_mev"
    standard, found = (spheres(*each)[1][name].values for each in ((), tuple(changes)))
    return 100.0 * (found / standard - 1.0)


def at_the_sns(changes, recoil_min: float = 8e-3) -> float:
    """Change in per cent of scattering on CsI above a recoil energy (MeV) in the flux of stopped pions."""
    terms = config_of(*changes).microphysics.new_physics.terms()
    mass = CODATA.muon_mass
    energy = (np.arange(400) + 0.5) * mass / 800.0
    x = energy / mass
    spectra = {"nue": 192.0 * x**2 * (0.5 - x), "anumu": 64.0 * x**2 * (0.75 - x)}

    def rate(new) -> float:
        """Events on both nuclei, up to a constant."""
        total = 0.0
        for name in ("Cs133", "I127"):
            target = CEvNS(Nucleus.named(name), new_physics=new)
            total += float(target.total(29.79, "numu", recoil_min=recoil_min))
            for flavor, flux in spectra.items():
                total += float(np.sum(flux * target.total(energy, flavor, recoil_min=recoil_min))) / 800.0
        return total

    return 100.0 * (rate(terms) / rate(()) - 1.0)


def save(figure, name: str) -> None:
    """Write one PNG."""
    figure.savefig(ROOT / "docs" / f"{name}.png", dpi=150)
    plt.close(figure)


def draw_cross_sections() -> None:
    """Cross sections of nuclei, form factors, new physics in recoils."""
    energy, grays = np.geomspace(1.0, 100.0, 120), ("0.65", "0.5", "0.35", "0.2", "black")
    figure, axes = plt.subplots(2, 2, figsize=(7.2, 5.6), layout="constrained")
    (total, recoils), (shapes, ratios) = axes
    for name, colour in zip(("He4", "C12", "Ar40", "Xe132", "Pb208"), grays, strict=True):
        nucleus = Nucleus.named(name)
        total.plot(energy, CEvNS(nucleus).total(energy), color=colour)
        point = CEvNS(nucleus, FORM_FACTORS["point"](nucleus)).total(energy)
        total.plot(energy, point, color=colour, ls=":", lw=1.0)
        above = name == "Pb208"
        total.annotate(
            name,
            (2.0, float(CEvNS(nucleus).total(2.0))),
            xytext=(0, 3 if above else -1),
            textcoords="offset points",
            va="bottom" if above else "top",
            rotation=18.0,
            fontsize=8.0,
        )
        t = np.linspace(0.0, float(CEvNS(nucleus).largest_recoil(30.0)), 200)
        if name in ("Ar40", "Xe132", "C12"):
            line = {"Ar40": "-", "Xe132": "--", "C12": ":"}[name]
            recoils.plot(1e3 * t, 1e-3 * CEvNS(nucleus).dsigma_dT(30.0, t), ls=line, color=colour, label=name)
    style.log_axis(total, "x", 1.0, 100.0)
    style.log_axis(total, "y", 1e-44, 1e-36)
    total.set(xlabel="neutrino energy [MeV]", ylabel=r"$\sigma$ [cm$^2$]")
    style.log_axis(recoils, "x", 0.1, 200.0)
    style.log_axis(recoils, "y", 1e-43, 1e-38)
    recoils.set(xlabel="recoil energy [keV]", ylabel=r"$d\sigma/dT$ at 30 MeV [cm$^2$/keV]")
    recoils.legend(loc="lower left", bbox_to_anchor=(0.03, 0.27))
    xenon = Nucleus.named("Xe132")
    reference = CEvNS(xenon).transport(energy)
    lines = ("-", "--", "-.", ":", (0, (6, 1.5)))
    names = ("klein_nystrand", "symmetrized_fermi", "helm_a13", "burrows", "bruenn")
    colours = ("#0072B2", "#009E73", "#999933", "#D55E00", "#CC79A7")
    for name, line, colour in zip(names, lines, colours, strict=True):
        ratio = CEvNS(xenon, FORM_FACTORS[name](xenon)).transport(energy) / reference
        shapes.plot(energy, 100.0 * (ratio - 1.0), ls=line, color=colour, label=name)
    style.log_axis(shapes, "x", 3.0, 100.0)
    shapes.set(ylim=(-25.0, 15.0), xlabel="neutrino energy [MeV]")
    shapes.set_ylabel(r"$\sigma_{\rm tr}$ of $^{132}$Xe over helm $-\,1$ [%]")
    shapes.legend(loc="lower left", borderaxespad=0.5)
    argon = Nucleus.named("Ar40")
    t = np.geomspace(1e-4, 0.99 * float(CEvNS(argon).largest_recoil(30.0)), 300)
    for _, changes, line in TERMS.values():
        terms = config_of(*changes).microphysics.new_physics.terms()
        flavor = "numu" if "mu_tau" in changes[0] else "nue"
        ratio = CEvNS(argon, new_physics=terms).dsigma_dT(30.0, t, flavor)
        ratios.plot(1e3 * t, ratio / CEvNS(argon).dsigma_dT(30.0, t), **line)
    style.log_axis(ratios, "x", 0.1, 50.0)
    style.log_axis(ratios, "y", 0.2, 3.0)
    ratios.text(0.96, 0.96, r"$^{40}$Ar, 30 MeV", transform=ratios.transAxes, ha="right", va="top")
    ratios.set(xlabel="recoil energy [keV]", ylabel=r"$d\sigma/dT$: new / standard")
    for ax, letter in zip(axes.flat, "abcd", strict=True):
        ax.text(0.03, 0.93, f"({letter})", transform=ax.transAxes, fontweight="bold")
    entries = [Line2D([], [], label=label, **line) for label, _, line in TERMS.values()]
    figure.legend(handles=entries, loc="outside lower center", ncols=3, title="(d)", alignment="left")
    save(figure, "cevns_cross_sections")


def draw_spheres() -> None:
    """Transport spheres of `runs/collapse`, and what new physics does to them."""
    figure, axes = plt.subplots(1, 3, figsize=(7.2, 3.6), layout="constrained")
    energy, standard = spheres()
    for species, line in ((0, "-"), (1, "--"), (2, ":")):
        name = ("nue", "anue", "nux")[species]
        look = {"color": style.species_colour(name), "ls": line, "label": style.species_label(name)}
        axes[0].plot(energy, standard["radius"].values[species] / 1e5, **look)
    style.log_axis(axes[0], "y", 20.0, 400.0)
    axes[0].legend(loc="upper left", borderaxespad=0.5)
    axes[0].set_ylabel("transport sphere [km]")
    for ax, species in zip(axes[1:], (0, 2), strict=True):
        for _, changes, line in TERMS.values():
            found = spheres(*changes)[1]["radius"].values[species] / standard["radius"].values[species]
            ax.plot(energy, 100.0 * (found - 1.0), **line)
        ax.set(ylim=(-52.0, 40.0))
        ax.text(
            0.95, 0.92, style.species_label(("nue", "", "nux")[species]), transform=ax.transAxes, ha="right"
        )
    axes[1].set_ylabel("change of its radius [%]")
    axes[2].tick_params(labelleft=False)
    for ax in axes:
        style.log_axis(ax, "x", 3.0, 60.0)
        ax.set_xlabel("energy [MeV]")
    entries = [Line2D([], [], label=label, **line) for label, _, line in TERMS.values()]
    figure.legend(handles=entries, loc="outside upper center", ncols=3)
    save(figure, "cevns_spheres")


def print_numbers() -> None:
    """Print every table of the page."""
    np.set_printoptions(precision=3, suppress=True, linewidth=140)
    every = {name: changes for name, (_, changes, _) in TERMS.items()} | AT_BOUNDS
    for name, changes in every.items():
        shown = " ".join(f"{e:g} MeV {moved(changes, e)}" for e in (5.0, 10.0, 20.0))
        print(f"{name}: CsI {at_the_sns(changes):+.1f} %, spheres {shown}")


def main() -> None:
    """Draw everything, or print."""
    if "--numbers" in sys.argv[1:]:
        print_numbers()
        return
    with style.context():
        draw_cross_sections()
        draw_spheres()


if __name__ == "__main__":
    main()
