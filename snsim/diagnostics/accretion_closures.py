"""What drives a steady accretion flow and what it must reach at its inner end: closures of `accretion_shock`.

Critical luminosity and its slope against the accretion rate are those of the closure: never compare numbers of two.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Protocol

from microphysics.constants import CODATA
from microphysics.errors import OutOfRangeError
from snsim.diagnostics.heating_rates import RateCoefficients, cooling_closed_form, heating_closed_form

__all__ = [
    "Closure",
    "Conditions",
    "FixedSphere",
    "LightBulb",
    "NeutrinoEmission",
    "blackbody_radius",
    "positive",
]

# Murphy & Burrows 2008, ApJ 688, 1159, after Janka 2001: erg/g/s at L = 1e52 erg/s, 100 km, T_nu = 4 MeV, T = 2 MeV
HEATING, COOLING = 1.544e20, 1.399e20
_LUMINOSITY, _RADIUS, _NEUTRINO_TEMPERATURE, _TEMPERATURE = 1e52, 1e7, 4.0, 2.0
# 1/cm at 1 g/cm^3 for absorption by nucleons at T_nu = 4 MeV
ABSORPTION = 1.947e-17

RADIATION = math.pi**2 / (15.0 * CODATA.hbar_c**3) * CODATA.erg_per_mev  # a, erg/cm^3/MeV^4
INNER_DENSITY = 1e11  # g/cm^3


class Conditions(NamedTuple):
    """What a closure makes of a luminosity.

    Attributes
    ----------
    heating : float
        H r^2, erg cm^2/g/s.
    inner_radius : float
        Where the flow ends, cm.
    wanted : float
        Density there, g/cm^3, or column of matter above, g/cm^2.
    column : bool
        Which of the two.
    """

    heating: float
    inner_radius: float
    wanted: float
    column: bool


class Closure(Protocol):
    """How neutrinos drive the flow, and what it must reach at its inner end."""

    @property
    def name(self) -> str:
        """One phrase, for attributes and legends."""
        ...

    @property
    def cooling(self) -> float:
        """C/T^6, erg/g/s/MeV^6."""
        ...

    def at(self, luminosity: float) -> Conditions:
        """Conditions for a luminosity per species, erg/s."""
        ...


@dataclass(frozen=True)
class LightBulb:
    """Blackbody of L = 4 pi R_nu^2 (7/16)(a c/4) T_nu^4 per species; the flow reaches a density at R_nu.

    Attributes
    ----------
    neutrino_temperature : float
        MeV.
    inner_density : float
        g/cm^3.
    """

    neutrino_temperature: float = 4.5
    inner_density: float = INNER_DENSITY
    name = "light bulb: R_nu from L and T_nu, density given at R_nu"
    cooling = COOLING / _TEMPERATURE**6

    def __post_init__(self) -> None:
        positive(neutrino_temperature=self.neutrino_temperature, inner_density=self.inner_density)

    def at(self, luminosity: float) -> Conditions:
        """Conditions for a luminosity per species, erg/s."""
        radius = blackbody_radius(luminosity, self.neutrino_temperature)
        heating = light_bulb_heating(luminosity, self.neutrino_temperature)
        return Conditions(heating, radius, self.inner_density, False)


@dataclass(frozen=True)
class FixedSphere:
    """Sphere of a fixed radius at optical depth 2/3 of absorption alone. A cruder problem: order of magnitude and slopes.

    Attributes
    ----------
    radius : float
        R_nu, cm.
    neutrino_temperature : float
        MeV; NaN means that of a blackbody of this radius, T_nu^4 ~ L.
    """

    radius: float = 5e6
    neutrino_temperature: float = math.nan
    cooling = COOLING / _TEMPERATURE**6

    def __post_init__(self) -> None:
        positive(radius=self.radius)
        if not math.isnan(self.neutrino_temperature):
            positive(neutrino_temperature=self.neutrino_temperature)

    @property
    def name(self) -> str:
        """One phrase, for attributes and legends."""
        free = math.isnan(self.neutrino_temperature)
        return f"R_nu fixed, T_nu {'from L' if free else 'fixed'}, optical depth 2/3 of absorption at R_nu"

    def at(self, luminosity: float) -> Conditions:
        """Conditions for a luminosity per species, erg/s."""
        temperature = self.neutrino_temperature
        if math.isnan(temperature):
            temperature = (luminosity / _blackbody_luminosity(self.radius, 1.0)) ** 0.25
        opacity = ABSORPTION * (temperature / _NEUTRINO_TEMPERATURE) ** 2
        return Conditions(light_bulb_heating(luminosity, temperature), self.radius, 2.0 / 3.0 / opacity, True)


@dataclass(frozen=True)
class NeutrinoEmission:
    """Emission of a star as a transport solution has it, brightened as a whole.

    Attributes
    ----------
    luminosity_nue, luminosity_anue : float
        erg/s.
    square_energy_nue, square_energy_anue : float
        <E^3>/<E> (`Spectrum.rms_energy` squared), MeV^2; never <E^2>, which is 1.5-1.7 times smaller.
    radius : float
        R_nu at these luminosities, cm.
    coefficients : RateCoefficients
        Of heating and cooling, from `heating_rates.coefficients`.
    neutron_fraction, proton_fraction : float
        Mass fractions of free nucleons in the heated matter; electrons and positrons are not degenerate.
    tied : bool
        Whether R_nu grows with L^(1/2) as for a blackbody; else it is fixed.
    inner_density : float
        At R_nu, g/cm^3.
    """

    luminosity_nue: float
    luminosity_anue: float
    square_energy_nue: float
    square_energy_anue: float
    radius: float
    coefficients: RateCoefficients
    neutron_fraction: float = 0.5
    proton_fraction: float = 0.5
    tied: bool = False
    inner_density: float = INNER_DENSITY

    def __post_init__(self) -> None:
        names = (
            "luminosity_nue",
            "luminosity_anue",
            "square_energy_nue",
            "square_energy_anue",
            "radius",
            "inner_density",
        )
        positive(**{name: getattr(self, name) for name in names})
        for name in ("neutron_fraction", "proton_fraction"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise OutOfRangeError(f"{name} = {getattr(self, name):g}: expected a mass fraction, 0 to 1")

    @property
    def name(self) -> str:
        """One phrase, for attributes and legends."""
        how = "R_nu ~ L^(1/2)" if self.tied else "R_nu fixed"
        return f"L and <E^3>/<E> of nue and anue of the solution, {how}, density given at R_nu"

    @property
    def luminosity(self) -> float:
        """(L_nue + L_anue)/2, erg/s: the luminosity per species of `at`."""
        return 0.5 * (self.luminosity_nue + self.luminosity_anue)

    @cached_property
    def cooling(self) -> float:
        """C/T^6, erg/g/s/MeV^6."""
        return float(
            cooling_closed_form(1.0, 0.0, self.neutron_fraction, self.proton_fraction, self.coefficients)
        )

    @cached_property
    def _own_heating(self) -> float:
        """H r^2 at the luminosities themselves, erg cm^2/g/s."""
        return float(
            heating_closed_form(
                self.luminosity_nue,
                self.luminosity_anue,
                self.square_energy_nue,
                self.square_energy_anue,
                self.neutron_fraction,
                self.proton_fraction,
                1.0,
                1.0,
                self.coefficients,
            )
        )

    def at(self, luminosity: float) -> Conditions:
        """Conditions for (L_nue + L_anue)/2, erg/s, both species brightened alike."""
        factor = luminosity / self.luminosity
        radius = self.radius * math.sqrt(factor) if self.tied else self.radius
        return Conditions(factor * self._own_heating, radius, self.inner_density, False)


def blackbody_radius(luminosity: float, neutrino_temperature: float) -> float:
    """Radius of a blackbody in one species, L = 4 pi R^2 (7/16)(a c/4) T^4, cm."""
    return math.sqrt(luminosity / _blackbody_luminosity(1.0, neutrino_temperature))


def light_bulb_heating(luminosity: float, neutrino_temperature: float) -> float:
    """H r^2 of free nucleons, L of nue and of anue alike; <E^3>/<E> = 20.81 T_nu^2 stands in the coefficient."""
    return (
        HEATING * luminosity / _LUMINOSITY * (neutrino_temperature / _NEUTRINO_TEMPERATURE) ** 2 * _RADIUS**2
    )


def _blackbody_luminosity(radius: float, neutrino_temperature: float) -> float:
    """4 pi R^2 (7/16)(a c/4) T^4 of one species, erg/s."""
    flux = 7.0 / 16.0 * RADIATION * CODATA.speed_of_light / 4.0 * neutrino_temperature**4
    return 4.0 * math.pi * radius**2 * flux


def positive(**values: float) -> None:
    """Refuse what is not a positive number."""
    for name, value in values.items():
        if not 0.0 < value < math.inf:
            raise OutOfRangeError(f"{name} = {value:g}: expected a positive number")
