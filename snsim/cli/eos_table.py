"""`snsim eos table`: an equation of state as a file, for this program or for others."""

from __future__ import annotations

import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from snsim.cli.console import Debug, Json, announce_compilation, progress_bar, say_json, say_rows
from snsim.cli.eos_options import (
    Alphas,
    Force,
    Incompressibility,
    TableFile,
    claim,
    describe,
    equation_of_state,
    value,
)
from snsim.cli.inputs import Processes
from snsim.cli.sweep import Dask

if TYPE_CHECKING:
    from microphysics.eos.state import EquationOfState


class Layout(StrEnum):
    """Layouts that can be written."""

    STELLARCOLLAPSE = "stellarcollapse"
    SNSIM = "snsim"


def _points(words: str) -> Any:
    return typer.Option(min=4, metavar="NUMBER", help=words)


def _range(words: str) -> Any:
    return typer.Option(metavar="FROM TO", help=words)


def table(
    output: Annotated[Path, typer.Argument(metavar="OUTPUT", help="A file name that ends with .h5.")],
    layout: Annotated[
        Layout, typer.Option(help="stellarcollapse is what NuLib, GR1D and FLASH read.")
    ] = Layout.STELLARCOLLAPSE,
    density_points: Annotated[int | None, _points("Nodes in equal ratios.  [181]")] = None,
    temperature_points: Annotated[int | None, _points("Nodes in equal ratios.  [67]")] = None,
    electron_fraction_points: Annotated[int | None, _points("Nodes in equal steps.  [53]")] = None,
    density_range: Annotated[
        tuple[str, str] | None,
        _range('Such as "1e6 g/cm3" "1e15 g/cm3".  [domain up to 1e15 g/cm3 and 100 MeV]'),
    ] = None,
    temperature_range: Annotated[
        tuple[str, str] | None, _range('Such as "0.1 MeV" "100 MeV".  [domain up to 1e15 g/cm3 and 100 MeV]')
    ] = None,
    electron_fraction_range: Annotated[
        tuple[float, float] | None, _range("Such as 0.03 0.55.  [whole domain]")
    ] = None,
    incompressibility: Incompressibility = None,
    alpha_binding: Alphas = None,
    source: TableFile = None,
    jobs: Processes = None,
    dask: Dask = None,
    force: Force = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Tabulate an equation of state, or bring a table into another layout."""
    began = time.perf_counter()
    claim(output, force, (".h5", ".hdf5"))
    eos = equation_of_state(incompressibility, alpha_binding, source)
    points = {
        "density": density_points,
        "temperature": temperature_points,
        "electron_fraction": electron_fraction_points,
    }
    ranges: dict[str, tuple[Any, Any] | None] = {
        "density": density_range,
        "temperature": temperature_range,
        "electron_fraction": electron_fraction_range,
    }
    changed = any(points.values()) or any(ranges.values())
    axes = [_axis(eos, name, points[name], ranges[name]) for name in points]
    announce_compilation()
    shape = _write(output, layout, eos, axes, changed, jobs, dask)
    seconds = time.perf_counter() - began
    if json:
        say_json(
            {
                "file": output,
                "layout": layout.value,
                "points": list(shape),
                "bytes": output.stat().st_size,
                "seconds": seconds,
                "equation_of_state": describe(eos),
            }
        )
        return
    typer.secho(eos.name, bold=True)
    say_rows(
        [
            ("nodes", f"{' x '.join(map(str, shape))} in density, temperature, electron fraction"),
            ("layout", layout.value),
            ("file", f"{output} ({output.stat().st_size / 1e6:.1f} MB)"),
            ("time", f"{seconds:.1f} s"),
        ]
    )


def _write(
    output: Path,
    layout: Layout,
    eos: EquationOfState,
    axes: list[Any],
    changed: bool,
    jobs: int | None,
    dask: str | None,
) -> tuple[int, ...]:
    """Compute and write; return the number of nodes along the axes."""
    from microphysics.eos.build import build_table
    from microphysics.eos.formats import write_stellarcollapse
    from microphysics.eos.formats.native import write_table
    from microphysics.eos.table import EosTableError, TabulatedEOS
    from snsim.errors import ResultFileError
    from snsim.study.engines import dask_executor

    try:
        if layout is Layout.STELLARCOLLAPSE:
            with progress_bar("nodes") as progress, dask_executor(dask, jobs) as (executor, width):
                write_stellarcollapse(output, eos, *axes, executor=executor, jobs=width, progress=progress)
            return tuple(axis.size for axis in axes)
        if isinstance(eos, TabulatedEOS) and not changed:
            made = eos  # as it was read: nothing is interpolated
        else:
            with progress_bar("nodes") as progress, dask_executor(dask, jobs) as (executor, width):
                made = build_table(eos, *axes, executor=executor, jobs=width, progress=progress)
        write_table(output, made.table)
    except EosTableError as error:
        raise ResultFileError(str(error)) from error
    return made.table.shape


def _axis(eos: EquationOfState, name: str, points: int | None, given: tuple[Any, Any] | None) -> Any:
    """Return an axis of as many nodes as were asked for, as the table has, or as is usual."""
    import numpy as np

    from microphysics.eos.build import HIGHEST, NODES
    from microphysics.errors import OutOfRangeError
    from snsim.errors import ConfigError

    option = f"--{name.replace('_', '-')}-range"
    lowest, highest = getattr(eos, f"{name}_range")
    own = getattr(getattr(eos, "table", None), name, None)
    low, high = lowest, highest if own is not None else min(highest, HIGHEST[name])
    if given is not None:
        low, high = given if name == "electron_fraction" else (value(name, text, option) for text in given)
        if not low < high:
            raise ConfigError(f"{option} = {low:g} {high:g}: expected two rising values")
        if not lowest <= low < high <= highest:
            raise OutOfRangeError(
                f"{option} = {low:g} {high:g}: {eos.name} is valid from {lowest:g} to {highest:g}"
            )
    number = points or (NODES[name] if own is None else own.size)
    axis = (np.linspace if name == "electron_fraction" else np.geomspace)(low, high, number)
    axis[0], axis[-1] = low, high  # not outside by a rounding error
    return axis
