"""CompOSE tables as text: ``eos.thermo``, ``eos.compo``, ``eos.micro`` and their axes (manual: arXiv:2203.03209).

Chemical potentials come as mu_b = mu_n and mu_q = mu_p - mu_n with all rest masses, over the neutron's mass that
the first line of ``eos.thermo`` gives; energies likewise. The composition comes in numbers per baryon.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.eos.electron_gas import CM3_PER_FM3, ERG_CM3_PER_MEV_FM3
from microphysics.eos.formats.compose_text import read_axis, read_rows, row_numbers
from microphysics.eos.formats.totals import Totals, baryon_table, with_alpha_binding
from microphysics.eos.leptons import leptons
from microphysics.eos.table import EosTableError, TabulatedEOS, check_axis

__all__ = ["Composition", "Grid", "finish", "read_compose"]

Array = NDArray[np.float64]

NEUTRON, PROTON, ALPHA, ELECTRON = 10, 11, 4002, 0
NUCLEI_FROM = 1000  # indices 1000 A + Z
AVERAGE = 999  # of the heavy nuclei, in quadruples
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

    def ours(self, values: Array) -> Array:
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

    def add(self, index: int, number: Array, mass: Array | None = None, charge: Array | None = None) -> None:
        """Add `number` per baryon of a kind, with A and Z of its own if it is an average."""
        if mass is not None and charge is not None:
            self.heavy += mass * number
            self._number += number
            self._charge += charge * number
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
                self.add(index, number, np.float64(a), np.float64(z))
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
        """What was counted as something else, or left out."""
        notes = []
        if self.light:
            listed = ", ".join(f"{index} (X <= {most:.3g})" for index, most in sorted(self.light.items()))
            notes.append(f"light clusters counted as their nucleons: {listed}")
        if self.unknown:
            listed = ", ".join(f"{index} (Y <= {most:.3g})" for index, most in sorted(self.unknown.items()))
            notes.append(f"particles the interface has no place for were left out: {listed}")
        return notes


def read_compose(
    folder: str | Path, *, photons: bool | None = None, missing_rows: str = "error"
) -> TabulatedEOS:
    """Read a CompOSE table from its text files.

    Parameters
    ----------
    folder : str or Path
        With ``eos.thermo``, ``eos.compo``, ``eos.nb``, ``eos.t``, ``eos.yq``, and ``eos.micro`` if there is one.
    photons : bool, optional
        Whether the thermodynamic quantities contain photons. Where not given it is found out from the entropy of
        the hottest, thinnest nodes; tables without leptons have none.
    missing_rows : {"error", "mask"}
        What to do about nodes that ``eos.thermo`` or ``eos.compo`` have no row for: refuse the file, or mark them, so
        that evaluation next to them raises.

    Returns
    -------
    TabulatedEOS
        Its densities are n_B m_u.

    Raises
    ------
    EosTableError
        If a file is missing or truncated, a row too short, out of the grid, doubled or not a number, or missing
        unless masked: with the file and the line or the indices.

    Notes
    -----
    Rows may stand in any order. Planes of T = 0 and Y_q = 0 are dropped, as axes are logarithmic and electrons
    need a density. Two-dimensional tables (pure neutron matter, beta equilibrium) are not for this interface.
    Mean fields are the single-particle potentials (quantity 50 of ``eos.micro``), or vector minus scalar
    self-energies (51, 52); without either they come out of the chemical potentials. The file's energies and
    chemical potentials are counted from its own neutron mass.
    """
    folder = Path(folder)
    if missing_rows not in ("error", "mask"):
        raise ValueError(f"missing_rows = {missing_rows!r}: expected 'error' or 'mask'")
    grid = read_grid(*(read_axis(folder / name) for name in ("eos.t", "eos.nb", "eos.yq")), str(folder))
    neutron_mass, leptons_inside, quantities, has_row = _thermo(folder / "eos.thermo", grid)
    composition, composed = _compo(folder / "eos.compo", grid)
    present = has_row & composed
    micro = _micro(folder / "eos.micro", grid) if (folder / "eos.micro").is_file() else {}
    valid = grid.ours(present)
    notes = [
        f"neutron mass of the file: {neutron_mass:.6f} MeV; densities are n_B times the atomic mass unit"
    ]
    if not valid.all():
        notes.append(_missing(folder, grid, has_row, composed, missing_rows))
    q = [grid.ours(quantity) for quantity in quantities]
    n = grid.baryons[:, None, None]
    totals = Totals(
        name=f"CompOSE table {folder.name}",
        density=grid.baryons / CM3_PER_FM3 * CODATA.atomic_mass * CODATA.gram_per_mev,
        temperature=grid.temperature,
        electron_fraction=grid.charge,
        baryon_mass=CODATA.atomic_mass,
        pressure=q[0] * n * ERG_CM3_PER_MEV_FM3,
        energy=neutron_mass * q[6],
        entropy=q[1],
        has_leptons=leptons_inside,
        has_photons=False,
        chemical_potential_neutron=neutron_mass * q[2],
        chemical_potential_proton=neutron_mass * (q[2] + q[3]),
        chemical_potential_electron=neutron_mass * (q[4] - q[3]) if leptons_inside else None,
        fractions={
            name: grid.ours(getattr(composition, name)) for name in ("neutron", "proton", "alpha", "heavy")
        },
        mass_number_heavy=grid.ours(composition.mass_number),
        charge_number_heavy=grid.ours(composition.charge_number),
        valid=valid,
        extra={name: grid.ours(values) for name, values in micro.items()},
        references=REFERENCES,
        notes=[*notes, *composition.notes()],
    )
    off, where = totals.extreme(
        np.abs(neutron_mass * (q[6] - q[5]) - totals.temperature[None, :, None] * q[1])
    )
    totals.notes.append(f"e - T s differs from f by at most {off:.2g} MeV ({where})")
    return finish(totals, photons)


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


def _place(
    path: Path,
    grid: Grid,
    values: Array,
    starts: NDArray[np.int64],
    lines: NDArray[np.int64],
    taken: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """Flat positions of rows in the full grid by their first three numbers; refuses rows outside or doubled."""
    index = np.stack([values[starts + i] for i in range(3)])
    offset = index - np.array(grid.first, dtype=np.float64)[:, None]
    size = np.array(grid.full, dtype=np.float64)[:, None]
    bad = ((offset != np.round(offset)) | (offset < 0.0) | (offset >= size)).any(axis=0)
    if bad.any():
        i = int(np.argmax(bad))
        last = [first + points - 1 for first, points in zip(grid.first, grid.full, strict=True)]
        raise EosTableError(
            f"{path}: line {int(lines[i])} has indices (T, nb, yq) = "
            f"({', '.join(f'{value:g}' for value in index[:, i])}); the axes allow {grid.first} to {tuple(last)}"
        )
    flat = np.ravel_multi_index(tuple(offset.astype(np.int64)), grid.full)
    order = np.argsort(flat, kind="stable")
    doubled = np.zeros(flat.size, dtype=bool)
    doubled[order[1:]] = flat[order[1:]] == flat[order[:-1]]
    doubled |= taken.flat[flat]
    if doubled.any():
        i = int(np.argmax(doubled))
        raise EosTableError(
            f"{path}: line {int(lines[i])} repeats the indices (T, nb, yq) = "
            f"({', '.join(f'{value:g}' for value in index[:, i])}) of an earlier one"
        )
    taken.flat[flat] = True
    return np.asarray(flat)


def _thermo(path: Path, grid: Grid) -> tuple[float, bool, Array, NDArray[np.bool_]]:
    """Neutron mass, whether leptons are inside, Q1 to Q7 on the full grid, and which nodes have a row."""
    try:
        with path.open() as file:
            words = file.readline().replace("D", "E").split()
        neutron_mass, contained = float(words[0]), int(float(words[2]))
    except (OSError, IndexError, ValueError):
        raise EosTableError(
            f"{path}: the first line must hold the masses of neutron and proton and 1 or 0 for leptons or none"
        ) from None
    if contained not in (0, 1) or not 900.0 < neutron_mass < 980.0:
        raise EosTableError(
            f"{path}: the first line says a neutron mass of {neutron_mass:g} MeV and {contained} for leptons; expected "
            "about 939.6 and 0 or 1"
        )
    quantities = np.full((7, *grid.full), np.nan)
    taken = np.zeros(grid.full, dtype=bool)
    for first, lengths, values in read_rows(path, skip=1):
        starts, rows = row_numbers(lengths)
        lines = rows + first
        sizes = np.array(lengths)[rows]
        short = sizes < 11
        short[~short] = sizes[~short] != 11 + values[starts[~short] + 10]
        if short.any():
            i = int(np.argmax(short))
            raise EosTableError(
                f"{path}: line {int(lines[i])} has {int(sizes[i])} numbers; expected 3 indices, 7 quantities, the "
                "number of additional ones, and these. The file is truncated or damaged"
            )
        flat = _place(path, grid, values, starts, lines, taken)
        for q in range(7):
            quantities[q].flat[flat] = values[starts + 3 + q]
    return neutron_mass, bool(contained), quantities, taken


def _compo(path: Path, grid: Grid) -> tuple[Composition, NDArray[np.bool_]]:
    """Composition on the full grid and which nodes have a row."""
    composition = Composition(grid.full)
    numbers: dict[int, Array] = {}
    averages: dict[int, Array] = {}
    taken = np.zeros(grid.full, dtype=bool)
    for first, lengths, values in read_rows(path):
        starts, rows = row_numbers(lengths)
        lines = rows + first
        sizes = np.array(lengths)[rows]
        _check_compo(path, values, starts, lines, sizes)
        flat = _place(path, grid, values, starts, lines, taken)
        pairs = values[starts + 4].astype(np.int64)
        at_quadruples = starts + 6 + 2 * pairs
        quadruples = values[at_quadruples - 1].astype(np.int64)
        for p in range(int(pairs.max(initial=0))):
            some = pairs > p
            where = starts[some] + 5 + 2 * p
            kinds = values[where].astype(np.int64)
            for kind in np.unique(kinds):
                target = numbers.setdefault(int(kind), np.zeros(grid.full))
                target.flat[flat[some][kinds == kind]] += values[where[kinds == kind] + 1]
        for p in range(int(quadruples.max(initial=0))):
            some = quadruples > p
            where = at_quadruples[some] + 4 * p
            kinds = values[where].astype(np.int64)
            for kind in np.unique(kinds):
                target = averages.setdefault(int(kind), np.zeros((3, *grid.full)))
                for q in range(3):
                    target[q].flat[flat[some][kinds == kind]] = values[where[kinds == kind] + 1 + q]
    for kind, number in numbers.items():
        composition.add(kind, number)
    for kind, (mass, charge, number) in averages.items():
        composition.add(kind, number, mass, charge)
    return composition, taken


def _check_compo(
    path: Path, values: Array, starts: NDArray[np.int64], lines: NDArray[np.int64], sizes: NDArray[np.int64]
) -> None:
    """Refuse rows whose length is not what they say."""
    right = sizes >= 6
    pairs = np.where(right, values[np.minimum(starts + 4, values.size - 1)], 0.0)
    right &= (pairs >= 0.0) & (pairs == np.round(pairs)) & (sizes >= 6 + 2 * pairs)
    at = np.where(right, starts + 5 + 2 * np.where(right, pairs, 0.0), 0.0).astype(np.int64)
    right &= sizes == 6 + 2 * pairs + 4 * values[at]
    if not right.all():
        i = int(np.argmin(right))
        raise EosTableError(
            f"{path}: line {int(lines[i])} has {int(sizes[i])} numbers; expected 3 indices, the phase, the number of "
            "pairs and 2 for each, the number of quadruples and 4 for each. The file is truncated or damaged"
        )


def _micro(path: Path, grid: Grid) -> dict[str, Array]:
    """Mean fields on the full grid, if the file has any."""
    found: dict[int, Array] = {}
    taken = np.zeros(grid.full, dtype=bool)
    for first, lengths, values in read_rows(path):
        starts, rows = row_numbers(lengths)
        sizes = np.array(lengths)[rows]
        wrong = sizes < 4
        wrong[~wrong] = sizes[~wrong] != 4 + 2 * values[starts[~wrong] + 3]
        if wrong.any():
            i = int(np.argmax(wrong))
            raise EosTableError(
                f"{path}: line {int(rows[i]) + first} has {int(sizes[i])} numbers; expected 3 indices, the number of "
                "pairs and 2 for each"
            )
        flat = _place(path, grid, values, starts, rows + first, taken)
        count = values[starts + 3].astype(np.int64)
        for p in range(int(count.max(initial=0))):
            some = count > p
            where = starts[some] + 4 + 2 * p
            kinds = values[where].astype(np.int64)
            for kind in np.unique(kinds):
                target = found.setdefault(int(kind), np.zeros(grid.full))
                target.flat[flat[some][kinds == kind]] = values[where[kinds == kind] + 1]
    fields = {}
    for name, particle in (("neutron", NEUTRON), ("proton", PROTON)):
        code = 1000 * particle
        if code + POTENTIAL in found:
            fields[f"mean_field_{name}"] = found[code + POTENTIAL]
        elif code + VECTOR in found and code + SCALAR in found:
            fields[f"mean_field_{name}"] = found[code + VECTOR] - found[code + SCALAR]
    return fields if len(fields) == 2 else {}


def _missing(
    folder: Path, grid: Grid, thermo: NDArray[np.bool_], compo: NDArray[np.bool_], missing_rows: str
) -> str:
    """Refuse missing rows, or the note on them."""
    parts = []
    for name, taken in (("eos.thermo", thermo), ("eos.compo", compo)):
        holes = ~taken[grid.keep]
        if holes.any():
            index = np.array([int(axis[0]) for axis in np.nonzero(holes)])
            index += np.array(grid.first) + np.array([part.start for part in grid.keep])
            parts.append(
                f"{int(holes.sum())} of {holes.size} in {name}, first (T, nb, yq) = ({', '.join(map(str, index))})"
            )
    note = f"rows missing: {'; '.join(parts)}"
    if missing_rows == "error":
        raise EosTableError(
            f'{folder}: {note}. Is a file truncated? missing_rows="mask" accepts the table; evaluation next to the '
            "holes then raises"
        )
    return note
