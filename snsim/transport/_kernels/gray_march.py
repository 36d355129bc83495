"""The march of Newton steps that solves the gray equations, with what is lagged moved along."""

import math
from typing import NamedTuple

import numpy as np

from microphysics._jit import njit
from microphysics._kernels.fermi import fermi_integral
from snsim.transport._kernels.geometry import Reach, extend_monotone
from snsim.transport._kernels.gray import linearise, take_step, turn_shapes
from snsim.transport._kernels.gray_flux import SPECTRAL_GRADIENT, fill_spectra

FOLLOW_BELOW = 0.3  # residual below which what is lagged follows the iterate
LONGEST = 1e12  # step in pseudo-time, which brakes nothing
GROWTH, CALM, WILD = (
    4.0,
    0.6,
    2.0,
)  # of steps in pseudo-time; changes of x below and above which they grow and shrink


class Lagged(NamedTuple):
    """What is moved between steps, and how.

    Towards the degeneracy `free` + (`equilibrium` - free)(1 - e^-tau) of (zone,) if `blended`, by `most` at each step, tau
    the thermal depth through zones of `lapse` along `path` = dr/Gamma, cm; towards edge values of second order if `second`,
    by `part` of the way. All rest when neither moves by more than `rest`, and from the start unless `moving`.
    """

    moving: bool
    rest: float
    blended: bool
    most: float
    free: float
    equilibrium: np.ndarray
    lapse: np.ndarray
    path: np.ndarray
    second: bool
    part: float


@njit
def give_degeneracy(medium, degeneracy):
    """Give the spectra of all zones the degeneracy eta."""
    for i in range(degeneracy.size):
        medium.degeneracy[i] = degeneracy[i]
        medium.shape_ratio[i] = fermi_integral(3, degeneracy[i]) / fermi_integral(2, degeneracy[i])


@njit
def fill(x, medium, closure, system):
    """Fill the spectra of all zones for the closure that has some."""
    if closure.scheme == SPECTRAL_GRADIENT:
        fill_spectra(x, medium, system.spectra)


@njit
def extend(x, geometry, reach, closure, part, system):
    """Move the edge values by a part of the way to second order; return the largest move of the whole way."""
    if closure.scheme == SPECTRAL_GRADIENT:
        spectral = Reach(reach.spectral_left, reach.spectral_right)
        return extend_monotone(system.spectra.occupation, geometry, spectral, part)
    return extend_monotone(x, geometry, Reach(reach.left, reach.right), part)


@njit
def follow(x, geometry, medium, reach, closure, lagged, system):
    """Move what is lagged towards what x asks for and fill the spectra; return the largest move of the whole way."""
    moved = 0.0
    if lagged.blended:
        shapes = np.empty(x.shape[0])
        moved = turn_shapes(
            x, lagged.lapse, medium, lagged.path, lagged.free, lagged.equilibrium, lagged.most, shapes
        )
        give_degeneracy(medium, shapes)
    fill(x, medium, closure, system)
    if lagged.second:
        moved = max(moved, extend(x, geometry, reach, closure, lagged.part, system))
    return moved


@njit
def march(x, geometry, medium, reach, closure, lagged, tolerance, factor, pace, system, expected, history):
    """Step until the residual is below `tolerance` and what is lagged rests; see `snsim.transport.newton.march`.

    Fills `history` with the scaled residual before the first and after each step, as many as it has room for. Returns
    their number and whether the march ended.
    """
    change, steps, moved = np.empty_like(x), 0, 0.0
    if lagged.moving:
        moved = np.inf
    fill(x, medium, closure, system)
    history[0] = linearise(x, geometry, medium, reach, closure, expected, system)
    while steps + 1 < history.size and not (history[steps] < tolerance and moved <= lagged.rest):
        largest = take_step(x, system, pace, factor, change, expected)
        if not math.isfinite(largest):
            break
        if lagged.moving and history[steps] < FOLLOW_BELOW and moved > lagged.rest:
            moved = follow(x, geometry, medium, reach, closure, lagged, system)
        else:
            fill(x, medium, closure, system)
        steps += 1
        history[steps] = linearise(x, geometry, medium, reach, closure, expected, system)
        if largest < CALM:
            pace *= GROWTH
        elif largest >= WILD:
            pace *= 0.5
        pace = min(pace, LONGEST)
    return steps + 1, history[steps] < tolerance and moved <= lagged.rest
