"""`snsim sweep`, `rerun`, `status` and `collect`: a study's points computed, looked at, and brought together."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from snsim.cli.console import (
    EXIT_FILE,
    EXIT_PHYSICS,
    Debug,
    Json,
    announce_compilation,
    say_json,
    say_rows,
    say_table,
    say_warning,
)
from snsim.cli.sweep_text import (
    as_json,
    collected_as_json,
    say_collected,
    say_kept,
    say_report,
    say_warned,
    warned_as_json,
)

if TYPE_CHECKING:
    from snsim.study.plan import Plan
    from snsim.study.sweep import Report

EXIT_SOME_FAILED = 1
EVERY = 30.0  # s between two lines of progress where nobody is looking
COLLECT_EVERY = 60.0  # s between two collections while points finish
MOST_NAMED = 10  # points in one list

StudyPath = Annotated[
    Path, typer.Argument(metavar="DIR|FILE", help="A directory that holds study.toml, or that file.")
]
Jobs = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="NUMBER",
        help="Processes, or jobs of a batch system at most.  [one for each processor]",
    ),
]
Dask = Annotated[
    str | None,
    typer.Option(
        "--dask",
        metavar="ADDRESS|slurm|pbs|lsf|sge",
        help="Run on a Dask scheduler, or start one in a batch system.",
    ),
]
Keep = Annotated[bool, typer.Option("--keep", help="Keep results that other code computed, instead of anew.")]


def sweep(
    path: StudyPath,
    jobs: Jobs = None,
    dask: Dask = None,
    keep: Keep = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only check every point, and say what is to be done.")
    ] = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Compute every point of a study that has no result, and collect them into study.h5."""
    _sweep(path, jobs, dask, keep=keep, json=json, dry_run=dry_run)


