"""Flux of energy and number through an edge: the closures of the gray scheme, with their derivatives.

All have the form h = forward x_left - backward x_right with positive coefficients, and are homogeneous of degree one in x.
"""

import math
from typing import NamedTuple

import numpy as np

from microphysics._jit import njit
from snsim.transport._kernels.geometry import gradient
from snsim.transport._kernels.limiters import diffusion_lengths
from snsim.transport._kernels.occupation import fill_occupation

STEEPEST = 0.7  # largest |d ln(r^2 f)| between a centre and its edge that is followed at one energy
SPECTRAL_FLUX, SPECTRAL_GRADIENT, GIVEN = 0, 1, 2
SMALLEST = 1e-300  # part of a moment at one energy: two empty neighbours exchange nothing


class Closure(NamedTuple):
    """Which closure, and the limiter inside: codes, and the exponent of the Larsen family."""

    scheme: int
    limiter: int
    power: float


class Medium(NamedTuple):
    """Opacities and sources of one species.

    `energy` in MeV with weights of eps^3 deps (`weight_energy`) and eps^2 deps (`weight_number`), `absorption` and `exchange`
    of zones, shape (zone, energy), 1/cm; for fluxes fewer energies suffice: `flux_energy` with `flux_weight_energy`,
    `flux_weight_number` and `transport`, shape (edge, flux energy), 1/cm; `source_energy` = alpha^4 Q_E/c,
    `source_number` = alpha^3 Q_N/c; `temperature` of the matter; `degeneracy` eta and `shape_ratio` F_3/F_2(eta).
    Only the closure `GIVEN` reads `given_absorption` (zone, moment), 1/cm, `given_length` (edge, side, moment), cm, the mean
    diffusion lengths of the spectra on either side of an edge, and `given_outflow` (moment), h/x at the outer edge.
    """

    energy: np.ndarray
    weight_energy: np.ndarray
    weight_number: np.ndarray
    absorption: np.ndarray
    exchange: np.ndarray
    flux_energy: np.ndarray
    flux_weight_energy: np.ndarray
    flux_weight_number: np.ndarray
    transport: np.ndarray
    source_energy: np.ndarray
    source_number: np.ndarray
    temperature: np.ndarray
    degeneracy: np.ndarray
    shape_ratio: np.ndarray
    given_absorption: np.ndarray
    given_length: np.ndarray
    given_outflow: np.ndarray


class GrayReach(NamedTuple):
    """Edge values over zone values: of e and n (edge, moment), and of f at every energy (edge, energy), from either side."""

    left: np.ndarray
    right: np.ndarray
    spectral_left: np.ndarray
    spectral_right: np.ndarray


class EdgeWork(NamedTuple):
    """Rows of one value per energy, and what an edge gives: see `edge_flux`.

    `flux` (moment); `jacobian` (moment, variable) against (ln e_left, ln n_left, ln e_right, ln n_right); `length` (side,
    moment), mean diffusion length of the spectrum on either side; `gradient` (moment), g of the moments themselves.
    """

    rows: np.ndarray
    flux: np.ndarray
    jacobian: np.ndarray
    length: np.ndarray
    gradient: np.ndarray


@njit
def edge_work(energies):
    """Return empty work space."""
    return EdgeWork(np.empty((12, energies)), np.empty(2), np.empty((2, 4)), np.empty((2, 2)), np.empty(2))


@njit
def spectral_temperature(x, ratio, lapse):
    """T_nu = (E/N)/(F_3/F_2), MeV, from x = (e, n)."""
    return x[0] / (x[1] * lapse * ratio)


@njit
def _weighted_sums(weight, occupation, slope):
    """Return the sum of w f and the mean of d ln f/d ln T over it."""
    norm, tilt = 0.0, 0.0
    for k in range(weight.size):
        w = weight[k] * occupation[k]
        norm += w
        tilt += w * slope[k]
    return norm, tilt / norm


