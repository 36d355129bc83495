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
from functools import partial

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.errors import OutOfRangeError
from microphysics.opacity import OpacitySpectra
from snsim.transport._kernels import gray as kernels
from snsim.transport._kernels.gray_march import Lagged
from snsim.transport.background import Background
from snsim.transport.gray_continuation import AT_REST, ROUGH, cleared, fill, led
from snsim.transport.gray_medium import (
    DEGENERACY_RANGE,
    FREE_DEGENERACY,
    GivenMeans,
    first_reach,
    gray_medium,
    initial_guess,
    set_degeneracy,
)
from snsim.transport.limiters import LIMITERS, limiter_code
from snsim.transport.mesh import geometry_of
from snsim.transport.newton import (
    AT_ONCE,
    CAREFUL,
    Marched,
    Problem,
    march,
    polished,
)
from snsim.transport.options import require_names, require_numbers, require_opacities
from snsim.transport.solution import TransportSolution

Array = NDArray[np.float64]

SPECTRAL_SHAPES = ("blended", "fixed", "equilibrium")
RECONSTRUCTIONS = ("second", "first")
GRAY_CLOSURES: dict[str, int] = {
    "spectral-gradient": kernels.SPECTRAL_GRADIENT,
    "spectral-flux": kernels.SPECTRAL_FLUX,
    "multigroup": kernels.GIVEN,
}
# of the way that edge values move per step (with all of it the shortest waves do not decay), and the most that eta turns
_PACE = (0.9, 2.0)
_QUICK, _PATIENT = 30, 100  # steps: stars as we know them take 12 to 20
_HOW = (
    "opacities on an energy grid, from "
    "snsim.transport.thermal_scattering.gray_spectra(opacity_set, background.matter, energy_in_mev)"
)
_POLISHED = 1e-14  # residual that no step makes better


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
        Newton steps per species, over all attempts.
    given : mapping of str to GivenMeans
        Of every species, for the closure ``multigroup``.

    Raises
    ------
    UnknownNameError
        For an unknown option.
    OutOfRangeError
        For a number that is not in its range.
    """

    limiter: str = "wilson"
    closure: str = "spectral-gradient"
    reconstruction: str = "second"
    spectral_shape: str = "blended"
    tolerance: float = 1e-10
    max_iterations: int = 5000
    given: Mapping[str, GivenMeans] = field(default_factory=dict)

    def __post_init__(self) -> None:
        require_names(
            ("gray closure", self.closure, tuple(GRAY_CLOSURES)),
            ("flux limiter", self.limiter, tuple(LIMITERS)),
            ("reconstruction", self.reconstruction, RECONSTRUCTIONS),
            ("spectral shape", self.spectral_shape, SPECTRAL_SHAPES),
        )
        require_numbers(self.tolerance, max_iterations=self.max_iterations)

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
        OutOfRangeError
            If nothing emits a species, or its means are not given.
        TypeError
            For an `OpacitySet`, which has no energies.
        """
        require_opacities("GraySolver", spectra, OpacitySpectra, _HOW)
        names = tuple(species or spectra.species)
        stars = [_star(self, background, spectra, name) for name in names]
        return _assemble(names, background, [_solve_species(self, star) for star in stars])


@dataclass(frozen=True)
class _Star:
    """One species on its background.

    Lengths dr/Gamma of zones; equations; equilibrium moments and degeneracy; degeneracy of the spectra at first.
    """

    background: Background
    path: Array
    problem: Problem
    moments: Array
    degeneracy: Array
    shape: Array


@dataclass(frozen=True)
class _Answer:
    """One species: unknowns, closure and history."""

    x: Array
    problem: Problem
    system: kernels.System
    history: Array
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
    eta = np.clip(eta, *DEGENERACY_RANGE)
    if solver.spectral_shape == "equilibrium":
        set_degeneracy(problem.medium, eta)
    path = np.diff(background.radius_interface) / background.gamma
    return _Star(background, path, problem, moments, eta, problem.medium.degeneracy.copy())


