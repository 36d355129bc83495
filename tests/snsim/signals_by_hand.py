"""Results and signals whose moments are known, for tests of exports."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from microphysics.constants import CODATA
from snsim.result import Result
from snsim.series import HISTORY, TIME, record, stack
from snsim.signal import Signal
from snsim.variable import Variable

SPECIES = Variable(("species",), np.array(["nue", "anue", "nux"]), "1", "neutrino species")
LAPSE = 0.8  # at the outer edge: a wrong frame is a wrong number
LUMINOSITY = np.array([4e52, 3.5e52, 2e52])  # at infinity
MEAN = np.array([10.0, 12.5, 16.0])
ALPHA = np.array([3.0, 2.6, 2.0])
SQUARE = MEAN**2 * (2.0 + ALPHA) / (1.0 + ALPHA)
CUBE = SQUARE * MEAN * (3.0 + ALPHA) / (1.0 + ALPHA)
GROUPS = np.geomspace(0.02, 400.0, 100)


def cooling_signal(times: int = 21) -> Signal:
    """Return a signal that fades and cools, every species with a spectrum of its own."""
    time = np.linspace(0.0, 5.0, times)
    fall, cool = np.exp(-time / 3.0)[:, None], np.exp(-time / 20.0)[:, None]
    return Signal.from_pinching(time, LUMINOSITY * fall, MEAN * cool, ALPHA + 0.1 * time[:, None])


def steady_result(factor: float = 1.0, *, groups: bool = False) -> Result:
    """Return a steady result: luminosities `factor` times those above; with groups a tabulated spectrum too."""
    luminosity = factor * LUMINOSITY
    edge, zone = ("species", "interface"), ("species", "zone")
    outer = np.array([0.1, 0.5, 1.0])  # inside, less flows
    transport = {
        "species": SPECIES,
        "luminosity": Variable(edge, luminosity[:, None] * outer / LAPSE**2, "erg/s", "luminosity"),
        "luminosity_infinity": Variable(
            edge, luminosity[:, None] * outer, "erg/s", "luminosity seen from infinity"
        ),
        "mean_energy": Variable(zone, (MEAN / LAPSE)[:, None] * [3.0, 1.0], "MeV", "mean energy"),
        "mean_energy_infinity": Variable(("species",), MEAN, "MeV", "mean energy at infinity"),
        "rms_number": Variable(zone, (np.sqrt(SQUARE) / LAPSE)[:, None] * [3.0, 1.0], "MeV", "rms"),
        "rms_energy": Variable(zone, (np.sqrt(CUBE / MEAN) / LAPSE)[:, None] * [3.0, 1.0], "MeV", "rms"),
    }
    if groups:
        signal = Signal(
            [0.0, 1.0], np.tile(luminosity, (2, 1)), np.tile(MEAN, (2, 1)), np.tile(SQUARE, (2, 1))
        )
        spectrum = _per_energy(signal)
        transport["group"] = Variable(("group",), GROUPS, "MeV", "neutrino energy at infinity")
        transport["luminosity_spectrum_infinity"] = Variable(
            ("species", "group"), spectrum, "erg/(s MeV)", "luminosity per energy"
        )
    radius = np.array([1e6, 1e7, 3e8])
    profile = {
        "radius": Variable(("zone",), radius, "cm", "areal radius of zone centres"),
        "density": Variable(("zone",), 1e12 * (radius[0] / radius) ** 3, "g/cm3", "density"),
        "electron_fraction": Variable(
            ("zone",), np.array([0.1, 0.3, 1.0 / 3.0]), "1", "electrons per baryon"
        ),
    }
    return Result({"profile": profile, "transport": transport})


def _per_energy(signal: Signal) -> np.ndarray:
    from snsim.signal import number_rate

    return number_rate(signal, GROUPS)[0] * GROUPS * CODATA.erg_per_mev


def sequence_result(*, groups: bool = False) -> Result:
    """Return three stars in sequence, at 50, 100 and 300 ms: luminosities 1, 2 and 0.5 times those above."""
    stars = [steady_result(factor, groups=groups) for factor in (1.0, 2.0, 0.5)]
    lapse = Variable(("interface",), np.array([0.5, 0.7, LAPSE]), "1", "lapse")
    number = [
        replace(star["transport"]["luminosity"], unit="1/s", values=star["transport"]["luminosity"].values)
        for star in stars
    ]
    records = [
        record(
            Result(
                {
                    "profile": star["profile"] | {"lapse_interface": lapse},
                    "transport": star["transport"] | {"number_luminosity": rate},
                }
            )
        )
        for star, rate in zip(stars, number, strict=True)
    ]
    groups_in_time = stack(records)
    groups_in_time[HISTORY][TIME] = Variable((TIME,), np.array([0.05, 0.1, 0.3]), "s", "time")
    return Result(groups_in_time)


def light_curve() -> Result:
    """Return the result of an evolution."""
    signal = cooling_signal(11)
    each = ("time", "species")
    columns = {
        "luminosity_infinity": (signal.luminosity, "erg/s"),
        "mean_energy_infinity": (signal.mean_energy, "MeV"),
        "mean_square_energy_infinity": (signal.mean_square_energy, "MeV2"),
        "mean_cube_energy_infinity": (signal.mean_cube_energy, "MeV3"),
    }
    group = {name: Variable(each, values, unit, name) for name, (values, unit) in columns.items()}
    group |= {
        "time": Variable(("time",), signal.time, "s", "time"),
        "species": SPECIES,
        "energy_radiated": Variable(("species",), signal.energy, "erg", "energy radiated"),
    }
    return Result(steady_result().groups | {"evolution": group})
