"""Where integrals over recoils are made: panels that end where the response bends or jumps, and points in them."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import NDArray

from snsim.detection.response import Response

Array = NDArray[np.float64]

KEV = 1e3  # in one MeV
_NODES = 16  # of a panel
_RATIO, _SOFTEST = (
    1.6,
    1e-6,
)  # of neighbouring panels' ends, and of the lowest in units of the smallest largest recoil
# around an edge that is smeared, in standard deviations; 16 points integrate a normal distribution over 9 of them to 1e-8
_AROUND = np.array([-7.0, 0.0, 7.0])
_APART = 2.0  # standard deviations: nearer ends are left out, so that many narrow bins need no more panels than one wide one
_SHARPEST = 1e-12  # standard deviation in units of what the largest recoil gives


def recoil_cuts(
    response: Response, edges: Array, most: float, *, least: float | None = None, bends: Iterable[float] = ()
) -> Array:
    """Return the ends of panels, rising, MeV.

    Parameters
    ----------
    response : Response
        Of the detector.
    edges : ndarray, shape (bin + 1,)
        Of what is measured.
    most : float
        Largest recoil, MeV.
    least : float, optional
        Smallest of the largest recoils of several energies, from which the panels shrink towards zero; `most` by default.
    bends : iterable of float
        Further ends, MeV.

    Returns
    -------
    ndarray, shape (panel + 1,)
        Up to `most`; without smearing from the recoil of the first edge on, one value where that is `most`.
    """
    softest = _SOFTEST * (most if least is None else least)
    steps = math.ceil(math.log(most / softest) / math.log(_RATIO))
    marks = response.marks(edges)
    if response.smearing is not None:
        marks = _around(marks, response.smearing.width(marks), float(response.visible(most * KEV)))
    own = response.recoil(marks, most * KEV) / KEV
    turns = response.turns / KEV
    every = np.concatenate([[0.0], np.geomspace(softest, most, steps + 1), own, turns, list(bends)])
    cuts = np.unique(every[every <= most])
    if response.smearing is None:
        first = float(response.recoil(edges[:1], most * KEV)[0]) / KEV
        cuts = cuts[cuts >= min(first, most)]  # which in keV and back may be rounded up
    return cuts


def panel_nodes(low: Array, high: Array) -> tuple[Array, Array]:
    """Return Gauss's points and weights in panels, each of shape (panel, node)."""
    node, weight = leggauss(_NODES)
    half, middle = 0.5 * (high - low)[:, None], 0.5 * (high + low)[:, None]
    return middle + half * node, half * weight


def _around(marks: Array, width: Array, reach: float) -> Array:
    """Values near some marks, as far apart as their smearing allows; below zero there is nothing."""
    sigma = np.maximum(width, _SHARPEST * reach)[:, None]
    values = (marks[:, None] + sigma * _AROUND).ravel()
    order = np.argsort(values)
    values, sigma = values[order], np.broadcast_to(sigma, (marks.size, _AROUND.size)).ravel()[order]
    walked = np.append(0.0, np.cumsum(np.diff(values) / np.minimum(sigma[1:], sigma[:-1])))
    _, kept = np.unique(np.floor(walked / _APART), return_index=True)
    return values[kept][values[kept] > 0.0]
