"""Observables of a stored result, computed again without solving the transport."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from microphysics.opacity import OpacitySet, OpacitySpectra
from snsim import __version__
from snsim.config.load import config_hash, input_files, reconfigure, recorded_files
from snsim.config.microphysics import process_names
from snsim.config.observables import require_observables
from snsim.config.schema import Config
from snsim.config.write import resolve_toml, write_value
from snsim.errors import ConfigError, ResultFileError
from snsim.output.provenance import citations_of, code_hash
from snsim.pipeline import energy_grid, microphysics_settings, observe
from snsim.result import Result
from snsim.series import HISTORY, TIME, headlines, moment, moments_in, stack, without_varying
from snsim.transport.background import Background
from snsim.transport.restore import restore_background, restore_solution, restore_spectra
from snsim.transport.solution import TransportSolution
from snsim.transport.thermal_scattering import gray_spectra
from snsim.variable import Variable

STORED, ANEW = "as stored", "computed again from the stored matter"


@dataclass(frozen=True)
class Restored:
    """One star of a stored result: what observables are computed from.

    Attributes
    ----------
    background : Background
    spectra : OpacitySpectra
    solution : TransportSolution or None
        None where the transport was not solved.
    """

    background: Background
    spectra: OpacitySpectra
    solution: TransportSolution | None


def diagnose(
    result: Result, names: Sequence[str] = (), overrides: Iterable[str] = (), where: str = "the result"
) -> Result:
    """Compute observables of a stored result again, or others than it has.

    Parameters
    ----------
    result : Result
        Of `snsim.simulate` or of a sequence. The input profile is not needed: the star is in the result. Opacities are
        those of the result or, where it has none (sequences), computed again from its matter.
    names : sequence of str
        Observables; by default those that the result has.
    overrides : iterable of str
        ``diagnostics.<name>.<key>=value``.
    where : str
        The file, for messages.

    Returns
    -------
    Result
        The same with new groups ``diagnostics/<name>``. Their attributes say when, with which version and code, and from
        which opacities they were computed; the run file and its hash are those of a run that asked for them at once.

    Raises
    ------
    ConfigError
        An override of anything else, an unknown observable, one that the transport scheme cannot give, options of an
        observable that would not be computed.
    ResultFileError
        A result without what is needed, or whose opacities would need a file that has changed.
    """
    require_observables(names)
    config = _reconfigured(result, names, list(overrides), where)
    chosen = tuple(names) or config.diagnostics.names
    spectra_from = STORED if _has_opacities(result) else ANEW
    if HISTORY in result.groups:
        found = _in_sequence(result, config, chosen, where)
    else:
        star = restore(result, config, where)
        found = observe(config, chosen, star.background, star.spectra, star.solution)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    stamp = {"computed": now, "snsim_version": __version__, "code": code_hash(), "opacities": spectra_from}
    again = replace(
        result,
        groups={**result.groups, **found},
        config_toml=resolve_toml(config),
        attributes={**result.attributes, **{name: stamp for name in found if name != HISTORY}},
    )
    line = f"{now} snsim {__version__} code {stamp['code']}: {', '.join(chosen)}"
    before = result.provenance.get("diagnosed", "")
    record = {
        "config_hash": config_hash(config, recorded_files(config, result.provenance.get("inputs", ""))),
        "diagnosed": f"{before}\n{line}" if before else line,
        "citations": "\n".join(citations_of(again)),
    }
    return replace(again, provenance={**result.provenance, **record})


def restore(result: Result, config: Config, where: str = "the result") -> Restored:
    """Return the star, the opacities and the neutrinos of a result with one star.

    Raises
    ------
    ResultFileError
        Naming what it lacks.
    """
    try:
        background = restore_background(result["profile"])
        solution = restore_solution(result["transport"]) if "transport" in result.groups else None
        if _has_opacities(result):
            spectra = restore_spectra(result["opacity"], background)
        else:
            spectra = _spectra_anew(config, background, result.provenance, where)
    except KeyError as error:
        raise ResultFileError(
            f"{where}: has no {str(error).strip(chr(39) + chr(34))}, which observables are computed from; was it written by "
            "an older version? snsim run computes it again."
        ) from None
    if solution is None and config.transport.scheme != "none":
        raise ResultFileError(f"{where}: has no group 'transport'; snsim run computes it again.")
    return Restored(background, spectra, solution)


def _has_opacities(result: Result) -> bool:
    return "absorption" in result.groups.get("opacity", {})


def _reconfigured(result: Result, names: Sequence[str], overrides: list[str], where: str) -> Config:
    """Return the run file as if it had asked for these observables."""
    before = reconfigure(result.config_toml, (), where)
    for override in overrides:
        key = override.partition("=")[0].strip()
        if not key.startswith("diagnostics.") or key == "diagnostics.names":
            raise ConfigError(
                f"--set '{override}': only options of observables can change without solving again, such as "
                "diagnostics.kick.asymmetry=0.02; the rest needs snsim run, and --observables says which."
            )
    wanted = tuple(dict.fromkeys((*before.diagnostics.names, *names)))
    config = reconfigure(result.config_toml, [*overrides, f"diagnostics.names={write_value(wanted)}"], where)
    stale = [
        name
        for name in type(config.diagnostics).model_fields
        if name not in (names or wanted)
        and name != "names"
        # one that the result does not have is stale only by keys of its own, not by those it shares with another
        and (name in wanted or getattr(before.diagnostics, name) != getattr(config.diagnostics, name))
        and before.diagnostics.options(name) != config.diagnostics.options(name)
    ]
    if stale:
        raise ConfigError(f"--set changes {stale[0]}, which is not computed; name it in --observables.")
    return config


def _spectra_anew(
    config: Config, background: Background, provenance: Mapping[str, str], where: str
) -> OpacitySpectra:
    """Opacities of stored matter; files of the microphysics must be the ones of the run."""
    now = input_files(config.model_copy(update={"profile": type(config)(schema=1).profile, "sequence": None}))
    for key, (path, digest) in recorded_files(config, provenance.get("inputs", "")).items():
        if key in now and digest and now[key][1] != digest:
            raise ResultFileError(
                f'{where}: its opacities were made with another {key} = "{path}", which has changed since; '
                "put the old file back, or run again."
            )
    opacities = OpacitySet.from_names(process_names(config.microphysics), microphysics_settings(config))
    inelastic = config.transport.inelastic and config.transport.scheme != "none"
    return gray_spectra(opacities, background.matter, energy_grid(config), inelastic=inelastic)


def _in_sequence(
    result: Result, config: Config, names: Sequence[str], where: str
) -> dict[str, dict[str, Variable]]:
    """Observables of every moment, along time again."""
    stars = (restore(moment(result, index), config, where) for index in range(moments_in(result)))
    found = stack(
        without_varying(observe(config, names, star.background, star.spectra, star.solution))
        for star in stars
    )
    time = result[HISTORY][TIME]
    groups = {name: {TIME: time, **group} for name, group in found.items()}
    return {**groups, HISTORY: {**result[HISTORY], **headlines(found)}}
