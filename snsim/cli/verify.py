"""`snsim verify`: problems whose answer is known, and how far from it we are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from snsim.cli.console import (
    Debug,
    Json,
    announce_compilation,
    say_json,
    say_table,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snsim.verification.problem import Problem
    from snsim.verification.runner import Run

EPILOG = (
    "Examples: snsim verify --quick. snsim verify sphere-fld su-olson --output checks. "
    "Exit code 1: a tolerance is missed."
)
EXIT_MISSED = 1


def verify(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help="Problems, by default all; see --list.")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Coarser grids and only what takes seconds; the same tolerances.")
    ] = False,
    output: Annotated[Path, typer.Option(metavar="DIR", help="Where table and figures go.")] = Path(
        "verification"
    ),
    list_: Annotated[bool, typer.Option("--list", help="List the problems and their sources.")] = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Run problems whose answer is known exactly or published; write a table and a figure of each."""
    from snsim.verification.catalog import PROBLEMS
    from snsim.verification.runner import choose

    chosen = choose(PROBLEMS, names or (), quick)
    if list_:
        _say_list(chosen, json)
        return
    announce_compilation("gray", "groups", "rays", "evolution")
    runs = _run(chosen, quick)
    files = _write(runs, output)
    if json:
        say_json([_as_json(run) for run in runs])
    else:
        _say(runs, files)
    if not all(run.outcome.passed for run in runs):
        raise typer.Exit(EXIT_MISSED)


def _say_list(problems: Sequence[Problem], json: bool) -> None:
    rows = [(each.name, each.title, each.reference, each.exact) for each in problems]
    columns = ("name", "problem", "posed by", "known answer")
    if json:
        say_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        say_table("problems", columns, rows)


def _run(problems: Sequence[Problem], quick: bool) -> list[Run]:
    """Run them, with a line of progress each on stderr."""
    from snsim.verification.runner import run_problems

    runs: list[Run] = []
    for run in run_problems(problems, quick):
        judged = [row for row in run.outcome.rows if row.judged]
        kept = sum(row.passed for row in judged)
        what = (
            f"{kept} of {len(judged)} within tolerance"
            if judged
            else run.outcome.skipped or run.outcome.failed
        )
        done = f"[{len(runs) + 1}/{len(problems)}]"
        typer.echo(f"{done} {run.problem.name}: {run.verdict}, {what} ({run.seconds:.1f} s)", err=True)
        runs.append(run)
    return runs


def _write(runs: Sequence[Run], folder: Path) -> list[Path]:
    """Write verify.csv, verify.md and the figures."""
    from snsim.plots.verification import save_figures
    from snsim.verification import report

    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / "verify.csv", folder / "verify.md"]
    files[0].write_text(report.comma_separated(runs), encoding="utf-8")
    files[1].write_text(report.page(runs, figures=True), encoding="utf-8")
    panels = {run.problem.name: run.outcome.panels for run in runs if run.outcome.panels}
    return files + save_figures(panels, folder)


def _say(runs: Sequence[Run], files: Sequence[Path]) -> None:
    from snsim.verification import report

    say_table("verification", report.COLUMNS, report.table(runs))
    judged = [row for run in runs for row in run.outcome.rows if row.judged]
    missed = sum(not row.passed for row in judged) + sum(bool(run.outcome.failed) for run in runs)
    skipped = sum(bool(run.outcome.skipped) for run in runs)
    typer.echo(
        f"{len(judged)} checks of {len(runs)} problems, {missed} missed, {skipped} skipped, "
        f"{sum(run.seconds for run in runs):.0f} s; {files[1]}, {files[0].name} and {len(files) - 2} figures"
    )


def _as_json(run: Run) -> dict[str, Any]:
    from dataclasses import asdict

    rows = [asdict(row) | {"verdict": row.verdict} for row in run.outcome.rows]
    found = {"problem": run.problem.name, "verdict": run.verdict, "seconds": run.seconds, "rows": rows}
    why = run.outcome.failed or run.outcome.skipped
    return found | ({"reason": why} if why else {})
