"""The path of one parcel of ejecta: time, matter, place, and the neutrinos that it meets."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from snsim.errors import TrajectoryError

Array = NDArray[np.float64]

__all__ = ["FIELDS", "GIGAKELVIN", "LIGHT", "Trajectory"]

GIGAKELVIN = 1e9 * CODATA.boltzmann  # MeV in one GK
# fields along the path: unit, lowest and highest value, whether these are allowed themselves
FIELDS: dict[str, tuple[str, float, float, bool]] = {
    "time": ("s", -math.inf, math.inf, False),
    "temperature": ("MeV", 0.0, 1e3, False),
    "density": ("g / cm3", 0.0, 1e16, False),
    "radius": ("cm", 0.0, math.inf, False),
    "electron_fraction": ("1", 0.0, 1.0, True),
    "luminosity_nue": ("erg / s", 0.0, math.inf, True),
    "luminosity_anue": ("erg / s", 0.0, math.inf, True),
    "mean_energy_nue": ("MeV", 0.0, 1e3, True),
    "mean_energy_anue": ("MeV", 0.0, 1e3, True),
}
LIGHT = ("luminosity_nue", "luminosity_anue", "mean_energy_nue", "mean_energy_anue")
_REQUIRED = ("time", "temperature", "density")
FASTEST = 3.0  # dr/dt over c: proper time makes it 2 at 0.9 c


@dataclass(frozen=True, eq=False)
class Trajectory:
    """One parcel of ejecta, checked.

    Attributes
    ----------
    time : ndarray, shape (row,)
        s, rising; which clock it is, `EjectaPhysics.time_frame` says.
    temperature : ndarray, shape (row,)
        MeV (1 GK = 0.0862 MeV).
    density : ndarray, shape (row,)
        Rest mass, g/cm^3.
    initial_electron_fraction : float
        Y_e in the first row.
    radius : ndarray, shape (row,), optional
        Distance from the source of neutrinos, cm; without it no neutrinos are absorbed.
    electron_fraction : ndarray, shape (row,), optional
        Y_e that somebody else has found, only to compare with.
    luminosity_nue, luminosity_anue : ndarray, shape (row,), optional
        erg/s, isotropic-equivalent; where they hold, `EjectaPhysics.luminosity_at` says. All four or none.
    mean_energy_nue, mean_energy_anue : ndarray, shape (row,), optional
        <E> of the number spectrum, MeV. It is 3.1514 times the temperature of a Fermi-Dirac spectrum with eta = 0, which is
        what columns named "tnue" hold.
    mass : float
        Of the parcel, g; NaN if unknown.
    name : str
        For messages, files and figures.
    source : str
        File that the rows come from, for messages; empty for arrays.
    lines : sequence of int
        Where each row stands in it.

    Raises
    ------
    TrajectoryError
        Naming the field, the row and the value, for less than two rows, time that does not rise, anything that is no number
        or outside its range, Y_e outside 0 to 1.

    Examples
    --------
    >>> path = Trajectory([0.0, 0.1], [0.8, 0.4], [1e7, 1e6], 0.1)
    >>> path.rows
    2
    >>> Trajectory([0.0, 0.1], [0.8, 0.4], [1e7, -1e6], 0.1)
    Traceback (most recent call last):
        ...
    snsim.errors.TrajectoryError: trajectory: density = -1000000 g / cm3 in row 2: must be above 0 and below 1e+16
    """

    time: Any
    temperature: Any
    density: Any
    initial_electron_fraction: float
    radius: Any = None
    electron_fraction: Any = None
    luminosity_nue: Any = None
    luminosity_anue: Any = None
    mean_energy_nue: Any = None
    mean_energy_anue: Any = None
    mass: float = math.nan
    name: str = "trajectory"
    source: str = field(default="", repr=False)
    lines: Sequence[int] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        for name in FIELDS:
            given = getattr(self, name)
            if given is not None:
                values = np.ascontiguousarray(given, dtype=np.float64)
                object.__setattr__(self, name, values)
            elif name in _REQUIRED:
                raise TrajectoryError(f"{self.where}: {name} is missing")
        self._check_shapes()
        for name in FIELDS:
            self._check_values(name)
        fall = np.flatnonzero(np.diff(self.time) <= 0.0)
        if fall.size:
            row = int(fall[0]) + 1
            raise TrajectoryError(
                f"{self.where}: time = {self.time[row]:.9g} s in {self.place(row)}: must be later than "
                f"{self.time[row - 1]:.9g} s in the row before"
            )
        self._check_speed()
        if not 0.0 <= self.initial_electron_fraction <= 1.0:
            raise TrajectoryError(
                f"{self.where}: initial electron_fraction = {self.initial_electron_fraction:g}: must be from 0 to 1"
            )
        if self.mass <= 0.0:
            raise TrajectoryError(f"{self.where}: mass = {self.mass:g} g: must be above 0")
        self._check_light()

    @property
    def rows(self) -> int:
        """Number of rows."""
        return int(self.time.size)

    @property
    def has_light(self) -> bool:
        """Whether luminosities and mean energies are known."""
        return self.luminosity_nue is not None

    @property
    def shines(self) -> bool:
        """Whether any neutrinos meet the parcel."""
        return self.has_light and bool(
            (self.luminosity_nue > 0.0).any() or (self.luminosity_anue > 0.0).any()
        )

    def changed(self, **values: Any) -> Trajectory:
        """Return a copy with other values."""
        return replace(self, **values)

    @property
    def where(self) -> str:
        """What messages begin with: the file, or the name."""
        return self.source or self.name

    def place(self, row: int) -> str:
        """Name a row, counted from 0: a line of the file, or a row of the arrays as people count."""
        return f"line {self.lines[row]}" if row < len(self.lines) else f"row {row + 1}"

    def _check_shapes(self) -> None:
        rows = self.time.size
        if self.time.ndim != 1 or rows < 2:
            raise TrajectoryError(f"{self.where}: {rows} row(s); a trajectory needs at least 2")
        for name in FIELDS:
            values = getattr(self, name)
            if values is not None and values.shape != (rows,):
                raise TrajectoryError(
                    f"{self.where}: {name} has shape {values.shape}, but time has {rows} rows"
                )

    def _check_values(self, name: str) -> None:
        values = getattr(self, name)
        if values is None:
            return
        unit, low, high, closed = FIELDS[name]
        inside = (values >= low) & (values <= high) if closed else (values > low) & (values < high)
        bad = np.flatnonzero(~(inside & np.isfinite(values)))
        if not bad.size:
            return
        row = int(bad[0])
        allowed = "finite"
        if math.isfinite(low):
            allowed = f"{low:g} or above" if closed else f"above {low:g}"
        if math.isfinite(high):
            allowed += f" and {'at most' if closed else 'below'} {high:g}"
        spaced = "" if unit == "1" else f" {unit}"
        raise TrajectoryError(
            f"{self.where}: {name} = {values[row]:.9g}{spaced} in {self.place(row)}: must be {allowed}"
        )

    def _check_speed(self) -> None:
        if self.radius is None:
            return
        speed = np.abs(np.diff(self.radius) / np.diff(self.time)) / CODATA.speed_of_light
        fast = np.flatnonzero(speed > FASTEST)
        if fast.size:
            row = int(fast[0]) + 1
            raise TrajectoryError(
                f"{self.where}: radius = {self.radius[row]:.6g} cm in {self.place(row)}: {speed[row - 1]:.3g} times as far "
                "from the row before as light goes; is the unit of radius or time another, or the order of columns?"
            )

    def _check_light(self) -> None:
        known = [name for name in LIGHT if getattr(self, name) is not None]
        if not known:
            return
        for name in (*LIGHT, "radius"):
            if getattr(self, name) is None:
                raise TrajectoryError(f"{self.where}: {name} is missing, but {known[0]} is given")
        for species in ("nue", "anue"):
            light, energy = getattr(self, f"luminosity_{species}"), getattr(self, f"mean_energy_{species}")
            dark = np.flatnonzero((light > 0.0) & (energy <= 0.0))
            if dark.size:
                row = int(dark[0])
                raise TrajectoryError(
                    f"{self.where}: mean_energy_{species} = 0 MeV in {self.place(row)}: must be above 0 where there is "
                    f"a luminosity ({light[row]:.4g} erg/s)"
                )
