import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from microphysics.ion_plasma import IonPlasma
from microphysics.targets import Target
from microphysics.weak.mediators import ZPrime
from snsim.plots import structure_factor as figures
from snsim.plots import style
from snsim.plots.cevns import cevns, flavor_label, plot_cross_sections, plot_recoils

Q = np.arange(0.1, 12.01, 0.1)
MODELS = ("table", "msa", "horowitz1997", "mine")
COUPLINGS = (10.0, 125.0)
NOTE = "ZPrime(coupling = 3e-05, mass = 10 MeV, charges = {up = 1, down = 1, e = 1, mu = 1, tau = 1}); " * 2


def curve(coupling):
    return IonPlasma.of(coupling).structure_factor("table", Q)


@pytest.fixture(scope="module")
def structure():
    return {name: np.full(Q.size, np.nan) if name == "horowitz1997" else curve(40.0) for name in MODELS}


@pytest.fixture(scope="module")
def averages():
    return {name: np.linspace(0.0, 1.0, Q.size) for name in MODELS}


@pytest.fixture(scope="module")
def simulated():
    where = np.geomspace(0.4, 14.0, 60)  # some beyond the models
    return {g: (where, np.interp(where, Q, curve(g)) + 0.01, np.full(60, 0.02)) for g in COUPLINGS}


@pytest.fixture(scope="module")
def drawn(structure, averages, simulated):
    models = {name: {g: curve(g) for g in COUPLINGS} for name in ("table", "hnc", "msa_eta")}
    light = Target.of("CsI", new_physics=(ZPrime(3e-5, 10.0),))
    made = {
        "matter": figures.structure_factor(Q, structure, averages, radius=20.0, words=r"$\Gamma=40$"),
        "plasma": figures.structure_factor(Q, {"table": structure["table"]}, {"table": averages["table"]}),
        "monte_carlo": figures.monte_carlo(simulated, Q, models),
        "cevns": cevns(Target.of("Ar40"), [5.0, 10.0, 30.0], words="Ar40"),
        "light": cevns(
            light, [5.0, 50.0], flavor="anumu", recoil_min=1e-3, standard=Target.of("CsI"), words="CsI"
        ),
        "noted": cevns(light, [5.0, 50.0], words="CsI", note=NOTE),
        "ranges": figures.structure_factor(
            Q, structure, averages, reduced_energy=np.linspace(1.0, 3.0, Q.size), radius=20.0
        ),
        "nothing": cevns(Target.of("Ar40"), [3.0], recoil_min=0.5, words="Ar40"),
    }
    with style.context():
        for figure in made.values():
            figure.canvas.draw()
    return made


def test_no_text_leaves_the_figure(drawn):
    for name, figure in drawn.items():
        with style.context():
            everything = figure.get_tightbbox()
        width, height = figure.get_size_inches()
        assert 0.0 <= everything.x0 < everything.x1 <= width, name
        assert 0.0 <= everything.y0 < everything.y1 <= height, name


def test_legends_and_words_stand_apart(drawn):
    for name in ("matter", "monte_carlo"):
        figure = drawn[name]
        (legend,) = figure.legends
        box = legend.get_window_extent()
        assert not any(text.get_window_extent().overlaps(box) for text in figure.texts)
        tops = [ax.get_tightbbox().y1 for ax in figure.axes]
        assert max(tops) < box.y0


def test_axes_have_names(drawn):
    for figure in drawn.values():
        for ax in figure.axes:
            assert ax.get_ylabel() or ax is not figure.axes[0]
        assert figure.axes[-1].get_xlabel()


def test_a_model_without_structure_factor_is_drawn_only_where_it_has_something(structure, averages):
    figure = figures.structure_factor(Q, structure, averages)
    upper, lower = figure.axes
    assert len(upper.lines) == len(lower.lines) - 1
    assert [text.get_text() for text in figure.legends[0].get_texts()][2] == "Horowitz 1997"


def test_the_second_axis_is_that_of_the_radius(drawn):
    upper, lower = drawn["matter"].axes[:2]
    (per_fm,), (mev,) = upper.child_axes, lower.child_axes
    assert per_fm.get_xlim()[1] == pytest.approx(upper.get_xlim()[1] / 20.0)
    assert mev.get_xlim()[1] == pytest.approx(lower.get_xlim()[1] * 197.3269804 / 20.0, rel=1e-6)
    assert upper.get_xlim()[1] == pytest.approx(2.0 * lower.get_xlim()[1])


def test_averages_are_drawn_over_decades_and_over_their_own_energies(drawn):
    upper, lower = drawn["ranges"].axes[:2]
    assert (upper.get_yscale(), lower.get_yscale()) == ("linear", "log")
    assert lower.get_ylim()[0] < 1.0 / (Q.size - 1)  # the smallest that is not zero
    assert lower.get_xlim() == (1.0, 3.0)
    assert upper.get_xlim() == (0.0, Q[-1])


