"""Capture of electrons and positrons on free nucleons, and alpha particles in equilibrium with them.

Everything for one point of a trajectory; energies and temperatures in MeV, densities in 1/fm^3 or g/cm^3 as said.
"""

import math
from typing import NamedTuple

from microphysics._jit import njit
from microphysics.constants import CODATA
from microphysics.eos.electron_gas import (
    HBAR_C_FM,
    PANEL_NODES,
    electron_chemical_potential_near,
    electron_net_density,
    panel_edges,
    panel_node,
)
from microphysics.eos.nucleons import quantum_density
from microphysics.eos.saha import ALPHA_BINDING

__all__ = [
    "Weak",
    "alpha_fraction",
    "baryon_density",
    "electron_capture",
    "electron_potential",
    "nothing_to_capture",
    "positron_capture",
    "unpack",
]

_NEUTRON_MASS = CODATA.neutron_mass
_PROTON_MASS = CODATA.proton_mass
_ALPHA_MASS = 2.0 * (_NEUTRON_MASS + _PROTON_MASS) - ALPHA_BINDING
_PER_FM3 = 1e-39 / (CODATA.atomic_mass * CODATA.gram_per_mev)  # baryons/fm^3 in one g/cm^3
_UNDERFLOW = 80.0  # exp(-80) of a rate is nothing
_STEPS = 100
_NEAR, _TRIES = 1e-5, 4  # a step of Newton's method this small, in units of T, leaves 1e-10


class Weak(NamedTuple):
    """What the capture rates rest on.

    W(E) = (p_0 + p_1 e + p_2 e^2 + p_3 e^3)/(1 + 2 e)^3 with e = E_nu/M is weak magnetism and recoil (Horowitz 2002, eq. 22).
    """

    norm: float  # N_cc c/(2 pi^2 (hbar c)^3), 1/(s MeV^5)
    electron_mass: float
    mass_difference: float  # m_n - m_p
    nue: tuple[float, float, float, float, float]  # M of the neutron, p_0 to p_3: of nue n, and so of e- p
    anue: tuple[float, float, float, float, float]  # of the proton: of anue p and e+ n


@njit
def unpack(numbers):
    """Return the 13 numbers of a `Weak`, in order, as one: parallel kernels take arrays only."""
    n = numbers
    return Weak(n[0], n[1], n[2], (n[3], n[4], n[5], n[6], n[7]), (n[8], n[9], n[10], n[11], n[12]))


@njit
def _correction(energy, shape):
    """Weak magnetism and recoil at a neutrino energy."""
    e = energy / shape[0]
    turn = 1.0 + 2.0 * e
    return (shape[1] + e * (shape[2] + e * (shape[3] + e * shape[4]))) / (turn * turn * turn)


@njit
def baryon_density(density):
    """Baryons per fm^3 of a mass density in g/cm^3."""
    return density * _PER_FM3


@njit
def nothing_to_capture(temperature, electron_density, weak):
    """Whether both capture rates are below exp(-80) of anything, for any chemical potential there can be.

    Parameters
    ----------
    temperature : float
        MeV.
    electron_density : float
        Electrons less positrons, 1/fm^3.
    weak : Weak
        Masses.
    """
    fermi = HBAR_C_FM * (3.0 * math.pi * math.pi * electron_density) ** (1.0 / 3.0)
    highest = math.sqrt(fermi * fermi + weak.electron_mass * weak.electron_mass)
    most = max(highest - weak.mass_difference, -weak.electron_mass)
    return most < -_UNDERFLOW * temperature


@njit
def electron_potential(electron_density, temperature, guess):
    """Chemical potential of the electrons with rest mass, MeV, to 1e-10 T, from a guess that is usually close.

    Parameters
    ----------
    electron_density : float
        Electrons less positrons, 1/fm^3.
    temperature : float
        MeV.
    guess : float
        MeV; 0 means none is known. A poor one costs the safe way of the electron gas.
    """
    mu = guess
    for _ in range(_TRIES if guess > 0.0 else 0):
        density, slope = electron_net_density(temperature, mu)
        step = (electron_density - density) / slope
        mu += step
        if abs(step) < _NEAR * temperature:
            return mu
        if not abs(step) < temperature:
            break
    return electron_chemical_potential_near(electron_density, temperature, guess)


