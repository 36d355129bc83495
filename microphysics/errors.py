"""Errors and warnings of the microphysics."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any


class MicrophysicsError(Exception):
    """Base class of everything this package raises on purpose."""


class OutOfRangeError(MicrophysicsError, ValueError):
    """A thermodynamic state or energy outside what a model is valid for."""


class UnknownNameError(MicrophysicsError, KeyError):
    """A name that no model is registered under; `meant` are names that come nearest, where that is known better here."""

    def __init__(self, kind: str, name: str, known: Iterable[str], meant: Iterable[str] = ()) -> None:
        names = sorted(known)
        nearest = list(meant) or [each for each in names if each.lower() == name.lower()]
        nearest = nearest or difflib.get_close_matches(name, names, n=1)
        hint = f" Did you mean {' or '.join(map(repr, nearest))}?" if nearest else ""
        self.message = f"unknown {kind} '{name}'; known are {', '.join(names)}.{hint}"
        super().__init__(self.message)

    def __str__(self) -> str:
        return self.message


class OpacityTableError(MicrophysicsError, ValueError):
    """A table of opacities, or its file, that is damaged, incomplete or self-contradictory."""


class PhysicsWarning(UserWarning):
    """The answer stands, but somebody should look."""


class ExtrapolationWarning(PhysicsWarning):
    """A model was used outside the range it was made for."""


def require(allowed: Any, values: Any, what: str, unit: str, condition: str) -> None:
    """Raise for the first value that is not allowed; NaN passes, as undefined.

    Parameters
    ----------
    allowed : array_like of bool
        Broadcasts with the values.
    values : array_like
        What was given.
    what, unit, condition : str
        For the message: "mass = -1 g: must be > 0".

    Raises
    ------
    OutOfRangeError
        Naming the value.
    """
    import numpy as np  # not for those who only name errors

    good, given = np.broadcast_arrays(allowed, np.asarray(values, dtype=np.float64))
    bad = ~(good | np.isnan(given))
    if bad.any():
        value = float(given[bad][0])
        raise OutOfRangeError(f"{what} = {value:.6g}{' ' + unit if unit else ''}: must be {condition}")


def unit_like(unit: str) -> str:
    """Say in a message which unit is expected; what has none is dimensionless, not in '1'."""
    return "no unit (dimensionless)" if unit.strip() in ("", "1") else f"a unit like '{unit}'"


def unit_named(unit: str) -> str:
    """Name in a message a unit that was given."""
    return "none (dimensionless)" if unit.strip() in ("", "1") else f"'{unit}'"
