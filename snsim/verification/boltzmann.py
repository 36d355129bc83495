"""The three schemes against published Boltzmann models, with the rates of that era."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from microphysics.opacity import OpacitySet
from snsim.diagnostics.neutrino_heating import heating_and_cooling
from snsim.errors import ConvergenceError
from snsim.transport.moments import fluid_frame
from snsim.verification import published
from snsim.verification.problem import Curve, Outcome, Panel, Problem, Row, compared
from snsim.verification.published import MAPPINGS, Model
from snsim.verification.stars import BRUENN, ENERGIES, SPECIES, SYMBOLS, solve

RADIUS = 4.5e7  # cm, of the comparison
TIMES = (50, 100, 250)  # ms after bounce; earlier the radiation is not steady
ZONES, OUTER = 200, 5.5e7
DENSE = 1e13  # g/cm^3: above, neutrinos are trapped and in equilibrium with matter


@dataclass(frozen=True)
class Bounds:
    """What a scheme must keep: relative errors, km, relative errors of heating; (nue and anue, nux) where there are two."""

    luminosity: tuple[float, float]
    rms: tuple[float, float]
    flux_radius: float
    heating: float
    cooling: float


# (scheme, limiter): what is asked; None where the error is only reported
CASES: dict[tuple[str, str], Bounds | None] = {
    ("gray", "wilson"): Bounds((0.10, 0.12), (0.10, 0.10), 5.0, 0.15, 0.05),
    ("multigroup", "wilson"): Bounds((0.10, 0.12), (0.05, 0.05), 5.0, 0.15, 0.05),
    ("multigroup", "levermore-pomraning"): None,
    ("multigroup", "levermore-pomraning-albedo"): None,
    ("eddington", ""): Bounds((0.06, 0.12), (0.025, 0.04), 1.0, 0.15, 0.05),
}
# cooling over the model's own gain region, 1e51 erg/s: the f_eq term, with the rates of the model
COOLING = {
    ("AB", 50): 47.0,
    ("AB", 100): 14.1,
    ("AB", 250): 3.86,
    ("VX", 50): 35.6,
    ("VX", 100): 14.5,
    ("VX", 250): 3.7,
}


@dataclass(frozen=True)
class Comparison:
    """Ours and theirs; by species where there are several. erg/s, MeV, cm; trapped neutrinos per baryon above `DENSE`."""

    luminosity: dict[str, tuple[float, float]]
    rms: dict[str, tuple[float, float]]
    flux_radius: dict[str, tuple[float, float]]
    trapped: dict[str, tuple[float, float]]
    heating: tuple[float, float]
    cooling: tuple[float, float]


def compare(model: Model, scheme: str, cooling: float, zones: int = ZONES, limiter: str = "") -> Comparison:
    """Solve on the model's matter and compare with its radiation at 450 km in the fluid's frame."""
    solved = solve(model.profile, scheme, zones, limiter=limiter, outer=OUTER)
    background, solution = solved.background, solved.solution
    fluid, edges = fluid_frame(background, solution), background.radius_interface
    luminosity, rms, spheres, trapped = {}, {}, {}, {}
    dense = np.diff(background.rest_mass) * (background.matter.density > DENSE)
    per_baryon = solution.number_density / background.matter.baryon_density
    for i, (name, theirs) in enumerate(published.NAMES.items()):
        luminosity[name] = (_at(edges, fluid.luminosity[i]), model.at(RADIUS, f"L_{theirs}_erg_s"))
        rms[name] = (_at(edges, fluid.rms_number[i]), model.at(RADIUS, f"erms_{theirs}_MeV"))
        factor = model.radiation[f"flux_factor_{theirs}"]
        spheres[name] = (
            published.first_radius(edges, fluid.flux_factor[i]),
            published.first_radius(model.radiation["radius_cm"], factor),
        )
        known = model.onto(background, f"Y_{theirs}_per_baryon", logarithmic=True)
        trapped[name] = (
            float(np.average(per_baryon[i], weights=dense)),
            float(np.average(known, weights=dense)),
        )
    charged = OpacitySet.from_names(["charged_current"], BRUENN).spectral(
        background.matter, ENERGIES, SPECIES
    )
    gross, lost = (
        published.integrated(background, rate, model.gain_region) for rate in heating_and_cooling(solution)
    )
    return Comparison(
        luminosity,
        rms,
        spheres,
        trapped,
        (gross, published.published_heating(model, background, charged)),
        (lost, 1e51 * cooling),
    )


def _at(radius: np.ndarray, values: np.ndarray) -> float:
    return float(np.interp(RADIUS, radius, values))


def label_of(scheme: str, limiter: str) -> str:
    """Return a scheme in the words of the tables."""
    return f"{scheme}, {limiter}" if limiter else scheme


def rows_of(comparison: Comparison | None, bounds: Bounds | None, label: str) -> list[Row]:
    """Table rows, held to bounds where there are any."""
    if comparison is None:
        return [Row(f"{label}: did not converge", np.nan)]
    asked = bounds or Bounds((np.nan, np.nan), (np.nan, np.nan), np.nan, np.nan, np.nan)
    rows = []
    for name in SPECIES:
        heavy = int(name == "nux")
        rows.append(compared(f"{label}, L of {name}", *comparison.luminosity[name], asked.luminosity[heavy]))
        rows.append(compared(f"{label}, rms energy of {name}", *comparison.rms[name], asked.rms[heavy]))
        ours, theirs = (radius / 1e5 for radius in comparison.flux_radius[name])
        rows.append(compared(f"{label}, R(1/4) of {name}", ours, theirs, asked.flux_radius, absolute="km"))
        rows.append(compared(f"{label}, trapped {name} per baryon", *comparison.trapped[name]))
    rows.append(compared(f"{label}, gross heating", *comparison.heating, asked.heating))
    rows.append(compared(f"{label}, cooling", *comparison.cooling, asked.cooling))
    return rows


Found = dict[tuple[str, int, str, str], Comparison | None]


def comparisons(path: Path, quick: bool = False) -> Found:
    """Every case on every model, by code, time, scheme and limiter; None where a solver gave up."""
    found: Found = {}
    for code in MAPPINGS if not quick else ("AB",):
        for time in TIMES if not quick else (100,):
            model = published.load(path, code, time)
            for scheme, limiter in CASES:
                try:
                    answer = compare(model, scheme, COOLING[code, time], limiter=limiter)
                except ConvergenceError:
                    answer = None
                found[code, time, scheme, limiter] = answer
    return found


def outcome(found: Found) -> Outcome:
    """Table and figure of comparisons: Agile-Boltztran's models are held to bounds, Vertex's reported."""
    rows = []
    for (code, time, scheme, limiter), comparison in found.items():
        bounds = CASES[scheme, limiter] if code == "AB" else None
        rows += rows_of(comparison, bounds, f"{code} {time} ms, {label_of(scheme, limiter)}")
    panels = [
        _panel(found, quantity, name, title)
        for quantity, title in (("luminosity", "$L$"), ("rms", "rms energy"))
        for name in SPECIES
    ]
    return Outcome(tuple(rows), tuple(panels))


def _panel(found: Found, quantity: str, name: str, title: str) -> Panel:
    """Errors of one quantity of one species on Agile-Boltztran's models against time."""
    curves = []
    for scheme, limiter in CASES:
        at = [time for code, time, *which in found if code == "AB" and which == [scheme, limiter]]
        answers = [found["AB", time, scheme, limiter] for time in at]
        pairs = [(np.nan, 1.0) if each is None else getattr(each, quantity)[name] for each in answers]
        errors = np.array([100.0 * (ours / theirs - 1.0) for ours, theirs in pairs])
        curves.append(
            Curve(
                label_of(scheme, limiter) if name == "nue" else "",
                np.array(at, dtype=float),
                errors,
                points=True,
            )
        )
    ylabel = f"error of {title} [%]" if name == "nue" else ""
    return Panel(f"{title} of {SYMBOLS[name]}", "ms after bounce", ylabel, tuple(curves), level=0.0)


def boltzmann(quick: bool) -> Outcome:
    """Three schemes on published models, where somebody has them."""
    path = published.folder()
    if path is None:
        return Outcome(
            skipped=f"no published models; {published.VARIABLE} names the folder that holds boltzmann/"
        )
    return outcome(comparisons(path, quick))


BOLTZMANN = (
    Problem(
        "boltzmann",
        "Published Boltzmann models of a 15 Msun supernova",
        "Liebendoerfer et al. 2005, ApJ 620, 840",
        "the models of Agile-Boltztran and Vertex on their own matter, 450 km, fluid frame; not part of this project",
        boltzmann,
        quick=False,
    ),
)
