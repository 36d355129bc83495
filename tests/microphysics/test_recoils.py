"""Recoil spectra from flux moments: exact integrals of straight lines, lines of one energy, direct quadrature."""

import math
from itertools import pairwise

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from microphysics.errors import OutOfRangeError, UnknownNameError
from microphysics.nuclei import Nucleus
from microphysics.weak.cevns import CEvNS
from microphysics.weak.couplings import WeakCouplings
from microphysics.weak.form_factors import Point
from microphysics.weak.new_physics import NSI, MagneticMoment, Scalar
from microphysics.weak.recoils import (
    FluxMoments,
    RecoilTemplate,
    prepared_spectrum,
    recoil_spectrum,
    smallest_energy,
)

XENON = Nucleus.named("Xe132")


def thermal(energy, temperature=5.0):
    return energy**2 * np.exp(-energy / temperature)


@given(st.floats(1e-8, 1.0), st.floats(1e3, 2e5))
def test_smallest_energy_gives_just_this_recoil(recoil, mass):
    energy = float(smallest_energy(recoil, mass))
    assert 2.0 * energy**2 / (mass + 2.0 * energy) == pytest.approx(recoil, rel=1e-12, abs=0.0)
    xs = CEvNS(XENON)
    edge = float(smallest_energy(recoil, XENON.mass))
    assert xs.dsigma_dT(edge * (1.0 - 1e-9), recoil) == 0.0
    assert float(xs.largest_recoil(edge)) == pytest.approx(recoil, rel=1e-12, abs=0.0)


def exact_moment(energy, flux, minimum, k):
    """Integrate each straight piece with 40 digits."""
    total = mpmath.mpf(0)
    with mpmath.workdps(40):
        for i in range(len(energy) - 1):
            low, high = max(energy[i], minimum), energy[i + 1]
            if low >= high:
                continue
            width = mpmath.mpf(energy[i + 1]) - mpmath.mpf(energy[i])
            slope = (mpmath.mpf(flux[i + 1]) - mpmath.mpf(flux[i])) / width
            offset = mpmath.mpf(flux[i]) - slope * mpmath.mpf(energy[i])
            low, high = mpmath.mpf(low), mpmath.mpf(high)
            first, second = {
                0: (high - low, (high**2 - low**2) / 2),
                1: (mpmath.log(high / low), high - low),
                2: (1 / low - 1 / high, mpmath.log(high / low)),
            }[k]
            total += offset * first + slope * second
    return float(total)


@settings(deadline=None)  # the first call compiles
@given(
    st.lists(st.floats(1e-3, 5.0), min_size=1, max_size=8),
    st.lists(st.floats(0.0, 10.0), min_size=9, max_size=9),
    st.floats(0.5, 40.0),
    st.floats(0.0, 1.05),
)
def test_straight_lines_are_integrated_exactly(widths, values, start, share):
    energy = start + np.concatenate([[0.0], np.cumsum(widths)])
    flux = np.array(values[: energy.size])
    minimum = start * 0.9 + share * (energy[-1] - 0.9 * start)
    ours = FluxMoments.of(energy, flux).at(minimum)
    scale = max(exact_moment(energy, flux, 0.0, 0), 1e-300)
    for k in range(3):
        expected = exact_moment(energy, flux, minimum, k)
        assert ours[k] == pytest.approx(expected, rel=1e-10, abs=1e-13 * scale)


def test_narrow_cells_keep_their_digits():
    # a triangle of relative width 2e-7: the integrals of slope and offset alone cancel to seven digits
    centre, half = 30.0, 3e-6
    energy, flux = [centre - half, centre, centre + half], [0.0, 1.0, 0.0]
    moments = FluxMoments.of(energy, flux).at(10.0)
    for k in range(3):
        # second order of the width, 1e-14, is left out
        assert moments[k] == pytest.approx(half / centre**k, rel=1e-9, abs=0.0)
    # and inside, where a part of a cell is left
    inside = FluxMoments.of(energy, flux).at(centre)
    assert inside[1] == pytest.approx(exact_moment(energy, flux, centre, 1), rel=1e-9, abs=0.0)


