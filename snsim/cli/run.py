"""`snsim run`: compute one star, or show the answer that is already there."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from snsim.cli.console import Debug, Json, RunPath, Settings, plain_warnings, say_json, say_rows

if TYPE_CHECKING:
    from snsim.config.schema import Config
    from snsim.result import Result

PARTIAL_FILE = "result.partial.h5"


def run(
    path: RunPath,
    set_: Settings = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="DIR", help="Where the result goes; default: beside the run file."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Compute again even if the result is there.")
    ] = False,
    no_plot: Annotated[bool, typer.Option("--no-plot", help="Draw no figures.")] = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Compute a run file: profile, opacities, transport, observables, figures."""
    from snsim.config.load import config_hash, load_config
    from snsim.output.reader import RESULT_FILE
    from snsim.output.writer import check_writable

    began = time.perf_counter()
    config = load_config(path, set_ or ())
    digest = config_hash(config)
    chosen = output or (Path(config.output.directory) if config.output.directory else None)
    directory = check_writable(chosen or (path if path.is_dir() else path.parent))
    target = directory / RESULT_FILE
    result = None if force else _stored(target, digest)
    reused, figures = result is not None, []
    if result is None:
        result = _compute(config, directory)
        if config.output.figures and not no_plot:
            figures = _draw(result, directory)
    seconds = time.perf_counter() - began
    if json:
        _write_json(result, target, figures, reused, seconds)
    else:
        _write_text(result, target, figures, reused, seconds)


def _stored(target: Path, digest: str) -> Result | None:
    """Return the stored result of exactly this configuration, if there is one."""
    from snsim.errors import ResultFileError
    from snsim.output.reader import read_provenance, read_result

    if not target.exists():
        return None
    try:
        return read_result(target) if read_provenance(target).get("config_hash") == digest else None
    except ResultFileError as error:
        raise ResultFileError(f"{error} Move it away, or replace it with --force.") from None


def _compute(config: Config, directory: Path) -> Result:
    """Simulate and write; a solver that stopped short leaves `result.partial.h5`."""
    from snsim.errors import ConvergenceError
    from snsim.output.reader import RESULT_FILE
    from snsim.output.writer import write_result
    from snsim.result import Result

    partial = directory / PARTIAL_FILE
    _announce_compilation()
    from snsim.pipeline import simulate

    try:
        with _progress() as progress, plain_warnings():
            result = simulate(config, progress)
    except ConvergenceError as error:
        if not isinstance(error.partial, Result):
            raise
        write_result(error.partial, partial)
        raise ConvergenceError(f"{error} The last iterate is in {partial}.", error.partial) from error
    write_result(result, directory / RESULT_FILE)
    partial.unlink(missing_ok=True)
    return result


def _announce_compilation() -> None:
    """Say once on a machine why the first run takes longer."""
    from microphysics._jit import cache_directory

    if not Path(os.environ.get("NUMBA_CACHE_DIR") or cache_directory()).exists():
        typer.echo("compiling kernels, once per machine", err=True)


@contextmanager
def _progress() -> Iterator[Callable[[str], None] | None]:
    """Show what is being done, where somebody is looking."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console

    with Console(stderr=True).status("starting") as status:
        yield status.update


def _draw(result: Result, directory: Path) -> list[Path]:
    from snsim.plots import figures

    return list(figures.save_all(result, directory))


def _write_text(result: Result, target: Path, figures: list[Path], reused: bool, seconds: float) -> None:
    title = result.provenance.get("title") or target.parent.name
    typer.secho(title, bold=True)
    say_rows(result.summary())
    if reused:
        when, version = result.provenance.get("started", "?"), result.provenance.get("snsim_version", "?")
        typer.echo(
            f"stored result of the same configuration ({when}, snsim {version}); --force computes again"
        )
    else:
        typer.echo(f"computed in {seconds:.1f} s")
    for file in [target, *figures]:
        typer.echo(f"  {file}")


def _write_json(result: Result, target: Path, figures: list[Path], reused: bool, seconds: float) -> None:
    say_json(
        {
            "title": result.provenance.get("title", ""),
            "result": target,
            "figures": figures,
            "config_hash": result.provenance.get("config_hash", ""),
            "reused": reused,
            "wall_time_s": seconds,
            "answers": [answer._asdict() for answer in result.answers()],
        }
    )
