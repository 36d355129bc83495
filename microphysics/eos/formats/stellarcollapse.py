"""The HDF5 layout of stellarcollapse.org, which NuLib, GR1D and FLASH read (O'Connor & Ott 2010).

Datasets in the root of shape (ye, temperature, density): totals of baryons, electrons and photons in CGS and
MeV. The density stands for baryons by a reference mass that the file does not hold: rho = m n, and with energies
eps from that mass, rho (c^2 + eps) is the whole energy density.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics.constants import CODATA
from microphysics.eos.electron_gas import CM3_PER_FM3, ElectronGas
from microphysics.eos.formats.hdf5 import open_hdf5, read_dataset, write_atomically
from microphysics.eos.formats.totals import Totals, baryon_table, with_alpha_binding
from microphysics.eos.sampling import Progress, evaluate
from microphysics.eos.table import EosTableError, TabulatedEOS, check_axis
from microphysics.errors import OutOfRangeError

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from microphysics.eos.state import EquationOfState

__all__ = ["read_stellarcollapse", "write_stellarcollapse"]

Array = NDArray[np.float64]

GROUP = "snsim"  # what this layout has no name for; other readers do not look here
EXTRA = ("radius_heavy", "mean_field_neutron", "mean_field_proton", "phase")
THERMODYNAMIC = ("logpress", "logenergy", "entropy", "mu_n", "mu_p", "mu_e")
COMPOSITION = ("Xn", "Xp", "Xa", "Xh", "Abar", "Zbar")
DERIVATIVES = ("gamma", "dedt", "dpderho")
LIGHT = {"Xd": (1, 2), "Xt": (1, 3), "X3he": (2, 3), "X4li": (3, 4)}  # charge, baryons
MASSES = {
    "the neutron's mass": CODATA.neutron_mass,
    "the atomic mass unit": CODATA.atomic_mass,
    "the proton's mass": CODATA.proton_mass,
}
ERG_PER_GRAM_PER_MEV = CODATA.erg_per_mev / CODATA.gram_per_mev  # times MeV/baryon over the mass in MeV
UNITS = {
    "logrho": "log10 g/cm^3", "logtemp": "log10 MeV", "ye": "1", "energy_shift": "erg/g",
    "logpress": "log10 dyn/cm^2", "logenergy": "log10 erg/g", "entropy": "k_B/baryon", "munu": "MeV",
    "cs2": "cm^2/s^2", "dedt": "erg/g/MeV", "dpdrhoe": "dyn cm/g", "dpderho": "dyn g/(cm^2 erg)",
    "muhat": "MeV", "mu_e": "MeV", "mu_p": "MeV", "mu_n": "MeV", "gamma": "1",
    **dict.fromkeys((*COMPOSITION, "pointsrho", "pointstemp", "pointsye"), "1"),
}  # fmt: skip
REFERENCES = ("O'Connor & Ott 2010, Class. Quantum Grav. 27, 114103",)


def read_stellarcollapse(path: str | Path, *, baryon_mass: float | None = None) -> TabulatedEOS:
    """Read a table in the layout of stellarcollapse.org.

    Parameters
    ----------
    path : str or Path
        Of the file.
    baryon_mass : float, optional
        Reference mass of the density, MeV. Where not given: the file's attribute, which `write_stellarcollapse`
        leaves; else the mass with which mu_e belongs to the density, if it singles one out of neutron, proton and
        atomic mass unit; else the atomic mass unit for tables with light clusters (the Hempel tables), and the
        neutron's for others (the LS tables).

    Returns
    -------
    TabulatedEOS
        `notes` say which mass it is and why, which alpha binding the table has, whether its sound speeds are
        relativistic, and what was changed.

    Raises
    ------
    EosTableError
        If a dataset is missing, misshaped, in another order or not finite, or the file truncated.

    Notes
    -----
    Electrons and photons are subtracted at the nodes. The file's own derivatives (dedt, dpderho, gamma) are used
    where they are there and positive. Deuterons, tritons, 3He and 4Li of extended tables count as the nucleons
    they are made of: `EosState` has no place for them.
    """
    path = Path(path)
    with open_hdf5(path) as file:
        axes = _axes(file, path)
        shape = tuple(axis.size for axis in reversed(axes))
        values = {name: _cube(file, name, str(path), shape) for name in (*THERMODYNAMIC, *COMPOSITION)}
        values |= {
            name: _cube(file, name, str(path), shape)
            for name in (*DERIVATIVES, *LIGHT, "munu", "muhat", "cs2")
            if name in file
        }
        values["shift"] = read_dataset(file, "energy_shift", str(path)).ravel()[:1]
        stored = file.attrs.get("baryon_mass")
        extra = {
            name: _cube(file[GROUP], name, f"{path}/{GROUP}", shape, finite=name != "radius_heavy")
            for name in EXTRA
            if GROUP in file and name in file[GROUP]
        }
        name = str(file.attrs.get("title", f"stellarcollapse table {path.name}"))
        references = tuple(str(text) for text in file.attrs.get("references", REFERENCES))
    notes: list[str] = []
    mass = _baryon_mass(axes, values, baryon_mass, stored, notes)
    totals = _totals(axes, values, mass, name)
    totals.extra, totals.references = extra, references
    totals.notes = notes + _redundant(axes, values)
    _light_clusters(totals, values)
    return with_alpha_binding(baryon_table(totals))


def _cube(file: Any, name: str, where: str, shape: tuple[int, ...], *, finite: bool = True) -> Array:
    """Read a dataset in our order of axes."""
    return np.ascontiguousarray(read_dataset(file, name, where, shape=shape, finite=finite).T)


def _axes(file: Any, path: Path) -> tuple[Array, Array, Array]:
    axes = []
    for name, points, ours in (
        ("logrho", "pointsrho", "density"),
        ("logtemp", "pointstemp", "temperature"),
        ("ye", "pointsye", "electron_fraction"),
    ):
        axis = read_dataset(file, name, str(path))
        if points in file:
            count = int(read_dataset(file, points, str(path)).ravel()[0])
            if axis.shape != (count,):
                raise EosTableError(
                    f"{path}: axis '{name}' has shape {axis.shape}, but '{points}' says {count}"
                )
        axis = axis if name == "ye" else 10.0**axis
        check_axis(ours, axis, f"{path}, {name}")
        axes.append(axis)
    return axes[0], axes[1], axes[2]


def _baryon_mass(
    axes: tuple[Array, Array, Array],
    values: dict[str, Array],
    given: float | None,
    stored: Any,
    notes: list[str],
) -> float:
    """Find the reference mass in MeV, with a note on where it comes from."""
    implied = _implied_mass(axes, values["mu_e"])
    says = "" if implied is None else f"; mu_e implies {implied:.3f} MeV"
    if given is not None:
        notes.append(f"baryon_mass = {given:.6g} MeV as asked for{says}")
        return float(given)
    if stored is not None:
        notes.append(f"baryon_mass = {float(stored):.6f} MeV from the file's attribute")
        return float(stored)
    if implied is not None:
        what, mass = min(MASSES.items(), key=lambda item: abs(item[1] - implied))
        if abs(mass - implied) < 0.4:  # neutron's and proton's differ by 1.3, those and the unit by 6.8 MeV
            notes.append(f"baryon_mass = {mass:.6f} MeV: {what}, as mu_e implies {implied:.3f} MeV")
            return mass
    hempel = any(name in values for name in LIGHT)
    what = "the atomic mass unit" if hempel else "the neutron's mass"
    notes.append(
        f"baryon_mass = {MASSES[what]:.6f} MeV: {what}, assumed because the table has "
        f"{'' if hempel else 'no '}light clusters{says}; give baryon_mass if it is another"
    )
    return MASSES[what]


def _implied_mass(axes: tuple[Array, Array, Array], mu_e: Array) -> float | None:
    """Rho Y_e/n_e(mu_e, T) in MeV where electrons are degenerate and relativistic; None if nowhere."""
    rho, t, ye = np.broadcast_arrays(axes[0][:, None, None], axes[1][None, :, None], axes[2][None, None, :])
    chosen = np.flatnonzero((mu_e > 10.0 * t) & (mu_e > 10.0) & (t < 5.0))
    if not chosen.size:
        return None
    chosen = chosen[:: max(1, chosen.size // 2000)]
    net = ElectronGas().net_density(t.ravel()[chosen], mu_e.ravel()[chosen])
    masses = (rho * ye).ravel()[chosen] / net / CODATA.gram_per_mev
    return float(np.median(masses))


def _totals(axes: tuple[Array, Array, Array], values: dict[str, Array], mass: float, name: str) -> Totals:
    rho = axes[0][:, None, None]
    t = axes[1][None, :, None]
    n = rho / (mass * CODATA.gram_per_mev) * CM3_PER_FM3
    pressure = 10.0 ** values["logpress"]
    eps = 10.0 ** values["logenergy"] - values["shift"][0]
    totals = Totals(
        name=name,
        density=axes[0],
        temperature=axes[1],
        electron_fraction=axes[2],
        baryon_mass=mass,
        pressure=pressure,
        energy=eps * (mass / ERG_PER_GRAM_PER_MEV) + (mass - CODATA.neutron_mass),
        entropy=values["entropy"],
        has_leptons=True,
        has_photons=True,
        chemical_potential_neutron=values["mu_n"],
        chemical_potential_proton=values["mu_p"],
        chemical_potential_electron=values["mu_e"],
        fractions={
            key: values[dataset]
            for key, dataset in (("neutron", "Xn"), ("proton", "Xp"), ("alpha", "Xa"), ("heavy", "Xh"))
        },
        mass_number_heavy=values["Abar"],
        charge_number_heavy=values["Zbar"],
        valid=np.ones(pressure.shape, dtype=bool),
        energy_zeros=(("the reference mass itself", CODATA.neutron_mass - mass),),
    )
    if all(key in values for key in DERIVATIVES):
        capacity = values["dedt"] * (mass / ERG_PER_GRAM_PER_MEV)
        thermal = values["dpderho"] * values["dedt"]
        in_mev = pressure * CM3_PER_FM3 / CODATA.erg_per_mev
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = (
                in_mev * values["gamma"] / n
                - t * (thermal * CM3_PER_FM3 / CODATA.erg_per_mev / n) ** 2 / capacity
            )
        if (capacity > 0.0).all() and np.isfinite(slope).all():
            totals.heat_capacity, totals.pressure_temperature = capacity, thermal
            totals.pressure_density = slope
    return totals


def _redundant(axes: tuple[Array, Array, Array], values: dict[str, Array]) -> list[str]:
    """Compare what the file says twice, in notes."""
    notes = []
    if "muhat" in values:
        off = np.abs(values["muhat"] - (values["mu_n"] - values["mu_p"])).max()
        notes.append(f"muhat differs from mu_n - mu_p by at most {off:.2g} MeV")
    if "munu" in values:
        off = np.abs(values["munu"] - (values["mu_e"] - values["mu_n"] + values["mu_p"])).max()
        notes.append(f"munu differs from mu_e - mu_n + mu_p by at most {off:.2g} MeV")
    if not all(key in values for key in DERIVATIVES):
        notes.append("no derivatives in the file: taken by differences between nodes")
    elif (values["dedt"] <= 0.0).any():
        count = int((values["dedt"] <= 0.0).sum())
        notes.append(
            f"dedt is not positive at {count} nodes: derivatives taken by differences between nodes instead"
        )
    if "cs2" in values and "gamma" in values:
        pressure = 10.0 ** values["logpress"]
        rho = axes[0][:, None, None]
        newtonian = values["gamma"] * pressure / rho
        eps = 10.0 ** values["logenergy"] - values["shift"][0]
        enthalpy = 1.0 + (eps + pressure / rho) / CODATA.speed_of_light**2
        with np.errstate(divide="ignore", invalid="ignore"):
            plain, over = (
                np.abs(values["cs2"] / newtonian - 1.0),
                np.abs(values["cs2"] * enthalpy / newtonian - 1.0),
            )
        dense = np.broadcast_to(enthalpy > 1.05, plain.shape)
        kind = "not told from one another (no matter with much enthalpy)"
        if dense.any():
            relativistic = np.median(over[dense]) < np.median(plain[dense])
            kind = (
                "relativistic (divided by the enthalpy)" if relativistic else "not relativistic (gamma P/rho)"
            )
        fast = int((newtonian / enthalpy > CODATA.speed_of_light**2).sum())
        imaginary = int((values["cs2"] <= 0.0).sum())
        notes.append(
            f"cs2 in the file is {kind}; recomputed from gamma, it exceeds c^2 at {fast} nodes; {imaginary} nodes "
            "have none above 0"
        )
    return notes


def _light_clusters(totals: Totals, values: dict[str, Array]) -> None:
    """Count deuterons, tritons, 3He and 4Li as their nucleons."""
    present = [name for name in LIGHT if name in values]
    if not present:
        return
    clusters = sum(np.clip(values[name], 0.0, 1.0) for name in present)
    largest, where = totals.extreme(np.asarray(clusters))
    for name in present:
        charge, baryons = LIGHT[name]
        fraction = np.clip(values[name], 0.0, 1.0)
        totals.fractions["proton"] = totals.fractions["proton"] + fraction * charge / baryons
        totals.fractions["neutron"] = totals.fractions["neutron"] + fraction * (1.0 - charge / baryons)
    totals.notes.append(
        f"light clusters ({', '.join(present)}) counted as their nucleons: at most X = {largest:.3g} at {where}"
    )


def write_stellarcollapse(
    path: str | Path,
    eos: EquationOfState,
    density: ArrayLike,
    temperature: ArrayLike,
    electron_fraction: ArrayLike,
    *,
    baryon_mass: float | None = None,
    executor: Executor | None = None,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Path:
    """Write an equation of state in the layout of stellarcollapse.org, for NuLib, GR1D and FLASH.

    Parameters
    ----------
    path : str or Path
        Of the file; replaced, when it is complete, if it exists.
    eos : EquationOfState
        Any callable of the protocol.
    density, temperature, electron_fraction : array_like
        Axes, g/cm^3 as `eos` counts it, MeV, 1; rising. NuLib and GR1D want uniform steps in log10 of the
        first two and in the third.
    baryon_mass : float, optional
        Reference mass of the densities in the file, MeV; the equation of state's own where not given (the atomic
        mass unit for `LattimerSwesty`: in NuLib, the setting for Hempel's tables). With the neutron's mass, which
        NuLib takes for LS tables, the file's densities are those of the same baryons, larger by 0.87 %.
    executor, jobs, progress
        As in `build_table`.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    OutOfRangeError
        If an axis leaves the domain, or the pressure is not positive somewhere.
    EosTableError
        If an axis does not rise or the file cannot be written.

    Notes
    -----
    The energy counts from the reference mass, so that rho (c^2 + eps) is the whole energy density. mu_n and mu_p
    count from the neutron's mass, mu_e includes its own, muhat = mu_n - mu_p holds the mass difference, and munu =
    mu_e - muhat. cs2 = gamma P/rho is not relativistic, as NuLib says of the layout; `have_rel_cs2` is 0. Abar = Zbar
    = 1 where there are no nuclei, as the tables there have it, because programs divide by them. What the layout has
    no name for (mean fields, radii, phases) stands in a group of its own.
    """
    path = Path(path)
    given = [np.asarray(axis, dtype=np.float64) for axis in (density, temperature, electron_fraction)]
    axes = (given[0], given[1], given[2])
    mass = eos.baryon_mass if baryon_mass is None else float(baryon_mass)
    wanted = (
        "mass_fraction_neutron", "mass_fraction_proton", "mass_fraction_alpha", "mass_fraction_heavy",
        "mass_number_heavy", "charge_number_heavy", "chemical_potential_neutron", "chemical_potential_proton",
        "chemical_potential_electron", "pressure", "energy", "entropy", "adiabatic_index", "heat_capacity",
        "pressure_temperature_derivative", *EXTRA,
    )  # fmt: skip
    state = evaluate(eos, axes, wanted, executor=executor, jobs=jobs, progress=progress)
    _require_positive(state["pressure"], axes)
    rho = axes[0] * (mass / eos.baryon_mass)
    datasets = _datasets(rho, axes[1], axes[2], state, mass)
    return write_atomically(path, lambda file: _fill(file, eos, mass, datasets, state))


def _require_positive(pressure: Array, axes: tuple[Array, Array, Array]) -> None:
    if (pressure > 0.0).all():
        return
    i, j, k = (int(index[0]) for index in np.nonzero(~(pressure > 0.0)))
    raise OutOfRangeError(
        f"pressure = {pressure[i, j, k]:.6g} erg/cm^3 at density = {axes[0][i]:.6g} g/cm^3, temperature = "
        f"{axes[1][j]:.6g} MeV, electron_fraction = {axes[2][k]:.6g}: the layout holds its logarithm"
    )


def _fill(
    file: Any, eos: EquationOfState, mass: float, datasets: dict[str, Array], state: dict[str, Array]
) -> None:
    """Write the datasets of the layout, a group of what it has no name for, and what the numbers count from."""
    for name, values in datasets.items():
        _write(file, name, values)
    group = file.create_group(GROUP)
    for name in EXTRA:
        group.create_dataset(name, data=np.ascontiguousarray(state[name].T), track_times=False)
    file.attrs["title"] = eos.name
    file.attrs["references"] = list(eos.references)
    file.attrs["baryon_mass"] = mass
    file.attrs["baryon_mass_units"] = "MeV: density = baryon_mass * baryon number density"
    file.attrs["mu_reference"] = "neutron_mass; mu_e with electron mass; muhat with the mass difference"
    file.attrs["energy_reference"] = "density * (c^2 + energy) is the total energy density"
    file.attrs["cs2"] = "gamma * pressure / density, not relativistic"


def _write(file: Any, name: str, values: Array) -> None:
    # chunks and compression are left out: Fortran readers of this layout are built without filters at times
    dataset = file.create_dataset(name, data=values, track_times=False)
    dataset.attrs["units"] = UNITS.get(name, "1")


def _datasets(rho: Array, t: Array, ye: Array, state: dict[str, Array], mass: float) -> dict[str, Array]:
    """Make all datasets of the layout, those of three dimensions of shape (ye, temperature, density)."""
    column = rho[:, None, None]
    pressure, gamma = state["pressure"], state["adiabatic_index"]
    eps = (state["energy"] + (CODATA.neutron_mass - mass)) * (ERG_PER_GRAM_PER_MEV / mass)
    lowest = float(eps.min())
    shift = 0.0 if lowest > 0.0 else float(f"{-2.0 * lowest:.1e}")
    dedt = state["heat_capacity"] * (ERG_PER_GRAM_PER_MEV / mass)
    dpderho = state["pressure_temperature_derivative"] / dedt
    muhat = state["chemical_potential_neutron"] - state["chemical_potential_proton"]
    nuclei = state["mass_fraction_heavy"] > 0.0
    cubes = {
        "logpress": np.log10(pressure),
        "logenergy": np.log10(eps + shift),
        "entropy": state["entropy"],
        "munu": state["chemical_potential_electron"] - muhat,
        "cs2": gamma * pressure / column,
        "dedt": dedt,
        "dpdrhoe": gamma * pressure / column - pressure / column**2 * dpderho,
        "dpderho": dpderho,
        "muhat": muhat,
        "mu_e": state["chemical_potential_electron"],
        "mu_p": state["chemical_potential_proton"],
        "mu_n": state["chemical_potential_neutron"],
        "Xa": state["mass_fraction_alpha"],
        "Xh": state["mass_fraction_heavy"],
        "Xn": state["mass_fraction_neutron"],
        "Xp": state["mass_fraction_proton"],
        "Abar": np.where(nuclei, state["mass_number_heavy"], 1.0),
        "Zbar": np.where(nuclei, state["charge_number_heavy"], 1.0),
        "gamma": gamma,
    }
    return {
        "pointsrho": np.array([rho.size], dtype=np.int32),
        "pointstemp": np.array([t.size], dtype=np.int32),
        "pointsye": np.array([ye.size], dtype=np.int32),
        "have_rel_cs2": np.array([0], dtype=np.int32),
        "energy_shift": np.array([shift]),
        "logrho": np.log10(rho),
        "logtemp": np.log10(t),
        "ye": ye,
        **{name: np.ascontiguousarray(values.T) for name, values in cubes.items()},
    }
