"""Fermi-Dirac integrals F_k(eta) = int_0^inf x^k / (1 + exp(x - eta)) dx, without the 1/Gamma(k+1).

Everything rests on one fact: for eta <= 0 the alternating series of F_k is a sum over moments of a positive
measure, so the convergence acceleration of Cohen, Rodriguez Villegas & Zagier (2000, Exp. Math. 9, 3,
algorithm 1) turns twenty of its terms into a polynomial in exp(eta) that is exact to rounding. Above zero the
integer orders follow from an exact reflection, the half-integer ones from Chebyshev panels up to
`_SOMMERFELD` and Sommerfeld's expansion beyond.
"""

import math

import numpy as np

from microphysics._jit import njit

__all__ = [
    "fermi_half",
    "fermi_half_array",
    "fermi_half_entropy",
    "fermi_integral",
    "fermi_integral_array",
    "inverse_fermi_half",
    "inverse_fermi_half_array",
]

_TERMS = 20  # the error falls as 5.83^-terms: 5e-16
_HIGHEST_ORDER = 7
_SOMMERFELD = 40.0
_SOMMERFELD_TERMS = 9
_PANEL_DEGREE = 13  # panels of width 1 lie pi away from the nearest pole: error 12.6^-14
_GAMMA_HALF = np.array([math.gamma(0.5), math.gamma(1.5), math.gamma(2.5)])  # of k + 1, k = -1/2, 1/2, 3/2


def _accelerated_weights(terms):
    """Weights w_j, sign included, with sum_j (-1)^j a_j = sum_j w_j a_j."""
    norm = (3.0 + math.sqrt(8.0)) ** terms
    norm = 0.5 * (norm + 1.0 / norm)
    weights = np.empty(terms)
    b, c = -1.0, -norm
    for j in range(terms):
        c = b - c
        weights[j] = c / norm
        b *= (j + terms) * (j - terms) / ((j + 0.5) * (j + 1.0))
    return weights


def _series(order):
    """Coefficients of exp(eta)^(j+1) in F_order, eta <= 0."""
    index = np.arange(1, _TERMS + 1)
    return math.gamma(order + 1.0) * _accelerated_weights(_TERMS) / index ** (order + 1.0)


def _dirichlet_eta(argument):
    """sum_j (-1)^(j-1) / j^argument."""
    return float(_accelerated_weights(_TERMS) @ np.arange(1, _TERMS + 1) ** -float(argument))


