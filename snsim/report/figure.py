"""An interactive figure as plain data: curves, axes and controls, which `page.js` draws.

Colours are names of the page's palette (`--nue` in `page.css`), so that one figure serves light and dark pages. Arrays travel
as base64 of little-endian numbers, in single precision where its range suffices: six digits, more than a screen shows.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_SINGLE = (1e-30, 1e30)  # magnitudes that are stored in single precision
SYMBOLS = ("circle", "diamond-open", "cross", "square-open", "triangle-up", "x")  # of plotly
SOLID, DASHED, DOTTED = "solid", "6px,3px", "2px,3px"


@dataclass(frozen=True)
class Axis:
    """One axis.

    Attributes
    ----------
    title : str
        With the unit in brackets; the markup of plotly.
    kind : str
        `log`, `linear` or `category`.
    limits : tuple of float, optional
        In the units of the data.
    """

    title: str
    kind: str = "linear"
    limits: tuple[float, float] | None = None


@dataclass(frozen=True)
class Curve:
    """One line or row of points.

    Attributes
    ----------
    name : str
        In legend and hover.
    x : ndarray, shape (points,) or that of y, or list of str
    y : ndarray, shape (*sliders, points)
        Sizes of the first axes are those of the sliders that it follows, or 1; one axis only: it follows none.
    colour : str
        Name in the palette of the page, or a CSS colour.
    dashes : str
        As of an SVG path.
    right : bool
        On the right axis.
    marks : str
        `lines`, `markers`, `lines+markers` or `bars`.
    unit : str
        In the hover label.
    symbol : str
        Of a marker, of `SYMBOLS`.
    places : sequence of int
        Which of the figure's `texts` its points have; empty: all, in their order.
    """

    name: str
    x: Any
    y: Array
    colour: str
    dashes: str = SOLID
    right: bool = False
    marks: str = "lines"
    unit: str = ""
    symbol: str = SYMBOLS[0]
    places: Sequence[int] = ()


@dataclass(frozen=True)
class Slider:
    """A control that chooses one of several values; every curve follows."""

    label: str
    values: tuple[str, ...]
    start: int = 0


@dataclass(frozen=True)
class Line:
    """A vertical line with words, or with `end` a shaded band; NaN draws none.

    Attributes
    ----------
    at : ndarray, shape () or (*sliders,)
    label : str
    end : ndarray, optional
        As `at`.
    colour : str
        Of a line; as of `Curve`.
    """

    at: Any
    label: str
    end: Any = None
    colour: str = "faint"


@dataclass(frozen=True)
class View:
    """What one figure shows at a time.

    Attributes
    ----------
    label : str
        In the menu, where a figure has several views; `GROUP: NAME` puts it under a heading.
    x, y : Axis
    curves : tuple of Curve
    right : Axis, optional
        The second vertical axis.
    lines : tuple of Line
    """

    label: str
    x: Axis
    y: Axis
    curves: tuple[Curve, ...]
    right: Axis | None = None
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True)
class Figure:
    """One figure of the page.

    Attributes
    ----------
    key : str
        Identifier in the page, letters and hyphens.
    title : str
        Heading.
    caption : str
        Plain text below it: what is drawn, by whose definition.
    alt : str
        What somebody who cannot see it should know, with the main numbers.
    views : tuple of View
        The first is shown; several get a menu.
    sliders : tuple of Slider
    menu : str
        Label of the menu.
    texts : sequence of str
        More words of each point in the hover label, alike for all curves.
    """

    key: str
    title: str
    caption: str
    alt: str
    views: tuple[View, ...]
    sliders: tuple[Slider, ...] = ()
    menu: str = "Show"
    texts: Sequence[str] = ()

    def as_json(self) -> dict[str, Any]:
        """Return what `page.js` draws, ready for `json.dumps`."""
        sizes = tuple(len(slider.values) for slider in self.sliders)
        return {
            "key": self.key,
            "sizes": sizes,
            "texts": list(self.texts),
            "sliders": [{"values": each.values, "start": each.start} for each in self.sliders],
            "views": [_view(view, sizes) for view in self.views],
        }


def _view(view: View, sizes: tuple[int, ...]) -> dict[str, Any]:
    return {
        "x": _axis(view.x),
        "y": _axis(view.y),
        "right": None if view.right is None else _axis(view.right),
        "lines": [_line(line) for line in view.lines],
        "curves": [_curve(curve, sizes) for curve in view.curves],
    }


def _line(line: Line) -> dict[str, Any]:
    end = None if line.end is None else packed(np.ravel(line.end))
    return {"at": packed(np.ravel(line.at)), "end": end, "label": line.label, "colour": line.colour}


def _axis(axis: Axis) -> dict[str, Any]:
    limits = None if axis.limits is None else [float(limit) for limit in axis.limits]
    return {"title": axis.title, "kind": axis.kind, "limits": limits}


def _curve(curve: Curve, sizes: tuple[int, ...]) -> dict[str, Any]:
    y = np.asarray(curve.y, dtype=np.float64)
    if y.ndim not in (1, 1 + len(sizes)) or any(
        own not in (1, size) for own, size in zip(y.shape[:-1], sizes, strict=False)
    ):
        raise ValueError(f"curve '{curve.name}': shape {y.shape} does not follow sliders of {sizes} values")
    x = curve.x
    return {
        "name": curve.name,
        "x": list(x) if isinstance(x, (list, tuple)) else packed(x),
        "y": packed(y),
        "shape": y.shape[:-1],
        "points": y.shape[-1],
        "colour": curve.colour,
        "dashes": curve.dashes,
        "right": curve.right,
        "marks": curve.marks,
        "unit": curve.unit,
        "symbol": curve.symbol,
        "places": list(curve.places),
    }


def packed(values: Array) -> Mapping[str, str]:
    """Return numbers as base64 of little-endian float32, or float64 where their range needs it.

    Examples
    --------
    >>> packed(np.array([1.0, np.nan]))
    {'type': 'f4', 'data': 'AACAPwAAwH8='}
    >>> packed(np.array([1e52]))["type"]
    'f8'
    """
    values = np.asarray(values, dtype=np.float64)
    sizes = np.abs(values[np.isfinite(values) & (values != 0.0)])
    narrow = sizes.size == 0 or (sizes.min() > _SINGLE[0] and sizes.max() < _SINGLE[1])
    kind = "f4" if narrow else "f8"
    data = np.ascontiguousarray(values, dtype=f"<{kind}").tobytes()
    return {"type": kind, "data": base64.b64encode(data).decode("ascii")}
