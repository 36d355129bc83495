"""`snsim detect`: events of a source of neutrinos in a detector."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from snsim.cli.console import Debug, Json, Settings, say_json, say_rows, say_table, say_warning
from snsim.cli.detect_source import SOURCES, counts_all, detector_from, source_of
from snsim.cli.eos_options import Force
from snsim.cli.inputs import (
    CsvFile,
    Number,
    PlotFile,
    Text,
    claim_all,
    say_files,
    with_value,
    write_csv,
    write_figure,
)
from snsim.cli.physics_options import Axial, FormFactor, PhysicsOfRun, physics_of

if TYPE_CHECKING:
    from snsim.detection.rates import Expectation

EPILOG = (
    "Examples: snsim detect --source pions --protons 1.76e23 --detector coherent_csi | snsim detect --source solar "
    '--components 8B,hep --target Xe --exposure "1 t yr" --threshold "1 keVnr" --plot xenon.png | snsim detect --source '
    'result.h5 --distance "10 kpc" --detector darwin'
)
_WORDS = {"nr": "keV recoil", "ee": "keV ee", "pe": "pe"}


def detect(
    source: Annotated[
        Text, with_value(f"{', '.join(SOURCES)}, a table (.csv) or a result of a run.", "NAME|FILE")
    ] = None,
    detector: Annotated[Text, with_value("See: snsim list detectors.", "NAME")] = None,
    distance: Annotated[
        Text, with_value('To the source, such as "20 m"; the baseline of the detector by default.')
    ] = None,
    duration: Annotated[
        Text, with_value('Of a result: for how long a steady one is held, such as "10 s".  [1 s]')
    ] = None,
    protons: Annotated[Number, with_value("pions: on target in all.", "NUMBER")] = None,
    pions_per_proton: Annotated[Number, with_value("pions: [0.08]", "NUMBER")] = None,
    power: Annotated[Text, with_value('reactor: thermal, such as "3.6 GW".')] = None,
    low: Annotated[Text, with_value("reactor: below 2 MeV, vogel_engel.", "NAME")] = None,
    components: Annotated[Text, with_value("solar: such as 8B,hep; all by default.", "NAMES")] = None,
    norm: Annotated[
        list[str] | None, with_value("solar: flux of a component, 1/(cm2 s). Repeatable.", "NAME=NUMBER")
    ] = None,
    target: Annotated[Text, with_value("An isotope, element or compound.", "NAME")] = None,
    mass: Annotated[Text, with_value('Such as "14.57 kg".')] = None,
    live_time: Annotated[Text, with_value('Such as "308 d".')] = None,
    exposure: Annotated[Text, with_value('Such as "1 t yr", instead of one of both.')] = None,
    threshold: Annotated[Text, with_value('"5 keVnr" (recoil), "160 eVee" or "6 pe".')] = None,
    highest: Annotated[Text, with_value("Upper end of the analysis, in the same kind.")] = None,
    efficiency: Annotated[
        Path | None,
        with_value(
            "Table (.csv) of what is measured, in the threshold's unit, and the share kept, 0 to 1.", "FILE"
        ),
    ] = None,
    bins: Annotated[int, typer.Option("--bins", min=1, max=200, help="Of what is measured.")] = 12,
    form_factor: FormFactor = None,
    radiative: Annotated[
        bool, typer.Option("--radiative", help="Couplings with radiative corrections.")
    ] = False,
    axial: Axial = False,
    run: PhysicsOfRun = None,
    set_: Settings = None,
    plot: PlotFile = None,
    csv: CsvFile = None,
    force: Force = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Show the events of coherent scattering that a source makes in a detector."""
    from snsim.detection.rates import Expectation, even_bins
    from snsim.errors import ConfigError

    if source is None:
        raise ConfigError(
            f"--source: expected, {'; '.join(f'{name} ({words})' for name, words in SOURCES.items())}"
        )
    claim_all(plot, csv, force)
    changes = {
        "target": target, "mass": mass, "live_time": live_time, "exposure": exposure, "threshold": threshold,
        "highest": highest, "efficiency": efficiency,
    }  # fmt: skip
    options = {
        "--distance": distance, "--duration": duration, "--protons": protons, "--pions-per-proton": pions_per_proton,
        "--power": power, "--low": low, "--components": components, "--norm": norm,
    }  # fmt: skip
    seen_by = detector_from(detector, changes, physics_of(run, set_, form_factor, radiative), axial)
    flux, assumed = source_of(source, options, seen_by.baseline)
    seen_by = replace(seen_by, baseline=None)  # the flux is the one at the distance that was asked for
    whole = Expectation.of(flux, seen_by)
    binned = Expectation.of(flux, seen_by, even_bins(flux, seen_by, bins))
    if counts_all(seen_by):
        say_warning(
            f"{seen_by.name.partition(';')[0]}: no efficiency is known, every recoil above the threshold is counted; "
            "--efficiency FILE gives one"
        )
    kept = "its own" if efficiency is None else str(efficiency)
    kept = "none: every recoil above the threshold is counted" if counts_all(seen_by) else kept
    described = [*_describe(whole), ("efficiency", kept), *assumed]
    if csv is not None:
        write_csv(csv, [f"{name}: {words}" for name, words in described], _columns(binned))
    if plot is not None:
        _draw(binned, whole.total(), plot)
    if json:
        say_json({**dict(described), **_as_json(whole, binned), "figure": plot, "csv": csv})
        return
    _say(described, whole, binned)
    say_files(plot, csv)


