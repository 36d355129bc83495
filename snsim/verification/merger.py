"""Trapped neutrinos of a merger remnant against an M1 simulation, where somebody has its profiles.

A merger remnant is flattened, turns, and is seen through a disc from the side and along an empty funnel from above; a
star made of one of its axes is none of this. What both must agree in is the gas of trapped neutrinos, which knows only the
matter at its place: numbers per baryon and mean energies where the density is above `DENSE`. What lies outside is reported.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.errors import ExtrapolationWarning
from microphysics.spectrum import fermi
from snsim.config.schema import TableProfile
from snsim.profiles.profile import Profile
from snsim.profiles.readers import load_profile
from snsim.verification import published
from snsim.verification.problem import NAN, Curve, Outcome, Panel, Problem, Row, compared
from snsim.verification.stars import LIMITER, SPECIES, SYMBOLS, Solved, solve

Array = NDArray[np.float64]

AXES = {"x": "equator", "z": "pole"}
FILE = "bns_dd2_50ms_{}_axis.csv"
NAMES = {"nue": "nue", "anue": "nuebar", "nux": "nux"}  # ours: the files'
DENSE = 1e14  # g/cm^3: above, neutrinos of every species are trapped
THINNER = (1e13, 1e12, 1e11)  # g/cm^3, where neutrinos are compared and only reported
ZONES, INNER = 200, 1e5
SCHEMES = ("gray", "eddington")
# What equilibrium with matter leaves open is the temperature: energies go like T, numbers like T^3. Along the equator
# ln T has a kink of 1.2 per ln r, of which zones of width 0.025 in ln r cut off a quarter of the product, 0.8 %.
TEMPERATURE = 0.01


@dataclass(frozen=True)
class Gas:
    """Neutrinos at the points of a profile, by species, shape (species, point).

    Attributes
    ----------
    number : ndarray
        Per baryon.
    energy : ndarray
        Mean, MeV.
    """

    number: Array
    energy: Array

    def mean(self, weight: Array) -> tuple[Array, Array]:
        """Neutrinos per baryon and their mean energy in all matter of some weights (point,), shape (species,)."""
        number = self.number @ weight
        return number / weight.sum(), (self.number * self.energy) @ weight / number


@dataclass(frozen=True)
class Axis:
    """One axis of the remnant: matter as a profile, and its neutrinos."""

    profile: Profile
    neutrinos: Gas

    @property
    def baryons(self) -> Array:
        """Baryons per cm^3 of its points."""
        return self.profile.density / (CODATA.atomic_mass * CODATA.gram_per_mev)

    @property
    def dense(self) -> Array:
        """Baryons of points above `DENSE` in shells of a sphere, 0 for others; arbitrary unit."""
        radius, density = self.profile.radius, self.profile.density
        return np.where(density > DENSE, density * radius**2 * np.gradient(radius), 0.0)


def load(path: Path, axis: str) -> Axis:
    """Read the axis "x" or "z"."""
    file = path / FILE.format(axis)
    columns = published.columns(file)
    number = np.array([columns[f"Y_{name}"] for name in NAMES.values()])
    energy = np.array([columns[f"Z_{name}_MeV"] for name in NAMES.values()]) / number
    profile = load_profile(TableProfile(format="table", path=str(file), mapping="bns-1d"))
    return Axis(profile, Gas(number, energy))


def equilibrium(axis: Axis) -> Gas:
    """Neutrinos in equilibrium with the matter of an axis, from its own temperatures and chemical potentials."""
    profile = axis.profile
    assert profile.chemical_potential_electron is not None
    assert profile.chemical_potential_difference is not None
    t = profile.temperature
    eta = (profile.chemical_potential_electron - profile.chemical_potential_difference) / t
    degeneracy = np.array([eta, -eta, np.zeros_like(eta)])
    number = 4.0 * np.pi * (t / (2.0 * np.pi * CODATA.hbar_c)) ** 3 * fermi(2, degeneracy)
    return Gas(number / axis.baryons, t * fermi(3, degeneracy) / fermi(2, degeneracy))


def ours(axis: Axis, scheme: str, zones: int = ZONES) -> Gas:
    """Steady neutrinos of a star whose matter is that of the axis, at its points.

    Raises
    ------
    ConvergenceError
        If the solver gave up.
    """
    with warnings.catch_warnings():
        # nucleons of reduced mass in the core are no free gas of their density; trapped neutrinos know potentials only
        warnings.simplefilter("ignore", ExtrapolationWarning)
        solved = solve(axis.profile, scheme, zones, inner=INNER)
    return _at_points(axis, solved)


def _at_points(axis: Axis, solved: Solved) -> Gas:
    """Interpolate logarithms to the points of the profile; beyond the outermost zone its value."""
    solution = solved.solution
    x, at = np.log(solved.background.radius), np.log(axis.profile.radius)
    number = solution.number_density / solved.background.matter.baryon_density
    energy = solution.energy_density / solution.number_density
    return Gas(*(np.exp([np.interp(at, x, np.log(each)) for each in values]) for values in (number, energy)))


@dataclass(frozen=True)
class Comparison:
    """One axis: the simulation's neutrinos, those in equilibrium with its matter, and ours by scheme."""

    axis: Axis
    equilibrium: Gas
    ours: dict[str, Gas]


