"""Draw docs/stars.png: the two embedded stars after bounce beside published models 100 ms after bounce.

Run:  python docs/star_figure.py

The models are not part of the project; SNSIM_REFERENCE names the folder that holds them.
"""

from __future__ import annotations

import os
from pathlib import Path

import matplotlib.pyplot as plt

from snsim.config.schema import AnalyticProfile, HydrostaticProfile
from snsim.plots import style
from snsim.profiles.mappings import MAPPINGS
from snsim.profiles.readers import load_profile, read_table

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = Path(os.environ.get("SNSIM_REFERENCE", ROOT.parent / "shared" / "reference"))
BLUE, RED, GREEN = "#0072B2", "#D55E00", "#009E73"
# quantity, label, limits of a logarithmic axis, unit
QUANTITIES = (
    ("density", r"density [g cm$^{-3}$]", (1e6, 1e15), 1.0),
    ("temperature", "temperature [MeV]", (0.3, 40.0), 1.0),
    ("electron_fraction", "electron fraction $Y_e$", None, 1.0),
    ("velocity", r"velocity [$10^9$ cm s$^{-1}$]", None, 1e-9),
)


def published(path: str, mapping: str):
    """Read one of the published models."""
    chosen = MAPPINGS[mapping]
    return read_table(REFERENCE / path, chosen.columns, derive=chosen.derive)


def main() -> None:
    """Draw the figure."""
    models = (
        ("hydrostatic", load_profile(HydrostaticProfile()), {"color": BLUE, "lw": 1.6}),
        (
            "analytic",
            load_profile(AnalyticProfile(format="analytic")),
            {"color": BLUE, "lw": 1.0, "ls": (0, (1, 1.2))},
        ),
        (
            "Agile-Boltztran, G15, 100 ms",
            published("boltzmann/AB_G15_h_p100ms.csv", "agile-boltztran"),
            {"color": RED, "lw": 1.0},
        ),
        (
            "CHIMERA, D15-WH07, 100 ms",
            published("profiles/chimera_100ms.csv", "chimera"),
            {"color": GREEN, "lw": 1.0, "ls": (0, (4, 1.3))},
        ),
    )
    with style.context():
        figure, axes = plt.subplots(2, 2, figsize=(7.2, 5.4), sharex=True, layout="constrained")
        for letter, ax, (name, label, limits, scale) in zip("abcd", axes.flat, QUANTITIES, strict=True):
            for model, star, line in models:
                ax.plot(star.radius / 1e5, scale * getattr(star, name), label=model, **line)
            ax.set_ylabel(label)
            ax.set_title(f"({letter})", loc="left", fontsize=9.5, fontweight="bold", pad=4.0)
            style.radius_axis(ax, 3.0, 500.0, label=ax in axes[1])
            if limits is not None:
                style.log_axis(ax, "y", *limits)
        handles, _ = axes[0, 0].get_legend_handles_labels()
        figure.legend(handles=handles, loc="outside upper center", ncols=4)
        figure.savefig(ROOT / "docs" / "stars.png", dpi=150)


if __name__ == "__main__":
    main()
