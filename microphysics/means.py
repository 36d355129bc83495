"""Gray opacities: means over the spectrum of the neutrinos, each by its name.

There is no such thing as "the" mean opacity. What multiplies an energy density differs from what multiplies a number
density, and a diffusive flux wants the mean of the mean free path, not of its inverse. `MEANS` says what each name
stands for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics.constants import CODATA
from microphysics.energy_panels import EnergyQuadrature, zone_blocks
from microphysics.errors import OutOfRangeError, UnknownNameError
from microphysics.matter import GROUPS, SPECIES, MatterState
from microphysics.opacity import OpacitySet, equilibrium
from microphysics.spectral_shapes import FermiShape, Shape, shape_of
from microphysics.spectrum import Spectrum

__all__ = ["MEANS", "GrayMeans", "Mean", "gray_means"]

Array = NDArray[np.float64]

_CHUNK = 64  # energies asked for at once: the cost of scattering on nuclei grows with their square
_BLACKBODY = 4.0 * np.pi * CODATA.speed_of_light / (2.0 * np.pi * CODATA.hbar_c) ** 3  # 1/(cm^2 s MeV^3)
_PONS = "Pons et al. 1999, ApJ 513, 780"


@dataclass(frozen=True)
class Mean:
    """What a name of `MEANS` stands for.

    Attributes
    ----------
    kind : str
        ``arithmetic``, ``harmonic``, ``diffusion``, ``spectral_flux`` or ``emission``.
    opacity : str
        What is averaged: ``absorption`` (kappa*), ``scattering`` (kappa_tr) or ``transport``, kappa_t = kappa* + kappa_tr.
    power : int
        n of the weight E^n.
    weight : str
        What stands beside E^n: ``f`` and ``f(1-f)`` of the spectrum, or ``f_eq`` of the matter.
    unit : str
        Of the result.
    definition : str
        The formula.
    reference : str
        Where it comes from.
    """

    kind: str
    opacity: str
    power: int
    weight: str
    unit: str
    definition: str
    reference: str


def _arithmetic(opacity: str, symbol: str, power: int, reference: str) -> Mean:
    text = f"int E^{power} f {symbol} dE / int E^{power} f dE"
    return Mean("arithmetic", opacity, power, "f", "1/cm", text, reference)


def _harmonic(power: int, reference: str) -> Mean:
    weight = f"E^{power} f (1 - f)"
    text = f"int {weight} dE / int {weight}/kappa_t dE"
    return Mean("harmonic", "transport", power, "f(1-f)", "1/cm", text, reference)


def _diffusion(power: int) -> Mean:
    text = f"int x^{power} f (1 - f)/kappa_t dx, x = E/T_nu"
    return Mean("diffusion", "transport", power, "f(1-f)", "cm", text, _PONS)


def _flux(power: int) -> Mean:
    text = f"kappa with 1/(3 kappa + g) = int E^{power} f/(3 kappa_t + g) dE / int E^{power} f dE"
    reference = "limiter of Bowers & Wilson 1982, ApJS 50, 115"
    return Mean("spectral_flux", "transport", power, "f", "1/cm", text, reference)


def _emission(power: int, unit: str) -> Mean:
    text = f"4 pi c/(2 pi hbar c)^3 int E^{power} f_eq kappa* dE"
    return Mean("emission", "absorption", power, "f_eq", unit, text, "Kirchhoff's law")


_PLANCK = "Mihalas & Mihalas 1984, Foundations of Radiation Hydrodynamics, sec. 82"
MEANS: dict[str, Mean] = {
    "absorption_energy": _arithmetic("absorption", "kappa*", 3, _PLANCK),
    "absorption_number": _arithmetic("absorption", "kappa*", 2, _PLANCK),
    "scattering_energy": _arithmetic("scattering", "kappa_tr", 3, _PLANCK),
    "scattering_number": _arithmetic("scattering", "kappa_tr", 2, _PLANCK),
    "rosseland_energy": _harmonic(4, "Rosseland 1924, MNRAS 84, 525"),
    "rosseland_number": _harmonic(2, "O'Connor 2015, ApJS 219, 24 (weight df/dE of NuLib)"),
    "diffusion_2": _diffusion(2),
    "diffusion_3": _diffusion(3),
    "diffusion_4": _diffusion(4),
    "spectral_flux_energy": _flux(3),
    "spectral_flux_number": _flux(2),
    "emission_energy": _emission(3, "MeV / (cm3 s)"),
    "emission_number": _emission(2, "1 / (cm3 s)"),
}


@dataclass(frozen=True)
class GrayMeans:
    """Means by name.

    Attributes
    ----------
    species : tuple of str
        Along the first axis; a group such as "nux" is ONE species, the mean of its members.
    values : Mapping of str to ndarray, shape (species, zone)
        In the units of `MEANS`; NaN where the spectrum is undefined.
    """

    species: tuple[str, ...]
    values: Mapping[str, Array]

    def __getitem__(self, name: str) -> Array:
        """Return one of them, or say which there are."""
        if name not in self.values:
            raise UnknownNameError("mean among those computed", name, self.values)
        return self.values[name]


def gray_means(
    opacities: OpacitySet,
    matter: MatterState,
    names: Sequence[str] | None = None,
    species: Sequence[str] = SPECIES,
    *,
    spectrum: Mapping[str, Spectrum] | None = None,
    gradient_energy: ArrayLike = 0.0,
    gradient_number: ArrayLike = 0.0,
) -> GrayMeans:
    """Energy means of opacities over a spectrum of neutrinos.

    Parameters
    ----------
    opacities : OpacitySet
        Processes; means are of their sum. For the share of one process, give a set that holds it alone.
    matter : MatterState
        Zones; kappa* holds the equilibrium of this matter, whatever the spectrum.
    names : sequence of str, optional
        Of `MEANS`; all of them by default.
    species : sequence of str
        Flavours or groups, as in `OpacitySet.spectral`.
    spectrum : Mapping of str to Spectrum, optional
        Spectra of the neutrinos by species, `FermiDirac`, `Pinched` or `Binned`, each scalar or of shape (zone,); a species
        without one is in equilibrium with the matter: T_nu = T, eta_nu = mu_nu/T.
    gradient_energy, gradient_number : array_like
        g = ``|d ln x/dr|`` of the energy and of the number density for the spectral-flux means, 1/cm, >= 0; broadcasts to
        (species, zone).

    Returns
    -------
    GrayMeans
        Every name an array of shape (species, zone). NaN where the spectrum is: nue and anue without free nucleons, whose
        mu_nu is undefined, unless a spectrum is given (their emission is NaN even then). Where kappa_t vanishes on a range of
        energies, ``rosseland_*`` are 0 and ``diffusion_*`` infinite.

    Raises
    ------
    UnknownNameError
        For an unknown name of a mean or species.
    OutOfRangeError
        For a negative gradient or a spectrum of another shape; and where f (1 - f) is wanted of a spectrum that knows only
        its shape: ``rosseland_*`` and ``diffusion_*`` need a `FermiDirac`. Its occupation counts as it stands, undiluted.

    Notes
    -----
    - Energy equation: the heating is c E ``absorption_energy``, the cooling ``emission_energy``; in equilibrium
      they are equal (Kirchhoff). Number equation: the same with ``_number``.
    - Diffusion, F = -(c T_nu^3/(6 pi^2 (hbar c)^3)) [D_4 dT_nu/dr + T_nu D_3 d eta/dr] for the energy and
      -(c T_nu^2/(6 pi^2 (hbar c)^3)) [D_3 dT_nu/dr + T_nu D_2 d eta/dr] for the number of one species (Pons et al. 1999).
      D_n is in cm; their lambda is 1/kappa_t.
    - ``rosseland_energy`` belongs to dJ/dT at fixed eta, ``rosseland_number`` to dn/d eta: T_nu^(n+1) D_n times the mean is
      int E^n f (1 - f) dE.
    - ``spectral_flux_*`` average the diffusion length with Wilson's limiter and g; without a gradient the mean free path with
      E^3 f and E^2 f.

    Integrals are composite Gauss-Legendre, relative error about 1e-6: panels resolve the Fermi edge of every zone, end at
    every threshold the processes announce and reach down to E = 0, where the integrand of a number flux is finite.

    Examples
    --------
    >>> from microphysics.eos.composition import from_composition
    >>> matter = from_composition([1e11], [5.0], [0.2], [0.8], [0.2], [0.0], [0.0], [0.0], [0.0])
    >>> found = gray_means(OpacitySet.from_names(["nucleon_scattering"]), matter)
    >>> ratio = found["scattering_energy"] / found["rosseland_energy"]  # kappa ~ E^2, nearly
    >>> [f"{value:.2f}" for value in ratio[:, 0]]
    ['1.48', '1.38', '1.43']
    """
    chosen = _checked_names(names)
    groups = _checked_species(species, spectrum)
    shapes = _shapes(matter, groups, spectrum or {})
    _require_occupation(chosen, groups, shapes)
    size = (len(groups), matter.density.size)
    gradients = {
        3: _checked_gradient("gradient_energy", gradient_energy, size),
        2: _checked_gradient("gradient_number", gradient_number, size),
    }
    thresholds = opacities.thresholds(matter)
    blocks = zone_blocks(matter.temperature, thresholds, matter.chemical_potential_electron)
    parts = []
    for zones in blocks:
        block = _Block(matter.select(zones), groups, [shape.select(zones) for shape in shapes])
        slopes = {power: gradient[:, zones, None] for power, gradient in gradients.items()}
        parts.append(block.means(chosen, opacities, thresholds[zones], slopes))
    back = np.argsort(np.concatenate(blocks))
    every = np.concatenate(parts, axis=2)[:, :, back]
    return GrayMeans(groups, dict(zip(chosen, every, strict=True)))


# --- what is asked for ------------------------------------------------------------------------------------------------


def _checked_names(names: Sequence[str] | None) -> tuple[str, ...]:
    for name in names or ():
        if name not in MEANS:
            raise UnknownNameError("mean", name, MEANS)
    return tuple(MEANS if names is None else names)


def _checked_species(species: Sequence[str], spectrum: Mapping[str, Spectrum] | None) -> tuple[str, ...]:
    for name in species:
        if name not in GROUPS:
            raise UnknownNameError("neutrino species", name, GROUPS)
    for name in spectrum or ():
        if name not in species:
            raise UnknownNameError("species of a spectrum", name, species)
    return tuple(species)


def _shapes(matter: MatterState, species: tuple[str, ...], given: Mapping[str, Spectrum]) -> list[Shape]:
    """Spectra as they are given, in equilibrium where they are not."""
    degeneracy = matter.neutrino_degeneracy(species)
    return [
        shape_of(given[name], matter.density.size, name)
        if name in given
        else FermiShape(matter.temperature, eta)
        for name, eta in zip(species, degeneracy, strict=True)
    ]


def _require_occupation(names: tuple[str, ...], species: tuple[str, ...], shapes: list[Shape]) -> None:
    """Refuse f (1 - f) of a spectrum that is known up to a factor."""
    unknown = [name for name, shape in zip(species, shapes, strict=True) if not isinstance(shape, FermiShape)]
    wanting = [name for name in names if MEANS[name].weight == "f(1-f)"]
    if unknown and wanting:
        possible = ", ".join(name for name, mean in MEANS.items() if mean.weight != "f(1-f)")
        raise OutOfRangeError(
            f"{wanting[0]} weighs with f (1 - f), but the spectrum of {unknown[0]} has a shape only, no occupation: give a "
            f"FermiDirac, or take names among {possible}"
        )


def _checked_gradient(name: str, given: ArrayLike, size: tuple[int, int]) -> Array:
    gradient = np.broadcast_to(np.asarray(given, dtype=np.float64), size)
    if (gradient < 0.0).any():
        raise OutOfRangeError(f"{name} = {gradient.min():g} 1/cm: must not be negative, it is |d ln x/dr|")
    return gradient


# --- one block of zones -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Block:
    """Zones that share a grid of energies; arrays are (species, zone, energy)."""

    matter: MatterState
    species: tuple[str, ...]
    shapes: list[Shape]

    def means(
        self, names: tuple[str, ...], opacities: OpacitySet, thresholds: Array, slopes: Mapping[int, Array]
    ) -> Array:
        """Every mean, shape (name, species, zone)."""
        nodes = self._quadrature(thresholds)
        kappa = self._opacities(opacities, nodes.energy)
        shown = {kind: self._spectrum(kind, nodes.energy) for kind in {MEANS[name].weight for name in names}}
        found = []
        for mean in (MEANS[name] for name in names):
            weight = shown[mean.weight] * (nodes.energy**mean.power * nodes.weight)
            values = kappa[mean.opacity]
            if mean.kind == "arithmetic":
                found.append((weight * values).sum(axis=-1) / weight.sum(axis=-1))
            elif mean.kind == "harmonic":
                found.append(weight.sum(axis=-1) / _quotient(weight, values).sum(axis=-1))
            elif mean.kind == "diffusion":
                found.append(self._normalisation(mean.power) * _quotient(weight, values).sum(axis=-1))
            elif mean.kind == "spectral_flux":
                found.append(_spectral_flux(weight, values, slopes[mean.power]))
            else:
                found.append(_BLACKBODY * (weight * values).sum(axis=-1))
        return np.stack(found)

    def _quadrature(self, thresholds: Array) -> EnergyQuadrature:
        """Panels for the spectra, and for the Fermi edges of electrons and of equilibrium in the opacities."""
        matter, t, mu = self.matter, self.matter.temperature, self.matter.chemical_potential_electron
        transfer = CODATA.nucleon_mass_difference + matter.mean_field_neutron - matter.mean_field_proton
        centre = [np.zeros_like(t), mu, mu - transfer, *(t * matter.neutrino_degeneracy(self.species))]
        return EnergyQuadrature.resolving(
            np.stack([*centre, *(shape.centre for shape in self.shapes)]),
            np.stack([*[t] * len(centre), *(shape.width for shape in self.shapes)]),
            thresholds,
            np.concatenate([shape.samples for shape in self.shapes]),
        )

    def _opacities(self, opacities: OpacitySet, energy: Array) -> dict[str, Array]:
        """Opacities of each role and of both, 1/cm."""
        starts = range(0, energy.size, _CHUNK)
        chunks = [
            opacities.spectral(self.matter, energy[start : start + _CHUNK], self.species) for start in starts
        ]
        absorption = np.concatenate([chunk.total_absorption for chunk in chunks], axis=-1)
        scattering = np.concatenate([chunk.total_scattering for chunk in chunks], axis=-1)
        return {"absorption": absorption, "scattering": scattering, "transport": absorption + scattering}

    def _spectrum(self, kind: str, energy: Array) -> Array:
        """``f`` and ``f(1-f)`` up to a factor that `_normalisation` holds; ``f_eq`` as it is."""
        if kind == "f":
            return np.stack([shape.occupation(energy) for shape in self.shapes])
        if kind == "f(1-f)":
            return np.stack([shape.edge(energy) for shape in self.shapes])  # type: ignore[attr-defined]
        degeneracy = self.matter.neutrino_degeneracy(self.species)
        undefined = np.where(np.isnan(degeneracy), np.nan, 1.0)
        return undefined[..., None] * equilibrium(energy, self.matter.temperature, degeneracy)

    def _normalisation(self, power: int) -> Array:
        """Factor from the integral of `_spectrum` over energies to D_n, 1/MeV^(n + 1), shape (species, zone)."""
        return np.stack([shape.peak / shape.temperature ** (power + 1) for shape in self.shapes])  # type: ignore[attr-defined]


def _quotient(weight: Array, kappa: Array) -> Array:
    """weight/kappa: infinite where nothing stops a neutrino, 0 where there is none."""
    with np.errstate(divide="ignore", over="ignore"):
        return np.divide(weight, kappa, out=np.zeros_like(kappa), where=weight != 0.0)


def _spectral_flux(weight: Array, kappa: Array, slope: Array) -> Array:
    """Return kappa with 1/(3 kappa + g) the mean of 1/(3 kappa_t + g), without a difference of two lengths."""
    length = _quotient(weight, 3.0 * kappa + slope)
    bounded = np.where(np.isinf(length), 0.0, length)
    return (bounded * kappa).sum(axis=-1) / length.sum(axis=-1)
