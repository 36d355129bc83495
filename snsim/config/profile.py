"""``[profile]``: embedded stars, tables, files of other codes. Every float is CGS."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from snsim.config import quantities
from snsim.config.section import Section, default

ElectronFraction = Annotated[float, Field(ge=0.01, le=0.6)]
Entropy = Annotated[float, Field(ge=0.1, le=60.0)]


class _ShockedStar(Section):
    """What the stars after bounce share: mass, and what falls onto the shock."""

    format: str
    mass: Annotated[float, quantities.mass(0.3, 4.0)] = default("1.35 Msun")
    accretion_rate: Annotated[float, quantities.mass_rate(1e-4, 10.0)] = default("0.95 Msun/s")
    shock_radius: Annotated[float, quantities.length(30.0, 2000.0, "144 km")] = default("144 km")
    infall_fraction: float = Field(default=0.85, gt=0.0, le=1.0)
    entropy_infall: Entropy = 4.0
    electron_fraction: tuple[ElectronFraction, ElectronFraction, ElectronFraction] = Field(
        default=(0.275, 0.11, 0.50), strict=False
    )
    electron_fraction_infall: ElectronFraction = 0.495


class AnalyticProfile(_ShockedStar):
    """A post-bounce star as a curve, its matter in the Saha equilibrium: cm, g, g/s; entropies in k_B per baryon."""

    format: Literal["analytic"]
    core_radius: Annotated[float, quantities.length(3.0, 30.0, "9 km")] = default("9 km")
    scale_height: Annotated[float, quantities.length(1.0, 50.0, "7.8 km")] = default("7.8 km")
    mantle_fraction: float = Field(default=0.4, gt=0.0, le=10.0)
    compression: float = Field(default=10.5, gt=1.0, le=50.0)
    entropy: tuple[Entropy, Entropy, Entropy] = Field(default=(1.4, 5.0, 12.0), strict=False)

    @model_validator(mode="after")
    def _ordered(self) -> AnalyticProfile:
        if self.core_radius >= self.shock_radius:
            raise PydanticCustomError("order", "expected core_radius below shock_radius")
        return self


class HydrostaticProfile(_ShockedStar):
    """A post-bounce star in hydrostatic equilibrium, matter of `microphysics.eos`; its gain layer's entropy is found.

    `mass` is gravitational here, rest mass in the analytic star (1.364 Msun of rest mass by default).
    """

    format: Literal["hydrostatic"] = "hydrostatic"
    entropy: tuple[Entropy, Entropy] = Field(default=(1.4, 5.0), strict=False)


class CollapseProfile(Section):
    """A core before bounce, matter of `microphysics.eos`: g/cm^3, cm, 1/s."""

    format: Literal["collapse"]
    central_density: Annotated[float, quantities.density(1e10, 2e14)] = default("2.78e13 g/cm3")
    core_radius: Annotated[float, quantities.length(1.0, 500.0, "17.1 km")] = default("17.1 km")
    steepness: float = Field(default=1.748, ge=1.0, le=4.0)
    contraction_rate: Annotated[float, quantities.rate(0.0, 1e4, "530 / s")] = default("530 / s")
    infall_fraction: float = Field(default=0.42, gt=0.0, le=1.0)


class Column(Section):
    """One column of a table: its name there, its unit, where it stands in the zone."""

    column: str
    unit: str = "1"
    centring: Literal["zone", "interface"] = "zone"
    kind: Literal["mass_fraction", "number_fraction"] = "mass_fraction"


class TableProfile(Section):
    """A text table. Lengths in cm."""

    format: Literal["table"]
    path: str | None = None
    mapping: str | None = None
    columns: dict[str, Column] = Field(default_factory=dict)
    delimiter: str | None = Field(default=None, min_length=1, max_length=1)
    comment: str = Field(default="#", min_length=1)
    mass_integral: Literal["none", "newtonian", "relativistic"] = "none"
    shock_radius: Annotated[float | None, quantities.length(1.0, 1e5, "144 km")] = None

    @model_validator(mode="after")
    def _one_description(self) -> TableProfile:
        if (self.mapping is None) == (not self.columns):
            raise PydanticCustomError(
                "description",
                'expected either a mapping (for instance mapping = "agile-boltztran") or a table of columns',
            )
        return self


class FileProfile(Section):
    """A file of another code, or the folder of its output. Lengths in cm, times in s.

    `time` is after `bounce_time`, which is that of the simulation. `radius_centring`: whether radii (and masses and
    velocities) are those of zone centres or of outer edges, which a file of GR1D's does not say.
    """

    format: Literal["gr1d-short", "gr1d", "kepler", "mesa"]
    path: str | None = None
    time: Annotated[float | None, quantities.time(-100.0, 1e5)] = None
    bounce_time: Annotated[float | None, quantities.time(-100.0, 1e5)] = None
    radius_centring: Literal["zone", "interface"] | None = None
    shock_radius: Annotated[float | None, quantities.length(1.0, 1e5, "144 km")] = None

    @model_validator(mode="after")
    def _what_the_format_needs(self) -> FileProfile:
        needs = {"gr1d": ("time", "bounce_time"), "gr1d-short": ("radius_centring",)}.get(self.format, ())
        for key in ("time", "bounce_time", "radius_centring"):
            given = getattr(self, key) is not None
            if given and key not in needs:
                raise PydanticCustomError(
                    "format",
                    'expected no {key} with format = "{format}"',
                    {"key": key, "format": self.format},
                )
        if self.format == "gr1d-short" and self.radius_centring is None:
            raise PydanticCustomError(
                "format",
                'expected radius_centring = "zone" or "interface" (GR1D\'s WHW02): the file does not say',
            )
        return self
