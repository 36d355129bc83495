"""`snsim table`: every mistake before any work, an estimate, a table, and what can be asked of it afterwards."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
from test_cli import HEAVY, loaded_modules, snsim_run

from microphysics.tables import build
from microphysics.tables.native import read_table
from microphysics.tables.plan import Block, TablePlan
from microphysics.tables.worker import BlockResult
from snsim.config.table import TableConfig, load_table_config, table_plan
from snsim.config.write import resolve_toml
from snsim.errors import ConfigError

SMALL = """\
schema = 1
title = "a small table"

[microphysics]
processes = ["charged_current", "nucleon_scattering", "electron_scattering", "pair"]

[table]
density_min = "1e10 g/cm3"
density_max = "1e13 g/cm3"
density_points = 4
temperature_min = "3 MeV"
temperature_max = "2e11 K"
temperature_points = 3
electron_fraction_min = 0.2
electron_fraction_max = 0.4
electron_fraction_points = 2
energy_groups = 5
kernel_temperature_points = 3
kernel_degeneracy_points = 4
block_points = 8
"""
STEM = "LattimerSwesty220_rho4_temp3_ye2_ng5_ns3"


@pytest.fixture
def wanted(tmp_path: Path) -> Path:
    folder = tmp_path / "wanted"
    folder.mkdir()
    (folder / "table.toml").write_text(SMALL)
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """A small table of both layouts, with kernels."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "table.toml").write_text(SMALL)
    outcome = snsim_run("table", folder, "--jobs", "1", "--set", "table.kernels=true")
    assert outcome.code == 0, outcome.err
    (nulib,) = folder.glob("NuLib_*.h5")
    return SimpleNamespace(folder=folder, own=folder / f"{STEM}.h5", nulib=nulib, outcome=outcome)


@pytest.mark.parametrize("arguments", [("table", "--help"), ("table", "build", "--help")])
def test_help_loads_nothing_heavy(arguments: tuple[str, ...]) -> None:
    modules = loaded_modules(*arguments)
    assert "snsim.cli.table" in modules
    assert not modules & set(HEAVY)


def test_help_names_commands_and_options() -> None:
    words = snsim_run("table", "--help").out
    for name in ("build", "check", "info", "error", "snsim table runs/opacity-table"):
        assert name in words
    words = snsim_run("table", "build", "--help").out
    for name in ("--dry-run", "--jobs", "--output", "--set", "--force", "--json"):
        assert name in words


# --- configuration


def test_defaults_are_the_table_of_nulib() -> None:
    plan = table_plan(TableConfig(schema=1))
    assert plan.shape == (3, 51, 65, 82, 18)
    assert (plan.density[0], plan.temperature[0], plan.temperature[-1]) == (1e6, 0.05, 150.0)
    assert plan.density[-1] == pytest.approx(10.0**15.5, rel=1e-15)
    assert (plan.electron_fraction[0], plan.electron_fraction[-1]) == (0.035, 0.55)
    assert (plan.energy_edges[1], plan.energy_edges[-2]) == (2.0, 250.0)
    assert plan.kernels is None
    with_kernels = table_plan(load_table_config(None, ["table.kernels=true"]))
    assert with_kernels.kernel_shape == (3, 65, 61, 18, 18)
    assert (with_kernels.kernels.degeneracy[0], with_kernels.kernels.degeneracy[-1]) == (0.1, 100.0)


def test_the_example_is_the_default_with_all_processes() -> None:
    example = load_table_config(Path(__file__).resolve().parents[2] / "runs" / "opacity-table")
    assert example.table == TableConfig(schema=1).table
    assert len(example.microphysics.processes) == 10
    assert example.microphysics.pair_species == "heavy"


