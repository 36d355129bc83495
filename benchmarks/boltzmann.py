"""The gray scheme against published Boltzmann models of a 15 Msun supernova (Liebendoerfer et al. 2005, ApJ 620, 840).

Run:  python benchmarks/boltzmann.py [--code AB|VX] [--zones N]

Errors at 450 km in the fluid frame, radius where the flux factor passes 1/4, and gross heating over the model's own gain
region, with Bruenn-level rates (the published models' own) and with our default rates. The data are not part of this
project: SNSIM_REFERENCE names the folder that holds boltzmann/ (default ../shared/reference).
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from microphysics.constants import CODATA
from microphysics.opacity import OpacitySet
from microphysics.processes.settings import Settings
from microphysics.spectrum import FermiDirac
from microphysics.weak.couplings import WeakCouplings
from snsim.config.schema import TableProfile
from snsim.diagnostics.gain_integrals import gain_integrals
from snsim.diagnostics.neutrino_heating import heating_and_cooling
from snsim.profiles.readers import load_profile
from snsim.transport.gray import GraySolver
from snsim.transport.grid import build_background
from snsim.transport.moments import fluid_frame
from snsim.transport.thermal_scattering import gray_spectra

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = Path(os.environ.get("SNSIM_REFERENCE", ROOT.parent / "shared" / "reference"))
RADIUS = 4.5e7
TIMES = ("p050ms", "p100ms", "p250ms")
SPECIES = {"nue": "nue", "anue": "nuebar", "nux": "numu"}  # ours: the files'
PROCESSES = (
    "charged_current", "nucleon_scattering", "nucleus_scattering", "alpha_scattering", "electron_scattering",
    "pair", "bremsstrahlung",
)  # fmt: skip
ENERGIES = np.geomspace(0.5, 350.0, 48)
RATES = {
    "bruenn": Settings(
        couplings=WeakCouplings(axial_coupling=1.254, v_ud=1.0, charged_current_norm="tree"),
        weak_magnetism=False,
    ),
    "default": Settings(),
}
# allowed |error|: luminosity and rms_number, relative; flux-factor radius, km; gross heating, relative
BOUNDS = {"nue": (0.10, 0.10), "anue": (0.10, 0.10), "nux": (0.12, 0.10)}
RADIUS_BOUND, HEATING_BOUND = 2.6, 0.15


@dataclass(frozen=True)
class Comparison:
    """Ours and theirs for one model and one set of rates."""

    luminosity: dict[str, tuple[float, float]]  # erg/s
    rms_number: dict[str, tuple[float, float]]  # MeV
    flux_radius: dict[str, tuple[float, float]]  # cm
    heating: tuple[float, float]  # erg/s, gross, over the file's gain region
    cooling: float  # follows from the matter alone
    gain_region: tuple[float, float]  # cm


def read_csv(path: Path) -> dict[str, np.ndarray]:
    """Columns of a reference file by name."""
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    names = lines[0].split(",")
    values = np.array([[float(x) for x in line.split(",")] for line in lines[1:]])
    return dict(zip(names, values.T, strict=True))


def compare(code: str, time: str, rates: str, zones: int = 200) -> Comparison:
    """Solve on the model's matter and compare with its radiation field."""
    folder = REFERENCE / "boltzmann"
    path = folder / f"{code}_G15_h_{time}.csv"
    mapping = {"AB": "agile-boltztran", "VX": "vertex"}[code]
    profile = load_profile(TableProfile(format="table", path=str(path), mapping=mapping))
    background = build_background(profile, zones, 4e5, 5.5e7)
    settings = RATES[rates]
    spectra = gray_spectra(OpacitySet.from_names(PROCESSES, settings), background.matter, ENERGIES)
    solution = GraySolver().solve(background, spectra)
    matter, radiation = read_csv(path), read_csv(folder / f"{code}_G15_r_{time}.csv")
    fluid = fluid_frame(background, solution)
    edges, r = background.radius_interface, radiation["radius_cm"]
    luminosity, rms, spheres = {}, {}, {}
    for i, (name, theirs) in enumerate(SPECIES.items()):
        luminosity[name] = (
            np.interp(RADIUS, edges, fluid.luminosity[i]),
            np.interp(RADIUS, r, radiation[f"L_{theirs}_erg_s"]),
        )
        rms[name] = (
            np.interp(RADIUS, edges, fluid.rms_number[i]),
            np.interp(RADIUS, r, radiation[f"erms_{theirs}_MeV"]),
        )
        spheres[name] = (
            first_radius(edges, fluid.flux_factor[i]),
            first_radius(r, radiation[f"flux_factor_{theirs}"]),
        )
    inner, outer = file_gain_region(matter, profile.shock_radius)
    heating, cooling = heating_and_cooling(solution)
    ours = gain_integrals(edges, heating, cooling, background.matter.density, background.gamma, inner, outer)
    return Comparison(
        luminosity,
        rms,
        spheres,
        (ours.gross_heating, reference_heating(matter, radiation, background, settings, inner, outer)),
        ours.cooling,
        (inner, outer),
    )


