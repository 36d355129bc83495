"""A structure function of bremsstrahlung from a table, for calculations that have no closed form (T-matrix and others)."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from microphysics._kernels.bremsstrahlung import GRID
from microphysics.eos.formats.hdf5 import open_hdf5, read_dataset, write_atomically
from microphysics.errors import ExtrapolationWarning, MicrophysicsError, OutOfRangeError
from microphysics.matter import MatterState

__all__ = ["StructureTable", "StructureTableError", "read_structure_table", "write_structure_table"]

Array = NDArray[np.float64]
Points = NDArray[np.int64]

_AXES = {"proton_fraction": "1", "temperature": "MeV", "density": "cm-3", "energy": "1"}
_MEANINGS = {
    "proton_fraction": "n_p/(n_n + n_p)",
    "temperature": "T",
    "density": "n_n + n_p, nucleons outside nuclei",
    "energy": "w/T, w the energy of both neutrinos",
    "structure": "sum_ch w_ch n_ch S_ch, w_ch = 1, 1, 28/3 and n_ch = n_n, n_p, sqrt(n_n n_p) for nn, pp, np",
}
_EDGE = 1e-9  # by how much a state may miss the grid through rounding


class StructureTableError(MicrophysicsError, ValueError):
    """A table of the structure function that cannot be used, and why."""


@dataclass(frozen=True)
class StructureTable:
    """Sum_ch w_ch n_ch S_ch(w) on a grid; its logarithm is interpolated.

    Linear in Y_p and the logarithms of T and n, a cubic spline in ln(w/T), a power of w beyond the ends. Below the first
    density it falls like n^2, as pairs do. Elsewhere beyond the grid is out of range.

    Attributes
    ----------
    proton_fraction, temperature, density, energy : ndarray
        Axes, rising: Y_p of the nucleons, MeV, n_n + n_p in 1/cm^3, w/T.
    structure : ndarray, shape (proton_fraction, temperature, density, energy)
        1/(MeV cm^3), > 0. R^a = K (3 - cos theta) times it, K as in `bremsstrahlung_kernels`.
    references : tuple of str
        Where it comes from.
    on_out_of_range : str
        ``error``, or ``clamp``: the nearest edge, with a counted warning.

    Raises
    ------
    StructureTableError
        If an axis does not rise or is too short, or `structure` has another shape or is not positive.
    """

    proton_fraction: Array
    temperature: Array
    density: Array
    energy: Array
    structure: Array
    references: tuple[str, ...] = ("a table of the user",)
    on_out_of_range: str = "error"

    def __post_init__(self) -> None:
        for name in _AXES:
            _check_axis(name, getattr(self, name), least=4 if name == "energy" else 1)
        shape = tuple(getattr(self, name).size for name in _AXES)
        if self.structure.shape != shape:
            raise StructureTableError(
                f"structure has shape {self.structure.shape}, its axes {', '.join(_AXES)} make {shape}"
            )
        bad = ~(np.isfinite(self.structure) & (self.structure > 0.0))
        if bad.any():
            place = tuple(int(i) for i in np.argwhere(bad)[0])
            raise StructureTableError(
                f"structure is {self.structure[place]} at {place} and not positive at {bad.sum()} of {bad.size} points: "
                "its logarithm is interpolated"
            )

    @cached_property
    def _resampled(self) -> Array:
        """Ln of structure times T at the points of `GRID`."""
        from scipy.interpolate import CubicSpline

        x = np.log(self.energy)
        values = np.log(self.structure * self.temperature[None, :, None, None])
        spline = CubicSpline(x, values, axis=-1)
        inside = np.clip(np.log(GRID), x[0], x[-1])
        ends = np.where(np.log(GRID) < x[0], 0, 1)
        slope = np.stack([spline(end, 1) for end in (x[0], x[-1])], axis=-1)
        return spline(inside) + slope[..., ends] * (np.log(GRID) - inside)

    def logarithm(self, matter: MatterState, first: Points, last: Points) -> Array:
        """As in `bremsstrahlung_kernels.StructureFunction`.

        Raises
        ------
        OutOfRangeError
            If states lie outside the grid and `on_out_of_range` is ``error``.
        """
        n, p = matter.number_density_neutron, matter.number_density_proton
        present = n + p > 0.0
        total = np.where(present, n + p, self.density[0])
        corner = [
            _located(np.where(present, p / total, self.proton_fraction[0]), self.proton_fraction),
            _located(np.log(matter.temperature), np.log(self.temperature)),
            _located(np.log(np.maximum(total, self.density[0])), np.log(self.density)),
        ]
        self._judge(present & np.any([outside for *_, outside in corner], axis=0), matter)
        result = np.zeros((total.size, GRID.size))
        for sides in np.ndindex(2, 2, 2):
            index, weight = [], np.ones(total.size)
            for (i, fraction, _), side, axis in zip(corner, sides, self._resampled.shape[:3], strict=False):
                index.append(np.minimum(i + side, axis - 1))
                weight = weight * (fraction if side else 1.0 - fraction)
            result += weight[:, None] * self._resampled[tuple(index)]
        result += 2.0 * np.minimum(np.log(total / self.density[0]), 0.0)[:, None]
        return np.where(present[:, None], result, -np.inf)

    def _judge(self, outside: NDArray[np.bool_], matter: MatterState) -> None:
        if not outside.any():
            return
        zone = int(np.argmax(outside))
        neutrons, protons = matter.number_density_neutron[zone], matter.number_density_proton[zone]
        message = (
            f"bremsstrahlung: {outside.sum()} of {outside.size} zones lie outside the table of the structure function, the "
            f"first at T = {matter.temperature[zone]:.4g} MeV with {neutrons + protons:.4g} nucleons per cm^3 outside nuclei "
            f"and Y_p = {protons / (neutrons + protons):.4g} of them; it holds T = "
            f"{self.temperature[0]:.4g} ... {self.temperature[-1]:.4g} MeV, up to {self.density[-1]:.4g} nucleons per cm^3, "
            f"Y_p = {self.proton_fraction[0]:.4g} ... {self.proton_fraction[-1]:.4g}"
        )
        if self.on_out_of_range == "error":
            raise OutOfRangeError(message)
        warnings.warn(f"{message}; the nearest edge is taken", ExtrapolationWarning, stacklevel=5)


def write_structure_table(path: str | Path, table: StructureTable) -> Path:
    """Write a table as HDF5 that `read_structure_table` reads.

    Parameters
    ----------
    path : str or Path
        Replaced if it exists; it appears only when it is complete.
    table : StructureTable
    """

    def fill(file: object) -> None:
        for name, unit in {**_AXES, "structure": "MeV-1 cm-3"}.items():
            dataset = file.create_dataset(name, data=getattr(table, name))  # type: ignore[attr-defined]
            dataset.attrs["units"] = unit
            dataset.attrs["long_name"] = _MEANINGS[name]
        file.attrs["references"] = "\n".join(table.references)  # type: ignore[attr-defined]
        file.attrs["axes"] = ", ".join(_AXES)  # type: ignore[attr-defined]

    return write_atomically(Path(path), fill)


def read_structure_table(path: str | Path, on_out_of_range: str = "error") -> StructureTable:
    """Read a table of the structure function.

    Parameters
    ----------
    path : str or Path
        HDF5 with datasets proton_fraction, temperature (MeV), density (nucleons per cm^3), energy (w/T) and structure
        (proton_fraction, temperature, density, energy) in 1/(MeV cm^3), and, if wanted, an attribute references.
    on_out_of_range : str
        As in `StructureTable`.

    Raises
    ------
    StructureTableError
        If the file is missing or damaged, a dataset is missing, or the table is unsound.
    """
    path = Path(path)
    try:
        with open_hdf5(path) as file:
            axes = {name: read_dataset(file, name, str(path)) for name in _AXES}
            structure = read_dataset(file, "structure", str(path))
            named = str(file.attrs.get("references", "")) or f"structure function from {path.name}"
        return StructureTable(
            **axes,
            structure=structure,
            references=tuple(named.split("\n")),
            on_out_of_range=on_out_of_range,
        )
    except StructureTableError as error:
        raise StructureTableError(f"{path}: {error}") from None
    except MicrophysicsError as error:  # of the layer below, which speaks of tables in general
        raise StructureTableError(str(error)) from None


def _check_axis(name: str, values: Array, least: int) -> None:
    """One row of rising numbers, positive but for the proton fraction."""
    if values.ndim != 1 or values.size < least:
        raise StructureTableError(
            f"{name} has shape {values.shape}: expected a row of {least} or more values"
        )
    low = 0.0 if name == "proton_fraction" else np.nextafter(0.0, 1.0)
    if not (np.isfinite(values).all() and values[0] >= low and (np.diff(values) > 0.0).all()):
        raise StructureTableError(
            f"{name} = {values[0]:.6g} ... {values[-1]:.6g}: must be finite, rising and "
            f"{'at least 0' if low == 0.0 else 'positive'}"
        )


def _located(values: Array, axis: Array) -> tuple[Points, Array, NDArray[np.bool_]]:
    """Cell, place in it from 0 to 1, and whether the value lies outside."""
    outside = (values < axis[0] - _EDGE) | (values > axis[-1] + _EDGE)
    if axis.size == 1:
        return np.zeros(values.size, np.int64), np.zeros(values.size), outside
    cell = np.clip(np.searchsorted(axis, values) - 1, 0, axis.size - 2)
    fraction = (values - axis[cell]) / (axis[cell + 1] - axis[cell])
    return cell, np.clip(fraction, 0.0, 1.0), outside
