"""`snsim cevns`: coherent elastic neutrino-nucleus cross sections of a laboratory target."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations_with_replacement
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from snsim.cli.console import Debug, Json, Settings, say_json, say_rows, say_table
from snsim.cli.eos_options import Force
from snsim.cli.inputs import (
    CsvFile,
    Energies,
    PlotFile,
    Points,
    Text,
    claim_all,
    read_energies,
    read_energy,
    say_files,
    with_value,
    write_csv,
    write_figure,
)
from snsim.cli.physics_options import Axial, FormFactor, PhysicsOfRun, physics_of

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
_AXIAL_MATTERS = 1.1  # times the total without it
# columns: name in files, heading, factor on MeV and cm^2
COLUMNS = (
    ("energy_mev", "E [MeV]", 1.0),
    ("total_cm2", "total [cm2]", 1.0),
    ("transport_cm2", "transport [cm2]", 1.0),
    ("largest_recoil_kev", "largest recoil [keV]", 1e3),
    ("mean_recoil_kev", "mean recoil [keV]", 1e3),
)


@dataclass(frozen=True)
class _Asked:
    """What was asked for; energies in MeV.

    Attributes
    ----------
    threshold : float
        Smaller recoils do not count.
    """

    name: str
    target: Target
    physics: dict[str, Any]
    flavor: str
    energies: list[float]
    threshold: float
    axial: bool


def cevns(
    target: Annotated[
        Text, with_value("An isotope (Ar40), a natural element (Xe) or a compound (CsI).", "NAME")
    ] = None,
    energy: Energies = None,
    points: Points = 10,
    flavor: Annotated[str, with_value("nue, anue, numu, anumu, nutau or anutau.", "NAME")] = "nue",
    form_factor: FormFactor = None,
    radiative: Annotated[
        bool,
        typer.Option("--radiative", help="Couplings with radiative corrections, which know the flavour."),
    ] = False,
    axial: Axial = False,
    recoil_min: Annotated[Text, with_value('Count only larger recoils, such as "1 keV".')] = None,
    run: PhysicsOfRun = None,
    set_: Settings = None,
    plot: PlotFile = None,
    csv: CsvFile = None,
    force: Force = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Show cross sections and recoils of coherent elastic neutrino-nucleus scattering."""
    from snsim.errors import ConfigError

    if target is None:
        raise ConfigError("--target: expected, such as Ar40, Xe or CsI")
    _require_one_flavor(flavor)
    claim_all(plot, csv, force)
    energies = read_energies(energy, points, ENERGIES)
    threshold = _threshold(recoil_min)
    physics = physics_of(run, set_, form_factor, radiative)
    asked = _Asked(target, _target(target, physics, axial), physics, flavor, energies, threshold, axial)
    found = _evaluate(asked)
    described = _describe(asked)
    if csv is not None:
        write_csv(csv, [f"{name}: {words}" for name, words in described], found)
    if plot is not None:
        _draw(asked, plot)
    if json:
        facts: dict[str, Any] = {name.replace(" ", "_"): words for name, words in described}
        facts["nuclei_per_gram"] = asked.target.composition.atoms_per_gram
        say_json({**facts, **found, "recoil_min_kev": threshold * 1e3, "figure": plot, "csv": csv})
        return
    say_rows(described)
    typer.echo()
    rows = zip(*found.values(), strict=True)
    say_table("", [heading for _, heading, _ in COLUMNS], [[_number(value) for value in row] for row in rows])
    if len(asked.target.scattering) > 1:
        typer.echo("cross sections are the mean per nucleus, the largest recoil that of the lightest one")
    say_files(plot, csv)


def _require_one_flavor(flavor: str) -> None:
    """Make sure that a flavour is one, by which couplings with radiative corrections differ."""
    from microphysics.weak.couplings import family
    from snsim.errors import ConfigError

    if flavor in HEAVY_LEPTON:
        raise ConfigError(
            f'--flavor = "{flavor}": stands for several flavours, which differ here. Did you mean {HEAVY_LEPTON[flavor]}?'
        )
    family(flavor)


def _threshold(recoil_min: str | None) -> float:
    """Return the least recoil that counts, MeV."""
    from snsim.errors import ConfigError

    threshold = 0.0 if recoil_min is None else read_energy("--recoil-min", recoil_min, "1 keV")
    if threshold < 0.0:
        raise ConfigError(f'--recoil-min = "{recoil_min}": must not be negative')
    return threshold


