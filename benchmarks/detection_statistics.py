"""Cost of chi-squares, likelihoods, contours and discovery limits on one core, against their targets.

Run:  python benchmarks/detection_statistics.py

Medians of 5. Predictions come from templates, as in a fit of couplings: g_p^2, g_p g_n and g_n^2 of 12 bins.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray
from timing import median_seconds

from microphysics.weak.new_physics import ZPrime
from snsim.detection.coherent_csi import CoherentCount, coherent_expectation
from snsim.detection.contact_limits import weak_mixing_angle
from snsim.detection.contours import contours_of
from snsim.detection.dark_matter_fog import neutrino_backgrounds, neutrino_fog_of
from snsim.detection.intervals import confidence_interval
from snsim.detection.limits_table import table_of_limits
from snsim.detection.mediator_limits import MediatorEvents, mediator_limits_of
from snsim.detection.neutrino_fog import discovery_limit
from snsim.detection.neutron_radius import radius_fit
from snsim.detection.statistics import (
    coherent_chi_square,
    poisson_chi_square,
    pull_chi_square,
    unbinned_chi_square,
)
from snsim.detection.transition_limits import MomentEvents, moment_contours
from snsim.detection.weak_density import weak_density
from snsim.detection.wimps import recoil_spectrum

Array = NDArray[np.float64]

BINS, SCAN, GRID, EVENTS = 12, 100, 100, 150
SCAN_TARGET, GRID_TARGET, TABLE_TARGET = 1e-3, 50e-3, 10.0  # s

RNG = np.random.default_rng(1)
SHAPE = np.exp(-np.linspace(0.0, 3.0, BINS))
TEMPLATES = np.array([[4.0], [30.0], [60.0]]) * SHAPE * RNG.uniform(0.9, 1.1, (3, BINS))
BACKGROUND = np.full(BINS, 5.0)


def counts(proton: Array, neutron: Array) -> Array:
    """Return counts for couplings of any shape, shape (..., bin)."""
    proton, neutron = np.broadcast_arrays(proton, neutron)
    return np.stack([proton**2, proton * neutron, neutron**2], axis=-1) @ TEMPLATES


DATA = counts(np.array(0.02), np.array(-0.5)) + BACKGROUND


def shifts_of(signal: Array) -> Array:
    """Normalisations of signal and background, shape (..., 2, bin)."""
    return np.stack([0.1 * signal, np.broadcast_to(0.25 * BACKGROUND, signal.shape)], axis=-2)


def scan(statistic: str) -> Array:
    """100 points of one coupling, from templates to the chi-square."""
    signal = counts(np.full(SCAN, 0.02), np.linspace(-0.6, -0.4, SCAN))
    return values_of(statistic, signal)


def grid(statistic: str) -> Array:
    """100 x 100 points of two couplings, with its contours."""
    x, y = np.linspace(-0.5, 0.6, GRID), np.linspace(-0.8, -0.2, GRID)
    values = values_of(statistic, counts(x[:, None], y))
    contours_of(x, y, values, (0.6827, 0.9))
    return values


def values_of(statistic: str, signal: Array) -> Array:
    """Chi-square of a scan."""
    if statistic == "pulls":
        return pull_chi_square(DATA - signal - BACKGROUND, DATA, shifts_of(signal)).chi_square
    return poisson_chi_square(DATA, signal + BACKGROUND, shifts_of(signal)).chi_square


def one_count() -> Array:
    """COHERENT's chi-square over 100 predictions."""
    return coherent_chi_square(np.linspace(50.0, 300.0, SCAN)[:, None], [142.0], [6.0], [405.0]).chi_square


def main() -> None:
    """Print each job, with its ratio to the target where there is one."""
    parameter = np.linspace(-0.6, -0.4, SCAN)
    scanned = scan("pulls")
    densities = RNG.uniform(0.5, 1.5, (3, EVENTS))
    numbers = np.stack([np.linspace(50.0, 150.0, SCAN), np.full(SCAN, 30.0), np.full(SCAN, 20.0)], axis=-1)
    energy, mass = np.linspace(5e-4, 0.05, 50), np.geomspace(3.0, 1000.0, 40)
    wimps = recoil_spectrum(energy, mass, "Xe")
    scale = np.array([[9.0, 3.0, 1.0]]).T
    fluxes = np.exp(-energy / 2e-3 * np.array([[1.0, 0.4, 0.05]]).T) * wimps.mean() * scale
    q = np.linspace(0.05, 2.0, 40)
    coherent, count = coherent_expectation(), CoherentCount()
    moments, modulus = MomentEvents.of(coherent), 1e-10 * np.linspace(0.0, 90.0, GRID)
    backgrounds = neutrino_backgrounds()
    jobs = [
        (f"chi-square with 2 pulls, {SCAN} points, {BINS} bins", lambda: scan("pulls"), SCAN_TARGET),
        (f"chi-square of one count (COHERENT), {SCAN} points", one_count, SCAN_TARGET),
        (f"Poisson with 2 pulls, {SCAN} points", lambda: scan("poisson"), SCAN_TARGET),
        (
            f"unbinned, {EVENTS} events, 3 components, {SCAN} points",
            lambda: unbinned_chi_square(numbers, densities, [0.0, 0.1, 0.2]),
            None,
        ),
        ("interval of a scan", lambda: confidence_interval(parameter, scanned), None),
        (f"chi-square with 2 pulls, {GRID} x {GRID}, contours", lambda: grid("pulls"), GRID_TARGET),
        (f"Poisson with 2 pulls, {GRID} x {GRID}, contours", lambda: grid("poisson"), GRID_TARGET),
        ("table of limits on transition moments", table_of_limits, TABLE_TARGET),
        (
            f"two transition moments, {GRID} x {GRID}, contours",
            lambda: moment_contours(moments, count, modulus, modulus),
            GRID_TARGET,
        ),
        ("weak mixing angle of COHERENT CsI", lambda: weak_mixing_angle(coherent, count), None),
        ("neutron radius of COHERENT CsI, 167 radii", lambda: radius_fit(coherent, count), None),
        (
            "Z' of COHERENT CsI, 40 masses",
            lambda: mediator_limits_of(
                MediatorEvents.of(coherent, ZPrime(1.0, 1.0), np.geomspace(0.1, 1e4, 40)), count
            ),
            None,
        ),
        (
            "fog of xenon, 40 masses, 30 exposures, 10 fluxes, 60 bins",
            lambda: neutrino_fog_of("Xe", mass, np.geomspace(1e-3, 1e5, 30), 0.1, backgrounds),
            None,
        ),
        ("recoils of 40 masses in xenon, 50 energies", lambda: recoil_spectrum(energy, mass, "Xe"), None),
        (
            "discovery limits, 40 masses, 30 exposures, 3 fluxes, 50 bins",
            lambda: discovery_limit(
                wimps, fluxes, [0.1, 0.2, 0.3], np.geomspace(1e-3, 1e6, 30) / wimps.mean()
            ),
            None,
        ),
        (
            "weak density from 40 points",
            lambda: weak_density(q, np.exp(-(q**2)), np.full(40, 1e-3), 8.0),
            None,
        ),
    ]
    for words, job, target in jobs:
        seconds = median_seconds(job)
        ratio = "" if target is None else f"   target {1e3 * target:5.1f}, ratio {seconds / target:.2f}"
        print(f"{words:62s} {1e3 * seconds:8.3f} ms{ratio}")


if __name__ == "__main__":
    main()
