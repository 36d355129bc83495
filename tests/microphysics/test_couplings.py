import math

import pytest
from scipy.integrate import quad

from microphysics.constants import CODATA
from microphysics.errors import OutOfRangeError, UnknownNameError
from microphysics.weak.couplings import (
    FLAVORS,
    NEUTRON_PHASE_SPACE,
    WeakCouplings,
    family,
    nulib_couplings,
)


def test_charged_current_constant_in_numbers():
    # the same arithmetic with the same inputs, done apart: 9.637e-44, 9.401e-44 and (NuLib) 9.640e-44 cm^2/MeV^2
    assert WeakCouplings().charged_current_constant == pytest.approx(9.637e-44, rel=1e-4, abs=0.0)
    assert WeakCouplings(charged_current_norm="tree").charged_current_constant == pytest.approx(
        9.401e-44, rel=1e-4, abs=0.0
    )
    assert nulib_couplings().charged_current_constant == pytest.approx(9.640e-44, rel=1e-4, abs=0.0)


def test_lifetime_norm_gives_back_the_lifetime():
    # Gamma = N_cc m_e^5 c f_R/(2 pi^2 (hbar c)^3)
    w = WeakCouplings()
    rate = w.charged_current_constant * CODATA.electron_mass**5 * CODATA.speed_of_light * NEUTRON_PHASE_SPACE
    assert 1.0 / (rate / (2.0 * math.pi**2 * CODATA.hbar_c**3)) == pytest.approx(878.4, rel=1e-12, abs=0.0)


def test_phase_space_integral_of_neutron_decay():
    # int F p E (Q - E)^2 dE with the non-relativistic Coulomb factor F is 1.692 (exact: 1.689); the outer radiative
    # correction adds 1.5 %. 3e-3: the size of what these leave out
    q = CODATA.nucleon_mass_difference / CODATA.electron_mass

    def coulomb(e):
        y = 2.0 * math.pi * CODATA.fine_structure * e / math.sqrt(e * e - 1.0)
        return y / -math.expm1(-y)

    value, _ = quad(lambda e: coulomb(e) * math.sqrt(e * e - 1.0) * e * (q - e) ** 2, 1.0 + 1e-9, q)
    assert pytest.approx(value * 1.015, rel=3e-3, abs=0.0) == NEUTRON_PHASE_SPACE


def test_neutral_current_couplings():
    w = WeakCouplings(strange_axial_coupling=-0.1)
    assert w.vector_proton == pytest.approx(0.5 - 2.0 * 0.23863)
    assert w.vector_neutron == -0.5
    # a negative strange coupling strengthens the proton and weakens the neutron
    assert w.axial_proton == pytest.approx(0.5 * (1.2754 + 0.1))
    assert w.axial_neutron == pytest.approx(-0.5 * (1.2754 - 0.1))


def test_magnetism():
    # Horowitz 2002 quotes F2_p = 1.019 and F2_n = -0.963 at 0.2325, three digits
    w = WeakCouplings(sin2_theta_w=0.2325)
    assert w.magnetism_proton == pytest.approx(1.019, abs=6e-4)
    assert w.magnetism_neutron == pytest.approx(-0.963, abs=6e-4)
    assert w.magnetism_charged == pytest.approx(3.706, abs=1e-3)
    # isospin: F2_p - F2_n = (1 - 2 s^2)(mu_p - mu_n), F2_p + F2_n = -2 s^2 (mu_p + mu_n)
    mu_p, mu_n = w.anomalous_moment_proton, w.anomalous_moment_neutron
    assert w.magnetism_proton - w.magnetism_neutron == pytest.approx((1.0 - 2.0 * 0.2325) * (mu_p - mu_n))
    assert w.magnetism_proton + w.magnetism_neutron == pytest.approx(-2.0 * 0.2325 * (mu_p + mu_n))
    fixed = nulib_couplings()
    assert (fixed.magnetism_neutron, fixed.magnetism_proton, fixed.magnetism_charged) == (
        -0.963,
        1.019,
        3.706,
    )


