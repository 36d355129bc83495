"""What must hold for free nucleons at every level and in every state, extreme and contradictory ones included."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.special import expit

from microphysics._kernels.fermi import fermi_half
from microphysics.constants import CODATA
from microphysics.eos.composition import from_composition
from microphysics.errors import ExtrapolationWarning
from microphysics.processes.charged_current import ChargedCurrent
from microphysics.processes.charged_current_kinematics import (
    antineutrino_absorption,
    neutrino_absorption,
    neutron_decay,
    nucleon_mass,
)
from microphysics.processes.light_cluster_scattering import LightClusterScattering
from microphysics.processes.neutron_decay import NeutronDecay
from microphysics.processes.nucleon_blocking import nucleon_blocking
from microphysics.processes.nucleon_scattering import NucleonScattering
from microphysics.processes.settings import Settings
from microphysics.weak.couplings import WeakCouplings

COUPLINGS = WeakCouplings()
Q, M_E = CODATA.nucleon_mass_difference, CODATA.electron_mass
MASS = nucleon_mass(COUPLINGS)
ENERGY = np.geomspace(0.1, 400.0, 9)
REACTIONS = {"nue": neutrino_absorption, "anue": antineutrino_absorption, "decay": neutron_decay}

log10_density = st.floats(3.0, np.log10(3e15))
log10_temperature = st.floats(-2.0, np.log10(150.0))
electron_fraction = st.floats(0.005, 0.6)


def at_rest(reaction, energy, t, neutron, proton, transfer, mu_e, mass):
    """Bruenn 1985, C13-C20, for free gases of one mass at the potentials `neutron` and `proton`."""
    unit = (2.0 * mass * t) ** 1.5 / (2.0 * np.pi**2 * CODATA.hbar_c**3)
    n_n, n_p = (unit * fermi_half(1, nu / t) for nu in (neutron, proton))
    eta_np = (n_p - n_n) / np.expm1((proton - neutron) / t)
    eta_pn = eta_np * np.exp((proton - neutron) / t)
    lepton, forward, inverse, mu = {
        "nue": (energy + transfer, eta_np, eta_pn, mu_e),
        "anue": (energy - transfer, eta_pn, eta_np, -mu_e),
        "decay": (transfer - energy, eta_np, eta_pn, mu_e),
    }[reaction]
    f = expit((mu - lepton) / t)
    momentum = np.sqrt(max(lepton**2 - M_E**2, 0.0))
    return COUPLINGS.charged_current_constant * lepton * momentum * (forward * (1.0 - f) + inverse * f)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(REACTIONS)),
    st.floats(np.log10(0.5), 1.7),
    st.floats(-8.0, 8.0),
    st.floats(-8.0, 8.0),
    st.floats(-40.0, 60.0),
    st.floats(-20.0, 150.0),
    st.floats(0.0, 2.3),
)
def test_heavy_nucleons_are_at_rest(reaction, log_t, eta_n, eta_p, field, mu_e, log_e):
    # level 2 -> level 0 as M -> infinity at fixed degeneracies; 1e7 nucleon masses leave 1e-4 of motion
    t, energy, mass = 10.0**log_t, 10.0**log_e, 1e7 * MASS
    transfer = Q + field
    lepton = {"nue": energy + transfer, "anue": energy - transfer, "decay": transfer - energy}[reaction]
    assume(lepton > M_E + 1.0)
    assume(abs(eta_n - eta_p) > 1e-3)
    neutron, proton = eta_n * t, eta_p * t
    values = (t, neutron + field, proton - Q, field, 0.0, mu_e)
    found = REACTIONS[reaction](np.array([energy]), *(np.array([v]) for v in values), mass=mass)[0, 0]
    expected = at_rest(reaction, energy, t, neutron, proton, transfer, mu_e, mass)
    if expected > 1e-250:
        # the sum and difference of two Fermi functions loses 1e-16/|eta_n - eta_p| in the test's own formula
        assert found == pytest.approx(expected, rel=2e-4)


def extreme(log_rho, log_t, ye, x_p, share, difference, field):
    matter = from_composition(
        [10.0**log_rho], [10.0**log_t], [ye], [(1.0 - x_p) * share], [x_p * share], 0.0, [1.0 - share],
        80.0, 32.0, mean_field_difference=field,
    )  # fmt: skip
    return replace(matter, chemical_potential_proton=matter.chemical_potential_proton - difference)


@settings(max_examples=120, deadline=None)
@given(
    log10_density,
    log10_temperature,
    electron_fraction,
    st.one_of(st.sampled_from([0.0, 1.0, 0.5]), st.floats(1e-12, 1.0)),
    st.sampled_from([0.0, 1e-20, 1.0]),
    st.floats(-300.0, 300.0),
    st.floats(-80.0, 80.0),
)
def test_positive_and_finite_in_every_state(log_rho, log_t, ye, x_p, share, difference, field):
    # mu/T up to 1e5, potentials that contradict the densities by anything, nucleons absent
    matter = extreme(log_rho, log_t, ye, x_p, share, difference, field)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExtrapolationWarning)
        for level in ("elastic", "full"):
            for magnetism in (True, False):
                chosen = Settings(charged_current=level, weak_magnetism=magnetism)
                for process in (ChargedCurrent, NeutronDecay):
                    kappa = process(chosen)(ENERGY, matter).absorption
                    assert np.isfinite(kappa).all()
                    assert (kappa >= 0.0).all()
                    if share == 0.0:
                        assert not kappa.any()


@settings(max_examples=60, deadline=None)
@given(log10_density, log10_temperature, electron_fraction, st.floats(0.0, 1.0), st.booleans(), st.booleans())
def test_scattering_is_positive_and_finite(log_rho, log_t, ye, x_p, weak_magnetism, breakup):
    matter = from_composition(
        [10.0**log_rho], [10.0**log_t], [ye], [0.8 * (1.0 - x_p)], [0.8 * x_p], 0.0, 0.0, 0.0, 0.0
    )
    matter = replace(
        matter,
        mass_fraction_deuteron=np.array([0.1]),
        mass_fraction_triton=np.array([0.1]),
        mass_fraction_helion=np.array([0.0]),
    )
    for many_body in ("none", "horowitz2017", "horowitz2017_mean"):
        for blocking in ("bruenn", "exact"):
            chosen = Settings(
                many_body=many_body,
                scattering_blocking=blocking,
                weak_magnetism=weak_magnetism,
                cluster_breakup=breakup,
            )
            for process in (NucleonScattering, LightClusterScattering):
                rates = process(chosen)(ENERGY, matter)
                for values in (rates.scattering, rates.collision):
                    assert np.isfinite(values).all()
                    assert (values > 0.0).all()
                # between forward (0) and backward (2) peaked
                assert (rates.scattering < 2.0 * rates.collision).all()


@settings(max_examples=40, deadline=None)
@given(
    st.floats(8.0, 14.0),
    st.floats(-0.3, 1.7),
    st.floats(0.02, 0.55),
    st.floats(-10.0, 40.0),
    st.floats(-30.0, 30.0),
)
def test_capture_and_decay_balance_at_rest(log_rho, log_t, ye, field, difference):
    # kappa* f_eq = emission over c for all three reactions, whatever densities and potentials say about each other
    matter = extreme(log_rho, log_t, ye, ye, 1.0, difference, field)
    chosen = Settings(weak_magnetism=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExtrapolationWarning)
        capture = ChargedCurrent(chosen)(ENERGY, matter).absorption[:, 0]
    decay = NeutronDecay(chosen)(ENERGY, matter).absorption[0, 0]
    eta_np, eta_pn = (eta[0] for eta in nucleon_blocking(matter, COUPLINGS))
    t, mu_e = matter.temperature[0], matter.chemical_potential_electron[0]
    degeneracy = matter.neutrino_degeneracy(("nue", "anue"))[:, 0]
    for kappa, lepton, targets, x, eta in (
        (capture[0], ENERGY + Q + field, eta_pn, ENERGY + Q + field - mu_e, degeneracy[0]),
        (capture[1], ENERGY - Q - field, eta_np, ENERGY - Q - field + mu_e, degeneracy[1]),
        (decay, Q + field - ENERGY, eta_np, mu_e - (Q + field - ENERGY), degeneracy[1]),
    ):
        seen = (kappa > 1e-290) & (lepton > M_E) & (targets > 1e-290)
        phase = COUPLINGS.charged_current_constant * lepton[seen] * np.sqrt(lepton[seen] ** 2 - M_E**2)
        # f_e, f_e+ and 1 - f_e in logarithms
        emission = np.log(phase * targets) - np.logaddexp(0.0, x[seen] / t)
        ours = np.log(kappa[seen]) - np.logaddexp(0.0, ENERGY[seen] / t - eta)
        np.testing.assert_allclose(ours, emission, rtol=1e-11, atol=1e-9)
