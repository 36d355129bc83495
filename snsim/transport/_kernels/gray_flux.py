"""Flux of energy and number through edges: the closures of the gray scheme, with their derivatives.

All have the form h = forward x_left - backward x_right with positive coefficients, and are homogeneous of degree one in x.
Energies are those at infinity, at which the spectra of two zones are compared.
"""

import math
from typing import NamedTuple

import numpy as np

from microphysics._jit import njit
from snsim.transport._kernels.geometry import gradient
from snsim.transport._kernels.limiters import WILSON, diffusion_length, diffusion_lengths
from snsim.transport._kernels.occupation import fill_occupation

SPECTRAL_FLUX, SPECTRAL_GRADIENT, GIVEN = 0, 1, 2
SMALLEST = 1e-300  # occupation: two empty neighbours exchange nothing
# of the bend of a limited flux: all of it leaves no derivative in the zone downstream, or one that rounding makes negative
REGULAR = 1.0 - 1e-12


class Closure(NamedTuple):
    """Which closure, and the limiter inside: codes, and the exponent of the Larsen family."""

    scheme: int
    limiter: int
    power: float


class Medium(NamedTuple):
    """Opacities and sources of one species.

    `energy` in MeV with weights of eps^3 deps (`weight_energy`) and eps^2 deps (`weight_number`), `absorption` and `exchange`
    of zones, shape (zone, energy), 1/cm, and `log_thermal` = ln sqrt(kappa_th kappa_t). For fluxes fewer energies suffice,
    here at infinity: `flux_energy` with `flux_weight_energy`, `flux_weight_number` and `transport`, shape (edge, flux
    energy), 1/cm. `source_energy` = alpha^4 Q_E/c, `source_number` = alpha^3 Q_N/c; `temperature` of the matter; `degeneracy`
    eta and `shape_ratio` F_3/F_2(eta). Only the closure `GIVEN` reads `given_absorption` (zone, moment), 1/cm, `given_length`
    (edge, side, moment), cm, the mean diffusion lengths of the spectra on either side of an edge, and `given_outflow`
    (moment), h/x at the outer edge.
    """

    energy: np.ndarray
    weight_energy: np.ndarray
    weight_number: np.ndarray
    absorption: np.ndarray
    exchange: np.ndarray
    log_thermal: np.ndarray
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


class Spectra(NamedTuple):
    """Spectra of zones, and their fluxes at edges, at the flux energies.

    `occupation` f, in units that make the sum of its number weights n, `tilt` = d ln f/d ln T_nu at fixed n (zone, energy);
    `excess` = e over the sum of the energy weights, 1 but for the quadrature, and `lean` = d ln excess/d ln T_nu (zone).
    At edges, shape (edge, energy): `conductance`, `flux`, and the derivatives of the flux in ln f, `forth` of the zone before
    and -`back` of the zone after.
    """

    occupation: np.ndarray
    tilt: np.ndarray
    excess: np.ndarray
    lean: np.ndarray
    conductance: np.ndarray
    flux: np.ndarray
    forth: np.ndarray
    back: np.ndarray


class Edges(NamedTuple):
    """What the edges give.

    `flux` r^2 alpha^-2 h (edge, moment); `carried` (edge, side, moment), what either side sends, of which it is the
    difference; `jacobian` (edge, moment, variable) of the flux against (ln e_left, ln n_left, ln e_right, ln n_right). The
    first edge, the centre, is not filled.
    """

    flux: np.ndarray
    carried: np.ndarray
    jacobian: np.ndarray


@njit
def spectral_temperature(x, ratio):
    """Return alpha T_nu = (e/n)/(F_3/F_2), MeV, from x = (e, n)."""
    return x[0] / (x[1] * ratio)


@njit(reorder=True)
def weighted_sums(weight, occupation, slope):
    """Return the sum of w f and the mean of d ln f/d ln T over it."""
    norm, tilt = 0.0, 0.0
    for k in range(weight.size):
        w = weight[k] * occupation[k]
        norm += w
        tilt += w * slope[k]
    return norm, tilt / norm


@njit
def fill_spectra(x, medium, spectra):
    """Fill the spectra of all zones: A/(1 + exp(eps/T_nu - eta)) with the n and the e/n of the zone."""
    energy, weight_energy, weight_number = (
        medium.flux_energy,
        medium.flux_weight_energy,
        medium.flux_weight_number,
    )
    occupation, tilts, excess, lean = spectra.occupation, spectra.tilt, spectra.excess, spectra.lean
    for i in range(x.shape[0]):
        f, tilt = occupation[i], tilts[i]
        temperature = spectral_temperature(x[i], medium.shape_ratio[i])
        fill_occupation(energy, temperature, medium.degeneracy[i], f, tilt)
        whole, tilt_e = weighted_sums(weight_energy, f, tilt)
        number, tilt_n = weighted_sums(weight_number, f, tilt)
        scale = x[i, 1] / number
        for k in range(f.size):
            f[k] = scale * f[k] + SMALLEST
            tilt[k] -= tilt_n
        excess[i] = x[i, 0] / (scale * whole)
        lean[i] = 1.0 - tilt_e + tilt_n


