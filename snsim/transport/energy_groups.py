"""Energy groups of spectral transport, and where they lie in every zone.

Groups have a fixed energy at infinity, where a static metric leaves them apart: the local energy of group g in zone i is
energy[g]/lapse[i].
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.errors import OutOfRangeError
from microphysics.processes.contract import occupation

Array = NDArray[np.float64]

_UNIFORM = 1e-9  # relative, of the distance of neighbours


@dataclass(frozen=True)
class EnergyGroups:
    """Groups of energy at infinity, uniform in its logarithm.

    Attributes
    ----------
    energy : ndarray, shape (group,)
        Geometric means of the edges, MeV.
    width : ndarray, shape (group,)
        Energy times the distance of the edges in ln(energy), MeV: the midpoint rule there, whose error for a smooth spectrum
        falls faster than any power. The distance of the edges in energy would make every integral larger by step^2/24.

    Examples
    --------
    >>> groups = EnergyGroups.logarithmic(20)
    >>> print(groups.energy[[0, -1]].round(2), round(groups.step, 4))
    [  1.82 263.21] 0.2617
    """

    energy: Array
    width: Array

    def __post_init__(self) -> None:
        if self.energy.ndim != 1 or self.energy.size < 2 or self.energy.shape != self.width.shape:
            raise OutOfRangeError(
                f"groups: energy and width have shapes {self.energy.shape} and {self.width.shape}; "
                "expected two equal rows of at least two"
            )
        if not (np.isfinite(self.energy) & (self.energy > 0.0) & (self.width > 0.0)).all():
            raise OutOfRangeError("groups: energies must be positive and finite, widths positive")
        steps = np.diff(np.log(self.energy))
        if not (steps[0] > 0.0 and np.abs(steps / steps[0] - 1.0).max() < _UNIFORM):
            raise OutOfRangeError("groups: energies must rise by one ratio from each to the next")

    @classmethod
    def logarithmic(cls, groups: int = 20, low: float = 1.6, high: float = 300.0) -> EnergyGroups:
        """Return `groups` groups with edges from `low` to `high`, MeV.

        Raises
        ------
        OutOfRangeError
            With fewer than two groups, or edges that are not positive, finite and rising.
        """
        if groups < 2:
            raise OutOfRangeError(f"groups = {groups}: must be at least 2")
        if not 0.0 < low < high < np.inf:
            raise OutOfRangeError(
                f"groups from {low:g} to {high:g} MeV: edges must be positive, finite and rising"
            )
        edges = np.geomspace(low, high, groups + 1)
        energy = np.sqrt(edges[1:] * edges[:-1])
        return cls(energy, energy * np.log(high / low) / groups)

    @property
    def step(self) -> float:
        """Distance of neighbours in ln(energy)."""
        return float(np.log(self.energy[-1] / self.energy[0]) / (self.energy.size - 1))

    @property
    def number_weight(self) -> Array:
        """4 pi eps^2 d eps/(2 pi hbar c)^3, shape (group,), 1/cm^3: alpha^3 times the number density at f = 1."""
        return 4.0 * np.pi * self.energy**2 * self.width / (2.0 * np.pi * CODATA.hbar_c) ** 3

    @property
    def energy_weight(self) -> Array:
        """`number_weight` times the energy, shape (group,), MeV/cm^3."""
        return self.number_weight * self.energy

    def missed(self, occupied: Array) -> Array:
        """Shares of a spectrum in the lowest and in the highest group, where a grid that misses it shows.

        Parameters
        ----------
        occupied : ndarray, shape (..., group)
            f.

        Returns
        -------
        ndarray, shape (..., 2, 2)
            Of number, then of energy: in the lowest, then in the highest group; 0 where there are no neutrinos.
        """
        density = np.stack([occupied * self.number_weight, occupied * self.energy_weight], axis=-2)
        total = density.sum(axis=-1, keepdims=True)
        ends = density[..., [0, -1]]
        return np.divide(ends, total, out=np.zeros_like(ends), where=total > 0.0)


def local_grid(groups: EnergyGroups, lapse: Array, refinement: int = 1) -> Array:
    """Row of local energies, MeV, that holds those of all groups in all zones.

    Parameters
    ----------
    groups : EnergyGroups
    lapse : ndarray, shape (zone,)
    refinement : int
        Energies per group.

    Returns
    -------
    ndarray
        Uniform in the logarithm; the second is the lowest local energy, and two lie above the highest.
    """
    step = groups.step / refinement
    low = np.log(groups.energy[0] / lapse.max())
    span = np.log(groups.energy[-1] / lapse.min()) - low
    points = int(np.ceil(span / step - 1e-9))  # rounding alone asks for no point more
    return np.exp(low + step * np.arange(-1, points + 3))


def scaled_energies(groups: EnergyGroups, lapse: Array, temperature: Array) -> Array:
    """Local energies over the temperature, shape (zone, group)."""
    return groups.energy / (lapse * temperature)[:, None]


def local_equilibrium(scaled: Array, degeneracy: Array) -> Array:
    """f_eq at local energies E/T `scaled`, shape (zone, group); 0 where `degeneracy`, shape (zone,), is undefined."""
    defined = np.isfinite(degeneracy)[:, None]
    return np.where(defined, occupation(scaled - np.nan_to_num(degeneracy)[:, None]), 0.0)


def log_vacancy(scaled: Array, degeneracy: Array) -> Array:
    """ln(1 - f_eq), as `local_equilibrium`."""
    defined = np.isfinite(degeneracy)[:, None]
    return np.where(defined, -np.logaddexp(0.0, np.nan_to_num(degeneracy)[:, None] - scaled), 0.0)
