"""One way to get many small jobs done by any executor: in batches that grow, with executors that break on the way."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from snsim.errors import EngineError

AHEAD = 2  # batches handed out for each worker
BATCH_SECONDS = 1.0  # that a batch should take: far above the cost of handing it out
MANY = 100  # workers from which on batches take longer: a scheduler hands out about as many a second
MOST_DEATHS = 3  # of executors that a job alone in one has taken with it
MOST_BREAKS = 5  # of executors in a row that brought nothing back
TICK = 0.5  # s between two looks at the clock

Job = TypeVar("Job")
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Engine:
    """What starts jobs.

    Attributes
    ----------
    name : str
        In words.
    start : callable
        Returns an executor.
    stop : callable
        Of the executor: ends it without waiting for what it is doing.
    width : callable
        Of the executor: how many jobs run in it at once, now.
    broken : tuple of exceptions
        Which mean that an executor, not a job, has failed.
    """

    name: str
    start: Callable[[], Executor]
    stop: Callable[[Executor], None]
    width: Callable[[Executor], int]
    broken: tuple[type[BaseException], ...]


@dataclass
class _Pace:
    """Seconds that a job takes, as far as is known."""

    seconds: float = 0.0

    def learn(self, seconds: float, count: int) -> None:
        each = seconds / max(count, 1)
        self.seconds = each if not self.seconds else 0.7 * self.seconds + 0.3 * each

    def batch(self, waiting: int, width: int) -> int:
        """Jobs of one batch: one at first, longer for many workers, and no more than leave work for everybody."""
        if not self.seconds:
            return 1
        return max(1, min(int(BATCH_SECONDS * max(1.0, width / MANY) / self.seconds), waiting // (2 * width)))


def timed(work: Callable[..., Any], *arguments: Any) -> tuple[Any, float]:
    """Call, and say how long it took; runs in the worker."""
    began = time.perf_counter()
    answer = work(*arguments)
    return answer, time.perf_counter() - began


@dataclass
class _Queue(Generic[Job]):
    """Jobs that wait, those that wait to be done alone, and batches that were handed out."""

    fresh: deque[Job]
    alone: deque[Job] = field(default_factory=deque)
    running: dict[Future[Any], list[Job]] = field(default_factory=dict)
    deaths: Counter[int] = field(default_factory=Counter)
    pace: _Pace = field(default_factory=_Pace)

    def hand_out(
        self, engine: Engine, executor: Executor, work: Callable[[Sequence[Job]], Sequence[Any]]
    ) -> tuple[list[Job], bool]:
        """Hand out what the executor can take; return the jobs that it did not take for being broken, and whether it is."""
        batch: list[Job] = []
        try:
            width = max(engine.width(executor), 1)
            while self.fresh and len(self.running) < AHEAD * width:
                count = min(self.pace.batch(len(self.fresh), width), len(self.fresh))
                batch = [self.fresh.popleft() for _ in range(count)]
                self.running[executor.submit(timed, work, batch)] = batch
                batch = []
            if self.alone and not self.fresh and not self.running:
                batch = [self.alone.popleft()]
                self.running[executor.submit(timed, work, batch)] = batch
                batch = []
        except engine.broken:
            return batch, True
        return batch, False

    def put_back(self, lost: list[Job], begun: Callable[[Job], bool]) -> Iterator[Job]:
        """Let jobs that an executor took down with it wait again; yield those that have done so too often."""
        lost = lost + [job for batch in self.running.values() for job in batch]
        self.running.clear()
        single = len(lost) == 1 and not self.fresh
        for job in lost:
            if not begun(job):
                self.fresh.append(job)
                continue
            self.deaths[id(job)] += single
            if self.deaths[id(job)] >= MOST_DEATHS:
                yield job
            else:
                self.alone.append(job)


def execute(
    engine: Engine,
    work: Callable[[Sequence[Job]], Sequence[Answer]],
    jobs: Iterable[Job],
    begun: Callable[[Job], bool] = lambda job: True,
    tick: Callable[[], None] = lambda: None,
) -> Generator[tuple[Job, Answer | None]]:
    """Yield jobs with their answers as they become ready.

    Parameters
    ----------
    engine : Engine
    work : callable
        Of a list of jobs: their answers, in this order; fewer where the rest must not be done. Picklable.
    jobs : iterable
        Done about in this order.
    begun : callable
        Whether a job that an executor took down with it had been begun. Such jobs are done again alone, at the end, so that
        one that kills its worker cannot take others with it more than once.
    tick : callable
        Called about twice a second.

    Yields
    ------
    job, answer
        The answer is None for a job that killed its worker each time.

    Raises
    ------
    EngineError
        If executors break without ever bringing anything back.
    """
    queue = _Queue(deque(jobs))
    failures: tuple[type[BaseException], ...] = (*engine.broken, CancelledError)
    breaks = 0
    executor = engine.start()
    try:
        while queue.fresh or queue.alone or queue.running:
            lost, broken = queue.hand_out(engine, executor, work)
            ready, _ = wait(queue.running, timeout=TICK, return_when=FIRST_COMPLETED)
            tick()
            for future in [each for each in queue.running if each in ready]:  # in the order of the jobs
                batch = queue.running.pop(future)
                try:
                    answers, seconds = future.result()
                except failures:
                    lost += batch
                    continue
                breaks = 0
                queue.pace.learn(seconds, len(answers))
                yield from zip(batch, answers, strict=False)
            if not lost and (queue.running or not broken):  # what runs may still come back
                continue
            breaks += 1
            engine.stop(executor)
            for job in queue.put_back(lost, begun):
                yield job, None
            if breaks > MOST_BREAKS:
                raise EngineError(
                    f"{engine.name}: workers died {breaks} times in a row before they brought anything back; what is "
                    'finished is kept. In a script, its top level must stand under `if __name__ == "__main__":`, as every '
                    "worker imports it"
                )
            executor = engine.start()
    finally:
        for future in queue.running:
            future.cancel()
        engine.stop(executor)
