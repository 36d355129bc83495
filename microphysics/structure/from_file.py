"""A structure factor of one's own: S(q) on a grid of couplings, from a text or HDF5 file."""

from __future__ import annotations

import difflib
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics._registry import STRUCTURE_FACTORS
from microphysics.errors import ExtrapolationWarning, MicrophysicsError, OutOfRangeError
from microphysics.structure.closed_forms import debye_huckel
from microphysics.structure.models import OneComponent

__all__ = ["FileStructure", "StructureFileError"]

Array = NDArray[np.float64]

COLUMNS = ("coupling", "screening", "q", "S")  # Gamma, kappa = k_sc a, wave number in 1/a, S(q)
_HDF5 = (".h5", ".hdf5", ".hdf")
_LONGEST_WAVE = 1.0  # 1/a: S/S_DH may be continued from here to q = 0
_END, _NEAR_END = 0.05, 0.10  # how far S may be from 1 at the last q, and within 1/a of it
_ENOUGH = 14.0  # 1/a, where S of any liquid is 1 within 0.03


class StructureFileError(MicrophysicsError, ValueError):
    """A file of S(q) that cannot be used, and why."""


@STRUCTURE_FACTORS.register("file")
class FileStructure(OneComponent):
    """S(q) interpolated in a file.

    ln(S/S_DH), with S_DH = (q^2 + kappa^2)/(q^2 + kappa^2 + 3 Gamma), follows splines (cubic where there are four
    points) in ln Gamma, kappa^2 and q. Below the first q, S/S_DH keeps its value; beyond the last, S - 1 falls like exp(-q
    a). Gamma or kappa outside the grid counts as its edge, with a counted warning, or is an error.

    Parameters
    ----------
    on_out_of_range : str
        ``error`` or ``clamp``.
    path : str or Path
        Text (comma-separated or blanks, names in the first line, comments after #) or HDF5 (one-dimensional datasets of
        one length) with columns coupling, q, S and, where electrons screen, screening: Gamma, q a, S and kappa = k_sc
        a. Rows make a full grid, coupling slowest and q fastest, all rising. Without screening the background is rigid.

    Raises
    ------
    StructureFileError
        If the file is missing, damaged, has no such grid, holds S <= 0, or its q leave out what scattering needs.
    """

    name = "file"
    references = ("a file of the user",)
    validity = "the grid of the file"

    def __init__(self, on_out_of_range: str = "clamp", *, path: str | Path | None = None) -> None:
        super().__init__(on_out_of_range)
        if path is None:
            raise StructureFileError(
                "structure factor 'file' needs the path of a file with columns coupling, q, S"
            )
        self.path = Path(path)
        columns = _read(self.path)
        self.has_screening = "screening" in columns
        self.rigid_background = not self.has_screening
        self.axes, values = _grid(columns, str(self.path))
        self.coupling, self.screening, self.wave_number = self.axes
        _check_values(self.axes, values, str(self.path))
        self.references = (f"S(q) from {self.path.name}",)
        self.validity = f"{self.coupling[0]:.4g} <= Gamma <= {self.coupling[-1]:.4g}" + (
            f", {self.screening[0]:.4g} <= kappa <= {self.screening[-1]:.4g}" if self.has_screening else ""
        )
        gamma, kappa, q = np.meshgrid(*self.axes, indexing="ij")
        self._logarithm = _Spline(
            (np.log(self.coupling), self.screening**2, self.wave_number),
            np.log(values / debye_huckel(q, gamma, kappa)),
        )

    def reduced(self, q: ArrayLike, coupling: ArrayLike, screening: ArrayLike = 0.0) -> Array:
        """Return S(q) at q in 1/a, Gamma and kappa, which broadcast."""
        gamma = self._inside("Gamma", coupling, self.coupling)
        kappa = self._inside("kappa", screening, self.screening) if self.has_screening else np.zeros(())
        wave = np.asarray(q, dtype=np.float64)
        inside = np.clip(wave, self.wave_number[0], self.wave_number[-1])
        ratio = np.exp(self._logarithm(np.log(gamma), kappa**2, inside))
        last = self.wave_number[-1]
        structure = ratio * debye_huckel(np.minimum(wave, last), gamma, kappa)
        return np.where(
            wave > last, 1.0 + (structure - 1.0) * np.exp(-np.maximum(wave - last, 0.0)), structure
        )

    def _inside(self, symbol: str, values: ArrayLike, axis: Array) -> Array:
        """Return values cut to an axis, counted; rounding is no reason to complain."""
        given = np.asarray(values, dtype=np.float64)
        outside = (given < axis[0] * (1.0 - 1e-9)) | (given > axis[-1] * (1.0 + 1e-9)) | np.isnan(given)
        if outside.any():
            message = (
                f"{self.path} holds {self.validity}; {symbol} is outside in {int(outside.sum())} of {given.size} "
                f"state(s), from {given.min():.4g} to {given.max():.4g}"
            )
            if self.on_out_of_range == "error" or np.isnan(given).any():
                raise OutOfRangeError(
                    f'{message}. Set opacity.on_out_of_range = "clamp" to accept the edge value.'
                )
            warnings.warn(f"{message}; the edge value is used", ExtrapolationWarning, stacklevel=4)
        return np.clip(given, axis[0], axis[-1])


