"""Names that the shell completes after `snsim --install-completion`; only what is known without a compiler."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic.fields import FieldInfo


def one_of(kind: str) -> Callable[[str], list[str]]:
    """Complete one name, or the last of several with commas between them.

    Parameters
    ----------
    kind : str
        "observables", "export-formats" or a kind of `snsim.config.model_names.BUILT_IN`.

    Returns
    -------
    callable
        What is typed so far to all that it can become.
    """

    def complete(incomplete: str) -> list[str]:
        before, comma, begun = incomplete.rpartition(",")
        return [before + comma + name for name in _names(kind) if name.startswith(begun)]

    return complete


def settings(incomplete: str) -> list[str]:
    """Complete ``KEY=VALUE`` of a run file: the key first, then the value where it is one of some names."""
    from snsim.config.schema import Config

    fields = dict(_fields(Config))
    key, equals, begun = incomplete.partition("=")
    if not equals:
        return [f"{name}=" for name in fields if name.startswith(key)]
    values = _literals(fields[key].annotation) if key in fields else ()
    return [f"{key}={value}" for value in values if str(value).startswith(begun)]


def _names(kind: str) -> tuple[str, ...]:
    if kind == "observables":
        from snsim.config.observables import Observable

        return get_args(Observable)
    if kind == "export-formats":
        from snsim.export.catalog import FORMATS, PROFILE

        return (*FORMATS, PROFILE)
    from snsim.config.model_names import BUILT_IN

    return BUILT_IN[kind]


def _fields(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Yield every key by its dotted name; of profiles those of all formats."""
    from snsim.config.mistakes import models_in

    for name, field in model.model_fields.items():
        inner = [] if get_origin(field.annotation) is dict else models_in(field.annotation)
        for section in inner:
            yield from _fields(section, f"{prefix}{name}.")
        if not inner:
            yield prefix + (field.alias or name), field


def _literals(annotation: Any) -> tuple[Any, ...]:
    """Return the names that a field takes, as a run file has them; empty where it takes something else."""
    if annotation is bool:
        return ("true", "false")
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    return tuple(value for part in get_args(annotation) for value in _literals(part))
