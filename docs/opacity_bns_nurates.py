"""Our opacities beside those of bns_nurates (Chiesa et al. 2025, PRD 111, 063053), for the table of docs/opacities.md."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from opacity_references import (
    BNS,
    BNS_CONSTANTS,
    BNS_ENERGY,
    BNS_SPECIES,
    Row,
    apart,
    bns_rows,
    joined,
    read,
    star,
    unstimulated,
)

from microphysics.constants import CODATA
from microphysics.means import gray_means
from microphysics.opacity import OpacitySet
from microphysics.processes import electron_scattering_kernels as scattering_kernels
from microphysics.processes.bremsstrahlung import Bremsstrahlung
from microphysics.processes.charged_current import (
    ChargedCurrent,
    charged_current_correction,
)
from microphysics.processes.contract import Rates, grouped
from microphysics.processes.neutron_decay import NeutronDecay
from microphysics.processes.nucleon_correlations import scattering_targets
from microphysics.processes.nucleon_scattering import (
    NucleonScattering,
    total_cross_section,
    transport_cross_section,
)
from microphysics.processes.pairs import Pair
from microphysics.processes.settings import Settings
from microphysics.weak.couplings import WeakCouplings

NUCLEON = 938.918754  # MeV, in their factors


def bns_nucleons() -> Iterator[Row]:
    """Charged currents with and without mean fields, neutron decay, scattering on nucleons."""
    capture, decay = (
        kind(Settings(couplings=BNS, blocking="raw", weak_magnetism=False))
        for kind in (ChargedCurrent, NeutronDecay)
    )
    found = []
    for name in ("noMeanField", "meanField"):
        columns = read(f"bns_nurates/beta_E10.08_{name}.csv")
        # nondegenerate nucleons in place of Bruenn's C14, and zeros in the cold last zone
        ordinary = ~np.isin(columns["zone"], (56, 68, 102))
        for row, (species, factor) in enumerate((("nue", 1.010312), ("anue", 0.924978))):
            values = unstimulated(capture, BNS_ENERGY, star(columns, name == "meanField"), species, row)
            columns_of = (f"ab_{species}_lib_1_cm", f"em_{species}_lib_1_s")
            for value, column in zip(values, columns_of, strict=True):
                found.append(apart(factor * value[:, 0], columns[column], ordinary))
    words = "charged current with and without mean fields"
    yield Row(words, "bns_nurates", joined(*found), "digits of its constants")
    matter, found, factors = star(), [], {1: [], -1: []}
    for zone in np.unique(bns_rows("beta")["zone"]).astype(int):
        one = matter.select(slice(zone - 1, zone))
        for row, (species, sign) in enumerate((("nue", 1), ("anue", -1))):
            theirs = bns_rows("beta", species=species, zone=zone)
            energy = theirs["E_MeV"]
            kappa = unstimulated(capture, energy, one, species, row)[0][0]
            positive = kappa > 0.0
            below = np.nan_to_num(decay.thresholds(one)[0, 0], nan=0.0) > energy
            factor = theirs["kappa_1_cm"][positive] / kappa[positive]
            level_1 = charged_current_correction(energy[positive], sign, BNS)
            factors[sign].append(apart(level_1, factor, (energy[positive] < 31.0)))
            if species == "anue":
                ours = unstimulated(decay, energy, one, species, 0)
                found += [
                    apart(ours[0][0], theirs["kappa_1_cm"], below),
                    apart(ours[1][0], theirs["j_1_s"], below),
                ]
    yield Row("neutron decay", "bns_nurates", joined(*found), "the densest zone; else printed digits")
    yield Row(
        "weak magnetism and recoil to 30 MeV",
        "bns_nurates",
        joined(*factors[1], *factors[-1]),
        "second order, 7 (E/m)²",
    )
    theirs, ours = read("bns_nurates/iso_E10.08.csv")["kappa_iso_lib_1_cm"], 0.0
    # its factors of l = 0 and 1 at this energy, one for neutrinos and antineutrinos
    factors = {"n": (0.999369, 1.002833), "p": (0.999360, 0.999874)}
    for nucleon, targets in zip("np", scattering_targets(matter, BNS_CONSTANTS, "bruenn"), strict=True):
        total, transport = (
            formula(BNS_ENERGY, nucleon, 1, BNS, weak_magnetism=False)[0]
            for formula in (total_cross_section, transport_cross_section)
        )
        first, second = factors[nucleon]
        ours = ours + targets * (first * total - second * (total - transport))
    yield Row("scattering on nucleons", "bns_nurates", apart(ours, theirs), "digits of its factors")


def bns_pairs() -> Iterator[Row]:
    """Opacities with a partner in equilibrium, and scattering on electrons and positrons."""
    couplings = WeakCouplings(sin2_theta_w=0.2325, axial_coupling=1.26)
    settings = Settings(
        couplings=couplings,
        pair_species="all",
        pair_partner="equilibrium",
        bremsstrahlung_medium="fischer2016",
    )
    matter, flavors = star(mean_field=False), tuple(BNS_SPECIES.values())
    for name, kind, factor, converged, words in (
        ("pair", Pair, 1.55 / 1.58808, 1e-2, "pairs, both thermal"),  # its rounded G_F^2 c (hbar c)^2
        ("brem_HR98", Bremsstrahlung, 1.0, 1e-3, "bremsstrahlung, `hannestad1998`, `fischer2016`"),
    ):
        table = bns_rows(name)
        energy = np.unique(table["E_MeV"])
        process = kind(settings)
        ours = factor * grouped(process(energy, matter).absorption, process.species, flavors)
        row = [list(BNS_SPECIES).index(species) for species in table["species"]]
        ours = ours[row, table["zone"].astype(int) - 1, np.searchsorted(energy, table["E_MeV"])]
        theirs = table["kappa_1_cm"] + table["j_1_s"] / CODATA.speed_of_light
        good = table["max_rel_change_8_to_10_points"] < converged
        why = f"rows that its quadrature has to {converged:g}"
        yield Row(words, "bns_nurates", apart(ours, theirs, good), why)


def bns_electrons() -> Iterator[Row]:
    """Scattering on electrons and positrons of neutrinos in equilibrium."""
    profile, table, found = read("bns_nurates/ccsn_profile.csv"), bns_rows("neps"), []
    electrons = WeakCouplings(sin2_theta_w=0.2325)
    for row in np.flatnonzero(table["max_rel_change_8_to_10_points"] < 1e-3):
        zone, species = int(table["zone"][row]) - 1, str(table["species"][row])
        t, mu_e = profile["T_MeV"][zone], profile["mu_e_MeV"][zone]
        mu = mu_e - profile["muhat_norest_MeV"][zone] - BNS_CONSTANTS.nucleon_mass_difference
        eta = {"nue": 1.0, "anue": -1.0}.get(species, 0.0) * mu / t
        kappa, _ = scattering_kernels.thermal_opacity(
            [table["E_MeV"][row]], t, mu_e / t, electrons, BNS_SPECIES[species], neutrino_degeneracy=eta
        )
        found.append(apart(kappa[0, 0], table["kappa_1_cm"][row : row + 1]))
    yield Row(
        "scattering on e⁻ and e⁺, thermal",
        "bns_nurates",
        joined(*found),
        "rows that its quadrature has to 0.001",
    )


class AsTheyCount:
    """A process without stimulated absorption, times a factor of the energy; scattering into free states only."""

    references = ()

    def __init__(self, process, factor=None, stimulated=False):
        self.process, self.factor, self.stimulated = process, factor, stimulated
        self.name, self.species = process.name, process.species

    def __call__(self, energy, matter):
        """Rates as they count them."""
        rates = self.process(energy, matter)
        x = energy / matter.temperature[:, None] - matter.neutrino_degeneracy(self.species)[:, :, None]
        free = 1.0 if self.stimulated else np.exp(-np.logaddexp(0.0, -x))
        free = free * (1.0 if self.factor is None else self.factor(energy))
        if rates.absorption is not None:
            return Rates(absorption=rates.absorption * free)
        return Rates(scattering=(rates.scattering if self.stimulated else rates.collision) * free)

    def thresholds(self, matter):
        """Those of the process."""
        own = getattr(self.process, "thresholds", None)
        return np.empty((matter.density.size, 0)) if own is None else own(matter)


def magnetism(species, name, chosen, role):
    """Their factor of weak magnetism: what their spectral rates of the last zone have above level 0, smooth in energy."""
    zone = int(bns_rows(name, "gray")["zone"][-1])
    rows = bns_rows(name, species=species, zone=zone)
    energy = rows["E_MeV"]
    level_0 = OpacitySet(chosen).spectral(star().select([zone - 1]), energy, [species])
    ratio = (
        rows["kappa_1_cm" if role == "absorption" else "kappa_s_1_cm"]
        / getattr(level_0, f"total_{role}")[0, 0]
    )
    e = energy / NUCLEON
    cubic = np.polynomial.Polynomial.fit(e, ratio * (1.0 + 2.0 * e) ** 3, 3)
    return lambda energy: cubic(energy / NUCLEON) / (1.0 + 2.0 * energy / NUCLEON) ** 3


def bns_means() -> Iterator[Row]:
    """Gray rates in zones below 8 MeV, where what lies above 80 MeV, the end of its energies, does not count."""
    zones = np.unique(bns_rows("beta", "gray")["zone"]).astype(int) - 1
    zones = zones[star().temperature[zones] < 8.0]
    matter, settings = star().select(zones), Settings(couplings=BNS, blocking="raw", weak_magnetism=False)

    def theirs(name, species, column):
        rows = bns_rows(name, "gray", species)
        return rows[column][np.isin(rows["zone"], zones + 1)]

    capture, decay, scattering = ChargedCurrent(settings), NeutronDecay(settings), NucleonScattering(settings)
    found = []
    for species in ("nue", "anue"):
        factor = magnetism(species, "beta", (AsTheyCount(capture), AsTheyCount(decay)), "absorption")
        emitted = OpacitySet((AsTheyCount(capture, factor, stimulated=True), decay))
        absorbed = OpacitySet((AsTheyCount(capture, factor), AsTheyCount(decay)))
        for chosen, mean, column in (
            (emitted, "emission_number", "eta0_cm3_s"),
            (emitted, "emission_energy", "eta_MeV_cm3_s"),
            (absorbed, "absorption_number", "kappa0_a_1_cm"),
            (absorbed, "absorption_energy", "kappa_a_1_cm"),
        ):
            ours = gray_means(chosen, matter, [mean], [species])[mean][0]
            found.append(apart(ours, theirs("beta", species, column)))
    yield Row("gray charged currents and decay", "bns_nurates", joined(*found), "its 10 points per half-line")
    found = []
    for species in ("nue", "anue", "nux"):
        factor = magnetism(species, "iso", (AsTheyCount(scattering),), "scattering")
        chosen = OpacitySet((AsTheyCount(scattering, factor, stimulated=True),))
        ours = gray_means(chosen, matter, ["scattering_energy"], [species])["scattering_energy"][0]
        found.append(apart(ours, theirs("iso", species, "kappa_s_1_cm")))
    yield Row("gray scattering on nucleons", "bns_nurates", joined(*found), "one factor for l = 0 and 1")
