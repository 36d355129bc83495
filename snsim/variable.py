"""A named array with its dimensions and unit: what results, files and figures exchange."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Variable:
    """One labelled, unit-bearing array.

    Attributes
    ----------
    dims : tuple of str
        Names of the dimensions, one for each axis: `zone`, `interface`, `species`, `energy`, `process`, ...
    values : ndarray
        float64, int64 or str; NaN means undefined.
    unit : str
        Something `astropy.units.Unit` parses; "1" when there is none.
    long_name : str
        One phrase for axis labels and listings.
    attributes : mapping
        Further facts: `frame`, `references`, `definition`, ...
    """

    dims: tuple[str, ...]
    values: NDArray[Any]
    unit: str
    long_name: str
    attributes: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        values = np.asarray(self.values)
        object.__setattr__(self, "values", values)
        if values.ndim != len(self.dims):
            raise ValueError(f"'{self.long_name}': {values.ndim} axes but dimensions {self.dims}")

    def __repr__(self) -> str:
        """Name, unit and shape, not thousands of numbers."""
        sizes = ", ".join(f"{dim}: {size}" for dim, size in zip(self.dims, self.values.shape, strict=True))
        value = f" = {self.values}" if not self.dims else ""
        return f"<Variable ({sizes}) {self.long_name}{value} [{self.unit}]>"

    @property
    def quantity(self) -> Any:
        """The values as an astropy Quantity."""
        from astropy import units

        return units.Quantity(self.values, self.unit)


Group = Mapping[str, Variable]


def scalar(value: float, unit: str, long_name: str, **attributes: str) -> Variable:
    """Return a 0-d variable."""
    return Variable((), np.asarray(value, dtype=np.float64), unit, long_name, attributes)
