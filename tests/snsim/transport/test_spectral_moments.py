"""From groups to moments, what a run says about itself, and where it says that it stopped short."""

from __future__ import annotations

import warnings
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from random_media import curved, random_coupling

from microphysics.constants import CODATA
from microphysics.errors import PhysicsWarning, UnknownNameError
from microphysics.opacity import OpacitySet
from microphysics.spectrum import fermi
from snsim.config.load import load_config
from snsim.config.schema import AnalyticProfile, Config
from snsim.errors import ConvergenceError, UnresolvedWarning
from snsim.pipeline import microphysics_settings, simulate
from snsim.profiles.analytic import analytic_profile
from snsim.transport.coupling import uncoupled
from snsim.transport.energy_groups import EnergyGroups
from snsim.transport.grid import build_background
from snsim.transport.group_newton import GroupField
from snsim.transport.groups import GroupMedium, group_media, with_partner
from snsim.transport.moments import mean_energy, rms_energy, rms_number
from snsim.transport.schemes import SpectralSolver
from snsim.transport.solution import TransportSolution
from snsim.transport.spectral import assemble, edge_occupation, equivalent_spectrum
from snsim.transport.trust import COARSEST, FASTEST, assess, warn

QUICKSTART = Path(__file__).resolve().parents[3] / "runs" / "quickstart" / "run.toml"
C = CODATA.speed_of_light
PHASE_SPACE = 4.0 * np.pi / (2.0 * np.pi * CODATA.hbar_c) ** 3
FINE = EnergyGroups.logarithmic(400, 0.005, 700.0)
MESH = curved(np.linspace(0.0, 40.0, 9) * 1e5)
ETA = 1.5
KAPPA = 1e-9  # 1/cm at 1 MeV


def temperatures(radius):
    return 6.0 - 0.1 * radius / 1e5


def fermi_dirac(temperature, lapse):
    """f of every group at its local energy, shape (place, group)."""
    return 1.0 / (1.0 + np.exp(FINE.energy / (lapse * temperature)[:, None] - ETA))


def number_of(temperature, power=2):
    """Integral of f eps^power over phase space."""
    return PHASE_SPACE * temperature ** (power + 1) * fermi(power, np.array([ETA]))[0]


@cache
def fermi_dirac_solution():
    """A quarter of F = cE at every edge; kappa = KAPPA (eps/MeV)^2 locally, f_eq half of f."""
    f = fermi_dirac(temperatures(MESH.radius), MESH.lapse)
    at_edges = fermi_dirac(temperatures(MESH.radius_interface), MESH.lapse_interface)
    local = FINE.energy / MESH.lapse[:, None]
    medium = GroupMedium(KAPPA * local**2, 3.0 * KAPPA * local**2, 0.5 * f, uncoupled())
    field = GroupField(f, 0.25 * at_edges, None, np.ones(400), True, 7, np.array([1.0, 1e-11]), (3, 5))
    return assemble(MESH, FINE, {"nue": medium}, {"nue": field}, ["nue"])


def test_moments_of_a_fermi_dirac_gas():
    """Local moments from groups at infinity: every power of the lapse shows."""
    found = fermi_dirac_solution()
    t = temperatures(MESH.radius)
    assert found.energy_density[0] == pytest.approx(number_of(t, 3), rel=1e-5)
    assert found.number_density[0] == pytest.approx(number_of(t), rel=1e-5)
    assert found.neutrino_temperature[0] == pytest.approx(t, rel=1e-4)
    assert found.degeneracy[0] == pytest.approx(ETA, abs=1e-3)
    assert mean_energy(found)[0] == pytest.approx(number_of(t, 3) / number_of(t), rel=1e-5)
    assert rms_number(found)[0] == pytest.approx(np.sqrt(number_of(t, 4) / number_of(t)), rel=1e-5)
    assert rms_energy(found)[0] == pytest.approx(np.sqrt(number_of(t, 5) / number_of(t, 3)), rel=1e-5)
    assert found.species == ("nue",)
    assert found.converged
    assert found.spectral.worst == ((3, 5),)
    assert found.spectral.eddington_factor is None
    np.testing.assert_array_equal(found.iterations, [7])


