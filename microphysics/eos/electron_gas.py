"""Exact electron-positron gas, and photons.

Any degeneracy, any ratio of temperature to electron mass, by the quadrature of Aparicio (1998, ApJS 117,
627): three Gauss-Legendre panels that follow the Fermi surface, the first in the square root of the energy,
and a Gauss-Laguerre tail. Kernels work in MeV and fm; the class `ElectronGas` in MeV, cm and erg.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics._jit import njit
from microphysics.constants import CODATA
from microphysics.errors import OutOfRangeError

__all__ = [
    "CM3_PER_FM3",
    "ERG_CM3_PER_MEV_FM3",
    "HBAR_C_FM",
    "PANEL_NODES",
    "ElectronGas",
    "ElectronGasState",
    "PhotonState",
    "electron_chemical_potential",
    "electron_chemical_potential_near",
    "electron_densities",
    "electron_density_unit",
    "electron_gas",
    "electron_net_density",
    "fermion_gas",
    "panel_edges",
    "panel_node",
    "photon_gas",
    "require_range",
]

Array = NDArray[np.float64]

HBAR_C_FM = CODATA.hbar_c * 1e13  # MeV fm
CM3_PER_FM3 = 1e-39
ERG_CM3_PER_MEV_FM3 = CODATA.erg_per_mev / CM3_PER_FM3
_ELECTRON_MASS = CODATA.electron_mass

_LEGENDRE, _LEGENDRE_WEIGHT = np.polynomial.legendre.leggauss(20)
_LAGUERRE, _LAGUERRE_WEIGHT = np.polynomial.laguerre.laggauss(20)
# nodes on (0, 1); the tail's weight without its exp(-x)
_UNIT_NODE = 0.5 * (1.0 + _LEGENDRE)
_UNIT_WEIGHT = 0.5 * _LEGENDRE_WEIGHT
_TAIL_WEIGHT = _LAGUERRE_WEIGHT * np.exp(_LAGUERRE)
PANEL_NODES = 80

_SMALL_MU = 1.0  # below this mu/T electrons and positrons are subtracted under the integral
_MOST_STEPS = 100


@njit
def panel_edges(eta: float) -> tuple[float, float, float]:
    """Return the ends of the three panels, Aparicio (1998), eq. 10-13 with his constants."""
    argument = 9.1186e-2 * (eta - 3.3609)
    softplus = max(argument, 0.0) + math.log1p(math.exp(-abs(argument)))
    xi = softplus / 9.1186e-2
    xi2 = xi * xi
    x1 = (6.7774 + 1.1418 * xi + 2.9826 * xi2) / (1.0 + 2.9826 * xi)
    x2 = (3.7601 + 9.3719e-2 * xi + 2.1063e-2 * 31.084 * xi2) / (1.0 + 1.0056 * xi + 2.1063e-2 * xi2)
    x3 = (7.5669 + 1.1695 * xi + 0.75416 * 6.6558 * xi2) / (1.0 - 0.12819 * xi + 0.75416 * xi2)
    return x1 - x2, x1, x1 + x3


@njit
def panel_node(i: int, edge_1: float, edge_2: float, edge_3: float) -> tuple[float, float]:
    """Kinetic energy over T and weight of node i of 80."""
    k = i % 20
    if i < 20:  # in sqrt(x), which takes the branch point at the threshold away
        root = math.sqrt(edge_1)
        z = root * _UNIT_NODE[k]
        return z * z, 2.0 * z * root * _UNIT_WEIGHT[k]
    if i < 40:
        return edge_1 + (edge_2 - edge_1) * _UNIT_NODE[k], (edge_2 - edge_1) * _UNIT_WEIGHT[k]
    if i < 60:
        return edge_2 + (edge_3 - edge_2) * _UNIT_NODE[k], (edge_3 - edge_2) * _UNIT_WEIGHT[k]
    return edge_3 + _LAGUERRE[k], _TAIL_WEIGHT[k]


@njit
def fermion_gas(eta: float, b: float) -> tuple[float, float, float, float, float, float, float]:
    """Return number, pressure, kinetic energy and entropy of one species, and three moments, dimensionless.

    The moments are integrals of a^k f (1 - f) with a = x - eta, k = 0, 1, 2: derivatives to mu and T. `eta` is
    the degeneracy parameter without, `b` the rest mass over T. The entropy is integrated directly:
    (e + P - mu n)/T would lose seven digits in a cold dense gas.
    """
    edge_1, edge_2, edge_3 = panel_edges(eta)
    number = pressure = energy = entropy = moment_0 = moment_1 = moment_2 = 0.0
    for i in range(PANEL_NODES):
        x, weight = panel_node(i, edge_1, edge_2, edge_3)
        momentum = math.sqrt(x * (x + 2.0 * b))
        a = x - eta
        boltzmann = math.exp(-abs(a))
        minority = boltzmann / (1.0 + boltzmann)  # the smaller of f and 1 - f
        occupation = minority if a >= 0.0 else 1.0 / (1.0 + boltzmann)
        states = weight * momentum * (x + b)
        number += states * occupation
        pressure += weight * momentum * momentum * momentum * occupation
        energy += states * x * occupation
        entropy += states * (math.log1p(boltzmann) + abs(a) * minority)
        edge = states * minority / (1.0 + boltzmann)
        moment_0 += edge
        moment_1 += edge * a
        moment_2 += edge * a * a
    return number, pressure, energy, entropy, moment_0, moment_1, moment_2


@njit
def _fermion_number(eta: float, b: float) -> tuple[float, float]:
    """Return number and moment 0 of `fermion_gas` alone."""
    edge_1, edge_2, edge_3 = panel_edges(eta)
    number = derivative = 0.0
    for i in range(PANEL_NODES):
        x, weight = panel_node(i, edge_1, edge_2, edge_3)
        a = x - eta
        boltzmann = math.exp(-abs(a))
        occupation = (boltzmann if a >= 0.0 else 1.0) / (1.0 + boltzmann)
        states = weight * math.sqrt(x * (x + 2.0 * b)) * (x + b)
        number += states * occupation
        derivative += states * boltzmann / ((1.0 + boltzmann) * (1.0 + boltzmann))
    return number, derivative


@njit
def _number_difference(m: float, b: float) -> tuple[float, float]:
    """Electrons minus positrons and the derivative to m = mu/T, dimensionless, for small m.

    f(E - m) - f(E + m) = sinh m / (cosh E + cosh m), written with exp(-E): nothing cancels, however small m.
    """
    edge_1, edge_2, edge_3 = panel_edges(m - b)
    sinh, cosh = math.sinh(m), math.cosh(m)
    number = derivative = 0.0
    for i in range(PANEL_NODES):
        x, weight = panel_node(i, edge_1, edge_2, edge_3)
        u = math.exp(-(x + b))
        denominator = 1.0 + 2.0 * u * cosh + u * u
        states = 2.0 * u * weight * math.sqrt(x * (x + 2.0 * b)) * (x + b) / denominator
        number += states * sinh
        derivative += states * ((1.0 + u * u) * cosh + 2.0 * u) / denominator
    return number, derivative


@njit
def electron_density_unit(temperature: float) -> float:
    """T^3/(pi^2 (hbar c)^3), 1/fm^3."""
    k = temperature / HBAR_C_FM
    return k * k * k / (math.pi * math.pi)


@njit
def electron_gas(temperature: float, mu: float) -> tuple[float, float, float, float, float, float]:
    """Electron-positron gas at given temperature and chemical potential.

    Parameters
    ----------
    temperature : float
        MeV, > 0.
    mu : float
        Chemical potential of the electrons with rest mass, MeV, of either sign.

    Returns
    -------
    n_minus, n_plus : float
        Electrons and positrons, 1/fm^3.
    dn_dmu : float
        Derivative of n_minus - n_plus at constant T, 1/(MeV fm^3).
    pressure, energy, entropy : float
        MeV/fm^3, MeV/fm^3 with the rest mass of both species, k_B/fm^3.
    """
    b = _ELECTRON_MASS / temperature
    unit = electron_density_unit(temperature)
    n_minus, p_minus, e_minus, s_minus, d_minus, _, _ = fermion_gas(mu / temperature - b, b)
    n_plus, p_plus, e_plus, s_plus, d_plus, _, _ = fermion_gas(-mu / temperature - b, b)
    return (
        unit * n_minus,
        unit * n_plus,
        unit * (d_minus + d_plus) / temperature,
        unit * temperature * (p_minus + p_plus) / 3.0,
        unit * (temperature * (e_minus + e_plus) + _ELECTRON_MASS * (n_minus + n_plus)),
        unit * (s_minus + s_plus),
    )


@njit
def electron_densities(temperature: float, mu: float) -> tuple[float, float, float]:
    """Return the first three of `electron_gas` alone, in half the time."""
    b = _ELECTRON_MASS / temperature
    unit = electron_density_unit(temperature)
    n_minus, d_minus = _fermion_number(mu / temperature - b, b)
    n_plus, d_plus = _fermion_number(-mu / temperature - b, b)
    return unit * n_minus, unit * n_plus, unit * (d_minus + d_plus) / temperature


@njit
def electron_net_density(temperature: float, mu: float) -> tuple[float, float]:
    """Electrons minus positrons without cancellation, and the derivative to mu.

    Parameters
    ----------
    temperature, mu : float
        MeV; mu with rest mass.

    Returns
    -------
    density, derivative : float
        1/fm^3 and 1/(MeV fm^3).
    """
    b = _ELECTRON_MASS / temperature
    m = mu / temperature
    unit = electron_density_unit(temperature)
    if abs(m) < _SMALL_MU:
        number, derivative = _number_difference(m, b)
    else:
        number, derivative = _fermion_number(m - b, b)
        if m < 20.0:  # beyond, positrons are exp(-40) of the electrons
            n_plus, d_plus = _fermion_number(-m - b, b)
            number -= n_plus
            derivative += d_plus
    return unit * number, unit * derivative / temperature


@njit
def _initial_mu(density: float, temperature: float, highest: float) -> float:
    """Start of the inversion: ultra-relativistic or, in a cold gas, Boltzmann's; never above `highest`."""
    b = _ELECTRON_MASS / temperature
    pi_t = math.pi * temperature
    if temperature > 0.3 * _ELECTRON_MASS:
        # mu^3 + (pi T)^2 mu = 2a (Bludman & van Riper 1978, ApJ 224, 631), by Cardano; asinh form, as a tiny
        # root of a hot gas would cancel
        a = 1.5 * math.pi * math.pi * HBAR_C_FM**3 * density
        scale = pi_t / math.sqrt(3.0)
        guess = 2.0 * scale * math.sinh(math.asinh(a / scale**3) / 3.0)
        return min(guess, highest)
    # m^2 T K_2(b)/(pi^2 hbar^3 c^3) with K_2 to two terms of its large-argument series
    pairs = electron_density_unit(temperature) * b * b * math.sqrt(0.5 * math.pi / b) * (1.0 + 1.875 / b)
    # asinh(n / (2 pairs exp(-b))) in logarithms, as exp(-b) may underflow
    ratio = math.log(0.5 * density / pairs) + b
    boltzmann = math.asinh(math.exp(ratio)) if ratio < 20.0 else ratio + math.log(2.0)
    return min(boltzmann * temperature, highest)


