"""Sequences of stars: the numbers of single runs along time, files that survive, and words for what cannot be."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
import warnings
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from astropy import units
from typer.testing import CliRunner

from microphysics.errors import PhysicsWarning
from snsim import sequence as engine
from snsim.cli.app import app
from snsim.config.load import config_hash, load_config
from snsim.config.stars import stars
from snsim.config.write import resolve_toml
from snsim.errors import ConfigError, ConvergenceError, ProfileError, UnresolvedWarning
from snsim.output.growing import GrowingFile
from snsim.output.reader import read_result
from snsim.output.writer import write_result
from snsim.pipeline import simulate
from snsim.recompute import diagnose
from snsim.result import Result
from snsim.sequence import PARTIAL_FILE, RECORDS, simulate_sequence
from snsim.series import moment, record, stack
from snsim.variable import Variable, scalar

pytestmark = pytest.mark.filterwarnings("ignore::snsim.errors.UnresolvedWarning")
NETCDF = importlib.util.find_spec("netCDF4") is not None
ROOT = Path(__file__).resolve().parents[2]

RUN = """
schema = 1
[profile]
format = "analytic"
[grid]
zones = 20
[opacity]
energies = 12
[sequence]
times = ["50 ms", "100 ms", 0.25]
[sequence.profile]
shock_radius = ["150 km", "144 km", "91 km"]
mass = ["1.2 Msun", "1.3 Msun", "1.4 Msun"]
"""


def run_file(folder: Path, text: str = RUN) -> Path:
    file = folder / "run.toml"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sequence")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnresolvedWarning)
        return simulate_sequence(load_config(run_file(folder)), folder)


def numbers(result: Result) -> Result:
    return replace(result, provenance={}, attributes={}, config_toml="")


def test_every_star_is_that_of_a_run_of_its_own(done: Path) -> None:
    result = read_result(done)
    for index, config in enumerate(stars(load_config(done.parent))):
        common = config.grid.model_copy(update={"r_outer": 6e7, "edge_at_shock": False})
        alone = simulate(config.model_copy(update={"grid": common}))
        ours, theirs = moment(result, index), alone
        for name, group in record(theirs).items():
            if name == "history":
                continue
            for key, variable in group.items():
                np.testing.assert_array_equal(
                    ours[name][key].values, variable.values, err_msg=f"{name}/{key}"
                )
                assert ours[name][key].unit == variable.unit
        history = result["history"]
        edge = alone["transport"]["luminosity_infinity"].values[:, -1]
        np.testing.assert_array_equal(history["luminosity_infinity"].values[index], edge)
        gain = float(alone["diagnostics"]["gain_region"]["gain_radius"].values)
        assert history["gain_radius"].values[index] == gain
    np.testing.assert_array_equal(result["history"]["time"].values, [0.05, 0.1, 0.25])
    assert result.provenance["config_hash"] == config_hash(load_config(done.parent))
    assert sorted(path.name for path in done.parent.iterdir()) == ["result.h5", "run.toml"]


@pytest.mark.parametrize("scheme", ["gray", "multigroup"])
def test_moments_of_the_spectrum(scheme: str) -> None:
    chosen = ["profile.format=analytic", "grid.zones=60", f"transport.scheme={scheme}", "transport.groups=30"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = simulate(load_config(None, chosen))
    history = record(result)["history"]
    mean, square, cube = (
        history[f"mean_energy{power}_infinity"].values for power in ("", "_squared", "_cubed")
    )
    # a spectrum between a thermal one of Maxwell and a black body: 3 < <E>^2/(<E^2> - <E>^2) + ... of alpha from 1.5 to 5
    alpha = (2.0 * mean**2 - square) / (square - mean**2)
    assert ((alpha > 1.2) & (alpha < 5.0)).all()
    # pinched spectra: <E^3> = <E> <E^2> (alpha + 3)/(alpha + 1)
    np.testing.assert_allclose(cube, mean * square * (alpha + 3.0) / (alpha + 1.0), rtol=0.03)
    lapse = result["profile"]["lapse_interface"].values[-1]
    number = result["transport"]["number_luminosity"].values[:, -1] * lapse
    np.testing.assert_allclose(history["number_luminosity_infinity"].values, number, rtol=1e-14)
    np.testing.assert_allclose(
        history["luminosity_infinity"].values, number * mean * 1.602176634e-6, rtol=1e-9
    )


def test_layout_of_the_file(done: Path) -> None:
    with h5py.File(done) as file:
        problems = []

        def look(name: str, item: h5py.Group | h5py.Dataset) -> None:
            if not isinstance(item, h5py.Dataset) or name.startswith("provenance"):
                return
            unit = item.attrs["units"]
            units.Unit(unit)
            assert item.attrs["long_name"]
            assert item.ndim == 0 or item.is_scale or all(len(dim) for dim in item.dims), name
            along = [] if item.ndim == 0 else [item.name] if item.is_scale else [d[0].name for d in item.dims]
            growing = any(each.endswith("/time") for each in along)
            if growing != (item.maxshape[:1] == (None,)) or (growing and item.shape[0] != 3):
                problems.append(name)

        file.visititems(look)
        assert not problems
        assert file["history/time"].attrs["units"] == "s"
        assert file["transport/luminosity"].shape == (3, 3, 21)
        assert "absorption" not in file["opacity"]


@pytest.mark.parametrize("reader", ["h5netcdf", "netcdf4"])
def test_other_readers(done: Path, reader: str) -> None:
    xarray = pytest.importorskip("xarray")
    if reader == "netcdf4":
        pytest.importorskip("netCDF4")
    options = {"engine": reader, "decode_timedelta": False}
    with xarray.open_dataset(done, group="history", **options) as history:
        assert history["luminosity_infinity"].dims == ("time", "species")
        assert float(history["gain_radius"].sel(time=0.1)) > 1e6
        assert list(history["species"].values) == ["nue", "anue", "nux"]
    with xarray.open_dataset(done, group="transport", **options) as field:
        assert field["mean_energy"].dims == ("time", "species", "zone")
        assert field["radius"].dims == ("zone",)
        assert bool(field["mean_energy"].notnull().all())


def test_what_was_written_comes_back_and_is_written_again(done: Path, tmp_path: Path) -> None:
    result = read_result(done)
    copy = write_result(result, tmp_path / "copy.h5")
    assert read_result(copy) == result
    with h5py.File(copy) as file:
        assert file["history/luminosity_infinity"].maxshape == (None, 3)
    labels = [label for label, _ in result.summary()]
    assert "luminosity at infinity (t = 250 ms)" in labels[0]


def test_observables_of_a_sequence_again(done: Path) -> None:
    result = read_result(done)
    again = diagnose(result)
    for name in result.groups:
        if name.startswith("diagnostics"):
            assert numbers(Result({name: again[name]})) == numbers(Result({name: result[name]})), name
    changed = diagnose(result, ["kick", "transport_sphere"], ["diagnostics.kick.asymmetry=0.02"])
    ratio = changed["history"]["kick_acceleration"].values / result["history"]["kick_acceleration"].values
    np.testing.assert_allclose(ratio, 2.0, rtol=1e-12)
    assert changed["diagnostics"]["transport_sphere"]["radius_10_mev"].dims == ("time", "species")
    assert changed["history"]["transport_sphere_radius_10_mev"].values.shape == (3, 3)


def test_the_command_shows_observables_of_the_last_star(done: Path, tmp_path: Path) -> None:
    copy = ("--output", str(tmp_path / "kick.h5"))
    outcome = CliRunner().invoke(app, ["diagnose", str(done), "--observables", "kick", "--json", *copy])
    assert outcome.exit_code == 0, outcome.output
    found = json.loads(outcome.stdout)
    assert found["time_s"] == 0.25
    answers = {each["key"]: each["value"] for each in found["answers"]}
    kick = read_result(done)["diagnostics"]["kick"]["kick"]
    assert kick.dims == ("time",)
    assert answers["kick.kick"] == pytest.approx(float(kick.values[-1]), rel=1e-12)


def test_a_run_that_was_stopped_goes_on(done: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config, seen = load_config(run_file(tmp_path)), []

    def failing(chosen, progress=None, profile=None):
        seen.append(chosen.profile.mass)
        if len(seen) == 3:
            raise ConvergenceError("too few steps.", simulate(chosen, progress, profile))
        return simulate(chosen, progress, profile)

    monkeypatch.setattr(engine, "simulate", failing)
    with pytest.raises(
        ConvergenceError, match=r"star 3 of 3, t = 250 ms: too few steps. 2 stars are done"
    ) as caught:
        simulate_sequence(config, tmp_path)
    assert str(tmp_path / RECORDS / "00002.unconverged.h5") in str(caught.value)
    half = read_result(tmp_path / PARTIAL_FILE)
    whole = read_result(done)
    np.testing.assert_array_equal(
        half["history"]["gain_radius"].values, whole["history"]["gain_radius"].values[:2]
    )
    assert simulate_sequence(config, tmp_path).name == "result.h5"
    assert len(seen) == 4  # only the third again
    assert numbers(read_result(tmp_path)) == numbers(whole)
    # another configuration takes nothing over
    (tmp_path / RECORDS).mkdir()
    stored = simulate(engine.read_stars(config)[0].config)
    write_result(stored, tmp_path / RECORDS / "00000.h5")
    simulate_sequence(load_config(tmp_path, ["transport.limiter=levermore-pomraning"]), tmp_path)
    assert len(seen) == 7


def test_the_command_goes_on_after_a_kill(done: Path, tmp_path: Path) -> None:
    run_file(tmp_path)
    code = "from snsim.cli.app import main; main()"
    command = [sys.executable, "-c", code, "run", str(tmp_path), "--no-plot"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 300.0
    while not (tmp_path / RECORDS / "00000.h5").exists() and time.monotonic() < deadline:
        assert process.poll() is None
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "result.h5").exists()
    again = CliRunner().invoke(app, ["run", str(tmp_path), "--no-plot"])
    assert again.exit_code == 0, again.output
    assert "goes on from" in again.stderr
    assert numbers(read_result(tmp_path)) == numbers(read_result(done))
    stored = CliRunner().invoke(app, ["run", str(tmp_path)])
    assert "stored result of the same configuration" in stored.output


WRITER = """
import sys, time
import numpy as np
from pathlib import Path
from snsim.output.growing import GrowingFile
from snsim.result import Result
from snsim.variable import Variable, scalar
zones = 400
with GrowingFile(Path(sys.argv[1]), Result({}, "schema = 1", {"title": "x"})) as file:
    for i in range(1000):
        file.append(0.01 * i, {
            "history": {"gain_radius": scalar(float(i), "cm", "gain radius")},
            "profile": {
                "radius": Variable(("zone",), np.arange(zones) + 1.0, "cm", "radius"),
                "density": Variable(("zone",), np.full(zones, float(i)), "g/cm3", "density"),
            },
        })
        print(i + 1, flush=True)
        time.sleep(0.02)
