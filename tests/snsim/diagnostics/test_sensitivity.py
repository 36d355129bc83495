"""Exponents of neutrinospheres between swapped stars, on stars whose answer is a closed form."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from snsim.cli.app import app
from snsim.config.load import load_config
from snsim.diagnostics.neutrinosphere import observe
from snsim.errors import ConfigError, ResultFileError
from snsim.output.writer import write_result
from snsim.pipeline import simulate
from snsim.result import Result
from snsim.sensitivity import logarithmic_slope, neutrinosphere_sensitivity
from snsim.series import HISTORY
from snsim.variable import Variable, scalar


@pytest.mark.parametrize("power", [-1.7, 0.0, 0.25])
@pytest.mark.parametrize("points", [2, 3, 7])
def test_power_laws_are_exact(power: float, points: int) -> None:
    x = np.geomspace(3.0, 40.0, points)
    y = np.outer(x**power, [2.0, 5e6])
    np.testing.assert_allclose(logarithmic_slope(x, y), power, rtol=1e-12, atol=1e-13)


def test_two_points_are_the_quotient_of_differences_and_more_a_line() -> None:
    assert logarithmic_slope([1.0, np.e], [1.0, np.exp(-3.0)]) == pytest.approx(-3.0, rel=1e-12)
    # y = x, x, x^2 at 1, e, e^2: the least-squares line through (0, 0), (1, 1), (2, 4) has slope 2
    assert logarithmic_slope(np.exp([0.0, 1.0, 2.0]), np.exp([0.0, 1.0, 4.0])) == pytest.approx(
        2.0, rel=1e-12
    )
    assert np.isnan(logarithmic_slope([1.0, 2.0], [1.0, np.nan]))
    assert np.isnan(logarithmic_slope([1.0, 2.0], [0.0, 1.0]))


@pytest.mark.parametrize(
    ("scalars", "words"),
    [([1.0], "at least 2"), ([1.0, -2.0], "is -2 in a result"), ([3.0, 3.0], "the scalar is 3 in every result"),
     ([1.0, np.nan], "is nan in a result")],
)  # fmt: skip
def test_scalars_without_a_slope_are_refused(scalars: list[float], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        logarithmic_slope(scalars, np.ones(len(scalars)))


def stored(star: Any, factor: float, slope: float, zones: int = 2000) -> Result:
    """A power-law atmosphere whose density, and with it every opacity, is `factor` times as large."""
    opacity = tuple(factor * each for each in (2e-6, 1.5e-6, 1e-6))
    background, spectra, solution = star(opacity=opacity, slope=slope, zones=zones, outer=3e9)
    density = factor * background.matter.density
    profile = {
        "density": Variable(("zone",), density, "g/cm3", "density"),
        "shock_radius": scalar(1.5e7, "cm", "shock radius"),
    }
    transport = {"species": Variable(("species",), np.array(solution.species), "1", "species")}
    spheres = observe(background, spectra, solution)
    return Result({"profile": profile, "transport": transport, "diagnostics/neutrinosphere": spheres})


@pytest.mark.parametrize("slope", [3.0, 5.0, 9.0])
@pytest.mark.parametrize("factors", [(1.0, 1.1), (0.5, 1.0, 2.0)])
def test_power_law_atmosphere(star: Any, slope: float, factors: tuple[float, ...]) -> None:
    # kappa = rho_0 r^-s: tau = rho_0 R^(1 - s)/(s - 1), so R ~ rho_0^(1/(s - 1)), whatever the energy and species
    stars = [stored(star, factor, slope) for factor in factors]
    found = neutrinosphere_sensitivity(stars)
    assert found.species == ("nue", "anue", "nux")
    np.testing.assert_allclose(found.exponent, 1.0 / (slope - 1.0), rtol=2e-3)
    np.testing.assert_allclose(found.values / found.values[0], np.array(factors) / factors[0], rtol=1e-12)
    assert "density of the innermost zone [g/cm3]" in found.scalar
    assert found.reason == ""
    for sphere in ("energy_sphere", "transport_rosseland"):
        each = neutrinosphere_sensitivity(stars, sphere=sphere)
        np.testing.assert_allclose(each.exponent, 1.0 / (slope - 1.0), rtol=2e-3)


def test_a_star_without_a_sphere_has_no_exponent(star: Any) -> None:
    thick, thin = stored(star, 1.0, 5.0), stored(star, 1e-30, 5.0)
    found = neutrinosphere_sensitivity([thick, thin])
    assert np.isnan(found.exponent).all()
    assert found.reason == "a result has no neutrinosphere of nue, anue, nux"


def test_what_is_missing_is_said(star: Any) -> None:
    one, other = stored(star, 1.0, 5.0), stored(star, 2.0, 5.0)
    with pytest.raises(
        ConfigError, match=r"'rho' is no number of the results: expected a variable .*density"
    ):
        neutrinosphere_sensitivity([one, other], "rho")
    with pytest.raises(ConfigError, match=r"the scalar is 1\.5e\+07 in every result"):
        neutrinosphere_sensitivity([one, other], "shock_radius")
    with pytest.raises(ResultFileError, match=r"no neutrinosphere 'photosphere'; there are .*energy_sphere"):
        neutrinosphere_sensitivity([one, other], sphere="photosphere")
    bare = replace(one, groups={k: v for k, v in one.groups.items() if not k.startswith("diagnostics")})
    with pytest.raises(ResultFileError, match=r"ask for diagnostics\.names"):
        neutrinosphere_sensitivity([one, bare])
    many = replace(one, groups={**one.groups, HISTORY: {}})
    with pytest.raises(ResultFileError, match="a sequence has many stars"):
        neutrinosphere_sensitivity([many, other])


RUN = """schema = 1
profile.format = "analytic"
[grid]
zones = 60
[opacity]
energies = 48
[diagnostics]
names = ["neutrinosphere"]
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The same star at two vacuum expectation values."""
    folder = tmp_path_factory.mktemp("runs")
    (folder / "run.toml").write_text(RUN)
    files = []
    for name, ratio in (("one", 1.0), ("other", 1.1)):
        config = load_config(folder / "run.toml", [f"microphysics.couplings.vev_ratio={ratio}"])
        (folder / name).mkdir()
        write_result(simulate(config), folder / name / "result.h5")
        files.append(folder / name)
    return files


def test_compare_shows_it(runs: list[Path]) -> None:
    key = "microphysics.couplings.vev_ratio"
    said = CliRunner().invoke(app, ["compare", *map(str, runs), "--sensitivity", key], env={"COLUMNS": "200"})
    assert said.exit_code == 0
    assert f"{key} (CGS, MeV)" in said.stdout
    told = CliRunner().invoke(app, ["compare", *map(str, runs), "--sensitivity", key, "--json"])
    found = json.loads(told.stdout)["sensitivity"]
    assert found["values"] == [1.0, 1.1]
    # opacities go with v^-4: a radius falls with v, less steeply than in an atmosphere of rho T^2 ~ r^-3
    assert all(-4.0 / 2.0 < value < -0.2 for value in found["exponent"])
    one, other = (np.array(each) for each in found["radius"])
    np.testing.assert_allclose(np.log(other / one) / np.log(1.1), found["exponent"], rtol=1e-12)
    assert f"{found['exponent'][0]:.6g}" in said.stdout
    assert "sensitivity" not in json.loads(
        CliRunner().invoke(app, ["compare", *map(str, runs), "--json"]).stdout
    )
