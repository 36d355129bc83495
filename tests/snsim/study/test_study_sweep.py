"""A sweep and its folder: idempotent, restartable, nothing lost or mixed; the runs cost nothing here."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray
from points_by_hand import INLINE, compute, data_of, dies_at_30, no_convergence_at_30, plan_of, same_files

from snsim.errors import ResultFileError
from snsim.output.reader import read_result
from snsim.output.writer import write_result
from snsim.plots._study_keys import parameters
from snsim.study import record
from snsim.study import sweep as sweeping
from snsim.study.claim import Claim, take
from snsim.study.collect import collect
from snsim.study.engines import local
from snsim.study.plan import make_plan, read_study
from snsim.study.record import Cause, State, read_status
from snsim.study.survey import survey
from snsim.study.sweep import sweep
from snsim.study.warned import counted


def ran(plan, engine=INLINE, compute=compute, **options):
    return sweep(plan, engine, compute=compute, **options)


def counts(plan):
    return {state: count for state, count in survey(plan).counts().items() if count}


def test_a_sweep_writes_what_a_run_writes_and_is_idempotent(tmp_path):
    plan = plan_of(tmp_path)
    report = ran(plan)
    assert (report.points, report.computed, report.before, report.failures) == (3, 3, 0, [])
    folder = plan.folder(plan.points[0])
    assert sorted(path.name for path in folder.iterdir()) == [
        "log.txt",
        "result.h5",
        "run.toml",
        "status.json",
    ]
    status = json.loads((folder / "status.json").read_text())
    assert (status["state"], status["pid"], status["error"]) == ("done", os.getpid(), "")
    assert 'title = "by hand: zones = 20"' in (folder / "run.toml").read_text()
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("points/*/*")}
    again = ran(plan_of(tmp_path))
    assert (again.computed, again.before) == (0, 3)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("points/*/*")} == before


def test_the_collection_is_labelled(tmp_path):
    plan = plan_of(tmp_path)
    found = collect(plan, ran(plan).rows)
    assert (found.points, found.collected, found.left_out) == (3, 3, [])
    with xarray.open_dataset(tmp_path / "study.h5", group="transport", engine="h5netcdf") as transport:
        assert transport["luminosity"].dims == ("grid.zones", "species")
        assert float(transport["luminosity"].sel({"grid.zones": 30, "species": "anue"})) == 30 * 1e50 * 2
        assert transport["luminosity"].attrs["units"] == "erg / s"
    with xarray.open_dataset(
        tmp_path / "study.h5", group="diagnostics/gain_region", engine="h5netcdf"
    ) as gain:
        assert np.isnan(gain["mass"]).all()
        assert gain["mass"].attrs["reason"] == "no gain region"


def test_parameters_along_one_dimension_are_coordinates_of_every_group(tmp_path):
    (tmp_path / "study.toml").write_text(
        'schema = 1\n[base.grid]\nzones = 20\n[sample]\nmethod = "sobol"\npoints = 4\nseed = 1\n'
        '[sample.axes]\nprofile.mass = { from = "1.2 Msun", to = "1.6 Msun" }\n'
        "[axes]\ngrid.zones = [20, 30]\n"
    )
    plan = make_plan(read_study(tmp_path))
    collect(plan, ran(plan).rows)
    with xarray.open_dataset(tmp_path / "study.h5", group="transport", engine="h5netcdf") as transport:
        assert transport["luminosity"].sizes == {"grid.zones": 2, "point": 4, "species": 3}
        assert transport["profile.mass"].dims == ("point",)
        assert "profile.mass" in transport.coords
        assert transport["profile.mass"].attrs["units"] == "Msun"


def test_a_collection_keeps_the_order_of_its_parameters(tmp_path):
    (tmp_path / "p.csv").write_text("profile.mass [Msun],grid.zones\n1.3,20\n1.4,30\n")
    (tmp_path / "study.toml").write_text('schema = 1\n[base]\n[points]\nfile = "p.csv"\n')
    plan = make_plan(read_study(tmp_path))
    collect(plan, ran(plan).rows)
    found = parameters(read_result(tmp_path / "study.h5"))
    assert [each.key for each in found] == ["profile.mass", "grid.zones"]


def test_numbers_from_memory_files_and_an_earlier_collection_are_the_same(tmp_path):
    plan = plan_of(tmp_path)
    rows = ran(plan, compute=no_convergence_at_30).rows
    collect(plan, rows)
    from_memory = data_of(tmp_path / "study.h5")
    collect(plan)
    assert data_of(tmp_path / "study.h5") == from_memory
    (tmp_path / "study.h5").unlink()
    collect(plan)
    assert data_of(tmp_path / "study.h5") == from_memory
    ran(plan, retry=True)
    assert collect(plan).collected == 3
    grown = data_of(tmp_path / "study.h5")
    (tmp_path / "study.h5").unlink()
    collect(plan)
    assert data_of(tmp_path / "study.h5") == grown


def test_a_failure_is_nan_with_its_reason_and_waits_for_rerun(tmp_path):
    plan = plan_of(tmp_path)
    report = ran(plan, compute=no_convergence_at_30)
    assert (report.computed, len(report.failures)) == (2, 1)
    ((cause, words, many, point),) = report.by_cause()
    assert (cause, many, point.values) == (Cause.PHYSICS, 1, {"grid.zones": 30})
    assert "after 40 steps" in words
    collect(plan, report.rows)
    stored = read_result(tmp_path / "study.h5")
    assert np.isnan(stored["transport"]["luminosity"].values[1]).all()
    assert np.isfinite(stored["transport"]["luminosity"].values[[0, 2]]).all()
    assert list(stored["points"]["state"].values) == ["done", "failed", "done"]
    assert stored["points"]["reason"].values[1] == words
    assert ran(plan).computed == 0  # physics does not pass by itself
    assert ran(plan, retry=True, only_failed=True).computed == 1
    assert counts(plan) == {"done": 3}


def test_failures_that_differ_in_numbers_are_one_cause(tmp_path):
    plan = plan_of(tmp_path, zones=(20, 25, 30))
    report = sweeping.Report(3)
    for point in plan.points:
        words = f"residual {point.values['grid.zones'] / 7:.3e} after {point.index} steps"
        report.failures.append(sweeping.Failure(point, "physics", words))
    assert [group[2] for group in report.by_cause()] == [3]


def test_warnings_that_differ_in_species_are_one():
    sentences = (
        "W: off by 3 % (nue), 2e-3 % (anue at 12 km) of the group",
        "W: off by 4 % (nux) of the group",
        "W: trapped (nue, anue)",
        "W: trapped (nux)",
        "W: trapped (in the core)",
    )
    found = counted([[each] for each in sentences])
    assert [(each.points, each.first) for each in found] == [(2, 0), (2, 2), (1, 4)]


def test_an_interrupted_point_is_computed(tmp_path):
    plan = plan_of(tmp_path)
    folder = plan.folder(plan.points[1])
    folder.mkdir(parents=True)
    code = f"from pathlib import Path; from snsim.study.claim import take; take(Path({str(folder)!r}))"
    subprocess.run([sys.executable, "-c", code], check=True)
    record.write_status(folder, record.Status(State.RUNNING))
    (folder / ".result.h5.123.tmp").write_bytes(b"half")
    assert counts(plan) == {"queued": 3}
    assert survey(plan).standings[1].why == "interrupted"
    assert ran(plan).computed == 3
    assert sorted(path.name for path in folder.iterdir()) == [
        "log.txt",
        "result.h5",
        "run.toml",
        "status.json",
    ]


def test_stopped_between_result_and_record_the_result_counts(tmp_path):
    plan = plan_of(tmp_path)
    ran(plan)
    folder = plan.folder(plan.points[1])
    written = (folder / "result.h5").stat().st_mtime_ns
    for state in (State.RUNNING, None):
        if state is None:
            (folder / "status.json").unlink()
        else:
            record.write_status(folder, record.Status(state))
        assert counts(plan) == {"done": 3}
        assert ran(plan).before == 3
    assert (folder / "result.h5").stat().st_mtime_ns == written
    assert collect(plan).collected == 3


def test_a_point_of_another_process_is_waited_for(tmp_path, monkeypatch):
    plan = plan_of(tmp_path)
    folder = plan.folder(plan.points[1])
    folder.mkdir(parents=True)
    claim = take(folder)
    assert isinstance(claim, Claim)
    monkeypatch.setattr(sweeping, "POLL", 0.01)
    looks = []

    def other(report):
        looks.append(report.done)
        if len(looks) == 8:  # meanwhile the other process ends
            compute(plan.study.base.configure(plan.points[1].values), folder)
            claim.release()

    report = ran(plan, progress=other)
    assert (report.computed, report.elsewhere) == (2, 1)
    assert collect(plan, report.rows).collected == 3


def test_whoever_was_taken_over_does_not_publish(tmp_path):
    plan = plan_of(tmp_path, zones=(20,))
    folder = plan.folder(plan.points[0])

    def overtaken(config, directory, may_replace=None, **options):
        (claim,) = directory.glob("lock-*")
        (directory / "lock-1").write_text(claim.read_text().replace('"token": "', '"token": "x'))
        try:
            return compute(config, directory, may_replace=may_replace)
        finally:
            (directory / "lock-1").unlink()  # the other has ended, without a result

    calls = []

    def once(config, directory, **options):
        calls.append(directory)
        return (overtaken if len(calls) == 1 else compute)(config, directory, **options)

    report = ran(plan, compute=once)
    assert (report.computed, len(calls)) == (1, 2)
    assert not list(folder.glob("lock-*"))


def test_results_of_other_code_are_never_mixed_in_silence(tmp_path, monkeypatch):
    from snsim.output import provenance

    plan = plan_of(tmp_path)
    ran(plan)
    monkeypatch.setattr(provenance, "code_hash", lambda: "0" * 12)
    plan = plan_of(tmp_path, zones=(20, 30, 40, 50))
    assert counts(plan) == {"stale": 3, "queued": 1}
    assert "computed by other code" in survey(plan).standings[0].why
    kept = ran(plan, keep=True)
    assert (kept.computed, kept.kept) == (1, 3)
    assert collect(plan, kept.rows).collected == 1
    mixed = collect(plan, kept.rows, keep=True)
    assert (mixed.collected, len(mixed.codes)) == (4, 2)
    codes = read_result(tmp_path / "study.h5")["points"]["code"].values
    assert codes[3] == "0" * 12 != codes[0]
    assert ran(plan).computed == 3
    assert collect(plan).codes == ("0" * 12,)


def test_an_edited_study_says_what_has_become_of_the_old_points(tmp_path):
    ran(plan_of(tmp_path))
    found = survey(plan_of(tmp_path, zones=(20, 35)))
    assert found.counts()["done"] == 1
    assert {each.why for each in found.leftovers} == {
        "no point has grid.zones = 30 any more, or a file that it read has changed",
        "no point has grid.zones = 40 any more, or a file that it read has changed",
    }
    changed = survey(plan_of(tmp_path, more="[base.grid]\nr_outer = '500 km'\n"))
    assert changed.counts()["done"] == 0
    assert 'the base has changed: grid.r_outer not set -> "500 km"' in changed.leftovers[0].why
    assert collect(changed.plan).collected == 0


def test_a_damaged_result_is_named_and_left_out_and_computed_again(tmp_path):
    plan = plan_of(tmp_path)
    ran(plan)
    collect(plan)
    whole = data_of(tmp_path / "study.h5")
    file = plan.folder(plan.points[1]) / "result.h5"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(content)
    found = collect(plan)
    assert [point.index for point, _ in found.damaged] == [1]
    assert "checksum" in found.damaged[0][1]
    assert found.collected == 2
    assert np.isnan(read_result(tmp_path / "study.h5")["transport"]["luminosity"].values[1]).all()
    assert (file.parent / "result.damaged.h5").is_file()
    assert counts(plan) == {"done": 2, "queued": 1}
    assert ran(plan).computed == 1
    collect(plan)
    assert data_of(tmp_path / "study.h5") == whole


@pytest.mark.parametrize("content", [b"", b"\x89HDF\r\n\x1a\n" + bytes(100), b"no result"])
def test_a_file_that_is_no_result_is_left_out_without_its_checksum_too(tmp_path, content):
    plan = plan_of(tmp_path)
    ran(plan)
    folder = plan.folder(plan.points[0])
    (folder / "result.h5").write_bytes(content)
    record.write_status(folder, replace(read_status(folder), size=0))
    found = collect(plan)
    assert [point.index for point, _ in found.damaged] == [0]
    assert found.collected == 2


def test_a_full_disk_ends_the_sweep_and_nothing_finished_is_lost(tmp_path, monkeypatch):
    plan = plan_of(tmp_path)

    def full_at_30(config, directory, **options):
        if config.grid.zones == 30:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return compute(config, directory, **options)

    report = ran(plan, compute=full_at_30)
    assert (report.computed, report.unfinished) == (1, 2)
    assert "No space left" in report.trouble
    assert counts(plan) == {"done": 1, "failed": 1, "queued": 1}
    again = ran(plan)  # trouble with files passes: no rerun is needed
    assert (again.before, again.computed) == (1, 2)


def test_a_disk_that_fills_while_the_record_is_written(tmp_path, monkeypatch):
    plan = plan_of(tmp_path)
    original, refuse = os.replace, []

    def refusing(source, target):
        if refuse:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        original(source, target)

    monkeypatch.setattr(os, "replace", refusing)

    def full_from_30(config, directory, **options):
        refuse.extend([1] * (config.grid.zones == 30))
        return compute(config, directory, **options)

    report = ran(plan, compute=full_from_30)
    assert "No space left" in report.trouble
    assert report.computed == 1
    assert not list(tmp_path.rglob("*.tmp"))
    assert not list(tmp_path.rglob("lock-*"))
    refuse.clear()
    assert ran(plan).computed == 2


def test_a_folder_that_cannot_be_written_to_is_refused_before_any_work(tmp_path, monkeypatch):
    plan = plan_of(tmp_path)

    def refused(*arguments, **options):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(Path, "touch", refused)
    with pytest.raises(ResultFileError, match="Read-only file system"):
        ran(plan)


def test_a_file_that_changes_during_the_sweep_fails_the_point(tmp_path, monkeypatch):
    plan = plan_of(tmp_path, zones=(20,))
    changed = replace(plan, points=(replace(plan.points[0], config_hash="0" * 12),))
    (failure,) = ran(changed).failures
    assert failure.cause == Cause.CONFIGURATION
    assert "has changed since the sweep began" in failure.error


def test_a_point_that_kills_its_worker_is_recorded(tmp_path):
    plan = plan_of(tmp_path)
    report = ran(plan, local(2, ()), dies_at_30)
    assert report.done == 2  # one of them may have been finished by a worker that died before it could say so
    assert [failure.cause for failure in report.failures] == [Cause.LOST]
    assert counts(plan) == {"done": 2, "failed": 1}
    assert ran(plan).computed == 1  # a machine that kills may have been mended


def test_two_processes_give_the_files_of_one(tmp_path):
    alone, both = tmp_path / "alone", tmp_path / "both"
    zones = tuple(range(20, 40))
    for folder, engine in ((alone, INLINE), (both, local(2, ()))):
        folder.mkdir()
        plan = plan_of(folder, zones)
        collect(plan, ran(plan, engine).rows)
    assert same_files(alone, both)


def test_many_points_stand_in_folders_of_folders(tmp_path, monkeypatch):
    from snsim.study import plan as planning

    flat = plan_of(tmp_path, zones=(20, 30))
    ran(flat)
    monkeypatch.setattr(planning, "FLAT", 2)
    grown = plan_of(tmp_path, zones=(20, 30, 40))
    assert [point.place for point in grown.points[:2]] == [point.place for point in flat.points]
    assert grown.points[2].place.count("/") == 2
    report = ran(grown)
    assert (report.before, report.computed) == (2, 1)
    assert not survey(grown).leftovers
    assert not survey(plan_of(tmp_path, zones=(20, 40))).plan.points[1].place.count("/") == 1


def test_arrays_are_collected_where_they_are_asked_for(tmp_path):
    def with_profile(config, directory, **options):
        result = compute(config, directory, **options)
        from snsim.variable import Variable

        density = Variable(("zone",), np.arange(5.0) * config.grid.zones, "g / cm3", "density")
        result = replace(result, groups={**result.groups, "profile": {"density": density}})
        write_result(result, directory / "result.h5")
        return result

    plan = plan_of(tmp_path)
    asked = make_plan(replace(plan.study, collect=("profile/density",)))
    collect(asked, ran(asked, compute=with_profile).rows)
    stored = read_result(tmp_path / "study.h5")
    assert stored["profile"]["density"].dims == ("grid.zones", "zone")
    np.testing.assert_array_equal(stored["profile"]["density"].values[2], 40 * np.arange(5.0))
    (tmp_path / "study.h5").unlink()
    collect(asked)
    assert read_result(tmp_path / "study.h5")["profile"]["density"].values.shape == (3, 5)
