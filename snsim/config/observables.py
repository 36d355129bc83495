"""The run file's sections of the observables: which, and the parameters of each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from microphysics.errors import UnknownNameError
from snsim.config import quantities
from snsim.config.section import Fraction, Section, default, distinct
from snsim.errors import ConfigError

Observable = Literal[
    "neutrinosphere",
    "gain_region",
    "electron_fraction",
    "kick",
    "delay",
    "transport_sphere",
    "neutrino_conductivity",
    "recoil_heating",
    "explosion",
    "burst",
    "flavour",
    "higgs_vev",
]
# observables that need no transport solution
OF_OPACITIES = ("transport_sphere", "flavour", "neutrino_conductivity")
_EMISSION_RADII: Any = ("10 km", "20 km", "30 km", "50 km", "100 km")


class GainRegion(Section):
    """Parameters of `gain_region`: cm; luminosities are taken there by the criterion gr1d."""

    coefficients: Literal["first_principles", "janka2001"] = "first_principles"
    gain_criterion: Literal["sign_change", "gr1d"] = "sign_change"
    extraction_radius: Annotated[float, quantities.length(1.0, 1e6, "500 km")] = default("500 km")


class ElectronFractionOfEjecta(Section):
    """Parameters of `electron_fraction`: cm and cm/s; no launch radius means the observable's own choice."""

    launch_radius: Annotated[float | None, quantities.length(1.0, 1e5, "50 km")] = None
    velocity: Annotated[float, quantities.speed(1e5, 2.9e10)] = default("3e9 cm/s")
    initial_electron_fraction: Fraction | None = None


class Kick(Section):
    """Parameters of `kick`: erg, g, rad, G; no mass means that of the star."""

    asymmetry: float = Field(default=0.01, ge=0.0, le=1.0)
    asymmetry_definition: Literal["momentum", "emitted", "surface"] = "momentum"
    energy: Annotated[float, quantities.released_energy(1e48, 1e55)] = default("3e53 erg")
    mass: Annotated[float | None, quantities.mass(0.1, 10.0)] = None
    polar_cap_angle: Annotated[float | None, quantities.angle(0.0, 180.0)] = None
    polar_cap_temperature_ratio: float = Field(default=1.1, gt=0.0, le=10.0)
    opacity_factor: float | None = Field(default=None, gt=0.0, le=1.0)
    polar_cap_beaming: Literal["lambert", "radial"] = "lambert"
    magnetic_field: Annotated[float, quantities.magnetic_field(0.0, 1e19)] = default("1e15 G")


class Delay(Section):
    """Parameters of `delay`: cm, MeV, s."""

    distance: Annotated[float, quantities.distance()] = default("10 kpc")
    neutrino_mass: Annotated[float, quantities.particle_energy(0.0, 1e6, "0.1 eV", "eV")] = default("0.1 eV")
    emission_radii: tuple[Annotated[float, quantities.length(0.0, 1e6, "30 km")], ...] = Field(
        default=_EMISSION_RADII, min_length=1, strict=False
    )
    clock_uncertainty: Annotated[float, quantities.time(1e-12, 1e3)] = default("0.001 s")
    galactic_delay: Annotated[float | None, quantities.time(1.0, 1e12)] = None


class TransportSphere(Section):
    """Parameters of `transport_sphere`: energies in MeV and densities in g/cm^3 that get numbers of their own."""

    energies: tuple[Annotated[float, Field(gt=0.0)], ...] = Field(default=(5.0, 10.0, 20.0), strict=False)
    densities: tuple[Annotated[float, Field(gt=0.0)], ...] = Field(default=(1e11, 1e12, 1e13), strict=False)
    energy_frame: Literal["local", "infinity"] = "local"


class NeutrinoConductivity(Section):
    """Parameters of `neutrino_conductivity`, g/cm^3."""

    density: Annotated[float, quantities.density(1e6, 1e15)] = default("1e12 g/cm3")


