"""Formal solution of the Boltzmann equation along tangent rays: the angular moments of the radiation that a source emits.

f at fixed energy at infinity obeys df/dl = kappa (S - f) along rays that are straight lines in X = r/alpha, with a proper
path dl = alpha/(Gamma (1 - r dPhi/dr)) dZ = (dr/Gamma)/dX dZ: redshift and bending of light are both exact. The last form
needs nothing but the lapse at the nodes and makes radial optical depths exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from microphysics.errors import OutOfRangeError
from snsim.errors import ProfileError
from snsim.transport._kernels import rays as kernels
from snsim.transport.mesh import Metric

Array = NDArray[np.float64]

CORE_RAYS = 8
KINK = 1.5  # ratio of the opacities on either side of an edge that asks for rays just inside it
TRANSPARENT = 1e-3  # optical depth along the longest chord of a zone below which nothing is seen of its edge
DARK = 1e-280  # J of a field with hardly a digit left in its moments
JUST_INSIDE = tuple(4.0**-n for n in range(1, 7))  # of the half zone below the edge


@dataclass(frozen=True)
class RayMoments:
    """Moments of the occupation over angle, J = (1/2) int f dmu, H with mu, K with mu^2.

    Attributes
    ----------
    mean_intensity, mean_intensity_interface : ndarray, shape (zone, group), (interface, group)
        J.
    flux : ndarray, shape (interface, group)
        H.
    eddington_factor, eddington_factor_interface : ndarray, shape (zone, group), (interface, group)
        k = K/J; 1/3 where there is no radiation.
    outflow : ndarray, shape (group,)
        H/J at the outer edge; 1/2 where there is no radiation.
    """

    mean_intensity: Array
    mean_intensity_interface: Array
    flux: Array
    eddington_factor: Array
    eddington_factor_interface: Array
    outflow: Array


def formal_solution(
    metric: Metric,
    opacity: Array,
    source: Array,
    core_rays: int = CORE_RAYS,
    zones_per_ray: int = 1,
) -> RayMoments:
    """Moments of the radiation of a known source, none coming in from outside.

    Opacity and source are linear inside a zone and may jump at its edges, which are nodes of the rays like the centres.
    Second order in the size of zones, if opacity and source have their jumps and kinks at edges.

    Parameters
    ----------
    metric : Metric
        Zones, lapse and Gamma.
    opacity, source : ndarray, shape (zone, group)
        kappa in 1/cm and S = emission/kappa as an occupation, both >= 0.
    core_rays : int
        Rays that pass the innermost zone's centre, at equal steps of the impact parameter.
    zones_per_ray : int
        1: a ray touches every edge and every centre; n > 1: only every n-th centre.

    Returns
    -------
    RayMoments
        On zones and edges.

    Raises
    ------
    ProfileError
        If r/alpha does not rise outwards: a photon sphere lies on the grid and rays turn more than once.
    OutOfRangeError
        If an opacity or a source is negative or not finite, or a count below 1.

    Notes
    -----
    Mihalas & Mihalas 1984, section 83, for flat space. In the metric ds^2 = -alpha^2 c^2 dt^2 + dr^2/Gamma^2 + r^2 dOmega^2
    the impact parameter b = r sqrt(1 - mu^2)/alpha is a constant of motion.
    """
    _validate(opacity, source, core_rays, zones_per_ray)
    layout = ray_layout(metric, opacity, opacity * source, core_rays, zones_per_ray)
    return trace(metric, layout, opacity, source)


def _validate(opacity: Array, source: Array, core_rays: int, zones_per_ray: int) -> None:
    for name, values in (("opacity", opacity), ("source", source)):
        bad = ~((values >= 0.0) & np.isfinite(values))
        if bad.any():
            zone, group = np.argwhere(bad)[0]
            raise OutOfRangeError(
                f"{name} = {values[zone, group]} in zone {zone}, group {group}: must be finite and >= 0"
            )
    for name, count in (("core_rays", core_rays), ("zones_per_ray", zones_per_ray)):
        if count < 1:
            raise OutOfRangeError(f"{name} = {count}: must be at least 1")


def ray_layout(
    metric: Metric, opacity: Array, emission: Array, core_rays: int = CORE_RAYS, zones_per_ray: int = 1
) -> kernels.Rays:
    """Impact parameters, and where rays turn.

    A tangent ray sees a jump of the opacity at b = X_edge as a square root on its inner side: rays just inside each such
    edge keep the integral over angle from smearing it over a zone.
    """
    nodes = optical_radius(metric)
    gamma = np.empty_like(nodes)
    gamma[0::2], gamma[1::2] = metric.gamma_interface, metric.gamma
    radius = np.empty_like(nodes)
    radius[0::2], radius[1::2] = metric.radius_interface, metric.radius
    path = np.diff(radius) / (0.5 * (gamma[1:] + gamma[:-1])) / np.diff(nodes)
    first = 1 if nodes[0] == 0.0 else 0
    core = nodes[first] * np.arange(core_rays) / core_rays
    tangent = nodes[first:-1] if zones_per_ray == 1 else nodes[1::2][::zones_per_ray]
    edge = 2 * (1 + np.flatnonzero(_kinks(metric, opacity, opacity) | _kinks(metric, opacity, emission)))
    inside = [nodes[edge] - share * (nodes[edge] - nodes[edge - 1]) for share in JUST_INSIDE]
    impact = np.unique(np.concatenate([core, tangent, *inside]))
    segment = np.maximum(np.searchsorted(nodes, impact, side="right") - 1, 0)
    lowest = np.where((impact <= nodes[segment]), segment, segment + 1)
    jumps = np.union1d(nodes[edge], nodes[-1])
    kink = jumps[np.searchsorted(jumps, impact)]
    return kernels.Rays(nodes, path, impact, segment, lowest, kink)


def optical_radius(metric: Metric) -> Array:
    """X = r/alpha of edges and centres in turn, shape (2 zone + 1,), cm.

    Raises
    ------
    ProfileError
        If it does not rise.
    """
    nodes = np.empty(2 * metric.radius.size + 1)
    nodes[0::2] = metric.radius_interface / metric.lapse_interface
    nodes[1::2] = metric.radius / metric.lapse
    falling = np.flatnonzero(np.diff(nodes) <= 0.0)
    if falling.size:
        zone = falling[0] // 2
        raise ProfileError(
            f"r dPhi/dr >= 1 at r = {metric.radius[zone] / 1e5:.4g} km (zone {zone}): a photon sphere lies on the grid, "
            "and the tangent rays of the eddington scheme need r/alpha to rise outwards; use the multigroup scheme there"
        )
    return nodes


def _kinks(metric: Metric, opacity: Array, field: Array) -> NDArray[np.bool_]:
    """Whether a field jumps at the outer edge of a zone, shape (zone,), in a group not transparent along the chords there."""
    lower, upper = np.empty_like(field), np.empty_like(field)
    kernels.edge_values(field, metric.radius, metric.radius_interface, lower, upper)
    inside, outside = upper, np.append(lower[1:], np.zeros((1, field.shape[1])), axis=0)
    jumps = np.maximum(inside, outside) > KINK * np.minimum(inside, outside)
    edges = metric.radius_interface
    chord = 2.0 * np.sqrt(np.diff(edges) * (edges[1:] + edges[:-1]))[:, None] * opacity
    chord[:-1] = np.maximum(chord[1:], chord[:-1])
    return np.any(jumps & (chord > TRANSPARENT), axis=1, keepdims=True)[:, 0]


def optical_path(metric: Metric, opacity: Array) -> Array:
    """Optical depth along the radius times Gamma of half zones, int kappa dr, shape (2 zone, group)."""
    lower, upper = _halves(metric, opacity)
    radius = np.empty(2 * metric.radius.size + 1)
    radius[0::2], radius[1::2] = metric.radius_interface, metric.radius
    return 0.5 * (lower + upper) * np.diff(radius)[:, None]


def _halves(metric: Metric, field: Array) -> tuple[Array, Array]:
    """Values at the lower and the upper end of every half zone, shape (2 zone, group)."""
    shape = (2 * field.shape[0], field.shape[1])
    lower, upper = np.empty(shape), np.empty(shape)
    kernels.segment_values(field, metric.radius, metric.radius_interface, lower, upper)
    return lower, upper


def trace(metric: Metric, layout: kernels.Rays, opacity: Array, source: Array) -> RayMoments:
    """Moments along rays that are laid out already."""
    zones, groups = opacity.shape
    moments = kernels.Moments(*(np.empty((2 * zones + 1, groups)) for _ in range(3)))
    lower, upper = _halves(metric, opacity)
    kernels.formal_solution(layout, 0.5 * (lower + upper), *_halves(metric, source), moments)
    mean, flux, second = moments
    shine = mean > DARK
    factor = np.divide(second, mean, out=np.full_like(mean, 1.0 / 3.0), where=shine)
    outflow = np.divide(flux[-1], mean[-1], out=np.full(groups, 0.5), where=shine[-1])
    return RayMoments(
        mean_intensity=mean[1::2].copy(),
        mean_intensity_interface=mean[0::2].copy(),
        flux=flux[0::2].copy(),
        eddington_factor=factor[1::2].copy(),
        eddington_factor_interface=factor[0::2].copy(),
        outflow=outflow,
    )
