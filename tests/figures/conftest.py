from __future__ import annotations

import pytest
from matplotlib.figure import Figure
from stars_by_hand import make_star, make_thin_star

from snsim.plots import style
from snsim.plots.figures import FIGURES
from snsim.result import Result


@pytest.fixture(scope="session")
def star() -> Result:
    return make_star()


@pytest.fixture(scope="session")
def thin_star() -> Result:
    return make_thin_star()


@pytest.fixture(scope="session")
def drawn(star, thin_star) -> dict[tuple[str, str], Figure]:
    """Figures that have been drawn once, by star and name: only then texts have a place."""
    figures = {("star", name): make(star) for name, make in FIGURES.items()}
    for which, result in {"thin": thin_star, "one": make_star(species=("nue",))}.items():
        figures[which, "overview"] = FIGURES["overview"](result)
    with style.context():
        for figure in figures.values():
            figure.canvas.draw()
    return figures
