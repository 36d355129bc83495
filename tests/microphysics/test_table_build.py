"""Tables of opacities built: blocks that fit, any executor, gone on with after a kill, nothing counted twice."""

from __future__ import annotations

import errno
import logging
import os
import signal
import subprocess
import sys
import tracemalloc
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
from standin import StandIn

import microphysics
from microphysics.errors import (
    ExtrapolationWarning,
    MicrophysicsError,
    OpacityTableError,
    OutOfRangeError,
    PhysicsWarning,
)
from microphysics.opacity import OpacitySet, anisotropy, blackbody, equilibrium
from microphysics.processes import electron_scattering_kernels, pair_kernels
from microphysics.processes.bremsstrahlung import Bremsstrahlung
from microphysics.processes.settings import Settings
from microphysics.tables import grids, plan
from microphysics.tables.build import build_table
from microphysics.tables.estimate import estimate
from microphysics.tables.native import open_table, read_table
from microphysics.tables.nulib_reader import read_nulib
from microphysics.tables.partial import PartialTable
from microphysics.tables.plan import KernelAxes, TablePlan, plan_key
from microphysics.tables.worker import Caught, evaluate_block, gathered

PROCESSES = ("charged_current", "nucleon_scattering", "electron_scattering", "pair", "bremsstrahlung")
SMALL = TablePlan(
    eos=StandIn,
    processes=PROCESSES,
    settings=Settings(on_out_of_range="clamp"),
    density=np.geomspace(1e8, 1e13, 5),
    temperature=np.geomspace(0.5, 30.0, 4),
    electron_fraction=np.linspace(0.1, 0.5, 3),
    energy_edges=grids.group_edges(6, 4.0, 120.0),
    delta=True,
    block_points=10,
)
KERNELS = KernelAxes(np.geomspace(0.5, 30.0, 3), np.geomspace(0.1, 20.0, 4))
WITH_KERNELS = replace(SMALL, kernels=KERNELS)


class Slow(StandIn):
    def __init__(self):
        super().__init__(delay=0.1)


class Failing(StandIn):
    def __init__(self):
        super().__init__(fails_at=SMALL.temperature[2])


class Dying(StandIn):
    def __call__(self, *args, **options):
        os._exit(3)


class Shouting(StandIn):
    """Warns with numbers that differ from block to block."""

    def __call__(self, density, temperature, electron_fraction, *, on_out_of_range="error"):
        t = np.ravel(temperature)
        for count in (t.size - 1, t.size, 0):  # of the same states: the most counts
            warnings.warn(
                f"{count} of {5 * t.size} points are loud, up to {t.max():.3g} MeV",
                ExtrapolationWarning,
                stacklevel=2,
            )
        return super().__call__(density, temperature, electron_fraction)


@pytest.fixture
def built(tmp_path):
    """A function that builds a plan in this process and gives back the report."""

    def make(wanted=SMALL, name="table.h5", **options):
        return build_table(wanted, {"own": tmp_path / name}, **{"jobs": 1, **options})

    return make


def environment():
    """That of a process that finds this file."""
    root = Path(microphysics.__file__).parent.parent
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(root), str(Path(__file__).parent)])}


def assert_same_table(first, second):
    a, b = read_table(first), read_table(second)
    for role in a.roles:
        np.testing.assert_array_equal(getattr(a, role), getattr(b, role))
    assert (a.kernels is None) == (b.kernels is None)
    for role in a.kernels.roles if a.kernels else ():
        np.testing.assert_array_equal(getattr(a.kernels, role), getattr(b.kernels, role))


# --- grids


def test_energy_groups_of_nulib(reference, read_columns):
    columns = read_columns(reference / "nulib" / "energy_grid_24.csv")
    edges = grids.group_edges(24, 2.0, 250.0)
    np.testing.assert_allclose(edges[:-1], columns["bin_bottom_MeV"], rtol=1e-12)
    np.testing.assert_allclose(edges[1:], columns["bin_top_MeV"], rtol=1e-12)
    np.testing.assert_allclose(0.5 * (edges[1:] + edges[:-1]), columns["energy_MeV"], rtol=1e-12)


