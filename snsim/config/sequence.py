"""The section of a run file that makes one run of many stars: a sequence of profiles in time."""

from __future__ import annotations

import itertools
from typing import Annotated, Any

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from snsim.config.quantities import Dimension
from snsim.config.section import Section

_TIME = Dimension("a time", "s", "s", "50 ms", -1e3, 1e5, True)


class Sequence(Section):
    """Stars one after the other, each solved as a steady state: s after bounce, or after the zero that the files count from.

    `profile` has keys of ``[profile]`` with a list of values, one for each time: ``path = ["a.csv", "b.csv"]``. Instead of a
    list of files a pattern may stand there: ``path = "profiles/*.csv"``, in the order of the names. For the folder of a GR1D
    run nothing is needed: `time` is that of the sequence.
    """

    times: Annotated[tuple[Annotated[float, _TIME], ...], Field(strict=False, min_length=1)]
    profile: dict[str, Annotated[tuple[Any, ...], Field(strict=False)]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_value_for_each_time(self) -> Sequence:
        for before, after in itertools.pairwise(self.times):
            if after <= before:
                raise PydanticCustomError(
                    "order",
                    "expected times that rise, got {after} s after {before} s",
                    {"before": f"{before:g}", "after": f"{after:g}"},
                )
        for key, values in self.profile.items():
            if len(values) != len(self.times):
                raise PydanticCustomError(
                    "length",
                    "expected one value of profile.{key} for each of the {n} times, got {got}",
                    {"key": key, "n": len(self.times), "got": len(values)},
                )
        return self
