"""Bremsstrahlung by the fit of Hannestad & Raffelt: against the formulas written out, quadrature, and exact relations."""

from dataclasses import replace

import numpy as np
import pytest

from microphysics.constants import CODATA
from microphysics.eos.composition import from_composition
from microphysics.processes import bremsstrahlung_kernels as brems
from microphysics.processes.bremsstrahlung import Bremsstrahlung
from microphysics.processes.settings import Settings
from microphysics.weak.couplings import WeakCouplings

COUPLINGS = WeakCouplings(axial_coupling=1.26)
FIT = brems.HannestadRaffelt()
STATES = (
    (1e9, 0.7, 0.45),
    (1e11, 5.0, 0.1),
    (1e13, 20.0, 0.3),
    (3e14, 12.0, 0.25),
    (8e14, 1.0, 0.05),
    (1e12, 60.0, 0.4),
)


def matter_of(states=STATES):
    rho, t, ye = (np.array(values) for values in zip(*states, strict=True))
    return from_composition(rho, t, ye, 1.0 - ye, ye, 0.0, 0.0, 0.0, 0.0)


def channel(x, t, n, m):
    """T S(x) of one channel, term by term; x = w/T."""
    e = (CODATA.hbar_c * np.cbrt(3.0 * np.pi**2 * n)) ** 2 / (2.0 * m * t)
    y, hot = 19.4 / t, t / 10.0
    spread = 1.63 * e**1.5 * hot
    s_nd = (
        2.0
        * np.sqrt(np.pi)
        * (x + 2.0 - np.exp(-y / 12.0)) ** 1.5
        * (x**2 + 2.0 * x * y + 5.0 / 3.0 * y**2 + 1.0)
    )
    s_nd /= np.sqrt(np.pi) + (np.pi**0.125 + x + y) ** 4
    u = np.sqrt(y / (2.0 * e))
    v = u**2 / (2.0 * np.sqrt(2.0 * u**2 + 4.0))
    f = 1.0 - 5.0 * u / 6.0 * np.arctan(2.0 / u) + u**2 / (3.0 * (u**2 + 4.0)) + v / 3.0 * np.arctan(1.0 / v)
    s_d = (
        3.0
        * (np.pi / 2.0) ** 2.5
        * e**-2.5
        * (x**2 + 4.0 * np.pi**2)
        * x
        * f
        / (4.0 * np.pi**2 * (1.0 - np.exp(-x)))
    )
    p = 0.67 + 0.18 * y**0.4
    big_f = 1.0 + 1.0 / ((3.0 + (x - 1.2) ** 2 + x**-4) * (1.0 + e**2) * (1.0 + y**4))
    big_g = 1.0 - 0.0044 * x**1.1 * y / (0.8 + 0.06 * y**1.05) * np.sqrt(e) / (e + 0.2)
    h = 0.1 * e / (2.39 + 0.1 * e**1.1)
    big_c = 1.1 * x**1.1 * h / (2.3 + h * x**0.93 + 0.0001 * x**1.2) * 30.0 / (30.0 + 0.005 * x**2.8)
    s = (s_nd**-p + s_d**-p) ** (-1.0 / p) * big_f * (1.0 + big_c * big_g)
    a1 = (0.5 + 1.0 / e) / (1.0 + 1.0 / e) / (1.0 + 25.0 * y**2)
    a1 += (0.5 + e / 15.6) * 25.0 * y**2 / (1.0 + 25.0 * y**2)
    a2 = (0.63 + 0.04 * e**1.45) / (1.0 + 0.02 * e**2.5)
    a3 = 1.2 * np.exp(0.6 * e - 0.4 * e**1.5)
    p1 = (1.8 + 0.45 * e) / (1.0 + 0.15 * e**1.5)
    p2 = 2.3 - 0.05 * e / (1.0 + 0.025 * e)
    g = (a1 + a2 * y**p1) / (1.0 + a3 * y**p2 + a2 * y ** (p1 + 2.0) / 13.75)
    return spread / (x**2 + (spread * g / 2.0) ** 2) * s


def summed(x, matter, zone):
    """T sum_ch w_ch n_ch S_ch, 1/cm^3."""
    t = matter.temperature[zone]
    n, p = matter.number_density_neutron[zone], matter.number_density_proton[zone]
    m_n, m_p = CODATA.neutron_mass, CODATA.proton_mass
    mixed = np.sqrt(n * p)
    total = n * channel(x, t, n, m_n) + p * channel(x, t, p, m_p)
    return total + 28.0 / 3.0 * mixed * channel(x, t, mixed, 0.5 * (m_n + m_p))


