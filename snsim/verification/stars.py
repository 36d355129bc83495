"""Stars through every scheme, with the rates of published Boltzmann models."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from microphysics.opacity import OpacitySet
from microphysics.processes.settings import Settings
from microphysics.weak.couplings import WeakCouplings
from snsim.config.schema import AnalyticProfile
from snsim.errors import ConvergenceError
from snsim.profiles.analytic import analytic_profile
from snsim.profiles.profile import Profile
from snsim.transport.background import Background
from snsim.transport.energy_groups import EnergyGroups
from snsim.transport.gray import GraySolver
from snsim.transport.grid import build_background
from snsim.transport.moments import rms_number
from snsim.transport.schemes import SpectralSolver
from snsim.transport.solution import TransportSolution
from snsim.transport.thermal_scattering import gray_spectra

Array = NDArray[np.float64]

SPECIES = ("nue", "anue", "nux")
SYMBOLS = {"nue": r"$\nu_e$", "anue": r"$\bar{\nu}_e$", "nux": r"$\nu_x$"}  # in figures
PROCESSES = (
    "charged_current", "nucleon_scattering", "nucleus_scattering", "alpha_scattering", "electron_scattering",
    "pair", "bremsstrahlung",
)  # fmt: skip
# rates of Bruenn 1985 as the published models have them: no weak magnetism
BRUENN = Settings(
    couplings=WeakCouplings(axial_coupling=1.254, v_ud=1.0, charged_current_norm="tree"), weak_magnetism=False
)
ENERGIES = np.geomspace(0.5, 350.0, 48)  # of the gray scheme, MeV
# of each scheme; the last has none and does not look at it
LIMITER = {"gray": "wilson", "multigroup": "wilson", "eddington": "wilson"}


@dataclass(frozen=True)
class Solved:
    """A star and its neutrinos."""

    background: Background
    solution: TransportSolution

    @property
    def luminosity_infinity(self) -> Array:
        """Of each species, erg/s."""
        return self.solution.luminosity[:, -1] * self.background.lapse_interface[-1] ** 2

    @property
    def rms(self) -> Array:
        """Rms energy of the number spectrum in the outermost zone, MeV."""
        return rms_number(self.solution)[:, -1]


def solve(
    profile: Profile,
    scheme: str,
    zones: int,
    groups: int = 20,
    limiter: str = "",
    outer: float | None = None,
    inner: float = 4e5,
) -> Solved:
    """Steady neutrinos of a star with Bruenn's rates.

    Parameters
    ----------
    profile : Profile
        The star.
    scheme : str
        One of `LIMITER`.
    zones, groups : int
        Resolution; groups of the spectral schemes.
    limiter : str
        By default the scheme's.
    outer : float, optional
        Outer edge, cm.
    inner : float
        First edge above 0, cm.
    """
    background = build_background(profile, zones, inner, outer)
    opacities = OpacitySet.from_names(PROCESSES, BRUENN)
    limiter = limiter or LIMITER[scheme]
    where = f"{scheme} {limiter}, {zones} zones"
    if scheme == "gray":
        spectra = gray_spectra(opacities, background.matter, ENERGIES, SPECIES)
        return Solved(background, _converged(GraySolver(limiter=limiter).solve(background, spectra), where))
    grid = EnergyGroups.logarithmic(groups)
    spectral = SpectralSolver(scheme=scheme, groups=grid, limiter=limiter)
    return Solved(background, _converged(spectral.solve(background, opacities, SPECIES), where))


def _converged(solution: TransportSolution, where: str) -> TransportSolution:
    if not solution.converged:
        left = max(history[-1] for history in solution.residual_history)
        raise ConvergenceError(f"{where}: residual {left:.1e}", solution)
    return solution


@cache
def default_star() -> Profile:
    """Return the embedded star 100 ms after bounce, a closed form that any grid samples alike."""
    return analytic_profile(AnalyticProfile(format="analytic"))
