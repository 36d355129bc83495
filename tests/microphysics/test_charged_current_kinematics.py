"""Full kinematics of charged currents on nucleons: limits, balance, and slow twins of the master formula."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import fixed_quad
from scipy.special import expit

from microphysics._kernels.charged_current import COSINE, COSINE_WEIGHT
from microphysics._kernels.fermi import fermi_half
from microphysics.constants import CODATA
from microphysics.eos.composition import from_composition
from microphysics.eos.nucleons import NucleonGas
from microphysics.processes.charged_current_kinematics import (
    antineutrino_absorption,
    implied_mean_fields,
    neutrino_absorption,
    neutron_decay,
    nucleon_mass,
)
from microphysics.processes.neutron_decay import elastic_neutron_decay
from microphysics.processes.nucleon_blocking import energy_transfer, nucleon_blocking
from microphysics.processes.weak_magnetism import (
    charged_current_correction,
    magnetism_ratio,
    weak_magnetism_factor,
)
from microphysics.weak.couplings import WeakCouplings

COUPLINGS = WeakCouplings()
Q = CODATA.nucleon_mass_difference
M_E = CODATA.electron_mass
MASS = nucleon_mass(COUPLINGS)
REACTIONS = {"nue": neutrino_absorption, "anue": antineutrino_absorption, "decay": neutron_decay}

# name: T, neutrons and protons per fm^3, U_n, U_p, mu_e
STATES = {
    "dilute": (4.0, 6e-6, 2e-6, 0.0, 0.0, 6.0),
    "cold": (0.4, 6e-8, 6e-8, 0.0, 0.0, 3.0),
    "hot": (30.0, 2e-2, 4e-3, -20.0, -35.0, 60.0),
    "dense": (10.0, 0.06, 0.008, -20.0, -50.0, 110.0),
    "degenerate": (5.0, 0.12, 0.03, -30.0, -75.0, 170.0),
}


def arguments(name):
    """Arguments after the energy, as arrays of one zone."""
    t, n_n, n_p, u_n, u_p, mu_e = STATES[name]
    mu_n, mu_p = (float(NucleonGas(MASS).chemical_potential(n * 1e39, t)) for n in (n_n, n_p))
    values = (t, mu_n + u_n, mu_p + u_p - Q, u_n, u_p, mu_e)
    return tuple(np.array([value]) for value in values)


def response(q0, q, t, mu_2, mu_4, u_2, u_4):
    """S(q0, q) of Reddy, Prakash & Lattimer 1998 as it is printed, MeV^2."""
    z = (q0 + mu_2 - mu_4) / t
    slowest = MASS / (2.0 * q * q) * (q0 + u_2 - u_4 - q * q / (2.0 * MASS)) ** 2
    overlap = np.logaddexp(0.0, (mu_2 - u_2 - slowest) / t) - np.logaddexp(
        0.0, (mu_4 - u_2 - slowest - q0) / t
    )
    with np.errstate(over="ignore"):
        return MASS**2 * t / (np.pi * q) * overlap / -np.expm1(-z)


def twin(reaction, energy, arguments, emission=False):
    """Opacity (not corrected), or emissivity without blocking over c, by a plain quadrature in (p_e, x)."""
    t, mu_n, mu_p, u_n, u_p, mu_e = (float(value[0]) for value in arguments)
    u_p -= Q  # one zero of energy for both nucleons
    n, p = (mu_n, u_n), (mu_p, u_p)
    side = -1.0 if reaction == "decay" else 1.0  # of the lepton that goes out
    (mu_2, u_2), (mu_4, u_4) = (n, p) if reaction == "nue" else (p, n)
    mu = mu_e if reaction in ("nue", "decay") else -mu_e
    square = COUPLINGS.axial_coupling**2

    def integrand(p_e, x):
        e_e = np.hypot(p_e, M_E)
        q0 = energy - side * e_e
        q = np.sqrt(energy**2 + p_e**2 - side * 2.0 * energy * p_e * x)
        exponential = np.exp(np.minimum((e_e - mu) / t, 700.0))
        if emission:  # the reverse reaction, with nucleons and leptons exchanged
            s = response(-q0, q, t, mu_4, mu_2, u_4, u_2)
            lepton = 1.0 / (1.0 + exponential) if side > 0.0 else exponential / (1.0 + exponential)
        else:
            s = response(q0, q, t, mu_2, mu_4, u_2, u_4)
            lepton = exponential / (1.0 + exponential) if side > 0.0 else 1.0 / (1.0 + exponential)
        v = p_e / e_e
        return p_e**2 * (1.0 + v * x + square * (3.0 - v * x)) * s * lepton

    norm = COUPLINGS.charged_current_constant / (1.0 + 3.0 * square)
    cosine, cosine_weight = np.polynomial.legendre.leggauss(60)
    middle, result = max(side * (energy + u_2 - u_4), M_E), 0.0
    for x, weight in zip(cosine, cosine_weight, strict=True):
        # panels are narrow where the lepton takes what there is; beyond 1 GeV lies a second solution of the kinematics
        width = 0.2 * np.sqrt(t / MASS) * (abs(energy - middle) + energy * np.sqrt(1.0 - x))
        steps = width * np.concatenate([np.arange(0.0, 40.0), np.geomspace(40.0, 2e3 / width, 40)])
        ends = np.unique(np.clip(np.concatenate([middle - steps, middle + steps]), 0.0, 1e3))
        for a, b in pairwise(ends):
            result += weight * fixed_quad(integrand, a, b, (x,), n=12)[0]
    return norm / (4.0 * np.pi * CODATA.hbar_c**3) * result


def neutrino_potential(reaction, arguments):
    _, mu_n, mu_p, _, _, mu_e = arguments
    return (mu_e + mu_p - mu_n) * (1.0 if reaction == "nue" else -1.0)


CASES = [
    *(("nue", name, energy) for name in STATES for energy in (3.0, 40.0)),
    ("nue", "hot", 150.0),
    ("nue", "dense", 180.0),  # many angles
    ("nue", "degenerate", 150.0),
    ("anue", "dilute", 3.0),
    ("anue", "dilute", 60.0),
    ("anue", "cold", 4.0),
    ("anue", "hot", 40.0),
    ("anue", "dense", 60.0),
    ("anue", "degenerate", 100.0),
    ("anue", "degenerate", 160.0),
    ("decay", "hot", 6.0),
    ("decay", "dense", 5.0),
    ("decay", "dense", 20.0),
    ("decay", "degenerate", 10.0),
]


@pytest.mark.parametrize(("reaction", "name", "energy"), CASES)
def test_master_formula(reaction, name, energy):
    values = arguments(name)
    ours = REACTIONS[reaction](np.array([energy]), *values)[0, 0]
    x = (energy - neutrino_potential(reaction, values)[0]) / values[0][0]
    assert ours / (1.0 + np.exp(-x)) == pytest.approx(twin(reaction, energy, values), rel=1e-6)


@pytest.mark.parametrize(
    ("reaction", "name", "energy"),
    [
        ("nue", "dilute", 8.0),
        ("nue", "dense", 30.0),
        ("anue", "hot", 40.0),
        ("anue", "dilute", 10.0),
        ("decay", "dense", 8.0),
    ],
)
def test_emission_by_the_reverse_reaction(reaction, name, energy):
    # the emissivity of an empty neutrino field, from S with both nucleons exchanged, is kappa* f_eq
    values = arguments(name)
    ours = REACTIONS[reaction](np.array([energy]), *values)[0, 0]
    x = (energy - neutrino_potential(reaction, values)[0]) / values[0][0]
    emission = twin(reaction, energy, values, emission=True)
    assert ours / (1.0 + np.exp(x)) == pytest.approx(emission, rel=1e-6)


def elastic(reaction, energy, values, mass=MASS):
    """Level 0 for nucleons of one mass (Bruenn 1985, C13-C20)."""
    t, mu_n, mu_p, u_n, u_p, mu_e = (float(value[0]) for value in values)
    neutron, proton = mu_n - u_n, mu_p - u_p + Q
    unit = (2.0 * mass * t) ** 1.5 / (2.0 * np.pi**2 * CODATA.hbar_c**3)
    n_n, n_p = (unit * fermi_half(1, nu / t) for nu in (neutron, proton))
    eta_np = (n_p - n_n) / np.expm1((proton - neutron) / t)
    eta_pn = eta_np * np.exp((proton - neutron) / t)
    transfer = Q + u_n - u_p
    if reaction == "nue":
        lepton, forward, inverse, mu = energy + transfer, eta_np, eta_pn, mu_e
    elif reaction == "anue":
        lepton, forward, inverse, mu = energy - transfer, eta_pn, eta_np, -mu_e
    else:
        lepton, forward, inverse, mu = transfer - energy, eta_np, eta_pn, mu_e
    f = expit((mu - lepton) / t)
    momentum = np.sqrt(np.maximum(lepton**2 - M_E**2, 0.0)) * (lepton > M_E)
    return COUPLINGS.charged_current_constant * lepton * momentum * (forward * (1.0 - f) + inverse * f)


@pytest.mark.parametrize(
    ("reaction", "energy"),
    [("nue", [2.0, 10.0, 60.0]), ("anue", [40.0, 60.0, 120.0]), ("decay", [2.0, 6.0, 12.0])],
)
@pytest.mark.parametrize("name", ["dense", "hot"])
def test_heavy_nucleons_do_not_recoil(reaction, energy, name):
    # the same densities: the deviation falls as 1/M, and what is left at 1e6 nucleon masses is small
    # the same degeneracy: the deviation falls as 1/M
    values, energy, deviation = arguments(name), np.array(energy), []
    for factor in (1e4, 1e6):
        kappa = REACTIONS[reaction](energy, *values, mass=factor * MASS)[0]
        deviation.append(kappa / elastic(reaction, energy, values, factor * MASS) - 1.0)
    assert_allclose(deviation[1], 0.0, atol=1e-5)
    assert_allclose(deviation[1] * 1e6, deviation[0] * 1e4, rtol=0.03, atol=0.5)


def test_cold_nucleons_recoil_only():
    # T -> 0: what is left is the recoil, -2 E/M for nue up to E^2/M of the energy
    t = np.array([0.01])
    gas = NucleonGas(MASS)
    mu = gas.chemical_potential(1e30, 0.01)
    values = (t, np.atleast_1d(mu), np.atleast_1d(mu) - Q - 5.0 * t, 0.0 * t, 0.0 * t, 0.0 * t)
    energy = np.array([1.0, 3.0, 10.0])
    ratio = neutrino_absorption(energy, *values)[0] / elastic("nue", energy, values)
    assert (ratio < 1.0).all()
    assert (ratio > 1.0 - 3.5 * (energy + Q) / MASS).all()


def test_limits_of_decay():
    # with nucleons at rest nothing lies between Q_eff - m_e and Q_eff + m_e; heavy ones show the edge, light ones blur it
    values = arguments("dense")
    transfer = Q + 30.0
    below, above = transfer - M_E - 0.02, transfer - M_E + 0.02
    energy = np.array([below - 1.0, below, above, above + 1.0])
    decay = neutron_decay(energy, *values, mass=1e7 * MASS)[0]
    capture = antineutrino_absorption(energy + 2.0 * M_E, *values, mass=1e7 * MASS)[0]
    assert decay[1] > 0.02 * decay[0] > 0.0
    assert (decay[2:] < 1e-20 * decay[0]).all()
    assert (capture[:2] < 1e-20 * capture[3]).all()
    blurred = neutron_decay(energy, *arguments("dense"))[0]
    assert (np.diff(blurred) < 0.0).all()
    assert blurred[3] > 0.1 * blurred[0]


def test_elastic_decay():
    # its balance by the emission of n -> p + e- + anue with its own blocking, and no decay of free neutrons into nothing
    matter = from_composition(
        [1e13, 1e14], [8.0, 12.0], [0.1, 0.2], [0.9, 0.8], [0.1, 0.2], 0.0, 0.0, 0.0, 0.0,
        mean_field_difference=[10.0, 40.0],
    )  # fmt: skip
    eta_np, eta_pn = nucleon_blocking(matter, COUPLINGS)
    transfer = energy_transfer(matter, COUPLINGS)
    energy = np.array([0.5, 5.0, 9.0, 38.0, 60.0])
    kappa = elastic_neutron_decay(
        energy, matter.temperature, eta_np, eta_pn, transfer, matter.chemical_potential_electron, COUPLINGS
    )
    electron = transfer[:, None] - energy
    np.testing.assert_array_equal(kappa > 0.0, electron > M_E)
    x = (electron - matter.chemical_potential_electron[:, None]) / matter.temperature[:, None]
    momentum = np.sqrt(np.maximum(electron**2 - M_E**2, 0.0))
    emission = COUPLINGS.charged_current_constant * electron * momentum * eta_np[:, None] / (1.0 + np.exp(-x))
    degeneracy = matter.neutrino_degeneracy()[1][:, None]
    balanced = kappa / (1.0 + np.exp(energy / matter.temperature[:, None] - degeneracy))
    seen = kappa > 0.0
    assert_allclose(balanced[seen], emission[seen], rtol=1e-11)


def test_lifetime_of_a_free_neutron():
    # decay of a dilute gas at T -> 0: 1/tau = int kappa* f_eq c d^3p/(2 pi hbar)^3 / n without Coulomb and radiative
    # corrections, whose 1.7152/1.6299 is inside the normalisation
    t, n = 1e-3, 1e28
    mu = float(NucleonGas(MASS).chemical_potential(n, t))
    low = mu - 5.0  # hardly any protons, no electrons
    values = tuple(np.array([v]) for v in (t, mu, low - Q, 0.0, 0.0, -1.0))
    node, weight = np.polynomial.legendre.leggauss(40)
    reach = Q - M_E
    energy = 0.5 * reach * (1.0 + node)
    kappa = neutron_decay(energy, *values)[0]
    x = (energy - neutrino_potential("decay", values)) / t
    emission = kappa * np.exp(-np.logaddexp(0.0, x)) * CODATA.speed_of_light
    rate = 0.5 * reach * weight @ (energy**2 * emission) / (2.0 * np.pi**2 * CODATA.hbar_c**3) / n
    assert rate * COUPLINGS.neutron_lifetime == pytest.approx(1.6299 / 1.7152, rel=5e-3)


@pytest.mark.parametrize("reaction", REACTIONS)
def test_positive_and_finite_everywhere(reaction):
    generator = np.random.default_rng(3)
    zones = 60
    t = 10.0 ** generator.uniform(-1.0, 2.0, zones)
    eta_n, eta_p = generator.uniform(-30.0, 40.0, (2, zones))
    u_n, u_p = generator.uniform(-60.0, 60.0, (2, zones))
    mu_e = generator.uniform(-5.0, 200.0, zones)
    energy = np.geomspace(0.1, 300.0, 12)
    values = (t, eta_n * t + u_n, eta_p * t + u_p - Q, u_n, u_p, mu_e)
    kappa = REACTIONS[reaction](energy, *values)
    assert kappa.shape == (zones, energy.size)
    assert np.isfinite(kappa).all()
    assert (kappa >= 0.0).all()
    # below the threshold of nucleons at rest a number may underflow, above it none does
    transfer = (Q + u_n - u_p)[:, None]
    lepton = {"nue": energy + transfer, "anue": energy - transfer, "decay": transfer - energy}[reaction]
    assert (kappa[lepton > M_E] > 0.0).all()


def test_smooth_in_energy():
    # the number of angles and the start of each sum change from energy to energy: nothing of it may show
    values = arguments("dense")
    energy = np.geomspace(1.0, 200.0, 400)
    logarithm = np.log(neutrino_absorption(energy, *values)[0])
    assert np.abs(np.diff(logarithm, 4)).max() < 2e-5


def test_zones_are_independent():
    stacked = [np.concatenate(v) for v in zip(*(arguments(name) for name in STATES), strict=True)]
    energy = np.array([4.0, 30.0])
    together = antineutrino_absorption(energy, *stacked)
    alone = np.concatenate([antineutrino_absorption(energy, *arguments(name)) for name in STATES])
    np.testing.assert_array_equal(together, alone)


def test_without_nucleons():
    values = [v.copy() for v in arguments("dilute")]
    values[2][0] = -np.inf
    np.testing.assert_array_equal(neutrino_absorption(np.array([5.0]), *values), 0.0)
    values[2][0] = np.nan
    np.testing.assert_array_equal(neutron_decay(np.array([5.0]), *values), 0.0)


def test_couplings_enter_as_prefactors():
    # exact derivatives by a complex step: the integrals know nothing of g_A and G_F
    values, energy, step = arguments("dense"), np.array([20.0]), 1e-30

    def kappa(ga):
        couplings = WeakCouplings(axial_coupling=ga, charged_current_norm="tree")
        return neutrino_absorption(energy, *values, couplings=couplings)[0, 0]

    ga = COUPLINGS.axial_coupling
    slope = (kappa(ga + 1e-4) - kappa(ga - 1e-4)) / 2e-4
    assert kappa(ga + 1j * step).imag / step == pytest.approx(slope, rel=1e-6)


def test_ratio_of_weak_magnetism():
    energy = np.array([1e-6, 10.0, 50.0])
    for sign, mass in ((1, CODATA.neutron_mass), (-1, CODATA.proton_mass)):
        ratio = magnetism_ratio(energy, sign, COUPLINGS)
        assert ratio[0] == pytest.approx(1.0, abs=1e-6)
        # to first order +-4 (1 + F2) g_A/(1 + 3 g_A^2) E/M: the recoil has gone
        slope = sign * 4.0 * (1.0 + COUPLINGS.magnetism_charged) * COUPLINGS.axial_coupling
        slope /= 1.0 + 3.0 * COUPLINGS.axial_coupling**2
        assert (magnetism_ratio(np.array([0.01]), sign, COUPLINGS)[0] - 1.0) * mass / 0.01 == pytest.approx(
            slope, rel=1e-3
        )
        both = ratio * weak_magnetism_factor(energy, mass, 0, 1.0, COUPLINGS.axial_coupling, 0.0)
        assert_allclose(both, charged_current_correction(energy, sign, COUPLINGS), rtol=1e-14)


def test_recoil_of_nucleons_at_rest_is_that_of_horowitz():
    # cold dilute nucleons: two derivations of recoil and phase space agree to first order in E/M
    t = np.array([0.02])
    mu = np.atleast_1d(NucleonGas(MASS).chemical_potential(1e30, 0.02))
    values = (t, mu, mu - Q - 5.0 * t, 0.0 * t, 0.0 * t, 0.0 * t)
    energy = np.array([20.0, 40.0])
    ratio = neutrino_absorption(energy, *values)[0] / elastic("nue", energy, values)
    recoil = weak_magnetism_factor(energy, MASS, 0, 1.0, COUPLINGS.axial_coupling, 0.0)
    assert_allclose(ratio - 1.0, recoil - 1.0, rtol=0.25)


def test_implied_fields_of_an_ideal_gas():
    # free nucleons of their own masses: fields of T times the 0.2 % between (m_n, m_p)^(3/2) and the mean
    matter = from_composition(
        [1e10, 1e12], [3.0, 8.0], [0.2, 0.4], [0.8, 0.6], [0.2, 0.4], 0.0, 0.0, 0.0, 0.0
    )
    for field in implied_mean_fields(matter, COUPLINGS):
        assert (np.abs(field) < 2e-3 * matter.temperature).all()


def test_nested_rules_of_the_cosine():
    # Gauss-Patterson: 3, 7, 15, 31 nodes exact to degrees 5, 11, 23, 47, of which each contains the one before
    node = COSINE
    for weight, degree in zip(COSINE_WEIGHT, (5, 11, 23, 47), strict=True):
        for power in range(0, degree + 1, 2):
            assert weight @ node**power == pytest.approx(2.0 / (power + 1), rel=1e-12)
        assert np.count_nonzero(weight) in (3, 7, 15, 31)
        assert (weight >= 0.0).all()
    # Patterson 1968, Math. Comp. 22, 847
    assert node[3] == pytest.approx(-0.96049126870802028, rel=1e-13)
    assert node[0] == pytest.approx(-0.99909812496766759, rel=1e-13)
