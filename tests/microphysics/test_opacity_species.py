"""Species on request, sums, collisions and kernels of an opacity set."""

import numpy as np
import pytest

from microphysics.eos.composition import from_composition
from microphysics.errors import MicrophysicsError, OutOfRangeError, UnknownNameError
from microphysics.matter import FLAVORS, SPECIES
from microphysics.opacity import OpacitySet, anisotropy
from microphysics.processes.contract import PairKernel, Rates, ScatteringKernel, grouped
from microphysics.processes.settings import CHOICES, Settings
from microphysics.weak.couplings import WeakCouplings

NAMES = (
    "charged_current",
    "nucleon_scattering",
    "nucleus_scattering",
    "alpha_scattering",
    "pair",
    "bremsstrahlung",
    "electron_scattering",
    "electron_capture",
)
ENERGY = np.array([2.0, 8.0, 25.0])
ROLES = ("absorption", "scattering", "exchange", "collision")


@pytest.fixture(scope="module")
def matter():
    return from_composition(
        [1e10, 1e12], [2.5, 1.5], [0.45, 0.36], [0.5, 0.2], [0.4, 1e-3], [0.1, 0.03], [0.0, 0.769], [0.0, 86.0], [0.0, 36.0]
    )  # fmt: skip


@pytest.mark.parametrize("settings", [Settings(), Settings(couplings=WeakCouplings(radiative=True))])
def test_groups_are_means_of_their_members(matter, settings):
    chosen = OpacitySet.from_names(NAMES, settings)
    six = chosen.spectral(matter, ENERGY, FLAVORS)
    asked = ("anumutau", "nux", "anue", "numutau", "nue", "nutau")
    some = chosen.spectral(matter, ENERGY, asked)
    assert some.species == asked
    members = {
        "nux": [2, 3, 4, 5],
        "numutau": [2, 4],
        "anumutau": [3, 5],
        "nue": [0],
        "anue": [1],
        "nutau": [4],
    }
    for role in ROLES:
        every, grouped_ = getattr(six, role), getattr(some, role)
        for k, name in enumerate(asked):
            np.testing.assert_allclose(
                grouped_[:, k], every[:, members[name]].mean(axis=1), rtol=1e-14, err_msg=name
            )
    assert (some.degeneracy[0] == 0.0).all()
    np.testing.assert_array_equal(some.degeneracy[2], -some.degeneracy[4])


def test_nux_is_the_default_and_differs_between_helicities(matter):
    chosen = OpacitySet.from_names(["nucleon_scattering"])
    assert chosen.spectral(matter, ENERGY).species == SPECIES
    six = chosen.spectral(matter, ENERGY, FLAVORS).total_scattering
    assert (six[2] > six[3]).all()  # weak magnetism
    np.testing.assert_array_equal(six[2], six[4])  # at tree level muon and tau neutrinos are alike


def test_totals_are_the_sums(matter):
    chosen = OpacitySet.from_names(NAMES)
    sums, spectra = chosen.totals(matter, ENERGY), chosen.spectral(matter, ENERGY)
    for role in ROLES:
        np.testing.assert_allclose(getattr(sums, role), getattr(spectra, f"total_{role}"), rtol=1e-13)
    assert (sums.collision > 0.0).all()


def test_anisotropy_keeps_both_moments():
    # d kappa/d Omega = kappa_s/(4 pi) (1 + delta cos) has the transport opacity kappa_s (1 - delta/3)
    collision, delta = np.array([2.0, 2.0, 0.0]), np.array([1.0, -0.3, 0.0])
    np.testing.assert_allclose(anisotropy(collision * (1.0 - delta / 3.0), collision), delta, rtol=1e-14)


def test_anisotropy_of_elastic_nucleons(matter):
    """Delta = (c_v^2 - c_a^2)/(c_v^2 + 3 c_a^2) (Bruenn 1985): -0.10 for neutrons."""
    neutrons = from_composition([1e10], [3.0], [0.0], [1.0], 0.0, 0.0, 0.0, 0.0, 0.0)
    settings = Settings(weak_magnetism=False)
    spectra = OpacitySet.from_names(["nucleon_scattering"], settings).spectral(neutrons, ENERGY)
    c_v, c_a = settings.couplings.vector_neutron, settings.couplings.axial_neutron
    np.testing.assert_allclose(spectra.delta, (c_v**2 - c_a**2) / (c_v**2 + 3.0 * c_a**2), rtol=1e-12)
    np.testing.assert_allclose(spectra.total_delta, spectra.delta[0], rtol=1e-12)


