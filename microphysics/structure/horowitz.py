"""Fit of the transport average by Horowitz (1997), as other supernova codes use it."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

from microphysics._registry import STRUCTURE_FACTORS
from microphysics.constants import CODATA
from microphysics.errors import ExtrapolationWarning, OutOfRangeError
from microphysics.matter import MatterState
from microphysics.structure.plasma import coulomb_coupling, ion_sphere_radius

__all__ = ["Horowitz1997"]

Array = NDArray[np.float64]

# Horowitz 1997, PRD 55, 4577: beta_i = sum_m b_im Gamma^(m/2), i = 3..6
_BETA = np.array(
    [
        [-7.362056, 0.5371365, -0.1078845, 4.189612e-3],
        [3.4489581, -0.40251656, 9.0877878e-2, -3.4353581e-3],
        [-0.74128645, 0.11019855, -2.5359361e-2, 9.0487744e-4],
        [5.9573285e-2, -1.0186552e-2, 2.2791369e-3, -7.4614597e-5],
    ]
)


@STRUCTURE_FACTORS.register("horowitz1997")
class Horowitz1997:
    """Fit of <S> to Monte Carlo results for a screened one-component plasma (Horowitz 1997, PRD 55, 4577).

    It corrects the transport cross section only. Fitted for 1 <= Gamma <= 150; above, the edge value is used or an
    error raised; below, 1/<S> - 1 is taken proportional to Gamma, which has the right limit <S> -> 1 (within 8 % of
    integral-equation results), unless `clip` asks for the edge value as other codes take it.

    Notes
    -----
    Kept for comparison with other codes; its limits are known. The screening is fixed, at kappa^2 = 0.3 (Z near 26),
    so that <S> tends to 0.3/(0.6 + 3 Gamma) at E -> 0 for every nucleus. It cannot exceed 1, though <S> reaches 1.05
    near E a = 3 hbar c at Gamma > 100, and it jumps to 1 by up to 0.012 at E a/(hbar c) = 3 + 4/sqrt(Gamma). Against
    integral equations with a bridge at kappa = 0.55 and 0.1 < E a/(hbar c) < 3 it stays within -14 to +10 % for Gamma
    <= 40, but falls 29 % low at Gamma = 80 and 44 % at 125.

    Parameters
    ----------
    on_out_of_range : str
        ``error`` or ``clamp`` (with a counted warning) for Gamma > 150.
    clip : bool
        Use Gamma = 1 for everything below: for comparison with other codes only.
    beta_2 : float
        Second coefficient; 20/3, rounded to 6.667 in some codes.
    """

    name = "horowitz1997"
    references = ("Horowitz 1997, PRD 55, 4577",)
    validity = "1 <= Gamma <= 150"
    largest_coupling = 150.0

    def __init__(
        self, on_out_of_range: str = "clamp", *, clip: bool = False, beta_2: float = 20.0 / 3.0
    ) -> None:
        self.on_out_of_range = on_out_of_range
        self.clip = clip
        self.beta_2 = beta_2

    def transport_average(self, energy: Array, matter: MatterState) -> Array:
        """Return <S>(E), shape (zone, energy), in (0, 1].

        Parameters
        ----------
        energy : ndarray, shape (energy,)
            MeV.
        matter : MatterState
            Zones.

        Raises
        ------
        OutOfRangeError
            If Gamma > 150 somewhere and `on_out_of_range` is ``error``.
        """
        coupling = coulomb_coupling(matter)
        self._check(coupling, matter)
        with np.errstate(over="ignore", invalid="ignore"):
            reduced = energy * ion_sphere_radius(matter)[:, None] / (CODATA.hbar_c * 1e13)
        return self.reduced_average(reduced, coupling[:, None])

    def reduced_average(self, reduced_energy: Array, coupling: Array) -> Array:
        """Return <S> at E a/(hbar c) and Gamma, arrays of the same number of dimensions that broadcast.

        Gamma above the fit counts as 150 without a word: `transport_average` is where that is judged.
        """
        average = self.fit(np.clip(coupling, 1.0, self.largest_coupling), reduced_energy)
        if not self.clip:
            average = 1.0 / (1.0 + np.minimum(coupling, 1.0) * (1.0 / average - 1.0))
        return average

    def fit(self, coupling: Array, reduced_energy: Array) -> Array:
        """Fit itself: <S> at 1 <= Gamma <= 150 and reduced energy E a/(hbar c); exactly 1 beyond 3 + 4/sqrt(Gamma)."""
        root = np.sqrt(coupling)
        limit = 3.0 + 4.0 / root
        e = np.minimum(reduced_energy, limit)
        powers = np.stack([np.ones_like(root), root, coupling, coupling * root])
        exponent = np.log(0.3 / (0.3 + 3.0 * coupling)) + self.beta_2 * e**2
        for i, row in enumerate(_BETA):
            exponent = exponent + np.tensordot(row, powers, axes=1) * e ** (i + 3)
        return np.where(reduced_energy < limit, 1.0 / (1.0 + np.exp(-exponent)), 1.0)

    def _check(self, coupling: Array, matter: MatterState) -> None:
        """Raise or warn where Gamma is above the fit."""
        above = coupling > self.largest_coupling
        if not above.any():
            return
        worst = int(np.argmax(coupling))
        message = (
            f"structure factor '{self.name}' is fitted for {self.validity}; {int(above.sum())} zone(s) are above, "
            f"the worst has Gamma = {coupling[worst]:.4g} at {matter.density[worst]:.3g} g/cm3, "
            f"T = {matter.temperature[worst]:.3g} MeV"
        )
        if self.on_out_of_range == "error":
            raise OutOfRangeError(
                f'{message}. Set opacity.on_out_of_range = "clamp" to accept the edge value.'
            )
        warnings.warn(f"{message}; the edge value is used", ExtrapolationWarning, stacklevel=3)
