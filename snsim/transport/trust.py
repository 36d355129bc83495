"""What every run says about itself: conservation, resolution of the neutrinosphere, the energy grid, and steadiness."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.errors import PhysicsWarning
from snsim.errors import UnresolvedWarning
from snsim.transport.background import Background
from snsim.transport.energy_groups import EnergyGroups
from snsim.transport.solution import TransportSolution

Array = NDArray[np.float64]

SPHERE = 2.0 / 3.0  # optical depth of a neutrinosphere
DECOUPLED = 10.0  # transport depth from which spectra are on their way out
COARSEST = 2.5  # zones per unit optical depth there: below, luminosities of supernova models are off by more than 1 %
LARGEST_SHARE = 1e-2  # of the number or energy of a spectrum in the first or last group
FASTEST = 0.1  # |v|/(c h) at the neutrinosphere, the share of the flux that moving matter would add or take


@dataclass(frozen=True)
class Trust:
    """How far a solution may be believed, by species.

    Attributes
    ----------
    energy_defect, number_defect : ndarray, shape (species,)
        (sources - outflow)/(absolute outflow) of the whole star, energy at infinity and number.
    zones_per_depth : ndarray, shape (species,)
        1/(kappa dr/Gamma) of the zone where the transport depth is 2/3; NaN where it never is.
    end_groups : ndarray, shape (species, 2)
        Largest share of number in the first group and of energy in the last one, where the transport depth is below 10;
        NaN for a gray solution.
    advection : ndarray, shape (species,)
        |v|/(c h) at the same place, h the flux factor: what a steady solution leaves out.
    """

    energy_defect: Array
    number_defect: Array
    zones_per_depth: Array
    end_groups: Array
    advection: Array


def assess(background: Background, solution: TransportSolution, groups: EnergyGroups | None = None) -> Trust:
    """Judge a solution.

    Parameters
    ----------
    background : Background
    solution : TransportSolution
    groups : EnergyGroups, optional
        Of a spectral solution.
    """
    energy, number = _defects(background, solution)
    depth, outside = _depths(background, solution)
    sphere = (outside > SPHERE).sum(axis=1) - 1  # the outermost zone deeper than that, -1 if none is
    rows = np.arange(len(solution.species))
    found = sphere >= 0
    flux_factor = solution.flux_factor[rows, sphere + 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        zones = np.where(found, 1.0 / depth[rows, sphere], np.nan)
        advection = np.abs(background.velocity[sphere]) / (CODATA.speed_of_light * flux_factor)
    return Trust(
        energy_defect=energy,
        number_defect=number,
        zones_per_depth=zones,
        end_groups=_end_groups(solution, groups, outside < DECOUPLED),
        advection=np.where(found, advection, np.nan),
    )


def _defects(background: Background, solution: TransportSolution) -> tuple[Array, Array]:
    """(integral of the sources - outflow)/|outflow| of energy and number."""
    c = CODATA.speed_of_light
    shells = 4.0 * np.pi / 3.0 * np.diff(background.radius_interface**3) / background.gamma
    absorbed = c * solution.absorption_energy * solution.energy_density
    source = (solution.emission_energy - absorbed + solution.exchange_energy) * shells * background.lapse**2
    outflow = solution.luminosity[:, -1] * background.lapse_interface[-1] ** 2 / CODATA.erg_per_mev
    made = solution.emission_number - c * solution.absorption_number * solution.number_density
    number = made * shells * background.lapse
    through = solution.number_luminosity[:, -1] * background.lapse_interface[-1]
    return (source.sum(axis=1) - outflow) / np.abs(outflow), (number.sum(axis=1) - through) / np.abs(through)


def _depths(background: Background, solution: TransportSolution) -> tuple[Array, Array]:
    """Transport depth of every zone, and from its inner edge outwards."""
    opacity = 0.5 * (solution.transport_energy[:, 1:] + solution.transport_energy[:, :-1])
    depth = opacity * np.diff(background.radius_interface) / background.gamma
    return depth, np.cumsum(depth[:, ::-1], axis=1)[:, ::-1]


def _end_groups(
    solution: TransportSolution, groups: EnergyGroups | None, decoupling: NDArray[np.bool_]
) -> Array:
    """Shares of the spectrum at the ends of the grid, where it forms."""
    if solution.spectral is None or groups is None:
        return np.full((len(solution.species), 2), np.nan)
    shares = groups.missed(solution.spectral.occupation)  # species, zone, (number, energy), (first, last)
    ends = np.stack([shares[..., 0, 0], shares[..., 1, 1]], axis=-1)
    return np.where(decoupling[..., None], ends, 0.0).max(axis=1)


def warn(trust: Trust, species: tuple[str, ...]) -> None:
    """Warn of what a reader of the result should know."""
    coarse = trust.zones_per_depth < COARSEST
    if coarse.any():
        warnings.warn(
            "the grid is coarse at the neutrinosphere: "
            + _listed(species, trust.zones_per_depth, coarse)
            + f" zones per unit optical depth, fewer than {COARSEST:g}; raise grid.zones",
            UnresolvedWarning,
            stacklevel=3,
        )
    for column, key, words in (
        (0, "group_min", "number in the lowest"),
        (1, "group_max", "energy in the highest"),
    ):
        missed = trust.end_groups[:, column] > LARGEST_SHARE
        if missed.any():
            warnings.warn(
                f"the energy groups miss part of the spectrum: up to "
                f"{_listed(species, 100.0 * trust.end_groups[:, column], missed, ' %')} of the {words} group; change "
                f"transport.{key}",
                UnresolvedWarning,
                stacklevel=3,
            )
    moving = trust.advection > FASTEST
    if moving.any():
        warnings.warn(
            "the star is not in a steady state: at the neutrinosphere |v|/(c h) = "
            + _listed(species, trust.advection, moving)
            + ", the part of the flux that moving matter would add or take away; before about 30 ms after bounce steady "
            "luminosities err by 10 % and more",
            PhysicsWarning,
            stacklevel=3,
        )


def _listed(species: tuple[str, ...], values: Array, chosen: NDArray[np.bool_], unit: str = "") -> str:
    """Name values, two digits of each, with their species."""
    two = [float(f"{value:.2g}") for value in values]  # 100, which .2g alone writes as 1e+02
    return ", ".join(f"{two[i]:g}{unit} ({species[i]})" for i in np.flatnonzero(chosen))
