"""Annihilation of neutrino pairs into electrons, integrated over a partner in equilibrium: many species at once.

Where the partner is no deep sea, f' = e^(-eta) e^-y [1 - c(y)], c = s e^-y/(1 + s e^-y), s = e^-eta. The first term is the
integral of `pair_emission`, whatever the species. What blocking takes away falls like e^(-2 y) y^5 and is a few per cent: few
nodes do, at which electrons are shared by all species. In the variables and pieces of `pair_emission`, with u >= 0:

    e = x + u, e' = t or the reverse; e = t < x, e' = x + u or the reverse: products, nodes in u and in t;
    e < x, e' < x: electrons in closed form at nodes in y.

A deeper sea has nodes of its own (`pair_sea`).
"""

import math

import numpy as np
from numpy.polynomial.laguerre import laggauss
from numpy.polynomial.legendre import leggauss

from microphysics._jit import njit
from microphysics._kernels.fermi_rows import ORDERS, fermi_row, fermi_triple
from microphysics._kernels.pair_emission import _middle_sums, _tabulate_node, emission_grid
from microphysics._kernels.pair_sea import sea_grid

__all__ = ["partner_states"]

_DEEPEST = -2.0  # mu_nu/T of the neutrino below which its partner is a sea
_SMALL = 3.0  # neutrino energy below which the triangle has nodes in both variables
_WHOLE = 10.0  # neutrino energy beyond which t has the nodes of the half line


