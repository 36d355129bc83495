"""What else delays neutrinos: diffusion out of the star, and their mass on the way."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.errors import require
from snsim.transport.background import Background
from snsim.transport.solution import TransportSolution

Array = NDArray[np.float64]
Values = float | Array

MEV_PER_EV = 1e-6


def mass_delay(distance: Values, mass: Values, energy: Values) -> Array:
    """Delay of a massive neutrino against light, D/(2c) (m c^2/E)^2: 5.146 ms at 10 kpc for 1 eV and 10 MeV.

    Parameters
    ----------
    distance : array_like
        cm.
    mass : array_like
        m c^2, eV.
    energy : array_like
        MeV.

    Returns
    -------
    ndarray
        s.
    """
    require(np.asarray(energy) > 0.0, energy, "neutrino energy", "MeV", "> 0")
    ratio = np.asarray(mass, dtype=np.float64) * MEV_PER_EV / energy
    return np.asarray(distance) / (2.0 * CODATA.speed_of_light) * ratio**2


def diffusion_delay(background: Background, solution: TransportSolution, spheres: Array) -> Array:
    """Generous estimate 3 R^2/(lambda c) of the time that neutrinos diffuse before they reach their neutrinosphere.

    Parameters
    ----------
    background, solution
        The stored run.
    spheres : ndarray, shape (species,)
        R, cm.

    Returns
    -------
    ndarray, shape (species,)
        s, with 1/lambda = (2/R^2) int_0^R kappa r dr/Gamma, kappa being the solver's effective transport
        opacity (energy): good to a factor of a few. The mean exit time of a random walk from the centre is a
        sixth of it.
    """
    edges = background.radius_interface
    times = np.full(len(spheres), np.nan)
    for i, sphere in enumerate(spheres):
        if math.isnan(sphere):
            continue
        opacity = solution.transport_energy[i]
        # no flux at the centre, so its opacity may be undefined: the first zone takes that of its outer edge
        zones = 0.5 * (np.concatenate([opacity[1:2], opacity[1:-1]]) + opacity[1:])
        area = np.diff(np.clip(edges, 0.0, sphere) ** 2) / background.gamma
        times[i] = 3.0 / CODATA.speed_of_light * float(np.sum(zones * area))
    return times


def trapping_time(background: Background, solution: TransportSolution, spheres: Array) -> Array:
    """Neutrino energy inside each neutrinosphere over the luminosity that leaves it, both as counted at infinity.

    Parameters
    ----------
    background, solution
        The stored run.
    spheres : ndarray, shape (species,)
        R, cm.

    Returns
    -------
    ndarray, shape (species,)
        s of a clock at infinity, int_0^R alpha E dV/(alpha^2 L)(R) with dV = 4 pi r^2 dr/Gamma; NaN without a sphere
        or where no luminosity leaves it.

    Notes
    -----
    A neutrino of local energy e takes alpha e to infinity, whatever depth it starts from, so that alpha E dV may be added
    up where E dV may not. L counts local energies per local time: alpha for each gives the energy at infinity per time at
    infinity. Where neutrinos stream freely the ratio grows by dr/(alpha Gamma c), the time of a null ray.
    """
    times = np.full(len(spheres), np.nan)
    for i, sphere in enumerate(spheres):
        if math.isnan(sphere):
            continue
        edges = np.clip(background.radius_interface, 0.0, sphere)
        volume = 4.0 * math.pi / 3.0 * np.diff(edges**3) / background.gamma
        # alpha^2 L is the one that is constant where nothing is emitted or absorbed: it is what is interpolated
        at_infinity = background.lapse_interface**2 * solution.luminosity[i]
        luminosity = float(np.interp(sphere, background.radius_interface, at_infinity))
        if luminosity > 0.0:
            local = solution.energy_density[i] * volume
            energy = float(np.sum(background.lapse * local)) * CODATA.erg_per_mev
            times[i] = energy / luminosity
    return times
