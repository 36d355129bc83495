"""Protons and neutrons apart, the size of the nucleons themselves, and charge radii."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics.constants import CODATA
from microphysics.errors import OutOfRangeError
from microphysics.nuclei import Nucleus
from microphysics.weak.form_factors import FormFactor, check_normalisation

Array = NDArray[np.float64]

# Mean squared charge radii of proton and neutron, fm^2 (PDG 2022: r_p = 0.8409 fm)
PROTON_RADIUS_SQUARED = 0.7071
NEUTRON_RADIUS_SQUARED = -0.1155
NUCLEON_MASS = 0.5 * (CODATA.proton_mass + CODATA.neutron_mass) / (CODATA.hbar_c * 1e13)  # 1/fm
DARWIN_FOLDY = 0.75 / NUCLEON_MASS**2  # 0.033 fm^2


@dataclass(frozen=True)
class ProtonNeutron:
    """Protons and neutrons distributed differently, point nucleons or nucleons of their own charge radii.

    With `nucleon_size` the weak amplitude of nucleons of finite size (Hoferichter, Menendez & Schwenk 2020,
    PRD 102, 074018, without strangeness) is

        [g_p (1 - q^2 <r_p^2>/6) - g_n q^2 <r_n^2>/6] Z F_p + [g_n (1 - q^2 <r_p^2>/6) - g_p q^2 <r_n^2>/6] N F_n.

    Attributes
    ----------
    proton, neutron : FormFactor
        F_p and F_n, of the centres of the nucleons where `nucleon_size` is on.
    nucleon_size : bool
        Whether the charge radii of the nucleons are folded in.
    nucleus : Nucleus or None
        Needed with `nucleon_size`, whose terms mix Z and N.
    """

    proton: FormFactor
    neutron: FormFactor
    nucleon_size: bool = False
    nucleus: Nucleus | None = None

    def __post_init__(self) -> None:
        check_normalisation(self.proton)
        check_normalisation(self.neutron)
        if not self.nucleon_size:
            return
        if self.nucleus is None:
            raise OutOfRangeError("nucleus = None: nucleon_size needs the nucleus, whose Z and N it mixes")
        if not np.all((self.nucleus.charge_number > 0.0) & (self.nucleus.neutron_number > 0.0)):
            raise OutOfRangeError(f"nucleus {self.nucleus.name}: nucleon_size needs protons and neutrons")

    @property
    def name(self) -> str:
        """Both names."""
        return f"{self.proton.name}/{self.neutron.name}"

    @property
    def references(self) -> tuple[str, ...]:
        """References of both."""
        both = (*self.proton.references, *self.neutron.references)
        own = ("Hoferichter, Menendez & Schwenk 2020, PRD 102, 074018",) if self.nucleon_size else ()
        return tuple(dict.fromkeys((*both, *own)))

    def __call__(self, q: Array) -> Array:
        """Return F(q) of the charge, q in 1/fm."""
        return self.amplitude(q, 1.0, 0.0)

    def amplitude(self, q: Array, proton: Any, neutron: Any) -> Array:
        """Return proton F_p(q) + neutron F_n(q) and what the size of the nucleons adds; proton = Z g_p, neutron = N g_n."""
        if self.nucleus is None or not self.nucleon_size:
            return proton * self.proton(q) + neutron * self.neutron(q)
        ratio = self.nucleus.neutron_number / self.nucleus.charge_number
        q2 = np.asarray(q) ** 2
        like, unlike = 1.0 - q2 * PROTON_RADIUS_SQUARED / 6.0, -q2 * NEUTRON_RADIUS_SQUARED / 6.0
        return (proton * like + neutron / ratio * unlike) * self.proton(q) + (
            neutron * like + proton * ratio * unlike
        ) * self.neutron(q)


def charge_radius(proton_radius: ArrayLike, nucleus: Nucleus) -> Array:
    """Return the rms charge radius of a nucleus whose point protons have the rms radius `proton_radius`, fm.

    R_ch^2 = R_p^2 + <r_p^2> + (N/Z) <r_n^2> + 3/(4 m_N^2); the last is the Darwin-Foldy term, 0.033 fm^2. Spin-orbit
    currents are left out (Ong, Berengut & Flambaum 2010, PRC 82, 014320).
    """
    return np.sqrt(np.asarray(proton_radius) ** 2 + _charge_radius_excess(nucleus))


def proton_radius(charge_radius: ArrayLike, nucleus: Nucleus) -> Array:
    """Return the rms radius of the point protons, fm: the inverse of `charge_radius`.

    Raises
    ------
    OutOfRangeError
        If the charge radius is not above that of the nucleons.
    """
    squared = np.asarray(charge_radius) ** 2 - _charge_radius_excess(nucleus)
    if not np.all(squared.real > 0.0):
        raise OutOfRangeError(
            f"charge radius = {np.asarray(charge_radius)} fm: must exceed the nucleons' own"
        )
    return np.sqrt(squared)


def _charge_radius_excess(nucleus: Nucleus) -> Array:
    """R_ch^2 - R_p^2, fm^2."""
    ratio = nucleus.neutron_number / nucleus.charge_number
    return PROTON_RADIUS_SQUARED + ratio * NEUTRON_RADIUS_SQUARED + DARWIN_FOLDY
