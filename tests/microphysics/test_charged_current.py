from dataclasses import fields
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad

from microphysics.constants import CODATA
from microphysics.eos.composition import from_composition
from microphysics.eos.nucleons import NEUTRON_GAS
from microphysics.errors import UnknownNameError
from microphysics.matter import MatterState
from microphysics.processes.charged_current import (
    ChargedCurrent,
    charged_current_correction,
    energy_transfer,
    nucleon_blocking,
    weak_magnetism_factor,
)
from microphysics.processes.settings import Settings
from microphysics.weak.couplings import WeakCouplings

COUPLINGS = WeakCouplings()
Q = CODATA.nucleon_mass_difference
M_E = CODATA.electron_mass


def nucleons(rho, t, x_p, x_n=None, **values):
    x_p = np.atleast_1d(np.asarray(x_p, dtype=float))
    return from_composition(rho, t, x_p, 1.0 - x_p if x_n is None else x_n, x_p, 0.0, 0.0, 0.0, 0.0, **values)


def absorption(energy, matter, **choices):
    return ChargedCurrent(Settings(**choices))(np.asarray(energy, dtype=float), matter).absorption


def logistic(x):
    return 0.5 * (1.0 - np.tanh(0.5 * x))


def exact_blocking(matter):
    """2 int d^3p/(2 pi)^3 f_n (1 - f_p) and f_p (1 - f_n), each nucleon with its own mass: by quadrature."""
    t = matter.temperature[0]
    eta_n = matter.chemical_potential_neutron[0] / t
    eta_p = (matter.chemical_potential_proton[0] + Q) / t
    reach = np.sqrt(2.0 * CODATA.neutron_mass * t * (max(eta_n, eta_p, 0.0) + 45.0))
    edges = {0.0, reach}
    for eta in (eta_n, eta_p):
        if eta > 0.0:
            edges |= {np.sqrt(2.0 * CODATA.neutron_mass * t * eta) * f for f in (0.9, 1.0, 1.1)}

    def integral(sign):
        def integrand(p):
            f_n = logistic(sign * (p * p / (2.0 * CODATA.neutron_mass * t) - eta_n))
            f_p = logistic(-sign * (p * p / (2.0 * CODATA.proton_mass * t) - eta_p))
            return p * p * f_n * f_p

        ends = sorted(edges)
        return sum(quad(integrand, a, b, epsrel=1e-9)[0] for a, b in pairwise(ends))

    return [integral(s) / (np.pi**2 * CODATA.hbar_c**3) for s in (1.0, -1.0)]


@pytest.mark.parametrize(("rho", "t"), [(1e9, 2.0), (1e11, 6.0), (1e13, 10.0), (1e14, 20.0)])
@pytest.mark.parametrize("x_p", [0.05, 0.3, 0.48, 0.499, 0.5, 0.501, 0.51, 0.6, 0.95])
def test_blocking_of_free_gases(rho, t, x_p):
    # Bruenn's C14 belongs to nucleons of one mass; what is left is the 0.14 % between the masses times mu_n/T and 3/2.
    # With the real potentials put into C14 instead, x_p = 0.499 ... 0.51 would be off by 5 % to a factor of 2
    matter = nucleons(rho, t, x_p)
    for ours, exact in zip(nucleon_blocking(matter, COUPLINGS), exact_blocking(matter), strict=True):
        assert ours[0] == pytest.approx(exact, rel=5e-3)


def test_blocking_is_smooth_through_equal_numbers():
    # slope d ln eta/d ln n is about 1: steps of 1e-4 in x_p move eta by 2e-4
    for rho, t in ((1e10, 2.0), (1e14, 8.0)):
        eta_np, eta_pn = nucleon_blocking(nucleons(rho, t, np.linspace(0.49, 0.51, 201)), COUPLINGS)
        assert (np.abs(np.diff(np.log(eta_np))) < 4e-4).all()
        assert (np.abs(np.diff(np.log(eta_pn))) < 4e-4).all()


