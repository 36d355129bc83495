"""A detector: what it is made of, how much of it for how long, and how it answers a recoil."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from microphysics.errors import OutOfRangeError
from microphysics.targets import Target
from snsim.detection._units import measured
from snsim.detection.response import Response, Threshold, everything
from snsim.detection.smearing import GaussianSmearing, PoissonSmearing

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Detector:
    """A target with its response.

    Attributes
    ----------
    target : Target
        Nuclei and their cross sections: form factors, couplings and new physics are chosen there.
    mass : float
        g, of the target.
    response : Response
        From recoils to events.
    live_time : float, optional
        s; not needed for a fluence.
    baseline : float, optional
        Distance to the source, cm, for `Flux.at_distance`.
    name : str
        For listings.
    references : tuple of str
        Papers.
    known_mass : bool
        False where an exposure alone is known, of which the mass is that of a year: no answer to a fluence.

    Raises
    ------
    OutOfRangeError
        For what is not positive.

    Examples
    --------
    >>> germanium = Detector.of("Ge", mass="2.83 kg", live_time="119 d", threshold="5 keVnr")
    >>> f"{germanium.exposure / 8.64e7:.1f} kg d"
    '336.8 kg d'
    """

    target: Target
    mass: float
    response: Response
    live_time: float | None = None
    baseline: float | None = None
    name: str = "detector"
    references: tuple[str, ...] = ()
    known_mass: bool = True

    def __post_init__(self) -> None:
        for name, unit in (("mass", "g"), ("live_time", "s"), ("baseline", "cm")):
            value = getattr(self, name)
            if value is not None and not 0.0 < value < math.inf:
                raise OutOfRangeError(f"{name} = {value} {unit}: must be positive")

    @classmethod
    def of(
        cls,
        target: str | Target,
        *,
        mass: Any = None,
        live_time: Any = None,
        exposure: Any = None,
        baseline: Any = None,
        threshold: str | Threshold,
        highest: str | Threshold | None = None,
        quenching: Callable[[Array], Array] | None = None,
        light_yield: float | None = None,
        efficiency: Callable[[Array], Array] = everything,
        smearing: PoissonSmearing | GaussianSmearing | None = None,
        name: str = "detector",
        references: tuple[str, ...] = (),
    ) -> Detector:
        """Return a detector of quantities with units.

        Parameters
        ----------
        target : str or Target
            "CsI", "Xe"; a `Target` with chosen couplings, form factor and new physics.
        mass : Quantity or str
            "14.57 kg".
        live_time : Quantity or str, optional
            "308 d".
        exposure : Quantity or str, optional
            Mass times time, "1.17 t yr", instead of one of the two; alone it is enough for a flux per second, not for a
            fluence.
        baseline : Quantity or str, optional
            "19.3 m".
        threshold : str or Threshold
            "5 keVnr", "160 eVee" or "6 pe"; its kind is the one that is measured.
        highest : str or Threshold, optional
            Upper end of the analysis, of the same kind.
        quenching, light_yield, efficiency, smearing
            As of `Response`.
        name, references
            For listings.

        Raises
        ------
        OutOfRangeError
            For wrong units, too few or too many of mass, time and exposure, a range of two kinds.
        """
        low = Threshold.read(threshold)
        high = None if highest is None else Threshold.read(highest)
        if high is not None and high.unit != low.unit:
            raise OutOfRangeError(f"highest = {highest!r}: is in {high.unit}, the threshold in {low.unit}")
        grams, seconds = _mass_and_time(mass, live_time, exposure)
        return cls(
            target if isinstance(target, Target) else Target.of(target),
            grams,
            Response(
                low.value,
                math.inf if high is None else high.value,
                low.unit,
                quenching,
                light_yield,
                efficiency,
                smearing,
            ),
            seconds,
            None if baseline is None else measured("baseline", baseline, "cm", "19.3 m"),
            name,
            tuple(references),
            known_mass=mass is not None or live_time is not None,
        )

    @property
    def exposure(self) -> float:
        """Mass times live time, g s; NaN without a live time."""
        return self.mass * self.live_time if self.live_time is not None else math.nan

    def require_mass(self) -> None:
        """Raise where a fluence, which asks for the mass, meets a detector of which the exposure alone is known."""
        if not self.known_mass:
            raise OutOfRangeError(
                f"{self.name}: has an exposure alone, but the events of a fluence go with the mass; give it a mass, such as "
                "'1 t'"
            )

    @property
    def nuclei(self) -> float:
        """Number of nuclei in the target."""
        return self.mass * self.target.composition.atoms_per_gram


def _mass_and_time(mass: Any, live_time: Any, exposure: Any) -> tuple[float, float | None]:
    """Two of mass, time and their product give the third; a product alone is a year of its mass."""
    grams = None if mass is None else measured("mass", mass, "g", "14.57 kg")
    seconds = None if live_time is None else measured("live_time", live_time, "s", "308 d")
    if exposure is None:
        if grams is None:
            raise OutOfRangeError("mass: expected, such as '14.57 kg', or an exposure such as '1.17 t yr'")
        return grams, seconds
    product = measured("exposure", exposure, "g s", "1.17 t yr")
    if grams is not None and seconds is not None:
        raise OutOfRangeError("exposure: follows from mass and live_time; give two of the three")
    if seconds is not None:
        return product / seconds, seconds
    grams = product / 3.15576e7 if grams is None else grams
    return grams, product / grams
