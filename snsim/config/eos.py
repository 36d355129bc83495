"""The equation of state that a run file asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from microphysics.eos.nse import SahaNSE
    from microphysics.eos.state import EquationOfState

__all__ = ["equation_of_state"]


class EosChoices(Protocol):
    """What `equation_of_state` reads of ``[microphysics]``; MeV."""

    @property
    def eos(self) -> str:
        """Name."""

    @property
    def eos_incompressibility(self) -> float:
        """Of symmetric nuclear matter."""

    @property
    def alpha_binding(self) -> str:
        """Of Lattimer & Swesty's alpha particles."""


def equation_of_state(microphysics: EosChoices) -> EquationOfState | SahaNSE:
    """Build the equation of state of a run.

    Parameters
    ----------
    microphysics : EosChoices
        The run file's ``[microphysics]`` section.

    Returns
    -------
    EquationOfState or SahaNSE
        The latter is no full one: it has composition, entropy and pressure of nucleons, alphas and one nucleus.
    """
    if microphysics.eos == "nse":
        from microphysics.eos.nse import SahaNSE

        return SahaNSE()
    from microphysics.eos.lattimer_swesty import LattimerSwesty

    return LattimerSwesty(microphysics.eos_incompressibility, microphysics.alpha_binding)
