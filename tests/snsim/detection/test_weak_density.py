import numpy as np
import pytest

from microphysics.errors import OutOfRangeError
from microphysics.nuclei import Nucleus
from microphysics.weak.densities import TabulatedDensity, density_from_form_factor
from microphysics.weak.form_factors import Gaussian, Helm, SymmetrizedFermi
from snsim.detection.weak_density import weak_density

C, A = 3.5, 0.52
R = np.linspace(0.0, 7.0, 29)
SHAPE = SymmetrizedFermi(C, A)
MEAN_SQUARE = SHAPE.moments()[0]


def true_density(r):
    """Symmetrised Fermi density, normalised: 4 pi/3 c (c^2 + pi^2 a^2) (1 at the centre, nearly)."""
    norm = 4.0 * np.pi / 3.0 * C * (C**2 + (np.pi * A) ** 2) / (1.0 / np.tanh(C / A))
    return np.sinh(C / A) / (np.cosh(r / A) + np.cosh(C / A)) / norm


def measured(last, error, points=60, shape=SHAPE):
    q = np.linspace(last / points, last, points)
    return q, shape(q), np.full(points, error)


def test_round_trip_with_a_wide_band():
    found = weak_density(*measured(8.0, 1e-7, 120), 15.0)
    ours = found.density(R)
    np.testing.assert_allclose(ours, true_density(R), atol=2e-5 * true_density(0.0))
    assert np.all(np.abs(ours - true_density(R)) < 4.0 * found.density_error(R))
    radius, error = found.rms_radius()
    assert radius == pytest.approx(np.sqrt(MEAN_SQUARE), abs=5.0 * error + 1e-5)


def test_round_trip_with_the_transforms_of_the_microphysics():
    q, f, error = measured(6.0, 1e-5, 200)
    found = weak_density(q, f, error, 9.0)
    direct = density_from_form_factor(np.concatenate([[0.0], q]), np.concatenate([[1.0], f]), R)
    np.testing.assert_allclose(found.density(R), direct, atol=3e-3 * direct[0])
    # and back: the form factor of the density is what was measured
    r = np.linspace(0.0, 9.0, 721)
    again = TabulatedDensity(r, found.density(r))
    np.testing.assert_allclose(again(q), f, atol=2e-4)


def test_density_is_normalised_and_vanishes_outside():
    found = weak_density(*measured(2.0, 1e-3), 8.0)
    r = np.linspace(0.0, 8.0, 4001)
    assert 4.0 * np.pi * np.trapezoid(r**2 * found.density(r), r) == pytest.approx(1.0, rel=1e-5)
    assert found.density(8.1) == 0.0
    mean_square = 4.0 * np.pi * np.trapezoid(r**4 * found.density(r), r)
    assert found.rms_radius()[0] == pytest.approx(np.sqrt(mean_square), rel=1e-5)


def test_coefficients_are_the_form_factor():
    """Points at q_v = v pi/R themselves: nothing is interpolated, the errors stay those of the data."""
    k = np.arange(1, 9) * np.pi / 8.0
    found = weak_density(k, SHAPE(k), np.full(8, 1e-4), 8.0)
    assert found.measured_terms == 8
    np.testing.assert_allclose(found.form_factor[:8], SHAPE(k), atol=1e-4)
    assert np.all(np.sqrt(np.diag(found.covariance))[:8] < 1.0001e-4)


def test_errors_cover_the_truth():
    """Data scattered with their errors: the pulls of the density have a width of at most 1."""
    rng = np.random.default_rng(3)
    q, f, error = measured(2.5, 5e-3)
    pulls = []
    for _ in range(200):
        found = weak_density(q, f + error * rng.normal(size=q.size), error, 8.0)
        pulls.append((found.density(R) - true_density(R)) / found.density_error(R))
    assert np.sqrt(np.mean(np.square(pulls))) < 1.1
    surface = (R > 2.0) & (R < 5.0)
    assert np.sqrt(np.mean(np.square(np.array(pulls)[:, surface]))) > 0.1


def test_more_events_lower_the_error_of_the_data_not_of_the_band():
    coarse, fine = (weak_density(*measured(2.0, error), 8.0) for error in (1e-2, 1e-5))
    assert coarse.resolution == fine.resolution == pytest.approx(np.pi / 2.0)
    at = 0.0
    assert fine.density_error(at) < coarse.density_error(at)
    assert fine.band_limit_error(at) > 0.9 * fine.density_error(at)
    wider = weak_density(*measured(4.0, 1e-5), 8.0)
    assert wider.band_limit_error(at) < 0.2 * fine.band_limit_error(at)


def test_bias_by_the_band_limit_is_of_its_error():
    """Exact data of a Helm nucleus to q_max: what is missing at the centre lies within what is stated."""
    shape = Helm.from_lewin_smith(Nucleus.named("Ar40"))
    r = np.linspace(0.0, 6.0, 25)
    truth = density_from_form_factor(np.linspace(0.0, 12.0, 2401), shape(np.linspace(0.0, 12.0, 2401)), r)
    for last in (1.5, 2.0, 3.0):
        found = weak_density(*measured(last, 1e-6, shape=shape), 8.0)
        assert np.all(np.abs(found.density(r) - truth) < 3.0 * found.density_error(r))


def test_gaussian_has_its_closed_form():
    b = 1.8
    shape = Gaussian(b**2)
    q = np.linspace(0.02, 6.0, 150)
    width = -np.log(shape(np.array(1.0)))  # F = exp(-width q^2)
    found = weak_density(q, shape(q), np.full(q.size, 1e-6), 10.0)
    expected = np.exp(-(R**2) / (4.0 * width)) / (4.0 * np.pi * width) ** 1.5
    np.testing.assert_allclose(found.density(R), expected, atol=1e-5 * expected[0])
    assert found.rms_radius()[0] == pytest.approx(np.sqrt(6.0 * width), rel=1e-4)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"error": np.zeros(60)}, "error of F = 0: must be > 0"),
        ({"wave_number": np.linspace(-1.0, 1.0, 60)}, "q = -1 1/fm: must be >= 0"),
        ({"form_factor": np.ones(3)}, "must be equal columns"),
        ({"form_factor": np.full(60, np.nan)}, "must be finite"),
        ({"cutoff": 1.0}, r"largest q = 2/fm: must reach pi/cutoff = 3.142/fm"),
        ({"falloff": 0.0}, "falloff = 0: must be > 0"),
    ],
)
def test_bad_input_is_named(changed, words):
    q, f, error = measured(2.0, 1e-3)
    given = {"wave_number": q, "form_factor": f, "error": error, "cutoff": 8.0} | changed
    with pytest.raises(OutOfRangeError, match=words):
        weak_density(**given)
