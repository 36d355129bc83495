"""Any star that a profile may describe is solved, or refused with a reason; nothing comes out negative.

Analytic stars with mass, accretion rate and shock drawn at random, and rough ones: a density that falls in jumps over many
decades, temperature and electron fraction that wander. What does not converge is reported as such, never as an exception.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from microphysics.constants import CODATA
from microphysics.errors import MicrophysicsError
from microphysics.opacity import OpacitySet
from microphysics.processes.settings import Settings
from snsim.config.schema import AnalyticProfile, Config
from snsim.errors import ProfileError
from snsim.profiles.analytic import analytic_profile
from snsim.profiles.profile import Profile
from snsim.transport.gray import GraySolver
from snsim.transport.grid import build_background

# cold dense zones leave the fit of S(q): clamped and told, which is another test's business
pytestmark = pytest.mark.filterwarnings("ignore::microphysics.errors.ExtrapolationWarning")

DEFAULT = Config(schema=1)
OPACITIES = OpacitySet.from_names(DEFAULT.microphysics.processes, Settings(on_out_of_range="clamp"))
ENERGY = np.geomspace(0.5, 350.0, 48)
LAPSE_WITHIN_A_ZONE = 1.1  # alpha differs between a centre and its edge


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


def breaks_causality(background, answer):
    """Whether more flows than the upstream zone's energy at the speed of light."""
    carried = answer.energy_density * background.radius**2 * background.lapse**4
    upstream = np.concatenate([np.maximum(carried[:, 1:], carried[:, :-1]), carried[:, -1:]], axis=1)
    limit = 4.0 * np.pi * CODATA.speed_of_light * upstream * CODATA.erg_per_mev
    through = np.abs(answer.luminosity[:, 1:]) * background.lapse_interface[1:] ** 4
    return (through > limit * LAPSE_WITHIN_A_ZONE).any()


def attempt(kind, seed):
    """Solution of one star, or the words with which it was refused; a wrong answer fails at once."""
    rng = np.random.default_rng([seed, int(kind is rough)])
    zones = int(rng.integers(20, 601))
    try:
        background = build_background(kind(rng), zones, 4e5)
        spectra = OPACITIES.spectral(background.matter, ENERGY)
    except (ProfileError, MicrophysicsError) as error:
        return str(error)
    assert (spectra.absorption >= 0.0).all()
    answer = GraySolver().solve(background, spectra)
    for history in answer.residual_history:
        assert np.isfinite(history).all()
        assert history.size > 0
    assert (answer.energy_density > 0.0).all()
    assert (answer.number_density > 0.0).all()
    assert np.isfinite(answer.luminosity).all()
    assert np.isfinite(answer.number_luminosity).all()
    if answer.converged:
        assert all(history[-1] < 1e-10 for history in answer.residual_history)
        assert not breaks_causality(background, answer)
        assert (answer.luminosity[:, -1] > 0.0).all()
    return answer


def census(kind, seeds):
    """Numbers of converged, refused, and the seeds of those that stopped short."""
    converged, refused, stopped = 0, 0, []
    for seed in seeds:
        answer = attempt(kind, seed)
        if isinstance(answer, str):
            assert len(answer) > 20  # says why
            refused += 1
        elif answer.converged:
            converged += 1
        else:
            stopped.append(seed)
    return converged, refused, stopped


@pytest.mark.parametrize("kind", [analytic, rough])
def test_a_few_stars(kind):
    converged, refused, stopped = census(kind, range(20))
    assert stopped == []
    assert converged >= 18
    assert converged + refused == 20


@pytest.mark.slow
def test_500_analytic_stars():
    converged, refused, stopped = census(analytic, range(500))
    assert stopped == []
    assert refused == 0
    assert converged == 500


@pytest.mark.slow
@pytest.mark.xfail(
    reason="edge values of second order with one gradient per energy find no rest in some stars whose zones jump: 4 of 150"
)
def test_150_rough_stars():
    converged, refused, stopped = census(rough, range(150))
    assert len(stopped) <= 1, stopped
    assert converged >= 147
    assert refused <= 2
