"""Angular integrals of isoenergetic scattering, done once in momentum transfer for all energies."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import NDArray

from microphysics.errors import OutOfRangeError
from microphysics.processes.settings import Settings

Array = NDArray[np.float64]

_NODES = 5  # a panel
_RATIO = 1.3  # of the ends of a panel: resolves the peak of S(q) and the diffraction minima of F(q) to 2e-5
_SMOOTH = 0.3  # of the softest scale of the integrand
_LOWEST = 0.03  # of the largest momentum transfer of the lowest energy; below, one panel


@dataclass(frozen=True)
class AngularQuadrature:
    """Nodes in q and the matrices that turn values there into integrals over the scattering angle.

    What a neutrino of energy E meets at an angle depends on q = 2 E sin(theta/2) alone, so that a function of q is
    evaluated once and serves every energy: int f(x) G(q(x)) dx = int f(1 - q^2/2k^2) G(q) q dq/k^2, k = E/(hbar c).

    Attributes
    ----------
    energy : ndarray, shape (energy,)
        MeV.
    q : ndarray, shape (node,)
        Momentum transfer, 1/fm.
    wave_number : ndarray, shape (energy,)
        k, 1/fm.
    measure : ndarray, shape (node, energy)
        Weights of dx: zero where q is out of reach.
    """

    energy: Array
    q: Array
    wave_number: Array
    measure: Array

    @classmethod
    def of(cls, energy: Array, settings: Settings) -> AngularQuadrature:
        """Take what the settings ask for: a number of angles, or converged integrals."""
        hbar_c = settings.couplings.constants.hbar_c
        if not (np.isfinite(energy).all() and (energy > 0.0).all()):
            raise OutOfRangeError(f"energy = {energy.min()} MeV: must be positive and finite")
        if settings.angle_nodes is None:
            masses = [float(np.real(getattr(term, "mediator_mass", np.inf))) for term in settings.new_physics]
            softest = min((mass for mass in masses if mass > 0.0), default=np.inf)
            return cls.panels(energy, hbar_c, softest / (hbar_c * 1e13))
        return cls.gauss(energy, hbar_c, settings.angle_nodes)

    @classmethod
    def panels(cls, energy: Array, hbar_c: float, softest: float = np.inf) -> AngularQuadrature:
        """Converged integrals: Gauss-Legendre panels in q whose ends hold every 2k.

        Parameters
        ----------
        energy : ndarray, shape (energy,)
            MeV, positive.
        hbar_c : float
            MeV cm.
        softest : float
            Momentum transfer below which the integrand is smooth, 1/fm: of a light mediator, or k_sc of the electrons.
        """
        k = energy / (hbar_c * 1e13)
        reach = np.unique(2.0 * k)
        stops = np.concatenate([[min(_LOWEST * reach[0], _SMOOTH * softest)], reach])
        edges = [np.zeros(1)]
        for low, high in itertools.pairwise(stops):
            parts = max(1, math.ceil(math.log(high / low) / math.log(_RATIO)))
            edges.append(np.geomspace(low, high, parts + 1)[:-1])
        ends = np.concatenate([*edges, reach[-1:]])
        node, weight = leggauss(_NODES)
        half = 0.5 * np.diff(ends)[:, None]
        q = (0.5 * (ends[1:] + ends[:-1])[:, None] + half * node).ravel()
        width = (half * weight).ravel()
        # a panel lies below 2k or above it, and the last node of the one below is inside by rounding's margin
        inside = q[:, None] < 2.0 * k
        return cls(energy, q, k, np.where(inside, (width * q)[:, None] / k**2, 0.0))

    @classmethod
    def gauss(cls, energy: Array, hbar_c: float, nodes: int) -> AngularQuadrature:
        """Gauss-Legendre in the cosine with so many nodes for each energy, as other codes do; converged or not."""
        k = energy / (hbar_c * 1e13)
        cosine, weight = leggauss(nodes)
        q = k[:, None] * np.sqrt(2.0 * (1.0 - cosine))
        measure: Array = np.kron(np.eye(k.size), weight[:, None]).astype(np.float64)
        return cls(energy, q.ravel(), k, measure)

    def operator(self, weight: Callable[[Array], Array]) -> Array:
        """Matrix of int weight(x) G dx.

        Parameters
        ----------
        weight : callable
            Function of the cosine.

        Returns
        -------
        ndarray, shape (node, energy)
            To be multiplied from the right onto values of G, shape (..., node).
        """
        cosine = 1.0 - 0.5 * (self.q[:, None] / self.wave_number) ** 2
        return self.measure * np.where(self.measure != 0.0, weight(cosine), 0.0)
