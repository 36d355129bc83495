"""Schemes with energy groups as one solver: matter to groups, species one after the other, moments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from microphysics.errors import UnknownNameError
from microphysics.matter import GROUPS, SPECIES
from microphysics.opacity import OpacitySet
from snsim.transport.background import Background
from snsim.transport.coupling import PARTNERS
from snsim.transport.eddington import MOST_SOLUTIONS, solve_eddington
from snsim.transport.energy_groups import EnergyGroups
from snsim.transport.group_newton import GroupField
from snsim.transport.groups import GroupMedium, group_media, with_partner
from snsim.transport.limiters import LIMITERS
from snsim.transport.multigroup import ALBEDO, solve_groups
from snsim.transport.options import require_names, require_numbers, require_opacities
from snsim.transport.rays import CORE_RAYS
from snsim.transport.solution import TransportSolution
from snsim.transport.spectral import assemble

Array = NDArray[np.float64]

# what is solved, by name of `transport.scheme`
SCHEMES = {
    "gray": "energy and number of a species, flux-limited; its spectrum a Fermi-Dirac shape; milliseconds",
    "multigroup": "flux-limited diffusion of energy groups; a limiter stands for the angles",
    "eddington": "energy groups with the Eddington factor of rays: Boltzmann's equation for the given opacities",
    "none": "nothing: profile and opacities, and what follows from them alone",
}
# the flux of the gray scheme, by name of `transport.closure`
CLOSURES = {
    "spectral-gradient": "flux of the groups of the gray spectrum, each with its own gradient and limiter",
    "spectral-flux": "every energy has the gradient of the whole moment; nux 12-25 % more luminous than with groups",
    "multigroup": "means of a spectral solution; from Python only (GraySolver.given)",
}
SPECTRAL_SCHEMES = ("multigroup", "eddington")
RECONSTRUCTIONS = ("second", "first")
_METRIC = "Lindquist 1966, Ann. Phys. 37, 487"
_ELIMINATION = "Grassmann, Taksar & Heyman 1985, Oper. Res. 33, 1107"
REFERENCES = {
    "gray": (_METRIC, "Levermore & Pomraning 1981, ApJ 248, 321"),
    "multigroup": (
        _METRIC,
        "Levermore & Pomraning 1981, ApJ 248, 321",
        "Bruenn 1985, ApJS 58, 771",
        "Chan, Golub & Mulet 1999, SIAM J. Sci. Comput. 20, 1964",
        _ELIMINATION,
    ),
    "eddington": (
        _METRIC,
        "Auer & Mihalas 1970, MNRAS 149, 65",
        "Schinder & Bludman 1989, ApJ 346, 350",
        "Rampp & Janka 2002, A&A 396, 361",
        "Bruenn 1985, ApJS 58, 771",
        "Anderson 1965, J. ACM 12, 547",
        _ELIMINATION,
    ),
}
EVOLUTION_REFERENCES = ("Alexander 1977, SIAM J. Numer. Anal. 14, 1006",)
_HOW = (
    "the processes themselves, which it evaluates at its groups: "
    "microphysics.OpacitySet.from_names([...]), the set that your spectra came from"
)
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

    Raises
    ------
    UnknownNameError
        For an unknown scheme, limiter or reconstruction.
    OutOfRangeError
        For a number that is not in its range.

    Examples
    --------
    >>> from microphysics.opacity import OpacitySet
    >>> from snsim.config.schema import AnalyticProfile
    >>> from snsim.profiles.analytic import analytic_profile
    >>> from snsim.transport.grid import build_background
    >>> star = build_background(analytic_profile(AnalyticProfile(format="analytic")), 60, 4e5, 5e7)
    >>> opacities = OpacitySet.from_names(["charged_current", "nucleon_scattering"])
    >>> solver = SpectralSolver("multigroup", EnergyGroups.logarithmic(10), tolerance=1e-8)
    >>> solution = solver.solve(star, opacities, ["nue", "anue"])
    >>> solution.converged, solution.spectral.occupation.shape
    (True, (2, 60, 10))
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

    def __post_init__(self) -> None:
        limiters = (*LIMITERS, *(f"{name}{ALBEDO}" for name in LIMITERS))
        require_names(
            ("transport scheme", self.scheme, tuple(SPECTRAL_SCHEMES)),
            ("flux limiter", self.limiter, limiters),
            ("reconstruction", self.reconstruction, RECONSTRUCTIONS),
        )
        require_numbers(
            self.tolerance,
            max_iterations=self.max_iterations,
            core_rays=self.core_rays,
            zones_per_ray=self.zones_per_ray,
        )

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
            For an unknown species.
        TypeError
            For `OpacitySpectra`: groups take opacities at local energies of their own.
        """
        require_opacities("SpectralSolver", opacities, OpacitySet, _HOW)
        for name in species:
            if name not in GROUPS:
                raise UnknownNameError("neutrino species", name, GROUPS)
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
                max_iterations=min(self.max_iterations, MOST_SOLUTIONS),
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
