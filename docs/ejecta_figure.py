"""Draw the figure of ejecta.md: sixty made-up winds.

Run:  python docs/ejecta_figure.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from microphysics.constants import CODATA
from snsim.ejecta import EjectaPhysics, Trajectory, evolve_all, to_result
from snsim.plots.ejecta import ejecta
from snsim.plots.figures import save

WINDS, ROWS = 60, 60


def wind(rng: np.random.Generator, k: int) -> Trajectory:
    """Return a wind of random speed, entropy, luminosity and mass."""
    time = np.geomspace(1e-3, 0.2, ROWS) - 1e-3
    radius = 5e6 + 10 ** rng.uniform(8.8, 9.6) * time
    thin = 5e6 / radius
    light = rng.uniform(0.3, 1.5) * 1e52 * np.ones(ROWS)
    return Trajectory(
        time,
        1.4 * thin,
        10 ** rng.uniform(8.0, 9.5) * thin**3,
        rng.uniform(0.05, 0.35),
        radius,
        None,
        2.0 * light,
        3.0 * light,
        np.full(ROWS, 11.5),
        np.full(ROWS, 15.5),
        mass=rng.uniform(0.2, 1.0) * 1e-4 * CODATA.solar_mass,
        name=f"wind {k}",
    )


def main() -> None:
    """Draw and save."""
    rng, physics = np.random.default_rng(4), EjectaPhysics()
    histories = evolve_all([wind(rng, k) for k in range(WINDS)], physics)
    save(ejecta(to_result(histories, physics)), Path(__file__).with_name("ejecta.png"))


if __name__ == "__main__":
    main()
