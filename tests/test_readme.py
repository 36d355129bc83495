"""The README's Python runs as printed, and its commands are the two that set everything up."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


@pytest.mark.filterwarnings(
    "ignore::microphysics.errors.PhysicsWarning"
)  # a core before bounce has its limits
@pytest.mark.parametrize("block", BLOCKS, ids=["snsim", "eos", "opacities", "cevns"])
def test_python_examples_run_as_printed(block, tmp_path, monkeypatch, capsys):
    shutil.copytree(ROOT / "runs", tmp_path / "runs", ignore=shutil.ignore_patterns("*.h5", "*.png"))
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "README.md", "exec"), {})
    assert capsys.readouterr().out


def test_exactly_two_set_up_commands():
    commands = [line for line in README.splitlines() if line.startswith("python3 -m venv")]
    assert len(commands) == 2
    assert commands[0].endswith("snsim run runs/quickstart")
    assert commands[1].endswith("python -m pytest -n auto")
