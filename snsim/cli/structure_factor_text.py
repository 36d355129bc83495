"""What `snsim structure-factor` found, in words and tables."""

from __future__ import annotations

from typing import Any

import typer

from snsim.cli.console import say_rows, say_table


def write(found: dict[str, Any]) -> None:
    """Write plasma, S(q), <S>(E) and opacities.

    Parameters
    ----------
    found : dict
        As `--json` shows it.
    """
    of = found["plasma"]
    typer.secho("plasma", bold=True)
    rows = [("Gamma", f"{of['coupling']:.5g}"), ("kappa = k_sc a", f"{of['screening']:.4g}")]
    if "density_g_per_cm3" in of:
        rows = [
            ("density", f"{of['density_g_per_cm3']:.6g} g/cm3"),
            ("temperature", f"{of['temperature_mev']:.6g} MeV"),
            ("electron fraction", f"{of['electron_fraction']:.5g}"),
            (
                "nuclei",
                f"A = {of['mass_number']:.5g}, Z = {of['charge_number']:.5g}, X = {of['mass_fraction_heavy']:.4g}"
                + (f" (alphas: {of['mass_fraction_alpha']:.3g})" if of["mass_fraction_alpha"] > 0.0 else ""),
            ),
            ("ion-sphere radius a", f"{of['ion_sphere_radius_fm']:.5g} fm"),
            *rows,
            ("k_sc", f"{of['screening_wave_number_per_fm']:.4g} /fm"),
            ("hbar c/a", f"{of['energy_unit_mev']:.4g} MeV"),
        ]
    say_rows(rows)
    _write_models(found)
    if "opacity" in found:
        _write_opacity(found)


def _write_models(found: dict[str, Any]) -> None:
    models = found["models"]
    typer.echo()
    waves, scaled = found["q_per_a"], found.get("q_per_fm")
    say_table(
        "S(q)",
        ("q [1/a]", *(("q [1/fm]",) if scaled else ()), *models),
        [
            (
                f"{q:g}",
                *((f"{scaled[i]:.4g}",) if scaled else ()),
                *(_number(each["S"][i]) for each in models.values()),
            )
            for i, q in enumerate(waves)
        ],
    )
    energies, reduced = found.get("energy_mev"), found["reduced_energy"]
    say_table(
        "<S>(E): factor on the transport opacity",
        (*(("E [MeV]",) if energies else ()), "E [hbar c/a]", *models),
        [
            (
                *((f"{energies[i]:.5g}",) if energies else ()),
                f"{e:.4g}",
                *(_number(each["mean_S"][i]) for each in models.values()),
            )
            for i, e in enumerate(reduced)
        ],
    )
    say_rows((name, f"made for {each['validity']}") for name, each in models.items())
    if any(name.startswith("mixture_") for name in models):
        typer.echo("S and <S> of mixtures: nuclei and alphas weighted with their weak charges")


def _write_opacity(found: dict[str, Any]) -> None:
    columns = found["opacity"]
    typer.echo()
    say_table(
        f"transport opacity of nuclei and alphas [1/cm], S(q): {next(iter(found['models']))}",
        ("E [MeV]", *columns),
        [
            (f"{e:.5g}", *(f"{values[i]:.4g}" for values in columns.values()))
            for i, e in enumerate(found["energy_mev"])
        ],
    )


def _number(value: float) -> str:
    return "-" if value != value else f"{value:.5g}"
