"""Our opacities beside those of NuLib (O'Connor 2015, ApJS 219, 24), for the table of docs/opacities.md."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from opacity_references import (
    NULIB_COUPLINGS,
    NULIB_MODE,
    NULIB_NUCLEI,
    SCATTERING,
    ChargedCurrentOfNuLib,
    Row,
    apart,
    as_nulib,
    blackbody,
    joined,
    nulib,
    read,
    totals,
)

from microphysics.constants import NULIB
from microphysics.means import gray_means
from microphysics.opacity import OpacitySet
from microphysics.processes import electron_scattering_kernels as scattering_kernels
from microphysics.processes import pair_kernels
from microphysics.processes.capture_rates import capture_rate, neutrino_energy_loss
from microphysics.processes.charged_current import (
    nucleon_blocking,
)
from microphysics.processes.contract import grouped
from microphysics.processes.nucleon_correlations import scattering_targets
from microphysics.processes.nucleon_scattering import (
    NucleonScattering,
    total_cross_section,
    transport_cross_section,
)
from microphysics.processes.settings import Settings

FLAVORS = ("nue", "anue", "numu", "anumu")
MEANS = {
    "absorption_energy": "kappa_abs_planck_1_cm",
    "absorption_number": "kappa_abs_number_1_cm",
    "scattering_energy": "kappa_sct_planck_1_cm",
    "scattering_number": "kappa_sct_number_1_cm",
    "rosseland_energy": "kappa_rosseland_1_cm",
    "emission_energy": "Q_em_MeV_cm3_s",
    "emission_number": "R_em_1_cm3_s",
}


def nulib_nucleons() -> Iterator[Row]:
    """Charged currents and scattering on nucleons."""
    own, columns, energy = nulib(), nulib().columns, nulib().energy
    dense = (own.matter.density >= 1e11)[:, None]  # it switches blocking off below
    targets = nucleon_blocking(own.matter, NULIB_COUPLINGS, "raw")
    above = (
        energy > NULIB.nucleon_mass_difference + 2.0 * NULIB.electron_mass
    )  # below, its positrons are on a floor
    found = []
    for magnetism, suffix in ((True, "WM"), (False, "noWM")):
        kappa = as_nulib(["charged_current"], weak_magnetism=magnetism).absorption[0]
        found.append(apart(kappa[0] / targets[0][:, None], columns[f"sig_nue_n_{suffix}_cm2"]))
        found.append(apart(kappa[1] / targets[1][:, None], columns[f"sig_anue_p_{suffix}_cm2"], above))
    yield Row("charged current, levels 0 and 1", "NuLib", joined(*found), "its rounded log₁₀ e")
    ready = [
        apart(each[:, None], columns[f"eta_{name}_cm3"], dense)
        for each, name in zip(targets, ("np", "pn"), strict=True)
    ]
    yield Row("nucleons that take part", "NuLib", joined(*ready), "printed digits")
    found = []
    for nucleon in "np":
        for kind, sign in (("nu_WM", 1), ("anu_WM", -1), ("noWM", 1)):
            for name, formula in (("tr", transport_cross_section), ("tot", total_cross_section)):
                sigma = formula(energy, nucleon, sign, NULIB_COUPLINGS, kind != "noWM")
                found.append(apart(sigma, columns[f"sig{name}_{nucleon}_{kind}_cm2"]))
    yield Row(
        "scattering on nucleons, transport and total", "NuLib", joined(*found), "its closed form at 1 MeV"
    )
    found = []
    settings = Settings(couplings=NULIB_COUPLINGS, weak_magnetism=False, many_body="horowitz2017")
    for i, nucleon in enumerate("np"):
        other = "mass_fraction_proton" if nucleon == "n" else "mass_fraction_neutron"
        alone = replace(own.matter, **{other: np.zeros(20)})
        number = scattering_targets(alone, NULIB, "bruenn")[i][:, None]
        sigma = NucleonScattering(settings)(energy, alone).scattering[0] / np.where(number > 0.0, number, 1.0)
        found.append(apart(sigma, columns[f"sigtr_{nucleon}_noWM_virial_cm2"], number > 0.0))
    yield Row("the same with S_A of 2017", "NuLib", joined(*found), "printed digits")


def nulib_nuclei() -> Iterator[Row]:
    """Nuclei, alphas, electrons, captures."""
    own, columns = nulib(), nulib().columns
    number = own.matter.number_density_heavy[:, None]
    present = number > 0.0
    variants = {
        "bare": {"form_factor": "point"},
        "FFonly": {},
        "noS_FF_EP": {"electron_polarization": "brt06"},
        "S_FF_EP": NULIB_NUCLEI,
    }
    found = []
    for name, changes in variants.items():
        kappa = as_nulib(["nucleus_scattering"], **changes).scattering[0]
        sigma = kappa / np.where(present, number, 1.0)
        found += [apart(each, columns[f"sigtr_A_{name}_cm2"], present) for each in sigma]
    yield Row("nuclei: form factor, ⟨S⟩, electron cloud", "NuLib", joined(*found), "constants in Γ")
    kappa = as_nulib(["alpha_scattering"]).scattering[0, 0]
    alphas = columns["sigtr_alpha_cm2"] * own.matter.number_density_alpha[:, None]
    yield Row("alphas", "NuLib", apart(kappa, alphas), "printed digits")
    kappa = as_nulib(["electron_scattering"], species=FLAVORS).scattering[0]
    electrons = own.matter.number_density_electron[:, None]
    names = ("nue", "anue", "nux", "anux")
    found = [
        apart(each / electrons, columns[f"sigtr_e_{name}_cm2"])
        for each, name in zip(kappa, names, strict=True)
    ]
    yield Row("elastic scattering on electrons", "NuLib", joined(*found), "printed digits")
    kappa = as_nulib(["electron_capture"], capture_rate="bruenn").absorption[0, 0]
    theirs = columns["sig_nue_A_bruenn_cm2"] * columns["n_heavy_cm3"]
    yield Row("capture on nuclei, `bruenn`", "NuLib", apart(kappa, theirs), "its rounded log₁₀ e")
    table = read("nulib/electron_capture_langanke2003.csv")
    q, mu_e, t = (table[name] for name in ("Q_MeV", "mu_e_MeV", "T_MeV"))
    rate = apart(capture_rate(q, mu_e, t, constants=NULIB), table["lambda_exact_1_s"])
    loss = apart(neutrino_energy_loss(q, mu_e, t, constants=NULIB), table["Eloss_exact_MeV_s"])
    yield Row("capture rate, `langanke2003`", "exact integrals", joined(rate, loss), "printed digits")
    fits = apart(capture_rate(q, mu_e, t, constants=NULIB), table["lambda_takahashi_1_s"])
    yield Row("", "fits of Takahashi 1978, as in NuLib", fits, "the fits")


def nulib_pairs() -> Iterator[Row]:
    """Emission by pairs and bremsstrahlung."""
    own, columns = nulib(), nulib().columns
    t, energy = own.matter.temperature, own.energy
    seen = columns["BB_nux"] > 1e-25  # it puts a floor below
    kappa = as_nulib(["bremsstrahlung"]).absorption[0, 2]
    theirs = columns["em_NNbrems_one_species"]
    found = apart(kappa * blackbody(energy, t[:, None]), theirs, seen)
    yield Row("bremsstrahlung, `burrows2006`", "NuLib", found, "printed digits")
    eta = own.matter.chemical_potential_electron / t
    mild, degenerate = [], []
    for flavor in FLAVORS:
        ours = pair_kernels.emissivity(energy, t, eta, NULIB_COUPLINGS, flavor) * NULIB.erg_per_mev
        mild.append(apart(ours, columns[f"em_pair_{flavor}"], seen & ~own.degenerate))
        degenerate.append(apart(ours, columns[f"em_pair_{flavor}"], seen & own.degenerate))
    yield Row("pair emission, μ_e < 15 T", "NuLib", joined(*mild), "its 16 × 16 points")
    yield Row("pair emission, μ_e ≥ 15 T", "NuLib", joined(*degenerate), "its 16 × 16 points")


def nulib_kernels() -> Iterator[Row]:
    """Kernels of scattering on electrons and of pairs."""
    table = read("nulib/kernels.csv")
    energy = np.unique(table["E_in_MeV"])
    states = np.array(sorted(set(zip(table["T_MeV"], table["eta_e"], strict=True))))
    place = np.array(
        [states.tolist().index([*pair]) for pair in zip(table["T_MeV"], table["eta_e"], strict=True)]
    )
    i, j = (np.searchsorted(energy, table[name]) for name in ("E_in_MeV", "E_out_or_other_MeV"))
    scattered, pairs = [], []
    for flavor in FLAVORS:
        rows = table["species"] == flavor
        at = (place[rows], i[rows], j[rows])
        structures = scattering_kernels.coupling_structures(
            energy, *states.T, NULIB_COUPLINGS, positrons=False
        )
        weights = np.array(scattering_kernels.coupling_weights(NULIB_COUPLINGS, flavor))
        ours = np.tensordot(weights, structures, 1)
        pair = pair_kernels.kernels(energy, *states.T, NULIB_COUPLINGS, flavor)
        for moment in (0, 1):
            theirs = table[f"nes_phi{moment}_cm3_s"][rows]
            units = np.abs(ours[(moment, *at)] - theirs) / ours[(0, *at)]
            scattered.append(units[at[2] <= at[1]])  # nothing is computed above
            for name, values in (("prod", pair.production), ("annih", pair.annihilation)):
                theirs = table[f"pair_{name}_phi{moment}_cm3_s"][rows]
                pairs.append(np.abs(values[(moment, *at)] - theirs) / table[f"pair_{name}_phi0_cm3_s"][rows])
    yield Row("kernels of electron scattering", "NuLib", joined(*scattered), "its quadrature; at E' = E")
    yield Row("kernels of pairs", "NuLib", joined(*pairs), "its 16 points at μ_e = 20 T")


def nulib_totals() -> Iterator[Row]:
    """All processes together, in all of NuLib's output schemes."""
    own, every, rest, scattered = nulib(), [], [], []
    names = ("charged_current", "pair", "bremsstrahlung")
    for name, species, more in (
        ("default_3species", ("nue", "anue", "nux"), {}),
        ("default_6species", FLAVORS, {}),
        ("allon_6species", FLAVORS, {"pair_species": "all", "capture_rate": "bruenn"}),
    ):
        theirs, chosen = totals(name, len(species)), (*names, "electron_capture") if more else names
        parts = as_nulib(chosen, species=species, **more).absorption
        parts[0] = grouped(
            ChargedCurrentOfNuLib()(own.energy, own.matter).absorption, ("nue", "anue"), species
        )
        black = theirs["blackbody_erg_cm2_s_MeV_sr"]
        seen, ours, kappa = black > 1e-25, parts.sum(axis=0), theirs["kappa_abs_1_cm"]
        without = parts[1] < 1e-8 * ours
        every.append(apart(ours, kappa, seen & ~without))
        rest.append(apart(ours, kappa, seen & without))
        several = np.where(np.array(species) == "nux", 4.0, 1.0)[:, None, None]
        emission = theirs["emissivity_erg_cm3_s_MeV_sr"]
        rest.append(apart(ours * black * several, emission, seen & without))
        spectra = as_nulib(SCATTERING, species=species, **NULIB_NUCLEI)
        scattered.append(apart(spectra.total_scattering, theirs["kappa_scat_1_cm"]))
    yield Row(
        "all together: κ* and j where pairs do not count", "NuLib", joined(*rest), "its rounded log₁₀ e"
    )
    yield Row("κ* where they do", "NuLib", joined(*every), "its 16 × 16 points")
    theirs, nuclei = totals("default_3species_nontransport", 3), as_nulib(SCATTERING, **NULIB_NUCLEI)
    total = nuclei.collision[0] + 1.5 * nuclei.scattering[1:].sum(axis=0)  # its way with nuclei
    scattered.append(apart(total, theirs["kappa_scat_1_cm"]))
    yield Row("transport and total scattering", "NuLib", joined(*scattered), "its σ₀ and G_F disagree")


