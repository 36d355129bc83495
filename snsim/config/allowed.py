"""What may stand in a key of a run file, in words."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import AfterValidator
from pydantic.fields import FieldInfo

from snsim.config.quantities import Dimension
from snsim.config.schema import BUILT_IN, NameOf

_TYPES = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
_MANY = 3
_BOUNDS = {"gt": "above {:g}", "ge": "at least {:g}", "lt": "below {:g}", "le": "at most {:g}"}


def allowed(field: FieldInfo) -> str:
    """Say what a field takes: a range, names, or the kind of value; empty for a table of one's own names.

    Parameters
    ----------
    field : FieldInfo
        Of a section.

    Examples
    --------
    >>> from snsim.config.schema import Grid, Transport
    >>> allowed(Grid.model_fields["zones"])
    'a whole number, 10 to 20000'
    >>> allowed(Grid.model_fields["r_inner"])
    '0.01 to 100 km'
    >>> allowed(Transport.model_fields["reconstruction"])
    '"second" or "first"'
    """
    return _of(field.annotation, tuple(field.metadata))


def _of(kind: Any, marks: tuple[Any, ...]) -> str:
    """Words for a type and what it is annotated with."""
    if get_origin(kind) is Annotated:
        return _of(kind.__origin__, (*kind.__metadata__, *marks))
    for mark in marks:
        if isinstance(mark, Dimension):
            return f"{mark.low:g} to {mark.high:g} {mark.display}"
        if isinstance(mark, AfterValidator) and isinstance(mark.func, NameOf):
            return f"{_names(BUILT_IN[mark.func.kind])}, or of a plug-in"
    if get_origin(kind) in (Union, UnionType):
        return " or ".join(_of(part, marks) for part in get_args(kind) if part is not NoneType)
    if get_origin(kind) is Literal:
        return _names(get_args(kind))
    if get_origin(kind) is tuple:
        items = get_args(kind)
        length = "list" if items[-1] is Ellipsis else f"list of {len(items)}"
        return f"{length}: {_of(items[0], ())}"
    return ", ".join(part for part in (_TYPES.get(kind, ""), _range(marks)) if part)


def _range(marks: tuple[Any, ...]) -> str:
    """Bounds of a number, from pydantic's marks."""
    found = {
        key: getattr(part, key)
        for mark in marks
        for part in (mark, *getattr(mark, "metadata", ()))
        for key in _BOUNDS
        if hasattr(part, key)
    }
    if found.keys() == {"ge", "le"}:
        return f"{found['ge']:g} to {found['le']:g}"
    return ", ".join(_BOUNDS[key].format(value) for key, value in found.items())


def _names(names: tuple[Any, ...]) -> str:
    shown = [f'"{name}"' if isinstance(name, str) else f"{name}" for name in names]
    return " or ".join(shown) if len(shown) < _MANY else ", ".join(shown)
