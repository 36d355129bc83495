"""Matter of a neutrino-dominated disk with this project's composition and opacities, energy by energy."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.eos.nse import SahaNSE
from microphysics.errors import require
from microphysics.matter import GROUPS, SPECIES, MatterState
from microphysics.opacity import OpacitySet, blackbody, equilibrium
from microphysics.processes.settings import Settings
from snsim.diagnostics.neutrino_disk import Column, Matter, two_stream

Array = NDArray[np.float64]

ENERGIES = np.geomspace(0.5, 300.0, 24)  # MeV
DENSEST = 1e14  # g/cm^3: nucleons are no ideal gas beyond
PROCESSES = ("charged_current", "nucleon_scattering", "pair")
FRACTIONS = (0.01, 0.55)  # electron fractions that are tried


def own_opacities(
    electron_fraction: float | None = None,
    opacities: OpacitySet | None = None,
    energy: Array = ENERGIES,
) -> Matter:
    """Nucleons, alphas and nuclei in Saha equilibrium with exact electrons, and spectral opacities.

    Parameters
    ----------
    electron_fraction : float, optional
        Of the disk; None means that at which as many nue as anue leave, to which matter that stays for long goes
        (beta equilibrium where it is opaque). Matter with another one is not steady: where degenerate it radiates
        what its electrons hold, not its heat.
    opacities : OpacitySet, optional
        None means absorption and scattering on nucleons, and pair annihilation into all flavours.
    energy : ndarray, shape (energy,)
        MeV; integrals are trapezia in ln E.

    Returns
    -------
    callable
        As `neutrino_disk.closed_form` returns; the depth is that of nue, weighted with the black flux.

    Notes
    -----
    Every energy of every species leaves the slab as in `two_stream`, with absorption corrected for stimulated
    absorption; nux counts four times. Neutrinos inside have the equilibrium spectrum times the filling.

    Pressure, opacities and neutrinos are those of this matter; the heat that flows in is not. `solve_rings` takes it as
    Di Matteo, Perna & Narayan do, 11/3 a T^4 + 3/2 rho T/m_p (and 4/3 of the neutrinos' energy): relativistic pairs that
    are not degenerate and free nucleons. Degenerate electrons hold more (T s grows by 1 + 15/7 (eta/pi)^2), nucleons bound
    in alphas a quarter, and the 7 MeV a nucleon that breaking alphas takes up are left out.
    """
    if electron_fraction is not None:
        require(
            *_inside(electron_fraction), "electron fraction", "", f"from {FRACTIONS[0]:g} to {FRACTIONS[1]:g}"
        )
    processes = opacities or OpacitySet.from_names(
        list(PROCESSES), Settings(pair_species="all", pair_partner="equilibrium")
    )
    count = np.array([float(len(GROUPS[name])) for name in SPECIES])[:, None]
    black = _black_flux(energy)

    def column(density: Array, temperature: Array, height: Array) -> Column:
        shape = np.broadcast_shapes(density.shape, temperature.shape, height.shape)
        rho, t, h = (np.broadcast_to(each, shape).ravel() for each in (density, temperature, height))
        known = (rho < DENSEST) & ~np.isnan(t)
        found = np.full((4, rho.size), math.nan)
        if known.any():
            found[:, known] = vertical(rho[known], t[known], h[known])
        return Column(*(row.reshape(shape) for row in found))

    def vertical(rho: Array, t: Array, h: Array) -> Array:
        if electron_fraction is None:
            fraction = steady_electron_fraction(rho, t, h, energy)
        else:
            fraction = np.full_like(rho, electron_fraction)
        matter = SahaNSE().state(rho, t, fraction)
        absorption, scattering = _depths(processes, matter, h, energy, SPECIES)
        emergent, filling = two_stream(absorption, scattering)
        surface = black * equilibrium(energy, t, matter.neutrino_degeneracy(SPECIES))
        cooling = (count * (surface / 0.75 * emergent).sum(axis=-1)).sum(axis=0)
        trapped = 4.0 / CODATA.speed_of_light * (count * (surface * filling).sum(axis=-1)).sum(axis=0)
        depth = (surface[0] * (absorption + scattering)[0]).sum(axis=-1) / surface[0].sum(axis=-1)
        return np.array([matter.pressure + trapped / 3.0, trapped, cooling, depth])

    return column


def steady_electron_fraction(
    density: Array, temperature: Array, height: Array, energy: Array = ENERGIES
) -> Array:
    """Electron fraction at which as many nue as anue leave a slab by captures on nucleons.

    Parameters
    ----------
    density, temperature, height : ndarray, shape (zone,)
        g/cm^3, MeV, cm from midplane to surface.
    energy : ndarray, shape (energy,)
        MeV.

    Returns
    -------
    ndarray, shape (zone,)
        At most 0.55 and at least 0.01, the ends of what is tried.
    """
    from scipy.optimize import elementwise

    captures = OpacitySet.from_names(["charged_current", "nucleon_scattering"])
    species = ("nue", "anue")
    weight = _black_flux(energy) / energy

    def excess(fraction: Array, rho: Array, t: Array, h: Array) -> Array:
        matter = SahaNSE().state(rho, t, fraction)
        emergent = two_stream(*_depths(captures, matter, h, energy, species))[0]
        filled = equilibrium(energy, t, matter.neutrino_degeneracy(species))
        nue, anue = (weight * filled * emergent).sum(axis=-1)
        return (nue - anue) / (nue + anue + 1e-300)

    at = (density, temperature, height)
    limits = [np.full(density.shape, each) for each in FRACTIONS]
    found = elementwise.find_root(excess, tuple(limits), args=at, tolerances={"xatol": 1e-9, "xrtol": 0.0})
    outside = np.where(excess(limits[0], *at) > 0.0, *FRACTIONS)
    return np.where(found.success, found.x, outside)


def _inside(fraction: float) -> tuple[bool, float]:
    return FRACTIONS[0] <= fraction <= FRACTIONS[1], fraction


def _black_flux(energy: Array) -> Array:
    """Black flux of one species at f = 1 through a surface, with the weights of the integral, erg/cm^2/s."""
    steps = np.gradient(np.log(energy))
    steps[[0, -1]] *= 0.5
    return np.asarray(math.pi * blackbody(energy) * energy * steps * CODATA.erg_per_mev)


def _depths(
    processes: OpacitySet, matter: MatterState, height: Array, energy: Array, species: Sequence[str]
) -> tuple[Array, Array]:
    """Optical depths of absorption and scattering, shape (species, zone, energy)."""
    rates = processes.totals(matter, energy, species)
    return np.asarray(rates.absorption) * height[:, None], np.asarray(rates.scattering) * height[:, None]
