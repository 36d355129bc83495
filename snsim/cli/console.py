"""What the commands share: options, exit codes, one-sentence errors, plain and JSON output."""

from __future__ import annotations

import functools
import json
import math
import shutil
import sys
import textwrap
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

if TYPE_CHECKING:
    from snsim.result import Result

EXIT_UNEXPECTED = 1
EXIT_USAGE = 2
EXIT_PHYSICS = 3
EXIT_FILE = 4
EXIT_INTERRUPTED = 130
PIPE_WIDTH = 100  # of what is written where there is no terminal
LEAST_WIDTH = 30  # of a column of values
_KEPT = "\0"  # stands for a blank at which no line ends

# by module with kernels, as for `microphysics._jit.cache_is_cold`; "" is the microphysics, without which there is nothing
COMPILE_SECONDS = {"": 40, "gray": 25, "groups": 25, "rays": 5, "evolution": 5, "electron_fraction": 15}

Json = Annotated[bool, typer.Option("--json", help="Write JSON instead of text.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Override a key, for instance --set grid.zones=100. Repeatable."
    ),
]
RunPath = Annotated[
    Path, typer.Argument(metavar="DIR|FILE", help="A run file, or a directory that holds run.toml.")
]
ResultPath = Annotated[
    Path, typer.Argument(metavar="RESULT", help="A result file, or a directory that holds result.h5.")
]

Command = TypeVar("Command", bound=Callable[..., Any])


def guarded(command: Command) -> Command:
    """Turn an exception of a command into one sentence and an exit code; --debug lets it through."""

    @functools.wraps(command)
    def run(*arguments: Any, **options: Any) -> Any:
        try:
            return command(*arguments, **options)
        except (typer.Exit, typer.Abort, BrokenPipeError):  # the last: `| head`, no trouble with a file
            raise
        except KeyboardInterrupt as stop:
            typer.echo(f"interrupted; {str(stop) or 'no half-written file is left'}", err=True)
            raise typer.Exit(EXIT_INTERRUPTED) from None
        except Exception as error:
            if options.get("debug"):
                raise
            code = exit_code(error)
            say_error(str(error) if code != EXIT_UNEXPECTED else _unexpected(error))
            raise typer.Exit(code) from None

    return run  # type: ignore[return-value]


def exit_code(error: Exception) -> int:
    """Exit code of an error: 2 usage or configuration, 3 physics, 4 files, 1 a mistake of ours."""
    from microphysics.errors import MicrophysicsError, UnknownNameError
    from snsim.errors import ConfigError, ConvergenceError, NoStarError, ProfileError, ResultFileError

    if isinstance(error, (ConfigError, UnknownNameError)):
        return EXIT_USAGE
    if isinstance(error, NoStarError):  # a ProfileError too, but no file is at fault
        return EXIT_PHYSICS
    if isinstance(error, (ProfileError, ResultFileError, OSError, *_damaged_files())):
        return EXIT_FILE
    if isinstance(error, (ConvergenceError, MicrophysicsError)):
        return EXIT_PHYSICS
    return EXIT_UNEXPECTED


def _damaged_files() -> list[type[Exception]]:
    """Errors of the microphysics about files; only modules that are loaded can have raised theirs."""
    homes = {
        "microphysics.structure.from_file": "StructureFileError",
        "microphysics.eos.table": "EosTableError",
        "microphysics.processes.capture_tables": "CaptureTableError",
        "microphysics.errors": "OpacityTableError",
    }
    return [getattr(sys.modules[home], name) for home, name in homes.items() if home in sys.modules]


def _unexpected(error: Exception) -> str:
    return f"unexpected {type(error).__name__}: {error}; run again with --debug to see where."


def say_error(text: str) -> None:
    """Write an error, one line for each mistake."""
    for line in text.splitlines() or [""]:
        typer.echo(f"{typer.style('error:', fg='red', bold=True)} {line}", err=True)