@njit
def electron_chemical_potential(net_density: float, temperature: float) -> float:
    """Chemical potential (with rest mass, MeV) of a net density (1/fm^3, of either sign) at T (MeV)."""
    return electron_chemical_potential_near(net_density, temperature, 0.0)


@njit
def electron_chemical_potential_near(net_density: float, temperature: float, guess: float) -> float:
    """Chemical potential at which electrons minus positrons have a given density.

    Parameters
    ----------
    net_density : float
        1/fm^3, of either sign.
    temperature : float
        MeV, > 0.
    guess : float
        A value near the answer saves half of the steps; 0 means none is known.

    Returns
    -------
    float
        mu with rest mass, MeV; NaN if the input is not finite.

    Notes
    -----
    Newton's method kept inside a bracket: mu lies between 0 and the value at T = 0. In the non-degenerate gas
    it runs in ln n, which is linear there. The last step is below 1e-8 of the scale on which n bends (T, or
    mu - m_e in a degenerate gas), so the value left is exact to rounding.
    """
    if not (abs(net_density) < math.inf and 0.0 < temperature < math.inf):
        return math.nan
    if net_density == 0.0:
        return 0.0
    density = abs(net_density)
    fermi = HBAR_C_FM * (3.0 * math.pi * math.pi * density) ** (1.0 / 3.0)
    highest = math.sqrt(fermi * fermi + _ELECTRON_MASS * _ELECTRON_MASS)
    lowest = 0.0
    mu = abs(guess)
    if not 0.0 < mu < highest:
        mu = _initial_mu(density, temperature, highest)
    for _ in range(_MOST_STEPS):
        n, slope = electron_net_density(temperature, mu)
        if n < density:
            lowest = mu
        else:
            highest = mu
        if n <= 0.0 or slope <= 0.0:  # underflow far below the answer
            step = 0.5 * (highest - lowest)
        elif temperature < mu < _ELECTRON_MASS + temperature:
            step = math.log(density / n) * n / slope
        else:
            step = (density - n) / slope
        last = mu
        mu += step
        # the ends count as inside: the upper one is the answer of a cold gas
        if not lowest <= mu <= highest:
            mu = 0.5 * (lowest + highest)
        # a bracketed step may be 0 with the answer elsewhere only if the bracket itself has closed
        if (
            abs(mu - last) <= 1e-8 * max(temperature, last - _ELECTRON_MASS)
            and abs(n - density) <= 1e-6 * density
        ):
            break
        if highest - lowest <= 1e-15 * highest:
            break
    return math.copysign(mu, net_density)


