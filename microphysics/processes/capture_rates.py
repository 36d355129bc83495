"""Electron capture on one nucleus: Q value, rate, neutrino spectrum and what detailed balance makes of them.

All of it rests on the phase space of a single transition without recoil, in which the electron is fast and the neutrino
leaves with E = E_e + q (Langanke et al. 2003, PRL 90, 241102; Fuller, Fowler & Newman 1985, ApJ 293, 1):

    n(E) ~ E^2 (E - q)^2 / [1 + exp((E - q - mu_e)/T)].

Its integrals are Fermi integrals. Logarithms are kept throughout, so that nothing underflows where capture is rare.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics._jit import njit
from microphysics._kernels.fermi import fermi_integral
from microphysics.constants import CODATA, Constants

__all__ = [
    "DEFAULT_EXCITATION",
    "capture_rate",
    "drop_curvature",
    "drop_q_value",
    "effective_transition",
    "equilibrium_q_value",
    "log_capture_rate",
    "log_occupied_phase_space",
    "neutrino_energy_loss",
    "neutrino_mean_energy",
    "neutrino_spectrum",
]

Array = NDArray[np.float64]

# Langanke et al. 2003: fitted to rates of shell-model and random-phase calculations of some 200 nuclei, A = 45 to 112
DEFAULT_STRENGTH = 4.6  # Gamow-Teller and forbidden strength B
DEFAULT_EXCITATION = 2.5  # Delta E between final and initial state, MeV
_DECAY_CONSTANT = 6146.0  # K, s

# Myers & Swiatecki 1966, Nucl. Phys. 81, 1, the liquid drop without shells and pairing; MeV
_VOLUME, _SURFACE, _SYMMETRY = 15.677, 18.56, 1.79
_COULOMB, _DIFFUSENESS = 0.717, 1.21129

_DILUTE = -40.0  # degeneracy below which Boltzmann's statistics is exact to rounding
_COLDEST = -1000.0  # q/T at which the mean energy has come down to 3.006 T; its limit is 3 T
_TOLERANCE = 1e-13  # of q/T
_ITERATIONS = 100


# ------------------------------------------------------------------------------------------------------------
# Q values


def drop_q_value(mass_number: ArrayLike, charge_number: ArrayLike) -> Array:
    """Q = M(A, Z) - M(A, Z - 1) of nuclear masses from a liquid drop, MeV; negative where capture costs energy.

    Parameters
    ----------
    mass_number, charge_number : array_like
        A and Z of the parent, not necessarily whole; any shapes that broadcast.

    Returns
    -------
    ndarray

    Notes
    -----
    Myers & Swiatecki 1966, without shells, pairing and Wigner's term, as suits the mean nucleus of an equation of state.
    Against the masses of AME2020 of nuclei with Z < A/2 of odd A it is 0.2 to 0.6 MeV too high with a scatter of 0.8 MeV for
    A above 60, 1.1 MeV for A = 40 to 60 (1.5 to 2 MeV too high around iron); for even N and Z it is 3 MeV too high, for odd N
    and Z 2 MeV too low.
    """
    a, z = np.asarray(mass_number, dtype=np.float64), np.asarray(charge_number, dtype=np.float64)
    # M is quadratic in Z: the difference is the slope at Z - 1/2
    middle = z - 0.5
    slope = -4.0 * _SYMMETRY * (1.0 - 2.0 * middle / a) * (_VOLUME - _SURFACE / np.cbrt(a))
    slope = slope + 2.0 * middle * (_COULOMB / np.cbrt(a) - _DIFFUSENESS / a)
    return np.asarray(slope - CODATA.nucleon_mass_difference)


def drop_curvature(mass_number: ArrayLike) -> Array:
    """Second derivative of the drop's mass to Z at fixed A, MeV."""
    a = np.asarray(mass_number, dtype=np.float64)
    symmetry = 8.0 * _SYMMETRY * (_VOLUME - _SURFACE / np.cbrt(a)) / a
    return np.asarray(symmetry + 2.0 * (_COULOMB / np.cbrt(a) - _DIFFUSENESS / a))


def equilibrium_q_value(chemical_potential_difference: ArrayLike, mass_number: ArrayLike) -> Array:
    """Q of the mean nucleus of matter in nuclear statistical equilibrium, MeV.

    Parameters
    ----------
    chemical_potential_difference : array_like
        mu_n - mu_p with the mass difference, MeV.
    mass_number : array_like
        A of the nucleus.

    Returns
    -------
    ndarray

    Notes
    -----
    Where nuclei exchange nucleons with their surroundings, dM/dZ at fixed A is mu_p - mu_n; the change of Z by a whole unit
    takes half of the second derivative from it. So Q is that of the equation of state itself, with what the electrons
    between and the neutrons around the nuclei do to it, and the daughter is less abundant than the parent: the inverse
    reaction stays finite at all energies, whatever the temperature.
    """
    return np.asarray(
        -np.asarray(chemical_potential_difference, dtype=np.float64) - 0.5 * drop_curvature(mass_number)
    )


