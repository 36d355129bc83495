"""Matter that changes in time as a simulation of others says, on zones and a metric that stay: a background for neutrinos."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from microphysics.errors import OutOfRangeError
from microphysics.matter import MatterState
from snsim.errors import ProfileError
from snsim.transport.background import Background

Array = NDArray[np.float64]

_LOGARITHMIC = ("density", "temperature", "pressure")


@dataclass(frozen=True)
class MovingMatter:
    """States of the zones at some times, and everything between them linear in time (density, T and P in their logarithm).

    What moving does to the neutrinos themselves, Doppler shift, advection and compression, is left out: this is for matter
    that changes slowly compared with r/v of the zones where neutrinos come loose.

    Attributes
    ----------
    times : ndarray, shape (n,)
        Rising, s.
    states : tuple of MatterState
        At these times.
    """

    times: Array
    states: tuple[MatterState, ...]

    @classmethod
    def of(cls, backgrounds: list[tuple[float, Background]]) -> MovingMatter:
        """Matter of a star on the same zones at several times.

        Parameters
        ----------
        backgrounds : list of (float, Background)
            Times, s, rising, and the star at each.

        Raises
        ------
        OutOfRangeError
            If times do not rise or are fewer than two.
        ProfileError
            If zones differ.
        """
        times = np.array([time for time, _ in backgrounds], dtype=np.float64)
        if times.size < 2 or not (np.diff(times) > 0.0).all():
            raise OutOfRangeError(
                f"times of profiles = {', '.join(f'{time:g}' for time in times)} s: must be at least two and rise"
            )
        first = backgrounds[0][1].radius_interface
        for time, background in backgrounds[1:]:
            if not np.array_equal(background.radius_interface, first):
                raise ProfileError(
                    f"the profile at {time:g} s is on other zones than the first (grid.zones, grid.r_inner, grid.r_outer; "
                    "build_background(..., edge_at_shock=False) where the shock moves)"
                )
        return cls(times, tuple(background.matter for _, background in backgrounds))

    def at(self, time: float) -> MatterState:
        """Return the state at a time.

        Parameters
        ----------
        time : float
            s; before the first and after the last of `times` matter rests.

        Returns
        -------
        MatterState
            Of the zones.
        """
        k = int(np.clip(np.searchsorted(self.times, time) - 1, 0, self.times.size - 2))
        part = float(np.clip((time - self.times[k]) / (self.times[k + 1] - self.times[k]), 0.0, 1.0))
        before, after = self.states[k], self.states[k + 1]
        values = {}
        for field in fields(MatterState):
            a, b = getattr(before, field.name), getattr(after, field.name)
            if a is None or b is None or field.name == "baryon_mass":
                values[field.name] = a
            elif field.name in _LOGARITHMIC:
                values[field.name] = a ** (1.0 - part) * b**part
            else:
                values[field.name] = (1.0 - part) * a + part * b
        return MatterState(**values)
