"""The section [evolution] of a run file, from its mistakes to the stored result and its figure."""

from __future__ import annotations

import re
import warnings
from dataclasses import replace

import h5py
import numpy as np
import pytest
from typer.testing import CliRunner

from microphysics.errors import PhysicsWarning
from snsim.cli.app import app
from snsim.config.load import config_hash, load_config
from snsim.config.write import resolve_toml
from snsim.errors import ConfigError
from snsim.output.reader import read_result
from snsim.output.writer import write_result
from snsim.pipeline import simulate
from snsim.plots import overview
from snsim.plots.light_curve import light_curve, plot_budget, plot_energies, plot_inside, plot_luminosities
from snsim.result import Result
from snsim.signal import MULTIPLICITY, signal_of
from snsim.transport.checkpoint import LAYOUT
from snsim.transport.evolution import evolve

RUN = """
schema = 1
[grid]
zones = 60
[transport]
reconstruction = "first"
[diagnostics]
names = []
[evolution]
duration = "0.4 ms"
output_times = [1e-4, 2e-4]
checkpoint_steps = 5
"""


@pytest.fixture
def run_file(tmp_path):
    path = tmp_path / "run.toml"
    path.write_text(RUN)
    return path


@pytest.fixture(scope="module")
def result(tmp_path_factory) -> Result:
    path = tmp_path_factory.mktemp("evolution") / "run.toml"
    path.write_text(RUN)
    with pytest.warns(PhysicsWarning, match="no contraction, no convection, no infall"):
        return simulate(load_config(path))


# ------------------------------------------------------------------------------------------------------------- config


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ('evolution.duration="-1 s"', r"evolution.duration.*expected a time from"),
        ("evolution.duration=1.0", r"evolution.duration.*a number without a unit"),
        (
            "evolution.output_times=[2e-4, 1e-4]",
            r"expected output_times that rise, got 0.0001 s after 0.0002 s",
        ),
        ("evolution.output_times=[1.0]", r"expected output_times up to duration = 0.0004 s, got 1 s"),
        ("evolution.output_times=[-1.0]", r"evolution.output_times"),
        ("evolution.changes=0.1", r"change"),
        ('evolution.matter="free"', r"coupled"),
        ('transport.scheme="none"', r"evolution.*transport.scheme = \"none\""),
    ],
)
def test_mistakes_are_named(run_file, change, words):
    with pytest.raises(ConfigError, match=words):
        load_config(run_file, [change])


def test_written_out_and_read_back(run_file, tmp_path):
    config = load_config(run_file)
    (tmp_path / "again.toml").write_text(resolve_toml(config))
    again = load_config(tmp_path / "again.toml")
    assert again == config
    assert config_hash(again) == config_hash(config)
    assert config_hash(load_config(run_file, ["evolution.change=0.02"])) != config_hash(config)


# ------------------------------------------------------------------------------------------------------------- result


def test_group_of_the_evolution(result):
    group = result["evolution"]
    time = group["time"].values
    assert time[0] == 0.0
    assert time[-1] == 4e-4
    np.testing.assert_array_equal(group["snapshot"].values, [0.0, 1e-4, 2e-4, 4e-4])
    assert group["luminosity_infinity"].values.shape == (time.size, 3)
    # it begins with a steady solution, but of zones whose composition is that of the equation of state and not averaged
    np.testing.assert_allclose(
        group["luminosity_infinity"].values[0],
        result["transport"]["luminosity_infinity"].values[:, -1],
        rtol=5e-3,
    )
    # a spectrum of eta = 2 leaves this star: <E^2>/<E>^2 and <E^3>/<E>^3
    mean = group["mean_energy_infinity"].values
    np.testing.assert_allclose(group["mean_square_energy_infinity"].values / mean**2, 1.23874, rtol=1e-4)
    np.testing.assert_allclose(group["mean_cube_energy_infinity"].values / mean**3, 1.83272, rtol=1e-4)
    signal = signal_of(result)
    assert signal.total_energy == pytest.approx(group["energy_radiated"].values @ MULTIPLICITY, rel=1e-14)
    change = group["luminosity_infinity"].values[1] / group["luminosity_infinity"].values[0] - 1.0
    assert np.abs(change).max() < 1e-6
    assert abs(group["energy_defect_relative"].values) < 1e-8
    assert abs(group["lepton_number_defect_relative"].values) < 1e-8
    radiated = group["energy_radiated"].values @ [1.0, 1.0, 4.0]
    assert radiated == pytest.approx(group["total_energy_radiated"].values, rel=1e-3)


