"""Gray flux-limited diffusion of energy and number: the mean energy is a result.

Steady state on a static general-relativistic background. With e = alpha^4 E and n = alpha^3 N both moments obey

    -(Gamma alpha^2/r^2) d/dr [r^2 alpha^-2 D dx/dr] = sources - kappa x,

with kappa the spectral mean of the absorption over f = A/(1 + exp(eps/T_nu - eta)), T_nu from the local E/N. The closure
stands inside the residual, so that Newton's method sees all of it. The flux of either moment is, by name in `GRAY_CLOSURES`,

- ``spectral-gradient``: the sum over energies of the limited diffusion of that f, -Lambda(kappa_t, Gamma |dln f/dr|)
  Gamma df/dr at fixed alpha eps, with A, T_nu and eta varying between zones: the flux of a multigroup scheme for a
  spectrum of two parameters. Diffusion by thermal and chemical gradients is exact, and nothing flows where alpha T_nu,
  eta and A are constant;
- ``spectral-flux``: D/Gamma is the mean over f of Lambda(kappa_t, Gamma |dln x/dr|), the gradient that of the moment itself.
  Where a thermal gradient drives the flux through a scattering shell, as for nux, that is 12-25 % more than groups carry;
- ``multigroup``: the means of a spectral solution, `GivenMeans`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.errors import OutOfRangeError, UnknownNameError
from microphysics.opacity import OpacitySpectra
from snsim.transport._kernels import gray as kernels
from snsim.transport._kernels.geometry import Reach, extend_monotone
from snsim.transport._kernels.gray_flux import spread_reach
from snsim.transport.background import Background
from snsim.transport.gray_medium import (
    FREE_DEGENERACY,
    GivenMeans,
    blended_degeneracy,
    first_reach,
    gray_medium,
    initial_guess,
    set_degeneracy,
)
from snsim.transport.limiters import limiter_code
from snsim.transport.mesh import geometry_of
from snsim.transport.newton import DAMPING, Problem, advanced, newton, newton_change, picard, scaled_norm
from snsim.transport.solution import TransportSolution

Array = NDArray[np.float64]

SPECTRAL_SHAPES = ("blended", "fixed", "equilibrium")
RECONSTRUCTIONS = ("second", "first")
GRAY_CLOSURES: dict[str, int] = {
    "spectral-gradient": kernels.SPECTRAL_GRADIENT,
    "spectral-flux": kernels.SPECTRAL_FLUX,
    "multigroup": kernels.GIVEN,
}
_DEGENERACY_RANGE = (-8.0, 50.0)
_FILLING_SWEEPS, _SETTLING_SWEEPS = 4, 6
_EXTENSION = 2.0 / 3.0  # of the reconstruction per step: with all of it the shortest waves would not decay
_SMOOTH = 1e-3  # residual from which a Newton step needs no watching
_PATIENCE = 40  # Newton steps for one move of reconstruction and degeneracy; then it is made smaller
_SHORTEST_MOVE = 0.02
_AT_REST = 3e-5  # of the lagged degeneracy and reconstruction: with 1e-9 answers move by 1e-7


@dataclass(frozen=True)
class GraySolver:
    """Options of the gray scheme.

    Attributes
    ----------
    limiter : str
        Name in `LIMITERS`.
    closure : str
        Name in `GRAY_CLOSURES`.
    reconstruction : {"second", "first"}
        Order of the values at edges that limiter and outflow see.
    spectral_shape : str
        ``blended``: eta goes from 2 outside to its equilibrium value where even neutrinos of energy T_nu are trapped;
        ``fixed``: 2 everywhere; ``equilibrium``: the matter's everywhere.
    tolerance : float
        On the root mean square of the residual over its scale.
    max_iterations : int
        Newton steps per species, over all updates of the spectral shape.
    given : mapping of str to GivenMeans
        Of every species, for the closure ``multigroup``.
    """

    limiter: str = "wilson"
    closure: str = "spectral-gradient"
    reconstruction: str = "second"
    spectral_shape: str = "blended"
    tolerance: float = 1e-10
    max_iterations: int = 500
    given: Mapping[str, GivenMeans] = field(default_factory=dict)

    def solve(
        self, background: Background, spectra: OpacitySpectra, species: Sequence[str] | None = None
    ) -> TransportSolution:
        """Solve for every species in `species`, by default all of `spectra`.

        Returns
        -------
        TransportSolution
            With `converged` False, and the last iterate, if a species did not reach the tolerance.

        Raises
        ------
        UnknownNameError
            For an unknown option.
        OutOfRangeError
            If nothing emits a species, or its means are not given.
        """
        for what, name, known in (
            ("gray closure", self.closure, tuple(GRAY_CLOSURES)),
            ("reconstruction", self.reconstruction, RECONSTRUCTIONS),
            ("spectral shape", self.spectral_shape, SPECTRAL_SHAPES),
        ):
            if name not in known:
                raise UnknownNameError(what, name, known)
        names = tuple(species or spectra.species)
        stars = [_star(self, background, spectra, name) for name in names]
        return _assemble(names, background, [_solve_species(self, star) for star in stars])


@dataclass(frozen=True)
class _Star:
    """One species on its background: equations, equilibrium moments and degeneracy."""

    background: Background
    problem: Problem
    moments: Array
    degeneracy: Array


@dataclass(frozen=True)
class _Answer:
    """One species: unknowns, closure and history."""

    x: Array
    problem: Problem
    system: kernels.System
    history: Array
    steps: int
    converged: bool


def gray_problem(
    solver: GraySolver, background: Background, spectra: OpacitySpectra, name: str
) -> tuple[Problem, Array]:
    """Equations of one species, with edge values to first order and the free spectral shape; equilibrium moments (zone, 2).

    Raises
    ------
    OutOfRangeError
        If nothing emits the species, or its means are not given.
    """
    index = spectra.species.index(name)
    given = solver.given.get(name)
    if (given is None) == (solver.closure == "multigroup"):
        raise OutOfRangeError(
            f"closure '{solver.closure}': GraySolver.given must hold the means of {name} for 'multigroup', and for no other"
        )
    medium, moments = gray_medium(background, spectra, index, given)
    if not (medium.source_energy > 0.0).any():
        raise OutOfRangeError(f"transport.species: no process of the opacity set emits {name}")
    geometry = geometry_of(background)
    closure = kernels.Closure(GRAY_CLOSURES[solver.closure], *limiter_code(solver.limiter))
    return Problem(geometry, medium, first_reach(geometry, medium), closure), moments


def _star(solver: GraySolver, background: Background, spectra: OpacitySpectra, name: str) -> _Star:
    problem, moments = gray_problem(solver, background, spectra, name)
    eta = np.nan_to_num(spectra.degeneracy[spectra.species.index(name)], nan=FREE_DEGENERACY)
    star = _Star(background, problem, moments, np.clip(eta, *_DEGENERACY_RANGE))
    if solver.spectral_shape == "equilibrium":
        set_degeneracy(problem.medium, star.degeneracy)
    return star


def _follow(solver: GraySolver, star: _Star, x: Array, part: float) -> float:
    """Move the reconstruction and the degeneracy by a part of the way to what x asks for; return the whole way."""
    problem, moved = star.problem, 0.0
    if solver.spectral_shape == "blended":
        before = problem.medium.degeneracy
        wanted = blended_degeneracy(star.background, problem.geometry, problem.medium, x, star.degeneracy)
        change = wanted - before
        set_degeneracy(problem.medium, before + min(part / _EXTENSION, 1.0) * change)
        moved = float(np.abs(change).max())
    if solver.reconstruction == "second":
        reach = problem.reach
        moved = max(moved, float(extend_monotone(x, problem.geometry, Reach(reach.left, reach.right), part)))
        if problem.closure.scheme == kernels.SPECTRAL_GRADIENT:
            spread_reach(x, problem.geometry, problem.medium, reach)
    return moved


def _solve_species(solver: GraySolver, star: _Star) -> _Answer:
    """Picard sweeps to fill the star, Newton, then both the unknowns and what is lagged until neither moves."""
    problem = star.problem
    x = initial_guess(problem.geometry, star.background, problem.medium, star.moments)
    x = picard(problem, x, _FILLING_SWEEPS, 1.0)
    x = picard(problem, x, _SETTLING_SWEEPS, DAMPING)
    x, history, system = newton(problem, x, max(solver.tolerance, _SMOOTH), solver.max_iterations)
    if history[-1] < max(solver.tolerance, _SMOOTH):
        x, history, system = _settle(solver, star, x, history)
    converged = history[-1] < solver.tolerance
    if converged:
        # one step more: the budget of energy feels the residual of opaque zones amplified
        x, _, system = newton(problem, x, 0.0, max_steps=1, fallback=0)
    return _Answer(x, problem, system, np.array(history), len(history) - 1, converged)


def _settle(
    solver: GraySolver, star: _Star, x: Array, history: list[float]
) -> tuple[Array, list[float], kernels.System]:
    """Newton steps, with reconstruction and degeneracy moved before each, until both rest and the tolerance is met.

    A step is taken unwatched while the residual falls from one to the next. Else Newton's method with backtracking and Picard
    sweeps has `_PATIENCE` steps; if they are not enough, the move is taken back and one of half the length made.
    """
    problem, part, moved = star.problem, _EXTENSION, np.inf
    system, before = problem.at(x), history[-1]
    while len(history) <= solver.max_iterations:
        kept, start = _kept(problem), x
        if moved > _AT_REST:
            moved = _follow(solver, star, x, part)
            system = problem.at(x)
        goal = max(solver.tolerance, min(_SMOOTH, 1e-2 * moved) if moved > _AT_REST else 0.0)
        norm = scaled_norm(system)
        if norm >= goal and norm < min(_SMOOTH, before):
            x, before = advanced(x, newton_change(system)), norm
            history.append(norm)
            system = problem.at(x) if moved <= _AT_REST else system
            continue
        if norm >= goal:
            last = part <= _SHORTEST_MOVE or moved <= _AT_REST
            steps = solver.max_iterations - len(history)
            x, norms, system = newton(problem, x, goal, steps if last else min(steps, _PATIENCE))
            history.extend(norms)
            norm = norms[-1]
            if norm >= goal and last:
                break
            if norm >= goal:
                x, part, before = start, 0.5 * part, np.inf
                _restore(problem, kept)
                continue
            part = min(2.0 * part, _EXTENSION)
        else:
            history.append(norm)
        before = norm
        if moved <= _AT_REST and norm < solver.tolerance:
            break
    return x, history, system


def _kept(problem: Problem) -> list[Array]:
    return [values.copy() for values in (*problem.reach, problem.medium.degeneracy)]


def _restore(problem: Problem, kept: list[Array]) -> None:
    *reach, degeneracy = kept
    for values, old in zip(problem.reach, reach, strict=True):
        values[:] = old
    set_degeneracy(problem.medium, degeneracy)


def _assemble(names: tuple[str, ...], background: Background, answers: list[_Answer]) -> TransportSolution:
    """Undo the lapse factors and collect the species."""
    c = CODATA.speed_of_light
    lapse = background.lapse
    energy_density = np.stack([a.x[:, 0] for a in answers]) / lapse**4
    number_density = np.stack([a.x[:, 1] for a in answers]) / lapse**3
    # r^2 alpha^-2 h with h = alpha^4 F_E/c (energy), alpha^3 F_N/c (number)
    luminosity = (
        4.0 * np.pi * c * np.stack([a.system.flux[:, 0] for a in answers]) / background.lapse_interface**2
    )
    number_luminosity = (
        4.0 * np.pi * c * np.stack([a.system.flux[:, 1] for a in answers]) / background.lapse_interface
    )
    temperature = np.stack(
        [energy_density[i] / number_density[i] / a.problem.medium.shape_ratio for i, a in enumerate(answers)]
    )
    exchange = np.stack([a.system.means[:, 2] for a in answers]) * (
        1.0 - background.matter.temperature / temperature
    )
    return TransportSolution(
        species=names,
        energy_density=energy_density,
        number_density=number_density,
        neutrino_temperature=temperature,
        degeneracy=np.stack([a.problem.medium.degeneracy for a in answers]),
        luminosity=luminosity * CODATA.erg_per_mev,
        number_luminosity=number_luminosity,
        flux_factor=np.stack([_flux_factor(a) for a in answers]),
        absorption_energy=np.stack([a.system.means[:, 0] for a in answers]),
        absorption_number=np.stack([a.system.means[:, 1] for a in answers]),
        transport_energy=np.stack([a.system.effective[:, 0] for a in answers]),
        transport_number=np.stack([a.system.effective[:, 1] for a in answers]),
        emission_energy=c * np.stack([a.problem.medium.source_energy for a in answers]) / lapse**4,
        emission_number=c * np.stack([a.problem.medium.source_number for a in answers]) / lapse**3,
        exchange_energy=-c * exchange * energy_density,
        converged=all(a.converged for a in answers),
        iterations=np.array([a.steps for a in answers]),
        residual_history=tuple(a.history for a in answers),
    )


def _flux_factor(answer: _Answer) -> Array:
    """F_E/(cE) at edges, with E as the limiter sees it, from upstream: never above 1; NaN at the centre."""
    problem, e = answer.problem, answer.x[:, 0]
    left, right = problem.reach.left[1:, 0] * e, problem.reach.right[1:, 0] * np.append(e[1:], 0.0)
    flux = answer.system.flux[1:, 0] / problem.geometry.area[1:]
    return np.append(np.nan, flux / np.where(flux >= 0.0, left, right))
