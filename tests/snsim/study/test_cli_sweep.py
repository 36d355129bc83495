"""`snsim sweep`, `status`, `rerun`, `collect` and `plot` on a real study of the quickstart, and their exit codes."""

from __future__ import annotations

import json
import shutil
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import xarray
from points_by_hand import INLINE, compute, no_convergence_at_30, plan_of
from typer.testing import CliRunner

from microphysics.errors import ExtrapolationWarning
from snsim.cli import sweep as command
from snsim.cli.app import app
from snsim.errors import ProfileError, UnresolvedWarning
from snsim.output.reader import read_result
from snsim.report.collected import dataset_of
from snsim.report.of_study import failures_of
from snsim.study import sweep as sweeping

ROOT = Path(__file__).resolve().parents[3]
STUDY = """
schema = 1
title = "two by two"
base = "run.toml"

[axes]
profile.shock_radius = ["140 km", "150 km"]
transport.limiter = ["wilson", "levermore-pomraning"]
"""


def snsim(*arguments) -> SimpleNamespace:
    outcome = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return SimpleNamespace(code=outcome.exit_code, out=outcome.stdout, err=outcome.stderr)


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Path:
    """Four stars with few zones, computed by two processes."""
    folder = tmp_path_factory.mktemp("study")
    text = (ROOT / "runs" / "quickstart" / "run.toml").read_text()
    (folder / "run.toml").write_text(text.replace("zones = 200", "zones = 40"))
    (folder / "study.toml").write_text(STUDY)
    outcome = snsim("sweep", folder, "--jobs", 2)
    assert outcome.code == 0, outcome.err
    assert "two by two" in outcome.out
    return folder


@pytest.fixture
def runs() -> list:
    """What computes the points of `by_hand`: the last."""
    return [no_convergence_at_30]


@pytest.fixture
def by_hand(tmp_path, monkeypatch, runs) -> Path:
    """A study whose runs cost nothing and are done here; the one with 30 zones does not converge."""
    plan_of(tmp_path)
    original = sweeping.sweep

    def here(plan, engine, **options):
        return original(plan, INLINE, **options, compute=runs[-1])

    monkeypatch.setattr(sweeping, "sweep", here)
    return tmp_path


def test_the_points_are_those_of_single_runs(study, tmp_path):
    again = snsim(
        "run", study / "run.toml", "--set", "profile.shock_radius=150 km", "--set", "transport.limiter=wilson",
        "--output", tmp_path, "--no-plot", "--json",
    )  # fmt: skip
    alone = {answer["key"]: answer["value"] for answer in json.loads(again.out)["answers"]}
    with xarray.open_dataset(study / "study.h5", group="transport", engine="h5netcdf") as transport:
        point = transport.sel({"profile.shock_radius": 150.0, "transport.limiter": "wilson"})
        for name in ("nue", "anue", "nux"):
            assert (
                float(point["luminosity_infinity"].sel(species=name))
                == alone[f"transport.luminosity_infinity.{name}"]
            )
    with xarray.open_dataset(study / "study.h5", group="diagnostics/gain_region", engine="h5netcdf") as gain:
        assert float(gain["gain_radius"][1, 0]) == alone["gain_region.gain_radius"]


def test_snsim_run_knows_a_point(study):
    point = next(path for path in (study / "points").iterdir() if "wilson" in path.name)
    outcome = snsim("run", point, "--no-plot")
    assert "stored result of the same configuration" in outcome.out


def test_again_there_is_nothing_to_do(study):
    found = json.loads(snsim("sweep", study, "--json").out)
    assert (found["computed"], found["done_before"], found["collected"]) == (0, 4, 4)
    assert json.loads(snsim("status", study, "--json").out)["states"]["done"] == 4
    assert "4 of 4 points" in snsim("collect", study).out
    assert "4, all valid" in snsim("sweep", study, "--dry-run").out


def test_numbers_differ_where_the_physics_does(study):
    with xarray.open_dataset(study / "study.h5", group="transport", engine="h5netcdf") as transport:
        luminosity = transport["luminosity_infinity"].sel(species="nue").values
    assert np.isfinite(luminosity).all()
    assert np.unique(luminosity).size == 4


def test_validate_tells_of_a_study(study):
    for path in (study, study / "study.toml"):
        told = json.loads(snsim("validate", path, "--json").out)["study"]
        assert told["points"] == 4
        assert told["axes"] == {"profile.shock_radius": 2, "transport.limiter": 2}
    text = snsim("validate", study).out
    assert "no mistakes found" in text
    assert "2 values, first 140 km, last 150 km" in text
    assert "configuration" in snsim("validate", study / "run.toml").out


