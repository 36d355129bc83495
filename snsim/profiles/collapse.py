"""A collapsing core shortly before bounce, where nuclei rule the opacity."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.eos.invert import temperature_from_entropy
from microphysics.eos.nse import nuclei_only_state, nuclei_only_temperature_from_entropy
from microphysics.eos.state import NSE_TEMPERATURE, EosState, EquationOfState
from microphysics.errors import MicrophysicsError
from microphysics.matter import MatterState
from snsim.errors import NoStarError
from snsim.profiles.analytic import INFALL_MASS_NUMBER
from snsim.profiles.profile import Profile
from snsim.profiles.states import joined

Array = NDArray[np.float64]

POINTS = 240
_FIRST, _LAST = 5e4, 1e8  # cm
# Liebendoerfer 2005, ApJ 633, 1042, table 1, model G15: ln of both densities (g/cm^3), Y_e at them, Y_c
_LN_DENSITIES = (np.log(3e7), np.log(2e13))
_ELECTRONS, _BUMP = (0.5, 0.278), 0.035
# of Agile-Boltztran's G15, 2 and 5 ms before bounce, within 25 %: log10 density (g/cm^3), entropy (k_B/baryon)
_LOG_DENSITIES = (7.4, 8.15, 9.2, 10.4, 11.3, 12.0, 13.2)
_ENTROPIES = (3.9, 2.15, 1.87, 1.25, 1.05, 1.2, 1.39)


class CollapseParameters(Protocol):
    """What `collapse_profile` reads; CGS."""

    central_density: float
    core_radius: float
    steepness: float
    contraction_rate: float
    infall_fraction: float


def collapse_profile(parameters: CollapseParameters, eos: EquationOfState) -> Profile:
    """Build a core before bounce from its density.

    Parameters
    ----------
    parameters : CollapseParameters
        Density; rate of homologous contraction and fraction of free fall; the run file's ``[profile]`` section.
    eos : EquationOfState
        Of all matter above 0.5 MeV.

    Returns
    -------
    Profile
        To 1000 km, with composition, potentials, mean fields and pressure. No shock.

    Raises
    ------
    NoStarError
        If the core lies outside the equation of state.

    Notes
    -----
    rho = rho_c [1 + (r/a)^2]^-n: (1.63e12 g/cm^3, 54.8 km, 1.975) is Agile-Boltztran's G15 at -5 ms, (2.78e13, 17.1 km,
    1.748), the default, at -2 ms, within 25 %. Y_e(rho) is the parametrised deleptonisation of [1]_, S(rho) linear in
    log10 rho. Beyond the first radius with T below 0.5 MeV matter is nuclei of A = 56, Z = 56 Y_e at the same entropy:
    having fewer particles it is hotter, T jumps there to 0.67 MeV and P by 15 % (0.57 MeV with alphas of LS91).
    v = -k r, k = 122/s and 530/s, up to a fraction of free fall: 0.42 at -2 ms, where the model has 0.38 to 0.44 from 50
    to 450 km, 0.35 at -5 ms. A curve, not a solution. With Lattimer & Swesty's own binding of alphas T and X_h are those
    of the model within a few per cent; with the corrected one there are more alphas below 1e11 g/cm^3, and T is up to
    13 % lower.

    References
    ----------
    .. [1] Liebendoerfer 2005, ApJ 633, 1042, eq. 2 and table 1.
    """
    p = parameters
    radius = np.geomspace(_FIRST, _LAST, POINTS)
    density = p.central_density * (1.0 + (radius / p.core_radius) ** 2) ** -p.steepness
    electron_fraction = deleptonised(density)
    entropy = np.interp(np.log10(density), _LOG_DENSITIES, _ENTROPIES)
    try:
        inside, outside = _matter(eos, density, entropy, electron_fraction)
    except MicrophysicsError as error:
        raise NoStarError(f"no collapsing core: {error}") from None
    free_fall = np.sqrt(2.0 * CODATA.gravitational_constant * _mass(radius, density) / radius)
    return Profile(
        radius=radius,
        velocity=-np.minimum(p.contraction_rate * radius, p.infall_fraction * free_fall),
        shock_radius=None,
        source=f"collapse; {eos.name}",
        **joined(inside, outside),
    )


def deleptonised(density: Array) -> Array:
    """Electron fraction of collapsing matter of some density (g/cm^3): Liebendoerfer 2005, eq. 2, model G15."""
    (low, high), (outside, inside) = _LN_DENSITIES, _ELECTRONS
    x = np.clip((2.0 * np.log(density) - high - low) / (high - low), -1.0, 1.0)
    size = np.abs(x)
    return (
        0.5 * (inside + outside)
        + 0.5 * x * (inside - outside)
        + _BUMP * (1.0 - size + 4.0 * size * (size - 0.5) * (size - 1.0))
    )


def _matter(
    eos: EquationOfState, density: Array, entropy: Array, electron_fraction: Array
) -> tuple[EosState, MatterState]:
    """Equilibrium out to the first point below 0.5 MeV; further out matter has never been hotter, and is nuclei."""
    temperature = temperature_from_entropy(eos, density, entropy, electron_fraction)
    cold = temperature < NSE_TEMPERATURE
    hot = int(np.argmax(cold)) if cold.any() else cold.size
    if hot == 0:
        raise NoStarError(
            f"no collapsing core: its centre has {temperature[0]:.3g} MeV, and below {NSE_TEMPERATURE:g} MeV there is no "
            "equilibrium; raise profile.central_density"
        )
    inside = eos(density[:hot], temperature[:hot], electron_fraction[:hot])
    rho, y = density[hot:], electron_fraction[hot:]
    temperature = nuclei_only_temperature_from_entropy(rho, entropy[hot:], y, mass_number=INFALL_MASS_NUMBER)
    return inside, nuclei_only_state(rho, temperature, y, mass_number=INFALL_MASS_NUMBER)


def _mass(radius: Array, density: Array) -> Array:
    """Mass inside each radius, g: the trapezium in ln r."""
    shells = 4.0 * np.pi * radius**3 * density
    steps = 0.5 * (shells[1:] + shells[:-1]) * np.diff(np.log(radius))
    return shells[0] / 3.0 + np.concatenate([[0.0], np.cumsum(steps)])
