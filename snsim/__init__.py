"""How neutrinos leave a collapsing star, and what follows.

Names below are loaded when first used, so that importing the package costs nothing.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "Profile": "profiles.profile",
    "Result": "result",
    "load_config": "config.load",
    "read_result": "output.reader",
    "diagnose": "recompute",
    "simulate": "pipeline",
    "simulate_sequence": "sequence",
    "write_result": "output.writer",
}
__all__ = [*_HOMES, "__version__"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'snsim' has no attribute '{name}'")
    return getattr(import_module(f"snsim.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
