"""What CompOSE's text and HDF5 files have in common: axes, kinds of particles, and what to find out about photons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics.eos.formats.totals import Totals, baryon_table, with_alpha_binding
from microphysics.eos.leptons import leptons
from microphysics.eos.table import TabulatedEOS, check_axis

__all__ = ["REFERENCES", "Composition", "Grid", "finish", "mean_fields_of", "read_grid"]

Array = NDArray[np.float64]

NEUTRON, PROTON, ALPHA = 10, 11, 4002
NUCLEI_FROM = 1000  # indices 1000 A + Z
POTENTIAL, VECTOR, SCALAR = 50, 51, 52  # quantities of eos.micro
REFERENCES = ("Typel, Oertel & Klahn 2015, Phys. Part. Nucl. 46, 633", "Typel et al. 2022, arXiv:2203.03209")


@dataclass
class Grid:
    """Axes of a CompOSE table and what was left out of them.

    Attributes
    ----------
    baryons, temperature, charge : ndarray
        1/fm^3, MeV, charge per baryon.
    keep : tuple of slice
        The part of the file's (T, n_B, Y_q) that is left without T = 0 and Y_q = 0.
    first : tuple of int
        First indices of T, n_B, Y_q in the file.
    full : tuple of int
        Points of T, n_B, Y_q in the file.
    """

    baryons: Array
    temperature: Array
    charge: Array
    keep: tuple[slice, slice, slice]
    first: tuple[int, int, int]
    full: tuple[int, int, int]

    def ours(self, values: NDArray[Any]) -> NDArray[Any]:
        """From (T, n_B, Y_q) in full to (density, temperature, electron fraction) as kept."""
        return np.ascontiguousarray(values[self.keep].transpose(1, 0, 2))


class Composition:
    """Mass fractions of the interface, gathered from numbers per baryon of whatever a file has.

    Parameters
    ----------
    shape : tuple of int
        Of the arrays.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.neutron, self.proton, self.alpha, self.heavy = (np.zeros(shape) for _ in range(4))
        self._number = np.zeros(shape)  # of nuclei, per baryon
        self._charge = np.zeros(shape)
        self.light: dict[int, float] = {}
        self.unknown: dict[int, float] = {}

    def add(
        self, index: int, number: Array, mass: ArrayLike | None = None, charge: ArrayLike | None = None
    ) -> None:
        """Add `number` per baryon of a kind, with A and Z of its own if it is an average."""
        if mass is not None and charge is not None:
            self.heavy += np.asarray(mass) * number
            self._number += number
            self._charge += np.asarray(charge) * number
        elif index == NEUTRON:
            self.neutron += number
        elif index == PROTON:
            self.proton += number
        elif index == ALPHA:
            self.alpha += 4.0 * number
        elif index > NUCLEI_FROM:
            a, z = divmod(index, 1000)
            if a <= 4:  # clusters count as their nucleons: the interface has no place for them
                self.proton += z * number
                self.neutron += (a - z) * number
                self.light[index] = max(self.light.get(index, 0.0), float(np.max(a * number, initial=0.0)))
            else:
                self.add(index, number, float(a), float(z))
        elif index >= NEUTRON:  # leptons are our own
            self.unknown[index] = max(
                self.unknown.get(index, 0.0), float(np.max(np.abs(number), initial=0.0))
            )

    @property
    def mass_number(self) -> Array:
        """A of the average nucleus, 0 where there is none."""
        return np.divide(self.heavy, self._number, out=np.zeros_like(self.heavy), where=self._number > 0.0)

    @property
    def charge_number(self) -> Array:
        """Z likewise."""
        return np.divide(self._charge, self._number, out=np.zeros_like(self.heavy), where=self._number > 0.0)

    def notes(self) -> list[str]:
        """Say what was counted as something else, or left out."""
        notes = []
        if self.light:
            listed = ", ".join(f"{index} (X <= {most:.3g})" for index, most in sorted(self.light.items()))
            notes.append(f"light clusters counted as their nucleons: {listed}")
        if self.unknown:
            listed = ", ".join(f"{index} (Y <= {most:.3g})" for index, most in sorted(self.unknown.items()))
            notes.append(f"particles the interface has no place for were left out: {listed}")
        return notes


def finish(totals: Totals, photons: bool | None) -> TabulatedEOS:
    """Find out about photons, unless told, and take everything but baryons out."""
    if photons is not None:
        totals.has_photons = photons
    elif totals.has_leptons:
        totals.has_photons = _photons_inside(totals)
    return with_alpha_binding(baryon_table(totals))


def _photons_inside(totals: Totals) -> bool:
    """Whether the entropy that electrons leave over is that of photons, where that would be most of it."""
    n = totals.baryons[:, None, None]
    n, t, ye = (
        np.broadcast_to(values, totals.valid.shape)
        for values in (n, totals.temperature[None, :, None], totals.electron_fraction)
    )
    hot = np.flatnonzero(totals.valid & (t**3 > 3e7 * n) & (t > 0.5))  # s_photon/n is about 3e-7 T^3/n
    if not hot.size:
        totals.notes.append("no nodes hot and thin enough to tell whether photons are contained: assumed not")
        return False
    hot = hot[:: max(1, hot.size // 1000)]
    gas = leptons(n.ravel()[hot] * ye.ravel()[hot], t.ravel()[hot])
    left = totals.entropy.ravel()[hot] * n.ravel()[hot] - gas.entropy
    share = float(np.median(left / gas.entropy_photon))
    inside = share > 0.5
    totals.notes.append(
        f"photons are {'' if inside else 'not '}contained: beside electrons the hottest, thinnest nodes hold "
        f"{share:.3g} of the entropy of photons"
    )
    return inside


def read_grid(
    temperature: tuple[int, Array], baryons: tuple[int, Array], charge: tuple[int, Array], where: str
) -> Grid:
    """Check axes, each with its first index, and drop T = 0 and Y_q = 0."""
    kept = []
    for (_, values), name in (
        (temperature, "temperature"),
        (baryons, "density"),
        (charge, "electron_fraction"),
    ):
        start = 1 if values.size and values[0] == 0.0 and name != "density" else 0
        check_axis(name, values[start:], f"{where} (a table of one or two dimensions is not enough)")
        kept.append(slice(start, None))
    return Grid(
        baryons[1][kept[1]],
        temperature[1][kept[0]],
        charge[1][kept[2]],
        (kept[0], kept[1], kept[2]),
        (temperature[0], baryons[0], charge[0]),
        (temperature[1].size, baryons[1].size, charge[1].size),
    )


def mean_fields_of(found: dict[int, Array]) -> dict[str, Array]:
    """Pick mean fields out of microscopic quantities, numbered 1000 times the particle plus the quantity."""
    fields = {}
    for name, particle in (("neutron", NEUTRON), ("proton", PROTON)):
        code = 1000 * particle
        if code + POTENTIAL in found:
            fields[f"mean_field_{name}"] = found[code + POTENTIAL]
        elif code + VECTOR in found and code + SCALAR in found:
            fields[f"mean_field_{name}"] = found[code + VECTOR] - found[code + SCALAR]
    return fields if len(fields) == 2 else {}