def test_a_star_of_the_first_point_that_cannot_be_built_is_a_doubt(tmp_path):
    (tmp_path / "study.toml").write_text(
        'schema = 1\n[base]\n[axes]\nprofile.shock_radius = ["35 km", "144 km"]\n'
    )
    told = snsim("validate", tmp_path)
    assert told.code == 0
    assert (
        "the star of the first point (shock_radius = 35 km) cannot be built: no hydrostatic star" in told.err
    )
    assert "other points" in told.err
    assert "no mistakes found, 1 doubt" in told.out
    assert "cannot be built" in json.loads(snsim("validate", tmp_path, "--json").out)["study"]["doubts"][0]


def test_validate_says_of_a_sample_between_what_it_lies(tmp_path):
    (tmp_path / "p.csv").write_text(
        "profile.mass [Msun],grid.zones,transport.limiter\n1.41234567,30,wilson\n1.2,40,minerbo\n1.3,20,wilson\n"
    )
    (tmp_path / "study.toml").write_text('schema = 1\n[base]\n[points]\nfile = "p.csv"\n')
    text = snsim("validate", tmp_path).out
    assert "3 values, 1.2 to 1.412 Msun\n" in text
    assert "3 values, 20 to 40\n" in text
    assert "first wilson, last wilson" in text


def test_validate_counts_the_points_with_a_mistake(tmp_path):
    (tmp_path / "study.toml").write_text("schema = 1\n[base]\n[axes]\ngrid.zones = [-1, 30]\n")
    outcome = snsim("validate", tmp_path)
    assert outcome.code == 2
    assert "(1 of 2 points, first zones = -1)" in outcome.err
    assert "is for run files" in snsim("validate", tmp_path, "--show").err


def test_a_report_of_the_study_has_its_numbers(study):
    pytest.importorskip("plotly")
    page = dataset_of(read_result(study / "study.h5"))
    assert page["transport/luminosity_infinity"].dims == (
        "profile.shock_radius",
        "transport.limiter",
        "species",
    )
    assert failures_of(page) == []
    with xarray.open_dataset(study / "study.h5", group="transport", engine="h5netcdf") as transport:
        for who in transport["species"].values:
            np.testing.assert_array_equal(
                page["transport/luminosity_infinity"].sel(species=who),
                transport["luminosity_infinity"].sel(species=who),
            )
    outcome = snsim("report", study)
    assert outcome.code == 0, outcome.err
    html = (study / "report.html").read_text(encoding="utf-8")
    assert "4 runs over shock radius, limiter; 0 without an answer." in html
    assert '<optgroup label="main numbers">' in html


def test_a_number_that_is_not_there_leaves_no_folder(study, tmp_path):
    told = snsim("plot", study, "--y", "gain_radius", "--output", tmp_path / "figures")
    assert told.code == 2
    assert "Did you mean 'gain_region.gain_radius'?" in told.err
    assert len(told.err) < 600
    assert not (tmp_path / "figures").exists()


def test_mistakes_are_usage(tmp_path):
    (tmp_path / "study.toml").write_text("schema = 1\n[base]\n[axes]\ngrid.zoness = [20, 30]\n")
    outcome = snsim("sweep", tmp_path)
    assert outcome.code == 2
    assert "Did you mean 'zones'?" in outcome.err
    assert not (tmp_path / "points").exists()
    assert snsim("rerun", tmp_path).code == 2


def test_some_failed(by_hand):
    outcome = snsim("sweep", by_hand)
    assert outcome.code == 1
    assert "1 point(s), physics: residual" in outcome.err
    assert "(first: zones = 30)" in outcome.err
    assert "change the axes or the base" in outcome.err
    assert "tried again by" not in outcome.err
    told = snsim("status", by_hand)
    assert "zones = 30" in told.out
    assert "after 40 steps" in told.out
    assert snsim("collect", by_hand).code == 1
    assert snsim("rerun", by_hand, "--failed").code == 1


