"""A study of the quickstart on one core and on two: points per second, and what a point costs beyond the run itself.

Run:  python benchmarks/study.py [--points 1000] [--single 200] [--folders 100000]

Wall times depend on who else uses the machine, so processor times stand beside them. `beyond the run` is measured with
points that cost nothing: every worker hands back one stored result and copies its file, and all else is as it is.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from snsim.output.reader import read_result
from snsim.result import Result
from snsim.study.collect import collect
from snsim.study.engines import open_engine
from snsim.study.plan import make_plan, read_study
from snsim.study.sweep import Report, sweep
from snsim.whole_run import compute

QUICKSTART = Path(__file__).resolve().parent.parent / "runs" / "quickstart" / "run.toml"
STUDY = """schema = 1
title = "benchmark"
base = "{base}"
[sample]
method = "latin-hypercube"
points = {points}
seed = 1
[sample.axes]
profile.shock_radius = {{ from = "110 km", to = "200 km" }}
profile.accretion_rate = {{ from = "0.3 Msun/s", to = "1.5 Msun/s" }}
"""
MODEL = "SNSIM_BENCHMARK_RESULT"  # file that points which cost nothing hand back


@cache
def stored(file: str) -> Result:
    """Read the model of points that cost nothing, once in every worker."""
    return read_result(file)


def nothing(config: Any, directory: Path, progress: Any = None, may_replace: Any = None) -> Result:
    """Compute nothing."""
    may_replace()
    temporary = directory / ".result.tmp"
    shutil.copyfile(os.environ[MODEL], temporary)
    os.replace(temporary, directory / "result.h5")
    return stored(os.environ[MODEL])


def processor_seconds() -> float:
    """Of this process and of its children that have ended."""
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in spent)


def measure(name: str, points: int, jobs: int, compute: Callable[..., Result]) -> tuple[float, float, float]:
    """Sweep in a folder of its own; return wall and processor seconds of everything, and those of the runs."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "study.toml").write_text(STUDY.format(base=QUICKSTART, points=points))
        wall, spent = time.perf_counter(), processor_seconds()
        plan = make_plan(read_study(folder))
        planned = time.perf_counter() - wall
        first: list[float] = []

        def note(report: Report) -> None:
            if report.computed and not first:
                first.append(time.perf_counter())

        with open_engine(jobs) as engine:
            report = sweep(plan, engine, compute=compute, progress=note)
        swept = time.perf_counter()
        found = collect(plan, report.rows, check=False)
        collected = time.perf_counter() - swept
        wall, spent = swept + collected - wall, processor_seconds() - spent
        began = time.perf_counter()
        collect(plan)
        from_files = time.perf_counter() - began
        steady = (report.computed - 1) / (swept - first[0])
        print(
            f"{name}: {found.collected} of {points} points, {jobs} process(es): {wall:.1f} s wall, {spent:.1f} s of "
            f"processor; {points / wall:.2f} points/s, {steady:.2f} after the first; a point was validated in "
            f"{1e3 * planned / points:.2f} ms, collected in {1e3 * collected / points:.2f} ms, again with its file "
            f"checked in {1e3 * from_files / points:.2f} ms",
            flush=True,
        )
        return wall, spent, steady


def folders(count: int) -> None:
    """Print how long folders take that stand beside one another, and in 256 folders."""
    for name, place in (("in one folder", "{0}"), ("in 256 folders", "{1:02x}/{0}")):
        with tempfile.TemporaryDirectory() as root:
            began = time.perf_counter()
            for i in range(count):
                path = Path(root) / place.format(f"shock_radius-144km-{i:08x}", i % 256)
                path.mkdir(parents=True)
                (path / "status.json").write_text("{}")
            made = time.perf_counter() - began
            began = time.perf_counter()
            seen = sum(1 for _, _, names in os.walk(root) if names)
            listed = time.perf_counter() - began
        print(
            f"{seen} folders {name}: {1e6 * made / count:.0f} us to make, {1e6 * listed / count:.0f} us to see",
            flush=True,
        )


def main() -> None:
    """Print everything."""
    options = argparse.ArgumentParser()
    options.add_argument("--points", type=int, default=1000)
    options.add_argument("--single", type=int, default=200)
    options.add_argument("--folders", type=int, default=100000)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        from snsim.config.load import load_config

        compute(load_config(QUICKSTART), folder)
        os.environ[MODEL] = str(Path(folder) / "result.h5")
        few, many = 100, 1000
        small, large = (measure("points that cost nothing", points, 2, nothing) for points in (few, many))
        print(
            f"beyond the run: {1e3 * (large[1] - small[1]) / (many - few):.2f} ms of processor a point, "
            f"{1e3 * (large[0] - small[0]) / (many - few):.2f} ms wall"
        )
    folders(given.folders)
    one = measure("quickstart", given.single, 1, compute)
    two = measure("quickstart", given.points, 2, compute)
    print(f"two processes over one: {two[2] / one[2]:.2f} in points/s")
    for name, (_, spent, _), points in (("one", one, given.single), ("two", two, given.points)):
        print(f"{name}: {1e3 * spent / points:.0f} ms of processor a point, start included")


if __name__ == "__main__":
    main()
