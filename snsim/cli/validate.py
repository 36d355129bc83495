"""`snsim validate`: every mistake of a run file and its profile, or of a table's file, without computing anything."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from snsim.cli.console import Debug, Json, Settings, announce_compilation, say_json, say_rows, say_warning

if TYPE_CHECKING:
    from snsim.config.schema import Config
    from snsim.config.table import TableConfig

_Path = Annotated[
    Path,
    typer.Argument(
        metavar="DIR|FILE",
        help="A run file or a table's file, or a directory that holds run.toml or table.toml.",
    ),
]


def validate(
    path: _Path,
    set_: Settings = None,
    show: Annotated[
        bool,
        typer.Option(
            "--show",
            help="Write the complete run file: every section and key with its meaning, what is allowed and the default.",
        ),
    ] = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Check a run file and the profile it names, or the file of an opacity table."""
    from snsim.config.load import config_hash, load_config
    from snsim.config.meanings import comment
    from snsim.config.unused import unused_keys
    from snsim.config.write import resolve_toml

    if _is_of_table(path):
        from snsim.config.table import load_table_config

        table = load_table_config(path, set_ or ())
        states = _describe_table(table)
        if show:
            typer.echo(resolve_toml(table, comment), nl=False)
        elif json:
            say_json({"valid": True, "table": states})
        else:
            typer.echo(f"{path}: no mistakes found")
            say_rows([("table", states)])
        return
    config = load_config(path, set_ or ())
    _read_files(config)
    profile = _describe_profile(config)
    unused = unused_keys(config)
    for sentence in unused:
        say_warning(sentence)
    if show:
        typer.echo(resolve_toml(config, comment), nl=False)
    elif json:
        say_json(
            {"valid": True, "config_hash": config_hash(config), "profile": profile, "without_effect": unused}
        )
    else:
        typer.echo(f"{path}: no mistakes found")
        say_rows([("profile", profile), ("configuration", config_hash(config))])


def _is_of_table(path: Path) -> bool:
    """Whether a file, or a directory without a run file, is about an opacity table."""
    from snsim.config.load import RUN_FILE
    from snsim.config.table import TABLE_FILE

    if path.is_dir():
        return (path / TABLE_FILE).is_file() and not (path / RUN_FILE).exists()
    try:
        return path.name == TABLE_FILE or "table" in tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # whoever reads it next says what is wrong
        return False


def _describe_table(config: TableConfig) -> str:
    """Make all that a build needs before the first state: the grid must fit the equation of state."""
    from microphysics.opacity import OpacitySet
    from microphysics.tables.estimate import outline
    from microphysics.tables.grids import require_cover
    from snsim.config.table import table_plan

    plan = table_plan(config)
    outline(plan)
    OpacitySet.from_names(plan.processes, plan.settings)
    eos = plan.eos()
    if plan.outside_eos == "error":
        require_cover(eos, plan.density, plan.temperature, plan.electron_fraction)
    groups, species = plan.energy.size, ", ".join(plan.species)
    return f"{plan.points} states of {eos.name}, {groups} energy groups, {species}"


def _read_files(config: Config) -> None:
    """Read files that processes take, such as an S(q) of the user's own, now rather than at the run."""
    chosen = config.microphysics
    files = ("structure_factor_file", "capture_tables", "bremsstrahlung_table")
    given = [f"microphysics.{key}" for key in files if getattr(chosen, key)]
    if not given:
        return
    from microphysics.errors import MicrophysicsError
    from microphysics.opacity import OpacitySet
    from snsim.config.microphysics import process_names, settings_of
    from snsim.errors import ResultFileError

    try:
        OpacitySet.from_names(process_names(chosen), settings_of(chosen))
    except MicrophysicsError as error:
        raise ResultFileError(f"{', '.join(given)}: {error}") from None


def _describe_profile(config: Config) -> str:
    """Build the profile, or all of a sequence; the analytic one has nothing that could go wrong."""
    if config.sequence is not None:
        announce_compilation()
        from snsim.sequence import read_stars

        several = read_stars(config)
        first, last = several[0], several[-1]
        return f"{len(several)} stars, {first.time:g} to {last.time:g} s; {first.profile.source} to {last.profile.source}"
    if config.profile.format == "analytic":
        return f"analytic, shock at {config.profile.shock_radius / 1e5:.4g} km"
    announce_compilation()
    from snsim.config.eos import equation_of_state
    from snsim.profiles.readers import load_profile

    eos = equation_of_state(config.microphysics)
    profile = load_profile(config.profile, eos=eos)
    from snsim.transport.grid import build_background

    # the grid and the equation of state have their own limits: find them now rather than at the run
    build_background(profile, config.grid.zones, config.grid.r_inner, config.grid.r_outer, eos)
    shock = "no shock" if profile.shock_radius is None else f"shock at {profile.shock_radius / 1e5:.4g} km"
    inner, outer = profile.radius[0] / 1e5, profile.radius[-1] / 1e5
    return f"{profile.radius.size} points, {inner:.4g} to {outer:.6g} km, {shock}; {profile.source}"
