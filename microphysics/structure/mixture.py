"""Structure factors of mixtures of nuclei, S_ij(q), and the coherent sums they make with amplitudes A_i.

What a neutrino sees of a mixture is sum_ij (n_i n_j)^(1/2) A_i A_j S_ij. Perfect screening makes fluctuations of charge
vanish at q -> 0, but not those of composition: S_w(0) = Delta = 1 - <Z A>^2/(<Z^2> <A^2>), averages over number.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics._registry import STRUCTURE_FACTORS
from microphysics.constants import CODATA
from microphysics.errors import ExtrapolationWarning, OutOfRangeError, UnknownNameError
from microphysics.matter import MatterState
from microphysics.structure.models import LIQUID_LIMIT
from microphysics.structure.plasma import electron_screening

__all__ = ["HypernettedMixture", "LinearMixture", "weighted_structure_factor"]

Array = NDArray[np.float64]

ALPHA_CHARGE = 2.0
_TRACE = 1e-6  # share of the ions under which a species no longer acts on the other
_REACH = 40.0  # 1/a: S_ij = delta_ij beyond


def weighted_structure_factor(
    q: ArrayLike,
    charges: Sequence[float],
    fractions: Sequence[float],
    weak_charges: Sequence[float],
    coupling: float,
    screening: float = 0.0,
    model: str = "mixture_hnc",
    *,
    one_component: str = "table",
) -> Array:
    """Return S_w = sum_ij (x_i x_j)^(1/2) Q_i Q_j S_ij/sum_i x_i Q_i^2 of any number of species.

    Parameters
    ----------
    q : array_like
        1/a, a the ion-sphere radius of the total ion density.
    charges, fractions, weak_charges : sequence of float
        Z_i, x_i = n_i/n (which add up to 1) and Q_i (any unit, form factors left out).
    coupling : float
        Gamma_e = e^2/(a_e T) of the electrons that neutralise the ions; Gamma_i = Z_i^(5/3) Gamma_e.
    screening : float
        kappa = k_sc a.
    model : {"mixture_hnc", "mixture_lmr"}
    one_component : str
        Model of each species in `mixture_lmr`.

    Returns
    -------
    ndarray, shape of q
    """
    z, x, weak = (np.asarray(values, dtype=np.float64) for values in (charges, fractions, weak_charges))
    wave = np.asarray(q, dtype=np.float64)
    norm = x @ weak**2
    if model == "mixture_hnc":
        pairs = _hypernetted(float(coupling), float(screening), tuple(z.tolist()), tuple(x.tolist()))(wave)
        share = np.sqrt(x) * weak / np.sqrt(norm)
        return np.einsum("i,j,ij...->...", share, share, pairs)
    if model == "mixture_lmr":
        electron = (x @ z) ** (-1.0 / 3.0)  # a_e in a
        alone = _model(one_component)
        species = np.stack(
            [
                alone.reduced(wave * electron * c, c**5 * coupling, screening * electron * c)
                for c in np.cbrt(z)
            ]
        )
        along = (-1,) + (1,) * wave.ndim
        densities, weak = x.reshape(along), weak.reshape(along)
        return _linear_mixing(weak, species, densities, z.reshape(along)) / norm
    raise UnknownNameError("mixture model", model, ("mixture_hnc", "mixture_lmr"))


def _linear_mixing(amplitudes: Array, structure: Array, densities: Array, charges: Array) -> Array:
    """Return N (S_LMR + Delta (1 - S_LMR)) with N = sum n_i A_i^2 and N S_LMR = sum n_i A_i^2 S_i; species first."""
    squares = densities * amplitudes**2
    free, mixed = squares.sum(axis=0), (squares * structure).sum(axis=0)
    charge = (densities * charges * amplitudes).sum(axis=0)
    charge_squared = (densities * charges**2).sum(axis=0)
    something = (free != 0.0) & (charge_squared != 0.0)
    coherent = charge**2 / np.where(something, charge_squared * free, 1.0)  # 1 - Delta
    return np.where(something, mixed + (1.0 - coherent) * (free - mixed), 0.0)


def _model(name: str, on_out_of_range: str = "clamp") -> Any:
    """Return the one-component model of that name.

    Raises
    ------
    UnknownNameError
        If there is none, or it has no dimensionless S(q).
    """
    model = STRUCTURE_FACTORS[name](on_out_of_range)
    if not hasattr(model, "reduced"):
        raise UnknownNameError(
            "one-component structure factor", name, ("table", "hncb", "msa", "debye_huckel")
        )
    return model


@lru_cache(maxsize=2048)
def _hypernetted(
    coupling: float, screening: float, charges: tuple[float, ...], fractions: tuple[float, ...]
) -> Callable[[Array], Array]:
    """Solve for a mixture; return S_ij(q), shape (i, j, ...), of q in 1/a."""
    from scipy.interpolate import CubicSpline  # these two only where a mixture is wanted

    from microphysics.structure.hnc import solve

    liquid = solve(coupling, screening, charges=charges, fractions=fractions)
    z, x, identity = np.array(charges), np.array(fractions), np.eye(len(charges))
    # 1/S = 1 + D + 3 w w^T/(q^2 + kappa^2): linear response to the charges, and a smooth even remainder D
    charge = z * np.sqrt(x * coupling * (x @ z) ** (-1.0 / 3.0))
    kept = liquid.wave_number <= _REACH
    wave, values = liquid.wave_number[kept], np.moveaxis(liquid.structure[..., kept], -1, 0)
    response = 3.0 * np.multiply.outer(1.0 / (wave**2 + screening**2), np.outer(charge, charge))
    remainder = np.linalg.inv(values) - identity - response
    # mirrored, the spline needs no extrapolation below the first point
    spline = CubicSpline(np.concatenate([-wave[::-1], wave]), np.concatenate([remainder[::-1], remainder]))

    def structure(q: Array) -> Array:
        inside = (np.abs(q) < wave[-1])[..., None, None]
        uncharged = np.linalg.inv(identity + spline(np.clip(q, 0.0, wave[-1])))
        screened = uncharged @ charge
        # the charges by the formula of Sherman and Morrison, which is finite at q = 0
        total = (q**2 + screening**2) / 3.0 + screened @ charge
        found = uncharged - screened[..., :, None] * screened[..., None, :] / total[..., None, None]
        return np.moveaxis(np.where(inside, found, identity), (-2, -1), (0, 1))

    return structure


class _Mixture:
    """Heavy nuclei and alpha particles as they come from the equation of state.

    Parameters
    ----------
    on_out_of_range : str
        ``error`` or ``clamp`` (with a counted warning) where the nuclei's Gamma is above 175.
    one_component : str
        Model of a species alone.
    """

    largest_coupling = LIQUID_LIMIT
    name: str
    validity: str

    def __init__(self, on_out_of_range: str = "clamp", *, one_component: str = "table") -> None:
        self.on_out_of_range = on_out_of_range
        self.alone = _model(one_component, on_out_of_range)

    def _cut(self, coupling: Array, charge: Array) -> Array:
        """Return Gamma_e such that Gamma = Z^(5/3) Gamma_e of the nuclei stays below freezing; count the others."""
        strongest = np.cbrt(charge) ** 5
        above = strongest * coupling > self.largest_coupling
        if not above.any():
            return coupling
        message = (
            f"structure factor '{self.name}' is made for {self.validity}; Gamma is above in {int(above.sum())} of "
            f"{coupling.size} zone(s), the largest is {(strongest * coupling).max():.4g}"
        )
        if self.on_out_of_range == "error":
            raise OutOfRangeError(
                f'{message}. Set opacity.on_out_of_range = "clamp" to accept the edge value.'
            )
        warnings.warn(f"{message}; the edge value is used", ExtrapolationWarning, stacklevel=4)
        return np.where(above, self.largest_coupling / np.where(above, strongest, 1.0), coupling)


def _sphere(density: Array) -> Array:
    """Return the radius in fm of the sphere that holds one particle; 0 where there are none."""
    present = density > 0.0
    return np.where(present, 1e13 * np.cbrt(3.0 / (4.0 * np.pi * np.where(present, density, 1.0))), 0.0)


def _coupling(radius: Array, temperature: Array) -> Array:
    """Return e^2/(a T), 0 where a = 0 stands for no particles."""
    present = radius > 0.0
    return np.where(
        present, CODATA.coulomb_squared * 1e13 / (np.where(present, radius, 1.0) * temperature), 0.0
    )


@STRUCTURE_FACTORS.register("mixture_lmr")
class LinearMixture(_Mixture):
    """Linear mixing: each species correlated as if alone among its electrons, and the fluctuations of composition.

    a_i = a_e Z_i^(1/3) and Gamma_i = Z_i^(5/3) Gamma_e with all electrons that are there; then S_w = S + Delta (1 - S).
    <S_w> is within 4 % of Monte Carlo for nuclei near each other, 8 to 11 % low for Z = 26 with alphas half and half,
    28 % low where alphas outnumber nuclei four to one and half at thirteen to one. Gamma > 175 of the nuclei counts as
    175, or is an error.
    """

    name = "mixture_lmr"
    references = ("linear mixing with concentration term, derived for this project",)
    validity = "Gamma of the nuclei <= 175, charges within a factor of two (4 % in <S>)"

    def coherent_sum(self, amplitudes: Array, q: Array, matter: MatterState) -> Array:
        """Return sum_ij (n_i n_j)^(1/2) A_i A_j S_ij(q), 1/cm^3, shape (zone, node).

        Parameters
        ----------
        amplitudes : ndarray, shape (species, zone, node)
            In the order heavy, alpha; q and amplitudes may broadcast along zones and nodes.
        q : ndarray, shape (zone or 1, node)
            1/fm.
        matter : MatterState
            Zones.

        Raises
        ------
        OutOfRangeError
            If Gamma > 175 and `on_out_of_range` is ``error``.
        """
        densities = np.stack([matter.number_density_heavy, matter.number_density_alpha])
        charges = np.stack([matter.charge_number_heavy, np.full_like(densities[1], ALPHA_CHARGE)])
        charges = np.where(densities > 0.0, charges, 0.0)
        electron = _sphere(matter.number_density_electron)
        coupling = self._cut(_coupling(electron, matter.temperature), charges[0])
        screening = np.sqrt(electron_screening(matter))
        structure = []
        for charge in charges:
            own = (electron * np.cbrt(charge))[:, None]
            gamma = (np.cbrt(charge) ** 5 * coupling)[:, None]
            structure.append(self.alone.reduced(q * own, gamma, screening[:, None] * own))
        return _linear_mixing(amplitudes, np.stack(structure), densities[..., None], charges[..., None])


@STRUCTURE_FACTORS.register("mixture_hnc")
class HypernettedMixture(_Mixture):
    """Integral equations for nuclei and alphas together, bridge functions scaled from the one-component plasma.

    <S_w> is within 1.4 % of Monte Carlo for Z = 26 with alphas, 3.7 % for Z = 34 with 20. One solution of about 0.5 s
    for every distinct state (the last 2048 are remembered); where one of the species makes up less than a millionth of
    the ions, the other is alone and it is free. Gamma > 175 of the nuclei counts as 175, or is an error.
    """

    name = "mixture_hnc"
    references = (
        "Lucco Castello & Tolias 2021, arXiv:2107.03537",
        "pair bridge functions scaled for this project",
    )
    validity = "Gamma of the nuclei <= 175"

    def coherent_sum(self, amplitudes: Array, q: Array, matter: MatterState) -> Array:
        """Return sum_ij (n_i n_j)^(1/2) A_i A_j S_ij(q), 1/cm^3, shape (zone, node).

        Parameters, errors as in `LinearMixture.coherent_sum`.

        Raises
        ------
        MicrophysicsError
            If the integral equations have no solution that could be found.
        """
        densities = np.stack([matter.number_density_heavy, matter.number_density_alpha])
        charges = np.stack([matter.charge_number_heavy, np.full_like(densities[1], ALPHA_CHARGE)])
        total = densities.sum(axis=0)
        radius = _sphere(total)
        electron = _sphere((densities * charges).sum(axis=0))
        heaviest = np.where(densities[0] > 0.0, charges[0], 0.0)
        coupling = self._cut(_coupling(electron, matter.temperature), heaviest)
        screening = np.sqrt(electron_screening(matter))
        nodes = np.broadcast_shapes(amplitudes.shape[1:], np.shape(q), (total.size, 1))
        amplitudes = np.broadcast_to(amplitudes, (2, *nodes))
        result = np.zeros(nodes, amplitudes.dtype)
        q = np.broadcast_to(q, nodes)
        for zone in np.flatnonzero(total):
            fractions = densities[:, zone] / total[zone]
            weighted = np.sqrt(densities[:, zone, None]) * amplitudes[:, zone]
            pairs = self._pairs(
                q[zone] * radius[zone],
                charges[:, zone],
                fractions,
                float(coupling[zone]),
                float(screening[zone] * radius[zone]),
            )
            result[zone] = np.einsum("in,jn,ijn->n", weighted, weighted, pairs)
        return result

    def _pairs(self, q: Array, charges: Array, fractions: Array, coupling: float, screening: float) -> Array:
        """Return S_ij, shape (2, 2, node), at q in 1/a."""
        if fractions.min() > _TRACE:
            return _hypernetted(coupling, screening, tuple(charges.tolist()), tuple(fractions.tolist()))(q)
        pairs = np.zeros((2, 2, q.size))
        pairs[[0, 1], [0, 1]] = 1.0
        main = int(np.argmax(fractions))
        gamma = np.cbrt(charges[main]) ** 5 * coupling
        pairs[main, main] = self.alone.reduced(q, gamma, screening)
        return pairs
