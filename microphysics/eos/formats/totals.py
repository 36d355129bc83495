"""From what a file holds to baryons in our conventions: shared by all readers.

A reader fills `Totals` with the file's numbers in our units; `baryon_table` takes electrons and photons out,
makes the composition add up, looks for the known traps and writes down what it found.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.eos.electron_gas import CM3_PER_FM3, ERG_CM3_PER_MEV_FM3
from microphysics.eos.leptons import Leptons, leptons
from microphysics.eos.lookup import conserve_nodes
from microphysics.eos.nucleons import NEUTRON_GAS, PROTON_GAS
from microphysics.eos.table import EosTable, EosTableError, TabulatedEOS
from microphysics.errors import OutOfRangeError, PhysicsWarning

__all__ = ["Totals", "baryon_table", "require_finite", "with_alpha_binding"]

Array = NDArray[np.float64]

SPECIES = ("neutron", "proton", "alpha", "heavy")
_TRACE = 1e-6  # nuclei rarer than this may stand beside a filler for A and Z without a word
# X_alpha at 1e10 g/cm^3, 2 MeV, Y_e = 0.4 with alphas bound by 28.3 MeV against four neutrons, as Lattimer & Swesty
# (1991) have it, and against two neutrons and two protons
_ALPHA_POINT = (1e10, 2.0, 0.4)
_ALPHA_FRACTION = {"ls91": 0.028, "corrected": 0.080}


@dataclass
class Totals:
    """What a file says, in the units of `EosState`, shape (density, temperature, electron fraction).

    Attributes
    ----------
    name : str
        Of the file, for messages.
    density, temperature, electron_fraction : ndarray
        Axes.
    baryon_mass : float
        MeV.
    pressure, energy, entropy : ndarray
        erg/cm^3; MeV/baryon from free neutrons, as far as the file's zero is understood; k_B/baryon.
    has_leptons, has_photons : bool
        What these contain beside the baryons.
    chemical_potential_neutron, chemical_potential_proton : ndarray
        MeV, both from the neutron's mass.
    fractions : dict of str to ndarray
        Mass fractions of `SPECIES`.
    mass_number_heavy, charge_number_heavy : ndarray
        With any filler where there are no nuclei.
    valid : ndarray of bool
        Nodes that the file has.
    chemical_potential_electron : ndarray or None
        A start for our own, MeV.
    heat_capacity, pressure_temperature, pressure_density : ndarray or None
        Derivatives of what the file contains: k_B/baryon, erg/cm^3/MeV, and dP/dn in MeV.
    extra : dict of str to ndarray
        Other optional fields of `EosTable`.
    energy_zeros : tuple of (str, float)
        Other zeros that the file's energy may have, as a shift in MeV/baryon that would bring it to ours.
    references, notes
        As in `EosTable`.
    """

    name: str
    density: Array
    temperature: Array
    electron_fraction: Array
    baryon_mass: float
    pressure: Array
    energy: Array
    entropy: Array
    has_leptons: bool
    has_photons: bool
    chemical_potential_neutron: Array
    chemical_potential_proton: Array
    fractions: dict[str, Array]
    mass_number_heavy: Array
    charge_number_heavy: Array
    valid: NDArray[np.bool_]
    chemical_potential_electron: Array | None = None
    heat_capacity: Array | None = None
    pressure_temperature: Array | None = None
    pressure_density: Array | None = None
    extra: dict[str, Array] = field(default_factory=dict)
    energy_zeros: tuple[tuple[str, float], ...] = ()
    references: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)

    @property
    def baryons(self) -> Array:
        """Baryons per fm^3 along the density axis."""
        return self.density / (self.baryon_mass * CODATA.gram_per_mev) * CM3_PER_FM3

    def where(self, index: tuple[int, ...]) -> str:
        """Say where a node is."""
        i, j, k = index
        return (
            f"density = {self.density[i]:.4g} g/cm^3, temperature = {self.temperature[j]:.4g} MeV, "
            f"electron_fraction = {self.electron_fraction[k]:.4g}"
        )

    def extreme(self, values: Array, *, smallest: bool = False) -> tuple[float, str]:
        """Find the largest (or smallest) value at valid nodes, and where it is."""
        usable = np.where(self.valid, values, np.inf if smallest else -np.inf)
        index = np.unravel_index(int(usable.argmin() if smallest else usable.argmax()), usable.shape)
        return float(values[index]), self.where(tuple(int(i) for i in index))


def require_finite(name: str, values: Array, where: str) -> None:
    """Refuse NaN and infinity, with the dataset and the first index."""
    bad = ~np.isfinite(values)
    if bad.any():
        first = tuple(int(index[0]) for index in np.nonzero(bad))
        raise EosTableError(
            f"{where}: dataset '{name}' is {values[first]} at index {first}, one of {int(bad.sum())} such values of "
            f"{values.size}; the table is damaged"
        )


def baryon_table(totals: Totals) -> EosTable:
    """Make baryons in our conventions of a file, with notes on everything that was found.

    Raises
    ------
    EosTableError
        If pressure does not rise with density or entropy with temperature from one end of the axes to the
        other, as in a table whose axes are in another order.

    Warns
    -----
    PhysicsWarning
        If the zero of a chemical potential or of the energy is not where it should be.
    """
    _check_order(totals)
    _complete_composition(totals)
    gas = _gas(totals)
    pressure, energy, entropy = _remainders(totals, gas)
    energy = energy + _zero_points(totals, gas, energy)
    fields = {
        **{f"mass_fraction_{name}": totals.fractions[name] for name in SPECIES},
        "mass_number_heavy": totals.mass_number_heavy,
        "charge_number_heavy": totals.charge_number_heavy,
        "chemical_potential_neutron": totals.chemical_potential_neutron,
        "chemical_potential_proton": totals.chemical_potential_proton,
        "pressure_baryon": pressure,
        "energy_baryon": energy,
        "entropy_baryon": entropy,
        **_derivatives(totals, gas),
        **totals.extra,
    }
    return EosTable(
        totals.density,
        totals.temperature,
        totals.electron_fraction,
        totals.baryon_mass,
        fields,
        totals.valid,
        totals.name,
        totals.references,
        tuple(totals.notes),
    )


def _check_order(totals: Totals) -> None:
    """Refuse mixed-up axes: whatever the matter, P rises over decades of density, and s over those of T."""
    both = totals.valid[-1] & totals.valid[0]
    falls = both & ~(totals.pressure[-1] > totals.pressure[0])
    if falls.sum() > 0.01 * both.sum():
        raise EosTableError(
            f"{totals.name}: the pressure falls from the lowest to the highest density in {int(falls.sum())} of "
            f"{int(both.sum())} columns; are the axes of the arrays in another order?"
        )
    both = totals.valid[:, -1] & totals.valid[:, 0]
    falls = both & ~(totals.entropy[:, -1] > totals.entropy[:, 0])
    if falls.sum() > 0.01 * both.sum():
        raise EosTableError(
            f"{totals.name}: the entropy falls from the lowest to the highest temperature in {int(falls.sum())} of "
            f"{int(both.sum())} columns; are the axes of the arrays in another order?"
        )


def _complete_composition(totals: Totals) -> None:
    """Make mass fractions sum to 1 and hold the charge; A = Z = 0 without nuclei."""
    x, a, z = totals.fractions, totals.mass_number_heavy, totals.charge_number_heavy
    lowest, where = min(
        (totals.extreme(x[name], smallest=True) for name in SPECIES), key=lambda pair: pair[0]
    )
    if lowest < -1e-12:
        totals.notes.append(f"negative mass fractions set to 0: the lowest was {lowest:.3g} at {where}")
    for name in SPECIES:
        x[name] = np.where(totals.valid, np.clip(x[name], 0.0, 1.0), 0.0)
    impossible = (x["heavy"] > 0.0) & ~((a > 1.0) & (z > 0.0) & (z <= a))
    if impossible.any():
        largest, where = totals.extreme(np.where(impossible, x["heavy"], 0.0))
        if largest > _TRACE:
            totals.notes.append(
                f"{int(impossible.sum())} nodes have nuclei of impossible A and Z, at most X = {largest:.3g} at "
                f"{where}: their nuclei were taken out"
            )
        x["heavy"] = np.where(impossible, 0.0, x["heavy"])
    empty = x["heavy"] <= 0.0
    fillers = empty & totals.valid & ((a != 0.0) | (z != 0.0))
    if fillers.any():
        first = tuple(int(index[0]) for index in np.nonzero(fillers))
        totals.notes.append(
            f"A and Z have fillers (A = {a[first]:g}, Z = {z[first]:g} first) at {int(fillers.sum())} nodes without "
            "nuclei: set to 0"
        )
    a, z = np.where(empty, 0.0, a), np.where(empty, 0.0, z)
    share = np.where(empty, 0.0, z / np.where(empty, 1.0, a))
    ye = np.broadcast_to(totals.electron_fraction, a.shape)
    total = sum(x.values())
    charge = x["proton"] + 0.5 * x["alpha"] + share * x["heavy"]
    off = np.maximum(np.abs(total - 1.0), np.abs(charge - ye)) * totals.valid
    wrong = off > 1e-9
    if wrong.any():
        worst, where = totals.extreme(np.where(totals.valid, np.abs(total - 1.0), 0.0))
        charged, there = totals.extreme(np.where(totals.valid, np.abs(charge - ye), 0.0))
        totals.notes.append(
            f"composition made to sum to 1 and to hold the charge at {int(wrong.sum())} nodes: the sum was off by at "
            f"most {worst:.3g} at {where}, the charge by {charged:.3g} at {there}"
        )
        rows = np.stack([*(x[name][wrong] for name in SPECIES), share[wrong]])
        conserve_nodes(rows, ye[wrong])
        for name, row in zip(SPECIES, rows, strict=False):
            x[name][wrong] = row
        z[wrong] = a[wrong] * rows[-1]
    totals.mass_number_heavy, totals.charge_number_heavy = a, z


def _gas(totals: Totals) -> Leptons:
    n = totals.baryons[:, None, None]
    ye = totals.electron_fraction[None, None, :]
    shape = totals.valid.shape
    t = np.broadcast_to(totals.temperature[None, :, None], shape)
    return leptons(np.broadcast_to(n * ye, shape), t, totals.chemical_potential_electron)


def _remainders(totals: Totals, gas: Leptons) -> tuple[Array, Array, Array]:
    """Return pressure, energy and entropy of the baryons alone."""
    n = totals.baryons[:, None, None]
    pressure, energy, entropy = totals.pressure / ERG_CM3_PER_MEV_FM3, totals.energy * n, totals.entropy * n
    if totals.has_leptons:
        pressure, energy, entropy = pressure - gas.pressure, energy - gas.energy, entropy - gas.entropy
    if totals.has_photons:
        pressure = pressure - gas.pressure_photon
        energy = energy - gas.energy_photon
        entropy = entropy - gas.entropy_photon
    taken = [
        what for what, flag in (("electrons", totals.has_leptons), ("photons", totals.has_photons)) if flag
    ]
    if taken:
        totals.notes.append(
            f"the file's totals contain {' and '.join(taken)}: ours were subtracted at the nodes, and are "
            "added back exactly wherever the table is evaluated"
        )
    negative = totals.valid & (entropy < 0.0)
    if negative.any():
        share = np.where(negative, -entropy, 0.0) / (gas.entropy + gas.entropy_photon + np.abs(entropy))
        worst, where = totals.extreme(share)
        totals.notes.append(
            f"the baryons' entropy comes out negative at {int(negative.sum())} of {entropy.size} nodes, by at most "
            f"{worst:.2g} of all entropy at {where}: the file has other electrons than ours, or noise"
        )
    return pressure * ERG_CM3_PER_MEV_FM3, energy / n, entropy / n


def _zero_points(totals: Totals, gas: Leptons, energy: Array) -> Array | float:
    """Find the shift of the energy: hot dilute nucleons, whose mu and e are known, tell the file's zeros."""
    x = totals.fractions
    n = totals.baryons[:, None, None]
    t = np.broadcast_to(totals.temperature[None, :, None], energy.shape)
    ye = np.broadcast_to(totals.electron_fraction, energy.shape)
    known = totals.valid & (x["neutron"] + x["proton"] > 0.999) & (n < 1e-5) & (t > 0.5)
    known &= (x["neutron"] > 1e-3) & (x["proton"] > 1e-3)
    for name, gases, rest in (
        ("neutron", NEUTRON_GAS, 0.0),
        ("proton", PROTON_GAS, -CODATA.nucleon_mass_difference),
    ):
        if not known.any():
            break
        density = np.broadcast_to(n, t.shape)[known] * x[name][known] / CM3_PER_FM3
        mu = getattr(totals, f"chemical_potential_{name}")[known]
        offset = float(np.median(mu - gases.chemical_potential(density, t[known]) - rest))
        totals.notes.append(
            f"chemical potential of the {name} is {offset:+.3g} MeV from that of free nucleons in hot dilute matter"
        )
        if abs(offset) > 0.2:
            warnings.warn(
                f"{totals.name}: the {name}'s chemical potential is {offset:+.3g} MeV away from that of free "
                "nucleons in hot dilute matter; the file seems to count it from another rest mass than the "
                "neutron's",
                PhysicsWarning,
                stacklevel=2,
            )
    # where electrons and photons are a large part of the energy, what is left is their error
    light = known & ((gas.energy + gas.energy_photon) / n < 300.0)
    if not light.any():
        totals.notes.append(
            "the zero of the energy could not be checked: no hot dilute nodes without many pairs"
        )
        return 0.0
    expected = 1.5 * t[light] - ye[light] * CODATA.nucleon_mass_difference
    offset = float(np.median(energy[light] - expected))
    for what, shift in totals.energy_zeros:
        if abs(offset + shift) < 0.5 < abs(offset):
            totals.notes.append(f"the energy is counted from {what}: {shift:+.6g} MeV/baryon added")
            return shift
    totals.notes.append(f"energy is {offset:+.3g} MeV/baryon from that of free nucleons in hot dilute matter")
    if abs(offset) > 0.5:
        warnings.warn(
            f"{totals.name}: the energy is {offset:+.3g} MeV/baryon away from that of free nucleons in hot dilute "
            "matter; its zero is not understood (is baryon_mass right?)",
            PhysicsWarning,
            stacklevel=2,
        )
    return 0.0