@njit
def electron_capture(temperature, mu, weak):
    """Rate of e- + p -> n + nue per proton, no neutrinos in the way.

    Parameters
    ----------
    temperature, mu : float
        Of the electrons, the chemical potential with rest mass, MeV.
    weak : Weak
        Normalisation, masses and corrections.

    Returns
    -------
    float
        N_cc c/(2 pi^2 (hbar c)^3) int E^2 E_e p_e W(E) f_e(E_e) dE with E_e = E + m_n - m_p, 1/s: what detailed balance
        makes of the cross section of nue on neutrons.
    """
    eta = (mu - weak.mass_difference) / temperature
    q, b = weak.mass_difference / temperature, weak.electron_mass / temperature
    edge_1, edge_2, edge_3 = panel_edges(eta)
    total = 0.0
    for i in range(PANEL_NODES):
        x, weight = panel_node(i, edge_1, edge_2, edge_3)
        boltzmann = math.exp(-abs(x - eta))
        occupation = (boltzmann if x >= eta else 1.0) / (1.0 + boltzmann)
        lepton = x + q
        states = x * x * lepton * math.sqrt(lepton * lepton - b * b)
        total += weight * states * occupation * _correction(x * temperature, weak.nue)
    return weak.norm * temperature**5 * total


@njit
def positron_capture(temperature, mu, weak):
    """Rate of e+ + n -> p + anue per neutron; as `electron_capture`, with E = E_e + m_n - m_p and -mu."""
    eta = -(mu + weak.electron_mass) / temperature
    q, b = weak.mass_difference / temperature, weak.electron_mass / temperature
    edge_1, edge_2, edge_3 = panel_edges(eta)
    total = 0.0
    for i in range(PANEL_NODES):
        x, weight = panel_node(i, edge_1, edge_2, edge_3)
        boltzmann = math.exp(-abs(x - eta))
        occupation = (boltzmann if x >= eta else 1.0) / (1.0 + boltzmann)
        neutrino = x + b + q
        states = neutrino * neutrino * (x + b) * math.sqrt(x * (x + 2.0 * b))
        total += weight * states * occupation * _correction(neutrino * temperature, weak.anue)
    return weak.norm * temperature**5 * total


@njit
def alpha_fraction(density, temperature, electron_fraction):
    """Mass fraction of alphas in equilibrium with free nucleons, all of them Boltzmann gases.

    Parameters
    ----------
    density : float
        g/cm^3.
    temperature : float
        MeV.
    electron_fraction : float
        Protons, bound ones included, per baryon.

    Returns
    -------
    float
        X, between 0 and 2 min(Y_e, 1 - Y_e).

    Notes
    -----
    X/4 = K Y_n^2 Y_p^2 is one equation for what is left of the rarer nucleon, w = min(Y_e, 1 - Y_e) - X/2. In
    ln[w/(min - w)] its logarithm rises with a slope between 1 and 4, so Newton's method cannot fail, and traces of nucleons
    in cold matter stay exact.
    """
    fewer = min(electron_fraction, 1.0 - electron_fraction)
    if not fewer > 0.0:
        return 0.0
    surplus = 1.0 - 2.0 * fewer
    n = baryon_density(density)
    q_n, q_p = quantum_density(temperature, _NEUTRON_MASS), quantum_density(temperature, _PROTON_MASS)
    # in ratios to n: cold matter has a huge K
    ln_k = math.log(quantum_density(temperature, _ALPHA_MASS) / n / 16.0) + ALPHA_BINDING / temperature
    ln_k -= 2.0 * math.log(q_n / n) + 2.0 * math.log(q_p / n)
    v = 0.0
    for _ in range(_STEPS):
        # both shares of the rarer nucleon without cancellation
        small = math.exp(-abs(v))
        free = (1.0 if v >= 0.0 else small) / (1.0 + small)
        bound = (small if v >= 0.0 else 1.0) / (1.0 + small)
        w = fewer * free
        ln_free = min(v, 0.0) - math.log1p(small) + math.log(fewer)
        ln_bound = -max(v, 0.0) - math.log1p(small) + math.log(fewer)
        more = w + surplus
        ln_more = math.log(more) if more > 0.0 else ln_free
        residual = ln_k + 2.0 * ln_free + 2.0 * ln_more - ln_bound + math.log(2.0)
        share = w / more if more > 0.0 else 1.0
        step = residual / (2.0 * bound + 2.0 * share * bound + free)
        v -= step
        if abs(step) < 1e-13 * max(1.0, abs(v)):
            break
    return 2.0 * fewer / (1.0 + math.exp(min(v, 700.0)))
