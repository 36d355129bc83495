"""Scattering that turns the neutrino's helicity: magnetic moments and scalar bosons.

A Majorana neutrino comes out as an antineutrino of another flavour and stays: its momentum is lost, which is a transport
opacity. A Dirac neutrino comes out sterile and leaves: the whole cross section takes it out of the flux, an absorption.
Nothing comes back, so that the thermal emission which goes with an absorption overestimates what is left where neutrinos
are trapped; and the energy that sterile neutrinos carry away is in no budget here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from microphysics._registry import FORM_FACTORS, PROCESSES
from microphysics.errors import MicrophysicsError
from microphysics.matter import FLAVORS, MatterState
from microphysics.nuclei import Nucleus
from microphysics.processes.alpha_scattering import alpha_form_factor
from microphysics.processes.angular import AngularQuadrature
from microphysics.processes.contract import Rates
from microphysics.processes.plasma_nuclei import Evaluated, electron_cloud, heavy_nucleus
from microphysics.processes.settings import Settings
from microphysics.structure.plasma import electron_screening
from microphysics.weak.form_factors import FormFactor, Point, form_factor_of
from microphysics.weak.mediators import Scalar
from microphysics.weak.new_physics import MagneticMoment

Array = NDArray[np.float64]

_SOFTEST = 1e-6  # 1/fm, of the panels: electrons screen at larger ones in all matter that scatters
HELICITY_FLIPS = ("magnetic_scattering", "scalar_scattering")


class _HelicityFlip:
    """A process that turns neutrinos of one helicity into the other."""

    name: ClassVar[str]
    kind: ClassVar[type[Any]]  # of the terms of new physics
    screened: ClassVar[bool]  # by the electrons around a nucleus
    species = FLAVORS

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.terms = [term for term in settings.new_physics if isinstance(term, self.kind)]
        self.references = list(self.kind.references)
        _check(self.name, self.terms, settings)

    def __call__(self, energy: Array, matter: MatterState) -> Rates:
        """Return transport opacity (Majorana) or absorption (Dirac), shape (species, zone, energy)."""
        return _rates(self.terms, energy, matter, self.settings, screened=self.screened)


@PROCESSES.register("magnetic_scattering")
class MagneticScattering(_HelicityFlip):
    """Magnetic moments of neutrinos on nuclei, alphas and free protons.

    d sigma/dx = pi alpha^2 (hbar c)^2 mu^2 Z^2/m_e^2 F^2/(1 - x), in the plasma with the charge that electrons leave of
    a nucleus: F -> F - k_sc^2/(q^2 + k_sc^2), times S(q) for the heavy nuclei. Scattering on electrons is left out.
    """

    name = "magnetic_scattering"
    kind = MagneticMoment
    screened = True


@PROCESSES.register("scalar_scattering")
class ScalarScattering(_HelicityFlip):
    """Exchange of a scalar boson with nuclei, alphas and free nucleons; electrons do not screen it.

    d sigma/dx = q^2 g_nu^2 Q_s^2 F^2/[8 pi (q^2 + m^2)^2], times S(q) for the heavy nuclei.
    """

    name = "scalar_scattering"
    kind = Scalar
    screened = False


def _check(name: str, terms: list[Any], settings: Settings) -> None:
    """Refuse models of correlations that do not give S(q) of the heavy nuclei alone, and form factors with F(0) != 1."""
    form_factor_of(settings.form_factor, Nucleus.named("Fe56"))
    structure = settings.structure()
    if terms and (hasattr(structure, "transport_average") or hasattr(structure, "coherent_sum")):
        raise MicrophysicsError(
            f"{name} needs S(q) of the heavy nuclei, which structure factor '{structure.name}' does not give: choose one "
            "that does, such as 'table'"
        )


def _rates(
    terms: list[Any], energy: Array, matter: MatterState, settings: Settings, *, screened: bool
) -> Rates:
    """Sum over terms and targets of d sigma/dx = (E^2 c0 + c2)/M at T = q^2/2M, heavy targets, integrated over angles."""
    if not terms:
        return Rates()
    hbar_c = settings.couplings.constants.hbar_c
    softest = [
        float(np.real(term.mediator_mass)) / (hbar_c * 1e13) for term in terms if term.mediator_mass != 0.0
    ]
    if screened:
        softest.append(float(np.sqrt(electron_screening(matter).min())))
    quadrature = AngularQuadrature.panels(energy, hbar_c, max(min(softest, default=np.inf), _SOFTEST))
    q = quadrature.q
    lost, turned = quadrature.operator(np.ones_like), quadrature.operator(lambda x: 1.0 - x)
    cloud = electron_cloud(q, matter, settings) if screened else None
    absorption: Any = None
    scattering: Any = None
    for term in terms:
        operator = turned if term.majorana else lost
        total: Any = 0.0
        for nucleus, form_factor, density in _targets(q, matter, settings):
            seen = form_factor if cloud is None else form_factor.less(cloud)
            recoil = (q * settings.couplings.constants.hbar_c * 1e13) ** 2 / (2.0 * nucleus.mass)
            by_flavor = []
            for flavor in FLAVORS:
                c0, _, c2 = term.coefficients(recoil, nucleus, seen, flavor, settings.couplings)
                by_flavor.append(
                    energy**2 * ((density * c0 / nucleus.mass) @ operator)
                    + (density * c2 / nucleus.mass) @ operator
                )
            total = total + np.stack(by_flavor)
        if term.majorana:
            scattering = total if scattering is None else scattering + total
        else:
            absorption = total if absorption is None else absorption + total
    return Rates(absorption=absorption, scattering=scattering)


def _targets(q: Array, matter: MatterState, settings: Settings) -> Iterator[tuple[Nucleus, Evaluated, Array]]:
    """Nuclei, alphas and free nucleons: what they are, their form factor at q, and n S(q), 1/cm^3, (zone, node)."""
    ones = np.ones((matter.density.size, q.size))
    heavy = heavy_nucleus(matter)
    correlated = ones.copy()
    present = np.flatnonzero(matter.number_density_heavy > 0.0)
    if present.size:
        correlated[present] = settings.structure()(q * ones[present], matter.select(present))
    form_factor: FormFactor = FORM_FACTORS[settings.form_factor](heavy)
    yield heavy, Evaluated.at(form_factor, q), matter.number_density_heavy[:, None] * correlated
    alphas = matter.number_density_alpha[:, None] * ones
    yield Nucleus.named("He4"), Evaluated.at(alpha_form_factor(settings), q), alphas
    constants, point = settings.couplings.constants, Evaluated.at(Point(), q)
    one, none = np.ones(1), np.zeros(1)
    proton = Nucleus(one, one, np.array([constants.proton_mass]), "p")
    neutron = Nucleus(one, none, np.array([constants.neutron_mass]), "n")
    yield proton, point, matter.number_density_proton[:, None] * ones
    yield neutron, point, matter.number_density_neutron[:, None] * ones
