"""A run file to a `Config`, every mistake of it reported at once, and back to a complete run file."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from snsim.config.quantities import Dimension
from snsim.config.schema import (
    AnalyticProfile,
    CollapseProfile,
    Config,
    HydrostaticProfile,
    TableProfile,
    nearest,
)
from snsim.errors import ConfigError

RUN_FILE = "run.toml"
_FORMATS: dict[str, type[BaseModel]] = {
    "analytic": AnalyticProfile,
    "hydrostatic": HydrostaticProfile,
    "collapse": CollapseProfile,
    "table": TableProfile,
}
_EXPECTED_TYPES = {
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "string": "a text",
    "tuple": "a list",
    "list": "a list",
    "dict": "a table",
    "model": "a table",
    "model_attributes": "a table",
}


@dataclass(frozen=True)
class _Source:
    """Where keys come from: a run file, if there is one, and `--set`."""

    file: Path | None
    given: frozenset[str]

    def sets(self, key: str) -> bool:
        """Whether `--set` gave a key, or what it stands in."""
        return any(key == each or key.startswith((f"{each}.", f"{each}[")) for each in self.given)

    def where(self, key: str) -> str:
        """Say where a key stands; a section may be put together from both."""
        parts = sorted(f"--set {each}" for each in self.given if each.startswith(f"{key}."))
        if self.sets(key) or (parts and self.file is None):
            return "given with --set"
        return f"in {' and '.join([str(self.file), *parts])}"

    @property
    def nowhere(self) -> str:
        """Say where a key is missing, after a blank."""
        return "" if self.file is None else f" in {self.file}"


def load_config(path: str | Path | None, overrides: Iterable[str] = ()) -> Config:
    """Read a run file, or the `run.toml` of a directory.

    Paths in the file are relative to the file, paths in `overrides` to the current directory; both come back
    absolute.

    Parameters
    ----------
    path : str or Path or None
        A TOML file or a directory that holds `run.toml`; None for the defaults.
    overrides : iterable of str
        `key.path=value`; the value is TOML where it parses as such, otherwise a plain text.

    Returns
    -------
    Config
        Immutable; CGS floats, MeV for energies of particles.

    Raises
    ------
    ConfigError
        One line for each mistake of the file.
    """
    overrides = [overrides] if isinstance(overrides, str) else overrides
    file = None if path is None else Path(path)
    if file is not None and file.is_dir():
        file = file / RUN_FILE
    tables = {"schema": 1} if file is None else _read(file)
    source = _Source(file, frozenset(_apply(tables, overrides)))
    mistakes = _resolve_paths(tables, source)
    try:
        config = Config.model_validate(tables)
    except ValidationError as error:
        mistakes = [_sentence(detail, source) for detail in _details(error)] + mistakes
    if mistakes:
        raise ConfigError("\n".join(mistakes))
    return config


def _details(error: ValidationError) -> list[Any]:
    """Errors of pydantic: unknown keys, then missing ones (often one misspelt), then the rest.

    Its complaint that a list is too short is left out where only the items are wrong.
    """
    first = {"extra_forbidden": 0, "missing": 1}
    details = error.errors(include_url=False)
    items = {detail["loc"][:-1] for detail in details if detail["loc"] and isinstance(detail["loc"][-1], int)}
    kept = [detail for detail in details if detail["type"] != "too_short" or detail["loc"] not in items]
    return sorted(kept, key=lambda detail: first.get(detail["type"], 2))


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(
            f"{file}: no such run file; give a run file or a directory that holds {RUN_FILE}."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        if isinstance(error, UnicodeDecodeError) and file.read_bytes()[:4] == b"\x89HDF":
            raise ConfigError(
                f"{file}: a result (HDF5), not a run file; expected a run file or a directory that holds {RUN_FILE}."
            ) from None
        raise ConfigError(f"{file}: cannot be read ({error}).") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file}: not valid TOML: {error}.") from None


def _apply(tables: dict[str, Any], overrides: Iterable[str]) -> set[str]:
    """Write `--set` values into the tables; returns their key paths."""
    keys = set()
    for override in overrides:
        key, separator, text = override.partition("=")
        parts = [part.strip() for part in key.split(".")]
        if not separator or not all(parts):
            raise ConfigError(f"--set '{override}': expected key.path=value, for instance grid.zones=100.")
        table = tables
        for part in parts[:-1]:
            table = table.setdefault(part, {})
            if not isinstance(table, dict):
                raise ConfigError(f"--set '{override}': '{part}' is a value, not a section.")
        table[parts[-1]] = _parse_value(text.strip())
        keys.add(".".join(parts))
    return keys


def _parse_value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _resolve_paths(tables: dict[str, Any], source: _Source) -> list[str]:
    """Make paths absolute; a table profile's file must be named and exist."""
    profile = tables.get("profile")
    is_table = isinstance(profile, dict) and profile.get("format") == "table"
    files = ("eos_table", "structure_factor_file")
    for section, key in (
        ("profile", "path"), *(("microphysics", key) for key in files), ("output", "directory"),
    ):  # fmt: skip
        table = tables.get(section) if is_table or section != "profile" else None
        if isinstance(table, dict) and isinstance(table.get(key), str):
            file = None if source.sets(f"{section}.{key}") else source.file
            base = Path.cwd() if file is None else file.parent
            table[key] = str((base / Path(table[key]).expanduser()).resolve())
    mistakes = []
    microphysics = tables.get("microphysics")
    for key in files:
        table = microphysics.get(key) if isinstance(microphysics, dict) else None
        if isinstance(table, str) and not Path(table).exists():
            where = source.where(f"microphysics.{key}")
            mistakes.append(f'microphysics.{key} = "{table}" {where}: no such file or folder.')
    if not isinstance(profile, dict) or not is_table:
        return mistakes
    path = profile.get("path")
    if path is None:
        return [
            *mistakes,
            f"profile.path{source.nowhere}: not given; name the profile's file with --set profile.path=FILE, "
            "or in the run file.",
        ]
    if isinstance(path, str) and not Path(path).is_file():
        where = source.where("profile.path")
        mistakes.append(
            f'profile.path = "{path}" {where}: no such file; give it with --set profile.path=FILE.'
        )
    return mistakes


