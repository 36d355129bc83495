"""Thermal energy and neutrino chemical potential of matter at fixed densities, between nodes that are filled on demand.

An equation of state solved point by point is too slow and too rough for Newton's method: here it is evaluated once at each
node that a zone comes near, and everything in between is one smooth function, the same wherever energy is counted.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.eos.state import EquationOfState
from snsim.transport._kernels import evolution as kernels

Array = NDArray[np.float64]

STEP = (0.05, 0.01)  # between nodes, in ln T and Y_e
COLDEST = 0.03  # MeV
_MARGIN = 1e-9  # by which nodes keep away from the ends of the equation of state


class MatterTable:
    """Nodes in ln T and Y_e for every zone's density.

    Parameters
    ----------
    eos : EquationOfState
        Of the matter.
    density : ndarray, shape (zone,)
        g/cm^3; never changes.
    nodes : ndarray, shape (zone, ln T, Y_e, 2), optional
        Filled before, from `nodes` of another table of the same zones.

    Attributes
    ----------
    nodes : ndarray, shape (zone, ln T, Y_e, 2)
        Energy, MeV/baryon from free neutrons at rest, and mu_nue, MeV; NaN where not filled.
    baryon_density : ndarray, shape (zone,)
        1/cm^3.
    """

    def __init__(self, eos: EquationOfState, density: Array, nodes: Array | None = None) -> None:
        self.eos, self.density = eos, density
        low_t, high_t = max(COLDEST, eos.temperature_range[0]), eos.temperature_range[1]
        low_y, high_y = eos.electron_fraction_range
        self.first = np.array([np.log(low_t), low_y]) + _MARGIN
        sizes = [
            int((np.log(high_t / low_t) - 2 * _MARGIN) / STEP[0]) + 1,
            int((high_y - low_y - 2 * _MARGIN) / STEP[1]) + 1,
        ]
        self.nodes = np.full((density.size, *sizes, 2), np.nan) if nodes is None else nodes
        self.baryon_density = density / (eos.baryon_mass * CODATA.gram_per_mev)

    def __call__(self, log_temperature: Array, electron_fraction: Array) -> Array:
        """Energy and mu_nue with their derivatives in ln T and Y_e, shape (zone, 2, 3); NaN beyond the nodes."""
        self._fill(log_temperature, electron_fraction)
        out = np.empty((self.density.size, 2, 3))
        kernels.look_up(self.nodes, self.first, np.array(STEP), log_temperature, electron_fraction, out)
        return out

    def electron_fraction_bounds(self) -> tuple[float, float]:
        """Y_e between which states can be looked up."""
        return float(self.first[1] + STEP[1]), float(self.first[1] + STEP[1] * (self.nodes.shape[2] - 2))

    def _fill(self, log_temperature: Array, electron_fraction: Array) -> None:
        """Evaluate the equation of state at the nodes that are missing around some states."""
        p = (log_temperature - self.first[0]) / STEP[0]
        q = (electron_fraction - self.first[1]) / STEP[1]
        known = np.isfinite(p) & np.isfinite(q)
        base = np.where(known, [p, q], 1.0).astype(np.int64)
        offset = np.arange(-1, 3)
        i, j = base[0][:, None, None] + offset[None, None, :], base[1][:, None, None] + offset[None, :, None]
        i, j = np.broadcast_arrays(i, j)
        zone = np.broadcast_to(np.arange(p.size)[:, None, None], i.shape)
        inside = (
            known[:, None, None] & (i >= 0) & (i < self.nodes.shape[1]) & (j >= 0) & (j < self.nodes.shape[2])
        )
        zone, i, j = zone[inside], i[inside], j[inside]
        missing = np.isnan(self.nodes[zone, i, j, 0])
        if not missing.any():
            return
        zone, i, j = zone[missing], i[missing], j[missing]
        state = self.eos(self.density[zone], np.exp(self.first[0] + STEP[0] * i), self.first[1] + STEP[1] * j)
        # at once: an interruption must not leave half of a node
        self.nodes[zone, i, j] = np.stack([state.energy, state.chemical_potential_neutrino], axis=-1)
