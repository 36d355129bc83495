"""A configuration back to a complete TOML file."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, get_args

from pydantic import BaseModel

from snsim.config.quantities import Dimension


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


def resolve_toml(config: BaseModel, allowed: Callable[[Any], str] | None = None) -> str:
    """Write a configuration as a complete run file: every default in it, with its unit.

    Parameters
    ----------
    config : Config or another root of sections
        Any configuration.
    allowed : callable, optional
        Of a field's definition: what may stand there, written as a comment beside every key.

    Returns
    -------
    str
        TOML that `load_config` reads back to an equal configuration. Keys that are not set stand as comments.
    """
    return "\n".join(_section_lines(config, "", allowed or (lambda _: ""))).strip() + "\n"


def _section_lines(section: BaseModel, name: str, allowed: Callable[[Any], str]) -> Iterator[str]:
    if name:
        yield f"\n[{name}]"
    inner: list[tuple[str, BaseModel]] = []
    for attribute, field in type(section).model_fields.items():
        key, value = field.alias or attribute, getattr(section, attribute)
        if isinstance(value, BaseModel):
            inner.append((f"{name}.{key}" if name else key, value))
        elif isinstance(value, dict):
            for own, spec in value.items():
                if isinstance(spec, BaseModel):
                    inner.append((f"{name}.{key}.{write_key(own)}", spec))
                else:  # a list of values of another section's key
                    yield f"{key}.{write_key(own)} = {write_value(spec)}"
        else:
            line = f"# {key} is not set" if value is None else f"{key} = {_written(field, value)}"
            words = allowed(field)
            yield f"{line}  # {words}" if words else line
    for path, model in inner:
        yield from _section_lines(model, path, allowed)


def write_key(key: str) -> str:
    """Write a TOML key, quoted where it must be."""
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else write_value(key)


def _written(field: Any, value: Any) -> str:
    for mark in field.metadata:
        if isinstance(mark, Dimension):
            return write_value(mark.write(value))
    for item in get_args(field.annotation):  # of a list of quantities
        for mark in getattr(item, "__metadata__", ()):
            if isinstance(mark, Dimension):
                return write_value([mark.write(each) for each in value])
    return write_value(value)
