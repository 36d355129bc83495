"""Gain region: where neutrinos heat more than matter cools, how much, and how that compares with advection.

`observe` takes the rates from the stored opacities and radiation field, so that heating and transport cannot
disagree; the closed forms of `heating_rates` stand beside them as a check.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.opacity import OpacitySpectra
from microphysics.weak.couplings import WeakCouplings
from snsim.diagnostics._labels import STATIC_FRAME, labelled
from snsim.diagnostics.accretion_flow import (
    accretion_rate,
    antesonic_ratio,
    crossing_time,
    thermal_energy_density,
    total_energy_density,
)
from snsim.diagnostics.heating_rates import (
    RateCoefficients,
    cooling_closed_form,
    heating_closed_form,
    heating_from_energy_density,
)
from snsim.diagnostics.heating_rates import coefficients as named_coefficients
from snsim.diagnostics.neutrinosphere import transport_radius
from snsim.transport.background import Background
from snsim.transport.moments import rms_energy
from snsim.transport.solution import TransportSolution
from snsim.variable import Variable

Array = NDArray[np.float64]
Entries = Iterable[tuple[str, float, str, str, str, str]]

__all__ = [
    "GainIntegrals",
    "cooling_closed_form",
    "gain_integrals",
    "gain_radius",
    "heating_and_cooling",
    "heating_closed_form",
    "observe",
    "pair_luminosity",
    "shell_volumes",
    "sign_changes",
]

HEATING_SPECIES = ("nue", "anue")
BALANCE_TOLERANCE = 1e-6  # |net|/gross below this is equilibrium, where the sign of the net rate is round-off
REFERENCES = "Janka 2001, A&A 368, 527; Pejcha & Thompson 2012, ApJ 746, 106 (ante-sonic ratio)"
NO_SHOCK = "the profile has no shock; profile.shock_radius sets one"
NO_SPECIES = "neither nue nor anue was solved for (transport.species), and no other species heats here"
NO_RISE = "the net heating rate nowhere rises through zero beneath the shock"


@dataclass(frozen=True)
class GainIntegrals:
    """Rates over a shell; erg/s and g.

    Attributes
    ----------
    gross_heating, cooling, net_heating : float
        int heating dV, int cooling dV and their difference, dV = 4 pi r^2 dr/Gamma, erg/s.
    mass : float
        Rest mass, g.
    """

    gross_heating: float
    cooling: float
    net_heating: float
    mass: float


def shell_volumes(radius_interface: Array, gamma: Array, inner: float, outer: float) -> Array:
    """Proper volume 4 pi r^2 dr/Gamma of the part of each zone between two radii.

    Parameters
    ----------
    radius_interface : ndarray, shape (interface,)
        cm.
    gamma : ndarray, shape (zone,)
        Gamma of the zones; ones for flat space.
    inner, outer : float
        cm.

    Returns
    -------
    ndarray, shape (zone,)
        cm^3.
    """
    edges = np.clip(radius_interface, inner, max(inner, outer))
    return 4.0 * math.pi / 3.0 * np.diff(edges**3) / gamma


def gain_integrals(
    radius_interface: Array,
    heating: Array,
    cooling: Array,
    density: Array,
    gamma: Array,
    inner: float,
    outer: float,
    lapse: Array | None = None,
) -> GainIntegrals:
    """Heating and cooling between two given radii.

    A zone that is cut counts with its share of the volume: integrals over adjoining shells add up exactly,
    and the error is second order in the zone width.

    Parameters
    ----------
    radius_interface : ndarray, shape (interface,)
        cm.
    heating, cooling : ndarray, shape (zone,)
        erg/cm^3/s, per proper volume and time; multiply rates per gram by the density first.
    density : ndarray, shape (zone,)
        Rest-mass density, g/cm^3.
    gamma : ndarray, shape (zone,)
        Gamma of the metric; ones for flat space.
    inner, outer : float
        cm.
    lapse : ndarray, shape (zone,), optional
        If given, rates are weighted with alpha^2: energy and time as counted at infinity.

    Returns
    -------
    GainIntegrals
        NaN throughout where a radius is NaN.

    Examples
    --------
    >>> edges, one = np.array([0.0, 1.0, 2.0]), np.ones(2)
    >>> total = gain_integrals(edges, 3.0 * one, one, one, one, 0.0, 1.5)
    >>> round(total.net_heating / total.mass, 12)
    2.0
    """
    if math.isnan(inner) or math.isnan(outer):
        return GainIntegrals(math.nan, math.nan, math.nan, math.nan)
    volume = shell_volumes(radius_interface, gamma, inner, outer)
    weight = volume if lapse is None else volume * lapse**2
    gross, lost = float(np.sum(heating * weight)), float(np.sum(cooling * weight))
    return GainIntegrals(gross, lost, gross - lost, float(np.sum(density * volume)))


def sign_changes(radius: Array, net: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Zeros of a sampled net rate, interpolated linearly; samples that are exactly 0 are passed over.

    Parameters
    ----------
    radius, net : ndarray, shape (zone,)
        cm, and any rate.

    Returns
    -------
    radii : ndarray
        Every zero, rising, cm.
    upward : ndarray of bool
        Whether the rate rises through it.
    """
    keep = (net != 0.0) & ~np.isnan(net)
    r, q = radius[keep], net[keep]
    at = np.flatnonzero((q[:-1] > 0.0) != (q[1:] > 0.0))
    zeros = r[at] - q[at] * (r[at + 1] - r[at]) / (q[at + 1] - q[at])
    return zeros, q[at + 1] > 0.0


