"""Integrals over the electron energy in e- e+ <-> nu nubar, massless electrons, all energies in units of T.

With x, y the energies of the two neutrinos, w = x + y, e that of the electron and eta >= 0 the electrons' degeneracy, the
annihilation kernel is an integral of a piecewise polynomial (Bruenn 1985, ApJS 58, 771, C62-C74) over what the Pauli
principle leaves free,

    int_0^w J(e) n(e - eta) n(w - e + eta) de,    n(z) = 1 - f(z) = 1/(1 + e^-z),

and production is e^-w times that. For s = min(x, y), L = max(x, y) the polynomial of one coupling structure is

    low(e), 0 < e < s;    middle(L - e), s < e < L;    high(w - e), L < e < w,

with high the same function as low, s and L exchanged (the symmetry of electron and positron; the published long form for
e > L loses all digits near e = w). The other coupling structure is its mirror image e -> w - e.

The product of two n is [n(e - eta) - n(e - eta - w)]/(1 - e^-w), in which nothing cancels for w > 1, and repeated
integration by parts makes of each n Fermi integrals at the ends of the three pieces. Written with arguments -|z| only, and
with n = 1 - n(-z) above the Fermi edge, these stay as large as the result. Where s is small they do not; there
Gauss-Legendre on the two outer pieces, which are as wide as s, has no trouble.
"""

import math

import numpy as np
from numpy.polynomial.legendre import leggauss

from microphysics._jit import njit
from microphysics._kernels.fermi_rows import ORDERS, fermi_row

__all__ = [
    "annihilation",
    "annihilation_grid",
    "annihilation_states",
    "edge",
    "fermi_rows",
    "integral",
]

_CLOSED = 2.0  # smaller neutrino energy above which closed forms lose less than 5 digits
_MIDDLE_CLOSED = 1.5  # the same for the width of the middle piece, a polynomial of degree 2
_NODES, _WEIGHTS = leggauss(9)
_NODES, _WEIGHTS = 0.5 * (1.0 + _NODES), 0.5 * _WEIGHTS
# F_k(0) of odd order, all that the smearing of an edge needs (Sommerfeld)
_CENTRE = np.zeros(ORDERS)
_CENTRE[1::2] = np.pi**2 / 12.0, 7.0 * np.pi**4 / 120.0, 31.0 * np.pi**6 / 252.0, 127.0 * np.pi**8 / 240.0


@njit
def fermi_rows(x, eta, near, far):
    """Fermi integrals at -|x - eta| and -(x + eta) of every energy, shape (energy, order)."""
    for i in range(x.size):
        fermi_row(abs(x[i] - eta), near[i])
        fermi_row(x[i] + eta, far[i])


@njit
def _outer(s, large, out):
    """Power coefficients of `low` over s L, shape (moment, order); `high` is _outer(L, s)."""
    out[:] = 0.0
    front = 4.0 / (15.0 * s * s)
    out[0, 3] = front * 10.0
    out[0, 4] = -front * 5.0 / large
    out[0, 5] = front / (large * large)
    front = 4.0 / (105.0 * s * s)
    out[1, 3] = front * 70.0
    out[1, 4] = -front * (140.0 / large + 105.0 / s)
    out[1, 5] = front * (91.0 / large + 126.0 / s) / large
    out[1, 6] = -front * (21.0 / large + 63.0 / s) / large**2
    out[1, 7] = front * 12.0 / (s * large**3)


@njit
def _middle(s, large, out):
    """Power coefficients of `middle` over s L in v = L - e, shape (moment, order)."""
    out[:] = 0.0
    front = s / (large * large)
    out[0, 0] = front * 1.6 * s * s
    out[0, 1] = front * 4.0 * s
    out[0, 2] = front * 8.0 / 3.0
    ratio = s / large
    out[1, 0] = -front * 8.0 / 7.0 * s * s * ratio
    out[1, 1] = -front * 0.8 * s * (1.0 + 4.0 * ratio)
    out[1, 2] = -front * 4.0 / 15.0 * (5.0 + 9.0 * ratio)


