"""Capture rates, alphas and the integrator against independent quadrature, closed forms and limits."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from microphysics.constants import CODATA
from microphysics.eos.electron_gas import electron_chemical_potential
from microphysics.eos.nse import SahaNSE
from microphysics.spectrum import Pinched
from microphysics.weak.couplings import WeakCouplings
from snsim.diagnostics.nucleon_capture import cross_section, mean_cross_section
from snsim.ejecta._kernels.electron_fraction import _phi
from snsim.ejecta._kernels.nucleon_rates import (
    alpha_fraction,
    baryon_density,
    electron_capture,
    electron_potential,
    nothing_to_capture,
    positron_capture,
)
from snsim.ejecta.histories import weak_rates

COUPLINGS = WeakCouplings()
WEAK = {magnetism: weak_rates(COUPLINGS, magnetism) for magnetism in (False, True)}
Q, M = CODATA.nucleon_mass_difference, CODATA.electron_mass
STATES = CODATA.speed_of_light / (2.0 * math.pi**2 * CODATA.hbar_c**3)  # c/(2 pi^2 (hbar c)^3)


def emission(sign, temperature, mu, magnetism):
    """c/(2 pi^2 (hbar c)^3) int E^2 sigma(E) f(E_e) dE of the cross section that absorption uses."""
    start = 0.0 if sign > 0 else Q + M

    def integrand(energy):
        x = (energy + sign * Q - sign * mu) / temperature
        occupied = 1.0 / (1.0 + math.exp(x)) if x < 700.0 else 0.0
        return energy**2 * float(cross_section(energy, sign, COUPLINGS, magnetism=magnetism)) * occupied

    surface = max(sign * mu - sign * Q, start)
    edges = [
        start,
        *sorted(
            {surface + k * temperature for k in (-20, -5, 0, 5, 20, 60) if surface + k * temperature > start}
        ),
    ]
    parts = [quad(integrand, a, b, epsabs=0.0, epsrel=1e-11, limit=400)[0] for a, b in pairwise(edges)]
    return STATES * sum(parts)


@pytest.mark.parametrize("magnetism", [False, True])
@pytest.mark.parametrize(
    ("temperature", "mu"),
    [(0.2, 0.3), (0.86, 0.5), (0.86, 3.0), (3.0, 0.0), (3.0, 15.0), (10.0, 5.0), (0.1, 2.0)],
)
def test_captures_are_detailed_balance_of_absorption(temperature, mu, magnetism):
    """The rates are the absorption cross sections folded with electrons and positrons: one matrix element."""
    weak = WEAK[magnetism]
    assert electron_capture(temperature, mu, weak) == pytest.approx(
        emission(1, temperature, mu, magnetism), rel=1e-10
    )
    assert positron_capture(temperature, mu, weak) == pytest.approx(
        emission(-1, temperature, mu, magnetism), rel=1e-10
    )


@pytest.mark.parametrize("temperature", [0.5, 2.0, 6.0])
def test_captures_of_thin_electrons_balance_a_maxwell_boltzmann_field(temperature):
    """With mu << 0, lambda_e- = exp((mu - Q)/T) c n_MB <sigma>: Kirchhoff's law in Boltzmann's limit."""
    mu = -40.0 * temperature
    field = Pinched(3.0 * temperature, 2.0)  # E^2 exp(-E/T), 2 T^3 in all
    number = STATES * 2.0 * temperature**3
    expected = math.exp((mu - Q) / temperature) * number * float(mean_cross_section(field, 1, COUPLINGS))
    assert electron_capture(temperature, mu, WEAK[True]) == pytest.approx(expected, rel=1e-8)
    expected = math.exp((mu + Q) / temperature) * number * float(mean_cross_section(field, -1, COUPLINGS))
    assert positron_capture(temperature, -mu, WEAK[True]) == pytest.approx(expected, rel=1e-8)


def test_hot_matter_has_the_relativistic_limit():
    """Without masses both rates are N_cc c T^5 24 eta(5)/(2 pi^2 (hbar c)^3) at mu = 0."""
    zeta = (1.0 - 2.0**-4) * 1.0369277551433699
    for temperature, within in ((50.0, 0.06), (500.0, 0.006)):
        scale = WEAK[False].norm * temperature**5 * 24.0 * zeta
        assert electron_capture(temperature, 0.0, WEAK[False]) == pytest.approx(scale, rel=within)
        assert positron_capture(temperature, 0.0, WEAK[False]) == pytest.approx(scale, rel=within)


@pytest.mark.parametrize("guess", [0.0, 0.9, 0.99, 1.0 + 1e-7, 1.3, 50.0])
@pytest.mark.parametrize(
    ("density", "temperature"), [(1e2, 0.01), (1e5, 0.2), (1e8, 1.0), (1e10, 5.0), (1e11, 0.05)]
)
def test_potential_from_any_guess(density, temperature, guess):
    charge = baryon_density(density) * 0.4
    expected = electron_chemical_potential(charge, temperature)
    found = electron_potential(charge, temperature, guess * expected)
    assert found == pytest.approx(expected, abs=2e-10 * temperature, rel=1e-13)


def test_cold_thin_matter_captures_nothing():
    weak = WEAK[True]
    assert nothing_to_capture(0.005, baryon_density(1e5) * 0.3, weak)
    assert max(electron_capture(0.005, 0.51, weak), positron_capture(0.005, 0.51, weak)) < 1e-30
    # dense matter captures however cold
    assert not nothing_to_capture(0.005, baryon_density(1e9) * 0.5, weak)
    assert electron_capture(0.005, 4.0, weak) > 1e-3


@settings(max_examples=60, deadline=None)
@given(
    density=st.floats(1.0, 1e12),
    temperature=st.floats(1e-3, 20.0),
    ye=st.floats(1e-4, 1.0 - 1e-4),
)
def test_alphas_conserve_baryons_and_obey_saha(density, temperature, ye):
    x = alpha_fraction(density, temperature, ye)
    most = 2.0 * min(ye, 1.0 - ye)
    assert 0.0 <= x <= most * (1.0 + 1e-15)
    neutrons, protons = 1.0 - ye - 0.5 * x, ye - 0.5 * x
    if min(neutrons, protons) < 1e-6 or x < 1e-6:
        return  # traces: their rounding is that of the subtraction here
    mass = 2.0 * (CODATA.neutron_mass + CODATA.proton_mass) - 28.296

    def quantum(m):
        return (m * temperature / (2.0 * math.pi)) ** 1.5 / (CODATA.hbar_c * 1e13) ** 3

    n = baryon_density(density)
    right = math.log(
        quantum(mass) / (16.0 * quantum(CODATA.neutron_mass) ** 2 * quantum(CODATA.proton_mass) ** 2)
    )
    right += 3.0 * math.log(n) + 28.296 / temperature + 2.0 * math.log(neutrons) + 2.0 * math.log(protons)
    assert math.log(0.25 * x) == pytest.approx(right, abs=1e-7)


def test_alphas_of_the_equation_of_state_without_nuclei():
    """Fermi-gas nucleons instead of Boltzmann's differ by their degeneracy, below 2e-3 here."""
    nse = SahaNSE(binding=0.0)
    for density, temperature, ye in ((1e7, 0.8, 0.3), (1e7, 0.8, 0.5), (1e8, 1.0, 0.4), (1e6, 0.65, 0.1)):
        expected = float(nse.state(density, temperature, ye).mass_fraction_alpha[0])
        assert 0.01 < expected < 0.99 * 2.0 * ye
        assert alpha_fraction(density, temperature, ye) == pytest.approx(expected, rel=2e-3)


