"""`snsim eos`: one state of matter, and commands for tables, figures and neutron stars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from snsim.cli.console import Debug, Json, announce_compilation, guarded, say_json, say_rows, say_table
from snsim.cli.eos_options import (
    Alphas,
    Density,
    Incompressibility,
    TableFile,
    Temperature,
    describe,
    equation_of_state,
    inside,
    value,
)
from snsim.cli.eos_plot import plot
from snsim.cli.eos_table import table as make_table
from snsim.cli.eos_tov import tov

if TYPE_CHECKING:
    from microphysics.eos.state import EosState, EquationOfState

eos_app = typer.Typer(
    name="eos",
    help="Nuclear equation of state: one state of matter, tables, figures, neutron stars.",
    epilog='Example: snsim eos --density "1e12 g/cm3" --temperature "2 MeV" --electron-fraction 0.35',
    invoke_without_command=True,
    no_args_is_help=True,
    rich_markup_mode=None,
)

PHASES = (
    "uniform matter",
    "nuclei among nucleons and alphas",
    "bubbles of nucleons in nuclear matter",
    "nuclear matter and uniform matter side by side",
    "traces of nuclei among nucleons and alphas",
)
_NSE_NOTE = "below 0.5 MeV the nuclear reactions in a star are too slow for this equilibrium"
_PARTS = (("pressure", "erg/cm3"), ("energy", "MeV/baryon"), ("entropy", "kB/baryon"))


@eos_app.callback()
@guarded
def state(
    context: typer.Context,
    density: Density = None,
    temperature: Temperature = None,
    entropy: Annotated[
        str | None,
        typer.Option(metavar="VALUE", help='Instead of a temperature, such as "1.2 kB" per baryon.'),
    ] = None,
    energy: Annotated[
        str | None,
        typer.Option(
            metavar="VALUE", help='Likewise, such as "8 MeV" per baryon, from free neutrons at rest.'
        ),
    ] = None,
    electron_fraction: Annotated[float | None, typer.Option(metavar="NUMBER", help="Such as 0.35.")] = None,
    beta_equilibrium: Annotated[
        bool, typer.Option("--beta-equilibrium", help="Find the electron fraction at which mu_nue = 0.")
    ] = False,
    incompressibility: Incompressibility = None,
    alpha_binding: Alphas = None,
    table: TableFile = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Show one state of matter, or run one of the commands below."""
    given = {
        "density": density,
        "temperature": temperature,
        "entropy": entropy,
        "energy": energy,
        "electron-fraction": electron_fraction,
        "beta-equilibrium": beta_equilibrium or None,
    }
    if context.invoked_subcommand is not None:
        mine = given | {
            "incompressibility": incompressibility,
            "alpha-binding": alpha_binding,
            "table": table,
        }
        _refuse_before_command(
            context.invoked_subcommand, mine | {"json": json or None, "debug": debug or None}
        )
        return
    _require_one_of(given, "density")
    _require_one_of(given, "temperature", "entropy", "energy")
    _require_one_of(given, "electron-fraction", "beta-equilibrium")
    eos = equation_of_state(incompressibility, alpha_binding, table)
    announce_compilation()
    found = _evaluate(eos, given)
    if json:
        say_json(_as_json(eos, found))
    else:
        _write(eos, found, f"{eos.name} ({table})" if table else eos.name)


eos_app.command("table")(guarded(make_table))
eos_app.command("plot")(guarded(plot))
eos_app.command("tov")(guarded(tov))


def _refuse_before_command(command: str, given: dict[str, Any]) -> None:
    from snsim.errors import ConfigError

    for option, what in given.items():
        if what is not None:
            raise ConfigError(f"--{option}: write it after '{command}', if that command has it")


def _require_one_of(given: dict[str, Any], *options: str) -> None:
    from snsim.errors import ConfigError

    present = [f"--{option}" for option in options if given[option] is not None]
    if len(present) != 1:
        *first, last = (f"--{option}" for option in options)
        names = f"{', '.join(first)} or {last}" if first else last
        what = f"{' and '.join(present)} together" if present else "none"
        raise ConfigError(f"{names}: expected{' one of them' if first else ''}, got {what}")


