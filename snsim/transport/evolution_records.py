"""An evolution as labelled variables for results and files."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.spectrum import FermiDirac
from snsim.transport.evolution import Track
from snsim.transport.frozen_star_model import COUPLED, FIXED, FrozenStarModel
from snsim.transport.records import INFINITY, STATIC
from snsim.variable import Variable, scalar

Array = NDArray[np.float64]

SUMMED = "summed over all steps"
LEFT_OUT = (
    "density, radii and metric stay as they are: no contraction, no convection, no infall; energies and lepton numbers are "
    "those of a star that only heats, cools and deleptonises"
)


INTEGRATOR = (
    "SDIRK2 on conserved quantities: two stages, second order, L-stable (Alexander 1977, SIAM J. Numer. Anal. 14, 1006); "
    "backward Euler in steps where euler = 1"
)


def evolution_attributes(model: FrozenStarModel) -> dict[str, str]:
    """Return what the numbers of `/evolution` rest on, as attributes of the group.

    Parameters
    ----------
    model : FrozenStarModel
        That was followed.
    """
    scheme, given = model.scheme, FIXED if model.path is None else "a given function of time"
    composition = "equation of state" if model.matter is not None else "profile"
    return {
        "scheme": "gray",
        "closure": scheme.closure,
        "limiter": scheme.limiter,
        "edge_values": f"{scheme.reconstruction} order",
        "spectral_shape": scheme.spectral_shape,
        "time_integrator": INTEGRATOR,
        "matter": COUPLED if model.matter is not None else given,
        "beginning": f"steady neutrinos of the same scheme with edge values of {scheme.reconstruction} order, not the steady "
        f"solution of /transport, in matter with the composition of the {composition}",
        "left_out": LEFT_OUT,
    }


def evolution_group(species: tuple[str, ...], track: Track) -> dict[str, Variable]:
    """Variables of `/evolution`: light curves, budgets, statistics of the steps, and snapshots of the star.

    Parameters
    ----------
    species : tuple of str
        Names of the species.
    track : Track
        Steps and snapshots; the evolution may have stopped early.

    Returns
    -------
    dict of str to Variable
        Those without the dimension `time` are summed from t = 0 to the last time, and say so.
    """
    steps = track.steps
    along, each = ("time",), ("time", "species")
    far = {"frame": INFINITY}
    summed = {**far, "definition": SUMMED}
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = steps["luminosity"] / CODATA.erg_per_mev / steps["number_luminosity"]
    group = {
        "time": Variable(along, steps["time"], "s", "time", far),
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
        **_higher_moments(mean, steps["outer_degeneracy"]),
        "energy_radiated": Variable(
            ("species",), _integral(steps["time"], steps["luminosity"]), "erg", "energy radiated", summed
        ),
        "number_radiated": Variable(
            ("species",),
            _integral(steps["time"], steps["number_luminosity"]),
            "1",
            "neutrinos radiated",
            summed,
        ),
        "neutrino_energy": Variable(
            each, steps["neutrino_energy"], "erg", "energy of neutrinos in the star", far
        ),
        "neutrino_number": Variable(each, steps["neutrino_number"], "1", "neutrinos in the star"),
        "step": Variable(along, steps["step"], "s", "length of the step"),
        "iterations": Variable(along, steps["iterations"].astype(np.int64), "1", "Newton steps"),
        "error": Variable(along, steps["error"], "1", "embedded error of the step"),
        "change": Variable(along, steps["change"], "1", "largest relative change in the step"),
        "refused": Variable(along, steps["refused"].astype(np.int64), "1", "longer steps tried before it"),
        "euler": Variable(along, steps["euler"].astype(np.int64), "1", "1 where backward Euler stood in"),
    }
    if "total" in steps:
        group |= _budgets(steps)
    return group | _snapshots(track.snapshots)


def _higher_moments(mean: Array, degeneracy: Array) -> dict[str, Variable]:
    """<E^2> and <E^3> at infinity: those of the outermost zone's spectral shape, whose ratios to <E> no observer changes."""
    shape = FermiDirac(1.0, degeneracy)
    words = {
        "frame": INFINITY,
        "definition": "of the Fermi-Dirac shape of the outermost zone, at this mean energy",
    }
    return {
        f"mean_{name}_energy_infinity": Variable(
            ("time", "species"),
            shape.moment(order) * (mean / shape.mean_energy) ** order,
            f"MeV{order}",
            f"mean {name} energy at infinity",
            {**words, "weight": "number"},
        )
        for name, order in (("square", 2), ("cube", 3))
    }


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
    meaning = {"definition": f"{SUMMED}, over what has left the star"}
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
        "total_energy_radiated": scalar(
            lost[-1, 0], "erg", "energy radiated, all species", **far, definition=SUMMED
        ),
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
