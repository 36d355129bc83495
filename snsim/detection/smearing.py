"""Fluctuations of what is measured, and how likely they bring it into a bin."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import NDArray

from microphysics.errors import OutOfRangeError

Array = NDArray[np.float64]
Lines = tuple[Array, Array, Array]

_SIGMAS = 8.0  # how far a normal distribution reaches
_NODES = 32  # of it in a bin, for efficiencies that are functions
_AT_ONCE = 2**19  # numbers of one intermediate array, 4 MiB
_ALIKE = 5.0  # between roots of means, that is 10 standard deviations: whose numbers are counted together


@dataclass(frozen=True)
class PoissonSmearing:
    """Photoelectrons are counted: their number fluctuates around its mean."""

    def width(self, value: Array) -> Array:
        """Return the standard deviation at a mean, that of one photoelectron at least."""
        return np.sqrt(np.maximum(value, 1.0))


@dataclass(frozen=True)
class GaussianSmearing:
    """A measured energy is normally distributed around the true one E, with variance noise^2 + root^2 E + share^2 E^2.

    Attributes
    ----------
    noise : float
        Standard deviation at zero, in the unit of what is measured.
    root : float
        Coefficient of sqrt(E) in the standard deviation.
    share : float
        Coefficient of E.
    """

    noise: float = 0.0
    root: float = 0.0
    share: float = 0.0

    def __post_init__(self) -> None:
        if min(self.noise, self.root, self.share) < 0.0 or not self.noise + self.root + self.share > 0.0:
            raise OutOfRangeError(
                f"smearing: noise = {self.noise}, root = {self.root}, share = {self.share}: none may be negative, one "
                "must be positive"
            )

    def width(self, value: Array) -> Array:
        """Return the standard deviation at a true value."""
        return np.sqrt(self.noise**2 + self.root**2 * value + (self.share * value) ** 2)


def counted_lines(expected: Array, edges: Array, lines: Lines) -> Array:
    """Sum an efficiency of straight lines times Poisson's distribution over the whole numbers of each bin, exactly.

    Parameters and shapes are those of `blurred_lines`; the sums are incomplete gamma functions.
    """
    from scipy.special import gammaincc

    def shares(borders: Array, some: slice, bent: bool) -> tuple[Array, Array | None]:
        """Probabilities of the whole numbers between borders, and where lines are bent their first moments."""
        mean = np.maximum(expected[some], np.finfo(float).tiny)
        # how many whole numbers lie below each border
        before = np.append(np.ceil(borders[:-1]), np.floor(borders[-1]) + 1.0)[:, None]
        share = np.diff(gammaincc(before, mean), axis=0)
        return share, mean * np.diff(gammaincc(np.maximum(before - 1.0, 0.0), mean), axis=0) if bent else None

    return _over_lines(expected.size, edges, lines, shares)


def counted_function(expected: Array, edges: Array, kept: Callable[[Array], Array]) -> Array:
    """Sum the same for an efficiency that is any function.

    Recoils of similar means are taken together, with the numbers that are likely for them.
    """
    from scipy.special import gammaln, xlogy

    found = np.zeros((edges.size - 1, expected.size))
    order = np.argsort(expected)
    alike = np.floor(np.sqrt(expected[order]) / _ALIKE)
    for group in np.split(order, np.flatnonzero(np.diff(alike)) + 1):
        least, most = (float(expected[group[i]]) if group.size else 0.0 for i in (0, -1))
        low = max(math.ceil(edges[0]), math.floor(least - 10.0 * math.sqrt(least) - 20.0))
        high = math.floor(min(edges[-1], most + 10.0 * math.sqrt(most) + 20.0))
        if high < low:
            continue
        number = np.arange(low, high + 1, dtype=np.float64)
        value, factorial = kept(number)[:, None], gammaln(number + 1.0)[:, None]
        place = np.minimum(np.searchsorted(edges, number, side="right") - 1, edges.size - 2)
        first = np.flatnonzero(np.diff(place, prepend=-1))
        for some in np.array_split(group, 1 + group.size * number.size // _AT_ONCE):
            mean = expected[some]
            likely = value * np.exp(xlogy(number[:, None], mean) - mean - factorial)
            found[np.ix_(place[first], some)] = np.add.reduceat(likely, first, axis=0)
    return found


def blurred_lines(expected: Array, width: Array, edges: Array, lines: Lines) -> Array:
    """Integrate an efficiency of straight lines times a normal distribution over each bin, exactly.

    Parameters
    ----------
    expected, width : ndarray, shape (recoil,)
        Mean and standard deviation.
    edges : ndarray, shape (bin + 1,)
        Of the bins.
    lines : tuple of ndarray
        Where one line ends and the next begins, shape (knot,); constants and slopes of the lines, shape (knot + 1,).

    Returns
    -------
    ndarray, shape (bin, recoil)
    """
    from scipy.special import ndtr

    def shares(borders: Array, some: slice, bent: bool) -> tuple[Array, Array | None]:
        """Probabilities of values between borders, and where lines are bent their first moments."""
        mean, sigma = expected[some], np.maximum(width[some], np.finfo(float).tiny)
        with np.errstate(over="ignore"):  # of a width of zero
            z = np.clip((borders[:, None] - mean) / sigma, -40.0, 40.0)
        share = np.diff(ndtr(z), axis=0)
        if not bent:
            return share, None
        return share, mean * share - sigma * np.diff(np.exp(-0.5 * z**2), axis=0) / math.sqrt(2.0 * math.pi)

    return _over_lines(expected.size, edges, lines, shares)


def _over_lines(
    size: int,
    edges: Array,
    lines: Lines,
    shares: Callable[[Array, slice, bool], tuple[Array, Array | None]],
) -> Array:
    """Add up constants times shares and slopes times first moments between borders, for some recoils at a time."""
    knots, constants, slopes = lines
    inside = knots[(knots > edges[0]) & (knots < edges[-1])]
    borders = np.unique(np.concatenate([edges, inside]))
    line = np.searchsorted(knots, borders[:-1], side="right")
    constant, slope = constants[line, None], slopes[line, None]
    first = np.searchsorted(borders, edges[:-1])
    found = np.empty((edges.size - 1, size))
    step = max(1, _AT_ONCE // borders.size)
    for start in range(0, size, step):
        some = slice(start, start + step)
        share, moment = shares(borders, some, bool(slope.any()))
        total = constant * share if moment is None else constant * share + slope * moment
        found[:, some] = np.add.reduceat(np.maximum(total, 0.0), first, axis=0)
    return found


def blurred_function(expected: Array, width: Array, edges: Array, kept: Callable[[Array], Array]) -> Array:
    """Integrate the same for an efficiency that is any function, smooth over a standard deviation."""
    node, weight = leggauss(_NODES)
    found = np.zeros((edges.size - 1, expected.size))
    sigma = np.maximum(width, np.finfo(float).tiny)
    for i, (left, right) in enumerate(pairwise(edges.tolist())):
        with np.errstate(over="ignore"):
            low, high = (np.clip((edge - expected) / sigma, -_SIGMAS, _SIGMAS) for edge in (left, right))
        reached = np.flatnonzero(high > low)
        for some in np.array_split(reached, 1 + reached.size * _NODES // _AT_ONCE):
            half, middle = 0.5 * (high[some] - low[some]), 0.5 * (high[some] + low[some])
            z = middle + half * node[:, None]
            value = np.clip(expected[some] + sigma[some] * z, left, right)
            bell = np.exp(-0.5 * z**2) / math.sqrt(2.0 * math.pi)
            found[i, some] = half * (weight @ (kept(value) * bell))
    return found
