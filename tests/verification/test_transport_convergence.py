"""Convergence of the gray answers on the embedded star, in zones and in energies.

Measured against 800 zones (1,600 in brackets), luminosity at infinity of nue, anue, nux in %:
50 zones 5.9, 3.2, 2.9 (6.2, 3.4, 3.0); 100: 2.4, 1.3, 1.1; 200: 1.2, 0.7, 0.4 (1.45, 0.89, 0.48);
400: 0.4, 0.2, 0.1 (0.65, 0.41, 0.19). First order, not smoothly: the shock lies somewhere in its zone.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from microphysics.opacity import OpacitySet
from snsim.config.schema import AnalyticProfile, Config
from snsim.pipeline import microphysics_settings
from snsim.profiles.analytic import analytic_profile
from snsim.transport.gray import GraySolver
from snsim.transport.grid import build_background
from snsim.transport.moments import rms_number

CONFIG = Config(schema=1)
ZONES = (50, 100, 200, 400, 800)


@cache
def far_away(zones, energies=48):
    """Luminosity at infinity and rms energy at the outer edge, each of three species."""
    background = build_background(analytic_profile(AnalyticProfile(format="analytic")), zones)
    opacities = OpacitySet.from_names(CONFIG.microphysics.processes, microphysics_settings(CONFIG))
    spectra = opacities.spectral(background.matter, np.geomspace(0.5, 350.0, energies))
    answer = GraySolver().solve(background, spectra)
    assert answer.converged
    return answer.luminosity[:, -1] * background.lapse_interface[-1] ** 2, rms_number(answer)[:, -1]


def errors(which):
    finest = far_away(ZONES[-1])[which]
    return np.array([np.abs(far_away(zones)[which] / finest - 1.0) for zones in ZONES[:-1]])


def order(values):
    """Slope of a line through log error against log zones, of each species."""
    return -np.polyfit(np.log(ZONES[:-1]), np.log(values), 1)[0]


def test_luminosity_converges_with_zones():
    found = errors(0)
    assert (np.diff(found, axis=0) < 0.0).all()
    assert (order(found) > 0.9).all()
    assert (found[0] < 0.07).all()
    assert (found[2] < [0.015, 0.01, 0.006]).all()


def test_rms_energy_converges_with_zones():
    found = errors(1)
    assert (order(found) > 0.9).all()
    assert (found[2] < 0.004).all()


def test_energies_suffice():
    finest = far_away(100, 192)
    for energies, bound in ((24, 1e-4), (48, 2e-5), (96, 5e-6)):
        for which in (0, 1):
            assert np.abs(far_away(100, energies)[which] / finest[which] - 1.0).max() < bound
