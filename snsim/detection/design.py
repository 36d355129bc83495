"""Which target measures coherent scattering best.

The rate goes with N^2, the largest recoil with 1/A, and form factors of heavy nuclei are less certain.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics.errors import OutOfRangeError, UnknownNameError, require
from microphysics.nuclei import Nucleus
from microphysics.targets import Target
from microphysics.weak.form_factors import Helm
from snsim.detection._units import measured
from snsim.detection.detectors import Detector
from snsim.detection.rates import Expectation
from snsim.detection.sources.flux import Flux

__all__ = ["DENSITIES", "DesignPoint", "best_design", "design_table"]

Array = NDArray[np.float64]

DENSITIES: Mapping[str, float] = {
    "He": 0.145,
    "Ne": 1.207,
    "Al": 2.70,
    "Si": 2.33,
    "Ar": 1.396,
    "CaWO4": 6.06,
    "Ge": 5.323,
    "NaI": 3.67,
    "CsI": 4.51,
    "Xe": 2.862,
    "PbWO4": 8.28,
    "Pb": 11.34,
}
"""g/cm^3; gases as liquids at their normal boiling points (CRC Handbook of Chemistry and Physics, 97th edition)."""
_DAY_KG = 8.64e4 * 1e3  # s g


@dataclass(frozen=True)
class DesignPoint:
    """One target at one threshold.

    Attributes
    ----------
    target : str
        Formula.
    mass_number : float
        Mean A of its nuclei.
    mass : float
        g.
    threshold : float
        keV of the recoil.
    events, background : float
        Above the threshold.
    largest_recoil : float
        keV, of the lightest nucleus.
    flux_error, form_factor_error, background_error : float
        What each brings to the relative error of the events.
    significance : float
        Events over their whole error; its inverse is the precision of the squared weak charge.
    """

    target: str
    mass_number: float
    mass: float
    threshold: float
    events: float
    background: float
    largest_recoil: float
    flux_error: float
    form_factor_error: float
    background_error: float
    significance: float

    @property
    def limited_by(self) -> str:
        """Return the largest error: statistics, flux, form factor or background."""
        if not self.events > 0.0:
            return "threshold"
        errors = {
            "statistics": math.sqrt(self.events + self.background) / self.events,
            "flux": self.flux_error,
            "form factor": self.form_factor_error,
            "background": self.background_error,
        }
        return max(errors, key=errors.__getitem__)


def design_table(
    flux: Flux,
    targets: Sequence[str] = tuple(DENSITIES),
    thresholds: ArrayLike = (1.0,),
    *,
    mass: Any = None,
    volume: Any = None,
    live_time: Any = None,
    flux_error: float = 0.1,
    radius_error: float = 0.1,
    background: float = 0.0,
    background_error: float = 0.1,
    densities: Mapping[str, float] = DENSITIES,
) -> list[DesignPoint]:
    """Return the significance of every target at every threshold.

    S^2 = N^2/[N + B + (s_flux N)^2 + (dN)^2 + (s_B B)^2], dN the change of the events with the radii of the nuclei. With the
    errors zero it is the usual S/sqrt(S + B).

    Parameters
    ----------
    flux : Flux
        At the detector.
    targets : sequence of str
        Formulas.
    thresholds : array_like
        keV of the recoil.
    mass, volume : Quantity or str
        "10 kg", or "10 l" that are filled: one of both.
    live_time : Quantity or str, optional
        "1 yr"; not of a fluence.
    flux_error : float
        Relative.
    radius_error : float
        Of the rms radius of all nuclei, fm.
    background : float
        Counts per kg, day and keV of recoil, flat between the threshold and the largest recoil.
    background_error : float
        Relative.
    densities : mapping of str to float
        g/cm^3, for a volume.

    Returns
    -------
    list of DesignPoint
        Targets outside, thresholds inside.

    Raises
    ------
    UnknownNameError
        For a volume of a target without a density.
    OutOfRangeError
        For negative errors or backgrounds, none or both of mass and volume.

    Examples
    --------
    >>> from snsim.detection import pion_decay_at_rest
    >>> beam = pion_decay_at_rest("20 m", protons=2e23)
    >>> points = design_table(beam, ["Ne", "Ge", "Xe"], [1.0, 20.0], mass="10 kg", flux_error=0.0, radius_error=0.0)
    >>> [point.target for point in sorted(points, key=lambda point: -point.significance)][:2]
    ['Xe', 'Ge']
    """
    if (mass is None) == (volume is None):
        raise OutOfRangeError("mass, volume: expected one of both, such as '10 kg'")
    for name, value in (
        ("flux_error", flux_error),
        ("radius_error", radius_error),
        ("background", background),
        ("background_error", background_error),
    ):
        require(0.0 <= value < np.inf, value, name, "", ">= 0")
    if background > 0.0 and live_time is None:
        raise OutOfRangeError("live_time: expected, such as '1 yr', where there is a background")
    found = []
    for formula in targets:
        grams = _grams(formula, mass, volume, densities)
        made = {
            shift: Target.of(formula, form_factor=_helm(shift))
            for shift in (0.0, radius_error, -radius_error)
        }
        for threshold in np.asarray(thresholds, dtype=np.float64).tolist():
            detector = Detector.of(
                made[0.0],
                mass=f"{grams} g",
                live_time=live_time,
                threshold=f"{threshold} keVnr",
                name=formula,
            )
            found.append(
                _point(formula, detector, flux, made, threshold, flux_error, background, background_error)
            )
    return found


def best_design(points: Sequence[DesignPoint]) -> DesignPoint:
    """Return the point with the largest significance.

    Raises
    ------
    OutOfRangeError
        If no target has an event: no recoil reaches a threshold.
    """
    best = max(points, key=lambda point: point.significance, default=None)
    if best is None or not best.significance > 0.0:
        raise OutOfRangeError("design: no target has an event above its threshold")
    return best


def _grams(formula: str, mass: Any, volume: Any, densities: Mapping[str, float]) -> float:
    """Mass of a target: the one that is given, or what fills the volume."""
    if mass is not None:
        return measured("mass", mass, "g", "10 kg")
    if formula not in densities:
        raise UnknownNameError("density of a target", formula, densities)
    return measured("volume", volume, "cm3", "10 l") * densities[formula]


def _point(
    formula: str,
    detector: Detector,
    flux: Flux,
    made: Mapping[float, Target],
    threshold: float,
    flux_error: float,
    background: float,
    background_error: float,
) -> DesignPoint:
    """Count the events of one target above one threshold."""
    expectation = Expectation.of(flux, detector)
    counts = {shift: expectation.total(target) for shift, target in made.items()}
    events = counts[0.0]
    shape = 0.5 * (max(counts.values()) - min(counts.values()))
    composition = detector.target.composition
    lightest = min(float(nucleus.mass) for nucleus, _ in composition)
    most = 2e3 * flux.highest**2 / (lightest + 2.0 * flux.highest)
    exposure = detector.mass * (detector.live_time or 0.0) / _DAY_KG
    noise = background * exposure * max(most - threshold, 0.0)
    variance = events + noise + (flux_error * events) ** 2 + shape**2 + (background_error * noise) ** 2
    number = sum(share * float(nucleus.mass_number) for nucleus, share in composition)
    relative = 1.0 / events if events > 0.0 else math.inf
    return DesignPoint(
        formula,
        number,
        detector.mass,
        threshold,
        events,
        noise,
        most,
        flux_error,
        shape * relative if events > 0.0 else 0.0,
        background_error * noise * relative if noise > 0.0 else 0.0,
        events / math.sqrt(variance) if events > 0.0 else 0.0,
    )


def _helm(shift: float) -> Callable[[Nucleus], Helm]:
    """Return Helm's form factor with the rms radius of Lewin & Smith moved by so much, fm."""

    def made(nucleus: Nucleus) -> Helm:
        """Return it for one nucleus; the surface of a light one gives way so that the radius can shrink."""
        plain = Helm.from_lewin_smith(nucleus)
        if shift == 0.0:
            return plain
        rms = float(np.sqrt(plain.moments()[0]))
        return Helm(plain.radius * (rms + shift) / rms, plain.skin * (rms + shift) / rms)

    return made
