"""Quantities to plain numbers, and what is wrong with them in words."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from microphysics.errors import OutOfRangeError, UnknownNameError, unit_like, unit_named

Array = NDArray[np.float64]

POLARIZATIONS = ("physical", "brt06", "none")


def plain(name: str, quantity: Any, unit: str) -> Array:
    """Return numbers in `unit`, at least one-dimensional, or say what was wrong.

    Parameters
    ----------
    name : str
        Of the argument; a ``temperature`` may be in K or an energy.
    quantity : Quantity
        Any shape.
    unit : str
        Wanted.

    Raises
    ------
    OutOfRangeError
        If it is no Quantity or has another dimension.
    """
    return np.atleast_1d(number(name, quantity, unit))


def number(name: str, quantity: Any, unit: str) -> Array:
    """Return numbers in `unit` in the shape that was given; else as `plain`."""
    from astropy import units

    if not isinstance(quantity, units.Quantity):
        raise OutOfRangeError(
            f"{name}: expected an astropy Quantity in units like '{unit}', got {type(quantity).__name__}"
        )
    try:
        equivalencies = units.temperature_energy() if name == "temperature" else []
        return np.asarray(quantity.to_value(unit, equivalencies=equivalencies), dtype=np.float64)
    except units.UnitConversionError:
        raise OutOfRangeError(
            f"{name}: expected {unit_like(str(unit))}, got {unit_named(str(quantity.unit))}"
        ) from None


def positive(name: str, quantity: Any, unit: str) -> Array:
    """Return numbers in `unit`, all > 0; else as `number`."""
    values = number(name, quantity, unit)
    if not (values > 0.0).all():
        raise OutOfRangeError(f"{name} = {np.min(values):g} {unit}: must be positive")
    return values


def terms_of(new_physics: Any) -> tuple[Any, ...]:
    """Return terms of new physics from one of them or a sequence, or say which is none."""
    terms = tuple(new_physics) if isinstance(new_physics, (tuple, list)) else (new_physics,)
    for term in terms:
        if isinstance(term, type) or not (hasattr(term, "shifts") or hasattr(term, "coefficients")):
            shown = f"the class {term.__name__}" if isinstance(term, type) else repr(term)
            raise OutOfRangeError(
                f"new_physics has {shown}: expected terms such as microphysics.weak.mediators.ZPrime(coupling, mass)"
            )
    return terms


def is_pure(quantity: Any) -> bool:
    """Whether something is a number without a dimension."""
    from astropy import units

    return not isinstance(quantity, units.Quantity) or quantity.unit.is_equivalent(
        units.dimensionless_unscaled
    )


def settings_of(choices: dict[str, Any]) -> Any:
    """Make settings of keyword arguments; a misspelt one gets the nearest name."""
    from microphysics.processes.settings import Settings

    known = {field.name for field in fields(Settings)}
    for name, given in choices.items():
        if name not in known:
            raise UnknownNameError("choice", name, known)
        if name in ("form_factor", "structure_factor", "electron_polarization") and not isinstance(
            given, str
        ):
            raise OutOfRangeError(f"{name} = {given!r}: expected a name")
    if choices.get("electron_polarization", "physical") not in POLARIZATIONS:
        raise UnknownNameError("electron polarization", choices["electron_polarization"], POLARIZATIONS)
    return Settings(**{**choices, "new_physics": terms_of(choices.get("new_physics", ()))})
