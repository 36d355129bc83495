"""Draw docs/messengers.png and print the table of docs/messengers.md.

Run:  python docs/messengers_figure.py
"""

from __future__ import annotations

import math
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from microphysics.constants import CODATA
from microphysics.spectrum import FermiDirac, Pinched
from microphysics.weak.refraction import matter_potential
from snsim.config.load import load_config
from snsim.diagnostics.asymmetric_emission import kick_velocity
from snsim.diagnostics.equivalence import galactic_delay
from snsim.diagnostics.higgs_vev import atmosphere_exponents
from snsim.diagnostics.mixing import adiabatic_survival, resonance_density
from snsim.diagnostics.neutrino_delays import mass_delay
from snsim.diagnostics.neutrino_disk import Disk, closed_form, solve_rings
from snsim.diagnostics.null_rays import exterior_travel_time, incompressible_travel_time, schwarzschild_radius
from snsim.diagnostics.polar_cap import cap_temperature_ratio, polar_cap_asymmetry
from snsim.pipeline import simulate
from snsim.plots import style
from snsim.plots.figures import save
from snsim.plots.messengers import messengers
from snsim.sn1987a.detectors import detector_of
from snsim.sn1987a.likelihood import expected_counts
from snsim.sn1987a.signal import KPC, Signal

DOCS = Path(__file__).resolve().parent
SUN = CODATA.solar_mass
RUN = """schema = 1
profile.format = "analytic"
[diagnostics]
names = ["neutrinosphere", "kick", "delay", "flavour"]
kick.polar_cap_angle = "20 deg"
kick.opacity_factor = 0.5
flavour.envelope_slope = 3.0
"""


def burst(temperature: float) -> Signal:
    """Return 5e52 erg of anue in one second."""
    return Signal(np.array([0.0, 1.0]), np.full(2, 5e52), FermiDirac(np.full(2, temperature)))


def ring(name: str, flavours: int, rate: float, radius: float) -> float:
    """Return a property of a ring of a disk around 3 solar masses; radius in r_s."""
    place = radius * float(schwarzschild_radius(3.0 * SUN))
    found = solve_rings(Disk(3.0 * SUN, rate * SUN), [place], closed_form(0.5, flavours))
    return float(getattr(found, name)[0])


# quantity, ours, reference, its source, tolerance
Row = tuple[str, Callable[[], float], float, str, float]
ROWS: tuple[Row, ...] = (
    (
        "rms_energy/<E>, pinched alpha = 2.3",
        lambda: float(Pinched(1.0, 2.3).rms_energy),
        1.44663252,
        "exact",
        1e-8,
    ),
    (
        "rms_energy/<E>, Fermi-Dirac eta = 1",
        lambda: float(FermiDirac.from_mean_energy(1.0, 1.0).rms_energy),
        1.40664581,
        "quadrature",
        1e-8,
    ),
    (
        "kick, 1 % of 3e53 erg, 1.4 Msun, km/s",
        lambda: float(kick_velocity(3e53, 1.4 * SUN, 0.01)) / 1e5,
        359.473273,
        "exact",
        1e-6,
    ),
    (
        "alpha of a cap, 20 deg, T + 10 %",
        lambda: float(polar_cap_asymmetry(math.radians(20.0), 1.1)),
        0.00892335481,
        "exact",
        1e-6,
    ),
    (
        "T_cap/T, s = 0.5, n = 5, p = 1",
        lambda: float(cap_temperature_ratio(0.5, 5.0, 1.0)),
        2.0 ** (1.0 / 6.0),
        "exact",
        1e-12,
    ),
    (
        "null ray 10 to 60 km, 1.4 Msun, us",
        lambda: 1e6 * float(exterior_travel_time(1.4 * SUN, 1e6, 6e6)),
        197.865971,
        "exact",
        1e-8,
    ),
    (
        "centre to surface, 2 Msun, 12 km, us",
        lambda: 1e6 * incompressible_travel_time(2.0 * SUN, 1.2e6),
        72.1534251,
        "exact",
        1e-8,
    ),
    (
        "delay by the Galaxy to the LMC, days",
        lambda: (
            galactic_delay(6e11 * SUN, 50 * KPC, math.radians(279.7), math.radians(-31.9), 8.2 * KPC)
            / 86400.0
        ),
        180.0,
        "point mass",
        0.01,
    ),
    (
        "delay by 1 eV at 10 kpc, 10 MeV, ms",
        lambda: 1e3 * float(mass_delay(10 * KPC, 1.0, 10.0)),
        5.14635625,
        "exact",
        1e-6,
    ),
    (
        "potential of 1 g/cm3, 1e-14 eV",
        lambda: 1e14 * float(matter_potential(1.0, 1.0)),
        7.63246622,
        "exact",
        1e-6,
    ),
    ("H resonance, 10 MeV, g/cm3", lambda: float(resonance_density(10.0, "high")), 1573.31176, "exact", 1e-6),
    ("L resonance, 10 MeV, g/cm3", lambda: float(resonance_density(10.0, "low")), 18.8877268, "exact", 1e-6),
    (
        "survival of anue, normal ordering",
        lambda: adiabatic_survival("normal")[1],
        0.68086623,
        "SNEWPY 1.6, other angles",
        0.02,
    ),
    (
        "d ln R/d ln v, n = 5, p = 1",
        lambda: float(atmosphere_exponents(5.0, 1.0).radius),
        -2.0 / 3.0,
        "exact",
        1e-6,
    ),
    (
        "disk: rho, 0.1 Msun/s, 10 r_s, g/cm3",
        lambda: ring("density", 1, 0.1, 10.0),
        6.33e9,
        "one zone, one flavour",
        0.3,
    ),
    (
        "disk: rho, 1 Msun/s, 3 r_s, g/cm3",
        lambda: ring("density", 1, 1.0, 3.0),
        7.5e10,
        "one zone, one flavour",
        0.3,
    ),
    (
        "events in KII, T = 4 MeV",
        lambda: expected_counts(burst(4.0), detector_of("KII")),
        14.18,
        "prototype",
        0.01,
    ),
    (
        "the same above 7.5 MeV",
        lambda: expected_counts(burst(4.0), replace(detector_of("KII"), threshold=7.5)),
        13.45,
        "prototype",
        0.01,
    ),
    (
        "events in IMB, T = 4 MeV",
        lambda: expected_counts(burst(4.0), detector_of("IMB")),
        5.57,
        "prototype",
        0.01,
    ),
    (
        "events in Baksan, T = 4 MeV",
        lambda: expected_counts(burst(4.0), detector_of("BAKSAN")),
        1.84,
        "prototype",
        0.01,
    ),
)


def table() -> str:
    """Return the table of the page."""
    lines = [
        "| quantity | ours | reference | ratio | tolerance | reference is |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, ours, reference, source, tolerance in ROWS:
        value = ours()
        lines.append(
            f"| {name} | {value:.9g} | {reference:.9g} | {value / reference:.8f} | {tolerance:g} | {source} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Print and draw."""
    sys.stdout.write(table() + "\n")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "run.toml"
        file.write_text(RUN)
        result = simulate(load_config(file))
    with style.context():
        save(messengers(result), DOCS / "messengers.png")


if __name__ == "__main__":
    main()
