"""What a model of the static structure factor S(q) of correlated nuclei is, and the one of no correlations."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics._registry import STRUCTURE_FACTORS
from microphysics.errors import ExtrapolationWarning, OutOfRangeError
from microphysics.matter import MatterState
from microphysics.structure.plasma import coulomb_coupling, ion_sphere_radius, screening_parameter

__all__ = [
    "LIQUID_LIMIT",
    "MixtureStructure",
    "OneComponent",
    "StructureFactor",
    "TransportAverage",
    "Uncorrelated",
    "transport_average",
    "within",
]

Array = NDArray[np.float64]

LIQUID_LIMIT = 175.0  # Gamma at which the one-component plasma freezes


class StructureFactor(Protocol):
    """Model of S(q); q in 1/fm with the zones along its first axis."""

    name: str
    references: Sequence[str]
    validity: str

    def __call__(self, q: Array, matter: MatterState) -> Array:
        """Return S(q), same shape as q."""
        ...


class TransportAverage(Protocol):
    """Fit of the transport average <S>(E) alone, a factor in front of the transport cross section."""

    name: str
    references: Sequence[str]
    validity: str

    def transport_average(self, energy: Array, matter: MatterState) -> Array:
        """Return <S>, shape (zone, energy)."""
        ...


class MixtureStructure(Protocol):
    """Model of the heavy nucleus and alpha particles together."""

    name: str
    references: Sequence[str]
    validity: str

    def coherent_sum(self, amplitudes: Array, q: Array, matter: MatterState) -> Array:
        """Return sum_ij (n_i n_j)^(1/2) A_i A_j S_ij(q), 1/cm^3, shape (zone, node).

        `amplitudes` has shape (species, zone, node) in the order heavy, alpha; `q` (1/fm) broadcasts against (zone,
        node).
        """
        ...


class OneComponent(ABC):
    """Model of one kind of ions in units of the ion-sphere radius a: S at q a, Gamma and kappa.

    A subclass gives `reduced`; the step from 1/fm and matter is here. Zones without nuclei have S = 1.

    Parameters
    ----------
    on_out_of_range : str
        ``error`` or ``clamp`` (with a counted warning) outside the model's range.
    """

    name: str
    references: Sequence[str] = ()
    validity: str
    rigid_background: bool = False  # True: the electrons do not screen, `screening` is ignored

    def __init__(self, on_out_of_range: str = "clamp") -> None:
        self.on_out_of_range = on_out_of_range

    @abstractmethod
    def reduced(self, q: ArrayLike, coupling: ArrayLike, screening: ArrayLike = 0.0) -> Array:
        """Return S(q) at q in 1/a, Gamma and kappa = k_sc a, which broadcast."""

    def __call__(self, q: Array, matter: MatterState) -> Array:
        """Return S(q).

        Parameters
        ----------
        q : ndarray, shape (zone, ...) or (1, ...)
            Momentum transfer over hbar, 1/fm.
        matter : MatterState
            Zones.

        Returns
        -------
        ndarray, shape (zone, ...)

        Raises
        ------
        OutOfRangeError
            Outside the model's range, if `on_out_of_range` is ``error``.
        """
        radius = ion_sphere_radius(matter)
        along_zones = (-1,) + (1,) * (np.ndim(q) - 1)
        present = np.isfinite(radius)
        screening = 0.0 if self.rigid_background else screening_parameter(matter).reshape(along_zones)
        x = q * np.where(present, radius, 1.0).reshape(along_zones)
        correlated = self.reduced(x, coulomb_coupling(matter).reshape(along_zones), screening)
        return np.where(present.reshape(along_zones), correlated, 1.0)


@lru_cache(maxsize=8)
def _legendre(nodes: int) -> tuple[Array, Array]:
    return np.polynomial.legendre.leggauss(nodes)


def transport_average(
    structure: Callable[[Array, Array, Array], Array],
    reduced_energy: ArrayLike,
    coupling: ArrayLike,
    screening: ArrayLike = 0.0,
    *,
    nodes: int = 200,
) -> Array:
    """Return <S> = 12 int_0^1 t^3 (1 - t^2) S(2 E t) dt, the factor that S puts on the transport cross section.

    Parameters
    ----------
    structure : callable
        S(q, Gamma, kappa) with q in 1/a, such as the `reduced` of a model.
    reduced_energy, coupling, screening : array_like
        E a/(hbar c), Gamma and kappa, which broadcast.
    nodes : int
        Gauss-Legendre nodes in t = q/(2 E); 64 leave 1.4e-4 at E a = 12 hbar c.

    Returns
    -------
    ndarray
        1 for S = 1.

    Examples
    --------
    >>> round(float(transport_average(lambda q, coupling, screening: q**2, 0.5, 1.0)), 9)  # 12 (1/6 - 1/8)
    0.5
    """
    node, weight = _legendre(nodes)
    t = 0.5 * (1.0 + node)
    energy, gamma, kappa = (
        np.asarray(each, dtype=np.float64)[..., None] for each in (reduced_energy, coupling, screening)
    )
    return structure(2.0 * energy * t, gamma, kappa) @ (6.0 * weight * t**3 * (1.0 - t**2))


def within(
    model: OneComponent,
    coupling: ArrayLike,
    largest: float = LIQUID_LIMIT,
    used: str = "the edge value is used",
) -> Array:
    """Return Gamma, cut at the largest a model is made for: counted in a warning, or an error if the model says so.

    Raises
    ------
    OutOfRangeError
        If a Gamma is not a number or negative, or lies above and `on_out_of_range` is ``error``.
    """
    gamma = np.asarray(coupling, dtype=np.float64)
    if not (gamma >= 0.0).all():
        raise OutOfRangeError(f"structure factor '{model.name}' needs Gamma >= 0, got {np.nanmin(gamma):.4g}")
    above = gamma > largest
    if not above.any():
        return gamma
    message = (
        f"structure factor '{model.name}' is made for {model.validity}; Gamma is above in {int(above.sum())} of "
        f"{gamma.size} state(s), the largest is {gamma.max():.4g}"
    )
    if model.on_out_of_range == "error":
        raise OutOfRangeError(f'{message}. Set opacity.on_out_of_range = "clamp" to accept that {used}.')
    warnings.warn(f"{message}; {used}", ExtrapolationWarning, stacklevel=4)
    return np.minimum(gamma, largest)


@STRUCTURE_FACTORS.register("none")
class Uncorrelated(OneComponent):
    """Ideal gas of nuclei, S = 1."""

    name = "none"
    validity = "Gamma << 1"
    rigid_background = True

    def reduced(self, q: ArrayLike, coupling: ArrayLike, screening: ArrayLike = 0.0) -> Array:
        """Return ones."""
        return np.ones(np.broadcast_shapes(np.shape(q), np.shape(coupling), np.shape(screening)))

    def __call__(self, q: Array, matter: MatterState) -> Array:
        """Return ones."""
        return np.ones_like(q)
