"""Speed of the main path against its targets.

Run:  python benchmarks/speed.py

Medians of 5, warm caches (kernels and byte code): the whole process without and with figures, the gray solve without
opacities, the opacities, and the equation of state point by point. With --table also the build of a whole table on
two processes, once.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from timing import median_seconds

from microphysics.eos.build import build_table
from microphysics.eos.composition import from_composition
from microphysics.eos.electron_gas import ElectronGas
from microphysics.eos.lattimer_swesty import LattimerSwesty
from microphysics.matter import MatterState
from microphysics.nuclei import Nucleus
from microphysics.opacity import OpacitySet
from microphysics.processes.nucleus_scattering import NucleusScattering
from microphysics.processes.settings import Settings
from microphysics.weak.cevns import CEvNS
from microphysics.weak.recoils import FluxMoments, prepared_spectrum
from snsim.config.load import load_config
from snsim.pipeline import microphysics_settings
from snsim.profiles.readers import load_profile
from snsim.transport.gray import GraySolver
from snsim.transport.grid import build_background

QUICKSTART = Path(__file__).resolve().parent.parent / "runs" / "quickstart"
POINTS = 1000


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
    """Print every job beside its target."""
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
    for name, job, target in rows + equation_of_state(background.matter) + nuclei():
        seconds = median_seconds(job)
        print(
            f"{name:56s} {1e3 * seconds:9.3f} ms  target {1e3 * target:8.2f} ms  ratio {seconds / target:.2f}"
        )
    if "--table" in sys.argv:
        with tempfile.TemporaryDirectory() as folder:
            began = time.perf_counter()
            build_table(LattimerSwesty(), jobs=2, directory=folder)
            seconds = time.perf_counter() - began
        print(
            f"{'table of 181 x 67 x 53 points':56s} {seconds:9.1f} s   target     90.0 s   ratio {seconds / 90:.2f}"
        )


def equation_of_state(matter: MatterState) -> list[tuple[str, Callable[[], object], float]]:
    """Jobs and targets: a thousand points each, or the profile."""
    eos, gas = LattimerSwesty(), ElectronGas()
    density, ones = np.geomspace(1e11, 8e13, POINTS), np.ones(POINTS)
    electrons = np.geomspace(1e30, 1e38, POINTS)
    star = matter.density, matter.temperature, matter.electron_fraction
    rng = np.random.default_rng(1)
    anywhere = (
        10 ** rng.uniform(3, 15, POINTS),
        10 ** rng.uniform(-2, 2, POINTS),
        rng.uniform(0.01, 0.6, POINTS),
    )
    per_point = 1e-6 * POINTS
    return [
        (
            "1000 electron gases, mu and state",
            lambda: gas.state(ones, gas.chemical_potential(electrons, ones)),
            15 * per_point,
        ),
        (
            "1000 points with nuclei, T = 1 MeV, neighbours",
            lambda: eos(density, ones, 0.4 * ones),
            45 * per_point,
        ),
        (
            "the same twice as dense in density",
            lambda: eos(*(np.repeat(x, 2) for x in (density, ones, 0.4 * ones))),
            90 * per_point,
        ),
        ("1000 random points of the domain", lambda: eos(*anywhere), 200 * per_point),
        ("200 zones of the quickstart", lambda: eos(*star), 0.015),
    ]


def nuclei() -> list[tuple[str, Callable[[], object], float]]:
    """Jobs and targets of scattering on nuclei: the star's angular integrals and a detector's recoil spectrum."""
    states, energy = 1000, np.geomspace(0.5, 350.0, 48)
    along = np.linspace(0.0, 1.0, states)
    matter = from_composition(
        10 ** (10.0 + 3.4 * along), 0.7 + 1.5 * along, 0.36 + 0.0 * along, 0.1, 0.05, 0.05, 0.8,
        60.0 + 60.0 * along, 26.0 + 14.0 * along,
    )  # fmt: skip
    process = NucleusScattering(Settings(on_out_of_range="clamp"))
    argon, flux_energy = CEvNS(Nucleus.named("Ar40")), np.linspace(0.05, 100.0, 2000)
    recoils = np.linspace(1e-3, 0.2, 200)
    flux = FluxMoments.of(flux_energy, flux_energy**2 * np.exp(-flux_energy / 5.0))
    coefficients, mass = argon.recoil_coefficients(recoils), float(argon.nucleus.mass)
    return [
        (
            "opacity, 1000 states x 48 energies x 3 flavours, one core",
            lambda: process(energy, matter),
            0.3e-6 * states * energy.size * 3,
        ),
        (
            "recoil spectrum, 200 recoils x 2000 energies",
            lambda: prepared_spectrum(flux, recoils, mass, coefficients),
            20e-6,
        ),
    ]


if __name__ == "__main__":
    main()
