"""Pair production: the kernel against the trace it comes from, and the emission against closed forms."""

import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad

from microphysics.constants import CODATA
from microphysics.eos.composition import from_composition
from microphysics.processes import pairs
from microphysics.processes.pairs import Pair
from microphysics.processes.settings import Settings
from microphysics.weak.couplings import WeakCouplings

ROOT = Path(__file__).resolve().parents[2]
STRENGTH = (CODATA.fermi_constant * CODATA.hbar_c) ** 2 / np.pi  # G_F^2 (hbar c)^2/pi, cm^2/MeV^2
S2 = WeakCouplings().sin2_theta_w
C_V, C_A = -0.5 + 2.0 * S2, -0.5


def occupation_product(e, total, eta):
    """f_-(e) f_+(total - e) e^total, without overflow."""
    z = e - eta
    return 1.0 / (1.0 + math.exp(-total) + math.exp(-z) + math.exp(min(z - total, 700.0)))


def traced(x, y, eta):
    """Int over angles of the squared matrix element (master formula), both couplings 1, times e^w."""
    total, result = x + y, 0.0
    for cosine, weight in zip(*np.polynomial.legendre.leggauss(40), strict=True):
        q = math.sqrt(x * x + y * y + 2.0 * x * y * cosine)
        mu_k, mu_partner = (x + y * cosine) / q, (y + x * cosine) / q

        def integrand(e, q=q, mu_k=mu_k, mu_partner=mu_partner):
            m = (q * q - total**2 + 2.0 * total * e) / (2.0 * q)
            p = x * x * ((e - m * mu_k) ** 2 + 0.5 * (e * e - m * m) * (1.0 - mu_k**2))
            p += y * y * ((e - m * mu_partner) ** 2 + 0.5 * (e * e - m * m) * (1.0 - mu_partner**2))
            return p * occupation_product(e, total, eta)

        low, high = 0.5 * (total - q), 0.5 * (total + q)
        edge = min(max(eta, low), high)
        result += (
            weight
            / q
            * sum(quad(integrand, a, b, epsrel=1e-9)[0] for a, b in ((low, edge), (edge, high)) if b > a)
        )
    return result / (x * y)


@pytest.mark.parametrize(
    ("x", "y", "eta", "tolerance"),
    [
        (1.0, 2.0, 0.0, 1e-8),
        (2.0, 1.0, 3.0, 1e-8),
        (5.0, 2.0, 10.0, 1e-7),  # six nodes in each of three panels, of the order of T wide or more
        (0.3, 12.0, 8.0, 1e-5),
        (7.0, 7.0, 1.0, 1e-5),
        (0.3, 30.0, 25.0, 1e-4),
    ],
)
def test_electron_integral_against_the_squared_matrix_element(x, y, eta, tolerance):
    # the polynomials of Bruenn 1985 follow from it; nothing of them is used here
    assert pairs._electron_integral(x, y, eta) == pytest.approx(traced(x, y, eta), rel=tolerance)


def test_electron_integral_is_symmetric():
    # the sum of both structures: under exchange of the neutrinos and of electrons with positrons
    for x, y, eta in ((0.7, 5.0, 2.0), (3.0, 40.0, 11.0)):
        value = pairs._electron_integral(x, y, eta)
        assert pairs._electron_integral(y, x, eta) == pytest.approx(value, rel=1e-13)
    assert pairs._electron_integral(1.0, 1.0 + 1e-12, 0.5) == pytest.approx(
        pairs._electron_integral(1.0, 1.0, 0.5), rel=1e-10
    )


def emission_moments(t, mu, couplings=None):
    """Number and energy emitted per cm^3 and s in numu alone: 4 pi int j/E dE and 4 pi int j dE."""
    # panels of the energy, so that Fermi surface and tail are both resolved
    eta = abs(mu) / t
    edges = np.unique([0.0, 1.0, 4.0, 12.0, eta, eta + 6.0, eta + 20.0, eta + 50.0])
    node, weight = np.polynomial.legendre.leggauss(16)
    width = 0.5 * np.diff(edges)
    energy = t * (edges[:-1, None] + width[:, None] * (1.0 + node)).ravel()
    weight = t * (width[:, None] * weight).ravel()
    matter = from_composition([1e8], [t], [0.5], 0.5, 0.5, 0.0, 0.0, 0.0, 0.0, chemical_potential_electron=mu)
    kappa = Pair(Settings(couplings=couplings or WeakCouplings()))(energy, matter).absorption[2, 0]
    black = (
        CODATA.speed_of_light * energy**3 / (2.0 * np.pi * CODATA.hbar_c) ** 3 / (np.exp(energy / t) + 1.0)
    )
    j = kappa * black
    return 4.0 * np.pi * (j / energy) @ weight, 4.0 * np.pi * j @ weight


