"""S(q) of Yukawa liquids from a table of the hypernetted-chain equation with bridge function.

ln(S/S_DH) on equidistant nodes of ln(Gamma/(1 + 0.28 kappa^2)), ln(1 + kappa) and q; see `yukawa` for what lies beyond.
The table is shipped; `build_table` makes it anew in seconds.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from microphysics._registry import STRUCTURE_FACTORS
from microphysics.structure.yukawa import (
    LARGEST_SCREENING,
    Q_NODES,
    Q_STEP,
    STRONGEST,
    WEAKEST,
    HypernettedChainBridge,
    States,
    YukawaLiquid,
    coupling_scale,
    ln_ratios,
)

__all__ = ["TabulatedLiquid", "build_table", "shipped_table", "write_table"]

Array = NDArray[np.float64]

SCALED_COUPLINGS = np.geomspace(WEAKEST, STRONGEST, 60)  # Gamma/coupling_scale(kappa)
SCREENINGS = np.expm1(np.linspace(0.0, np.log1p(LARGEST_SCREENING), 16))
_UNIT = 1e-5  # the file holds ln(S/S_DH) in integers of this, as second differences along q


def build_table(screenings: Array = SCREENINGS) -> Array:
    """Solve the integral equation on the nodes.

    Parameters
    ----------
    screenings : ndarray, shape (screening,)
        kappa.

    Returns
    -------
    ndarray, shape (screening, coupling, k)
        ln(S/S_DH) at Gamma = `SCALED_COUPLINGS` (1 + 0.28 kappa^2) and q = `Q_NODES`.
    """
    return np.stack(
        [ln_ratios(SCALED_COUPLINGS * coupling_scale(kappa), kappa) for kappa in screenings.tolist()]
    )


def write_table(path: Path) -> None:
    """Build the table and write the file that is shipped."""
    integers = np.rint(build_table() / _UNIT).astype(np.int32)
    np.savez_compressed(
        path,
        scaled_coupling=SCALED_COUPLINGS,
        screening=SCREENINGS,
        q=Q_NODES,
        second_difference=np.diff(np.diff(integers, prepend=0), prepend=0),
        unit=_UNIT,
    )


@lru_cache(maxsize=1)
def shipped_table() -> Array:
    """Return the table that comes with the package, shape (screening, coupling, k), exact to 1e-5 in ln(S/S_DH)."""
    with files("microphysics.structure").joinpath("data", "yukawa_liquid.npz").open("rb") as file:
        stored = np.load(file)
        second, unit = stored["second_difference"], float(stored["unit"])
    integers = np.cumsum(np.cumsum(second, axis=-1, dtype=np.int64), axis=-1)
    return integers.astype(np.float64) * unit


@STRUCTURE_FACTORS.register("table")
class TabulatedLiquid(YukawaLiquid):
    """Table of `hncb`, within 2e-3 of it: for production."""

    name = "table"
    references = HypernettedChainBridge.references

    def _evaluate(self, q: Array, states: States, out: Array) -> None:
        """Interpolate: cubics along all three axes."""
        from microphysics._kernels.structure_table import from_table

        scaled = states.solved / coupling_scale(states.screening)
        x = np.log(scaled / WEAKEST) * ((len(SCALED_COUPLINGS) - 1) / np.log(STRONGEST / WEAKEST))
        y = np.log1p(states.screening) * ((len(SCREENINGS) - 1) / np.log1p(LARGEST_SCREENING))
        from_table(
            shipped_table(),
            x,
            y,
            Q_STEP,
            q,
            states.coupling,
            states.screening**2,
            states.weak,
            states.stretch,
            states.dilution,
            out,
        )
