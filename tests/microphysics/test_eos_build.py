"""Kept tables: made once, in parallel, never half; found again by everything they depend on."""

from __future__ import annotations

import dataclasses
import logging
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import h5py
import numpy as np
import pytest
from standin import StandIn

import microphysics
from microphysics._workers import processors
from microphysics.constants import CODATA
from microphysics.eos import build
from microphysics.eos.build import build_table, default_axes, table_directory, table_key
from microphysics.eos.formats.native import read_table
from microphysics.eos.lattimer_swesty import LattimerSwesty
from microphysics.eos.table import EosTableError
from microphysics.errors import MicrophysicsError, OutOfRangeError

AXES = (np.geomspace(1e6, 1e12, 9), np.geomspace(0.5, 20.0, 8), np.linspace(0.05, 0.55, 6))
EOS = StandIn()


class Dying(StandIn):
    """Takes its process with it."""

    def __call__(self, *args, **options):
        os._exit(3)


class Silent(StandIn):
    parameters = None

    def __init__(self):
        self.mass_number, self.delay, self.fails_at, self.baryon_mass = 60.0, 0.0, None, CODATA.atomic_mass


def only_file(folder):
    (path,) = folder.glob("*.h5")
    return path


def test_a_table_is_made_once(tmp_path):
    seen = []
    first = build_table(
        EOS, *AXES, directory=tmp_path, progress=lambda done, total: seen.append((done, total))
    )
    assert seen == [(54 * (i + 1), 432) for i in range(8)]
    assert [path.name[:15] for path in tmp_path.iterdir()] == ["stand-in-" + table_key(EOS, *AXES)[:6]]
    again = build_table(EOS, *AXES, directory=tmp_path, progress=lambda done, total: pytest.fail("computed"))
    points = np.geomspace(2e6, 9e11, 50), np.geomspace(0.6, 18.0, 50), np.linspace(0.06, 0.5, 50)
    np.testing.assert_array_equal(again(*points).pressure, first(*points).pressure)
    assert again.parameters == first.parameters
    assert again.notes == ("tabulated from stand-in: 9 x 8 x 6 nodes",)
    assert again.references == EOS.references
    nodes = np.meshgrid(*AXES, indexing="ij")
    np.testing.assert_allclose(again(*nodes).energy, EOS(*nodes).energy, rtol=1e-12)
    np.testing.assert_allclose(again(*nodes).adiabatic_index, EOS(*nodes).adiabatic_index, rtol=1e-10)


def test_several_processes_give_the_same(tmp_path, monkeypatch):
    monkeypatch.delenv("NUMBA_NUM_THREADS", raising=False)
    alone = build_table(EOS, *AXES, directory=tmp_path / "one", jobs=1)
    seen = []
    together = build_table(
        EOS, *AXES, directory=tmp_path / "two", jobs=2, progress=lambda done, total: seen.append(done)
    )
    assert together.parameters == alone.parameters
    assert seen == sorted(seen)
    assert seen[-1] == 432
    with h5py.File(only_file(tmp_path / "one")) as a, h5py.File(only_file(tmp_path / "two")) as b:
        for name in a:
            np.testing.assert_array_equal(a[name][()], b[name][()])
    assert "NUMBA_NUM_THREADS" not in os.environ  # what the processes were given does not stay


def test_an_executor_gives_the_same_and_stays_open(tmp_path):
    alone = build_table(EOS, *AXES, directory=tmp_path / "one", jobs=1)
    seen = []
    with ThreadPoolExecutor(2) as executor:
        given = build_table(
            EOS,
            *AXES,
            directory=tmp_path / "two",
            executor=executor,
            progress=lambda done, total: seen.append(done),
        )
        assert executor.submit(int, 3).result() == 3
    assert seen == [54 * (i + 1) for i in range(8)]
    for name, values in alone.table.fields.items():
        np.testing.assert_array_equal(given.table.fields[name], values)


def test_an_executor_does_what_it_is_asked(tmp_path):
    """Every block, and nothing is done here."""
    asked = []

    class Noting(ThreadPoolExecutor):
        def submit(self, function, /, *arguments, **options):
            asked.append(arguments[1])
            return super().submit(function, *arguments, **options)

    with Noting(1) as executor:
        build_table(EOS, *AXES, directory=tmp_path, executor=executor, jobs=1)
    np.testing.assert_array_equal(asked, AXES[1])


