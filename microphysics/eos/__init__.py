"""Equations of state: the embedded one, tables of others, and the gases they are made of.

Names below are loaded when first used, so that importing the package costs nothing.
"""

from microphysics._lazy import lazy_names

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
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
