"""Zeros of a net rate, and integrals over what lies between two radii: arrays in, numbers out."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

__all__ = [
    "GainIntegrals",
    "gain_integrals",
    "gain_radius",
    "integrals_over",
    "shell_volumes",
    "sign_changes",
]


@dataclass(frozen=True)
class GainIntegrals:
    """Rates over a shell; erg/s and g.

    Attributes
    ----------
    gross_heating, cooling, net_heating : float
        int heating dV, int cooling dV and their difference, dV = 4 pi r^2 dr/Gamma, erg/s.
    mass : float
        Rest mass, g.
    """

    gross_heating: float
    cooling: float
    net_heating: float
    mass: float


def shell_volumes(radius_interface: Array, gamma: Array, inner: float, outer: float) -> Array:
    """Proper volume 4 pi r^2 dr/Gamma of the part of each zone between two radii.

    Parameters
    ----------
    radius_interface : ndarray, shape (interface,)
        cm.
    gamma : ndarray, shape (zone,)
        Gamma of the zones; ones for flat space.
    inner, outer : float
        cm.

    Returns
    -------
    ndarray, shape (zone,)
        cm^3.
    """
    edges = np.clip(radius_interface, inner, max(inner, outer))
    return 4.0 * math.pi / 3.0 * np.diff(edges**3) / gamma


def gain_integrals(
    radius_interface: Array,
    heating: Array,
    cooling: Array,
    density: Array,
    gamma: Array,
    inner: float,
    outer: float,
    lapse: Array | None = None,
) -> GainIntegrals:
    """Heating and cooling between two given radii.

    A zone that is cut counts with its share of the volume: integrals over adjoining shells add up exactly,
    and the error is second order in the zone width.

    Parameters
    ----------
    radius_interface : ndarray, shape (interface,)
        cm.
    heating, cooling : ndarray, shape (zone,)
        erg/cm^3/s, per proper volume and time; multiply rates per gram by the density first.
    density : ndarray, shape (zone,)
        Rest-mass density, g/cm^3.
    gamma : ndarray, shape (zone,)
        Gamma of the metric; ones for flat space.
    inner, outer : float
        cm.
    lapse : ndarray, shape (zone,), optional
        If given, rates are weighted with alpha^2: energy and time as counted at infinity.

    Returns
    -------
    GainIntegrals
        NaN throughout where a radius is NaN.

    Examples
    --------
    >>> edges, one = np.array([0.0, 1.0, 2.0]), np.ones(2)
    >>> total = gain_integrals(edges, 3.0 * one, one, one, one, 0.0, 1.5)
    >>> round(total.net_heating / total.mass, 12)
    2.0
    """
    if math.isnan(inner) or math.isnan(outer):
        return GainIntegrals(math.nan, math.nan, math.nan, math.nan)
    volume = shell_volumes(radius_interface, gamma, inner, outer)
    return integrals_over(volume, heating, cooling, density, lapse)


def integrals_over(
    volume: Array, heating: Array, cooling: Array, density: Array, lapse: Array | None = None
) -> GainIntegrals:
    """Heating and cooling of given parts of the zones.

    Parameters
    ----------
    volume : ndarray, shape (zone,)
        Proper volume of the part of each zone that counts, cm^3.
    heating, cooling, density, lapse
        As of `gain_integrals`.
    """
    weight = volume if lapse is None else volume * lapse**2
    gross, lost = float(np.sum(heating * weight)), float(np.sum(cooling * weight))
    return GainIntegrals(gross, lost, gross - lost, float(np.sum(density * volume)))


def sign_changes(radius: Array, net: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Zeros of a sampled net rate, interpolated linearly; samples that are exactly 0 are passed over.

    Parameters
    ----------
    radius, net : ndarray, shape (zone,)
        cm, and any rate.

    Returns
    -------
    radii : ndarray
        Every zero, rising, cm.
    upward : ndarray of bool
        Whether the rate rises through it.
    """
    keep = (net != 0.0) & ~np.isnan(net)
    r, q = radius[keep], net[keep]
    at = np.flatnonzero((q[:-1] > 0.0) != (q[1:] > 0.0))
    zeros = r[at] - q[at] * (r[at + 1] - r[at]) / (q[at + 1] - q[at])
    return zeros, q[at + 1] > 0.0


def gain_radius(radius: Array, net: Array, outer: float) -> float:
    """Outermost radius below `outer` where the net rate changes sign from below zero.

    Parameters
    ----------
    radius : ndarray, shape (zone,)
        Where the rate is sampled, cm.
    net : ndarray, shape (zone,)
        Heating minus cooling, any unit.
    outer : float
        Shock radius, or the edge of the grid, cm.

    Returns
    -------
    float
        cm; NaN if there is none.
    """
    inside = radius < outer
    zeros, upward = sign_changes(radius[inside], net[inside])
    return float(zeros[upward][-1]) if upward.any() else math.nan
