"""From the cross section to published results: moments and neutron radii from COHERENT's first data on caesium iodide."""

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from microphysics.constants import CODATA
from microphysics.nuclei import Composition
from microphysics.weak.cevns import CEvNS
from microphysics.weak.form_factors import Helm
from microphysics.weak.moments import TransitionMoments
from microphysics.weak.new_physics import MagneticMoment
from microphysics.weak.proton_neutron import ProtonNeutron
from microphysics.weak.recoils import FluxMoments, recoil_spectrum
from snsim.detection.intervals import confidence_interval
from snsim.detection.statistics import coherent_chi_square, one_pull_chi_square

# Akimov et al. 2017: 14.57 kg at 19.3 m, 1.76e23 protons with 0.08 neutrinos of each kind, 8.78 % quenching, 13.348 pe/keV
NEUTRINOS = 0.08 * 1.76e23 / (4.0 * np.pi * 1930.0**2)
RECOIL = np.linspace(2e-4, 0.05, 20001)
ELECTRONS = 1e3 * RECOIL * 0.0878 * 13.348
SEEN = np.where(
    (ELECTRONS >= 6.0) & (ELECTRONS <= 30.0), 0.6655 / (1.0 + np.exp(-0.4942 * (ELECTRONS - 10.8507))), 0.0
)


def pion_decay():
    """Fluxes of pions and muons that decay at rest, one neutrino of each kind."""
    mass = CODATA.muon_mass
    energy = np.linspace(0.0, 0.5 * mass, 2001)
    return {
        "numu": FluxMoments.of_lines(29.7921, 1.0),
        "nue": FluxMoments.of(energy, 192.0 * energy**2 / mass**3 * (0.5 - energy / mass)),
        "anumu": FluxMoments.of(energy, 64.0 * energy**2 / mass**3 * (0.75 - energy / mass)),
    }


def counts(form_factor=Helm.from_lewin_smith, new_physics=(), every=1):
    """Events of each flavour; `every` thins the recoils out."""
    composition, recoil = Composition.molecule("CsI"), RECOIL[::every]
    atoms = 14.57e3 * composition.atoms_per_gram
    found = {}
    for flavor, flux in pion_decay().items():
        spectra = [
            share
            * recoil_spectrum(
                CEvNS(nucleus, form_factor(nucleus), new_physics=new_physics), flux, recoil, flavor
            )
            for nucleus, share in composition
        ]
        found[flavor] = atoms * NEUTRINOS * np.trapezoid(sum(spectra) * SEEN[::every], recoil)
    return found


@pytest.fixture(scope="module")
def standard_and_magnetic():
    standard, both = counts(), counts(new_physics=(MagneticMoment(1e-10),))
    return standard, {flavor: both[flavor] - standard[flavor] for flavor in standard}


def limits(standard, magnetic, flavors):
    """90 % limits on each Lambda alone, in 1e-10 Bohr magnetons."""
    size = np.linspace(0.0, 150.0, 301)
    found = []
    for moduli in np.eye(3):
        moments = TransitionMoments(tuple(moduli))
        extra = sum(moments.squared(flavor) * magnetic[flavor] for flavor in flavors)
        predicted = sum(standard.values()) + extra * size**2
        value = coherent_chi_square(predicted[:, None], [142.0], [6.0], [405.0]).chi_square
        found.append(confidence_interval(size, value, 0.9, physical=(0.0, None)).high)
    return np.array(found)


def test_expected_events(standard_and_magnetic):
    """173 published; 173.8 without fluctuations of the photoelectrons."""
    standard, _ = standard_and_magnetic
    assert sum(standard.values()) == pytest.approx(173.8, rel=2e-3)


@pytest.mark.parametrize(("beam", "flavors"), [("prompt", ("numu",)), ("delayed", ("nue", "anumu"))])
def test_published_limits(beam, flavors, standard_and_magnetic, reference, read_columns):
    """Miranda et al. 2019, JHEP 07, 103, within 4 %."""
    table = read_columns(reference / "cevns" / "tmm_limits_sns.csv")
    rows = (table["detector"] == "CsI") & (table["beam"] == beam)
    ours = limits(*standard_and_magnetic, flavors)
    np.testing.assert_allclose(ours, table["published_current_1e-10muB"][rows], rtol=0.04)
    np.testing.assert_allclose(ours, table["prototype_current"][rows], rtol=0.01)


def test_ratios_are_those_of_mixing_alone(standard_and_magnetic):
    found = limits(*standard_and_magnetic, ("numu",))
    squared = [TransitionMoments(tuple(moduli)).squared("numu") for moduli in np.eye(3)]
    np.testing.assert_allclose(found**2 * squared, found[0] ** 2 * squared[0], rtol=1e-4)


@pytest.fixture(scope="module")
def by_radius():
    """Rms radii of neutrons, the same in caesium and iodine, and the events they make."""
    protons = {"Cs133": np.sqrt(4.804**2 - 0.84**2), "I127": np.sqrt(4.749**2 - 0.84**2)}
    radius = np.linspace(3.2, 8.2, 26)

    def form_factor(neutrons):
        return lambda nucleus: ProtonNeutron(
            Helm.from_rms_radius(protons[nucleus.name]), Helm.from_rms_radius(neutrons)
        )

    return radius, np.array([sum(counts(form_factor(r), every=10).values()) for r in radius])


def test_neutron_radius(by_radius):
    """5.64 +0.99 -1.2 fm (Papoulias et al. 2020, PLB 800, 135133); 5.54 +0.95 -1.28 without fluctuating photoelectrons."""
    radius, events = by_radius
    value = coherent_chi_square(events[:, None], [142.0], [6.0], [405.0]).chi_square
    found = confidence_interval(radius, value, 0.6827)
    assert found.best == pytest.approx(5.54, abs=0.02)
    np.testing.assert_allclose(found.errors, (0.95, 1.28), rtol=0.02)
    assert abs(found.best - 5.64) < 0.15


def test_neutron_radius_of_a_hundred_times_the_exposure(by_radius):
    """+0.19 -0.23 fm (the same, scenario II: s_stat = 0.1, s_sys = 0.07) around 5.56 fm."""
    radius, events = by_radius
    expected = 100.0 * CubicSpline(radius, events)(5.56)
    found = confidence_interval(
        radius, one_pull_chi_square(100.0 * events[:, None], [expected], 0.1, 0.07).chi_square, 0.6827
    )
    assert found.best == pytest.approx(5.56, abs=1e-3)
    np.testing.assert_allclose(found.errors, (0.19, 0.23), rtol=0.1)
