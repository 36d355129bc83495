"""Runs that cost nothing, for the engine: a result with known numbers, in place of `snsim.whole_run.compute`."""

from __future__ import annotations

import os
import signal
import sys
import time
from concurrent.futures import Executor, Future
from pathlib import Path

import h5py
import numpy as np

from snsim.config.load import config_hash
from snsim.config.write import resolve_toml
from snsim.errors import ConvergenceError
from snsim.output.provenance import code_of
from snsim.output.writer import write_result
from snsim.result import Result
from snsim.study.collect import collect
from snsim.study.engines import local
from snsim.study.execute import Engine
from snsim.study.plan import make_plan, read_study
from snsim.study.sweep import sweep
from snsim.variable import Variable, scalar

ZONES = (
    'schema = 1\ntitle = "by hand"\n[base.profile]\nformat = "hydrostatic"\n[axes]\ngrid.zones = {zones}\n'
)


def plan_of(folder: Path, zones: object = (20, 30, 40), more: str = ""):
    (folder / "study.toml").write_text(ZONES.format(zones=list(zones)) + more)
    return make_plan(read_study(folder))


def compute(config, directory, progress=None, note=None, may_replace=None):
    """L = zones x 1e50 erg/s for every species, and an undefined number."""
    species = np.array(config.transport.species)
    zones = float(config.grid.zones)
    luminosity = Variable(
        ("species",), zones * 1e50 * np.arange(1.0, species.size + 1), "erg / s", "luminosity"
    )
    result = Result(
        {
            "transport": {
                "species": Variable(("species",), species, "1", "species"),
                "luminosity": luminosity,
            },
            "diagnostics/gain_region": {
                "gain_radius": scalar(1e5 * zones, "cm", "gain radius"),
                "mass": scalar(np.nan, "g", "mass", reason="no gain region"),
            },
        },
        resolve_toml(config),
        {"config_hash": config_hash(config), "title": config.title, **code_of(config)},
    )
    if may_replace is not None:
        may_replace()
    write_result(result, Path(directory) / "result.h5")
    return result


def no_convergence_at_30(config, directory, **options):
    if config.grid.zones == 30:
        raise ConvergenceError(f"residual {config.grid.zones / 7:.3e} after 40 steps")
    return compute(config, directory, **options)


def dies_at_30(config, directory, **options):
    if config.grid.zones == 30:
        os.kill(os.getpid(), signal.SIGKILL)
    return compute(config, directory, **options)


def slow(config, directory, **options):
    time.sleep(0.1)
    return compute(config, directory, **options)


class _Inline(Executor):
    """Runs what it is given at once, here."""

    def submit(self, function, /, *arguments, **options):
        future: Future = Future()
        future.set_result(function(*arguments, **options))
        return future


INLINE = Engine("this process", _Inline, lambda executor: None, lambda executor: 1, (BrokenPipeError,))


def data_of(file: Path) -> dict:
    """Every dataset of a file outside its provenance, bytes and attributes."""
    found = {}
    with h5py.File(file) as handle:

        def see(name, item):
            if isinstance(item, h5py.Dataset) and not name.startswith("provenance"):
                value = item.asstr()[()] if item.dtype.kind == "O" else item[()]
                words = {key: str(text) for key, text in item.attrs.items() if "LIST" not in key}
                found[name] = (str(value) if item.dtype.kind == "O" else np.asarray(value).tobytes(), words)

        handle.visititems(see)
    return found


def same_files(one: Path, other: Path) -> bool:
    """Whether two studies have the same points, and the same data in every file."""
    files = [sorted(str(path.relative_to(root)) for path in root.rglob("*.h5")) for root in (one, other)]
    return files[0] == files[1] and all(data_of(one / name) == data_of(other / name) for name in files[0])


def drive(folder: str, jobs: str) -> None:
    """Sweep a study by hand in processes; for a process of its own that can be killed."""
    plan = make_plan(read_study(folder))
    collect(plan, sweep(plan, local(int(jobs), ()), compute=slow).rows)


if __name__ == "__main__":
    from points_by_hand import (
        drive as drive_by_name,
    )  # workers look the functions up in the module, not in __main__

    drive_by_name(*sys.argv[1:])