def test_luminosities():
    found = fermi_dirac_solution()
    r, t = MESH.radius_interface, temperatures(MESH.radius_interface)
    area = 4.0 * np.pi * r**2
    assert found.luminosity[0] == pytest.approx(
        0.25 * C * area * number_of(t, 3) * CODATA.erg_per_mev, rel=1e-5
    )
    assert found.number_luminosity[0] == pytest.approx(0.25 * C * area * number_of(t), rel=1e-5)
    assert np.isnan(found.flux_factor[0, 0])


def test_means_of_opacities_and_sources():
    found = fermi_dirac_solution()
    t = temperatures(MESH.radius)
    assert found.absorption_energy[0] == pytest.approx(KAPPA * number_of(t, 5) / number_of(t, 3), rel=1e-5)
    assert found.absorption_number[0] == pytest.approx(KAPPA * number_of(t, 4) / number_of(t), rel=1e-5)
    assert found.emission_energy[0] == pytest.approx(0.5 * C * KAPPA * number_of(t, 5), rel=1e-5)
    assert found.emission_number[0] == pytest.approx(0.5 * C * KAPPA * number_of(t, 4), rel=1e-5)
    assert not found.exchange_energy.any()
    # kappa_t = 4 KAPPA eps^2 between zones; the geometric mean goes with 1/sqrt(alpha alpha'), 1 % from 1/alpha at the edge
    t = temperatures(MESH.radius_interface)[1:-1]
    assert found.transport_energy[0, 1:-1] == pytest.approx(
        4.0 * KAPPA * number_of(t, 5) / number_of(t, 3), rel=1e-2
    )
    assert found.transport_number[0, 1:-1] == pytest.approx(
        4.0 * KAPPA * number_of(t, 4) / number_of(t), rel=1e-2
    )


def test_flux_factor_against_what_arrives_at_the_edge():
    """A field that is diluted as r^-2 has its edge values exactly, from whichever side it comes."""
    shape = np.linspace(1.0, 2.0, 400)
    f = 1e-3 * shape / (MESH.radius[:, None] / 1e6) ** 2
    with np.errstate(divide="ignore"):
        at_edges = 1e-3 * shape / (MESH.radius_interface[:, None] / 1e6) ** 2
    flux = 0.7 * np.where(np.isfinite(at_edges), at_edges, 0.0)
    field = GroupField(f, flux, None, np.ones(400), True, 1, np.ones(1), (0, 0))
    np.testing.assert_allclose(edge_occupation(MESH, field)[1:], at_edges[1:], rtol=1e-12)
    medium = GroupMedium(0.0 * f, 0.0 * f, 0.0 * f, uncoupled())
    found = assemble(MESH, FINE, {"nux": medium}, {"nux": field}, ["nux"])
    np.testing.assert_allclose(found.flux_factor[0, 1:], 0.7, rtol=1e-12)
    # inwards: the zone outside is upstream
    rising = replace(field, occupation=f[::-1].copy())
    edges = edge_occupation(MESH, rising)
    plain = rising.occupation[1:] * (MESH.radius[1:] / MESH.radius_interface[1:-1])[:, None] ** 2
    assert (edges[1:-2] < plain[:-1]).all()
    np.testing.assert_allclose(edges[-2], plain[-1], rtol=1e-12)


def test_equivalent_spectra():
    eta = np.array([-6.0, 0.0, 3.0, 20.0])
    t = np.array([2.0, 5.0, 9.0, 30.0])
    first = t * fermi(3, eta) / fermi(2, eta)
    second = t**2 * fermi(4, eta) / fermi(2, eta)
    found_t, found_eta = equivalent_spectrum(first, second)
    np.testing.assert_allclose(found_t, t, rtol=1e-3)
    np.testing.assert_allclose(found_eta[1:], eta[1:], atol=0.02)
    # broader than any: as dilute as they come; a line: as degenerate
    broad, line = (
        equivalent_spectrum(np.ones(1), np.full(1, 3.0)),
        equivalent_spectrum(np.ones(1), np.ones(1)),
    )
    assert broad[1] == pytest.approx(-8.0)
    assert line[1] == pytest.approx(50.0)
    assert broad[0] == pytest.approx(1.0 / 3.0, rel=1e-3)


