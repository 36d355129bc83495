"""`snsim cite`: the papers behind a result."""

from __future__ import annotations

import typer

from snsim.cli.console import Debug, Json, ResultPath, say_json


def cite(result: ResultPath, json: Json = False, debug: Debug = False) -> None:
    """List the papers whose formulas and data a result stands on."""
    from snsim.output.provenance import citations_of
    from snsim.output.reader import read_result

    stored = read_result(result)
    papers = citations_of(stored)
    if json:
        say_json({"snsim_version": stored.provenance.get("snsim_version", ""), "citations": papers})
        return
    typer.echo(f"snsim {stored.provenance.get('snsim_version', '')}, and what this result stands on:")
    for paper in papers:
        typer.echo(f"  {paper}")
