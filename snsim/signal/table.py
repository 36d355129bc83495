"""One table of what leaves the star: time and species to luminosity and moments of the energy, all seen from infinity."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.errors import OutOfRangeError, PhysicsWarning
from snsim.signal.spectra import Spectra, at_times

Array = NDArray[np.float64]

SPECIES = ("nue", "anue", "nux")
MULTIPLICITY = np.array([1.0, 1.0, 4.0])
"""How many of the six flavours a species stands for: nux is ONE of four."""
_COLUMNS = ("luminosity", "mean_energy", "mean_square_energy", "mean_cube_energy")
_UNITS = {
    "luminosity": "erg/s",
    "mean_energy": "MeV",
    "mean_square_energy": "MeV^2",
    "mean_cube_energy": "MeV^3",
}
_BROAD = 1.0  # alpha below which a spectrum is wider than any that leaves a star
_AGREEMENT = 0.01  # relative, of tabulated spectra with the luminosity


@dataclass(frozen=True)
class Signal:
    """A neutrino signal at infinity, that is redshifted; species are nue, anue and nux, which is ONE of four.

    Between its times the signal is linear; before the first and after the last there is none.

    Attributes
    ----------
    time : ndarray, shape (time,)
        s, rising.
    luminosity : ndarray, shape (time, species)
        erg/s, >= 0.
    mean_energy : ndarray, shape (time, species)
        <E> of the numbers that flow, MeV.
    mean_square_energy : ndarray, shape (time, species)
        <E^2>, MeV^2: weighted with number, neither a variance nor <E^3>/<E>.
    mean_cube_energy : ndarray, shape (time, species), optional
        <E^3>, MeV^3; by default that of the pinched spectrum with these <E> and <E^2>.
    spectra : Spectra, optional
        Tabulated spectra, of runs with energy groups.
    gray : bool
        Whether the second moment is that of an assumed spectral shape.
    source : str
        Where the numbers come from, one line.
    meaning : str
        What the times mean, one line.

    Raises
    ------
    OutOfRangeError
        Naming field, value, time and species.

    Examples
    --------
    >>> import numpy as np
    >>> signal = Signal.from_pinching([0.0, 1.0], np.full((2, 3), 1e52), np.full((2, 3), 12.0), np.full((2, 3), 3.0))
    >>> print(f"{signal.total_energy:.3g} erg, <E^2> = {signal.mean_square_energy[0, 0]:.0f} MeV^2")
    6e+52 erg, <E^2> = 180 MeV^2
    """

    time: Any
    luminosity: Any
    mean_energy: Any
    mean_square_energy: Any
    mean_cube_energy: Any = None
    spectra: Spectra | None = None
    gray: bool = False
    source: str = "arrays"
    meaning: str = "times as given"

    def __post_init__(self) -> None:
        time = np.array(self.time, dtype=np.float64)
        _check_times(time)
        object.__setattr__(self, "time", time)
        for name in _COLUMNS:
            given = getattr(self, name)
            if given is None:
                given = _pinched_cube(self.mean_energy, self.mean_square_energy)
            values = np.array(given, dtype=np.float64)
            if values.shape != (time.size, len(SPECIES)):
                raise OutOfRangeError(
                    f"{name} has shape {values.shape}: expected (time, species) = {(time.size, len(SPECIES))}, "
                    f"species {', '.join(SPECIES)}"
                )
            object.__setattr__(self, name, values)
            self._require(name, np.isfinite(values), "must be a finite number")
            if name == "luminosity":
                self._require(name, values >= 0.0, "must be >= 0")
            else:
                self._require(name, values > 0.0, "must be > 0")
            if name == "mean_square_energy":
                self._check_width()
        least = self.mean_square_energy**2 / self.mean_energy
        self._require("mean_cube_energy", self.mean_cube_energy >= least * (1.0 - 1e-12),
                      "no spectrum has <E^3><E> below <E^2>^2")  # fmt: skip
        self._check_spectra()

    @classmethod
    def from_pinching(cls, time: Any, luminosity: Any, mean_energy: Any, alpha: Any, **words: Any) -> Signal:
        """Return the signal of pinched spectra, dN/dE ~ E^alpha exp(-(alpha + 1) E/<E>).

        Parameters
        ----------
        time : array_like, shape (time,)
            s.
        luminosity, mean_energy, alpha : array_like, shape (time, species)
            erg/s, MeV, and the pinching parameter, > -1.
        **words
            `gray`, `source`, `meaning` of the signal.

        Raises
        ------
        OutOfRangeError
            Naming field, value, time and species.
        """
        mean, pinch = np.asarray(mean_energy, dtype=np.float64), np.asarray(alpha, dtype=np.float64)
        times = np.asarray(time, dtype=np.float64)
        _check_times(times)
        if pinch.shape != (times.size, len(SPECIES)):
            raise OutOfRangeError(
                f"alpha has shape {pinch.shape}: expected (time, species) = {(times.size, len(SPECIES))}"
            )
        _require(times, "alpha", pinch, "", pinch > -1.0, "must be > -1")
        return cls(times, luminosity, mean, mean**2 * (2.0 + pinch) / (1.0 + pinch), **words)

    @property
    def alpha(self) -> Array:
        """Pinching parameter (2<E>^2 - <E^2>)/(<E^2> - <E>^2), shape (time, species)."""
        return _pinching(self.mean_energy, self.mean_square_energy)

    @property
    def number_luminosity(self) -> Array:
        """Neutrinos per time, 1/s, shape (time, species)."""
        return self.luminosity / CODATA.erg_per_mev / self.mean_energy

    @property
    def interval(self) -> Array:
        """Length of time that each time stands for in sums (trapezium), s, shape (time,)."""
        steps = 0.5 * np.diff(self.time)
        return np.append(steps, 0.0) + np.append(0.0, steps)

    @property
    def energy(self) -> Array:
        """Energy radiated by one of each species, erg, shape (species,)."""
        return self.interval @ self.luminosity

    @property
    def number(self) -> Array:
        """Neutrinos radiated of one of each species, shape (species,)."""
        return self.interval @ self.number_luminosity

    @property
    def total_energy(self) -> float:
        """Energy of all six flavours, nue + anue + 4 nux, erg."""
        return float(self.energy @ MULTIPLICITY)

    def between(self, start: float, end: float) -> Signal:
        """Return a part of the signal, with rows at its ends; energies of parts add up to that of the whole.

        Parameters
        ----------
        start, end : float
            s, within the times of the signal.

        Raises
        ------
        OutOfRangeError
            For times outside, or that do not rise.
        """
        if not self.time[0] <= start < end <= self.time[-1]:
            raise OutOfRangeError(
                f"from {start:g} s to {end:g} s: no part of a signal from {self.time[0]:g} s to {self.time[-1]:g} s"
            )
        inner = self.time[(self.time > start) & (self.time < end)]
        time = np.concatenate([[start], inner, [end]])
        third = self.mean_cube_energy * self.mean_energy / self.mean_square_energy**2  # never below 1
        luminosity, mean, alpha, third = (
            at_times(self.time, values, time)
            for values in (self.luminosity, self.mean_energy, self.alpha, third)
        )
        square = mean**2 * (2.0 + alpha) / (1.0 + alpha)
        spectra = self.spectra
        if spectra is not None:
            spectra = Spectra(spectra.energy, at_times(self.time, spectra.number, time))
        return replace(
            self,
            time=time,
            luminosity=luminosity,
            mean_energy=mean,
            mean_square_energy=square,
            mean_cube_energy=third * square**2 / mean,
            spectra=spectra,
            meaning=f"{self.meaning}; here from {start:.10g} s to {end:.10g} s of it",
        )

    def _require(self, name: str, allowed: NDArray[np.bool_], condition: str) -> None:
        _require(self.time, name, getattr(self, name), _UNITS[name], allowed, condition)

    def _check_width(self) -> None:
        """Refuse and warn of second moments that are something else."""
        mean, square = self.mean_energy, self.mean_square_energy
        self._require(
            "mean_square_energy",
            square > mean**2,
            "must be above <E>^2, or alpha is not above -1; a variance has been given, a standard deviation taken for an rms "
            "energy: <E^2> = variance + <E>^2",
        )
        alpha = _pinching(mean, square)
        if (alpha < _BROAD).any():
            where = np.unravel_index(int(alpha.argmin()), alpha.shape)
            warnings.warn(
                f"pinching parameter alpha = {alpha[where]:.4g} of {SPECIES[where[1]]} at {self.time[where[0]]:.6g} s is "
                "below 1: check that <E^2> is weighted with number, and not the energy-weighted <E^3>/<E>",
                PhysicsWarning,
                stacklevel=4,
            )

    def _check_spectra(self) -> None:
        """Refuse tabulated spectra of another signal."""
        if self.spectra is None:
            return
        shape = (self.time.size, len(SPECIES), self.spectra.energy.size)
        if self.spectra.number.shape != shape:
            raise OutOfRangeError(
                f"spectra.number has shape {self.spectra.number.shape}: expected (time, species, energy) = {shape}"
            )
        found = self.spectra.luminosity
        self._require(
            "luminosity",
            np.abs(found - self.luminosity) <= _AGREEMENT * self.luminosity.max(),
            "differs from the integral of the tabulated spectrum by more than 1 %",
        )


def _pinching(mean: Any, square: Any) -> Array:
    return (2.0 * mean**2 - square) / (square - mean**2)


def _pinched_cube(mean: Any, square: Any) -> Any:
    """<E^3> = <E>^3 (2 + alpha)(3 + alpha)/(1 + alpha)^2, written in the moments: <E^2> (2<E^2> - <E>^2)/<E>."""
    return square * (2.0 * square / mean - mean)


def _check_times(time: Array) -> None:
    if time.ndim != 1 or time.size < 2:
        raise OutOfRangeError(f"time has shape {time.shape}: expected at least two times, s")
    if not np.isfinite(time).all():
        raise OutOfRangeError(f"time[{int(np.argmin(np.isfinite(time)))}] is no finite number")
    if not (np.diff(time) > 0.0).all():
        k = int(np.argmin(np.diff(time) > 0.0))
        raise OutOfRangeError(f"time: must rise, got {time[k + 1]:.9g} s after {time[k]:.9g} s")


def _require(
    time: Array, name: str, values: Array, unit: str, allowed: NDArray[np.bool_], condition: str
) -> None:
    if not allowed.all():
        k, s = np.unravel_index(int(np.argmin(allowed)), allowed.shape)
        shown = f"{values[k, s]:.6g} {unit}".strip()
        raise OutOfRangeError(f"{name} = {shown} at t = {time[k]:.9g} s, {SPECIES[s]}: {condition}")
