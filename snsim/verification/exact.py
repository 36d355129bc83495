"""Closed forms: what has none stands in data/."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(400)


def sphere_emergent(depth: float) -> float:
    """Flux of an absorbing sphere of optical radius `depth` over that of a black one, 4 H(R)/B.

    Examples
    --------
    >>> round(sphere_emergent(4.0), 8)
    0.96884435
    """
    return float(1.0 - (1.0 - (1.0 + 2.0 * depth) * np.exp(-2.0 * depth)) / (2.0 * depth**2))


def sphere_moments(radius: ArrayLike, depth: float) -> tuple[Array, Array, Array]:
    """J, H and K of a homogeneous sphere that absorbs and emits, over its source function (Smit et al. 1997).

    Parameters
    ----------
    radius : array_like, shape (...)
        In radii of the sphere.
    depth : float
        Optical radius.

    Notes
    -----
    I(mu) = 1 - exp(-depth s) with s = r mu + g inside and 2 g outside, g = sqrt(1 - r^2 (1 - mu^2)); Gauss's rule in the
    impact parameter b = r sqrt(1 - mu^2), where I is smooth but for the square root at b = 1 that b = sin(theta) removes.
    """
    r = np.asarray(radius, dtype=np.float64)[..., None]
    inside = r < 1.0
    # inside: mu in -1..1 in two halves; outside: the disc, b = sin(theta), theta in 0..pi/2
    half = 0.5 * (_NODES + 1.0)
    near, away = np.where(inside, r, 0.0), np.where(inside, 1.0, r)
    mu_in = np.concatenate([-half, half])
    weight_in = 0.5 * np.concatenate([_WEIGHTS, _WEIGHTS])
    theta = 0.25 * np.pi * (_NODES + 1.0)
    root = np.sqrt(np.maximum(1.0 - near**2 * (1.0 - mu_in**2), 0.0))
    within = -np.expm1(-depth * np.maximum(near * mu_in + root, 0.0))
    mu_out = np.sqrt(1.0 - (np.sin(theta) / away) ** 2)
    weight_out = 0.25 * np.pi * _WEIGHTS * np.sin(theta) * np.cos(theta) / (away**2 * mu_out)
    beyond = -np.expm1(-2.0 * depth * np.cos(theta))
    moments = []
    for power in range(3):
        deep = (within * mu_in**power * weight_in).sum(axis=-1)
        far = (beyond * mu_out**power * weight_out).sum(axis=-1)
        moments.append(0.5 * np.where(inside[..., 0], deep, far))
    return moments[0], moments[1], moments[2]


def gaussian_pulse(radius: ArrayLike, time: float, opacity: float, start: float) -> Array:
    """E of a pulse that spreads by diffusion with c = 1, `time` after it began at the age `start`.

    Pons, Ibanez & Miralles 2000, MNRAS 317, 550; O'Connor 2015, ApJS 219, 24.
    """
    age = start + time
    return (opacity / age) ** 1.5 * np.exp(-3.0 * opacity * np.asarray(radius) ** 2 / (4.0 * age))


def uniform_star_lapse(radius: ArrayLike, surface: float, compactness: float) -> Array:
    """Lapse of a star of uniform density and of space around it (Schwarzschild 1916); compactness = 2GM/(Rc^2)."""
    x = np.asarray(radius, dtype=np.float64) / surface
    at_surface = np.sqrt(1.0 - compactness)
    inside = 1.5 * at_surface - 0.5 * np.sqrt(1.0 - compactness * np.minimum(x, 1.0) ** 2)
    return np.where(x < 1.0, inside, np.sqrt(1.0 - compactness / np.maximum(x, 1.0)))


def uniform_star_gamma(radius: ArrayLike, surface: float, compactness: float) -> Array:
    """Gamma = sqrt(1 - 2Gm/(rc^2)) of the same."""
    x = np.asarray(radius, dtype=np.float64) / surface
    return np.sqrt(1.0 - compactness * np.where(x < 1.0, x**2, 1.0 / np.maximum(x, 1.0)))
