"""Sum rules of Fermi and Gamow-Teller strengths, and a model of single particles that obeys them exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics.errors import OutOfRangeError, require
from microphysics.nuclei import Nucleus
from microphysics.weak._columns import read_numbers

__all__ = [
    "SingleParticleLevel",
    "StrengthFunction",
    "gamow_teller_sum_rule",
    "quenching",
    "single_particle_strengths",
    "spin_strength",
]

Array = NDArray[np.float64]

REFERENCES = (
    "Ikeda, Fujii & Fujita 1963, Phys. Lett. 3, 271",
    "Brown & Wildenthal 1985, At. Data Nucl. Data Tables 33, 347 (single-particle matrix elements)",
)


@dataclass(frozen=True)
class StrengthFunction:
    """Squared matrix elements from the ground state to states of the daughter, of the operators sigma t_+- or t_+- alone.

    Attributes
    ----------
    energy : ndarray, shape (state,)
        M_daughter* - M_parent of bare nuclei, MeV.
    strength : ndarray, shape (state,)
        B >= 0, without g_A^2: B(GT-) of the free neutron is 3.

    Raises
    ------
    OutOfRangeError
        For shapes that differ and strengths that are negative.
    """

    energy: Array
    strength: Array

    def __post_init__(self) -> None:
        energy, strength = (np.asarray(v, dtype=np.float64) for v in (self.energy, self.strength))
        if energy.ndim != 1 or energy.shape != strength.shape:
            raise OutOfRangeError(
                f"energy and strength have shapes {energy.shape} and {strength.shape}: must be equal columns"
            )
        require(strength >= 0.0, strength, "strength", "", ">= 0")
        object.__setattr__(self, "energy", energy)
        object.__setattr__(self, "strength", strength)

    @classmethod
    def of_density(cls, energy: ArrayLike, density: ArrayLike) -> StrengthFunction:
        """Return the states of a continuous dB/dE (1/MeV) at rising energies, by trapezia."""
        e = np.asarray(energy, dtype=np.float64)
        require(np.diff(e) > 0.0, e[1:], "energy", "MeV", "above the one before it")
        step = np.diff(e)
        width = 0.5 * (np.concatenate([step, [0.0]]) + np.concatenate([[0.0], step]))
        return cls(e, width * np.asarray(density, dtype=np.float64))

    @classmethod
    def from_file(cls, path: Path | str) -> StrengthFunction:
        """Read a table with the columns ``energy_MeV`` and ``strength``, separated by commas."""
        return cls(*read_numbers(path, ("energy_MeV", "strength")))

    @property
    def total(self) -> float:
        """Sum over states."""
        return float(self.strength.sum())

    @property
    def mean_energy(self) -> float:
        """Mean weighted by strength, MeV; NaN without any."""
        return float(self.energy @ self.strength) / self.total if self.total > 0.0 else float("nan")


def gamow_teller_sum_rule(nucleus: Nucleus) -> Array:
    """S_- - S_+ = 3 (N - Z) of the operators sigma t_+-, exact for nucleons without other degrees of freedom.

    Examples
    --------
    >>> float(gamow_teller_sum_rule(Nucleus.named("Pb208")))
    132.0
    """
    return 3.0 * (nucleus.neutron_number - nucleus.charge_number)


def quenching(minus: StrengthFunction, plus: StrengthFunction, nucleus: Nucleus) -> float:
    """Share of the sum rule that two strength functions hold, (S_- - S_+)/[3 (N - Z)].

    Below 1 strength is missing: at energies that were not reached, or in excitations of nucleons (measured up to 50 MeV: 0.9;
    Wakasa et al. 1997, PRC 55, 2909).

    Raises
    ------
    OutOfRangeError
        For N = Z, where the rule says nothing about the size.
    """
    expected = float(gamow_teller_sum_rule(nucleus))
    if expected == 0.0:
        raise OutOfRangeError(
            f"{nucleus.name}: N - Z = 0, the sum rule gives no share; S_- - S_+ itself must vanish"
        )
    return (minus.total - plus.total) / expected


@dataclass(frozen=True)
class SingleParticleLevel:
    """A shell with its energies and occupations.

    Attributes
    ----------
    radial, orbital : int
        n and l >= 0; strengths connect levels that agree in both.
    spin : float
        j = l + 1/2 or l - 1/2 > 0.
    neutron_energy, proton_energy : float
        MeV.
    neutrons, protons : float
        Occupation numbers, 0 to 2 j + 1.

    Raises
    ------
    OutOfRangeError
        For a spin that does not belong to l, and more particles than the shell holds.
    """

    radial: int
    orbital: int
    spin: float
    neutron_energy: float = 0.0
    proton_energy: float = 0.0
    neutrons: float = 0.0
    protons: float = 0.0

    def __post_init__(self) -> None:
        if abs(self.spin - self.orbital) != 0.5 or self.spin <= 0.0 or self.orbital < 0:
            raise OutOfRangeError(f"spin = {self.spin} of l = {self.orbital}: must be l + 1/2 or l - 1/2 > 0")
        for name in ("neutrons", "protons"):
            number = getattr(self, name)
            require(0.0 <= number <= self.size, number, name, "", f"from 0 to 2 j + 1 = {self.size:g}")

    @property
    def size(self) -> float:
        """2 j + 1."""
        return 2.0 * self.spin + 1.0


def spin_strength(orbital: int, spin: float, final_spin: float) -> float:
    """|<j'||sigma||j>|^2/(2 j + 1) within one l, summed over j' always 3.

    Examples
    --------
    >>> [round(spin_strength(1, 1.5, j), 4) for j in (0.5, 1.5)]
    [1.3333, 1.6667]
    """
    size = 2.0 * orbital + 1.0
    up, final_up = spin > orbital, final_spin > orbital
    if up and final_up:
        return (2.0 * orbital + 3.0) / size
    if up:
        return 4.0 * orbital / size
    return 4.0 * (orbital + 1.0) / size if final_up else (2.0 * orbital - 1.0) / size


def single_particle_strengths(
    levels: Sequence[SingleParticleLevel],
) -> tuple[StrengthFunction, StrengthFunction]:
    """Gamow-Teller strengths of particles in shells that do not interact: minus (n to p), plus (p to n).

    B_-(j -> j') = n_j (1 - p_j'/(2 j' + 1)) |<j'||sigma||j>|^2/(2 j + 1); energies are differences of levels.

    Parameters
    ----------
    levels : sequence of SingleParticleLevel
        With both spins of every l > 0 that holds particles, empty ones too: without them strength would be missing.

    Raises
    ------
    OutOfRangeError
        If the other spin of an occupied shell is not there, or a level is there twice.

    Examples
    --------
    >>> levels = [SingleParticleLevel(0, 1, 1.5, neutrons=4.0, protons=2.0), SingleParticleLevel(0, 1, 0.5, neutrons=1.0)]
    >>> minus, plus = single_particle_strengths(levels)
    >>> round(minus.total - plus.total, 12)  # 3 (5 - 2)
    9.0
    """
    known = {(level.radial, level.orbital, level.spin): level for level in levels}
    if len(known) != len(levels):
        raise OutOfRangeError("levels: one is there twice")
    minus: list[tuple[float, float]] = []
    plus: list[tuple[float, float]] = []
    for level in levels:
        spins = (level.orbital + 0.5, level.orbital - 0.5) if level.orbital else (0.5,)
        for spin in spins:
            final = known.get((level.radial, level.orbital, spin))
            if final is None:
                if level.neutrons or level.protons:
                    raise OutOfRangeError(
                        f"levels: n = {level.radial}, l = {level.orbital} holds particles with j = {level.spin:g}, so "
                        f"j = {spin:g} must be there too, if only empty"
                    )
                continue
            unit = spin_strength(level.orbital, level.spin, spin)
            free_proton, free_neutron = 1.0 - final.protons / final.size, 1.0 - final.neutrons / final.size
            minus.append((final.proton_energy - level.neutron_energy, unit * level.neutrons * free_proton))
            plus.append((final.neutron_energy - level.proton_energy, unit * level.protons * free_neutron))
    return tuple(StrengthFunction(*np.array(states).T) for states in (minus, plus))  # type: ignore[return-value]
