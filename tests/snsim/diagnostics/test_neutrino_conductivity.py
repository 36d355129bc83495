"""Conductivity along a star: closed forms of power laws, the limit of the flux, what is summed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from microphysics.constants import CODATA
from snsim.diagnostics.neutrino_conductivity import flux_limit, flux_ratio, observe

C, HBAR_C = CODATA.speed_of_light, CODATA.hbar_c


def values(found, name):
    return found[name].values


def test_conductivity_of_an_e_squared_opacity(star):
    background, spectra, _ = star()
    found = observe(background, spectra)
    warm = (spectra.temperature > 1.0) & (spectra.temperature < 12.0)
    opacity = np.array([2e-6, 1.5e-6, 1e-6])[:, None] * (background.radius / 3e6) ** -5.0
    closed = C * 100.0 / opacity * spectra.temperature / (36.0 * HBAR_C**3)
    closed = closed * CODATA.boltzmann * CODATA.erg_per_mev
    np.testing.assert_allclose(values(found, "conductivity")[:, warm], closed[:, warm], rtol=2e-4)
    path = 5.0 / (7.0 * np.pi**2) * (10.0 / spectra.temperature) ** 2 / opacity
    np.testing.assert_allclose(values(found, "mean_free_path")[:, warm], path[:, warm], rtol=2e-4)


def test_flux_ratio_is_a_mean_free_path_over_a_scale_height(star):
    # u ~ T^4 at constant degeneracy, so that R = 4 lambda_R |dT/dr|/T, and T ~ 1/r
    background, spectra, _ = star(zones=1600)
    found = observe(background, spectra)
    middle = (background.radius > 2e6) & (background.radius < 2e7)
    exact = 4.0 * values(found, "mean_free_path") / background.radius
    np.testing.assert_allclose(values(found, "flux_ratio")[:, middle], exact[:, middle], rtol=2e-4)


def test_temperature_in_equilibrium_drives_nothing(star):
    background, _, _ = star(mass=2.8e33)
    even = 3.0 / background.lapse
    ones = np.ones_like(even)
    assert np.abs(flux_ratio(background, 1e33 * ones, even, 1e30 * ones)).max() < 1e-10
    assert (flux_ratio(background, 1e33 * ones, 3.0 * ones, 1e30 * ones)[5:50] > 1e-10).any()


def test_limited_flux_stays_below_free_streaming(star):
    background, spectra, _ = star()
    found = observe(background, spectra)
    ratio = values(found, "flux_ratio")
    assert ratio.min() < 0.1
    assert ratio.max() > 100.0
    limited = values(found, "limited_conductivity") / values(found, "conductivity")
    assert (limited * ratio / 3.0 < 1.0).all()  # F/(cu)
    np.testing.assert_allclose((limited * ratio / 3.0)[ratio > 100.0], 1.0, rtol=0.011)
    np.testing.assert_allclose(limited[ratio < 0.1], 1.0, atol=1e-3)


def test_only_what_diffuses_is_summed(star):
    background, spectra, _ = star(opacity=(2e-6, 2e-6, 1e-6))
    found = observe(background, spectra)
    each, ratio, total = (values(found, name) for name in ("conductivity", "flux_ratio", "total"))
    count = np.array([1.0, 1.0, 4.0])[:, None]
    np.testing.assert_allclose(total, np.where(ratio < 1.0, count * each, 0.0).sum(axis=0), rtol=1e-12)
    some = (ratio < 1.0).sum(axis=0)
    assert {0, 3} <= set(some)
    assert (total[some == 0] == 0.0).all()
    # without degeneracy, and with equal opacities, no lepton number flows anyway
    tied = values(found, "total_without_lepton_flux")
    np.testing.assert_allclose(tied[some == 3], total[some == 3], rtol=1e-10)


def test_lepton_flux_costs_heat_where_degenerate(star):
    background, spectra, _ = star()
    eta = np.array([4.0, -4.0, 0.0])[:, None] * np.ones_like(spectra.temperature)
    found = observe(background, replace(spectra, degeneracy=eta))
    # the grid ends at 350 MeV
    diffuse = (values(found, "flux_ratio") < 1.0).all(axis=0) & (spectra.temperature < 12.0)
    total, tied = values(found, "total")[diffuse], values(found, "total_without_lepton_flux")[diffuse]
    assert (tied < 0.95 * total).all()
    assert (tied > 0.0).all()


def test_numbers_at_a_density(star):
    background, spectra, _ = star(zones=1600)
    found = observe(background, spectra, density=1e11)
    radius = 1e7 * 0.1 ** (1.0 / 3.0)
    exact = [np.interp(radius, background.radius, row) for row in values(found, "conductivity")]
    np.testing.assert_allclose(values(found, "conductivity_there"), exact, rtol=1e-4)
    assert values(found, "density_there") == 1e11
    nowhere = observe(background, spectra, density=1e30)
    assert np.isnan(values(nowhere, "total_there"))
    assert "no zone of 1e+30" in nowhere["total_there"].attributes["reason"]


def test_no_free_nucleons_no_number(star):
    background, spectra, _ = star()
    eta = np.where(np.arange(200) < 20, np.nan, spectra.degeneracy)
    eta[2] = 0.0
    found = observe(background, replace(spectra, degeneracy=eta))
    assert np.isnan(values(found, "conductivity")[:2, :20]).all()
    assert np.isfinite(values(found, "conductivity")[2]).all()
    assert np.isfinite(values(found, "total")).all()
    assert "no free nucleons" in found["conductivity"].attributes["reason"]


@given(ratio=st.floats(0.0, 1e6))
def test_limit_falls_and_keeps_the_flux_below_c(ratio):
    factor = float(flux_limit(np.array(ratio)))
    assert 0.0 < factor <= 1.0
    assert factor * ratio / 3.0 <= 1.0
    assert factor >= float(flux_limit(np.array(1.01 * ratio + 1e-3))) - 1e-12


def test_limit_at_its_seam():
    below, above = (float(flux_limit(np.array(x))) for x in (0.02 * (1 - 1e-9), 0.02))
    assert below == pytest.approx(above, rel=1e-9)
