"""Flux limiters against their formulas in high precision."""

from __future__ import annotations

import math

import mpmath as mp
import numpy as np
import pytest

from microphysics.errors import UnknownNameError
from snsim.transport._kernels.limiters import diffusion_length
from snsim.transport.limiters import LIMITERS, limiter_code


def larsen(n):
    return lambda r: (mp.mpf(3) ** mp.mpf(n) + r ** mp.mpf(n)) ** (-1 / mp.mpf(n))


def minerbo(r):
    return 2 / (3 + mp.sqrt(9 + 12 * r**2)) if r <= mp.mpf("1.5") else 1 / (1 + r + mp.sqrt(1 + 2 * r))


FORMULAS = {
    "wilson": lambda r: 1 / (3 + r),
    "levermore-pomraning": lambda r: (mp.coth(r) - 1 / r) / r,
    "rational": lambda r: (2 + r) / (6 + 3 * r + r**2),
    "minerbo": minerbo,
    "n1.25": larsen("1.25"),
    "larsen2": larsen(2),
    "larsen4": larsen(4),
}
# both sides of every branch: series and closed form, small and large R
RATIOS = (
    1e-9,
    1e-4,
    0.0099,
    0.0101,
    0.05,
    0.0999,
    0.1001,
    0.3,
    0.999,
    1.001,
    1.499,
    1.501,
    5.0,
    19.9,
    20.1,
    1e3,
    1e8,
)


def test_every_limiter_is_tested():
    assert FORMULAS.keys() == LIMITERS.keys()


@pytest.mark.parametrize("name", LIMITERS)
@pytest.mark.parametrize("kappa", [1e-12, 3e-5])
def test_formula_and_derivative(name, kappa):
    code, power = limiter_code(name)
    formula = FORMULAS[name]
    with mp.workdps(40):
        for ratio in RATIOS:
            length, slope = diffusion_length(code, power, kappa, ratio * kappa)
            exact = formula(mp.mpf(ratio))
            assert length * kappa == pytest.approx(float(exact), rel=2e-13)
            if (
                power not in (2.0, 4.0) or ratio > 1e-3
            ):  # a derivative of order R^3 is below what is left of it
                derivative = float(mp.diff(formula, mp.mpf(ratio), h=mp.mpf(ratio) * mp.mpf("1e-12")))
                assert slope * kappa**2 == pytest.approx(derivative, rel=1e-9, abs=1e-16)


def test_levermore_pomraning_and_its_slope_to_round_off():
    code, power = limiter_code("levermore-pomraning")
    with mp.workdps(50):
        for ratio in np.geomspace(1e-3, 60.0, 200):
            r = mp.mpf(float(ratio))
            value = (mp.coth(r) - 1 / r) / r
            slope = ((1 / r**2 - mp.csch(r) ** 2) - value) / r
            length, change = diffusion_length(code, power, 1.0, float(ratio))
            assert length == pytest.approx(float(value), rel=1e-12)
            assert change == pytest.approx(float(slope), rel=1e-12)


@pytest.mark.parametrize("name", LIMITERS)
def test_derivative_against_finite_difference(name):
    code, power = limiter_code(name)
    for ratio in (0.03, 0.5, 1.2, 1.8, 7.0, 40.0):
        step = 1e-5 * ratio
        above, below = (diffusion_length(code, power, 1.0, ratio + s)[0] for s in (step, -step))
        slope = diffusion_length(code, power, 1.0, ratio)[1]
        assert slope == pytest.approx((above - below) / (2.0 * step), rel=1e-5, abs=1e-10)


@pytest.mark.parametrize("name", LIMITERS)
def test_limits(name):
    code, power = limiter_code(name)
    assert diffusion_length(code, power, 2.0, 0.0)[0] == pytest.approx(1.0 / 6.0, rel=1e-14)
    fluxes = [r * diffusion_length(code, power, 1.0, r)[0] for r in np.geomspace(1e-6, 1e12, 400)]
    assert (np.diff(fluxes) >= -1e-15).all()
    assert max(fluxes) <= 1.0 + 1e-15
    assert fluxes[-1] == pytest.approx(1.0, rel=1e-5)


@pytest.mark.parametrize("name", LIMITERS)
def test_vacuum_is_finite(name):
    code, power = limiter_code(name)
    for kappa in (1e-25, 1e-30):  # the floor of the solver, and below
        for g in (1e-6, 1e-12):
            length, slope = diffusion_length(code, power, kappa, g)
            assert length * g == pytest.approx(1.0, rel=1e-5)
            assert slope * g * g == pytest.approx(-1.0, rel=1e-5)
        assert all(math.isfinite(value) for value in diffusion_length(code, power, kappa, 0.0))


def test_unknown_name():
    with pytest.raises(UnknownNameError, match="wilson"):
        limiter_code("wilsonn")
