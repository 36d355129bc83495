import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plasmas import matter_of_coupling

from microphysics.errors import ExtrapolationWarning, OutOfRangeError
from microphysics.structure.closed_forms import (
    MSA,
    DebyeHuckel,
    FittedMSA,
    PercusYevick,
    _hard_core_integrals,
    debye_huckel,
    fitted_packing,
    msa_coefficients,
    msa_packing,
    percus_yevick,
    variational_packing,
)
from microphysics.structure.models import transport_average
from microphysics.structure.plasma import coulomb_coupling, ion_sphere_radius, screening_parameter

RIGID = [MSA(), FittedMSA(), PercusYevick()]


def pair_distribution(structure, r):
    """g(r) by a plain Fourier integral, r in a; a Gaussian at the far end leaves the tail of S - 1 out gently."""
    step, last = 0.01, 400.0
    q = np.arange(1, int(last / step)) * step
    integrand = q * (structure(q) - 1.0) * np.exp(-((2.5 * q / last) ** 2))
    density = 3.0 / (4.0 * np.pi)
    return np.array([1.0 + step * integrand @ np.sin(q * x) / (2.0 * np.pi**2 * density * x) for x in r])


# Debye and Hueckel


def test_debye_huckel_limits():
    q = np.array([0.0, 1e-3, 0.5, 1e4])
    np.testing.assert_array_equal(debye_huckel(q, 0.0, 0.0), 1.0)
    assert debye_huckel(0.0, 2.0, 0.0) == 0.0
    assert debye_huckel(0.0, 2.0, 0.5) == pytest.approx(0.25 / 6.25, rel=1e-15)
    assert debye_huckel(1e4, 100.0) == pytest.approx(1.0, abs=1e-5)


def test_debye_huckel_pair_distribution():
    # h = -Gamma exp(-k_D r)/r with k_D^2 = 3 Gamma + kappa^2
    gamma, kappa, r = 0.2, 0.4, np.array([0.5, 1.0, 2.0, 4.0])
    g = pair_distribution(lambda q: debye_huckel(q, gamma, kappa), r)
    screened = gamma / r * np.exp(-np.sqrt(3.0 * gamma + kappa**2) * r)
    # S - 1 = -3 Gamma/(q^2 + k_D^2) of total weight n h: minus the Yukawa potential
    np.testing.assert_allclose(g - 1.0, -screened, rtol=2e-3)


def test_debye_huckel_in_matter():
    matter = matter_of_coupling([0.05, 0.2])
    q = np.array([[0.001, 0.01, 0.1]])
    a, gamma, kappa = (f(matter)[:, None] for f in (ion_sphere_radius, coulomb_coupling, screening_parameter))
    expected = ((q * a) ** 2 + kappa**2) / ((q * a) ** 2 + kappa**2 + 3.0 * gamma)
    np.testing.assert_allclose(DebyeHuckel()(q, matter), expected, rtol=1e-13)


def test_debye_huckel_says_when_it_is_used_at_strong_coupling():
    gamma = np.array([0.1, 2.0, 30.0])
    with pytest.warns(ExtrapolationWarning, match=r"Gamma is above in 2 of 3 .* 30; the formula is used"):
        result = DebyeHuckel().reduced(1.0, gamma)
    np.testing.assert_array_equal(result, debye_huckel(1.0, gamma))
    with pytest.raises(OutOfRangeError, match=r"'debye_huckel' is made for 0 <= Gamma <= 0.3"):
        DebyeHuckel("error").reduced(1.0, gamma)


# integrals over the core


def test_integrals_on_both_sides_of_the_series():
    x, weight = np.polynomial.legendre.leggauss(60)
    x, weight = 0.5 * (1.0 + x), 0.5 * weight
    y = np.array([0.0, 1e-9, 1e-3, 0.5, 2.0 - 1e-12, 2.0, 2.1, 9.0, 30.0])
    for m, values in enumerate(_hard_core_integrals(y), start=1):
        expected = [weight @ (x ** (m + 1) * np.sinc(each * x / np.pi)) for each in y]
        np.testing.assert_allclose(values, expected, rtol=1e-11, atol=1e-15)


# hard spheres


@given(st.floats(1e-3, 0.5))
def test_compressibility_of_hard_spheres(eta):
    expected = (1.0 - eta) ** 4 / (1.0 + 2.0 * eta) ** 2
    assert percus_yevick(0.0, eta) == pytest.approx(expected, rel=1e-11)
    assert percus_yevick(1e-5, eta) == pytest.approx(expected, rel=1e-8)


def test_hard_spheres_do_not_overlap():
    eta = 0.3
    sigma = 2.0 * np.cbrt(eta)
    inside = pair_distribution(lambda q: percus_yevick(q, eta), sigma * np.array([0.3, 0.5, 0.7, 0.9]))
    np.testing.assert_allclose(inside, 0.0, atol=2e-3)
    outside = pair_distribution(lambda q: percus_yevick(q, eta), [1.05 * sigma])
    assert outside[0] > 1.5