@njit
def photon_gas(temperature: float) -> tuple[float, float, float]:
    """Pressure and energy (MeV/fm^3) and entropy (k_B/fm^3) of black-body photons; temperature in MeV."""
    k = temperature / HBAR_C_FM
    pressure = math.pi * math.pi / 45.0 * k * k * k * temperature
    return pressure, 3.0 * pressure, 4.0 * pressure / temperature


@njit
def _electron_gas_array(temperature: Array, mu: Array) -> Array:
    out = np.empty((6, mu.size))
    for i in range(mu.size):
        out[0, i], out[1, i], out[2, i], out[3, i], out[4, i], out[5, i] = electron_gas(temperature[i], mu[i])
    return out


@njit
def _chemical_potential_array(net_density: Array, temperature: Array) -> Array:
    out = np.empty(net_density.size)
    for i in range(net_density.size):
        out[i] = electron_chemical_potential(net_density[i], temperature[i])
    return out


@njit
def _net_density_array(temperature: Array, mu: Array) -> Array:
    out = np.empty(mu.size)
    for i in range(mu.size):
        out[i] = electron_net_density(temperature[i], mu[i])[0]
    return out


@dataclass(frozen=True)
class ElectronGasState:
    """Electron-positron gas; all arrays have the shape of the input.

    Attributes
    ----------
    density_electron, density_positron : ndarray
        1/cm^3.
    density_derivative : ndarray
        d(n_- - n_+)/dmu at constant T, 1/(MeV cm^3).
    pressure, energy_density : ndarray
        erg/cm^3; the energy with the rest mass of both species.
    entropy_density : ndarray
        k_B/cm^3.
    """

    density_electron: Array
    density_positron: Array
    density_derivative: Array
    pressure: Array
    energy_density: Array
    entropy_density: Array


