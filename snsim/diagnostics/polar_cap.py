"""Kick by one hot polar cap: where the opacity is suppressed, the neutrinosphere lies deeper and hotter."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from microphysics.errors import UnknownNameError, require
from microphysics.opacity import OpacitySpectra
from snsim.diagnostics.neutrinosphere import gray_opacity, optical_depth, radius_of_depth
from snsim.transport.background import Background
from snsim.transport.solution import TransportSolution

Array = NDArray[np.float64]
Values = float | Array

BEAMING = {"lambert": 2.0 / 3.0, "radial": 1.0}


def polar_cap_asymmetry(half_angle: Values, temperature_ratio: Values, beaming: str = "lambert") -> Array:
    """Momentum asymmetry of a sphere with one hot polar cap, surface flux ~ T^4.

    Parameters
    ----------
    half_angle : array_like
        Of the cap, rad, 0 to pi.
    temperature_ratio : array_like
        x = T_cap/T.
    beaming : str
        ``lambert`` (k = 2/3) or ``radial`` (k = 1).

    Returns
    -------
    ndarray
        alpha = (k/4) sin^2(theta) (x^4 - 1)/[((1 - cos theta) x^4 + 1 + cos theta)/2], energy held fixed.

    Raises
    ------
    OutOfRangeError
        For a ratio that is not positive.
    """
    if beaming not in BEAMING:
        raise UnknownNameError("beaming of the surface", beaming, BEAMING)
    require(np.asarray(temperature_ratio) > 0.0, temperature_ratio, "T_cap/T", "", "> 0")
    bright = np.asarray(temperature_ratio, dtype=np.float64) ** 4
    dipole = 0.25 * BEAMING[beaming] * np.sin(half_angle) ** 2 * (bright - 1.0)
    return dipole / polar_cap_brightening(half_angle, temperature_ratio)


def polar_cap_brightening(half_angle: Values, temperature_ratio: Values) -> Array:
    """Luminosity of the sphere with its cap over the one without, [(1 - cos) x^4 + 1 + cos]/2."""
    cosine = np.cos(half_angle)
    return 0.5 * ((1.0 - cosine) * np.asarray(temperature_ratio, dtype=np.float64) ** 4 + 1.0 + cosine)


def cap_temperature_ratio(opacity_factor: Values, density_slope: float, temperature_slope: float) -> Array:
    """T_cap/T where the opacity of a cap is multiplied by s, in a power-law atmosphere.

    Parameters
    ----------
    opacity_factor : array_like
        s < 1: the neutrinosphere of the cap lies deeper and hotter.
    density_slope, temperature_slope : float
        n and p of rho ~ r^-n, T ~ r^-p, with an opacity ~ rho T^2.

    Returns
    -------
    ndarray
        s^(-p/(n + 2p - 1)).

    Examples
    --------
    >>> round(float(cap_temperature_ratio(0.5, 5.0, 1.0)), 3)
    1.122
    """
    exponent = -temperature_slope / (density_slope + 2.0 * temperature_slope - 1.0)
    return np.asarray(opacity_factor, dtype=np.float64) ** exponent


def diffusive_temperature_ratio(opacity_factor: Values) -> Array:
    """T_cap/T of a cap whose flux is 1/s of the rest's, as of diffusion with an unchanged gradient: s^(-1/4).

    An upper bound: the gradient relaxes within a diffusion time, and what leaves through the cap is missing elsewhere.

    Parameters
    ----------
    opacity_factor : array_like
        s, > 0.
    """
    require(np.asarray(opacity_factor) > 0.0, opacity_factor, "opacity factor", "", "> 0")
    return np.asarray(opacity_factor, dtype=np.float64) ** -0.25


def cap_ratio_of_profile(
    background: Background, spectra: OpacitySpectra, solution: TransportSolution, opacity_factor: float
) -> Array:
    """T_cap/T of each species from the profile: matter at tau = 2/3 with the opacity times s, over without.

    Parameters
    ----------
    background, spectra, solution
        The stored run.
    opacity_factor : float
        s, > 0.

    Returns
    -------
    ndarray, shape (species,)
        NaN where a neutrinosphere is not on the grid.
    """
    require(opacity_factor > 0.0, opacity_factor, "opacity factor", "", "> 0")
    depth = optical_depth(background.radius_interface, background.gamma, gray_opacity(spectra, solution))
    spheres = [radius_of_depth(background.radius_interface, s * depth) for s in (opacity_factor, 1.0)]
    logarithm = np.log(background.matter.temperature)
    cap, rest = (np.interp(np.log(r), np.log(background.radius), logarithm) for r in spheres)
    return np.exp(cap - rest)
