"""Warnings of many runs, counted: those that differ only in numbers as one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_NUMBER = re.compile(r"[-+]?\d[\d.]*(?:e[-+]?\d+)?")


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
    """Return a sentence without its numbers.

    Examples
    --------
    >>> masked("residual 4.286e+00 after 40 steps")
    'residual # after # steps'
    """
    return _NUMBER.sub("#", sentence)


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
