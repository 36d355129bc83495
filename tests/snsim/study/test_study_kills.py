"""Fifty times kill -9, of workers and of the sweep itself, at random: the files are those of a run that nobody disturbed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from points_by_hand import INLINE, compute, plan_of, same_files

from snsim.study.collect import collect
from snsim.study.sweep import sweep

HERE = Path(__file__).resolve().parent
KILLS = 50


def start(folder: Path) -> subprocess.Popen:
    command = [sys.executable, str(HERE / "points_by_hand.py"), str(folder), "2"]
    path = os.pathsep.join([str(HERE), str(HERE.parents[2])])
    return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path}, stderr=subprocess.DEVNULL)


def workers(pid: int) -> list[int]:
    """Children that compute: not the process that tracks resources."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == pid and b"spawn_main" in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
        except (OSError, ValueError):
            continue
    return found


def results(folder: Path) -> int:
    return len(list(folder.glob("points/*/result.h5")))


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds the workers in /proc")
def test_fifty_kills_lose_and_mix_nothing(tmp_path):
    disturbed, quiet = tmp_path / "disturbed", tmp_path / "quiet"
    chance, points, killed, lives = random.Random(1), 200, {"worker": 0, "sweep": 0}, 0
    disturbed.mkdir()
    plan_of(disturbed, range(20, 20 + points))
    process = start(disturbed)
    before = 0
    while sum(killed.values()) < KILLS:
        time.sleep(chance.uniform(0.05, 0.6))
        if process.poll() is not None:
            if results(disturbed) == points:  # more to do: finished points stay what they are
                points += 100
                plan_of(disturbed, range(20, 20 + points))
            process, lives = start(disturbed), lives + 1
            continue
        at_work = workers(process.pid)
        if at_work and chance.random() < 0.6:
            os.kill(chance.choice(at_work), signal.SIGKILL)
            killed["worker"] += 1
        elif at_work:
            process.kill()
            process.wait()
            killed["sweep"] += 1
            process, lives = start(disturbed), lives + 1
        assert results(disturbed) >= before
        before = results(disturbed)
    process.kill()
    process.wait()
    for _ in range(3):
        process = start(disturbed)
        process.wait(60)
        if results(disturbed) == points:
            break
    assert min(killed.values()) >= 10
    quiet.mkdir()
    plan = plan_of(quiet, range(20, 20 + points))
    collect(plan, sweep(plan, INLINE, compute=compute).rows)
    assert same_files(disturbed, quiet)
    assert not list(disturbed.rglob("lock-*"))
    assert not list(disturbed.rglob("*.tmp"))
