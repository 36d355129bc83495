"""Charged current on nucleons, with mean fields: kinematics against published sizes, elastic rates against bns_nurates.

The reference numbers of bns_nurates (Chiesa et al. 2025, PRD 111, 063053; commit efbabe0) are results of its test input
and of running it; no file of it is copied.
"""

from dataclasses import replace

import numpy as np
import pytest

from microphysics.constants import CODATA
from microphysics.eos.nucleons import NucleonGas
from microphysics.matter import MatterState
from microphysics.processes.charged_current import ChargedCurrent, energy_transfer, nucleon_blocking
from microphysics.processes.charged_current_kinematics import (
    antineutrino_absorption,
    implied_mean_fields,
    neutrino_absorption,
    neutron_decay,
    nucleon_mass,
)
from microphysics.processes.neutron_decay import elastic_neutron_decay
from microphysics.processes.settings import Settings
from microphysics.weak.couplings import WeakCouplings

COUPLINGS = WeakCouplings()
CONSTANTS = replace(CODATA, fermi_constant=1.1663787e-11, nucleon_mass_difference=1.29333251)
THEIRS = WeakCouplings(axial_coupling=1.23, v_ud=1.0, charged_current_norm="tree", constants=CONSTANTS)
ATOMIC_MASS = 1.66053906892e-24  # g
# the library takes nondegenerate nucleons instead of Bruenn's C14 in 56 and 68, and prints 0 in the cold last zone
LEFT_OUT = (56, 68, 102)
# its factors of weak magnetism and recoil at this energy, as its authors' formula evaluates them
ENERGY, FACTOR = np.array([10.079454858851342]), {"nue": 1.010312, "anue": 0.924978}


def zones(columns, mean_field, consistent=False):
    zero = np.zeros_like(columns["T_MeV"])
    q = CONSTANTS.nucleon_mass_difference
    potentials = columns["muhat_norest_MeV"] + q, zero
    field = columns["dU_MeV"] if mean_field else zero
    density, t = columns["rho_g_cm3"], columns["T_MeV"]
    if consistent:  # potentials of free gases in the mean field, whatever the profile says
        gas = NucleonGas(nucleon_mass(COUPLINGS))
        neutron, proton = (
            gas.chemical_potential(columns[name] * density / ATOMIC_MASS, t) for name in ("Yn", "Yp")
        )
        potentials = neutron + field, proton - COUPLINGS.constants.nucleon_mass_difference
    return MatterState(
        density=density,
        temperature=t,
        electron_fraction=columns["Ye"],
        mass_fraction_neutron=columns["Yn"],
        mass_fraction_proton=columns["Yp"],
        mass_fraction_alpha=zero,
        mass_fraction_heavy=zero,
        mass_number_heavy=zero,
        charge_number_heavy=zero,
        chemical_potential_electron=columns["mu_e_MeV"],
        chemical_potential_neutron=potentials[0],
        chemical_potential_proton=potentials[1],
        mean_field_neutron=field,
        mean_field_proton=zero,
        pressure=zero,
        baryon_mass=ATOMIC_MASS / CODATA.gram_per_mev,
    )


def arguments(matter):
    return (
        matter.temperature,
        matter.chemical_potential_neutron,
        matter.chemical_potential_proton,
        matter.mean_field_neutron,
        matter.mean_field_proton,
        matter.chemical_potential_electron,
    )


@pytest.mark.parametrize("mean_field", [False, True])
def test_elastic_rates_of_bns_nurates(reference, read_columns, mean_field):
    name = "meanField" if mean_field else "noMeanField"
    columns = read_columns(reference / "bns_nurates" / f"beta_E10.08_{name}.csv")
    matter = zones(columns, mean_field)
    settings = Settings(couplings=THEIRS, blocking="raw", weak_magnetism=False)
    absorption = ChargedCurrent(settings)(ENERGY, matter).absorption[:, :, 0]
    ordinary = ~np.isin(columns["zone"], LEFT_OUT)
    assert ordinary.sum() == 99
    for species, kappa in zip(("nue", "anue"), absorption, strict=False):
        sign = 1.0 if species == "nue" else -1.0
        x = ENERGY / matter.temperature - sign * matter.neutrino_degeneracy()[0]
        ours = {
            f"ab_{species}_lib_1_cm": kappa / (1.0 + np.exp(-x)),
            f"em_{species}_lib_1_s": kappa * CODATA.speed_of_light / (1.0 + np.exp(x)),
        }
        for column, value in ours.items():
            seen = ordinary & (columns[column] > 0.0)
            assert not value[ordinary & ~seen].any()
            np.testing.assert_allclose(
                FACTOR[species] * value[seen], columns[column][seen], rtol=1e-4, err_msg=column
            )
            assert seen.sum() >= 75


