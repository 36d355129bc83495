"""From a recoil to what is counted: quenching, light, smearing, efficiency and the range of an analysis."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics.errors import OutOfRangeError, UnknownNameError, require
from microphysics.nuclei import Composition
from snsim.detection.smearing import (
    GaussianSmearing,
    Lines,
    PoissonSmearing,
    blurred_function,
    blurred_lines,
    counted_function,
    counted_lines,
)

Array = NDArray[np.float64]

UNITS = {"nr": "keV of the recoil", "ee": "keV electron-equivalent", "pe": "photoelectrons"}
_THRESHOLD = re.compile(
    r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(?:(eV|keV|MeV)\s*_?(nr|ee)|(pe|PE|photoelectrons))\s*"
)
_SCALE = {"eV": 1e-3, "keV": 1.0, "MeV": 1e3}
_HALVINGS = 80


@dataclass(frozen=True)
class Threshold:
    """A bound on what is measured, with what it is measured in.

    Attributes
    ----------
    value : float
        keV or photoelectrons, >= 0.
    unit : str
        ``nr`` (keV of the recoil), ``ee`` (keV electron-equivalent) or ``pe`` (photoelectrons).

    Raises
    ------
    UnknownNameError, OutOfRangeError
        For another unit, or a negative value.

    Examples
    --------
    >>> Threshold.read("160 eVee")
    Threshold(value=0.16, unit='ee')
    """

    value: float
    unit: str

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise UnknownNameError("unit of a threshold", self.unit, UNITS)
        if not 0.0 <= self.value < math.inf:
            raise OutOfRangeError(f"threshold = {self.value} {self.unit}: must not be negative")

    @classmethod
    def read(cls, text: str | Threshold) -> Threshold:
        """Return the threshold of a text: "5 keVnr", "160 eVee" or "6 pe".

        Raises
        ------
        OutOfRangeError
            For anything else; a keV alone does not say of what.
        """
        if isinstance(text, Threshold):
            return text
        match = _THRESHOLD.fullmatch(text) if isinstance(text, str) else None
        if match is None:
            raise OutOfRangeError(
                f'threshold = {text!r}: expected a number and what it counts, "5 keVnr" (recoil), "160 eVee" '
                '(electron-equivalent) or "6 pe" (photoelectrons)'
            )
        return cls(float(match[1]) * _SCALE.get(match[2], 1.0), match[3] or "pe")


@dataclass(frozen=True)
class ConstantQuenching:
    """The same share at all energies.

    Attributes
    ----------
    value : float
        Above 0, at most 1.
    """

    value: float

    def __post_init__(self) -> None:
        if not 0.0 < self.value <= 1.0:
            raise OutOfRangeError(f"quenching factor = {self.value}: must be above 0 and at most 1")

    def __call__(self, recoil: Array) -> Array:
        """Return it at recoil energies in keV."""
        return np.full(np.shape(recoil), self.value)


@dataclass(frozen=True)
class LindhardQuenching:
    """Ionization of a recoil in its own material, k g/(1 + k g), g = 3 e^0.15 + 0.7 e^0.6 + e.

    Attributes
    ----------
    charge_number : float
        Z of the material, e = 11.5 Z^(-7/3) T/keV.
    k : float
        Strength; 0.133 Z^(2/3)/sqrt(A) by theory, 0.162 measured in germanium (Bonhomme et al. 2022, EPJC 82, 815).

    References
    ----------
    .. [1] Lindhard et al. 1963, Mat. Fys. Medd. Dan. Vid. Selsk. 33, 10.
    """

    charge_number: float
    k: float

    def __post_init__(self) -> None:
        if not (self.charge_number >= 1.0 and 0.0 < self.k < 1.0):
            raise OutOfRangeError(
                f"Lindhard: Z = {self.charge_number}, k = {self.k}: expected Z >= 1 and k between 0 and 1"
            )

    @classmethod
    def by_theory(cls, element: str) -> LindhardQuenching:
        """Return the quenching of an element with k = 0.133 Z^(2/3)/sqrt(A).

        Parameters
        ----------
        element : str
            Symbol: "Ge".

        Raises
        ------
        UnknownNameError
            For an unknown element.
        """
        composition = Composition.natural(element)
        z = float(composition.nuclei[0].charge_number)
        mass_number = sum(share * float(nucleus.mass_number) for nucleus, share in composition)
        return cls(z, 0.133 * z ** (2.0 / 3.0) / math.sqrt(mass_number))

    def __call__(self, recoil: Array) -> Array:
        """Return it at recoil energies in keV."""
        e = 11.5 * self.charge_number ** (-7.0 / 3.0) * np.asarray(recoil)
        g = 3.0 * e**0.15 + 0.7 * e**0.6 + e
        return self.k * g / (1.0 + self.k * g)


@dataclass(frozen=True)
class PolynomialQuenching:
    """A polynomial of the recoil energy in keV, between 0 and 1.

    Attributes
    ----------
    coefficients : tuple of float
        Constant first; argon: (0.246, 7.8e-4) (Akimov et al. 2021, PRL 126, 012002).
    """

    coefficients: tuple[float, ...]

    def __call__(self, recoil: Array) -> Array:
        """Return it at recoil energies in keV."""
        return np.clip(np.polynomial.polynomial.polyval(recoil, self.coefficients), 0.0, 1.0)


@dataclass(frozen=True, eq=False)
class TabulatedQuenching:
    """The user's own numbers, straight between the points and constant outside.

    Attributes
    ----------
    recoil : ndarray
        keV, rising.
    value : ndarray
        0 to 1.
    """

    recoil: Array
    value: Array

    def __post_init__(self) -> None:
        _check_table("quenching", self)

    def __call__(self, recoil: Array) -> Array:
        """Return it at recoil energies in keV."""
        return np.interp(recoil, self.recoil, self.value)


@dataclass(frozen=True, eq=False)
class TabulatedEfficiency:
    """Share of the events that are kept, straight between points; outside zero below, constant above.

    Attributes
    ----------
    recoil : ndarray
        Where, in the unit of the detector's threshold, rising.
    value : ndarray
        0 to 1.
    """

    recoil: Array
    value: Array

    def __post_init__(self) -> None:
        _check_table("efficiency", self)

    def __call__(self, measured: Array) -> Array:
        """Return it at what is measured."""
        return np.interp(measured, self.recoil, self.value, left=0.0)

    def lines(self) -> Lines:
        """Return the knots, and constants and slopes of the lines between and outside them, one more of each."""
        slope = np.diff(self.value) / np.diff(self.recoil)
        constant = self.value[:-1] - slope * self.recoil[:-1]
        return self.recoil, np.r_[0.0, constant, self.value[-1]], np.r_[0.0, slope, 0.0]


def everything(measured: Array) -> Array:
    """Return an efficiency of one."""
    return np.ones(np.shape(measured))


@dataclass(frozen=True, eq=False)
class Response:
    """How likely a recoil becomes an event, and where it is counted.

    Attributes
    ----------
    low, high : float
        Range of the analysis in `unit`; of photoelectrons both ends count.
    unit : str
        ``nr``, ``ee`` or ``pe``: what is measured.
    quenching : callable, optional
        Share of a recoil energy (keV) that is seen; of ``ee`` and ``pe``, which need it.
    light_yield : float, optional
        Photoelectrons per keV electron-equivalent, of ``pe``, which needs it.
    efficiency : callable
        Share of events kept, of what is measured. A function must be smooth: one that jumps or bends belongs into a
        `TabulatedEfficiency`, at whose points integrals are cut.
    smearing : PoissonSmearing or GaussianSmearing, optional
        None means that what is measured is what is expected.

    Raises
    ------
    OutOfRangeError
        For an empty range, electron-equivalent energies or photoelectrons without a quenching, photoelectrons without a light
        yield, either where it would not be used, counting of what is no photoelectrons.
    """

    low: float = 0.0
    high: float = math.inf
    unit: str = "nr"
    quenching: Callable[[Array], Array] | None = None
    light_yield: float | None = None
    efficiency: Callable[[Array], Array] = everything
    smearing: PoissonSmearing | GaussianSmearing | None = None

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise UnknownNameError("unit of a threshold", self.unit, UNITS)
        if not 0.0 <= self.low < self.high:
            raise OutOfRangeError(
                f"range of the analysis: {self.low:g} to {self.high:g} {self.unit} is empty"
            )
        if self.unit == "pe" and not (self.light_yield is not None and 0.0 < self.light_yield < math.inf):
            raise OutOfRangeError(
                f"light_yield = {self.light_yield}: photoelectrons need a positive number of them per keV electron-equivalent"
            )
        if self.unit != "pe" and self.light_yield is not None:
            raise OutOfRangeError(
                f"light_yield = {self.light_yield}: is of a threshold in photoelectrons, the unit is {self.unit}"
            )
        if self.unit == "nr" and self.quenching is not None:
            raise OutOfRangeError(
                "quenching: is of a threshold in ee or pe; the unit is nr, the recoil itself; leave it out"
            )
        if self.unit != "nr" and self.quenching is None:
            raise OutOfRangeError(
                f"quenching: expected for a threshold in {self.unit}, such as LindhardQuenching.by_theory('Ge'); where "
                "nothing is lost, ConstantQuenching(1.0)"
            )
        if self.counts and self.unit != "pe":
            raise OutOfRangeError(f"smearing: only photoelectrons are counted, the unit is {self.unit}")

    @property
    def counts(self) -> bool:
        """Whether whole numbers are measured."""
        return isinstance(self.smearing, PoissonSmearing)

    def visible(self, recoil: ArrayLike) -> Array:
        """Return what is expected to be measured of recoil energies in keV, in `unit`.

        Raises
        ------
        OutOfRangeError
            For a quenching factor outside 0 and 1.
        """
        t = np.asarray(recoil, dtype=np.float64)
        if self.quenching is None:
            return t
        seen = self.quenching(t)
        require((seen >= 0.0) & (seen <= 1.0), seen, "quenching factor", "", "between 0 and 1")
        return t * seen * (self.light_yield or 1.0 if self.unit == "pe" else 1.0)

    def recoil(self, visible: ArrayLike, highest: float) -> Array:
        """Return the recoil energies (keV, up to `highest`) of which values are expected; `highest` where none is enough."""
        wanted = np.asarray(visible, dtype=np.float64)
        if self.unit == "nr":
            return np.minimum(wanted, highest)
        low, high = np.zeros(wanted.shape), np.full(wanted.shape, highest)
        for _ in range(_HALVINGS):
            middle = 0.5 * (low + high)
            enough = self.visible(middle) >= wanted
            low, high = np.where(enough, low, middle), np.where(enough, middle, high)
        return high

    def probabilities(self, recoil: Array, edges: Array) -> Array:
        """Return how likely recoils become events in bins, shape (bin, recoil).

        Parameters
        ----------
        recoil : ndarray, shape (recoil,)
            keV.
        edges : ndarray, shape (bin + 1,)
            Of what is measured, rising; a bin has its lower edge, the last one both.

        Raises
        ------
        OutOfRangeError
            For an efficiency outside 0 and 1.
        """
        expected = self.visible(recoil)
        lines = self._lines()
        if isinstance(self.smearing, PoissonSmearing):
            if lines is None:
                return counted_function(expected, edges, self._kept)
            return counted_lines(expected, edges, lines)
        if isinstance(self.smearing, GaussianSmearing):
            width = self.smearing.width(expected)
            if lines is None:
                return blurred_function(expected, width, edges, self._kept)
            return blurred_lines(expected, width, edges, lines)
        inside = (expected >= edges[:-1, None]) & (expected < edges[1:, None])
        inside[-1] |= expected == edges[-1]
        return inside * self._kept(expected)

    def _lines(self) -> Lines | None:
        """Return the straight lines of which the efficiency is made; None of any function."""
        if isinstance(self.efficiency, TabulatedEfficiency):
            return self.efficiency.lines()
        return (np.empty(0), np.ones(1), np.zeros(1)) if self.efficiency is everything else None

    def _kept(self, measured: Array) -> Array:
        kept = np.asarray(self.efficiency(measured), dtype=np.float64)
        require((kept >= 0.0) & (kept <= 1.0), kept, "efficiency", "", "between 0 and 1")
        return kept

    @property
    def turns(self) -> Array:
        """Recoil energies (keV) at which the quenching bends."""
        return self.quenching.recoil if isinstance(self.quenching, TabulatedQuenching) else np.empty(0)

    def marks(self, edges: Array) -> Array:
        """Return the values of what is measured at which the response jumps or bends without smearing: edges and knots."""
        knots = self.efficiency.recoil if isinstance(self.efficiency, TabulatedEfficiency) else np.empty(0)
        inside = knots[(knots > edges[0]) & (knots < edges[-1])]
        return np.unique(np.concatenate([edges[np.isfinite(edges)], inside]))


def _check_table(name: str, table: Any) -> None:
    recoil, value = (np.asarray(getattr(table, each), dtype=np.float64) for each in ("recoil", "value"))
    if recoil.ndim != 1 or recoil.shape != value.shape or recoil.size < 2:
        raise OutOfRangeError(
            f"{name}: expected two columns of the same length, got shapes {recoil.shape}, {value.shape}"
        )
    if not (np.diff(recoil) > 0.0).all():
        raise OutOfRangeError(f"{name}: the energies must rise")
    require((value >= 0.0) & (value <= 1.0), value, name, "", "between 0 and 1")
    object.__setattr__(table, "recoil", recoil)
    object.__setattr__(table, "value", value)
