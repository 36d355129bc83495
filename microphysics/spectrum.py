"""Neutrino number spectra and their moments: the one place that knows them.

Heating goes with the energy-weighted mean square <E^3>/<E>, capture rates and the "rms energy" of many codes
with the number-weighted <E^2>; the two differ by 50-67 %. No function of this project takes a bare "rms
energy": it takes a spectrum, and asks it for `rms_energy` or `rms_number`.
"""

from __future__ import annotations

import math
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol, Self

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import NDArray

from microphysics._kernels.fermi import fermi_integral_array
from microphysics.errors import OutOfRangeError, PhysicsWarning, require

Array = NDArray[np.float64]
Values = float | Array

HIGHEST_MOMENT = 5  # <E^n> of a Fermi-Dirac spectrum is F_{n+2}/F_2, and the kernel knows F_0..F_7
_TAIL = 60.0  # e^-60 ends the quadratures
_EXPONENT = 700.0  # e^700 is still finite
_PANELS, _NODES = 12, 16


def fermi(order: int, degeneracy: Values) -> Array:
    """Fermi integral F_k(eta) = int_0^inf x^k/(1 + e^(x - eta)) dx, element by element.

    Parameters
    ----------
    order : int
        k, 0 to 7.
    degeneracy : array_like
        eta; NaN gives NaN.

    Returns
    -------
    ndarray
        Of the shape of `degeneracy`.

    Examples
    --------
    >>> round(float(fermi(5, 0.0)), 3)
    118.266
    """
    eta = np.asarray(degeneracy, dtype=np.float64)
    values = np.full(eta.shape, np.nan)
    defined = ~np.isnan(eta)
    values[defined] = fermi_integral_array(order, eta[defined])
    return values


def occupation(argument: Values) -> Array:
    """Fermi function 1/(1 + e^x) without overflow; NaN passes silently, as undefined."""
    value = np.asarray(np.clip(argument, -_EXPONENT, _EXPONENT), dtype=np.float64)
    np.exp(value, out=value)
    value += 1.0
    return np.divide(1.0, value, out=value)[()]


class Spectrum(Protocol):
    """A neutrino number spectrum dN/dE, or an array of them; energies in MeV.

    `average` integrates over all neutrinos, also those below a reaction's threshold.
    """

    @property
    def mean_energy(self) -> Array:
        """<E>, MeV."""
        ...

    def moment(self, order: int) -> Array:
        """<E^n> weighted with number, MeV^n."""
        ...

    @property
    def rms_number(self) -> Array:
        """sqrt(<E^2>), MeV."""
        ...

    @property
    def rms_energy(self) -> Array:
        """sqrt(<E^3>/<E>), MeV."""
        ...

    @property
    def alpha(self) -> Array:
        """Pinching parameter of equal <E> and <E^2>."""
        ...

    def density(self, energy: Values) -> Array:
        """Normalised number spectrum, 1/MeV, energies along a new last axis."""
        ...

    def average(self, function: Callable[[Array], Array], threshold: float = 0.0) -> Array:
        """Number-weighted mean of `function`, which is taken as zero below `threshold` (MeV)."""
        ...


class _Moments(ABC):
    """What follows from `moment` and `quadrature` alone."""

    @abstractmethod
    def moment(self, order: int) -> Array:
        """Number-weighted mean of E^order, MeV^order."""

    @property
    def rms_number(self) -> Array:
        """sqrt(<E^2>), MeV: number-weighted, what GR1D and SNEWPY call rms energy."""
        return np.sqrt(self.moment(2))

    @property
    def rms_energy(self) -> Array:
        """sqrt(<E^3>/<E>), MeV: energy-weighted, its square is what multiplies L in the heating rate."""
        return np.sqrt(self.moment(3) / self.moment(1))


