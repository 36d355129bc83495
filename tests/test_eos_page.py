"""The page on the equation of state: its Python runs as printed, its commands too, its figures are there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from snsim.cli.app import app

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGE = (DOCS / "eos.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
COMMANDS = [line for line in PAGE.splitlines() if line.startswith("snsim eos") and "&&" not in line]
FEW = ["--density-points", "6", "--temperature-points", "5", "--electron-fraction-points", "4"]


@pytest.mark.parametrize("block", BLOCKS, ids=["units", "arrays", "figures"])
def test_python_runs_as_printed(block, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "eos.md", "exec"), {})
    assert capsys.readouterr().out


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_run_as_printed(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = shlex.split(command)[1:]
    outcome = CliRunner().invoke(app, words + (FEW if "table" in words else []))
    assert outcome.exit_code == 0
    assert outcome.stdout


def test_figures_are_there_and_small():
    names = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", PAGE)
    assert len(names) == 5
    for name in names:
        assert (DOCS / name).stat().st_size < 250e3