def rerun(
    path: StudyPath,
    failed: Annotated[
        bool, typer.Option("--failed", help="Points that failed; required, to say what is meant.")
    ] = False,
    jobs: Jobs = None,
    dask: Dask = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Compute failed points of a study again."""
    from snsim.errors import ConfigError

    if not failed:
        raise ConfigError(
            "snsim rerun: say what is to be computed again: --failed. Results of other code: snsim sweep."
        )
    _sweep(path, jobs, dask, json=json, retry=True, only_failed=True)


def _sweep(
    path: Path,
    jobs: int | None,
    dask: str | None,
    *,
    json: bool,
    keep: bool = False,
    retry: bool = False,
    only_failed: bool = False,
    dry_run: bool = False,
) -> None:
    plan = _plan(path)
    for remark in plan.remarks:
        say_warning(remark)
    before = _say_before(plan, keep)
    if dry_run:
        if json:
            say_json({"points": len(plan.points), "states": before, "remarks": plan.remarks})
        else:
            say_rows([("points", f"{len(plan.points)}, all valid"), *_states(before)])
        return
    from snsim.study.collect import collect
    from snsim.study.engines import open_engine
    from snsim.study.sweep import sweep as run_sweep

    announce_compilation("gray")
    last = time.monotonic()

    try:
        with open_engine(jobs, dask) as engine, _progress() as show:

            def go_on(report: Report) -> None:
                """Show how far the sweep is, and collect now and then what is finished."""
                nonlocal last
                show(report)
                if report.rows and time.monotonic() - last > COLLECT_EVERY:
                    began = time.monotonic()
                    say_kept(collect(plan, report.rows, keep=keep, check=False))
                    last = time.monotonic() + 20.0 * (time.monotonic() - began)  # a small part of the time

            report = run_sweep(plan, engine, retry=retry, keep=keep, only_failed=only_failed, progress=go_on)
    except KeyboardInterrupt:
        raise KeyboardInterrupt("what is finished is kept; the same command goes on from there") from None
    found = collect(plan, report.rows, keep=keep, check=False)
    say_collected(found)
    say_warned(plan, found.warned)
    if json:
        say_json(as_json(plan, report, found))
    else:
        say_report(plan, report, found)
    raise typer.Exit(_exit_code(report))


def _plan(path: Path) -> Plan:
    from snsim.study.plan import make_plan, read_study

    return make_plan(read_study(path))


def _say_before(plan: Plan, keep: bool) -> dict[str, int]:
    """Say on stderr what of the folder is not of this study or this code; return the number of points by state."""
    from snsim.study.record import State
    from snsim.study.survey import survey

    found = survey(plan)
    if found.leftovers:
        say_warning(
            f"{len(found.leftovers)} folder(s) in {plan.study.folder / 'points'} belong to an earlier form of the study and "
            "are left out; snsim status says why"
        )
    stale = found.of(State.STALE)
    if stale:
        what = (
            "kept, and collected beside the others"
            if keep
            else "computed again (--keep leaves them as they are)"
        )
        say_warning(f"{len(stale)} point(s) were computed by other code than the present; they are {what}")
    return found.counts()


def status(path: StudyPath, json: Json = False, debug: Debug = False) -> None:
    """Say how the points of a study stand, and which folders are not of it any more."""
    from snsim.study.plan import label
    from snsim.study.record import State
    from snsim.study.survey import survey

    plan = _plan(path)
    found = survey(plan)
    if json:
        points = [
            {
                "point": point.name,
                "values": point.values,
                "state": standing.state,
                "why": standing.why,
                "cause": standing.cause,
                "warnings": standing.warnings,
            }
            for point, standing in zip(plan.points, found.standings, strict=True)
        ]
        left = [{"folder": each.place, "state": each.state, "why": each.why} for each in found.leftovers]
        say_json(
            {
                "title": plan.study.title,
                "states": found.counts(),
                "warnings": warned_as_json(plan, found.warned()),
                "points": points,
                "left_out": left,
            }
        )
        return
    typer.secho(plan.study.title, bold=True)
    say_rows([("points", str(len(plan.points))), *_states(found.counts())])
    say_warned(plan, found.warned())
    for state in (State.RUNNING, State.STALE, State.FAILED, State.QUEUED):
        told = [(point, standing) for point, standing in found.of(state) if standing.why]
        if told:
            rows = [(label(point.values), standing.why) for point, standing in told[:MOST_NAMED]]
            more = f", {MOST_NAMED} of {len(told)}" if len(told) > MOST_NAMED else ""
            say_table(f"{state}{more}", ("point", "why"), rows)
    if found.leftovers:
        rows = [(Path(each.place).name, each.why) for each in found.leftovers[:MOST_NAMED]]
        more = f", {MOST_NAMED} of {len(found.leftovers)}" if len(found.leftovers) > MOST_NAMED else ""
        say_table(f"folders that are not of this study any more{more}", ("folder", "why"), rows)


def collect(
    path: StudyPath,
    keep: Annotated[bool, typer.Option("--keep", help="Take results of other code too.")] = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Bring the results of a study together in study.h5, every file checked."""
    from snsim.study.collect import collect as bring_together

    plan = _plan(path)
    found = bring_together(plan, keep=keep)
    say_collected(found)
    if json:
        say_json(collected_as_json(found))
    else:
        typer.echo(f"{found.collected} of {found.points} points")
        typer.echo(f"  {found.file}")
    failed = any(standing.state == "failed" for _, standing in found.left_out)
    if not found.collected and not failed:
        typer.echo(f"nothing computed yet: snsim sweep {path}", err=True)
    if found.damaged or failed:
        raise typer.Exit(EXIT_SOME_FAILED)


def _states(counts: dict[str, int]) -> list[tuple[str, str]]:
    return [(state, str(count)) for state, count in counts.items() if count]


@contextmanager
def _progress() -> Iterator[Callable[[Report], None]]:
    """Show how far the sweep is: a bar where somebody is looking, else a line now and then."""
    if sys.stderr.isatty():
        from snsim.cli.console import progress_bar

        with progress_bar("points") as bar:
            assert bar is not None
            yield lambda report: bar(report.done + len(report.failures), report.points)
        return
    last = time.monotonic()
    before: int | None = None  # points that were finished at the start
    first: tuple[float, int] | None = None  # when more were first seen, and how many: start-up has no rate

    def line(report: Report) -> None:
        """Say how far the sweep is and how fast it goes, unless that was said a moment ago."""
        nonlocal last, before, first
        at, finished = time.monotonic(), report.done + len(report.failures)
        if before is None:
            before = finished
        if first is None and finished > before:
            first = at, finished
        if at - last < EVERY:
            return
        last = at
        rate = _rate_in_words(at - first[0], finished - first[1], report.points - finished) if first else ""
        typer.echo(
            f"{report.done} of {report.points} points done, {len(report.failures)} failed{rate}", err=True
        )

    yield line


def _rate_in_words(seconds: float, finished: int, left: int) -> str:
    """Return rate and time left from the points finished since the first; nothing before there is one."""
    if not finished or seconds <= 0.0:
        return ""
    return f", {finished / seconds:.3g}/s" + (f", {left * seconds / finished:.0f} s left" if left else "")


def _exit_code(report: Report) -> int:
    """0 done; 1 some failed; 3 all failed, for physics; 4 the disk."""
    if report.trouble:
        return EXIT_FILE
    if not report.failures:
        return 0
    only_physics = all(failure.cause == "physics" for failure in report.failures)
    return EXIT_PHYSICS if only_physics and not report.done else EXIT_SOME_FAILED
