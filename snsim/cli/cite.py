"""`snsim cite`: the papers behind a result or a table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from snsim.cli.console import Debug, Json, say_json

_Path = Annotated[
    Path,
    typer.Argument(
        metavar="RESULT", help="A result file, a directory that holds result.h5, or a table of opacities."
    ),
]


def cite(result: _Path, json: Json = False, debug: Debug = False) -> None:
    """List the papers whose formulas and data a result, or a table of opacities, stands on."""
    from snsim.cli.table_files import papers_of
    from snsim.output.provenance import citations_of
    from snsim.output.reader import read_result

    facts, what = _table(result), "table"
    if facts:
        papers = papers_of(facts)
    else:
        stored, what = read_result(result), "result"
        papers, facts = citations_of(stored), dict(stored.provenance)
    version = facts.get("snsim_version", "")
    if json:
        say_json({"snsim_version": version, "citations": papers})
        return
    typer.echo(f"snsim {version}, and what this {what} stands on:")
    for paper in papers:
        typer.echo(f"  {paper}")


def _table(path: Path) -> dict[str, Any]:
    """Return what a table of opacities says about itself; empty for anything else."""
    from microphysics.tables.native import MARK
    from snsim.cli.table_look import attributes_of

    facts = attributes_of(path) if path.is_file() else {}
    return facts if {MARK, "plan_key"} & set(facts) else {}  # the latter in all layouts that we write
