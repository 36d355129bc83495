"""Figures of verification problems: ticks where the grids are, no empty places, lines that points do not hide."""

import numpy as np

from snsim.plots import style
from snsim.plots.verification import figure_of
from snsim.verification.problem import Curve, Panel

ZONES = np.array([50.0, 100.0, 200.0, 400.0])


def panel(points: int = 4) -> Panel:
    """Errors of second order on some grids."""
    x = ZONES if points == 4 else np.geomspace(1.0, 100.0, points)
    curves = (Curve("line", x, x**-2.0), Curve("points", x, x**-2.0, points=True))
    return Panel("errors", "zones", "error", curves, True, True, (-2.0,))


def test_every_grid_has_its_number():
    with style.context():
        figure = figure_of([panel()])
        figure.canvas.draw()
    (ax,) = figure.axes
    assert [label.get_text() for label in ax.get_xticklabels()] == ["50", "100", "200", "400"]
    assert "slope $-2$" in [text.get_text() for text in ax.texts]


def test_four_panels_are_a_square():
    with style.context():
        places = [ax.get_subplotspec().get_geometry()[:2] for ax in figure_of([panel()] * 4).axes]
    assert places == [(2, 2)] * 4


def test_only_as_many_points_as_leave_the_line_to_be_seen():
    with style.context():
        few, many = (figure_of([panel(points)]).axes[0].lines[1] for points in (20, 200))
    assert few.get_markevery() is None
    assert many.get_markevery() > 0.0
