"""A run file to a `Config`, every mistake of it reported at once."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from snsim.config.mistakes import Source, mistakes_of
from snsim.config.model_names import nearest
from snsim.config.schema import Config, FileProfile, TableProfile
from snsim.config.stars import stars
from snsim.errors import ConfigError

RUN_FILE, STUDY_FILE = "run.toml", "study.toml"
# files that a folder is known by: what they are, and the command for them
_KINDS = {
    RUN_FILE: ("run file", "snsim run"),
    STUDY_FILE: ("study", "snsim sweep"),
    "table.toml": ("table's file", "snsim table"),
}
OF_FILES = ("table", "gr1d-short", "gr1d", "kepler", "mesa")  # formats of profiles that name a file
# keys of [microphysics] that name a file, or several
_FILES = ("eos_table", "structure_factor_file", "bremsstrahlung_table", "capture_tables")
# keys whose texts are paths
PATHS = (
    "profile.path",
    "output.directory",
    "sequence.profile.path",
    *(f"microphysics.{key}" for key in _FILES),
)
Root = TypeVar("Root", bound=BaseModel)


def load_config(path: str | Path | None, overrides: Iterable[str] = ()) -> Config:
    """Read a run file, or the `run.toml` of a directory: `read_sections` of a `Config`, every star of a sequence checked."""
    config = read_sections(path, overrides, Config, RUN_FILE)
    stars(config, None if path is None else Path(path))
    return config


def read_sections(
    path: str | Path | None, overrides: Iterable[str], root: type[Root], name_in_folder: str
) -> Root:
    """Read a TOML file of sections.

    Paths in the file are relative to the file, paths in `overrides` to the current directory; both come back
    absolute.

    Parameters
    ----------
    path : str or Path or None
        A TOML file or a directory that holds one; None for the defaults.
    overrides : iterable of str
        `key.path=value`; the value is TOML where it parses as such, otherwise a plain text.
    root : type
        The sections.
    name_in_folder : str
        Name of the file in a directory, such as `run.toml`.

    Returns
    -------
    root
        Immutable; CGS floats, MeV for energies of particles.

    Raises
    ------
    ConfigError
        One line for each mistake of the file.
    """
    overrides = [overrides] if isinstance(overrides, str) else overrides
    file = None if path is None else Path(path)
    if file is not None and file.is_dir():
        file = file / name_in_folder
    tables = {"schema": 1} if file is None else read_tables(file, name_in_folder)
    return build(tables, Source(file, frozenset(_apply(tables, overrides))), root)


def build(tables: dict[str, Any], source: Source, root: type[Root]) -> Root:
    """Make sections of the tables of a TOML file, in which paths become absolute.

    Raises
    ------
    ConfigError
        One line for each mistake.
    """
    mistakes = _resolve_paths(tables, source)
    try:
        config = root.model_validate(tables)
    except ValidationError as error:
        mistakes = mistakes_of(error, source, root) + mistakes
    if mistakes:
        raise ConfigError("\n".join(mistakes))
    return config


def reconfigure(text: str, overrides: Iterable[str], where: str) -> Config:
    """Read a resolved run file that a result holds, with overrides; the files that it names may be gone.

    Parameters
    ----------
    text : str
        TOML, all paths absolute.
    overrides : iterable of str
        As for `read_sections`.
    where : str
        The result, for messages.

    Raises
    ------
    ConfigError
        One line for each mistake.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{where}: the run file stored in it is not valid TOML: {error}.") from None
    source = Source(Path(where), frozenset(_apply(tables, overrides)))
    try:
        return Config.model_validate(tables)
    except ValidationError as error:
        raise ConfigError("\n".join(mistakes_of(error, source, Config))) from None


