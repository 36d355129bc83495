"""A whole sweep: what is missing is computed, what others compute is waited for, and the folder is the record of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from snsim.output.writer import check_writable
from snsim.result import Result
from snsim.study.claim import Claim, Watch, holder_of, is_claimed, take
from snsim.study.execute import MOST_DEATHS, Engine, execute
from snsim.study.numbers import Row
from snsim.study.plan import POINTS, Plan, Point
from snsim.study.record import PASSING, Cause, State, Status, look, now, write_status
from snsim.study.survey import survey
from snsim.study.warned import masked
from snsim.study.work import LOG_FILE, Job, Outcome, Task, run_batch
from snsim.whole_run import compute

POLL = 1.0  # s between two looks at points that others compute


@dataclass(frozen=True)
class Failure:
    """A point that failed."""

    point: Point
    cause: str
    error: str


@dataclass
class Report:
    """What a sweep did.

    Attributes
    ----------
    points : int
        Of the study.
    computed, before, elsewhere : int
        Done by this sweep, before it, and meanwhile by others (or by a process that died before it could say so).
    failures : list of Failure
        Of this sweep and of earlier ones.
    unfinished : int
        Points that were given up because of `trouble`.
    trouble : str
        Of the disk, where that ended the sweep.
    kept : int
        Points of other code that were asked to be kept.
    seconds : float
        Of the sweep; `run_seconds` of its points together.
    rows : mapping of str to Row
        Numbers of the points computed here, by place.
    """

    points: int
    computed: int = 0
    before: int = 0
    elsewhere: int = 0
    failures: list[Failure] = field(default_factory=list)
    unfinished: int = 0
    trouble: str = ""
    kept: int = 0
    seconds: float = 0.0
    run_seconds: float = 0.0
    rows: dict[str, Row] = field(default_factory=dict)

    @property
    def done(self) -> int:
        """Points with a result."""
        return self.computed + self.before + self.elsewhere + self.kept

    def by_cause(self) -> list[tuple[str, str, int, Point]]:
        """Return failures that differ in numbers only as one: cause, words, how many, the first point."""
        groups: dict[tuple[str, str], list[Failure]] = {}
        for each in sorted(self.failures, key=lambda failure: failure.point.index):
            groups.setdefault((each.cause, masked(each.error)), []).append(each)
        found = [(each[0].cause, each[0].error, len(each), each[0].point) for each in groups.values()]
        return sorted(found, key=lambda group: -group[2])


Progress = Callable[[Report], None]


def sweep(
    plan: Plan,
    engine: Engine,
    *,
    retry: bool = False,
    keep: bool = False,
    only_failed: bool = False,
    progress: Progress | None = None,
    compute: Callable[..., Result] = compute,
) -> Report:
    """Compute every point that has no result, and wait for those that other sweeps compute.

    Parameters
    ----------
    plan : Plan
    engine : Engine
        See `snsim.study.engines.open_engine`.
    retry : bool
        Whether failures are tried again that will not pass by themselves: a configuration, physics.
    keep : bool
        Whether results of other code stay; otherwise they are computed again.
    only_failed : bool
        Whether points that were never tried stay so.
    progress : callable, optional
        Called with the report so far, often.
    compute : callable
        What computes one point.

    Returns
    -------
    Report

    Raises
    ------
    ResultFileError
        Before any work, if the folder cannot be written to.
    EngineError
        If the engine cannot be reached, or breaks again and again; what is finished is kept.
    """
    began = time.monotonic()
    check_writable(plan.study.folder / POINTS)
    report, show = Report(len(plan.points)), progress or (lambda _: None)
    waiting: dict[int, Task] = {}
    for point, standing in zip(plan.points, survey(plan).standings, strict=True):
        again = retry or standing.cause in PASSING
        if standing.state is State.DONE:
            report.before += 1
        elif standing.state is State.STALE and keep:
            report.kept += 1
        elif standing.state is State.FAILED and not again:
            report.failures.append(Failure(point, standing.cause, standing.why))
        elif standing.state is State.FAILED or not only_failed:
            waiting[point.index] = Task(point.place, point.values, point.config_hash, point.code, again)
        else:
            report.unfinished += 1
    job, watch = Job(plan.study.folder, plan.study.base, plan.study.collect, compute), Watch()
    show(report)
    while waiting and not report.trouble:
        waiting = _round(plan, engine, job, waiting, report, show)
        if not report.trouble:
            waiting = _wait(plan, waiting, watch, report, show)
    report.unfinished = report.points - report.done - len(report.failures)
    report.seconds = time.monotonic() - began
    return report


def _round(
    plan: Plan, engine: Engine, job: Job, tasks: Mapping[int, Task], report: Report, show: Progress
) -> dict[int, Task]:
    """Hand all tasks to the engine once; return those that other processes have."""
    index_of = {task.place: index for index, task in tasks.items()}
    busy: dict[int, Task] = {}

    def begun(task: Task) -> bool:
        return is_claimed(plan.study.folder / task.place)

    answers = execute(engine, partial(run_batch, job), tasks.values(), begun, lambda: show(report))
    with closing(answers):
        for task, outcome in answers:
            point = plan.points[index_of[task.place]]
            if outcome is None:
                outcome = _lost(plan.folder(point), task)
            if outcome.stop:
                report.trouble = outcome.error
                break
            if outcome.state is State.RUNNING:
                busy[point.index] = task
            else:
                _count(report, point, outcome)
                show(report)
    return busy


def _count(report: Report, point: Point, outcome: Outcome) -> None:
    report.run_seconds += outcome.seconds
    if outcome.state is State.FAILED:
        report.failures.append(Failure(point, outcome.cause, outcome.error))
    elif outcome.row is None:
        report.elsewhere += 1
    else:
        report.computed += 1
        report.rows[point.place] = outcome.row


def _lost(folder: Path, task: Task) -> Outcome:
    """Record a point that ended its process every time."""
    words = f"its process died {MOST_DEATHS} times, alone on its worker; was it killed for its memory? See {LOG_FILE}"
    if is_claimed(folder) and isinstance(claim := take(folder, task.judged_dead), Claim):
        write_status(
            folder,
            Status(State.FAILED, end=now(), error=words, cause=Cause.LOST, config_hash=task.config_hash),
        )
        claim.release()
    return Outcome(task.place, State.FAILED, words, Cause.LOST)


def _wait(
    plan: Plan, tasks: Mapping[int, Task], watch: Watch, report: Report, show: Progress
) -> dict[int, Task]:
    """Wait until points of other processes are done, or can be taken over; return the latter."""
    left = dict(tasks)
    while left:
        ready: dict[int, Task] = {}
        for index, task in list(left.items()):
            point = plan.points[index]
            folder = plan.folder(point)
            standing = look(folder, point.config_hash, point.code)
            silent = watch.silent(folder)
            if standing.state in (State.DONE, State.FAILED) and holder_of(folder) is None:
                _count(report, point, Outcome(point.place, standing.state, standing.why, standing.cause))
                del left[index]
            elif standing.state is not State.RUNNING or silent:
                ready[index] = replace(task, judged_dead=silent)
        show(report)
        if ready:
            return {index: ready.get(index, task) for index, task in left.items()}
        if left:
            time.sleep(POLL)
    return left