def _target(name: str, physics: dict[str, Any], axial: bool) -> Target:
    """Return a target; what is wrong with its name is a matter of usage."""
    from microphysics.errors import OutOfRangeError
    from microphysics.targets import Target
    from snsim.errors import ConfigError

    try:
        return Target.of(name, **physics, axial=axial)
    except OutOfRangeError as error:
        if not str(error).startswith("target"):
            raise
        raise ConfigError(f"--{error}") from None


def _evaluate(asked: _Asked) -> dict[str, list[float]]:
    """Return the columns."""
    import numpy as np

    from microphysics.errors import OutOfRangeError

    target, energy, which = asked.target, np.array(asked.energies), (asked.flavor, asked.threshold)
    try:
        values = (
            energy,
            target.total(energy, *which),
            target.transport(energy, *which),
            target.largest_recoil(energy),
            target.mean_recoil(energy, *which),
        )
    except OutOfRangeError as error:
        raise OutOfRangeError(str(error).replace("recoil_min:", "--recoil-min:")) from None
    return {
        name: (factor * column).tolist() for (name, _, factor), column in zip(COLUMNS, values, strict=True)
    }


def _describe(asked: _Asked) -> list[tuple[str, str]]:
    """Say what was computed."""
    composition, couplings = asked.target.composition, asked.physics["couplings"]
    shape = asked.target.scattering[0].form_factor
    proton, neutron = couplings.vector_couplings(asked.flavor)
    parts = ", ".join(
        f"{nucleus.name} {100.0 * share:.3g} %" for nucleus, share in composition if share > 5e-4
    )
    if len(composition) == 1:
        (nucleus,) = composition.nuclei
        parts = (
            f"A = {float(nucleus.mass_number):g}, Z = {float(nucleus.charge_number):g}, "
            f"M = {float(nucleus.mass):.7g} MeV, J = {nucleus.spin:g}"
        )
    terms = _terms(asked.physics)
    rows = [
        ("target", f"{asked.name}: {parts}"),
        ("nuclei per gram", f"{composition.atoms_per_gram:.5g}"),
        ("form factor", f"{asked.physics['form_factor']} ({'; '.join(shape.references)})"),
        (
            "couplings",
            f"g_p = {proton:.5g}, g_n = {neutron:.5g} of {asked.flavor}, "
            f"{'with radiative corrections' if couplings.radiative else 'tree level'}",
        ),
    ]
    if terms:
        rows.append(("new physics", terms))
    if asked.axial:
        rows.append(
            ("axial part", "estimate from unpaired nucleons (Barranco, Miranda & Rashba 2005, JHEP 12, 021)")
        )
    elif more := _left_out(asked):
        rows.append(("axial part", more))
    if asked.threshold > 0.0:
        rows.append(("recoils above", f"{asked.threshold * 1e3:.4g} keV"))
    return rows


def _left_out(asked: _Asked) -> str:
    """Say what the axial part would add, where it matters: nuclei with spin and few nucleons, above all hydrogen."""
    import numpy as np

    if not any(nucleus.spin > 0.0 for nucleus in asked.target.composition.nuclei):
        return ""
    energy = np.array(asked.energies[:1])
    whole = _target(asked.name, asked.physics, True).total(energy, asked.flavor)
    times = float((whole / asked.target.total(energy, asked.flavor))[0])
    if times < _AXIAL_MATTERS:
        return ""
    return f"left out; by an estimate the total at {energy[0]:g} MeV is {times:.3g} times as large with it: --axial"


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


def _draw(asked: _Asked, path: Path) -> None:
    """Draw recoil spectra and cross sections; the standard model beside them where something else was asked for."""
    from snsim.plots.cevns import cevns as figure

    standard = None
    if asked.physics["new_physics"]:
        standard = _target(asked.name, asked.physics | {"new_physics": ()}, asked.axial)
    drawn = figure(
        asked.target,
        asked.energies,
        flavor=asked.flavor,
        recoil_min=asked.threshold,
        standard=standard,
        words=asked.name,
        note=_terms(asked.physics),
    )
    write_figure(drawn, path)


def _number(value: float) -> str:
    return "-" if value != value else f"{value:.6g}"
