"""What a worker does with points: claim, compute, publish, say how it went. Nothing here knows which engine runs it."""

from __future__ import annotations

import errno
import logging
import os
import platform
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from microphysics.errors import MicrophysicsError, PhysicsWarning
from snsim.config.load import RUN_FILE, config_hash
from snsim.config.write import resolve_toml
from snsim.errors import ConfigError, ConvergenceError, NoStarError, ResultFileError, SnsimError
from snsim.output.provenance import code_of
from snsim.output.reader import RESULT_FILE
from snsim.result import Result
from snsim.study.claim import Claim, Heart, take
from snsim.study.numbers import Label, Name, Row, interned, numbers
from snsim.study.plan import Base
from snsim.study.record import (
    PASSING,
    Cause,
    State,
    Status,
    code_stamp,
    look,
    now,
    read_status,
    sum_of,
    write_status,
    write_text,
)
from snsim.whole_run import compute

LOG_FILE = "log.txt"
# of an operating system that will refuse the next point too
_OF_THE_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EACCES, errno.EPERM, errno.ESTALE}
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    """What all points of a sweep share; sent with every batch, so it is small.

    Attributes
    ----------
    folder : Path
        Of the study.
    base : Base
    arrays : tuple of str
        See `snsim.study.numbers.numbers`.
    compute : callable
        As `snsim.whole_run.compute`.
    """

    folder: Path
    base: Base
    arrays: tuple[str, ...] = ()
    compute: Callable[..., Result] = compute


@dataclass(frozen=True)
class Task:
    """One point to be computed.

    Attributes
    ----------
    place : str
        Its folder, relative to that of the study.
    values : mapping
        By key.
    config_hash, code : str
        That the result shall have.
    retry : bool
        Whether a failure is tried again that will not pass by itself.
    judged_dead : str
        Token of a claim elsewhere that has been silent for too long.
    """

    place: str
    values: Mapping[str, Any]
    config_hash: str
    code: str
    retry: bool = False
    judged_dead: str = ""


@dataclass(frozen=True)
class Outcome:
    """How a point went.

    Attributes
    ----------
    place : str
    state : State
        Done or failed; `RUNNING` where another process has it.
    error, cause : str
    seconds : float
        Of the run; 0 where it was done before.
    row : Row or None
        Its numbers, where they were computed here.
    stop : bool
        Whether the trouble is one of the disk or the worker's code, so that no other point will do better.
    """

    place: str
    state: State
    error: str = ""
    cause: str = ""
    seconds: float = 0.0
    row: Row | None = None
    stop: bool = False


class _Superseded(Exception):
    """Another process has taken the point over."""


class _OtherCode(Exception):
    """A worker has other code than the sweep."""


def run_batch(job: Job, tasks: Sequence[Task]) -> list[Outcome]:
    """Compute points, one after the other.

    Parameters
    ----------
    job : Job
    tasks : sequence of Task

    Returns
    -------
    list of Outcome
        In the order of the tasks; fewer after one that says to stop.
    """
    found: list[Outcome] = []
    labels: dict[Any, Mapping[Name, Label]] = {}
    with Heart() as heart:
        for task in tasks:
            outcome = _claimed(job, task, heart)
            if outcome.row is not None:
                outcome = replace(outcome, row=interned(outcome.row, labels))
            found.append(outcome)
            if outcome.stop:
                break
    return found


def _claimed(job: Job, task: Task, heart: Heart) -> Outcome:
    folder = job.folder / task.place
    try:
        folder.mkdir(parents=True, exist_ok=True)
        claim = take(folder, task.judged_dead)
        if not isinstance(claim, Claim):
            return Outcome(task.place, State.RUNNING, claim.words)
        heart.watch(claim)
        try:
            return _needed(job, task, folder, claim)
        finally:
            heart.watch(None)
            claim.release()
    except OSError as error:  # of claim and record themselves
        return Outcome(task.place, State.QUEUED, f"{folder}: {error}", Cause.FILES, stop=True)


