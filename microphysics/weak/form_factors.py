"""Nuclear form factors: amplitudes F(q), F(0) = 1, of the momentum transfer in 1/fm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from microphysics._registry import FORM_FACTORS
from microphysics.constants import CODATA
from microphysics.nuclei import Nucleus

Array = NDArray[np.float64]

_HBAR_C_FM = CODATA.hbar_c * 1e13  # MeV fm


class FormFactor(Protocol):
    """Charge-like distribution of one nucleus (or of an array of nuclei that broadcasts against q)."""

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def references(self) -> Sequence[str]: ...  # noqa: D102

    def __call__(self, q: Array) -> Array:
        """Return F(q), q in 1/fm."""
        ...


@dataclass(frozen=True)
class Helm:
    """Helm form factor 3 j1(q R0)/(q R0) exp(-(q s)^2/2) (Helm 1956, PR 104, 1466).

    Attributes
    ----------
    radius : ndarray
        R0, fm.
    skin : float
        s, fm.

    Examples
    --------
    >>> helm = Helm.from_lewin_smith(Nucleus.named("Fe56"))
    >>> round(float(helm(np.array(0.5))), 4)
    0.5406
    """

    radius: Array
    skin: float = 0.9

    name = "helm"
    references = ("Helm 1956, PR 104, 1466", "Lewin & Smith 1996, Astropart. Phys. 6, 87")

    @classmethod
    def from_lewin_smith(cls, nucleus: Nucleus) -> Helm:
        """Return the radius rule R0^2 = c^2 + 7/3 pi^2 a^2 - 5 s^2, c = 1.23 A^(1/3) - 0.6 fm, a = 0.52, s = 0.9 fm.

        Lewin & Smith 1996, eq. 4.11. The root exists for every A: 7/3 pi^2 a^2 > 5 s^2.
        """
        skin = 0.9
        c = 1.23 * np.cbrt(nucleus.mass_number) - 0.6
        squared = c**2 + 7.0 / 3.0 * np.pi**2 * 0.52**2 - 5.0 * skin**2
        return cls(np.sqrt(squared), skin)

    def __call__(self, q: Array) -> Array:
        """Return F(q), q in 1/fm."""
        x = q * self.radius
        small = x < 1e-2
        y = np.where(small, 1.0, x)
        bessel = 3.0 * (np.sin(y) - y * np.cos(y)) / y**3
        series = 1.0 - x**2 / 10.0 + x**4 / 280.0
        return np.where(small, series, bessel) * np.exp(-0.5 * (q * self.skin) ** 2)


@dataclass(frozen=True)
class Gaussian:
    """Gaussian form factor exp(-q^2 <r^2>/6).

    Attributes
    ----------
    rms_radius : ndarray
        Root of <r^2>, fm.
    references : tuple of str
        Where the radius is from.
    """

    rms_radius: Array
    references: tuple[str, ...] = ("Freedman 1974, PRD 9, 1389",)

    name = "gaussian"

    def __call__(self, q: Array) -> Array:
        """Return F(q), q in 1/fm."""
        return np.exp(-(q**2) * self.rms_radius**2 / 6.0)


@dataclass(frozen=True)
class Point:
    """No form factor: F = 1."""

    name = "point"
    references = ("Freedman 1974, PRD 9, 1389",)

    def __call__(self, q: Array) -> Array:
        """Return ones of the shape of q."""
        return np.ones_like(q)


@FORM_FACTORS.register("helm")
def helm(nucleus: Nucleus) -> Helm:
    """Helm with the radius rule of Lewin & Smith 1996."""
    return Helm.from_lewin_smith(nucleus)


@FORM_FACTORS.register("burrows")
def burrows(nucleus: Nucleus) -> Gaussian:
    """Gaussian of Burrows, Reddy & Thompson 2006 (Nucl. Phys. A 777, 356), as in NuLib.

    F = exp(-y(1-x)/2), y = (E/56 MeV)^2 (A/100)^(2/3), which is <r^2> = 3/2 (hbar c/56 MeV)^2 (A/100)^(2/3).
    """
    radius = np.sqrt(1.5) * _HBAR_C_FM / 56.0 * np.cbrt(nucleus.mass_number / 100.0)
    return Gaussian(radius, ("Burrows, Reddy & Thompson 2006, Nucl. Phys. A 777, 356",))


@FORM_FACTORS.register("point")
def point(nucleus: Nucleus) -> Point:
    """Point-like nucleus."""
    return Point()
