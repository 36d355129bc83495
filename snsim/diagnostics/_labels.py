"""Labelling of what the observables return."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from snsim.variable import Variable

# name, value, unit, long name, definition, reason if undefined
Entries = Iterable[tuple[str, float, str, str, str, str]]
STATIC_FRAME = "static observer, local proper time and energy"


def labelled(
    dims: tuple[str, ...], values: Any, unit: str, long_name: str, *, reason: str = "", **attributes: str
) -> Variable:
    """Return a variable; `reason` says why a value is undefined and stays only where one is.

    Parameters
    ----------
    dims, values, unit, long_name
        As of `Variable`.
    reason : str
        Why values are NaN, if any are.
    **attributes : str
        `definition`, `frame`, `references`, assumptions; empty ones are left out.
    """
    values = np.asarray(values, dtype=np.float64)
    if np.isnan(values).any():
        attributes["reason"] = reason or "undefined"
    return Variable(dims, values, unit, long_name, {k: v for k, v in attributes.items() if v})


def labelled_numbers(entries: Entries, **attributes: str) -> dict[str, Variable]:
    """Return scalars by name.

    Parameters
    ----------
    entries : iterable of tuple
        (name, value, unit, long name, definition, reason if undefined).
    **attributes : str
        Of all of them; as of `labelled`.
    """
    return {
        name: labelled((), value, unit, words, definition=meaning, reason=reason, **attributes)
        for name, value, unit, words, meaning, reason in entries
    }