@dataclass(frozen=True)
class PhotonState:
    """Black-body photons: pressure and energy density (erg/cm^3), entropy density (k_B/cm^3)."""

    pressure: Array
    energy_density: Array
    entropy_density: Array


def require_range(name: str, unit: str, value: Array, lowest: float, highest: float, *, what: str) -> None:
    """Refuse values outside a closed interval, and NaN.

    Parameters
    ----------
    name, unit : str
        For the message.
    value : ndarray
        Any shape.
    lowest, highest : float
        Allowed interval in `unit`.
    what : str
        The model that sets the bounds, for the message.

    Raises
    ------
    OutOfRangeError
        Names the field, its first bad value and where it stands, and what is allowed.
    """
    bad = ~((value >= lowest) & (value <= highest))
    if bad.any():
        zone = int(np.argmax(bad))
        spaced = f" {unit}" if unit else ""
        raise OutOfRangeError(
            f"{name} = {value.flat[zone]:.6g}{spaced} in zone {zone}: {what} is valid for "
            f"{lowest:g} <= {name} <= {highest:g}{spaced}"
        )


def _pair(first: ArrayLike, second: ArrayLike) -> tuple[Array, Array, tuple[int, ...]]:
    """Broadcast two inputs and flatten them for the kernels."""
    a, b = np.broadcast_arrays(np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64))
    return np.ascontiguousarray(a).ravel(), np.ascontiguousarray(b).ravel(), a.shape


