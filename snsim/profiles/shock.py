"""Where the accretion shock stands, from the velocity alone."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np

from microphysics.constants import CODATA
from microphysics.errors import PhysicsWarning
from snsim.profiles.profile import Array, Profile

# A shock is smeared over a few zones: what is this share as steep as its steepest interval belongs to it,
_SHARE_OF_STEEPEST = 0.15
# and together that must be narrow (in ln r), or it is the smooth, homologous infall of a core before bounce.
_WIDEST = 0.35
# Infall reaches the shock at 0.7-0.9 of free fall and leaves it at a tenth of that; the waves in a
# progenitor's shells reach 0.1 of free fall.
_SMALLEST_JUMP = 0.25


def find_shock(profile: Profile) -> float | None:
    """Radius of the shock: the steepest compressive jump of the velocity.

    Parameters
    ----------
    profile : Profile
        Uses `radius`, `velocity` and the enclosed mass.

    Returns
    -------
    float or None
        cm; None where there is no velocity, or no jump that is narrow (0.35 in ln r) and larger than a
        quarter of the free-fall velocity, as before bounce.

    Notes
    -----
    Agile-Boltztran and Vertex models come out within 1.5 % of their tabulated shock radii; their shocks are
    3-8 % wide.
    """
    velocity = profile.velocity
    if velocity is None:
        return None
    log_radius = np.log(profile.radius)
    slope = np.diff(velocity) / np.diff(log_radius)
    steepest = int(np.argmin(slope))
    if slope[steepest] >= 0.0:
        return None
    first, last = _run(slope <= _SHARE_OF_STEEPEST * slope[steepest], steepest)
    jump = velocity[first] - velocity[last + 1]
    width = log_radius[last + 1] - log_radius[first]
    radius = float(np.sqrt(profile.radius[steepest] * profile.radius[steepest + 1]))
    free_fall = np.sqrt(2.0 * CODATA.gravitational_constant * _enclosed_mass(profile)[steepest] / radius)
    if width > _WIDEST or jump < _SMALLEST_JUMP * free_fall:
        return None
    return radius


def with_shock(profile: Profile) -> Profile:
    """Return the profile with its shock: the given one, or the one found.

    Warns
    -----
    PhysicsWarning
        If the velocity jumps somewhere else than where the shock is said to be.
    """
    found, given = find_shock(profile), profile.shock_radius
    if given is None:
        return replace(profile, shock_radius=found)
    if found is not None and abs(np.log(given / found)) > _WIDEST:
        warnings.warn(
            f"shock_radius = {given / 1e5:.4g} km, but the velocity jumps at {found / 1e5:.4g} km ({profile.source}): the "
            "gain region, the mass that is kicked and an edge of the zones go by the first",
            PhysicsWarning,
            stacklevel=3,
        )
    return profile


def _run(member: np.ndarray, start: int) -> tuple[int, int]:
    """First and last index of the unbroken run of members around `start`."""
    outside = np.flatnonzero(~member)
    below, above = outside[outside < start], outside[outside > start]
    return int(below[-1]) + 1 if below.size else 0, int(above[0]) - 1 if above.size else member.size - 1


def _enclosed_mass(profile: Profile) -> Array:
    """Mass inside each point, g."""
    if profile.gravitational_mass is not None:
        return profile.gravitational_mass
    shells = 4.0 * np.pi * profile.radius**2 * profile.density
    core = shells[0] * profile.radius[0] / 3.0
    steps = 0.5 * (shells[1:] + shells[:-1]) * np.diff(profile.radius)
    return core + np.concatenate([[0.0], np.cumsum(steps)])
