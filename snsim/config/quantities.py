"""Values with units, as they stand in a run file, to plain floats and back."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

# a unit does not begin like a number, but for 1/s: "5-40 MeV" is no -200 MeV
_NUMBER_AND_UNIT = re.compile(
    r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*((?:1\s*/|(?![-+.\d\s])).*?)\s*"
)


@dataclass(frozen=True)
class Dimension:
    """What a key of the run file measures; marks a field as `Annotated[float, Dimension(...)]`.

    Attributes
    ----------
    kind : str
        As it reads after "expected", with its article: "a length".
    unit : str
        Unit of the stored float (CGS; MeV for energies of particles and temperatures).
    display : str
        Unit in which the resolved run file, the bounds and their messages are written.
    example : str
        One good value, for messages.
    low, high : float
        Allowed closed interval, in `display`.
    bare : bool
        Whether a number without a unit is taken in `unit`, as in lists; else it is a mistake.
    """

    kind: str
    unit: str
    display: str
    example: str
    low: float
    high: float
    bare: bool = False

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Parse before pydantic sees the float."""
        return core_schema.no_info_before_validator_function(self._validate, handler(source))

    def _validate(self, value: Any) -> float | None:
        if value is None:
            return None
        stored, problem = self._convert(value)
        if problem:
            raise PydanticCustomError(
                "quantity",
                'expected {kind} (for instance "{example}"), got {problem}',
                self._context(problem=problem),
            )
        shown = stored / _factor(self.display, self.unit)
        if not self.low <= shown <= self.high:
            raise PydanticCustomError(
                "quantity_range",
                "expected {kind} from {low} to {high} {display}",
                self._context(low=self.low, high=self.high),
            )
        return stored

    def read(self, text: str) -> float:
        """Read a text from outside a run file; its bounds are the caller's business.

        Parameters
        ----------
        text : str
            A number and a unit.

        Returns
        -------
        float
            In `unit`.

        Raises
        ------
        ValueError
            Saying what was expected, with an example, and what was wrong.

        Examples
        --------
        >>> f"{temperature(0.0, 100.0).read('1e10 K'):.4f} MeV"
        '0.8617 MeV'
        """
        stored, problem = self._convert(text)
        if problem:
            raise ValueError(f'expected {self.kind} (for instance "{self.example}"), got {problem}')
        return stored

    def _context(self, **more: Any) -> dict[str, Any]:
        plain = {name: f"{value:g}" if isinstance(value, float) else value for name, value in more.items()}
        return {"kind": self.kind, "example": self.example, "display": self.display, **plain}

    def _convert(self, value: Any) -> tuple[float, str]:
        """Return the stored float and, where there is none, what is wrong with the value."""
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return (float(value), "") if self.bare else (0.0, "a number without a unit")
        if not isinstance(value, str):
            return 0.0, f"a {_TOML_NAMES.get(type(value), type(value).__name__)}"
        match = _NUMBER_AND_UNIT.fullmatch(value)
        if match is None:
            return 0.0, "a text that is not a number and a unit"
        if not match[2]:
            return 0.0, "a number without a unit"
        if "," in match[2]:  # astropy would take it for units of a structured array
            return 0.0, "more than one value"
        try:
            return float(match[1]) * _factor(match[2], self.unit), ""
        except ValueError as error:
            return 0.0, str(error)

    def write(self, value: float) -> str:
        """Write a stored float as a text that reads back to exactly the same float.

        Parameters
        ----------
        value : float
            In `unit`.

        Returns
        -------
        str
            In `display` where that is exact, else in `unit`.
        """
        factor = _factor(self.display, self.unit)
        for digits in (12, 15, 16, 17):
            shown = float(f"{value / factor:.{digits}g}")
            if shown * factor == value:
                return f"{_short(shown)} {self.display}"
        return f"{_short(value)} {self.unit}"


def split(text: str) -> tuple[float, str] | None:
    """Return the number of a text and the unit behind it, which may be empty; None where there is no number.

    Examples
    --------
    >>> split("0.95 Msun/s")
    (0.95, 'Msun/s')
    """
    match = _NUMBER_AND_UNIT.fullmatch(text)
    return None if match is None else (float(match[1]), match[2])


def convert(value: float, unit: str, wanted: str) -> float:
    """Return a value in another unit, temperatures in MeV too; a ValueError says in words why that has no answer."""
    return value * _factor(unit, wanted)


