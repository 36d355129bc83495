"""Tabulated equations of state: the container that every reader fills, and the callable made of it.

A table holds baryons only. Electrons, positrons and photons are added exactly where it is evaluated, so that
they carry no interpolation error; readers of tables that hold totals take ours out at the nodes, and the totals
come back there to rounding.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics.constants import CODATA
from microphysics.eos import lookup
from microphysics.eos.domain import inside_domain
from microphysics.eos.electron_gas import CM3_PER_FM3, ERG_CM3_PER_MEV_FM3
from microphysics.eos.leptons import leptons
from microphysics.eos.nodes import derivative_fields, mean_fields, packed_nodes, without_holes
from microphysics.eos.state import COEXISTENCE, NUCLEI, TRACES, UNIFORM, EosState, mark_traces
from microphysics.eos.transition import fill_lookup
from microphysics.errors import MicrophysicsError, OutOfRangeError

__all__ = ["OPTIONAL_FIELDS", "REQUIRED_FIELDS", "EosTable", "EosTableError", "TabulatedEOS"]

Array = NDArray[np.float64]

AXES = ("density", "temperature", "electron_fraction")
UNITS = {"density": "g/cm^3", "temperature": "MeV", "electron_fraction": ""}
REQUIRED_FIELDS = (
    "mass_fraction_neutron",
    "mass_fraction_proton",
    "mass_fraction_alpha",
    "mass_fraction_heavy",
    "mass_number_heavy",
    "charge_number_heavy",
    "chemical_potential_neutron",
    "chemical_potential_proton",
    "pressure_baryon",
    "energy_baryon",
    "entropy_baryon",
)
DERIVATIVE_FIELDS = (
    "heat_capacity_baryon",
    "pressure_temperature_derivative_baryon",
    "pressure_density_derivative_baryon",
)
OPTIONAL_FIELDS = ("radius_heavy", "mean_field_neutron", "mean_field_proton", "phase", *DERIVATIVE_FIELDS)
_EDGE = 1e-10  # relative: an input this near outside is on the edge but for rounding


class EosTableError(MicrophysicsError, ValueError):
    """A file or a table of an equation of state that is damaged, incomplete or self-contradictory."""


@dataclass(frozen=True)
class EosTable:
    """Baryons of an equation of state on a rectangular grid.

    Attributes
    ----------
    density, temperature, electron_fraction : ndarray
        Rising axes of at least four points: g/cm^3, MeV, 1; all above 0.
    baryon_mass : float
        Reference mass that turns density into baryon number density, MeV.
    fields : dict of ndarray, shape (density, temperature, electron fraction)
        `REQUIRED_FIELDS`, named and counted as in `EosState`, and any of `OPTIONAL_FIELDS`: `radius_heavy`,
        `mean_field_neutron`, `mean_field_proton`, `phase`, `heat_capacity_baryon` (de_b/dT, k_B/baryon),
        `pressure_temperature_derivative_baryon` (dP_b/dT, erg/cm^3/MeV) and `pressure_density_derivative_baryon`
        (dP_b/dn_b at constant T and Y_e, MeV).
    valid : ndarray of bool, same shape
        Where the table has values; evaluation next to a hole raises.
    name : str
        One line.
    references : tuple of str
        Papers.
    notes : tuple of str
        What the reader found and did.

    Raises
    ------
    EosTableError
        If an axis does not rise, a field is missing or misshaped, or a valid node is not finite.
    """

    density: Array
    temperature: Array
    electron_fraction: Array
    baryon_mass: float
    fields: dict[str, Array]
    valid: NDArray[np.bool_]
    name: str
    references: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        for name in AXES:
            check_axis(name, getattr(self, name), self.name)
        if not 0.5 * CODATA.atomic_mass < self.baryon_mass < 2.0 * CODATA.atomic_mass:
            raise EosTableError(
                f"{self.name}: baryon_mass = {self.baryon_mass:g} MeV; expected that of a nucleon, "
                f"as {CODATA.atomic_mass:g} (atomic mass unit) or {CODATA.neutron_mass:g} (neutron)"
            )
        missing = [name for name in REQUIRED_FIELDS if name not in self.fields]
        unknown = [name for name in self.fields if name not in (*REQUIRED_FIELDS, *OPTIONAL_FIELDS)]
        if missing or unknown:
            raise EosTableError(
                f"{self.name}: fields missing: {missing or 'none'}; unknown: {unknown or 'none'}"
            )
        for name, values in (*self.fields.items(), ("valid", self.valid)):
            if np.shape(values) != self.shape:
                raise EosTableError(
                    f"{self.name}: field '{name}' has shape {np.shape(values)}, the axes (density, temperature, "
                    f"electron fraction) say {self.shape}"
                )
        if not self.valid.any():
            raise EosTableError(f"{self.name}: no node is valid")
        for name, values in self.fields.items():
            bad = self.valid & ~np.isfinite(values)
            if name == "radius_heavy":
                bad &= ~np.isnan(values)  # a table may not say
            if bad.any():
                raise EosTableError(
                    f"{self.name}: field '{name}' is {values[bad][0]} at {self.where(bad)}, one of {int(bad.sum())} "
                    "such nodes; mark them in `valid` if they are known holes"
                )

    @property
    def shape(self) -> tuple[int, int, int]:
        """Points along density, temperature, electron fraction."""
        return self.density.size, self.temperature.size, self.electron_fraction.size

    def where(self, nodes: NDArray[np.bool_]) -> str:
        """Say where the first of some nodes is."""
        i, j, k = (int(index[0]) for index in np.nonzero(nodes))
        return (
            f"node ({i}, {j}, {k}): density = {self.density[i]:.6g} g/cm^3, "
            f"temperature = {self.temperature[j]:.6g} MeV, electron_fraction = {self.electron_fraction[k]:.6g}"
        )

    def noted(self, *notes: str) -> EosTable:
        """Return the same table with more notes."""
        return replace(self, notes=(*self.notes, *notes))


def check_axis(name: str, axis: Array, where: str) -> None:
    """Refuse an axis that is not 1-D, positive, rising and of four points or more."""
    if axis.ndim != 1 or axis.size < lookup.STENCIL:
        raise EosTableError(
            f"{where}: axis '{name}' has shape {axis.shape}; expected one dimension and at least "
            f"{lookup.STENCIL} points"
        )
    bad = ~(np.isfinite(axis) & (axis > 0.0))
    bad[1:] |= ~(np.diff(axis) > 0.0)
    if bad.any():
        i = int(np.argmax(bad))
        raise EosTableError(
            f"{where}: axis '{name}' is {axis[i]:.6g} {UNITS[name]} at index {i}"
            f"{f' after {axis[i - 1]:.6g}' if i else ''}; expected finite, positive and rising values"
        )


class TabulatedEOS:
    """An equation of state from a table, with exact electrons, positrons and photons.

    Parameters
    ----------
    table : EosTable
        Kept; its fields must not be changed afterwards.

    Attributes
    ----------
    table : EosTable
    name, references
        The table's.
    baryon_mass : float
        MeV.
    density_range, temperature_range, electron_fraction_range : tuple of float
        Ends of the axes: g/cm^3, MeV, 1.

    Notes
    -----
    Looked up are ln X of n, p, alphas and nuclei, A, Z/A, r, mu - T ln(n X/T^1.5), U, P_b/n, e_b, s_b and their
    derivatives, by cubics through four nodes along ln rho, ln T and Y_e that never cross the edge between matter with
    and without nuclei; in cells that this edge crosses, both kinds of matter are continued to the point, coexistence
    along the density included (see `transition`). X then changes a little so that it sums to 1 and holds the charge;
    e_b, s_b, P_b and mu are as they come out, so identities between them hold to the interpolation error.

    Measured with `LattimerSwesty` over its whole domain at 18 nodes per decade of density, 31 of temperature and steps
    of 0.01 in Y_e, at the 50th, 90th and 99th percentile of random points: mu_n 3e-5, 1.4e-3, 0.014 MeV; mu_p 4e-5,
    1.8e-3, 0.017 MeV; mu_n - mu_p 1e-5, 1.1e-3, 0.025 MeV; X_heavy 0, 2e-5, 0.008; P 9e-8, 4e-5, 1.2e-3 of itself. The
    hundredth part that is worse lies at the move to uniform matter, where nuclei dissolve, and below 0.1 MeV where
    nucleons begin to drip. P may fall by 2 % from one cell to the next there.

    Gamma_1, de/dT and dP/dT combine the exact derivatives of leptons and photons with those of the baryons at
    the nodes, which a table holds or which are taken once by differences between nodes; Gamma_1 is 0 where the
    pressure of the table falls with density. Without mean fields in the table, U is what makes a bare
    Fermi gas of the free nucleons have the table's mu.
    """

    def __init__(self, table: EosTable) -> None:
        self.table = table
        self.name = table.name
        self.references = table.references
        self.baryon_mass = table.baryon_mass
        self.density_range = (float(table.density[0]), float(table.density[-1]))
        self.temperature_range = (float(table.temperature[0]), float(table.temperature[-1]))
        self.electron_fraction_range = (float(table.electron_fraction[0]), float(table.electron_fraction[-1]))
        density = table.density / (table.baryon_mass * CODATA.gram_per_mev) * CM3_PER_FM3
        self._grid, self._phase = _grid(table, density)

    def __repr__(self) -> str:
        return f"TabulatedEOS({self.name!r}, {' x '.join(map(str, self.table.shape))} nodes)"

    @property
    def notes(self) -> tuple[str, ...]:
        """What the reader found and did."""
        return self.table.notes

    def noted(self, *notes: str) -> TabulatedEOS:
        """Return the same with more notes."""
        other = copy.copy(self)
        other.table = self.table.noted(*notes)
        return other

    @property
    def parameters(self) -> Mapping[str, Any]:
        """What tells this table from others: its name and a digest of its numbers."""
        digest = hashlib.sha256(self._grid.nodes.tobytes())
        for axis in AXES:
            digest.update(getattr(self.table, axis).tobytes())
        return {"table": self.name, "baryon_mass": self.baryon_mass, "digest": digest.hexdigest()}

    def __call__(
        self,
        density: ArrayLike,
        temperature: ArrayLike,
        electron_fraction: ArrayLike,
        *,
        on_out_of_range: str = "error",
    ) -> EosState:
        """State of matter.

        Parameters
        ----------
        density, temperature, electron_fraction : array_like
            g/cm^3 (of this table's `baryon_mass`), MeV, 1; shapes that broadcast.
        on_out_of_range : {"error", "clamp"}
            "clamp" moves points outside to the edge of the table, marks them in `clamped` and warns once.

        Returns
        -------
        EosState
            Of the broadcast shape.

        Raises
        ------
        OutOfRangeError
            For a NaN, for a point outside unless clamped, and for one next to a hole of the table.

        Warns
        -----
        ExtrapolationWarning
            With the number of clamped points.
        """
        (rho, t, ye), clamped, shape = inside_domain(
            self,
            _snap(density, self.density_range),
            _snap(temperature, self.temperature_range),
            _snap(electron_fraction, self.electron_fraction_range),
            on_out_of_range,
        )
        n = rho / (self.baryon_mass * CODATA.gram_per_mev) * CM3_PER_FM3
        rows = np.empty((lookup.ROWS, n.size))
        phase = np.empty(n.size, dtype=np.int8)
        hole = fill_lookup(self._grid, self._phase, np.log(n), np.log(t), ye, rows, phase)
        if hole >= 0:
            valid = self.table.valid
            raise OutOfRangeError(
                f"zone {hole} (density = {rho[hole]:.6g} g/cm^3, temperature = {t[hole]:.6g} MeV, electron_fraction = "
                f"{ye[hole]:.6g}): {self.name} has no value next to it; {int((~valid).sum())} of its {valid.size} "
                "nodes are missing in the file it came from"
            )
        state = self._state(rho, t, ye, n, rows, phase, clamped)
        shaped: dict[str, Any] = {
            key: value.reshape(shape) for key, value in vars(state).items() if isinstance(value, np.ndarray)
        }
        return replace(state, **shaped)

    def _state(
        self,
        rho: Array,
        t: Array,
        ye: Array,
        n: Array,
        rows: Array,
        phase: NDArray[np.int8],
        clamped: NDArray[np.bool_],
    ) -> EosState:
        gas = leptons(n * ye, t)
        nuclei = rows[lookup.LN_HEAVY] > 0.0
        a = np.where(nuclei, rows[lookup.MASS_NUMBER], 0.0)
        pressure = n * rows[lookup.PRESSURE]
        heat_capacity = rows[lookup.HEAT_CAPACITY] + gas.heat_capacity / n
        thermal = n * rows[lookup.PRESSURE_TEMPERATURE] + gas.pressure_temperature
        stiffness = rows[lookup.PRESSURE_DENSITY] + ye * gas.pressure_density
        total = pressure + gas.pressure + gas.pressure_photon
        with np.errstate(divide="ignore", invalid="ignore"):
            gamma = (n * stiffness + t * thermal**2 / (n * heat_capacity)) / total
        return EosState(
            density=rho,
            temperature=t,
            electron_fraction=ye,
            mass_fraction_neutron=rows[lookup.LN_NEUTRON],
            mass_fraction_proton=rows[lookup.LN_PROTON],
            mass_fraction_alpha=rows[lookup.LN_ALPHA],
            mass_fraction_heavy=rows[lookup.LN_HEAVY],
            mass_number_heavy=a,
            charge_number_heavy=a * rows[lookup.CHARGE_SHARE],
            radius_heavy=np.where(nuclei, rows[lookup.RADIUS], 0.0),
            chemical_potential_neutron=rows[lookup.MU_NEUTRON],
            chemical_potential_proton=rows[lookup.MU_PROTON],
            chemical_potential_electron=gas.chemical_potential,
            mean_field_neutron=rows[lookup.FIELD_NEUTRON],
            mean_field_proton=rows[lookup.FIELD_PROTON],
            pressure_baryon=pressure * ERG_CM3_PER_MEV_FM3,
            pressure_lepton=gas.pressure * ERG_CM3_PER_MEV_FM3,
            pressure_photon=gas.pressure_photon * ERG_CM3_PER_MEV_FM3,
            energy_baryon=rows[lookup.ENERGY],
            energy_lepton=gas.energy / n,
            energy_photon=gas.energy_photon / n,
            entropy_baryon=rows[lookup.ENTROPY],
            entropy_lepton=gas.entropy / n,
            entropy_photon=gas.entropy_photon / n,
            adiabatic_index=np.maximum(gamma, 0.0),
            heat_capacity=heat_capacity,
            pressure_temperature_derivative=thermal * ERG_CM3_PER_MEV_FM3,
            phase=mark_traces(
                np.where(nuclei, np.where(phase == UNIFORM, NUCLEI, phase), UNIFORM), rows[lookup.LN_HEAVY]
            ),
            clamped=clamped,
            baryon_mass=self.baryon_mass,
        )


def _snap(value: ArrayLike, bounds: tuple[float, float]) -> ArrayLike:
    """Move values that are outside the domain by rounding only to its edge; what has a unit is not ours to touch."""
    if hasattr(value, "unit"):
        return value
    result = np.array(value, dtype=np.float64)
    for bound, sign in zip(bounds, (-1.0, 1.0), strict=True):
        beyond = sign * (result - bound)
        result = np.where((beyond > 0.0) & (beyond < _EDGE * bound), bound, result)
    return result


def _grid(table: EosTable, density: Array) -> tuple[lookup.Grid, NDArray[np.int8]]:
    """Lay out the table as the kernels want it, and the phases of its nodes; `density` in 1/fm^3."""
    fields = without_holes(table.fields, table.valid)
    if "mean_field_neutron" not in fields or "mean_field_proton" not in fields:
        fields |= mean_fields(density, table.temperature, fields)
    if not all(name in fields for name in DERIVATIVE_FIELDS):
        fields |= derivative_fields(density, table.temperature, fields)
    heavy = fields["mass_fraction_heavy"]
    phase = np.asarray(fields.get("phase", np.where(heavy > 0.0, NUCLEI, UNIFORM)), dtype=np.int8)
    phase = np.where(phase == TRACES, NUCLEI, phase)  # many and few are told apart in what is found
    kind = np.where(heavy < lookup.CERTAIN_NUCLEI, lookup.WITHOUT, lookup.WITH)
    kind[phase == COEXISTENCE] = lookup.MIXTURE
    kind[~table.valid] = lookup.HOLE
    grid = lookup.Grid(
        density,
        np.log(density),
        np.log(table.temperature),
        np.ascontiguousarray(table.electron_fraction),
        np.log(table.electron_fraction),
        packed_nodes(density, table.temperature, fields),
        kind.astype(np.int8),
    )
    return grid, np.ascontiguousarray(phase)
