"""Diffusion in time: a wave into cold matter, a pulse that spreads, and what must not be lost."""

from __future__ import annotations

import warnings
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.eos.lattimer_swesty import LattimerSwesty
from microphysics.errors import PhysicsWarning
from microphysics.opacity import OpacitySet
from snsim.config.schema import HydrostaticProfile
from snsim.profiles.hydrostatic import hydrostatic_profile
from snsim.transport.evolution import Track, evolve
from snsim.transport.frozen_star_model import FrozenStarModel, in_time
from snsim.transport.gray import GraySolver
from snsim.transport.grid import build_background
from snsim.transport.implicit import EULER, SDIRK2, advance
from snsim.transport.linear_diffusion import Boundary, LinearDiffusion
from snsim.transport.matter_table import MatterTable
from snsim.verification.data_files import select, table
from snsim.verification.exact import gaussian_pulse
from snsim.verification.problem import Curve, Outcome, Panel, Problem, Row, observed_order
from snsim.verification.setups import parabola
from snsim.verification.stars import BRUENN, ENERGIES, PROCESSES, SPECIES, SYMBOLS

Array = NDArray[np.float64]

# ------------------------------------------------------------------------------------------------------- Su & Olson

FARTHEST, FIRST_CELL, FIRST_TIME = 100.0, 2e-4, 1e-4
TOLERANCE = {SDIRK2: 1e-4, EULER: 3e-3}


def marshak_times(steps: int) -> Array:
    """Return times with equal ratios from `FIRST_TIME` on, moved to meet those of the table."""
    known = np.unique(table("su_olson_diffusion")["tau"])
    times = np.concatenate([[0.0], np.geomspace(FIRST_TIME, known[-1], steps)])
    for time in known:
        times[np.argmin(np.abs(np.log(np.maximum(times, 1e-99) / time)))] = time
    return times


def marshak(epsilon: float, zones: int, steps: int, method: str) -> dict[float, tuple[Array, Array]]:
    """U and v at every time of the table, with the positions of the zones."""
    edges = np.concatenate([[0.0], np.geomspace(FIRST_CELL, FARTHEST, zones)])
    # D = 1/(3 opacity) = 1; -u_x = exchange (1 - u) is u - (2/sqrt 3) u_x = 1
    wave = LinearDiffusion(
        edges,
        np.full(zones, 1.0 / 3.0),
        capacity=epsilon,
        coupling=1.0,
        inner=Boundary(np.sqrt(3.0) / 2.0, 1.0),
    )
    y, found = np.zeros((zones, 2)), {}
    times = marshak_times(steps)
    wanted = set(np.unique(table("su_olson_diffusion")["tau"]))
    for before, after in pairwise(times):
        y = advance(wave, y, float(after - before), method).y
        if after in wanted:
            found[float(after)] = (wave.centres, y)
    return found


def marshak_error(epsilon: float, zones: int, steps: int, method: str) -> float:
    """Largest |du| and |dv| over the table, in units of the incident radiation."""
    worst = 0.0
    for time, (x, y) in marshak(epsilon, zones, steps, method).items():
        rows = select("su_olson_diffusion", epsilon=epsilon, tau=time)
        for i, column in enumerate(("u", "v")):
            # the table begins at the surface, half a zone of 2e-4 before the first centre
            worst = max(worst, float(np.abs(parabola(rows["x"], x, y[:, i]) - rows[column]).max()))
    return worst