@pytest.mark.parametrize("pairs", ["own", "other", None])
def test_sources_are_the_collision_integral(pairs):
    """Emission - absorption + exchange is kappa (f_eq - f) + C, whichever part of C a name takes."""
    rng = np.random.default_rng(1)
    groups = EnergyGroups.logarithmic(5)
    coupling = random_coupling(rng, 8, 5, pairs=pairs)
    f, kappa, equilibrium = rng.uniform(0.01, 0.9, (3, 8, 5))
    kappa *= 1e-7
    field = GroupField(f, np.zeros((9, 5)), None, np.ones(5), True, 1, np.ones(1), (0, 0))
    medium = GroupMedium(kappa, kappa, equilibrium, coupling)
    found = assemble(MESH, groups, {"nux": medium}, {"nux": field}, ["nux"])
    rate = kappa * (equilibrium - f)
    into = np.einsum("igm,im->ig", coupling.gain, f)
    out = np.einsum("igm,im->ig", coupling.scatter, 1.0 - f)
    exchange = (1.0 - f) * into - f * out
    if pairs:
        partner = f if pairs == "own" else coupling.partner
        rate += (1.0 - f) * np.einsum("igm,im->ig", coupling.production, 1.0 - partner)
        rate -= f * np.einsum("igm,im->ig", coupling.annihilation, partner)
    energy = C * (rate @ groups.energy_weight) / MESH.lapse**4
    number = C * (rate @ groups.number_weight) / MESH.lapse**3
    made = found.emission_energy[0] - C * found.absorption_energy[0] * found.energy_density[0]
    gross = found.emission_energy[0] + C * found.absorption_energy[0] * found.energy_density[0]
    np.testing.assert_allclose(made / gross, energy / gross, atol=1e-13)
    made = found.emission_number[0] - C * found.absorption_number[0] * found.number_density[0]
    gross = found.emission_number[0] + C * found.absorption_number[0] * found.number_density[0]
    np.testing.assert_allclose(made / gross, number / gross, atol=1e-13)
    gained = C * (exchange @ groups.energy_weight) / MESH.lapse**4
    np.testing.assert_allclose(
        found.exchange_energy[0], gained, rtol=1e-11, atol=1e-13 * np.abs(gained).max()
    )


def test_eddington_factor_of_the_energy():
    rng = np.random.default_rng(2)
    groups = EnergyGroups.logarithmic(5)
    f, factor = rng.uniform(0.1, 0.9, (8, 5)), rng.uniform(0.3, 1.0, (8, 5))
    field = GroupField(f, np.zeros((9, 5)), factor, np.ones(5), False, 1, np.ones(1), (0, 0))
    found = assemble(MESH, groups, {"nux": GroupMedium(f, f, f, uncoupled())}, {"nux": field}, ["nux"])
    exact = (factor * f) @ groups.energy_weight / (f @ groups.energy_weight)
    np.testing.assert_allclose(found.spectral.eddington_factor[0], exact, rtol=1e-13)
    assert not found.converged


# ---------------------------------------------------------------------------------------------------------- whole stars


@cache
def default_star(zones):
    config = Config(schema=1)
    background = build_background(analytic_profile(AnalyticProfile(format="analytic")), zones)
    return background, OpacitySet.from_names(config.microphysics.processes, microphysics_settings(config))


@cache
def solved(zones=100, groups=20, low=1.6, high=300.0, **options):
    background, opacities = default_star(zones)
    solver = SpectralSolver(groups=EnergyGroups.logarithmic(groups, low, high), **options)
    return background, solver.solve(background, opacities), solver.groups


@pytest.mark.parametrize("inelastic", [False, True])
@pytest.mark.parametrize("scheme", ["multigroup", "eddington"])
def test_budgets_of_a_star_close(scheme, inelastic):
    background, solution, groups = solved(scheme=scheme, inelastic=inelastic)
    assert solution.converged
    trust = assess(background, solution, groups)
    # of nue in the core 1e8 times more is emitted than leaves, and absorbed again: the difference has so few digits
    assert np.abs(trust.energy_defect).max() < 1e-7
    assert np.abs(trust.number_defect).max() < 1e-8
    assert np.abs(trust.energy_defect[1:]).max() < 1e-10
    if inelastic:
        assert np.abs(solution.exchange_energy).max() > 0.0
    warn(trust, solution.species)  # nothing to say: warnings are errors here


def test_a_missing_source_shows_in_the_budget():
    background, solution, groups = solved(inelastic=True)
    wrong = replace(solution, emission_energy=1.01 * solution.emission_energy)
    assert np.abs(assess(background, wrong, groups).energy_defect).min() > 1e-2
    wrong = replace(solution, exchange_energy=np.zeros_like(solution.exchange_energy))
    assert np.abs(assess(background, wrong, groups).energy_defect).max() > 1e-3


