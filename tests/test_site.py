"""The documentation's site without building it: pages that are written from the code, and that no page is forgotten."""

from __future__ import annotations

import importlib
import importlib.util
import re
from pathlib import Path

import pytest

from snsim.cli.app import app
from snsim.config.meanings import MEANINGS

DOCS = Path(__file__).resolve().parent.parent / "docs"


@pytest.fixture(scope="module")
def written():
    spec = importlib.util.spec_from_file_location("generated_pages", DOCS / "generated_pages.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_command_is_on_its_page(written):
    page = written.command_line()
    for command in app.registered_commands:
        assert f"## snsim {command.name}\n" in page
    for group in app.registered_groups:
        for command in group.typer_instance.registered_commands:
            assert f"## snsim {group.name} {command.name}\n" in page
    assert "`--set KEY=VALUE`" in page


def test_every_key_is_on_its_page(written):
    page = written.run_file()
    keys = {key.rpartition(".")[2] for key in MEANINGS}
    missing = {key for key in keys if f"| `{key}` |" not in page and key != "*"}
    assert missing == set()
    assert "| `zones` | zones of the transport grid | a whole number, 10 to 20000 | `200` |" in page


def test_equations_are_listed_with_what_computes_them(written):
    page = written.equations()
    pages = sum((DOCS / f"{name}.md").read_text().count("$$") // 2 for name in written.THEORY)
    assert page.count("$$") // 2 == pages > 20
    assert page.count("Beside it: ") + page.count("In its section: ") > 0.9 * pages


def test_pages_that_are_written_twice_are_the_same(written, tmp_path):
    written.write_all(tmp_path)
    before = {file.name: (file.stat().st_mtime_ns, file.read_text()) for file in tmp_path.iterdir()}
    written.write_all(tmp_path)
    assert before == {file.name: (file.stat().st_mtime_ns, file.read_text()) for file in tmp_path.iterdir()}
    assert set(before) == {"command_line.md", "run_file.md", "equations.md"}


def test_no_page_is_forgotten():
    there = {
        file.relative_to(DOCS).with_suffix("")
        for file in DOCS.rglob("*.md")
        if not {"_build", "_generated"} & set(file.relative_to(DOCS).parts)
    }
    listed = {
        (page.parent / entry.strip("<>")).as_posix()
        for page in there
        for block in re.findall(r"```{toctree}\n(.*?)```", (DOCS / f"{page}.md").read_text(), re.DOTALL)
        for entry in re.findall(r"^(?:\S+ <)?([\w/]+)>?$", block, re.MULTILINE)
    }
    assert {name for name in listed if not name.startswith("_generated")} == {
        page.as_posix() for page in there
    } - {"index"}


@pytest.mark.parametrize(
    "page", [DOCS / "report.md", *sorted((DOCS / "coming_from").glob("*.md"))], ids=lambda page: page.stem
)
def test_code_in_pages_runs_and_names_exist(page, capsys):
    text = page.read_text()
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(compile(block, page.name, "exec"), {})
        assert capsys.readouterr().out
    for path in set(re.findall(r"`((?:snsim|microphysics)(?:\.\w+)+)", text)):
        parts = path.split(".")
        found = next((i for i in range(len(parts), 0, -1) if _module(".".join(parts[:i]))), 0)
        value = importlib.import_module(".".join(parts[:found]))
        for name in parts[found:]:
            value = getattr(value, name)


def _module(name):
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False
