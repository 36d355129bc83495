import matplotlib
import numpy as np
import pytest
from matplotlib.colors import same_color
from matplotlib.figure import Figure

from microphysics.matter import FLAVORS, SPECIES
from microphysics.opacity import OpacitySpectra
from snsim.plots import style
from snsim.plots.state_opacities import DECADES, matter_words, plot_role, state_opacities

ENERGY = np.geomspace(0.5, 300.0, 40)
NAMES = ("charged_current", "nucleon_scattering", "light_cluster_scattering", "pair", "somebody_elses")
MANY = ("charged_current", "nucleon_scattering", "nucleus_scattering", "alpha_scattering", "electron_scattering", "pair",
    "bremsstrahlung", "electron_capture", "neutron_decay", "light_cluster_scattering", "magnetic_scattering")  # fmt: skip
MATTER = {
    "density_g_per_cm3": 1.25e12,
    "temperature_mev": 2.0,
    "electron_fraction": 0.3,
    "mass_fraction_neutron": 0.16,
    "mass_fraction_proton": 1e-4,
    "mass_fraction_alpha": 0.01,
    "mass_fraction_heavy": 0.83,
    "mass_number": 103.4,
    "charge_number": 36.8,
}


def spectra(species=SPECIES, names=NAMES):
    """Two states of matter; the second has no opacity at all. Absorption of the first species ends at 100 MeV."""
    shape = (len(names), len(species), 2, ENERGY.size)
    absorption, scattering = np.zeros(shape), np.zeros(shape)
    scale = 1e-9 * 10.0 ** np.arange(len(species))
    absorption[0, :, 0] = scale[:, None] * ENERGY**4
    absorption[0, 0, 0, ENERGY > 100.0] = 0.0
    absorption[3, :, 0] = 1e-34 * ENERGY
    for i in range(1, len(names)):
        if i != 3:
            scattering[i, :, 0] = 1e2 * scale[:, None] * ENERGY**2 / i
    zero = np.zeros(shape)
    return OpacitySpectra(
        tuple(species), tuple(names), ENERGY, absorption, scattering, zero, scattering, np.array([2.0, 2.0]),
        np.zeros((len(species), 2)),
    )  # fmt: skip


@pytest.fixture(scope="module")
def drawn():
    made = {
        "three": state_opacities(spectra(), words=matter_words(MATTER)),
        "six": state_opacities(spectra(FLAVORS, MANY), words=matter_words(MATTER)),
        "four": state_opacities(spectra(("nue", "anue", "numutau", "anumutau"))),
        "two": state_opacities(spectra(("nue", "nux"))),
        "one": state_opacities(spectra(("anumu",))),
        "nothing": state_opacities(spectra(), zone=1),
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


def test_panels_words_and_legend_stand_apart(drawn):
    for name, figure in drawn.items():
        with style.context():
            boxes = [ax.get_tightbbox() for ax in figure.axes]
            boxes += [legend.get_window_extent() for legend in figure.legends]
            boxes += [text.get_window_extent() for text in figure.texts if text.get_text()]
        for i, box in enumerate(boxes):
            assert not any(box.overlaps(other) for other in boxes[i + 1 :]), name


@pytest.mark.parametrize(
    ("name", "panels", "columns"),
    [("three", 6, 3), ("six", 12, 3), ("four", 8, 2), ("two", 4, 2), ("one", 2, 2)],
)
def test_a_panel_for_each_species_and_role(drawn, name, panels, columns):
    axes = drawn[name].axes
    assert len(axes) == panels
    assert len({round(ax.get_position().x0, 6) for ax in axes}) == columns
    words = [text.get_text() for ax in axes for text in ax.texts]
    assert (
        sum("absorption" in each for each in words)
        == sum("scattering" in each for each in words)
        == panels // 2
    )
    lowest = [ax for ax in axes if ax.get_xlabel()]
    assert len(lowest) == columns
    assert len({ax.get_ylim() for ax in axes if any("tr" in text.get_text() for text in ax.texts)}) == 1


def test_lines_are_the_numbers_and_the_black_one_their_sum():
    given = spectra()
    found = plot_role(given, "anue", "scattering")
    assert set(found) == {"sum", "nucleon_scattering", "light_cluster_scattering", "somebody_elses"}
    np.testing.assert_array_equal(found["nucleon_scattering"].get_ydata(), given.scattering[1, 1, 0])
    np.testing.assert_allclose(found["sum"].get_ydata(), given.total_scattering[1, 0])
    assert same_color(found["sum"].get_color(), style.INK)
    for name, colour in style.process_colours(NAMES).items():
        assert name not in found or same_color(found[name].get_color(), colour)


def test_what_nobody_would_see_is_left_out_not_floored():
    found = plot_role(spectra(), "nue", "absorption")
    assert set(found) == {"sum", "charged_current"}
    assert np.isnan(found["sum"].get_ydata()[ENERGY > 100.0]).all()
    low, high = found["sum"].axes.get_ylim()
    assert high / low <= 10.0**DECADES * (1.0 + 1e-9)
    assert low < 1e-9 * 100.0**4 < high


def test_matter_without_opacity_draws_notes(drawn):
    assert all(len(ax.lines) == 0 for ax in drawn["nothing"].axes)
    assert set(plot_role(spectra(), "nux", "scattering", zone=1)) == {"note"}


def test_the_legend_has_what_is_drawn(drawn):
    (legend,) = drawn["three"].legends
    words = [text.get_text() for text in legend.get_texts()]
    assert words == [
        "charged current", "nucleon scattering", "light cluster scattering", "somebody elses", "sum of all processes",
    ]  # fmt: skip


def test_matter_in_words():
    words = matter_words(MATTER)
    assert r"1.25\times10^{12}" in words
    assert "X_n=0.16" in words
    assert "X_p" not in words  # of no weight
    assert "A=103" in words
    assert "A=" not in matter_words(MATTER | {"mass_fraction_heavy": 0.0})
    assert "$10^{12}$" in matter_words(MATTER | {"density_g_per_cm3": 1e12})


def test_own_axes_are_used_and_rcparams_stay():
    before = dict(matplotlib.rcParams)
    ax = Figure().add_subplot()
    found = plot_role(spectra(), "nue", "scattering", ax, limits=(1e-8, 1e-2))
    assert all(artist.figure is ax.figure for artist in found.values())
    assert ax.get_ylim() == (1e-8, 1e-2)
    assert dict(matplotlib.rcParams) == before
