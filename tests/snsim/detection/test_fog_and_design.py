"""Neutrino fog of targets, atmospheric estimate, choice of a target."""

import math

import numpy as np
import pytest

from microphysics.errors import OutOfRangeError, UnknownNameError
from snsim.detection import Detector, events, monochromatic, pion_decay_at_rest
from snsim.detection.dark_matter_fog import neutrino_backgrounds, neutrino_fog_of
from snsim.detection.design import DENSITIES, best_design, design_table
from snsim.detection.sources.atmospheric import atmospheric

BEAM = pion_decay_at_rest("20 m", protons=2e23)
MASS, EXPOSURE = np.array([0.5, 6.0, 100.0]), np.geomspace(1e-3, 1e5, 17)


@pytest.fixture(scope="module")
def backgrounds():
    chosen = neutrino_backgrounds()
    return {name: chosen[name] for name in ("8B", "hep", "diffuse supernovae", "atmosphere")}


@pytest.fixture(scope="module")
def xenon(backgrounds):
    return neutrino_fog_of("Xe", MASS, EXPOSURE, threshold=0.3, backgrounds=backgrounds)


def test_atmospheric_estimate():
    """Total and shares; 0.6e-3 /(cm2 s MeV) at 1 GeV; 0.03-0.07 recoils per tonne and year of xenon above 3 keV."""
    flux = atmospheric()
    assert flux.total() == pytest.approx(10.5, rel=1e-9)
    assert flux.total("numu") == pytest.approx(2.0 * flux.total("nue"), rel=1e-9)
    assert float(flux.spectrum(np.array([999.0]))[0]) == pytest.approx(6e-4, rel=0.25)
    detector = Detector.of("Xe", mass="1 t", live_time="1 yr", threshold="3 keVnr")
    assert 0.03 < events(flux, detector)[0] < 0.07


def test_neutrinos_of_the_fog_are_those_of_the_detector(xenon, backgrounds):
    detector = Detector.of("Xe", mass="1 t", live_time="1 yr", threshold="0.3 keVnr", highest="100 keVnr")
    for name, (flux, _) in backgrounds.items():
        assert xenon.events[name] == pytest.approx(events(flux, detector)[0], rel=1e-6)


def test_fog_of_xenon(xenon):
    """The boron-8 bump at 6 GeV is thick, at 100 GeV the fog begins at some 3e-49 cm^2 (O'Hare 2021)."""
    assert math.isnan(xenon.boundary[0])
    assert "below all bins" in xenon.discovery.reason
    assert 3e-46 < xenon.boundary[1] < 1e-44
    assert 1e-49 < xenon.boundary[2] < 1e-48
    index = xenon.discovery.index
    assert index[:, 1].max() > 4.0
    assert index[0, 2] == pytest.approx(1.1, abs=0.1)  # no neutrino yet
    assert (np.diff(xenon.discovery.cross_section[:, 1:], axis=0) < 0.0).all()


def test_one_event_floor_is_near_the_boundary(xenon):
    """One neutrino and an index of 2 are about the same where one spectrum imitates the signal."""
    ratio = xenon.one_event[1:] / xenon.boundary[1:]
    assert ((ratio > 0.3) & (ratio < 10.0)).all()


def test_smaller_flux_errors_thin_the_fog(backgrounds, xenon):
    exact = {name: (flux, 0.0) for name, (flux, _) in backgrounds.items()}
    found = neutrino_fog_of("Xe", MASS, EXPOSURE, threshold=0.3, backgrounds=exact)
    assert (found.discovery.cross_section[-1, 1:] < xenon.discovery.cross_section[-1, 1:]).all()
    assert (found.discovery.index[-1, 1:] < 2.05).all()


def test_significance_in_closed_form():
    """Without errors S = sqrt(N); with one of the flux never more than its inverse."""
    (plain,) = design_table(BEAM, ["Ar"], [1.0], mass="10 kg", flux_error=0.0, radius_error=0.0)
    assert plain.significance == pytest.approx(math.sqrt(plain.events), rel=1e-12)
    assert plain.events == pytest.approx(
        events(BEAM, Detector.of("Ar", mass="10 kg", threshold="1 keVnr"))[0], rel=1e-12
    )
    (huge,) = design_table(BEAM, ["Ar"], [1.0], mass="1000 t", flux_error=0.1, radius_error=0.0)
    assert huge.significance == pytest.approx(10.0, rel=1e-3)
    assert huge.limited_by == "flux"