def test_new_physics_is_named_above_the_panels(drawn):
    figure = drawn["noted"]
    (text,) = figure.texts
    assert "coupling = 3e-05, mass = 10 MeV" in text.get_text()
    assert text.get_window_extent().y0 > max(ax.get_tightbbox().y1 for ax in figure.axes)


def test_a_threshold_that_no_recoil_reaches_is_said(drawn):
    right = drawn["nothing"].axes[1]
    assert any(text.get_text().startswith("no recoil reaches 500 keV") for text in right.texts)
    assert right.get_yscale() == "linear"
    assert not [
        label for label in right.get_yticklabels() if label.get_visible() and "e-90" in label.get_text()
    ]


def test_models_look_different_in_gray_print():
    looks = figures.model_looks([*figures._LOOKS, "mine", "yours"])
    seen = [
        (str(look["ls"]), round(float(np.dot(to_rgb(look["color"]), [0.2126, 0.7152, 0.0722])), 1))
        for look in looks.values()
    ]
    assert len(set(seen)) == len(seen)
    assert figures.model_looks(["msa"])["msa"]["label"] == "MSA"
    assert figures.model_looks(["my_model$"])["my_model$"]["label"] == r"my_model\$"


def test_points_of_a_simulation(structure, simulated):
    where, values, _ = points = simulated[10.0]
    found = figures.plot_structure(Q, structure, points=points)
    np.testing.assert_array_equal(found["points"].get_xdata(), where)
    np.testing.assert_array_equal(found["points"].get_ydata(), values)
    labels = [text.get_text() for text in found["one"].axes.get_legend().get_texts()]
    assert "Monte Carlo" in labels


def test_deviations_are_model_less_simulation(simulated):
    found = figures.plot_deviation(simulated[10.0], Q, {"table": curve(10.0)})
    line = found["table"]
    assert line.get_xdata().max() <= Q[-1]  # nothing beyond the model
    np.testing.assert_allclose(line.get_ydata(), -0.01, atol=1e-12)
    assert found["one"].get_ydata()[0] == 0.0


def test_recoil_lines_are_the_cross_sections_and_end_at_the_largest():
    target = Target.of("Ar40")
    found = plot_recoils(target, [5.0, 30.0], recoil_min=1e-3)
    line = found["30"]
    recoil, values = line.get_xdata() * 1e-3, line.get_ydata()
    inside = recoil < float(target.largest_recoil(30.0))
    np.testing.assert_allclose(values[inside] * 1e3, target.dsigma_dT(30.0, recoil[inside]), rtol=1e-12)
    assert inside.sum() == recoil.size - 1
    assert values[-1] < line.axes.get_ylim()[0]
    assert found["threshold"].get_x() + found["threshold"].get_width() == pytest.approx(1.0)  # keV
    assert len(plot_recoils(target, np.linspace(5.0, 50.0, 30).tolist())) == 5


def test_cross_sections_and_the_standard_model():
    target, energy = Target.of("CsI", new_physics=(ZPrime(1e-4, 30.0),)), np.geomspace(2.0, 60.0, 20)
    standard = Target.of("CsI")
    found = plot_cross_sections(target, energy, flavor="numu", standard=standard, title="(b)")
    for kind in ("total", "transport"):
        np.testing.assert_array_equal(found[kind].get_ydata(), getattr(target, kind)(energy, "numu"))
        np.testing.assert_array_equal(
            found[f"{kind}.standard"].get_ydata(), getattr(standard, kind)(energy, "numu")
        )
    ax = found["total"].axes
    low, high = ax.get_ylim()
    for line in found.values():
        assert low < line.get_ydata().min() <= line.get_ydata().max() < high
    assert all(label.get_text().startswith("$10^") for label in ax.get_yticklabels())


def test_flavors_have_symbols():
    assert flavor_label("nue") == r"$\nu_e$"
    assert flavor_label("anutau") == r"$\bar{\nu}_\tau$"


def test_own_axes_are_used_and_rcparams_stay(structure, simulated):
    before = dict(matplotlib.rcParams)
    target = Target.of("Ar40")
    for draw in (
        lambda ax: figures.plot_structure(Q, structure, ax),
        lambda ax: figures.plot_average(Q, structure, ax),
        lambda ax: figures.plot_deviation(simulated[10.0], Q, {"table": curve(10.0)}, ax),
        lambda ax: plot_recoils(target, [5.0], ax),
        lambda ax: plot_cross_sections(target, [5.0, 50.0], ax),
    ):
        ax = Figure().add_subplot()
        assert all(artist.figure is ax.figure for artist in draw(ax).values())
    assert dict(matplotlib.rcParams) == before
