"""Whether electron and muon neutrinos scatter alike: the two flavours of a pulsed beam come at different times."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics.errors import OutOfRangeError, require
from microphysics.weak.couplings import family
from snsim.detection.areas import time_spectrum_by_component
from snsim.detection.intervals import Interval, confidence_interval
from snsim.detection.rates import Expectation
from snsim.detection.statistics import poisson_chi_square

__all__ = ["flavor_ratio", "flavors_over_time"]

Array = NDArray[np.float64]

_FREE = 1e3  # relative error of a normalisation that nothing is known of


def flavors_over_time(expectation: Expectation, time: ArrayLike) -> tuple[Array, Array]:
    """Return the events of electron and of muon neutrinos in bins of time.

    Parameters
    ----------
    expectation : Expectation
        Of a pulsed beam, all bins of what is measured together.
    time : array_like, shape (time + 1,)
        Edges, s after the beam.

    Returns
    -------
    electron, muon : ndarray, shape (time,)
        Antineutrinos count with their neutrinos.
    """
    each = time_spectrum_by_component(expectation, time).sum(axis=-1)
    families = np.array([family(component.flavor) for component in expectation.flux.components])
    return each[families == "e"].sum(axis=0), each[families == "mu"].sum(axis=0)


def flavor_ratio(
    expectation: Expectation,
    time: ArrayLike,
    measured: ArrayLike | None = None,
    background: ArrayLike = 0.0,
    normalisation_error: float | None = None,
    background_error: float = 0.0,
    ratio: ArrayLike | None = None,
    confidence_level: float = 0.9,
) -> Interval:
    """Interval of the squared weak charge seen by electron neutrinos over that seen by muon neutrinos, 1 if they are alike.

    Poisson chi-square of counts in bins of time with a common normalisation (flux, quenching, form factor), free or with an
    error: what is left is the shape in time, the prompt part of nu_mu alone against the delayed one of both.

    Parameters
    ----------
    expectation, time
        As of `flavors_over_time`; at least two bins of time.
    measured : array_like, shape (time,), optional
        Counts; what is expected (Asimov) by default, a forecast.
    background : array_like, shape (time,) or number
        Expected in each bin.
    normalisation_error : float, optional
        Relative, common to both flavours; None for a free one.
    background_error : float
        Relative, common to all bins.
    ratio : array_like, optional
        Scanned values, rising; 0.02 to 6 by default.
    confidence_level : float
        Of one parameter.

    Raises
    ------
    OutOfRangeError
        For fewer than two bins, a beam whose flavours do not differ in time, negative values.
    """
    electron, muon = flavors_over_time(expectation, time)
    if electron.size < 2 or not (electron.any() and muon.any()):
        raise OutOfRangeError("time: two bins at least and both flavours are needed to tell them apart")
    noise = np.broadcast_to(np.asarray(background, dtype=np.float64), electron.shape)
    require(noise >= 0.0, noise, "background", "", ">= 0")
    counts = electron + muon + noise if measured is None else np.asarray(measured, dtype=np.float64)
    if counts.shape != electron.shape:
        raise OutOfRangeError(
            f"measured has shape {counts.shape}: must be that of the bins of time, {electron.shape}"
        )
    r = np.geomspace(0.02, 6.0, 241) if ratio is None else np.asarray(ratio, dtype=np.float64)
    require(r > 0.0, r, "ratio", "", "> 0")
    signal = r[:, None] * electron + muon
    if normalisation_error is None:  # start at the counts, so that the free normalisation has little to do
        signal = signal * max(counts.sum() - noise.sum(), 1.0) / signal.sum(axis=1, keepdims=True)
    error = _FREE if normalisation_error is None else normalisation_error
    shifts = np.stack([error * signal, np.broadcast_to(background_error * noise, signal.shape)], axis=-2)
    values = poisson_chi_square(counts, signal + noise, shifts).chi_square
    return confidence_interval(r, values, confidence_level)
