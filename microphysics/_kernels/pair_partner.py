"""Annihilation of neutrino pairs into electrons, integrated over a partner in equilibrium."""

import numpy as np

from microphysics._jit import njit
from microphysics._kernels.fermi_rows import ORDERS, fermi_row
from microphysics._kernels.pairs import annihilation
from microphysics._kernels.partner import (
    REACH,
    UNIT_NODES,
    UNIT_WEIGHTS,
    next_edge,
    partner_weight,
)

__all__ = ["partner_states"]


@njit
def _integral(x, electrons, eta, own, rows, work, pair, features, out):
    """Int_0^inf y^2 `partner_weight` Phi(x, y) dy, both structures; `own` and row 0 are Fermi integrals at x and at 0."""
    # the partner's Fermi surface, the opening of electron states, and the kink of the kernel at y = x
    features[0], features[1], features[2] = max(-eta, 0.0), max(electrons - x, 0.0), x
    out[0] = out[1] = 0.0
    end = max(features[0], features[1]) + REACH
    left = 0.0
    while left < end:
        right = min(end, next_edge(left, features))
        width = right - left
        for k in range(UNIT_NODES.size):
            y = left + width * UNIT_NODES[k]
            weight = width * UNIT_WEIGHTS[k] * y * y * partner_weight(y, x, eta)
            if weight == 0.0:
                continue
            low, high = (1, 2) if x <= y else (2, 1)  # rows of the neutrino go where its energy belongs
            rows[low], rows[low + 3] = own[0], own[1]
            fermi_row(abs(y - electrons), rows[high])
            fermi_row(y + electrons, rows[high + 3])
            annihilation(min(x, y), max(x, y), electrons, rows, work, pair)
            first, second = (0, 1) if x <= y else (1, 0)
            out[first] += weight * pair[0, 0]
            out[second] += weight * pair[1, 0]
        left = right


@njit
def partner_states(energy, temperature, degeneracy, neutrino, out):
    """Int_0^inf y^2 `partner_weight` Phi(x, y) dy of the annihilation kernel in the units of `pairs`.

    Parameters
    ----------
    energy : ndarray, shape (energy,)
        In the unit of `temperature`.
    temperature, degeneracy, neutrino : ndarray, shape (state,)
        Temperature, mu_e/T, and mu_nu/T of the neutrino.
    out : ndarray, shape (state, structure, energy)
        Filled.
    """
    rows, work, pair = np.zeros((7, ORDERS)), np.zeros((8, 2, ORDERS)), np.empty((2, 2))
    own, features, value = np.empty((2, ORDERS)), np.empty(3), np.empty(2)
    for state in range(temperature.size):
        electrons = abs(degeneracy[state])
        # more positrons than electrons: charge conjugation exchanges the structures
        plus, minus = (0, 1) if degeneracy[state] >= 0.0 else (1, 0)
        fermi_row(electrons, rows[0])
        for i in range(energy.size):
            x = energy[i] / temperature[state]
            fermi_row(abs(x - electrons), own[0])
            fermi_row(x + electrons, own[1])
            _integral(x, electrons, neutrino[state], own, rows, work, pair, features, value)
            out[state, plus, i], out[state, minus, i] = max(value[0], 0.0), max(value[1], 0.0)