def _half_line(points: int, scale: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Nodes, weights and e^-node for integrands that fall like e^(-scale u)."""
    node, weight = laggauss(points)
    return node / scale, weight * np.exp(node) / scale, np.exp(-node / scale)


_U, _U_WEIGHTS, _U_BOLTZMANN = _half_line(8, 2.0)
_T, _T_WEIGHTS, _T_BOLTZMANN = _half_line(10, 2.2)
_CUT, _CUT_WEIGHTS = leggauss(9)  # of t < x
_CUT, _CUT_WEIGHTS = 0.5 * (1.0 + _CUT), 0.5 * _CUT_WEIGHTS
_NODES, _WEIGHTS = leggauss(7)  # of a panel of y
_NODES, _WEIGHTS = 0.5 * (1.0 + _NODES), 0.5 * _WEIGHTS
_FEW, _FEW_WEIGHTS = leggauss(6)  # of each variable of a small triangle
_FEW, _FEW_WEIGHTS = 0.5 * (1.0 + _FEW), 0.5 * _FEW_WEIGHTS
_EDGES = np.array([0.0, 5.0, 12.0])


@njit
def _balance(strength, boltzmann, out):
    """Fill with s e^(-2 (t + u))/(1 + s e^(-t - u)), shape (t, u); `boltzmann` is e^-t."""
    for j in range(boltzmann.size):
        for k in range(_U_BOLTZMANN.size):
            both = boltzmann[j] * _U_BOLTZMANN[k]
            out[j, k] = strength * both * both / (1.0 + strength * both)


@njit
def _add_outer(weight, lower, upper, balance, sums, out):
    """Add one lepton at x + u, the other at t with `weight`; `lower` and `upper` are n at -eta and +eta."""
    sums[:] = 0.0
    for j in range(weight.size):
        first, second = weight[j] * lower[1, j], weight[j] * lower[0, j]
        for k in range(_U.size):
            sums[0, k] += balance[j, k] * first
            sums[1, k] += balance[j, k] * second
    for k in range(_U.size):
        out[0] += upper[0, k] * sums[0, k]
        out[1] += upper[1, k] * sums[1, k]


@njit
def _add_inner(x, t, lower, upper, balance, sums, out):
    """Add one lepton at t < x, the other at x + u."""
    sums[:] = 0.0
    for j in range(t.size):
        cube = 4.0 / (15.0 * x * x) * t[j] ** 3
        a, b, c = 6.0 * t[j] * t[j] * cube, 15.0 * t[j] * cube, 10.0 * cube
        first, second = lower[0, j], lower[1, j]
        for k in range(_U.size):
            part = balance[j, k] * (a + _U[k] * (b + _U[k] * c))
            sums[0, k] += part * first
            sums[1, k] += part * second
    for k in range(_U.size):
        out[0] += upper[1, k] * sums[0, k]
        out[1] += upper[0, k] * sums[1, k]


@njit
def _fill_upper(x, eta, thin, upper):
    """n(x + u - eta) and n(x + u + eta) times the weights of u."""
    empty, distance = math.exp(-x), math.exp(-abs(x - eta))
    for k in range(_U.size):
        grown = distance * _U_BOLTZMANN[k]
        near = 1.0 / (1.0 + grown) if x > eta else distance / (distance + _U_BOLTZMANN[k])
        upper[0, k] = _U_WEIGHTS[k] * near
        upper[1, k] = _U_WEIGHTS[k] / (1.0 + empty * thin * _U_BOLTZMANN[k])


@njit
def _fill_lower(boltzmann, weights, thin, lower):
    """n(t - eta) and n(t + eta) times the weights of t."""
    for j in range(boltzmann.size):
        lower[0, j] = weights[j] * thin / (thin + boltzmann[j])
        lower[1, j] = weights[j] / (1.0 + thin * boltzmann[j])


@njit
def _fill_cut(x, thin, cut, lower, kink):
    """Nodes t < x: rows of `cut` are t, e^-t and weights; `kink` is what the polynomial below x has beyond that above."""
    for j in range(_CUT.size):
        t = x * _CUT[j]
        cut[0, j], cut[1, j], cut[2, j] = t, math.exp(-t), x * _CUT_WEIGHTS[j]
        kink[j] = -4.0 / (15.0 * x * x) * (x - t) ** 5
    _fill_lower(cut[1], cut[2], thin, lower)


@njit
def _fill_outer(x, weight):
    """Polynomial of the lepton at t, the other above x; for small x (`_SMALL`) that of t > x throughout."""
    for j in range(_T.size):
        t = _T[j]
        if t < x and x > _SMALL:
            share = t / x
            weight[j] = t * t * t * (8.0 / 3.0 + share * (-4.0 / 3.0 + share * 4.0 / 15.0))
        else:
            weight[j] = x * (8.0 / 3.0 * t * t - 4.0 / 3.0 * t * x + 4.0 / 15.0 * x * x)


@njit
def _add_small_triangle(x, thin, strength, out):
    """Add the triangle by nodes in y and e, for every species."""
    grown = math.exp(x)
    for i in range(_FEW.size):
        y = x * _FEW[i]
        width, boltzmann = x - y, math.exp(-y)
        empty = boltzmann / grown
        direct = mirrored = 0.0
        for k in range(_FEW.size):
            v = width * _FEW[k]
            u = width - v
            filled = math.exp(-v) * grown * thin
            weight = _FEW_WEIGHTS[k] * filled / ((1.0 + filled) * (1.0 + filled * empty))
            direct += weight * (1.6 * y * y + v * (4.0 * y + 8.0 / 3.0 * v))
            mirrored += weight * (1.6 * y * y + u * (4.0 * y + 8.0 / 3.0 * u))
        weight = _FEW_WEIGHTS[i] * width * (y * boltzmann) ** 2 * y / x
        for s in range(strength.size):
            blocked = weight * strength[s] / (1.0 + strength[s] * boltzmann)
            out[s, 0] += blocked * mirrored
            out[s, 1] += blocked * direct


@njit
def _fill_panel(left, right, eta, thin, start, strength, nodes, near, far, blocked):
    """Nodes of one panel of y: the rows of `pair_emission`, and the weights of every species."""
    width = right - left
    for i in range(start, start + _NODES.size):
        y, weight = left + width * _NODES[i - start], width * _WEIGHTS[i - start]
        _tabulate_node(y, weight, eta, thin, i, nodes, near, far)
        for s in range(strength.size):
            taken = strength[s] * nodes[i, 2]
            blocked[i, s] = nodes[i, 1] * taken / (1.0 + taken)


@njit
def _add_triangle(x, eta, thin, at_x, strength, nodes, near, far, blocked, out):
    """Add the triangle by nodes in y < x, for every species. The last panel of the tables is scratch."""
    empty = math.exp(-x)
    for panel in range(_EDGES.size - 1):
        if _EDGES[panel] >= x:
            break
        start = panel * _NODES.size
        if _EDGES[panel + 1] > x:
            start = (_EDGES.size - 1) * _NODES.size
            _fill_panel(_EDGES[panel], x, eta, thin, start, strength, nodes, near, far, blocked)
        for i in range(start, start + _NODES.size):
            direct, mirrored = _middle_sums(nodes[i, 0], x, eta, i, near, far, at_x)
            scale = 1.0 / ((1.0 - empty * nodes[i, 2]) * x * x)
            for s in range(strength.size):
                out[s, 0] += scale * blocked[i, s] * mirrored
                out[s, 1] += scale * blocked[i, s] * direct


@njit
def _blocked_grid(x, eta, strength, out):
    """Int y^2 e^-y c(y) Phi dy, what blocking takes from `emission_grid`.

    Parameters
    ----------
    x : ndarray, shape (energy,)
    eta : float
        mu_e/T, any sign.
    strength : ndarray, shape (species,)
        s = e^(-mu_nu/T).
    out : ndarray, shape (species, structure, energy)
        Filled.
    """
    electrons, species = abs(eta), strength.size
    thin = math.exp(-electrons)
    plus, minus = (0, 1) if eta >= 0.0 else (1, 0)
    size = _EDGES.size * _NODES.size
    nodes, near, far = np.empty((size, 3)), np.empty((size, 3)), np.empty((size, 3))
    blocked, at_x, pair = np.empty((size, species)), np.zeros((2, ORDERS)), np.empty((species, 2))
    for panel in range(_EDGES.size - 1):
        start = panel * _NODES.size
        _fill_panel(
            _EDGES[panel], _EDGES[panel + 1], electrons, thin, start, strength, nodes, near, far, blocked
        )
    lower, cut_lower, upper = np.empty((2, _T.size)), np.empty((2, _CUT.size)), np.empty((2, _U.size))
    weight, cut, kink, sums = (
        np.empty(_T.size),
        np.empty((3, _CUT.size)),
        np.empty(_CUT.size),
        np.empty((2, _U.size)),
    )
    balance, cut_balance = np.empty((species, _T.size, _U.size)), np.empty((_CUT.size, _U.size))
    _fill_lower(_T_BOLTZMANN, _T_WEIGHTS, thin, lower)
    for s in range(species):
        _balance(strength[s], _T_BOLTZMANN, balance[s])
    for i in range(x.size):
        e = x[i]
        pair[:] = 0.0
        _fill_upper(e, electrons, thin, upper)
        _fill_outer(e, weight)
        if e <= _WHOLE:
            _fill_cut(e, thin, cut, cut_lower, kink)
        for s in range(species):
            _add_outer(weight, lower, upper, balance[s], sums, pair[s])
            if e > _WHOLE:
                _add_inner(e, _T, lower, upper, balance[s], sums, pair[s])
                continue
            _balance(strength[s], cut[1], cut_balance)
            _add_inner(e, cut[0], cut_lower, upper, cut_balance, sums, pair[s])
            if e <= _SMALL:
                _add_outer(kink, cut_lower, upper, cut_balance, sums, pair[s])
        if e > _SMALL:
            fermi_row(abs(e - electrons), at_x[0])
            fermi_triple(math.exp(-e) * thin, at_x[1])
            _add_triangle(e, electrons, thin, at_x, strength, nodes, near, far, blocked, pair)
        else:
            _add_small_triangle(e, thin, strength, pair)
        for s in range(species):
            out[s, plus, i], out[s, minus, i] = pair[s, 0], pair[s, 1]


@njit
def partner_states(energy, temperature, degeneracy, neutrino, out):
    """Int_0^inf y^2 `partner_weight` Phi(x, y) dy of the annihilation kernel in the units of `pairs`.

    Parameters
    ----------
    energy : ndarray, shape (energy,)
        In the unit of `temperature`.
    temperature, degeneracy : ndarray, shape (state,)
        Temperature and mu_e/T.
    neutrino : ndarray, shape (state, species)
        mu_nu/T of the neutrinos.
    out : ndarray, shape (state, species, structure, energy)
        Filled.
    """
    species, points = neutrino.shape[1], energy.size
    emitted, taken = np.empty((2, points)), np.empty((species, 2, points))
    strength, member = np.empty(species), np.empty(species, np.int64)
    for state in range(temperature.size):
        x = energy / temperature[state]
        shallow = 0
        for s in range(species):
            eta = neutrino[state, s]
            if eta < _DEEPEST:
                sea_grid(x, degeneracy[state], eta, out[state, s])
            else:
                strength[shallow], member[shallow] = math.exp(-eta), s
                shallow += 1
        if shallow == 0:
            continue
        emission_grid(x, degeneracy[state], emitted)
        _blocked_grid(x, degeneracy[state], strength[:shallow], taken)
        for n in range(shallow):
            for i in range(points):
                factor = strength[n] + math.exp(-x[i])
                for k in range(2):
                    out[state, member[n], k, i] = factor * max(emitted[k, i] - taken[n, k, i], 0.0)
