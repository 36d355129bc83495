from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import brentq

from microphysics.constants import CODATA
from microphysics.eos.composition import from_composition
from microphysics.processes.nucleon_correlations import (
    axial_response,
    response_factors,
    scattering_targets,
    unblocked,
    unblocked_exactly,
)
from microphysics.processes.nucleon_scattering import (
    NucleonScattering,
    cross_section_parts,
    total_cross_section,
    transport_cross_section,
)
from microphysics.processes.settings import Settings
from microphysics.processes.weak_magnetism import weak_magnetism_factor
from microphysics.weak.couplings import WeakCouplings
from microphysics.weak.new_physics import NSI

COUPLINGS = WeakCouplings()
ENERGY = np.array([1.0, 10.0, 50.0, 200.0])


@pytest.fixture
def matter():
    return from_composition(
        [1e10, 1e12, 1e14], [3.0, 8.0, 12.0], [0.3, 0.1, 0.05], [0.7, 0.9, 0.95], [0.3, 0.1, 0.05],
        0.0, 0.0, 0.0, 0.0,
    )  # fmt: skip


def test_response_by_hand():
    # n = 0.01 /fm^3, T = 10 MeV, Y = 0.1: A = 9.2 x 0.91/16.596 = 0.50447, B = 3.05/5.6234 = 0.54238,
    # C = 61.4 x 0.09/3.1623 + 0.15 = 1.89746, S_A = 1/(1 + 0.50447 (1 + 0.54238 x 0.14995))
    found = axial_response(np.array([1e37]), np.array([10.0]), np.array([0.1]))
    assert found[0] == pytest.approx(1.0 / (1.0 + 0.50447 * (1.0 + 0.54238 * 0.14995)), rel=2e-5)


def test_response_is_a_reduction():
    n, t = np.meshgrid(np.geomspace(1e27, 2e39, 60), np.geomspace(0.01, 150.0, 60))
    for y in (0.0, 0.3, 0.6):
        factor = axial_response(n, t, np.full_like(n, y))
        assert ((factor > 0.0) & (factor <= 1.0)).all()
    assert axial_response(np.array([1e30]), np.array([5.0]), np.array([0.3]))[0] == pytest.approx(
        1.0, abs=1e-6
    )


def test_correlations_of_the_spin(matter):
    rates = {
        name: NucleonScattering(Settings(many_body=name, weak_magnetism=False))(ENERGY, matter)
        for name in ("none", "horowitz2017", "horowitz2017_mean")
    }
    s_a = axial_response(matter.baryon_density, matter.temperature, matter.electron_fraction)
    assert s_a[2] < 0.6
    targets = scattering_targets(matter, CODATA, "bruenn")
    scale = COUPLINGS.sigma0 / (4.0 * CODATA.electron_mass**2) * ENERGY**2
    vectors, axials = (-0.5, COUPLINGS.vector_proton), (0.5 * 1.2754, 0.5 * 1.2754)
    for role, axial_weight, factor in (("scattering", 5.0, 2.0 / 3.0), ("collision", 3.0, 1.0)):
        expected = sum(
            n[:, None] * factor * scale * (c_v**2 + axial_weight * c_a**2 * s_a[:, None])
            for n, c_v, c_a in zip(targets, vectors, axials, strict=True)
        )
        assert_allclose(getattr(rates["horowitz2017"], role)[0], expected, rtol=1e-12)
        # one factor for both kinds
        ga2 = 5.0 * 1.2754**2
        rest = 1.0 - matter.electron_fraction
        mean = ((ga2 * s_a + rest) / (ga2 + rest))[:, None]
        assert_allclose(
            getattr(rates["horowitz2017_mean"], role), mean * getattr(rates["none"], role), rtol=1e-12
        )


