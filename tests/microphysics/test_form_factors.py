import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from microphysics._registry import FORM_FACTORS
from microphysics.constants import CODATA
from microphysics.errors import ExtrapolationWarning, MicrophysicsError, OutOfRangeError, UnknownNameError
from microphysics.nuclei import Nucleus
from microphysics.weak.cevns import CEvNS
from microphysics.weak.form_factors import (
    Gaussian,
    Helm,
    KleinNystrand,
    MomentExpansion,
    OneShape,
    Point,
    SymmetrizedFermi,
    check_normalisation,
    form_factor_of,
)
from microphysics.weak.proton_neutron import (
    DARWIN_FOLDY,
    NEUTRON_RADIUS_SQUARED,
    PROTON_RADIUS_SQUARED,
    ProtonNeutron,
    charge_radius,
    proton_radius,
)

FE56 = Nucleus.named("Fe56")
CS133 = Nucleus.named("Cs133")
BUILT_IN = ["helm", "helm_a13", "klein_nystrand", "symmetrized_fermi", "burrows", "bruenn", "point"]
CLOSED = [
    Helm(np.float64(4.1), 0.9),
    KleinNystrand(np.float64(4.6), 0.7),
    SymmetrizedFermi(np.float64(4.1), 0.52),
    SymmetrizedFermi(np.float64(1.0), 0.6),
    Gaussian(np.float64(3.0)),
]


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
    # a fit of degree 9 over qR < 2.5 is good to 1e-9, 1e-8, 1e-6
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
    for x in (1e-3, 0.01, 0.1, 0.2, 0.299999, 0.300001, 0.5, 3.0):
        with mpmath.workdps(40):
            m = mpmath.mpf(x / 4.0) * 4
            expected = float(3 * (mpmath.sin(m) - m * mpmath.cos(m)) / m**3)
        # the closed form loses 1e-16/x^2 = 1e-15 just above
        assert float(helm(np.float64(x / 4.0))) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("z", [1e-4, 0.05, 0.09999, 0.10001, 0.4, 5.0])
def test_series_of_the_surface(z):
    # next to no core, F -> 3 (z/sinh z) (z coth z - 1)/z^2
    form_factor = SymmetrizedFermi(1e-9, 1.0 / np.pi)
    with mpmath.workdps(40):
        m = mpmath.mpf(z)
        expected = float(3 * m / mpmath.sinh(m) * (m * mpmath.coth(m) - 1) / m**2)
    # the closed form loses 1e-16/z^2 just above 0.1
    assert float(form_factor(np.float64(z))) == pytest.approx(expected, rel=5e-15 if z < 0.1 else 1e-13)


@pytest.mark.parametrize("name", BUILT_IN)
def test_normalised_and_bounded(name):
    form_factor = FORM_FACTORS[name](FE56)
    q = np.linspace(0.0, 5.0, 500)
    assert form_factor(np.zeros(3)) == pytest.approx(np.ones(3), abs=1e-15)
    assert (np.abs(form_factor(q)) <= 1.0).all()
    assert form_factor.references
    assert form_factor.name in (name.removesuffix("_a13"), "gaussian")


def test_burrows_is_the_published_exponential():
    # F = exp(-y (1 - x)/2), y = (E/56 MeV)^2 (A/100)^(2/3)
    a, energy, x = 86.0, 26.0, np.linspace(-1.0, 1.0, 9)
    form_factor = FORM_FACTORS["burrows"](Nucleus.of(a, 40.0))
    q = energy * np.sqrt(2.0 * (1.0 - x)) / (CODATA.hbar_c * 1e13)
    y = (energy / 56.0) ** 2 * (a / 100.0) ** (2.0 / 3.0)
    np.testing.assert_allclose(form_factor(q), np.exp(-0.5 * y * (1.0 - x)), rtol=1e-13)
    # rms radius 0.930 A^(1/3) fm, three digits
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


@pytest.mark.parametrize("form_factor", CLOSED, ids=lambda f: f.name)
def test_moments_are_those_of_the_function(form_factor):
    closed = form_factor.moments()
    # a fit of degree 9 over q R < 2 is good to 1e-9, 1e-8, 1e-6
    np.testing.assert_allclose(moments(form_factor, 2.0 / np.sqrt(closed[0])), closed, rtol=1e-5)


