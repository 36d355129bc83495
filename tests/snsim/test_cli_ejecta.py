"""`snsim ejecta`: what it prints, writes and refuses; neutrinos of a stored run."""

import json
import math

import numpy as np
import pytest
from typer.testing import CliRunner

from microphysics.constants import CODATA
from microphysics.errors import PhysicsWarning
from microphysics.spectrum import Pinched
from snsim.cli.app import app
from snsim.ejecta import (
    EjectaPhysics,
    Trajectory,
    emission_of,
    evolve,
    read_trajectory,
    to_result,
    with_emission,
)
from snsim.ejecta.readers import FORMATS
from snsim.ejecta.trajectory import GIGAKELVIN
from snsim.errors import ConfigError, TrajectoryError
from snsim.output.reader import read_result
from snsim.output.writer import write_result
from snsim.result import Result
from snsim.variable import Variable

MASS = 1.6 * CODATA.solar_mass


def text(initial=0.2, light=True, rows=12):
    """A wind as WinNet has it."""
    lines = ["# mass = 1e-3 Msun"]
    for time in np.geomspace(1e-4, 0.2, rows) - 1e-4:
        r = 50.0 + 1e4 * time
        words = [time, 12.0 * 50.0 / r, 3e8 * (50.0 / r) ** 3, r, initial]
        words += [2e52, 3e52, 3.8, 4.9] if light else []
        lines.append(" ".join(f"{word:.10g}" for word in words))
    return "\n".join(lines) + "\n"


@pytest.fixture
def folder(tmp_path):
    for name, initial in (("a", 0.05), ("b", 0.2), ("c", 0.35)):
        (tmp_path / f"{name}.dat").write_text(text(initial))
    return tmp_path


def star(evolution=False, lapse=0.9):
    """A result with just enough of a star."""
    species = Variable(("species",), np.array(["nue", "anue", "nux"]), "1", "species")
    rms = np.array([[Pinched(e, a).rms_number] for e, a in ((12.0, 3.0), (15.0, 2.5), (16.0, 2.0))])
    groups = {
        "profile": {
            "lapse": Variable(("zone",), np.array([lapse]), "1", "lapse"),
            "gravitational_mass": Variable(("interface",), np.array([0.0, MASS]), "g", "mass"),
        },
        "transport": {
            "species": species,
            "luminosity_infinity": Variable(
                ("species", "interface"), np.array([[0.0, 2e52], [0.0, 3e52], [0.0, 1e52]]), "erg/s", "L"
            ),
            "mean_energy_infinity": Variable(("species",), np.array([11.0, 14.0, 15.0]), "MeV", "E"),
            "mean_energy": Variable(("species", "zone"), np.array([[12.0], [15.0], [16.0]]), "MeV", "E"),
            "rms_number": Variable(("species", "zone"), rms, "MeV", "rms"),
        },
    }
    if evolution:
        groups["evolution"] = {
            "species": species,
            "time": Variable(("time",), np.array([0.0, 1.0]), "s", "time"),
            "luminosity_infinity": Variable(
                ("time", "species"), np.array([[2e52, 3e52, 0.0], [1e52, 1e52, 0.0]]), "erg/s", "L"
            ),
            "mean_energy_infinity": Variable(
                ("time", "species"), np.array([[11.0, 14.0, 0.0]] * 2), "MeV", "E"
            ),
        }
    return Result(groups, "schema = 1\n")


def run(*words, code=0):
    outcome = CliRunner().invoke(app, ["ejecta", *map(str, words)])
    assert outcome.exit_code == code, outcome.output
    return outcome


def test_table_of_one_trajectory(folder):
    shown = run(folder / "b.dat", "--bare").stdout
    history = evolve(read_trajectory(folder / "b.dat"))
    for value in (0.2, history.at_marks[0], history.at_marks[1], history.at_marks[2], history.final):
        assert f"{value:.4f}" in shown
    assert "bare" in shown
    assert "entropy at 5 GK" in shown


