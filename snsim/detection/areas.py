"""How large a detector is for neutrinos of one energy: with it, events are one sum over energies, at any number of times."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics.errors import OutOfRangeError
from microphysics.targets import Target
from microphysics.weak.cevns import CEvNS
from snsim.detection._units import measured
from snsim.detection.detectors import Detector
from snsim.detection.panels import KEV, panel_nodes, recoil_cuts
from snsim.detection.rates import Expectation
from snsim.detection.response import Response
from snsim.detection.sources.supernova import members, signal_grid
from snsim.signal.spectra import number_rate
from snsim.signal.table import SPECIES, Signal

Array = NDArray[np.float64]


def effective_area(detector: Detector, energy: ArrayLike, flavor: str = "nue") -> Array:
    """Return events per fluence of neutrinos of one energy: nuclei times the cross section that the detector sees.

    Parameters
    ----------
    detector : Detector
        Its live time does not matter.
    energy : array_like, shape (energy,)
        MeV, > 0.
    flavor : str
        One of the six.

    Returns
    -------
    ndarray, shape (energy,)
        cm^2; exactly 0 where no recoil reaches a sharp threshold.

    Raises
    ------
    OutOfRangeError
        For energies that are not positive, a detector of which the exposure alone is known.

    Examples
    --------
    >>> one = Detector.of("Xe", mass="1 t", threshold="1 keVnr")
    >>> print(effective_area(one, [5.0, 20.0]).round(13))
    [0.00e+00 2.72e-11]
    """
    e = np.asarray(energy, dtype=np.float64)
    if e.ndim != 1 or not (e > 0.0).all():
        raise OutOfRangeError(f"energy: expected positive values in one dimension, got shape {e.shape}")
    detector.require_mass()
    found = np.zeros(e.size)
    if not e.size:
        return found
    for (_, share), one in zip(detector.target.composition, detector.target.scattering, strict=True):
        found += share * _seen_cross_section(one, detector.response, e, flavor)
    return detector.nuclei * found


def _seen_cross_section(one: CEvNS, response: Response, energy: Array, flavor: str) -> Array:
    """Cross section of one nucleus times the response, cm^2.

    The integrals of the three coefficients over whole panels are shared by all energies; each adds the panel in which its own
    largest recoil lies.
    """
    limits = np.array([response.low, response.high])
    most = one.largest_recoil(energy)
    cuts = recoil_cuts(response, limits, float(most.max()), least=float(most.min()))

    def integrals(low: Array, high: Array) -> Array:
        """Integrals of the coefficients, times the response, between two recoils each; shape (coefficient, panel)."""
        recoil, weight = panel_nodes(low, high)
        flat = recoil.ravel()
        kernel = response.probabilities(flat * KEV, limits)[0] * weight.ravel()
        values = [each * kernel for each in one.recoil_coefficients(flat, flavor)]
        return np.reshape(values, (3, *recoil.shape)).sum(axis=2)

    whole = np.zeros((3, cuts.size))
    whole[:, 1:] = np.cumsum(integrals(cuts[:-1], cuts[1:]), axis=1)
    place = np.maximum(np.searchsorted(cuts, most, side="right") - 1, 0)
    total = whole[:, place] + integrals(cuts[place], np.maximum(cuts[place], most))
    return np.asarray(total[0] + total[1] / energy + total[2] / energy**2)


def time_spectrum(expectation: Expectation, time: ArrayLike, target: Target | None = None) -> Array:
    """Return the events of a pulsed beam over time.

    Parameters
    ----------
    expectation : Expectation
        Of a flux whose components know when they arrive.
    time : array_like, shape (time + 1,)
        Edges of bins, s after the beam.
    target : Target, optional
        As of `Expectation.counts`.

    Returns
    -------
    ndarray, shape (time, bin)
        Events in each bin of time and of what is measured.

    Raises
    ------
    OutOfRangeError
        For a flux without times, edges that do not rise.
    """
    return time_spectrum_by_component(expectation, time, target).sum(axis=0)


def time_spectrum_by_component(
    expectation: Expectation, time: ArrayLike, target: Target | None = None
) -> Array:
    """Return the same for each component of the flux, shape (component, time, bin)."""
    edges = np.asarray(time, dtype=np.float64)
    if edges.ndim != 1 or edges.size < 2 or not (np.diff(edges) > 0.0).all():
        raise OutOfRangeError(f"time: expected at least two rising edges, got shape {edges.shape}")
    shares = []
    for each in expectation.flux.components:
        if each.timing is None:
            raise OutOfRangeError(f"{each.label}: has no timing; give the source its pulse_width")
        shares.append(np.diff(each.timing(edges)))
    return np.asarray(shares)[:, :, None] * expectation.by_component(target)[:, None, :]


def supernova_rate(signal: Signal, distance: Any, detector: Detector) -> Array:
    """Return the events per second of a supernova at the times of its signal.

    Parameters
    ----------
    signal : Signal
        Of a run of this program (`snsim.signal.signal_of`), or of arrays.
    distance : Quantity or str
        "10 kpc".
    detector : Detector
        Without a live time.

    Returns
    -------
    ndarray, shape (time,)
        1/s; ``signal.interval @ rate`` are all events.
    """
    far = measured("distance", distance, "cm", "10 kpc")
    grid = signal_grid(signal)
    flavors = [members(species) for species in SPECIES]
    if _blind(detector.target):
        one = effective_area(detector, grid)
        areas = np.array([len(each) * one for each in flavors])
    else:
        areas = np.array([sum(effective_area(detector, grid, flavor) for flavor in each) for each in flavors])
    rates = number_rate(signal, grid) * areas
    return np.trapezoid(rates.sum(axis=1), grid, axis=-1) / (4.0 * math.pi * far**2)


def _blind(target: Target) -> bool:
    """Whether all flavours scatter alike."""
    return not any(one.couplings.radiative or one.new_physics or one.axial for one in target.scattering)
