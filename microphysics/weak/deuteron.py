"""Break-up of the deuteron by neutrinos: cross sections linear in the one two-body axial coupling, from a user's table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics.constants import CODATA
from microphysics.errors import OutOfRangeError, UnknownNameError, require
from microphysics.nuclei import Nucleus
from microphysics.weak._columns import read_rows, to_number

__all__ = ["L_1A", "L_1A_ERROR", "DeuteronBreakup", "breakup_threshold"]

Array = NDArray[np.float64]

REFERENCES = (
    "Butler, Chen & Kong 2001, PRC 63, 035501 (sigma_0, sigma_1 of four channels up to 20 MeV)",
    "Savage et al. 2017, PRL 119, 062002 (L_1A)",
)

L_1A = 3.9  # fm^3 at the scale of the pion's mass, lattice (Savage et al. 2017); 4.9 +1.9 -1.5 of Acharya & Bacca 2020
L_1A_ERROR = 1.4  # fm^3, the four errors of Savage et al. 2017 added in squares

# what comes out, beside the lepton
_MASSES = {
    "nc_nu": (CODATA.neutron_mass + CODATA.proton_mass, 0.0),
    "nc_anu": (CODATA.neutron_mass + CODATA.proton_mass, 0.0),
    "cc_nue": (2.0 * CODATA.proton_mass, CODATA.electron_mass),
    "cc_anue": (2.0 * CODATA.neutron_mass, CODATA.electron_mass),
}


def breakup_threshold(channel: str) -> float:
    """Least energy of the neutrino, MeV.

    Parameters
    ----------
    channel : str
        ``nc_nu``, ``nc_anu`` (to n p), ``cc_nue`` (to e- p p), ``cc_anue`` (to e+ n n).

    Raises
    ------
    UnknownNameError
        For another channel.

    Examples
    --------
    >>> [round(breakup_threshold(name), 3) for name in ("nc_nu", "cc_nue", "cc_anue")]
    [2.226, 1.443, 4.033]
    """
    if channel not in _MASSES:
        raise UnknownNameError("channel of the deuteron", channel, _MASSES)
    deuteron = float(Nucleus.named("H2").mass)
    final = sum(_MASSES[channel])
    return (final - deuteron) * (final + deuteron) / (2.0 * deuteron)


@dataclass(frozen=True)
class DeuteronBreakup:
    """sigma(E) = sigma_0(E) + L_1A sigma_1(E) of one channel.

    Attributes
    ----------
    channel : str
        As of `breakup_threshold`.
    energy : ndarray, shape (row,)
        Rising, above the threshold, MeV.
    one_body : ndarray, shape (row,)
        sigma_0 > 0, cm^2.
    two_body : ndarray, shape (row,)
        sigma_1, cm^2/fm^3.

    Raises
    ------
    UnknownNameError
        For another channel.
    OutOfRangeError
        For columns that differ in length, energies that do not rise or lie below the threshold, sigma_0 that is not > 0.
    """

    channel: str
    energy: Array
    one_body: Array
    two_body: Array

    def __post_init__(self) -> None:
        columns = [np.asarray(v, dtype=np.float64) for v in (self.energy, self.one_body, self.two_body)]
        energy, one_body, _ = columns
        if energy.ndim != 1 or energy.size < 2 or any(column.shape != energy.shape for column in columns):
            raise OutOfRangeError(
                f"{self.channel}: energy, sigma_0 and sigma_1 must be columns of the same length, at least 2"
            )
        threshold = breakup_threshold(self.channel)
        require(energy > threshold, energy, f"{self.channel}: energy", "MeV", f"above {threshold:.4g} MeV")
        require(
            np.diff(energy) > 0.0, energy[1:], f"{self.channel}: energy", "MeV", "above the one before it"
        )
        require(one_body > 0.0, one_body, f"{self.channel}: sigma_0", "cm2", "> 0")
        for name, column in zip(("energy", "one_body", "two_body"), columns, strict=True):
            object.__setattr__(self, name, column)

    @classmethod
    def from_file(cls, path: Path | str, channel: str) -> DeuteronBreakup:
        """Read one channel of a table.

        Parameters
        ----------
        path : path
            Columns channel, energy_MeV, sigma_0_cm2, sigma_1_cm2_fm3, separated by commas; # begins a comment.
        channel : str
            Rows of other channels are left out.

        Raises
        ------
        MicrophysicsError
            If the file cannot be read or lacks a column.
        UnknownNameError
            If the file has no row of the channel.
        OutOfRangeError
            See the class.
        """
        names = ("energy_MeV", "sigma_0_cm2", "sigma_1_cm2_fm3")
        rows = read_rows(path, ("channel", *names))
        chosen = [row for row in rows if row["channel"] == channel]
        if not chosen:
            raise UnknownNameError("channel of the deuteron", channel, {row["channel"] for row in rows})
        return cls(
            channel, *(np.array([to_number(path, name, row[name]) for row in chosen]) for name in names)
        )

    def __call__(self, energy: ArrayLike, two_body_coupling: float = L_1A) -> Array:
        """Return the cross section, cm^2.

        Parameters
        ----------
        energy : array_like
            MeV; up to the last of the table. From the threshold to the first row sigma/(E - threshold)^2 stays what it is
            there, and below the threshold sigma is 0.
        two_body_coupling : float
            L_1A, fm^3.

        Raises
        ------
        OutOfRangeError
            For energies beyond the table.
        """
        return self._interpolated(energy, self.one_body + two_body_coupling * self.two_body)

    def coupling_error(self, energy: ArrayLike, error: float = L_1A_ERROR) -> Array:
        """Return |sigma_1| times the error of L_1A (fm^3), cm^2."""
        return np.abs(self._interpolated(energy, error * self.two_body))

    def _interpolated(self, energy: ArrayLike, values: Array) -> Array:
        """Monotone cubics through values/(E - threshold)^2, which varies little."""
        from scipy.interpolate import PchipInterpolator

        e = np.asarray(energy, dtype=np.float64)
        last = float(self.energy[-1])
        require(e <= last, e, f"{self.channel}: energy", "MeV", f"at most {last:g} MeV, where the table ends")
        threshold = breakup_threshold(self.channel)
        shape = PchipInterpolator(self.energy, values / (self.energy - threshold) ** 2)
        above = np.maximum(e - threshold, 0.0)
        return shape(np.maximum(e, self.energy[0])) * above**2
