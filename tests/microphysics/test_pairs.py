"""Pair process: rows, partners, kernels and their relation, totals in closed form."""

import math
import os
import subprocess
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad

from microphysics.constants import CODATA
from microphysics.eos.composition import from_composition
from microphysics.errors import PhysicsWarning
from microphysics.processes.pair_kernels import absorption_opacity, equilibrium_opacities, shortcut_opacities
from microphysics.processes.pair_kernels import kernels as kernels_of
from microphysics.processes.pairs import Pair
from microphysics.processes.settings import Settings
from microphysics.weak.couplings import WeakCouplings

ROOT = Path(__file__).resolve().parents[2]
S2 = WeakCouplings().sin2_theta_w
C_V, C_A = -0.5 + 2.0 * S2, -0.5
HEAVY = ("numutau", "anumutau")
EVERY = ("nue", "anue", *HEAVY)


def matter_of(t, mu, **values):
    """Zones of given T and mu_e; equilibrium mu_nu = mu_e - mu_n + mu_p if the latter two are given."""
    t, mu = np.atleast_1d(np.asarray(t, float)), np.atleast_1d(np.asarray(mu, float))
    state = from_composition(
        np.full(t.size, 1e8), t, 0.5, 0.5, 0.5, 0.0, 0.0, 0.0, 0.0, chemical_potential_electron=mu
    )
    return replace(state, **{name: np.broadcast_to(value, t.shape) for name, value in values.items()})


def emission_moments(t, mu, couplings=None):
    """Number and energy emitted per cm^3 and s in the mean of numu and anumu: 4 pi int j/E dE and 4 pi int j dE."""
    # panels of the energy, so that Fermi surface and tail are both resolved
    eta = abs(mu) / t
    edges = np.unique([0.0, 1.0, 4.0, 12.0, eta, eta + 6.0, eta + 20.0, eta + 50.0])
    node, weight = np.polynomial.legendre.leggauss(16)
    width = 0.5 * np.diff(edges)
    energy = t * (edges[:-1, None] + width[:, None] * (1.0 + node)).ravel()
    weight = t * (width[:, None] * weight).ravel()
    kappa = Pair(Settings(couplings=couplings or WeakCouplings()))(energy, matter_of(t, mu)).absorption
    kappa = kappa.mean(axis=0)[0]
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
    # (2/9 pi^5) G_F^2 (C_V^2 + C_A^2) T^8 F_3(eta) F_3(-eta) and carry E_- + E_+. 1e-6: the panels here
    number, energy = emission_moments(t, eta * t)
    front = 2.0 / (9.0 * np.pi**5) * CODATA.fermi_constant**2 * (C_V**2 + C_A**2)
    front *= CODATA.speed_of_light / CODATA.hbar_c**4
    f3, g3, f4, g4 = fermi_dirac(3, eta), fermi_dirac(3, -eta), fermi_dirac(4, eta), fermi_dirac(4, -eta)
    assert number == pytest.approx(front * t**8 * f3 * g3, rel=1e-6)
    # numu and anumu share the energy; the mean over both is half
    assert energy == pytest.approx(0.5 * front * t**9 * (f4 * g3 + f3 * g4), rel=1e-6)


def test_emission_in_numbers():
    # BRT06: 4.1724e24 T^9 erg/cm^3/s for all four heavy-lepton species at mu_e = 0 (sin^2 theta_W = 0.23 presumably);
    # an independent integral finds 0.4 % less than their number for the electron flavour
    _, energy = emission_moments(1.0, 0.0, WeakCouplings(sin2_theta_w=0.23))
    assert 4.0 * energy * CODATA.erg_per_mev == pytest.approx(4.17e24, rel=0.01)


