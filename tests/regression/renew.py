"""Numbers of whole runs, frozen in whole_runs.json; write them anew, after looking at what changed, with

python tests/regression/renew.py
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from snsim.config.load import load_config
from snsim.pipeline import simulate
from snsim.profiles.profile import Profile
from snsim.result import Result

FROZEN = Path(__file__).with_name("whole_runs.json")
QUICKSTART = Path(__file__).resolve().parents[2] / "runs" / "quickstart" / "run.toml"
RADII = (2e6, 5e6, 1e7, 3e7)  # cm, where fields are probed


def rough_star() -> Profile:
    """No power law anywhere: steps in density, a hot shell, an electron fraction that swings."""
    radius = np.geomspace(3e5, 8e7, 90)
    x = np.log10(radius / 3e5)
    step = np.floor(5.0 * x) / 5.0
    density = 4e14 * 10.0 ** (-1.5 * x**1.5 - 1.2 * step)
    temperature = 0.4 + 18.0 * np.exp(-((x - 0.5) ** 2) / 0.5) + 3.0 * np.exp(-((x - 1.6) ** 2) / 0.01)
    electron_fraction = 0.28 + 0.2 * np.sin(4.0 * x)
    velocity = -1e8 * x**2
    return Profile(radius, density, temperature, electron_fraction, velocity, source="rough")


def compute() -> dict[str, Result]:
    """Run both stars."""
    config = load_config(QUICKSTART)
    return {"quickstart": simulate(config), "rough": simulate(config, profile=rough_star())}


def numbers(result: Result) -> dict[str, float | list[float]]:
    """Every answer, and a few values of every field of the transport."""
    found = {answer.key: answer.value for answer in result.answers()}
    centres = result.groups["profile"]["radius"].values
    edges = result.groups["profile"]["radius_interface"].values
    for name, variable in result.groups["transport"].items():
        if variable.dims in (("species", "zone"), ("species", "interface")):
            where = centres if variable.dims[1] == "zone" else edges
            chosen = np.searchsorted(where, RADII)
            found[f"transport/{name}"] = variable.values[:, chosen].ravel().tolist()
    for name in ("lapse", "temperature", "pressure", "gravitational_mass"):
        variable = result.groups["profile"][name]
        found[f"profile/{name}"] = variable.values[:: variable.values.size // 5].tolist()
    return found


def main() -> None:
    """Write the file."""
    frozen = {name: numbers(result) for name, result in compute().items()}
    FROZEN.write_text(json.dumps(frozen, indent=1) + "\n")


if __name__ == "__main__":
    main()