def _needed(job: Job, task: Task, folder: Path, claim: Claim) -> Outcome:
    """Compute a point unless somebody has done so since the sweep looked."""
    standing = look(folder, task.config_hash, task.code, claimed=True)
    if standing.state is State.DONE:
        _adopt(folder, task)
        return Outcome(task.place, State.DONE)
    if standing.state is State.FAILED and not task.retry and standing.cause not in PASSING:
        return Outcome(task.place, State.FAILED, standing.why, standing.cause)
    for left in folder.glob(".*.tmp"):  # of processes that were killed; this one holds the claim
        left.unlink(missing_ok=True)
    began = time.perf_counter()
    running = Status(
        State.RUNNING, platform.node(), os.getpid(), now(), config_hash=task.config_hash, code=task.code
    )
    write_status(folder, running)
    with _logged(folder / LOG_FILE) as warned:
        outcome = _computed(job, task, folder, claim)
    if outcome.state is State.RUNNING:  # taken over: the record is no longer ours
        return outcome
    seconds = time.perf_counter() - began
    ended = replace(
        running,
        state=outcome.state,
        end=now(),
        error=outcome.error,
        cause=outcome.cause,
        seconds=round(seconds, 4),
        warnings=tuple(warned),
    )
    if outcome.state is State.DONE:
        size, checksum = sum_of(folder / RESULT_FILE)
        ended = replace(ended, size=size, checksum=checksum)
    try:
        write_status(folder, ended)
    except OSError:
        if not outcome.stop:
            raise
    return replace(outcome, seconds=seconds)


def _adopt(folder: Path, task: Task) -> None:
    """Write the record of a result that stands there without one."""
    status = read_status(folder)
    if status is None or status.state != State.DONE:
        size, checksum = sum_of(folder / RESULT_FILE)
        done = Status(State.DONE, platform.node(), os.getpid(), end=now(), config_hash=task.config_hash)
        write_status(folder, replace(done, code=task.code, size=size, checksum=checksum))


def _computed(job: Job, task: Task, folder: Path, claim: Claim) -> Outcome:
    """Compute and publish; every failure becomes words."""

    def still_mine() -> None:
        if not claim.is_held:
            raise _Superseded

    def failed(cause: Cause, error: BaseException, *, stop: bool = False) -> Outcome:
        _log.error("%s: %s", cause.value, error)
        return Outcome(task.place, State.FAILED, str(error), cause, stop=stop)

    try:
        config = job.base.configure(task.values)
        if config_hash(config) != task.config_hash:
            raise ConfigError("a file that it reads has changed since the sweep began; start the sweep again")
        if code_stamp(code_of(config)) != task.code:
            raise _OtherCode(f"the code here ({platform.node()}) is not that of the sweep; install the same")
        write_text(folder / RUN_FILE, resolve_toml(config))
        result = job.compute(config, folder, progress=_log.info, may_replace=still_mine)
        return Outcome(task.place, State.DONE, row=numbers(result, job.arrays))
    except _Superseded:
        return Outcome(task.place, State.RUNNING, "taken over by another process")
    except _OtherCode as error:
        return Outcome(task.place, State.QUEUED, str(error), Cause.CONFIGURATION, stop=True)
    except ConfigError as error:
        return failed(Cause.CONFIGURATION, error)
    except (NoStarError, ConvergenceError, MicrophysicsError) as error:
        return failed(Cause.PHYSICS, error)
    except OSError as error:
        refused = isinstance(error, ResultFileError) or error.errno in _OF_THE_DISK
        return failed(Cause.FILES, error, stop=refused)
    except SnsimError as error:  # a profile that cannot be read
        return failed(Cause.FILES, error)
    except Exception as error:
        _log.error("%s", traceback.format_exc())
        return failed(Cause.UNEXPECTED, RuntimeError(f"{type(error).__name__}: {error}"))


@contextmanager
def _logged(path: Path) -> Iterator[list[str]]:
    """Write what the run says, warnings among it each once, to a file; yield the list of those of physics as it grows."""
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(
        logging.Formatter(f"%(asctime)s {platform.node()} %(process)d %(levelname)s %(message)s")
    )
    said: set[str] = set()
    of_physics: list[str] = []

    def hear(message: Warning | str, category: type[Warning], *_: Any) -> None:
        """Note a warning the first time that it is said."""
        if str(message) not in said:
            said.add(str(message))
            if issubclass(category, PhysicsWarning):
                of_physics.append(f"{category.__name__}: {message}")
            _log.warning("%s: %s", category.__name__, message)

    before, propagated = _log.level, _log.propagate
    _log.addHandler(handler)
    _log.setLevel(logging.INFO)
    _log.propagate = False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.showwarning = hear  # type: ignore[assignment]
            yield of_physics
    finally:
        _log.removeHandler(handler)
        _log.setLevel(before)
        _log.propagate = propagated
        try:
            handler.close()
        except OSError:  # a full disk: the log is the least of it
            pass
