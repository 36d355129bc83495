"""Cost of recoil spectra and of scans over couplings.

Run:  python benchmarks/detection.py

Median of 5 from warm caches on one core.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("NUMBA_NUM_THREADS", "1")

import numpy as np
from timing import median_seconds

from microphysics.targets import Target
from snsim.detection import (
    Component,
    CouplingTemplates,
    Expectation,
    Flux,
    PreparedRecoils,
    detector_of,
    events,
    pion_decay_at_rest,
)

CALLS = 100  # of what is too short for a clock


def report(name: str, seconds: float, limit: float) -> None:
    """Print one line."""
    print(f"{name:58s} {1e6 * seconds:9.1f} us  limit {1e6 * limit:9.0f} us, ratio {seconds / limit:.2f}")


def many(job: object) -> float:
    """Return the seconds of one call among `CALLS`."""
    return median_seconds(lambda: [job() for _ in range(CALLS)]) / CALLS  # type: ignore[operator]


def main() -> None:
    """Print the times."""
    energy = np.linspace(0.0, 60.0, 2000)
    density = energy**3 * np.exp(-energy / 4.0)
    flux = Flux((Component("nue", energy, density),))
    recoil = np.geomspace(1e-4, 0.1, 200)
    prepared = PreparedRecoils.of(Target.of("Ar40"), recoil, ("nue",))
    report(
        "spectrum, 200 recoils, 2000 energies, one nucleus",
        many(lambda: prepared.rate(flux.components)),
        20e-6,
    )
    report("moments of that flux", many(lambda: Component("nue", energy, density)), 1e-3)
    beam, detector = pion_decay_at_rest("19.3 m", protons=1.76e23), detector_of("coherent_csi")
    found = Expectation.of(beam, detector)
    templates = CouplingTemplates.of(found)
    angles = np.linspace(0.1, 0.35, 100)[:, None]
    report(
        "scan of 100 mixing angles by templates",
        many(lambda: templates.counts(0.5 - 2.0 * angles, -0.5)),
        1e-3,
    )
    report("templates of COHERENT CsI", median_seconds(lambda: CouplingTemplates.of(found)), 20e-3)
    report("events of COHERENT CsI, other couplings", median_seconds(found.counts), 20e-3)
    report("events of COHERENT CsI from the flux on", median_seconds(lambda: events(beam, detector)), 0.1)


if __name__ == "__main__":
    main()