def read_tables(file: Path, name_in_folder: str) -> dict[str, Any]:
    """Read a TOML file; a ConfigError says why it cannot be."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(_absent(file, name_in_folder)) from None
    except (OSError, UnicodeDecodeError) as error:
        if isinstance(error, UnicodeDecodeError) and file.read_bytes()[:4] == b"\x89HDF":
            raise ConfigError(
                f"{file}: a result (HDF5), not a run file; expected a run file or a directory that holds {name_in_folder}."
            ) from None
        raise ConfigError(f"{file}: cannot be read ({error}).") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file}: not valid TOML: {error}.") from None


def _absent(file: Path, name_in_folder: str) -> str:
    """Say that a file is not there, and what is: another kind of file, or a folder of nearly that name."""
    kind, folder = _KINDS[name_in_folder][0], file.parent
    if file.name == name_in_folder:
        for name, (other, command) in _KINDS.items():
            if (folder / name).is_file():
                return f"{file}: no such {kind}; {folder} holds {name}, a {other}: {command} {folder}"
    alike = [each.parent.name for each in folder.glob(f"*/{name_in_folder}")]
    hint = nearest(file.name, alike)
    return f"{file}: no such {kind}; give a {kind} or a directory that holds {name_in_folder}.{hint}"


def _apply(tables: dict[str, Any], overrides: Iterable[str]) -> set[str]:
    """Write `--set` values into the tables; returns their key paths."""
    keys = set()
    for override in overrides:
        key, separator, text = override.partition("=")
        parts = [part.strip() for part in key.split(".")]
        if not separator or not all(parts):
            raise ConfigError(f"--set '{override}': expected key.path=value, for instance grid.zones=100.")
        try:
            place(tables, parts, parse_value(text.strip()))
        except ConfigError as error:
            raise ConfigError(f"--set '{override}': {error}") from None
        keys.add(".".join(parts))
    return keys


def place(tables: dict[str, Any], parts: Sequence[str], value: Any) -> None:
    """Write one value into the tables of a TOML file; sections that are not there are made.

    Raises
    ------
    ConfigError
        Where a value stands in place of a section.
    """
    table = tables
    for part in parts[:-1]:
        table = table.setdefault(part, {})
        if not isinstance(table, dict):
            raise ConfigError(f"'{part}' is a value, not a section.")
    table[parts[-1]] = value


def parse_value(text: str) -> Any:
    """Read a value as TOML where it parses as such, otherwise as a plain text."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _resolve_paths(tables: dict[str, Any], source: Source) -> list[str]:
    """Make paths absolute; a table profile's file must be named, and every file exist."""
    profile = tables.get("profile")
    is_table = isinstance(profile, dict) and profile.get("format") in OF_FILES
    listed = _resolve_sequence(tables, source)
    if listed is not None:
        profile, is_table = None, False
    sections = [("microphysics", key) for key in _FILES]
    for section, key in (*sections, ("output", "directory"), *([("profile", "path")] if is_table else [])):
        table = tables.get(section)
        given = table.get(key) if isinstance(table, dict) else None
        file = None if source.sets(f"{section}.{key}") else source.file
        base = Path.cwd() if file is None else file.parent
        if isinstance(given, str):
            tables[section][key] = _absolute(base, given)
        elif isinstance(given, list):
            tables[section][key] = [
                _absolute(base, each) if isinstance(each, str) else each for each in given
            ]
    mistakes = listed or []
    microphysics = tables.get("microphysics")
    for key in _FILES:
        given = microphysics.get(key) if isinstance(microphysics, dict) else None
        for each in given if isinstance(given, list) else [given]:
            if isinstance(each, str) and not Path(each).exists():
                where = source.where(f"microphysics.{key}")
                mistakes.append(f'microphysics.{key} = "{each}" {where}: no such file or folder.')
    if not isinstance(profile, dict) or not is_table:
        return mistakes
    path = profile.get("path")
    if path is None:
        return [
            *mistakes,
            f"profile.path{source.nowhere}: not given; name the profile's file with --set profile.path=FILE, "
            "or in the run file.",
        ]
    if isinstance(path, str) and not Path(path).exists():
        where = source.where("profile.path")
        mistakes.append(
            f'profile.path = "{path}" {where}: no such file; give it with --set profile.path=FILE.'
        )
    return mistakes