def test_rates_grow_with_neutrons_squared_at_low_energy():
    """One line below all form factors: events per mass go with N^2/A."""
    line = monochromatic("nue", 2.0, 1e12)
    found = design_table(line, ["Ne", "Xe"], [1e-4], mass="1 kg", live_time="1 yr", flux_error=0.0)
    neon, xenon = (point.events for point in found)
    charge = {"Ne": (10.19 + 0.04548 * -10.0) ** 2 / 20.18, "Xe": (77.38 - 0.04548 * 54.0) ** 2 / 131.4}
    assert xenon / neon == pytest.approx(charge["Xe"] / charge["Ne"], rel=0.02)


def test_threshold_decides_between_heavy_and_light():
    """The largest recoil falls like 1/A: with a high threshold the best target is lighter."""
    options = {"mass": "10 kg", "flux_error": 0.0, "radius_error": 0.0}
    best = [
        best_design(design_table(BEAM, ["Ne", "Ar", "Ge", "Xe", "Pb"], [keV], **options)).mass_number
        for keV in (0.1, 10.0, 40.0, 100.0)
    ]
    assert best == sorted(best, reverse=True)
    assert best[0] > 200.0
    assert best[-1] < 45.0
    (none,) = design_table(BEAM, ["Pb"], [200.0], **options)
    assert none.significance == 0.0
    assert none.limited_by == "threshold"


def test_form_factors_of_heavy_nuclei_are_less_certain():
    found = design_table(BEAM, ["Ar", "Ge", "Xe", "Pb"], [5.0], mass="10 t", flux_error=0.0, radius_error=0.2)
    errors = [point.form_factor_error for point in found]
    assert errors == sorted(errors)
    assert found[-1].limited_by == "form factor"
    doubled = design_table(BEAM, ["Ar"], [5.0], mass="10 t", radius_error=0.4)
    assert doubled[0].form_factor_error == pytest.approx(2.0 * errors[0], rel=0.01)


def test_volume_is_mass_over_density():
    by_volume = design_table(BEAM, ["Xe"], volume="10 l")
    by_mass = design_table(BEAM, ["Xe"], mass=f"{10.0 * DENSITIES['Xe']} kg")
    assert by_volume[0].significance == pytest.approx(by_mass[0].significance, rel=1e-12)


def test_background_hides_a_signal():
    options = {"mass": "10 kg", "live_time": "1 yr"}
    clean, dirty = (design_table(BEAM, ["Ge"], background=value, **options)[0] for value in (0.0, 1.0))
    assert dirty.background == pytest.approx(365.25 * 10.0 * (clean.largest_recoil - 1.0), rel=1e-9)
    assert dirty.significance < clean.significance
    assert dirty.limited_by == "background"
    parts = (dirty.flux_error, dirty.form_factor_error, dirty.background_error)
    statistics = (dirty.events + dirty.background) / dirty.events**2
    assert dirty.background_error == pytest.approx(0.1 * dirty.background / dirty.events, rel=1e-12)
    assert dirty.significance**-2 == pytest.approx(statistics + sum(part**2 for part in parts), rel=1e-12)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: atmospheric(0.0), OutOfRangeError, "total"),
        (lambda: neutrino_fog_of("Xe", [10.0], [1.0], threshold=0.0), OutOfRangeError, "threshold"),
        (lambda: neutrino_fog_of("Xe", [10.0], [1.0], backgrounds={}), OutOfRangeError, "one flux"),
        (lambda: design_table(BEAM, ["Xe"]), OutOfRangeError, "mass, volume"),
        (lambda: design_table(BEAM, ["Hg"], volume="1 l"), UnknownNameError, "density"),
        (lambda: design_table(BEAM, ["Xe"], mass="1 kg", flux_error=-0.1), OutOfRangeError, "flux_error"),
        (lambda: design_table(BEAM, ["Xe"], mass="1 kg", background=1.0), OutOfRangeError, "live_time"),
        (lambda: best_design([]), OutOfRangeError, "no target"),
    ],
)
def test_bad_input_is_named(call, error, words):
    with pytest.raises(error, match=words):
        call()
