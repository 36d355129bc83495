"""The main job, read like its arrows: profile -> opacities -> transport -> diagnostics -> result."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from microphysics.errors import PhysicsWarning
from microphysics.opacity import OpacitySet
from microphysics.processes.settings import Settings
from snsim.config.eos import equation_of_state
from snsim.config.load import config_hash, input_files
from snsim.config.microphysics import process_names, settings_of
from snsim.config.unused import USED_BY
from snsim.config.write import resolve_toml
from snsim.diagnostics.catalog import observable
from snsim.errors import ConfigError, ConvergenceError, UnresolvedWarning
from snsim.output.provenance import citations_of, collect
from snsim.profiles.profile import Profile
from snsim.profiles.readers import load_profile
from snsim.result import Result
from snsim.transport import records
from snsim.transport.background import Background
from snsim.transport.checkpoint import Checkpoint
from snsim.transport.eddington import TOLERANCE
from snsim.transport.energy_groups import EnergyGroups
from snsim.transport.evolution import Track, evolve
from snsim.transport.evolution_records import LEFT_OUT, evolution_attributes, evolution_group
from snsim.transport.frozen_star_model import COUPLED, FrozenStarModel, in_time
from snsim.transport.gray import GraySolver
from snsim.transport.grid import build_background
from snsim.transport.implicit import StepControl
from snsim.transport.matter_table import MatterTable
from snsim.transport.schemes import EVOLUTION_REFERENCES, SpectralSolver, scheme_references
from snsim.transport.solution import TransportSolution
from snsim.transport.thermal_scattering import gray_spectra
from snsim.transport.trust import Trust, assess, warn
from snsim.variable import Variable

if TYPE_CHECKING:
    from microphysics.eos.state import EquationOfState
    from microphysics.opacity import OpacitySpectra
    from snsim.config.schema import Config

# provenance of a run with transport.scheme = "none"; the summary shows it
NO_TRANSPORT = 'not solved, as transport.scheme = "none" asks: opacities and what follows from them alone'
FEW_ZONES = 20  # a run with fewer warns


def simulate(
    config: Config,
    progress: Callable[[str], None] | None = None,
    profile: Profile | None = None,
    checkpoint: Path | None = None,
) -> Result:
    """Run one configuration.

    Parameters
    ----------
    config : Config
        A validated run file.
    progress : callable, optional
        Called with a few words before each stage.
    profile : Profile, optional
        A star in memory, in place of the configuration's ``[profile]``.
    checkpoint : Path, optional
        File that an ``[evolution]`` renews on its way; if it exists, the evolution goes on from there.

    Returns
    -------
    Result
        Profile, opacities, transport and every observable asked for; with ``transport.scheme = "none"`` no group
        `transport`, and the provenance says so.

    Raises
    ------
    ConfigError
        For a run file with ``[sequence]``: `snsim.simulate_sequence` is for those.
    ProfileError, OutOfRangeError
        Before any long work, if the profile cannot be used.
    ConvergenceError
        With the last iterate, as a Result, in `partial`.
    """
    if config.sequence is not None:
        raise ConfigError(
            "[sequence] asks for many stars: snsim run, or snsim.simulate_sequence(config, folder)"
        )
    say = progress or (lambda _: None)
    started, began = datetime.now(UTC), time.perf_counter()
    say("profile")
    eos = equation_of_state(config.microphysics)
    star = load_profile(config.profile, eos=eos) if profile is None else profile
    grid = config.grid
    background = build_background(star, grid.zones, grid.r_inner, grid.r_outer, eos)
    _warn_of_limits(background, config)
    say("opacities")
    settings = microphysics_settings(config)
    opacities = OpacitySet.from_names(process_names(config.microphysics), settings)
    inelastic = config.transport.inelastic and config.transport.scheme != "none"
    spectra = gray_spectra(opacities, background.matter, energy_grid(config), inelastic=inelastic)
    groups = {
        "profile": records.profile_group(background),
        "opacity": records.opacity_group(spectra, opacities.references),
    }
    attributes: dict[str, dict[str, str]] = {}
    solution = None
    if config.transport.scheme != "none":
        say("transport")
        solution, trust = _solve(config, background, opacities, spectra, float(star.radius[-1]))
        attributes["transport"] = _transport_attributes(config)
        groups["transport"] = records.transport_group(
            background, solution, trust, scheme_references(config.transport.scheme, config.transport.limiter)
        )

    def finished() -> Result:
        result = Result(groups, resolve_toml(config), attributes=attributes)
        methods = EVOLUTION_REFERENCES if config.evolution is not None else ()
        origin = collect(
            config_hash(config),
            title=config.title,
            started=started,
            wall_time=time.perf_counter() - began,
            citations=[*_sources_of_matter(star, eos), *citations_of(result), *methods],
            inputs=input_files(config).values(),
        )
        how = {} if solution is not None else {"transport": NO_TRANSPORT}
        return replace(result, provenance=origin | {"profile": star.source} | how)

    if solution is not None and not solution.converged:
        raise ConvergenceError(_how_it_failed(solution, background, config), finished())
    say("diagnostics")
    groups |= observe(config, config.diagnostics.names, background, spectra, solution)
    if config.evolution is not None and solution is not None:
        model = _evolving(config, background, opacities, solution.species, eos)
        attributes["evolution"] = evolution_attributes(model)
        try:
            track = _evolve(config, model, progress, checkpoint)
        except ConvergenceError as error:
            if isinstance(error.partial, Track):
                groups["evolution"] = evolution_group(solution.species, error.partial)
            raise ConvergenceError(str(error), finished()) from error
        groups["evolution"] = evolution_group(solution.species, track)
    return finished()


def _solve(
    config: Config,
    background: Background,
    opacities: OpacitySet,
    spectra: OpacitySpectra,
    profile_end: float,
) -> tuple[TransportSolution, Trust]:
    """Run the transport scheme, and judge its answer."""
    chosen = config.transport
    groups = None
    if chosen.scheme == "gray":
        solution = gray_solver(config).solve(background, spectra, chosen.species)
    else:
        groups = EnergyGroups.logarithmic(chosen.groups, chosen.group_min, chosen.group_max)
        solver = SpectralSolver(
            chosen.scheme,
            groups,
            chosen.limiter,
            chosen.reconstruction,
            chosen.inelastic,
            chosen.tolerance,
            chosen.max_iterations,
            chosen.core_rays,
            chosen.zones_per_ray,
        )
        solution = solver.solve(background, opacities, chosen.species)
    trust = assess(background, solution, groups, spectra)
    if solution.converged:
        beyond = profile_end if profile_end > background.radius_interface[-1] * (1.0 + 1e-6) else None
        warn(trust, solution.species, beyond)
    return solution, trust


def _transport_attributes(config: Config) -> dict[str, str]:
    """Return what the numbers of `/transport` rest on, as far as the scheme uses it; names as in `/evolution`."""
    chosen = config.transport
    own_tolerance = chosen.scheme not in USED_BY["tolerance"]  # then the scheme has one of its own
    found = {"scheme": chosen.scheme, "tolerance": f"{TOLERANCE if own_tolerance else chosen.tolerance:g}"}
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


def gray_solver(config: Config) -> GraySolver:
    """Options of ``[transport]`` for the gray scheme."""
    chosen = config.transport
    return GraySolver(
        limiter=chosen.limiter,
        closure=chosen.closure,
        reconstruction=chosen.reconstruction,
        spectral_shape=chosen.spectral_shape,
        tolerance=chosen.tolerance,
        max_iterations=chosen.max_iterations,
    )


def _evolving(
    config: Config,
    background: Background,
    opacities: OpacitySet,
    species: tuple[str, ...],
    eos: EquationOfState,
) -> FrozenStarModel:
    """Return the star of ``[evolution]``, with the gray scheme."""
    assert config.evolution is not None
    coupled = config.evolution.matter == COUPLED
    return FrozenStarModel(
        background,
        opacities,
        energy_grid(config),
        species,
        eos,
        MatterTable(eos, background.matter.density) if coupled else None,
        in_time(gray_solver(config)),
        inelastic=config.transport.inelastic,
    )


def _evolve(
    config: Config,
    model: FrozenStarModel,
    progress: Callable[[str], None] | None,
    checkpoint: Path | None,
) -> Track:
    """Let time pass from steady neutrinos on."""
    chosen, file = config.evolution, None
    assert chosen is not None
    warnings.warn(f"evolution: {LEFT_OUT}", PhysicsWarning, stacklevel=3)
    if checkpoint is not None:
        file = Checkpoint(checkpoint, config_hash(config), chosen.checkpoint_steps)
    return evolve(
        model,
        model.start(model.steady(), chosen.first_step),
        chosen.duration,
        chosen.output_times,
        StepControl(error=chosen.error, change=chosen.change, growth=chosen.growth),
        progress=progress,
        checkpoint=file,
        max_steps=chosen.max_steps,
    )


def observe(
    config: Config,
    names: Iterable[str],
    background: Background,
    spectra: OpacitySpectra,
    solution: TransportSolution | None,
) -> dict[str, dict[str, Variable]]:
    """Return groups of some observables, each with the options that ``[diagnostics]`` has for it."""
    settings = microphysics_settings(config)
    found = {}
    for name in names:
        options = config.diagnostics.options(name) | _interactions(name, settings)
        found[f"diagnostics/{name}"] = observable(name)(background, spectra, solution, **options)
    return found


def _interactions(name: str, settings: Settings) -> dict[str, Any]:
    """Give an observable that computes cross sections of its own those of the opacities."""
    if name in ("gain_region", "electron_fraction", "explosion"):
        return {"couplings": settings.couplings}
    if name == "recoil_heating":
        return {
            "couplings": settings.couplings,
            "form_factor": settings.form_factor,
            "new_physics": settings.new_physics,
        }
    return {}


def _sources_of_matter(star: Profile, eos: EquationOfState) -> list[str]:
    """Papers of the star's structure and of the equation of state, where one was used."""
    papers = []
    if star.source.startswith("hydrostatic"):
        papers.append("Oppenheimer & Volkoff 1939, Phys. Rev. 55, 374")
    if star.source.startswith("collapse"):
        papers.append("Liebendoerfer 2005, ApJ 633, 1042")
    if papers or not star.has_composition:
        papers += eos.references
    return papers


