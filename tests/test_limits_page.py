"""The page on limits: its Python prints what stands there, its commands run, its tables are those of the code."""

from __future__ import annotations

import importlib.util
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from snsim.cli.app import app
from snsim.detection import table_of_limits

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGE = (DOCS / "limits.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", PAGE, flags=re.DOTALL)
COMMANDS = [line for line in PAGE.splitlines() if line.startswith("snsim ")]
NUMBER = r"\d+\.\d*(?:e[-+]\d+)?"


@pytest.fixture(scope="module")
def figures():
    """The script that draws and computes what the page shows."""
    found = importlib.util.spec_from_file_location("limits_figure", DOCS / "limits_figure.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def cells(start: str) -> list[str]:
    """One line of a table."""
    (line,) = (line for line in PAGE.splitlines() if line.startswith(f"| {start} |"))
    return [word.strip() for word in line.strip()[1:-1].split("|")]


def test_python_prints_what_the_page_says(capsys):
    ((block, printed),) = BLOCKS
    exec(compile(block, "limits.md", "exec"), {})
    ours = capsys.readouterr().out
    assert re.sub(NUMBER, "#", ours).split() == re.sub(NUMBER, "#", printed).split()
    values = [[float(word) for word in re.findall(NUMBER, text)] for text in (ours, printed)]
    np.testing.assert_allclose(*values, rtol=0.01)


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_run_as_printed(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    outcome = CliRunner().invoke(app, shlex.split(command)[1:])
    assert outcome.exit_code == 0, outcome.output


def test_table_of_moments():
    rows = {f"{row.experiment} {row.flux}, {row.scenario}": row for row in table_of_limits()}
    starts = re.findall(r"^\| (\S+ (?:prompt|delayed|reactor|solar), \w+) \|", PAGE, flags=re.MULTILINE)
    assert len(starts) == 12
    for start in starts:
        row = rows[start]
        _, printed, statistics, written, ratio = cells(start)
        found = [row.published[0], row.statistics_only[0], row.as_written[0], row.ratio[0]]
        np.testing.assert_allclose(
            [float(word) for word in (printed, statistics, written, ratio)], found, rtol=8e-3
        )


def test_table_of_fits(figures):
    for what, ours, published in figures.ROWS:
        assert cells(what) == [what, ours(), published]


def test_figures_have_their_panels(figures):
    figure = figures.draw()
    assert len(figure.axes) == 5  # with the bar of a colour
    for name in ("limits.png", "limits_table.png"):
        assert (DOCS / name).stat().st_size < 250e3


def test_names_and_links_on_the_page():
    import snsim.detection as room

    for name in re.findall(r"`(\w+)`", PAGE):
        if name in room.__all__:
            assert callable(getattr(room, name))
    for name in ("weak_mixing_angle", "radius_fit", "flavor_ratio", "form_factor_points", "moment_contours"):
        assert f"`{name}`" in PAGE
        assert name in room.__all__
    for name in re.findall(r"\]\(([^)]+)\)", PAGE):
        assert (DOCS / name).exists()