@pytest.mark.parametrize("groups", [4, 18, 40])
def test_energy_groups_grow_by_one_factor(groups):
    edges = grids.group_edges(groups, 2.0, 250.0)
    widths = np.diff(edges)
    ratio = widths[2] / widths[1]
    assert widths[0] == widths[1] == 2.0
    np.testing.assert_allclose(widths[2:] / widths[1:-1], ratio, rtol=1e-11)
    assert sum(ratio**k for k in range(groups - 2)) == pytest.approx(124.0, rel=1e-11)
    assert edges[-2] == 250.0


def test_equal_groups_and_groups_that_would_shrink():
    np.testing.assert_allclose(grids.group_edges(6, 2.0, 10.0), np.arange(0.0, 14.0, 2.0))
    with pytest.raises(OutOfRangeError, match=r"6 groups .* reach 10 MeV .* last_edge = 9 MeV"):
        grids.group_edges(6, 2.0, 9.0)
    with pytest.raises(OutOfRangeError, match="groups = 3"):
        grids.group_edges(3, 2.0, 250.0)
    with pytest.raises(OutOfRangeError, match="must be positive"):
        grids.group_edges(6, -2.0, 250.0)


def test_an_equation_of_state_that_does_not_reach(tmp_path):
    density, ye = np.geomspace(1e2, 2e15, 14), np.linspace(0.005, 0.55, 12)
    wide = replace(SMALL, density=density, electron_fraction=ye)
    found = grids.outside(StandIn(), density, SMALL.temperature, ye)
    assert [(each.axis, each.end, each.points) for each in found] == [
        ("density", "min", 1), ("density", "max", 1), ("electron_fraction", "min", 1),
    ]  # fmt: skip
    assert [each.limit for each in found] == [1e3, 1e15, 0.01]
    words = (
        r"beyond stand-in: density_min = 100 g/cm\^3 is below its 1000 g/cm\^3 by a factor 10 \(1 point of that axis\); "
        r"density_max = 2e\+15 .* by a factor 2 .*; electron_fraction_min = 0.005 is below its 0.01 by 0.005 .*"
        'outside_eos = "clamp"'
    )
    for job in (
        lambda: estimate(wide, tmp_path),
        lambda: build_table(wide, {"own": tmp_path / "t.h5"}, jobs=1),
    ):
        with pytest.raises(OutOfRangeError, match=words):
            job()
    assert not list(tmp_path.iterdir())


# --- plan


@pytest.mark.parametrize("points", [1, 7, 10, 20, 1000])
@pytest.mark.parametrize("wanted", [SMALL, WITH_KERNELS])
def test_blocks_hold_every_state_once(wanted, points):
    blocks = replace(wanted, block_points=points).blocks
    assert [block.number for block in blocks] == list(range(len(blocks)))
    states = [(block.electron_fraction, t) for block in blocks for t in range(block.start, block.stop)]
    expected = {(k, t) for k in range(3) for t in range(4)} | (
        {(None, t) for t in range(3)} if wanted.kernels else set()
    )
    assert len(states) == len(set(states))
    assert set(states) == expected
    largest = max(block.stop - block.start for block in blocks if not block.is_kernel)
    assert largest <= max(1, round(points / 5))


def test_the_key_tells_everything_apart(monkeypatch):
    def key(wanted=SMALL):
        return plan_key(wanted, wanted.eos())

    changes = {
        "eos": lambda: StandIn(mass_number=61.0),
        "processes": PROCESSES[:-1],
        "settings": replace(SMALL.settings, many_body="horowitz2017"),
        "density": SMALL.density * (1.0 + 1e-15),
        "temperature": SMALL.temperature[:-1],
        "electron_fraction": SMALL.electron_fraction + 1e-16 * np.arange(3),
        "energy_edges": grids.group_edges(6, 4.0, 121.0),
        "species": ("nue", "anue", "numutau", "anumutau"),
        "delta": False,
        "kernels": KERNELS,
        "outside_eos": "clamp",
        "block_points": 5,
    }
    keys = [key(), *(key(replace(SMALL, **{name: value})) for name, value in changes.items())]
    with monkeypatch.context() as patch:
        patch.setattr(plan, "code_version", lambda processes: "another")
        keys.append(key())
    assert len(set(keys)) == len(keys)
    assert key(replace(SMALL, title="another", eos=lambda: StandIn())) == keys[0]


