"""The operator for groups of energy at infinity: residual, derivative and linear solves.

    (flux_+ - flux_-) + V (kappa_a (x - x_eq) - C(x)) = 0,   flux = (r^2/alpha^2) h

for the occupation x of every zone and group. In flux-limited diffusion h = Lambda(kappa_t, g) Gamma (x_l - x_r)/spacing with
g = Gamma |d ln x/dr| against the value at the edge seen from upstream; with a given Eddington factor
h = Gamma (w_l x_l - w_r x_r)/(kappa_t spacing). C is the collision integral of reactions that change the energy.
"""

import math
from typing import NamedTuple

import numpy as np

from microphysics._jit import njit
from snsim.transport._kernels.coupling import collide
from snsim.transport._kernels.geometry import gradient
from snsim.transport._kernels.limiters import diffusion_length

EDDINGTON = -1  # in place of a limiter's code: the flux is linear in x
# residuals below this, in units of r^2 x, are those of groups without neutrinos: what is there is rounded up to 1e-290
TINY = 1e-250
# a flux is a difference of two nearly equal numbers and is not known better than this part of them
ROUND_OFF = 1e-5
# ... but in empty space the conductance is unbounded where the gradient vanishes, and would excuse any residual
THINNEST = 1e8
# of the bend of a limited flux: all of it leaves no derivative in the zone downstream, or one that rounding makes negative
REGULAR = 1.0 - 1e-12


class Medium(NamedTuple):
    """One species on its groups.

    `absorption` kappa* and `equilibrium` x_eq (zone, group); `transport` opacity of the flux (edge, group), 1/cm;
    `weight_left`, `weight_right` of x on either side of an edge (edge, group), 1 in diffusion; `outflow` h/x at the outer
    edge (group).
    """

    absorption: np.ndarray
    equilibrium: np.ndarray
    transport: np.ndarray
    weight_left: np.ndarray
    weight_right: np.ndarray
    outflow: np.ndarray


class System(NamedTuple):
    """The equations at one x; everything `linearise` fills.

    `residual`, `scale`, and the derivative of the residual in ln x of the zone before, of the zone and of the zone after,
    `lower`, `diagonal`, `upper`, shape (zone, group); `dense` (zone, group, group), the derivative of -V C, empty without
    collisions; `flux` r^2 alpha^-2 h (edge, group).
    """

    residual: np.ndarray
    scale: np.ndarray
    lower: np.ndarray
    diagonal: np.ndarray
    upper: np.ndarray
    dense: np.ndarray
    flux: np.ndarray


@njit
def _followed(expected, flux):
    """Part of the bend of a limited flux that the derivative takes along: all where the flux is what was expected."""
    if math.isnan(expected):
        return 1.0
    return min(max(expected / flux, 0.0), REGULAR) if flux != 0.0 else 0.0


@njit
def edge_fluxes(x, geometry, reach, medium, limiter, power, expected, system):
    """Fill flux of every edge, and add its divergence to residual, scale and derivatives."""
    zones, groups = x.shape
    for e in range(1, zones):
        i = e - 1
        gamma, spacing = geometry.gamma[e], geometry.spacing[e]
        front = geometry.area[e] * gamma / spacing
        thinnest = THINNEST * geometry.area[e]
        for k in range(groups):
            left, right, kappa = x[i, k], x[e, k], medium.transport[e, k]
            if limiter == EDDINGTON:
                length, dg, turn = 1.0 / kappa, 0.0, 0.0
            else:
                g, turn = gradient(left, right, gamma, spacing, reach.left[e, k], reach.right[e, k])
                length, dg = diffusion_length(limiter, power, kappa, g)
            from_left, from_right = medium.weight_left[e, k] * left, medium.weight_right[e, k] * right
            conductance = front * length
            flux = conductance * (from_left - from_right)
            turned = _followed(expected[e, k], flux) * front * (from_left - from_right) * dg * turn
            to_left, to_right = conductance * from_left + turned, -conductance * from_right - turned
            system.flux[e, k] = flux
            system.residual[i, k] += flux
            system.residual[e, k] -= flux
            system.diagonal[i, k] += to_left
            system.upper[i, k] += to_right
            system.lower[e, k] -= to_left
            system.diagonal[e, k] -= to_right
            known = abs(flux) + ROUND_OFF * min(conductance, thinnest) * (left + right)
            system.scale[i, k] += known
            system.scale[e, k] += known
    for k in range(groups):
        flux = geometry.area[zones] * medium.outflow[k] * x[zones - 1, k]
        system.flux[zones, k] = flux
        system.residual[zones - 1, k] += flux
        system.diagonal[zones - 1, k] += flux
        system.scale[zones - 1, k] += flux


@njit
def linearise(x, geometry, reach, medium, coupling, limiter, power, expected, system):
    """Fill `system`: a function of x and the medium alone, no clips, no pseudo-time.

    `expected`, shape (edge, group): flux that the step to x was to give. Where it is NaN the derivative is exact; where
    it is 0 diffusion lengths count as constant (Picard). The residual is homogeneous of degree one in (x, x_eq) at fixed
    `reach` where nothing changes the energy.
    """
    zones, groups = x.shape
    system.residual[:] = 0.0
    system.scale[:] = TINY
    system.lower[:] = 0.0
    system.diagonal[:] = 0.0
    system.upper[:] = 0.0
    edge_fluxes(x, geometry, reach, medium, limiter, power, expected, system)
    for i in range(zones):
        volume = geometry.volume[i]
        for k in range(groups):
            loss = volume * medium.absorption[i, k] * x[i, k]
            source = volume * medium.absorption[i, k] * medium.equilibrium[i, k]
            system.residual[i, k] += loss - source
            system.diagonal[i, k] += loss
            system.scale[i, k] += loss + source
    if system.dense.shape[0] > 0:
        rate, both = np.empty(groups), np.empty(groups)
        for i in range(zones):
            volume = geometry.volume[i]
            collide(x[i], i, coupling, rate, both, system.dense[i])
            for k in range(groups):
                system.residual[i, k] -= volume * rate[k]
                system.scale[i, k] += volume * both[k]
                for m in range(groups):
                    system.dense[i, k, m] *= -volume * x[i, m]
                    # 1 - x has no digits left where x is nearly 1
                    system.scale[i, k] += ROUND_OFF * abs(system.dense[i, k, m])