def test_unknown_schemes_are_named():
    background, opacities = default_star(20)
    with pytest.raises(UnknownNameError, match="transport scheme"):
        SpectralSolver(scheme="grey").solve(background, opacities)
    with pytest.raises(UnknownNameError, match="flux limiter"):
        SpectralSolver(limiter="none").solve(background, opacities)


# ------------------------------------------------------------------------------------------------------- what trust says


def simple(opacity=1e-6, zones=40, speed=0.0, flux_factor=0.2):
    """Constant transport opacity in flat space, one species; only what `assess` reads is not 1."""
    edges = np.linspace(0.0, 40.0, zones + 1) * 1e5
    background = SimpleNamespace(
        radius_interface=edges, radius=0.5 * (edges[1:] + edges[:-1]), gamma=np.full(zones, 0.8), lapse=np.ones(zones),
        lapse_interface=np.ones(zones + 1), velocity=np.full(zones, speed * C),
    )  # fmt: skip
    zone, edge = np.ones((1, zones)), np.ones((1, zones + 1))
    solution = TransportSolution(
        species=("nue",), energy_density=zone, number_density=zone, neutrino_temperature=zone, degeneracy=zone,
        luminosity=edge, number_luminosity=edge, flux_factor=flux_factor * edge, absorption_energy=zone,
        absorption_number=zone, transport_energy=opacity * edge, transport_number=opacity * edge, emission_energy=zone,
        emission_number=zone, exchange_energy=0.0 * zone, converged=True, iterations=np.array([1]),
    )  # fmt: skip
    return background, solution


def test_zones_per_unit_depth():
    trust = assess(*simple())
    assert trust.zones_per_depth == pytest.approx([1.0 / (1e-6 * 1e5 / 0.8)], rel=1e-12)
    assert np.isnan(trust.end_groups).all()
    assert assess(*simple(zones=80)).zones_per_depth == pytest.approx(2.0 * trust.zones_per_depth, rel=1e-12)
    thin = assess(*simple(opacity=1e-8))
    assert np.isnan(thin.zones_per_depth).all()
    assert np.isnan(thin.advection).all()


def test_budget_by_hand():
    background, solution = simple()
    wall = 4.0 * np.pi / 3.0 * 4e6**3 / 0.8
    made = (1.0 - C) * wall
    out = 1.0 / CODATA.erg_per_mev
    trust = assess(background, solution)
    assert trust.energy_defect == pytest.approx([(made - out) / out], rel=1e-9)
    assert trust.number_defect == pytest.approx([made - 1.0], rel=1e-9)
    redshifted = SimpleNamespace(**vars(background))
    redshifted.lapse, redshifted.lapse_interface = np.full(40, 0.5), np.full(41, 0.9)
    trust = assess(redshifted, solution)
    assert trust.energy_defect == pytest.approx([(0.25 * made - 0.81 * out) / (0.81 * out)], rel=1e-9)
    assert trust.number_defect == pytest.approx([(0.5 * made - 0.9) / 0.9], rel=1e-9)


def test_advection_at_the_neutrinosphere():
    background, solution = simple(speed=-0.01)
    assert assess(background, solution).advection == pytest.approx([0.05], rel=1e-12)
    # only there: 2/3 of a mean free path below the surface lies in zone 40 - 2/3/0.125 = 34.67
    background.velocity = np.where(np.arange(40) == 34, -0.3 * C, 0.0)
    assert assess(background, solution).advection == pytest.approx([1.5], rel=1e-12)
    with pytest.warns(PhysicsWarning, match=r"not in a steady state.*1\.5 \(nue\).*30 ms"):
        warn(assess(background, solution), solution.species)


def said(trust, species=("nue", "anue", "nux")):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warn(trust, species)
    return [(each.category, str(each.message)) for each in caught]


def test_percentages_are_plain_numbers():
    shares = np.array([[1.0, 0.0], [0.99999, 0.0], [0.0123, 0.0]])
    trust = replace(
        assess(*simple()), zones_per_depth=np.full(3, 9.0), advection=np.zeros(3), end_groups=shares
    )
    ((_, words),) = said(trust)
    assert "up to 100 % (nue), 100 % (anue), 1.2 % (nux) of the number in the lowest group" in words