def _sentence(detail: Any, source: _Source) -> str:
    """One mistake in words: key, value, where, what is expected."""
    location = list(detail["loc"])
    tag = None
    if len(location) > 1 and location[0] == "profile" and location[1] in _FORMATS:
        tag = location.pop(1)
    kind = detail["type"]
    if kind == "union_tag_not_found":
        formats = ", ".join(f'"{name}"' for name in _FORMATS)
        return f"[profile]{source.nowhere}: the key 'format' is missing; expected one of {formats}."
    if kind == "union_tag_invalid":
        location.append("format")
    key = _key(location)
    where = source.where(key)
    if kind == "missing" and isinstance(location[-1], int):
        return f"{_key(location[:-1])}{_shown(detail['input'])} {where}: too few values."
    if kind == "missing":
        return f"{key}{source.nowhere}: missing{_missing_hint(key)}."
    value = detail["ctx"]["tag"] if kind == "union_tag_invalid" else detail["input"]
    subject = f"[{key}]" if isinstance(value, dict) else f"{key}{_shown(value)}"
    if kind == "extra_forbidden":
        return f"{subject} {where}: unknown key{_unknown_hint(location, tag)}"
    text = _expectation(detail)
    return f"{subject} {where}: {text}{'' if text.endswith(('.', '?')) else '.'}"


def _key(location: Sequence[str | int]) -> str:
    """Write ("profile", "entropy", 1) as profile.entropy[1]."""
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _shown(value: Any) -> str:
    """' = value' as TOML, or nothing for tables and what has no short form."""
    if isinstance(value, dict):
        return ""
    return f" = {write_value(value)}"


def _missing_hint(key: str) -> str:
    return "; write schema = 1 at the top of the file" if key == "schema" else "; it has no default"


def _expectation(detail: Any) -> str:
    """Say what was expected, from pydantic's error type."""
    kind, context = detail["type"], detail.get("ctx", {})
    if kind in ("literal_error", "union_tag_invalid"):
        expected = context.get("expected") or context["expected_tags"]
        names = re.findall(r"'([^']*)'", expected)
        given = str(context.get("tag", detail["input"]))
        if len(names) < 2:
            return f"expected {expected.replace(' or ', ', ')}"
        return f"expected one of {', '.join(repr(name) for name in names)}.{nearest(given, names)}"
    limits = {"greater_than": "above {gt:g}", "greater_than_equal": "at least {ge:g}"}
    limits |= {"less_than": "below {lt:g}", "less_than_equal": "at most {le:g}"}
    if kind in limits:
        return f"expected a number {limits[kind].format(**context)}"
    if kind == "finite_number":
        return "expected a finite number"
    if kind == "too_short":
        return f"expected a list of at least {context['min_length']}"
    if kind == "too_long":
        return f"expected a list of at most {context['max_length']}"
    if kind.endswith("_type"):
        return f"expected {_EXPECTED_TYPES.get(kind.removesuffix('_type'), detail['msg'])}"
    return str(detail["msg"])


