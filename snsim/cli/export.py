"""`snsim export`: the neutrino signal of a result as a file for another program."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from snsim.cli.completion import one_of
from snsim.cli.console import Debug, Json, say_json, say_rows, say_warning, warn_unconverged
from snsim.cli.eos_options import Force
from snsim.cli.inputs import naming, read_duration

if TYPE_CHECKING:
    from snsim.export.check import Row
    from snsim.result import Result
    from snsim.signal import Signal

EPILOG = (
    "Formats: snewpy, oconnor, sntools-gamma, snowglobes, snowglobes-pinched, marley, csv; msw-profile writes the matter. "
    "All luminosities and energies are seen from infinity. A light curve and a sequence have their own times; a steady "
    "result is held for --duration; several steady results need a --time each."
)

Results = Annotated[
    list[Path], typer.Argument(metavar="RESULT...", help="Result files, or directories that hold result.h5.")
]


def export(
    results: Results,
    to: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="FORMAT",
            help="See below; capitals or not.",
            autocompletion=one_of("export-formats"),
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="FILE", help="Default: signal.FORMAT beside the first result."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Read the file again and compare; fails over 1e-10.")
    ] = False,
    distance: Annotated[
        str | None,
        typer.Option("--distance", metavar="VALUE", help='To the observer, "10 kpc"; for snowglobes.'),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option("--start", metavar="VALUE", help="Time after bounce at which the run begins.  [0 s]"),
    ] = None,
    duration: Annotated[
        str | None,
        typer.Option("--duration", metavar="VALUE", help="For how long a steady result is held.  [1 s]"),
    ] = None,
    time: Annotated[
        list[str] | None,
        typer.Option("--time", metavar="VALUE", help="Of each of several steady results, in their order."),
    ] = None,
    bins: Annotated[
        int, typer.Option("--bins", min=1, max=10000, help="Parts of equal length in time, a file each.")
    ] = 1,
    force: Force = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Write the neutrino signal of a result for SNEWPY, sntools, SNOwGLoBES, MARLEY or as a plain table."""
    from snsim.errors import ConfigError
    from snsim.export.catalog import FORMATS, PROFILE, require_format

    to = to.lower()
    require_format(to)
    if to in FORMATS and FORMATS[to].needs_distance and distance is None:
        raise ConfigError(
            f'--distance: missing; {to} has neutrinos per cm^2 at the observer and needs one, such as --distance "10 kpc"'
        )
    options = {"--distance": distance, "--start": start, "--duration": duration, "--time": time}
    stored = _read(results)
    target = output or _beside(results[0], to)
    if to == PROFILE:
        given = options | {"--bins": bins if bins > 1 else None}
        _refuse(f"belongs to a signal, not to {PROFILE}; leave it out", given)
        signal = None
        files, rows = _write_profile(stored[0], target, check, force)
    else:
        signal = _signal(stored, options)
        files, rows = _write(signal, target, to, _quantity("--distance", distance), bins, check, force)
    if json:
        say_json(_as_json(signal, files, rows))
    else:
        _say(signal, files, rows)
        if signal is not None and to in FORMATS:
            _say_of_tails(signal, to)
    if failed := [row for row in rows if not row.passed]:
        from snsim.errors import ResultFileError

        worst = ", ".join(f"{row.what} by {row.change:.1e} (allowed {row.limit:g})" for row in failed)
        raise ResultFileError(f"{target}: what was read again differs from what was written: {worst}")


def _read(paths: list[Path]) -> list[Result]:
    from snsim.output.reader import read_result

    stored = [read_result(path) for path in paths]
    for path, result in zip(paths, stored, strict=True):
        warn_unconverged(path, result)
    return stored


def _beside(result: Path, to: str) -> Path:
    from snsim.export.catalog import FORMATS
    from snsim.output.reader import result_path

    ending = FORMATS[to].ending if to in FORMATS else ".dat"
    if not ending:  # a folder
        return result_path(result).parent / f"signal_{to}"
    name = "signal" if ending == f".{to}" else f"signal.{to}"
    return result_path(result).parent / f"{name}{ending}"


def _quantity(option: str, text: str | None) -> float | None:
    """Return a length in cm, or a time in s."""
    from snsim.config import quantities
    from snsim.errors import ConfigError

    if text is None:
        return None
    kind = quantities.distance() if option == "--distance" else quantities.time(0.0, float("inf"))
    with naming(option, text):
        value = kind.read(text)
    if option == "--distance" and not 0.0 < value < float("inf"):
        raise ConfigError(f'{option} = "{text}": must be positive')
    return value


