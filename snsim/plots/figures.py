"""All figures of a result, as files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from snsim.plots import style
from snsim.plots.light_curve import GROUP as EVOLUTION
from snsim.plots.light_curve import light_curve
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
OF_GROUPS: dict[str, Callable[[Result], Figure]] = {"spectrum": spectrum}  # of a scheme with energy groups
IN_TIME: dict[str, Callable[[Result], Figure]] = {"light_curve": light_curve}  # of an evolution
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
        ``overview.png``, ``opacities.png``, with energy groups ``spectrum.png``, of an evolution ``light_curve.png``: equal
        results give equal bytes. Of a sequence none.
    """
    files: list[Path] = []
    if HISTORY in result.groups:
        return files
    drawn = FIGURES | (OF_GROUPS if SPECTRUM in result.groups.get("transport", {}) else {})
    for name, draw in (drawn | (IN_TIME if EVOLUTION in result.groups else {})).items():
        with style.context():
            figure = draw(result)
            for kind in formats:
                file = Path(directory) / f"{name}.{kind}"
                save(figure, file)
                files.append(file)
    return files


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