@pytest.mark.parametrize(
    ("species", "vector", "axial"),
    [
        ("nue", 0.5 + 2 * 0.23863, 0.5),
        ("anue", 0.5 + 2 * 0.23863, -0.5),
        ("numu", -0.5 + 2 * 0.23863, -0.5),
        ("anumu", -0.5 + 2 * 0.23863, 0.5),
        ("nutau", -0.5 + 2 * 0.23863, -0.5),
        ("anutau", -0.5 + 2 * 0.23863, 0.5),
    ],
)
def test_electron_couplings(species, vector, axial):
    assert WeakCouplings().electron_couplings(species) == pytest.approx((vector, axial), rel=1e-14, abs=0.0)


def test_neutral_matter_sees_only_neutrons():
    # vector charges of proton and electron cancel for numu and leave 1 for nue: the MSW potential, any mixing angle
    w = WeakCouplings(sin2_theta_w=0.2)
    assert w.vector_proton + w.electron_couplings("numu")[0] == pytest.approx(0.0, abs=1e-16)
    assert w.vector_proton + w.electron_couplings("nue")[0] == pytest.approx(1.0, rel=1e-15, abs=0.0)


@pytest.mark.parametrize("norm", ["lifetime", "tree"])
def test_vacuum_expectation_value_scales_both_norms(norm):
    # the lifetime is measured today: its norm scales too
    today = WeakCouplings(charged_current_norm=norm)
    other = today.changed(vev_ratio=1.1)
    assert other.charged_current_constant / today.charged_current_constant == pytest.approx(
        1.1**-4, rel=1e-14, abs=0.0
    )
    assert other.sigma0 / today.sigma0 == pytest.approx(1.1**-4, rel=1e-14, abs=0.0)
    assert other.sin2_theta_w == today.sin2_theta_w


def test_tree_level_vector_couplings_know_no_flavor():
    w = WeakCouplings(sin2_theta_w=0.2312)
    for flavor in FLAVORS:
        assert w.vector_couplings(flavor) == (w.vector_proton, w.vector_neutron)
        assert w.charge_radius_coupling(flavor) == 0.0


@pytest.mark.parametrize(("name", "proton"), [("e", 0.03806), ("mu", 0.02976), ("tau", 0.02546)])
def test_radiative_vector_couplings(name, proton):
    # 0.01836 + 0.0197, 0.0114, 0.0071 (Erler & Su 2013); neutrinos and antineutrinos alike
    w = WeakCouplings(radiative=True)
    for flavor in (f"nu{name}", f"anu{name}"):
        assert family(flavor) == name
        assert w.vector_couplings(flavor) == pytest.approx((proton, -0.5117), abs=1e-12)
        # what is left without the charge radius is the same for all
        assert proton - w.charge_radius_coupling(flavor) == pytest.approx(0.01836, abs=1e-12)
        # g_p = 1/2 - 2 s^2 + ...: a larger mixing angle lowers it by twice as much and leaves g_n
        other = w.changed(sin2_theta_w=0.23863 + 0.01)
        assert other.vector_couplings(flavor) == pytest.approx((proton - 0.02, -0.5117), abs=1e-12)


def test_radiative_corrections_leave_the_other_couplings():
    tree, loop = WeakCouplings(), WeakCouplings(radiative=True)
    assert loop.vector_proton == tree.vector_proton
    assert loop.electron_couplings("nue") == tree.electron_couplings("nue")
    assert loop.sigma0 == tree.sigma0


def test_fermi_constant_and_its_square_scale_together():
    w = WeakCouplings(vev_ratio=1.3)
    assert w.fermi_constant == pytest.approx(CODATA.fermi_constant / 1.3**2, rel=1e-14, abs=0.0)
    strength = 4.0 * (w.fermi_constant * CODATA.electron_mass * CODATA.hbar_c) ** 2 / math.pi
    assert w.sigma0 == pytest.approx(strength, rel=1e-14, abs=0.0)


def test_refusals():
    for method in (WeakCouplings().vector_couplings, WeakCouplings(radiative=True).vector_couplings, family):
        with pytest.raises(UnknownNameError, match=r"unknown neutrino flavor 'numuu'.*Did you mean 'numu'"):
            method("numuu")
    with pytest.raises(
        UnknownNameError, match=r"unknown charged-current normalisation 'lifetme'.*'lifetime'"
    ):
        WeakCouplings(charged_current_norm="lifetme")
    for bad in (0.0, -1.0, math.nan):
        with pytest.raises(OutOfRangeError, match="vev_ratio"):
            WeakCouplings(vev_ratio=bad)
