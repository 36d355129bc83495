import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from microphysics.constants import CODATA
from microphysics.errors import ExtrapolationWarning, MicrophysicsError, OutOfRangeError
from microphysics.nuclei import Nucleus
from microphysics.weak.axial import SpinEstimate, SpinStructure
from microphysics.weak.cevns import CEvNS
from microphysics.weak.couplings import WeakCouplings
from microphysics.weak.form_factors import Point

COUPLINGS = WeakCouplings()
FLAVORS = ("nue", "anue", "numu", "anumu", "nutau", "anutau")
STRENGTH = (CODATA.fermi_constant * CODATA.hbar_c) ** 2 / math.pi  # cm^2/MeV^2


def engel(spin, s_p, s_n):
    """Transverse structure factors at q = 0 from <S_p>, <S_n>: 2/3 of (2J+1)(J+1)/(4 pi J) [a_0 (p + n) + a_1 (p - n)]^2."""
    norm = 2.0 / 3.0 * (2.0 * spin + 1.0) * (spin + 1.0) / (4.0 * math.pi * spin)
    total, difference = s_p + s_n, s_p - s_n
    constant = (norm * total**2, 2.0 * norm * total * difference, norm * difference**2)
    return lambda q: tuple(value * np.ones_like(q) for value in constant)


def test_even_even_nuclei_have_none():
    argon = Nucleus.named("Ar40")
    axial = SpinEstimate.unpaired(argon)
    for flavor in FLAVORS:
        for c in axial.coefficients(np.array([1e-3, 1e-2]), argon.mass, flavor, COUPLINGS, -11.0):
            np.testing.assert_array_equal(c, 0.0)
    plain = CEvNS(argon)
    energy = np.array([5.0, 30.0])
    np.testing.assert_array_equal(
        CEvNS(argon, axial=axial).total(energy, "anue"), plain.total(energy, "anue")
    )


def test_formula():
    # Q_A = g_A/2 (protons less neutrons): by hand at one point
    mass, t, e, q_v = 52000.0, 0.02, 30.0, -14.0
    axial = SpinEstimate(0.8, 0.1, 1.5)
    q_a = 0.5 * 1.2754 * 0.7
    for flavor in FLAVORS:
        c0, c1, c2 = axial.coefficients(t, mass, flavor, COUPLINGS, q_v)
        sign = -1.0 if flavor.startswith("a") else 1.0
        expected = q_a**2 * (1.0 + mass * t / (2.0 * e**2)) + sign * q_v * q_a * (2.0 * t / e - (t / e) ** 2)
        assert float(c0 + c1 / e + c2 / e**2) == pytest.approx(STRENGTH * mass * expected, rel=1e-12)


def test_strange_quarks_and_the_vacuum_value():
    axial = SpinEstimate(1.0, 1.0, 1.0)
    # isoscalar spin sees g_s alone: Q_A = -g_s
    strange = WeakCouplings(strange_axial_coupling=-0.085)
    assert axial.axial_charge(COUPLINGS) == 0.0
    assert axial.axial_charge(strange) == pytest.approx(0.085, rel=1e-14)
    one = SpinEstimate(1.0, 0.0, 0.5)
    weak, strong = (
        one.coefficients(0.1, 938.0, "nue", WeakCouplings(vev_ratio=v), 0.0)[0] for v in (2.0, 1.0)
    )
    assert float(weak / strong) == pytest.approx(2.0**-4, rel=1e-14)


@pytest.mark.parametrize("name", ["Cs133", "I127"])
def test_small_for_heavy_nuclei(name):
    nucleus = Nucleus.named(name)
    energy = np.array([5.0, 15.0, 29.8])
    axial = SpinEstimate.unpaired(nucleus)
    assert (axial.proton_excess, axial.neutron_excess, axial.spin) == (1.0, 0.0, nucleus.spin)
    plain, spin = CEvNS(nucleus, Point()), CEvNS(nucleus, Point(), axial=axial)
    more = spin.total(energy, "nue") / plain.total(energy, "nue") - 1.0
    assert (more < 0.01).all()
    # of heavy nuclei 3 (Q_A/Q_V)^2 with Q_A = g_A/2, less an interference of the order E/(M Q_V)
    q_v = COUPLINGS.vector_proton * nucleus.charge_number - 0.5 * nucleus.neutron_number
    np.testing.assert_allclose(more, 3.0 * (0.5 * 1.2754 / q_v) ** 2, rtol=0.06)


