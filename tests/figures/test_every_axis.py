"""What every axis of every figure owes its reader."""

import numpy as np
import pytest
from test_history_figure import made
from test_study_figure import by_hand

from snsim.plots import style
from snsim.plots.history import history
from snsim.plots.study import study


def numbers(axis) -> list[str]:
    """Return what is written at the ticks inside the limits."""
    low, high = sorted(axis.get_view_interval())
    edge = 1e-9 * (high - low)
    inside = [tick for tick in axis.get_major_ticks() if low - edge <= tick.get_loc() <= high + edge]
    labels = [label for tick in inside for label in (tick.label1, tick.label2)]
    return [label.get_text() for label in labels if label.get_visible() and label.get_text()]


def faults(figure) -> list[tuple[str, list[str]]]:
    """Return the axes with a lone number, with the same one twice, or with one as programs write it."""
    found = []
    for ax in figure.axes:
        for axis in (ax.xaxis, ax.yaxis):
            words = numbers(axis)
            if len(words) == 1 or len(set(words)) < len(words) or any("e-" in w or "e+" in w for w in words):
                found.append((axis.get_label_text(), words))
    return found


@pytest.mark.parametrize(
    "which", [("star", "overview"), ("star", "opacities"), ("thin", "overview"), ("one", "overview")]
)
def test_every_axis_of_a_star_has_numbers_to_read(drawn, which):
    assert not faults(drawn[which])


@pytest.mark.parametrize("spread", [1.0001, 1.4, 9.0, 40.0])
@pytest.mark.parametrize("level", [2e-5, 1.0, 3e3])
def test_every_axis_of_a_sequence_has_numbers_to_read(spread, level):
    share = level * np.array([1.0, spread**0.5, spread])
    each = np.outer(share, [1.0, 1.0, 1.0])
    figure = history(
        made(
            luminosity_infinity=1e51 * each,
            neutrinosphere_radius=1e5 * each,
            gain_radius=1e5 * share,
            shock_radius=1e5 * share,
        )
    )
    with style.context():
        figure.canvas.draw()
    assert all(len(numbers(ax.yaxis)) >= 2 for ax in figure.axes)
    assert not faults(figure)


def test_every_axis_of_a_study_has_numbers_to_read():
    figure = study(by_hand())
    with style.context():
        figure.canvas.draw()
    assert not faults(figure)
