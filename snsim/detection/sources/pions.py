"""Neutrinos of pions and muons that decay at rest, as of a spallation source."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.errors import OutOfRangeError
from snsim.detection._units import measured
from snsim.detection.sources.flux import Component, Flux

Array = NDArray[np.float64]

PROMPT_ENERGY = (CODATA.pion_mass**2 - CODATA.muon_mass**2) / (2.0 * CODATA.pion_mass)
"""Energy of the muon neutrino of a pion at rest, MeV."""
HIGHEST = 0.5 * CODATA.muon_mass
"""End of the spectra of a muon at rest without the electron's mass, MeV."""
REFERENCES = ("Michel 1950, Proc. Phys. Soc. A 63, 514", "Akimov et al. 2017, Science 357, 1123")
_POINTS = 2001


@dataclass(frozen=True)
class PionTiming:
    """When the neutrinos of a short pulse of protons arrive.

    Attributes
    ----------
    pulse_width : float
        Standard deviation of the pulse, a Gaussian around t = 0, s.

    Raises
    ------
    OutOfRangeError
        For a width that is not positive.
    """

    pulse_width: float

    def __post_init__(self) -> None:
        if not 0.0 < self.pulse_width < math.inf:
            raise OutOfRangeError(f"pulse_width = {self.pulse_width} s: must be positive")

    def prompt(self, time: Array) -> Array:
        """Return the share of the pions' neutrinos that have arrived until a time (s)."""
        return self._decayed(np.asarray(time, dtype=np.float64), CODATA.pion_lifetime)

    def delayed(self, time: Array) -> Array:
        """Return the share of the muons' neutrinos: a muon decays after the pion it came from."""
        t = np.asarray(time, dtype=np.float64)
        pion, muon = CODATA.pion_lifetime, CODATA.muon_lifetime
        return (muon * self._decayed(t, muon) - pion * self._decayed(t, pion)) / (muon - pion)

    def _decayed(self, t: Array, lifetime: float) -> Array:
        """Cumulative distribution of an exponential that begins with the pulse."""
        from scipy.special import log_ndtr, ndtr

        x, s = t / self.pulse_width, self.pulse_width / lifetime
        return ndtr(x) - np.exp(0.5 * s**2 - t / lifetime + log_ndtr(x - s))


def pion_decay_at_rest(
    distance: Any,
    *,
    protons: float | None = None,
    protons_per_second: float | None = None,
    pions_per_proton: float = 0.08,
    pulse_width: Any = None,
) -> Flux:
    """Return the neutrinos of positive pions that stop: numu of the pion, nue and anumu of the muon.

    Parameters
    ----------
    distance : Quantity or str
        To the target of the protons.
    protons : float
        On target in all; gives a fluence.
    protons_per_second : float
        Gives a flux; one of both is needed.
    pions_per_proton : float
        Neutrinos of each of the three flavours per proton (COHERENT: 0.08 for CsI, 0.09 for argon).
    pulse_width : Quantity or str, optional
        Standard deviation of the proton pulse; gives the components `timing`. SNS: 350 ns full width, "149 ns".

    Raises
    ------
    OutOfRangeError
        For both or none of the numbers of protons, or what is not positive.

    Notes
    -----
    nue: 192 E^2/m^3 (1/2 - E/m); anumu: 64 E^2/m^3 (3/4 - E/m), E < m/2, m the muon's mass.

    Examples
    --------
    >>> flux = pion_decay_at_rest("20 m", protons_per_second=9e15)
    >>> f"{flux.total('nue'):.3e} /cm2/s"
    '1.432e+07 /cm2/s'
    """
    if (protons is None) == (protons_per_second is None):
        raise OutOfRangeError("protons, protons_per_second: expected one of both")
    number = protons if protons is not None else protons_per_second
    for name, value in (("number of protons", number), ("pions_per_proton", pions_per_proton)):
        if value is None or not 0.0 < value < math.inf:
            raise OutOfRangeError(f"{name} = {value}: must be positive")
    far = measured("distance", distance, "cm", "19.3 m")
    clock = None if pulse_width is None else PionTiming(measured("pulse_width", pulse_width, "s", "149 ns"))
    each = float(number or 0.0) * pions_per_proton / (4.0 * math.pi * far**2)
    mass, energy = CODATA.muon_mass, np.linspace(0.0, HIGHEST, _POINTS)
    x = energy / mass
    electron = 192.0 / mass * x**2 * (0.5 - x)
    muon = 64.0 / mass * x**2 * (0.75 - x)
    late = clock.delayed if clock else None
    none = np.empty(0)
    prompt = Component(
        "numu",
        none,
        none,
        np.array([PROMPT_ENERGY]),
        np.array([each]),
        "prompt",
        timing=clock.prompt if clock else None,
    )
    delayed = (
        Component("nue", energy, each * electron, name="delayed", timing=late),
        Component("anumu", energy, each * muon, name="delayed", timing=late),
    )
    return Flux((prompt, *delayed), protons is None, far, "pion decay at rest", REFERENCES)