def reference_fermi(c, a, q):
    """Transform of the density itself, sinh(c/a)/(cosh(r/a) + cosh(c/a)), by quadrature in 30 digits."""
    with mpmath.workdps(30):
        c, a, q = mpmath.mpf(c), mpmath.mpf(a), mpmath.mpf(q)
        grid = [0, c / 2, c, 2 * c, c + 20 * a, c + 60 * a]

        def rho(r):
            return mpmath.sinh(c / a) / (mpmath.cosh(r / a) + mpmath.cosh(c / a))

        norm = mpmath.quad(lambda r: r**2 * rho(r), grid)
        return float(mpmath.quad(lambda r: r**2 * rho(r) * mpmath.sinc(q * r), grid) / norm)


@pytest.mark.parametrize("q", [1e-3, 0.05, 0.4, 1.0, 2.0])
@pytest.mark.parametrize(("c", "a"), [(4.1, 0.52), (2.0, 0.6)])
def test_symmetrized_fermi_is_the_transform_of_its_density(c, a, q):
    # absolute: the last zeros and minima of F are differences of numbers near 1e-3
    assert float(SymmetrizedFermi(c, a)(np.float64(q))) == pytest.approx(
        reference_fermi(c, a, q), rel=1e-11, abs=1e-15
    )


def test_symmetrized_fermi_over_all_q():
    # against the closed form in 50 digits, through every series and where sinh would overflow
    form_factor = SymmetrizedFermi(5.0, 0.5)
    for q in (1e-12, 1e-5, 0.019, 0.0199, 0.0601, 0.0637, 0.3, 3.0, 30.0, 600.0):
        with mpmath.workdps(50):
            x, z = mpmath.mpf(q) * 5, mpmath.pi * mpmath.mpf(q) / 2
            bracket = z * mpmath.sin(x) / mpmath.tanh(z) - x * mpmath.cos(x)
            expected = float(3 / (x * (x**2 + z**2)) * z / mpmath.sinh(z) * bracket)
        assert float(form_factor(np.float64(q))) == pytest.approx(expected, rel=1e-12, abs=1e-300)


def test_sharp_surface_is_the_uniform_sphere():
    q = np.linspace(0.0, 3.0, 61)
    sphere = Helm(np.float64(4.0), 0.0)(q)
    np.testing.assert_allclose(SymmetrizedFermi(4.0, 1e-9)(q), sphere, atol=1e-15)
    np.testing.assert_allclose(KleinNystrand(4.0, 0.0)(q), sphere, rtol=1e-15)


def test_klein_nystrand_is_the_transform_of_a_folded_sphere():
    # Yukawa exp(-r/a)/(4 pi a^2 r) of range a: transform 1/(1 + (qa)^2), by quadrature
    q, a, radius = 0.8, 0.7, 4.0
    yukawa, _ = quad(lambda r: np.sin(q * r) / q * np.exp(-r / a) / a**2, 0.0, 60.0, epsabs=1e-13)
    sphere, _ = quad(lambda r: 3.0 * r * np.sin(q * r) / (q * radius**3), 0.0, radius)
    assert float(KleinNystrand(radius, a)(np.float64(q))) == pytest.approx(yukawa * sphere, rel=1e-10)


def test_radius_rules():
    # by hand, 56^(1/3) = 3.825862
    assert float(FORM_FACTORS["helm_a13"](FE56).radius) == pytest.approx(1.2 * 3.825862, rel=1e-6)
    assert FORM_FACTORS["helm_a13"](FE56).skin == 0.9
    klein = FORM_FACTORS["klein_nystrand"](FE56)
    assert (float(klein.radius), klein.range) == (pytest.approx(1.2 * 3.825862, rel=1e-6), 0.7)
    fermi = FORM_FACTORS["symmetrized_fermi"](FE56)
    assert (float(fermi.half_radius), fermi.diffuseness) == (
        pytest.approx(1.23 * 3.825862 - 0.6, rel=1e-6),
        0.52,
    )
    # Lewin & Smith choose R0 such that Helm has the rms radius of the Fermi distribution, 3/5 c^2 + 7/5 pi^2 a^2
    assert FORM_FACTORS["helm"](FE56).moments()[0] == pytest.approx(fermi.moments()[0], rel=1e-12)
    helm = Helm.from_rms_radius(3.6, 0.85)
    assert float(np.sqrt(helm.moments()[0])) == pytest.approx(3.6, rel=1e-14)
    with pytest.raises(OutOfRangeError, match="must exceed"):
        Helm.from_rms_radius(1.5)


