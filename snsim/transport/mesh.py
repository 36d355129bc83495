"""Zones and metric without matter: what the transport operator itself needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from snsim.transport._kernels.geometry import Geometry, Reach, dilute

Array = NDArray[np.float64]


class Metric(Protocol):
    """Zones and metric: a `Mesh` or a `Background`."""

    @property
    def radius_interface(self) -> Array:
        """Areal radius of zone edges, cm."""
        ...

    @property
    def radius(self) -> Array:
        """Zone centres, cm."""
        ...

    @property
    def lapse(self) -> Array:
        """Lapse of zones."""
        ...

    @property
    def lapse_interface(self) -> Array:
        """Lapse at edges."""
        ...

    @property
    def gamma(self) -> Array:
        """Gamma of zones."""
        ...

    @property
    def gamma_interface(self) -> Array:
        """Gamma at edges."""
        ...


@dataclass(frozen=True)
class Mesh:
    """Zones in a static spherical metric, ds^2 = -alpha^2 c^2 dt^2 + dr^2/Gamma^2 + r^2 dOmega^2.

    Attributes
    ----------
    radius_interface : ndarray, shape (interface,)
        Areal radius of zone edges, cm; the first is 0 unless space is hollow.
    radius : ndarray, shape (zone,)
        Zone centres, cm.
    lapse, lapse_interface, gamma, gamma_interface : ndarray, shape (zone,), (interface,)
        alpha and Gamma.
    """

    radius_interface: Array
    radius: Array
    lapse: Array
    lapse_interface: Array
    gamma: Array
    gamma_interface: Array

    @classmethod
    def flat(cls, radius_interface: Array) -> Mesh:
        """Zones in flat space."""
        edges = np.ascontiguousarray(radius_interface, dtype=np.float64)
        centres = 0.5 * (edges[1:] + edges[:-1])
        zones, interfaces = np.ones_like(centres), np.ones_like(edges)
        return cls(edges, centres, zones, interfaces, zones, interfaces)


def geometry_of(metric: Metric) -> Geometry:
    """Finite volumes of the operator."""
    edges, centres = metric.radius_interface, metric.radius
    spacing = np.ones_like(edges)
    spacing[1:-1] = np.diff(centres)
    return Geometry(
        area=edges**2 / metric.lapse_interface**2,
        volume=np.diff(edges**3) / (3.0 * metric.gamma * metric.lapse**2),
        gamma=metric.gamma_interface.copy(),
        spacing=spacing,
        lapse=metric.lapse.copy(),
        radius=centres.copy(),
        edge=edges.copy(),
    )


def diluted_reach(geometry: Geometry, columns: int) -> Reach:
    """Edge values to first order: r^2 x constant between a centre and its edges."""
    reach = Reach(*(np.ones((geometry.edge.size, columns)) for _ in range(2)))
    dilute(geometry, reach)
    return reach
