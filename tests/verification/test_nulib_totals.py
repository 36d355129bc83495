"""All processes together against NuLib's tables of opacities (O'Connor 2015, ApJS 219, 24), all output schemes.

The numbers were computed for this project by running NuLib at 20 points, see the README beside them. The tests of single
processes (test_nulib.py and others) say how far each is; here the sums are what a table would hold: blocked charged currents,
transport or total scattering, pairs as kappa = j/B, heavy-lepton neutrinos together or apart.
"""

import numpy as np
import pytest
from nulib_mode import COUPLINGS, NULIB_MODE, SCATTERING, matter_of

from microphysics.constants import NULIB
from microphysics.opacity import OpacitySet
from microphysics.processes.charged_current import nucleon_blocking
from microphysics.processes.nucleon_correlations import scattering_targets
from microphysics.processes.nucleon_scattering import total_cross_section, transport_cross_section
from microphysics.processes.settings import Settings

DEFAULT = ("charged_current", "pair", "bremsstrahlung")
ALL_ON = (*DEFAULT, "electron_capture")
SIX = ("nue", "anue", "numu", "anumu")  # tau = mu
FILES = {
    "totals_default_3species.csv": ("nue", "anue", "nux"),
    "totals_default_6species.csv": SIX,
    "totals_allon_6species.csv": SIX,
}
RTOL = 1e-6  # as in test_nulib.py
PAIRS = 0.02, 0.06  # of the pairs' part: below and above mu_e = 15 T, NuLib's rule of 16 x 16 points
pytestmark = pytest.mark.filterwarnings("ignore:.*hold nuclei:microphysics.errors.ExtrapolationWarning")


@pytest.fixture(scope="module")
def points(reference, read_columns):
    return read_columns(reference / "nulib" / "points.csv")


@pytest.fixture(scope="module")
def matter(points):
    return matter_of(points)


@pytest.fixture(scope="module")
def energy(reference, read_columns):
    return read_columns(reference / "nulib" / "energy_grid_24.csv")["energy_MeV"]


@pytest.fixture(scope="module")
def totals(reference, read_columns, matter, energy):
    """Columns of a file as (species, point, energy)."""

    def read(name, species):
        found = read_columns(reference / "nulib" / name)
        rows = list(found["species"][:: energy.size][: len(species)])
        assert [name.removesuffix("4") for name in rows] == list(species)
        shape = (matter.density.size, len(species), energy.size)
        return {
            name: values.reshape(shape).swapaxes(0, 1)
            for name, values in found.items()
            if name not in ("point_id", "species", "group")
        }

    return read


def absorption(matter, energy, species, names, **changes):
    """By process, each (species, point, energy); below 1e11 g/cm^3 NuLib lets all nucleons take part."""
    spectra = OpacitySet.from_names(names, Settings(**{**NULIB_MODE, **changes})).spectral(
        matter, energy, species
    )
    found = dict(zip(names, spectra.absorption, strict=True))
    free = matter.number_density_neutron, matter.number_density_proton
    blocked = nucleon_blocking(matter, COUPLINGS, "raw")
    for i, (all_, some) in enumerate(zip(free, blocked, strict=True)):
        found["charged_current"][i] *= np.where(matter.density >= 1e11, 1.0, all_ / some)[:, None]
    return found


