"""A shock that stands in falling matter: where, and up to which luminosity."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import simpson
from scipy.optimize import brentq, minimize_scalar

from microphysics.constants import CODATA
from snsim.diagnostics.accretion_closures import RADIATION
from snsim.diagnostics.accretion_shock import (
    LightBulb,
    critical_curve,
    critical_luminosity,
    shock_radii,
    shock_structure,
)
from snsim.verification.data_files import select, table
from snsim.verification.problem import Curve, Outcome, Panel, Problem, Row, compared

Array = NDArray[np.float64]

KM, SUN = 1e5, CODATA.solar_mass
TOLERANCE = 1e-3
ROUNDED = 1e-6  # the place of a maximum is known to the root of round-off
POINTS = 2001  # of a structure that is integrated
_REFERENCE = "Burrows & Goshy 1993, ApJ 416, L75; Yamasaki & Yamada 2005, ApJ 623, 1000; Pejcha & Thompson 2012, ApJ 746, 106"


def standing_shock(quick: bool) -> Outcome:
    """Shock radii of both branches, and the flow behind one of them."""
    known = table("accretion_shock_branches")
    rows, ours = [], []
    for i in range(known["L_1e52"].size):
        mass, rate = known["M_msun"][i] * SUN, known["Mdot_msun_s"][i] * SUN
        found = shock_radii(LightBulb(known["Tnu_MeV"][i]), mass, rate, known["L_1e52"][i] * 1e52)
        which = "outer" if known["branch"][i] else "inner"
        ours.append(getattr(found, which) / KM)
        words = f"{which} shock, km, L = {known['L_1e52'][i]:g}e52 erg/s"
        rows.append(compared(words, ours[-1], known["shock_radius_km"][i], TOLERANCE))
        ratio = getattr(found, f"antesonic_{which}")
        rows.append(
            compared(f"max c_s^2/v_esc^2 there, {which}", ratio, known["max_cs2_over_vesc2"][i], TOLERANCE)
        )
    flow = shock_structure(LightBulb(4.5), 1.4 * SUN, 0.5 * SUN, 3e52, ours[3] * KM, POINTS)
    rows.append(energy_row(flow))
    radius = flow["radius"] / KM
    meeting = critical_luminosity(LightBulb(4.5), 1.4 * SUN, 0.5 * SUN).luminosity / 1e52
    left = np.linspace(1.0, 1e-3, 8 if quick else 30) ** 2  # dense where the branches meet
    luminosities = meeting - (meeting - 1.0) * left
    branches = [shock_radii(LightBulb(4.5), 1.4 * SUN, 0.5 * SUN, light * 1e52) for light in luminosities]
    curves = (
        Curve("inner", luminosities, np.array([b.inner / KM for b in branches]), colour=0),
        Curve("outer", luminosities, np.array([b.outer / KM for b in branches]), colour=1),
        Curve(r"table", known["L_1e52"], known["shock_radius_km"], points=True, colour=2),
    )
    rates = (
        Curve("heating", radius, flow["heating"], colour=1),
        Curve("cooling", radius, flow["cooling"], colour=0),
    )
    light, rate = r"$L$ [$10^{52}$ erg s$^{-1}$]", r"heating, cooling [erg g$^{-1}$ s$^{-1}$]"
    panels = (
        Panel("two branches", light, "shock radius [km]", curves, ylog=True),
        Panel(r"inner shock, $L_{52}=3$", "radius [km]", rate, rates, True, True),
    )
    return Outcome(tuple(rows), panels)


def energy_row(flow: dict[str, Array]) -> Row:
    """Change of v^2/2 + h - GM/r from the shock inwards against int (H - C)/v dr."""
    hot = 11.0 / 12.0 * RADIATION * flow["temperature"] ** 4
    gas = (
        flow["density"]
        * flow["temperature"]
        * CODATA.erg_per_mev
        / (CODATA.atomic_mass * CODATA.gram_per_mev)
    )
    potential = CODATA.gravitational_constant * 1.4 * SUN / flow["radius"]
    energy = 0.5 * flow["velocity"] ** 2 + (4.0 * hot + 2.5 * gas) / flow["density"] - potential
    gained = (flow["heating"] - flow["cooling"]) / flow["velocity"]
    total = simpson(gained * flow["radius"], x=np.log(flow["radius"]))
    scale = float(np.abs(energy - energy[0]).max())
    return Row(
        "energy gained behind the shock against int (H - C)/v dr",
        float((energy[-1] - energy[0] - total) / scale),
        1e-6,
        resolution=f"{POINTS} points",
    )


def critical(quick: bool) -> Outcome:
    """Critical luminosity along the accretion rate, its ante-sonic ratio, and the isothermal limit of that ratio."""
    rows, curves = [], []
    for colour, mass in enumerate(np.unique(table("critical_curve")["M_msun"])):
        known = select("critical_curve", M_msun=float(mass))
        rates = known["Mdot_msun_s"]
        chosen = slice(None, None, 3) if quick else slice(None)
        found = critical_curve(rates[chosen] * SUN, LightBulb(known["Tnu_MeV"][0]), mass * SUN)
        pairs = (
            ("critical luminosity", found.luminosity / 1e52, known["Lcrit_1e52_per_species"]),
            ("R_nu", found.neutrinosphere_radius / KM, known["Rnu_km"]),
            ("shock radius", found.shock_radius / KM, known["shock_radius_km"]),
            ("max c_s^2/v_esc^2", found.antesonic_ratio, known["max_cs2_over_vesc2"]),
        )
        for words, ours, exact in pairs:
            error = float(np.abs(ours / exact[chosen] - 1.0).max())
            rows.append(Row(f"{words}, {mass:g} Msun, {ours.size} accretion rates", error, TOLERANCE))
        label = f"${mass:g}\\,M_\\odot$"
        curves.append(Curve(label, rates[chosen], found.luminosity / 1e52, colour=colour))
        curves.append(Curve("", rates, known["Lcrit_1e52_per_species"], points=True, colour=colour))
    rows.append(
        compared(
            "isothermal flow: c_T^2/v_esc^2 where two branches meet", isothermal_limit(), 3.0 / 16.0, ROUNDED
        )
    )
    meeting = critical_luminosity(LightBulb(4.5), 1.4 * SUN, 0.5 * SUN)
    below = shock_radii(LightBulb(4.5), 1.4 * SUN, 0.5 * SUN, (1.0 - 1e-6) * meeting.luminosity)
    middle = math.sqrt(below.inner * below.outer) / KM
    words = "middle of the branches 1e-6 below the critical luminosity, km"
    rows.append(compared(words, middle, meeting.shock_radius / KM, TOLERANCE))
    panel = Panel(
        "critical luminosity",
        r"$\dot M$ [$M_\odot$ s$^{-1}$]",
        r"$L$ per species [$10^{52}$ erg s$^{-1}$]",
        tuple(curves), True, True,
    )  # fmt: skip
    return Outcome(tuple(rows), (panel,))


def isothermal_limit(inner_radius: float = 0.05) -> float:
    """Ante-sonic ratio at which an isothermal flow ceases to have a standing shock; GM = c_T = 1.

    Behind the shock v + 1/v = v_esc and v^2/2 + ln rho - 1/r is constant, rho v r^2 too. The density at an inner
    radius has a maximum over the radius of the shock; where the two branches meet, 1/v_esc^2 there is 3/16 by tangency
    of the shock jump with the Euler equation, whatever inner radius and density.
    """

    def density(logarithm: float) -> float:
        """Minus the logarithm of the density at the inner radius, but for a constant."""
        radius = math.exp(logarithm)
        escape = math.sqrt(2.0 / radius)
        speed = 0.5 * (escape - math.sqrt(escape**2 - 4.0))
        energy = 0.5 * speed**2 - math.log(speed * radius**2) - 1.0 / radius

        def settled(log_speed: float) -> float:
            v = math.exp(log_speed)
            return 0.5 * v**2 - math.log(v * inner_radius**2) - 1.0 / inner_radius - energy

        return float(brentq(settled, -200.0, 0.0, xtol=1e-14))

    bounds = (math.log(2.0 * inner_radius), math.log(0.5) - 1e-6)  # beyond, the jump has no solution
    found = minimize_scalar(density, bounds=bounds, method="bounded", options={"xatol": 1e-12})
    return 0.5 * math.exp(float(found.x))


ACCRETION = (
    Problem(
        "standing-shock",
        "Steady accretion shock heated by a light bulb: both branches",
        _REFERENCE,
        "shooting with another integrator, 1e-4 (outer branch 3e-4)",
        standing_shock,
    ),
    Problem(
        "critical-luminosity",
        "Luminosity above which no accretion shock stands",
        _REFERENCE,
        "shooting with another integrator, 3e-4; isothermal limit 3/16 by tangency",
        critical,
    ),
)
