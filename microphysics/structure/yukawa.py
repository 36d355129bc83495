"""Liquids of ions in screening electrons: what every model of them shares, and the integral equations solved directly.

All work with ln(S/S_DH), where S_DH = (q^2 + kappa^2)/(q^2 + kappa^2 + 3 Gamma) is the linear response: smooth, even in
q, and 0 at q = 0 on a rigid background, so that perfect screening S -> q^2/(3 Gamma) is exact. Beyond the solved
states three laws continue it:

* Weak coupling. The first correction to S_DH goes as Gamma^(3/2) (Abe 1959, Prog. Theor. Phys. 22, 213).
* Few ions among many electrons, kappa > 8. At fixed electrons and temperature the direct correlation function c(q)
  tends to a limit as the ions are diluted; so 1 - 1/S = n c is that of the denser ions with kappa = 8 times the ratio
  of the densities. It is exact for S_DH.
* Large q. S - 1, at most 1e-3, falls as 1/q^2 beyond 24/a.

The liquid ends where it freezes, at Gamma exp(-x) (1 + x + x^2/2) = 175, x = (4 pi/3)^(1/3) kappa: Gamma = 175 on a rigid
background, 189 at kappa = 0.6 (Vaulina and Khrapak 2000, JETP 90, 287).
"""

from __future__ import annotations

import warnings
from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics._registry import STRUCTURE_FACTORS
from microphysics.errors import ExtrapolationWarning, OutOfRangeError
from microphysics.matter import MatterState
from microphysics.structure.bridge import effective_coupling, isomorph_factor
from microphysics.structure.models import LIQUID_LIMIT, OneComponent
from microphysics.structure.plasma import coulomb_coupling, ion_sphere_radius, screening_parameter

__all__ = ["Q_NODES", "HypernettedChain", "HypernettedChainBridge", "YukawaLiquid"]

Array = NDArray[np.float64]

Q_STEP = 0.05
Q_NODES = Q_STEP * np.arange(481)  # 1/a; beyond, |S - 1| < 1e-3 even at freezing
LARGEST_SCREENING = 8.0
WEAKEST, STRONGEST = 0.02, LIQUID_LIMIT  # range of Gamma/coupling_scale(kappa) that is solved
_WEAK_POWER = 1.5


def coupling_scale(screening: ArrayLike) -> Array:
    """Coupling in whose units the solved range is the same at every kappa: the freezing line up to kappa = 1."""
    return 1.0 + 0.28 * np.asarray(screening, dtype=float) ** 2


def largest_coupling(screening: ArrayLike) -> Array:
    """Largest Gamma of the liquid: freezing, and for kappa > 1 (few nuclei) 175 (1 + 0.28 kappa^2), which is less."""
    return STRONGEST * np.minimum(1.0 / isomorph_factor(screening), coupling_scale(screening))


@dataclass(frozen=True)
class States:
    """Zones brought into the solved range; all arrays have shape (zone,).

    Attributes
    ----------
    solved : ndarray
        Gamma at which ln(S/S_DH) is taken.
    coupling, screening : ndarray
        Gamma and kappa of S_DH.
    weak : ndarray
        Factor on ln(S/S_DH).
    stretch : ndarray
        Factor on q.
    dilution : ndarray
        Factor on n c(q).
    """

    solved: Array
    coupling: Array
    screening: Array
    weak: Array
    stretch: Array
    dilution: Array


