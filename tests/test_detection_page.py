"""The page on detection: its Python prints what stands there, its commands run, its tables are those of the code."""

from __future__ import annotations

import importlib.util
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import snsim.detection
from snsim.cli.app import app
from snsim.detection import DETECTORS

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGE = (DOCS / "detection.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", PAGE, flags=re.DOTALL)
COMMANDS = [line for line in PAGE.splitlines() if line.startswith("snsim ")]
NUMBER = r"\d+\.\d*"


@pytest.fixture(scope="module")
def figures():
    """The script that draws and computes what the page shows."""
    found = importlib.util.spec_from_file_location("detection_figure", DOCS / "detection_figure.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_python_prints_what_the_page_says(capsys):
    ((block, printed),) = BLOCKS
    exec(compile(block, "detection.md", "exec"), {})
    ours = capsys.readouterr().out
    assert re.sub(NUMBER, "#", ours).split() == re.sub(NUMBER, "#", printed).split()
    values = [[float(word) for word in re.findall(NUMBER, text)] for text in (ours, printed)]
    np.testing.assert_allclose(*values, atol=0.11)


def test_table_of_published_numbers(figures):
    for what, ours, published, source in figures.ROWS:
        (line,) = (line for line in PAGE.splitlines() if line.startswith(f"| {what} |"))
        _, value, theirs, by = (word.strip() for word in line.strip("| ").split("|"))
        assert float(value) == pytest.approx(ours(), rel=1e-3)
        assert (theirs, by) == (published, source)


def test_figure_has_its_panels(figures):
    from snsim.plots import style

    with style.context():
        figure = figures.draw()
        figure.canvas.draw()
    assert len(figure.axes) == 4
    assert (DOCS / "detection.png").stat().st_size < 250e3


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_run_as_printed(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    outcome = CliRunner().invoke(app, shlex.split(command)[1:])
    assert outcome.exit_code == 0, outcome.output
    assert "events" in outcome.stdout


def test_names_on_the_page():
    for name in DETECTORS:
        assert f"`{name}`" in PAGE
    for name in snsim.detection.__all__:
        assert getattr(snsim.detection, name) is not None
    for name in re.findall(r"\]\(([^)]+)\)", PAGE):
        assert (DOCS / name).exists()
