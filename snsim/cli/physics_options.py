"""What the commands of coherent scattering share: form factor, couplings and new physics, of options or a run file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from snsim.cli.completion import one_of
from snsim.cli.inputs import Text, with_value

FORM_FACTOR_HELP = "See: snsim list form-factors."

FormFactor = Annotated[
    Text, with_value(f"{FORM_FACTOR_HELP}  [helm]", "NAME", autocompletion=one_of("form-factors"))
]
Axial = Annotated[
    bool, typer.Option("--axial", help="Add an estimate of the axial part of nuclei with spin.")
]
PhysicsOfRun = Annotated[
    Path | None, with_value("Take form factor, couplings, new physics of a run file.", "DIR|FILE")
]


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