class _Smooth(_Moments):
    """A closed form: averages by Gauss-Legendre quadrature."""

    @property
    @abstractmethod
    def span(self) -> Array:
        """Energy above which nothing is left, MeV."""

    @abstractmethod
    def density(self, energy: Values) -> Array:
        """Normalised number spectrum, 1/MeV, energies along a new last axis."""

    def average(self, function: Callable[[Array], Array], threshold: float = 0.0) -> Array:
        """Number-weighted mean of a function of energy over ALL neutrinos.

        Spectra that are wide alike, within a factor of two, share their energies, so that the function is evaluated once.

        Parameters
        ----------
        function : callable
            Takes and returns an array of any shape, MeV in.
        threshold : float
            MeV; below it the function counts as zero. It may rise like a square root there.

        Returns
        -------
        ndarray
            Of the shape of the spectrum's parameters.
        """
        span = self.span.ravel()
        found = np.full(span.shape, np.nan)
        octave = np.floor(np.log2(span / np.fmin.reduce(span, initial=np.inf)))
        for each in np.unique(octave[~np.isnan(octave)]):
            alike = octave == each
            energy, weight = _root_quadrature(threshold, span[alike])
            found[alike] = self._some(alike).density(energy) @ (weight * function(energy))
        return found.reshape(self.span.shape)

    def _some(self, chosen: NDArray[np.bool_]) -> Self:
        """Return some of the spectra, which have been checked."""
        part = copy(self)
        for name in vars(self):
            object.__setattr__(part, name, getattr(self, name).ravel()[chosen])
        return part


@dataclass(frozen=True)
class FermiDirac(_Smooth):
    """dN/dE ~ E^2/(1 + exp(E/T - eta)).

    Attributes
    ----------
    temperature : float or ndarray
        T, MeV, > 0.
    degeneracy : float or ndarray
        eta; broadcasts with the temperature.

    Examples
    --------
    >>> spectrum = FermiDirac(4.0, 0.0)
    >>> round(float(spectrum.mean_energy), 4), round(float(spectrum.rms_energy**2 / 4.0**2), 3)
    (12.6055, 20.813)
    """

    temperature: Any
    degeneracy: Any = 0.0

    def __post_init__(self) -> None:
        temperature, degeneracy = np.broadcast_arrays(
            np.asarray(self.temperature, dtype=np.float64), np.asarray(self.degeneracy, dtype=np.float64)
        )
        require(temperature > 0.0, temperature, "temperature of a Fermi-Dirac spectrum", "MeV", "> 0")
        object.__setattr__(self, "temperature", temperature)
        object.__setattr__(self, "degeneracy", degeneracy)

    @classmethod
    def from_mean_energy(cls, mean_energy: Values, degeneracy: Values = 0.0) -> FermiDirac:
        """Return the spectrum of given <E> (MeV) and eta: T = <E> F_2/F_3."""
        return cls(np.asarray(mean_energy) * fermi(2, degeneracy) / fermi(3, degeneracy), degeneracy)

    @property
    def mean_energy(self) -> Array:
        """<E> = T F_3/F_2, MeV."""
        return self.moment(1)

    def moment(self, order: int) -> Array:
        """<E^n> = T^n F_{n+2}/F_2, MeV^n, n from 0 to 5."""
        _require_order(order, HIGHEST_MOMENT)
        return self.temperature**order * fermi(order + 2, self.degeneracy) / fermi(2, self.degeneracy)

    @property
    def alpha(self) -> Array:
        """Pinching parameter of equal <E> and <E^2>."""
        return pinching(self.moment(1), self.moment(2))

    def density(self, energy: Values) -> Array:
        """Normalised number spectrum, 1/MeV; shape (..., energy)."""
        temperature, degeneracy = self.temperature[..., None], self.degeneracy[..., None]
        x = np.asarray(energy, dtype=np.float64) / temperature
        value = occupation(x - degeneracy)
        x *= x
        value *= x
        value /= temperature * fermi(2, degeneracy)
        return value

    @property
    def span(self) -> Array:
        """Energy above which nothing is left, MeV."""
        return self.temperature * (np.maximum(self.degeneracy, 0.0) + _TAIL)


