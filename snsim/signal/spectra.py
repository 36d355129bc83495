"""Spectra of a signal: pinched, or those of energy groups between which a spline in logarithms goes."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.errors import OutOfRangeError, PhysicsWarning
from microphysics.spectrum import Pinched

if TYPE_CHECKING:
    from snsim.signal.table import Signal

Array = NDArray[np.float64]

_FAINTEST = 1e-60  # of the largest value of a spectrum, below which a logarithm says nothing
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(3)
_FINE = 16  # points per group where spectra are normalised


@dataclass(frozen=True)
class Spectra:
    """Spectra of every time and species.

    Attributes
    ----------
    energy : ndarray, shape (energy,)
        At infinity, MeV, rising.
    number : ndarray, shape (time, species, energy)
        Neutrinos per time and energy, 1/(s MeV), >= 0.

    Raises
    ------
    OutOfRangeError
        Naming the field.
    """

    energy: Any
    number: Any

    def __post_init__(self) -> None:
        energy = np.array(self.energy, dtype=np.float64)
        number = np.array(self.number, dtype=np.float64)
        if energy.ndim != 1 or energy.size < 4 or number.ndim != 3 or number.shape[2] != energy.size:
            raise OutOfRangeError(
                f"spectra: energy has shape {energy.shape}, number {number.shape}; expected (energy,) with at least 4, and "
                "(time, species, energy)"
            )
        if not (np.isfinite(energy).all() and energy[0] > 0.0 and (np.diff(energy) > 0.0).all()):
            raise OutOfRangeError("spectra.energy: must be positive and rise, MeV")
        if not (np.isfinite(number).all() and (number >= 0.0).all()):
            raise OutOfRangeError("spectra.number: must be finite and >= 0, 1/(s MeV)")
        object.__setattr__(self, "energy", energy)
        object.__setattr__(self, "number", number)

    @property
    def luminosity(self) -> Array:
        """Trapezium in ln E, erg/s, shape (time, species)."""
        integrand = self.number * self.energy**2 * CODATA.erg_per_mev
        return np.trapezoid(integrand, np.log(self.energy), axis=-1)


def number_rate(signal: Signal, energy: Any, time: Any = None) -> Array:
    """Neutrinos per time and energy.

    Parameters
    ----------
    signal : Signal
        With tabulated spectra if it has them, else pinched ones.
    energy : array_like, shape (energy,)
        MeV, > 0.
    time : array_like, shape (time,), optional
        s; by default those of the signal. In between, luminosity, <E> and alpha (or the tabulated spectra) are linear; there
        is nothing before the first and after the last.

    Returns
    -------
    ndarray, shape (time, species, energy)
        1/(s MeV), of one of each species. Its integral over E dE is the luminosity (tabulated: to 1e-4).
    """
    energies = np.asarray(energy, dtype=np.float64)
    times = signal.time if time is None else np.asarray(time, dtype=np.float64)
    inside = (times >= signal.time[0]) & (times <= signal.time[-1])
    luminosity = at_times(signal.time, signal.luminosity, times) * inside[:, None]
    if signal.spectra is not None:
        rows = at_times(signal.time, signal.spectra.number, times)
        return _between(signal.spectra.energy, rows, luminosity, energies)
    mean, alpha = (at_times(signal.time, values, times) for values in (signal.mean_energy, signal.alpha))
    rate = luminosity / CODATA.erg_per_mev / mean
    return rate[..., None] * _pinched(mean, alpha).density(energies)


def number_in_bins(signal: Signal, edges: Any) -> Array:
    """Neutrinos per time in bins of energy.

    Parameters
    ----------
    signal : Signal
        As in `number_rate`.
    edges : array_like, shape (bin + 1,)
        MeV, >= 0, rising.

    Returns
    -------
    ndarray, shape (time, species, bin)
        1/s: exact for pinched spectra, by Gauss's quadrature for tabulated ones.
    """
    limits = np.asarray(edges, dtype=np.float64)
    if signal.spectra is not None:
        half, middle = 0.5 * np.diff(limits), 0.5 * (limits[1:] + limits[:-1])
        nodes = middle[:, None] + half[:, None] * _NODES
        rates = number_rate(signal, nodes.ravel()).reshape(*signal.luminosity.shape, *nodes.shape)
        return half * (rates @ _WEIGHTS)
    from scipy.special import gammainc

    order = (signal.alpha + 1.0)[..., None]
    share = gammainc(order, order * limits / signal.mean_energy[..., None])
    return signal.number_luminosity[..., None] * np.diff(share, axis=-1)


def at_times(known: Array, values: Array, times: Array) -> Array:
    """Values of (time, ...) linearly between known times, and those of the ends beyond them."""
    right = np.clip(np.searchsorted(known, times), 1, known.size - 1)
    left = right - 1
    share = np.clip((times - known[left]) / (known[right] - known[left]), 0.0, 1.0)
    share = share.reshape(-1, *(1,) * (values.ndim - 1))
    return (1.0 - share) * values[left] + share * values[right]


def _pinched(mean: Array, alpha: Array) -> Pinched:
    """Pinched spectra; a signal has warned of broad ones already."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PhysicsWarning)
        return Pinched(mean, alpha)


def _between(groups: Array, number: Array, luminosity: Array, energy: Array) -> Array:
    """Spectra through those of groups, from edge to edge of the groups, with the energy of the luminosity."""
    from scipy.interpolate import CubicSpline

    x = np.log(groups)
    brightest = number.max(axis=-1, keepdims=True)
    shape = np.divide(number, brightest, out=np.ones_like(number), where=brightest > 0.0)
    spline = CubicSpline(x, np.log(np.maximum(shape, _FAINTEST)), axis=-1)
    slope = spline.derivative()

    def curve(at: Array) -> Array:
        inside = np.clip(at, x[0], x[-1])
        return np.exp(spline(inside) + slope(inside) * (at - inside))

    low, high = x[0] - 0.5 * (x[1] - x[0]), x[-1] + 0.5 * (x[-1] - x[-2])
    fine = np.linspace(low, high, _FINE * x.size + 1)
    carried = np.trapezoid(curve(fine) * np.exp(2.0 * fine), fine, axis=-1) * CODATA.erg_per_mev
    at = np.log(energy)
    return (luminosity / carried)[..., None] * curve(at) * ((at >= low) & (at <= high))