def test_coulomb_energy_of_hard_spheres():
    # u = (Gamma/pi) int (S - 1) dq is the closed form that the variational packing minimises
    q = np.arange(0.0, 4000.0, 0.01)
    for eta in (0.1, 0.3, 0.45):
        energy = np.trapezoid(percus_yevick(q, eta) - 1.0, q) / np.pi
        polynomial = 1.0 - eta / 5.0 + eta**2 / 10.0
        assert energy == pytest.approx(-3.0 * np.cbrt(eta) ** 2 * polynomial / (1.0 + 2.0 * eta), rel=1e-5)


@pytest.mark.parametrize("gamma", [0.01, 1.0, 10.0, 125.0])
def test_variational_packing_is_the_minimum(gamma):
    def free_energy(eta):
        coulomb = np.cbrt(eta) ** 2 * (1.0 - eta / 5.0 + eta**2 / 10.0) / (1.0 + 2.0 * eta)
        return eta * (4.0 - 3.0 * eta) / (1.0 - eta) ** 2 - 3.0 * gamma * coulomb

    best = variational_packing(gamma)
    around = free_energy(best * np.linspace(0.9, 1.1, 201))
    assert np.argmin(around) == 100
    # the inequality of Gibbs and Bogoliubov: above the true excess free energy, -f < 0.9 Gamma
    assert -0.9 * gamma < free_energy(best) < 0.0


def test_variational_packing_at_weak_coupling():
    # sigma = Z^2 e^2/T, the distance of closest approach: eta = (Gamma/2)^3
    gamma = np.array([0.0, 1e-6, 1e-3])
    np.testing.assert_allclose(variational_packing(gamma), (gamma / 2.0) ** 3, rtol=1e-5)


def test_percus_yevick_has_the_peak_and_no_screening(reference, read_columns):
    summary = read_columns(reference / "structure_factor" / "mc_ocp_thermo.csv")
    q = np.linspace(3.0, 6.0, 601)
    for gamma in (40.0, 80.0, 125.0):
        peak = summary["q_peak_hncb"][summary["Gamma"] == gamma][0]
        structure = PercusYevick().reduced(q, gamma)
        assert q[np.argmax(structure)] == pytest.approx(peak, rel=0.06)
        # S(0) is 0 in a plasma on a rigid background
        assert PercusYevick().reduced(1e-3, gamma) > 0.003
    height = summary["S_peak"][summary["Gamma"] == 125.0][0]
    assert PercusYevick(packing=0.46).reduced(q, 125.0).max() == pytest.approx(height, rel=0.02)
    with pytest.raises(OutOfRangeError, match=r"packing fraction 1\.2"):
        PercusYevick(packing=1.2)


# charged hard spheres


def test_packing_from_continuity():
    found = msa_packing([1.0, 10.0, 40.0, 125.0])
    np.testing.assert_allclose(found, [0.01579, 0.1196, 0.2167, 0.3026], rtol=4e-4)
    # g(sigma+) = c(1+) - c(1-)
    core, tail = msa_coefficients(found, np.array([1.0, 10.0, 40.0, 125.0]))
    np.testing.assert_allclose(-tail - sum(core.values()), 0.0, atol=1e-9)


def test_fitted_packing():
    np.testing.assert_allclose(
        fitted_packing([40.0, 80.0, 125.0, 160.0]), [0.284, 0.379, 0.430, 0.456], rtol=1e-12
    )
    weak = np.array([0.1, 1.0, 19.99])
    np.testing.assert_array_equal(fitted_packing(weak), msa_packing(weak))
    gamma = np.linspace(1.0, 160.0, 2000)
    slope = np.diff(fitted_packing(gamma)) / np.diff(gamma)
    assert (slope > 0.0).all()
    assert np.abs(np.diff(slope)).max() < 2e-3  # no kink where the fit begins


@pytest.mark.parametrize("model", [MSA(), FittedMSA()])
@pytest.mark.parametrize("gamma", [1.0, 10.0, 125.0])
def test_no_two_ions_inside_the_core(model, gamma):
    sigma = 2.0 * np.cbrt(model.packing(np.array(gamma)))
    inside = pair_distribution(lambda q: model.reduced(q, gamma), sigma * np.array([0.3, 0.5, 0.7, 0.9]))
    np.testing.assert_allclose(inside, 0.0, atol=2e-3 if model.name == "msa_eta" else 3e-4)