def test_the_key_follows_the_content_of_files(tmp_path):
    path = tmp_path / "structure.txt"
    wanted = replace(SMALL, settings=replace(SMALL.settings, structure_factor_options={"path": str(path)}))
    keys = []
    for text in ("one", "two", "one"):
        path.write_text(text)
        keys.append(plan_key(wanted, StandIn()))
    assert keys[0] == keys[2] != keys[1]


# --- what is built


def direct(wanted, processes):
    """The same numbers without blocks: (species, electron fraction, temperature, density, energy)."""
    ye, t, rho = (
        grid.ravel()
        for grid in np.meshgrid(wanted.electron_fraction, wanted.temperature, wanted.density, indexing="ij")
    )
    matter = wanted.eos()(rho, t, ye).matter
    rates = OpacitySet.from_names(processes, wanted.settings).totals(matter, wanted.energy, wanted.species)
    thermal = blackbody(wanted.energy) * equilibrium(
        wanted.energy, matter.temperature, matter.neutrino_degeneracy(wanted.species)
    )
    return {
        "emissivity": (rates.absorption * thermal).reshape(wanted.shape),
        "absorption": rates.absorption.reshape(wanted.shape),
        "scattering": rates.scattering.reshape(wanted.shape),
        "delta": anisotropy(rates.scattering, rates.collision).reshape(wanted.shape),
    }


def test_a_table_holds_the_opacities(built):
    seen = []
    report = built(progress=lambda done, total: seen.append((done, total)))
    assert seen == [(10 * (i + 1), 60) for i in range(6)]
    assert (report.points, report.blocks, report.found) == (60, 6, 0)
    table = read_table(report.files["own"])
    assert table.species == SMALL.species
    np.testing.assert_array_equal(table.energy_edges, SMALL.energy_edges)
    for role, expected in direct(SMALL, PROCESSES).items():
        np.testing.assert_allclose(getattr(table, role), expected, rtol=1e-13, atol=0.0, err_msg=role)
    assert list(table.attributes["processes"]) == list(PROCESSES)
    assert table.attributes["equation_of_state"] == "stand-in"
    assert "nobody 1900" in table.attributes["references"]
    assert table.attributes["plan_key"] == plan_key(SMALL, StandIn())
    assert "processes_in_kernels" not in table.attributes
    assert [path.name for path in report.files["own"].parent.iterdir()] == ["table.h5"]


def test_processes_and_executors_give_the_same(built, monkeypatch):
    monkeypatch.delenv("NUMBA_NUM_THREADS", raising=False)
    alone = built(WITH_KERNELS, "alone.h5").files["own"]
    assert_same_table(alone, built(WITH_KERNELS, "two.h5", jobs=2).files["own"])
    assert "NUMBA_NUM_THREADS" not in os.environ
    with ThreadPoolExecutor(1) as executor:
        assert_same_table(alone, built(WITH_KERNELS, "other.h5", executor=executor, jobs=3).files["own"])
        assert executor.submit(int).result() == 0  # whoever brought it may go on with it


