"""Schemes with energy groups as one solver: matter to groups, species one after the other, moments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from microphysics.errors import UnknownNameError
from microphysics.matter import SPECIES
from microphysics.opacity import OpacitySet
from snsim.transport.background import Background
from snsim.transport.coupling import PARTNERS
from snsim.transport.eddington import solve_eddington
from snsim.transport.energy_groups import EnergyGroups
from snsim.transport.group_newton import GroupField
from snsim.transport.groups import GroupMedium, group_media, with_partner
from snsim.transport.limiters import LIMITERS
from snsim.transport.multigroup import ALBEDO, solve_groups
from snsim.transport.rays import CORE_RAYS
from snsim.transport.solution import TransportSolution
from snsim.transport.spectral import assemble

Array = NDArray[np.float64]

SPECTRAL_SCHEMES = ("multigroup", "eddington")
REFERENCES = {
    "gray": ("Levermore & Pomraning 1981, ApJ 248, 321",),
    "multigroup": ("Levermore & Pomraning 1981, ApJ 248, 321", "Bruenn 1985, ApJS 58, 771"),
    "eddington": ("Rampp & Janka 2002, A&A 396, 361", "Schinder & Bludman 1989, ApJ 346, 350"),
}
PARTNER_SWEEPS = 30  # over species that annihilate with each other
PARTNER_TOLERANCE = 1e-8  # relative change of their energy flux through the outer edge


def scheme_references(scheme: str, limiter: str) -> tuple[str, ...]:
    """Papers of a scheme and, where it has one, of its limiter, each once."""
    own = () if scheme == "eddington" else (LIMITERS[limiter.removesuffix(ALBEDO)][2],)
    return tuple(dict.fromkeys(REFERENCES[scheme] + own))


@dataclass(frozen=True)
class SpectralSolver:
    """Options of the schemes with energy groups.

    Attributes
    ----------
    scheme : str
        ``multigroup``: flux-limited diffusion; ``eddington``: variable Eddington factor from tangent rays.
    groups : EnergyGroups
    limiter : str
        Name in `LIMITERS`, for multigroup.
    reconstruction : {"second", "first"}
        Order of the edge values of the limiter.
    inelastic : bool
        Whether scattering on electrons exchanges energy and pairs know their partner, through kernels.
    tolerance : float
        On the scaled residual of the worst group.
    max_iterations : int
        Newton steps; with rays at most 60 formal solutions.
    core_rays, zones_per_ray : int
        Number of tangent rays, for the Eddington factor; its cost is quadratic in zones at `zones_per_ray` 1.
    """

    scheme: str = "multigroup"
    groups: EnergyGroups = field(default_factory=EnergyGroups.logarithmic)
    limiter: str = "wilson"
    reconstruction: str = "second"
    inelastic: bool = True
    tolerance: float = 1e-10
    max_iterations: int = 500
    core_rays: int = CORE_RAYS
    zones_per_ray: int = 1

    def solve(
        self, background: Background, opacities: OpacitySet, species: Sequence[str] = SPECIES
    ) -> TransportSolution:
        """Solve for every species.

        Returns
        -------
        TransportSolution
            With `spectral`; `converged` is False, and the iterates the last ones, if a species did not converge.

        Raises
        ------
        UnknownNameError
            For an unknown scheme, limiter or species.
        """
        if self.scheme not in SPECTRAL_SCHEMES:
            raise UnknownNameError("transport scheme", self.scheme, SPECTRAL_SCHEMES)
        media = group_media(background, opacities, self.groups, species, self.inelastic)
        fields = {name: self.solve_species(background, medium) for name, medium in media.items()}
        media, fields = self._with_partners(background, media, fields)
        return assemble(background, self.groups, media, fields, species)

    def solve_species(
        self, background: Background, medium: GroupMedium, guess: Array | None = None
    ) -> GroupField:
        """Solve for one species."""
        if self.scheme == "eddington":
            return solve_eddington(
                background,
                medium,
                core_rays=self.core_rays,
                zones_per_ray=self.zones_per_ray,
                max_iterations=min(self.max_iterations, 60),
                guess=guess,
            )
        return solve_groups(
            background,
            medium,
            self.limiter,
            reconstruction=self.reconstruction,
            tolerance=self.tolerance,
            max_iterations=self.max_iterations,
            guess=guess,
        )

    def _with_partners(
        self, background: Background, media: dict[str, GroupMedium], fields: dict[str, GroupField]
    ) -> tuple[dict[str, GroupMedium], dict[str, GroupField]]:
        """Let species that annihilate with one another know each other's occupation, until neither moves."""
        paired = [
            name
            for name, medium in media.items()
            if medium.coupling.partner.size and not medium.coupling.own_partner[0] and PARTNERS[name] in media
        ]
        weight = self.groups.energy_weight
        for _ in range(PARTNER_SWEEPS if paired else 0):
            moved = 0.0
            for name in paired:
                before = fields[name].flux[-1] @ weight
                media[name] = with_partner(media[name], fields[PARTNERS[name]].occupation)
                fields[name] = self.solve_species(background, media[name], fields[name].occupation)
                moved = max(moved, abs(fields[name].flux[-1] @ weight / before - 1.0))
            if moved < PARTNER_TOLERANCE:
                break
        else:
            fields |= {name: replace(fields[name], converged=False) for name in paired}
        return media, fields
