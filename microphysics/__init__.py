"""What a neutrino meets: weak interactions, correlated nuclei and the thermodynamics of supernova matter.

Names below are loaded when first used, so that importing the package costs nothing.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "CEvNS": "weak.cevns",
    "ElectronGas": "eos.electron_gas",
    "LattimerSwesty": "eos.lattimer_swesty",
    "MatterState": "matter",
    "Nucleus": "nuclei",
    "OpacitySet": "opacity",
    "SahaNSE": "eos.nse",
    "Settings": "processes.settings",
    "WeakCouplings": "weak.couplings",
    "cevns_cross_section": "api",
    "opacities": "api",
    "thermodynamics": "api",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'microphysics' has no attribute '{name}'")
    return getattr(import_module(f"microphysics.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(_HOMES)