Found = dict[str, Comparison]


def comparisons(path: Path, schemes: Iterable[str] = SCHEMES) -> Found:
    """Every axis through every scheme."""
    axes = {name: load(path, name) for name in AXES}
    return {
        name: Comparison(axis, equilibrium(axis), {scheme: ours(axis, scheme) for scheme in schemes})
        for name, axis in axes.items()
    }


def trapped_rows(comparison: Comparison, scheme: str, label: str) -> list[Row]:
    """Compare number per baryon and mean energy of all trapped neutrinos, and say how far apart single points are.

    Neutrinos of the simulation are not everywhere in equilibrium with its matter. What they depart from it, which follows
    from its own columns, plus what `TEMPERATURE` makes, is the tolerance. The gray scheme assumes a spectrum and is only
    reported.
    """
    axis, weight = comparison.axis, comparison.axis.dense
    inside = weight > 0.0
    mine, theirs, exact = (
        gas.mean(weight) for gas in (comparison.ours[scheme], axis.neutrinos, comparison.equilibrium)
    )
    local = comparison.ours[scheme]
    ratios = (
        local.number[:, inside] / axis.neutrinos.number[:, inside],
        local.energy[:, inside] / axis.neutrinos.energy[:, inside],
    )
    rows = []
    for i, name in enumerate(SPECIES):
        for what, k, power in (("per baryon", 0, 3), ("mean energy", 1, 1)):
            margin = abs(float(theirs[k][i] / exact[k][i] - 1.0)) + power * TEMPERATURE
            low, high = 100.0 * (ratios[k][i].min() - 1.0), 100.0 * (ratios[k][i].max() - 1.0)
            tolerance = NAN if scheme == "gray" else margin
            spread = f"{ZONES} zones; points {low:+.1f} to {high:+.1f} %"
            quantity = f"{label}, trapped {name} {what}"
            rows.append(compared(quantity, mine[k][i], theirs[k][i], tolerance, resolution=spread))
    return rows


def outer_rows(comparison: Comparison, scheme: str, label: str) -> list[Row]:
    """Return the same where neutrinos leave, at the point nearest to each density of `THINNER`; reported."""
    density, radius = comparison.axis.profile.density, comparison.axis.profile.radius
    mine, theirs = comparison.ours[scheme], comparison.axis.neutrinos
    rows = []
    for level in THINNER:
        j = int(np.argmin(np.abs(np.log(density / level))))
        where = f"{ZONES} zones, {radius[j] / 1e5:.1f} km"
        for i, name in enumerate(SPECIES):
            for what, field in (("per baryon", "number"), ("mean energy", "energy")):
                pair = (float(getattr(gas, field)[i, j]) for gas in (mine, theirs))
                quantity = f"{label}, {name} {what} at {level:.0e} g/cm^3".replace("+", "")
                rows.append(compared(quantity, *pair, resolution=where))
    return rows


def label_of(axis: str, scheme: str) -> str:
    """Return a case in the words of the table."""
    return f"{AXES[axis]}, {scheme}" + (f" {LIMITER[scheme]}" if scheme == "gray" else "")


def outcome(found: Found) -> Outcome:
    """Table and figure."""
    rows = []
    for axis, comparison in found.items():
        for scheme in comparison.ours:
            rows += trapped_rows(comparison, scheme, label_of(axis, scheme))
        rows += outer_rows(comparison, "eddington", label_of(axis, "eddington"))
    panels = [
        _panel(comparison, axis, field, title)
        for axis, comparison in found.items()
        for field, title in (("number", "neutrinos per baryon"), ("energy", "mean energy [MeV]"))
    ]
    return Outcome(tuple(rows), tuple(panels))


def _panel(comparison: Comparison, axis: str, field: str, title: str) -> Panel:
    """Lines are ours, points the simulation's."""
    radius = comparison.axis.profile.radius / 1e5
    curves = []
    for i, name in enumerate(SPECIES):
        mine, theirs = (
            getattr(gas, field)[i] for gas in (comparison.ours["eddington"], comparison.axis.neutrinos)
        )
        curves.append(Curve(SYMBOLS[name], radius, mine, colour=i))
        curves.append(Curve("", radius, theirs, points=True, colour=i))
    where = f"{AXES[axis]}; points: simulation"
    return Panel(where, "radius [km]", title, tuple(curves), xlog=True, ylog=field == "number")


def merger(quick: bool) -> Outcome:
    """Gray and Eddington schemes on both axes, where somebody has them."""
    path = published.folder("profiles")
    if path is None or not all((path / FILE.format(axis)).is_file() for axis in AXES):
        return Outcome(
            skipped=f"no merger profiles; {published.VARIABLE} names the folder that holds profiles/"
        )
    return outcome(comparisons(path))


MERGER = (
    Problem(
        "merger",
        "Trapped neutrinos of a merger remnant",
        "Chiesa et al. 2025, PRD 111, 063053 (profiles of bns_nurates)",
        "M1 neutrinos of the simulation, not part of this project; tolerances above 1e14 g/cm^3 are what they depart from "
        "equilibrium with its matter plus 1 % of temperature; outside a star of one dimension cannot be a merger",
        merger,
        quick=False,
    ),
)