def test_fixed_matter_begins_with_the_steady_solution_of_the_run(run_file):
    changes = ['evolution.matter="fixed"', "evolution.duration='10 us'", "evolution.output_times=[]"]
    with pytest.warns(PhysicsWarning, match="no contraction"):
        found = simulate(load_config(run_file, changes))
    group, start = found["evolution"], found["transport"]
    np.testing.assert_allclose(
        group["luminosity_infinity"].values[0], start["luminosity_infinity"].values[:, -1], rtol=1e-8
    )
    np.testing.assert_allclose(
        group["mean_energy_infinity"].values[0], start["mean_energy_infinity"].values, rtol=1e-8
    )
    attributes = found.attributes["evolution"]
    assert attributes["matter"] == "fixed"
    assert attributes["beginning"].endswith("of the profile")


def test_every_line_of_the_summary_says_its_time(result):
    labels = [label for label, _ in result.summary()]
    values = dict(result.summary())
    assert len(values) == len(labels)
    assert all(
        re.search(r"\((steady solution, t = 0|evolution, t = (0 to )?0\.4 ms)\)$", label) for label in labels
    )
    assert re.fullmatch(r"\S+ erg", values["energy radiated, all species (evolution, t = 0 to 0.4 ms)"])
    group, start = result["evolution"], result["transport"]
    for label, expected in (
        ("luminosity at infinity (steady solution, t = 0)", start["luminosity_infinity"].values[0, -1]),
        ("luminosity at infinity (evolution, t = 0.4 ms)", group["luminosity_infinity"].values[-1, 0]),
        ("mean energy at infinity (evolution, t = 0.4 ms)", group["mean_energy_infinity"].values[-1, 0]),
    ):
        assert float(values[label].split()[1]) == pytest.approx(expected, rel=1e-3)
    answers = {answer.key: answer for answer in result.answers()}
    assert answers["evolution.luminosity_infinity.nux"].value == group["luminosity_infinity"].values[-1, 2]
    assert answers["evolution.luminosity_infinity.nux"].label.endswith("(evolution, t = 0.4 ms), nux")
    standing = Result({name: result[name] for name in ("profile", "transport")})
    assert all("t = " not in label for label, _ in standing.summary())


def test_the_beginning_is_told_from_the_steady_solution(result):
    attributes = dict(result.attributes) | {
        "transport": {**result.attributes["transport"], "edge_values": "second order"}
    }
    rows = dict(replace(result, attributes=attributes).summary())
    row = rows["luminosity at infinity (evolution, t = 0)"]
    assert row.endswith("(edge values of first order, of the steady solution second order)")
    first = result["evolution"]["luminosity_infinity"].values[0]
    assert float(row.split()[1]) == pytest.approx(first[0], rel=1e-3)
    assert "luminosity at infinity (evolution, t = 0)" not in dict(result.summary())  # it is the same here


def test_the_overview_says_which_time_it_shows(result):
    assert overview.plot_luminosity(result)["scheme"].get_text().endswith("\nsteady solution, t = 0")
    standing = replace(result, groups={name: result[name] for name in ("profile", "transport")})
    assert "t = 0" not in overview.plot_luminosity(standing)["scheme"].get_text()


def test_a_checkpoint_is_checked_before_it_is_announced(run_file, tmp_path):
    checkpoint = tmp_path / "evolution.checkpoint.h5"
    with h5py.File(checkpoint, "w") as file:
        file.attrs["layout"], file.attrs["key"] = LAYOUT, "another"
    outcome = call("run", run_file, "--no-plot")
    assert outcome.exit_code == 4
    assert "the checkpoint of another configuration" in outcome.output
    assert "goes on from" not in outcome.output
    assert checkpoint.is_file()


