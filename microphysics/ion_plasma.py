"""Correlated nuclei by their plasma parameters, Gamma and kappa, whether these are given or follow from matter."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics import structure as _structure  # noqa: F401 - registers the built-in models
from microphysics._registry import STRUCTURE_FACTORS
from microphysics.errors import MicrophysicsError, OutOfRangeError
from microphysics.matter import MatterState
from microphysics.nuclei import Nucleus
from microphysics.structure.models import transport_average, within
from microphysics.structure.plasma import coulomb_coupling, ion_sphere_radius, screening_parameter
from microphysics.weak.couplings import WeakCouplings

__all__ = ["IonPlasma"]

Array = NDArray[np.float64]

_METHODS = ("reduced", "transport_average", "coherent_sum")  # of models, besides a call


@dataclass(frozen=True)
class IonPlasma:
    """States of a plasma of nuclei, of one shape.

    Attributes
    ----------
    coupling : ndarray
        Gamma = Z^2 e^2/(a T).
    screening : ndarray
        kappa = k_sc a of the electrons; 0 is a rigid background.
    radius : ndarray or None
        Ion-sphere radius a, fm, infinite without nuclei; None where only Gamma and kappa are known.
    matter : MatterState or None
        Zones in the order of the flattened states; models of mixtures need it.

    Examples
    --------
    >>> plasma = IonPlasma.of(40.0)
    >>> round(float(plasma.transport_average("table", 1.0)), 3)
    0.023
    """

    coupling: Array
    screening: Array
    radius: Array | None = None
    matter: MatterState | None = None

    @classmethod
    def of(cls, coupling: ArrayLike, screening: ArrayLike = 0.0) -> IonPlasma:
        """Return plasmas of given Gamma and kappa, which broadcast.

        Raises
        ------
        OutOfRangeError
            If one is negative or not a number.
        """
        gamma, kappa = np.broadcast_arrays(
            np.asarray(coupling, dtype=np.float64), np.asarray(screening, dtype=np.float64)
        )
        for name, values in (("coupling", gamma), ("screening", kappa)):
            if not np.isfinite(values).all():
                raise OutOfRangeError(
                    f"{name} = {values[~np.isfinite(values)][0]:g}: expected a finite number"
                )
            if not (values >= 0.0).all():
                raise OutOfRangeError(f"{name} = {np.min(values):g}: must not be negative")
        return cls(gamma, kappa)

    @classmethod
    def of_matter(cls, matter: MatterState, shape: tuple[int, ...] | None = None) -> IonPlasma:
        """Return the heavy nuclei of matter; `shape` is that of the states, one axis of zones by default."""
        shape = matter.density.shape if shape is None else shape
        return cls(
            coulomb_coupling(matter).reshape(shape),
            screening_parameter(matter).reshape(shape),
            ion_sphere_radius(matter).reshape(shape),
            matter,
        )

    @classmethod
    def of_nucleus(
        cls,
        nucleus: Nucleus,
        density: ArrayLike,
        temperature: ArrayLike,
        electron_fraction: ArrayLike | None = None,
    ) -> IonPlasma:
        """Return matter of one kind of nuclei and nothing else but electrons.

        Parameters
        ----------
        nucleus : Nucleus
            One.
        density, temperature : array_like
            g/cm^3 and MeV; they broadcast.
        electron_fraction : array_like, optional
            Z/A by default.

        Raises
        ------
        OutOfRangeError
            If density or temperature is not positive.
        """
        from microphysics.eos.composition import from_composition

        ye = nucleus.charge_number / nucleus.mass_number if electron_fraction is None else electron_fraction
        rho, t, electrons = (
            np.array(each) for each in np.broadcast_arrays(*map(np.asarray, (density, temperature, ye)))
        )
        for name, values, unit in (
            ("density", rho, " g/cm3"), ("temperature", t, " MeV"), ("electron_fraction", electrons, ""),
        ):  # fmt: skip
            if not (values > 0.0).all():
                raise OutOfRangeError(f"{name} = {np.min(values):g}{unit}: must be positive")
        rows = [values.reshape(-1).astype(np.float64) for values in (rho, t, electrons)]
        number, charge = float(nucleus.mass_number), float(nucleus.charge_number)
        matter = from_composition(rows[0], rows[1], rows[2], 0.0, 0.0, 0.0, 1.0, number, charge)
        return cls.of_matter(matter, rho.shape)

    def structure_factor(self, model: Any, q: ArrayLike) -> Array:
        """Return S(q), of the shape of q and the states together.

        Parameters
        ----------
        model : str or StructureFactor or MixtureStructure
            A mixture gives S_w = sum_ij sqrt(n_i n_j) Q_i Q_j S_ij/sum_i n_i Q_i^2 of nuclei and alphas, with the weak
            charges Q of point nuclei.
        q : array_like
            1/a.

        Raises
        ------
        UnknownNameError
            For an unknown model.
        MicrophysicsError
            If a model knows only the average, or needs matter where there are only Gamma and kappa.
        OutOfRangeError
            If a q is negative.
        """
        model, wave = _model(model), np.asarray(q, dtype=np.float64)
        if not (wave >= 0.0).all():
            raise OutOfRangeError(f"q = {np.min(wave):g} 1/a: must not be negative")
        if hasattr(model, "transport_average"):
            raise MicrophysicsError(
                f"structure factor '{model.name}' is a fit of the transport average and has no S(q)"
            )
        if hasattr(model, "reduced"):
            correlated = model.reduced(wave, self.coupling, self.screening)
            return correlated if self.radius is None else np.where(np.isfinite(self.radius), correlated, 1.0)
        return self._in_matter(model, wave)

    def transport_average(self, model: Any, reduced_energy: ArrayLike) -> Array:
        """Return <S> = 12 int t^3 (1 - t^2) S(2 E t) dt, of the shape of energies and states together.

        Parameters
        ----------
        model : str or object
            Of S(q), or of <S> alone.
        reduced_energy : array_like
            E a/(hbar c).

        Raises
        ------
        OutOfRangeError
            If an energy is not positive.
        """
        model, energy = _model(model), np.asarray(reduced_energy, dtype=np.float64)
        if not (energy > 0.0).all():
            raise OutOfRangeError(f"energy = {np.min(energy):g} hbar c/a: must be positive")
        if hasattr(model, "reduced_average"):
            coupling = within(model, self.coupling, model.largest_coupling)
            energy, coupling = np.broadcast_arrays(energy, coupling)
            average: Array = model.reduced_average(energy, coupling)
            return average
        if hasattr(model, "transport_average"):
            raise MicrophysicsError(f"structure factor '{model.name}' gives <S> only inside an opacity")

        def structure(q: Array, coupling: Array, screening: Array) -> Array:
            radius = None if self.radius is None else self.radius[..., None]
            return replace(self, coupling=coupling, screening=screening, radius=radius).structure_factor(
                model, q
            )

        return transport_average(structure, energy, self.coupling, self.screening)

    def _in_matter(self, model: Any, wave: Array) -> Array:
        """Evaluate a model that asks for matter: a mixture, or one of somebody else."""
        if self.matter is None or self.radius is None:
            raise MicrophysicsError(
                f"structure factor '{model.name}' needs a density and a temperature, not Gamma and kappa alone"
            )
        radius = np.where(np.isfinite(self.radius), self.radius, 1.0)
        q = np.asarray(wave / radius)
        if self.radius.size == 1:
            zones, nodes = self.matter, q.reshape(1, -1)
        else:
            index = np.broadcast_to(np.arange(self.radius.size).reshape(self.radius.shape), q.shape)
            zones, nodes = self.matter.select(index.reshape(-1)), q.reshape(-1, 1)
        if not hasattr(model, "coherent_sum"):
            return np.asarray(model(nodes, zones)).reshape(q.shape)
        couplings = WeakCouplings()
        proton, neutron = couplings.vector_proton, couplings.vector_neutron
        number, charge = zones.mass_number_heavy, zones.charge_number_heavy
        charges = np.stack(
            [proton * charge + neutron * (number - charge), np.full_like(number, 2.0 * (proton + neutron))]
        )
        densities = np.stack([zones.number_density_heavy, zones.number_density_alpha])
        free = (densities * charges**2).sum(axis=0)[:, None]
        amplitudes = np.broadcast_to(charges[..., None], (2, *nodes.shape))
        coherent = model.coherent_sum(amplitudes, nodes, zones)
        return np.where(free > 0.0, coherent / np.where(free > 0.0, free, 1.0), 1.0).reshape(q.shape)


def _model(model: Any) -> Any:
    """Return a model by name or as it is; beyond its range it takes the edge and warns."""
    if isinstance(model, str):
        return STRUCTURE_FACTORS[model]()
    known = callable(model) or any(hasattr(model, name) for name in _METHODS)
    if isinstance(model, type) or not known:
        shown = f"the class {model.__name__}" if isinstance(model, type) else repr(model)
        raise OutOfRangeError(
            f"model = {shown}: expected the name of a structure factor such as 'table', or a model S(q, matter)"
        )
    return model
