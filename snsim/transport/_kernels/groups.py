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
TINY = 1e-300
# a flux is a difference of two nearly equal numbers and is not known better than this part of them
ROUND_OFF = 1e-5
# ... but in empty space the conductance is unbounded where the gradient vanishes, and would excuse any residual
THINNEST = 1e8


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
def edge_fluxes(x, geometry, reach, medium, limiter, power, bend, system):
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
            turned = bend[k] * front * (from_left - from_right) * dg * turn
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
def linearise(x, geometry, reach, medium, coupling, limiter, power, bend, system):
    """Fill `system`: a function of x and the medium alone, no clips, no pseudo-time.

    The derivative is exact where `bend`, shape (group), is 1; where it is 0 diffusion lengths count as constant (Picard). The
    residual is homogeneous of degree one in (x, x_eq) at fixed `reach` where nothing changes the energy.
    """
    zones, groups = x.shape
    system.residual[:] = 0.0
    system.scale[:] = TINY
    system.lower[:] = 0.0
    system.diagonal[:] = 0.0
    system.upper[:] = 0.0
    edge_fluxes(x, geometry, reach, medium, limiter, power, bend, system)
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


@njit
def newton_change(system, change, work):
    """Fill `change`, the step in ln x of every group apart: tridiagonal, rows scaled.

    `work` has the shape of `change`.
    """
    zones, groups = change.shape
    for i in range(zones):
        for k in range(groups):
            scale = system.scale[i, k]
            pivot = system.diagonal[i, k] / scale
            right = -system.residual[i, k] / scale
            if i > 0:
                lower = system.lower[i, k] / scale
                pivot -= lower * work[i - 1, k]
                right -= lower * change[i - 1, k]
            work[i, k] = system.upper[i, k] / scale / pivot
            change[i, k] = right / pivot
    for i in range(zones - 2, -1, -1):
        for k in range(groups):
            change[i, k] -= work[i, k] * change[i + 1, k]


class Factors(NamedTuple):
    """What is left of a coupled system after elimination, rows scaled.

    `inverse` (zone, group, group) of the pivots; `lower`, `upper` and `scale` (zone, group) of the system it was made of.
    """

    inverse: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    scale: np.ndarray


@njit
def factorise(system, factors):
    """Eliminate the zones one after the other: their blocks are dense, those between them diagonal."""
    zones, groups = system.residual.shape
    block = np.empty((groups, groups))
    for i in range(zones):
        for k in range(groups):
            scale = system.scale[i, k]
            factors.scale[i, k] = scale
            factors.lower[i, k] = system.lower[i, k] / scale
            factors.upper[i, k] = system.upper[i, k] / scale
            for m in range(groups):
                block[k, m] = system.dense[i, k, m] / scale
            block[k, k] += system.diagonal[i, k] / scale
            if i > 0:
                for m in range(groups):
                    block[k, m] -= (
                        factors.lower[i, k] * factors.inverse[i - 1, k, m] * factors.upper[i - 1, m]
                    )
        factors.inverse[i] = np.linalg.inv(block)


@njit
def coupled_change(system, factors, change):
    """Fill `change`, the step in ln x of all groups, from factors of this system or of one near it."""
    zones, groups = change.shape
    right = np.empty(groups)
    for i in range(zones):
        for k in range(groups):
            value = -system.residual[i, k] / factors.scale[i, k]
            if i > 0:
                value -= factors.lower[i, k] * change[i - 1, k]
            right[k] = value
        change[i] = factors.inverse[i] @ right
    for i in range(zones - 2, -1, -1):
        for k in range(groups):
            right[k] = factors.upper[i, k] * change[i + 1, k]
        change[i] -= factors.inverse[i] @ right


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
