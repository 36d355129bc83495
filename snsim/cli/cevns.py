"""`snsim cevns`: coherent elastic neutrino-nucleus cross sections of a laboratory target."""

from __future__ import annotations

from itertools import combinations_with_replacement
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from snsim.cli.completion import one_of
from snsim.cli.console import Debug, Json, Settings, say_json, say_rows, say_table
from snsim.cli.eos_options import Force
from snsim.cli.inputs import (
    CsvFile,
    Energies,
    PlotFile,
    Points,
    claim_all,
    read_energies,
    read_energy,
    say_files,
    write_csv,
    write_figure,
)

if TYPE_CHECKING:
    from microphysics.targets import Target

EPILOG = (
    'Examples: snsim cevns --target Ar40 --energy "30 MeV" | snsim cevns --target CsI --energy "5 to 50 MeV" --flavor numu '
    "--radiative --plot csi.png | snsim cevns --target Xe --set microphysics.new_physics.magnetic_moment.moment=1e-11 "
    '--recoil-min "1 keV"'
)
HEAVY_LEPTON = {"nux": "numu or nutau", "anux": "anumu or anutau"}
FAMILIES = ("e", "mu", "tau")
_PAIRS = tuple(combinations_with_replacement(enumerate(FAMILIES), 2))  # of a symmetric matrix
ENERGIES = (5.0, 10.0, 20.0, 30.0, 50.0)  # MeV
# columns: name in files, heading, factor on MeV and cm^2
COLUMNS = (
    ("energy_mev", "E [MeV]", 1.0),
    ("total_cm2", "total [cm2]", 1.0),
    ("transport_cm2", "transport [cm2]", 1.0),
    ("largest_recoil_kev", "largest recoil [keV]", 1e3),
    ("mean_recoil_kev", "mean recoil [keV]", 1e3),
)


