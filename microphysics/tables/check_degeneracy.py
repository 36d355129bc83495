"""Does the degeneracy that a table implies for nue rise with Y_e? It tells nue from anue without an equation of state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from microphysics.tables.findings import Findings

__all__ = ["DegeneracySlope"]

Array = NDArray[np.float64]

NEARLY_ALL = 0.9  # of the steps: interpolated equations of state have some wrong ones
ENOUGH = 10  # steps


@dataclass
class DegeneracySlope:
    """Counts steps in Y_e, at fixed density and temperature, in which mu_nue/T rises and falls.

    mu_nue = mu_e - (mu_n - mu_p) is the derivative of the free energy per baryon by Y_e; in stable matter it rises.

    Attributes
    ----------
    noise : float
        Smaller steps do not count.
    """

    noise: float
    rising: int = 0
    falling: int = 0
    _before: Array | None = None

    def add(self, eta: Mapping[str, Array]) -> None:
        """Go on to the next Y_e.

        Parameters
        ----------
        eta : mapping
            Of nue and anue, (T, density), NaN where unknown.
        """
        if len(eta) < 2:
            return
        now = np.where(np.isfinite(eta["nue"]), eta["nue"], -eta["anue"])
        if self._before is not None:
            step = now - self._before
            self.rising += int((step > self.noise).sum())
            self.falling += int((step < -self.noise).sum())
        self._before = now

    def report(self, findings: Findings) -> None:
        """Say so if nearly all steps go the wrong way."""
        counted = self.rising + self.falling
        if counted >= ENOUGH and self.falling > NEARLY_ALL * counted:
            findings.add(
                "error",
                "emissivities",
                "the degeneracy that emissivity/absorption of nue implies falls with the electron fraction in "
                f"{self.falling} of {counted} steps at fixed density and temperature; in stable matter it rises: "
                "nue and anue seem exchanged",
            )
