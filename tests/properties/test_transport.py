"""Any star that a profile may describe is solved, or refused with a reason; nothing comes out negative.

Analytic stars with mass, accretion rate and shock drawn at random, and rough ones: a density that falls in jumps over many
decades, temperature and electron fraction that wander. What does not converge is reported as such, never as an exception.
"""

from __future__ import annotations

import numpy as np
import pytest
from random_stars import analytic, rough

from microphysics.errors import MicrophysicsError
from microphysics.opacity import OpacitySet
from microphysics.processes.settings import Settings
from snsim.config.schema import Config
from snsim.errors import ProfileError
from snsim.transport import gray_continuation
from snsim.transport.gray import GraySolver
from snsim.transport.grid import build_background

# cold dense zones leave the fit of S(q): clamped and told, which is another test's business
pytestmark = pytest.mark.filterwarnings("ignore::microphysics.errors.ExtrapolationWarning")

DEFAULT = Config(schema=1)
OPACITIES = OpacitySet.from_names(DEFAULT.microphysics.processes, Settings(on_out_of_range="clamp"))
ENERGY = np.geomspace(0.5, 350.0, 48)


def breaks_causality(answer):
    """Whether more flows through an edge than what is there at the speed of light.

    The factor for what the grid cuts off cold spectra is the mean of both sides: energy may overshoot by 5e-4.
    """
    return (np.abs(answer.flux_factor[:, 1:]) > 1.0 + 1e-3).any()


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
        assert not breaks_causality(answer)
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


# (seed, species) of rough stars that neither the quick march nor one from a filled star solves
HARDEST = [(3524, "nue"), (7111, "nue"), (7772, "nue"), (8037, "anue"), (8181, "nue")]


def hardest(seed, name):
    rng = np.random.default_rng([seed, 1])
    zones = int(rng.integers(20, 601))
    background = build_background(rough(rng), zones, 4e5)
    return background, OPACITIES.spectral(background.matter, ENERGY), [name]


@pytest.mark.parametrize(("seed", "name"), HARDEST)
def test_continuation_solves_the_hardest_stars(seed, name):
    answer = GraySolver().solve(*hardest(seed, name))
    assert answer.converged
    assert answer.residual_history[0][-1] < 1e-10


def test_edge_values_that_do_not_come_to_rest_are_no_answer(monkeypatch):
    monkeypatch.setattr(gray_continuation, "_MOVES", 2)
    assert not GraySolver().solve(*hardest(*HARDEST[0])).converged


@pytest.mark.slow
def test_500_analytic_stars():
    converged, refused, stopped = census(analytic, range(500))
    assert stopped == []
    assert refused == 0
    assert converged == 500


@pytest.mark.slow
def test_500_rough_stars():
    converged, refused, stopped = census(rough, range(500))
    assert stopped == []
    assert converged >= 490
    assert converged + refused == 500