@dataclass(frozen=True)
class Pinched(_Smooth):
    """dN/dE ~ E^alpha exp(-(alpha + 1) E/<E>) (Keil, Raffelt & Janka 2003, ApJ 590, 971).

    Attributes
    ----------
    mean_energy : float or ndarray
        MeV, > 0.
    alpha : float or ndarray
        Pinching parameter, > -1; broadcasts with the mean energy. Below 1 a warning is given: some data sets
        call a standard deviation "rms", and an alpha made from that comes out small or negative.

    Examples
    --------
    >>> round(float(Pinched(12.0, 3.0).rms_energy / 12.0), 6)
    1.369306
    """

    mean_energy: Any
    alpha: Any

    def __post_init__(self) -> None:
        mean, alpha = np.broadcast_arrays(
            np.asarray(self.mean_energy, dtype=np.float64), np.asarray(self.alpha, dtype=np.float64)
        )
        require(mean > 0.0, mean, "mean energy of a pinched spectrum", "MeV", "> 0")
        require(alpha > -1.0, alpha, "pinching parameter alpha", "", "> -1")
        if (alpha < 1.0).any():
            warnings.warn(
                f"pinching parameter alpha = {float(np.nanmin(alpha)):.4g} is below 1: "
                "check that it was made from <E^2> and not from a standard deviation",
                PhysicsWarning,
                stacklevel=3,
            )
        object.__setattr__(self, "mean_energy", mean)
        object.__setattr__(self, "alpha", alpha)

    def moment(self, order: int) -> Array:
        """<E^n> = (<E>/(1 + alpha))^n (alpha + 1)(alpha + 2)...(alpha + n), MeV^n, n >= 0."""
        _require_order(order, None)
        scale = self.mean_energy / (1.0 + self.alpha)
        value = np.ones_like(scale)
        for k in range(1, order + 1):
            value = value * scale * (self.alpha + k)
        return value

    def density(self, energy: Values) -> Array:
        """Normalised number spectrum, 1/MeV, for energies > 0; shape (..., energy)."""
        scale, alpha = (self.mean_energy / (1.0 + self.alpha))[..., None], self.alpha[..., None]
        x = np.asarray(energy, dtype=np.float64) / scale
        return np.exp(alpha * np.log(x) - x - _log_gamma(alpha + 1.0)) / scale

    @property
    def span(self) -> Array:
        """Energy above which nothing is left, MeV."""
        return self.mean_energy / (1.0 + self.alpha) * (2.0 * np.maximum(self.alpha, 0.0) + _TAIL)


@dataclass(frozen=True)
class Binned(_Moments):
    """A number spectrum sampled on a grid of energies; integrals are trapezia in ln E.

    Attributes
    ----------
    energy : ndarray, shape (energy,)
        MeV, > 0 and rising.
    number : ndarray, shape (..., energy)
        dN/dE in any unit, >= 0; normalised by itself.
    """

    energy: Any
    number: Any

    def __post_init__(self) -> None:
        energy = np.asarray(self.energy, dtype=np.float64)
        number = np.asarray(self.number, dtype=np.float64)
        if energy.ndim != 1 or energy.size < 2 or number.shape[-1:] != energy.shape:
            raise OutOfRangeError(
                "a binned spectrum needs at least 2 energies and a number for each on the last axis, "
                f"got shapes {energy.shape} and {number.shape}"
            )
        require(energy > 0.0, energy, "energy of a binned spectrum", "MeV", "> 0")
        require(
            np.diff(energy) > 0.0, energy[1:], "energy of a binned spectrum", "MeV", "above the one before it"
        )
        require(number >= 0.0, number, "number in a binned spectrum", "", ">= 0")
        total = np.sum(number * _trapezium(energy), axis=-1)
        require(total > 0.0, total, "total number in a binned spectrum", "", "> 0")
        object.__setattr__(self, "energy", energy)
        object.__setattr__(self, "number", number)

    @property
    def mean_energy(self) -> Array:
        """<E>, MeV."""
        return self.moment(1)

    def moment(self, order: int) -> Array:
        """<E^n>, MeV^n, n >= 0."""
        _require_order(order, None)
        return self.average(lambda energy: energy**order)

    @property
    def alpha(self) -> Array:
        """Pinching parameter of equal <E> and <E^2>."""
        return pinching(self.moment(1), self.moment(2))

    def density(self, energy: Values) -> Array:
        """Normalised number spectrum, 1/MeV, linear in ln E, 0 outside the samples; shape (..., energy)."""
        x, samples = np.log(np.asarray(energy, dtype=np.float64)), np.log(self.energy)
        number = self.number / np.sum(self.number * _trapezium(self.energy), axis=-1, keepdims=True)
        rows = number.reshape(-1, samples.size)
        values = np.array([np.interp(x, samples, row, left=0.0, right=0.0) for row in rows])
        return values.reshape(*number.shape[:-1], *x.shape)

    def average(self, function: Callable[[Array], Array], threshold: float = 0.0) -> Array:
        """Number-weighted mean of a function, taken as zero below `threshold` (MeV), by the samples."""
        weight = self.number * _trapezium(self.energy)
        weight = weight / weight.sum(axis=-1, keepdims=True)
        above = self.energy > threshold
        energy = np.where(above, self.energy, self.energy[-1])
        return np.sum(np.where(above, weight, 0.0) * function(energy), axis=-1)


