import matplotlib
import numpy as np
import pytest
from matplotlib.colors import same_color
from matplotlib.figure import Figure
from stars_by_hand import SHOCK, SPECIES, make_star, with_values, without

from snsim.plots import style
from snsim.plots.overview import (
    _put_clear,
    overview,
    plot_heating,
    plot_luminosity,
    plot_optical_depth,
    plot_structure,
)

PANELS = {
    "profile": plot_structure,
    "transport": plot_luminosity,
    "diagnostics/neutrinosphere": plot_optical_depth,
    "diagnostics/gain_region": plot_heating,
}


def legend_texts(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def draw(figure: Figure) -> None:
    with style.context():
        figure.canvas.draw()


def test_panels_share_the_radius_axis(star):
    figure = overview(star)
    assert len({ax.get_xlim() for ax in figure.axes}) == 1
    assert figure.axes[0].get_xlim() == pytest.approx((4.0, 600.0))
    assert all(ax.get_xscale() == "log" for ax in figure.axes)
    assert [ax.get_xlabel() for ax in figure.axes[:4]] == ["", "", "radius [km]", "radius [km]"]


def test_structure_has_three_curves_their_units_and_the_shock(star):
    found = plot_structure(star)
    assert set(found) == {"density", "temperature", "electron_fraction", "shock"}
    left, right = found["density"].axes, found["temperature"].axes
    assert found["electron_fraction"].axes is right is not left
    assert left.get_ylabel() == r"density [g cm$^{-3}$]"
    assert "[MeV]" in right.get_ylabel()
    assert found["shock"].get_xdata()[0] == pytest.approx(SHOCK / 1e5)
    np.testing.assert_allclose(found["density"].get_ydata(), star["profile"]["density"].values)
    for line in (found["density"], found["temperature"], found["electron_fraction"]):
        low, high = line.axes.get_ylim()
        assert low < line.get_ydata().min() <= line.get_ydata().max() < high


def test_luminosity_has_the_colours_of_the_species_and_a_unit(star):
    found = plot_luminosity(star)
    assert sorted(found) == sorted(
        f"{kind}.{name}" for kind in ("luminosity", "mean_energy", "mean_energy_infinity") for name in SPECIES
    )
    assert r"10^{52}" in found["luminosity.nue"].axes.get_ylabel()
    assert "1 of 4" in found["luminosity.nue"].axes.get_ylabel()
    assert "[MeV]" in found["mean_energy.nue"].axes.get_ylabel()
    for name in SPECIES:
        assert same_color(found[f"luminosity.{name}"].get_color(), style.SPECIES_COLOURS[name])
        assert same_color(found[f"mean_energy.{name}"].get_color(), style.SPECIES_COLOURS[name])
    values = star["transport"]["luminosity_infinity"].values
    np.testing.assert_allclose(found["luminosity.anue"].get_ydata(), values[1] / 1e52)
    low, high = found["luminosity.nue"].axes.get_ylim()
    assert low < values.min() / 1e52 < values.max() / 1e52 < high


def test_neutrinospheres_stand_at_two_thirds_and_say_what_they_are(star):
    found = plot_optical_depth(star)
    radii = star["diagnostics/neutrinosphere"]["transport_energy_mean"].values / 1e5
    for name, radius in zip(SPECIES, radii, strict=True):
        (x,), (y,) = found[f"neutrinosphere.{name}"].get_data()
        assert (x, y) == (pytest.approx(radius), pytest.approx(2.0 / 3.0))
        assert f"{radius:.1f} km" in found[f"optical_depth.{name}"].get_label()
    words = found["definition"].get_text()
    assert "2/3" in words
    assert "absorption" in words
    assert "E^3f" in words
    # 0 at the outer edge is left out, not drawn as a floor
    assert np.isnan(found["optical_depth.nue"].get_ydata()[-1])
    assert np.nanmin(found["optical_depth.nue"].get_ydata()) > 1e-12


def test_heating_shades_the_gain_region(star):
    found = plot_heating(star)
    assert {"heating_rate", "cooling_rate", "net_rate", "gain_region", "gain_radius"} <= set(found)
    ax = found["net_rate"].axes
    assert ax.get_ylabel() == r"heating, cooling [erg g$^{-1}$ s$^{-1}$]"
    region = found["gain_region"].get_extents().transformed(ax.transData.inverted())
    assert (region.x0, region.x1) == (pytest.approx(80.0), pytest.approx(150.0))
    assert found["gain_radius"].get_xdata()[0] == pytest.approx(80.0)
    net = found["net_rate"].get_ydata()
    assert ax.get_ylim()[0] < net.min() <= net.max() < ax.get_ylim()[1]
    assert "gain radius 80.0 km" in found["words"].get_text()
    assert legend_texts(ax) == ["heating", "cooling", "net", "gain region"]


@pytest.mark.parametrize("which", ["star", "thin", "one"])
def test_words_in_the_panel_of_heating_are_clear_of_its_curves(drawn, which):
    (ax,) = [ax for ax in drawn[which, "overview"].axes if ax.get_ylabel().startswith("heating")]
    with style.context():
        curves = [line.get_transform().transform_path(line.get_path()) for line in ax.lines]
        boxes = {text.get_text(): text.get_window_extent() for text in ax.texts}
    boxes = {words: box for words, box in boxes.items() if "linear within" in words or "gain" in words}
    assert len(boxes) == 2
    for words, box in boxes.items():
        assert not any(curve.intersects_bbox(box, filled=False) for curve in curves), words
        assert ax.bbox.y0 < box.y0 < box.y1 < ax.bbox.y1
    first, second = boxes.values()
    assert not first.overlaps(second)


def test_words_make_way_for_a_curve_and_for_each_other():
    figure = Figure()
    ax = figure.add_subplot(xlim=(0.0, 1.0), ylim=(0.0, 1.0))
    ax.plot([0.0, 1.0], [0.94, 0.94])
    first, second = ax.text(0.0, 0.0, "first", va="top"), ax.text(0.0, 0.0, "second", va="top")
    _put_clear(ax, first, second)
    boxes = [text.get_window_extent().transformed(ax.transData.inverted()) for text in (first, second)]
    assert 0.94 > boxes[0].y1 > boxes[0].y0 > boxes[1].y1 > 0.7


def test_one_species_draws_one(star):
    alone = make_star(species=("nue",))
    assert set(plot_luminosity(alone)) == {"luminosity.nue", "mean_energy.nue", "mean_energy_infinity.nue"}
    assert set(plot_optical_depth(alone)) == {
        "optical_depth.nue", "neutrinosphere.nue", "level", "definition",
    }  # fmt: skip
    assert "1 of 4" not in plot_luminosity(alone)["luminosity.nue"].axes.get_ylabel()


def test_a_star_without_spheres_is_annotated(thin_star):
    found = plot_optical_depth(thin_star)
    assert not any(key.startswith("neutrinosphere") for key in found)
    assert legend_texts(found["level"].axes)[0].endswith("no sphere")
    assert "no neutrinosphere" in found["definition"].get_text()
    assert found["level"].axes.get_ylim()[1] > 1.0
    assert plot_heating(thin_star)["words"].get_text() == "no gain region"
    assert "shock" not in plot_structure(thin_star)


@pytest.mark.parametrize("which", ["star", "thin", "one"])
def test_the_definition_never_hides_the_level(drawn, which):
    (ax,) = [ax for ax in drawn[which, "overview"].axes if ax.get_ylabel().startswith("optical depth")]
    with style.context():
        (box,) = [text.get_window_extent() for text in ax.texts if "E^3f" in text.get_text()]
        (level,) = [text.get_window_extent() for text in ax.texts if text.get_text() == r"$\tau=2/3$"]
    assert box.y0 > level.y1


@pytest.mark.parametrize("group", PANELS)
def test_a_missing_group_leaves_a_note(star, group):
    found = PANELS[group](without(star, group))
    assert set(found) == {"note"}
    assert f"no {group.rpartition('/')[2].replace('_', ' ')}" in found["note"].get_text()


def test_without_radii_there_are_notes(star):
    bare = with_values(star, "profile", radius=None, radius_interface=None)
    assert all(set(panel(bare)) == {"note"} for panel in PANELS.values())


def test_nothing_at_all_still_draws(star):
    figure = overview(without(star, *star.groups))
    draw(figure)
    notes = [
        [text.get_text() for text in ax.texts if text.get_text().startswith("no ")] for ax in figure.axes[:4]
    ]
    assert notes == [
        ["no profile in this result"],
        ["no transport in this result"],
        ["no neutrinosphere among the diagnostics"],
        ["no gain region among the diagnostics"],
    ]


@pytest.mark.parametrize(
    ("group", "values"),
    [
        ("diagnostics/gain_region", {"net_rate": np.zeros(50)}),
        ("diagnostics/gain_region", {"net_rate": np.full(50, np.nan)}),
        (
            "diagnostics/gain_region",
            dict.fromkeys(("heating_rate", "cooling_rate", "net_rate"), np.zeros(50)),
        ),
        ("diagnostics/gain_region", {"net_rate": None, "outer_radius": None, "efficiency": None}),
        ("diagnostics/neutrinosphere", {"optical_depth": np.zeros((3, 51))}),
        ("diagnostics/neutrinosphere", {"optical_depth": np.full((3, 51), np.nan)}),
        ("diagnostics/neutrinosphere", {"transport_energy_mean": [7e6, np.nan, np.nan]}),
        ("diagnostics/neutrinosphere", {"transport_energy_mean": None}),
        ("transport", {"luminosity_infinity": np.zeros((3, 51))}),
        ("transport", {"luminosity_infinity": np.full((3, 51), np.nan), "mean_energy_infinity": None}),
        ("transport", {"mean_energy": np.full((3, 50), np.nan)}),
        ("profile", {"temperature": np.full(50, 1.0), "electron_fraction": None}),
        ("profile", {"density": np.full(50, np.nan)}),
        ("profile", {"radius_interface": None}),
    ],
)
def test_undefined_and_constant_values_draw_without_warning(star, group, values, recwarn):
    found = PANELS[group](with_values(star, group, **values))
    figure = next(iter(found.values())).figure
    draw(figure)
    assert list(recwarn) == []
    for ax in figure.axes:
        low, high = ax.get_ylim()
        assert -np.inf < low < high < np.inf


@pytest.mark.parametrize("panel", PANELS.values())
def test_own_axes_are_used_and_rcparams_stay(star, panel):
    before = dict(matplotlib.rcParams)
    ax = Figure().add_subplot()
    found = panel(star, ax)
    assert all(artist.figure is ax.figure for artist in found.values())
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize("which", ["star", "thin", "one"])
def test_no_text_leaves_the_figure(drawn, which):
    figure = drawn[which, "overview"]
    with style.context():
        everything = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    assert 0.0 <= everything.x0 < everything.x1 <= width
    assert 0.0 <= everything.y0 < everything.y1 <= height


def test_legends_and_letters_do_not_touch(drawn):
    for ax in drawn["star", "overview"].axes[:4]:
        with style.context():
            (letter,) = [text for text in ax.texts if text.get_text() in ("(a)", "(b)", "(c)", "(d)")]
            assert letter.get_window_extent().x1 < ax.get_legend().get_window_extent().x0


@pytest.mark.parametrize("shock", [2e6, 1e7, 1.43436e7, 3e7, 5.5e7])
def test_words_about_the_shock_stay_in_the_panel(star, shock):
    with style.context():
        axes = plot_structure(with_values(star, "profile", shock_radius=shock))["shock"].axes
        axes.figure.canvas.draw()
        box = next(text.get_window_extent() for text in axes.texts if text.get_text().startswith("shock"))
        assert axes.bbox.x0 < box.x0 < box.x1 < axes.bbox.x1
