"""Limits on transition magnetic moments from counts of coherent scattering.

Events are N + sum_kl |Lambda_k| |Lambda_l| M_kl: the matrix has the magnetic events of each component of the flux times the
quadratic form of its flavour (`microphysics.weak.moments`). A limit on added events is then one on every modulus; ratios of
limits are those of the forms alone wherever one flavour is seen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics.errors import OutOfRangeError, UnknownNameError
from microphysics.weak.moments import TransitionMoments
from microphysics.weak.new_physics import MagneticMoment
from snsim.detection.contours import Contours, contours_of
from snsim.detection.intervals import Interval, confidence_interval
from snsim.detection.rates import Expectation
from snsim.detection.templates import term_counts_by_component

__all__ = ["MomentEvents", "MomentLimits", "added_events", "moment_contours", "moment_limits"]

Array = NDArray[np.float64]
ChiSquare = Callable[[Array], Array]

_UNIT = TransitionMoments((1.0, 1.0, 1.0))
_SCAN = 401
_FARTHEST = 1e4  # of the largest added count, in units of the standard one


@dataclass(frozen=True)
class MomentEvents:
    """Events of the standard model and of magnetic moments.

    Attributes
    ----------
    standard : float
        Of all components, without moments.
    magnetic : mapping of (str, str) to float
        For each process and flavour of the flux, events per squared Bohr magneton of a moment of that flavour.
    """

    standard: float
    magnetic: Mapping[tuple[str, str], float]

    @classmethod
    def of(cls, expectation: Expectation) -> MomentEvents:
        """Count them in the one bin of an expectation, or in all."""
        each = term_counts_by_component(expectation, MagneticMoment(1.0)).sum(axis=1)
        found: dict[tuple[str, str], float] = {}
        for component, value in zip(expectation.flux.components, each.tolist(), strict=True):
            key = (component.name, component.flavor)
            found[key] = found.get(key, 0.0) + value
        return cls(expectation.total(), found)

    def form(self, moments: TransitionMoments = _UNIT, process: str | None = None) -> Array:
        """Return M, so that moduli Lambda add Lambda M Lambda events.

        Parameters
        ----------
        moments : TransitionMoments
            Basis, phases and mixing; the moduli do not matter.
        process : str, optional
            Only the magnetic events of one process, such as "prompt".

        Returns
        -------
        ndarray, shape (3, 3)
            Per squared Bohr magneton.

        Raises
        ------
        UnknownNameError
            For a process that the flux does not have.
        """
        names = sorted({name for name, _ in self.magnetic})
        if process is not None and process not in names:
            raise UnknownNameError("process of the flux", process, names)
        matrix = np.zeros((3, 3))
        for (name, flavor), value in self.magnetic.items():
            if process in (None, name):
                start = moments.mixing.amplitudes(flavor)
                if moments.basis == "flavor":
                    start = start @ moments.mixing.matrix.T
                matrix += value * moments.quadratic_form(start)
        return matrix


@dataclass(frozen=True)
class MomentLimits:
    """Upper limits on |Lambda_1|, |Lambda_2|, |Lambda_3|, one at a time.

    Attributes
    ----------
    moduli : tuple of float
        Bohr magnetons; NaN where the data give none, infinite where a modulus is not seen.
    added : float
        Events that moments may add.
    reason : str
        Why limits are NaN; empty if none is.
    """

    moduli: tuple[float, float, float]
    added: float
    reason: str = ""


def added_events(standard: float, chi_square: ChiSquare, confidence_level: float = 0.9) -> Interval:
    """Interval of the events that something may add to the standard model's.

    Parameters
    ----------
    standard : float
        Events without it, > 0.
    chi_square : callable
        Of predicted counts, such as `CoherentCount` and `Forecast`.
    confidence_level : float
        Of an interval of one parameter, which is not negative.

    Returns
    -------
    Interval
        Its upper end is NaN, with the reason, where the chi-square does not rise enough however much is added: a signal with
        a relative error s never has more than 1/s^2.
    """
    if not 0.0 < standard < np.inf:
        raise OutOfRangeError(f"standard = {standard} events: must be positive; nothing is expected")
    # the logarithm, because limits are between a few times sqrt(N) and many times N
    scale = np.sqrt(standard)
    u = np.linspace(0.0, np.log1p(_FARTHEST * scale), _SCAN)
    found = confidence_interval(
        u, chi_square(standard + scale * np.expm1(u)), confidence_level, physical=(0.0, None)
    )
    pieces = tuple(
        (scale * float(np.expm1(low)), scale * float(np.expm1(high))) for low, high in found.pieces
    )
    reason = "" if not found.reason else f"no limit: the chi-square rises by less than {found.rise:.3g}"
    return Interval(scale * float(np.expm1(found.best)), found.chi_square, pieces, found.rise, reason)


def moment_limits(
    events: MomentEvents,
    chi_square: ChiSquare,
    moments: TransitionMoments = _UNIT,
    process: str | None = None,
    confidence_level: float = 0.9,
) -> MomentLimits:
    """Upper limits on the moduli of transition moments.

    Parameters
    ----------
    events : MomentEvents
        Of a source in a detector.
    chi_square : callable
        Of predicted counts.
    moments : TransitionMoments
        Basis and mixing.
    process : str, optional
        Attribute all that is added to the moments that one process sees, such as "prompt".
    confidence_level : float
        Of each limit.

    Examples
    --------
    >>> from snsim.detection.coherent_csi import CoherentCount, coherent_expectation
    >>> found = moment_limits(MomentEvents.of(coherent_expectation()), CoherentCount(), process="prompt")
    >>> [round(1e10 * value, 1) for value in found.moduli]
    [68.8, 69.8, 89.0]
    """
    added = added_events(events.standard, chi_square, confidence_level)
    diagonal = np.diag(events.form(moments, process))
    with np.errstate(divide="ignore"):
        moduli = np.sqrt(added.high / np.where(diagonal > 1e-12 * diagonal.max(), diagonal, 0.0))
    first, second, third = moduli.tolist()
    return MomentLimits((first, second, third), added.high, added.reason)


def moment_contours(
    events: MomentEvents,
    chi_square: ChiSquare,
    first: ArrayLike,
    second: ArrayLike,
    which: tuple[int, int] = (0, 1),
    moments: TransitionMoments = _UNIT,
    process: str | None = None,
    confidence_levels: Sequence[float] = (0.9,),
) -> Contours:
    """Regions of two moduli, the third of them zero.

    Parameters
    ----------
    events, chi_square, moments, process
        As of `moment_limits`; phases of `moments` count here, two moduli interfere.
    first, second : array_like
        Moduli in Bohr magnetons, rising from 0.
    which : tuple of int
        Which two of 0, 1, 2 they are.
    confidence_levels : sequence of float
        Of both together.

    Returns
    -------
    Contours
        Bounded by zero, which no modulus passes.

    Raises
    ------
    OutOfRangeError
        For indices that are not two of 0, 1, 2.
    """
    if len({*which}) != 2 or not {*which} <= {0, 1, 2}:
        raise OutOfRangeError(f"which = {which}: must be two different ones of 0, 1, 2")
    x, y = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    form = events.form(moments, process)[np.ix_(which, which)]
    added = form[0, 0] * x[:, None] ** 2 + 2.0 * form[0, 1] * x[:, None] * y + form[1, 1] * y**2
    values = chi_square(events.standard + added)
    return contours_of(x, y, values, confidence_levels, physical=((0.0, None), (0.0, None)))
