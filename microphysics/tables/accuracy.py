"""How far a table, looked up as a code looks it up, is from the opacities it was made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics.eos.state import EquationOfState
from microphysics.errors import OpacityTableError
from microphysics.opacity import OpacitySet, anisotropy, blackbody, equilibrium
from microphysics.tables.lookup import AXES, lookup, prepare
from microphysics.tables.table import OpacityTable

__all__ = ["PERCENTILES", "InterpolationError", "interpolation_error", "midpoints", "random_states"]

Array = NDArray[np.float64]

PERCENTILES = (50.0, 90.0, 99.0)


@dataclass(frozen=True)
class InterpolationError:
    """Relative errors |table/direct - 1| of one species and role; of `delta` the differences themselves.

    Attributes
    ----------
    species, role : str
    percentiles : tuple of float
        At `PERCENTILES` of all states and energies that count.
    largest : float
    density, temperature, electron_fraction, energy : float
        Where it is largest: g/cm^3, MeV, 1, MeV.
    table, direct : float
        The two values there.
    counted, skipped : int
        Values that entered, and those that did not because they lie below the smallest that matters.
    """

    species: str
    role: str
    percentiles: tuple[float, ...]
    largest: float
    density: float
    temperature: float
    electron_fraction: float
    energy: float
    table: float
    direct: float
    counted: int
    skipped: int

    def __str__(self) -> str:
        shares = ", ".join(
            f"{share:g} % below {value:.2g}"
            for share, value in zip(PERCENTILES, self.percentiles, strict=True)
        )
        return (
            f"{self.species} {self.role}: {shares}, largest {self.largest:.2g} (table {self.table:.4g}, direct "
            f"{self.direct:.4g}) at density = {self.density:.6g} g/cm^3, temperature = {self.temperature:.6g} MeV, "
            f"electron_fraction = {self.electron_fraction:.6g}, energy = {self.energy:.6g} MeV; "
            f"{self.counted} values, {self.skipped} too small to matter"
        )


def random_states(table: OpacityTable, number: int, seed: int = 0) -> tuple[Array, Array, Array]:
    """Density, temperature and electron fraction, uniform in the coordinates of the look-up."""
    generator = np.random.default_rng(seed)
    fraction, temperature, density = (
        np.interp(generator.random(number), (0.0, 1.0), _coordinate(table, name)[[0, -1]]) for name in AXES
    )
    return 10.0**density, 10.0**temperature, fraction


def midpoints(table: OpacityTable, number: int, seed: int = 0) -> tuple[Array, Array, Array]:
    """Density, temperature and electron fraction in the middle of cells, where a table is worst; cells drawn at random."""
    generator = np.random.default_rng(seed)
    found = []
    for name in AXES:
        axis = _coordinate(table, name)
        cell = generator.integers(axis.size - 1, size=number)
        found.append(0.5 * (axis[cell] + axis[cell + 1]))
    fraction, temperature, density = found
    return 10.0**density, 10.0**temperature, fraction


def interpolation_error(
    table: OpacityTable,
    opacities: OpacitySet,
    eos: EquationOfState,
    density: ArrayLike,
    temperature: ArrayLike,
    electron_fraction: ArrayLike,
    *,
    smallest: Mapping[str, float] | None = None,
) -> list[InterpolationError]:
    """Compare look-ups in a table with the opacities evaluated there.

    Scattering is the transport opacity, with `delta` that of the total opacity and the delta found.

    Parameters
    ----------
    table : OpacityTable
        Made of `opacities` and `eos`.
    opacities : OpacitySet
    eos : EquationOfState
    density, temperature, electron_fraction : array_like, shape (state,)
        As `random_states` or `midpoints` draw them, or those of a star: g/cm^3, MeV, 1; inside the table.
    smallest : mapping, optional
        By role, below which a direct value does not count; by default 1e-30 MeV/(cm^3 s MeV sr) and 1e-30/cm. Below a
        threshold an opacity is zero, and so is what counts there.

    Returns
    -------
    list of InterpolationError
        One for each species and role for which a value counts.

    Raises
    ------
    OutOfRangeError
        If a state lies outside the table.
    OpacityTableError
        As in `lookup`, or if the table is empty there.
    """
    states = tuple(
        np.ascontiguousarray(np.ravel(a), dtype=np.float64)
        for a in np.broadcast_arrays(density, temperature, electron_fraction)
    )
    if not states[0].size:
        raise OpacityTableError("interpolation error: no state was given")
    found = lookup(prepare(table), *states)
    direct = _direct(table, opacities, eos, states)
    floors = {"emissivity": 1e-30, "absorption": 1e-30, "scattering": 1e-30, **(smallest or {})}
    result = []
    for role in table.roles:
        for s, name in enumerate(table.species):
            counts = _one(
                name,
                role,
                getattr(found, role)[s],
                direct[role][s],
                floors.get(role, 0.0),
                states,
                table.energy,
            )
            if counts is not None:
                result.append(counts)
    return result


def _direct(
    table: OpacityTable, opacities: OpacitySet, eos: EquationOfState, states: tuple[Array, ...]
) -> dict[str, Array]:
    """Opacities themselves, each (species, state, energy)."""
    matter = eos(*states).matter
    rates = opacities.totals(matter, table.energy, table.species)._asdict()  # sums hold every role
    occupied = equilibrium(table.energy, matter.temperature, matter.neutrino_degeneracy(table.species))
    return {
        "emissivity": rates["absorption"] * (blackbody(table.energy) * occupied),
        "absorption": rates["absorption"],
        "scattering": rates["scattering"],
        "delta": anisotropy(rates["scattering"], rates["collision"]),
    }


def _one(
    species: str,
    role: str,
    found: Array,
    direct: Array,
    floor: float,
    states: tuple[Array, ...],
    energy: Array,
) -> InterpolationError | None:
    """Figures of one species and role, (state, energy); None where nothing counts."""
    counts = np.isfinite(direct) if role == "delta" else direct > floor
    if not counts.any():
        return None
    difference = found - direct
    error = np.zeros_like(direct)
    error[counts] = np.abs(difference[counts] if role == "delta" else difference[counts] / direct[counts])
    p, e = np.unravel_index(int(np.argmax(error)), error.shape)
    return InterpolationError(
        species=species,
        role=role,
        percentiles=tuple(float(value) for value in np.percentile(error[counts], PERCENTILES)),
        largest=float(error[p, e]),
        density=float(states[0][p]),
        temperature=float(states[1][p]),
        electron_fraction=float(states[2][p]),
        energy=float(energy[e]),
        table=float(found[p, e]),
        direct=float(direct[p, e]),
        counted=int(counts.sum()),
        skipped=int((~counts).sum()),
    )


def _coordinate(table: OpacityTable, name: str) -> Array:
    axis = getattr(table, name)
    return axis if name == "electron_fraction" else np.log10(axis)
