import subprocess
import sys

import matplotlib
import numpy as np
import pytest

from snsim.plots import style
from snsim.plots._ticks import log_ticks, log_words


def test_context_leaves_rcparams_as_they_were():
    before = dict(matplotlib.rcParams)
    with style.context():
        assert matplotlib.rcParams["font.family"] == style.RC["font.family"]
        assert dict(matplotlib.rcParams) != before
    assert dict(matplotlib.rcParams) == before


def test_context_does_not_depend_on_the_settings_of_the_user():
    with (
        matplotlib.rc_context({"lines.linewidth": 9.0, "axes.grid": True, "text.usetex": True}),
        style.context(),
    ):
        assert not matplotlib.rcParams["text.usetex"]
        assert not matplotlib.rcParams["axes.grid"]
        assert matplotlib.rcParams["lines.linewidth"] == style.RC["lines.linewidth"]


def test_figures_load_neither_pyplot_nor_a_solver():
    heavy = [
        "matplotlib.pyplot",
        "numba",
        "scipy",
        "astropy",
        "h5py",
        "xarray",
        "snsim.transport",
        "snsim.pipeline",
    ]
    code = f"import sys, snsim.plots.figures; print([m for m in {heavy} if m in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "[]\n"
    )


def luminance(colour: str) -> float:
    return float(np.dot(matplotlib.colors.to_rgb(colour), [0.2126, 0.7152, 0.0722]))


def seen_without_green(colour: str) -> np.ndarray:
    """Deuteranopia, Vienot et al. 1999, in linear-ish RGB: enough to tell hues apart."""
    matrix = np.array([[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]])
    return matrix @ np.array(matplotlib.colors.to_rgb(colour)) ** 2.2


@pytest.mark.parametrize("colours", [style.SPECIES_COLOURS, style.PROCESS_COLOURS])
def test_colours_stay_apart_for_colour_blind_readers(colours):
    seen = [seen_without_green(colour) for colour in colours.values()]
    apart = [np.linalg.norm(a - b) for i, a in enumerate(seen) for b in seen[:i]]
    assert min(apart) > 0.05


def test_colours_of_processes_are_fixed_and_others_get_their_own():
    alone = style.process_colours(["pair"])
    many = style.process_colours(["one", "pair", "two"])
    assert many["pair"] == alone["pair"] == style.PROCESS_COLOURS["pair"]
    assert len(set(many.values())) == 3


def test_labels_of_species_are_mathtext_and_unknown_names_are_drawable():
    assert style.species_label("anue") == r"$\bar{\nu}_e$"
    assert style.species_label("5$ ν") == r"5\$ ?"


@pytest.mark.parametrize(
    ("value", "text"),
    [(5.29e28, r"$5.3\times10^{28}$"), (0.094, "$0.094$"), (9.96e3, r"$1.0\times10^{4}$"), (0.0, "$0$")],
)
def test_numbers_in_words(value, text):
    assert style.power_of_ten(value) == text


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (2.4, 6.3, ["3", "4", "5", "6"]),
        (4.0, 600.0, ["5", "10", "20", "50", "100", "200", "500"]),
        (0.5, 350.0, ["1", "3", "10", "30", "100", "300"]),
        (13.0, 80.0, ["15", "20", "30", "40", "50", "70"]),
        (2e-4, 0.3, ["0.001", "0.01", "0.1"]),
        (3e-5, 2e-3, ["$10^{-4}$", "$10^{-3}$"]),
        (
            1.6e5,
            2.4e5,
            [
                "$1.6\\times10^{5}$",
                "$1.8\\times10^{5}$",
                "$2\\times10^{5}$",
                "$2.2\\times10^{5}$",
                "$2.4\\times10^{5}$",
            ],
        ),
        (1e-4, 1.0, ["$10^{-4}$", "$10^{-3}$", "$10^{-2}$", "$10^{-1}$", "$10^{0}$"]),
        (1e-12, 1e2, [f"$10^{{{n}}}$" for n in range(-12, 3, 2)]),
    ],
)
def test_ticks_of_log_axes_are_few_and_round(low, high, labels):
    ax = style.new_figure(2.0).add_subplot()
    style.log_axis(ax, "y", low, high, most=8)
    assert ax.get_ylim() == (low, high)
    assert [tick.get_text() for tick in ax.get_yticklabels()] == labels


@pytest.mark.parametrize("most", [3, 7])
@pytest.mark.parametrize(
    "length", [0.02, 0.1, 0.3, 0.49, 0.51, 0.7, 0.99, 1.2, 2.0, 2.6, 3.4, 3.6, 7.0, 20.0]
)
def test_every_log_axis_has_two_numbers_none_twice_and_none_as_programs_write_them(length, most):
    for start in np.arange(-9.0, 9.0, 0.13):
        low, high = 10.0**start, 10.0 ** (start + length)
        ticks = log_ticks(low, high, most)
        labels = [log_words(ticks, low, high)(tick) for tick in ticks]
        assert 2 <= len(labels) <= 9, labels
        assert len(set(labels)) == len(labels), labels
        assert not any("e" in label.replace("times", "") for label in labels), labels
