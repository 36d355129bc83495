"""Quadrature in energy for many zones at once: panels that know Fermi edges and thresholds.

Opacities are evaluated on one grid of energies for all zones of a block. A block therefore gathers zones that are alike, and
its grid resolves the Fermi edge of each of them and ends panels at each of their thresholds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import NDArray

from microphysics._kernels.energy_panels import panel_edges

Array = NDArray[np.float64]

_NODE, _WEIGHT = leggauss(10)
# A panel of 4 T about a Fermi edge has its poles at +-i pi T: 10 nodes leave 3.4^-20. Away from it the panels may grow,
# but an edge that nobody announced (of electrons captured by nuclei) or a falling exponential must not be lost in one.
_FINEST = 4.0
_GROWTH = 0.3
_FLOOR = 0.02  # of the smallest width: below, opacities are powers of E
_TAIL = 42.0  # widths above the highest feature: E^5 e^-E/T is 1e-12 of its integral there
_SAME = 3e-4  # of the smallest width: breaks this close count as one, the root misplaced costs its power 3/2

_ZONES = 64  # of a block
_THRESHOLDS = 24  # that differ, in a block


@dataclass(frozen=True)
class EnergyQuadrature:
    """Nodes and weights of integrals over energy from 0 upwards.

    Attributes
    ----------
    energy : ndarray, shape (node,)
        MeV, rising, above 0.
    weight : ndarray, shape (node,)
        dE, MeV.
    """

    energy: Array
    weight: Array

    @classmethod
    def resolving(
        cls, centre: Array, width: Array, thresholds: Array, samples: Array | None = None
    ) -> EnergyQuadrature:
        """Panels for Fermi edges and thresholds.

        Parameters
        ----------
        centre, width : ndarray, any shape
            Of Fermi edges: chemical potentials (MeV; below zero counts as zero) and temperatures (MeV). Pairs with a NaN
            are left out; at least one must remain.
        thresholds : ndarray, any shape
            Energies with a kink or the onset of a square root, MeV; NaN, negative values and 0 count as none.
        samples : ndarray, shape (sample,), optional
            Energies between which a tabulated spectrum is smooth, MeV.

        Returns
        -------
        EnergyQuadrature
            Relative error of a mean around 1e-8 where opacities are smooth, 1e-6 with thresholds, and a few 1e-5 where two
            thresholds far above T differ by less than T.
        """
        defined = np.isfinite(centre) & np.isfinite(width)
        centre, width = np.maximum(centre[defined], 0.0), width[defined]
        finest, widest = width.min(), width.max()
        kinks = np.sort(thresholds[thresholds > 0.0], axis=None)
        kinks = _apart(kinks[np.isfinite(kinks)], _SAME * finest)
        # the range above a threshold counts for all that lies below it: reactions that need it begin there
        centre = np.concatenate([centre, kinks])
        width = np.concatenate([width, np.full(kinks.size, finest)])
        breaks = np.concatenate([kinks, [centre.max() + _TAIL * widest], [] if samples is None else samples])
        breaks = np.concatenate([[0.0], _apart(np.sort(breaks), _SAME * finest)])
        edges = panel_edges(breaks, centre, width, _FINEST, _GROWTH, _FLOOR * finest)
        steps = (np.floor(ends / (_SAME * finest)) for ends in (edges, kinks))
        return cls._on(edges, np.isin(*steps))

    @classmethod
    def _on(cls, edges: Array, kink: NDArray[np.bool_]) -> EnergyQuadrature:
        """Gauss-Legendre on panels; those that touch a kink in t with E ~ t^2 at both ends, so that a root is smooth."""
        t = 0.5 * (1.0 + _NODE)
        steps = np.diff(edges)[:, None]
        rooted = (kink[1:] | kink[:-1])[:, None]
        place = np.where(rooted, t * t * (3.0 - 2.0 * t), t)
        slope = np.where(rooted, 6.0 * t * (1.0 - t), 1.0)
        energy = edges[:-1, None] + steps * place
        return cls(energy.ravel(), (0.5 * _WEIGHT * slope * steps).ravel())


def zone_blocks(temperature: Array, thresholds: Array, order: Array) -> list[NDArray[np.intp]]:
    """Zones that can share a grid of energies.

    Parameters
    ----------
    temperature : ndarray, shape (zone,)
        MeV.
    thresholds : ndarray, shape (zone, threshold)
        MeV; NaN where there is none.
    order : ndarray, shape (zone,)
        Of zones with like temperatures, neighbours in this go together: a chemical potential, MeV.

    Returns
    -------
    list of ndarray
        Indices: at most a factor of 2 in temperature, 64 zones and, of each kind, two dozen different thresholds.
    """
    octave = np.floor(np.log2(temperature))
    highest = np.where(np.isfinite(thresholds), thresholds, 0.0).max(axis=1, initial=0.0)
    steps = np.floor(highest / (_SAME * 2.0**octave))
    sequence = np.lexsort((np.nan_to_num(order), steps, octave))
    octave, steps = octave[sequence], steps[sequence]
    fresh = np.concatenate([[True], np.diff(octave) != 0.0])
    counted = np.cumsum(fresh | np.concatenate([[True], np.diff(steps) != 0.0]))
    begin = np.maximum.accumulate(np.where(fresh, np.arange(octave.size), 0))
    part = (counted - counted[begin]) // _THRESHOLDS
    fresh |= np.concatenate([[True], np.diff(part) != 0])
    begin = np.maximum.accumulate(np.where(fresh, np.arange(octave.size), 0))
    fresh |= (np.arange(octave.size) - begin) % _ZONES == 0
    return [sequence[block] for block in np.split(np.arange(octave.size), np.flatnonzero(fresh)[1:])]


def _apart(values: Array, tolerance: float) -> Array:
    """Of sorted values, the first within each step of a tolerance."""
    kept = np.ones(values.size, np.bool_)
    kept[1:] = np.diff(np.floor(values / tolerance)) != 0.0
    return values[kept]