@pytest.fixture(scope="module")
def profile(reference, read_columns):
    columns = read_columns(reference / "bns_nurates" / "ccsn_profile.csv")
    both = (columns["Yn"] > 1e-12) & (columns["Yp"] > 1e-12)
    return zones({name: values[both] for name, values in columns.items()}, True, consistent=True)


def test_size_of_recoil_in_a_collapsing_star(profile):
    # against elastic rates without weak magnetism: 1.00 ... 1.05 at 5 MeV, 0.96 ... 0.99 at 17, 0.90 ... 0.92 at 38 MeV
    # where nucleons are dilute and warm; two digits are quoted
    energy = np.array([5.0, 17.0, 38.0])
    matter = profile.select(
        (profile.density < 5e11)
        & (profile.density > 1e9)
        & (profile.temperature > 4.0)
        & (profile.temperature < 6.0)
    )
    elastic = ChargedCurrent(Settings(weak_magnetism=False))(energy, matter).absorption[0]
    ratio = np.round(neutrino_absorption(energy, *arguments(matter)) / elastic, 2)
    assert ratio.shape[0] >= 8
    for column, (low, high) in zip(ratio.T, ((1.00, 1.05), (0.96, 0.99), (0.90, 0.92)), strict=True):
        assert low <= column.min()
        assert column.max() <= high


def test_size_of_motion_in_dense_matter(profile):
    # 4.4e13 g/cm^3, 15.5 MeV: blocking is weaker and the electron's phase space larger for nucleons that move
    zone = np.abs(np.log(profile.density / 4.396e13)) < 1e-3
    matter = profile.select(zone)
    assert zone.sum() == 1
    assert matter.temperature[0] == pytest.approx(15.53)
    energy = np.array([3.0, 5.0, 10.0, 17.0, 25.0])
    elastic = ChargedCurrent(Settings(weak_magnetism=False))(energy, matter).absorption[0]
    ratio = neutrino_absorption(energy, *arguments(matter)) / elastic
    assert ratio.min() > 1.18
    assert ratio.max() < 1.25


def test_fields_that_a_state_implies(profile):
    dilute = profile.select((profile.density > 1e8) & (profile.density < 1e15))
    u_n, u_p = implied_mean_fields(dilute, COUPLINGS)
    scale = dilute.temperature + np.abs(dilute.chemical_potential_neutron)
    np.testing.assert_array_less(np.abs(u_n - dilute.mean_field_neutron) / scale, 1e-11)
    np.testing.assert_array_less(np.abs(u_p) / scale, 1e-11)


def test_decay_matters_where_the_fields_differ(profile):
    # antineutrinos below U_n - U_p find no capture, but electrons to recombine with
    zone = np.abs(np.log(profile.density / 4.396e13)) < 1e-3
    matter = profile.select(zone)
    energy = np.array([3.0, 8.0])
    decay = neutron_decay(energy, *arguments(matter))[0]
    capture = antineutrino_absorption(energy, *arguments(matter))[0]
    assert (decay > 100.0 * capture).all()
    eta_np, eta_pn = nucleon_blocking(matter, COUPLINGS)
    transfer = energy_transfer(matter, COUPLINGS)
    elastic = elastic_neutron_decay(
        energy,
        matter.temperature,
        eta_np,
        eta_pn,
        transfer,
        matter.chemical_potential_electron,
        COUPLINGS,
    )[0]
    # the same motion that raises capture of nue
    assert (decay / elastic > 1.0).all()
    assert (decay / elastic < 2.0).all()
