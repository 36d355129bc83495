"""Scattering on electrons and positrons against two other libraries, with their constants.

Kernels: NuLib (O'Connor 2015, ApJS 219, 24), computed for this project at four (T, mu_e/T). Its integral over the electrons
is a quadrature, 0.45 % off at worst and 0.03 % in the median, 0.8 % where both energies are equal; the squared matrix element
itself is met at 1e-9 in tests/microphysics.

Opacities: bns_nurates (Chiesa et al. 2025, PRD 111, 063053), electrons and positrons, neutrinos in equilibrium. The file
states how much each value changed between its last two quadratures; rows that changed by less than 1e-3 are compared at 1e-3
(the largest deviation is 5.5e-4), and half of them must agree to 3e-6.
"""

import numpy as np
import pytest

from microphysics.constants import CODATA
from microphysics.processes.electron_scattering_kernels import (
    coupling_weights,
    kernels,
    structures_of_pairs,
    thermal_opacity,
)
from microphysics.weak.couplings import WeakCouplings, nulib_couplings

# T, mu_e/T, E, E' in MeV; Phi_0 and Phi_1 of nue in cm^3/s
FROZEN_NULIB = [
    (1.5, 20, 181.4807303, 62.63784138, 1.680931741e-31, 9.375971371e-32),
    (3, 8, 181.4807303, 89.61467502, 4.251332947e-32, 3.298391114e-32),
    (8, 2, 181.4807303, 127.7033139, 2.825239344e-32, 2.321941732e-32),
    (20, 0.5, 127.7033139, 1, 8.042666477e-32, -3.944181212e-32),
]

# bns_nurates: its mixing angle, and its m_n - m_p in the equilibrium of nue
BNS = WeakCouplings(sin2_theta_w=0.2325)
BNS_MASS_DIFFERENCE = 1.29333251
# T, mu_e, mu_n - mu_p without the masses, species, E, kappa in 1/cm
FROZEN_BNS = [
    (15.53, 64.3954415, 72.0435094, "nue", 80, 0.0001685612354),
    (7.318, 29.5177177, 30.4937909, "nux", 50, 8.923925947e-07),
    (6.068, 8.16264797, 7.81931117, "anue", 50, 2.022308948e-07),
    (2.183, 1.63771157, 0.0367164262, "nux", 20, 3.215846581e-10),
]


def deviations(t, eta, energy, after, phi_0, phi_1, flavor):
    """Both moments in units of the isotropic one."""
    couplings = nulib_couplings()
    structures = structures_of_pairs(energy, after, t, eta, couplings, positrons=False)
    plus, minus = coupling_weights(couplings, flavor)
    ours = plus * structures[0] + minus * structures[1]
    return np.abs(phi_0 - ours[0]) / ours[0], np.abs(phi_1 - ours[1]) / ours[0]


@pytest.mark.parametrize(("t", "eta", "energy", "after", "phi_0", "phi_1"), FROZEN_NULIB)
def test_frozen_kernels(t, eta, energy, after, phi_0, phi_1):
    assert max(deviations(t, eta, energy, after, phi_0, phi_1, "nue")) < 4.5e-3


def test_kernels_of_nulib(reference, read_columns):
    table = read_columns(reference / "nulib" / "kernels.csv")
    energy, after = table["E_in_MeV"], table["E_out_or_other_MeV"]
    everything = []
    for flavor in np.unique(table["species"]):
        rows = (table["species"] == flavor) & (after <= energy)
        both = deviations(
            table["T_MeV"][rows], table["eta_e"][rows], energy[rows], after[rows],
            table["nes_phi0_cm3_s"][rows], table["nes_phi1_cm3_s"][rows], str(flavor),
        )  # fmt: skip
        elastic = energy[rows] == after[rows]
        assert rows.sum() == 312, flavor
        for moment in both:
            assert moment[~elastic].max() < 4.5e-3, flavor
            assert moment[elastic].max() < 8e-3, flavor
        everything.append(np.stack(both))
    assert np.median(np.concatenate(everything, axis=1)) < 4e-4


def equilibrium_opacity(t, mu_e, muhat, species, energy):
    flavor = {"nue": "nue", "anue": "anue", "nux": "numu", "anux": "anumu"}[species]
    mu = {"nue": 1.0, "anue": -1.0}.get(species, 0.0) * (mu_e - muhat - BNS_MASS_DIFFERENCE)
    opacity, _ = thermal_opacity([energy], t, mu_e / t, BNS, flavor, neutrino_degeneracy=mu / t)
    return opacity[0, 0], mu / t


@pytest.mark.parametrize(("t", "mu_e", "muhat", "species", "energy", "kappa"), FROZEN_BNS)
def test_frozen_opacities(t, mu_e, muhat, species, energy, kappa):
    assert equilibrium_opacity(t, mu_e, muhat, species, energy)[0] == pytest.approx(kappa, rel=1e-5)


def test_opacities_of_bns_nurates(reference, read_columns):
    folder = reference / "bns_nurates"
    profile = read_columns(folder / "ccsn_profile.csv")
    table = read_columns(folder / "computed_spectral_equilibrium.csv")
    converged = (table["process"] == "neps") & (table["max_rel_change_8_to_10_points"] < 1e-3)
    zones = {int(zone): i for i, zone in enumerate(profile["zone"])}
    deviation = []
    for row in np.flatnonzero(converged):
        i = zones[int(table["zone"][row])]
        t, energy = profile["T_MeV"][i], table["E_MeV"][row]
        kappa, eta = equilibrium_opacity(
            t, profile["mu_e_MeV"][i], profile["muhat_norest_MeV"][i], table["species"][row], energy
        )
        # and its emissivity by detailed balance, j = c kappa e^(eta_nu - E/T)
        emission = CODATA.speed_of_light * kappa * np.exp(eta - energy / t)
        deviation.append([kappa / table["kappa_1_cm"][row] - 1.0, emission / table["j_1_s"][row] - 1.0])
    assert converged.sum() == 256
    assert np.abs(deviation).max() < 1e-3
    assert np.median(np.abs(deviation)) < 3e-6


def test_many_states_at_once_are_the_states_one_by_one():
    t, eta, energy = np.array([1.5, 8.0]), np.array([20.0, 2.0]), np.array([5.0, 40.0, 120.0])
    couplings = nulib_couplings()
    together = kernels(energy, t, eta, couplings, "anumu")
    for i in range(2):
        alone = kernels(energy, t[i], eta[i], couplings, "anumu")
        for moment in (0, 1):
            np.testing.assert_array_equal(together[moment][i], alone[moment][0])
