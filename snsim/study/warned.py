"""Warnings of many runs, counted: those that differ only in numbers, or in the species that have them, as one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_NUMBER = re.compile(r"[-+]?\d[\d.]*(?:e[-+]?\d+)?")
# "(nue, nux)", or values with their species and places, "# % (nue), # % (nux at # km)"
_ONE = r"(?:#(?: %)? )?\((?:a?nu(?:e|x|mu|tau|mutau))\b[^()]*\)"
_SPECIES = re.compile(rf"{_ONE}(?:, {_ONE})*")


@dataclass(frozen=True)
class Warned:
    """A warning of several points.

    Attributes
    ----------
    kind : str
        Class of the warning.
    sentence : str
        As the first of these points has it.
    points : int
        That have it.
    first : int
        Place of the first one in the list that was counted.
    """

    kind: str
    sentence: str
    points: int
    first: int


def masked(sentence: str) -> str:
    """Return a sentence without its numbers, and without the species that it lists in parentheses.

    Examples
    --------
    >>> masked("residual 4.286e+00 after 40 steps")
    'residual # after # steps'
    >>> masked("would add about 0.4 (nue), 0.3 (anue) if it went on")
    'would add about # (species) if it went on'
    """
    return _SPECIES.sub(_species, _NUMBER.sub("#", sentence))


def _species(found: re.Match[str]) -> str:
    return "# (species)" if found[0].startswith("#") else "(species)"


def counted(warnings: Sequence[Sequence[str]]) -> list[Warned]:
    """Count distinct warnings over points, the most frequent first.

    Parameters
    ----------
    warnings : sequence of sequences of str
        Of each point: class and sentence, as ``UnresolvedWarning: the grid is coarse``.

    Examples
    --------
    >>> [(each.sentence, each.points) for each in counted([["W: 3 zones"], [], ["W: 4 zones", "W: 5 zones"]])]
    [('3 zones', 2)]
    """
    places: dict[str, list[int]] = {}
    words: dict[str, str] = {}
    for place, sentences in enumerate(warnings):
        for key, sentence in {masked(sentence): sentence for sentence in reversed(sentences)}.items():
            places.setdefault(key, []).append(place)
            words.setdefault(key, sentence)
    found = []
    for key, where in places.items():
        kind, _, sentence = words[key].partition(": ")
        found.append(Warned(kind, sentence, len(where), where[0]))
    return sorted(found, key=lambda each: (-each.points, each.first, each.kind, masked(each.sentence)))
