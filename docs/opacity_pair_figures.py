"""Two figures of docs/opacities.md: emission by pairs and bremsstrahlung, kernels."""

from __future__ import annotations

import numpy as np
from opacity_panels import (
    BLUE,
    DASHED,
    GREEN,
    MIXED,
    RED,
    THEIRS,
    key,
    letters_inside,
    panels,
    save,
    state_words,
)
from opacity_references import (
    NULIB_COUPLINGS,
    as_nulib,
    blackbody,
    bns_rows,
    nulib,
    read,
    star,
)

from microphysics.constants import CODATA, NULIB
from microphysics.opacity import OpacitySet
from microphysics.processes import electron_scattering_kernels as scattering_kernels
from microphysics.processes import pair_kernels
from microphysics.processes.settings import Settings
from microphysics.weak.couplings import WeakCouplings
from snsim.plots import style


def draw_thermal() -> None:
    """Emission by pairs and bremsstrahlung, and both with a partner in equilibrium."""
    figure, (pairs, brems, thermal) = panels(1, 3, 2.9)
    own, energy = nulib(), np.geomspace(1.0, 150.0, 120)
    point = 7  # 5e11 g/cm^3
    matter = own.matter.select([point])
    t = matter.temperature
    eta = matter.chemical_potential_electron / t
    for flavor, line in (
        ("nue", {"color": BLUE}),
        ("anue", {"color": RED, "ls": DASHED}),
        ("numu", {"color": GREEN}),
    ):
        j = pair_kernels.emissivity(energy, t, eta, NULIB_COUPLINGS, flavor)[0] * NULIB.erg_per_mev
        label = {"numu": r"$\nu_\mu$"}.get(flavor, style.species_label(flavor))
        pairs.plot(energy, j, label=label, **line)
        pairs.plot(own.energy, own.columns[f"em_pair_{flavor}"][point], **THEIRS)
    pairs.set_title(state_words(matter), fontsize=8.5)
    forms = {
        "burrows2006": ({"bremsstrahlung": "burrows2006"}, {"color": RED, "ls": DASHED}),
        "hannestad1998": ({"bremsstrahlung": "hannestad1998"}, {"color": BLUE}),
        "and fischer2016": (
            {"bremsstrahlung": "hannestad1998", "bremsstrahlung_medium": "fischer2016"},
            {"color": BLUE, "ls": MIXED},
        ),
    }
    point = 4  # 1.5e13 g/cm^3
    matter = own.matter.select([point])
    for name, (changes, line) in forms.items():
        found = as_nulib(["bremsstrahlung"], matter, energy, **changes).absorption[0, 2, 0]
        brems.plot(energy, found * blackbody(energy, matter.temperature[0]), label=name, **line)
    brems.plot(own.energy, own.columns["em_NNbrems_one_species"][point], **THEIRS)
    brems.set_title(state_words(matter), fontsize=8.5)
    for ax in (pairs, brems):
        peak = max(line.get_ydata()[1:].max() for line in ax.get_lines())
        style.log_axis(ax, "y", 1e-6 * peak, 4.0 * peak)
        ax.set_ylabel(r"$j$ [erg/(cm$^3$ s MeV sr)]")
        ax.legend(loc="lower left", borderaxespad=0.6)
    zone = 30
    matter, couplings = (
        star(mean_field=False).select([zone - 1]),
        WeakCouplings(sin2_theta_w=0.2325, axial_coupling=1.26),
    )
    for name, theirs, factor, colour in (
        ("pair", "pair", 1.55 / 1.58808, GREEN),
        ("bremsstrahlung", "brem_HR98", 1.0, BLUE),
    ):
        for partner, line in (("equilibrium", "-"), ("unblocked", DASHED)):
            settings = Settings(
                couplings=couplings,
                pair_species="all",
                pair_partner=partner,
                bremsstrahlung_medium="fischer2016",
            )
            spectra = OpacitySet.from_names([name], settings).spectral(matter, energy, ("nue", "numu"))
            thermal.plot(energy, factor * spectra.absorption[0, 1, 0], color=colour, ls=line)
        rows = bns_rows(theirs, species="nux", zone=zone)
        thermal.plot(rows["E_MeV"], rows["kappa_1_cm"] + rows["j_1_s"] / CODATA.speed_of_light, **THEIRS)
    style.log_axis(thermal, "y", 1e-13, 1e-5)
    thermal.set_ylabel(r"$\kappa^*$ of $\nu_\mu$ [cm$^{-1}$]")
    thermal.set_title(state_words(matter), fontsize=8.5)
    lines = (("equilibrium", "-"), ("unblocked", DASHED))
    entries = [key("pairs", color=GREEN), key("brems.", color=BLUE)]
    thermal.legend(
        handles=[*entries, *(key(n, color="0.3", ls=s) for n, s in lines)],
        loc="upper left",
        borderaxespad=0.6,
    )
    for ax in (pairs, brems, thermal):
        style.log_axis(ax, "x", 1.0, 150.0)
        ax.set_xlabel("energy [MeV]")
    letters_inside((pairs, brems, thermal))
    save(figure, "thermal")