class _Spline:
    """Tensor-product spline on a grid, of degree 3 or what an axis of few points allows; constant along single points."""

    def __init__(self, axes: tuple[Array, ...], values: Array) -> None:
        from scipy.interpolate import NdBSpline, make_interp_spline

        self.used = [i for i, axis in enumerate(axes) if axis.size > 1]
        coefficients = values.reshape([axes[i].size for i in self.used])
        knots, degrees = [], []
        for place, i in enumerate(self.used):
            spline = make_interp_spline(axes[i], coefficients, k=min(3, axes[i].size - 1), axis=place)
            coefficients = np.moveaxis(spline.c, 0, place)  # it keeps the axis it acts on first
            knots.append(spline.t)
            degrees.append(spline.k)
        self.spline = NdBSpline(tuple(knots), coefficients, tuple(degrees))

    def __call__(self, *coordinates: Array) -> Array:
        """Evaluate at coordinates that broadcast."""
        points = np.broadcast_arrays(*coordinates)
        result: Array = self.spline(np.stack([points[i] for i in self.used], axis=-1))
        return result


def _read(path: Path) -> dict[str, Array]:
    """Return the columns that are there."""
    if not path.is_file():
        raise StructureFileError(f"{path}: there is no such file")
    columns = _read_hdf5(path) if path.suffix.lower() in _HDF5 else _read_text(path)
    for needed in ("coupling", "q", "S"):
        if needed not in columns:
            near = difflib.get_close_matches(needed, list(columns), n=1, cutoff=0.4)
            hint = f" Did you mean to call '{near[0]}' so?" if near else ""
            raise StructureFileError(
                f"{path}: column '{needed}' is missing; there are {', '.join(columns)}.{hint}"
            )
    return {name: columns[name] for name in COLUMNS if name in columns}


def _read_text(path: Path) -> dict[str, Array]:
    """Read names and rows of a text file."""
    try:
        text = path.read_text(encoding="utf-8")
    except (UnicodeDecodeError, OSError) as error:
        raise StructureFileError(f"{path}: cannot be read as text ({error})") from None
    lines = [(number, line.split("#")[0].strip()) for number, line in enumerate(text.splitlines(), 1)]
    lines = [(number, line) for number, line in lines if line]
    if len(lines) < 2:
        raise StructureFileError(f"{path}: is empty, or has names but no rows")

    def split(line: str) -> list[str]:
        return [word.strip() for word in line.split(",")] if "," in line else line.split()

    names = split(lines[0][1])
    rows = []
    for number, line in lines[1:]:
        words = split(line)
        if len(words) != len(names):
            raise StructureFileError(
                f"{path}: line {number} has {len(words)} values, expected {len(names)} ({', '.join(names)}); is the file "
                "cut off?"
            )
        try:
            rows.append([float(word) for word in words])
        except ValueError as error:
            raise StructureFileError(f"{path}: line {number}: {error}") from None
    return dict(zip(names, np.array(rows).T, strict=True))