def test_warnings_are_counted_over_the_points(by_hand, runs):
    def warns(config, directory, **options):
        zones = config.grid.zones
        warnings.warn(f"the grid of {zones} zones is coarse", UnresolvedWarning, stacklevel=1)
        warnings.warn("of no physics", UserWarning, stacklevel=1)
        if zones > 20:
            warnings.warn(f"far out with {zones} zones", ExtrapolationWarning, stacklevel=1)
        return no_convergence_at_30(config, directory, **options)

    runs.append(warns)
    lines = [
        "warning at 3 of 3 points: UnresolvedWarning: the grid of 20 zones is coarse",
        "warning at 2 of 3 points: ExtrapolationWarning: far out with 30 zones (first: zones = 30)",
    ]
    assert snsim("sweep", by_hand).err.splitlines()[:2] == lines
    assert snsim("status", by_hand).err.splitlines() == lines
    for name in ("sweep", "status"):  # nothing is computed any more
        told = json.loads(snsim(name, by_hand, "--json").out)["warnings"]
        assert [(each["kind"], each["points"]) for each in told] == [
            ("UnresolvedWarning", 3),
            ("ExtrapolationWarning", 2),
        ]
        assert told[1]["first"].startswith("zones-30-")
    study = read_result(by_hand / "study.h5")
    assert dataset_of(study).attrs["warnings"].splitlines() == [
        "At 3 of 3 points: UnresolvedWarning: the grid of 20 zones is coarse",
        "At 2 of 3 points: ExtrapolationWarning: far out with 30 zones",
    ]
    stored = study["points"]["warnings"]
    np.testing.assert_array_equal(stored.values, [1, 2, 2])
    assert stored.attributes["sentences"].splitlines() == [
        "ExtrapolationWarning: far out with # zones",
        "UnresolvedWarning: the grid of # zones is coarse",
    ]


def test_the_rate_counts_from_the_first_point_that_is_done(monkeypatch, capsys):
    """Two points done before, a start of 60 s, the first of 10 at 60 s, then one every 5 s."""
    clock = [0.0]
    monkeypatch.setattr(command.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(command.sys.stderr, "isatty", lambda: False, raising=False)
    with command._progress() as show:
        for clock[0], done in ((0.0, 2), (31.0, 2), (60.0, 3), (65.0, 4), (70.0, 5), (96.0, 9), (127.0, 12)):
            show(sweeping.Report(points=12, before=2, computed=done - 2))
    assert capsys.readouterr().err.splitlines() == [
        "2 of 12 points done, 0 failed",
        "4 of 12 points done, 0 failed, 0.2/s, 40 s left",
        "9 of 12 points done, 0 failed, 0.167/s, 18 s left",
        "12 of 12 points done, 0 failed, 0.134/s",
    ]


def test_a_report_of_a_study_with_a_failure(by_hand):
    pytest.importorskip("plotly")
    assert "snsim collect" in snsim("report", by_hand).err
    (by_hand / "study.h5").write_text("junk")
    assert str(by_hand / "study.h5") in snsim("report", by_hand).err
    (by_hand / "study.h5").unlink()
    snsim("collect", by_hand)
    refused = snsim("report", by_hand)
    assert (refused.code, refused.err.count("\n")) == (4, 1)
    assert "no point of this study is computed yet; snsim sweep computes them" in refused.err
    snsim("sweep", by_hand)
    ((where, why),) = failures_of(dataset_of(read_result(by_hand / "study.h5")))
    assert where == {"grid.zones": 30}
    assert "after 40 steps" in why
    assert snsim("report", by_hand).code == 0
    assert "3 runs over zones; 1 without an answer." in (by_hand / "report.html").read_text("utf-8")


def test_a_report_of_keys_that_move_together(by_hand, runs):
    pytest.importorskip("plotly")
    runs.append(compute)
    (by_hand / "study.toml").write_text(
        'schema = 1\ntitle = "together"\n[base.profile]\nformat = "hydrostatic"\n[axes]\ngrid.zones = [20, 30]\n'
        '[zipped.two]\nprofile.mass = ["1.3 Msun", "1.4 Msun"]\nprofile.shock_radius = ["140 km", "150 km"]\n'
    )
    assert snsim("sweep", by_hand).code == 0
    page = dataset_of(read_result(by_hand / "study.h5"))
    assert page["transport/luminosity"].sizes == {"point": 4, "species": 3}
    np.testing.assert_array_equal(page["profile.mass"], [1.3, 1.4, 1.3, 1.4])
    np.testing.assert_array_equal(page["grid.zones"], [20, 20, 30, 30])
    np.testing.assert_array_equal(
        page["transport/luminosity"].sel(species="nue"), 1e50 * np.array([20.0, 20.0, 30.0, 30.0])
    )
    assert snsim("report", by_hand).code == 0
    assert "4 runs over zones, mass, shock radius" in (by_hand / "report.html").read_text("utf-8")


def test_all_failed_for_physics(by_hand):
    plan_of(by_hand, zones=(30,))
    assert snsim("sweep", by_hand).code == 3


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ProfileError("a column is gone"), "is tried again by snsim sweep"),
        (RuntimeError("a bug"), "once it is mended: snsim rerun"),
    ],
)
def test_what_may_pass_is_not_said_to_need_a_change(by_hand, runs, error, words):
    def fails(config, directory, **options):
        raise error

    runs.append(fails)
    told = snsim("sweep", by_hand).err
    assert words in told
    assert "change the axes" not in told


