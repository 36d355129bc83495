"""Figures over time: light curves and histories, and the inside of a star as it evolves."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from snsim.plots._panels import CM_PER_KM, group_of, species_of
from snsim.plots.light_curve import GROUP as EVOLUTION
from snsim.report.figure import DASHED, Array, Axis, Curve, Figure, Slider, View
from snsim.report.labels import axis_title, species_colour, species_name, with_unit
from snsim.report.panels import limits, radius_axis
from snsim.report.star import LUMINOSITY
from snsim.result import IN_TIME, Result
from snsim.series import HISTORY, TIME
from snsim.variable import Group

_MOST_MARKS = 40  # moments, above which points would hide the curves
_DECADES = 10.0  # of times from which on their axis is logarithmic
_RADII = {"gain_radius": ("gain radius", "heating"), "shock_radius": ("shock", "ink")}
_RATES = {"gross_heating": ("gross heating", "temperature"), "net_heating": ("net heating", "heating")}
_LOST = {"energy": ("energy", "temperature"), "lepton_number": ("lepton number", "fraction")}


def over_time(result: Result) -> Figure | None:
    """Return luminosities, energies, radii, heating and budgets over time."""
    name = next((each for each in IN_TIME if each in result.groups), None)
    if name is None or TIME not in result[name] or result[name][TIME].values.size < 2:
        return None
    views = tuple(_views(result, name))
    if not views:
        return None
    what = "evolution of the star" if name == EVOLUTION else "sequence of stars"
    one = " νx is one of four." if "nux" in species_of(result, name) else ""
    last = {key: value for key, value in result.summary() if "luminosity" in key or "mean energy" in key}
    return Figure(
        "time",
        "Light curve" if name == EVOLUTION else "The sequence in time",
        ("Times as seen from infinity." if name == EVOLUTION else "Each point is a steady star of its own.")
        + one,
        f"The {what} over time. " + " ".join(f"{key}: {value}." for key, value in last.items()),
        views,
    )


def snapshots(result: Result) -> Figure | None:
    """Return temperature, Y_e, luminosities and trapped neutrinos over radius with a slider over time."""
    evolution, profile = group_of(result, EVOLUTION), group_of(result, "profile")
    if "snapshot" not in evolution or "radius" not in profile:
        return None
    times = evolution["snapshot"].values
    slider = Slider("time", tuple(with_unit(float(t), "s") if t else "start" for t in times), len(times) - 1)
    x, views = radius_axis(result), []
    if "temperature" in evolution:
        radius = profile["radius"].values / CM_PER_KM
        temperature = Curve("temperature", radius, evolution["temperature"].values, "temperature", unit="MeV")
        first = Curve(
            "temperature at the start",
            radius,
            evolution["temperature"].values[0],
            "temperature",
            DASHED,
            unit="MeV",
        )
        fraction = [
            Curve("Y<sub>e</sub>", radius, evolution["electron_fraction"].values, "fraction", right=True),
            Curve(
                "Y<sub>e</sub> at the start",
                radius,
                evolution["electron_fraction"].values[0],
                "fraction",
                DASHED,
                right=True,
            ),
        ]
        right = Axis("electron fraction Y<sub>e</sub>", limits=limits(fraction))
        y = Axis("temperature [MeV]", "log", limits([temperature], "log"))
        views.append(View("temperature, Ye", x, y, (temperature, first, *fraction), right))
    edges = profile["radius_interface"].values / CM_PER_KM if "radius_interface" in profile else None
    for key, label, words, scale, where, kind in (
        ("luminosity_profile", "luminosities", "luminosity [10⁵¹ erg s⁻¹]", LUMINOSITY, edges, "linear"),
        (
            "energy_density",
            "energy of the neutrinos",
            "energy density [MeV cm⁻³]",
            1.0,
            profile["radius"].values / CM_PER_KM,
            "log",
        ),
    ):
        if key in evolution and where is not None and evolution[key].values.shape[-1] == where.size:
            curves = list(_of_species(result, key, where, scale, kind))
            views.append(View(label, x, Axis(words, kind, limits(curves, kind)), tuple(curves)))
    if not views:
        return None
    return Figure(
        "snapshots",
        "Inside the star, in time",
        "Profiles at the output times; dashed: at the start. The star stands still, its temperature and composition do not.",
        f"Temperature, electron fraction and neutrinos over radius at {len(times)} times, chosen with the slider.",
        tuple(views),
        (slider,),
    )


def _of_species(result: Result, key: str, where: Array, scale: float, kind: str) -> Iterator[Curve]:
    values = result[EVOLUTION][key].values / scale
    for place, who in enumerate(species_of(result, EVOLUTION)):
        shown = values[:, place]
        yield Curve(
            species_name(who),
            where,
            np.where(shown > 0.0, shown, np.nan) if kind == "log" else shown,
            species_colour(who, place),
        )


def _views(result: Result, name: str) -> Iterator[View]:
    """Return what a light curve or a history has over time."""
    group, species = result[name], species_of(result, name)
    time = group[TIME].values
    marks = "lines+markers" if name == HISTORY and time.size <= _MOST_MARKS else "lines"
    x = _axis_of_time(time)

    def lines(
        key: str, scale: float, unit: str, label: str = "", dashes: str = "solid", root: bool = False
    ) -> list[Curve]:
        """One curve for each species; none where the group lacks the numbers or all are NaN."""
        if key not in group or not np.isfinite(group[key].values).any():
            return []
        values = np.sqrt(group[key].values) if root else group[key].values / scale
        return [
            Curve(
                f"{label} {species_name(who)}".strip(),
                time,
                values[:, i],
                species_colour(who, i),
                dashes,
                marks=marks,
                unit=unit,
            )
            for i, who in enumerate(species)
        ]

    light = lines("luminosity_infinity", LUMINOSITY, "10⁵¹ erg s⁻¹")
    mean = lines("mean_energy_infinity", 1.0, "MeV", "⟨E⟩")
    rms = lines("mean_squared_energy_infinity", 1.0, "MeV", "rms", DASHED, root=True) or lines(
        "mean_energy_squared_infinity", 1.0, "MeV", "rms", DASHED, root=True
    )
    radii = lines("neutrinosphere_radius", CM_PER_KM, "km", "R<sub>ν</sub>")
    radii += _plain(group, _RADII, time, CM_PER_KM, "km", marks)
    rates = _plain(group, _RATES, time, LUMINOSITY, "10⁵¹ erg s⁻¹", marks)
    lost = [
        Curve(label, time, group[f"{key}_lost"].values / abs(float(group[key].values[0])), colour)
        for key, (label, colour) in _LOST.items()
        if f"{key}_lost" in group and key in group
    ]
    for label, curves, words, kind in (
        ("luminosities", light, "luminosity L∞ [10⁵¹ erg s⁻¹]", "log"),
        ("energies", [*mean, *rms], "energy at infinity [MeV]", "linear"),
        ("radii", radii, "radius [km]", "log"),
        ("heating", rates, "heating of the gain region [10⁵¹ erg s⁻¹]", "linear"),
        ("losses", lost, "share that has left the star", "linear"),
    ):
        if curves:
            yield View(label, x, Axis(words, kind, limits(curves, kind)), tuple(curves))


def _plain(
    group: Group, names: dict[str, tuple[str, str]], time: Array, scale: float, unit: str, marks: str
) -> list[Curve]:
    return [
        Curve(label, time, group[key].values / scale, colour, marks=marks, unit=unit)
        for key, (label, colour) in names.items()
        if key in group and np.isfinite(group[key].values).any()
    ]


def _axis_of_time(time: Array) -> Axis:
    """Return a logarithmic axis where times span decades, from the first step that counts on."""
    last, positive = float(time[-1]), time[time > 0.0]
    if time[0] >= 0.0 and positive.size and last > _DECADES**2 * float(positive[0]):
        return Axis(axis_title("time", "s"), "log", (max(float(positive[0]), 1e-3 * last), last))
    return Axis(axis_title("time", "s"))


__all__ = ["over_time", "snapshots"]
