"""Electromagnetic moments: matrix form against closed forms derived by hand, identities, published limits."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import constants as si

from microphysics.errors import OutOfRangeError, UnknownNameError
from microphysics.weak.couplings import FAMILIES, FLAVORS
from microphysics.weak.moments import (
    SOURCES,
    DiracMoments,
    Mixing,
    TransitionMoments,
    mean_squared,
    solar_probabilities,
)

sine = st.floats(0.01, 0.99)
angle = st.floats(-math.pi, math.pi)
modulus = st.floats(0.05, 10.0)
mixings = st.builds(Mixing, sine, sine, sine, angle)
majorana = st.builds(
    TransitionMoments,
    st.tuples(modulus, modulus, modulus),
    st.tuples(angle, angle, angle),
    st.sampled_from(["mass", "flavor"]),
    mixings,
)


def complex_vector(moments):
    return np.array(moments.moduli) * np.exp(1j * np.array(moments.phases))


def close(value):
    return pytest.approx(value, rel=1e-11, abs=1e-13)


@given(mixings)
def test_mixing_matrix_is_unitary_with_the_standard_entries(mixing):
    u = mixing.matrix
    np.testing.assert_allclose(u @ u.conj().T, np.eye(3), atol=1e-14)
    s13, s23, s12 = mixing.sin2_13, mixing.sin2_23, mixing.sin2_12
    assert abs(u[0, 2]) ** 2 == close(s13)
    assert abs(u[0, 1]) ** 2 == close((1.0 - s13) * s12)
    assert abs(u[1, 2]) ** 2 == close((1.0 - s13) * s23)
    # Jarlskog's invariant carries the sign of the phase
    c13 = math.sqrt(1.0 - s13)
    product = math.sqrt(s12 * (1.0 - s12) * s23 * (1.0 - s23) * s13) * c13**2 * math.sin(mixing.delta_cp)
    assert (u[0, 0] * u[1, 1] * (u[0, 1] * u[1, 0]).conj()).imag == close(product)


@given(majorana)
def test_flavor_basis_in_closed_form(moments):
    # |lambda_ab| = |Lambda_c|: what leaves flavour a
    if moments.basis == "mass":
        return
    e, mu, tau = (m**2 for m in moments.moduli)
    expected = {"nue": mu + tau, "anue": mu + tau, "numu": e + tau, "anumu": e + tau, "nutau": e + mu}
    for flavor, value in expected.items():
        assert moments.squared(flavor) == close(value)


@given(mixings, st.tuples(modulus, modulus, modulus), st.tuples(angle, angle, angle))
def test_reactor_in_closed_form(mixing, moduli, phases):
    # sum |Lambda|^2 - |U_e1 L1 + U_e2 L2 + U_e3 L3|^2 written out, U_e3 = s13 e^(-i delta)
    l1, l2, l3 = moduli
    s12, c12 = math.sqrt(mixing.sin2_12), math.sqrt(1.0 - mixing.sin2_12)
    s13, c13 = math.sqrt(mixing.sin2_13), math.sqrt(1.0 - mixing.sin2_13)
    p12, p13, p23 = phases[1] - phases[0], phases[2] - phases[0], phases[2] - phases[1]
    d = mixing.delta_cp
    expected = (
        l1**2 * (1.0 - c12**2 * c13**2)
        + l2**2 * (1.0 - s12**2 * c13**2)
        + l3**2 * c13**2
        - 2.0 * s12 * c12 * c13**2 * l1 * l2 * math.cos(p12)
        - 2.0 * c12 * c13 * s13 * l1 * l3 * math.cos(p13 - d)
        - 2.0 * s12 * c13 * s13 * l2 * l3 * math.cos(p23 - d)
    )
    moments = TransitionMoments(moduli, phases, "mass", mixing)
    assert moments.squared(SOURCES["reactor"]) == close(expected)
    assert moments.squared(SOURCES["pion decay at rest, delayed nue"]) == close(expected)


@given(mixings, st.tuples(modulus, modulus, modulus), st.tuples(angle, angle, angle))
def test_stopped_pions_in_closed_form(mixing, moduli, phases):
    # the muon's row of U, written out with trigonometry; prompt numu and delayed anumu alike
    s12, c12 = math.sqrt(mixing.sin2_12), math.sqrt(1.0 - mixing.sin2_12)
    s13, c13 = math.sqrt(mixing.sin2_13), math.sqrt(1.0 - mixing.sin2_13)
    s23, c23 = math.sqrt(mixing.sin2_23), math.sqrt(1.0 - mixing.sin2_23)
    d = mixing.delta_cp
    one, two, three = moduli
    cosine, sine_ = math.cos(d), math.sin(d)
    # real and imaginary part of U_mu k
    row = [
        (-s12 * c23 - c12 * s13 * s23 * cosine, -c12 * s13 * s23 * sine_),
        (c12 * c23 - s12 * s13 * s23 * cosine, -s12 * s13 * s23 * sine_),
        (c13 * s23, 0.0),
    ]
    real = imaginary = 0.0
    for (a, b), m, p in zip(row, moduli, phases, strict=True):
        real += m * (a * math.cos(p) - b * math.sin(p))
        imaginary += m * (a * math.sin(p) + b * math.cos(p))
    expected = one**2 + two**2 + three**2 - real**2 - imaginary**2
    moments = TransitionMoments(moduli, phases, "mass", mixing)
    assert moments.squared(SOURCES["pion decay at rest, prompt"]) == close(expected)
    assert moments.squared(SOURCES["pion decay at rest, delayed anumu"]) == close(expected)


@given(majorana)
def test_matrix_form_from_scratch(moments):
    # sum_j |sum_i U*_ai lambda_ij|^2 with lambda_ij = eps_ijk Lambda_k typed out
    a, b, c = complex_vector(moments)
    matrix = np.array([[0.0, c, -b], [-c, 0.0, a], [b, -a, 0.0]])
    np.testing.assert_allclose(moments.matrix, matrix, rtol=1e-14)
    u = moments.mixing.matrix if moments.basis == "mass" else np.eye(3)
    for k, name in enumerate(FAMILIES):
        expected = np.sum(np.abs(u[k].conj() @ matrix) ** 2)
        assert moments.squared(f"nu{name}") == close(expected)
        assert moments.squared(f"anu{name}") == close(expected)


@given(majorana)
def test_sum_over_flavors_is_the_trace(moments):
    total = sum(moments.squared(f"nu{name}") for name in FAMILIES)
    assert total == close(2.0 * sum(m**2 for m in moments.moduli))
    assert all(moments.squared(flavor) >= -1e-12 for flavor in FLAVORS)


@given(mixings, st.tuples(modulus, modulus, modulus), st.tuples(angle, angle, angle))
def test_the_two_bases_describe_one_neutrino(mixing, moduli, phases):
    # Lambda in flavour = det(U*) U Lambda in mass
    mass = TransitionMoments(moduli, phases, "mass", mixing)
    u = mixing.matrix
    vector = np.linalg.det(u.conj()) * (u @ complex_vector(mass))
    flavor = TransitionMoments(tuple(np.abs(vector)), tuple(np.angle(vector)), "flavor", mixing)
    np.testing.assert_allclose(flavor.in_mass_basis(), mass.matrix, atol=1e-13)
    for name in FLAVORS:
        assert flavor.squared(name) == close(mass.squared(name))
        # oscillation does not mind the basis either
        there = flavor.squared(name, energy=3.0, baseline=2e5)
        assert there == close(mass.squared(name, energy=3.0, baseline=2e5))


def test_conjugate_mixing_matrix_is_another_answer():
    moments = TransitionMoments((1.0, 2.0, 3.0), (0.3, 1.0, -0.7), "mass", Mixing(delta_cp=1.2))
    u = moments.mixing.matrix
    wrong = np.sum(np.abs(u[0] @ moments.matrix) ** 2)
    assert abs(wrong / moments.squared("nue") - 1.0) > 0.1


@given(mixings, st.lists(st.floats(-3.0, 3.0), min_size=9, max_size=9), st.sampled_from(["mass", "flavor"]))
def test_dirac_moments(mixing, numbers, basis):
    a = np.array(numbers).reshape(3, 3)
    matrix = a + a.T + 1j * (a - a.T)
    moments = DiracMoments(matrix, basis, mixing)
    assert not moments.majorana
    u = mixing.matrix
    between_flavors = u @ matrix @ u.conj().T if basis == "mass" else matrix
    for k, name in enumerate(FAMILIES):
        # (mu^2)_aa of the matrix between flavours; antineutrinos carry the transposed one
        expected = (between_flavors @ between_flavors)[k, k].real
        assert moments.squared(f"nu{name}") == pytest.approx(expected, rel=1e-10, abs=1e-10)
        assert moments.squared(f"anu{name}") == pytest.approx(expected, rel=1e-10, abs=1e-10)
    total = sum(moments.squared(f"nu{name}") for name in FAMILIES)
    assert total == pytest.approx(np.sum(np.abs(matrix) ** 2), rel=1e-10, abs=1e-10)


def test_diagonal_dirac_moments_belong_to_their_flavor():
    moments = DiracMoments(np.diag([1.0, 2.0, 3.0]))
    assert [moments.squared(f) for f in ("nue", "anumu", "nutau")] == pytest.approx([1.0, 4.0, 9.0])


@given(majorana, st.floats(0.5, 50.0), st.floats(0.0, 1e8))
def test_oscillating_beam_in_closed_form(moments, energy, baseline):
    # |a|^2 sum |Lambda|^2 - |sum_i a_i* Lambda_i|^2 with a_i = U*_ei exp(-i dm^2 L/2E)
    lam = moments.in_mass_basis()
    vector = np.array([lam[1, 2], lam[2, 0], lam[0, 1]])
    hbar_c = si.hbar * si.c / si.eV * 100.0  # eV cm
    splitting = np.array([0.0, moments.mixing.dm2_21, moments.mixing.dm2_31])
    phase = splitting * baseline / (2.0 * energy * 1e6 * hbar_c)
    for flavor, sign in (("nue", 1j), ("anue", -1j)):
        seen = np.abs(np.sum(moments.mixing.matrix[0] * np.exp(sign * phase) * vector)) ** 2
        expected = np.sum(np.abs(vector) ** 2) - seen
        # the phase reaches 1e4
        assert moments.squared(flavor, energy, baseline) == pytest.approx(expected, rel=1e-7, abs=1e-7)


def test_oscillation_phases_in_numbers():
    # dm^2_21 = 7.5e-5 eV^2, 180 km, 4 MeV: 1.26693 x 7.5e-5 x 1.8e5/4 = 4.2759; half the phase
    mixing = Mixing(dm2_21=7.5e-5)
    near = mixing.amplitudes("nue")
    far = mixing.amplitudes("nue", 4.0, 1.8e7)
    assert np.angle(far[1] / near[1]) == pytest.approx(
        math.remainder(-2.0 * 4.27589, 2.0 * math.pi), abs=2e-4
    )
    # particles and antiparticles differ by the conjugate amplitudes
    opposite = mixing.amplitudes("anue", 4.0, 1.8e7)
    np.testing.assert_allclose(opposite, near * (far / near).conj(), rtol=1e-12)


def test_cp_turns_neutrinos_into_antineutrinos():
    phases = (0.4, -1.1, 2.0)
    ours = TransitionMoments((1.0, 2.0, 0.5), phases, mixing=Mixing(delta_cp=0.9))
    mirrored = TransitionMoments((1.0, 2.0, 0.5), tuple(-p for p in phases), mixing=Mixing(delta_cp=-0.9))
    energy = np.array([2.0, 5.0, 9.0])
    a, b = ours.squared("numu", energy, 3e7), mirrored.squared("anumu", energy, 3e7)
    np.testing.assert_allclose(a, b, rtol=1e-12)
    assert np.max(np.abs(a / ours.squared("anumu", energy, 3e7) - 1.0)) > 1e-2


def test_fast_phases_average_to_the_mixture():
    moments = TransitionMoments((1.0, 2.0, 0.5), (0.4, -1.1, 2.0), mixing=Mixing(delta_cp=0.9))
    energy = 1.0 / np.linspace(0.1, 1.0, 20001)
    mean = np.mean(moments.squared("nue", energy, 1e12))
    mixture = moments.squared_of_mixture(np.abs(moments.mixing.matrix[0]) ** 2)
    # the phases are sampled, not integrated
    assert mean == pytest.approx(mixture, rel=5e-3, abs=0.0)
    assert abs(moments.squared("nue") / mixture - 1.0) > 0.03


@given(st.tuples(modulus, modulus, modulus), st.floats(0.0, 1.0), st.floats(0.0, 0.5))
def test_solar_in_closed_form(moduli, survival, s13):
    # Canas et al. 2016: |L|^2 - c13^2 |L2|^2 + (c13^2 - 1) |L3|^2 + c13^2 P_e1 (|L2|^2 - |L1|^2)
    one, two, three = (m**2 for m in moduli)
    c13 = 1.0 - s13
    expected = one + two + three - c13 * two + (c13 - 1.0) * three + c13 * survival * (two - one)
    probabilities = solar_probabilities(survival, s13)
    assert probabilities.sum() == close(1.0)
    assert TransitionMoments(moduli).squared_of_mixture(probabilities) == close(expected)


def test_borexino_limits():
    # mu < 2.8e-11 of Borexino gives 0.44, 0.36, 0.28e-10 one at a time (Miranda et al. 2019, JHEP 07, 103): to rounding
    probabilities = solar_probabilities(0.605, 0.0216)
    limits = []
    for k in range(3):
        moduli = tuple(1.0 if k == i else 0.0 for i in range(3))
        limits.append(2.8e-11 / math.sqrt(TransitionMoments(moduli).squared_of_mixture(probabilities)))
    assert [round(v * 1e10, 2) for v in limits] == [0.44, 0.36, 0.28]
    np.testing.assert_allclose(np.array(limits) * 1e10, [0.4383, 0.3575, 0.2831], atol=1e-4)


def test_row_ratios_are_fixed_by_mixing_alone():
    # limits on one Lambda at a time go as 1/sqrt(1 - |U_mu k|^2); exact, whatever the detector
    mixing = Mixing()
    form = TransitionMoments((1.0, 1.0, 1.0), mixing=mixing).quadratic_form(mixing.amplitudes("numu"))
    ratio = 1.0 / np.sqrt(np.diag(form) / form[0, 0])
    s12, s23, s13 = 0.320, 0.547, 0.0216
    cross = 2.0 * math.sqrt(s12 * (1 - s12) * s23 * (1 - s23) * s13)
    first = 1.0 - (s12 * (1 - s23) + (1 - s12) * s13 * s23 + cross)
    second = 1.0 - ((1 - s12) * (1 - s23) + s12 * s13 * s23 - cross)
    third = 1.0 - (1 - s13) * s23
    np.testing.assert_allclose(ratio, np.sqrt(first / np.array([first, second, third])), rtol=1e-13)
    # published rows have three digits: 69.2, 70.2, 89.6 and 25.9, 26.2, 33.5 (Miranda et al. 2019)
    for row in ([69.2, 70.2, 89.6], [25.9, 26.2, 33.5]):
        np.testing.assert_allclose(ratio * row[0], row, rtol=4e-3)


def test_published_rows_of_limits(reference, read_columns):
    table = read_columns(reference / "cevns" / "tmm_limits_sns.csv")
    mixing = Mixing()
    diagonal = {}
    for flavor in ("nue", "anumu"):
        form = TransitionMoments((1.0, 1.0, 1.0)).quadratic_form(mixing.amplitudes(flavor))
        diagonal[flavor] = np.diag(form)
    for detector in ("CsI", "HPGe"):
        for column in (
            "published_current_1e-10muB",
            "published_future",
            "prototype_current",
            "prototype_future",
        ):
            values = {
                beam: table[column][(table["detector"] == detector) & (table["beam"] == beam)]
                for beam in ("prompt", "delayed")
            }
            prompt = values["prompt"] * np.sqrt(diagonal["anumu"])
            # three digits, for the future values two
            rtol = 5e-3 if "current" in column else 1.5e-2
            np.testing.assert_allclose(prompt, prompt.mean(), rtol=rtol)
            # delayed: one weight of nue against anumu explains both ratios of a row, and is near one half
            inverse = (values["delayed"][0] / values["delayed"]) ** 2
            a, b = diagonal["nue"], diagonal["anumu"]
            # (w a_k + (1-w) b_k) = inverse_k (w a_0 + (1-w) b_0), least squares for w
            slope = (a - b) - inverse * (a[0] - b[0])
            offset = b - inverse * b[0]
            weight = -(slope @ offset) / (slope @ slope)
            mixed = weight * a + (1.0 - weight) * b
            spread = values["delayed"] * np.sqrt(mixed)
            np.testing.assert_allclose(spread, spread.mean(), rtol=rtol)
            assert 0.40 < weight < 0.50


def test_source_of_several_flavors():
    moments = TransitionMoments((1.0, 2.0, 3.0))
    value = mean_squared(moments, {"nue": 1.0, "anumu": 3.0})
    assert value == close(0.25 * moments.squared("nue") + 0.75 * moments.squared("numu"))
    assert mean_squared(moments, {"nue": 2.0}) == close(moments.squared("nue"))


def test_derivative_by_a_complex_step():
    mixing = Mixing(delta_cp=0.7)
    moduli, phases = np.array([1.0, 2.0, 3.0]), (0.1, 0.2, 0.5)
    form = TransitionMoments(tuple(moduli), phases, mixing=mixing).quadratic_form(mixing.amplitudes("numu"))
    stepped = TransitionMoments((1.0, 2.0 + 1e-30j, 3.0), phases, mixing=mixing).squared("numu")
    assert stepped.imag / 1e-30 == close(2.0 * (form @ moduli)[1])


def test_refusals():
    with pytest.raises(UnknownNameError, match="unknown basis of moments 'flavour'"):
        TransitionMoments((1.0, 0.0, 0.0), basis="flavour")
    with pytest.raises(UnknownNameError, match="unknown basis"):
        DiracMoments(np.eye(3), basis="weak")
    with pytest.raises(OutOfRangeError, match="moduli"):
        TransitionMoments((1.0, 0.0))
    with pytest.raises(OutOfRangeError, match="Hermitian"):
        DiracMoments([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    with pytest.raises(OutOfRangeError, match="sin2_13"):
        Mixing(sin2_13=1.2)
    with pytest.raises(OutOfRangeError, match="electron_survival"):
        solar_probabilities(1.2)
    with pytest.raises(UnknownNameError, match="nue"):
        mean_squared(TransitionMoments((1.0, 0.0, 0.0)), {"nuee": 1.0})
    with pytest.raises(UnknownNameError):
        TransitionMoments((1.0, 0.0, 0.0)).squared("nux")
