"""Multigroup transport of one species on the shared operator, in steady state on a static metric.

Groups are fixed in energy at infinity, so that redshift needs no term of its own. Without reactions that change the energy
every group is a scalar problem and all are swept together; with them the blocks of a zone are dense and Newton sees all.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from snsim.transport._kernels import groups as kernels
from snsim.transport._kernels.geometry import extend
from snsim.transport.coupling import uncoupled
from snsim.transport.group_newton import EMPTY, GroupField, GroupProblem, newton
from snsim.transport.groups import GroupMedium
from snsim.transport.limiters import limiter_code
from snsim.transport.mesh import Metric, diluted_reach, geometry_of

Array = NDArray[np.float64]

OPACITY_FLOOR = 1e-25  # 1/cm
ROUGH = 1e-3  # residual of the solution without exchange that coupled groups start from
EXTENSION = 2.0 / 3.0  # of the reconstruction per step: with all of it the shortest waves would not decay
LARGEST_TURN = 2.0  # of the logarithm of an opacity by the albedo in a step
ALBEDO = "-albedo"


def edge_opacity(total: Array) -> Array:
    """Geometric mean of neighbouring zones, shape (interface, group), 1/cm; the ends take their only neighbour."""
    floored = np.maximum(total, OPACITY_FLOOR)
    return np.concatenate([floored[:1], np.sqrt(floored[1:] * floored[:-1]), floored[-1:]])


def solve_groups(
    metric: Metric,
    medium: GroupMedium,
    limiter: str = "levermore-pomraning",
    *,
    reconstruction: str = "second",
    tolerance: float = 1e-10,
    max_iterations: int = 200,
    guess: Array | None = None,
) -> GroupField:
    """Flux-limited diffusion of every group of one species.

    Parameters
    ----------
    metric : Mesh or Background
        Zones and metric.
    medium : GroupMedium
        Opacities, 1/cm, and equilibrium.
    limiter : str
        Name in `LIMITERS`; with ``-albedo`` appended, the opacity of the flux is multiplied by the effective albedo
        (kappa* f_eq + kappa_s f)/(kappa_t f) (Levermore & Pomraning 1981, ApJ 248, 321).
    reconstruction : {"second", "first"}
        Order of the edge values of the limiter's argument and of the outflow.
    tolerance : float
        On the root mean square over zones of the residual over its scale, of the worst group.
    max_iterations : int
        Newton steps.
    guess : ndarray, shape (zone, group), optional
        Occupation to start from.

    Returns
    -------
    GroupField
        With `converged` False, and the last iterate, if the tolerance was not met.

    Raises
    ------
    UnknownNameError
        For an unknown limiter.
    """
    geometry = geometry_of(metric)
    total = medium.absorption + medium.scattering
    reach = diluted_reach(geometry, total.shape[1])
    ones = np.ones_like(reach.left)
    equations = kernels.Medium(
        medium.absorption, medium.equilibrium, edge_opacity(total), ones, ones, reach.left[-1].copy()
    )
    plain, alone = limiter.removesuffix(ALBEDO), isoenergetic(medium)
    problem = GroupProblem(geometry, equations, medium.coupling, *limiter_code(plain))
    if guess is not None:
        x = np.maximum(guess, EMPTY)
    elif problem.coupled:
        x = solve_groups(metric, alone, limiter, tolerance=ROUGH).occupation
    else:
        x = first_guess(metric, medium)

    def follow(x: Array) -> float:
        """Move the coefficients that Newton's method takes as given; by how much they would still move."""
        moved = 0.0
        if reconstruction == "second":
            moved = extend(x, geometry, reach, EXTENSION)
            equations.outflow[:] = reach.left[-1]
        if plain != limiter:
            ratio = np.log(edge_opacity(total) / equations.transport) + log_albedo(alone, x)
            equations.transport[:] *= np.exp(np.clip(EXTENSION * ratio, -LARGEST_TURN, LARGEST_TURN))
            moved = max(moved, float(np.abs(ratio).max()))
        return moved

    return newton(problem, x, reach, follow, tolerance, max_iterations)


