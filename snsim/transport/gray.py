"""Gray flux-limited diffusion of energy and number: the mean energy is a result.

Steady state on a static general-relativistic background. With e = alpha^4 E and n = alpha^3 N both moments obey

    -(Gamma alpha^2/r^2) d/dr [r^2 alpha^-2 D dx/dr] = sources - kappa x,

with D/Gamma the spectral mean of the limited diffusion length Lambda(kappa_t(eps), Gamma |d ln x/dr|) and kappa
the spectral mean of the absorption, both over f = A/(1 + exp(eps/T_nu - eta)), T_nu from the local E/N. The closure
stands inside the residual, so that Newton's method sees all of it.

The limited diffusion length is averaged with the spectrum itself, not with its gradient: where a thermal gradient drives the
flux through a scattering shell, as for nux, that is more than the groups of a multigroup solution carry together (12-20 %
in the luminosity of nux on the G15 models, 2 % for nue and anue).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from microphysics._kernels.fermi import fermi_integral_array
from microphysics.constants import CODATA
from microphysics.errors import OutOfRangeError, UnknownNameError
from microphysics.opacity import OpacitySpectra
from snsim.transport._kernels import gray as kernels
from snsim.transport.background import Background
from snsim.transport.limiters import limiter_code
from snsim.transport.newton import DAMPING, Problem, newton, picard
from snsim.transport.solution import TransportSolution

Array = NDArray[np.float64]

SPECTRAL_SHAPES = ("blended", "fixed", "equilibrium")
FREE_DEGENERACY = 2.0  # pinching of spectra that have decoupled
TRAPPING_DEPTH = 20.0  # effective optical depth at which the shape turns to the equilibrium one
_DEGENERACY_RANGE = (-8.0, 50.0)
_OPACITY_FLOOR = 1e-25  # 1/cm
_FILLING_SWEEPS, _SETTLING_SWEEPS = 4, 10
_SMALLEST = 1e-200  # of a guess: positive, and far from overflow in a ratio
_INEXACT = 1e-3  # residual asked for per change of the spectral degeneracy
_SHAPE_TOLERANCE = 1e-8  # on the spectral degeneracy


@dataclass(frozen=True)
class GraySolver:
    """Options of the gray scheme.

    Attributes
    ----------
    limiter : str
        Name in `LIMITERS`.
    spectral_shape : str
        ``blended``: eta goes from 2 outside to its equilibrium value where neutrinos are trapped; ``fixed``: 2
        everywhere; ``equilibrium``: the matter's everywhere.
    tolerance : float
        On the root mean square of the residual over its scale.
    max_iterations : int
        Newton steps per species, over all updates of the spectral shape.
    """

    limiter: str = "wilson"
    spectral_shape: str = "blended"
    tolerance: float = 1e-10
    max_iterations: int = 500

    def solve(
        self, background: Background, spectra: OpacitySpectra, species: Sequence[str] | None = None
    ) -> TransportSolution:
        """Solve for every species in `species`, by default all of `spectra`.

        Returns
        -------
        TransportSolution
            With `converged` False, and the last iterate, if a species did not reach the tolerance.
        """
        if self.spectral_shape not in SPECTRAL_SHAPES:
            raise UnknownNameError("spectral shape", self.spectral_shape, SPECTRAL_SHAPES)
        names = tuple(species or spectra.species)
        geometry = _geometry(background)
        answers = [
            _solve_species(self, geometry, background, spectra, spectra.species.index(name)) for name in names
        ]
        return _assemble(names, background, geometry, answers)


@dataclass(frozen=True)
class _Answer:
    """One species: unknowns, closure and history."""

    x: Array
    medium: kernels.Medium
    system: kernels.System
    history: Array
    steps: int
    converged: bool


def _geometry(background: Background) -> kernels.Geometry:
    edges, centres = background.radius_interface, background.radius
    area = edges**2 / background.lapse_interface**2
    volume = np.diff(edges**3) / (3.0 * background.gamma * background.lapse**2)
    spacing = np.ones_like(edges)
    spacing[1:-1] = np.diff(centres)
    from_left, from_right = np.ones_like(edges), np.ones_like(edges)
    from_left[1:] = (centres / edges[1:]) ** 2
    from_right[1:-1] = (centres[1:] / edges[1:-1]) ** 2
    return kernels.Geometry(
        area,
        volume,
        background.gamma_interface.copy(),
        spacing,
        from_left,
        from_right,
        background.lapse.copy(),
    )


def energy_weights(energy: Array) -> tuple[Array, Array]:
    """Weights of int eps^3 deps and int eps^2 deps by the trapezium in ln eps, shapes (energy,)."""
    log_energy = np.log(energy)
    width = np.gradient(log_energy)
    width[0] *= 0.5
    width[-1] *= 0.5
    return width * energy**4, width * energy**3


def _medium(background: Background, spectra: OpacitySpectra, index: int) -> tuple[kernels.Medium, Array]:
    """Opacities and exact spectral sources of one species, and its equilibrium moments, shape (zone, 2)."""
    weight_energy, weight_number = energy_weights(spectra.energy)
    absorption = spectra.total_absorption[index]
    total = np.maximum(absorption + spectra.total_scattering[index], _OPACITY_FLOOR)
    transport = np.empty((total.shape[0] + 1, total.shape[1]))
    transport[1:-1] = np.sqrt(total[1:] * total[:-1])
    transport[0], transport[-1] = total[0], total[-1]
    phase_space = 4.0 * np.pi / (2.0 * np.pi * CODATA.hbar_c) ** 3
    equilibrium = phase_space * spectra.equilibrium[index]
    lapse = background.lapse
    medium = kernels.Medium(
        energy=spectra.energy,
        weight_energy=weight_energy,
        weight_number=weight_number,
        absorption=absorption,
        exchange=spectra.total_exchange[index],
        transport=transport,
        source_energy=lapse**4 * ((absorption * equilibrium) @ weight_energy),
        source_number=lapse**3 * ((absorption * equilibrium) @ weight_number),
        temperature=spectra.temperature.copy(),
        degeneracy=np.full_like(lapse, FREE_DEGENERACY),
        shape_ratio=np.empty_like(lapse),
    )
    moments = np.stack(
        [lapse**4 * (equilibrium @ weight_energy), lapse**3 * (equilibrium @ weight_number)], axis=1
    )
    return medium, moments


def _initial_guess(
    geometry: kernels.Geometry, background: Background, medium: kernels.Medium, moments: Array
) -> Array:
    """Equilibrium inside transport depth 1, diluted outside; streaming from the sources where nothing is opaque."""
    path = np.diff(background.radius_interface) / background.gamma
    weight = moments[:, :1] > 0.0
    spectrum = medium.weight_energy / (
        1.0 + np.exp(np.minimum(medium.energy / background.matter.temperature[:, None], 600.0))
    )
    opacity = (medium.transport[1:] * spectrum).sum(axis=1) / spectrum.sum(axis=1)
    depth = np.cumsum((opacity * path)[::-1])[::-1]
    opaque = (depth > 1.0) & weight[:, 0] & (medium.source_energy > 0.0)
    area = geometry.area[1:]
    streaming = np.cumsum(
        np.stack([medium.source_energy, medium.source_number], axis=1) * geometry.volume[:, None], axis=0
    )
    guess = np.maximum(streaming, _SMALLEST) / area[:, None]
    if opaque.any():
        sphere = int(np.flatnonzero(opaque)[-1])
        inside = np.arange(area.size) <= sphere
        # a flux of a quarter of cE at the sphere, free streaming outside
        diluted = 0.25 * moments[sphere] * area[sphere] / area[:, None]
        guess = np.where(inside[:, None], np.maximum(moments, diluted * 1e-6), diluted)
    return np.maximum(guess, _SMALLEST)


def _solve_species(
    solver: GraySolver,
    geometry: kernels.Geometry,
    background: Background,
    spectra: OpacitySpectra,
    index: int,
) -> _Answer:
    """Picard sweeps to fill the star, Newton, and the spectral shape updated between Newton solves until it rests."""
    medium, moments = _medium(background, spectra, index)
    if not (medium.source_energy > 0.0).any():
        raise OutOfRangeError(
            f"transport.species: no process of the opacity set emits {spectra.species[index]}"
        )
    problem = Problem(geometry, medium, *limiter_code(solver.limiter))
    equilibrium = np.clip(np.nan_to_num(spectra.degeneracy[index], nan=FREE_DEGENERACY), *_DEGENERACY_RANGE)
    shape = (
        equilibrium if solver.spectral_shape == "equilibrium" else np.full_like(equilibrium, FREE_DEGENERACY)
    )
    _set_shape(medium, shape)
    x = _initial_guess(geometry, background, medium, moments)
    x = picard(problem, x, _FILLING_SWEEPS, 1.0)
    x = picard(problem, x, _SETTLING_SWEEPS, DAMPING)
    history: list[float] = []
    steps = 0
    moved = np.inf if solver.spectral_shape == "blended" else 0.0
    while len(history) < solver.max_iterations:
        # no need to solve further than the shape is known
        tolerance = max(solver.tolerance, min(1e-3, _INEXACT * moved))
        x, norms = newton(problem, x, tolerance, solver.max_iterations - len(history))
        history.extend(norms)
        steps += len(norms) - 1
        if history[-1] >= tolerance or (moved < _SHAPE_TOLERANCE and history[-1] < solver.tolerance):
            break
        new = _blended_shape(background, problem.at(x), equilibrium)
        moved = float(np.abs(new - shape).max())
        shape = new
        _set_shape(medium, shape)
    converged = history[-1] < solver.tolerance
    if converged:
        # one step more: the budget of energy feels the residual of opaque zones amplified
        x, _ = newton(problem, x, 0.0, max_steps=1, fallback=0)
    return _Answer(x, medium, problem.at(x), np.array(history), steps, converged)


def _set_shape(medium: kernels.Medium, degeneracy: Array) -> None:
    medium.degeneracy[:] = degeneracy
    medium.shape_ratio[:] = fermi_integral_array(3, degeneracy) / fermi_integral_array(2, degeneracy)


def _blended_shape(background: Background, system: kernels.System, equilibrium: Array) -> Array:
    """Return eta = 2 + (eta_eq - 2) w, w = 1 - exp(-(tau_eff/20)^2), tau_eff = int sqrt(kappa_E kappa_tE) dr/Gamma."""
    transport = 0.5 * (system.effective[1:, 0] + system.effective[:-1, 0])
    step = np.sqrt(system.means[:, 0] * transport) * np.diff(background.radius_interface) / background.gamma
    depth = np.cumsum(step[::-1])[::-1] - 0.5 * step
    trapped = -np.expm1(-((depth / TRAPPING_DEPTH) ** 2))
    return FREE_DEGENERACY + (equilibrium - FREE_DEGENERACY) * trapped


def _assemble(
    names: tuple[str, ...], background: Background, geometry: kernels.Geometry, answers: list[_Answer]
) -> TransportSolution:
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
        [energy_density[i] / number_density[i] / a.medium.shape_ratio for i, a in enumerate(answers)]
    )
    exchange = np.stack([a.system.means[:, 2] for a in answers]) * (
        1.0 - background.matter.temperature / temperature
    )
    return TransportSolution(
        species=names,
        energy_density=energy_density,
        number_density=number_density,
        neutrino_temperature=temperature,
        degeneracy=np.stack([a.medium.degeneracy for a in answers]),
        luminosity=luminosity * CODATA.erg_per_mev,
        number_luminosity=number_luminosity,
        flux_factor=_flux_factor(background, geometry, energy_density, luminosity),
        absorption_energy=np.stack([a.system.means[:, 0] for a in answers]),
        absorption_number=np.stack([a.system.means[:, 1] for a in answers]),
        transport_energy=np.stack([a.system.effective[:, 0] for a in answers]),
        transport_number=np.stack([a.system.effective[:, 1] for a in answers]),
        emission_energy=c * np.stack([a.medium.source_energy for a in answers]) / lapse**4,
        emission_number=c * np.stack([a.medium.source_number for a in answers]) / lapse**3,
        exchange_energy=-c * exchange * energy_density,
        converged=all(a.converged for a in answers),
        iterations=np.array([a.steps for a in answers]),
        residual_history=tuple(a.history for a in answers),
    )


def _flux_factor(
    background: Background, geometry: kernels.Geometry, energy_density: Array, luminosity: Array
) -> Array:
    """F_E/(cE) at edges: E by the geometric mean of r^2 alpha^4 E on either side, streaming at the outer edge."""
    carried = energy_density * background.radius**2 * background.lapse**4
    at_edge = np.concatenate([np.sqrt(carried[:, 1:] * carried[:, :-1]), carried[:, -1:]], axis=1)
    flux = luminosity[:, 1:] * background.lapse_interface[1:] ** 4 / (4.0 * np.pi * CODATA.speed_of_light)
    return np.concatenate([np.full((luminosity.shape[0], 1), np.nan), flux / at_edge], axis=1)
