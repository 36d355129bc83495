"""The section of a run file that lets time pass."""

from __future__ import annotations

import itertools
from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from snsim.config.quantities import Dimension
from snsim.config.section import Section, default


def _time(low: float, high: float, bare: bool = False) -> Dimension:
    return Dimension("a time", "s", "s", "0.5 s", low, high, bare)


class Evolution(Section):
    """A frozen star in time: its neutrinos, and the matter that they heat and cool; s at infinity.

    `output_times` are texts with a unit or numbers in s: ["10 ms", 0.1].
    """

    duration: Annotated[float, _time(1e-9, 1e3)] = default("1 s")
    output_times: tuple[Annotated[float, _time(1e-12, 1e3, bare=True)], ...] = Field(default=(), strict=False)
    matter: Literal["coupled", "fixed"] = "coupled"
    first_step: Annotated[float, _time(1e-12, 1.0)] = default("1e-6 s")
    change: float = Field(default=0.04, ge=1e-4, le=0.5)
    error: float = Field(default=1e-3, ge=1e-8, le=0.1)
    growth: float = Field(default=1.3, ge=1.01, le=2.0)
    max_steps: int = Field(default=100000, ge=1)
    checkpoint_steps: int = Field(default=100, ge=1)

    @model_validator(mode="after")
    def _times_in_order(self) -> Evolution:
        times = self.output_times
        for before, after in itertools.pairwise(times):
            if after <= before:
                raise PydanticCustomError(
                    "order",
                    "expected output_times that rise, got {after} s after {before} s",
                    {"before": f"{before:g}", "after": f"{after:g}"},
                )
        if times and times[-1] > self.duration:
            raise PydanticCustomError(
                "order",
                "expected output_times up to duration = {duration} s, got {last} s",
                {"duration": f"{self.duration:g}", "last": f"{times[-1]:g}"},
            )
        return self
