"""`snsim eos plot`: the figures of an equation of state."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from snsim.cli.console import Debug, Json, announce_compilation, say_json
from snsim.cli.eos_options import Alphas, Incompressibility, TableFile, equation_of_state


def plot(
    output: Annotated[
        Path, typer.Option("--output", metavar="DIR", help="Where the figures go; older ones are replaced.")
    ] = Path("."),
    incompressibility: Incompressibility = None,
    alpha_binding: Alphas = None,
    table: TableFile = None,
    pdf: Annotated[bool, typer.Option("--pdf", help="Write PDF instead of PNG.")] = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Draw composition, pressure and phases of an equation of state."""
    from snsim.output.writer import check_writable

    directory = check_writable(output)
    eos = equation_of_state(incompressibility, alpha_binding, table)
    announce_compilation()
    from snsim.plots.eos import save_all

    files = save_all(eos, directory, ("pdf",) if pdf else ("png",))
    if json:
        say_json({"figures": files})
    else:
        for file in files:
            typer.echo(str(file))
