"""Electron fraction of ejecta: equilibrium with the neutrinos, gravitational redshift, and a coasting wind.

The moments of a stored solution are local: the redshift is already in them. Only a luminosity and a spectrum
given at a neutrinosphere are redshifted here; nothing is redshifted twice.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.opacity import OpacitySpectra
from microphysics.spectrum import FermiDirac
from microphysics.weak.couplings import WeakCouplings
from snsim.diagnostics._labels import STATIC_FRAME, labelled
from snsim.diagnostics.gain_integrals import gain_radius
from snsim.diagnostics.neutrino_heating import HEATING_SPECIES, heating_and_cooling
from snsim.diagnostics.neutrinosphere import transport_radius
from snsim.diagnostics.nucleon_capture import (
    SIGNS,
    absorption_rate,
    cross_section,
    mean_cross_section,
    sphere_flux_factor,
)
from snsim.transport.background import Background
from snsim.transport.moments import mean_energy, rms_number
from snsim.transport.solution import TransportSolution
from snsim.variable import Variable

Array = NDArray[np.float64]
Values = float | Array

__all__ = [
    "coasting_wind",
    "cross_section",
    "equilibrium_electron_fraction",
    "fuller_qian_factor",
    "integrate_electron_fraction",
    "mean_cross_section",
    "observe",
    "qian_woosley",
    "redshift_factor",
    "sphere_flux_factor",
]

DEFAULT_VELOCITY = 3e9  # cm/s, a fast wind; an option of `observe`
REFERENCES = (
    "Qian & Woosley 1996, ApJ 471, 331; Horowitz 2002, PRD 65, 043001; "
    "Fuller & Qian 1996, Nucl. Phys. A 606, 167"
)
NO_SPHERE = "inside a neutrinosphere, or no neutrinosphere on the grid, or not both nue and anue"
NO_NUCLEONS = "no free neutrons or no free protons to capture on"
NO_LAUNCH = "no gain radius to launch from: give launch_radius"


def equilibrium_electron_fraction(rate_nue: Values, rate_anue: Values) -> Array:
    """Y_e at which captures of nue on n and anue on p balance, lambda_n/(lambda_n + lambda_p).

    Parameters
    ----------
    rate_nue, rate_anue : array_like
        Captures per neutron of nue and per proton of anue, in one unit.
    """
    total = np.asarray(rate_nue, dtype=np.float64) + rate_anue
    return np.divide(rate_nue, total, out=np.full(np.shape(total), np.nan), where=total > 0.0)


def qian_woosley(
    luminosity_nue: Values,
    luminosity_anue: Values,
    energy_nue: Values,
    energy_anue: Values,
    mass_difference: float = CODATA.nucleon_mass_difference,
) -> Array:
    """Equilibrium Y_e in closed form, without weak magnetism and electron mass.

    Parameters
    ----------
    luminosity_nue, luminosity_anue : array_like
        In one unit.
    energy_nue, energy_anue : array_like
        <E^2>/<E>, MeV (not the mean energy).
    mass_difference : float
        m_n - m_p, MeV.

    References
    ----------
    .. [1] Qian & Woosley 1996, ApJ 471, 331, eq. 77.

    Examples
    --------
    >>> round(float(qian_woosley(1e52, 1e52, 16.4238407, 16.4238407)), 6)
    0.578166
    """
    d, nue, anue = 2.0 * mass_difference, np.asarray(energy_nue), np.asarray(energy_anue)
    above = luminosity_anue * (anue - d + 0.3 * d**2 / anue)
    below = luminosity_nue * (nue + d + 0.3 * d**2 / nue)
    return 1.0 / (1.0 + above / below)


def redshift_factor(lapse_emission: Values, lapse: Values) -> Array:
    """Local energy over the one at emission, z = alpha(r_nu)/alpha(r); luminosities go with z^2."""
    return np.asarray(lapse_emission, dtype=np.float64) / lapse


def fuller_qian_factor(lapse_nue: Values, lapse_anue: Values) -> Array:
    """Leading-order factor on (L E)_anue/(L E)_nue, (alpha(r_anue)/alpha(r_nue))^3 (Fuller & Qian 1996)."""
    return (np.asarray(lapse_anue, dtype=np.float64) / lapse_nue) ** 3


def coasting_wind(
    radius: Values,
    launch_radius: float,
    velocity: float,
    initial: float,
    dose_nue: float,
    dose_anue: float,
) -> Array:
    """Y_e of a free-nucleon wind that coasts away from a steady point source.

    Parameters
    ----------
    radius : array_like
        cm, beyond the launch; infinity is allowed.
    launch_radius, velocity : float
        cm and cm/s.
    initial : float
        Y_e at launch.
    dose_nue, dose_anue : float
        r^2 times the capture rates per neutron and per proton, L <sigma>/(4 pi <E>), cm^2/s.

    Returns
    -------
    ndarray
        Y_eq + (Y_0 - Y_eq) exp[-(A_n + A_p)/v (1/r_0 - 1/r)]; no e+- capture, no alpha particles, flat space.
    """
    balance = equilibrium_electron_fraction(dose_nue, dose_anue)
    exposure = (dose_nue + dose_anue) / velocity * (1.0 / launch_radius - 1.0 / np.asarray(radius))
    return balance + (initial - balance) * np.exp(-exposure)


def integrate_electron_fraction(time: Array, rate_nue: Array, rate_anue: Array, initial: float) -> Array:
    """Y_e(t) of free nucleons under given capture rates, dY_e/dt = lambda_n (1 - Y_e) - lambda_p Y_e.

    Exponential steps with the geometric mean of the rates at both ends: second order in general, with no
    limit on the step by stiffness, and exact for rates that go with 1/r^2 along a coasting wind.

    Parameters
    ----------
    time : ndarray, shape (time,)
        Proper time of the fluid, s, rising.
    rate_nue, rate_anue : ndarray, shape (time,)
        Captures per neutron and per proton, 1/s; may include e+ and e- capture.
    initial : float
        Y_e at the first time.

    Returns
    -------
    ndarray, shape (time,)
        Y_e, always between `initial` and the equilibria passed through.
    """
    gain = np.sqrt(rate_nue[1:] * rate_nue[:-1])
    loss = np.sqrt(rate_anue[1:] * rate_anue[:-1])
    decay = np.exp(-(gain + loss) * np.diff(time))
    balance = np.divide(gain, gain + loss, out=np.zeros_like(gain), where=gain + loss > 0.0)
    values = np.empty_like(np.asarray(time, dtype=np.float64))
    values[0] = initial
    for i in range(decay.size):
        values[i + 1] = balance[i] + (values[i] - balance[i]) * decay[i]
    return values


def local_rates(
    solution: TransportSolution,
    couplings: WeakCouplings | None = None,
    *,
    magnetism: bool = True,
    zones: slice = slice(None),
) -> tuple[Array, Array]:
    """Rate of captures per neutron and per proton in the solution's own radiation, 1/s, each shape (zone,).

    c N <sigma> with the local spectrum: neither a flux factor nor a redshift is missing. NaN outside the `zones` asked for.
    """
    rates = np.full((2, solution.number_density.shape[-1]), np.nan)
    for rate, name in zip(rates, HEATING_SPECIES, strict=True):
        if name in solution.species:
            i = solution.species.index(name)
            spectrum = FermiDirac(solution.neutrino_temperature[i, zones], solution.degeneracy[i, zones])
            mean = mean_cross_section(spectrum, SIGNS[name], couplings, magnetism=magnetism)
            rate[zones] = CODATA.speed_of_light * solution.number_density[i, zones] * mean
    return rates[0], rates[1]


def sphere_rates(
    background: Background,
    solution: TransportSolution,
    spheres: Array,
    couplings: WeakCouplings | None = None,
    *,
    redshift: bool = True,
    zones: slice = slice(None),
) -> tuple[Array, Array]:
    """Rate of captures if all emission came from sharp neutrinospheres, 1/s, each shape (zone,).

    Luminosity and spectrum are taken at the sphere and carried outward, with E z and L z^2 if `redshift`. NaN outside the
    `zones` asked for.

    Parameters
    ----------
    background, solution
        The stored run.
    spheres : ndarray, shape (species,)
        Neutrinosphere radii, cm.
    couplings : WeakCouplings, optional
        None means the default.
    redshift : bool
        Whether z = alpha(r_nu)/alpha(r) is applied.
    """
    rates = np.full((2, background.radius.size), np.nan)
    radius, lapses = background.radius[zones], background.lapse[zones]
    for rate, name in zip(rates, HEATING_SPECIES, strict=True):
        i = solution.species.index(name)
        sphere = float(spheres[i])
        temperature = float(np.interp(sphere, background.radius, solution.neutrino_temperature[i]))
        degeneracy = float(np.interp(sphere, background.radius, solution.degeneracy[i]))
        luminosity = float(np.interp(sphere, background.radius_interface, solution.luminosity[i]))
        lapse = float(np.interp(sphere, background.radius_interface, background.lapse_interface))
        # without a redshift one spectrum, and one average of it, serves all zones
        z = redshift_factor(lapse, lapses) if redshift else np.float64(1.0)
        rate[zones] = absorption_rate(
            luminosity * z**2,
            FermiDirac(temperature * z, degeneracy),
            radius,
            SIGNS[name],
            flux_factor=sphere_flux_factor(radius, sphere),
            couplings=couplings,
        )
    return rates[0], rates[1]


def observe(
    background: Background,
    spectra: OpacitySpectra,
    solution: TransportSolution,
    *,
    launch_radius: float | None = None,
    velocity: float = DEFAULT_VELOCITY,
    initial_electron_fraction: float | None = None,
    couplings: WeakCouplings | None = None,
    spheres: Array | None = None,
) -> dict[str, Variable]:
    """Equilibrium Y_e outside the neutrinospheres, and Y_e along a coasting wind.

    Parameters
    ----------
    background, spectra, solution
        The stored run.
    launch_radius : float, optional
        Where the wind starts, cm; None means the gain radius.
    velocity : float
        dr/dtau of the wind, cm/s.
    initial_electron_fraction : float, optional
        At launch; None means that of the matter there.
    couplings : WeakCouplings, optional
        Those of the opacities; None means the default.
    spheres : ndarray, shape (species,), optional
        Of `neutrinosphere.transport_radius`, where they are known already; cm.

    Returns
    -------
    dict of Variable
        (zone): ``equilibrium``, ``equilibrium_with_capture``, ``equilibrium_no_weak_magnetism``, ``equilibrium_sphere_flat``,
        ``equilibrium_sphere_redshift``, ``relaxation_time``, ``wind``, ``wind_time``; scalars: the first four
        at the outermost zone with the prefix ``outer_``, ``outer_qian_woosley``, ``wind_launch_radius``,
        ``wind_infinity``, ``wind_infinity_closed_form``.
    """
    if spheres is None:
        spheres = transport_radius(background, spectra, solution)
    radii = dict(zip(solution.species, spheres, strict=True))
    # nothing is outside a sphere that is not there: NaN compares false
    outside = background.radius > np.max([radii.get(name, math.nan) for name in HEATING_SPECIES])
    launch = _launch(background, solution) if launch_radius is None else launch_radius
    # from the first zone outside, or from the one that the wind starts in
    first = [np.flatnonzero(outside)[:1], np.searchsorted(background.radius, [launch]) - 1]
    zones = slice(max(int(np.min(np.concatenate(first))), 0), None)
    rates = local_rates(solution, couplings, zones=zones)
    found = _equilibria(background, solution, spheres, outside, rates, zones, couplings)
    return found | _wind(background, rates, launch, velocity, initial_electron_fraction)


def _with_capture(
    background: Background, solution: TransportSolution, rates: tuple[Array, Array]
) -> tuple[Array, Array]:
    """Add e+ n and e- p to the rates per neutron and per proton, 1/s: number emission over the targets.

    Too simple in three ways. The rates are those of the star's electrons and nucleons as they are: matter that drifts to
    another Y_e changes its electron degeneracy and with it the captures, so that the value is no fixed point of its own
    where captures matter much and Y_e differs from it. All of the emission counts as capture on free nucleons, that by pairs
    and bremsstrahlung or by nuclei too. Alphas, which pull Y_e to 0.5, are left out. `snsim.ejecta` has none of these limits.

    NaN where there are no targets: a rate for each of them is then unknown, not zero.
    """
    totals = []
    targets = (background.matter.number_density_neutron, background.matter.number_density_proton)
    for absorbed, target, emitted in zip(rates, targets, ("anue", "nue"), strict=True):
        if emitted not in solution.species:
            return np.full_like(rates[0], np.nan), np.full_like(rates[1], np.nan)
        emission = solution.emission_number[solution.species.index(emitted)]
        captured = np.divide(emission, target, out=np.full_like(emission, np.nan), where=target > 0.0)
        totals.append(absorbed + captured)
    return totals[0], totals[1]


def _equilibria(
    background: Background,
    solution: TransportSolution,
    spheres: Array,
    outside: NDArray[np.bool_],
    rates: tuple[Array, Array],
    zones: slice,
    couplings: WeakCouplings | None,
) -> dict[str, Variable]:
    """Label the equilibrium Y_e of every zone outside the spheres, and of the outermost one."""
    nowhere = np.full_like(background.radius, np.nan)
    flat = red = (nowhere, nowhere)
    if outside.any():
        flat = sphere_rates(background, solution, spheres, couplings, redshift=False, zones=zones)
        red = sphere_rates(background, solution, spheres, couplings, zones=zones)
    from_sphere = "L and spectrum of each gray transport neutrinosphere, sharp-sphere dilution"
    local = "solution's own local number densities and spectra (already redshifted)"
    bare = local_rates(solution, couplings, magnetism=False, zones=zones)
    entries = {
        "equilibrium": (rates, "equilibrium electron fraction", local),
        "equilibrium_no_weak_magnetism": (bare, "the same without weak magnetism", local),
        "equilibrium_sphere_flat": (flat, "the same from neutrinospheres, flat", from_sphere),
        "equilibrium_sphere_redshift": (
            red,
            "the same from neutrinospheres, redshifted",
            f"{from_sphere}; E z, L z^2, z = alpha(r_nu)/alpha(r)",
        ),
    }
    found = {}
    for name, (both, words, definition) in entries.items():
        values = np.where(outside, equilibrium_electron_fraction(*both), np.nan)
        labels = {
            "definition": f"lambda_n/(lambda_n + lambda_p), {definition}; no e+- capture, no alpha particles",
            "frame": STATIC_FRAME,
            "references": REFERENCES,
            "reason": NO_SPHERE,
        }
        found[name] = labelled(("zone",), values, "1", words, **labels)
        found[f"outer_{name}"] = labelled((), values[-1], "1", f"{words}, outermost zone", **labels)
    captures = _with_capture(background, solution, rates)
    matter = background.matter
    bound = outside & ~((matter.number_density_neutron > 0.0) & (matter.number_density_proton > 0.0))
    found["equilibrium_with_capture"] = labelled(
        ("zone",),
        np.where(outside, equilibrium_electron_fraction(*captures), np.nan),
        "1",
        "equilibrium electron fraction with electron and positron capture",
        definition="as equilibrium, with the stored number emission of nue and anue, all of it, for captures of e- on free "
        "protons and of e+ on free neutrons; electrons and nucleons those of the star's own Y_e; no alpha particles",
        frame=STATIC_FRAME,
        references=REFERENCES,
        reason=f"{NO_SPHERE}; outside: {NO_NUCLEONS}" if bound.any() else NO_SPHERE,
    )
    total = rates[0] + rates[1]
    found["relaxation_time"] = labelled(
        ("zone",),
        np.divide(1.0, total, out=nowhere.copy(), where=outside & (total > 0.0)),
        "s",
        "time to reach the equilibrium",
        definition="1/(lambda_n + lambda_p)",
        frame=STATIC_FRAME,
        reason=NO_SPHERE,
    )
    closed = _outer_closed_form(solution) if outside.any() else math.nan
    found["outer_qian_woosley"] = labelled(
        (),
        closed,
        "1",
        "Qian & Woosley closed form, outermost zone",
        reason=NO_SPHERE,
        references=REFERENCES,
        definition="their eq. 77 with local L and <E^2>/<E>; no weak magnetism, no electron mass",
    )
    return found


def _outer_closed_form(solution: TransportSolution) -> float:
    """Qian & Woosley's formula with luminosities of the outer edge and spectra of the outermost zone."""
    nue, anue = (solution.species.index(name) for name in HEATING_SPECIES)
    with np.errstate(invalid="ignore", divide="ignore"):  # where there are no neutrinos
        energy = rms_number(solution)[:, -1] ** 2 / mean_energy(solution)[:, -1]
        light = solution.luminosity[:, -1]
        return float(qian_woosley(light[nue], light[anue], energy[nue], energy[anue]))


