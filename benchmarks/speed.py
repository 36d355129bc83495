"""Speed of the main path against its targets.

Run:  python benchmarks/speed.py

Medians of 5, warm caches (kernels and byte code): the whole process without and with figures, the gray solve without
opacities, the opacities.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from microphysics.opacity import OpacitySet
from snsim.config.load import load_config
from snsim.pipeline import microphysics_settings
from snsim.profiles.readers import load_profile
from snsim.transport.gray import GraySolver
from snsim.transport.grid import build_background

QUICKSTART = Path(__file__).resolve().parent.parent / "runs" / "quickstart"
REPEATS = 5


def median_seconds(job: Callable[[], object]) -> float:
    """Median wall time of a job after one call to warm up."""
    job()
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        job()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


# a container that forbids byte code would compile our sources anew at every start
WARM = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}


def whole_process(*options: str) -> Callable[[], object]:
    """Return a job that runs the quickstart in a process of its own."""

    def job() -> object:
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-c", "from snsim.cli.app import main; main()", "run", str(QUICKSTART)]
            return subprocess.run(
                [*command, "--force", "--output", folder, *options],
                check=True,
                capture_output=True,
                env=WARM,
            )

    return job


def main() -> None:
    config = load_config(QUICKSTART)
    background = build_background(load_profile(config.profile), 200, 4e5, 6e7)
    opacities = OpacitySet.from_names(config.microphysics.processes, microphysics_settings(config))
    fine, coarse = np.geomspace(0.5, 350.0, 48), np.geomspace(0.5, 350.0, 24)
    spectra = opacities.spectral(background.matter, fine)
    rows = [
        ("snsim run runs/quickstart --force --no-plot", whole_process("--no-plot"), 1.8),
        ("snsim run runs/quickstart --force, with figures", whole_process(), 3.5),
        ("gray solve, 200 zones x 3 species", lambda: GraySolver().solve(background, spectra), 0.050),
        (
            "opacities, 200 zones x 24 energies x 3 species",
            lambda: opacities.spectral(background.matter, coarse),
            0.100,
        ),
    ]
    for name, job, target in rows:
        seconds = median_seconds(job)
        print(f"{name:50s} {seconds:7.3f} s   target {target:5.3f} s   ratio {seconds / target:.2f}")


if __name__ == "__main__":
    main()
