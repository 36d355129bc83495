"""Where neutrinos of each energy come loose from the star: from opacities alone, no solution is needed.

Before bounce nuclei make most of the optical depth of intermediate energies; each process has its share here.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from microphysics.opacity import OpacitySpectra
from snsim.diagnostics._kernels import spheres as kernels
from snsim.diagnostics._labels import labelled
from snsim.diagnostics.neutrinosphere import (
    DEPTH,
    KINDS,
    Crossing,
    crossing,
    walk_opacity,
)
from snsim.errors import UnresolvedWarning
from snsim.transport.background import Background
from snsim.transport.solution import TransportSolution
from snsim.variable import Variable

Array = NDArray[np.float64]

REFERENCES = "Shapiro & Teukolsky 1983, ch. 18; Bethe 1990, Rev. Mod. Phys. 62, 801 (trapping)"
FRAMES = {
    "local": "the same energy for the static observer at every radius",
    "infinity": "energy at infinity; the static observer at radius r sees it divided by the lapse",
}
ENERGIES = (5.0, 10.0, 20.0)  # MeV
DENSITIES = (1e11, 1e12, 1e13)  # g/cm3
_NEVER = "optical depth never reaches 2/3 on the grid"


def at_infinity(opacity: Array, energy: Array, lapse: Array) -> Array:
    """Opacity at the local energy E/alpha of neutrinos with energy E at infinity.

    Parameters
    ----------
    opacity : ndarray, shape (..., zone, energy)
        1/cm.
    energy : ndarray, shape (energy,)
        MeV; beyond its last point the opacity goes on as the power law of the last two.
    lapse : ndarray, shape (zone,)
        alpha.

    Returns
    -------
    ndarray, shape (..., zone, energy)
        Interpolated as power laws of the energy; 0 where a neighbour is 0.
    """
    x = np.log(energy)
    wanted = x - np.log(lapse)[:, None]
    below = np.clip(np.searchsorted(x, wanted) - 1, 0, x.size - 2)
    share = (wanted - x[below]) / (x[below + 1] - x[below])
    zone = np.arange(lapse.size)[:, None]
    one, other = opacity[..., zone, below], opacity[..., zone, below + 1]
    known = (one > 0.0) & (other > 0.0)
    safe = np.where(known, one, 1.0)
    return np.where(known, safe * (np.where(known, other, 1.0) / safe) ** share, 0.0)


def shares_at_sphere(path: Array, parts: Sequence[Array], sphere: Crossing, level: float = DEPTH) -> Array:
    """Split an optical depth by process, where the sum reaches `level`.

    Parameters
    ----------
    path : ndarray, shape (zone,)
        Proper length of the zones, cm.
    parts : sequence of ndarray, shape (species, zone, energy)
        Opacity of every process, 1/cm.
    sphere : Crossing
        Where their sum reaches the level.
    level : float
        2/3 for spheres.

    Returns
    -------
    ndarray, shape (process, species, energy)
        Adding up to 1; NaN where the sum never reaches `level`.
    """
    return np.stack([kernels.depth_down_to(path, part, sphere.zone, sphere.share) for part in parts]) / level


def depth_at(radius_interface: Array, path: Array, opacity: Array, radius: float) -> Array:
    """Optical depth at a radius, shape (species, energy), of opacities (species, zone, energy); NaN without a radius."""
    shape = (opacity.shape[0], opacity.shape[2])
    if math.isnan(radius):
        return np.full(shape, np.nan)
    i = min(max(int(np.searchsorted(radius_interface, radius)) - 1, 0), radius_interface.size - 2)
    share = (radius_interface[i + 1] - radius) / (radius_interface[i + 1] - radius_interface[i])
    return kernels.depth_down_to(path, opacity, np.full(shape, i), np.full(shape, share))


def radius_of_density(background: Background, density: float) -> float:
    """Outermost radius where the density, a power law between zone centres, falls through a value, cm.

    NaN where it does not.
    """
    rho, r = background.matter.density, background.radius
    through = np.flatnonzero((rho[:-1] >= density) & (rho[1:] < density))
    if not through.size:
        return math.nan
    i = int(through[-1])
    share = math.log(rho[i] / density) / math.log(rho[i] / rho[i + 1])
    return float(r[i] * (r[i + 1] / r[i]) ** share)


def observe(
    background: Background,
    spectra: OpacitySpectra,
    solution: TransportSolution | None = None,
    *,
    energies: Sequence[float] = ENERGIES,
    densities: Sequence[float] = DENSITIES,
    energy_frame: str = "local",
) -> dict[str, Variable]:
    """Transport and thermalisation spheres of every energy, densities there, and what they are made of.

    Parameters
    ----------
    background, spectra
        The stored run.
    solution : TransportSolution, optional
        Only its species are used, in its order; None means all of the opacities.
    energies : sequence of float
        MeV, within the grid: energies whose numbers are given one by one.
    densities : sequence of float
        g/cm^3: where the optical depth is given.
    energy_frame : str
        ``local`` or ``infinity``: see `FRAMES`.

    Returns
    -------
    dict of Variable
        (species, energy): ``radius``, ``thermalisation_radius``, ``absorption_radius`` in cm, ``density`` at the first, in
        g/cm^3; ``share`` (process, species, energy) of the optical depth there; ``optical_depth_1e12`` (species, energy),
        ... at the densities; and (species) for each chosen energy ``radius_10_mev``, ``density_10_mev``,
        ``thermalisation_radius_10_mev``, ``nuclei_share_10_mev``, ``optical_depth_1e12_10_mev``, ...
    """
    edges, path = background.radius_interface, np.diff(background.radius_interface) / background.gamma

    def seen(opacity: Array) -> Array:
        """Opacity by the energy that the frame counts."""
        return (
            at_infinity(opacity, spectra.energy, background.lapse) if energy_frame == "infinity" else opacity
        )

    species = spectra.species if solution is None else solution.species
    rows = [spectra.species.index(name) for name in species]
    parts = [seen(a[rows] + s[rows]) for a, s in zip(spectra.absorption, spectra.scattering, strict=True)]
    transport = (
        np.sum(parts, axis=0) if energy_frame == "infinity" else walk_opacity(spectra, "transport", species)
    )
    sphere = crossing(background, transport)
    where = {
        "radius": sphere.radius,
        "thermalisation_radius": crossing(background, seen(walk_opacity(spectra, "energy", species))).radius,
        "absorption_radius": crossing(background, seen(walk_opacity(spectra, "number", species))).radius,
    }
    _warn_at_the_edge(edges, where["radius"], spectra.energy, species)
    shares = shares_at_sphere(path, parts, sphere)
    labels: dict[str, Any] = {"frame": f"areal radius; {FRAMES[energy_frame]}", "references": REFERENCES}
    dims = ("species", "energy")
    found: dict[str, Variable] = {}
    for (name, values), kind in zip(where.items(), ("transport", "energy", "number"), strict=True):
        found[name] = labelled(
            dims,
            values,
            "cm",
            _WORDS[name],
            definition=f"int_r^R kappa dr/Gamma = 2/3, kappa = {KINDS[kind]}",
            reason=_NEVER,
            **labels,
        )
    found["density"] = labelled(
        dims, _density_at(background, where["radius"]), "g/cm3", _WORDS["density"], reason=_NEVER, **labels
    )
    found["share"] = labelled(
        ("process", *dims),
        shares,
        "1",
        "share of a process in the optical depth at the transport sphere",
        reason=_NEVER,
        **labels,
    )
    found |= _at_densities(background, path, transport, densities, labels)
    return found | _at_energies(found, spectra, energies, labels)


def _warn_at_the_edge(edges: Array, radius: Array, energy: Array, species: Sequence[str]) -> None:
    """Say where an optical depth of 2/3 is reached inside the last zones: the sphere is outside the grid."""
    pinned = radius > edges[-4]
    if pinned.any():
        names = ", ".join(name for name, row in zip(species, pinned, strict=True) if row.any())
        lowest = energy[pinned.any(axis=0)].min()
        warnings.warn(
            f"transport_sphere: from {lowest:.3g} MeV on ({names}) an optical depth of 2/3 is reached in the last "
            "three zones, so that the grid cuts the sphere off; raise grid.r_outer",
            UnresolvedWarning,
            stacklevel=3,
        )


_WORDS = {
    "radius": "transport sphere",
    "thermalisation_radius": "thermalisation sphere",
    "absorption_radius": "sphere of last absorption",
    "density": "density at the transport sphere",
}


def _density_at(background: Background, radius: Array) -> Array:
    """Density at radii, a power law between zone centres, g/cm^3; NaN where they are."""
    x = np.log(background.radius)
    return np.exp(np.interp(np.log(radius), x, np.log(background.matter.density)))


def _at_densities(
    background: Background,
    path: Array,
    opacity: Array,
    densities: Sequence[float],
    labels: dict[str, Any],
) -> dict[str, Variable]:
    """Label the optical depth of every energy at each density."""
    found = {}
    for density in densities:
        radius = radius_of_density(background, density)
        found[f"optical_depth_{_short(density)}"] = labelled(
            ("species", "energy"),
            depth_at(background.radius_interface, path, opacity, radius),
            "1",
            f"optical depth at {density:g} g/cm3",
            definition=f"int_r^R kappa dr/Gamma, kappa = {KINDS['transport']}",
            reason=f"the density does not fall through {density:g} g/cm3 on the grid",
            **labels,
        )
    return found


def _at_energies(
    found: dict[str, Variable], spectra: OpacitySpectra, energies: Sequence[float], labels: dict[str, Any]
) -> dict[str, Variable]:
    """Label numbers of single energies, interpolated in the logarithms of both (shares: of the energy)."""
    single = {}
    columns = {
        name: variable for name, variable in found.items() if name not in ("share", "absorption_radius")
    }
    x = np.log(spectra.energy)
    for energy in energies:
        # an energy beyond the grid has no value: it is NaN, with that reason
        at = math.log(energy) if spectra.energy[0] <= energy <= spectra.energy[-1] else math.nan
        for name, variable in columns.items():
            with np.errstate(divide="ignore"):
                values = [float(np.exp(np.interp(at, x, np.log(row)))) for row in variable.values]
            single[f"{name}_{_short(energy)}_mev"] = labelled(
                ("species",),
                values,
                variable.unit,
                f"{variable.long_name}, {energy:g} MeV",
                **{**variable.attributes, "reason": f"{_NEVER}, or an energy beyond it"},
            )
        if "nucleus_scattering" in spectra.processes:
            nuclei = found["share"].values[spectra.processes.index("nucleus_scattering")]
            single[f"nuclei_share_{_short(energy)}_mev"] = labelled(
                ("species",),
                [float(np.interp(at, x, row)) for row in nuclei],
                "1",
                f"share of nuclei in the optical depth at the transport sphere, {energy:g} MeV",
                reason=f"{_NEVER}, or an energy beyond it",
                **labels,
            )
    return single


def _short(value: float) -> str:
    """Write 1e12 as "1e12" and 12.5 as "12.5"."""
    return f"{value:g}".replace("e+", "e")
