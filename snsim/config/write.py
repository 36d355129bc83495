"""A configuration back to a complete TOML file."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Callable, Iterator
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from snsim.config.quantities import Dimension

WIDEST = 120  # columns of a line with its comment


def write_value(value: Any) -> str:
    """Write one plain value as TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(write_value(item) for item in value)}]"
    if isinstance(value, dict):
        inside = ", ".join(f"{key} = {write_value(item)}" for key, item in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value)


def resolve_toml(config: BaseModel, comment: Callable[[str, FieldInfo], str] | None = None) -> str:
    """Write a configuration as a complete run file: every default in it, with its unit.

    Parameters
    ----------
    config : Config or another root of sections
        Any configuration.
    comment : callable, optional
        Of a dotted key and its definition: what to write beside it. Then sections have their first line of documentation
        beside their name, and those that are not there stand as comments.

    Returns
    -------
    str
        TOML that `load_config` reads back to an equal configuration. Keys that are not set stand as comments.
    """
    return "\n".join(_section_lines(config, "", "", comment)).strip() + "\n"


def _section_lines(
    section: BaseModel, name: str, known_as: str, comment: Callable[[str, FieldInfo], str] | None
) -> Iterator[str]:
    """Lines of a section; `known_as` is its name with ``*`` for names of one's own, a dot at its end."""
    if name:
        yield ""
        yield from _header(f"[{name}]", type(section), comment)
    inner: list[tuple[str, str, BaseModel]] = []
    absent: list[tuple[str, type[BaseModel]]] = []
    for attribute, field in type(section).model_fields.items():
        key, value = field.alias or attribute, getattr(section, attribute)
        path = f"{name}.{key}" if name else key
        if isinstance(value, BaseModel):
            inner.append((path, f"{known_as}{key}.", value))
        elif isinstance(value, dict):
            for own, spec in value.items():
                if isinstance(spec, BaseModel):
                    inner.append((f"{path}.{write_key(own)}", f"{known_as}{key}.*.", spec))
                else:  # a list of values of another section's key
                    yield f"{key}.{write_key(own)} = {write_value(spec)}"
        elif value is None and comment is not None and (model := _section_in(field)) is not None:
            absent.append((path, model))
        else:
            line = f"# {key} is not set" if value is None else f"{key} = {written(field, value)}"
            yield from _explained(line, comment(known_as + key, field)) if comment else [line]
    for path, known, there in inner:
        yield from _section_lines(there, path, known, comment)
    if comment is not None:
        for path, kind in absent:
            yield from _absent_lines(kind, path, comment)


def _header(line: str, model: type[BaseModel], comment: Callable[[str, FieldInfo], str] | None) -> list[str]:
    return _explained(line, (model.__doc__ or "").strip().splitlines()[0]) if comment else [line]


def _section_in(field: FieldInfo) -> type[BaseModel] | None:
    """Return the section that may stand in a field, or None."""
    kinds = (field.annotation, *get_args(field.annotation))
    return next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)


def _absent_lines(
    model: type[BaseModel], name: str, comment: Callable[[str, FieldInfo], str]
) -> Iterator[str]:
    """Lines of a section that is not there, as comments."""
    yield ""
    yield from _header(f"# [{name}]", model, comment)
    inner: list[tuple[str, type[BaseModel]]] = []
    for key, field in model.model_fields.items():
        if (kind := _section_in(field)) is not None:
            inner.append((f"{name}.{key}", kind))
            continue
        usual = written_default(field)
        text = f"= {usual}" if usual is not None else "= ..." if field.is_required() else "is not set"
        yield from _explained(f"# {key} {text}", comment(f"{name}.{key}", field))
    for path, kind in inner:
        yield from _absent_lines(kind, path, comment)


def _explained(line: str, words: str) -> list[str]:
    """Return a line with words beside it or, where they are too many, above it."""
    if len(line) + len(words) + 4 <= WIDEST:
        return [f"{line}  # {words}"]
    above = textwrap.wrap(words, WIDEST, initial_indent="# ", subsequent_indent="#   ")
    return [*above, line]


def write_key(key: str) -> str:
    """Write a TOML key, quoted where it must be."""
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else write_value(key)


def written(field: Any, value: Any) -> str:
    """Write the value of a field as TOML, with its unit where it has one."""
    mark = dimension_of(field)
    if mark is not None:
        return write_value(mark.write(value))
    for item in get_args(field.annotation):  # of a list of quantities
        for each in getattr(item, "__metadata__", ()):
            if isinstance(each, Dimension):
                return write_value([each.write(one) for one in value])
    return write_value(value)


def written_default(field: FieldInfo) -> str | None:
    """Write the default of a field as TOML; None where it has none, or where by default it is not set."""
    value: Any = field.get_default(call_default_factory=True)
    if value is None or value is PydanticUndefined:
        return None
    # a quantity stands in the schema as in a run file, as text
    many = value if isinstance(value, tuple) else (value,)
    return write_value(value) if any(isinstance(one, str) for one in many) else written(field, value)


def dimension_of(field: FieldInfo) -> Dimension | None:
    """Return what a field measures; None for what is no quantity."""
    return next((mark for mark in field.metadata if isinstance(mark, Dimension)), None)
