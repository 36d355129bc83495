"""`snsim ejecta`: the electron fraction along trajectories of ejecta."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import replace
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
    say_warning,
)
from snsim.cli.eos_options import Force
from snsim.cli.inputs import Number, Text, naming, say_files, with_number, with_value

if TYPE_CHECKING:
    from snsim.config.quantities import Dimension
    from snsim.ejecta.histories import History
    from snsim.ejecta.physics import EjectaPhysics
    from snsim.ejecta.trajectory import Trajectory
    from snsim.result import Result

EPILOG = (
    "Columns: winnet time temp dens rad ye and, with neutrinos, lnue lanue tnue tanue, in s, GK, g/cm3, km, 1, erg/s, MeV; "
    "tnue and tanue are temperatures (enue and eanue, with --columns, mean energies); skynet time temp dens ye and, if there "
    "is a fifth, rad, in the same units; csv a line of names with units, such as t_s,T_GK,rho_g_cc,r_km,ye or rho [g/cm3]. "
    "Examples: snsim ejecta tracer.dat --bare | snsim ejecta tracers/*.csv --output ejecta --write-winnet networks --check | "
    "snsim ejecta wind.csv --luminosity-from runs/quickstart | snsim ejecta wind.dat --luminosity-at neutrinosphere "
    '--mass "2.6 Msun" --neutrinospheres "15 km, 13 km"'
)
MOST_SHOWN = 20  # trajectories in the table
MOST_NAMED = 3  # in a warning


def ejecta(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE [FILE ...]", help="Trajectories, one a file.", show_default=False),
    ],
    format: Annotated[str, with_value("winnet, skynet or csv.  [csv for *.csv, else winnet]", "NAME")] = "",
    columns: Annotated[
        Text, with_value('Of a text, such as "time temp dens rad ye lnue lanue enue eanue".', "WORDS")
    ] = None,
    luminosity_from: Annotated[
        Path | None, with_value("Neutrinos of a run, in place of the files'.", "RESULT")
    ] = None,
    luminosity_at: Annotated[
        Text, with_value("Where the files' hold: tracer, neutrinosphere or infinity.  [tracer]", "PLACE")
    ] = None,
    mass: Annotated[Text, with_value('Of the metric, such as "1.4 Msun".  [flat space]')] = None,
    neutrinospheres: Annotated[
        Text, with_value('Radii of nue and anue, such as "30 km, 28 km".', "VALUES")
    ] = None,
    time_frame: Annotated[str, with_value("Clock of the files: proper or coordinate.", "NAME")] = "proper",
    geometry: Annotated[str, with_value("isotropic, sphere or disk.", "NAME")] = "isotropic",
    disk: Annotated[Text, with_value('Inner and outer radius, such as "30 km, 100 km".', "VALUES")] = None,
    polar_angle: Annotated[Text, with_value('Of the parcels, such as "30 deg".  [0 deg: the axis]')] = None,
    pinching: Annotated[Number, with_number("Pinched spectra.  [Fermi-Dirac, eta = 0]")] = None,
    no_weak_magnetism: Annotated[
        bool, typer.Option("--no-weak-magnetism", help="Leave weak magnetism and recoil out.")
    ] = False,
    no_captures: Annotated[bool, typer.Option("--no-captures", help="Leave e- and e+ capture out.")] = False,
    no_alphas: Annotated[bool, typer.Option("--no-alphas", help="Leave alpha particles out.")] = False,
    alpha_freeze: Annotated[
        Text, with_value('Below it alphas stay what they are, such as "4 GK".  [never]')
    ] = None,
    bare: Annotated[
        bool, typer.Option("--bare", help="Also without weak magnetism, capture and alphas, to compare.")
    ] = False,
    output: Annotated[Path | None, with_value("Write result.h5 and ejecta.png there.", "DIR")] = None,
    write_winnet: Annotated[
        Path | None, with_value("Write trajectories with the new Y_e for WinNet.", "DIR")
    ] = None,
    write_csv: Annotated[Path | None, with_value("The same with named columns.", "DIR")] = None,
    check: Annotated[bool, typer.Option("--check", help="Read written trajectories back: 1e-10.")] = False,
    force: Force = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Follow the electron fraction of ejecta: absorption and capture, weak magnetism, alphas, redshift."""
    from snsim.ejecta.histories import evolve_all
    from snsim.ejecta.physics import BARE
    from snsim.ejecta.readers import read_trajectory

    options = {
        "weak_magnetism": not no_weak_magnetism,
        "captures": not no_captures,
        "alphas": not no_alphas,
        "time_frame": time_frame,
        "geometry": geometry,
        **_given(luminosity_at, mass, neutrinospheres, disk, polar_angle, pinching, alpha_freeze),
    }
    target = _claim(output, write_winnet, write_csv, check, force)
    paths = _apart([read_trajectory(file, format, columns=columns) for file in files])
    if luminosity_from is not None:
        paths, options = _in_the_light_of(luminosity_from, paths, options)
    physics = _physics(options)
    if dark := [path.where for path in paths if not path.shines]:
        say_warning(_nothing_irradiates(dark))
    announce_compilation("electron_fraction")
    histories = evolve_all(paths, physics)
    simple = evolve_all(paths, physics.changed(**BARE)) if bare else []
    result = _result(histories, physics, [*files, *([luminosity_from] if luminosity_from else [])])
    written, largest = _write_trajectories(histories, physics, write_winnet, write_csv, check)
    if target is not None:
        written = [*_write_result(result, target), *written]
    if json:
        say_json(_as_json(result, histories, simple, written, largest))
        return
    _say(result, histories, simple)
    say_files(*written)
    if check:
        typer.echo(f"  read back to {largest:.1e}")


