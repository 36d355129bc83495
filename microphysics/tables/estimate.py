"""What a table will take: points, seconds, bytes; measured on a few blocks before a build begins."""

from __future__ import annotations

import logging
import math
import shutil
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from microphysics._workers import processors
from microphysics.eos.state import EquationOfState
from microphysics.opacity import OpacitySet
from microphysics.tables.grids import outside, require_cover
from microphysics.tables.plan import Block, TablePlan, plan_key, table_of
from microphysics.tables.table import OpacityTable
from microphysics.tables.worker import evaluate_block

__all__ = ["Estimate", "bytes_of", "covered", "estimate", "free_bytes", "outline"]

_WRITTEN = {
    "own": 55e6,
    "nulib": 4e8,
    "weaklib": 1e8,
}  # bytes of the table in a second, about; the first is packed


_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Estimate:
    """What a build will take.

    Attributes
    ----------
    points, kernel_points : int
        States of matter, and of electrons for kernels.
    seconds, seconds_writing : float
        About: to compute on all processes, and then to write the files.
    seconds_per_point, seconds_per_kernel : float
        Of one process, measured.
    jobs : int
        Processes.
    bytes : dict of int
        By layout, about; ``partial`` is the file that is filled, and goes away at the end.
    disk_needed, disk_free : int
        Bytes in the folder.
    """

    points: int
    kernel_points: int
    seconds: float
    seconds_writing: float
    seconds_per_point: float
    seconds_per_kernel: float
    jobs: int
    bytes: dict[str, int]
    disk_needed: int
    disk_free: int


def outline(plan: TablePlan) -> OpacityTable:
    """Return a table of zeros that take no memory: it has the axes of the plan, for checks and names.

    Raises
    ------
    OpacityTableError
        For axes that no table can have.
    """
    return table_of(
        plan,
        lambda role: np.broadcast_to(0.0, plan.kernel_shape if role in plan.kernel_roles else plan.shape),
    )


def estimate(
    plan: TablePlan, folder: Path, layouts: tuple[str, ...] = ("own",), jobs: int | None = None
) -> Estimate:
    """Measure two blocks of matter and one of kernels, and say what the whole table will take.

    Parameters
    ----------
    plan : TablePlan
    folder : Path
        Where the files shall be; need not exist.
    layouts : tuple of str
        Of `LAYOUTS`.
    jobs : int, optional
        Processes; as many as there are processors where not given.

    Raises
    ------
    OutOfRangeError
        If the equation of state does not cover the table and may not clamp.
    MicrophysicsError
        Whatever a process of the plan raises.
    """
    eos = covered(plan)
    key = plan_key(plan, eos)
    jobs = jobs or processors()
    per_point, per_kernel = _measured(key, plan)
    sizes = {layout: bytes_of(layout, plan) for layout in ("partial", *layouts)}
    return Estimate(
        points=plan.points,
        kernel_points=plan.kernel_points,
        seconds=(plan.points * per_point + plan.kernel_points * per_kernel) / jobs,
        seconds_writing=sum(sizes[layout] / _WRITTEN[layout] for layout in layouts),
        seconds_per_point=per_point,
        seconds_per_kernel=per_kernel,
        jobs=jobs,
        bytes=sizes,
        disk_needed=sum(sizes.values()),
        disk_free=free_bytes(folder),
    )


def bytes_of(layout: str, plan: TablePlan) -> int:
    """Size of a file, about."""
    if layout != "nulib":
        return plan.bytes
    # has production beside annihilation
    more = sum(role.startswith("annihilation") for role in plan.kernel_roles)
    return plan.bytes + 8 * more * math.prod(plan.kernel_shape)


def free_bytes(folder: Path) -> int:
    """Bytes that are free in a folder, or where it would be made."""
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    return shutil.disk_usage(there).free


def _measured(key: str, plan: TablePlan) -> tuple[float, float]:
    """Seconds for a state and for a kernel, after a small block that compiles what is not compiled yet."""
    small = replace(plan, density=plan.density[:2], temperature=plan.temperature[:1])
    evaluate_block(key, small, Block(0, 0, 0, 1))
    matter = [block for block in plan.blocks if not block.is_kernel]
    kernels = [block for block in plan.blocks if block.is_kernel]
    sample = [matter[len(matter) * place // 8] for place in (3, 6)]
    if kernels:
        evaluate_block(key, plan, replace(kernels[0], stop=kernels[0].start + 1))
    rates = []
    for blocks, each in (
        (sample, plan.density.size),
        (kernels[len(kernels) // 2 :][:1], plan.kernel_shape[2]),
    ):
        began = time.perf_counter()
        for block in blocks:
            evaluate_block(key, plan, block)
        points = sum(block.stop - block.start for block in blocks) * each
        rates.append((time.perf_counter() - began) / points if points else 0.0)
    return rates[0], rates[1]


def covered(plan: TablePlan) -> EquationOfState:
    """Refuse a plan that cannot be carried out, and return its equation of state."""
    outline(plan)
    OpacitySet.from_names(plan.processes, plan.settings)
    eos = plan.eos()
    axes = (plan.density, plan.temperature, plan.electron_fraction)
    if plan.outside_eos == "error":
        require_cover(eos, *axes)
    for end in outside(eos, *axes):
        _log.warning("%s: %s; the edge is used", eos.name, end)
    return eos
