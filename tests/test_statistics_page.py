"""The pages on statistics and on neighbours: their Python prints what stands there, what they name exists."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from snsim.detection.intervals import threshold

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGES = {name: (DOCS / f"{name}.md").read_text(encoding="utf-8") for name in ("statistics", "neighbours")}


@pytest.mark.parametrize("name", PAGES)
def test_example_prints_what_the_page_says(name, capsys):
    ((block, printed),) = re.findall(
        r"```python\n(.*?)```\n\n```text\n(.*?)```", PAGES[name], flags=re.DOTALL
    )
    exec(compile(block, f"{name}.md", "exec"), {})
    assert capsys.readouterr().out == printed


@pytest.mark.parametrize("name", PAGES)
def test_functions_that_are_named_exist(name):
    names = re.findall(r"`((?:snsim|microphysics)\.[\w.]+)`", PAGES[name])
    assert len(names) > 5
    for dotted in names:
        parts = dotted.split(".")
        for split in range(len(parts), 0, -1):
            try:
                found = importlib.import_module(".".join(parts[:split]))
            except ModuleNotFoundError:
                continue
            break
        for attribute in parts[split:]:
            assert hasattr(found, attribute), dotted
            found = getattr(found, attribute)


@pytest.mark.parametrize("name", PAGES)
def test_equations_are_numbered_and_math_is_closed(name):
    page = PAGES[name]
    tags = [int(number) for number in re.findall(r"\\tag\{(\d+)\}", page)]
    assert tags == list(range(1, len(tags) + 1))
    assert page.count("$$") % 2 == 0
    assert all(line.count("$") % 2 == 0 for line in page.replace("$$", "").splitlines())
    for link in re.findall(r"\]\(([^)]+)\)", page):
        assert (DOCS / link).exists()


def test_thresholds_of_the_page():
    assert "2.71 for 90 % of one parameter, 4.61 of two, 1.64 for a one-sided" in PAGES["statistics"]
    assert [round(threshold(0.9, *rest), 2) for rest in ((1,), (2,), (1, "upper"))] == [2.71, 4.61, 1.64]