def test_kernels_are_those_of_the_states(built):
    table = read_table(built(WITH_KERNELS).files["own"])
    kernels = table.kernels
    couplings = SMALL.settings.couplings
    t, eta = kernels.temperature[1], kernels.degeneracy[2]
    phi = {
        name: np.stack(electron_scattering_kernels.kernels(table.energy, [t], [eta], couplings, name))[:, 0]
        for name in ("nue", "anue", "numu", "anumu")
    }
    heavy = pair_kernels.kernels(table.energy, [t], [eta], couplings, "numu").annihilation[:, 0]
    antiheavy = pair_kernels.kernels(table.energy, [t], [eta], couplings, "anumu").annihilation[:, 0]
    for moment in range(2):
        scattering = getattr(kernels, f"scattering_{moment}")[:, 1, 2]
        np.testing.assert_allclose(scattering[0], phi["nue"][moment], rtol=1e-13)
        np.testing.assert_allclose(scattering[1], phi["anue"][moment], rtol=1e-13)
        np.testing.assert_allclose(
            scattering[2], 0.5 * (phi["numu"][moment] + phi["anumu"][moment]), rtol=1e-12
        )
        pairs = getattr(kernels, f"annihilation_{moment}")[:, 1, 2]
        np.testing.assert_allclose(pairs[2], 0.5 * (heavy[moment] + antiheavy[moment]), rtol=1e-12)
        assert not pairs[:2].any()  # pair_species = "heavy"
    everything = replace(
        WITH_KERNELS, settings=replace(SMALL.settings, pair_species="all", pair_partner="equilibrium")
    )
    table = read_table(built(everything, "all.h5").files["own"])
    expected = pair_kernels.kernels(table.energy, [t], [eta], couplings, "anue").annihilation[0, 0]
    np.testing.assert_allclose(table.kernels.annihilation_0[1, 1, 2], expected, rtol=1e-13)


def test_nothing_is_counted_twice(built):
    table = read_table(built(WITH_KERNELS).files["own"])
    rest = ("charged_current", "nucleon_scattering", "bremsstrahlung")
    for role, expected in direct(SMALL, rest).items():
        np.testing.assert_allclose(getattr(table, role), expected, rtol=1e-13, atol=0.0, err_msg=role)
    assert list(table.attributes["processes"]) == list(rest)
    assert list(table.attributes["processes_in_kernels"]) == ["electron_scattering", "pair"]
    for words in ("not in the scattering opacity", "heavy-lepton species are in the pair kernels"):
        assert words in table.attributes["counted_once"]


@pytest.mark.parametrize(
    ("left_out", "there"), [("pair", "scattering_0"), ("electron_scattering", "annihilation_0")]
)
def test_kernels_of_processes_that_are_chosen(built, left_out, there):
    chosen = tuple(name for name in PROCESSES if name != left_out)
    table = read_table(built(replace(WITH_KERNELS, processes=chosen)).files["own"])
    assert table.kernels.roles == (there, f"{there[:-1]}1")


def test_kernels_without_their_processes_are_none(built):
    wanted = replace(WITH_KERNELS, processes=("charged_current",))
    assert wanted.kernel_points == 0
    assert read_table(built(wanted).files["own"]).kernels is None


def test_layouts_hold_the_same_numbers(tmp_path):
    outputs = {"nulib": tmp_path / "nulib.h5", "own": tmp_path / "own.h5", "weaklib": tmp_path / "weak"}
    with pytest.warns(PhysicsWarning, match="weak: weaklib's files are without opacities of nux by") as heard:
        report = build_table(WITH_KERNELS, outputs, jobs=1)
    assert [str(each.message) for each in heard] == [each.message for each in report.caught]
    own, nulib = read_table(outputs["own"]), read_nulib(outputs["nulib"])
    for role in ("absorption", "scattering", "delta"):
        np.testing.assert_allclose(
            np.maximum(getattr(nulib, role), 1e-290), np.maximum(getattr(own, role), 1e-290), rtol=1e-12
        )
    with h5py.File(outputs["nulib"]) as file:
        assert "scattering_delta" in file
        assert "counted_once" in file.attrs
    names = sorted(path.name for path in outputs["weaklib"].iterdir())
    assert names == ["weak-Brem.h5", "weak-EmAb.h5", "weak-Iso.h5", "weak-NES.h5", "weak-Pair.h5"]


