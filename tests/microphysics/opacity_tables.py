"""Small tables of formulas that obey every law a table must obey; and a reader of NuLib's layout apart from ours."""

from __future__ import annotations

import h5py
import numpy as np

from microphysics.constants import CODATA
from microphysics.matter import GROUPS
from microphysics.opacity import blackbody
from microphysics.processes import electron_scattering_kernels, pair_kernels
from microphysics.tables.table import KernelTable, OpacityTable
from microphysics.weak.couplings import WeakCouplings

COUPLINGS = WeakCouplings()
EDGES = np.array([0.0, 2.0, 4.5, 7.6, 11.5, 16.3, 22.3])
PARTNER = {"nue": "anue", "anue": "nue", "nux": "nux", "numutau": "anumutau", "anumutau": "numutau"}
PARTNER |= {"numu": "anumu", "anumu": "numu", "nutau": "anutau", "anutau": "nutau"}


def small_table(species=("nue", "anue", "nux"), *, delta=True, kernels=True, sizes=(6, 5, 4)):
    density = np.logspace(9.0, 13.0, sizes[0])
    temperature = np.logspace(0.0, 1.2, sizes[1])
    fraction = np.linspace(0.1, 0.5, sizes[2])
    energy = 0.5 * (EDGES[1:] + EDGES[:-1])
    y, t, d, e = np.ix_(fraction, temperature, density, energy)
    eta = {"nue": 4.0 * np.log10(d / 1e8) * y / t - 1.0}  # rises with Y_e, as it must
    eta["anue"] = -eta["nue"]
    absorption, scattering, emissivity, anisotropy = [], [], [], []
    for s, name in enumerate(species):
        kappa = 1e-17 * (1.0 + 0.3 * s) * d * e**2 * (1.0 + 0.2 * np.log(t) + y)
        occupied = 1.0 / (1.0 + np.exp(e / t - eta.get(name, 0.0)))
        absorption.append(kappa)
        emissivity.append(kappa * occupied * blackbody(energy))
        scattering.append(kappa * (2.0 + 0.1 * s + y) + 0.0 * t)
        anisotropy.append((-0.2 + 0.1 * s) * np.tanh(t) + 0.0 * d * e + 0.1 * y)
    return OpacityTable(
        density=density,
        temperature=temperature,
        electron_fraction=fraction,
        energy=energy,
        energy_edges=EDGES,
        species=species,
        emissivity=np.stack(emissivity),
        absorption=np.stack(absorption),
        scattering=np.stack(scattering),
        delta=np.stack(anisotropy) if delta else None,
        kernels=small_kernels(species, energy) if kernels else None,
        attributes={"eos": "none", "processes": ["one", "two"], "baryon_mass": 931.5},
    )


def true_kernels(species, energy):
    """What electrons do: a checker compares the size."""
    temperature, degeneracy = np.logspace(0.0, 1.0, 3), np.logspace(-1.0, 1.0, 4)
    t, eta = (grid.ravel() for grid in np.meshgrid(temperature, degeneracy, indexing="ij"))
    found = {"scattering_0": [], "scattering_1": [], "annihilation_0": [], "annihilation_1": []}
    for name in species:
        scattering, annihilation = [], []
        for flavor in GROUPS[name]:
            scattering.append(electron_scattering_kernels.kernels(energy, t, eta, COUPLINGS, flavor))
            annihilation.append(pair_kernels.kernels(energy, t, eta, COUPLINGS, flavor).annihilation)
        for moment in (0, 1):
            found[f"scattering_{moment}"].append(np.mean(scattering, axis=0)[moment])
            found[f"annihilation_{moment}"].append(np.mean(annihilation, axis=0)[moment])
    shape = (len(species), temperature.size, degeneracy.size, energy.size, energy.size)
    return KernelTable(
        temperature, degeneracy, **{role: np.reshape(values, shape) for role, values in found.items()}
    )


