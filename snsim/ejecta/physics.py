"""What changes the electron fraction of ejecta, and where the neutrinos come from."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

from microphysics.constants import CODATA
from microphysics.errors import OutOfRangeError, UnknownNameError
from microphysics.weak.couplings import WeakCouplings

__all__ = ["BARE", "CHOICES", "EjectaPhysics", "schwarzschild_radius"]

CHOICES = {
    "spectrum": ("fermi_dirac", "pinched"),
    "luminosity_at": ("tracer", "neutrinosphere", "infinity"),
    "time_frame": ("proper", "coordinate"),
    "geometry": ("isotropic", "sphere", "disk"),
}
BARE = {"weak_magnetism": False, "captures": False, "alphas": False}


def schwarzschild_radius(mass: float) -> float:
    """2 G M/c^2, cm; mass in g."""
    return 2.0 * CODATA.gravitational_constant * mass / CODATA.speed_of_light**2


@dataclass(frozen=True)
class EjectaPhysics:
    """Options of the evolution of Y_e. Lengths in cm, masses in g, angles in rad, temperatures in MeV; pairs are nue, anue.

    Attributes
    ----------
    weak_magnetism : bool
        Full weak magnetism and recoil (Horowitz 2002), in absorption and, as detailed balance wants, in capture; or neither.
    captures : bool
        Whether electrons and positrons are captured, with mu_e from charge neutrality.
    alphas : bool
        Whether nucleons form alpha particles, in which they neither absorb nor capture.
    alpha_freeze_temperature : float
        Below it the mass of alphas stays what it is; 0 means equilibrium at any temperature.
    spectrum : str
        ``fermi_dirac`` or ``pinched``, of given mean energy.
    degeneracy, pinching : (float, float)
        eta of Fermi-Dirac spectra; alpha of pinched ones.
    luminosity_at : str
        Where the luminosities and mean energies of the trajectory hold. ``tracer``: at the parcel, for an observer at rest
        there, so that nothing is redshifted (published tracers). ``neutrinosphere``: locally at the neutrinospheres, then
        L z^2 and E z with z = alpha(r_nu)/alpha(r) for each species. ``infinity``: L/alpha(r)^2 and E/alpha(r).
    mass : float
        Of the Schwarzschild metric; 0 means flat space.
    neutrinospheres : (float, float), optional
        Radii.
    time_frame : str
        ``proper``: time is the parcel's. ``coordinate``: it is time at infinity, and d tau = alpha dt.
    geometry : str
        ``isotropic``: rate L/(4 pi r^2), the luminosity isotropic-equivalent. ``sphere``: of neutrinos that come from sharp
        neutrinospheres, more by 2/[1 + sqrt(1 - (R/r)^2)]. ``disk``: from both faces of a thin ring in the equatorial plane.
    disk : (float, float), optional
        Inner and outer radius of the ring.
    polar_angle : float
        Of the parcel, 0 on the axis; for ``disk`` and `polar_excess`.
    polar_excess : (float, float)
        b in L(theta) = L (1 + b cos^2 theta)/(1 + b/3), so that L is the angular mean.
    couplings : WeakCouplings
        Of all rates.
    tolerance : float
        Largest error of a step in Y_e; the error of the whole is about as large.

    Raises
    ------
    UnknownNameError, OutOfRangeError
        Naming the option, its value and what is allowed.

    Examples
    --------
    >>> EjectaPhysics(luminosity_at="neutrinosphere")
    Traceback (most recent call last):
        ...
    microphysics.errors.OutOfRangeError: neutrinospheres = None: luminosity_at = "neutrinosphere" needs both radii
    """

    weak_magnetism: bool = True
    captures: bool = True
    alphas: bool = True
    alpha_freeze_temperature: float = 0.0
    spectrum: str = "fermi_dirac"
    degeneracy: tuple[float, float] = (0.0, 0.0)
    pinching: tuple[float, float] = (2.3, 2.3)
    luminosity_at: str = "tracer"
    mass: float = 0.0
    neutrinospheres: tuple[float, float] | None = None
    time_frame: str = "proper"
    geometry: str = "isotropic"
    disk: tuple[float, float] | None = None
    polar_angle: float = 0.0
    polar_excess: tuple[float, float] = (0.0, 0.0)
    couplings: WeakCouplings = field(default_factory=WeakCouplings)
    tolerance: float = 3e-7

    def __post_init__(self) -> None:
        for name, allowed in CHOICES.items():
            if getattr(self, name) not in allowed:
                raise UnknownNameError(name, getattr(self, name), allowed)
        self._check_numbers()
        needs = [
            ("luminosity_at", "neutrinosphere", "neutrinospheres", "both radii"),
            ("geometry", "sphere", "neutrinospheres", "both radii"),
            ("geometry", "disk", "disk", "the inner and outer radius"),
        ]
        for option, value, other, words in needs:
            if getattr(self, option) == value and getattr(self, other) is None:
                raise OutOfRangeError(f'{other} = None: {option} = "{value}" needs {words}')
        curved = self.luminosity_at != "tracer" or self.time_frame == "coordinate"
        if self.mass > 0.0 and not curved:
            raise OutOfRangeError(
                f'mass = {self.mass:g} g: nothing depends on it with luminosity_at = "tracer" and time_frame = "proper"; '
                "redshift is in luminosities at the tracer already"
            )

    def _check_numbers(self) -> None:
        horizon = schwarzschild_radius(self.mass) if self.mass > 0.0 else 0.0
        radii = self.neutrinospheres or ()
        ring = self.disk or ()
        checks: list[tuple[str, Any, bool, str]] = [
            ("mass", self.mass, 0.0 <= self.mass < math.inf, "0 or above"),
            (
                "alpha_freeze_temperature",
                self.alpha_freeze_temperature,
                0.0 <= self.alpha_freeze_temperature < math.inf,
                "0 MeV or above",
            ),
            ("neutrinospheres", radii, all(horizon < r < math.inf for r in radii), f"above {horizon:.4g} cm"),
            ("disk", ring, not ring or 0.0 <= ring[0] < ring[1] < math.inf, "0 <= inner < outer"),
            ("polar_angle", self.polar_angle, 0.0 <= self.polar_angle <= math.pi, "0 to pi"),
            (
                "polar_excess",
                self.polar_excess,
                all(-1.0 <= b < math.inf for b in self.polar_excess),
                "-1 or above",
            ),
            ("pinching", self.pinching, all(-1.0 < a < 100.0 for a in self.pinching), "above -1"),
            ("degeneracy", self.degeneracy, all(abs(eta) <= 20.0 for eta in self.degeneracy), "-20 to 20"),
            ("tolerance", self.tolerance, 1e-14 <= self.tolerance <= 1e-2, "1e-14 to 1e-2"),
        ]
        for name, value, good, words in checks:
            if not good:
                raise OutOfRangeError(f"{name} = {value}: must be {words}")

    def changed(self, **values: Any) -> EjectaPhysics:
        """Return a copy with other options."""
        return replace(self, **values)
