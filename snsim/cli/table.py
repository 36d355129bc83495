"""`snsim table`: opacity tables for this program and for others: built, checked, described, their error measured."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from snsim.cli.console import (
    EXIT_INTERRUPTED,
    Debug,
    Json,
    announce_compilation,
    guarded,
    progress_bar,
    say_json,
    say_rows,
)
from snsim.cli.eos_options import Force
from snsim.cli.inputs import Processes
from snsim.cli.sweep import Dask
from snsim.cli.table_files import check, error, info

if TYPE_CHECKING:
    from microphysics.tables.estimate import Estimate
    from microphysics.tables.plan import TablePlan
    from snsim.config.table import TableConfig

EPILOG = "Example: snsim table runs/opacity-table. Then: snsim table check FILE."


class _BuildsByDefault(TyperGroup):
    """`snsim table CONFIG` is `snsim table build CONFIG`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the command in where none is named."""
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = ["build", *args]
        return super().parse_args(ctx, args)


table_app = typer.Typer(
    name="table",
    cls=_BuildsByDefault,
    help="Opacity tables: build one with `snsim table CONFIG`; check, describe and measure what is there.",
    epilog=EPILOG,
    no_args_is_help=True,
    rich_markup_mode=None,
)

_Config = Annotated[
    Path, typer.Argument(metavar="DIR|FILE", help="A TOML file, or a directory that holds table.toml.")
]
_Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Override a key: --set table.energy_groups=24. Repeatable."
    ),
]


def build(
    config: _Config,
    set_: _Set = None,
    output: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the files go.  [beside the configuration]")
    ] = None,
    jobs: Processes = None,
    dask: Dask = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how large and how long.")] = False,
    force: Force = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Build a table, or go on where a build was stopped."""
    from microphysics.errors import OpacityTableError
    from microphysics.tables.build import build_table
    from microphysics.tables.estimate import estimate
    from snsim.config.table import load_table_config, table_plan
    from snsim.errors import ResultFileError
    from snsim.study.engines import dask_executor

    chosen = load_table_config(config, set_ or ())
    plan = table_plan(chosen)
    beside = config if config.is_dir() else config.parent
    folder = output or Path(chosen.output.directory or beside)
    announce_compilation()
    try:
        files, partial = _files(chosen, plan, folder)
        if not dry_run:
            _claim(files, partial, force)
        expected = estimate(plan, folder, tuple(files), jobs)
        if not json:
            _say_plan(chosen, plan, files, expected, partial)
        _refuse_small_disk(expected, folder, partial)
        if dry_run:
            if json:
                say_json(_as_json(plan, files, expected))
            return
        with progress_bar("states") as progress, dask_executor(dask, jobs) as (executor, width):
            report = build_table(
                plan,
                files,
                partial=partial,
                executor=executor,
                jobs=width,
                progress=progress,
                attributes=_attributes(chosen),
            )
    except OpacityTableError as problem:
        raise ResultFileError(str(problem)) from problem
    except KeyboardInterrupt:
        typer.echo(
            f"interrupted; what is done is kept in {partial}, and the same command goes on there", err=True
        )
        raise typer.Exit(EXIT_INTERRUPTED) from None
    if json:
        done = {
            "seconds": report.seconds,
            "processor_seconds": report.stages,
            "blocks": report.blocks,
            "blocks_of_an_earlier_build": report.found,
            "warnings": [{"message": each.message, "states": each.count} for each in report.caught],
        }
        say_json(_as_json(plan, files, expected) | done)
        return
    rows = [(layout, f"{path} ({_size(_bytes(path))})") for layout, path in report.files.items()]
    earlier = f", {report.found} of {report.blocks} blocks from an earlier build" if report.found else ""
    say_rows([*rows, ("took", f"{report.seconds:.1f} s{earlier}")])


table_app.command("build")(guarded(build))
table_app.command("check")(guarded(check))
table_app.command("info")(guarded(info))
table_app.command("error")(guarded(error))


def _files(config: TableConfig, plan: TablePlan, folder: Path) -> tuple[dict[str, Path], Path]:
    """Return the files by layout, and the one that is filled meanwhile."""
    from microphysics.tables.estimate import outline
    from microphysics.tables.nulib import file_name

    chosen = config.microphysics
    label = config.output.name or (
        Path(chosen.eos_table).stem if chosen.eos_table else f"LattimerSwesty{chosen.eos_incompressibility:g}"
    )
    table = outline(plan)
    sizes = f"rho{plan.density.size}_temp{plan.temperature.size}_ye{plan.electron_fraction.size}"
    stem = f"{label}_{sizes}_ng{plan.energy.size}_ns{len(plan.species)}"
    names = {
        "own": f"{stem}.h5",
        "nulib": file_name(table, label) if "nulib" in config.table.layouts else "",
        "weaklib": f"{stem}_weaklib",
    }
    files: dict[str, Path] = {layout: folder / names[layout] for layout in config.table.layouts}
    return files, folder / f"{stem}.partial"