def test_files_of_many_trajectories(folder):
    out = folder / "out"
    words = run(
        *sorted(folder.glob("*.dat")), "--output", out, "--write-winnet", out, "--write-csv", out, "--check"
    ).stdout
    assert sorted(file.name for file in out.iterdir()) == sorted(
        ["result.h5", "ejecta.png", *(f"{name}.{kind}" for name in "abc" for kind in ("dat", "csv"))]
    )
    assert "read back to" in words
    stored = read_result(out)
    group = stored["ejecta"]
    histories = [evolve(read_trajectory(folder / f"{name}.dat")) for name in "abc"]
    np.testing.assert_array_equal(group["final"].values, [history.final for history in histories])
    assert group["bin_mass"].unit == "Msun"
    assert group["bin_mass"].values.sum() == pytest.approx(3e-3)
    assert stored.provenance["inputs"].count("\n") == 2
    assert "Horowitz 2002" in stored.provenance["citations"]
    assert "Y_e of ejecta at 5 GK, else final, mean" in dict(stored.summary())
    again = read_trajectory(out / "b.dat")
    np.testing.assert_allclose(again.electron_fraction, histories[1].electron_fraction, rtol=1e-15)
    assert "--force" in run(folder / "b.dat", "--output", out, code=4).stderr
    run(folder / "b.dat", "--output", out, "--force")


def test_json(folder):
    found = json.loads(run(folder / "a.dat", folder / "c.dat", "--bare", "--json").stdout)
    assert [row["name"] for row in found["trajectories"]] == ["a", "c"]
    assert found["trajectories"][0]["final"] > found["trajectories"][0]["final_bare"]
    assert found["r_process_share"] in (0.0, 0.5, 1.0)
    assert found["total_mass"] == pytest.approx(2e-3)


def test_options_reach_the_physics(folder):
    words = [
        "--luminosity-at", "neutrinosphere", "--mass", "1.6 Msun", "--neutrinospheres", "30 km, 25 km", "--time-frame",
        "coordinate", "--geometry", "sphere", "--no-captures", "--no-alphas", "--no-weak-magnetism", "--pinching", "2.5",
    ]  # fmt: skip
    found = json.loads(run(folder / "b.dat", *words, "--json").stdout)
    physics = EjectaPhysics(
        weak_magnetism=False, captures=False, alphas=False, spectrum="pinched", pinching=(2.5, 2.5),
        luminosity_at="neutrinosphere", mass=1.6 * CODATA.solar_mass, neutrinospheres=(3e6, 2.5e6),
        time_frame="coordinate", geometry="sphere",
    )  # fmt: skip
    ours = evolve(read_trajectory(folder / "b.dat"), physics).final
    assert found["trajectories"][0]["final"] == pytest.approx(ours, rel=1e-6)
    run(folder / "b.dat", "--geometry", "disk", "--disk", "20 km, 60 km", "--polar-angle", "40 deg")
    run(folder / "b.dat", "--alpha-freeze", "4 GK")


def test_written_trajectories_are_those_the_parcels_see(folder):
    """A network redshifts nothing: what it is given has to be local, in proper time, and gives the same Y_e."""
    words = ["--luminosity-at", "infinity", "--mass", "1.6 Msun", "--time-frame", "coordinate"]
    found = json.loads(run(folder / "b.dat", *words, "--write-winnet", folder / "net", "--json").stdout)
    seen = evolve(read_trajectory(folder / "net" / "b.dat").changed(initial_electron_fraction=0.2))
    assert seen.final == pytest.approx(found["trajectories"][0]["final"], rel=1e-9)
    before, after = (read_trajectory(folder / name / "b.dat") for name in (".", "net"))
    assert (after.luminosity_nue > before.luminosity_nue).all()
    assert after.time[-1] < before.time[-1]


