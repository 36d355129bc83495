"""Cost of the electron fraction along trajectories of ejecta, all physics on.

Run:  python benchmarks/ejecta.py

Median of 5 from warm caches: one trajectory of 200 rows on one core, and 1,000 of them on as many cores as numba may use.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("NUMBA_NUM_THREADS", "2")

import numba
import numpy as np
from timing import median_seconds

from snsim.ejecta import EjectaPhysics, Trajectory, evolve, evolve_all
from snsim.ejecta.trajectory import GIGAKELVIN

ROWS, TRACERS = 200, 1000
ONE, MANY = 0.050, 10.0  # s, what it may take


def wind(seed: int) -> Trajectory:
    """Return a wind that cools from 20 GK, with luminosities that fluctuate as those of a simulation do."""
    rng = np.random.default_rng(seed)
    time = np.linspace(0.0, rng.uniform(0.05, 0.3), ROWS)
    radius = rng.uniform(3e6, 1e7) + rng.uniform(1e9, 6e9) * time
    temperature = 20.0 * GIGAKELVIN * (radius[0] / radius)
    noise = 1.0 + 0.02 * rng.standard_normal((4, ROWS))
    return Trajectory(
        time,
        temperature,
        10 ** rng.uniform(8.0, 10.0) * (radius[0] / radius) ** 3,
        rng.uniform(0.05, 0.4),
        radius,
        None,
        3e52 * noise[0],
        4e52 * noise[1],
        11.5 * noise[2],
        15.5 * noise[3],
    )


def report(name: str, seconds: float, limit: float) -> None:
    """Print one line."""
    print(f"{name:44s} {1e3 * seconds:9.1f} ms  limit {1e3 * limit:8.0f} ms, ratio {seconds / limit:.2f}")


def main() -> None:
    """Print both times."""
    paths = [wind(seed) for seed in range(TRACERS)]
    for words, physics in (
        ("all physics", EjectaPhysics()),
        ("absorption alone", EjectaPhysics(captures=False, alphas=False)),
    ):
        report(f"one of {ROWS} rows, {words}", median_seconds(lambda p=physics: evolve(paths[0], p)), ONE)
        cores = numba.get_num_threads()
        name = f"{TRACERS} of {ROWS} rows, {words}, {cores} core(s)"
        report(name, median_seconds(lambda p=physics: evolve_all(paths, p)), MANY)


if __name__ == "__main__":
    main()
