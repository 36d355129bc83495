"""Hypernetted-chain theory of Coulomb and Yukawa liquids of any number of components, with or without bridge function.

The Ornstein-Zernike equation and the closure g = exp(-beta u + h - c + B) are solved by iteration on a sine-transform
grid, with the long-range part of the potential split off and treated in Fourier space (Ng 1974), Anderson mixing
(Anderson 1965, J. ACM 12, 547) and continuation in the coupling. Bridge functions are those of `bridge`.

Units: lengths in the ion-sphere radius a = (3/(4 pi n))^(1/3) of the TOTAL ion density n, energies in kT.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.fft import dst
from scipy.special import erfc, erfcx

from microphysics.errors import MicrophysicsError
from microphysics.structure.bridge import bridge_function, effective_coupling

__all__ = ["Liquid", "column", "solve"]

Array = NDArray[np.float64]

DENSITY = 3.0 / (4.0 * np.pi)  # n in 1/a^3
POINTS, SPACING = 2047, 0.025  # S converged to 6e-5; the extent of the grid decides, not the spacing
_SPLIT = 1.1  # alpha of the error function that splits the potential, 1/a
_LADDER = (
    0.3,
    1.0,
    3.0,
    8.0,
    20.0,
    40.0,
    70.0,
    100.0,
    130.0,
)  # effective couplings on the way to a strong one
_TOLERANCE = 1e-8  # rms change of h - c_s in an iteration
_DEPTH, _DAMPING, _REGULARISATION = 10, 0.3, 1e-12  # Anderson mixing
_ITERATIONS = 400
_HALVINGS = 6


@dataclass(frozen=True)
class Liquid:
    """Solution of the integral equation.

    Attributes
    ----------
    wave_number : ndarray, shape (k,)
        1/a.
    structure : ndarray, shape (i, j, k)
        S_ij = delta_ij + (n_i n_j)^(1/2) h_ij(k).
    radius : ndarray, shape (r,)
        a.
    pair : ndarray, shape (i, j, r)
        Pair distribution g_ij(r).
    energy : float
        Excess energy per ion over kT, background included.
    residual : float
        Root mean square change of h - c_s that another iteration would make.
    """

    wave_number: Array
    structure: Array
    radius: Array
    pair: Array
    energy: float
    residual: float


@dataclass(frozen=True)
class _Grid:
    """Conjugate grids of the sine transform."""

    points: int
    spacing: float
    r: Array
    k: Array

    def forward(self, f: Array) -> Array:
        """Return the three-dimensional Fourier transform of f(r)."""
        return 2.0 * np.pi * self.spacing / self.k * dst(self.r * f, type=1)

    def backward(self, f: Array) -> Array:
        """Return the inverse transform of f(k)."""
        return self.k[0] / (4.0 * np.pi**2 * self.r) * dst(self.k * f, type=1)


@lru_cache(maxsize=8)
def _grid(points: int, spacing: float) -> _Grid:
    index = np.arange(1.0, points + 1.0)
    return _Grid(points, spacing, index * spacing, index * np.pi / ((points + 1) * spacing))


class _Plasma:
    """Ions of given charges and fractions at given Gamma_e and kappa: potentials, bridges, one iteration."""

    def __init__(
        self,
        grid: _Grid,
        coupling: float,
        screening: float,
        charges: Array,
        fractions: Array,
        bridge: bool,
    ) -> None:
        self.grid, self.screening = grid, screening
        self.species = len(charges)
        self.first, self.second = np.triu_indices(self.species)
        self.root_density = np.sqrt(DENSITY * fractions)
        electron_radius = (fractions @ charges) ** (-1.0 / 3.0)  # a_e in a
        product = charges[self.first] * charges[self.second]
        self.strength = coupling * electron_radius * product  # of exp(-kappa r)/r, per pair
        self._split_potential()
        own = electron_radius * np.cbrt(charges)  # neutral sphere of each ion
        apart = 0.5 * (own[self.first] + own[self.second])
        self.effective = effective_coupling(self.strength / apart, screening * apart)
        self.bridge = np.zeros((len(apart), grid.points))
        if bridge:
            for pair, (distance, gamma) in enumerate(zip(apart, self.effective, strict=True)):
                self.bridge[pair] = bridge_function(grid.r / distance, float(gamma))

    def _split_potential(self) -> None:
        """Short-range part on r, long-range part on k; every pair has the same shape."""
        r, k, kappa = self.grid.r, self.grid.k, self.screening
        shift = kappa / (2.0 * _SPLIT)
        # exp(kappa r) erfc(shift + alpha r), written so that it cannot overflow
        growing = np.exp(-(shift**2) - (_SPLIT * r) ** 2) * erfcx(shift + _SPLIT * r)
        long = (np.exp(-kappa * r) * erfc(shift - _SPLIT * r) - growing) / (2.0 * r)
        self.shape = np.exp(-kappa * r) / r
        self.short = self.strength[:, None] * (self.shape - long)
        long_k = 4.0 * np.pi * np.exp(-(shift**2) - (k / (2.0 * _SPLIT)) ** 2) / (k**2 + kappa**2)
        self.long_k = self.strength[:, None] * long_k

    def closure(self, gamma: Array) -> Array:
        """Return g(r) per pair from gamma = h - c_s."""
        return np.exp(gamma + self.bridge - self.short)

    def iterate(self, gamma: Array) -> Array:
        """Return the gamma that the Ornstein-Zernike equation makes of the closure's correlations."""
        direct_short = self.closure(gamma) - 1.0 - gamma
        direct = self.grid.forward(direct_short) - self.long_k
        return self.grid.backward(self.total(direct) - direct - self.long_k)

    def total(self, direct: Array) -> Array:
        """Return h(k) per pair: H = (1 - C)^-1 C with C_ij = (n_i n_j)^(1/2) c_ij."""
        weight = (self.root_density[self.first] * self.root_density[self.second])[:, None]
        if self.species == 1:
            return direct / (1.0 - weight * direct)
        matrix = np.empty((direct.shape[1], self.species, self.species))
        matrix[:, self.first, self.second] = matrix[:, self.second, self.first] = (weight * direct).T
        correlation = np.linalg.solve(np.eye(self.species) - matrix, matrix)
        return correlation[:, self.first, self.second].T / weight

    def liquid(self, gamma: Array, residual: float) -> Liquid:
        """Return the observables of a converged gamma."""
        grid, m = self.grid, self.species
        pair = self.closure(gamma)
        h = self.total(grid.forward(pair - 1.0 - gamma) - self.long_k)
        density = self.root_density**2
        weight = np.where(self.first == self.second, 1.0, 2.0) * density[self.first] * density[self.second]
        # u = (1/2 n) sum_ij n_i n_j int h_ij u_ij d^3r. The first interval of the trapezium rule is corrected
        # (Euler and Maclaurin): h = -1 at the origin, where the integrand r^2 h u rises linearly.
        integral = grid.spacing * (((pair - 1.0) * self.shape) @ grid.r**2) - grid.spacing**2 / 12.0
        energy = float(2.0 * np.pi / DENSITY * (weight * self.strength) @ integral)
        structure = np.empty((m, m, grid.points))
        together = np.empty((m, m, grid.points))
        scale = (self.root_density[self.first] * self.root_density[self.second])[:, None]
        structure[self.first, self.second] = structure[self.second, self.first] = scale * h
        structure[np.arange(m), np.arange(m)] += 1.0
        together[self.first, self.second] = together[self.second, self.first] = pair
        return Liquid(grid.k, structure, grid.r, together, energy, residual)


