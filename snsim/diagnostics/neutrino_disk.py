"""Neutrino-dominated accretion disks around stellar black holes: rings that balance heating, cooling and advection.

One zone in height, Newtonian, Keplerian: Q_visc = 3GM Mdot/(8 pi r^3) = Q_nu + Q_adv on each face, with
Mdot = 6 pi nu rho H, nu = alpha H^2 Omega, P = rho Omega^2 H^2. What matter does comes as a function: the closed forms
of Di Matteo, Perna & Narayan here, the project's own opacities in `neutrino_disk_matter`. The heat in Q_adv is theirs for
any matter: free nucleons, photons and pairs that are not degenerate, neutrinos; nothing for the break-up of alphas.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics.constants import CODATA
from microphysics.errors import OutOfRangeError, require
from microphysics.weak.couplings import WeakCouplings
from snsim.diagnostics.null_rays import schwarzschild_radius

Array = NDArray[np.float64]

REFERENCES = "Di Matteo, Perna & Narayan 2002, ApJ 579, 706; Chen & Beloborodov 2007, ApJ 657, 383"
DEPTH = 2.0 / 3.0
# Chen & Beloborodov 2007: solar masses per second at alpha = 0.1 for spins 0 and 0.95 (recalled, not checked)
IGNITION = {0.0: 0.071, 0.95: 0.021}
TRAPPING = {0.0: 9.3, 0.95: 1.8}
THICKNESS = (0.03, 3.0)  # H/r that is searched
HEIGHTS = 32
ROUNDS, POINTS = 7, 9  # each round narrows H by 8: degenerate rings ask for much
TEMPERATURES = (0.1, 60.0)  # MeV
KELVIN11 = 1e11 * CODATA.boltzmann  # MeV in 1e11 K
# energy density of photons over T^4 and flux of a black surface, erg/cm^3/MeV^4 and erg/cm^2/s/MeV^4
RADIATION = math.pi**2 / 15.0 / CODATA.hbar_c**3 * CODATA.erg_per_mev
SURFACE = 0.25 * CODATA.speed_of_light * RADIATION


@dataclass(frozen=True)
class Disk:
    """A black hole and what falls into it.

    Attributes
    ----------
    mass : float
        g.
    accretion_rate : float
        g/s.
    viscosity : float
        alpha, 0 to 1.
    """

    mass: float
    accretion_rate: float
    viscosity: float = 0.1

    def __post_init__(self) -> None:
        require(self.mass > 0.0, self.mass, "mass of the black hole", "g", "> 0")
        require(self.accretion_rate > 0.0, self.accretion_rate, "accretion rate", "g/s", "> 0")
        require(0.0 < self.viscosity <= 1.0, self.viscosity, "viscosity alpha", "", "above 0 and up to 1")


@dataclass(frozen=True)
class Column:
    """Half a disk from its midplane to its surface.

    Attributes
    ----------
    pressure : ndarray
        With that of the neutrinos, erg/cm^3.
    neutrino_energy : ndarray
        erg/cm^3.
    cooling : ndarray
        Through one face, erg/cm^2/s.
    depth : ndarray
        Optical depth of electron neutrinos, absorption and scattering.
    """

    pressure: Array
    neutrino_energy: Array
    cooling: Array
    depth: Array


Matter = Callable[[Array, Array, Array], Column]  # density g/cm^3, temperature MeV, height cm


@dataclass(frozen=True)
class Rings:
    """Solution, one entry a ring; NaN where there is none, and `reason` says why.

    Attributes
    ----------
    radius, height : ndarray, shape (ring,)
        cm.
    density : ndarray
        g/cm^3.
    temperature : ndarray
        MeV.
    depth : ndarray
        Optical depth of electron neutrinos from midplane to surface.
    heating, cooling, advection : ndarray
        By viscosity, neutrinos and inflow, erg/cm^2/s a face.
    regime : tuple of str
        ``advective`` (cooling below half of the heating), ``transparent`` or ``opaque``, ``trapped`` (neutrinos take
        longer to leave than matter to fall in), or ``none``.
    reason : tuple of str
        Empty where there is a solution.
    solutions : ndarray
        How many heights balance; the thinnest is given.
    """

    radius: Array
    height: Array
    density: Array
    temperature: Array
    depth: Array
    heating: Array
    cooling: Array
    advection: Array
    regime: tuple[str, ...]
    reason: tuple[str, ...]
    solutions: NDArray[np.int64]

    @property
    def luminosity(self) -> float:
        """Neutrino luminosity of both faces between the first and the last ring, trapezia in r, erg/s."""
        integrand = 4.0 * math.pi * self.radius * self.cooling
        return float(np.trapezoid(integrand, self.radius))


def closed_form(electron_fraction: float = 0.5, flavours: int = 3) -> Matter:
    """Matter of Di Matteo, Perna & Narayan 2002: free nucleons, photons and pairs, relativistic degenerate electrons.

    Parameters
    ----------
    electron_fraction : float
        Only in the degeneracy pressure.
    flavours : int
        3 shares the annihilation among the flavours by C_V^2 + C_A^2; 1 gives all of it to electron neutrinos, which
        are then the only ones that press.

    Returns
    -------
    callable
        Of density, temperature (MeV) and height.

    Notes
    -----
    Depths over the height H: absorption on nucleons 4.5e-7 T11^2 rho10 H (nue), annihilation 2.5e-7 T11^5 H,
    scattering 2.7e-7 T11^2 rho10 H (coefficients recalled from the paper; our own rates give 4.5e-7, 1.9e-7 and 2.4e-7).
    The annihilation is that into all flavours
    together, 5e33 T11^9 erg/cm^3/s: given to each of three it would cool three times too much. Each flavour cools with
    (7/8) sigma T^4/(3/4)/(tau/2 + 1/sqrt(3) + 1/(3 tau_a)).
    """
    require(0.0 < electron_fraction < 1.0, electron_fraction, "electron fraction", "", "between 0 and 1")
    if flavours not in (1, 3):
        raise OutOfRangeError(f"flavours = {flavours}: must be 1 or 3")
    heavy = _heavy_share() if flavours == 3 else 0.0
    proton = CODATA.proton_mass * CODATA.gram_per_mev
    planck = 2.0 * math.pi * CODATA.hbar_c * CODATA.erg_per_mev  # times c
    degenerate = (
        2.0 * math.pi * planck / 3.0 * (3.0 / (8.0 * math.pi * proton) * electron_fraction) ** (4.0 / 3.0)
    )

    def column(density: Array, temperature: Array, height: Array) -> Column:
        """Pressure, trapped radiation, cooling and depth of columns of this matter."""
        t11, rho10 = temperature / KELVIN11, density / 1e10
        scattering = 2.7e-7 * t11**2 * rho10 * height
        pairs = 2.5e-7 * t11**5 * height
        nucleons = 4.5e-7 * t11**2 * rho10 * height
        absorption = nucleons + (1.0 - 2.0 * heavy) * pairs
        electron, other = two_stream(absorption, scattering), two_stream(heavy * pairs, scattering)
        fourth = 7.0 / 8.0 * temperature**4
        cooling = SURFACE * fourth / 0.75 * (electron[0] + (flavours - 1) * other[0])
        trapped = RADIATION * fourth * (electron[1] + (flavours - 1) * other[1])
        gas = density * temperature * CODATA.erg_per_mev / proton
        matter = 11.0 / 12.0 * RADIATION * temperature**4 + gas + degenerate * density ** (4.0 / 3.0)
        return Column(matter + trapped / 3.0, trapped, cooling, absorption + scattering)

    return column


def _heavy_share() -> float:
    """Share of pair annihilation that makes one of the heavy flavours, by C_V^2 + C_A^2."""
    weights = [sum(c * c for c in WeakCouplings().electron_couplings(name)) for name in ("nue", "numu")]
    return weights[1] / (weights[0] + 2.0 * weights[1])


def two_stream(absorption: Array, scattering: Array) -> tuple[Array, Array]:
    """Share of the black flux/(3/4) that leaves a slab, and of the equilibrium energy density that fills it.

    Parameters
    ----------
    absorption, scattering : ndarray
        Optical depths from midplane to surface.

    Returns
    -------
    emergent, filling : ndarray
        1/(tau/2 + 1/sqrt(3) + 1/(3 tau_a)) and (tau/2 + 1/sqrt(3)) times that (Popham & Narayan 1995).
    """
    inner = 0.5 * (absorption + scattering) + 1.0 / math.sqrt(3.0)
    # written without 1/tau_a: nothing is emitted where nothing absorbs
    emergent = absorption / (inner * absorption + 1.0 / 3.0)
    return emergent, inner * emergent


def solve_rings(
    disk: Disk, radii: ArrayLike, matter: Matter | None = None, thickness: tuple[float, float] = THICKNESS
) -> Rings:
    """Solve the balance of every ring for its height; density follows from Mdot, temperature from the pressure.

    Parameters
    ----------
    disk : Disk
        Black hole and accretion.
    radii : array_like, shape (ring,)
        cm, outside the horizon.
    matter : callable, optional
        None means `closed_form()`.
    thickness : tuple of float
        Lowest and highest H/r that are tried.

    Returns
    -------
    Rings
        NaN with a reason where no height balances.

    Raises
    ------
    OutOfRangeError
        For a radius inside the horizon or an empty range of heights.

    Examples
    --------
    >>> sun = CODATA.solar_mass
    >>> disk = Disk(3.0 * sun, 0.1 * sun)
    >>> ring = solve_rings(disk, [5.0 * float(schwarzschild_radius(3.0 * sun))], closed_form(flavours=1))
    >>> print(f"{ring.density[0]:.2e} g/cm3, {ring.temperature[0] / KELVIN11 * 1e11:.2e} K, {ring.regime[0]}")
    3.57e+10 g/cm3, 4.14e+10 K, transparent
    """
    radius = np.atleast_1d(np.asarray(radii, dtype=np.float64))
    horizon = float(schwarzschild_radius(disk.mass))
    require(radius > horizon, radius, "radius of a ring", "cm", "outside the horizon 2GM/c^2")
    if not 0.0 < thickness[0] < thickness[1]:
        raise OutOfRangeError(f"thickness = {thickness}: expected 0 < lowest < highest")
    column = matter or closed_form()
    fractions = np.geomspace(*thickness, HEIGHTS)
    trial = _balance(disk, radius[:, None], radius[:, None] * fractions, column)
    change = trial.excess[:, 1:] * trial.excess[:, :-1] < 0.0
    number = change.sum(axis=1)
    first = np.where(number > 0, change.argmax(axis=1), 0)
    low, high = radius * fractions[first], radius * fractions[first + 1]
    for _ in range(ROUNDS):
        inside = low[:, None] * (high / low)[:, None] ** np.linspace(0.0, 1.0, POINTS)
        finer = _balance(disk, radius[:, None], inside, column).excess
        place = (finer[:, 1:] * finer[:, :-1] <= 0.0).argmax(axis=1)
        rows = np.arange(radius.size)
        low, high = inside[rows, place], inside[rows, place + 1]
    height = np.where(
        number > 0, high, math.nan
    )  # the thicker side, where degenerate matter leaves room for heat
    return _rings(disk, radius, height, number, trial, column)


@dataclass(frozen=True)
class _Trial:
    """What a guess of the height leads to."""

    density: Array
    temperature: Array
    column: Column
    heating: Array
    advection: Array
    excess: Array  # (cooling + advection)/heating - 1


def _balance(disk: Disk, radius: Array, height: Array, column: Matter) -> _Trial:
    """Density, temperature and fluxes of rings of given heights."""
    weight = CODATA.gravitational_constant * disk.mass
    rotation = np.sqrt(weight / radius**3)
    density = disk.accretion_rate / (6.0 * math.pi * disk.viscosity * rotation * height**3)
    temperature = _temperature(density, height, density * (rotation * height) ** 2, column)
    found = column(density, temperature, height)
    heating = 3.0 * weight * disk.accretion_rate / (8.0 * math.pi * radius**3)
    proton = CODATA.proton_mass * CODATA.gram_per_mev
    gas = 1.5 * density * temperature * CODATA.erg_per_mev / proton
    heat = 11.0 / 3.0 * RADIATION * temperature**4 + gas + 4.0 / 3.0 * found.neutrino_energy
    # v_r (H/r) T s with d ln s/d ln r = -1
    advection = disk.accretion_rate / (4.0 * math.pi * radius**2 * density) * heat
    heating = np.broadcast_to(heating, density.shape)
    excess = (found.cooling + advection) / heating - 1.0
    # where degenerate electrons alone press too much, the limit of cold matter: nothing is carried away
    coldest = column(density, np.full(density.shape, TEMPERATURES[0]), height)
    cold = np.isnan(temperature) & (coldest.pressure > density * (rotation * height) ** 2)
    return _Trial(density, temperature, found, heating, advection, np.where(cold, -1.0, excess))


def _temperature(density: Array, height: Array, pressure: Array, column: Matter) -> Array:
    """Temperature of a given pressure, MeV; NaN where degenerate matter alone presses more."""
    from scipy.optimize import elementwise

    def excess(logarithm: Array, rho: Array, h: Array, wanted: Array) -> Array:
        return np.log(column(rho, np.exp(logarithm), h).pressure / wanted)

    limits = tuple(np.full(density.shape, math.log(t)) for t in TEMPERATURES)
    found = elementwise.find_root(
        excess, limits, args=(density, height, pressure), tolerances={"xatol": 1e-10, "xrtol": 0.0}
    )
    return np.where(found.success, np.exp(np.where(found.success, found.x, 0.0)), math.nan)


def _rings(
    disk: Disk, radius: Array, height: Array, number: NDArray[np.int64], trial: _Trial, column: Matter
) -> Rings:
    """Evaluate the solution and name its regime."""
    solved = number > 0
    # rings without a solution are evaluated at some height, and masked after
    at = _balance(disk, radius, np.where(solved, height, 0.5 * radius), column)

    def masked(values: Array) -> Array:
        return np.where(solved, values, math.nan)

    depth, cooling = masked(at.column.depth), masked(at.column.cooling)
    speed = disk.accretion_rate / (4.0 * math.pi * radius * at.density * np.where(solved, height, 1.0))
    trapped = height * np.maximum(depth, 1.0) / CODATA.speed_of_light > radius / speed
    reasons = tuple("" if ok else _why(row) for ok, row in zip(solved, trial.excess, strict=True))
    return Rings(
        radius=radius,
        height=height,
        density=masked(at.density),
        temperature=masked(at.temperature),
        depth=depth,
        heating=at.heating,
        cooling=cooling,
        advection=masked(at.advection),
        regime=tuple(
            _regime(*each) for each in zip(solved, cooling / at.heating, depth, trapped, strict=True)
        ),
        reason=reasons,
        solutions=number.astype(np.int64),
    )


def _regime(solved: bool, share: float, depth: float, trapped: bool) -> str:
    """Name what carries the heat away."""
    if not solved:
        return "none"
    if trapped:
        return "trapped"
    if share < 0.5:
        return "advective"
    return "opaque" if depth > DEPTH else "transparent"


def _why(excess: Array) -> str:
    """Say on which side the balance fails."""
    known = excess[~np.isnan(excess)]
    if not known.size:
        return "no temperature gives the pressure that the height needs"
    side = "more" if (known > 0.0).all() else "less"
    return f"neutrinos and advection carry away {side} than viscosity heats at every thickness tried"


def accretion_regime(disk: Disk, spin: float = 0.0) -> str:
    """Regime of the whole disk by its accretion rate: below ``ignition``, ``neutrino-cooled``, or above ``trapping``.

    Parameters
    ----------
    disk : Disk
        Of about 3 solar masses.
    spin : float
        0 or 0.95, those that are tabulated.

    Returns
    -------
    str
        ``below ignition``, ``neutrino-cooled`` or ``trapping``.

    Notes
    -----
    Mdot_ign = K (alpha/0.1)^(5/3), Mdot_trap = K (alpha/0.1)^(1/3) of Chen & Beloborodov 2007 with values recalled
    from memory, not checked against the paper.
    """
    if spin not in IGNITION:
        raise OutOfRangeError(f"spin = {spin:g}: rates are known for {', '.join(f'{a:g}' for a in IGNITION)}")
    rate, scale = disk.accretion_rate / CODATA.solar_mass, disk.viscosity / 0.1
    if rate < IGNITION[spin] * scale ** (5.0 / 3.0):
        return "below ignition"
    return "trapping" if rate > TRAPPING[spin] * scale ** (1.0 / 3.0) else "neutrino-cooled"
