from dataclasses import replace
from types import SimpleNamespace

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from microphysics.constants import CODATA
from microphysics.eos.lattimer_swesty import LattimerSwesty
from microphysics.eos.state import BUBBLES, NSE_TEMPERATURE, NUCLEI, TRACES, UNIFORM
from snsim.plots import eos as figures
from snsim.plots import style
from snsim.plots.eos_lines import (
    PULSAR,
    plot_adiabatic_index,
    plot_mass_radius,
    plot_pressure_parts,
    plot_pressures,
    plot_temperatures,
)
from snsim.plots.eos_maps import PHASES, SHOWN, phase_handles, plot_map, plot_phases

DENSITY = np.geomspace(1e8, 8e14, 24)


@pytest.fixture(scope="module")
def eos():
    return LattimerSwesty()


@pytest.fixture(scope="module")
def matter(eos):
    return figures.plane(eos, 0.3, DENSITY, np.geomspace(0.3, 30.0, 16))


@pytest.fixture(scope="module")
def adiabats(eos):
    return figures.adiabats(eos, 0.3, (1.0, 4.0), DENSITY)


def stars(factor=1.0):
    """A sequence by hand: the mass rises with central density to 2 Msun and falls."""
    central = np.geomspace(3e14, 3e15, 21)
    x = np.log10(central / 1e15)
    mass = factor * (2.0 - 4.0 * x**2)
    return SimpleNamespace(
        central_density=central, mass=mass * CODATA.solar_mass, radius=(12.0 - 2.0 * x) * 1e5
    )


def draw(figure: Figure) -> None:
    with style.context():
        figure.canvas.draw()


def inside(figure: Figure) -> bool:
    with style.context():
        everything = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    return 0.0 <= everything.x0 < everything.x1 <= width and 0.0 <= everything.y0 < everything.y1 <= height


@pytest.fixture(scope="module")
def drawn(eos):
    made = {
        "composition": figures.composition(eos, points=(24, 16)),
        "pressure": figures.pressure(eos, points=60),
        "phases": figures.phases(eos, (0.3, 0.5), points=(20, 12)),
        "mass_radius": figures.mass_radius({"soft": stars(), "stiff": stars(1.2)}, {"stiff": 7e14}),
    }
    for figure in made.values():
        draw(figure)
    return made


@pytest.mark.parametrize("name", ["composition", "pressure", "phases", "mass_radius"])
def test_no_text_leaves_the_figure(drawn, name):
    assert inside(drawn[name])


@pytest.mark.parametrize("name", ["composition", "pressure", "phases"])
def test_figures_say_what_matter_they_show(drawn, name):
    words = " ".join(text.get_text() for text in drawn[name].texts)
    assert "Lattimer-Swesty, K = 220 MeV" in words
    per_panel = " ".join(text.get_text() for ax in drawn[name].axes for text in ax.texts)
    assert "Y_e=0.3" in words + per_panel


def test_every_axis_has_a_name_and_a_unit(drawn):
    for name, figure in drawn.items():
        for ax in figure.axes:
            if not ax.get_subplotspec():
                continue  # a scale of colours is named above it
            for label in (ax.get_xlabel(), ax.get_ylabel()):
                assert not label or "[" in label or "Gamma" in label, (name, label)
        assert {bool(figure.axes[0].get_ylabel())} == {True}


def test_composition_has_six_maps_with_scales(drawn):
    panels = [ax for ax in drawn["composition"].axes if ax.get_subplotspec()]
    assert len(panels) == len(SHOWN) == 6
    assert len({ax.get_xlim() for ax in panels}) == len({ax.get_ylim() for ax in panels}) == 1
    assert panels[0].get_xlim() == pytest.approx(figures.DENSITIES)
    for ax, shown in zip(panels, SHOWN.values(), strict=True):
        (scale,) = ax.child_axes
        assert scale.get_xlim()[0] == pytest.approx(shown.low)
        assert any(shown.label in text.get_text() for text in ax.texts)


def test_a_map_shows_the_values_and_lines_of_equal_ones(matter):
    found = plot_map(matter, "mass_fraction_heavy")
    assert set(found) == {"map", "lines", "words", "scale", "equilibrium"}
    values = np.ma.filled(found["map"].get_array(), np.nan)
    there = matter.mass_fraction_heavy > 1e-4
    np.testing.assert_allclose(values[there], matter.mass_fraction_heavy[there])
    assert np.isnan(values[matter.mass_fraction_heavy == 0.0]).all()  # nothing, not little
    assert tuple(found["lines"].levels) == SHOWN["mass_fraction_heavy"].lines
    assert found["equilibrium"].get_ydata()[0] == NSE_TEMPERATURE


def test_sizes_of_nuclei_are_left_out_where_there_are_hardly_any(matter):
    found = plot_map(matter, "mass_number_heavy", title="(a)")
    values = np.ma.filled(found["map"].get_array(), np.nan)
    assert np.isnan(values[matter.mass_fraction_heavy < 1e-3]).all()
    assert "(a)" in found["words"].get_text()
    low, high = found["map"].get_clim()
    assert low < np.nanmin(values) <= np.nanmax(values) <= high


def test_a_map_of_nothing_draws_without_warning(matter):
    nil = np.zeros_like(matter.density)
    for name in SHOWN:
        found = plot_map(replace(matter, **{"mass_fraction_heavy": nil, name: nil}), name)
        assert "lines" not in found
        draw(found["map"].figure)


