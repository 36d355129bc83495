"""The page on inputs: its run files load and run, its formats are those of the code, and so is the example of a sequence."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from microphysics.constants import CODATA
from snsim.cli.app import app
from snsim.config.load import load_config
from snsim.config.stars import stars
from snsim.output.reader import read_result
from snsim.profiles.formats.registry import FORMATS
from snsim.profiles.readers import load_profile
from snsim.sequence import read_stars

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "inputs.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```toml\n(.*?)```", PAGE, flags=re.DOTALL)


def write_star(file: Path) -> None:
    """rho = 3e14/(1 + (r/a)^2)^2 g/cm3 in the columns of the first example."""
    edges = np.geomspace(1e5, 8e7, 300)
    scale, central = 1.2e6, 3e14

    def mass(radius):
        x = radius / scale
        return 2.0 * np.pi * central * scale**3 * (np.arctan(x) - x / (1.0 + x**2))

    inner = np.concatenate([[0.0], edges[:-1]])
    density = (mass(edges) - mass(inner)) / (4.0 * np.pi / 3.0 * (edges**3 - inner**3))
    temperature = 25.0 / (1.0 + edges / scale) ** 0.9 / CODATA.boltzmann
    rows = zip(edges / 1e5, mass(edges) / CODATA.solar_mass, density, temperature, strict=True)
    lines = [",".join(f"{value:.12g}" for value in row) + ",0.3" for row in rows]
    file.write_text("\n".join(["r,m,rho,T,ye", *lines]) + "\n")


@pytest.mark.filterwarnings("ignore::microphysics.errors.PhysicsWarning")
def test_the_ten_lines_run(tmp_path: Path) -> None:
    write_star(tmp_path / "star.csv")
    (tmp_path / "run.toml").write_text(BLOCKS[0])
    outcome = CliRunner().invoke(app, ["run", str(tmp_path), "--no-plot", "--set", "grid.zones=60"])
    assert outcome.exit_code == 0, outcome.output
    result = read_result(tmp_path)
    assert "enclosed mass is the newtonian integral of the density" in result.provenance["profile"]
    assert int(result["transport"]["converged"].values) == 1


def test_a_wrong_centring_is_refused(tmp_path: Path) -> None:
    write_star(tmp_path / "star.csv")
    wrong = BLOCKS[0].replace('unit = "km", centring = "interface"', 'unit = "km"')
    (tmp_path / "run.toml").write_text(wrong)
    outcome = CliRunner().invoke(app, ["validate", str(tmp_path)])
    assert outcome.exit_code == 4
    assert "is off enclosed_mass by" in outcome.stderr
    assert "it would agree if" in outcome.stderr


def test_formats_of_the_page_are_those_of_the_code() -> None:
    named = re.findall(r'^\| `"([\w-]+)"` \|', PAGE, flags=re.MULTILINE)
    assert named == list(FORMATS)
    listed = CliRunner().invoke(app, ["list", "formats"]).output
    assert all(name in listed for name in named)


def test_the_sequence_of_published_profiles(reference: Path, tmp_path: Path) -> None:
    for time in ("p050", "p100", "p250"):
        shutil.copy(reference / "boltzmann" / f"AB_G15_h_{time}ms.csv", tmp_path)
    (tmp_path / "run.toml").write_text(BLOCKS[2])
    found = read_stars(load_config(tmp_path))
    assert [star.profile.source.split(" ")[0] for star in found] == [
        "AB_G15_h_p050ms.csv",
        "AB_G15_h_p100ms.csv",
        "AB_G15_h_p250ms.csv",
    ]
    assert all("enclosed mass is the relativistic integral" in star.profile.source for star in found)


@pytest.mark.filterwarnings("ignore::microphysics.errors.PhysicsWarning")
def test_the_example_of_a_sequence_runs(tmp_path: Path) -> None:
    shutil.copy(ROOT / "runs" / "sequence" / "run.toml", tmp_path)
    config = load_config(tmp_path)
    assert [each.profile.format for each in stars(config)] == ["hydrostatic"] * 4
    outcome = CliRunner().invoke(app, ["run", str(tmp_path), "--set", "grid.zones=40"])
    assert outcome.exit_code == 0, outcome.output
    history = read_result(tmp_path)["history"]
    np.testing.assert_allclose(history["shock_radius"].values, [139e5, 144e5, 125e5, 107e5])
    assert (history["net_heating"].values > 0.0).all()
    assert [file.name for file in tmp_path.glob("*.png")] == ["history.png"]
    assert "(history.png)" in PAGE


def test_functions_that_are_named_exist() -> None:
    from snsim.profiles.formats import gr1d

    assert "snsim.profiles.formats.gr1d.read_scalars" in PAGE
    assert callable(gr1d.read_scalars)
    assert callable(load_profile)
