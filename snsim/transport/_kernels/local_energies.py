"""From a row of local energies that all zones share to the local energies of groups at fixed energy at infinity.

Opacities are interpolated along ln E. Kernels keep E'/E when both energies are redshifted, so they are interpolated along
the diagonals of their grid, which has the groups' own spacing: the cusp of scattering at E' = E stays on its diagonal, and
one set of weights serves all pairs of groups of a zone.
"""

import math

import numpy as np

from microphysics._jit import njit


@njit
def _lagrange(nodes, values, first, last, x):
    """Polynomial through `values` at `nodes`, from `first` to `last`."""
    total = 0.0
    for a in range(first, last + 1):
        weight = 1.0
        for b in range(first, last + 1):
            if b != a:
                weight *= (x - nodes[b]) / (nodes[a] - nodes[b])
        total += weight * values[a]
    return total


@njit
def _kink_between(thresholds, low, high):
    """Whether one of `thresholds` lies between; NaN is none."""
    for threshold in thresholds:
        if low < threshold < high:
            return True
    return False


@njit
def _at(nodes, opacity, logs, thresholds, j, x):
    """Opacity at x, between nodes j and j + 1: cubic in logarithms, but not across a threshold or a zero."""
    last = nodes.size - 1
    if opacity[j] == 0.0 or opacity[j + 1] == 0.0 or _kink_between(thresholds, nodes[j], nodes[j + 1]):
        part = (x - nodes[j]) / (nodes[j + 1] - nodes[j])
        return max(opacity[j] + part * (opacity[j + 1] - opacity[j]), 0.0)
    low, high = j, j + 1
    if nodes[0] <= x <= nodes[last]:
        if j > 0 and opacity[j - 1] > 0.0 and not _kink_between(thresholds, nodes[j - 1], nodes[j]):
            low = j - 1
        if high < last and opacity[j + 2] > 0.0 and not _kink_between(thresholds, nodes[j + 1], nodes[j + 2]):
            high = j + 2
    return math.exp(_lagrange(nodes, logs, low, high, x))


@njit
def local_opacities(nodes, opacity, log_energy, lapse, thresholds):
    """Opacities at the local energies of all groups, shape (species, zone, group).

    Parameters
    ----------
    nodes : (node,) array
        Logarithm of the energies of `opacity`, rising, at least two; a power law goes on beyond its ends.
    opacity : (species, zone, node) array
        Not negative.
    log_energy : (group,) array
        Logarithm of the energies at infinity, rising.
    lapse : (zone,) array
    thresholds : (zone, threshold) array
        Logarithm of energies with kinks, NaN for none.
    """
    kinds, zones, points = opacity.shape
    out = np.empty((kinds, zones, log_energy.size))
    logs = np.empty(points)
    for s in range(kinds):
        for i in range(zones):
            for k in range(points):
                logs[k] = math.log(opacity[s, i, k]) if opacity[s, i, k] > 0.0 else 0.0
            shift = math.log(lapse[i])
            j = 0
            for g in range(log_energy.size):
                x = log_energy[g] - shift
                while j < points - 2 and nodes[j + 1] <= x:
                    j += 1
                out[s, i, g] = _at(nodes, opacity[s, i], logs, thresholds[i], j, x)
    return out


@njit
def _diagonal_weights(part, weights):
    """Weights of four neighbours at -1, 0, 1, 2 for a point at `part`."""
    weights[0] = -part * (part - 1.0) * (part - 2.0) / 6.0
    weights[1] = (part + 1.0) * (part - 1.0) * (part - 2.0) / 2.0
    weights[2] = -(part + 1.0) * part * (part - 2.0) / 2.0
    weights[3] = (part + 1.0) * part * (part - 1.0) / 6.0


@njit
def _along_diagonal(values, logs, weights, a, b):
    """Kernel between nodes (a, b) and (a + 1, b + 1), in logarithms unless one of the four neighbours is 0."""
    positive = True
    total = 0.0
    for q in range(4):
        positive = positive and values[a - 1 + q, b - 1 + q] > 0.0
        total += weights[q] * logs[a - 1 + q, b - 1 + q]
    if positive:
        return math.exp(total)
    part = weights[2] + 2.0 * weights[3] - weights[0]  # of a straight line, its position
    return max(values[a, b] + part * (values[a + 1, b + 1] - values[a, b]), 0.0)


