"""The page on messengers: its Python prints what stands there, its table is ours, what it names exists."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import numpy as np
import pytest

from snsim.config.load import load_config
from snsim.vev import pipeline_exponents

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGE = (DOCS / "messengers.md").read_text(encoding="utf-8")


@pytest.fixture
def script(monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS))
    return importlib.import_module("messengers_figure")


def test_example_prints_what_the_page_says(capsys):
    ((block, printed),) = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", PAGE, flags=re.DOTALL)
    exec(compile(block, "messengers.md", "exec"), {})
    assert capsys.readouterr().out == printed


def test_run_file_is_valid(tmp_path):
    (block,) = re.findall(r"```toml\n(.*?)```", PAGE, flags=re.DOTALL)
    (tmp_path / "run.toml").write_text(f"schema = 1\n{block}")
    config = load_config(tmp_path / "run.toml")
    assert config.diagnostics.options("delay")["emission_radii"] == (1e6, 3e6)
    assert config.diagnostics.options("kick")["polar_cap_opacity_factor"] == 0.5


def test_table_is_what_the_script_computes(script):
    (printed,) = re.findall(r"<!-- table -->\n(.*?)<!-- end table -->", PAGE, flags=re.DOTALL)
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in printed.splitlines()][2:]
    assert len(rows) == len(script.ROWS)
    for (name, ours, reference, source, tolerance), row in zip(script.ROWS, rows, strict=True):
        assert (row[0], row[5]) == (name, source)
        assert ours() == pytest.approx(reference, rel=tolerance), name
        assert float(row[1]) == pytest.approx(ours(), rel=1e-6), name


@pytest.mark.filterwarnings("ignore::microphysics.errors.PhysicsWarning")
def test_exponents_of_whole_runs(tmp_path):
    (tmp_path / "run.toml").write_text('schema = 1\nprofile.format = "analytic"\ngrid.zones = 100\n')
    found = pipeline_exponents(load_config(tmp_path / "run.toml"))
    for i, name in enumerate(found.species):
        (row,) = re.findall(rf"^\| {name} \|(.*)\|$", PAGE, flags=re.MULTILINE)
        printed = [float(cell) for cell in row.split("|")]
        ours = [found.radius[i], found.atmosphere_radius[i], found.luminosity[i]]
        np.testing.assert_allclose(printed, ours, atol=0.01)


def test_functions_that_are_named_exist():
    names = re.findall(r"`((?:snsim|microphysics)\.[\w.]+)`", PAGE)
    assert len(names) > 10
    for name in names:
        module, _, attribute = name.rpartition(".")
        if name == "microphysics.couplings.vev_ratio":  # a key of the run file
            continue
        assert hasattr(importlib.import_module(module), attribute), name


def test_equations_are_numbered_and_math_is_closed():
    tags = [int(number) for number in re.findall(r"\\tag\{(\d+)\}", PAGE)]
    assert tags == list(range(1, len(tags) + 1))
    assert PAGE.count("$$") % 2 == 0
    assert all(line.count("$") % 2 == 0 for line in PAGE.replace("$$", "").splitlines())


def test_figure_is_there_and_small():
    assert (DOCS / "messengers.png").stat().st_size < 250e3