def fermi_dirac(k, eta):
    top = max(eta, 0.0)
    parts = ((0.0, top), (top, top + 60.0))
    return sum(quad(lambda z: z**k / (math.exp(z - eta) + 1.0), a, b, epsrel=1e-11)[0] for a, b in parts)


@pytest.mark.parametrize(("t", "eta"), [(1.0, 0.0), (3.0, 2.0), (2.0, 8.0), (1.0, 15.0)])
def test_total_emission_in_closed_form(t, eta):
    # massless electrons: sigma = G_F^2 (C_V^2 + C_A^2) s/(12 pi) (Dicus 1972), so that pairs appear at the rate
    # (2/9 pi^5) G_F^2 (C_V^2 + C_A^2) T^8 F_3(eta) F_3(-eta) and carry E_- + E_+. 2e-5: panels of six and seven nodes
    number, energy = emission_moments(t, eta * t)
    front = 2.0 / (9.0 * np.pi**5) * CODATA.fermi_constant**2 * (C_V**2 + C_A**2)
    front *= CODATA.speed_of_light / CODATA.hbar_c**4
    f3, g3, f4, g4 = fermi_dirac(3, eta), fermi_dirac(3, -eta), fermi_dirac(4, eta), fermi_dirac(4, -eta)
    assert number == pytest.approx(front * t**8 * f3 * g3, rel=2e-5)
    # numu and anumu share the energy; the mean over both is half
    assert energy == pytest.approx(0.5 * front * t**9 * (f4 * g3 + f3 * g4), rel=2e-5)


def test_emission_in_numbers():
    # BRT06: 4.1724e24 T^9 erg/cm^3/s for all four heavy-lepton species at mu_e = 0 (sin^2 theta_W = 0.23 presumably);
    # an independent integral finds 0.4 % less than their number for the electron flavour
    _, energy = emission_moments(1.0, 0.0, WeakCouplings(sin2_theta_w=0.23))
    assert 4.0 * energy * CODATA.erg_per_mev == pytest.approx(4.17e24, rel=0.01)


def test_charge_conjugation():
    matter = from_composition(
        [1e8] * 2, [2.0] * 2, [0.5] * 2, 0.5, 0.5, 0.0, 0.0, 0.0, 0.0, chemical_potential_electron=[9.0, -9.0]
    )
    kappa = Pair(Settings())(np.array([1.0, 10.0, 40.0]), matter).absorption[2]
    np.testing.assert_allclose(kappa[0], kappa[1], rtol=1e-14)


def test_only_heavy_lepton_neutrinos():
    matter = from_composition([1e10], [3.0], [0.3], 0.7, 0.3, 0.0, 0.0, 0.0, 0.0)
    rates = Pair(Settings())(np.array([1.0, 30.0]), matter)
    assert rates.scattering is None
    assert not rates.absorption[:2].any()
    assert (rates.absorption[2] > 0.0).all()
    assert Pair(Settings()).species == ("nux",)


def test_no_underflow_far_from_emission():
    # kappa* of an energetic neutrino tends to annihilation on the whole positron sea, growing like E: never 0 or inf
    matter = from_composition([1e9] * 2, [0.05, 0.3], [0.45] * 2, 0.5, 0.4, 0.1, 0.0, 0.0, 0.0)
    energy = np.geomspace(0.1, 300.0, 40)
    kappa = Pair(Settings())(energy, matter).absorption[2]
    assert np.isfinite(kappa).all()
    assert (kappa > 0.0).all()
    assert (np.diff(np.log(kappa), axis=1) > 0.0).all()


@pytest.mark.slow
@pytest.mark.parametrize("variable", ["NUMBA_DISABLE_JIT", "NUMBA_BOUNDSCHECK"])
def test_kernels_without_compiler_and_with_bounds_checked(variable, tmp_path):
    # uncompiled: the same numbers from Python; checked: no index outside its array
    environment = {**os.environ, variable: "1", "SNSIM_CACHE": str(tmp_path), "PYTHONPATH": str(ROOT)}
    environment.pop("NUMBA_CACHE_DIR", None)
    names = (
        "pairs",
        "bremsstrahlung",
        "charged_current",
        "nucleon_scattering",
        "nucleus_scattering",
        "electron_scattering",
    )
    files = [str(ROOT / "tests" / "microphysics" / f"test_{name}.py") for name in names]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files]
    result = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=900, check=False
    )
    assert result.returncode == 0, result.stdout[-4000:]
    assert " passed" in result.stdout
