"""Published Boltzmann models of a 15 Msun supernova (Liebendoerfer et al. 2005, ApJ 620, 840), where somebody has them.

The models are not part of this project: the environment variable SNSIM_REFERENCE names the folder that holds boltzmann/, and
profiles/ with those of a merger (`snsim.verification.merger`).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.opacity import OpacitySpectra
from microphysics.spectrum import FermiDirac
from snsim.config.schema import TableProfile
from snsim.diagnostics.gain_integrals import gain_integrals
from snsim.profiles.profile import Profile
from snsim.profiles.readers import load_profile
from snsim.transport.background import Background

Array = NDArray[np.float64]

VARIABLE = "SNSIM_REFERENCE"
MAPPINGS = {"AB": "agile-boltztran", "VX": "vertex"}
NAMES = {"nue": "nue", "anue": "nuebar", "nux": "numu"}  # ours: the files'
PINCHING = 2.0  # degeneracy of the published spectra where only Y_nu and rms energies are given


def folder(name: str = "boltzmann") -> Path | None:
    """Where models are: in a folder of $SNSIM_REFERENCE, or of ../shared/reference beside this project."""
    beside = Path(__file__).resolve().parents[2].parent / "shared" / "reference"
    path = Path(os.environ.get(VARIABLE, beside)) / name
    return path if path.is_dir() else None


@dataclass(frozen=True)
class Model:
    """One published model: its matter as a profile, and columns of its matter and radiation files."""

    profile: Profile
    matter: dict[str, Array]
    radiation: dict[str, Array]

    def at(self, radius: float, column: str) -> float:
        """Return a column of the radiation file at a radius, cm."""
        return float(np.interp(radius, self.radiation["radius_cm"], self.radiation[column]))

    def onto(self, background: Background, column: str, logarithmic: bool = False) -> Array:
        """Return a column of the radiation file at zone centres, interpolated itself or by its logarithm."""
        radius, values = self.radiation["radius_cm"], self.radiation[column]
        if logarithmic:
            return np.exp(np.interp(background.radius, radius, np.log(np.maximum(values, 1e-300))))
        return np.interp(background.radius, radius, values)

    @property
    def gain_region(self) -> tuple[float, float]:
        """Outermost zero of its own net heating below its shock, and the shock, cm."""
        r, q, shock = self.matter["radius_cm"], self.matter["qE_erg_s_baryon"], self.profile.shock_radius
        assert shock is not None
        inside = np.flatnonzero(r < shock)[1:]
        i = int(inside[(q[inside - 1] < 0.0) & (q[inside] >= 0.0)][-1])
        return float(np.interp(0.0, q[i - 1 : i + 1], r[i - 1 : i + 1])), float(shock)


def load(path: Path, code: str, time: int) -> Model:
    """Read the model of a code, "AB" or "VX", at a time after bounce in ms."""
    stem = f"{code}_G15_{{}}_p{time:03d}ms.csv"
    matter = path / stem.format("h")
    profile = load_profile(TableProfile(format="table", path=str(matter), mapping=MAPPINGS[code]))
    return Model(profile, columns(matter), columns(path / stem.format("r")))


def columns(path: Path) -> dict[str, Array]:
    """Return the columns of a file of these models by name."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    values = np.array([[float(x) for x in line.split(",")] for line in lines[1:]])
    return dict(zip(lines[0].split(","), values.T, strict=True))


def first_radius(radius: Array, flux_factor: Array, level: float = 0.25) -> float:
    """Innermost radius at which the flux factor reaches a level, cm."""
    i = int(np.flatnonzero(np.nan_to_num(flux_factor, nan=-1.0) >= level)[0])
    return float(np.interp(level, flux_factor[i - 1 : i + 1], radius[i - 1 : i + 1]))


def published_heating(model: Model, background: Background, charged: OpacitySpectra) -> float:
    """Gross heating of the published radiation field in its gain region, erg/s.

    f from its own Y_nu and rms energy with the shape of a Fermi-Dirac spectrum of degeneracy 2, in our charged-current
    opacity on our zones.
    """
    energy = charged.energy
    weight = np.gradient(np.log(energy)) * energy**4
    shape_of = FermiDirac(1.0, PINCHING)
    heating = np.zeros_like(background.radius)
    for i, theirs in enumerate(("nue", "nuebar")):
        number = model.onto(background, f"Y_{theirs}_per_baryon") * background.matter.baryon_density
        temperature = model.onto(background, f"erms_{theirs}_MeV") / shape_of.rms_number
        shape = 1.0 / (1.0 + np.exp(energy / temperature[:, None] - PINCHING))
        mean = (charged.total_absorption[i] * shape) @ weight / (shape @ weight)
        density = number * temperature * shape_of.mean_energy
        heating += CODATA.speed_of_light * mean * density * CODATA.erg_per_mev
    return integrated(background, heating, model.gain_region)


def integrated(background: Background, rate: Array, shell: tuple[float, float]) -> float:
    """Integral of a rate, erg/cm^3/s, over a shell, erg/s."""
    whole = gain_integrals(
        background.radius_interface,
        rate,
        np.zeros_like(rate),
        background.matter.density,
        background.gamma,
        *shell,
    )
    return whole.gross_heating