def solve(
    coupling: float,
    screening: float = 0.0,
    *,
    charges: Sequence[float] = (1.0,),
    fractions: Sequence[float] = (1.0,),
    bridge: bool = True,
    points: int = POINTS,
    spacing: float = SPACING,
) -> Liquid:
    """Solve for a liquid of one or more kinds of ions.

    Parameters
    ----------
    coupling : float
        Gamma_e = e^2/(a_e kT), where a_e is the radius of the sphere that holds one of the electrons that neutralise
        these ions, n_e = n sum_i x_i Z_i. With the default single charge of 1 this is Gamma itself; a single charge
        Z has Gamma = Z^(5/3) Gamma_e.
    screening : float
        kappa = k_sc a of the electrons, a the ion-sphere radius of the total ion density; 0 for a rigid background.
    charges, fractions : sequence of float
        Z_i and x_i = n_i/n, which add up to 1.
    bridge : bool
        With bridge functions (for each pair that of the one-component plasma, in units of the mean of the two ion
        spheres and at Gamma_ij = Z_i Z_j e^2/(a_ij kT)) or plain hypernetted chain.
    points, spacing : int, float
        Of the radial grid; spacing in a.

    Returns
    -------
    Liquid

    Raises
    ------
    MicrophysicsError
        If an argument makes no sense, or the iteration does not converge.
    """
    liquids = column(
        [coupling],
        screening,
        charges=charges,
        fractions=fractions,
        bridge=bridge,
        points=points,
        spacing=spacing,
    )
    return liquids[0]