@pytest.mark.parametrize("blocking", ["clipped", "raw"])
def test_equal_nucleons_with_equal_potentials(blocking):
    # both numerator and denominator vanish: the limit is T dn/dmu, far below n in degenerate matter
    matter = nucleons(1e14, 5.0, 0.5, chemical_potential_difference=Q)
    n, t = matter.number_density_neutron, matter.temperature
    limit = NEUTRON_GAS.state(t, NEUTRON_GAS.chemical_potential(n, t)).compressibility
    eta_np, eta_pn = nucleon_blocking(matter, COUPLINGS, blocking)
    assert limit[0] < 0.5 * n[0]
    np.testing.assert_allclose(eta_np, limit, rtol=1e-12)
    np.testing.assert_allclose(eta_pn, limit, rtol=1e-12)


def test_raw_blocking_is_the_bare_formula():
    matter = nucleons(
        [1e13, 1e12, 3e14], [8.0, 5.0, 12.0], [0.1, 0.8, 0.3], chemical_potential_difference=[9.0, -8.0, 60.0]
    )
    n_n, n_p = matter.number_density_neutron, matter.number_density_proton
    x = (np.array([9.0, -8.0, 60.0]) - Q) / matter.temperature
    eta_np, eta_pn = nucleon_blocking(matter, COUPLINGS, "raw")
    np.testing.assert_allclose(eta_np, (n_p - n_n) / np.expm1(-x), rtol=1e-13)
    np.testing.assert_allclose(eta_pn, (n_n - n_p) / np.expm1(x), rtol=1e-13)


def test_no_blocking_in_dilute_matter():
    # corrections n lambda^3/2^(5/2) = 4e-5 at 1e9 g/cm^3, 3 MeV, plus half of the 0.2 % of the masses
    matter = nucleons(1e9, 3.0, [0.1, 0.5, 0.7])
    eta_np, eta_pn = nucleon_blocking(matter, COUPLINGS)
    np.testing.assert_allclose(eta_np, matter.number_density_neutron, rtol=2.2e-3)
    np.testing.assert_allclose(eta_pn, matter.number_density_proton, rtol=2.2e-3)


def test_contradicting_potentials_stay_bounded():
    # more neutrons than protons, potentials that say the opposite (and the reverse, and far too large a difference)
    difference = np.array([-20.0, 40.0, 1.0, 300.0, Q])
    matter = nucleons(1e12, 4.0, [0.2, 0.8, 0.3, 0.45, 0.2], chemical_potential_difference=difference)
    eta_np, eta_pn = nucleon_blocking(matter, COUPLINGS)
    assert (eta_np >= 0.0).all()
    assert (eta_pn >= 0.0).all()
    assert (eta_np <= matter.number_density_neutron * (1.0 + 1e-12)).all()
    assert (eta_pn <= matter.number_density_proton * (1.0 + 1e-12)).all()
    x = (difference - Q) / 4.0
    np.testing.assert_allclose(eta_pn, eta_np * np.exp(-x), rtol=1e-12)


def test_one_kind_alone():
    # no protons: nothing blocks nue + n, nothing absorbs anue (from_composition counts 1e-30 of them)
    energy = np.array([10.0, 30.0])
    neutrons = nucleons(1e10, 2.0, 0.0, 1.0)
    eta_np, eta_pn = nucleon_blocking(neutrons, COUPLINGS)
    assert eta_np[0] == pytest.approx(neutrons.number_density_neutron[0], rel=1e-12)
    assert 0.0 <= eta_pn[0] < 1e-25 * eta_np[0]
    few = nucleons(1e10, 2.0, 1e-9, 1.0)
    np.testing.assert_allclose(absorption(energy, neutrons)[0], absorption(energy, few)[0], rtol=2e-3)
    protons = nucleons(1e10, 2.0, 1.0, 0.0)
    eta_np, eta_pn = nucleon_blocking(protons, COUPLINGS)
    assert eta_pn[0] == pytest.approx(protons.number_density_proton[0], rel=1e-12)
    assert eta_np[0] < 1e-25 * eta_pn[0]
    # a file may print X_p = 0 beside a modest difference of potentials
    table = nucleons(1e10, 2.0, 0.0, 1.0, chemical_potential_difference=20.0)
    assert nucleon_blocking(table, COUPLINGS)[0][0] == pytest.approx(
        table.number_density_neutron[0], rel=1e-12
    )


def test_no_nucleons_at_all():
    matter = from_composition([1e10], [1.0], [0.46], 0.0, 0.0, 0.0, 1.0, 56.0, 26.0)
    assert np.isnan(matter.chemical_potential_neutron).all()
    np.testing.assert_array_equal(nucleon_blocking(matter, COUPLINGS), 0.0)
    np.testing.assert_array_equal(absorption([5.0, 50.0], matter), 0.0)


