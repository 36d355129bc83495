"""Extended unbinned likelihood of a signal: every event with its time, energy and background, each clock free.

Directions of the positrons, scattering on electrons and oxygen and the recoil of the neutron are left out; so is the
expected background in the exponent, which is the same for every model.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.errors import require
from snsim.sn1987a.detectors import Detector, detector_of, inverse_beta_cross_section
from snsim.sn1987a.events import DETECTORS, Events, events_of
from snsim.sn1987a.signal import Arriving

Array = NDArray[np.float64]

POSITRONS = np.arange(1.0, 100.01, 0.25)  # MeV
SCAN, ZOOMS = 201, 5  # offsets tried at once, and how often around the best
LATEST = 15.0  # s: no detector misses the first neutrinos for longer
REFERENCES = "Loredo & Lamb 2002, PRD 65, 063002; Vissani 2015, J. Phys. G 42, 013001"


@dataclass(frozen=True)
class Fit:
    """Likelihood of a model with the offsets that suit it best.

    Attributes
    ----------
    log_likelihood : float
        Sum over the detectors; differences between models count, not the value.
    by_detector : mapping of str to float
        Its parts.
    offsets : mapping of str to float
        When the first event of each detector came after the first neutrinos, s, >= 0.
    expected : mapping of str to float
        Events of the signal.
    reason : str
        Why the likelihood is -inf, if it is.
    """

    log_likelihood: float
    by_detector: Mapping[str, float]
    offsets: Mapping[str, float]
    expected: Mapping[str, float]
    reason: str = ""


def positron_rate(signal: Arriving, detector: Detector, positron: Array = POSITRONS) -> Array:
    """Rate of positrons in a tank, before any efficiency, 1/(s MeV), shape (time, energy).

    Parameters
    ----------
    signal : Arriving
        At the Earth.
    detector : Detector
        Its target.
    positron : ndarray, shape (energy,)
        MeV; the antineutrino had m_n - m_p more (the neutron's recoil, up to E^2/m_p, is left out).
    """
    neutrino = positron + CODATA.nucleon_mass_difference
    return detector.protons * inverse_beta_cross_section(neutrino) * signal.flux(neutrino)


def expected_counts(signal: Arriving, detector: Detector, positron: Array = POSITRONS) -> float:
    """Events that a signal makes in a detector, dead time not counted off; trapezia in time and energy."""
    rate = positron_rate(signal, detector, positron) * detector.efficiency(positron)
    return float(np.trapezoid(np.trapezoid(rate, positron, axis=1), signal.time))


def mean_detected_energy(signal: Arriving, detector: Detector, positron: Array = POSITRONS) -> float:
    """Mean energy of the positrons that become events, MeV; NaN where there are none."""
    spectrum = np.trapezoid(positron_rate(signal, detector, positron), signal.time, axis=0)
    weight = spectrum * detector.efficiency(positron)
    total = float(np.trapezoid(weight, positron))
    return float(np.trapezoid(weight * positron, positron)) / total if total > 0.0 else math.nan


def event_rates(signal: Arriving, detector: Detector, events: Events, positron: Array = POSITRONS) -> Array:
    """Rate of the signal at the measured energy of each event, over time, 1/(s MeV), shape (event, time).

    The positrons' spectrum times the intrinsic efficiency, folded with the error of the measured energy.
    """
    seen = positron_rate(signal, detector, positron) * detector.intrinsic_efficiency(positron)
    width = events.energy_error[:, None]
    visible = positron + detector.annihilation
    normal = np.exp(-0.5 * ((visible - events.energy[:, None]) / width) ** 2) / (
        math.sqrt(2.0 * math.pi) * width
    )
    steps = np.gradient(positron)
    steps[[0, -1]] *= 0.5
    return detector.live_fraction * (normal * steps) @ seen.T


def log_likelihood(
    signal: Arriving, detector: Detector, events: Events, offsets: Array, positron: Array = POSITRONS
) -> Array:
    """Logarithm of the likelihood of a detector's events for some offsets of its clock.

    Parameters
    ----------
    signal : Arriving
        At the Earth.
    detector, events
        One tank and what it saw.
    offsets : ndarray, shape (offset,)
        When its first event came after the first neutrinos, s.

    Returns
    -------
    ndarray, shape (offset,)
        -N + sum ln(B_i + s_i(t_i + offset)): N events expected of the signal, B_i the background and s_i the signal at
        the energy of event i. -inf where an event without background has no signal.
    """
    rates = event_rates(signal, detector, events, positron)
    expected = detector.live_fraction * expected_counts(signal, detector, positron)
    return _of_offsets(signal.time, rates, expected, events, np.asarray(offsets, dtype=np.float64))


def _of_offsets(time: Array, rates: Array, expected: float, events: Events, offsets: Array) -> Array:
    """As `log_likelihood`, with the rates of the events known."""
    total = np.full(offsets.shape, -expected)
    for rate, at, background in zip(rates, events.time, events.background, strict=True):
        seen = background + np.interp(at + offsets, time, rate, left=0.0, right=0.0)
        with np.errstate(divide="ignore"):
            total += np.log(seen)
    return total


def fit_offsets(signal: Arriving, detectors: Sequence[str] = DETECTORS, latest: float = LATEST) -> Fit:
    """Likelihood of a model for the published events, at the best offset of every detector.

    Parameters
    ----------
    signal : Arriving
        At the Earth.
    detectors : sequence of str
        Of ``KII``, ``IMB``, ``BAKSAN``.
    latest : float
        Largest offset that is tried, s, > 0.

    Returns
    -------
    Fit
        With a reason where an event of IMB, which has no background, cannot come from the signal.

    Examples
    --------
    >>> from snsim.sn1987a.signal import exponential_cooling
    >>> fit = fit_offsets(exponential_cooling(4.0, 3e6, 4.0))
    >>> sorted(fit.offsets)
    ['BAKSAN', 'IMB', 'KII']
    """
    require(latest > 0.0, latest, "latest offset", "s", "> 0")
    best: dict[str, float] = {}
    offsets: dict[str, float] = {}
    expected: dict[str, float] = {}
    for name in detectors:
        tank, events = detector_of(name), events_of(name)
        rates = event_rates(signal, tank, events)
        expected[name] = tank.live_fraction * expected_counts(signal, tank)
        low, high = 0.0, latest
        for _ in range(ZOOMS):
            tried = np.linspace(low, high, SCAN)
            values = _of_offsets(signal.time, rates, expected[name], events, tried)
            at = int(np.argmax(values))
            low, high = tried[max(at - 1, 0)], tried[min(at + 1, SCAN - 1)]
        best[name], offsets[name] = float(values[at]), float(tried[at])
    dark = [name for name, value in best.items() if math.isinf(value)]
    reason = (
        f"{', '.join(dark)}: an event without background, and no signal at its time and energy"
        if dark
        else ""
    )
    return Fit(sum(best.values()), best, offsets, expected, reason)