@njit
def _jumps(s, large, low, high, out):
    """Left minus right polynomial at e = 0, s, L, w in powers of the distance, shape (moment, point, order)."""
    out[:] = 0.0
    sign = 1.0
    for k in range(ORDERS):
        for moment in range(2):
            out[moment, 0, k] = -low[moment, k]
            out[moment, 3, k] = sign * high[moment, k]
        sign = -sign
    product, difference = s * large, large - s
    front = 1.0 / product**2
    out[0, 1, 1] = 8.0
    out[0, 1, 2] = 8.0 * difference / product
    out[0, 1, 3] = front * 8.0 / 3.0 * difference**2
    out[0, 1, 4] = -front * 4.0 / 3.0 * difference
    out[0, 1, 5] = front * 4.0 / 15.0
    out[0, 2, 5] = front * 4.0 / 15.0
    front = 1.0 / product**3
    square = difference * difference
    out[1, 1, 1] = -8.0
    out[1, 1, 2] = -16.0 * difference / product
    out[1, 1, 3] = -40.0 / 3.0 * square / product**2
    out[1, 1, 4] = -front * 4.0 / 3.0 * difference * (3.0 * square - 5.0 * product)
    out[1, 1, 5] = front * 4.0 / 15.0 * (18.0 * square - 5.0 * product)
    out[1, 1, 6] = -front * 2.4 * difference
    out[1, 1, 7] = front * 16.0 / 35.0
    out[1, 2, 5] = -4.0 / 3.0 / product**2
    out[1, 2, 6] = front * 0.8 * difference
    out[1, 2, 7] = front * 16.0 / 35.0


@njit
def _jumps_of_middle(middle, width, out):
    """Fill the jumps for the middle piece alone, which begins at e = s and ends at e = L."""
    out[:] = 0.0
    for moment in range(2):
        a, b, c = middle[moment, 0], middle[moment, 1], middle[moment, 2]
        out[moment, 1, 0] = -(a + width * (b + width * c))
        out[moment, 1, 1] = b + 2.0 * width * c
        out[moment, 1, 2] = -c
        out[moment, 2, 0] = a
        out[moment, 2, 1] = -b
        out[moment, 2, 2] = c


@njit
def integral(polynomial, upper):
    """Int_0^upper of a polynomial."""
    value = 0.0
    for k in range(ORDERS - 1, -1, -1):
        value = value * upper + polynomial[k] / (k + 1.0)
    return value * upper


@njit
def edge(polynomial, at):
    """2 sum over odd k of F_k(0) times the k-th power coefficient about `at`: the smearing of an edge there."""
    value = 0.0
    for k in range(1, ORDERS, 2):
        coefficient, binomial = 0.0, 1.0
        power = 1.0
        for n in range(k, ORDERS):
            coefficient += binomial * polynomial[n] * power
            power *= at
            binomial *= (n + 1.0) / (n + 1.0 - k)
        value += coefficient * _CENTRE[k]
    return 2.0 * value


@njit
def _sum(jump, sign, row):
    """Sum_k sign^k jump_k F_k."""
    even = jump[0] * row[0] + jump[2] * row[2] + jump[4] * row[4] + jump[6] * row[6]
    odd = jump[1] * row[1] + jump[3] * row[3] + jump[5] * row[5] + jump[7] * row[7]
    return even + sign * odd


