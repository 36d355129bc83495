import numpy as np
import pytest
from matplotlib.colors import same_color
from stars_by_hand import SPECIES, make_star, with_values, without

from snsim.plots import style
from snsim.plots.opacities import (
    chosen_radius,
    opacities,
    over_energy,
    over_radius,
    plot_over_energy,
    plot_over_radius,
    typical_energy,
)


def test_curves_are_the_stored_numbers_at_the_nearest_energy(star):
    piece = over_radius(star, "nue", energy=10.0)
    energy = star["opacity"]["energy"].values
    k = np.argmin(np.abs(np.log(energy / 10.0)))
    assert piece.at == energy[k]
    np.testing.assert_array_equal(piece.roles["absorption"], star["opacity"]["absorption"].values[:, 0, :, k])
    np.testing.assert_allclose(piece.x, star["profile"]["radius"].values / 1e5)


def test_curves_are_the_stored_numbers_in_the_nearest_zone(star):
    piece = over_energy(star, "nux", radius=50.0)
    i = np.argmin(np.abs(np.log(star["profile"]["radius"].values / 5e6)))
    assert piece.at == pytest.approx(star["profile"]["radius"].values[i] / 1e5)
    np.testing.assert_array_equal(piece.roles["scattering"], star["opacity"]["scattering"].values[:, 2, i])


def test_total_is_absorption_and_scattering_of_all_processes(star):
    piece = over_energy(star, "anue")
    total = piece.roles["absorption"].sum(axis=0) + piece.roles["scattering"].sum(axis=0)
    found = plot_over_energy(star, "anue")
    np.testing.assert_allclose(found["total"].get_ydata(), total)
    assert same_color(found["total"].get_color(), "black")


def test_a_curve_that_begins_inside_the_panel_says_why(star):
    assert not [key for key in plot_over_energy(star, "anue") if key.startswith("threshold")]
    energy, absorption = star["opacity"]["energy"].values, star["opacity"]["absorption"].values.copy()
    first = energy.size // 2
    absorption[0, SPECIES.index("anue"), :, :first] = 0.0
    found = plot_over_energy(with_values(star, "opacity", absorption=absorption), "anue")
    assert found["threshold.charged_current"].xy[0] == energy[first]
    assert [key for key in found if key.startswith("threshold")] == ["threshold.charged_current"]


def test_the_sphere_has_dashes_of_its_own(star):
    found = plot_over_radius(star, "nue")
    from snsim.plots.opacities import _MARKS, ROLES

    dashes = [str(dashes) for _, dashes, _ in _MARKS if dashes != _MARKS[0][1]]
    assert str(_MARKS[0][1]) not in [*dashes, *(str(look) for look, _ in ROLES.values())]
    assert found["neutrinosphere"].get_linestyle() == "--"  # of any dashes by hand; dots would be ":"


def test_processes_have_colours_and_roles_have_dashes(star):
    found = plot_over_radius(star, "nue")
    lines = {key for key in found if "." in key}
    assert lines == {
        "absorption.charged_current",
        "scattering.nucleon_scattering",
        "scattering.somebody_elses",
    }
    for key in lines:
        role, name = key.split(".")
        colour = style.process_colours(star["opacity"]["process"].values)[name]
        assert same_color(found[key].get_color(), colour)
        assert (found[key].get_linestyle() == "-") == (role == "absorption")
    ax = found["total"].axes
    assert ax.get_ylabel() == r"opacity [cm$^{-1}$]"
    assert ax.get_xlabel() == "radius [km]"
    assert ax.get_yscale() == "log"


def test_words_say_what_is_held_fixed(star):
    assert "MeV" in plot_over_radius(star, "nue")["words"].get_text()
    found = plot_over_energy(star, "anue", radius=100.0)
    assert r"\bar{\nu}_e" in found["words"].get_text()
    assert "km" in found["words"].get_text()
    assert found["total"].axes.get_xlabel() == "neutrino energy [MeV]"


def test_zero_opacities_are_left_out_not_floored(star):
    opacity = star["opacity"]["absorption"].values.copy()
    opacity[0, :, 20:] = 0.0
    found = plot_over_radius(with_values(star, "opacity", absorption=opacity), "nue")
    assert np.isnan(found["absorption.charged_current"].get_ydata()[20:]).all()
    assert found["total"].axes.get_ylim()[0] > 1e-20


def test_typical_energy_falls_back(star):
    assert typical_energy(star, "nue")[1].endswith(r"(R_\nu)")
    assert typical_energy(without(star, "diagnostics"), "nue") == (9.0, r"\langle E\rangle_\infty")
    assert typical_energy(without(star, "transport"), "nue") == (10.0, "")
    assert typical_energy(make_star(species=("nue",)), "nux") == (10.0, "")


def test_chosen_radius_falls_back(star, thin_star):
    assert chosen_radius(star)[0] == pytest.approx(77.0)
    no_nue = with_values(star, "diagnostics/neutrinosphere", transport_energy_mean=[np.nan, 6e6, 5e6])
    assert chosen_radius(no_nue) == (60.0, r"R_\nu(\bar{\nu}_e)")
    assert chosen_radius(thin_star) == (pytest.approx(np.sqrt(4.0 * 600.0)), "")


def test_figure_has_a_column_for_each_species_with_common_limits(star):
    figure = opacities(star)
    assert len(figure.axes) == 2 * len(SPECIES)
    assert len({ax.get_ylim() for ax in figure.axes[:3]}) == 1
    assert len({ax.get_ylim() for ax in figure.axes[3:]}) == 1
    processes, roles = figure.legends
    assert [text.get_text() for text in processes.get_texts()] == [
        "charged current", "nucleon scattering", r"$e^-e^+$ pairs", "somebody elses",
    ]  # fmt: skip
    assert len(roles.get_texts()) == 5


@pytest.mark.parametrize("group", ["opacity", "profile", "transport", "diagnostics"])
def test_missing_groups_are_no_crash(star, group):
    figure = opacities(without(star, group))
    assert bool(figure.legends) == (group not in ("opacity", "profile"))
    if not figure.legends:
        assert "no opacities" in figure.axes[0].texts[0].get_text()


def test_opacities_that_vanish_draw_without_warning(star, recwarn):
    zero = np.zeros_like(star["opacity"]["absorption"].values)
    found = plot_over_radius(with_values(star, "opacity", absorption=zero, scattering=zero), "nue")
    with style.context():
        found["total"].figure.canvas.draw()
    assert list(recwarn) == []
    assert np.isnan(found["total"].get_ydata()).all()  # a logarithmic axis has no place for 0
    assert not [name for name in found if name.startswith(("absorption", "scattering"))]


def test_a_stranger_gets_a_note(star):
    assert set(plot_over_radius(star, "sterile")) == {"note"}
    assert set(plot_over_energy(star, "sterile")) == {"note"}


def test_no_text_leaves_the_figure(drawn):
    figure = drawn["star", "opacities"]
    with style.context():
        everything = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    assert 0.0 <= everything.x0 < everything.x1 <= width
    assert 0.0 <= everything.y0 < everything.y1 <= height