class RecoilHeating(Section):
    """Parameters of `recoil_heating`: nucleus of the ejecta; cm and cm/s."""

    mass_number: float = Field(default=130.0, ge=2.0, le=300.0)
    charge_number: float = Field(default=50.0, ge=1.0, le=120.0)
    launch_radius: Annotated[float, quantities.length(1.0, 1e5, "300 km")] = default("300 km")
    velocity: Annotated[float, quantities.speed(1e5, 2.9e10)] = default("3e9 cm/s")

    @model_validator(mode="after")
    def _nucleus(self) -> RecoilHeating:
        if self.charge_number > self.mass_number:
            raise PydanticCustomError("order", "expected charge_number up to mass_number")
        return self


class Explosion(Section):
    """Parameters of `explosion`: g."""

    compactness_mass: Annotated[float, quantities.mass(0.1, 20.0)] = default("1.75 Msun")


class Flavour(Section):
    """Parameters of `flavour`: rad, eV^2; by default those of NuFIT 6.0 (Esteban et al. 2024), normal ordering."""

    theta_12: Annotated[float, quantities.angle(1.0, 44.0)] = default("33.68 deg")
    theta_13: Annotated[float, quantities.angle(0.1, 44.0)] = default("8.56 deg")
    splitting_21: float = Field(default=7.49e-5, gt=0.0, le=1.0)
    splitting_31: float = Field(default=2.513e-3, gt=0.0, le=1.0)
    envelope_slope: float | None = Field(default=None, gt=0.0, le=20.0)


class Diagnostics(Section):
    """Which observables, and the parameters of each; without a transport solution by default those of opacities."""

    names: Annotated[tuple[Observable, ...], Field(strict=False), AfterValidator(distinct)] = (
        "neutrinosphere",
        "gain_region",
        "electron_fraction",
        "kick",
        "delay",
    )
    gain_region: GainRegion = Field(default_factory=GainRegion)
    electron_fraction: ElectronFractionOfEjecta = Field(default_factory=ElectronFractionOfEjecta)
    kick: Kick = Field(default_factory=Kick)
    delay: Delay = Field(default_factory=Delay)
    transport_sphere: TransportSphere = Field(default_factory=TransportSphere)
    neutrino_conductivity: NeutrinoConductivity = Field(default_factory=NeutrinoConductivity)
    recoil_heating: RecoilHeating = Field(default_factory=RecoilHeating)
    explosion: Explosion = Field(default_factory=Explosion)
    flavour: Flavour = Field(default_factory=Flavour)

    def options(self, name: str) -> dict[str, Any]:
        """Return the parameters of one observable, as keyword arguments of its `observe`.

        Parameters
        ----------
        name : str
            Of the observable.

        Returns
        -------
        dict
            CGS; the neutrino mass of `delay` in eV, as `observe` takes it.
        """
        section = getattr(self, name, None)
        values = {} if section is None else {key: value for key, value in section if value is not None}
        if "opacity_factor" in values:  # the cap's temperature then follows from the profile
            values["polar_cap_opacity_factor"] = values.pop("opacity_factor")
            values.pop("polar_cap_temperature_ratio")
        if "neutrino_mass" in values:
            values["neutrino_mass"] *= 1e6
        if name == "explosion":  # its numbers of the gain region are those of `gain_region`
            values["gain_criterion"] = self.gain_region.gain_criterion
        return values


def require_observables(names: Iterable[str], option: str = "") -> None:
    """Refuse an observable that there is not.

    Parameters
    ----------
    names : iterable of str
        As they were asked for.
    option : str
        Where, as the message begins.

    Raises
    ------
    ConfigError
        With the nearest name.
    """
    known = get_args(Observable)
    for name in names:
        if name not in known:
            elsewhere = " (ejecta along trajectories: snsim ejecta)" if name == "ejecta" else ""
            raise ConfigError(f"{option}{UnknownNameError('observable', name, known)}{elsewhere}")
