"""Bremsstrahlung: the simple form, and what the process makes of a structure function."""

import math

import numpy as np
import pytest
from scipy.integrate import quad

from microphysics.constants import CODATA
from microphysics.eos.composition import from_composition
from microphysics.errors import MicrophysicsError
from microphysics.processes.bremsstrahlung import (
    Bremsstrahlung,
    SimpleBremsstrahlung,
    bremsstrahlung,
    nucleon_pair_emission,
)
from microphysics.processes.settings import Settings
from microphysics.weak.couplings import WeakCouplings


def matter_of(rho, t, x_n, x_p):
    return from_composition(rho, t, 0.3, x_n, x_p, 0.0, 0.0, 0.0, 0.0)


def emissivity(energy, matter, **choices):
    """One species' j, MeV/(cm^3 s MeV sr), first zone."""
    kappa = SimpleBremsstrahlung(Settings(**choices))(np.atleast_1d(energy), matter).absorption[0, 0]
    f = 1.0 / (np.exp(energy / matter.temperature[0]) + 1.0)
    return kappa * CODATA.speed_of_light * energy**3 * f / (2.0 * np.pi * CODATA.hbar_c) ** 3


def test_energy_loss_in_numbers():
    # 2.0778e30 x 0.5 x (X_n^2 + X_p^2 + 28/3 X_n X_p) rho_14^2 T^5.5 erg/cm^3/s, by hand: 1.0389e30 x 2.77 x 0.01 x 7.02e3
    matter = matter_of([1e13], [5.0], [0.7], [0.3])
    assert nucleon_pair_emission(matter)[0] == pytest.approx(1.0389e30 * 2.54 * 0.01 * 6987.71, rel=1e-4)


def test_spectrum_carries_the_energy_loss():
    # the fit 0.234 x^2.4 e^-1.1x integrates to 0.5045: two species share Q, to the 1 % of the fit
    matter = matter_of([1e13], [5.0], [0.7], [0.3])
    one, _ = quad(lambda e: 4.0 * np.pi * emissivity(np.array([e]), matter)[0], 0.0, 250.0, epsrel=1e-8)
    loss = nucleon_pair_emission(matter)[0] / CODATA.erg_per_mev
    assert one / loss == pytest.approx(0.234 * math.gamma(3.4) / 1.1**3.4, rel=1e-6)
    assert 2.0 * one / loss == pytest.approx(1.0, abs=0.015)


def test_spectrum_point_by_point():
    matter = matter_of([1e12], [4.0], [0.8], [0.2])
    energy = np.array([0.5, 4.0, 40.0])
    loss = nucleon_pair_emission(matter)[0] / CODATA.erg_per_mev
    x = energy / 4.0
    expected = 0.234 * loss / (4.0 * np.pi * 4.0) * x**2.4 * np.exp(-1.1 * x)
    np.testing.assert_allclose(emissivity(energy, matter), expected, rtol=1e-12)


def test_scaling():
    simple = SimpleBremsstrahlung(Settings())
    energy = np.array([3.0, 30.0])
    base = simple(energy, matter_of([1e12], [4.0], [1.0], [0.0])).absorption
    dense = simple(energy, matter_of([3e12], [4.0], [1.0], [0.0])).absorption
    mixed = simple(energy, matter_of([1e12], [4.0], [0.5], [0.5])).absorption
    np.testing.assert_allclose(dense, 9.0 * base, rtol=1e-12)
    np.testing.assert_allclose(mixed, (0.5 + 7.0 / 3.0) * base, rtol=1e-12)
    assert simple.species == ("nux",)
    # kappa* at fixed x falls like rho^2 T^(5.5 - 4)
    hot = simple(2.0 * energy, matter_of([1e12], [8.0], [1.0], [0.0])).absorption
    np.testing.assert_allclose(hot, 2.0**1.5 * base, rtol=1e-12)


@pytest.mark.parametrize("kind", [SimpleBremsstrahlung, Bremsstrahlung])
def test_no_nucleons_and_no_underflow(kind):
    energy = np.array([1e-2, 1.0, 500.0])
    process = kind(Settings())
    assert not process(energy, matter_of([1e9], [1.0], [0.0], [0.0])).absorption.any()
    kappa = process(energy, matter_of([1e9], [0.05], [0.5], [0.5])).absorption[0, 0]
    assert np.isfinite(kappa).all()
    assert (kappa >= 0.0).all()
    assert kappa[1] > 0.0