def _derivatives(totals: Totals, gas: Leptons) -> dict[str, Array]:
    """Take the baryons' part of what the file says of derivatives."""
    capacity, thermal, slope = totals.heat_capacity, totals.pressure_temperature, totals.pressure_density
    if capacity is None or thermal is None or slope is None:
        return {}
    n = totals.baryons[:, None, None]
    ye = totals.electron_fraction[None, None, :]
    return {
        "heat_capacity_baryon": capacity - gas.heat_capacity / n,
        "pressure_temperature_derivative_baryon": thermal - gas.pressure_temperature * ERG_CM3_PER_MEV_FM3,
        "pressure_density_derivative_baryon": slope - ye * gas.pressure_density,
    }


def with_alpha_binding(table: EosTable) -> TabulatedEOS:
    """Make the callable, with a note on which binding energy the alphas of the table have."""
    eos = TabulatedEOS(table)
    rho, t, ye = _ALPHA_POINT
    rho *= table.baryon_mass / CODATA.atomic_mass
    try:
        fraction = max(float(eos(rho, t, ye).mass_fraction_alpha), 1e-30)
    except OutOfRangeError:
        note = "the alpha binding could not be checked: 1e10 g/cm^3, 2 MeV, Y_e = 0.4 is not in the table"
    else:
        nearest = min(_ALPHA_FRACTION, key=lambda name: abs(np.log(fraction / _ALPHA_FRACTION[name])))
        meaning = {
            "ls91": "28.3 MeV against four neutrons as in Lattimer & Swesty (1991), 2.6 MeV too little",
            "corrected": "the physical one, 28.3 MeV against two neutrons and two protons",
        }[nearest]
        if abs(np.log(fraction / _ALPHA_FRACTION[nearest])) > 0.3:
            meaning = "neither that of Lattimer & Swesty (0.028) nor the physical one in their model (0.080)"
        else:
            meaning = f"{nearest}, {meaning}"
        note = f"alpha binding: {meaning} (X_alpha = {fraction:.4f} at 1e10 g/cm^3, 2 MeV, Y_e = 0.4)"
    return eos.noted(note)
