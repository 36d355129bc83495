"""What a process may be told, and what it gives back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from microphysics import structure as _structure  # noqa: F401 - registers the built-in structure factors
from microphysics._registry import STRUCTURE_FACTORS
from microphysics.errors import OutOfRangeError
from microphysics.matter import MatterState
from microphysics.weak.couplings import WeakCouplings
from microphysics.weak.mediators import checked_terms

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Settings:
    """Choices shared by the processes of one opacity set; each process takes what concerns it.

    Attributes
    ----------
    couplings : WeakCouplings
        Weak couplings and constants.
    weak_magnetism : bool
        Level 1 of charged and neutral currents on nucleons (weak magnetism and recoil, Horowitz 2002); False is
        level 0 (Bruenn 1985).
    blocking : str
        ``clipped``: no more nucleons take part than there are; ``raw``: Bruenn's formula as it stands, as peers do.
    form_factor : str
        Name of the nuclear form factor.
    alpha_form_factor : bool
        Whether alpha particles have a finite size.
    structure_factor : str
        Name of the model of ion-ion correlations.
    structure_factor_options : Mapping
        Keyword arguments of that model, such as the `path` of a file.
    electron_polarization : str
        ``physical``, ``brt06`` or ``none``: the electrons around each nucleus.
    angle_nodes : int or None
        Gauss-Legendre nodes of the cosine in scattering on nuclei, as other codes have them; None means converged.
    new_physics : tuple
        Terms of `microphysics.weak.new_physics`, which change nuclei, alphas and free nucleons.
    exchange_strength : float
        Energy lost per scattering on an electron in the gray exchange, in units of the elastic estimate.
    on_out_of_range : str
        ``error`` or ``clamp`` where a model leaves its validity.
    """

    couplings: WeakCouplings = field(default_factory=WeakCouplings)
    weak_magnetism: bool = True
    blocking: str = "clipped"
    form_factor: str = "helm"
    alpha_form_factor: bool = True
    structure_factor: str = "table"
    structure_factor_options: Mapping[str, Any] = field(default_factory=dict)
    electron_polarization: str = "physical"
    angle_nodes: int | None = None
    new_physics: tuple[Any, ...] = ()
    exchange_strength: float = 0.4
    on_out_of_range: str = "error"

    def __post_init__(self) -> None:
        object.__setattr__(self, "new_physics", checked_terms(self.new_physics))
        for term in self.new_physics:
            self._refuse_divergence(term)

    def _refuse_divergence(self, term: Any) -> None:
        """Massless exchange is infinite at small angles unless electrons screen it; sterile neutrinos count there too."""
        stays = getattr(term, "majorana", True)
        power = getattr(term, "forward_power", 0) - (1 if stays else 0)
        massless = getattr(term, "mediator_mass", np.inf) == 0.0
        screened = getattr(term, "photon_like", False) and self.electron_polarization == "physical"
        if massless and power >= 1 and not screened:
            remedy = (
                'electron_polarization = "physical"'
                if getattr(term, "photon_like", False)
                else "a mass above 0 MeV"
            )
            raise OutOfRangeError(
                f"{type(term).__name__}: exchange without mass makes the opacity infinite at small angles; needs {remedy}"
            )

    def structure(self) -> Any:
        """Return the model of ion-ion correlations."""
        return STRUCTURE_FACTORS[self.structure_factor](self.on_out_of_range, **self.structure_factor_options)


class Rates(NamedTuple):
    """Opacities of one process, shape (species, zone, energy), 1/cm; None where it does not act.

    `absorption` is corrected for stimulated absorption, `scattering` is weighted with 1 - cos(theta), `exchange` is
    the strength of the energy exchange with electrons.
    """

    absorption: Array | None = None
    scattering: Array | None = None
    exchange: Array | None = None


class Process(Protocol):
    """An interaction of neutrinos with matter. Factories in the registry take a `Settings`."""

    name: str
    references: Sequence[str]
    species: Sequence[str]

    def __call__(self, energy: Array, matter: MatterState) -> Rates:
        """Evaluate on all zones and energies at once."""
        ...


def occupation(argument: Array) -> Array:
    """Fermi function 1/(1 + e^x), without overflow at either end."""
    return np.exp(-np.logaddexp(0.0, argument))
