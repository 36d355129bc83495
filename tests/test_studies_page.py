"""The page on studies: its example runs, its snippets too, and what it says of files and axes is so."""

from __future__ import annotations

import contextlib
import io
import os
import re
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from snsim.cli.app import app
from snsim.study.claim import BEAT, SILENCE
from snsim.study.plan import FLAT, make_plan, read_study

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "studies.md").read_text(encoding="utf-8")
EXAMPLE = re.findall(r"```toml\n(.*?)```", PAGE, flags=re.DOTALL)[0]
SNIPPETS = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)


@pytest.fixture(scope="module")
def example(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("page") / "my-study"
    folder.mkdir()
    (folder / "study.toml").write_text(EXAMPLE)
    outcome = CliRunner().invoke(app, ["sweep", str(folder), "--jobs", "1"])
    assert outcome.exit_code == 0, outcome.output
    assert re.search(r"computed +4 in", outcome.stdout)
    return folder


def test_the_example_runs_and_its_numbers_are_labelled(example, monkeypatch):
    monkeypatch.chdir(example.parent)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(SNIPPETS[0], {})
    assert said.getvalue() == "('profile.shock_radius',) [130. 160.]\n"


def test_the_snippet_finds_nothing_left_to_do(example, monkeypatch):
    monkeypatch.chdir(example.parent)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(SNIPPETS[1], {"__name__": "__main__"})
    assert said.getvalue() == "4 of 4 []\n"


def test_the_folder_is_as_described(example):
    point = next(path for path in (example / "points").iterdir() if "130km_limiter-wilson" in path.name)
    assert sorted(os.listdir(point)) == ["log.txt", "result.h5", "run.toml", "status.json"]


def test_status_and_plot(example):
    assert "done" in CliRunner().invoke(app, ["status", str(example)]).stdout
    outcome = CliRunner().invoke(app, ["plot", str(example)])
    assert outcome.exit_code == 0, outcome.output
    assert (example / "study.png").stat().st_size > 20_000


def test_every_kind_of_axis_of_the_table_is_one(tmp_path):
    lines = re.findall(r"^\| (?:values|a range[^|]*) \| `(.*)` \|$", PAGE, flags=re.MULTILINE)
    assert len(lines) == 3
    for line in lines:
        tomllib.loads(line)
    (tmp_path / "study.toml").write_text("schema = 1\n[base]\n[axes]\n" + "\n".join(lines))
    assert read_study(tmp_path).shape == (3, 5, 6)


def test_numbers_of_the_page_are_those_of_the_code(example):
    assert f"more than {FLAT:,} points" in PAGE
    assert f"every {BEAT:g} s, watched for {SILENCE:g} s" in PAGE
    assert len(make_plan(read_study(example)).points) == 4
