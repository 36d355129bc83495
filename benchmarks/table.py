"""The default opacity table with all processes: how long, what each state costs, how much memory.

Run:  python benchmarks/table.py [--jobs N] [--no-build] [--kernels]

Three parts: processor time a state of the equation of state and of each process, on blocks spread over the table; peak memory
of a build in one process against the size of its blocks; the whole table of runs/opacity-table, both layouts written, against
its target of 60 s on two processes. Kernels must be compiled before (the first part does it).
"""

from __future__ import annotations

import argparse
import tempfile
import time
import tracemalloc
import warnings
from dataclasses import replace
from pathlib import Path

from microphysics.errors import PhysicsWarning
from microphysics.opacity import OpacitySet
from microphysics.tables.build import build_table
from microphysics.tables.plan import TablePlan
from microphysics.tables.worker import evaluate_states
from snsim.config.table import load_table_config, table_plan

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "runs" / "opacity-table"
TARGET = 60.0  # s, on two processes
SAMPLES = 12
BLOCKS = (100, 1000, 5000)  # states


def costs(plan: TablePlan) -> dict[str, float]:
    """Microseconds a state, by what is computed."""
    eos = plan.eos()
    blocks = plan.blocks[:: max(1, len(plan.blocks) // SAMPLES)]
    seconds: dict[str, float] = {}
    states = 0
    for k, block in enumerate((blocks[len(blocks) // 2], *blocks)):  # the first compiles
        began = time.process_time()
        matter = evaluate_states(plan, eos, block)
        spent = {"equation of state": time.process_time() - began}
        for name in plan.in_opacities:
            chosen = OpacitySet.from_names([name], plan.settings)
            began = time.process_time()
            chosen.totals(matter, plan.energy, plan.species)
            spent[name] = time.process_time() - began
        if k:
            states += matter.density.size
            seconds = {name: seconds.get(name, 0.0) + each for name, each in spent.items()}
    return {name: 1e6 * each / states for name, each in seconds.items()}


def memory(plan: TablePlan, block_points: int) -> tuple[float, float]:
    """MB of arrays and objects at the peak of a build in this process, and of the table."""
    some = replace(plan, electron_fraction=plan.electron_fraction[24:28], block_points=block_points)
    with tempfile.TemporaryDirectory() as folder:
        tracemalloc.start()
        build_table(some, {"own": Path(folder) / "own.h5"}, jobs=1)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return peak / 1e6, some.bytes / 1e6


def main() -> None:
    """Print costs by process, memory by block, and the time of the whole table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--no-build", action="store_true")
    parser.add_argument("--kernels", action="store_true")
    options = parser.parse_args()
    warnings.simplefilter("ignore", PhysicsWarning)
    overrides = ["microphysics.pair_species=all", *(["table.kernels=true"] if options.kernels else [])]
    plan = table_plan(load_table_config(EXAMPLE, overrides))
    found = costs(plan)
    print(f"one process, {plan.energy.size} energies, {len(plan.species)} species, us a state")
    for name, each in sorted(found.items(), key=lambda item: -item[1]):
        print(f"  {name:<26}{each:8.1f}")
    print(f"  {'together':<26}{sum(found.values()):8.1f}")
    print("peak memory of a build in one process, four electron fractions, beyond program and libraries")
    for block_points in BLOCKS:
        peak, size = memory(plan, block_points)
        print(f"  blocks of {block_points:5d} states: {peak:6.1f} MB (arrays of this table: {size:.0f} MB)")
    if options.no_build:
        return
    with tempfile.TemporaryDirectory() as folder:
        outputs = {"own": Path(folder) / "own.h5", "nulib": Path(folder) / "nulib.h5"}
        report = build_table(replace(plan, title="benchmark"), outputs, jobs=options.jobs)
        sizes = ", ".join(f"{name} {path.stat().st_size / 1e6:.0f} MB" for name, path in outputs.items())
    print(
        f"{' x '.join(map(str, plan.shape))} table on {options.jobs} processes: {report.seconds:.1f} s "
        f"(target {TARGET:.0f} s on 2); {sizes}"
    )
    for name, each in report.stages.items():
        print(f"  {name:<26}{each:8.1f} s, of processor time")


if __name__ == "__main__":
    main()
