"""The iterations that solve the gray equations: a march of Newton steps, and Picard sweeps that fill a star."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from snsim.transport._kernels import gray as kernels
from snsim.transport._kernels.geometry import Geometry, Reach, extend_monotone

Array = NDArray[np.float64]

LARGEST_FACTOR = 5.0  # by which an unknown may change in a Newton step
FOLLOW_BELOW = 0.3  # residual below which what is lagged follows the iterate
AT_ONCE, WATCHED, CAREFUL = 1e12, 100.0, 1.0  # first steps in pseudo-time
GROWTH, CALM, WILD = (
    4.0,
    0.6,
    2.0,
)  # of steps in pseudo-time; changes of x below and above which they grow and shrink


@dataclass(frozen=True)
class Problem:
    """Equations of one species: what `linearise` needs besides x.

    Attributes
    ----------
    geometry, medium, reach, closure : NamedTuple
        See the kernels. The values of `reach` and the degeneracy of `medium` are moved between steps.
    """

    geometry: Geometry
    medium: kernels.Medium
    reach: kernels.GrayReach
    closure: kernels.Closure

    def empty_system(self) -> kernels.System:
        """Arrays for `at`."""
        zones, energies = self.medium.temperature.size, self.medium.flux_energy.size
        pairs, block, cells = (zones, 2), (zones, 2, 2), (zones, energies)
        return kernels.System(
            residual=np.empty(pairs),
            scale=np.empty(pairs),
            lower=np.empty(block),
            diagonal=np.empty(block),
            upper=np.empty(block),
            means=np.empty((zones, 3)),
            edges=kernels.Edges(
                np.empty((zones + 1, 2)), np.empty((zones + 1, 2, 2)), np.empty((zones + 1, 2, 4))
            ),
            spectra=kernels.Spectra(
                np.empty(cells),
                np.empty(cells),
                np.empty(zones),
                np.empty(zones),
                *np.zeros((4, zones + 1, energies)),
            ),
        )

    def at(self, x: Array) -> kernels.System:
        """Residual, exact derivative and closure at x, shape (zone, 2)."""
        system = self.empty_system()
        self.fill(x, system)
        self.linearise(x, np.full_like(system.spectra.flux, np.nan), system)
        return system

    def fill(self, x: Array, system: kernels.System) -> None:
        """Fill the spectra of all zones for the closure that has some."""
        if self.closure.scheme == kernels.SPECTRAL_GRADIENT:
            kernels.fill_spectra(x, self.medium, system.spectra)

    def linearise(self, x: Array, expected: Array, system: kernels.System) -> None:
        """Fill the rest of `system`; its derivative follows the bend of fluxes as far as they are what was expected."""
        kernels.linearise(x, self.geometry, self.medium, self.reach, self.closure, expected, system)

    def extend(self, x: Array, part: float, system: kernels.System) -> float:
        """Move the edge values by a part of the way to second order in x, of which `system` has the spectra.

        Returns
        -------
        float
            The largest move of the whole way.
        """
        reach, values = Reach(self.reach.left, self.reach.right), x
        if self.closure.scheme == kernels.SPECTRAL_GRADIENT:
            reach = Reach(self.reach.spectral_left, self.reach.spectral_right)
            values = system.spectra.occupation
        return float(extend_monotone(values, self.geometry, reach, part))


@dataclass(frozen=True)
class Marched:
    """Where a march ended: unknowns, equations there, scaled residuals before the first and after each step."""

    x: Array
    system: kernels.System
    history: list[float]
    converged: bool


Follow = Callable[[Array, kernels.System], float]


def scaled_norm(system: kernels.System) -> float:
    """Root mean square of residual over scale."""
    return float(kernels.scaled_norm(system.residual, system.scale))


def march(
    problem: Problem,
    x: Array,
    tolerance: float,
    max_steps: int,
    follow: Follow | None = None,
    rest: float = 0.0,
    pace: float = AT_ONCE,
) -> Marched:
    """Newton steps in x and in the fluxes at every energy, with a brake in pseudo-time.

    In transparent zones a limited flux hardly depends on the gradient but on its sign, and Newton's method in x alone leaps
    over that near-kink and back. So fluxes are unknowns of their own (Chan, Golub & Mulet 1999, SIAM J. Sci. Comput. 20,
    1964): the derivative bends a flux as far as the one that the step before was to give does. A step `pace` long in
    pseudo-time lengthens while changes are small (Mulder & van Leer 1985, J. Comput. Phys. 59, 232).

    Parameters
    ----------
    follow : callable, optional
        Moves what is lagged, fills the spectra at x, and returns by how much it would still move; the march ends when that
        is no more than `rest`.

    Returns
    -------
    Marched
        Not converged after `max_steps`, or where numbers overflow.
    """
    x, change, system = x.copy(), np.empty_like(x), problem.empty_system()
    expected = np.zeros_like(system.spectra.flux)
    problem.fill(x, system)
    problem.linearise(x, expected, system)
    history, moved = [scaled_norm(system)], 0.0 if follow is None else np.inf
    while len(history) <= max_steps and not (history[-1] < tolerance and moved <= rest):
        kernels.newton_change(system, 1.0 / pace, change)
        if not np.isfinite(change).all():
            break
        largest = kernels.advance(x, change, LARGEST_FACTOR)
        kernels.expect(change, system.spectra, expected)
        if follow is not None and history[-1] < FOLLOW_BELOW and moved > rest:
            moved = follow(x, system)
        else:
            problem.fill(x, system)
        problem.linearise(x, expected, system)
        history.append(scaled_norm(system))
        pace = min(pace * (GROWTH if largest < CALM else 1.0 if largest < WILD else 0.5), AT_ONCE)
    return Marched(x, system, history, history[-1] < tolerance and moved <= rest)


def polished(problem: Problem, end: Marched) -> Marched:
    """One Newton step more: budgets feel the residual of opaque zones amplified."""
    x, change = end.x.copy(), np.empty_like(end.x)
    kernels.newton_change(end.system, 0.0, change)
    kernels.advance(x, change, LARGEST_FACTOR)
    return replace(end, x=x, system=problem.at(x))


def picard(problem: Problem, x: Array, sweeps: int, damping: float) -> Array:
    """Sweeps with the diffusion lengths and means of the previous one.

    Each is a linear solve with a positive matrix, so it fills regions without sources of their own from their neighbours,
    however empty they were. Of the change in ln x the part `damping` is made: with 1/2 the mean energy, on which the
    opacities depend steeply, does not overshoot.
    """
    medium, volume = problem.medium, problem.geometry.volume
    for _ in range(sweeps):
        system = problem.at(x)
        temperature = x[:, 0] / x[:, 1] / (problem.geometry.lapse * medium.shape_ratio)
        gain = system.means[:, 2] * medium.temperature / temperature * x[:, 0]
        loss = volume[:, None] * (system.means[:, :2] + system.means[:, 2:] * [1.0, 0.0])
        source = volume[:, None] * np.stack([medium.source_energy + gain, medium.source_number], axis=1)
        answer = np.empty_like(x)
        kernels.solve_diffusion(x, system.edges.carried, loss, source, answer)
        x = x * np.maximum(answer / x, kernels.TINY) ** damping
    return x