def _nothing_irradiates(names: Sequence[str]) -> str:
    """Say of which trajectories no neutrinos are known."""
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return (
        f"nothing irradiates {', '.join(names[:MOST_NAMED])}{more}: no luminosities in the file, and none given with "
        "--luminosity-from; only captures of electrons and positrons change Y_e"
    )


def _given(
    luminosity_at: str | None,
    mass: str | None,
    neutrinospheres: str | None,
    disk: str | None,
    polar_angle: str | None,
    pinching: float | None,
    alpha_freeze: str | None,
) -> dict[str, Any]:
    """Return what was asked for beyond the defaults."""
    from snsim.config import quantities

    everything = (0.0, math.inf)
    length = quantities.length(*everything, example="30 km")
    texts: list[tuple[str, str | None, str, Dimension, int]] = [
        ("mass", mass, "--mass", quantities.mass(*everything), 1),
        ("neutrinospheres", neutrinospheres, "--neutrinospheres", length, 2),
        ("disk", disk, "--disk", length, 2),
        ("polar_angle", polar_angle, "--polar-angle", quantities.angle(*everything), 1),
        ("alpha_freeze_temperature", alpha_freeze, "--alpha-freeze", quantities.temperature(*everything), 1),
    ]
    found: dict[str, Any] = {}
    for name, text, option, dimension, count in texts:
        if text is not None:
            values = _values(text, option, dimension, count)
            found[name] = values[0] if count == 1 else values
    if luminosity_at is not None:
        found["luminosity_at"] = luminosity_at
    if pinching is not None:
        found |= {"spectrum": "pinched", "pinching": (pinching, pinching)}
    return found


def _values(text: str, option: str, dimension: Dimension, count: int) -> tuple[float, ...]:
    """Return so many values with units, commas between them."""
    from snsim.errors import ConfigError

    parts = text.split(",")
    if len(parts) != count:
        raise ConfigError(f'{option} = "{text}": expected {count} value(s), got {len(parts)}')
    with naming(option, text):
        return tuple(dimension.read(part) for part in parts)


def _claim(
    output: Path | None, winnet: Path | None, csv: Path | None, check: bool, force: bool
) -> Path | None:
    """Make sure of the folders, before anything is computed; return the result file."""
    from snsim.errors import ConfigError, ResultFileError
    from snsim.output.reader import RESULT_FILE
    from snsim.output.writer import check_writable

    if check and winnet is None and csv is None:
        raise ConfigError("--check: reads written trajectories back; needs --write-winnet or --write-csv")
    for folder in (winnet, csv):
        if folder is not None:
            check_writable(folder)
    if output is None:
        return None
    target = check_writable(output) / RESULT_FILE
    if target.exists() and not force:
        raise ResultFileError(f"{target}: is there already; --force replaces it.")
    return target


def _apart(paths: Sequence[Trajectory]) -> list[Trajectory]:
    """Give trajectories of one name a number each: files are called after them."""
    names = [path.name for path in paths]
    seen: dict[str, int] = {}
    found = []
    for path in paths:
        seen[path.name] = seen.get(path.name, 0) + 1
        many = names.count(path.name) > 1
        found.append(path.changed(name=f"{path.name}-{seen[path.name]}") if many else path)
    return found


def _in_the_light_of(
    file: Path, paths: Sequence[Trajectory], options: dict[str, Any]
) -> tuple[list[Trajectory], dict[str, Any]]:
    """Take luminosities, spectra and mass from a stored run."""
    from snsim.ejecta.emission import emission_of, with_emission
    from snsim.errors import ConfigError
    from snsim.output.reader import read_result

    for name in ("luminosity_at", "mass", "pinching"):
        if name in options:
            raise ConfigError(
                f"--{name.replace('_', '-')}: leave it out with --luminosity-from, which knows it"
            )
    emission = emission_of(read_result(file))
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        shone = [with_emission(path, emission) for path in paths]
    for each in said[:MOST_NAMED]:
        say_warning(str(each.message))
    if len(said) > MOST_NAMED:
        say_warning(
            f"and {len(said) - MOST_NAMED} more trajectories with rows inside the star's neutrinospheres"
        )
    return shone, options | emission.options


