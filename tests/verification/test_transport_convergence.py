"""Convergence of the gray answers on the embedded star, in zones and in energies.

To first order, against 800 zones, the luminosity at infinity of nue, anue, nux errs by 5.9, 3.2, 2.9 % with 50 zones and by
1.2, 0.7, 0.4 % with 200. With edge values of second order 100 zones do for nue and anue what 300 did; what is left does not
fall smoothly: the shock lies somewhere in its zone.
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
def far_away(zones, energies=48, reconstruction="second"):
    """Luminosity at infinity and rms energy at the outer edge, each of three species."""
    background = build_background(analytic_profile(AnalyticProfile(format="analytic")), zones)
    opacities = OpacitySet.from_names(CONFIG.microphysics.processes, microphysics_settings(CONFIG))
    spectra = opacities.spectral(background.matter, np.geomspace(0.5, 350.0, energies))
    answer = GraySolver(reconstruction=reconstruction).solve(background, spectra)
    assert answer.converged
    return answer.luminosity[:, -1] * background.lapse_interface[-1] ** 2, rms_number(answer)[:, -1]


def errors(which):
    finest = far_away(ZONES[-1])[which]
    return np.array([np.abs(far_away(zones)[which] / finest - 1.0) for zones in ZONES[:-1]])


def test_100_zones_do_what_300_did():
    finest, ours = far_away(ZONES[-1])[0], far_away(100)[0]
    before = far_away(300, reconstruction="first")[0]
    better = np.abs(ours / finest - 1.0) < np.abs(before / finest - 1.0)
    assert better[:2].all()


def test_answers_converge_with_zones():
    luminosity, rms = errors(0), errors(1)
    assert (luminosity.max(axis=1) < [0.02, 0.005, 0.003, 0.0015]).all()
    assert (rms.max(axis=1) < [0.01, 0.003, 0.002, 0.001]).all()


def test_energies_suffice():
    finest = far_away(100, 192)
    for energies, bound in ((24, 1e-4), (48, 2e-5), (96, 5e-6)):
        for which in (0, 1):
            assert np.abs(far_away(100, energies)[which] / finest[which] - 1.0).max() < bound