@njit
def _limit(left, right, kappa, from_left, from_right, steepest, closure, length, bend):
    """Fill the diffusion length at every energy, and -d length/d ln f of the zone upstream; `steepest` = Gamma/spacing."""
    wilson = closure.limiter == WILSON
    for k in range(left.size):
        falls = left[k] >= right[k]
        ratio = right[k] / left[k] if falls else left[k] / right[k]
        steep = steepest / (from_left[k] if falls else from_right[k])
        length[k] = steep * (1.0 - ratio)
        bend[k] = steep * ratio
    if wilson:
        for k in range(left.size):
            length[k] = 1.0 / (3.0 * kappa[k] + length[k])
            bend[k] *= length[k] * length[k]
    else:
        for k in range(left.size):
            length[k], slope = diffusion_length(closure.limiter, closure.power, kappa[k], length[k])
            bend[k] *= -slope


@njit
def _fill_edge(left, right, front, expected, conductance, bend, flux, forth, back):
    """From lengths and bends to conductance, flux and its derivatives; `front` = area Gamma/spacing."""
    for k in range(left.size):
        conductance[k] *= front
        flux[k] = conductance[k] * (left[k] - right[k])
        # part of the bend that the derivative takes along: all where the flux is what was expected, or nothing was (NaN)
        part = expected[k] / flux[k] if flux[k] != 0.0 else 0.0
        part = part if part < REGULAR else REGULAR
        part = part if part > 0.0 else 0.0
        turned = part * front * bend[k] * abs(left[k] - right[k])
        forth[k] = conductance[k] * left[k] - turned
        back[k] = conductance[k] * right[k] - turned


@njit
def spectral_fluxes(geometry, medium, reach, closure, expected, spectra):
    """Fill the flux r^2 alpha^-2 h at every energy and interior edge, and what of its derivative is followed.

    `expected` (edge, energy): flux that the step to here was to give. Where it is NaN the derivative is exact, but for a part
    of 1e-12 (`REGULAR`); where it is 0 diffusion lengths count as constant.
    """
    f, flux, forth, back, conductance = (
        spectra.occupation,
        spectra.flux,
        spectra.forth,
        spectra.back,
        spectra.conductance,
    )
    before, after, transport = reach.spectral_left, reach.spectral_right, medium.transport
    bend = np.empty(f.shape[1])
    for e in range(1, f.shape[0]):
        steepest = geometry.gamma[e] / geometry.spacing[e]
        left, right, length = f[e - 1], f[e], conductance[e]
        _limit(left, right, transport[e], before[e], after[e], steepest, closure, length, bend)
        front = geometry.area[e] * steepest
        _fill_edge(left, right, front, expected[e], length, bend, flux[e], forth[e], back[e])


@njit(reorder=True)
def _sums(weight, flux, forth, back, tilt_left, tilt_right):
    """Return the sums of w times flux, forth, back, and of the last two times the tilt of their side."""
    a, b, c, d, e = 0.0, 0.0, 0.0, 0.0, 0.0
    for k in range(weight.size):
        w = weight[k]
        out, home = w * forth[k], w * back[k]
        a += w * flux[k]
        b += out
        c += home
        d += out * tilt_left[k]
        e += home * tilt_right[k]
    return a, b, c, d, e


@njit(reorder=True)
def _carried(weight, conductance, left, right):
    """Return the sums of w times what the spectrum of either side sends."""
    a, b = 0.0, 0.0
    for k in range(weight.size):
        w = weight[k] * conductance[k]
        a += w * left[k]
        b += w * right[k]
    return a, b


@njit
def gather_fluxes(medium, spectra, edges):
    """Sum the fluxes of all energies at interior edges to those of energy and number."""
    f, tilt, conductance = spectra.occupation, spectra.tilt, spectra.conductance
    flux, forth, back = spectra.flux, spectra.forth, spectra.back
    weights = (medium.flux_weight_energy, medium.flux_weight_number)
    for e in range(1, f.shape[0]):
        before, after = spectra.excess[e - 1], spectra.excess[e]
        for m in range(2):
            weight = weights[m]
            net, sent, met, out, home = _sums(weight, flux[e], forth[e], back[e], tilt[e - 1], tilt[e])
            whole = 1.0
            if m == 0:
                whole = 0.5 * (before + after)
                out += 0.5 * net * before / whole * spectra.lean[e - 1]
                home -= 0.5 * net * after / whole * spectra.lean[e]
            jacobian = edges.jacobian[e, m]
            edges.flux[e, m] = whole * net
            jacobian[0], jacobian[1] = whole * out, whole * (sent - out)
            jacobian[2], jacobian[3] = -whole * home, -whole * (met - home)
            sent, met = _carried(weight, conductance[e], f[e - 1], f[e])
            edges.carried[e, 0, m], edges.carried[e, 1, m] = whole * sent, whole * met


