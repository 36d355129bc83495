"""Refraction of neutrinos in matter: potentials of forward scattering, and the index that follows."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics.constants import CODATA
from microphysics.errors import require
from microphysics.weak.couplings import family

__all__ = ["forward_potential", "matter_potential", "neutral_current_potential", "refractive_excess"]

Array = NDArray[np.float64]
Values = float | Array

REFERENCES = (
    "Wolfenstein 1978, PRD 17, 2369",
    "Notzold & Raffelt 1988, Nucl. Phys. B 307, 924 (signs, loops left out here)",
)

EV_PER_MEV = 1e6


def matter_potential(density: Values, electron_fraction: Values) -> Array:
    """Potential of electron neutrinos by charged currents, sqrt(2) G_F n_e, eV; antineutrinos have the opposite sign.

    Parameters
    ----------
    density : array_like
        g/cm^3.
    electron_fraction : array_like
        Electrons less positrons per baryon.

    Examples
    --------
    >>> f"{float(matter_potential(1.0, 1.0)):.5e}"
    '7.63247e-14'
    """
    c = CODATA
    number = np.asarray(density, dtype=np.float64) * electron_fraction / (c.atomic_mass * c.gram_per_mev)
    return math.sqrt(2.0) * c.fermi_constant * c.hbar_c**3 * number * EV_PER_MEV


def neutral_current_potential(density: Values, electron_fraction: Values) -> Array:
    """Potential of all flavours by neutral currents in neutral matter, -G_F n_n/sqrt(2), eV.

    Protons and electrons have opposite weak charges at zero momentum transfer and cancel where there are as many of one as of
    the other; what is left is the neutrons, free or bound.

    Parameters
    ----------
    density, electron_fraction : array_like
        As of `matter_potential`; neutrons are 1 - Y_e of the baryons.
    """
    neutrons = 1.0 - np.asarray(electron_fraction, dtype=np.float64)
    return -0.5 * matter_potential(density, neutrons)


def forward_potential(flavor: str, density: Values, electron_fraction: Values) -> Array:
    """Potential of a flavour, eV: of both currents, with the sign turned for antineutrinos.

    Only differences between flavours make them oscillate; refraction and trapping of sterile states see the whole.

    Parameters
    ----------
    flavor : str
        nue, anue, numu, anumu, nutau, anutau.
    density, electron_fraction : array_like
        As of `matter_potential`.

    Raises
    ------
    UnknownNameError
        For another flavour.

    Examples
    --------
    >>> bool(abs(forward_potential("nue", 1.0, 1.0 / 3.0)) < 1e-28)  # 3 Y_e = 1: no potential
    True
    """
    potential = neutral_current_potential(density, electron_fraction)
    if family(flavor) == "e":
        potential = potential + matter_potential(density, electron_fraction)
    return -potential if flavor.startswith("a") else potential


def refractive_excess(energy: ArrayLike, potential: ArrayLike) -> Array:
    """Return n - 1 = -V/E, the index of refraction less one, which is lost to rounding in n itself.

    Parameters
    ----------
    energy : array_like
        MeV, > 0; far above the mass of the neutrino.
    potential : array_like
        V, eV, such as from `forward_potential`.

    Examples
    --------
    >>> f"{float(refractive_excess(10.0, forward_potential('numu', 1e12, 0.5))):.2e}"
    '1.91e-09'
    """
    e = np.asarray(energy, dtype=np.float64)
    require(e > 0.0, e, "neutrino energy", "MeV", "> 0")
    return -np.asarray(potential, dtype=np.float64) / (e * EV_PER_MEV)
