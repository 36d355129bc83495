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
QUANTITIES = (
    ("density", r"density (g cm$^{-3}$)", 1.0),
    ("temperature", "temperature (MeV)", 1.0),
    ("electron_fraction", r"$Y_e$", 1.0),
    ("velocity", r"velocity ($10^9$ cm/s)", 1e-9),
)


def published(path: str, mapping: str):
    """Read one of the published models."""
    chosen = MAPPINGS[mapping]
    return read_table(REFERENCE / path, chosen.columns, derive=chosen.derive)


def main() -> None:
    """Draw the figure."""
    models = (
        ("hydrostatic", load_profile(HydrostaticProfile()), {"color": "C0", "lw": 1.6}),
        ("analytic", load_profile(AnalyticProfile(format="analytic")), {"color": "C0", "lw": 1.0, "ls": ":"}),
        (
            "Agile-Boltztran, G15, 100 ms",
            published("boltzmann/AB_G15_h_p100ms.csv", "agile-boltztran"),
            {"color": "C1", "lw": 1.0},
        ),
        (
            "CHIMERA, D15-WH07, 100 ms",
            published("profiles/chimera_100ms.csv", "chimera"),
            {"color": "C2", "lw": 1.0, "ls": "--"},
        ),
    )
    with style.context():
        figure, axes = plt.subplots(2, 2, figsize=(7.2, 5.4), sharex=True, layout="constrained")
        for ax, (name, label, scale) in zip(axes.flat, QUANTITIES, strict=True):
            for model, star, line in models:
                ax.plot(star.radius / 1e5, scale * getattr(star, name), label=model, **line)
            ax.set_ylabel(label)
            ax.set_xscale("log")
            ax.set_xlim(3, 500)
        axes[0, 0].set_yscale("log")
        axes[0, 0].set_ylim(1e6, 1e15)
        axes[0, 1].set_yscale("log")
        axes[0, 1].set_ylim(0.3, 40)
        axes[0, 0].legend(frameon=False, fontsize="small", loc="lower left")
        for ax in axes[1]:
            ax.set_xlabel("radius (km)")
        figure.savefig(ROOT / "docs" / "stars.png", dpi=150)


if __name__ == "__main__":
    main()
