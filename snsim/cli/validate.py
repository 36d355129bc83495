"""`snsim validate`: every mistake of a run file and its profile, a study or a table's file, without computing anything."""

from __future__ import annotations

import tomllib
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from snsim.cli.console import Debug, Json, Settings, announce_compilation, say_json, say_rows, say_warning

if TYPE_CHECKING:
    from snsim.config.schema import Config
    from snsim.config.table import TableConfig
    from snsim.study.plan import Plan
    from snsim.transport.background import Background

_Path = Annotated[
    Path,
    typer.Argument(
        metavar="DIR|FILE",
        help="A run file, a study's or a table's file, or a directory that holds study.toml, run.toml or table.toml.",
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
    """Check a run file and the profile it names, every point of a study, or the file of an opacity table."""
    from snsim.config.load import config_hash, load_config
    from snsim.config.meanings import comment
    from snsim.config.unused import unused_keys
    from snsim.config.write import resolve_toml

    if _is_of_study(path):
        _validate_study(path, bool(set_), show, json)
        return
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
    with _noted() as doubts:
        _read_files(config)
        profile = _describe_profile(config)
    unused = unused_keys(config, set_ or ())
    for sentence in unused:
        say_warning(sentence)
    if show:
        typer.echo(resolve_toml(config, comment), nl=False)
    elif json:
        found = {"valid": True, "config_hash": config_hash(config), "profile": profile}
        say_json(found | {"without_effect": unused, "doubts": doubts})
    else:
        typer.echo(f"{path}: {_verdict([*doubts, *unused])}")
        say_rows([("profile", profile), ("configuration", config_hash(config))])


@contextmanager
def _noted() -> Iterator[list[str]]:
    """Collect the warnings that are shown inside the block, each once."""
    noted: list[str] = []
    show = warnings.showwarning

    def note(message: Warning | str, *rest: Any) -> None:
        """Keep a warning, and show it as before."""
        if str(message) not in noted:
            noted.append(str(message))
        show(message, *rest)

    warnings.showwarning = note  # type: ignore[assignment]
    try:
        yield noted
    finally:
        warnings.showwarning = show


def _verdict(doubts: Sequence[str]) -> str:
    """Say that there are no mistakes, and of how many things a warning has been written."""
    if not doubts:
        return "no mistakes found"
    return f"no mistakes found, {len(doubts)} doubt{'s' * (len(doubts) > 1)}: see above"


def _is_of_study(path: Path) -> bool:
    """Whether a file, or a directory, is a study; of one with a run file too, which then is its base."""
    from snsim.config.load import STUDY_FILE

    if path.is_dir():
        return (path / STUDY_FILE).is_file()
    try:
        return path.name == STUDY_FILE or "base" in tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # whoever reads it next says what is wrong
        return False


def _validate_study(path: Path, changed: bool, show: bool, json: bool) -> None:
    """Check keys and values of every point of a study, and build the star of the first."""
    from snsim.errors import ConfigError
    from snsim.study.plan import make_plan, read_study

    if changed or show:
        raise ConfigError(
            f"{'--set' if changed else '--show'} with {path}: is for run files; name the one that is the study's base."
        )
    plan = make_plan(read_study(path))
    first = plan.study.base.configure(plan.points[0].values)
    with _noted() as doubts:
        _read_files(first)
        profile = _profile_of_first(plan, first)
    for remark in plan.remarks:
        say_warning(remark)
    axes = dict(_describe_axes(plan))
    if json:
        sizes = {axis.name: len(axis) for axis in plan.study.axes}
        found = {
            "points": len(plan.points),
            "axes": sizes,
            "profile_of_first": profile,
            "remarks": plan.remarks,
            "doubts": doubts,
        }
        say_json({"valid": True, "study": found})
        return
    typer.echo(f"{path}: {_verdict([*doubts, *plan.remarks])}")
    say_rows([("points", str(len(plan.points))), *axes.items(), ("profile of the first", profile)])


def _profile_of_first(plan: Plan, config: Config) -> str:
    """Build the star of the first point; one that cannot be is a doubt, as it says nothing of the other points."""
    from microphysics.errors import MicrophysicsError, PhysicsWarning
    from snsim.errors import ConvergenceError, NoStarError
    from snsim.study.plan import label

    try:
        return _describe_profile(config)
    except (NoStarError, ConvergenceError, MicrophysicsError) as error:
        others = (
            "; the stars of the other points are not built here and may be fine: a sweep records which fail"
            if len(plan.points) > 1
            else ""
        )
        words = (
            f"the star of the first point ({label(plan.points[0].values)}) cannot be built: {error}{others}"
        )
        warnings.warn(words, PhysicsWarning, stacklevel=2)
        return "cannot be built"


def _describe_axes(plan: Plan) -> Iterator[tuple[str, str]]:
    """Return every key that moves, with how many values from which to which; those of points are in no order."""
    from snsim.config.write import write_value
    from snsim.study.axes import POINT
    from snsim.study.collect import coordinates

    for axis in plan.study.axes:
        measured = coordinates(axis) if axis.name == POINT else {}
        for key, column in axis.columns.items():
            if key in measured and measured[key].values.dtype.kind in "fi":
                values, unit = measured[key].values, measured[key].unit.removesuffix("1")
                yield key, f"{len(column)} values, {values.min():.4g} to {values.max():.4g} {unit}".rstrip()
                continue
            first, last = (
                each if isinstance(each, str) else write_value(each) for each in (column[0], column[-1])
            )
            together = "" if key == axis.name else f", along {axis.name}"
            yield key, f"{len(column)} value{'s' * (len(column) > 1)}, first {first}, last {last}{together}"


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
    from snsim.run_words import warn_of_shock

    eos = equation_of_state(config.microphysics)
    profile = load_profile(config.profile, eos=eos)
    from snsim.transport.grid import build_background

    # the grid and the equation of state have their own limits: find them now rather than at the run
    grid = config.grid
    background = build_background(
        profile, grid.zones, grid.r_inner, grid.r_outer, eos, grid.edge_at_shock is not False
    )
    warn_of_shock(background)
    if config.transport.scheme != "none":
        _warn_of_cut(config, background, float(profile.radius[-1]))
    shock = "no shock" if profile.velocity is not None else "no velocity, so that no shock can be found"
    if profile.shock_radius is not None:
        shock = f"shock at {profile.shock_radius / 1e5:.4g} km"
    inner, outer = profile.radius[0] / 1e5, profile.radius[-1] / 1e5
    return f"{profile.radius.size} points, {inner:.4g} to {outer:.6g} km, {shock}; {profile.source}"


def _warn_of_cut(config: Config, background: Background, profile_end: float) -> None:
    """Say what the run would say of a star that ends inside its neutrinosphere, from the opacities of two zones."""
    import numpy as np

    from microphysics.errors import PhysicsWarning
    from microphysics.opacity import OpacitySet
    from snsim.config.microphysics import process_names, settings_of
    from snsim.transport.outer_edge import beyond_edge, estimate, words_of_cut

    chosen, species = config.opacity, config.transport.species
    settings = settings_of(config.microphysics, chosen.on_out_of_range, config.transport.exchange_strength)
    opacities = OpacitySet.from_names(process_names(config.microphysics), settings)
    energy = np.geomspace(chosen.energy_min, chosen.energy_max, chosen.energies)
    depth = estimate(background, opacities, energy, species)
    if words := words_of_cut(depth, species, beyond_edge(background, profile_end)):
        warnings.warn(words, PhysicsWarning, stacklevel=2)
