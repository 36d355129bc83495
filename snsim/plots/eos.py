"""Figures of an equation of state: composition, pressure, phases, and the neutron stars it holds up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from microphysics.eos.invert import temperature_from_entropy
from microphysics.eos.state import EosState, EquationOfState
from snsim.plots import style
from snsim.plots.eos_lines import (
    plot_adiabatic_index,
    plot_mass_radius,
    plot_pressure_parts,
    plot_pressures,
    plot_temperatures,
)
from snsim.plots.eos_maps import SHOWN, phase_handles, plot_map, plot_phases
from snsim.plots.figures import save

if TYPE_CHECKING:
    from snsim.profiles.neutron_star import NeutronStars

__all__ = ["adiabats", "composition", "isotherms", "mass_radius", "phases", "plane", "pressure", "save_all"]

Array = NDArray[np.float64]

# where things happen in a supernova: g/cm^3 and MeV
DENSITIES, TEMPERATURES = (1e7, 1e15), (0.1, 50.0)
CLOSE_DENSITIES, CLOSE_TEMPERATURES = (0.01, 0.12), (0.2, 16.0)  # baryons per fm^3, MeV
LINE_DENSITIES = (1e6, 1e15)
ISOTHERMS = (0.5, 1.0, 3.0, 10.0, 30.0)  # MeV
ADIABATS = (0.5, 1.0, 2.0, 4.0, 8.0)  # k_B/baryon
FRACTIONS = (0.05, 0.15, 0.3, 0.5)  # Y_e of the phases
TYPICAL = 0.3  # Y_e of everything else
_CUBIC_FM = 1e-39  # cm^3


def plane(
    eos: EquationOfState, electron_fraction: float, density: ArrayLike, temperature: ArrayLike
) -> EosState:
    """Matter over density and temperature.

    Parameters
    ----------
    eos : EquationOfState
    electron_fraction : float
    density, temperature : array_like
        g/cm^3, shape (density,); MeV, shape (temperature,).

    Returns
    -------
    EosState
        Of shape (temperature, density).
    """
    return eos(np.asarray(density)[None, :], np.asarray(temperature)[:, None], electron_fraction)


def isotherms(
    eos: EquationOfState, electron_fraction: float, temperatures: Sequence[float], density: ArrayLike
) -> dict[float, EosState]:
    """Matter along density at some temperatures (MeV), by temperature; those outside the domain are left out."""
    low, high = eos.temperature_range
    return {t: eos(density, t, electron_fraction) for t in temperatures if low <= t <= high}


def adiabats(
    eos: EquationOfState, electron_fraction: float, entropies: Sequence[float], density: ArrayLike
) -> dict[float, EosState]:
    """Matter along density at some entropies (k_B/baryon), by entropy, as far as the domain holds them."""
    rho = np.asarray(density, dtype=np.float64)
    coldest, hottest = (eos(rho, t, electron_fraction).entropy for t in eos.temperature_range)
    found = {}
    for entropy in entropies:
        inside = rho[(coldest < entropy) & (entropy < hottest)]
        if inside.size > 1:
            temperature = temperature_from_entropy(eos, inside, entropy, electron_fraction)
            found[entropy] = eos(inside, temperature, electron_fraction)
    return found


def composition(
    eos: EquationOfState, electron_fraction: float = TYPICAL, *, points: tuple[int, int] = (200, 130)
) -> Figure:
    """Draw mass fractions, A and Z over density and temperature.

    Parameters
    ----------
    eos : EquationOfState
    electron_fraction : float
    points : tuple of int
        Along density and temperature.

    Returns
    -------
    Figure
        Not saved; save it inside `style.context` too.
    """
    density, temperature = _axes(eos, DENSITIES, TEMPERATURES, points)
    state = plane(eos, electron_fraction, density, temperature)
    with style.context():
        figure = style.new_figure(4.9)
        grid = figure.subplots(2, 3, sharex=True, sharey=True)
        figure.subplots_adjust(left=0.065, right=0.985, bottom=0.085, top=0.84, wspace=0.11, hspace=0.4)
        for ax, name, letter in zip(grid.flat, SHOWN, "abcdef", strict=True):
            plot_map(state, name, ax, title=f"({letter})")
            ax.label_outer()
        figure.text(0.065, 0.97, f"{style.plain(eos.name)},  $Y_e={electron_fraction:g}$")
    return figure


def pressure(
    eos: EquationOfState, electron_fraction: float = TYPICAL, *, entropy: float = 1.0, points: int = 360
) -> Figure:
    """Draw the pressure along isotherms, its parts along one adiabat, T and Gamma_1 along several.

    Parameters
    ----------
    eos : EquationOfState
    electron_fraction : float
    entropy : float
        Of the adiabat, k_B/baryon.
    points : int
        Along density.

    Returns
    -------
    Figure
    """
    density, _ = _axes(eos, LINE_DENSITIES, eos.temperature_range, (points, 1))
    lines = adiabats(eos, electron_fraction, ADIABATS, density)
    one = lines.get(entropy) or adiabats(eos, electron_fraction, [entropy], density)[entropy]
    with style.context():
        figure = style.new_figure(5.6)
        grid = figure.subplots(2, 2)
        figure.subplots_adjust(left=0.08, right=0.985, bottom=0.075, top=0.9, wspace=0.25, hspace=0.33)
        plot_pressures(isotherms(eos, electron_fraction, ISOTHERMS, density), grid[0, 0], title="(a)")
        plot_pressure_parts(one, grid[0, 1], title="(b)", words=rf"$s={entropy:g}$ $k_B$ per baryon")
        plot_temperatures(lines, grid[1, 0], title="(c)")
        plot_adiabatic_index(lines, grid[1, 1], title="(d)")
        figure.text(0.08, 0.97, f"{style.plain(eos.name)},  $Y_e={electron_fraction:g}$")
    return figure


def phases(
    eos: EquationOfState,
    electron_fractions: Sequence[float] = FRACTIONS,
    *,
    points: tuple[int, int] = (120, 80),
) -> Figure:
    """Draw phase diagrams, a column for each electron fraction: all densities, and close to the nuclear one.

    Parameters
    ----------
    eos : EquationOfState
    electron_fractions : sequence of float
        Those outside the domain are left out.
    points : tuple of int
        Along density and temperature, of every panel.

    Returns
    -------
    Figure
    """
    low, high = eos.electron_fraction_range
    inside = [ye for ye in electron_fractions if low <= ye <= high]
    wide = _axes(eos, DENSITIES, TEMPERATURES, points)
    per_baryon = eos(wide[0][0], wide[1][0], inside[0])
    unit = float(per_baryon.density / per_baryon.baryon_density) / _CUBIC_FM
    close = (
        np.linspace(*_inside(eos.density_range, [n * unit for n in CLOSE_DENSITIES]), points[0]),
        np.linspace(*_inside(eos.temperature_range, CLOSE_TEMPERATURES), points[1]),
    )
    with style.context():
        figure = style.new_figure(4.3)
        grid = figure.subplots(2, len(inside), sharex="row", sharey="row", squeeze=False)
        figure.subplots_adjust(left=0.065, right=0.985, bottom=0.1, top=0.835, wspace=0.1, hspace=0.32)
        for ye, upper, lower in zip(inside, *grid, strict=True):
            plot_phases(plane(eos, ye, *wide), upper, title=f"$Y_e={ye:g}$")
            plot_phases(plane(eos, ye, *close), lower, linear=True)
        for ax in grid[:, 1:].flat:
            ax.set_ylabel("")
        figure.legend(handles=phase_handles(), loc="upper left", bbox_to_anchor=(0.06, 0.955), ncols=6)
        figure.text(0.065, 0.965, style.plain(eos.name))
    return figure


def mass_radius(
    stars: Mapping[str, NeutronStars], causal_density: Mapping[str, float] | None = None
) -> Figure:
    """Draw cold neutron stars, mass over radius; see `plot_mass_radius`."""
    with style.context():
        figure = style.new_figure(3.4, 4.2)
        ax = figure.add_axes((0.115, 0.125, 0.865, 0.79))
        plot_mass_radius(stars, ax, causal_density=causal_density)
    return figure


FIGURES: dict[str, Callable[[EquationOfState], Figure]] = {
    "eos_composition": composition,
    "eos_pressure": pressure,
    "eos_phases": phases,
}


def save_all(eos: EquationOfState, directory: str | Path, formats: Sequence[str] = ("png",)) -> list[Path]:
    """Draw the figures of an equation of state into a directory that exists.

    Parameters
    ----------
    eos : EquationOfState
    directory : str or Path
        Older files are replaced.
    formats : sequence of str
        Of ``png`` and ``pdf``.

    Returns
    -------
    list of Path
        ``eos_composition.png``, ``eos_pressure.png``, ``eos_phases.png``.
    """
    files = []
    for name, draw in FIGURES.items():
        figure = draw(eos)
        for kind in formats:
            file = Path(directory) / f"{name}.{kind}"
            save(figure, file)
            files.append(file)
    return files


def _axes(
    eos: EquationOfState, density: Sequence[float], temperature: Sequence[float], points: tuple[int, int]
) -> tuple[Array, Array]:
    """Logarithmic axes over what is shown and inside the domain."""
    rho = np.geomspace(*_inside(eos.density_range, density), points[0])
    t = np.geomspace(*_inside(eos.temperature_range, temperature), points[1])
    return rho, t


def _inside(domain: tuple[float, float], wanted: Sequence[float]) -> tuple[float, float]:
    """Shrink an interval by less than a rounding error so that the ends of an axis stay inside the domain."""
    tiny = 1e-12
    return max(wanted[0], domain[0] * (1.0 + tiny)), min(wanted[1], domain[1] * (1.0 - tiny))
