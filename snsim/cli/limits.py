"""`snsim limits`: the table of limits on transition magnetic moments, again."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Annotated

import typer

from snsim.cli.console import Debug, Json, say_json, say_rows, say_table
from snsim.cli.eos_options import Force
from snsim.cli.inputs import PlotFile, claim_all, say_files, write_figure

if TYPE_CHECKING:
    from snsim.detection.limits_table import LimitRow

EPILOG = "Examples: snsim limits | snsim limits --experiment HPGe --experiment CONUS --scenario future --json"
_HEAD = ["experiment", "events", "statistics only", "as written", "printed", "ratio"]


def limits(
    experiment: Annotated[
        list[str] | None,
        typer.Option(
            "--experiment",
            metavar="NAME",
            help="CsI, HPGe, LAr, NaI, CONUS, CONNIE, MINER, TEXONO, RED100, Borexino. Repeatable.  [all]",
        ),
    ] = None,
    scenario: Annotated[
        list[str] | None,
        typer.Option("--scenario", metavar="NAME", help="current or future. Repeatable.  [both]"),
    ] = None,
    plot: PlotFile = None,
    force: Force = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Show limits on transition magnetic moments by coherent scattering, beside those of arXiv:1905.03750."""
    from snsim.detection.limits_table import ASSUMPTIONS, REFERENCES, table_of_limits
    from snsim.detection.moment_setups import SCENARIOS

    claim_all(plot, None, force)
    rows = table_of_limits(experiment, tuple(scenario or SCENARIOS))
    if plot is not None:
        from snsim.plots.limits import limits_figure

        write_figure(limits_figure(rows), plot)
    if json:
        say_json(
            {
                "unit": "1e-10 Bohr magnetons",
                "confidence_level": 0.9,
                "rows": [dataclasses.asdict(row) | {"ratio": row.ratio} for row in rows],
                "assumptions": ASSUMPTIONS,
                "references": REFERENCES,
                "figure": plot,
            }
        )
        return
    say_table(
        "|Lambda_1|, |Lambda_2|, |Lambda_3| below, in 1e-10 Bohr magnetons at 90 %",
        _HEAD,
        [_cells(row) for row in rows],
    )
    typer.echo(
        "ratio: ours over printed, the farthest from 1; * of the column as written, else of statistics only; -: not at hand\n"
    )
    reasons = {f"{row.experiment}, {row.scenario}": row.reason for row in rows if row.reason}
    notes = {row.experiment: row.note for row in rows if row.note}
    say_rows([*reasons.items(), *notes.items()])
    say_rows([("assumed" if i == 0 else "", words) for i, words in enumerate(ASSUMPTIONS)])
    say_rows([("papers", "; ".join(REFERENCES))])
    say_files(plot)


def _cells(row: LimitRow) -> list[str]:
    """Return a row of the table as texts."""
    mark = "*" if row.compared == "as written" else ""
    ratios = [value for value in row.ratio if not math.isnan(value)]
    farthest = max(ratios, key=lambda value: abs(math.log(value)), default=math.nan)
    return [
        f"{row.experiment} {row.flux}, {row.scenario}",
        "-" if math.isnan(row.events) else f"{row.events:.4g}",
        _numbers(row.statistics_only),
        _numbers(row.as_written),
        _numbers(row.published),
        "-" if math.isnan(farthest) else f"{farthest:.2f}{mark}",
    ]


def _numbers(values: tuple[float, ...]) -> str:
    """Return three numbers, one dash for all that are missing."""
    if all(math.isnan(value) for value in values):
        return "-"
    return " ".join(
        "-" if math.isnan(value) else f"{value:.{1 if value >= 9.995 else 2}f}" for value in values
    )
