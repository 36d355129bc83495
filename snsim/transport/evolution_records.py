"""An evolution as labelled variables for results and files."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from snsim.transport.evolution import Track
from snsim.transport.records import INFINITY, STATIC
from snsim.variable import Variable, scalar

Array = NDArray[np.float64]

LEFT_OUT = (
    "density, radii and metric stay as they are: no contraction, no convection, no infall; energies and lepton numbers are "
    "those of a star that only heats, cools and deleptonises"
)


def evolution_group(species: tuple[str, ...], track: Track) -> dict[str, Variable]:
    """Variables of `/evolution`: light curves, budgets, statistics of the steps, and snapshots of the star."""
    steps = track.steps
    along, each = ("time",), ("time", "species")
    far = {"frame": INFINITY}
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = steps["luminosity"] / CODATA.erg_per_mev / steps["number_luminosity"]
    group = {
        "time": Variable(along, steps["time"], "s", "time", {**far, "left_out": LEFT_OUT}),
        "species": Variable(("species",), np.array(species), "1", "neutrino species; nux is one of four"),
        "luminosity_infinity": Variable(
            each, steps["luminosity"], "erg/s", "luminosity seen from infinity", far
        ),
        "number_luminosity_infinity": Variable(
            each, steps["number_luminosity"], "1/s", "neutrinos emitted per time", far
        ),
        "mean_energy_infinity": Variable(
            each,
            mean,
            "MeV",
            "mean energy at infinity",
            {**far, "definition": "energy over number of the flux through the outer edge"},
        ),
        "energy_radiated": Variable(
            ("species",), _integral(steps["time"], steps["luminosity"]), "erg", "energy radiated", far
        ),
        "number_radiated": Variable(
            ("species",), _integral(steps["time"], steps["number_luminosity"]), "1", "neutrinos radiated", far
        ),
        "neutrino_energy": Variable(
            each, steps["neutrino_energy"], "erg", "energy of neutrinos in the star", far
        ),
        "neutrino_number": Variable(each, steps["neutrino_number"], "1", "neutrinos in the star"),
        "step": Variable(along, steps["step"], "s", "length of the step"),
        "iterations": Variable(along, steps["iterations"].astype(np.int64), "1", "Newton steps"),
        "error": Variable(along, steps["error"], "1", "embedded error of the step"),
        "change": Variable(along, steps["change"], "1", "largest relative change in the step"),
        "euler": Variable(along, steps["euler"].astype(np.int64), "1", "1 where backward Euler stood in"),
    }
    if "total" in steps:
        group |= _budgets(steps)
    return group | _snapshots(track.snapshots)


def _integral(time: Array, rate: Array) -> Array:
    """Trapezium along the first axis."""
    return np.sum(0.5 * (rate[1:] + rate[:-1]) * np.diff(time)[:, None], axis=0)


def _budgets(steps: dict[str, Array]) -> dict[str, Variable]:
    """Return what the whole star holds and has lost, and how well that closes."""
    along = ("time",)
    far = {"frame": INFINITY}
    lost, defect = np.cumsum(steps["outflow"], axis=0), np.cumsum(steps["defect"], axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        relative = defect[-1] / lost[-1]
    meaning = {"definition": "summed over steps, over what has left the star"}
    return {
        "energy": Variable(
            along,
            steps["total"][:, 0],
            "erg",
            "energy of matter and neutrinos",
            {**far, "definition": "alpha (n u + E), u from free neutrons at rest, over the proper volume"},
        ),
        "lepton_number": Variable(
            along, steps["total"][:, 1], "1", "electrons and nue less positrons and anue"
        ),
        "energy_lost": Variable(along, lost[:, 0], "erg", "energy that has left the star", far),
        "lepton_number_lost": Variable(along, lost[:, 1], "1", "lepton number that has left the star"),
        "energy_defect": Variable(along, defect[:, 0], "erg", "energy lost or gained by the solver", far),
        "lepton_number_defect": Variable(
            along, defect[:, 1], "1", "lepton number lost or gained by the solver"
        ),
        "energy_defect_relative": scalar(relative[0], "1", "relative defect of the energy budget", **meaning),
        "lepton_number_defect_relative": scalar(
            relative[1], "1", "relative defect of the lepton number", **meaning
        ),
        "total_energy_radiated": scalar(lost[-1, 0], "erg", "energy radiated, all species", **far),
        "central_temperature": Variable(along, steps["central_temperature"], "MeV", "central temperature"),
        "highest_temperature": Variable(along, steps["highest_temperature"], "MeV", "highest temperature"),
        "central_electron_fraction": Variable(
            along, steps["central_electron_fraction"], "1", "central electrons per baryon"
        ),
    }


def _snapshots(taken: dict[str, Array]) -> dict[str, Variable]:
    """Profiles along the dimension `snapshot`."""
    zone, field, edge = (
        ("snapshot", "zone"),
        ("snapshot", "species", "zone"),
        ("snapshot", "species", "interface"),
    )
    static = {"frame": STATIC}
    group = {
        "snapshot": Variable(("snapshot",), taken["time"], "s", "time of the snapshot"),
        "energy_density": Variable(
            field, taken["energy_density"], "MeV/cm3", "neutrino energy density", static
        ),
        "number_density": Variable(
            field, taken["number_density"], "1/cm3", "neutrino number density", static
        ),
        "luminosity_profile": Variable(
            edge,
            taken["luminosity"],
            "erg/s",
            "luminosity through every edge, seen from infinity",
            {"frame": INFINITY},
        ),
    }
    if "temperature" in taken:
        group["temperature"] = Variable(zone, taken["temperature"], "MeV", "temperature")
        group["electron_fraction"] = Variable(zone, taken["electron_fraction"], "1", "electrons per baryon")
    return group
