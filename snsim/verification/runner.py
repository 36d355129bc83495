"""Run problems one after the other."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from microphysics.errors import MicrophysicsError, UnknownNameError
from snsim.errors import SnsimError
from snsim.verification.problem import Outcome, Problem


@dataclass(frozen=True)
class Run:
    """A problem, what it found, and the seconds it took."""

    problem: Problem
    outcome: Outcome
    seconds: float

    @property
    def verdict(self) -> str:
        """ok, MISSED, failed or skipped."""
        if self.outcome.failed:
            return "failed"
        if self.outcome.skipped:
            return "skipped"
        return "ok" if self.outcome.passed else "MISSED"


def choose(problems: Sequence[Problem], names: Iterable[str] = (), quick: bool = False) -> list[Problem]:
    """Problems by name, in the order of the list; all if none is named, those of the quick list if `quick`.

    Raises
    ------
    UnknownNameError
        With the nearest name.
    """
    known = {problem.name: problem for problem in problems}
    wanted = [name.lower().replace("_", "-") for name in names]
    for name in wanted:
        if name not in known:
            raise UnknownNameError("verification problem", name, known)
    if wanted:
        return [problem for problem in problems if problem.name in wanted]
    return [problem for problem in problems if problem.quick or not quick]


def run_problems(problems: Iterable[Problem], quick: bool = False) -> Iterator[Run]:
    """Run them and yield each as it ends.

    A solver that gives up is a finding, not the end of the list: its message stands in `Outcome.failed`.
    """
    for problem in problems:
        began = time.perf_counter()
        try:
            outcome = problem.run(quick)
        except (SnsimError, MicrophysicsError) as error:
            outcome = Outcome(failed=str(error))
        yield Run(problem, outcome, time.perf_counter() - began)
