"""Residual and Jacobian of the two-moment gray diffusion equations with the closure inside.

Unknowns per zone: x = (e, n), e = alpha^4 E and n = alpha^3 N, for which energy and number obey the same operator.
Derivatives are taken in ln x: dimensionless, and a Newton step in them is the relative change.
The spectral shape is f = A/(1 + exp(eps/T_nu - eta)) with T_nu from the zone's own E/N.
"""

import math
from typing import NamedTuple

import numpy as np

from microphysics._jit import njit
from snsim.transport._kernels.gray_flux import (
    GIVEN,
    SPECTRAL_FLUX,
    SPECTRAL_GRADIENT,
    Closure,
    GrayReach,
    Medium,
    edge_flux,
    edge_work,
    spectral_temperature,
)
from snsim.transport._kernels.occupation import fill_occupation

__all__ = [
    "GIVEN",
    "SPECTRAL_FLUX",
    "SPECTRAL_GRADIENT",
    "Closure",
    "GrayReach",
    "Medium",
    "System",
    "linearise",
    "newton_change",
    "scaled_norm",
    "solve_blocks",
    "solve_diffusion",
    "thermal_depth",
]

TINY = 1e-300
# a flux is a difference of two nearly equal numbers and is not known better than this part of them
ROUND_OFF = 1e-5
# ... but in empty space the conductance is unbounded where the gradient vanishes, and would excuse any residual
THINNEST = 1e8


class System(NamedTuple):
    """The equations at one x, and what the closure made of it; everything `linearise` fills.

    Shapes: `residual`, `scale` (zone, 2); blocks of the derivative in ln x `lower`, `diagonal`, `upper` (zone, 2, 2); `flux`
    r^2 alpha^-2 h = conductance[0] x_left - conductance[1] x_right with `conductance` (edge, side, 2); the `effective`
    transport opacity (edge, 2); `means` of absorption by energy and number and of the exchange (zone, 3).
    """

    residual: np.ndarray
    scale: np.ndarray
    lower: np.ndarray
    diagonal: np.ndarray
    upper: np.ndarray
    flux: np.ndarray
    conductance: np.ndarray
    effective: np.ndarray
    means: np.ndarray


@njit
def absorption_means(medium, zone, temperature, rows, means, slopes):
    """Fill energy mean and number mean of the absorption and the energy mean of the exchange, and d/d ln T_nu."""
    occupation, slope = rows[0], rows[1]
    fill_occupation(medium.energy, temperature, medium.degeneracy[zone], occupation, slope)
    absorption, exchange = medium.absorption[zone], medium.exchange[zone]
    norm_e, norm_n, tilt_e, tilt_n = 0.0, 0.0, 0.0, 0.0
    a_e, a_n, a_x, b_e, b_n, b_x = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for k in range(medium.energy.size):
        w_e, w_n = medium.weight_energy[k] * occupation[k], medium.weight_number[k] * occupation[k]
        kappa, gain, turn = absorption[k], exchange[k], slope[k]
        norm_e += w_e
        norm_n += w_n
        tilt_e += w_e * turn
        tilt_n += w_n * turn
        a_e += w_e * kappa
        a_n += w_n * kappa
        a_x += w_e * gain
        b_e += w_e * kappa * turn
        b_n += w_n * kappa * turn
        b_x += w_e * gain * turn
    means[0], means[1], means[2] = a_e / norm_e, a_n / norm_n, a_x / norm_e
    slopes[0] = b_e / norm_e - means[0] * tilt_e / norm_e
    slopes[1] = b_n / norm_n - means[1] * tilt_n / norm_n
    slopes[2] = b_x / norm_e - means[2] * tilt_e / norm_e


@njit
def _add_edges(x, geometry, medium, reach, closure, work, system):
    """Fill fluxes, conductances and effective opacities of all edges, and the fluxes' part of the blocks.

    The effective opacity makes the Wilson form 1/(3 kappa + g) equal to the mean diffusion length, whatever limiter was used.
    """
    zones = x.shape[0]
    for e in range(1, zones):
        edge_flux(x, geometry, medium, reach, closure, e, work)
        per_length = geometry.area[e] * geometry.gamma[e] / geometry.spacing[e]
        for m in range(2):
            system.flux[e, m] = work.flux[m]
            carried = 0.0
            for side in range(2):
                system.conductance[e, side, m] = per_length * work.length[side, m]
                carried += work.length[side, m] * x[e - 1 + side, m]
            mean = carried / (x[e - 1, m] + x[e, m])
            system.effective[e, m] = max((1.0 / mean - work.gradient[m]) / 3.0, 0.0)
            for v in range(2):
                system.diagonal[e - 1, m, v] += work.jacobian[m, v]
                system.upper[e - 1, m, v] += work.jacobian[m, 2 + v]
                system.lower[e, m, v] -= work.jacobian[m, v]
                system.diagonal[e, m, v] -= work.jacobian[m, 2 + v]
    for m in range(2):
        outflow = medium.given_outflow[m] if closure.scheme == GIVEN else reach.left[zones, m]
        system.conductance[zones, 0, m] = geometry.area[zones] * outflow
        system.flux[zones, m] = system.conductance[zones, 0, m] * x[zones - 1, m]
        system.diagonal[zones - 1, m, m] += system.flux[zones, m]
        system.effective[zones, m] = system.effective[zones - 1, m]
        system.effective[0, m] = system.effective[1, m]


