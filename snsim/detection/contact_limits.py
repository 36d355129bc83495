"""Limits on what shifts g_p and g_n alike at all momentum transfers: charge radii, contact interactions, the mixing angle.

Events are quadratic in the couplings (`CouplingTemplates`), and couplings that change the flavour add squared with the same
templates. Terms are those of `microphysics.weak.new_physics`, the star's own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics.errors import OutOfRangeError
from microphysics.weak.couplings import WeakCouplings
from snsim.detection.contours import Contours, contours_of
from snsim.detection.intervals import Interval, confidence_interval
from snsim.detection.rates import Expectation
from snsim.detection.templates import CouplingTemplates

__all__ = [
    "ContactEvents",
    "contact_contours",
    "contact_interval",
    "weak_mixing_angle",
]

Array = NDArray[np.float64]
ChiSquare = Callable[[Array], Array]


@dataclass(frozen=True, eq=False)
class ContactEvents:
    """Events as a function of the strengths of some contact terms.

    Attributes
    ----------
    templates : CouplingTemplates
        Of a source in a detector.
    couplings : WeakCouplings
        Without the terms.
    shifts : ndarray, shape (term, 2, flavor)
        Changes of g_p and g_n by each term of unit strength.
    changing : ndarray, shape (term, way, 2, flavor)
        Couplings into other flavours, real and imaginary parts apart; they add squared.

    Examples
    --------
    >>> from microphysics.weak.new_physics import NSI
    >>> from snsim.detection.coherent_csi import coherent_expectation
    >>> found = ContactEvents.of(coherent_expectation(), [NSI(up={"ee": 1.0})])
    >>> found.counts([[0.0], [0.1]]).round(1).tolist()
    [178.1, 133.8]
    """

    templates: CouplingTemplates
    couplings: WeakCouplings
    shifts: Array
    changing: Array

    @classmethod
    def of(
        cls, expectation: Expectation, terms: Sequence[Any], couplings: WeakCouplings | None = None
    ) -> ContactEvents:
        """Evaluate terms of unit strength.

        Parameters
        ----------
        expectation : Expectation
            Of a source in a detector, all bins.
        terms : sequence of CouplingShift
            Such as ``NSI(up={"ee": 1.0})`` and ``ChargeRadius({"emu": 1e-32})``.
        couplings : WeakCouplings, optional
            Those of the tree level by default.

        Raises
        ------
        OutOfRangeError
            For a term that is no contact interaction, or is not proportional to its strength.
        """
        chosen, flavors = couplings or WeakCouplings(), expectation.flux.flavors
        shifts = np.zeros((len(terms), 2, len(flavors)))
        changing = np.zeros((len(terms), 4, 2, len(flavors)))
        for i, term in enumerate(terms):
            name = type(term).__name__
            if not hasattr(term, "shifts") or np.isfinite(term.mediator_mass):
                raise OutOfRangeError(f"{name}: must shift g_p and g_n alike at all momentum transfers")
            if chosen.radiative and getattr(term, "relative_to", "") == "zero":
                raise OutOfRangeError(
                    f"{name}: relative_to = 'zero' takes the radius out of radiative couplings, which is no strength of one "
                    "term; give relative_to = 'standard_model'"
                )
            for k, flavor in enumerate(flavors):
                shifts[i, :, k] = term.shifts(np.zeros(()), flavor, chosen)
                for way, pair in enumerate(term.flavor_changing(np.zeros(()), flavor, chosen)):
                    changing[i, way, :, k] = pair
        return cls(CouplingTemplates.of(expectation), chosen, shifts, changing)

    def counts(self, strengths: ArrayLike) -> Array:
        """Return the events of all bins together.

        Parameters
        ----------
        strengths : array_like, shape (..., term)
            Of the terms, in units of those given.

        Returns
        -------
        ndarray, shape (...)
        """
        x = np.asarray(strengths, dtype=np.float64)
        standard = np.transpose([self.couplings.vector_couplings(name) for name in self.templates.flavors])
        proton, neutron = (standard[k] + x @ self.shifts[:, k] for k in (0, 1))
        found = self.templates.counts(proton, neutron).sum(axis=-1)
        for way in range(self.changing.shape[1]):
            if self.changing[:, way].any():
                proton, neutron = (x @ self.changing[:, way, k] for k in (0, 1))
                found = found + self.templates.counts(proton, neutron).sum(axis=-1)
        return found


def contact_interval(
    events: ContactEvents, chi_square: ChiSquare, strength: ArrayLike, confidence_level: float = 0.9
) -> Interval:
    """Interval of the strength of one term; two pieces where the solution with the opposite amplitude is apart.

    Parameters
    ----------
    events : ContactEvents
        With one term.
    chi_square : callable
        Of predicted counts, such as `CoherentCount`.
    strength : array_like, shape (point,)
        Rising.
    confidence_level : float
        Of one parameter.
    """
    x = np.asarray(strength, dtype=np.float64)
    return confidence_interval(x, chi_square(events.counts(x[:, None])), confidence_level)


def contact_contours(
    events: ContactEvents,
    chi_square: ChiSquare,
    first: ArrayLike,
    second: ArrayLike,
    confidence_levels: Sequence[float] = (0.9,),
) -> Contours:
    """Regions of the strengths of two terms.

    Where both move the same sum of couplings, as eps_u and eps_d of one flavour on one nucleus do, two bands without end are
    allowed along the blind direction, (2Z + N) eps_u + (Z + 2N) eps_d = 0: the reason says that no region is closed.
    """
    x, y = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    grid = np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1)
    return contours_of(x, y, chi_square(events.counts(grid)), confidence_levels)


def weak_mixing_angle(
    expectation: Expectation,
    chi_square: ChiSquare,
    angle: ArrayLike | None = None,
    confidence_level: float = 0.9,
) -> Interval:
    """Interval of sin^2 theta_W at low momentum transfer.

    Parameters
    ----------
    expectation : Expectation
        Of a source in a detector.
    chi_square : callable
        Of predicted counts.
    angle : array_like, optional
        Scanned values; 0.01 to 0.5 by default.
    confidence_level : float
        Of one parameter.

    Examples
    --------
    >>> from snsim.detection.coherent_csi import CoherentCount, coherent_expectation
    >>> found = weak_mixing_angle(coherent_expectation(), CoherentCount())
    >>> f"{found.best:.3f} +{found.errors[0]:.3f} -{found.errors[1]:.3f}"
    '0.196 +0.122 -0.077'
    """
    s = np.linspace(0.01, 0.5, 99) if angle is None else np.asarray(angle, dtype=np.float64)
    counts = CouplingTemplates.of(expectation).counts(0.5 - 2.0 * s[:, None], -0.5).sum(axis=-1)
    return confidence_interval(s, chi_square(counts), confidence_level)
