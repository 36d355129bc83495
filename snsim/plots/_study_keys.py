"""The keys that a collected study moves: which there are, what they are called, and what is said of those held fixed."""

from __future__ import annotations

import re
import textwrap
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from microphysics.errors import UnknownNameError
from snsim.config.meanings import MEANINGS
from snsim.config.schema import Transport
from snsim.config.unused import USED_BY
from snsim.plots import style
from snsim.result import PARAMETER, Result

WRAP = 34  # letters of a label
GROUP = "points"  # that a collected study has
LINEAR, LOG = "linear", "log"
POINT = "point"  # the dimension of sampled points, and of those of a file
_SCHEME = "transport.scheme"
# of keys that are symbols or abbreviations
_NAMES = {
    "microphysics.eos": "equation of state",
    "microphysics.couplings.sin2_theta_w": r"weak mixing angle $\sin^2\theta_W$",
    "microphysics.couplings.v_ud": r"CKM element $V_{ud}$",
    "microphysics.couplings.vev_ratio": "vacuum expectation value over that of the standard model",
    "grid.r_inner": "inner radius of the grid",
    "grid.r_outer": "outer radius of the grid",
}
# of plain numbers: as the meaning of a key has it, as an axis has it
_UNITS = {
    "k_B per baryon": "$k_B$ per baryon",
    "radians": "rad",
    "Bohr magnetons": r"$\mu_B$",
    "elementary charges": "$e$",
}


@dataclass(frozen=True)
class Along:
    """A parameter of the study.

    Attributes
    ----------
    key : str
        Of the run file.
    dim : str
        Dimension along which it moves.
    values : ndarray
        Numbers, or texts.
    unit : str
    """

    key: str
    dim: str
    values: NDArray[Any]
    unit: str

    @property
    def is_number(self) -> bool:
        """Whether it can be drawn to scale."""
        return self.values.dtype.kind in "fi"

    @property
    def name(self) -> str:
        """What it is called: its long name, or the last part of its key; of new physics, with the boson or moment."""
        if self.key in _NAMES:
            return _NAMES[self.key]
        *sections, last = self.key.split(".")
        if sections[:2] == ["microphysics", "new_physics"] and len(sections) > 2:
            last = sections[-1] if sections[-1].endswith(last) else f"{sections[-1]} {last}"
        return style.plain(last.replace("_", " "))

    @property
    def unit_words(self) -> str:
        """Its unit as figures have it; empty without."""
        if self.unit not in ("", "1"):
            return unit_words(self.unit)
        meaning = MEANINGS.get(self.key, "") if self.is_number else ""
        return next((short for words, short in _UNITS.items() if words in meaning), "")

    @property
    def words(self) -> str:
        """Name and unit, for an axis."""
        return f"{self.name} [{self.unit_words}]" if self.unit_words else self.name

    @property
    def lines(self) -> str:
        """Name and unit in lines that are no longer than an axis."""
        return wrapped(self.name, f"[{self.unit_words}]" if self.unit_words else "")

    def plainly(self, index: int) -> str:
        """Return one value with its unit, without mathtext."""
        value = self.values[index]
        if not self.is_number:
            return str(value)
        return f"{value:.4g} {'' if self.unit == '1' else self.unit}".strip()

    def shown(self, index: int, unit: bool = True) -> str:
        """Return one value in words."""
        value = self.values[index]
        if not self.is_number:
            return style.plain(str(value))
        return f"{value:.4g} {self.unit_words if unit else ''}".strip()


def parameters(result: Result) -> list[Along]:
    """Return the parameters of a collected study, in the order of its dimensions and as the study file names them."""
    group = result.groups[GROUP]
    dims = group["state"].dims
    found = [
        Along(key, each.dims[0], each.values, each.unit)
        for key, each in group.items()
        if each.dims == (key,) or each.attributes.get("role") == PARAMETER
    ]
    written = group["state"].attributes.get("parameters", "").split("\n")
    place = {key: number for number, key in enumerate(written)}
    return sorted(found, key=lambda each: (dims.index(each.dim), place.get(each.key, len(place))))


def spacing(values: NDArray[Any]) -> str:
    """Return how an axis of rising values is drawn: as they are spaced.

    Examples
    --------
    >>> spacing(np.array([0.1, 0.3, 0.9])), spacing(np.array([0.1, 0.5, 0.9]))
    ('log', 'linear')
    """
    if values.size < 3 or values.min() <= 0.0:
        return LINEAR
    steps, ratios = np.diff(values), np.diff(np.log(values))
    return (
        LOG
        if np.std(ratios) * abs(np.mean(steps)) < np.std(steps) * abs(np.mean(ratios))
        and values[-1] > 5.0 * values[0]
        else LINEAR
    )


