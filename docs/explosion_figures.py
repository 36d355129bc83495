"""Draw docs/explosion_critical.png and docs/explosion_run.png.

Run:  python docs/explosion_figures.py
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import numpy as np

from microphysics.constants import CODATA
from microphysics.errors import PhysicsWarning
from snsim.config.load import load_config
from snsim.diagnostics.accretion_shock import (
    FixedSphere,
    LightBulb,
    critical_curve,
    critical_luminosity,
    shock_radii,
)
from snsim.diagnostics.explosion_conditions import burrows_goshy
from snsim.pipeline import simulate
from snsim.plots.explosion import explosion
from snsim.plots.figures import save
from snsim.plots.verification import save_figures
from snsim.verification.problem import Curve, Panel

DOCS = Path(__file__).resolve().parent
SUN = CODATA.solar_mass
NAMES = 'diagnostics.names=["neutrinosphere","gain_region","explosion"]'


def panels() -> tuple[Panel, Panel]:
    """Critical curves of three closures with a fit, and the branches of shock radii at three luminosities' worth of rates."""
    rates = np.geomspace(0.1, 2.0, 13)
    closures = {
        "light bulb, 4.5 MeV": LightBulb(4.5),
        "50 km, 4 MeV": FixedSphere(5e6, 4.0),
        r"50 km, $T_\nu(L)$": FixedSphere(5e6),
    }
    curves = []
    for colour, (label, closure) in enumerate(closures.items()):
        found = critical_curve(rates * SUN, closure, 1.4 * SUN)
        known = np.where(found.at_edge, np.nan, found.luminosity) / 1e52
        curves.append(Curve(label, rates, known, colour=colour))
    curves.append(Curve("Burrows & Goshy", rates, burrows_goshy(rates * SUN) / 1e52, colour=3, dashed=True))
    species = r"$L$ per species [$10^{52}$ erg s$^{-1}$]"
    branches = []
    for colour, rate in enumerate((0.3, 0.5, 1.0)):
        meet = critical_luminosity(LightBulb(4.5), 1.4 * SUN, rate * SUN)
        # both branches end there with a vertical slope, so points crowd towards it
        top = meet.luminosity / 1e52
        below = top - (top - 1.0) * np.linspace(1.0, 0.0, 40) ** 2
        found = [shock_radii(LightBulb(4.5), 1.4 * SUN, rate * SUN, each * 1e52) for each in below[:-1]]
        label = rf"$\dot M={rate:g}\,M_\odot$ s$^{{-1}}$"
        inner, outer = ([getattr(each, side) for each in found] for side in ("inner", "outer"))
        for words, branch in ((label, inner), ("", outer)):
            radius = np.array([*branch, meet.shock_radius]) / 1e5
            branches.append(Curve(words, below, radius, colour=colour, dashed=not words))
    rate_label = r"$\dot M$ [$M_\odot$ s$^{-1}$]"
    return (
        Panel(r"critical luminosity, $1.4\,M_\odot$", rate_label, species, tuple(curves), True, True),
        Panel("shock radii: stable, unstable (dashed)", species, "radius [km]", tuple(branches), ylog=True),
    )


def main() -> int:
    """Draw both."""
    save_figures({"explosion_critical": panels()}, DOCS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PhysicsWarning)
        result = simulate(load_config(DOCS.parent / "runs" / "quickstart" / "run.toml", [NAMES]))
    save(explosion(result), DOCS / "explosion_run.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
