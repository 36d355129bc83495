"""What the outer edge of a star cuts off: the transport depth beyond it, of a solution or estimated before there is one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from microphysics.opacity import OpacitySet
from microphysics.processes.contract import occupation
from snsim.transport.background import Background

Array = NDArray[np.float64]

# depth beyond the outer edge, a guess that is up to twice too small where opacities fall ever more slowly
CUT = 1.0 / 3.0
LAST_FIFTH = 0.8  # of the radius, from where on opacities are continued beyond the outer edge


def ends_of_last_fifth(radius: Array) -> list[int]:
    """Return the zones whose opacities say how the star would go on: one at 0.8 of the last radius, and the last."""
    return [min(int(np.searchsorted(radius, LAST_FIFTH * radius[-1])), radius.size - 2), radius.size - 1]


def depth_beyond(
    radius: Array, opacity: Array, energy: Array, temperature: Array, degeneracy: Array
) -> Array:
    """Transport depth of what would lie outside, int kappa dr of kappa ~ r^-n, n at least 2.

    kappa is the mean over the energy density of Fermi-Dirac spectra, as in the neutrinosphere.

    Parameters
    ----------
    radius : ndarray, shape (2,)
        Of the zones of `ends_of_last_fifth`, cm.
    opacity : ndarray, shape (species, 2, energy)
        Absorption and transport scattering there, 1/cm.
    energy : ndarray, shape (energy,)
        MeV.
    temperature, degeneracy : ndarray, shape (species, 2)
        Of the neutrinos there; MeV.

    Returns
    -------
    ndarray, shape (species,)
    """
    weight = energy**4 * occupation(energy / temperature[..., None] - degeneracy[..., None])
    mean = (opacity * weight).sum(axis=-1) / weight.sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        fall = np.log(mean[:, 0] / mean[:, 1]) / np.log(radius[1] / radius[0])
    return mean[:, 1] * radius[1] / (np.maximum(np.nan_to_num(fall), 2.0) - 1.0)


def estimate(background: Background, opacities: OpacitySet, energy: Array, species: tuple[str, ...]) -> Array:
    """Depth beyond the outer edge before anything is solved: two zones, neutrinos of the temperature of the matter.

    Inside a neutrinosphere that is what they have; outside, where they are hotter, the depth is estimated too small.

    Parameters
    ----------
    background : Background
    opacities : OpacitySet
    energy : ndarray, shape (energy,)
        MeV.
    species : tuple of str

    Returns
    -------
    ndarray, shape (species,)
    """
    two = np.array(ends_of_last_fifth(background.radius))
    matter = background.matter.select(two)
    spectra = opacities.spectral(matter, energy, species)
    opacity = spectra.total_absorption + spectra.scattering.sum(axis=0)
    temperature = np.broadcast_to(matter.temperature, (len(species), 2))
    return depth_beyond(background.radius[two], opacity, energy, temperature, np.zeros_like(temperature))


def words_of_cut(depth: Array, species: tuple[str, ...], reach: float | None) -> str:
    """Say that the star ends inside its neutrinosphere, or close to it; nothing if it does not.

    Parameters
    ----------
    depth : ndarray, shape (species,)
        Beyond the outer edge; NaN where it is not known.
    species : tuple of str
    reach : float or None
        cm to which the profile goes on beyond the grid.
    """
    cut = depth > CUT
    if not cut.any():
        return ""
    advice = (
        "the profile itself ends there, and must reach further out"
        if reach is None
        else f"raise grid.r_outer; the profile reaches {reach / 1e5:.4g} km"
    )
    return (
        "the outer edge lies inside or close to the neutrinosphere, optical depth 2/3: the matter that it cuts off would "
        f"add about {listed(species, depth, cut)} if it went on as it ends. Luminosities and spectra are those of the cut: "
        f"{advice}"
    )


def beyond_edge(background: Background, profile_end: float) -> float | None:
    """Return where a profile ends, cm; None where it ends with the grid."""
    return profile_end if profile_end > background.radius_interface[-1] * (1.0 + 1e-6) else None


def listed(
    species: tuple[str, ...],
    values: Array,
    chosen: NDArray[np.bool_],
    unit: str = "",
    places: Sequence[str] | None = None,
) -> str:
    """Name values, two digits of each, with their species and places."""
    two = [float(f"{value:.2g}") for value in values]  # 100, which .2g alone writes as 1e+02
    where = [""] * len(species) if places is None else list(places)
    return ", ".join(f"{two[i]:g}{unit} ({species[i]}{where[i]})" for i in map(int, np.flatnonzero(chosen)))
