"""All figures of a result, as files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from snsim.plots import style
from snsim.plots.ejecta import GROUP as EJECTA
from snsim.plots.ejecta import ejecta
from snsim.plots.explosion import GROUP as MEASURES
from snsim.plots.explosion import explosion
from snsim.plots.history import has_curves, history
from snsim.plots.light_curve import GROUP as EVOLUTION
from snsim.plots.light_curve import light_curve
from snsim.plots.messengers import GROUP as FLAVOUR
from snsim.plots.messengers import messengers
from snsim.plots.opacities import opacities
from snsim.plots.overview import overview
from snsim.plots.spectrum import VARIABLE as SPECTRUM
from snsim.plots.spectrum import spectrum
from snsim.plots.transport_spheres import GROUP as SPHERES
from snsim.plots.transport_spheres import transport_spheres
from snsim.result import Result
from snsim.series import HISTORY


def at_a_glance(result: Result) -> Figure:
    """Draw what a result is about: its transport, or, where none was solved, its transport spheres."""
    if "transport" not in result.groups and SPHERES in result.groups:
        return transport_spheres(result)
    return overview(result)


FIGURES: dict[str, Callable[[Result], Figure]] = {"overview": at_a_glance, "opacities": opacities}
# drawn as well where a result has these groups, or variables of `transport`
WHERE_THERE: dict[str, tuple[set[str], Callable[[Result], Figure]]] = {
    "spectrum": ({f"transport/{SPECTRUM}"}, spectrum),
    "light_curve": ({EVOLUTION}, light_curve),
    "explosion": ({MEASURES}, explosion),
    "messengers": ({FLAVOUR, "transport"}, messengers),
}
OF_EJECTA: dict[str, Callable[[Result], Figure]] = {
    "ejecta": ejecta
}  # all there is of a result of trajectories
OF_SEQUENCE: dict[str, Callable[[Result], Figure]] = {"history": history}
NOTHING = "no figure: the stars of this sequence have no luminosities, spheres, heating or shock to draw"
# no date: equal results give equal files
_OPTIONS: dict[str, dict[str, Any]] = {
    "png": {"pil_kwargs": {"compress_level": 4}},  # the usual 6 takes twice as long for 8 % less
    "pdf": {"metadata": {"CreationDate": None}},
}


def save_all(result: Result, directory: str | Path, formats: Sequence[str] = ("png",)) -> list[Path]:
    """Draw every figure of a result into a directory that exists.

    Parameters
    ----------
    result : Result
        Any; what it lacks is said in the figures.
    directory : str or Path
        Where the files go; older ones are replaced.
    formats : sequence of str
        Of ``png`` and ``pdf``.

    Returns
    -------
    list of Path
        ``overview.png``, ``opacities.png``, and those of `WHERE_THERE` for which it holds the data: equal results give
        equal bytes. Of trajectories of ejecta only ``ejecta.png``, of a sequence only ``history.png``.
    """
    files = []
    for name, draw in figures_of(result).items():
        with style.context():
            figure = draw(result)
            for kind in formats:
                file = Path(directory) / f"{name}.{kind}"
                save(figure, file)
                files.append(file)
    return files


def figures_of(result: Result) -> dict[str, Callable[[Result], Figure]]:
    """Return the figures that can be drawn of a result, by name of their file; of some sequences none."""
    if HISTORY in result.groups:
        return OF_SEQUENCE if has_curves(result) else {}
    if EJECTA in result.groups:
        return OF_EJECTA
    there = set(result.groups) | {f"transport/{name}" for name in result.groups.get("transport", {})}
    return FIGURES | {name: draw for name, (needed, draw) in WHERE_THERE.items() if needed <= there}


def save(figure: Figure, file: str | Path) -> None:
    """Write a figure in the style of all figures, in the format that the file's name ends with.

    Parameters
    ----------
    figure : Figure
        Any.
    file : str or Path
        Ends with ``.png`` or ``.pdf``; replaced if it exists.
    """
    kind = Path(file).suffix[1:].lower()
    with style.context():
        figure.savefig(file, format=kind, **_OPTIONS[kind])