def _warn_of_limits(background: Background, config: Config) -> None:
    """Say what grid, processes and a steady state cannot describe, before the answer is believed."""
    if config.grid.zones < FEW_ZONES:
        warnings.warn(
            f"grid.zones = {config.grid.zones} is a coarse resolution: with fewer than {FEW_ZONES} zones expect errors of "
            "tens of per cent",
            UnresolvedWarning,
            stacklevel=3,
        )
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
            stacklevel=3,
        )
    for sentence in config.microphysics.new_physics.limits(solved):
        warnings.warn(sentence, PhysicsWarning, stacklevel=3)


def microphysics_settings(config: Config) -> Settings:
    """Choices of ``[microphysics]``, ``[opacity]`` and ``[transport]`` that concern the processes."""
    return settings_of(
        config.microphysics, config.opacity.on_out_of_range, config.transport.exchange_strength
    )


def energy_grid(config: Config) -> NDArray[np.float64]:
    """Logarithmic energies of ``[opacity]``, MeV."""
    return np.geomspace(config.opacity.energy_min, config.opacity.energy_max, config.opacity.energies)


def _worst_place(solution: TransportSolution, background: Background, species: int) -> str:
    """Say where the residual of a species is largest; nothing where the solver does not know."""
    if solution.worst_zone is None:
        return ""
    zone, energy = int(solution.worst_zone[species]), ""
    if solution.spectral is not None:
        group = solution.spectral.worst[species][1]
        energy = f", group {group} of {solution.spectral.energy[group]:.3g} MeV"
    return f", worst in zone {zone} at {background.radius[zone] / 1e5:.4g} km{energy}"


def _how_it_failed(solution: TransportSolution, background: Background, config: Config) -> str:
    """One sentence: which species and where, how far it came, what to try."""
    reached = []
    for i, (name, history) in enumerate(zip(solution.species, solution.residual_history, strict=True)):
        place = _worst_place(solution, background, i)
        reached.append(f"{name} {history[-1]:.1e} after {history.size - 1} steps{place}")
    return (
        f"transport did not reach transport.tolerance = {config.transport.tolerance:g} within "
        f"transport.max_iterations = {config.transport.max_iterations}: scaled residual {'; '.join(reached)}. "
        "Raise max_iterations, or look for zones with jumps that the grid does not resolve (grid.zones)."
    )
