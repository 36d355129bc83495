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

from snsim.cli import completion

if TYPE_CHECKING:
    from snsim.result import Result

EXIT_UNEXPECTED = 1
EXIT_USAGE = 2
EXIT_PHYSICS = 3
EXIT_FILE = 4
EXIT_INTERRUPTED = 130
PIPE_WIDTH = 100  # of what is written where there is no terminal
LEAST_WIDTH = 30  # of a column of values
_BETWEEN = 3  # blanks between the columns of a table
_KEPT = "\0"  # stands for a blank at which no line ends

# by module with kernels, as for `microphysics._jit.cache_is_cold`; "" is the microphysics, without which there is nothing
COMPILE_SECONDS = {"": 40, "gray": 45, "groups": 25, "rays": 5, "evolution": 5, "electron_fraction": 15}

_listening: list[Any] = []  # to numba, for kernels that are compiled

Json = Annotated[bool, typer.Option("--json", help="Write JSON instead of text.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Override a key, for instance --set grid.zones=100. Repeatable.",
        autocompletion=completion.settings,
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
    """Turn an exception of a command into one sentence and an exit code, which --debug leaves, and warnings into lines."""

    @functools.wraps(command)
    def run(*arguments: Any, **options: Any) -> Any:
        """Call the command."""
        try:
            with plain_warnings():
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
        finally:
            _stop_listening()

    return run  # type: ignore[return-value]


def exit_code(error: Exception) -> int:
    """Exit code of an error.

    2 usage or run file: an option or key that is unknown, or whose value is not allowed whatever the physics.
    3 physics: no convergence, or a state outside what a model is valid for. 4 files. 1 a mistake of ours; commands give
    it too where some points or checks have failed.
    """
    from microphysics.errors import MicrophysicsError, UnknownNameError
    from snsim.errors import (
        ConfigError,
        ConvergenceError,
        MissingExtraError,
        NoStarError,
        ProfileError,
        ResultFileError,
    )

    if isinstance(error, (ConfigError, UnknownNameError, MissingExtraError)):
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

    everything = sum(COMPILE_SECONDS[module] for module in ("", *modules))
    seconds = sum(COMPILE_SECONDS[module] for module in ("", *modules) if _jit.cache_is_cold(module))
    if seconds:
        # another command may have compiled some of the microphysics only
        at_most = f", at most {everything} s" if seconds < everything else ""
        typer.echo(f"compiling kernels, once per machine: about {seconds} s of CPU{at_most}", err=True)
        _listen("")
    else:
        _listen(f"compiling further kernels, once per machine: at most about {everything} s of CPU")


def _listen(words: str) -> None:
    """Measure how long kernels are compiled until the command ends, and say it, if anything, when the first one is."""
    from numba.core import event

    class Notice(event.Listener):
        """What numba calls when it compiles; one kernel may have others compiled meanwhile."""

        seconds = 0.0
        depth = 0
        began = 0.0

        def on_start(self, event: Any) -> None:
            """Say it the first time, and begin to measure."""
            if words and not self.seconds and not self.depth:
                typer.echo(words, err=True)
            if not self.depth:
                self.began = time.perf_counter()
            self.depth += 1

        def on_end(self, event: Any) -> None:
            """Add the time of the outermost kernel."""
            self.depth -= 1
            if not self.depth:
                self.seconds += time.perf_counter() - self.began

    _listening.append(Notice())
    event.register("numba:compile", _listening[-1])


def compiling_took() -> float:
    """Return for how long kernels were compiled since `announce_compilation`, s."""
    return sum(each.seconds for each in _listening)


def _stop_listening() -> None:
    """Forget who listens to numba."""
    while _listening:
        from numba.core import event

        event.unregister("numba:compile", _listening.pop())


@contextmanager
def plain_warnings() -> Iterator[None]:
    """Show warnings as one line each, each once: those of physics always, others as Python's filters have them."""
    from microphysics.errors import PhysicsWarning

    said: set[str] = set()

    def say(message: Warning | str, *_: Any) -> None:
        """Write a warning that has not been written yet."""
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
    """Write a table no wider than the terminal or, in a pipe, `PIPE_WIDTH`; cells that are longer go on below.

    Lines end at blanks only: where the longest words of all columns need more, the table is as wide as these.
    """
    from rich import box
    from rich.cells import cell_len
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    cells = [list(columns), *(list(row) for row in rows)]
    widths = _column_widths([[row[k] for row in cells] for k in range(len(columns))], cell_len)
    for column, width in zip(columns, widths, strict=True):
        table.add_column(column, overflow="fold", width=width)
    for row in cells[1:]:
        table.add_row(*row)
    needed = sum(widths) + _BETWEEN * len(widths)
    Console(width=max(_width(), needed), highlight=False, markup=False).print(table)


def _column_widths(columns: Sequence[Sequence[str]], length: Callable[[str], int]) -> list[int]:
    """Return widths of columns that fit, if their longest words let them: the widest gives way first."""
    natural = [max(map(length, texts)) for texts in columns]
    longest = [max((length(word) for text in texts for word in text.split()), default=0) for texts in columns]
    widths = natural
    for _ in range(sum(natural) + _BETWEEN * len(natural) - _width()):
        spare = [k for k in range(len(widths)) if widths[k] > longest[k]]
        if not spare:
            break
        widths[max(spare, key=widths.__getitem__)] -= 1
    return widths


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
            """Move the bar."""
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
