"""How well a prediction fits counts: chi-squares with pulls, Poisson and unbinned likelihoods, each minimised over nuisances.

Every nuisance parameter (pull) xi_k moves the prediction linearly, N_b -> N_b + sum_k xi_k D_kb, where D_k is its change by
one standard error, and costs xi_k^2. All functions take whole scans: axes before the last one are scan points. The last axis
is bins; one count is one bin, ``counts[..., None]``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics.errors import OutOfRangeError, require
from snsim.detection._kernels.pulls import TINY, minimise_pulls
from snsim.errors import ConvergenceError

__all__ = [
    "PullFit",
    "coherent_chi_square",
    "discovery_significance",
    "one_pull_chi_square",
    "poisson_chi_square",
    "pull_chi_square",
    "unbinned_chi_square",
]

Array = NDArray[np.float64]

REFERENCES = (
    "Fogli et al. 2002, PRD 66, 053010 (pulls)",
    "Baker & Cousins 1984, NIM 221, 437 (Poisson chi-square)",
    "Barlow 1990, NIM A 297, 496 (extended likelihood)",
    "Cowan et al. 2011, EPJC 71, 1554 (Asimov data)",
)

_HELD_POSITIVE = 1e-12  # events that stand in for none, so that no expectation becomes negative


@dataclass(frozen=True)
class PullFit:
    """A statistic minimised over its nuisance parameters.

    Attributes
    ----------
    chi_square : ndarray, shape (...)
        At the minimum, the pulls' own cost included.
    pulls : ndarray, shape (..., pull)
        xi there, in standard errors.
    """

    chi_square: Array
    pulls: Array


def pull_chi_square(
    residual: ArrayLike, variance: ArrayLike, shifts: ArrayLike, prior: ArrayLike = 1.0
) -> PullFit:
    """Minimise sum_b (d_b - sum_k xi_k D_kb)^2/V_b + sum_k p_k xi_k^2 over the pulls.

    The minimum is d (V + D^T p^-1 D)^-1 d (Woodbury's identity). The pulls come from the normal equations, as many as there
    are pulls, and the squares are added up at them: no digits are lost where pulls take most of a residual.

    Parameters
    ----------
    residual : array_like, shape (..., bin)
        d = measured - predicted.
    variance : array_like, shape (..., bin)
        V > 0, of every bin.
    shifts : array_like, shape (..., pull, bin)
        D, the change of the prediction by one standard error of each pull. It may hold one row per bin for errors that are
        not shared by bins.
    prior : array_like, shape (pull,)
        p; 1 for a Gaussian of unit width, 0 for a free parameter.

    Returns
    -------
    PullFit
        For every scan point.

    Raises
    ------
    OutOfRangeError
        For a variance that is not positive, a negative prior, or shapes that do not belong together.

    Examples
    --------
    >>> fit = pull_chi_square([3.0], [4.0], [[2.0]])  # 9/(4 + 2^2)
    >>> float(fit.chi_square), fit.pulls.tolist()
    (1.125, [0.75])
    """
    d, v, shift = (np.asarray(value, dtype=np.float64) for value in (residual, variance, shifts))
    require(v > 0.0, v, "variance", "", "> 0")
    weight = _prior(prior, shift)
    _require_bins("residual", d, shift)
    weighted = shift / v[..., None, :]
    matrix = weighted @ np.swapaxes(shift, -1, -2) + np.diag(weight + TINY)
    try:
        pulls: Any = np.linalg.solve(matrix, weighted @ d[..., None])[..., 0]
    except np.linalg.LinAlgError:
        raise OutOfRangeError(
            "prior = 0 of pulls that move the prediction alike: at most one may be free"
        ) from None
    left = d - (pulls[..., None, :] @ shift)[..., 0, :]
    return PullFit(np.sum(left**2 / v, axis=-1) + np.sum(weight * pulls**2, axis=-1), pulls)


def coherent_chi_square(
    predicted: ArrayLike,
    measured: ArrayLike,
    background: ArrayLike,
    steady_background: ArrayLike,
    signal_error: float = 0.28,
    background_error: float = 0.25,
) -> PullFit:
    """Chi-square with pulls of signal and beam-related background, as COHERENT's first analysis on CsI.

    (N_meas - N (1 + xi) - B (1 + zeta))^2/V + (xi/s)^2 + (zeta/s_B)^2 with V = N_meas + B + 2 B_ss (Akimov et al. 2017,
    Science 357, 1123; Papoulias & Kosmas 2018, PRD 97, 033003): the steady background was measured with the beam off and
    subtracted, so that it enters twice. The pulls move N, not the count. They had 142 counts, B = 6, B_ss = 405.

    Parameters
    ----------
    predicted : array_like, shape (..., bin)
        N, signal.
    measured, background, steady_background : array_like, shape (bin,)
        N_meas (steady background subtracted), B of neutrons from the beam, B_ss.
    signal_error, background_error : float
        Relative errors s and s_B, common to all bins.

    Returns
    -------
    PullFit
        Pulls of signal and background, in units of s and s_B.

    Examples
    --------
    >>> float(coherent_chi_square([136.0], [142.0], [6.0], [405.0]).chi_square)
    0.0
    """
    signal, counts, beam, steady = (
        np.asarray(value, dtype=np.float64) for value in (predicted, measured, background, steady_background)
    )
    variance = counts + beam + 2.0 * steady
    beam_shift = np.broadcast_to(background_error * beam, signal.shape)
    shifts = np.stack([signal_error * signal, beam_shift], axis=-2)
    return pull_chi_square(counts - signal - beam, variance, shifts)


def one_pull_chi_square(
    predicted: ArrayLike, measured: ArrayLike, statistical_error: float, systematic_error: float
) -> PullFit:
    """Chi-square with one pull of the signal, for forecasts: (N_meas - N (1 + xi))^2/[(1 + s_stat) N_meas] + (xi/s_sys)^2.

    Measured is what the standard model predicts (Kosmas et al. 2017, PRD 96, 063013; Miranda et al. 2019, JHEP 07, 103).
    Published limits of that kind can follow from the statistical term alone: `systematic_error` = 0 is that.

    Parameters
    ----------
    predicted : array_like, shape (..., bin)
        N.
    measured : array_like, shape (bin,)
        N_meas > 0.
    statistical_error : float
        s_stat, what background adds to the variance, in units of N_meas.
    systematic_error : float
        s_sys, relative error of the prediction.

    Examples
    --------
    >>> float(one_pull_chi_square([110.0], [100.0], 0.25, 0.0).chi_square)
    0.8
    """
    signal, counts = np.asarray(predicted, dtype=np.float64), np.asarray(measured, dtype=np.float64)
    variance = (1.0 + statistical_error) * counts
    return pull_chi_square(counts - signal, variance, systematic_error * signal[..., None, :])


def poisson_chi_square(
    measured: ArrayLike, predicted: ArrayLike, shifts: ArrayLike | None = None, prior: ArrayLike = 1.0
) -> PullFit:
    """Poisson chi-square 2 sum_b [mu - n + n ln(n/mu)] + sum_k p_k xi_k^2, mu = predicted + sum_k xi_k D_k, over its pulls.

    Newton's method with steps that leave every expectation positive; the function is convex.

    Parameters
    ----------
    measured : array_like, shape (..., bin)
        n >= 0; need not be whole, such as Asimov data.
    predicted : array_like, shape (..., bin)
        > 0 where something was measured.
    shifts : array_like, shape (..., pull, bin), optional
        Change of the prediction by one standard error of each pull; None for none.
    prior : array_like, shape (pull,)
        As of `pull_chi_square`.

    Returns
    -------
    PullFit
        For every scan point.

    Raises
    ------
    OutOfRangeError
        For negative counts, and counts where nothing is predicted.

    Examples
    --------
    >>> round(float(poisson_chi_square([0.0], [3.0]).chi_square), 12)
    6.0
    """
    n, mu = np.asarray(measured, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    require(n >= 0.0, n, "measured count", "", ">= 0")
    require(mu >= 0.0, mu, "predicted count", "", ">= 0")
    require((mu > 0.0) | (n == 0.0), mu, "predicted count", "", "> 0 where something was measured")
    if shifts is None:
        return PullFit(_baker_cousins(n, mu), np.zeros((*np.broadcast_shapes(n.shape, mu.shape)[:-1], 0)))
    shift = np.asarray(shifts, dtype=np.float64)
    weight = _prior(prior, shift)
    _require_bins("predicted", mu, shift)
    # what is empty and stays empty says nothing
    empty = (mu == 0.0) & ~np.any(shift != 0.0, axis=-2)
    observed = np.where(empty, 0.0, np.maximum(n, _HELD_POSITIVE))
    pulls = _minimising_pulls(shift.sum(axis=-1), observed, np.where(empty, 1.0, mu), shift, weight)
    moved = mu + (pulls[..., None, :] @ shift)[..., 0, :]
    return PullFit(_baker_cousins(n, moved) + np.sum(weight * pulls**2, axis=-1), pulls)


def unbinned_chi_square(counts: ArrayLike, densities: ArrayLike, relative_errors: ArrayLike = 0.0) -> PullFit:
    """-2 ln L of single events, minimised over pulls of the components.

    2 [sum_c N_c (1 + s_c xi_c) - sum_i ln sum_c N_c (1 + s_c xi_c) f_c(x_i)] + sum_c xi_c^2, the extended likelihood.

    Parameters
    ----------
    counts : array_like, shape (..., component)
        N_c >= 0, expected events of each component (signal, backgrounds).
    densities : array_like, shape (component, event)
        f_c at what was measured of each event, normalised to 1 over all that could be measured.
    relative_errors : array_like, shape (component,)
        s_c; 0 holds a component fixed.

    Returns
    -------
    PullFit
        Differences of it between scan points are what counts; its value depends on the unit of the densities.

    Raises
    ------
    OutOfRangeError
        For negative counts or densities, and an event that no component can make.

    Examples
    --------
    >>> float(unbinned_chi_square([5.0], np.empty((1, 0))).chi_square)
    10.0
    """
    number, density = np.asarray(counts, dtype=np.float64), np.asarray(densities, dtype=np.float64)
    error = np.broadcast_to(np.asarray(relative_errors, dtype=np.float64), number.shape[-1:])
    require(number >= 0.0, number, "expected events", "", ">= 0")
    require(density >= 0.0, density, "density of events", "", ">= 0")
    rate = number @ density
    require(rate > 0.0, rate, "sum of densities at an event", "", "> 0: no component can make this event")
    step = error * number
    shift = step[..., None] * density
    # beside the events: no component may become negative
    components = np.broadcast_to(np.diag(error), (*number.shape, number.shape[-1]))
    held = np.concatenate([np.ones(density.shape[1]), np.full(number.shape[-1], _HELD_POSITIVE)])
    pulls = _minimising_pulls(
        step,
        held,
        np.concatenate([rate, np.ones(number.shape)], axis=-1),
        np.concatenate([shift, components], axis=-1),
        np.ones(number.shape[-1]),
    )
    scaled = number * (1.0 + error * pulls)
    value = 2.0 * (scaled.sum(axis=-1) - np.log(scaled @ density).sum(axis=-1))
    return PullFit(value + np.sum(pulls**2, axis=-1), pulls)


def discovery_significance(
    signal: ArrayLike, background: ArrayLike, shifts: ArrayLike | None = None
) -> Array:
    """Median significance of a signal, in standard deviations: root of the Poisson chi-square of no signal for Asimov data.

    Parameters
    ----------
    signal, background : array_like, shape (..., bin)
        Expected counts; the data are their sum.
    shifts : array_like, shape (..., pull, bin), optional
        Change of the background by one standard error of each pull.

    Examples
    --------
    >>> round(float(discovery_significance([10.0], [100.0])), 4)  # sqrt{2 [(s + b) ln(1 + s/b) - s]}
    0.984
    """
    s, b = np.asarray(signal, dtype=np.float64), np.asarray(background, dtype=np.float64)
    require(s >= 0.0, s, "signal", "", ">= 0")
    return np.sqrt(np.maximum(poisson_chi_square(s + b, b, shifts).chi_square, 0.0))


def _baker_cousins(n: Array, mu: Array) -> Array:
    """2 sum [mu - n + n ln(n/mu)] over the last axis, n ln n = 0 at 0."""
    n, mu = np.broadcast_arrays(n, mu)
    some = n > 0.0
    log = np.zeros(n.shape)
    np.log1p(np.divide(n - mu, mu, out=log, where=some), out=log, where=some)
    return 2.0 * np.sum(mu - n + n * log, axis=-1)


def _prior(prior: ArrayLike, shifts: Array) -> Array:
    """Weights of the pulls, shape (pull,)."""
    if shifts.ndim < 2:
        raise OutOfRangeError(f"shifts have shape {shifts.shape}: must be (..., pull, bin)")
    weight = np.broadcast_to(np.asarray(prior, dtype=np.float64), shifts.shape[-2:-1])
    require(weight >= 0.0, weight, "prior of a pull", "", ">= 0")
    return weight


def _require_bins(name: str, values: Array, shifts: Array) -> None:
    if values.ndim < 1 or values.shape[-1] != shifts.shape[-1]:
        raise OutOfRangeError(
            f"{name} has shape {values.shape} and shifts {shifts.shape}: the last axis of both must be the bins"
        )


def _minimising_pulls(slope: Array, weight: Array, rate: Array, shifts: Array, prior: Array) -> Array:
    """Minimise slope xi - sum_r w_r ln(rate_r + sum_k xi_k D_kr) + prior xi^2/2 over the pulls xi, shape (..., pull)."""
    lead = np.broadcast_shapes(slope.shape[:-1], weight.shape[:-1], rate.shape[:-1], shifts.shape[:-2])

    def by_point(values: Array, own: int) -> Array:
        """One row, or one for each scan point."""
        last = values.shape[-own:]
        every = values if values.size == math.prod(last) else np.broadcast_to(values, (*lead, *last))
        return np.ascontiguousarray(every).reshape((-1, *last))

    pulls = np.zeros((math.prod(lead), shifts.shape[-2]))
    left = minimise_pulls(
        by_point(slope, 1),
        by_point(weight, 1),
        by_point(rate, 1),
        by_point(shifts, 2),
        np.ascontiguousarray(prior),
        pulls,
    )
    pulls = pulls.reshape((*lead, -1))
    if left:
        raise ConvergenceError(
            f"the pulls of {left} scan points have not converged: are free ones degenerate?", pulls
        )
    return pulls