@pytest.mark.parametrize("model", [MSA(), FittedMSA()])
def test_perfect_screening(model):
    gamma = np.array([[1e-5], [0.01], [1.0], [10.0], [125.0]])
    for q in (1e-8, 1e-4, 1e-3):
        np.testing.assert_allclose(model.reduced(q, gamma) * 3.0 * gamma / q**2, 1.0, atol=0.4 * q**2 / 1e-5)
    # ... from which <S> = (2/3) E^2/Gamma
    average = transport_average(model.reduced, 0.05, gamma[2:])
    np.testing.assert_allclose(average * 1.5 * gamma[2:] / 0.05**2, 1.0, atol=3e-3)


def test_weak_coupling_is_debye_huckel():
    q = np.geomspace(1e-4, 30.0, 50)
    for gamma in (0.0, 0.5e-6, 2e-6, 1e-4):
        np.testing.assert_allclose(MSA().reduced(q, gamma), debye_huckel(q, gamma), rtol=1e-10, atol=1e-12)


# all of them


@given(st.floats(-4.0, 2.2), st.floats(-4.0, 1.5), st.sampled_from(RIGID))
def test_positive_and_finite(log_gamma, log_q, model):
    structure = model.reduced(10.0**log_q, min(10.0**log_gamma, 160.0))
    assert 0.0 < structure < 6.0


@pytest.mark.parametrize("model", RIGID)
def test_large_q(model):
    gamma = np.array([[1e-3], [1.0], [40.0], [160.0]])
    q = np.array([300.0, 500.0])
    np.testing.assert_allclose(model.reduced(q, gamma), 1.0, atol=2e-3)


@pytest.mark.parametrize("model", RIGID)
def test_above_freezing(model):
    largest = 160.0 if model.name == "msa_eta" else 175.0
    with pytest.warns(ExtrapolationWarning, match=r"Gamma is above in 1 of 2 state\(s\), the largest is 200"):
        result = model.reduced(4.0, np.array([100.0, 200.0]))
    assert result[1] == model.reduced(4.0, largest)
    with pytest.raises(OutOfRangeError, match=r'Set opacity.on_out_of_range = "clamp"'):
        type(model)("error").reduced(4.0, 200.0)
    with pytest.raises(OutOfRangeError, match="needs Gamma >= 0"):
        model.reduced(4.0, np.array([1.0, np.nan]))


# <S> against Monte Carlo: the accuracy each model states, plus 4 sigma and the 1 % that finite boxes leave


@pytest.fixture(scope="module")
def monte_carlo(reference, read_columns):
    table = read_columns(reference / "structure_factor" / "mc_ocp_SE.csv")
    table["allowance"] = 4.0 * table["S_mean_err"] + 0.01 * table["S_mean"]
    return table


def compare(structure, table, choice):
    """Deviation of <S> from Monte Carlo, absolute, and the allowance for Monte Carlo's own error."""
    ours = transport_average(structure, table["Ebar"][choice], table["Gamma"][choice])
    return ours - table["S_mean"][choice], table["S_mean"][choice], table["allowance"][choice]


def test_debye_huckel_against_monte_carlo(monte_carlo):
    strong = monte_carlo["Gamma"] >= 10.0
    off, there, allowed = compare(debye_huckel, monte_carlo, strong & (monte_carlo["Ebar"] == 0.5))
    assert (np.abs(off) <= 0.08 * there + allowed).all()
    off, there, allowed = compare(debye_huckel, monte_carlo, strong & (monte_carlo["Ebar"] > 0.5))
    assert (off <= -0.25 * there + allowed).all()
    assert (off >= -0.97 * there - allowed).all()


def test_msa_against_monte_carlo(monte_carlo):
    gamma, energy = monte_carlo["Gamma"], monte_carlo["Ebar"]
    off, there, allowed = compare(MSA().reduced, monte_carlo, gamma == 10.0)
    assert (np.abs(off) <= 0.04 * there + allowed).all()
    off, there, allowed = compare(
        MSA().reduced, monte_carlo, (gamma >= 125.0) & (energy >= 1.5) & (energy <= 2.0)
    )
    assert (off >= 0.26 * there - allowed).all()
    assert (off <= 0.37 * there + allowed).all()


def test_fitted_msa_against_monte_carlo(monte_carlo):
    off, there, allowed = compare(FittedMSA().reduced, monte_carlo, monte_carlo["Gamma"] > 0.0)
    assert (np.abs(off) <= 0.07 * there + allowed).all()
    off, _, allowed = compare(FittedMSA().reduced, monte_carlo, monte_carlo["Gamma"] > 20.0)
    assert (np.abs(off) <= 0.02 + allowed).all()


def test_percus_yevick_against_monte_carlo(monte_carlo):
    strong = (monte_carlo["Gamma"] >= 10.0) & (monte_carlo["Gamma"] <= 40.0)
    off, there, _ = compare(PercusYevick().reduced, monte_carlo, strong & (monte_carlo["Ebar"] == 0.5))
    assert (off > 3.0 * there).all()  # a teaching example: no screening
    off, _, _ = compare(PercusYevick().reduced, monte_carlo, strong)
    assert 0.07 < np.abs(off).max() < 0.4