def test_flux_that_starts_at_zero_energy():
    # f = E on (0, 10): (100 - x^2)/2, 10 - x, ln(10/x)
    moments = FluxMoments.of([0.0, 10.0], [0.0, 10.0])
    for x in (1e-6, 0.3, 9.0):
        np.testing.assert_allclose(
            moments.at(x), [0.5 * (100.0 - x * x), 10.0 - x, math.log(10.0 / x)], rtol=1e-12
        )
    assert np.all(moments.at(10.0) == 0.0)
    assert np.all(moments.at(11.0) == 0.0)


@pytest.mark.parametrize(
    "xs",
    [
        CEvNS(XENON),
        CEvNS(XENON, couplings=WeakCouplings(radiative=True), new_physics=(NSI(up={"emu": 0.1}),)),
        CEvNS(XENON, new_physics=(MagneticMoment(1e-9), Scalar(1e-5, 2.0, 1e-5, 1e-5))),
    ],
    ids=["standard model", "couplings", "added terms"],
)
def test_direct_quadrature(xs):
    # of a smooth flux; the straight lines between 8000 points miss 3e-7 of it
    energy = np.linspace(0.0, 100.0, 8001)
    flux = FluxMoments.of(energy, thermal(energy))
    recoil = np.geomspace(1e-5, 5e-2, 12)
    ours = recoil_spectrum(xs, flux, recoil, "numu")
    for t, value in zip(recoil, ours, strict=True):
        low = float(smallest_energy(t, XENON.mass))
        expected = quad(
            lambda e, t=t: thermal(e) * float(xs.dsigma_dT(e, t, "numu")),
            low,
            100.0,
            epsrel=1e-11,
            epsabs=0.0,
            limit=200,
        )[0]
        assert value == pytest.approx(expected, rel=1e-6, abs=0.0)


def test_the_same_straight_lines_directly():
    # against the integral of the very interpolant, to 1e-10
    xs = CEvNS(XENON)
    energy = np.linspace(5.0, 50.0, 10)
    values = thermal(energy)
    recoil = np.array([2e-4, 3e-3, 1e-2])
    ours = recoil_spectrum(xs, FluxMoments.of(energy, values), recoil)
    for t, value in zip(recoil, ours, strict=True):
        low = max(float(smallest_energy(t, XENON.mass)), 5.0)
        edges = np.unique(np.concatenate([[low], energy[energy > low]]))
        expected = sum(
            quad(
                lambda e, t=t: np.interp(e, energy, values) * float(xs.dsigma_dT(e, t)),
                a,
                b,
                epsrel=1e-12,
                epsabs=0.0,
            )[0]
            for a, b in pairwise(edges)
        )
        assert value == pytest.approx(expected, rel=1e-10, abs=0.0)


def test_monochromatic_flux_gives_the_cross_section():
    # n sigma: dR/dT = phi dsigma/dT(E0), and nothing above T_max; line, narrow triangle, and integral over recoils
    xs, energy, phi = CEvNS(XENON), 29.7921, 3e7
    top = float(xs.largest_recoil(energy))
    recoil = np.array([1e-6, 0.3 * top, 0.99 * top, 1.01 * top])
    expected = phi * xs.dsigma_dT(energy, recoil, "numu")
    line = FluxMoments.of_lines(energy, phi)
    np.testing.assert_allclose(recoil_spectrum(xs, line, recoil, "numu"), expected, rtol=1e-12)
    half = 1e-5 * energy
    triangle = FluxMoments.of([energy - half, energy, energy + half], np.array([0.0, phi / half, 0.0]))
    np.testing.assert_allclose(recoil_spectrum(xs, triangle, recoil, "numu"), expected, rtol=1e-7)
    node, weight = np.polynomial.legendre.leggauss(60)
    t = 0.5 * top * (1.0 + node)
    events = 0.5 * top * recoil_spectrum(xs, line, t, "numu") @ weight
    assert events == pytest.approx(phi * float(xs.total(energy)), rel=1e-10, abs=0.0)


