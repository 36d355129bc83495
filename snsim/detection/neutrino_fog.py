"""Neutrinos as the background of dark matter: discovery limits with uncertain fluxes, the opacity index, one-event contours.

Arrays only: spectra come from `snsim.detection.wimps` and from neutrino fluxes folded with a cross section.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics.errors import OutOfRangeError, require
from snsim.detection.statistics import poisson_chi_square
from snsim.errors import ConvergenceError

__all__ = ["Discovery", "discovery_limit", "fog_boundary", "one_event_contour", "opacity_index"]

Array = NDArray[np.float64]

REFERENCES = (
    "Billard, Figueroa-Feliciano & Strigari 2014, PRD 89, 023524 (discovery limit, one-event contour)",
    "Cowan et al. 2011, EPJC 71, 1554 (profile likelihood ratio, Asimov data)",
    "O'Hare 2021, PRL 127, 251802 (index of the neutrino fog)",
)

_MOST_STEPS = 60
_LARGEST_STEP = 5.0  # in ln(cross section)
_CONVERGED = 1e-10  # in ln(cross section)


@dataclass(frozen=True)
class Discovery:
    """Smallest cross sections that half of all experiments discover.

    Attributes
    ----------
    cross_section : ndarray, shape (..., mass)
        In the unit in which the signal was given; NaN where the signal has no events.
    index : ndarray, shape (..., mass)
        n = -(d ln sigma/d ln N)^-1 there: 1 without background, 2 where it fluctuates, larger where its flux is uncertain.
    pulls : ndarray, shape (..., mass, component)
        How far each flux moves to imitate the signal, in standard errors.
    reason : str
        Why values are NaN; empty if none is.
    """

    cross_section: Array
    index: Array
    pulls: Array
    reason: str = ""


def discovery_limit(
    signal: ArrayLike,
    background: ArrayLike,
    flux_errors: ArrayLike,
    exposure: ArrayLike = 1.0,
    significance: float = 3.0,
) -> Discovery:
    """Cross section at which the median significance of a signal reaches a value, background fluxes being uncertain.

    The profile likelihood ratio of no signal for Asimov data, q_0 = Z^2 (Cowan et al. 2011), is solved by Newton's method in
    the logarithm of the cross section, for all masses and exposures at once. Its derivatives are exact: at their optimum the
    pulls do not contribute, so that the index comes without differences.

    Parameters
    ----------
    signal : array_like, shape (mass, bin)
        Events per unit exposure and unit cross section.
    background : array_like, shape (component, bin)
        Events per unit exposure of each neutrino flux.
    flux_errors : array_like, shape (component,)
        Relative errors of the fluxes, >= 0.
    exposure : array_like, shape (...)
        > 0; a leading axis of the result.
    significance : float
        Z in standard deviations.

    Returns
    -------
    Discovery
        For every exposure and mass.

    Raises
    ------
    OutOfRangeError
        For negative counts or errors, shapes that do not belong together, bins with signal but no background at all (where
        one event would be a discovery: give them a small one).
    ConvergenceError
        If Newton's method stops short.

    Examples
    --------
    >>> found = discovery_limit([[1.0]], [[100.0]], [0.1], exposure=[1e-3, 1.0, 1e6])
    >>> found.index.round(2).ravel().tolist()[:2]
    [1.39, 3.55]
    """
    s, b, error = (np.asarray(value, dtype=np.float64) for value in (signal, background, flux_errors))
    if s.ndim != 2 or b.ndim != 2 or s.shape[1] != b.shape[1] or error.shape != b.shape[:1]:
        raise OutOfRangeError(
            f"signal, background and flux errors have shapes {s.shape}, {b.shape}, {error.shape}: must be (mass, bin), "
            "(component, bin) and (component,)"
        )
    require(s >= 0.0, s, "signal", "", ">= 0")
    require(b >= 0.0, b, "background", "", ">= 0")
    require(error >= 0.0, error, "flux error", "", ">= 0")
    total = b.sum(axis=0)
    require((total > 0.0) | ~np.any(s > 0.0, axis=0), total, "background of a bin with signal", "", "> 0")
    scale = np.asarray(exposure, dtype=np.float64)
    require(scale > 0.0, scale, "exposure", "", "> 0")
    require(significance > 0.0, significance, "significance", "", "> 0")
    seen = s.sum(axis=1) > 0.0
    expected = scale[..., None, None] * total
    shifts = scale[..., None, None, None] * (error[:, None] * b)
    counts = scale[..., None, None] * s[seen]
    log_sigma, index, pulls = _solved(counts, expected, shifts, significance**2)

    def of_all_masses(values: Array) -> Array:
        """Put values of the masses with events among all masses, NaN elsewhere."""
        lead, rest = scale.shape, values.shape[scale.ndim + 1 :]
        filled = np.full((*lead, seen.size, *rest), np.nan)
        filled[(slice(None),) * scale.ndim + (seen,)] = values
        return filled

    reason = "" if seen.all() else "the signal has no events: its recoils lie below all bins"
    return Discovery(of_all_masses(np.exp(log_sigma)), of_all_masses(index), of_all_masses(pulls), reason)


def _solved(counts: Array, expected: Array, shifts: Array, goal: float) -> tuple[Array, Array, Array]:
    """Logarithm of the cross section with q_0 = goal, the index and the pulls there."""
    # start: between s^2/b summed over bins, without nuisances, and as many events as standard deviations squared
    events = counts.sum(axis=-1)
    quality = np.sum(np.divide(counts**2, expected, out=np.zeros(counts.shape), where=counts > 0.0), axis=-1)
    log_sigma = np.log(np.sqrt(goal / quality) + 0.5 * goal / events)
    for _ in range(_MOST_STEPS):
        added = np.exp(log_sigma)[..., None] * counts
        fitted = poisson_chi_square(expected + added, expected, shifts)
        moved = expected + (fitted.pulls[..., None, :] @ shifts)[..., 0, :]
        ratio = np.log1p(
            np.divide(expected + added - moved, moved, out=np.zeros(added.shape), where=moved > 0.0)
        )
        slope = 2.0 * np.sum(added * ratio, axis=-1)  # d q/d ln sigma
        q = fitted.chi_square
        step = (np.log(goal) - np.log(q)) * q / slope
        log_sigma = log_sigma + np.clip(step, -_LARGEST_STEP, _LARGEST_STEP)
        if np.all(np.abs(step) < _CONVERGED):
            # d q/d ln N is what the counts contribute to q, without the cost of the pulls
            return log_sigma, slope / (q - np.sum(fitted.pulls**2, axis=-1)), fitted.pulls
    raise ConvergenceError(
        f"discovery limit: last step {float(np.max(np.abs(step))):.2g} in ln(cross section) after {_MOST_STEPS}",
        log_sigma,
    )


def opacity_index(events: ArrayLike, limit: ArrayLike) -> Array:
    """Index n = -(d ln sigma/d ln N)^-1 of tabulated limits, by differences; `Discovery.index` has it exactly.

    Parameters
    ----------
    events : array_like, shape (point,)
        Exposure or background events, > 0 and rising.
    limit : array_like, shape (point, ...)
        Cross sections > 0, falling along the first axis.

    Returns
    -------
    ndarray, shape (point, ...)
        Infinite where the limit has stopped to fall.

    Examples
    --------
    >>> opacity_index([1.0, 10.0, 100.0], [1.0, 0.1, 0.01]).round(12).tolist()
    [1.0, 1.0, 1.0]
    """
    n, sigma = np.asarray(events, dtype=np.float64), np.asarray(limit, dtype=np.float64)
    if n.ndim != 1 or n.size < 3 or sigma.shape[:1] != n.shape:
        raise OutOfRangeError(
            f"events and limits have shapes {n.shape} and {sigma.shape}: must share a first axis of at least 3 points"
        )
    require(n > 0.0, n, "events", "", "> 0")
    require(np.diff(n) > 0.0, n[1:], "events", "", "above those before")
    require(sigma > 0.0, sigma, "limit", "", "> 0")
    fall = -np.gradient(np.log(sigma), np.log(n), axis=0, edge_order=2)
    with np.errstate(divide="ignore"):
        return 1.0 / fall


def fog_boundary(limit: ArrayLike, index: ArrayLike, level: float = 2.0) -> Array:
    """Cross section at which the index first passes a level as exposure grows: the edge of the fog (O'Hare 2021).

    Parameters
    ----------
    limit, index : array_like, shape (exposure, mass)
        Of `discovery_limit` at rising exposures.
    level : float
        2: the background's fluctuations are as bad as can be without uncertain fluxes.

    Returns
    -------
    ndarray, shape (mass,)
        Interpolated in the logarithm of the cross section; NaN where the index does not pass within the exposures.

    Examples
    --------
    >>> f"{fog_boundary([[1e-44], [1e-46]], [[1.0], [3.0]])[0]:.3g}"
    '1e-45'
    """
    sigma, n = np.asarray(limit, dtype=np.float64), np.asarray(index, dtype=np.float64)
    if sigma.ndim != 2 or sigma.shape != n.shape or sigma.shape[0] < 2:
        raise OutOfRangeError(
            f"limit and index have shapes {sigma.shape} and {n.shape}: must be equal, (exposure, mass), at least 2 exposures"
        )
    passes = (n[:-1] < level) & (n[1:] >= level)
    at = np.argmax(passes, axis=0)[None]
    (low, high), (before, after) = (
        (np.take_along_axis(values, at, 0)[0], np.take_along_axis(values, at + 1, 0)[0])
        for values in (n, np.log(sigma))
    )
    found = passes.any(axis=0)
    share = (level - low) / np.where(found, high - low, 1.0)
    return np.where(found, np.exp(before + share * (after - before)), np.nan)


def one_event_contour(signal: ArrayLike, background: ArrayLike, events: float = 2.302585092994046) -> Array:
    """Lowest cross section that experiments with one expected neutrino exclude, over all thresholds.

    For each threshold the exposure is that with one neutrino event; the cross section gives `events` there. Their envelope is
    the neutrino floor of Billard et al. 2014.

    Parameters
    ----------
    signal : array_like, shape (mass, threshold)
        Events above each threshold per unit exposure and unit cross section.
    background : array_like, shape (threshold,)
        Neutrino events above each threshold per unit exposure, > 0.
    events : float
        2.3 for 90 % confidence without an event seen.

    Returns
    -------
    ndarray, shape (mass,)
        Infinite where no threshold lets the signal pass.

    Examples
    --------
    >>> float(one_event_contour([[4.0, 1.0]], [2.0, 0.1], events=1.0)[0])
    0.1
    """
    s, b = np.asarray(signal, dtype=np.float64), np.asarray(background, dtype=np.float64)
    if s.ndim != 2 or b.shape != s.shape[1:]:
        raise OutOfRangeError(
            f"signal and background have shapes {s.shape} and {b.shape}: must be (mass, threshold) and (threshold,)"
        )
    require(s >= 0.0, s, "signal", "", ">= 0")
    require(b > 0.0, b, "background", "", "> 0")
    with np.errstate(divide="ignore"):
        return np.min(events * b / s, axis=-1)