def test_with_an_executor_a_failing_point_is_an_error(tmp_path):
    with ThreadPoolExecutor(2) as executor, pytest.raises(OutOfRangeError):
        build_table(StandIn(fails_at=AXES[1][3]), *AXES, directory=tmp_path, executor=executor)
    assert not list(tmp_path.glob("*.h5"))


def test_the_embedded_equation_of_state_travels(tmp_path):
    """Pickled to other processes, evaluated there, and the same here."""
    eos = LattimerSwesty(incompressibility=375.0)
    axes = (np.geomspace(1e9, 3e14, 12), np.geomspace(1.0, 20.0, 4), np.linspace(0.1, 0.4, 4))
    tab = build_table(eos, *axes, directory=tmp_path, jobs=2)
    nodes = np.meshgrid(*axes, indexing="ij")
    np.testing.assert_allclose(tab(*nodes).pressure, eos(*nodes).pressure, rtol=1e-9)
    with h5py.File(only_file(tmp_path)) as file:
        assert "375" in file.attrs["parameters"]


def test_keys_tell_everything_apart(monkeypatch):
    def key(eos=EOS, axes=AXES):
        return table_key(eos, *axes)

    assert key() == key(StandIn())
    keys = [key(), key(StandIn(mass_number=60.000000001)), key(StandIn(baryon_mass=939.0))]
    for i in range(3):
        moved = list(AXES)
        moved[i] = moved[i] * (1.0 + 1e-15)
        keys.append(key(axes=moved))
    keys.append(key(axes=(AXES[0][:-1], AXES[1], AXES[2])))

    class Other(StandIn):
        pass

    keys.append(key(Other()))
    keys += [key(LattimerSwesty(alpha_binding=binding)) for binding in ("corrected", "ls91")]
    with monkeypatch.context() as patch:
        patch.setattr(build, "CODATA", dataclasses.replace(CODATA, hbar_c=1.9733e-11))
        keys.append(key())
    with monkeypatch.context() as patch:
        patch.setattr(build, "_code_version", lambda kind: "another")
        keys.append(key())
    assert len(set(keys)) == len(keys)


