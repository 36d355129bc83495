import numpy as np
import pytest

from microphysics.errors import OutOfRangeError
from snsim.detection.neutrino_fog import discovery_limit, fog_boundary, one_event_contour, opacity_index
from snsim.detection.statistics import poisson_chi_square

ONE = [[1.0]]


def limits(background, error, exposure, signal=ONE):
    return discovery_limit(signal, background, error, exposure=exposure)


def test_one_bin_without_uncertainty_has_its_closed_form():
    """2 [(s + b) ln(1 + s/b) - s] = 9."""
    exposure = np.geomspace(1e-6, 1e6, 25)
    found = limits([[100.0]], [0.0], exposure)
    s, b = exposure * found.cross_section[:, 0], 100.0 * exposure
    np.testing.assert_allclose(2.0 * ((s + b) * np.log1p(s / b) - s), 9.0, rtol=1e-8)


def test_scaling_with_exposure():
    """1/N without background (up to a logarithm), 1/sqrt(N) with it, a floor with an uncertain flux."""
    free = limits([[1e-30]], [0.1], [1.0, 1.01])
    assert -np.diff(np.log(free.cross_section[:, 0]))[0] / np.log(1.01) == pytest.approx(1.0, abs=0.02)
    assert free.index[0, 0] == pytest.approx(1.0, abs=0.02)
    many = limits([[100.0]], [0.0], [1e6, 1e8])
    assert many.cross_section[0, 0] / many.cross_section[1, 0] == pytest.approx(10.0, rel=1e-3)
    np.testing.assert_allclose(many.index, 2.0, rtol=1e-3)
    floor = limits([[100.0]], [0.1], [1e6, 1e8])
    # 3 standard errors of the flux, with all fluctuations small
    np.testing.assert_allclose(floor.cross_section, 3.0 * 0.1 * 100.0, rtol=1e-3)
    assert np.all(floor.index > 1e3)
    np.testing.assert_allclose(floor.pulls[..., 0], 3.0, rtol=1e-2)


def test_gaussian_regime_is_closed():
    """q = (sigma N)^2/(b N + (error b N)^2) for large counts."""
    exposure = np.array([1e4, 1e5, 1e6])
    found = limits([[100.0]], [1e-3], exposure)
    expected = 3.0 * np.sqrt(100.0 / exposure + (1e-3 * 100.0) ** 2)
    np.testing.assert_allclose(found.cross_section[:, 0], expected, rtol=2e-3)
    x = 1e-6 * 100.0 * exposure  # error^2 b N
    np.testing.assert_allclose(found.index[:, 0], 2.0 * (1.0 + x), rtol=1e-2)


def test_a_different_shape_lets_the_floor_go_on():
    """Two bins, one of them without signal, measure the flux: the limit falls like 1/sqrt(N) again."""
    exposure = np.array([1e0, 1e3, 1e7, 1e8])
    found = discovery_limit([[1.0, 0.0]], [[100.0, 100.0]], [0.1], exposure)
    assert found.index[0, 0] > 2.0
    assert found.index[-1, 0] == pytest.approx(2.0, rel=1e-3)


def test_index_is_the_slope():
    energy = np.linspace(0.05, 1.0, 12)
    signal = np.exp(-8.0 * energy / np.array([1.0, 3.0, 9.0])[:, None])
    background = np.stack([30.0 * np.exp(-9.0 * energy), 2.0 * np.exp(-3.0 * energy)])
    exposure = np.geomspace(1e-2, 1e6, 161)
    found = discovery_limit(signal, background, [0.05, 0.2], exposure)
    slope = opacity_index(exposure, found.cross_section)
    np.testing.assert_allclose(slope[2:-2], found.index[2:-2], rtol=0.03)
    assert np.all(np.diff(found.cross_section, axis=0) < 0.0)


def test_asimov_data_have_the_significance():
    signal, background = np.array([[3.0, 1.0], [0.2, 2.0]]), np.array([[5.0, 9.0], [4.0, 1.0]])
    found = discovery_limit(signal, background, [0.1, 0.3], exposure=7.0, significance=4.0)
    expected = 7.0 * background.sum(axis=0)
    for sigma, one in zip(found.cross_section, signal, strict=True):
        shifts = 7.0 * np.array([0.1, 0.3])[:, None] * background
        q = poisson_chi_square(expected + 7.0 * sigma * one, expected, shifts).chi_square
        assert float(q) == pytest.approx(16.0, rel=1e-8)


def test_masses_below_threshold_have_no_limit():
    found = discovery_limit([[0.0], [1.0]], [[2.0]], [0.1])
    assert np.isnan(found.cross_section[0])
    assert np.isfinite(found.cross_section[1])
    assert "lie below all bins" in found.reason
    assert limits([[2.0]], [0.1], 1.0).reason == ""


def test_unit_of_the_cross_section_does_not_matter():
    one, other = limits([[9.0]], [0.1], 2.0), limits([[9.0]], [0.1], 2.0, [[1e45]])
    np.testing.assert_allclose(other.cross_section * 1e45, one.cross_section, rtol=1e-9)


def test_edge_of_the_fog():
    exposure = np.geomspace(1e-3, 1e3, 121)
    found = discovery_limit([[1.0], [3.0]], [[100.0]], [0.1], exposure)
    edge = fog_boundary(found.cross_section, found.index)
    at = [np.interp(2.0, found.index[:, i], np.log(found.cross_section[:, i])) for i in range(2)]
    np.testing.assert_allclose(np.log(edge), at, rtol=1e-9)
    assert edge[0] == pytest.approx(3.0 * edge[1], rel=1e-6)
    assert np.isnan(fog_boundary(found.cross_section[:10], found.index[:10])).all()


def test_one_event_contour_is_the_envelope():
    threshold = np.linspace(0.0, 5.0, 501)
    # recoils exp(-T/a), neutrinos exp(-T): sigma = 2.3 exp(-T + T/a), least at the highest threshold for a > 1
    found = one_event_contour(np.exp(-threshold / np.array([[0.5], [2.0]])), np.exp(-threshold))
    np.testing.assert_allclose(found, np.log(10.0) * np.array([1.0, np.exp(-2.5)]), rtol=1e-12)
    assert np.isinf(one_event_contour([[0.0]], [1.0])[0])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: discovery_limit([1.0], ONE, [0.1]), r"must be \(mass, bin\)"),
        (lambda: discovery_limit(ONE, [[0.0]], [0.1]), "background of a bin with signal = 0: must be > 0"),
        (lambda: discovery_limit(ONE, ONE, [-0.1]), "flux error = -0.1: must be >= 0"),
        (lambda: discovery_limit(ONE, ONE, [0.1], 0.0), "exposure = 0: must be > 0"),
        (lambda: opacity_index([1.0, 2.0], [1.0, 1.0]), "at least 3 points"),
        (lambda: opacity_index([1.0, 3.0, 2.0], [3.0, 2.0, 1.0]), "events = 2: must be above those before"),
        (lambda: fog_boundary([1.0], [1.0]), r"\(exposure, mass\)"),
        (lambda: one_event_contour(ONE, [0.0]), "background = 0: must be > 0"),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(OutOfRangeError, match=words):
        call()
