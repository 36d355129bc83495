"""Two figures of docs/opacities.md: gray means along a collapse, and the interpolation error of a table."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LogNorm
from opacity_nulib import MEANS as NULIB_MEANS
from opacity_panels import key, save
from opacity_references import NULIB_MODE, NULIB_NUCLEI, SCATTERING, ChargedCurrentOfNuLib, nulib, read

from microphysics.eos.lattimer_swesty import LattimerSwesty
from microphysics.means import gray_means
from microphysics.opacity import OpacitySet, blackbody, equilibrium
from microphysics.processes.settings import Settings
from microphysics.tables.accuracy import interpolation_error
from microphysics.tables.grids import electron_fraction_axis, group_edges, logarithmic_axis
from microphysics.tables.lookup import lookup
from microphysics.tables.table import OpacityTable
from snsim.config.schema import CollapseProfile
from snsim.plots import style
from snsim.profiles.readers import load_profile
from snsim.transport.grid import build_background

SHOWN = {
    "absorption_energy": {"color": "#D55E00"},
    "scattering_energy": {"color": "#0072B2"},
    "rosseland_energy": {"color": "black"},
    "rosseland_number": {"color": "black", "ls": "--"},
}


def trajectory():
    """Matter of the embedded collapse profile from 1e9 to 1e14 g/cm^3."""
    eos = LattimerSwesty()
    core = CollapseProfile(format="collapse", central_density="1e14 g/cm3")
    matter = build_background(load_profile(core, eos=eos), 120, 3e5, 6e7, eos).matter
    return matter.select(matter.density > 1e9)


def points(line: dict[str, str]) -> dict[str, object]:
    """Return the marks of differences, squares for the mean whose line is dashed."""
    return {"ls": "", "marker": "s" if "ls" in line else "o", "ms": 3.0, "mfc": "white"}


def draw_means() -> None:
    """Means along a collapse for three species, and NuLib's difference at its points."""
    figure, axes = plt.subplots(
        2, 3, figsize=(7.2, 4.4), layout="constrained", height_ratios=(1.5, 1), sharey="row"
    )
    names = (
        "charged_current",
        "electron_capture",
        *SCATTERING,
        "electron_scattering",
        "pair",
        "bremsstrahlung",
    )
    matter = trajectory()
    found = gray_means(OpacitySet.from_names(names), matter, tuple(SHOWN))
    own, table = nulib(), read("nulib/gray_default.csv")
    settings = Settings(**{**NULIB_MODE, **NULIB_NUCLEI})
    built = OpacitySet.from_names((*SCATTERING, "pair", "bremsstrahlung"), settings)
    as_they = gray_means(OpacitySet((ChargedCurrentOfNuLib(), *built.processes)), own.matter, tuple(SHOWN))
    columns = {**NULIB_MEANS, "rosseland_number": "kappa_fluxmean_dfdE_number_1_cm"}
    for i, (upper, lower) in enumerate(axes.T):
        for name, line in SHOWN.items():
            upper.plot(matter.density, found[name][i], **line)
            theirs = table[columns[name]].reshape(20, 3)[:, i]
            off = np.maximum(np.abs(as_they[name][i] / theirs - 1.0), 1e-9)
            lower.plot(own.matter.density, off, **line | points(line))
        style.log_axis(upper, "x", 1e9, 1e14)
        style.log_axis(lower, "x", 1e7, 1e15)
        lower.set_xlabel(r"density [g cm$^{-3}$]")
        name = style.species_label(("nue", "anue", "nux")[i])
        upper.text(0.06, 0.9, name, transform=upper.transAxes, fontsize=12)
    style.log_axis(axes[0, 0], "y", 1e-11, 1.0)
    style.log_axis(axes[1, 0], "y", 5e-10, 1e-1)
    axes[0, 0].set_ylabel(r"mean [cm$^{-1}$]")
    axes[1, 0].set_ylabel("|ours/NuLib $-$ 1|")
    entries = [
        key(name.replace("_", " ").replace("r", "R", name[0] == "r"), **points(line) | {"ls": "-"} | line)
        for name, line in SHOWN.items()
    ]
    figure.legend(handles=entries, loc="outside upper center", ncols=4, handlelength=2.6)
    save(figure, "means")