def test_neutrinos_of_a_run(folder):
    write_result(star(), folder / "star.h5")
    (folder / "dark.txt").write_text(text(0.1, light=False))
    found = json.loads(run(folder / "dark.txt", "--luminosity-from", folder / "star.h5", "--json").stdout)
    emission = emission_of(star())
    assert emission.mass == MASS
    assert emission.pinching == pytest.approx((3.0, 2.5), rel=1e-12)
    path = with_emission(read_trajectory(folder / "dark.txt"), emission)
    ours = evolve(path, EjectaPhysics(**emission.options))
    assert found["trajectories"][0]["final"] == pytest.approx(ours.final, rel=1e-12)
    alpha = math.sqrt(1.0 - 2.0 * CODATA.gravitational_constant * MASS / CODATA.speed_of_light**2 / 5e6)
    flat = evolve(path, EjectaPhysics(**emission.options | {"luminosity_at": "tracer", "mass": 0.0}))
    # L/alpha^2 and <E>/alpha: the rate goes with L <E>
    assert ours.rate_nue[0] / flat.rate_nue[0] == pytest.approx(alpha**-3, rel=0.03)
    words = run(
        folder / "dark.txt", "--luminosity-from", folder / "star.h5", "--mass", "1 Msun", code=2
    ).stderr
    assert "--mass: leave it out with --luminosity-from" in words


def test_neutrinos_of_a_light_curve(folder):
    path = read_trajectory(folder / "b.dat")
    emission = emission_of(star(evolution=True, lapse=1.0))
    assert emission.mass == 0.0
    lit = with_emission(path, emission)
    np.testing.assert_allclose(lit.luminosity_anue, 3e52 - 2e52 * path.time)
    with pytest.raises(TrajectoryError, match="the light curve has 0 to 1 s"):
        with_emission(path.changed(time=10.0 * path.time), emission)
    with pytest.raises(ConfigError, match="no transport solution"):
        emission_of(Result({}))


def sequence(times=(0.0, 0.1, 0.4)):
    """Stars in sequence that fade, cool and grow; the shape of nue changes, that of anue does not."""
    groups, count = star().groups, len(times)
    each, fade = ("time", "species"), np.array([1.0, 0.5, 0.25])[:count, None]
    mean = np.array([11.0, 14.0, 15.0]) * np.array([1.0, 0.9, 0.8])[:count, None]
    ratio = np.array([[1.25, 4.5 / 3.5, 1.3], [1.30, 4.5 / 3.5, 1.3], [1.20, 4.5 / 3.5, 1.3]])[:count]
    columns = {
        "luminosity_infinity": (np.array([2e52, 3e52, 1e52]) * fade, "erg/s"),
        "mean_energy_infinity": (mean, "MeV"),
        "mean_energy_squared_infinity": (mean**2 * ratio, "MeV2"),
    }
    history = {name: Variable(each, values, unit, name) for name, (values, unit) in columns.items()}
    history |= {
        "time": Variable(("time",), np.array(times), "s", "time"),
        "species": groups["transport"]["species"],
    }
    mass = MASS * np.array([[0.0, 1.0], [0.0, 1.1], [0.0, 1.2]])[:count]
    profile = {
        "lapse": Variable(("time", "zone"), np.full((count, 1), 0.9), "1", "lapse"),
        "gravitational_mass": Variable(("time", "interface"), mass, "g", "mass"),
    }
    transport = {
        "species": groups["transport"]["species"],
        "mean_energy": Variable(("time", "species", "zone"), np.full((count, 3, 1), 20.0), "MeV", "E"),
    }
    return Result({"history": history, "profile": profile, "transport": transport}, "schema = 1\n")


def test_neutrinos_of_a_sequence(folder):
    emission = emission_of(sequence())
    np.testing.assert_array_equal(emission.time, [0.0, 0.1, 0.4])
    np.testing.assert_allclose(
        emission.luminosity, [[2e52, 1e52, 0.5e52], [3e52, 1.5e52, 0.75e52]], rtol=1e-14
    )
    np.testing.assert_allclose(emission.mean_energy, [[11.0, 9.9, 8.8], [14.0, 12.6, 11.2]], rtol=1e-14)
    # energies radiated by trapezium: 1 * 0.05, 0.5 * 0.2, 0.25 * 0.15
    weight = np.array([0.05, 0.1, 0.0375]) / 0.1875
    ratio = weight @ [1.25, 1.30, 1.20]
    assert emission.pinching == pytest.approx(((2.0 - ratio) / (ratio - 1.0), 2.5), rel=1e-12)
    assert emission.mass == pytest.approx(MASS * float(weight @ [1.0, 1.1, 1.2]), rel=1e-14)
    write_result(sequence(), folder / "stars.h5")
    found = json.loads(run(folder / "b.dat", "--luminosity-from", folder / "stars.h5", "--json").stdout)
    lit = with_emission(read_trajectory(folder / "b.dat"), emission)
    ours = evolve(lit, EjectaPhysics(**emission.options)).final
    assert found["trajectories"][0]["final"] == pytest.approx(ours, rel=1e-12)
    late = lit.changed(time=10.0 * lit.time)
    with pytest.raises(TrajectoryError, match=r"the light curve has 0 to 0.4 s"):
        with_emission(late, emission)


