"""Neutrinos and matter of a star that does not move, as equations in time: the gray scheme with matter that it heats.

Per zone and species e = alpha^4 E and n = alpha^3 N obey (V/(c alpha)) d(e, n)/dt + residual = 0, the residual that of the
steady scheme; matter obeys rho du/dtau = -sum S_E and n_B dY_e/dtau = -(S_N,nue - S_N,anue) with dtau = alpha dt. The rows of
matter are written for the sums with what the neutrinos carry,

    W d[alpha (n_B u + sum g E)]/dt + c sum g (flux_+ - flux_-) = 0,
    W d[n_B Y_e + N_nue - N_anue]/dt + c (flux_+ - flux_-)_nue - c (flux_+ - flux_-)_anue = 0

(W = (r_+^3 - r_-^3)/(3 Gamma), g = 4 for nux): the stiff exchange drops out of them identically, so energy at infinity and
lepton number close as well as these two rows are solved. All rows are divided by c.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from snsim.transport._kernels import evolution as kernels
from snsim.transport._kernels.gray import Medium, System, thermal_depth
from snsim.transport.background import Background
from snsim.transport.gray_medium import DEGENERACY_RANGE, FREE_DEGENERACY
from snsim.transport.implicit import Linearised
from snsim.transport.matter_table import MatterTable
from snsim.transport.newton import Problem as GrayProblem

Array = NDArray[np.float64]

MULTIPLICITY = {"nue": 1.0, "anue": 1.0, "nux": 4.0}
LEPTON_NUMBER = {"nue": 1.0, "anue": -1.0, "nux": 0.0}
_SHALLOWEST = 1e-30  # thermal depth, for ratios of them
_LARGEST_FACTOR = 5.0  # by which a Newton step may change E, N
_LARGEST_CHANGE = (0.3, 0.05)  # of ln T and Y_e


@dataclass(frozen=True)
class FrozenStar:
    """Equations of one step: opacities and spectral shapes are given, sources follow the matter.

    Attributes
    ----------
    species : tuple of str
        In the order of the unknowns ln e, ln n of each; then ln T and Y_e where matter takes part.
    gray : tuple of Problem
        The steady equations of each species.
    background : Background
        Zones and metric.
    matter : MatterTable or None
        Of the zones; None keeps the matter, and with it the sources, as they are in `gray`.
    weight : ndarray, shape (zone, block)
        See `implicit.Problem`.
    """

    species: tuple[str, ...]
    gray: tuple[GrayProblem, ...]
    background: Background
    matter: MatterTable | None
    weight: Array

    @property
    def names(self) -> tuple[str, ...]:
        """What the unknowns are, for messages."""
        moments = tuple(f"{what} of {name}" for name in self.species for what in ("energy", "number"))
        return moments if self.matter is None else (*moments, "temperature", "electron fraction")

    @property
    def largest_change(self) -> Array:
        """Bounds of a Newton step."""
        moments = [np.log(_LARGEST_FACTOR)] * (2 * len(self.species))
        return np.array(moments if self.matter is None else [*moments, *_LARGEST_CHANGE])

    @property
    def volume(self) -> Array:
        """W/c = (r_+^3 - r_-^3)/(3 Gamma c), shape (zone,)."""
        star = self.background
        return np.diff(star.radius_interface**3) / (3.0 * star.gamma * CODATA.speed_of_light)

    def conserved(self, y: Array) -> Array:
        """Return energies at infinity and numbers in zones.

        Parameters
        ----------
        y : ndarray, shape (zone, block)
            Unknowns.

        Returns
        -------
        ndarray, shape (zone, block)
            Over 4 pi c, MeV s/cm and s/cm: energy and number of each species, then, where matter takes part, energy and
            lepton number of everything.
        """
        known = self._looked_up(y)
        return self._contents(np.exp(y[:, : 2 * len(self.species)]), y, known)

    def _looked_up(self, y: Array) -> Array | None:
        """Matter at y, if any takes part."""
        return None if self.matter is None else self.matter(y[:, -2], y[:, -1])

    def _contents(self, x: Array, y: Array, known: Array | None) -> Array:
        """M at x = (e, n) of every species and, if any, at looked-up matter."""
        lapse, volume = self.background.lapse, self.volume
        moments = x * (volume / lapse**2 / lapse)[:, None]
        if known is None:
            return moments
        assert self.matter is not None
        energy = volume * lapse * self.matter.baryon_density * known[:, 0, 0]
        lepton = volume * self.matter.baryon_density * y[:, -1]
        for s, name in enumerate(self.species):
            energy = energy + MULTIPLICITY[name] * moments[:, 2 * s]
            lepton = lepton + LEPTON_NUMBER[name] * moments[:, 2 * s + 1]
        return np.concatenate([moments, energy[:, None], lepton[:, None]], axis=1)

    def systems(self, y: Array) -> tuple[System, ...]:
        """Evaluate the steady equations of every species.

        Parameters
        ----------
        y : ndarray, shape (zone, block)
            Unknowns.

        Returns
        -------
        tuple of System
            Closure, fluxes and residuals; sources are those of matter in y.
        """
        x = np.exp(y)
        sources = self._sources(y, self._looked_up(y))
        return tuple(
            replace(problem, medium=medium).at(np.ascontiguousarray(x[:, 2 * s : 2 * s + 2]))
            for s, (problem, (medium, _)) in enumerate(zip(self.gray, sources, strict=True))
        )

    def _sources(self, y: Array, known: Array | None) -> list[tuple[Medium, Array]]:
        """Medium of every species with the emission of matter at y, and the emission's derivatives (zone, 2, 3)."""
        if known is None:
            return [(problem.medium, np.zeros((y.shape[0], 2, 3))) for problem in self.gray]
        temperature, answers = np.exp(y[:, -2]), []
        phase_space = 4.0 * np.pi / (2.0 * np.pi * CODATA.hbar_c) ** 3
        for name, problem in zip(self.species, self.gray, strict=True):
            medium = problem.medium
            emitted = np.empty((temperature.size, 2, 3))
            weights = phase_space * np.stack([medium.weight_energy, medium.weight_number])
            potential = LEPTON_NUMBER[name] * known[:, 1, 0]
            kernels.emission(
                medium.energy,
                weights,
                medium.absorption,
                temperature,
                potential,
                self.background.lapse,
                emitted,
            )
            medium = medium._replace(
                source_energy=emitted[:, 0, 0].copy(),
                source_number=emitted[:, 1, 0].copy(),
                temperature=temperature,
            )
            answers.append((medium, emitted))
        return answers

    def linearise(self, y: Array) -> Linearised:
        """Evaluate contents, rates and their derivatives.

        Parameters
        ----------
        y : ndarray, shape (zone, block)
            Unknowns.

        Returns
        -------
        Linearised
            NaN where matter is beyond the nodes of its table.
        """
        zones, size = y.shape
        x = np.exp(y[:, : 2 * len(self.species)])
        known = self._looked_up(y)
        conserved = self._contents(x, y, known)
        rates, scale = np.zeros_like(y), np.zeros_like(y)
        lower, diagonal, upper, slope = (np.zeros((zones, size, size)) for _ in range(4))
        for s, (problem, (medium, emitted)) in enumerate(
            zip(self.gray, self._sources(y, known), strict=True)
        ):
            here = slice(2 * s, 2 * s + 2)
            own = np.ascontiguousarray(x[:, here])
            system = replace(problem, medium=medium).at(own)
            rates[:, here], scale[:, here] = system.residual, system.scale
            lower[:, here, here], upper[:, here, here] = system.lower, system.upper
            diagonal[:, here, here] = system.diagonal
            for k in (2 * s, 2 * s + 1):
                slope[:, k, k] = conserved[:, k]
            if known is None:
                continue
            volume = problem.geometry.volume
            potential = LEPTON_NUMBER[self.species[s]] * known[:, 1]
            for m in range(2):
                diagonal[:, 2 * s + m, -2] = -volume * (emitted[:, m, 1] + emitted[:, m, 2] * potential[:, 1])
                diagonal[:, 2 * s + m, -1] = -volume * emitted[:, m, 2] * potential[:, 2]
            cold = medium.temperature * own[:, 1] * self.background.lapse * medium.shape_ratio / own[:, 0]
            diagonal[:, 2 * s, -2] -= volume * system.means[:, 2] * cold * own[:, 0]
            self._add_sums(s, system, conserved, (rates, scale, slope, lower, diagonal, upper))
        if known is not None:
            self._add_matter(known, slope)
        return Linearised(conserved, rates, scale, slope, lower, diagonal, upper)

    def _add_sums(self, s: int, system: System, conserved: Array, out: tuple[Array, ...]) -> None:
        """Add what a species carries from zone to zone to the rows of total energy and lepton number."""
        rates, scale, slope, lower, diagonal, upper = out
        name = self.species[s]
        here = slice(2 * s, 2 * s + 2)
        flux = system.edges.flux
        for m, weight in ((0, MULTIPLICITY[name]), (1, LEPTON_NUMBER[name])):
            if weight == 0.0:
                continue
            row = m - 2
            rates[:, row] += weight * np.diff(flux[:, m])
            scale[:, row] += abs(weight) * (np.abs(flux[1:, m]) + np.abs(flux[:-1, m]))
            slope[:, row, 2 * s + m] = weight * conserved[:, 2 * s + m]
            # d flux_e/d ln x to the left of edge e is -lower[e], to its right upper[e-1]; the outermost is proportional to x
            lower[:, row, here] = weight * system.lower[:, m]
            upper[:, row, here] = weight * system.upper[:, m]
            diagonal[:-1, row, here] = -weight * system.lower[1:, m]
            diagonal[1:, row, here] -= weight * system.upper[:-1, m]
            diagonal[-1, row, 2 * s + m] += weight * flux[-1, m]

    def _add_matter(self, known: Array, slope: Array) -> None:
        """Fill in how the matter's energy and lepton number change with ln T and Y_e."""
        assert self.matter is not None
        heavy = self.volume * self.matter.baryon_density
        slope[:, -2, -2] = heavy * self.background.lapse * known[:, 0, 1]
        slope[:, -2, -1] = heavy * self.background.lapse * known[:, 0, 2]
        slope[:, -1, -1] = heavy