def _say(described: list[tuple[str, str]], whole: Expectation, binned: Expectation) -> None:
    """Write what was folded, then events by component and by what is measured."""
    parts, unit = _summed(whole, _shown(whole)), _WORDS[whole.detector.response.unit]
    say_rows([*described, ("events", f"{whole.total():.5g}")])
    typer.echo()
    say_table("", ["component", "events"], [[name, f"{values.sum():.5g}"] for name, values in parts.items()])
    rows = zip(*_columns(binned).values(), strict=True)
    say_table("", ["from", f"to [{unit}]", "events"], [[f"{value:.4g}" for value in row[:3]] for row in rows])
    say_rows([("papers", "; ".join(_papers(whole)))])


def _as_json(whole: Expectation, binned: Expectation) -> dict[str, Any]:
    return {
        "events": whole.total(),
        "events_by_component": {name: float(values.sum()) for name, values in _parts(whole).items()},
        "unit": whole.detector.response.unit,
        **_columns(binned),
        "references": _papers(whole),
    }


def _papers(found: Expectation) -> list[str]:
    return list(dict.fromkeys((*found.flux.references, *found.detector.references)))


def _parts(found: Expectation) -> dict[str, Any]:
    """Return the events of each component; those of the same name and flavour together."""
    parts: dict[str, Any] = {}
    for component, values in zip(found.flux.components, found.by_component(), strict=True):
        parts[component.label] = parts.get(component.label, 0.0) + values
    return parts


def _shown(found: Expectation) -> dict[str, list[int]]:
    """Return which components are shown as one in tables and figures: the four heavy-lepton kinds where they are alike."""
    import numpy as np

    from snsim.detection.sources.supernova import HEAVY

    shown: dict[str, list[int]] = {}
    components, counts = found.flux.components, found.by_component()
    for i, one in enumerate(components):
        alike = [
            j
            for j, other in enumerate(components)
            if other.flavor in HEAVY
            and other.name == one.name
            and np.array_equal(other.energy, one.energy)
            and np.array_equal(other.density, one.density)
            and np.allclose(counts[j], counts[i], rtol=1e-9, atol=0.0)
        ]
        four = one.flavor in HEAVY and sorted(components[j].flavor for j in alike) == sorted(HEAVY)
        label = f"{one.name} nux (4)".strip() if four else one.label
        shown.setdefault(label, []).append(i)
    return shown


def _summed(found: Expectation, shown: dict[str, list[int]]) -> dict[str, Any]:
    """Return the events in each bin of what is shown."""
    counts = found.by_component()
    return {label: counts[rows].sum(axis=0) for label, rows in shown.items()}


def _columns(found: Expectation) -> dict[str, list[float]]:
    columns = {
        "low": found.edges[:-1].tolist(),
        "high": found.edges[1:].tolist(),
        "counts": found.counts().tolist(),
    }
    for name, values in _parts(found).items():
        columns[name.replace(" ", "_")] = values.tolist()
    return columns


def _describe(found: Expectation) -> list[tuple[str, str]]:
    """Say what was folded."""
    flux, detector = found.flux, found.detector
    response = detector.response
    per = "1/(cm2 s)" if flux.per_time else "1/cm2"
    each = ", ".join(f"{flux.total(flavor):.4g} {flavor}" for flavor in flux.flavors)
    exposure = f"{detector.mass / 1e3:.6g} kg"
    if flux.per_time and detector.live_time is not None:
        exposure += f" for {detector.live_time / 86400.0:.6g} d"
    low, high = found.edges[0], found.edges[-1]
    bound = f"{low:g} to {high:g}" if high < float("inf") else f"above {low:g}"
    where = "" if flux.distance is None else f" at {_far(flux.distance)}"
    return [
        ("source", f"{flux.name}{where}"),
        ("flux", f"{each} [{per}]"),
        ("detector", detector.name),
        ("exposure", exposure),
        ("measured", f"{bound} {_WORDS[response.unit]}"),
    ]


def _far(distance: float) -> str:
    if distance < 1e8:
        return f"{distance / 1e2:.6g} m"
    return f"{distance / 3.0856775814913673e21:.6g} kpc"


def _draw(found: Expectation, total: float, path: Path) -> None:
    from snsim.plots.detection import detection, round_number

    flux, shown = found.flux, _shown(found)
    first = {label: flux.components[rows[0]] for label, rows in shown.items()}
    curves = {  # those shown as one are alike
        label: (one.energy, len(shown[label]) * one.density)
        for label, one in first.items()
        if one.energy.size
    }
    lines = {
        each.label: (each.line_energy, each.line_flux) for each in flux.components if each.line_energy.size
    }
    words = f"{flux.name} in {found.detector.name}: {round_number(total)} events"
    figure = detection(
        curves,
        lines,
        found.edges,
        _summed(found, shown),
        per_time=flux.per_time,
        unit=found.detector.response.unit,
        words=words,
    )
    write_figure(figure, path)
