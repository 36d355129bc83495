"""The wheel and the sources that others get: complete, and of use where our folder is not."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("microphysics", "snsim")
NO_SOURCES = (
    *(
        ".git",
        ".venv",
        ".*_cache",
        ".hypothesis",
        "__pycache__",
        "*.egg-info",
        "build",
        "dist",
        "verification",
    ),
    *("result*.h5", "result.records", "*.checkpoint.h5", "*.partial"),
)
IN_THE_SOURCES = {
    *(
        "LICENSE",
        "CITATION.cff",
        "CHANGELOG.md",
        "README.md",
        "MANIFEST.in",
        "constraints.txt",
        "pyproject.toml",
    ),
    *(
        ".ci/run",
        "tests/conftest.py",
        "docs/architecture.md",
        "runs/quickstart/run.toml",
        "benchmarks/speed.py",
    ),
}


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """Run a command as somebody does who has none of our folders in the path."""
    kept = {key: text for key, text in os.environ.items() if key not in ("PYTHONPATH", "SNSIM_REFERENCE")}
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, env=kept | environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Sources and wheel, built from a copy of the tree: (sources, wheel, the copy)."""
    pytest.importorskip("build", reason="needs build: pip install 'snsim[dev]'")
    folder = tmp_path_factory.mktemp("distribution")
    tries = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "-q",
        "--no-deps",
        "-d",
        str(folder / "tried"),
        "setuptools",
    ]
    reached = subprocess.run(tries, capture_output=True, text=True)
    if reached.returncode:
        pytest.skip(f"pip reaches no package registry: {reached.stderr.strip().splitlines()[-1]}")
    tree = folder / "tree"
    shutil.copytree(ROOT, tree, ignore=lambda where, names: _left_out(Path(where), names))
    run(sys.executable, "-m", "build", "--outdir", folder / "dist", tree, cwd=folder)
    return next((folder / "dist").glob("*.tar.gz")), next((folder / "dist").glob("*.whl")), tree


def _left_out(where: Path, names: list[str]) -> set[str]:
    """Names that git ignores; `verification` only at the top."""
    patterns = [each for each in NO_SOURCES if each != "verification" or where == ROOT]
    return shutil.ignore_patterns(*patterns)(str(where), names)


@pytest.mark.slow
def test_the_sources_are_complete(built):
    with tarfile.open(built[0]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert not IN_THE_SOURCES - names
    tests = {str(path.relative_to(built[2])) for path in (built[2] / "tests").rglob("*.py")}
    assert not tests - names


@pytest.mark.slow
def test_the_wheel_has_every_file_of_the_packages(built):
    names = set(zipfile.ZipFile(built[1]).namelist())
    files = {
        str(path.relative_to(built[2]))
        for package in PACKAGES
        for path in (built[2] / package).rglob("*")
        if path.is_file()
    }
    assert files <= names
    others = {name for name in names - files if ".dist-info/" not in name}
    assert others == set()
    assert any(name.endswith("licenses/LICENSE") for name in names)


@pytest.mark.slow
def test_the_installed_command_works_elsewhere(built, tmp_path):
    run(sys.executable, "-m", "venv", tmp_path / "new", cwd=tmp_path)
    programs = tmp_path / "new" / ("Scripts" if os.name == "nt" else "bin")
    run(programs / "pip", "install", "-q", built[1], cwd=tmp_path)

    def snsim(*words: str) -> str:
        return run(programs / "snsim", *words, cwd=tmp_path, SNSIM_CACHE=str(tmp_path / "cache"))

    facts = json.loads(snsim("info", "--json"))
    assert facts["git"] == "not a checkout"
    assert Path(facts["folder"]).is_relative_to(tmp_path / "new")
    assert "schemes" in json.loads(snsim("list", "--json"))
    snsim("init", "star")
    answer = json.loads(snsim("run", "star", "--set", "transport.scheme=none", "--json"))
    assert not answer["reused"]
    assert "opacities.png" in {Path(file).name for file in answer["figures"]}
    assert (tmp_path / "star" / "result.h5").is_file()
    assert json.loads(snsim("run", "star", "--set", "transport.scheme=none", "--json"))["reused"]
    assert "Lattimer & Swesty 1991" in snsim("cite", "star")
    # data of the packages: tables of known answers, events of SN 1987A
    ask = (
        "from snsim.sn1987a.events import events_of; from snsim.verification.data_files import table\n"
        "events_of('KII'); table('hopf_function')"
    )
    run(programs / "python", "-c", ask, cwd=tmp_path)


def test_versions_agree():
    import snsim

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    cited = [
        line.split(":")[1].strip()
        for line in (ROOT / "CITATION.cff").read_text().splitlines()
        if "version: " in line
    ]
    assert project["version"] == snsim.__version__
    assert set(cited[1:]) == {project["version"]}  # the first is that of the format
    changes = (ROOT / "CHANGELOG.md").read_text()
    assert f"## {project['version']} " in changes
