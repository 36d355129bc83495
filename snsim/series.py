"""A sequence of stars as one result: what of a single one goes where, with time as the first dimension.

Scalars and numbers of each species stand in `/history`, profiles along (time, zone) in `/profile` and `/transport`, each
observable in its own group. Of the opacities only energies and processes are kept: they follow from the stored matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from snsim.result import Result, is_coordinate
from snsim.variable import Group, Variable

HISTORY = "history"
TIME = "time"
LEFT_OUT = ("iteration", "zero")  # dimensions whose length changes from star to star
INFINITY = {"frame": "observer at infinity"}

# observable, its variable: name in the history
HEADLINES = {
    ("neutrinosphere", "transport_energy_mean"): "neutrinosphere_radius",
    ("neutrinosphere", "energy_sphere"): "energy_sphere_radius",
    ("neutrinosphere", "flux_factor_quarter"): "flux_factor_quarter_radius",
    ("gain_region", "gain_radius"): "gain_radius",
    ("gain_region", "gross_heating"): "gross_heating",
    ("gain_region", "net_heating"): "net_heating",
    ("gain_region", "efficiency"): "heating_efficiency",
    ("gain_region", "mass"): "gain_mass",
    ("gain_region", "accretion_rate"): "accretion_rate",
    ("gain_region", "time_ratio_thermal"): "time_ratio_thermal",
    ("gain_region", "antesonic_ratio"): "antesonic_ratio",
    ("electron_fraction", "outer_equilibrium"): "electron_fraction_outer_equilibrium",
    ("electron_fraction", "wind_infinity"): "electron_fraction_wind_infinity",
    ("kick", "acceleration"): "kick_acceleration",
    ("delay", "gw_minus_neutrino"): "gw_minus_neutrino",
    ("transport_sphere", "radius_10_mev"): "transport_sphere_radius_10_mev",
    ("neutrino_conductivity", "total_there"): "neutrino_conductivity",
    ("recoil_heating", "launch_ratio"): "recoil_over_capture_heating",
}


def record(result: Result) -> dict[str, dict[str, Variable]]:
    """Return what a sequence keeps of one star, by group, without the dimension of time."""
    groups: dict[str, dict[str, Variable]] = {HISTORY: {}}
    for name in ("profile", "transport"):
        if name not in result.groups:
            continue
        kept = _kept(result[name])
        series = {
            key: each for key, each in kept.items() if each.dims in ((), ("species",)) and key != "species"
        }
        groups[HISTORY] |= series
        groups[name] = {key: each for key, each in kept.items() if key not in series}
    if "transport" in result.groups:
        groups[HISTORY] = {"species": result["transport"]["species"], **_seen(result), **groups[HISTORY]}
    if "opacity" in result.groups:  # coordinates of the observables
        groups["opacity"] = {key: each for key, each in result["opacity"].items() if each.dims == (key,)}
    groups |= without_varying(
        {name: group for name, group in result.groups.items() if name.startswith("diagnostics/")}
    )
    groups[HISTORY] |= headlines(groups)
    return groups


def without_varying(groups: Mapping[str, Group]) -> dict[str, dict[str, Variable]]:
    """Return groups without variables along dimensions whose length changes from star to star."""
    return {name: _kept(group) for name, group in groups.items()}


def _kept(group: Group) -> dict[str, Variable]:
    return {key: each for key, each in group.items() if not set(each.dims) & set(LEFT_OUT)}


def headlines(groups: Mapping[str, Group]) -> dict[str, Variable]:
    """Return the numbers of observables that stand in the history too."""
    return {
        ours: groups[f"diagnostics/{name}"][key]
        for (name, key), ours in HEADLINES.items()
        if key in groups.get(f"diagnostics/{name}", {})
    }


def _seen(result: Result) -> dict[str, Variable]:
    """Luminosity and moments of the spectrum, seen from infinity."""
    transport = result["transport"]
    mean = transport["mean_energy_infinity"].values
    if (spectrum := transport.get("luminosity_spectrum_infinity")) is not None:
        energy = transport["group"].values  # even in ln E: dE is E
        first, second, third = (np.sum(spectrum.values * energy**power, axis=1) for power in (1, 2, 3))
        number, words = spectrum.values.sum(axis=1), "of the groups' flux through the outer edge"
        square, cube = second * number / first**2, third * number**2 / first**3
    else:
        local, words = transport["mean_energy"].values[:, -1], "shape of the spectrum in the outermost zone"
        square = (transport["rms_number"].values[:, -1] / local) ** 2
        cube = (transport["rms_energy"].values[:, -1] / local) ** 2
    through = transport["number_luminosity"].values[:, -1] * result["profile"]["lapse_interface"].values[-1]
    along, about = ("species",), {**INFINITY, "definition": words}
    luminosity = transport["luminosity_infinity"]
    return {
        "luminosity_infinity": replace(luminosity, dims=along, values=luminosity.values[:, -1]),
        "number_luminosity_infinity": Variable(along, through, "1/s", "neutrinos emitted per time", INFINITY),
        "mean_energy_infinity": transport["mean_energy_infinity"],
        "mean_energy_squared_infinity": Variable(
            along, mean**2 * square, "MeV2", "mean squared energy at infinity", about
        ),
        "mean_energy_cubed_infinity": Variable(
            along, mean**3 * cube, "MeV3", "mean cubed energy at infinity", about
        ),
    }


def in_time(name: str, variable: Variable) -> bool:
    """Whether a variable of a record gets the dimension of time: all but coordinates."""
    return not is_coordinate(name, variable)


def merged(before: Mapping[str, str], now: Mapping[str, str]) -> dict[str, str]:
    """Attributes of a variable along time: what a later star says differently is added, each once."""
    found = dict(before)
    for key, text in now.items():
        if text not in found.get(key, "").split("; ") and text != found.get(key):
            found[key] = f"{found[key]}; {text}" if key in found else text
    return found


def stack(records: Iterable[Mapping[str, Group]]) -> dict[str, dict[str, Variable]]:
    """Put records together along time; what one of them lacks is NaN there."""
    rows = list(records)
    names = dict.fromkeys((group, key) for each in rows for group, held in each.items() for key in held)
    found: dict[str, dict[str, Variable]] = {}
    for group, key in names:
        given = [each.get(group, {}).get(key) for each in rows]
        first = next(each for each in given if each is not None)
        attributes: dict[str, str] = {}
        for each in given:
            attributes = merged(attributes, each.attributes if each is not None else {})
        if in_time(key, first):
            values = np.stack([np.full(first.values.shape, np.nan) if v is None else v.values for v in given])
            first = replace(first, dims=(TIME, *first.dims), values=values, attributes=attributes)
        found.setdefault(group, {})[key] = first
    return found


def moments_in(result: Result) -> int:
    """Return how many stars a sequence has."""
    return result[HISTORY][TIME].values.size


def moment(result: Result, index: int) -> Result:
    """Return one star of a sequence, its groups as those of a single run.

    Parameters
    ----------
    result : Result
        With a group `history`.
    index : int
        From 0 on.
    """
    history = _at(result[HISTORY], index)
    groups = {
        name: _at(group, index) | (history if name in ("profile", "transport") else {})
        for name, group in result.groups.items()
        if name != HISTORY
    }
    # of the transport only: the luminosity at the outer edge is a profile there
    if "transport" in groups:
        groups["transport"] |= _at(result["transport"], index)
    return replace(result, groups=groups)


def _at(group: Group, index: int) -> dict[str, Variable]:
    return {
        name: replace(each, dims=each.dims[1:], values=each.values[index])
        if each.dims[:1] == (TIME,)
        else each
        for name, each in group.items()
        if name != TIME
    }
