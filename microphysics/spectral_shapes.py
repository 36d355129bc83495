"""Spectra as weights of integrals: the occupation of many zones at given energies, and where it changes.

A mean needs f up to a factor in each zone. Factors are taken out so that nothing underflows: f(0) may be e^-1000.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from microphysics.errors import OutOfRangeError
from microphysics.spectrum import Binned, FermiDirac, Pinched, Spectrum

Array = NDArray[np.float64]
Zones = NDArray[np.intp]

_EMPTY = np.empty(0)


class Shape(Protocol):
    """Spectrum of one species in some zones."""

    @property
    def centre(self) -> Array:
        """Where f changes, MeV, shape (zone,)."""
        ...

    @property
    def width(self) -> Array:
        """Over what range, MeV, shape (zone,)."""
        ...

    @property
    def samples(self) -> Array:
        """Energies between which f is smooth, MeV; none if it is smooth everywhere."""
        ...

    def select(self, zones: Zones) -> Shape:
        """Return the same of some zones."""
        ...

    def occupation(self, energy: Array) -> Array:
        """Return f up to a factor for each zone, shape (zone, energy)."""
        ...


@dataclass(frozen=True)
class FermiShape:
    """f = 1/(1 + exp(E/T - eta)); arrays of shape (zone,), NaN where undefined."""

    temperature: Array
    degeneracy: Array

    samples = _EMPTY

    @property
    def centre(self) -> Array:
        """Chemical potential, MeV."""
        return np.maximum(self.degeneracy, 0.0) * self.temperature

    @property
    def width(self) -> Array:
        """Temperature, MeV; NaN where the spectrum is undefined."""
        return np.where(np.isnan(self.degeneracy), np.nan, self.temperature)

    def select(self, zones: Zones) -> FermiShape:
        """Return the same of some zones."""
        return FermiShape(self.temperature[zones], self.degeneracy[zones])

    def occupation(self, energy: Array) -> Array:
        """f/f(0), shape (zone, energy)."""
        eta = self.degeneracy[:, None]
        return np.exp(_log_one_plus_exp(-eta) - _log_one_plus_exp(self._x(energy) - eta))

    def edge(self, energy: Array) -> Array:
        """Return f (1 - f) over its maximum, shape (zone, energy)."""
        y = self._x(energy) - self.degeneracy[:, None]
        return np.exp(-np.abs(y) - 2.0 * _log_one_plus_exp(-np.abs(y)) - self._log_peak[:, None])

    @property
    def peak(self) -> Array:
        """Maximum of f (1 - f), shape (zone,)."""
        return np.exp(self._log_peak)

    @property
    def _log_peak(self) -> Array:
        y = np.minimum(self.degeneracy, 0.0)  # |E/T - eta| at its smallest
        return y - 2.0 * _log_one_plus_exp(y)

    def _x(self, energy: Array) -> Array:
        return energy / self.temperature[:, None]


def _log_one_plus_exp(x: Array) -> Array:
    """ln(1 + e^x) without overflow; unlike `numpy.logaddexp` silent about NaN."""
    return np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x)))


@dataclass(frozen=True)
class PinchedShape:
    """E^2 f = E^alpha exp(-E/scale); arrays of shape (zone,)."""

    scale: Array
    alpha: Array

    samples = _EMPTY

    @property
    def centre(self) -> Array:
        """Peak of the spectrum, MeV."""
        return self.scale * np.maximum(self.alpha, 0.0)

    @property
    def width(self) -> Array:
        """Scale of the exponential, MeV."""
        return self.scale

    def select(self, zones: Zones) -> PinchedShape:
        """Return the same of some zones."""
        return PinchedShape(self.scale[zones], self.alpha[zones])

    def occupation(self, energy: Array) -> Array:
        """x^(alpha - 2) e^-x, x = E/scale, over a value near the peak of the spectrum; shape (zone, energy)."""
        x, power = energy / self.scale[:, None], self.alpha[:, None] - 2.0
        peak = np.maximum(power, 1.0)
        return np.exp(power * np.log(x / peak) - (x - peak))


@dataclass(frozen=True)
class BinnedShape:
    """Samples of dN/dE, shape (zone, sample): linear in ln E between them and zero outside."""

    samples: Array
    number: Array

    @property
    def centre(self) -> Array:
        """Highest sample, MeV: nothing lies above."""
        return np.full(self.number.shape[0], self.samples[-1])

    @property
    def width(self) -> Array:
        """Of the last interval, MeV."""
        return np.full(self.number.shape[0], self.samples[-1] - self.samples[-2])

    def select(self, zones: Zones) -> BinnedShape:
        """Return the same of some zones."""
        return BinnedShape(self.samples, self.number[zones])

    def occupation(self, energy: Array) -> Array:
        """dN/dE over the largest sample and E^2, shape (zone, energy)."""
        grid = np.log(self.samples)
        x = np.log(energy)
        left = np.clip(np.searchsorted(grid, x) - 1, 0, grid.size - 2)
        part = (x - grid[left]) / (grid[left + 1] - grid[left])
        value = (1.0 - part) * self.number[:, left] + part * self.number[:, left + 1]
        inside = (part >= 0.0) & (part <= 1.0)
        return np.where(inside, value, 0.0) / (self.number.max(axis=1, keepdims=True) * energy**2)


def shape_of(spectrum: Spectrum, zones: int, what: str) -> Shape:
    """Spread a spectrum over zones.

    Parameters
    ----------
    spectrum : FermiDirac, Pinched or Binned
        Scalar or of shape (zone,).
    zones : int
        How many there are.
    what : str
        Of whom, for the message.

    Raises
    ------
    OutOfRangeError
        For another number of zones or another kind of spectrum.
    """

    def rows(*values: Array, trailing: tuple[int, ...] = ()) -> list[Array]:
        try:
            return [np.broadcast_to(value, (zones, *trailing)) for value in values]
        except ValueError:
            raise OutOfRangeError(
                f"spectrum of {what} has the shape {values[0].shape}: expected one for all of {zones} zones or one for each"
            ) from None

    if isinstance(spectrum, FermiDirac):
        return FermiShape(*rows(spectrum.temperature, spectrum.degeneracy))
    if isinstance(spectrum, Pinched):
        mean, alpha = rows(spectrum.mean_energy, spectrum.alpha)
        return PinchedShape(mean / (1.0 + alpha), alpha)
    if isinstance(spectrum, Binned):
        return BinnedShape(spectrum.energy, *rows(spectrum.number, trailing=spectrum.energy.shape))
    raise OutOfRangeError(
        f"spectrum of {what} is a {type(spectrum).__name__}: expected FermiDirac, Pinched or Binned"
    )
