"""Nuclear form factors: amplitudes F(q), F(0) = 1, of the momentum transfer in 1/fm.

Radii and widths are parameters that a derivative by a complex step may pass through; q is real and not negative.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics._registry import FORM_FACTORS
from microphysics.constants import CODATA
from microphysics.errors import ExtrapolationWarning, MicrophysicsError, OutOfRangeError
from microphysics.nuclei import Nucleus

Array = NDArray[np.float64]
Moments = tuple[Any, Any, Any]

_HBAR_C_FM = CODATA.hbar_c * 1e13  # MeV fm


class FormFactor(Protocol):
    """Distributions of protons and neutrons in one nucleus (or in an array of nuclei that broadcasts against q)."""

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def references(self) -> Sequence[str]: ...  # noqa: D102

    def __call__(self, q: Array) -> Array:
        """Return F(q) of the charge, q in 1/fm."""
        ...

    def amplitude(self, q: Array, proton: Any, neutron: Any) -> Array:
        """Return proton F_p(q) + neutron F_n(q), where proton = Z g_p and neutron = N g_n."""
        ...


class OneShape:
    """What a form factor needs whose protons and neutrons are distributed alike; `__call__` is the rest."""

    def amplitude(self: FormFactor, q: Array, proton: Any, neutron: Any) -> Array:
        """Return (proton + neutron) F(q)."""
        return (proton + neutron) * self(q)


@dataclass(frozen=True)
class Helm(OneShape):
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

    @classmethod
    def from_a13(cls, nucleus: Nucleus) -> Helm:
        """Return the radius rule R0 = 1.2 A^(1/3) fm, s = 0.9 fm."""
        return cls(1.2 * np.cbrt(nucleus.mass_number), 0.9)

    @classmethod
    def from_rms_radius(cls, radius: ArrayLike, skin: Any = 0.9) -> Helm:
        """Return the one with a given root of <r^2>, fm: R0^2 = 5/3 (R^2 - 3 s^2).

        Raises
        ------
        OutOfRangeError
            If R^2 is not above 3 s^2, which the surface alone brings.
        """
        squared = 5.0 / 3.0 * (np.asarray(radius) ** 2 - 3.0 * skin**2)
        if not np.all(squared.real > 0.0):
            raise OutOfRangeError(
                f"rms radius = {np.asarray(radius)} fm: must exceed sqrt(3) s = {np.sqrt(3.0) * skin:.4g} fm"
            )
        return cls(np.sqrt(squared), skin)

    def __call__(self, q: Array) -> Array:
        """Return F(q), q in 1/fm."""
        return _sphere(q * self.radius) * np.exp(-0.5 * (q * self.skin) ** 2)

    def moments(self) -> Moments:
        """<r^2>, <r^4>, <r^6> in fm^2, fm^4, fm^6."""
        r2, s2 = self.radius**2, self.skin**2
        return (
            0.6 * r2 + 3.0 * s2,
            3.0 / 7.0 * r2**2 + 6.0 * r2 * s2 + 15.0 * s2**2,
            r2**3 / 3.0 + 9.0 * r2**2 * s2 + 63.0 * r2 * s2**2 + 105.0 * s2**3,
        )


@dataclass(frozen=True)
class KleinNystrand(OneShape):
    """Sphere folded with a Yukawa: 3 j1(q R_A)/(q R_A)/(1 + (q a_k)^2) (Klein & Nystrand 1999, PRC 60, 014903).

    Attributes
    ----------
    radius : ndarray
        R_A, fm.
    range : float
        a_k, fm.
    """

    radius: Array
    range: float = 0.7

    name = "klein_nystrand"
    references = ("Klein & Nystrand 1999, PRC 60, 014903",)

    def __call__(self, q: Array) -> Array:
        """Return F(q), q in 1/fm."""
        return _sphere(q * self.radius) / (1.0 + (q * self.range) ** 2)

    def moments(self) -> Moments:
        """<r^2>, <r^4>, <r^6> in fm^2, fm^4, fm^6."""
        r2, a2 = self.radius**2, self.range**2
        return (
            0.6 * r2 + 6.0 * a2,
            3.0 / 7.0 * r2**2 + 12.0 * r2 * a2 + 120.0 * a2**2,
            r2**3 / 3.0 + 18.0 * r2**2 * a2 + 504.0 * r2 * a2**2 + 5040.0 * a2**3,
        )


@dataclass(frozen=True)
class SymmetrizedFermi(OneShape):
    """Symmetrised Fermi distribution sinh(c/a)/(cosh(r/a) + cosh(c/a)) (Sprung & Martorell 1997, J. Phys. A 30, 6525).

    F = 3/{qc [(qc)^2 + z^2]} (z/sinh z) [z sin(qc)/tanh z - qc cos(qc)], z = pi q a.

    Attributes
    ----------
    half_radius : ndarray
        c, fm, where the density is half its inner value.
    diffuseness : float
        a, fm; the surface from 90 to 10 % is t = 4 a ln 3 thick.
    """

    half_radius: Array
    diffuseness: float = 0.52

    name = "symmetrized_fermi"
    references = (
        "Sprung & Martorell 1997, J. Phys. A 30, 6525",
        "Piekarewicz, Linero, Giuliani & Chicken 2016, PRC 94, 034316",
    )

    @classmethod
    def from_lewin_smith(cls, nucleus: Nucleus) -> SymmetrizedFermi:
        """Return c = 1.23 A^(1/3) - 0.60 fm, a = 0.52 fm (Lewin & Smith 1996, fitted to muonic atoms)."""
        return cls(1.23 * np.cbrt(nucleus.mass_number) - 0.60, 0.52)

    def __call__(self, q: Array) -> Array:
        """Return F(q), q in 1/fm."""
        # with beta = pi a/c the bracket is 3 j1(x)/x of the sphere and a part that vanishes with a, both finite at q = 0
        x, z = q * self.half_radius, np.pi * q * self.diffuseness
        beta2 = (np.pi * self.diffuseness / self.half_radius) ** 2
        inner = _sphere(x) + 3.0 * beta2 * _coth_rest(z) * np.sinc(x / np.pi)
        return _over_sinh(z) * inner / (1.0 + beta2)

    def moments(self) -> Moments:
        """<r^2>, <r^4>, <r^6> in fm^2, fm^4, fm^6 (Piekarewicz et al. 2016)."""
        c2, b2 = self.half_radius**2, (np.pi * self.diffuseness) ** 2
        return (
            3.0 / 5.0 * c2 + 7.0 / 5.0 * b2,
            3.0 / 7.0 * c2**2 + 18.0 / 7.0 * b2 * c2 + 31.0 / 7.0 * b2**2,
            c2**3 / 3.0 + 11.0 / 3.0 * b2 * c2**2 + 239.0 / 15.0 * b2**2 * c2 + 127.0 / 5.0 * b2**3,
        )


@dataclass(frozen=True)
class Gaussian(OneShape):
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

    def moments(self) -> Moments:
        """<r^2>, <r^4>, <r^6> in fm^2, fm^4, fm^6."""
        r2 = self.rms_radius**2
        return r2, 5.0 / 3.0 * r2**2, 35.0 / 9.0 * r2**3


@dataclass(frozen=True)
class Point(OneShape):
    """No form factor: F = 1."""

    name = "point"
    references = ("Freedman 1974, PRD 9, 1389",)

    def __call__(self, q: Array) -> Array:
        """Return ones of the shape of q."""
        return np.ones_like(q)

    def moments(self) -> Moments:
        """Three zeros."""
        return 0.0, 0.0, 0.0


@dataclass(frozen=True)
class MomentExpansion(OneShape):
    """Form factor by its moments alone: 1 - q^2 <r^2>/3! + q^4 <r^4>/5! - q^6 <r^6>/7!.

    Independent of any model for q R < 1, R the root of <r^2>; from q R = 2.5 on it is wrong by more than 1 % of F(0)
    (a uniform sphere) and warns. Patton, Engel, McLaughlin & Schunck 2012, PRC 86, 024612.

    Attributes
    ----------
    second, fourth, sixth : float or ndarray
        <r^2>, <r^4>, <r^6> in fm^2, fm^4, fm^6.
    """

    second: Any
    fourth: Any = 0.0
    sixth: Any = 0.0

    name = "moment_expansion"
    references = ("Patton, Engel, McLaughlin & Schunck 2012, PRC 86, 024612",)

    def __call__(self, q: Array) -> Array:
        """Return F(q), q in 1/fm; warns where q R > 2.5."""
        q2 = np.asarray(q) ** 2
        outside = np.count_nonzero((q2 * self.second).real > 2.5**2)
        if outside:
            warnings.warn(
                f"moment expansion: {outside} of {q2.size} momentum transfers are beyond q R = 2.5",
                ExtrapolationWarning,
                stacklevel=2,
            )
        return 1.0 - q2 / 6.0 * (self.second - q2 / 20.0 * (self.fourth - q2 / 42.0 * self.sixth))

    def moments(self) -> Moments:
        """<r^2>, <r^4>, <r^6> as given."""
        return self.second, self.fourth, self.sixth


def check_normalisation(form_factor: FormFactor, tolerance: float = 1e-6) -> None:
    """Refuse a form factor that is not one at q = 0, or has no `amplitude`.

    Parameters
    ----------
    form_factor : FormFactor
        Any, also from outside this package.
    tolerance : float
        Largest distance of F(0) from 1.

    Raises
    ------
    OutOfRangeError
        If F(0) is not 1, or the amplitude at q = 0 is not proton + neutron.
    MicrophysicsError
        If it lacks something that form factors have.
    """
    missing = [name for name in ("name", "references", "amplitude") if not hasattr(form_factor, name)]
    if missing or not callable(form_factor):
        raise MicrophysicsError(
            f"form factor {getattr(form_factor, 'name', form_factor)!r}: {', '.join(missing) or '__call__(q)'} missing; "
            "inherit microphysics.weak.form_factors.OneShape and give name, references and __call__(q)"
        )
    zero = np.zeros(())
    found = {
        "F(0)": (form_factor(zero), 1.0),
        "amplitude(0, 1, 0)": (form_factor.amplitude(zero, 1.0, 0.0), 1.0),
        "amplitude(0, 0, 1)": (form_factor.amplitude(zero, 0.0, 1.0), 1.0),
    }
    for what, (value, expected) in found.items():
        distance = np.max(np.abs(np.asarray(value) - expected))
        if not distance <= tolerance:
            raise OutOfRangeError(f"form factor '{form_factor.name}': {what} = {value}, must be {expected:g}")


def form_factor_of(name: str, nucleus: Nucleus) -> FormFactor:
    """Return the registered form factor of a nucleus, refused unless it is one at q = 0.

    Parameters
    ----------
    name : str
        A built-in name or one that another package offers as an entry point.
    nucleus : Nucleus
        Arrays broadcast against q.

    Raises
    ------
    UnknownNameError
        For an unknown name.
    OutOfRangeError
        If F(0) is not 1.
    """
    form_factor = FORM_FACTORS[name](nucleus)
    check_normalisation(form_factor)
    return form_factor


@FORM_FACTORS.register("helm")
def helm(nucleus: Nucleus) -> Helm:
    """Helm with the radius rule of Lewin & Smith 1996."""
    return Helm.from_lewin_smith(nucleus)


@FORM_FACTORS.register("helm_a13")
def helm_a13(nucleus: Nucleus) -> Helm:
    """Helm with R0 = 1.2 A^(1/3) fm."""
    return Helm.from_a13(nucleus)


@FORM_FACTORS.register("klein_nystrand")
def klein_nystrand(nucleus: Nucleus) -> KleinNystrand:
    """Klein & Nystrand 1999: R_A = 1.2 A^(1/3) fm, a_k = 0.7 fm."""
    return KleinNystrand(1.2 * np.cbrt(nucleus.mass_number))


@FORM_FACTORS.register("symmetrized_fermi")
def symmetrized_fermi(nucleus: Nucleus) -> SymmetrizedFermi:
    """Symmetrised Fermi distribution with the radius rule of Lewin & Smith 1996."""
    return SymmetrizedFermi.from_lewin_smith(nucleus)


@FORM_FACTORS.register("burrows")
def burrows(nucleus: Nucleus) -> Gaussian:
    """Gaussian of Burrows, Reddy & Thompson 2006 (Nucl. Phys. A 777, 356), as in NuLib.

    F = exp(-y(1-x)/2), y = (E/56 MeV)^2 (A/100)^(2/3), which is <r^2> = 3/2 (hbar c/56 MeV)^2 (A/100)^(2/3).
    """
    radius = np.sqrt(1.5) * _HBAR_C_FM / 56.0 * np.cbrt(nucleus.mass_number / 100.0)
    return Gaussian(radius, ("Burrows, Reddy & Thompson 2006, Nucl. Phys. A 777, 356",))


@FORM_FACTORS.register("bruenn")
def bruenn(nucleus: Nucleus) -> Gaussian:
    """Gaussian of Bruenn 1985 (ApJS 58, 771), too large by a tenth: 1.06 A^(1/3) fm.

    F^2 = exp(-4 b E^2 (1-x)), b = 4.8e-6 A^(2/3)/MeV^2, which is <r^2> = 6 b (hbar c)^2.
    """
    radius = np.sqrt(6.0 * 4.8e-6) * _HBAR_C_FM * np.cbrt(nucleus.mass_number)
    return Gaussian(radius, ("Bruenn 1985, ApJS 58, 771",))


@FORM_FACTORS.register("point")
def point(nucleus: Nucleus) -> Point:
    """Point-like nucleus."""
    return Point()


def _sphere(x: Any) -> Any:
    """3 j1(x)/x of a uniform sphere; the inner loop of a star's opacity, so that arrays are reused."""
    shape, x = np.shape(x), np.atleast_1d(x)
    result, work = np.sin(x), np.cos(x)
    work *= x
    result -= work
    np.multiply(x, x, out=work)
    work *= x
    work *= 1.0 / 3.0
    small = x.real < 0.3
    if small.any():
        x2 = x[small] ** 2
        work[small] = 1.0
        # the next term is x^12/3.1e10
        series = 1.0 - x2 / 10.0 * (
            1.0 - x2 / 28.0 * (1.0 - x2 / 54.0 * (1.0 - x2 / 88.0 * (1.0 - x2 / 130.0)))
        )
        result[small] = series
    result /= work
    return result.reshape(shape)


def _coth_rest(z: Any) -> Any:
    """(z coth z - 1)/z^2, even and regular."""
    small = z.real < 0.1
    y = np.where(small, 1.0, z)
    z2 = np.where(small, z, 0.0) ** 2
    series = 1.0 / 3.0 - z2 / 45.0 * (
        1.0 - z2 * (2.0 / 21.0) * (1.0 - z2 / 10.0 * (1.0 - z2 * (10.0 / 99.0)))
    )
    return np.where(small, series, (y / np.tanh(y) - 1.0) / y**2)


def _over_sinh(z: Any) -> Any:
    """z/sinh z without overflow."""
    small = z.real < 0.1
    y = np.where(small, 1.0, z)
    z2 = np.where(small, z, 0.0) ** 2
    series = 1.0 - z2 / 6.0 * (
        1.0 - z2 * (7.0 / 60.0) * (1.0 - z2 * (31.0 / 294.0) * (1.0 - z2 * (127.0 / 1240.0)))
    )
    return np.where(small, series, -2.0 * y * np.exp(-y) / np.expm1(-2.0 * y))
