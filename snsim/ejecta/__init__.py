"""Electron fraction along trajectories of ejecta.

Names below are loaded when first used, so that importing the package costs nothing.
"""

from microphysics._lazy import lazy_names

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
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
