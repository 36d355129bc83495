"""The page on signals: its example runs as printed, its table has every format, its numbers are those of the code."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from microphysics.spectrum import FermiDirac, Pinched
from snsim.config.load import load_config
from snsim.export import FORMATS
from snsim.export.catalog import PROFILE
from snsim.pipeline import simulate
from snsim.signal import number_rate, signal_of

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "signals.md").read_text(encoding="utf-8")
(EXAMPLE,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)

pytestmark = pytest.mark.filterwarnings("ignore::microphysics.errors.PhysicsWarning")


def test_the_example_runs_as_printed(tmp_path, monkeypatch, capsys):
    shutil.copytree(ROOT / "runs" / "quickstart", tmp_path / "runs" / "quickstart")
    monkeypatch.chdir(tmp_path)
    exec(compile(EXAMPLE, "signals.md", "exec"), {})
    printed = capsys.readouterr().out
    assert "held from 0.1 s to 0.15 s" in printed
    assert "energy of all flavours" in printed
    assert {file.name for file in tmp_path.iterdir()} == {
        "runs",
        "signal.snewpy.dat",
        "signal.snowglobes.dat",
    }
    assert len([line for line in EXAMPLE.splitlines() if line.strip()]) <= 10 + 1


def test_every_format_has_a_row():
    rows = {
        cells[1].strip(" `"): [cell.strip(" *") for cell in cells[2:-1]]
        for cells in (
            line.split("|") for line in PAGE.splitlines() if line.startswith("| `") and "`--to`" not in line
        )
        if len(cells) == 8
    }
    assert set(rows) == {*FORMATS, PROFILE}
    for name, chosen in FORMATS.items():
        assert rows[name][1] == chosen.nux, name
        assert ("tabulated" in rows[name][2]) is chosen.tabulated, name
        assert ("L = 0" in rows[name][3]) is chosen.dark_ends, name
        assert ("--distance" in rows[name][4]) is chosen.needs_distance, name


def test_shape_of_gray_spectra():
    shape = FermiDirac(1.0, 2.0)
    square, cube = (float(shape.moment(n) / shape.mean_energy**n) for n in (2, 3))
    assert f"= {square:.4f}$" in PAGE
    assert f"= {cube:.4f}$" in PAGE
    assert f"alpha = {float(shape.alpha):.2f} for" in PAGE


def test_share_of_the_tail():
    result = simulate(
        load_config(ROOT / "runs" / "quickstart", ["transport.scheme=multigroup", "diagnostics.names=[]"])
    )
    signal = signal_of(result)
    pinched = (
        signal.number_luminosity[0]
        * Pinched(signal.mean_energy[0], signal.alpha[0]).density(np.array([50.0]))[:, 0]
    )
    ours = number_rate(signal, [50.0])[0, :, 0] / pinched
    printed = re.search(r"at 50 MeV, nue are ([\d.]+), anue ([\d.]+) and nux ([\d.]+) of it", PAGE).groups()
    np.testing.assert_allclose(ours, [float(number) for number in printed], atol=0.02)


def test_the_figure_shows_what_the_page_says():
    file = ROOT / "docs" / "signals.png"
    assert "](signals.png)" in PAGE
    assert file.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    config = load_config(
        ROOT / "runs" / "quickstart", ["transport.scheme=multigroup", "diagnostics.names=[]"]
    )
    groups = signal_of(simulate(config))
    energy = np.linspace(6.0, 25.0, 60)
    ratio = number_rate(groups, energy)[0] / number_rate(replace(groups, spectra=None), energy)[0]
    assert 0.05 < np.abs(ratio - 1.0).max() < 0.065
    assert "within 6 % from 6 to 25 MeV" in PAGE


def test_what_was_not_run_is_said():
    assert "**Not run:** SNOwGLoBES itself (it needs GLoBES) and MARLEY" in PAGE
    assert "Jobs are for MARLEY 1.2" in PAGE
