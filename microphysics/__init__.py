"""What a neutrino meets: weak interactions, correlated nuclei and the thermodynamics of supernova matter.

Names below are loaded when first used, so that importing the package costs nothing.
"""

from microphysics._lazy import lazy_names

_HOMES = {
    "CEvNS": "weak.cevns",
    "Composition": "nuclei",
    "ElectronGas": "eos.electron_gas",
    "IonPlasma": "ion_plasma",
    "LattimerSwesty": "eos.lattimer_swesty",
    "MatterState": "matter",
    "Nucleus": "nuclei",
    "OpacitySet": "opacity",
    "SahaNSE": "eos.nse",
    "Settings": "processes.settings",
    "Target": "targets",
    "WeakCouplings": "weak.couplings",
    "cevns_cross_section": "api",
    "cevns_differential_cross_section": "api",
    "cevns_recoil_spectrum": "api",
    "gray_means": "means",
    "gray_opacities": "api",
    "opacities": "api",
    "plasma_parameters": "api",
    "structure_factor": "api",
    "thermodynamics": "api",
    "transport_average": "api",
}
__all__ = list(_HOMES)
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
