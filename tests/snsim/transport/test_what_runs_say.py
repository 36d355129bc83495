"""What a run says about its energies and its outer edge: only where something errs, and what to set."""

import re
import warnings
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.integrate import quad
from typer.testing import CliRunner

from microphysics.opacity import OpacitySet
from snsim.cli.app import app
from snsim.config.eos import equation_of_state
from snsim.config.load import load_config
from snsim.config.microphysics import process_names
from snsim.config.schema import Config
from snsim.errors import UnresolvedWarning
from snsim.pipeline import energy_grid, microphysics_settings, simulate
from snsim.profiles.profile import Profile
from snsim.profiles.readers import load_profile
from snsim.transport.coverage import beyond, fermi_surface
from snsim.transport.grid import build_background
from snsim.transport.outer_edge import estimate

QUICKSTART = "runs/quickstart"
NAMES = ("nue", "anue", "nux")


@cache
def said(*options):
    """Warnings of a run of the default star, and its group `transport`."""
    return said_of(options)


def said_of(options, profile=None):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = simulate(load_config(QUICKSTART, list(options)), profile=profile)
    assert all(issubclass(each.category, UnresolvedWarning) for each in caught)
    return [str(each.message) for each in caught], result["transport"]


@pytest.fixture(autouse=True)
def from_root(monkeypatch, request):
    monkeypatch.chdir(request.config.rootpath)


@pytest.mark.parametrize("scheme", ["gray", "multigroup", "eddington"])
def test_the_default_star_says_nothing(scheme):
    words, transport = said(f"transport.scheme={scheme}")
    assert words == []
    assert (transport["outer_depth"].values < 0.02).all()


# ----------------------------------------------------------------------------------------------- ends of the energies


def test_energies_that_end_below_the_spectrum_are_warned_of():
    (words,), transport = said('opacity.energy_max="20 MeV"')
    assert "opacity.energy_max = 20 MeV, where opacities are continued as powers" in words
    found = {
        name: float(share)
        for share, name in re.findall(r"([\d.]+) % \((\w+) at [\d.]+ km, zone \d+\)", words)
    }
    assert set(found) == set(NAMES)
    np.testing.assert_allclose(
        [found[name] / 100 for name in NAMES], transport["energy_above_energies"].values, rtol=0.02
    )
    wanted = float(re.search(r"raise it to ([\d.]+) MeV", words)[1])
    assert said(f'opacity.energy_max="{wanted} MeV"')[0] == []  # the advice is enough


@pytest.mark.filterwarnings("ignore")
def test_energies_that_begin_inside_the_spectrum_are_warned_of():
    (words,), transport = said('opacity.energy_min="15 MeV"')
    assert "of the number lies below opacity.energy_min = 15 MeV and is left out" in words
    assert all(f"({name} at" in words for name in NAMES)
    assert (transport["number_below_energies"].values > 0.3).all()
    true = said()[1]["luminosity_infinity"].values[:, -1]
    assert (transport["luminosity_infinity"].values[:, -1] < 0.7 * true).all()  # and so errs the answer
    (words,), _ = said('opacity.energy_min="2 MeV"')
    assert "anue" not in words  # 0.6 %


def shape(energy, power, temperature, eta):
    return energy**power / (1.0 + np.exp(energy / temperature - eta))


def test_shares_are_integrals_of_the_spectrum():
    temperature, eta = np.array([[4.0, 3.0]]), np.array([[2.0, 12.0]])
    solution = SimpleNamespace(neutrino_temperature=temperature, degeneracy=eta)
    star = SimpleNamespace(radius=np.array([1e6, 2e6]))
    for zone in range(2):
        t, d = temperature[0, zone], eta[0, zone]
        counted = np.arange(2)[None] == zone
        low, high = beyond(star, solution, np.array([3.0, 30.0]), counted)
        for power, (begin, end), worst in ((2, (0.0, 3.0), low), (3, (30.0, 60.0 * t), high)):
            whole = quad(shape, 0.0, 60.0 * t, args=(power, t, d), epsabs=0.0)[0]
            part = quad(shape, begin, end, args=(power, t, d), epsabs=0.0)[0]
            assert worst.value == pytest.approx([part / whole], rel=1e-6)
            assert (worst.zone, worst.radius) == ([zone], [star.radius[zone]])
        assert high.wanted == pytest.approx([(10.0 + d) * t])
        assert low.wanted == pytest.approx([0.5 * t])
    low, high = beyond(star, solution, np.array([3.0, 30.0]), np.zeros((1, 2), dtype=bool))
    assert low.value == high.value == [0.0]


# -------------------------------------------------------------------------------------------------------- Fermi surface