def test_parts_and_their_sum(matter):
    for nucleon in "np":
        for sign in (1, -1):
            parts = cross_section_parts(ENERGY, nucleon, sign, COUPLINGS)
            assert parts.shape == (2, 2, ENERGY.size)
            assert (parts > 0.0).all()
            assert_allclose(
                parts[:, 0].sum(axis=0), transport_cross_section(ENERGY, nucleon, sign, COUPLINGS), rtol=1e-15
            )
    # weak magnetism and correlations together: S_A of all but c_v^2
    rates = NucleonScattering(Settings(many_body="horowitz2017"))(ENERGY, matter)
    s_a = axial_response(matter.baryon_density, matter.temperature, matter.electron_fraction)[:, None]
    expected = 0.0
    for n, nucleon in zip(scattering_targets(matter, CODATA, "bruenn"), "np", strict=True):
        charge, spin = cross_section_parts(ENERGY, nucleon, -1, COUPLINGS)[:, 0]
        expected = expected + n[:, None] * (charge + s_a * spin)
    for row in (1, 3, 5):
        assert_allclose(rates.scattering[row], expected, rtol=1e-13)


@pytest.mark.parametrize("nucleon", ["n", "p"])
@pytest.mark.parametrize("sign", [1, -1])
def test_total_is_the_closed_form(nucleon, sign):
    # the factor of Horowitz 2002 with neutral-current couplings on (G_F^2 E^2/pi)(c_v^2 + 3 c_a^2)
    values = {
        "n": (-0.5, COUPLINGS.axial_neutron, COUPLINGS.magnetism_neutron, CODATA.neutron_mass),
        "p": (
            COUPLINGS.vector_proton,
            COUPLINGS.axial_proton,
            COUPLINGS.magnetism_proton,
            CODATA.proton_mass,
        ),
    }[nucleon]
    c_v, c_a, f2, mass = values
    scale = COUPLINGS.sigma0 / (4.0 * CODATA.electron_mass**2) * ENERGY**2 * (c_v**2 + 3.0 * c_a**2)
    plain = total_cross_section(ENERGY, nucleon, sign, COUPLINGS, weak_magnetism=False)
    assert_allclose(plain, scale, rtol=1e-13)
    full = total_cross_section(ENERGY, nucleon, sign, COUPLINGS)
    assert_allclose(full, scale * weak_magnetism_factor(ENERGY, mass, sign, c_v, c_a, f2), rtol=1e-12)


def test_six_flavours(matter):
    rates = NucleonScattering(Settings())(ENERGY, matter)
    assert NucleonScattering.species == ("nue", "anue", "numu", "anumu", "nutau", "anutau")
    for values in (rates.scattering, rates.collision):
        assert values.shape == (6, 3, ENERGY.size)
        for row in range(2, 6):
            np.testing.assert_array_equal(values[row], values[row % 2])
    # each flavour on its own gives the same where nothing tells them apart
    apart = NucleonScattering(Settings(new_physics=(NSI(),)))(ENERGY, matter)
    assert_allclose(apart.scattering, rates.scattering, rtol=1e-12)
    assert_allclose(apart.collision, rates.collision, rtol=1e-12)
    # radiative corrections do tell them: g_p = 0.0381 (e), 0.0298 (mu), 0.0255 (tau) of neutrinos on protons
    radiative = Settings(couplings=WeakCouplings(radiative=True), weak_magnetism=False)
    values = NucleonScattering(radiative)(ENERGY, matter).scattering
    np.testing.assert_array_equal(values[0], values[1])
    assert (values[0] > values[2]).all()
    assert (values[2] > values[4]).all()
    assert_allclose(values[4] / values[0], 1.0, atol=1e-3)


def test_anisotropy_of_level_0(matter):
    # delta = (c_v^2 - c_a^2)/(c_v^2 + 3 c_a^2) of neutrons alone
    neutrons = from_composition([1e11], [5.0], [0.0], [1.0], [0.0], 0.0, 0.0, 0.0, 0.0)
    rates = NucleonScattering(Settings(weak_magnetism=False))(ENERGY, neutrons)
    c_v, c_a = -0.5, COUPLINGS.axial_neutron
    delta = 3.0 * (1.0 - rates.scattering / rates.collision)
    assert_allclose(delta, (c_v**2 - c_a**2) / (c_v**2 + 3.0 * c_a**2), rtol=1e-12)


