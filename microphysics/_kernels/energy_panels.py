"""Where the panels of an integral over energies end."""

import numpy as np

from microphysics._jit import njit

__all__ = ["panel_edges"]


@njit
def panel_edges(breaks, centre, width, finest, growth, floor):
    """Return ends of panels, narrow beside every feature and wider with the distance from it.

    Parameters
    ----------
    breaks : ndarray, shape (break,)
        Rising; each becomes an end. The first is 0 and the last is the top.
    centre, width : ndarray, shape (feature,)
        Places and widths of what must be resolved.
    finest : float
        Widest panel at a feature, in units of its width.
    growth : float
        Widest panel away from features, in units of the distance to the nearest.
    floor : float
        First panel above zero; from there panels at most double.

    Returns
    -------
    ndarray, shape (panel + 1,)
        Rising.
    """
    edges = [breaks[0]]
    for i in range(breaks.size - 1):
        start, stop = breaks[i], breaks[i + 1]
        while start < stop:
            step = max(start, floor)
            for j in range(centre.size):
                step = min(step, max(finest * width[j], growth * abs(start - centre[j])))
            left = stop - start
            # two even panels rather than a wide one and a scrap
            if left <= step:
                step = left
            elif left < 2.0 * step:
                step = 0.5 * left
            start = stop if step == left else start + step
            edges.append(start)
    return np.array(edges)
