"""The page on opacities: its Python prints what stands there, its tables are those of the code, its links lead somewhere."""

from __future__ import annotations

import importlib
import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from microphysics.means import MEANS
from microphysics.opacity import OpacitySet
from microphysics.processes.nucleon_scattering import transport_cross_section
from microphysics.processes.settings import CHOICES, Settings
from microphysics.weak.couplings import WeakCouplings
from snsim.cli.app import app
from snsim.config.schema import BUILT_IN

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGE = (DOCS / "opacities.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", PAGE, flags=re.DOTALL)
COMMANDS = [line for line in PAGE.splitlines() if line.startswith("snsim ")]
COMMANDS += [
    words for words in re.findall(r"`(snsim [^`]+)`", PAGE) if not re.search(r"[A-Z]{3}|--plot", words)
]
DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")


def script(name, monkeypatch):
    """One of the scripts beside the page; they import each other."""
    monkeypatch.syspath_prepend(str(DOCS))
    return importlib.import_module(name)


def test_every_block_has_its_output():
    assert len(BLOCKS) == PAGE.count("```python") == 4


@pytest.mark.parametrize(("block", "printed"), BLOCKS, ids=["spectra", "own", "means", "table"])
@pytest.mark.filterwarnings("ignore::microphysics.errors.PhysicsWarning")
def test_python_prints_what_the_page_says(block, printed, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "opacities.md", "exec"), {})
    ours = capsys.readouterr().out
    number = r"\d+\.\d*(?:e[-+]\d+)?"
    assert re.sub(number, "#", ours).split() == re.sub(number, "#", printed).split()
    found, expected = ([float(word) for word in re.findall(number, text)] for text in (ours, printed))
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_run_as_printed(command, monkeypatch):
    monkeypatch.chdir(ROOT)
    words = shlex.split(command)[1:]
    if words[:2] == ["table", "runs/opacity-table"] and "--dry-run" not in words:
        words.append("--dry-run")  # the table itself takes a minute
    outcome = CliRunner().invoke(app, words)
    assert outcome.exit_code == 0
    assert outcome.stdout


def test_size_of_the_default_table():
    outcome = CliRunner().invoke(app, ["table", str(ROOT / "runs" / "opacity-table"), "--dry-run", "--json"])
    found = json.loads(outcome.stdout)
    assert "82 × 65 × 51 states, 18 groups, three species, 352 MB" in PAGE
    assert list(found["shape"].values()) == [3, 51, 65, 82, 18]
    assert found["estimate"]["bytes"]["nulib"] == pytest.approx(352e6, rel=2e-3)
    assert found["estimate"]["disk_needed"] == pytest.approx(1.1e9, rel=0.05)


def test_figures_are_there_and_small():
    names = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", PAGE)
    assert len(names) == 8
    for name in names:
        assert (DOCS / name).stat().st_size < 250e3


def test_files_that_are_named_exist():
    for name in re.findall(r"((?:runs|tests|docs|benchmarks)/[\w./-]*[\w/])", PAGE):
        assert (ROOT / name).exists(), name
    for name in re.findall(r"\]\(([\w_]+\.md)\)", PAGE):
        assert (DOCS / name).exists()


def test_every_choice_and_process_is_named():
    for setting, values in CHOICES.items():
        assert setting in PAGE
        for choice in values:
            assert choice in (*PAGE.split(), "none") or re.search(rf'[`"]{choice}[`"]', PAGE), (
                f"{setting} = {choice}"
            )
    for name in BUILT_IN["processes"]:
        assert f"`{name}`" in PAGE, name


def test_every_mean_is_in_the_table():
    for name, mean in MEANS.items():
        stem = name.rpartition("_")[0]
        word = f"`{stem}_2`, `_3`, `_4`" if stem == "diffusion" else f"`{name}`"
        row = next(line for line in PAGE.splitlines() if line.startswith("| `") and word in line)
        assert mean.unit.replace(" ", "").replace("cm3", "cm³") in row.replace(" ", "")


def value(text):
    """A number as the page has it."""
    if text.endswith("%"):
        return 0.01 * float(text.removesuffix("%"))
    mantissa, _, power = text.partition("·10")
    return float(mantissa) * 10.0 ** int(power.translate(DIGITS))


def test_deviations_from_others(reference, monkeypatch):
    module = script("opacity_deviations", monkeypatch)
    lines = PAGE.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("| what | against |")) + 2
    for i, row in enumerate(module.rows()):
        what, whom, number, median, worst, why = (
            word.strip() for word in lines[start + i].strip("|").split("|")
        )
        assert (what, whom, why) == (row.what, row.whom, row.why)
        assert int(number) == row.deviations.size
        for found, printed in ((float(np.median(row.deviations)), median), (row.worst, worst)):
            # rounding of another machine moves what is near the printed digits
            assert found < 1.5 * value(printed)
            if value(printed) > 1e-6:
                assert found == pytest.approx(value(printed), rel=0.06), what
    assert not lines[start + i + 1].startswith("|")


def test_antineutrinos_scatter_less_on_neutrons():
    energy = np.array([10.0, 32.0])
    nu, anu = (transport_cross_section(energy, "n", sign, WeakCouplings()) for sign in (1, -1))
    np.testing.assert_allclose(1.0 - anu / nu, [0.07, 0.19], atol=5e-3)


@pytest.mark.filterwarnings("ignore::microphysics.errors.PhysicsWarning")
def test_what_moving_nucleons_change(reference, monkeypatch):
    matter = script("opacity_references", monkeypatch).star()
    rows = [int(np.argmin(np.abs(np.log(matter.density / rho)))) for rho in (1.6e10, 1.3e12, 1.1e13, 3.9e13)]
    full, elastic = (
        OpacitySet.from_names(["charged_current"], Settings(charged_current=kind)).spectral(
            matter.select(rows), [10.0], ["nue"]
        )
        for kind in ("full", "elastic")
    )
    found = (full.absorption / elastic.absorption)[0, 0, :, 0]
    np.testing.assert_allclose(found, [1.04, 1.08, 1.16, 1.24], atol=6e-3)


@pytest.mark.filterwarnings("ignore::microphysics.errors.PhysicsWarning")
def test_error_of_the_default_table_along_a_collapse(monkeypatch):
    figures = script("opacity_mean_figures", monkeypatch)
    found = figures.along_collapse()
    lines = PAGE.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("| ν_e, along a collapse"))
    for line, role in zip(lines[start:], ("absorption", "scattering", "emissivity"), strict=False):
        printed = [float(word) for word in re.findall(r"([\d.]+) %", line)]
        np.testing.assert_allclose(100.0 * np.array(found[role]), printed, rtol=0.1, err_msg=role)
    assert figures.AXES[2][26:28].mean() == pytest.approx(0.308, abs=5e-4)
