"""What a run says beside its numbers: its limits before, why it failed, and on what its answer rests."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from microphysics.errors import PhysicsWarning
from snsim.config.unused import USED_BY
from snsim.errors import UnresolvedWarning
from snsim.profiles.profile import Profile
from snsim.transport.background import Background
from snsim.transport.eddington import MOST_SOLUTIONS, TOLERANCE
from snsim.transport.solution import TransportSolution

if TYPE_CHECKING:
    from microphysics.eos.state import EquationOfState
    from snsim.config.schema import Config

FEW_ZONES = 20  # a run with fewer warns


def warn_of_limits(background: Background, config: Config) -> None:
    """Say what grid, processes and a steady state cannot describe, before the answer is believed."""
    if config.grid.zones < FEW_ZONES:
        warnings.warn(
            f"grid.zones = {config.grid.zones} is a coarse resolution: with fewer than {FEW_ZONES} zones expect errors of "
            "tens of per cent",
            UnresolvedWarning,
            stacklevel=4,
        )
    warn_of_shock(background)
    matter = background.matter
    trapped_nuclei = (matter.density > 1e11) & (matter.mass_fraction_heavy > 0.5)
    solved = config.transport.scheme != "none"
    if trapped_nuclei.any() and "electron_capture" not in config.microphysics.processes:
        steady = ""
        if solved:
            steady = ', and a collapsing core is not in a steady state: transport.scheme = "none" stops at its opacities'
        warnings.warn(
            f"{int(trapped_nuclei.sum())} zone(s) above 1e11 g/cm3 are made of nuclei: electron capture on them is not "
            f"among the processes{steady}",
            PhysicsWarning,
            stacklevel=4,
        )
    for sentence in config.microphysics.new_physics.limits(solved):
        warnings.warn(sentence, PhysicsWarning, stacklevel=4)


def warn_of_shock(background: Background) -> None:
    """Say that the grid ends beneath the shock."""
    end, shock = float(background.radius_interface[-1]), background.shock_radius
    if shock > end:
        warnings.warn(
            f"the grid ends at {end / 1e5:.4g} km, beneath the shock at {shock / 1e5:.4g} km: the gain region is cut "
            "off, and nothing absorbs beyond; raise grid.r_outer",
            UnresolvedWarning,
            stacklevel=5,
        )


def worst_place(solution: TransportSolution, background: Background, species: int) -> str:
    """Say where the residual of a species is largest; nothing where the solver does not know."""
    if solution.worst_zone is None:
        return ""
    zone, energy = int(solution.worst_zone[species]), ""
    if solution.spectral is not None:
        group = solution.spectral.worst[species][1]
        energy = f", group {group} of {solution.spectral.energy[group]:.3g} MeV"
    return f", worst in zone {zone} at {background.radius[zone] / 1e5:.4g} km{energy}"


def how_it_failed(solution: TransportSolution, background: Background, config: Config) -> str:
    """Two sentences: which species and where, how far it came; what to try."""
    chosen, first = config.transport, 1  # a history begins with the residual before any step
    goal = f"transport.tolerance = {chosen.tolerance:g} within transport.max_iterations = {chosen.max_iterations}"
    measure, step = "scaled residual", "steps"
    advice = "Raise max_iterations, or look"
    if _has_own_tolerance(config):
        first, measure, step = 0, "change of ln J", "formal solutions"
        most = min(chosen.max_iterations, MOST_SOLUTIONS)
        goal = f"the {TOLERANCE:g} of the {chosen.scheme} scheme within {most} formal solutions"
        if most == MOST_SOLUTIONS:  # more are never made
            advice = "Look"
    reached = []
    for i, (name, history) in enumerate(zip(solution.species, solution.residual_history, strict=True)):
        place = worst_place(solution, background, i)
        reached.append(f"{name} {history[-1]:.1e} after {history.size - first} {step}{place}")
    return (
        f"transport did not reach {goal}: {measure} {'; '.join(reached)}. "
        f"{advice} for zones with jumps that the grid does not resolve (grid.zones)."
    )


def _has_own_tolerance(config: Config) -> bool:
    """Whether the scheme iterates to a tolerance of its own instead of transport.tolerance."""
    return config.transport.scheme not in USED_BY["tolerance"]


def transport_attributes(config: Config) -> dict[str, str]:
    """Return what the numbers of `/transport` rest on, as far as the scheme uses it; names as in `/evolution`."""
    chosen = config.transport
    tolerance = TOLERANCE if _has_own_tolerance(config) else chosen.tolerance
    found = {"scheme": chosen.scheme, "tolerance": f"{tolerance:g}"}
    words = {
        "limiter": ("limiter", chosen.limiter),
        "closure": ("closure", chosen.closure),
        "reconstruction": ("edge_values", f"{chosen.reconstruction} order"),
        "spectral_shape": ("spectral_shape", chosen.spectral_shape),
        "groups": (
            "groups",
            f"{chosen.groups} from {chosen.group_min:g} to {chosen.group_max:g} MeV at infinity",
        ),
        "inelastic": ("inelastic", "true" if chosen.inelastic else "false"),
        "core_rays": ("core_rays", f"{chosen.core_rays}"),
        "zones_per_ray": ("zones_per_ray", f"{chosen.zones_per_ray}"),
    }
    return found | dict(pair for key, pair in words.items() if chosen.scheme in USED_BY[key])


def sources_of_matter(star: Profile, eos: EquationOfState) -> list[str]:
    """Papers of the star's structure and of the equation of state, where one was used."""
    papers = []
    if star.source.startswith("hydrostatic"):
        papers.append("Oppenheimer & Volkoff 1939, Phys. Rev. 55, 374")
    if star.source.startswith("collapse"):
        papers.append("Liebendoerfer 2005, ApJ 633, 1042")
    if papers or not star.has_composition:
        papers += eos.references
    return papers
