"""`snsim validate`: every mistake of a run file and its profile, without computing anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from snsim.cli.console import Debug, Json, RunPath, Settings, announce_compilation, say_json, say_rows

if TYPE_CHECKING:
    from snsim.config.schema import Config


def validate(
    path: RunPath,
    set_: Settings = None,
    show: Annotated[
        bool, typer.Option("--show", help="Write the complete run file, every default in it.")
    ] = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Check a run file and the profile it names."""
    from snsim.config.load import config_hash, load_config
    from snsim.config.write import resolve_toml

    config = load_config(path, set_ or ())
    _read_files(config)
    profile = _describe_profile(config)
    if show:
        typer.echo(resolve_toml(config), nl=False)
    elif json:
        say_json({"valid": True, "config_hash": config_hash(config), "profile": profile})
    else:
        typer.echo(f"{path}: no mistakes found")
        say_rows([("profile", profile), ("configuration", config_hash(config))])


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
    """Build the profile; the analytic one has nothing that could go wrong."""
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