def test_a_sequence_of_one_star_shines_steadily():
    emission = emission_of(sequence(times=(0.05,)))
    assert emission.pinching == pytest.approx((3.0, 2.5), rel=1e-12)
    assert emission.mass == pytest.approx(MASS, rel=1e-14)
    assert emission.luminosity.shape == (2, 1)


def test_a_steady_star_is_seen_from_infinity():
    emission = emission_of(star())
    np.testing.assert_array_equal(emission.luminosity, [[2e52], [3e52]])
    np.testing.assert_array_equal(emission.mean_energy, [[11.0], [14.0]])  # in the outermost zone 12 and 15


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--geometry", "cube"], 2, "geometry"),
        (["--mass", "1.4"], 2, "a number without a unit"),
        (["--neutrinospheres", "30 km"], 2, "expected 2 value(s), got 1"),
        (["--luminosity-at", "neutrinosphere"], 2, "needs both radii"),
        (["--check"], 2, "needs --write-winnet or --write-csv"),
        (["--format", "hdf5"], 2, "expected one of winnet, skynet, csv"),
        (["--columns", "time temp"], 4, "9 columns, expected 2"),
    ],
)
def test_usage(folder, words, code, message):
    assert message in run(folder / "b.dat", *words, code=code).stderr


def test_a_bad_file_is_one_line(folder):
    (folder / "bad.dat").write_text(text().replace("0.2 2e+52", "0.2 -2e+52", 1))
    error = run(folder / "bad.dat", code=4).stderr
    assert error.count("\n") == 1
    assert f"{folder / 'bad.dat'}: luminosity_nue = -2e+52 erg / s in line 2" in error


def test_where_the_parcel_is_wrong_is_a_line_too(folder):
    inside = [
        "--geometry",
        "sphere",
        "--neutrinospheres",
        "80 km, 70 km",
        "--luminosity-at",
        "neutrinosphere",
    ]
    error = run(folder / "b.dat", *inside, "--mass", "1.4 Msun", code=4).stderr
    assert f"{folder / 'b.dat'}: radius = 5e+06 cm in line 2: inside a neutrinosphere" in error
    (folder / "cold.dat").write_text(text().replace("2e+52 3e+52 3.8", "2e+52 3e+52 0.01", 1))
    error = run(folder / "cold.dat", code=3).stderr
    assert f"{folder / 'cold.dat'}: mean energy of nue = " in error
    assert "in line 2" in error


def with_spheres(*radii):
    """The star with neutrinospheres, km."""
    found = star()
    radii = Variable(("species",), np.array(radii) * 1e5, "cm", "sphere")
    return Result(
        found.groups | {"diagnostics/neutrinosphere": {"transport_energy_mean": radii}}, "schema = 1\n"
    )


