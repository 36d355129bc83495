from __future__ import annotations

import numpy as np
import pytest
from typer.testing import CliRunner

from snsim.cli.app import app
from snsim.output.writer import write_result
from snsim.plots import style
from snsim.plots.figures import figures_of, save_all
from snsim.plots.history import history, plot_energies, plot_heating, plot_luminosities, plot_radii
from snsim.result import Result
from snsim.series import HISTORY
from snsim.variable import Variable

TIMES = np.array([0.05, 0.1, 0.2])
SPECIES = ("nue", "anue", "nux")
PANELS = (plot_luminosities, plot_energies, plot_radii, plot_heating)


def made(times: np.ndarray = TIMES, **replaced: np.ndarray | None) -> Result:
    """Stars by hand; None takes a variable out."""
    ones, each = np.ones(times.size), np.outer(np.linspace(1.0, 2.0, times.size), [3.0, 4.0, 2.0])
    values = {
        "luminosity_infinity": (1e52 * each, "erg / s"),
        "mean_energy_infinity": (3.0 * each, "MeV"),
        "mean_energy_squared_infinity": (12.0 * each**2, "MeV2"),
        "neutrinosphere_radius": (1e6 * each, "cm"),
        "gain_radius": (9e6 * ones, "cm"),
        "shock_radius": (14e6 * ones, "cm"),
        "gross_heating": (9e51 * ones, "erg / s"),
        "net_heating": (7e51 * ones, "erg / s"),
    }
    group = {
        "time": Variable(("time",), times, "s", "time"),
        "species": Variable(("species",), np.array(SPECIES), "1", "species"),
    }
    for name, (numbers, unit) in values.items():
        numbers = replaced.get(name, numbers)
        if numbers is not None:
            group[name] = Variable(("time", "species")[: numbers.ndim], numbers, unit, name)
    return Result({HISTORY: group})


def test_curves_are_the_stored_numbers():
    stars = made()
    group = stars[HISTORY]
    luminosities, energies, radii = plot_luminosities(stars), plot_energies(stars), plot_radii(stars)
    for i, name in enumerate(SPECIES):
        line = luminosities[f"luminosity.{name}"]
        np.testing.assert_allclose(line.get_xdata(), [50.0, 100.0, 200.0])
        np.testing.assert_allclose(line.get_ydata(), group["luminosity_infinity"].values[:, i] / 1e51)
        mean, rms = (energies[f"{which}_energy.{name}"].get_ydata() for which in ("mean", "rms"))
        np.testing.assert_allclose(mean, group["mean_energy_infinity"].values[:, i])
        np.testing.assert_allclose(rms / mean, np.sqrt(12.0) / 3.0)
        sphere = radii[f"neutrinosphere.{name}"].get_ydata()
        np.testing.assert_allclose(sphere, group["neutrinosphere_radius"].values[:, i] / 1e5)
    np.testing.assert_allclose(radii["gain_radius"].get_ydata(), 90.0)
    np.testing.assert_allclose(radii["shock_radius"].get_ydata(), 140.0)
    heating = plot_heating(stars)
    np.testing.assert_allclose(heating["net_heating"].get_ydata(), 7.0)
    np.testing.assert_allclose(heating["gross_heating"].get_ydata(), 9.0)


def test_every_point_lies_in_its_panel():
    for plot in PANELS:
        for name, line in plot(made()).items():
            low, high = line.axes.get_ylim()
            assert low < np.min(line.get_ydata()) <= np.max(line.get_ydata()) < high, name


def test_a_star_without_gain_region_leaves_a_gap():
    gap = np.array([9e6, np.nan, 9e6])
    stars = made(gain_radius=gap, net_heating=np.array([7e51, np.nan, -1e51]), gross_heating=None)
    np.testing.assert_array_equal(
        np.isnan(plot_radii(stars)["gain_radius"].get_ydata()), [False, True, False]
    )
    line = plot_heating(stars)["net_heating"]
    assert line.axes.get_ylim()[0] < -1.0


def test_what_is_missing_is_said():
    bare = made(**dict.fromkeys(list(made()[HISTORY])[2:]))
    for stars in (bare, Result({})):
        for plot in PANELS:
            assert set(plot(stars)) == {"note"}
    nothing = made(mean_energy_squared_infinity=None)
    assert not [name for name in plot_energies(nothing) if name.startswith("rms")]


def test_long_sequences_are_in_seconds_and_many_stars_without_marks():
    line = plot_luminosities(made(np.linspace(0.1, 8.0, 60)))["luminosity.nue"]
    assert line.get_marker() == "None"
    assert line.axes.get_xlabel() == "time [s]"
    np.testing.assert_allclose(line.get_xdata()[[0, -1]], [0.1, 8.0])
    assert plot_luminosities(made())["luminosity.nue"].get_marker() == "o"


def test_is_the_figure_of_a_sequence(tmp_path):
    assert [file.name for file in save_all(made(), tmp_path)] == ["history.png"]
    assert list(figures_of(made())) == ["history"]
    assert [file.name for file in save_all(made(TIMES[:1]), tmp_path)] == ["history.png"]


@pytest.mark.parametrize("words", [["plot"], ["plot", "--json"]])
def test_a_sequence_with_nothing_to_draw_is_said(tmp_path, words):
    bare = made(**dict.fromkeys(list(made()[HISTORY])[2:]))
    write_result(bare, tmp_path / "result.h5")
    outcome = CliRunner().invoke(app, [words[0], str(tmp_path), *words[1:]])
    assert outcome.exit_code == 0, outcome.output
    assert (
        '"figures": []' if "--json" in words else "no figure: the stars of this sequence"
    ) in outcome.stdout
    assert not list(tmp_path.glob("*.png"))


def test_no_text_leaves_the_figure():
    figure = history(made())
    with style.context():
        figure.canvas.draw()
        everything = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    assert 0.0 <= everything.x0 < everything.x1 <= width
    assert 0.0 <= everything.y0 < everything.y1 <= height