def su_olson(quick: bool) -> Outcome:
    """Both values of epsilon, both methods."""
    rows, curves = [], []
    grids = (200, 400) if quick else (100, 200, 400)
    for epsilon in (0.1, 1.0):
        for method in (SDIRK2, EULER):
            errors = [marshak_error(epsilon, n, n, method) for n in grids]
            rows.append(
                Row(
                    f"u and v, largest, epsilon = {epsilon:g}, {method}", errors[-1], TOLERANCE[method],
                    order=observed_order(grids, errors), resolution=f"{grids[-1]} zones, {grids[-1]} steps", absolute=" ",
                )
            )  # fmt: skip
    for i, (time, (x, y)) in enumerate(marshak(0.1, 400, 400, SDIRK2).items()):
        if time not in (0.1, 1.0, 10.0):
            continue
        rows_of = select("su_olson_diffusion", epsilon=0.1, tau=time)
        seen, shown = (x > 0.04) & (x < 25.0), rows_of["x"] > 0.0
        curves += [
            Curve(rf"$u$, $\tau={time:g}$", x[seen], y[seen, 0], colour=i),
            Curve(rf"$v$, $\tau={time:g}$", x[seen], y[seen, 1], colour=i, dashed=True),
            Curve("", rows_of["x"][shown], rows_of["u"][shown], points=True, colour=i),
            Curve("", rows_of["x"][shown], rows_of["v"][shown], points=True, colour=i),
        ]
    panel = Panel(
        r"Marshak wave, $\epsilon=0.1$; points: Su & Olson",
        r"$x=\sqrt{3}\,\kappa z$",
        "energy density",
        tuple(curves),
        True,
    )
    return Outcome(tuple(rows), (panel,))


# ------------------------------------------------------------------------------------------------------------ pulse

SETS = {1: (100.0, 1.0, 5.0), 2: (1e5, 200.0, 200.0)}  # opacity, age at the start, time
PULSE_TOLERANCE = {(1, 200): 1e-3, (2, 200): 3e-3, (2, 400): 1e-3}


def zone_means(edges: Array, time: float, opacity: float, start: float) -> Array:
    """Means of the exact E over the volumes of zones, by Gauss's rule: what finite volumes know."""
    nodes, weights = np.polynomial.legendre.leggauss(6)
    r = 0.5 * (edges[1:] + edges[:-1])[:, None] + 0.5 * np.diff(edges)[:, None] * nodes
    shells = weights * r**2
    return (shells * gaussian_pulse(r, time, opacity, start)).sum(axis=1) / shells.sum(axis=1)


def pulse(
    opacity: float, start: float, time: float, zones: int, method: str = SDIRK2
) -> tuple[Array, Array, float]:
    """Centres, E at the end, and the largest relative change of the total energy in one step."""
    ball = LinearDiffusion(np.linspace(0.0, 1.0, zones + 1), np.full(zones, opacity), spherical=True)
    y = zone_means(ball.edges, 0.0, opacity, start)[:, None]
    lost = 0.0
    for _ in range(zones):
        before = ball.conserved(y).sum()
        y = advance(ball, y, time / zones, method).y
        lost = max(lost, abs(ball.conserved(y).sum() / before - 1.0))
    return ball.centres, y[:, 0], float(lost)


def pulses(quick: bool) -> Outcome:
    """Both sets, as many steps as zones."""
    grids = (100, 200) if quick else (100, 200, 400)
    rows, curves, errors_of, lost = [], [], [], 0.0
    for number, (opacity, start, time) in SETS.items():
        errors = []
        for zones in grids:
            r, density, change = pulse(opacity, start, time, zones)
            exact = zone_means(np.linspace(0.0, 1.0, zones + 1), time, opacity, start)
            errors.append(float(np.abs(density - exact).max() / exact.max()))
            lost = max(lost, change)
        for zones, error in zip(grids, errors, strict=True):
            if (number, zones) in PULSE_TOLERANCE:
                rows.append(
                    Row(
                        f"E over its peak, largest error, set {number}", error, PULSE_TOLERANCE[number, zones],
                        order=observed_order(grids, errors), least_order=1.8, resolution=f"{zones} zones, {zones} steps",
                    )
                )  # fmt: skip
        errors_of.append(Curve(f"set {number}", np.array(grids, dtype=float), np.array(errors), points=True))
        near = r < (0.6 if number == 1 else 0.25)
        thin = slice(None, None, 4)
        curves += [
            Curve("", r[near][thin], (density / exact.max())[near][thin], points=True, colour=number - 1),
            Curve(
                rf"set {number}, $\kappa=10^{{{np.log10(opacity):.0f}}}$",
                r[near],
                (exact / exact.max())[near],
                colour=number - 1,
            ),
        ]
    rows.append(Row("total energy, largest change in a step", lost, 1e-12, resolution=f"{grids[-1]} zones"))
    panels = (
        Panel("at the end; lines exact", "radius", "E over its peak", tuple(curves)),
        Panel("", "zones = steps", "error over the peak", tuple(errors_of), True, True, (-2.0,)),
    )
    return Outcome(tuple(rows), panels)