def test_bremsstrahlung_is_counted_once_for_weaklib(tmp_path):
    """In a file of its own, unless the absorption opacities of nue and anue hold it."""
    plan = replace(SMALL, processes=("charged_current", "bremsstrahlung"))
    for species, expected in (("heavy", ["Brem", "EmAb", "Iso"]), ("all", ["EmAb", "Iso"])):
        folder = tmp_path / species
        settings = replace(plan.settings, pair_species=species, pair_partner="equilibrium")
        wanted = replace(plan, settings=settings, species=("nue", "anue"))
        build_table(wanted, {"weaklib": folder}, jobs=1)
        assert sorted(path.stem.removeprefix(f"{species}-") for path in folder.iterdir()) == expected


# --- what goes wrong


def test_a_killed_build_goes_on(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import sys\n"
        "from dataclasses import replace\n"
        "from test_table_build import WITH_KERNELS, Slow\n"
        "from pathlib import Path\n"
        "from microphysics.tables.build import build_table\n"
        "if __name__ == '__main__':\n"
        "    build_table(replace(WITH_KERNELS, eos=Slow), {'own': Path(sys.argv[1])}, jobs=int(sys.argv[2]),\n"
        "                progress=lambda done, total: print(done, flush=True))\n"
    )
    wanted = replace(WITH_KERNELS, eos=Slow)
    whole = build_table(wanted, {"own": tmp_path / "whole.h5"}, jobs=1).files["own"]
    for jobs in ("1", "2"):
        path = tmp_path / f"{jobs}.h5"
        with subprocess.Popen(
            [sys.executable, str(script), str(path), jobs],
            env=environment(),
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            for _ in range(2):
                assert process.stdout.readline()
            process.send_signal(signal.SIGKILL)
        assert not path.exists()
        assert (tmp_path / f"{jobs}.h5.partial").exists()
        with pytest.raises(OpacityTableError):
            read_table(tmp_path / f"{jobs}.h5.partial")
        seen = []
        report = build_table(
            wanted, {"own": path}, jobs=1, progress=lambda done, total, seen=seen: seen.append(done)
        )
        assert 2 <= report.found < report.blocks
        assert len(seen) == report.blocks - report.found
        assert seen[-1] == 72
        assert_same_table(path, whole)
        assert not (tmp_path / f"{jobs}.h5.partial").exists()


@pytest.fixture
def stopped(tmp_path):
    """A build that an error stopped after some blocks."""
    path = tmp_path / "table.h5"
    with pytest.raises(KeyboardInterrupt):
        build_table(SMALL, {"own": path}, jobs=1, progress=stop_at(30))
    return path.with_name("table.h5.partial")


def stop_at(states):
    def stop(done, total):
        if done >= states:
            raise KeyboardInterrupt

    return stop


def test_an_interrupted_build_goes_on(built, stopped):
    report = built()
    assert (report.found, report.blocks) == (3, 6)
    assert_same_table(report.files["own"], built(SMALL, "whole.h5").files["own"])


def test_a_block_that_is_not_what_was_written_is_made_again(built, stopped):
    with h5py.File(stopped, "r+") as file:
        file["absorption"][0, 0, 0, 0, 0] *= 2.0
    report = built()
    assert report.found == 2
    assert_same_table(report.files["own"], built(SMALL, "whole.h5").files["own"])


def other_table(path):
    with h5py.File(path, "r+") as file:
        file.attrs["key"] = "0" * 64


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:1000]), "is damaged"),
        (lambda path: path.write_bytes(b""), "the build starts anew"),
        (other_table, "of another table"),
    ],
)
def test_a_useless_partial_file_is_made_anew(built, stopped, damage, words, caplog):
    damage(stopped)
    with caplog.at_level(logging.WARNING):
        assert built().found == 0
    assert words in caplog.text


def test_two_builds_of_one_table_at_once_are_refused(tmp_path):
    key = plan_key(SMALL, StandIn())
    path = tmp_path / "table.h5.partial"
    script = (
        "import sys; from pathlib import Path; from test_table_build import SMALL\n"
        "from microphysics.tables.partial import PartialTable\n"
        "try:\n    PartialTable(Path(sys.argv[1]), SMALL, sys.argv[2])\n"
        "except Exception as error:\n    print(error)\n"
    )
    with PartialTable(path, SMALL, key):
        answer = subprocess.run(
            [sys.executable, "-c", script, str(path), key],
            env=environment(),
            capture_output=True,
            text=True,
            check=True,
        )
    assert "another build is at work on it" in answer.stdout


