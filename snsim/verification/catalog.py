"""The list of problems."""

from __future__ import annotations

from snsim.verification.accretion import ACCRETION
from snsim.verification.atmospheres import ATMOSPHERES
from snsim.verification.boltzmann import BOLTZMANN
from snsim.verification.convergence import CONVERGENCE
from snsim.verification.limits import LIMITS
from snsim.verification.merger import MERGER
from snsim.verification.problem import Problem
from snsim.verification.relativity import RELATIVITY
from snsim.verification.spheres import SPHERES
from snsim.verification.time_dependent import TIME_DEPENDENT

PROBLEMS: tuple[Problem, ...] = (
    *SPHERES,
    *ATMOSPHERES,
    *RELATIVITY,
    *LIMITS,
    *TIME_DEPENDENT,
    *CONVERGENCE,
    *ACCRETION,
    *BOLTZMANN,
    *MERGER,
)