def gain_radius(radius: Array, net: Array, outer: float) -> float:
    """Outermost radius below `outer` where the net rate changes sign from below zero.

    Parameters
    ----------
    radius : ndarray, shape (zone,)
        Where the rate is sampled, cm.
    net : ndarray, shape (zone,)
        Heating minus cooling, any unit.
    outer : float
        Shock radius, or the edge of the grid, cm.

    Returns
    -------
    float
        cm; NaN if there is none.
    """
    inside = radius < outer
    zeros, upward = sign_changes(radius[inside], net[inside])
    return float(zeros[upward][-1]) if upward.any() else math.nan


def opaque_radius(background: Background, spectra: OpacitySpectra, solution: TransportSolution) -> float:
    """Smaller gray transport neutrinosphere of nue and anue, cm; 0 where there is none."""
    radii = transport_radius(background, spectra, solution)[heating_rows(solution)]
    return float(np.min(radii)) if radii.size and not np.isnan(radii).any() else 0.0


def heating_rows(solution: TransportSolution) -> NDArray[np.intp]:
    """Rows of nue and anue in a solution, as far as they are there."""
    return np.array([i for i, name in enumerate(solution.species) if name in HEATING_SPECIES], dtype=np.intp)


def heating_names(solution: TransportSolution) -> str:
    """Which species heat and cool here, in words: runs with others are not to be compared."""
    names = [solution.species[i] for i in heating_rows(solution)]
    return f"{names[0]} alone" if len(names) == 1 else " + ".join(names) or "no species"


def heating_and_cooling(solution: TransportSolution) -> tuple[Array, Array]:
    """Gross rates of nue and anue from the stored means, erg/cm^3/s, shape (zone,).

    heating = c kappa_E E with the solver's own energy density (no flux factor enters), cooling = emission.
    """
    pair = heating_rows(solution)
    absorbed = solution.absorption_energy[pair] * solution.energy_density[pair] * CODATA.speed_of_light
    return (
        absorbed.sum(axis=0) * CODATA.erg_per_mev,
        solution.emission_energy[pair].sum(axis=0) * CODATA.erg_per_mev,
    )


def pair_luminosity(
    background: Background, solution: TransportSolution, radius: float
) -> tuple[float, float]:
    """L_nue + L_anue at a radius: local and alpha^2 times that (at infinity), erg/s; linear between edges."""
    total = solution.luminosity[heating_rows(solution)].sum(axis=0)
    local = float(np.interp(radius, background.radius_interface, total))
    return local, local * float(
        np.interp(radius, background.radius_interface, background.lapse_interface)
    ) ** 2


