"""Phase-space integrals of charged currents on non-relativistic nucleons that move.

The integral over the electron's energy and the cosine x between the leptons of p_e E_e [1 - f_e] S(q0, q), with S of Reddy,
Prakash & Lattimer 1998 (PRD 58, 013009) and, in its arguments, u the momentum of the nucleon before along q:
S = M^2 T/(pi q) L/(1 - exp(-z)), L = ln(1 + e^a) - ln(1 + e^b), a = (mu_2 - U_2 - u^2/2M)/T,
b = (mu_4 - U_4 - (u + q)^2/2M)/T, z = a - b, and u q + q^2/2 = M (q0 + U_2 - U_4) the conservation of energy.

How it is integrated. p_e = m_e sinh(y) turns the measure into p_e^2 E_e dy, and at a fixed angle the integrand is analytic
in y and falls off at both ends, so that the trapezoidal rule converges exponentially; its step follows the nearest Fermi
edge, a pole pi T away from the real axis in that particle's energy. The rule starts beside the largest term and goes
both ways until nothing is added. Where the threshold p_e = 0 takes part, nodes lie at multiples of the step: the integrand at
-y is that at -x, and the ends of the two cosines cancel. The cosine itself takes nested Gauss-Patterson rules.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.polynomial import legendre

from microphysics._jit import njit

__all__ = ["COSINE", "COSINE_WEIGHT", "fill_capture"]

_STEP = 0.38  # trapezoidal step over the distance of a pole: error exp(-2 pi/0.38) = 7e-8
_GAUSSIAN_STEP = 0.8  # over the width of a thermal distribution, which varies: e^-31 if it did not
_IN_REACH = 14.0  # an edge whose weight is exp(-14) of the largest needs no resolution
_THRESHOLD = 30.0  # the same for p_e = 0, whose p_e^2 helps
_NEGLIGIBLE = 1e-8  # a term over the sum, where the sum ends
_ANGLES_AGREE = 2e-4  # between one rule of the cosine and the next, whose error is about the square of it
_NIL = 1e-8  # suppression by thresholds from which on less than that is asked for
_MOST_TERMS = 4000  # only matter with E_F > 1000 T comes near


def _patterson(count):
    """Nodes and weights on (-1, 1) of which every second node, counted from the second, is the rule below (Patterson 1968).

    Each rule adds to n nodes of the one below the n + 1 zeros of the polynomial that is orthogonal to all lower powers
    with the old nodes' polynomial as weight.
    """
    node = legendre.leggauss(3)[0]
    while node.size < count:
        n = node.size
        t, w = legendre.leggauss(2 * n + 4)
        old = np.prod(t[:, None] - node, axis=1)
        vander = legendre.legvander(t, n + 1)
        moments = (vander[:, : n + 1] * (w * old / np.abs(old).max())[:, None]).T @ vander
        series = np.append(np.linalg.solve(moments[:, :-1], -moments[:, -1]), 1.0)
        node = np.sort(np.concatenate([node, legendre.legroots(series).real]))
        node = 0.5 * (node - node[::-1])
    unit = np.zeros(count)
    unit[0] = 2.0
    return node, np.linalg.solve(legendre.legvander(node, count - 1).T, unit)


_ANGLES = 31
COSINE = _patterson(_ANGLES)[0]
COSINE_WEIGHT = np.zeros((4, _ANGLES))  # rules of 3, 7, 15 and 31 nodes
for _rule in range(4):
    _stride = 8 >> _rule
    COSINE_WEIGHT[_rule, _stride - 1 :: _stride] = _patterson(4 * 2**_rule - 1)[1]


class _Channel(NamedTuple):
    """One neutrino energy in one zone; MeV except where noted.

    A positron is an electron of energy -E_e, so that decay is capture with `side` = -1.
    """

    energy: float
    transfer: float  # E + U_2 - U_4 (mass difference included): the lepton's energy where nucleons are infinitely heavy
    initial: float  # (mu_2 - U_2)/T
    final: float  # (mu_4 - U_4)/T
    lepton: float  # chemical potential of the lepton
    side: float  # +1: lepton of energy E_e comes out; -1: its antiparticle goes in
    swapped: (
        bool  # whether the reverse reaction is summed, which is the same but for a factor exp((mu_nu - E)/T)
    )
    temperature: float
    nucleon: float  # mass
    electron: float  # mass


@njit
def _softplus(x):
    """ln(1 + e^x)."""
    if x > 0.0:
        return x + math.log1p(math.exp(-x))
    return math.log1p(math.exp(x))


@njit
def _overlap(a, b, e):
    """[ln(1 + e^a) - ln(1 + e^b)]/(1 - e^(b-a)) [1 - f(e)]: nucleons that can go from a to b, and room for the lepton."""
    z = a - b
    if max(a, b) < -18.0:  # nothing is blocked, to 1e-8
        overlap = math.exp(a)
    elif abs(z) < 1e-5:
        overlap = (1.0 + 0.5 * z) / (1.0 + math.exp(-0.5 * (a + b)))
    elif z > 0.0:
        overlap = (_softplus(a) - _softplus(b)) / -math.expm1(-z)
    else:
        overlap = (_softplus(b) - _softplus(a)) / math.expm1(-z)
    return overlap / (1.0 + math.exp(-e))


@njit
def _transfer_momentum(c, p, x):
    """Momentum transfer |p_nu - p_e|."""
    return math.sqrt(max((c.energy - p) ** 2 + 2.0 * c.energy * p * (1.0 - x), 1e-300))


@njit
def _stretch(c, p, x, q, u):
    """dE_e = (q/M) du/stretch at fixed angle: 1 but for the velocity of the nucleon over that of the electron."""
    energy = math.sqrt(p * p + c.electron * c.electron)
    velocity = (u + q) / c.nucleon
    return max(1.0 + c.side * velocity * (p - c.energy * x) * energy / (max(p, 1e-3 * c.electron) * q), 0.3)


@njit
def _momentum(c, u, x):
    """Electron momentum that belongs to a nucleon momentum u, by Newton's method to 1e-5; an end where there is none."""
    energy, p = max(c.side * c.transfer, c.electron), 0.0
    for _ in range(12):
        p = math.sqrt(energy * energy - c.electron * c.electron)
        q = _transfer_momentum(c, p, x)
        excess = energy - c.side * (c.transfer - (u * q + 0.5 * q * q) / c.nucleon)
        new = min(max(energy - excess / _stretch(c, p, x, q, u), c.electron), 10.0 * c.nucleon)
        if abs(new - energy) < 1e-5 * energy:
            break
        energy = new
    return p


