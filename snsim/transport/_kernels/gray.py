"""Residual and Jacobian of the two-moment gray diffusion equations with the spectral-flux closure inside.

Unknowns per zone: x = (e, n), e = alpha^4 E and n = alpha^3 N, for which energy and number obey the same operator.
Derivatives are taken in ln x: dimensionless, and a Newton step in them is the relative change.
The spectral shape is f = A/(1 + exp(eps/T_nu - eta)) with T_nu from the zone's own E/N.
"""

import math
from typing import NamedTuple

import numpy as np

from microphysics._jit import njit
from snsim.transport._kernels.limiters import diffusion_length

TINY = 1e-300
# a flux is a difference of two nearly equal numbers and is not known better than this part of them
ROUND_OFF = 1e-5
# ... but in empty space the conductance is unbounded where the gradient vanishes, and would excuse any residual
THINNEST = 1e8


class Geometry(NamedTuple):
    """Static geometry of the operator finite volumes between areal radii.

    `area` = r^2/alpha^2 at edges; `volume` = (r_+^3 - r_-^3)/(3 Gamma alpha^2) of zones; `gamma` at edges; `spacing`
    between the centres on either side of an edge; `from_left`, `from_right` = (r_upstream/r_edge)^2; `lapse` of zones.
    """

    area: np.ndarray
    volume: np.ndarray
    gamma: np.ndarray
    spacing: np.ndarray
    from_left: np.ndarray
    from_right: np.ndarray
    lapse: np.ndarray


class Medium(NamedTuple):
    """Opacities and sources of one species.

    `energy` in MeV with weights of eps^3 deps (`weight_energy`) and eps^2 deps (`weight_number`); `absorption`, `exchange`
    of zones, `transport` of edges, shape (zone or edge, energy), 1/cm; `source_energy` = alpha^4 Q_E/c,
    `source_number` = alpha^3 Q_N/c; `temperature` of the matter; `degeneracy` eta and `shape_ratio` F_3/F_2(eta).
    """

    energy: np.ndarray
    weight_energy: np.ndarray
    weight_number: np.ndarray
    absorption: np.ndarray
    exchange: np.ndarray
    transport: np.ndarray
    source_energy: np.ndarray
    source_number: np.ndarray
    temperature: np.ndarray
    degeneracy: np.ndarray
    shape_ratio: np.ndarray


@njit
def spectral_temperature(x, ratio, lapse):
    """T_nu = (E/N)/(F_3/F_2), MeV, from x = (e, n)."""
    return x[0] / (x[1] * lapse * ratio)


@njit
def absorption_means(medium, zone, temperature, means, slopes):
    """Fill energy mean and number mean of the absorption and the energy mean of the exchange, and d/d ln T_nu."""
    eta = medium.degeneracy[zone]
    norm_e, norm_n, tilt_e, tilt_n = 0.0, 0.0, 0.0, 0.0
    a_e, a_n, a_x, b_e, b_n, b_x = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for k in range(medium.energy.size):
        x = medium.energy[k] / temperature
        f = 1.0 / (1.0 + math.exp(min(x - eta, 690.0)))
        slope = x * (1.0 - f)  # d ln f/d ln T
        w_e, w_n = medium.weight_energy[k] * f, medium.weight_number[k] * f
        kappa, gain = medium.absorption[zone, k], medium.exchange[zone, k]
        norm_e += w_e
        norm_n += w_n
        tilt_e += w_e * slope
        tilt_n += w_n * slope
        a_e += w_e * kappa
        a_n += w_n * kappa
        a_x += w_e * gain
        b_e += w_e * kappa * slope
        b_n += w_n * kappa * slope
        b_x += w_e * gain * slope
    means[0], means[1], means[2] = a_e / norm_e, a_n / norm_n, a_x / norm_e
    slopes[0] = b_e / norm_e - means[0] * tilt_e / norm_e
    slopes[1] = b_n / norm_n - means[1] * tilt_n / norm_n
    slopes[2] = b_x / norm_e - means[2] * tilt_e / norm_e


