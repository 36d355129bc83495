import numpy as np
import pytest
from matplotlib.colors import same_color
from stars_by_hand import SPECIES, make_star, with_values

from snsim.plots import style
from snsim.plots._panels import scheme_of
from snsim.plots.figures import save_all
from snsim.plots.overview import plot_luminosity
from snsim.plots.spectrum import VARIABLE, plot_spectrum, spectrum
from snsim.result import Result
from snsim.variable import Variable

LUMINOSITY, TEMPERATURE, ETA = (
    np.array([4e52, 3e52, 2e52]),
    np.array([3.0, 4.0, 5.0]),
    np.array([2.0, 1.0, 0.0]),
)
LAPSE = 0.99


def shape(energy, temperature, eta):
    return energy**3 / (1.0 + np.exp(energy / temperature - eta))


@pytest.fixture(scope="module")
def shining():
    """Exact Fermi-Dirac spectra at infinity on 24 groups."""
    star = make_star()
    energy, fine = np.geomspace(1.8, 260.0, 24), np.linspace(0.0, 900.0, 90001)
    rows = [
        light * shape(energy, t * LAPSE, eta) / np.trapezoid(shape(fine, t * LAPSE, eta), fine)
        for light, t, eta in zip(LUMINOSITY, TEMPERATURE, ETA, strict=True)
    ]
    zones = star["profile"]["radius"].values.size
    along = np.ones(zones)
    transport = dict(star.groups["transport"]) | {
        "group": Variable(("group",), energy, "MeV", "energy"),
        VARIABLE: Variable(("species", "group"), np.array(rows), "erg/(s MeV)", "spectrum"),
        "neutrino_temperature": Variable(
            ("species", "zone"), np.outer(TEMPERATURE, along), "MeV", "temperature"
        ),
        "degeneracy": Variable(("species", "zone"), np.outer(ETA, along), "1", "degeneracy"),
        "luminosity_infinity": Variable(
            ("species", "interface"), np.outer(LUMINOSITY, np.ones(zones + 1)), "erg/s", "luminosity"
        ),
    }
    profile = dict(star.groups["profile"]) | {"lapse": Variable(("zone",), LAPSE * along, "1", "lapse")}
    groups = {**star.groups, "transport": transport, "profile": profile}
    return Result(groups, '[transport]\nscheme = "multigroup"\nlimiter = "minerbo"\n')


def test_groups_lines_and_the_equal_thermal_shape(shining):
    found = plot_spectrum(shining)
    values = shining["transport"][VARIABLE].values
    assert {key.partition(".")[0] for key in found} == {"spectrum", "groups", "fermi_dirac", "scheme"}
    for i, name in enumerate(SPECIES):
        assert same_color(found[f"spectrum.{name}"].get_color(), style.SPECIES_COLOURS[name])
        np.testing.assert_allclose(found[f"groups.{name}"].get_ydata(), values[i] / 1e51)
        line, dashed = found[f"spectrum.{name}"].get_ydata(), found[f"fermi_dirac.{name}"].get_ydata()
        bright = dashed > 1e-3 * dashed.max()
        np.testing.assert_allclose(line[bright], dashed[bright], rtol=2e-3)
        circles = found[f"groups.{name}"]  # seen on their line: another face, wider than it
        assert same_color(circles.get_markerfacecolor(), "white")
        assert circles.get_markersize() > 3.0 * found[f"spectrum.{name}"].get_linewidth()
        assert circles.get_zorder() > found[f"spectrum.{name}"].get_zorder()
    assert "circles: energy groups" in found["scheme"].get_text()
    ax = found["spectrum.nue"].axes
    assert r"10^{51}" in ax.get_ylabel()
    assert "1 of 4" in ax.get_ylabel()
    assert ax.get_xlabel().endswith("[MeV]")
    assert ax.get_ylim()[1] > values.max() / 1e51


def test_both_axes_are_logarithmic_where_asked(shining):
    ax = plot_spectrum(shining, logarithmic=True)["spectrum.nue"].axes
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")


def test_no_groups_leave_a_note(star, shining):
    assert set(plot_spectrum(star)) == {"note"}
    dark = with_values(shining, "transport", **{VARIABLE: np.zeros((3, 24))})
    assert set(plot_spectrum(dark)) == {"note"}
    lost = with_values(shining, "transport", degeneracy=None)
    assert not any(key.startswith("fermi_dirac") for key in plot_spectrum(lost))


def test_nothing_leaves_the_figure_and_it_is_saved(shining, star, tmp_path):
    figure = spectrum(shining)
    with style.context():
        figure.canvas.draw()
        everything = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    assert 0.0 <= everything.x0 < everything.x1 <= width
    assert 0.0 <= everything.y0 < everything.y1 <= height
    assert "spectrum.png" in [file.name for file in save_all(shining, tmp_path)]
    assert "spectrum.png" not in [file.name for file in save_all(star, tmp_path)]


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ('scheme = "gray"\nlimiter = "wilson"', "gray, wilson limiter"),
        ('scheme = "eddington"\nlimiter = "wilson"', "eddington"),
        (
            'scheme = "multigroup"\nlimiter = "levermore-pomraning-albedo"',
            "multigroup, levermore-pomraning-albedo limiter",
        ),
        ("", ""),
    ],
)
def test_scheme_and_limiter_are_named(star, toml, words):
    result = Result(star.groups, f"[transport]\n{toml}\n")
    assert scheme_of(result) == words
    found = plot_luminosity(result)
    assert (found["scheme"].get_text() == words) if words else "scheme" not in found
