"""What kind of table a file is, and a look through one of this program: NaN, infinities, negative values."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from microphysics.tables.findings import Findings, Report
    from microphysics.tables.table import OpacityTable

# what cannot be negative; anisotropies and first moments can
_POSITIVE = ("emissivity", "absorption", "scattering", "scattering_0", "annihilation_0")


def refuse_weaklib(path: Path) -> None:
    """Say what reads tables in weaklib's layout, which the commands do not.

    Raises
    ------
    ResultFileError
        For a file of weaklib's, or a folder that holds some.
    """
    from snsim.errors import ResultFileError

    what = "a folder of files" if path.is_dir() else "a file"
    files = sorted(path.glob("*.h5")) if path.is_dir() else [path]
    if any(_is_weaklib(file) for file in files):
        raise ResultFileError(
            f"{path}: {what} in weaklib's layout, which this command does not read; in Python, "
            "microphysics.tables.weaklib_reader.read_weaklib(FILE) reads a file"
        )
    if path.is_dir():
        raise ResultFileError(f"{path}: is a directory; name a table in it")


def _is_weaklib(path: Path) -> bool:
    from microphysics.tables.weaklib_reader import GROUPS

    return bool({name for names in GROUPS.values() for name in names} & _names(path))


def is_own(path: Path) -> bool:
    """Whether a file says that it is a table in this program's layout."""
    from microphysics.tables.native import MARK

    return MARK in attributes_of(path)


def attributes_of(path: Path) -> dict[str, Any]:
    """Return what a table of any layout says about itself; nothing where it cannot be opened."""
    from microphysics.errors import OpacityTableError
    from microphysics.tables.hdf5 import open_hdf5, plain

    try:
        with open_hdf5(path) as file:
            return plain(file.attrs)
    except (OpacityTableError, OSError):
        return {}


def _names(path: Path) -> set[str]:
    from microphysics.errors import OpacityTableError
    from microphysics.tables.hdf5 import open_hdf5

    try:
        with open_hdf5(path) as file:
            return set(file)
    except (OpacityTableError, OSError):
        return set()


def look_through(path: Path) -> Report:
    """Look for values that no opacity has in a table of this program's layout, slab by slab.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    Report
        Also of a file that is damaged.
    """
    from microphysics.errors import OpacityTableError
    from microphysics.tables.findings import Findings
    from microphysics.tables.native import open_table

    findings = Findings()
    try:
        with open_table(path) as table:
            for role in table.roles:
                _look(table, table, role, findings)
            for role in table.kernels.roles if table.kernels else ():
                _look(table, table.kernels, role, findings)
    except (OpacityTableError, OSError) as error:
        findings.add("error", "", str(error))
    return findings.report(path)


def _look(table: OpacityTable, holder: Any, role: str, findings: Findings) -> None:
    """Go through one array: a slab is all but its first two axes."""
    import numpy as np

    array = getattr(holder, role)
    axes = [holder.temperature, table.density] if holder is table else [holder.degeneracy]
    names = ["T = {:.6g} MeV", "{:.6g} g/cm3"] if holder is table else ["mu_e/T = {:.6g}"]
    second = (
        ("Y_e = {:.6g}", table.electron_fraction)
        if holder is table
        else ("T = {:.6g} MeV", holder.temperature)
    )

    def place(s: int, k: int, *rest: int) -> str:
        words = [table.species[s], second[0].format(second[1][k])]
        words += [name.format(axis[i]) for name, axis, i in zip(names, axes, rest, strict=False)]
        return ", ".join([*words, *(f"{table.energy[i]:.6g} MeV" for i in rest[len(axes) :])])

    for s in range(array.shape[0]):
        for k in range(array.shape[1]):
            values = np.asarray(array[s, k], dtype=np.float64)
            tests = {"is not finite ({value})": ~np.isfinite(values)}
            if role in _POSITIVE:
                tests["is negative ({value})"] = values < 0.0
            for text, bad in tests.items():
                findings.gather("error", role, text, bad, values, place, before=(s, k))