@njit
def _spread_side(x, zone, edge, geometry, medium, reach, spectral, rows):
    """Fill the row `spectral` with f_edge/f_zone of the spectrum whose moments change by `reach` on the way to the edge.

    ln f changes by the reach of n and by d ln f/d ln T_nu times that of T_nu, first order in both: second in the spacing.
    """
    occupation, slope = rows[0], rows[1]
    temperature = (
        math.sqrt(geometry.area[edge]) / geometry.edge[edge] * x[0] / (x[1] * medium.shape_ratio[zone])
    )
    fill_occupation(medium.flux_energy, temperature, medium.degeneracy[zone], occupation, slope)
    _, tilt = _weighted_sums(medium.flux_weight_number, occupation, slope)
    dilution = (geometry.radius[zone] / geometry.edge[edge]) ** 2
    whole, warmth = math.log(reach[1] / dilution), math.log(reach[0] / reach[1])
    for k in range(slope.size):
        change = whole + (slope[k] - tilt) * warmth
        spectral[k] = dilution * math.exp(change / math.sqrt(1.0 + (change / STEEPEST) ** 2))


@njit
def spread_reach(x, geometry, medium, reach):
    """Fill the spectral part of `reach` from the part of the moments."""
    rows = np.empty((2, medium.flux_energy.size))
    zones = x.shape[0]
    for e in range(1, zones):
        _spread_side(x[e - 1], e - 1, e, geometry, medium, reach.left[e], reach.spectral_left[e], rows)
        _spread_side(x[e], e, e, geometry, medium, reach.right[e], reach.spectral_right[e], rows)


@njit
def _flux_of_spectrum(x, geometry, medium, reach, closure, edge, work):
    """Mean of the limited diffusion length over one spectrum, that of the edge, with the gradient of the moment.

    T_nu is the geometric mean of both zones' and eta the arithmetic one.
    """
    left, right = x[edge - 1], x[edge]
    t_left = spectral_temperature(left, medium.shape_ratio[edge - 1], geometry.lapse[edge - 1])
    t_right = spectral_temperature(right, medium.shape_ratio[edge], geometry.lapse[edge])
    eta = 0.5 * (medium.degeneracy[edge - 1] + medium.degeneracy[edge])
    occupation, slope, g, length, steepness = (
        work.rows[0],
        work.rows[1],
        work.rows[2],
        work.rows[3],
        work.rows[4],
    )
    fill_occupation(medium.flux_energy, math.sqrt(t_left * t_right), eta, occupation, slope)
    gamma, spacing, area = geometry.gamma[edge], geometry.spacing[edge], geometry.area[edge]
    kappa = medium.transport[edge]
    for m in range(2):
        weight = medium.flux_weight_energy if m == 0 else medium.flux_weight_number
        work.gradient[m], change = gradient(
            left[m], right[m], gamma, spacing, reach.left[edge, m], reach.right[edge, m]
        )
        g[:] = work.gradient[m]
        diffusion_lengths(closure.limiter, closure.power, kappa, g, length, steepness)
        norm, tilt = _weighted_sums(weight, occupation, slope)
        mean, d_g, d_t = 0.0, 0.0, 0.0
        for k in range(weight.size):
            w = weight[k] * occupation[k]
            mean += w * length[k]
            d_g += w * steepness[k]
            d_t += w * length[k] * (slope[k] - tilt)
        mean, d_g, d_t = mean / norm, d_g / norm, d_t / norm
        scale = area * gamma / spacing
        difference = scale * (left[m] - right[m])
        work.flux[m] = mean * difference
        work.length[0, m] = work.length[1, m] = mean
        turn = 0.5 * difference * d_t
        work.jacobian[m, 0] = work.jacobian[m, 2] = turn
        work.jacobian[m, 1] = work.jacobian[m, 3] = -turn
        work.jacobian[m, m] += scale * mean * left[m] + difference * d_g * change
        work.jacobian[m, 2 + m] -= scale * mean * right[m] + difference * d_g * change


@njit
def _fill_gradients(p_left, p_right, scale, reach_left, reach_right, g, change):
    """Fill g = Gamma |d ln f/dr| at every energy, and its derivative in ln f_left; see `gradient`."""
    for k in range(g.size):
        falls = p_left[k] >= p_right[k]
        ratio = min(p_left[k], p_right[k]) / max(p_left[k], p_right[k])
        steep = scale / (reach_left[k] if falls else reach_right[k])
        g[k] = steep * (1.0 - ratio)
        change[k] = steep * ratio if falls else -steep * ratio


