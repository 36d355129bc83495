"""Neutrinos of one supernova, and of all there have been."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.errors import OutOfRangeError, UnknownNameError, require
from microphysics.matter import FLAVORS
from microphysics.spectrum import FermiDirac, Pinched
from snsim.detection._units import measured
from snsim.detection.sources.flux import Component, Flux
from snsim.diagnostics.mixing import Mixing, adiabatic_survival
from snsim.signal.spectra import number_rate
from snsim.signal.table import SPECIES, Signal
from snsim.sn1987a.signal import KPC

Array = NDArray[np.float64]

HEAVY = ("numu", "anumu", "nutau", "anutau")
PINCHED_REFERENCE = "Keil, Raffelt & Janka 2003, ApJ 590, 971"
DSNB_REFERENCES = (
    "Beacom 2010, Annu. Rev. Nucl. Part. Sci. 60, 439",
    "Horiuchi, Beacom & Dwek 2009, PRD 79, 083013",
)
_POINTS, _TAIL = 1200, 12.0  # of a spectrum, and up to how many mean energies
YEAR = 3.15576e7  # s


def members(species: str) -> tuple[str, ...]:
    """Return the flavours that a species stands for: nux is ONE of four."""
    if species == "nux":
        return HEAVY
    if species not in FLAVORS:
        raise UnknownNameError("species", species, (*FLAVORS, "nux"))
    return (species,)


def pinched_fluence(
    energy: Mapping[str, float],
    mean_energy: Mapping[str, float],
    alpha: Mapping[str, float],
    distance: Any,
    *,
    name: str = "supernova",
) -> Flux:
    """Return the fluence of a burst with pinched spectra, dN/dE ~ E^alpha exp(-(alpha + 1) E/<E>).

    Parameters
    ----------
    energy : mapping of str to float
        Radiated by ONE of each species, erg; flavours, or nux for each of the four heavy-lepton kinds.
    mean_energy : mapping of str to float
        MeV.
    alpha : mapping of str to float
        Above -1.
    distance : Quantity or str
        "10 kpc".
    name : str
        For listings.

    Raises
    ------
    OutOfRangeError, UnknownNameError
        For unknown species, a species without its mean energy, what is not positive, a flavour that comes twice.

    Examples
    --------
    >>> kinds = ("nue", "anue", "nux")
    >>> burst = pinched_fluence(*(dict.fromkeys(kinds, value) for value in (5e52, 12.0, 2.3)), "10 kpc")
    >>> f"{burst.total():.3g} /cm2"
    '1.3e+12 /cm2'
    """
    far = measured("distance", distance, "cm", "10 kpc")
    parts: list[Component] = []
    for species, radiated in energy.items():
        for given, words in ((mean_energy, "mean energy"), (alpha, "alpha")):
            if species not in given:
                raise OutOfRangeError(f"{species}: has an energy but no {words}")
        require(radiated >= 0.0, radiated, f"energy of {species}", "erg", ">= 0")
        mean = mean_energy[species]
        spectrum = Pinched(np.array(mean), np.array(alpha[species]))
        grid = np.linspace(0.0, _TAIL * mean, _POINTS)
        number = radiated / (CODATA.erg_per_mev * mean * 4.0 * math.pi * far**2)
        density = number * np.append(0.0, spectrum.density(grid[1:]))
        parts += [Component(flavor, grid, density, name="burst") for flavor in members(species)]
    _each_once(parts)
    return Flux(tuple(parts), False, far, name, (PINCHED_REFERENCE,))


def signal_fluence(signal: Signal, distance: Any) -> Flux:
    """Return the fluence of a whole signal, such as one of a result of this program (`snsim.signal.signal_of`).

    Parameters
    ----------
    signal : Signal
        At infinity; take a part of it with `Signal.between`.
    distance : Quantity or str
        "10 kpc".
    """
    far = measured("distance", distance, "cm", "10 kpc")
    grid = signal_grid(signal)
    emitted = np.tensordot(signal.interval, number_rate(signal, grid), axes=1) / (4.0 * math.pi * far**2)
    parts = [
        Component(flavor, grid, emitted[i], name="burst")
        for i, species in enumerate(SPECIES)
        for flavor in members(species)
    ]
    return Flux(tuple(parts), False, far, signal.source)


def signal_grid(signal: Signal) -> Array:
    """Return energies (MeV) that hold the spectra of a signal, those of its groups if it has any."""
    if signal.spectra is not None:
        groups = signal.spectra.energy
        return np.geomspace(groups[0] / 2.0, groups[-1] * (groups[-1] / groups[-2]), _POINTS)
    return np.linspace(1e-3, _TAIL * float(signal.mean_energy.max()), _POINTS)


def adiabatic(flux: Flux, ordering: str, mixing: Mixing | None = None) -> Flux:
    """Return a supernova's flux after adiabatic flavour conversion in its envelope.

    Parameters
    ----------
    flux : Flux
        As emitted, with all six flavours.
    ordering : str
        ``normal`` or ``inverted``.
    mixing : Mixing, optional
        Angles; None means the default.

    Returns
    -------
    Flux
        nue' = p nue + (1 - p) nux and the same for antineutrinos; the rest is shared by mu and tau. Without collective
        effects, in which neutrinos scatter on each other. Coherent scattering changes only where it tells flavours apart.

    References
    ----------
    .. [1] Dighe & Smirnov 2000, PRD 62, 033007.
    """
    neutrinos, antineutrinos = adiabatic_survival(ordering, mixing)
    shares: dict[str, dict[str, float]] = {}
    for prefix, p in (("", neutrinos), ("a", antineutrinos)):
        e, mu, tau = (f"{prefix}nu{kind}" for kind in ("e", "mu", "tau"))
        away, stays = 0.5 * (1.0 - p), 0.25 * (1.0 + p)
        shares[e] = {e: p, mu: away, tau: away}
        shares[mu] = shares[tau] = {e: away, mu: stays, tau: stays}
    return flux.converted(shares)


def diffuse_background(
    temperature: Mapping[str, float] | None = None, *, energy: float = 3e53, most_distant: float = 5.0
) -> Flux:
    """Return the neutrinos of all core collapses in the Universe (diffuse supernova background).

    Parameters
    ----------
    temperature : mapping of str to float, optional
        MeV, of Fermi-Dirac spectra without degeneracy as they are emitted; nue 3, anue 5, nux 8 by default.
    energy : float
        Of all six flavours of one collapse, in equal shares, erg.
    most_distant : float
        Largest redshift.

    Raises
    ------
    OutOfRangeError
        For what is not positive.

    Notes
    -----
    phi(E) = c int R(z) N(E (1 + z)) dz/H(z), R the rate of collapses per comoving volume: 0.0070 per solar mass (Salpeter,
    8 to 50 of 0.1 to 100 solar masses) of the star formation of Horiuchi et al. 2009 (0.0178 solar masses per year and Mpc^3
    today), H0 = 70 km/s/Mpc, 0.3 of matter. The rate is known to about 40 %.

    Examples
    --------
    >>> f"{diffuse_background().total('anue', above=19.3):.1f} /cm2/s"
    '0.6 /cm2/s'
    """
    warmth = {"nue": 3.0, "anue": 5.0, "nux": 8.0} if temperature is None else dict(temperature)
    for name, value in (("energy", energy), ("most_distant", most_distant)):
        require(value > 0.0, value, name, "", "> 0")
    z = np.linspace(0.0, most_distant, 1001)
    light = CODATA.speed_of_light / (70.0e5 / (1e3 * KPC))  # cm, c/H0
    path = light / np.sqrt(0.3 * (1.0 + z) ** 3 + 0.7)
    weight = collapse_rate(z) / (YEAR * (1e3 * KPC) ** 3) * path
    parts: list[Component] = []
    for species, value in warmth.items():
        require(value > 0.0, value, f"temperature of {species}", "MeV", "> 0")
        emitted = FermiDirac(np.array(value), np.array(0.0))
        number = energy / 6.0 / CODATA.erg_per_mev / float(emitted.mean_energy)
        grid = np.linspace(0.0, 40.0 * value, _POINTS)
        spectra = emitted.density(np.maximum(grid, 1e-9)[:, None] * (1.0 + z))
        density = number * np.asarray(np.trapezoid(spectra * weight, z, axis=1))
        parts += [Component(flavor, grid, density, name="DSNB") for flavor in members(species)]
    _each_once(parts)
    return Flux(tuple(parts), name="diffuse supernova background", references=DSNB_REFERENCES)


def collapse_rate(redshift: Array) -> Array:
    """Core collapses per year and comoving Mpc^3 (Horiuchi, Beacom & Dwek 2009, eq. 3 and table I, their fiducial rate)."""
    a, b, c, smooth = 3.4, -0.3, -3.5, -10.0
    first, second = 2.0 ** (1.0 - a / b), 2.0 ** ((b - a) / c) * 5.0 ** (1.0 - b / c)
    x = 1.0 + redshift
    powers = x ** (a * smooth) + (x / first) ** (b * smooth) + (x / second) ** (c * smooth)
    born = 0.0178 * powers ** (1.0 / smooth)

    def moment(low: float, high: float, power: float) -> float:
        return (high**power - low**power) / power

    return born * moment(8.0, 50.0, -1.35) / moment(0.1, 100.0, -0.35)


def _each_once(parts: list[Component]) -> None:
    flavors = [each.flavor for each in parts]
    for flavor in flavors:
        if flavors.count(flavor) > 1:
            raise OutOfRangeError(f"{flavor}: given twice; nux stands for {', '.join(HEAVY)}")