# ------------------------------------------------------------------------------- what is lagged from step to step


def lagged_depth(background: Background, problem: GrayProblem, x: Array) -> Array:
    """Return the thermal depth of zones, shape (zone,), at x = (alpha^4 E, alpha^3 N), shape (zone, 2)."""
    depth = np.empty(x.shape[0])
    path = np.diff(background.radius_interface) / background.gamma
    thermal_depth(x, background.lapse, problem.medium, path, depth)
    return np.maximum(depth, _SHALLOWEST)


def spectral_shape(name: str, depth: Array, equilibrium: Array) -> Array:
    """Return the degeneracy of the spectra as `GraySolver` has it.

    Parameters
    ----------
    name : str
        One of `SPECTRAL_SHAPES` of the gray scheme.
    depth : ndarray, shape (zone,)
        Thermal depth.
    equilibrium : ndarray, shape (zone,)
        The matter's degeneracy; NaN counts as that of free neutrinos.

    Returns
    -------
    ndarray, shape (zone,)
    """
    known = np.clip(np.nan_to_num(equilibrium, nan=FREE_DEGENERACY), *DEGENERACY_RANGE)
    if name == "equilibrium":
        return known
    trapped = -np.expm1(-depth) if name == "blended" else 0.0 * depth
    return FREE_DEGENERACY + (known - FREE_DEGENERACY) * trapped
