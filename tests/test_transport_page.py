"""The pages on transport: tables are those of the code, functions and files that are named exist, figures are there."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from snsim.transport.limiters import LIMITERS
from snsim.verification.catalog import PROBLEMS
from snsim.verification.runner import choose, run_problems

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
THEORY = (DOCS / "transport.md").read_text(encoding="utf-8")
ACCURACY = (DOCS / "accuracy.md").read_text(encoding="utf-8")
CHEAP = ("star", "redshift", "opaque", "transparent", "pulse")
ROUND_OFF = 1e-9  # errors below are round-off, and another machine has another one


@pytest.fixture
def accuracy(monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS))
    return importlib.import_module("accuracy")


def section(name):
    return re.search(rf"<!-- {name} -->\n(.*?)<!-- end {name} -->", ACCURACY, re.DOTALL).group(1)


def table(text):
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("|")
    ]
    return rows[2:]


def value(text):
    text = text.split()
    return float(text[0]) * (0.01 if text[-1] == "%" else 1.0)


def test_python_runs_as_printed(monkeypatch, capsys):
    (block,) = re.findall(r"```python\n(.*?)```", THEORY, flags=re.DOTALL)
    monkeypatch.chdir(ROOT)
    exec(compile(block, "transport.md", "exec"), names := {})
    assert capsys.readouterr().out.count("True") == 2
    gray, grouped = (names[solution].luminosity[:, -1] for solution in ("gray", "grouped"))
    assert gray == pytest.approx(grouped, rel=0.15)


@pytest.mark.parametrize("name", CHEAP)
@pytest.mark.filterwarnings("ignore::microphysics.errors.PhysicsWarning")
def test_tables_are_what_the_script_writes(name, accuracy):
    (run,) = run_problems(choose(PROBLEMS, [name]))
    assert run.outcome.passed
    printed, ours = table(section(name)), accuracy.lines(run)
    assert len(printed) == len(ours)
    for found, expected in zip(ours, printed, strict=True):
        quantity, _, _, error, tolerance, _, resolution = expected
        assert (found[0], found[4], found[6]) == (quantity, tolerance, resolution)
        if abs(value(error)) > ROUND_OFF:
            assert value(found[3]) == pytest.approx(value(error), rel=0.1), quantity


def test_every_problem_has_a_section_and_keeps_its_tolerances(accuracy):
    lines = {row[0].strip("`"): row for row in table(section("summary"))}
    for problem in PROBLEMS:
        assert f"<!-- {problem.name} -->" in ACCURACY
        if problem.name in accuracy.OUTSIDE:
            continue
        assert problem.title in section(problem.name)
        done, asked = lines[problem.name][2].split("/")
        assert done == asked, problem.name


def test_figures_are_there_and_small():
    names = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", ACCURACY)
    assert len(names) >= 10
    for name in names:
        assert (DOCS / name).stat().st_size < 250e3, name


def test_links_lead_somewhere(accuracy):
    headings = {accuracy.anchor(line.lstrip("# ")) for line in ACCURACY.splitlines() if line.startswith("#")}
    for target in re.findall(r"\]\(#([^)]+)\)", ACCURACY):
        assert target in headings, target
    for page in (THEORY, ACCURACY):
        for name in re.findall(r"\]\(([\w_]+\.md)\)", page):
            assert (DOCS / name).exists(), name


def test_every_limiter_is_on_the_theory_page():
    for name in LIMITERS:
        assert f"`{name}`" in THEORY, name


def test_functions_that_are_named_exist():
    names = re.findall(r"`((?:snsim\.transport\.|_kernels\.)[\w.]+)`", THEORY)
    assert len(names) > 12
    for name in names:
        module, _, attribute = name.replace("_kernels.", "snsim.transport._kernels.", 1).rpartition(".")
        module = module.replace("snsim.transport.snsim.transport.", "snsim.transport.")
        assert hasattr(importlib.import_module(module), attribute), name


def test_equations_are_numbered_in_order():
    tags = [int(number) for number in re.findall(r"\\tag\{(\d+)\}", THEORY)]
    assert tags == list(range(1, len(tags) + 1))
    for number in re.findall(r"(?<![\w.}$])\((\d{1,2})\)", THEORY):
        assert int(number) <= len(tags)


def test_math_is_closed():
    for page in (THEORY, ACCURACY):
        assert page.count("$$") % 2 == 0
        for line in page.replace("$$", "").splitlines():
            if "SNSIM_REFERENCE" not in line:
                assert line.count("$") % 2 == 0, line
