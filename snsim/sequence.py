"""A sequence of stars, each solved as a steady state, as one result along time."""

from __future__ import annotations

import os
import shutil
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from microphysics.errors import OutOfRangeError, PhysicsWarning
from snsim.config.eos import equation_of_state
from snsim.config.load import config_hash, input_files
from snsim.config.schema import Config
from snsim.config.stars import stars
from snsim.config.write import resolve_toml
from snsim.errors import ConvergenceError, ProfileError, ResultFileError
from snsim.output.growing import GrowingFile
from snsim.output.provenance import code_hash, collect
from snsim.output.reader import RESULT_FILE, read_result
from snsim.output.writer import write_result
from snsim.pipeline import simulate
from snsim.profiles.profile import Profile
from snsim.profiles.readers import load_profile
from snsim.result import Result
from snsim.series import HISTORY, record
from snsim.transport.grid import DEFAULT_OUTER_RADIUS

PARTIAL_FILE = "result.partial.h5"
RECORDS = "result.records"  # a folder with one file for each star that is done; gone when all are
EARLY = 0.03  # s after bounce, before which a star changes faster than neutrinos leave it
ABOUT = {
    "beginning": "every star is a steady state of its own: neutrinos remember nothing of the star before",
    "left_out": "observables whose number changes from star to star, and opacities, which follow from the stored matter",
}


@dataclass(frozen=True)
class Star:
    """One star of a sequence.

    Attributes
    ----------
    time : float
        s.
    words : str
        Which one, for messages.
    config : Config
        Of this star alone.
    profile : Profile
    """

    time: float
    words: str
    config: Config
    profile: Profile


def simulate_sequence(
    config: Config,
    directory: str | Path,
    progress: Callable[[str], None] | None = None,
    note: Mapping[str, str] | None = None,
) -> Path:
    """Solve every star of ``[sequence]`` and write `result.h5`.

    Stars that an earlier, interrupted call has done are taken from its files. While it runs, `result.partial.h5` holds
    what is done, in the layout of the result, and is renamed at the end.

    Parameters
    ----------
    config : Config
        With ``[sequence]``.
    directory : str or Path
        Of the result; exists.
    progress : callable, optional
        Called with a few words before each stage.
    note : mapping, optional
        Further provenance.

    Returns
    -------
    Path
        The result.

    Raises
    ------
    ProfileError
        Before any solution, if a star cannot be read or leaves the common grid.
    ConvergenceError
        At the first star that cannot be solved; what is done stays.
    ResultFileError
        If files cannot be written.
    """
    directory, say = Path(directory), progress or (lambda _: None)
    started, began = datetime.now(UTC), time.perf_counter()
    say("profiles")
    chosen = read_stars(config)
    _warn_of_early(chosen)
    partial, records = directory / PARTIAL_FILE, directory / RECORDS
    records.mkdir(exist_ok=True)
    origin = collect(
        config_hash(config), title=config.title, started=started, inputs=input_files(config).values()
    )
    origin |= dict(note or {})
    text = resolve_toml(config)
    citations: dict[str, None] = {}
    with GrowingFile(partial, Result({}, text, origin)) as file:
        for index, star in enumerate(chosen):
            try:
                with _named(star.words):
                    one = _solved(star, index, records, say)
            except KeyboardInterrupt:
                raise KeyboardInterrupt(
                    f"{index} of {len(chosen)} stars are kept in {records}; the same command goes on from there"
                ) from None
            citations |= dict.fromkeys(one.provenance.get("citations", "").splitlines())
            file.append(star.time, record(one))
        last = {key: one.provenance[key] for key in ("transport",) if key in one.provenance}
        origin |= last | {
            "citations": "\n".join(citations),
            "profile": "\n".join(star.profile.source for star in chosen),
            "wall_time_s": f"{time.perf_counter() - began:.3f}",
        }
        file.finish(Result({}, text, origin, {HISTORY: ABOUT}))
    target = directory / RESULT_FILE
    os.replace(partial, target)
    shutil.rmtree(records)
    return target


def read_stars(config: Config) -> list[Star]:
    """Read every star of ``[sequence]``, and give all the same zones, wherever their shocks are.

    Raises
    ------
    ProfileError
        For a star that cannot be read, or that ends inside the grid.
    """
    assert config.sequence is not None
    times, each = config.sequence.times, stars(config)
    eos = equation_of_state(config.microphysics)
    found = []
    for index, (when, own) in enumerate(zip(times, each, strict=True)):
        words = f"star {index + 1} of {len(times)}, t = {1e3 * when:.6g} ms"
        try:
            found.append(Star(when, words, own, load_profile(own.profile, eos=eos)))
        except (ProfileError, OutOfRangeError) as error:
            raise type(error)(f"{words}: {error}") from None
    outer = config.grid.r_outer or min(
        DEFAULT_OUTER_RADIUS, *(float(star.profile.radius[-1]) for star in found)
    )
    grid = config.grid.model_copy(update={"r_outer": outer, "edge_at_shock": False})
    for star in found:
        if outer > star.profile.radius[-1] * (1.0 + 1e-12):
            raise ProfileError(
                f"{star.words}: grid.r_outer = {outer / 1e5:.6g} km lies beyond the profile, which ends at "
                f"{star.profile.radius[-1] / 1e5:.6g} km ({star.profile.source})"
            )
    return [replace(star, config=star.config.model_copy(update={"grid": grid})) for star in found]


def _warn_of_early(chosen: Sequence[Star]) -> None:
    early = [star for star in chosen if 0.0 <= star.time < EARLY]
    if early:
        warnings.warn(
            f"{len(early)} of {len(chosen)} stars are younger than {1e3 * EARLY:g} ms, if times count from bounce: steady "
            "luminosities err by 10 % and more there, because the star changes faster than neutrinos leave it",
            PhysicsWarning,
            stacklevel=3,
        )


def _solved(star: Star, index: int, records: Path, progress: Callable[[str], None]) -> Result:
    """Return the result of a star, stored or new."""
    file = records / f"{index:05d}.h5"
    progress(star.words)
    key, code = config_hash(star.config), code_hash()
    if file.exists():
        try:
            stored = read_result(file)
        except ResultFileError:  # left by something else: solved again
            stored = Result({})
        if (stored.provenance.get("config_hash"), stored.provenance.get("code")) == (key, code):
            return stored
    try:
        result = simulate(star.config, lambda stage: progress(f"{star.words}: {stage}"), star.profile)
    except ConvergenceError as error:
        words = f"{star.words}: {error} {index} stars are done and kept; the same command goes on from there."
        if isinstance(error.partial, Result):
            last = write_result(error.partial, records / f"{index:05d}.unconverged.h5")
            words += f" The last iterate is in {last}."
        raise ConvergenceError(words) from error
    kept = {name: group for name, group in result.groups.items() if name != "opacity"}
    kept["opacity"] = record(result)["opacity"]
    write_result(replace(result, groups=kept), file)
    return result


@contextmanager
def _named(words: str) -> Iterator[None]:
    """Say with every warning which star it is about."""
    caught: list[warnings.WarningMessage] = []
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always", PhysicsWarning)
            caught = said
            yield
    finally:
        for each in caught:
            warnings.warn(f"{words}: {each.message}", each.category, stacklevel=3)
