"""Nuclei and mixtures of them: charge, mass number, mass, spin and natural composition."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics.constants import CODATA
from microphysics.errors import OutOfRangeError, UnknownNameError
from microphysics.isotopes import elements, isotopes

Array = NDArray[np.float64]

_NAME = re.compile(r"([A-Z][a-z]?)(\d+)")
# "(", or one of ")", "[Xe136]", "Xe" with the count that may follow
_PART = re.compile(r"(\()|(?:(\))|\[([A-Z][a-z]?\d+)\]|([A-Z][a-z]?))(\d+(?:\.\d*)?)?")


@dataclass(frozen=True)
class Nucleus:
    """One nucleus, or arrays of them that broadcast against energies and angles.

    Attributes
    ----------
    mass_number, charge_number : ndarray
        A and Z, not necessarily whole: the representative nucleus of an equation of state is an average.
    mass : ndarray
        Bare nuclear mass, MeV.
    name : str
        "Fe56"; empty where unnamed.
    spin : float
        J of the ground state; 0 for arrays and averages.
    """

    mass_number: Array
    charge_number: Array
    mass: Array
    name: str = ""
    spin: float = 0.0

    @property
    def neutron_number(self) -> Array:
        """N = A - Z."""
        return self.mass_number - self.charge_number

    @classmethod
    def of(cls, mass_number: ArrayLike, charge_number: ArrayLike) -> Nucleus:
        """Return nuclei with mass A times the atomic mass unit less Z electrons (binding differences: about 1e-3)."""
        a = np.asarray(mass_number, dtype=np.float64)
        z = np.asarray(charge_number, dtype=np.float64)
        return cls(a, z, a * CODATA.atomic_mass - z * CODATA.electron_mass)

    @classmethod
    def named(cls, name: str) -> Nucleus:
        """Return an isotope by name, such as ``"Fe56"`` or ``"Ar40"``, with its measured mass and spin.

        All isotopes that occur in nature up to uranium, and ``"Ni56"`` and ``"C11"``. The mass is A u + Delta - Z m_e with
        the atomic mass excess Delta; the binding of the electrons (1e-6 of it at most) is left out.

        Raises
        ------
        UnknownNameError
            If the isotope is not in the table; it lists those of the element.

        Examples
        --------
        >>> round(float(Nucleus.named("Ar40").mass), 3)
        37215.526
        >>> Nucleus.named("Xe129").spin
        0.5
        """
        if name not in isotopes():
            match = _NAME.fullmatch(name)
            symbol = match[1] if match else name
            if symbol not in elements():
                raise UnknownNameError("element", symbol, elements())
            raise UnknownNameError("nucleus", name, elements()[symbol])
        row = isotopes()[name]
        a, z = float(row.mass_number), float(row.charge_number)
        mass = a * CODATA.atomic_mass + row.mass_excess - z * CODATA.electron_mass
        return cls(np.asarray(a), np.asarray(z), np.asarray(mass), name, row.spin)


@dataclass(frozen=True)
class Composition:
    """Isotopes of a target with their shares by number.

    Attributes
    ----------
    nuclei : tuple of Nucleus
        The isotopes.
    fractions : ndarray
        Nuclei of each per nucleus of the whole; they sum to one.

    Examples
    --------
    >>> caesium_iodide = Composition.molecule("CsI")
    >>> [(nucleus.name, round(float(share), 3)) for nucleus, share in caesium_iodide]
    [('Cs133', 0.5), ('I127', 0.5)]
    >>> f"{caesium_iodide.atoms_per_gram:.4e}"
    '4.6358e+21'
    """

    nuclei: tuple[Nucleus, ...]
    fractions: Array

    @classmethod
    def of(cls, shares: Mapping[str, float]) -> Composition:
        """Return a mixture of isotopes and natural elements by number.

        Parameters
        ----------
        shares : mapping
            Name of an isotope or symbol of an element to its number of atoms, in any common unit.

        Raises
        ------
        UnknownNameError
            For an element or isotope that is not in the table.
        OutOfRangeError
            If a share is negative, or none is positive.
        """
        parts: dict[str, float] = {}
        for name, share in shares.items():
            if not (0.0 <= share < np.inf):
                raise OutOfRangeError(f"share of {name} = {share}: must not be negative")
            for isotope, abundance in _natural(name).items():
                parts[isotope] = parts.get(isotope, 0.0) + share * abundance
        total = sum(parts.values())
        if not total > 0.0:
            raise OutOfRangeError("composition: at least one share must be positive")
        present = {name: share / total for name, share in parts.items() if share > 0.0}
        return cls(tuple(Nucleus.named(name) for name in present), np.array(list(present.values())))

    @classmethod
    def natural(cls, symbol: str) -> Composition:
        """Return an element as it occurs in nature, ``"Xe"``."""
        if symbol not in elements():
            raise UnknownNameError("element", symbol, elements())
        return cls.of({symbol: 1.0})

    @classmethod
    def molecule(cls, formula: str) -> Composition:
        """Return a compound of natural elements by its chemical formula.

        Parameters
        ----------
        formula : str
            Symbols with counts and parentheses: ``"CsI"``, ``"CF3I"``, ``"PbWO4"``, ``"Gd2(SO4)3"``. ``D`` is deuterium. An
            isotope stands in brackets, ``"[Xe136]F2"``; alone it needs none, ``"Xe132"`` (but ``"H2"`` is the molecule).

        Raises
        ------
        UnknownNameError
            For an unknown element or isotope.
        OutOfRangeError
            If the formula cannot be read.
        """
        if formula in isotopes() and formula != "H2":
            return cls.of({formula: 1.0})
        return cls.of(_atoms(formula))

    def __iter__(self) -> Iterator[tuple[Nucleus, float]]:
        return ((nucleus, float(share)) for nucleus, share in zip(self.nuclei, self.fractions, strict=True))

    def __len__(self) -> int:
        return len(self.nuclei)

    @property
    def mean_mass(self) -> float:
        """Mean mass of an atom, its electrons included, MeV."""
        return sum(
            share * float(nucleus.mass + nucleus.charge_number * CODATA.electron_mass)
            for nucleus, share in self
        )

    @property
    def atoms_per_gram(self) -> float:
        """Atoms of all isotopes together, 1/g."""
        return 1.0 / (self.mean_mass * CODATA.gram_per_mev)


def _natural(name: str) -> dict[str, float]:
    """Isotopes of an element with their abundances, or the isotope itself."""
    if name in elements():
        return {isotope: isotopes()[isotope].abundance for isotope in elements()[name]}
    Nucleus.named(name)  # raises for what is neither
    return {name: 1.0}


def _atoms(formula: str) -> dict[str, float]:
    """Atoms in a chemical formula, by symbol or isotope."""
    levels: list[dict[str, float]] = [{}]
    position = 0
    while position < len(formula):
        match = _PART.match(formula, position)
        if match is None:
            raise OutOfRangeError(
                f"formula = '{formula}': '{formula[position:]}' is no symbol, [isotope] or ( )"
            )
        position = match.end()
        opening, closing, isotope, symbol, count = match.groups()
        if opening:
            levels.append({})
            continue
        if closing and len(levels) == 1:
            raise OutOfRangeError(f"formula = '{formula}': a ) without (")
        part = levels.pop() if closing else {"H2" if symbol == "D" else isotope or symbol: 1.0}
        for name, number in part.items():
            levels[-1][name] = levels[-1].get(name, 0.0) + number * float(count or 1.0)
    if len(levels) > 1 or not levels[0]:
        raise OutOfRangeError(f"formula = '{formula}': " + ("a ( without )" if formula else "is empty"))
    return levels[0]