@njit
def flux_lengths(medium, edge, temperature, eta, limiter, power, g_e, g_n, out):
    """Fill Lambda_E, dLambda_E/dg, dLambda_E/d ln T_nu and the same for number: means of Lambda(kappa_t, g)."""
    norm_e, norm_n, tilt_e, tilt_n = 0.0, 0.0, 0.0, 0.0
    a_e, a_n, b_e, b_n, s_e, s_n = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for k in range(medium.energy.size):
        x = medium.energy[k] / temperature
        f = 1.0 / (1.0 + math.exp(min(x - eta, 690.0)))
        slope = x * (1.0 - f)
        w_e, w_n = medium.weight_energy[k] * f, medium.weight_number[k] * f
        kappa = medium.transport[edge, k]
        length_e, dg_e = diffusion_length(limiter, power, kappa, g_e)
        length_n, dg_n = diffusion_length(limiter, power, kappa, g_n)
        norm_e += w_e
        norm_n += w_n
        tilt_e += w_e * slope
        tilt_n += w_n * slope
        a_e += w_e * length_e
        a_n += w_n * length_n
        s_e += w_e * dg_e
        s_n += w_n * dg_n
        b_e += w_e * length_e * slope
        b_n += w_n * length_n * slope
    out[0], out[1] = a_e / norm_e, s_e / norm_e
    out[2] = b_e / norm_e - out[0] * tilt_e / norm_e
    out[3], out[4] = a_n / norm_n, s_n / norm_n
    out[5] = b_n / norm_n - out[3] * tilt_n / norm_n


@njit
def _gradient(left, right, gamma, spacing, from_left, from_right):
    """Return g = Gamma |d ln x/dr| against the upstream value and dg/d ln x_left = -dg/d ln x_right."""
    if left >= right:
        ratio = right / left
        scale = gamma / (spacing * from_left)
        return scale * (1.0 - ratio), scale * ratio
    ratio = left / right
    scale = gamma / (spacing * from_right)
    return scale * (1.0 - ratio), -scale * ratio


@njit
def edge_flux(x, geometry, medium, limiter, power, edge, flux, jacobian, lengths):
    """Fill r^2 alpha^-2 h of energy and number at an interior edge, and its derivatives.

    `jacobian[m, v]`: moment m against v = (ln e_left, ln n_left, ln e_right, ln n_right). `lengths` holds the mean diffusion
    lengths and the two g.
    """
    left, right = x[edge - 1], x[edge]
    t_left = spectral_temperature(left, medium.shape_ratio[edge - 1], geometry.lapse[edge - 1])
    t_right = spectral_temperature(right, medium.shape_ratio[edge], geometry.lapse[edge])
    temperature = math.sqrt(t_left * t_right)
    eta = 0.5 * (medium.degeneracy[edge - 1] + medium.degeneracy[edge])
    gamma, spacing = geometry.gamma[edge], geometry.spacing[edge]
    for m in range(2):
        lengths[6 + m], lengths[8 + m] = _gradient(
            left[m], right[m], gamma, spacing, geometry.from_left[edge], geometry.from_right[edge]
        )
    flux_lengths(medium, edge, temperature, eta, limiter, power, lengths[6], lengths[7], lengths)
    scale = geometry.area[edge] * gamma / spacing
    for m in range(2):
        length, dg, d_temperature = lengths[3 * m], lengths[3 * m + 1], lengths[3 * m + 2]
        difference = scale * (left[m] - right[m])
        flux[m] = length * difference
        tilt = 0.5 * difference * d_temperature
        jacobian[m, 0], jacobian[m, 1], jacobian[m, 2], jacobian[m, 3] = tilt, -tilt, tilt, -tilt
        jacobian[m, m] += scale * length * left[m] + difference * dg * lengths[8 + m]
        jacobian[m, 2 + m] += -scale * length * right[m] - difference * dg * lengths[8 + m]