def test_a_written_configuration_reads_back(tmp_path: Path, wanted: Path) -> None:
    for overrides in ((), ("table.energy_edges=[0.0, 3.0, 8.5, 20.0]",)):
        config = load_table_config(wanted, [*overrides, "table.energy_groups=18"] if overrides else ())
        path = tmp_path / "again.toml"
        path.write_text(resolve_toml(config))
        assert load_table_config(path) == config
    np.testing.assert_array_equal(table_plan(config).energy, [1.5, 5.75, 14.25])


BAD = [
    ("table.densty_points=3", ["densty_points", "unknown key", "Did you mean 'density_points'?"]),
    ("table.density_min=1e6", ["table.density_min", "a number without a unit", 'for instance "2.78e13 g/cm3"']),
    ("table.density_min=1e14 g/cm3", ["density_min = 1e+14 below density_max = 1e+13"]),
    ("table.temperature_max=3 s", ["table.temperature_max", "expected a temperature", "got a time"]),
    ("table.electron_fraction_max=1.2", ["table.electron_fraction_max", "below 1"]),
    ('table.species=["nux", "anue", "nue"]', ["table.species", "[nue, anue, nux]", "in this order"]),
    ('table.species=["nue", "nuex"]', ["table.species[1]", "expected one of", "Did you mean 'nux'?"]),
    ('table.layouts=["gr1d"]', ["table.layouts[0]", "'nulib'"]),
    ("table.energy_last_edge=5 MeV", ["expected widths that grow", "5 groups of 2 MeV"]),
    ("table.energy_edges=[0.0, 3.0, 2.0]", ["rising energies in MeV"]),
    ("table.energy_edges=[0.0, 3.0]", ["at least 3 energy_edges, got 2"]),
    ("table.energy_edges=[0.0, 3.0, 4.0]", ["either energy_edges or energy_groups"]),
    ("microphysics.processes=['charged']", ["microphysics.processes[0]", "Did you mean 'charged_current'?"]),
    ("output.name=a/b", ["output.name"]),
    ("profile.format=analytic", ["[profile]", "unknown key", "microphysics, opacity, table, output"]),
    ("schema=2", ["schema = 2", "expected 1"]),
]  # fmt: skip


@pytest.mark.parametrize(("override", "words"), BAD)
def test_mistakes_are_named(wanted: Path, override: str, words: list[str]) -> None:
    outcome = snsim_run("table", wanted, "--set", override)
    assert outcome.code == 2
    for each in words:
        assert each in outcome.err
    assert [path.name for path in wanted.iterdir()] == ["table.toml"]


