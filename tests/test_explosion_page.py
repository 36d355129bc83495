"""The page on explosions: its example runs and prints what stands there, its table is what we find, what it names exists."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import numpy as np
import pytest

from microphysics.constants import CODATA
from microphysics.spectrum import FermiDirac
from microphysics.weak.couplings import WeakCouplings
from snsim.config.load import load_config
from snsim.config.observables import Diagnostics, GainRegion
from snsim.diagnostics.accretion_shock import FixedSphere, LightBulb, critical_luminosity, shock_radii
from snsim.diagnostics.explosion_conditions import burrows_goshy, pejcha_thompson
from snsim.diagnostics.heating_rates import (
    coefficients,
    cooling_closed_form,
    first_principles,
    heating_closed_form,
)
from snsim.pipeline import simulate
from snsim.sensitivity import neutrinosphere_sensitivity

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGE = (DOCS / "explosion.md").read_text(encoding="utf-8")
SUN = CODATA.solar_mass


def rows():
    lines = [line for line in PAGE.splitlines() if line.startswith("| ")]
    return {cells[0]: cells for cells in ([c.strip() for c in line.strip("|").split("|")] for line in lines)}


def test_example_prints_what_the_page_shows(capsys):
    blocks = re.findall(r"```(?:python)?\n(.*?)```", PAGE, flags=re.DOTALL)
    assert len(blocks[0].strip().splitlines()) <= 11
    exec(compile(blocks[0], "explosion.md", "exec"), {})
    assert capsys.readouterr().out == blocks[1]


def test_table_is_what_we_find():
    table = rows()
    point = critical_luminosity(LightBulb(4.5), 1.4 * SUN, 0.5 * SUN)
    shocks = shock_radii(LightBulb(4.5), 1.4 * SUN, 0.5 * SUN, 3e52)
    ours = {
        "$L_{crit}$, 1.4 Msun, 0.5 Msun/s, another integrator": point.luminosity,
        r"stable shock, $3\times10^{52}$ erg/s, another integrator": shocks.inner / 1e5,
        "unstable shock": shocks.outer / 1e5,
    }
    for name, value in ours.items():
        _, reference, printed, off, *_ = table[name]
        assert value == pytest.approx(float(printed.split()[0]), rel=2e-5), name
        assert abs(value / float(reference.split()[0]) - 1.0) == pytest.approx(float(off), abs=1e-5), name


def test_rates_by_the_norm_of_the_charged_current():
    table, square = rows(), FermiDirac(4.0).rms_energy ** 2
    for first, rates in (
        ("neutron lifetime", first_principles()),
        ("$G_F^2", first_principles(WeakCouplings(charged_current_norm="tree"))),
        ("the same", first_principles(WeakCouplings(charged_current_norm="tree", v_ud=1.0))),
        ("`janka2001`", coefficients("janka2001")),
    ):
        (row,) = (cells for name, cells in table.items() if name.startswith(first))
        heat = heating_closed_form(1e52, 1e52, square, square, 0.5, 0.5, 1e7, 1.0, rates, per="nucleon")
        cool = cooling_closed_form(2.0, 0.0, 0.5, 0.5, rates, per="nucleon")
        assert float(row[1]) == pytest.approx(rates.absorption, rel=1e-4)
        assert [float(each) for each in row[2:]] == pytest.approx([heat, cool], rel=5e-4)


def test_slope_of_the_light_bulb():
    light = [critical_luminosity(LightBulb(4.5), 1.4 * SUN, rate * SUN).luminosity for rate in (0.1, 2.0)]
    slope = np.log(light[1] / light[0]) / np.log(20.0)
    assert slope == pytest.approx(float(rows()["`LightBulb`"][3]), abs=0.005)


def test_what_is_named_exists():
    for name in re.findall(r"`(snsim\.[\w.]+)`", PAGE):
        module, _, attribute = name.rpartition(".")
        assert hasattr(importlib.import_module(module), attribute), name
    for name in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", PAGE):
        assert (DOCS / name).stat().st_size < 250e3, name
    listed = re.search(r"`names = (\[.*?\])`", PAGE).group(1)
    assert Diagnostics(names=eval(listed)).names[-1] == "burst"
    assert "gr1d" in PAGE
    assert GainRegion(gain_criterion="gr1d", extraction_radius="500 km").extraction_radius == pytest.approx(
        5e7
    )


def test_math_is_closed_and_equations_are_in_order():
    assert PAGE.count("$$") % 2 == 0
    for line in PAGE.replace("$$", "").splitlines():
        assert line.count("$") % 2 == 0, line
    tags = [int(number) for number in re.findall(r"\\tag\{(\d+)\}", PAGE)]
    assert tags == list(range(1, len(tags) + 1))


def test_fit_of_pejcha_and_thompson_beside_others():
    where = (SUN, 1.2 * SUN, 6e6)
    fit, ours = float(pejcha_thompson(*where)), critical_luminosity(FixedSphere(6e6, 4.0), 1.2 * SUN, SUN)
    assert float(burrows_goshy(SUN)) / fit == pytest.approx(6.0, rel=0.1)
    assert ours.luminosity / fit == pytest.approx(4.0, rel=0.05)
    assert "$3.05\\times10^{52}$ erg/s with 4 MeV" in PAGE
    assert ours.luminosity == pytest.approx(3.05e52, rel=2e-3)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::microphysics.errors.PhysicsWarning")
def test_neutrinospheres_of_a_stiffer_star():
    folder = DOCS.parent / "runs" / "quickstart"
    names = 'diagnostics.names=["neutrinosphere"]'
    soft, stiff, slow = (
        simulate(load_config(folder, [names, *more]))
        for more in (
            [],
            ['microphysics.eos_incompressibility="375 MeV"'],
            ['profile.accretion_rate="0.9 Msun/s"'],
        )
    )
    for pair, scalar, said in (
        ((soft, stiff), "microphysics.eos_incompressibility", "0.011, 0.010 and 0.017"),
        ((soft, stiff), "density", "-0.055, -0.051 and -0.084"),
        ((soft, slow), "profile.accretion_rate", "0.09, 0.09 and 0.05"),
    ):
        found = neutrinosphere_sensitivity(pair, scalar)
        assert said in PAGE
        words = re.findall(r"-?\d\.\d+", said)
        for value, word in zip(found.exponent, words, strict=True):
            assert value == pytest.approx(float(word), abs=0.6 * 10.0 ** -len(word.split(".")[1])), (
                scalar,
                word,
            )