def _resolve_sequence(tables: dict[str, Any], source: Source) -> list[str] | None:
    """Make the files of a sequence a list of absolute paths; return mistakes, None where a sequence names no files."""
    sequence = tables.get("sequence")
    named = sequence.get("profile") if isinstance(sequence, dict) else None
    given = named.get("path") if isinstance(named, dict) else None
    if given is None or not isinstance(named, dict):
        return None
    key = "sequence.profile.path"
    file = None if source.sets(key) else source.file
    base = Path.cwd() if file is None else file.parent
    if isinstance(given, str):
        pattern = Path(_absolute(base, given))
        paths = sorted(str(path) for path in pattern.parent.glob(pattern.name))
        if not paths:
            times = sequence.get("times") if isinstance(sequence, dict) else None
            count = len(times) if isinstance(times, list) else 0
            named["path"] = [str(pattern)] * count  # one mistake is enough
            return [f'{key} = "{given}" {source.where(key)}: no file has such a name.']
    else:
        paths = [_absolute(base, each) for each in given if isinstance(each, str)]
    named["path"] = paths
    return [
        f'{key}: "{path}" {source.where(key)}: no such file.' for path in paths if not Path(path).exists()
    ]


def _absolute(base: Path, path: str) -> str:
    return str((base / Path(path).expanduser()).resolve())


def input_files(config: Config) -> dict[str, tuple[str, str]]:
    """Return the files that a configuration reads, by key: path and SHA-256 of the content.

    Parameters
    ----------
    config : Config
        Any configuration.

    Returns
    -------
    dict
        `profile.path` and the files of ``[microphysics]``, where they are given; of several in one key, all as one.

    Raises
    ------
    ConfigError
        A file that cannot be read.
    """
    files = {}
    for key, several in named_files(config).items():
        try:
            digests = [_digest(Path(path)) for path in several]
        except OSError as error:
            raise ConfigError(f'{key} = "{", ".join(several)}": cannot be read ({error}).') from None
        whole = digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()
        files[key] = (", ".join(several), whole)
    return files


def named_files(config: Config) -> dict[str, list[str]]:
    """Return the files that a configuration names, by key, without looking at them."""
    given = {f"microphysics.{key}": getattr(config.microphysics, key) for key in _FILES}
    if isinstance(config.profile, (TableProfile, FileProfile)):
        given["profile.path"] = config.profile.path
    if config.sequence is not None:
        given["sequence.profile.path"] = config.sequence.profile.get("path")
    return {key: [paths] if isinstance(paths, str) else list(paths) for key, paths in given.items() if paths}


def recorded_files(config: Config, inputs: str) -> dict[str, tuple[str, str]]:
    """Return `input_files` as a provenance recorded them, so that the files may be gone.

    Parameters
    ----------
    config : Config
        That was run.
    inputs : str
        Lines ``SHA-256  path`` of the provenance.
    """
    digests = {path: digest for digest, _, path in (line.partition("  ") for line in inputs.splitlines())}
    named = {key: ", ".join(paths) for key, paths in named_files(config).items()}
    return {key: (path, digests.get(path, "")) for key, path in named.items()}


def _digest(path: Path) -> str:
    """SHA-256 of a file, or of the files of a folder in the order of their names."""
    files = [file for file in (sorted(path.iterdir()) if path.is_dir() else [path]) if file.is_file()]
    states = [file.stat() for file in files] if files else [path.stat()]
    return _digest_of(tuple(files), tuple((each.st_size, each.st_mtime_ns) for each in states))


@lru_cache(maxsize=256)
def _digest_of(files: tuple[Path, ...], _: tuple[tuple[int, int], ...]) -> str:
    """SHA-256 of files in the state that is given: every star of a sequence asks again."""
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as handle:
            while block := handle.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def config_hash(config: Config, files: dict[str, tuple[str, str]] | None = None) -> str:
    """Hash what decides the physical answer: not title and output; a profile's content, not its path.

    Parameters
    ----------
    config : Config
        Any configuration.
    files : dict, optional
        As `input_files` gives them, which reads them if they are not given.

    Returns
    -------
    str
        12 hex digits.
    """
    physics = config.model_dump(mode="json", by_alias=True, exclude={"title", "output"})
    for key, (_, digest) in (input_files(config) if files is None else files).items():
        *sections, name = key.split(".")
        table = physics
        for section in sections:
            table = table[section]
        table[name] = digest
    text = json.dumps(physics, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:12]
