import builtins

import numpy as np
import pytest
from scipy.stats import chi2, norm

from microphysics.errors import OutOfRangeError, UnknownNameError
from snsim.detection.contours import contours_of
from snsim.detection.fits import fit, profile
from snsim.detection.intervals import confidence_interval, profile_grid, threshold
from snsim.detection.statistics import poisson_chi_square
from snsim.errors import ConvergenceError

X = np.linspace(-5.0, 5.0, 101)


def test_thresholds_are_those_of_the_tables():
    """PDG 2024, table 40.2."""
    for level, one, two, three in (
        (0.6827, 1.0, 2.30, 3.53),
        (0.90, 2.71, 4.61, 6.25),
        (0.99, 6.63, 9.21, 11.34),
    ):
        assert [round(threshold(level, k), 2) for k in (1, 2, 3)] == [one, two, three]
    assert threshold(0.95, side="upper") == pytest.approx(1.6449**2, rel=1e-4)
    # both sides together cut twice as much off
    assert threshold(0.9) == pytest.approx(threshold(0.95, side="lower"), rel=1e-12)


def test_a_parabola_has_its_interval():
    found = confidence_interval(X, 3.0 + ((X - 0.7) / 0.4) ** 2, 0.6827)
    assert found.best == pytest.approx(0.7, rel=1e-12)
    assert found.chi_square == pytest.approx(3.0, rel=1e-12)
    np.testing.assert_allclose(found.errors, 0.4 * norm.ppf(0.5 + 0.6827 / 2), rtol=1e-9)
    assert found.reason == ""


def test_one_sided_limits():
    value = ((X - 1.0) / 0.5) ** 2
    upper, lower = (confidence_interval(X, value, 0.9, side) for side in ("upper", "lower"))
    assert upper.high == pytest.approx(1.0 + 0.5 * norm.ppf(0.9), rel=1e-9)
    assert upper.low == -np.inf
    assert lower.low == pytest.approx(1.0 - 0.5 * norm.ppf(0.9), rel=1e-9)
    assert (upper.reason, lower.reason) == ("", "")


def test_degenerate_solutions_are_two_pieces():
    """(x^2 - 9)^2: +3 and -3 alike, and 0 excluded."""
    found = confidence_interval(X, (X**2 - 9.0) ** 2, 0.9)
    ends = np.sqrt(9.0 + np.array([-1.0, 1.0]) * np.sqrt(threshold(0.9)))
    assert len(found.pieces) == 2
    np.testing.assert_allclose(found.pieces[1], ends, rtol=1e-6)
    np.testing.assert_allclose(found.pieces[0], -ends[::-1], rtol=1e-6)
    assert sum(found.errors) == pytest.approx(ends[1] - ends[0], rel=1e-5)


def test_data_that_give_no_limit_say_so():
    flat = confidence_interval(X, 0.05 * X**2, 0.9)
    assert np.isnan([flat.low, flat.high]).all()
    assert "does not rise by 2.71 within the scan below: 1.25 at -5, above: 1.25 at 5" in flat.reason
    half = confidence_interval(X, np.where(X < 0.0, X**2, 0.05 * X**2), 0.9)
    assert half.low == pytest.approx(-np.sqrt(threshold(0.9)), rel=1e-3)
    assert np.isnan(half.high)
    assert "below" not in half.reason
    falling = confidence_interval(X, -X, 0.9)
    assert np.isnan([falling.low, falling.high]).all()
    assert "lowest at the end of the scan, 5" in falling.reason


def test_a_physical_bound_closes_the_interval():
    x = np.linspace(0.0, 6.0, 61)
    value = (x + 0.5) ** 2
    bounded = confidence_interval(x, value, 0.9, physical=(0.0, None))
    assert (bounded.best, bounded.low) == (0.0, 0.0)
    assert bounded.high == pytest.approx(np.sqrt(0.25 + threshold(0.9)) - 0.5, rel=1e-9)
    assert np.isnan(confidence_interval(x, value, 0.9).high)


def test_upper_limit_without_an_event():
    """-2 ln L = 2 mu: 0.82 at 90 % one-sided by Wilks, 1.35 by 2.71; an exact one is 2.3."""
    mu = np.linspace(1e-9, 4.0, 81)
    value = poisson_chi_square([0.0], mu[:, None]).chi_square
    assert confidence_interval(mu, value, 0.9, "upper", (1e-9, None)).high == pytest.approx(0.8212, rel=1e-4)
    assert confidence_interval(mu, value, 0.9, "two", (1e-9, None)).high == pytest.approx(1.3528, rel=1e-4)


