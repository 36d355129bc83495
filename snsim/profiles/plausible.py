"""Whether the numbers of a table can be those of a star, and in which unit they rather are."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.errors import PhysicsWarning
from snsim.errors import ProfileError

Array = NDArray[np.float64]

# What stars have, from cold neutron stars and cores cut out of a model to red supergiants: outermost radius (cm), largest
# density (g/cm^3), highest temperature (MeV), and the integral of 4 pi r^2 rho (solar masses).
PLAUSIBLE = {
    "radius": (8e5, 1e15),
    "density": (1e3, 5e15),
    "temperature": (0.01, 100.0),
    "mass": (0.01, 300.0),
}
# what is looked for among other units, narrower than what is doubted
_LIKELY = {
    "radius": (1e6, 1e15),
    "density": (1e6, 5e15),
    "temperature": (0.3, 80.0),
    "mass": (0.1, 100.0),
}
_UNITS = {
    "radius": ("cm", "m", "km", "Rsun"),
    "density": ("g / cm3", "kg / m3"),
    "temperature": ("MeV", "GK", "K"),
}
STORED = {"radius": "cm", "density": "g / cm3", "temperature": "MeV"}
_NOTHING = 1e-30
_SMALLEST = 1e5  # cm, of a profile that any grid could hold


class _Column(Protocol):
    """What is known of a column."""

    @property
    def column(self) -> str:
        """Name in the file."""

    @property
    def unit(self) -> str:
        """As the run file has it."""


def doubt_units(path: Path, values: Mapping[str, Array], columns: Mapping[str, _Column]) -> None:
    """Warn of numbers that no star has, naming the column and the unit that would make them likely.

    Parameters
    ----------
    path : Path
        For the message.
    values : mapping
        `radius`, `density` and `temperature` as stored: cm, g/cm^3, MeV.
    columns : mapping
        By field; those that are derived have none.

    Raises
    ------
    ProfileError
        In place of the warning, where no grid could hold the star: smaller than 1 km, or inside its own horizon.

    Warns
    -----
    PhysicsWarning
        Outside `PLAUSIBLE`.
    """
    mass = _mass(values)
    measured = (
        ("radius", "the radius ends at", float(values["radius"][-1]), 1e5, "km"),
        ("density", "the largest density is", float(values["density"].max()), 1.0, "g/cm3"),
        ("temperature", "the highest temperature is", float(values["temperature"].max()), 1.0, "MeV"),
        ("mass", "the mass, int 4 pi r^2 rho dr, is", float(mass[-1]), 1.0, "Msun"),
    )
    found = []
    for name, words, number, scale, unit in measured:
        low, high = PLAUSIBLE[name]
        if not low <= number <= high:
            plausible = f"plausible is {low / scale:g} to {high / scale:g} {unit}"
            found.append(f"{words} {number / scale:.3g} {unit}, {plausible}{hint(name, values, columns)}")
    radius = values["radius"]
    gravitational = 2.0 * CODATA.gravitational_constant * CODATA.solar_mass / CODATA.speed_of_light**2 * mass
    inside = gravitational >= radius
    if inside.any():
        point = int(np.argmax(inside))
        where = f"{mass[point]:.3g} Msun inside {radius[point] / 1e5:.4g} km lie within their own horizon"
        found.append(f"{where}{hint('mass', values, columns)}")
    if not found:
        return
    message = f"{path}: {found[0]}"
    if radius[-1] < _SMALLEST or inside.any():
        raise ProfileError(message)
    warnings.warn(message, PhysicsWarning, stacklevel=4)


def hint(name: str, values: Mapping[str, Array], columns: Mapping[str, _Column]) -> str:
    """Ask for the unit of a column, to add to a message; nothing where none would make the numbers likely.

    Parameters
    ----------
    name : str
        Of `PLAUSIBLE`; a mass is that of radius and density together.
    values, columns : mapping
        As for `doubt_units`.
    """
    fields = ("radius", "density") if name in ("radius", "density", "mass") else (name,)
    asked = [words for field in fields if field in columns for words in _ask(field, values, columns[field])]
    return f"; {', or '.join(asked)}?" if asked else ""


def _ask(field: str, values: Mapping[str, Array], column: _Column) -> Iterator[str]:
    """Yield the question for one column, if another unit makes all that depends on it likely."""
    from astropy import units

    equal = units.temperature_energy() if field == "temperature" else []
    stored = units.Unit(STORED[field])
    declared = units.Unit(column.unit).to(stored, equivalencies=equal)
    fitting = []
    for unit in _UNITS[field]:
        ratio = float(units.Unit(unit).to(stored, equivalencies=equal) / declared)
        if abs(ratio - 1.0) > 1e-6 and _likely(values, field, ratio):
            fitting.append(unit.replace(" ", ""))
    if fitting:
        yield f"column '{column.column}' ({field}) is read in {column.unit}: is it in {' or '.join(fitting)}"


def _likely(values: Mapping[str, Array], field: str, ratio: float) -> bool:
    """Whether a star is likely with one field so many times larger."""
    changed = {**values, field: values[field] * ratio}
    numbers = {"temperature": changed["temperature"].max()}
    if field != "temperature":
        numbers = {
            "radius": changed["radius"][-1],
            "density": changed["density"].max(),
            "mass": _mass(changed)[-1],
        }
    return all(_LIKELY[name][0] <= number <= _LIKELY[name][1] for name, number in numbers.items())


def _mass(values: Mapping[str, Array]) -> Array:
    """Mass inside each point, solar masses: flat, powers of the radius between points, the innermost part uniform."""
    radius = np.maximum(values["radius"], _NOTHING)  # of a table that is refused anyway
    weight = radius**3 * np.maximum(values["density"], _NOTHING)
    growth = np.diff(np.log(weight))
    even = np.abs(growth) < 1e-6
    between = np.where(even, weight[1:], np.diff(weight) / np.where(even, 1.0, growth))
    steps = between * np.diff(np.log(radius))
    inside = weight[0] / 3.0 + np.concatenate([[0.0], np.cumsum(steps)])
    return 4.0 * np.pi * inside / CODATA.solar_mass
