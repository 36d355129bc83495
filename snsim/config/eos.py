"""The equation of state that a run file asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from microphysics.eos.state import EquationOfState

__all__ = ["equation_of_state"]


class EosChoices(Protocol):
    """What `equation_of_state` reads of ``[microphysics]``; MeV."""

    @property
    def eos(self) -> str:
        """Name."""

    @property
    def eos_table(self) -> str | None:
        """Path of a table."""

    @property
    def eos_incompressibility(self) -> float:
        """Of symmetric nuclear matter."""

    @property
    def alpha_binding(self) -> str:
        """Of Lattimer & Swesty's alpha particles."""


def equation_of_state(microphysics: EosChoices) -> EquationOfState:
    """Build the equation of state of a run.

    Parameters
    ----------
    microphysics : EosChoices
        The run file's ``[microphysics]`` section.

    Raises
    ------
    EosTableError
        For a table that cannot be read.
    """
    if microphysics.eos_table is not None:
        from microphysics.eos.formats import read

        return read(microphysics.eos_table)
    from microphysics.eos.lattimer_swesty import LattimerSwesty

    return LattimerSwesty(microphysics.eos_incompressibility, microphysics.alpha_binding)