def test_interference_changes_sign_for_antineutrinos():
    nucleus, energy = Nucleus.named("F19"), np.array([10.0, 50.0])
    xs = CEvNS(nucleus, Point(), axial=SpinEstimate.unpaired(nucleus))
    plain = CEvNS(nucleus, Point())
    nu, anti = xs.total(energy, "numu"), xs.total(energy, "anumu")
    # one unpaired proton and a negative weak amplitude: less for neutrinos
    assert (nu < anti).all()
    off = SpinEstimate(1.0, 0.0, 0.5).coefficients(0.01, nucleus.mass, "nue", COUPLINGS, 0.0)
    assert float(off[1]) == 0.0
    # the mean has no interference: vector and 3 Q_A^2 (G_F E)^2/pi, to the order E/M
    added = 0.5 * (nu + anti) - plain.total(energy, "nue")
    np.testing.assert_allclose(
        added, 3.0 * (0.5 * 1.2754) ** 2 * STRENGTH * energy**2, rtol=4.0 * 50.0 / nucleus.mass
    )
    # without spin neutrinos and antineutrinos agree
    np.testing.assert_array_equal(plain.total(energy, "numu"), plain.total(energy, "anumu"))


def test_integral_over_recoils_in_closed_form():
    mass, e, q_v, q_a = 17700.0, 40.0, -4.8, 0.5 * 1.2754
    largest = 2.0 * e**2 / (mass + 2.0 * e)
    closed = q_a**2 * (largest + mass * largest**2 / (4.0 * e**2))
    closed += q_v * q_a * (largest**2 / e - largest**3 / (3.0 * e**2))
    axial = SpinEstimate(1.0, 0.0, 0.5)

    def sigma(t):
        c0, c1, c2 = axial.coefficients(t, mass, "nue", COUPLINGS, q_v)
        return float(c0 + c1 / e + c2 / e**2) * 1e40

    integral, _ = quad(sigma, 0.0, largest, epsrel=1e-12)
    assert integral == pytest.approx(closed * STRENGTH * mass * 1e40, rel=1e-10)


def test_structure_factors_of_one_nucleon_are_its_axial_coupling():
    # free proton: (8 pi/2) g_A^2 S_11 = g_A^2, so that dsigma/dT = (G_F^2 M/pi)(g_A/2)^2 (1 - T/E + M T/2E^2)
    structure, estimate = SpinStructure(0.5, engel(0.5, 0.5, 0.0)), SpinEstimate(1.0, 0.0, 0.5)
    assert float(structure.form_factor_squared(0.0, COUPLINGS)) == pytest.approx(1.2754**2, rel=1e-14)
    strange = WeakCouplings(strange_axial_coupling=-0.085)
    assert float(structure.form_factor_squared(0.0, strange)) == pytest.approx(
        (1.2754 + 0.085) ** 2, rel=1e-14
    )
    # a neutron has the other sign of the isovector part
    neutron = SpinStructure(0.5, engel(0.5, 0.0, 0.5))
    assert float(neutron.form_factor_squared(0.0, strange)) == pytest.approx((1.2754 - 0.085) ** 2, rel=1e-14)
    t, mass = np.array([0.0, 0.01, 0.5]), 938.0
    exact = structure.coefficients(t, mass, "nue", COUPLINGS, 3.0)
    quick = estimate.coefficients(t, mass, "nue", COUPLINGS, 0.0)
    np.testing.assert_allclose(exact[0], quick[0], rtol=1e-14)
    np.testing.assert_allclose(exact[2], quick[2], rtol=1e-14)
    np.testing.assert_allclose(exact[1], -exact[0] * t, rtol=1e-14)
    # heavy target: sigma_A = (G_F^2 E^2/pi) 3 (g_A/2)^2, the free-nucleon result
    mass, e = 1e12, 10.0
    largest = 2.0 * e**2 / mass
    x, w = np.polynomial.legendre.leggauss(4)
    t = 0.5 * largest * (1.0 + x)
    c0, c1, c2 = structure.coefficients(t, mass, "nue", COUPLINGS, 0.0)
    sigma = 0.5 * largest * np.sum(w * (c0 + c1 / e + c2 / e**2))
    assert sigma == pytest.approx(STRENGTH * e**2 * 3.0 * (0.5 * 1.2754) ** 2, rel=1e-9)


