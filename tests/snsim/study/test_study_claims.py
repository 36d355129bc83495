"""Claims on points: one holder at a time, whatever dies, whichever way clocks jump."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from dataclasses import asdict, replace

import pytest

from snsim.study import claim
from snsim.study.claim import SILENCE, UNWRITTEN, Claim, Heart, Holder, Watch, holder_of, is_claimed, take

ELSEWHERE = Holder("other", "other boot", 1, "1", "there")


@pytest.fixture
def dead(tmp_path) -> Holder:
    """A claim of a process that was killed."""
    code = f"from pathlib import Path; from snsim.study.claim import take; take(Path({str(tmp_path)!r}))"
    subprocess.run([sys.executable, "-c", code], check=True)
    return Holder(**json.loads((tmp_path / "lock-0").read_text()))


def write(folder, holder, name="lock-0"):
    (folder / name).write_text(json.dumps(asdict(holder)))


def test_one_holder_at_a_time(tmp_path):
    first = take(tmp_path)
    assert isinstance(first, Claim)
    assert first.is_held
    second = take(tmp_path)
    assert second == first.holder
    assert second.words.endswith(f"process {os.getpid()}")
    first.release()
    assert not is_claimed(tmp_path)
    assert isinstance(take(tmp_path), Claim)


def test_a_dead_holder_is_taken_over_by_one_of_many(tmp_path, dead, monkeypatch):
    assert dead.is_dead
    assert holder_of(tmp_path) is None
    assert is_claimed(tmp_path)
    barrier, found, original, own = threading.Barrier(16), [], claim._highest, threading.local()

    def all_have_looked(folder):
        seen = original(folder)
        if not hasattr(own, "looked"):  # all see the dead holder before anybody acts
            own.looked = True
            barrier.wait()
        return seen

    def attempt():
        found.append(take(tmp_path))

    monkeypatch.setattr(claim, "_highest", all_have_looked)

    threads = [threading.Thread(target=attempt) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    monkeypatch.undo()
    winners = [each for each in found if isinstance(each, Claim)]
    assert len(winners) == 1
    assert winners[0].is_held
    winners[0].release()
    assert not is_claimed(tmp_path)


def test_a_process_number_that_came_again_is_not_the_holder(tmp_path):
    mine = take(tmp_path)
    assert not mine.holder.is_dead
    write(tmp_path, replace(mine.holder, started="1", token="earlier"))
    assert holder_of(tmp_path) is None
    assert isinstance(take(tmp_path), Claim)


def test_whoever_was_taken_over_notices(tmp_path, dead):
    late = Claim(tmp_path / "lock-0", dead)
    assert late.is_held
    winner = take(tmp_path)
    assert not late.is_held
    late.release()  # leaves the winner's alone
    assert winner.is_held


def test_a_holder_elsewhere_lives_while_it_touches_its_claim(tmp_path):
    write(tmp_path, ELSEWHERE)
    clock = [1000.0]
    watch = Watch(lambda: clock[0])
    for jump in (10.0, -1e9, 3600.0, 1e9):  # of the clock that dates files
        os.utime(tmp_path / "lock-0", (1.5e9 + jump, 1.5e9 + jump))
        assert watch.silent(tmp_path) == ""
        clock[0] += 0.9 * SILENCE
    clock[0] += 0.2 * SILENCE
    assert watch.silent(tmp_path) == "there"
    assert take(tmp_path) == ELSEWHERE  # only who has watched may judge
    mine = take(tmp_path, judged_dead="there")
    assert isinstance(mine, Claim)
    assert take(tmp_path, judged_dead="there") == mine.holder  # the judgement was of the other one


def test_a_claim_that_was_not_written_to_its_end_passes(tmp_path):
    (tmp_path / "lock-0").touch()
    clock = [0.0]
    watch = Watch(lambda: clock[0])
    assert watch.silent(tmp_path) == ""
    clock[0] = 1.1 * UNWRITTEN
    assert isinstance(take(tmp_path, watch.silent(tmp_path)), Claim)


def test_the_heart_touches_what_is_worked_on(tmp_path):
    mine = take(tmp_path)
    os.utime(mine.path, (0, 0))
    touched = threading.Event()
    with Heart(every=0.01) as heart:
        heart.watch(mine)
        for _ in range(500):
            if mine.path.stat().st_mtime > 0:
                touched.set()
                break
            threading.Event().wait(0.01)
    assert touched.is_set()