def pinching(mean_energy: Values, mean_square_energy: Values) -> Array:
    """Pinching parameter of a spectrum with given number-weighted moments.

    Parameters
    ----------
    mean_energy : array_like
        <E>, MeV.
    mean_square_energy : array_like
        <E^2> (not a variance), MeV^2, above <E>^2.

    Returns
    -------
    ndarray
        alpha = (2<E>^2 - <E^2>)/(<E^2> - <E>^2).

    Examples
    --------
    >>> round(float(pinching(10.0, 125.0)), 12)
    3.0
    """
    square, moment = (
        np.asarray(mean_energy, dtype=np.float64) ** 2,
        np.asarray(mean_square_energy, dtype=np.float64),
    )
    require(
        moment > square,
        moment,
        "mean square energy",
        "MeV^2",
        "above the square of the mean energy (a variance or the square of a standard deviation is not)",
    )
    return (2.0 * square - moment) / (moment - square)


@lru_cache(maxsize=16)
def _unit_panels(panels: int) -> tuple[Array, Array]:
    """Composite Gauss-Legendre nodes and weights on (0, 1)."""
    x, w = leggauss(_NODES)
    edges = np.arange(panels)[:, None]
    nodes = (edges + 0.5 * (x + 1.0)) / panels
    return nodes.ravel(), np.tile(0.5 * w / panels, panels)


def _root_quadrature(threshold: float, span: Array) -> tuple[Array, Array]:
    """Energies from a threshold to the largest span and their weights: at least `_PANELS` panels in the smallest one.

    E = threshold + u^2, so that a square-root onset at the threshold is smooth in u.
    """
    width = math.sqrt(span.max())
    nodes, weights = _unit_panels(math.ceil(_PANELS * width / math.sqrt(span.min())))
    root = width * nodes
    return threshold + root**2, weights * width * 2.0 * root


def _trapezium(energy: Array) -> Array:
    """Weights of the trapezium rule in ln E for integrals over E."""
    steps = np.diff(np.log(energy))
    weight = np.zeros_like(energy)
    weight[:-1] += 0.5 * steps
    weight[1:] += 0.5 * steps
    return weight * energy


def _log_gamma(x: Array) -> Array:
    """Logarithm of Gamma, element by element (numpy has none, and scipy costs half a second to import)."""
    values = np.array([math.lgamma(v) if v == v else math.nan for v in x.ravel()])
    return values.reshape(x.shape)


def _require_order(order: int, highest: int | None) -> None:
    """Moments are known for whole orders."""
    if order != int(order) or order < 0 or (highest is not None and order > highest):
        allowed = "a whole number >= 0" if highest is None else f"a whole number from 0 to {highest}"
        raise OutOfRangeError(f"order of a moment = {order}: must be {allowed}")