def chosen(known: Mapping[str, Along], key: str) -> Along:
    """Return the parameter of a key, of the last part of one, or of the name of keys that move together."""
    matching = [each for name, each in known.items() if key in (name, name.rpartition(".")[2])]
    if len(matching) == 1:
        return matching[0]
    together = [each for each in known.values() if each.dim == key != POINT]
    if not together:
        raise UnknownNameError("parameter of this study", key, known)
    values = [", ".join(each.plainly(i) for each in together) for i in range(together[0].values.size)]
    return Along(key, key, np.array(values), "")


def longest(known: Mapping[str, Along]) -> Along:
    """Return what runs along the x axis where nobody says: the longest axis, of numbers if there is one."""
    return max(known.values(), key=lambda each: (each.is_number, each.values.size))


def fixed(known: Mapping[str, Along], at: Mapping[str, str]) -> dict[str, int]:
    """Return the index along every dimension for which a value is asked."""
    found: dict[str, int] = {}
    for key, text in at.items():
        each = chosen(known, key)
        words = [each.shown(i) for i in range(each.values.size)]
        plain = [str(value) for value in each.values]
        if text not in words and text not in plain:
            raise UnknownNameError(f"value of {each.key}", text, words)
        found[each.dim] = words.index(text) if text in words else plain.index(text)
    return found


def first_with_numbers(
    finite: NDArray[np.bool_], dims: Sequence[str], drawn: set[str], asked: Mapping[str, int]
) -> dict[str, int] | None:
    """Return the index along every dimension that is not drawn.

    It is the one asked for, or the first where a point has a number; None where there is none.
    """
    left = [dim for dim in dims if dim not in asked]
    along = tuple(i for i, dim in enumerate(left) if dim in drawn)
    there = finite[tuple(asked.get(dim, slice(None)) for dim in dims)].any(axis=along)
    if not there.any():
        return None
    first = np.unravel_index(int(np.argmax(there)), there.shape)
    free = [dim for dim in left if dim not in drawn]
    return {**asked, **{dim: int(index) for dim, index in zip(free, first, strict=True)}}


def held(result: Result, known: Mapping[str, Along], at: Mapping[str, int]) -> list[str]:
    """Say at which values keys are held; of those that only some schemes of the figure read, which; of idle ones nothing."""
    schemes = _schemes(result, known, at)
    found = []
    for each in known.values():
        section, _, last = each.key.rpartition(".")
        users = USED_BY.get(last, schemes) if section == "transport" else schemes
        using = [scheme for scheme in schemes if scheme in users]
        if each.dim in at and using:
            where = f" ({', '.join(using)})" if len(using) < len(schemes) else ""
            found.append(f"{each.name} = {each.shown(at[each.dim])}{where}")
    return found


def _schemes(result: Result, known: Mapping[str, Along], at: Mapping[str, int]) -> list[str]:
    """Return the schemes of what is drawn."""
    moved = known.get(_SCHEME)
    if moved is None:
        given = tomllib.loads(result.config_toml).get("transport", {})
        return [str(given.get("scheme", Transport().scheme))]
    values = moved.values[[at[moved.dim]]] if moved.dim in at else moved.values
    return list(dict.fromkeys(str(value) for value in values))


def unit_words(unit: str) -> str:
    r"""Return a unit with raised powers.

    Examples
    --------
    >>> unit_words("erg / s")
    'erg s$^{-1}$'
    >>> unit_words("g / cm3")
    'g cm$^{-3}$'
    >>> unit_words("Msun/s")
    'M$_\\odot$ s$^{-1}$'
    """
    over, *under = [part.strip() for part in unit.split("/")]
    parts = [] if over in ("", "1") else [_powered(word, 1) for word in over.split()]
    parts += [_powered(word.strip("()"), -1) for part in under for word in part.split()]
    return " ".join(parts)


def _powered(word: str, sign: int) -> str:
    match = re.fullmatch(r"([A-Za-z]+)\^?(-?\d*)", word)
    if match is None:
        return style.plain(word)
    name, power = match[1].replace("Msun", r"M$_\odot$"), sign * int(match[2] or 1)
    return name if power == 1 else f"{name}$^{{{power}}}$"


def wrapped(words: str, unit: str) -> str:
    """Break long words of an axis into lines, never inside the unit."""
    lines = textwrap.wrap(words, WRAP, break_long_words=False)
    if unit and len(lines[-1]) + len(re.sub(r"[$^{}\\]", "", unit)) <= WRAP:
        lines[-1] += f" {unit}"
    elif unit:
        lines.append(unit)
    return "\n".join(lines)
