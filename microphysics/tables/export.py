"""A built table in each of the layouts, with what the plan says about its physics."""

from __future__ import annotations

from pathlib import Path

from microphysics.errors import OpacityTableError
from microphysics.tables import native, nulib, weaklib
from microphysics.tables.partial import reason_of
from microphysics.tables.plan import TablePlan
from microphysics.tables.table import OpacityTable

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
    settings = plan.settings
    charged = "charged_current" in plan.processes
    full = settings.charged_current == "full"
    nuclei = "electron_capture" in plan.processes and settings.capture_rate == "bruenn"
    nucleons = "nucleon_scattering" in plan.processes
    correlated = "nucleus_scattering" in plan.processes and settings.structure_factor != "none"
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
    )
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
    )
    # EmAb holds that of nue and anue where it is counted; the reader would add the file to it
    heavy_alone = settings.bremsstrahlung == "hannestad1998" and settings.pair_species == "heavy"
    if "bremsstrahlung" in plan.processes and heavy_alone:
        weaklib.write_bremsstrahlung(folder / f"{folder.name}-Brem.h5", table)
    if plan.kernels is None:
        return
    degeneracy, couplings = plan.kernels.degeneracy, settings.couplings
    if "electron_scattering" in plan.in_kernels:
        weaklib.write_electron_scattering(folder / f"{folder.name}-NES.h5", table, degeneracy, couplings)
    if "pair" in plan.in_kernels:
        weaklib.write_pairs(folder / f"{folder.name}-Pair.h5", table, degeneracy, couplings)
