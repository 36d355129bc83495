"""`snsim plot`: the figures of a stored result."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from snsim.cli.console import Debug, Json, ResultPath, say_json, warn_unconverged


def plot(
    result: ResultPath,
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="DIR", help="Where the figures go; default: beside the result."),
    ] = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Draw the figures of a result."""
    from snsim.output.reader import read_result, result_path
    from snsim.output.writer import check_writable

    stored = read_result(result)
    warn_unconverged(result, stored)
    directory = check_writable(output or result_path(result).parent)
    from snsim.plots import figures

    files = list(figures.save_all(stored, directory))
    if json:
        say_json({"figures": files})
    else:
        for file in files:
            typer.echo(str(file))
        if not files:
            typer.echo(figures.NOTHING)
