"""The embedded default: a parametrised star after bounce that needs no file."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.eos.nse import SahaNSE, nuclei_only_state, nuclei_only_temperature_from_entropy
from microphysics.matter import MatterState
from snsim.errors import NoStarError
from snsim.profiles.profile import COMPOSITION, Profile

Array = NDArray[np.float64]

POINTS = 240  # below the shock, and half as many above
_FIRST, _LAST = 2e4, 2e8  # cm
_SOFTENING = 2e6  # cm, keeps the post-shock power law finite at the centre
INFALL_MASS_NUMBER = 56.0
# transitions in log10 density: (middle, width) of entropy and of electron fraction
_ENTROPY_STEPS = ((14.0, 0.3), (10.7, 1.2))
_ELECTRON_STEPS = ((13.15, 0.25), (9.9, 1.0))


class InfallParameters(Protocol):
    """What falls onto the shock; CGS, entropy in k_B per baryon."""

    mass: float
    accretion_rate: float
    shock_radius: float
    infall_fraction: float
    entropy_infall: float
    electron_fraction_infall: float


class AnalyticParameters(InfallParameters, Protocol):
    """What `analytic_profile` reads; CGS, entropies in k_B per baryon."""

    core_radius: float
    scale_height: float
    mantle_fraction: float
    compression: float
    entropy: Any
    electron_fraction: Any


def analytic_profile(parameters: AnalyticParameters) -> Profile:
    """Build a collapsed star with a standing accretion shock from a dozen numbers.

    Parameters
    ----------
    parameters : AnalyticParameters
        Mass inside the shock, accretion rate (g/s), shock radius and shape of density, entropy and electron fraction;
        the run file's ``[profile]`` section.

    Returns
    -------
    Profile
        With composition, velocity and pressure.

    Raises
    ------
    NoStarError
        If the mass cannot be placed inside the shock.

    Notes
    -----
    Below the shock rho = rho_0 [exp(-(r/r_c)^4) + chi exp(-r/h)] + rho_2 r_s^3/(r^3 + (20 km)^3), rho_2 the infalling
    density times the compression, rho_0 from the mass. S and Y_e are sums of tanh steps in log10 rho; T follows from S
    with exact electrons, positrons and photons, free nucleons and nuclei in equilibrium. Ahead of the shock nuclei of
    A = 56 fall at a fraction of free fall. A curve, not a solution: within 16 % of hydrostatic between 20 and 80 km.
    """
    p = parameters
    inside = np.geomspace(_FIRST, p.shock_radius, POINTS)
    infall, above = infalling_matter(p, radii_ahead(p.shock_radius))
    density = _settled_density(p, inside, p.compression * above.density[0])
    settling = p.accretion_rate / (4.0 * np.pi * inside**2 * density)
    x = np.log10(density)
    entropy, electron_fraction = (
        settled_entropy(x, *p.entropy),
        settled_electron_fraction(x, *p.electron_fraction),
    )
    equilibrium = SahaNSE()
    temperature = equilibrium.temperature_from_entropy(density, entropy, electron_fraction)
    below = equilibrium.state(density, temperature, electron_fraction)
    return Profile(
        radius=np.concatenate([inside, radii_ahead(p.shock_radius)]),
        velocity=-np.concatenate([settling, infall]),
        shock_radius=p.shock_radius,
        source="analytic",
        **_joined(below, above),
    )


def radii_ahead(shock_radius: float) -> Array:
    """Radii (cm) of the points ahead of a shock, the first one right on it."""
    return np.geomspace(shock_radius * (1.0 + 1e-6), _LAST, POINTS // 2)


def infalling_matter(parameters: InfallParameters, radius: Array) -> tuple[Array, MatterState]:
    """Matter ahead of the shock: nuclei of A = 56 at a fraction of free fall.

    Parameters
    ----------
    parameters : InfallParameters
        Mass (g) that pulls, accretion rate (g/s), entropy (k_B/baryon) and electron fraction.
    radius : ndarray, shape (point,)
        cm.

    Returns
    -------
    speed : ndarray, shape (point,)
        Inwards, cm/s.
    state : MatterState
        Of nuclei only: matter that has not been through the shock is taken to keep the composition of its progenitor.
    """
    p = parameters
    speed = p.infall_fraction * np.sqrt(2.0 * CODATA.gravitational_constant * p.mass / radius)
    density = p.accretion_rate / (4.0 * np.pi * radius**2 * speed)
    electron_fraction = np.full_like(radius, p.electron_fraction_infall)
    temperature = nuclei_only_temperature_from_entropy(
        density, np.full_like(radius, p.entropy_infall), electron_fraction, mass_number=INFALL_MASS_NUMBER
    )
    return speed, nuclei_only_state(density, temperature, electron_fraction, mass_number=INFALL_MASS_NUMBER)


def settled_entropy(x: Array, core: float, mantle: float, gain: float) -> Array:
    """Entropy per baryon (k_B) behind the shock over x = log10 density: steps between three values."""
    return (
        core + (mantle - core) * _step(x, *_ENTROPY_STEPS[0]) + (gain - mantle) * _step(x, *_ENTROPY_STEPS[1])
    )


def settled_electron_fraction(x: Array, core: float, mantle: float, gain: float) -> Array:
    """Electron fraction behind the shock over x = log10 density: steps between three values."""
    return (
        mantle
        + (core - mantle) * (1.0 - _step(x, *_ELECTRON_STEPS[0]))
        + (gain - mantle) * _step(x, *_ELECTRON_STEPS[1])
    )


def _step(x: Array, middle: float, width: float) -> Array:
    """1 well below `middle`, 0 well above, over `width`."""
    return 0.5 * (1.0 - np.tanh((x - middle) / width))


def _settled_density(p: AnalyticParameters, radius: Array, behind_shock: float) -> Array:
    """Density below the shock whose integral is the mass."""
    core = np.exp(-((radius / p.core_radius) ** 4)) + p.mantle_fraction * np.exp(-radius / p.scale_height)
    tail = behind_shock * p.shock_radius**3 / (radius**3 + _SOFTENING**3)
    shells = 4.0 * np.pi * radius**3  # integrand in ln r
    width = np.gradient(np.log(radius))
    width[[0, -1]] *= 0.5
    ball = 4.0 * np.pi / 3.0 * radius[0] ** 3
    core_mass = float((shells * core * width).sum() + ball * core[0])
    tail_mass = float((shells * tail * width).sum() + ball * tail[0])
    if tail_mass >= p.mass:
        raise NoStarError(
            f"profile.mass = {p.mass / CODATA.solar_mass:.4g} Msun is less than the {tail_mass / CODATA.solar_mass:.4g} Msun "
            "of matter settling behind the shock; lower profile.accretion_rate or profile.compression"
        )
    return (p.mass - tail_mass) / core_mass * core + tail


def _joined(below: MatterState, above: MatterState) -> dict[str, Array]:
    """Thermodynamic fields of both sides of the shock, end to end."""
    names = ("density", "temperature", "electron_fraction", "pressure", *COMPOSITION)
    return {name: np.concatenate([getattr(below, name), getattr(above, name)]) for name in names}
