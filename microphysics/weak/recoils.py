"""Recoil spectra of a neutrino flux: three moments of the flux above the smallest energy replace the integral over energy.

dsigma/dT = c0 + c1/E + c2/E^2, so that int f dsigma/dT dE = c0 M_0 + c1 M_1 + c2 M_2 with M_k = int_{E_min(T)} f E^-k dE.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics._jit import njit
from microphysics.errors import OutOfRangeError
from microphysics.weak.cevns import CEvNS

Array = NDArray[np.float64]

_EMPTY: tuple[float, ...] = ()


def smallest_energy(recoil_energy: ArrayLike, mass: ArrayLike) -> Array:
    """Return the smallest neutrino energy that gives a recoil, [T + sqrt(T^2 + 2MT)]/2, MeV."""
    t = np.asarray(recoil_energy, dtype=np.float64)
    return 0.5 * (t + np.sqrt(t * (t + 2.0 * np.asarray(mass))))


@dataclass(frozen=True, eq=False)
class FluxMoments:
    """Integrals from above of a flux f, f/E and f/E^2, made once per flux.

    The flux is the straight line between its points, integrated exactly, and zero outside; lines of one energy may be
    added.

    Attributes
    ----------
    energy : ndarray, shape (energy,)
        Increasing, MeV, >= 0.
    flux : ndarray, shape (energy,)
        Per MeV (per area, per time as the caller likes).
    line_energy, line_flux : ndarray, shape (line,)
        Monochromatic parts, MeV and the unit of the flux times MeV.
    above : ndarray, shape (3, energy)
        int_{E_i} f E^-k dE over the continuous part, k = 0, 1, 2.

    Examples
    --------
    >>> moments = FluxMoments.of([1.0, 3.0], [1.0, 1.0])
    >>> moments.at(2.0).round(6).tolist()
    [1.0, 0.405465, 0.166667]
    """

    energy: Array
    flux: Array
    line_energy: Array
    line_flux: Array
    above: Array

    @classmethod
    def of(
        cls,
        energy: ArrayLike,
        flux: ArrayLike,
        line_energy: ArrayLike = _EMPTY,
        line_flux: ArrayLike = _EMPTY,
    ) -> FluxMoments:
        """Return the moments of a tabulated flux.

        Parameters
        ----------
        energy, flux : array_like, shape (energy,)
            At least two points (or none, if there are lines).
        line_energy, line_flux : array_like, shape (line,)
            Monochromatic parts.

        Raises
        ------
        OutOfRangeError
            If shapes differ or energies are negative, do not increase or are not finite.
        """
        e, f, x, n = (
            np.ascontiguousarray(v, dtype=np.float64) for v in (energy, flux, line_energy, line_flux)
        )
        if e.ndim != 1 or e.shape != f.shape or x.ndim != 1 or x.shape != n.shape or e.size == 1:
            raise OutOfRangeError(
                f"energy and flux have shapes {e.shape} and {f.shape}, lines {x.shape} and {n.shape}: they must be"
                " one-dimensional and pairwise equal, with at least two points"
            )
        if not (np.all(np.diff(e) > 0.0) and np.all(e[:1] >= 0.0) and np.all(x > 0.0)):
            raise OutOfRangeError("energy must be positive and increase from point to point")
        if not all(np.isfinite(v).all() for v in (e, f, x, n)):
            raise OutOfRangeError("energy and flux must be finite")
        if not (np.all(f >= 0.0) and np.all(n >= 0.0)):
            raise OutOfRangeError(
                f"flux = {min(f.min(initial=0.0), n.min(initial=0.0)):g}: must not be negative"
            )
        return cls(e, f, x, n, _integrals_from_above(e, f))

    @classmethod
    def of_lines(cls, line_energy: ArrayLike, line_flux: ArrayLike) -> FluxMoments:
        """Return the moments of monochromatic neutrinos alone."""
        return cls.of((), (), np.atleast_1d(line_energy), np.atleast_1d(line_flux))

    def at(self, energy: ArrayLike) -> Array:
        """Return M_0, M_1, M_2 above given energies.

        Parameters
        ----------
        energy : array_like
            E_min > 0, MeV.

        Returns
        -------
        ndarray, shape (3, ...)
            Unit of the flux times MeV, 1 and 1/MeV; the upper end of the flux counts, E = E_min of a line too.
        """
        e = np.asarray(energy, dtype=np.float64)
        if not np.all(e > 0.0):
            raise OutOfRangeError(f"energy = {np.min(e)} MeV: must be positive")
        flat = np.ascontiguousarray(e.ravel())
        result = np.empty((3, flat.size))
        _moments_above(flat, self.energy, self.flux, self.above, self.line_energy, self.line_flux, result)
        return result.reshape((3, *e.shape))


@dataclass(frozen=True, eq=False)
class RecoilTemplate:
    """Flux moments at fixed recoil energies of one nucleus, for scans: a spectrum is three products.

    Attributes
    ----------
    recoil_energy : ndarray, shape (recoil,)
        MeV, > 0.
    moments : ndarray, shape (3, recoil)
        M_k above the smallest neutrino energy of each recoil.
    """

    recoil_energy: Array
    moments: Array

    @classmethod
    def of(cls, flux: FluxMoments, recoil_energy: ArrayLike, mass: Any) -> RecoilTemplate:
        """Return the template of a flux on a nucleus of given mass (MeV)."""
        t = _checked(recoil_energy)
        return cls(t, flux.at(smallest_energy(t, mass)))

    def spectrum(self, coefficients: tuple[Any, Any, Any]) -> Any:
        """Return c0 M_0 + c1 M_1 + c2 M_2, shape (recoil,), for `CEvNS.recoil_coefficients` at the same recoils."""
        c0, c1, c2 = coefficients
        m0, m1, m2 = self.moments
        return c0 * m0 + c1 * m1 + c2 * m2


def recoil_spectrum(
    cross_section: CEvNS, flux: FluxMoments, recoil_energy: ArrayLike, flavor: str = "nue"
) -> Any:
    """Rate of recoils per nucleus and energy in a flux of one flavour.

    Parameters
    ----------
    cross_section : CEvNS
        One nucleus.
    flux : FluxMoments
        Flux of that flavour, for instance in 1/(cm^2 s MeV).
    recoil_energy : array_like, shape (recoil,)
        T, MeV, > 0.
    flavor : str
        nue, anue, numu, anumu, nutau, anutau.

    Returns
    -------
    ndarray, shape (recoil,)
        int f dsigma/dT dE, cm^2/MeV times the unit of flux times MeV.
    """
    t = _checked(recoil_energy)
    coefficients = cross_section.recoil_coefficients(t, flavor)
    return RecoilTemplate.of(flux, t, cross_section.nucleus.mass).spectrum(coefficients)


def prepared_spectrum(
    flux: FluxMoments, recoil_energy: Array, mass: float, coefficients: tuple[Array, Array, Array]
) -> Array:
    """Return the spectrum of a flux for coefficients at hand, in one kernel.

    Parameters
    ----------
    flux : FluxMoments
        New flux, for instance of the next time step.
    recoil_energy : ndarray, shape (recoil,)
        T, MeV, > 0.
    mass : float
        Of the nucleus, MeV.
    coefficients : tuple of ndarray, shape (recoil,)
        From `CEvNS.recoil_coefficients`, real, all three arrays.
    """
    result = np.empty(recoil_energy.size)
    c0, c1, c2 = coefficients
    _spectrum(
        recoil_energy,
        float(mass),
        c0,
        c1,
        c2,
        flux.energy,
        flux.flux,
        flux.above,
        flux.line_energy,
        flux.line_flux,
        result,
    )
    return result


def _checked(recoil_energy: ArrayLike) -> Array:
    t = np.asarray(recoil_energy, dtype=np.float64)
    if not np.all(t > 0.0):
        raise OutOfRangeError(f"recoil_energy = {np.min(t)} MeV: must be positive")
    return t


@njit
def _cell(low: float, flux_low: float, high: float, flux_high: float) -> tuple[float, float, float]:
    """Integrals of a straight line times 1, 1/E and 1/E^2 between two energies, 0 < low <= high."""
    width = high - low
    slope = (flux_high - flux_low) / width if width > 0.0 else 0.0
    x = width / low
    log = np.log1p(x)
    if x < 1e-2:
        # x - ln(1+x) and ln(1+x) - x/(1+x) lose their digits in narrow cells
        first = x * x * (1.0 / 2 - x * (1.0 / 3 - x * (1.0 / 4 - x * (1.0 / 5 - x * (1.0 / 6 - x / 7)))))
        second = x * x * (1.0 / 2 - x * (2.0 / 3 - x * (3.0 / 4 - x * (4.0 / 5 - x * (5.0 / 6 - x * 6 / 7)))))
    else:
        first = x - log
        second = log - x / (1.0 + x)
    m0 = 0.5 * (flux_low + flux_high) * width
    m1 = flux_low * log + slope * low * first
    m2 = flux_low * width / (low * high) + slope * second
    return m0, m1, m2


@njit
def _integrals_from_above(energy: Array, flux: Array) -> Array:
    """Cumulative integrals from the upper end, shape (3, energy)."""
    count = energy.size
    above = np.zeros((3, count))
    for i in range(count - 2, -1, -1):
        if energy[i] > 0.0:
            m0, m1, m2 = _cell(energy[i], flux[i], energy[i + 1], flux[i + 1])
        else:
            # never looked up: every recoil has E_min > 0, and lies then inside this cell
            m0, m1, m2 = 0.5 * (flux[i] + flux[i + 1]) * energy[i + 1], np.inf, np.inf
        above[0, i] = above[0, i + 1] + m0
        above[1, i] = above[1, i + 1] + m1
        above[2, i] = above[2, i + 1] + m2
    return above


@njit
def _above(
    minimum: float, energy: Array, flux: Array, above: Array, line_energy: Array, line_flux: Array
) -> tuple[float, float, float]:
    """Three moments above one energy."""
    m0 = m1 = m2 = 0.0
    count = energy.size
    if count > 0 and minimum <= energy[0]:
        m0, m1, m2 = above[0, 0], above[1, 0], above[2, 0]
    elif count > 0 and minimum < energy[count - 1]:
        low, high = 0, count - 1
        while high - low > 1:
            middle = (low + high) // 2
            if energy[middle] <= minimum:
                low = middle
            else:
                high = middle
        share = (minimum - energy[low]) / (energy[high] - energy[low])
        value = flux[low] + share * (flux[high] - flux[low])
        m0, m1, m2 = _cell(minimum, value, energy[high], flux[high])
        m0 += above[0, high]
        m1 += above[1, high]
        m2 += above[2, high]
    for i in range(line_energy.size):
        if line_energy[i] >= minimum:
            m0 += line_flux[i]
            m1 += line_flux[i] / line_energy[i]
            m2 += line_flux[i] / line_energy[i] ** 2
    return m0, m1, m2


@njit
def _moments_above(
    minimum: Array,
    energy: Array,
    flux: Array,
    above: Array,
    line_energy: Array,
    line_flux: Array,
    result: Array,
) -> None:
    """Fill the moments above each energy, shape (3, minimum)."""
    for i in range(minimum.size):
        m0, m1, m2 = _above(minimum[i], energy, flux, above, line_energy, line_flux)
        result[0, i], result[1, i], result[2, i] = m0, m1, m2


@njit
def _spectrum(
    recoil: Array,
    mass: float,
    c0: Array,
    c1: Array,
    c2: Array,
    energy: Array,
    flux: Array,
    above: Array,
    line_energy: Array,
    line_flux: Array,
    result: Array,
) -> None:
    """Fill the spectrum at each recoil energy."""
    for i in range(recoil.size):
        t = recoil[i]
        minimum = 0.5 * (t + np.sqrt(t * (t + 2.0 * mass)))
        m0, m1, m2 = _above(minimum, energy, flux, above, line_energy, line_flux)
        result[i] = c0[i] * m0 + c1[i] * m1 + c2[i] * m2
