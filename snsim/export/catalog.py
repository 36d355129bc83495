"""The formats by name, and how a signal, or the matter around it, becomes files."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from microphysics.errors import UnknownNameError
from snsim.errors import ConfigError
from snsim.export import fluences, time_tables
from snsim.export.text import rows, write_text
from snsim.result import Result
from snsim.series import HISTORY, moments_in
from snsim.signal.table import Signal

# how a signal becomes texts: of file names, the rest beside the path asked for
Texts = Callable[[Signal, Path, float | None], dict[Path, str]]


@dataclass(frozen=True)
class Format:
    """One format.

    Attributes
    ----------
    reader : str
        What reads it.
    nux : str
        What its heavy-lepton numbers mean.
    ending : str
        Of the name of its file; empty for a folder.
    texts : callable
        (signal, path, distance in cm or None) to texts by path.
    dark_ends : bool
        Whether rows with luminosity 0 stand at both ends.
    tabulated : bool
        Whether it carries the spectra of runs with energy groups.
    needs_distance : bool
        Whether its numbers are those at a distance.
    """

    reader: str
    nux: str
    ending: str
    texts: Texts
    dark_ends: bool = False
    tabulated: bool = False
    needs_distance: bool = False


def _one(text: Callable[[Signal], str]) -> Texts:
    return lambda signal, path, distance: {path: text(signal)}


def _fluence(signal: Signal, path: Path, distance: float | None) -> dict[Path, str]:
    assert distance is not None
    return {path: fluences.snowglobes(signal, distance)}


def _pinched(signal: Signal, path: Path, distance: float | None) -> dict[Path, str]:
    texts = fluences.pinched(signal)
    return {path.with_name(f"{path.stem}{end}{path.suffix}"): text for end, text in texts.items()}


def _marley(signal: Signal, path: Path, distance: float | None) -> dict[Path, str]:
    return {path / f"{name}.js": text for name, text in fluences.marley(signal).items()}


FORMATS: dict[str, Format] = {
    "snewpy": Format(
        "SNEWPY, Analytic3Species", "one of four", ".dat", _one(time_tables.snewpy), dark_ends=True
    ),
    "oconnor": Format(
        "SNEWPY, OConnor_2015; sntools", "sum of four", ".dat", _one(time_tables.oconnor), dark_ends=True
    ),
    "sntools-gamma": Format(
        "sntools, --format gamma", "one of four", ".csv", _one(time_tables.sntools_gamma)
    ),
    "snowglobes": Format(
        "SNOwGLoBES", "four equal columns", ".dat", _fluence, tabulated=True, needs_distance=True
    ),
    "snowglobes-pinched": Format("SNOwGLoBES, pinched", "one of four", ".dat", _pinched),
    "marley": Format("MARLEY", "four equal files", "", _marley, tabulated=True),
    "csv": Format("anything", "one of four", ".csv", _one(time_tables.csv)),
}
PROFILE = "msw-profile"
"""Not of the signal but of the matter: two files for SNEWPY's MSWEffect."""


def require_format(name: str) -> None:
    """Refuse a format that there is not.

    Raises
    ------
    UnknownNameError
        Listing those that there are.
    """
    if name not in FORMATS and name != PROFILE:
        raise UnknownNameError("format", name, (*FORMATS, PROFILE))


def write(signal: Signal, path: str | Path, name: str, distance: float | None = None) -> tuple[Path, ...]:
    """Write a signal.

    Parameters
    ----------
    signal : Signal
        Of `snsim.signal`.
    path : str or Path
        Of the file; of the folder for `marley`. What is there is replaced.
    name : str
        Of the format, in `FORMATS`.
    distance : float, optional
        To the observer, cm; `snowglobes` needs it, the others have none.

    Returns
    -------
    tuple of Path
        Files written, each moved into place when it was complete.

    Raises
    ------
    UnknownNameError
        For a format that there is not.
    ConfigError
        For a distance that is missing, not positive, or has no meaning there.
    ResultFileError
        If a file cannot be written.
    """
    require_format(name)
    if name == PROFILE:
        raise ConfigError(f"{PROFILE} is a format of a star's matter: use write_profile(result, path)")
    chosen = FORMATS[name]
    if chosen.needs_distance and distance is None:
        raise ConfigError(f"{name} needs a distance: its numbers are neutrinos per cm^2 at the observer")
    if distance is not None and not 0.0 < distance < math.inf:
        raise ConfigError(f"distance = {distance:g} cm: must be positive")
    if distance is not None and not chosen.needs_distance:
        raise ConfigError(f"{name} has no distance: its numbers are those of the star; leave it out")
    texts = chosen.texts(signal, Path(path), distance)
    for target, text in texts.items():
        write_text(target, text)
    return tuple(texts)


def parts(signal: Signal, path: str | Path, count: int) -> list[tuple[Signal, Path]]:
    """Cut a signal into parts of equal length, for a file each.

    Parameters
    ----------
    signal : Signal
        Any.
    path : str or Path
        ``_001`` and so on go before its ending.
    count : int
        Number of parts; 1 leaves signal and name as they are.

    Returns
    -------
    list of (Signal, Path)
        For `write`, one after the other.

    Raises
    ------
    ConfigError
        For a number that is not positive.
    """
    path = Path(path)
    if count < 1:
        raise ConfigError(f"{count} parts: expected at least 1")
    if count == 1:
        return [(signal, path)]
    edges = np.linspace(signal.time[0], signal.time[-1], count + 1)
    return [
        (
            signal.between(float(edges[k]), float(edges[k + 1])),
            path.with_name(f"{path.stem}_{k + 1:03d}{path.suffix}"),
        )
        for k in range(count)
    ]


def profile_paths(path: Path) -> tuple[Path, Path]:
    """Return the names of the files of density and electron fraction."""
    return path.with_name(f"{path.stem}_density{path.suffix}"), path.with_name(f"{path.stem}_ye{path.suffix}")


def write_profile(result: Result, path: str | Path) -> tuple[Path, ...]:
    """Write density and electron fraction over radius, as two files for SNEWPY's `MSWEffect`.

    Parameters
    ----------
    result : Result
        Uses the group `profile`.
    path : str or Path
        ``_density`` and ``_ye`` go before its ending. Pairs of numbers: radius in cm, and g/cm^3 or electrons per baryon.

    Returns
    -------
    tuple of Path
        The files.

    Raises
    ------
    ConfigError
        For a result without a profile, or with one at each of several times.
    ResultFileError
        If a file cannot be written.
    """
    group = result.groups.get("profile", {})
    if "density" not in group:
        raise ConfigError("the result has no profile of the matter")
    if HISTORY in result.groups:
        raise ConfigError(
            f"the result is a sequence of {moments_in(result)} stars, each with a profile: give snsim.series.moment(result, "
            "index), or a run of one star"
        )
    files = profile_paths(Path(path))
    for target, name, unit in zip(
        files, ("density", "electron_fraction"), ("density in g/cm^3", "electrons per baryon"), strict=True
    ):
        words = f"# radius in cm, {unit}; centres of the zones of the run, which end where it ends\n"
        write_text(target, words + rows([group["radius"].values, group[name].values]))
    return files
