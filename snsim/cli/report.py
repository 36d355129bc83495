"""`snsim report`: one HTML page of a result, to look at and to send."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from snsim.cli.console import Debug, Json, say_json, warn_unconverged

if TYPE_CHECKING:
    from snsim.report.page import Page

REPORT_FILE, STUDY_FILE = "report.html", "study.h5"


def report(
    result: Annotated[
        Path,
        typer.Argument(
            metavar="RESULT", help="A result or study file, or a directory that holds result.h5 or study.h5."
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="FILE", help="The page; default: report.html beside the result."),
    ] = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Write one HTML page: figures with hover and sliders, every number, warnings, run file, provenance, papers.

    The page holds all it needs and opens without a network. It needs plotly: pip install 'snsim[report]'.
    """
    from snsim.output.writer import check_writable
    from snsim.report.page import plotly_js, render

    library = plotly_js()
    source = _source(result)
    page = _page_of_study(source) if source.name == STUDY_FILE else _page_of_result(source)
    target = output or source.with_name(REPORT_FILE)
    check_writable(target.parent)
    target.write_text(render(page, library), encoding="utf-8")
    if json:
        say_json({"report": target, "bytes": target.stat().st_size})
    else:
        typer.echo(f"{target} ({target.stat().st_size / 1e6:.1f} MB)")


def _source(path: Path) -> Path:
    """Return the file that a path means; of a directory with both, the study."""
    from snsim.errors import ResultFileError
    from snsim.output.reader import result_path

    study, found = path / STUDY_FILE, result_path(path)
    if path.is_dir() and study.is_file():
        return study
    if (path / "study.toml").is_file() and not found.is_file():
        raise ResultFileError(
            f"{study}: no such file; snsim sweep computes the study, snsim collect brings it together."
        )
    return found


def _page_of_result(file: Path) -> Page:
    from snsim.output.reader import read_result
    from snsim.report.of_result import page_of

    result = read_result(file)
    warn_unconverged(file, result)
    return page_of(result)


def _page_of_study(file: Path) -> Page:
    """Return the page of a collected study, or of a dataset of the user's own."""
    import xarray

    from snsim.errors import ResultFileError
    from snsim.report.of_study import page_of_study

    if _is_collected(file):
        from snsim.output.reader import read_result
        from snsim.report.collected import dataset_of

        stored = read_result(file)
        try:
            return page_of_study(dataset_of(stored))
        except ResultFileError as error:
            raise ResultFileError(f"{file}: {error}") from None
    with xarray.open_dataset(file, engine="h5netcdf") as study:
        return page_of_study(study.load())


def _is_collected(file: Path) -> bool:
    import h5py

    from snsim.errors import ResultFileError
    from snsim.output.writer import CONVENTIONS

    try:
        with h5py.File(file, "r") as opened:
            return bool(opened.attrs.get("Conventions") == CONVENTIONS)
    except OSError as error:
        raise ResultFileError(f"{file}: no HDF5 file, or cut off or damaged ({error}).") from None