def test_unknown_blocking():
    with pytest.raises(UnknownNameError, match=r"unknown blocking 'rwa'.*Did you mean 'raw'"):
        nucleon_blocking(nucleons(1e10, 1.0, 0.5), COUPLINGS, "rwa")


def test_limit_of_high_energy():
    # E >> Q, T, mu_e without weak magnetism: N_cc n E^2; the first order (E + Q)^2 is 2Q/E = 2.6e-3 at 1 GeV
    matter = nucleons(1e9, 2.0, 0.4)
    kappa = absorption([1000.0], matter, weak_magnetism=False)[:, 0, 0]
    norm = COUPLINGS.charged_current_constant * 1e6
    assert kappa[0] == pytest.approx(
        norm * matter.number_density_neutron[0] * (1.0 + Q / 1000.0) ** 2, rel=2.2e-3
    )
    assert kappa[1] == pytest.approx(
        norm * matter.number_density_proton[0] * (1.0 - Q / 1000.0) ** 2, rel=2.2e-3
    )


def cold_and_empty(x_n, x_p):
    """Nucleons that nothing blocks: electrons at mu = 0 and T = 1 keV."""
    values = dict.fromkeys((f.name for f in fields(MatterState) if f.name != "baryon_mass"), 0.0)
    values |= {"density": 1.0, "temperature": 1e-3, "electron_fraction": x_p}
    values |= {"mass_fraction_neutron": x_n, "mass_fraction_proton": x_p}
    values["chemical_potential_neutron"] = Q + 1e-3 * np.log(x_n / x_p)
    return MatterState(**{name: np.array([value]) for name, value in values.items()})


def test_threshold_and_phase_space():
    matter = cold_and_empty(0.5, 0.4)
    energy = np.array([0.5, Q + M_E - 1e-3, Q + M_E + 1e-3, 2.0, 3.0])
    kappa = absorption(energy, matter, weak_magnetism=False)[:2, 0]
    # inverse neutron decay is not in this process: nothing below Q + m_e = 1.804 MeV
    np.testing.assert_array_equal(kappa[1, :2], 0.0)
    assert kappa[1, 2] > 0.0
    norm = COUPLINGS.charged_current_constant * matter.baryon_density[0]
    electron, positron = energy + Q, energy[2:] - Q
    np.testing.assert_allclose(kappa[0], 0.5 * norm * electron * np.sqrt(electron**2 - M_E**2), rtol=1e-4)
    np.testing.assert_allclose(kappa[1, 2:], 0.4 * norm * positron * np.sqrt(positron**2 - M_E**2), rtol=1e-4)


def test_inverse_beta_decay_in_numbers():
    # 9.6e-44 p E cm^2: 0.0952e-42 (E - 1.293) p without, and 7 % less with recoil and weak magnetism at 10 MeV
    # (Vogel & Beacom 1999 print 6.8e-42 ... 7.4e-42 cm^2 there: 2 % is the spread of approximations)
    matter = cold_and_empty(0.5, 0.5)
    sigma = absorption([10.0], matter)[1, 0, 0] / matter.number_density_proton[0]
    assert sigma == pytest.approx(6.8e-42, rel=0.02)


def test_averages_over_a_thermal_spectrum(reference, read_columns):
    # computed for this project; the normalisation has gA = 1.26, the factor of Horowitz 2002 turns out to have ours
    table = read_columns(reference / "observables" / "nucleon_cc_cross_sections.csv")
    matter = cold_and_empty(0.5, 0.5)
    couplings = WeakCouplings(axial_coupling=1.26, v_ud=1.0, charged_current_norm="tree")
    node, weight = np.polynomial.legendre.leggauss(400)
    energy = 200.0 * (1.0 + node)
    kappa = absorption(energy, matter, couplings=couplings, weak_magnetism=False)[:2, 0]
    sigma = 1e42 * kappa / matter.number_density_neutron[0]
    for i, t in enumerate(table["T_nu_MeV"]):
        spectrum = weight * energy**2 / (np.exp(energy / t) + 1.0)
        spectrum /= spectrum.sum()
        # 1e-5: the threshold inside a smooth rule
        assert sigma[0] @ spectrum == pytest.approx(table["computed_nue_n_noWM"][i], rel=1e-5)
        assert sigma[1] @ spectrum == pytest.approx(table["computed_anue_p_noWM"][i], rel=1e-5)
        nue = sigma[0] * charged_current_correction(energy, +1, COUPLINGS)
        anue = sigma[1] * charged_current_correction(energy, -1, COUPLINGS)
        assert nue @ spectrum == pytest.approx(table["computed_nue_n"][i], rel=1e-5)
        # the 0.14 % between the target's mass and another times 7.2 E/m
        assert anue @ spectrum == pytest.approx(table["computed_anue_p"][i], rel=5e-4)


