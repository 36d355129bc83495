"""The main job, read like its arrows: profile -> opacities -> transport -> diagnostics -> result."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA, NULIB
from microphysics.errors import PhysicsWarning
from microphysics.opacity import OpacitySet
from microphysics.processes.settings import Settings
from microphysics.weak.couplings import WeakCouplings
from snsim.config.eos import equation_of_state
from snsim.config.load import config_hash, input_files, resolve_toml
from snsim.diagnostics.catalog import observable
from snsim.errors import ConvergenceError
from snsim.output.provenance import citations_of, collect
from snsim.profiles.profile import Profile
from snsim.profiles.readers import load_profile
from snsim.result import Result
from snsim.transport import records
from snsim.transport.background import Background
from snsim.transport.gray import GraySolver
from snsim.transport.grid import build_background
from snsim.transport.solution import TransportSolution

if TYPE_CHECKING:
    from microphysics.eos.state import EquationOfState
    from snsim.config.schema import Config


def simulate(
    config: Config, progress: Callable[[str], None] | None = None, profile: Profile | None = None
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

    Returns
    -------
    Result
        Profile, opacities, transport and every observable asked for.

    Raises
    ------
    ProfileError, OutOfRangeError
        Before any long work, if the profile cannot be used.
    ConvergenceError
        With the last iterate, as a Result, in `partial`.
    """
    say = progress or (lambda _: None)
    started, began = datetime.now(UTC), time.perf_counter()
    say("profile")
    eos = equation_of_state(config.microphysics)
    star = load_profile(config.profile, eos=eos) if profile is None else profile
    grid = config.grid
    background = build_background(star, grid.zones, grid.r_inner, grid.r_outer, eos)
    _warn_of_limits(background)
    say("opacities")
    settings = microphysics_settings(config)
    opacities = OpacitySet.from_names(config.microphysics.processes, settings)
    spectra = opacities.spectral(background.matter, energy_grid(config))
    say("transport")
    solver = GraySolver(
        config.transport.limiter,
        config.transport.spectral_shape,
        config.transport.tolerance,
        config.transport.max_iterations,
    )
    solution = solver.solve(background, spectra, config.transport.species)
    groups = {
        "profile": records.profile_group(background),
        "opacity": records.opacity_group(spectra, opacities.references),
        "transport": records.transport_group(background, solution),
    }

    def finished() -> Result:
        result = Result(groups, resolve_toml(config))
        origin = collect(
            config_hash(config),
            title=config.title,
            started=started,
            wall_time=time.perf_counter() - began,
            citations=[*_sources_of_matter(star, eos), *citations_of(result)],
            inputs=input_files(config).values(),
        )
        return replace(result, provenance=origin | {"profile": star.source})

    if not solution.converged:
        raise ConvergenceError(_how_it_failed(solution, config), finished())
    say("diagnostics")
    for name in config.diagnostics.names:
        options = config.diagnostics.options(name)
        if name in ("gain_region", "electron_fraction"):
            options["couplings"] = settings.couplings
        groups[f"diagnostics/{name}"] = observable(name)(background, spectra, solution, **options)
    return finished()


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


def _warn_of_limits(background: Background) -> None:
    """Say what this set of processes and a steady state cannot describe, before the answer is believed."""
    matter = background.matter
    trapped_nuclei = (matter.density > 1e11) & (matter.mass_fraction_heavy > 0.5)
    if trapped_nuclei.any():
        warnings.warn(
            f"{int(trapped_nuclei.sum())} zone(s) above 1e11 g/cm3 are made of nuclei: electron capture on them is not "
            "among the processes, and a collapsing core is not in a steady state",
            PhysicsWarning,
            stacklevel=3,
        )


def microphysics_settings(config: Config) -> Settings:
    """Choices of ``[microphysics]``, ``[opacity]`` and ``[transport]`` that concern the processes."""
    chosen = config.microphysics
    nulib = chosen.constants == "nulib"
    couplings = WeakCouplings(constants=NULIB if nulib else CODATA, **dict(chosen.couplings))
    return Settings(
        couplings=couplings,
        weak_magnetism=chosen.weak_magnetism,
        blocking=chosen.blocking,
        form_factor=chosen.form_factor,
        structure_factor=chosen.structure_factor,
        electron_polarization=chosen.electron_polarization,
        exchange_strength=config.transport.exchange_strength,
        on_out_of_range=config.opacity.on_out_of_range,
    )


def energy_grid(config: Config) -> NDArray[np.float64]:
    """Logarithmic energies of ``[opacity]``, MeV."""
    return np.geomspace(config.opacity.energy_min, config.opacity.energy_max, config.opacity.energies)


def _how_it_failed(solution: TransportSolution, config: Config) -> str:
    """One sentence: which species, how far it came, what to try."""
    reached = ", ".join(
        f"{name} {history[-1]:.1e} after {history.size - 1} steps"
        for name, history in zip(solution.species, solution.residual_history, strict=True)
    )
    return (
        f"transport did not reach transport.tolerance = {config.transport.tolerance:g} within "
        f"transport.max_iterations = {config.transport.max_iterations}: scaled residual {reached}. "
        "Raise max_iterations, or look for zones with jumps that the grid does not resolve (grid.zones)."
    )
