"""The mistakes of a run file in words: key, value, where, what is expected."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from snsim.config.schema import (
    AnalyticProfile,
    CollapseProfile,
    FileProfile,
    HydrostaticProfile,
    TableProfile,
    nearest,
)
from snsim.config.write import write_value

_FORMATS: dict[str, type[BaseModel]] = {
    "analytic": AnalyticProfile,
    "hydrostatic": HydrostaticProfile,
    "collapse": CollapseProfile,
    "table": TableProfile,
    **dict.fromkeys(("gr1d-short", "gr1d", "kepler", "mesa"), FileProfile),
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

_NEAR = 0.75  # likeness of a key that some other section has
_MOST = 3  # names in one question


@dataclass(frozen=True)
class Source:
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


def mistakes_of(error: ValidationError, source: Source, root: type[BaseModel]) -> list[str]:
    """One sentence for each mistake that pydantic found in a file whose sections are those of `root`."""
    return [_sentence(detail, source, root) for detail in _details(error)]


def _details(error: ValidationError) -> list[Any]:
    """Errors of pydantic: unknown keys, then missing ones (often one misspelt), then the rest.

    Its complaint that a list is too short is left out where only the items are wrong.
    """
    first = {"extra_forbidden": 0, "missing": 1}
    details = error.errors(include_url=False)
    items = {detail["loc"][:-1] for detail in details if detail["loc"] and isinstance(detail["loc"][-1], int)}
    kept = [detail for detail in details if detail["type"] != "too_short" or detail["loc"] not in items]
    return sorted(kept, key=lambda detail: first.get(detail["type"], 2))


def _sentence(detail: Any, source: Source, root: type[BaseModel]) -> str:
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
        return f"{subject} {where}: unknown key{_unknown_hint(location, tag, root)}"
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


def _unknown_hint(location: Sequence[str | int], tag: Any, root: type[BaseModel]) -> str:
    """Say the known keys, and the nearest one or the section that the key belongs to."""
    name = str(location[-1])
    known = _known_keys(location[:-1], tag, root)
    homes = [section for section, keys in _all_sections(root) if name in keys]
    if homes[:1] == ["profile"] == location[:-1]:
        hint = " It belongs to another profile format."
    elif homes and len(location) == 1:
        hint = _dotted(name, homes)
    elif homes:
        hint = f" It belongs to [{homes[0]}]."
    else:
        hint = _near_miss(name, known, root)
    return f"; known here are {', '.join(known)}.{hint}"


def _near_miss(name: str, known: Sequence[str], root: type[BaseModel]) -> str:
    """Return the nearest of the keys known here and, if it is nearer, of those that any section has."""
    everywhere = {key for _, keys in _all_sections(root) for key in keys}
    (best, *_) = difflib.get_close_matches(name, [*known, *everywhere], n=1, cutoff=_NEAR) or [""]
    if not best or best in known:
        return nearest(name, known)
    return _dotted(best, [section for section, keys in _all_sections(root) if best in keys])


def _dotted(name: str, homes: Iterable[str]) -> str:
    """Ask for a key by its whole name; it may stand in several sections."""
    names = list(dict.fromkeys(f"'{section}.{name}'" for section in homes))
    return f" Did you mean {' or '.join(names[:_MOST])}?"


def _known_keys(location: Sequence[str | int], tag: Any, root: type[BaseModel]) -> list[str]:
    model = root
    for part in location:
        field = model.model_fields.get(str(part))
        inner = models_in(field.annotation) if field else [model]  # a name of our own, as in profile.columns
        model = _FORMATS[tag] if part == "profile" and tag else inner[0]
    return _keys(model)


def _keys(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """Return the models inside an annotation."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in get_args(annotation) for model in models_in(inner)]


def _all_sections(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, list[str]]]:
    """Every section by its dotted name, with its keys."""
    for name, field in model.model_fields.items():
        if get_origin(field.annotation) is not dict:
            for inner in models_in(field.annotation):
                yield prefix + name, _keys(inner)
                yield from _all_sections(inner, f"{prefix}{name}.")