@njit
def _take_logarithms(values, logs):
    for a in range(values.shape[0]):
        for b in range(values.shape[1]):
            logs[a, b] = math.log(values[a, b]) if values[a, b] > 0.0 else 0.0


@njit
def scattering_groups(position, phi_0, turning, scaled_energy, weight, log_vacancy, scatter, gain, transport):
    """Scattering between groups, and what it does to the flux.

    Only the kernel of down-scattering is interpolated, a power law at high energies; up-scattering follows from it by
    detailed balance at the local energies.

    Parameters
    ----------
    position : (zone,) array
        Where the first group lies on the grid of the kernels, in steps from its second node.
    phi_0, turning : (zone, node, node) arrays
        Phi_0 and Phi_0 - Phi_1 from the first energy to the second, cm^3/s.
    scaled_energy, weight : (zone, group) arrays
        Local E/T, and the weight of an integral that turns Phi into 1/cm.
    log_vacancy : (zone, group) array
        ln(1 - f_eq).
    scatter, gain : (zone, group, group) arrays
        Filled as in `Coupling`.
    transport : (zone, group) array
        Filled with sum w' (Phi_0 - Phi_1)(E, E') (1 - f_eq')/(1 - f_eq).
    """
    zones, groups = weight.shape
    logs, turning_logs, weights = np.empty(phi_0.shape[1:]), np.empty(phi_0.shape[1:]), np.empty(4)
    for i in range(zones):
        base = int(position[i])
        _diagonal_weights(position[i] - base, weights)
        _take_logarithms(phi_0[i], logs)
        _take_logarithms(turning[i], turning_logs)
        transport[i, :] = 0.0
        x, w, vacancy = scaled_energy[i], weight[i], log_vacancy[i]
        for g in range(groups):
            for k in range(g + 1):
                a, b = 1 + base + g, 1 + base + k
                down = _along_diagonal(phi_0[i], logs, weights, a, b)
                turned = _along_diagonal(turning[i], turning_logs, weights, a, b)
                transport[i, g] += w[k] * turned * math.exp(vacancy[k] - vacancy[g])
                if k == g:
                    scatter[i, g, g] = gain[i, g, g] = 0.0  # changes no spectrum
                    continue
                up = down * math.exp(x[k] - x[g])
                scatter[i, g, k], gain[i, k, g] = w[k] * down, w[g] * down
                scatter[i, k, g], gain[i, g, k] = w[g] * up, w[k] * up
                # the exponent is never positive: 1 - f falls no faster than e^x
                transport[i, k] += w[g] * turned * math.exp(x[k] - x[g] + vacancy[g] - vacancy[k])


@njit
def pair_groups(position, phi_0, scaled_energy, weight, partner, production, annihilation, loss):
    """Pairs of groups, and the rate at which a partner that is given takes neutrinos away.

    Parameters
    ----------
    position, scaled_energy, weight
        As in `scattering_groups`.
    phi_0 : (process, zone, node, node) array
        Of annihilation, the partner's energy last, cm^3/s; each process by itself, as one may fall where another rises.
    partner : (zone, group) array
        Occupation of the partner.
    production, annihilation : (zone, group, group) arrays
        Filled as in `Coupling`.
    loss : (zone, group) array
        Filled with sum production (1 - partner) + annihilation partner.
    """
    zones, groups = weight.shape
    logs, weights = np.empty(phi_0.shape[2:]), np.empty(4)
    for i in range(zones):
        base = int(position[i])
        _diagonal_weights(position[i] - base, weights)
        annihilation[i] = 0.0
        for kernel in phi_0[:, i]:
            _take_logarithms(kernel, logs)
            for g in range(groups):
                for k in range(groups):
                    value = _along_diagonal(kernel, logs, weights, 1 + base + g, 1 + base + k)
                    annihilation[i, g, k] += weight[i, k] * value
        for g in range(groups):
            loss[i, g] = 0.0
            for k in range(groups):
                balance = math.exp(-(scaled_energy[i, g] + scaled_energy[i, k]))
                production[i, g, k] = annihilation[i, g, k] * balance
                loss[i, g] += annihilation[i, g, k] * (balance * (1.0 - partner[i, k]) + partner[i, k])
