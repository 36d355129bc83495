"""A built table in each of the layouts, with what the plan says about its physics."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

from microphysics.errors import OpacityTableError, PhysicsWarning
from microphysics.tables import native, nulib, weaklib
from microphysics.tables.partial import reason_of
from microphysics.tables.plan import TablePlan
from microphysics.tables.table import OpacityTable
from microphysics.tables.weaklib_left_out import in_no_file, left_out, writes_bremsstrahlung

__all__ = ["LAYOUTS", "write_layout"]

LAYOUTS = ("own", "nulib", "weaklib")


def write_layout(layout: str, path: Path, table: OpacityTable, plan: TablePlan) -> None:
    """Write a table.

    Parameters
    ----------
    layout : str
        Of `LAYOUTS`.
    path : Path
        A file; for weaklib a folder, whose name begins those of the files in it.
    table : OpacityTable
        Slab by slab it is read.
    plan : TablePlan
        That it was built from.

    Raises
    ------
    OpacityTableError
        If the layout is unknown, cannot hold the table, or the file cannot be written.

    Warns
    -----
    PhysicsWarning
        Of weaklib's layout: what of the plan is in none of its files. Each file says so too, in `left_out`.
    """
    if layout == "own":
        native.write_table(path, table)
    elif layout == "nulib":
        nulib.write_nulib(path, table, scattering="total" if plan.delta else "transport")
    elif layout == "weaklib":
        _write_weaklib(path, table, plan)
    else:
        raise OpacityTableError(f"layout = '{layout}': known are {', '.join(LAYOUTS)}")


def _write_weaklib(folder: Path, table: OpacityTable, plan: TablePlan) -> None:
    """One file for each kind of opacity; kernels where the plan has them, so that nothing is counted twice."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OpacityTableError(f"{folder}: cannot be written ({reason_of(error)})") from None
    lost = left_out(plan)
    table = replace(table, attributes=_attributes(table, plan, lost))
    settings = plan.settings
    charged = "charged_current" in plan.processes
    full = settings.charged_current == "full"
    nuclei = "electron_capture" in plan.processes and settings.capture_rate == "bruenn"
    nucleons = "nucleon_scattering" in plan.processes
    correlated = "nucleus_scattering" in plan.processes and settings.structure_factor != "none"
    written = [
        weaklib.write_absorption(
            folder / f"{folder.name}-EmAb.h5",
            table,
            switches={
                "np_FK": int(charged and full),
                "np_FK_inv_n_decay": int("neutron_decay" in plan.processes),
                "np_isoenergetic": int(charged and not full),
                "np_weak_magnetism": int(charged and settings.weak_magnetism),
                "nuclei_EC_FFN": int(nuclei),
            },
        ),
        weaklib.write_isoenergetic(
            folder / f"{folder.name}-Iso.h5",
            table,
            switches={
                "weak_magnetism_corr": int(nucleons and settings.weak_magnetism),
                "ion_ion_corr": int(correlated),
                "many_body_corr": int(nucleons and settings.many_body != "none"),
                "includes_nucleons": int(nucleons),
            },
            strange_axial_coupling=settings.couplings.strange_axial_coupling,
        ),
    ]
    if writes_bremsstrahlung(plan):
        written.append(weaklib.write_bremsstrahlung(folder / f"{folder.name}-Brem.h5", table))
    written += _write_kernels(folder, table, plan)
    # what an earlier table left there would be counted as well
    for kind in ("Brem", "NES", "Pair"):
        path = folder / f"{folder.name}-{kind}.h5"
        if path not in written:
            path.unlink(missing_ok=True)
    if lost:
        warnings.warn(
            PhysicsWarning(f"{folder.name}: weaklib's files are without {'; '.join(lost)}"), stacklevel=3
        )


def _write_kernels(folder: Path, table: OpacityTable, plan: TablePlan) -> list[Path]:
    if plan.kernels is None:
        return []
    written, degeneracy, couplings = [], plan.kernels.degeneracy, plan.settings.couplings
    if "electron_scattering" in plan.in_kernels:
        path = folder / f"{folder.name}-NES.h5"
        written.append(weaklib.write_electron_scattering(path, table, degeneracy, couplings))
    if "pair" in plan.in_kernels:
        written.append(weaklib.write_pairs(folder / f"{folder.name}-Pair.h5", table, degeneracy, couplings))
    return written


def _attributes(table: OpacityTable, plan: TablePlan, lost: tuple[str, ...]) -> dict[str, Any]:
    """Say what the table says, without processes that no file holds, and with what is left out."""
    facts = {**table.attributes, "left_out": lost or "nothing"}
    if "processes" in facts:
        held = tuple(name for name in facts["processes"] if name not in in_no_file(plan))
        # an empty list has no type in HDF5
        facts["processes"] = held or "none"
    return facts
