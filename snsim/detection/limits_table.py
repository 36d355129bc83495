"""The table of limits on transition magnetic moments: statistics only, as written with systematic errors, and as printed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from microphysics.errors import UnknownNameError
from microphysics.weak.moments import Mixing, TransitionMoments, solar_probabilities
from snsim.detection.moment_setups import (
    BOREXINO,
    REFERENCE,
    SCENARIOS,
    SETUPS,
    MomentSetup,
    Triple,
    setup_of,
)
from snsim.detection.transition_limits import MomentEvents, MomentLimits, moment_limits

__all__ = ["ASSUMPTIONS", "EXPERIMENTS", "LimitRow", "solar_row", "table_of_limits"]

SOLAR = "Borexino"
EXPERIMENTS = (*(setup.name for setup in SETUPS), SOLAR)
"""Names of the rows."""

ASSUMPTIONS = (
    "one modulus at a time, the others zero, CP phases zero; 90 %, one parameter",
    "now 1.76e23 protons and an efficiency of 50 %, in the future 2.1e24 and all",
    "N + N_mag counted where N is expected: chi2 = N_mag^2/[(1 + s_stat) N + s_sys^2 (N + N_mag)^2], both s 0.2 now, 0.1 in "
    "the future; s_sys = 0 is statistics only",
    "spallation source: all three fluxes in N, only the prompt or the delayed one in N_mag; of CsI now the counts of 2017",
    "reactors: thermal power and distance, spectra of Huber and Mueller, below 2 MeV of Vogel and Engel; one year now, "
    "ten in the future",
)


@dataclass(frozen=True)
class LimitRow:
    """Limits of one experiment, all in 1e-10 Bohr magnetons.

    Attributes
    ----------
    experiment, flux, scenario : str
        Such as HPGe, prompt, current.
    events : float
        Of the standard model; NaN where the row is no count.
    statistics_only, as_written : tuple of float
        Upper limits on the three moduli without and with the errors of the prediction; NaN where there is none.
    published : tuple of float
        As printed; NaN where it is not at hand.
    compared : str
        Which of both the printed ones follow from.
    reason : str
        Why a limit is NaN; empty if none is.
    note : str
        What this row assumes besides.
    """

    experiment: str
    flux: str
    scenario: str
    events: float
    statistics_only: Triple
    as_written: Triple
    published: Triple
    compared: str = "statistics only"
    reason: str = ""
    note: str = ""

    @property
    def ratio(self) -> Triple:
        """Ours over the printed ones."""
        ours = self.statistics_only if self.compared == "statistics only" else self.as_written
        first, second, third = (a / b for a, b in zip(ours, self.published, strict=True))
        return (first, second, third)


def table_of_limits(
    experiments: Sequence[str] | None = None,
    scenarios: Sequence[str] = SCENARIOS,
    mixing: Mixing | None = None,
) -> list[LimitRow]:
    """Return the rows of the table, limits at 90 %; `moment_limits` has other levels.

    Parameters
    ----------
    experiments : sequence of str, optional
        Of `EXPERIMENTS`; all by default.
    scenarios : sequence of str
        Of current and future.
    mixing : Mixing, optional
        That of the paper by default: sin^2 of 0.320, 0.0216 and 0.547, no Dirac phase.

    Raises
    ------
    UnknownNameError
        For an unknown experiment, with the nearest one, or scenario.

    Examples
    --------
    >>> prompt, delayed = table_of_limits(["HPGe"], ["current"])
    >>> [round(value, 1) for value in prompt.statistics_only], prompt.published
    ([25.1, 25.5, 32.5], (25.9, 26.2, 33.5))
    """
    chosen = mixing or Mixing()
    known = {name.lower() for name in EXPERIMENTS}
    for name in experiments or ():
        if name.lower() not in known:
            raise UnknownNameError("experiment of the table", name, EXPERIMENTS)
    for scenario in scenarios:
        if scenario not in SCENARIOS:
            raise UnknownNameError("scenario", scenario, SCENARIOS)
    rows: list[LimitRow] = []
    for name in experiments or EXPERIMENTS:
        if name.lower() == SOLAR.lower():
            rows.append(solar_row(chosen))
            continue
        setup = setup_of(name)
        for scenario in scenarios:
            rows += _rows(setup, scenario, chosen)
    return rows


def _rows(setup: MomentSetup, scenario: str, mixing: Mixing) -> list[LimitRow]:
    """Return one row for each flux of a setup."""
    events = MomentEvents.of(setup.expectation(scenario))
    moments = TransitionMoments((1.0, 1.0, 1.0), mixing=mixing)
    made = []
    for process in setup.processes:
        without, written = (
            moment_limits(events, chi_square, moments, process)
            for chi_square in setup.chi_squares(scenario, events.standard)
        )
        made.append(
            LimitRow(
                setup.name,
                process or "reactor",
                scenario,
                events.standard,
                _in_units(without),
                _in_units(written),
                setup.published_limits(scenario, process),
                "as written" if setup.measured(scenario) else "statistics only",
                without.reason or written.reason,
                _note(setup, scenario),
            )
        )
    return made


def _note(setup: MomentSetup, scenario: str) -> str:
    """Return what a setup assumes besides; of a reactor the flux, in all and as inverse beta decay could see it."""
    words = [setup.note] if setup.note else []
    if setup.power:
        flux = setup.flux(scenario)
        words.append(
            f"{setup.power} at {(flux.distance or 0.0) / 1e2:g} m, {flux.total():.2g} antineutrinos/(cm2 s), "
            f"{flux.total(above=1.8):.2g} above 1.8 MeV"
        )
    return "; ".join(words)


def solar_row(mixing: Mixing | None = None) -> LimitRow:
    """Return what Borexino's bound on the moment of solar neutrinos, 2.8e-11 at 90 %, says of each modulus.

    The Sun's neutrinos arrive as an incoherent mixture of mass states: mu^2 = sum_i |Lambda_i|^2 (1 - P_i).
    """
    chosen = mixing or Mixing()
    probabilities = solar_probabilities(BOREXINO.electron_survival, chosen.sin2_13)
    first, second, third = (1e10 * BOREXINO.moment / np.sqrt(1.0 - probabilities)).tolist()
    ours: Triple = (first, second, third)
    words = f"bound of {BOREXINO.moment:g} on the effective moment, P_e1 = {BOREXINO.electron_survival}"
    return LimitRow(SOLAR, "solar", "current", math.nan, ours, ours, BOREXINO.published, note=words)


def _in_units(limits: MomentLimits) -> Triple:
    first, second, third = (1e10 * value for value in limits.moduli)
    return (first, second, third)


REFERENCES = (REFERENCE, *BOREXINO.references)