@pytest.mark.parametrize("partner", ["unblocked", "equilibrium"])
def test_charge_conjugation(partner):
    matter = matter_of([2.0, 2.0], [9.0, -9.0])
    kappa = Pair(Settings(pair_partner=partner))(np.array([1.0, 10.0, 40.0]), matter).absorption
    np.testing.assert_allclose(kappa[0, 0], kappa[1, 1], rtol=1e-14)
    assert not np.allclose(kappa[0, 0], kappa[0, 1], rtol=1e-3, atol=0.0)


@pytest.mark.filterwarnings("ignore:.*partners of nue or anue:microphysics.errors.PhysicsWarning")
@pytest.mark.parametrize("partner", ["unblocked", "equilibrium"])
def test_rows(partner):
    matter = matter_of([2.0, 5.0], [9.0, 3.0], chemical_potential_neutron=4.0, chemical_potential_proton=1.0)
    energy = np.array([1.0, 30.0])
    heavy, every = (Pair(Settings(pair_species=name, pair_partner=partner)) for name in ("heavy", "all"))
    assert heavy.species == HEAVY
    assert every.species == EVERY
    rates = every(energy, matter)
    assert rates.scattering is None
    np.testing.assert_array_equal(heavy(energy, matter).absorption, rates.absorption[2:])
    assert (rates.absorption > 0.0).all()
    # nue has charged currents too: C_V^2 + C_A^2 is 4.7 times that of numu
    assert (rates.absorption[0] != rates.absorption[2]).all()


@pytest.mark.filterwarnings("ignore:.*partners of nue or anue:microphysics.errors.PhysicsWarning")
@pytest.mark.parametrize("partner", ["unblocked", "equilibrium"])
def test_detailed_balance_with_the_kernels(partner):
    # kappa* f_eq = j/c from the production kernel, the partner absent or in equilibrium, with a quadrature of the test
    energy = np.array([0.7, 6.0, 25.0, 60.0])
    t, mu, mu_nu = 3.0, 14.0, 11.0
    matter = matter_of(t, mu, chemical_potential_neutron=5.0, chemical_potential_proton=2.0)
    kappa = Pair(Settings(pair_species="all", pair_partner=partner))(energy, matter).absorption[:, 0]
    node, weight = np.polynomial.legendre.leggauss(24)
    edges = np.array([0.0, 0.7, 3.0, 6.0, 9.0, 11.0, 14.0, 17.0, 25.0, 40.0, 60.0, 80.0, 120.0, 160.0])
    half = 0.5 * np.diff(edges)[:, None]
    y, weight = (edges[:-1, None] + half * (1.0 + node)).ravel(), (half * weight).ravel()
    for row, flavor, mu_own in zip(
        kappa, ("nue", "anue", "numu", "anumu"), (mu_nu, -mu_nu, 0, 0), strict=True
    ):
        pair = kernels_of(energy, [t], [mu / t], WeakCouplings(), flavor, y)
        if partner == "equilibrium":
            occupied = 1.0 / (1.0 + np.exp((y + mu_own) / t))
            expected = absorption_opacity(pair, y, weight, occupied[None], WeakCouplings())[0]
        else:
            emitted = absorption_opacity(pair, y, weight, np.zeros((1, y.size)), WeakCouplings())[0]
            expected = emitted * (1.0 + np.exp((energy - mu_own) / t))
        np.testing.assert_allclose(row, expected, rtol=1e-6)


@pytest.mark.filterwarnings("ignore:.*partners of nue or anue:microphysics.errors.PhysicsWarning")
def test_partner_that_is_thin_or_deep():
    energy = np.geomspace(0.3, 100.0, 12)
    # mu_nu = +-60 T: the partner of one is not there, that of the other a sea
    matter = matter_of(2.0, 0.0, chemical_potential_neutron=-120.0, chemical_potential_proton=0.0)
    free, blocked = (
        Pair(Settings(pair_species="all", pair_partner=name))(energy, matter).absorption[:, 0]
        for name in ("unblocked", "equilibrium")
    )
    np.testing.assert_allclose(blocked[0], free[0], rtol=1e-6)
    assert (blocked[1] < 1e-9 * free[1]).all()
    assert (blocked[2:] < free[2:]).all()
    assert (blocked[2:] > 0.5 * free[2:]).all()


