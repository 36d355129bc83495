"""Opacities at energies at infinity, by scipy: the slow twin of what the gray scheme does with them."""

import numpy as np
from scipy.interpolate import CubicHermiteSpline


def at_infinity(values, energy, lapse):
    """Values at local energies, shape (zone, energy), at the local energies energy/lapse; powers beyond the last."""
    x = np.log(energy)
    out = []
    for row, alpha in zip(np.log(values), lapse, strict=True):
        rise = np.diff(row) / np.diff(x)
        before, after = rise[:-1], rise[1:]
        steepest = 3.0 * np.minimum(np.abs(before), np.abs(after))
        inner = np.where(before * after > 0.0, np.clip(0.5 * (before + after), -steepest, steepest), 0.0)
        curve = CubicHermiteSpline(x, row, np.concatenate([rise[:1], inner, rise[-1:]]))
        there = x - np.log(alpha)
        out.append(
            np.where(there <= x[-1], curve(np.minimum(there, x[-1])), row[-1] + (there - x[-1]) * rise[-1])
        )
    return np.exp(out)