def test_a_coarse_grid_is_warned_of():
    background, solution = simple(opacity=1e-5)
    trust = assess(background, solution)
    assert trust.zones_per_depth[0] < COARSEST
    ((category, words),) = said(trust, ("nue",))
    assert category is UnresolvedWarning
    assert "0.8 (nue) zones per unit optical depth" in words
    assert "raise grid.zones" in words
    background, star, groups = solved(zones=20)
    words = [text for _, text in said(assess(background, star, groups))]
    assert any("coarse at the neutrinosphere" in text for text in words)


def test_groups_that_miss_the_spectrum_are_warned_of():
    background, solution, groups = solved(groups=8, low=8.0, high=40.0)
    trust = assess(background, solution, groups)
    assert (trust.end_groups > 1e-2).all()
    f = solution.spectral.occupation
    number, energy = f * groups.number_weight, f * groups.energy_weight
    first, last = (number[..., 0] / number.sum(axis=2), energy[..., -1] / energy.sum(axis=2))
    # the outermost zone is decoupled; where the shares are largest lies further in
    assert (trust.end_groups[:, 0] >= first[:, -1]).all()
    assert (trust.end_groups[:, 1] >= last[:, -1]).all()
    for i in range(3):
        assert np.isclose(first[i], trust.end_groups[i, 0], rtol=1e-12).any()
        assert np.isclose(last[i], trust.end_groups[i, 1], rtol=1e-12).any()
    words = [text for category, text in said(trust) if category is UnresolvedWarning]
    assert any("number in the lowest group; change transport.group_min" in text for text in words)
    assert any("energy in the highest group; change transport.group_max" in text for text in words)
    assert all("nue" in text and "%" in text for text in words)
    fine = assess(*solved()[:2], solved()[2])
    assert (fine.end_groups < 1e-2).all()
    assert not said(fine)


def test_collapse_is_warned_of():
    background, solution, groups = solved()
    falling = replace(background, velocity=np.full_like(background.velocity, -0.1 * C))
    trust = assess(falling, solution, groups)
    assert (trust.advection > FASTEST).all()
    ((category, words),) = said(trust)
    assert category is PhysicsWarning
    assert all(name in words for name in ("nue", "anue", "nux"))


# ---------------------------------------------------------------------------------------------------------- stopping short


@pytest.mark.parametrize("inelastic", ["true", "false"])
def test_stopping_short_names_zone_group_and_species(inelastic):
    overrides = [
        "transport.scheme=multigroup", "transport.max_iterations=2", "grid.zones=40", "transport.groups=6",
        f"transport.inelastic={inelastic}",
    ]  # fmt: skip
    config = load_config(QUICKSTART, overrides)
    place = r"\d\.\de-\d+ after 2 steps, worst in zone \d+ at [\d.]+ km, group \d of [\d.]+ MeV"
    with pytest.raises(ConvergenceError, match=rf"nue {place}; anue {place}; nux {place}") as caught:
        simulate(config)
    assert "transport.max_iterations = 2" in str(caught.value)
    transport = caught.value.partial.groups["transport"]
    assert transport["converged"].values == 0
    for name in ("luminosity", "energy_density", "mean_energy", "occupation", "occupation_flux"):
        assert np.isfinite(transport[name].values).all()
    assert (transport["occupation"].values > 0.0).all()


def test_partners_know_each_other():
    """Pairs of nue and anue: the answer is the one with the other's final occupation, not with its equilibrium."""
    background, _ = default_star(40)
    opacities = OpacitySet.from_names(
        Config(schema=1).microphysics.processes,
        replace(microphysics_settings(Config(schema=1)), pair_species="all"),
    )
    solver = SpectralSolver(groups=EnergyGroups.logarithmic(8))
    solution = solver.solve(background, opacities, ("nue", "anue"))
    assert solution.converged
    media = group_media(background, opacities, solver.groups, ("nue", "anue"))
    for i, name in enumerate(("nue", "anue")):
        there = with_partner(media[name], solution.spectral.occupation[1 - i])
        again = solver.solve_species(background, there).flux[-1]
        np.testing.assert_allclose(again, solution.spectral.occupation_flux[i, -1], rtol=1e-5)
        first = solver.solve_species(background, media[name]).flux[-1]
        assert np.abs(first / again - 1.0).max() > 1e-3
