"""The run file's sections, keys, units, bounds and defaults. Every float is CGS, or MeV for particles."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from snsim.config import quantities
from snsim.config.evolution import Evolution
from snsim.config.new_physics import NewPhysics
from snsim.config.observables import OF_OPACITIES, Diagnostics
from snsim.config.section import Fraction, Section, default, distinct
from snsim.config.sequence import Sequence

# Names that are accepted without importing the (compiled) modules behind them; others are looked up there.
BUILT_IN: dict[str, tuple[str, ...]] = {
    "processes": (
        "charged_current",
        "nucleon_scattering",
        "nucleus_scattering",
        "alpha_scattering",
        "electron_scattering",
        "pair",
        "bremsstrahlung",
        "electron_capture",
        "neutron_decay",
        "light_cluster_scattering",
        "magnetic_scattering",
        "scalar_scattering",
    ),
    "structure-factors": (
        "none",
        "debye_huckel",
        "percus_yevick",
        "msa",
        "msa_eta",
        "horowitz1997",
        "hnc",
        "hncb",
        "mixture_hnc",
        "mixture_lmr",
        "table",
        "file",
    ),
    "form-factors": (
        "helm",
        "helm_a13",
        "klein_nystrand",
        "symmetrized_fermi",
        "burrows",
        "bruenn",
        "point",
    ),
}
STANDARD_PROCESSES = BUILT_IN["processes"][:7]  # some of the others act only with terms of new physics
_REGISTRIES = {
    "processes": "PROCESSES",
    "structure-factors": "STRUCTURE_FACTORS",
    "form-factors": "FORM_FACTORS",
}
_HOMES = {"processes": "processes", "structure-factors": "structure", "form-factors": "weak"}

ElectronFraction = Annotated[float, Field(ge=0.01, le=0.6)]
Entropy = Annotated[float, Field(ge=0.1, le=60.0)]
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


def nearest(name: str, known: Iterable[str]) -> str:
    """Return " Did you mean 'x'?" for the closest known name, or nothing."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f" Did you mean '{close[0]}'?" if close else ""


def registry(kind: str) -> Any:
    """Return a registry of the microphysics, its built-in models registered.

    Parameters
    ----------
    kind : {"processes", "structure-factors", "form-factors"}

    Returns
    -------
    Registry
        Iterates over names, gives factories by name.
    """
    package = importlib.import_module(f"microphysics.{_HOMES[kind]}")
    for module in pkgutil.iter_modules(package.__path__):
        if not module.name.startswith("_"):
            importlib.import_module(f"{package.__name__}.{module.name}")
    return getattr(importlib.import_module("microphysics._registry"), _REGISTRIES[kind])


@dataclass(frozen=True)
class NameOf:
    """Accepts a built-in name at once, any other only if its registry has it.

    Attributes
    ----------
    kind : {"processes", "structure-factors", "form-factors"}
    """

    kind: str

    def __call__(self, name: str) -> str:
        """Return the name, or refuse it."""
        known = BUILT_IN[self.kind]
        if name in known:
            return name
        names = sorted({*registry(self.kind), *known})
        if name not in names:
            listed = ", ".join(f"'{each}'" for each in names)
            raise PydanticCustomError(
                "unknown_name",
                "expected one of {listed}.{hint}",
                {"listed": listed, "hint": nearest(name, names)},
            )
        return name


def _known(kind: str) -> AfterValidator:
    return AfterValidator(NameOf(kind))


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


class Grid(Section):
    """The transport grid, cm."""

    zones: int = Field(default=200, ge=10, le=20000)
    r_inner: Annotated[float, quantities.length(0.01, 100.0, "4 km")] = default("4 km")
    r_outer: Annotated[float | None, quantities.length(10.0, 1e6)] = None

    @model_validator(mode="after")
    def _ordered(self) -> Grid:
        if self.r_outer is not None and self.r_outer <= self.r_inner:
            raise PydanticCustomError("order", "expected r_inner below r_outer")
        return self


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
        tuple[Annotated[str, _known("processes")], ...],
        Field(strict=False, min_length=1),
        AfterValidator(distinct),
    ] = STANDARD_PROCESSES
    form_factor: Annotated[str, _known("form-factors")] = "helm"
    structure_factor: Annotated[str, _known("structure-factors")] = "table"
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
        profile = found.data.get("profile")
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
