"""The page on CEvNS: its Python prints what stands there, its run file is valid, its tables are those of the code."""

from __future__ import annotations

import importlib.util
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import snsim
from microphysics._registry import FORM_FACTORS
from microphysics.nuclei import Nucleus
from microphysics.weak.axial import SpinEstimate
from microphysics.weak.cevns import CEvNS
from microphysics.weak.couplings import WeakCouplings
from snsim.cli.app import app
from snsim.config.new_physics import NewPhysics

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGE = (DOCS / "cevns.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", PAGE, flags=re.DOTALL)
COMMANDS = [line for line in PAGE.splitlines() if line.startswith("snsim ")]
NUMBER = r"[-+]?\d+\.\d+(?:e[-+]\d+)?"


@pytest.fixture(scope="module")
def figures():
    """The script that draws and computes what the page shows."""
    found = importlib.util.spec_from_file_location("cevns_figures", DOCS / "cevns_figures.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def numbers(text):
    return np.array([float(word) for word in re.findall(NUMBER, text)])


def row(start):
    """Rest of the row of a table that begins with some words."""
    line = next(line for line in PAGE.splitlines() if line.startswith(f"| {start} |"))
    return line.removeprefix(f"| {start} |")


def test_every_block_has_its_output():
    assert len(BLOCKS) == PAGE.count("```python") == 3


@pytest.mark.parametrize(("block", "printed"), BLOCKS, ids=["cross section", "form factor", "recoils"])
def test_python_prints_what_the_page_says(block, printed, capsys):
    exec(compile(block, "cevns.md", "exec"), {})
    ours = capsys.readouterr().out
    assert re.sub(NUMBER, "#", ours).split() == re.sub(NUMBER, "#", printed).split()
    np.testing.assert_allclose(numbers(ours), numbers(printed), rtol=2e-4)


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_run_as_printed(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = [str(ROOT / word) if word.startswith("runs/") else word for word in shlex.split(command)[1:]]
    outcome = CliRunner().invoke(app, words)
    assert outcome.exit_code == 0, outcome.output
    assert outcome.stdout


def test_run_file_is_valid_and_has_its_terms(tmp_path):
    (text,) = re.findall(r"```toml\n(.*?)```", PAGE, flags=re.DOTALL)
    (tmp_path / "run.toml").write_text(text)
    chosen = snsim.load_config(tmp_path / "run.toml").microphysics.new_physics
    assert [type(term).__name__ for term in chosen.terms()] == [
        "NSI",
        "ZPrime",
        "ChargeRadius",
        "MagneticMoment",
    ]


def test_every_section_and_form_factor_has_its_row():
    for name in NewPhysics.model_fields:
        assert row(f"`{name}`")
    rows = re.findall(r"^\| `(\w+)`(?: \(default\))? \|", PAGE, flags=re.MULTILINE)
    assert {name for name in FORM_FACTORS if name in rows} == set(FORM_FACTORS)


def test_figures_and_links_are_there():
    names = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", PAGE)
    assert len(names) == 2
    for name in names:
        assert (DOCS / name).stat().st_size < 250e3
    for name in re.findall(r"\]\(([^)]+)\)", PAGE):
        assert (DOCS / name).exists()


def test_table_of_couplings():
    argon, families = Nucleus.named("Ar40"), ("nue", "numu", "nutau")
    tree, radiative = WeakCouplings(), WeakCouplings(radiative=True)
    for start, couplings in (("`false`", tree), ("`true`", radiative)):
        (line,) = (line for line in PAGE.splitlines() if line.startswith(f"| {start}"))
        protons = [couplings.vector_couplings(flavor)[0] for flavor in families]
        np.testing.assert_allclose(numbers(line)[:3], protons, atol=6e-5)
        assert numbers(line)[3] == couplings.vector_couplings("nue")[1]
    ratios = [
        float(CEvNS(argon, couplings=radiative).total(30.0, f) / CEvNS(argon).total(30.0)) for f in families
    ]
    np.testing.assert_allclose(ratios, numbers(line)[4:], atol=6e-4)


def test_size_of_the_axial_part():
    """0.1 % of Cs and I, 4 % of Na, 6 % of F at 30 MeV."""
    for name, percent in (("Cs133", 0.1), ("I127", 0.1), ("Na23", 4.0), ("F19", 6.0)):
        nucleus = Nucleus.named(name)
        more = CEvNS(nucleus, axial=SpinEstimate.unpaired(nucleus)).total(30.0) / CEvNS(nucleus).total(30.0)
        assert 100.0 * (more - 1.0) == pytest.approx(percent, rel=0.2)


def test_light_boson_cancels_the_standard_amplitude(figures):
    """At 0.6 keV on argon, as figure (d) says."""
    _, changes, _ = figures.TERMS["light"]
    argon = CEvNS(
        Nucleus.named("Ar40"), new_physics=figures.config_of(*changes).microphysics.new_physics.terms()
    )
    recoil = np.geomspace(1e-4, 1e-2, 2001)
    q = np.sqrt(2.0 * argon.nucleus.mass * recoil) / 197.327
    amplitude = argon.amplitude(q)
    assert 1e3 * recoil[np.argmin(np.abs(amplitude))] == pytest.approx(0.6, abs=0.05)


ROWS = {
    "nsi": "NSI, ε^u = 0.03 for all flavours",
    "z_prime": "Z' universal, 30 MeV, g' = 2·10⁻⁵",
    "light": "Z' universal, 5 MeV, g' = 10⁻⁵",
    "b-l": "Z' of B - L, 30 MeV, g' = 3·10⁻⁵",
    "mu_tau": "L_μ - L_τ, 20 MeV, g' = 5·10⁻⁴",
    "radius": "charge radius of ν_e, -4.2·10⁻³² cm²",
    "magnetic": "magnetic moment, 10⁻¹⁰ μ_B, Majorana",
    "dirac": "the same, Dirac",
    "gemma": "magnetic moment, 2.9·10⁻¹¹ μ_B",
    "scalar": "scalar, Dirac, 30 MeV, g_ν = g_q = 10⁻⁵",
    "millicharge": "millicharge of ν_e, 1.5·10⁻¹² e",
}


def test_every_term_has_its_row(figures):
    assert set(ROWS) == {*figures.TERMS, *figures.AT_BOUNDS}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", ROWS)
def test_table_of_terms(name, figures):
    changes = figures.AT_BOUNDS[name] if name in figures.AT_BOUNDS else figures.TERMS[name][1]
    printed = numbers(row(ROWS[name]))
    assert figures.at_the_sns(changes) == pytest.approx(printed[0], abs=0.06)
    ours = np.concatenate([figures.moved(changes, energy)[::2] for energy in (5.0, 10.0, 20.0)])
    np.testing.assert_allclose(ours, printed[1:], atol=0.06)


def test_the_charge_radius_read_in_the_wrong_convention(figures):
    """4.7 % instead of 9.0 % on CsI."""
    limit = 'charge_radius.radii.ee="-2.1e-32 cm2"'
    assert figures.at_the_sns([limit]) == pytest.approx(-4.7, abs=0.06)
    right = [limit, 'charge_radius.convention="mixing_angle"']
    assert figures.at_the_sns(right) == pytest.approx(-9.0, abs=0.06)
    assert figures.at_the_sns(figures.TERMS["radius"][1]) == pytest.approx(
        figures.at_the_sns(right), rel=1e-9
    )
