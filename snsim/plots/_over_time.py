"""What figures over time share: a line for each species, the axis of luminosity, room around curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from snsim.plots import style
from snsim.plots._panels import Array, positive

LUMINOSITY = 1e51  # erg/s, unit of the axes


def lines_of_species(
    ax: Axes, key: str, time: Array, values: Array, species: Sequence[str], **line: Any
) -> dict[str, Artist]:
    """Draw one line for each species where its values are positive.

    Parameters
    ----------
    ax : Axes
        Any.
    key : str
        First part of the names of what is returned.
    time : (time,) array
    values : (time, species) array
    species : sequence of str
    **line
        Further options of the lines.

    Returns
    -------
    dict of Artist
        ``KEY.nue``, ...
    """
    found: dict[str, Artist] = {}
    for name, each in zip(species, values.T, strict=True):
        options = {"color": style.species_colour(name), "label": style.species_label(name)} | line
        (found[f"{key}.{name}"],) = ax.plot(time, positive(each), **options)
    return found


def luminosity_axis(ax: Axes, luminosity: Array, species: Sequence[str]) -> None:
    """Make the y axis one of luminosities in 1e51 erg/s, and say that the heavy species is one of four."""
    style.log_axis(ax, "y", *room(luminosity))
    one = f" ({style.species_label('nux')}: 1 of 4)" if "nux" in species else ""
    ax.set_ylabel(r"$L_\infty$ [$10^{51}$ erg s$^{-1}$]" + one)


def room(values: Array) -> tuple[float, float]:
    """Return limits of a logarithmic axis with some room around the values that are positive."""
    known = values[np.isfinite(values) & (values > 0.0)]
    return 0.8 * float(known.min()), 1.25 * float(known.max())