_TOML_NAMES = {bool: "boolean", list: "list", tuple: "list", dict: "table"}


def _short(value: float) -> str:
    """Shortest text of a float that reads back to it."""
    text = repr(float(value))
    return text[:-2] if text.endswith(".0") else text


@lru_cache(maxsize=256)
def _factor(unit: str, wanted: str) -> float:
    """Return how many `wanted` are in one `unit`; a ValueError says in words why that has no answer."""
    if unit == wanted:
        return 1.0
    from astropy import units

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", units.UnitsWarning)
        try:
            given = units.Unit(unit)
        except (ValueError, TypeError):
            raise ValueError(f"the unknown unit '{unit}'") from None
    target = units.Unit(wanted)
    temperature = target == units.MeV and given.is_equivalent(units.K)
    try:
        return float(given.to(target, equivalencies=units.temperature_energy() if temperature else []))
    except units.UnitConversionError:
        raise ValueError(_describe(given)) from None


def _describe(unit: Any) -> str:
    """Name what a unit measures, with its article: "a time"."""
    name = str(unit.physical_type).split("/")[0]
    if name == "dimensionless":
        return "a pure number"
    if name == "unknown":
        return f"something in '{unit}'"
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def length(low: float = 1e-3, high: float = 1e6, example: str = "500 km") -> Dimension:
    """Return a length, stored in cm, bounds in km."""
    return Dimension("a length", "cm", "km", example, low, high)


def distance() -> Dimension:
    """Return a distance to the observer, stored in cm, bounds in kpc."""
    return Dimension("a distance", "cm", "kpc", "10 kpc", 1e-6, 1e7)


def mass(low: float, high: float) -> Dimension:
    """Return a stellar mass, stored in g, bounds in solar masses."""
    return Dimension("a mass", "g", "Msun", "1.35 Msun", low, high)


def mass_rate(low: float, high: float) -> Dimension:
    """Return a mass per time, stored in g/s, bounds in solar masses per second."""
    return Dimension("a mass per time", "g / s", "Msun / s", "0.95 Msun/s", low, high)


def mass_density(low: float, high: float) -> Dimension:
    """Return a mass density, stored in and bounded by g/cm^3."""
    return Dimension("a density", "g / cm3", "g / cm3", "1e12 g/cm3", low, high)


def temperature(low: float, high: float) -> Dimension:
    """Return a temperature, in K or as an energy, stored in and bounded by MeV."""
    return Dimension("a temperature", "MeV", "MeV", "2 MeV", low, high)


def density(low: float, high: float) -> Dimension:
    """Return a density, stored in and bounded by g/cm^3."""
    return Dimension("a density", "g / cm3", "g / cm3", "2.78e13 g/cm3", low, high)


def area(low: float, high: float) -> Dimension:
    """Return an area (of either sign, as squared charge radii are), stored in and bounded by cm^2."""
    return Dimension("an area", "cm2", "cm2", "-0.83e-32 cm2", low, high)


def rate(low: float, high: float, example: str) -> Dimension:
    """Return a rate, stored in and bounded by 1/s."""
    return Dimension("a rate", "1 / s", "1 / s", example, low, high)


def speed(low: float, high: float) -> Dimension:
    """Return a speed, stored in and bounded by cm/s."""
    return Dimension("a speed", "cm / s", "cm / s", "3e9 cm/s", low, high)


def time(low: float, high: float) -> Dimension:
    """Return a time, stored in and bounded by s."""
    return Dimension("a time", "s", "s", "878.4 s", low, high)


def particle_energy(low: float, high: float, example: str = "10 MeV", display: str = "MeV") -> Dimension:
    """Return the energy of a particle, stored in MeV."""
    return Dimension("an energy", "MeV", display, example, low, high)


def released_energy(low: float, high: float) -> Dimension:
    """Return the energy of an explosion, stored in and bounded by erg."""
    return Dimension("an energy", "erg", "erg", "3e53 erg", low, high)


def angle(low: float, high: float) -> Dimension:
    """Return an angle, stored in rad, bounds in degrees."""
    return Dimension("an angle", "rad", "deg", "20 deg", low, high)


def magnetic_field(low: float, high: float) -> Dimension:
    """Return a magnetic field, stored in and bounded by G."""
    return Dimension("a magnetic field", "G", "G", "1e15 G", low, high)
