"""What `snsim opacity` found, in words and tables."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import typer

from snsim.cli.console import say_rows, say_table

PER_TABLE = 6  # energies side by side
NEGLIGIBLE = 1e-12  # of the largest of a role
# role, name of its numbers, whether its sum means something
ROLES = (
    ("absorption", "absorption_per_cm", True),
    ("scattering", "scattering_per_cm", True),
    ("exchange", "exchange_per_cm", False),
)
EMISSIVITY = "emissivity_mev_per_cm3_s_mev_sr"
LENGTHS = ((1e5, "km"), (1e2, "m"), (1.0, "cm"), (1e-1, "mm"), (1e-4, "um"), (0.0, "nm"))
LEGEND = (
    ("absorption", "corrected for stimulated absorption"),
    ("scattering", "weighted with 1 - cos(theta)"),
    ("exchange", "of energy with electrons; no loss of neutrinos, in no sum"),
    ("effective", "sqrt(a (a + s)) of the sums a of absorption, s of scattering"),
    ("mean free path", "1/(a + s)"),
    ("delta", "anisotropy of all scattering, 1 + delta cos(theta)"),
)


def write(found: dict[str, Any], emissivity: bool, references: bool) -> None:
    """Write the state, and for each species its opacities.

    Parameters
    ----------
    found : dict
        As `--json` shows it.
    emissivity, references : bool
        Whether to write these, too.
    """
    name, table = found["equation_of_state"]["name"], found["microphysics"]["eos_table"]
    typer.secho(f"{name} ({table})" if table else name, bold=True)
    changed = ", ".join(found["changed_settings"]) or "the defaults"
    say_rows([*_matter(found["matter"]), ("[microphysics]", changed)])
    if not found["matter"]["nse_valid"]:
        typer.echo("note: below 0.5 MeV the nuclear reactions in a star are too slow for this equilibrium")
    typer.echo()
    for name, of in found["species"].items():
        _write_species(name, of, found["energy_mev"], emissivity)
    shown = {word for of in found["species"].values() for role, name, _ in _rows(of) for word in (role, name)}
    say_rows((word, meaning) for word, meaning in LEGEND if word in shown)
    if references:
        typer.echo()
        typer.secho("references", bold=True)
        papers = {"equation of state": found["equation_of_state"]["references"], **found["references"]}
        say_rows((name, "; ".join(each)) for name, each in papers.items())


def _matter(of: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the state in a few lines."""
    from microphysics.api import PHASES as NAMES
    from microphysics.constants import CODATA
    from snsim.cli.eos import PHASES

    prefix = "mass_fraction_"
    fractions = {key.removeprefix(prefix): x for key, x in of.items() if key.startswith(prefix)}
    nuclei = (
        f" (A = {of['mass_number']:.5g}, Z = {of['charge_number']:.5g})" if of["mass_fraction_heavy"] else ""
    )
    potentials = {name[0]: of[f"chemical_potential_{name}_mev"] for name in ("electron", "neutron", "proton")}
    kelvin = of["temperature_mev"] / CODATA.boltzmann
    return [
        ("density", f"{of['density_g_per_cm3']:.6g} g/cm3 ({of['baryons_per_cm3'] * 1e-39:.4g} baryons/fm3)"),
        ("temperature", f"{of['temperature_mev']:.6g} MeV ({kelvin:.4g} K)"),
        ("electron fraction", f"{of['electron_fraction']:.6g}"),
        ("phase", PHASES[NAMES.index(of["phase"])]),
        ("mass fractions", ", ".join(f"{name} {x:.4g}" for name, x in fractions.items()) + nuclei),
        ("mu", ", ".join(f"{name}: {mu:.5g}" for name, mu in potentials.items()) + " MeV"),
        ("mu_nu/T", ", ".join(f"{name}: {eta:.4g}" for name, eta in of["neutrino_degeneracy"].items())),
        (
            "mean fields",
            f"n: {of['mean_field_neutron_mev']:.4g}, p: {of['mean_field_proton_mev']:.4g} MeV",
        ),
        ("entropy", f"{of['entropy_kb_per_baryon']:.5g} kB/baryon"),
        ("pressure", f"{of['pressure_erg_per_cm3']:.5g} erg/cm3"),
    ]


def _write_species(name: str, of: dict[str, Any], energies: Sequence[float], emissivity: bool) -> None:
    """Write tables of a few energies each, and which processes are not in them."""
    rows = list(_rows(of))
    for first in range(0, len(energies), PER_TABLE):
        part = slice(first, first + PER_TABLE)
        heads = [f"{e:.4g} MeV" for e in energies[part]]
        say_table(f"{name}: opacity [1/cm]", ("", "", *heads), _cells(rows, part))
        if emissivity:
            say_table(
                f"{name}: emissivity [MeV/(cm3 s MeV sr)]",
                ("", "", *heads),
                _cells([("emission", *row) for row in _acting(of, EMISSIVITY, True)], part),
            )
    shown = {process for _, process, _ in rows}
    off = {process: why for process, why in of["switched_off"].items() if process not in shown}
    missing = [process for process in of["absorption_per_cm"] if process not in shown and process not in off]
    if missing:
        typer.echo(f"nothing, or next to nothing, for {name}: {', '.join(missing)}")
    for why in dict.fromkeys(off.values()):
        listed = ", ".join(process for process, each in off.items() if each == why)
        typer.echo(f"switched off for {name} by {why}: {listed}")
    if missing or off:
        typer.echo()


def _rows(of: dict[str, Any]) -> Iterator[tuple[str, str, list[str]]]:
    """Yield role, process or what else it is, and the numbers in words."""
    for role, key, summed in ROLES:
        for process, words in _acting(of, key, summed):
            yield role, process, words
    yield "together", "effective", list(map(_number, of["effective_per_cm"]))
    yield "together", "mean free path", list(map(length, of["mean_free_path_cm"]))
    yield "together", "delta", list(map(_number, of["delta"]))


def _acting(of: dict[str, Any], key: str, summed: bool) -> Iterator[tuple[str, list[str]]]:
    """Yield the processes that matter in one role, and their sum."""
    most = [
        max((abs(x) for x in values if math.isfinite(x)), default=0.0)
        for values in zip(*of[key].values(), strict=True)
    ]
    for process, values in of[key].items():
        # so that what is no number is shown
        if any(not abs(x) <= NEGLIGIBLE * largest for x, largest in zip(values, most, strict=True)):
            yield process, list(map(_number, values))
    if summed:
        yield "sum", list(map(_number, of["total"][key]))


def _cells(rows: Sequence[tuple[str, str, list[str]]], part: slice) -> Iterator[tuple[str, ...]]:
    """Yield the cells of a table; a role stands only where it begins."""
    before = ""
    for role, name, words in rows:
        yield (role if role != before else "", name, *words[part])
        before = role


def length(centimetres: float) -> str:
    """Write a length with three digits, in a unit that suits it.

    Examples
    --------
    >>> length(2.5e6), length(0.3), length(float("inf"))
    ('25 km', '3 mm', 'infinite')
    """
    if math.isinf(centimetres):
        return "infinite"
    if not centimetres >= 0.0:
        return "undefined"
    size, unit = next((size, unit) for size, unit in LENGTHS if centimetres >= size)
    return f"{centimetres / (size or 1e-7):.3g} {unit}"


def _number(value: float) -> str:
    return f"{value:.4g}"