def test_scalar_of_another_library():
    # test values of bns_nurates (Chiesa et al. 2025, PRD 111, 063053), 1e-6: L_0 = Phi_0/2 at 10 and 20 MeV, with the
    # factor of Fischer 2016, g_A = 1.26
    density = 3.73e14 / 1.6737747126723517e-24
    matter = replace(
        matter_of(((3.73e14, 12.04, 0.3134),)), baryon_mass=1.6737747126723517e-24 / CODATA.gram_per_mev
    )
    assert matter.baryon_density[0] == pytest.approx(density, rel=1e-12)
    phi_0, phi_1 = brems.kernels(np.array([10.0, 20.0]), matter, COUPLINGS, FIT)
    factor = brems.medium_factor(matter)[0]
    assert 1.0 / factor == pytest.approx(6.91734, rel=1e-6)
    assert factor * phi_0[0, 0, 1] / 2.0 == pytest.approx(3.29793434e-29, rel=1e-6)
    assert factor * phi_0[0, 0, 1] / 2.0 * np.exp(-30.0 / 12.04) == pytest.approx(2.72968729e-30, rel=1e-6)
    np.testing.assert_allclose(phi_1, -phi_0 / 9.0, rtol=1e-13)


def test_kernels_against_the_formulas():
    # 1e-5: six points of the table in ln w, 0.125 apart; 2e-6 except at eta* = 100
    matter, energy = matter_of(), np.geomspace(0.3, 300.0, 17)
    phi_0, _ = brems.kernels(energy, matter, COUPLINGS, FIT)
    strength = (0.5 * 1.26 * CODATA.fermi_constant) ** 2 * CODATA.hbar_c**5 * CODATA.speed_of_light
    for zone, t in enumerate(matter.temperature):
        expected = 6.0 * strength * summed((energy[:, None] + energy) / t, matter, zone) / t
        np.testing.assert_allclose(phi_0[zone], expected, rtol=1e-5)
    np.testing.assert_array_equal(phi_0, phi_0.swapaxes(1, 2))


def nodes(edges):
    node, weight = np.polynomial.legendre.leggauss(24)
    half = 0.5 * np.diff(edges)[:, None]
    return (edges[:-1, None] + half * (1.0 + node)).ravel(), (half * weight).ravel()


STEPS = np.array([0.0, 0.5, 1.0, 2.0, 4.0, 7.0, 11.0, 16.0, 22.0, 30.0, 40.0])


@pytest.mark.parametrize("zone", range(len(STATES)))
def test_integrals_against_quadrature(zone):
    matter, energy = matter_of(), np.array([0.3, 0.8, 5.0, 5.5, 20.0, 90.0, 300.0])
    t = matter.temperature[zone]
    free = brems.unblocked_integral(energy, matter, FIT)[zone]
    for eta in (0.0, 3.0, -25.0):
        blocked = brems.equilibrium_integral(energy, matter, FIT, np.full(len(STATES), eta))[zone]
        surface = max(-eta, 0.0)
        for i, x in enumerate(energy / t):
            edges = np.concatenate(
                [x * np.array([0.0, 0.3, 1.0, 3.0, 9.0]), STEPS, surface + STEPS, surface - STEPS]
            )
            y, weight = nodes(np.unique(edges[(edges >= 0.0) & (edges <= surface + 40.0)]))
            whole = weight * y**2 * summed(x + y, matter, zone)
            assert free[i] == pytest.approx(whole @ np.exp(-y), rel=1e-5)
            expected = whole @ ((1.0 + np.exp(eta - x)) / (1.0 + np.exp(y + eta)))
            assert blocked[i] == pytest.approx(expected, rel=1e-5)


def test_energies_alone_and_together():
    # the sums share stretches of w between energies
    matter, energy = matter_of(), np.geomspace(0.2, 300.0, 24)
    together = brems.unblocked_integral(energy, matter, FIT)
    alone = [brems.unblocked_integral(energy[i : i + 1], matter, FIT)[:, 0] for i in range(energy.size)]
    np.testing.assert_allclose(together, np.transpose(alone), rtol=1e-5)