def test_an_equation_of_state_without_parameters_is_refused(tmp_path):
    with pytest.raises(TypeError, match="has no mapping `parameters`"):
        build_table(Silent(), *AXES, directory=tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_file_says_what_it_is(tmp_path):
    build_table(EOS, *AXES, directory=tmp_path)
    with h5py.File(only_file(tmp_path)) as file:
        assert file.attrs["mu_reference"] == "neutron_mass"
        assert file.attrs["key"] == table_key(EOS, *AXES)
        assert file.attrs["complete"]
        assert list(file.attrs["density_range"]) == [AXES[0][0], AXES[0][-1]]
        assert "mass_number" in file.attrs["parameters"]
        for name, dataset in file.items():
            assert dataset.attrs["units"], name
        assert file["pressure_baryon"].dims[1][0].name == "/temperature"


def rebuilt(tmp_path, caplog):
    """Whether the table is computed again rather than read."""
    seen = []
    with caplog.at_level(logging.WARNING):
        tab = build_table(EOS, *AXES, directory=tmp_path, progress=lambda done, total: seen.append(done))
    assert tab(1e10, 3.0, 0.2).pressure > 0.0
    read_table(only_file(tmp_path), key=table_key(EOS, *AXES))
    return bool(seen)


def cut(path):
    path.write_bytes(path.read_bytes()[:-2000])


def flip(path):
    content = bytearray(path.read_bytes())
    with h5py.File(path) as file:
        offset = file["energy_baryon"].id.get_chunk_info(0).byte_offset
    content[offset + 50] ^= 255
    path.write_bytes(bytes(content))


def unmark(path):
    with h5py.File(path, "a") as file:
        del file.attrs["complete"]


def rename(path):
    with h5py.File(path, "a") as file:
        file.attrs["key"] = "0" * 64


def age(path):
    with h5py.File(path, "a") as file:
        file.attrs["snsim_eos_table"] = 0


def empty(path):
    path.write_bytes(b"")


def strip(path):
    with h5py.File(path, "a") as file:
        del file["entropy_baryon"]


@pytest.mark.parametrize("damage", [cut, flip, unmark, rename, age, empty, strip])
def test_damaged_tables_are_made_again(tmp_path, damage, caplog):
    build_table(EOS, *AXES, directory=tmp_path)
    damage(only_file(tmp_path))
    assert rebuilt(tmp_path, caplog)
    assert "making the table again" in caplog.text
    assert not rebuilt(tmp_path, caplog)


def test_what_a_killed_build_left_is_never_read(tmp_path, caplog):
    build_table(EOS, *AXES, directory=tmp_path)
    path = only_file(tmp_path)
    left = path.with_name(f".{path.name}.123-abc.tmp")
    path.rename(left)
    assert rebuilt(tmp_path, caplog)
    assert left.exists()  # it might be another process's, at work
    os.utime(left, (time.time() - 1e6,) * 2)
    path.unlink()
    assert rebuilt(tmp_path, caplog)
    assert not left.exists()


SCRIPT = """
import multiprocessing, sys
from standin import StandIn
from test_eos_build import AXES
from microphysics.eos.build import build_table

def progress(done, total):
    print(done, *(child.pid for child in multiprocessing.active_children()), flush=True)

if __name__ == "__main__":
    build_table(StandIn(delay=0.3), *AXES, directory=sys.argv[1], jobs=int(sys.argv[2]), progress=progress)
"""


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_build_killed_at_work_leaves_nothing(tmp_path, jobs, caplog):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    folder = tmp_path / "tables"
    root = Path(microphysics.__file__).parent.parent
    paths = [str(root), str(Path(__file__).parent)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    with subprocess.Popen(
        [sys.executable, str(script), str(folder), str(jobs)],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        done, *children = map(int, process.stdout.readline().split())
        process.send_signal(signal.SIGKILL)
    assert 0 < done < 432
    assert len(children) == (0 if jobs == 1 else 2)
    assert not list(folder.glob("*.h5"))
    deadline = time.monotonic() + 10.0
    while any(alive(child) for child in children):
        assert time.monotonic() < deadline, "processes outlive the killed build"
        time.sleep(0.05)
    assert rebuilt(folder, caplog)


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


def test_a_process_that_dies_is_an_error(tmp_path):
    with pytest.raises(MicrophysicsError, match=r"died; .*__main__.*jobs=1"):
        build_table(Dying(), *AXES, directory=tmp_path, jobs=2)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_failing_point_is_an_error(tmp_path, jobs):
    with pytest.raises(OutOfRangeError, match="no solution at"):
        build_table(StandIn(fails_at=AXES[1][3]), *AXES, directory=tmp_path, jobs=jobs)
    assert not list(tmp_path.iterdir())


def test_an_interrupting_progress_stops_the_build(tmp_path):
    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_table(EOS, *AXES, directory=tmp_path, jobs=1, progress=stop)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("axes", "error", "complaint"),
    [
        ((AXES[0][::-1], *AXES[1:]), EosTableError, "axis 'density'"),
        ((AXES[0], AXES[1], np.linspace(0.05, 0.65, 6)), OutOfRangeError, "electron_fraction = 0.65"),
        ((AXES[0], [1.0, 2.0], AXES[2]), EosTableError, "at least 4 points"),
    ],
)
def test_impossible_axes(tmp_path, axes, error, complaint):
    with pytest.raises(error, match=complaint):
        build_table(EOS, *axes, directory=tmp_path)


def test_a_folder_that_cannot_be_written_is_refused_at_once(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(EosTableError, match="tables cannot be kept there"):
        build_table(
            EOS, *AXES, directory=tmp_path / "file", progress=lambda done, total: pytest.fail("computed")
        )


def test_folder_follows_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("SNSIM_CACHE", str(tmp_path))
    assert table_directory() == tmp_path / "eos"
    build_table(EOS, *AXES)
    assert only_file(tmp_path / "eos").is_file()


def test_default_axes_cover_the_domain():
    density, temperature, ye = default_axes(EOS)
    assert (density.size, temperature.size, ye.size) == (181, 67, 53)
    assert (density[0], density[-1]) == EOS.density_range
    assert (temperature[0], temperature[-1]) == EOS.temperature_range
    assert (ye[0], ye[-1]) == EOS.electron_fraction_range
    np.testing.assert_allclose(np.diff(np.log(density)), np.log(1e12) / 180)


def test_processes_are_as_many_as_there_are(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert processors() == os.cpu_count()


@pytest.mark.slow
def test_the_default_table_takes_less_than_two_minutes(tmp_path):
    start = time.perf_counter()
    build_table(LattimerSwesty(), directory=tmp_path)
    assert time.perf_counter() - start < 120.0
