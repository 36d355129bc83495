"""CompOSE tables as text: ``eos.thermo``, ``eos.compo``, ``eos.micro`` and their axes (manual: arXiv:2203.03209).

Chemical potentials come as mu_b = mu_n and mu_q = mu_p - mu_n with all rest masses, over the neutron's mass that
the first line of ``eos.thermo`` gives; energies likewise. The composition comes in numbers per baryon.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.eos.electron_gas import CM3_PER_FM3, ERG_CM3_PER_MEV_FM3
from microphysics.eos.formats.compose_common import (
    REFERENCES,
    Composition,
    Grid,
    finish,
    mean_fields_of,
    read_grid,
)
from microphysics.eos.formats.compose_text import read_axis, read_rows, row_numbers
from microphysics.eos.formats.totals import Totals
from microphysics.eos.table import EosTableError, TabulatedEOS

__all__ = ["read_compose"]

Array = NDArray[np.float64]


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
    axes = [read_axis(folder / name) for name in ("eos.t", "eos.nb", "eos.yq")]
    grid = read_grid(axes[0], axes[1], axes[2], str(folder))
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


def _entries(
    values: Array, first: NDArray[np.int64], width: int, count: NDArray[np.int64], flat: NDArray[np.int64]
) -> Iterator[tuple[int, NDArray[np.int64], NDArray[np.int64]]]:
    """Yield the entries of rows, each a kind and numbers: a kind, flat nodes, and where the first number of each stands.

    An entry takes `width` values, the first of a row from `first` on; a row has `count` of them and belongs to node `flat`.
    """
    for p in range(int(count.max(initial=0))):
        some = count > p
        where = first[some] + width * p
        kinds = values[where].astype(np.int64)
        for kind in np.unique(kinds):
            yield int(kind), flat[some][kinds == kind], where[kinds == kind] + 1


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
        for kind, nodes, at in _entries(values, starts + 5, 2, pairs, flat):
            numbers.setdefault(kind, np.zeros(grid.full)).flat[nodes] += values[at]
        for kind, nodes, at in _entries(values, at_quadruples, 4, quadruples, flat):
            average = averages.setdefault(kind, np.zeros((3, *grid.full)))
            for q in range(3):
                average[q].flat[nodes] = values[at + q]
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
        for kind, nodes, at in _entries(values, starts + 4, 2, count, flat):
            found.setdefault(kind, np.zeros(grid.full)).flat[nodes] = values[at]
    return mean_fields_of(found)


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
