"""A study on a real Dask cluster of processes on this machine: the same files, whatever dies."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import h5py
import numpy as np
import pytest
from points_by_hand import INLINE, compute, plan_of, same_files, slow
from typer.testing import CliRunner

from snsim.cli.app import app
from snsim.errors import ConfigError
from snsim.study.collect import collect
from snsim.study.engines import local, open_engine
from snsim.study.plan import make_plan, read_study
from snsim.study.sweep import sweep

pytest.importorskip("distributed")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]
HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]


class Cluster:
    """A scheduler and workers, each a process that can be killed."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address, self._folder = f"tcp://127.0.0.1:{self.port}", folder
        self.scheduler = self._start(
            "scheduler", "--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard"
        )
        self.workers: list[subprocess.Popen] = []

    def _start(self, *command: str, delay: float = 0.0) -> subprocess.Popen:
        path = os.pathsep.join([str(HERE), str(ROOT)])
        variables = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
        return subprocess.Popen(
            [sys.executable, "-m", "dask", *command], env=variables, cwd=self._folder,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip

    def add_workers(self, count: int, *options: str) -> None:
        for _ in range(count):
            self.workers.append(
                self._start(
                    "worker", self.address, "--nthreads", "1", "--no-dashboard", "--no-nanny", *options
                )
            )

    def wait_for_a_worker(self) -> None:
        from distributed import Client

        with Client(self.address, timeout=60, set_as_default=False) as client:
            client.wait_for_workers(1, timeout=60)

    def restart_scheduler(self) -> None:
        self.scheduler.kill()
        self.scheduler.wait()
        self.scheduler = self._start(
            "scheduler", "--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard"
        )

    def close(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


@pytest.fixture
def cluster(tmp_path):
    made = Cluster(tmp_path)
    yield made
    made.close()


def quiet(folder: Path, zones) -> Path:
    folder.mkdir()
    plan = plan_of(folder, zones)
    collect(plan, sweep(plan, INLINE, compute=compute).rows)
    return folder


def results(folder: Path) -> int:
    return len(list(folder.glob("points/*/result.h5")))


def when(condition, do):
    """Do something from a thread as soon as a condition holds."""

    def watch():
        until = time.monotonic() + 60
        while not condition() and time.monotonic() < until:
            time.sleep(0.02)
        do()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    return thread


def test_four_workers_give_the_files_of_two_processes(cluster, tmp_path):
    cluster.add_workers(4)
    folders = [tmp_path / "local", tmp_path / "dask"]
    for folder in folders:
        folder.mkdir()
        text = (ROOT / "runs" / "quickstart" / "run.toml").read_text()
        (folder / "run.toml").write_text(text.replace("zones = 200", "zones = 30"))
        (folder / "study.toml").write_text(
            'schema = 1\ntitle = "same"\nbase = "run.toml"\n[axes]\nprofile.shock_radius = ["140 km", "150 km"]\n'
            'transport.limiter = ["wilson", "minerbo", "larsen2"]\n'
        )
        plan = make_plan(read_study(folder))
        if folder.name == "local":
            report = sweep(plan, local(2))
        else:
            with open_engine(dask=cluster.address) as engine:
                report = sweep(plan, engine)
        assert report.computed == 6, report.failures
        collect(plan, report.rows)
    assert same_files(*folders)


def test_a_worker_killed_and_one_that_is_slow(cluster, tmp_path):
    cluster.add_workers(4)
    zones = range(20, 100)
    there = tmp_path / "there"
    there.mkdir()
    plan = plan_of(there, zones)

    def kill_and_slow():
        cluster.workers[0].kill()
        os.kill(cluster.workers[1].pid, signal.SIGSTOP)
        time.sleep(3.0)
        os.kill(cluster.workers[1].pid, signal.SIGCONT)

    trouble = when(lambda: results(there) > 5, kill_and_slow)
    with open_engine(dask=cluster.address) as engine:
        report = sweep(plan, engine, compute=slow)
    trouble.join()
    assert report.done == len(plan.points), report.failures
    collect(plan, report.rows)
    assert same_files(there, quiet(tmp_path / "quiet", zones))


def test_a_scheduler_that_is_killed_and_comes_back(cluster, tmp_path):
    cluster.add_workers(2, "--death-timeout", "60")
    zones = range(20, 100)
    there = tmp_path / "there"
    there.mkdir()
    plan = plan_of(there, zones)

    def kill():
        cluster.restart_scheduler()
        for worker in cluster.workers:
            worker.kill()
            worker.wait()
        cluster.add_workers(2)

    trouble = when(lambda: results(there) > 5, kill)
    with open_engine(dask=cluster.address) as engine:
        report = sweep(plan, engine, compute=slow)
    trouble.join()
    assert report.done == len(plan.points), report.failures
    collect(plan, report.rows)
    assert same_files(there, quiet(tmp_path / "quiet", zones))
    assert not list(there.rglob("lock-*"))


def test_workers_with_several_threads_are_refused(cluster, tmp_path):
    cluster.workers.append(
        cluster._start("worker", cluster.address, "--nthreads", "2", "--no-dashboard", "--no-nanny")
    )
    cluster.wait_for_a_worker()  # one that comes within the second between two looks may do the whole small study
    plan = plan_of(tmp_path)
    with open_engine(dask=cluster.address) as engine, pytest.raises(ConfigError, match="one each"):
        sweep(plan, engine, compute=compute)


def test_two_sweeps_on_one_folder_share_the_points(tmp_path):
    there, path = tmp_path / "there", os.pathsep.join([str(HERE), str(ROOT)])
    there.mkdir()
    plan_of(there, range(20, 80))
    command = [sys.executable, str(HERE / "points_by_hand.py"), str(there), "1"]
    both = [subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path}) for _ in range(2)]
    assert [process.wait(100) for process in both] == [0, 0]
    assert same_files(there, quiet(tmp_path / "quiet", range(20, 80)))
    pids = {
        (folder / "status.json").read_text().split('"pid": ')[1].split(",")[0]
        for folder in there.glob("points/*")
    }
    assert len(pids) == 2
    shutil.rmtree(there)


def test_a_table_of_an_equation_of_state_is_that_of_this_process(cluster, tmp_path):
    cluster.add_workers(2)
    axes = ("--density-points", "4", "--temperature-points", "4", "--electron-fraction-points", "4")
    for name, how in (("here", ("--jobs", "1")), ("dask", ("--dask", cluster.address))):
        outcome = CliRunner().invoke(
            app, ["eos", "table", str(tmp_path / f"{name}.h5"), "--layout", "stellarcollapse", *axes, *how]
        )
        assert outcome.exit_code == 0, outcome.output
    with h5py.File(tmp_path / "here.h5") as here, h5py.File(tmp_path / "dask.h5") as there:
        for name in ("logpress", "entropy", "Xh", "munu"):
            np.testing.assert_array_equal(there[name], here[name])
