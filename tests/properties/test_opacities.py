"""What must hold for every state of matter: detailed balance, positivity, finiteness, limits."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microphysics.constants import CODATA
from microphysics.eos.composition import from_composition
from microphysics.errors import ExtrapolationWarning
from microphysics.opacity import OpacitySet
from microphysics.processes import pair_kernels
from microphysics.processes.charged_current import (
    charged_current_correction,
    energy_transfer,
    nucleon_blocking,
)
from microphysics.processes.settings import Settings
from microphysics.weak.couplings import WeakCouplings

COUPLINGS = WeakCouplings()
M_E = CODATA.electron_mass
NAMES = (
    "charged_current",
    "nucleon_scattering",
    "nucleus_scattering",
    "alpha_scattering",
    "pair",
    "bremsstrahlung",
    "electron_scattering",
)
ENERGY = np.geomspace(0.3, 300.0, 25)

log10_density = st.floats(6.0, 14.0)
log10_temperature = st.floats(np.log10(0.5), np.log10(50.0))
electron_fraction = st.floats(0.02, 0.55)


def log_fermi(x):
    """ln 1/(1 + e^x)."""
    return -np.logaddexp(0.0, x)


def free_nucleons(log_rho, log_t, ye, mean_field=0.0):
    """Consistent free gases, nothing else."""
    return from_composition(
        [10.0**log_rho],
        [10.0**log_t],
        [ye],
        [1.0 - ye],
        [ye],
        0.0,
        0.0,
        0.0,
        0.0,
        mean_field_difference=mean_field,
    )


def spectra(matter, names=NAMES, energy=ENERGY, **choices):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExtrapolationWarning)
        return OpacitySet.from_names(names, Settings(**{"on_out_of_range": "clamp", **choices})).spectral(
            matter, energy
        )


def capture_rates(matter, sign, weak_magnetism=True):
    """Emission j/c and true absorption kappa, both without the neutrino's own blocking, in logarithms, shape (energy,).

    nue (sign +1): e- + p -> n + nue has N W E p eta_pn f_e, nue + n -> p + e- has N W E p eta_np (1 - f_e).
    """
    eta_np, eta_pn = (eta[0] for eta in nucleon_blocking(matter, COUPLINGS))
    t = matter.temperature[0]
    lepton = ENERGY + sign * energy_transfer(matter, COUPLINGS)[0]
    mu = sign * matter.chemical_potential_electron[0]
    momentum = np.sqrt(np.maximum(lepton**2 - M_E**2, 0.0))
    cross = COUPLINGS.charged_current_constant * np.where(lepton >= M_E, lepton * momentum, 0.0)
    if weak_magnetism:
        cross = cross * charged_current_correction(ENERGY, sign, COUPLINGS)
    forward, backward = (eta_np, eta_pn) if sign > 0 else (eta_pn, eta_np)
    with np.errstate(divide="ignore"):
        log = np.log(cross)
        return (
            log + np.log(backward) + log_fermi((lepton - mu) / t),
            log + np.log(forward) + log_fermi((mu - lepton) / t),
        )


@settings(max_examples=60, deadline=None)
@given(log10_density, log10_temperature, electron_fraction, st.floats(0.0, 30.0), st.booleans())
def test_captures_balance(log_rho, log_t, ye, mean_field, weak_magnetism):
    # kappa* f_eq = j/c with f_eq from the state's own potentials. Logarithms: the exponents reach 600, whose rounding
    # is 1e-13; 1e-12 in the result leaves room for three of them
    matter = free_nucleons(log_rho, log_t, ye, mean_field)
    kappa = spectra(matter, ("charged_current",), weak_magnetism=weak_magnetism).absorption[0, :, 0]
    mu_nu = (
        matter.chemical_potential_electron[0]
        - matter.chemical_potential_neutron[0]
        + matter.chemical_potential_proton[0]
    )
    for i, sign in ((0, 1), (1, -1)):
        emission, absorption = capture_rates(matter, sign, weak_magnetism)
        seen = np.isfinite(emission)
        log_f = log_fermi((ENERGY - sign * mu_nu) / matter.temperature[0])
        np.testing.assert_allclose(np.log(kappa[i, seen]) + log_f[seen], emission[seen], rtol=0.0, atol=1e-12)
        # and kappa* = kappa + j/c
        np.testing.assert_allclose(
            np.log(kappa[i, seen]), np.logaddexp(emission, absorption)[seen], rtol=0.0, atol=1e-12
        )
        np.testing.assert_array_equal(kappa[i, ~seen], 0.0)


@settings(max_examples=40, deadline=None)
@given(log10_density, log10_temperature, electron_fraction)
def test_lepton_number_rests_in_equilibrium(log_rho, log_t, ye):
    # captures minus their inverses, summed over nue and anue, with the neutrinos of mu_e + mu_p - mu_n: zero against
    # the one-way rate. With fewer neutrinos than that matter loses electrons to nue
    matter = free_nucleons(log_rho, log_t, ye)
    t = matter.temperature[0]
    result = spectra(matter, ("charged_current",))
    eta = matter.neutrino_degeneracy()[0, 0]
    weight = np.gradient(ENERGY) * ENERGY**2
    net, one_way = 0.0, 0.0
    for sign in (1, -1):
        emission, absorption = capture_rates(matter, sign)
        f = np.exp(log_fermi(ENERGY / t - sign * eta))
        # 1 - f_eq as the Fermi function of the negative argument: f_eq may be 1 to rounding
        gain, loss = np.exp(emission + log_fermi(sign * eta - ENERGY / t)), np.exp(absorption) * f
        net += sign * (weight * (gain - loss)).sum()
        one_way += (weight * gain).sum()
        i = 0 if sign > 0 else 1
        # half as many neutrinos: kappa* (f_eq - f) is the net gain
        short = np.exp(emission) * (1.0 - 0.5 * f) - np.exp(absorption) * 0.5 * f
        relaxation = result.absorption[0, i, 0] * (result.equilibrium[i, 0] - 0.5 * f)
        np.testing.assert_allclose(relaxation, short, rtol=1e-11, atol=1e-300)
        assert (short >= 0.0).all()
    assert abs(net) <= 1e-11 * one_way


@pytest.mark.parametrize("name", ["pair", "bremsstrahlung"])
def test_thermal_processes_balance(name):
    # j of the set against kappa* B written out
    matter = free_nucleons(11.0, 0.5, 0.2)
    result = spectra(matter, (name,))
    f = np.exp(log_fermi(ENERGY / matter.temperature[0]))
    black = CODATA.speed_of_light * ENERGY**3 * f / (2.0 * np.pi * CODATA.hbar_c) ** 3
    np.testing.assert_allclose(result.emissivity[0, 2, 0], result.absorption[0, 2, 0] * black, rtol=1e-12)


@settings(max_examples=25, deadline=None)
@given(st.floats(0.5, 20.0), st.floats(-20.0, 20.0), st.floats(0.3, 60.0))
def test_pairs_balance(t, eta, energy):
    # j = E^3 2 pi/(2 pi hbar c)^6 int E'^2 Phi_0^p dE' with the production kernel under the test's own quadrature:
    # kappa* B must be j
    matter = from_composition(
        [1e9], [t], [0.4], 0.6, 0.4, 0.0, 0.0, 0.0, 0.0, chemical_potential_electron=eta * t
    )
    kappa = spectra(matter, ("pair",), np.array([energy])).absorption[0, 2, 0, 0]
    x = energy / t
    node, weight = np.polynomial.legendre.leggauss(24)
    turn = max(abs(eta) - x, 0.0)
    steps = turn + np.array([0.0, 3.0, 10.0, 25.0, 50.0])
    edges = np.unique(np.clip([0.0, x, 0.5 * turn, *steps], 0.0, turn + 50.0))
    half = 0.5 * np.diff(edges)[:, None]
    y, weight = (edges[:-1, None] + half * (1.0 + node)).ravel(), (half * weight).ravel()
    box = (2.0 * np.pi * CODATA.hbar_c) ** 3
    j = 0.0
    for flavor in ("numu", "anumu"):
        pair = pair_kernels.kernels([energy], [t], [eta], COUPLINGS, flavor, y * t)
        integral = t**3 * (pair.production[0, 0, 0] @ (weight * y**2))
        j += 0.5 * energy**3 * 2.0 * np.pi / box**2 * integral
    black = CODATA.speed_of_light * energy**3 / box / (1.0 + np.exp(x))
    assert kappa * black == pytest.approx(j, rel=1e-6)


@settings(max_examples=40, deadline=None)
@given(log10_density, log10_temperature, electron_fraction)
def test_blocking_is_bounded_and_balanced(log_rho, log_t, ye):
    matter = free_nucleons(log_rho, log_t, ye)
    eta_np, eta_pn = (eta[0] for eta in nucleon_blocking(matter, COUPLINGS))
    n_n, n_p = matter.number_density_neutron[0], matter.number_density_proton[0]
    assert 0.0 < eta_np <= n_n * (1.0 + 1e-12)
    assert 0.0 < eta_pn <= n_p * (1.0 + 1e-12)
    x = (matter.chemical_potential_difference[0] - CODATA.nucleon_mass_difference) / matter.temperature[0]
    # both below 1e-300 only where e^-x is: not here
    assert np.log(eta_np / eta_pn) == pytest.approx(x, rel=1e-11, abs=1e-11)
    # Pauli can only be milder than full degeneracy: n_n - n_p remain (Cauchy bound with equal masses, 1 % slack)
    assert eta_np >= 0.98 * max(n_n - n_p, 0.0)
    assert eta_pn >= 0.98 * max(n_p - n_n, 0.0)


def assert_sound(result):
    for role in ("absorption", "scattering", "exchange"):
        values = getattr(result, role)
        assert np.isfinite(values).all()
        assert (values >= 0.0).all()
    assert np.isfinite(result.emissivity).all()
    assert (result.emissivity >= 0.0).all()
    assert ((result.equilibrium >= 0.0) & (result.equilibrium <= 1.0)).all()


@settings(max_examples=100, deadline=None)
@given(
    st.floats(3.0, 15.0),
    st.floats(np.log10(0.05), 2.0),
    st.floats(0.01, 0.6),
    st.lists(st.floats(0.0, 1.0), min_size=4, max_size=4),
    st.sets(st.integers(0, 3), max_size=3),
    st.floats(2.0, 250.0),
    st.floats(0.2, 0.5),
    st.sampled_from(["physical", "brt06", "none"]),
)
def test_positive_and_finite_everywhere(log_rho, log_t, ye, shares, absent, a, z_over_a, cloud):
    shares = np.array([0.0 if i in absent else 0.01 + share for i, share in enumerate(shares)])
    x_n, x_p, x_alpha, x_heavy = shares / shares.sum()
    matter = from_composition(
        [10.0**log_rho], [10.0**log_t], [ye], [x_n], [x_p], [x_alpha], [x_heavy], [a], [a * z_over_a]
    )
    result = spectra(matter, electron_polarization=cloud)
    assert_sound(result)
    if x_n + x_p > 0.0 and log_t > 0.0 and log_rho < 14.0:  # else e^-(mu_e - E)/T may underflow
        assert result.absorption[0, 0 if x_n > 0.0 else 1].any()
    for name, present in (
        ("nucleon_scattering", x_n + x_p),
        ("nucleus_scattering", x_heavy),
        ("alpha_scattering", x_alpha),
    ):
        scattering = result.scattering[NAMES.index(name)]
        assert (scattering > 0.0).all() == (present > 0.0), name


CORNERS = {
    "no free nucleons": (1e9, 0.4, 0.46, 0.0, 0.0, 0.0, 1.0, 56.0, 26.0),
    "no protons": (1e12, 3.0, 0.02, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0),
    "no neutrons": (1e8, 3.0, 0.55, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0),
    "as many neutrons as protons": (1e10, 2.0, 0.5, 0.5, 0.5, 0.0, 0.0, 0.0, 0.0),
    "only alphas": (1e8, 0.5, 0.5, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0),
    "deuterons": (1e12, 8.0, 0.3, 0.6, 0.2, 0.05, 0.15, 2.0, 1.0),
    "cold and dense": (1e14, 0.05, 0.3, 0.7, 0.3, 0.0, 0.0, 0.0, 0.0),
    "cold and thin": (1e4, 0.05, 0.5, 0.1, 0.1, 0.4, 0.4, 28.0, 14.0),
    "hot and thin": (1e3, 50.0, 0.5, 0.5, 0.5, 0.0, 0.0, 0.0, 0.0),
    "hot and dense": (1e15, 100.0, 0.1, 0.9, 0.1, 0.0, 0.0, 0.0, 0.0),
}


@pytest.mark.parametrize("corner", CORNERS)
@pytest.mark.parametrize("blocking", ["clipped", "raw"])
def test_corners(corner, blocking):
    matter = from_composition(*CORNERS[corner])
    result = spectra(matter, blocking=blocking)
    if blocking == "clipped":
        assert_sound(result)
    for role in ("absorption", "scattering"):
        assert np.isfinite(getattr(result, role)).all()


def test_equal_nucleons_are_no_special_point():
    # opacity of nue across n_n = n_p: proportional to n_n to a percent, in thin and in degenerate matter
    ye = np.array([0.4990, 0.4999, 0.5, 0.5001, 0.5010])
    for rho, t in ((1e9, 1.5), (1e14, 10.0)):
        matter = from_composition(
            rho, t, ye, 1.0 - ye, ye, 0.0, 0.0, 0.0, 0.0, chemical_potential_electron=10.0
        )
        kappa = spectra(matter, ("charged_current",)).absorption[0, :2, :, 12]
        np.testing.assert_allclose(kappa / kappa[:, 2:3], 1.0, atol=0.01)


@settings(max_examples=30, deadline=None)
@given(log10_density, log10_temperature, electron_fraction, st.floats(0.01, 1.0))
def test_opacities_grow_with_the_number_of_targets(log_rho, log_t, ye, part):
    # at the same potentials: half of the alphas and nuclei scatter half as much, without correlations
    def kappa(fraction):
        matter = from_composition(
            [10.0**log_rho], [10.0**log_t], [ye], 0.0, 0.0, [0.3 * fraction], [0.7 * fraction], [80.0], [32.0]
        )
        return spectra(matter, ("nucleus_scattering", "alpha_scattering"), structure_factor="none").scattering

    np.testing.assert_allclose(kappa(part), part * kappa(1.0), rtol=1e-12)


@settings(max_examples=25, deadline=None)
@given(log10_density, st.floats(np.log10(0.5), 1.0), electron_fraction)
def test_correlations_reduce_and_vanish_for_short_waves(log_rho, log_t, ye):
    matter = from_composition([10.0**log_rho], [10.0**log_t], [ye], 0.0, 0.0, 0.0, [1.0], [70.0], [28.0])
    energy = np.array([1.0, 10.0, 100.0, 3000.0])
    with_s = spectra(matter, ("nucleus_scattering",), energy).scattering[0]
    without = spectra(matter, ("nucleus_scattering",), energy, structure_factor="none").scattering[0]
    assert (with_s <= without * 1.06).all()  # the peak of S(q) enhances by 5 % at most (Gamma = 160)
    assert (with_s > 0.0).all()
    short = {"energy": energy[-1:], "form_factor": "point"}  # with a form factor the longest waves count
    ratio = [
        spectra(matter, ("nucleus_scattering",), structure_factor=model, **short).scattering[0]
        for model in ("table", "none")
    ]
    np.testing.assert_allclose(ratio[0], ratio[1], rtol=1e-4)  # 1 - S is 3 Gamma/(q a)^2 or less