@njit
def _slope(c, p, x):
    """|du/dy| at fixed angle."""
    q = _transfer_momentum(c, p, x)
    u = c.nucleon * (c.transfer - c.side * math.hypot(p, c.electron)) / q - 0.5 * q
    return c.nucleon * p / q * _stretch(c, p, x, q, u)


@njit
def _exponent(c, u, q):
    """Piecewise parabolic form of the logarithm of `_overlap`: concave, so that the integrand has one maximum."""
    mt = c.nucleon * c.temperature
    a = c.initial - 0.5 * u * u / mt
    b = c.final - 0.5 * (u + q) ** 2 / mt
    e = (c.transfer - c.lepton) / c.temperature - (u * q + 0.5 * q * q) / mt
    return min(0.0, min(a, a - b)) + min(0.0, e)


@njit
def _plan(c, x, corner):
    """Where the sum over y starts, its step, and whether the threshold p_e = 0 takes part.

    The maximum lies at one of eight corners of `_exponent`, whose weights also say which edges have to be resolved.
    """
    mass, mt = c.nucleon, c.nucleon * c.temperature
    still = max(c.side * c.transfer, c.electron)
    q = _transfer_momentum(c, math.sqrt(still * still - c.electron * c.electron), x)
    initial, final = math.sqrt(2.0 * mt * max(c.initial, 0.0)), math.sqrt(2.0 * mt * max(c.final, 0.0))
    corner[0], corner[1] = initial, -initial
    corner[2], corner[3] = final - q, -final - q
    corner[4] = (mass * (c.transfer - c.lepton) - 0.5 * q * q) / q
    corner[5] = (mt * (c.final - c.initial) - 0.5 * q * q) / q
    corner[6], corner[7] = 0.0, -q
    best, start = -math.inf, 0.0
    for k in range(8):
        weight = _exponent(c, corner[k], q)
        if weight > best:
            best, start = weight, corner[k]

    thermal = math.sqrt(mt)
    step = _GAUSSIAN_STEP * thermal
    for k in range(6):
        if _exponent(c, corner[k], q) > best - _IN_REACH:
            if k < 2:
                distance = math.sqrt(mt * (math.hypot(c.initial, math.pi) - c.initial))
            elif k < 4:
                distance = math.sqrt(mt * (math.hypot(c.final, math.pi) - c.final))
            else:  # the energy exchange has its pole at 2 pi T
                distance = (k - 3) * math.pi * mt / q
            step = min(step, _STEP * distance)

    edge = (mass * (c.transfer - c.side * c.electron) - 0.5 * c.energy * c.energy) / c.energy
    near = _exponent(c, edge, c.energy) > best - _THRESHOLD
    if c.side * (start - edge) > 0.0:
        near, start = True, edge
    p = _momentum(c, start, x)
    slope = _slope(c, p, x)
    if near:
        # p runs from 0 up, and the slope becomes largest where the leptons have one energy
        far = max(_momentum(c, start - c.side * (4.0 * thermal + initial), x), c.electron)
        slope = max(slope, _slope(c, far, x))
        if 0.0 < c.energy * x < far:
            slope = max(slope, (mass + 2.0 * thermal) / math.sqrt(1.0 - x * x))
    else:
        slope = max(slope, _slope(c, _momentum(c, start + 2.0 * thermal, x), x))
        slope = max(slope, _slope(c, _momentum(c, start - 2.0 * thermal, x), x))
    return math.asinh(p / c.electron), step / slope, near


