"""Options of a solver, checked when it is made."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from microphysics.errors import OutOfRangeError, UnknownNameError


def require_names(*options: tuple[str, str, Sequence[str]]) -> None:
    """Check options, each with its kind, name and the names known.

    Raises
    ------
    UnknownNameError
    """
    for kind, name, known in options:
        if name not in known:
            raise UnknownNameError(kind, name, tuple(known))


def require_opacities(solver: str, given: object, wanted: type, how: str) -> None:
    """Check that a solver got the kind of opacities that it works with.

    Raises
    ------
    TypeError
        With what is wanted and how to get it.
    """
    if not isinstance(given, wanted):
        raise TypeError(f"{solver}.solve wants {wanted.__name__}, not {type(given).__name__}: {how}")


def require_numbers(tolerance: float, **counts: int) -> None:
    """Check a tolerance and numbers of something.

    Raises
    ------
    OutOfRangeError
        With the option and what is allowed.
    """
    if not 0.0 < tolerance < 1.0:
        raise OutOfRangeError(f"tolerance = {tolerance:g}: must be above 0 and below 1")
    for name, value in counts.items():
        if not (isinstance(value, (int, np.integer)) and value >= 1):
            raise OutOfRangeError(f"{name} = {value}: must be a whole number, at least 1")
