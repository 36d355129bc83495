"""Draw the figures of docs/opacities.md.

Run:  python docs/opacity_figures.py [NAME ...]     draws PNGs into docs/, all of them or those named

Points are numbers of other codes, see `opacity_references`.
"""

from __future__ import annotations

import sys
import warnings
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
from opacity_mean_figures import draw_means, draw_table
from opacity_pair_figures import draw_kernels, draw_thermal
from opacity_panels import (
    BLUE,
    DASHED,
    DOTTED,
    GREEN,
    RED,
    THEIRS,
    key,
    letters,
    panels,
    save,
    seen,
    state_words,
)
from opacity_references import (
    BNS,
    NULIB_COUPLINGS,
    SCATTERING,
    as_nulib,
    bns_rows,
    nulib,
    read,
    star,
)

from microphysics.constants import CODATA, NULIB
from microphysics.eos.lattimer_swesty import LattimerSwesty
from microphysics.eos.nucleons import NucleonGas
from microphysics.errors import PhysicsWarning
from microphysics.opacity import OpacitySet
from microphysics.processes.capture_rates import capture_rate
from microphysics.processes.charged_current import ChargedCurrent
from microphysics.processes.charged_current_kinematics import nucleon_mass
from microphysics.processes.neutron_decay import NeutronDecay
from microphysics.processes.nucleon_correlations import axial_response, scattering_targets
from microphysics.processes.nucleon_scattering import transport_cross_section
from microphysics.processes.settings import Settings
from snsim.plots import style
from snsim.plots.state_opacities import matter_words, state_opacities

ALL = (
    "charged_current",
    "neutron_decay",
    "electron_capture",
    *SCATTERING,
    "light_cluster_scattering",
    "electron_scattering",
    "pair",
    "bremsstrahlung",
)


def draw_overview() -> None:
    """All processes in one state of matter."""
    state = LattimerSwesty()([1e12], [4.0], [0.2])
    energy = np.geomspace(0.5, 150.0, 200)
    spectra = OpacitySet.from_names(ALL, Settings(pair_species="all", pair_partner="equilibrium")).spectral(
        state.matter, energy
    )
    matter = state.matter
    facts = {
        "density_g_per_cm3": 1e12,
        "temperature_mev": 4.0,
        "electron_fraction": 0.2,
        "mass_number": matter.mass_number_heavy[0],
        "charge_number": matter.charge_number_heavy[0],
    }
    for name in ("neutron", "proton", "alpha", "heavy"):
        facts[f"mass_fraction_{name}"] = getattr(matter, f"mass_fraction_{name}")[0]
    save(state_opacities(spectra, words=matter_words(facts)), "overview")


LEVELS = {
    "level 0": ({"weak_magnetism": False}, {"color": BLUE, "ls": DASHED}),
    "level 1": ({}, {"color": BLUE}),
    "level 2": ({"charged_current": "full"}, {"color": RED}),
}


def with_potentials(matter):
    """Return the zones with the potential of their neutrons, of which the profile says only mu_n - mu_p."""
    gas, field = NucleonGas(nucleon_mass(BNS)), matter.mean_field_neutron
    mu = gas.chemical_potential(matter.number_density_neutron, matter.temperature) + field
    difference = matter.chemical_potential_neutron - matter.chemical_potential_proton
    return replace(matter, chemical_potential_neutron=mu, chemical_potential_proton=mu - difference)


