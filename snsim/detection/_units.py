"""Values with units at the door of this room: a Quantity or a text becomes a plain float, a bare number is a mistake."""

from __future__ import annotations

from typing import Any

from microphysics.errors import OutOfRangeError


def measured(name: str, value: Any, unit: str, example: str, *, positive: bool = True) -> float:
    """Return a value in a unit.

    Parameters
    ----------
    name : str
        Of the argument, for messages.
    value : Quantity or str
        Such as ``14.57 * units.kg`` or ``"14.57 kg"``.
    unit : str
        Wanted.
    example : str
        Of what is right, for messages.
    positive : bool
        Whether zero and less are refused.

    Raises
    ------
    OutOfRangeError
        For a bare number, a wrong unit, or what is not positive and finite.

    Examples
    --------
    >>> measured("mass", "2 t", "g", "14.57 kg")
    2000000.0
    """
    from astropy import units

    from snsim.config.quantities import Dimension

    if isinstance(value, units.Quantity):
        try:
            found = float(value.to_value(unit))
        except (units.UnitConversionError, TypeError):
            raise OutOfRangeError(f"{name} = {value}: expected one value in a unit like {unit}") from None
    else:
        try:
            found = Dimension("a value with a unit", unit, unit, example, 0.0, 0.0).read(value)
        except ValueError as error:
            raise OutOfRangeError(f"{name} = {value!r}: {error}") from None
    if not (abs(found) < float("inf") and (found > 0.0 or not positive)):
        raise OutOfRangeError(f"{name} = {value}: must be {'positive' if positive else 'finite'}")
    return found
