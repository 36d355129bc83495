"""Electron capture on nuclei and its inverse: e- + (A, Z) <-> nue + (A, Z-1)."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics._jit import njit
from microphysics._registry import PROCESSES
from microphysics.errors import (
    ExtrapolationWarning,
    MicrophysicsError,
    OutOfRangeError,
    UnknownNameError,
)
from microphysics.matter import MatterState
from microphysics.processes.capture_rates import (
    DEFAULT_EXCITATION,
    drop_q_value,
    effective_transition,
    equilibrium_q_value,
    log_capture_rate,
    log_occupied_phase_space,
)
from microphysics.processes.capture_tables import CaptureTable, read_capture_table
from microphysics.processes.contract import Rates
from microphysics.processes.settings import CHOICES, Settings

Array = NDArray[np.float64]

_BRUENN_EXCITATION = 3.0  # MeV of the neutron's state 1f5/2 above the ground state (Bruenn 1985)
_LARGEST_EXPONENT = 650.0  # sums over nuclei stay below the largest float


@dataclass(frozen=True)
class Nuclei:
    """Nuclei in each zone.

    Attributes
    ----------
    mass_number, charge_number : ndarray, shape (zone, nucleus)
        A and Z, not necessarily whole.
    number_density : ndarray, shape (zone, nucleus)
        1/cm^3; where it is 0, A and Z do not matter.
    q_value : ndarray, shape (zone, nucleus)
        M(A, Z) - M(A, Z - 1) of nuclear masses, MeV.
    """

    mass_number: Array
    charge_number: Array
    number_density: Array
    q_value: Array


@PROCESSES.register("electron_capture")
class ElectronCapture:
    """Absorption of nue by nuclei, from the rate of electron capture and detailed balance.

    With the rate lambda of one nucleus and the spectrum n(E) of its neutrinos,

        j = E n_A lambda n(E)/(4 pi),   kappa* = j/B(T, mu_nu),   B = c E^3 f_eq/(2 pi hbar c)^3,

    formed in logarithms: kappa* is finite where j and B underflow.

    Parameters
    ----------
    settings : Settings
        Couplings and constants; `capture_rate`, `capture_q_value` and `capture_tables` where the following are not given.
    rate : str, optional
        ``langanke2003``: one formula for all nuclei, fitted to microscopic rates in collapse; ``bruenn``: one transition
        1f7/2 -> 1f5/2, without capture for N >= 40, which is known to be wrong and kept for comparison; ``table``.
    q_value : str, optional
        Of the mean nucleus: ``drop``, from a liquid drop in vacuum; ``equilibrium``, from mu_n - mu_p; ``bounded``, the
        smaller of the two.
    table : CaptureTable, path or sequence of them, optional
        For ``table``; of several the first that has a nucleus counts. Where none knows nucleus or state, `langanke2003` does.

    Notes
    -----
    Equilibrium bounds Q: with a larger one the daughter would be more abundant than the mean nucleus, and the inverse
    reaction without limit in cold matter. In a collapsing core the drop's Q lies below the bound up to 5e12 g/cm^3, by
    1.5 MeV at 1e10 and 1 MeV at 1e12 g/cm^3, above it beyond, where electrons and neutrons between the nuclei count.

    The same formula summed over an ideal equilibrium of all nuclei with their masses of AME2020 gives 1.1 to 1.4 times the
    rate of the mean nucleus of the embedded equation of state (1e9 to 3e11 g/cm^3 along a collapse); ``equilibrium`` alone
    would be 5 times too high at 1e9 and 1.5 times at 5e10 g/cm^3, because masses of that equation of state are smooth. The
    formula is fitted to nuclei with A = 45 to 112 and used for all.

    Without free nucleons mu_nu is undefined and the opacity 0. Other species do not take part. Rates scale with v^-4 of
    the couplings; g_A is part of what was fitted, but for ``bruenn``.
    """

    name = "electron_capture"
    species = ("nue",)

    def __init__(
        self,
        settings: Settings,
        *,
        rate: str | None = None,
        q_value: str | None = None,
        table: CaptureTable | str | Path | Sequence[CaptureTable | str | Path] | None = None,
    ) -> None:
        rate, q_value = rate or settings.capture_rate, q_value or settings.capture_q_value
        if rate not in CHOICES["capture_rate"]:
            raise UnknownNameError("rate of electron capture", rate, CHOICES["capture_rate"])
        if q_value not in CHOICES["capture_q_value"]:
            raise UnknownNameError("Q value", q_value, CHOICES["capture_q_value"])
        self.couplings = settings.couplings
        self.rate = rate
        self.q_value = q_value
        table = settings.capture_tables if table is None else table
        self.table = _combined(table) if rate == "table" else None
        self._warned = False
        self.references = {
            "langanke2003": ["Langanke et al. 2003, PRL 90, 241102"],
            "bruenn": ["Bruenn 1985, ApJS 58, 771"],
            "table": [
                "Langanke, Martinez-Pinedo & Sampaio 2001, PRC 64, 055801",
                "Langanke et al. 2003, PRL 90, 241102",
                *(f"capture rates from {source}" for source in (self.table.sources if self.table else ())),
            ],
        }[rate]
        if rate != "bruenn" and q_value != "equilibrium":
            self.references.append("Myers & Swiatecki 1966, Nucl. Phys. 81, 1")

    def __call__(self, energy: Array, matter: MatterState) -> Rates:
        """Return the absorption opacity, shape (species, zone, energy): of the mean nucleus."""
        density = matter.number_density_heavy[:, None]
        present = density > 0.0
        a = np.where(present, matter.mass_number_heavy[:, None], 56.0)
        z = np.where(present, matter.charge_number_heavy[:, None], 26.0)
        q = self._mean_q_value(matter, a, z)
        nue = self._absorption(energy, matter, Nuclei(a, z, density, q))
        return Rates(absorption=nue[None])

    def _mean_q_value(self, matter: MatterState, a: Array, z: Array) -> Array:
        """Q of the mean nucleus, MeV, shape (zone, 1)."""
        drop = drop_q_value(a, z)
        if self.q_value == "drop":
            return drop
        bound = equilibrium_q_value(matter.chemical_potential_difference[:, None], a)
        return bound if self.q_value == "equilibrium" else np.minimum(drop, bound)

    def of_nuclei(
        self,
        energy: ArrayLike,
        matter: MatterState,
        mass_number: ArrayLike,
        charge_number: ArrayLike,
        number_density: ArrayLike,
        q_value: ArrayLike | None = None,
    ) -> Array:
        """Absorption opacity of nue on a list of nuclei instead of the mean one.

        Parameters
        ----------
        energy : array_like, shape (energy,)
            MeV.
        matter : MatterState
            Temperature and chemical potentials; its own composition is not used.
        mass_number, charge_number : array_like, shape (nucleus,) or (zone, nucleus)
            A and Z.
        number_density : array_like, shape (nucleus,) or (zone, nucleus)
            1/cm^3.
        q_value : array_like, optional
            M(A, Z) - M(A, Z - 1) of nuclear masses, MeV, such as measured ones; from a liquid drop where not given.

        Returns
        -------
        ndarray, shape (zone, energy)
            kappa*, 1/cm, summed over nuclei.

        Raises
        ------
        OutOfRangeError
            If a density is negative, or a nucleus that is there has not 1 <= Z <= A.
        """
        given = [np.asarray(v, dtype=np.float64) for v in (mass_number, charge_number, number_density)]
        if q_value is not None:
            given.append(np.asarray(q_value, dtype=np.float64))
        arrays = np.broadcast_arrays(np.empty((matter.density.size, 1)), *given)[1:]
        a, z, density = arrays[:3]
        wrong = ~(density >= 0.0) | (density > 0.0) & ~((z >= 1.0) & (z <= a))
        if wrong.any():
            i, k = np.argwhere(wrong)[0]
            raise OutOfRangeError(
                f"nucleus {k} of zone {i}: A = {a[i, k]:g}, Z = {z[i, k]:g}, {density[i, k]:g} per cm3; expected "
                "1 <= Z <= A and no negative density"
            )
        present = density > 0.0
        a, z = np.where(present, a, 56.0), np.where(present, z, 26.0)
        q = drop_q_value(a, z) if q_value is None else arrays[3]
        return self._absorption(np.asarray(energy, dtype=np.float64), matter, Nuclei(a, z, density, q))

    def _absorption(self, energy: Array, matter: MatterState, nuclei: Nuclei) -> Array:
        """Opacity of nue, shape (zone, energy)."""
        t, mu_e = matter.temperature, matter.chemical_potential_electron
        mu_nu = mu_e - matter.chemical_potential_difference
        defined = np.flatnonzero(np.isfinite(mu_nu) & (nuclei.number_density > 0.0).any(axis=1))
        present = Nuclei(*(np.ascontiguousarray(values[defined]) for values in vars(nuclei).values()))
        with np.errstate(divide="ignore"):  # ln 0 is what no nuclei means
            log_density = np.log(present.number_density)
        if self.rate == "bruenn":
            return self._bruenn(energy, matter, present, defined)
        zone = (mu_e[defined, None], t[defined, None])
        q, log_rate = self._transition(matter.select(defined), present, *zone)
        strength = log_density + log_rate - log_occupied_phase_space(q, *zone)
        found = np.zeros((t.size, energy.size))
        part = np.zeros((defined.size, energy.size))
        clipped = _add_captures(energy, t[defined], mu_e[defined], mu_nu[defined], strength, q, part)
        if clipped:
            warnings.warn(
                f"electron capture: in {clipped} of {defined.size} zone(s) the Q value of a nucleus contradicts "
                f"mu_n - mu_p at {t[defined].min():.3g} MeV or more so far that the inverse reaction overflows; it is cut",
                ExtrapolationWarning,
                stacklevel=4,
            )
        found[defined] = part
        c = self.couplings.constants
        phase_space = (2.0 * math.pi * c.hbar_c) ** 3 / (4.0 * math.pi * c.speed_of_light)
        return found * (phase_space * self.couplings.weak_scale)

    def _transition(
        self, matter: MatterState, nuclei: Nuclei, mu_e: Array, temperature: Array
    ) -> tuple[Array, Array]:
        """Return q (MeV) and ln rate (1/s) of every nucleus, shape (zone, nucleus)."""
        q = nuclei.q_value - DEFAULT_EXCITATION
        log_rate = log_capture_rate(nuclei.q_value, mu_e, temperature, constants=self.couplings.constants)
        if self.table is None:
            return q, log_rate
        rho_ye = (matter.density * matter.electron_fraction)[:, None]
        found = self.table.find(nuclei.mass_number, nuclei.charge_number, temperature, rho_ye)
        present = nuclei.number_density > 0.0
        self._count(present & ~found.known, present, nuclei)
        tabulated, _ = effective_transition(found.mean_energy, mu_e, temperature)
        return np.where(found.known, tabulated, q), np.where(found.known, found.log_rate, log_rate)

    def _count(self, missing: NDArray[np.bool_], present: NDArray[np.bool_], nuclei: Nuclei) -> None:
        """Say once for how many states a table has no rate."""
        if self._warned or not missing.any() or self.table is None:
            return
        self._warned = True
        i, k = np.argwhere(missing)[0]
        warnings.warn(
            f"capture rates of {', '.join(self.table.sources) or 'the table'}: {int(missing.sum())} of {int(present.sum())} "
            f"nuclei in zones have no entry or lie outside its grid, the first being A = {nuclei.mass_number[i, k]:.4g}, "
            f"Z = {nuclei.charge_number[i, k]:.4g} in zone {i}; they get the rate of Langanke et al. 2003",
            ExtrapolationWarning,
            stacklevel=6,
        )

    def _bruenn(self, energy: Array, matter: MatterState, nuclei: Nuclei, zones: NDArray[np.intp]) -> Array:
        """One transition 1f7/2 -> 1f5/2 (Bruenn 1985, eq. C27), shape (zone, energy)."""
        mass = self.couplings.constants.electron_mass
        difference = matter.chemical_potential_difference[zones, None]
        mu_e, t = matter.chemical_potential_electron[zones, None], matter.temperature[zones, None]
        holes = open_transitions(nuclei.mass_number, nuclei.charge_number)
        targets = (nuclei.number_density * holes).sum(axis=1)
        electron = energy + difference + _BRUENN_EXCITATION
        root = np.sqrt(np.maximum(1.0 - (mass / np.maximum(electron, mass)) ** 2, 0.0))
        occupied = np.logaddexp(0.0, (energy - mu_e + difference) / t) - np.logaddexp(
            0.0, (electron - mu_e) / t
        )
        part = targets[:, None] * (electron / mass) ** 2 * root * np.exp(occupied)
        found = np.zeros((matter.density.size, energy.size))
        found[zones] = np.where(electron > mass, part, 0.0)
        return found * (self.couplings.sigma0 * self.couplings.axial_coupling**2 / 14.0)


def open_transitions(mass_number: ArrayLike, charge_number: ArrayLike) -> Array:
    """N_p(Z) N_h(N) of Bruenn 1985: protons in 1f7/2 times neutron holes in 1f5/2."""
    a, z = np.asarray(mass_number, dtype=np.float64), np.asarray(charge_number, dtype=np.float64)
    return np.asarray(np.clip(z - 20.0, 0.0, 8.0) * np.clip(40.0 - (a - z), 0.0, 6.0))


@njit
def _softplus(x: float) -> float:
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


@njit
def _add_captures(
    energy: Array, temperature: Array, mu_e: Array, mu_nu: Array, strength: Array, q: Array, out: Array
) -> int:
    """Add exp(strength) (E - q)^2 f_e(E - q)/f_eq(E) of all nuclei; return the zones in which it had to be cut."""
    log_equilibrium = np.empty(energy.size)
    clipped = 0
    for zone in range(temperature.size):
        beta = 1.0 / temperature[zone]
        for i in range(energy.size):
            log_equilibrium[i] = -_softplus((energy[i] - mu_nu[zone]) * beta)
        cut = False
        for k in range(q.shape[1]):
            if strength[zone, k] == -math.inf:
                continue
            for i in range(energy.size):
                electron = energy[i] - q[zone, k]
                if not electron > 0.0:
                    continue
                exponent = strength[zone, k] + 2.0 * math.log(electron)
                exponent -= _softplus((electron - mu_e[zone]) * beta) + log_equilibrium[i]
                if exponent > _LARGEST_EXPONENT:
                    exponent = _LARGEST_EXPONENT
                    cut = True
                out[zone, i] += math.exp(exponent)
        clipped += cut
    return clipped


def _combined(
    table: CaptureTable | str | Path | Sequence[CaptureTable | str | Path] | None,
) -> CaptureTable:
    if table is None or (isinstance(table, Sequence) and not table):
        raise MicrophysicsError("rate of electron capture 'table' needs a table: a file or a CaptureTable")
    several = [table] if isinstance(table, (str, Path, CaptureTable)) else list(table)
    read = [entry if isinstance(entry, CaptureTable) else read_capture_table(entry) for entry in several]
    combined = read[0]
    for other in read[1:]:
        combined = combined.merged(other)
    return combined
