"""``[grid]`` and ``[transport]``: where neutrinos move and how they are solved. Floats are CGS, or MeV for particles."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from snsim.config import quantities
from snsim.config.section import Section, default, distinct

Species = Literal["nue", "anue", "nux"]
Limiter = Literal[
    "wilson",
    "levermore-pomraning",
    "levermore-pomraning-albedo",
    "rational",
    "larsen2",
    "larsen4",
    "minerbo",
    "n1.25",
]


class Grid(Section):
    """The transport grid, cm."""

    zones: int = Field(default=200, ge=10, le=20000)
    r_inner: Annotated[float, quantities.length(0.01, 100.0, "4 km")] = default("4 km")
    r_outer: Annotated[float | None, quantities.length(10.0, 1e6)] = None
    edge_at_shock: bool | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Grid:
        if self.r_outer is not None and self.r_outer <= self.r_inner:
            raise PydanticCustomError("order", "expected r_inner below r_outer")
        return self


class Transport(Section):
    """The transport scheme and its solver."""

    scheme: Literal["gray", "multigroup", "eddington", "none"] = "gray"  # "none": opacity diagnostics only
    limiter: Limiter = "wilson"
    reconstruction: Literal["second", "first"] = "second"
    closure: Literal["spectral-gradient", "spectral-flux"] = "spectral-gradient"
    spectral_shape: Literal["blended", "fixed", "equilibrium"] = "blended"
    species: Annotated[tuple[Species, ...], Field(strict=False, min_length=1), AfterValidator(distinct)] = (
        "nue",
        "anue",
        "nux",
    )
    tolerance: float = Field(default=1e-10, ge=1e-14, le=1e-2)
    max_iterations: int = Field(default=500, ge=1, le=100000)
    exchange_strength: float = Field(default=0.4, ge=0.0, le=10.0)  # gray
    groups: int = Field(default=20, ge=4, le=200)
    group_min: Annotated[float, quantities.particle_energy(0.01, 50.0, "1.6 MeV")] = default("1.6 MeV")
    group_max: Annotated[float, quantities.particle_energy(20.0, 2000.0, "300 MeV")] = default("300 MeV")
    inelastic: bool = True
    core_rays: int = Field(default=8, ge=2, le=200)
    zones_per_ray: int = Field(default=1, ge=1, le=100)

    @model_validator(mode="after")
    def _fit_the_scheme(self) -> Transport:
        if self.group_max <= self.group_min:
            raise PydanticCustomError("order", "expected group_min below group_max")
        if self.scheme == "gray" and self.limiter.endswith("-albedo"):
            raise PydanticCustomError(
                "limiter",
                'limiter = "{limiter}" needs the groups of scheme = "multigroup"; expected one without albedo',
                {"limiter": self.limiter},
            )
        return self
