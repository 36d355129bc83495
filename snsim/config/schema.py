"""A whole run file: its sections, and what one demands of another. Every float is CGS, or MeV for particles."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from snsim.config.evolution import Evolution
from snsim.config.interactions import Couplings, Microphysics, Opacity
from snsim.config.model_names import BUILT_IN, STANDARD_PROCESSES, NameOf, nearest, registry
from snsim.config.observables import OF_OPACITIES, Diagnostics
from snsim.config.profile import (
    AnalyticProfile,
    CollapseProfile,
    Column,
    FileProfile,
    HydrostaticProfile,
    TableProfile,
)
from snsim.config.section import Section
from snsim.config.sequence import Sequence
from snsim.config.transport import Grid, Limiter, Species, Transport

__all__ = [  # every section and name of a run file, wherever it is defined
    "BUILT_IN",
    "OF_OPACITIES",
    "STANDARD_PROCESSES",
    "AnalyticProfile",
    "CollapseProfile",
    "Column",
    "Config",
    "Couplings",
    "Diagnostics",
    "Evolution",
    "FileProfile",
    "Grid",
    "HydrostaticProfile",
    "Limiter",
    "Microphysics",
    "NameOf",
    "Opacity",
    "Output",
    "Sequence",
    "Species",
    "TableProfile",
    "Transport",
    "nearest",
    "registry",
]


class Output(Section):
    """Where the answer goes; not part of the physics."""

    directory: str | None = None
    figures: bool = True


class Config(Section):
    """A whole run file; `Config(schema=1)` is the quickstart's star with every default."""

    schema_version: Literal[1] = Field(alias="schema")
    title: str = ""
    profile: Annotated[
        AnalyticProfile | HydrostaticProfile | CollapseProfile | TableProfile | FileProfile,
        Field(discriminator="format"),
    ] = Field(default_factory=HydrostaticProfile)
    grid: Grid = Field(default_factory=Grid)
    microphysics: Microphysics = Field(default_factory=Microphysics)
    opacity: Opacity = Field(default_factory=Opacity)
    transport: Transport = Field(default_factory=Transport)
    diagnostics: Diagnostics = Field(default_factory=Diagnostics)
    evolution: Evolution | None = None
    sequence: Sequence | None = None
    output: Output = Field(default_factory=Output)

    @field_validator("diagnostics")
    @classmethod
    def _fit_the_scheme(cls, diagnostics: Diagnostics, found: ValidationInfo) -> Diagnostics:
        """Without a solution: the observables of opacities by default, and no others."""
        transport = found.data.get("transport")
        if transport is None or transport.scheme != "none":
            return diagnostics
        if "names" not in diagnostics.model_fields_set:
            return diagnostics.model_copy(update={"names": OF_OPACITIES})
        refused = [name for name in diagnostics.names if name not in OF_OPACITIES]
        if refused:
            raise PydanticCustomError(
                "needs_solution",
                'names has {refused}, for which transport must be solved, and transport.scheme = "none" solves nothing; '
                'expected transport.scheme = "gray", "multigroup" or "eddington", or of the names only {offered}',
                {
                    "refused": ", ".join(f"'{name}'" for name in refused),
                    "offered": ", ".join(f"'{name}'" for name in OF_OPACITIES),
                },
            )
        return diagnostics

    @field_validator("evolution")
    @classmethod
    def _from_a_solution(cls, evolution: Evolution | None, found: ValidationInfo) -> Evolution | None:
        """Refuse an evolution of anything but the gray scheme, whose steady neutrinos it starts from."""
        transport = found.data.get("transport")
        if evolution is not None and transport is not None and transport.scheme != "gray":
            raise PydanticCustomError(
                "needs_gray",
                'time-dependent runs are gray: expected transport.scheme = "gray", got transport.scheme = "{scheme}"',
                {"scheme": transport.scheme},
            )
        return evolution

    @field_validator("sequence")
    @classmethod
    def _of_steady_stars(cls, sequence: Sequence | None, found: ValidationInfo) -> Sequence | None:
        """Time passes either in a star or from star to star."""
        if sequence is not None and found.data.get("evolution") is not None:
            raise PydanticCustomError(
                "either",
                "expected [sequence] or [evolution], not both: stars of a sequence are steady states",
            )
        profile, grid = found.data.get("profile"), found.data.get("grid")
        if sequence is not None and grid is not None and grid.edge_at_shock:
            raise PydanticCustomError(
                "shared_zones",
                "stars of a [sequence] share their zones: expected no grid.edge_at_shock, or false",
            )
        if sequence is not None and not sequence.profile and profile is not None and profile.format != "gr1d":
            raise PydanticCustomError(
                "profile", "expected keys of [profile] with one value for each time in [sequence.profile]"
            )
        return sequence

    @field_validator("diagnostics")
    @classmethod
    def _energies_on_the_grid(cls, diagnostics: Diagnostics, found: ValidationInfo) -> Diagnostics:
        """Numbers of single energies need opacities there."""
        opacity = found.data.get("opacity")
        if opacity is None or "transport_sphere" not in diagnostics.names:
            return diagnostics
        for energy in diagnostics.transport_sphere.energies:
            if not opacity.energy_min <= energy <= opacity.energy_max:
                raise PydanticCustomError(
                    "energy",
                    "transport_sphere.energies has {energy} MeV, outside the energies of the opacities, {low} to {high} MeV "
                    "(opacity.energy_min, opacity.energy_max)",
                    {
                        "energy": f"{energy:g}",
                        "low": f"{opacity.energy_min:g}",
                        "high": f"{opacity.energy_max:g}",
                    },
                )
        return diagnostics