@njit
def gather_outflow(geometry, medium, reach, spectra, edges):
    """Sum what leaves the outermost zone into empty space."""
    last = spectra.occupation.shape[0]
    f, tilt, excess = spectra.occupation[last - 1], spectra.tilt[last - 1], spectra.excess[last - 1]
    for m in range(2):
        weight = medium.flux_weight_energy if m == 0 else medium.flux_weight_number
        net, lean = 0.0, 0.0
        for k in range(f.size):
            part = weight[k] * reach.spectral_left[last, k] * f[k]
            net += part
            lean += part * tilt[k]
        if m == 0:
            net, lean = excess * net, excess * (lean + net * spectra.lean[last - 1])
        edges.flux[last, m] = geometry.area[last] * net
        edges.jacobian[last, m, 0] = geometry.area[last] * lean
        edges.jacobian[last, m, 1] = geometry.area[last] * (net - lean)


@njit
def moments_reach(medium, reach, spectra):
    """Fill the reach of e and n from that of f."""
    f = spectra.occupation
    zones = f.shape[0]
    for e in range(1, zones + 1):
        for m in range(2):
            weight = medium.flux_weight_energy if m == 0 else medium.flux_weight_number
            left, right, on_left, on_right = 0.0, 0.0, 0.0, 0.0
            for k in range(weight.size):
                a = weight[k] * f[e - 1, k]
                left += a
                on_left += a * reach.spectral_left[e, k]
                if e < zones:
                    b = weight[k] * f[e, k]
                    right += b
                    on_right += b * reach.spectral_right[e, k]
            reach.left[e, m] = on_left / left
            if e < zones:
                reach.right[e, m] = on_right / right


@njit(reorder=True)
def expect(change, spectra, expected):
    """Fill the flux `expected` at every energy after a relative change of x, shape (zone, 2)."""
    for e in range(1, change.shape[0]):
        whole, warmth = change[e - 1, 1], change[e - 1, 0] - change[e - 1, 1]
        whole_after, warmth_after = change[e, 1], change[e, 0] - change[e, 1]
        for k in range(expected.shape[1]):
            expected[e, k] = (
                spectra.flux[e, k]
                + spectra.forth[e, k] * (whole + spectra.tilt[e - 1, k] * warmth)
                - spectra.back[e, k] * (whole_after + spectra.tilt[e, k] * warmth_after)
            )


@njit
def fluxes_of_spectra(x, geometry, medium, reach, closure, edges):
    """Mean of the limited diffusion length over one spectrum, that of the edge, with the gradient of the moment.

    T_nu is the geometric mean of both zones' and eta the arithmetic one.
    """
    occupation, slope, g, length, steepness = np.empty((5, medium.flux_energy.size))
    for e in range(1, x.shape[0]):
        left, right = x[e - 1], x[e]
        t_left = spectral_temperature(left, medium.shape_ratio[e - 1])
        t_right = spectral_temperature(right, medium.shape_ratio[e])
        eta = 0.5 * (medium.degeneracy[e - 1] + medium.degeneracy[e])
        fill_occupation(medium.flux_energy, math.sqrt(t_left * t_right), eta, occupation, slope)
        gamma, spacing = geometry.gamma[e], geometry.spacing[e]
        for m in range(2):
            weight = medium.flux_weight_energy if m == 0 else medium.flux_weight_number
            g[:], change = gradient(left[m], right[m], gamma, spacing, reach.left[e, m], reach.right[e, m])
            diffusion_lengths(closure.limiter, closure.power, medium.transport[e], g, length, steepness)
            norm, tilt = weighted_sums(weight, occupation, slope)
            mean, d_g, d_t = 0.0, 0.0, 0.0
            for k in range(weight.size):
                w = weight[k] * occupation[k]
                mean += w * length[k]
                d_g += w * steepness[k]
                d_t += w * length[k] * (slope[k] - tilt)
            mean, d_g, d_t = mean / norm, d_g / norm, d_t / norm
            scale = geometry.area[e] * gamma / spacing
            difference = scale * (left[m] - right[m])
            edges.flux[e, m] = mean * difference
            carried, jacobian = edges.carried[e], edges.jacobian[e, m]
            carried[0, m], carried[1, m] = scale * mean * left[m], scale * mean * right[m]
            turn = 0.5 * difference * d_t
            jacobian[0] = jacobian[2] = turn
            jacobian[1] = jacobian[3] = -turn
            jacobian[m] += carried[0, m] + difference * d_g * change
            jacobian[2 + m] -= carried[1, m] + difference * d_g * change


@njit
def given_fluxes(x, geometry, medium, edges):
    """Fluxes with the mean diffusion lengths that a spectral solution has on either side."""
    for e in range(1, x.shape[0]):
        scale = geometry.area[e] * geometry.gamma[e] / geometry.spacing[e]
        for m in range(2):
            sent = scale * medium.given_length[e, 0, m] * x[e - 1, m]
            met = scale * medium.given_length[e, 1, m] * x[e, m]
            edges.flux[e, m] = sent - met
            edges.carried[e, 0, m], edges.carried[e, 1, m] = sent, met
            edges.jacobian[e, m, m], edges.jacobian[e, m, 2 + m] = sent, -met
