"""`snsim detect`: sources, detectors, files, one-sentence errors."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from test_cli import HEAVY, loaded_modules, snsim_run

from microphysics.targets import Target
from microphysics.weak.couplings import WeakCouplings
from snsim.detection import Detector, TabulatedEfficiency, detector_of, events, pion_decay_at_rest, solar

CSI = ("--source", "pions", "--protons", "1.76e23", "--detector", "coherent_csi")


def show(*options: object) -> dict[str, object]:
    outcome = snsim_run("detect", *(str(option) for option in options), "--json")
    assert outcome.code == 0, outcome.err
    return json.loads(outcome.out)


def test_help_loads_nothing_heavy() -> None:
    modules = loaded_modules("detect", "--help")
    assert "snsim.cli.detect" in modules
    assert not modules & set(HEAVY)


def test_numbers_are_those_of_the_functions() -> None:
    found = show(*CSI)
    flux = pion_decay_at_rest("19.3 m", protons=1.76e23)
    assert found["events"] == pytest.approx(events(flux, detector_of("coherent_csi"))[0], rel=1e-12)
    assert sum(found["events_by_component"].values()) == pytest.approx(found["events"], rel=1e-12)
    assert sum(found["counts"]) == pytest.approx(found["events"], rel=2e-3)
    assert found["unit"] == "pe"
    assert any("Akimov" in paper for paper in found["references"])


def test_detector_by_hand_with_other_physics() -> None:
    options = (
        "--source",
        "solar",
        "--components",
        "8B",
        "--norm",
        "8B=5.25e6",
        "--target",
        "Ar",
        "--exposure",
        "1 t yr",
    )
    found = show(*options, "--threshold", "2 keVnr", "--radiative", "--form-factor", "klein_nystrand")
    target = Target.of("Ar", "klein_nystrand", WeakCouplings(radiative=True))
    detector = Detector.of(target, exposure="1 t yr", threshold="2 keVnr")
    assert found["events"] == pytest.approx(
        events(solar(["8B"], norms={"8B": 5.25e6}), detector)[0], rel=1e-12
    )


def test_new_physics_of_run_files_moves_events() -> None:
    changed = show(*CSI, "--set", "microphysics.new_physics.nsi.up.ee=0.03")
    parts = changed["events_by_component"]
    assert parts["prompt numu"] == pytest.approx(show(*CSI)["events_by_component"]["prompt numu"], rel=1e-12)
    assert parts["delayed nue"] < 0.8 * show(*CSI)["events_by_component"]["delayed nue"]


def test_in_words_with_files(tmp_path: Path) -> None:
    plot, table = tmp_path / "events.png", tmp_path / "events.csv"
    outcome = snsim_run("detect", *CSI, "--plot", plot, "--csv", table)
    assert outcome.code == 0, outcome.err
    assert outcome.err == ""
    for words in ("COHERENT CsI[Na]", "178.06", "prompt numu", "6 to 30 pe", "5.5", "events.png"):
        assert words in outcome.out
    assert plot.stat().st_size > 10000
    lines = [line for line in table.read_text().splitlines() if not line.startswith("#")]
    rows = list(csv.DictReader(lines))
    total = np.array([float(row["counts"]) for row in rows])
    parts = np.array(
        [[float(row[name]) for name in ("prompt_numu", "delayed_nue", "delayed_anumu")] for row in rows]
    )
    np.testing.assert_allclose(parts.sum(axis=1), total, rtol=1e-7)
    assert snsim_run("detect", *CSI, "--csv", table).code == 4


def test_own_table_and_own_result(tmp_path: Path) -> None:
    flux = tmp_path / "mine.csv"
    flux.write_text("E_MeV,anue\n0,0\n20,1e3\n60,0\n")
    found = show(
        "--source", flux, "--target", "Ge", "--mass", "1 kg", "--live-time", "1 yr", "--threshold", "1 keVnr"
    )
    assert found["source"] == "mine"
    assert found["events"] > 0.0


def test_a_run_of_this_program_is_a_source(quick_result) -> None:  # type: ignore[no-untyped-def]
    found = show("--source", quick_result, "--distance", "1 kpc", "--detector", "darwin")
    assert found["events"] > 0.0
    assert "1 kpc" in found["source"]


def test_what_is_assumed_of_a_supernova_is_said(quick_result: Path) -> None:
    """Held for how long, how far, and that flavours do not mix."""
    words = snsim_run("detect", "--source", quick_result, "--detector", "darwin").out
    told = " ".join(words.split())
    assert "luminosities are held from 0 s to 1 s" in told
    assert "10 kpc is assumed; --distance" in told
    assert "not mixed on their way" in told
    found = show("--source", quick_result, "--detector", "darwin")
    assert "0 s to 1 s" in found["time"]
    assert "10 kpc" in found["distance"]
    assert "not mixed" in found["flavours"]
    longer = show(
        "--source", quick_result, "--detector", "darwin", "--duration", "10 s", "--distance", "5 kpc"
    )
    assert longer["events"] == pytest.approx(40.0 * found["events"], rel=1e-10)
    assert "0 s to 10 s" in longer["time"]
    assert "distance" not in longer
    assert "not mixed" in show("--source", "supernova", "--detector", "darwin")["flavours"]
    assert "flavours" not in show("--source", "dsnb", "--detector", "darwin")
    beside_a_beam = show("--source", "supernova", "--detector", "coherent_csi")
    assert beside_a_beam["source"] == "supernova at 10 kpc"


def test_an_efficiency_from_a_file(tmp_path: Path) -> None:
    """The events are those of the table in Python; without one, somebody is told."""
    solar_8b = ("--source", "solar", "--components", "8B", "--detector", "xenonnt")
    table = tmp_path / "kept.csv"
    table.write_text("# of the paper\nkeV,efficiency\n0.5,0\n1,0.1\n3,0.5\n60,0.8\n")
    found = show(*solar_8b, "--efficiency", table)
    kept = TabulatedEfficiency(np.array([0.5, 1.0, 3.0, 60.0]), np.array([0.0, 0.1, 0.5, 0.8]))
    ours = events(solar(["8B"]), detector_of("xenonnt", efficiency=kept))[0]
    assert found["events"] == pytest.approx(ours, rel=1e-12)
    assert found["efficiency"] == str(table)
    assert "give it" not in found["detector"]
    assert ours < 0.1 * show(*solar_8b)["events"]
    assert "every recoil above the threshold is counted" in show(*solar_8b)["efficiency"]
    words = (
        "warning: XENONnT, SR0 and SR1: no efficiency is known, every recoil above the threshold is counted"
    )
    assert words in snsim_run("detect", *solar_8b).err
    assert snsim_run("detect", *solar_8b, "--efficiency", table).err == ""


BAD_TABLES = {
    "above one": ("1,0.2\n2,1.2\n", 3, "efficiency = 1.2: must be between 0 and 1"),
    "negative": ("1,-0.2\n2,1\n", 3, "efficiency = -0.2: must be between 0 and 1"),
    "falling": ("2,0.2\n1,1\n", 3, "efficiency: the energies must rise"),
    "negative energy": ("-2,0.2\n1,1\n", 3, "the first energy is -2: must not be negative"),
    "words": ("1,0.2\n2,none\n", 3, "line 2: '2,none' has something that is no number"),
    "columns": ("1,0.2\n2,0.3,0.4\n", 3, "line 2: '2,0.3,0.4': expected two values"),
    "one row": ("keV,share\n1,0.2\n", 3, "has 1 rows of numbers"),
    "undefined": ("1,0.2\n2,nan\n", 3, "must be finite"),
    "none": (None, 4, "no such file"),
}


@pytest.mark.parametrize("name", BAD_TABLES)
def test_bad_efficiencies_are_one_sentence(name: str, tmp_path: Path) -> None:
    text, code, words = BAD_TABLES[name]
    table = tmp_path / "kept.csv"
    if text is not None:
        table.write_text(text)
    outcome = snsim_run("detect", "--source", "solar", "--detector", "xenonnt", "--efficiency", table)
    assert outcome.code == code, outcome.err
    assert f"{table}" in outcome.err
    assert words in outcome.err
    assert len(outcome.err.strip().splitlines()) == 1


def test_four_kinds_that_are_alike_are_shown_as_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In the table and the figure as their sum; JSON and CSV keep all six."""
    from snsim.plots import detection as plots

    asked, drawn = ("--source", "supernova", "--detector", "darwin"), {}
    draw = plots.detection

    def seen(*drawing, **more):  # type: ignore[no-untyped-def]
        drawn.update(curves=drawing[0], parts=drawing[3])
        return draw(*drawing, **more)

    monkeypatch.setattr(plots, "detection", seen)
    words = snsim_run("detect", *asked, "--plot", tmp_path / "sn.png").out
    found = show(*asked)["events_by_component"]
    assert len(found) == 6
    four = sum(found[f"burst {flavor}"] for flavor in ("numu", "anumu", "nutau", "anutau"))
    assert words.split("burst nux (4)")[1].split()[0] == f"{four:.5g}"
    assert "burst numu" not in words
    assert list(drawn["curves"]) == list(drawn["parts"]) == ["burst nue", "burst anue", "burst nux (4)"]
    _, density = drawn["curves"]["burst nux (4)"]
    np.testing.assert_allclose(density, 4.0 * drawn["curves"]["burst nue"][1], rtol=1e-12)  # equal shares
    apart = snsim_run("detect", *asked, "--set", "microphysics.new_physics.nsi.up.mumu=0.1").out
    assert "burst anumu" in apart
    assert "nux" not in apart