def test_a_full_disk_is_said_before_anything_is_computed(built, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OpacityTableError, match=r"table\.h5\.partial: cannot be written \(No space left"):
        built(progress=lambda done, total: pytest.fail("computed"))
    assert not list(tmp_path.iterdir())


def test_a_disk_that_fills_up_later_loses_nothing(built, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=1000))
        with pytest.raises(
            OpacityTableError, match=r"table\.h5: .* needs .* MB are free; the finished blocks are kept"
        ):
            built()
    assert [path.name for path in tmp_path.iterdir()] == ["table.h5.partial"]
    assert built().found == 6


def test_a_write_that_fails_in_the_middle_loses_nothing(built, tmp_path):
    """In a process of its own: HDF5 does not come to rest after that."""
    with pytest.raises(KeyboardInterrupt):
        built(progress=stop_at(60))
    script = (
        "import os, resource, sys; from pathlib import Path; from test_table_build import SMALL\n"
        "from microphysics.tables.build import build_table\n"
        "path = Path(sys.argv[1])\n"
        "size = path.with_name('table.h5.partial').stat().st_size // 2\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))\n"
        "try:\n    build_table(SMALL, {'own': path}, jobs=1)\n"
        "except Exception as error:\n    print(type(error).__name__, error, flush=True)\n"
        "os._exit(0)\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "table.h5")],
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.startswith(f"OpacityTableError {tmp_path / 'table.h5'}: cannot be written")
    assert [path.name for path in tmp_path.iterdir()] == ["table.h5.partial"]
    assert built().found == 6


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OpacityTableError, match="cannot be written"):
        build_table(SMALL, {"own": tmp_path / "file" / "table.h5"}, jobs=1)


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_failing_state_keeps_what_is_done(built, tmp_path, jobs):
    with pytest.raises(OutOfRangeError, match="no solution at"):
        built(replace(SMALL, eos=Failing), jobs=jobs)
    assert [path.name for path in tmp_path.iterdir()] == ["table.h5.partial"]


def test_a_process_that_dies_is_an_error(built):
    with pytest.raises(MicrophysicsError, match=r"died; .*__main__.*jobs=1"):
        built(replace(SMALL, eos=Dying), jobs=2)


@pytest.mark.parametrize(("value", "words"), [(np.nan, "gives nan"), (-1e-9, "gives -1e-09")])
def test_values_that_no_table_can_hold_name_their_process(built, monkeypatch, value, words):
    whole = Bremsstrahlung.__call__

    def broken(self, energy, matter):
        rates = whole(self, energy, matter)
        wrong = matter.density > 0.9e13
        return rates._replace(absorption=np.where(wrong[:, None], value, rates.absorption))

    monkeypatch.setattr(Bremsstrahlung, "__call__", broken)
    with pytest.raises(MicrophysicsError, match=rf"'bremsstrahlung' {words}") as caught:
        built()
    assert "density = 1e+13 g/cm^3, temperature = 0.5 MeV, electron_fraction = 0.1" in str(caught.value)


def test_warnings_are_counted_over_blocks_and_kept_over_a_stop(built):
    wanted = replace(SMALL, eos=Shouting)
    with pytest.raises(KeyboardInterrupt):
        built(wanted, progress=stop_at(20))
    with pytest.warns(ExtrapolationWarning, match="12 of 60 points are loud, up to") as said:
        report = built(wanted)
    assert len(said) == 1
    assert [(each.count, each.blocks) for each in report.caught] == [(12, 6)]
    with open_table(report.files["own"]) as table:
        assert table.attributes["warnings"] == [report.caught[0].message]