def say_warning(message: Warning | str, *_: Any) -> None:
    """Write a warning as one line; has the signature of `warnings.showwarning`."""
    typer.echo(f"{typer.style('warning:', fg='yellow', bold=True)} {message}", err=True)


def announce_compilation(*modules: str) -> None:
    """Say on stderr why the first command on a machine takes so long; called once, before computing.

    Parameters
    ----------
    *modules : str
        Names in `COMPILE_SECONDS` whose kernels will be needed besides those of the microphysics.
    """
    from microphysics import _jit

    seconds = sum(COMPILE_SECONDS[module] for module in ("", *modules) if _jit.cache_is_cold(module))
    if seconds:
        typer.echo(f"compiling kernels, once per machine: about {seconds} s", err=True)


@contextmanager
def plain_warnings() -> Iterator[None]:
    """Show physics warnings as one line each, each once."""
    from microphysics.errors import PhysicsWarning

    said: set[str] = set()

    def say(message: Warning | str, *_: Any) -> None:
        if str(message) not in said:
            said.add(str(message))
            say_warning(message)

    with warnings.catch_warnings():
        warnings.simplefilter("always", PhysicsWarning)
        warnings.showwarning = say  # type: ignore[assignment]
        yield


def say_rows(rows: Iterable[tuple[str, str]]) -> None:
    """Write label and value in two aligned columns; a long value goes on below itself."""
    rows = list(rows)
    width = max((len(label) for label, _ in rows), default=0)
    for label, value in rows:
        lines = _lines(value, max(_width() - width - 4, LEAST_WIDTH))
        for first, line in zip((label, *[""] * (len(lines) - 1)), lines, strict=True):
            typer.echo(f"  {first:<{width}}  {line}")


def _lines(value: str, room: int) -> list[str]:
    """Break a value where it has blanks, or double blanks if it has these: between numbers of several species."""
    parts = value.split("  ")
    if max(map(len, parts)) <= room:
        value = "  ".join(part.replace(" ", _KEPT) for part in parts) if len(parts) > 1 else value
    # a word, such as a path, is not broken
    lines = textwrap.wrap(value, room, break_long_words=False, break_on_hyphens=False) or [""]
    return [line.replace(_KEPT, " ") for line in lines]


def say_json(value: Any) -> None:
    """Write JSON; NaN and infinities become null."""
    typer.echo(json.dumps(_plain(value), indent=2, ensure_ascii=False, allow_nan=False))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def say_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a table no wider than the terminal or, in a pipe, `PIPE_WIDTH`; cells that are longer go on below."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*row)
    Console(width=_width(), highlight=False, markup=False).print(table)


def _width() -> int:
    """Columns of the terminal; of a pipe `PIPE_WIDTH`, or what the variable COLUMNS of the environment says."""
    return shutil.get_terminal_size((PIPE_WIDTH, 24)).columns


@contextmanager
def progress_bar(things: str) -> Iterator[Callable[[int, int], None] | None]:
    """Show a bar with a rate and the time left, where somebody is looking.

    Parameters
    ----------
    things : str
        What is counted, such as nodes.

    Yields
    ------
    callable or None
        To be called with how many are done, and of how many; None where nobody is looking.
    """
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    rate = TextColumn("{task.fields[rate]}")
    columns = (TextColumn(things), BarColumn(), MofNCompleteColumn(), rate, TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task, began, before = bar.add_task(things, total=None, rate=""), time.perf_counter(), [-1]

        def show(done: int, total: int) -> None:
            if before[0] < 0:
                before[0] = done  # what an earlier run did has no rate
            rate = (done - before[0]) / max(time.perf_counter() - began, 1e-9)
            bar.update(task, completed=done, total=total, rate=f"{rate:,.0f}/s")

        yield show


def warn_unconverged(path: Path, result: Result) -> None:
    """Say on stderr that a result is the last iterate of a solver that stopped short."""
    flag = result.groups.get("transport", {}).get("converged")
    if flag is not None and not int(flag.values):
        typer.echo(f"warning: {path}: the transport did not converge; this is its last iterate", err=True)
