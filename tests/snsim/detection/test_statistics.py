import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import norm, poisson

from microphysics.errors import OutOfRangeError
from microphysics.nuclei import Nucleus
from microphysics.weak.couplings import WeakCouplings
from snsim.detection.intervals import confidence_interval
from snsim.detection.statistics import (
    coherent_chi_square,
    discovery_significance,
    one_pull_chi_square,
    poisson_chi_square,
    pull_chi_square,
    unbinned_chi_square,
)
from snsim.errors import ConvergenceError

RNG = np.random.default_rng(20)


def direct(residual, variance, shifts, prior):
    """d (V + D^T p^-1 D)^-1 d."""
    covariance = np.diag(variance) + shifts.T @ np.diag(1.0 / prior) @ shifts
    return residual @ np.linalg.solve(covariance, residual)


@pytest.mark.parametrize("pulls", [1, 2, 3, 12])
def test_pulls_are_correlated_errors(pulls):
    residual, variance = RNG.normal(size=(4, 8)), RNG.uniform(0.5, 2.0, (4, 8))
    shifts, prior = RNG.normal(size=(4, pulls, 8)), RNG.uniform(0.2, 3.0, pulls)
    found = pull_chi_square(residual, variance, shifts, prior)
    expected = [direct(*point, prior) for point in zip(residual, variance, shifts, strict=True)]
    np.testing.assert_allclose(found.chi_square, expected, rtol=1e-12)


def test_pulls_are_at_the_minimum():
    residual, variance, shifts = RNG.normal(size=6), np.ones(6), RNG.normal(size=(2, 6))

    def at(xi):
        return np.sum((residual - xi @ shifts) ** 2) + np.sum(xi**2)

    best = minimize(at, np.zeros(2), tol=1e-12)
    found = pull_chi_square(residual, variance, shifts)
    assert float(found.chi_square) == pytest.approx(best.fun, rel=1e-9)
    np.testing.assert_allclose(found.pulls, best.x, atol=1e-6)


def test_an_error_of_every_bin_adds_to_the_variance():
    residual, variance, error = RNG.normal(size=5), np.full(5, 2.0), RNG.uniform(0.1, 3.0, 5)
    found = pull_chi_square(residual, variance, np.diag(error))
    assert float(found.chi_square) == pytest.approx(np.sum(residual**2 / (variance + error**2)), rel=1e-13)


def test_a_free_normalisation_takes_the_mean():
    counts, shape = np.array([90.0, 110.0, 130.0]), np.ones(3)
    found = pull_chi_square(counts, np.full(3, 4.0), [shape], prior=0.0)
    assert float(found.pulls[0]) == pytest.approx(110.0, rel=1e-14)
    assert float(found.chi_square) == pytest.approx(800.0 / 4.0, rel=1e-13)
    # where it moves nothing it stays 0
    still = pull_chi_square(counts, np.full(3, 4.0), [0.0 * shape], prior=0.0)
    assert still.pulls.tolist() == [0.0]


def test_common_error_does_not_lose_digits():
    """A pull that takes 1e8 standard deviations leaves what the other bins say."""
    shape = np.array([1e8, 1e8])
    found = pull_chi_square(shape + np.array([1.0, -1.0]), np.ones(2), 1e3 * shape[None])
    assert float(found.chi_square) == pytest.approx(2.0 + 1e-6, rel=1e-9)


def test_the_two_published_forms_are_closed():
    n = RNG.uniform(50.0, 300.0, 7)
    measured, beam, steady = 142.0, 6.0, 405.0
    d = measured - n - beam
    variance = measured + beam + 2.0 * steady
    expected = d**2 / (variance + (0.28 * n) ** 2 + (0.25 * beam) ** 2)
    found = coherent_chi_square(n[:, None], [measured], [beam], [steady])
    np.testing.assert_allclose(found.chi_square, expected, rtol=1e-13)
    assert found.pulls.shape == (7, 2)
    one = one_pull_chi_square(n[:, None], [173.0], 0.25, 0.2)
    np.testing.assert_allclose(one.chi_square, (173.0 - n) ** 2 / (1.25 * 173.0 + (0.2 * n) ** 2), rtol=1e-13)


