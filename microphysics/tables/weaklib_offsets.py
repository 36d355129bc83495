"""weaklib's offsets, one for each moment: what they are, and what they cost."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from microphysics.errors import OpacityTableError
from microphysics.tables.weaklib_layout import TINY

__all__ = ["fill_with_offsets", "rounding_note"]

Array = NDArray[np.float64]

ROUNDING = 1e-3  # of l = 1, above which a note counts states


def fill_with_offsets(dataset: Any, blocks: Iterable[Array], moment_axis: int) -> Array:
    """Write raw blocks, then the logarithms that the smallest value of each moment allows; returns the offsets."""
    lowest: Array | None = None
    count = 0
    for count, block in enumerate(blocks, start=1):
        if not np.isfinite(block).all():
            raise OpacityTableError(f"'{dataset.name}': a value of block {count - 1} is not finite")
        dataset[count - 1] = block
        others = tuple(axis for axis in range(block.ndim) if axis != block.ndim + moment_axis)
        smallest = block.min(axis=others)
        lowest = smallest if lowest is None else np.minimum(lowest, smallest)
    assert lowest is not None
    offsets = -2.0 * np.minimum(0.0, lowest)
    spread = offsets.reshape(-1, *(1,) * (-moment_axis - 1))
    for i in range(count):
        dataset[i] = np.log10(dataset[i] + spread + TINY)
    return offsets


def rounding_note(offsets: Array, typical: Array, degeneracy: Array, temperature: Array) -> str:
    """Say how much of l = 1 the offsets leave; `typical` is its median (degeneracy, T, structure).

    The logarithm of an offset is held to half a unit in the last place; a power of 10 makes ln(10) of 1.
    """
    error = 0.5 * np.log(10.0) * np.spacing(np.abs(np.log10(offsets + TINY))) * offsets
    with np.errstate(divide="ignore", invalid="ignore"):
        rounding = np.where(error > 0.0, error / typical, 0.0).max(axis=-1)
    text = (
        "l = 1 has one offset for all states (l = 0 has none); its rounding over the median |l = 1| of E' <= E is "
        f"{rounding[0, 0]:.1g} at mu_e/T = {degeneracy[0]:.4g} and T = {temperature[0]:.4g} MeV"
    )
    if not (rounding > ROUNDING).any():
        return text
    eta, t = (
        axis[bad]
        for axis, bad in zip((degeneracy, temperature), np.nonzero(rounding > ROUNDING), strict=True)
    )
    return (
        f"{text}, and above {ROUNDING:g} in {eta.size} of {rounding.size} states: T = {t.min():.4g} to {t.max():.4g} MeV, "
        f"mu_e/T = {eta.min():.4g} to {eta.max():.4g}"
    )
