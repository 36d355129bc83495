"""Recoils of nuclei struck by dark matter of the standard halo: velocity integral in closed form, spectrum per gram."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import erf

from microphysics.constants import CODATA
from microphysics.errors import OutOfRangeError, require
from microphysics.nuclei import Composition, Nucleus
from microphysics.targets import composition_of
from microphysics.weak.form_factors import FormFactor, Helm

__all__ = ["StandardHalo", "largest_recoil", "recoil_spectrum", "smallest_speed", "velocity_integral"]

Array = NDArray[np.float64]

REFERENCES = (
    "Lewin & Smith 1996, Astropart. Phys. 6, 87 (rate, form factor)",
    "Savage, Freese & Gondolo 2006, PRD 74, 043531; McCabe 2010, PRD 82, 023530 (velocity integral with a cut)",
    "Evans, O'Hare & McCabe 2019, PRD 99, 023012 (SHM++: density, speeds)",
    "Schoenrich, Binney & Dehnen 2010, MNRAS 403, 1829 (peculiar velocity of the Sun)",
)

_KM = 1e5  # cm
_MEV_PER_GEV = 1e3


@dataclass(frozen=True)
class StandardHalo:
    """Maxwell's distribution of speeds in the Galaxy, cut sharply at the speed of escape, seen from the Sun.

    Density and speeds are those of SHM++ (Evans, O'Hare & McCabe 2019); its anisotropic part, a fifth of the dark matter, is
    not here, and the Earth's motion around the Sun is averaged out.

    Attributes
    ----------
    density : float
        Local density, GeV/cm^3, > 0.
    circular_speed : float
        v_0 of f ~ exp(-v^2/v_0^2), the speed of rotation, km/s, > 0.
    escape_speed : float
        km/s, > 0.
    peculiar_velocity : tuple of float
        Of the Sun: towards the centre, along the rotation, towards the north pole, km/s.

    Raises
    ------
    OutOfRangeError
        For values that are not positive.

    Examples
    --------
    >>> round(StandardHalo().solar_speed, 1)
    245.6
    """

    density: float = 0.55
    circular_speed: float = 233.0
    escape_speed: float = 528.0
    peculiar_velocity: tuple[float, float, float] = (11.1, 12.24, 7.25)

    def __post_init__(self) -> None:
        for name, unit in (("density", "GeV/cm3"), ("circular_speed", "km/s"), ("escape_speed", "km/s")):
            require(getattr(self, name) > 0.0, getattr(self, name), name, unit, "> 0")

    @property
    def solar_speed(self) -> float:
        """Speed of the Sun in the halo, km/s."""
        inward, along, north = self.peculiar_velocity
        return math.hypot(inward, self.circular_speed + along, north)

    @classmethod
    def recommended(cls) -> StandardHalo:
        """Return 0.3 GeV/cm^3, 238 and 544 km/s, by which experiments quote limits (Baxter et al. 2021, EPJC 81, 907)."""
        return cls(0.3, 238.0, 544.0, (11.1, 12.2, 7.3))


def velocity_integral(speed: ArrayLike, halo: StandardHalo | None = None) -> Array:
    """Integral of f(v)/v over speeds above the smallest one, s/km.

    Parameters
    ----------
    speed : array_like
        v_min, km/s, >= 0.
    halo : StandardHalo, optional
        None means the default.

    Returns
    -------
    ndarray
        0 above the speed of escape plus the Sun's. McCabe 2010, PRD 82, 023530, appendix B, the sharp cut.

    Examples
    --------
    >>> round(float(1e3 * velocity_integral(0.0)), 4)
    3.5474
    """
    chosen = halo or StandardHalo()
    v = np.asarray(speed, dtype=np.float64)
    require(v >= 0.0, v, "smallest speed", "km/s", ">= 0")
    x = v / chosen.circular_speed
    y, z = chosen.solar_speed / chosen.circular_speed, chosen.escape_speed / chosen.circular_speed
    if y == 0.0:
        raise OutOfRangeError("speed of the Sun = 0 km/s: must be > 0 for the closed form")
    norm = math.erf(z) - 2.0 / math.sqrt(math.pi) * z * math.exp(-(z**2))
    cut = 2.0 / math.sqrt(math.pi) * math.exp(-(z**2))
    inner = erf(x + y) - erf(x - y) - 2.0 * y * cut
    outer = math.erf(z) - erf(x - y) - (y + z - x) * cut
    # a Sun faster than the escape speed meets every particle head on, at any small v_min
    slow = 2.0 * norm if y > z else inner
    value = np.where(x <= abs(y - z), slow, np.where(x < y + z, outer, 0.0))
    return np.maximum(value, 0.0) / (2.0 * norm * y * chosen.circular_speed)


def smallest_speed(recoil_energy: ArrayLike, mass: ArrayLike, nucleus_mass: ArrayLike) -> Array:
    """Speed below which a particle cannot make a recoil, sqrt(M T/2)/mu, km/s.

    Parameters
    ----------
    recoil_energy : array_like
        T, MeV.
    mass : array_like
        Of the particle, GeV.
    nucleus_mass : array_like
        M, MeV.
    """
    t, m = np.asarray(recoil_energy, dtype=np.float64), np.asarray(nucleus_mass, dtype=np.float64)
    reduced = _reduced(_MEV_PER_GEV * np.asarray(mass, dtype=np.float64), m)
    return np.sqrt(0.5 * m * t) / reduced * CODATA.speed_of_light / _KM


def largest_recoil(mass: ArrayLike, nucleus_mass: ArrayLike, halo: StandardHalo | None = None) -> Array:
    """Largest recoil of the fastest particles, 2 mu^2 v^2/M, MeV; masses in GeV and MeV."""
    chosen = halo or StandardHalo()
    m = np.asarray(nucleus_mass, dtype=np.float64)
    reduced = _reduced(_MEV_PER_GEV * np.asarray(mass, dtype=np.float64), m)
    speed = (chosen.escape_speed + chosen.solar_speed) * _KM / CODATA.speed_of_light
    return 2.0 * (reduced * speed) ** 2 / m


def recoil_spectrum(
    recoil_energy: ArrayLike,
    mass: ArrayLike,
    target: str | Composition,
    cross_section: float = 1e-45,
    halo: StandardHalo | None = None,
    form_factor: FormFactor | None = None,
) -> Array:
    """Rate of recoils by spin-independent scattering, alike on protons and neutrons.

    Parameters
    ----------
    recoil_energy : array_like, shape (recoil,)
        T, MeV, > 0.
    mass : array_like, shape (...)
        Of the particle, GeV, > 0.
    target : str or Composition
        As `microphysics.targets.composition_of` takes it: "Xe", "CaWO4", "Ar40".
    cross_section : float
        On one nucleon, cm^2; the rate is proportional to it.
    halo : StandardHalo, optional
        None means the default.
    form_factor : FormFactor, optional
        Of every nucleus; None means Helm's with the radii of Lewin & Smith.

    Returns
    -------
    ndarray, shape (..., recoil)
        dR/dT = sum_i n_i rho sigma A^2 F^2 M/(2 m mu_p^2) int f/v dv, 1/(g s MeV); n_i nuclei per gram.

    Raises
    ------
    OutOfRangeError
        For energies or masses that are not positive.

    Examples
    --------
    >>> rate = recoil_spectrum([0.01], 50.0, "Xe")  # 10 keV
    >>> f"{float(rate[0]) * 1e6 * 3.15576e7 * 1e-3:.1f} per tonne, year and keV"
    '26.0 per tonne, year and keV'
    """
    chosen = halo or StandardHalo()
    t, m = np.asarray(recoil_energy, dtype=np.float64), np.asarray(mass, dtype=np.float64)[..., None]
    require(t > 0.0, t, "recoil energy", "MeV", "> 0")
    require(m > 0.0, m, "mass", "GeV", "> 0")
    require(cross_section > 0.0, cross_section, "cross section", "cm2", "> 0")
    composition = composition_of(target)
    nucleon = 0.5 * (CODATA.proton_mass + CODATA.neutron_mass)
    particles = chosen.density / m  # 1/cm^3
    flux_unit = CODATA.speed_of_light**2 / _KM  # c^2 s/km -> cm/s
    total = np.zeros(np.broadcast_shapes(t.shape, m.shape))
    for nucleus, share in composition:
        heavy = float(nucleus.mass)
        q = np.sqrt(2.0 * heavy * t) / (CODATA.hbar_c * 1e13)
        squared = (float(nucleus.mass_number) * _form_factor(nucleus, form_factor)(q)) ** 2
        coherent = cross_section * squared * heavy / (2.0 * _reduced(_MEV_PER_GEV * m, nucleon) ** 2)
        speeds = velocity_integral(smallest_speed(t, m, heavy), chosen)
        total += share * composition.atoms_per_gram * particles * coherent * speeds * flux_unit
    return total


def _form_factor(nucleus: Nucleus, chosen: FormFactor | None) -> FormFactor:
    return chosen or Helm.from_lewin_smith(nucleus)


def _reduced(first: Array, second: Array | float) -> Array:
    """Reduced mass, in the unit of both."""
    return first * second / (first + second)
