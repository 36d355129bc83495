"""A star by hand: every group that the figures read, from closed forms, no solver behind it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from snsim.result import Result
from snsim.variable import Variable, scalar

SPECIES = ("nue", "anue", "nux")
PROCESSES = ("charged_current", "nucleon_scattering", "pair", "somebody_elses")
SHOCK = 1.5e7


def with_values(result: Result, group: str, **values: object) -> Result:
    """Return the result with some values replaced; None takes a variable out."""
    changed = dict(result.groups[group])
    for name, value in values.items():
        if value is None:
            del changed[name]
        else:
            changed[name] = replace(changed[name], values=np.asarray(value, dtype=float))
    return replace(result, groups={**result.groups, group: changed})


def without(result: Result, *groups: str) -> Result:
    return replace(result, groups={k: v for k, v in result.groups.items() if not k.startswith(groups)})


def make_star(zones: int = 50, species: tuple[str, ...] = SPECIES) -> Result:
    edges = np.concatenate([[0.0], np.geomspace(4e5, 6e7, zones)])
    radius = 0.5 * (edges[1:] + edges[:-1])
    return Result(
        {
            "profile": _profile(edges, radius),
            "opacity": _opacity(radius),
            "transport": _transport(edges, radius, species),
            "diagnostics/neutrinosphere": _neutrinosphere(edges, species),
            "diagnostics/gain_region": _gain_region(radius),
        }
    )


def make_thin_star() -> Result:
    """So thin that nothing is defined: no spheres, no gain region, no shock."""
    star = make_star()
    depth = star["diagnostics/neutrinosphere"]["optical_depth"].values
    thin = with_values(
        star, "diagnostics/neutrinosphere", optical_depth=1e-9 * depth, transport_energy_mean=[np.nan] * 3
    )
    thin = with_values(
        thin, "diagnostics/gain_region", gain_radius=np.nan, net_heating=np.nan, efficiency=np.nan
    )
    return with_values(thin, "profile", shock_radius=np.nan)


def _profile(edges, radius):
    zone = ("zone",)
    return {
        "radius": Variable(zone, radius, "cm", "radius"),
        "radius_interface": Variable(("interface",), edges, "cm", "edges"),
        "density": Variable(zone, 4e14 / (1.0 + (radius / 1e6) ** 4), "g/cm3", "density"),
        "temperature": Variable(zone, 30.0 / (1.0 + radius / 1e6), "MeV", "temperature"),
        "electron_fraction": Variable(zone, np.where(radius < SHOCK, 0.1, 0.5), "1", "electrons per baryon"),
        "shock_radius": scalar(SHOCK, "cm", "shock radius"),
    }


def _opacity(radius):
    energy = np.geomspace(0.5, 350.0, 12)
    dims = ("process", "species", "zone", "energy")
    shape = (len(PROCESSES), len(SPECIES), radius.size, energy.size)
    size = 1e-3 * (1e6 / radius[:, None]) ** 4 * (energy / 10.0) ** 2
    absorption, scattering = np.zeros(shape), np.zeros(shape)
    absorption[0, :2], scattering[1], absorption[2, 2], scattering[3] = (
        size,
        0.3 * size,
        1e-2 * size,
        0.1 * size,
    )
    return {
        "process": Variable(("process",), np.array(PROCESSES), "1", "process"),
        "species": Variable(("species",), np.array(SPECIES), "1", "species"),
        "energy": Variable(("energy",), energy, "MeV", "energy"),
        "absorption": Variable(dims, absorption, "1/cm", "absorption"),
        "scattering": Variable(dims, scattering, "1/cm", "scattering"),
        "exchange": Variable(dims, np.zeros(shape), "1/cm", "exchange"),
    }


def _transport(edges, radius, species):
    n = np.arange(1, len(species) + 1)[:, None]
    return {
        "species": Variable(("species",), np.array(species), "1", "species"),
        "luminosity_infinity": Variable(
            ("species", "interface"), 4e52 / n * np.tanh(edges / 5e6) - 1e51, "erg/s", "luminosity"
        ),
        "mean_energy": Variable(("species", "zone"), (8.0 + n) * (1.0 + 5e6 / radius), "MeV", "mean energy"),
        "mean_energy_infinity": Variable(("species",), (8.0 + n)[:, 0], "MeV", "mean energy at infinity"),
    }


def _neutrinosphere(edges, species):
    n = np.arange(1, len(species) + 1)[:, None]
    with np.errstate(divide="ignore"):
        depth = np.minimum((7e6 / n / edges) ** 4, 1e6) * (1.0 - edges / edges[-1])
    return {
        "optical_depth": Variable(("species", "interface"), depth, "1", "optical depth"),
        "transport_energy_mean": Variable(("species",), 7e6 / n[:, 0] * 1.1, "cm", "sphere"),
    }


def _gain_region(radius):
    zone = ("zone",)
    below = radius < SHOCK
    heating = np.where(below, 2e21 * (8e6 / radius) ** 4, 0.0)
    cooling = np.where(below, 2e21 * (8e6 / radius) ** 6, 0.0)
    unit = "erg / (g s)"
    return {
        "heating_rate": Variable(zone, np.maximum(heating, cooling * (radius < 5e6)), unit, "heating"),
        "cooling_rate": Variable(zone, cooling, unit, "cooling"),
        "net_rate": Variable(zone, np.where(radius < 5e6, 0.0, heating - cooling), unit, "net"),
        "gain_radius": scalar(8e6, "cm", "gain radius"),
        "outer_radius": scalar(SHOCK, "cm", "outer radius"),
        "net_heating": scalar(7.4e51, "erg / s", "net heating"),
        "efficiency": scalar(0.094, "1", "efficiency"),
    }