def test_all_mistakes_come_at_once(wanted: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_table_config(wanted, ["table.density_points=1", "table.delta=3", "opacity.on_out_of_range=no"])
    assert len(str(caught.value).splitlines()) == 3


def test_a_missing_file(tmp_path: Path) -> None:
    outcome = snsim_run("table", tmp_path / "nothing")
    assert outcome.code == 2
    assert "a directory that holds table.toml" in outcome.err


# --- building


def test_a_dry_run_says_how_large_and_how_long(wanted: Path) -> None:
    outcome = snsim_run("table", wanted, "--dry-run", "--set", "table.kernels=true")
    assert outcome.code == 0
    for words in (
        "a small table",
        "4 x 3 x 2 = 24 (density, temperature, Y_e)",
        "5 groups, 0 to",
        "nue, anue, nux",
        "charged_current, nucleon_scattering\n",
        "electron_scattering, pair on 3 x 4 (temperature, mu_e/T)",
        "scattering on electrons is in the scattering kernels and not in the scattering opacity",
        f"{STEM}.h5, about",
        "NuLib_LattimerSwesty220_rho4_temp3_ye2_ng5_ns3_Itemp3_Ieta4_version1.0_",
        "are free",
        "to compute on",
        "us a state",
        "to write",
    ):
        assert words in outcome.out
    assert [path.name for path in wanted.iterdir()] == ["table.toml"]


def test_a_dry_run_as_json(wanted: Path) -> None:
    answer = json.loads(snsim_run("table", wanted, "--dry-run", "--json", "--jobs", "3").out)
    assert answer["estimate"]["jobs"] == 3
    assert answer["shape"] == {
        "species": 3,
        "electron_fraction": 2,
        "temperature": 3,
        "density": 4,
        "energy": 5,
    }
    assert answer["estimate"]["seconds"] > 0.0
    assert set(answer["files"]) == {"own", "nulib"}


def test_a_table_is_built(made: SimpleNamespace) -> None:
    assert sorted(path.name for path in made.folder.iterdir()) == sorted(
        ["table.toml", made.own.name, made.nulib.name]
    )
    assert "took" in made.outcome.out
    table = read_table(made.own)
    assert table.kernels is not None
    assert table.temperature[-1] == pytest.approx(17.2347, rel=1e-5)  # 2e11 K
    assert TableConfig.model_validate(load_table_config(made.folder, ["table.kernels=true"])) is not None
    assert 'title = "a small table"' in table.attributes["configuration"]
    assert table.attributes["table_title"] == "a small table"


def test_another_folder_and_scheme(wanted: Path, tmp_path: Path) -> None:
    options = ("--output", tmp_path / "there", "--jobs", "1", "--json", "--set", 'output.name="mine"')
    species = 'table.species=["nue", "anue", "numutau", "anumutau"]'
    edges = "table.energy_edges=[0.0, 4.0, 16.0]"
    answer = snsim_run(
        "table", wanted, *options, "--set", species, "--set", edges, "--set", "table.energy_groups=18",
        "--set", "table.delta=true",
    )  # fmt: skip
    assert answer.code == 0
    report = json.loads(answer.out)
    assert Path(report["files"]["own"]) == tmp_path / "there" / "mine_rho4_temp3_ye2_ng2_ns4.h5"
    assert report["blocks_of_an_earlier_build"] == 0
    with h5py.File(report["files"]["nulib"]) as file:
        assert file["number_species"][0] == 4
        assert file["scattering_delta"].shape == (2, 4, 2, 3, 4)


def test_what_weaklib_cannot_hold_is_shown(wanted: Path) -> None:
    options = ("table", wanted, "--jobs", "1", "--set", 'table.layouts=["weaklib"]', "--force")
    words = "weaklib's files are without electron-positron pairs of nux"
    assert words in snsim_run(*options).err
    answer = snsim_run(*options, "--json")
    assert any(words in each["message"] for each in json.loads(answer.out)["warnings"])


def test_an_empty_folder_is_no_table(wanted: Path) -> None:
    options = ("table", wanted, "--jobs", "1", "--set", 'table.layouts=["weaklib"]')
    folder = wanted / f"{STEM}_weaklib"
    assert snsim_run(*options, "--set", "table.density_max=1e16 g/cm3").code == 3
    assert [path.name for path in wanted.iterdir()] == ["table.toml"]
    folder.mkdir()
    assert snsim_run(*options).code == 0
    assert snsim_run(*options).code == 4
    for path in (folder, next(folder.glob("*.h5"))):
        for command in ("info", "check", "error"):
            outcome = snsim_run("table", command, path)
            assert outcome.code == 4
            assert "in weaklib's layout" in outcome.err
            assert "weaklib_reader.read_weaklib" in outcome.err


def test_what_killed_builds_left_is_removed(wanted: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    left = wanted / f".{STEM}.h5.{dead.pid}-0123abcd.tmp"
    kept = [wanted / f".{STEM}.h5.{os.getpid()}-0123abcd.tmp", wanted / f".other.h5.{dead.pid}-0123abcd.tmp"]
    for path in (left, *kept):
        path.touch()
    assert snsim_run("table", wanted, "--jobs", "1").code == 0
    assert not left.exists()
    assert all(path.exists() for path in kept)


def test_a_table_that_is_there_is_not_replaced(made: SimpleNamespace) -> None:
    before = made.own.stat().st_mtime_ns
    again = ("table", made.folder, "--jobs", "1", "--set", "table.kernels=true")
    outcome = snsim_run(*again)
    assert outcome.code == 4
    assert "is there already" in outcome.err
    assert made.own.stat().st_mtime_ns == before


def test_an_equation_of_state_that_does_not_reach(wanted: Path) -> None:
    outcome = snsim_run(
        "table", wanted, "--set", "table.density_max=1e16 g/cm3", "--set", "table.temperature_max=300 MeV"
    )
    assert outcome.code == 3
    for words in (
        "beyond Lattimer-Swesty",
        "density_max = 1e+16",
        "by a factor",
        "temperature_max = 300",
        "outside_eos",
    ):
        assert words in outcome.err
    assert [path.name for path in wanted.iterdir()] == ["table.toml"]


def test_a_disk_that_is_too_small(wanted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=1000))
    outcome = snsim_run("table", wanted)
    assert outcome.code == 4
    assert "while it is built, 1 kB are free; take fewer points" in outcome.err
    assert [path.name for path in wanted.iterdir()] == ["table.toml"]


def test_a_folder_that_cannot_be_written(wanted: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    outcome = snsim_run("table", wanted, "--output", tmp_path / "file" / "folder")
    assert outcome.code == 4
    assert "cannot be written" in outcome.err


def test_an_interrupted_build_says_that_it_goes_on(wanted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, partial = build.evaluate_block, wanted / f"{STEM}.partial"

    def interrupted(key: str, plan: TablePlan, block: Block) -> BlockResult:
        if partial.exists() and block.number == 1:
            raise KeyboardInterrupt
        return whole(key, plan, block)

    with monkeypatch.context() as patch:
        patch.setattr(build, "evaluate_block", interrupted)
        outcome = snsim_run("table", wanted, "--jobs", "1")
    assert outcome.code == 130
    assert f"what is done is kept in {partial}, and the same command goes on there" in outcome.err
    outcome = snsim_run("table", wanted, "--jobs", "1")
    assert outcome.code == 0
    assert f"{partial} is there" in outcome.out
    assert "1 of 4 blocks from an earlier build" in outcome.out


# --- what can be asked of a table


@pytest.mark.parametrize("which", ["own", "nulib"])
def test_a_table_on_one_screen(made: SimpleNamespace, which: str) -> None:
    outcome = snsim_run("table", "info", getattr(made, which))
    assert outcome.code == 0
    for words in (
        "1e+10 to 1e+13 g/cm3, 4 points",
        "3 to 17.2347 MeV, 3 points",
        "5 groups",
        "nue, anue, nux",
        "scattering_0, scattering_1, annihilation_0, annihilation_1",
        "a small table",
        "Lattimer-Swesty, K = 220 MeV",
        "not in the scattering opacity",
        "please cite",
        "Lattimer & Swesty 1991",
        "Bruenn 1985",
    ):
        assert words in outcome.out
    facts = json.loads(snsim_run("table", "info", getattr(made, which), "--json").out)
    assert facts["layout"] == {"own": "snsim", "nulib": "NuLib"}[which]
    assert facts["density"] == [1e10, 1e13, 4]


def test_our_table_passes_the_check(made: SimpleNamespace) -> None:
    outcome = snsim_run("table", "check", made.nulib)
    assert outcome.code == 0, outcome.out
    assert "no mistakes found" in outcome.out
    assert json.loads(snsim_run("table", "check", made.nulib, "--json").out)["passed"] is True


@pytest.mark.parametrize("which", ["own", "nulib"])
def test_the_papers_of_a_table(made: SimpleNamespace, which: str) -> None:
    outcome = snsim_run("cite", getattr(made, which))
    assert outcome.code == 0, outcome.err
    assert "what this table stands on" in outcome.out
    assert "Bruenn 1985" in outcome.out
    assert json.loads(snsim_run("cite", getattr(made, which), "--json").out)["citations"]


def test_our_own_layout_is_looked_through(made: SimpleNamespace, tmp_path: Path) -> None:
    outcome = snsim_run("table", "check", made.own)
    assert outcome.code == 0, outcome.out
    assert "snsim's own layout" in outcome.out
    assert 'layouts = ["nulib"]' in outcome.out
    assert "no mistakes found" in outcome.out
    path = tmp_path / "wrong.h5"
    path.write_bytes(made.own.read_bytes())
    with h5py.File(path, "r+") as file:
        file["absorption"][1, 0, 2, 3, 4] = -1.0
        file["emissivity"][0, 1, 0, 0, :2] = np.nan
        file["kernels/scattering_0"][2, 1, 3, 4, 0] = np.inf
    outcome = snsim_run("table", "check", path)
    assert outcome.code == 1
    for words in (
        "absorption: is negative (-1) at anue, Y_e = 0.2, T = 17.2347 MeV, 1e+13 g/cm3, ",
        "emissivity: is not finite (nan) at nue, Y_e = 0.4, T = 3 MeV, 1e+10 g/cm3, ",
        "2 such values",
        "scattering_0: is not finite (inf) at nux, T = ",
        "mu_e/T = 100, ",
    ):
        assert words in outcome.out
    with h5py.File(path, "r+") as file:
        del file["absorption"]
    assert snsim_run("table", "check", path).code == 1


def test_validate_knows_tables(wanted: Path) -> None:
    (wanted / "mine.toml").write_text(SMALL)
    for path in (wanted, wanted / "table.toml", wanted / "mine.toml"):
        outcome = snsim_run("validate", path)
        assert outcome.code == 0, outcome.err
        assert "24 states of Lattimer-Swesty" in outcome.out
    shown = snsim_run("validate", wanted, "--show", "--set", "table.delta=true").out
    assert "[table]" in shown
    assert "delta = true" in shown
    assert json.loads(snsim_run("validate", wanted, "--json").out)["valid"] is True
    assert snsim_run("validate", wanted, "--set", "table.densty_points=3").code == 2
    assert snsim_run("validate", wanted, "--set", "table.density_max=1e16 g/cm3").code == 3


def test_a_wrong_table_does_not(made: SimpleNamespace, tmp_path: Path) -> None:
    path = tmp_path / "wrong.h5"
    path.write_bytes(made.nulib.read_bytes())
    with h5py.File(path, "r+") as file:
        file["emissivities"][:, 2] *= 1.1
        file["absorption_opacity"][0, 0, 0, 0, 0] = np.nan
    outcome = snsim_run("table", "check", path)
    assert outcome.code == 1
    assert "absorption_opacity" in outcome.out
    assert "emissivities" in outcome.out
    report = json.loads(snsim_run("table", "check", path, "--json").out)
    assert report["passed"] is False
    assert any(each["severity"] == "error" for each in report["findings"])


def test_the_error_of_a_table(made: SimpleNamespace) -> None:
    answer = json.loads(snsim_run("table", "error", made.own, "--states", "50", "--json").out)
    found = {(each["species"], each["role"]): each["percentiles"][0] for each in answer["errors"]}
    assert set(found) >= {("nue", "absorption"), ("nux", "scattering")}
    assert 0.0 < found["nux", "scattering"] < 1.0
    words = snsim_run("table", "error", made.nulib, made.folder, "--states", "50").out
    assert "relative errors in the middle of 50 cells" in words
    assert "99 % below" in words


@pytest.mark.parametrize("command", ["info", "check", "error"])
def test_files_that_are_no_tables(tmp_path: Path, command: str) -> None:
    path = tmp_path / "nothing.h5"
    assert snsim_run("table", command, path).code == (1 if command == "check" else 4)
    path.write_text("text")
    assert snsim_run("table", command, path).code == (1 if command == "check" else 4)
    with h5py.File(path, "w") as file:
        file["something"] = 1
    assert snsim_run("table", command, path).code == (1 if command == "check" else 4)