"""


@pytest.mark.parametrize("flushes", [1, 2, 7, 23])
def test_a_killed_writer_leaves_complete_records(tmp_path: Path, flushes: int) -> None:
    xarray = pytest.importorskip("xarray")
    file = tmp_path / "result.partial.h5"
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WRITER), str(file)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        text=True,
    )
    assert process.stdout is not None
    for _ in range(flushes):
        assert process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    result = read_result(file)
    assert result["history"]["time"].values.size == flushes
    np.testing.assert_array_equal(result["history"]["gain_radius"].values, np.arange(flushes))
    np.testing.assert_array_equal(result["profile"]["density"].values[:, 7], np.arange(flushes))
    with xarray.open_dataset(file, group="profile", engine="h5netcdf", decode_timedelta=False) as profile:
        assert profile["density"].shape == (flushes, 400)
    if NETCDF:
        netcdf = importlib.import_module("netCDF4")
        with netcdf.Dataset(file) as held:
            assert held["profile"]["density"].shape == (flushes, 400)
            assert held["profile"].dimensions["time"].isunlimited()


def test_what_a_later_star_lacks_or_adds_is_nan(tmp_path: Path) -> None:
    one, two = scalar(1.0, "cm", "one", reason="a"), scalar(2.0, "cm", "two")
    rows = [
        {"history": {"one": one}},
        {"history": {"two": two}},
        {"history": {"one": replace(one, attributes={"reason": "b"})}},
    ]
    with GrowingFile(tmp_path / "x.h5", Result({})) as file:
        for index, row in enumerate(rows):
            file.append(float(index), row)
        file.finish(Result({}))
    held = read_result(tmp_path / "x.h5")["history"]
    np.testing.assert_array_equal(held["one"].values, [1.0, np.nan, 1.0])
    np.testing.assert_array_equal(held["two"].values, [np.nan, 2.0, np.nan])
    assert held["one"].attributes["reason"] == "a; b"
    stacked = stack(rows)["history"]
    for name in ("one", "two"):
        np.testing.assert_array_equal(stacked[name].values, held[name].values)
        assert stacked[name].attributes == held[name].attributes


def test_another_grid_is_refused(tmp_path: Path) -> None:
    def row(first: float) -> dict[str, dict[str, Variable]]:
        radius = Variable(("zone",), np.array([first, 3.0]), "cm", "radius")
        return {"history": {"x": scalar(1.0, "1", "x")}, "profile": {"radius": radius}}

    with GrowingFile(tmp_path / "x.h5", Result({})) as file:
        file.append(0.0, row(1.0))
        with pytest.raises(OSError, match="profile/radius of record 2 differs"):
            file.append(1.0, row(2.0))


def test_young_stars_are_warned_about(tmp_path: Path) -> None:
    config = load_config(run_file(tmp_path, RUN.replace('"50 ms"', '"10 ms"')))
    with pytest.warns(PhysicsWarning) as said:
        simulate_sequence(config, tmp_path)
    words = [str(each.message) for each in said]
    assert any(text.startswith("1 of 3 stars are younger than 30 ms") for text in words)
    assert any(text.startswith("star 2 of 3, t = 100 ms: the grid is coarse") for text in words)


FILES = RUN.replace('format = "analytic"', 'format = "table"\nmapping = "chimera"').replace(
    'shock_radius = ["150 km", "144 km", "91 km"]\nmass = ["1.2 Msun", "1.3 Msun", "1.4 Msun"]',
    'path = "star_*.csv"',
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            RUN.replace('"91 km"]', '"91 km", "80 km"]'),
            "one value of profile.shock_radius for each of the 3 times, got 4",
        ),
        (RUN.replace('"50 ms"', '"150 ms"'), "expected times that rise, got 0.1 s after 0.15 s"),
        (RUN.replace('"91 km"', '"91 s"'), "[sequence.profile], value 3 of 3: profile.shock_radius"),
        (RUN.replace("mass = [", "masss = ["), "Did you mean 'mass'?"),
        (RUN + '[evolution]\nduration = "1 s"\n', "expected [sequence] or [evolution], not both"),
        (RUN.replace("zones = 20", "edge_at_shock = true"), "stars of a [sequence] share their zones"),
        (FILES, 'sequence.profile.path = "star_*.csv"'),
        (FILES.replace('"star_*.csv"', '["a.csv", "b.csv", "c.csv"]'), "no such file"),
    ],
)
def test_mistakes(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(run_file(tmp_path, text))
    assert words in str(caught.value)
    if "*" in words:
        assert "no file has such a name" in str(caught.value)
        assert "\n" not in str(caught.value)  # nothing follows from it that is worth another line


def test_files_by_a_pattern(tmp_path: Path) -> None:
    columns = (
        "velocity_cm_s",
        "radius_cm",
        "density_g_cm3",
        "temperature_MeV",
        "ye",
    )
    for index in range(3):
        (tmp_path / f"star_{index}.csv").write_text(
            ",".join(columns)
            + "\n"
            + "\n".join(
                f"0.0,{r},{1e12 * (r / 3e6) ** -3 * (1.0 + 0.1 * index)},{8 * (r / 3e6) ** -0.7},0.3"
                for r in np.geomspace(8e5, (7e7 if index < 2 else 3e7), 60)
            )
        )
    config = load_config(run_file(tmp_path, FILES))
    assert config.sequence is not None
    assert [Path(path).name for path in config.sequence.profile["path"]] == [
        "star_0.csv",
        "star_1.csv",
        "star_2.csv",
    ]
    before = config_hash(config)
    again = load_config(run_file(tmp_path, resolve_toml(config)))
    assert config_hash(again) == before
    assert engine.read_stars(config)[0].config.grid.r_outer == pytest.approx(3e7, rel=0.1)  # the shortest
    with pytest.raises(ProfileError, match=r"star 3 of 3, t = 250 ms: grid.r_outer = 500 km lies beyond"):
        engine.read_stars(load_config(tmp_path, ["grid.r_outer=500 km"]))
    (tmp_path / "star_1.csv").write_text((tmp_path / "star_1.csv").read_text().replace("0.3\n", "0.31\n"))
    assert config_hash(load_config(tmp_path)) != before
    (tmp_path / "star_1.csv").write_text("nothing")
    with pytest.raises(ProfileError, match=r"star 2 of 3, t = 100 ms: .*star_1.csv"):
        engine.read_stars(load_config(tmp_path))


def test_single_runs_refuse_a_sequence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\[sequence\] asks for many stars"):
        simulate(load_config(run_file(tmp_path)))


def test_what_is_kept_is_said_when_somebody_stops_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(engine, "_solved", stopped)
    with pytest.raises(KeyboardInterrupt, match=r"0 of \d+ stars are kept in .*; the same command goes on"):
        simulate_sequence(load_config(run_file(tmp_path)), tmp_path)