@njit
def next_occupation(x, geometry, medium, system, after, expected, rest):
    """Fill the x `after` a step of every group apart, not negative, and the flux `expected` at every edge then.

    The derivative times x is flux divergence plus loss, so that it times `after` is the sources. Elimination subtracts
    nothing: what is left of a zone's own column sum, `rest`, is carried along (Grassmann, Taksar & Heyman 1985), for edges
    of empty space conduct 1e40 times better than others.
    """
    zones, groups = x.shape
    for i in range(zones):
        for k in range(groups):
            loss = geometry.volume[i] * medium.absorption[i, k]
            rest[i, k] = loss
            after[i, k] = loss * medium.equilibrium[i, k]
            if i > 0:
                leaving, entering = -system.lower[i, k] / x[i - 1, k], -system.upper[i - 1, k] / x[i, k]
                pivot = leaving + rest[i - 1, k]
                rest[i, k] += entering * (rest[i - 1, k] / pivot)
                after[i, k] += leaving / pivot * after[i - 1, k]
    for k in range(groups):
        leaving = geometry.area[zones] * medium.outflow[k]
        after[zones - 1, k] /= leaving + rest[zones - 1, k]
        expected[zones, k] = leaving * after[zones - 1, k]
    for i in range(zones - 2, -1, -1):
        for k in range(groups):
            leaving, entering = -system.lower[i + 1, k] / x[i, k], -system.upper[i, k] / x[i + 1, k]
            gathered, back = after[i, k], entering * after[i + 1, k]
            after[i, k] = (gathered + back) / (leaving + rest[i, k])
            # the difference of smaller numbers knows the flux better
            forth = leaving * after[i, k]
            expected[i + 1, k] = forth - back if forth < gathered else gathered - rest[i, k] * after[i, k]


class Factors(NamedTuple):
    """What is left of a coupled system after elimination.

    `inverse` (zone, group, group) of the pivots; `leaving` and `entering` (edge, group): derivative of the flux in x of the
    zone before an edge, and of the zone after it, the latter with the opposite sign.
    """

    inverse: np.ndarray
    leaving: np.ndarray
    entering: np.ndarray


@njit
def factorise(x, geometry, medium, system, factors):
    """Eliminate the zones one after the other, without differences of conductances as in `next_occupation`.

    Blocks of zones are dense, those between them diagonal.
    """
    zones, groups = x.shape
    rest, pivot, scale = np.empty((groups, groups)), np.empty((groups, groups)), np.empty(groups)
    for i in range(zones):
        if i > 0:
            rest = rest @ factors.inverse[i - 1]
        for k in range(groups):
            factors.entering[i, k] = -system.upper[i - 1, k] / x[i, k] if i > 0 else 0.0
        for k in range(groups):
            leaving = (
                -system.lower[i + 1, k] / x[i, k]
                if i + 1 < zones
                else geometry.area[zones] * medium.outflow[k]
            )
            factors.leaving[i + 1, k] = leaving
            for m in range(groups):
                below = rest[k, m] * factors.entering[i, m] if i > 0 else 0.0
                rest[k, m] = below + system.dense[i, k, m] / x[i, m]
            rest[k, k] += geometry.volume[i] * medium.absorption[i, k]
            scale[k] = leaving + abs(rest[k, k])
            for m in range(groups):
                pivot[k, m] = rest[k, m] / scale[k]
            pivot[k, k] += leaving / scale[k]
        factors.inverse[i] = np.linalg.inv(pivot)
        for k in range(groups):
            for m in range(groups):
                factors.inverse[i, k, m] /= scale[m]


@njit
def coupled_step(x, system, factors, after, expected):
    """Fill x `after` a step of all groups, and the flux `expected` then, from factors of this system or of one near it."""
    zones, groups = x.shape
    right, solved = np.empty(groups), np.empty(groups)
    for i in range(zones):
        for k in range(groups):
            right[k] = -system.residual[i, k]
            if i > 0:
                right[k] += factors.leaving[i, k] * solved[k]
        after[i] = right
        if i + 1 < zones:
            solved = factors.inverse[i] @ right
    for i in range(zones - 1, -1, -1):
        for k in range(groups):
            right[k] = after[i, k]
            if i + 1 < zones:
                right[k] += factors.entering[i + 1, k] * after[i + 1, k]
        after[i] = factors.inverse[i] @ right
    for e in range(zones + 1):
        for k in range(groups):
            expected[e, k] = system.flux[e, k]
            if e > 0:
                expected[e, k] += factors.leaving[e, k] * after[e - 1, k]
            if 0 < e < zones:
                expected[e, k] -= factors.entering[e, k] * after[e, k]
    for i in range(zones):
        for k in range(groups):
            after[i, k] += x[i, k]


@njit
def norms(system, out):
    """Fill the root mean square of residual over scale of every group."""
    zones, groups = system.residual.shape
    out[:] = 0.0
    for i in range(zones):
        for k in range(groups):
            out[k] += (system.residual[i, k] / system.scale[i, k]) ** 2
    for k in range(groups):
        out[k] = math.sqrt(out[k] / zones)