class YukawaLiquid(OneComponent):
    """Model of S(q) at Gamma and kappa up to freezing; a subclass knows ln(S/S_DH) in the solved range.

    Parameters
    ----------
    on_out_of_range : str
        Where the plasma would be frozen: ``error``, or ``clamp`` for the liquid at freezing, with a counted warning.
    """

    validity = "liquids, Gamma exp(-x) (1 + x + x^2/2) <= 175 with x = 1.612 kappa"

    @abstractmethod
    def _evaluate(self, q: Array, states: States, out: Array) -> None:
        """Write S at q, shape (zone, node), into `out`."""

    def reduced(self, q: ArrayLike, coupling: ArrayLike, screening: ArrayLike = 0.0) -> Array:
        """Return S(q).

        Parameters
        ----------
        q : array_like
            1/a.
        coupling, screening : array_like
            Gamma and kappa. They and `q` broadcast; the work is least where they do not vary along the last axes.

        Returns
        -------
        ndarray
            Positive, but 0 at q = 0 on a rigid background.

        Raises
        ------
        OutOfRangeError
            If Gamma or kappa is negative or not a number, or beyond freezing and `on_out_of_range` is ``error``.
        """
        return self._reduced(q, coupling, screening, None)

    def __call__(self, q: Array, matter: MatterState) -> Array:
        """Return S(q), shape (zone, ...): q in 1/fm with zones first; errors as in `reduced`, naming the zone."""
        radius = ion_sphere_radius(matter)
        along_zones = (-1,) + (1,) * (np.ndim(q) - 1)
        scale = np.where(np.isfinite(radius), radius, 0.0)
        # without nuclei Gamma and kappa are 0, which is S = 1
        coupling, screening = coulomb_coupling(matter), screening_parameter(matter)
        return self._reduced(
            q * scale.reshape(along_zones),
            coupling.reshape(along_zones),
            screening.reshape(along_zones),
            matter,
        )

    def _reduced(
        self, q: ArrayLike, coupling: ArrayLike, screening: ArrayLike, matter: MatterState | None
    ) -> Array:
        """Sort broadcasting arguments into zones, the axes along which Gamma or kappa vary, and nodes."""
        q, coupling, screening = (np.asarray(each, dtype=float) for each in (q, coupling, screening))
        shape = np.broadcast_shapes(q.shape, coupling.shape, screening.shape)
        varying = np.broadcast_shapes(coupling.shape, screening.shape, (1,) * len(shape))
        leading = max((axis + 1 for axis, length in enumerate(varying) if length != 1), default=0)
        per_zone = shape[:leading] + (1,) * (len(shape) - leading)
        gamma, kappa = (np.broadcast_to(each, per_zone).reshape(-1) for each in (coupling, screening))
        # writeable, because a kernel is compiled anew for arrays that are not, such as broadcast ones
        nodes = np.require(q if q.shape == shape else np.broadcast_to(q, shape), requirements=["C", "W"])
        nodes = nodes.reshape(len(gamma), -1)
        out = np.empty_like(nodes)
        self._evaluate(nodes, self._states(gamma, kappa, matter), out)
        return out.reshape(shape)

    def _states(self, coupling: Array, screening: Array, matter: MatterState | None) -> States:
        """Bring zones into the solved range: dilution, freezing, weak coupling."""
        if not (
            np.isfinite(coupling) & np.isfinite(screening) & (coupling >= 0.0) & (screening >= 0.0)
        ).all():
            raise OutOfRangeError(
                f"structure factor '{self.name}' needs Gamma >= 0 and kappa >= 0, got as little as "
                f"{np.min(coupling):.4g} and {np.min(screening):.4g}"
            )
        kappa = np.minimum(screening, LARGEST_SCREENING)
        # kappa scales as a, Gamma as 1/a and the density as 1/a^3
        stretch = kappa / np.where(screening > 0.0, screening, 1.0)
        stretch = np.where(screening > LARGEST_SCREENING, stretch, 1.0)
        gamma = coupling / stretch
        largest = largest_coupling(kappa)
        above = gamma > largest
        if above.any():
            self._refuse_or_warn(above, coupling, screening, matter)
            gamma = np.minimum(gamma, largest)
        solved = np.maximum(gamma, WEAKEST * coupling_scale(kappa))
        weak = (gamma / solved) ** _WEAK_POWER
        return States(solved, gamma, kappa, weak, stretch, stretch**3)

    def _refuse_or_warn(
        self, above: NDArray[np.bool_], coupling: Array, screening: Array, matter: MatterState | None
    ) -> None:
        """Raise an error or warn about zones beyond freezing, naming the worst."""
        effective = effective_coupling(coupling, screening)
        worst = int(np.argmax(np.where(above, effective, -np.inf)))
        where = ""
        if matter is not None:
            where = f" at {matter.density[worst]:.3g} g/cm3, T = {matter.temperature[worst]:.3g} MeV"
        message = (
            f"structure factor '{self.name}' is made for {self.validity}; {int(above.sum())} zone(s) are above, the "
            f"worst has Gamma = {coupling[worst]:.4g}, kappa = {screening[worst]:.3g}{where}"
        )
        if self.on_out_of_range == "error":
            raise OutOfRangeError(
                f'{message}. Set opacity.on_out_of_range = "clamp" to accept the liquid at freezing.'
            )
        warnings.warn(f"{message}; the liquid at freezing is used", ExtrapolationWarning, stacklevel=5)