def draw_charged_current() -> None:
    """Levels of the charged current and neutron decay in three zones of a star, and bns_nurates."""
    figure, axes = panels(2, 3, 4.6, sharex=True)
    energy = np.geomspace(1.5, 100.0, 120)
    for column, zone in zip(axes.T, (30, 20, 15), strict=True):
        matter = with_potentials(star().select(slice(zone - 1, zone)))
        for ax, species in zip(column, ("nue", "anue"), strict=True):
            row = ("nue", "anue").index(species)
            for changes, line in LEVELS.values():
                process = ChargedCurrent(Settings(couplings=BNS, blocking="raw", **changes))
                ax.plot(energy, seen(process(energy, matter).absorption[row, 0]), **line)
            if species == "anue":
                for full, line in (("elastic", DASHED), ("full", "-")):
                    process = NeutronDecay(Settings(couplings=BNS, blocking="raw", charged_current=full))
                    ax.plot(energy, seen(process(energy, matter).absorption[0, 0]), color=GREEN, ls=line)
            rows = bns_rows("beta", species=species, zone=zone)
            theirs = rows["kappa_1_cm"] + rows["j_1_s"] / CODATA.speed_of_light
            ax.plot(rows["E_MeV"], theirs, **THEIRS)
            low = 0.2 * theirs.min() if species == "nue" else 1e-4 * theirs.max()
            style.log_axis(ax, "y", low, 6.0 * theirs.max())
            style.log_axis(ax, "x", 1.5, 100.0)
            ax.text(0.96, 0.05, style.species_label(species), transform=ax.transAxes, ha="right", fontsize=12)
        column[0].set_title(state_words(matter), fontsize=8.5)
        column[1].set_xlabel("energy [MeV]")
    for ax in axes[:, 0]:
        ax.set_ylabel(r"$\kappa^*$ [cm$^{-1}$]")
    entries = [key(name, **line) for name, (_, line) in LEVELS.items()]
    entries += [
        key("neutron decay, at rest", color=GREEN, ls=DASHED),
        key("neutron decay, full", color=GREEN),
    ]
    figure.legend(handles=[*entries, key("bns_nurates", **THEIRS)], loc="outside upper center", ncols=6)
    save(figure, "charged_current")


def draw_nucleons() -> None:
    """Neutrinos and antineutrinos, correlations and degeneracy in scattering on nucleons; NuLib."""
    figure, (ratio, spin, blocking) = panels(1, 3, 2.7)
    own, energy = nulib(), np.geomspace(1.0, 300.0, 100)
    for nucleon, line in (("n", {"color": BLUE}), ("p", {"color": RED, "ls": DASHED})):
        nu, anu = (transport_cross_section(energy, nucleon, sign, NULIB_COUPLINGS) for sign in (1, -1))
        ratio.plot(energy, anu / nu, label={"n": "neutrons", "p": "protons"}[nucleon], **line)
        columns = {kind: own.columns[f"sigtr_{nucleon}_{kind}_WM_cm2"][0] for kind in ("nu", "anu")}
        ratio.plot(own.energy, columns["anu"] / columns["nu"], **THEIRS)
    style.log_axis(ratio, "x", 1.0, 300.0)
    ratio.set(
        ylim=(0.0, 1.08), xlabel="energy [MeV]", ylabel=r"$\sigma_{\rm tr}(\bar\nu)/\sigma_{\rm tr}(\nu)$"
    )
    ratio.legend(loc="lower left", borderaxespad=0.6)
    zones, ccsn = star(), np.char.startswith(read("nulib/points.csv")["source"], "ccsn")
    response = axial_response(zones.baryon_density, zones.temperature, zones.electron_fraction)
    spin.plot(zones.density, response, color=BLUE, label="the star")
    for t, gray in ((5.0, "0.65"), (10.0, "0.45"), (20.0, "0.25")):
        density = np.geomspace(1e10, 5e14, 80)
        number = density / (CODATA.atomic_mass * CODATA.gram_per_mev)
        spin.plot(density, axial_response(number, np.full(80, t), np.full(80, 0.2)), color=gray, lw=0.9)
        spin.text(
            0.04, {5.0: 0.12, 10.0: 0.2, 20.0: 0.28}[t], f"{t:g} MeV", color=gray, transform=spin.transAxes
        )
    # what is left of their cross section of neutrons, less the part of the charge
    axial, vector = NULIB_COUPLINGS.axial_coupling / 2.0, 0.5
    left = own.columns["sigtr_n_noWM_virial_cm2"][:, 0] / own.columns["sigtr_n_noWM_cm2"][:, 0]
    theirs = (left * (vector**2 + 5.0 * axial**2) - vector**2) / (5.0 * axial**2)
    spin.plot(own.matter.density[ccsn], theirs[ccsn], **THEIRS)
    spin.set(ylim=(0.0, 1.08), ylabel=r"$S_A$")
    for nucleon, colour, line in (("n", BLUE, "-"), ("p", RED, DASHED)):
        row, name = "np".index(nucleon), f"eta_{nucleon * 2}_cm3"
        number = (zones.number_density_neutron, zones.number_density_proton)[row]
        for kind, width in (("bruenn", 1.4), ("exact", 0.7)):
            free = scattering_targets(zones, NULIB, kind)[row]
            blocking.plot(zones.density, free / number, color=colour, ls=line, lw=width)
        number = (own.matter.number_density_neutron, own.matter.number_density_proton)[row]
        blocking.plot(own.matter.density[ccsn], (own.columns[name][:, 0] / number)[ccsn], **THEIRS)
    blocking.set(ylim=(0.0, 1.08), ylabel=r"$\eta_{NN}/n_N$")
    lines = [
        key("bruenn", color=BLUE),
        key("exact", color=BLUE, lw=0.7),
        key("protons", color=RED, ls=DASHED),
    ]
    blocking.legend(handles=lines, loc="lower left", borderaxespad=0.6)
    for ax in (spin, blocking):
        style.log_axis(ax, "x", 1e10, 5e14)
        ax.set_xlabel(r"density [g cm$^{-3}$]")
    letters((ratio, spin, blocking))
    save(figure, "nucleons")