def test_bruenn_is_the_published_exponential():
    # F^2 = exp(-4 b E^2 (1 - x)), b = 4.8e-6 A^(2/3)/MeV^2
    a, energy, x = 86.0, 26.0, np.linspace(-1.0, 1.0, 9)
    form_factor = FORM_FACTORS["bruenn"](Nucleus.of(a, 40.0))
    q = energy * np.sqrt(2.0 * (1.0 - x)) / (CODATA.hbar_c * 1e13)
    expected = np.exp(-4.0 * 4.8e-6 * a ** (2.0 / 3.0) * energy**2 * (1.0 - x))
    np.testing.assert_allclose(form_factor(q) ** 2, expected, rtol=1e-13)
    assert float(form_factor.rms_radius) / np.cbrt(a) == pytest.approx(1.06, abs=5e-3)


@pytest.mark.parametrize("form_factor", CLOSED, ids=lambda f: f.name)
def test_moment_expansion_joins_its_parent(form_factor):
    expansion = MomentExpansion(*form_factor.moments())
    radius = np.sqrt(expansion.second)
    q = np.linspace(0.0, 1.0, 11) / radius
    # the next term is q^8 <r^8>/9!, and even of an exponential density <r^8> is no more than 87 R^8
    np.testing.assert_allclose(expansion(q), form_factor(q), atol=87.0 / 362880.0)
    half = 0.5 * q
    ratio = np.max(np.abs(expansion(q) - form_factor(q))) / np.max(
        np.abs(expansion(half) - form_factor(half))
    )
    assert 180.0 < ratio < 280.0  # the error grows with q^8
    with pytest.warns(ExtrapolationWarning, match="1 of 2 momentum transfers"):
        expansion(np.array([1.0, 3.0]) / radius)


@pytest.mark.parametrize(
    ("factory", "value"),
    [
        (lambda r: Helm(r, 0.9), 4.1),
        (lambda s: Helm(np.float64(4.1), s), 0.9),
        (Helm.from_rms_radius, 3.7),
        (KleinNystrand, 4.6),
        (lambda a: KleinNystrand(np.float64(4.6), a), 0.7),
        (SymmetrizedFermi, 4.1),
        (lambda a: SymmetrizedFermi(np.float64(4.1), a), 0.52),
        (Gaussian, 3.0),
    ],
)
def test_complex_step_through_the_radii(factory, value):
    # through the series and the closed forms; central differences are good to 1e-9
    q = np.array([0.0, 0.01, 0.06, 0.5, 1.0, 2.0])
    step, small = 1e-5, 1e-30
    numerical = (factory(value + step)(q) - factory(value - step)(q)) / (2.0 * step)
    exact = factory(value + 1j * small)(q).imag / small
    np.testing.assert_allclose(exact, numerical, rtol=1e-8, atol=2e-11)
    assert np.abs(exact[1:]).min() > 0.0


@given(
    name=st.sampled_from(BUILT_IN),
    mass_number=st.floats(4.0, 300.0),
    q=st.lists(st.floats(0.0, 10.0), min_size=1, max_size=5),
)
def test_built_in_form_factors_are_bounded(name, mass_number, q):
    form_factor = form_factor_of(name, Nucleus.of(mass_number, 0.45 * mass_number))
    value = form_factor(np.array(q))
    assert (np.abs(value) <= 1.0 + 1e-14).all()
    np.testing.assert_array_equal(form_factor.amplitude(np.array(q), 3.0, -5.0), -2.0 * value)


def test_protons_and_neutrons_apart():
    skin = ProtonNeutron(Helm.from_rms_radius(4.75), Helm.from_rms_radius(5.0))
    q = np.linspace(0.0, 1.0, 6)
    # g_p = 0 leaves the neutrons, g_n = 0 the protons; the latter are what the photon sees
    np.testing.assert_array_equal(skin.amplitude(q, 0.0, -39.0), -39.0 * Helm.from_rms_radius(5.0)(q))
    np.testing.assert_array_equal(skin(q), Helm.from_rms_radius(4.75)(q))
    same = ProtonNeutron(Helm.from_rms_radius(4.75), Helm.from_rms_radius(4.75))
    np.testing.assert_allclose(
        same.amplitude(q, 1.24, -39.0), Helm.from_rms_radius(4.75).amplitude(q, 1.24, -39.0), rtol=1e-13
    )
    assert same.name == "helm/helm"
    # a thicker neutron skin takes cross section away
    thin, thick = (
        CEvNS(CS133, ProtonNeutron(Helm.from_rms_radius(4.75), Helm.from_rms_radius(r))) for r in (4.9, 5.1)
    )
    assert float(thick.total(40.0)) < float(thin.total(40.0))