@njit
def _at_energy(values, energy, wanted):
    """Interpolate a row as a power of eps, constant beyond its ends and linearly in ln eps next to a zero."""
    k = min(max(np.searchsorted(energy, wanted) - 1, 0), energy.size - 2)
    part = math.log(wanted / energy[k]) / math.log(energy[k + 1] / energy[k])
    part = min(max(part, 0.0), 1.0)
    low, high = values[k], values[k + 1]
    if low > 0.0 and high > 0.0:
        return low * (high / low) ** part
    return (1.0 - part) * low + part * high


@njit
def thermal_depth(x, geometry, medium, path, depth):
    """Fill the optical depth of zones to changes of energy, int sqrt(kappa_th kappa_t) dr/Gamma, for neutrinos of eps = T_nu.

    kappa_th is absorption and exchange; `path` = dr/Gamma of zones, cm.
    """
    outside = 0.0
    for i in range(x.shape[0] - 1, -1, -1):
        temperature = spectral_temperature(x[i], medium.shape_ratio[i], geometry.lapse[i])
        thermal = _at_energy(medium.absorption[i], medium.energy, temperature)
        thermal += _at_energy(medium.exchange[i], medium.energy, temperature)
        transport = 0.5 * (
            _at_energy(medium.transport[i], medium.flux_energy, temperature)
            + _at_energy(medium.transport[i + 1], medium.flux_energy, temperature)
        )
        step = math.sqrt(thermal * transport) * path[i]
        depth[i] = outside + 0.5 * step
        outside += step


@njit
def _exchanged(system, geometry, x, edge, m):
    """Return what both sides send through an edge, of which the flux is the difference."""
    if edge == 0 or edge == x.shape[0]:
        return 0.0
    most = THINNEST * geometry.area[edge]
    return (
        min(system.conductance[edge, 0, m], most) * x[edge - 1, m]
        + min(system.conductance[edge, 1, m], most) * x[edge, m]
    )


@njit
def linearise(x, geometry, medium, reach, closure, system):
    """Fill `system`: a function of x, the medium and the reach alone, no clips, no pseudo-time."""
    zones = x.shape[0]
    work, slopes, rows = edge_work(medium.flux_energy.size), np.zeros(3), np.empty((2, medium.energy.size))
    means, diagonal = system.means, system.diagonal
    system.lower[:] = 0.0
    diagonal[:] = 0.0
    system.upper[:] = 0.0
    system.flux[0] = 0.0
    system.conductance[0] = 0.0
    system.conductance[zones] = 0.0
    system.effective[:] = 0.0
    _add_edges(x, geometry, medium, reach, closure, work, system)
    for i in range(zones):
        temperature = spectral_temperature(x[i], medium.shape_ratio[i], geometry.lapse[i])
        if closure.scheme == GIVEN:
            means[i, 0], means[i, 1] = medium.given_absorption[i, 0], medium.given_absorption[i, 1]
            means[i, 2] = 0.0
        else:
            absorption_means(medium, i, temperature, rows, means[i], slopes)
        volume = geometry.volume[i]
        e, n = volume * x[i, 0], volume * x[i, 1]
        source_e, source_n = volume * medium.source_energy[i], volume * medium.source_number[i]
        cold = medium.temperature[i] / temperature
        exchange = means[i, 2] * (1.0 - cold)
        flux_e = system.flux[i + 1, 0] - system.flux[i, 0]
        flux_n = system.flux[i + 1, 1] - system.flux[i, 1]
        system.residual[i, 0] = flux_e + (means[i, 0] * e - source_e) + exchange * e
        system.residual[i, 1] = flux_n + (means[i, 1] * n - source_n)
        system.scale[i, 0] = (means[i, 0] + means[i, 2] * (1.0 + cold)) * e + abs(source_e) + TINY
        system.scale[i, 1] = means[i, 1] * n + abs(source_n) + TINY
        for m in range(2):
            system.scale[i, m] += abs(system.flux[i, m]) + abs(system.flux[i + 1, m])
            system.scale[i, m] += ROUND_OFF * (
                _exchanged(system, geometry, x, i, m) + _exchanged(system, geometry, x, i + 1, m)
            )
        tilt = e * (slopes[0] + slopes[2] * (1.0 - cold) + means[i, 2] * cold)  # d/d ln T_nu, T_nu ~ e/n
        diagonal[i, 0, 0] += (means[i, 0] + exchange) * e + tilt
        diagonal[i, 0, 1] -= tilt
        diagonal[i, 1, 0] += slopes[1] * n
        diagonal[i, 1, 1] += (means[i, 1] - slopes[1]) * n


