"""The iterations that solve the gray equations: Picard sweeps and Newton's method with backtracking."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snsim.transport._kernels import gray as kernels
from snsim.transport._kernels.geometry import Geometry

Array = NDArray[np.float64]

LARGEST_FACTOR = 5.0  # by which an unknown may change in a Newton step
SHORTEST_STEP = 0.05  # fraction of a Newton step below which Picard sweeps take over
FALLBACK_SWEEPS, LONGEST_FALLBACK = 6, 100  # Picard sweeps where Newton's method does not advance
DAMPING = 0.5  # of these, in ln x


@dataclass(frozen=True)
class Problem:
    """Equations of one species: what `linearise` needs besides x.

    Attributes
    ----------
    geometry, medium, reach, closure : NamedTuple
        See the kernels. The values of `reach` and the degeneracy of `medium` are moved between solves.
    """

    geometry: Geometry
    medium: kernels.Medium
    reach: kernels.GrayReach
    closure: kernels.Closure

    def at(self, x: Array) -> kernels.System:
        """Residual, derivative and closure at x, shape (zone, 2)."""
        zones = x.shape[0]
        block = (zones, 2, 2)
        system = kernels.System(
            residual=np.empty((zones, 2)),
            scale=np.empty((zones, 2)),
            lower=np.empty(block),
            diagonal=np.empty(block),
            upper=np.empty(block),
            flux=np.empty((zones + 1, 2)),
            conductance=np.empty((zones + 1, 2, 2)),
            effective=np.empty((zones + 1, 2)),
            means=np.empty((zones, 3)),
        )
        kernels.linearise(x, self.geometry, self.medium, self.reach, self.closure, system)
        return system


def scaled_norm(system: kernels.System) -> float:
    """Root mean square of residual over scale."""
    return float(kernels.scaled_norm(system.residual, system.scale))


def picard(problem: Problem, x: Array, sweeps: int, damping: float) -> Array:
    """Sweeps with the diffusion lengths and means of the previous one.

    Each is a linear solve with a positive matrix, so it fills regions without sources of their own from their neighbours,
    from where Newton's method then converges. Of the change in ln x the part `damping` is made: with 1/2 the mean energy,
    on which the opacities depend steeply, does not overshoot.
    """
    medium, volume = problem.medium, problem.geometry.volume
    for _ in range(sweeps):
        system = problem.at(x)
        temperature = x[:, 0] / x[:, 1] / (problem.geometry.lapse * medium.shape_ratio)
        gain = system.means[:, 2] * medium.temperature / temperature * x[:, 0]
        loss = volume[:, None] * (system.means[:, :2] + system.means[:, 2:] * [1.0, 0.0])
        source = volume[:, None] * np.stack([medium.source_energy + gain, medium.source_number], axis=1)
        answer = np.empty_like(x)
        kernels.solve_diffusion(system.conductance, loss, source, answer)
        x = x * np.maximum(answer / x, kernels.TINY) ** damping
    return x


def newton(
    problem: Problem, x: Array, tolerance: float, max_steps: int, fallback: int = FALLBACK_SWEEPS
) -> tuple[Array, list[float], kernels.System]:
    """Newton's method, positive and with backtracking.

    A step must reduce the scaled residual. Where even a short one does not (the limited flux has a near-kink where
    streaming reverses), `fallback` damped Picard sweeps follow, twice as many the next time; with none, the iteration ends
    there.

    Returns
    -------
    x : ndarray, shape (zone, 2)
        The last iterate.
    history : list of float
        Scaled residual before the first and after each step; the tolerance was met if its last entry is below it.
    system : System
        The equations at x.
    """
    system = problem.at(x)
    history = [scaled_norm(system)]
    while history[-1] >= tolerance and len(history) <= max_steps:
        change = newton_change(system)
        fraction, accepted = 1.0, False
        while fraction >= SHORTEST_STEP and not accepted:
            trial = advanced(x, fraction * change)
            there = problem.at(trial)
            norm = scaled_norm(there)
            accepted = norm < history[-1] * (1.0 - 0.1 * fraction) or norm < tolerance
            fraction *= 0.5
        if accepted:
            x, system = trial, there
        elif fallback == 0:
            break
        else:
            x = picard(problem, x, fallback, DAMPING)
            fallback = min(2 * fallback, LONGEST_FALLBACK)
            system = problem.at(x)
            norm = scaled_norm(system)
        history.append(norm)
    return x, history, system


def newton_change(system: kernels.System) -> Array:
    """Relative change of x that makes the linearised residual vanish, rows scaled, shape (zone, 2)."""
    change = np.empty_like(system.residual)
    kernels.newton_change(system, change)
    return change


def advanced(x: Array, change: Array) -> Array:
    """Return x after a relative change, positive and at most `LARGEST_FACTOR` away."""
    return x * np.clip(1.0 + change, 1.0 / LARGEST_FACTOR, LARGEST_FACTOR)