def test_the_file_says_how_the_evolution_was_computed(result, tmp_path):
    path = write_result(result, tmp_path / "result.h5")
    with h5py.File(path) as file:
        words = dict(file["evolution"].attrs)
        steady = dict(file["transport"].attrs)
    assert steady["edge_values"] == words["edge_values"]  # as this run file asks
    assert words["scheme"] == "gray"
    assert words["limiter"] == "wilson"
    assert words["closure"] == "spectral-gradient"
    assert words["edge_values"] == "first order"
    assert "Alexander 1977" in words["time_integrator"]
    assert words["matter"] == "coupled"
    assert words["beginning"].endswith("of the equation of state")
    assert "no contraction" in words["left_out"]
    again = read_result(path)
    assert again == result
    assert again != replace(result, attributes={})
    assert again.to_xarray("evolution").attrs == words


def test_opens_with_labels(result):
    data = result.to_xarray("evolution")
    assert data["luminosity_infinity"].sel(species="nue").dims == ("time",)
    assert data["temperature"].dims == ("snapshot", "zone")


# ---------------------------------------------------------------------------------------------------------------- cli


def call(*words):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return CliRunner().invoke(app, [str(word) for word in words])


def test_a_run_that_was_stopped_goes_on(run_file, tmp_path, monkeypatch, result):
    import snsim.pipeline as pipeline

    def stopped(*arguments, progress=None, **options):
        def stop(words):
            if "step 12," in words:
                raise KeyboardInterrupt

        return evolve(*arguments, progress=stop, **options)

    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "evolve", stopped)
        first = call("run", run_file, "--no-plot")
    assert first.exit_code == 130
    assert "interrupted; the evolution stopped at t = " in first.output
    assert "after step 12, and is kept in" in first.output
    assert "the same command goes on from there" in first.output
    checkpoint = tmp_path / "evolution.checkpoint.h5"
    assert checkpoint.is_file()
    other = call("run", run_file, "--no-plot", "--set", "evolution.change=0.03")
    assert other.exit_code == 4
    assert "another configuration" in other.output
    assert call("run", run_file).exit_code == 0
    assert not checkpoint.exists()
    assert (tmp_path / "light_curve.png").is_file()
    again = read_result(tmp_path)["evolution"]
    for name, variable in result["evolution"].items():
        np.testing.assert_array_equal(again[name].values, variable.values, err_msg=name)


# -------------------------------------------------------------------------------------------------------------- figure


def test_curves_are_the_stored_numbers(result):
    group = result["evolution"]
    found = plot_luminosities(result)
    for i, name in enumerate(("nue", "anue", "nux")):
        line = found[f"luminosity.{name}"]
        np.testing.assert_array_equal(line.get_xdata(), group["time"].values)
        np.testing.assert_allclose(line.get_ydata(), group["luminosity_infinity"].values[:, i] / 1e51)
    energies = plot_energies(result)
    np.testing.assert_allclose(
        energies["mean_energy.nux"].get_ydata(), group["mean_energy_infinity"].values[:, 2]
    )
    budget = plot_budget(result)
    share = group["energy_lost"].values / group["energy"].values[0]
    np.testing.assert_allclose(budget["energy"].get_ydata(), share)
    inside = plot_inside(result)
    np.testing.assert_allclose(inside["temperature.start"].get_ydata(), group["temperature"].values[0])
    np.testing.assert_allclose(
        inside["electron_fraction.0.4 ms"].get_ydata(), group["electron_fraction"].values[-1]
    )


def test_what_is_missing_is_said(result):
    nothing = Result({"profile": result["profile"]})
    for plot in (plot_luminosities, plot_energies, plot_budget, plot_inside):
        assert set(plot(nothing)) == {"note"}
    assert len(light_curve(nothing).axes) == 4
    assert len(light_curve(result).axes) == 5
