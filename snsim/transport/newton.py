"""The iterations that solve the gray equations: a march of Newton steps, and Picard sweeps that fill a star."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from snsim.transport._kernels import gray_march as kernels
from snsim.transport._kernels.geometry import Geometry
from snsim.transport._kernels.gray import (
    TINY,
    System,
    linearise,
    solve_diffusion,
    take_step,
)
from snsim.transport._kernels.gray import (
    scaled_norm as _scaled_norm,
)
from snsim.transport._kernels.gray_flux import Closure, Edges, GrayReach, Medium, Spectra

Array = NDArray[np.float64]

_NOTHING = np.empty(0)
STILL = kernels.Lagged(False, 0.0, False, 0.0, 0.0, _NOTHING, _NOTHING, _NOTHING, False, 0.0)

LARGEST_FACTOR = 5.0  # by which an unknown may change in a Newton step
AT_ONCE, WATCHED, CAREFUL = 1e12, 100.0, 1.0  # first steps in pseudo-time


@dataclass(frozen=True)
class Problem:
    """Equations of one species: what `linearise` needs besides x.

    Attributes
    ----------
    geometry, medium, reach, closure : NamedTuple
        See the kernels. The values of `reach` and the degeneracy of `medium` are moved between steps.
    """

    geometry: Geometry
    medium: Medium
    reach: GrayReach
    closure: Closure

    def empty_system(self) -> System:
        """Arrays for `at`."""
        zones, energies = self.medium.temperature.size, self.medium.flux_energy.size
        pairs, block, cells = (zones, 2), (zones, 2, 2), (zones, energies)
        return System(
            residual=np.empty(pairs),
            scale=np.empty(pairs),
            lower=np.empty(block),
            diagonal=np.empty(block),
            upper=np.empty(block),
            means=np.empty((zones, 3)),
            edges=Edges(np.empty((zones + 1, 2)), np.empty((zones + 1, 2, 2)), np.empty((zones + 1, 2, 4))),
            spectra=Spectra(
                np.empty(cells),
                np.empty(cells),
                np.empty(zones),
                np.empty(zones),
                *np.zeros((4, zones + 1, energies)),
            ),
        )

    def at(self, x: Array) -> System:
        """Residual, exact derivative and closure at x, shape (zone, 2)."""
        return self.linearised(x, np.nan)

    def linearised(self, x: Array, expected: Array | float) -> System:
        """Return the same with a derivative that follows the bend of fluxes as far as they are what was `expected`."""
        system = self.empty_system()
        fluxes = np.broadcast_to(expected, system.spectra.flux.shape).copy()
        kernels.fill(x, self.medium, self.closure, system)
        linearise(x, self.geometry, self.medium, self.reach, self.closure, fluxes, system)
        return system


@dataclass(frozen=True)
class Marched:
    """Where a march ended: unknowns, equations there, scaled residuals before the first and after each step."""

    x: Array
    system: System
    history: list[float]
    converged: bool


def scaled_norm(system: System) -> float:
    """Root mean square of residual over scale."""
    return float(_scaled_norm(system.residual, system.scale))


def march(
    problem: Problem,
    x: Array,
    tolerance: float,
    max_steps: int,
    lagged: kernels.Lagged | None = None,
    pace: float = AT_ONCE,
) -> Marched:
    """Newton steps in x and in the fluxes at every energy, with a brake in pseudo-time.

    In transparent zones a limited flux hardly depends on the gradient but on its sign, and Newton's method in x alone leaps
    over that near-kink and back. So fluxes are unknowns of their own (Chan, Golub & Mulet 1999, SIAM J. Sci. Comput. 20,
    1964): the derivative bends a flux as far as the one that the step before was to give does. A step `pace` long in
    pseudo-time lengthens while changes are small (Mulder & van Leer 1985, J. Comput. Phys. 59, 232).

    Parameters
    ----------
    lagged : Lagged, optional
        What is moved between steps; the march ends when that rests as well. By default nothing is.

    Returns
    -------
    Marched
        Not converged after `max_steps`, or where numbers overflow.
    """
    x, system, history = x.copy(), problem.empty_system(), np.empty(max_steps + 1)
    entries, ended = kernels.march(
        x,
        problem.geometry,
        problem.medium,
        problem.reach,
        problem.closure,
        STILL if lagged is None else lagged,
        tolerance,
        LARGEST_FACTOR,
        pace,
        system,
        np.zeros_like(system.spectra.flux),
        history,
    )
    return Marched(x, system, history[:entries].tolist(), bool(ended))


def polished(problem: Problem, end: Marched) -> Marched:
    """One Newton step more: budgets feel the residual of opaque zones amplified."""
    x, change, expected = end.x.copy(), np.empty_like(end.x), np.empty_like(end.system.spectra.flux)
    take_step(x, end.system, AT_ONCE, LARGEST_FACTOR, change, expected)
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
        solve_diffusion(x, system.edges.carried, loss, source, answer)
        x = x * np.maximum(answer / x, TINY) ** damping
    return x
