"""Neutrino pairs over any state of the equations of state: positive, finite, balanced, and bounded by each other."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microphysics.eos.composition import from_composition
from microphysics.errors import PhysicsWarning
from microphysics.processes.bremsstrahlung import Bremsstrahlung, bremsstrahlung
from microphysics.processes.electron_scattering import ElectronScattering
from microphysics.processes.pairs import Pair
from microphysics.processes.settings import Settings

ENERGY = np.geomspace(0.1, 400.0, 12)
states = (
    st.floats(3.0, 15.5),
    st.floats(-2.0, np.log10(150.0)),
    st.floats(0.005, 0.6),
    st.floats(0.0, 1.0),
    st.floats(0.0, 1.0),
    st.floats(-2e2, 5e2),
)


def state_of(log_rho, log_t, ye, x_n, x_p, mu_e, mu_nu=0.0):
    """Any densities with any potentials, contradictory ones too."""
    one = from_composition(
        [10.0**log_rho], [10.0**log_t], [ye], x_n, (1.0 - x_n) * x_p, 0.0, (1.0 - x_n) * (1.0 - x_p), 56.0, 26.0,
        chemical_potential_electron=mu_e,
    )  # fmt: skip
    return replace(
        one, chemical_potential_neutron=np.array([mu_e - mu_nu]), chemical_potential_proton=np.array([0.0])
    )


@settings(max_examples=60, deadline=None)
@given(*states, st.floats(-3e2, 3e2))
def test_opacities_are_sound(log_rho, log_t, ye, x_n, x_p, mu_e, mu_nu):
    matter = state_of(log_rho, log_t, ye, x_n, x_p, mu_e, mu_nu)
    for partner in ("unblocked", "equilibrium"):
        chosen = Settings(pair_species="all", pair_partner=partner)
        forms = [Pair(chosen), Bremsstrahlung(chosen)]
        if partner == "unblocked":
            forms.append(bremsstrahlung(replace(chosen, bremsstrahlung="burrows2006")))
        for process in forms:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", PhysicsWarning)
                kappa = process(ENERGY, matter).absorption
            assert np.isfinite(kappa).all()
            assert (kappa >= 0.0).all()


@settings(max_examples=40, deadline=None)
@given(*states)
def test_kernels_are_sound(log_rho, log_t, ye, x_n, x_p, mu_e):
    matter = state_of(log_rho, log_t, ye, x_n, x_p, mu_e)
    t = matter.temperature[0]
    chosen = Settings(pair_species="all")
    for process in (Pair(chosen), Bremsstrahlung(chosen)):
        pair = process.kernels(ENERGY, matter).of(("nue", "anue", "numu", "anutau"))
        assert np.isfinite(pair.annihilation_0).all()
        assert (np.abs(pair.annihilation_1) <= pair.annihilation_0 * (1.0 + 1e-12)).all()
        # crossing, and balance at equal total energy
        np.testing.assert_allclose(
            pair.annihilation_0[1], pair.annihilation_0[0].swapaxes(1, 2), rtol=1e-12, atol=1e-300
        )
        total = (ENERGY[:, None] + ENERGY) / t
        np.testing.assert_array_equal(pair.production_0, pair.annihilation_0 * np.exp(-total))
    kernel = ElectronScattering(chosen).kernels(ENERGY, matter)
    assert np.isfinite(kernel.phi_0).all()
    assert (np.abs(kernel.phi_1) <= kernel.phi_0 * (1.0 + 1e-9)).all()


@pytest.mark.filterwarnings("ignore:.*partners of nue or anue:microphysics.errors.PhysicsWarning")
@settings(max_examples=40, deadline=None)
@given(
    st.floats(8.0, 14.0),
    st.floats(0.0, 1.7),
    st.floats(0.05, 0.5),
    st.floats(-10.0, 25.0),
    st.floats(-20.0, 20.0),
)
def test_a_partner_in_the_way_only_takes(log_rho, log_t, ye, eta, eta_nu):
    t = 10.0**log_t
    matter = state_of(log_rho, log_t, ye, 1.0 - ye, 1.0, eta * t, eta_nu * t)
    for kind in (Pair, Bremsstrahlung):
        free, blocked = (
            kind(Settings(pair_species="all", pair_partner=name))(ENERGY, matter).absorption
            for name in ("unblocked", "equilibrium")
        )
        assert (blocked <= free * (1.0 + 1e-5)).all()


@pytest.mark.parametrize("kind", [Pair, Bremsstrahlung])
def test_as_many_neutrinos_as_antineutrinos(kind):
    # one of each per pair, whatever blocks them: int kappa* f_eq (1 - f_eq) E^2 dE
    node, weight = np.polynomial.legendre.leggauss(200)
    energy = 80.0 * (1.0 + node)
    matter = state_of(12.0, np.log10(4.0), 0.3, 0.7, 1.0, 18.0, 9.0)
    kappa = kind(Settings(pair_species="all", pair_partner="equilibrium"))(energy, matter).absorption[:2, 0]
    occupied = 1.0 / (1.0 + np.exp((energy - np.array([[9.0], [-9.0]])) / 4.0))
    number = (kappa * occupied * (1.0 - occupied) * energy**2) @ weight
    assert number[0] == pytest.approx(number[1], rel=1e-5)
