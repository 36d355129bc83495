"""New physics in the one cross section: contact limits, cancellations, closed forms, derivatives."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from microphysics.constants import CODATA
from microphysics.errors import MicrophysicsError, OutOfRangeError, UnknownNameError
from microphysics.nuclei import Nucleus
from microphysics.weak.cevns import CEvNS
from microphysics.weak.couplings import FLAVORS, WeakCouplings
from microphysics.weak.form_factors import Point
from microphysics.weak.moments import DiracMoments, TransitionMoments
from microphysics.weak.new_physics import (
    NSI,
    ChargeRadius,
    MagneticMoment,
    Millicharge,
    MuTauMediator,
    Scalar,
    ZPrime,
    ZPrimeMixing,
    flavor_matrix,
    transitions,
)

COUPLINGS = WeakCouplings()
G_F = CODATA.fermi_constant
HBAR_C = CODATA.hbar_c * 1e13  # MeV fm
GERMANIUM = Nucleus.named("Ge74")
Z, N, MASS = 32.0, 42.0, float(GERMANIUM.mass)
Q = np.array([0.05, 0.3, 0.8])  # 1/fm


def scattering(*terms, form_factor=None, **couplings):
    return CEvNS(GERMANIUM, form_factor, WeakCouplings(**couplings), terms)


SM = scattering()


def charge(form_factor=None):
    """Z g_p + N g_n of the standard model at tree level."""
    return Z * (0.5 - 2.0 * 0.23863) - 0.5 * N


# ------------------------------------------------------------------------------------------------ flavour


def test_named_entries_and_matrices_are_the_same():
    named = flavor_matrix({"ee": 1.0, "emu": 2.0, "tautau": 3.0}, "eps")
    whole = flavor_matrix([[1.0, 2.0, 0.0], [2.0, 0.0, 0.0], [0.0, 0.0, 3.0]], "eps")
    assert named == whole
    with pytest.raises(UnknownNameError, match=r"unknown entry of eps 'mue'.*'emu'"):
        flavor_matrix({"mue": 1.0}, "eps")
    with pytest.raises(OutOfRangeError, match="Hermitian"):
        flavor_matrix([[0.0, 1j, 0.0], [1j, 0.0, 0.0], [0.0, 0.0, 0.0]], "eps")
    with pytest.raises(OutOfRangeError, match=r"\(2, 2\)"):
        flavor_matrix(np.eye(2), "eps")


@given(st.lists(st.floats(-2.0, 2.0), min_size=6, max_size=6))
def test_transitions_carry_the_modulus(numbers):
    a, b, c = (complex(numbers[2 * i], numbers[2 * i + 1]) for i in range(3))
    matrix = flavor_matrix([[0.0, a, b], [a.conjugate(), 0.0, c], [b.conjugate(), c.conjugate(), 0.0]], "eps")
    for flavor, two in (("nue", (a, b)), ("anumu", (a, c)), ("nutau", (b, c))):
        parts = transitions(matrix, flavor)
        assert all(isinstance(part, float) for part in parts)
        assert sum(p**2 for p in parts) == pytest.approx(sum(abs(v) ** 2 for v in two), rel=1e-12, abs=1e-300)


# ---------------------------------------------------------------------------------------------------- NSI


def test_nsi_by_hand():
    xs = scattering(NSI(up={"ee": 0.1, "mumu": 0.3}, down={"ee": -0.04, "tautau": 0.2}))
    for flavor, (u, d) in {"nue": (0.1, -0.04), "anumu": (0.3, 0.0), "nutau": (0.0, 0.2)}.items():
        expected = charge() + Z * (2.0 * u + d) + N * (u + 2.0 * d)
        np.testing.assert_allclose(xs.amplitude(Q, flavor), expected * SM.form_factor(Q), rtol=1e-13)
        assert xs.flavor_changing(Q, flavor) == ()
        np.testing.assert_array_equal(xs.photon_amplitude(Q, flavor), 0.0)


def test_blind_spot():
    # eps_u (2Z + N) + eps_d (Z + 2N) = 0 leaves this nucleus alone, and no other
    eps = 0.7
    blind = NSI(up={"ee": eps}, down={"ee": -eps * (2.0 * Z + N) / (Z + 2.0 * N)})
    energy = np.array([5.0, 30.0])
    np.testing.assert_allclose(scattering(blind).total(energy), SM.total(energy), rtol=1e-13)
    argon = Nucleus.named("Ar40")
    other = CEvNS(argon, new_physics=(blind,)).total(energy) / CEvNS(argon).total(energy)
    assert np.all(np.abs(other - 1.0) > 1e-2)


def test_degenerate_solution():
    # the amplitude turned around, Q -> -Q, cannot be told from the standard model
    xs = scattering(NSI(up={"mumu": -2.0 * charge() / (2.0 * Z + N)}))
    np.testing.assert_allclose(xs.amplitude(Q, "numu"), -SM.amplitude(Q), rtol=1e-13)
    np.testing.assert_allclose(xs.transport(20.0, "numu"), SM.transport(20.0), rtol=1e-13)
    np.testing.assert_allclose(xs.transport(20.0, "nue"), SM.transport(20.0), rtol=1e-15)


def test_flavor_changing_adds_squared():
    eps = 0.2
    xs = scattering(NSI(up={"emu": eps}))
    more = (eps * (2.0 * Z + N) / charge()) ** 2
    for flavor, factor in (("nue", 1.0 + more), ("anumu", 1.0 + more), ("nutau", 1.0)):
        np.testing.assert_allclose(xs.total(10.0, flavor), factor * SM.total(10.0), rtol=1e-13)
        np.testing.assert_allclose(
            xs.dsigma_dcos(10.0, 0.2, flavor), factor * SM.dsigma_dcos(10.0, 0.2), rtol=1e-13
        )
    # a sign or a phase does not matter
    phase = np.exp(0.7j)
    matrix = np.zeros((3, 3), complex)
    matrix[0, 1], matrix[1, 0] = eps * phase, eps / phase
    turned = scattering(NSI(up=matrix))
    np.testing.assert_allclose(turned.total(10.0, "nue"), xs.total(10.0, "nue"), rtol=1e-13)
    assert turned.total(10.0, "nue").dtype == np.float64


def test_what_leads_to_one_final_state_adds_before_the_square():
    plus, minus = NSI(up={"etau": 0.2}), NSI(down={"etau": -0.2 * (2.0 * Z + N) / (Z + 2.0 * N)})
    np.testing.assert_allclose(scattering(plus, minus).total(10.0), SM.total(10.0), rtol=1e-13)
    once = float(scattering(plus).total(10.0) - SM.total(10.0))
    assert float(scattering(plus, plus).total(10.0) - SM.total(10.0)) == pytest.approx(
        4.0 * once, rel=1e-12, abs=0.0
    )
    # a relative phase of 90 degrees, or another final state, does not interfere
    imaginary = np.zeros((3, 3), complex)
    imaginary[0, 2], imaginary[2, 0] = 0.2j, -0.2j
    for other in (NSI(up=imaginary), NSI(up={"emu": 0.2})):
        assert float(scattering(plus, other).total(10.0) - SM.total(10.0)) == pytest.approx(
            2.0 * once, rel=1e-12, abs=0.0
        )


# --------------------------------------------------------------------------------- electromagnetic vertices


def test_charge_radius_in_numbers():
    # sqrt2 pi alpha/(3 G_F) x 1e-32 cm^2 = 0.0238, and the radius of nue in the standard model is negative
    dg_p, dg_n = ChargeRadius({"ee": -1e-32}).shifts(0.0, "nue", COUPLINGS)
    assert dg_p == pytest.approx(0.0238, abs=5e-5)
    by_hand = math.sqrt(2.0) * math.pi / 137.035999 / (3.0 * 1.1663788e-11) * 1e-32 / (197.3269804e-13) ** 2
    assert dg_p == pytest.approx(by_hand, rel=1e-8, abs=0.0)
    assert dg_n == 0.0
    # where it is the one-loop part of g_p: -0.83, -0.48, -0.30e-32 cm^2 and 0.0197, 0.0114, 0.0071 to rounding
    loop = WeakCouplings(radiative=True)
    for entry, flavor, radius in (
        ("ee", "nue", -0.83e-32),
        ("mumu", "anumu", -0.48e-32),
        ("tautau", "nutau", -0.30e-32),
    ):
        shift = ChargeRadius({entry: radius}).shifts(0.0, flavor, COUPLINGS)[0]
        assert shift == pytest.approx(loop.charge_radius_coupling(flavor), abs=1.2e-4)
        assert (
            ChargeRadius({entry: radius}).shifts(0.0, "nue" if entry != "ee" else "numu", COUPLINGS)[0] == 0.0
        )


@given(st.floats(-9.0, 30.0), st.sampled_from(["ee", "mumu", "tautau", "emu", "etau", "mutau"]))
def test_the_two_conventions_differ_by_two(radius, entry):
    first = ChargeRadius({entry: radius * 1e-32})
    second = ChargeRadius({entry: radius * 1e-32}, convention="mixing_angle")
    for flavor in FLAVORS:
        assert second.shifts(1.0, flavor, COUPLINGS)[0] == 2.0 * first.shifts(1.0, flavor, COUPLINGS)[0]
        a = first.flavor_changing(1.0, flavor, COUPLINGS)
        b = second.flavor_changing(1.0, flavor, COUPLINGS)
        assert [p for p, _ in b] == [2.0 * p for p, _ in a]
    # and the second is what its name says
    angle = COUPLINGS.sin2_theta_w + math.sqrt(2.0) * math.pi * CODATA.fine_structure / (3.0 * G_F) * (
        radius * 1e-32 / CODATA.hbar_c**2
    )
    if entry == "ee":
        moved = WeakCouplings(sin2_theta_w=angle).vector_proton - COUPLINGS.vector_proton
        assert second.shifts(1.0, "nue", COUPLINGS)[0] == pytest.approx(moved, rel=1e-9, abs=1e-15)


def test_charge_radius_on_top_of_radiative_corrections():
    loop = WeakCouplings(radiative=True)
    # the whole radius replaces the one that the corrections hold; a deviation is added to it
    unit = -ChargeRadius({"mumu": 1e-32}).shifts(0.0, "numu", COUPLINGS)[0]
    same = ChargeRadius({"mumu": -loop.charge_radius_coupling("numu") / unit * 1e-32})
    assert same.shifts(0.0, "numu", loop)[0] == pytest.approx(0.0, abs=1e-15)
    assert same.shifts(0.0, "numu", COUPLINGS)[0] == pytest.approx(0.0114, rel=1e-12, abs=0.0)
    deviation = ChargeRadius({"mumu": -1e-32}, relative_to="standard_model")
    assert deviation.shifts(0.0, "numu", loop)[0] == pytest.approx(unit, rel=1e-12, abs=0.0)
    # a radius of zero leaves the flavour-independent g_p
    none = scattering(ChargeRadius({}), radiative=True)
    np.testing.assert_allclose(none.amplitude(Q, "nue"), none.amplitude(Q, "nutau"), rtol=1e-13)
    np.testing.assert_allclose(none.photon_amplitude(Q, "nue"), 0.0, atol=1e-13)


def test_transition_charge_radius():
    # adds Z^2 F^2 |0.0238 r_ab^2|^2, and couples like the photon
    xs = scattering(ChargeRadius({"etau": 20e-32, "emu": -10e-32}))
    unit = abs(ChargeRadius({"ee": 1e-32}).shifts(0.0, "nue", COUPLINGS)[0])
    expected = (Z * unit) ** 2 * (20.0**2 + 10.0**2) / charge() ** 2
    ratio = xs.total(15.0, "anue") / SM.total(15.0)
    assert float(ratio) == pytest.approx(1.0 + expected, rel=1e-12, abs=0.0)
    for all_of_it, photon in zip(
        xs.flavor_changing(Q, "nue"), xs.photon_flavor_changing(Q, "nue"), strict=True
    ):
        np.testing.assert_array_equal(all_of_it, photon)
    # together with a contact interaction only its own part is the photon's
    both = scattering(ChargeRadius({"etau": 20e-32}), NSI(up={"etau": 0.1}))
    total = both.flavor_changing(Q, "nue")[2]
    photon = both.photon_flavor_changing(Q, "nue")[2]
    np.testing.assert_allclose(photon, -Z * unit * 20.0 * SM.form_factor(Q), rtol=1e-12)
    np.testing.assert_allclose(total - photon, 0.1 * (2.0 * Z + N) * SM.form_factor(Q), rtol=1e-12)


@given(st.floats(-3.0, 3.0), st.floats(1.0, 1e4))
def test_millicharge_and_charge_radius_are_one_vertex(radius, q2):
    # f = e_nu - Q^2 <r^2>/6
    e_nu = -q2 * (radius * 1e-32 / CODATA.hbar_c**2) / 6.0
    ours = Millicharge({"mumu": e_nu}).shifts(q2, "anumu", COUPLINGS)
    theirs = ChargeRadius({"mumu": radius * 1e-32}).shifts(q2, "anumu", COUPLINGS)
    assert ours[0] == pytest.approx(theirs[0], rel=1e-12, abs=0.0)
    assert ours[1] == 0.0
    ours = Millicharge({"mutau": e_nu}).flavor_changing(q2, "nutau", COUPLINGS)
    theirs = ChargeRadius({"mutau": radius * 1e-32}).flavor_changing(q2, "nutau", COUPLINGS)
    for (a, _), (b, _) in zip(ours, theirs, strict=True):
        assert a == pytest.approx(b, rel=1e-12, abs=0.0)
    assert Millicharge({}).photon_like


def test_millicharge_is_coulomb_scattering():
    # alone it is Rutherford's cross section of a charge e_nu: dsigma/dT = 2 pi alpha^2 e_nu^2 Z^2/(M T^2) at T -> 0
    e_nu, t = 0.3, 1e-12
    xs = scattering(Millicharge({"ee": e_nu}))
    expected = 2.0 * math.pi * (CODATA.fine_structure * e_nu * Z * CODATA.hbar_c) ** 2 / (MASS * t**2)
    assert float(xs.dsigma_dT(30.0, t)) == pytest.approx(expected, rel=1e-5, abs=0.0)


@pytest.mark.parametrize(
    ("name", "energy", "t_kev", "expected"),
    [
        ("Ar40", 30.0, 20.0, 4.038674e-44),
        ("Xe132", 10.0, 1.0, 7.273736e-42),
        ("Ge74", 3.0, 0.1, 2.554459e-41),
    ],
)
def test_magnetic_scattering_frozen(name, energy, t_kev, expected):
    # independent prototype, mu = 1e-10 Bohr magnetons and F = 1, cm^2/keV; printed with seven digits
    nucleus = Nucleus.named(name)
    plain = CEvNS(nucleus, Point())
    xs = CEvNS(nucleus, Point(), new_physics=(MagneticMoment(1e-10),))
    t = 1e-3 * t_kev
    c0, c1, c2 = (a - b for a, b in zip(xs.recoil_coefficients(t), plain.recoil_coefficients(t), strict=True))
    assert float(c0 + c1 / energy + c2 / energy**2) * 1e-3 == pytest.approx(expected, rel=2e-6, abs=0.0)


@pytest.mark.parametrize("energy", [2.0, 30.0])
def test_magnetic_scattering_above_a_threshold(energy):
    # K [ln(T_max/T_th) - (T_max - T_th)/E], K = pi alpha^2 mu^2 Z^2 (hbar c)^2/m_e^2
    xs, plain = scattering(MagneticMoment(1e-9), form_factor=Point()), scattering(form_factor=Point())
    unit = math.pi * (CODATA.fine_structure * CODATA.hbar_c * 1e-9 * Z / CODATA.electron_mass) ** 2
    top = float(xs.largest_recoil(energy))
    for threshold in (1e-3 * top, 1e-9, 1e-14):
        expected = unit * (math.log(top / threshold) - (top - threshold) / energy)
        more = xs.total(energy, recoil_min=threshold) - plain.total(energy, recoil_min=threshold)
        assert float(more) == pytest.approx(expected, rel=1e-7, abs=0.0)
    # transport is finite without one: int MT/(E(E-T)) (1/T - 1/E) dT = M T_max/E^2 exactly
    more = float(xs.transport(energy) - plain.transport(energy))
    assert more == pytest.approx(unit * MASS * top / energy**2, rel=1e-9, abs=0.0)


def test_magnetic_scattering_in_angle():
    # pi alpha^2 mu^2 Z^2 (hbar c)^2/m_e^2 F^2/(1 - cos), whatever the energy
    xs = scattering(MagneticMoment(1e-9))
    unit = math.pi * (CODATA.fine_structure * CODATA.hbar_c * 1e-9 * Z / CODATA.electron_mass) ** 2
    for energy, cosine in ((5.0, 0.9), (40.0, -0.5)):
        q = energy * math.sqrt(2.0 * (1.0 - cosine)) / HBAR_C
        expected = unit * float(SM.form_factor(np.array(q))) ** 2 / (1.0 - cosine)
        more = float(xs.dsigma_dcos(energy, cosine) - SM.dsigma_dcos(energy, cosine))
        assert more == pytest.approx(expected, rel=1e-6, abs=0.0)


def test_magnetic_scattering_of_spin_zero():
    # (1/T) (1 - T/2E)^2
    energy, t = 30.0, 5e-3
    exact, usual = (
        float((a - SM.recoil_coefficients(t)[0]) + (b - SM.recoil_coefficients(t)[1]) / energy)
        + float(c - SM.recoil_coefficients(t)[2]) / energy**2
        for a, b, c in (
            scattering(MagneticMoment(1e-8, exact_spin_zero=True)).recoil_coefficients(t),
            scattering(MagneticMoment(1e-8)).recoil_coefficients(t),
        )
    )
    assert exact / usual == pytest.approx(
        (1.0 - t / (2.0 * energy)) ** 2 / (1.0 - t / energy), rel=1e-9, abs=0.0
    )


def test_moments_of_each_flavor_reach_the_cross_section():
    moments = TransitionMoments((1e-9, 2e-9, 0.5e-9))
    term = MagneticMoment(moments)
    assert term.majorana
    for flavor in FLAVORS:
        assert term.squared(flavor) == moments.squared(flavor)
        number = MagneticMoment(math.sqrt(moments.squared(flavor)))
        ours = scattering(term).total(8.0, flavor, recoil_min=1e-4)
        np.testing.assert_allclose(ours, scattering(number).total(8.0, flavor, recoil_min=1e-4), rtol=1e-12)
    assert scattering(term).total(8.0, "nue", 1e-4) != scattering(term).total(8.0, "numu", 1e-4)


def test_majorana_or_dirac():
    dirac = DiracMoments(np.diag([1e-10] * 3))
    assert not MagneticMoment(dirac).majorana
    assert MagneticMoment(1e-10).majorana
    assert not MagneticMoment(1e-10, majorana=False).majorana
    with pytest.raises(MicrophysicsError, match="Dirac"):
        MagneticMoment(dirac, majorana=True)
    assert not Scalar(1e-5, 1.0, 1e-5, 1e-5).majorana


# -------------------------------------------------------------------------------------------- derivatives

STRENGTHS = [
    (lambda v: NSI(up={"ee": v, "emu": 0.3}), 0.1, "nue"),
    (lambda v: NSI(up={"emu": v}, down={"emu": 0.05}), 0.1, "numu"),
    (lambda v: ZPrime(v, 5.0), 1e-4, "nue"),
    (lambda v: ZPrime(1e-4, v), 5.0, "anutau"),
    (lambda v: MuTauMediator(v, 5.0), 1e-3, "numu"),
    (lambda v: ZPrimeMixing(1e-4, 5.0, v), 0.1, "nue"),
    (lambda v: ChargeRadius({"ee": v}), 1e-31, "nue"),
    (lambda v: ChargeRadius({"etau": v}), 1e-31, "nutau"),
    (lambda v: Millicharge({"ee": v}), 1e-8, "nue"),
    (lambda v: MagneticMoment(v), 1e-8, "nue"),
    (lambda v: MagneticMoment(TransitionMoments((v, 1e-8, 0.0))), 1e-8, "nue"),
    (lambda v: Scalar(v, 1.0, 1e-4, 1e-4), 1e-4, "nue"),
    (lambda v: Scalar(1e-4, 1.0, v, 1e-4), 1e-4, "nue"),
]


@pytest.mark.parametrize(("build", "value", "flavor"), STRENGTHS)
def test_derivatives_with_respect_to_strengths(build, value, flavor):
    def sigma(v):
        return scattering(build(v)).transport(20.0, flavor, recoil_min=1e-5)

    step = 1e-4 * value
    difference = (sigma(value + step) - sigma(value - step)) / (2.0 * step)
    derivative = sigma(value + 1e-30j * value).imag / (1e-30 * value)
    assert float(derivative) == pytest.approx(float(difference), rel=1e-5, abs=0.0)
    assert derivative != 0.0


def test_higgs_expectation_value():
    # G_F^2 scales what the weak force does alone; photon exchange does not know of it
    xs, other = scattering(MagneticMoment(1e-9)), scattering(MagneticMoment(1e-9), vev_ratio=1.2)
    weak, weaker = SM, scattering(vev_ratio=1.2)
    t = 1e-4
    assert float(weaker.dsigma_dT(5.0, t) / weak.dsigma_dT(5.0, t)) == pytest.approx(
        1.2**-4, rel=1e-12, abs=0.0
    )
    ours = xs.dsigma_dT(5.0, t) - weak.dsigma_dT(5.0, t)
    assert float(other.dsigma_dT(5.0, t) - weaker.dsigma_dT(5.0, t)) == pytest.approx(
        float(ours), rel=1e-10, abs=0.0
    )
    for term in (Millicharge({"ee": 1e-7}), ZPrime(1e-4, 3.0), ChargeRadius({"ee": 1e-31})):
        # in the amplitude: shift times G_F is the same
        first, second = (term.shifts(100.0, "nue", WeakCouplings(vev_ratio=v))[0] for v in (1.0, 1.2))
        assert second == pytest.approx(1.2**2 * first, rel=1e-12, abs=0.0)


def test_refusals():
    with pytest.raises(UnknownNameError, match=r"unknown set of charges 'b_l'.*'b-l'"):
        ZPrime(1e-4, 1.0, "b_l")
    with pytest.raises(UnknownNameError, match="convention of the charge radius"):
        ChargeRadius({}, convention="other")
    with pytest.raises(UnknownNameError, match="reference of the charge radius"):
        ChargeRadius({}, relative_to="sm")
    with pytest.raises(OutOfRangeError, match="loop_sign"):
        MuTauMediator(1e-4, 1.0, loop_sign=0)
    for build in (
        lambda: ZPrime(1e-4, -1.0),
        lambda: Scalar(1e-4, math.nan, 1.0, 1.0),
        lambda: MuTauMediator(1e-4, -1.0),
        lambda: ZPrimeMixing(1e-4, -1.0, 0.1),
    ):
        with pytest.raises(OutOfRangeError, match="mass"):
            build()
    terms = [NSI(), ZPrime(1e-4, 1.0), MuTauMediator(1e-4, 1.0), ChargeRadius({}), Millicharge({})]
    for term in [*terms, ZPrimeMixing(1e-4, 1.0, 0.1)]:
        with pytest.raises(UnknownNameError, match="neutrino flavor"):
            term.shifts(1.0, "nux", COUPLINGS)
    for term in (MagneticMoment(1e-10), Scalar(1e-4, 1.0, 1.0, 1.0)):
        with pytest.raises(UnknownNameError, match="neutrino flavor"):
            term.coefficients(np.array(1e-3), GERMANIUM, Point(), "nux", COUPLINGS)
