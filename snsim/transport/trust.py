"""What every run says about itself: conservation, neutrinosphere, energies, and steadiness."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.errors import PhysicsWarning
from microphysics.opacity import OpacitySpectra
from snsim.errors import UnresolvedWarning
from snsim.transport.background import Background
from snsim.transport.coverage import Worst, beyond, fermi_surface
from snsim.transport.energy_groups import EnergyGroups
from snsim.transport.outer_edge import CUT, depth_beyond, ends_of_last_fifth, listed, words_of_cut
from snsim.transport.solution import TransportSolution

Array = NDArray[np.float64]

SPHERE = 2.0 / 3.0  # optical depth of a neutrinosphere
DECOUPLED = 10.0  # transport depth from which spectra are on their way out
COARSEST = 2.5  # zones per unit optical depth there: below, luminosities of supernova models are off by more than 1 %
LARGEST_SHARE = 1e-2  # of the number or energy of a spectrum in the first or last group
LARGEST_BEYOND = (
    0.01,
    0.1,
)  # of number left out below: fluxes err by as much; of energy above: by a tenth of it
# steps in ln(energy) times the degeneracy at a Fermi surface that is no longer seen: on a star 100 ms after bounce trapped
# fluxes of 48, 36, 24 gray energies (1.6, 2.2, 3.4) err by 0.3, 12, 38 %, of 30, 20, 12 groups (2.1, 3.1, 5.1) by 2, 17, 40 %
COARSEST_EDGE = {"opacity": 3.0, "transport": 4.0}
FELT_OUTSIDE = 6.0  # what emerges errs by less than 1 % below, by up to 4 % at 7 and 25 % at 10
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
    outer_depth : ndarray, shape (species,)
        Transport depth beyond the outer edge of a star whose opacity goes on as the power of the radius that it is in the
        last fifth: above 1/3 the neutrinosphere is cut off or nearly so. NaN without opacities.
    below, above : Worst or None
        Largest shares of number and energy beyond the energies of the opacities, as `end_groups`; of a gray solution.
    edge : Worst or None
        Largest step in ln(energy) times the degeneracy inside depth 10.
    energies : ndarray
        Those of the opacities (gray) or groups, MeV; empty if not given.
    """

    energy_defect: Array
    number_defect: Array
    zones_per_depth: Array
    end_groups: Array
    advection: Array
    outer_depth: Array
    below: Worst | None = None
    above: Worst | None = None
    edge: Worst | None = None
    energies: Array = field(default_factory=lambda: np.empty(0))


