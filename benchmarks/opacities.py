"""Cost of opacities on one core, all processes on, against NuLib's.

Run:  python benchmarks/opacities.py

Medians of 5 from warm caches: 24 energies and six species at states of the equation of state between 1e6 and 1e15 g/cm^3,
per state and process; and the kernels of electron scattering and pairs, 24 x 24 energies, per state. NuLib needs 1.75 ms for
three species of 24 energies, 31 ms for both kernels (O'Connor 2015, ApJS 219, 24; version of December 2024, one core).
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import warnings

import numpy as np
from timing import median_seconds

from microphysics.eos.lattimer_swesty import LattimerSwesty
from microphysics.errors import PhysicsWarning
from microphysics.matter import FLAVORS, MatterState
from microphysics.opacity import OpacitySet
from microphysics.processes.settings import Settings
from microphysics.tables.grids import group_edges

PROCESSES = (
    "charged_current",
    "neutron_decay",
    "electron_capture",
    "nucleon_scattering",
    "nucleus_scattering",
    "alpha_scattering",
    "light_cluster_scattering",
    "electron_scattering",
    "pair",
    "bremsstrahlung",
)
STATES = 2000
TARGET, NULIB = 60e-6, 1750e-6  # s a state
KERNEL_STATES = 64
KERNEL_TARGET, KERNEL_NULIB = 0.5e-3, 31e-3


def states() -> MatterState:
    """Matter as a table meets it: densities and temperatures of every kind."""
    rng = np.random.default_rng(5)
    density, temperature = 10 ** rng.uniform(6, 15, STATES), 10 ** rng.uniform(-1, 2, STATES)
    return LattimerSwesty()(density, temperature, rng.uniform(0.05, 0.5, STATES)).matter


def report(name: str, seconds: float, target: float | None = None, peer: float | None = None) -> None:
    """Print one line; ratios where there is something to compare with."""
    words = f"{name:44s} {1e6 * seconds:9.2f} us"
    if target is not None and peer is not None:
        words += f"  target {1e6 * target:7.1f}, ratio {seconds / target:.2f}"
        words += f"; NuLib {1e6 * peer:8.0f}, {peer / seconds:.0f} times"
    print(words)


def main() -> None:
    """Print the cost of every process, of all together, and of kernels."""
    edges = group_edges(24, 2.0, 250.0)
    matter, energy = states(), 0.5 * (edges[1:] + edges[:-1])
    settings = Settings(pair_species="all", on_out_of_range="clamp")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PhysicsWarning)
        print(f"{STATES} states, {energy.size} energies, six species; per state:")
        for name in PROCESSES:
            one = OpacitySet.from_names([name], settings)
            report(f"  {name}", median_seconds(lambda one=one: one.totals(matter, energy, FLAVORS)) / STATES)
        every = OpacitySet.from_names(PROCESSES, settings)
        seconds = median_seconds(lambda: every.totals(matter, energy, FLAVORS)) / STATES
        report("all, summed", seconds, TARGET, NULIB)
        seconds = median_seconds(lambda: every.spectral(matter, energy, FLAVORS)) / STATES
        report("all, each kept", seconds, TARGET, NULIB)
        both = OpacitySet.from_names(["electron_scattering", "pair"], settings)
        few = matter.select(slice(0, KERNEL_STATES))
        seconds = median_seconds(lambda: both.kernels(few, energy, FLAVORS)) / KERNEL_STATES
        report("kernels of electron scattering and pairs", seconds, KERNEL_TARGET, KERNEL_NULIB)


if __name__ == "__main__":
    main()
