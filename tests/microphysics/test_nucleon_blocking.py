"""Densities and chemical potentials that contradict each other: what is said, and what is done at every level."""

import warnings
from dataclasses import replace

import numpy as np
import pytest

from microphysics.constants import CODATA
from microphysics.eos.composition import from_composition
from microphysics.eos.lattimer_swesty import LattimerSwesty
from microphysics.eos.nucleons import NucleonGas
from microphysics.errors import ExtrapolationWarning
from microphysics.processes.charged_current import ChargedCurrent
from microphysics.processes.charged_current_kinematics import gas_arguments, nucleon_mass
from microphysics.processes.nucleon_blocking import contradictions, gas_potentials, nucleon_blocking
from microphysics.processes.settings import Settings
from microphysics.weak.couplings import WeakCouplings

COUPLINGS = WeakCouplings()
Q = CODATA.nucleon_mass_difference
MASS = nucleon_mass(COUPLINGS)
ENERGY = np.array([3.0, 10.0, 40.0])


def nucleons(rho, t, x_p, **values):
    x_p = np.atleast_1d(np.asarray(x_p, dtype=float))
    return from_composition(rho, t, x_p, 1.0 - x_p, x_p, 0.0, 0.0, 0.0, 0.0, **values)


def off_by(shift, **values):
    """Free gases but for `shift` in mu_n - mu_p."""
    matter = nucleons(1e11, 4.0, [0.3, 0.2, 0.4], **values)
    return replace(matter, chemical_potential_proton=matter.chemical_potential_proton - np.asarray(shift))


def test_the_built_in_equation_of_state_agrees_with_itself():
    # over its whole domain: 0.5 at most, against 0.69 of a factor of two. Bubbles and nuclei that fill much of the
    # volume would stand at 3, since nucleons per volume are not the gas outside: they are not compared
    rng = np.random.default_rng(5)
    n = 6000
    state = LattimerSwesty()(
        10.0 ** rng.uniform(3.0, 15.0, n), 10.0 ** rng.uniform(-2.0, 2.0, n), rng.uniform(0.005, 0.6, n)
    )
    relative = contradictions(state.matter, COUPLINGS)[1]
    assert np.isfinite(relative).all()
    assert relative.max() < 0.6
    assert (relative > 0.0).mean() > 0.6
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ChargedCurrent(Settings())(ENERGY, state.matter)


def test_size_of_a_contradiction():
    # thin: the given difference over T; dense: over T + E_F
    difference, relative = contradictions(off_by([2.0, -3.0, 0.0]), COUPLINGS)
    np.testing.assert_allclose(difference, [2.0, -3.0, 0.0], atol=0.01)  # 3/2 ln(m_n/m_p) T
    np.testing.assert_allclose(relative, np.abs([2.0, -3.0, 0.0]) / 4.0, atol=3e-3)
    dense = nucleons(1e14, 1.0, 0.1)
    n_n = dense.number_density_neutron[0]
    fermi = (CODATA.hbar_c * np.cbrt(3.0 * np.pi**2 * n_n)) ** 2 / (2.0 * CODATA.neutron_mass)
    off = replace(dense, chemical_potential_proton=dense.chemical_potential_proton - 20.0)
    assert contradictions(off, COUPLINGS)[1][0] == pytest.approx(20.0 / (1.0 + fermi), rel=5e-3)


def test_said_once_with_zone_and_size():
    matter = off_by([0.0, 6.0, -9.0])
    for level in ("elastic", "full"):
        process = ChargedCurrent(Settings(charged_current=level))
        with pytest.warns(ExtrapolationWarning) as caught:
            kappa = process(ENERGY, matter).absorption
        assert len(caught) == 1
        message = str(caught[0].message)
        assert "in 2 of 3 zones, the first is zone 1" in message
        assert "mu_n - mu_p is +5.99 MeV" in message  # of the 6, less 3/2 T ln(m_n/m_p)
        assert "zone 2, the worst: -9.01 MeV at T = 4 MeV" in message
        assert np.isfinite(kappa).all()
        assert (kappa >= 0.0).all()
    raw = Settings(blocking="raw")
    assert ChargedCurrent(raw)(ENERGY, matter).absorption.shape == (
        2,
        3,
        3,
    )  # taken as it stands, nothing is said