def nulib_means() -> Iterator[Row]:
    """Gray means."""
    own, found, flux = nulib(), [], []
    for name, more in (
        ("default", {}),
        ("allon", {"pair_species": "all", "capture_rate": "bruenn"}),
    ):
        names = [*SCATTERING, "pair", "bremsstrahlung", *(["electron_capture"] if more else [])]
        settings = Settings(**{**NULIB_MODE, **NULIB_NUCLEI, **more})
        chosen = OpacitySet((ChargedCurrentOfNuLib(), *OpacitySet.from_names(names, settings).processes))
        table = read(f"nulib/gray_{name}.csv")
        ours = gray_means(chosen, own.matter, [*MEANS, "rosseland_number"])
        for mean, column in (*MEANS.items(), ("rosseland_number", "kappa_fluxmean_dfdE_number_1_cm")):
            several = [[1.0], [1.0], [4.0 if mean.startswith("emission") else 1.0]]
            deviation = apart(ours[mean] * np.array(several), table[column].reshape(20, 3).T)
            (flux if mean == "rosseland_number" else found).append(deviation)
    yield Row("gray means", "NuLib", joined(*found), "600 midpoints")
    yield Row("gray mean of the number flux", "NuLib", joined(*flux), "600 midpoints, steep at E → 0")