def dense_partner_opacities(x, eta, eta_nu, flavors):
    """kappa* at T = 1 MeV, one energy, by panels of the partner's energy no wider than 2 where anything happens."""
    features = np.array([0.0, x, abs(eta), max(abs(eta) - x, 0.0), max(-eta_nu, 0.0)])
    steps = np.concatenate([np.arange(0.0, 14.0, 2.0), 14.0 * 1.5 ** np.arange(20)])
    edges = (features[:, None] + np.concatenate([-steps, steps])).ravel()
    edges = np.unique(edges[(edges >= 0.0) & (edges <= features.max() + 45.0)])
    node, weight = np.polynomial.legendre.leggauss(7)
    half = 0.5 * np.diff(edges)[:, None]
    y, weight = (edges[:-1, None] + half * (1.0 + node)).ravel(), (half * weight).ravel()
    occupied = np.exp(-np.logaddexp(0.0, y + eta_nu))
    pairs = (kernels_of([x], [1.0], [eta], WeakCouplings(), flavor, y) for flavor in flavors)
    return [absorption_opacity(pair, y, weight, occupied[None], WeakCouplings())[0, 0] for pair in pairs]


@pytest.mark.parametrize("eta", [0.0, -7.0, 30.0, 600.0])
@pytest.mark.parametrize("eta_nu", [1.0, 0.0, -1.9, -2.1, -4.0, -6.0, -29.6, -2000.0])
def test_partner_against_dense_panels(eta, eta_nu):
    x = np.array([0.02, 2.9, 3.1, 9.9, 10.1, 300.0, 900.0])
    flavors = ("anue", "numu")  # the two structures weigh differently
    kappa = equilibrium_opacities(x, [1.0], [eta], WeakCouplings(), dict.fromkeys(flavors, eta_nu))[:, 0]
    dense = np.transpose([dense_partner_opacities(value, eta, eta_nu, flavors) for value in x])
    np.testing.assert_allclose(kappa, dense, rtol=6e-6)


def test_species_with_partners_of_their_own():
    # together as alone, whichever of them has a sea for a partner
    energy, t, eta = np.array([0.3, 4.0, 33.0]), [1.0, 2.0, 3.0], [3.0, -2.0, 30.0]
    partners = {"nue": [5.0, -9.0, 0.5], "anue": [-5.0, 9.0, -0.5], "numu": 0.0, "anumu": 0.0}
    together = equilibrium_opacities(energy, t, eta, WeakCouplings(), partners)
    for row, (flavor, values) in zip(together, partners.items(), strict=True):
        alone = equilibrium_opacities(energy, t, eta, WeakCouplings(), {flavor: values})[0]
        np.testing.assert_array_equal(row, alone)


def test_equilibrium_at_any_degeneracy():
    # finite, positive and bounded where mu_e/T and mu_nu/T are out of all proportion
    eta, eta_nu = (
        a.ravel() for a in np.meshgrid([-5e4, -800.0, 0.0, 30.0, 5e4], [-5e4, -900.0, -3.0, 0.0, 800.0, 5e4])
    )
    energy = np.geomspace(0.01, 5e4, 16)
    one = np.ones(eta.size)
    kappa = equilibrium_opacities(energy, one, eta, WeakCouplings(), {"nue": eta_nu, "numu": 0.0})
    assert np.isfinite(kappa).all()
    assert (kappa >= 0.0).all()
    thin = eta_nu > 700.0
    free = shortcut_opacities(energy, one[thin], eta[thin], WeakCouplings(), {"nue": eta_nu[thin]})
    np.testing.assert_allclose(kappa[:1, thin], free, rtol=1e-12, atol=1e-290)


