"""Where a logarithmic axis has its numbers, and how they are written."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from matplotlib.ticker import MaxNLocator

_PLAIN_DECADES = 3.5  # axes shorter than this get plain numbers
_PLAIN = 1e-3, 1e4  # as long as all their ticks lie between these


def log_ticks(low: float, high: float, most: int = 7) -> list[float]:
    """Return round numbers for the ticks of a logarithmic axis: at least two, and spread over all of it.

    Parameters
    ----------
    low, high : float
        Limits, > 0.
    most : int
        At least 3; powers of ten, at most.

    Examples
    --------
    >>> log_ticks(13.0, 80.0)
    [15.0, 20.0, 30.0, 40.0, 50.0, 70.0]
    """
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    length = math.log10(high / low)
    powers = _inside([float(f"1e{n}") for n in range(first, last + 1)], low, high)
    if length < 0.5:  # short enough for equal steps
        return _inside(MaxNLocator(6, steps=[1, 2, 5, 10]).tick_values(low, high), low, high)
    if length < _PLAIN_DECADES:
        leads = ("1", "1.5", "2", "3", "4", "5", "7") if length < 1.0 else "125" if length < 2.5 else "13"
        ticks = _inside([float(f"{m}e{n}") for n in range(first, last + 1) for m in leads], low, high)
        if len(powers) < 2 or (_PLAIN[0] <= ticks[0] and ticks[-1] <= _PLAIN[1]):
            return ticks
    step = math.ceil(len(powers) / most)
    return [tick for tick in powers if round(math.log10(tick)) % step == 0]


def log_words(ticks: Sequence[float], low: float, high: float) -> Callable[[float], str]:
    """Return what writes the ticks of an axis: plain numbers where it is short and they are, else powers of ten."""
    near = all(_PLAIN[0] <= tick <= _PLAIN[1] for tick in ticks) and high / low < 10.0**_PLAIN_DECADES
    return "{:.10g}".format if near else tick_label


def tick_label(value: float) -> str:
    r"""Return a round number > 0 for a tick, as a power of ten with what it takes before it.

    Examples
    --------
    >>> tick_label(1e-5), tick_label(3.5e4)
    ('$10^{-5}$', '$3.5\\times10^{4}$')
    """
    mantissa, exponent = f"{value:.8e}".split("e")
    mantissa = mantissa.rstrip("0").rstrip(".")
    lead = "" if mantissa == "1" else rf"{mantissa}\times"
    return f"${lead}10^{{{int(exponent)}}}$"


def _inside(ticks: Iterable[float], low: float, high: float) -> list[float]:
    """Return those ticks that lie inside the limits, the limits themselves among them."""
    edge = 1e-9
    return [float(tick) for tick in ticks if low * (1 - edge) <= tick <= high * (1 + edge)]
