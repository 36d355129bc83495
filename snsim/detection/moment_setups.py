"""Experiments of the study of transition moments by Miranda, Papoulias, Tortola & Valle 2019, and the limits printed there.

Masses, thresholds and distances of the present are those of the paper. Masses and thresholds of the future, a flat efficiency
of one half now and one in the future, 1.76e23 protons now and ten years of 2.1e23 in the future are round numbers with which
all 25 printed limits of the spallation source that are at hand come out within 4 %. Fluxes of reactors follow from their
thermal powers; nothing is adjusted there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from microphysics.errors import UnknownNameError
from snsim.detection.coherent_csi import PROTONS, CoherentCount, Forecast, coherent_expectation
from snsim.detection.detectors import Detector
from snsim.detection.presets import detector_of
from snsim.detection.rates import Expectation
from snsim.detection.sources.flux import Flux
from snsim.detection.sources.pions import pion_decay_at_rest
from snsim.detection.sources.reactor import reactor

__all__ = ["BOREXINO", "SETUPS", "MomentSetup", "SolarBound", "setup_of"]

Array = NDArray[np.float64]
Triple = tuple[float, float, float]

REFERENCE = "Miranda, Papoulias, Tortola & Valle 2019, JHEP 07, 103 (arXiv:1905.03750)"
SCENARIOS = ("current", "future")
UNKNOWN = math.nan
_NONE: Triple = (UNKNOWN, UNKNOWN, UNKNOWN)

_FUTURE_PROTONS = 2.1e24
_EFFICIENCY = {"current": 0.5, "future": 1.0}
_ERROR = {"current": 0.2, "future": 0.1}  # both the statistical and the systematic one


@dataclass(frozen=True)
class MomentSetup:
    """One experiment, now and in the future.

    Attributes
    ----------
    name : str
        As in the paper.
    detector : str
        Preset of `snsim.detection.presets`; at the spallation source the future has one of its own, ``..._future``.
    future : mapping of str to str
        What ten years at a reactor change of the preset.
    power : str
        Thermal, of a reactor; empty at the spallation source.
    published : mapping of (str, str) to tuple of float
        By scenario and process (prompt, delayed, fission): 1e-10 Bohr magnetons at 90 %; NaN where not at hand.
    note : str
        What is assumed beyond the paper.
    """

    name: str
    detector: str
    future: Mapping[str, str] = field(default_factory=dict)
    power: str = ""
    published: Mapping[tuple[str, str], Triple] = field(default_factory=dict)
    note: str = ""

    @property
    def processes(self) -> tuple[str | None, ...]:
        """Of which flux the limits are, None for all of it."""
        return (None,) if self.power else ("prompt", "delayed")

    def flux(self, scenario: str) -> Flux:
        """Return the neutrinos at the detector."""
        baseline = f"{self.made(scenario).baseline} cm"
        if self.power:
            return reactor(self.power, baseline, low="vogel_engel")
        return pion_decay_at_rest(baseline, protons=PROTONS if scenario == "current" else _FUTURE_PROTONS)

    def made(self, scenario: str) -> Detector:
        """Return the detector of a scenario.

        Raises
        ------
        UnknownNameError
            For another one than current and future.
        """
        if scenario not in SCENARIOS:
            raise UnknownNameError("scenario", scenario, SCENARIOS)
        if self.measured(scenario):
            return detector_of("coherent_csi")
        if not self.power:
            return detector_of(self.detector if scenario == "current" else f"{self.detector}_future")
        share = _EFFICIENCY[scenario]

        def efficiency(measured: Array) -> Array:
            """Return the same share everywhere."""
            return np.full(np.shape(measured), share)

        changes: dict[str, Any] = {} if scenario == "current" else {"live_time": "10 yr", **self.future}
        return detector_of(self.detector, efficiency=efficiency, **changes)

    def expectation(self, scenario: str) -> Expectation:
        """Return the fold of both."""
        if self.measured(scenario):
            return coherent_expectation()
        return Expectation.of(self.flux(scenario), self.made(scenario))

    def measured(self, scenario: str) -> bool:
        """Whether there are data, those of 2017."""
        return self.name == "CsI" and scenario == "current"

    def chi_squares(self, scenario: str, standard: float) -> tuple[Any, Any]:
        """Return the chi-square without and with the errors of the prediction."""
        if self.measured(scenario):
            return CoherentCount(signal_error=0.0, background_error=0.0), CoherentCount()
        error = _ERROR[scenario]
        return Forecast(standard, error), Forecast(standard, error, error)

    def published_limits(self, scenario: str, process: str | None) -> Triple:
        """Return the printed limits, 1e-10 Bohr magnetons."""
        return self.published.get((scenario, process or "fission"), _NONE)


SETUPS: tuple[MomentSetup, ...] = (
    MomentSetup(
        "CsI",
        "sns_csi",
        published={
            ("current", "prompt"): (69.2, 70.2, 89.6),
            ("current", "delayed"): (54.5, 48.7, 49.8),
            ("future", "prompt"): (5.0, 5.1, 6.4),
            ("future", "delayed"): (4.2, 3.7, 3.7),
        },
        note="now: the data of 2017, 142 counts, with both pulls",
    ),
    MomentSetup(
        "HPGe",
        "sns_germanium",
        published={
            ("current", "prompt"): (25.9, 26.2, 33.5),
            ("current", "delayed"): (21.3, 18.9, 19.1),
            ("future", "prompt"): (5.1, 5.2, 6.6),
            ("future", "delayed"): (4.2, 3.8, 3.8),
        },
    ),
    MomentSetup(
        "LAr",
        "sns_argon",
        published={("future", "prompt"): (2.9, UNKNOWN, UNKNOWN)},
    ),
    MomentSetup("NaI", "sns_sodium_iodide"),
    MomentSetup(
        "CONUS",
        "conus",
        future={"mass": "100 kg"},
        power="3.9 GW",
        published={("current", "fission"): (1.9, UNKNOWN, UNKNOWN)},
    ),
    MomentSetup(
        "CONNIE",
        "connie",
        future={"mass": "100 kg"},
        power="3.8 GW",
        published={("current", "fission"): (0.90, UNKNOWN, UNKNOWN)},
    ),
    MomentSetup(
        "MINER",
        "miner",
        future={"mass": "30 kg"},
        power="1 MW",
        note="germanium alone, which is two thirds of the detector",
    ),
    MomentSetup(
        "TEXONO",
        "texono",
        future={"mass": "100 kg"},
        power="2.9 GW",
        published={("current", "fission"): (3.2, UNKNOWN, UNKNOWN)},
    ),
    MomentSetup(
        "RED100",
        "red100",
        future={"threshold": "100 eVnr"},
        power="3.1 GW",
        published={("current", "fission"): (1.0, UNKNOWN, UNKNOWN)},
        note="threshold in recoil energy",
    ),
)
_NAMES = tuple(setup.name for setup in SETUPS)


@dataclass(frozen=True)
class SolarBound:
    """Bound on the effective moment of solar neutrinos by electron scattering.

    Attributes
    ----------
    moment : float
        Bohr magnetons, at 90 %.
    electron_survival : float
        P_e1 of the neutrinos of 7Be.
    published : tuple of float
        Limits on the three moduli, 1e-10 Bohr magnetons.
    references : tuple of str
        Of the bound.
    """

    moment: float
    electron_survival: float
    published: Triple
    references: tuple[str, ...]


BOREXINO = SolarBound(2.8e-11, 0.605, (0.44, 0.36, 0.28), ("Agostini et al. 2017, PRD 96, 091103",))


def setup_of(name: str) -> MomentSetup:
    """Return an experiment by its name, in any case.

    Raises
    ------
    UnknownNameError
        For another name, with the nearest one.
    """
    for setup in SETUPS:
        if setup.name.lower() == name.lower():
            return setup
    raise UnknownNameError("experiment of the table", name, _NAMES)