def test_lines_add_to_the_continuum():
    energy = np.linspace(1.0, 50.0, 60)
    both = FluxMoments.of(energy, thermal(energy), [10.0, 30.0], [2.0, 5.0])
    xs, recoil = CEvNS(XENON), np.geomspace(1e-5, 2e-2, 9)
    parts = [FluxMoments.of(energy, thermal(energy)), FluxMoments.of_lines([10.0, 30.0], [2.0, 5.0])]
    expected = sum(recoil_spectrum(xs, part, recoil) for part in parts)
    np.testing.assert_allclose(recoil_spectrum(xs, both, recoil), expected, rtol=1e-13)


def test_prepared_forms_agree():
    xs = CEvNS(XENON, couplings=WeakCouplings(radiative=True))
    energy = np.linspace(0.0, 60.0, 500)
    flux = FluxMoments.of(energy, thermal(energy), [20.0], [3.0])
    recoil = np.geomspace(1e-5, 4e-2, 50)
    whole = recoil_spectrum(xs, flux, recoil, "anutau")
    coefficients = xs.recoil_coefficients(recoil, "anutau")
    mass = float(XENON.mass)
    np.testing.assert_allclose(
        prepared_spectrum(flux, recoil, mass, coefficients), whole, rtol=1e-12, atol=1e-55
    )
    template = RecoilTemplate.of(flux, recoil, mass)
    np.testing.assert_array_equal(template.spectrum(coefficients), whole)
    # linear: fluxes of two flavours, couplings squared
    double = FluxMoments.of(energy, 2.0 * thermal(energy), [20.0], [6.0])
    np.testing.assert_allclose(recoil_spectrum(xs, double, recoil, "anutau"), 2.0 * whole, rtol=1e-13)


def test_flavor_reaches_the_spectrum():
    energy = np.linspace(0.0, 60.0, 200)
    flux, recoil = FluxMoments.of(energy, thermal(energy)), np.array([1e-3])
    xs = CEvNS(XENON, Point(), WeakCouplings(radiative=True))
    for flavor in ("nue", "numu", "nutau"):
        g_p, g_n = xs.couplings.vector_couplings(flavor)
        charge = 54.0 * g_p + 78.0 * g_n
        tree = recoil_spectrum(CEvNS(XENON, Point()), flux, recoil)
        ratio = recoil_spectrum(xs, flux, recoil, flavor) / tree
        assert float(ratio[0]) == pytest.approx(
            (charge / (54.0 * (0.5 - 2 * 0.23863) - 39.0)) ** 2, rel=1e-12, abs=0.0
        )


def test_derivative_by_a_complex_step():
    energy = np.linspace(0.0, 60.0, 200)
    flux, recoil = FluxMoments.of(energy, thermal(energy)), np.array([1e-3, 5e-3])

    def spectrum(eps):
        return recoil_spectrum(CEvNS(XENON, new_physics=(NSI(up={"ee": eps}),)), flux, recoil)

    derivative = spectrum(0.1 + 1e-30j).imag / 1e-30
    np.testing.assert_allclose(derivative, (spectrum(0.1001) - spectrum(0.0999)) / 2e-4, rtol=1e-8)


def test_refusals():
    for bad in (
        lambda: FluxMoments.of([1.0, 1.0], [0.0, 0.0]),
        lambda: FluxMoments.of([-1.0, 1.0], [0.0, 0.0]),
        lambda: FluxMoments.of([1.0, 2.0], [0.0]),
        lambda: FluxMoments.of([1.0], [1.0]),
        lambda: FluxMoments.of([1.0, 2.0], [0.0, np.nan]),
        lambda: FluxMoments.of_lines(0.0, 1.0),
        lambda: FluxMoments.of([1.0, 2.0], [1.0, 1.0]).at(0.0),
    ):
        with pytest.raises(OutOfRangeError, match="energy"):
            bad()
    flux = FluxMoments.of([1.0, 2.0], [1.0, 1.0])
    with pytest.raises(OutOfRangeError, match="recoil_energy"):
        recoil_spectrum(CEvNS(XENON), flux, [0.0, 1e-3])
    with pytest.raises(UnknownNameError, match="neutrino flavor"):
        recoil_spectrum(CEvNS(XENON), flux, [1e-3], "nux")