@njit
def solve_blocks(lower, diagonal, upper, right):
    """Solve the 2x2 block-tridiagonal system in place; the answer replaces `right`, shape (zone, 2)."""
    zones = right.shape[0]
    for i in range(zones):
        if i > 0:
            for m in range(2):
                for v in range(2):
                    diagonal[i, m, v] -= (
                        lower[i, m, 0] * upper[i - 1, 0, v] + lower[i, m, 1] * upper[i - 1, 1, v]
                    )
            b0 = lower[i, 0, 0] * right[i - 1, 0] + lower[i, 0, 1] * right[i - 1, 1]
            b1 = lower[i, 1, 0] * right[i - 1, 0] + lower[i, 1, 1] * right[i - 1, 1]
            right[i, 0] -= b0
            right[i, 1] -= b1
        a, b, c, d = diagonal[i, 0, 0], diagonal[i, 0, 1], diagonal[i, 1, 0], diagonal[i, 1, 1]
        determinant = a * d - b * c
        for v in range(2):
            u0, u1 = upper[i, 0, v], upper[i, 1, v]
            upper[i, 0, v] = (d * u0 - b * u1) / determinant
            upper[i, 1, v] = (a * u1 - c * u0) / determinant
        r0, r1 = right[i, 0], right[i, 1]
        right[i, 0] = (d * r0 - b * r1) / determinant
        right[i, 1] = (a * r1 - c * r0) / determinant
    for i in range(zones - 2, -1, -1):
        right[i, 0] -= upper[i, 0, 0] * right[i + 1, 0] + upper[i, 0, 1] * right[i + 1, 1]
        right[i, 1] -= upper[i, 1, 0] * right[i + 1, 0] + upper[i, 1, 1] * right[i + 1, 1]


@njit
def scaled_norm(residual, scale):
    """Root mean square of residual over scale."""
    total = 0.0
    for i in range(residual.shape[0]):
        for m in range(residual.shape[1]):
            total += (residual[i, m] / scale[i, m]) ** 2
    return math.sqrt(total / residual.size)


@njit
def newton_change(system, change):
    """Fill the relative change of x that makes the linearised residual vanish; rows are scaled first."""
    lower, diagonal, upper = (
        np.empty_like(system.lower),
        np.empty_like(system.lower),
        np.empty_like(system.lower),
    )
    for i in range(change.shape[0]):
        for m in range(2):
            inverse = 1.0 / system.scale[i, m]
            change[i, m] = -system.residual[i, m] * inverse
            for v in range(2):
                lower[i, m, v] = system.lower[i, m, v] * inverse
                diagonal[i, m, v] = system.diagonal[i, m, v] * inverse
                upper[i, m, v] = system.upper[i, m, v] * inverse
    solve_blocks(lower, diagonal, upper, change)


@njit
def solve_diffusion(conductance, loss, source, out):
    """Solve h_+ - h_- + loss x = source with h = conductance[0] x_left - conductance[1] x_right, shape (zone, 2).

    The outermost conductance leads to empty space. The matrix is dominated by the diagonal of every column, so x is positive
    where sources are.
    """
    zones = out.shape[0]
    back = np.empty(zones)
    for m in range(2):
        lost = 0.0  # part of what enters a zone from outside that never comes back, without a difference of large numbers
        for i in range(zones):
            leak, right = loss[i, m], source[i, m]
            if i > 0:
                leak += conductance[i, 1, m] * lost
                right += conductance[i, 0, m] * out[i - 1, m]
            pivot = conductance[i + 1, 0, m] + leak
            lost = leak / pivot
            back[i] = conductance[i + 1, 1, m] / pivot
            out[i, m] = right / pivot
        for i in range(zones - 2, -1, -1):
            out[i, m] += back[i] * out[i + 1, m]