def _solve_species(solver: GraySolver, star: _Star) -> _Answer:
    """March from the guess; where that does not end, from a star filled by Picard sweeps, or made opaque, or both.

    The answers of these starts have edge values of first order, from which what is lagged is led to rest.
    """
    problem = star.problem
    history: list[float] = []

    def onwards(x: Array, tolerance: float, steps: int, pace: float, lagged: Lagged | None = None) -> Marched:
        """March on, as long as the solver has steps left, and note the residuals."""
        steps = max(min(steps, solver.max_iterations - len(history)), 0)
        end = march(problem, x, tolerance, steps, lagged, pace)
        history.extend(end.history)
        return end

    guess = initial_guess(problem.geometry, star.background, problem.medium, star.moments)
    end = onwards(guess, solver.tolerance, _QUICK, AT_ONCE, _lagged(solver, star, *_PACE))
    for opaque, filled in ((False, True), (True, False), (True, True)):
        if end.converged or len(history) > solver.max_iterations:
            break
        _release(star)
        if opaque:
            end = cleared(problem, guess, onwards, filled)
        else:
            end = onwards(fill(problem, guess), ROUGH, _PATIENT, CAREFUL)
        if end.converged:
            end = led(problem, end, onwards, partial(_lagged, solver, star))
        if end.converged:
            end = onwards(end.x, solver.tolerance, _PATIENT, CAREFUL)
    if end.converged and end.history[-1] > _POLISHED:
        end = polished(problem, end)
    return _Answer(end.x, problem, end.system, np.array(history), end.converged)


def _lagged(solver: GraySolver, star: _Star, part: float, most: float) -> Lagged:
    """Degeneracy and edge values, as the solver has them."""
    return Lagged(
        moving=True,
        rest=AT_REST,
        blended=solver.spectral_shape == "blended",
        most=most,
        free=FREE_DEGENERACY,
        equilibrium=star.degeneracy,
        lapse=star.background.lapse,
        path=star.path,
        second=solver.reconstruction == "second",
        part=part,
    )


def _release(star: _Star) -> None:
    """Give edge values and degeneracy their first values."""
    problem = star.problem
    for values, first in zip(problem.reach, first_reach(problem.geometry, problem.medium), strict=True):
        values[:] = first
    set_degeneracy(problem.medium, star.shape)


def _assemble(names: tuple[str, ...], background: Background, answers: list[_Answer]) -> TransportSolution:
    """Undo the lapse factors and collect the species."""
    c = CODATA.speed_of_light
    lapse = background.lapse
    for answer in answers:
        _fill_reach(answer)
    effective = np.stack([_effective_opacity(a) for a in answers])
    energy_density = np.stack([a.x[:, 0] for a in answers]) / lapse**4
    number_density = np.stack([a.x[:, 1] for a in answers]) / lapse**3
    # r^2 alpha^-2 h with h = alpha^4 F_E/c (energy), alpha^3 F_N/c (number)
    luminosity = (
        4.0
        * np.pi
        * c
        * np.stack([a.system.edges.flux[:, 0] for a in answers])
        / background.lapse_interface**2
    )
    number_luminosity = (
        4.0 * np.pi * c * np.stack([a.system.edges.flux[:, 1] for a in answers]) / background.lapse_interface
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
        transport_energy=effective[:, :, 0],
        transport_number=effective[:, :, 1],
        emission_energy=c * np.stack([a.problem.medium.source_energy for a in answers]) / lapse**4,
        emission_number=c * np.stack([a.problem.medium.source_number for a in answers]) / lapse**3,
        exchange_energy=-c * exchange * energy_density,
        converged=all(a.converged for a in answers),
        iterations=np.array([a.history.size - 1 for a in answers]),
        residual_history=tuple(a.history for a in answers),
        worst_zone=np.array([_worst_zone(a.system) for a in answers]),
    )


def _worst_zone(system: kernels.System) -> int:
    return int(np.abs(system.residual / system.scale).max(axis=1).argmax())


def _fill_reach(answer: _Answer) -> None:
    """Give the moments the edge values of their spectra."""
    problem = answer.problem
    if problem.closure.scheme == kernels.SPECTRAL_GRADIENT:
        kernels.moments_reach(problem.medium, problem.reach, answer.system.spectra)


def _effective_opacity(answer: _Answer) -> Array:
    """Transport opacity of both moments at edges."""
    problem, system = answer.problem, answer.system
    out = np.empty_like(system.edges.flux)
    kernels.effective_opacity(answer.x, problem.geometry, problem.reach, system.edges, out)
    return out


def _flux_factor(answer: _Answer) -> Array:
    """F_E/(cE) at edges, with E as the limiter sees it, from upstream: never above 1; NaN at the centre."""
    problem, e = answer.problem, answer.x[:, 0]
    left, right = problem.reach.left[1:, 0] * e, problem.reach.right[1:, 0] * np.append(e[1:], 0.0)
    flux = answer.system.edges.flux[1:, 0] / problem.geometry.area[1:]
    return np.append(np.nan, flux / np.where(flux >= 0.0, left, right))
