"""A configuration computed into a folder: a star, a star in time, or a sequence; `result.h5` appears when it is done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from snsim.config.schema import Config
from snsim.errors import ConvergenceError
from snsim.output.provenance import code_of
from snsim.output.reader import CHECKPOINT_FILE, PARTIAL_FILE, RESULT_FILE, read_result
from snsim.output.writer import write_result
from snsim.result import Result


def compute(
    config: Config,
    directory: str | Path,
    progress: Callable[[str], None] | None = None,
    note: Mapping[str, str] | None = None,
    may_replace: Callable[[], None] | None = None,
) -> Result:
    """Compute a configuration and write `result.h5`, which appears only when it is complete.

    Parameters
    ----------
    config : Config
        Any; ``[evolution]`` goes on from its checkpoint in the folder, ``[sequence]`` from the stars kept there.
    directory : str or Path
        Exists.
    progress : callable, optional
        Called with a few words before each stage.
    note : mapping, optional
        Further provenance.
    may_replace : callable, optional
        Called when the result of a single star is known, before it is written; what it raises goes through.

    Returns
    -------
    Result

    Raises
    ------
    ConvergenceError
        A solver that stopped short; the last iterate is in `result.partial.h5`.
    ResultFileError
        If files cannot be written.
    """
    directory, own = Path(directory), dict(note or {}) | code_of(config)
    if config.sequence is not None:
        from snsim.sequence import simulate_sequence

        return read_result(simulate_sequence(config, directory, progress, own))
    from snsim.pipeline import simulate

    partial, checkpoint = directory / PARTIAL_FILE, directory / CHECKPOINT_FILE
    try:
        result = _noted(simulate(config, progress, checkpoint=checkpoint), own)
    except ConvergenceError as error:
        if not isinstance(error.partial, Result):
            raise
        write_result(_noted(error.partial, own), partial)
        raise ConvergenceError(f"{error} The last iterate is in {partial}.", error.partial) from error
    if may_replace is not None:
        may_replace()
    write_result(result, directory / RESULT_FILE)
    partial.unlink(missing_ok=True)
    if config.evolution is not None:
        checkpoint.unlink(missing_ok=True)
    return result


def _noted(result: Result, note: Mapping[str, str]) -> Result:
    return replace(result, provenance={**result.provenance, **note})
