"""The file that says which opacity table is wanted: sections, keys, units, bounds and defaults."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from microphysics.tables.nulib_layout import SCHEMES as _SCHEMES
from snsim.config import quantities
from snsim.config.load import read_sections
from snsim.config.schema import Microphysics
from snsim.config.section import Section, default, distinct

if TYPE_CHECKING:
    from microphysics.tables.plan import TablePlan

TABLE_FILE = "table.toml"
SCHEMES: Any = tuple(_SCHEMES.values())

_RECIPE = {"energy_groups": 18, "energy_first_width": 2.0, "energy_last_edge": 250.0}  # MeV

Density = Annotated[float, quantities.density(1e-3, 1e17)]
Temperature = Annotated[float, quantities.temperature(1e-4, 1e3)]
ElectronFraction = Annotated[float, Field(gt=0.0, lt=1.0)]
Energy = Annotated[float, quantities.particle_energy(1e-3, 1e4)]


def _rising(edges: tuple[float, ...]) -> tuple[float, ...]:
    if edges and (edges[0] < 0.0 or any(not a < b for a, b in pairwise(edges))):
        raise PydanticCustomError("order", "expected rising energies in MeV, the first at least 0")
    return edges


def _known_scheme(species: tuple[str, ...]) -> tuple[str, ...]:
    if species not in SCHEMES:
        listed = " or ".join(f"[{', '.join(names)}]" for names in SCHEMES)
        raise PydanticCustomError("species", "expected {listed}, in this order", {"listed": listed})
    return species


class Range(Section):
    """How processes treat states outside their validity: a table has some, such as frozen nuclei, and counts them."""

    on_out_of_range: Literal["error", "clamp"] = "clamp"


class Grid(Section):
    """States, energies and species of a table: g/cm^3, MeV."""

    outside_eos: Literal["error", "clamp"] = "error"
    density_min: Density = default("1e6 g/cm3")
    density_max: Density = default("3.1622776601683795e15 g/cm3")
    density_points: int = Field(default=82, ge=2, le=10000)
    temperature_min: Temperature = default("0.05 MeV")
    temperature_max: Temperature = default("150 MeV")
    temperature_points: int = Field(default=65, ge=2, le=10000)
    electron_fraction_min: ElectronFraction = 0.035
    electron_fraction_max: ElectronFraction = 0.55
    electron_fraction_points: int = Field(default=51, ge=2, le=10000)
    energy_groups: int = Field(default=18, ge=4, le=1000)
    energy_first_width: Energy = default("2 MeV")
    energy_last_edge: Energy = default("250 MeV")
    energy_edges: Annotated[tuple[float, ...], Field(strict=False), AfterValidator(_rising)] = ()
    species: Annotated[
        tuple[Literal["nue", "anue", "nux", "numutau", "anumutau", "numu", "anumu", "nutau", "anutau"], ...],
        Field(strict=False, min_length=1),
        AfterValidator(distinct),
        AfterValidator(_known_scheme),
    ] = SCHEMES[0]
    delta: bool = False
    kernels: bool = False
    kernel_temperature_points: int = Field(default=65, ge=2, le=1000)
    kernel_degeneracy_min: float = Field(default=0.1, gt=0.0, le=1e4)
    kernel_degeneracy_max: float = Field(default=100.0, gt=0.0, le=1e4)
    kernel_degeneracy_points: int = Field(default=61, ge=2, le=1000)
    layouts: Annotated[
        tuple[Literal["own", "nulib", "weaklib"], ...],
        Field(strict=False, min_length=1),
        AfterValidator(distinct),
    ] = ("own", "nulib")
    block_points: int = Field(default=1000, ge=1, le=10**7)

    @model_validator(mode="after")
    def _ordered(self) -> Grid:
        for name in ("density", "temperature", "electron_fraction", "kernel_degeneracy"):
            low, high = getattr(self, f"{name}_min"), getattr(self, f"{name}_max")
            if not low < high:
                raise PydanticCustomError(
                    "order",
                    "expected {name}_min = {low} below {name}_max = {high}",
                    {"name": name, "low": f"{low:g}", "high": f"{high:g}"},
                )
        return self

    @model_validator(mode="after")
    def _one_energy_grid(self) -> Grid:
        if 0 < len(self.energy_edges) < 3:
            raise PydanticCustomError(
                "energies", "expected at least 3 energy_edges, got {n}", {"n": len(self.energy_edges)}
            )
        both = [name for name in _RECIPE if self.energy_edges and getattr(self, name) != _RECIPE[name]]
        if both:
            raise PydanticCustomError(
                "energies", "expected either energy_edges or {both}, got both", {"both": ", ".join(both)}
            )
        if not self.energy_edges and self.energy_last_edge < self.energy_first_width * (
            self.energy_groups - 1
        ):
            raise PydanticCustomError(
                "energies",
                "expected widths that grow: {groups} groups of {width} MeV reach energy_last_edge = {last} MeV already",
                {
                    "groups": self.energy_groups,
                    "width": f"{self.energy_first_width:g}",
                    "last": f"{self.energy_last_edge:g}",
                },
            )
        return self


class TableOutput(Section):
    """Where the files go; not part of the physics."""

    directory: str | None = None
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")] | None = None


class TableConfig(Section):
    """A whole file; `TableConfig(schema=1)` is the table that NuLib makes by default, of the embedded equation of state."""

    schema_version: Literal[1] = Field(alias="schema")
    title: str = ""
    microphysics: Microphysics = Field(default_factory=Microphysics)
    opacity: Range = Field(default_factory=Range)
    table: Grid = Field(default_factory=Grid)
    output: TableOutput = Field(default_factory=TableOutput)


def load_table_config(path: str | Path | None, overrides: Iterable[str] = ()) -> TableConfig:
    """Read such a file, or the `table.toml` of a directory.

    Raises
    ------
    ConfigError
        One line for each mistake of the file.
    """
    return read_sections(path, overrides, TableConfig, TABLE_FILE)


def table_plan(config: TableConfig) -> TablePlan:
    """Turn a configuration into what `microphysics.tables.build.build_table` takes.

    Raises
    ------
    OutOfRangeError
        For an energy grid that cannot be made.
    """
    from functools import partial

    from microphysics.tables import grids
    from microphysics.tables.plan import KernelAxes, TablePlan
    from snsim.config.eos import equation_of_state
    from snsim.config.microphysics import process_names, settings_of

    grid, chosen = config.table, config.microphysics
    edges: Any = grid.energy_edges or grids.group_edges(
        grid.energy_groups, grid.energy_first_width, grid.energy_last_edge
    )

    def axis(name: str, make: Any) -> Any:
        return make(*(getattr(grid, f"{name}_{what}") for what in ("min", "max", "points")))

    kernels = None
    if grid.kernels:
        kernels = KernelAxes(
            temperature=grids.logarithmic_axis(
                grid.temperature_min, grid.temperature_max, grid.kernel_temperature_points
            ),
            degeneracy=axis("kernel_degeneracy", grids.logarithmic_axis),
        )
    return TablePlan(
        eos=partial(equation_of_state, chosen),
        processes=tuple(process_names(chosen)),
        settings=settings_of(chosen, on_out_of_range=config.opacity.on_out_of_range),
        density=axis("density", grids.logarithmic_axis),
        temperature=axis("temperature", grids.logarithmic_axis),
        electron_fraction=axis("electron_fraction", grids.electron_fraction_axis),
        energy_edges=edges,
        species=grid.species,
        delta=grid.delta,
        kernels=kernels,
        outside_eos=grid.outside_eos,
        block_points=grid.block_points,
        title=config.title,
    )