def test_each_paper_is_named_once() -> None:
    papers = show(*CSI)["references"]
    assert sum("Akimov et al. 2017" in paper for paper in papers) == 1


@pytest.fixture
def quick_result(tmp_path: Path) -> Path:
    """A result with a transport solution, from numbers."""
    from snsim.output.writer import write_result
    from snsim.result import Result
    from snsim.variable import Variable

    species = Variable(("species",), np.array(["nue", "anue", "nux"]), "1", "species")

    def by_zone(value: float, unit: str, name: str) -> Variable:
        return Variable(("species", "zone"), np.full((3, 2), value), unit, name)

    group = {
        "species": species,
        "luminosity_infinity": by_zone(1e52, "erg / s", "luminosity"),
        "mean_energy_infinity": Variable(("species",), np.full(3, 12.0), "MeV", "mean energy"),
        "mean_energy": by_zone(12.0, "MeV", "mean energy"),
        "rms_number": by_zone(13.7, "MeV", "rms energy"),
        "rms_energy": by_zone(17.0, "MeV", "rms energy"),
    }
    path = tmp_path / "result.h5"
    write_result(Result({"transport": group}, "", {"title": "numbers"}), path)
    return path


WRONG = {
    "no source": ((), 2, "--source: expected"),
    "unknown source": (("--source", "pion", "--detector", "lead"), 2, '--source = "pion": expected pions, reactor'),
    "no detector": (("--source", "dsnb"), 2, "--detector: expected, one of coherent_csi"),
    "unknown detector": (("--source", "dsnb", "--detector", "coherent"), 2, "Did you mean 'coherent_csi'"),
    "target twice": (("--source", "dsnb", "--detector", "lead", "--target", "Xe"), 2, "has its own"),
    "no protons": (("--source", "pions", "--detector", "coherent_csi"), 2, "--protons: expected"),
    "no power": (("--source", "reactor", "--detector", "conus_plus"), 2, "--power: expected"),
    "no distance": (("--source", "reactor", "--power", "1 GW", "--detector", "lead"), 2, '--distance: missing; a reactor'),
    "other source": (("--source", "solar", "--power", "1 GW", "--detector", "lead"), 2, "means nothing to solar"),
    "held": (("--source", "supernova", "--duration", "2 s", "--detector", "darwin"), 2, "means nothing to supernova"),
    "norm": (("--source", "solar", "--norm", "8B", "--detector", "lead"), 2, "expected NAME=NUMBER"),
    "component": (("--source", "solar", "--components", "9B", "--detector", "lead"), 2, "9B"),
    "threshold": (("--source", "dsnb", "--target", "Xe", "--mass", "1 t", "--threshold", "1 keV"), 2,
                  '--threshold = "1 keV": expected a number and what it counts, "5 keVnr"'),
    "highest": (("--source", "dsnb", "--detector", "lead", "--highest", "9 eV"), 2, '--highest = "9 eV": expected'),
    "nothing seen": (("--source", "solar", "--components", "pp", "--detector", "darwin"), 3,
                     "below the threshold of 0.7 keV"),
    "none in sight": (("--source", "pions", "--protons", "1e23", "--detector", "coherent_csi", "--threshold", "100 pe",
                       "--highest", "200 pe"), 3, " pe, below the threshold of 100 pe"),
    "no table": (("--source", "nosuch.csv", "--detector", "darwin"), 4, "error: nosuch.csv: no such file"),
    "small letters": (("--source", "solar", "--components", "8b", "--detector", "darwin"), 2, "Did you mean '8B'?"),
    "unknown flux": (("--source", "reactor", "--power", "1 GW", "--distance", "20 m", "--target", "Ge", "--mass", "1 kg",
                      "--live-time", "1 d", "--threshold", "50 eVnr"), 3, "known from 2 MeV on"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_errors_are_one_sentence(name: str) -> None:
    options, code, words = WRONG[name]
    outcome = snsim_run("detect", *options) if options else snsim_run("detect", "--bins", "3")
    assert outcome.code == code, outcome.err
    assert words in outcome.err
    assert len(outcome.err.strip().splitlines()) == 1
