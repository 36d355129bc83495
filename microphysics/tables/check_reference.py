"""Kernels in a file of NuLib's layout against our own at a few states: right in size, and not exchanged.

Laws that a kernel obeys by itself do not tell a neutrino from its partner, one energy from the other, or a factor. NuLib's
kernels agree far better than what is asked for here; sin^2 theta_W of 0.23 or 0.2386 makes less than 5 %.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from microphysics.matter import GROUPS
from microphysics.processes import electron_scattering_kernels, pair_kernels
from microphysics.tables.findings import Findings
from microphysics.tables.nulib_layout import PAIRS, SCATTERING
from microphysics.weak.couplings import WeakCouplings

__all__ = ["KernelReference"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

MEDIAN = (0.8, 1.25)  # of the ratio to ours, over energies
FAR, SHARE = 2.0, 0.1  # factor, and the share of entries that may be off by more
SIGNIFICANT = 1e-6  # of the largest entry of a state
TEMPERATURES = (
    1.0,
    30.0,
    3,
)  # lowest and highest, MeV, and how many: where quadratures of all codes are good
DEGENERACIES = (0.1, 20.0, 4)  # mu_e/T
WITHOUT_POSITRONS = 3.0  # mu_e/T from which a kernel without scattering on positrons is that with it


@dataclass(frozen=True)
class _Sample:
    """States and our kernels there.

    Attributes
    ----------
    temperature, degeneracy : ndarray of int, shape (state,)
        Indices along the axes of the file.
    structures : ndarray, shape (2, state, energy, other energy)
        Phi_0 of both coupling structures, cm^3/s.
    """

    temperature: NDArray[np.intp]
    degeneracy: NDArray[np.intp]
    structures: Array

    def expected(self, species: str) -> Array:
        """Phi_0, the mean over the flavours of a species, (state, energy, other energy)."""
        weights = [
            electron_scattering_kernels.coupling_weights(WeakCouplings(), flavor)
            for flavor in GROUPS[species]
        ]
        return np.tensordot(np.mean(weights, axis=0), self.structures, axes=1)


@dataclass(frozen=True)
class KernelReference:
    """Compares kernels; ours are evaluated once for all species.

    Attributes
    ----------
    rows : dict of ndarray
        Axes by the name of their dataset.
    findings : Findings
        Receives what is found.
    """

    rows: dict[str, Array]
    findings: Findings

    @cached_property
    def _scattering(self) -> _Sample | None:
        """Where electrons are degenerate; None if they are so nowhere, which is noted."""
        places = self._states(WITHOUT_POSITRONS)
        if places is None:
            text = f"no mu_e/T above {WITHOUT_POSITRONS:g}: the size of the kernels is not checked"
            self.findings.add("note", SCATTERING[0], text)
            return None
        both = electron_scattering_kernels.coupling_structures(
            self.rows["neutrino_energies"], *self._values(*places), WeakCouplings()
        )
        return _Sample(*places, both[:, 0])

    @cached_property
    def _pairs(self) -> _Sample:
        places = self._states(0.0)
        assert places is not None
        both = pair_kernels.structures(
            self.rows["neutrino_energies"], *self._values(*places), WeakCouplings()
        )
        return _Sample(*places, np.stack([both.plus[0], both.minus[0]]))

    def scattering(self, phi_0: Array, species: str) -> None:
        """Compare the half of E' <= E, which readers take.

        Parameters
        ----------
        phi_0 : ndarray, shape (energy out, energy in, degeneracy, T)
            cm^3/s.
        species : str
        """
        sample = self._scattering
        if sample is None:
            return
        found = phi_0[:, :, sample.degeneracy, sample.temperature].transpose(2, 1, 0)
        down = np.tril(np.ones(found.shape[1:], dtype=bool))
        hint = " (as if the energies before and after were exchanged)"
        self._compare(SCATTERING[0], found, sample, species, {"scattering of": down}, hint)

    def pairs(self, annihilation: Array, species: str) -> None:
        """Compare both halves apart: exchanged energies make one larger and the other smaller.

        Parameters
        ----------
        annihilation : ndarray, shape (partner energy, energy, degeneracy, T)
            Phi_0, cm^3/s. All zero for nue or anue: not included, which is a matter of choice.
        species : str
        """
        if species in ("nue", "anue") and not annihilation.any():
            return
        sample = self._pairs
        found = annihilation[:, :, sample.degeneracy, sample.temperature].transpose(2, 1, 0)
        higher = np.tril(np.ones(found.shape[1:], dtype=bool))
        parts = {
            "annihilation, partner not above,": higher,
            "annihilation, partner not below,": higher.T,
        }
        hint = " (as if neutrino and antineutrino, or their energies, were exchanged)"
        self._compare(PAIRS[0], found, sample, species, parts, hint)

    def _states(self, lowest: float) -> tuple[NDArray[np.intp], NDArray[np.intp]] | None:
        """Return all pairs of some temperatures and degeneracies."""
        temperature = _spread(self.rows["temp_Ipoints"], *TEMPERATURES)
        degeneracy = _spread(self.rows["eta_Ipoints"], max(lowest, DEGENERACIES[0]), *DEGENERACIES[1:])
        degeneracy = degeneracy[self.rows["eta_Ipoints"][degeneracy] >= lowest]
        if not degeneracy.size:
            return None
        first, second = np.meshgrid(temperature, degeneracy, indexing="ij")
        return first.ravel(), second.ravel()

    def _values(self, temperature: NDArray[np.intp], degeneracy: NDArray[np.intp]) -> tuple[Array, Array]:
        return self.rows["temp_Ipoints"][temperature], self.rows["eta_Ipoints"][degeneracy]

    def _compare(
        self, dataset: str, found: Array, sample: _Sample, species: str, parts: dict[str, Mask], hint: str
    ) -> None:
        """Ratio of (state, energy, other energy) to ours in each part of the energies."""
        expected = sample.expected(species)
        largest = expected.max(axis=(1, 2), keepdims=True)
        significant = expected > SIGNIFICANT * largest
        ratio = np.where(significant, found / expected, np.nan)
        mirrored = found / expected.swapaxes(1, 2)

        def place(state: int) -> str:
            t, eta = self._values(sample.temperature[state : state + 1], sample.degeneracy[state : state + 1])
            return f"mu_e/T = {eta[0]:.6g}, temperature = {t[0]:.6g} MeV"

        for what, mask in parts.items():
            median = _median(np.where(mask, ratio, np.nan))
            off = (median < MEDIAN[0]) | (median > MEDIAN[1])
            fits = np.abs(np.log(_median(np.where(mask & significant, mirrored, np.nan)))) < np.log(MEDIAN[1])
            text = f"{what} {species} is {{value}} times ours in the median over energies{hint * bool(fits[off].any())}"
            self.findings.gather("error", dataset, text, off, median, place, size=np.abs(np.log(median)))
            far = ~((ratio > 1.0 / FAR) & (ratio < FAR)) & mask & significant
            share = far.sum(axis=(1, 2)) / np.maximum((mask & significant).sum(axis=(1, 2)), 1)
            text = f"{what} {species}: a share of {{value}} of the entries differs from ours by more than a factor {FAR:g}"
            self.findings.gather("error", dataset, text, ~off & (share > SHARE), share, place, size=share)


def _spread(axis: Array, lowest: float, highest: float, number: int) -> NDArray[np.intp]:
    """Return indices of some points of an axis between two values, or of the nearest to them."""
    inside = np.flatnonzero((axis >= lowest) & (axis <= highest))
    if not inside.size:
        middle = np.log(np.sqrt(lowest * highest))
        inside = np.array([np.argmin(np.abs(np.log(axis) - middle))])
    return inside[np.unique(np.linspace(0, inside.size - 1, number).round().astype(int))]


def _median(values: Any) -> Array:
    """Median over the energies of each state, NaN (no median) where there are none."""
    flat = values.reshape(values.shape[0], -1)
    some = np.isfinite(flat).any(axis=1)
    result = np.full(flat.shape[0], np.nan)
    result[some] = np.nanmedian(flat[some], axis=1)
    return result
