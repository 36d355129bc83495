"""Stars drawn at random: analytic ones of other mass, accretion rate and shock, and rough ones that no star is like."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from microphysics.constants import CODATA
from snsim.config.schema import AnalyticProfile
from snsim.profiles.analytic import analytic_profile
from snsim.profiles.profile import Profile


def analytic(rng):
    choice = dict(AnalyticProfile(format="analytic"))
    choice["mass"] = rng.uniform(1.2, 1.6) * CODATA.solar_mass
    choice["accretion_rate"] = rng.uniform(0.3, 0.95) * CODATA.solar_mass
    choice["shock_radius"] = rng.uniform(100.0, 200.0) * 1e5
    return analytic_profile(SimpleNamespace(**choice))


def wander(rng, points):
    steps = np.cumsum(rng.normal(size=points))
    return (steps - steps.min()) / (np.ptp(steps) + 1e-9)


def rough(rng):
    """Density monotone with jumps, T between 0.1 and 50 MeV, Y_e between 0.02 and 0.55."""
    points = int(rng.integers(10, 200))
    radius = np.geomspace(rng.uniform(1e5, 5e5), rng.uniform(2e7, 1e8), points)
    top, bottom = rng.uniform(11.0, 14.6), rng.uniform(4.0, 9.5)
    falls = rng.exponential(size=points - 1)
    falls[rng.random(points - 1) < 0.1] *= 20.0
    depth = np.concatenate([[0.0], np.cumsum(falls)])
    density = 10.0 ** (top + (bottom - top) * depth / depth[-1])
    warmth = wander(rng, points)
    low, high = np.sort(10.0 ** rng.uniform(-1.0, np.log10(50.0), 2))
    if rng.random() >= 0.5:
        warmth = np.sort(warmth)[::-1]
    temperature = np.clip(low * (high / low) ** warmth, 0.1, 50.0)
    y = wander(rng, points)
    a, b = np.sort(rng.uniform(0.02, 0.55, 2))
    return Profile(radius, density, temperature, a + (b - a) * y)