def test_hot_matter_has_no_alphas_and_cold_matter_no_rare_nucleon():
    assert alpha_fraction(1e8, 10.0, 0.3) < 1e-6
    assert alpha_fraction(1e5, 1e-3, 0.3) == 0.6
    assert alpha_fraction(1e5, 1e-3, 0.5) == 1.0
    assert alpha_fraction(1e5, 0.5, 0.0) == alpha_fraction(1e5, 0.5, 1.0) == 0.0


@pytest.mark.parametrize("z", [-1e4, -3.0, -0.1001, -0.0999, -1e-6, 0.0, 1e-3, 0.5, 2.0])
def test_exponential_functions(z):
    """phi_k(z) = int_0^1 exp((1 - s) z) s^(k-1)/(k-1)! ds."""
    for k, found in enumerate(_phi(z), 1):
        layer = max(0.0, 1.0 - 40.0 / max(abs(z), 40.0))  # where the integrand is
        expected = sum(
            quad(lambda s, k=k: math.exp((1.0 - s) * z) * s ** (k - 1), a, b, epsabs=0.0, epsrel=1e-13)[0]
            for a, b in ((0.0, layer), (layer, 1.0))
            if a < b
        )
        assert found == pytest.approx(expected / math.factorial(k - 1), rel=1e-11)


def test_corrections_are_those_of_absorption():
    """W(E) as the kernels have it: from the ratio of cross sections."""
    for sign, shape in ((1, WEAK[True].nue), (-1, WEAK[True].anue)):
        energy = np.array([3.0, 10.0, 40.0, 90.0])
        e = energy / shape[0]
        ours = np.polyval(shape[:0:-1], e) / (1.0 + 2.0 * e) ** 3
        wanted = cross_section(energy, sign) / cross_section(energy, sign, magnetism=False)
        np.testing.assert_allclose(ours, wanted, rtol=1e-12)
