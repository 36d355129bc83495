"""The main job, read like its arrows: profile -> opacities -> transport -> diagnostics -> result."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
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
from snsim.config.write import resolve_toml
from snsim.diagnostics.catalog import FROM_SPHERES, observable
from snsim.diagnostics.neutrinosphere import transport_radius
from snsim.errors import ConfigError, ConvergenceError
from snsim.output.provenance import citations_of, collect
from snsim.profiles.profile import Profile
from snsim.profiles.readers import load_profile
from snsim.result import Result
from snsim.run_words import how_it_failed, sources_of_matter, transport_attributes, warn_of_limits
from snsim.transport import records
from snsim.transport.background import Background
from snsim.transport.checkpoint import Checkpoint
from snsim.transport.energy_groups import EnergyGroups
from snsim.transport.evolution import Track, evolve
from snsim.transport.evolution_records import LEFT_OUT, evolution_attributes, evolution_group
from snsim.transport.frozen_star_model import COUPLED, FrozenStarModel, in_time
from snsim.transport.gray import GraySolver
from snsim.transport.grid import build_background
from snsim.transport.implicit import StepControl
from snsim.transport.matter_table import MatterTable
from snsim.transport.outer_edge import beyond_edge
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


@dataclass(frozen=True)
class _Star:
    """What a run is about: the profile, its equation of state, and both on the grid."""

    profile: Profile
    eos: EquationOfState
    background: Background


@dataclass
class _Record:
    """What a run has found so far, and how it became so: a result at any moment."""

    config: Config
    groups: dict[str, dict[str, Variable]] = field(default_factory=dict)
    attributes: dict[str, dict[str, str]] = field(default_factory=dict)
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    began: float = field(default_factory=time.perf_counter)

    def result(self, star: _Star) -> Result:
        """Return what has been found, with its provenance as of now."""
        result = Result(self.groups, resolve_toml(self.config), attributes=self.attributes)
        methods = EVOLUTION_REFERENCES if self.config.evolution is not None else ()
        origin = collect(
            config_hash(self.config),
            title=self.config.title,
            started=self.started,
            wall_time=time.perf_counter() - self.began,
            citations=[*sources_of_matter(star.profile, star.eos), *citations_of(result), *methods],
            inputs=input_files(self.config).values(),
        )
        how = {"transport": NO_TRANSPORT} if self.config.transport.scheme == "none" else {}
        return replace(result, provenance=origin | {"profile": star.profile.source} | how)


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
    say, record = progress or (lambda _: None), _Record(config)

    say("profile")
    star = _read_star(config, profile)
    record.groups["profile"] = records.profile_group(star.background)

    say("opacities")
    opacities, spectra = _find_opacities(config, star.background)
    record.groups["opacity"] = records.opacity_group(spectra, opacities.references)

    solution = None
    if config.transport.scheme != "none":
        say("transport")
        solution = _solve_transport(record, star, opacities, spectra)

    say("diagnostics")
    record.groups |= observe(config, config.diagnostics.names, star.background, spectra, solution)

    if config.evolution is not None and solution is not None:
        _let_time_pass(record, star, opacities, solution.species, progress, checkpoint)
    return record.result(star)


def _read_star(config: Config, profile: Profile | None) -> _Star:
    """Read the profile, unless it is given, and put it on the grid."""
    eos, grid = equation_of_state(config.microphysics), config.grid
    profile = load_profile(config.profile, eos=eos) if profile is None else profile
    background = build_background(
        profile, grid.zones, grid.r_inner, grid.r_outer, eos, grid.edge_at_shock is not False
    )
    warn_of_limits(background, config)
    return _Star(profile, eos, background)


def _find_opacities(config: Config, background: Background) -> tuple[OpacitySet, OpacitySpectra]:
    """Evaluate the processes in every zone."""
    opacities = OpacitySet.from_names(process_names(config.microphysics), microphysics_settings(config))
    inelastic = config.transport.inelastic and config.transport.scheme != "none"
    return opacities, gray_spectra(opacities, background.matter, energy_grid(config), inelastic=inelastic)


def _solve_transport(
    record: _Record, star: _Star, opacities: OpacitySet, spectra: OpacitySpectra
) -> TransportSolution:
    """Solve and record the transport; what did not converge is recorded too, and raised."""
    config, background = record.config, star.background
    solution, trust = _solve(config, background, opacities, spectra, float(star.profile.radius[-1]))
    papers = scheme_references(config.transport.scheme, config.transport.limiter)
    record.groups["transport"] = records.transport_group(background, solution, trust, papers)
    record.attributes["transport"] = transport_attributes(config)
    if not solution.converged:
        raise ConvergenceError(how_it_failed(solution, background, config), record.result(star))
    return solution


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
        warn(trust, solution.species, beyond_edge(background, profile_end))
    return solution, trust


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


def _let_time_pass(
    record: _Record,
    star: _Star,
    opacities: OpacitySet,
    species: tuple[str, ...],
    progress: Callable[[str], None] | None,
    checkpoint: Path | None,
) -> None:
    """Run and record ``[evolution]``; one that stops short is recorded as far as it came, and raised."""
    model = _evolving(record.config, star.background, opacities, species, star.eos)
    record.attributes["evolution"] = evolution_attributes(model)
    try:
        track = _evolve(record.config, model, progress, checkpoint)
    except ConvergenceError as error:
        if isinstance(error.partial, Track):
            record.groups["evolution"] = evolution_group(species, error.partial)
        raise ConvergenceError(str(error), record.result(star)) from error
    record.groups["evolution"] = evolution_group(species, track)


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
    settings, names = microphysics_settings(config), tuple(names)
    found, shared = {}, {}
    if solution is not None and not set(names).isdisjoint(FROM_SPHERES):
        shared = {"spheres": transport_radius(background, spectra, solution)}
    for name in names:
        options = config.diagnostics.options(name) | _interactions(name, settings)
        if name in FROM_SPHERES:
            options |= shared
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


def microphysics_settings(config: Config) -> Settings:
    """Choices of ``[microphysics]``, ``[opacity]`` and ``[transport]`` that concern the processes."""
    return settings_of(
        config.microphysics, config.opacity.on_out_of_range, config.transport.exchange_strength
    )


def energy_grid(config: Config) -> NDArray[np.float64]:
    """Logarithmic energies of ``[opacity]``, MeV."""
    return np.geomspace(config.opacity.energy_min, config.opacity.energy_max, config.opacity.energies)