def test_weak_mixing_angle_of_the_first_caesium_iodide_data():
    """0.197 +0.124 -0.080 at 90 % (Papoulias & Kosmas 2018) from 142, 6, 405 counts and 173 expected.

    Protons and neutrons of one shape: counts go with the square of the weak charge.
    """
    angle = np.linspace(0.02, 0.44, 100)

    def charge_squared(s):
        nuclei = [Nucleus.named(name) for name in ("Cs133", "I127")]
        return sum(((0.5 - 2.0 * s) * x.charge_number - 0.5 * x.neutron_number) ** 2 for x in nuclei)

    n = 173.0 * charge_squared(angle) / charge_squared(WeakCouplings().sin2_theta_w)
    found = confidence_interval(angle, coherent_chi_square(n[:, None], [142.0], [6.0], [405.0]).chi_square)
    assert found.best == pytest.approx(0.197, abs=0.005)
    assert found.high - found.best == pytest.approx(0.124, rel=0.05)
    assert found.best - found.low == pytest.approx(0.080, rel=0.05)


def test_poisson_without_pulls_is_the_likelihood_ratio():
    n, mu = np.array([0.0, 3.0, 7.0]), np.array([0.5, 4.0, 6.0])
    expected = -2.0 * np.sum(poisson.logpmf(n, mu) - poisson.logpmf(n, np.where(n > 0.0, n, 1e-300)))
    assert float(poisson_chi_square(n, mu).chi_square) == pytest.approx(expected, rel=1e-12)


def test_poisson_pulls_against_a_minimiser():
    n = RNG.poisson(5.0, (5, 6)).astype(float)
    mu, shifts = RNG.uniform(1.0, 9.0, 6), RNG.normal(size=(2, 6))
    found = poisson_chi_square(n, mu, shifts, [1.0, 0.5])
    for i in range(5):

        def at(xi, row=n[i]):
            rate = mu + xi @ shifts
            if np.any(rate <= 0.0):
                return np.inf
            return 2.0 * np.sum(rate - row * np.log(rate)) + xi[0] ** 2 + 0.5 * xi[1] ** 2

        best = minimize(at, np.zeros(2), method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-12})
        saturated = 2.0 * np.sum(n[i] - n[i] * np.log(np.where(n[i] > 0.0, n[i], 1.0)))
        assert float(found.chi_square[i]) == pytest.approx(best.fun - saturated, rel=1e-8)


def test_poisson_one_bin_one_pull_is_a_quadratic_equation():
    n, mu, s = 7.0, np.geomspace(0.1, 1e4, 50), 0.3
    step = s * mu
    found = poisson_chi_square([n], mu[:, None], step[:, None, None])
    # d/dxi: step (1 - n/(mu + step xi)) + xi = 0
    b, c = mu / step + step, mu - n
    xi = 0.5 * (-b + np.sqrt(b**2 - 4.0 * c))
    np.testing.assert_allclose(found.pulls[:, 0], xi, rtol=1e-9, atol=1e-12)


def test_no_events_and_the_edge_of_the_allowed():
    """Nothing seen: the pull is -s until the expectation vanishes."""
    mu = np.array([9.0, 4.0, 1.0])
    found = poisson_chi_square([0.0], mu[:, None], np.full((3, 1, 1), 2.0))
    # 1e-12 events stand for none: its root where the minimum lies just at the edge
    np.testing.assert_allclose(found.pulls[:, 0], [-2.0, -2.0, -0.5], atol=2e-6)
    np.testing.assert_allclose(found.chi_square, [2.0 * 5.0 + 4.0, 4.0, 0.25], atol=1e-8)


def test_many_counts_are_gaussian():
    n, mu = np.full(4, 1e8), np.full(4, 1e8) + 1e4 * RNG.normal(size=4)
    shifts = np.stack([1e-4 * mu, 2e4 * RNG.normal(size=4)])
    gauss, counted = pull_chi_square(n - mu, n, shifts), poisson_chi_square(n, mu, shifts)
    assert float(counted.chi_square) == pytest.approx(float(gauss.chi_square), rel=1e-3)


def test_far_starts_converge():
    """Predictions wrong by orders of magnitude in both directions."""
    mu = np.geomspace(1e-4, 1e6, 41)
    found = poisson_chi_square(
        [30.0, 0.0, 4.0], mu[:, None] * np.ones(3), mu[:, None, None] * np.array([[0.5] * 3])
    )
    assert np.all(np.isfinite(found.chi_square))
    assert np.all(mu[:, None] * (1.0 + 0.5 * found.pulls) > 0.0)


def test_asimov_data_fit_themselves():
    mu = RNG.uniform(1.0, 50.0, (3, 9))
    found = poisson_chi_square(mu, mu, 0.2 * mu[:, None, :])
    np.testing.assert_allclose(found.chi_square, 0.0, atol=1e-12)
    np.testing.assert_allclose(found.pulls, 0.0, atol=1e-12)