def isoenergetic(medium: GroupMedium) -> GroupMedium:
    """Return the medium without exchange of energy: pairs as absorption with the partner in equilibrium."""
    coupling, absorption = medium.coupling, medium.absorption
    lost = np.zeros_like(absorption)
    if coupling.annihilation.shape[0]:
        partner = (medium.equilibrium if coupling.own_partner[0] else coupling.partner)[:, :, None]
        lost = (coupling.annihilation @ partner + coupling.production @ (1.0 - partner))[:, :, 0]
    return GroupMedium(
        absorption + lost, np.maximum(medium.scattering - lost, 0.0), medium.equilibrium, uncoupled()
    )


def log_albedo(medium: GroupMedium, x: Array) -> Array:
    """Logarithm of the effective albedo (kappa* f_eq + kappa_s f)/(kappa_t f), mean at edges, shape (interface, group)."""
    given = medium.absorption * medium.equilibrium + medium.scattering * x
    taken = (medium.absorption + medium.scattering) * x
    known = (given > 0.0) & (taken > 0.0)
    albedo = np.log(np.where(known, given, 1.0)) - np.log(np.where(known, taken, 1.0))
    return np.concatenate([albedo[:1], 0.5 * (albedo[1:] + albedo[:-1]), albedo[-1:]])


def solve_eddington_moments(
    metric: Metric,
    medium: GroupMedium,
    transport: Array,
    eddington_factor: Array,
    weights: tuple[Array, Array],
    outflow: Array,
    guess: Array,
    *,
    tolerance: float = 1e-10,
    max_iterations: int = 50,
) -> GroupField:
    """Moment equations with a given Eddington factor: the same operator, linear but for the collisions.

    Parameters
    ----------
    metric, medium, tolerance, max_iterations
        As in `solve_groups`.
    transport : ndarray, shape (interface, group)
        Opacity of the flux at edges, 1/cm.
    eddington_factor : ndarray, shape (zone, group)
        k, kept in the answer.
    weights : tuple of ndarray, shape (interface, group)
        (q k)/q_edge of the zone on the left and on the right of each edge, so that
        h = Gamma (w_l f_l - w_r f_r)/(kappa_t spacing).
    outflow : ndarray, shape (group,)
        h at the outer edge over f of the last zone.
    guess : ndarray, shape (zone, group)
        Occupation to start from.

    Returns
    -------
    GroupField
    """
    geometry = geometry_of(metric)
    equations = kernels.Medium(
        medium.absorption, medium.equilibrium, transport, weights[0], weights[1], outflow
    )
    problem = GroupProblem(geometry, equations, medium.coupling, kernels.EDDINGTON, 1.0)
    reach = diluted_reach(geometry, guess.shape[1])
    field = newton(problem, np.maximum(guess, EMPTY), reach, lambda _: 0.0, tolerance, max_iterations)
    return replace(field, eddington_factor=eddington_factor)


def first_guess(metric: Metric, medium: GroupMedium) -> Array:
    """Equilibrium inside transport depth 1, its flux diluted outside, shape (zone, group)."""
    path = np.diff(metric.radius_interface) / metric.gamma
    depth = np.cumsum(((medium.absorption + medium.scattering) * path[:, None])[::-1], axis=0)[::-1]
    opaque = (depth > 1.0) & (medium.equilibrium > 0.0)
    sphere = np.where(opaque.any(axis=0), path.size - 1 - np.argmax(opaque[::-1], axis=0), 0)
    area = metric.radius[:, None] ** 2
    # a flux of a quarter of what equilibrium would stream at the sphere
    diluted = 0.25 * np.take_along_axis(medium.equilibrium, sphere[None], axis=0) * area[sphere, 0] / area
    inside = np.arange(path.size)[:, None] <= sphere
    return np.maximum(np.where(inside, np.maximum(medium.equilibrium, 1e-6 * diluted), diluted), EMPTY)
