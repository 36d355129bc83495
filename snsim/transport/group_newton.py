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

KEEP_BELOW = 1e-3  # residual below which a factorisation is used again
KEEP_WHILE = 0.5  # part of the residual before that each step must reach then
FOLLOW_BELOW = 0.3  # residual below which lagged coefficients follow the iterate
SETTLED = 1e-7  # relative change of lagged coefficients at which they rest
ROUNDED = 1e-13  # relative change of any occupation below which 64 bits tell no more
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
        self, x: Array, reach: Reach, expected: Array | None = None, system: kernels.System | None = None
    ) -> kernels.System:
        """Residual, its derivative in ln x, exact unless `expected` fluxes are given, and fluxes; into `system` if given."""
        system = system or self.empty_system()
        expected = np.full_like(system.flux, np.nan) if expected is None else expected
        kernels.linearise(
            x, self.geometry, reach, self.medium, self.coupling, self.limiter, self.power, expected, system
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
    """Newton's method in x and in the fluxes (Chan, Golub & Mulet 1999, SIAM J. Sci. Comput. 20, 1964).

    In transparent zones a limited flux hardly depends on the gradient but on its sign, and Newton's method in x alone leaps
    over that near-kink and back. So fluxes are unknowns of their own: the derivative bends the flux as far as the one that
    the step before was to give does, between a Picard sweep, which starts, and Newton's method, which ends. Whatever the
    bend, matrix times x is flux divergence plus loss, no column of the matrix sums to less than 0 and no element beside the
    diagonal is positive: x after a step is the inverse times the sources, and not negative. No step needs to be shortened.
    `follow` moves the coefficients that the derivative takes as given and returns by how much they would still move.
    """
    norm = np.empty(x.shape[1])
    step = _coupled_step(problem) if problem.coupled else _separate_step(problem)
    system = problem.at(x, reach, np.zeros((x.shape[0] + 1, x.shape[1])))
    expected = system.flux.copy()
    kernels.norms(system, norm)
    history, moved, converged = [norm.max()], np.inf, False
    while len(history) <= max_iterations and not converged:
        after = np.empty_like(x)
        step(x, system, history[-1], after, expected)
        np.clip(after, EMPTY, 1.0 if problem.coupled else np.inf, out=after)
        change, x = np.abs(after / x - 1.0).max(), after
        if history[-1] < FOLLOW_BELOW:
            moved = follow(x)
        problem.at(x, reach, expected, system)
        kernels.norms(system, norm)
        history.append(norm.max())
        converged = bool((history[-1] < tolerance or change < ROUNDED) and moved < SETTLED)
    share = np.abs(system.residual / system.scale)
    zone, group = np.unravel_index(int(share.argmax()), share.shape)
    area = problem.geometry.area[:, None]
    return GroupField(
        occupation=x,
        flux=np.divide(expected, area, out=np.zeros_like(expected), where=area > 0.0),
        eddington_factor=None,
        outflow=problem.medium.outflow.copy(),
        converged=converged,
        steps=len(history) - 1,
        history=np.array(history),
        worst=(int(zone), int(group)),
    )


Step = Callable[[Array, kernels.System, float, Array, Array], None]


def _separate_step(problem: GroupProblem) -> Step:
    """Step of groups that do not know of each other."""
    rest = np.empty_like(problem.medium.absorption)

    def step(x: Array, system: kernels.System, norm: float, after: Array, expected: Array) -> None:
        kernels.next_occupation(x, problem.geometry, problem.medium, system, after, expected, rest)

    return step


def _coupled_step(problem: GroupProblem) -> Step:
    """Step of coupled groups; near the solution the factors of an earlier system serve as long as they help."""
    zones, groups = problem.medium.absorption.shape
    factors = kernels.Factors(
        np.empty((zones, groups, groups)), np.empty((zones + 1, groups)), np.empty((zones + 1, groups))
    )
    last = 0.0  # residual at the previous step; the first one always factorises

    def step(x: Array, system: kernels.System, norm: float, after: Array, expected: Array) -> None:
        nonlocal last
        if norm > KEEP_BELOW or norm > KEEP_WHILE * last:
            kernels.factorise(x, problem.geometry, problem.medium, system, factors)
        last = norm
        kernels.coupled_step(x, system, factors, after, expected)

    return step