def test_the_disk_ends_it(by_hand, runs):
    def full(config, directory, **options):
        raise OSError(28, "No space left on device")

    runs.append(full)
    outcome = snsim("sweep", by_hand)
    assert outcome.code == 4
    assert "the same command goes on" in outcome.err


def test_a_collection_of_an_edited_study_keeps_the_earlier_one(by_hand, runs):
    runs.append(compute)
    assert snsim("sweep", by_hand).code == 0
    full = (by_hand / "study.h5").read_bytes()
    plan_of(by_hand, more="[base.grid]\nr_outer = '500 km'\n")
    told = snsim("plot", by_hand)
    assert told.code == 0
    assert "of an earlier form of the study" in told.err.replace("\n", " ")
    told = snsim("collect", by_hand)
    assert "0 of 3 points" in told.out
    assert "study.old.h5" in told.err
    assert "nothing computed yet" in told.err
    assert (by_hand / "study.old.h5").read_bytes() == full
    (by_hand / "study.png").unlink()
    told = snsim("plot", by_hand)
    assert told.code == 4
    assert f"nothing computed yet: snsim sweep {by_hand}" in told.err
    assert not (by_hand / "study.png").exists()
    assert snsim("collect", by_hand).err.count("old") == 0
    assert snsim("sweep", by_hand).code == 0
    plan_of(by_hand, zones=(20,))
    assert "study.old2.h5" in snsim("collect", by_hand).err  # the other points are in neither
    assert (by_hand / "study.old.h5").read_bytes() == full


def test_of_the_same_points_by_other_code_one_earlier_collection_is_kept(by_hand, runs, monkeypatch):
    from snsim.output import provenance

    runs.append(compute)
    assert snsim("sweep", by_hand).code == 0
    for code in "12":
        monkeypatch.setattr(provenance, "code_hash", lambda code=code: code * 12)
        assert json.loads(snsim("collect", by_hand, "--json").out)["kept_earlier"].endswith("study.old.h5")
        assert snsim("sweep", by_hand).code == 0
    assert sorted(path.name for path in by_hand.glob("*.h5")) == ["study.h5", "study.old.h5"]


def test_other_code_and_left_folders_are_said(by_hand, runs, monkeypatch):
    from snsim.output import provenance

    runs.append(compute)
    assert snsim("sweep", by_hand).code == 0
    plan_of(by_hand, zones=(20, 30))
    monkeypatch.setattr(provenance, "code_hash", lambda: "0" * 12)
    told = snsim("status", by_hand)
    assert "computed by other code" in told.out
    assert "no point has grid.zones = 40 any more" in told.out
    kept = snsim("sweep", by_hand, "--keep")
    assert "2 point(s) were computed by other code than the present; they are kept" in kept.err
    assert "1 folder(s)" in kept.err
    assert "computed again" in snsim("sweep", by_hand).err


def test_dask_that_is_not_installed(tmp_path, monkeypatch):
    plan_of(tmp_path)
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    outcome = snsim("sweep", tmp_path, "--dask", "tcp://127.0.0.1:1")
    assert outcome.code == 2
    assert "pip install 'snsim[dask]'" in outcome.err


def test_a_scheduler_that_does_not_answer(tmp_path):
    pytest.importorskip("distributed")
    plan_of(tmp_path)
    outcome = snsim("sweep", tmp_path, "--dask", "nonsense://127.0.0.1:1")
    assert outcome.code == 4
    assert "no Dask scheduler answers at nonsense://127.0.0.1:1" in outcome.err


def test_an_interrupt_says_what_is_kept(by_hand, monkeypatch):
    def stopped(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(sweeping, "sweep", stopped)
    outcome = snsim("sweep", by_hand)
    assert outcome.code == 130
    assert "what is finished is kept" in outcome.err


def test_a_copy_of_a_study_goes_on(study, tmp_path):
    shutil.copytree(study, tmp_path / "copy")
    found = json.loads(snsim("status", tmp_path / "copy", "--json").out)
    assert found["states"]["done"] == 4