def observe(
    background: Background,
    spectra: OpacitySpectra,
    solution: TransportSolution,
    *,
    coefficients: str = "first_principles",
    couplings: WeakCouplings | None = None,
) -> dict[str, Variable]:
    """Heating, cooling, gain radius, efficiency and time scales of a solution.

    Parameters
    ----------
    background, spectra, solution
        The stored run; `spectra` tells where the neutrinospheres are.
    coefficients : str
        ``first_principles`` or ``janka2001``: of the closed forms that stand beside the full rates.
    couplings : WeakCouplings, optional
        For the first-principles closed form.

    Returns
    -------
    dict of Variable
        ``heating_rate``, ``cooling_rate``, ``net_rate``, ``heating_closed_form``, ``cooling_closed_form``
        (zone), erg/g/s; ``gain_radius``, ``zeros`` (zero), ``outer_radius``; integrals over the gain region
        and what follows from them as scalars.
    """
    heating, cooling = heating_and_cooling(solution)
    edges, density = background.radius_interface, background.matter.density
    shock = background.shock_radius
    outer = math.nan if math.isnan(shock) else min(shock, float(edges[-1]))
    net = np.where(
        np.abs(heating - cooling) > BALANCE_TOLERANCE * (heating + cooling), heating - cooling, 0.0
    )
    inner, none = _inner_edge(background, spectra, solution, net / density, outer)
    found = _rates(background, solution, heating, cooling, named_coefficients(coefficients, couplings))
    zeros = sign_changes(background.radius, net / density)[0]
    zeros = zeros if math.isnan(outer) else zeros[zeros < outer]
    found["zeros"] = labelled(
        ("zero",),
        zeros if zeros.size else [math.nan],
        "cm",
        "all zeros of the net heating rate below the shock",
        reason="the net rate has no zero",
    )
    found["gain_radius"] = labelled(
        (),
        inner,
        "cm",
        "gain radius",
        reason=none,
        references=REFERENCES,
        heating_species=heating_names(solution),
        definition="outermost rising zero of the net rate below the shock, linear between zone centres",
    )
    found["outer_radius"] = labelled(
        (),
        outer,
        "cm",
        "outer edge of the gain region",
        definition="shock",
        reason=NO_SHOCK,
    )
    local = gain_integrals(edges, heating, cooling, density, background.gamma, inner, outer)
    distant = gain_integrals(
        edges, heating, cooling, density, background.gamma, inner, outer, background.lapse
    )
    luminosity = pair_luminosity(background, solution, inner)
    names, far = heating_names(solution), "energy and time at infinity (weight alpha^2)"
    found |= _integrals(local, luminosity[0], "", names, none, STATIC_FRAME)
    found |= _integrals(distant, luminosity[1], "_infinity", names, none, far)
    weight = "int 4 pi r^2 rho dr/Gamma"
    found |= _scalars([("mass", local.mass, "g", "rest mass in the gain region", weight, none)])
    return found | _times(background, inner, outer, local, none)


def _inner_edge(
    background: Background, spectra: OpacitySpectra, solution: TransportSolution, net: Array, outer: float
) -> tuple[float, str]:
    """Gain radius in cm, or NaN and why there is none; `net` per gram, `outer` the shock or NaN."""
    if not heating_rows(solution).size:
        return math.nan, NO_SPECIES
    if math.isnan(outer):
        return math.nan, NO_SHOCK
    inner, opaque = gain_radius(background.radius, net, outer), opaque_radius(background, spectra, solution)
    if math.isnan(inner):
        return math.nan, NO_RISE
    if inner < opaque:  # the sign of the net rate is that of a small diffusive flow
        return math.nan, (
            f"the net heating rate last rises through zero at {inner / 1e5:.4g} km, where neutrinos are still trapped "
            f"(neutrinosphere at {opaque / 1e5:.4g} km)"
        )
    return inner, ""


def _rates(
    background: Background,
    solution: TransportSolution,
    heating: Array,
    cooling: Array,
    coefficients: RateCoefficients,
) -> dict[str, Variable]:
    """Rates of every zone per gram, full and closed-form."""
    matter = background.matter
    neutrons, protons = matter.mass_fraction_neutron, matter.mass_fraction_proton
    simple, known = np.zeros_like(heating), rms_energy(solution)
    for i in heating_rows(solution):
        square = known[i] ** 2
        share = (1.0, 0.0) if solution.species[i] == "nue" else (0.0, 1.0)
        one, other = (solution.energy_density[i] * part for part in share)
        simple += heating_from_energy_density(one, other, square, square, neutrons, protons, coefficients)
    degeneracy = matter.chemical_potential_electron / matter.temperature
    cooled = cooling_closed_form(matter.temperature, degeneracy, neutrons, protons, coefficients)
    names = heating_names(solution)
    means = f"c kappa_E E of {names} from the stored means; nux and scattering on electrons left out"
    rates = (
        ("heating_rate", heating / matter.density, "neutrino heating rate", means),
        ("cooling_rate", cooling / matter.density, "neutrino cooling rate", f"stored emission of {names}"),
        ("net_rate", (heating - cooling) / matter.density, "net neutrino heating rate", "heating - cooling"),
        ("heating_closed_form", simple, "heating, closed form", f"c K E <E^3>/<E> X; {coefficients.name}"),
        ("cooling_closed_form", cooled, "cooling, closed form", f"T^6 F_5(eta_e); {coefficients.name}"),
    )
    labels = {
        "frame": STATIC_FRAME,
        "references": REFERENCES,
        "reason": "undefined input in this zone",
        "heating_species": names,
    }
    return {
        name: labelled(("zone",), values, "erg / (g s)", words, definition=definition, **labels)
        for name, values, words, definition in rates
    }