def _refuse(why: str, options: dict[str, Any]) -> None:
    from snsim.errors import ConfigError

    for option, given in options.items():
        if given:
            raise ConfigError(f"{option} = {given}: {why}")


def _signal(stored: list[Result], options: dict[str, Any]) -> Signal:
    """Build the signal that results and options mean."""
    from snsim.errors import ConfigError
    from snsim.signal import sequence_signal, signal_of

    times = [_quantity("--time", text) for text in options["--time"] or ()]
    if len(stored) > 1:
        held = {name: options[name] for name in ("--start", "--duration")}
        _refuse("several results have their own --time; leave it out", held)
        if len(times) != len(stored):
            raise ConfigError(f"{len(stored)} results: expected as many --time, got {len(times)}")
        return sequence_signal([(t, r) for t, r in zip(times, stored, strict=True) if t is not None])
    _refuse(
        "belongs to several results; one has --start, and a steady one --duration",
        {"--time": options["--time"]},
    )
    held = read_duration(stored[0], options["--duration"])
    start = _quantity("--start", options["--start"])
    return signal_of(stored[0], **held, **({} if start is None else {"start": start}))


def _write(
    signal: Signal, target: Path, to: str, distance: float | None, bins: int, check: bool, force: bool
) -> tuple[tuple[Path, ...], tuple[Row, ...]]:
    """Write the parts of a signal and, if asked for, compare; of several parts, the largest changes."""
    from snsim import export as writers
    from snsim.export.catalog import parts

    pieces = parts(signal, target, bins)
    _claim(tuple(path for _, path in pieces), force)
    files: list[Path] = []
    largest: dict[str, Row] = {}
    for piece, path in pieces:
        files += writers.write(piece, path, to, distance)
        for row in writers.check(piece, path, to, distance) if check else ():
            if row.what not in largest or not row.change <= largest[row.what].change:
                largest[row.what] = row
    return tuple(files), tuple(largest.values())


def _write_profile(
    result: Result, target: Path, check: bool, force: bool
) -> tuple[tuple[Path, ...], tuple[Row, ...]]:
    from snsim.export.catalog import profile_paths, write_profile
    from snsim.export.check import check_profile

    _claim(profile_paths(target), force)
    return write_profile(result, target), check_profile(result, target) if check else ()


def _claim(paths: tuple[Path, ...], force: bool) -> None:
    """Refuse to replace what is there."""
    from snsim.errors import ResultFileError

    for path in paths:
        if path.exists() and not force:
            raise ResultFileError(
                f"{path}: is there already; choose another name with --output, or replace it with --force"
            )


def _say(signal: Signal | None, files: tuple[Path, ...], rows: tuple[Row, ...]) -> None:
    if signal is not None:
        from snsim.signal import SPECIES

        energies = "  ".join(f"{who} {value:.4g}" for who, value in zip(SPECIES, signal.energy, strict=True))
        say_rows(
            [
                ("signal", signal.meaning),
                (
                    "energy radiated",
                    f"{energies} erg (nux: one of four); all flavours {signal.total_energy:.6g} erg",
                ),
            ]
        )
    say_rows([(f"{row.what}, largest change", f"{row.change:.1e}") for row in rows])
    for path in files:
        typer.echo(f"  {path}")


def _say_of_tails(signal: Signal, to: str) -> None:
    """Warn of counts that depend on the tail of the spectrum."""
    from snsim.export.catalog import FORMATS
    from snsim.export.text import PINCHED, TAILS

    if signal.gray:
        say_warning(TAILS)
    elif signal.spectra is not None and not FORMATS[to].tabulated:
        say_warning(PINCHED)


def _as_json(signal: Signal | None, files: tuple[Path, ...], rows: tuple[Row, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {"files": list(files)}
    if signal is not None:
        found |= {
            "meaning": signal.meaning,
            "first_time_s": float(signal.time[0]),
            "last_time_s": float(signal.time[-1]),
            "energy_erg": [float(value) for value in signal.energy],
            "total_energy_erg": signal.total_energy,
            "tabulated_spectra": signal.spectra is not None,
        }
    if rows:
        found["check"] = [
            {"what": row.what, "change": row.change, "limit": row.limit, "passed": row.passed} for row in rows
        ]
    return found
