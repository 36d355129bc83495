"""How near a star is to the runaway of its stalled shock, by every published measure, none of which is a prediction."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.opacity import OpacitySpectra
from microphysics.spectrum import FermiDirac
from microphysics.weak.couplings import WeakCouplings
from snsim.diagnostics import gain_region
from snsim.diagnostics._labels import labelled
from snsim.diagnostics.accretion_closures import Closure
from snsim.diagnostics.accretion_flow import (
    accretion_rate,
    accretion_zone,
    escape_speed_squared,
    sound_speed_squared,
)
from snsim.diagnostics.accretion_shock import (
    NO_CRITICAL,
    NOWHERE,
    CriticalPoint,
    LightBulb,
    NeutrinoEmission,
    critical_curve,
    critical_luminosity,
)
from snsim.diagnostics.explosion_conditions import (
    ANTESONIC_GENERAL,
    ANTESONIC_ISOTHERMAL,
    CAVEAT,
    accretion_power,
    burrows_goshy,
    compactness,
    force_explosion_condition,
    mueller_janka_scaling,
    pejcha_thompson,
)
from snsim.diagnostics.gain_region import GainRegion, find_gain_region
from snsim.diagnostics.heating_rates import first_principles
from snsim.diagnostics.neutrino_heating import heating_and_cooling, heating_rows
from snsim.diagnostics.neutrinosphere import transport_radius
from snsim.transport.background import Background
from snsim.transport.moments import rms_energy
from snsim.transport.solution import TransportSolution
from snsim.variable import Variable

Array = NDArray[np.float64]

COMPACTNESS_MASS = 1.75 * CODATA.solar_mass
REFERENCES = (
    "Burrows & Goshy 1993, ApJ 416, L75; Pejcha & Thompson 2012, ApJ 746, 106; Mueller & Janka 2015, MNRAS 448, 2141; "
    "Gogilashvili & Murphy 2022, MNRAS 515, 1610; O'Connor & Ott 2011, ApJ 730, 70; Nordhaus et al. 2010, ApJ 720, 694"
)
CURVE = np.geomspace(0.25, 4.0, 9)  # accretion rates of the critical curve over the run's own
NOT_BOTH = "the solution has no nue, or no anue"
NO_SPHERE = "nue or anue has no neutrinosphere"
AT_REST = "matter does not fall in"
DARK = "luminosity or energy of nue or anue not positive at the shock"
DARK_SPHERE = "nue and anue have no energy density at the neutrinosphere"
BEYOND = "the grid ends inside the shock"
NOTHING_BETWEEN = "no zone centre between neutrinosphere and shock"
MATTER = "X_n, X_p: neutron_fraction, proton_fraction; eta_e = 0"  # of the heated flow
SPECTRUM_SQUARE = float(FermiDirac(1.0).rms_energy ** 2)  # <E^3>/<E> over T^2, 20.81


@dataclass(frozen=True)
class _Flow:
    """What the conditions are evaluated with: the neutron star's surface is the neutrinosphere; CGS, MeV^2.

    `why_not` says why there is no flow at all, `why_dark` why it has no neutrinos to be driven by.
    """

    radius: float
    mass: float
    rate: float
    density: float
    shock: float
    luminosity: Array
    square_energy: Array
    fractions: Array
    why_not: str
    why_dark: str


def observe(
    background: Background,
    spectra: OpacitySpectra,
    solution: TransportSolution,
    *,
    compactness_mass: float = COMPACTNESS_MASS,
    gain_criterion: str = "sign_change",
    couplings: WeakCouplings | None = None,
    spheres: Array | None = None,
) -> dict[str, Variable]:
    """Every measure of how near to an explosion a solution is.

    Parameters
    ----------
    background, spectra, solution
        The stored run.
    compactness_mass : float
        Rest mass inside whose radius the compactness is taken, g.
    gain_criterion : str
        Of the gain region, as of `gain_region.observe`.
    couplings : WeakCouplings, optional
        Of heating and cooling in the critical luminosity.
    spheres : ndarray, shape (species,), optional
        Of `neutrinosphere.transport_radius`, where they are known already; cm.

    Returns
    -------
    dict of Variable
        ``critical_curve`` over ``critical_accretion_rate`` (rate) with the run's neutrinos and surface, else scalars:
        ante-sonic ratios; force condition; critical luminosity for the run's accretion rate, mass and
        neutrinosphere, with two closures, mass fractions of its heated matter, and the run's own luminosity over it;
        published fits; ratio of advection to heating time;
        compactness. All carry the attribute ``caveat``.
    """
    if spheres is None:
        spheres = transport_radius(background, spectra, solution)
    region = find_gain_region(background, spectra, solution, gain_criterion, spheres)
    flow = _flow(background, solution, region)
    found = _antesonic(background, flow)
    found |= _force(background, solution, region, flow)
    point, critical = _critical(background, flow, couplings)
    found |= critical | _curve(flow, couplings, point)
    found |= _fits(region, flow)
    heated = gain_region.observe(
        background, spectra, solution, gain_criterion=gain_criterion, spheres=spheres
    )
    for name, variable in heated.items():
        if name in ("time_ratio_thermal", "time_ratio_total", "diagnostic_energy"):
            found[name] = variable
    xi = compactness(background.rest_mass, background.radius_interface, compactness_mass)
    mass = compactness_mass / CODATA.solar_mass
    found["compactness"] = _number(
        xi, "1", f"compactness at {mass:g} Msun", "(M/Msun)/(R(M)/1000 km), rest mass, of this instant",
        f"the grid does not hold {mass:g} Msun",
    )  # fmt: skip
    return {
        name: Variable(v.dims, v.values, v.unit, v.long_name, {**v.attributes, "caveat": CAVEAT})
        for name, v in found.items()
    }


def _flow(background: Background, solution: TransportSolution, region: GainRegion) -> _Flow:
    """Neutron star, accretion and neutrinos of a run; `why_not` says what is missing."""
    rows = heating_rows(solution)
    rate, radius, shock = accretion_rate(background), region.sphere, region.outer
    between = (background.radius > radius) & (background.radius < shock)
    order = rows[np.argsort([solution.species[i] != "nue" for i in rows])]
    edges, matter = background.radius_interface, background.matter
    light = np.array([np.interp(shock, edges, solution.luminosity[i]) for i in order])
    squares = np.array([np.interp(shock, background.radius, rms_energy(solution)[i] ** 2) for i in order])
    missing = (
        (rows.size < 2, NOT_BOTH),
        (math.isnan(shock), background.why_no_shock),
        (background.shock_radius > edges[-1], BEYOND),
        (math.isnan(radius), NO_SPHERE),
        (math.isnan(rate), AT_REST),
        (shock <= radius, "the shock lies inside a neutrinosphere"),
        (not between.any(), NOTHING_BETWEEN),
    )
    why = next((words for absent, words in missing if absent), "")
    nothing = np.full(2, math.nan)
    if why:
        return _Flow(radius, math.nan, rate, math.nan, shock, nothing, nothing, nothing, why, why)
    weight = np.diff(background.rest_mass) * between
    density = math.exp(np.interp(math.log(radius), np.log(background.radius), np.log(matter.density)))
    nucleons = np.stack([matter.mass_fraction_neutron, matter.mass_fraction_proton])
    fractions = nucleons @ weight / np.sum(weight)
    mass = float(np.interp(radius, edges, background.gravitational_mass))
    why_dark = "" if ((light > 0.0) & (squares > 0.0)).all() else DARK
    return _Flow(radius, mass, rate, density, shock, light, squares, fractions, "", why_dark)


def _antesonic(background: Background, flow: _Flow) -> dict[str, Variable]:
    """Largest c^2/v_esc^2 between neutrinosphere and shock, adiabatic and isothermal."""
    inside = (background.radius > flow.radius) & (background.radius < flow.shock)
    escape, matter = escape_speed_squared(background)[inside], background.matter
    adiabatic = isothermal = math.nan
    why = flow.why_not or "no zone, or no mass, to escape from"
    if not flow.why_not and escape.size and (escape > 0.0).all():
        adiabatic = float(np.max(sound_speed_squared(matter)[inside] / escape))
        isothermal = float(np.max((matter.pressure / matter.density)[inside] / escape))
    words = "max of {}^2/v_esc^2 between neutrinosphere and shock, v_esc^2 = 2Gm/r; {} is critical for {}"
    entries = {
        "antesonic_ratio": (
            adiabatic,
            "c_s",
            f"about {ANTESONIC_GENERAL:g}",
            "a general flow, c_s adiabatic",
        ),
        "antesonic_isothermal": (
            isothermal,
            "c_T",
            f"{ANTESONIC_ISOTHERMAL:g}",
            "isothermal flow, c_T^2 = P/rho",
        ),
    }
    return {
        name: _number(value, "1", name.replace("_", " "), words.format(*rest), why)
        for name, (value, *rest) in entries.items()
    }


def _force(
    background: Background, solution: TransportSolution, region: GainRegion, flow: _Flow
) -> dict[str, Variable]:
    """Force explosion condition with gross and net power of the gain region; it needs no luminosity at the shock."""
    why = flow.why_not or region.why_empty or "there is nothing to heat"
    power = gross = net = threshold = opacity = margin = margin_net = ratio = math.nan
    if not flow.why_not:
        power = float(accretion_power(flow.rate, flow.mass, flow.radius))
        opacity = _surface_opacity(background, solution, flow.radius)
        why = DARK_SPHERE if math.isnan(opacity) else why
        heating, cooling = (float(np.sum(each * region.volume)) for each in heating_and_cooling(solution))
        gross, net = heating, heating - cooling
        surface = (flow.rate, flow.mass, flow.radius, opacity)
        found, with_net = (force_explosion_condition(each, *surface) for each in (gross, net))
        ratio, margin, margin_net = found.power_ratio, found.margin, with_net.margin
        threshold = found.threshold_power
        opacity = found.opacity_ratio
    kappa = "kappa: mean absorption opacity of nue and anue per gram at the neutrinosphere"
    deposited = f"gross heating/(G M Mdot/R), {region.zones}"
    condition = f"L~ tau_g - 0.06 kappa~ - 0.38, > 0 favours runaway; power {region.zones}:"
    asked = "(0.38 + 0.06 kappa~) G M Mdot/R"
    entries = (
        (
            "accretion_power",
            power,
            "erg / s",
            "accretion power",
            "G M Mdot/R at the smaller transport sphere",
        ),
        ("force_power_ratio", ratio, "1", "deposited over accretion power", deposited),
        (
            "force_opacity_ratio",
            opacity,
            "1",
            "opacity of accreted matter",
            f"kappa Mdot/sqrt(G M R), {kappa}",
        ),
        ("force_margin", margin, "1", "force condition, margin", f"{condition} gross"),
        ("force_margin_net", margin_net, "1", "force condition, margin, net", f"{condition} net"),
        ("force_threshold", threshold, "erg / s", "deposited power asked for", asked),
    )
    return {name: _number(value, unit, words, meaning, why) for name, value, unit, words, meaning in entries}


def _surface_opacity(background: Background, solution: TransportSolution, radius: float) -> float:
    """Mean absorption opacity of nue and anue by energy, cm^2/g, in the zone of a radius."""
    zone = int(np.argmin(np.abs(background.radius - radius)))
    pair = heating_rows(solution)
    energy, absorbed = solution.energy_density[pair, zone], solution.absorption_energy[pair, zone]
    total = float(np.sum(energy))
    return (
        float(np.sum(energy * absorbed)) / total / background.matter.density[zone]
        if total > 0.0
        else math.nan
    )


def _critical(
    background: Background, flow: _Flow, couplings: WeakCouplings | None
) -> tuple[CriticalPoint, dict[str, Variable]]:
    """Critical luminosities for the run's accretion, and the run's own over them; first the point of its own neutrinos."""
    own = 0.5 * float(np.sum(flow.luminosity))
    found: dict[str, Variable] = {}
    first = None
    for suffix, heated in (("", MATTER), ("_light_bulb", "free nucleons throughout, eta_e = 0")):
        point, why = NOWHERE, flow.why_dark or NO_CRITICAL
        if not flow.why_dark:
            point = critical_luminosity(_closure(flow, suffix, couplings), flow.mass, flow.rate, near=first)
        first = first or point
        edge = "; set by the largest shock radius looked at, 600 km" if point.at_edge else ""
        meaning = f"closure: {point.closure or 'none'}; {heated}; point mass, no dissociation of nuclei{edge}"
        entries = (
            ("critical_luminosity", point.luminosity, "erg / s", "critical luminosity per species"),
            ("critical_shock_radius", point.shock_radius, "cm", "shock radius at the critical luminosity"),
            (
                "critical_antesonic_ratio",
                point.antesonic_ratio,
                "1",
                "ante-sonic ratio at the critical luminosity",
            ),
            ("luminosity_ratio", own / point.luminosity, "1", "luminosity over the critical one"),
        )
        found |= {
            name + suffix: _number(value, unit, words, meaning, why) for name, value, unit, words in entries
        }
    words = "(L_nue + L_anue)/2 at the shock, local"
    flow_words = f"4 pi r^2 rho |v| {accretion_zone(background)[1]}"
    mean = "mean by mass from neutrinosphere to shock, of the closure of the run's neutrinos"
    for kind, share in zip(("neutron", "proton"), flow.fractions.tolist(), strict=True):
        name = f"mass fraction of free {kind}s in the heated matter"
        found[f"{kind}_fraction"] = _number(share, "1", name, mean, flow.why_not)
    found["accretion_rate"] = _number(flow.rate, "g / s", "accretion rate", flow_words, AT_REST)
    found["luminosity"] = _number(own, "erg / s", "luminosity per species", words, flow.why_not)
    return first or NOWHERE, found


def _curve(flow: _Flow, couplings: WeakCouplings | None, point: CriticalPoint) -> dict[str, Variable]:
    """Critical luminosity along the accretion rate, everything else that of the run."""
    rates, light, closure = flow.rate * CURVE, np.full_like(CURVE, math.nan), "none"
    if not flow.why_dark:
        driven = _closure(flow, "", couplings)
        closure = driven.name
        curve = critical_curve(rates, driven, flow.mass, near=point)
        light = np.where(curve.at_edge, math.nan, curve.luminosity)
    along, why = ("rate",), flow.why_dark or f"{NO_CRITICAL}, or its shock would stand beyond 600 km"
    return {
        "critical_accretion_rate": labelled(
            along, rates, "g / s", "accretion rate of the critical curve", reason=AT_REST
        ),
        "critical_curve": labelled(
            along,
            light,
            "erg / s",
            "critical luminosity per species",
            definition=f"closure: {closure}; {MATTER}",
            reason=why,
            references=REFERENCES,
        ),
    }


def _closure(flow: _Flow, suffix: str, couplings: WeakCouplings | None) -> Closure:
    """Neutrinos and surface of the run, or a light bulb of their mean temperature."""
    if suffix:
        square = float(np.sum(flow.luminosity * flow.square_energy) / np.sum(flow.luminosity))
        return LightBulb(math.sqrt(square / SPECTRUM_SQUARE))
    return NeutrinoEmission(
        luminosity_nue=float(flow.luminosity[0]),
        luminosity_anue=float(flow.luminosity[1]),
        square_energy_nue=float(flow.square_energy[0]),
        square_energy_anue=float(flow.square_energy[1]),
        radius=flow.radius,
        coefficients=first_principles(couplings),
        neutron_fraction=float(flow.fractions[0]),
        proton_fraction=float(flow.fractions[1]),
        inner_density=flow.density,
    )


def _fits(region: GainRegion, flow: _Flow) -> dict[str, Variable]:
    """Evaluate published fits and scalings with the run's numbers."""
    quoted = "coefficients as quoted, not compared with the paper"
    values = [math.nan] * 4
    if not flow.why_not:
        values = [
            float(burrows_goshy(flow.rate)),
            float(pejcha_thompson(flow.rate, flow.mass, flow.radius)),
            float(mueller_janka_scaling(flow.rate, flow.mass, region.radius)),
            math.nan if flow.why_dark else float(np.sum(flow.luminosity * flow.square_energy)),
        ]
    first = f"5e52 (Mdot/1.1 Msun/s)^(1/2.3), {quoted}"
    second = f"8.18e51 tau^0.206 Mdot^0.723 (M/1.2 Msun)^1.84 (R/60 km)^-1.61, tau = 2/3, {quoted}"
    third = "(Mdot M)^(3/5) r_gain^(-2/5) in Msun/s, Msun, 100 km; only ratios of two stars mean anything"
    fourth = "sum of L <E^3>/<E> of nue and anue at the shock"
    why, no_radius = flow.why_not, flow.why_not or region.why_no_radius
    entries = (
        ("burrows_goshy", "erg / s", "critical luminosity, Burrows & Goshy 1993", first, why),
        ("pejcha_thompson", "erg / s", "critical luminosity, Pejcha & Thompson 2012", second, why),
        ("mueller_janka_scaling", "1", "scaling of critical heating, Mueller & Janka 2015", third, no_radius),
        ("heating_functional", "MeV2 erg / s", "heating functional", fourth, flow.why_dark),
    )
    return {name: _number(value, *rest) for value, (name, *rest) in zip(values, entries, strict=True)}


def _number(value: float, unit: str, words: str, definition: str, reason: str) -> Variable:
    """Label one number."""
    return labelled((), value, unit, words, definition=definition, reason=reason, references=REFERENCES)
