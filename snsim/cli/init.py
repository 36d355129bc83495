"""`snsim init`: a first run file, for whoever installed the program without its sources."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from snsim.cli.console import Debug, Json, say_json

TEMPLATE = "quickstart.toml"  # beside this module; the same file as runs/quickstart/run.toml of the sources
_ITS_FOLDER = "runs/quickstart"
_ITS_TITLE = 'title = "quickstart"'


def init(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="A new or existing directory.", show_default=True)
    ] = Path("quickstart"),
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Write a run file to start from, that of a star 100 ms after bounce, into a directory."""
    from importlib import resources

    from snsim.config.load import RUN_FILE
    from snsim.config.write import write_value
    from snsim.errors import ResultFileError

    target = directory / RUN_FILE
    if target.exists():
        raise ResultFileError(f"{target}: is there already; choose another directory")
    text = (resources.files("snsim.cli") / TEMPLATE).read_text(encoding="utf-8")
    text = text.replace(_ITS_FOLDER, str(directory)).replace(
        _ITS_TITLE, f"title = {write_value(directory.resolve().name)}"
    )
    try:
        directory.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ResultFileError(
            f"{target}: cannot be written ({error.strerror}); choose another directory"
        ) from None
    if json:
        say_json({"run_file": target})
        return
    typer.echo(f"  {target}")
    typer.echo(f"Next: snsim run {directory}. Every other key: snsim validate {directory} --show")
