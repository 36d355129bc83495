import math

import numpy as np
import pytest
from scipy.integrate import quad

from microphysics.constants import CODATA
from microphysics.eos.composition import from_composition
from microphysics.processes.bremsstrahlung import Bremsstrahlung, nucleon_pair_emission
from microphysics.processes.settings import Settings
from microphysics.weak.couplings import WeakCouplings


def matter_of(rho, t, x_n, x_p):
    return from_composition(rho, t, 0.3, x_n, x_p, 0.0, 0.0, 0.0, 0.0)


def emissivity(energy, matter, **choices):
    """One species' j, MeV/(cm^3 s MeV sr), first zone."""
    kappa = Bremsstrahlung(Settings(**choices))(np.atleast_1d(energy), matter).absorption[2, 0]
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
    energy = np.array([3.0, 30.0])
    base = Bremsstrahlung(Settings())(energy, matter_of([1e12], [4.0], [1.0], [0.0])).absorption
    dense = Bremsstrahlung(Settings())(energy, matter_of([3e12], [4.0], [1.0], [0.0])).absorption
    mixed = Bremsstrahlung(Settings())(energy, matter_of([1e12], [4.0], [0.5], [0.5])).absorption
    np.testing.assert_allclose(dense[2], 9.0 * base[2], rtol=1e-12)
    np.testing.assert_allclose(mixed[2], (0.5 + 7.0 / 3.0) * base[2], rtol=1e-12)
    assert not base[:2].any()
    # kappa* at fixed x falls like rho^2 T^(5.5 - 4)
    hot = Bremsstrahlung(Settings())(2.0 * energy, matter_of([1e12], [8.0], [1.0], [0.0])).absorption
    np.testing.assert_allclose(hot[2], 2.0**1.5 * base[2], rtol=1e-12)
    other = Bremsstrahlung(Settings(couplings=WeakCouplings(vev_ratio=2.0)))(
        energy, matter_of([1e12], [4.0], [1.0], [0.0])
    )
    np.testing.assert_allclose(other.absorption[2], base[2] / 16.0, rtol=1e-14)


def test_no_nucleons_and_no_underflow():
    energy = np.array([1e-2, 1.0, 500.0])
    assert not Bremsstrahlung(Settings())(energy, matter_of([1e9], [1.0], [0.0], [0.0])).absorption.any()
    kappa = Bremsstrahlung(Settings())(energy, matter_of([1e9], [0.05], [0.5], [0.5])).absorption[2, 0]
    assert np.isfinite(kappa).all()
    assert (kappa >= 0.0).all()
    assert kappa[1] > 0.0
