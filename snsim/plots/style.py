"""The one look of all figures: fonts, sizes and colours as a context, axes of radius and energy, notes.

Nothing here imports pyplot, which costs time and keeps open figures in a global state, or changes rcParams
outside `context`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.text import Text
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

from snsim.plots._ticks import log_ticks, log_words

WIDTH = 7.2  # inches: the two columns of a journal page
DPI = 160

# Okabe & Ito, in an order of lightness that also survives gray print
SPECIES_COLOURS = {"nue": "#0072B2", "anue": "#D55E00", "nux": "#009E73"}
SPECIES_LABELS = {"nue": r"$\nu_e$", "anue": r"$\bar{\nu}_e$", "nux": r"$\nu_x$"}
# P. Tol's bright, vibrant and muted schemes
PROCESS_COLOURS = {
    "charged_current": "#CC3311",
    "nucleon_scattering": "#0077BB",
    "nucleus_scattering": "#EE9922",
    "alpha_scattering": "#999933",
    "electron_scattering": "#009988",
    "pair": "#882255",
    "bremsstrahlung": "#66CCEE",
    "electron_capture": "#EE6677",
    "neutron_decay": "#332288",
    "light_cluster_scattering": "#AA4499",
}
PROCESS_LABELS = {"pair": r"$e^-e^+$ pairs"}
_SPARE = ("#DDCC77", "#44AA99", "#BBBBBB", "#225522", "#AA9988")
HEATING, COOLING, TEMPERATURE, FRACTION = "#EE3377", "#33BBEE", "#882255", "#999933"  # no colour of a species
INK, GRAY, SHADE = "black", "0.45", "#F6D9A8"

RC: dict[str, Any] = {
    "font.family": ["STIXGeneral", "DejaVu Sans"],  # both come with matplotlib: the same on every machine
    "mathtext.fontset": "stix",
    "font.size": 9.5,
    "axes.labelsize": 9.5,
    "axes.linewidth": 0.7,
    "axes.labelpad": 2.5,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.top": True,
    "xtick.major.size": 4.0,
    "ytick.major.size": 4.0,
    "xtick.minor.size": 2.0,
    "ytick.minor.size": 2.0,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "xtick.minor.width": 0.5,
    "ytick.minor.width": 0.5,
    "lines.linewidth": 1.4,
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "legend.handlelength": 1.5,
    "legend.handletextpad": 0.4,
    "legend.columnspacing": 1.0,
    "legend.borderaxespad": 0.0,
    "legend.borderpad": 0.15,
    "legend.labelspacing": 0.25,
    "figure.dpi": DPI,
    "savefig.dpi": DPI,
}


@contextmanager
def context() -> Iterator[None]:
    """Apply the style inside a ``with`` block, whatever the user's matplotlibrc says; undo it after.

    Make and save a figure in the same block: matplotlib reads some settings only when it draws.

    Examples
    --------
    >>> with context():
    ...     figure = new_figure(3.0)
    >>> [float(length) for length in figure.get_size_inches()]
    [7.2, 3.0]
    """
    known = matplotlib.rcParamsDefault
    settings: Any = {key: known[key] for key in known if not key.startswith("backend")} | RC
    with matplotlib.rc_context(settings):
        yield


def new_figure(height: float, width: float = WIDTH) -> Figure:
    """Return an empty figure on an Agg canvas, which no window and no pyplot knows of.

    Parameters
    ----------
    height, width : float
        Inches.
    """
    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    return figure


@contextmanager
def axes(ax: Axes | None) -> Iterator[Axes]:
    """Yield the axes that a plot function was given, as they are, or new ones in the style of this module.

    Parameters
    ----------
    ax : Axes, optional
        Of the caller.
    """
    if ax is not None:
        yield ax
        return
    with context():
        yield new_figure(3.2, 4.6).add_axes((0.14, 0.14, 0.72, 0.74))


def species_label(name: str) -> str:
    r"""Return a species as mathtext; a name that is not known as it stands.

    Examples
    --------
    >>> species_label("nux")
    '$\\nu_x$'
    """
    return SPECIES_LABELS.get(name, plain(name))


def species_colour(name: str) -> str:
    """Return the colour of a species, the same in all figures."""
    return SPECIES_COLOURS.get(name, _SPARE[0])


def process_label(name: str) -> str:
    """Return a process in words.

    Examples
    --------
    >>> process_label("nucleon_scattering")
    'nucleon scattering'
    """
    return PROCESS_LABELS.get(name, plain(name.replace("_", " ")))


def process_colours(names: Iterable[str]) -> dict[str, str]:
    """Return the colours of processes: fixed for the built-in ones, spare ones in order for all others.

    Parameters
    ----------
    names : iterable of str
        All processes of one result.
    """
    names = list(names)
    others = [name for name in names if name not in PROCESS_COLOURS]
    spare = {name: _SPARE[i % len(_SPARE)] for i, name in enumerate(others)}
    return {name: PROCESS_COLOURS.get(name) or spare[name] for name in names}


def plain(text: str) -> str:
    """Make any text drawable: no mathtext, no letters that the fonts lack (matplotlib would warn)."""
    return text.encode("latin-1", "replace").decode("latin-1").replace("$", r"\$")


def power_of_ten(value: float, digits: int = 2) -> str:
    r"""Return a number as mathtext.

    Parameters
    ----------
    value : float
        Any.
    digits : int
        Significant ones.

    Examples
    --------
    >>> power_of_ten(5.29e28)
    '$5.3\\times10^{28}$'
    >>> power_of_ten(123.4, 3)
    '$123$'
    >>> power_of_ten(1e12, 1)
    '$10^{12}$'
    """
    if value == 0.0 or not math.isfinite(value):
        return f"${value:g}$"
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    if -2 <= int(exponent) < 4:
        return f"${float(f'{value:.{digits - 1}e}'):g}$"
    lead = "" if mantissa == "1" else rf"{mantissa}\times"
    return rf"${lead}10^{{{int(exponent)}}}$"


def decades(smallest: float, largest: float) -> tuple[float, float]:
    """Return the powers of ten that enclose two positive numbers, at least one decade apart.

    Examples
    --------
    >>> decades(3e-5, 2e3)
    (1e-05, 10000.0)
    """
    low, high = math.floor(math.log10(smallest)), math.ceil(math.log10(largest))
    return float(f"1e{low}"), float(f"1e{max(high, low + 1)}")


def log_axis(ax: Axes, which: str, low: float, high: float, most: int = 7) -> None:
    """Make an axis logarithmic with few ticks: powers of ten, or plain numbers on a short axis.

    Parameters
    ----------
    ax : Axes
        Any.
    which : str
        "x" or "y".
    low, high : float
        Limits, > 0.
    most : int
        Labels, at most.
    """
    major = log_ticks(low, high, most)
    words = log_words(major, low, high)
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    many = math.log10(high / low) > 5.5
    minor = [m * 10.0**n for n in range(first, last + 1) for m in ((1,) if many else range(1, 10))]
    getattr(ax, f"set_{which}scale")("log")
    axis = ax.xaxis if which == "x" else ax.yaxis
    axis.set_major_formatter(FuncFormatter(lambda value, _: words(value)))
    axis.set_minor_formatter(NullFormatter())
    _set_ticks(axis, major, minor, low, high)
    getattr(ax, f"set_{which}lim")(low, high)


def radius_axis(ax: Axes, low: float, high: float, label: bool = True) -> None:
    """Make the x axis one of log radius in km with plain numbers.

    Parameters
    ----------
    ax : Axes
        Any.
    low, high : float
        Limits, km, > 0.
    label : bool
        Whether to write numbers and name; the lower one of two stacked panels does.
    """
    log_axis(ax, "x", low, high)
    if label:
        ax.set_xlabel("radius [km]")
    ax.tick_params(axis="x", which="both", labelbottom=label)


def power_label(value: float) -> str:
    r"""Return a power of ten, of either sign, for a tick.

    Examples
    --------
    >>> power_label(-1e20)
    '$-10^{20}$'
    """
    return f"${'-' if value < 0.0 else ''}10^{{{round(math.log10(abs(value)))}}}$"


def _set_ticks(axis: Axis, major: Sequence[float], minor: Sequence[float], low: float, high: float) -> None:
    """Set the ticks, minor ones only inside the limits and beside the others: each one costs 0.1 ms of drawing."""
    between = [tick for tick in minor if low < tick < high and not any(math.isclose(tick, t) for t in major)]
    axis.set_major_locator(FixedLocator(major))
    axis.set_minor_locator(FixedLocator(between) if between else NullLocator())


def legend_above(
    ax: Axes, handles: Sequence[Artist], title: str = "", columns: int | None = None
) -> Legend | None:
    """Set a legend in one line on top of a panel, where it cannot hide data.

    Parameters
    ----------
    ax : Axes
        The panel.
    handles : sequence of Artist
        With their labels; none gives no legend.
    title : str
        Letter of the panel, set above the y axis.
    columns : int, optional
        None means all in one line.
    """
    if title:
        letter(ax, title)
    if not handles:
        return None
    return ax.legend(
        handles=list(handles),
        loc="lower right",
        bbox_to_anchor=(1.0, 1.005),
        ncols=columns or len(handles),
    )


def letter(ax: Axes, title: str, at: float | None = None) -> None:
    """Set the letter of a panel above and left of it, equally far from panels of any width.

    Parameters
    ----------
    ax : Axes
        The panel, where it will stay.
    title : str
        The letter.
    at : float, optional
        Left edge, as a share of the figure's width; None means 0.07 left of the panel.
    """
    box = ax.get_position()
    place = max(box.x0 - 0.07, 0.0) if at is None else at
    ax.text(
        (place - box.x0) / box.width, 1.025, title, transform=ax.transAxes, ha="left", va="bottom", fontweight="bold",
    )  # fmt: skip


def right_axis(ax: Axes) -> Axes:
    """Return an axis on the right of a panel, for a second quantity over the same x."""
    right = ax.twinx()
    right.tick_params(axis="x", which="both", top=False)
    return right


def empty(ax: Axes, title: str, words: str) -> dict[str, Artist]:
    """Leave a panel with its letter and the reason why it is empty.

    Parameters
    ----------
    ax : Axes
        The panel.
    title : str
        Its letter.
    words : str
        One phrase.

    Returns
    -------
    dict of Artist
        ``note``.
    """
    legend_above(ax, [], title)
    return {"note": note(ax, words)}


def note(ax: Axes, words: str) -> Text:
    """Write in the middle of a panel why it is empty, and take its ticks away.

    Parameters
    ----------
    ax : Axes
        The panel.
    words : str
        One phrase.
    """
    ax.set_yticks([])
    return ax.text(
        0.5, 0.5, words, transform=ax.transAxes, ha="center", va="center", color=GRAY, fontstyle="italic"
    )