def test_mean_field_shifts_the_lepton():
    # U_n - U_p = 5 MeV with the potentials moved alike: same targets, electron 5 MeV up, positron 5 MeV down
    plain = nucleons(1e11, 5.0, 0.2)
    shifted = nucleons(1e11, 5.0, 0.2, mean_field_difference=5.0)
    assert energy_transfer(shifted, COUPLINGS)[0] == pytest.approx(Q + 5.0, rel=1e-14)
    np.testing.assert_allclose(
        nucleon_blocking(plain, COUPLINGS), nucleon_blocking(shifted, COUPLINGS), rtol=1e-12
    )
    # all that enters is E_e and mu_e: with the same factors the opacity at E - 5 is that of no field at E
    energy = np.array([20.0, 40.0])
    none = {"weak_magnetism": False}
    below, there = absorption(energy - 5.0, shifted, **none), absorption(energy, plain, **none)
    np.testing.assert_allclose(below[0], there[0], rtol=1e-11)
    np.testing.assert_allclose(absorption(energy + 5.0, shifted, **none)[1], there[1], rtol=1e-11)


def test_weak_magnetism_to_first_order():
    # W = 1 + c E/m: c = [4 c_v^2 + 8 c_a^2 +- 4 (c_v + F2) c_a]/(c_v^2 + 3 c_a^2) - 6
    g = COUPLINGS.axial_coupling
    for sign, mass in ((1, CODATA.neutron_mass), (-1, CODATA.proton_mass)):
        magnetism = COUPLINGS.magnetism_charged
        expected = (4.0 + 8.0 * g**2 + sign * 4.0 * (1.0 + magnetism) * g) / (1.0 + 3.0 * g**2) - 6.0
        e = 1e-5
        slope = (charged_current_correction(np.array([e * mass]), sign, COUPLINGS)[0] - 1.0) / e
        assert slope == pytest.approx(expected, rel=1e-3)  # second order: 30 e/7
        # the numbers everybody quotes: +1.0 and -7.2
        assert slope == pytest.approx(1.0 if sign > 0 else -7.2, abs=0.05)
        assert charged_current_correction(np.array([0.0]), sign, COUPLINGS)[0] == 1.0


def test_weak_magnetism_is_the_angular_integral():
    # the closed total factor is the unweighted integral of Horowitz' differential one, coded here again
    c_v, c_a, f2, mass = 1.0, 1.2754, 3.706, 938.0
    for sign in (1, -1):
        for energy in (5.0, 30.0, 100.0):
            e = energy / mass

            def shape(x, e=e, sign=sign):
                eta = 1.0 / (1.0 + e * (1.0 - x))
                return eta**2 * (
                    c_v**2 * (1.0 + eta**2 - eta * (1.0 - x))
                    + c_a**2 * (1.0 + eta**2 + eta * (1.0 - x))
                    + 2.0 * sign * c_a * (c_v + f2) * (1.0 - eta**2)
                    + 0.5 * eta**2 * e**2 * (1.0 - x) * (f2**2 * (3.0 - x) + 4.0 * c_v * f2 * (1.0 - x))
                )

            expected = quad(shape, -1.0, 1.0, epsrel=1e-13)[0] / (2.0 * (c_v**2 + 3.0 * c_a**2))
            ours = weak_magnetism_factor(np.array([energy]), mass, sign, c_v, c_a, f2)[0]
            assert ours == pytest.approx(expected, rel=1e-12)


def test_references():
    assert any("Horowitz 2002" in r for r in ChargedCurrent(Settings()).references)
    assert not any("Horowitz" in r for r in ChargedCurrent(Settings(weak_magnetism=False)).references)
