"""Fermi-Dirac integrals against mpmath, their recurrence, and their inverse."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microphysics._kernels.fermi import (
    fermi_half,
    fermi_half_array,
    fermi_half_entropy,
    fermi_integral,
    fermi_integral_array,
    inverse_fermi_half,
    inverse_fermi_half_array,
)

ETAS = [-700.0, -50.0, -3.3, -1.0, -1e-9, 0.0, 1e-9, 0.1, 1.0, 3.0, 9.99, 24.7, 30.0]
DEGENERATE = [33.5, 39.999999, 40.0, 40.001, 47.0, 300.0, 1e4]


def reference(order, eta, digits=30):
    """F_k by the polylogarithm, or by quadrature where its series in exp(eta) is of no use."""
    with mp.workdps(digits):
        eta = mp.mpf(eta)
        if order == 0:
            return mp.log1p(mp.exp(eta)) if eta < 60 else eta + mp.log1p(mp.exp(-eta))
        if eta < -60:
            return mp.gamma(order + 1) * mp.exp(eta)
        if eta <= 30:
            return mp.re(-mp.gamma(order + 1) * mp.polylog(order + 1, -mp.exp(eta)))
        # in t = sqrt(x), where half-integer orders have no branch point
        edges = [mp.mpf(0), *(mp.sqrt(eta + d) for d in (-30, -10, -3, 0, 3, 10, 30, 100))]
        return mp.quad(lambda t: 2 * t ** (2 * order + 1) / (1 + mp.exp(t * t - eta)), edges)


@pytest.mark.parametrize("n", range(8))
def test_integer_orders_are_exact(n):
    for eta in ETAS:
        exact = reference(mp.mpf(n), eta)
        # exp(eta) itself is only known to rounding
        assert abs(fermi_integral(n, eta) / exact - 1) < 3e-15 * max(1.0, abs(min(eta, 0.0)) / 100)


@pytest.mark.parametrize("n", range(8))
def test_integer_orders_far_above_zero_are_the_polynomial(n):
    # Sommerfeld's expansion to eta^(n-3)
    eta = 1e4
    expected = eta ** (n + 1) / (n + 1) + n * np.pi**2 / 6 * eta ** (n - 1)
    expected += 7 * np.pi**4 / 360 * n * (n - 1) * (n - 2) * eta ** (n - 3)
    assert fermi_integral(n, eta) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("twice_k", [-1, 1, 3])
def test_half_integer_orders(twice_k):
    for eta in ETAS + DEGENERATE:
        exact = reference(mp.mpf(twice_k) / 2, eta)
        assert abs(fermi_half(twice_k, eta) / exact - 1) < 1e-13, eta


def test_orders_that_do_not_exist_are_nan():
    assert np.isnan(fermi_integral(8, 1.0))
    assert np.isnan(fermi_integral(-1, 1.0))
    assert np.isnan(fermi_half(5, 1.0))
    assert np.isnan(fermi_half(0, 1.0))


def test_nan_and_infinity_pass_through():
    assert np.isnan(fermi_integral(3, np.nan))
    assert np.isnan(fermi_half(1, np.nan))
    assert fermi_integral(3, -np.inf) == 0.0
    assert fermi_half(1, -np.inf) == 0.0
    assert fermi_half_entropy(-np.inf) == 0.0
    assert fermi_half(3, np.inf) == np.inf


@settings(deadline=None)  # the first call may compile
@given(st.floats(-30.0, 60.0), st.integers(1, 7))
def test_recurrence_of_integer_orders(eta, n):
    h = 1e-3
    # fourth-order central difference; the error is h^4/30 of the fifth derivative
    slope = 8 * (fermi_integral(n, eta + h) - fermi_integral(n, eta - h))
    slope -= fermi_integral(n, eta + 2 * h) - fermi_integral(n, eta - 2 * h)
    assert slope / (12 * h) == pytest.approx(n * fermi_integral(n - 1, eta), rel=1e-9)


@settings(deadline=None)
@given(st.floats(-30.0, 60.0), st.sampled_from([1, 3]))
def test_recurrence_of_half_integer_orders_across_all_pieces(eta, twice_k):
    h = 1e-3
    slope = 8 * (fermi_half(twice_k, eta + h) - fermi_half(twice_k, eta - h))
    slope -= fermi_half(twice_k, eta + 2 * h) - fermi_half(twice_k, eta - 2 * h)
    assert slope / (12 * h) == pytest.approx(0.5 * twice_k * fermi_half(twice_k - 2, eta), rel=1e-9)


@pytest.mark.parametrize("eta", [-700.0, -5.0, 0.5, 20.0, 39.9, 40.1, 300.0, 3000.0])
def test_entropy_combination_keeps_its_digits(eta):
    with mp.workdps(40):
        exact = mp.mpf(5) / 3 * reference(mp.mpf(3) / 2, eta, 40) - mp.mpf(eta) * reference(
            mp.mpf(1) / 2, eta, 40
        )
        assert abs(fermi_half_entropy(eta) / exact - 1) < 1e-12


@settings(deadline=None)
@given(st.floats(-700.0, 1e4))
def test_inverse_round_trip(eta):
    assert abs(inverse_fermi_half(fermi_half(1, eta)) - eta) <= 1e-14 * max(1.0, abs(eta))


def test_inverse_at_its_ends():
    assert inverse_fermi_half(0.0) == -np.inf
    assert np.isnan(inverse_fermi_half(-1.0))
    assert np.isnan(inverse_fermi_half(np.nan))
    assert inverse_fermi_half(np.inf) == np.inf
    # where the first term of Nilsson's start is 0/0
    assert fermi_half(1, inverse_fermi_half(np.sqrt(np.pi) / 2)) == pytest.approx(
        np.sqrt(np.pi) / 2, rel=1e-15
    )


def test_array_forms_are_the_scalar_ones():
    eta = np.linspace(-50.0, 80.0, 131)
    assert np.array_equal(fermi_integral_array(4, eta), [fermi_integral(4, x) for x in eta])
    half = fermi_half_array(1, eta)
    assert np.array_equal(half, [fermi_half(1, x) for x in eta])
    assert np.array_equal(inverse_fermi_half_array(half), [inverse_fermi_half(x) for x in half])
