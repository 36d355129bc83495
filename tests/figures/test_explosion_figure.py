from __future__ import annotations

import numpy as np
import pytest
from stars_by_hand import make_star, with_values, without

from microphysics.constants import CODATA
from snsim.plots import style
from snsim.plots.explosion import GROUP, explosion, plot_critical_curve, plot_measures
from snsim.plots.figures import save_all
from snsim.result import Result
from snsim.variable import Variable, scalar

SUN = CODATA.solar_mass


@pytest.fixture(scope="module")
def near() -> Result:
    """A star just below every threshold."""
    rates = np.geomspace(0.25, 4.0, 9) * SUN
    numbers = {
        "accretion_rate": (SUN, "g / s"),
        "luminosity": (3e52, "erg / s"),
        "critical_luminosity_light_bulb": (3.5e52, "erg / s"),
        "burrows_goshy": (4.8e52, "erg / s"),
        "luminosity_ratio": (0.75, "1"),
        "luminosity_ratio_light_bulb": (0.86, "1"),
        "antesonic_ratio": (0.152, "1"),
        "antesonic_isothermal": (0.1125, "1"),
        "force_margin": (-0.19, "1"),
        "time_ratio_thermal": (0.7, "1"),
        "time_ratio_total": (0.6, "1"),
    }
    group = {name: scalar(value, unit, name) for name, (value, unit) in numbers.items()}
    group["critical_accretion_rate"] = Variable(("rate",), rates, "g / s", "rate")
    group["critical_curve"] = Variable(("rate",), 4e52 * (rates / SUN) ** 0.5, "erg / s", "curve")
    return Result({**make_star().groups, GROUP: group})


def test_curve_and_points_are_the_stored_numbers(near):
    found = plot_critical_curve(near)
    np.testing.assert_allclose(found["critical_curve"].get_xdata(), np.geomspace(0.25, 4.0, 9))
    np.testing.assert_allclose(found["critical_curve"].get_ydata(), 4.0 * np.geomspace(0.25, 4.0, 9) ** 0.5)
    assert found["run"].get_xydata().tolist() == [[pytest.approx(1.0), pytest.approx(3.0)]]
    assert found["burrows_goshy"].get_ydata()[0] == pytest.approx(4.8)
    low, high = found["run"].axes.get_ylim()
    assert low < 2.0 < 8.0 < high


def test_the_axis_begins_where_the_curve_does(near):
    rates = near.groups[GROUP]["critical_accretion_rate"].values / SUN
    light = np.where(rates < 0.7, np.nan, near.groups[GROUP]["critical_curve"].values)
    low, high = plot_critical_curve(with_values(near, GROUP, critical_curve=light))["run"].axes.get_xlim()
    shown = rates[rates >= 0.7]
    assert shown[0] / 1.3 < low < shown[0]
    assert shown[-1] < high < 1.3 * shown[-1]


def test_measures_stand_over_their_thresholds(near):
    found = plot_measures(near)
    expected = {
        "luminosity_ratio": 0.75,
        "antesonic_ratio": 0.8,
        "antesonic_isothermal": 0.6,
        "force_power": 0.5,
        "time_ratio_total": 0.6,
    }
    for name, value in expected.items():
        assert found[name].get_xdata()[0] == pytest.approx(value), name
    assert "40-50 %" in found["caveat"].get_text()


def test_undefined_measures_are_left_out(near):
    found = plot_measures(with_values(near, GROUP, time_ratio_total=np.nan, force_margin=None))
    assert "time_ratio_total" not in found
    assert "force_power" not in found
    assert "luminosity_ratio" in found
    gone = with_values(near, GROUP, critical_curve=np.full(9, np.nan))
    assert set(plot_critical_curve(gone)) == {"note"}


def test_missing_groups_are_no_crash(near):
    for result in (without(near, "diagnostics"), without(near, "profile")):
        figure = explosion(result)
        with style.context():
            figure.canvas.draw()
        assert len(figure.axes) == 3
    assert set(plot_measures(make_star())) == {"note"}


def test_is_drawn_for_runs_that_ask_for_it(near, tmp_path):
    assert "explosion.png" in [file.name for file in save_all(near, tmp_path)]


def test_no_text_leaves_the_figure(near):
    figure = explosion(near)
    with style.context():
        figure.canvas.draw()
        everything = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    assert 0.0 <= everything.x0 < everything.x1 <= width
    assert 0.0 <= everything.y0 < everything.y1 <= height
