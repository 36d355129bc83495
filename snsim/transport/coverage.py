"""Whether the energies of a solution hold its spectra: what lies beyond their ends, and how many meet a Fermi surface."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from microphysics.spectrum import fermi
from snsim.transport.background import Background
from snsim.transport.solution import TransportSolution

Array = NDArray[np.float64]

_END = 60.0  # energy over temperature, above the degeneracy, at which a spectrum ends
_NODES = np.polynomial.legendre.leggauss(96)  # 1e-9 of a spectrum that ends there
# energies over T_nu (above: over the degeneracy) with 1 % of the number below, and with 1 % of the energy above
_LOWEST, _HIGHEST = 0.5, 10.0
FINE_EDGE = 2.0  # step in ln(energy) times the degeneracy at which trapped fluxes err by 2 % at most


@dataclass(frozen=True)
class Worst:
    """The largest value of a quantity over zones, by species.

    Attributes
    ----------
    value : ndarray, shape (species,)
        0 where no zone counts.
    radius : ndarray, shape (species,)
        Centre of its zone, cm.
    zone : ndarray of int, shape (species,)
    wanted : ndarray, shape (species,)
        What would do there: an energy, MeV, or a step in ln(energy).
    """

    value: Array
    radius: Array
    zone: NDArray[np.int64]
    wanted: Array


def beyond(
    background: Background, solution: TransportSolution, energy: Array, counted: NDArray[np.bool_]
) -> tuple[Worst, Worst]:
    """Shares of the gray spectra below the first and above the last energy at which opacities are given.

    Below, neutrinos are left out; above, the gray scheme goes on with opacities continued as powers (`gray_medium.widened`).

    Parameters
    ----------
    background : Background
    solution : TransportSolution
    energy : ndarray, shape (energy,)
        Local, MeV.
    counted : ndarray of bool, shape (species, zone)
        Where it matters.

    Returns
    -------
    Worst, Worst
        Of the number below, of the energy density above.
    """
    temperature, eta = solution.neutrino_temperature, solution.degeneracy
    low = _share_below(2, energy[0] / temperature, eta)
    high = 1.0 - _share_below(3, energy[-1] / temperature, eta)
    return (
        _worst(background, low, counted, _LOWEST * temperature),
        _worst(background, high, counted, (_HIGHEST + np.maximum(eta, 0.0)) * temperature),
    )


def fermi_surface(
    background: Background, species: tuple[str, ...], step: float, trapped: NDArray[np.bool_]
) -> Worst:
    """Largest step in ln(energy) times the degeneracy mu/T of trapped neutrinos, whose surface is 1 over it wide."""
    eta = np.nan_to_num(background.matter.neutrino_degeneracy(species))
    return _worst(background, step * eta, trapped, FINE_EDGE / np.maximum(eta, 1.0))


def _share_below(power: int, cut: Array, eta: Array) -> Array:
    """int_0^cut x^power/(1 + exp(x - eta)) dx over the whole integral."""
    nodes, weights = _NODES
    cut = np.minimum(cut, _END + np.maximum(eta, 0.0))
    x = 0.5 * cut[..., None] * (1.0 + nodes)
    inside = x**power * 0.5 * (1.0 - np.tanh(0.5 * (x - eta[..., None])))
    return np.minimum(0.5 * cut * (inside @ weights) / fermi(power, eta), 1.0)


def _worst(background: Background, values: Array, counted: NDArray[np.bool_], wanted: Array) -> Worst:
    """Find the largest value of every species among the zones that count."""
    values = np.where(counted, values, 0.0)
    zone = values.argmax(axis=1)
    rows = np.arange(len(values))
    return Worst(np.maximum(values[rows, zone], 0.0), background.radius[zone], zone, wanted[rows, zone])