def _claim(files: dict[str, Path], partial: Path, force: bool) -> None:
    """Make sure that the files can be written; an unfinished build may have written some of them."""
    from snsim.cli.eos_options import claim
    from snsim.errors import ResultFileError

    mine = force or partial.exists()
    for layout, path in files.items():
        if layout != "weaklib":
            claim(path, mine, (".h5",))
            continue
        if path.exists() and not path.is_dir():
            raise ResultFileError(f"{path}: is a file, and weaklib's files go into a folder of this name")
        if path.is_dir() and any(path.iterdir()) and not mine:
            raise ResultFileError(
                f"{path}: is there already; choose another name, or replace it with --force"
            )
        claim(path.with_name("probe.h5"), True, (".h5",))


def _refuse_small_disk(expected: Estimate, folder: Path, partial: Path) -> None:
    from snsim.errors import ResultFileError

    there = partial.stat().st_size if partial.exists() else 0
    if expected.disk_needed - there > expected.disk_free:
        raise ResultFileError(
            f"{folder}: the table needs {_size(expected.disk_needed - there)} while it is built, "
            f"{_size(expected.disk_free)} are free; take fewer points or layouts, or another folder with --output"
        )


def _attributes(config: TableConfig) -> dict[str, str]:
    from snsim import __version__
    from snsim.config.write import resolve_toml
    from snsim.output.provenance import git_state

    commit, dirty = git_state()
    facts = {
        "configuration": resolve_toml(config),
        "snsim_version": __version__,
        "git_commit": commit,
        "git_dirty": dirty,
    }
    return {name: text for name, text in facts.items() if text}


def _say_plan(
    config: TableConfig, plan: TablePlan, files: dict[str, Path], expected: Estimate, partial: Path
) -> None:
    from microphysics.tables.build import statement

    _, n_fractions, n_temperatures, n_densities, groups = plan.shape
    typer.secho(config.title or "opacity table", bold=True)
    lost = " or ".join(name for name in plan.in_kernels)
    rows = [
        (
            "states",
            f"{n_densities} x {n_temperatures} x {n_fractions} = {plan.points} (density, temperature, Y_e)",
        ),
        ("energies", f"{groups} groups, {plan.energy_edges[0]:g} to {plan.energy_edges[-1]:.4g} MeV"),
        ("species", ", ".join(plan.species)),
        ("processes", ", ".join(plan.in_opacities)),
    ]
    if lost:
        _, n_t, n_eta, *_ = plan.kernel_shape
        rows.append(("kernels", f"{', '.join(plan.in_kernels)} on {n_t} x {n_eta} (temperature, mu_e/T)"))
        rows.append(("", statement(plan)))
    rows += [(layout, f"{path}, about {_size(expected.bytes[layout])}") for layout, path in files.items()]
    rows.append(
        ("disk", f"{_size(expected.disk_needed)} while it is built, {_size(expected.disk_free)} are free")
    )
    many = f"{expected.jobs} process{'es' if expected.jobs > 1 else ''}"
    each = f"{1e6 * expected.seconds_per_point:.0f} us a state"
    rows.append(("time", f"about {_duration(expected.seconds)} to compute on {many}, {each}"))
    size = _size(sum(expected.bytes[layout] for layout in files))
    rows.append(("", f"about {_duration(expected.seconds_writing)} to write {size}"))
    if partial.exists():
        rows.append(("goes on", f"{partial} is there"))
    say_rows(rows)


def _as_json(plan: TablePlan, files: dict[str, Path], expected: Estimate) -> dict[str, Any]:
    from microphysics.tables.build import statement

    return {
        "files": files,
        "shape": dict(
            zip(("species", "electron_fraction", "temperature", "density", "energy"), plan.shape, strict=True)
        ),
        "species": plan.species,
        "processes": plan.in_opacities,
        "processes_in_kernels": plan.in_kernels,
        "counted_once": statement(plan),
        "estimate": vars(expected),
    }


def _size(size: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000.0:
            return f"{size:.3g} {unit}"
        size /= 1000.0
    return f"{size:.3g} TB"


def _bytes(path: Path) -> int:
    if path.is_dir():
        return sum(file.stat().st_size for file in path.iterdir())
    return path.stat().st_size


def _duration(seconds: float) -> str:
    if seconds < 100.0:
        return f"{seconds:.2g} s"
    return f"{seconds / 60.0:.2g} min" if seconds < 6000.0 else f"{seconds / 3600.0:.2g} h"
