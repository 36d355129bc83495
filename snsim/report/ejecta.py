"""Figures of ejecta: the electron fraction along each trajectory, with a slider over them, and their histogram."""

from __future__ import annotations

import numpy as np

from snsim.plots.ejecta import GROUP
from snsim.report.figure import DASHED, Array, Axis, Curve, Figure, Line, Slider, View
from snsim.report.labels import axis_title, number_text
from snsim.report.panels import limits
from snsim.result import Result

MOST_PARCELS = 200  # of a slider; more are thinned
_SHORTEST = 1e-6  # of the longest time, where the logarithmic axis begins at the earliest
_RATES = {
    "rate_nue": ("νe on neutrons", "nue"),
    "rate_anue": ("ν̄e on protons", "anue"),
    "rate_positron": ("positrons on neutrons", "c3"),
    "rate_electron": ("electrons on protons", "c5"),
}


def along_trajectories(result: Result) -> Figure | None:
    """Return Y_e with temperature, and the rates that drive it, over time for one parcel at a time."""
    group = result.groups.get(GROUP)
    if group is None:
        return None
    names = [str(name) for name in group["tracer"].values]
    shown = np.unique(np.linspace(0, len(names) - 1, min(len(names), MOST_PARCELS)).round().astype(np.int64))
    time = group["time"].values[shown]
    time = time - np.nanmin(time, axis=1, keepdims=True)
    last = float(np.nanmax(time)) or 1.0
    begin = max(0.5 * float(np.min(time[time > 0.0], initial=last)), _SHORTEST * last)
    time = np.maximum(time, begin)  # the first row, at 0, stands where the axis begins

    def curve(key: str, label: str, colour: str, **look: object) -> Curve:
        values: Array = group[key].values[shown]
        return Curve(label, time, values, colour, **look)  # type: ignore[arg-type]

    fraction = [curve("electron_fraction", "Y<sub>e</sub>", "fraction")]
    if np.isfinite(group["electron_fraction_given"].values).any():
        fraction.append(
            curve("electron_fraction_given", "Y<sub>e</sub> of the file", "fraction", dashes=DASHED)
        )
    heat = curve("temperature", "temperature", "temperature", right=True, unit="MeV")
    rates = [curve(key, label, colour, unit="s⁻¹") for key, (label, colour) in _RATES.items()]
    x = Axis("time since the first row [s]", "log", (begin, last))
    right = Axis("temperature [MeV]", "log", limits([heat], "log"))
    return Figure(
        "trajectories",
        "Along the trajectories",
        "Electron fraction and temperature of one parcel, and the rates that change its electron fraction. The first row "
        "stands at the left edge.",
        f"Electron fraction over time along {len(names)} trajectories, one at a time. {_said(result)}",
        (
            View("electron fraction", x, Axis("Y<sub>e</sub>", limits=(0.0, 0.62)), (*fraction, heat), right),
            View("rates", x, Axis("rate [s⁻¹]", "log", limits(rates, "log")), tuple(rates)),
        ),
        (Slider("parcel", tuple(names[i] for i in shown)),),
    )


def histogram(result: Result) -> Figure | None:
    """Return the mass of ejecta by electron fraction; where masses are not known the share of parcels."""
    group = result.groups.get(GROUP)
    if group is None or "bin_mass" not in group:
        return None
    mass = group["bin_mass"]
    known = mass.unit != "1"
    words = "mass" if known else "share of parcels"
    bars = Curve("", group["bin"].values, mass.values, "fraction", marks="bars")
    mean = Line(group["mean_electron_fraction"].values, "mean")
    y = Axis(axis_title(words, mass.unit), limits=(0.0, 1.1 * float(mass.values.max())))
    view = View(words, Axis("Y<sub>e</sub>", limits=(0.0, 0.62)), y, (bars,), lines=(mean,))
    return Figure(
        "histogram",
        f"{'Mass' if known else 'Parcels'} by electron fraction",
        "Electron fraction at 5 GK, or the final one of parcels that never were as hot; "
        + ("weighted with mass." if known else "not all masses are known: all parcels count the same."),
        f"Histogram over electron fraction: {words}. {_said(result)}",
        (view,),
    )


def _said(result: Result) -> str:
    group = result.groups[GROUP]
    mean, share = (float(group[key].values) for key in ("mean_electron_fraction", "r_process_share"))
    return f"Mean at 5 GK {number_text(mean)}; share below 0.25: {number_text(share)}."


__all__ = ["along_trajectories", "histogram"]
