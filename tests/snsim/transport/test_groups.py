"""Energy groups, and opacities at their local energies against opacities evaluated there."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from microphysics.constants import CODATA
from microphysics.eos.composition import from_composition
from microphysics.errors import OutOfRangeError
from microphysics.opacity import OpacitySet
from microphysics.processes.contract import Rates
from microphysics.processes.settings import Settings
from snsim.config.schema import AnalyticProfile
from snsim.profiles.readers import load_profile
from snsim.transport._kernels.local_energies import local_opacities
from snsim.transport.energy_groups import local_grid
from snsim.transport.grid import build_background
from snsim.transport.groups import EnergyGroups, group_media, with_partner

GROUPS = EnergyGroups.logarithmic()
NAMES = [
    "charged_current", "nucleon_scattering", "nucleus_scattering", "alpha_scattering", "electron_scattering",
    "pair", "bremsstrahlung",
]  # fmt: skip
OPACITIES = OpacitySet.from_names(NAMES)


@pytest.fixture(scope="module")
def star():
    return build_background(load_profile(AnalyticProfile(format="analytic")), 40, 4e5)


def zones_of(density, temperature, lapse, **composition):
    """Free nucleons at Y_e = 0.2 and their lapse; not a star."""
    fractions = {"mass_fraction_neutron": 0.8, "mass_fraction_proton": 0.2, "mass_fraction_heavy": 0.0}
    matter = from_composition(
        density, temperature, 0.2, mass_fraction_alpha=0.0, mass_number_heavy=56.0, charge_number_heavy=26.0,
        **(fractions | composition),
    )  # fmt: skip
    return SimpleNamespace(matter=matter, lapse=np.array(lapse))


def plain(background):
    """Where absorption is smooth: not at the edge of a degenerate sea of nue, nor at the threshold of anue."""
    return (background.matter.density < 1e13)[:, None] & (GROUPS.energy / background.lapse[:, None] > 3.0)


def exactly(opacities, background, species=("nue", "anue", "nux")):
    """Sums over processes evaluated at the local energies, zone by zone: absorption and scattering."""
    parts = []
    for i, alpha in enumerate(background.lapse):
        one = opacities.spectral(background.matter.select(np.array([i])), GROUPS.energy / alpha, species)
        parts.append([one.total_absorption[:, 0], one.total_scattering[:, 0], one.equilibrium[:, 0]])
    return (np.stack([part[k] for part in parts], axis=1) for k in range(3))


def test_groups_fill_their_range():
    groups = EnergyGroups.logarithmic(12, 2.0, 100.0)
    assert (groups.width / groups.energy).sum() == pytest.approx(np.log(50.0), rel=1e-14)
    assert groups.step == pytest.approx(np.log(50.0) / 12, rel=1e-13)
    assert groups.energy[0] == pytest.approx(2.0 * np.exp(0.5 * groups.step), rel=1e-13)
    # a Fermi-Dirac gas without chemical potential, T = 6 MeV: n = 3 zeta(3)/4 T^3/(pi^2 (hbar c)^3)
    fine = EnergyGroups.logarithmic(40, 0.01, 500.0)
    f = 1.0 / (1.0 + np.exp(fine.energy / 6.0))
    number = 0.75 * 1.2020569031595942 * (6.0 / CODATA.hbar_c) ** 3 / np.pi**2
    assert fine.number_weight @ f == pytest.approx(number, rel=1e-7)
    assert fine.energy_weight @ f / number == pytest.approx(6.0 * 3.1513742, rel=1e-7)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((1,), "at least 2"),
        ((20, 0.0, 3.0), "positive"),
        ((20, 5.0, 3.0), "rising"),
        ((5, 1.0, np.inf), "finite"),
    ],
)
def test_wrong_groups_are_refused(arguments, words):
    with pytest.raises(OutOfRangeError, match=words):
        EnergyGroups.logarithmic(*arguments)


def test_groups_by_hand_must_be_uniform():
    with pytest.raises(OutOfRangeError, match="one ratio"):
        EnergyGroups(np.array([1.0, 2.0, 5.0]), np.ones(3))
    with pytest.raises(OutOfRangeError, match="shapes"):
        EnergyGroups(np.array([1.0, 2.0, 4.0]), np.ones(2))
    with pytest.raises(OutOfRangeError, match="positive"):
        EnergyGroups(np.array([1.0, 2.0, 4.0]), np.array([1.0, 0.0, 1.0]))


def test_what_the_grid_misses():
    occupied = np.zeros((3, GROUPS.energy.size))
    occupied[0, 0] = 0.3
    occupied[1] = 1.0 / (1.0 + np.exp(GROUPS.energy / 4.0))
    missed = GROUPS.missed(occupied)
    np.testing.assert_allclose(missed[0], [[1.0, 0.0], [1.0, 0.0]], rtol=1e-14)
    assert (missed[1] < 1e-2).all()
    assert missed[1, 0, 0] > missed[1, 1, 0] > 0.0  # low energies count less in energy
    assert not missed[2].any()


@pytest.mark.parametrize("refinement", [1, 3])
def test_the_local_grid_holds_all_stencils(refinement):
    for lapse in (np.array([1.0]), np.array([0.7, 0.99]), np.exp(-GROUPS.step * np.array([0.0, 2.0]))):
        grid = local_grid(GROUPS, lapse, refinement)
        np.testing.assert_allclose(np.diff(np.log(grid)), GROUPS.step / refinement, rtol=1e-9)
        assert grid[1] == pytest.approx(GROUPS.energy[0] / lapse.max(), rel=1e-12)
        assert grid[-3] >= GROUPS.energy[-1] / lapse.min() * (1.0 - 1e-9)
        assert grid[-4] < GROUPS.energy[-1] / lapse.min()


def test_interpolation_of_opacities():
    nodes = np.linspace(0.0, 3.0, 13) ** 1.1
    cubic = np.exp(0.3 + 1.7 * nodes - 0.4 * nodes**2 + 0.1 * nodes**3)
    log_energy, lapse = np.linspace(0.3, 2.5, 9), np.array([0.8, 1.0])
    none = np.full((2, 1), np.nan)
    found = local_opacities(nodes, np.stack([[cubic] * 2, [0.0 * cubic] * 2]), log_energy, lapse, none)
    x = log_energy - np.log(lapse)[:, None]
    np.testing.assert_allclose(found[0], np.exp(0.3 + 1.7 * x - 0.4 * x**2 + 0.1 * x**3), rtol=1e-12)
    assert not found[1].any()
    # zeros below a step, and power laws beyond the ends
    nodes = np.linspace(0.0, 3.0, 13)
    step = np.where(nodes > 1.2, np.exp(2.0 * nodes), 0.0)
    found = local_opacities(
        nodes, step[None, None], np.array([-1.0, 1.1, 1.125, 1.3, 2.0, 4.0]), np.ones(1), none[:1]
    )
    at = step[5]
    assert found[0, 0, :2].max() == pytest.approx(0.4 * at, rel=1e-12)
    np.testing.assert_allclose(
        found[0, 0], [0.0, 0.4 * at, 0.5 * at, np.exp(2.6), np.exp(4.0), np.exp(8.0)], rtol=1e-12
    )
    # a kink that is announced is not smoothed over
    kinked = np.where(nodes < 1.6, np.exp(nodes), np.exp(5.0 * nodes - 6.4))
    x = np.array([1.4, 1.45, 1.8, 1.95])
    found = local_opacities(nodes, kinked[None, None], x, np.ones(1), np.array([[1.6]]))
    np.testing.assert_allclose(found[0, 0], np.where(x < 1.6, np.exp(x), np.exp(5.0 * x - 6.4)), rtol=1e-12)


def test_opacities_at_the_local_energies(star):
    media = group_media(star, OPACITIES, GROUPS, inelastic=False)
    absorption, scattering, equilibrium = exactly(OPACITIES, star)
    for i, (name, medium) in enumerate(media.items()):
        np.testing.assert_allclose(medium.scattering, scattering[i], rtol=1e-4)
        np.testing.assert_allclose(medium.equilibrium, equilibrium[i], rtol=1e-11)
        error = np.abs(medium.absorption - absorption[i]) / np.where(absorption[i] > 0.0, absorption[i], 1.0)
        assert np.median(error) < 1e-6
        assert error[plain(star)].max() < 1e-3, name
        # what an error at the threshold does to the total
        difference, total = np.abs(medium.absorption - absorption[i]), absorption[i] + scattering[i]
        assert (difference[star.matter.density < 1e13] < 1e-2 * total[star.matter.density < 1e13]).all()


def test_given_spectra_are_used(star):
    spectra = OPACITIES.spectral(star.matter, np.geomspace(0.5, 350.0, 48))
    ours, theirs = (group_media(star, OPACITIES, GROUPS, inelastic=False, spectra=s) for s in (None, spectra))
    for name, medium in ours.items():
        np.testing.assert_allclose(theirs[name].scattering, medium.scattering, rtol=2e-3)
        absorbs = medium.absorption > 0.0
        np.testing.assert_array_equal(theirs[name].absorption > 0.0, absorbs)
        seen = absorbs & plain(star)
        np.testing.assert_allclose(theirs[name].absorption[seen], medium.absorption[seen], rtol=1e-2)
        np.testing.assert_array_equal(theirs[name].equilibrium, medium.equilibrium)
    few = OPACITIES.spectral(star.matter, np.geomspace(5.0, 100.0, 10))
    with pytest.raises(OutOfRangeError, match=r"spectra\.energy = 5 \.\.\. 100 MeV"):
        group_media(star, OPACITIES, GROUPS, spectra=few)


def test_no_equilibrium_without_free_nucleons():
    nuclei = {"mass_fraction_neutron": 0.0, "mass_fraction_proton": 0.0, "mass_fraction_heavy": 1.0}
    zones = zones_of([1e10, 1e9], [1.0, 0.8], [0.97, 0.99], **nuclei)
    chosen = OpacitySet.from_names([*NAMES, "electron_capture"], Settings(pair_species="all"))
    for inelastic in (False, True):
        media = group_media(zones, chosen, GROUPS, inelastic=inelastic)
        for name in ("nue", "anue"):
            assert not media[name].equilibrium.any()
            assert not media[name].absorption.any()
            assert (media[name].scattering > 0.0).all()
        assert (media["nux"].equilibrium > 0.0).any()


def test_processes_with_kernels_are_counted_once(star):
    elastic = group_media(star, OPACITIES, GROUPS, inelastic=False)
    media = group_media(star, OPACITIES, GROUPS)
    # heavy leptons alone have pairs here
    np.testing.assert_allclose(media["nue"].absorption, elastic["nue"].absorption, rtol=1e-12)
    assert not media["nue"].coupling.annihilation.size
    assert media["nue"].coupling.scatter.shape == (40, 20, 20)
    assert (elastic["nux"].absorption > 0.0).all()
    assert not media["nux"].absorption.any()
    assert media["nux"].coupling.own_partner[0] == 1
    without = OpacitySet.from_names([name for name in NAMES if name != "electron_scattering"])
    rest = group_media(star, without, GROUPS, inelastic=False)
    for name, medium in media.items():
        assert (medium.scattering > rest[name].scattering).all()
        assert not elastic[name].coupling.scatter.size
    # a fit of the emission has no kernels
    fitted = Settings(bremsstrahlung="burrows2006")
    both = OpacitySet.from_names(["pair", "bremsstrahlung"], fitted)
    alone = group_media(
        star, OpacitySet.from_names(["bremsstrahlung"], fitted), GROUPS, ["nux"], inelastic=False
    )
    found = group_media(star, both, GROUPS, ["nux"])["nux"]
    np.testing.assert_allclose(found.absorption, alone["nux"].absorption, rtol=1e-12)
    # and spectra of all processes are taken apart the same way
    spectra = both.spectral(star.matter, local_grid(GROUPS, star.lapse, 3))
    again = group_media(star, both, GROUPS, ["nux"], spectra=spectra)["nux"]
    np.testing.assert_allclose(again.absorption, found.absorption, rtol=1e-9)


def test_a_process_whose_kernels_know_only_some_species_keeps_its_opacities(star):
    process = OpacitySet.from_names(["pair"], Settings(pair_species="all")).processes[0]

    class Partly:
        name, references, species = "partly", (), ("nue", "numutau", "anumutau")

        def __call__(self, energy, matter):
            return Rates(absorption=np.full((3, matter.density.size, energy.size), 1e-9))

        def kernels(self, energy, matter):
            kernel = process.kernels(energy, matter)
            return replace(kernel.of(("numutau", "anumutau")), species=("numutau", "anumutau"))

    media = group_media(star, OpacitySet((Partly(),)), GROUPS)
    np.testing.assert_allclose(media["nue"].absorption, 1e-9, rtol=1e-12)
    assert not media["nue"].coupling.annihilation.size
    assert not media["anue"].absorption.any()
    assert not media["nux"].absorption.any()
    assert media["nux"].coupling.annihilation.size


def test_partner_is_exchanged(star):
    chosen = OpacitySet.from_names(NAMES, Settings(pair_species="all", pair_partner="equilibrium"))
    media = group_media(star, chosen, GROUPS)
    anue = media["anue"]
    np.testing.assert_array_equal(anue.coupling.partner, media["nue"].equilibrium)
    occupied = 0.5 * media["nue"].equilibrium
    changed = with_partner(anue, occupied)
    np.testing.assert_array_equal(changed.coupling.partner, occupied)
    assert changed.coupling.annihilation is anue.coupling.annihilation
    assert with_partner(media["nux"], occupied) is media["nux"]
    alone = group_media(star, chosen, GROUPS, ["nue"], inelastic=False)["nue"]
    assert with_partner(alone, occupied) is alone
    with pytest.raises(OutOfRangeError, match="occupied has shape"):
        with_partner(anue, occupied[1:])