def test_rows_inside_the_neutrinospheres_of_the_star_are_warned_of(folder):
    path = read_trajectory(folder / "a.dat")
    inside = int((path.radius < 74e5).sum())
    assert 0 < inside < path.rows
    write_result(with_spheres(74.0, 62.0, 50.0), folder / "result.h5")
    error = run(folder / "a.dat", "--luminosity-from", folder).stderr
    assert f"{folder / 'a.dat'}: {inside} of {path.rows} rows lie inside the star's neutrinospheres" in error
    assert "radius = 50 km in line 2, the spheres at 74 km (nue) and 62 km (anue)" in error
    with pytest.warns(PhysicsWarning, match="rows lie inside"):
        with_emission(path, emission_of(with_spheres(math.nan, 62.0, 50.0)))
    moving = sequence(times=(0.0, 0.1, 0.4))
    radii = (
        np.array([[40.0, 40.0, 1.0], [1e5, 1e5, 1.0], [1.0, 1.0, 1.0]]) * 1e5
    )  # swallows what is close in time
    moving.groups["history"]["neutrinosphere_radius"] = Variable(("time", "species"), radii, "cm", "sphere")
    with pytest.warns(PhysicsWarning, match="rows lie inside"):
        with_emission(path, emission_of(moving))
    for none in (with_spheres(49.0, 48.0, 47.0), with_spheres(math.nan, math.nan, math.nan), star()):
        with_emission(path, emission_of(none))  # warnings are errors here


def test_many_trajectories_inside_are_counted(folder):
    (folder / "d.dat").write_text(text(0.25))
    (folder / "e.dat").write_text(text(0.3))
    write_result(with_spheres(74.0, 62.0, 50.0), folder / "result.h5")
    error = run(*sorted(folder.glob("*.dat")), "--luminosity-from", folder).stderr
    assert error.count("rows lie inside the star's neutrinospheres") == 3
    assert "and 2 more trajectories" in error


def test_trajectories_that_nothing_irradiates_are_warned_of(folder):
    (folder / "dark.dat").write_text(text(light=False))
    words = f"warning: nothing irradiates {folder / 'dark.dat'}: no luminosities in the file"
    assert run(folder / "dark.dat", folder / "a.dat").stderr.count(words) == 1
    write_result(star(), folder / "result.h5")
    assert "irradiates" not in run(folder / "dark.dat", "--luminosity-from", folder).stderr
    assert "irradiates" not in run(folder / "a.dat").stderr
    many = [folder / f"dark{i}.dat" for i in range(5)]
    for file in many:
        file.write_text(text(light=False))
    assert "and 2 more: " in run(*many).stderr


def test_a_path_that_begins_below_5_gk_does_not_claim_it(folder):
    rows = [line.split() for line in (folder / "a.dat").read_text().splitlines()[1:]]
    cool = [" ".join([row[0], f"{0.3 * float(row[1]):.6g}", *row[2:]]) for row in rows]
    (folder / "cool.dat").write_text("\n".join(cool) + "\n")
    found = json.loads(run(folder / "cool.dat", "--json").stdout)
    assert found["trajectories"][0]["at_5_gk"] is None
    shown = run(folder / "cool.dat").stdout
    assert "Y_e of ejecta at 5 GK, else final, mean" in shown
    assert "entropy at 5 GK" not in shown


def test_help_and_page_name_the_columns(request):
    shown = " ".join(run("--help").stdout.split())
    page = (request.config.rootpath / "docs" / "ejecta.md").read_text()
    for words in FORMATS["winnet"] + FORMATS["skynet"]:
        assert f"`{words}`" in page
    for name, longest in (("winnet", 1), ("skynet", 1)):
        assert f"{name} {FORMATS[name][longest]}" in shown
    for unit in ("GK", "g/cm3", "km", "erg/s", "MeV"):
        assert unit in shown


def test_files_of_one_name_are_told_apart(folder):
    (folder / "more").mkdir()
    (folder / "more" / "a.dat").write_text(text(0.3))
    found = json.loads(run(folder / "a.dat", folder / "more" / "a.dat", "--json").stdout)
    assert [row["name"] for row in found["trajectories"]] == ["a-1", "a-2"]