def test_significance_has_its_closed_form_and_limit():
    s, b = np.geomspace(0.1, 100.0, 9)[:, None], np.full((1,), 25.0)
    expected = np.sqrt(2.0 * ((s + b) * np.log1p(s / b) - s))[:, 0]
    np.testing.assert_allclose(discovery_significance(s, b), expected, rtol=1e-12)
    # large counts: s/sqrt(b + (error b)^2)
    shift = np.array([[1e-3 * 1e8]])
    found = discovery_significance([1e5], [1e8], shift)
    assert float(found) == pytest.approx(1e5 / np.sqrt(1e8 + 1e10), rel=1e-3)


def test_unbinned_is_binned_with_narrow_bins():
    """Many bins with at most one event each differ from single events by a constant."""
    edges = np.linspace(-6.0, 6.0, 24001)
    centre, width = 0.5 * (edges[1:] + edges[:-1]), np.diff(edges)
    where = np.sort(RNG.choice(centre.size, 15, replace=False, p=norm.pdf(centre) / norm.pdf(centre).sum()))
    n = np.zeros(centre.size)
    n[where] = 1.0
    shapes = np.stack([norm.pdf(centre), np.full(centre.size, 1.0 / 12.0)])
    numbers = np.array([[10.0, 5.0], [3.0, 20.0], [14.0, 1.0]])
    errors = np.array([0.0, 0.4])
    single = unbinned_chi_square(numbers, shapes[:, where], errors)
    parts = numbers[:, :, None] * shapes * width
    binned = poisson_chi_square(n, parts.sum(axis=1), errors[1] * parts[:, 1:, :])
    np.testing.assert_allclose(np.diff(single.chi_square), np.diff(binned.chi_square), rtol=1e-6)
    np.testing.assert_allclose(single.pulls[:, 1], binned.pulls[:, 0], rtol=1e-6)


def test_unbinned_extended_maximum_is_the_number_of_events():
    x = RNG.normal(size=37)
    number = np.linspace(10.0, 80.0, 141)
    found = confidence_interval(number, unbinned_chi_square(number[:, None], norm.pdf(x)[None]).chi_square)
    assert found.best == pytest.approx(37.0, rel=1e-5)


def test_no_component_becomes_negative():
    """No event, and an error so large that the quadratic cost alone would go below nothing."""
    found = unbinned_chi_square([4.0], np.empty((1, 0)), [1.0])
    assert float(found.pulls[0]) == pytest.approx(-1.0, abs=1e-8)
    assert float(found.chi_square) == pytest.approx(1.0, abs=1e-7)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: pull_chi_square([1.0], [0.0], [[1.0]]), "variance = 0: must be > 0"),
        (lambda: pull_chi_square([1.0], [1.0], [[1.0]], -1.0), "prior of a pull = -1: must be >= 0"),
        (lambda: pull_chi_square([1.0], [1.0], [1.0]), r"shifts have shape \(1,\): must be"),
        (lambda: pull_chi_square([1.0, 2.0], [1.0, 1.0], [[1.0]]), "last axis of both must be the bins"),
        (lambda: pull_chi_square([1.0], [1.0], [[1.0], [1.0]], 0.0), "at most one may be free"),
        (lambda: poisson_chi_square([-1.0], [1.0]), "measured count = -1: must be >= 0"),
        (lambda: poisson_chi_square([1.0], [0.0]), "> 0 where something was measured"),
        (lambda: unbinned_chi_square([1.0], [[0.0]]), "no component can make this event"),
        (lambda: discovery_significance([-1.0], [1.0]), "signal = -1: must be >= 0"),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(OutOfRangeError, match=words):
        call()


def test_pulls_that_nothing_tells_apart_do_not_converge():
    with pytest.raises(ConvergenceError, match="pulls of 1 scan points have not converged"):
        poisson_chi_square([4.0], [4.0], [[1.0], [1.0]], prior=0.0)


def test_one_row_serves_all_scan_points():
    """Inputs with and without the axes of the scan give the same."""
    n, mu, shifts = np.array([4.0, 9.0]), np.array([[3.0, 8.0], [6.0, 6.0]]), np.array([[1.0, 2.0]])
    found = poisson_chi_square(n, mu, shifts)
    for i in range(2):
        alone = poisson_chi_square(n, mu[i], shifts)
        np.testing.assert_allclose(found.chi_square[i], alone.chi_square, rtol=1e-14)
    every = poisson_chi_square(np.stack([n, n]), mu, np.stack([shifts, shifts]))
    np.testing.assert_allclose(every.pulls, found.pulls, rtol=1e-14)


def test_empty_bins_say_nothing():
    found = poisson_chi_square([3.0, 0.0], [4.0, 0.0], [[1.0, 0.0]])
    alone = poisson_chi_square([3.0], [4.0], [[1.0]])
    assert float(found.chi_square) == pytest.approx(float(alone.chi_square), rel=1e-12)