def small_kernels(species, energy):
    temperature, degeneracy = np.logspace(0.0, 1.0, 3), np.logspace(-1.0, 1.0, 4)
    t, eta, e, other = np.ix_(temperature, degeneracy, energy, energy)
    scattering, annihilation = [], []
    for s, name in enumerate(species):
        # symmetric times exp(-(E' - E)/2T) obeys detailed balance
        symmetric = 1e-33 * (1.0 + s) * (e + other + t) ** 2 / (1.0 + eta)
        scattering.append(symmetric * np.exp((e - other) / (2.0 * t)))
        sign = {"nue": 1.0, "numutau": 0.5, "numu": 0.6, "nutau": 0.7}
        tilt = sign.get(name, -sign.get(PARTNER[name], 0.0))
        base = 1e-33 * (1.0 + min(s, species.index(PARTNER[name]))) * e * other * t / (1.0 + eta)
        annihilation.append(base * (1.0 + 0.5 * tilt * (e - other) / (e + other)))
    scattering, annihilation = np.stack(scattering), np.stack(annihilation)
    return KernelTable(
        temperature, degeneracy, scattering, 0.4 * scattering, annihilation, -0.3 * annihilation
    )


class FortranReader:
    """What codes do with a file, in plain numpy: Fortran's index order, trilinear from the upper corner of a cell."""

    def __init__(self, path, floor=1e-30):
        with h5py.File(path, "r") as file:
            self.raw = {name: file[name][()] for name in file}
        view = {name: values.T for name, values in self.raw.items()}
        self.groups, self.species = int(view["number_groups"][0]), int(view["number_species"][0])
        self.log_rho, self.log_temp = np.log10(view["rho_points"]), np.log10(view["temp_points"])
        self.ye = view["ye_points"]
        shape = (*(int(view[name][0]) for name in ("nrho", "ntemp", "nye")), self.species * self.groups)
        self.tables = {}
        for name in ("emissivities", "absorption_opacity", "scattering_opacity", "scattering_delta"):
            if name not in view:
                continue
            self.tables[name] = np.empty(shape)
            for i in range(self.species):
                for j in range(self.groups):
                    values = view[name][:, :, :, i, j]
                    if name == "emissivities":
                        values = np.log10(np.maximum(floor, values * view["bin_widths"][j]))
                    elif name != "scattering_delta":
                        values = np.log10(values)
                    self.tables[name][:, :, :, i * self.groups + j] = values

    def __call__(self, rho, temp, ye):
        """Emissivity in a group [erg/(cm3 s sr)], absorption, scattering [1/cm], delta: (species, group)."""
        axes = (self.log_rho, self.log_temp, self.ye)
        corner, rest = [], []
        for axis, x in zip(axes, (np.log10(rho), np.log10(temp), ye), strict=True):
            step = (axis[-1] - axis[0]) / (axis.size - 1)
            upper = min(max(1 + int((x - axis[0] - 1e-10) / step), 1), axis.size - 1)
            corner.append(upper)
            rest.append((axis[upper] - x) / step)
        i, j, k = corner
        a, b, c = rest
        found = {}
        for name, table in self.tables.items():
            f = table[i, j, k]
            fa, fb, fc = table[i - 1, j, k], table[i, j - 1, k], table[i, j, k - 1]
            fab, fac, fbc = table[i - 1, j - 1, k], table[i - 1, j, k - 1], table[i, j - 1, k - 1]
            fabc = table[i - 1, j - 1, k - 1]
            value = f + a * (fa - f) + b * (fb - f) + c * (fc - f)
            value = (
                value
                + a * b * (f - fa - fb + fab)
                + a * c * (f - fa - fc + fac)
                + b * c * (f - fb - fc + fbc)
            )
            value = value + a * b * c * (fa + fb + fc + fabc - f - fab - fac - fbc)
            value = value.reshape(self.species, self.groups)
            found[name] = value if name == "scattering_delta" else 10.0**value
        return found


ERG = CODATA.erg_per_mev