def test_unknown_masses_and_unpadded_rows(folder):
    paths = [read_trajectory(folder / f"{name}.dat").changed(mass=math.nan) for name in "ab"]
    short = paths[0].changed(**{name: getattr(paths[0], name)[:5] for name in (
        "time", "temperature", "density", "radius", "electron_fraction", "luminosity_nue", "luminosity_anue",
        "mean_energy_nue", "mean_energy_anue")})  # fmt: skip
    physics = EjectaPhysics()
    group = to_result([evolve(path, physics) for path in (short, paths[1])], physics)["ejecta"]
    assert np.isnan(group["electron_fraction"].values[0, 5:]).all()
    assert "fewer rows" in group["electron_fraction"].attributes["reason"]
    assert group["bin_mass"].unit == "1"
    assert group["bin_mass"].values.sum() == pytest.approx(1.0)
    assert "all masses" in group["total_mass"].attributes["reason"]
    assert "begins below" in group["at_mark"].attributes["reason"]


def test_a_trajectory_without_radii_is_written(tmp_path):
    file = tmp_path / "sky.txt"
    file.write_text("0 8 1e8 0.2\n0.01 6 6e7 0.2\n0.02 4 3e7 0.2\n0.03 2.5 1e7 0.2\n")
    run(file, "--format", "skynet", "--output", tmp_path / "out")
    group = read_result(tmp_path / "out")["ejecta"]
    for name in ("radius", "expansion_time"):
        assert group[name].values.shape == (1, 4)
        assert np.isnan(group[name].values).all()
        assert group[name].attributes["reason"] == "no radii were given"
    assert group["freeze_out_radius"].attributes["reason"] == "no radii were given"
    assert (tmp_path / "out" / "ejecta.png").exists()


def test_every_missing_value_has_its_own_reason(folder):
    physics = EjectaPhysics()
    whole = read_trajectory(folder / "a.dat")
    dark = {
        name: None for name in ("luminosity_nue", "luminosity_anue", "mean_energy_nue", "mean_energy_anue")
    }
    bare = whole.changed(radius=None, electron_fraction=None, **dark)
    short = whole.changed(**{name: getattr(whole, name)[:5] for name in (
        "time", "temperature", "density", "radius", "electron_fraction", *dark)})  # fmt: skip

    def reasons(*paths):
        group = to_result([evolve(path, physics) for path in paths], physics)["ejecta"]
        return {name: variable.attributes.get("reason", "") for name, variable in group.items()}

    alone = reasons(bare)
    assert alone["electron_fraction_given"] == "no electron fraction was given along the trajectory"
    assert alone["radius"] == alone["expansion_time"] == "no radii were given"
    assert alone["electron_fraction"] == ""
    beside = reasons(bare, whole)
    assert beside["expansion_time"] == "no radii were given"
    cut = short.changed(radius=None, electron_fraction=None, **dark)
    assert reasons(cut, whole)["radius"] == "no radii were given"
    all_three = reasons(bare, short, whole)
    assert all_three["expansion_time"] == "no radii were given; a trajectory with fewer rows than the longest"
    assert all_three["density"] == "a trajectory with fewer rows than the longest"
    assert reasons(short, whole)["radius"] == "a trajectory with fewer rows than the longest"
    assert reasons(whole)["radius"] == ""


def test_the_entropy_at_a_mark_says_why_it_is_missing():
    falls = Trajectory([0.0, 0.01, 0.02, 0.03], np.array([12.0, 8.0, 4.0, 2.0]) * GIGAKELVIN, [1e7] * 4, 1e-4)
    physics = EjectaPhysics(captures=False)
    group = to_result([evolve(falls, physics)], physics)["ejecta"]
    assert np.isfinite(group["at_mark"].values).all()
    assert np.isnan(group["entropy_at_mark"].values).all()
    reason = group["entropy_at_mark"].attributes["reason"]
    assert "Y_e 0.01 to 0.6" in reason
    assert "begins below" not in reason
    cold = falls.changed(temperature=0.5 * falls.temperature)
    rich = cold.changed(initial_electron_fraction=0.3)
    alone = to_result([evolve(rich, physics)], physics)["ejecta"]["entropy_at_mark"]
    assert np.isnan(alone.values).tolist() == [[True, False, False]]
    assert alone.attributes["reason"] == "the temperature begins below this value, or ends above"
    both = to_result([evolve(path, physics) for path in (falls, cold)], physics)["ejecta"]["entropy_at_mark"]
    assert both.attributes["reason"].startswith(
        "the temperature begins below this value, or ends above; at the mark"
    )