def cevns(
    target: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="An isotope (Ar40), a natural element (Xe) or a compound (CsI)."),
    ] = None,
    energy: Energies = None,
    points: Points = 10,
    flavor: Annotated[
        str, typer.Option(metavar="NAME", help="nue, anue, numu, anumu, nutau or anutau.")
    ] = "nue",
    form_factor: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="See: snsim list form-factors.  [helm]",
            autocompletion=one_of("form-factors"),
        ),
    ] = None,
    radiative: Annotated[
        bool,
        typer.Option("--radiative", help="Couplings with radiative corrections, which know the flavour."),
    ] = False,
    axial: Annotated[
        bool, typer.Option("--axial", help="Add an estimate of the axial part of nuclei with spin.")
    ] = False,
    recoil_min: Annotated[
        str | None,
        typer.Option(metavar="VALUE", help='Count only larger recoils, such as "1 keV".'),
    ] = None,
    run: Annotated[
        Path | None,
        typer.Option(
            "--run", metavar="DIR|FILE", help="Take form factor, couplings, new physics of a run file."
        ),
    ] = None,
    set_: Settings = None,
    plot: PlotFile = None,
    csv: CsvFile = None,
    force: Force = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Show cross sections and recoils of coherent elastic neutrino-nucleus scattering."""
    from microphysics.errors import OutOfRangeError
    from microphysics.weak.couplings import family
    from snsim.errors import ConfigError

    if target is None:
        raise ConfigError("--target: expected, such as Ar40, Xe or CsI")
    if flavor in HEAVY_LEPTON:
        raise ConfigError(
            f'--flavor = "{flavor}": stands for several flavours, which differ here. Did you mean {HEAVY_LEPTON[flavor]}?'
        )
    family(flavor)
    claim_all(plot, csv, force)
    energies = read_energies("--energy", energy, points) if energy else list(ENERGIES)
    threshold = 0.0 if recoil_min is None else read_energy("--recoil-min", recoil_min, "1 keV")
    if threshold < 0.0:
        raise ConfigError(f'--recoil-min = "{recoil_min}": must not be negative')
    physics = physics_of(run, set_, form_factor, radiative)
    try:
        chosen = _target(target, physics, axial)
    except OutOfRangeError as error:
        if not str(error).startswith("target"):
            raise
        raise ConfigError(f"--{error}") from None
    try:
        found = _evaluate(chosen, energies, flavor, threshold)
    except OutOfRangeError as error:
        raise OutOfRangeError(str(error).replace("recoil_min:", "--recoil-min:")) from None
    if csv is not None:
        described = _describe(target, chosen, physics, flavor, threshold, axial)
        write_csv(csv, [f"{name}: {words}" for name, words in described], found)
    if plot is not None:
        _draw(target, chosen, physics, flavor, threshold, energies, axial, plot)
    described = _describe(target, chosen, physics, flavor, threshold, axial)
    if json:
        facts: dict[str, Any] = {name.replace(" ", "_"): words for name, words in described}
        facts["nuclei_per_gram"] = chosen.composition.atoms_per_gram
        say_json({**facts, **found, "recoil_min_kev": threshold * 1e3, "figure": plot, "csv": csv})
        return
    say_rows(described)
    typer.echo()
    rows = zip(*found.values(), strict=True)
    say_table("", [heading for _, heading, _ in COLUMNS], [[_number(value) for value in row] for row in rows])
    if len(chosen.scattering) > 1:
        typer.echo("cross sections are the mean per nucleus, the largest recoil that of the lightest one")
    say_files(plot, csv)


def physics_of(
    run: Path | None, overrides: list[str] | None, form_factor: str | None, radiative: bool
) -> dict[str, Any]:
    """Return form factor, couplings and new physics of a run file (or of none, with its defaults) and the options."""
    from microphysics.weak.couplings import WeakCouplings

    couplings, terms, name = WeakCouplings(), (), "helm"
    if run is not None or overrides:
        settings = _settings(run, overrides or [])
        couplings, terms, name = settings.couplings, settings.new_physics, settings.form_factor
    if radiative:
        couplings = couplings.changed(radiative=True)
    return {"form_factor": form_factor or name, "couplings": couplings, "new_physics": terms}


def _settings(run: Path | None, overrides: list[str]) -> Any:
    """Return the microphysics of a run file with changed keys."""
    from snsim.config.load import load_config
    from snsim.pipeline import microphysics_settings

    return microphysics_settings(load_config(run, overrides))


def _target(name: str, physics: dict[str, Any], axial: bool) -> Target:
    from microphysics.targets import Target

    return Target.of(name, **physics, axial=axial)


def _evaluate(target: Target, energies: list[float], flavor: str, threshold: float) -> dict[str, list[float]]:
    """Return the columns."""
    import numpy as np

    energy = np.array(energies)
    values = (
        energy,
        target.total(energy, flavor, threshold),
        target.transport(energy, flavor, threshold),
        target.largest_recoil(energy),
        target.mean_recoil(energy, flavor, threshold),
    )
    return {
        name: (factor * column).tolist() for (name, _, factor), column in zip(COLUMNS, values, strict=True)
    }


def _describe(
    name: str, target: Target, physics: dict[str, Any], flavor: str, threshold: float, axial: bool
) -> list[tuple[str, str]]:
    """Say what was computed."""
    composition, couplings = target.composition, physics["couplings"]
    shape = target.scattering[0].form_factor
    proton, neutron = couplings.vector_couplings(flavor)
    parts = ", ".join(
        f"{nucleus.name} {100.0 * share:.3g} %" for nucleus, share in composition if share > 5e-4
    )
    if len(composition) == 1:
        (nucleus,) = composition.nuclei
        parts = (
            f"A = {float(nucleus.mass_number):g}, Z = {float(nucleus.charge_number):g}, "
            f"M = {float(nucleus.mass):.7g} MeV, J = {nucleus.spin:g}"
        )
    terms = _terms(physics)
    rows = [
        ("target", f"{name}: {parts}"),
        ("nuclei per gram", f"{composition.atoms_per_gram:.5g}"),
        ("form factor", f"{physics['form_factor']} ({'; '.join(shape.references)})"),
        (
            "couplings",
            f"g_p = {proton:.5g}, g_n = {neutron:.5g} of {flavor}, "
            f"{'with radiative corrections' if couplings.radiative else 'tree level'}",
        ),
    ]
    if terms:
        rows.append(("new physics", terms))
    if axial:
        rows.append(
            ("axial part", "estimate from unpaired nucleons (Barranco, Miranda & Rashba 2005, JHEP 12, 021)")
        )
    if threshold > 0.0:
        rows.append(("recoils above", f"{threshold * 1e3:.4g} keV"))
    return rows


def _terms(physics: dict[str, Any]) -> str:
    """Write the terms of new physics with their parameters."""
    return "; ".join(_written(term) for term in physics["new_physics"])


def _written(term: Any) -> str:
    """Write one term as NAME(parameter = value, ...), what is zero or not set left out."""
    from dataclasses import fields, is_dataclass

    if not is_dataclass(term):
        return type(term).__name__
    units = {"mass": " MeV", "tau_mass": " MeV"}
    shown = {each.name: getattr(term, each.name) for each in fields(term) if each.repr}
    parts = [
        f"{name} = {_value(value)}{units.get(name, '')}"
        for name, value in shown.items()
        if value is not None and value is not False
    ]
    return f"{type(term).__name__}({', '.join(parts)})"


def _value(value: Any) -> str:
    from dataclasses import is_dataclass

    from microphysics.weak.mediators import CHARGES

    if is_dataclass(value):
        for name, charges in CHARGES.items():
            if value == charges:
                return name
        return f"{{{_written(value).partition('(')[2][:-1]}}}"
    if isinstance(value, tuple) and len(value) == len(FAMILIES) and isinstance(value[0], tuple):
        named = {f"{a}{b}": value[i][j] for (i, a), (j, b) in _PAIRS}
        return f"{{{', '.join(f'{key}: {_value(each)}' for key, each in named.items() if each != 0.0)}}}"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, (tuple, list)):
        return f"({', '.join(map(_value, value))})"
    return str(value)


def _draw(
    name: str,
    target: Target,
    physics: dict[str, Any],
    flavor: str,
    threshold: float,
    energies: list[float],
    axial: bool,
    path: Path,
) -> None:
    """Draw recoil spectra and cross sections; the standard model beside them where something else was asked for."""
    from snsim.plots.cevns import cevns as figure

    standard = None
    if physics["new_physics"]:
        standard = _target(name, physics | {"new_physics": ()}, axial)
    write_figure(
        figure(
            target,
            energies,
            flavor=flavor,
            recoil_min=threshold,
            standard=standard,
            words=name,
            note=_terms(physics),
        ),
        path,
    )


def _number(value: float) -> str:
    return "-" if value != value else f"{value:.6g}"
