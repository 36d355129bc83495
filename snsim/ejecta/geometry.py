"""How many neutrinos pass at a place, compared with an isotropic point source of the same luminosity."""

from __future__ import annotations

import math

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import NDArray

from snsim.diagnostics.nucleon_capture import sphere_flux_factor

Array = NDArray[np.float64]

__all__ = ["anisotropy", "disk_factor", "sphere_factor"]

_RINGS = 64


def sphere_factor(radius: Array, sphere: float) -> Array:
    """Return 2/[1 + sqrt(1 - (R/r)^2)], at most 2; NaN inside the sphere. Radii in one unit."""
    factor: Array = 1.0 / sphere_flux_factor(radius, sphere)
    return factor


def disk_factor(radius: Array, polar_angle: float, inner: float, outer: float) -> Array:
    """Return 4 pi r^2/L times c n, for Lambert emission from both faces of a thin ring.

    Parameters
    ----------
    radius : ndarray
        Distance from the centre.
    polar_angle : float
        rad, 0 on the axis of the ring.
    inner, outer : float
        Radii of the ring, in the unit of `radius`.

    Returns
    -------
    ndarray
        2 |cos theta| far away; a full solid angle counts once, however near.

    Notes
    -----
    With constant intensity, L = 2 pi I A and c n = I int cos(psi) dA/d^2, cos(psi) = z/d. Around each ring the integral is
    an elliptic one, int dphi/(a - b cos phi)^(3/2) = 4 E(m)/[(a - b) sqrt(a + b)], m = 2b/(a + b).

    Examples
    --------
    >>> float(disk_factor(np.array([1e6]), 0.0, 0.0, 1.0)[0].round(9))
    2.0
    """
    from scipy.special import ellipe

    x, z = radius * math.sin(polar_angle), radius * abs(math.cos(polar_angle))
    node, weight = leggauss(_RINGS)
    # panels meet below the parcel: there the integrand is steep
    below = np.clip(x, inner, outer)
    total = np.zeros_like(radius)
    for low, high in ((np.full_like(radius, inner), below), (below, np.full_like(radius, outer))):
        s = 0.5 * (low + high)[:, None] + 0.5 * (high - low)[:, None] * node
        a = (z**2 + x**2)[:, None] + s**2
        b = 2.0 * x[:, None] * s
        around = 4.0 * ellipe(2.0 * b / (a + b)) / ((a - b) * np.sqrt(a + b))
        total += np.sum(0.5 * (high - low)[:, None] * weight * s * z[:, None] * around, axis=1)
    return 4.0 * math.pi * radius**2 * total / (2.0 * math.pi * math.pi * (outer**2 - inner**2))


def anisotropy(polar_angle: float, excess: float) -> float:
    """Return (1 + b cos^2 theta)/(1 + b/3), whose mean over the sphere is 1."""
    return (1.0 + excess * math.cos(polar_angle) ** 2) / (1.0 + excess / 3.0)
