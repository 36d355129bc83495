"""Closed forms of S(q): Debye-Hueckel, hard spheres (Percus-Yevick) and charged hard spheres (mean spherical).

Hard spheres of diameter sigma and packing fraction eta have sigma = 2 eta^(1/3) a. Inside the core both integral
equations give a polynomial direct correlation function, c(x < 1) = sum_m c_m x^m with x = r/sigma, so that
1/S = 1 - 24 eta sum_m c_m int_0^1 x^(m+1) sin(yx)/y dx at y = q sigma, plus the tail of c where there is one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import factorial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics._registry import STRUCTURE_FACTORS
from microphysics.errors import OutOfRangeError
from microphysics.structure.models import LIQUID_LIMIT, OneComponent, within

__all__ = [
    "MSA",
    "DebyeHuckel",
    "FittedMSA",
    "PercusYevick",
    "debye_huckel",
    "fitted_packing",
    "msa_coefficients",
    "msa_packing",
    "percus_yevick",
    "variational_packing",
]

Array = NDArray[np.float64]

_SERIES_BELOW = 2.0  # y under which the integrals are summed as series: the recursions lose digits there
_SERIES_TERMS = 13  # 2^26/27! < 1e-20
_POWERS = 7  # x^1 to x^6 under the integrals
_IDEAL = 1e-6  # Gamma under which the core is point-like: charged hard spheres are Debye-Hueckel to 1e-9
_BISECTIONS = 60


def debye_huckel(q: ArrayLike, coupling: ArrayLike, screening: ArrayLike = 0.0) -> Array:
    """Return (q^2 + kappa^2)/(q^2 + kappa^2 + 3 Gamma), q in 1/a: exact at Gamma -> 0 and, for kappa = 0, at q -> 0.

    1 where q, Gamma and kappa all vanish. (Debye & Hueckel 1923, Phys. Z. 24, 185.)
    """
    gamma = np.asarray(coupling, dtype=np.float64)
    bare = np.square(q, dtype=np.float64) + np.square(screening, dtype=np.float64)
    bare, gamma = np.broadcast_arrays(bare, gamma)
    return np.divide(bare, bare + 3.0 * gamma, out=np.ones(bare.shape), where=bare + gamma > 0.0)


@STRUCTURE_FACTORS.register("debye_huckel")
class DebyeHuckel(OneComponent):
    """Linear response of point ions, on electrons that screen.

    Outside its range the formula is used as it stands, with a warning, or an error raised: at Gamma >= 10 it is 25 to
    97 % low for E a > hbar c.
    """

    name = "debye_huckel"
    references = ("Debye & Hueckel 1923, Phys. Z. 24, 185",)
    validity = "0 <= Gamma <= 0.3"
    largest_coupling = 0.3

    def reduced(self, q: ArrayLike, coupling: ArrayLike, screening: ArrayLike = 0.0) -> Array:
        """Return S(q) at q in 1/a, Gamma and kappa, which broadcast."""
        within(self, coupling, self.largest_coupling, "the formula is used as it stands")
        return debye_huckel(q, coupling, screening)


def _hard_core_integrals(y: Array) -> list[Array]:
    """Return int_0^1 x^m sin(yx)/y dx for m = 1..6 (in that order), y >= 0."""
    small = y < _SERIES_BELOW
    square = np.where(small, y * y, 0.0)
    large = np.where(small, _SERIES_BELOW, y)
    sine, cosine = np.sin(large), np.cos(large)
    # int x^m sin = (-cos y + m C_{m-1})/y and C_m = int x^m cos = (sin y - m int x^{m-1} sin)/y
    with_sine, with_cosine = (1.0 - cosine) / large, sine / large
    values = []
    for m in range(1, _POWERS):
        series = np.zeros_like(square)
        for j in reversed(range(_SERIES_TERMS)):
            series = series * square + (-1.0) ** j / (factorial(2 * j + 1) * (m + 2 + 2 * j))
        with_sine, with_cosine = (-cosine + m * with_cosine) / large, (sine - m * with_sine) / large
        values.append(np.where(small, series, with_sine / large))
    return values


def _inverse(y: Array, packing: Array, coefficients: dict[int, Array]) -> Array:
    """Return 1 - 24 eta sum_m c_m int_0^1 x^(m+1) sin(yx)/y dx for c = sum_m c_m x^m inside the core."""
    integrals = _hard_core_integrals(y)
    return 1.0 - 24.0 * packing * sum(c * integrals[m] for m, c in coefficients.items())


def percus_yevick(q: ArrayLike, packing: ArrayLike) -> Array:
    """Return S of hard spheres at q in 1/a and packing fraction eta < 1 (Wertheim 1963, PRL 10, 321)."""
    eta = np.asarray(packing, dtype=np.float64)
    first = -((1.0 + 2.0 * eta) ** 2) / (1.0 - eta) ** 4
    second = 6.0 * eta * (1.0 + 0.5 * eta) ** 2 / (1.0 - eta) ** 4
    y = 2.0 * np.cbrt(eta) * np.asarray(q, dtype=np.float64)
    return 1.0 / _inverse(y, eta, {0: first, 1: second, 3: 0.5 * eta * first})


def variational_packing(coupling: ArrayLike) -> Array:
    """Return the packing fraction for which hard spheres bound the free energy of the one-component plasma best.

    Minimum over eta of eta (4 - 3 eta)/(1 - eta)^2 - 3 Gamma eta^(2/3) (1 - eta/5 + eta^2/10)/(1 + 2 eta): excess free
    energy of hard spheres (Carnahan & Starling 1969) and Coulomb energy of their Percus-Yevick structure (Jones 1971,
    J. Chem. Phys. 55, 2640), after the inequality of Gibbs and Bogoliubov (Ross & Seale 1974, PRA 9, 396). At weak
    coupling sigma becomes the distance of closest approach, Z^2 e^2/T.
    """

    def excess(eta: Array, gamma: Array) -> Array:
        polynomial = 1.0 - eta / 5.0 + eta**2 / 10.0
        slope = (2.0 * polynomial / (3.0 * eta) - 0.2 + 0.2 * eta - 2.0 * polynomial / (1.0 + 2.0 * eta)) / (
            1.0 + 2.0 * eta
        )
        return (4.0 - 2.0 * eta) / (1.0 - eta) ** 3 - 3.0 * gamma * np.cbrt(eta) ** 2 * slope

    return _packing(excess, coupling)


def _packing(excess: Callable[[Array, Array], Array], coupling: ArrayLike) -> Array:
    """Return the eta at which `excess(eta, Gamma)`, negative below it, passes through zero; 0 for Gamma = 0.

    Bisection in eta^(1/3), which is Gamma/2 at most.
    """
    gamma = np.asarray(coupling, dtype=np.float64)
    safe = np.where(gamma > 0.0, gamma, 1.0)
    low, high = np.zeros_like(safe), np.minimum(0.85, 0.6 * safe)
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        below = excess(middle**3, safe) < 0.0
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.where(gamma > 0.0, (0.5 * (low + high)) ** 3, 0.0)


@STRUCTURE_FACTORS.register("percus_yevick")
class PercusYevick(OneComponent):
    """Ions as a glass of hard spheres, on a rigid background. A teaching example.

    Repulsion alone gives a peak of S(q), but no screening: S(0) = (1 - eta)^4/(1 + 2 eta)^2 instead of 0, and <S> is wrong
    by up to 0.12 where it matters. Gamma > 175 counts as 175, with a warning, or is an error.

    Parameters
    ----------
    on_out_of_range : str
        ``error`` or ``clamp``.
    packing : float, optional
        Fixed packing fraction; 0.46 gives the height of the peak at Gamma = 125. By default the variational one, whose
        peak lies 3 to 6 % beyond that of the plasma for Gamma >= 40, and is a quarter too high.
    """

    name = "percus_yevick"
    references = (
        "Percus & Yevick 1958, PR 110, 1",
        "Wertheim 1963, PRL 10, 321",
        "Ross & Seale 1974, PRA 9, 396",
    )
    validity = "Gamma <= 175, near the peak of S(q) only: S(0) is wrong"
    rigid_background = True

    def __init__(self, on_out_of_range: str = "clamp", *, packing: float | None = None) -> None:
        super().__init__(on_out_of_range)
        if packing is not None and not 0.0 <= packing < 1.0:
            raise OutOfRangeError(f"packing fraction {packing:g} lies outside 0 <= eta < 1")
        self.packing = packing

    def reduced(self, q: ArrayLike, coupling: ArrayLike, screening: ArrayLike = 0.0) -> Array:
        """Return S(q) at q in 1/a and Gamma, which broadcast; `screening` is ignored."""
        gamma = within(self, coupling)
        eta = variational_packing(gamma) if self.packing is None else np.full_like(gamma, self.packing)
        return percus_yevick(q, eta)


def msa_coefficients(packing: Array, coupling: Array) -> tuple[dict[int, Array], Array]:
    """Return c_m of the core, m = 0, 1, 2, 3, 5, and the strength k^2/(24 eta) of the tail c(x > 1) = -strength/x.

    Palmer & Weeks 1973, J. Chem. Phys. 58, 4171; packing > 0.
    """
    eta = packing
    square = 12.0 * coupling * np.cbrt(eta) ** 2
    k = np.sqrt(square)
    away = 1.0 - eta
    # 1 - (1 + u)^(1/2) = -u/(1 + (1 + u)^(1/2)), without its cancellation at weak coupling
    u = 2.0 * away**3 * k / (1.0 + 2.0 * eta) ** 2
    strength = -(1.0 + 2.0 * eta) / away * u / (1.0 + np.sqrt(1.0 + u))
    contact = strength**2 / (24.0 * eta) - (1.0 + 0.5 * eta) / away**2
    energy = -(1.0 + eta - 0.2 * eta**2) / (12.0 * eta) - away * strength / (12.0 * eta * k)
    constant = (
        -((1.0 + 2.0 * eta) ** 2) / away**4
        + strength**2 / (4.0 * away**2)
        - (1.0 + eta) * strength * k / (12.0 * eta)
        - (5.0 + eta**2) * square / (60.0 * eta)
    )
    cubic = 0.5 * eta * (constant + square * energy)
    core = {0: constant, 1: 6.0 * eta * contact**2, 2: square / 6.0, 3: cubic, 5: eta * square / 60.0}
    return core, square / (24.0 * eta)


def msa_packing(coupling: ArrayLike) -> Array:
    """Return the packing fraction for which g(r) of charged hard spheres is continuous, g(sigma+) = 0.

    The condition of Gillan 1974, J. Phys. C 7, L1: the core is then no wider than the ions keep apart anyway.
    """

    def excess(eta: Array, gamma: Array) -> Array:
        # g(sigma+) = c(1+) - c(1-), negative where the core is too small to hold the ions apart
        core, tail = msa_coefficients(eta, gamma)
        return -tail - sum(core.values())

    return _packing(excess, coupling)


@STRUCTURE_FACTORS.register("msa")
class MSA(OneComponent):
    """Charged hard spheres in the mean spherical approximation, g(sigma+) = 0, on a rigid background.

    <S> is within 1 to 4 % of Monte Carlo at Gamma = 10, 26 to 37 % high at Gamma >= 125 around E a = 1.5 to 2 hbar c.
    Gamma > 175 counts as 175, with a warning, or is an error.
    """

    name = "msa"
    references = ("Palmer & Weeks 1973, J. Chem. Phys. 58, 4171", "Gillan 1974, J. Phys. C 7, L1")
    validity = "Gamma <= 175 (4 % in <S> up to 10)"
    rigid_background = True
    largest_coupling = LIQUID_LIMIT

    def packing(self, coupling: Array) -> Array:
        """Return eta(Gamma)."""
        return msa_packing(coupling)

    def reduced(self, q: ArrayLike, coupling: ArrayLike, screening: ArrayLike = 0.0) -> Array:
        """Return S(q) at q in 1/a and Gamma, which broadcast; `screening` is ignored."""
        gamma = within(self, coupling, self.largest_coupling)
        point_like = gamma < _IDEAL
        safe = np.where(point_like, _IDEAL, gamma)
        eta = self.packing(safe)
        core, _ = msa_coefficients(eta, safe)
        x = np.asarray(q, dtype=np.float64)
        y = 2.0 * np.cbrt(eta) * x
        # the tail of c: k^2 cos(y)/y^2 = 3 Gamma cos(y)/q^2, which alone diverges at q -> 0
        inverse = x**2 * _inverse(y, eta, core) + 3.0 * safe * np.cos(y)
        return np.where(point_like, debye_huckel(x, gamma), x**2 / inverse)


# packing fractions for which <S> follows Monte Carlo best; at weaker coupling that of g(sigma+) = 0 does
_FITTED_AT = (40.0, 80.0, 125.0, 160.0)
_FITTED = (0.284, 0.379, 0.430, 0.456)
_UNCHANGED_AT = (10.0, 20.0)


@lru_cache(maxsize=1)
def _stretch() -> Callable[[Array], Array]:
    """Return the fitted packing over that of g(sigma+) = 0 as a function of ln Gamma, monotone and smooth."""
    from scipy.interpolate import PchipInterpolator

    ratio = np.array(_FITTED) / msa_packing(_FITTED_AT)
    nodes = np.log([*_UNCHANGED_AT, *_FITTED_AT])
    interpolant: Callable[[Array], Array] = PchipInterpolator(nodes, np.concatenate([[1.0, 1.0], ratio]))
    return interpolant


def fitted_packing(coupling: ArrayLike) -> Array:
    """Return the packing fraction fitted to Monte Carlo at Gamma = 40, 80, 125, 160, Gamma <= 160.

    Its ratio to that of g(sigma+) = 0 is 1 up to Gamma = 20, and from there follows a monotone cubic through the fitted
    points, with a continuous derivative.
    """
    gamma = np.asarray(coupling, dtype=np.float64)
    inside = np.clip(gamma, _UNCHANGED_AT[0], _FITTED_AT[-1])
    return msa_packing(gamma) * _stretch()(np.log(inside))


@STRUCTURE_FACTORS.register("msa_eta")
class FittedMSA(MSA):
    """Mean spherical approximation with a packing fraction fitted to Monte Carlo, on a rigid background.

    <S> within 7 %, and 0.02 absolute above Gamma = 20. Gamma > 160 counts as 160, with a warning, or is an error.
    """

    name = "msa_eta"
    references = ("Palmer & Weeks 1973, J. Chem. Phys. 58, 4171", "packing fraction fitted for this project")
    validity = "Gamma <= 160 (7 % in <S>)"
    largest_coupling = _FITTED_AT[-1]

    def packing(self, coupling: Array) -> Array:
        """Return eta(Gamma)."""
        return fitted_packing(coupling)
