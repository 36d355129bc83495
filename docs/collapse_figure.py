"""Draw docs/collapse.png: the embedded core before bounce beside the published model that it stands for.

Run:  python docs/collapse_figure.py

The model is not part of the project; SNSIM_REFERENCE names the folder that holds it.
"""

from __future__ import annotations

import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.lines import Line2D

from microphysics.eos.lattimer_swesty import LattimerSwesty
from snsim.config.schema import CollapseProfile
from snsim.plots import style
from snsim.profiles.mappings import MAPPINGS
from snsim.profiles.readers import load_profile, read_table

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = Path(os.environ.get("SNSIM_REFERENCE", ROOT.parent / "shared" / "reference"))
# time after bounce, colour, the file, parameters of the embedded profile
TIMES = (
    ("2 ms before bounce", "#0072B2", "AB_G15_h_m002ms.csv", {}),
    (
        "5 ms before bounce",
        "#D55E00",
        "AB_G15_h_m005ms.csv",
        {
            "central_density": "1.63e12 g/cm3",
            "core_radius": "54.8 km",
            "steepness": 1.975,
            "contraction_rate": "122 / s",
            "infall_fraction": 0.35,
        },
    ),
)
QUANTITIES = (
    ("density", r"density [g cm$^{-3}$]", (1e8, 1e14), 1.0),
    ("temperature", "temperature [MeV]", (0.5, 8.0), 1.0),
    ("velocity", r"velocity [$10^9$ cm s$^{-1}$]", None, 1e-9),
    ("electron_fraction", "electron fraction $Y_e$", (0.26, 0.50), 1.0),
    ("mass_fraction_heavy", "mass fraction of nuclei", (0.6, 1.0), 1.0),
    ("mass_number_heavy", "mass number $A$ of the nuclei", (50.0, 200.0), 1.0),
)


def published(file: str):
    """Read one of the published models."""
    chosen = MAPPINGS["agile-boltztran"]
    return read_table(REFERENCE / "boltzmann" / file, chosen.columns, derive=chosen.derive)


def stars():
    """Embedded with the two bindings of alphas, and published: label, star, line."""
    for label, colour, file, changes in TIMES:
        parameters = CollapseProfile.model_validate({"format": "collapse", **changes})
        yield label, load_profile(parameters, eos=LattimerSwesty()), {"color": colour, "lw": 1.6}
        as_published = load_profile(parameters, eos=LattimerSwesty(alpha_binding="ls91"))
        yield label, as_published, {"color": colour, "lw": 1.0, "ls": (0, (1, 1.2))}
        yield (
            label,
            published(file),
            {"color": colour, "ls": "", "marker": "o", "ms": 2.6, "mfc": "white", "mew": 0.7},
        )


def values(star, name):
    """One quantity; A only where there are nuclei to speak of."""
    found = getattr(star, name)
    return np.where(star.mass_fraction_heavy > 0.05, found, np.nan) if name == "mass_number_heavy" else found


def main() -> None:
    """Draw the figure."""
    with style.context():
        figure, axes = plt.subplots(2, 3, figsize=(7.2, 4.7), sharex=True, layout="constrained")
        for _, star, line in stars():
            for ax, (name, label, limits, scale) in zip(axes.flat, QUANTITIES, strict=True):
                ax.plot(star.radius / 1e5, scale * values(star, name), **line)
                ax.set_ylabel(label)
                if limits:
                    ax.set_ylim(limits)
        for ax, letter in zip(axes.flat, "abcdef", strict=True):
            style.radius_axis(ax, 3.0, 500.0, label=ax in axes[1])
            x, y = {"c": (0.05, 0.06), "d": (0.05, 0.86), "e": (0.05, 0.06)}.get(letter, (0.83, 0.86))
            ax.text(x, y, f"({letter})", transform=ax.transAxes, fontweight="bold")
        style.log_axis(axes[0, 0], "y", *QUANTITIES[0][2])
        style.log_axis(axes[0, 1], "y", *QUANTITIES[1][2])
        handles = [Line2D([], [], color=colour, lw=1.6, label=label) for label, colour, *_ in TIMES]
        handles += [
            Line2D([], [], color=style.GRAY, lw=1.6, label="embedded profile"),
            Line2D(
                [], [], color=style.GRAY, lw=1.0, ls=(0, (1, 1.2)), label=r"the same, $\alpha$ bound as in LS91"
            ),
            Line2D(
                [], [], color=style.GRAY, ls="", marker="o", ms=2.6, mfc="white", mew=0.7,
                label="Agile-Boltztran, G15",
            ),
        ]  # fmt: skip
        figure.legend(handles=handles, loc="outside upper center", ncols=3)
        figure.savefig(ROOT / "docs" / "collapse.png", dpi=150)


if __name__ == "__main__":
    main()
