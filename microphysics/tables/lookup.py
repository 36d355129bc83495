"""Look a table up as the codes do that read it, and see how far that is from the opacities themselves.

Trilinear in (log10 density, log10 temperature, electron fraction) of log10 values, the cell found from the end points of each
axis, emissivities of a group of energies floored: what the reader of NuLib's layout does (O'Connor 2015, ApJS 219, 24).
With `delta` a file holds the total scattering opacity: its logarithm and delta itself are looked up apart, and the transport
opacity is made of what was found, total (1 - delta/3).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics._jit import njit
from microphysics.constants import CODATA
from microphysics.errors import OpacityTableError, OutOfRangeError
from microphysics.tables.nulib_layout import EMISSIVITY_FLOOR, FLOOR, check_uniform, multiplicity
from microphysics.tables.table import AXIS_UNITS, OpacityTable

__all__ = ["LookedUp", "PreparedTable", "lookup", "prepare"]

Array = NDArray[np.float64]

AXES = ("electron_fraction", "temperature", "density")
_EDGE = 1e-9  # of a step: an input this near outside is on the edge but for rounding


class LookedUp(NamedTuple):
    """What a table says at some states.

    Attributes
    ----------
    emissivity : ndarray, shape (species, state, energy)
        MeV/(cm^3 s MeV sr), of one species.
    absorption, scattering : ndarray, shape (species, state, energy)
        1/cm.
    delta : ndarray or None, shape (species, state, energy)
    clamped : int
        States that lay outside and were moved to the edge.
    """

    emissivity: Array
    absorption: Array
    scattering: Array
    delta: Array | None
    clamped: int


@dataclass(frozen=True)
class PreparedTable:
    """Logarithms of a table, for many look-ups.

    Attributes
    ----------
    axes : tuple of ndarray
        Electron fraction, log10 temperature, log10 density; uniform.
    values : dict of ndarray, shape (species, electron fraction, temperature, density, energy)
        log10 of 1/cm and of erg/(cm^3 s sr) in a group; `delta` as it is, and then `scattering` is that of the total opacity.
    unit : ndarray, shape (species, 1, energy)
        What one erg/(cm^3 s sr) in a group is in MeV/(cm^3 s MeV sr) of one species.
    """

    axes: tuple[Array, Array, Array]
    values: dict[str, Array]
    unit: Array


def prepare(table: OpacityTable, *, emissivity_floor: float = EMISSIVITY_FLOOR) -> PreparedTable:
    """Read a table into memory as logarithms.

    Parameters
    ----------
    table : OpacityTable
        Uniform in log10 density, log10 temperature and electron fraction.
    emissivity_floor : float
        erg/(cm^3 s sr) in a group of energies, of all members of a group of species together.

    Raises
    ------
    OpacityTableError
        If an axis is not uniform, an opacity is negative or NaN, or delta is not below 3.
    """
    for name in AXES:
        check_uniform(name, getattr(table, name), logarithmic=name != "electron_fraction")
    members = np.array([multiplicity(name) for name in table.species])[:, None, None]
    unit = 1.0 / (members * CODATA.erg_per_mev * table.energy_width)
    values = {}
    for role in table.roles:
        values[role] = np.array(getattr(table, role)[...], dtype=np.float64)
    if "delta" in values:
        _turn_into_total(values["scattering"], values["delta"])
    for role in (role for role in table.roles if role != "delta"):
        if not (values[role] >= 0.0).all():
            raise OpacityTableError(
                f"'{role}' is negative or NaN somewhere; its logarithm cannot be looked up"
            )
        for row, conversion in zip(values[role], unit, strict=True):
            if role == "emissivity":
                row /= conversion[0]
            np.maximum(row, emissivity_floor if role == "emissivity" else FLOOR, out=row)
            np.log10(row, out=row)
    axes = (table.electron_fraction, np.log10(table.temperature), np.log10(table.density))
    return PreparedTable(axes=axes, values=values, unit=unit)


def _turn_into_total(scattering: Array, delta: Array) -> None:
    """Divide transport opacities by 1 - delta/3, in place and one species at a time."""
    for row, anisotropy in zip(scattering, delta, strict=True):
        if not (anisotropy < 3.0).all():
            raise OpacityTableError(
                "'delta' is 3 or more, or NaN somewhere; there is no total opacity to look up"
            )
        row /= 1.0 - anisotropy / 3.0


def lookup(
    table: OpacityTable | PreparedTable,
    density: ArrayLike,
    temperature: ArrayLike,
    electron_fraction: ArrayLike,
    *,
    outside: str = "error",
) -> LookedUp:
    """Opacities at any states, at the energies of the table.

    Parameters
    ----------
    table : OpacityTable or PreparedTable
        `prepare` it once where many calls follow.
    density, temperature, electron_fraction : array_like, shape (state,)
        g/cm^3, MeV, 1; they broadcast.
    outside : str
        ``error``, or ``clamp``: states outside are moved to the edge, and counted.

    Returns
    -------
    LookedUp

    Raises
    ------
    OutOfRangeError
        If a state lies outside, or is NaN.
    OpacityTableError
        As in `prepare`, or for an unknown `outside`.
    """
    if outside not in ("error", "clamp"):
        raise OpacityTableError(f"outside = '{outside}': must be 'error' or 'clamp'")
    ready = table if isinstance(table, PreparedTable) else prepare(table)
    states = np.broadcast_arrays(*(np.atleast_1d(a) for a in (electron_fraction, temperature, density)))
    place = np.empty((states[0].size, 3))
    moved = np.zeros(states[0].size, dtype=bool)
    for i, (name, state, axis) in enumerate(zip(AXES, states, ready.axes, strict=True)):
        place[:, i] = _place(name, np.ravel(state).astype(np.float64), axis, outside, moved)
    found = {}
    for role, values in ready.values.items():
        found[role] = np.empty((values.shape[0], moved.size, values.shape[-1]))
        interpolate(values, place, role != "delta", found[role])
    found["emissivity"] *= ready.unit
    if "delta" in found:
        found["scattering"] *= 1.0 - found["delta"] / 3.0
    return LookedUp(
        found["emissivity"],
        found["absorption"],
        found["scattering"],
        found.get("delta"),
        int(moved.sum()),
    )


def _place(name: str, state: Array, axis: Array, outside: str, moved: NDArray[np.bool_]) -> Array:
    """Position on an axis in steps from its first point, 0 to its length - 1; marks what was moved there."""
    logarithmic = name != "electron_fraction"
    with np.errstate(invalid="ignore", divide="ignore"):
        values = np.log10(state) if logarithmic else state
    last = axis.size - 1
    place = (values - axis[0]) * (last / (axis[-1] - axis[0]))
    beyond = ~((place >= -_EDGE) & (place <= last + _EDGE))
    undefined = np.isnan(state)
    if (beyond if outside == "error" else undefined).any():
        i = int(np.argmax(beyond if outside == "error" else undefined))
        ends = 10.0 ** axis[[0, -1]] if logarithmic else axis[[0, -1]]
        unit = "" if AXIS_UNITS[name] == "1" else f" {AXIS_UNITS[name]}"
        raise OutOfRangeError(
            f"{name} = {state[i]:.6g}{unit} (state {i}): the table goes from {ends[0]:.6g} to {ends[1]:.6g}{unit}"
        )
    moved |= beyond
    place[np.isnan(place)] = 0.0  # the logarithm of what is not positive
    return np.clip(place, 0.0, last)


@njit
def interpolate(values: Array, place: Array, logarithmic: bool, found: Array) -> None:
    """Trilinear, in the first, second and third axis after the species.

    Parameters
    ----------
    values : ndarray, shape (species, n_0, n_1, n_2, energy)
    place : ndarray, shape (state, 3)
        Positions in steps, within the axes.
    logarithmic : bool
        Whether 10 to the power of what was interpolated is wanted.
    found : ndarray, shape (species, state, energy)
        Filled.
    """
    n_species, n_0, n_1, n_2, n_energies = values.shape
    for p in range(place.shape[0]):
        i = min(int(place[p, 0]), n_0 - 2)
        j = min(int(place[p, 1]), n_1 - 2)
        k = min(int(place[p, 2]), n_2 - 2)
        u, v, w = place[p, 0] - i, place[p, 1] - j, place[p, 2] - k
        for s in range(n_species):
            for e in range(n_energies):
                total = 0.0
                for a in range(2):
                    for b in range(2):
                        weight = (u if a else 1.0 - u) * (v if b else 1.0 - v)
                        low, high = values[s, i + a, j + b, k, e], values[s, i + a, j + b, k + 1, e]
                        total += weight * ((1.0 - w) * low + w * high)
                found[s, p, e] = math.pow(10.0, total) if logarithmic else total
