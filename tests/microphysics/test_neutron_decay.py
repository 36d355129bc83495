from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from microphysics.constants import CODATA
from microphysics.eos.composition import from_composition
from microphysics.opacity import OpacitySet
from microphysics.processes.charged_current import ChargedCurrent
from microphysics.processes.charged_current_kinematics import neutron_decay
from microphysics.processes.neutron_decay import NeutronDecay, elastic_neutron_decay
from microphysics.processes.nucleon_blocking import energy_transfer, nucleon_blocking
from microphysics.processes.settings import Settings
from microphysics.processes.weak_magnetism import magnetism_ratio
from microphysics.weak.couplings import WeakCouplings

COUPLINGS = WeakCouplings()
Q, M_E = CODATA.nucleon_mass_difference, CODATA.electron_mass
ENERGY = np.array([0.5, 1.0, 5.0, 9.0, 38.0, 60.0])


@pytest.fixture
def matter():
    return from_composition(
        [1e13, 1e14, 1e10], [8.0, 12.0, 3.0], [0.1, 0.2, 0.3], [0.9, 0.8, 0.7], [0.1, 0.2, 0.3],
        0.0, 0.0, 0.0, 0.0, mean_field_difference=[10.0, 40.0, -5.0],
    )  # fmt: skip


def test_at_rest(matter):
    kappa = NeutronDecay(Settings())(ENERGY, matter).absorption
    expected = elastic_neutron_decay(
        ENERGY,
        matter.temperature,
        *nucleon_blocking(matter, COUPLINGS),
        energy_transfer(matter, COUPLINGS),
        matter.chemical_potential_electron,
        COUPLINGS,
    )
    np.testing.assert_array_equal(kappa[0], expected)
    # U_n - U_p = -5 MeV forbids it
    assert not kappa[0, 2].any()


def test_emission_is_that_of_neutrons(matter):
    # n -> p + e- + anue at rest: j/c = N_cc E_e p_e eta_np (1 - f_e), with which kappa* f_eq must agree
    kappa = NeutronDecay(Settings())(ENERGY, matter).absorption[0]
    electron = energy_transfer(matter, COUPLINGS)[:, None] - ENERGY
    x = (electron - matter.chemical_potential_electron[:, None]) / matter.temperature[:, None]
    phase = electron * np.sqrt(np.maximum(electron**2 - M_E**2, 0.0)) * (electron > M_E)
    emission = COUPLINGS.charged_current_constant * phase / (1.0 + np.exp(-x))
    emission *= nucleon_blocking(matter, COUPLINGS)[0][:, None]
    eta = matter.neutrino_degeneracy(["anue"])[0][:, None]
    f_eq = 1.0 / (1.0 + np.exp(ENERGY / matter.temperature[:, None] - eta))
    assert_allclose(kappa * f_eq, emission, rtol=1e-11)


def test_full_level_is_the_kinematics(matter):
    kappa = NeutronDecay(Settings(charged_current="full"))(ENERGY, matter).absorption[0]
    expected = neutron_decay(
        ENERGY,
        matter.temperature,
        matter.chemical_potential_neutron,
        matter.chemical_potential_proton,
        matter.mean_field_neutron,
        matter.mean_field_proton,
        matter.chemical_potential_electron,
    )
    # the nucleons' own masses in the state against their mean: 0.07 % of T + E_F, over T
    assert_allclose(kappa[:2], expected[:2], rtol=5e-3)
    # and the order of the elastic one well below the threshold
    elastic = NeutronDecay(Settings())(ENERGY, matter).absorption[0]
    assert_allclose(kappa[0, :3] / elastic[0, :3], 1.0, atol=0.7)


def test_contradiction_is_bounded_at_both_levels(matter):
    # a proton's potential 200 MeV too high calls for far more protons than there are: none of them takes part
    wrong = replace(matter, chemical_potential_proton=matter.chemical_potential_proton + 200.0)
    at_rest, moving = (
        NeutronDecay(Settings(charged_current=level))(ENERGY[:3], wrong).absorption[0, :2]
        for level in ("elastic", "full")
    )
    np.testing.assert_array_less(at_rest[1] * 0.2, moving[1])
    np.testing.assert_array_less(moving[1], at_rest[1] * 5.0)


def test_weak_magnetism_at_the_full_level(matter):
    with_it, without = (
        ChargedCurrent(Settings(charged_current="full", weak_magnetism=on))(ENERGY, matter).absorption
        for on in (True, False)
    )
    for row, sign in ((0, 1), (1, -1)):
        seen = without[row] > 0.0
        expected = np.broadcast_to(magnetism_ratio(ENERGY, sign, COUPLINGS), seen.shape)
        assert_allclose(with_it[row][seen] / without[row][seen], expected[seen], rtol=1e-13)
    # not of decay
    decay = [
        NeutronDecay(Settings(charged_current="full", weak_magnetism=on))(ENERGY, matter).absorption
        for on in (True, False)
    ]
    np.testing.assert_array_equal(decay[0], decay[1])


def test_thresholds(matter):
    decay = NeutronDecay(Settings()).thresholds(matter)
    assert decay.shape == (3, 1)
    assert_allclose(decay[:2, 0], np.array([10.0, 40.0]) + Q - M_E, rtol=1e-13)
    assert np.isnan(decay[2, 0])
    capture = ChargedCurrent(Settings()).thresholds(matter)
    assert_allclose(capture[:2, 1], np.array([10.0, 40.0]) + Q + M_E, rtol=1e-13)
    assert np.isnan(capture[2, 1])  # -5 + Q + m_e < 0: no antineutrino is too slow
    # nue need energy where the field of the neutrons lies lower
    assert np.isnan(capture[:2, 0]).all()
    assert capture[2, 0] == pytest.approx(5.0 - Q + M_E, rel=1e-13)
    # and they are where the opacities begin and end
    just = decay[0, 0] * np.array([1.0 - 1e-6, 1.0 + 1e-6])
    kappa = NeutronDecay(Settings())(just, matter).absorption[0, 0]
    assert kappa[0] > 0.0 == kappa[1]
    just = capture[0, 1] * np.array([1.0 - 1e-6, 1.0 + 1e-6])
    kappa = ChargedCurrent(Settings())(just, matter).absorption[1, 0]
    assert kappa[0] == 0.0 < kappa[1]


def test_in_an_opacity_set(matter):
    chosen = OpacitySet.from_names(["charged_current", "neutron_decay"])
    result = chosen.spectral(matter, ENERGY)
    assert not result.absorption[1, 0].any()
    assert not result.absorption[1, 2].any()
    assert result.absorption[1, 1, 0].any()
    assert chosen.thresholds(matter).shape == (3, 3)


def test_derivative_by_a_complex_step(matter):
    step = 1e-30
    for level in ("elastic", "full"):

        def kappa(ga, level=level):
            couplings = WeakCouplings(axial_coupling=ga, charged_current_norm="tree")
            settings = Settings(couplings=couplings, charged_current=level)
            rates = [process(settings)(ENERGY, matter) for process in (ChargedCurrent, NeutronDecay)]
            return np.concatenate([rate.absorption for rate in rates])[:, 0, 2:4]

        slope = (kappa(1.2755) - kappa(1.2753)) / 2e-4
        found = kappa(1.2754 + 1j * step).imag / step
        assert_allclose(found, slope, rtol=1e-6)
        assert (found != 0.0).sum() >= 3
