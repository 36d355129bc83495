"""Electron-positron pairs e- e+ <-> nu nubar for heavy-lepton neutrinos (Bruenn 1985, ApJS 58, 771, C62-C74)."""

from __future__ import annotations

import math

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import NDArray

from microphysics._jit import njit
from microphysics._registry import PROCESSES
from microphysics.matter import MatterState
from microphysics.processes.settings import Rates, Settings

Array = NDArray[np.float64]

_PARTNER_NODES, _PARTNER_WEIGHTS = leggauss(7)
_ELECTRON_NODES, _ELECTRON_WEIGHTS = leggauss(6)
_TAIL = 40.0  # partner energies beyond the last feature, in units of T: e^-40


@PROCESSES.register("pair")
class Pair:
    """Absorption of nux that balances its production by electron pairs.

    kappa* = j/B with the isotropic part of the production kernel,

        kappa* = 2 pi T^3/((2 pi hbar c)^3 c) (1 + e^x) int y^2 Phi_0(x, y) dy,   x = E/T, y = E'/T,

    the exponentials combined analytically so that nothing underflows at high energy. The partner neutrino is not blocked
    and absorbs what balance requires (NuLib's convention; blocking by an equilibrium partner
    would lower the rate); nux is the mean of neutrino and antineutrino, for which both couplings enter alike.

    Good to 1e-5 for electron degeneracies up to 10 and 1e-3 up to 30, beyond which pairs no longer matter.
    """

    name = "pair"
    species = ("nux",)
    references = ("Bruenn 1985, ApJS 58, 771",)

    def __init__(self, settings: Settings) -> None:
        self.couplings = settings.couplings

    def __call__(self, energy: Array, matter: MatterState) -> Rates:
        """Return the absorption opacity, shape (species, zone, energy)."""
        c = self.couplings.constants
        vector, axial = self.couplings.electron_couplings("numu")
        coupling = 0.5 * ((vector + axial) ** 2 + (vector - axial) ** 2)
        # G_F^2 (hbar c)^2/pi from sigma0, so that one number sets every rate
        strength = self.couplings.sigma0 / (4.0 * c.electron_mass**2) * coupling
        t = matter.temperature[:, None]
        integral = np.empty((matter.density.size, energy.size))
        _production(
            energy, matter.temperature, matter.chemical_potential_electron / matter.temperature, integral
        )
        nux = 2.0 * np.pi * t**5 * strength / (2.0 * np.pi * c.hbar_c) ** 3 * integral
        return Rates(absorption=np.stack([np.zeros_like(nux), np.zeros_like(nux), nux]))


@njit
def _moment_low(x, y, e):
    """J^I of Bruenn 1985 for an electron energy below both neutrino energies, times x y."""
    return e**3 * (4.0 * e * e - 20.0 * e * y + 40.0 * y * y) / (15.0 * x * y)


@njit
def _moment_between(x, y, e):
    """J^I for x < e < y, times x y; the other cases follow from the symmetries e <-> x + y - e and x <-> y."""
    constant = x * x * (40.0 * y * y + 60.0 * x * y + 24.0 * x * x) / (15.0 * y)
    return constant - (e * (16.0 * y * x * x + 12.0 * x**3) - 8.0 * e * e * x * x) / (3.0 * y)


@njit
def _electron_integral(x, y, degeneracy):
    """Int_0^(x+y) f_-(e) f_+(x+y-e) e^(x+y) (J^I + J^II) de, folded at e = (x+y)/2.

    J^I + J^II is symmetric under e <-> x + y - e, so only the occupations are added at the two mirror points.
    """
    total = x + y
    low, high = min(x, y), max(x, y)
    half = 0.5 * total
    # the Fermi edge of the electrons (or its mirror image) needs a panel of its own
    edge = min(max(degeneracy, 0.0), max(total - degeneracy, 0.0))
    first, second = min(low, edge), max(low, edge)
    second = min(second, half)
    plus, minus = math.exp(min(degeneracy, 700.0)), math.exp(-min(degeneracy, 700.0))
    empty = math.exp(-total)
    result = 0.0
    for panel in range(3):
        if panel == 0:
            left, right = 0.0, first
        elif panel == 1:
            left, right = first, second
        else:
            left, right = second, half
        width = 0.5 * (right - left)
        if width <= 0.0:
            continue
        for k in range(_ELECTRON_NODES.size):
            e = left + width * (1.0 + _ELECTRON_NODES[k])
            if e < low:
                weight = _moment_low(x, y, e) + _moment_low(y, x, e)
            else:
                weight = _moment_between(low, high, e) + _moment_between(low, high, total - e)
            boltzmann = math.exp(min(e, 700.0))
            # f_- f_+ e^w = 1/(1 + e^-w + e^-z + e^(z-w)), z = e - eta, at e and at its mirror point w - e
            here = 1.0 / (1.0 + empty + plus / boltzmann + boltzmann * empty * minus)
            mirror = 1.0 / (1.0 + empty + boltzmann * empty * plus + minus / boltzmann)
            result += width * _ELECTRON_WEIGHTS[k] * weight * (here + mirror)
    return result / (x * y)


@njit
def _production(energy, temperature, degeneracy, out):
    """Fill (1 + e^-x) int y^2 e^-y [electron integral] dy for all zones and energies."""
    edges = np.empty(6)
    for zone in range(temperature.size):
        eta = abs(degeneracy[zone])  # the sum over J^I and J^II treats electrons and positrons alike
        for group in range(energy.size):
            x = energy[group] / temperature[zone]
            turn = max(eta - x, 0.0)
            top = turn + _TAIL
            edges[0], edges[1], edges[2], edges[3], edges[4] = 0.0, turn, turn + 3.0, turn + 12.0, top
            k, kink = 5, min(x, top)
            while edges[k - 1] > kink:
                edges[k] = edges[k - 1]
                k -= 1
            edges[k] = kink
            result = 0.0
            for panel in range(5):
                width = 0.5 * (edges[panel + 1] - edges[panel])
                if width < 1e-12:
                    continue
                for k in range(_PARTNER_NODES.size):
                    y = edges[panel] + width * (1.0 + _PARTNER_NODES[k])
                    inner = _electron_integral(x, y, eta)
                    result += width * _PARTNER_WEIGHTS[k] * y * y * math.exp(-y) * inner
            out[zone, group] = (1.0 + math.exp(-x)) * result
