import numpy as np
import pytest

from microphysics.constants import CODATA
from microphysics.errors import OutOfRangeError
from microphysics.nuclei import Nucleus
from microphysics.weak.couplings import WeakCouplings
from microphysics.weak.ikeda import SingleParticleLevel, StrengthFunction, single_particle_strengths
from microphysics.weak.muon_capture import (
    MuonCouplings,
    capture_rate,
    muon_binding,
    muon_density,
    neutrino_energy,
)

PROTON = Nucleus.named("H1")
DELTA = CODATA.nucleon_mass_difference
SPIN, CHARGE = StrengthFunction([DELTA], [3.0]), StrengthFunction([DELTA], [1.0])


def test_kinematics_of_hydrogen():
    """99.15 MeV; binding 2.53 keV; |phi|^2 of a Bohr orbit of 284.7 fm."""
    assert float(neutrino_energy(PROTON, DELTA)) == pytest.approx(99.146, abs=1e-3)
    assert muon_binding(PROTON) == pytest.approx(2.528e-3, rel=1e-3)
    radius = (1.0 / (np.pi * muon_density(PROTON))) ** (1.0 / 3.0)
    assert radius == pytest.approx(284.75e-13, rel=1e-4)


def test_neutrino_energy_conserves_energy_and_momentum():
    nucleus = Nucleus.named("C12")
    energy = float(neutrino_energy(nucleus, 13.88))
    daughter = np.hypot(float(nucleus.mass) + 13.88, energy)
    total = CODATA.muon_mass - muon_binding(nucleus) + float(nucleus.mass)
    assert energy + daughter == pytest.approx(total, rel=1e-14)


def test_hydrogen_singlet():
    """714.9 +- 7.5 /s (MuCap, PRL 110, 012504), 11.7 to 12.0 in the triplet; ours without radiative corrections."""
    v, a, p = MuonCouplings().effective(neutrino_energy(PROTON, DELTA))
    statistical = v**2 + 3.0 * a**2 + p**2 - 2.0 * p * a
    singlet, triplet = (v + 3.0 * a - p) ** 2, (v - a) ** 2 + 2.0 / 3.0 * p * (v - a) + p**2
    assert 0.25 * singlet + 0.75 * triplet == pytest.approx(statistical, rel=1e-12)
    rate = capture_rate(PROTON, SPIN, CHARGE)
    assert rate * singlet / statistical == pytest.approx(714.9, rel=0.02)
    assert rate * triplet / statistical == pytest.approx(11.9, rel=0.03)


def test_constant_without_induced_terms():
    """G_F^2 V_ud^2/(2 pi) |phi|^2 E^2 (1 + 3 g_A^2) for point-like couplings: half of nu n -> e p at the same momentum."""
    bare = MuonCouplings(
        1.0, -1.0, 1.0, WeakCouplings().axial_coupling, WeakCouplings(charged_current_norm="tree")
    )
    energy = float(neutrino_energy(PROTON, DELTA))
    v, a, p = bare.effective(energy)
    assert float(p) == pytest.approx(0.0, abs=1e-15)
    recoil = 1.0 - energy / (CODATA.muon_mass + float(PROTON.mass))
    cross_section = 0.5 * bare.weak.charged_current_constant * energy**2
    ratio = (v**2 + 3.0 * a**2) / (1.0 + 3.0 * bare.weak.axial_coupling**2)
    expected = cross_section * CODATA.speed_of_light * muon_density(PROTON) * recoil * float(ratio)
    assert capture_rate(PROTON, SPIN, CHARGE, couplings=bare) == pytest.approx(expected, rel=1e-12)


def test_rate_is_linear_in_strength_and_goes_with_the_fourth_power_of_charge():
    nucleus = Nucleus.named("Si28")
    one, two = (StrengthFunction([5.0, 9.0], [s, 2.0 * s]) for s in (1.0, 2.0))
    assert capture_rate(nucleus, two) == pytest.approx(2.0 * capture_rate(nucleus, one), rel=1e-13)
    assert muon_density(nucleus, 7.0) / muon_density(nucleus) == pytest.approx(0.5**4, rel=1e-13)
    heavy = Nucleus(np.array(28.0), np.array(16.0), nucleus.mass)
    assert muon_density(heavy) / muon_density(nucleus) == pytest.approx((16.0 / 14.0) ** 3, rel=1e-13)


def test_closed_channels_do_not_count():
    nucleus = Nucleus.named("O16")
    both = StrengthFunction([10.0, 200.0], [1.0, 50.0])
    assert capture_rate(nucleus, both) == capture_rate(nucleus, StrengthFunction([10.0], [1.0]))


def test_single_particles_link_both_directions():
    """S_+ of the model is what is captured; with S_- - S_+ = 3 (N - Z) it follows from S_-."""
    levels = [
        SingleParticleLevel(0, 1, 1.5, neutrons=4.0, protons=4.0),
        SingleParticleLevel(0, 1, 0.5, neutrons=0.5, protons=0.0),
    ]
    minus, plus = single_particle_strengths(levels)
    carbon = Nucleus.named("C12")
    at_once = StrengthFunction([13.0], [plus.total])
    from_minus = StrengthFunction([13.0], [minus.total - 3.0 * 0.5])
    assert capture_rate(carbon, at_once) == pytest.approx(capture_rate(carbon, from_minus), rel=1e-12)
    # 4 protons of p3/2 into p1/2: 4/3 each, less where a neutron is
    assert plus.total == pytest.approx(4.0 * 4.0 / 3.0 * (1.0 - 0.25), rel=1e-13)


def test_bad_input_is_named():
    with pytest.raises(OutOfRangeError, match=r"effective charge = 15: must be above 0 and at most Z = 14"):
        muon_density(Nucleus.named("Si28"), 15.0)
