"""The first measurement of coherent scattering, on caesium iodide at a spallation source: its counts and its chi-square."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snsim.detection.detectors import Detector
from snsim.detection.presets import detector_of
from snsim.detection.rates import Expectation
from snsim.detection.sources.pions import pion_decay_at_rest
from snsim.detection.statistics import coherent_chi_square, one_pull_chi_square

__all__ = ["CoherentCount", "Forecast", "coherent_expectation"]

Array = NDArray[np.float64]

PROTONS = 1.76e23
"""On target during the 308.1 days (Akimov et al. 2017, Science 357, 1123)."""


@dataclass(frozen=True)
class CoherentCount:
    """Chi-square of one count with two pulls, `coherent_chi_square`, as a function of the predicted signal.

    Attributes
    ----------
    counted : float
        Events, the steady background subtracted.
    beam_background, steady_background : float
        Neutrons of the beam, and what the subtraction was made of.
    signal_error, background_error : float
        Relative, of the prediction and of the neutrons; 0 for statistics only.

    Examples
    --------
    >>> float(CoherentCount()([136.0])[0])
    0.0
    """

    counted: float = 142.0
    beam_background: float = 6.0
    steady_background: float = 405.0
    signal_error: float = 0.28
    background_error: float = 0.25

    def __call__(self, predicted: ArrayLike) -> Array:
        """Return the chi-square of predicted signals, of their shape."""
        return coherent_chi_square(
            np.asarray(predicted, dtype=np.float64)[..., None],
            [self.counted],
            [self.beam_background],
            [self.steady_background],
            self.signal_error,
            self.background_error,
        ).chi_square


@dataclass(frozen=True)
class Forecast:
    """Chi-square of one count that is what the standard model predicts, `one_pull_chi_square`.

    Attributes
    ----------
    standard : float
        Events of the standard model.
    statistical_error : float
        What background adds to the variance, in units of the events.
    systematic_error : float
        Relative error of the prediction; 0 for statistics only.
    """

    standard: float
    statistical_error: float
    systematic_error: float = 0.0

    def __call__(self, predicted: ArrayLike) -> Array:
        """Return the chi-square of predicted signals, of their shape."""
        signal = np.asarray(predicted, dtype=np.float64)[..., None]
        return one_pull_chi_square(
            signal, [self.standard], self.statistical_error, self.systematic_error
        ).chi_square


def coherent_expectation(detector: Detector | None = None, edges: ArrayLike | None = None) -> Expectation:
    """Return what that detector expects.

    Parameters
    ----------
    detector : Detector, optional
        Another one at its place; the preset ``coherent_csi`` by default.
    edges : array_like, optional
        Bins of photoelectrons; one by default, which is what `CoherentCount` is of.
    """
    return Expectation.of(
        pion_decay_at_rest("19.3 m", protons=PROTONS), detector or detector_of("coherent_csi"), edges
    )
