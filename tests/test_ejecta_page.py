"""The page on ejecta: its Python prints what stands there, its commands exist, its tables are those of the code."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from snsim.cli.app import app
from snsim.ejecta import EjectaPhysics, evolve, read_trajectory
from snsim.ejecta.physics import BARE

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "ejecta.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", PAGE, flags=re.DOTALL)
COMMANDS = [line for line in PAGE.splitlines() if line.startswith("snsim ")]
NUMBER = r"-?\d+\.\d+(?:e[-+]\d+)?"


def numbers(text):
    return np.array([float(word) for word in re.findall(NUMBER, text)])


def test_every_block_has_its_output():
    assert len(BLOCKS) == PAGE.count("```python") == 2


@pytest.mark.parametrize(("block", "printed"), BLOCKS, ids=["worked example", "recoils"])
def test_python_prints_what_the_page_says(block, printed, capsys):
    exec(compile(block, "ejecta.md", "exec"), {})
    ours = capsys.readouterr().out
    assert re.sub(NUMBER, "#", ours).split() == re.sub(NUMBER, "#", printed).split()
    np.testing.assert_allclose(numbers(ours), numbers(printed), rtol=2e-3)


def test_the_worked_example_is_short():
    assert len(BLOCKS[0][0].strip().splitlines()) <= 12


def test_commands_know_their_options():
    """Files and runs of the examples are the reader's own; the options have to be there."""
    known = CliRunner().invoke(app, ["ejecta", "--help"], env={"COLUMNS": "300"}).stdout
    assert len(COMMANDS) == 4
    for command in COMMANDS:
        for word in shlex.split(command)[2:]:
            assert not word.startswith("--") or word in known


@pytest.mark.parametrize(
    ("words", "name"), [("bin 1", "bin1"), ("bin 3", "bin3"), ("tracer, bin 4", "tracer")]
)
def test_table_of_what_the_physics_adds(words, name, reference):
    (row,) = (line for line in PAGE.splitlines() if line.startswith(f"| {words} |"))
    path = read_trajectory(reference / "observables" / f"ye_traj_nsm_wind_{name}.csv")
    bare = EjectaPhysics(**BARE)
    cases = [bare, *(bare.changed(**{option: True}) for option in BARE), EjectaPhysics()]
    finals = [evolve(path, physics).final for physics in cases]
    ours = [path.initial_electron_fraction, path.electron_fraction[-1], *finals, finals[-1] - finals[0]]
    np.testing.assert_allclose(ours, numbers(row.split("|", 2)[2]), atol=6e-5)


def test_figure_and_links_are_there():
    for name in re.findall(r"\]\(([^)]+)\)", PAGE):
        assert (ROOT / "docs" / name).stat().st_size < 250e3