def assess(
    background: Background,
    solution: TransportSolution,
    groups: EnergyGroups | None = None,
    spectra: OpacitySpectra | None = None,
) -> Trust:
    """Judge a solution.

    Parameters
    ----------
    background : Background
    solution : TransportSolution
    groups : EnergyGroups, optional
        Of a spectral solution.
    spectra : OpacitySpectra, optional
        Of the zones; without them nothing is known of a star that is cut off, nor of the energies of a gray solution.
    """
    energy_defect, number_defect = _defects(background, solution)
    depth, outside = _depths(background, solution)
    sphere = (outside > SPHERE).sum(axis=1) - 1  # the outermost zone deeper than that, -1 if none is
    rows = np.arange(len(solution.species))
    found = sphere >= 0
    flux_factor = solution.flux_factor[rows, sphere + 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        zones = np.where(found, 1.0 / depth[rows, sphere], np.nan)
        advection = np.abs(background.velocity[sphere]) / (CODATA.speed_of_light * flux_factor)
    energies = np.empty(0) if spectra is None else spectra.energy
    below = above = edge = None
    if groups is not None:
        energies = groups.energy
    elif energies.size:
        below, above = beyond(background, solution, energies, outside < DECOUPLED)
    if energies.size:
        step = float(np.diff(np.log(energies)).max())
        edge = fermi_surface(background, solution.species, step, outside > DECOUPLED)
    return Trust(
        energy_defect=energy_defect,
        number_defect=number_defect,
        zones_per_depth=zones,
        end_groups=_end_groups(solution, groups, outside < DECOUPLED),
        advection=np.where(found, advection, np.nan),
        outer_depth=np.full(len(rows), np.nan)
        if spectra is None
        else _depth_beyond(background, solution, spectra),
        below=below,
        above=above,
        edge=edge,
        energies=energies,
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


def _depth_beyond(background: Background, solution: TransportSolution, spectra: OpacitySpectra) -> Array:
    """Transport depth of what would lie outside, shape (species,)."""
    two = ends_of_last_fifth(background.radius)
    rows = [spectra.species.index(name) for name in solution.species]
    opacity = (spectra.absorption + spectra.scattering).sum(axis=0)[rows][:, two]
    temperature, eta = solution.neutrino_temperature[:, two], solution.degeneracy[:, two]
    return depth_beyond(background.radius[two], opacity, spectra.energy, temperature, eta)


def warn(trust: Trust, species: tuple[str, ...], reach: float | None = None) -> None:
    """Warn of what a reader of the result should know.

    Parameters
    ----------
    trust : Trust
    species : tuple of str
    reach : float, optional
        cm to which the profile goes on beyond the grid.
    """
    resolution = (
        words_of_cut(trust.outer_depth, species, reach),
        _coarse(trust, species, ~(trust.outer_depth > CUT)),
        *_ends_of_groups(trust, species),
        *_ends_of_energies(trust, species),
        _fermi_surface(trust, species),
    )
    for words in filter(None, resolution):
        warnings.warn(words, UnresolvedWarning, stacklevel=3)
    if (moving := trust.advection > FASTEST).any():
        warnings.warn(
            "the star is not in a steady state: at the neutrinosphere |v|/(c h) = "
            + listed(species, trust.advection, moving)
            + ", the part of the flux that moving matter would add or take away; before about 30 ms after bounce steady "
            "luminosities err by 10 % and more",
            PhysicsWarning,
            stacklevel=3,
        )


def _coarse(trust: Trust, species: tuple[str, ...], whole: NDArray[np.bool_]) -> str:
    """Say that zones are wide at a neutrinosphere."""
    coarse = whole & (trust.zones_per_depth < COARSEST)
    if not coarse.any():
        return ""
    return (
        f"the grid is coarse at the neutrinosphere: {listed(species, trust.zones_per_depth, coarse)} zones per unit optical "
        f"depth, fewer than {COARSEST:g}; raise grid.zones"
    )


def _ends_of_groups(trust: Trust, species: tuple[str, ...]) -> Iterator[str]:
    """Say which end of the groups misses part of a spectrum."""
    ends = ((0, "group_min", "number in the lowest"), (1, "group_max", "energy in the highest"))
    for column, key, words in ends:
        missed = trust.end_groups[:, column] > LARGEST_SHARE
        if missed.any():
            yield (
                f"the energy groups miss part of the spectrum: up to "
                f"{listed(species, 100.0 * trust.end_groups[:, column], missed, ' %')} of the {words} group; change "
                f"transport.{key}"
            )


def _ends_of_energies(trust: Trust, species: tuple[str, ...]) -> Iterator[str]:
    """Say which end of the energies of the opacities misses part of a gray spectrum, where most, and what to set."""
    limits = zip((trust.below, trust.above), LARGEST_BEYOND, strict=True)
    for name, (worst, most) in zip(("min", "max"), limits, strict=True):
        if worst is None or not (missed := worst.value > most).any():
            continue
        shares = listed(species, 100.0 * worst.value, missed, " %", _places(worst))
        wanted = worst.wanted[missed]
        if name == "min":
            said = f"{shares} of the number lies below opacity.energy_min = {trust.energies[0]:.3g} MeV and is left out"
            advice = f"lower it to {wanted.min():.2g} MeV"
        else:
            said = (
                f"{shares} of the energy density lies above opacity.energy_max = {trust.energies[-1]:.3g} MeV, where "
                "opacities are continued as powers of the energy"
            )
            advice = f"raise it to {wanted.max():.3g} MeV"
        yield f"the energies of the opacities miss part of the spectrum: up to {said}; {advice}"


def _fermi_surface(trust: Trust, species: tuple[str, ...]) -> str:
    """Say that energies lie too far apart at a Fermi surface, and how many would do."""
    if trust.edge is None:
        return ""
    section, key = ("transport", "groups") if trust.above is None else ("opacity", "energies")
    limit = COARSEST_EDGE[section]
    if not (coarse := trust.edge.value > limit).any():
        return ""
    span = np.log(trust.energies[-1] / trust.energies[0])
    outside = "what emerges does not"
    if trust.edge.value.max() > FELT_OUTSIDE:
        outside = "with so few what emerges errs as well"
    enough = int(np.ceil(span / trust.edge.wanted[coarse].min())) + 1
    return (
        f"energies are coarse at the Fermi surface of trapped neutrinos: steps in ln(energy) of up to "
        f"{listed(species, trust.edge.value, coarse, '', _places(trust.edge))} times the width of the surface, T/mu, more "
        f"than {limit:g}. Fluxes of these trapped neutrinos err by tens of per cent; {outside}. Where they matter, set "
        f"{section}.{key} = {enough}"
    )


def _places(worst: Worst) -> list[str]:
    """Radius and zone of every species."""
    return [
        f" at {radius / 1e5:.3g} km, zone {zone}"
        for radius, zone in zip(worst.radius, worst.zone, strict=True)
    ]