def test_warnings_that_differ_in_numbers_are_one():
    caught = [
        Caught("ExtrapolationWarning", "3 of 10 zone(s) are odd, the worst at 4.5e+13 g/cm3", 3),
        Caught("ExtrapolationWarning", "2 of 9 zone(s) are odd, the worst at 1e+12 g/cm3", 2),
        Caught("PhysicsWarning", "7 nuclei are unknown", 7),
    ]
    first, second = gathered(caught, 100, 8)
    assert first.message.startswith("5 of 100 zone(s) are odd, the worst at 4.5e+13 g/cm3")
    assert first.message.endswith(
        "(the count is of the table, other numbers of one block; so in 2 of 8 blocks)"
    )
    assert isinstance(first.warning, ExtrapolationWarning)
    assert second.message == "7 nuclei are unknown"
    assert not isinstance(second.warning, ExtrapolationWarning)


@pytest.mark.filterwarnings("ignore::microphysics.errors.PhysicsWarning")
def test_states_outside_are_clamped_where_that_is_wanted(tmp_path):
    from microphysics.eos.lattimer_swesty import LattimerSwesty

    top = LattimerSwesty.density_range[1]
    wanted = replace(
        SMALL, eos=LattimerSwesty, density=np.array([1e12, 0.9 * top, 2.0 * top]), outside_eos="clamp",
        temperature=np.array([5.0, 10.0]), electron_fraction=np.array([0.2, 0.3]),
    )  # fmt: skip
    report = build_table(wanted, {"own": tmp_path / "table.h5"}, jobs=1)
    (clamped,) = (each for each in report.caught if "moved to its edge" in each.message)
    assert clamped.count == 4
    assert clamped.message.startswith("4 of 12 points lie outside the domain")


def test_memory_is_that_of_blocks_and_not_of_the_table(built):
    """Four times the electron fractions need no more; blocks four times as large do."""

    def peak(fractions, points):
        tall = replace(
            SMALL,
            density=np.geomspace(1e8, 1e13, 40),
            temperature=np.geomspace(0.5, 30.0, 8),
            electron_fraction=np.linspace(0.1, 0.5, fractions),
            energy_edges=grids.group_edges(18, 2.0, 250.0),
            block_points=points,
        )
        tracemalloc.start()
        built(tall, f"{fractions}-{points}.h5")
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found, tall.bytes

    built()  # what is made once and kept is there
    (small, _), (large, size), (blocks, _) = peak(3, 80), peak(12, 80), peak(3, 320)
    assert large < 1.2 * small
    assert large < 0.7 * size
    assert blocks > 1.5 * small


# --- estimates


def test_an_estimate_measures(tmp_path, monkeypatch):
    calls = []
    monkeypatch.setattr(
        "microphysics.tables.estimate.evaluate_block",
        lambda key, wanted, block: calls.append(block) or evaluate_block(key, wanted, block),
    )
    wanted = replace(WITH_KERNELS, eos=Slow)
    found = estimate(wanted, tmp_path / "not" / "there", ("own", "nulib"), jobs=2)
    assert found.jobs == 2
    assert (found.points, found.kernel_points) == (60, 12)
    assert found.seconds_per_point >= 0.1 / 10
    assert found.seconds == pytest.approx(30 * found.seconds_per_point + 6 * found.seconds_per_kernel)
    kernels = 3 * 12 * 36 * 8
    assert found.bytes["own"] == 4 * 3 * 60 * 6 * 8 + 4 * kernels
    assert found.bytes["nulib"] == found.bytes["own"] + 2 * kernels
    assert found.disk_needed == sum(found.bytes.values())
    assert found.disk_free > 0
    assert len(calls) == 5  # two that compile, two of matter, one of kernels
    assert not (tmp_path / "not").exists()


def test_unknown_layouts_and_processes(tmp_path):
    with pytest.raises(OpacityTableError, match="known are own, nulib, weaklib"):
        build_table(SMALL, {"gr1d": tmp_path / "t.h5"}, jobs=1)
    with pytest.raises(OpacityTableError, match="layouts = none"):
        build_table(SMALL, {}, jobs=1)
    with pytest.raises(KeyError, match="pairs"):
        build_table(replace(SMALL, processes=("pairs",)), {"own": tmp_path / "t.h5"}, jobs=1)
    assert not list(tmp_path.iterdir())
