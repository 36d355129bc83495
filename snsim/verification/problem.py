"""What a verification problem is, and what it finds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
NAN = math.nan


@dataclass(frozen=True)
class Row:
    """One quantity: what is known, what we find, how far apart they are and how far they may be.

    Attributes
    ----------
    quantity : str
        In words, with whatever tells it from the others of its problem.
    error : float
        Signed where there are two numbers, the largest magnitude where there is a field; relative unless `absolute`.
    tolerance : float
        On |error|; NaN where the error is only reported.
    reference, ours : float
        Exact or published value and ours; NaN where a field is compared.
    order : float
        Measured order of convergence.
    least_order : float
        It must reach this; NaN where it is only reported.
    resolution : str
        Zones, steps, groups of `ours`.
    absolute : str
        Unit of an absolute error; empty for a relative one.
    """

    quantity: str
    error: float
    tolerance: float = NAN
    reference: float = NAN
    ours: float = NAN
    order: float = NAN
    least_order: float = NAN
    resolution: str = ""
    absolute: str = ""

    @property
    def judged(self) -> bool:
        """Whether anything is asked of this row."""
        return not (math.isnan(self.tolerance) and math.isnan(self.least_order))

    @property
    def passed(self) -> bool:
        """Whether error and order are what they must be; an error that is not a number never is."""
        if math.isnan(self.error):
            return False
        close = math.isnan(self.tolerance) or abs(self.error) <= self.tolerance
        return close and (math.isnan(self.least_order) or self.order >= self.least_order)

    @property
    def verdict(self) -> str:
        """ok, MISSED or reported."""
        if not self.passed:
            return "MISSED"
        return "ok" if self.judged else "reported"


def compared(quantity: str, ours: float, reference: float, tolerance: float = NAN, **details: object) -> Row:
    """Return a row of two numbers with their relative difference; absolute, in the unit `absolute`, where that is given.

    Examples
    --------
    >>> row = compared("q(0)", 0.5802, 3**-0.5, 0.01)
    >>> f"{row.error:.4f} {row.verdict}"
    '0.0049 ok'
    """
    difference = ours - reference if details.get("absolute") else ours / reference - 1.0
    return Row(quantity, float(difference), tolerance, float(reference), float(ours), **details)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Curve:
    """A line or points of a figure; points where `points`. Curves of one `colour` number share it."""

    label: str
    x: Array
    y: Array
    points: bool = False
    colour: int | None = None
    dashed: bool = False


@dataclass(frozen=True)
class Panel:
    """One panel of a figure: labels may hold mathtext."""

    title: str
    xlabel: str
    ylabel: str
    curves: tuple[Curve, ...]
    xlog: bool = False
    ylog: bool = False
    slopes: tuple[float, ...] = ()
    level: float = NAN


@dataclass(frozen=True)
class Outcome:
    """What running a problem found.

    Attributes
    ----------
    rows : tuple of Row
        In the order of the table.
    panels : tuple of Panel
        Of its figure; none gives no figure.
    skipped : str
        Why it was not run; empty if it was.
    failed : str
        Why it ended without an answer; empty if it has one.
    """

    rows: tuple[Row, ...] = ()
    panels: tuple[Panel, ...] = ()
    skipped: str = ""
    failed: str = ""

    @property
    def passed(self) -> bool:
        """Whether it has an answer, or a reason to have none, and no row misses what is asked."""
        return not self.failed and all(row.passed for row in self.rows)


@dataclass(frozen=True)
class Problem:
    """A problem with a known answer.

    Attributes
    ----------
    name : str
        On the command line.
    title : str
        One line.
    reference : str
        Who posed or solved it.
    exact : str
        Where the known answer comes from, and how well it is known.
    run : callable
        Takes whether to be quick (fewer and coarser grids, the same tolerances) and returns the outcome.
    quick : bool
        Whether a quick list has it.
    """

    name: str
    title: str
    reference: str
    exact: str
    run: Callable[[bool], Outcome] = field(repr=False)
    quick: bool = True


def observed_order(resolutions: Iterable[float], errors: Iterable[float], last: int = 2) -> float:
    """Slope of log error against log resolution over the last few resolutions, as a positive order.

    Examples
    --------
    >>> round(observed_order([50, 100, 200], [4e-2, 1e-2, 2.5e-3]), 6)
    2.0
    """
    h = np.log(np.asarray(list(resolutions), dtype=np.float64)[-last:])
    e = np.log(np.maximum(np.abs(np.asarray(list(errors), dtype=np.float64)[-last:]), 1e-300))
    return float(-np.polyfit(h, e, 1)[0])
