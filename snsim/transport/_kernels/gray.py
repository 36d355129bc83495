"""Residual and Jacobian of the two-moment gray diffusion equations with the closure inside.

Unknowns per zone: x = (e, n), e = alpha^4 E and n = alpha^3 N, for which energy and number obey the same operator.
Derivatives are taken in ln x: dimensionless, and a Newton step in them is the relative change.
The spectral shape is f = A/(1 + exp(eps/T_nu - eta)) with T_nu from the zone's own E/N.
"""

import math
from typing import NamedTuple

import numpy as np

from microphysics._jit import njit
from snsim.transport._kernels.cubics import cubic, monotone_slopes
from snsim.transport._kernels.geometry import gradient
from snsim.transport._kernels.gray_flux import (
    GIVEN,
    SPECTRAL_FLUX,
    SPECTRAL_GRADIENT,
    Closure,
    Edges,
    GrayReach,
    Medium,
    Spectra,
    expect,
    fill_spectra,
    fluxes_of_spectra,
    gather_fluxes,
    gather_outflow,
    given_fluxes,
    moments_reach,
    spectral_fluxes,
    spectral_temperature,
)
from snsim.transport._kernels.occupation import LARGEST, fill_occupation

__all__ = [
    "GIVEN",
    "SPECTRAL_FLUX",
    "SPECTRAL_GRADIENT",
    "Closure",
    "Edges",
    "GrayReach",
    "Medium",
    "Spectra",
    "System",
    "effective_opacity",
    "equilibrium_moments",
    "expect",
    "fill_spectra",
    "linearise",
    "moments_reach",
    "newton_change",
    "scaled_norm",
    "solve_blocks",
    "solve_diffusion",
    "take_step",
    "thermal_depth",
    "turn_shapes",
]

TINY = 1e-300
# a flux is a difference of two nearly equal numbers and is not known better than this part of them
ROUND_OFF = 1e-5
# ... but in empty space the conductance is unbounded where the gradient vanishes, and would excuse any residual
THINNEST = 1e8


class System(NamedTuple):
    """The equations at one x, and what the closure made of it; everything `linearise` fills.

    Shapes: `residual`, `scale` (zone, 2); blocks of the derivative in ln x `lower`, `diagonal`, `upper` (zone, 2, 2); `means`
    of absorption by energy and number and of the exchange (zone, 3); what the `edges` give; `spectra` of the closure by
    gradients.
    """

    residual: np.ndarray
    scale: np.ndarray
    lower: np.ndarray
    diagonal: np.ndarray
    upper: np.ndarray
    means: np.ndarray
    edges: Edges
    spectra: Spectra


@njit(reorder=True)
def _mean_absorption(weight_energy, weight_number, absorption, exchange, occupation, slope, means, slopes):
    """Fill energy mean and number mean of the absorption and the energy mean of the exchange, and d/d ln T_nu."""
    norm_e, norm_n, tilt_e, tilt_n = 0.0, 0.0, 0.0, 0.0
    a_e, a_n, a_x, b_e, b_n, b_x = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for k in range(occupation.size):
        w_e, w_n = weight_energy[k] * occupation[k], weight_number[k] * occupation[k]
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
def absorption_means(x, geometry, medium, means, slopes):
    """Fill the means of all zones, see `System`, and their derivatives in ln T_nu, (zone, 3)."""
    energy, weight_energy, weight_number = medium.energy, medium.weight_energy, medium.weight_number
    absorption, exchange = medium.absorption, medium.exchange
    occupation, slope = np.empty(energy.size), np.empty(energy.size)
    for i in range(x.shape[0]):
        temperature = spectral_temperature(x[i], medium.shape_ratio[i]) / geometry.lapse[i]
        fill_occupation(energy, temperature, medium.degeneracy[i], occupation, slope)
        _mean_absorption(
            weight_energy, weight_number, absorption[i], exchange[i], occupation, slope, means[i], slopes[i]
        )


@njit
def _fill_edges(x, geometry, medium, reach, closure, expected, system):
    """Fill what flows through all edges, by the closure."""
    zones, edges = x.shape[0], system.edges
    edges.jacobian[:] = 0.0
    edges.flux[0], edges.carried[0], edges.carried[zones] = 0.0, 0.0, 0.0
    if closure.scheme == SPECTRAL_GRADIENT:
        spectral_fluxes(geometry, medium, reach, closure, expected, system.spectra)
        gather_fluxes(medium, system.spectra, edges)
        gather_outflow(geometry, medium, reach, system.spectra, edges)
    else:
        if closure.scheme == SPECTRAL_FLUX:
            fluxes_of_spectra(x, geometry, medium, reach, closure, edges)
        else:
            given_fluxes(x, geometry, medium, edges)
        for m in range(2):
            part = medium.given_outflow[m] if closure.scheme == GIVEN else reach.left[zones, m]
            edges.flux[zones, m] = geometry.area[zones] * part * x[zones - 1, m]
            edges.jacobian[zones, m, m] = edges.flux[zones, m]
    edges.carried[zones, 0] = edges.flux[zones]


