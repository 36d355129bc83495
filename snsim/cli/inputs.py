"""What the commands share: options with values, energies with units, files for figures and numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from snsim.result import Result

FIGURES, TABLES = (".png", ".pdf"), (".csv",)

Text = str | None  # of options that may be left out
Number = float | None


def with_value(words: str, metavar: str = "VALUE", **more: Any) -> Any:
    """Return an option that takes a value; it has the name of its parameter."""
    return typer.Option(metavar=metavar, help=words, **more)


def with_number(words: str, metavar: str = "NUMBER") -> Any:
    """Return an option that takes a number, and shows what is none."""
    return with_value(words, metavar, parser=read_number)


Energies = Annotated[
    list[str] | None,
    typer.Option(
        "--energy", metavar="VALUE", help='Such as "30 MeV" or "5 to 50 MeV". Repeatable, or with commas.'
    ),
]
Points = Annotated[int, typer.Option("--points", min=2, max=10000, help="Energies in a range, even in ln E.")]
Processes = Annotated[
    int | None, typer.Option(min=1, metavar="NUMBER", help="Processes.  [one for each processor]")
]
PlotFile = Annotated[Path | None, typer.Option("--plot", metavar="FILE", help="Draw a figure: .png or .pdf.")]
CsvFile = Annotated[
    Path | None, typer.Option("--csv", metavar="FILE", help="Write the numbers, commas between them.")
]

_RANGE = re.compile(r"(.*\S)\s+to\s+(\S.*)")
_WRONG_RANGE = re.compile(r"([\d.]+)\s*([A-Za-z]*)\s*(?:-|\u2013|\.\.+|:)\s*([\d.]+\s*[A-Za-z]*)")
_BARE = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")


def read_number(text: str) -> float:
    """Return the number in an option; what is none is shown."""
    try:
        return float(text)
    except ValueError:
        raise typer.BadParameter(f"'{text}' is not a number") from None


@contextmanager
def naming(option: str, text: str) -> Iterator[None]:
    """Say which option held what cannot be read.

    Raises
    ------
    ConfigError
        For a ValueError.
    """
    from snsim.errors import ConfigError

    try:
        yield
    except ValueError as error:
        raise ConfigError(f'{option} = "{text}": {error}') from None


def read_energy(option: str, text: str, example: str = "30 MeV") -> float:
    """Return the energy of a particle, MeV.

    Parameters
    ----------
    option : str
        Such as ``--energy``, for messages.
    text : str
        A number and a unit.
    example : str
        Of what is right.

    Raises
    ------
    ConfigError
        Saying what was expected.
    """
    from snsim.config.quantities import particle_energy

    with naming(option, text):
        return particle_energy(0.0, float("inf"), example).read(text)


def read_energies(texts: Iterable[str] | None, points: int, usual: Iterable[float]) -> list[float]:
    """Return the energies of --energy in MeV, rising and each once, or the usual ones.

    "5 to 50 MeV" stands for many, even in ln E; commas separate.

    Raises
    ------
    ConfigError
        For what is no energy, an energy that is not positive, or a range that does not rise.
    """
    import numpy as np

    from snsim.errors import ConfigError

    if not texts:
        return list(usual)
    option = "--energy"
    found: list[float] = []
    for text in (part for given in texts for part in given.split(",")):
        match = _RANGE.fullmatch(text.strip())
        wrong = _WRONG_RANGE.fullmatch(text.strip())
        if wrong is not None and not re.fullmatch(r"\S*\d[eE]-\d+.*", text.strip()):
            low = " ".join(filter(None, wrong.groups()[:2]))
            raise ConfigError(f'{option} = "{text}": a range is written "{low} to {wrong[3]}"')
        if match is None:
            ends = [read_energy(option, text)]
        else:
            unit = _BARE.sub("", match[2], count=1) if _BARE.fullmatch(match[1]) else ""
            ends = [read_energy(option, match[1] + unit, "5 to 50 MeV"), read_energy(option, match[2])]
        if not min(ends) > 0.0:
            raise ConfigError(f'{option} = "{text}": must be positive')
        if len(ends) == 2 and not ends[0] < ends[1]:
            raise ConfigError(f'{option} = "{text}": expected the lower energy first')
        found += ends if len(ends) == 1 else np.geomspace(ends[0], ends[1], points).tolist()
    return sorted(set(found))


def own_times(result: Result) -> str:
    """Return what gives a result times of its own, "light curve" or "sequence"; empty for a steady one."""
    for group, kind in (("evolution", "light curve"), ("history", "sequence")):
        if group in result.groups and result[group]["time"].values.size > 1:
            return kind
    return ""


def read_duration(result: Result, text: str | None) -> dict[str, float]:
    """Return the argument of `snsim.signal.signal_of` that --duration means; none if it is not given.

    Raises
    ------
    ConfigError
        For no time, or a result with times of its own.
    """
    from snsim.config import quantities
    from snsim.errors import ConfigError

    if text is None:
        return {}
    if kind := own_times(result):
        raise ConfigError(f"--duration = {text}: the result has a {kind} with its own times; leave it out")
    with naming("--duration", text):
        return {"duration": quantities.time(0.0, float("inf")).read(text)}


def claim_all(plot: Path | None, csv: Path | None, force: bool) -> None:
    """Make sure that the files asked for can be written, before anything is computed.

    Raises
    ------
    ConfigError, ResultFileError
        For a wrong ending, or a file that is there or cannot be written.
    """
    from snsim.cli.eos_options import claim

    for path, suffixes in ((plot, FIGURES), (csv, TABLES)):
        if path is not None:
            claim(path, force, suffixes)


def write_csv(path: Path, comments: Sequence[str], columns: Mapping[str, Iterable[float]]) -> None:
    """Write columns with their names in the first line after comments; numbers keep 9 digits, none is empty."""
    rows = zip(*columns.values(), strict=True)
    lines = [*(f"# {words}" for words in comments), ",".join(columns)]
    lines += [",".join("" if value != value else f"{value:.9g}" for value in row) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_figure(figure: Figure, path: Path) -> None:
    """Write a figure in the format of the file's name."""
    from snsim.plots.figures import save

    save(figure, path)


def say_files(*paths: Path | None) -> None:
    """Name the files that were written."""
    for path in paths:
        if path is not None:
            typer.echo(f"  {path}")
