from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import same_color
from stars_by_hand import PROCESSES, SPECIES, make_star, with_values, without

from snsim.plots import style
from snsim.plots.figures import at_a_glance, save_all
from snsim.plots.opacities import chosen_radius, plot_over_radius
from snsim.plots.transport_spheres import plot_composition, plot_shares, plot_spheres, transport_spheres
from snsim.result import Result
from snsim.variable import Variable

GROUP = "diagnostics/transport_sphere"


@pytest.fixture(scope="module")
def core() -> Result:
    """Opacities alone, with spheres that go with E^0.5 and nuclei."""
    star = without(make_star(), "transport", "diagnostics")
    energy, radius = star["opacity"]["energy"].values, star["profile"]["radius"].values
    n = np.array([1.0, 0.9, 0.8])[:, None]
    dims = ("species", "energy")
    share = np.zeros((len(PROCESSES), 3, energy.size))
    share[0], share[1], share[2] = 0.7, 0.25, 0.05
    spheres = {
        "radius": Variable(dims, 1e7 * n * (energy / 10.0) ** 0.5, "cm", "transport sphere"),
        "thermalisation_radius": Variable(dims, 3e6 * n * (energy / 10.0) ** 0.5, "cm", "thermalisation"),
        "share": Variable(("process", *dims), share, "1", "share"),
    }
    nuclei = {
        "mass_fraction_heavy": Variable(("zone",), np.full(radius.size, 0.9), "1", "nuclei"),
        "mass_fraction_neutron": Variable(("zone",), np.full(radius.size, 0.1), "1", "neutrons"),
        "mass_number_heavy": Variable(("zone",), 60.0 + 1e8 / radius, "1", "A"),
        "charge_number_heavy": Variable(("zone",), 26.0 + 3e7 / radius, "1", "Z"),
    }
    profile = {**star.groups["profile"], **nuclei}
    return Result({**star.groups, "profile": profile, GROUP: spheres})


def test_takes_the_place_of_the_overview_only_without_transport(core, tmp_path):
    assert len(at_a_glance(core).axes) == len(transport_spheres(core).axes)
    with_both = Result({**make_star().groups, GROUP: core.groups[GROUP]})
    words = [ax.get_ylabel() for ax in at_a_glance(with_both).axes]
    assert any("luminosity" in word for word in words)
    assert [file.name for file in save_all(core, tmp_path)] == ["overview.png", "opacities.png"]


def test_curves_are_the_stored_numbers(core):
    found = plot_spheres(core)
    for i, name in enumerate(SPECIES):
        line = found[f"radius.{name}"]
        np.testing.assert_allclose(line.get_ydata(), core.groups[GROUP]["radius"].values[i] / 1e5)
        assert same_color(line.get_color(), style.species_colour(name))
        assert line.get_linestyle() != found[f"thermalisation_radius.{name}"].get_linestyle()
    shares = plot_shares(core)
    assert {key for key in shares if key.startswith("nue.")} == {
        "nue.charged_current",
        "nue.nucleon_scattering",
    }
    np.testing.assert_array_equal(shares["nux.charged_current"].get_ydata(), 0.7)
    nuclei = plot_composition(core)
    assert set(nuclei) == {
        "mass_fraction_heavy",
        "mass_fraction_neutron",
        "mass_number_heavy",
        "charge_number_heavy",
    }


def test_densities_stand_at_their_radii(core):
    figure = plot_spheres(core)["radius.nue"].figure
    left, right = figure.axes
    assert left.get_ylim() == right.get_ylim()
    profile = core.groups["profile"]
    places = right.yaxis.get_major_locator()()
    assert len(places) >= 2
    labels = [right.yaxis.get_major_formatter()(place) for place in places]
    for place, label in zip(places, labels, strict=True):
        density = np.interp(place * 1e5, profile["radius"].values, profile["density"].values)
        assert label == style.power_label(10.0 ** round(np.log10(density)))


def test_opacities_are_shown_at_the_transport_sphere(core):
    radius, why = chosen_radius(core)
    energy = core["opacity"]["energy"].values
    exact = np.interp(np.log(10.0), np.log(energy), core.groups[GROUP]["radius"].values[0]) / 1e5
    assert radius == pytest.approx(exact)
    assert "10" in why
    found = plot_over_radius(core, "nue")
    assert "transport_sphere" in found
    assert "neutrinosphere" not in found
    assert "neutrinosphere" in plot_over_radius(make_star(), "nue")


@pytest.mark.parametrize("group", ["opacity", "profile", "diagnostics"])
def test_missing_groups_are_no_crash(core, group):
    figure = transport_spheres(without(core, group))
    with style.context():
        figure.canvas.draw()
    assert len(figure.axes) >= 4


def test_undefined_spheres_are_a_note(core):
    nothing = np.full((3, 12), np.nan)
    empty = with_values(
        core, GROUP, radius=nothing, thermalisation_radius=nothing, share=np.full((4, 3, 12), np.nan)
    )
    assert set(plot_spheres(empty)) == {"note"}
    assert set(plot_shares(empty)) == {"note"}
    assert set(plot_composition(make_star())) == {"note"}


def test_no_text_leaves_the_figure(core):
    figure = transport_spheres(core)
    with style.context():
        figure.canvas.draw()
        everything = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    assert 0.0 <= everything.x0 < everything.x1 <= width
    assert 0.0 <= everything.y0 < everything.y1 <= height


def test_the_legend_of_processes_hides_no_share(core):
    full = np.ones_like(core.groups[GROUP]["share"].values)
    with style.context():
        found = plot_shares(with_values(core, GROUP, share=full))
        axes = found["nue.charged_current"].axes
        axes.figure.canvas.draw()
        boxes = [each.get_window_extent() for each in axes.get_children() if type(each).__name__ == "Legend"]
        assert len(boxes) == 2
        assert min(box.y0 for box in boxes) > axes.transData.transform((1.0, 1.0))[1]
