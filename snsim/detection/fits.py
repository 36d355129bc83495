"""Minimisation of a chi-square of several parameters by iminuit, with profiles and asymmetric intervals."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics.errors import OutOfRangeError, UnknownNameError
from snsim.errors import ConvergenceError

__all__ = ["Fit", "fit", "profile"]

Array = NDArray[np.float64]
Bounds = Mapping[str, tuple[float | None, float | None]]

REFERENCES = (
    "James & Roos 1975, Comput. Phys. Commun. 10, 343",
    "Dembinski et al., iminuit, doi:10.5281/zenodo.3949207",
)


@dataclass(frozen=True)
class Fit:
    """Parameters at the minimum of a chi-square.

    Attributes
    ----------
    values, errors : mapping of str to float
        By name; errors where the chi-square rises by 1 in the quadratic approximation, 0 for what was held fixed.
    covariance : ndarray, shape (parameter, parameter)
        In the order of `values`.
    chi_square : float
        At the minimum.
    intervals : mapping of str to (float, float)
        Ends where the chi-square, profiled over the other parameters, has risen far enough, or bounds that were given; NaN
        where it never does. Empty unless asked for.
    reason : str
        Why ends are NaN; empty if none is.
    """

    values: Mapping[str, float]
    errors: Mapping[str, float]
    covariance: Array
    chi_square: float
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    reason: str = ""


def fit(
    chi_square: Callable[..., Any],
    start: Mapping[str, float],
    bounds: Bounds | None = None,
    fixed: Sequence[str] = (),
    confidence_level: float | None = None,
) -> Fit:
    """Minimise a chi-square.

    Parameters
    ----------
    chi_square : callable
        Takes the parameters by position in the order of `start`; returns a number.
    start : mapping of str to float
        Names and first values.
    bounds : mapping of str to (float or None, float or None), optional
        Limits of some parameters.
    fixed : sequence of str
        Parameters that stay at their first value.
    confidence_level : float, optional
        Of the intervals of each free parameter by its own profile (MINOS); None for none.

    Returns
    -------
    Fit
        At the minimum.

    Raises
    ------
    ImportError
        Without iminuit: pip install 'snsim[detect]'.
    UnknownNameError
        For a bound or a fixed parameter that is not in `start`.
    ConvergenceError
        If there is no minimum; `partial` holds what was found.
    """
    minimiser = _minuit(chi_square, start, bounds, fixed)
    minimiser.migrad()
    minimiser.hesse()
    found = _fit_of(minimiser)
    if not minimiser.valid:
        raise ConvergenceError(
            f"fit: no valid minimum of the chi-square; last values {dict(found.values)}", found
        )
    if confidence_level is None:
        return found
    try:
        minimiser.minos(cl=confidence_level)
    except RuntimeError as error:
        raise ConvergenceError(f"fit: {error}", found) from error
    ends = {name: _ends(minimiser, name) for name in minimiser.merrors}
    unbounded = [name for name, pair in ends.items() if any(math.isnan(end) for end in pair)]
    reason = (
        f"the profile of {', '.join(unbounded)} does not rise far enough for {confidence_level:g}: no limit there"
        if unbounded
        else ""
    )
    return replace(found, intervals=ends, reason=reason)


def profile(
    chi_square: Callable[..., Any],
    start: Mapping[str, float],
    name: str,
    values: ArrayLike,
    bounds: Bounds | None = None,
    fixed: Sequence[str] = (),
) -> Array:
    """Chi-square minimised over all parameters but one, at given values of that one.

    Parameters
    ----------
    chi_square, start, bounds, fixed
        As of `fit`. Each point starts where the one before it ended.
    name : str
        The parameter that is scanned.
    values : array_like, shape (point,)
        Its values.

    Returns
    -------
    ndarray, shape (point,)
        For `snsim.detection.intervals.confidence_interval`.

    Raises
    ------
    ImportError, UnknownNameError, ConvergenceError
        As `fit`.
    """
    if name not in start:
        raise UnknownNameError("parameter", name, start)
    minimiser = _minuit(chi_square, start, bounds, (*fixed, name))
    points = np.asarray(values, dtype=np.float64)
    if points.ndim != 1:
        raise OutOfRangeError(f"values of {name} have shape {points.shape}: must be one-dimensional")
    lowest = np.empty(points.size)
    for i, value in enumerate(points):
        minimiser.values[name] = value
        minimiser.migrad()
        if not minimiser.valid:
            raise ConvergenceError(f"profile: no minimum at {name} = {value:.6g}", lowest[:i])
        lowest[i] = minimiser.fval
    return lowest


def _minuit(
    chi_square: Callable[..., Any], start: Mapping[str, float], bounds: Bounds | None, fixed: Sequence[str]
) -> Any:
    """Minuit with what is known of the parameters."""
    try:
        from iminuit import Minuit
    except ImportError as error:
        raise ImportError(f"fits need iminuit ({error}): pip install 'snsim[detect]'") from None
    for name in (*(bounds or {}), *fixed):
        if name not in start:
            raise UnknownNameError("parameter", name, start)
    for name, value in start.items():
        if not math.isfinite(value):
            raise OutOfRangeError(f"start of {name} = {value}: must be finite")
    minimiser = Minuit(lambda *values: float(chi_square(*values)), *start.values(), name=tuple(start))
    minimiser.errordef = Minuit.LEAST_SQUARES
    for name, ends in (bounds or {}).items():
        minimiser.limits[name] = ends
    for name in fixed:
        minimiser.fixed[name] = True
    return minimiser


def _ends(minimiser: Any, name: str) -> tuple[float, float]:
    """Return the ends of the interval that MINOS found of a parameter."""
    error, value, bounds = minimiser.merrors[name], float(minimiser.values[name]), minimiser.limits[name]
    low = value + error.lower if error.lower_valid else bounds[0] if error.at_lower_limit else math.nan
    high = value + error.upper if error.upper_valid else bounds[1] if error.at_upper_limit else math.nan
    return float(low), float(high)


def _fit_of(minimiser: Any) -> Fit:
    covariance = minimiser.covariance
    count = len(minimiser.parameters)
    return Fit(
        {name: float(minimiser.values[name]) for name in minimiser.parameters},
        {
            name: 0.0 if minimiser.fixed[name] else float(minimiser.errors[name])
            for name in minimiser.parameters
        },
        np.full((count, count), math.nan) if covariance is None else np.array(covariance),
        float(minimiser.fval),
    )
