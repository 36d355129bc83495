"""One way over any executor: batches, answers in any order, workers that die."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import wait

import pytest
from points_by_hand import INLINE

from snsim.errors import EngineError
from snsim.study.engines import local
from snsim.study.execute import BATCH_SECONDS, Engine, _Pace, execute


def double(items):
    return [2 * item for item in items]


def dies_at_three(items):
    for item in items:
        if item == 3:
            os.kill(os.getpid(), signal.SIGKILL)
    return double(items)


def stops_at_three(items):
    return [2 * item for item in items if item < 3]


def always_dies(items):
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize(
    "engine",
    [
        INLINE,
        Engine("threads", lambda: ThreadPoolExecutor(3), lambda e: e.shutdown(), lambda e: 3, (OSError,)),
    ],
)
def test_every_job_is_answered_once(engine):
    assert sorted(execute(engine, double, range(100))) == [(i, 2 * i) for i in range(100)]


def test_what_a_worker_did_not_do_has_no_answer():
    assert dict(execute(INLINE, stops_at_three, range(5))) == {0: 0, 1: 2, 2: 4}


def test_batches_grow_until_they_take_long_enough():
    pace = _Pace()
    assert pace.batch(1000, 2) == 1
    pace.learn(0.05, 1)
    assert pace.batch(1000, 2) == round(BATCH_SECONDS / 0.05)
    assert pace.batch(20, 2) == 5  # leaves work for everybody
    assert pace.batch(10**6, 1000) == round(10 * BATCH_SECONDS / 0.05)
    pace = _Pace(10.0)
    assert pace.batch(1000, 2) == 1


def test_a_job_that_kills_its_worker_is_found_and_the_others_are_done():
    found = dict(execute(local(2, ()), dies_at_three, range(8)))
    assert found == {i: None if i == 3 else 2 * i for i in range(8)}


def test_workers_that_never_bring_anything_end_it():
    with pytest.raises(EngineError, match="6 times in a row"):
        list(execute(local(1, ()), always_dies, range(40)))


def gone(times):
    """Engine whose cluster does not answer the first few times it is asked how many workers it has."""
    asked = []

    def width(executor):
        asked.append(executor)
        if len(asked) <= times:
            raise OSError("no scheduler")
        return 2

    return Engine("gone", lambda: ThreadPoolExecutor(2), lambda e: e.shutdown(), width, (OSError,)), asked


def test_a_scheduler_that_goes_while_nothing_runs_is_sought_again():
    engine, asked = gone(3)
    assert sorted(execute(engine, double, range(5))) == [(i, 2 * i) for i in range(5)]
    assert len(set(asked)) == 4  # an executor of its own each time


def test_a_scheduler_that_stays_away_ends_it():
    engine, asked = gone(10**9)
    with pytest.raises(EngineError, match="6 times in a row"):
        list(execute(engine, double, range(5)))
    assert len(asked) == 6


def test_the_processes_are_gone_afterwards():
    pools = []
    engine = local(1, ())
    watched = Engine(
        engine.name,
        lambda: pools.append(engine.start()) or pools[-1],
        engine.stop,
        engine.width,
        engine.broken,
    )
    answers = execute(watched, double, range(1000))
    next(answers)
    processes = list(pools[0]._processes.values())
    began = time.monotonic()
    answers.close()
    assert processes
    # not is_alive(): whichever thread did not collect the process's end takes it for alive for a moment
    assert len(wait([process.sentinel for process in processes], timeout=0)) == len(processes)
    assert time.monotonic() - began < 10.0