def _launch(background: Background, solution: TransportSolution) -> float:
    """Gain radius, cm; NaN if there is none."""
    heating, cooling = heating_and_cooling(solution)
    edge = background.radius_interface[-1]
    outer = edge if math.isnan(background.shock_radius) else min(background.shock_radius, edge)
    return gain_radius(background.radius, (heating - cooling) / background.matter.density, outer)


def _wind(
    background: Background,
    rates: tuple[Array, Array],
    launch: float,
    velocity: float,
    initial: float | None,
) -> dict[str, Variable]:
    """Label Y_e along a wind that coasts through the solution's own radiation, and its closed form."""
    radius = background.radius
    time, fraction = np.full_like(radius, np.nan), np.full_like(radius, np.nan)
    end = closed = math.nan
    if launch < radius[-1]:
        beyond = radius > launch
        path = np.concatenate([[launch], radius[beyond]])
        # r^2 times the rate varies slowly, so it is what is interpolated to the launch
        at_launch = [float(np.interp(launch, radius, radius**2 * rate)) / launch**2 for rate in rates]
        along = [
            np.concatenate([[first], rate[beyond]]) for first, rate in zip(at_launch, rates, strict=True)
        ]
        matter = float(np.interp(launch, radius, background.matter.electron_fraction))
        start = matter if initial is None else initial
        history = integrate_electron_fraction((path - launch) / velocity, along[0], along[1], start)
        time[beyond], fraction[beyond] = (path[1:] - launch) / velocity, history[1:]
        dose = [float(rate[-1] * radius[-1] ** 2) for rate in rates]
        end = float(coasting_wind(math.inf, float(radius[-1]), velocity, float(history[-1]), *dose))
        closed = float(coasting_wind(math.inf, launch, velocity, start, *dose))
    why = NO_LAUNCH if math.isnan(launch) else "inside the launch radius, or launched beyond the grid"
    labels = {
        "reason": why,
        "frame": "proper time of the wind; captures as seen by static observers",
        "definition": f"r = r_0 + v t, v = {velocity:.6g} cm/s; free nucleons, no e+- capture, no alphas",
        "references": REFERENCES,
    }
    return {
        "wind": labelled(("zone",), fraction, "1", "electron fraction of a coasting wind", **labels),
        "wind_time": labelled(("zone",), time, "s", "time since launch", **labels),
        "wind_launch_radius": labelled((), launch, "cm", "launch radius of the wind", **labels),
        "wind_infinity": labelled((), end, "1", "final electron fraction of the wind", **labels),
        "wind_infinity_closed_form": labelled(
            (), closed, "1", "the same for a point source as bright as at the outermost zone", **labels
        ),
    }
