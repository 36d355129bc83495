"""Limits on couplings of new bosons over their mass.

The amplitude is A_0 + x S(q; m) with x the squared coupling, so that events are N + A x + B x^2; both numbers of all masses
come from one pass over the nodes. Scalars do not interfere: A = 0. Terms are those of `microphysics.weak.mediators`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics.errors import OutOfRangeError
from snsim.detection.intervals import Interval, confidence_interval
from snsim.detection.rates import Expectation
from snsim.detection.templates import AmplitudeTemplates, term_counts

__all__ = ["MediatorEvents", "MediatorLimits", "mediator_limits_of"]

Array = NDArray[np.float64]
ChiSquare = Callable[[Array], Array]

_SCAN = 1201
_DECADES = 7.0  # of the squared coupling
_LARGEST = 40.0  # times the events of the standard model at the upper end of the scan


@dataclass(frozen=True)
class MediatorEvents:
    """Events N + A g^2 + B g^4 at some masses.

    Attributes
    ----------
    mass : ndarray, shape (mass,)
        MeV.
    standard : float
        N.
    linear, squared : ndarray, shape (mass,)
        A and B.
    """

    mass: Array
    standard: float
    linear: Array
    squared: Array

    @classmethod
    def of(cls, expectation: Expectation, term: Any, mass: ArrayLike) -> MediatorEvents:
        """Evaluate a boson at some masses.

        Parameters
        ----------
        expectation : Expectation
            Of a source in a detector, all bins together.
        term : ZPrime, MuTauMediator or Scalar
            With couplings of one (of a scalar: those to neutrinos and nucleons, whose product is g^2); its mass does not
            matter.
        mass : array_like, shape (mass,)
            MeV, > 0.

        Raises
        ------
        OutOfRangeError
            For masses that are not positive, or a term that has no mass.
        """
        m = np.asarray(mass, dtype=np.float64)
        if m.ndim != 1 or not np.all(m > 0.0):
            raise OutOfRangeError(f"mass: must be positive values in one dimension, got shape {m.shape}")
        if not hasattr(term, "mass"):
            raise OutOfRangeError(
                f"{type(term).__name__}: has no mass; expected ZPrime, MuTauMediator or Scalar"
            )
        if hasattr(term, "coefficients"):
            added = [float(term_counts(expectation, replace(term, mass=value)).sum()) for value in m.tolist()]
            return cls(m, expectation.total(), np.zeros(m.size), np.array(added))
        made = AmplitudeTemplates.of(expectation)
        standard, linear, squared = 0.0, np.zeros(m.size), np.zeros(m.size)
        for one, q, weight in zip(made.scattering, made.wave_number, made.weight, strict=True):
            invariant = (q * one.couplings.constants.hbar_c * 1e13) ** 2
            z, n = one.nucleus.charge_number, one.nucleus.neutron_number
            protons, neutrons = one.form_factor.amplitude(q, z, 0.0), one.form_factor.amplitude(q, 0.0, n)
            for flavor, each in zip(made.flavors, weight.sum(axis=1), strict=True):
                plain = one.amplitude(q, flavor)
                shifts = [
                    replace(term, mass=value).shifts(invariant, flavor, one.couplings) for value in m.tolist()
                ]
                shift = np.array([g_p * protons + g_n * neutrons for g_p, g_n in shifts])
                standard += float(plain**2 @ each)
                linear += 2.0 * (shift * plain) @ each
                squared += shift**2 @ each
        return cls(m, standard, linear, squared)

    def counts(self, squared_coupling: ArrayLike) -> Array:
        """Return events, shape (..., mass), of g^2 of shape (..., mass) or (..., 1)."""
        x = np.asarray(squared_coupling, dtype=np.float64)
        return self.standard + self.linear * x + self.squared * x**2


@dataclass(frozen=True)
class MediatorLimits:
    """Limits on a coupling at some masses.

    Attributes
    ----------
    mass : ndarray, shape (mass,)
        MeV.
    coupling : ndarray, shape (mass,)
        Above it everything is excluded; NaN where the data give no limit.
    intervals : tuple of Interval
        Of ln g^2 for each mass: two pieces where an island of destructive interference is allowed again.
    reason : str
        Why limits are NaN; empty if none is.
    """

    mass: Array
    coupling: Array
    intervals: tuple[Interval, ...]
    reason: str = ""

    @property
    def first_exclusion(self) -> Array:
        """Upper end of the lowest allowed piece, shape (mass,): the limit without the island."""
        return np.exp(0.5 * np.array([found.pieces[0][1] for found in self.intervals]))


def mediator_limits_of(
    events: MediatorEvents, chi_square: ChiSquare, confidence_level: float = 0.9
) -> MediatorLimits:
    """Upper limits on the coupling of a boson over its mass.

    The scan is in the logarithm of g^2, from where nothing is added to where the boson makes forty times the standard events.
    Its lower end stands for zero, which a square cannot pass.

    Parameters
    ----------
    events : MediatorEvents
        Of a source in a detector.
    chi_square : callable
        Of predicted counts.
    confidence_level : float
        Of one parameter at each mass.
    """
    if not np.all(events.squared > 0.0):
        raise OutOfRangeError(
            "mediator: adds no events at some mass; its charges vanish for the flavours of this source"
        )
    found = []
    for linear, squared in zip(events.linear.tolist(), events.squared.tolist(), strict=True):
        farthest = (abs(linear) + np.sqrt(linear**2 + 4.0 * _LARGEST * events.standard * squared)) / (
            2.0 * squared
        )
        u = np.linspace(np.log(farthest) - _DECADES * np.log(10.0), np.log(farthest), _SCAN)
        x = np.exp(u)
        values = chi_square(events.standard + linear * x + squared * x**2)
        found.append(confidence_interval(u, values, confidence_level, physical=(u[0], None)))
    coupling = np.exp(0.5 * np.array([each.high for each in found]))
    reasons = [each.reason for each in found if each.reason]
    return MediatorLimits(events.mass, coupling, tuple(found), reasons[0] if reasons else "")