def column(
    couplings: ArrayLike,
    screening: float = 0.0,
    *,
    charges: Sequence[float] = (1.0,),
    fractions: Sequence[float] = (1.0,),
    bridge: bool = True,
    points: int = POINTS,
    spacing: float = SPACING,
) -> list[Liquid]:
    """Solve at several couplings, each started from the one below: arguments and errors as in `solve`.

    Returns
    -------
    list of Liquid
        In the order of `couplings`.
    """
    wanted = np.atleast_1d(np.asarray(couplings, dtype=float))
    z, x = np.asarray(charges, dtype=float), np.asarray(fractions, dtype=float)
    if z.shape != x.shape or not (x > 0.0).all() or abs(x.sum() - 1.0) > 1e-9:
        raise MicrophysicsError(
            f"fractions of the ions must be positive, add up to 1 and be one for each charge, got {fractions}"
        )
    if not (np.isfinite(wanted) & (wanted > 0.0)).all() or not screening >= 0.0:
        raise MicrophysicsError(
            f"a liquid needs a coupling > 0 and a screening >= 0, got {wanted} and {screening}"
        )
    grid = _grid(points, spacing)
    climb = _Continuation(lambda coupling: _Plasma(grid, coupling, screening, z, x, bridge))
    solved = {coupling: climb.to(coupling) for coupling in sorted(set(wanted.tolist()))}
    return [solved[coupling] for coupling in wanted.tolist()]


class _Continuation:
    """Climbs in the coupling from one solution to the next."""

    def __init__(self, plasma: Callable[[float], _Plasma]) -> None:
        self.plasma = plasma
        self.coupling = 0.0
        self.gamma: Array | None = None

    def to(self, coupling: float) -> Liquid:
        """Return the liquid at a coupling not below the last one."""
        plasma = self.plasma(coupling)
        scale = coupling / float(plasma.effective.max())
        for rung in _LADDER:
            if self.coupling < scale * rung < coupling:
                self._step(self.plasma(scale * rung), scale * rung)
        return plasma.liquid(*self._step(plasma, coupling))

    def _step(self, plasma: _Plasma, coupling: float, halvings: int = _HALVINGS) -> tuple[Array, float]:
        """Solve at a coupling, by way of one half as far if it does not converge; return h - c_s and residual."""
        gamma, residual = _converge(plasma, np.zeros_like(plasma.short) if self.gamma is None else self.gamma)
        if residual > _TOLERANCE:
            if halvings == 0:
                raise MicrophysicsError(
                    f"the hypernetted-chain equation does not converge at Gamma_e = {coupling:.4g}, kappa = "
                    f"{plasma.screening:.4g} (residual {residual:.2g} from Gamma_e = {self.coupling:.4g})"
                )
            half = 0.5 * (self.coupling + coupling)
            self._step(self.plasma(half), half, halvings - 1)
            return self._step(plasma, coupling, halvings - 1)
        self.coupling, self.gamma = coupling, gamma
        return gamma, residual


def _converge(plasma: _Plasma, gamma: Array) -> tuple[Array, float]:
    """Iterate with Anderson mixing; return gamma and its residual, infinite where the iteration ran away."""
    x = gamma.copy()
    steps, changes = np.empty((_DEPTH, x.size)), np.empty((_DEPTH, x.size))
    last_x = last_f = np.empty(0)
    with np.errstate(over="ignore", invalid="ignore"):
        for iteration in range(_ITERATIONS):
            f = plasma.iterate(x) - x
            residual = float(np.sqrt(np.mean(f**2)))
            if residual <= _TOLERANCE or not np.isfinite(residual):
                break
            new = x + _DAMPING * f
            if iteration > 0:
                row = (iteration - 1) % _DEPTH
                steps[row], changes[row] = (x - last_x).ravel(), (f - last_f).ravel()
                kept = min(iteration, _DEPTH)
                normal = changes[:kept] @ changes[:kept].T
                normal[np.diag_indices(kept)] *= 1.0 + _REGULARISATION
                share = np.linalg.solve(normal, changes[:kept] @ f.ravel())
                new -= (share @ (steps[:kept] + _DAMPING * changes[:kept])).reshape(x.shape)
            last_x, last_f, x = x, f, new
    return x, residual if np.isfinite(residual) else np.inf
