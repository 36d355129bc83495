"""Neutrinos of boron 8: beta decay to the broad first excited state of beryllium 8, which breaks into two alphas."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from snsim.detection.sources.beta_decay import allowed_shape

Array = NDArray[np.float64]

REFERENCES = (
    "Lane & Thomas 1958, RMP 30, 257",
    "Barker 1989, Aust. J. Phys. 42, 25",
    "Bahcall 1997, PRC 56, 3391",
)
# difference of the atomic masses of 8B and 8Be, and of 8Be and two 4He, MeV (AME2020)
_Q_VALUE, _BREAKUP = 17.9799, 0.09184
# 2+ states of 8Be, MeV: Tilley et al. 2004, Nucl. Phys. A 745, 155; the upper one is a doublet, 16.626 and 16.922
_EXCITATION, _WIDTH, _DOUBLET = 3.03, 1.513, 16.774
_MEAN_ENERGY = 6.735  # MeV, of the neutrinos: Bahcall 1997, from measured spectra of alphas
_RADIUS = 4.5  # fm, channel radius of two alphas (Warburton 1986, PRC 33, 303)
_ALPHA_MASS = 3727.3794118  # MeV
_FAR, _STEPS = 40.0, 1500  # where the Coulomb wave is asymptotic, in 1/k, and steps from there inwards
_END = _Q_VALUE - 2.0 * CODATA.electron_mass


@cache
def boron8_shape() -> tuple[Array, Array]:
    """Return energies (MeV) and the normalised spectrum (1/MeV) of the neutrinos of 8B.

    Returns
    -------
    energy, density : ndarray
        Allowed shapes, weighted with the final states of 8Be.

    Notes
    -----
    The final states are those of R-matrix theory: the level at 3 MeV, its width and penetrability, with the far tail of the
    doublet at 16.8 MeV, into which most decays would go if they had the energy. How much of it there is follows from one
    measured number, the mean energy of the neutrinos. Left out: weak magnetism, forbidden and radiative corrections.

    Events of coherent scattering are more with it than with the spectrum of Winter et al. 2006 (PRC 73, 025503), because the
    end is too hard: in xenon by 0.3, 1.1, 2.5, 7.1 and 4.7 % above 0.1, 0.5, 1, 2 and 3 keV, in argon by 0.3, 0.4, 0.7, 1.4
    and 2.3 %. Where that matters, give `solar` a table: ``shapes={"8B": (energy, density)}``.
    """
    excitation = np.linspace(0.05, 16.0, 200)
    energy = np.linspace(0.0, _END, 600)
    shapes = allowed_shape(energy[None, :], (_END - excitation)[:, None], -4.0, 8.0)
    tail = (_EXCITATION - excitation) / (_DOUBLET - excitation)
    level = final_states(excitation)
    parts = np.array([(level * tail**order) @ shapes for order in range(3)])
    # the amplitude is 1 + x tail, so that the mean energy is a ratio of quadratic polynomials in x
    missing = np.trapezoid(parts * (energy - _MEAN_ENERGY), energy) * np.array([1.0, 2.0, 1.0])
    x = min(np.roots(missing[::-1]).real, key=abs)  # the other root has the tail alone
    density = parts[0] + 2.0 * x * parts[1] + x**2 * parts[2]
    return energy, density / np.trapezoid(density, energy)


def final_states(excitation: Array) -> Array:
    """Density of the final states of beta decay over the excitation of 8Be (MeV), one level with l = 2, not normalised.

    rho = P/[(E_r - E - g2 (S - S_r))^2 + (g2 P)^2], with shift S and penetrability P of two alphas.
    """
    energy = excitation + _BREAKUP
    level = _EXCITATION + _BREAKUP
    shift, inside = coulomb_shift(energy)
    (below, at, above), (_, open_, _) = coulomb_shift(level + np.array([-0.05, 0.0, 0.05]))
    # the width that is seen is the formal one over 1 + g2 dS/dE
    reduced = 0.5 * _WIDTH / (open_ - 0.5 * _WIDTH * (above - below) / 0.1)
    distance = level - energy - reduced * (shift - at)
    return inside / (distance**2 + (reduced * inside) ** 2)


def coulomb_shift(energy: Array) -> tuple[Array, Array]:
    """Shift S and penetrability P of two alphas with l = 2 at the channel radius; energy in MeV above the threshold.

    S + iP = rho H'/H of the outgoing Coulomb wave H, whose logarithmic derivative is followed inwards: u = H'/H obeys
    u' = V - u^2, V = 6/rho^2 + 2 eta/rho - 1, and is i sqrt(-V) - V'/(4V) far out.
    """
    reduced = 0.5 * _ALPHA_MASS
    wave = np.sqrt(2.0 * reduced * energy) / (CODATA.hbar_c * 1e13)  # 1/fm
    eta = 4.0 * CODATA.fine_structure * reduced / (wave * CODATA.hbar_c * 1e13)
    start = _FAR + 20.0 * eta
    end = wave * _RADIUS

    def potential(rho: Any) -> Any:
        return 6.0 / rho**2 + 2.0 * eta / rho - 1.0

    def slope(rho: Any, u: Any) -> Any:
        return potential(rho) - u**2

    v = potential(start)
    u = 1j * np.sqrt(-v) - (-12.0 / start**3 - 2.0 * eta / start**2) / (4.0 * v)
    # steps even in ln rho, where the solution bends near the centre
    step = np.log(end / start) / _STEPS
    rho: Any = start
    for _ in range(_STEPS):
        middle, after = rho * np.exp(0.5 * step), rho * np.exp(step)
        first = rho * step * slope(rho, u)
        second = middle * step * slope(middle, u + 0.5 * first)
        third = middle * step * slope(middle, u + 0.5 * second)
        fourth = after * step * slope(after, u + third)
        u = u + (first + 2.0 * second + 2.0 * third + fourth) / 6.0
        rho = after
    found = end * u
    return found.real, found.imag
