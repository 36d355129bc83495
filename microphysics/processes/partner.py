"""The other neutrino of a pair: who takes part, and in which state it is."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

from microphysics.errors import PhysicsWarning
from microphysics.matter import MatterState

__all__ = ["LARGEST_EXPONENT", "ROWS", "degeneracies"]

Array = NDArray[np.float64]

# by setting `pair_species`; mu and tau are alike
ROWS = {"heavy": ("numutau", "anumutau"), "all": ("nue", "anue", "numutau", "anumutau")}

_DEGENERATE = 2.0  # -mu_nu/T from which half of the partners' states below 2 T are taken
LARGEST_EXPONENT = 200.0
"""Without blocking, kappa* = j/B of a neutrino that a sea of its antiparticles keeps away grows like e^(-mu_nu/T)."""


def degeneracies(
    process: str, matter: MatterState, rows: tuple[str, ...], partner: str
) -> tuple[Array, Array]:
    """Equilibrium mu_nu/T of every row, bounded where the partner is left out.

    An unblocked partner stands for a Boltzmann gas of e^(-mu_nu/T - y), which is no gas of fermions below mu_nu/T = 0: zones
    below -2 are counted in a warning, and below `-LARGEST_EXPONENT` that number stands for it, so that all is finite.

    Parameters
    ----------
    process : str
        Name, for the warning.
    matter : MatterState
    rows : tuple of str
        Names of `GROUPS`.
    partner : str
        ``unblocked`` or ``equilibrium``.

    Returns
    -------
    degeneracy : ndarray, shape (row, zone)
        Finite: 0 where undefined.
    defined : ndarray of float, shape (row, zone)
        1, or 0 where mu_nu is undefined for want of free nucleons: there is no equilibrium, and no opacity, as in captures.
    """
    eta = matter.neutrino_degeneracy(rows)
    defined = np.isfinite(eta)
    eta = np.where(defined, eta, 0.0)
    if partner == "unblocked":
        degenerate = (eta < -_DEGENERATE).any(axis=0)
        if degenerate.any():
            warnings.warn(
                f"{process}: partners of nue or anue are degenerate in {degenerate.sum()} of {degenerate.size} zone(s), "
                f"|mu_nu|/T up to {-eta.min():.4g}; what they would block is counted as emitted, which is too much by "
                f'factors up to exp(|mu_nu|/T): take pair_partner = "equilibrium", or pair_species = "heavy"',
                PhysicsWarning,
                stacklevel=3,
            )
        eta = np.maximum(eta, -LARGEST_EXPONENT)
    return eta, defined.astype(float)
