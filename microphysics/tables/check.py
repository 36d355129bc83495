"""Check of any file in NuLib's layout, whoever wrote it: what would mislead a code that reads it, in words.

The chemical potentials of the equation of state are not in the file. What can be had without them: Kirchhoff's law of the
heavy-lepton flavours, whose chemical potential is zero; of nue and anue, that j/kappa* of all energies implies ONE
degeneracy at each state, that those of the two are opposite, and that they rise and fall with Y_e as they must.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.errors import OpacityTableError
from microphysics.opacity import blackbody
from microphysics.processes.contract import occupation
from microphysics.tables.check_degeneracy import DegeneracySlope
from microphysics.tables.check_kernels import check_kernels
from microphysics.tables.findings import Finding, Findings, Report, shape_of
from microphysics.tables.hdf5 import open_hdf5
from microphysics.tables.nulib_layout import (
    FLOOR,
    INTEGERS,
    OPACITIES,
    PAIRS,
    SCATTERING,
    SCHEMES,
    UNIFORM,
    Sizes,
    deviation,
    multiplicity,
)

__all__ = ["Finding", "Report", "check_nulib_file"]

Array = NDArray[np.float64]

EDGES = 1e-6  # relative: edges, widths and centres of groups
BALANCE = 1e-4  # relative: Kirchhoff's law; constants of nature differ by 1e-6 from code to code
SPREAD = 1e-3  # of a degeneracy that different energies imply
BLOCKED = 0.99  # occupation from which the degeneracy cannot be told from it
SMALLEST_RADIATION = 1e-25  # erg/(cm^2 s MeV sr): below, tables hold floors
SMALLEST_OPACITY = 1e-28  # 1/cm: likewise


def check_nulib_file(path: str | Path) -> Report:
    """Check a table in NuLib's layout; files of 500 MB are read in slabs.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    Report
        Also of a file that cannot be opened.
    """
    findings = Findings()
    try:
        with open_hdf5(path) as file:
            _check(file, findings)
    except OpacityTableError as error:
        findings.add("error", "", str(error))
    except OSError as error:
        findings.add("error", "", f"cannot be read in full: {error}")
    return findings.report(path)


def _check(file: Any, findings: Findings) -> None:
    kernels = any(name in file for name in (*SCATTERING, *PAIRS))
    counts = {
        name: _integer(file, name, findings) for name in (*INTEGERS, *(("Itemp", "Ieta") if kernels else ()))
    }
    if "timestamp" not in file:
        findings.add("error", "timestamp", "is missing; readers stop")
    species = {len(names): names for names in SCHEMES.values()}.get(counts["number_species"])
    if counts["number_species"] and species is None:
        findings.add(
            "error",
            "number_species",
            f"is {counts['number_species']}, expected 3, 4 or 6; what depends on the species is not checked",
        )
    if not all(counts.values()):
        return
    sizes = Sizes(
        counts["number_groups"],
        counts["number_species"],
        counts["nye"],
        counts["ntemp"],
        counts["nrho"],
        *((counts["Itemp"], counts["Ieta"]) if kernels else ()),
    )
    rows = {name: _row(file, name, size, findings) for name, size in sizes.rows.items()}
    good = {name: row for name, row in rows.items() if row is not None}
    if len(good) < len(rows):
        return
    _axes(good, findings)
    _Opacities(file, sizes, good, species, findings).check()
    if kernels:
        check_kernels(file, sizes, good, species, findings)


def _integer(file: Any, name: str, findings: Findings) -> int:
    """Size that a dataset holds; 0 where there is none."""
    shape = shape_of(file.get(name))
    if shape is None:
        findings.add("error", name, "is missing")
        return 0
    values = np.asarray(file[name][()], dtype=np.float64).ravel()
    if values.size != 1 or not values[0] >= 1 or values[0] != int(values[0]):
        findings.add("error", name, f"is {values.tolist()[:4]}, expected one whole number >= 1")
        return 0
    if file[name].dtype.kind not in "iu" or shape != (1,):
        findings.add("note", name, f"is {file[name].dtype} of shape {shape}, usual is int32 of shape (1,)")
    return int(values[0])


def _row(file: Any, name: str, size: int, findings: Findings) -> Array | None:
    """Read an axis; None where it is missing, misshaped or not finite."""
    shape = shape_of(file.get(name))
    if shape is None:
        findings.add("error", name, "is missing")
        return None
    if shape != (size,):
        findings.add("error", name, f"has shape {shape}, the sizes say ({size},)")
        return None
    _precision(file[name], name, findings)
    values = np.asarray(file[name][()], dtype=np.float64)
    if not np.isfinite(values).all():
        i = int(np.argmin(np.isfinite(values)))
        findings.add("error", name, f"is {values[i]} at index {i}")
        return None
    return values


def _precision(dataset: Any, name: str, findings: Findings) -> None:
    if dataset.dtype != np.float64:
        severity = "warning" if dataset.dtype.kind == "f" else "error"
        findings.add(severity, name, f"is of type {dataset.dtype}, expected float64")


def _axes(rows: dict[str, Array], findings: Findings) -> None:
    for name, row in rows.items():
        if name.startswith("bin"):
            continue
        bad = row <= 0.0
        bad[1:] |= np.diff(row) <= 0.0
        if bad.any():
            i = int(np.argmax(bad))
            before = f" after {row[i - 1]:.6g}" if i else ""
            findings.add(
                "error",
                name,
                f"is {row[i]:.6g} at index {i}{before}; must be positive and rise (no logarithms)",
            )
        elif name != "neutrino_energies":
            logarithmic = name != "ye_points"
            worst = deviation(row, logarithmic=logarithmic)
            if worst > UNIFORM:
                findings.add(
                    "error",
                    name,
                    f"deviates by {worst:.3g} of a step from uniform spacing in {'log10' if logarithmic else 'its values'}; "
                    "readers take the spacing from the end points",
                )
    _groups(rows, findings)


def _groups(rows: dict[str, Array], findings: Findings) -> None:
    """Centres, edges and widths of energy groups."""
    energy, width = rows["neutrino_energies"], rows["bin_widths"]
    bottom, top = rows["bin_bottom"], rows["bin_top"]

    def first(bad: NDArray[np.bool_], name: str, severity: str, text: str) -> None:
        if bad.any():
            i = int(np.argmax(bad))
            findings.add(
                severity, name, f"{text} at index {i} (group from {bottom[i]:.6g} to {top[i]:.6g} MeV)"
            )

    first(
        ~(top > bottom) | (bottom < 0.0),
        "bin_bottom",
        "error",
        "the lower edge is negative or not below the upper",
    )
    first(
        np.abs(width - (top - bottom)) > EDGES * np.abs(top),
        "bin_widths",
        "error",
        "is not bin_top - bin_bottom",
    )
    first(
        np.append(np.abs(bottom[1:] - top[:-1]) > EDGES * top[:-1], False),
        "bin_top",
        "warning",
        "is not the next group's bin_bottom",
    )
    first(~((energy > bottom) & (energy < top)), "neutrino_energies", "error", "lies outside its group")
    first(
        np.abs(energy - 0.5 * (bottom + top)) > EDGES * energy,
        "neutrino_energies",
        "note",
        "is not the middle of its group",
    )


class _Opacities:
    """Emissivities and opacities, one electron fraction at a time."""

    def __init__(
        self,
        file: Any,
        sizes: Sizes,
        rows: dict[str, Array],
        species: tuple[str, ...] | None,
        findings: Findings,
    ) -> None:
        self.file, self.sizes, self.rows, self.findings = file, sizes, rows, findings
        self.species = species
        self.names = tuple(name for name in (*OPACITIES, "scattering_delta") if self._usable(name))
        energy, temperature = rows["neutrino_energies"], rows["temp_points"]
        # what one species radiates at f = 1, erg/(cm^2 s MeV sr), and energies in units of T, before (species, T, density)
        self.radiation = (blackbody(energy) * CODATA.erg_per_mev)[:, None, None]
        self.scaled = energy[:, None, None] / temperature[:, None]

    def check(self) -> None:
        """Go through the file."""
        both = set(OPACITIES[:2]) <= set(self.names)
        slope = DegeneracySlope(noise=10.0 * SPREAD)
        for y in range(self.sizes.electron_fraction):
            slabs = {name: np.asarray(self.file[name][:, :, y], dtype=np.float64) for name in self.names}
            sound = {name: self._values(name, slab, y) for name, slab in slabs.items()}
            if both and self.species is not None and all(sound[name] for name in OPACITIES[:2]):
                with np.errstate(all="ignore"):
                    slope.add(self._kirchhoff(slabs["emissivities"], slabs["absorption_opacity"], y))
        slope.report(self.findings)

    def _usable(self, name: str) -> bool:
        """Whether a dataset is there in the right shape."""
        shape = shape_of(self.file.get(name))
        if shape is None:
            if name in OPACITIES:
                self.findings.add("error", name, "is missing")
            return False
        expected = self.sizes.opacity
        if shape != expected:
            hint = ""
            if sorted(shape) == sorted(expected):
                hint = "; the axes stand in another order (NuLib's arrays are (density, T, Y_e, species, group) in Fortran)"
            self.findings.add("error", name, f"has shape {shape}, the sizes say {expected}{hint}")
            return False
        _precision(self.file[name], name, self.findings)
        return True

    def _place(self, y: int, energy: int, species: int, temperature: int, density: int) -> str:
        rows = self.rows
        name = self.species[species] if self.species else f"species {species}"
        return (
            f"[{energy}, {species}, {y}, {temperature}, {density}] ({name}, "
            f"density = {rows['rho_points'][density]:.6g} g/cm^3, "
            f"temperature = {rows['temp_points'][temperature]:.6g} MeV, electron_fraction = {rows['ye_points'][y]:.6g}, "
            f"energy = {rows['neutrino_energies'][energy]:.6g} MeV)"
        )

    def _state(self, y: int, temperature: int, density: int) -> str:
        rows = self.rows
        return (
            f"density = {rows['rho_points'][density]:.6g} g/cm^3, temperature = {rows['temp_points'][temperature]:.6g} MeV, "
            f"electron_fraction = {rows['ye_points'][y]:.6g} (indices {density}, {temperature}, {y})"
        )

    def _values(self, name: str, slab: Array, y: int) -> bool:
        """Check single values; whether they are fit for more."""
        undefined = ~np.isfinite(slab)
        self._gather("error", name, "is {value}", undefined, slab, y)
        if name == "scattering_delta":
            beyond = np.abs(slab) > 3.0
            self._gather(
                "error",
                name,
                "is {value}, outside -3 to 3: no angular distribution has that",
                beyond,
                slab,
                y,
            )
            text = "is {value}: the linear distribution is negative at one end"
            self._gather("note", name, text, ~beyond & (np.abs(slab) > 1.0 + EDGES), slab, y)
            return True
        negative = slab < 0.0
        self._gather("error", name, "is {value}, negative", negative, slab, y)
        if name == "emissivities":
            self._gather("note", name, "is zero, readers put a floor there", slab == 0.0, slab, y)
        else:
            self._gather("error", name, "is zero; readers take its logarithm", slab == 0.0, slab, y)
            tiny = (slab > 0.0) & (slab < FLOOR)
            self._gather("warning", name, f"is {{value}}, below the usual floor of {FLOOR:g}", tiny, slab, y)
        return not (undefined | negative).any()

    def _gather(
        self, severity: str, name: str, text: str, bad: NDArray[np.bool_], values: Array, y: int
    ) -> None:
        self.findings.gather(severity, name, text, bad, values, self._place, before=(y,))

    def _balance(self, s: int, y: int, text: str, bad: NDArray[np.bool_], values: Array, size: Array) -> None:
        """Note what breaks Kirchhoff's law, (energy, T, density) of one species."""

        def place(energy: int, temperature: int, density: int) -> str:
            return self._place(y, energy, s, temperature, density)

        self.findings.gather("error", "emissivities", text, bad, values, place, size=size)

    def _kirchhoff(self, emissivity: Array, absorption: Array, y: int) -> dict[str, Array]:
        """Check the occupation that emissivity and absorption imply; the degeneracies of nue and anue, (T, density)."""
        assert self.species is not None
        eta = {}
        for s, name in enumerate(self.species):
            full = self.radiation * multiplicity(name)
            occupied = emissivity[:, s] / (absorption[:, s] * full)
            absorbs = absorption[:, s] > SMALLEST_OPACITY
            if name in ("nue", "anue"):
                radiates = emissivity[:, s] > SMALLEST_RADIATION * absorption[:, s]
                eta[name] = self._degeneracy(s, y, occupied, absorbs & radiates)
            else:
                self._heavy(s, y, occupied, absorbs)
        if len(eta) == 2:
            total = eta["nue"] + eta["anue"]
            self.findings.gather(
                "error",
                "emissivities",
                "the degeneracies that emissivity/absorption of nue and anue imply are not opposite, their sum is {value},",
                np.abs(total) > 2.0 * SPREAD,
                total,
                self._state,
                before=(y,),
                size=np.abs(total),
            )
        return eta

    def _heavy(self, s: int, y: int, occupied: Array, usable: NDArray[np.bool_]) -> None:
        """Chemical potential zero: everything is known."""
        assert self.species is not None
        expected = occupation(self.scaled)
        radiates = self.radiation * multiplicity(self.species[s]) * expected > SMALLEST_RADIATION
        ratio = occupied / expected
        error = np.abs(np.log(ratio))
        members = multiplicity(self.species[s])
        front = f"{members} " if members > 1 else ""
        text = f"emissivity/({front}kappa B) of {self.species[s]} is {{value}}, expected 1{_hints(members)}"
        self._balance(s, y, text, usable & radiates & (error > BALANCE), ratio, error)

    def _degeneracy(self, s: int, y: int, occupied: Array, usable: NDArray[np.bool_]) -> Array:
        """Degeneracy that all energies imply, (T, density); NaN where none does."""
        assert self.species is not None
        name = self.species[s]
        above = usable & (occupied > 1.0 + BALANCE)
        text = f"emissivity of {name} is {{value}} times kappa B at full occupation: more than 1 is impossible{_hints(1)}"
        self._balance(s, y, text, above, occupied, occupied)
        telling = usable & (occupied < BLOCKED)
        implied = self.scaled - np.log(1.0 / occupied - 1.0)
        low = np.where(telling, implied, np.inf).min(axis=0)
        high = np.where(telling, implied, -np.inf).max(axis=0)
        spread = high - low
        bad = np.isfinite(spread) & (spread > SPREAD)
        self.findings.gather(
            "error",
            "emissivities",
            f"emissivity/absorption of {name} implies degeneracies at different energies that differ by {{value}}",
            bad,
            spread,
            self._state,
            before=(y,),
            size=spread,
        )
        return np.where(np.isfinite(spread) & ~bad, 0.5 * (low + high), np.nan)


def _hints(members: int) -> str:
    """Ratios that well-known mistakes leave."""
    single = f"{1 / members:g} if the emissivity is of one kind only, " if members > 1 else ""
    return f" ({single}{1 / CODATA.erg_per_mev:.4g} times too large if it is in MeV)"