@pytest.mark.parametrize(
    "silent",
    [
        nucleons(1e11, 4.0, 0.0, chemical_potential_difference=200.0),
        from_composition(
            [1e11], [0.8], [0.4], [1e-5], [1e-6], 0.0, [1.0], 60.0, 25.0, chemical_potential_difference=30.0
        ),
        from_composition(
            [1e14], [0.8], [0.1], [0.1], [1e-2], 0.0, [0.9], 200.0, 20.0, chemical_potential_difference=60.0
        ),
        from_composition([1e10], [1.0], [0.46], 0.0, 0.0, 0.0, 1.0, 56.0, 26.0),
    ],
    ids=["one kind", "hardly any", "nuclei fill the volume", "none"],
)
def test_where_nothing_can_be_concluded(silent):
    np.testing.assert_array_equal(contradictions(silent, COUPLINGS)[1], 0.0)


@pytest.mark.parametrize("blocking", ["clipped", "raw"])
@pytest.mark.parametrize(("rho", "t"), [(1e9, 3.0), (1e13, 10.0), (1e14, 6.0)])
def test_consistent_potentials_stay(rho, t, blocking):
    # each nucleon's own mass against the mean: 0.07 % of T + E_F
    matter = nucleons(rho, t, [0.05, 0.4, 0.5], mean_field_difference=7.0)
    neutron, proton, factor = gas_potentials(matter, COUPLINGS, MASS, blocking)
    scale = t + np.abs(matter.chemical_potential_neutron)
    np.testing.assert_allclose(
        neutron, matter.chemical_potential_neutron - matter.mean_field_neutron, atol=2e-3 * scale.max()
    )
    mu_0 = matter.chemical_potential_difference - Q - 7.0
    np.testing.assert_allclose(neutron - proton, mu_0, rtol=1e-12, atol=1e-11)
    np.testing.assert_allclose(factor, 1.0, rtol=5e-3)


def test_contradicting_potentials_keep_numbers_and_balance():
    # potentials that say the opposite of the densities, or far too much: what takes part stays below what there is
    difference = np.array([-20.0, 40.0, 1.0, 300.0, Q, 3000.0])
    matter = nucleons(1e12, 4.0, [0.2, 0.8, 0.3, 0.45, 0.2, 0.1], chemical_potential_difference=difference)
    neutron, proton, factor = gas_potentials(matter, COUPLINGS, MASS)
    np.testing.assert_allclose(neutron - proton, difference - Q, rtol=1e-12, atol=1e-12)
    gas = NucleonGas(MASS)
    both = (matter.number_density_neutron, matter.number_density_proton)
    for potential, number in zip((neutron, proton), both, strict=True):
        assert (factor * gas.state(matter.temperature, potential).density <= number * (1.0 + 1e-12)).all()
    assert (factor > 0.0).all()


def test_levels_agree_on_contradictions():
    # the same rule at rest and in motion: neutrons per kappa are alike to the size of recoil, whatever is wrong
    for shift in (-30.0, -5.0, 5.0, 30.0):
        matter = off_by(shift)
        eta_np, eta_pn = nucleon_blocking(matter, COUPLINGS)
        rates = {}
        for level in ("elastic", "full"):
            process = ChargedCurrent(Settings(charged_current=level, weak_magnetism=False))
            with pytest.warns(ExtrapolationWarning):
                rates[level] = process(ENERGY[1:], matter).absorption
        seen = np.stack([eta_np > 1e-8 * eta_pn, eta_pn > 1e-8 * eta_np])
        ratio = (rates["full"] / rates["elastic"])[seen]
        np.testing.assert_allclose(ratio, 1.0, atol=0.15)


def test_one_kind_alone_or_none():
    neutrons = nucleons(1e10, 2.0, 0.0)
    (_, mu_n, mu_p, *_), factor = gas_arguments(neutrons, COUPLINGS)
    assert factor[0] == 1.0
    assert mu_n - mu_p == pytest.approx(neutrons.chemical_potential_difference, rel=1e-12)
    full = ChargedCurrent(Settings(charged_current="full"))(ENERGY, neutrons).absorption
    elastic = ChargedCurrent(Settings())(ENERGY, neutrons).absorption
    # what is left of anue is the inverse of e+ + n, which needs no proton
    np.testing.assert_allclose(full[0], elastic[0], rtol=0.12)
    np.testing.assert_allclose(full[1, 0, 1:], elastic[1, 0, 1:], rtol=0.3)
    empty = from_composition([1e10], [1.0], [0.46], 0.0, 0.0, 0.0, 1.0, 56.0, 26.0)
    np.testing.assert_array_equal(
        ChargedCurrent(Settings(charged_current="full"))(ENERGY, empty).absorption, 0.0
    )
