"""`snsim table check | info | error`: tables that are there, of this program or of others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from snsim.cli.console import (
    Debug,
    Json,
    announce_compilation,
    say_json,
    say_rows,
    say_table,
)

if TYPE_CHECKING:
    from microphysics.tables.table import OpacityTable
    from snsim.config.table import TableConfig

_File = Annotated[Path, typer.Argument(metavar="FILE", help="A table: NuLib's layout or this program's.")]
_NULIB = "number_groups"  # a dataset that all tables in NuLib's layout have


@contextmanager
def _file_trouble() -> Iterator[None]:
    """Give errors about tables the exit code of files."""
    from microphysics.errors import OpacityTableError
    from snsim.errors import ResultFileError

    try:
        yield
    except OpacityTableError as error:
        raise ResultFileError(str(error)) from error


def info(file: _File, json: Json = False, debug: Debug = False) -> None:
    """Describe a table on one screen."""
    with _file_trouble(), _opened(file) as (layout, table):
        facts = {
            "layout": layout,
            "size": file.stat().st_size,
            "species": list(table.species),
            "density": _axis(table.density),
            "temperature": _axis(table.temperature),
            "electron_fraction": _axis(table.electron_fraction),
            "energy_groups": table.energy.size,
            "energy_edges": [float(table.energy_edges[0]), float(table.energy_edges[-1])],
            "arrays": list(table.roles),
            "kernels": list(table.kernels.roles) if table.kernels else [],
            "attributes": dict(table.attributes),
        }
        if table.kernels:
            facts["kernel_temperature"] = _axis(table.kernels.temperature)
            facts["kernel_degeneracy"] = _axis(table.kernels.degeneracy)
    if json:
        say_json(facts)
        return
    typer.secho(str(file), bold=True)
    say_rows(_in_words(facts))


def _in_words(facts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    attributes = facts["attributes"]
    yield "layout", f"{facts['layout']}, {facts['size'] / 1e6:.1f} MB"
    yield "species", ", ".join(facts["species"])
    for name, unit in (("density", " g/cm3"), ("temperature", " MeV"), ("electron_fraction", "")):
        low, high, points = facts[name]
        yield name.replace("_", " "), f"{low:.6g} to {high:.6g}{unit}, {points} points"
    low, high = facts["energy_edges"]
    yield "energy", f"{low:g} to {high:.6g} MeV, {facts['energy_groups']} groups"
    yield "arrays", ", ".join(facts["arrays"])
    if facts["kernels"]:
        (t_low, t_high, n_t), (eta_low, eta_high, n_eta) = (
            facts["kernel_temperature"],
            facts["kernel_degeneracy"],
        )
        yield "kernels", ", ".join(facts["kernels"])
        yield (
            "",
            f"{n_t} temperatures {t_low:g} to {t_high:g} MeV, {n_eta} mu_e/T {eta_low:g} to {eta_high:g}",
        )
    for name in (
        "table_title",
        "equation_of_state",
        "processes",
        "processes_in_kernels",
        "counted_once",
        "created",
    ):
        if name in attributes:
            value = attributes[name]
            yield name.replace("_", " "), value if isinstance(value, str) else ", ".join(map(str, value))
    for message in attributes.get("warnings", ()):
        yield "warning", str(message)
    for i, paper in enumerate(papers_of(attributes)):
        yield "" if i else "please cite", paper


def papers_of(attributes: Mapping[str, Any]) -> list[str]:
    """Return the papers that a table stands on, as far as it says."""
    papers = attributes.get("references", ())
    return [papers] if isinstance(papers, str) else [str(paper) for paper in papers]


def check(file: _File, json: Json = False, debug: Debug = False) -> None:
    """Verify a table in NuLib's layout, of this program or another: exit code 1 if something is wrong.

    Of snsim's own layout: only whether all values are finite, and none is negative that cannot be.
    """
    from microphysics.tables.check import check_nulib_file
    from snsim.cli.table_look import is_own, look_through, refuse_weaklib

    refuse_weaklib(file)
    own = is_own(file)
    with _file_trouble():
        found = look_through(file) if own else check_nulib_file(file)
    if json:
        layout = "snsim" if own else "NuLib"
        findings = [vars(each) for each in found.findings]
        say_json({"file": file, "layout": layout, "passed": found.ok, "findings": findings})
    else:
        if own:
            typer.echo(
                f"{file}: this is snsim's own layout, and the check is for NuLib's (build with "
                'layouts = ["nulib"]); here only NaN, infinities and negative values are looked for'
            )
        typer.secho(f"{file}: {'no mistakes found' if found.ok else 'mistakes found'}", bold=True)
        for each in found.findings:
            typer.echo(f"  {each}")
    if not found.ok:
        raise typer.Exit(1)


def error(
    file: _File,
    config: Annotated[
        Path | None, typer.Argument(metavar="[CONFIG]", help="What it was made of, if the file does not say.")
    ] = None,
    states: Annotated[int, typer.Option(min=10, max=10**6, help="Middles of cells, drawn at random.")] = 2000,
    seed: Annotated[int, typer.Option(min=0, help="Of the random numbers.")] = 0,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Compare what a code looks up in the middle of cells with the opacities themselves."""
    from microphysics.opacity import OpacitySet
    from microphysics.tables.accuracy import interpolation_error, midpoints
    from snsim.config.table import table_plan

    announce_compilation()
    with _file_trouble(), _opened(file) as (_, table):
        plan = table_plan(_configuration(file, table, config))
        opacities = OpacitySet.from_names(plan.in_opacities, plan.settings)
        found = interpolation_error(table, opacities, plan.eos(), *midpoints(table, states, seed))
    if json:
        say_json({"states": states, "seed": seed, "errors": [vars(each) for each in found]})
        return
    say_table(
        f"{file}: relative errors in the middle of {states} cells",
        ("species", "", "50 % below", "90 % below", "99 % below", "largest", "there"),
        [
            (
                each.species,
                each.role,
                *(f"{value:.2g}" for value in each.percentiles),
                f"{each.largest:.2g}",
                f"{each.density:.3g} g/cm3, {each.temperature:.3g} MeV, Y_e = {each.electron_fraction:.3g}, "
                f"{each.energy:.3g} MeV",
            )
            for each in found
        ],
    )


def _configuration(file: Path, table: OpacityTable, config: Path | None) -> TableConfig:
    """Return what a table was made of: as was said, or as the file says."""
    import tomllib

    from snsim.config.table import TableConfig, load_table_config
    from snsim.errors import ConfigError

    if config is not None:
        return load_table_config(config)
    text = table.attributes.get("configuration")
    if text is None:
        raise ConfigError(f"{file}: does not say what it was made of; name the configuration after the file")
    return TableConfig.model_validate(tomllib.loads(text))


@contextmanager
def _opened(file: Path) -> Iterator[tuple[str, OpacityTable]]:
    """Open a table of either layout."""
    from microphysics.tables.hdf5 import open_hdf5
    from microphysics.tables.native import open_table
    from microphysics.tables.nulib_reader import read_nulib
    from snsim.cli.table_look import refuse_weaklib

    refuse_weaklib(file)
    with open_hdf5(file) as opened:
        nulib = _NULIB in opened
    if nulib:
        yield "NuLib", read_nulib(file)
        return
    with open_table(file) as table:
        yield "snsim", table


def _axis(values: Any) -> list[Any]:
    return [float(values[0]), float(values[-1]), int(values.size)]
