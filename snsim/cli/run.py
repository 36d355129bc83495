"""`snsim run`: compute one star, or show the answer that is already there."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
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
    plain_warnings,
    say_json,
    say_rows,
    say_warning,
)

if TYPE_CHECKING:
    from snsim.config.schema import Config
    from snsim.result import Result

CHECKPOINT_FILE = "evolution.checkpoint.h5"
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
        bool, typer.Option("--force", help="Compute again even if the result is there.")
    ] = False,
    no_plot: Annotated[bool, typer.Option("--no-plot", help="Draw no figures.")] = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Compute a run file: profile, opacities, transport, observables, figures."""
    from snsim.config.load import config_hash, load_config
    from snsim.config.unused import unused_keys
    from snsim.output.reader import RESULT_FILE
    from snsim.output.writer import check_writable

    began = time.perf_counter()
    config = load_config(path, set_ or ())
    for sentence in unused_keys(config):
        say_warning(sentence)
    chosen = output or (Path(config.output.directory) if config.output.directory else None)
    directory = check_writable(chosen or (path if path.is_dir() else path.parent))
    target = directory / RESULT_FILE
    before = _before(target, force)
    same_physics = before.get("config_hash") == config_hash(config)
    same_code = all(before.get(key, "") == text for key, text in _code(config).items())
    drawing = config.output.figures and not no_plot
    figures: list[Path] = []
    if reused := same_physics and same_code and not force:
        result = _stored(target)
    else:
        if before:
            _say_what_goes(before, config, same_physics, same_code)
        result = _compute(config, directory, force)
        if drawing:
            figures = _draw(result, directory)
        elif not (same_physics and same_code):  # those of the result that was replaced
            for name in FIGURE_FILES:
                (directory / name).unlink(missing_ok=True)
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


def _code(config: Config) -> dict[str, str]:
    """Return what stands for the code that would compute, as the provenance records it."""
    from snsim.output.provenance import code_hash, plug_ins

    chosen = config.microphysics
    names = {
        "microphysics.processes": chosen.processes,
        "microphysics.structure_factors": (chosen.structure_factor,),
        "microphysics.form_factors": (chosen.form_factor,),
    }
    return {"code": code_hash(), "plug_ins": plug_ins(names)}


def _say_what_goes(before: dict[str, str], config: Config, same_physics: bool, same_code: bool) -> None:
    """Say on stderr, in one line, why there is something else in the result file than what was asked for."""
    from snsim.config.write import resolve_toml

    if same_physics:
        if not same_code:
            typer.echo("computed again: the code has changed since", err=True)
        return
    keys = {
        key: values
        for key, values in differing_keys(before.get("config_toml", ""), resolve_toml(config)).items()
        if key.split(".")[0] not in NO_PHYSICS
    }
    moves = [f"{key} {as_toml(each['before'])} -> {as_toml(each['after'])}" for key, each in keys.items()]
    shown = ", ".join(moves[:MOST_KEYS]) or "a file that it reads has changed"
    more = f" and {len(moves) - MOST_KEYS} more" if len(moves) > MOST_KEYS else ""
    typer.echo(f"replaces the result of another configuration: {shown}{more}", err=True)


def _compute(config: Config, directory: Path, force: bool) -> Result:
    """Simulate and write; a solver that stopped short leaves `result.partial.h5`, an evolution its checkpoint."""
    from snsim.errors import ConvergenceError
    from snsim.output.reader import PARTIAL_FILE, RESULT_FILE
    from snsim.output.writer import write_result
    from snsim.result import Result

    if config.sequence is not None:
        return _compute_sequence(config, directory, force)
    partial, checkpoint = directory / PARTIAL_FILE, directory / CHECKPOINT_FILE
    if force:
        checkpoint.unlink(missing_ok=True)
    elif config.evolution is not None and _goes_on(checkpoint, config):
        typer.echo(f"goes on from {checkpoint}", err=True)
    in_time = () if config.evolution is None else ("evolution",)
    announce_compilation(*KERNELS[config.transport.scheme], *in_time)
    from snsim.pipeline import simulate

    try:
        with _progress() as progress, plain_warnings():
            result = _recorded(simulate(config, progress, checkpoint=checkpoint), config)
    except ConvergenceError as error:
        if not isinstance(error.partial, Result):
            raise
        write_result(_recorded(error.partial, config), partial)
        raise ConvergenceError(f"{error} The last iterate is in {partial}.", error.partial) from error
    write_result(result, directory / RESULT_FILE)
    partial.unlink(missing_ok=True)
    if config.evolution is not None:
        checkpoint.unlink(missing_ok=True)
    return result


def _goes_on(checkpoint: Path, config: Config) -> bool:
    """Whether there is a checkpoint; one that this configuration cannot use is refused before any work."""
    from snsim.config.load import config_hash
    from snsim.transport.checkpoint import Checkpoint

    return Checkpoint(checkpoint, config_hash(config)).read() is not None


def _compute_sequence(config: Config, directory: Path, force: bool) -> Result:
    """Solve star after star; those that are done stay when it is stopped, and are not solved again."""
    announce_compilation(*KERNELS[config.transport.scheme])
    from snsim.output.reader import read_result
    from snsim.sequence import RECORDS, simulate_sequence

    done = len(list((directory / RECORDS).glob("[0-9]*[0-9].h5")))
    if force:
        shutil.rmtree(directory / RECORDS, ignore_errors=True)
    elif done:
        words = f"goes on from {directory / RECORDS}, as far as the stars kept there ({done}) are of this configuration"
        typer.echo(words, err=True)
    with _progress() as progress, plain_warnings():
        return read_result(simulate_sequence(config, directory, progress, _code(config)))


def _recorded(result: Result, config: Config) -> Result:
    """Note the code that computed, plug-ins among it."""
    return replace(result, provenance=dict(result.provenance) | _code(config))


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