@njit
def _flux_of_gradient(x, geometry, medium, reach, closure, edge, work):
    """Sum over energies of the limited diffusion of f = A/(1 + exp(eps/T_nu - eta)), A, T_nu and eta each zone's own.

    Both occupations stand at the same energy at infinity: alpha_edge eps = alpha T_nu (argument of f). Each moment of f over
    our energies is made the moment itself, so that nothing flows between two zones with the same alpha T_nu, eta and x.
    """
    rows = work.rows
    f_left, slope_left, f_right, slope_right, p_left, p_right = (
        rows[0],
        rows[1],
        rows[2],
        rows[3],
        rows[4],
        rows[5],
    )
    g, change, length, steepness = rows[6], rows[7], rows[8], rows[9]
    gamma, spacing, area = geometry.gamma[edge], geometry.spacing[edge], geometry.area[edge]
    shift = math.sqrt(area) / geometry.edge[edge]  # 1/alpha of the edge
    left, right = x[edge - 1], x[edge]
    t_left = shift * left[0] / (left[1] * medium.shape_ratio[edge - 1])
    t_right = shift * right[0] / (right[1] * medium.shape_ratio[edge])
    fill_occupation(medium.flux_energy, t_left, medium.degeneracy[edge - 1], f_left, slope_left)
    fill_occupation(medium.flux_energy, t_right, medium.degeneracy[edge], f_right, slope_right)
    kappa = medium.transport[edge]
    scale = area * gamma / spacing
    for m in range(2):
        weight = medium.flux_weight_energy if m == 0 else medium.flux_weight_number
        norm_left, tilt_left = _weighted_sums(weight, f_left, slope_left)
        norm_right, tilt_right = _weighted_sums(weight, f_right, slope_right)
        a, b = left[m] / norm_left, right[m] / norm_right
        for k in range(weight.size):
            p_left[k] = a * weight[k] * f_left[k] + SMALLEST
            p_right[k] = b * weight[k] * f_right[k] + SMALLEST
        _fill_gradients(
            p_left, p_right, gamma / spacing, reach.spectral_left[edge], reach.spectral_right[edge], g, change
        )
        diffusion_lengths(closure.limiter, closure.power, kappa, g, length, steepness)
        net, forward, backward = 0.0, 0.0, 0.0
        d_left, d_right, turn_left, turn_right = 0.0, 0.0, 0.0, 0.0
        for k in range(weight.size):
            outwards, inwards = length[k] * p_left[k], length[k] * p_right[k]
            difference = p_left[k] - p_right[k]
            limited = difference * steepness[k] * change[k]
            net += length[k] * difference  # forward - backward, without their round-off
            forward += outwards
            backward += inwards
            d_left += outwards + limited
            d_right -= inwards + limited
            turn_left += (outwards + limited) * (slope_left[k] - tilt_left)
            turn_right -= (inwards + limited) * (slope_right[k] - tilt_right)
        work.flux[m] = scale * net
        work.length[0, m], work.length[1, m] = forward / left[m], backward / right[m]
        work.gradient[m], _ = gradient(
            left[m], right[m], gamma, spacing, reach.left[edge, m], reach.right[edge, m]
        )
        work.jacobian[m, 0], work.jacobian[m, 1] = scale * turn_left, -scale * turn_left
        work.jacobian[m, 2], work.jacobian[m, 3] = scale * turn_right, -scale * turn_right
        work.jacobian[m, m] += scale * d_left
        work.jacobian[m, 2 + m] += scale * d_right


@njit
def _given_flux(x, geometry, medium, reach, edge, work):
    """Flux with the mean diffusion lengths that a spectral solution has on either side."""
    gamma, spacing = geometry.gamma[edge], geometry.spacing[edge]
    scale = geometry.area[edge] * gamma / spacing
    work.jacobian[:] = 0.0
    for m in range(2):
        for side in range(2):
            work.length[side, m] = medium.given_length[edge, side, m]
        outwards, inwards = scale * work.length[0, m] * x[edge - 1, m], scale * work.length[1, m] * x[edge, m]
        work.flux[m] = outwards - inwards
        work.jacobian[m, m], work.jacobian[m, 2 + m] = outwards, -inwards
        work.gradient[m], _ = gradient(
            x[edge - 1, m], x[edge, m], gamma, spacing, reach.left[edge, m], reach.right[edge, m]
        )


@njit
def edge_flux(x, geometry, medium, reach, closure, edge, work):
    """Fill `work` with r^2 alpha^-2 h of energy and number at an interior edge, and its derivatives in ln x."""
    if closure.scheme == SPECTRAL_GRADIENT:
        _flux_of_gradient(x, geometry, medium, reach, closure, edge, work)
    elif closure.scheme == SPECTRAL_FLUX:
        _flux_of_spectrum(x, geometry, medium, reach, closure, edge, work)
    else:
        _given_flux(x, geometry, medium, reach, edge, work)
