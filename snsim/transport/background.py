"""The static star on the transport grid: geometry, metric and matter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from microphysics.matter import MatterState

Array = NDArray[np.float64]

NO_SHOCK = "no shock was found in the velocity of the profile; profile.shock_radius sets one"
NO_VELOCITY = (
    "the profile has no velocity, so that no shock can be found in it; give the radius as profile.shock_radius, or a column "
    "of velocity"
)


@dataclass(frozen=True, repr=False)
class Background:
    """Everything about the star that transport and diagnostics need; nothing about neutrinos.

    Attributes
    ----------
    radius_interface : ndarray, shape (interface,)
        Areal radius of zone edges, cm; the first is 0.
    radius : ndarray, shape (zone,)
        Zone centres, cm.
    lapse, lapse_interface : ndarray, shape (zone,), (interface,)
        alpha of ds^2 = -alpha^2 c^2 dt^2 + dr^2/Gamma^2 + r^2 dOmega^2, matched to Schwarzschild outside.
    gamma, gamma_interface : ndarray, shape (zone,), (interface,)
        Gamma = sqrt(1 - 2Gm/(rc^2)).
    gravitational_mass : ndarray, shape (interface,)
        m(r) at the edges, g.
    rest_mass : ndarray, shape (interface,)
        Enclosed rest mass, int 4 pi r^2 rho dr/Gamma, g.
    velocity : ndarray, shape (zone,)
        dr/dtau of the fluid, cm/s; negative inwards.
    matter : MatterState
        Thermodynamic state of the zones.
    shock_radius : float
        cm; NaN where there is none.
    """

    radius_interface: Array
    radius: Array
    lapse: Array
    lapse_interface: Array
    gamma: Array
    gamma_interface: Array
    gravitational_mass: Array
    rest_mass: Array
    velocity: Array
    matter: MatterState
    shock_radius: float

    def __repr__(self) -> str:
        ends = f"{self.radius_interface[0] / 1e5:.4g} to {self.radius_interface[-1] / 1e5:.4g} km"
        shock = f", shock at {self.shock_radius / 1e5:.4g} km" if np.isfinite(self.shock_radius) else ""
        return f"Background({self.radius.size} zones, {ends}{shock})"

    @property
    def why_no_shock(self) -> str:
        """Reason for a shock radius of NaN; matter at rest everywhere is that of a profile without velocity."""
        return NO_SHOCK if self.velocity.any() else NO_VELOCITY
