"""Integrals over the energy of a pair's other neutrino, in equilibrium: weight and panels. All energies in units of T."""

import math

from numpy.polynomial.legendre import leggauss

from microphysics._jit import njit

__all__ = ["REACH", "UNIT_NODES", "UNIT_WEIGHTS", "next_edge", "partner_weight"]

UNIT_NODES, UNIT_WEIGHTS = leggauss(7)
UNIT_NODES, UNIT_WEIGHTS = 0.5 * (1.0 + UNIT_NODES), 0.5 * UNIT_WEIGHTS
REACH = 36.0
"""How far beyond the last feature the partner's energy counts: e^-36."""
_LARGEST = 700.0  # exponent that does not overflow
_NARROW = 3.5  # of a panel beside a Fermi edge, whose nearest pole is pi away


@njit
def partner_weight(y, x, eta):
    """Return the weight of annihilation in kappa*, (1 + e^(eta - x)) f'(y), f' = 1/(1 + e^(y + eta)).

    With a neutrino of x and mu_nu/T = eta, f' + (1 - f') e^(-x - y) of absorption by the pair and of stimulated emission.
    """
    if eta >= 0.0:
        thin = math.exp(-eta)
        return (thin + math.exp(-x)) / (thin + math.exp(y))
    if y + eta > _LARGEST:
        return 0.0
    return (1.0 + math.exp(eta - x)) / (1.0 + math.exp(y + eta))


@njit
def next_edge(left, features):
    """Right end of the panel that begins at `left`: panels grow with their distance from every feature and end on it."""
    right = math.inf
    for k in range(features.size):
        distance = features[k] - left
        if distance > 2.0 * _NARROW:
            right = min(right, left + 0.5 * distance)
        elif distance > 0.0:
            right = min(right, features[k])
        else:
            right = min(right, left + _NARROW - 0.5 * distance)
    return right
