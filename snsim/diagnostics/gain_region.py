"""Gain region: where neutrinos heat more than matter cools, how much, and how that compares with advection.

`observe` takes the rates from the stored opacities and radiation field, so that heating and transport cannot
disagree; the closed forms of `heating_rates` stand beside them as a check.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from microphysics.errors import UnknownNameError
from microphysics.opacity import OpacitySpectra
from microphysics.weak.couplings import WeakCouplings
from snsim.diagnostics._labels import STATIC_FRAME, Entries, labelled, labelled_numbers
from snsim.diagnostics.accretion_flow import (
    accretion_rate,
    accretion_zone,
    antesonic_ratio,
    entropy_per_baryon,
    path_time,
    thermal_energy_density,
    total_energy_density,
)
from snsim.diagnostics.gain_integrals import (
    GainIntegrals,
    gain_integrals,
    gain_radius,
    integrals_over,
    shell_volumes,
    sign_changes,
)
from snsim.diagnostics.heating_rates import coefficients as named_coefficients
from snsim.diagnostics.heating_rates import cooling_closed_form, heating_closed_form
from snsim.diagnostics.neutrino_heating import (
    HEATING_SPECIES,
    heating_and_cooling,
    heating_names,
    heating_rows,
    label_rates,
    opaque_radius,
    pair_luminosity,
)
from snsim.transport.background import Background
from snsim.transport.solution import TransportSolution
from snsim.variable import Variable

Array = NDArray[np.float64]

__all__ = [
    "HEATING_SPECIES",
    "GainIntegrals",
    "GainRegion",
    "cooling_closed_form",
    "find_gain_region",
    "gain_integrals",
    "gain_radius",
    "heating_and_cooling",
    "heating_closed_form",
    "observe",
    "pair_luminosity",
    "shell_volumes",
    "sign_changes",
]

BALANCE_TOLERANCE = 1e-6  # |net|/gross below this is equilibrium, where the sign of the net rate is round-off
LEAST_ENTROPY = 6.0  # k_B/baryon, of zones that the criterion of GR1D counts
EXTRACTION_RADIUS = 5e7  # cm, where GR1D takes luminosities
CRITERIA = {
    "sign_change": "from the gain radius to {end}",
    "gr1d": f"zones where net heating > 0 and entropy > {LEAST_ENTROPY:g} k_B/baryon (GR1D)",
}
REFERENCES = "Janka 2001, A&A 368, 527; Pejcha & Thompson 2012, ApJ 746, 106 (ante-sonic ratio)"
GR1D = "O'Connor 2015, ApJS 219, 24 (criterion gr1d)"
NO_SPECIES = "neither nue nor anue was solved for (transport.species), and no other species heats here"
NO_RISE = "the net heating rate nowhere rises through zero on the grid beneath the shock"
DARK = "luminosity not positive"
NO_ZONE = "no zone has net heating > 0 and an entropy above that of the criterion gr1d"


@dataclass(frozen=True)
class GainRegion:
    """Where the gain region lies.

    Attributes
    ----------
    radius : float
        Gain radius, cm; NaN where there is none.
    outer : float
        Radius of the shock, or of the grid's edge if that lies further in, cm; NaN without a shock.
    end : str
        Which of these it is.
    zeros : ndarray
        All zeros of the net rate below the shock, cm.
    sphere : float
        Smaller transport neutrinosphere of nue and anue, cm; NaN where either has none.
    volume, path : ndarray, shape (zone,)
        Proper volume (cm^3) and radial length (cm) of the part of each zone that counts; NaN where there is no region.
    zones : str
        Which zones count.
    why_no_radius, why_empty : str
        Reasons why there is no gain radius, or no region; empty if there is.
    """

    radius: float
    outer: float
    end: str
    zeros: Array
    sphere: float
    volume: Array
    path: Array
    zones: str
    why_no_radius: str
    why_empty: str

    @property
    def exists(self) -> bool:
        """Whether any zone counts."""
        return not self.why_empty


def find_gain_region(
    background: Background,
    spectra: OpacitySpectra,
    solution: TransportSolution,
    criterion: str = "sign_change",
    spheres: Array | None = None,
) -> GainRegion:
    """Find the gain radius, and which parts of the zones count as gain region.

    Parameters
    ----------
    background, spectra, solution
        The stored run; `spectra` tells where the neutrinospheres are.
    criterion : str
        ``sign_change``: from the outermost rising zero of the net rate outside the neutrinospheres to the shock.
        ``gr1d``: whole zones in which net heating is positive and the entropy above 6 k_B/baryon.
    spheres : ndarray, shape (species,), optional
        Of `neutrinosphere.transport_radius`, where they are known already; cm.

    Raises
    ------
    UnknownNameError
        With the known criteria.
    """
    if criterion not in CRITERIA:
        raise UnknownNameError("gain criterion", criterion, CRITERIA)
    heating, cooling = heating_and_cooling(solution)
    edges, shock = background.radius_interface, background.shock_radius
    outer = math.nan if math.isnan(shock) else min(shock, float(edges[-1]))
    end = "the edge of the grid, which ends inside the shock" if outer < shock else "the shock"
    zones = CRITERIA[criterion].format(end=end)
    difference = heating - cooling
    balanced = np.abs(difference) <= BALANCE_TOLERANCE * (heating + cooling)
    net = np.where(balanced, 0.0, difference) / background.matter.density
    zeros = sign_changes(background.radius, net)[0]
    sphere = opaque_radius(background, spectra, solution, spheres)
    if not math.isnan(outer):
        zeros = zeros[zeros < outer]
    radius, why = _inner_edge(background, solution, net, outer, sphere)
    empty = np.full_like(net, math.nan)
    if criterion == "gr1d":
        counted = (net > 0.0) & (entropy_per_baryon(background.matter) > LEAST_ENTROPY)
        if not counted.any():
            return GainRegion(radius, outer, end, zeros, sphere, empty, empty, zones, why, NO_ZONE)
        volume = shell_volumes(edges, background.gamma, float(edges[0]), float(edges[-1])) * counted
        path = np.diff(edges) * counted
        return GainRegion(radius, outer, end, zeros, sphere, volume, path, zones, why, "")
    if why:
        return GainRegion(radius, outer, end, zeros, sphere, empty, empty, zones, why, why)
    volume = shell_volumes(edges, background.gamma, radius, outer)
    path = np.diff(np.clip(edges, radius, outer))
    return GainRegion(radius, outer, end, zeros, sphere, volume, path, zones, why, "")


def _inner_edge(
    background: Background, solution: TransportSolution, net: Array, outer: float, sphere: float
) -> tuple[float, str]:
    """Gain radius in cm, or NaN and why there is none; `net` per gram, `outer` the shock or NaN."""
    if not heating_rows(solution).size:
        return math.nan, NO_SPECIES
    if math.isnan(outer):
        return math.nan, background.why_no_shock
    inner = gain_radius(background.radius, net, outer)
    if math.isnan(inner):
        return math.nan, NO_RISE
    if inner < sphere:  # the sign of the net rate is that of a small diffusive flow
        return math.nan, (
            f"the net heating rate last rises through zero at {inner / 1e5:.4g} km, where neutrinos are still trapped "
            f"(neutrinosphere at {sphere / 1e5:.4g} km)"
        )
    return inner, ""


def observe(
    background: Background,
    spectra: OpacitySpectra,
    solution: TransportSolution,
    *,
    coefficients: str = "first_principles",
    gain_criterion: str = "sign_change",
    extraction_radius: float = EXTRACTION_RADIUS,
    couplings: WeakCouplings | None = None,
    spheres: Array | None = None,
) -> dict[str, Variable]:
    """Heating, cooling, gain radius, efficiency and time scales of a solution.

    Parameters
    ----------
    background, spectra, solution
        The stored run; `spectra` tells where the neutrinospheres are.
    coefficients : str
        ``first_principles`` or ``janka2001``: of the closed forms that stand beside the full rates.
    gain_criterion : str
        ``sign_change`` or ``gr1d``: which zones count, see `find_gain_region`. The efficiency of ``gr1d`` has the
        luminosities at `extraction_radius` below it, that of ``sign_change`` those at the gain radius.
    extraction_radius : float
        For ``gr1d``, cm; the outer edge where the grid ends before.
    couplings : WeakCouplings, optional
        For the first-principles closed form.
    spheres : ndarray, shape (species,), optional
        Of `neutrinosphere.transport_radius`, where they are known already; cm.

    Returns
    -------
    dict of Variable
        ``heating_rate``, ``cooling_rate``, ``net_rate``, ``heating_closed_form``, ``cooling_closed_form``
        (zone), erg/g/s; ``gain_radius``, ``zeros`` (zero), ``outer_radius``, ``opaque_radius``; integrals over the gain
        region and what follows from them as scalars.
    """
    heating, cooling = heating_and_cooling(solution)
    region = find_gain_region(background, spectra, solution, gain_criterion, spheres)
    found = label_rates(background, solution, heating, cooling, named_coefficients(coefficients, couplings))
    names = heating_names(solution)
    found |= _places(region, names, background.why_no_shock)
    inside = (region.volume, heating, cooling, background.matter.density)
    local = integrals_over(*inside)
    distant = integrals_over(*inside, background.lapse)
    place, where = region.radius, "the gain radius"
    if gain_criterion == "gr1d":
        place = min(extraction_radius, float(background.radius_interface[-1]))
        where = f"the extraction radius of {place / 1e5:.4g} km"
    luminosity = pair_luminosity(background, solution, place)
    found |= _integrals(region, local, luminosity[0], "", names, where, STATIC_FRAME)
    frame = "energy and time at infinity (weight alpha^2)"
    found |= _integrals(region, distant, luminosity[1], "_infinity", names, where, frame)
    weight = f"int 4 pi r^2 rho dr/Gamma, {region.zones}"
    found |= _scalars([("mass", local.mass, "g", "rest mass in the gain region", weight, region.why_empty)])
    return found | _times(background, region, local)


def _places(region: GainRegion, names: str, no_shock: str) -> dict[str, Variable]:
    """Label radii."""
    zeros = f"all zeros of the net heating rate below {'the edge of the grid' if math.isnan(region.outer) else region.end}"
    found = {
        "zeros": labelled(
            ("zero",),
            region.zeros if region.zeros.size else [math.nan],
            "cm",
            zeros,
            reason="the net rate has no zero",
        )
    }
    rising = f"outermost rising zero of the net rate below {region.end}, linear between zone centres"
    sphere = "smaller gray transport neutrinosphere of nue and anue; zeros inside it are not those of a gain radius"
    no_sphere = "nue or anue has no neutrinosphere: its optical depth never reaches 2/3"
    entry = ("gain_radius", region.radius, "cm", "gain radius", rising, region.why_no_radius)
    found |= _scalars([entry], heating_species=names)
    return found | _scalars(
        (
            ("outer_radius", region.outer, "cm", "outer edge of the gain region", region.end, no_shock),
            ("opaque_radius", region.sphere, "cm", "outer edge of trapping", sphere, no_sphere),
        )
    )


def _scalars(entries: Entries, **attributes: str) -> dict[str, Variable]:
    """Label numbers of the gain region."""
    return labelled_numbers(entries, references=f"{REFERENCES}; {GR1D}", **attributes)


def _integrals(
    region: GainRegion,
    total: GainIntegrals,
    luminosity: float,
    suffix: str,
    names: str,
    place: str,
    frame: str,
) -> dict[str, Variable]:
    """Label heating, cooling, net heating and efficiency of one frame."""
    efficiency = total.net_heating / luminosity if luminosity > 0.0 else math.nan
    where, none = "at infinity" if suffix else "local", region.why_empty or region.why_no_radius
    gross, sink, net = (
        f"int {what} dV, {region.zones}" for what in ("heating", "cooling", "(heating - cooling)")
    )
    ratio = f"net heating/(L of {names} at {place})"
    words = f"L of {names} at {place}, {where}"
    dark = none or DARK
    entries = (
        ("gross_heating", total.gross_heating, "erg / s", f"gross heating by {names}, {where}", gross, none),
        ("cooling", total.cooling, "erg / s", f"cooling by {names}, {where}", sink, none),
        ("net_heating", total.net_heating, "erg / s", f"net heating by {names}, {where}", net, none),
        ("luminosity", luminosity, "erg / s", words, "4 pi r^2 F", none),
        ("efficiency", efficiency, "1", f"heating efficiency of {names}, {where}", ratio, dark),
    )
    labels = _scalars(entries, frame=frame, heating_species=names)
    return {name + suffix: value for name, value in labels.items()}


def _times(background: Background, region: GainRegion, total: GainIntegrals) -> dict[str, Variable]:
    """Label advection and heating times, energies and the ante-sonic ratio."""
    rate, none = accretion_rate(background), region.why_empty
    energy_density = total_energy_density(background)
    thermal = float(np.sum(thermal_energy_density(background) * region.volume))
    energy = float(np.sum(energy_density * region.volume))
    unbound = float(np.sum(np.maximum(energy_density, 0.0) * region.volume))
    net = total.net_heating if total.net_heating > 0.0 else math.nan
    advection, path = total.mass / rate, path_time(region.path, background.velocity)
    sonic = antesonic_ratio(background, region.path > 0.0)
    still = none or "matter does not fall in"
    cold = none or "net heating is not positive, or matter does not fall in"
    weightless = none or "no zone, or no mass, to escape from"
    gas = "3 (P - nT) + 3/2 nT: relativistic gas and ideal ions; no rest mass, no binding"
    every = "thermal + rho v^2/2 + rho c^2 (alpha - 1)"
    positive = f"where {every} > 0, {region.zones}"
    flow = f"4 pi r^2 rho |v| {accretion_zone(background)[1]}"
    ratio = "tau_adv/tau_heat; above 1 favours runaway; in 1D an indicator, not a prediction"
    sound = (
        "max of c_s^2/v_esc^2 in the gain region, c_s adiabatic at fixed composition; about 0.19 is critical"
    )
    return _scalars(
        (
            ("accretion_rate", rate, "g / s", "accretion rate", flow, "matter does not fall in"),
            ("advection_time", advection, "s", "advection time, mass", "mass/accretion rate", still),
            ("advection_time_path", path, "s", "advection time, path", "int dr/|v|", still),
            ("thermal_energy", thermal, "erg", "thermal energy of the gain region", gas, none),
            ("total_energy", energy, "erg", "total energy of the gain region", every, none),
            (
                "diagnostic_energy",
                unbound,
                "erg",
                "energy of unbound zones of the gain region",
                positive,
                none,
            ),
            ("heating_time_thermal", thermal / net, "s", "heating time, thermal", "thermal energy/Q", cold),
            ("heating_time_total", abs(energy) / net, "s", "heating time, total", "|total energy|/Q", cold),
            ("time_ratio_thermal", advection * net / thermal, "1", "time ratio, thermal", ratio, cold),
            ("time_ratio_total", advection * net / abs(energy), "1", "time ratio, total energy", ratio, cold),
            ("antesonic_ratio", sonic, "1", "ante-sonic ratio", sound, weightless),
        )
    )
