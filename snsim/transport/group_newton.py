"""Newton's method for the groups of one species: separate or coupled by collisions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snsim.transport._kernels import groups as kernels
from snsim.transport._kernels.coupling import Coupling
from snsim.transport._kernels.geometry import Geometry, Reach

Array = NDArray[np.float64]

LARGEST_FACTOR = 10.0  # by which an occupation may change in a step
FILLING_SWEEPS, LONGEST_FALLBACK = 4, 32  # Picard sweeps before Newton's method, and after a step that failed
NEAR, ADVANCE = (
    0.03,
    0.9,
)  # residual below which any step is taken; part of the one before that a step must reach
KEEP_BELOW, KEEP_WHILE = (
    1e-3,
    0.5,
)  # residual below which a factorisation is used again, while each step gains as much
FOLLOW_BELOW = 0.3  # residual below which lagged coefficients follow the iterate
SETTLED = 1e-7  # relative change of lagged coefficients at which they rest
EMPTY = 1e-290  # occupation of a group that nothing emits


@dataclass(frozen=True)
class GroupField:
    """Steady field of one species.

    Attributes
    ----------
    occupation : ndarray, shape (zone, group)
        f, averaged over angles.
    flux : ndarray, shape (interface, group)
        First angular moment h of f at edges.
    eddington_factor : ndarray, shape (zone, group), or None
        Second over zeroth moment where the scheme knows it.
    outflow : ndarray, shape (group,)
        h at the outer edge over f of the last zone.
    converged : bool
    steps : int
        Newton steps.
    history : ndarray, shape (step + 1,)
        Scaled residual of the worst group before the first and after each step.
    worst : tuple of int
        Zone and group of the largest scaled residual.
    """

    occupation: Array
    flux: Array
    eddington_factor: Array | None
    outflow: Array
    converged: bool
    steps: int
    history: Array
    worst: tuple[int, int]


@dataclass(frozen=True)
class GroupProblem:
    """Equations of one species: what `linearise` needs besides x and the reconstruction.

    Attributes
    ----------
    geometry, medium, coupling : NamedTuple
        See the kernels.
    limiter : int
        Code of the flux limiter, or `kernels.EDDINGTON` for given Eddington factors.
    power : float
        Exponent of the limiter.
    """

    geometry: Geometry
    medium: kernels.Medium
    coupling: Coupling
    limiter: int
    power: float

    @property
    def coupled(self) -> bool:
        """Whether any reaction changes the energy."""
        return self.coupling.scatter.shape[0] > 0 or self.coupling.annihilation.shape[0] > 0

    def empty_system(self) -> kernels.System:
        """Arrays for `at`."""
        zones, groups = self.medium.absorption.shape
        residual, scale, lower, diagonal, upper = (np.empty((zones, groups)) for _ in range(5))
        dense = np.empty((zones if self.coupled else 0, groups, groups))
        return kernels.System(residual, scale, lower, diagonal, upper, dense, np.zeros((zones + 1, groups)))

    def at(
        self, x: Array, reach: Reach, bend: Array | None = None, system: kernels.System | None = None
    ) -> kernels.System:
        """Residual, its derivative in ln x, and fluxes; into `system` if given."""
        system = system or self.empty_system()
        bend = np.ones(x.shape[1]) if bend is None else bend
        kernels.linearise(
            x, self.geometry, reach, self.medium, self.coupling, self.limiter, self.power, bend, system
        )
        return system


def newton(
    problem: GroupProblem,
    x: Array,
    reach: Reach,
    follow: Callable[[Array], float],
    tolerance: float,
    max_iterations: int,
) -> GroupField:
    """Newton's method with Picard sweeps before it and where it does not advance, by group or for all that are coupled.

    Picard sweeps take the diffusion lengths as constant. They leave fluxes outwards where sources are inside, and so repair
    what a step beyond the near-kink of the limited flux has done in transparent zones, where the flux hardly depends on the
    gradient but on its sign. `follow` moves the coefficients that the derivative takes as given and returns by how much they
    would still move.
    """
    groups = x.shape[1]
    linear = problem.limiter == kernels.EDDINGTON
    change, norm = np.empty_like(x), np.empty(groups)
    step = _coupled_step(x.shape) if problem.coupled else _separate_step(x.shape)
    sweeps = np.full(groups, 0 if linear else FILLING_SWEEPS)  # still to make
    penalty = np.full(groups, FILLING_SWEEPS)  # to make after the next failure
    bend = np.where(sweeps > 0, 0.0, 1.0)
    system = problem.at(x, reach, bend)
    kernels.norms(system, norm)
    history, moved = [norm.max()], np.inf
    while len(history) <= max_iterations and not (history[-1] < tolerance and moved < SETTLED):
        step(system, history[-1], change)
        positive = (change > -1.0).all(axis=0)
        clipped = ~positive | ((bend > 0.0) & (not linear))
        np.clip(
            change,
            np.where(clipped, 1.0 / LARGEST_FACTOR - 1.0, -1.0),
            np.where(clipped, LARGEST_FACTOR - 1.0, np.inf),
            out=change,
        )
        before, old = norm.copy(), x
        x = np.clip(x * (1.0 + change), EMPTY, 1.0 if problem.coupled else np.inf)
        if history[-1] < FOLLOW_BELOW:
            moved = follow(x)
        newtonian = bend > 0.0
        sweeps = np.maximum(sweeps - 1, 0)
        bend = np.where(sweeps > 0, 0.0, 1.0)
        problem.at(x, reach, bend, system)
        kernels.norms(system, norm)
        failed = newtonian & (norm > NEAR) & (norm > ADVANCE * before)
        if problem.coupled:
            failed[:] = newtonian[0] and norm.max() > NEAR and norm.max() > ADVANCE * before.max()
        if failed.any() and not linear:
            x = np.where(failed, old, x)
            sweeps = np.where(failed, penalty, sweeps)
            penalty = np.where(failed, np.minimum(2 * penalty, LONGEST_FALLBACK), penalty)
            bend = np.where(sweeps > 0, 0.0, 1.0)
            problem.at(x, reach, bend, system)
            kernels.norms(system, norm)
        history.append(norm.max())
    share = np.abs(system.residual / system.scale)
    zone, group = np.unravel_index(int(share.argmax()), share.shape)
    area = problem.geometry.area[:, None]
    return GroupField(
        occupation=x,
        flux=np.divide(system.flux, area, out=np.zeros_like(system.flux), where=area > 0.0),
        eddington_factor=None,
        outflow=problem.medium.outflow.copy(),
        converged=bool(history[-1] < tolerance and moved < SETTLED),
        steps=len(history) - 1,
        history=np.array(history),
        worst=(int(zone), int(group)),
    )


def _separate_step(shape: tuple[int, ...]) -> Callable[[kernels.System, float, Array], None]:
    """Step of groups that do not know of each other."""
    work = np.empty(shape)

    def step(system: kernels.System, norm: float, change: Array) -> None:
        kernels.newton_change(system, change, work)

    return step


def _coupled_step(shape: tuple[int, ...]) -> Callable[[kernels.System, float, Array], None]:
    """Step of coupled groups; near the solution the factors of an earlier system serve as long as they help."""
    zones, groups = shape
    factors = kernels.Factors(np.empty((zones, groups, groups)), *(np.empty(shape) for _ in range(3)))
    last = 0.0  # residual at the previous step; the first one always factorises

    def step(system: kernels.System, norm: float, change: Array) -> None:
        nonlocal last
        if norm > KEEP_BELOW or norm > KEEP_WHILE * last:
            kernels.factorise(system, factors)
        last = norm
        kernels.coupled_change(system, factors, change)

    return step
