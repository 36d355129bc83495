"""Pairs and bremsstrahlung with a partner in equilibrium against bns_nurates (Chiesa et al. 2025, PRD 111, 063053).

The file states how much each value changed between its last two quadratures. That library has 1.55e-33 for
G_F^2 c (hbar c)^2 in pairs, where 1.58808e-33 is exact; g_A = 1.26 in bremsstrahlung, with the factor of Fischer 2016.
"""

import numpy as np
import pytest

from microphysics.constants import CODATA
from microphysics.matter import MatterState
from microphysics.processes.bremsstrahlung import Bremsstrahlung
from microphysics.processes.contract import grouped
from microphysics.processes.pairs import Pair
from microphysics.processes.settings import Settings
from microphysics.weak.couplings import WeakCouplings

SETTINGS = Settings(
    couplings=WeakCouplings(sin2_theta_w=0.2325, axial_coupling=1.26),
    pair_species="all",
    pair_partner="equilibrium",
    bremsstrahlung_medium="fischer2016",
)
MASS_DIFFERENCE = 1.29333251  # theirs
PAIR_CONSTANT = 1.55 / 1.58808
SPECIES = {"nue": "nue", "anue": "anue", "nux": "numu", "anux": "anumu"}
PROCESSES = {"pair": (Pair, PAIR_CONSTANT), "brem_HR98": (Bremsstrahlung, 1.0)}


def matter_of(profile):
    zero = np.zeros_like(profile["T_MeV"])
    return MatterState(
        density=profile["rho_g_cm3"],
        temperature=profile["T_MeV"],
        electron_fraction=profile["Ye"],
        mass_fraction_neutron=profile["Yn"],
        mass_fraction_proton=profile["Yp"],
        mass_fraction_alpha=zero,
        mass_fraction_heavy=zero,
        mass_number_heavy=zero,
        charge_number_heavy=zero,
        chemical_potential_electron=profile["mu_e_MeV"],
        chemical_potential_neutron=profile["muhat_norest_MeV"] + MASS_DIFFERENCE,
        chemical_potential_proton=zero,
        mean_field_neutron=zero,
        mean_field_proton=zero,
        pressure=zero,
        baryon_mass=1.66053906892e-24 / CODATA.gram_per_mev,
    )


def deviations(reference, read_columns, name, converged):
    folder = reference / "bns_nurates"
    matter = matter_of(read_columns(folder / "ccsn_profile.csv"))
    table = read_columns(folder / "computed_spectral_equilibrium.csv")
    energy = np.unique(table["E_MeV"])
    kind, factor = PROCESSES[name]
    process = kind(SETTINGS)
    ours = factor * grouped(process(energy, matter).absorption, process.species, tuple(SPECIES.values()))
    rows = (table["process"] == name) & (table["max_rel_change_8_to_10_points"] < converged)
    species = [list(SPECIES).index(one) for one in table["species"][rows]]
    zone = table["zone"][rows].astype(int) - 1
    found = ours[species, zone, np.searchsorted(energy, table["E_MeV"][rows])]
    # theirs is not corrected for stimulated absorption
    theirs = table["kappa_1_cm"][rows] + table["j_1_s"][rows] / CODATA.speed_of_light
    return found / theirs - 1.0


@pytest.mark.parametrize(
    ("name", "converged", "rows", "tolerance"),
    [
        ("pair", 1e-2, 352, 1e-3),  # 2e-4 of it in their rounded constants
        ("pair", 1e-3, 55, 4e-4),
        ("brem_HR98", 1e-3, 400, 1.2e-4),
        ("brem_HR98", 1e-4, 168, 1e-5),
    ],
)
def test_opacities(reference, read_columns, name, converged, rows, tolerance):
    found = deviations(reference, read_columns, name, converged)
    assert found.size == rows
    assert np.abs(found).max() < tolerance