def ln_ratios(couplings: Array, screening: float, *, bridge: bool = True) -> Array:
    """Solve the integral equation and return ln(S/S_DH) on `Q_NODES`.

    Parameters
    ----------
    couplings : ndarray, shape (coupling,)
        Gamma.
    screening : float
        kappa.
    bridge : bool
        With bridge function.

    Returns
    -------
    ndarray, shape (coupling, k)
    """
    from scipy.interpolate import CubicSpline

    from microphysics.structure.hnc import column

    rows = np.empty((len(couplings), len(Q_NODES)))
    for row, gamma, liquid in zip(rows, couplings, column(couplings, screening, bridge=bridge), strict=True):
        k = liquid.wave_number[liquid.wave_number < Q_NODES[-1] + 1.0]
        own = k**2 + screening**2
        ratio = np.log(liquid.structure[0, 0, : len(k)] * (own + 3.0 * gamma) / own)
        # even in q; on a rigid background perfect screening makes it 0 at the origin
        middle = [0.0] if screening == 0.0 else []
        spline = CubicSpline(
            np.concatenate([-k[::-1], middle, k]), np.concatenate([ratio[::-1], middle, ratio])
        )
        row[:] = spline(Q_NODES)
    return rows


class _Direct(YukawaLiquid):
    """The integral equation solved once for every Gamma and kappa that is asked for."""

    bridge: ClassVar[bool]
    _kept = 4096  # solved states that are remembered

    def __init__(self, on_out_of_range: str = "clamp") -> None:
        super().__init__(on_out_of_range)
        self._rows: dict[tuple[float, float], Array] = {}

    def _evaluate(self, q: Array, states: States, out: Array) -> None:
        """Solve what is not known yet, then look up as in a table."""
        from microphysics._kernels.structure_table import from_rows

        asked = list(zip(states.solved.tolist(), states.screening.tolist(), strict=True))
        if len(self._rows) + len(asked) > self._kept:
            self._rows.clear()
        for gamma, kappa in asked:
            if (gamma, kappa) not in self._rows:
                self._rows[gamma, kappa] = ln_ratios(np.array([gamma]), kappa, bridge=self.bridge)[0]
        rows = np.stack([self._rows[state] for state in asked])
        from_rows(
            rows,
            Q_STEP,
            q,
            states.coupling,
            states.screening**2,
            states.weak,
            states.stretch,
            states.dilution,
            out,
        )


@STRUCTURE_FACTORS.register("hnc")
class HypernettedChain(_Direct):
    """Hypernetted-chain equation without bridge function: 5 % off in <S> at Gamma = 10, 30 % at 125."""

    name = "hnc"
    references = ("Ng 1974, J. Chem. Phys. 61, 2680",)
    bridge = False


@STRUCTURE_FACTORS.register("hncb")
class HypernettedChainBridge(_Direct):
    """Hypernetted-chain equation with the bridge function of simulations: within 2.5 % of Monte Carlo in <S>."""

    name = "hncb"
    references = (
        "Ng 1974, J. Chem. Phys. 61, 2680",
        "Lucco Castello and Tolias 2021, arXiv:2107.03537",
        "Lucco Castello and Tolias 2021, arXiv:2108.09574",
    )
    bridge = True