# ------------------------------------------------------------------------------------------------------ frozen star


FIRST_STEP = 1e-6  # s, as in a run file


def contents(model: FrozenStarModel, track: Track, which: int) -> Array:
    """Energy at infinity, erg, and lepton number of matter and neutrinos, added up from a snapshot's profiles."""
    assert model.matter is not None
    star, seen = model.background, {name: values[which] for name, values in track.snapshots.items()}
    shells = 4.0 * np.pi / 3.0 * np.diff(star.radius_interface**3) / star.gamma
    baryons, fraction = model.matter.baryon_density, seen["electron_fraction"]
    thermal = model.matter(np.log(seen["temperature"]), fraction)[:, 0, 0]
    nue, anue, nux = (SPECIES.index(name) for name in ("nue", "anue", "nux"))
    energy, number = seen["energy_density"], seen["number_density"]
    density = baryons * thermal + energy[nue] + energy[anue] + 4.0 * energy[nux]  # four heavy-lepton species
    leptons = baryons * fraction + number[nue] - number[anue]
    return np.array([(shells * star.lapse * density).sum() * CODATA.erg_per_mev, (shells * leptons).sum()])


def frozen_star(quick: bool) -> Outcome:
    """Follow the default star with its matter and add up what leaves it."""
    zones, duration = (40, 3e-3) if quick else (100, 0.1)
    eos = LattimerSwesty()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PhysicsWarning)  # the star is coarse on purpose
        background = build_background(
            hydrostatic_profile(HydrostaticProfile(format="hydrostatic"), eos), zones, eos=eos
        )
        opacities = OpacitySet.from_names(PROCESSES, BRUENN)
        matter, scheme = MatterTable(eos, background.matter.density), in_time(GraySolver())
        model = FrozenStarModel(background, opacities, ENERGIES, SPECIES, eos, matter, scheme)
        track = evolve(model, model.start(model.steady(), FIRST_STEP), duration)
    steps = track.steps
    change = contents(model, track, -1) - contents(model, track, 0)
    lost = steps["outflow"].sum(axis=0)
    resolution = f"{zones} zones, {steps['time'].size - 1} steps to {duration:g} s"
    rows = []
    for i, name in enumerate(("energy at infinity", "lepton number")):
        per_step = float(np.abs(steps["defect"][:, i] / steps["total"][:, i]).max())
        balance = float(abs(steps["defect"][:, i].sum() / lost[i]))
        rows.append(
            Row(
                f"{name}, largest defect of a step over what is there", per_step, 1e-12, resolution=resolution
            )
        )
        rows.append(Row(f"{name}, all defects over what has left", balance, 1e-8, resolution=resolution))
        missing = float(abs(change[i] / lost[i] + 1.0))
        rows.append(
            Row(f"{name}, change of the profiles against what has left", missing, 1e-8, resolution=resolution)
        )
    flux = steps["luminosity"]
    curves = tuple(
        Curve(SYMBOLS[name], 1e3 * steps["time"], 1e-51 * flux[:, i]) for i, name in enumerate(SPECIES)
    )
    panel = Panel("frozen star: a light curve", "time [ms]", r"$L_\infty$ [$10^{51}$ erg s$^{-1}$]", curves)
    return Outcome(tuple(rows), (panel,))


TIME_DEPENDENT = (
    Problem(
        "su-olson",
        "Marshak wave into matter that heats up",
        "Su & Olson 1996, JQSRT 56, 337",
        "numerical Laplace inversion, 1e-7",
        su_olson,
    ),
    Problem(
        "pulse",
        "Gaussian pulse that spreads by diffusion",
        "Pons, Ibanez & Miralles 2000, MNRAS 317, 550; O'Connor 2015, ApJS 219, 24 (tests 8 and 9)",
        "closed form",
        pulses,
    ),
    Problem(
        "frozen-star",
        "A star whose matter cools and deleptonises where it stands: conservation",
        "This project's default star",
        "what is in the star and what has left add up to what was there",
        frozen_star,
    ),
)
