"""Angular moments of neutrino scattering on a gas of massless electrons, for kernels.

Everything is in units of the temperature: x is the larger and y the smaller of the two neutrino energies, d = x - y, eta the
degeneracy of the electrons, Y an electron's energy before the collision in which the neutrino loses d, and
f(z) = 1/(1 + e^z). The moments

    I_l = 1/(x^2 y^2) int_0^inf H_l(x, y, Y) f(Y - eta) [1 - f(Y + d - eta)] dY

have H_l polynomial on either side of Y = y (Yueh & Buchler 1977, Ap&SS 41, 221; Bruenn 1985, ApJS 58, 771, C50), so that
eight integrals suffice for both l and both coupling structures: of Y^3 ... Y^7 below y and of (Y - y)^0 ... (Y - y)^2 above.
As f(Y - eta) [1 - f(Y + d - eta)] = [f(Y - eta) - f(Y + d - eta)]/(1 - e^-d), they are Fermi integrals, F_j(eta - y) and
F_j(eta - x) of the two energies and F_n(eta), F_n(eta - d). Holes are counted instead of electrons where eta lies above y;
the sum of both parts then loses three digits at most, at any degeneracy. Two limits are left to Gauss quadrature: y below
`_SOFT`, where the part below y is a small difference, and d below `_ELASTIC`, where the difference of f is.
"""

import math

import numpy as np

from microphysics._jit import njit
from microphysics._kernels.fermi import _INTEGER_REFLECTION
from microphysics._kernels.fermi_rows import fermi_row

__all__ = ["fill_grid", "fill_pairs"]

_HIGHEST = 7
_BINOMIAL = np.array([[float(math.comb(n, j)) for j in range(_HIGHEST + 1)] for n in range(_HIGHEST + 1)])
_SIGN = np.array([(-1.0) ** n for n in range(_HIGHEST + 1)])
# the nearest poles of the integrand lie at eta +- i pi: eight nodes on (0, 1.5) reach 8.5^-16, three on (0, 0.1) 126^-6
_SOFT = 1.5
_ELASTIC = 0.1
_SOFT_NODES, _SOFT_WEIGHTS = np.polynomial.legendre.leggauss(8)
_SOFT_NODES, _SOFT_WEIGHTS = 0.5 * (1.0 + _SOFT_NODES), 0.5 * _SOFT_WEIGHTS
_ELASTIC_NODES, _ELASTIC_WEIGHTS = np.polynomial.legendre.leggauss(3)
_ELASTIC_NODES, _ELASTIC_WEIGHTS = 0.5 * (1.0 + _ELASTIC_NODES), 0.5 * _ELASTIC_WEIGHTS
_LARGEST_EXPONENT = 700.0


@njit
def _fermi_from_series(n, argument, series):
    """F_n(argument) from F_n(-|argument|) by reflection (Dingle 1957, Appl. Sci. Res. B 6, 225)."""
    if argument <= 0.0:
        return series[n]
    polynomial = 0.0
    for j in range(n + 1, -1, -1):
        polynomial = polynomial * argument + _INTEGER_REFLECTION[n, j]
    return polynomial + _SIGN[n] * series[n]


@njit
def _occupation(z):
    return 1.0 / (1.0 + math.exp(min(z, _LARGEST_EXPONENT)))


@njit
def _below(n, t, y_powers, at_zero, at_edge):
    """Int_0^y Y^n f(Y - t) dY; for t >= y without its constant y^(n+1)/(n+1), the integral without holes.

    `at_zero` and `at_edge` are F_j(-|t|) and F_j(-|t - y|), `y_powers` the powers of y.
    """
    shifted = 0.0
    if t >= y_powers[1]:
        for j in range(n + 1):
            shifted += _BINOMIAL[n, j] * _SIGN[j] * y_powers[n - j] * at_edge[j]
        return _SIGN[n] * at_zero[n] - shifted
    for j in range(n + 1):
        shifted += _BINOMIAL[n, j] * y_powers[n - j] * at_edge[j]
    return _fermi_from_series(n, t, at_zero) - shifted


@njit
def _soft_moments(y, d, eta, moments):
    """Int_0^y Y^n f(Y - eta) [1 - f(Y + d - eta)] dY, n = 3 ... 7, by quadrature."""
    moments[:5] = 0.0
    for k in range(_SOFT_NODES.size):
        electron = y * _SOFT_NODES[k]
        power = y * _SOFT_WEIGHTS[k] * _occupation(electron - eta) * _occupation(eta - d - electron)
        power *= electron**3
        for n in range(5):
            moments[n] += power
            power *= electron


