"""A star after bounce in hydrostatic equilibrium below its standing shock."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.eos.invert import temperature_from_entropy
from microphysics.eos.state import NSE_TEMPERATURE, EquationOfState
from microphysics.errors import MicrophysicsError, PhysicsWarning
from microphysics.matter import MatterState
from snsim.errors import NoStarError
from snsim.profiles.analytic import (
    InfallParameters,
    infalling_matter,
    radii_ahead,
    settled_electron_fraction,
    settled_entropy,
)
from snsim.profiles.neutron_star import Barotrope, Star, hermite, hermite_between, uniform_slopes
from snsim.profiles.profile import Profile
from snsim.profiles.states import joined

Array = NDArray[np.float64]

_LN_10 = np.log(10.0)
POINTS = 240  # below the shock
_FIRST = 5e4  # cm
GAIN_ENTROPIES = (8.0, 20.0)  # k_B/baryon, among which the star is looked for
_MATCH = float(np.log(1e13))  # ln of the density where both integrations meet
LIGHTEST_CORE = 1.5e14  # g/cm^3 in the centre
_SCAN, _CENTRES = 25, 24
_STEPS = 160
_COARSE, _FINE = 10, 20  # densities a decade
_TRACKS = np.geomspace(7.8, 20.5, 5)  # gain entropies whose temperatures the coarse mesh has
_STEEPNESS = 0.3  # weight of ln density against ln radius in the spacing of the points
_NONE = "no hydrostatic star with this shock radius"


class HydrostaticParameters(InfallParameters, Protocol):
    """What `hydrostatic_profile` reads; CGS, entropies in k_B per baryon."""

    entropy: tuple[float, float]
    electron_fraction: tuple[float, float, float]


def hydrostatic_profile(parameters: HydrostaticParameters, eos: EquationOfState) -> Profile:
    """Build a star in hydrostatic equilibrium with a standing accretion shock at a given radius.

    Parameters
    ----------
    parameters : HydrostaticParameters
        Gravitational mass inside the shock, accretion rate, shock radius, entropy of core and mantle, electron
        fraction of core, mantle and gain layer; the run file's ``[profile]`` section.
    eos : EquationOfState
        Of all matter below the shock.

    Returns
    -------
    Profile
        With composition, potentials, mean fields, pressure and gravitational mass of the equation of state.

    Raises
    ------
    NoStarError
        If there is no such star; the message says what to change.

    Notes
    -----
    S and Y_e below the shock are those of `analytic_profile`, sums of tanh steps in log density, which make matter a
    barotrope. The entropy of the gain layer is not given: it is the lowest one between 8 and 20 k_B with which the
    equations of Tolman, Oppenheimer & Volkoff, integrated from the shock inwards and from some central density
    outwards, meet in radius and mass at 1e13 g/cm^3, on the branch where more entropy in the gain layer leaves more
    mass to the core; a compact second star at higher entropy (19.9 k_B by default) is not looked for. Where S falls
    inwards so fast that the pressure would fall too, density jumps at constant pressure.

    The shock conserves mass and momentum, P_2 = P_1 + rho_1 v_1^2 (1 - rho_1/rho_2): compression is an answer, 7 by
    default. It does not conserve energy, because entropy there is that of the gain layer, which neutrinos have heated,
    nor Y_e, which follows from the density on either side (0.495 to 0.437 by default).
    Mass falls through every sphere outside 1e13 g/cm^3 at the accretion rate, inside in proportion to the enclosed
    mass. Left out below the shock: the inertia of that flow (16 % of the pressure at the shock, 2 % at 100 km) and the
    pressure of neutrinos.

    By default the density is within 15 % of Agile-Boltztran's G15 at 98 ms from 20 to 100 km and T within 6 %. S(rho) is
    that of a star of 1.35 Msun: with the same one, more mass sits in the hot mantle and makes the centre less dense (1.2,
    1.35 and 1.6 Msun: 4.7, 4.0 and 3.4e14 g/cm^3). On its points the star obeys the equations to 1e-5 in the median,
    within 0.5 % at the edge of the core, where density falls fourfold within 1 km.

    References
    ----------
    .. [1] Oppenheimer & Volkoff 1939, Phys. Rev. 55, 374.
    .. [2] Liebendoerfer, Rampp, Janka & Mezzacappa 2005, ApJ 620, 840.
    """
    p = parameters
    outside = radii_ahead(p.shock_radius)
    try:
        speed, above = infalling_matter(p, outside)
        found, mesh = _find(p, eos, above, float(speed[0]))
        inside = found.radii(_FIRST, p.shock_radius, POINTS)
        x, mass = found.at(inside)
        y = settled_electron_fraction(x / _LN_10, *p.electron_fraction)
        below = eos(np.exp(x), mesh.temperature(found.gain_entropy, x), y)
    except MicrophysicsError as error:
        raise NoStarError(f"no hydrostatic star: {error}") from None
    cold = int((below.temperature < NSE_TEMPERATURE).sum())
    if cold:
        warnings.warn(
            f"{cold} point(s) behind the shock are colder than {NSE_TEMPERATURE:g} MeV, where matter is slower than its "
            "nuclear reactions; raise profile.accretion_rate or lower profile.shock_radius",
            PhysicsWarning,
            stacklevel=2,
        )
    flux = p.accretion_rate * np.minimum(1.0, mass / found.core.mass[-1])
    settling = flux / (4.0 * np.pi * inside**2 * below.density)
    shells = 4.0 * np.pi * outside**2 * above.density
    ahead = p.mass + np.concatenate([[0.0], np.cumsum(0.5 * (shells[1:] + shells[:-1]) * np.diff(outside))])
    return Profile(
        radius=np.concatenate([inside, outside]),
        velocity=-np.concatenate([settling, speed]),
        gravitational_mass=np.concatenate([mass, ahead]),
        shock_radius=p.shock_radius,
        source=(
            f"hydrostatic, central density {np.exp(found.core.log_density[0]):.4g} g/cm^3, gain-layer entropy "
            f"{found.gain_entropy:.4g} k_B, compression {found.compression:.3g}; {eos.name}"
        ),
        **joined(below, above),
    )


def _find(
    p: HydrostaticParameters, eos: EquationOfState, above: MatterState, speed: float
) -> tuple[_Found, _Mesh]:
    """Look for the star on a coarse mesh that covers all entropies, then on a fine one around the answer."""

    def densities(per_decade: int) -> Array:
        lowest, highest = np.log(above.density[0]), np.log(eos.density_range[1])
        return np.linspace(lowest, highest, int((highest - lowest) / _LN_10 * per_decade) + 2)

    behind = 4.0 * float(above.density[0])  # a shock compresses at least so much
    if eos.density_range[0] > behind:
        raise NoStarError(
            f"no hydrostatic star: {eos.name} begins at {eos.density_range[0]:.4g} g/cm^3, matter behind the shock has "
            f"{behind:.2g} g/cm^3; take a table that reaches further down, or lower profile.shock_radius"
        )
    x, gains = densities(_COARSE), np.linspace(*GAIN_ENTROPIES, _SCAN)
    density = np.clip(np.exp(x), *eos.density_range)
    y = settled_electron_fraction(x / _LN_10, *p.electron_fraction)
    entropy = settled_entropy(x / _LN_10, *p.entropy, float(np.sqrt(gains[0] * gains[-1])))
    mesh = _Mesh.around(p, eos, x, temperature_from_entropy(eos, density, entropy, y), _TRACKS)
    gain = _Search(p, mesh, above, speed).star(gains).gain_entropy
    x, gains = densities(_FINE), gain * np.linspace(0.95, 1.05, 3)
    mesh = _Mesh.around(p, eos, x, mesh.temperature(gain, x), gains)
    return _Search(p, mesh, above, speed).star(gains), mesh


@dataclass(frozen=True)
class _Mesh:
    """States at many densities and, at each, a few temperatures around those of every gain-layer entropy.

    Attributes
    ----------
    x : ndarray, shape (density,)
        ln density.
    ends : tuple of float
        Entropies of core and mantle.
    entropy, and ln of temperature, pressure, energy density : ndarray, shape (density, temperature)
    slopes : tuple of three ndarrays
        Of the latter three in entropy.
    """

    x: Array
    ends: tuple[float, float]
    entropy: Array
    logarithms: tuple[Array, Array, Array]
    slopes: tuple[Array, Array, Array]

    @classmethod
    def around(
        cls, p: HydrostaticParameters, eos: EquationOfState, x: Array, temperature: Array, gains: Array
    ) -> _Mesh:
        """Lay the mesh around the temperatures (MeV) of one of the gain-layer entropies, the middle one."""
        density = np.clip(np.exp(x), *eos.density_range)
        y = settled_electron_fraction(x / _LN_10, *p.electron_fraction)
        known = eos(density, temperature, y)
        tracks = [settled_entropy(x / _LN_10, *p.entropy, gain) for gain in gains]
        # S grows like a power of T, c_v/S, over a small range
        powers = (known.entropy / known.heat_capacity)[:, None]
        t = temperature[:, None] * (np.transpose(tracks) / known.entropy[:, None]) ** powers
        state = eos(density[:, None], t, y[:, None])
        warmth = t / state.heat_capacity  # dT/dS
        energy = state.energy_density
        return cls(
            x,
            p.entropy,
            state.entropy,
            (np.log(t), np.log(state.pressure), np.log(energy)),
            (
                warmth / t,
                state.pressure_temperature_derivative * warmth / state.pressure,
                state.baryon_density * t * CODATA.erg_per_mev / energy,
            ),
        )

    def track(self, quantity: int, gain: float) -> Array:
        """Logarithm of temperature, pressure or energy density (0, 1, 2) at every density of the mesh."""
        target = settled_entropy(self.x / _LN_10, *self.ends, gain)
        i = np.clip((self.entropy <= target[:, None]).sum(axis=1) - 1, 0, self.entropy.shape[1] - 2)[:, None]
        ends = [
            np.take_along_axis(array, i + side, axis=1)[:, 0]
            for array in (self.entropy, self.logarithms[quantity], self.slopes[quantity])
            for side in (0, 1)
        ]
        return hermite_between(target, *ends)

    def barotrope(self, gain: float) -> Barotrope:
        """Pressure and energy density along the entropy of one gain layer."""
        return Barotrope.from_states(self.x, np.exp(self.track(1, gain)), np.exp(self.track(2, gain)))

    def temperature(self, gain: float, x: Array) -> Array:
        """Temperature, MeV, at any ln density."""
        values = self.track(0, gain)
        return np.exp(hermite(x, self.x, values, uniform_slopes(values, self.x[1] - self.x[0])))


@dataclass(frozen=True)
class _Found:
    """A star: its core, its envelope and what was looked for."""

    core: Star
    envelope: Star
    gain_entropy: float
    compression: float

    def at(self, radius: Array) -> tuple[Array, Array]:
        """Log density and gravitational mass."""
        core, envelope = self.core.at(radius), self.envelope.at(radius)
        inside = radius <= self.core.radius[-1]
        return np.where(inside, core[0], envelope[0]), np.where(inside, core[1], envelope[1])

    def radii(self, first: float, last: float, points: int) -> Array:
        """Radii that are dense in ln r and, where density falls steeply, in ln density."""
        fine = np.geomspace(first, last, 8 * points)
        path = np.log(fine) - _STEEPNESS * self.at(fine)[0]
        radii = np.interp(np.linspace(path[0], path[-1], points), path, fine)
        radii[[0, -1]] = first, last
        return radii


@dataclass(frozen=True)
class _Search:
    """The two unknowns: central density from the radius, gain-layer entropy from the mass at the density of matching."""

    p: HydrostaticParameters
    mesh: _Mesh
    above: MatterState
    speed: float

    def star(self, gains: Array) -> _Found:
        """Return the star of lowest gain-layer entropy at which the core ceases to be too heavy."""
        excess = np.array([self.excess(gain) for gain in gains])
        crossing = np.flatnonzero((excess[:-1] >= 0.0) & (excess[1:] < 0.0))
        if not crossing.size:
            raise NoStarError(self._refusal(gains, excess))
        i = int(crossing[0])
        gain = find_root(self.excess, gains[i], gains[i + 1], excess[i], excess[i + 1])
        matter = self.mesh.barotrope(gain)
        shock = self.behind_shock(matter)
        assert shock is not None
        envelope = self.envelope(matter, shock)
        core = self.core(matter, float(envelope.radius[-1]))
        self._check_size(gain, core, envelope)
        return _Found(core, envelope, gain, float(np.exp(shock) / self.above.density[0]))

    def excess(self, gain: float) -> float:
        """Mass of the core that fits into the hole of the envelope, minus the mass that the hole needs, g.

        NaN where infall would not be supersonic.
        """
        matter = self.mesh.barotrope(gain)
        shock = self.behind_shock(matter)
        if shock is None:
            return np.nan
        envelope = self.envelope(matter, shock)
        core = self.core(matter, float(envelope.radius[-1]))
        return float(core.mass[-1] - (envelope.mass[-1] if envelope.complete else 0.0))

    def behind_shock(self, matter: Barotrope) -> float | None:
        """Return ln density behind the shock, the denser root of conservation of mass and momentum, if there is one."""
        rho, pressure = float(self.above.density[0]), float(self.above.pressure[0])

        def imbalance(x: Array) -> Array:
            ram = rho * self.speed**2 * (1.0 - rho * np.exp(-x))
            return np.exp(matter.log_pressure(x)) - pressure - ram

        nodes = self.mesh.x
        value = imbalance(nodes)
        below = np.flatnonzero((value < 0.0) & (nodes < _MATCH))
        if not below.size or value[below[-1] + 1] < 0.0:
            return None
        i = int(below[-1])
        return find_root(
            lambda x: float(imbalance(np.array(x))), nodes[i], nodes[i + 1], value[i], value[i + 1]
        )

    def envelope(self, matter: Barotrope, shock: float) -> Star:
        """Integrate from the shock inwards."""
        return matter.star(shock, _MATCH, _STEPS, self.p.shock_radius, self.p.mass)

    def core(self, matter: Barotrope, radius: float) -> Star:
        """Return the core of a given radius, or the one that comes closest; the denser a core, the smaller it is."""

        def excess(centre: float) -> float:
            return float(matter.star(centre, _MATCH, _STEPS).radius[-1]) - radius

        centres = np.linspace(np.log(LIGHTEST_CORE), self.mesh.x[-1], _CENTRES)
        sizes = np.array([excess(centre) for centre in centres])
        crossing = np.flatnonzero((sizes[:-1] >= 0.0) & (sizes[1:] < 0.0))
        if crossing.size:
            i = int(crossing[-1])
            centre = find_root(excess, centres[i], centres[i + 1], sizes[i], sizes[i + 1])
        else:
            centre = float(centres[np.argmin(np.abs(sizes))])
        return matter.star(centre, _MATCH, _STEPS)

    def _check_size(self, gain: float, core: Star, envelope: Star) -> None:
        """Refuse a core of another size than the hole."""
        hole, size = envelope.radius[-1] / 1e5, core.radius[-1] / 1e5
        if abs(size / hole - 1.0) > 1e-6:
            raise NoStarError(
                f"{_NONE}: below a gain layer of {gain:.4g} k_B the core would need a radius of {hole:.4g} km at 1e13 g/cm3, "
                f"and reaches {size:.4g} km; {'raise' if size < hole else 'lower'} the mantle's entropy, profile.entropy[1]"
            )

    def _refusal(self, gains: Array, excess: Array) -> str:
        """Say why no gain-layer entropy gives a star, and what to change."""
        lowest, highest = gains[0], gains[-1]
        known = np.flatnonzero(np.isfinite(excess))
        if not known.size:
            return (
                f"{_NONE}: matter at {lowest:g} to {highest:g} k_B has more pressure than infall brings to the shock; lower "
                "profile.shock_radius, raise profile.mass or profile.infall_fraction"
            )
        if excess[known[0]] < 0.0:
            return (
                f"{_NONE}: its gain layer would need an entropy below {gains[known[0]]:g} k_B; raise profile.shock_radius "
                "or profile.accretion_rate"
            )
        least = known[np.argmin(excess[known])]
        return (
            f"{_NONE}: at every entropy of the gain layer from {gains[known[0]]:g} to {gains[known[-1]]:g} k_B the core "
            f"above 1e13 g/cm3 would weigh more than the envelope leaves it, by {excess[least] / CODATA.solar_mass:.3g} Msun "
            f"at {gains[least]:g} k_B; raise profile.mass or lower the mantle's entropy, profile.entropy[1]"
        )


def find_root(
    function: Callable[[float], float], low: float, high: float, at_low: float, at_high: float
) -> float:
    """Root between two points of opposite sign, to 1e-12: false position with Illinois' halving."""
    new = high
    for _ in range(100):
        new, last = (low * at_high - high * at_low) / (at_high - at_low), new
        value = function(new)
        if value == 0.0 or abs(new - last) < 1e-12 * abs(new):
            break
        if value * at_high < 0.0:
            low, at_low = high, at_high
        else:
            at_low *= 0.5
        high, at_high = new, value
    return float(new)
