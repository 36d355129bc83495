"""The numbers of a collected study: which there are, which are drawn where nobody says, and where they are finite."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from microphysics.errors import UnknownNameError
from snsim.errors import ConfigError
from snsim.plots._study_keys import GROUP, first_with_numbers, parameters
from snsim.result import HEADLINES, Result
from snsim.variable import Variable

Array = NDArray[np.float64]
MOST_PANELS = 6
MOST_MEANT = 4  # names in one question


def quantities(result: Result) -> list[str]:
    """Return the names of numbers that can be drawn: ``transport.luminosity_infinity``, ``gain_region.gain_radius``, ..."""
    return [
        f"{group.removeprefix('diagnostics/')}.{key}"
        for group, variables in result.groups.items()
        if group != GROUP
        for key, each in variables.items()
        if each.values.dtype.kind == "f" and own_dims(result, each) in ((), ("species",))
    ]


def headlines(result: Result) -> list[str]:
    """Return the main numbers that a study has and that move in it; where none moves, all of them."""
    there = set(quantities(result))
    names = [f"{group.removeprefix('diagnostics/')}.{key}" for group, key, _ in HEADLINES]
    known = [name for name in names if name in there and np.isfinite(variable_of(result, name).values).any()]
    return ([name for name in known if _answers(result, name)] or known)[:MOST_PANELS]


def _answers(result: Result, name: str) -> bool:
    """Whether a number differs between points, of the same species."""
    variable = variable_of(result, name)
    species = variable.values.shape[-1] if own_dims(result, variable) else 1
    return any(moves(each) for each in variable.values.reshape(-1, species).T)


def moves(values: Array) -> bool:
    """Whether values differ where they are known."""
    known = values[np.isfinite(values)]
    return bool(known.size and known.min() < known.max())


def place_of(
    result: Result, names: Sequence[str], drawn: set[str], asked: Mapping[str, int]
) -> dict[str, int]:
    """Return where the axes are held that are not drawn."""
    dims = result.groups[GROUP]["state"].dims
    finite = np.zeros(result.groups[GROUP]["state"].values.shape, dtype=bool)
    for name in names:
        own = own_dims(result, variable_of(result, name))
        finite |= np.isfinite(variable_of(result, name).values).any(
            axis=tuple(range(len(dims), len(dims) + len(own)))
        )
    if (found := first_with_numbers(finite, dims, drawn, asked)) is None:
        known = [each for each in parameters(result) if each.dim in asked]
        held_at = ", ".join(f"{each.key} = {each.plainly(asked[each.dim])}" for each in known)
        what = " or ".join(names) if names else "a main number"
        raise ConfigError(f"no point has {what}{f' at {held_at}' if held_at else ''}: nothing to draw.")
    return found


def variable_of(result: Result, name: str) -> Variable:
    """Return the variable of a name of `quantities`; what is not one is asked back."""
    group, _, key = name.rpartition(".")
    known = quantities(result)
    for place in (f"diagnostics/{group}", group):
        if name in known and key in result.groups.get(place, {}):
            return result.groups[place][key]
    # there are many: the groups or those of one group are named, and what was likely meant
    groups = sorted({each.rpartition(".")[0] for each in known})
    listed = [each for each in known if each.rpartition(".")[0] == group] or [f"{each}.*" for each in groups]
    meant = [each for each in known if each.rpartition(".")[2] == key]
    meant = meant or difflib.get_close_matches(name, known, n=3)
    raise UnknownNameError("number of this study", name, listed, meant[:MOST_MEANT])


def own_dims(result: Result, variable: Variable) -> tuple[str, ...]:
    """Return the dimensions of a variable besides those of the study."""
    many = len(result.groups[GROUP]["state"].dims)
    return variable.dims[many:]


def species_of(result: Result, name: str, only: str) -> list[str]:
    """Return the species that a number has: all, or the only one that is wanted."""
    group = name.rpartition(".")[0]
    for place in (f"diagnostics/{group}", group):
        if "species" in result.groups.get(place, {}):
            return [str(each) for each in result.groups[place]["species"].values if only in ("", str(each))]
    return []
