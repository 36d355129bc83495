"""Equations of state: the embedded one, tables of others, and the gases they are made of.

Names below are loaded when first used, so that importing the package costs nothing.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "ElectronGas": "electron_gas",
    "EosState": "state",
    "EquationOfState": "state",
    "LattimerSwesty": "lattimer_swesty",
    "TabulatedEOS": "table",
    "beta_equilibrium": "invert",
    "build_table": "build",
    "read": "formats",
    "temperature_from_energy": "invert",
    "temperature_from_entropy": "invert",
    "write_stellarcollapse": "formats",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'microphysics.eos' has no attribute '{name}'")
    return getattr(import_module(f"microphysics.eos.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(_HOMES)