def _read_hdf5(path: Path) -> dict[str, Array]:
    """Read one-dimensional datasets of an HDF5 file."""
    import h5py

    columns: dict[str, Array] = {}
    try:
        with h5py.File(path, "r") as file:
            columns = {
                name: np.asarray(item[...], dtype=np.float64)
                for name, item in file.items()
                if isinstance(item, h5py.Dataset) and item.dtype.kind in "fiu"
            }
    except OSError as error:
        raise StructureFileError(f"{path}: cannot be read as HDF5 ({error}); is the file cut off?") from None
    shapes = {name: columns[name].shape for name in COLUMNS if name in columns}
    if any(len(shape) != 1 or 0 in shape for shape in shapes.values()) or len(set(shapes.values())) > 1:
        listed = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise StructureFileError(
            f"{path}: columns must be one-dimensional and of one length, not empty; got {listed}"
        )
    return columns


def _grid(columns: dict[str, Array], where: str) -> tuple[tuple[Array, Array, Array], Array]:
    """Return the axes coupling, screening, q and S on them."""
    rows = np.stack(
        [columns["coupling"], columns.get("screening", np.zeros_like(columns["q"])), columns["q"]]
    )
    for name, values in (*zip(("coupling", "screening", "q"), rows, strict=True), ("S", columns["S"])):
        if not np.isfinite(values).all():
            row = int(np.argmin(np.isfinite(values)))
            raise StructureFileError(f"{where}: {name} is {values[row]} in row {row + 1}")
    for name, values, least in zip(("coupling", "q"), rows[[0, 2]], ("Gamma > 0", "q > 0"), strict=True):
        if not (values > 0.0).all():
            raise StructureFileError(
                f"{where}: {name} is {values.min():g}, expected {least} (the limit at 0 is known and added)"
            )
    if (rows[1] < 0.0).any():
        raise StructureFileError(f"{where}: screening is {rows[1].min():g}, expected kappa >= 0")
    step = np.diff(rows, axis=1)
    rising = (step[0] > 0.0) | ((step[0] == 0.0) & ((step[1] > 0.0) | ((step[1] == 0.0) & (step[2] > 0.0))))
    if not rising.all():
        row = int(np.argmin(rising)) + 1
        raise StructureFileError(
            f"{where}: row {row + 1} (coupling {rows[0, row]:g}, screening {rows[1, row]:g}, q {rows[2, row]:g}) does not "
            "follow on the one before; coupling must rise slowest, q fastest, and none may stand twice"
        )
    axes, index = zip(*(np.unique(values, return_inverse=True) for values in rows), strict=True)
    shape = tuple(axis.size for axis in axes)
    there = np.zeros(shape, dtype=bool)
    there[index] = True
    if not there.all():
        hole = np.unravel_index(int(np.argmin(there)), shape)
        at = ", ".join(
            f"{name} {axis[i]:g}"
            for name, axis, i in zip(("coupling", "screening", "q"), axes, hole, strict=True)
        )
        raise StructureFileError(
            f"{where}: the grid of {shape[0]} x {shape[1]} x {shape[2]} points has {int((~there).sum())} holes, the "
            f"first at {at}"
        )
    return (axes[0], axes[1], axes[2]), columns["S"].reshape(shape)


def _check_values(axes: tuple[Array, Array, Array], values: Array, where: str) -> None:
    """Refuse what no liquid has, and a range of q that is too short for scattering."""

    def at(*index: Any) -> str:
        return ", ".join(
            f"{name} {axis[i]:g}"
            for name, axis, i in zip(("coupling", "screening", "q"), axes, index, strict=True)
        )

    if not (values > 0.0).all():
        worst = np.unravel_index(int(np.argmin(values)), values.shape)
        raise StructureFileError(f"{where}: S is {values[worst]:g} at {at(*worst)}, expected S > 0")
    q = axes[2]
    if q.size < 4 or q[0] > _LONGEST_WAVE:
        raise StructureFileError(
            f"{where}: q starts at {q[0]:g} and has {q.size} points; at least 4 are needed, the first at or below "
            f"{_LONGEST_WAVE:g}, from where S/S_DH is continued to q = 0"
        )
    allowed = np.where(q == q[-1], _END, np.where(q >= q[-1] - 1.0, _NEAR_END, np.inf))
    excess = np.abs(values - 1.0) / allowed
    if excess.max() > 1.0:
        worst = np.unravel_index(int(np.argmax(excess)), values.shape)
        raise StructureFileError(
            f"{where}: q ends at {q[-1]:g}, too early: S is still {values[worst]:.3g} at {at(*worst)}. S must be within "
            f"{_END} of 1 at the last q (and {_NEAR_END} over the last 1/a); q to {_ENOUGH:g} is enough for every liquid"
        )
