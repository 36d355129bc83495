"""Bridge function of Coulomb and Yukawa liquids, taken from molecular dynamics.

The hypernetted-chain closure leaves out the bridge diagrams; B(r) is what they add to ln g(r). Lucco Castello and
Tolias (2021) extracted it from simulations of the one-component plasma at 5 <= Gamma <= 175 and showed that a Yukawa
liquid has the bridge function of the one-component plasma on the same isomorph. Lengths in ion-sphere radii a.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["REFERENCES", "bridge_function", "effective_coupling", "isomorph_factor"]

Array = NDArray[np.float64]

REFERENCES = (
    "Lucco Castello and Tolias 2021, arXiv:2107.03537",
    "Lucco Castello and Tolias 2021, arXiv:2108.09574",
)

# The coefficients of r^0, r^2, r^3, r^4, r^5 inside the correlation void, each a cubic in ln Gamma.
_SHORT = np.array(
    [
        [0.076912, -0.10465, 0.0056629, 0.00025656],
        [0.068045, -0.036952, 0.048818, -0.0048985],
        [-0.30231, 0.30457, -0.11424, 0.0095993],
        [0.25111, -0.26800, 0.082268, -0.0064960],
        [-0.061894, 0.066811, -0.019140, 0.0014743],
    ]
)
# Amplitude, decay, wave number and first-peak term outside it, each a quartic in ln Gamma.
_LONG = np.array(
    [
        [0.25264, -0.31615, 0.13135, -0.023044, 0.0014666],
        [-12.665, 20.802, -9.6296, 1.7889, -0.11810],
        [15.285, -14.076, 5.7558, -1.0188, 0.06551],
        [35.330, -40.727, 16.690, -2.8905, 0.18243],
    ]
)
_EDGE, _STEEPNESS = 1.5, 5.0  # where and how fast the short-range form hands over to the long-range one
_SHORT_ENDS = 3.0  # the short-range polynomial has no weight beyond, but would overflow
WEAKEST = 5.0  # smallest coupling of the extraction
# Below it B ~ Gamma^1.6: energies within 1.1e-3 of Potekhin and Chabrier (2000) down to Gamma = 1.
WEAK_POWER = 1.6


def effective_coupling(coupling: ArrayLike, screening: ArrayLike) -> Array:
    """Coupling of the one-component plasma with the same structure as a Yukawa liquid.

    Parameters
    ----------
    coupling : array_like
        Gamma.
    screening : array_like
        kappa, broadcasts against `coupling`.

    Returns
    -------
    ndarray
        Gamma* = Gamma exp(-x) (1 + x + x^2/2), x = (4 pi/3)^(1/3) kappa. The liquid freezes at Gamma* = 175
        whatever kappa (Vaulina and Khrapak 2000, JETP 90, 287).
    """
    return np.asarray(coupling) * isomorph_factor(screening)


def isomorph_factor(screening: ArrayLike) -> Array:
    """Return Gamma*/Gamma = exp(-x) (1 + x + x^2/2), x = (4 pi/3)^(1/3) kappa."""
    x = np.cbrt(4.0 * np.pi / 3.0) * np.asarray(screening, dtype=float)
    return np.exp(-x) * (1.0 + x + 0.5 * x**2)


def bridge_function(radius: Array, coupling: float) -> Array:
    """Bridge function B(r) of the one-component plasma.

    Parameters
    ----------
    radius : ndarray
        r in ion-sphere radii.
    coupling : float
        Gamma, of a Yukawa liquid its `effective_coupling`. Below 5 the shape of Gamma = 5 is scaled.

    Returns
    -------
    ndarray
        Shape of `radius`.
    """
    known = max(coupling, WEAKEST)
    shape = known * _per_coupling(np.asarray(radius, dtype=float), known)
    return shape * (min(coupling, WEAKEST) / WEAKEST) ** WEAK_POWER


def _per_coupling(r: Array, coupling: float) -> Array:
    """B/Gamma within the range of the extraction (the parametrisation of arXiv:2107.03537)."""
    from scipy.special import erf  # only where a liquid is solved

    powers = np.log(coupling) ** np.arange(5)
    short = np.polynomial.polynomial.polyval(
        np.minimum(r, _SHORT_ENDS), np.insert(_SHORT @ powers[:4], 1, 0.0)
    )
    amplitude, decay, wave_number, first_peak = _LONG @ powers
    scale = coupling ** (1.0 / 6.0)
    s = r - 1.44
    # At small r, where the long-range form has no weight, its exponentials are kept finite by s >= -1.44.
    long = amplitude * np.exp(-decay * scale * s - 0.3 * r**2)
    long = long * (np.cos(wave_number * scale * s) + first_peak * scale * np.exp(-3.5 * s))
    weight = 0.5 * (1.0 + erf(_STEEPNESS * (r - _EDGE)))
    return np.where(r < _SHORT_ENDS, (1.0 - weight) * short, 0.0) + weight * long
