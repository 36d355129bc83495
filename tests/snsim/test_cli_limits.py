"""`snsim limits`: the table as text, JSON and figure, one-sentence errors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from test_cli import HEAVY, loaded_modules, snsim_run

from snsim.detection.limits_table import EXPERIMENTS, table_of_limits


def test_help_loads_nothing_heavy() -> None:
    modules = loaded_modules("limits", "--help")
    assert "snsim.cli.limits" in modules
    assert not modules & set(HEAVY)


def test_text_has_all_rows_within_a_hundred_columns() -> None:
    outcome = snsim_run("limits")
    assert outcome.code == 0, outcome.err
    for name in EXPERIMENTS:
        assert f" {name} " in outcome.out
    assert "25.1 25.5 32.5" in outcome.out
    assert "arXiv:1905.03750" in outcome.out
    lines = [
        line.rstrip() for line in outcome.out.splitlines() if ", current " in line or ", future " in line
    ]
    assert len(lines) == 27
    assert max(map(len, lines)) <= 100


def test_json_and_figure(tmp_path: Path) -> None:
    file = tmp_path / "limits.png"
    options = (
        "--experiment",
        "HPGe",
        "--experiment",
        "borexino",
        "--scenario",
        "current",
        "--plot",
        str(file),
    )
    outcome = snsim_run("limits", *options, "--json")
    assert outcome.code == 0, outcome.err
    found = json.loads(outcome.out)
    expected = table_of_limits(["HPGe", "Borexino"], ["current"])
    for row, ours in zip(found["rows"], expected, strict=True):
        assert row["statistics_only"] == pytest.approx(list(ours.statistics_only), rel=1e-12)
    assert found["rows"][-1]["events"] is None
    assert file.stat().st_size > 10_000
    again = snsim_run("limits", *options)
    assert again.code != 0
    assert "exists" in again.err or "there" in again.err


def test_errors_are_one_sentence() -> None:
    wrong = snsim_run("limits", "--experiment", "CONUSS")
    assert wrong.code == 2
    assert "Did you mean 'CONUS'?" in wrong.err
    assert snsim_run("limits", "--experiment", "HPGe", "--scenario", "past").code == 2