def _scalars(entries: Entries, **attributes: str) -> dict[str, Variable]:
    """Label numbers of the gain region: (name, value, unit, long name, definition, reason if undefined)."""
    return {
        name: labelled(
            (), value, unit, words, definition=meaning, reason=reason, references=REFERENCES, **attributes
        )
        for name, value, unit, words, meaning, reason in entries
    }


def _integrals(
    region: GainIntegrals, luminosity: float, suffix: str, names: str, none: str, frame: str
) -> dict[str, Variable]:
    """Label heating, cooling, net heating and efficiency of one frame; `none`: why there is no gain region."""
    efficiency = region.net_heating / luminosity if luminosity > 0.0 else math.nan
    where, sink = "at infinity" if suffix else "local", "int (heating - cooling) dV"
    ratio = f"net heating/(L of {names} at the gain radius)"
    entries = (
        (
            "gross_heating",
            region.gross_heating,
            "erg / s",
            f"gross heating by {names}, {where}",
            "int heating dV",
            none,
        ),
        ("cooling", region.cooling, "erg / s", f"cooling by {names}, {where}", "int cooling dV", none),
        ("net_heating", region.net_heating, "erg / s", f"net heating by {names}, {where}", sink, none),
        ("luminosity", luminosity, "erg / s", f"L of {names} at gain radius, {where}", "4 pi r^2 F", none),
        ("efficiency", efficiency, "1", f"heating efficiency of {names}, {where}", ratio, none),
    )
    return {
        name + suffix: value for name, value in _scalars(entries, frame=frame, heating_species=names).items()
    }


def _times(
    background: Background, inner: float, outer: float, region: GainIntegrals, absent: str
) -> dict[str, Variable]:
    """Label advection and heating times, energies and the ante-sonic ratio; `absent`: why there is no gain region."""
    edges, rate = background.radius_interface, accretion_rate(background)
    none = math.isnan(inner)
    volume = np.array(math.nan) if none else shell_volumes(edges, background.gamma, inner, outer)
    total_density = total_energy_density(background)
    thermal = float(np.sum(thermal_energy_density(background) * volume))
    total = float(np.sum(total_density * volume))
    unbound = float(np.sum(np.maximum(total_density, 0.0) * volume))
    net = region.net_heating if region.net_heating > 0.0 else math.nan
    advection, path = region.mass / rate, crossing_time(edges, background.velocity, inner, outer)
    sonic = antesonic_ratio(background, inner, outer)
    still = absent if none else "matter does not fall in"
    cold = absent if none else "net heating is not positive, or matter does not fall in"
    weightless = absent if none else "no zone, or no mass, to escape from"
    gas = "3 (P - nT) + 3/2 nT: relativistic gas and ideal ions; no rest mass, no binding"
    every = "thermal + rho v^2/2 + rho c^2 (alpha - 1)"
    flow = "4 pi r^2 rho |v| just above the shock"
    ratio = "tau_adv/tau_heat; above 1 favours runaway; in 1D an indicator, not a prediction"
    sound = "max of c_s^2/v_esc^2 in the gain region, c_s^2 = (4/3) P/rho; about 0.19 is critical"
    return _scalars(
        (
            ("accretion_rate", rate, "g / s", "accretion rate", flow, "matter does not fall in"),
            ("advection_time", advection, "s", "advection time, mass", "mass/accretion rate", still),
            ("advection_time_path", path, "s", "advection time, path", "int dr/|v|", still),
            ("thermal_energy", thermal, "erg", "thermal energy of the gain region", gas, absent),
            ("total_energy", total, "erg", "total energy of the gain region", every, absent),
            ("diagnostic_energy", unbound, "erg", "energy of unbound zones", f"where {every} > 0", absent),
            ("heating_time_thermal", thermal / net, "s", "heating time, thermal", "thermal energy/Q", cold),
            ("heating_time_total", abs(total) / net, "s", "heating time, total", "|total energy|/Q", cold),
            ("time_ratio_thermal", advection * net / thermal, "1", "time ratio, thermal", ratio, cold),
            ("time_ratio_total", advection * net / abs(total), "1", "time ratio, total energy", ratio, cold),
            ("antesonic_ratio", sonic, "1", "ante-sonic ratio", sound, weightless),
        )
    )
