"""Tables of opacities: built block by block by any executor, gone on with after a kill, and written out."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import time
import warnings
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from contextlib import closing
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from microphysics._workers import one_thread_each, processors, spawned_pool
from microphysics.eos.state import EquationOfState
from microphysics.errors import MicrophysicsError, OpacityTableError
from microphysics.opacity import OpacitySet
from microphysics.tables.estimate import bytes_of, covered, free_bytes
from microphysics.tables.export import LAYOUTS, write_layout
from microphysics.tables.partial import PartialTable
from microphysics.tables.plan import Block, TablePlan, plan_key
from microphysics.tables.worker import BlockResult, Caught, evaluate_block, gathered

__all__ = ["BuildReport", "Progress", "build_table", "statement"]

Progress = Callable[[int, int], None]

_LEFT = re.compile(r"\.(.+)\.(\d{1,9})-[0-9a-f]{8}\.tmp")  # names of half-written files
_AHEAD = 3  # blocks handed out for each process: bounds what waits in memory


@dataclass(frozen=True)
class BuildReport:
    """What a build did.

    Attributes
    ----------
    files : dict of Path
        By layout.
    points, kernel_points : int
        Of the table.
    blocks, found : int
        All blocks, and those that an earlier build had done.
    seconds : float
        Of this build.
    stages : dict of float
        Seconds of processor time in all processes together by what they did, and here for writing each layout.
    caught : tuple of Caught
        Warnings.
    """

    files: dict[str, Path]
    points: int
    kernel_points: int
    blocks: int
    found: int
    seconds: float
    stages: dict[str, float] = field(default_factory=dict)
    caught: tuple[Caught, ...] = ()


def build_table(
    plan: TablePlan,
    outputs: Mapping[str, Path],
    *,
    partial: Path | None = None,
    executor: Executor | None = None,
    jobs: int | None = None,
    progress: Progress | None = None,
    attributes: Mapping[str, Any] | None = None,
) -> BuildReport:
    """Build a table, or go on where an earlier build of the same plan stopped, and write it.

    Parameters
    ----------
    plan : TablePlan
    outputs : mapping of str to Path
        Layout, of `LAYOUTS`, to the file; for weaklib to the folder. Replaced if they exist.
    partial : Path, optional
        File that is filled meanwhile; beside the first output where not given.
    executor : concurrent.futures.Executor, optional
        What evaluates the blocks, such as that of a Dask cluster (``client.get_executor()``); spawned processes of this
        machine where not given.
    jobs : int, optional
        Processes, of the executor too; as many as there are processors where not given. One is this process itself, if
        there is no executor.
    progress : callable, optional
        Called in this process with the number of states done and that of all.
    attributes : mapping, optional
        Texts and numbers to be stored in the files.

    Returns
    -------
    BuildReport

    Raises
    ------
    OutOfRangeError
        If the equation of state does not cover the table and may not clamp; before anything is computed.
    OpacityTableError
        If a file cannot be written or the disk is too small; what is done is kept.
    MicrophysicsError
        Whatever a process of the plan raises, or if a worker died.

    Warns
    -----
    PhysicsWarning
        Each warning of the equation of state and the processes once, with the number of states of the whole table; and
        what a layout cannot hold.

    Notes
    -----
    A block is all densities of some neighbouring temperatures at one electron fraction, about `TablePlan.block_points`
    states; it bounds the memory here and in each process. A finished block is never lost: a build that was killed goes on
    at the next.
    """
    began = time.perf_counter()
    eos = covered(plan)
    unknown = [layout for layout in outputs if layout not in LAYOUTS]
    if unknown or not outputs:
        raise OpacityTableError(f"layouts = {unknown or 'none'}: known are {', '.join(LAYOUTS)}")
    key = plan_key(plan, eos)
    first = next(iter(outputs.values()))
    jobs = jobs or processors()
    stages: dict[str, float] = {}
    with PartialTable(partial or first.with_name(f"{first.name}.partial"), plan, key) as store:
        waiting = store.waiting
        found, done = len(plan.blocks) - len(waiting), [plan.points + plan.kernel_points]
        total = done[0]
        done[0] -= sum(_states(plan, block) for block in waiting)
        with closing(_evaluated(key, plan, waiting, executor, jobs)) as results:
            for result in results:
                store.write(result)
                for stage, seconds in result.seconds.items():
                    stages[stage] = stages.get(stage, 0.0) + seconds
                done[0] += _states(plan, result.block)
                if progress is not None:
                    progress(done[0], total)
        caught = gathered(
            [each for some in store.caught.values() for each in some], plan.points, len(plan.blocks)
        )
        facts = {
            **_provenance(plan, eos, key, caught),
            "build_seconds": time.perf_counter() - began,
            **(attributes or {}),
        }
        table = store.table(facts)
        for layout, path in outputs.items():
            started = time.process_time()
            _sweep(path)
            _require_room(layout, path, plan)
            with warnings.catch_warnings(record=True) as heard:
                warnings.simplefilter("always")
                write_layout(layout, path, table, plan)
            caught += [Caught(each.category.__name__, str(each.message)) for each in heard]
            stages[f"writing {layout}"] = time.process_time() - started
        store.remove()
    for each in caught:
        warnings.warn(each.warning, stacklevel=2)
    return BuildReport(
        files=dict(outputs),
        points=plan.points,
        kernel_points=plan.kernel_points,
        blocks=len(plan.blocks),
        found=found,
        seconds=time.perf_counter() - began,
        stages=stages,
        caught=tuple(caught),
    )


def _sweep(path: Path) -> None:
    """Remove half-written files that killed builds of the same table left; here this build is the only one."""
    folder = path if path.is_dir() else path.parent
    for left in folder.glob(".*.tmp"):
        found = _LEFT.fullmatch(left.name)
        if found is None or (folder is not path and found[1] != path.name):
            continue
        try:
            os.kill(int(found[2]), 0)
        except ProcessLookupError:
            left.unlink(missing_ok=True)
        except OSError:  # of a process that lives
            continue


def _require_room(layout: str, path: Path, plan: TablePlan) -> None:
    """Refuse to begin a file that the disk does not hold."""
    needed, free = bytes_of(layout, plan), free_bytes(path.parent)
    if needed > free:
        raise OpacityTableError(
            f"{path}: cannot be written, it needs {needed / 1e6:.3g} MB and {free / 1e6:.3g} MB are free; "
            "the finished blocks are kept, and the same build goes on when there is room"
        )


def _states(plan: TablePlan, block: Block) -> int:
    each = plan.kernel_shape[2] if block.is_kernel else plan.density.size
    return (block.stop - block.start) * each


def _evaluated(
    key: str, plan: TablePlan, waiting: list[Block], executor: Executor | None, jobs: int
) -> Generator[BlockResult]:
    """Yield results as they become ready."""
    if not waiting:
        return
    if executor is None and jobs <= 1:
        for block in waiting:
            yield evaluate_block(key, plan, block)
        return
    pool = spawned_pool(min(jobs, len(waiting))) if executor is None else executor
    futures: set[Future[BlockResult]] = set()
    left = iter(waiting)
    try:
        with one_thread_each():
            while True:
                for block in islice(left, _AHEAD * jobs - len(futures)):
                    futures.add(pool.submit(evaluate_block, key, plan, block))
                if not futures:
                    return
                ready, futures = wait(futures, return_when=FIRST_COMPLETED)
                for future in ready:
                    yield future.result()
    except BrokenExecutor:
        raise MicrophysicsError(
            "a process that built the table died; if this is a script, its top level must stand under "
            '`if __name__ == "__main__":`, as every process imports it. jobs=1 does without processes'
        ) from None
    finally:
        for future in futures:
            future.cancel()
        if executor is None:
            pool.shutdown(cancel_futures=True)


def _provenance(plan: TablePlan, eos: EquationOfState, key: str, caught: list[Caught]) -> dict[str, Any]:
    """Say what the table holds and where it comes from."""
    chosen = OpacitySet.from_names(plan.processes, plan.settings)
    facts: dict[str, Any] = {
        "table_title": plan.title,
        "equation_of_state": eos.name,
        "baryon_mass": eos.baryon_mass,
        "processes": plan.in_opacities,
        "references": tuple(dict.fromkeys((*eos.references, *chosen.references))),
        "settings": json.dumps(asdict(plan.settings), default=str),
        "outside_eos": plan.outside_eos,
        "warnings": tuple(each.message for each in caught),
        "plan_key": key,
        "created": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
    }
    if plan.in_kernels:
        facts["processes_in_kernels"] = plan.in_kernels
        facts["counted_once"] = statement(plan)
    # an empty list has no type in HDF5
    return {name: value for name, value in facts.items() if value != () and value != ""}


def statement(plan: TablePlan) -> str:
    """Say what the kernels hold and the opacities therefore do not; empty without kernels."""
    parts = []
    if "electron_scattering" in plan.in_kernels:
        parts.append("scattering on electrons is in the scattering kernels and not in the scattering opacity")
    if "pair" in plan.in_kernels:
        whose = "" if plan.settings.pair_species == "all" else " of the heavy-lepton species"
        parts.append(
            f"electron-positron pairs{whose} are in the pair kernels and not in absorption and emissivity"
        )
    return "; ".join(parts)