def test_unknown_species(matter):
    with pytest.raises(UnknownNameError, match=r"unknown neutrino species 'nu_x'; known are .*nux"):
        OpacitySet.from_names(["pair"]).spectral(matter, ENERGY, ("nu_x",))


@pytest.mark.parametrize("energy", [[[1.0, 2.0]], []])
def test_energies_are_one_row(matter, energy):
    with pytest.raises(OutOfRangeError, match="expected a row of energies"):
        OpacitySet.from_names(["pair"]).spectral(matter, energy)


class WrongShape:
    name, references, species = "wrong", (), ("nue", "anue")

    def __call__(self, energy, matter):
        return Rates(absorption=np.zeros((3, matter.density.size, energy.size)))


def test_a_process_with_rows_that_are_not_its_species_is_named(matter):
    with pytest.raises(
        MicrophysicsError, match=r"process 'wrong' returned absorption of shape \(3, 2, 3\).*nue, anue"
    ):
        OpacitySet((WrongShape(),)).spectral(matter, ENERGY)


@pytest.mark.parametrize("name", CHOICES)
def test_choices_are_checked_before_any_work(name):
    with pytest.raises(UnknownNameError, match=rf"unknown {name.replace('_', ' ')} 'nonsense'"):
        Settings(**{name: "nonsense"})


def test_grouped_rows():
    values = np.array([[1.0], [4.0]])
    np.testing.assert_array_equal(grouped(values, ("nue", "nux"), SPECIES), [[1.0], [0.0], [4.0]])
    np.testing.assert_array_equal(grouped(values, ("numu", "anutau"), ("nux", "nutau")), [[1.25], [0.0]])


def test_kernels_of_groups(matter):
    chosen = OpacitySet.from_names(["electron_scattering", "pair", "charged_current"])
    six, three = (chosen.kernels(matter, ENERGY, names) for names in (FLAVORS, SPECIES))
    assert set(six) == {"electron_scattering", "pair"}
    scattering, pairs = six["electron_scattering"], six["pair"]
    assert isinstance(scattering, ScatteringKernel)
    assert isinstance(pairs, PairKernel)
    assert scattering.phi_0.shape == (6, 2, 3, 3)
    np.testing.assert_allclose(
        three["electron_scattering"].phi_1[2], scattering.phi_1[2:].mean(axis=0), rtol=1e-13
    )
    # detailed balance of both, crossing of the second
    t = matter.temperature[:, None, None]
    loss = np.exp(-(ENERGY[:, None] - ENERGY) / t)
    np.testing.assert_allclose(scattering.phi_0.swapaxes(-1, -2), loss * scattering.phi_0, rtol=1e-12)
    np.testing.assert_allclose(pairs.boltzmann, np.exp(-(ENERGY[:, None] + ENERGY) / t), rtol=1e-12)
    np.testing.assert_allclose(pairs.annihilation_0[2], pairs.annihilation_0[3].swapaxes(-1, -2), rtol=1e-10)
    np.testing.assert_allclose(pairs.production_0, pairs.annihilation_0 * pairs.boltzmann, rtol=1e-14)


@pytest.mark.parametrize("name", NAMES)
def test_sums_take_complex_couplings(matter, name):
    """A complex step goes through the sums as through the processes."""
    settings = Settings(couplings=WeakCouplings(sin2_theta_w=complex(0.23863, 1e-30)))
    chosen = OpacitySet.from_names([name], settings)
    sums, spectra = chosen.totals(matter, ENERGY), chosen.spectral(matter, ENERGY)
    for role in ROLES:
        np.testing.assert_allclose(
            getattr(sums, role), getattr(spectra, f"total_{role}"), rtol=1e-12, err_msg=role
        )