def test_coverage_of_many_counts():
    """90 % intervals hold the truth in 90 % of experiments."""
    rng, truth = np.random.default_rng(4), 400.0
    mu = np.linspace(250.0, 550.0, 61)
    counts = rng.poisson(truth, 1000)
    values = poisson_chi_square(counts[:, None, None], mu[:, None]).chi_square
    inside = sum(found.low < truth < found.high for found in (confidence_interval(mu, v) for v in values))
    assert inside / 1000 == pytest.approx(0.9, abs=3.0 * np.sqrt(0.09 / 1000))


def test_profile_of_a_grid_is_the_marginal_of_a_paraboloid():
    y = np.linspace(-4.0, 4.0, 41)
    value = X[:, None] ** 2 + 1.2 * X[:, None] * y + y**2
    np.testing.assert_allclose(profile_grid(value)[30:70], (1.0 - 0.36) * X[30:70] ** 2, atol=1e-12)
    np.testing.assert_allclose(profile_grid(value.T, axis=0), profile_grid(value), rtol=1e-13)


def test_contours_of_a_paraboloid_are_ellipses():
    x, y = np.linspace(-4.0, 5.0, 100), np.linspace(-2.0, 3.0, 90)
    u, v = (x[:, None] - 0.313) / 1.1, (y - 0.51) / 0.5
    found = contours_of(x, y, 7.0 + (u**2 - 0.8 * u * v + v**2) / 0.84, (0.6827, 0.9))
    np.testing.assert_allclose(found.best, (0.313, 0.51), rtol=1e-9)
    assert found.chi_square == pytest.approx(7.0, rel=1e-12)
    assert found.reason == ""
    for level, (line,) in found.lines.items():
        np.testing.assert_array_equal(line[0], line[-1])
        # projections on the axes: the marginal errors
        root = np.sqrt(chi2.ppf(level, 2))
        assert line[:, 0].max() - 0.313 == pytest.approx(1.1 * root, rel=2e-3)
        assert line[:, 1].max() - 0.51 == pytest.approx(0.5 * root, rel=2e-3)


def test_regions_that_leave_the_grid_say_so():
    y = np.linspace(-1.0, 1.0, 41)
    found = contours_of(X, y, X[:, None] ** 2 + y**2, (0.6827,))
    assert found.reason == "the region at 0.6827 leaves the grid"
    edge = contours_of(X, y, X[:, None] + y**2, (0.6827,))
    assert "lowest at the edge of the grid, (-5, 0)" in edge.reason


def test_a_quarter_plane_is_closed_by_what_cannot_be_negative():
    """Moments enter squared: the best point is the corner, the contour ends on the axes."""
    x = np.linspace(0.0, 3.0, 61)
    chi_square = (x[:, None] ** 2 + 2.0 * x**2) ** 2
    found = contours_of(x, x, chi_square, (0.9,), physical=((0.0, None), (0.0, None)))
    assert (found.best, found.chi_square, found.reason) == ((0.0, 0.0), 0.0, "")
    ((line,),) = found.lines.values()
    assert line[:, 0].max() == pytest.approx(threshold(0.9, 2) ** 0.25, rel=1e-3)
    half = contours_of(x, x, chi_square, (0.9,), physical=((0.0, None), (None, None)))
    assert "lowest at the edge" in half.reason
    assert "leaves the grid" in half.reason
    assert (
        "leaves"
        in contours_of(x[:20], x, chi_square[:20], (0.9,), physical=((0.0, None), (0.0, None))).reason
    )


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: threshold(1.5), OutOfRangeError, "confidence level = 1.5: must be above 0 and below 1"),
        (lambda: threshold(0.4, side="upper"), OutOfRangeError, "must be above 0.5"),
        (lambda: threshold(0.9, 2, "upper"), OutOfRangeError, "must be 1 for a one-sided limit"),
        (lambda: threshold(0.9, side="left"), UnknownNameError, "unknown side of an interval 'left'"),
        (lambda: confidence_interval(X[::-1], X), OutOfRangeError, "must rise"),
        (lambda: confidence_interval(X[:4], X[:4]), OutOfRangeError, "at least 5 points"),
        (lambda: confidence_interval(X, X * np.nan), OutOfRangeError, "must be finite"),
        (lambda: contours_of(X, X, np.ones((3, 3))), OutOfRangeError, "must be that of x and y"),
        (
            lambda: contours_of(X, X, np.full((101, 101), np.nan)),
            OutOfRangeError,
            "chi-square = inf: must be finite",
        ),
        (lambda: profile_grid(np.ones((3, 2))), OutOfRangeError, "at least 3"),
    ],
)
def test_bad_input_is_named(call, error, words):
    with pytest.raises(error, match=words):
        call()