@njit
def _add_edges(edges, lower, diagonal, upper):
    """Add the derivatives of the fluxes to the blocks of the zones on either side."""
    jacobian = edges.jacobian
    zones = diagonal.shape[0]
    for e in range(1, zones + 1):
        for m in range(2):
            for v in range(2):
                diagonal[e - 1, m, v] += jacobian[e, m, v]
                if e < zones:
                    upper[e - 1, m, v] += jacobian[e, m, 2 + v]
                    lower[e, m, v] -= jacobian[e, m, v]
                    diagonal[e, m, v] -= jacobian[e, m, 2 + v]


@njit
def effective_opacity(x, geometry, reach, edges, out):
    """Fill the transport opacity (edge, 2) that gives the mean diffusion length in Wilson's form 1/(3 kappa + g).

    Whatever limiter was used; g from the moments with `reach` (edge, moment).
    """
    zones = x.shape[0]
    for e in range(1, zones):
        steepest = geometry.gamma[e] / geometry.spacing[e]
        for m in range(2):
            g, _ = gradient(
                x[e - 1, m],
                x[e, m],
                geometry.gamma[e],
                geometry.spacing[e],
                reach.left[e, m],
                reach.right[e, m],
            )
            carried = edges.carried[e, 0, m] + edges.carried[e, 1, m]
            length = carried / (geometry.area[e] * steepest * (x[e - 1, m] + x[e, m]))
            out[e, m] = max((1.0 / length - g) / 3.0, 0.0)
    out[0], out[zones] = out[1], out[zones - 1]


@njit
def thermal_depth(x, lapse, medium, path, depth):
    """Fill the optical depth of zones to changes of energy, int sqrt(kappa_th kappa_t) dr/Gamma, for neutrinos of eps = T_nu.

    kappa_th is absorption and exchange; `path` = dr/Gamma of zones, cm.
    """
    log_energy, thermal = np.log(medium.energy), medium.log_thermal
    slopes = np.empty(4)
    outside = 0.0
    for i in range(x.shape[0] - 1, -1, -1):
        there = math.log(spectral_temperature(x[i], medium.shape_ratio[i]) / lapse[i])
        there = min(max(there, log_energy[0]), log_energy[-1])
        k = min(max(np.searchsorted(log_energy, there) - 1, 0), log_energy.size - 2)
        first, last = max(k - 1, 0), min(k + 3, log_energy.size)  # the points that the cubic knows
        monotone_slopes(thermal[i, first:last], log_energy[first:last], slopes)
        begin, end = slopes[k - first], slopes[k + 1 - first]
        width, s = log_energy[k + 1] - log_energy[k], there - log_energy[k]
        step = math.exp(cubic(thermal[i, k], thermal[i, k + 1], begin, end, width, s)) * path[i]
        depth[i] = outside + 0.5 * step
        outside += step


@njit
def turn_shapes(x, lapse, medium, path, free, equilibrium, most, shapes):
    """Fill eta turned, by `most` at most, towards eta_eq + (free - eta_eq) e^-tau, tau the thermal depth; return the way.

    A spectrum has the shape of equilibrium where even its slow end is trapped. In multigroup solutions of proto-neutron stars
    the eta that fits E, N and <eps^2> goes half the way at tau = 0.7 to 0.8 for nue and anue, 0.4 to 0.5 for nux.
    """
    thermal_depth(x, lapse, medium, path, shapes)
    largest = 0.0
    for i in range(x.shape[0]):
        now = medium.degeneracy[i]
        change = equilibrium[i] + (free - equilibrium[i]) * math.exp(-shapes[i]) - now
        largest = max(largest, abs(change))
        shapes[i] = now + min(max(change, -most), most)
    return largest


@njit(reorder=True)
def equilibrium_moments(energy, weights, absorption, temperature, degeneracy, emission, moments):
    """Fill sum of kappa* f_eq and of f_eq with both rows of `weights`, (zone, 2); 0 where eta is undefined."""
    f, slope = np.empty(energy.size), np.empty(energy.size)
    for i in range(temperature.size):
        emission[i], moments[i] = 0.0, 0.0
        if not degeneracy[i] > -LARGEST:
            continue
        fill_occupation(energy, temperature[i], min(degeneracy[i], 0.9 * LARGEST), f, slope)
        for m in range(2):
            gain, total = 0.0, 0.0
            for k in range(energy.size):
                w = weights[m, k] * f[k]
                total += w
                gain += w * absorption[i, k]
            emission[i, m], moments[i, m] = gain, total


