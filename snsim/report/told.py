"""What a reader must know before believing a result: its warnings, and what has no answer."""

from __future__ import annotations

import warnings

import numpy as np

from microphysics.errors import PhysicsWarning
from microphysics.opacity import OpacitySpectra
from snsim.config.load import reconfigure
from snsim.config.schema import Config
from snsim.errors import SnsimError
from snsim.recompute import restore
from snsim.result import Result
from snsim.run_words import warn_of_limits
from snsim.series import HISTORY, moment, moments_in
from snsim.transport.background import Background
from snsim.transport.energy_groups import EnergyGroups
from snsim.transport.restore import restore_background, restore_solution
from snsim.transport.solution import TransportSolution
from snsim.transport.trust import assess, warn

UNCONVERGED = "the transport did not converge: every number here is of its last iterate"
NOT_KEPT = "this result holds no star: what its run warned of is not kept"
FILES = "what was said when the files of the trajectories were read is not kept"
_NO_STAR = "what a run would warn of cannot be found again: "
_OTHER_TIMES = "in {} of {} stars: "


def warnings_of(result: Result) -> list[str]:
    """Return what the run has warned of, found again from the stored star, and whether it converged.

    Parameters
    ----------
    result : Result
        With one star or a sequence. Of the stars of a sequence opacities are not stored: what their energies miss was said by
        the run.

    Returns
    -------
    list of str
        One sentence each; those of several stars once, with how many.
    """
    found = []
    flag = result.groups.get("transport", {}).get("converged")
    if flag is not None and not int(np.min(flag.values)):
        found.append(UNCONVERGED)
    if "ejecta" in result.groups:
        return [*found, *_of_ejecta(result), FILES, *_left_out(result)]
    if "profile" not in result.groups:
        return [*found, NOT_KEPT, *_left_out(result)]
    try:
        config = reconfigure(result.config_toml, (), "the result")
        if HISTORY in result.groups:
            found += _of_sequence(result, config)
        else:
            star = restore(result, config)
            spectra = star.spectra if star.solution is not None else None
            found += _of_star(star.background, star.solution, config, spectra)
    except (SnsimError, KeyError, ValueError) as error:
        found.append(_NO_STAR + str(error).strip("'\""))
    return found + _left_out(result)


def reasons_of(result: Result) -> list[tuple[str, str, str]]:
    """Return what is undefined in a result: where it stands, in words, and why."""
    return [
        (f"{name}.{key}", variable.long_name, variable.attributes["reason"])
        for name, group in result.groups.items()
        for key, variable in group.items()
        if variable.attributes.get("reason")
    ]


def _of_star(
    background: Background,
    solution: TransportSolution | None,
    config: Config,
    spectra: OpacitySpectra | None = None,
) -> list[str]:
    """Return what a run of this star says."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", PhysicsWarning)
        warn_of_limits(background, config)
        if solution is not None and solution.converged:
            chosen = config.transport
            groups = None
            if chosen.scheme != "gray":
                groups = EnergyGroups.logarithmic(chosen.groups, chosen.group_min, chosen.group_max)
            warn(assess(background, solution, groups, spectra), solution.species)
    return list(dict.fromkeys(str(each.message) for each in said))


def _of_sequence(result: Result, config: Config) -> list[str]:
    """Return what runs of the stars say, each sentence once."""
    count: dict[str, int] = {}
    stars = moments_in(result)
    for index in range(stars):
        star = moment(result, index)
        background = restore_background(star["profile"])
        solution = restore_solution(star["transport"]) if "transport" in star.groups else None
        for sentence in _of_star(background, solution, config):
            count[sentence] = count.get(sentence, 0) + 1
    return [(_OTHER_TIMES.format(n, stars) if n < stars else "") + sentence for sentence, n in count.items()]


def _of_ejecta(result: Result) -> list[str]:
    """Say of how many trajectories no neutrinos are known."""
    group = result.groups["ejecta"]
    light = np.nansum(group["rate_nue"].values + group["rate_anue"].values, axis=-1)
    dark = int((light == 0.0).sum())
    if not dark:
        return []
    return [
        f"nothing irradiates {dark} of {light.size} trajectories: only captures of electrons and positrons change Y_e"
    ]


def _left_out(result: Result) -> list[str]:
    """Return what groups say that they leave out."""
    return [
        f"{name}, left out: {words['left_out']}"
        for name, words in result.attributes.items()
        if words.get("left_out")
    ]


__all__ = ["NOT_KEPT", "UNCONVERGED", "reasons_of", "warnings_of"]