# ------------------------------------------------------------------------------------------------------------
# phase space, in units of T


@njit
def _log_published(order: int, chi: float, eta: float) -> float:
    """Ln of int_0^inf x^order (x - chi)^2/(1 + exp(x - chi - eta)) dx, 0 < x < chi included."""
    y = chi + eta
    if y < _DILUTE:
        factorial = 2.0 if order == 2 else 6.0
        return y + math.log(
            factorial * ((order + 1.0) * (order + 2.0) - 2.0 * (order + 1.0) * chi + chi * chi)
        )
    return math.log(
        fermi_integral(order + 2, y)
        - 2.0 * chi * fermi_integral(order + 1, y)
        + chi * chi * fermi_integral(order, y)
    )


@njit
def _log_occupied(order: int, chi: float, eta: float) -> float:
    """Ln of the same integral from x = chi on, where there are electrons; order 2 or 3."""
    if chi <= 0.0:
        return _log_published(order, chi, eta)
    if eta < _DILUTE:
        f2, f3, f4, f5 = 2.0, 6.0, 24.0, 120.0
        shift = eta
    else:
        f2, f3, f4 = fermi_integral(2, eta), fermi_integral(3, eta), fermi_integral(4, eta)
        f5 = fermi_integral(5, eta) if order == 3 else 0.0
        shift = 0.0
    if order == 2:
        return shift + math.log(f4 + chi * (2.0 * f3 + chi * f2))
    return shift + math.log(f5 + chi * (3.0 * f4 + chi * (3.0 * f3 + chi * f2)))


@njit
def _effective_chi(mean: float, eta: float) -> tuple[float, bool]:
    """Return q/T at which neutrinos have a given mean energy over T; False where no q does.

    The Illinois variant of regula falsi: the mean energy rises with q.
    """
    low, high = _COLDEST - abs(eta), 1.0
    f_low = math.exp(_log_occupied(3, low, eta) - _log_occupied(2, low, eta)) - mean
    if not f_low < 0.0:
        return low, False
    f_high = math.exp(_log_occupied(3, high, eta) - _log_occupied(2, high, eta)) - mean
    while f_high < 0.0:
        high *= 2.0
        f_high = math.exp(_log_occupied(3, high, eta) - _log_occupied(2, high, eta)) - mean
    side = 0
    for _ in range(_ITERATIONS):
        chi = (low * f_high - high * f_low) / (f_high - f_low)
        f = math.exp(_log_occupied(3, chi, eta) - _log_occupied(2, chi, eta)) - mean
        if f == 0.0 or high - low < _TOLERANCE * (1.0 + abs(chi)):
            break
        if f > 0.0:
            high, f_high = chi, f
            if side == 1:
                f_low *= 0.5
            side = 1
        else:
            low, f_low = chi, f
            if side == -1:
                f_high *= 0.5
            side = -1
        if abs(f) < _TOLERANCE * mean:
            break
    return chi, True


@njit
def _fill_logs(order: int, occupied: bool, chi: Array, eta: Array, out: Array) -> None:
    for i in range(chi.size):
        out[i] = _log_occupied(order, chi[i], eta[i]) if occupied else _log_published(order, chi[i], eta[i])


@njit
def _fill_chi(mean: Array, eta: Array, chi: Array, found: NDArray[np.bool_]) -> None:
    for i in range(mean.size):
        chi[i], found[i] = _effective_chi(mean[i], eta[i])


def _flat(*values: ArrayLike) -> tuple[tuple[int, ...], list[Array]]:
    arrays = np.broadcast_arrays(*(np.asarray(value, dtype=np.float64) for value in values))
    return arrays[0].shape, [np.ascontiguousarray(array).ravel() for array in arrays]


def _log_integral(order: int, occupied: bool, q: ArrayLike, mu_e: ArrayLike, temperature: ArrayLike) -> Array:
    shape, (q_flat, mu, t) = _flat(q, mu_e, temperature)
    out = np.empty(q_flat.size)
    _fill_logs(order, occupied, q_flat / t, mu / t, out)
    return np.asarray((out + (order + 3) * np.log(t)).reshape(shape))


def log_occupied_phase_space(
    transition: ArrayLike, chemical_potential_electron: ArrayLike, temperature: ArrayLike
) -> Array:
    """Ln of int E^2 (E - q)^2 f_e(E - q) dE over energies with E > 0 and E > q, MeV^5: what normalises the spectrum."""
    return _log_integral(2, True, transition, chemical_potential_electron, temperature)


# ------------------------------------------------------------------------------------------------------------
# rates


def log_capture_rate(
    q_value: ArrayLike,
    chemical_potential_electron: ArrayLike,
    temperature: ArrayLike,
    *,
    strength: float = DEFAULT_STRENGTH,
    excitation: float = DEFAULT_EXCITATION,
    constants: Constants = CODATA,
) -> Array:
    """Ln of `capture_rate`, which may underflow where this does not."""
    return _log_rate(
        2, q_value, chemical_potential_electron, temperature, strength, excitation, constants.electron_mass
    )