def rosenbrock(x, y):
    return 100.0 * (y - x**2) ** 2 + (1.0 - x) ** 2


def paraboloid(x, y, z):
    return x**2 - 1.2 * x * y + y**2 + (z - 2.0) ** 2 / 0.09


def test_fit_finds_minimum_errors_and_intervals():
    pytest.importorskip("iminuit", reason="fits need iminuit, the extra 'detect'")
    found = fit(paraboloid, {"x": 1.0, "y": -1.0, "z": 0.0}, confidence_level=0.9)
    np.testing.assert_allclose([found.values[name] for name in "xyz"], [0.0, 0.0, 2.0], atol=1e-5)
    marginal = 1.0 / np.sqrt(0.64)
    np.testing.assert_allclose([found.errors[name] for name in "xyz"], [marginal, marginal, 0.3], rtol=1e-5)
    assert found.covariance[0, 1] == pytest.approx(0.6 / 0.64, rel=1e-5)
    low, high = found.intervals["z"]
    np.testing.assert_allclose([2.0 - low, high - 2.0], 0.3 * np.sqrt(threshold(0.9)), rtol=1e-3)
    held = fit(paraboloid, {"x": 1.0, "y": -1.0, "z": 2.0}, bounds={"y": (None, -0.5)}, fixed=("x",))
    assert (held.values["x"], held.errors["x"]) == (1.0, 0.0)
    # outside of its bounds there is no minimum for y = 0.6 x
    assert held.values["y"] == pytest.approx(-0.5, abs=1e-3)
    valley = fit(rosenbrock, {"x": -1.0, "y": 1.0})
    assert valley.chi_square < 1e-4  # a hundredth of a standard error


def test_fits_without_a_limit_say_so():
    pytest.importorskip("iminuit", reason="fits need iminuit, the extra 'detect'")
    flat = fit(lambda x: 1.0 - np.exp(-(x**2)), {"x": 0.3}, confidence_level=0.9)
    assert np.isnan(flat.intervals["x"]).all()
    assert "the profile of x does not rise far enough for 0.9" in flat.reason
    bounded = fit(lambda x: (x + 0.5) ** 2, {"x": 1.0}, bounds={"x": (0.0, None)}, confidence_level=0.9)
    assert bounded.intervals["x"][0] == 0.0
    assert bounded.intervals["x"][1] == pytest.approx(np.sqrt(0.25 + threshold(0.9)) - 0.5, rel=1e-2)


def test_profile_is_the_marginal():
    pytest.importorskip("iminuit", reason="fits need iminuit, the extra 'detect'")
    x = np.linspace(-3.0, 3.0, 13)
    found = profile(paraboloid, {"x": 0.0, "y": 0.0, "z": 1.0}, "x", x)
    np.testing.assert_allclose(found, 0.64 * x**2, atol=1e-5)


def test_fits_without_a_minimum_and_without_the_package(monkeypatch):
    pytest.importorskip("iminuit", reason="fits need iminuit, the extra 'detect'")
    with pytest.raises(UnknownNameError, match="unknown parameter 'w'"):
        fit(paraboloid, {"x": 1.0, "y": 1.0, "z": 1.0}, fixed=("w",))
    with pytest.raises(ConvergenceError, match="no valid minimum") as caught:
        fit(lambda x: -np.abs(x), {"x": 1.0})
    assert set(caught.value.partial.values) == {"x"}
    original = builtins.__import__

    def absent(name, *rest, **more):
        if name == "iminuit":
            raise ImportError("No module named 'iminuit'")
        return original(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(ImportError, match=r"pip install 'snsim\[detect\]'"):
        fit(paraboloid, {"x": 1.0, "y": 1.0, "z": 1.0})
