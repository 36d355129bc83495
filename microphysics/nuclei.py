"""Nuclei: charge, mass number and mass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics.constants import CODATA
from microphysics.errors import UnknownNameError

Array = NDArray[np.float64]

# Atomic mass excess, MeV (AME2020, Wang et al. 2021, Chin. Phys. C 45, 030003), of nuclei that are used by name
_MASS_EXCESS = {
    ("He", 4): (2, 2.42491587),
    ("O", 16): (8, -4.73700),
    ("Si", 28): (14, -21.49279),
    ("Ar", 40): (18, -35.03989),
    ("Fe", 56): (26, -60.60676),
    ("Ni", 56): (28, -53.90696),
    ("Ge", 74): (32, -73.42246),
    ("I", 127): (53, -88.98430),
    ("Xe", 132): (54, -89.27896),
    ("Cs", 133): (55, -88.07093),
    ("Pb", 208): (82, -21.74856),
}


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
    """

    mass_number: Array
    charge_number: Array
    mass: Array
    name: str = ""

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
        """Return an isotope by name, such as ``"Fe56"`` or ``"Ar40"``, with its measured mass.

        Raises
        ------
        UnknownNameError
            If the isotope is not in the short list that ships.

        Examples
        --------
        >>> round(float(Nucleus.named("Ar40").mass), 3)
        37215.526
        """
        symbol = name.rstrip("0123456789")
        digits = name[len(symbol) :]
        key = (symbol, int(digits)) if digits else (symbol, 0)
        if key not in _MASS_EXCESS:
            raise UnknownNameError("nucleus", name, [f"{s}{a}" for s, a in _MASS_EXCESS])
        charge, excess = _MASS_EXCESS[key]
        mass = key[1] * CODATA.atomic_mass + excess - charge * CODATA.electron_mass
        return cls(np.asarray(float(key[1])), np.asarray(float(charge)), np.asarray(mass), name)