class System(NamedTuple):
    """The equations at one x, and what the closure made of it; everything `linearise` fills.

    Shapes: `residual`, `scale` (zone, 2); blocks of the derivative in ln x `lower`, `diagonal`, `upper` (zone, 2, 2); `flux`
    r^2 alpha^-2 h, its `conductance` flux/(x_left - x_right) and the `effective` transport opacity (edge, 2); `means` of
    absorption by energy and number and of the exchange (zone, 3).
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
def linearise(x, geometry, medium, limiter, power, system):
    """Fill `system`, whose arrays start at zero: a function of x and the medium alone, no clips, no pseudo-time.

    The effective opacity makes the Wilson form 1/(3 kappa + g) equal to the mean diffusion length, whatever limiter was used.
    """
    zones = x.shape[0]
    out, scale, lower, diagonal, upper = (
        system.residual,
        system.scale,
        system.lower,
        system.diagonal,
        system.upper,
    )
    flux, conductance, means = system.flux, system.conductance, system.means
    slopes, block, lengths = np.empty(3), np.empty((2, 4)), np.empty(10)
    for i in range(zones):
        if i + 1 < zones:
            edge_flux(x, geometry, medium, limiter, power, i + 1, flux[i + 1], block, lengths)
            for m in range(2):
                per_length = geometry.area[i + 1] * geometry.gamma[i + 1] / geometry.spacing[i + 1]
                conductance[i + 1, m] = per_length * lengths[3 * m]
                system.effective[i + 1, m] = max((1.0 / lengths[3 * m] - lengths[6 + m]) / 3.0, 0.0)
                for v in range(2):
                    diagonal[i, m, v] += block[m, v]
                    upper[i, m, v] += block[m, 2 + v]
                    lower[i + 1, m, v] -= block[m, v]
                    diagonal[i + 1, m, v] -= block[m, 2 + v]
        else:
            for m in range(2):
                conductance[zones, m] = geometry.area[zones] * geometry.from_left[zones]
                flux[zones, m] = conductance[zones, m] * x[i, m]
                diagonal[i, m, m] += flux[zones, m]
                system.effective[zones, m] = system.effective[i, m]
        temperature = spectral_temperature(x[i], medium.shape_ratio[i], geometry.lapse[i])
        absorption_means(medium, i, temperature, means[i], slopes)
        volume = geometry.volume[i]
        e, n = volume * x[i, 0], volume * x[i, 1]
        source_e, source_n = volume * medium.source_energy[i], volume * medium.source_number[i]
        cold = medium.temperature[i] / temperature
        exchange = means[i, 2] * (1.0 - cold)
        out[i, 0] = flux[i + 1, 0] - flux[i, 0] + (means[i, 0] * e - source_e) + exchange * e
        out[i, 1] = flux[i + 1, 1] - flux[i, 1] + (means[i, 1] * n - source_n)
        scale[i, 0] = (means[i, 0] + means[i, 2] * (1.0 + cold)) * e + source_e + TINY
        scale[i, 1] = means[i, 1] * n + source_n + TINY
        for m in range(2):
            scale[i, m] += abs(flux[i, m]) + abs(flux[i + 1, m])
            if i > 0:
                exchanged = min(conductance[i, m], THINNEST * geometry.area[i]) * (x[i - 1, m] + x[i, m])
                scale[i, m] += ROUND_OFF * exchanged
            if i + 1 < zones:
                exchanged = min(conductance[i + 1, m], THINNEST * geometry.area[i + 1]) * (
                    x[i, m] + x[i + 1, m]
                )
                scale[i, m] += ROUND_OFF * exchanged
        tilt = e * (slopes[0] + slopes[2] * (1.0 - cold) + means[i, 2] * cold)  # d/d ln T_nu, T_nu ~ e/n
        diagonal[i, 0, 0] += (means[i, 0] + exchange) * e + tilt
        diagonal[i, 0, 1] -= tilt
        diagonal[i, 1, 0] += slopes[1] * n
        diagonal[i, 1, 1] += (means[i, 1] - slopes[1]) * n
    for m in range(2):
        system.effective[0, m] = system.effective[1, m]


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
def solve_diffusion(conductance, loss, source, out):
    """Solve conductance_+ (x_i - x_i+1) - conductance_- (x_i-1 - x_i) + loss x = source for both moments, shape (zone, 2).

    The outermost conductance leads to empty space. The matrix is diagonally dominant, so x is positive where sources are.
    """
    zones = out.shape[0]
    forward = np.empty(zones)
    for m in range(2):
        lost = 0.0  # 1 - forward of the zone before: its losses over its pivot, without a difference of large numbers
        for i in range(zones):
            leak, right = loss[i, m], source[i, m]
            if i > 0:
                leak += conductance[i, m] * lost
                right += conductance[i, m] * out[i - 1, m]
            pivot = conductance[i + 1, m] + leak
            lost = leak / pivot
            forward[i] = conductance[i + 1, m] / pivot
            out[i, m] = right / pivot
        for i in range(zones - 2, -1, -1):
            out[i, m] += forward[i] * out[i + 1, m]