def test_energy_loss_is_the_moment_of_the_kernel():
    # Q = (4 pi)^2/(2 pi hbar c)^6 int dw (w^6/30) L_0 e^-w/T, from the kernel's own formula, against 2 x 4 pi int j dE
    matter = matter_of(((1e11, 5.0, 0.0),))
    energy, weight = nodes(np.array([1e-3, 2.0, 5.0, 10.0, 20.0, 40.0, 70.0, 110.0, 160.0, 220.0]))
    kappa = Bremsstrahlung(Settings(couplings=COUPLINGS))(energy, matter).absorption[0, 0]
    black = (
        CODATA.speed_of_light * energy**3 / (2.0 * np.pi * CODATA.hbar_c) ** 3 / (np.exp(energy / 5.0) + 1.0)
    )
    loss = 2.0 * 4.0 * np.pi * weight @ (kappa * black)
    strength = (0.5 * 1.26 * CODATA.fermi_constant) ** 2 * CODATA.hbar_c**5 * CODATA.speed_of_light
    n = matter.number_density_neutron[0]
    l_0 = 3.0 * strength * n * channel(energy / 5.0, 5.0, n, CODATA.neutron_mass) / 5.0
    moment = weight @ (energy**6 / 30.0 * l_0 * np.exp(-energy / 5.0))
    assert loss == pytest.approx((4.0 * np.pi) ** 2 / (2.0 * np.pi * CODATA.hbar_c) ** 6 * moment, rel=1e-5)


def test_partner_thin_and_deep():
    energy = np.array([1.0, 10.0, 60.0])
    matter = matter_of()
    x = energy / matter.temperature[:, None]
    free = brems.unblocked_integral(energy, matter, FIT)
    thin = brems.equilibrium_integral(energy, matter, FIT, np.full(len(STATES), 80.0))
    np.testing.assert_allclose(thin, free * (np.exp(-x) + np.exp(-80.0)), rtol=1e-5)
    heavy = brems.equilibrium_integral(energy, matter, FIT, np.zeros(len(STATES)))
    assert (heavy < free * (1.0 + np.exp(-x))).all()
    deep = brems.equilibrium_integral(energy, matter, FIT, np.full(len(STATES), -80.0))
    assert (deep > heavy).all()


def test_process_kernels():
    energy, matter = np.array([2.0, 9.0, 40.0]), matter_of()
    pair = Bremsstrahlung(Settings(pair_species="all", bremsstrahlung_medium="fischer2016")).kernels(
        energy, matter
    )
    phi_0, phi_1 = brems.kernels(energy, matter, WeakCouplings(), FIT)
    factor = brems.medium_factor(matter)[:, None, None]
    six = pair.of(("nue", "anue", "numu", "anumu", "nutau", "anutau"))
    for row in range(6):
        np.testing.assert_allclose(six.annihilation_0[row], factor * phi_0, rtol=1e-14)
        np.testing.assert_allclose(six.annihilation_1[row], factor * phi_1, rtol=1e-14)
    total = (energy[:, None] + energy) / matter.temperature[:, None, None]
    np.testing.assert_allclose(six.production_0[0], factor * phi_0 * np.exp(-total), rtol=1e-14)


def test_any_state():
    generator = np.random.default_rng(8)
    size = 1500
    rho, t = (
        10.0 ** generator.uniform(3.0, 15.5, size),
        10.0 ** generator.uniform(-2.0, np.log10(150.0), size),
    )
    ye = generator.uniform(0.0, 1.0, size)
    ye[:40], ye[40:80] = 0.0, 1.0
    matter = from_composition(rho, t, 0.3, 1.0 - ye, ye, 0.0, 0.0, 0.0, 0.0, chemical_potential_electron=1.0)
    energy = np.geomspace(0.1, 400.0, 9)
    first, last = np.zeros(size, np.int64), np.full(size, brems.GRID.size - 1)
    assert np.isfinite(FIT.logarithm(matter, first, last)).all()
    for values in (
        brems.unblocked_integral(energy, matter, FIT),
        brems.equilibrium_integral(energy, matter, FIT, generator.uniform(-3e4, 3e4, size)),
        brems.kernels(energy, matter, COUPLINGS, FIT)[0],
    ):
        assert np.isfinite(values).all()
        assert (values >= 0.0).all()


def test_suppression_by_the_pion_mass_joins_its_series():
    # f(u) is a small difference from u = 12 on, where its series takes over
    from microphysics._kernels.bremsstrahlung import _multiple_scattering

    assert _multiple_scattering(0.0) == 1.0
    low, high = _multiple_scattering(12.0), _multiple_scattering(12.0 * (1.0 + 1e-13))
    assert low == pytest.approx(high, rel=1e-10)
    assert _multiple_scattering(1e6) == pytest.approx(112.0 / 45.0 * 1e-24, rel=1e-10)