AXES = (  # of the default table: density, temperature, electron fraction
    logarithmic_axis(1e6, 10.0**15.5, 82),
    logarithmic_axis(0.05, 150.0, 65),
    electron_fraction_axis(0.035, 0.55, 51),
)
EVERY = OpacitySet.from_names(
    (
        *("charged_current", "neutron_decay", "electron_capture", *SCATTERING, "light_cluster_scattering"),
        *("electron_scattering", "pair", "bremsstrahlung"),
    ),
    Settings(on_out_of_range="clamp"),
)


def patch(eos, density, temperature, fraction) -> OpacityTable:
    """Tabulate some of the axes of the default table."""
    grid = [axis.ravel() for axis in np.meshgrid(fraction, temperature, density, indexing="ij")]
    edges = group_edges(18, 2.0, 250.0)
    energy, parts = 0.5 * (edges[1:] + edges[:-1]), []
    for some in np.array_split(np.arange(grid[0].size), 1 + grid[0].size // 2000):
        matter = eos(*(axis[some] for axis in reversed(grid))).matter
        rates = EVERY.totals(matter, energy)
        occupied = equilibrium(energy, matter.temperature, matter.neutrino_degeneracy())
        parts.append((rates.absorption * blackbody(energy) * occupied, rates.absorption, rates.scattering))
    shape = (3, fraction.size, temperature.size, density.size, energy.size)
    arrays = (np.concatenate(role, axis=1).reshape(shape) for role in zip(*parts, strict=True))
    return OpacityTable(density, temperature, fraction, energy, edges, ("nue", "anue", "nux"), *arrays)


def along_collapse() -> dict[str, tuple[float, ...]]:
    """Errors of the default table for nue along `trajectory`, by role: 50, 90 and 99 % of all values lie below."""
    eos, matter = LattimerSwesty(), trajectory()
    axes = []
    for axis, values in zip(
        AXES, (matter.density, matter.temperature, matter.electron_fraction), strict=True
    ):
        first, last = np.searchsorted(axis, values.min()) - 1, np.searchsorted(axis, values.max()) + 1
        axes.append(axis[first:last])
    state = (matter.density, matter.temperature, matter.electron_fraction)
    smallest = {"emissivity": 1e10, "absorption": 1e-12}
    found = interpolation_error(patch(eos, *axes), EVERY, eos, *state, smallest=smallest)
    return {each.role: each.percentiles for each in found if each.species == "nue"}


def draw_table() -> None:
    """Error of a look-up in the middle of the cells of the default table, at 10 MeV."""
    eos, cell = LattimerSwesty(), 26
    table = patch(eos, AXES[0], AXES[1], AXES[2][cell : cell + 2])
    middle = [np.sqrt(axis[1:] * axis[:-1]) for axis in (table.density, table.temperature)]
    density, temperature = (each.ravel() for each in np.meshgrid(*middle))
    fraction = np.full(density.size, table.electron_fraction.mean())
    looked, direct = (
        lookup(table, density, temperature, fraction),
        EVERY.totals(eos(density, temperature, fraction).matter, table.energy),
    )
    group = int(np.argmin(np.abs(table.energy - 10.0)))
    figure, axes = plt.subplots(1, 3, figsize=(7.2, 2.8), layout="constrained", sharey=True)
    for ax, (role, species, words) in zip(
        axes,
        (
            ("absorption", 0, r"$\kappa^*$ of $\nu_e$"),
            ("scattering", 0, r"$\kappa_{\rm tr}$ of $\nu_e$"),
            ("absorption", 2, r"$\kappa^*$ of $\nu_x$"),
        ),
        strict=True,
    ):
        ours = getattr(direct, role)[species, :, group]
        error = np.abs(getattr(looked, role)[species, :, group] / ours - 1.0)
        image = ax.pcolormesh(
            *middle,
            np.maximum(error, 1e-6).reshape(64, 81),
            norm=LogNorm(1e-4, 1.0),
            cmap="viridis",
            rasterized=True,
        )
        style.log_axis(ax, "x", *table.density[[0, -1]], most=4)
        style.log_axis(ax, "y", *table.temperature[[0, -1]])
        ax.set_title(f"{words}, {table.energy[group]:.3g} MeV", fontsize=9.0)
        ax.set_xlabel(r"density [g cm$^{-3}$]")
    axes[0].set_ylabel("temperature [MeV]")
    figure.colorbar(image, ax=axes, label="|look-up/direct $-$ 1|", pad=0.01, extend="both")
    save(figure, "table")