@njit
def _elastic_moments(y_powers, d, eta, zero, edge, moments):
    """All eight integrals for small d, where [f(Y - eta) - f(Y + d - eta)]/d is an average over df/deta.

    Those below y, by parts: int_0^y Y^n f (1 - f) dY = n int_0^y Y^(n-1) f dY - y^n f(y - t).
    """
    y = y_powers[1]
    moments[:] = 0.0
    factor = d / -math.expm1(-d) if d > 0.0 else 1.0
    for k in range(_ELASTIC_NODES.size):
        t = eta - d * _ELASTIC_NODES[k]
        weight = factor * _ELASTIC_WEIGHTS[k]
        fermi_row(abs(t - y), edge)
        here = _occupation(y - t)
        moments[5] += weight * here
        moments[6] += weight * _fermi_from_series(0, t - y, edge)
        moments[7] += weight * 2.0 * _fermi_from_series(1, t - y, edge)
        if y < _SOFT:
            continue
        fermi_row(abs(t), zero)
        surface = _occupation(t - y) if t >= y else -here
        for n in range(3, _HIGHEST + 1):
            inner = n * _below(n - 1, t, y_powers, zero, edge)
            moments[n - 3] += weight * (inner + y_powers[n] * surface)
    if y < _SOFT:
        _soft_moments(y, d, eta, moments)


@njit
def _closed_moments(y_powers, d, eta, first, above_y, above_x, edge_x, zero, moments):
    """All eight integrals as differences of Fermi integrals.

    `first` is `_below` at t = eta, `above_y` and `above_x` are F_0 ... F_2 at eta - y and eta - x.
    """
    y = y_powers[1]
    per_balance = 1.0 / -math.expm1(-d)
    for j in range(3):
        moments[5 + j] = (above_y[j] - above_x[j]) * per_balance
    if y < _SOFT:
        _soft_moments(y, d, eta, moments)
        return
    t = eta - d
    fermi_row(abs(t), zero)
    for n in range(3, _HIGHEST + 1):
        difference = first[n] - _below(n, t, y_powers, zero, edge_x)
        if eta >= y and t < y:  # the constant of one of them
            difference += y_powers[n] * y / (n + 1.0)
        moments[n - 3] = difference * per_balance


@njit
def _combine(x, y, m, out):
    """I_0, I_1 of the structure (C_V + C_A)^2, then of (C_V - C_A)^2, from the eight integrals.

    The polynomials of Bruenn 1985, C50, expanded in Y below y and in Y - y above, where no terms in x^4 cancel.
    """
    below = m[0], m[1], m[2], m[3], m[4]
    n0, n1, n2 = m[5], m[6], m[7]
    y3 = y * y * y
    quadratic = y3 * (2.4 * y / x - 4.0 / 3.0)
    sum_0 = 8.0 / 3.0 * x * x * below[0] + 4.0 / 3.0 * x * below[1] + 4.0 / 15.0 * below[2]
    sum_0 += y3 * (8.0 / 3.0 * x * x + 4.0 / 3.0 * x * y + 4.0 / 15.0 * y * y) * n0
    sum_0 += y3 * (16.0 / 3.0 * x + 4.0 / 3.0 * y) * n1 + 8.0 / 3.0 * y3 * n2
    difference_0 = 8.0 / 3.0 * y * y * below[0] - 4.0 / 3.0 * y * below[1] + 4.0 / 15.0 * below[2]
    difference_0 += y3 * (1.6 * y * y * n0 + 4.0 * y * n1 + 8.0 / 3.0 * n2)
    last = 16.0 / 35.0 * below[4] / (x * y)
    sum_1 = 8.0 / 3.0 * x * x * below[0] + (16.0 / 3.0 * x - 4.0 * x * x / y) * below[1] - last
    sum_1 += (52.0 / 15.0 - 4.8 * x / y) * below[2] + (0.8 / x - 2.4 / y) * below[3]
    sum_1 += y3 * (-4.0 / 3.0 * x * x + 8.0 / 15.0 * x * y + 16.0 / 15.0 * y * y + 12.0 / 35.0 * y3 / x) * n0
    sum_1 += y3 * (-8.0 / 3.0 * x + 44.0 / 15.0 * y + 1.6 * y * y / x) * n1 + quadratic * n2
    difference_1 = 8.0 / 3.0 * y * y * below[0] + (4.0 * y * y / x - 16.0 / 3.0 * y) * below[1] - last
    difference_1 += (52.0 / 15.0 - 4.8 * y / x) * below[2] + (2.4 / x - 0.8 / y) * below[3]
    difference_1 += y3 * (8.0 / 7.0 * y3 / x * n0 + y * (3.2 * y / x - 0.8) * n1) + quadratic * n2
    norm = 1.0 / (x * x * y * y)
    out[0], out[1], out[2], out[3] = norm * sum_0, norm * sum_1, norm * difference_0, norm * difference_1


