import math

import numpy as np
import pytest
from matplotlib.colors import same_color
from stars_by_hand import make_star

from snsim.config.load import load_config
from snsim.pipeline import simulate
from snsim.plots import style
from snsim.plots.figures import save_all
from snsim.plots.messengers import messengers, plot_delays, plot_events, plot_flavour, plot_kick
from snsim.plots.sn1987a import BEST_THERMAL, model_of
from snsim.result import Result
from snsim.sn1987a.events import DETECTORS, events_of
from snsim.sn1987a.likelihood import fit_offsets
from snsim.sn1987a.signal import exponential_cooling
from snsim.variable import Variable

RUN = """schema = 1
profile.format = "analytic"
[grid]
zones = 60
[opacity]
energies = 48
[diagnostics]
names = ["neutrinosphere", "kick", "delay", "flavour"]
kick.polar_cap_angle = "20 deg"
kick.opacity_factor = 0.5
flavour.envelope_slope = 3.0
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    file = tmp_path_factory.mktemp("messengers") / "run.toml"
    file.write_text(RUN)
    return simulate(load_config(file))


def test_kick_is_a_straight_line_through_the_run(run):
    found = plot_kick(run)
    x, y = found["line"].get_data()
    assert y[1] / y[0] == pytest.approx(x[1] / x[0])
    group = run.groups["diagnostics/kick"]
    at = found["given"].get_xydata()[0]
    assert at[1] == pytest.approx(float(group["kick"].values) / 1e5)
    for name in ("given", "cap", "bound"):
        px, py = found[name].get_xydata()[0]
        assert py / px == pytest.approx(y[0] / x[0])
    assert found["magnetic_kick"].get_ydata()[0] == pytest.approx(50.0)


def test_delays_are_those_of_the_run_in_the_colours_of_species(run):
    found, group = plot_delays(run), run.groups["diagnostics/delay"]
    for i, who in enumerate(("nue", "anue", "nux")):
        line = found[f"gw_minus_neutrino_excess.{who}"]
        assert line.get_xdata()[0] == group["gw_minus_neutrino_excess"].values[i]
        assert same_color(line.get_color(), style.SPECIES_COLOURS[who])
    assert found["clock_uncertainty"].get_xdata()[0] == pytest.approx(1e-3)


def test_resonances_lie_on_the_continued_potential(run):
    found, group = plot_flavour(run), run.groups["diagnostics/flavour"]
    np.testing.assert_array_equal(found["potential"].get_ydata(), group["potential"].values)
    # the resonance of 10 MeV: 1573 and 18.9 g/cm3 times 7.63e-14 eV
    assert found["high"].get_ydata()[0] == pytest.approx(1573.3 * 7.632e-14, rel=1e-3)
    assert found["low"].get_ydata()[0] == pytest.approx(18.89 * 7.632e-14, rel=1e-3)
    radius, level = found["radius.high"].get_data()
    edge = found["potential"].get_xydata()[-1]
    np.testing.assert_allclose(level, edge[1] * (radius / edge[0]) ** -3.0, rtol=1e-6)


def test_events_stand_at_their_best_offsets(run):
    found = plot_events(run)
    fit = fit_offsets(exponential_cooling(*BEST_THERMAL))
    for name in DETECTORS:
        x, y = found[f"events.{name}"].get_data()
        np.testing.assert_allclose(x, events_of(name).time + fit.offsets[name])
        np.testing.assert_array_equal(y, events_of(name).energy)
    assert "not this run" in found["words"].get_text()
    # detectors of higher thresholds see higher energies
    means = [np.nanmax(found[f"model.{name}"].get_ydata()) for name in ("KII", "BAKSAN", "IMB")]
    assert means == sorted(means)


def test_the_drawn_model_is_the_best_one():
    best = fit_offsets(exponential_cooling(*BEST_THERMAL)).log_likelihood
    for i in range(3):
        for factor in (0.9, 1.1):
            other = list(BEST_THERMAL)
            other[i] *= factor
            assert fit_offsets(exponential_cooling(*other)).log_likelihood < best


def test_an_evolution_is_its_own_model():
    time = np.linspace(0.0, 3.0, 30)
    each = ("time", "species")
    evolution = {
        "time": Variable(("time",), time, "s", "time"),
        "species": Variable(("species",), np.array(["nue", "anue", "nux"]), "1", "species"),
        "luminosity_infinity": Variable(each, np.full((30, 3), 1e52), "erg/s", "luminosity"),
        "mean_energy_infinity": Variable(each, np.full((30, 3), 12.0), "MeV", "energy"),
    }
    signal, words = model_of(Result({"evolution": evolution}, ""))
    assert words == "evolution of this run"
    np.testing.assert_array_equal(signal.time, time)
    short = evolution | {"time": Variable(("time",), 0.1 * time, "s", "time")}
    assert "not this run" in model_of(Result({"evolution": short}, ""))[1]


def test_what_is_missing_is_said_and_the_file_comes_only_with_flavour(run, tmp_path):
    star = make_star()
    for panel in (plot_kick, plot_delays, plot_flavour):
        assert "note" in panel(Result({}, ""))
    assert "messengers.png" not in [file.name for file in save_all(star, tmp_path)]
    assert "messengers.png" in [file.name for file in save_all(run, tmp_path)]


def test_no_text_leaves_the_figure_or_hides_a_letter(run):
    with style.context():
        figure = messengers(run)
        figure.canvas.draw()
        whole = figure.bbox
        for ax in figure.axes:
            letters = [text.get_window_extent() for text in ax.texts if text.get_text().startswith("(")]
            legend = ax.get_legend()
            if legend is not None:
                box = legend.get_window_extent()
                assert box.x0 >= whole.x0
                assert box.x1 <= whole.x1
                assert not any(box.overlaps(letter) for letter in letters)
    assert not math.isnan(figure.get_figwidth())


@pytest.mark.parametrize(
    ("gone", "count"),
    [((), 4), (("kick",), 3), (("kick", "delay"), 2), (("kick", "delay", "flavour"), 1)],
)
def test_only_panels_that_exist(run, gone, count):
    left = {k: v for k, v in run.groups.items() if k.removeprefix("diagnostics/") not in gone}
    with style.context():
        figure = messengers(Result(left, run.config_toml))
        figure.canvas.draw()
        letters = [text.get_text() for ax in figure.axes for text in ax.texts]
        assert len(figure.axes) == count
        assert [word for word in letters if word.startswith("(")] == [f"({x})" for x in "abcd"[:count]]
        assert not any(text.get_fontstyle() == "italic" for ax in figure.axes for text in ax.texts)


def test_words_about_the_model_are_clear_of_all_events(run):
    with style.context():
        found = plot_events(run)
        axes = found["words"].axes
        axes.figure.canvas.draw()
        low = axes.transData.inverted().transform(found["words"].get_window_extent())[0]
    for name in DETECTORS:
        time, energy = found[f"events.{name}"].get_data()
        top = energy + events_of(name).energy_error
        assert not ((time > low[0]) & (top > low[1])).any()