@pytest.mark.parametrize("many_body", ["none", "horowitz2017", "horowitz2017_mean"])
def test_derivatives_by_a_complex_step(matter, many_body):
    step = 1e-30

    def kappa(ga, shift=0.0):
        terms = (NSI(up={"ee": shift}),) if shift else ()
        settings = Settings(
            couplings=WeakCouplings(axial_coupling=ga), many_body=many_body, new_physics=terms
        )
        rates = NucleonScattering(settings)(ENERGY, matter)
        return np.stack([rates.scattering, rates.collision])

    slope = (kappa(1.2755) - kappa(1.2753)) / 2e-4
    assert_allclose(kappa(1.2754 + 1j * step).imag / step, slope, rtol=1e-6)
    slope = (kappa(1.2754, 0.0501) - kappa(1.2754, 0.0499)) / 2e-4
    found = kappa(1.2754, 0.05 + 1j * step).imag / step
    assert_allclose(found[:, :2], slope[:, :2], rtol=1e-6)


def exact_blocking(n, t, mass):
    """2 int d^3p/(2 pi hbar)^3 f (1 - f) by quadrature, with mu by bisection of the number."""
    unit = (2.0 * mass * t) ** 1.5 / (2.0 * np.pi**2 * CODATA.hbar_c**3)
    node, weight = np.polynomial.legendre.leggauss(80)

    def integrals(eta):
        middle = np.sqrt(max(eta, 0.0))
        ends = [0.0, max(middle - 2.0, 0.0), middle, middle + 2.0, middle + 7.0]
        sums = np.zeros(2)
        for a, b in pairwise(ends):
            y = a + 0.5 * (b - a) * (1.0 + node)  # sqrt(kinetic energy/T)
            f = 0.5 * (1.0 - np.tanh(0.5 * (y * y - eta)))
            g = 0.5 * (1.0 + np.tanh(0.5 * (y * y - eta)))
            sums += 0.5 * (b - a) * np.array([weight @ (2.0 * y * y * f), weight @ (2.0 * y * y * f * g)])
        return unit * sums

    eta = brentq(lambda eta: integrals(eta)[0] / n - 1.0, -14.0, 200.0, xtol=1e-12, rtol=1e-14)
    return integrals(eta)[1]


@pytest.mark.parametrize(("n", "t"), [(1e35, 5.0), (3e37, 10.0), (1e38, 3.0), (1e39, 30.0)])
def test_exact_blocking_by_quadrature(n, t):
    ours = unblocked_exactly(np.array([n]), np.array([t]), CODATA.neutron_mass)[0]
    assert ours == pytest.approx(exact_blocking(n, t, CODATA.neutron_mass), rel=1e-8)


def test_limits_of_exact_blocking():
    n, t = np.array([0.0, 1e20, 1e30, 1e39]), np.array([1.0, 1.0, 10.0, 0.01])
    found = unblocked_exactly(n, t, CODATA.neutron_mass)
    assert found[0] == 0.0
    assert_allclose(found[1:3], n[1:3], rtol=1e-5)
    assert_allclose(found[3], unblocked(n, t, CODATA.neutron_mass, CODATA.hbar_c)[3], rtol=1e-3)
    assert (found <= n).all()


def test_settings_reach_the_targets(matter):
    rates = {
        name: NucleonScattering(Settings(scattering_blocking=name))(ENERGY, matter).scattering
        for name in ("bruenn", "exact")
    }
    assert_allclose(rates["exact"][:, 0], rates["bruenn"][:, 0], rtol=2e-3)
    ratio = rates["exact"][:, 2] / rates["bruenn"][:, 2]
    assert (np.abs(ratio - 1.0) > 0.005).all()
    assert (np.abs(ratio - 1.0) < 0.08).all()
    assert response_factors(matter, "none", 1.27) == (1.0, 1.0)
    names = NucleonScattering(Settings(many_body="horowitz2017")).references
    assert any("Horowitz et al. 2017" in name for name in names)