@njit
def _exchanged(carried, geometry, x, edge, m):
    """Return what both sides send through an edge, of which the flux is the difference."""
    zones = x.shape[0]
    if edge == 0 or edge == zones:
        return 0.0
    most = THINNEST * geometry.area[edge]
    return min(carried[edge, 0, m], most * x[edge - 1, m]) + min(carried[edge, 1, m], most * x[edge, m])


@njit
def linearise(x, geometry, medium, reach, closure, expected, system):
    """Fill `system`: a function of x, the medium and the reach alone, no clips, no pseudo-time.

    For the closure by gradients its spectra are those of x already, see `fill_spectra`. `expected`: see `spectral_fluxes`; it
    changes the derivative only. Returns the root mean square of residual over scale.
    """
    zones = x.shape[0]
    means, slopes, diagonal = system.means, np.zeros((zones, 3)), system.diagonal
    flux, carried = system.edges.flux, system.edges.carried
    system.lower[:] = 0.0
    diagonal[:] = 0.0
    system.upper[:] = 0.0
    _fill_edges(x, geometry, medium, reach, closure, expected, system)
    _add_edges(system.edges, system.lower, diagonal, system.upper)
    if closure.scheme == GIVEN:
        means[:, :2] = medium.given_absorption
        means[:, 2] = 0.0
    else:
        absorption_means(x, geometry, medium, means, slopes)
    for i in range(zones):
        temperature = spectral_temperature(x[i], medium.shape_ratio[i]) / geometry.lapse[i]
        volume = geometry.volume[i]
        e, n = volume * x[i, 0], volume * x[i, 1]
        source_e, source_n = volume * medium.source_energy[i], volume * medium.source_number[i]
        cold = medium.temperature[i] / temperature
        exchange = means[i, 2] * (1.0 - cold)
        flux_e = flux[i + 1, 0] - flux[i, 0]
        flux_n = flux[i + 1, 1] - flux[i, 1]
        system.residual[i, 0] = flux_e + (means[i, 0] * e - source_e) + exchange * e
        system.residual[i, 1] = flux_n + (means[i, 1] * n - source_n)
        system.scale[i, 0] = (means[i, 0] + means[i, 2] * (1.0 + cold)) * e + abs(source_e) + TINY
        system.scale[i, 1] = means[i, 1] * n + abs(source_n) + TINY
        for m in range(2):
            system.scale[i, m] += abs(flux[i, m]) + abs(flux[i + 1, m])
            system.scale[i, m] += ROUND_OFF * (
                _exchanged(carried, geometry, x, i, m) + _exchanged(carried, geometry, x, i + 1, m)
            )
        tilt = e * (
            slopes[i, 0] + slopes[i, 2] * (1.0 - cold) + means[i, 2] * cold
        )  # d/d ln T_nu, T_nu ~ e/n
        diagonal[i, 0, 0] += (means[i, 0] + exchange) * e + tilt
        diagonal[i, 0, 1] -= tilt
        diagonal[i, 1, 0] += slopes[i, 1] * n
        diagonal[i, 1, 1] += (means[i, 1] - slopes[i, 1]) * n
    return scaled_norm(system.residual, system.scale)


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
def newton_change(system, brake, change):
    """Fill the relative change of x that makes the linearised residual over scale plus `brake` times the change vanish.

    The brake is an implicit step in pseudo-time, 1/`brake` long in units of the time in which a zone is filled or emptied.
    """
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
            diagonal[i, m, m] += brake
    solve_blocks(lower, diagonal, upper, change)


@njit
def take_step(x, system, pace, factor, change, expected):
    """Make the step of `newton_change`, no unknown by more than `factor`, and fill the fluxes `expected` after it.

    Returns the largest relative change that was wanted; where it is not finite no step is made.
    """
    newton_change(system, 1.0 / pace, change)
    largest = 0.0
    for i in range(x.shape[0]):
        for m in range(2):
            if not math.isfinite(change[i, m]):
                return math.inf
            largest = max(largest, abs(change[i, m]))
    for i in range(x.shape[0]):
        for m in range(2):
            change[i, m] = min(max(change[i, m], 1.0 / factor - 1.0), factor - 1.0)
            x[i, m] *= 1.0 + change[i, m]
    expect(change, system.spectra, expected)
    return largest


@njit
def solve_diffusion(x, carried, loss, source, out):
    """Solve h_+ - h_- + loss x = source with the conductances h/x that `carried` has at the last `x`, shape (zone, 2).

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
                leak += carried[i, 1, m] / x[i, m] * lost
                right += carried[i, 0, m] / x[i - 1, m] * out[i - 1, m]
            pivot = carried[i + 1, 0, m] / x[i, m] + leak
            lost = leak / pivot
            back[i] = carried[i + 1, 1, m] / x[i + 1, m] / pivot if i + 1 < zones else 0.0
            out[i, m] = right / pivot
        for i in range(zones - 2, -1, -1):
            out[i, m] += back[i] * out[i + 1, m]
