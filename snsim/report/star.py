"""Figures over radius: structure, what flows, where neutrinos decouple, heating and cooling."""

from __future__ import annotations

import numpy as np

from snsim.plots._panels import CM_PER_KM, SPHERE, group_of, scheme_of, species_of
from snsim.report.figure import DASHED, DOTTED, Array, Axis, Curve, Figure, Line, View
from snsim.report.labels import species_colour, species_name, with_unit
from snsim.report.panels import Moments, by_species, limits, moments_of, of_matter, radius_axis, shock_of
from snsim.result import HEADLINES, Result
from snsim.variable import Variable

LUMINOSITY = 1e51  # erg/s, unit of the axes
DEPTH = 2.0 / 3.0
GAIN = "diagnostics/gain_region"
_FRACTIONS = {
    "mass_fraction_neutron": ("neutrons", "c0"),
    "mass_fraction_proton": ("protons", "c1"),
    "mass_fraction_alpha": ("alphas", "c2"),
    "mass_fraction_heavy": ("heavy nuclei", "c3"),
    "mass_fraction_deuteron": ("deuterons", "c4"),
    "mass_fraction_triton": ("tritons", "c5"),
    "mass_fraction_helion": ("helions", "c6"),
}
_INSIDE = {
    "temperature": ("temperature [MeV]", "temperature"),
    "electron_fraction": ("Y<sub>e</sub>", "fraction"),
}
_METRIC = {"lapse": ("lapse α", "c0"), "gamma": ("Γ", "c1")}
_RATES = {"heating_rate": ("heating", "heating"), "cooling_rate": ("cooling", "cooling")}
_RATES_BELOW, _RATES_ABOVE = 3e3, 3e4  # what is shown of the rates, over the net heating


def structure(result: Result) -> Figure | None:
    """Return matter over radius: density, temperature and Y_e, composition, velocity, metric."""
    moments = moments_of(result)
    x, shock = radius_axis(result), shock_of(result, moments)

    unit = "g cm⁻³"
    density = of_matter(result, "profile", {"density": ("density", "ink")}, moments, unit=unit, positive=True)
    inside = of_matter(result, "profile", _INSIDE, moments, positive=True, right=True)
    speed = of_matter(result, "profile", {"velocity": ("", "ink")}, moments, scale=CM_PER_KM, unit="km s⁻¹")
    parts = of_matter(result, "profile", _FRACTIONS, moments)
    metric = of_matter(result, "profile", _METRIC, moments)
    views = []
    if density:
        right = Axis("temperature [MeV], Y<sub>e</sub>", "log", limits(inside, "log"))
        left = Axis("density [g cm⁻³]", "log", limits(density, "log"))
        words = "density, temperature, Y<sub>e</sub>" if inside else "density"
        views.append(View(_plain(words), x, left, (*density, *inside), right if inside else None, shock))
    for label, curves, y in (
        ("composition", parts, Axis("mass fraction", limits=(0.0, 1.02))),
        ("velocity", speed, Axis("velocity dr/dτ [km s⁻¹]", limits=limits(speed))),
        ("metric", metric, Axis("metric functions", limits=limits(metric))),
    ):
        if curves:
            views.append(View(label, x, y, tuple(curves), lines=shock))
    if not views:
        return None
    said = _edges(result, "density", "from", "g/cm3")
    return Figure(
        "structure",
        "The star",
        "Matter over radius on the grid of the run. Dashed line: the shock.",
        f"Curves over radius of density, temperature, electron fraction, composition and velocity. {said}",
        tuple(views),
        moments.sliders,
    )


def transport(result: Result) -> Figure | None:
    """Return luminosities, energies and flux factors over radius."""
    moments = moments_of(result)
    x, shock = radius_axis(result), shock_of(result, moments)
    light = by_species(
        result, "transport", "luminosity_infinity", moments, label="L∞", scale=LUMINOSITY, unit="10⁵¹ erg s⁻¹"
    )
    energies = by_species(
        result,
        "transport",
        "mean_energy",
        moments,
        label="⟨E⟩",
        unit="MeV",
        positive=True,
        dashes=DASHED,
        right=True,
    )
    rms = by_species(result, "transport", "rms_energy", moments, unit="MeV", positive=True)
    factor = by_species(result, "transport", "flux_factor", moments)
    eddington = by_species(result, "transport", "eddington_factor", moments)
    one = " νx is one of four." if "nux" in species_of(result, "transport") else ""
    views = []
    if light:
        right = Axis("mean energy ⟨E⟩ [MeV]", "log", limits(energies, "log")) if energies else None
        left = Axis("luminosity L∞ [10⁵¹ erg s⁻¹]", limits=limits(light))
        views.append(View("luminosities and mean energies", x, left, (*light, *energies), right, shock))
    for label, curves, y in (
        ("rms energies", rms, Axis("rms energy (⟨E³⟩/⟨E⟩)<sup>½</sup> [MeV]", "log", limits(rms, "log"))),
        ("flux factors", factor, Axis("flux factor F/(cE)", limits=(min(0.0, _least(factor)), 1.02))),
        ("Eddington factors", eddington, Axis("Eddington factor K/J", limits=(0.3, 1.02))),
    ):
        if curves:
            views.append(View(label, x, y, tuple(curves), lines=shock))
    if not views:
        return None
    scheme = scheme_of(result)
    return Figure(
        "transport",
        "Neutrinos on their way",
        f"Scheme: {scheme or 'not said'}. Luminosities as seen from infinity, energies in the frame of static "
        f"observers.{one}",
        "Luminosity, mean energy, rms energy and flux factor of each species over radius. "
        + _headline(result),
        tuple(views),
        moments.sliders,
    )


