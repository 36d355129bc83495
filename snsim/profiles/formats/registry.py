"""Formats of other codes by the name that a run file gives them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from snsim.profiles.formats import gr1d, kepler, mesa
from snsim.profiles.profile import Profile


class Format(NamedTuple):
    """A reader: function of path and options, what it reads, papers."""

    read: Callable[[Path, Any], Profile]
    words: str
    references: str


FORMATS: dict[str, Format] = {
    "gr1d-short": Format(
        gr1d.read_short,
        'progenitor .short: T in K, mass in g; radii at zone centres, or outer edges with radius_centring = "interface"',
        gr1d.REFERENCES,
    ),
    "gr1d": Format(
        gr1d.read_run,
        "folder of .xg files at a time: zone centres, T in MeV, masses in g inside zone centres",
        gr1d.REFERENCES,
    ),
    "kepler": Format(
        kepler.read,
        "*_presn: mass (g), radius and velocity at outer edges, T in K",
        kepler.REFERENCES,
    ),
    "mesa": Format(
        mesa.read,
        "profile*.data: surface first; mass (Msun), radius (Rsun), velocity at outer faces, T in K",
        mesa.REFERENCES,
    ),
}
