"""Figures over energy: what leaves the star, spectra inside it with a slider over radius, opacities by process."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from snsim.plots._panels import CM_PER_KM, group_of, species_of
from snsim.plots.spectrum import VARIABLE
from snsim.report.figure import DASHED, Array, Axis, Curve, Figure, Slider, View
from snsim.report.labels import spare_colour, species_colour, species_name
from snsim.report.panels import Moments, limits, moments_of
from snsim.result import Result

MOST_RADII = 60
MOST_MOMENTS = 12
_SPECTRA = 1e49  # erg/(s MeV), unit of the axis
_GRAY_ENERGIES = np.geomspace(1.0, 200.0, 40)  # MeV at infinity
_FAINTEST = 1e-8  # occupation at the bottom of its axis
ENERGY = "energy at infinity [MeV]"


def leaving(result: Result) -> Figure | None:
    """Return dL/dE at infinity of every species; None without energy groups."""
    moments = moments_of(result)
    variable = group_of(result, "transport").get(VARIABLE)
    if variable is None or not (variable.values > 0.0).any():
        return None
    energy = result["transport"]["group"].values
    values = moments.of(variable) / _SPECTRA
    curves = tuple(
        Curve(
            species_name(who),
            energy,
            np.where(values[..., place, :] > 0.0, values[..., place, :], np.nan),
            species_colour(who, place),
            marks="lines+markers",
            unit="10⁴⁹ erg s⁻¹ MeV⁻¹",
        )
        for place, who in enumerate(species_of(result, "transport"))
    )
    top = float(np.nanmax(values))
    shown = energy[(values > 1e-2 * top).any(axis=tuple(range(values.ndim - 1)))]
    y = "dL∞/dE [10⁴⁹ erg s⁻¹ MeV⁻¹]"
    return Figure(
        "spectrum",
        "Spectra that leave the star",
        "Luminosity per energy through the outer edge, as seen from infinity. Points are the energy groups.",
        _peaks(energy, values, species_of(result, "transport")),
        (
            View(
                "linear",
                Axis(ENERGY, limits=(0.0, 1.1 * float(shown[-1]))),
                Axis(y, limits=(0.0, 1.08 * top)),
                curves,
            ),
            View(
                "logarithmic",
                Axis(ENERGY, "log", (0.9 * float(energy[0]), 1.1 * float(energy[-1]))),
                Axis(y, "log", (1e-7 * top, 3.0 * top)),
                curves,
            ),
        ),
        moments.sliders,
    )


def inside(result: Result) -> Figure | None:
    """Return spectra inside the star with a slider over radius, beside those of equilibrium with matter."""
    moments = moments_of(result, MOST_MOMENTS)
    transport, profile = group_of(result, "transport"), group_of(result, "profile")
    if not {"radius", "lapse", "temperature"} <= profile.keys() or "neutrino_temperature" not in transport:
        return None
    zones, slider = _radii(result)
    lapse = moments.of(profile["lapse"])[..., zones]
    grouped = "occupation" in transport
    energy = transport["group"].values if grouped else _GRAY_ENERGIES
    local = energy / lapse[..., None]
    species = species_of(result, "transport")
    found: list[tuple[str, Array, Array | None]] = []
    for place, who in enumerate(species):
        if grouped:
            field = moments.of(transport["occupation"])[..., place, :, :][..., zones, :]
        else:
            shape = [
                moments.of(transport[n])[..., place, :][..., zones]
                for n in ("neutrino_temperature", "degeneracy")
            ]
            field = _fermi(local, *shape)
        found.append((who, field, _equilibrium(result, moments, place, zones, local)))
    views = tuple(_spectra_views(energy, found))
    words = (
        "Occupation of phase space, mean over angles, in the energy groups"
        if grouped
        else "The Fermi-Dirac shape that the gray scheme gives the neutrinos: temperature and degeneracy from its moments"
    )
    return Figure(
        "inside",
        "Spectra inside the star",
        f"{words}, at the radius of the slider. Dashed: equilibrium with the matter there. Where lines leave the dashes, "
        "neutrinos have decoupled.",
        "Spectra of each species over energy at infinity, for a radius chosen with the slider, beside the Fermi-Dirac "
        "spectrum in equilibrium with matter: equal in the core, far apart outside the neutrinosphere.",
        views,
        (*moments.sliders, slider),
    )


def opacities(result: Result) -> Figure | None:
    """Return inverse mean free paths over energy by process, with a slider over radius."""
    opacity = group_of(result, "opacity")
    if not {"absorption", "scattering", "energy", "process"} <= opacity.keys() or "radius" not in group_of(
        result, "profile"
    ):
        return None
    zones, slider = _radii(result)
    energy = opacity["energy"].values
    total = (opacity["absorption"].values + opacity["scattering"].values)[:, :, zones]
    names = [str(name) for name in opacity["process"].values]
    views = []
    for place, who in enumerate(species_of(result, "opacity")):
        values = np.where(total[:, place] > 0.0, total[:, place] * CM_PER_KM, np.nan)
        curves = [
            Curve(name.replace("_", " "), energy, values[i], spare_colour(i), unit="km⁻¹")
            for i, name in enumerate(names)
            if np.isfinite(values[i]).any()
        ]
        whole = np.where(total[:, place].sum(axis=0) > 0.0, total[:, place].sum(axis=0) * CM_PER_KM, np.nan)
        curves.append(Curve("all", energy, whole, "ink", unit="km⁻¹"))
        y = Axis("inverse mean free path [km⁻¹]", "log", limits(curves, "log", 16.0))
        x = Axis("local energy [MeV]", "log", (float(energy[0]), float(energy[-1])))
        views.append(View(species_name(who), x, y, tuple(curves)))
    return Figure(
        "opacity",
        "What stops the neutrinos",
        "Absorption, corrected for stimulated absorption, and scattering weighted with 1 − cos θ, by process, at the radius "
        "of the slider.",
        f"Inverse mean free path over local energy for each of {len(names)} processes: "
        + ", ".join(name.replace("_", " ") for name in names)
        + ".",
        tuple(views),
        (slider,),
        "Species",
    )


def _radii(result: Result) -> tuple[NDArray[np.int64], Slider]:
    """Choose zones, and make the slider over their radii; it starts at a third from outside, near decoupling."""
    radius = result["profile"]["radius"].values / CM_PER_KM
    zones = np.unique(np.linspace(0, radius.size - 1, min(radius.size, MOST_RADII)).round().astype(np.int64))
    start = int(np.searchsorted(radius[zones], 50.0))
    return zones, Slider("radius", tuple(f"{radius[i]:.4g} km" for i in zones), min(start, zones.size - 1))


def _spectra_views(energy: Array, found: list[tuple[str, Array, Array | None]]) -> Iterator[View]:
    """Return number spectra and occupations of all species."""
    numbers, occupations = [], []
    for place, (who, field, equilibrium) in enumerate(found):
        colour, name = species_colour(who, place), species_name(who)
        for values, words, dashes in ((field, "", "solid"), (equilibrium, ", equilibrium", DASHED)):
            if values is None:
                continue
            shown = np.where(values > _FAINTEST, values, np.nan)
            occupations.append(Curve(name + words, energy, shown, colour, dashes))
            number = energy**2 * values
            peak = np.nanmax(number, axis=-1, keepdims=True, initial=0.0)
            over_peak = np.divide(number, peak, out=np.full_like(number, np.nan), where=peak > 0.0)
            numbers.append(Curve(name + words, energy, over_peak, colour, dashes))
    x = Axis(ENERGY, limits=(0.0, 100.0))
    wide = Axis(ENERGY, "log", (float(energy[0]), float(energy[-1])))
    yield View(
        "number spectra E² f, peaks at 1", x, Axis("E² f over its peak", limits=(0.0, 1.08)), tuple(numbers)
    )
    yield View("occupation f", wide, Axis("occupation f", "log", (_FAINTEST, 3.0)), tuple(occupations))


def _equilibrium(
    result: Result, moments: Moments, place: int, zones: NDArray[np.int64], local: Array
) -> Array | None:
    """Occupation in equilibrium with the matter of some zones; None where the file has no chemical potentials."""
    profile = result["profile"]
    temperature = moments.of(profile["temperature"])[..., zones]
    needed = [f"chemical_potential_{name}" for name in ("electron", "proton", "neutron")]
    if not set(needed) <= profile.keys():
        return None
    electron, proton, neutron = (moments.of(profile[name])[..., zones] for name in needed)
    sign = {"nue": 1.0, "anue": -1.0}.get(species_of(result, "transport")[place], 0.0)
    degeneracy = sign * (electron + proton - neutron) / temperature if sign else np.zeros_like(temperature)
    return _fermi(local, temperature, degeneracy)


def _fermi(energy: Array, temperature: Array, degeneracy: Array) -> Array:
    """1/(exp(E/T - eta) + 1) without overflow."""
    return 0.5 * (1.0 - np.tanh(0.5 * (energy / temperature[..., None] - degeneracy[..., None])))


def _peaks(energy: Array, values: Array, species: tuple[str, ...]) -> str:
    """Say where each spectrum has its peak."""
    last = values.reshape(-1, *values.shape[-2:])[-1]
    peaks = [
        f"{who} {energy[int(np.nanargmax(row))]:.3g} MeV" for who, row in zip(species, last, strict=True)
    ]
    return f"Luminosity per energy over energy for each species; the brightest groups: {', '.join(peaks)}."


__all__ = ["inside", "leaving", "opacities"]