@njit
def _march(c, x, start, step):
    """Integrals over y of p_e^2 E_e/q times overlap, and of the same times the electron's velocity."""
    mass, mt = c.nucleon, c.nucleon * c.temperature
    total, moment = 0.0, 0.0
    for direction in (1.0, -1.0):
        y = start if direction > 0.0 else start - step
        grow, ratio, last = math.exp(y), math.exp(direction * step), 0.0
        for _ in range(_MOST_TERMS):
            if y < 0.5 * step and y < 1e-9:
                break
            p, energy = 0.5 * c.electron * (grow - 1.0 / grow), 0.5 * c.electron * (grow + 1.0 / grow)
            q = _transfer_momentum(c, p, x)
            u = mass * (c.transfer - c.side * energy) / q - 0.5 * q
            a, b = c.initial - 0.5 * u * u / mt, c.final - 0.5 * (u + q) ** 2 / mt
            e = (c.side * energy - c.lepton) / c.temperature
            overlap = _overlap(b, a, -e) if c.swapped else _overlap(a, b, e)
            term = overlap * p * p * energy / q
            total += term
            moment += term * p / energy
            if term <= last and term <= _NEGLIGIBLE * total:
                break
            last = term
            y += direction * step
            grow *= ratio
    return step * total, step * moment


@njit
def _pair_of_angles(c, i, corner, total, moment):
    """Fill the integrals over y at two opposite cosines."""
    j = _ANGLES - 1 - i
    start_i, step_i, near_i = _plan(c, COSINE[i], corner)
    start_j, step_j, near_j = _plan(c, COSINE[j], corner)
    if near_i or near_j:
        step_i = step_j = min(step_i, step_j)
        start_i = max(1.0, round(start_i / step_i)) * step_i
        start_j = max(1.0, round(start_j / step_j)) * step_j
    total[i], moment[i] = _march(c, COSINE[i], start_i, step_i)
    if i != j:
        total[j], moment[j] = _march(c, COSINE[j], start_j, step_j)
    moment[i] *= c.side * COSINE[i]
    if i != j:
        moment[j] *= c.side * COSINE[j]


@njit
def _integrals(c, corner, total, moment):
    """Integral dE_e p_e E_e dx S [1 - f_e] and the same with v x, MeV^5; the forward or the reverse reaction."""
    result, anisotropy, previous = 0.0, 0.0, 0.0
    # what nucleons at rest would give, times a small number
    square = c.energy * c.energy + c.temperature * c.temperature
    nil = _NIL * square * math.exp(min(c.initial, 0.0)) * math.sqrt(c.temperature / c.nucleon)
    for rule in range(4):
        stride = 8 >> rule
        # the nodes that this rule adds; half of them, the others are their mirror images
        for i in range(stride - 1, _ANGLES // 2 + 1, stride if rule == 0 else 2 * stride):
            _pair_of_angles(c, i, corner, total, moment)
        result, anisotropy = 0.0, 0.0
        for i in range(stride - 1, _ANGLES, stride):
            result += COSINE_WEIGHT[rule, i] * total[i]
            anisotropy += COSINE_WEIGHT[rule, i] * moment[i]
        if rule > 0 and abs(result - previous) <= _ANGLES_AGREE * max(result, nil):
            break
        previous = result
    scale = c.nucleon * c.nucleon * c.temperature / math.pi
    return scale * result, scale * anisotropy


@njit
def fill_capture(energy, shift, temperature, initial, final, lepton, side, nucleon, electron, out):
    """Fill both integrals, corrected for stimulated absorption, for all zones and energies: shape (2, zone, energy)."""
    corner, total, moment = np.empty(8), np.empty(_ANGLES), np.empty(_ANGLES)
    for zone in range(temperature.size):
        t = temperature[zone]
        for group in range(energy.size):
            transfer = energy[group] + shift[zone]
            # (E - mu_nu)/T; the two reactions are in the ratio of its exponential
            balance = initial[zone] - final[zone] + (transfer - lepton[zone]) / t
            if not math.isfinite(balance):
                out[0, zone, group] = out[1, zone, group] = 0.0
                continue
            c = _Channel(
                energy[group],
                transfer,
                initial[zone],
                final[zone],
                lepton[zone],
                side,
                balance < 0.0,
                t,
                nucleon,
                electron,
            )
            stimulated = 1.0 + math.exp(-abs(balance))
            result, anisotropy = _integrals(c, corner, total, moment)
            out[0, zone, group], out[1, zone, group] = stimulated * result, stimulated * anisotropy
