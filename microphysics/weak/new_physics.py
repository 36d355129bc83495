"""New physics of neutrinos and nuclei: contact interactions, electromagnetic properties, light mediators.

Two kinds. A `CouplingShift` changes g_p and g_n as functions of Q^2 and flavour, and interferes with the standard model; an
`AddedTerm` adds to dsigma/dT with its own kinematics. `CEvNS` takes any number of either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics.errors import MicrophysicsError, OutOfRangeError, UnknownNameError
from microphysics.nuclei import Nucleus
from microphysics.weak.couplings import FAMILIES, WeakCouplings, family
from microphysics.weak.form_factors import FormFactor
from microphysics.weak.mediators import (
    AddedTerm,
    Charges,
    CouplingShift,
    MuTauMediator,
    Scalar,
    ZPrime,
    ZPrimeMixing,
    propagator,
)

__all__ = [
    "NSI",
    "AddedTerm",
    "ChargeRadius",
    "Charges",
    "CouplingShift",
    "MagneticMoment",
    "Millicharge",
    "MuTauMediator",
    "Scalar",
    "ZPrime",
    "ZPrimeMixing",
    "flavor_matrix",
    "transitions",
]

Array = NDArray[np.float64]
FlavorMatrix = tuple[tuple[Any, ...], ...]
Entries = Mapping[str, Any] | ArrayLike

_ENTRIES = {a + b: (i, j) for i, a in enumerate(FAMILIES) for j, b in enumerate(FAMILIES) if i <= j}


def flavor_matrix(entries: Entries, name: str) -> FlavorMatrix:
    """Return a Hermitian matrix in flavour (e, mu, tau) as nested tuples.

    Parameters
    ----------
    entries : mapping or array_like, shape (3, 3)
        Named entries (ee, emu, etau, mumu, mutau, tautau; what is not named is 0, off-diagonal ones stand on both sides)
        or the whole matrix, complex where there are phases.
    name : str
        What an error message calls it.

    Raises
    ------
    UnknownNameError
        For an entry that does not exist.
    OutOfRangeError
        If the matrix is not 3 x 3 or not Hermitian.
    """
    if isinstance(entries, Mapping):
        named: list[list[Any]] = [[0.0] * 3 for _ in range(3)]
        for key, value in entries.items():
            if key not in _ENTRIES:
                raise UnknownNameError(f"entry of {name}", key, _ENTRIES)
            i, j = _ENTRIES[key]
            named[i][j] = named[j][i] = value
        return tuple(tuple(row) for row in named)
    matrix = np.asarray(entries)
    if matrix.shape != (3, 3):
        raise OutOfRangeError(f"{name} has shape {matrix.shape}: must be (3, 3)")
    if not np.allclose(matrix, matrix.conj().T, rtol=1e-12, atol=0.0):
        raise OutOfRangeError(f"{name} = {matrix.tolist()}: must be Hermitian")
    return tuple(tuple(v.real if v.imag == 0.0 else v for v in row) for row in matrix.tolist())


def transitions(matrix: FlavorMatrix, flavor: str) -> tuple[Any, ...]:
    """Return the entries that change a flavour: real and imaginary part for each of the other two, e before mu before tau.

    |m_ab|^2 is the sum of their squares, real part and imaginary part of the entry. Empty if all vanish.

    Parameters
    ----------
    matrix : nested tuple
        From `flavor_matrix`.
    flavor : str
        Of the incoming neutrino.
    """
    a = FAMILIES.index(family(flavor))
    parts: list[Any] = []
    for b in (b for b in range(3) if b != a):
        forth, back = matrix[a][b], matrix[b][a]
        if forth == back:  # real, or a real number with a complex step
            parts += [forth, 0.0]
        else:
            mean = 0.5 * (forth + np.conj(back))
            parts += [float(mean.real), float(mean.imag)]
    return tuple(parts) if any(part != 0.0 for part in parts) else ()


def _diagonal(matrix: FlavorMatrix, flavor: str) -> Any:
    a = FAMILIES.index(family(flavor))
    return matrix[a][a]


@dataclass(frozen=True)
class NSI(CouplingShift):
    """Non-standard neutral-current interactions with up and down quarks (Barranco, Miranda & Rashba 2005, JHEP 12, 021).

    Diagonal entries shift g_p by 2 eps_u + eps_d and g_n by eps_u + 2 eps_d; off-diagonal ones change the flavour and add
    incoherently. In units of the standard contact interaction, vector part.

    Attributes
    ----------
    up, down : mapping or array_like
        eps^uV and eps^dV, as `flavor_matrix` takes them.

    Examples
    --------
    >>> NSI(up={"ee": 0.1}).shifts(0.0, "nue", WeakCouplings())
    (0.2, 0.1)
    """

    up: Entries = field(default_factory=dict)
    down: Entries = field(default_factory=dict)

    forward_power = 0
    references = ("Barranco, Miranda & Rashba 2005, JHEP 12, 021",)

    def __post_init__(self) -> None:
        for name in ("up", "down"):
            object.__setattr__(self, name, flavor_matrix(getattr(self, name), f"NSI.{name}"))

    def shifts(self, q_squared: Array, flavor: str, couplings: WeakCouplings) -> tuple[Any, Any]:
        """Return the changes of g_p and g_n."""
        u, d = _diagonal(self.up, flavor), _diagonal(self.down, flavor)  # type: ignore[arg-type]
        return 2.0 * u + d, u + 2.0 * d

    def flavor_changing(
        self, q_squared: Array, flavor: str, couplings: WeakCouplings
    ) -> tuple[tuple[Any, Any], ...]:
        """Return couplings into the other flavours."""
        up, down = transitions(self.up, flavor), transitions(self.down, flavor)  # type: ignore[arg-type]
        if not up and not down:
            return ()
        pairs = zip(up or (0.0,) * 4, down or (0.0,) * 4, strict=True)
        return tuple((2.0 * u + d, u + 2.0 * d) for u, d in pairs)


@dataclass(frozen=True)
class ChargeRadius(CouplingShift):
    """Charge radii of neutrinos, diagonal and between flavours (Bernabeu et al. 2000, PRD 62, 113012).

    The vertex is that of a charge e_nu - Q^2 <r^2>/6, so that g_p changes by -[sqrt2 pi alpha/(3 G_F)] <r^2>: 0.0238 for
    -1e-32 cm^2. Entries between flavours add squared. The same sign for antineutrinos.

    Attributes
    ----------
    radii : mapping or array_like
        <r^2> in cm^2, as `flavor_matrix` takes them.
    convention : str
        ``vertex``: as above; the standard model's -0.83, -0.48, -0.30e-32 cm^2 and most limits are in it. ``mixing_angle``:
        the rule sin^2 theta_W -> sin^2 theta_W + [sqrt2 pi alpha/(3 G_F)] <r^2> (as in Papoulias & Kosmas 2018, PRD 97,
        033003), which with g_p = 1/2 - 2 sin^2 theta_W moves g_p by twice as much for the same <r^2>. Limits taken from
        one and used in the other are wrong by a factor of two.
    relative_to : str
        ``zero``: the whole radius. Where `WeakCouplings.radiative` is on, the standard model's radius is in g_p already
        and is taken out again. ``standard_model``: only the deviation from it.
    """

    radii: Entries
    convention: str = "vertex"
    relative_to: str = "zero"

    photon_like = True
    forward_power = 0
    references = ("Bernabeu et al. 2000, PRD 62, 113012", "Cadeddu et al. 2018, PRD 98, 113010")

    def __post_init__(self) -> None:
        object.__setattr__(self, "radii", flavor_matrix(self.radii, "ChargeRadius.radii"))
        if self.convention not in ("vertex", "mixing_angle"):
            raise UnknownNameError(
                "convention of the charge radius", self.convention, ("vertex", "mixing_angle")
            )
        if self.relative_to not in ("zero", "standard_model"):
            raise UnknownNameError(
                "reference of the charge radius", self.relative_to, ("zero", "standard_model")
            )

    def _unit(self, couplings: WeakCouplings) -> Any:
        """Change of g_p per cm^2."""
        constants = couplings.constants
        unit = np.sqrt(2.0) * np.pi * constants.fine_structure / (3.0 * couplings.fermi_constant)
        return -unit / constants.hbar_c**2 * (2.0 if self.convention == "mixing_angle" else 1.0)

    def shifts(self, q_squared: Array, flavor: str, couplings: WeakCouplings) -> tuple[Any, Any]:
        """Return the changes of g_p and g_n."""
        proton = self._unit(couplings) * _diagonal(self.radii, flavor)  # type: ignore[arg-type]
        if self.relative_to == "zero":
            proton = proton - couplings.charge_radius_coupling(flavor)
        return proton, 0.0

    def flavor_changing(
        self, q_squared: Array, flavor: str, couplings: WeakCouplings
    ) -> tuple[tuple[Any, Any], ...]:
        """Return couplings into the other flavours."""
        unit = self._unit(couplings)
        return tuple((unit * radius, 0.0) for radius in transitions(self.radii, flavor))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Millicharge(CouplingShift):
    """Electric charges of neutrinos: g_p += [2 sqrt2 pi alpha/(G_F Q^2)] e_nu (Giunti & Studenikin 2015, RMP 87, 531).

    Attributes
    ----------
    charges : mapping or array_like
        In units of the elementary charge, as `flavor_matrix` takes them; an antineutrino has the opposite charge, and the
        opposite sign of its vector current restores the sum.
    """

    charges: Entries

    photon_like = True
    references = ("Giunti & Studenikin 2015, Rev. Mod. Phys. 87, 531",)

    def __post_init__(self) -> None:
        object.__setattr__(self, "charges", flavor_matrix(self.charges, "Millicharge.charges"))

    @property
    def mediator_mass(self) -> float:
        """Mass of the photon."""
        return 0.0

    def _unit(self, q_squared: Array, couplings: WeakCouplings) -> Any:
        strength = 2.0 * np.sqrt(2.0) * np.pi * couplings.constants.fine_structure / couplings.fermi_constant
        return strength * propagator(q_squared, 0.0)

    def shifts(self, q_squared: Array, flavor: str, couplings: WeakCouplings) -> tuple[Any, Any]:
        """Return the changes of g_p and g_n."""
        return self._unit(q_squared, couplings) * _diagonal(self.charges, flavor), 0.0  # type: ignore[arg-type]

    def flavor_changing(
        self, q_squared: Array, flavor: str, couplings: WeakCouplings
    ) -> tuple[tuple[Any, Any], ...]:
        """Return couplings into the other flavours."""
        parts = transitions(self.charges, flavor)  # type: ignore[arg-type]
        if not parts:
            return ()
        unit = self._unit(q_squared, couplings)
        return tuple((unit * charge, 0.0) for charge in parts)


class Moments(Protocol):
    """Magnetic moments of all flavours, such as `moments.TransitionMoments`."""

    @property
    def majorana(self) -> bool: ...

    def squared(self, flavor: str) -> Any:
        """Return the effective mu^2, Bohr magnetons squared."""
        ...


@dataclass(frozen=True)
class MagneticMoment:
    """Magnetic moment of neutrinos (Vogel & Engel 1989, PRD 39, 3378). It turns the helicity around: no interference.

    dsigma/dT = pi alpha^2 (hbar c)^2 mu^2 Z^2/m_e^2 (1/T - 1/E) F_p^2; diverges at T = 0.

    Attributes
    ----------
    moment : float or Moments
        Effective moment of all flavours in Bohr magnetons, or an object with `squared(flavor)` and `majorana`, such as
        `moments.TransitionMoments`.
    majorana : bool, optional
        Whether the scattered neutrino is an antineutrino that still interacts; otherwise it is sterile. Known from
        `moment` where that is an object, True for a number by default.
    exact_spin_zero : bool
        Add T/(4 E^2), which makes (1/T)(1 - T/2E)^2 of a nucleus of spin 0; below 1e-3 at supernova energies.
    """

    moment: float | Moments
    majorana: bool | None = None
    exact_spin_zero: bool = False

    photon_like: ClassVar[bool] = True
    forward_power: ClassVar[int] = 1
    mediator_mass: ClassVar[float] = 0.0
    references: ClassVar[Sequence[str]] = ("Vogel & Engel 1989, PRD 39, 3378",)

    def __post_init__(self) -> None:
        if not hasattr(self.moment, "squared") and not np.real(self.moment) >= 0.0:
            raise OutOfRangeError(f"moment = {self.moment} Bohr magnetons: must not be negative")
        known = getattr(self.moment, "majorana", None)
        if known is not None and self.majorana is not None and known != self.majorana:
            raise MicrophysicsError(
                f"majorana = {self.majorana}: the moments given are {'Majorana' if known else 'Dirac'} ones"
            )
        chosen = next((v for v in (known, self.majorana) if v is not None), True)
        object.__setattr__(self, "majorana", chosen)

    def squared(self, flavor: str) -> Any:
        """Return mu^2 of a flavour, Bohr magnetons squared."""
        if hasattr(self.moment, "squared"):
            return self.moment.squared(flavor)
        family(flavor)
        return self.moment**2

    def coefficients(
        self,
        recoil_energy: Array,
        nucleus: Nucleus,
        form_factor: FormFactor,
        flavor: str,
        couplings: WeakCouplings,
    ) -> tuple[Any, Any, Any]:
        """Return c0, c1, c2 of dsigma/dT = c0 + c1/E + c2/E^2 in cm^2/MeV, cm^2, cm^2 MeV."""
        t = np.asarray(recoil_energy, dtype=np.float64)
        if np.any(t == 0.0):
            raise OutOfRangeError("recoil_energy = 0 MeV: must be positive where a magnetic moment scatters")
        constants = couplings.constants
        q = np.sqrt(2.0 * nucleus.mass * t + t**2) / (constants.hbar_c * 1e13)
        unit = np.pi * (constants.fine_structure * constants.hbar_c / constants.electron_mass) ** 2
        c1 = -unit * self.squared(flavor) * (nucleus.charge_number * form_factor(q)) ** 2
        return -c1 / t, c1, -0.25 * c1 * t if self.exact_spin_zero else 0.0
