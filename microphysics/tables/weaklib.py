"""Tables in weaklib's layout, which thornado and Chimera's successors read: one file for each kind of opacity.

Values are log10(value + offset + tiny), so that what may be negative has a logarithm; what is much smaller than the offset
loses digits: in kernels, which grow with the square of T, l = 1 at low temperature (`write_electron_scattering`).
Temperatures are in kelvin. Only nue and anue are there; emissivities follow from the absorption by detailed balance where a
table is used. The layout is taken from weaklib's and thornado's sources; none of their files was at hand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.errors import OpacityTableError
from microphysics.matter import MatterState
from microphysics.processes import bremsstrahlung_kernels, electron_scattering_kernels, pair_kernels
from microphysics.processes.bremsstrahlung_kernels import StructureFunction
from microphysics.tables.hdf5 import set_attributes, write_atomically
from microphysics.tables.table import OpacityTable
from microphysics.tables.weaklib_layout import (
    SPECIES_NAMES,
    TINY,
    around,
    integer,
    new_dataset,
    scattering_header,
    texts,
    write_axes,
    write_grid,
)
from microphysics.tables.weaklib_offsets import fill_with_offsets, rounding_note
from microphysics.weak.couplings import WeakCouplings

__all__ = [
    "ABSORPTION_SWITCHES",
    "SCATTERING_SWITCHES",
    "write_absorption",
    "write_bremsstrahlung",
    "write_electron_scattering",
    "write_isoenergetic",
    "write_pairs",
]

Array = NDArray[np.float64]
ABSORPTION_SWITCHES = (
    "np_FK",
    "np_FK_inv_n_decay",
    "np_isoenergetic",
    "np_non_isoenergetic",
    "np_weak_magnetism",
    "nuclei_EC_FFN",
    "nuclei_EC_table",
)
SCATTERING_SWITCHES = ("weak_magnetism_corr", "ion_ion_corr", "many_body_corr", "includes_nucleons")


def write_absorption(
    path: str | Path, table: OpacityTable, *, switches: Mapping[str, int] | None = None
) -> Path:
    """Write absorption, corrected for stimulated absorption: the file whose name ends in ``-EmAb.h5``.

    Parameters
    ----------
    path : str or Path
        Replaced if it exists.
    table : OpacityTable
        With nue and anue.
    switches : mapping, optional
        Of `ABSORPTION_SWITCHES`, what the opacities include: 1 or 0; not given: 0. `nuclei_EC_table` stays 0: capture on
        nuclei is part of the opacity.

    Raises
    ------
    OpacityTableError
        If a species is missing, a switch is unknown, a value is negative or not finite, or the file cannot be written.
    """
    chosen = _switches(switches, ABSORPTION_SWITCHES)
    if chosen["nuclei_EC_table"]:
        raise OpacityTableError(
            "switch nuclei_EC_table = 1: tables of capture apart from the opacity are not written"
        )
    rows = _rows(table)

    def fill(file: Any) -> None:
        write_axes(file, table)
        parameters = file.create_group("EmAb Parameters")
        for name, value in chosen.items():
            integer(parameters, name, value)
        group = file.create_group("EmAb")
        integer(group, "nOpacities", len(rows))
        texts(group, "Units", ["Per Centimeter"] * len(rows))
        group.create_dataset("Offsets", data=np.zeros(len(rows)), track_times=False)
        for name, s in rows.items():
            dataset = new_dataset(group, SPECIES_NAMES[name], table.shape[1:])
            for y in range(table.electron_fraction.size):
                slab = np.asarray(table.absorption[s, y], dtype=np.float64)
                _check_slab("absorption", slab, table, s, y)
                dataset[y] = np.log10(slab + TINY)
        set_attributes(file, table.attributes)

    return write_atomically(path, fill)


def write_isoenergetic(
    path: str | Path,
    table: OpacityTable,
    *,
    switches: Mapping[str, int] | None = None,
    strange_axial_coupling: float = 0.0,
) -> Path:
    """Write scattering without exchange of energy: the file whose name ends in ``-Iso.h5``.

    R_0 + R_1 cos is d kappa/(d Omega E^2) in 1/(cm MeV^2), so that 4 pi E^2 (R_0 - R_1/3) is the transport opacity. Of a
    table without `delta` only that is known: R_1 is zero then, and an attribute says so.

    Parameters
    ----------
    path : str or Path
        Replaced if it exists.
    table : OpacityTable
        With nue and anue.
    switches : mapping, optional
        Of `SCATTERING_SWITCHES`, as in `write_absorption`; `includes_nucleons` is 1 by default.
    strange_axial_coupling : float
        Stated in the file.

    Raises
    ------
    OpacityTableError
        As in `write_absorption`.
    """
    chosen = _switches({"includes_nucleons": 1, **(switches or {})}, SCATTERING_SWITCHES)
    rows = _rows(table)
    front = 1.0 / (4.0 * np.pi * table.energy**2)

    def fill(file: Any) -> None:
        write_axes(file, table)
        group = file.create_group("Scat_Iso_Kernels")
        for name, value in chosen.items():
            integer(group, name, value)
        group.create_dataset("ga_strange", data=np.array([strange_axial_coupling]), track_times=False)
        scattering_header(group, 2, ["Per Centimeter"] * len(rows))
        group.attrs["units"] = "1/(cm MeV2)"
        group.attrs["angular_dependence"] = (
            "R_0 + R_1 cos"
            if table.delta is not None
            else "isotropic: R_0 holds the transport opacity, R_1 is 0"
        )
        offsets = np.zeros((2, len(rows)))
        for i, (name, s) in enumerate(rows.items()):
            shape = (*table.shape[1:4], 2, table.energy.size)
            dataset = new_dataset(group, SPECIES_NAMES[name], shape)
            blocks = (_moments(table, s, y, front) for y in range(table.electron_fraction.size))
            offsets[:, i] = fill_with_offsets(dataset, blocks, moment_axis=-2)
        group.create_dataset("Offsets", data=offsets, track_times=False)
        set_attributes(file, table.attributes)

    return write_atomically(path, fill)


def write_electron_scattering(
    path: str | Path,
    table: OpacityTable,
    degeneracy: Array,
    couplings: WeakCouplings | None = None,
    *,
    positrons: bool = True,
) -> Path:
    """Write scattering on electrons: the file whose name ends in ``-NES.h5``.

    Parameters
    ----------
    path : str or Path
        Replaced if it exists.
    table : OpacityTable
        Its temperatures and energies are those of the kernels.
    degeneracy : ndarray
        mu_e/T, positive and rising.
    couplings : WeakCouplings, optional
        Only G_F is taken from it: the two coupling structures are written apart.
    positrons : bool
        Whether scattering on positrons is included.

    Raises
    ------
    OpacityTableError
        If the degeneracies do not rise, or the file cannot be written.
    OutOfRangeError
        If a kernel cannot be evaluated.

    Notes
    -----
    The layout has one offset for each moment, twice the largest negative value of all states: 5.3e-5/(cm MeV^3) on 0.05 to
    150 MeV. Its rounding is an error of Phi_1, over Phi_0 and for down-scattering below 60 MeV at small mu_e/T, of 20 at
    T = 0.05 MeV, 1.3 at 0.14, 0.02 at 0.37, 2e-3 at 0.6, 3e-4 at 1 and 4e-5 at 1.7 MeV; less where mu_e/T is larger. Take
    temperatures from 0.5 MeV up.
    The attribute `note` of the group says in which states more than 0.001 of the median |Phi_1| is lost.
    """
    chosen = couplings or WeakCouplings()

    def structures(eta: float) -> Array:
        return electron_scattering_kernels.coupling_structures(
            table.energy, table.temperature, eta, chosen, positrons=positrons
        )

    def fill(file: Any, group: Any) -> None:
        integer(group, "NPS", int(positrons))

    return _write_kernels(path, table, degeneracy, "Scat_NES_Kernels", structures, fill)


def write_pairs(
    path: str | Path, table: OpacityTable, degeneracy: Array, couplings: WeakCouplings | None = None
) -> Path:
    """Write annihilation of pairs: the file whose name ends in ``-Pair.h5``.

    Parameters
    ----------
    path, table, degeneracy, couplings
        As in `write_electron_scattering`. Production follows by detailed balance where the table is used.

    Raises
    ------
    OpacityTableError, OutOfRangeError
        As in `write_electron_scattering`.

    Notes
    -----
    Digits of l = 1 are lost as there, most of all where annihilation is blocked: on 0.05 to 150 MeV less than
    1e-8 of Phi_0 for mu_e/T of 3, and all of them, errors of 1 to 12 Phi_0 at T >= 0.5 MeV, at mu_e/T = 25, where Phi_0 is
    e^-25 of its size.
    """
    chosen = couplings or WeakCouplings()

    def structures(eta: float) -> Array:
        both = pair_kernels.structures(
            table.energy, table.temperature, np.full_like(table.temperature, eta), chosen
        )
        return np.stack([both.plus, both.minus])

    return _write_kernels(path, table, degeneracy, "Scat_Pair_Kernels", structures, lambda file, group: None)


def write_bremsstrahlung(
    path: str | Path, table: OpacityTable, structure: StructureFunction | None = None
) -> Path:
    """Write the structure function of bremsstrahlung: the file whose name ends in ``-Brem.h5``.

    Parameters
    ----------
    path : str or Path
        Replaced if it exists.
    table : OpacityTable
        Its densities, temperatures and energies are those of the function; its attribute `baryon_mass` (MeV, by
        default the atomic mass unit) turns density into number density.
    structure : StructureFunction, optional
        Evaluated in pure neutrons of the full density: whoever reads the table looks it up at x_n rho, x_p rho and
        sqrt(x_n x_p) rho. By default that of Hannestad & Raffelt 1998.

    Raises
    ------
    OpacityTableError
        If a value is negative or not finite, or the file cannot be written.
    """
    chosen = structure or bremsstrahlung_kernels.HannestadRaffelt()

    def fill(file: Any) -> None:
        write_axes(file, table)
        group = file.create_group("Scat_Brem_Kernels")
        scattering_header(group, 1, ["Per MeV"])
        shape = (table.temperature.size, table.density.size, 1, table.energy.size, table.energy.size)
        dataset = new_dataset(group, "S_sigma", shape)
        for t, temperature in enumerate(table.temperature):
            values = _neutron_structure(table, float(temperature), chosen)
            if not (np.isfinite(values) & (values >= 0.0)).all():
                raise OpacityTableError(
                    f"structure function of bremsstrahlung: negative or not finite at temperature = {temperature:g} MeV"
                )
            dataset[t, :, 0] = np.log10(values + TINY)
        group.create_dataset("Offsets", data=np.zeros((1, 1)), track_times=False)
        group.attrs["references"] = list(chosen.references)
        set_attributes(file, table.attributes)

    return write_atomically(path, fill)


def _neutron_structure(table: OpacityTable, temperature: float, structure: StructureFunction) -> Array:
    """S in pure neutrons, 1/MeV, (density, energy, partner energy)."""
    zeros = np.zeros_like(table.density)
    matter = MatterState(
        **dict.fromkeys((f.name for f in fields(MatterState) if f.default is MISSING), zeros)
        | {
            "density": table.density,
            "temperature": zeros + temperature,
            "mass_fraction_neutron": zeros + 1.0,
        },
        baryon_mass=float(table.attributes.get("baryon_mass", CODATA.atomic_mass)),
    )
    couplings = WeakCouplings()
    # Phi_0 = 6 K n S, and 6 K stands in the factor of the opacity with phase space and T^2
    phi_0, _ = bremsstrahlung_kernels.kernels(table.energy, matter, couplings, structure)
    front = bremsstrahlung_kernels.opacity_front(matter, couplings) / matter.temperature**2
    volume = CODATA.speed_of_light * (2.0 * np.pi * CODATA.hbar_c) ** 3
    strength = front * volume / (2.0 * np.pi) * matter.number_density_neutron
    return phi_0 / strength[:, None, None]


def _write_kernels(
    path: str | Path,
    table: OpacityTable,
    degeneracy: Array,
    name: str,
    structures: Callable[[float], Array],
    fill_more: Callable[[Any, Any], None],
) -> Path:
    """Phi_0^I/2, Phi_0^II/2, 3/2 Phi_1^I, 3/2 Phi_1^II over c (2 pi hbar c)^3, one degeneracy after the other."""
    eta = np.asarray(degeneracy, dtype=np.float64)
    if eta.ndim != 1 or not eta.size or not (eta > 0.0).all() or not (np.diff(eta) > 0.0).all():
        raise OpacityTableError("degeneracy: must be a row of positive and rising values")
    front = 1.0 / (CODATA.speed_of_light * (2.0 * np.pi * CODATA.hbar_c) ** 3)
    legendre = front * np.array([0.5, 1.5])[None, :, None, None, None]

    down = np.tril_indices(table.energy.size)
    typical = []

    def block(value: float) -> Array:
        # (structure, moment, T, E, E') to (T, four, E, E'), both structures of one moment side by side
        values = (structures(value) * legendre).transpose(2, 1, 0, 3, 4)
        typical.append(np.median(np.abs(values[:, 1][..., *down]), axis=-1))
        return values.reshape(table.temperature.size, 4, table.energy.size, table.energy.size)

    def fill(file: Any) -> None:
        write_axes(file, table)
        write_grid(
            file.create_group("EtaGrid"),
            "Elect. Chem. Pot. / Temperature",
            "DIMENSIONLESS",
            eta,
            around(eta),
        )
        group = file.create_group(name)
        fill_more(file, group)
        scattering_header(group, 4, ["Per Centimeter Per MeV^3"])
        shape = (eta.size, table.temperature.size, 4, table.energy.size, table.energy.size)
        offsets = fill_with_offsets(new_dataset(group, "Kernels", shape), map(block, eta), moment_axis=-3)
        group.create_dataset("Offsets", data=offsets[:, None], track_times=False)
        group.attrs["note"] = rounding_note(offsets[2:], np.array(typical), eta, table.temperature)
        set_attributes(file, table.attributes)

    return write_atomically(path, fill)


def _moments(table: OpacityTable, s: int, y: int, front: Array) -> Array:
    """R_0 and R_1 of one species and electron fraction, (T, density, moment, energy)."""
    transport = np.asarray(table.scattering[s, y], dtype=np.float64)
    _check_slab("scattering", transport, table, s, y)
    if table.delta is None:
        return np.stack([transport * front, np.zeros_like(transport)], axis=-2)
    delta = np.asarray(table.delta[s, y], dtype=np.float64)
    total = transport / (1.0 - delta / 3.0) * front
    return np.stack([total, total * delta], axis=-2)


def _rows(table: OpacityTable) -> dict[str, int]:
    missing = [name for name in SPECIES_NAMES if name not in table.species]
    if missing:
        raise OpacityTableError(f"weaklib's layout needs nue and anue; the table has no {', '.join(missing)}")
    return {name: table.species.index(name) for name in SPECIES_NAMES}


def _switches(given: Mapping[str, int] | None, known: tuple[str, ...]) -> dict[str, int]:
    unknown = [name for name in given or {} if name not in known]
    if unknown:
        raise OpacityTableError(f"switch {', '.join(unknown)}: known are {', '.join(known)}")
    return {**dict.fromkeys(known, 0), **(given or {})}


def _check_slab(role: str, slab: Array, table: OpacityTable, s: int, y: int) -> None:
    bad = ~(np.isfinite(slab) & (slab >= 0.0))
    if bad.any():
        t, d, e = (int(index[0]) for index in np.nonzero(bad))
        raise OpacityTableError(
            f"'{role}' is {slab[t, d, e]:g} at {table.where(s, y, t, d, e)}; must be finite and >= 0"
        )