@pytest.mark.parametrize(
    ("options", "key", "coarse"),
    [
        ((), "opacity.energies", 24),
        (("transport.scheme=multigroup",), "transport.groups", 12),
    ],
)
def test_coarse_energies_at_a_fermi_surface_are_warned_of(options, key, coarse):
    every, transport = said(*options, f"{key}={coarse}")
    (words,) = [each for each in every if "Fermi surface of trapped neutrinos" in each]
    fine = said(*options)[1]
    assert re.search(r"\(nue at [\d.]+ km, zone \d+\)", words)
    assert "anue" not in words
    assert "what emerges does not" in words
    # what it says: inside fluxes err by tens of per cent, outside they do not
    ratio = transport["luminosity"].values[0, 1:] / fine["luminosity"].values[0, 1:]
    assert 0.1 < np.sqrt(np.mean((ratio[:40] - 1.0) ** 2)) < 1.0
    assert ratio[-1] == pytest.approx(1.0, rel=1e-3)
    enough = int(re.search(rf"set {key} = (\d+)", words)[1])
    assert coarse < enough < 60
    assert said(*options, f"{key}={enough}")[0] == []


def test_far_too_few_energies_are_felt_outside():
    every, transport = said("opacity.energies=8")
    (words,) = [each for each in every if "Fermi surface" in each]
    assert "with so few what emerges errs as well" in words
    true = said()[1]["luminosity"].values[0, -1]
    assert abs(transport["luminosity"].values[0, -1] / true - 1.0) > 0.05


def test_only_trapped_neutrinos_have_a_surface():
    matter = SimpleNamespace(
        neutrino_degeneracy=lambda _: np.array([[20.0, 10.0, np.nan], [-20.0, -10.0, np.nan]])
    )
    star = SimpleNamespace(radius=np.array([1e6, 2e6, 3e6]), matter=matter)
    trapped = np.array([[False, True, True], [True, True, True]])
    worst = fermi_surface(star, ("nue", "anue"), 0.3, trapped)
    assert worst.value == pytest.approx([3.0, 0.0])
    assert worst.zone[0] == 1


# ----------------------------------------------------------------------------------------------------------- outer edge


@pytest.mark.parametrize("scheme", ["gray", "eddington"])
def test_a_grid_that_ends_inside_the_neutrinosphere_is_warned_of(scheme):
    (shock, words), transport = said(f"transport.scheme={scheme}", 'grid.r_outer="50 km"')
    assert shock.startswith("the grid ends at 50 km, beneath the shock at 144 km")
    assert all(name in words for name in NAMES)
    assert "raise grid.r_outer; the profile reaches 2000 km" in words
    assert "grid.zones" not in words
    assert (transport["outer_depth"].values > 2.0 / 3.0).all()


def test_a_profile_that_ends_there_must_reach_further():
    whole = load_profile(Config(schema=1).profile)
    inside = whole.radius <= 5e6
    fields = ("radius", "density", "temperature", "electron_fraction")
    star = Profile(*(getattr(whole, name)[inside] for name in fields))
    (words,), _ = said_of([f'grid.r_outer="{star.radius[-1] / 1e5 * (1.0 - 1e-9):.12g} km"'], star)
    assert "the profile itself ends there, and must reach further out" in words
    assert "grid.r_outer" not in words


def test_the_warning_begins_where_the_neutrinosphere_does():
    sphere = 7.4e6  # of nue in the whole star, cm
    for radius, warned in ((0.94 * sphere, True), (1.2 * sphere, False)):
        words, _ = said(f'grid.r_outer="{radius / 1e5} km"')
        assert len(words) == 1 + warned
        assert "beneath the shock" in words[0]
        assert not any("nux" in each for each in words)


def test_validate_sees_the_cut_that_the_run_sees():
    for edge, warned in ((50.0, True), (60.0, True), (100.0, False), (None, False)):
        given = [] if edge is None else ["--set", f'grid.r_outer="{edge} km"']
        outcome = CliRunner().invoke(app, ["validate", QUICKSTART, *given])
        assert outcome.exit_code == 0, outcome.output
        assert ("the outer edge lies inside or close to the neutrinosphere" in outcome.stderr) == warned
        assert ("beneath the shock at 144 km" in outcome.stderr) == (edge is not None)
    outcome = CliRunner().invoke(app, ["validate", QUICKSTART, "--set", 'grid.r_outer="50 km"'])
    assert "raise grid.r_outer; the profile reaches 2000 km" in outcome.stderr
    assert all(name in outcome.stderr for name in NAMES)
    none = ["--set", "transport.scheme=none"]  # the run says nothing either
    assert (
        "edge"
        not in CliRunner()
        .invoke(app, ["validate", QUICKSTART, "--set", 'grid.r_outer="50 km"', *none])
        .stderr
    )


def test_the_estimate_inside_the_sphere_is_that_of_the_solution():
    _, transport = said('grid.r_outer="50 km"')
    config = load_config(QUICKSTART, ['grid.r_outer="50 km"'])
    eos = equation_of_state(config.microphysics)
    star = load_profile(config.profile, eos=eos)
    background = build_background(star, config.grid.zones, config.grid.r_inner, config.grid.r_outer, eos)
    opacities = OpacitySet.from_names(process_names(config.microphysics), microphysics_settings(config))
    found = estimate(background, opacities, energy_grid(config), NAMES)
    np.testing.assert_allclose(found, transport["outer_depth"].values, rtol=0.5)