def test_bound_without_blocking_is_counted():
    matter = matter_of([1.0, 0.01], [0.0, 0.0], chemical_potential_neutron=[-20.0, -20.0])
    matter = replace(matter, chemical_potential_proton=np.zeros(2))
    every = Pair(Settings(pair_species="all"))
    with pytest.warns(
        PhysicsWarning, match=r"pair: partners .* degenerate in 2 of 2 zone\(s\), \|mu_nu\|/T up to 2000"
    ):
        kappa = every(np.array([0.1, 10.0]), matter).absorption
    assert np.isfinite(kappa).all()
    assert kappa.max() < 1e90
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Pair(Settings())(np.array([0.1, 10.0]), matter)
        Pair(Settings(pair_species="all", pair_partner="equilibrium"))(np.array([0.1, 10.0]), matter)


def test_no_opacity_where_there_is_no_equilibrium():
    matter = from_composition([1e8], [0.4], [0.46], 0.0, 0.0, 0.0, 1.0, 56.0, 26.0)
    for partner in ("unblocked", "equilibrium"):
        kappa = Pair(Settings(pair_species="all", pair_partner=partner))(np.array([3.0]), matter).absorption
        assert not kappa[:2].any()
        assert (kappa[2:] > 0.0).all()


@pytest.mark.parametrize("species", ["heavy", "all"])
def test_kernels(species):
    energy = np.array([0.5, 8.0, 30.0])
    matter = matter_of([2.0, 5.0], [9.0, -3.0])
    process = Pair(Settings(pair_species=species))
    pair = process.kernels(energy, matter)
    assert pair.species == process.species
    for row, flavor in enumerate(("nue", "anue", "numu", "anumu")[-len(pair.species) :]):
        expected = kernels_of(energy, matter.temperature, [4.5, -0.6], WeakCouplings(), flavor)
        np.testing.assert_allclose(pair.annihilation_0[row], expected.annihilation[0], rtol=1e-14)
        np.testing.assert_allclose(pair.annihilation_1[row], expected.annihilation[1], rtol=1e-14)
        np.testing.assert_allclose(pair.production_0[row], expected.production[0], rtol=1e-14)
    flavors = pair.of(("numu", "anutau", "nux"))
    np.testing.assert_allclose(
        flavors.annihilation_0[1], flavors.annihilation_0[0].swapaxes(1, 2), rtol=1e-12
    )
    assert flavors.annihilation_0[2] == pytest.approx(flavors.annihilation_0[:2].mean(axis=0), rel=1e-14)


@pytest.mark.filterwarnings("ignore:.*partners of nue or anue:microphysics.errors.PhysicsWarning")
def test_complex_step():
    step = 1e-30
    matter = matter_of([2.0], [9.0], chemical_potential_neutron=4.0, chemical_potential_proton=1.0)
    for partner in ("unblocked", "equilibrium"):

        def kappa(s2, partner=partner):
            couplings = WeakCouplings(sin2_theta_w=s2)
            settings = Settings(couplings=couplings, pair_species="all", pair_partner=partner)
            return Pair(settings)(np.array([5.0, 20.0]), matter).absorption

        exact = np.imag(kappa(S2 + 1j * step)) / step
        np.testing.assert_allclose(exact, (kappa(S2 + 1e-4) - kappa(S2 - 1e-4)) / 2e-4, rtol=1e-7)


def test_no_underflow_far_from_emission():
    # kappa* of an energetic neutrino tends to annihilation on the whole positron sea, growing like E: never 0 or inf
    matter = from_composition([1e9] * 2, [0.05, 0.3], [0.45] * 2, 0.5, 0.4, 0.1, 0.0, 0.0, 0.0)
    energy = np.geomspace(0.1, 300.0, 40)
    kappa = Pair(Settings())(energy, matter).absorption
    assert np.isfinite(kappa).all()
    assert (kappa > 0.0).all()
    assert (np.diff(np.log(kappa), axis=2) > 0.0).all()


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