def capture_rate(
    q_value: ArrayLike,
    chemical_potential_electron: ArrayLike,
    temperature: ArrayLike,
    *,
    strength: float = DEFAULT_STRENGTH,
    excitation: float = DEFAULT_EXCITATION,
    constants: Constants = CODATA,
) -> Array:
    """Return captures per nucleus and second (Langanke et al. 2003).

    Parameters
    ----------
    q_value : array_like
        Q = M(A, Z) - M(A, Z - 1) of nuclear masses, MeV.
    chemical_potential_electron : array_like
        With rest mass, MeV.
    temperature : array_like
        MeV.
    strength : float
        B.
    excitation : float
        Delta E, MeV.
    constants : Constants
        Supplies the electron's mass.

    Returns
    -------
    ndarray
        1/s, ln 2 B/K (T/m_e)^5 [F_4(y) - 2 chi F_3(y) + chi^2 F_2(y)] with chi = (Q - Delta E)/T and y = chi + mu_e/T.

    Notes
    -----
    For Q > Delta E the published formula counts 0 < E < Q - Delta E as well, where no electron makes the neutrino. That is
    kept here; spectra leave it out.
    """
    return np.exp(
        log_capture_rate(
            q_value,
            chemical_potential_electron,
            temperature,
            strength=strength,
            excitation=excitation,
            constants=constants,
        )
    )


def neutrino_energy_loss(
    q_value: ArrayLike,
    chemical_potential_electron: ArrayLike,
    temperature: ArrayLike,
    *,
    strength: float = DEFAULT_STRENGTH,
    excitation: float = DEFAULT_EXCITATION,
    constants: Constants = CODATA,
) -> Array:
    """Energy of the neutrinos per nucleus, MeV/s: `capture_rate` with one power of E more."""
    return np.exp(
        _log_rate(
            3,
            q_value,
            chemical_potential_electron,
            temperature,
            strength,
            excitation,
            constants.electron_mass,
        )
    )


def _log_rate(
    order: int,
    q_value: ArrayLike,
    mu_e: ArrayLike,
    temperature: ArrayLike,
    strength: float,
    excitation: float,
    electron_mass: float,
) -> Array:
    transition = np.asarray(q_value, dtype=np.float64) - excitation
    constant = math.log(math.log(2.0) * strength / _DECAY_CONSTANT) - 5.0 * math.log(electron_mass)
    return constant + _log_integral(order, False, transition, mu_e, temperature)


def neutrino_mean_energy(
    transition: ArrayLike, chemical_potential_electron: ArrayLike, temperature: ArrayLike
) -> Array:
    """Mean energy of `neutrino_spectrum`, MeV."""
    state = (transition, chemical_potential_electron, temperature)
    return np.exp(_log_integral(3, True, *state) - _log_integral(2, True, *state))


def neutrino_spectrum(
    energy: ArrayLike,
    transition: ArrayLike,
    chemical_potential_electron: ArrayLike,
    temperature: ArrayLike,
) -> Array:
    """Neutrinos per capture and energy, normalised to 1.

    Parameters
    ----------
    energy : array_like
        E, MeV, positive; it broadcasts against the rest.
    transition : array_like
        q = Q - Delta E, or the effective one of a table, MeV.
    chemical_potential_electron : array_like
        With rest mass, MeV.
    temperature : array_like
        MeV.

    Returns
    -------
    ndarray
        1/MeV; 0 for E < q.
    """
    e, q = np.asarray(energy, dtype=np.float64), np.asarray(transition, dtype=np.float64)
    mu, t = np.asarray(chemical_potential_electron), np.asarray(temperature)
    electron = np.maximum(e - q, 0.0)
    with np.errstate(divide="ignore"):  # ln 0 is what no electron means
        logarithm = 2.0 * np.log(e * electron) - np.logaddexp(0.0, (electron - mu) / t)
    return np.asarray(np.exp(logarithm - log_occupied_phase_space(q, mu, t)))


def effective_transition(
    mean_energy: ArrayLike, chemical_potential_electron: ArrayLike, temperature: ArrayLike
) -> tuple[Array, NDArray[np.bool_]]:
    """Return the q whose spectrum has a given mean energy (Langanke, Martinez-Pinedo & Sampaio 2001, PRC 64, 055801).

    Parameters
    ----------
    mean_energy : array_like
        Of the neutrinos, MeV.
    chemical_potential_electron, temperature : array_like
        With rest mass, and T; MeV.

    Returns
    -------
    q : ndarray
        MeV.
    found : ndarray of bool
        False where the energy is below 3 T, the least that electrons of temperature T can make; q is then far below zero.
    """
    shape, (mean, mu, t) = _flat(mean_energy, chemical_potential_electron, temperature)
    chi, found = np.empty(mean.size), np.empty(mean.size, dtype=np.bool_)
    _fill_chi(mean / t, mu / t, chi, found)
    return (chi * t).reshape(shape), found.reshape(shape)