@njit
def _tabulate(energy, eta, scratch, powers, edges, above, first):
    """Fill what belongs to a single energy: its powers, F_j(-|eta - energy|), F_0 ... F_2(eta - energy), `_below` at eta."""
    powers[0] = 1.0
    for j in range(1, _HIGHEST + 1):
        powers[j] = powers[j - 1] * energy
    fermi_row(abs(eta - energy), edges)
    for j in range(3):
        above[j] = _fermi_from_series(j, eta - energy, edges)
    if energy >= _SOFT:
        fermi_row(abs(eta), scratch)
        for n in range(3, _HIGHEST + 1):
            first[n] = _below(n, eta, powers, scratch, edges)


@njit
def fill_grid(energy, temperature, degeneracy, out):
    """Moments I_l for every pair of energies with the outgoing one not above the incoming one.

    Parameters
    ----------
    energy : (energy,) array
        MeV, > 0, in any order.
    temperature, degeneracy : (state,) arrays
        MeV, > 0; mu/T of the scatterers.
    out : (state, in, out, 4) array
        I_0, I_1 of (C_V + C_A)^2, I_0, I_1 of (C_V - C_A)^2; up-scattering by detailed balance.
    """
    size = energy.size
    x = np.empty(size)
    powers, edges, first = np.empty((size, 8)), np.empty((size, 8)), np.empty((size, 8))
    above = np.empty((size, 3))
    zero, edge, moments = np.empty(8), np.empty(8), np.empty(8)
    for state in range(temperature.size):
        eta = degeneracy[state]
        for i in range(size):
            x[i] = energy[i] / temperature[state]
            _tabulate(x[i], eta, zero, powers[i], edges[i], above[i], first[i])
        for i in range(size):
            for j in range(size):
                d = x[i] - x[j]
                if d < 0.0:
                    continue
                if d < _ELASTIC:
                    _elastic_moments(powers[j], d, eta, zero, edge, moments)
                else:
                    _closed_moments(powers[j], d, eta, first[j], above[j], above[i], edges[i], zero, moments)
                _combine(x[i], x[j], moments, out[state, i, j])
                balance = math.exp(-d)
                for k in range(4):
                    out[state, j, i, k] = balance * out[state, i, j, k]


@njit
def fill_pairs(incoming, outgoing, degeneracy, out):
    """Moments I_l of single pairs of energies.

    Parameters
    ----------
    incoming, outgoing : (pair,) arrays
        Energies in units of T, > 0.
    degeneracy : (pair,) array
        mu/T of the scatterers.
    out : (pair, 4) array
        As in `fill_grid`.
    """
    powers, edges, first = np.empty((2, 8)), np.empty((2, 8)), np.empty(8)
    above = np.empty((2, 3))
    zero, edge, moments = np.empty(8), np.empty(8), np.empty(8)
    for i in range(incoming.size):
        eta = degeneracy[i]
        x, y = max(incoming[i], outgoing[i]), min(incoming[i], outgoing[i])
        d = x - y
        if d < _ELASTIC:
            _tabulate(y, eta, zero, powers[0], edges[0], above[0], first)
            _elastic_moments(powers[0], d, eta, zero, edge, moments)
        else:
            _tabulate(x, eta, zero, powers[1], edges[1], above[1], first)
            _tabulate(y, eta, zero, powers[0], edges[0], above[0], first)
            _closed_moments(powers[0], d, eta, first, above[0], above[1], edges[1], zero, moments)
        _combine(x, y, moments, out[i])
        if outgoing[i] > incoming[i]:
            for k in range(4):
                out[i, k] *= math.exp(-d)
