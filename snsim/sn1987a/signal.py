"""Antineutrinos that arrive: a luminosity and a spectrum over time, mixed or not, and a star that cools exponentially."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.errors import OutOfRangeError, require
from microphysics.spectrum import FermiDirac, Pinched, Spectrum
from snsim.variable import Group

Array = NDArray[np.float64]

KPC = 3.0856775814913673e21  # cm
DISTANCE = 51.4 * KPC  # of SN 1987A: Panagia 1999
PINCHING = 2.3  # of a Fermi-Dirac spectrum without degeneracy


class Arriving(Protocol):
    """A flux of electron antineutrinos over time."""

    @property
    def time(self) -> Array:
        """Times since the first neutrinos, s, rising, shape (time,)."""
        ...

    def flux(self, energy: Array) -> Array:
        """Return the number flux at the Earth, 1/(cm^2 s MeV), shape (time, energy)."""
        ...


@dataclass(frozen=True)
class Signal:
    """Antineutrinos of one kind as they leave the star.

    Attributes
    ----------
    time : ndarray, shape (time,)
        s, rising.
    luminosity : ndarray, shape (time,)
        erg/s at infinity, >= 0.
    spectrum : Spectrum
        Number spectrum at infinity of each time.
    distance : float
        cm.

    Raises
    ------
    OutOfRangeError
        For times that do not rise, a negative luminosity, a distance that is not positive.
    """

    time: Array
    luminosity: Array
    spectrum: Spectrum
    distance: float = DISTANCE

    def __post_init__(self) -> None:
        if self.time.ndim != 1 or self.time.size < 2 or self.luminosity.shape != self.time.shape:
            raise OutOfRangeError(
                "a signal needs at least 2 times and a luminosity for each, got shapes "
                f"{self.time.shape} and {self.luminosity.shape}"
            )
        require(np.diff(self.time) > 0.0, self.time[1:], "time", "s", "above the one before it")
        require(self.luminosity >= 0.0, self.luminosity, "luminosity", "erg/s", ">= 0")
        require(self.distance > 0.0, self.distance, "distance", "cm", "> 0")

    @classmethod
    def pinched(
        cls, time: Any, luminosity: Any, mean_energy: Any, alpha: Any = PINCHING, distance: float = DISTANCE
    ) -> Signal:
        """Return the signal of a series (time, L, <E>, alpha); s, erg/s, MeV.

        Parameters
        ----------
        time, luminosity, mean_energy, alpha : array_like, shape (time,)
            The last two broadcast.
        distance : float
            cm.

        Raises
        ------
        OutOfRangeError
            Also for alpha <= -1 or a mean energy that is not positive.
        """
        time, luminosity = np.asarray(time, dtype=np.float64), np.asarray(luminosity, dtype=np.float64)
        mean, pinch = np.broadcast_arrays(
            np.asarray(mean_energy, dtype=np.float64), np.asarray(alpha, dtype=np.float64), time
        )[:2]
        return cls(time, luminosity, Pinched(mean, pinch), distance)

    @classmethod
    def of_light_curve(
        cls, evolution: Group, species: str = "anue", alpha: float = PINCHING, distance: float = DISTANCE
    ) -> Signal:
        """Return the signal of the group `evolution` of a result; times from its first one on.

        Parameters
        ----------
        evolution : mapping of str to Variable
            With ``time``, ``species``, ``luminosity_infinity`` and ``mean_energy_infinity``.
        species : str
            One of its species.
        alpha : float
            The gray scheme carries no pinching.
        distance : float
            cm.
        """
        names = [str(name) for name in evolution["species"].values]
        if species not in names:
            raise OutOfRangeError(f"species = '{species}': the evolution has {', '.join(names)}")
        column, time = names.index(species), evolution["time"].values
        light, mean = (
            evolution[f"{name}_infinity"].values[:, column] for name in ("luminosity", "mean_energy")
        )
        return cls.pinched(time - time[0], light, mean, alpha, distance)

    def flux(self, energy: Array) -> Array:
        """Return the number flux at the Earth, 1/(cm^2 s MeV), shape (time, energy)."""
        number = self.luminosity / (
            4.0 * math.pi * self.distance**2 * self.spectrum.mean_energy * CODATA.erg_per_mev
        )
        # where nothing is emitted the mean energy may be undefined
        return np.where(number[:, None] > 0.0, number[:, None] * self.spectrum.density(energy), 0.0)


@dataclass(frozen=True)
class Mixed:
    """Antineutrinos that changed flavour on their way: p of the anue and 1 - p of one heavy-lepton kind.

    Attributes
    ----------
    anue, nux : Signal
        At the same times; nux is ONE of the four.
    survival : float
        p, 0 to 1: 0.68 or 0.02 for adiabatic neutrinos (`diagnostics.mixing.adiabatic_survival`).
    """

    anue: Signal
    nux: Signal
    survival: float

    def __post_init__(self) -> None:
        require(0.0 <= self.survival <= 1.0, self.survival, "survival probability", "", "from 0 to 1")
        if not np.array_equal(self.anue.time, self.nux.time):
            raise OutOfRangeError("anue and nux need the same times")

    @property
    def time(self) -> Array:
        """Times since the first neutrinos, s."""
        return self.anue.time

    def flux(self, energy: Array) -> Array:
        """Return the number flux at the Earth, 1/(cm^2 s MeV), shape (time, energy)."""
        return self.survival * self.anue.flux(energy) + (1.0 - self.survival) * self.nux.flux(energy)


def exponential_cooling(
    temperature: float, radius: float, cooling_time: float, distance: float = DISTANCE, points: int = 240
) -> Signal:
    """Return the signal of a black sphere with T = T_0 exp(-t/(4 tau)), so that L falls with tau.

    Parameters
    ----------
    temperature : float
        T_0, MeV.
    radius : float
        cm.
    cooling_time : float
        tau, s.
    distance : float
        cm.
    points : int
        Times out to 10 tau, finer at first.

    Returns
    -------
    Signal
        L = 4 pi R^2 (7/16) sigma T^4, no degeneracy.

    References
    ----------
    .. [1] Loredo & Lamb 2002, PRD 65, 063002, their exponential cooling model.
    """
    for value, what, unit in ((radius, "radius", "cm"), (cooling_time, "cooling time", "s")):
        require(value > 0.0, value, what, unit, "> 0")
    time = 10.0 * cooling_time * np.linspace(0.0, 1.0, points) ** 2
    hot = temperature * np.exp(-0.25 * time / cooling_time)
    surface = math.pi**2 / 60.0 * CODATA.speed_of_light / CODATA.hbar_c**3 * CODATA.erg_per_mev
    light = 4.0 * math.pi * radius**2 * 7.0 / 16.0 * surface * hot**4
    return Signal(time, light, FermiDirac(hot), distance)
