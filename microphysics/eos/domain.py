"""Keeping the input of an equation of state inside its domain."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics.eos.state import EquationOfState
from microphysics.errors import ExtrapolationWarning, OutOfRangeError, UnknownNameError

__all__ = ["inside_domain"]

Array = NDArray[np.float64]


def inside_domain(
    eos: EquationOfState,
    density: ArrayLike,
    temperature: ArrayLike,
    electron_fraction: ArrayLike,
    on_out_of_range: str,
) -> tuple[tuple[Array, Array, Array], NDArray[np.bool_], tuple[int, ...]]:
    """Broadcast and flatten the three inputs, and check or clamp them.

    Parameters
    ----------
    eos : EquationOfState
        Whose domain it is.
    density, temperature, electron_fraction : array_like
        g/cm^3, MeV, 1; any shapes that broadcast.
    on_out_of_range : {"error", "clamp"}

    Returns
    -------
    values : tuple of three ndarrays, shape (point,)
        Copies.
    clamped : ndarray of bool, shape (point,)
        Which points were moved to the edge.
    shape : tuple of int
        Of the broadcast input.

    Raises
    ------
    OutOfRangeError
        Naming the first point outside (or NaN, in any mode), its place and the domain.
    """
    if on_out_of_range not in ("error", "clamp"):
        raise UnknownNameError("choice for on_out_of_range", str(on_out_of_range), ("error", "clamp"))
    for name, value in (
        ("density", density),
        ("temperature", temperature),
        ("electron_fraction", electron_fraction),
    ):
        if hasattr(value, "unit"):
            raise OutOfRangeError(
                f"{name}: got a Quantity ({value.unit}); give plain numbers in g/cm^3, MeV and 1, or call "
                "microphysics.thermodynamics, which takes units"
            )
    given = {"density": density, "temperature": temperature, "electron_fraction": electron_fraction}
    units = {"density": " g/cm^3", "temperature": " MeV", "electron_fraction": ""}
    arrays = np.broadcast_arrays(*(np.asarray(value, dtype=np.float64) for value in given.values()))
    shape = arrays[0].shape
    values = [np.array(array).ravel() for array in arrays]
    clamped = np.zeros(values[0].size, dtype=np.bool_)
    for name, value in zip(given, values, strict=True):
        lowest, highest = getattr(eos, f"{name}_range")
        outside = ~((value >= lowest) & (value <= highest))
        if not outside.any():
            continue
        refused = np.isnan(value) if on_out_of_range == "clamp" else outside
        if refused.any():
            first = int(np.argmax(refused))
            at = ", ".join(
                f"{key} = {v[first]:.6g}{units[key]}" for key, v in zip(given, values, strict=True)
            )
            hint = "" if np.isnan(value[first]) else '; called with on_out_of_range="clamp" it takes the edge'
            raise OutOfRangeError(
                f"{name} = {value[first]:.6g}{units[name]} in zone {first} ({at}): {eos.name} is valid for "
                f"{lowest:g} <= {name} <= {highest:g}{units[name]}{hint}"
            )
        clamped |= outside
        np.clip(value, lowest, highest, out=value)
    if clamped.any():
        warnings.warn(
            f"{int(clamped.sum())} of {clamped.size} points lie outside the domain of {eos.name} and were moved to its edge",
            ExtrapolationWarning,
            stacklevel=3,
        )
    return (values[0], values[1], values[2]), clamped, shape
