"""The events that Kamiokande II, IMB and Baksan saw."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from microphysics.errors import UnknownNameError

Array = NDArray[np.float64]

DETECTORS = ("KII", "IMB", "BAKSAN")
REFERENCES = (
    "Hirata et al. 1987, PRL 58, 1490; Hirata et al. 1988, PRD 38, 448; Bionta et al. 1987, PRL 58, 1494; "
    "Bratton et al. 1988, PRD 37, 3361; Alekseev et al. 1987, JETP Lett. 45, 589; Loredo & Lamb 2002, PRD 65, 063002"
)


@dataclass(frozen=True)
class Events:
    """What one detector saw, in order of time.

    Attributes
    ----------
    time : ndarray, shape (event,)
        Since the first event of this detector, s.
    energy, energy_error : ndarray, shape (event,)
        Of the positron, MeV.
    background : ndarray, shape (event,)
        Rate of the background at this energy, 1/s/MeV.
    """

    time: Array
    energy: Array
    energy_error: Array
    background: Array


@cache
def events_of(detector: str) -> Events:
    """Return the published events of a detector.

    Parameters
    ----------
    detector : str
        ``KII``, ``IMB`` or ``BAKSAN``.

    Raises
    ------
    UnknownNameError
        For another name.

    Examples
    --------
    >>> [events_of(name).time.size for name in DETECTORS]
    [16, 8, 5]
    """
    if detector not in DETECTORS:
        raise UnknownNameError("detector of SN 1987A", detector, DETECTORS)
    text = (resources.files("snsim.sn1987a") / "data" / "events.csv").read_text(encoding="utf-8")
    lines = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    rows = [row for row in lines if row["detector"] == detector]
    names = ("t_s", "E_MeV", "sigma_E_MeV", "background_per_s_MeV")
    return Events(*(np.array([float(row[name]) for row in rows]) for name in names))
