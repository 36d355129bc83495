"""The page on S(q): its Python prints what stands there, its tables are those of the code, its links lead somewhere."""

from __future__ import annotations

import importlib.util
import re
import shlex
import tomllib
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from microphysics.errors import ExtrapolationWarning
from snsim.cli.app import app

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGE = (DOCS / "structure_factor.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", PAGE, flags=re.DOTALL)
COMMANDS = [line for line in PAGE.splitlines() if line.startswith("snsim ")]


@pytest.fixture(scope="module")
def figures():
    """The script that draws and computes what the page shows."""
    found = importlib.util.spec_from_file_location("structure_figures", DOCS / "structure_figures.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def row(start):
    """Numbers of the row of a table that begins with some words; the first match after them."""
    line = next(line for line in PAGE.splitlines() if line.startswith(f"| {start} |"))
    return line.removeprefix(f"| {start} |")


def numbers(text):
    return np.array([float(word) for word in re.findall(r"-?\d+\.\d+", text)])


def test_every_block_has_its_output():
    assert len(BLOCKS) == PAGE.count("```python") == 4


@pytest.mark.parametrize(("block", "printed"), BLOCKS, ids=["units", "integral", "file", "class"])
def test_python_prints_what_the_page_says(block, printed, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "structure_factor.md", "exec"), {})
    ours = capsys.readouterr().out
    number = r"-?\d+\.\d*(?:e[-+]\d+)?"
    assert re.sub(number, "#", ours).split() == re.sub(number, "#", printed).split()
    found, expected = ([float(word) for word in re.findall(number, text)] for text in (ours, printed))
    np.testing.assert_allclose(found, expected, rtol=0.0, atol=1.1e-3)  # the last digit
    small = np.abs(expected) < 1e-3  # opacities
    np.testing.assert_allclose(np.array(found)[small], np.array(expected)[small], rtol=1e-5)


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_run_as_printed(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    outcome = CliRunner().invoke(app, shlex.split(command)[1:])
    assert outcome.exit_code == 0
    assert outcome.stdout


def test_figures_are_there_and_small():
    names = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", PAGE)
    assert len(names) == 3
    for name in names:
        assert (DOCS / name).stat().st_size < 250e3


def test_files_that_are_named_exist():
    for name in re.findall(r"`((?:runs|tests|docs)/[\w./]+)`", PAGE):
        assert (DOCS.parent / name).exists()


def test_toml_is_valid():
    blocks = re.findall(r"```toml\n(.*?)```", PAGE, flags=re.DOTALL)
    assert len(blocks) == 2
    assert all(tomllib.loads(block) for block in blocks)


def test_table_of_the_electron_cloud(figures):
    words = ("`physical`, ν_e", "`physical`, ν_x", "`brt06`")
    printed = np.stack([numbers(row(start)) for start in words])
    np.testing.assert_allclose(figures.cloud(), printed, atol=6e-4)


def test_table_along_the_collapse(figures):
    matter = figures.trajectory()
    rows = [int(np.argmin(np.abs(np.log(matter.density / rho)))) for rho in (1e11, 1e12, 1e13)]
    ratios = figures.along_collapse(10.0)
    for name, ratio in ratios.items():
        if name != "apart":
            printed = numbers(row(f"`{name}`")).reshape(3, 2)
            # two digits after the point, three for large ratios; the zones are not exactly at these densities
            np.testing.assert_allclose(ratio[::2, rows].T, printed, rtol=2e-3, atol=6e-3)


def test_average_outside_along_the_collapse(figures):
    """Up to 7 % at 20 MeV and 23 % at 30 MeV."""
    largest = figures.apart(figures.trajectory(), [20.0, 30.0]).max(axis=0)
    np.testing.assert_allclose(largest, [1.07, 1.23], atol=6e-3)


def test_table_of_mixtures(figures):
    for model, alphas, start in (
        ("mixture_hnc", 0.05, "`mixture_hnc`, X_α = 0.05 (half of the ions)"),
        ("mixture_hnc", 0.2, "`mixture_hnc`, X_α = 0.20 (5 of 6 ions)"),
        ("mixture_lmr", 0.05, "`mixture_lmr`, X_α = 0.05"),
        ("mixture_lmr", 0.2, "`mixture_lmr`, X_α = 0.20"),
    ):
        found = figures.with_alphas(1e11, 1.3, 80.0, 32.0, alphas, [3, 5, 10, 20], model)
        np.testing.assert_allclose(found, numbers(row(start)), atol=6e-4)


@pytest.mark.filterwarnings(f"ignore::{ExtrapolationWarning.__module__}.ExtrapolationWarning")
def test_errors_of_the_models(figures, reference, monkeypatch):
    monkeypatch.setattr(figures, "REFERENCE", reference)
    found = figures.accuracy()
    for name in ("debye_huckel", "msa", "msa_eta", "horowitz1997", "hnc", "hncb", "table"):
        start = f"**`{name}`**" if name == "table" else f"`{name}`"
        printed = [float(word) for word in re.findall(r"([\d.]+) %", row(start))]
        largest = [100.0 * np.abs(found[name, gamma]).max() for gamma in (10.0, 125.0)]
        for value, word in zip(largest, printed, strict=True):
            assert value == pytest.approx(word, abs=0.06 if word < 10.0 else 0.6), name
    for gamma, factor in ((10.0, 8.0), (125.0, 12.0)):
        assert 1.0 + found["percus_yevick", gamma].max() == pytest.approx(factor, abs=0.5)