@pytest.mark.parametrize("kind", [SimpleBremsstrahlung, Bremsstrahlung])
def test_couplings_and_medium(kind):
    energy, matter = np.array([3.0, 30.0]), matter_of([1e14], [8.0], [0.9], [0.1])
    base = kind(Settings())(energy, matter).absorption
    other = kind(Settings(couplings=WeakCouplings(vev_ratio=2.0)))(energy, matter).absorption
    np.testing.assert_allclose(other, base / 16.0, rtol=1e-13)
    medium = kind(Settings(bremsstrahlung_medium="fischer2016"))
    # n_b = 0.0602 fm^-3
    density = matter.baryon_density[0] * 1e-39
    assert density == pytest.approx(0.0602, rel=1e-3)
    factor = (1.0 + (density / 0.15) ** (1.0 / 3.0) / 3.0) ** -6
    np.testing.assert_allclose(medium(energy, matter).absorption, factor * base, rtol=1e-12)
    assert medium.references[-1].startswith("Fischer 2016")


def test_axial_coupling_is_a_prefactor():
    energy, matter = np.array([3.0, 30.0]), matter_of([1e14], [8.0], [0.9], [0.1])

    def kappa(axial):
        return Bremsstrahlung(Settings(couplings=WeakCouplings(axial_coupling=axial)))(
            energy, matter
        ).absorption

    np.testing.assert_allclose(kappa(1.26) / kappa(1.2754), (1.26 / 1.2754) ** 2, rtol=1e-13)
    exact = np.imag(kappa(1.2754 + 1e-30j)) / 1e-30
    np.testing.assert_allclose(exact, 2.0 / 1.2754 * kappa(1.2754), rtol=1e-12)


@pytest.mark.filterwarnings("ignore:.*partners of nue or anue:microphysics.errors.PhysicsWarning")
def test_all_flavors_differ_by_their_potential_alone():
    energy, matter = np.array([3.0, 30.0]), matter_of([1e13], [5.0], [0.7], [0.3])
    eta = matter.neutrino_degeneracy()[:, 0]
    for kind in (SimpleBremsstrahlung, Bremsstrahlung):
        process = kind(Settings(pair_species="all"))
        assert process.species == ("nue", "anue", "nux")
        kappa = process(energy, matter).absorption[:, 0]
        np.testing.assert_array_equal(kappa[2], kind(Settings())(energy, matter).absorption[0, 0])
        # j = kappa* B is one number
        f = 1.0 / (1.0 + np.exp(energy / 5.0 - eta[:, None]))
        np.testing.assert_allclose(kappa * f, (kappa * f)[2:] * np.ones((3, 1)), rtol=1e-12)


def test_choice():
    assert isinstance(bremsstrahlung(Settings()), Bremsstrahlung)
    assert isinstance(bremsstrahlung(Settings(bremsstrahlung="burrows2006")), SimpleBremsstrahlung)
    with pytest.raises(MicrophysicsError, match='burrows2006" is a fit of the emission past no partner'):
        bremsstrahlung(Settings(bremsstrahlung="burrows2006", pair_partner="equilibrium"))
    with pytest.raises(MicrophysicsError, match="needs bremsstrahlung_table, the path"):
        bremsstrahlung(Settings(bremsstrahlung="table"))


def test_order_of_magnitude_of_both_forms():
    # energy loss per pair at 1e11 g/cm^3, T = 5 MeV, X_n = 0.9, X_p = 0.1: 7.4e27 of the fit to one-pion exchange
    # (g_A = 1.26), 1.2e28 erg/cm^3/s of the simple form
    matter = matter_of([1e11], [5.0], [0.9], [0.1])
    node, weight = np.polynomial.legendre.leggauss(120)
    energy = 75.0 * (1.0 + node)
    black = CODATA.speed_of_light * energy**3 / (2.0 * np.pi * CODATA.hbar_c) ** 3
    black /= np.exp(energy / 5.0) + 1.0
    couplings = WeakCouplings(axial_coupling=1.26)
    for kind, loss in ((Bremsstrahlung, 7.4e27), (SimpleBremsstrahlung, 1.2e28)):
        kappa = kind(Settings(couplings=couplings))(energy, matter).absorption[0, 0]
        found = 2.0 * 4.0 * np.pi * 75.0 * weight @ (kappa * black) * CODATA.erg_per_mev
        assert found == pytest.approx(loss, rel=0.02)
