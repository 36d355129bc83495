"""Stars in hydrostatic equilibrium: the relativistic equations for a barotrope, and cold neutron stars."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.eos.invert import beta_equilibrium
from microphysics.eos.lattimer_swesty import LattimerSwesty
from microphysics.eos.state import EquationOfState
from snsim.errors import ProfileError
from snsim.profiles._kernels import tov

__all__ = ["Barotrope", "DenseLattimerSwesty", "NeutronStars", "Star", "cold_matter", "cold_neutron_stars"]

Array = NDArray[np.float64]

G_OVER_C2 = CODATA.gravitational_constant / CODATA.speed_of_light**2  # cm/g
_G_OVER_C4 = G_OVER_C2 / CODATA.speed_of_light**2
COLD = 0.1  # MeV


@dataclass(frozen=True)
class Star:
    """A sphere in hydrostatic equilibrium, or a part of one, in the order of its integration.

    Attributes
    ----------
    log_density : ndarray, shape (point,)
        ln of g/cm^3, in equal steps.
    radius, mass, rest_mass : ndarray, shape (point,)
        cm; gravitational mass inside, g; rest mass between the first point and here, g.
    complete : bool
        False where the mass fell to zero, or into its horizon, before the last density: the star ends there.
    """

    log_density: Array
    radius: Array
    mass: Array
    rest_mass: Array
    complete: bool
    _columns: Array

    def at(self, radius: Array) -> tuple[Array, Array]:
        """Log density and gravitational mass at some radii (cm) inside, of third order in the step."""
        columns = self._columns if self.radius[-1] > self.radius[0] else self._columns[::-1]
        u, at = columns[:, tov.U], np.square(np.asarray(radius, dtype=np.float64))
        with np.errstate(divide="ignore"):  # u stands still where density jumps
            secants = np.diff(columns[:, tov.X]) / np.diff(u)
            slopes = 1.0 / columns[:, tov.DU]
        slopes = np.maximum(np.where(np.isfinite(slopes), slopes, -np.inf), _steepest(secants, np.maximum))
        x = hermite(at, u, columns[:, tov.X], slopes)
        v = hermite(at, u, columns[:, tov.V], columns[:, tov.DV])
        return x, v * np.sqrt(at) / G_OVER_C2


@dataclass(frozen=True)
class Barotrope:
    """Matter whose pressure is a function of density alone.

    Attributes
    ----------
    first, spacing : float
        ln density (g/cm^3) of the first row, and from row to row.
    table : ndarray, shape (density, 4)
        See `snsim.profiles._kernels.tov`.
    """

    first: float
    spacing: float
    table: Array

    @classmethod
    def from_states(cls, log_density: Array, pressure: Array, energy_density: Array) -> Barotrope:
        """Tabulate matter on equal steps of ln density.

        Parameters
        ----------
        log_density : ndarray, shape (density,)
            ln of g/cm^3, rising in equal steps.
        pressure, energy_density : ndarray, shape (density,)
            erg/cm^3, the latter with rest mass.

        Notes
        -----
        Where the pressure falls with density no star can be: there it is replaced by the largest pressure at lower
        density, so that the star has a jump of density at that pressure.
        """
        spacing = float(log_density[-1] - log_density[0]) / (log_density.size - 1)
        columns = []
        for values in (np.maximum.accumulate(pressure), energy_density):
            logarithm = np.log(_G_OVER_C4 * values)
            steepest = _steepest(np.diff(logarithm) / spacing, np.minimum)
            columns += [
                logarithm,
                np.clip(uniform_slopes(logarithm, spacing), 0.0, np.maximum(steepest, 0.0)),
            ]
        return cls(float(log_density[0]), spacing, np.ascontiguousarray(np.transpose(columns)))

    def log_pressure(self, log_density: Array) -> Array:
        """Natural logarithm of the pressure in erg/cm^3."""
        rows = self.table.shape[0]
        nodes = np.linspace(self.first, self.first + self.spacing * (rows - 1), rows)
        here = hermite(log_density, nodes, self.table[:, tov.LN_PRESSURE], self.table[:, tov.PRESSURE_SLOPE])
        return here - np.log(_G_OVER_C4)

    def star(self, begin: float, end: float, steps: int, radius: float = 0.0, mass: float = 0.0) -> Star:
        """Integrate the equations of Tolman, Oppenheimer & Volkoff from one density to another.

        Parameters
        ----------
        begin, end : float
            ln density (g/cm^3); outwards where `end` is the lower.
        steps : int
            Runge and Kutta's rule of fourth order, equal steps in ln density.
        radius, mass : float
            At `begin`, cm and g; zero for the centre.

        Returns
        -------
        Star
            Integrated in the enthalpy h, dh = dP/(e + P), along the table.

        References
        ----------
        .. [1] Lindblom & Indik 2012, Phys. Rev. D 86, 084003.
        """
        out = np.empty((steps + 1, tov.STAR))
        v = G_OVER_C2 * mass / radius if radius > 0.0 else 0.0
        good = tov.integrate(
            self.first, self.spacing, self.table, G_OVER_C2, begin, end, radius * radius, v, out
        )
        out = out[:good]
        r: Array = np.sqrt(out[:, tov.U])
        return Star(
            log_density=out[:, tov.X],
            radius=r,
            mass=out[:, tov.V] * r / G_OVER_C2,
            rest_mass=out[:, tov.B] / G_OVER_C2,
            complete=good == steps + 1,
            _columns=out,
        )


def hermite(x: Array, nodes: Array, values: Array, slopes: Array) -> Array:
    """Cubic Hermite interpolation between rising nodes, of shape (node,) each."""
    i = np.clip(np.searchsorted(nodes, x, side="right") - 1, 0, nodes.size - 2)
    return hermite_between(x, nodes[i], nodes[i + 1], values[i], values[i + 1], slopes[i], slopes[i + 1])


def hermite_between(x: Array, x0: Array, x1: Array, y0: Array, y1: Array, d0: Array, d1: Array) -> Array:
    """Cubic through values and slopes at two points."""
    t = (x - x0) / (x1 - x0)
    s = 1.0 - t
    return s * s * (1.0 + 2.0 * t) * y0 + t * t * (3.0 - 2.0 * t) * y1 + (x1 - x0) * s * t * (s * d0 - t * d1)


def uniform_slopes(values: Array, spacing: float) -> Array:
    """Slopes at equally spaced points, shape (point,): of fourth order, of second at the ends."""
    slopes = np.gradient(values, spacing, edge_order=2)
    slopes[2:-2] = (8.0 * (values[3:-1] - values[1:-3]) - (values[4:] - values[:-4])) / (12.0 * spacing)
    return slopes


def _steepest(secants: Array, flatter: np.ufunc) -> Array:
    """Steepest slopes at points with which cubics are monotone (Fritsch & Carlson 1980, SIAM J. Numer. Anal. 17)."""
    return 3.0 * flatter(np.append(secants[0], secants), np.append(secants, secants[-1]))


class DenseLattimerSwesty(LattimerSwesty):
    """The same matter up to the centres of the heaviest stars: 6e15 g/cm^3, where it is uniform and all formulae hold."""

    density_range = (1e3, 6e15)


def cold_matter(eos: EquationOfState, temperature: float = COLD, per_decade: int = 20) -> Barotrope:
    """Neutrons, protons, nuclei and electrons in beta equilibrium, all neutrinos gone.

    Parameters
    ----------
    eos : EquationOfState
        All its densities are used.
    temperature : float
        MeV.
    per_decade : int
        Densities.

    Returns
    -------
    Barotrope
    """
    lowest, highest = np.log(eos.density_range)
    x = np.linspace(lowest, highest, int(per_decade * (highest - lowest) / np.log(10.0)) + 1)
    density = np.clip(np.exp(x), *eos.density_range)
    state = eos(density, temperature, beta_equilibrium(eos, density, temperature))
    return Barotrope.from_states(x, state.pressure, state.energy_density)


@dataclass(frozen=True)
class NeutronStars:
    """A sequence of cold stars, by rising central density.

    Attributes
    ----------
    central_density : ndarray, shape (star,)
        g/cm^3.
    mass, rest_mass : ndarray, shape (star,)
        Gravitational and rest mass, g.
    radius : ndarray, shape (star,)
        Areal, cm, of the lowest density of the equation of state.
    """

    central_density: Array
    mass: Array
    rest_mass: Array
    radius: Array

    @property
    def maximum_mass(self) -> float:
        """Largest gravitational mass, g, of the parabola through the three heaviest stars.

        Raises
        ------
        ProfileError
            If the mass still rises at the last central density.
        """
        i = int(np.argmax(self.mass))
        if i in (0, self.mass.size - 1):
            raise ProfileError(
                f"the mass of cold stars has no maximum below a central density of {self.central_density[-1]:.3g} g/cm^3; "
                "use an equation of state that reaches further, as DenseLattimerSwesty does"
            )
        below, top, above = self.mass[i - 1 : i + 2]
        return float(top + (above - below) ** 2 / (8.0 * (2.0 * top - above - below)))

    def radius_of(self, mass: float) -> float:
        """Radius (cm) of the star of a given gravitational mass (g), linear between stars.

        Raises
        ------
        ProfileError
            If no star of the stable branch, on which mass rises with central density, has it.
        """
        last = int(np.argmax(self.mass)) + 1
        first = int(np.argmin(self.mass[:last]))
        if not self.mass[first] <= mass <= self.mass[last - 1]:
            raise ProfileError(
                f"mass = {mass / CODATA.solar_mass:.4g} Msun: the stable stars of this sequence have "
                f"{self.mass[first] / CODATA.solar_mass:.4g} to {self.mass[last - 1] / CODATA.solar_mass:.4g} Msun"
            )
        return float(np.interp(mass, self.mass[first:last], self.radius[first:last]))


def cold_neutron_stars(
    eos: EquationOfState,
    *,
    temperature: float = COLD,
    lowest_density: float = 2.5e14,
    stars: int = 120,
    steps: int = 800,
) -> NeutronStars:
    """Masses and radii of neutron stars in beta equilibrium.

    Parameters
    ----------
    eos : EquationOfState
        For the maximum mass one that reaches its central density, 1.4e15 to 3e15 g/cm^3: `DenseLattimerSwesty`.
    temperature : float
        MeV.
    lowest_density : float
        First central density, g/cm^3; the last one is the highest of the equation of state.
    stars : int
        Central densities, in equal ratios.
    steps : int
        Of the integration, equal in ln density.

    Returns
    -------
    NeutronStars

    Raises
    ------
    ProfileError
        If `lowest_density` lies outside the equation of state.
    OutOfRangeError
        If it has no beta equilibrium somewhere.

    Notes
    -----
    Uniform matter has neutrons, protons and electrons, no muons. The surface is the lowest density of the equation of
    state, 1e3 g/cm^3, and as warm as the rest; a crust of 0.02 MeV would make a star of 1.4 Msun 12 m smaller. At K =
    180 and 220 MeV the inner crust is mechanically unstable, between 6e12 and 2e13 and around 2e13 g/cm^3 (see
    `LattimerSwesty`): there the density jumps at constant pressure. At K = 375 MeV sound is faster than light in the
    centre of stars near the maximum mass: a property of the force.

    References
    ----------
    .. [1] Oppenheimer & Volkoff 1939, Phys. Rev. 55, 374.
    """
    lowest, highest = eos.density_range
    if not lowest < lowest_density < highest:
        raise ProfileError(
            f"lowest_density = {lowest_density:.4g} g/cm^3: expected a density inside {eos.name}, {lowest:g} to {highest:g}"
        )
    matter = cold_matter(eos, temperature)
    centres = np.linspace(np.log(lowest_density), np.log(highest), stars)
    sequence = [matter.star(centre, matter.first, steps) for centre in centres]
    return NeutronStars(
        central_density=np.exp(centres),
        mass=np.array([star.mass[-1] for star in sequence]),
        rest_mass=np.array([star.rest_mass[-1] for star in sequence]),
        radius=np.array([star.radius[-1] for star in sequence]),
    )
