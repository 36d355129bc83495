"""Variable Eddington factors: moment equations closed by the formal solution along tangent rays (Auer & Mihalas 1970).

Angle enters through k = K/J at zones and h = H/J at the outer edge alone, both from rays of the current source. The moment
equations

    (Gamma alpha^2/r^2) d/dr (r^2 alpha^-2 H) = kappa_a (f_eq - J) + C(J),
    H = -(Gamma/(kappa_t q)) d(q k J)/dr,   d ln q = ((3k - 1)/k) d ln(r/alpha),

contain scattering, absorption and collisions in full, so that only the shape of the radiation field is iterated: a few
times, however opaque the star.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snsim.transport._kernels import eddington as kernels
from snsim.transport.group_newton import EMPTY, GroupField
from snsim.transport.groups import GroupMedium
from snsim.transport.mesh import Metric, geometry_of
from snsim.transport.multigroup import ROUGH, isoenergetic, solve_eddington_moments, solve_groups
from snsim.transport.rays import CORE_RAYS, RayMoments, optical_path, ray_layout, trace

Array = NDArray[np.float64]

# occupation that need not be known: less than a neutrino has left the star in the age of the universe, in which at most
# 4 pi r^2 c t (4 pi/3) (E/2 pi hbar c)^3 = 1e85 states pass a surface, for r = 1e9 cm and E = 300 MeV
NOBODY = 1e-100
DIMMEST = 0.01  # see `ray_source`; stars whose matter scatters out less do not feel it
ANDERSON_DEPTH = 3  # iterations that the next source is mixed from
LARGEST_SHARE = 2.0  # of any of them
TOLERANCE = 1e-6  # change of the solution from one formal solution to the next, relative
MOST_SOLUTIONS = 60  # formal solutions, at most
INEXACT = 1e-5  # scaled residual of the coupled moment equations per change of J in the iteration before
FINEST, COARSEST = 1e-10, 1e-5  # bounds of that residual
THINNEST = 1e-6  # least optical depth between zones where fluxes are differences: they keep ten digits
TRANSPARENT = 1e-30  # least optical depth between zones where they are not: far from underflow


@dataclass(frozen=True)
class MomentClosure:
    """Coefficients of the moment equations that rays give.

    Attributes
    ----------
    eddington_factor : ndarray, shape (zone, group)
        k.
    left, right : ndarray, shape (interface, group)
        (q k)/q_edge of the zones on either side of an edge.
    depth : ndarray, shape (interface, group)
        Optical depth between their centres; from the last centre to the outer edge.
    outflow : ndarray, shape (group,)
        H at the outer edge over J of the last zone.
    """

    eddington_factor: Array
    left: Array
    right: Array
    depth: Array
    outflow: Array


def solve_eddington(
    metric: Metric,
    medium: GroupMedium,
    *,
    core_rays: int = CORE_RAYS,
    zones_per_ray: int = 1,
    tolerance: float = TOLERANCE,
    max_iterations: int = MOST_SOLUTIONS,
    guess: Array | None = None,
) -> GroupField:
    """Steady field of one species with the angular resolution of tangent rays.

    Parameters
    ----------
    metric : Mesh or Background
        Zones and metric.
    medium : GroupMedium
        Opacities, 1/cm, equilibrium and couplings.
    core_rays, zones_per_ray : int
        Number of rays, see `formal_solution`.
    tolerance : float
        On the largest relative change of J between iterations, where J is above `NOBODY`.
    max_iterations : int
        Formal solutions, at least 1.
    guess : ndarray, shape (zone, group), optional
        J to start from, that of flux-limited diffusion by default.

    Returns
    -------
    GroupField
        `history` holds the changes of ln J, `worst` the zone and group of the last; with `converged` False, and the last
        iterate, if the tolerance was not met.

    Raises
    ------
    ProfileError
        If a photon sphere lies on the grid.
    """
    opacity = medium.absorption + medium.scattering
    advance = _coupled_moments if _coupled(medium) else _plain_moments
    if guess is None:
        # diffusion knows whether the light comes from below or from all around: a wrong J of an opaque core that scatters
        # is its own source, and takes many iterations to decay
        guess = solve_groups(metric, isoenergetic(medium), tolerance=ROUGH).occupation
    given = np.maximum(guess, EMPTY)
    layout = ray_layout(metric, opacity, opacity * ray_source(medium, given), core_rays, zones_per_ray)
    history: list[float] = []
    worst = (0, 0)
    past: list[tuple[Array, Array]] = []
    while len(history) < max_iterations and not (history and history[-1] < tolerance):
        moments = trace(metric, layout, opacity, ray_source(medium, given))
        closure = close(metric, opacity, moments)
        field = advance(metric, medium, closure, given, history[-1] if history else 1.0)
        answer = np.log(np.maximum(field.occupation, EMPTY))
        change = np.maximum(answer, np.log(NOBODY)) - np.log(np.maximum(given, NOBODY))
        zone, group = np.unravel_index(int(np.abs(change).argmax()), change.shape)
        worst = (int(zone), int(group))
        history.append(float(np.abs(change[worst])))
        given = np.exp(_mixed(answer, change, past))
        past.append((answer, change))
    return GroupField(
        occupation=field.occupation,
        flux=field.flux,
        eddington_factor=closure.eddington_factor,
        outflow=closure.outflow,
        converged=history[-1] < tolerance and field.converged,
        steps=len(history),
        history=np.array(history),
        worst=worst,
    )


def _mixed(answer: Array, change: Array, past: list[tuple[Array, Array]]) -> Array:
    """Logarithm of the J to go on from: of each group the mix of the last answers with the least change (Anderson 1965)."""
    recent = past[-ANDERSON_DEPTH:]
    if not recent:
        return answer
    turns = np.stack([change - change_before for _, change_before in recent])
    moves = np.stack([answer - answer_before for answer_before, _ in recent])
    normal = np.einsum("izg,jzg->gij", turns, turns)
    size = np.trace(normal, axis1=1, axis2=2)[:, None, None]
    normal += (1e-12 * size + EMPTY) * np.eye(len(recent))  # turns may be parallel
    share = np.linalg.solve(normal, np.einsum("izg,zg->gi", turns, change)[:, :, None])[:, :, 0]
    return answer - np.einsum("gi,izg->zg", np.clip(share, -LARGEST_SHARE, LARGEST_SHARE), moves)


def ray_source(medium: GroupMedium, occupation: Array) -> Array:
    """S = (kappa_a f_eq + kappa_s J + C(J))/kappa_t, shape (zone, group).

    Isotropic, and such that the rays' own balance is that of the moment equations; only where reactions take away more than
    all but a `DIMMEST` part of the first two terms is that part left: a source that iterations switch off and on again
    never settles.
    """
    emission = medium.absorption * medium.equilibrium + medium.scattering * occupation
    if _coupled(medium):
        rate = np.empty_like(occupation)
        kernels.collisions(occupation, medium.coupling, rate)
        emission = np.maximum(emission + rate, DIMMEST * emission)
    opacity = medium.absorption + medium.scattering
    return np.divide(emission, opacity, out=np.zeros_like(opacity), where=opacity > 0.0)


def close(metric: Metric, opacity: Array, moments: RayMoments) -> MomentClosure:
    """Coefficients of the moment equations from Eddington factors at centres and edges.

    The outermost half zone is part of them: H = (q k J)_last/(q_edge (depth + k_edge/h)).
    """
    factor, at_edge = moments.eddington_factor, moments.eddington_factor_interface
    zones, groups = factor.shape
    between = np.empty((2 * zones + 1, groups))
    between[0::2], between[1::2] = at_edge, factor
    bending = 3.0 - 1.0 / between
    position = np.empty(2 * zones + 1)
    position[0::2] = metric.radius_interface / metric.lapse_interface
    position[1::2] = metric.radius / metric.lapse
    with np.errstate(divide="ignore"):
        steps = np.diff(np.log(position))[:, None]
    half = np.exp(
        0.5 * (bending[1:] + bending[:-1])[1:] * steps[1:]
    )  # q above over q below, segments 1, 2, ...
    left, right = np.ones((zones + 1, groups)), np.ones((zones + 1, groups))
    left[1:] = factor / half[0::2]
    right[1:-1] = factor[1:] * half[1::2]
    paths = optical_path(metric, opacity)
    depth = np.ones((zones + 1, groups))
    depth[1:-1] = paths[1:-1:2] + paths[2::2]
    depth[-1] = paths[-1]
    outflow = left[-1] / (depth[-1] + at_edge[-1] / np.maximum(moments.outflow, 1e-3))
    return MomentClosure(factor, left, right, depth, outflow)


def _coupled(medium: GroupMedium) -> bool:
    return medium.coupling.scatter.shape[0] > 0 or medium.coupling.annihilation.shape[0] > 0


def _plain_moments(
    metric: Metric, medium: GroupMedium, closure: MomentClosure, _guess: Array, _moved: float
) -> GroupField:
    """Every group apart: one linear solve, exact to round-off in J and H."""
    geometry = geometry_of(metric)
    x, flux = np.empty_like(medium.absorption), np.empty_like(closure.left)
    per_length = geometry.gamma[:, None] / np.maximum(closure.depth, TRANSPARENT)
    kernels.solve_moments(
        geometry.area,
        geometry.volume,
        closure.left * per_length,
        closure.right * per_length,
        closure.outflow,
        medium.absorption,
        medium.absorption * medium.equilibrium,
        x,
        flux,
    )
    return GroupField(x, flux, closure.eddington_factor, closure.outflow, True, 1, np.zeros(1), (0, 0))


def _coupled_moments(
    metric: Metric, medium: GroupMedium, closure: MomentClosure, guess: Array, moved: float
) -> GroupField:
    """All groups together, with Newton's method, as far as the closure is known: J `moved` in the iteration before."""
    spacing = geometry_of(metric).spacing[:, None]
    return solve_eddington_moments(
        metric,
        medium,
        np.maximum(closure.depth, THINNEST) / spacing,
        closure.eddington_factor,
        (closure.left, closure.right),
        closure.outflow,
        guess,
        tolerance=float(np.clip(INEXACT * moved, FINEST, COARSEST)),
    )
