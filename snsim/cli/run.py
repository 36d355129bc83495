"""`snsim run`: compute one star, or show the answer that is already there."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from snsim.cli.compare import as_toml, differing_keys
from snsim.cli.console import (
    Debug,
    Json,
    RunPath,
    Settings,
    announce_compilation,
    compiling_took,
    say_json,
    say_rows,
    say_warning,
)

if TYPE_CHECKING:
    from snsim.config.schema import Config
    from snsim.result import Result

FIGURE_FILES = (
    "overview.png",
    "opacities.png",
    "spectrum.png",
    "light_curve.png",
    "explosion.png",
    "messengers.png",
    "history.png",
)
KERNELS = {"none": (), "gray": ("gray",), "multigroup": ("groups",), "eddington": ("groups", "rays")}
MOST_KEYS = 4  # in one line
NO_PHYSICS = ("title", "output")  # keys and sections that leave the answer as it is
_HOW_TO_REPLACE = "Move it away, or replace it with --force."


def run(
    path: RunPath,
    set_: Settings = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="DIR", help="Where the result goes; default: beside the run file."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Compute again even if a result is there, of whatever run.")
    ] = False,
    no_plot: Annotated[bool, typer.Option("--no-plot", help="Draw no figures.")] = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Compute a run file: profile, opacities, transport, observables, figures."""
    from snsim.config.load import config_hash, load_config
    from snsim.config.unused import unused_keys
    from snsim.output.provenance import code_of
    from snsim.output.reader import RESULT_FILE
    from snsim.output.writer import check_writable

    began = time.perf_counter()
    config = load_config(path, set_ or ())
    for sentence in unused_keys(config, set_ or ()):
        say_warning(sentence)
    chosen = output or (Path(config.output.directory) if config.output.directory else None)
    directory = check_writable(chosen or (path if path.is_dir() else path.parent))
    target = directory / RESULT_FILE
    before = _before(target, force)
    same_physics = before.get("config_hash") == config_hash(config)
    same_code = all(before.get(key, "") == text for key, text in code_of(config).items())
    drawing = config.output.figures and not no_plot
    figures: list[Path] = []
    if reused := same_physics and same_code and not force:
        result = _stored(target)
    else:
        if before:
            _say_what_goes(before, target, config, same_physics, force)
        result = _compute(config, directory, force)
        if drawing:
            figures = _draw(result, directory)
        if drawing or not (same_physics and same_code):
            _remove_stale(directory, figures)
    seconds = time.perf_counter() - began
    if json:
        _write_json(result, target, figures, reused, seconds)
    else:
        _write_text(result, target, figures, reused, seconds)


def _before(target: Path, force: bool) -> dict[str, str]:
    """Return how the result that is there came about; empty where there is none, or a file that may be replaced."""
    from snsim.errors import ResultFileError
    from snsim.output.reader import read_provenance

    if not target.exists():
        return {}
    try:
        return read_provenance(target)
    except ResultFileError as error:
        if force:
            return {}
        raise ResultFileError(f"{error} {_HOW_TO_REPLACE}") from None


def _stored(target: Path) -> Result:
    from snsim.errors import ResultFileError
    from snsim.output.reader import read_result

    try:
        return read_result(target)
    except ResultFileError as error:
        raise ResultFileError(f"{error} {_HOW_TO_REPLACE}") from None


def _say_what_goes(
    before: dict[str, str], target: Path, config: Config, same_physics: bool, force: bool
) -> None:
    """Say on stderr, in one line, why a result is replaced; that of another configuration only by force.

    Raises
    ------
    ResultFileError
        Naming both configurations and what differs.
    """
    from snsim.errors import ResultFileError

    if same_physics:
        if not force:
            typer.echo("computed again: the code has changed since", err=True)
        return
    moves = _differences(before, config)
    if force:
        typer.echo(f"replaces the result of another configuration: {moves}", err=True)
        return
    raise ResultFileError(
        f"{target}: holds the result of another configuration, {_names(before, config)}: {moves}. Choose another folder "
        "with --output, or replace it with --force."
    )


def _names(before: dict[str, str], config: Config) -> str:
    """Name the stored result and what was asked for, by title and hash."""
    from snsim.config.load import config_hash

    pairs = (
        (before.get("title", ""), before.get("config_hash", "?")),
        (config.title, config_hash(config)),
    )
    stored, asked = (f"'{title}' ({key})" if title else key for title, key in pairs)
    return f"{stored}, not of {asked}"


def _differences(before: dict[str, str], config: Config) -> str:
    """Return the keys that differ, with both values, as far as they fit in a line."""
    from snsim.config.write import resolve_toml

    keys = {
        key: values
        for key, values in differing_keys(before.get("config_toml", ""), resolve_toml(config)).items()
        if key.split(".")[0] not in NO_PHYSICS
    }
    moves = [f"{key} {as_toml(each['before'])} -> {as_toml(each['after'])}" for key, each in keys.items()]
    shown = ", ".join(moves[:MOST_KEYS]) or "a file that it reads has changed"
    return shown + (f" and {len(moves) - MOST_KEYS} more" if len(moves) > MOST_KEYS else "")


def _remove_stale(directory: Path, drawn: list[Path]) -> None:
    """Remove the figures of a result that was replaced, but for those that were drawn again."""
    for name in FIGURE_FILES:
        if directory / name not in drawn:
            (directory / name).unlink(missing_ok=True)


def _compute(config: Config, directory: Path, force: bool) -> Result:
    """Compute into the folder; what an earlier run left unfinished is gone on with, unless it is to be done anew."""
    from snsim.output.reader import CHECKPOINT_FILE

    in_time = () if config.evolution is None else ("evolution",)
    if config.sequence is not None:
        _before_sequence(directory, force)
    elif force:
        (directory / CHECKPOINT_FILE).unlink(missing_ok=True)
    elif config.evolution is not None and _goes_on(directory / CHECKPOINT_FILE, config):
        typer.echo(f"goes on from {directory / CHECKPOINT_FILE}", err=True)
    announce_compilation(*KERNELS[config.transport.scheme], *in_time)
    from snsim.whole_run import compute

    with _progress() as progress:
        return compute(config, directory, progress)


def _goes_on(checkpoint: Path, config: Config) -> bool:
    """Whether there is a checkpoint; one that this configuration cannot use is refused before any work."""
    from snsim.config.load import config_hash
    from snsim.transport.checkpoint import Checkpoint

    return Checkpoint(checkpoint, config_hash(config)).read() is not None


def _before_sequence(directory: Path, force: bool) -> None:
    """Say that stars are kept which are not solved again, or remove them."""
    from snsim.sequence import RECORDS

    done = len(list((directory / RECORDS).glob("[0-9]*[0-9].h5")))
    if force:
        shutil.rmtree(directory / RECORDS, ignore_errors=True)
    elif done:
        words = f"goes on from {directory / RECORDS}, as far as the stars kept there ({done}) are of this configuration"
        typer.echo(words, err=True)


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

    files = list(figures.save_all(result, directory))
    if not files:
        typer.echo(figures.NOTHING, err=True)
    return files


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
        compiling = compiling_took()
        share = f", of which compiling {compiling:.0f} s" if compiling >= 1.0 else ""
        typer.echo(f"computed in {seconds:.1f} s{share}")
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
