import numpy as np
import pytest
from scipy.integrate import quad

from microphysics._registry import FORM_FACTORS
from microphysics.constants import CODATA
from microphysics.nuclei import Nucleus
from microphysics.weak.form_factors import Gaussian, Helm, Point

FE56 = Nucleus.named("Fe56")


def moments(form_factor, scale):
    """<r^2>, <r^4>, <r^6> by Richardson's limit of a polynomial fit to F(q) in q^2 near zero."""
    q = scale * np.linspace(0.02, 1.0, 60)
    # F = 1 - q^2 <r2>/6 + q^4 <r4>/120 - q^6 <r6>/5040 + ...
    coefficients = np.polynomial.polynomial.polyfit((q / scale) ** 2, form_factor(q), 9)
    c = coefficients / scale ** (2 * np.arange(10))
    return -6.0 * c[1], 120.0 * c[2], -5040.0 * c[3]


def test_helm_moments():
    helm = Helm(np.float64(4.1), 0.9)
    r2, s2 = 4.1**2, 0.81
    expected = (
        0.6 * r2 + 3.0 * s2,
        3.0 / 7.0 * r2**2 + 6.0 * r2 * s2 + 15.0 * s2**2,
        r2**3 / 3.0 + 9.0 * r2**2 * s2 + 63.0 * r2 * s2**2 + 105.0 * s2**3,
    )
    # cevns.md 2.1; a fit of degree 9 over qR < 2.5 is good to 1e-9, 1e-8, 1e-6
    np.testing.assert_allclose(moments(helm, 0.6), expected, rtol=1e-5)


def test_helm_is_the_transform_of_a_smeared_sphere():
    # sphere of radius R folded with a Gaussian of width s: F = F_sphere F_Gauss, F_sphere by quadrature
    helm, radius = Helm(np.float64(3.7), 0.9), 3.7
    for q in (0.3, 1.0, 2.0):
        sphere, _ = quad(lambda r, q=q: 3.0 * r * np.sin(q * r) / (q * radius**3), 0.0, radius)
        assert helm(np.float64(q)) == pytest.approx(sphere * np.exp(-0.5 * (0.9 * q) ** 2), rel=1e-10)


def test_helm_radius_of_lewin_and_smith():
    # by hand for A = 56: c = 1.23 x 3.825862 - 0.6 = 4.105811, R0^2 = c^2 + 6.227062 - 4.05
    helm = Helm.from_lewin_smith(FE56)
    assert float(helm.radius) == pytest.approx(np.sqrt(4.105811**2 + 2.177062), rel=1e-6)
    assert helm.skin == 0.9


@pytest.mark.parametrize("mass_number", [1.0, 2.0, 3.0, 4.0])
def test_light_clusters_have_a_radius(mass_number):
    helm = Helm.from_lewin_smith(Nucleus.of(mass_number, 1.0))
    assert 1.0 < float(helm.radius) < 4.0
    assert np.isfinite(helm(np.linspace(0.0, 3.0, 20))).all()


def test_series_at_small_argument_joins_the_closed_form():
    helm = Helm(np.float64(4.0), 0.0)
    x = np.array([0.2, 0.5, 0.999999, 1.000001, 1.5, 3.0]) * 1e-2
    # to x^6/15120 = 1e-16; the closed form loses 1e-16/x^2 = 1e-12 just above
    expected = 1.0 - x**2 / 10.0 + x**4 / 280.0 - x**6 / 15120.0
    np.testing.assert_allclose(helm(x / 4.0), expected, rtol=1e-11)


@pytest.mark.parametrize("name", ["helm", "burrows", "point"])
def test_normalised_and_bounded(name):
    form_factor = FORM_FACTORS[name](FE56)
    q = np.linspace(0.0, 5.0, 500)
    assert form_factor(np.zeros(3)) == pytest.approx(np.ones(3), abs=1e-15)
    assert (np.abs(form_factor(q)) <= 1.0).all()
    assert form_factor.references
    assert form_factor.name in (name, "gaussian")


def test_burrows_is_the_published_exponential():
    # F = exp(-y (1 - x)/2), y = (E/56 MeV)^2 (A/100)^(2/3)
    a, energy, x = 86.0, 26.0, np.linspace(-1.0, 1.0, 9)
    form_factor = FORM_FACTORS["burrows"](Nucleus.of(a, 40.0))
    q = energy * np.sqrt(2.0 * (1.0 - x)) / (CODATA.hbar_c * 1e13)
    y = (energy / 56.0) ** 2 * (a / 100.0) ** (2.0 / 3.0)
    np.testing.assert_allclose(form_factor(q), np.exp(-0.5 * y * (1.0 - x)), rtol=1e-13)
    # rms radius 0.930 A^(1/3) fm (opacities.md 4.1, three digits)
    assert float(form_factor.rms_radius) / np.cbrt(a) == pytest.approx(0.930, abs=6e-4)


def test_gaussian_moments():
    r2 = 3.0
    # of a Gaussian: <r^4> = 5/3 <r^2>^2, <r^6> = 35/9 <r^2>^3
    expected = (r2, 5.0 / 3.0 * r2**2, 35.0 / 9.0 * r2**3)
    np.testing.assert_allclose(moments(Gaussian(np.sqrt(r2)), 1.0), expected, rtol=1e-5)


def test_arrays_of_nuclei_broadcast():
    a = np.array([4.0, 56.0, 120.0])[:, None]
    q = np.linspace(0.0, 2.0, 7)
    together = FORM_FACTORS["helm"](Nucleus.of(a, 0.45 * a))(q)
    assert together.shape == (3, 7)
    for i in range(3):
        one = FORM_FACTORS["helm"](Nucleus.of(a[i, 0], 0.45 * a[i, 0]))(q)
        np.testing.assert_array_equal(together[i], one)
    assert Point()(q) == pytest.approx(np.ones(7))
