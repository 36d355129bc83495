"""What a process may be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from microphysics import structure as _structure  # noqa: F401 - registers the built-in structure factors
from microphysics._registry import STRUCTURE_FACTORS
from microphysics.errors import OutOfRangeError, UnknownNameError
from microphysics.weak.couplings import WeakCouplings
from microphysics.weak.mediators import checked_terms

# what a setting of the same name may be
CHOICES: dict[str, tuple[str, ...]] = {
    "charged_current": ("elastic", "full"),
    "blocking": ("clipped", "raw"),
    "scattering_blocking": ("bruenn", "exact"),
    "many_body": ("none", "horowitz2017", "horowitz2017_mean"),
    "capture_rate": ("langanke2003", "bruenn", "table"),
    "capture_q_value": ("bounded", "drop", "equilibrium"),
    "pair_species": ("heavy", "all"),
    "pair_partner": ("unblocked", "equilibrium"),
    "bremsstrahlung": ("hannestad1998", "burrows2006", "table"),
    "bremsstrahlung_medium": ("none", "fischer2016"),
}


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
    charged_current : str
        ``elastic``: nucleons at rest (Bruenn 1985); ``full``: kinematics of nucleons in mean fields (Reddy, Prakash &
        Lattimer 1998).
    blocking : str
        Of charged currents. ``clipped``: no more nucleons take part than there are; ``raw``: Bruenn's formula as it
        stands, as peers do.
    scattering_blocking : str
        Of scattering on nucleons: ``bruenn`` (his eq. C37) or ``exact``, T dn/dmu of a free gas.
    many_body : str
        Correlations of nucleons in scattering: ``none``, ``horowitz2017``, or ``horowitz2017_mean``, one factor for
        both kinds of nucleons.
    capture_rate, capture_q_value : str
        Of electron capture: `ElectronCapture` has the names.
    capture_tables : tuple of str
        Files of tabulated capture rates, for ``capture_rate = "table"``.
    cluster_breakup : bool
        Whether light clusters also scatter as the nucleons they are made of.
    pair_species : str
        Whose emission by pairs and bremsstrahlung is counted: ``heavy`` leptons only, or ``all``.
    pair_partner : str
        The other neutrino of a pair: ``unblocked`` (kappa* = j/B) or in ``equilibrium``.
    bremsstrahlung : str
        ``hannestad1998``, ``burrows2006``, or ``table``, a structure function from `bremsstrahlung_table`.
    bremsstrahlung_medium : str
        ``none`` or ``fischer2016``, the suppression in a dense medium.
    bremsstrahlung_table : str or None
        Path of a table of the structure function.
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
    charged_current: str = "elastic"
    blocking: str = "clipped"
    scattering_blocking: str = "bruenn"
    many_body: str = "none"
    capture_rate: str = "langanke2003"
    capture_q_value: str = "bounded"
    capture_tables: tuple[str, ...] = ()
    cluster_breakup: bool = False
    pair_species: str = "heavy"
    pair_partner: str = "unblocked"
    bremsstrahlung: str = "hannestad1998"
    bremsstrahlung_medium: str = "none"
    bremsstrahlung_table: str | None = None
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
        for name, allowed in CHOICES.items():
            if getattr(self, name) not in allowed:
                raise UnknownNameError(name.replace("_", " "), str(getattr(self, name)), allowed)
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
