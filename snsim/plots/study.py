"""A collected study: numbers over one of its axes, one line for each value of another, or maps over two."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from microphysics.errors import UnknownNameError
from snsim.errors import ConfigError
from snsim.plots import style
from snsim.plots._study_keys import (
    LOG,
    POINT,
    Along,
    chosen,
    fixed,
    held,
    longest,
    parameters,
    spacing,
    unit_words,
    wrapped,
)
from snsim.plots._study_numbers import headlines, moves, place_of, species_of, variable_of
from snsim.result import HEADLINES, Result, shown_unit

Array = NDArray[np.float64]

MOST_LINES = 9
PANEL_WIDTH, PANEL_HEIGHT = 3.6, 2.35  # inches
ROW = 0.22  # inches of a line of the legend
SEQUENCE, FAILED = "viridis", "0.85"
_DASHES: Sequence[Any] = (
    "-",
    (0, (5, 1.5)),
    (0, (1, 1.2)),
    (0, (5, 1.2, 1, 1.2)),
    (0, (8, 2)),
    (0, (3, 1, 1, 1, 1, 1)),
)
_MARKERS = "osD^vPX"  # one more than dashes: each line has a pair of its own
_QUALITATIVE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")


def study(
    result: Result,
    names: Sequence[str] = (),
    x: str = "",
    by: str = "",
    at: Mapping[str, str] | None = None,
    as_map: bool = False,
    species: str = "",
) -> Figure:
    """Draw numbers of a study.

    Parameters
    ----------
    result : Result
        Of a collected study.
    names : sequence of str
        Of `quantities`; the main ones by default.
    x : str
        Key along the x axis; by default the longest axis of numbers.
    by : str
        Key with one line for each value, or along the y axis of maps; by default another axis, where there is one.
    at : mapping of str to str
        Values of the other axes, as they are shown; by default the first at which there are numbers.
    as_map : bool
        Maps over `x` and `by` instead of lines.
    species : str
        The only one to be drawn; of maps the first by default.

    Returns
    -------
    Figure

    Raises
    ------
    UnknownNameError
        A number, key or value that the study does not have.
    ConfigError
        If no point has a number where it would be drawn, or one key shall run along x and tell lines apart.
    """
    known = {each.key: each for each in parameters(result)}
    asked = {chosen(known, key).dim for key in at or {}}
    free = {
        key: each for key, each in known.items() if each.dim not in asked
    }  # what is held is not drawn along
    first = chosen(free, x) if x else longest(free)
    others = [each for each in free.values() if each.dim != first.dim]
    second = chosen(free, by) if by else next(iter(sorted(others, key=lambda each: -each.values.size)), None)
    names = list(names) or headlines(result)
    place = place_of(
        result, names, {first.dim} | ({second.dim} if second is not None else set()), fixed(known, at or {})
    )
    if second is not None and second.dim == first.dim:  # points coloured by the number
        as_map = True
        if second.key == first.key or not (first.is_number and second.is_number):
            raise ConfigError(
                f"x = {first.key}, by = {second.key}: expected two keys that move independently, or two of numbers."
            )
    with style.context():
        columns = 1 if len(names) == 1 else 2
        rows = max(math.ceil(len(names) / columns), 1)
        figure = style.new_figure(PANEL_HEIGHT * rows + 0.55, 2 * PANEL_WIDTH if columns == 2 else 4.6)
        grid = figure.subplots(rows, columns, squeeze=False)
        artists: dict[str, Artist] = {}
        panels = [(name, *_reduced(result, name, place, species, as_map)) for name in names]
        by_species = any("species" in dims for _, _, dims, _ in panels)  # then no colour means anything else
        for ax, (name, values, dims, label) in zip(grid.flat, panels, strict=False):
            if as_map and second is not None:
                _map(ax, figure, values, dims, label, first, second)
            else:
                there = species_of(result, name, species)
                artists |= _lines(ax, values, dims, label, first, second, there, neutral=by_species)
        for ax in list(grid.flat)[len(names) :]:
            ax.remove()
        left = _legends(figure, artists, second, held(result, known, place))
        for column in grid.T:
            figure.align_ylabels([ax for ax in column if ax.figure is figure])
        figure.tight_layout(rect=(0, 0, 1, left), h_pad=0.9, w_pad=1.3)
    return figure


def _reduced(
    result: Result, name: str, place: Mapping[str, int], species: str, as_map: bool
) -> tuple[Array, tuple[str, ...], str]:
    """Return values in units for people, their dimensions, and the words of their axis."""
    variable = variable_of(result, name)
    values, dims = variable.values, variable.dims
    for dim, index in place.items():
        values, dims = np.take(values, index, dims.index(dim)), tuple(each for each in dims if each != dim)
    words = _headline(name) or variable.long_name
    if "species" in dims and (species or as_map):
        there = species_of(result, name, "")
        chosen = species or there[0]
        if chosen not in there:
            raise UnknownNameError("species of this study", chosen, there)
        values = np.take(values, there.index(chosen), dims.index("species"))
        dims = tuple(each for each in dims if each != "species")
        words += f", {style.species_label(chosen)}"
    largest = float(np.nanmax(np.abs(values))) if np.isfinite(values).any() else 0.0
    unit, factor = shown_unit(variable.unit, largest)
    values = values / factor
    power = math.floor(math.log10(largest / factor)) if largest > 0.0 else 0
    scale = ""
    if not -3 <= power <= 4:
        values, scale = values / 10.0**power, f"$10^{{{power}}}$ "
    unit = unit_words(unit)
    shown = f"[{f'{scale}{unit}'.strip()}]" if scale or unit else ""
    words = words.replace("Y_e", "$Y_e$") if "$" in words else style.plain(words).replace("Y_e", "$Y_e$")
    return values, dims, wrapped(words, shown)


def _headline(name: str) -> str:
    return next(
        (words for group, key, words in HEADLINES if f"{group.removeprefix('diagnostics/')}.{key}" == name),
        "",
    )


def _lines(
    ax: Axes,
    values: Array,
    dims: tuple[str, ...],
    label: str,
    x: Along,
    by: Along | None,
    species: Sequence[str],
    *,
    neutral: bool,
) -> dict[str, Artist]:
    """Draw one line for each species and each value of `by`, told apart by colour unless that shall be `neutral`.

    Crosses at the edge stand where a point has no number.
    """
    order = [x.dim] + ([by.dim] if by is not None else []) + (["species"] if "species" in dims else [])
    values = np.transpose(values, [dims.index(dim) for dim in order])
    if by is None:
        values = values[:, None]
    if "species" not in dims:
        values, species = values[..., None], ("",)
    shown = _few(values.shape[1])
    points = x.dim == POINT
    positions, ranks = _positions(x)
    found: dict[str, Artist] = {}
    for column, index in enumerate(shown):
        for s, name in enumerate(species):
            colour = style.species_colour(name) if name else _colour(by, index, column, neutral)
            marker, dashes = _MARKERS[column % len(_MARKERS)], _DASHES[column % len(_DASHES)]
            y = values[ranks, index, s]
            ax.plot(
                positions, y, color=colour, linestyle="none" if points else dashes,
                marker=marker if points or positions.size <= 30 else "", markersize=3.2, markeredgewidth=0.0, zorder=3,
            )  # fmt: skip
            if name:
                found[f"species.{name}"] = Line2D([], [], color=colour, label=style.species_label(name))
        if by is not None and by.values.size > 1:
            words = by.shown(index, unit=False)
            if np.isfinite(values[:, index]).any():
                found[f"by.{index}"] = Line2D(
                    [], [], markersize=3.2, label=words, color=_colour(by, index, column, neutral),
                    linestyle="none" if points else dashes, marker=marker,
                )  # fmt: skip
            else:
                found[f"without.{index}"] = _words_alone(words)
    missing = ~np.isfinite(values[ranks]).any(axis=tuple(range(1, values.ndim)))
    if missing.any():
        found["missing"] = ax.plot(
            positions[missing], np.full(missing.sum(), 0.02), "x", color=style.INK, markersize=3.5, clip_on=False,
            transform=ax.get_xaxis_transform(), label="no number",
        )[0]  # fmt: skip
    _x_axis(ax, x, positions)
    ax.margins(y=0.08)
    ax.set_ylabel(label, linespacing=1.15)  # a power in the second line touches the first at 1.0
    ax.tick_params(which="both", right=True)
    return found


def _few(count: int) -> list[int]:
    """Return which of many lines are drawn: all, or some from the first to the last."""
    if count <= MOST_LINES:
        return list(range(count))
    return sorted({round(i) for i in np.linspace(0, count - 1, MOST_LINES)})


def _colour(by: Along | None, index: int, column: int, neutral: bool) -> Any:
    if neutral:
        return style.INK
    if by is None:
        return _QUALITATIVE[0]
    if by.is_number and by.values.size > 2:
        low, high = float(by.values.min()), float(by.values.max())
        return matplotlib.colormaps[SEQUENCE](0.9 * (float(by.values[index]) - low) / (high - low))
    return _QUALITATIVE[column % len(_QUALITATIVE)]


def _positions(x: Along) -> tuple[Array, NDArray[np.int64]]:
    """Return where the values of an axis stand, rising, and which they are."""
    if not x.is_number:
        return np.arange(float(x.values.size)), np.arange(x.values.size)
    ranks = np.argsort(x.values, kind="stable")
    return x.values[ranks].astype(np.float64), ranks


def _x_axis(ax: Axes, x: Along, positions: Array) -> None:
    ax.set_xlabel(x.lines, linespacing=1.0)
    if not x.is_number:
        ax.set_xticks(positions, ["\n".join(textwrap.wrap(style.plain(str(v)), 14)) for v in x.values])
        ax.set_xlim(-0.4, positions.size - 0.6)
    elif spacing(positions) == LOG:
        style.log_axis(ax, "x", positions[0] / 1.05, positions[-1] * 1.05)
    else:
        ax.margins(x=0.04)


def _map(
    ax: Axes, figure: Figure, values: Array, dims: tuple[str, ...], label: str, x: Along, y: Along
) -> None:
    """Draw a map with its colour bar; cells without a number are gray."""
    if x.dim == y.dim:
        shown: Any = ax.scatter(x.values, y.values, c=values, cmap=SEQUENCE, s=14, linewidths=0)
        _x_axis(ax, x, np.sort(x.values.astype(np.float64)))
    else:
        (across, columns), (up, rows) = _positions(x), _positions(y)
        plane = np.transpose(values, [dims.index(y.dim), dims.index(x.dim)])[np.ix_(rows, columns)]
        ax.set_facecolor(FAILED)
        shown = ax.pcolormesh(
            _edges(across), _edges(up), np.ma.masked_invalid(plane), cmap=SEQUENCE, rasterized=True
        )
        if np.isfinite(plane).all() and min(plane.shape) >= MOST_LINES and moves(plane):
            lines = ax.contour(across, up, plane, 5, colors="white", linewidths=0.6)
            ax.clabel(lines, fontsize=7, fmt="%g")
        for which, each, at in (("x", x, across), ("y", y, up)):
            if each.is_number and spacing(at) == LOG:
                edges = _edges(at)
                style.log_axis(ax, which, edges[0], edges[-1])
            elif not each.is_number:
                getattr(ax, f"set_{which}ticks")(at, [style.plain(str(value)) for value in each.values])
        ax.set_xlabel(x.lines, linespacing=1.0)
    ax.set_ylabel(y.lines)
    ax.tick_params(which="both", top=False, direction="out")
    bar = figure.colorbar(shown, ax=ax, pad=0.02)
    bar.set_label(label)
    bar.outline.set_linewidth(0.7)


def _edges(centres: Array) -> Array:
    """Return edges of cells around values, halfway between them as they are spaced."""
    if centres.size == 1:
        return np.array([centres[0] - 0.5, centres[0] + 0.5])
    log = spacing(centres) == LOG
    at = np.log(centres) if log else centres
    middle = 0.5 * (at[1:] + at[:-1])
    edges = np.concatenate([[2 * at[0] - middle[0]], middle, [2 * at[-1] - middle[-1]]])
    return np.exp(edges) if log else edges


def _legends(figure: Figure, artists: Mapping[str, Artist], by: Along | None, words: Sequence[str]) -> float:
    """Write above all panels what is drawn and what is held fixed; return the height that is left, as a share."""
    first = [artists[key] for key in _known_first(artists, "species.")]
    first += [artists[key] for key in artists if key == "missing"] + [_words_alone(each) for each in words]
    rows = [*_rows(figure, first), *_rows(figure, _by_legend(artists, by))]
    width, height = map(float, figure.get_size_inches())
    height += ROW * max(len(rows) - 2, 0)
    figure.set_size_inches(width, height)
    top = 0.05
    for legend in rows:
        legend.set_bbox_to_anchor((0.5, 1.0 - top / height))
        top += ROW
    return 1.0 - top / height


def _by_legend(artists: Mapping[str, Artist], by: Along | None) -> list[Artist]:
    """Return the values of `by` behind its name; those without a number in any panel have no line, and are named last."""
    with_lines = {int(key[3:]): artist for key, artist in artists.items() if key.startswith("by.")}
    without = {int(key[8:]): artist for key, artist in artists.items() if key.startswith("without.")}
    bare = [str(without[index].get_label()) for index in sorted(without) if index not in with_lines]
    if by is None or (not with_lines and not bare):
        return []
    found = [_words_alone(by.words), *(with_lines[index] for index in sorted(with_lines))]
    return found + ([_words_alone(f"no number: {', '.join(bare)}")] if bare else [])


def _rows(figure: Figure, handles: Sequence[Artist]) -> list[Legend]:
    """Write handles as few legends of one line each as are no wider than the figure."""
    for many in range(1, len(handles) + 1):
        size = math.ceil(len(handles) / many)
        rows = [
            figure.legend(handles=handles[k : k + size], loc="upper center", ncols=size)
            for k in range(0, len(handles), size)
        ]
        widest = max(row.get_window_extent(figure.canvas.get_renderer()).width for row in rows)  # type: ignore[attr-defined]
        if widest <= figure.bbox.width or size == 1:
            return rows
        for row in rows:
            row.remove()
    return []


def _words_alone(words: str) -> Line2D:
    return Line2D([], [], linestyle="none", label=words)


def _known_first(artists: Mapping[str, Artist], prefix: str) -> list[str]:
    there = [key for key in artists if key.startswith(prefix)]
    known = [prefix + name for name in style.SPECIES_COLOURS if prefix + name in there]
    return known + [key for key in there if key not in known]