def depths(result: Result) -> Figure | None:
    """Return optical depths over radius with each neutrinosphere."""
    moments = moments_of(result)
    name, key = SPHERE
    curves = by_species(result, name, "optical_depth", moments, label="τ", positive=True)
    if not curves:
        return None
    high = limits(curves, "log")
    y = Axis("optical depth τ", "log", (1e-3, high[1] if high else 10.0))
    radii = group_of(result, name).get(key)
    spheres = []
    if radii is not None:
        values = moments.of(radii) / CM_PER_KM
        spheres = [
            Line(
                values[..., place], f"R<sub>ν</sub> of {species_name(who)}", colour=species_colour(who, place)
            )
            for place, who in enumerate(species_of(result, name))
        ]
    x = radius_axis(result)
    level = Curve("2/3", np.array(x.limits), np.full(2, DEPTH), "faint", DOTTED)
    view = View("optical depth", x, y, (*curves, level), lines=tuple(spheres))
    return Figure(
        "depth",
        "Neutrinospheres",
        "Optical depth from each radius to the outer edge: absorption and scattering weighted with 1 − cos θ, mean over "
        "the local spectrum by energy. Lines: where it is 2/3.",
        "Optical depth of each species over radius. " + _spheres(result),
        (view,),
        moments.sliders,
    )


def heating(result: Result) -> Figure | None:
    """Return the net heating on a linear axis, heating and cooling on a logarithmic one, with the gain region."""
    moments = moments_of(result)
    x, unit = radius_axis(result), "erg g⁻¹ s⁻¹"
    net = of_matter(result, GAIN, {"net_rate": ("net", "ink")}, moments, unit=unit)
    both = of_matter(result, GAIN, _RATES, moments, unit=unit, positive=True)
    closed = {
        "heating_closed_form": ("heating, closed form", "heating"),
        "cooling_closed_form": ("cooling, closed form", "cooling"),
    }
    forms = [
        Curve(curve.name, curve.x, curve.y, curve.colour, DOTTED, unit=unit)
        for curve in of_matter(result, GAIN, closed, moments, unit=unit, positive=True)
    ]
    if not net and not both:
        return None
    band = _gain_region(result, moments)
    views = []
    if net:
        top = _outside(net[0].y)
        views.append(
            View("net heating", x, Axis(f"net heating [{unit}]", limits=(-top, top)), tuple(net), lines=band)
        )
    if both:
        shown = limits(both, "log")
        if net:
            shown = _outside(net[0].y) / _RATES_BELOW, _outside(net[0].y) * _RATES_ABOVE
        y = Axis(f"heating and cooling [{unit}]", "log", shown)
        views.append(View("heating and cooling", x, y, (*both, *forms), lines=band))
    return Figure(
        "heating",
        "Heating and cooling",
        "Rates per gram from the stored opacities and radiation field; dotted: closed forms. Shaded: the gain region. "
        "Axes are cut inside, where trapped neutrinos exchange much more.",
        "Net heating, heating and cooling over radius. " + _gain(result),
        tuple(views),
        moments.sliders,
    )


def _outside(net: Array) -> float:
    """Return what the axis of the net rate must show: twice the largest net heating, in any star."""
    return 2.0 * (float(np.nanmax(net, initial=0.0)) or float(np.nanmax(np.abs(net), initial=0.0)) or 1.0)


def _gain_region(result: Result, moments: Moments) -> tuple[Line, ...]:
    group = group_of(result, GAIN)
    if "gain_radius" not in group or "outer_radius" not in group:
        return ()
    inner, outer = (moments.of(group[name]) / CM_PER_KM for name in ("gain_radius", "outer_radius"))
    return (Line(inner, "gain region", outer),) if np.isfinite(inner).any() else ()


def _least(curves: list[Curve]) -> float:
    return min((float(np.nanmin(curve.y)) for curve in curves), default=0.0)


def _plain(words: str) -> str:
    return words.replace("<sub>", "").replace("</sub>", "")


def _headline(result: Result) -> str:
    """Return what the summary says of luminosities and energies, for those who cannot see the curves."""
    return _said(
        result, {label for _, name, label in HEADLINES if "luminosity" in name or "mean_energy" in name}
    )


def _spheres(result: Result) -> str:
    return _said(result, {"neutrinosphere"})


def _gain(result: Result) -> str:
    return _said(result, {"gain radius", "net heating"})


def _said(result: Result, labels: set[str]) -> str:
    rows = [
        f"{label}: {value}"
        for label, value in result.summary()
        if label.split(" (")[0].split(",")[0] in labels
    ]
    return ". ".join(rows) + "." if rows else ""


def _edges(result: Result, name: str, word: str, unit: str) -> str:
    """Return the values of a profile at the centre and at the outer edge, in words."""
    variable: Variable | None = group_of(result, "profile").get(name)
    if variable is None:
        return ""
    values = np.asarray(variable.values, dtype=np.float64).reshape(-1, variable.values.shape[-1])[-1]
    inner, outer = (with_unit(float(values[end]), unit) for end in (0, -1))
    return f"{name.capitalize()} {word} {inner} at the centre to {outer} at the outer edge."


__all__ = ["depths", "heating", "structure", "transport"]
