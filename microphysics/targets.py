"""Targets of coherent scattering as a laboratory has them: isotopes, natural elements and compounds."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import ArrayLike, NDArray

from microphysics.errors import OutOfRangeError
from microphysics.isotopes import elements, isotopes
from microphysics.nuclei import Composition, Nucleus
from microphysics.weak.axial import SpinEstimate
from microphysics.weak.cevns import CEvNS
from microphysics.weak.couplings import WeakCouplings
from microphysics.weak.form_factors import FormFactor, check_normalisation, form_factor_of

__all__ = ["Target", "composition_of"]

Array = NDArray[np.float64]

_ISOTOPE = re.compile(r"[A-Z][a-z]?\d+")
# names in English, of both spellings
_NAMES = """
H hydrogen He helium Li lithium Be beryllium B boron C carbon N nitrogen O oxygen F fluorine Ne neon Na sodium
Mg magnesium Al aluminium Al aluminum Si silicon P phosphorus S sulfur S sulphur Cl chlorine Ar argon K potassium
Ca calcium Sc scandium Ti titanium V vanadium Cr chromium Mn manganese Fe iron Co cobalt Ni nickel Cu copper Zn zinc
Ga gallium Ge germanium As arsenic Se selenium Br bromine Kr krypton Rb rubidium Sr strontium Y yttrium Zr zirconium
Nb niobium Mo molybdenum Ru ruthenium Rh rhodium Pd palladium Ag silver Cd cadmium In indium Sn tin Sb antimony
Te tellurium I iodine Xe xenon Cs caesium Cs cesium Ba barium La lanthanum Ce cerium Pr praseodymium Nd neodymium
Sm samarium Eu europium Gd gadolinium Tb terbium Dy dysprosium Ho holmium Er erbium Tm thulium Yb ytterbium
Lu lutetium Hf hafnium Ta tantalum W tungsten Re rhenium Os osmium Ir iridium Pt platinum Au gold Hg mercury
Tl thallium Pb lead Bi bismuth Th thorium Pa protactinium
""".split()
_ELEMENTS = dict(zip(_NAMES[1::2], _NAMES[::2], strict=True))
_NODES = 128
_SOFTEST = 1e-6  # of the largest recoil: below, a mean recoil takes the cross section as that of one point


def composition_of(target: str | Nucleus | Composition) -> Composition:
    """Return what a target is made of.

    Parameters
    ----------
    target : str, Nucleus or Composition
        An isotope ("Ar40"; "H2" is the deuteron), a natural element ("Xe") or a formula ("CsI", "CF3I"). A symbol with a
        number is always an isotope: oxygen gas is "O".

    Raises
    ------
    UnknownNameError
        For an unknown element, or a nucleus that is not in the table.
    OutOfRangeError
        For what is none of these.
    """
    if isinstance(target, Composition):
        return target
    if isinstance(target, Nucleus):
        return Composition((target,), np.ones(1))
    if _ISOTOPE.fullmatch(target) and target[: re.search(r"\d", target).start()] in elements():  # type: ignore[union-attr]
        return Composition((Nucleus.named(target),), np.ones(1))
    try:
        return Composition.molecule(target)
    except OutOfRangeError as error:
        near = _nearest(target)
        hint = f" Did you mean {near}?" if near else ""
        raise OutOfRangeError(
            f"target = '{target}': expected an isotope such as 'Ar40', an element such as 'Xe' or a formula such as 'CsI'; "
            f"{str(error).partition(': ')[2]}.{hint}"
        ) from None


def _nearest(target: str) -> str:
    """Return the target that somebody means who writes "40Ar", "Argon" or "pb-208", in quotes; empty if none is near."""
    words = re.fullmatch(r"(\d*)[\s_-]*([A-Za-z]+)[\s_-]*(\d*)", target.strip())
    if words is not None:
        number = words[1] or words[3]
        symbol = _ELEMENTS.get(words[2].lower(), words[2].capitalize())
        if f"{symbol}{number}" in isotopes():
            return f"'{symbol}{number}'"
        if symbol in elements() and not number:
            table = isotopes()
            commonest = max(elements()[symbol], key=lambda name: table[name].abundance)
            return f"'{symbol}' or '{commonest}'"
    known = {name.lower(): name for name in (*isotopes(), *elements())}
    near = difflib.get_close_matches(target.lower(), known, n=1)
    return f"'{known[near[0]]}'" if near else ""


@dataclass(frozen=True)
class Target:
    """Coherent scattering on a mixture of nuclei; every result is the mean per nucleus.

    Attributes
    ----------
    composition : Composition
        Nuclei and their shares by number; CsI is half Cs133 and half I127.
    scattering : tuple of CEvNS
        One for each nucleus.

    Examples
    --------
    >>> target = Target.of("CsI")
    >>> f"{float(target.total(30.0)):.3e}"  # cm^2
    '1.639e-38'
    """

    composition: Composition
    scattering: tuple[CEvNS, ...]

    @classmethod
    def of(
        cls,
        target: str | Nucleus | Composition,
        form_factor: str | Callable[[Nucleus], FormFactor] = "helm",
        couplings: WeakCouplings | None = None,
        new_physics: tuple[Any, ...] = (),
        *,
        axial: bool = False,
    ) -> Target:
        """Return the target of a name.

        Parameters
        ----------
        target : str, Nucleus or Composition
            As `composition_of` takes it.
        form_factor : str or callable
            Registered name, or a function of the nucleus.
        couplings : WeakCouplings, optional
            Those of the tree level by default.
        new_physics : tuple
            Terms of `microphysics.weak`.
        axial : bool
            Add the quick estimate of the axial part (`SpinEstimate`) for nuclei with spin.

        Raises
        ------
        UnknownNameError, OutOfRangeError
            For unknown names, or a form factor that is not 1 at q = 0.
        """
        composition = composition_of(target)
        return cls(
            composition,
            tuple(
                CEvNS(
                    nucleus,
                    _form_factor(form_factor, nucleus),
                    couplings or WeakCouplings(),
                    tuple(new_physics),
                    SpinEstimate.unpaired(nucleus) if axial and nucleus.spin > 0.0 else None,
                )
                for nucleus in composition.nuclei
            ),
        )

    def total(self, energy: ArrayLike, flavor: str = "nue", recoil_min: float = 0.0) -> Array:
        """Return the cross section for recoils above `recoil_min` (MeV), cm^2, of the shape of `energy` (MeV)."""
        return self._mean(lambda one: one.total(energy, flavor, recoil_min))

    def transport(self, energy: ArrayLike, flavor: str = "nue", recoil_min: float = 0.0) -> Array:
        """Return the cross section weighted with 1 - cos(theta), cm^2; else as `total`."""
        return self._mean(lambda one: one.transport(energy, flavor, recoil_min))

    def dsigma_dT(self, energy: ArrayLike, recoil_energy: ArrayLike, flavor: str = "nue") -> Array:
        """Return the spectrum of recoils of one neutrino, cm^2/MeV; energies in MeV broadcast."""
        return self._mean(lambda one: one.dsigma_dT(energy, recoil_energy, flavor))

    def largest_recoil(self, energy: ArrayLike) -> Array:
        """Return the largest recoil of the lightest nucleus, MeV."""
        return np.max([one.largest_recoil(energy) for one in self.scattering], axis=0)

    def mean_recoil(self, energy: ArrayLike, flavor: str = "nue", recoil_min: float = 0.0) -> Array:
        """Return the mean recoil energy above `recoil_min`, MeV; NaN where none is larger."""
        left = self._mean(lambda one: _energy_left(one, energy, flavor, recoil_min))
        total = self.total(energy, flavor, recoil_min)
        return np.divide(left, total, out=np.full(np.shape(total), np.nan), where=total > 0.0)

    def _mean(self, of_one: Callable[[CEvNS], Array]) -> Any:
        """Average over the nuclei by number."""
        pairs = zip(self.composition.fractions.tolist(), self.scattering, strict=True)
        return sum(share * of_one(one) for share, one in pairs)


def _form_factor(form_factor: str | Callable[[Nucleus], FormFactor], nucleus: Nucleus) -> FormFactor:
    """Return a form factor by name or function, 1 at q = 0."""
    if isinstance(form_factor, str):
        return form_factor_of(form_factor, nucleus)
    made = form_factor(nucleus)
    check_normalisation(made)
    return made


def _energy_left(one: CEvNS, energy: ArrayLike, flavor: str, recoil_min: float) -> Array:
    """Integrate T dsigma/dT above a threshold; even in ln T, as light mediators and magnetic moments need it."""
    largest = one.largest_recoil(energy)
    node, weight = (each[:, None] for each in leggauss(_NODES))
    high = largest.reshape(-1)
    offset = _SOFTEST * high
    low = np.minimum(recoil_min, high)
    length = np.log((high + offset) / (low + offset))
    shifted = (low + offset) * np.exp(0.5 * length * (1.0 + node))
    recoil = np.clip(shifted - offset, low, high)
    energies = np.broadcast_to(energy, largest.shape).reshape(-1)
    values = one.dsigma_dT(energies, recoil, flavor) * recoil
    found: Array = np.sum(values * shifted * 0.5 * length * weight, axis=0).reshape(largest.shape)
    return found
