"""What is not installed by default is not needed until it is asked for, and then it is named.

One row of `EXTRAS` for each extra of pyproject.toml whose packages some feature imports; `TOOLS` are for working on the code.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LIGHT = {"numpy", "numba", "matplotlib", "astropy", "h5py", "scipy", "xarray", "pydantic", "typer"}

# extra: the modules that it brings, and code that fails without them, saying what to install
EXTRAS = {
    "interop": (
        ("snewpy", "sntools", "netCDF4"),
        "from snsim.export import to_snewpy; to_snewpy(None)",
    ),
    "report": (("plotly",), "from snsim.report.page import plotly_js; plotly_js()"),
    "detect": (("iminuit",), "from snsim.detection.fits import fit; fit(lambda x: x * x, {'x': 1.0})"),
    "dask": (
        ("dask", "distributed", "dask_jobqueue"),
        "from snsim.study.engines import open_engine; open_engine(dask='tcp://127.0.0.1:1').__enter__()",
    ),
}
TOOLS = {
    "test": ("pytest", "hypothesis", "xdist", "pytest_mpl", "mpmath"),
    "dev": ("ruff", "mypy", "importlinter", "numpydoc", "build"),
    "browser": ("playwright",),
    "docs": ("sphinx", "myst_nb", "numpydoc", "pydata_sphinx_theme", "ipykernel"),
}
ALL = tuple(name for names, _ in EXTRAS.values() for name in names) + sum(TOOLS.values(), ())


def without(modules: tuple[str, ...], code: str) -> subprocess.CompletedProcess[str]:
    """Run code where modules cannot be imported."""
    block = f"import sys; sys.modules.update(dict.fromkeys({modules!r}))\n"
    return subprocess.run([sys.executable, "-c", block + code], capture_output=True, text=True, cwd=ROOT)


def answer(modules: tuple[str, ...], code: str) -> str:
    done = without(modules, code)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_extra_has_a_row() -> None:
    assert EXTRAS.keys() | TOOLS.keys() == PROJECT["optional-dependencies"].keys()
    assert not EXTRAS.keys() & TOOLS.keys()


@pytest.mark.parametrize("extra", EXTRAS)
def test_what_needs_an_extra_names_it(extra: str) -> None:
    modules, code = EXTRAS[extra]
    done = without(modules, code)
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-1]
    assert f"pip install 'snsim[{extra}]'" in last, done.stderr


@pytest.mark.slow
def test_packages_are_imported_without_any() -> None:
    code = """
import snsim, microphysics
print(*sorted(name for name, module in sys.modules.items() if module is not None))
for package in (snsim, microphysics):
    for name in package.__all__:
        getattr(package, name)
"""
    assert not LIGHT & set(answer(ALL, code).split())  # importing a package costs nothing


def test_help_of_every_command_without_any() -> None:
    code = """
import typer
from typer.testing import CliRunner
from snsim.cli.app import app
def names(group, before=()):
    yield before
    for name, command in getattr(group, "commands", {}).items():
        yield from names(command, (*before, name))
for words in names(typer.main.get_command(app)):
    found = CliRunner().invoke(app, [*words, "--help"])
    print(found.exit_code, *words)
"""
    lines = answer(ALL, code).splitlines()
    assert len(lines) > 15
    assert [line for line in lines if not line.startswith("0")] == []


@pytest.mark.slow
def test_work_without_any(tmp_path: Path) -> None:
    """A run file is written and read, and a cross section computed, by command and by function."""
    star = tmp_path / "star"
    code = f"""
from typer.testing import CliRunner
from snsim.cli.app import app
import microphysics, snsim
from astropy import units as u
say = lambda *words: CliRunner().invoke(app, [str(word) for word in words])
assert say("init", {str(star)!r}).exit_code == 0
assert say("validate", {str(star)!r}, "--set", "profile.format=analytic", "--json").exit_code == 0
assert say("list", "--json").exit_code == 0
print(say("cevns", "--target", "Ar40", "--energy", "10 MeV", "--json").stdout)
print(f"VALUE {{microphysics.cevns_cross_section('Ar40', 10 * u.MeV).value:.6g}}")
print("TITLE", snsim.load_config({str(star)!r}).title)
"""
    said = answer(ALL, code)
    assert "TITLE star" in said
    by_function = float(re.search(r"VALUE (\S+)", said)[1])
    by_command = json.loads(said[: said.index("VALUE")])["total_cm2"]
    assert by_command == pytest.approx([by_function], rel=1e-5)