def _evaluate(eos: EquationOfState, given: dict[str, Any]) -> EosState:
    """Find what was not given, and the state."""
    from microphysics.eos import invert
    from microphysics.errors import OutOfRangeError
    from snsim.errors import ConfigError

    rho = inside(eos, "density", value("density", given["density"]), " g/cm3")
    ye: Any = given["electron-fraction"]
    t: Any
    if ye is not None:
        inside(eos, "electron-fraction", ye, "")
    if given["temperature"] is not None:
        t = inside(eos, "temperature", value("temperature", given["temperature"]), " MeV")
        if ye is None:
            ye = invert.beta_equilibrium(eos, rho, t)
        return eos(rho, t, ye)
    if ye is None:
        raise ConfigError("--beta-equilibrium: needs --temperature")
    name = "entropy" if given["entropy"] is not None else "energy"
    find = {"entropy": invert.temperature_from_entropy, "energy": invert.temperature_from_energy}[name]
    wanted = value(name, given[name])
    try:
        t = find(eos, rho, wanted, ye)
    except OutOfRangeError as error:
        raise OutOfRangeError(f"--{name}: {str(error).replace(' in zone 0', '')}") from error
    return eos(rho, t, ye)


def _as_json(eos: EquationOfState, found: EosState) -> dict[str, Any]:
    import numpy as np

    from microphysics.api import PHASES as NAMES
    from microphysics.api import STATE_UNITS

    with np.errstate(invalid="ignore"):  # no sound where matter is unstable
        values = {name: float(getattr(found, name)) for name in STATE_UNITS}
    return {
        "equation_of_state": describe(eos),
        "phase": NAMES[int(found.phase)],
        "nse_valid": bool(found.nse_valid),
        **{name: {"value": number, "unit": STATE_UNITS[name]} for name, number in values.items()},
    }


def _write(eos: EquationOfState, found: EosState, title: str) -> None:
    import numpy as np

    from microphysics.constants import CODATA

    with np.errstate(invalid="ignore"):
        sound = float(found.sound_speed) / CODATA.speed_of_light
    typer.secho(title, bold=True)
    kelvin = float(found.temperature) / CODATA.boltzmann
    per_fm3 = float(found.baryon_density) * 1e-39
    say_rows(
        [
            ("density", f"{found.density:.6g} g/cm3 ({per_fm3:.4g} baryons/fm3)"),
            ("temperature", f"{found.temperature:.6g} MeV ({kelvin:.4g} K)"),
            ("electron fraction", f"{found.electron_fraction:.6g}"),
            ("phase", PHASES[int(found.phase)]),
        ]
    )
    _section("composition", _composition(found))
    _section(
        "chemical potentials (nucleons from the neutron's mass, electrons with their own)", _potentials(found)
    )
    typer.echo()
    say_table(
        "thermodynamics",
        ("", "total", "baryons", "e- e+", "photons", ""),
        [_parts(found, name, unit) for name, unit in _PARTS],
    )
    say_rows(
        [
            ("Gamma_1", f"{found.adiabatic_index:.5g}"),
            ("speed of sound", "none: unstable matter" if np.isnan(sound) else f"{sound:.5g} c"),
            ("heat capacity", f"{found.heat_capacity:.5g} kB/baryon"),
            ("dP/dT", f"{found.pressure_temperature_derivative:.5g} erg/cm3/MeV"),
            ("energy counts from", "free neutrons at rest"),
        ]
    )
    notes: list[str] = [*getattr(eos, "notes", ()), *(() if found.nse_valid else (_NSE_NOTE,))]
    for note in notes:
        typer.echo(f"note: {note}")


def _section(title: str, rows: list[tuple[str, str]]) -> None:
    typer.echo()
    typer.secho(title, bold=True)
    say_rows(rows)


def _composition(found: EosState) -> list[tuple[str, str]]:
    rows = [
        (f"X {name}", f"{getattr(found, f'mass_fraction_{name}'):.5g}")
        for name in ("neutron", "proton", "alpha", "heavy")
    ]
    if found.mass_fraction_heavy > 0.0:
        size = f", r = {found.radius_heavy:.4g} fm" if found.radius_heavy > 0.0 else ""
        rows.append(
            ("nucleus", f"A = {found.mass_number_heavy:.5g}, Z = {found.charge_number_heavy:.5g}{size}")
        )
    return rows


def _potentials(found: EosState) -> list[tuple[str, str]]:
    names = {
        "mu_n": found.chemical_potential_neutron,
        "mu_p": found.chemical_potential_proton,
        "mu_n - mu_p": found.chemical_potential_difference,
        "mu_e": found.chemical_potential_electron,
        "mu_nue": found.chemical_potential_neutrino,
        "U_n": found.mean_field_neutron,
        "U_p": found.mean_field_proton,
    }
    return [(name, f"{number:.5g} MeV") for name, number in names.items()]


def _parts(found: EosState, name: str, unit: str) -> tuple[str, ...]:
    parts = (name, f"{name}_baryon", f"{name}_lepton", f"{name}_photon")
    return (name, *(f"{getattr(found, part):.5g}" for part in parts), unit)
