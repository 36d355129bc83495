"""Linear diffusion, alone or exchanging energy with matter: problems with known answers for the integrator in time.

    capacity du/dt = (1/A) d/dx [A D du/dx] + coupling (v - u),      matter_capacity dv/dt = coupling (u - v)

in plane (A = 1) or spherical (A = r^2) symmetry, D = 1/(3 kappa) and capacity 1/c for radiation. Without a flux limiter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snsim.transport.implicit import Linearised

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Boundary:
    """Flux into the grid, through a face: `exchange` (`source` - u) with u at the face; no flux by default.

    Marshak's condition u - (2/3 kappa) du/dn = s has exchange 1/2 and source s; streaming out of the grid exchange 1 and
    source 0.
    """

    exchange: float = 0.0
    source: float = 0.0


@dataclass(frozen=True)
class LinearDiffusion:
    """Finite volumes; u per zone, or u and v where matter takes part.

    Attributes
    ----------
    edges : ndarray, shape (interface,)
        x or r.
    opacity : ndarray, shape (zone,)
        kappa, D = 1/(3 kappa).
    spherical : bool
        Areas r^2 and volumes (r_+^3 - r_-^3)/3.
    capacity : float
        1/c of radiation.
    coupling : float
        Absorption opacity; without it matter is left out.
    matter_capacity : float
        Of v.
    inner, outer : Boundary
        At the first and last edge.
    """

    edges: Array
    opacity: Array
    spherical: bool = False
    capacity: float = 1.0
    coupling: float = 0.0
    matter_capacity: float = 1.0
    inner: Boundary = Boundary()
    outer: Boundary = Boundary()

    @property
    def block(self) -> int:
        """Unknowns per zone."""
        return 2 if self.coupling > 0.0 else 1

    @property
    def names(self) -> tuple[str, ...]:
        """What the unknowns are."""
        return ("radiation", "matter")[: self.block]

    @property
    def centres(self) -> Array:
        """Midpoints, where u stands."""
        return 0.5 * (self.edges[1:] + self.edges[:-1])

    @property
    def volume(self) -> Array:
        """Of zones."""
        return np.diff(self.edges**3) / 3.0 if self.spherical else np.diff(self.edges)

    @property
    def largest_change(self) -> Array:
        """No bound: one Newton step solves a linear problem."""
        return np.full(self.block, np.inf)

    @property
    def weight(self) -> Array:
        """Every zone counts in the control of the step."""
        return np.ones((self.edges.size - 1, self.block))

    @property
    def conductance(self) -> Array:
        """Flux times area over the difference of u, at edges; at the ends against the boundary's source."""
        area = self.edges**2 if self.spherical else np.ones_like(self.edges)
        half = 1.5 * self.opacity * np.diff(self.edges)  # resistance 3 kappa dx/2 of half a zone
        resistance = np.full_like(self.edges, np.inf)
        resistance[1:-1] = half[1:] + half[:-1]
        for edge, end, boundary in ((0, 0, self.inner), (-1, -1, self.outer)):
            if boundary.exchange > 0.0:
                resistance[edge] = half[end] + 1.0 / boundary.exchange
        return area / resistance

    def conserved(self, y: Array) -> Array:
        """Energy of radiation, and of matter, in zones."""
        return self.volume[:, None] * np.array([self.capacity, self.matter_capacity])[: self.block] * y

    def outflow(self, y: Array) -> float:
        """Energy that leaves through both ends per time."""
        ends = self.conductance[[0, -1]] * (y[[0, -1], 0] - [self.inner.source, self.outer.source])
        return float(ends.sum())

    def linearise(self, y: Array) -> Linearised:
        """See `Problem`; fluxes from zone to zone are the same number in both."""
        zones, size = y.shape
        conductance, u = self.conductance, y[:, 0]
        beyond = np.concatenate([[self.inner.source], u, [self.outer.source]])
        flux = -conductance * np.diff(beyond)
        rates, scale = np.zeros_like(y), np.zeros_like(y)
        rates[:, 0] = np.diff(flux)
        scale[:, 0] = np.abs(flux[1:]) + np.abs(flux[:-1])
        lower, diagonal, upper, slope = (np.zeros((zones, size, size)) for _ in range(4))
        lower[1:, 0, 0] = upper[:-1, 0, 0] = -conductance[1:-1]
        diagonal[:, 0, 0] = conductance[1:] + conductance[:-1]
        slope[:, 0, 0] = self.volume * self.capacity
        if size == 2:
            exchange = self.coupling * self.volume
            gain = exchange * (y[:, 1] - u)
            rates[:, 0] -= gain
            rates[:, 1] += gain
            scale += (exchange * (np.abs(y[:, 1]) + np.abs(u)))[:, None]
            diagonal[:, 0, 0] += exchange
            diagonal[:, 0, 1] -= exchange
            diagonal[:, 1, 0] -= exchange
            diagonal[:, 1, 1] += exchange
            slope[:, 1, 1] = self.volume * self.matter_capacity
        return Linearised(self.conserved(y), rates, scale, slope, lower, diagonal, upper)
