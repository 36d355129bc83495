"""`snsim plot`: the figures of a stored result, or of a study."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from snsim.cli.console import Debug, Json, say_json, warn_unconverged

if TYPE_CHECKING:
    from snsim.result import Result

STUDY_FIGURE = "study.png"

_Path = Annotated[
    Path,
    typer.Argument(
        metavar="RESULT|STUDY", help="A result or study.h5, or a directory that holds result.h5 or study.h5."
    ),
]


def plot(
    result: _Path,
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="DIR", help="Where the figures go; default: beside the result."),
    ] = None,
    y: Annotated[
        list[str] | None,
        typer.Option(
            "--y", metavar="NAME", help="Of a study: a number, such as gain_region.gain_radius. Repeatable."
        ),
    ] = None,
    x: Annotated[
        str, typer.Option("--x", metavar="KEY", help="Of a study: what runs along the x axis.")
    ] = "",
    by: Annotated[
        str,
        typer.Option(
            "--by", metavar="KEY", help="Of a study: one line for each value, or the y axis of maps."
        ),
    ] = "",
    at: Annotated[
        list[str] | None,
        typer.Option("--at", metavar="KEY=VALUE", help="Of a study: where another axis is held. Repeatable."),
    ] = None,
    as_map: Annotated[bool, typer.Option("--map", help="Of a study: maps over two axes.")] = False,
    species: Annotated[
        str, typer.Option("--species", metavar="NAME", help="Of a study: only this one.")
    ] = "",
    pdf: Annotated[bool, typer.Option("--pdf", help="Of a study: write a PDF.")] = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Draw the figures of a result, or numbers of a study over its axes."""
    from snsim.output.reader import read_result, result_path
    from snsim.output.writer import check_writable

    study = _study_file(result)
    stored = read_result(study or result)
    if study is not None:
        _look_at_study(stored, study)
    directory = output or (study or result_path(result)).parent
    chosen: dict[str, Any] = {
        "names": y or (),
        "x": x,
        "by": by,
        "at": _places(at or []),
        "as_map": as_map,
        "species": species,
    }
    if study is not None:
        from snsim.plots.figures import save
        from snsim.plots.study import study as draw

        figure = draw(stored, **chosen)  # before a folder is made: a wrong name leaves none
        file = check_writable(directory) / STUDY_FIGURE
        files = [file.with_suffix(".pdf") if pdf else file]
        save(figure, files[0])
    else:
        _refuse(chosen, pdf)
        check_writable(directory)
        warn_unconverged(result, stored)
        from snsim.plots import figures

        files = list(figures.save_all(stored, directory))
    if json:
        say_json({"figures": files})
        return
    for file in files:
        typer.echo(str(file))
    if not files:
        typer.echo(figures.NOTHING)


def _study_file(path: Path) -> Path | None:
    """Return the collected study that a path means, if it means one."""
    from snsim.errors import ResultFileError

    names = ("study.h5", "study.toml")
    if path.name == names[0]:
        return path
    if not path.is_dir() or not any((path / name).exists() for name in names):
        return None
    if not (path / names[0]).exists():
        raise ResultFileError(
            f"{path}: a study that is not collected yet; snsim sweep {path}, or snsim collect {path}."
        )
    return path / names[0]


def _look_at_study(stored: Result, file: Path) -> None:
    """Refuse a collection without any number, and warn of one that is not of the study as it is now.

    Raises
    ------
    ResultFileError
        If no point of it is done.
    """
    from snsim.cli.console import say_warning
    from snsim.errors import ConfigError, ResultFileError
    from snsim.study.plan import read_study

    folder = file.parent
    states = stored.groups.get("points", {}).get("state")
    if states is not None and not (states.values == "done").any():
        failed = int((states.values == "failed").sum())
        if failed:
            raise ResultFileError(
                f"{file}: no point has numbers, {failed} of {states.values.size} failed; snsim status {folder} says why."
            )
        raise ResultFileError(f"{file}: nothing computed yet: snsim sweep {folder}")
    if not (folder / "study.toml").is_file():
        return
    try:
        same = read_study(folder).digest == stored.provenance.get("config_hash")
    except ConfigError:
        same = False
    if not same:
        say_warning(
            f"{file} is of an earlier form of the study; snsim sweep {folder} computes what has changed"
        )


def _places(given: list[str]) -> dict[str, str]:
    from snsim.errors import ConfigError

    for text in given:
        if "=" not in text:
            raise ConfigError(f"--at '{text}': expected KEY=VALUE, for instance --at grid.zones=200.")
    return {key.strip(): value.strip() for key, _, value in (text.partition("=") for text in given)}


def _refuse(chosen: dict[str, Any], pdf: bool) -> None:
    from snsim.errors import ConfigError

    given = [name for name, value in {**chosen, "pdf": pdf}.items() if value]
    if given:
        raise ConfigError(
            "snsim plot: --x, --y, --by, --at, --map, --species and --pdf are for studies; this is one result."
        )