def _physics(options: dict[str, Any]) -> EjectaPhysics:
    """Return the options; what is wrong with them is a matter of usage."""
    from microphysics.errors import OutOfRangeError, UnknownNameError
    from snsim.ejecta.physics import EjectaPhysics
    from snsim.errors import ConfigError

    try:
        return EjectaPhysics(**options)
    except (OutOfRangeError, UnknownNameError) as error:
        raise ConfigError(str(error)) from None


def _result(histories: Sequence[History], physics: EjectaPhysics, inputs: Sequence[Path]) -> Result:
    """Return the result with its provenance."""
    import hashlib

    from snsim.ejecta.records import to_result
    from snsim.output.provenance import citations_of, collect
    from snsim.output.reader import result_path

    result = to_result(histories, physics)
    digests = [(str(path), hashlib.sha256(result_path(path).read_bytes()).hexdigest()) for path in inputs]
    key = hashlib.sha256(result.config_toml.encode()).hexdigest()[:12]
    origin = collect(key, title="ejecta", citations=citations_of(result), inputs=digests)
    return replace(result, provenance=origin)


def _write_trajectories(
    histories: Sequence[History], physics: EjectaPhysics, winnet: Path | None, csv: Path | None, check: bool
) -> tuple[list[Path], float]:
    """Write trajectories as the parcels see them, with their new Y_e.

    Returns files, and the largest difference after reading back.
    """
    from snsim.ejecta import writers
    from snsim.ejecta.irradiation import at_parcel

    written, largest = [], 0.0
    for folder, suffix, write in ((winnet, "dat", writers.write_winnet), (csv, "csv", writers.write_csv)):
        for history in histories if folder is not None else ():
            assert folder is not None
            file = folder / f"{history.trajectory.name}.{suffix}"
            off = write(at_parcel(history.trajectory, physics), file, history.electron_fraction, check=check)
            largest = max(largest, off if check else 0.0)
            written.append(file)
    return written, largest


def _write_result(result: Result, target: Path) -> list[Path]:
    from snsim.output.writer import write_result
    from snsim.plots import figures

    return [write_result(result, target), *figures.save_all(result, target.parent)]


def _say(result: Result, histories: Sequence[History], simple: Sequence[History]) -> None:
    """Write a line for each trajectory, then what holds for all."""
    from snsim.ejecta.histories import MARKS, R_PROCESS_RANGE

    columns = ["trajectory", "first", *(f"{mark:g} GK" for mark in MARKS), "final"]
    columns += ["bare", "in the file", "entropy at 5 GK", "freeze-out", "r-process"]
    rows = []
    for k, history in enumerate(histories[:MOST_SHOWN]):
        given = history.trajectory.electron_fraction
        rows.append(
            [
                history.trajectory.name,
                f"{history.trajectory.initial_electron_fraction:.4f}",
                *(_short(value, ".4f") for value in history.at_marks),
                f"{history.final:.4f}",
                f"{simple[k].final:.4f}" if simple else "",
                "" if given is None else f"{given[-1]:.4f}",
                _short(history.entropy_at_marks[1], ".3g"),
                _short(history.freeze_out_radius / 1e5, ".4g km"),
                "yes" if history.r_process else "no",
            ]
        )
    empty = {k for k in range(len(columns)) if all(not row[k] for row in rows)}
    kept = [k for k in range(len(columns)) if k not in empty]
    say_table("electron fraction", [columns[k] for k in kept], [[row[k] for k in kept] for row in rows])
    if len(histories) > MOST_SHOWN:
        typer.echo(f"  and {len(histories) - MOST_SHOWN} more")
    say_rows(result.summary())
    if any(R_PROCESS_RANGE[0] <= history.deciding <= R_PROCESS_RANGE[1] for history in histories):
        low, high = R_PROCESS_RANGE
        typer.echo(f"  between {low:.2f} and {high:.2f} entropy and expansion decide on the r-process")


def _short(value: float, form: str) -> str:
    """Return a number, or nothing for NaN; a form may end with a unit."""
    number, _, unit = form.partition(" ")
    return "" if math.isnan(value) else f"{value:{number}} {unit}".strip()


def _as_json(
    result: Result,
    histories: Sequence[History],
    simple: Sequence[History],
    written: Sequence[Path],
    largest: float,
) -> dict[str, Any]:
    from snsim.ejecta.histories import MARKS

    rows = []
    for k, history in enumerate(histories):
        row: dict[str, Any] = {
            "name": history.trajectory.name,
            "initial": history.trajectory.initial_electron_fraction,
            "final": history.final,
            **{f"at_{mark:g}_gk": float(value) for mark, value in zip(MARKS, history.at_marks, strict=True)},
            "entropy_at_5_gk": float(history.entropy_at_marks[MARKS.index(5.0)]),
            "freeze_out_radius_cm": history.freeze_out_radius,
            "r_process": history.r_process,
        }
        rows.append(row | ({"final_bare": simple[k].final} if simple else {}))
    scalars = {
        name: float(variable.values)
        for name, variable in result["ejecta"].items()
        if not variable.dims and variable.values.dtype.kind in "fi"
    }
    return {"trajectories": rows, **scalars, "files": list(written), "largest_difference": largest}
