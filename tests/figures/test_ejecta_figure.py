import math
from dataclasses import replace

import numpy as np
import pytest

from microphysics.constants import CODATA
from snsim.ejecta import EjectaPhysics, Trajectory, evolve_all, to_result
from snsim.plots import style
from snsim.plots.ejecta import RANGE, ejecta, plot_electron_fraction, plot_histogram, plot_times
from snsim.plots.figures import save_all
from snsim.variable import Variable


def wind(name, initial, rows=30, **changes):
    time = np.geomspace(1e-3, 0.3, rows) - 1e-3
    radius = 5e6 + 1e9 * time
    one = np.ones(rows)
    path = Trajectory(
        time, 1.2 * 5e6 / radius, 1e9 * (5e6 / radius) ** 3, initial, radius, initial * one,
        2e52 * one, 3e52 * one, 12.0 * one, 15.0 * one, name=name, mass=1e-3 * CODATA.solar_mass,
    )  # fmt: skip
    return path.changed(**changes)


def result(paths, **options):
    physics = EjectaPhysics(**options)
    return to_result(evolve_all(paths, physics), physics)


@pytest.fixture(scope="module")
def few():
    return result([wind("east", 0.1), wind("west", 0.3)])


@pytest.fixture(scope="module")
def many():
    return result([wind(f"{k}", 0.05 + 0.02 * k) for k in range(15)])


def test_lines_are_the_history_and_the_file(few):
    found = plot_electron_fraction(few)
    group = few["ejecta"]
    for k, name in enumerate(("east", "west")):
        np.testing.assert_array_equal(found[name].get_ydata(), group["electron_fraction"].values[k])
        np.testing.assert_array_equal(
            found[f"{name}.given"].get_ydata(), group["electron_fraction_given"].values[k]
        )
        assert found[name].get_xdata()[0] == 0.0
    low, height = found["threshold"].get_y(), found["threshold"].get_height()
    assert (low, low + height) == pytest.approx(RANGE)


def test_time_begins_at_the_first_row_and_is_logarithmic_from_the_second_on(few):
    axes = plot_electron_fraction(few)["east"].axes
    time = few["ejecta"]["time"].values[0] - few["ejecta"]["time"].values[0][0]
    assert axes.get_xlim() == pytest.approx((0.0, time[-1]))
    x = np.array([0.0, 0.5 * time[1], time[1], 10.0 * time[1], 100.0 * time[1], time[-1]])
    places = axes.transAxes.inverted().transform(axes.transData.transform([(each, 0.2) for each in x]))[:, 0]
    np.testing.assert_allclose(places[:3], [0.0, 0.06, 0.12], atol=1e-9)
    assert places[3] - places[2] == pytest.approx(places[4] - places[3])
    even = result([wind("even", 0.2, rows=30).changed(time=np.linspace(0.0, 0.3, 30))])
    assert plot_electron_fraction(even)["even"].axes.get_xlim()[0] == 0.0


@pytest.mark.parametrize(
    "names", [("east", "west"), ("a", "b", "c", "d", "e"), ("a name that is long enough",) * 2]
)
def test_names_are_above_the_curves(names):
    several = result([wind(name + " " * k, 0.1 + 0.08 * k) for k, name in enumerate(names)])
    with style.context():
        figure = ejecta(several)
        figure.canvas.draw()
        ax = figure.axes[0]
        bottom = ax.get_legend().get_window_extent().transformed(ax.transData.inverted()).y0
    assert bottom > max(np.nanmax(line.get_ydata()) for line in ax.lines)


def test_bars_add_up_to_the_mass(many):
    found = plot_histogram(many)
    values, edges, _ = found["mass"].get_data()
    assert values.sum() * 1e-3 == pytest.approx(float(many["ejecta"]["total_mass"].values))
    np.testing.assert_array_equal(edges, many["ejecta"]["bin_edge"].values)
    assert found["mean"].get_xdata()[0] == float(many["ejecta"]["mean_electron_fraction"].values)
    assert found["mass"].axes.get_ylabel() == r"mass of ejecta [$10^{-3}\,M_\odot$]"


def test_shares_where_masses_are_unknown():
    found = plot_histogram(result([wind(f"{k}", 0.1 * k, mass=math.nan) for k in range(1, 5)]))
    assert found["mass"].axes.get_ylabel() == "share of ejecta"


def test_times_of_reactions(few):
    found = plot_times(few)
    names = ["rate_nue", "rate_anue", "rate_positron", "rate_electron", "expansion_time"]
    assert list(found) == [*names, "beyond"]  # pairs are gone at the end
    np.testing.assert_allclose(found["rate_nue"].get_ydata(), 1.0 / few["ejecta"]["rate_nue"].values[0])
    hot = few["ejecta"]["time"].values.shape[1] // 2
    cut = {
        name: Variable(v.dims, v.values[:, :hot], v.unit, v.long_name) if v.values.ndim == 2 else v
        for name, v in few["ejecta"].items()
    }
    shown = plot_times(replace(few, groups={"ejecta": cut}))
    assert list(shown) == names
    low, high = shown["rate_nue"].axes.get_ylim()
    for line in shown.values():
        assert low <= np.nanmin(line.get_ydata())
        assert np.nanmax(line.get_ydata()) <= high
    still = wind("still", 0.2).changed(radius=None, luminosity_nue=None, luminosity_anue=None,
                                       mean_energy_nue=None, mean_energy_anue=None)  # fmt: skip
    assert "note" in plot_times(result([still], captures=False))


def test_many_lines_have_no_names(many):
    found = plot_electron_fraction(many)
    assert len(found) == 16
    assert found["3"].axes.get_legend() is None


def test_figure_fits_and_is_saved_alone(few, many, tmp_path):
    for stored in (few, many):
        with style.context():
            figure = ejecta(stored)
            figure.canvas.draw()
            width, height = figure.canvas.get_width_height()
            for text in (t for ax in figure.axes for t in (ax.xaxis.label, ax.yaxis.label, *ax.texts)):
                box = text.get_window_extent()
                assert box.x0 >= 0.0
                assert box.y0 >= 0.0
                assert box.x1 <= width
                assert box.y1 <= height
    files = save_all(few, tmp_path)
    assert [file.name for file in files] == ["ejecta.png"]
