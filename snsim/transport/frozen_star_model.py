"""A frozen star as a model in time: what stays the same, how the equations of a step come from a state, where it begins."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from microphysics.eos.state import EquationOfState
from microphysics.errors import OutOfRangeError
from microphysics.matter import MatterState
from microphysics.opacity import OpacitySet, OpacitySpectra
from snsim.errors import ConvergenceError
from snsim.transport.background import Background
from snsim.transport.frozen_star import FrozenStar, lagged_depth, spectral_shape
from snsim.transport.gray import GraySolver, gray_problem
from snsim.transport.gray_medium import set_degeneracy
from snsim.transport.implicit import State
from snsim.transport.matter_table import MatterTable
from snsim.transport.moving_matter import MovingMatter
from snsim.transport.newton import Problem as GrayProblem
from snsim.transport.solution import TransportSolution
from snsim.transport.thermal_scattering import gray_spectra

Array = NDArray[np.float64]

COUPLED, FIXED = "coupled", "fixed"
_SMALLEST_Y_E = 0.05  # below, changes of Y_e are compared with this
_TRAPPED = 1.0  # effective depth from which on neutrinos limit the step


def in_time(solver: GraySolver) -> GraySolver:
    """Return the gray scheme as an evolution uses it: with edge values of first order.

    Those of second order would be lagged by a step, and so of first order in time.
    """
    return replace(solver, reconstruction="first")


@dataclass(frozen=True)
class FrozenStarModel:
    """What stays the same during an evolution, and how the equations of a step come from a state.

    Attributes
    ----------
    background : Background
        Zones, metric, densities; its temperature and Y_e are those of the beginning.
    opacities : OpacitySet
        Processes.
    energy : ndarray, shape (energy,)
        Local energies of the opacities, MeV.
    species : tuple of str
        Which neutrinos.
    eos : EquationOfState
        Of the matter.
    matter : MatterTable or None
        None holds the matter fixed, with the composition of the background. Else composition and chemical potentials are
        those of `eos`, from the beginning on.
    scheme : GraySolver
        Its limiter and spectral shape.
    path : MovingMatter, optional
        Matter as a given function of time, in place of `matter`.
    inelastic : bool
        Whether scattering on electrons comes from its kernels.
    """

    background: Background
    opacities: OpacitySet
    energy: Array
    species: tuple[str, ...]
    eos: EquationOfState
    matter: MatterTable | None
    scheme: GraySolver = field(default_factory=GraySolver)
    path: MovingMatter | None = None
    inelastic: bool = True

    def steady(self) -> TransportSolution:
        """Neutrinos at rest at time 0, in the matter and by the scheme of the evolution.

        Those of a star whose composition is not that of the equation of state, or with other edge values, would move at
        the first step: mu_nu of the analytic star is up to 3 T from that of the equation of state.

        Returns
        -------
        TransportSolution
            Where `start` begins.

        Raises
        ------
        OutOfRangeError
            For a closure that belongs to one time, or edge values of second order.
        ConvergenceError
            With the last iterate in `partial`.
        """
        self._check_closure()
        matter = self._matter_at(self._own_unknowns(), 0.0)
        there = replace(self.background, matter=matter)
        solution = self.scheme.solve(there, self._opacities_of(matter), self.species)
        if not solution.converged:
            worst = max(history[-1] for history in solution.residual_history)
            raise ConvergenceError(
                f"the steady neutrinos at the beginning of the evolution did not reach transport.tolerance = "
                f"{self.scheme.tolerance:g}: scaled residual {worst:.1e}",
                solution,
            )
        return solution

    def start(self, solution: TransportSolution, first_step: float) -> State:
        """State at time 0: the neutrinos of a steady solution in the matter of the background.

        Parameters
        ----------
        solution : TransportSolution
            As a rule that of `steady`.
        first_step : float
            Length of the first step to try, s.

        Returns
        -------
        State
            For `evolve`.

        Raises
        ------
        OutOfRangeError
            For a closure that belongs to one time, or edge values of second order.
        """
        self._check_closure()
        lapse = self.background.lapse
        columns = []
        for name in self.species:
            s = solution.species.index(name)
            columns += [lapse**4 * solution.energy_density[s], lapse**3 * solution.number_density[s]]
        y = np.log(np.stack(columns, axis=1))
        if self.matter is not None:
            y = np.concatenate([y, self._own_unknowns()], axis=1)
        spectra = self._spectra(y, 0.0)
        shapes = solution.degeneracy[[solution.species.index(name) for name in self.species]]
        problems = self._gray(spectra)
        for problem, shape in zip(problems, shapes, strict=True):
            set_degeneracy(problem.medium, shape)
        star = self._star(y, problems, np.zeros_like(shapes))
        memory, _ = self._lagged(star, y)
        before = {f"{name}_before": values for name, values in memory.items()}
        return replace(State.start(y, first_step), memory=memory | before)

    def equations(self, state: State, dt: float) -> FrozenStar:
        """Equations of a step: opacities and what is lagged are those of its middle, continued from the step before.

        Parameters
        ----------
        state : State
            At the beginning of the step.
        dt : float
            Its length, s.

        Returns
        -------
        FrozenStar
            For this step only.
        """
        part = 0.5 * dt / state.step_before if state.step_before > 0.0 else 0.0
        spectra = self._spectra(state.y + part * (state.y - state.before), state.time + 0.5 * dt)
        depth, before = state.memory["depth"], state.memory["depth_before"]
        middle = depth * (depth / before) ** part
        problems = self._gray(spectra)
        for s, problem in enumerate(problems):
            shape = spectral_shape(self.scheme.spectral_shape, middle[s], spectra.degeneracy[s])
            set_degeneracy(problem.medium, shape)
        return self._star(state.y, problems, middle)

    def _check_closure(self) -> None:
        if self.scheme.closure == "multigroup":
            raise OutOfRangeError(
                "transport.closure = 'multigroup': its means belong to one time, and not to an evolution"
            )
        if self.scheme.reconstruction != "first":
            raise OutOfRangeError(
                f"transport.reconstruction = '{self.scheme.reconstruction}': an evolution takes edge values of first order"
            )

    def _own_unknowns(self) -> Array:
        """Ln T and Y_e of the beginning, shape (zone, 2)."""
        matter = self.background.matter
        return np.stack([np.log(matter.temperature), matter.electron_fraction], axis=1)

    def _gray(self, spectra: OpacitySpectra) -> tuple[GrayProblem, ...]:
        return tuple(gray_problem(self.scheme, self.background, spectra, name)[0] for name in self.species)

    def _star(self, y: Array, problems: tuple[GrayProblem, ...], depth: Array) -> FrozenStar:
        weight = np.zeros_like(y)
        for s in range(len(self.species)):
            weight[:, 2 * s : 2 * s + 2] = (depth[s] > _TRAPPED)[:, None]
        if self.matter is not None:
            weight[:, -2] = 1.0
            weight[:, -1] = 1.0 / np.maximum(y[:, -1], _SMALLEST_Y_E)
        return FrozenStar(self.species, problems, self.background, self.matter, weight)

    @cached_property
    def _spectra_at_start(self) -> OpacitySpectra:
        return self._opacities_of(self.background.matter)

    def _opacities_of(self, matter: MatterState) -> OpacitySpectra:
        return gray_spectra(self.opacities, matter, self.energy, self.species, self.inelastic)

    def _spectra(self, y: Array, time: float) -> OpacitySpectra:
        if self.path is None and self.matter is None:
            return self._spectra_at_start
        return self._opacities_of(self._matter_at(y, time))

    def _matter_at(self, y: Array, time: float) -> MatterState:
        """Given matter, or that of ln T and Y_e in the last columns of y by the equation of state."""
        if self.path is not None:
            return self.path.at(time)
        if self.matter is None:
            return self.background.matter
        low, high = self.matter.electron_fraction_bounds()
        fraction = np.clip(y[:, -1], low, high)  # where it was continued beyond them
        return self.eos(self.background.matter.density, np.exp(y[:, -2]), fraction).matter

    def _lagged(self, star: FrozenStar, y: Array) -> tuple[dict[str, Array], Array]:
        """Thermal depths at y, first axis species, and the fluxes (species, interface, 2)."""
        systems, x = star.systems(y), np.exp(y)
        depths = [
            lagged_depth(self.background, problem, np.ascontiguousarray(x[:, 2 * s : 2 * s + 2]))
            for s, problem in enumerate(star.gray)
        ]
        return {"depth": np.stack(depths)}, np.stack([system.edges.flux for system in systems])

    def remember(self, state: State, star: FrozenStar) -> tuple[State, Array]:
        """Note what the next step takes from here.

        Parameters
        ----------
        state : State
            At the end of a step.
        star : FrozenStar
            The equations of that step.

        Returns
        -------
        State
            The same with its memory renewed.
        ndarray, shape (species, interface, 2)
            All fluxes r^2 alpha^-2 h.
        """
        after, flux = self._lagged(star, state.y)
        before = {f"{name}_before": state.memory[name] for name in after}
        return replace(state, memory=after | before), flux
