"""What all sections of a run file share."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

Fraction = Annotated[float, Field(gt=0.0, lt=1.0)]


def distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse a name given twice."""
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise PydanticCustomError(
            "repeated", "expected each name once, got '{name}' twice", {"name": twice[0]}
        )
    return names


def default(text: str) -> Any:
    """Give a default as it would stand in a run file, so that writing it out changes nothing."""
    return Field(default=text)


class Section(BaseModel):
    """What all sections share: immutable, no unknown keys, no silent conversions, defaults checked too."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, validate_default=True, allow_inf_nan=False
    )
