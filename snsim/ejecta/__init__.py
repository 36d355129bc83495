"""Electron fraction along trajectories of ejecta.

Names below are loaded when first used, so that importing the package costs nothing.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "EjectaPhysics": "physics",
    "History": "histories",
    "Trajectory": "trajectory",
    "at_parcel": "irradiation",
    "emission_of": "emission",
    "evolve": "histories",
    "evolve_all": "histories",
    "histogram": "histories",
    "read_trajectory": "readers",
    "to_result": "records",
    "with_emission": "emission",
    "write_csv": "writers",
    "write_winnet": "writers",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'snsim.ejecta' has no attribute '{name}'")
    return getattr(import_module(f"snsim.ejecta.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