def draw_kernels() -> None:
    """Phi_0 and Phi_1 of scattering on electrons and of pairs; NuLib."""
    figure, axes = panels(2, 2, 4.4, sharex="col", height_ratios=(1.7, 1))
    table, energy = read("nulib/kernels.csv"), np.geomspace(0.8, 220.0, 160)
    for column, name, flavor in zip(axes.T, ("nes", "pair_annih"), ("nue", "numu"), strict=True):
        for (t, eta), colour in zip(((1.5, 20.0), (8.0, 2.0)), (BLUE, RED), strict=True):
            rows = (table["species"] == flavor) & (table["T_MeV"] == t) & (table["eta_e"] == eta)
            incoming = np.unique(table["E_in_MeV"])[5]
            rows &= table["E_in_MeV"] == incoming
            after = table["E_out_or_other_MeV"][rows]
            ours, there = (_kernel(name, incoming, grid, t, eta, flavor) for grid in (energy, after))
            for moment, line in ((0, "-"), (1, DASHED)):
                column[0].plot(energy, np.abs(ours[moment]), color=colour, ls=line)
                theirs = table[f"{name}_phi{moment}_cm3_s"][rows]
                some = np.abs(theirs) > 0.0  # nothing is computed above the incoming energy
                column[0].plot(after[some], np.abs(theirs[some]), **THEIRS)
                off = 100.0 * (theirs - there[moment]) / there[0]
                column[1].plot(after[some], off[some], color=colour, ls=line, marker="o", ms=2.5, lw=0.8)
        column[0].text(0.04, 0.06, rf"$E={incoming:.3g}$ MeV", transform=column[0].transAxes)
        style.log_axis(column[1], "x", 0.8, 220.0)
        column[1].axhline(0.0, color="0.8", lw=0.6, zorder=0)
    for ax, words in zip(
        axes[0], (r"scattering on electrons, $\nu_e$", r"annihilation, $\nu_\mu$"), strict=True
    ):
        ax.set_title(words, fontsize=9.0)
        high = max(np.nanmax(line.get_ydata()) for line in ax.get_lines())
        style.log_axis(ax, "y", 1e-5 * high, 3.0 * high)
        ax.set_ylabel(r"$|\Phi_l|$ [cm$^3$ s$^{-1}$]")
    for ax, words in zip(axes[1], (r"$E'$ [MeV]", r"$E'$ of the partner [MeV]"), strict=True):
        ax.set(xlabel=words, ylabel=r"NuLib $-$ ours [% of $\Phi_0$]")
    states = [key(f"{t} MeV, $\\mu_e={eta}\\,T$", color=c) for t, eta, c in ((1.5, 20, BLUE), (8, 2, RED))]
    entries = [
        *states,
        key("$l=0$", color="0.3"),
        key("$l=1$", color="0.3", ls=DASHED),
        key("NuLib", **THEIRS),
    ]
    figure.legend(handles=entries, loc="outside upper center", ncols=5)
    save(figure, "kernels")


def _kernel(name, incoming, after, t, eta, flavor):
    """Phi_0 and Phi_1, shape (moment, energy out)."""
    if name != "nes":
        pair = pair_kernels.kernels([incoming], [t], [eta], NULIB_COUPLINGS, flavor, after)
        return pair.annihilation[:, 0, 0]
    structures = scattering_kernels.structures_of_pairs(
        incoming, after, t, eta, NULIB_COUPLINGS, positrons=False
    )
    return np.tensordot(scattering_kernels.coupling_weights(NULIB_COUPLINGS, flavor), structures, 1)
