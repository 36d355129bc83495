"""``[microphysics]`` and ``[opacity]``: equation of state, interactions, the energies of the opacities."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from snsim.config import quantities
from snsim.config.model_names import STANDARD_PROCESSES, known
from snsim.config.new_physics import NewPhysics
from snsim.config.section import Fraction, Section, default, distinct


class Couplings(Section):
    """Weak couplings; the neutron lifetime in s."""

    sin2_theta_w: Fraction = 0.23863
    axial_coupling: float = Field(default=1.2754, gt=0.0, le=3.0)
    strange_axial_coupling: float = Field(default=0.0, ge=-1.0, le=1.0)
    v_ud: float = Field(default=0.97373, gt=0.0, le=1.0)
    neutron_lifetime: Annotated[float, quantities.time(100.0, 1e4)] = default("878.4 s")
    vev_ratio: float = Field(default=1.0, ge=0.1, le=10.0)
    charged_current_norm: Literal["lifetime", "tree"] = "lifetime"
    radiative: bool = False


class Microphysics(Section):
    """Equation of state and neutrino-matter interactions."""

    eos: Literal["lattimer-swesty", "table"] = "lattimer-swesty"
    eos_table: str | None = None
    eos_incompressibility: Annotated[float, quantities.particle_energy(150.0, 500.0, "220 MeV")] = default(
        "220 MeV"
    )
    alpha_binding: Literal["corrected", "ls91"] = "corrected"
    constants: Literal["codata", "nulib"] = "codata"
    processes: Annotated[
        tuple[Annotated[str, known("processes")], ...],
        Field(strict=False, min_length=1),
        AfterValidator(distinct),
    ] = STANDARD_PROCESSES
    form_factor: Annotated[str, known("form-factors")] = "helm"
    structure_factor: Annotated[str, known("structure-factors")] = "table"
    structure_factor_file: str | None = None
    electron_polarization: Literal["physical", "brt06", "none"] = "physical"
    weak_magnetism: bool = True
    charged_current: Literal["elastic", "full"] = "elastic"
    blocking: Literal["clipped", "raw"] = "clipped"
    scattering_blocking: Literal["bruenn", "exact"] = "bruenn"
    many_body: Literal["none", "horowitz2017", "horowitz2017_mean"] = "none"
    capture_rate: Literal["langanke2003", "bruenn", "table"] = "langanke2003"
    capture_q_value: Literal["bounded", "drop", "equilibrium"] = "bounded"
    capture_tables: tuple[str, ...] = Field(default=(), strict=False)
    cluster_breakup: bool = False
    pair_species: Literal["heavy", "all"] = "heavy"
    pair_partner: Literal["unblocked", "equilibrium"] = "unblocked"
    bremsstrahlung: Literal["hannestad1998", "burrows2006", "table"] = "hannestad1998"
    bremsstrahlung_medium: Literal["none", "fischer2016"] = "none"
    bremsstrahlung_table: str | None = None
    couplings: Couplings = Field(default_factory=Couplings)
    new_physics: NewPhysics = Field(default_factory=NewPhysics)

    @model_validator(mode="after")
    def _structure_named(self) -> Microphysics:
        if (self.structure_factor == "file") != (self.structure_factor_file is not None):
            raise PydanticCustomError(
                "structure_factor_file",
                'expected structure_factor = "file" and a path in structure_factor_file together, or neither',
            )
        return self

    @model_validator(mode="after")
    def _rates_named(self) -> Microphysics:
        if (self.capture_rate == "table") != bool(self.capture_tables):
            raise PydanticCustomError(
                "capture_tables",
                'expected capture_rate = "table" and files in capture_tables together, or neither',
            )
        if (self.bremsstrahlung == "table") != (self.bremsstrahlung_table is not None):
            raise PydanticCustomError(
                "bremsstrahlung_table",
                'expected bremsstrahlung = "table" and a path in bremsstrahlung_table together, or neither',
            )
        return self

    @model_validator(mode="after")
    def _table_named(self) -> Microphysics:
        if (self.eos == "table") != (self.eos_table is not None):
            raise PydanticCustomError(
                "eos_table", 'expected eos = "table" and a path in eos_table together, or neither'
            )
        return self


class Opacity(Section):
    """The energy grid of the opacities, MeV."""

    on_out_of_range: Literal["error", "clamp"] = "error"
    energies: int = Field(default=48, ge=8, le=2000)
    energy_min: Annotated[float, quantities.particle_energy(1e-3, 50.0, "0.5 MeV")] = default("0.5 MeV")
    energy_max: Annotated[float, quantities.particle_energy(20.0, 5000.0, "350 MeV")] = default("350 MeV")

    @model_validator(mode="after")
    def _ordered(self) -> Opacity:
        if self.energy_max <= self.energy_min:
            raise PydanticCustomError("order", "expected energy_min below energy_max")
        return self
