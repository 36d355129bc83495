"""Time of computing all observables of a stored sequence again: 10 profiles of 600 zones.

Run:  python benchmarks/diagnose.py

Target: 0.5 s for the observables alone. Reading, the opacities from the stored matter and writing are apart.
"""

from __future__ import annotations

import tempfile
import time
import warnings
from pathlib import Path

from timing import median_seconds

from snsim.config.load import reconfigure
from snsim.config.schema import Config
from snsim.diagnostics.catalog import OBSERVABLES
from snsim.output.reader import read_result
from snsim.output.writer import write_result
from snsim.pipeline import observe
from snsim.recompute import Restored, diagnose, restore
from snsim.sequence import simulate_sequence
from snsim.series import moment

STARS, ZONES, TARGET = 10, 600, 0.5


def sequence() -> Config:
    """Analytic stars whose shock recedes."""
    return Config.model_validate(
        {
            "schema": 1,
            "profile": {"format": "analytic"},
            "grid": {"zones": ZONES},
            "sequence": {
                "times": [0.05 + 0.02 * i for i in range(STARS)],
                "profile": {"shock_radius": [f"{150 - 4 * i} km" for i in range(STARS)]},
            },
        }
    )


def main() -> None:
    """Print each part."""
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        file = simulate_sequence(sequence(), folder)
        solved = time.perf_counter() - began
        size = file.stat().st_size / 1e6
        result = read_result(file)
        config = reconfigure(result.config_toml, (), str(file))
        stars: list[Restored] = []
        anew = time.perf_counter()
        stars += [restore(moment(result, index), config) for index in range(STARS)]
        anew = time.perf_counter() - anew

        def observables(*names: str) -> float:
            """Seconds for some observables of all stars."""

            def job() -> None:
                """Compute them once."""
                for star in stars:
                    observe(config, names, star.background, star.spectra, star.solution)

            return median_seconds(job)

        each = {name: observables(name) for name in OBSERVABLES}
        rows = [
            ("the run itself", solved),
            ("reading", median_seconds(lambda: read_result(file))),
            ("star and opacities from the stored matter", anew),
            ("the five default observables", observables(*config.diagnostics.names)),
            (f"all {len(OBSERVABLES)} observables (target {TARGET:g} s)", observables(*OBSERVABLES)),
            *((f"  {name}", seconds) for name, seconds in each.items()),
            ("writing", median_seconds(lambda: write_result(result, Path(folder) / "copy.h5"))),
            ("snsim.diagnose, all observables", median_seconds(lambda: diagnose(result, list(OBSERVABLES)))),
        ]
    print(
        f"{STARS} stars of {ZONES} zones, {size:.1f} MB; the last column: over the target of all observables"
    )
    for words, seconds in rows:
        ratio = f"{seconds / TARGET:8.2f}" if "observables" in words or words.strip() in each else ""
        print(f"{words:<50} {seconds:8.3f} s {ratio}".rstrip())


if __name__ == "__main__":
    main()
