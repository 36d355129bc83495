"""`snsim diagnose`: observables of a stored result, without solving again."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from snsim.cli.console import (
    Debug,
    Json,
    ResultPath,
    Settings,
    announce_compilation,
    plain_warnings,
    say_json,
    say_rows,
    warn_unconverged,
)


def diagnose(
    result: ResultPath,
    observables: Annotated[
        list[str] | None,
        typer.Option(
            "--observables",
            metavar="NAME,NAME",
            help="Which; by default all that the result has. Repeatable.",
        ),
    ] = None,
    set_: Settings = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="FILE", help="A new file; by default the result itself is renewed."),
    ] = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Compute observables of a stored result again, or others than it has; the transport is not solved."""
    from snsim.errors import ResultFileError
    from snsim.output.reader import read_result, result_path
    from snsim.output.writer import check_writable, write_result

    began = time.perf_counter()
    source = result_path(result)
    target = source if output is None else output
    if output is not None and output.exists() and output.resolve() != source.resolve():
        raise ResultFileError(f"{output}: is there already; choose another name, or move it away.")
    stored = read_result(source)
    check_writable(target.parent)
    warn_unconverged(source, stored)
    names = [name.strip() for text in observables or () for name in text.split(",") if name.strip()]
    announce_compilation()
    from snsim.recompute import diagnose as compute

    with plain_warnings():
        renewed = compute(stored, names, set_ or (), str(source))
    write_result(renewed, target)
    seconds = time.perf_counter() - began
    computed = renewed.provenance["diagnosed"].splitlines()[-1].rpartition(": ")[2].split(", ")
    if json:
        chosen = [f"{name}." for name in computed]
        answers = [each._asdict() for each in renewed.answers() if each.key.startswith(tuple(chosen))]
        say_json({"result": target, "observables": computed, "wall_time_s": seconds, "answers": answers})
        return
    say_rows(renewed.summary())
    typer.echo(f"computed {', '.join(computed)} in {seconds:.1f} s; the rest as it was")
    typer.echo(f"  {target}")