def test_phases_on_both_kinds_of_axes(matter):
    wide, close = plot_phases(matter), plot_phases(matter, linear=True, title="here")
    names = [handle.get_label() for handle in phase_handles()]
    for found in (wide, close):
        assert "half" in found
        drawn = np.array(names)[np.asarray(found["map"].get_array(), dtype=int)]
        for key in (UNIFORM, TRACES, NUCLEI, BUBBLES):
            np.testing.assert_array_equal(drawn == PHASES[key][0], matter.phase == key)
    assert wide["map"].axes.get_xscale() == "log"
    assert close["map"].axes.get_xlim() == pytest.approx(matter.baryon_density[0, [0, -1]] * 1e-39)
    assert "fm" in close["map"].axes.get_xlabel()
    assert "equilibrium" not in close
    assert close["words"].get_text() == "here"


def test_phases_stay_apart_in_gray_print_and_are_all_named():
    light = [float(np.dot(to_rgb(colour), [0.2126, 0.7152, 0.0722])) for _, colour in PHASES.values()]
    assert min(-np.diff(light)) > 0.15
    assert {words for words, _ in PHASES.values()} < {handle.get_label() for handle in phase_handles()}


def test_parts_of_the_pressure_sum_to_the_total(adiabats):
    found = plot_pressure_parts(adiabats[1.0])
    parts = [np.nan_to_num(found[f"pressure_{name}"].get_ydata()) for name in ("baryon", "lepton", "photon")]
    below = np.nan_to_num(found["negative"].get_ydata())  # electrostatic energy at high density
    assert below.max() > 0.0
    np.testing.assert_allclose(sum(parts) - below, found["pressure"].get_ydata(), rtol=1e-12)
    labels = [text.get_text() for text in found["pressure"].axes.get_legend().get_texts()]
    assert labels == ["total", "baryons", "$-$baryons", "$e^-$ and $e^+$", "photons"]


def test_lines_of_equal_temperature_and_entropy(eos, adiabats):
    isotherms = figures.isotherms(eos, 0.3, (1.0, 10.0, 1e3), DENSITY)
    assert set(isotherms) == {1.0, 10.0}  # 1e3 MeV is outside
    assert set(plot_pressures(isotherms)) == {"1", "10"}
    found = plot_temperatures(adiabats)
    assert set(found) == {"1", "4"}
    assert (np.diff(found["1"].get_ydata()) > 0.0).all()
    assert (found["4"].get_ydata() > found["1"].get_ydata()).all()
    for entropy, state in adiabats.items():
        np.testing.assert_allclose(state.entropy, entropy, rtol=1e-9)
    index = plot_adiabatic_index(adiabats)
    assert index["four_thirds"].get_ydata()[0] == pytest.approx(4.0 / 3.0)
    assert len({str(index[key].get_linestyle()) for key in ("1", "4")}) == 2  # not by colour alone
    words = [text.get_text() for text in index["1"].axes.get_legend().get_texts()]
    assert words == ["$s$ [$k_B$]", "1", "4"]


def test_adiabats_end_where_the_domain_does(eos):
    (line,) = figures.adiabats(eos, 0.3, (8.0, 1e14), DENSITY).values()
    assert line.density.size < DENSITY.size
    assert line.temperature.max() < eos.temperature_range[1]


def test_stars_are_solid_where_stable_and_causal():
    found = plot_mass_radius({"soft": stars(), "stiff": stars(1.2)}, causal_density={"stiff": 7e14})
    assert "soft.acausal" not in found
    solid, dashed, dotted = (found[f"stiff{piece}"] for piece in ("", ".acausal", ".unstable"))
    assert solid.get_ydata()[-1] == dashed.get_ydata()[0]
    assert dashed.get_ydata()[-1] == dotted.get_ydata()[0] == pytest.approx(2.4, rel=0.01)
    assert found["stiff.maximum"].get_ydata()[0] == dashed.get_ydata()[-1]
    ax = solid.axes
    assert ax.get_ylim()[1] > 2.4
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["soft", "stiff"]
    assert PULSAR[0] in [text.get_text() for text in ax.texts]


def test_files_are_written_in_both_formats(eos, tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "FIGURES", {"eos_pressure": lambda eos: figures.pressure(eos, points=40)})
    files = figures.save_all(eos, tmp_path, ("png", "pdf"))
    assert [file.name for file in files] == ["eos_pressure.png", "eos_pressure.pdf"]
    assert files[0].read_bytes().startswith(b"\x89PNG")
    assert b"CreationDate" not in files[1].read_bytes()


def test_own_axes_are_used_and_rcparams_stay(matter, adiabats):
    before = dict(matplotlib.rcParams)
    panels = {
        plot_pressure_parts: adiabats[1.0],
        plot_pressures: adiabats,
        plot_temperatures: adiabats,
        plot_adiabatic_index: adiabats,
        plot_phases: matter,
        plot_mass_radius: {"soft": stars()},
    }
    for panel, what in panels.items():
        ax = Figure().add_subplot()
        found = panel(what, ax)
        assert all(artist.figure is ax.figure for artist in found.values())
    ax = Figure().add_subplot()
    assert plot_map(matter, "mass_fraction_proton", ax)["map"].axes is ax
    assert dict(matplotlib.rcParams) == before


def test_electron_fractions_outside_the_domain_are_left_out(eos):
    assert len(figures.phases(eos, (0.3, 0.9), points=(8, 6)).axes) == 2
