"""How one begins: a first run file, completion by the shell, what every command has."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from snsim.cli import completion
from snsim.cli.app import app
from snsim.cli.init import TEMPLATE
from snsim.config.load import config_hash, load_config

ROOT = Path(__file__).resolve().parents[2]
QUICKSTART = ROOT / "runs" / "quickstart" / "run.toml"
RUNNER = CliRunner()


def test_the_shipped_run_file_is_the_quickstart() -> None:
    assert (ROOT / "snsim" / "cli" / TEMPLATE).read_text() == QUICKSTART.read_text()


def test_init_writes_a_run_file_that_runs(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "star"
    outcome = RUNNER.invoke(app, ["init", str(folder)])
    assert outcome.exit_code == 0
    assert f"snsim run {folder}" in outcome.stdout
    written = (folder / "run.toml").read_text()
    assert f"Run it with:  snsim run {folder}\n" in written
    assert "runs/quickstart" not in written
    assert config_hash(load_config(folder)) == config_hash(load_config(QUICKSTART))


def test_init_replaces_nothing(tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text("mine")
    outcome = RUNNER.invoke(app, ["init", str(tmp_path)])
    assert outcome.exit_code == 4
    assert "run.toml: is there already" in outcome.stderr
    assert (tmp_path / "run.toml").read_text() == "mine"
    outcome = RUNNER.invoke(app, ["init", str(tmp_path / "run.toml")])
    assert outcome.exit_code == 4
    assert "cannot be written" in outcome.stderr


def test_init_as_json(tmp_path: Path) -> None:
    outcome = RUNNER.invoke(app, ["init", str(tmp_path / "x"), "--json"])
    assert json.loads(outcome.stdout) == {"run_file": str(tmp_path / "x" / "run.toml")}


def commands(group: Any, name: str = "snsim") -> Iterator[tuple[str, Any]]:
    """Every command by its whole name; a group that answers by itself too."""
    parts = getattr(group, "commands", None)
    if parts is None or group.invoke_without_command:
        yield name, group
    for word, command in (parts or {}).items():
        yield from commands(command, f"{name} {word}")


# the callback of the whole program computes nothing
COMMANDS = {name: each for name, each in commands(typer.main.get_command(app)) if name != "snsim"}


def test_all_commands_are_found() -> None:
    assert {"snsim run", "snsim list", "snsim eos", "snsim eos tov", "snsim table check"} <= COMMANDS.keys()


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("option", ["--json", "--debug"])
def test_every_command_has(name: str, option: str) -> None:
    assert option in {spelling for each in COMMANDS[name].params for spelling in each.opts}


def test_names_are_completed() -> None:
    observables = completion.one_of("observables")
    assert observables("ki") == ["kick"]
    assert observables("kick,ki") == ["kick,kick"]
    assert completion.one_of("processes")("nucleon") == ["nucleon_scattering"]
    assert completion.one_of("export-formats")("snew") == ["snewpy"]
    assert completion.one_of("structure-factors")("horo") == ["horowitz1997"]


def test_settings_are_completed() -> None:
    assert completion.settings("transport.sch") == ["transport.scheme="]
    assert completion.settings("transport.scheme=e") == ["transport.scheme=eddington"]
    assert completion.settings("microphysics.weak_mag") == ["microphysics.weak_magnetism="]
    assert completion.settings("microphysics.weak_magnetism=") == [
        "microphysics.weak_magnetism=true",
        "microphysics.weak_magnetism=false",
    ]
    assert completion.settings("grid.zones=") == completion.settings("no.such=") == []
    assert "schema=" in completion.settings("")


ASKED = {
    "bash": {"COMP_WORDS": "snsim list sch", "COMP_CWORD": "2"},
    "zsh": {"_TYPER_COMPLETE_ARGS": "snsim list sch"},
    "fish": {"_TYPER_COMPLETE_ARGS": "snsim list sch", "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
}


@pytest.mark.parametrize("shell", ASKED)
def test_shells_get_the_names(shell: str) -> None:
    """As the scripts that --install-completion writes ask; with nothing heavy loaded."""
    script = (
        "import atexit, sys; sys.argv = ['snsim']; from snsim.cli.app import main\n"
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr)); main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | {"_SNSIM_COMPLETE": f"complete_{shell}"} | ASKED[shell],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert "schemes" in done.stdout
    assert "processes" not in done.stdout
    assert not {"numpy", "numba", "h5py", "rich.console"} & set(done.stderr.split())


def test_completion_is_installed_in_a_home(tmp_path: Path) -> None:
    script = "import sys; sys.argv = ['snsim', '--install-completion', 'bash']; from snsim.cli.app import main; main()"
    environment = os.environ | {"HOME": str(tmp_path), "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert "installed in" in done.stdout, done.stderr
    written = "".join(path.read_text() for path in tmp_path.rglob("*") if path.is_file())
    assert "_SNSIM_COMPLETE=complete_bash" in written
