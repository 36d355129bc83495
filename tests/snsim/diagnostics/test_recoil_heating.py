"""Recoils beside captures in the radiation of a star with closed-form spectra."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from microphysics.constants import CODATA
from microphysics.nuclei import Nucleus
from microphysics.recoil_heating import recoil_cross_section, recoil_heating
from microphysics.spectrum import FermiDirac
from microphysics.weak.cevns import CEvNS
from microphysics.weak.couplings import WeakCouplings
from microphysics.weak.form_factors import Point, helm
from microphysics.weak.new_physics import NSI
from snsim.diagnostics.recoil_heating import capture_rate, coasting_energy, observe, recoil_rate

SN = Nucleus.of(130.0, 50.0)


def test_rate_is_that_of_the_local_spectrum(star):
    _, _, solution = star()
    cevns = CEvNS(SN, helm(SN))
    found = recoil_rate(solution, cevns)
    for i, count in enumerate((1.0, 1.0, 4.0)):
        spectrum = FermiDirac(solution.neutrino_temperature[i, -1])
        flux = count * CODATA.speed_of_light * solution.number_density[i, -1]
        exact = recoil_heating(cevns, spectrum, flux)
        assert found[i, -1] == pytest.approx(float(exact), rel=1e-9)


def test_point_nuclei_count_the_fourth_moment(star):
    _, _, solution = star()
    cevns = CEvNS(SN, Point())
    fourth = FermiDirac(solution.neutrino_temperature, solution.degeneracy).moment(4)
    count = np.array([1.0, 1.0, 4.0])[:, None]
    flux = count * CODATA.speed_of_light * solution.number_density
    exact = flux * fourth * recoil_cross_section(cevns, 1.0) / 130.0
    np.testing.assert_allclose(recoil_rate(solution, cevns), exact, rtol=5e-3)


def test_heavy_leptons_are_four_flavours(star):
    _, _, solution = star()
    plain = CEvNS(SN, Point())
    changed = CEvNS(SN, Point(), new_physics=(NSI(up={"mumu": 0.1}),))
    before, after = recoil_rate(solution, plain), recoil_rate(solution, changed)
    np.testing.assert_array_equal(before[:2], after[:2])
    one = recoil_cross_section(changed, 15.0, "numu") / recoil_cross_section(plain, 15.0, "numu")
    # numu and anumu are half of nux
    np.testing.assert_allclose(after[2] / before[2], 0.5 * (1.0 + one), rtol=1e-6)


def test_capture_of_lines(star):
    # sigma ~ E^2 roughly: twice the protons take twice the anue
    _, _, solution = star()
    none, some, more = (capture_rate(solution, np.full(200, y)) for y in (0.0, 0.3, 0.6))
    np.testing.assert_allclose(more - some, some - none, rtol=1e-10)
    only_nue = replace(
        solution,
        species=("nue",),
        number_density=solution.number_density[:1],
        neutrino_temperature=solution.neutrino_temperature[:1],
        degeneracy=solution.degeneracy[:1],
    )
    np.testing.assert_allclose(capture_rate(only_nue, np.zeros(200)), none, rtol=1e-12)
    assert not capture_rate(only_nue, np.ones(200)).any()


def test_recoils_are_a_small_part(star):
    found = observe(*star(), launch_radius=1e7)
    ratio = found["ratio"].values
    outside = np.isfinite(ratio)
    assert outside.sum() > 50
    assert (ratio[outside] > 1e-4).all()
    assert (ratio[outside] < 1e-2).all()
    r, recoil = star()[0].radius, found["recoil_heating"].values
    np.testing.assert_allclose(found["launch_recoil_heating"].values, np.interp(1e7, r, recoil), rtol=1e-3)
    share = found["coasting_recoil_energy"].values / found["coasting_capture_energy"].values
    assert share == pytest.approx(float(found["launch_ratio"].values), rel=0.05)


def test_settings_reach_the_answer(star):
    args = star()
    first = observe(*args, launch_radius=1e7)["launch_recoil_heating"].values
    assert first > 0.0
    for changes in (
        {"mass_number": 56.0, "charge_number": 26.0},
        {"form_factor": "point"},
        {"couplings": WeakCouplings(sin2_theta_w=0.3)},
        {"new_physics": (NSI(up={"ee": 0.1}),)},
    ):
        assert observe(*args, launch_radius=1e7, **changes)["launch_recoil_heating"].values != first
    slow, fast = (
        observe(*args, launch_radius=1e7, velocity=v)["coasting_recoil_energy"].values for v in (3e9, 6e9)
    )
    assert fast == pytest.approx(0.5 * slow, rel=1e-12)


def test_off_the_grid_there_is_no_launch(star):
    found = observe(*star(), launch_radius=1e9)
    assert np.isnan(found["coasting_recoil_energy"].values)
    assert "10000 km is not on the grid" in found["launch_ratio"].attributes["reason"]
    assert np.isnan(coasting_energy(np.array([1.0, 2.0]), np.array([1.0, 1.0]), 0.5, 1.0))


def test_without_a_sphere_nothing_is_ejecta(star):
    found = observe(*star(opacity=(2e-6, 1e-30, 1e-30)))
    assert np.isnan(found["ratio"].values).all()


def test_some_zones(star):
    background, _, solution = star()
    outer = background.radius > 1e7
    cevns, share = CEvNS(SN, helm(SN)), background.matter.electron_fraction
    np.testing.assert_allclose(
        recoil_rate(solution, cevns, outer), recoil_rate(solution, cevns)[:, outer], rtol=1e-9
    )
    np.testing.assert_allclose(
        capture_rate(solution, share, zones=outer), capture_rate(solution, share)[outer], rtol=1e-12
    )