def first_radius(radius: np.ndarray, flux_factor: np.ndarray, level: float = 0.25) -> float:
    """Radius where the flux factor first reaches a level, linear between edges."""
    i = int(np.flatnonzero(np.nan_to_num(flux_factor, nan=-1.0) >= level)[0])
    return float(np.interp(level, flux_factor[i - 1 : i + 1], radius[i - 1 : i + 1]))


def file_gain_region(matter: dict[str, np.ndarray], shock: float | None) -> tuple[float, float]:
    """Outermost zero of the file's own net heating below its shock, and the shock, cm."""
    r, q = matter["radius_cm"], matter["qE_erg_s_baryon"]
    inside = np.flatnonzero(r < shock)
    rising = [i for i in inside[1:] if q[i - 1] < 0.0 <= q[i]]
    i = rising[-1]
    return float(np.interp(0.0, q[i - 1 : i + 1], r[i - 1 : i + 1])), float(shock)


def reference_heating(matter, radiation, background, settings, inner, outer):
    """Gross heating of the published radiation field: f from its own Y_nu and rms energy, eta = 2.

    Evaluated with the same charged-current opacity, on our zones.
    """
    charged = OpacitySet.from_names(["charged_current"], settings).spectral(background.matter, ENERGIES)
    absorption = charged.absorption[0]
    weight = np.gradient(np.log(ENERGIES)) * ENERGIES**4
    c = CODATA.speed_of_light
    heating = np.zeros_like(background.radius)
    for i, theirs in enumerate(("nue", "nuebar")):
        number = _onto(background, radiation, f"Y_{theirs}_per_baryon") * background.matter.baryon_density
        rms = _onto(background, radiation, f"erms_{theirs}_MeV")
        temperature = rms / FermiDirac(1.0, 2.0).rms_number
        shape = 1.0 / (1.0 + np.exp(ENERGIES / temperature[:, None] - 2.0))
        energy_density = number * temperature * FermiDirac(1.0, 2.0).mean_energy
        mean = (absorption[i] * shape) @ weight / (shape @ weight)
        heating += c * mean * energy_density * CODATA.erg_per_mev
    total = gain_integrals(
        background.radius_interface,
        heating,
        np.zeros_like(heating),
        background.matter.density,
        background.gamma,
        inner,
        outer,
    )
    return total.gross_heating


def _onto(background, radiation, name):
    return np.interp(background.radius, radiation["radius_cm"], radiation[name])


def report(code: str, zones: int) -> bool:
    """Print the table; whether the Bruenn-level rows keep the bounds."""
    kept = True
    print(f"{code}_G15 at {RADIUS / 1e5:.0f} km, fluid frame, gray, {zones} zones: ours / published, error")
    for rates in RATES:
        for time in TIMES:
            found = compare(code, time, rates, zones)
            print(f"\n{rates} rates, {time[1:4].lstrip('0')} ms")
            for name in SPECIES:
                cells, ok = [], True
                for (ours, theirs), scale, bound in (
                    (found.luminosity[name], 1e51, BOUNDS[name][0]), (found.rms_number[name], 1.0, BOUNDS[name][1]),
                ):  # fmt: skip
                    error = ours / theirs - 1.0
                    ok &= abs(error) <= bound
                    cells.append(f"{ours / scale:7.2f} / {theirs / scale:6.2f} {100 * error:+6.1f} %")
                ours, theirs = (x / 1e5 for x in found.flux_radius[name])
                ok &= abs(ours - theirs) <= RADIUS_BOUND
                print(
                    f"  {name:5s} L {cells[0]} 1e51 erg/s   rms {cells[1]} MeV   "
                    f"R(1/4) {ours:5.1f} / {theirs:5.1f} {ours - theirs:+5.1f} km{'' if ok else '   outside bounds'}"
                )
                kept &= ok or rates != "bruenn"
            ratio = found.heating[0] / found.heating[1] - 1.0
            ok = abs(ratio) <= HEATING_BOUND
            kept &= ok or rates != "bruenn"
            print(
                f"  gross heating {found.heating[0] / 1e51:.2f} / {found.heating[1] / 1e51:.2f} {100 * ratio:+.1f} % "
                f"1e51 erg/s (theirs: our opacity in their field), cooling {found.cooling / 1e51:.2f}, "
                f"{found.gain_region[0] / 1e5:.1f}-{found.gain_region[1] / 1e5:.1f} km{'' if ok else '   outside bounds'}"
            )
    return kept


def main() -> int:
    """Print the table; 1 if a bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--code", choices=("AB", "VX"), default="AB")
    parser.add_argument("--zones", type=int, default=200)
    options = parser.parse_args()
    if not (REFERENCE / "boltzmann").is_dir():
        print(
            f"no reference data at {REFERENCE / 'boltzmann'}; set SNSIM_REFERENCE to the folder that holds boltzmann/"
        )
        return 0
    kept = report(options.code, options.zones)
    print("\nBruenn-level rates: within bounds" if kept else "\nBruenn-level rates: a bound is broken")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
