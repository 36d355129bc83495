"""`snsim export`: files, words, mistakes and exit codes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from signals_by_hand import LUMINOSITY, light_curve, sequence_result, steady_result
from typer.testing import CliRunner

from snsim.cli.app import app
from snsim.errors import ConfigError
from snsim.export import write
from snsim.output.reader import read_result
from snsim.output.writer import write_result
from snsim.signal import MULTIPLICITY, signal_of


def call(*words):
    outcome = CliRunner().invoke(app, ["export", *(str(word) for word in words)])
    if outcome.exception is not None and not isinstance(outcome.exception, SystemExit):
        raise outcome.exception
    return SimpleNamespace(code=outcome.exit_code, out=outcome.stdout, err=outcome.stderr)


@pytest.fixture
def steady(tmp_path):
    return write_result(steady_result(), tmp_path / "result.h5")


@pytest.fixture
def cooling(tmp_path):
    folder = tmp_path / "cooling"
    folder.mkdir()
    write_result(light_curve(), folder / "result.h5")
    return folder


@pytest.mark.parametrize(
    "name", ["snewpy", "oconnor", "sntools-gamma", "snowglobes-pinched", "marley", "csv"]
)
def test_writes_beside_the_result_and_checks(name, cooling):
    done = call(cooling, "--to", name, "--check")
    assert done.code == 0, done.err
    assert "energy of all flavours" in done.out
    assert "largest change" in done.out
    written = [line.strip() for line in done.out.splitlines() if str(cooling) in line]
    assert written
    assert all((cooling / line).exists() for line in written)
    assert "gray transport" in done.err  # tails


def test_fluences_need_a_distance(steady, tmp_path):
    refused = call(steady, "--to", "snowglobes")
    assert refused.code == 2
    assert "--distance: missing; snowglobes has neutrinos per cm^2 at the observer" in refused.err
    assert '--distance "10 kpc"' in refused.err
    done = call(
        steady, "--to", "snowglobes", "--distance", "10 kpc", "--check", "--output", tmp_path / "a" / "f.dat"
    )
    assert done.code == 0, done.err
    assert (tmp_path / "a" / "f.dat").exists()
    assert call(steady, "--to", "snowglobes", "--distance", "10 s").code == 2
    for wrong in ("-10 kpc", "0 kpc"):
        refused = call(steady, "--to", "snowglobes", "--distance", wrong)
        assert refused.code == 2
        assert f'--distance = "{wrong}": must be positive' in refused.err
    with pytest.raises(ConfigError, match="distance = -3 cm: must be positive"):
        write(signal_of(read_result(steady)), tmp_path / "g.dat", "snowglobes", -3.0)
    assert "has no distance" in call(steady, "--to", "csv", "--distance", "10 kpc").err


def test_names_of_formats_in_capitals_and_nearly_right(steady, tmp_path):
    assert call(steady, "--to", "SNEWPY", "--output", tmp_path / "s.dat").code == 0
    refused = call(steady, "--to", "sntools")
    assert refused.code == 2
    assert "Did you mean 'sntools-gamma'?" in refused.err


def test_results_of_different_methods_in_one_signal_are_warned_of(tmp_path):
    first, second = steady_result(), steady_result(2.0)
    gray, rays = ({"transport": {"scheme": name}} for name in ("gray", "eddington"))
    times = ("--to", "csv", "--time", "50 ms", "--time", "150 ms", "--force")

    def warned(one, other):
        paths = (write_result(one, tmp_path / "a.h5"), write_result(other, tmp_path / "b.h5"))
        outcome = call(*paths, *times)
        assert outcome.code == 0
        return [line for line in outcome.err.splitlines() if "one signal of results" in line]

    assert warned(replace(first, attributes=gray), replace(second, attributes=gray)) == []
    assert warned(first, replace(second, attributes=gray)) == []  # an older file does not say
    (line,) = warned(replace(first, attributes=gray), replace(second, attributes=rays))
    assert "different transport schemes (gray; eddington)" in line
    more = with_a_species_more(second)
    (line,) = warned(first, more)
    assert "different species (nue, anue, nux; nue, anue, nux, numu)" in line


def with_a_species_more(result):
    """The same with numu, a copy of nux."""
    group = {
        name: replace(each, values=np.concatenate([each.values, each.values[-1:]]))
        if each.dims[:1] == ("species",)
        else each
        for name, each in result["transport"].items()
    }
    group["species"] = replace(group["species"], values=np.array(["nue", "anue", "nux", "numu"]))
    return replace(result, groups={**result.groups, "transport": group})


def test_the_window_of_a_steady_result(steady):
    done = call(steady, "--to", "csv", "--start", "100 ms", "--duration", "200 ms", "--json")
    found = json.loads(done.out)
    assert (found["first_time_s"], found["last_time_s"]) == (0.1, pytest.approx(0.3))
    assert found["total_energy_erg"] == pytest.approx(0.2 * LUMINOSITY @ MULTIPLICITY)
    assert found["meaning"].startswith("a steady solution has no time")
    assert not found["tabulated_spectra"]


def test_several_results_have_a_time_each(steady, tmp_path):
    second = write_result(steady_result(2.0), tmp_path / "second.h5")
    done = call(steady, second, "--to", "csv", "--time", "50 ms", "--time", "150 ms", "--json", "--check")
    found = json.loads(done.out)
    assert found["total_energy_erg"] == pytest.approx(0.1 * 1.5 * LUMINOSITY @ MULTIPLICITY)
    assert all(row["passed"] for row in found["check"])
    for words in (["--time", "50 ms"], [], ["--time", "50 ms", "--time", "0.1 s", "--start", "1 s"]):
        refused = call(steady, second, "--to", "csv", "--force", *words)
        assert refused.code == 2, words
        assert "--time" in refused.err


def test_a_sequence_has_its_own_times(tmp_path):
    path = write_result(sequence_result(), tmp_path / "result.h5")
    found = json.loads(call(path, "--to", "csv", "--check", "--json").out)
    assert (found["first_time_s"], found["last_time_s"]) == (0.05, 0.3)
    assert found["total_energy_erg"] == pytest.approx((0.05 * 1.5 + 0.2 * 1.25) * LUMINOSITY @ MULTIPLICITY)
    assert all(row["passed"] for row in found["check"])
    refused = call(path, "--to", "csv", "--duration", "1 s", "--force")
    assert refused.code == 2
    assert "sequence with its own times" in refused.err
    matter = call(path, "--to", "msw-profile")
    assert matter.code == 2
    assert "sequence of 3 stars, each with a profile" in matter.err


def test_options_that_have_no_meaning_are_refused(steady, cooling):
    assert "--duration = 1 s" in call(cooling, "--to", "csv", "--duration", "1 s").err
    assert "--time" in call(steady, "--to", "csv", "--time", "1 s").err
    assert "--start" in call(steady, "--to", "msw-profile", "--start", "1 s").err
    unknown = call(steady, "--to", "garching")
    assert unknown.code == 2
    assert "unknown format 'garching'; known are csv, marley, msw-profile" in unknown.err


def test_what_is_there_is_kept(steady):
    assert call(steady, "--to", "csv").code == 0
    before = (steady.parent / "signal.csv").read_bytes()
    again = call(steady, "--to", "csv")
    assert again.code == 4
    assert "replace it with --force" in again.err
    assert call(steady, "--to", "csv", "--duration", "2 s", "--force").code == 0
    assert (steady.parent / "signal.csv").read_bytes() != before


@pytest.mark.parametrize("name", ["marley", "snowglobes"])
def test_bins_of_time(name, cooling):
    words = ("--distance", "10 kpc") if name == "snowglobes" else ()
    done = call(cooling, "--to", name, "--bins", "3", "--check", "--json", *words)
    found = json.loads(done.out)
    assert len(found["files"]) == 3 * (6 if name == "marley" else 1)
    places = {Path(file).parent if name == "marley" else Path(file) for file in found["files"]}
    stem = "signal_marley" if name == "marley" else f"signal.{name}"
    assert {place.stem for place in places} == {f"{stem}_{k:03d}" for k in (1, 2, 3)}
    assert all(row["passed"] for row in found["check"])
    assert call(cooling, "--to", name, "--bins", "3", *words).code == 4
    assert "--bins" in call(cooling, "--to", "msw-profile", "--bins", "3").err


def test_matter_for_msw(steady):
    done = call(steady, "--to", "msw-profile", "--check")
    assert done.code == 0, done.err
    table = np.loadtxt(steady.parent / "signal.msw-profile_density.dat")
    assert table.shape == (3, 2)
    assert call(steady, "--to", "msw-profile").code == 4


def test_a_file_that_does_not_read_back_fails(steady, monkeypatch):
    from snsim.export import time_tables

    whole = time_tables.rows
    monkeypatch.setattr(
        time_tables, "rows", lambda columns, *more: whole([1.00001 * c for c in columns], *more)
    )
    done = call(steady, "--to", "snewpy", "--check")
    assert done.code == 4
    assert "differs from what was written" in done.err