@njit
def _above_edge(low, middle, high, s, large, eta):
    """Polynomial part above a sharp edge at eta, smearing included: (as it stands, mirrored)."""
    total = s + large
    if eta >= total:
        return 0.0, 0.0
    if eta >= large:
        rest = total - eta
        return (
            integral(high, rest) + edge(high, rest),
            integral(low, rest) + edge(low, rest),
        )
    all_low, all_high, width = integral(low, s), integral(high, s), large - s
    if eta >= s:
        return (
            all_high + integral(middle, large - eta) + edge(middle, large - eta),
            all_low + integral(middle, width) - integral(middle, eta - s) - edge(middle, eta - s),
        )
    everything = all_low + integral(middle, width) + all_high
    return (
        everything - integral(low, eta) - edge(low, eta),
        everything - integral(high, eta) - edge(high, eta),
    )


@njit
def _closed_form(low, middle, high, jumps, s, large, eta, rows, out):
    """Integrals of the pieces given, (structure, moment): sums over the four points where the polynomial changes.

    `rows` are the Fermi integrals at eta; |s - eta|, |L - eta|, |w - eta|; s + eta, L + eta, w + eta.
    """
    total = s + large
    sign_s = 1.0 if s > eta else -1.0
    sign_large = 1.0 if large > eta else -1.0
    sign_total = 1.0 if total > eta else -1.0
    norm = -1.0 / math.expm1(-total)
    for moment in range(2):
        first, second = _above_edge(low[moment], middle[moment], high[moment], s, large, eta)
        jump = jumps[moment]
        first += _sum(jump[0], -1.0, rows[0]) - _sum(jump[0], -1.0, rows[6])
        first += _sum(jump[1], sign_s, rows[1]) - _sum(jump[1], -1.0, rows[5])
        first += _sum(jump[2], sign_large, rows[2]) - _sum(jump[2], -1.0, rows[4])
        first += _sum(jump[3], sign_total, rows[3]) - _sum(jump[3], -1.0, rows[0])
        second += _sum(jump[0], 1.0, rows[0]) - _sum(jump[0], -sign_total, rows[3])
        second += _sum(jump[1], 1.0, rows[4]) - _sum(jump[1], -sign_large, rows[2])
        second += _sum(jump[2], 1.0, rows[5]) - _sum(jump[2], -sign_s, rows[1])
        second += _sum(jump[3], 1.0, rows[6]) - _sum(jump[3], 1.0, rows[0])
        out[0, moment] = norm * first
        out[1, moment] = norm * second


@njit
def _polynomial(coefficients, at):
    """Value of a polynomial."""
    value = 0.0
    for k in range(ORDERS - 1, -1, -1):
        value = value * at + coefficients[k]
    return value


@njit
def _add_outer(low, high, s, large, eta, out):
    """Add the two pieces of width s by quadrature."""
    total = s + large
    empty, thin = math.exp(-total), math.exp(-eta)
    beyond = math.exp(-abs(total - eta))
    for k in range(_NODES.size):
        t = s * _NODES[k]
        grown = math.exp(t)
        filled = grown * thin
        near_zero = s * _WEIGHTS[k] * filled / ((1.0 + filled) * (1.0 + filled * empty))
        near_total = s * _WEIGHTS[k] * grown / (grown + thin)
        near_total /= 1.0 + grown * beyond if total > eta else 1.0 + grown / beyond
        for moment in range(2):
            rising, falling = _polynomial(low[moment], t), _polynomial(high[moment], t)
            out[0, moment] += rising * near_zero + falling * near_total
            out[1, moment] += falling * near_zero + rising * near_total


@njit
def _middle_by_quadrature(middle, s, large, eta, out):
    """Integrals of the piece between s and L, of width < 1.5 below L < 3.5."""
    out[:] = 0.0
    width = large - s
    empty, thin = math.exp(-s - large), math.exp(-eta)
    for k in range(_NODES.size):
        v = width * _NODES[k]
        filled = math.exp(large - v) * thin
        weight = width * _WEIGHTS[k] * filled / ((1.0 + filled) * (1.0 + filled * empty))
        for moment in range(2):
            out[0, moment] += weight * _polynomial(middle[moment], v)
            out[1, moment] += weight * _polynomial(middle[moment], width - v)