def _positive_temperature(temperature: Array) -> None:
    require_range("temperature", "MeV", temperature, 1e-9, 1e6, what="the electron gas")


class ElectronGas:
    """Ideal gas of electrons and positrons in equilibrium with photons, exact at any degeneracy.

    Has no parameters: a class only to stand where another model may one day stand.

    Notes
    -----
    Relative error below 1e-11 in every quantity (checked against 25-digit quadrature for T from 0.01 to 100
    MeV and mu up to 250 MeV). Coulomb corrections, of order the fine-structure constant, are left out.

    Examples
    --------
    >>> gas = ElectronGas()
    >>> mu = gas.chemical_potential(1e34, 4.0)
    >>> state = gas.state(4.0, mu)
    >>> round(float((state.density_electron - state.density_positron) / 1e34), 9)
    1.0
    """

    def state(self, temperature: ArrayLike, chemical_potential: ArrayLike) -> ElectronGasState:
        """Densities, pressure, energy and entropy.

        Parameters
        ----------
        temperature : array_like
            MeV; any shape that broadcasts.
        chemical_potential : array_like
            With rest mass, MeV.

        Raises
        ------
        OutOfRangeError
            If a temperature is not positive.
        """
        t, mu, shape = _pair(temperature, chemical_potential)
        _positive_temperature(t)
        values = _electron_gas_array(t, mu).reshape((6, *shape))
        values[:3] /= CM3_PER_FM3
        values[3:5] *= ERG_CM3_PER_MEV_FM3
        values[5] /= CM3_PER_FM3
        return ElectronGasState(*values)

    def net_density(self, temperature: ArrayLike, chemical_potential: ArrayLike) -> Array:
        """Electrons minus positrons, 1/cm^3, without the cancellation of the difference in a hot gas."""
        t, mu, shape = _pair(temperature, chemical_potential)
        _positive_temperature(t)
        return _net_density_array(t, mu).reshape(shape) / CM3_PER_FM3

    def chemical_potential(self, net_density: ArrayLike, temperature: ArrayLike) -> Array:
        """Chemical potential with rest mass, MeV.

        Parameters
        ----------
        net_density : array_like
            Electrons minus positrons, 1/cm^3, of either sign; any shape that broadcasts.
        temperature : array_like
            MeV.

        Raises
        ------
        OutOfRangeError
            If a temperature is not positive.
        """
        n, t, shape = _pair(net_density, temperature)
        _positive_temperature(t)
        return _chemical_potential_array(n * CM3_PER_FM3, t).reshape(shape)

    def photons(self, temperature: ArrayLike) -> PhotonState:
        """Photons of the same temperature (MeV)."""
        t = np.asarray(temperature, dtype=np.float64)
        k = t / HBAR_C_FM
        pressure = np.pi**2 / 45.0 * k**3 * t * ERG_CM3_PER_MEV_FM3
        return PhotonState(pressure, 3.0 * pressure, 4.0 * np.pi**2 / 45.0 * k**3 / CM3_PER_FM3)
