"""Energy of recoils: closed forms of a point nucleus, spectra by their <E^4>, and the size of it all in ejecta."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from microphysics.constants import CODATA
from microphysics.errors import OutOfRangeError
from microphysics.nuclei import Nucleus
from microphysics.recoil_heating import per_gram, recoil_cross_section, recoil_heating
from microphysics.spectrum import Binned, FermiDirac, Pinched
from microphysics.weak.cevns import CEvNS
from microphysics.weak.couplings import WeakCouplings
from microphysics.weak.form_factors import Point, helm
from microphysics.weak.new_physics import NSI

EJECTA = Nucleus.of(130.0, 50.0)
POINT = CEvNS(EJECTA, Point(), WeakCouplings(sin2_theta_w=0.2312))


def line(energy):
    """Neutrinos of one energy."""
    return Binned(energy * np.array([1.0 - 1e-6, 1.0, 1.0 + 1e-6]), np.array([0.0, 1.0, 0.0]))


def test_mean_recoil_is_two_thirds_of_e_squared_over_m():
    for energy in (1.0, 5.0, 15.0):
        mean = recoil_cross_section(POINT, energy) / POINT.total(np.array([energy]))[0]
        assert mean == pytest.approx(2.0 * energy**2 / (3.0 * float(EJECTA.mass)), rel=2.0 * energy / 1e5)


def test_recoil_by_brute_force():
    cevns = CEvNS(EJECTA, helm(EJECTA))
    for energy in (5.0, 40.0, 120.0):
        t = np.linspace(0.0, float(cevns.largest_recoil(energy)), 40001)
        values = t * cevns.dsigma_dT(energy, t)
        assert recoil_cross_section(cevns, energy) == pytest.approx(np.trapezoid(values, t), rel=1e-6)


def test_size_in_ejecta():
    # 2e53 erg/s of 15 MeV at 300 km: sigma, <T>, scatterings and heating
    energy, light, radius = 15.0, 2e53, 3e7
    sigma = float(POINT.total(np.array([energy]))[0])
    assert sigma == pytest.approx(5.51e-39, rel=1e-3)
    assert recoil_cross_section(POINT, energy) / sigma == pytest.approx(1.24e-3, rel=4e-3)
    flux = light / CODATA.erg_per_mev / (energy * 4.0 * math.pi * radius**2)
    assert flux * sigma == pytest.approx(4.1e3, rel=0.012)
    power = recoil_heating(POINT, line(energy), flux)
    assert power == pytest.approx(3.9e-2, rel=0.013)
    assert per_gram(power) == pytest.approx(3.7e16, rel=0.014)


@pytest.mark.parametrize("spectrum", [FermiDirac(4.0), FermiDirac(3.0, 2.0), Pinched(12.0, 3.0)])
def test_spectra_weigh_with_the_fourth_power(spectrum):
    low = CEvNS(EJECTA, Point())
    per_fourth = recoil_cross_section(low, 1.0)
    found = recoil_heating(low, spectrum, 1.0) * 130.0
    # recoil of the nucleus takes 2E/M off the largest recoil: 1e-3
    assert found == pytest.approx(float(per_fourth * spectrum.moment(4)), rel=3e-3)


def test_fourth_moment_is_not_that_of_the_mean():
    spectrum = FermiDirac(4.0)
    assert spectrum.moment(4) / spectrum.moment(2) == pytest.approx(30.63 * 16.0, rel=2e-4)
    assert spectrum.moment(4) / spectrum.moment(2) / spectrum.mean_energy**2 == pytest.approx(3.08, rel=2e-3)


def test_new_physics_reaches_the_heating():
    # eps moves the weak charge of one flavour only
    more = CEvNS(EJECTA, Point(), POINT.couplings, new_physics=(NSI(up={"ee": 0.1}),))
    ratio = recoil_cross_section(more, 15.0) / recoil_cross_section(POINT, 15.0)
    charge = 50.0 * (0.5 - 2.0 * 0.2312) - 0.5 * 80.0
    assert ratio == pytest.approx(((charge + 50.0 * 0.2 + 80.0 * 0.1) / charge) ** 2, rel=1e-10)
    assert recoil_cross_section(more, 15.0, "numu") == recoil_cross_section(POINT, 15.0, "numu")


def test_refusals():
    with pytest.raises(OutOfRangeError, match="energy = 0 MeV"):
        recoil_cross_section(POINT, [1.0, 0.0])


@given(energy=st.floats(0.1, 300.0))
def test_recoils_stay_below_the_largest(energy):
    cevns = CEvNS(EJECTA, helm(EJECTA))
    mean = float(recoil_cross_section(cevns, energy) / cevns.total(np.array([energy]))[0])
    assert 0.0 < mean < float(cevns.largest_recoil(energy))