def _reflection(order):
    """Coefficients of F_n(eta) - (-1)^n F_n(-eta), a polynomial in eta of degree n + 1 (rising powers)."""
    coefficients = np.zeros(_HIGHEST_ORDER + 2)
    coefficients[order + 1] = 1.0 / (order + 1.0)
    for j in range(1, (order + 1) // 2 + 1):
        power = order + 1 - 2 * j
        coefficients[power] = 2.0 * math.factorial(order) * _dirichlet_eta(2 * j) / math.factorial(power)
    return coefficients


def _sommerfeld(order):
    """Coefficients of eta^-2j in F_k (k+1) / eta^(k+1), j = 0, 1, ..."""
    coefficients = np.ones(_SOMMERFELD_TERMS)
    falling = 1.0
    for j in range(1, _SOMMERFELD_TERMS):
        falling *= (order + 3.0 - 2 * j) * (order + 2.0 - 2 * j)
        coefficients[j] = 2.0 * _dirichlet_eta(2 * j) * falling
    return coefficients


def _panels():
    """Power series about the middle of each unit panel of (0, _SOMMERFELD), shape (order, panel, power).

    With x = t^2 the integrand of a half-integer order is an even analytic function of t, for which the
    trapezoidal rule converges geometrically; its step follows the nearest pole t = sqrt(eta + i pi). The
    power series comes through Chebyshev nodes, and is stable because the Chebyshev coefficients fall much
    faster than 2^-n.
    """
    count = int(_SOMMERFELD)
    nodes = np.cos(np.pi * (np.arange(_PANEL_DEGREE + 1) + 0.5) / (_PANEL_DEGREE + 1))
    eta = (np.arange(count)[:, None] + 0.5 + 0.5 * nodes).ravel()
    step = 2.0 * math.pi * math.sqrt(math.hypot(_SOMMERFELD, math.pi) - _SOMMERFELD) / math.sqrt(2.0) / 37.0
    t2 = (step * np.arange(int(math.sqrt(_SOMMERFELD + 40.0) / step) + 1)) ** 2
    occupation = 1.0 / (1.0 + np.exp(t2 - eta[:, None]))
    weight = np.full(t2.size, 2.0 * step)
    weight[0] = step
    values = occupation @ (weight * np.stack([np.ones_like(t2), t2, t2 * t2])).T
    to_chebyshev = np.linalg.inv(np.polynomial.chebyshev.chebvander(nodes, _PANEL_DEGREE))
    to_power = np.stack([_chebyshev_power(j) for j in range(_PANEL_DEGREE + 1)])
    # in this order: the product of the two matrices has entries of 1e4, whose rounding would show
    chebyshev = np.tensordot(to_chebyshev, values.reshape(count, _PANEL_DEGREE + 1, 3), axes=(1, 1))
    return np.ascontiguousarray(np.tensordot(chebyshev, to_power, axes=(0, 0)).transpose(1, 0, 2))


def _chebyshev_power(degree):
    """Power coefficients of the Chebyshev polynomial T_degree, padded."""
    unit = np.zeros(_PANEL_DEGREE + 1)
    unit[degree] = 1.0
    power = np.polynomial.chebyshev.cheb2poly(unit)
    return np.pad(power, (0, _PANEL_DEGREE + 1 - power.size))


_INTEGER_SERIES = np.stack([_series(n) for n in range(_HIGHEST_ORDER + 1)])
_INTEGER_REFLECTION = np.stack([_reflection(n) for n in range(_HIGHEST_ORDER + 1)])
_HALF_SERIES = np.stack([_series(k) for k in (-0.5, 0.5, 1.5)])
_HALF_SOMMERFELD = np.stack([_sommerfeld(k) for k in (-0.5, 0.5, 1.5)])
_ENTROPY_SOMMERFELD = _HALF_SOMMERFELD[2] - _HALF_SOMMERFELD[1]
_HALF_PANELS = _panels()


@njit
def fermi_integral(n, eta):
    """Fermi-Dirac integral of integer order.

    Parameters
    ----------
    n : int
        Order, 0 to 7; anything else gives NaN.
    eta : float
        Degeneracy parameter, any.

    Returns
    -------
    float
        F_n(eta), relative error below 1e-14 (and the rounding of exp(eta) below zero).

    Notes
    -----
    Above zero F_n(eta) = (-1)^n F_n(-eta) + a polynomial, exact (Dingle 1957, Appl. Sci. Res. B 6, 225); for
    odd n half of the polynomial's constant is taken back at eta = 0, which is all the cancellation there is.
    """
    if n < 0 or n > _HIGHEST_ORDER:
        return math.nan
    z = math.exp(-abs(eta))
    series = 0.0
    for j in range(_TERMS - 1, -1, -1):
        series = (series + _INTEGER_SERIES[n, j]) * z
    if eta <= 0.0:
        return series
    polynomial = 0.0
    for j in range(n + 1, -1, -1):
        polynomial = polynomial * eta + _INTEGER_REFLECTION[n, j]
    return polynomial - series if n % 2 else polynomial + series


@njit
def fermi_half(twice_k, eta):
    """Fermi-Dirac integral of order k = -1/2, 1/2 or 3/2; dF_k/deta = k F_(k-1).

    Parameters
    ----------
    twice_k : int
        2k: -1, 1 or 3; anything else gives NaN.
    eta : float
        Degeneracy parameter, any.

    Returns
    -------
    float
        F_k(eta), relative error below 1e-13.

    Notes
    -----
    The series below zero, 40 power series of degree 13 up to eta = 40, Sommerfeld's expansion to eta^-16
    above (its exponentially small remainder is proportional to cos(pi k), which vanishes for these orders).
    """
    if twice_k != -1 and twice_k != 1 and twice_k != 3:
        return math.nan
    row = (twice_k + 1) // 2
    if eta <= 0.0:
        z = math.exp(eta)
        series = 0.0
        for j in range(_TERMS - 1, -1, -1):
            series = (series + _HALF_SERIES[row, j]) * z
        return series
    if eta < _SOMMERFELD:
        panel = int(eta)
        x = 2.0 * (eta - panel) - 1.0
        value = 0.0
        for j in range(_PANEL_DEGREE, -1, -1):
            value = value * x + _HALF_PANELS[row, panel, j]
        return value
    if not eta < math.inf:  # NaN has to come back as NaN
        return eta
    w = 1.0 / (eta * eta)
    value = 0.0
    for j in range(_SOMMERFELD_TERMS - 1, -1, -1):
        value = value * w + _HALF_SOMMERFELD[row, j]
    power = math.sqrt(eta)
    for _ in range(row):
        power *= eta
    return value * power / (0.5 * twice_k + 1.0)


@njit
def fermi_half_entropy(eta):
    """(5/3) F_3/2 - eta F_1/2, to which the entropy of a non-relativistic gas is proportional.

    Parameters
    ----------
    eta : float
        Degeneracy parameter, any.

    Returns
    -------
    float
        Relative error below 1e-12; the leading terms, which cancel in a degenerate gas, are left out there.
    """
    if eta < -745.0:  # exp underflows; -inf times 0 would be NaN
        return 0.0
    if eta < _SOMMERFELD:
        return 5.0 / 3.0 * fermi_half(3, eta) - eta * fermi_half(1, eta)
    if not eta < math.inf:
        return eta
    w = 1.0 / (eta * eta)
    value = 0.0
    for j in range(_SOMMERFELD_TERMS - 1, 0, -1):
        value = (value + _ENTROPY_SOMMERFELD[j]) * w
    return 2.0 / 3.0 * eta * eta * math.sqrt(eta) * value


@njit
def inverse_fermi_half(value):
    """Degeneracy parameter eta with F_1/2(eta) = value.

    Parameters
    ----------
    value : float
        Positive; 0 gives -inf, a negative number NaN.

    Returns
    -------
    float
        eta, to 1e-14 of max(1, |eta|).

    Notes
    -----
    Start of Nilsson (1973, Phys. Status Solidi A 19, K75), good to 6e-3, then Newton, in ln F below eta = 1
    where F is nearly exponential.
    """
    if value == 0.0:
        return -math.inf
    if not value > 0.0 or value == math.inf:
        return value if value > 0.0 else math.nan
    t = value / _GAMMA_HALF[1]
    if t < 1e-20:  # F = Gamma(3/2) exp(eta) to rounding
        return math.log(t)
    # the first term is 0/0 at t = 1; above 1e8 it is nil, and t^2 might overflow
    if abs(t - 1.0) < 1e-4:
        eta = -0.5
    elif t < 1e8:
        eta = math.log(t) / (1.0 - t * t)
    else:
        eta = 0.0
    v = (1.5 * value) ** (2.0 / 3.0)
    eta += v / (1.0 + (0.24 + 1.08 * v) ** -2)
    for _ in range(8):
        current = fermi_half(1, eta)
        slope = 0.5 * fermi_half(-1, eta)
        if eta < 1.0:
            step = math.log(value / current) * current / slope
        else:
            step = (value - current) / slope
        eta += step
        if abs(step) < 1e-8 * max(1.0, abs(eta)):  # the step just taken leaves its square
            break
    return eta


@njit
def fermi_integral_array(n, eta):
    """`fermi_integral` of every element of a one-dimensional array."""
    out = np.empty_like(eta)
    for i in range(eta.size):
        out[i] = fermi_integral(n, eta[i])
    return out


@njit
def fermi_half_array(twice_k, eta):
    """`fermi_half` of every element of a one-dimensional array."""
    out = np.empty_like(eta)
    for i in range(eta.size):
        out[i] = fermi_half(twice_k, eta[i])
    return out


@njit
def inverse_fermi_half_array(value):
    """`inverse_fermi_half` of every element of a one-dimensional array."""
    out = np.empty_like(value)
    for i in range(value.size):
        out[i] = inverse_fermi_half(value[i])
    return out
