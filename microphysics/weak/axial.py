"""Axial (spin) part of elastic neutrino-nucleus scattering, for nuclei with J > 0.

Not coherent: of the order 1/N^2 of the vector part, nothing where all spins are paired. Each object offers
`coefficients`, the terms of dsigma/dT = c0 + c1/E + c2/E^2 that it adds.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics.errors import ExtrapolationWarning, MicrophysicsError, OutOfRangeError
from microphysics.nuclei import Nucleus
from microphysics.weak._columns import read_numbers
from microphysics.weak.couplings import WeakCouplings

Array = NDArray[np.float64]
Coefficients = tuple[Array, Array, Array]


@dataclass(frozen=True)
class SpinEstimate:
    """Quick estimate from the unpaired spins, as if each were a free nucleon at rest.

    With Q_A = g_A^p (Z+ - Z-) + g_A^n (N+ - N-), where g_A^p = (g_A - g_s)/2 and g_A^n = -(g_A + g_s)/2,

        dsigma/dT = (G_F^2 M/pi) [Q_A^2 (1 + M T/2E^2) +- Q_V Q_A (2T/E - T^2/E^2)],

    plus for neutrinos, minus for antineutrinos; Q_V is the vector amplitude (Barranco, Miranda & Rashba 2005, JHEP 12, 021;
    the interference is that of spin 1/2, terms of order T/E of Q_A^2 are left out). It has no form factor and overestimates
    spins above 1/2, by 3 J/(J + 1) where one nucleon carries all of J.

    Attributes
    ----------
    proton_excess, neutron_excess : float
        Z+ - Z- and N+ - N-: nucleons with spin up less those with spin down, twice <S_p> and <S_n>.
    spin : float
        J of the nucleus; the excesses of J = 0 are zero.
    """

    proton_excess: float
    neutron_excess: float
    spin: float

    name = "spin_estimate"
    references = ("Barranco, Miranda & Rashba 2005, JHEP 12, 021",)

    def __post_init__(self) -> None:
        _check_spin(self.spin)
        if self.spin == 0.0 and (self.proton_excess != 0.0 or self.neutron_excess != 0.0):
            raise OutOfRangeError(
                f"spin excess = {self.proton_excess:g}, {self.neutron_excess:g}: must be zero for a nucleus of J = 0"
            )

    @classmethod
    def unpaired(cls, nucleus: Nucleus) -> SpinEstimate:
        """Return one spin up for the odd proton and one for the odd neutron, none for J = 0."""
        if nucleus.spin == 0.0:
            return cls(0.0, 0.0, 0.0)
        return cls(float(nucleus.charge_number % 2.0), float(nucleus.neutron_number % 2.0), nucleus.spin)

    def axial_charge(self, couplings: WeakCouplings) -> Any:
        """Q_A."""
        return couplings.axial_proton * self.proton_excess + couplings.axial_neutron * self.neutron_excess

    def coefficients(
        self, recoil_energy: ArrayLike, mass: Any, flavor: str, couplings: WeakCouplings, vector_charge: Any
    ) -> Coefficients:
        """Return c0, c1, c2 of dsigma/dT = c0 + c1/E + c2/E^2.

        Parameters
        ----------
        recoil_energy : array_like
            T, MeV.
        mass : float or ndarray
            Nuclear mass, MeV.
        flavor : str
            nue, anue, numu, anumu, nutau, anutau.
        couplings : WeakCouplings
            g_A, g_s and G_F.
        vector_charge : float or ndarray
            Q_V, the signed vector amplitude at this recoil.

        Returns
        -------
        tuple of ndarray
            In cm^2/MeV, times MeV and MeV^2.
        """
        t = np.asarray(recoil_energy)
        q_a = self.axial_charge(couplings)
        strength = _strength(couplings) * mass
        mixed = (-1.0 if flavor.startswith("a") else 1.0) * strength * vector_charge * q_a
        alone = strength * q_a**2 * np.ones_like(t)
        return alone, 2.0 * mixed * t, 0.5 * alone * mass * t - mixed * t**2


@dataclass(frozen=True)
class SpinStructure:
    """Transverse spin structure factors of a nuclear-structure calculation.

        dsigma/dT = (G_F^2 M/4 pi) (8 pi/(2J + 1)) [g_A^2 S_11(q) - g_A g_s S_01(q) + g_s^2 S_00(q)]
                    (1 - T/E + M T/2E^2)

    Hoferichter, Menendez & Schwenk 2020 (PRD 102, 074018). For a free nucleon this is g_A^2/4 in place of the vector
    charge squared. The interference with the vector part, of the order T/E, is left out.

    Attributes
    ----------
    spin : float
        J, above 0.
    responses : callable
        q in 1/fm to S^T_00, S^T_01, S^T_11, isoscalar, mixed and isovector.
    strange_axial_coupling : float or None
        g_s; None takes that of the couplings. The paper uses -0.085.
    references : tuple of str
        Where the structure factors are from.
    """

    spin: float
    responses: Callable[[Array], tuple[Any, Any, Any]]
    strange_axial_coupling: float | None = None
    references: tuple[str, ...] = ("Hoferichter, Menendez & Schwenk 2020, PRD 102, 074018",)

    name = "spin_structure"

    def __post_init__(self) -> None:
        _check_spin(self.spin)
        if self.spin == 0.0:
            raise OutOfRangeError("spin = 0: a nucleus of J = 0 has no spin structure factors")

    @classmethod
    def from_file(
        cls, path: Path | str, spin: float, strange_axial_coupling: float | None = None
    ) -> SpinStructure:
        """Read tabulated structure factors.

        Parameters
        ----------
        path : path
            Columns q (1/fm, rising), S00, S01, S11, separated by commas, their names in the first line.
        spin : float
            J.
        strange_axial_coupling : float or None
            See the class.

        Raises
        ------
        MicrophysicsError
            If the file cannot be read, lacks a column or has fewer than four rows.
        OutOfRangeError
            If q does not rise or J is not above 0.
        """
        table = _Table.of(str(path), *read_numbers(path, ("q", "S00", "S01", "S11")))
        return cls(spin, table, strange_axial_coupling, (Path(path).name, *cls.references))

    def form_factor_squared(self, q: ArrayLike, couplings: WeakCouplings) -> Any:
        """F_A = (8 pi/(2J + 1)) [g_A^2 S_11 - g_A g_s S_01 + g_s^2 S_00], dimensionless; q in 1/fm."""
        isoscalar, mixed, isovector = self.responses(np.asarray(q))
        g_a, g_s = couplings.axial_coupling, self.strange_axial_coupling
        if g_s is None:
            g_s = couplings.strange_axial_coupling
        total = g_a**2 * isovector - g_a * g_s * mixed + g_s**2 * isoscalar
        return 8.0 * np.pi / (2.0 * self.spin + 1.0) * total

    def coefficients(
        self, recoil_energy: ArrayLike, mass: Any, flavor: str, couplings: WeakCouplings, vector_charge: Any
    ) -> Coefficients:
        """Return c0, c1, c2 of dsigma/dT = c0 + c1/E + c2/E^2; as `SpinEstimate.coefficients`, Q_V and flavour unused."""
        t = np.asarray(recoil_energy)
        q = np.sqrt(2.0 * mass * t) / (couplings.constants.hbar_c * 1e13)
        alone = 0.25 * _strength(couplings) * mass * self.form_factor_squared(q, couplings)
        return alone, -alone * t, 0.5 * alone * mass * t


@dataclass(frozen=True)
class _Table:
    """Structure factors by cubic splines; beyond the table its edge value, with a warning."""

    name: str
    first: float
    last: float
    spline: Any

    @classmethod
    def of(cls, name: str, q: Array, s00: Array, s01: Array, s11: Array) -> _Table:
        from scipy.interpolate import CubicSpline

        if q.size < 4:
            raise MicrophysicsError(f"{name}: {q.size} rows, at least 4 are needed")
        if not np.all(np.diff(q) > 0.0):
            raise OutOfRangeError(f"{name}: q must rise from row to row")
        return cls(name, float(q[0]), float(q[-1]), CubicSpline(q, np.stack([s00, s01, s11]), axis=1))

    def __call__(self, q: Array) -> tuple[Array, Array, Array]:
        outside = np.count_nonzero((q < self.first) | (q > self.last))
        if outside:
            warnings.warn(
                f"{self.name}: {outside} of {q.size} momentum transfers lie outside {self.first:g} to {self.last:g}/fm; "
                "the edge value is used",
                ExtrapolationWarning,
                stacklevel=4,
            )
        s00, s01, s11 = self.spline(np.clip(q, self.first, self.last))
        return s00, s01, s11


def _strength(couplings: WeakCouplings) -> Any:
    """G_F^2 (hbar c)^2/pi, cm^2/MeV^2."""
    return couplings.sigma0 / (4.0 * couplings.constants.electron_mass**2)


def _check_spin(spin: float) -> None:
    """Refuse what is no angular momentum."""
    if not (spin >= 0.0 and spin % 0.5 == 0.0):
        raise OutOfRangeError(f"spin = {spin}: must be 0, 1/2, 1, ...")
