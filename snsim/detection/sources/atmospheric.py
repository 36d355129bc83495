"""Neutrinos of the atmosphere at low energies, estimated."""

from __future__ import annotations

import numpy as np

from microphysics.constants import CODATA
from microphysics.errors import require
from snsim.detection.sources.flux import Component, Flux

REFERENCES = ("Battistoni et al. 2005, Astropart. Phys. 23, 526 (total of 10.5 cm-2 s-1 below 1 GeV)",)

TOTAL, ERROR = 10.5, 0.2
"""1/(cm^2 s) between 13 MeV and 1 GeV, all flavours, and its relative error."""
LOWEST, HIGHEST = 13.0, 1000.0
_FALL = 2.0  # power of the energy by which the flux falls below 1 GeV
_SHARES = {"nue": 1.0 / 6.0, "anue": 1.0 / 6.0, "numu": 1.0 / 3.0, "anumu": 1.0 / 3.0}
_POINTS = 400


def atmospheric(total: float = TOTAL) -> Flux:
    """Return an estimate of atmospheric neutrinos between 13 MeV and 1 GeV, for the background of dark matter.

    phi ~ E^2/(E^2 + E_0^2)^2, E_0 = m_mu/3: it rises like the spectrum of muons that decay slowly and falls like E^-2, with
    the total of FLUKA and twice as many muon as electron neutrinos. The shape is good to some tens
    of percent, and the flux at a place depends on its latitude and on the solar cycle: give a table (`read_flux`) where more
    is needed.

    Parameters
    ----------
    total : float
        1/(cm^2 s), > 0.

    Examples
    --------
    >>> round(atmospheric().total(), 3)
    10.5
    """
    require(0.0 < total < np.inf, total, "total", "1/(cm2 s)", "> 0")
    energy = np.geomspace(LOWEST, HIGHEST, _POINTS)
    scale = CODATA.muon_mass / 3.0
    shape = energy**2 / (energy**2 + scale**2) ** (0.5 * (2.0 + _FALL))
    density = total * shape / np.trapezoid(shape, energy)
    parts = tuple(
        Component(flavor, energy, share * density, name="atmospheric") for flavor, share in _SHARES.items()
    )
    return Flux(parts, name="atmospheric neutrinos, an estimate", references=REFERENCES)