def draw_capture() -> None:
    """Rate of one nucleus, and opacities of capture at three states of a collapse."""
    figure, (rates, kappa) = panels(1, 2, 3.1)
    table, mu_e = read("nulib/electron_capture_langanke2003.csv"), np.linspace(2.0, 90.0, 200)
    for i, colour in enumerate(plt.get_cmap("viridis")(np.linspace(0.0, 0.9, table["T_MeV"].size))):
        t, q, mu = (table[name][i] for name in ("T_MeV", "Q_MeV", "mu_e_MeV"))
        label = f"{t:g}, ${q:g}$"
        rates.plot(mu_e, capture_rate(q, mu_e, t), color=colour, lw=1.1, label=label)
        rates.plot(mu, table["lambda_exact_1_s"][i], **{**THEIRS, "mec": colour})
    style.log_axis(rates, "y", 1e-6, 1e8)
    rates.set(xlim=(2.0, 90.0), xlabel=r"$\mu_e$ [MeV]", ylabel=r"rate of one nucleus [s$^{-1}$]")
    rates.legend(loc="lower right", borderaxespad=0.6, title=r"$T$, $Q$ [MeV]", fontsize=7.5)
    own, energy = nulib(), np.geomspace(1.0, 100.0, 150)
    sources = read("nulib/points.csv")["source"]
    for source, colour in (("collapse_D1", GREEN), ("collapse_D3", BLUE), ("collapse_D5", RED)):
        point = int(np.flatnonzero(sources == source)[0])
        matter = own.matter.select([point])
        for rate, line in (("langanke2003", "-"), ("bruenn", DASHED)):
            found = as_nulib(["electron_capture"], matter, energy, ("nue",), capture_rate=rate)
            kappa.plot(energy, seen(found.absorption[0, 0, 0]), color=colour, ls=line)
        found = as_nulib(["charged_current"], matter, energy, ("nue",))
        kappa.plot(energy, found.absorption[0, 0, 0], color=colour, ls=DOTTED)
        theirs = own.columns["sig_nue_A_bruenn_cm2"][point] * own.columns["n_heavy_cm3"][point]
        kappa.plot(own.energy, theirs, **THEIRS)
        kappa.text(0.04, {"collapse_D1": 0.92, "collapse_D3": 0.85, "collapse_D5": 0.78}[source],
                   rf"{style.power_of_ten(float(matter.density[0]), 1)} g cm$^{{-3}}$", color=colour,
                   transform=kappa.transAxes)  # fmt: skip
    style.log_axis(kappa, "x", 1.0, 100.0)
    style.log_axis(kappa, "y", 1e-13, 1e-2)
    kappa.set(xlabel="energy [MeV]", ylabel=r"$\kappa^*$ of $\nu_e$ [cm$^{-1}$]")
    lines = (("langanke2003", "-"), ("bruenn", DASHED), ("free neutrons", DOTTED))
    entries = [key(name, color="0.3", ls=line) for name, line in lines]
    kappa.legend(handles=[*entries, key("NuLib", **THEIRS)], loc="lower right", borderaxespad=0.6)
    letters((rates, kappa))
    save(figure, "capture")


def main() -> None:
    """Draw everything, or what is named."""
    every = {
        "overview": draw_overview,
        "charged_current": draw_charged_current,
        "nucleons": draw_nucleons,
        "capture": draw_capture,
        "thermal": draw_thermal,
        "kernels": draw_kernels,
        "means": draw_means,
        "table": draw_table,
    }
    warnings.simplefilter("ignore", PhysicsWarning)  # profiles of others contradict themselves here and there
    for name in sys.argv[1:] or every:
        with style.context():
            every[name]()


if __name__ == "__main__":
    main()
