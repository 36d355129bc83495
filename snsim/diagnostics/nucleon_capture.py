"""Capture of nue and anue on free nucleons: cross sections, their spectral averages and rates."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.processes.charged_current import charged_current_correction
from microphysics.spectrum import Spectrum
from microphysics.weak.couplings import WeakCouplings

Array = NDArray[np.float64]
Values = float | Array

SIGNS = {"nue": 1, "anue": -1}


def threshold(sign: int, couplings: WeakCouplings) -> float:
    """Lowest neutrino energy of the reaction, MeV: 0 for nue n, m_e + m_n - m_p for anue p."""
    c = couplings.constants
    return 0.0 if sign > 0 else c.electron_mass + c.nucleon_mass_difference


def cross_section(
    energy: Values, sign: int, couplings: WeakCouplings | None = None, *, magnetism: bool = True
) -> Array:
    """Cross section of nue n (sign +1) or anue p (sign -1) on a free nucleon at rest.

    Parameters
    ----------
    energy : array_like
        Neutrino energy, MeV.
    sign : int
        +1 for nue n, -1 for anue p.
    couplings : WeakCouplings, optional
        None means the default.
    magnetism : bool
        Whether weak magnetism and recoil are included.

    Returns
    -------
    ndarray
        cm^2; 0 below the threshold.

    Notes
    -----
    sigma = N_cc E_e p_e W(E), E_e = E +- (m_n - m_p), W of Horowitz's full formula, and N_cc from the neutron
    lifetime, or sigma0 V_ud^2 (1 + 3 g_A^2)/(4 m_e^2) at tree level.

    References
    ----------
    .. [1] Horowitz 2002, PRD 65, 043001.
    .. [2] Burrows, Reddy & Thompson 2006, Nucl. Phys. A 777, 356.

    Examples
    --------
    >>> ratio = cross_section(20.0, 1) / cross_section(20.0, 1, magnetism=False)
    >>> round(float(ratio), 4)
    1.0188
    """
    weak = couplings or WeakCouplings()
    energy = np.asarray(energy, dtype=np.float64)
    mass = weak.constants.electron_mass
    lepton = energy + sign * weak.constants.nucleon_mass_difference
    momentum = np.sqrt(np.maximum(lepton**2 - mass**2, 0.0))
    value = weak.charged_current_constant * np.where(lepton > mass, lepton * momentum, 0.0)
    return value * charged_current_correction(energy, sign, weak) if magnetism else value


def mean_cross_section(
    spectrum: Spectrum, sign: int, couplings: WeakCouplings | None = None, *, magnetism: bool = True
) -> Array:
    """Cross section averaged over the number of ALL neutrinos, also those below the threshold.

    Parameters
    ----------
    spectrum : Spectrum
        Of the neutrinos.
    sign, couplings, magnetism
        As of `cross_section`.

    Returns
    -------
    ndarray
        cm^2, of the shape of the spectrum's parameters.
    """
    weak = couplings or WeakCouplings()
    return spectrum.average(
        lambda energy: cross_section(energy, sign, weak, magnetism=magnetism), threshold(sign, weak)
    )


def absorption_rate(
    luminosity: Values,
    spectrum: Spectrum,
    radius: Values,
    sign: int,
    *,
    flux_factor: Values = 1.0,
    couplings: WeakCouplings | None = None,
    magnetism: bool = True,
) -> Array:
    """Rate of captures per target nucleon, L <sigma>/(<E> 4 pi r^2 f).

    Parameters
    ----------
    luminosity : array_like
        Local, erg/s.
    spectrum : Spectrum
        Local.
    radius : array_like
        cm.
    sign : int
        +1 for nue n, -1 for anue p.
    flux_factor : array_like
        F/(cE): 1 for a point source, `sphere_flux_factor` for a sharp sphere.
    couplings, magnetism
        As of `cross_section`.

    Returns
    -------
    ndarray
        1/s.
    """
    area = 4.0 * math.pi * np.asarray(radius) ** 2 * flux_factor * CODATA.erg_per_mev
    mean = mean_cross_section(spectrum, sign, couplings, magnetism=magnetism)
    return luminosity / (spectrum.mean_energy * area) * mean


def sphere_flux_factor(radius: Values, sphere: Values) -> Array:
    """Flux factor of a sharp, uniformly bright sphere, [1 + sqrt(1 - (R/r)^2)]/2; NaN inside.

    Parameters
    ----------
    radius, sphere : array_like
        r and R, cm.
    """
    square = (np.asarray(sphere, dtype=np.float64) / radius) ** 2
    return np.where(square <= 1.0, 0.5 * (1.0 + np.sqrt(np.maximum(1.0 - square, 0.0))), np.nan)
