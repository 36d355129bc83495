"""How neutrinos leave a collapsing star, and what follows.

Names below are loaded when first used, so that importing the package costs nothing.
"""

from microphysics._lazy import lazy_names

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
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
