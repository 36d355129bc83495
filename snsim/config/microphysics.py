"""What ``[microphysics]`` means to the processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from microphysics.constants import CODATA, NULIB
from microphysics.processes.settings import Settings
from microphysics.weak.couplings import WeakCouplings

if TYPE_CHECKING:
    from snsim.config.schema import Microphysics

_SAME_NAME = (
    "weak_magnetism",
    "charged_current",
    "blocking",
    "scattering_blocking",
    "many_body",
    "capture_rate",
    "capture_q_value",
    "capture_tables",
    "cluster_breakup",
    "pair_species",
    "pair_partner",
    "bremsstrahlung",
    "bremsstrahlung_medium",
    "bremsstrahlung_table",
    "form_factor",
    "structure_factor",
    "electron_polarization",
)


def settings_of(
    chosen: Microphysics, on_out_of_range: str = "error", exchange_strength: float = 0.4
) -> Settings:
    """Turn the section into the settings that processes take.

    Parameters
    ----------
    chosen : Microphysics
        The section.
    on_out_of_range : {"error", "clamp"}
        Where a model leaves its validity; ``[opacity]`` has it.
    exchange_strength : float
        Of the gray energy exchange; ``[transport]`` has it.
    """
    couplings = WeakCouplings(
        constants=NULIB if chosen.constants == "nulib" else CODATA, **dict(chosen.couplings)
    )
    path = chosen.structure_factor_file
    return Settings(
        couplings=couplings,
        structure_factor_options={} if path is None else {"path": path},
        new_physics=chosen.new_physics.terms(),
        exchange_strength=exchange_strength,
        on_out_of_range=on_out_of_range,
        **{name: getattr(chosen, name) for name in _SAME_NAME},
    )


def process_names(chosen: Microphysics) -> list[str]:
    """Names of the processes, with those that terms of new physics need."""
    return list(dict.fromkeys((*chosen.processes, *chosen.new_physics.processes)))
