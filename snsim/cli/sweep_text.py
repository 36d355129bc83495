"""What `snsim sweep`, `status` and `collect` found, in words and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import typer

from snsim.cli.console import say_error, say_rows, say_warning

if TYPE_CHECKING:
    from snsim.study.collect import Collected
    from snsim.study.plan import Plan
    from snsim.study.sweep import Report
    from snsim.study.warned import Warned


def say_kept(found: Collected) -> None:
    """Say on stderr where an earlier collection went."""
    if found.kept is not None:
        say_warning(
            f"{found.file.name} held points that are not collected now (the study was edited, or they are of other code): "
            f"it is kept as {found.kept}"
        )


def say_collected(found: Collected) -> None:
    """Say on stderr what of a collection is not as one would expect."""
    say_kept(found)
    for point, why in found.damaged:
        say_warning(f"{point.name}: left out, set aside and marked to be computed again: {why}")
    if len(found.codes) > 1:
        say_warning(
            f"study.h5 holds numbers of different code: {', '.join(found.codes)}; points/code says which is which"
        )


def say_warned(plan: Plan, warned: Sequence[Warned]) -> None:
    """Say on stderr, once for all points, of what their runs warned."""
    from snsim.study.plan import label

    for each in warned:
        many = f"{each.points} of {len(plan.points)} points"
        first = f" (first: {label(plan.points[each.first].values)})" if each.points < len(plan.points) else ""
        typer.echo(
            f"{typer.style('warning', fg='yellow', bold=True)} at {many}: {each.kind}: {each.sentence}{first}",
            err=True,
        )


def warned_as_json(plan: Plan, warned: Sequence[Warned]) -> list[dict[str, Any]]:
    """Return of what runs warned, each with the first of its points."""
    return [
        {
            "kind": each.kind,
            "sentence": each.sentence,
            "points": each.points,
            "first": plan.points[each.first].name,
        }
        for each in warned
    ]


def say_report(plan: Plan, report: Report, found: Collected) -> None:
    """Say what a sweep did, and of failures what may help."""
    from snsim.study.plan import label

    typer.secho(plan.study.title, bold=True)
    rows = [
        ("points", str(report.points)),
        ("computed", f"{report.computed} in {report.seconds:.1f} s"),
        ("done before", str(report.before)),
        ("done meanwhile", str(report.elsewhere)),
        ("kept, of other code", str(report.kept)),
        ("failed", str(len(report.failures))),
        ("not done", str(report.unfinished)),
    ]
    say_rows(row for row in rows if row[1] != "0")
    typer.echo(f"  {found.file}")
    for cause, error, count, point in report.by_cause():
        say_error(f"{count} point(s), {cause}: {error} (first: {label(point.values)})")
    for advice in _advice(plan, report):
        typer.echo(advice, err=True)
    if report.trouble:
        say_error(
            f"{report.trouble}. What is finished is kept; once this is mended, the same command goes on."
        )


def _advice(plan: Plan, report: Report) -> Iterator[str]:
    """Say what may help against failures: of some causes they come again, whatever is done."""
    from snsim.study.record import PASSING, Cause

    causes = {failure.cause for failure in report.failures}
    again = f"snsim rerun {plan.study.folder} --failed"
    if causes & {Cause.PHYSICS, Cause.CONFIGURATION}:
        yield (
            "what fails for physics or its configuration fails again: change the axes or the base "
            f"(after a change of the code: {again})"
        )
    if Cause.UNEXPECTED in causes:
        yield f"unexpected failures are a mistake of the code; once it is mended: {again}"
    if causes & set(PASSING):
        yield f"what failed for files or a lost process is tried again by snsim sweep {plan.study.folder}"


def as_json(plan: Plan, report: Report, found: Collected) -> dict[str, Any]:
    """Return what a sweep did and collected."""
    return {
        "title": plan.study.title,
        "points": report.points,
        "computed": report.computed,
        "done_before": report.before,
        "done_elsewhere": report.elsewhere,
        "kept": report.kept,
        "failed": [
            {
                "point": failure.point.name,
                "values": failure.point.values,
                "cause": failure.cause,
                "error": failure.error,
            }
            for failure in report.failures
        ],
        "unfinished": report.unfinished,
        "trouble": report.trouble,
        "wall_time_s": report.seconds,
        "run_time_s": report.run_seconds,
        "warnings": warned_as_json(plan, found.warned),
        **collected_as_json(found),
    }


def collected_as_json(found: Collected) -> dict[str, Any]:
    """Return what a collection found."""
    return {
        "file": found.file,
        "kept_earlier": found.kept,
        "collected": found.collected,
        "left_out": [
            {"point": point.name, "state": standing.state, "why": standing.why}
            for point, standing in found.left_out
        ],
        "damaged": [{"point": point.name, "why": why} for point, why in found.damaged],
        "codes": list(found.codes),
    }