@njit
def annihilation(s, large, eta, rows, work, out):
    """Integrals of both coupling structures, l = 0 and 1.

    Parameters
    ----------
    s, large : float
        Smaller and larger neutrino energy over T.
    eta : float
        Degeneracy of the electrons, >= 0.
    rows : ndarray, shape (7, ORDERS)
        Fermi integrals (`fermi_row`) at distances eta, |s - eta|, |L - eta|, |w - eta|, s + eta, L + eta, w + eta; rows 3
        and 6 are filled here.
    work : ndarray, shape (8, 2, ORDERS)
        Scratch.
    out : ndarray, shape (structure, moment)
        Structure 0 is (C_V + C_A)^2 where the neutrino has the energy s, (C_V - C_A)^2 where it has L.
    """
    low, middle, high, jumps = work[0], work[1], work[2], work[3:7].reshape(2, 4, ORDERS)
    _outer(s, large, low)
    _middle(s, large, middle)
    _outer(large, s, high)
    if s > _CLOSED:
        fermi_row(abs(s + large - eta), rows[3])
        fermi_row(s + large + eta, rows[6])
        _jumps(s, large, low, high, jumps)
        _closed_form(low, middle, high, jumps, s, large, eta, rows, out)
        return
    if large - s > _MIDDLE_CLOSED:
        nothing = work[7]
        nothing[:] = 0.0
        _jumps_of_middle(middle, large - s, jumps)
        _closed_form(nothing, middle, nothing, jumps, s, large, eta, rows, out)
    else:
        _middle_by_quadrature(middle, s, large, eta, out)
    _add_outer(low, high, s, large, eta, out)


@njit
def annihilation_grid(x, y, eta, out):
    """Both structures for all pairs of energies.

    Parameters
    ----------
    x : ndarray, shape (energy,)
        Energies of the neutrino over T.
    y : ndarray, shape (partner,)
        Energies of its partner over T; with no elements, x stands for them and every pair is done once.
    eta : float
        Degeneracy of the electrons, any sign.
    out : ndarray, shape (structure, moment, energy, partner)
        Filled.
    """
    same = y.size == 0
    energies = np.concatenate((x, y))
    near, far = np.empty((energies.size, ORDERS)), np.empty((energies.size, ORDERS))
    electrons = abs(eta)
    fermi_rows(energies, electrons, near, far)
    rows, work, pair = np.zeros((7, ORDERS)), np.zeros((8, 2, ORDERS)), np.empty((2, 2))
    fermi_row(electrons, rows[0])
    # more positrons than electrons: charge conjugation exchanges the structures
    plus, minus = (0, 1) if eta >= 0.0 else (1, 0)
    for i in range(x.size):
        for j in range(i if same else 0, x.size if same else y.size):
            partner = j if same else x.size + j
            a, b = (i, partner) if energies[i] <= energies[partner] else (partner, i)
            rows[1], rows[2], rows[4], rows[5] = near[a], near[b], far[a], far[b]
            annihilation(energies[a], energies[b], electrons, rows, work, pair)
            first, second = (plus, minus) if a == i else (minus, plus)
            for moment in range(2):
                out[first, moment, i, j] = pair[0, moment]
                out[second, moment, i, j] = pair[1, moment]
                if same:
                    out[second, moment, j, i] = pair[0, moment]
                    out[first, moment, j, i] = pair[1, moment]


@njit
def annihilation_states(energy, partner, temperature, eta, out):
    """`annihilation_grid` for many states; energies and temperatures in the same unit.

    Parameters
    ----------
    energy, partner : ndarray, shapes (energy,), (partner,)
        As in `annihilation_grid`.
    temperature, eta : ndarray, shape (state,)
        Temperature and degeneracy of the electrons.
    out : ndarray, shape (state, structure, moment, energy, partner)
        Filled.
    """
    for state in range(temperature.size):
        t = temperature[state]
        annihilation_grid(energy / t, partner / t, eta[state], out[state])