@given(spin=st.sampled_from([0.5, 1.5, 2.5, 3.5, 4.5]))
def test_estimate_overestimates_large_spins(spin):
    # one nucleon that carries <S_p> = 1/2: F_A/(4 Q_A^2) = (J + 1)/(3 J)
    structure, estimate = SpinStructure(spin, engel(spin, 0.5, 0.0)), SpinEstimate(1.0, 0.0, spin)
    ratio = structure.form_factor_squared(0.0, COUPLINGS) / (4.0 * estimate.axial_charge(COUPLINGS) ** 2)
    assert float(ratio) == pytest.approx((spin + 1.0) / (3.0 * spin), rel=1e-13)


def test_own_strange_coupling():
    fixed = SpinStructure(0.5, engel(0.5, 0.5, 0.0), strange_axial_coupling=-0.085)
    assert float(fixed.form_factor_squared(0.0, COUPLINGS)) == pytest.approx((1.2754 + 0.085) ** 2, rel=1e-14)


def test_structure_factors_from_a_file(tmp_path):
    q = np.linspace(0.0, 2.0, 81)
    decay = np.exp(-(q**2) / 2.0)
    path = tmp_path / "xe129.csv"
    path.write_text(
        "# q in 1/fm\nq,S00,S01,S11\n"
        + "\n".join(
            f"{x!r},{0.04 * d!r},{-0.07 * d!r},{0.03 * d!r}"
            for x, d in zip(q.tolist(), decay.tolist(), strict=True)
        )
    )
    axial = SpinStructure.from_file(path, 0.5, strange_axial_coupling=-0.085)
    expected = 4.0 * math.pi * (1.2754**2 * 0.03 - 1.2754 * (-0.085) * (-0.07) + 0.085**2 * 0.04)
    few = np.array([0.0, 0.333, 1.9])
    np.testing.assert_allclose(
        axial.form_factor_squared(few, COUPLINGS), expected * np.exp(-(few**2) / 2.0), rtol=1e-7
    )
    assert axial.references[0] == "xe129.csv"
    with pytest.warns(ExtrapolationWarning, match="1 of 2 momentum transfers lie outside 0 to 2/fm"):
        beyond = axial.form_factor_squared(np.array([1.0, 2.5]), COUPLINGS)
    assert beyond[1] == pytest.approx(expected * np.exp(-2.0), rel=1e-12)
    # q = sqrt(2 M T) of the recoil
    mass = 1.2e5
    t = (0.333 * CODATA.hbar_c * 1e13) ** 2 / (2.0 * mass)
    c0, _, _ = axial.coefficients(t, mass, "nue", COUPLINGS, 0.0)
    assert float(c0) == pytest.approx(
        0.25 * STRENGTH * mass * expected * math.exp(-(0.333**2) / 2.0), rel=1e-6
    )
    path.write_text("q,S00,S01,S11\n0,1,1,1\n1,1,1,1\n0.5,1,1,1\n2,1,1,1\n")
    with pytest.raises(OutOfRangeError, match="q must rise"):
        SpinStructure.from_file(path, 0.5)
    path.write_text("q,S00,S01,S11\n0,1,1,1\n1,1,1,1\n")
    with pytest.raises(MicrophysicsError, match="2 rows, at least 4"):
        SpinStructure.from_file(path, 0.5)
    path.write_text("q,S00,S11\n0,1,1\n")
    with pytest.raises(MicrophysicsError, match="column S01 is missing"):
        SpinStructure.from_file(path, 0.5)


def test_spins_that_cannot_be():
    with pytest.raises(OutOfRangeError, match="spin excess = 1, 0: must be zero for a nucleus of J = 0"):
        SpinEstimate(1.0, 0.0, 0.0)
    with pytest.raises(OutOfRangeError, match="no spin structure factors"):
        SpinStructure(0.0, engel(0.5, 0.5, 0.0))
    for spin in (-0.5, 0.7, math.nan, math.inf):
        with pytest.raises(OutOfRangeError, match="must be 0, 1/2, 1"):
            SpinEstimate(0.0, 0.0, spin)


def test_complex_step_through_the_couplings():
    def c0(g_a):
        return SpinEstimate(1.0, 0.0, 0.5).coefficients(
            0.1, 938.0, "nue", WeakCouplings(axial_coupling=g_a), -1.0
        )[0]

    exact = (c0(1.2754 + 1e-30j) / 1e-30).imag
    assert float(exact) == pytest.approx(float((c0(1.2764) - c0(1.2744)) / 0.002), rel=1e-10)
