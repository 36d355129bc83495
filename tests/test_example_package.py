"""A process of one's own takes one module and one line of metadata."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parent / "example_package"


@pytest.fixture
def installed(tmp_path):
    """The example as pip leaves it: the module and its entry points in a folder of the path."""
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())
    name, version = project["project"]["name"], project["project"]["version"]
    for module in project["tool"]["setuptools"]["py-modules"]:
        (tmp_path / f"{module}.py").write_text((EXAMPLE / f"{module}.py").read_text())
    info = tmp_path / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    lines = []
    for group, points in project["project"]["entry-points"].items():
        lines += [f"[{group}]", *(f"{key} = {value}" for key, value in points.items())]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
    return tmp_path


def python(folder, code, *arguments):
    """Run a piece of Python as a user would who has installed the example."""
    path = os.pathsep.join([str(folder), str(EXAMPLE.parent.parent), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_example_is_small():
    assert len(list(EXAMPLE.glob("*.py"))) == 1


def test_it_reaches_a_run_file_and_the_opacities(installed, tmp_path):
    run_file = tmp_path / "run.toml"
    run_file.write_text('schema = 1\n[microphysics]\nprocesses = ["charged_current", "scalar_decay"]\n')
    code = f"""
from microphysics.eos.lattimer_swesty import LattimerSwesty
from microphysics.opacity import OpacitySet
from snsim.config.load import load_config
from snsim.config.microphysics import process_names, settings_of
chosen = load_config({str(run_file)!r}).microphysics
matter = LattimerSwesty()([1e10, 1e12], [2.0, 4.0], [0.4, 0.2]).matter
spectra = OpacitySet.from_names(process_names(chosen), settings_of(chosen)).spectral(matter, [5.0, 20.0])
print(spectra.processes, spectra.absorption[1, :, 0, 0].tolist())
"""
    answer = python(installed, code)
    assert "('charged_current', 'scalar_decay')" in answer
    # 1/(1e-6 s/eV 5e6 eV c) for nux, nothing for the others
    values = eval(answer[answer.index("[") :])
    assert values == pytest.approx([0.0, 0.0, 1.0 / (5.0 * 2.99792458e10)])


def test_it_is_listed(installed):
    command = "from snsim.cli.app import main; main()"
    assert "scalar_decay" in python(installed, command, "list", "processes")
