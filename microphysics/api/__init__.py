"""Unit-aware entry points: astropy Quantities in and out around the float functions below them."""

from microphysics.api.cevns import (
    cevns_cross_section,
    cevns_differential_cross_section,
    cevns_recoil_spectrum,
)
from microphysics.api.ions import plasma_parameters, structure_factor, transport_average
from microphysics.api.matter import PHASES, STATE_UNITS, opacities, thermodynamics
from microphysics.api.means import gray_opacities

__all__ = [
    "PHASES",
    "STATE_UNITS",
    "cevns_cross_section",
    "cevns_differential_cross_section",
    "cevns_recoil_spectrum",
    "gray_opacities",
    "opacities",
    "plasma_parameters",
    "structure_factor",
    "thermodynamics",
    "transport_average",
]
