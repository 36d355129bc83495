"""What the gray equations of one species stand on: weights, opacities, sources, spectral shape, first guess."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.errors import OutOfRangeError
from microphysics.opacity import OpacitySpectra
from snsim.transport._kernels import gray as kernels
from snsim.transport._kernels.cubics import at_infinity
from snsim.transport._kernels.geometry import Geometry
from snsim.transport._kernels.gray_march import give_degeneracy
from snsim.transport.background import Background
from snsim.transport.mesh import diluted_reach

Array = NDArray[np.float64]

THERMAL = ("nux", "numu", "anumu", "nutau", "anutau", "numutau", "anumutau")
"""Species whose spectrum scattering changes and absorption does not restore; others exchange no energy here."""
FREE_DEGENERACY = 2.0  # pinching of spectra that have decoupled
DEGENERACY_RANGE = (-8.0, 50.0)  # of spectra
WIDEST = 0.3  # spacing in ln eps that fluxes bear, where no Fermi surface is sharp: answers move by 1e-5
FERMI_SURFACE = 2.0  # spacing in ln eps times eta: trapped fluxes move by less than 1 %
HOTTEST = 20.0  # energy over temperature at which spectra end
LANES = 16  # numbers in two of the widest vectors: what is left over costs as much
_OPACITY_FLOOR = 1e-25  # 1/cm
PHASE_SPACE = 4.0 * np.pi / (2.0 * np.pi * CODATA.hbar_c) ** 3
_SMALLEST = 1e-200  # of a guess: positive, and far from overflow in a ratio


@dataclass(frozen=True)
class GivenMeans:
    """Spectral means from elsewhere, such as a multigroup solution, for the closure ``multigroup``.

    With the means of a spectral solution over its own groups the gray equations have its moments as their solution.

    Attributes
    ----------
    absorption_energy, absorption_number : ndarray, shape (zone,)
        Mean kappa* over energy and number, 1/cm.
    length_energy, length_number : ndarray, shape (interface, 2)
        Mean limited diffusion length Lambda, cm, over the spectrum of the zone on the left and on the right of an edge:
        F ~ Lambda_left x_left - Lambda_right x_right; ends are not read.
    emission_energy, emission_number : ndarray, shape (zone,)
        Q_E/c and Q_N/c, MeV/cm^4 and 1/cm^4, with whatever else reactions add; may be negative.
    outflow_energy, outflow_number : float
        Flux factor alpha^4 F_E/(c e), alpha^3 F_N/(c n) at the outer edge over the moments of the outermost zone.
    """

    absorption_energy: Array
    absorption_number: Array
    length_energy: Array
    length_number: Array
    emission_energy: Array
    emission_number: Array
    outflow_energy: float
    outflow_number: float

    def checked(self, zones: int) -> GivenMeans:
        """Return itself if the shapes fit.

        Raises
        ------
        OutOfRangeError
            With the name of the field.
        """
        expected = {"absorption": (zones,), "length": (zones + 1, 2), "emission": (zones,)}
        for name, values in vars(self).items():
            shape = expected.get(name.split("_")[0], ())
            if np.shape(values) != shape:
                raise OutOfRangeError(f"GivenMeans.{name} has shape {np.shape(values)}: expected {shape}")
            if not np.isfinite(values).all():
                raise OutOfRangeError(f"GivenMeans.{name}: must be finite")
        return self


def energy_weights(energy: Array) -> tuple[Array, Array]:
    """Weights of int eps^3 deps and int eps^2 deps by the trapezium in ln eps, shapes (energy,)."""
    log_energy = np.log(energy)
    width = np.gradient(log_energy)
    width[0] *= 0.5
    width[-1] *= 0.5
    return width * energy**4, width * energy**3


def thinning(energy: Array, degeneracy: float = 0.0) -> slice:
    """Every n-th energy with the largest n at which they lie no more than `WIDEST` apart in ln eps.

    Nor further apart than `FERMI_SURFACE` over the largest trapped degeneracy: the surface of a degenerate spectrum is
    1/eta wide.
    """
    span = np.diff(np.log(energy)).max()
    step = max(int(min(WIDEST, FERMI_SURFACE / max(degeneracy, 1.0)) / span), 1)
    return slice(None, None, step)


def widened(energy: Array, temperature: Array, degeneracy: Array, *opacities: Array) -> tuple[Array, ...]:
    """Energies continued to where the spectrum of the hottest matter ends, and opacities, (zone, energy), as powers of them.

    Else a grid would cut the spectra of hot zones, each somewhere else, and what is cut would flow. Never more than the
    third power.
    """
    top = ((HOTTEST + np.maximum(degeneracy, 0.0)) * temperature).max()
    span = np.log(energy[-1] / energy[-2])
    more = np.arange(1, max(int(np.ceil(np.log(top / energy[-1]) / span)), 0) + 1)
    if more.size:  # a number that fills vectors
        more = np.arange(1, more.size + (-(energy.size + more.size)) % LANES + 1)
    answer = [np.append(energy, energy[-1] * np.exp(span * more))]
    for values in opacities:
        before, last = values[:, -2:-1], values[:, -1:]
        rise = np.minimum(
            np.divide(last, before, out=np.ones_like(last), where=before > 0.0), np.exp(3.0 * span)
        )
        answer.append(np.concatenate([values, last * rise**more], axis=1))
    return tuple(answer)


def trapped_degeneracy(background: Background, energy: Array, opacity: Array, degeneracy: Array) -> float:
    """Largest degeneracy of matter that traps neutrinos of 10 MeV."""
    middle = opacity[:, np.abs(energy - 10.0).argmin()]
    path = np.diff(background.radius_interface) / background.gamma
    depth = np.cumsum((middle * path)[::-1])[::-1]
    return float(np.where(depth > 1.0, degeneracy, 0.0).max())


def _at_infinity(log_values: Array, energy: Array, wanted: Array, lapse: Array) -> Array:
    """Logarithms given at local energies at the local energies wanted/lapse, shape (zone, wanted)."""
    out = np.empty((log_values.shape[0], wanted.size))
    at_infinity(log_values, np.log(energy), np.log(wanted), np.log(lapse), out)
    return out


def gray_medium(
    background: Background, spectra: OpacitySpectra, index: int, given: GivenMeans | None = None
) -> tuple[kernels.Medium, Array]:
    """Opacities and exact spectral sources of one species, and its equilibrium moments, shape (zone, 2)."""
    degeneracy = np.clip(np.nan_to_num(spectra.degeneracy[index]), *DEGENERACY_RANGE)
    energy, absorption, exchange, total = widened(
        spectra.energy,
        spectra.temperature,
        degeneracy,
        spectra.absorption[:, index].sum(axis=0),
        spectra.exchange[:, index].sum(axis=0) * (spectra.species[index] in THERMAL),
        (spectra.absorption[:, index] + spectra.scattering[:, index]).sum(axis=0),
    )
    total = np.maximum(total, _OPACITY_FLOOR)
    some = thinning(energy, trapped_degeneracy(background, energy, total, degeneracy))
    weight_energy, weight_number = energy_weights(energy)
    flux_energy = np.ascontiguousarray(energy[some])
    log_total = np.log(total)
    log_thermal = 0.5 * (log_total + np.log(np.maximum(absorption + exchange, _OPACITY_FLOOR)))
    log_total = _at_infinity(log_total, energy, flux_energy, background.lapse)
    log_total = np.concatenate([log_total[:1], 0.5 * (log_total[1:] + log_total[:-1]), log_total[-1:]])
    transport = np.exp(log_total)
    lapse = background.lapse
    emission, moments = np.empty((2, lapse.size, 2))
    kernels.equilibrium_moments(
        energy,
        PHASE_SPACE * np.stack([weight_energy, weight_number]),
        absorption,
        spectra.temperature,
        spectra.degeneracy[index],
        emission,
        moments,
    )
    redshift = np.stack([lapse**4, lapse**3], axis=1)
    emission *= redshift
    moments *= redshift
    source_energy, source_number = np.ascontiguousarray(emission.T)
    given_fields = (np.empty((0, 2)), np.empty((0, 2, 2)), np.empty(2))
    if given is not None:
        given.checked(lapse.size)
        source_energy, source_number = lapse**4 * given.emission_energy, lapse**3 * given.emission_number
        given_fields = (
            np.stack([given.absorption_energy, given.absorption_number], axis=1),
            np.stack([given.length_energy, given.length_number], axis=2),
            np.array([given.outflow_energy, given.outflow_number], dtype=np.float64),
        )
    medium = kernels.Medium(
        energy,
        weight_energy,
        weight_number,
        absorption,
        exchange,
        log_thermal,
        flux_energy,
        *energy_weights(flux_energy),
        transport,
        source_energy,
        source_number,
        spectra.temperature.copy(),
        np.full_like(lapse, FREE_DEGENERACY),
        np.empty_like(lapse),
        *given_fields,
    )
    set_degeneracy(medium, medium.degeneracy.copy())
    return medium, moments


def first_reach(geometry: Geometry, medium: kernels.Medium) -> kernels.GrayReach:
    """Edge values to first order: r^2 f constant between a centre and its edges."""
    return kernels.GrayReach(*diluted_reach(geometry, 2), *diluted_reach(geometry, medium.flux_energy.size))


def set_degeneracy(medium: kernels.Medium, degeneracy: Array) -> None:
    """Give the spectra of all zones the degeneracy eta."""
    give_degeneracy(medium, np.ascontiguousarray(degeneracy))


def initial_guess(
    geometry: Geometry, background: Background, medium: kernels.Medium, moments: Array
) -> Array:
    """Equilibrium inside transport depth 1, diluted outside; streaming from the sources where nothing is opaque."""
    path = np.diff(background.radius_interface) / background.gamma
    spectrum = medium.flux_weight_energy / (
        1.0 + np.exp(np.minimum(medium.flux_energy / background.matter.temperature[:, None], 600.0))
    )
    opacity = (medium.transport[1:] * spectrum).sum(axis=1) / spectrum.sum(axis=1)
    depth = np.cumsum((opacity * path)[::-1])[::-1]
    opaque = (depth > 1.0) & (moments[:, 0] > 0.0) & (medium.source_energy > 0.0)
    area = geometry.area[1:]
    sources = np.stack([medium.source_energy, medium.source_number], axis=1)
    streaming = np.cumsum(np.maximum(sources, 0.0) * geometry.volume[:, None], axis=0)
    guess = np.maximum(streaming, _SMALLEST) / area[:, None]
    if opaque.any():
        sphere = int(np.flatnonzero(opaque)[-1])
        inside = np.arange(area.size) <= sphere
        # a flux of a quarter of cE at the sphere, free streaming outside
        diluted = 0.25 * moments[sphere] * area[sphere] / area[:, None]
        guess = np.where(inside[:, None], np.maximum(moments, diluted * 1e-6), diluted)
    return np.maximum(guess, _SMALLEST)
