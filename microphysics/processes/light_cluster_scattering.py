"""Scattering on deuterons, tritons and 3He, where an equation of state tells them from the heavy nuclei."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from microphysics._registry import PROCESSES
from microphysics.matter import MatterState
from microphysics.nuclei import Nucleus
from microphysics.processes.angular import AngularQuadrature
from microphysics.processes.contract import Rates
from microphysics.processes.plasma_nuclei import (
    Evaluated,
    PlasmaNuclei,
    angular_integrals,
    by_species,
    coherent_rows,
    electron_cloud,
    tells_flavors,
)
from microphysics.processes.settings import Settings
from microphysics.weak.couplings import WeakCouplings
from microphysics.weak.form_factors import Gaussian
from microphysics.weak.proton_neutron import ProtonNeutron, proton_radius

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Cluster:
    """A nucleus of two or three nucleons.

    Attributes
    ----------
    name : str
        As in `MatterState`.
    mass_number, charge_number : float
        A and Z.
    charge_radius, mirror_charge_radius : float
        Measured rms radii of the charge, fm, of this nucleus and of the one with protons and neutrons exchanged, whose
        protons lie where the neutrons of this one do.
    unpaired_proton, unpaired_neutron : float
        Twice the mean spin of all protons and of all neutrons: what elastic scattering by the axial current sees.
    spin_kept : float
        Share of the nucleons' axial cross sections that excites nothing at small momentum transfer, be it elastic or
        forbidden by Pauli's principle.
    """

    name: str
    mass_number: float
    charge_number: float
    charge_radius: float
    mirror_charge_radius: float
    unpaired_proton: float
    unpaired_neutron: float
    spin_kept: float

    @property
    def nucleus(self) -> Nucleus:
        """A, Z and mass."""
        return Nucleus.of(self.mass_number, self.charge_number)

    def form_factor(self) -> ProtonNeutron:
        """Gaussians of the point nucleons' radii, folded with the nucleons' own sizes."""
        mirror = Nucleus.of(self.mass_number, self.mass_number - self.charge_number)
        protons = proton_radius(self.charge_radius, self.nucleus)
        neutrons = proton_radius(self.mirror_charge_radius, mirror)
        return ProtonNeutron(Gaussian(protons), Gaussian(neutrons), nucleon_size=True, nucleus=self.nucleus)

    def axial_charge(self, couplings: WeakCouplings) -> Any:
        """c_a of elastic scattering."""
        return couplings.axial_proton * self.unpaired_proton + couplings.axial_neutron * self.unpaired_neutron


# rms charge radii, fm: deuteron CODATA 2022; 3H and 3He Angeli & Marinova 2013 (At. Data Nucl. Data Tables 99, 69)
_DEUTERON, _TRITON, _HELION = 2.12778, 1.7591, 1.9661
# Gamow-Teller matrix element of the decay of 3H over sqrt 3 (Baroni et al. 2016, PRC 94, 024003): of one free nucleon it is 1
_SPIN = 0.951

CLUSTERS = (
    # the two spins of a deuteron are parallel: elastic scattering sees g_s alone, left out; exciting its singlet takes
    # 4 of the 6 that two free nucleons have
    Cluster("deuteron", 2.0, 1.0, _DEUTERON, _DEUTERON, 0.0, 0.0, 1.0 / 3.0),
    # two paired nucleons, whose spins nothing turns without exciting them, and one that scatters elastically
    Cluster("triton", 3.0, 1.0, _TRITON, _HELION, _SPIN, 0.0, 1.0),
    Cluster("helion", 3.0, 2.0, _HELION, _TRITON, 0.0, _SPIN, 1.0),
)

# of the charge and of the spin: with 1 - cos(theta) and without
_WEIGHTS = (
    (lambda x: (1.0 - x) * (1.0 + x), lambda x: 1.0 + x),
    (lambda x: (1.0 - x) * (3.0 - x), lambda x: 3.0 - x),
)


@PROCESSES.register("light_cluster_scattering")
class LightClusterScattering:
    """Coherent scattering on light clusters, with the spin of tritons and 3He; optionally the breakup.

    d sigma/dx = (G_F^2 E^2/2 pi) {(1 + x) [Z g_p F_p + N g_n F_n]^2 + (3 - x) c_a^2 F_a^2}: the spin of the odd nucleon of
    A = 3 counts for more than the two or three that are coherent. F_a is the distribution of that nucleon.

    With ``cluster_breakup`` the nucleons inside scatter as free ones besides, by what closure leaves for excited states: the
    squared form factor is the probability that a cluster stays whole, so that each nucleon's vector cross section
    carries 1 - F^2 and the axial one 1 - s F^2, s = 1/3 for the deuteron (whose triplet turns into the unbound singlet at any
    momentum transfer) and s = 1 for A = 3. Nothing is counted twice: at small q coherent scattering is all there is, at
    large q it is gone and A free nucleons remain. Left out are the binding energy and the loss of energy, so that breakup
    of deuterons is too large at low energies, recoil and weak magnetism.

    Gaussians for the deuteron, whose tail is longer, are too small by a few per cent of sigma above 50 MeV.
    """

    name = "light_cluster_scattering"
    references = (
        "Freedman 1974, PRD 9, 1389",
        "Hoferichter, Menendez & Schwenk 2020, PRD 102, 074018",
    )

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.species = coherent_rows(settings)

    def __call__(self, energy: Array, matter: MatterState) -> Rates:
        """Return transport opacity and collisions, shape (species, zone, energy)."""
        present = [
            (cluster, fraction)
            for cluster in CLUSTERS
            if (fraction := getattr(matter, f"mass_fraction_{cluster.name}")) is not None
        ]
        if not present:
            return Rates()
        settings = self.settings
        quadrature = AngularQuadrature.of(energy, settings)
        cloud = electron_cloud(quadrature.q, matter, settings) if tells_flavors(settings) else None
        vector, axial = (angular_integrals(quadrature, settings, weights) for weights in _WEIGHTS)
        total: Any = 0.0
        for cluster, fraction in present:
            density = fraction * matter.baryon_density / cluster.mass_number
            total = total + self._opacity(cluster, density[:, None], quadrature.q, cloud, vector, axial)
        scattering, collision = np.split(total, 2, axis=-1)
        return Rates(scattering=scattering, collision=collision)

    def _opacity(
        self, cluster: Cluster, density: Array, q: Array, cloud: Array | None, vector: Array, axial: Array
    ) -> Array:
        """Both opacities of one kind, shape (species, zone, 2 energy)."""
        settings, couplings = self.settings, self.settings.couplings
        shape = Evaluated.at(cluster.form_factor(), q)
        nuclei = PlasmaNuclei(cluster.nucleus, shape, q, cloud, settings)
        odd = shape.proton if cluster.unpaired_proton else shape.neutron
        spin = (cluster.axial_charge(couplings) * odd) ** 2 @ axial
        if settings.cluster_breakup:
            protons, neutrons = cluster.charge_number, cluster.mass_number - cluster.charge_number
            charge = protons * couplings.vector_proton**2 + neutrons * couplings.vector_neutron**2
            turned = protons * couplings.axial_proton**2 + neutrons * couplings.axial_neutron**2
            whole = shape.neutron**2
            spin = (
                spin
                + (charge * (1.0 - whole)) @ vector
                + (turned * (1.0 - cluster.spin_kept * whole)) @ axial
            )

        def opacity(flavor: str) -> Array:
            squared = sum(a**2 for a in nuclei.amplitudes(flavor, electrons=False))
            return density * (np.atleast_2d(squared) @ vector + spin)

        return np.stack(by_species(opacity, settings))
