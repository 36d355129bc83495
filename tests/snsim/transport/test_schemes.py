"""Schemes with groups as one solver: partners, guesses, names."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from microphysics.errors import OutOfRangeError, UnknownNameError
from microphysics.opacity import OpacitySet
from microphysics.processes.settings import Settings
from snsim.config.schema import AnalyticProfile, Config
from snsim.profiles.analytic import analytic_profile
from snsim.transport.energy_groups import EnergyGroups
from snsim.transport.gray import GRAY_CLOSURES, GraySolver
from snsim.transport.gray import RECONSTRUCTIONS as GRAY_RECONSTRUCTIONS
from snsim.transport.grid import build_background
from snsim.transport.groups import group_media, with_partner
from snsim.transport.limiters import FORMULAS, LIMITERS
from snsim.transport.schemes import (
    CLOSURES,
    EVOLUTION_REFERENCES,
    RECONSTRUCTIONS,
    REFERENCES,
    SCHEMES,
    SpectralSolver,
    scheme_references,
)

PROCESSES = ("charged_current", "nucleon_scattering", "electron_scattering", "pair", "bremsstrahlung")
GROUPS = EnergyGroups.logarithmic(12)


@pytest.fixture(scope="module")
def star():
    return build_background(analytic_profile(AnalyticProfile(format="analytic")), 60, 4e5, 5e7)


def solved(star, scheme, pair_species):
    opacities = OpacitySet.from_names(PROCESSES, Settings(pair_species=pair_species))
    return SpectralSolver(scheme, GROUPS).solve(star, opacities)


def test_opacities_of_the_wrong_kind_are_refused_with_what_is_wanted(star):
    opacities = OpacitySet.from_names(["charged_current"])
    spectra = opacities.spectral(star.matter, np.geomspace(0.5, 350.0, 20))
    with pytest.raises(
        TypeError, match=r"GraySolver\.solve wants OpacitySpectra, not OpacitySet.*gray_spectra\("
    ):
        GraySolver().solve(star, opacities)
    with pytest.raises(
        TypeError, match=r"SpectralSolver\.solve wants OpacitySet, not OpacitySpectra.*from_names"
    ):
        SpectralSolver().solve(star, spectra)


def test_what_python_shows_of_a_star_and_its_neutrinos_is_a_line(star):
    opacities = OpacitySet.from_names(["charged_current", "nucleon_scattering"])
    spectra = opacities.spectral(star.matter, np.geomspace(0.5, 350.0, 20))
    gray = GraySolver(tolerance=1e-4).solve(star, spectra, ["nue"])
    groups = SpectralSolver("multigroup", GROUPS).solve(star, opacities, ["nue", "anue"])
    assert repr(star).startswith("Background(60 zones, 0 to 500 km, shock at ")
    assert repr(gray).startswith("TransportSolution(gray, 60 zones, converged; erg/s at the outer edge: nue ")
    assert "12 groups" in repr(groups)
    assert f"anue {groups.luminosity[1, -1]:.3g})" in repr(groups)
    assert max(len(repr(each)) for each in (star, gray, groups)) < 130
    assert "not converged" in repr(replace(gray, converged=False))


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
    for options, words in (
        (
            {"scheme": "multigruop"},
            "'multigruop'; known are eddington, multigroup. Did you mean 'multigroup'",
        ),
        ({"limiter": "wilsen"}, "flux limiter 'wilsen'; known are .*wilson-albedo"),
        ({"limiter": "albedo"}, "flux limiter 'albedo'"),
        ({"reconstruction": "third"}, "reconstruction 'third'; known are first, second"),
    ):
        with pytest.raises(UnknownNameError, match=words):
            SpectralSolver(**options)
    assert SpectralSolver(limiter="minerbo-albedo").limiter == "minerbo-albedo"
    with pytest.raises(UnknownNameError, match="nuX"):
        SpectralSolver().solve(star, OpacitySet.from_names(PROCESSES), ["nuX"])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tolerance", 0.0),
        ("tolerance", -1e-8),
        ("tolerance", np.nan),
        ("tolerance", 1.0),
        ("max_iterations", 0),
        ("max_iterations", 2.5),
        ("core_rays", 0),
        ("zones_per_ray", 0),
        ("zones_per_ray", -3),
    ],
)
def test_numbers_are_checked_when_a_solver_is_made(name, value):
    with pytest.raises(OutOfRangeError, match=rf"^{name} = {value:g}: must be ") as caught:
        SpectralSolver(**{name: value})
    assert "1" in str(caught.value)


def test_papers_of_a_scheme():
    for scheme, names in (
        ("gray", ("Levermore & Pomraning", "Bowers & Wilson", "Lindquist")),
        ("multigroup", ("Bowers & Wilson", "Bruenn", "Grassmann", "Chan, Golub & Mulet")),
        ("eddington", ("Rampp", "Schinder", "Auer & Mihalas", "Anderson", "Grassmann")),
    ):
        papers = scheme_references(scheme, "wilson")
        assert len(set(papers)) == len(papers)
        for name in names:
            assert any(name in paper for paper in papers), name
    assert not any("Bowers" in paper for paper in scheme_references("eddington", "wilson"))
    assert "Alexander 1977" in EVOLUTION_REFERENCES[0]


def test_papers_are_those_of_the_theory_page():
    page = (Path(__file__).resolve().parents[3] / "docs" / "transport.md").read_text(encoding="utf-8")
    every = {paper for papers in REFERENCES.values() for paper in papers} | set(EVOLUTION_REFERENCES)
    for paper in every:
        authors, year = re.match(r"(.*?) (\d{4})", paper).groups()
        assert f"{authors} {year}" in page or f"{authors} ({year})" in page, paper


def test_what_is_listed_is_what_there_is():
    assert set(CLOSURES) == set(GRAY_CLOSURES)
    assert set(FORMULAS) == set(LIMITERS)
    schemes = Config.model_json_schema()["$defs"]["Transport"]["properties"]["scheme"]["enum"]
    assert list(SCHEMES) == schemes
    assert RECONSTRUCTIONS == GRAY_RECONSTRUCTIONS
