"""What the panels of a Result share: radii in km, species, spheres, the line of the shock."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from snsim.plots import style
from snsim.result import Result, with_coordinates
from snsim.variable import Group, Variable

Array = NDArray[np.float64]

CM_PER_KM = 1e5
_HEIGHT = 5.6  # inches, of four panels
SPHERE = ("diagnostics/neutrinosphere", "transport_energy_mean")
SPECTRAL_SPHERE = ("diagnostics/transport_sphere", "radius")
SHOCK_DASHES = (0, (4, 2))
WIDEST = 1e4  # of a radius axis that has no first edge: largest over smallest radius


def four_panels(
    result: Result,
    panels: Sequence[Callable[..., dict[str, Artist]]],
    gap: float,
    between: float = 0.42,
    shared: bool = True,
    right: float = 0.93,
) -> Figure:
    """Draw rows of two panels with letters: four, or those that a result has something for.

    Parameters
    ----------
    result : Result
        What the panels read.
    panels : sequence of callable
        Take a result, axes and a title; one to four. An odd one is as wide as its row.
    gap : float
        Between the rows, as a share of a panel's height.
    between : float
        Between the columns, as a share of a panel's width.
    shared : bool
        Whether the upper panels share the axis of those below, and so need no numbers.
    right : float
        Where the panels end, as a share of the width: further out where no axis stands on the right.
    """
    rows = (len(panels) + 1) // 2
    below, above = 0.42, 0.25  # inches
    height = _HEIGHT if rows == 2 else 0.5 * (_HEIGHT - below - above) + below + above
    with style.context():
        figure = style.new_figure(height)
        grid = figure.add_gridspec(
            rows, 2, left=0.08, right=right, bottom=below / height, top=1.0 - above / height,
            wspace=between, hspace=gap,
        )  # fmt: skip
        odd = len(panels) % 2
        places = [grid[k // 2, k % 2] for k in range(len(panels) - odd)] + [grid[-1, :]] * odd
        axes = [figure.add_subplot(place) for place in places]
        for panel, ax, letter in zip(panels, axes, "abcd", strict=False):
            panel(result, ax, title=f"({letter})")
        for ax in axes[:2] if shared else ():
            ax.set_xlabel("")
            ax.tick_params(axis="x", which="both", labelbottom=False)
    return figure


def group_of(result: Result, name: str) -> Group:
    """Return a group, or an empty one."""
    return result.groups.get(name, {})


def species_of(result: Result, name: str) -> tuple[str, ...]:
    """Return the species along the arrays of a group, borrowed from another group if need be."""
    if name not in result.groups:
        return ()
    found = with_coordinates(result, name).get("species")
    return () if found is None else tuple(str(value) for value in found.values)


def scheme_of(result: Result) -> str:
    """Return scheme and, where it has one, limiter of a result's run file; empty where the file names none."""
    chosen = tomllib.loads(result.config_toml).get("transport", {})
    scheme, limiter = chosen.get("scheme", ""), chosen.get("limiter", "")
    return scheme if scheme in ("", "none", "eddington") or not limiter else f"{scheme}, {limiter} limiter"


def radius_of(result: Result, variable: Variable) -> Array | None:
    """Return the radii in km along the last dimension of a variable; None if the profile does not fit it.

    Parameters
    ----------
    result : Result
        Any.
    variable : Variable
        Its last dimension is `zone` or `interface`.
    """
    name = {"zone": "radius", "interface": "radius_interface"}.get(variable.dims[-1])
    radius = group_of(result, "profile").get(name or "")
    if radius is None or radius.values.size != variable.values.shape[-1]:
        return None
    return radius.values / CM_PER_KM


def radius_limits(result: Result) -> tuple[float, float]:
    """Return first edge above 0 and last edge, km; 1 to 1000 km if there is no profile."""
    profile = group_of(result, "profile")
    for name in ("radius_interface", "radius"):
        if name in profile:
            radius = profile[name].values / CM_PER_KM
            radius = radius[np.isfinite(radius) & (radius > 0.0)]
            if radius.size > 1:
                return max(float(radius[0]), float(radius[-1]) / WIDEST), float(radius[-1])
    return 1.0, 1e3


def scalar_km(group: Group, name: str) -> float:
    """Return a scalar radius in km, NaN if it is not there."""
    return float(group[name].values) / CM_PER_KM if name in group else math.nan


def spheres(result: Result) -> dict[str, float]:
    """Return the gray transport sphere of each species in km, NaN where undefined."""
    name, key = SPHERE
    radii = group_of(result, name).get(key)
    if radii is None:
        return {}
    return dict(zip(species_of(result, name), (radii.values / CM_PER_KM).tolist(), strict=False))


def spheres_at(result: Result, energy: float) -> dict[str, float]:
    """Return the transport sphere of each species at one energy in MeV, in km; NaN where undefined."""
    name, key = SPECTRAL_SPHERE
    radii, grid = group_of(result, name).get(key), group_of(result, "opacity").get("energy")
    if radii is None or grid is None:
        return {}
    x = np.log(grid.values)
    values = [float(np.interp(math.log(energy), x, row)) / CM_PER_KM for row in radii.values]
    return dict(zip(species_of(result, name), values, strict=True))


def positive(values: Array) -> Array:
    """Replace what a logarithm cannot show by NaN, so that lines end there instead of diving to a floor."""
    return np.where(values > 0.0, values, np.nan)


def mark_shock(ax: Axes, result: Result, words: bool = False) -> Line2D | None:
    """Draw the shock as a vertical line, with its radius in words where asked for.

    Parameters
    ----------
    ax : Axes
        A panel over radius in km.
    result : Result
        Any.
    words : bool
        Whether to write its radius beside it.
    """
    shock = scalar_km(group_of(result, "profile"), "shock_radius")
    low, high = radius_limits(result)
    if not low < shock < high:
        return None
    line = ax.axvline(shock, color=style.GRAY, lw=0.9, ls=SHOCK_DASHES, zorder=1)
    if words:
        label = ax.annotate(
            f"shock {shock:.4g} km",
            (shock, 0.97),
            xycoords=ax.get_xaxis_transform(),
            xytext=(3.0, 0.0),
            textcoords="offset points",
            va="top",
            fontsize="small",
            color="0.25",
        )
        if label.get_window_extent().x1 > ax.bbox.x1 - 2.0:
            label.set(ha="right", position=(-3.0, 0.0))
    return line