def _unknown_hint(location: Sequence[str | int], tag: Any) -> str:
    """Say the known keys, and the nearest one or the section that the key belongs to."""
    name = str(location[-1])
    known = _known_keys(location[:-1], tag)
    hint = nearest(name, known)
    if not hint:
        homes = [section for section, keys in _all_sections() if name in keys]
        hint = f" It belongs to [{homes[0]}]." if homes else ""
        if homes[:1] == ["profile"] == location[:-1]:
            hint = " It belongs to another profile format."
    return f"; known here are {', '.join(known)}.{hint}"


def _known_keys(location: Sequence[str | int], tag: Any) -> list[str]:
    model: type[BaseModel] = Config
    for part in location:
        field = model.model_fields.get(str(part))
        inner = _models(field.annotation) if field else [model]  # a name of our own, as in profile.columns
        model = _FORMATS[tag] if part == "profile" and tag else inner[0]
    return _keys(model)


def _keys(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _models(annotation: Any) -> list[type[BaseModel]]:
    """Return the models inside an annotation."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in get_args(annotation) for model in _models(inner)]


def _all_sections(model: type[BaseModel] = Config, prefix: str = "") -> Iterator[tuple[str, list[str]]]:
    """Every section by its dotted name, with its keys."""
    for name, field in model.model_fields.items():
        if get_origin(field.annotation) is not dict:
            for inner in _models(field.annotation):
                yield prefix + name, _keys(inner)
                yield from _all_sections(inner, f"{prefix}{name}.")


def write_value(value: Any) -> str:
    """Write one plain value as TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(write_value(item) for item in value)}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {write_value(item)}' for key, item in value.items())} }}"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value)


def resolve_toml(config: Config) -> str:
    """Write a configuration as a complete run file: every default in it, with its unit.

    Parameters
    ----------
    config : Config
        Any configuration.

    Returns
    -------
    str
        TOML that `load_config` reads back to an equal configuration. Keys that are not set stand as comments.
    """
    return "\n".join(_section_lines(config, "")).strip() + "\n"


def _section_lines(section: BaseModel, name: str) -> Iterator[str]:
    if name:
        yield f"\n[{name}]"
    inner: list[tuple[str, BaseModel]] = []
    for attribute, field in type(section).model_fields.items():
        key, value = field.alias or attribute, getattr(section, attribute)
        if isinstance(value, BaseModel):
            inner.append((f"{name}.{key}" if name else key, value))
        elif isinstance(value, dict):
            inner.extend((f"{name}.{key}.{write_key(column)}", spec) for column, spec in value.items())
        elif value is None:
            yield f"# {key} is not set"
        else:
            yield f"{key} = {_written(field, value)}"
    for path, model in inner:
        yield from _section_lines(model, path)


def write_key(key: str) -> str:
    """Write a TOML key, quoted where it must be."""
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else write_value(key)


def _written(field: Any, value: Any) -> str:
    for mark in field.metadata:
        if isinstance(mark, Dimension):
            return write_value(mark.write(value))
    return write_value(value)


def input_files(config: Config) -> dict[str, tuple[str, str]]:
    """Return the files that a configuration reads, by key: path and SHA-256 of the content.

    Parameters
    ----------
    config : Config
        Any configuration.

    Returns
    -------
    dict
        `profile.path`, `microphysics.eos_table` and `microphysics.structure_factor_file`, where they are given.

    Raises
    ------
    ConfigError
        A file that cannot be read.
    """
    given = {
        f"microphysics.{key}": getattr(config.microphysics, key)
        for key in ("eos_table", "structure_factor_file")
    }
    if isinstance(config.profile, TableProfile):
        given["profile.path"] = config.profile.path
    files = {}
    for key, path in given.items():
        if path is None:
            continue
        try:
            files[key] = (path, _digest(Path(path)))
        except OSError as error:
            raise ConfigError(f'{key} = "{path}": cannot be read ({error}).') from None
    return files


def _digest(path: Path) -> str:
    """SHA-256 of a file, or of the files of a folder in the order of their names."""
    digest = hashlib.sha256()
    for file in sorted(path.iterdir()) if path.is_dir() else [path]:
        if file.is_file():
            with file.open("rb") as handle:
                while block := handle.read(1 << 20):
                    digest.update(block)
    return digest.hexdigest()


def config_hash(config: Config) -> str:
    """Hash what decides the physical answer: not title and output; a profile's content, not its path.

    Parameters
    ----------
    config : Config
        Any configuration.

    Returns
    -------
    str
        12 hex digits.
    """
    physics = config.model_dump(mode="json", by_alias=True, exclude={"title", "output"})
    for key, (_, digest) in input_files(config).items():
        section, _, name = key.partition(".")
        physics[section][name] = digest
    text = json.dumps(physics, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:12]