def test_nucleon_size_in_the_normalisation_of_weak_charges():
    # the published line, with Q_p = 2 g_p, Q_n = 2 g_n and responses Z, N at q = 0: twice our amplitude
    proton, neutron = Helm.from_rms_radius(4.75), Helm.from_rms_radius(4.95)
    sized = ProtonNeutron(proton, neutron, True, CS133)
    q = np.linspace(0.0, 1.5, 16)
    g_p, g_n, z, n = 0.02274, -0.5, 55.0, 78.0
    f_p, f_n = z * proton(q), n * neutron(q)
    published = (2.0 * g_p * (1.0 - q**2 * 0.7071 / 6.0) - 2.0 * g_n * q**2 * (-0.1155) / 6.0) * f_p
    published += (2.0 * g_n * (1.0 - q**2 * 0.7071 / 6.0) - 2.0 * g_p * q**2 * (-0.1155) / 6.0) * f_n
    np.testing.assert_allclose(2.0 * sized.amplitude(q, z * g_p, n * g_n), published, rtol=1e-13)
    # no neutron amplitude left where g_n = 0 but for the charge of the neutrons
    np.testing.assert_allclose(
        sized(q),
        proton(q) * (1.0 - q**2 * 0.7071 / 6.0) + n / z * 0.1155 * q**2 / 6.0 * neutron(q),
        rtol=1e-13,
    )


def test_charge_radius():
    sized = ProtonNeutron(Helm.from_rms_radius(4.75), Helm.from_rms_radius(4.95), True, CS133)
    # the slope of the charge form factor is the charge radius but for the Darwin-Foldy term
    from_slope = moments(sized, 0.4)[0]
    assert float(charge_radius(4.75, CS133)) ** 2 == pytest.approx(from_slope + DARWIN_FOLDY, rel=1e-8)
    by_hand = 4.75**2 + 0.7071 - 78.0 / 55.0 * 0.1155 + 0.033
    assert float(charge_radius(4.75, CS133)) ** 2 == pytest.approx(by_hand, abs=2e-4)
    assert float(proton_radius(charge_radius(4.75, CS133), CS133)) == pytest.approx(4.75, rel=1e-14)
    assert (PROTON_RADIUS_SQUARED, NEUTRON_RADIUS_SQUARED) == (0.7071, -0.1155)
    with pytest.raises(OutOfRangeError, match="must exceed"):
        proton_radius(0.5, CS133)


def test_nucleon_size_needs_the_nucleus():
    with pytest.raises(OutOfRangeError, match="nucleus = None"):
        ProtonNeutron(Point(), Point(), nucleon_size=True)
    with pytest.raises(OutOfRangeError, match="needs protons and neutrons"):
        ProtonNeutron(Point(), Point(), True, Nucleus.named("H1"))


class Squared(OneShape):
    """What somebody might register: not normalised."""

    name = "mine"
    references = ()

    def __init__(self, nucleus):
        self.nucleus = nucleus

    def __call__(self, q):
        return self.nucleus.charge_number * np.exp(-(q**2))


class Bare:
    name = "bare"
    references = ()

    def __call__(self, q):
        return np.ones_like(q)


def test_form_factor_that_is_not_one_is_refused(monkeypatch):
    with pytest.raises(OutOfRangeError, match=r"form factor 'mine': F\(0\) = 26.0, must be 1"):
        check_normalisation(Squared(FE56))
    with pytest.raises(MicrophysicsError, match="amplitude missing"):
        check_normalisation(Bare())
    with pytest.raises(OutOfRangeError, match="mine"):
        ProtonNeutron(Point(), Squared(FE56))
    monkeypatch.setitem(FORM_FACTORS._factories, "mine", Squared)
    with pytest.raises(OutOfRangeError, match="mine"):
        form_factor_of("mine", FE56)
    with pytest.raises(UnknownNameError, match="Did you mean 'klein_nystrand'"):
        form_factor_of("klein-nystrand", FE56)


def test_reference_totals_of_every_form_factor(reference, read_columns):
    kinds = {
        "unity": "point",
        "helm_LS": "helm",
        "klein_nystrand": "klein_nystrand",
        "helm_R0=1.2A13": "helm_a13",
    }
    seen = set()
    table = read_columns(reference / "cevns" / "sigma_total.csv")
    for i, (name, kind) in enumerate(zip(table["nucleus"], table["form_factor"], strict=True)):
        nucleus = Nucleus.named(name)
        xs = CEvNS(nucleus, FORM_FACTORS[kinds[kind]](nucleus))
        # printed with seven digits; masses agree to 2e-8
        assert float(xs.total(table["E_nu_MeV"][i])) == pytest.approx(table["sigma_cm2"][i], rel=2e-6)
        seen.add(kind)
    assert {"unity", "helm_LS", "klein_nystrand"} <= seen