@pytest.mark.filterwarnings("ignore:.*partners of nue or anue:microphysics.errors.PhysicsWarning")
@pytest.mark.parametrize("name", FILES)
def test_absorption_and_emission(name, matter, energy, totals):
    species, theirs = FILES[name], totals(name, FILES[name])
    names, changes = (
        (ALL_ON, {"pair_species": "all", "capture_rate": "bruenn"}) if "allon" in name else (DEFAULT, {})
    )
    found = absorption(matter, energy, species, names, **changes)
    degenerate = (matter.chemical_potential_electron / matter.temperature >= 15.0)[:, None]
    expected = theirs["kappa_abs_1_cm"]
    allowed = RTOL * expected + np.where(degenerate, PAIRS[1], PAIRS[0]) * found["pair"]
    seen = np.broadcast_to(theirs["blackbody_erg_cm2_s_MeV_sr"] > 1e-25, expected.shape).copy()
    # below, NuLib sets the positron's energy to 2 m_e: a floor, not physics
    seen[1] &= energy > NULIB.nucleon_mass_difference + 2.0 * NULIB.electron_mass
    assert seen.sum(axis=(1, 2)).min() > 100
    total = sum(found.values())
    deviation = np.abs(total - expected)[seen] / allowed[seen]
    assert deviation.max() < 1.0
    # what is emitted: Kirchhoff's law with their black body of ONE species, four of nux together
    black = (
        theirs["blackbody_erg_cm2_s_MeV_sr"] * np.where(np.array(species) == "nux", 4.0, 1.0)[:, None, None]
    )
    emitted = theirs["emissivity_erg_cm3_s_MeV_sr"]
    assert (np.abs(total * black - emitted)[seen] <= (allowed * black)[seen]).all()
    # where pairs are not all there is, the rest alone is met
    rest = seen & (found["pair"] < 1e-8 * total)
    assert rest.sum() > 100
    np.testing.assert_allclose(total[rest], expected[rest], rtol=2e-6)


@pytest.mark.parametrize("name", FILES)
def test_transport_scattering(name, matter, energy, totals):
    species, theirs = FILES[name], totals(name, FILES[name])
    spectra = OpacitySet.from_names(SCATTERING, Settings(**NULIB_MODE)).spectral(matter, energy, species)
    np.testing.assert_allclose(spectra.total_scattering, theirs["kappa_scat_1_cm"], rtol=RTOL)
    assert not theirs["delta_scat"].any()


def anisotropy_of_level_0(energy, nucleon):
    total, transport = (
        f(energy, nucleon, 1, COUPLINGS, False) for f in (total_cross_section, transport_cross_section)
    )
    return 3.0 * (1.0 - transport / total)


def test_total_scattering_and_its_anisotropy(matter, energy, totals):
    """Theirs is cruder than ours, which has both moments right of every process.

    Nuclei and alphas have delta = 1 and 1.5 times their transport opacity whatever form factor and correlations make of the
    angles; nucleons the total cross section with weak magnetism, but the delta without it.
    """
    species = ("nue", "anue", "nux")
    theirs = totals("totals_default_3species_nontransport.csv", species)
    spectra = OpacitySet.from_names(SCATTERING, Settings(**NULIB_MODE)).spectral(matter, energy, species)
    nuclei = 1.5 * spectra.scattering[1:].sum(axis=0)
    total = spectra.collision[0] + nuclei
    np.testing.assert_allclose(total, theirs["kappa_scat_1_cm"], rtol=RTOL)
    targets = scattering_targets(matter, NULIB, "bruenn")
    for row, sign in enumerate((1, -1)):
        first = nuclei[row].copy()
        for nucleon, number in zip("np", targets, strict=True):
            sigma = total_cross_section(energy, nucleon, sign, COUPLINGS)
            first += number[:, None] * sigma * anisotropy_of_level_0(energy, nucleon)
        np.testing.assert_allclose(first / total[row], theirs["delta_scat"][row], rtol=0.0, atol=RTOL)
    # so the transport opacity that follows is too large, for antineutrinos by up to 2 % at 10 MeV and 24 % at 114 MeV
    ratio = theirs["kappa_scat_1_cm"] * (1.0 - theirs["delta_scat"] / 3.0) / spectra.total_scattering
    assert ratio.min() > 1.0
    assert ratio[1, :, 4].max() == pytest.approx(1.019, abs=1e-3)
    assert ratio[1, :, 17].max() == pytest.approx(1.24, abs=5e-3)


def test_other_columns_of_the_nontransport_file(totals):
    species = ("nue", "anue", "nux")
    one, other = (totals(f"totals_default_3species{suffix}.csv", species) for suffix in ("", "_nontransport"))
    for name in ("emissivity_erg_cm3_s_MeV_sr", "kappa_abs_1_cm", "blackbody_erg_cm2_s_MeV_sr"):
        np.testing.assert_array_equal(one[name], other[name])
