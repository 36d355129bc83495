"""Density of the weak charge from a measured form factor: Fourier-Bessel expansion with errors, the band limit's included.

A form factor that is known up to q_max says nothing of details finer than pi/q_max. An expansion in spherical Bessel
functions that vanish at a radius R (Dreher et al. 1974, Nucl. Phys. A 235, 219) has one coefficient for each q_v = v pi/R,
the form factor there. Those within the band follow from the data; those beyond are bounded by how form factors fall, q^-4 for
a density of continuous slope, and their ignorance is carried into the error instead of being set to zero.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics.errors import OutOfRangeError, require
from snsim.detection.rates import Expectation
from snsim.detection.templates import AmplitudeTemplates

__all__ = ["WeakDensity", "form_factor_points", "weak_density"]

Array = NDArray[np.float64]

REFERENCES = (
    "Dreher, Friedrich, Merle, Rothhaas & Luehrs 1974, Nucl. Phys. A 235, 219 (Fourier-Bessel expansion, completeness error)",
    "de Vries, de Jager & de Vries 1987, At. Data Nucl. Data Tables 36, 495 (tables of such expansions)",
    "Patton, Engel, McLaughlin & Schunck 2012, PRC 86, 024612 (form factors from coherent scattering)",
)

_NORM_ERROR = 1e-6  # of F(0) = 1, which is exact
_BEYOND = 3.0  # the expansion goes on to this many times q_max


@dataclass(frozen=True)
class WeakDensity:
    """Density sum_v a_v j_0(q_v r) inside a radius, normalised to one, with its covariance.

    Attributes
    ----------
    cutoff : float
        R, fm; the density vanishes outside.
    wave_number : ndarray, shape (term,)
        q_v = v pi/R, 1/fm.
    form_factor : ndarray, shape (term,)
        F(q_v), the coefficients: a_v = F(q_v) q_v^2/(2 pi R).
    covariance : ndarray, shape (term, term)
        Of `form_factor`.
    largest_wave_number : float
        q_max of the data, 1/fm.
    chi_square : float
        Of the data.
    """

    cutoff: float
    wave_number: Array
    form_factor: Array
    covariance: Array
    largest_wave_number: float
    chi_square: float

    @property
    def resolution(self) -> float:
        """pi/q_max, fm: finer details are not measured."""
        return math.pi / self.largest_wave_number

    @property
    def measured_terms(self) -> int:
        """How many terms lie within the band; the others are bounded, not measured."""
        return int(np.sum(self.wave_number <= self.largest_wave_number))

    def density(self, radius: ArrayLike) -> Array:
        """Return rho(r), 1/fm^3, at radii in fm; 4 pi int r^2 rho dr = 1."""
        return self._basis(radius) @ self.form_factor

    def density_error(self, radius: ArrayLike) -> Array:
        """Return one standard error of rho(r), 1/fm^3, that of the data and of the band limit together."""
        basis = self._basis(radius)
        return np.sqrt(np.sum((basis @ self.covariance) * basis, axis=-1))

    def band_limit_error(self, radius: ArrayLike) -> Array:
        """Return the part of `density_error` that the unmeasured terms beyond q_max make, 1/fm^3.

        The bias of a density that is cut at the band limit is of this size; more events do not lower it, larger recoils do.
        """
        count = self.measured_terms
        basis = self._basis(radius)[..., count:]
        return np.sqrt(np.sum((basis @ self.covariance[count:, count:]) * basis, axis=-1))

    def rms_radius(self) -> tuple[float, float]:
        """Return the root of <r^2> and its standard error, fm; NaN if <r^2> is not positive."""
        k, R = self.wave_number, self.cutoff
        sign = np.where(np.arange(1, k.size + 1) % 2 == 0, 1.0, -1.0)
        weight = 2.0 * sign * (6.0 / k**2 - R**2)  # 4 pi int r^4 j_0(q_v r) dr a_v/F_v
        squared = float(weight @ self.form_factor)
        if not squared > 0.0:
            return math.nan, math.nan
        radius = math.sqrt(squared)
        return radius, math.sqrt(float(weight @ self.covariance @ weight)) / (2.0 * radius)

    def _basis(self, radius: ArrayLike) -> Array:
        """Density of a unit coefficient of each term, shape (..., term)."""
        r = np.asarray(radius, dtype=np.float64)[..., None]
        k = self.wave_number
        return np.where(r <= self.cutoff, k**2 / (2.0 * np.pi * self.cutoff) * np.sinc(k * r / np.pi), 0.0)


def weak_density(
    wave_number: ArrayLike,
    form_factor: ArrayLike,
    error: ArrayLike,
    cutoff: float,
    falloff: float = 4.0,
) -> WeakDensity:
    """Density from a form factor with errors.

    Least squares for the coefficients F(q_v), with F(0) = 1. Each has a prior of mean 0 and of a width of 1 within the band
    (a form factor is never larger) and |F|_end (q_max/q)^falloff beyond it, with |F|_end the largest measured within one
    spacing of the end of the band, its error added: the regularisation, and the only assumption.

    Parameters
    ----------
    wave_number : array_like, shape (point,)
        q, 1/fm, >= 0.
    form_factor, error : array_like, shape (point,)
        F and its standard error > 0, independent of each other; for instance from counts over those of F = 1, with the sign.
    cutoff : float
        R, fm, beyond which the density vanishes: well outside of the surface, about twice the rms radius.
    falloff : float
        Power by which |F| falls at least; 2 for a sharp edge, 3 for a kink, 4 for a continuous slope.

    Returns
    -------
    WeakDensity
        With terms up to 3 q_max.

    Raises
    ------
    OutOfRangeError
        For shapes that differ, values out of range, or a band that holds no term.

    Examples
    --------
    >>> from microphysics.nuclei import Nucleus
    >>> from microphysics.weak.form_factors import Helm
    >>> q = np.linspace(0.05, 2.0, 40)
    >>> found = weak_density(q, Helm.from_lewin_smith(Nucleus.named("Ar40"))(q), np.full(40, 1e-3), 8.0)
    >>> [round(float(value), 3) for value in found.rms_radius()]
    [3.397, 0.005]
    """
    q, f, sigma = _checked_points(wave_number, form_factor, error)
    require(cutoff > 0.0, cutoff, "cutoff", "fm", "> 0")
    require(falloff > 0.0, falloff, "falloff", "", "> 0")
    last, spacing = float(q.max()), math.pi / cutoff
    if last < spacing:
        raise OutOfRangeError(
            f"largest q = {last:.4g}/fm: must reach pi/cutoff = {spacing:.4g}/fm, or nothing of the density is measured"
        )
    term = np.arange(1, math.ceil(_BEYOND * last / spacing) + 1)
    k: Any = term * spacing
    near_end = q >= last - spacing
    at_end: float = min(float(np.max(np.abs(f[near_end]) + sigma[near_end])), 1.0)
    width = np.where(k <= last, 1.0, at_end * (last / np.maximum(k, last)) ** falloff)  # of the prior
    # F(0) = 1 counts as one more point
    places, values = np.concatenate([[0.0], q]), np.concatenate([[1.0], f])
    errors = np.concatenate([[_NORM_ERROR], sigma])
    design = _interpolation(places, k, cutoff, term) * width  # coefficients in units of their prior
    rows = np.concatenate([design / errors[:, None], np.eye(k.size)])
    goal = np.concatenate([values / errors, np.zeros(k.size)])
    orthogonal, triangle = np.linalg.qr(rows)
    solution: Any = np.linalg.solve(triangle, orthogonal.T @ goal)
    inverse = np.linalg.solve(triangle, np.eye(k.size))
    left = (values - design @ solution) / errors
    return WeakDensity(
        float(cutoff),
        k,
        width * solution,
        width[:, None] * (inverse @ inverse.T) * width,
        last,
        float(left[1:] @ left[1:]),
    )


def _checked_points(
    wave_number: ArrayLike, form_factor: ArrayLike, error: ArrayLike
) -> tuple[Array, Array, Array]:
    q, f, sigma = (np.asarray(value, dtype=np.float64) for value in (wave_number, form_factor, error))
    if q.ndim != 1 or q.size == 0 or not (q.shape == f.shape == sigma.shape):
        raise OutOfRangeError(
            f"q, F and error have shapes {q.shape}, {f.shape}, {sigma.shape}: must be equal columns that are not empty"
        )
    if not (np.isfinite(q).all() and np.isfinite(f).all() and np.isfinite(sigma).all()):
        raise OutOfRangeError("q, F and error must be finite")
    require(q >= 0.0, q, "q", "1/fm", ">= 0")
    require(sigma > 0.0, sigma, "error of F", "", "> 0")
    return q, f, sigma


def _interpolation(q: Array, k: Array, cutoff: float, term: NDArray[np.int64]) -> Array:
    """F(q) of unit coefficients, shape (q, term): 2 (-1)^v q_v^2 sin(qR)/[qR (q^2 - q_v^2)] without its removable poles."""
    at_rest = q[:, None] * cutoff < 1e-6
    safe = np.where(at_rest, 1.0, q[:, None])
    minus, plus = ((safe + sign * k) * cutoff / np.pi for sign in (-1.0, 1.0))
    value = k / safe * (np.sinc(minus) - np.sinc(plus))
    return np.where(at_rest, -2.0 * np.where(term % 2 == 0, 1.0, -1.0), value)


def form_factor_points(
    expectation: Expectation, counts: ArrayLike | None = None, background: ArrayLike = 0.0
) -> tuple[Array, Array, Array]:
    """Form factor from counts in bins of the recoil energy, for `weak_density`.

    F^2 of a bin is the counts over those of point nuclei with the same weak charge. F is taken positive: the recoils must end
    before its first zero. Neighbouring bins are independent; errors are Poisson's, that of the flux is not among them.

    Parameters
    ----------
    expectation : Expectation
        Flux and detector with bins in keV of the recoil (``nr``), narrow against the range in which F changes.
    counts : array_like, shape (bin,), optional
        Measured, with background; what is expected by default (a simulation without fluctuations).
    background : array_like
        Expected in each bin; subtracted.

    Returns
    -------
    wave_number, form_factor, error : ndarray, shape (bin,)
        q at the mean recoil of the bin's events (1/fm), F and its standard error; bins without events are left out.

    Raises
    ------
    OutOfRangeError
        For a detector that measures no recoil energies, or counts not above the background.
    """
    if expectation.detector.response.unit != "nr":
        raise OutOfRangeError(
            f"{expectation.detector.name}: bins must be in recoil energy (nr), not {expectation.detector.response.unit}"
        )
    noise = np.broadcast_to(np.asarray(background, dtype=np.float64), (expectation.edges.size - 1,))
    observed = expectation.counts() + noise if counts is None else np.asarray(counts, dtype=np.float64)
    made = AmplitudeTemplates.of(expectation)
    point, mean = np.zeros(noise.shape), np.zeros(noise.shape)
    for one, q, weight in zip(made.scattering, made.wave_number, made.weight, strict=True):
        for flavor, each in zip(made.flavors, weight, strict=True):
            g_p, g_n = one.couplings.vector_couplings(flavor)
            charge = one.nucleus.charge_number * g_p + one.nucleus.neutron_number * g_n
            per_node = each * charge**2
            point += per_node.sum(axis=1)
            mean += per_node @ q
    seen = point > 0.0
    squared = (observed[seen] - noise[seen]) / point[seen]
    require(
        squared > 0.0, squared, "counts less background, over those of point nuclei", "", "> 0 in each bin"
    )
    form_factor = np.sqrt(squared)
    error = 0.5 * np.sqrt(observed[seen]) / point[seen] / form_factor
    return mean[seen] / point[seen], form_factor, error
