"""Schemes with groups as one solver: partners, guesses, names."""

from __future__ import annotations

import numpy as np
import pytest

from microphysics.errors import UnknownNameError
from microphysics.opacity import OpacitySet
from microphysics.processes.settings import Settings
from snsim.config.schema import AnalyticProfile
from snsim.profiles.analytic import analytic_profile
from snsim.transport.energy_groups import EnergyGroups
from snsim.transport.grid import build_background
from snsim.transport.groups import group_media, with_partner
from snsim.transport.schemes import SpectralSolver, scheme_references

PROCESSES = ("charged_current", "nucleon_scattering", "electron_scattering", "pair", "bremsstrahlung")
GROUPS = EnergyGroups.logarithmic(12)


@pytest.fixture(scope="module")
def star():
    return build_background(analytic_profile(AnalyticProfile(format="analytic")), 60, 4e5, 5e7)


def solved(star, scheme, pair_species):
    opacities = OpacitySet.from_names(PROCESSES, Settings(pair_species=pair_species))
    return SpectralSolver(scheme, GROUPS).solve(star, opacities)


@pytest.mark.filterwarnings("ignore::microphysics.errors.PhysicsWarning")
@pytest.mark.parametrize("scheme", ["multigroup", "eddington"])
def test_pairs_of_electron_neutrinos_hardly_count_where_nucleons_absorb(star, scheme):
    heavy, every = (solved(star, scheme, which) for which in ("heavy", "all"))
    assert every.converged
    np.testing.assert_allclose(every.luminosity[:, -1], heavy.luminosity[:, -1], rtol=0.03)
    assert (every.flux_factor[:, -1] > 0.9).all()


@pytest.mark.filterwarnings("ignore::microphysics.errors.PhysicsWarning")
def test_the_loss_to_a_partner_that_is_not_there_is_no_opacity(star):
    opacities = OpacitySet.from_names(PROCESSES, Settings(pair_species="all"))
    medium = group_media(star, opacities, GROUPS, ("anue",))["anue"]
    empty = with_partner(medium, np.zeros_like(medium.equilibrium))
    expected = medium.coupling.production.sum(axis=-1)
    alone = group_media(
        star, OpacitySet.from_names(PROCESSES[:3], Settings(pair_species="all")), GROUPS, ("anue",)
    )["anue"]
    pairs = empty.scattering - alone.scattering
    outside = star.radius > 2e7
    scale = medium.scattering[outside]
    assert (np.abs(pairs[outside] - expected[outside]) < 1e-9 * scale + 1e-12 * expected[outside]).all()
    again = with_partner(empty, medium.coupling.partner)
    np.testing.assert_allclose(again.scattering[~outside], medium.scattering[~outside], rtol=1e-9)


def test_names_are_checked(star):
    opacities = OpacitySet.from_names(PROCESSES)
    with pytest.raises(UnknownNameError, match="multigruop"):
        SpectralSolver("multigruop").solve(star, opacities)
    assert any("Rampp" in paper for paper in scheme_references("eddington", "wilson"))
    assert any("Bowers" in paper for paper in scheme_references("multigroup", "wilson"))
