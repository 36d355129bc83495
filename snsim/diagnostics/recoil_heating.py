"""Heating of ejecta by recoils of coherent scattering, beside capture on free nucleons at the same place.

A recoil takes 1e-4 of a neutrino's energy, a capture all of it: both terms stand here so that nobody has to guess.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from microphysics import recoil_heating as recoils
from microphysics._registry import FORM_FACTORS
from microphysics.constants import CODATA
from microphysics.nuclei import Nucleus
from microphysics.opacity import OpacitySpectra
from microphysics.spectrum import FermiDirac, Spectrum
from microphysics.weak.cevns import CEvNS
from microphysics.weak.couplings import WeakCouplings
from snsim.diagnostics._labels import STATIC_FRAME, labelled
from snsim.diagnostics.kick import SPECIES_COUNT
from snsim.diagnostics.neutrinosphere import transport_radius
from snsim.diagnostics.nucleon_capture import SIGNS, cross_section, threshold
from snsim.transport.background import Background
from snsim.transport.solution import TransportSolution
from snsim.variable import Variable

Array = NDArray[np.float64]
Zones = slice | NDArray[np.bool_]

REFERENCES = f"{recoils.REFERENCES}; Horowitz 2002, PRD 65, 043001 (capture)"
MASS_NUMBER, CHARGE_NUMBER = 130.0, 50.0  # of the second peak of the r process
LAUNCH_RADIUS = 3e7  # cm
DEFAULT_VELOCITY = 3e9  # cm/s
_FLAVORS = {"nue": ("nue",), "anue": ("anue",), "nux": ("numu", "anumu", "nutau", "anutau")}
EVERYWHERE = slice(None)
_NO_SPHERE = "inside a neutrinosphere, or a species has none on the grid"
_LABELS = {"frame": STATIC_FRAME, "references": REFERENCES}


def recoil_rate(solution: TransportSolution, scattering: CEvNS, zones: Zones = EVERYWHERE) -> Array:
    """Recoil heating of one nucleus in the solution's own radiation, MeV/s per baryon, shape (species, zone).

    c N <sigma T>/A with the local number density and spectrum; nux stands for four species, each with its own couplings.
    `zones` chooses some.
    """
    rates = np.empty_like(solution.number_density[:, zones])
    for i, name in enumerate(solution.species):
        spectrum = FermiDirac(solution.neutrino_temperature[i, zones], solution.degeneracy[i, zones])
        mean = _mean_recoil(scattering, spectrum, _FLAVORS[name])
        rates[i] = SPECIES_COUNT[name] * CODATA.speed_of_light * solution.number_density[i, zones] * mean
    return rates / scattering.nucleus.mass_number


def _as_scattered(scattering: CEvNS, flavor: str) -> str:
    """Neutrino whose cross section an antineutrino shares, so that it is computed once."""
    alike = scattering.axial is None and not scattering.new_physics
    return flavor.removeprefix("a") if alike else flavor


def _mean_recoil(scattering: CEvNS, spectrum: Spectrum, flavors: Sequence[str]) -> Array:
    """<sigma T> over a spectrum, MeV cm^2, mean of some flavours."""
    different = dict.fromkeys(_as_scattered(scattering, flavor) for flavor in flavors)  # equally often each

    def left(energy: Array) -> Array:
        each = [recoils.recoil_cross_section(scattering, energy, flavor) for flavor in different]
        return np.mean(each, axis=0)

    return spectrum.average(left)


def _mean_capture(name: str, weak: WeakCouplings, spectrum: Spectrum) -> Array:
    """<sigma E> of capture on a free nucleon over a spectrum, MeV cm^2."""
    sign = SIGNS[name]

    def absorbed(energy: Array) -> Array:
        return energy * cross_section(energy, sign, weak)

    return spectrum.average(absorbed, threshold(sign, weak))


def capture_rate(
    solution: TransportSolution,
    electron_fraction: Array,
    couplings: WeakCouplings | None = None,
    zones: Zones = EVERYWHERE,
) -> Array:
    """Energy of the nue and anue that free nucleons capture, MeV/s per baryon, shape (zone,).

    Parameters
    ----------
    solution : TransportSolution
        Radiation; a species that it lacks adds nothing.
    electron_fraction : ndarray, shape (zone,)
        Share of protons.
    couplings : WeakCouplings, optional
        None means the default.
    zones : slice or ndarray of bool
        Which zones of both.
    """
    weak, protons = couplings or WeakCouplings(), electron_fraction[zones]
    total = np.zeros_like(protons)
    for name, share in (("nue", 1.0 - protons), ("anue", protons)):
        if name not in solution.species:
            continue
        i = solution.species.index(name)
        spectrum = FermiDirac(solution.neutrino_temperature[i, zones], solution.degeneracy[i, zones])
        flux = CODATA.speed_of_light * solution.number_density[i, zones]
        total += share * flux * _mean_capture(name, weak, spectrum)
    return total


def coasting_energy(radius: Array, rate: Array, launch_radius: float, velocity: float) -> float:
    """Energy taken up by matter that coasts outwards from a radius, MeV per baryon.

    Parameters
    ----------
    radius : ndarray, shape (zone,)
        cm.
    rate : ndarray, shape (zone,)
        MeV/s per baryon; beyond the last zone it falls with 1/r^2.
    launch_radius, velocity : float
        cm and cm/s.

    Returns
    -------
    float
        int rate dr/v; NaN if the launch lies outside the zones or where the rate is undefined.

    Examples
    --------
    A rate that falls with 1/r^2 gives rate(r_0) r_0/v:

    >>> r = np.geomspace(1e7, 1e8, 400)
    >>> round(coasting_energy(r, 0.04 * (3e7 / r) ** 2, 3e7, 3e9), 6)
    0.0004
    """
    if not radius[0] <= launch_radius <= radius[-1]:
        return math.nan
    x = np.log(radius)
    outside = radius > launch_radius
    # r^2 times the rate is flat far out: the trapezium is then exact in 1/r
    strength = radius**2 * rate
    first = float(np.interp(math.log(launch_radius), x, strength))
    inverse = np.append(1.0 / launch_radius, 1.0 / radius[outside])
    values = np.append(first, strength[outside])
    inside = float(np.sum(0.5 * (values[1:] + values[:-1]) * -np.diff(inverse)))
    return (inside + float(values[-1] * inverse[-1])) / velocity


def observe(
    background: Background,
    spectra: OpacitySpectra,
    solution: TransportSolution,
    *,
    mass_number: float = MASS_NUMBER,
    charge_number: float = CHARGE_NUMBER,
    launch_radius: float = LAUNCH_RADIUS,
    velocity: float = DEFAULT_VELOCITY,
    form_factor: str = "helm",
    couplings: WeakCouplings | None = None,
    new_physics: Sequence[Any] = (),
    spheres: Array | None = None,
) -> dict[str, Variable]:
    """Power that recoils leave in ejecta made of one nucleus, and that captures leave in free nucleons there.

    Parameters
    ----------
    background, spectra, solution
        The stored run.
    mass_number, charge_number : float
        A and Z of the ejecta's nucleus; ejecta are so dilute that S(q) = 1.
    launch_radius, velocity : float
        cm and cm/s, of matter that coasts out through the radiation.
    form_factor, couplings, new_physics
        Those of the opacities.
    spheres : ndarray, shape (species,), optional
        Of `neutrinosphere.transport_radius`, where they are known already; cm.

    Returns
    -------
    dict of Variable
        (zone), outside the neutrinospheres: ``recoil_heating``, ``capture_heating`` in erg/(g s), ``ratio``; scalars
        ``launch_ratio``, ``launch_recoil_heating``, ``launch_capture_heating``, and ``coasting_recoil_energy``,
        ``coasting_capture_energy`` in MeV per baryon.
    """
    nucleus = Nucleus.of(mass_number, charge_number)
    scattering = CEvNS(
        nucleus, FORM_FACTORS[form_factor](nucleus), couplings or WeakCouplings(), tuple(new_physics)
    )
    if spheres is None:
        spheres = transport_radius(background, spectra, solution)
    outside = background.radius > np.max(spheres)
    recoil, capture = np.full((2, outside.size), np.nan)
    recoil[outside] = recoil_rate(solution, scattering, outside).sum(axis=0)
    capture[outside] = capture_rate(solution, background.matter.electron_fraction, couplings, outside)
    ejecta = f"A = {mass_number:g}, Z = {charge_number:g}"
    return {
        **_heating(background.radius, recoil, capture, ejecta, launch_radius),
        **_coasting(background.radius, recoil, capture, launch_radius, velocity),
    }


def _heating(
    radius: Array, recoil: Array, capture: Array, ejecta: str, launch_radius: float
) -> dict[str, Variable]:
    """Label both heatings and their ratio, in every zone and at the launch."""
    ratio = np.divide(recoil, capture, out=np.full_like(recoil, np.nan), where=capture > 0.0)
    where = _kilometres(launch_radius)
    found: dict[str, Variable] = {}
    for name, values, unit, words, meaning in (
        (
            "recoil_heating",
            recoils.per_gram(recoil),
            "erg / (g s)",
            "heating by recoils of nuclei",
            f"c N <sigma T>/A of all species, nuclei of {ejecta}, S(q) = 1",
        ),
        (
            "capture_heating",
            recoils.per_gram(capture),
            "erg / (g s)",
            "heating by capture on free nucleons",
            "c N <sigma E> of nue n and anue p if all matter were free nucleons of the zone's Y_e",
        ),
        ("ratio", ratio, "1", "recoils over captures", "recoil_heating/capture_heating"),
    ):
        found[name] = labelled(
            ("zone",), values, unit, words, definition=meaning, reason=_NO_SPHERE, **_LABELS
        )
        found[f"launch_{name}"] = labelled(
            (),
            _at(radius, values, launch_radius),
            unit,
            f"{words} at {where}",
            definition=meaning,
            reason=f"{where} is not on the grid, or {_NO_SPHERE}",
            **_LABELS,
        )
    return found


def _coasting(
    radius: Array, recoil: Array, capture: Array, launch_radius: float, velocity: float
) -> dict[str, Variable]:
    """Label the energies that both leave in matter that coasts out."""
    where = _kilometres(launch_radius)
    return {
        f"coasting_{name}_energy": labelled(
            (),
            coasting_energy(radius, values, launch_radius, velocity),
            "MeV",
            f"energy per baryon from {name}s, coasting out from {where}",
            definition=f"int rate dr/v, v = {velocity:g} cm/s; beyond the grid the rate falls with 1/r^2",
            reason=f"{where} is not on the grid, or {_NO_SPHERE}",
            **_LABELS,
        )
        for name, values in (("recoil", recoil), ("capture", capture))
    }


def _kilometres(radius: float) -> str:
    return f"{radius / 1e5:g} km"


def _at(radius: Array, values: Array, at: float) -> float:
    """Value at a radius, linear in ln r; NaN off the zones."""
    if not radius[0] <= at <= radius[-1]:
        return math.nan
    return float(np.interp(math.log(at), np.log(radius), values))
